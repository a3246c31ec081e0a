//! Panics of other people's decoders and engines, caught where they are called.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::thread;

thread_local! {
    /// How many calls of [`guarded`] this thread is in.
    static GUARDS: Cell<usize> = const { Cell::new(0) };
}

/// Runs what reads foreign bytes and may panic on them. A panic is caught and is the error; it says nothing on the
/// standard error where [`quiet_guarded_panics`] was called.
///
/// What `work` changes outside itself may be left half-changed by a panic: hand it what it needs and nothing else.
///
/// # Errors
/// What the panic carried.
pub fn guarded<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    GUARDS.set(GUARDS.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDS.set(GUARDS.get() - 1);
    result
}

/// From now on the panic hook is silent on a thread that is in [`guarded`], and is otherwise what it was. A program calls
/// this once, at its start; what is read then gives one line, not a panic's as well. Threads that the guarded work starts
/// itself are not covered: their panics still write their line.
pub fn quiet_guarded_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if GUARDS.get() == 0 {
                before(panic);
            }
        }));
    });
}
