//! Between a thread that makes something and one that takes it: a place for the newest.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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

    /// Puts an item; one that nobody took is dropped and counted. Into a closed slot nothing goes.
    pub fn put(&self, item: T) {
        self.put_with(|newest| u64::from(newest.replace(item).is_some()));
    }

    /// Changes what lies in the slot, for items that are more than the newest of their kind; `put` answers how many were
    /// dropped by it. In a closed slot what was put is dropped, and counts as one.
    pub fn put_with(&self, put: impl FnOnce(&mut Option<T>) -> u64) {
        let mut state = self.lock();
        if state.closed {
            state.dropped += 1;
        } else {
            state.dropped += put(&mut state.newest);
        }
        self.changed.notify_all();
    }

    /// Waits for an item; `None` once the slot is closed and empty.
    pub fn take(&self) -> Option<T> {
        self.take_with(Option::take)
    }

    /// Waits until `take` gets something of what lies in the slot; `None` once the slot is closed and it gets nothing.
    pub fn take_with<U>(&self, mut take: impl FnMut(&mut Option<T>) -> Option<U>) -> Option<U> {
        let mut state = self.lock();
        loop {
            let taken = take(&mut state.newest);
            if taken.is_some() || state.closed {
                return taken;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing more will come; the item that lies there can still be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits for so long, or until the slot is closed.
    pub fn rest(&self, wait: Duration) {
        let waited = self.changed.wait_timeout_while(self.lock(), wait, |state| !state.closed);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
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

    #[test]
    fn whoever_waits_hears_of_the_end() {
        let slot = LatestSlot::<u32>::new();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| slot.take());
            let rests = scope.spawn(|| slot.rest(Duration::from_secs(60)));
            drop(slot.close_on_drop());
            assert_eq!(waits.join().unwrap(), None);
            rests.join().unwrap();
        });
        assert!(slot.is_closed());
    }
}
