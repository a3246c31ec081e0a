//! Whether a turn of the probe is read as one, what is none is not, and what is kept of a lesion that was turned over: frames
//! of the phantom.

use std::sync::{Arc, Mutex};

use peony_imaging::{Letterbox, PixelRect};
use peony_model::{Precision, Provenance};
use peony_phantom::{
    Difficulty, Faults, MassKind, MassPlan, MassSpec, PathKind, Phantom, PhantomConfig, PhantomFrame, Pose,
    Turn,
};
use peony_ultrasound::network::{CANVAS, CELLS, MAPS, MASK, MASK_STEP, NetOutputs, Reading};
use peony_ultrasound::output::PlaneReason;
use peony_ultrasound::{Mode, Network, NetworkError, Pipeline, step};

const FRAMES: u64 = 90;

/// How far the probe was taken to have turned, degrees, along poses by frame.
fn turned_deg(path: PathKind, pose: impl Fn(&Phantom, u64) -> Pose) -> Option<f32> {
    let config = PhantomConfig { masses: MassPlan::Normal, path, ..PhantomConfig::default() };
    let phantom = Phantom::new(520, &config).ok()?;
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let read = (0..=FRAMES).map(|index| {
        let mut frame = phantom.frame(&pose(&phantom, index), Faults::default()).frame;
        (frame.index, frame.time_ns) = (index, index * 33_333_333);
        step(&mut pipeline, &frame).volume.turned_deg
    });
    read.last().flatten()
}

#[test]
fn a_quarter_turn_on_the_spot_is_read_as_one() {
    let read = turned_deg(PathKind::Straight, |_, index| {
        let turn = Turn { yaw: index as f32, ..Turn::default() };
        Pose::turned([0.0, 45.0, 0.0], turn)
    });
    let read = read.unwrap();
    println!("{read} degrees");
    assert!((67.0..113.0).contains(&read.abs()), "{read} degrees");
}

#[test]
fn a_plane_that_is_led_on_or_rests_does_not_turn() {
    for path in [PathKind::Straight, PathKind::Freehand, PathKind::Still] {
        let read = turned_deg(path, |phantom, index| phantom.path().pose(index as f32 / 30.0)).unwrap();
        println!("{path:?}: {read} degrees");
        assert!(read.abs() < 20.0, "{path:?}: {read} degrees");
    }
}

/// Marks what the phantom knows of the frame that is read next.
struct Oracle(Arc<Mutex<Vec<f32>>>);

impl Network for Oracle {
    fn run(&mut self, _: &[f32], _: Option<&[f32]>) -> Result<NetOutputs, NetworkError> {
        let mask = self.0.lock().map_err(|_| NetworkError::Other("poisoned".into()))?.clone();
        let lesion = if mask.iter().any(|p| *p > 0.5) { 1.0 } else { 0.0 };
        let maps = vec![4.0; MAPS * CELLS * CELLS];
        Ok(NetOutputs { core: mask.clone(), mask, maps, embedding: None, lesion, breast: 1.0, state: None })
    }

    fn provenance(&self) -> Arc<Provenance> {
        let word = || "oracle".to_owned();
        Arc::new(Provenance {
            model: word(),
            version: word(),
            sha256: word(),
            provider: word(),
            precision: Precision::Fp32,
        })
    }

    fn reading(&self) -> Reading {
        Reading { mask: 0.5, lesion: 0.5, region: 0.5, breast: 0.5, calibrated: false }
    }
}

fn mask_of(made: &PhantomFrame) -> Option<Vec<f32>> {
    let [width, height] = made.frame.size_px();
    let letterbox = Letterbox::fit(PixelRect::whole(width, height), CANVAS as u32)?;
    let is_mass = |at: usize| {
        let middle = |cell: usize| (cell * MASK_STEP) as f32 + MASK_STEP as f32 / 2.0;
        let point = letterbox.picture_from_canvas([middle(at % MASK), middle(at / MASK)]);
        made.truth.masses.iter().any(|mass| {
            let (x, y) = (point.x - mass.box_px.min.x, point.y - mass.box_px.min.y);
            x >= 0.0
                && y >= 0.0
                && mass.mask.get_pixel_checked(x as u32, y as u32).is_some_and(|p| p.0[0] > 0)
        })
    };
    Some((0..MASK * MASK).map(|at| if is_mass(at) { 1.0 } else { 0.0 }).collect())
}

#[test]
fn a_lesion_that_was_turned_over_keeps_a_plane_across_its_largest() {
    let mass = MassSpec {
        kind: MassKind::Fibroadenoma,
        difficulty: Difficulty::Easy,
        along_mm: 30.0,
        lateral_mm: Some(0.0),
    };
    let config = PhantomConfig { masses: MassPlan::Given(vec![mass]), ..PhantomConfig::default() };
    let phantom = Phantom::new(521, &config).unwrap();
    let centre = phantom.mass_centres_mm().next().unwrap();
    // Up to its middle, and a quarter turn there.
    let yaw = |index: u64| index.saturating_sub(30) as f32;
    let check = |last: u64, expect: bool| {
        let mask = Arc::new(Mutex::new(Vec::new()));
        let mut pipeline = Pipeline::new(Some(Box::new(Oracle(Arc::clone(&mask)))), Mode::Sweep);
        for index in 0..=last {
            let along = centre[1] - 10.0 + index.min(30) as f32 / 3.0;
            let pose = Pose::turned([centre[0], along, 0.0], Turn { yaw: yaw(index), ..Turn::default() });
            let mut made = phantom.frame(&pose, Faults::default());
            (made.frame.index, made.frame.time_ns) = (index, index * 33_333_333);
            *mask.lock().unwrap() = mask_of(&made).unwrap();
            step(&mut pipeline, &made.frame);
        }
        let of = |reason| pipeline.key_planes().iter().find(|plane| plane.reason == reason);
        let largest = of(PlaneReason::Largest).unwrap();
        let angle = of(PlaneReason::Across).map(|across| (yaw(across.frame) - yaw(largest.frame)).abs());
        println!("after {last} frames: {angle:?} degrees");
        assert_eq!(angle.is_some(), expect, "after {last} frames");
        assert!(angle.is_none_or(|angle| angle > 50.0), "{angle:?} degrees");
    };
    check(60, false);
    check(120, true);
}
