//! Who may run a network now: several models on one machine take turns instead of each other's cores.

use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// Runs at once for which there are cores. One that is begun is finished: preempted half-way, its data would be read from memory
/// twice, and with more runs than cores all of them would be late instead of some.
pub(crate) struct Turns {
    cores: usize,
    queue: Mutex<Queue>,
    moved: Condvar,
}

/// First come, first served, so that a run on several cores is not passed by for ever.
#[derive(Default)]
struct Queue {
    given: u64,
    called: u64,
    busy: usize,
}

/// Cores for one run, until it is dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    cores: usize,
}

impl Turns {
    pub(crate) fn new(cores: usize) -> Self {
        Self { cores: cores.max(1), queue: Mutex::default(), moved: Condvar::new() }
    }

    /// Those of this process.
    pub(crate) fn here() -> &'static Self {
        static HERE: OnceLock<Turns> = OnceLock::new();
        HERE.get_or_init(|| Self::new(std::thread::available_parallelism().map_or(1, usize::from)))
    }

    /// Waits for cores for that many threads; a run with more threads than there are cores has them all.
    pub(crate) fn wait(&self, threads: usize) -> Turn<'_> {
        let cores = threads.clamp(1, self.cores);
        let mut queue = self.queue();
        let number = queue.given;
        queue.given += 1;
        let not_yet = |queue: &mut Queue| queue.called != number || queue.busy + cores > self.cores;
        queue = self.moved.wait_while(queue, not_yet).unwrap_or_else(PoisonError::into_inner);
        queue.called += 1;
        queue.busy += cores;
        drop(queue);
        // The next one may need less than what is left.
        self.moved.notify_all();
        Turn { turns: self, cores }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Its numbers are changed together or not at all.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.queue().busy -= self.cores;
        self.turns.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn never_more_threads_than_cores_and_everybody_has_a_turn() {
        let turns = Turns::new(3);
        let (busy, most, ran) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for threads in [1, 2, 3, 7, 1, 2] {
                let (turns, busy, most, ran) = (&turns, &busy, &most, &ran);
                scope.spawn(move || {
                    for _ in 0..100 {
                        let _turn = turns.wait(threads);
                        let taken = threads.min(3);
                        most.fetch_max(busy.fetch_add(taken, Ordering::SeqCst) + taken, Ordering::SeqCst);
                        std::thread::yield_now();
                        busy.fetch_sub(taken, Ordering::SeqCst);
                        ran.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(ran.into_inner(), 600);
        assert_eq!(most.into_inner(), 3, "all cores were used, and no more than there are");
    }

    #[test]
    fn a_run_that_panics_gives_its_cores_back() {
        let turns = Turns::new(1);
        let panicked = std::thread::scope(|scope| {
            let run = || {
                let _turn = turns.wait(1);
                panic!("in the middle of a run");
            };
            scope.spawn(run).join().is_err()
        });
        assert!(panicked);
        drop(turns.wait(1));
    }
}
