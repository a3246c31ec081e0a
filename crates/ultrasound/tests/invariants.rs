//! What the pipeline promises, with a network that is made up: it marks what is dark in the middle.

use std::collections::BTreeSet;
use std::sync::Arc;

use image::{GrayImage, Luma, Rgb, RgbImage};
use peony_model::report::CalibrationRecord;
use peony_model::{
    CalibrationSource, Frame, MmPerPx, Pixels, Precision, Provenance, QualityCode, Spacing, Unit,
};
use peony_ultrasound::calibrate::{BeamCalibration, Calibration};
use peony_ultrasound::live;
use peony_ultrasound::network::{CANVAS, CELLS, MAPS, MASK, MASK_STEP, NetOutputs, Reading};
use peony_ultrasound::output::{Event, PlaneReason, StepOutput, Timings, Unfit, VolumeState};
use peony_ultrasound::{KeyPlane, Mode, Network, NetworkError, Pipeline, replay, step};

/// Everything dark is a lesion, malignant when it lies on the left.
struct Dark {
    fails: bool,
}

impl Network for Dark {
    fn run(&mut self, luma: &[f32], _: Option<&[f32]>) -> Result<NetOutputs, NetworkError> {
        if self.fails {
            return Err(NetworkError::Other("broken on purpose".into()));
        }
        let mask: Vec<f32> = (0..MASK * MASK)
            .map(|i| {
                let (x, y) = (i % MASK * MASK_STEP, i / MASK * MASK_STEP);
                if (60..190).contains(&y) && luma[y * CANVAS + x] < 0.12 { 0.9 } else { 0.05 }
            })
            .collect();
        let seen = mask.iter().filter(|p| **p > 0.5).count();
        let mut maps = vec![4.0; MAPS * CELLS * CELLS];
        for (i, logit) in maps[CELLS * CELLS..2 * CELLS * CELLS].iter_mut().enumerate() {
            *logit = if i % CELLS < CELLS / 2 { 1.5 } else { -1.5 };
        }
        let lesion = if seen > 50 { 0.95 } else { 0.05 };
        Ok(NetOutputs { core: mask.clone(), mask, maps, embedding: None, lesion, breast: 1.0, state: None })
    }

    fn provenance(&self) -> Arc<Provenance> {
        Arc::new(Provenance {
            model: "dark".into(),
            version: "1".into(),
            sha256: "0".repeat(64),
            provider: "test".into(),
            precision: Precision::Fp32,
        })
    }

    fn reading(&self) -> Reading {
        Reading { mask: 0.5, lesion: 0.5, region: 0.5, breast: 0.5, calibrated: false }
    }
}

fn noise(x: u32, y: u32) -> u8 {
    let mut h = x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    (60 + (h >> 24) % 90) as u8
}

/// Speckle with a dark disc that moves to the right and is there on some frames only.
fn frame(index: u64, disc: bool, spacing: Spacing) -> Frame {
    let centre = (150 + 2 * index as i32, 130);
    let picture = GrayImage::from_fn(400, 300, |x, y| {
        let (dx, dy) = (x as i32 - centre.0, y as i32 - centre.1);
        let grey = noise(x + 7 * index as u32, y);
        Luma([if disc && dx * dx + dy * dy < 35 * 35 { 5 + grey / 16 } else { grey }])
    });
    Frame { index, time_ns: index * 33_333_333, pixels: Pixels::Luma8(picture), spacing }
}

fn known() -> Spacing {
    MmPerPx::new(0.1, 0.1, CalibrationSource::Entered).map_or(Spacing::Unknown, Spacing::Uniform)
}

fn cine(frames: u64, spacing: &Spacing) -> Vec<Frame> {
    (0..frames).map(|index| frame(index, (5..25).contains(&index), spacing.clone())).collect()
}

fn pipeline(mode: Mode) -> Pipeline {
    Pipeline::new(Some(Box::new(Dark { fails: false })), mode)
}

/// Outputs without the times they took, as text.
fn said(frames: &[Frame]) -> Vec<String> {
    let mut pipeline = pipeline(Mode::Sweep);
    let mut all = Vec::new();
    let read = replay::run(frames.iter().cloned(), &mut pipeline, |_, _, output| {
        all.push(format!("{:?}", StepOutput { timings: Timings::default(), ..output }));
        Ok::<_, std::convert::Infallible>(())
    });
    assert_eq!(read, Ok(frames.len() as u64));
    all
}

#[test]
fn replaying_twice_says_the_same() {
    let frames = cine(30, &known());
    assert_eq!(said(&frames), said(&frames));
}

#[test]
fn no_output_depends_on_a_later_frame() {
    let frames = cine(30, &known());
    let whole = said(&frames);
    for k in [1, 7, 18] {
        assert_eq!(said(&frames[..k]), whole[..k], "the first {k} frames");
    }
}

#[test]
fn no_result_without_provenance_and_no_millimetre_without_scale() {
    for (spacing, unit) in [(known(), Unit::Millimetre), (Spacing::Unknown, Unit::Pixel)] {
        let mut pipeline = pipeline(Mode::Sweep);
        let mut findings = 0;
        for frame in cine(20, &spacing) {
            let output = step(&mut pipeline, &frame);
            for finding in &output.findings {
                assert_eq!(finding.provenance.model, "dark");
                assert_eq!(finding.assessment, None, "the network is not calibrated");
                let lengths: Vec<_> = finding.measurements.iter().filter(|m| m.unit() != Unit::One).collect();
                assert!(lengths.len() == 2 && lengths.iter().all(|m| m.unit() == unit));
                findings += 1;
            }
            let unknown = output.quality.issues.iter().any(|i| i.code == QualityCode::ScaleUnknown);
            assert_eq!(unknown, spacing == Spacing::Unknown);
            // The scale of the plane says nothing of the beam across it, which nobody has measured.
            let why = if unknown { Unfit::ScaleUnknown } else { Unfit::NotCalibrated };
            assert_eq!((output.volume.path_mm, output.volume.unfit), (None, Some(why)));
            assert!(output.volume.tracks.is_empty());
            if spacing == Spacing::Unknown {
                assert_eq!(output.quality.speed_mm_s, None);
            }
        }
        assert!(findings >= 10, "{findings} findings");
    }
}

/// What is known of a probe of this name.
fn calibration(probe: &str, gain: f32) -> Calibration {
    let record = CalibrationRecord {
        probe: probe.to_owned(),
        preset: String::new(),
        made: "2026-05-28".to_owned(),
        relative_error: 0.3,
    };
    let beam = BeamCalibration { gain, turn_gain: gain, by_depth: Vec::new() };
    Calibration { record: Arc::new(record), beam }
}

#[test]
fn lengths_along_the_way_are_those_of_the_calibration_that_they_name() {
    let read = |calibration: Option<Calibration>, source: CalibrationSource| {
        let mut pipeline = pipeline(Mode::Still);
        pipeline.calibrate(calibration);
        pipeline.restart(Mode::Sweep);
        let spacing = Spacing::Uniform(MmPerPx::new(0.1, 0.1, source).unwrap());
        cine(30, &spacing).iter().map(|frame| step(&mut pipeline, frame).volume).last().unwrap()
    };
    let (entered, phantom) = (CalibrationSource::Entered, CalibrationSource::Phantom);
    let [one, double] = [1.0, 2.0].map(|gain| read(Some(calibration("L12-5", gain)), entered));
    let (one_mm, double_mm) = (one.path_mm.unwrap(), double.path_mm.unwrap());
    assert!(one_mm > 0.0 && (double_mm / one_mm - 2.0).abs() < 1e-3, "{one_mm} and {double_mm} mm");
    let named = |said: &VolumeState| said.calibration.as_ref().map(|by| by.probe.clone());
    assert_eq!(named(&one).as_deref(), Some("L12-5"));
    assert_eq!(one.plane.unwrap().relative_error, Some(0.3));
    // The phantom's beam is its own, whatever a person says.
    let own = read(Some(calibration("L12-5", 2.0)), phantom);
    assert_eq!((own.path_mm, named(&own)), (read(None, phantom).path_mm, Some("virtual transducer".into())));
    let none = read(None, entered);
    assert_eq!((none.path_mm, none.calibration, none.unfit), (None, None, Some(Unfit::NotCalibrated)));
}

#[test]
fn another_calibration_begins_another_sweep() {
    let mut pipeline = pipeline(Mode::Sweep);
    let mut sweeps = Vec::new();
    for (index, frame) in cine(30, &known()).iter().enumerate() {
        match index {
            10 => pipeline.calibrate(Some(calibration("one", 1.0))),
            20 => pipeline.calibrate(Some(calibration("other", 1.0))),
            _ => {}
        }
        let said = step(&mut pipeline, frame).volume;
        sweeps.extend(said.plane.map(|plane| plane.sweep));
        assert_eq!(said.path_mm.is_some(), index >= 10, "frame {index}");
        if index == 20 {
            assert!(said.path_mm.unwrap() < 2.0, "the way of the former one is not counted on");
        }
    }
    let first = sweeps[0];
    assert_eq!((sweeps[9], sweeps[10], sweeps[20], sweeps[29]), (first, first + 1, first + 2, first + 2));
}

#[test]
fn a_lesion_is_confirmed_kept_and_let_go_and_its_number_is_not_used_again() {
    let mut pipeline = pipeline(Mode::Sweep);
    let (mut confirmed, mut left, mut planes, mut ids) = (vec![], vec![], vec![], BTreeSet::new());
    let spacing = known();
    let disc = |i: u64| (5..25).contains(&i) || (45..60).contains(&i);
    for index in 0..80 {
        let output = step(&mut pipeline, &frame(index, disc(index), spacing.clone()));
        ids.extend(output.tracks.iter().map(|track| track.id));
        for event in output.events {
            match event {
                Event::Confirmed { track, letter } => confirmed.push((index, track, letter)),
                Event::Left { track } => left.push((index, track)),
                Event::KeyPlane { track, reason, .. } => planes.push((track, reason)),
                _ => {}
            }
        }
    }
    assert_eq!(confirmed.len(), 2, "{confirmed:?}");
    let ((first_at, first, 'A'), (_, second, 'B')) = (confirmed[0], confirmed[1]) else {
        panic!("{confirmed:?}")
    };
    // Seen from frame 5 or 6 on, and nine sightings are needed.
    assert!((13..=14).contains(&first_at) && first != second, "{confirmed:?}");
    assert_eq!(left.len(), 2);
    let (gone_at, gone) = left[0];
    assert!(gone == first && (34..=36).contains(&gone_at), "300 ms after frame 24: {left:?}");
    assert!(planes.len() >= 6 && planes.len() < 16, "{planes:?}");
    assert!(pipeline.key_planes().iter().all(|plane| plane.luma.dimensions() == (400, 300)));
    assert!(ids.len() >= 2);
}

/// A mass that grows while the probe goes on: its largest plane is another one every few frames, and its clearest among them.
#[test]
fn key_planes_of_a_lesion_are_one_picture_or_a_quarter_of_a_second_apart() {
    let growing = |index: u64| {
        let reach = 20.0 + 14.0 * (index as f32 / 40.0 * std::f32::consts::PI).sin();
        let picture = GrayImage::from_fn(400, 300, |x, y| {
            let (dx, dy) = (x as f32 - 200.0, y as f32 - 130.0);
            let grey = noise(x + 7 * index as u32, y);
            Luma([if dx.hypot(dy) < reach { 5 + grey / 16 } else { grey }])
        });
        Frame { index, time_ns: index * 33_333_333, pixels: Pixels::Luma8(picture), spacing: known() }
    };
    let mut pipeline = pipeline(Mode::Sweep);
    let (mut shared, mut apart) = (0, 0);
    for index in 0..40 {
        step(&mut pipeline, &growing(index));
        let planes = pipeline.key_planes();
        for (nth, one) in planes.iter().enumerate() {
            for other in planes[nth + 1..].iter().filter(|other| other.track == one.track) {
                let between = one.time_ns.abs_diff(other.time_ns);
                assert!(
                    one.frame == other.frame || between >= 250_000_000,
                    "after frame {index}: {:?} on {} and {:?} on {}",
                    one.reason,
                    one.frame,
                    other.reason,
                    other.frame
                );
                *(if one.frame == other.frame { &mut shared } else { &mut apart }) += 1;
            }
        }
    }
    assert!(shared > 0, "{shared} pairs are one picture, {apart} are not");
}

/// The report's size is that of the largest plane: a picture beside it with more of the lesion would contradict it. Here a blurred picture is
/// followed by a sharp one, on which the mass has another shape and is hardly larger.
#[test]
fn no_plane_of_a_lesion_shows_more_of_it_than_its_largest() {
    let plane = |index: u64, is_sharp: bool| {
        let (half, grain) = if is_sharp { ([46.0, 21.0], 1) } else { ([30.0, 30.0], 2) };
        let picture = GrayImage::from_fn(400, 300, |x, y| {
            let (dx, dy) = ((x as f32 - 200.0) / half[0], (y as f32 - 130.0) / half[1]);
            let grey = noise((x + 1009 * index as u32) / grain, y / grain);
            Luma([if dx.hypot(dy) < 1.0 { 5 + grey / 16 } else { grey }])
        });
        Frame { index, time_ns: index * 33_333_333, pixels: Pixels::Luma8(picture), spacing: known() }
    };
    let area = |plane: &KeyPlane| -> f32 {
        let outline = plane.region.contour_px();
        let next = outline.iter().cycle().skip(1);
        outline.iter().zip(next).map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f32>().abs() / 2.0
    };
    let mut pipeline = pipeline(Mode::Sweep);
    for index in 0..60 {
        step(&mut pipeline, &plane(index, index >= 30));
        let planes = pipeline.key_planes();
        for largest in planes.iter().filter(|plane| plane.reason == PlaneReason::Largest) {
            for other in planes.iter().filter(|other| other.track == largest.track) {
                let [of, at_most] = [other, largest].map(area);
                assert!(of <= at_most, "after frame {index}: {:?} {of}, largest {at_most}", other.reason);
            }
        }
    }
    let clearest = pipeline.key_planes().iter().find(|plane| plane.reason == PlaneReason::Features).unwrap();
    assert!(clearest.frame >= 30, "the sharp one is kept");
}

/// A machine that is turned to another depth shows the same with fewer pixels, or less with more.
#[test]
fn the_largest_plane_is_the_largest_in_millimetres_whatever_the_magnification() {
    let plane = |index: u64, half_mm: f32, mm_per_px: f32| {
        let picture = GrayImage::from_fn(400, 300, |x, y| {
            let (dx, dy) = ((x as f32 - 200.0) * mm_per_px, (y as f32 - 130.0) * mm_per_px);
            let grey = noise(x + 1009 * index as u32, y);
            Luma([if dx.hypot(dy) < half_mm { 5 + grey / 16 } else { grey }])
        });
        let spacing = MmPerPx::new(mm_per_px, mm_per_px, CalibrationSource::Entered);
        let spacing = spacing.map_or(Spacing::Unknown, Spacing::Uniform);
        Frame { index, time_ns: index * 33_333_333, pixels: Pixels::Luma8(picture), spacing }
    };
    let largest = |first: (f32, f32), then: (f32, f32)| {
        let mut pipeline = pipeline(Mode::Sweep);
        for index in 0..60 {
            let (half_mm, mm_per_px) = if index < 30 { first } else { then };
            step(&mut pipeline, &plane(index, half_mm, mm_per_px));
        }
        let tracks: BTreeSet<u32> = pipeline.key_planes().iter().map(|plane| plane.track).collect();
        assert_eq!(tracks.len(), 1, "one lesion");
        let kept = pipeline.key_planes().iter().find(|plane| plane.reason == PlaneReason::Largest);
        kept.unwrap().frame
    };
    assert!(largest((3.5, 0.1), (3.0, 0.07)) < 30, "smaller, on more pixels");
    assert!(largest((3.0, 0.07), (3.5, 0.1)) >= 30, "larger, on fewer pixels");
}

/// A long mass, alike on every plane as far as it reaches, and then of another shape and the same size.
#[test]
fn planes_that_look_alike_are_one_picture_however_far_apart_and_another_shape_is_another() {
    let plane = |index: u64, is_wide: bool| {
        let half = if is_wide { [46.0, 20.0] } else { [30.0, 30.0] };
        let picture = GrayImage::from_fn(400, 300, |x, y| {
            let (dx, dy) = ((x as f32 - 200.0) / half[0], (y as f32 - 130.0) / half[1]);
            // Other speckle on every frame: the probe goes on.
            let grey = noise(x + 1009 * index as u32, y);
            Luma([if dx.hypot(dy) < 1.0 { 5 + grey / 16 } else { grey }])
        });
        let spacing = Spacing::Unknown;
        Frame { index, time_ns: index * 33_333_333, pixels: Pixels::Luma8(picture), spacing }
    };
    let mut pipeline = pipeline(Mode::Sweep);
    let mut kept_after = |frames: std::ops::Range<u64>, is_wide: bool| {
        frames.for_each(|index| drop(step(&mut pipeline, &plane(index, is_wide))));
        let mut kept: Vec<u64> = pipeline.key_planes().iter().map(|plane| plane.frame).collect();
        kept.sort_unstable();
        kept.dedup();
        kept
    };
    let alike = kept_after(0..60, false);
    assert_eq!(alike.len(), 1, "{alike:?}");
    let other = kept_after(60..120, true);
    assert!(other.len() == 2 && other[0] < 60 && other[1] >= 60, "{other:?}");
}

#[test]
fn stills_do_not_know_each_other() {
    let mut pipeline = pipeline(Mode::Still);
    let with = frame(3, true, Spacing::Unknown);
    let first = step(&mut pipeline, &with);
    step(&mut pipeline, &frame(4, false, Spacing::Unknown));
    let again = step(&mut pipeline, &with);
    assert_eq!(first.findings.len(), 1);
    assert_eq!(format!("{:?}", first.findings), format!("{:?}", again.findings));
    assert!(first.tracks.is_empty() && first.events.is_empty());
    let malignant = first.findings[0].malignancy.unwrap();
    assert!(malignant > 0.7, "on the left: {malignant}");
}

#[test]
fn without_a_network_or_with_a_broken_one_the_picture_is_still_judged() {
    for network in [None, Some(Box::new(Dark { fails: true }) as Box<dyn Network>)] {
        let broken = network.is_some();
        let mut pipeline = Pipeline::new(network, Mode::Sweep);
        for frame in cine(12, &Spacing::Unknown) {
            let output = step(&mut pipeline, &frame);
            assert!(output.findings.is_empty() && output.malignancy.is_none());
            assert!(output.quality.picture_px.is_some());
            assert!(output.quality.issues.iter().any(|i| i.code == QualityCode::ScaleUnknown));
        }
        assert_eq!(pipeline.network_error().is_some(), broken);
    }
}

#[test]
fn a_frozen_picture_rests_and_keeps_what_was_found() {
    let mut pipeline = pipeline(Mode::Sweep);
    let mut seen = None;
    for index in 0..40 {
        let source = frame(index.min(9), true, known());
        let output = step(&mut pipeline, &Frame { index, time_ns: index * 33_333_333, ..source });
        if index >= 25 {
            assert!(output.quality.issues.iter().any(|i| i.code == QualityCode::Frozen), "frame {index}");
            assert_eq!(output.findings.len(), 1, "frame {index}");
            let sightings = output.tracks[0].sightings;
            assert_eq!(*seen.get_or_insert(sightings), sightings, "a frozen picture is one sighting");
        }
    }
}

#[test]
fn odd_pictures_are_read_without_harm() {
    let mut pipeline = pipeline(Mode::Sweep);
    for (index, (width, height)) in
        [(1, 1), (8, 8), (1200, 3), (3, 900), (65, 70), (400, 300)].into_iter().enumerate()
    {
        let picture = GrayImage::from_fn(width, height, |x, y| Luma([noise(x, y)]));
        let frame =
            Frame { index: index as u64, time_ns: 0, pixels: Pixels::Luma8(picture), spacing: known() };
        for _ in 0..3 {
            let output = step(&mut pipeline, &frame);
            assert_eq!(output.size_px, [width, height]);
        }
    }
}

#[test]
fn live_counts_every_frame_that_it_does_not_read() {
    let frames = cine(60, &Spacing::Unknown);
    let mut pipeline = pipeline(Mode::Sweep);
    let mut indices = Vec::new();
    let counts = live::run(frames.into_iter(), &mut pipeline, |frame, _| indices.push(frame.index));
    assert_eq!(counts.read + counts.dropped, 60);
    assert_eq!(counts.read as usize, indices.len());
    assert!(indices.is_sorted(), "in order");
    assert_eq!(indices.last(), Some(&59), "the newest is never the one that is dropped");
}

#[test]
fn a_lesion_that_the_edge_cuts_and_marks_on_the_picture_are_told() {
    let told = |still: Frame| {
        let issues = step(&mut pipeline(Mode::Still), &still).quality.issues;
        issues.into_iter().map(|issue| issue.code).collect::<BTreeSet<_>>()
    };
    let whole = told(frame(0, true, Spacing::Unknown));
    assert!(!whole.contains(&QualityCode::LesionCut) && !whole.contains(&QualityCode::Marks), "{whole:?}");
    // Its disc lies half beyond the right edge.
    let cut = told(frame(120, true, Spacing::Unknown));
    assert!(cut.contains(&QualityCode::LesionCut), "{cut:?}");
    let Frame { pixels: Pixels::Luma8(mut grey), .. } = frame(0, true, Spacing::Unknown) else {
        unreachable!()
    };
    // Crosses of calipers, as long and as thick as machines draw them.
    for (x, y) in [(110, 95), (190, 95), (110, 165), (190, 165), (60, 40), (60, 240), (330, 40), (330, 240)] {
        for at in -12..=12_i32 {
            grey.put_pixel((x + at) as u32, y as u32, Luma([255]));
            grey.put_pixel(x as u32, (y + at) as u32, Luma([255]));
            grey.put_pixel(x as u32 + 1, (y + at) as u32, Luma([255]));
        }
    }
    let marked = Frame { pixels: Pixels::Luma8(grey), ..frame(0, true, Spacing::Unknown) };
    let marked = told(marked);
    assert!(marked.contains(&QualityCode::Marks), "{marked:?}");
}

#[test]
fn under_colour_a_lesion_is_found_and_not_graded() {
    let Frame { pixels: Pixels::Luma8(grey), .. } = frame(0, true, Spacing::Unknown) else { unreachable!() };
    let colour = RgbImage::from_fn(grey.width(), grey.height(), |x, y| {
        let level = grey.get_pixel(x, y).0[0];
        if x > 320 && y > 200 { Rgb([255, level, level]) } else { Rgb([level; 3]) }
    });
    let seen = |pixels| {
        let still = Frame { index: 0, time_ns: 0, pixels, spacing: Spacing::Unknown };
        step(&mut pipeline(Mode::Still), &still)
    };
    let (plain, coloured) = (seen(Pixels::Luma8(grey.clone())), seen(Pixels::Rgb8(colour)));
    assert!(plain.findings[0].malignancy.is_some() && plain.malignancy.is_some());
    // As a capture or a video keeps it: cells of 20 × 20 pixels.
    let cell = |x, y| image::Luma([if x >= 16 && y >= 10 { 90 } else { 3 }]);
    let grid = Pixels::LumaChroma { luma: grey, chroma: GrayImage::from_fn(32, 24, cell) };
    for coloured in [coloured, seen(grid)] {
        assert!(coloured.quality.issues.iter().any(|issue| issue.code == QualityCode::ColourBox));
        assert_eq!(coloured.findings.len(), plain.findings.len());
        assert!(coloured.findings.iter().all(|f| f.malignancy.is_none() && f.assessment.is_none()));
        assert_eq!(coloured.malignancy, None);
    }
}

#[test]
fn a_picture_deeper_than_a_breast_is_not_read() {
    let at = |mm: f32, source| {
        let scale = MmPerPx::new(mm, mm, source).map_or(Spacing::Unknown, Spacing::Uniform);
        step(&mut pipeline(Mode::Still), &frame(0, true, scale))
    };
    for (mm, source, read) in [
        (0.1, CalibrationSource::UltrasoundRegion, true),
        (0.5, CalibrationSource::UltrasoundRegion, false),
        (0.5, CalibrationSource::Entered, true),
    ] {
        let output = at(mm, source);
        assert_eq!(output.lesion.is_some(), read, "{mm} {source:?}: {:?}", output.quality.issues);
        let wrong = output.quality.issues.iter().any(|issue| issue.code == QualityCode::WrongDomain);
        assert_eq!(wrong, !read);
    }
}

/// Remembers how many frames it has seen, and does not take everything for a breast.
struct Counting {
    seen: Arc<std::sync::Mutex<Vec<Option<f32>>>>,
}

impl Network for Counting {
    fn run(&mut self, luma: &[f32], state: Option<&[f32]>) -> Result<NetOutputs, NetworkError> {
        let mut seen = self.seen.lock().map_err(|_| NetworkError::Other("poisoned".into()))?;
        seen.push(state.map(|state| state[0]));
        let outputs = Dark { fails: false }.run(luma, None)?;
        let state = Some(vec![state.map_or(0.0, |state| state[0]) + 1.0]);
        // What is bright in its upper left corner is none.
        let breast = if luma[CANVAS * 60 + 12] > 0.9 { 0.1 } else { 0.9 };
        Ok(NetOutputs { state, breast, ..outputs })
    }

    fn provenance(&self) -> Arc<Provenance> {
        Dark { fails: false }.provenance()
    }

    fn reading(&self) -> Reading {
        Dark { fails: false }.reading()
    }
}

#[test]
fn a_memory_runs_through_a_sweep_and_through_nothing_else() {
    let seen = Arc::default();
    let mut pipeline = Pipeline::new(Some(Box::new(Counting { seen: Arc::clone(&seen) })), Mode::Sweep);
    let look = |pipeline: &mut Pipeline, frames: std::ops::Range<u64>| {
        seen.lock().unwrap().clear();
        for index in frames {
            step(pipeline, &frame(index, true, known()));
        }
        seen.lock().unwrap().clone()
    };
    assert_eq!(look(&mut pipeline, 0..4), [None, Some(1.0), Some(2.0), Some(3.0)]);
    pipeline.restart(Mode::Sweep);
    assert_eq!(look(&mut pipeline, 4..6), [None, Some(1.0)], "another examination begins with nothing");
    pipeline.restart(Mode::Still);
    assert_eq!(look(&mut pipeline, 6..8), [None, None], "stills do not know each other");
}

#[test]
fn what_the_network_does_not_read_is_said_and_not_graded() {
    let seen = Arc::default();
    let mut pipeline = Pipeline::new(Some(Box::new(Counting { seen })), Mode::Still);
    let wrong = |output: &StepOutput| {
        output.quality.issues.iter().any(|issue| issue.code == QualityCode::WrongDomain)
    };
    let read = step(&mut pipeline, &frame(3, true, known()));
    assert!(!wrong(&read) && read.findings.len() == 1 && read.lesion.is_some());
    let mut other = frame(3, true, known());
    if let Pixels::Luma8(picture) = &mut other.pixels {
        for (x, y) in (0..60).flat_map(|x| (0..60).map(move |y| (x, y))) {
            picture.put_pixel(x, y, Luma([255]));
        }
    }
    let refused = step(&mut pipeline, &other);
    assert!(wrong(&refused), "{:?}", refused.quality.issues);
    assert!(refused.findings.is_empty() && refused.malignancy.is_none() && refused.lesion.is_none());
}

#[test]
fn one_frame_that_the_network_doubts_neither_refuses_a_sweep_nor_is_graded() {
    let other = |index: u64| {
        let mut frame = frame(index, true, known());
        if let Pixels::Luma8(picture) = &mut frame.pixels {
            for (x, y) in (0..60).flat_map(|x| (0..60).map(move |y| (x, y))) {
                picture.put_pixel(x, y, Luma([255]));
            }
        }
        frame
    };
    // `r`: refused; `g`: graded. Letters of `plan`: a breast (b) or something else (x).
    let said = |plan: &str| {
        let network = Counting { seen: Arc::default() };
        let mut pipeline = Pipeline::new(Some(Box::new(network)), Mode::Sweep);
        let mut word = |(index, kind): (u64, char)| {
            let made = if kind == 'x' { other(index) } else { frame(index, true, known()) };
            let output = step(&mut pipeline, &made);
            let refused = output.quality.issues.iter().any(|issue| issue.code == QualityCode::WrongDomain);
            match (refused, output.malignancy.is_some()) {
                (true, false) => 'r',
                (false, true) => 'g',
                (false, false) => '-',
                (true, true) => '!',
            }
        };
        (0..).zip(plan.chars()).map(&mut word).collect::<String>()
    };
    assert_eq!(said("bbbxbbbxxb"), "ggg-ggg--g");
    assert_eq!(said("xxxbxxbbx"), "rrrrrrrrr");
    let ended = said(&format!("xx{}", "b".repeat(30)));
    assert_eq!(ended.find('g'), Some(2 + 15), "half a second of breast ends it: {ended}");
    let begun = said(&format!("bb{}", "x".repeat(20)));
    assert_eq!(begun.find('r'), Some(2 + 15), "half a second of something else refuses it: {begun}");
}
