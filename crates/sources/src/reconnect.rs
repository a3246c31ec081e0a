//! A device that is connected again whenever it drops out, in one and the same examination.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use peony_model::Frame;

use crate::clock::FrameClock;
use crate::link::{Heard, Link, Picture, Source, SourceError};
use crate::queue::{Counts, Event, Queue};

/// How long to wait before each new try.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// After the first failure, the second, and so on; the last for all further ones.
    pub waits: [Duration; 4],
}

impl Default for Backoff {
    fn default() -> Self {
        Self { waits: [200, 500, 1000, 2000].map(Duration::from_millis) }
    }
}

impl Backoff {
    fn wait(&self, failures: usize) -> Duration {
        self.waits[failures.min(self.waits.len() - 1)]
    }
}

/// The frames of a device, and word of when it drops out and comes back. A thread of its own reads the device and is never
/// held up: what nobody takes in time is replaced by the newer and counted.
///
/// As an iterator it waits for the next event and ends only where it was stopped or the thread failed. Dropped, it stops trying; the thread
/// ends within the time that the source takes to connect.
#[derive(Debug)]
pub struct LiveSource {
    queue: Arc<Queue>,
}

impl LiveSource {
    /// Begins to connect and to read.
    ///
    /// # Errors
    /// Where no thread can be started. A device that cannot be reached is an [`Event::Lost`].
    pub fn start<S: Source>(mut source: S, backoff: Backoff) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let theirs = EndOnDrop(Arc::clone(&queue));
        thread::Builder::new()
            .name("source".to_owned())
            .spawn(move || Examination::new(&theirs.0).run(&mut source, &backoff))?;
        Ok(Self { queue })
    }

    /// Ends it from another thread than the one that waits for its events.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.queue))
    }

    /// What did not reach whoever reads the frames, so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.queue.counts()
    }
}

/// See [`LiveSource::stopper`].
#[derive(Debug, Clone)]
pub struct Stopper(Arc<Queue>);

impl Stopper {
    /// No further device is connected to; who waits for an event hears that there is none.
    pub fn stop(&self) {
        self.0.end();
    }
}

impl Iterator for LiveSource {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.queue.take()
    }
}

impl Drop for LiveSource {
    fn drop(&mut self) {
        self.queue.end();
    }
}

/// Ends the queue however the thread ends, a panic included, or whoever reads would wait for ever.
struct EndOnDrop(Arc<Queue>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What goes on from one connection to the next.
struct Examination<'a> {
    queue: &'a Queue,
    clock: FrameClock,
    next_index: u64,
    /// Tries since the last picture.
    failures: usize,
    /// Why it gives no picture now, as it was said last; `None` while it does.
    lost: Option<String>,
    last_picture: Instant,
}

impl<'a> Examination<'a> {
    fn new(queue: &'a Queue) -> Self {
        let clock = FrameClock::default();
        Self { queue, clock, next_index: 0, failures: 0, lost: None, last_picture: Instant::now() }
    }

    fn run<S: Source>(mut self, source: &mut S, backoff: &Backoff) {
        while !self.queue.has_ended() {
            if let Err(why) = source.connect().and_then(|link| self.follow(link)) {
                self.lost(why);
                self.queue.rest(backoff.wait(self.failures));
                self.failures += 1;
            }
        }
    }

    /// One connection, until it is over or nobody listens any more.
    fn follow(&mut self, mut link: impl Link) -> Result<(), SourceError> {
        while !self.queue.has_ended() {
            match link.next()? {
                Heard::Picture(picture) => self.take_in(picture),
                Heard::Damaged(why) => self.damaged(&why),
                Heard::Nothing => {}
            }
        }
        Ok(())
    }

    fn take_in(&mut self, picture: Picture) {
        let Picture { stamp, arrived, pixels, spacing } = picture;
        let (time_ns, fault) = self.clock.time_ns(stamp, arrived);
        if let Some(fault) = fault {
            tracing::warn!("the source's times are left for those of arrival: {fault}");
        }
        if self.lost.take().is_some() {
            self.queue.put(Event::Back);
        }
        self.queue.put(Event::Frame(Frame { index: self.next_index, time_ns, pixels, spacing }));
        self.next_index += 1;
        self.failures = 0;
        self.last_picture = arrived;
    }

    /// Said less and less often: a device that never sends anything else would fill the disk.
    fn damaged(&self, why: &SourceError) {
        let count = self.queue.count_damaged();
        if count.is_power_of_two() {
            tracing::warn!("a message was passed over ({count} so far): {why}");
        }
    }

    /// The same reason again is no news; another one is: the plug may be in by now, and the password wrong.
    fn lost(&mut self, why: SourceError) {
        let said = why.to_string();
        if self.lost.as_ref() != Some(&said) {
            self.lost = Some(said);
            self.queue.put(Event::Lost { since: self.last_picture, why });
        }
    }
}
