//! Replay: every frame, as fast as it goes, the same findings each time.

use peony_model::Frame;

use crate::output::StepOutput;
use crate::pipeline::{Pipeline, step};

/// Read every frame of a source in turn, on this thread. Returns how many there were.
pub fn run(
    source: impl Iterator<Item = Frame>,
    pipeline: &mut Pipeline,
    mut sink: impl FnMut(&Frame, StepOutput),
) -> u64 {
    let mut read = 0;
    for frame in source {
        let output = step(pipeline, &frame);
        read += 1;
        sink(&frame, output);
    }
    read
}
