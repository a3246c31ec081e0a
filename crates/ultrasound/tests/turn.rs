//! A probe that turns over one place of the phantom.

use peony_phantom::{Faults, MassPlan, Phantom, PhantomConfig, Pose, Turn};
use peony_ultrasound::{Mode, Pipeline, step};

#[test]
fn a_quarter_turn_on_the_spot_is_read_as_one() {
    let phantom =
        Phantom::new(520, &PhantomConfig { masses: MassPlan::Normal, ..PhantomConfig::default() }).unwrap();
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let mut read = Vec::new();
    for index in 0..=90_u64 {
        let yaw = index as f32;
        let pose = Pose::turned([0.0, 45.0, 0.0], Turn { yaw, ..Turn::default() });
        let mut frame = phantom.frame(&pose, Faults::default()).frame;
        (frame.index, frame.time_ns) = (index, index * 33_333_333);
        read.push(step(&mut pipeline, &frame).volume.turned_deg.unwrap_or_default());
    }
    println!("{read:?}");
    let end = *read.last().unwrap();
    assert!((67.0..113.0).contains(&end.abs()), "{end} degrees");
}
