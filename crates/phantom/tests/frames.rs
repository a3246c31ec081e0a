//! What a frame promises: it depends on seed and pose only, its truth is consistent, its faults show.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint's exemption does not reach a test's own functions.

use image::{GrayImage, Rgb};
use peony_model::{Pixels, Spacing};
use peony_phantom::{
    Difficulty, Elevation, Fault, Faults, MassKind, MassPlan, MassSpec, Phantom, PhantomConfig, PhantomError,
    PhantomFrame, Pose, Preset, Turn,
};

fn small(masses: MassPlan) -> PhantomConfig {
    PhantomConfig { masses, size_px: [320, 240], length_mm: 30.0, ..PhantomConfig::default() }
}

fn grey(frame: &PhantomFrame) -> &GrayImage {
    match &frame.frame.pixels {
        Pixels::Luma8(grey) => grey,
        _ => panic!("the phantom is grey"),
    }
}

fn mean(grey: &GrayImage) -> f64 {
    grey.iter().map(|v| f64::from(*v)).sum::<f64>() / grey.len() as f64
}

/// Mean squared difference of neighbours across.
fn gradient(grey: &GrayImage) -> f64 {
    let rows = grey.as_raw().chunks_exact(grey.width() as usize);
    let squares = rows.flat_map(|row| row.windows(2).map(|p| (f64::from(p[0]) - f64::from(p[1])).powi(2)));
    squares.sum::<f64>() / grey.len() as f64
}

#[test]
fn a_frame_depends_on_seed_and_pose_only() {
    let config = small(MassPlan::OneOfEach(Difficulty::Easy));
    let poses: Vec<Pose> = [2.0_f32, 9.0, 16.0, 23.0]
        .iter()
        .map(|y| Pose::turned([0.4, *y, 0.1], Turn { yaw: *y - 12.0, tilt: 2.0, roll: -1.0 }))
        .collect();
    let render = |phantom: &Phantom, pose: &Pose| grey(&phantom.frame(pose, Faults::NONE)).clone();
    let first = Phantom::new(11, &config).unwrap();
    let forward: Vec<_> = poses.iter().map(|pose| render(&first, pose)).collect();
    let second = Phantom::new(11, &config).unwrap();
    let mut backward: Vec<_> = poses.iter().rev().map(|pose| render(&second, pose)).collect();
    backward.reverse();
    assert!(forward == backward, "the order changed a frame");
    let third = Phantom::new(11, &config).unwrap();
    let threaded: Vec<_> = std::thread::scope(|scope| {
        let jobs: Vec<_> = poses.iter().map(|pose| scope.spawn(|| render(&third, pose))).collect();
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    });
    assert!(forward == threaded, "threads changed a frame");
    let other = Phantom::new(12, &config).unwrap();
    assert!(forward[0] != render(&other, &poses[0]), "another seed is another breast");
}

#[test]
fn a_sweep_is_the_same_with_and_without_building_ahead() {
    let config = PhantomConfig { length_mm: 6.0, ..small(MassPlan::Normal) };
    let phantom = || Phantom::new(3, &config).unwrap();
    let plain: Vec<_> = phantom().sweep().endless().take(24).collect();
    let ahead: Vec<_> = phantom().sweep().endless().build_ahead().take(24).collect();
    for (a, b) in plain.iter().zip(&ahead) {
        assert!(grey(a) == grey(b) && a.frame.time_ns == b.frame.time_ns, "frame {}", a.frame.index);
    }
    assert_eq!(plain.iter().map(|f| f.frame.index).collect::<Vec<_>>(), (0..24).collect::<Vec<_>>());
    assert_eq!(
        (plain[0].truth.seed, plain[23].truth.seed),
        (3, 4),
        "an endless sweep goes on over the next breast"
    );
    assert_eq!(phantom().sweep().count(), 19, "6 mm at 10 mm/s and 30 frames a second");
}

#[test]
fn truth_agrees_with_itself_and_with_the_picture() {
    let kinds = [MassKind::Cyst, MassKind::Fibroadenoma, MassKind::Carcinoma];
    for (seed, kind) in (20..).zip(kinds.into_iter().cycle().take(9)) {
        let spec = MassSpec { kind, difficulty: Difficulty::Easy, along_mm: 15.0, lateral_mm: None };
        let phantom = Phantom::new(seed, &small(MassPlan::Given(vec![spec]))).unwrap();
        let shown = phantom.frame(&Pose::upright(15.0), Faults::NONE);
        let [mass] = &shown.truth.masses[..] else {
            panic!("seed {seed}: {} masses", shown.truth.masses.len())
        };
        assert_eq!((mass.kind, mass.malignant), (kind, kind == MassKind::Carcinoma));
        let points = &mass.contour_px;
        let twice: f32 = (0..points.len())
            .map(|i| (points[i], points[(i + 1) % points.len()]))
            .map(|(a, b)| a.x * b.y - b.x * a.y)
            .sum();
        let area = 0.5 * twice;
        assert!(
            (area / mass.area_px as f32 - 1.0).abs() < 0.04,
            "seed {seed}: {area} in {} px",
            mass.area_px
        );
        assert_eq!(mass.mask.dimensions(), (mass.box_px.width() as u32, mass.box_px.height() as u32));
        assert!(points.iter().all(|p| mass.box_px.inflate(0.01, 0.01).contains(*p)));
        let ellipsoid = std::f32::consts::PI / 6.0 * mass.axes_mm.iter().product::<f32>();
        assert!((0.6..1.8).contains(&(mass.volume_mm3 / ellipsoid)), "{} mm³", mass.volume_mm3);
        // An easy mass is darker than what lies beside it.
        let (x0, y0) = (mass.box_px.min.x as u32, mass.box_px.min.y as u32);
        let inside: Vec<f64> = mass
            .mask
            .enumerate_pixels()
            .filter(|(_, _, p)| p.0[0] > 0)
            .map(|(x, y, _)| f64::from(grey(&shown).get_pixel(x0 + x, y0 + y).0[0]))
            .collect();
        let inside = inside.iter().sum::<f64>() / inside.len() as f64;
        let rows: Vec<f64> = (y0..y0 + mass.mask.height())
            .flat_map(|y| (0..320).filter(|x| !(x0..x0 + mass.mask.width()).contains(x)).map(move |x| (x, y)))
            .map(|(x, y)| f64::from(grey(&shown).get_pixel(x, y).0[0]))
            .collect();
        let beside = rows.iter().sum::<f64>() / rows.len() as f64;
        assert!(inside < 0.85 * beside, "seed {seed} {kind:?}: {inside} inside, {beside} beside");
    }
}

#[test]
fn hard_masses_are_what_they_say() {
    let check = |difficulty, seed| {
        let spec = MassSpec { kind: MassKind::Fibroadenoma, difficulty, along_mm: 15.0, lateral_mm: None };
        let phantom = Phantom::new(seed, &small(MassPlan::Given(vec![spec]))).unwrap();
        phantom.frame(&Pose::upright(15.0), Faults::NONE).truth.masses
    };
    for seed in 0..8 {
        for mass in check(Difficulty::Small, seed) {
            let longest = mass.axes_mm.iter().fold(0.0_f32, |a, b| a.max(*b));
            assert!((1.0..=4.7).contains(&longest), "seed {seed}: {longest} mm");
        }
        for mass in check(Difficulty::Cut, seed) {
            assert!(mass.cut, "seed {seed}: the border does not cut it");
        }
    }
}

#[test]
fn each_fault_shows() {
    let phantom = Phantom::new(5, &small(MassPlan::Normal)).unwrap();
    let pose = Pose::upright(12.0);
    let good = phantom.frame(&pose, Faults::NONE);
    let bad = |fault: Fault| phantom.frame(&pose, fault.into());
    let grey_of = |fault| mean(grey(&bad(fault)));
    let normal = mean(grey(&good));
    assert!(grey_of(Fault::TooDark) < 0.55 * normal, "too dark: {} of {normal}", grey_of(Fault::TooDark));
    assert!(
        grey_of(Fault::TooBright) > 1.4 * normal,
        "too bright: {} of {normal}",
        grey_of(Fault::TooBright)
    );
    let sharp = gradient(grey(&good));
    let blurred = gradient(grey(&bad(Fault::Blur)));
    assert!(blurred < 0.5 * sharp, "blur: gradient energy {blurred} of {sharp}");
    let fast = gradient(grey(&bad(Fault::TooFast)));
    assert!(fast < 0.7 * sharp, "too fast: gradient energy {fast} of {sharp}");
    assert!(matches!(good.frame.spacing, Spacing::Uniform(_)));
    lost_contact(grey(&good), grey(&bad(Fault::LostContact)));
    vendor_screen(&phantom, &pose);
    let strokes = changed(&good.frame.luma(), &bad(Fault::Marks).frame.luma());
    assert!((300..5_000).contains(&strokes), "{strokes} pixels of marks");
    let Pixels::Rgb8(coloured) = bad(Fault::ColourBox).frame.pixels else {
        panic!("a colour box has colours")
    };
    let is_coloured = |pixel: &&Rgb<u8>| pixel.0[0].abs_diff(pixel.0[2]) > 60;
    let share = coloured.pixels().filter(is_coloured).count() as f64 / f64::from(320 * 240);
    assert!((0.005..0.2).contains(&share), "{share} of the picture");
}

fn changed(good: &GrayImage, bad: &GrayImage) -> usize {
    good.pixels().zip(bad.pixels()).filter(|(good, bad)| good != bad).count()
}

#[test]
fn a_jerky_hand_stops_and_goes_and_comes_as_far() {
    let phantom = Phantom::new(5, &small(MassPlan::Normal)).unwrap();
    let along = |frames: Vec<PhantomFrame>| -> Vec<f32> {
        frames.iter().map(|frame| frame.truth.pose.t_mm[1]).collect()
    };
    let even = along(phantom.sweep().take(25).collect());
    let jerky = along(phantom.sweep().schedule(vec![(0..24, Fault::Jerky)]).take(25).collect());
    assert_eq!(jerky[1..=6], [jerky[0]; 6], "it rests for a fifth of a second");
    assert!((jerky[8] - jerky[7]) > 1.5 * (even[8] - even[7]), "and goes twice as fast");
    assert!((jerky[24] - even[24]).abs() < 0.05, "{} of {}", jerky[24], even[24]);
}

#[test]
fn of_dropped_frames_one_in_three_never_comes_and_the_way_and_the_time_go_on() {
    let phantom = Phantom::new(5, &small(MassPlan::Normal)).unwrap();
    let whole: Vec<_> = phantom.sweep().take(75).collect();
    for (fault, longest) in [(Fault::Dropped, 2..6), (Fault::DroppedInBursts, 5..11)] {
        let left: Vec<_> = phantom.sweep().schedule(vec![(15..75, fault)]).take(50).collect();
        let came: Vec<u64> = left.iter().map(|made| made.frame.index).filter(|index| *index < 75).collect();
        assert!((50..=60).contains(&came.len()), "{}: {} of 75", fault.as_str(), came.len());
        assert_eq!(came[..15], *(0..15).collect::<Vec<u64>>());
        let gap = came.windows(2).map(|pair| (pair[1] - pair[0]) as usize).max().unwrap();
        assert!(longest.contains(&gap), "{}: a gap of {gap} frames", fault.as_str());
        for made in left.iter().filter(|made| made.frame.index < 75) {
            let same = &whole[made.frame.index as usize];
            assert_eq!((made.truth.pose, made.frame.time_ns), (same.truth.pose, same.frame.time_ns));
            assert!(grey(made) == grey(same));
        }
    }
}

/// Below the bands of reverberation, the lines of one border are dark and those of the other are as they were.
fn lost_contact(good: &GrayImage, bad: &GrayImage) {
    let column = |of: &GrayImage, x: u32| (80..200).map(|y| f64::from(of.get_pixel(x, y).0[0])).sum::<f64>();
    let kept = |x: u32| column(bad, x) / column(good, x);
    let (left, right) = (kept(10), kept(309));
    let (lost, held) = if left < right { (left, right) } else { (right, left) };
    assert!(lost < 0.15 && (held - 1.0).abs() < 0.02, "kept {left} on the left, {right} on the right");
}

fn vendor_screen(phantom: &Phantom, pose: &Pose) {
    let shown = phantom.frame(pose, Fault::VendorScreen.into());
    assert_eq!(shown.frame.spacing, Spacing::Unknown, "a grabbed screen tells no scale");
    let bar = (0..240).map(|y| grey(&shown).get_pixel(311, y).0[0]).max().unwrap();
    assert!(bar > 230, "the grey bar reaches {bar}");
    let config = PhantomConfig { screen_calibrated: true, ..phantom.config().clone() };
    let calibrated = Phantom::new(5, &config).unwrap().frame(pose, Fault::VendorScreen.into());
    let area = calibrated.frame.spacing.tissue_region().unwrap().area_px;
    assert!(area.min.x > 10.0 && area.max.x < 310.0 && area.max.y < 235.0, "{area:?}");
}

#[test]
fn a_frozen_machine_repeats_itself_and_the_switch_works() {
    let phantom = Phantom::new(5, &small(MassPlan::Normal)).unwrap();
    let mut sweep = phantom.sweep().schedule(vec![(2..4, Fault::Frozen)]);
    let switch = sweep.switch();
    let frames: Vec<_> = sweep.by_ref().take(5).collect();
    assert!(
        grey(&frames[1]) == grey(&frames[2]) && grey(&frames[2]) == grey(&frames[3]),
        "frozen frames differ"
    );
    assert!(grey(&frames[3]) != grey(&frames[4]), "the machine went on");
    assert!(frames[3].frame.time_ns > frames[2].frame.time_ns, "time goes on");
    assert!(
        frames[2].truth.faults.contains(Fault::Frozen) && !frames[4].truth.faults.contains(Fault::Frozen)
    );
    switch.turn(Fault::TooDark, true);
    assert!(mean(grey(&sweep.next().unwrap())) < 0.55 * mean(grey(&frames[4])));
    switch.set(Faults::NONE);
    assert!(mean(grey(&sweep.next().unwrap())) > 0.8 * mean(grey(&frames[4])));
}

#[test]
fn numbers_out_of_range_are_refused() {
    let check = |config: PhantomConfig, expect: &str| {
        let error: PhantomError = Phantom::new(1, &config).err().unwrap();
        assert_eq!(error.to_string(), expect);
    };
    let fine = PhantomConfig::default;
    check(PhantomConfig { fps: 0.0, ..fine() }, "the phantom's frame rate is 0, not between 1 and 240");
    check(
        PhantomConfig { fps: f32::NAN, ..fine() },
        "the phantom's frame rate is NaN, not between 1 and 240",
    );
    check(
        PhantomConfig { size_px: [1, 480], ..fine() },
        "the phantom's width in pixels is 1, not between 64 and 4096",
    );
    let beam = |focus_mm, width_mm| {
        let elevation = Elevation { focus_mm, width_mm };
        PhantomConfig { preset: Some(Preset { elevation, ..Preset::drawn(1) }), ..fine() }
    };
    check(beam(0.0, 0.9), "the phantom's elevational focus in mm is 0, not between 8 and 40");
    check(beam(18.0, 0.1), "the phantom's elevational width in mm is 0.1, not between 0.6 and 2");
}
