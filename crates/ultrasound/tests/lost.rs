//! Frames that are lost in bursts, as by a program that is too busy: the way goes on over them where their times are known.

use peony_model::{Frame, QualityCode};
use peony_phantom::{Fault, MassPlan, PathKind, Phantom, PhantomConfig, Sweep};
use peony_ultrasound::output::Unfit;
use peony_ultrasound::{Mode, Pipeline, step};

const FRAME_NS: u64 = 33_333_333;

/// The way that is read of a sweep of 30 mm, mm. Of every 25 frames so many are lost at a time; without `times` those that come look as if none were.
fn read_mm(lost: usize, times: bool) -> Option<f32> {
    let config = PhantomConfig {
        masses: MassPlan::Normal,
        path: PathKind::Straight,
        speed_mm_s: 8.0,
        length_mm: 30.0,
        ..PhantomConfig::default()
    };
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let (mut read_mm, mut given) = (0.0, 0);
    for (number, made) in Phantom::new(9001, &config).ok()?.sweep().enumerate() {
        if number > 20 && number % 25 < lost {
            continue;
        }
        let mut frame = made.frame;
        if !times {
            frame.time_ns = given * FRAME_NS;
        }
        given += 1;
        read_mm = step(&mut pipeline, &frame).volume.path_mm.unwrap_or(read_mm);
    }
    Some(read_mm)
}

#[test]
fn over_bursts_of_lost_frames_the_way_goes_on() {
    let [whole, timed, blind] =
        [(0, true), (8, true), (8, false)].map(|(lost, times)| read_mm(lost, times).unwrap());
    assert!(whole > 25.0, "{whole}");
    assert!((timed / whole - 1.0).abs() < 0.05, "{timed} of {whole}");
    // What nobody can tell is short by what was not seen.
    assert!(blind < 0.9 * whole, "{blind} of {whole}");
}

/// Dropped frames begin here.
const FROM: u64 = 60;

/// How often the probe was called too fast, and after how many milliseconds it was first said that too few frames come, of a second and a half in which
/// frames are dropped.
fn said(frames: impl Iterator<Item = Frame>) -> (usize, Option<u64>) {
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let (mut too_fast, mut too_few, mut was_fast) = (0, None, false);
    for frame in frames.take_while(|frame| frame.index < FROM + 60) {
        let output = step(&mut pipeline, &frame);
        let holds = |code| output.quality.issues.iter().any(|issue| issue.code == code);
        too_fast += usize::from(holds(QualityCode::TooFast) && !was_fast);
        was_fast = holds(QualityCode::TooFast);
        if holds(QualityCode::TooFewFrames) && too_few.is_none() {
            too_few = Some((frame.index - FROM) * FRAME_NS / 1_000_000);
        }
        assert_ne!(output.volume.unfit, Some(Unfit::TooFast), "frame {}", frame.index);
    }
    (too_fast, too_few)
}

fn sweep(seed: u64, speed_mm_s: f32) -> Option<Sweep> {
    let config = PhantomConfig { masses: MassPlan::Normal, speed_mm_s, ..PhantomConfig::default() };
    Some(Phantom::new(seed, &config).ok()?.sweep())
}

#[test]
fn of_dropped_frames_it_is_said_that_too_few_come_and_not_that_the_hand_is_too_fast() {
    for fault in [Fault::Dropped, Fault::DroppedInBursts] {
        for seed in 500..504 {
            let frames =
                sweep(seed, 15.0).unwrap().schedule(vec![(FROM..FROM + 45, fault)]).map(|made| made.frame);
            let (too_fast, too_few_ms) = said(frames);
            assert_eq!(too_fast, 0, "{} {seed}", fault.as_str());
            assert!(too_few_ms.is_some_and(|ms| ms <= 500), "{} {seed}: {too_few_ms:?}", fault.as_str());
        }
    }
}

#[test]
fn a_slow_hand_is_followed_over_single_frames_that_are_dropped() {
    let dropped = |index: u64| index >= FROM && index % 3 == 1;
    let frames = sweep(500, 6.0).unwrap().map(|made| made.frame).filter(|frame| !dropped(frame.index));
    assert_eq!(said(frames), (0, None));
}
