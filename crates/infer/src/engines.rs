//! The engines of one model, for all who run it in this process.
//!
//! Eight examinations that each had an engine of their own would wash each other's weights and intermediate results out of the
//! processor's cache. No engine keeps anything from run to run, so all of them use the same few: as many as the machine has cores for.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use peony_model::Provenance;

use crate::engine::Engine;
use crate::{LoadError, Options};

/// What decides which engines a model has: those of equal keys are the same. The card names its weights by their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub card_toml: String,
    /// Whether the twin that the card may name was given.
    pub int8: bool,
    pub options: Options,
}

/// One engine of a model, and what is said of it.
pub(crate) struct Made {
    pub engine: Box<dyn Engine>,
    pub provenance: Provenance,
    pub notes: Vec<String>,
}

/// The engines of a model.
pub(crate) struct Engines {
    pub provenance: Arc<Provenance>,
    pub notes: Vec<String>,
    most: usize,
    queue: Mutex<Queue>,
    returned: Condvar,
}

/// First come, first served.
struct Queue {
    /// The last one returned is taken first: what it needs is still near.
    free: Vec<Box<dyn Engine>>,
    made: usize,
    given: u64,
    called: u64,
}

/// Every model in use.
static LOADED: Mutex<Vec<(Key, Weak<Engines>)>> = Mutex::new(Vec::new());

impl Engines {
    /// Those of the key, with one more made by `make` where there are cores for it.
    pub(crate) fn of(
        key: Key,
        make: impl FnOnce() -> Result<Made, LoadError>,
    ) -> Result<Arc<Self>, LoadError> {
        // Held while a model is made: whoever loads one meanwhile waits, and has the same one at once then.
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|(_, engines)| engines.strong_count() > 0);
        let known = loaded.iter().find(|(known, _)| *known == key).and_then(|(_, engines)| engines.upgrade());
        if let Some(engines) = known {
            if engines.queue().made < engines.most {
                engines.add(make()?);
            }
            return Ok(engines);
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let engines = Arc::new(Self::new(make()?, cores / key.options.thread_count().max(1)));
        loaded.push((key, Arc::downgrade(&engines)));
        Ok(engines)
    }

    /// With room for `most`, or for the one it begins with.
    fn new(first: Made, most: usize) -> Self {
        let Made { engine, provenance, notes } = first;
        let queue = Queue { free: vec![engine], made: 1, given: 0, called: 0 };
        let (provenance, returned) = (Arc::new(provenance), Condvar::new());
        Self { provenance, notes, most, queue: Mutex::new(queue), returned }
    }

    /// One that computes otherwise would make two findings of one frame: it is let go.
    fn add(&self, made: Made) {
        if made.provenance == *self.provenance {
            let mut queue = self.queue();
            queue.made += 1;
            queue.free.push(made.engine);
            drop(queue);
            self.returned.notify_all();
        }
    }

    /// Waits for an engine and uses it.
    pub(crate) fn run<T>(&self, work: impl FnOnce(&mut dyn Engine) -> T) -> T {
        let mut engine = self.take();
        let done = catch_unwind(AssertUnwindSafe(|| work(engine.as_mut())));
        self.queue().free.push(engine);
        self.returned.notify_all();
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn take(&self) -> Box<dyn Engine> {
        let mut queue = self.queue();
        let number = queue.given;
        queue.given += 1;
        loop {
            if queue.called == number
                && let Some(engine) = queue.free.pop()
            {
                queue.called += 1;
                drop(queue);
                // Another one may be free for the next in line.
                self.returned.notify_all();
                return engine;
            }
            queue = self.returned.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Its numbers are changed together or not at all.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ndarray::{ArrayD, ArrayViewD};
    use peony_model::Precision;

    use super::*;
    use crate::engine::GraphTensor;

    struct Idle;

    impl Engine for Idle {
        fn provider(&self) -> &'static str {
            "idle"
        }

        fn inputs(&self) -> Vec<GraphTensor> {
            Vec::new()
        }

        fn outputs(&self) -> Vec<GraphTensor> {
            Vec::new()
        }

        fn run(
            &mut self,
            _: &[(&str, ArrayViewD<'_, f32>)],
            _: &[String],
        ) -> Result<Vec<ArrayD<f32>>, String> {
            Ok(Vec::new())
        }
    }

    fn made(precision: Precision) -> Made {
        let provenance = Provenance {
            model: "m".to_owned(),
            version: "1".to_owned(),
            sha256: String::new(),
            provider: "idle".to_owned(),
            precision,
        };
        Made { engine: Box::new(Idle), provenance, notes: Vec::new() }
    }

    #[test]
    fn never_more_at_work_than_were_made_and_everybody_has_a_turn() {
        let engines = Engines::new(made(Precision::Fp32), 2);
        engines.add(made(Precision::Fp32));
        engines.add(made(Precision::Bf16));
        let (busy, most, ran) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_: &mut dyn Engine| {
            most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            busy.fetch_sub(1, Ordering::SeqCst);
            ran.fetch_add(1, Ordering::SeqCst);
        };
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| (0..100).for_each(|_| engines.run(work)));
            }
        });
        assert_eq!(ran.into_inner(), 600);
        assert!(most.into_inner() <= 2, "the engine of another precision is not one of them");
        assert_eq!(engines.queue().free.len(), 2);
    }

    #[test]
    fn an_engine_that_panics_goes_back() {
        let engines = Engines::new(made(Precision::Fp32), 1);
        let panicked = std::thread::scope(|scope| {
            scope.spawn(|| engines.run(|_| panic!("in the middle of a run"))).join().is_err()
        });
        assert!(panicked);
        engines.run(|_| ());
    }

    #[test]
    fn the_same_model_has_the_same_engines_while_it_is_in_use() {
        let key = |card: &str, threads| Key {
            card_toml: card.to_owned(),
            int8: false,
            options: Options { threads, ..Options::default() },
        };
        let of = |key| Engines::of(key, || Ok(made(Precision::Fp32))).unwrap();
        let first = of(key("same", 1000));
        assert!(Arc::ptr_eq(&first, &of(key("same", 1000))));
        assert_eq!(first.queue().made, 1, "there are no cores for a second one");
        assert!(!Arc::ptr_eq(&first, &of(key("other", 1000))));
        assert!(!Arc::ptr_eq(&first, &of(key("same", 1001))));
        let refused = Engines::of(key("bad", 1), || {
            Err(LoadError::Engine { model: "bad".to_owned(), engine: "idle", reason: "no".to_owned() })
        });
        assert!(refused.is_err());
        assert_eq!(of(key("bad", 1)).queue().made, 1, "what failed is not remembered");
    }
}
