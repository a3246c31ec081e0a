//! Which page captures for an examination: one at a time, and the same examination from one to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use peony_sources::capture::{Announcement, Captured, Examination, Range, Sent};
use tokio::sync::watch;

/// How many sockets of one examination may be open, the capturing one among them: each may hold a message of 16 MB.
pub const MAX_SOCKETS: u32 = 4;

/// What becomes of the frames. Its calls come one at a time and in order; none may wait for anything: what nobody takes in
/// time is replaced by the next frame.
pub trait Intake: Send + Sync + 'static {
    /// A page captures from now on, or the capturing page has changed to another device.
    fn begins(&self, announced: &Announcement);

    /// The next frame.
    fn put(&self, captured: Captured);

    /// No page captures any more. Another, or the same again, may go on in the same examination.
    fn ends(&self);
}

impl Intake for Box<dyn Intake> {
    fn begins(&self, announced: &Announcement) {
        self.as_ref().begins(announced);
    }

    fn put(&self, captured: Captured) {
        self.as_ref().put(captured);
    }

    fn ends(&self) {
        self.as_ref().ends();
    }
}

/// The place of the one page that captures for an examination; it outlives every page.
#[derive(Debug)]
pub struct Seat<I> {
    intake: I,
    state: Mutex<State>,
    /// The number of the sitting that has the seat.
    holder: watch::Sender<Option<u64>>,
}

#[derive(Debug, Default)]
struct State {
    examination: Examination,
    /// Open sockets.
    sockets: u32,
    /// Never used again, so that a sitting that is over does not end another's.
    last_sitting: u64,
    /// By what name the page that has the seat called itself.
    page: Option<u64>,
}

impl<I: Intake> Seat<I> {
    /// A free seat of a new examination whose frames go to `intake`.
    pub fn new(intake: I) -> Self {
        Self { intake, state: Mutex::default(), holder: watch::Sender::new(None) }
    }

    /// Where the frames go.
    pub fn intake(&self) -> &I {
        &self.intake
    }

    /// Whether a page captures now.
    pub fn is_taken(&self) -> bool {
        self.holder.borrow().is_some()
    }

    /// A thread that panicked in `intake` leaves a whole state behind: the next frame is taken as usual.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open socket, with the seat or without.
pub(super) struct Visit<I: Intake>(Arc<Seat<I>>);

impl<I: Intake> Visit<I> {
    /// `None` where [`MAX_SOCKETS`] are open.
    pub fn begin(seat: Arc<Seat<I>>) -> Option<Self> {
        let mut state = seat.lock();
        if state.sockets == MAX_SOCKETS {
            return None;
        }
        state.sockets += 1;
        drop(state);
        Some(Self(seat))
    }

    /// Takes the seat where it is free, where this page had it (its former socket may not know yet that it is dead), or
    /// where the page takes over.
    pub fn sit(&self, announced: &Announcement) -> Option<Sitting<I>> {
        let seat = &self.0;
        let mut state = seat.lock();
        let returns = announced.page.is_some() && announced.page == state.page;
        if seat.is_taken() && !announced.take_over && !returns {
            return None;
        }
        state.last_sitting += 1;
        state.page = announced.page;
        state.examination.begin();
        let number = state.last_sitting;
        let holder = seat.holder.subscribe();
        seat.holder.send_replace(Some(number));
        seat.intake.begins(announced);
        Some(Sitting { seat: Arc::clone(seat), number, holder })
    }
}

impl<I: Intake> Drop for Visit<I> {
    fn drop(&mut self) {
        self.0.lock().sockets -= 1;
    }
}

/// The page that has the seat; dropped, it leaves it.
pub(super) struct Sitting<I: Intake> {
    seat: Arc<Seat<I>>,
    number: u64,
    holder: watch::Receiver<Option<u64>>,
}

impl<I: Intake> Sitting<I> {
    /// Hands a picture on; false where another page has the seat by now.
    pub fn take(&self, sent: &Sent<'_>, range: Range, arrived: Instant) -> bool {
        // Under the lock, so that a page that is taken over puts nothing after the first frame of the other.
        let mut state = self.seat.lock();
        let has_seat = self.has_seat();
        if has_seat {
            self.seat.intake.put(state.examination.take(sent, range, arrived));
        }
        has_seat
    }

    /// The same page goes on with another device.
    pub fn announce(&self, announced: &Announcement) {
        let _state = self.seat.lock();
        if self.has_seat() {
            self.seat.intake.begins(announced);
        }
    }

    /// Waits until another page has the seat.
    pub async fn until_taken_over(&mut self) {
        let number = Some(self.number);
        // The sender lives as long as the seat, and the seat as long as this.
        let _ = self.holder.wait_for(|holder| *holder != number).await;
    }

    fn has_seat(&self) -> bool {
        *self.seat.holder.borrow() == Some(self.number)
    }
}

impl<I: Intake> Drop for Sitting<I> {
    fn drop(&mut self) {
        let mut state = self.seat.lock();
        if self.has_seat() {
            state.page = None;
            self.seat.holder.send_replace(None);
            self.seat.intake.ends();
        }
    }
}
