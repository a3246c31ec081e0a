//! What needs a core waits for one before it reads anything: whoever asks for pictures and goes away leaves nothing behind in memory.

use std::future::Future;
use std::sync::{Arc, Weak};

use peony_store::Cores;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// Whether somebody still waits for the answer, and the core that it is made on.
pub(crate) struct Wanted {
    by: Weak<()>,
    core: Option<OwnedSemaphorePermit>,
}

impl Wanted {
    /// Looked at between steps.
    ///
    /// # Errors
    /// Nobody waits; nobody hears of it either.
    pub fn still(&self) -> Result<(), Problem> {
        if self.by.strong_count() > 0 { Ok(()) } else { Err(Problem::Failed) }
    }

    /// The place that a picture of so many samples needs where it is large. While it is waited for, the core is for others.
    ///
    /// # Errors
    /// Where there are no cores any more.
    pub async fn large(
        &mut self,
        cores: &Cores,
        samples: usize,
    ) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        if !Cores::is_large(samples) {
            return Ok(None);
        }
        self.core = None;
        let large = cores.large(samples).await;
        self.core = Some(one_of(&cores.each).await?);
        Ok(large)
    }
}

async fn one_of(cores: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(cores).acquire_owned().await.map_err(|_| Problem::Failed)
}

/// Does `work`, which holds what it is given to its end, when there is a core for it. Dropped before, it does nothing; dropped later, the core is taken until the work has ended, since
/// a thread that reads or decodes cannot be stopped.
pub(crate) async fn on_one<T, Work>(
    cores: &Arc<Semaphore>,
    work: impl FnOnce(Wanted) -> Work,
) -> Result<T, Problem>
where
    T: Send + 'static,
    Work: Future<Output = Result<T, Problem>> + Send + 'static,
{
    let core = Some(one_of(cores).await?);
    let waits = Arc::new(());
    let done = tokio::spawn(work(Wanted { by: Arc::downgrade(&waits), core }));
    let outcome = done.await.map_err(|_| Problem::Failed)?;
    drop(waits);
    outcome
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use peony_store::made_up::{MAMMOGRAM, grey};
    use tokio::sync::Notify;
    use tokio::time::{sleep, timeout};

    use super::*;

    const A_WHILE: Duration = Duration::from_secs(10);

    /// Reads, then works.
    async fn one(
        cores: Arc<Semaphore>,
        counts: Arc<[AtomicUsize; 2]>,
        go_on: Arc<Notify>,
    ) -> Result<(), Problem> {
        on_one(&cores, move |wanted| async move {
            counts[0].fetch_add(1, Ordering::SeqCst);
            go_on.notified().await;
            wanted.still()?;
            counts[1].fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn who_waits_for_the_large_place_gives_its_core_to_others() {
        let cores = Arc::new(Cores::default());
        let mammogram = peony_store::samples_of(&grey(MAMMOGRAM));
        let all = cores.each.available_permits();
        let first = cores.large(mammogram).await;
        let waits = tokio::spawn({
            let cores = Arc::clone(&cores);
            async move {
                let (asked, each) = (Arc::clone(&cores), Arc::clone(&cores.each));
                let work = |mut wanted: Wanted| async move {
                    let large = wanted.large(&asked, mammogram).await?;
                    Ok((large.is_some(), asked.each.available_permits()))
                };
                on_one(&each, work).await
            }
        });
        sleep(Duration::from_millis(50)).await;
        assert_eq!(cores.each.available_permits(), all, "no core is held by who waits");
        drop(first);
        let worked = timeout(A_WHILE, waits).await.unwrap().unwrap().unwrap();
        assert_eq!(worked, (true, all - 1), "it works with both");
        let back = timeout(A_WHILE, cores.each.acquire_many(all as u32)).await.expect("it is given back");
        assert_eq!(back.unwrap().num_permits(), all);
    }

    #[tokio::test]
    async fn who_is_given_up_reads_nothing_and_holds_a_core_no_longer_than_it_works() {
        let (cores, go_on) = (Arc::new(Semaphore::new(1)), Arc::new(Notify::new()));
        let counts = Arc::new([const { AtomicUsize::new(0) }; 2]);
        let start = || tokio::spawn(one(Arc::clone(&cores), Arc::clone(&counts), Arc::clone(&go_on)));
        let seen = || [0, 1].map(|at: usize| counts[at].load(Ordering::SeqCst));
        let reads = async |times: usize| {
            while seen()[0] < times {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let first = start();
        timeout(A_WHILE, reads(1)).await.expect("the first has a core");
        let others: Vec<_> = (0..100).map(|_| start()).collect();
        sleep(Duration::from_millis(50)).await;
        assert_eq!(seen(), [1, 0], "nobody reads without a core");
        // All are given up, the one that reads too.
        first.abort();
        for other in others {
            other.abort();
            assert!(other.await.is_err());
        }
        assert!(first.await.is_err());
        assert_eq!((seen(), cores.available_permits()), ([1, 0], 0), "what is being read is still in memory");
        go_on.notify_one();
        let core = timeout(A_WHILE, cores.acquire()).await.expect("it is given back").unwrap();
        assert_eq!(seen(), [1, 0], "what nobody wants is not drawn");
        drop(core);
        // Others are served.
        let next = start();
        go_on.notify_one();
        timeout(A_WHILE, next).await.unwrap().unwrap().unwrap();
        assert_eq!((seen(), cores.available_permits()), ([2, 1], 1));
    }
}
