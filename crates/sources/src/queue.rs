//! Between the thread that reads a device and the one that reads its frames: a queue that keeps the newest frame.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use peony_model::{Frame, LatestSlot};

use crate::SourceError;

/// What a source says.
#[derive(Debug)]
pub enum Event {
    /// The newest frame. Those that it replaced are counted, and the numbers of frames tell them.
    Frame(Frame),
    /// No more pictures come; it is tried again until they do. Said again in the same outage where something else is in the way.
    Lost {
        /// When the last picture came, or when the source was started where none ever did.
        since: Instant,
        /// What is in the way now.
        why: SourceError,
    },
    /// Pictures come again: a frame follows, in the same examination.
    Back,
}

/// What did not reach whoever reads the frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that a newer one replaced before anybody took them.
    pub dropped: u64,
    /// Messages that could not be read.
    pub damaged: u64,
}

/// At most one frame, one [`Event::Lost`] and one [`Event::Back`], in the order in which they came (invariant 7).
#[derive(Debug, Default)]
pub(crate) struct Queue {
    events: LatestSlot<VecDeque<Event>>,
    damaged: AtomicU64,
}

impl Queue {
    /// A frame takes the place of the one before, a loss that of what was said of the connection before.
    pub fn put(&self, event: Event) {
        self.events.put_with(|waiting| {
            let events = waiting.get_or_insert_default();
            let before = events.len();
            let mut dropped = 0;
            match &event {
                Event::Frame(_) => {
                    events.retain(|waiting| !matches!(waiting, Event::Frame(_)));
                    dropped = before - events.len();
                }
                Event::Lost { .. } => events.retain(|waiting| matches!(waiting, Event::Frame(_))),
                Event::Back => {}
            }
            events.push_back(event);
            dropped as u64
        });
    }

    /// Waits for an event; `None` once the source has ended and everything was taken.
    pub fn take(&self) -> Option<Event> {
        self.events.take_with(|waiting| waiting.as_mut().and_then(VecDeque::pop_front))
    }

    /// Counts a message that could not be read, and says how many there were.
    pub fn count_damaged(&self) -> u64 {
        self.damaged.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub fn counts(&self) -> Counts {
        Counts { dropped: self.events.dropped(), damaged: self.damaged.load(Ordering::Relaxed) }
    }

    pub fn end(&self) {
        self.events.close();
    }

    pub fn has_ended(&self) -> bool {
        self.events.is_closed()
    }

    /// Waits for so long, or until the queue has ended.
    pub fn rest(&self, wait: Duration) {
        self.events.rest(wait);
    }
}

#[cfg(test)]
mod tests {
    use peony_model::{Pixels, Spacing};

    use super::*;

    /// Puts a frame for each digit, a loss for `L` and a return for `B`; expects what is taken, and what was dropped.
    fn check(put: &str, taken: &str, dropped: u64) {
        let queue = Queue::default();
        for letter in put.chars() {
            queue.put(match letter {
                'L' => Event::Lost { since: Instant::now(), why: SourceError::Closed },
                'B' => Event::Back,
                digit => Event::Frame(Frame {
                    index: digit.to_digit(10).unwrap().into(),
                    time_ns: 0,
                    pixels: Pixels::Luma8(image::GrayImage::new(1, 1)),
                    spacing: Spacing::Unknown,
                }),
            });
        }
        queue.end();
        let said: String = std::iter::from_fn(|| queue.take())
            .map(|event| match event {
                Event::Lost { .. } => "L".to_owned(),
                Event::Back => "B".to_owned(),
                Event::Frame(frame) => frame.index.to_string(),
            })
            .collect();
        assert_eq!((said.as_str(), queue.counts().dropped), (taken, dropped), "{put}");
    }

    #[test]
    fn the_newest_frame_and_the_last_word_are_kept() {
        check("", "", 0);
        check("123", "3", 2);
        check("1LB2", "LB2", 1);
        check("L", "L", 0);
        check("1L", "1L", 0);
        check("1LB2L", "2L", 1);
        check("1LB2LB3", "LB3", 2);
    }
}
