//! Live: the newest frame is worth more than every frame.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use peony_model::Frame;

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

/// A queue of one that keeps the newest item and counts what it replaced (invariant 7).
#[derive(Debug)]
pub struct LatestSlot<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    newest: Option<T>,
    closed: bool,
    dropped: u64,
}

impl<T> Default for LatestSlot<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> LatestSlot<T> {
    /// An empty, open slot.
    #[must_use]
    pub fn new() -> Self {
        let state = State { newest: None, closed: false, dropped: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Put an item; one that nobody took is dropped and counted. Into a closed slot nothing goes.
    pub fn put(&self, item: T) {
        let mut state = self.lock();
        if state.closed || state.newest.replace(item).is_some() {
            state.dropped += 1;
        }
        if state.closed {
            state.newest = None;
        }
        self.changed.notify_one();
    }

    /// Wait for an item; `None` once the slot is closed and empty.
    pub fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.newest.take() {
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing more will come; the item that lies there can still be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Closes the slot when what it returns goes out of scope, a panic's unwinding included.
    #[must_use]
    pub fn close_on_drop(&self) -> CloseOnDrop<'_, T> {
        CloseOnDrop(self)
    }

    /// How many items were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// A thread that panicked while it held the lock leaves a whole state behind: each change is one assignment.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`LatestSlot::close_on_drop`].
#[derive(Debug)]
pub struct CloseOnDrop<'a, T>(&'a LatestSlot<T>);

impl<T> Drop for CloseOnDrop<'_, T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_kept_and_the_rest_counted() {
        let slot = LatestSlot::new();
        (1..=5).for_each(|item| slot.put(item));
        assert_eq!((slot.take(), slot.dropped()), (Some(5), 4));
        slot.put(6);
        slot.close();
        assert_eq!((slot.take(), slot.take()), (Some(6), None));
        slot.put(7);
        assert_eq!((slot.take(), slot.dropped()), (None, 5));
    }
}
