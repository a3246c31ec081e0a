//! Live: the newest frame is worth more than every frame.

use std::time::{Duration, Instant};

use peony_model::Frame;
pub use peony_model::LatestSlot;

use crate::output::StepOutput;
use crate::pipeline::{Pipeline, step};

/// How many frames were read and how many were passed over because a newer one was there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that went through the pipeline.
    pub read: u64,
    /// Frames that were never looked at.
    pub dropped: u64,
}

/// Read frames as they come until the source ends. The source runs on a thread of its own and is never held up; a
/// frame that is replaced before the pipeline is free is dropped and counted.
pub fn run<S>(source: S, pipeline: &mut Pipeline, mut sink: impl FnMut(&Frame, StepOutput)) -> Counts
where
    S: Iterator<Item = Frame> + Send,
{
    let slot = LatestSlot::new();
    let mut read = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Closed however the source ends, a panic of its own included, or the pipeline would wait for ever.
            let _close = slot.close_on_drop();
            source.for_each(|frame| slot.put(frame));
        });
        while let Some(frame) = slot.take() {
            let output = step(pipeline, &frame);
            read += 1;
            sink(&frame, output);
        }
    });
    Counts { read, dropped: slot.dropped() }
}

/// A source that gives its frames no earlier than their times say, counted from the first call.
pub fn paced<S: Iterator<Item = Frame>>(source: S) -> impl Iterator<Item = Frame> {
    let mut started = None;
    source.inspect(move |frame| {
        let due = *started.get_or_insert_with(Instant::now) + Duration::from_nanos(frame.time_ns);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    })
}
