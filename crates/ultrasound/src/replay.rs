//! Replay: every frame, as fast as it goes, the same findings each time.

use peony_model::Frame;

use crate::output::StepOutput;
use crate::pipeline::{Pipeline, step};

/// Read every frame of a source in turn, on this thread. Returns how many there were.
///
/// # Errors
/// The sink's own, which ends the replay.
pub fn run<E>(
    source: impl Iterator<Item = Frame>,
    pipeline: &mut Pipeline,
    mut sink: impl FnMut(&Pipeline, &Frame, StepOutput) -> Result<(), E>,
) -> Result<u64, E> {
    let mut read = 0;
    for frame in source {
        let output = step(pipeline, &frame);
        read += 1;
        sink(pipeline, &frame, output)?;
    }
    Ok(read)
}
