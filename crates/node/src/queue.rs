//! Work out of the queue of the store: jobs of one kind, some at a time, each kept by its lease while it is worked on.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use peony_store::{Ended, Job, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

/// Jobs of a kind at a time: most of them may wait for their node.
const AT_ONCE: usize = 64;
/// Of these, at one node.
const AT_ONE_NODE: usize = 4;

/// The places at each node: one that does not answer holds up no other.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<String, Arc<Semaphore>>>>);

impl Turns {
    /// Waits for a place at a node.
    pub async fn at(&self, title: &str) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(title.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONE_NODE))))
        };
        // Nobody closes it.
        places.acquire_owned().await.ok()
    }
}

/// How long things may take.
#[derive(Debug, Clone)]
pub struct Patience {
    /// After the first failure, the second, and so on; after one more it is given up.
    pub waits: Vec<Duration>,
    /// For so long a job is kept by a worker that does not say that it goes on.
    pub lease: Duration,
    /// For so long a node may take to report on storage commitment over the same association; it may over one of its own at any time.
    pub report: Duration,
    /// How often the queue is looked at, besides whenever something is put into it here.
    pub look: Duration,
}

impl Default for Patience {
    /// Nine tries within 18 hours: a node that is off over night gets what is its.
    fn default() -> Self {
        let waits = [Duration::from_secs(10), Duration::from_secs(30)].into_iter();
        Self {
            waits: waits.chain([2, 5, 15, 60, 240, 720].map(minutes)).collect(),
            lease: minutes(1),
            report: Duration::from_secs(5),
            look: Duration::from_secs(1),
        }
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

impl Patience {
    /// Ten tries within 25 hours: a modality that is switched on once a day hears what was promised to it, and may empty its disk.
    #[must_use]
    pub fn of_a_day() -> Self {
        let patience = Self::default();
        let short = patience.waits.iter().copied().take(6);
        Self { waits: short.chain([240, 480, 720].map(minutes)).collect(), ..patience }
    }

    /// How long is waited before a job that failed is taken again; `None` where it is given up.
    pub(crate) fn after(&self, job: &Job) -> Option<Duration> {
        let tried = usize::try_from(job.tries).unwrap_or(usize::MAX);
        self.waits.get(tried.saturating_sub(1)).copied()
    }
}

/// Has the jobs of a kind worked on, some at a time, until `stopped` says so. What is under way then is left to its lease.
pub(crate) async fn work_off<W>(
    store: &Store,
    kind: &str,
    patience: &Patience,
    mut stopped: watch::Receiver<bool>,
    work_on: impl Fn(Job) -> W,
) where
    W: Future<Output = ()> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = JoinSet::new();
    let mut announced = store.announced();
    let work = async {
        // Nobody closes it.
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            while under_way.try_join_next().is_some() {}
            match store.take_job(kind, patience.lease).await {
                Ok(Some(job)) => {
                    let work = work_on(job);
                    under_way.spawn(async move {
                        work.await;
                        drop(place);
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!("the queue cannot be looked at ({kind}): {error}"),
            }
            drop(place);
            tokio::select! {
                // It announces as long as the store is there.
                _ = announced.changed() => {}
                () = sleep(patience.look) => {}
            }
        }
    };
    tokio::select! {
        () = work => {}
        // Stopped by a word or by the sender's end alike.
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// Does the work of a job, which is kept meanwhile with what of it is done. `None` where it is another's by now, or cancelled.
pub(crate) async fn keeping<T>(
    store: &Store,
    job: &Job,
    lease: Duration,
    progress: impl Fn() -> String,
    work: impl Future<Output = T>,
) -> Option<T> {
    // Both go on beside each other: work that waits for the index, or has it, would be waited for by what keeps its job.
    let kept = async {
        let mut keeping = interval(lease / 4);
        loop {
            keeping.tick().await;
            match store.keep_job(job, &progress(), lease).await {
                Ok(true) => {}
                Ok(false) => return tracing::info!("job {} is another's now, or cancelled", job.id),
                // Its lease may end: another worker takes it then.
                Err(error) => tracing::warn!("job {} cannot be kept: {error}", job.id),
            }
        }
    };
    tokio::select! {
        done = work => Some(done),
        () = kept => None,
    }
}

/// Writes down what became of a job.
pub(crate) async fn end(store: &Store, job: &Job, progress: &str, ended: Ended) {
    if let Err(error) = store.end_job(job, progress, ended).await {
        tracing::warn!("what became of job {} cannot be written down: {error}", job.id);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_node_that_does_not_answer_holds_up_no_other() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for _ in 0..AT_ONE_NODE {
            held.push(turns.at("SILENT").await);
        }
        let short = Duration::from_millis(50);
        assert!(timeout(short, turns.at("SILENT")).await.is_err(), "one more than there are places");
        assert!(timeout(short, turns.at("ARCHIVE")).await.is_ok());
        held.pop();
        assert!(timeout(short, turns.at("SILENT")).await.is_ok());
    }
}
