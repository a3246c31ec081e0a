//! Frames that are lost in bursts, as by a program that is too busy: the way goes on over them where their times are known.

use peony_phantom::{MassPlan, PathKind, Phantom, PhantomConfig};
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
