//! Work out of the queues of the store: jobs of one kind, some at a time, each kept by its lease while it is worked on, and done with one other node.
//!
//! What of a job is done is written down with it: killed at any moment, another worker goes on where this one was. What may pass is tried again after
//! waits that grow, and given up after the last of them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use peony_store::{Ended, FetchJob, Job, Owed, Sending, Sight, Store, StoreError};
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, interval, sleep};

use crate::acceptor::Current;
use crate::configuration::Configuration;

/// Jobs of a kind at a time.
const AT_ONCE: usize = 64;
/// Of these, with one node: those that it does not answer hold up no other's.
const AT_ONE_NODE: usize = 4;
/// How far a job has come is written down so often, for whoever watches the queue, where it goes on.
const SHOWN_EVERY: Duration = Duration::from_secs(3);

/// What is worked off.
#[derive(Clone)]
pub enum Queue {
    /// What people want sent to other nodes (`sending`).
    Sending,
    /// What they want fetched from them (`fetching`), as far as they still may.
    Fetching(Rights),
    /// Reports of storage commitment that other nodes are owed (`reporting`).
    Reporting,
}

/// What whoever had something fetched may see now, or that they may have nothing fetched any more: asked whenever such a job is taken up.
pub type Rights =
    Arc<dyn Fn(FetchJob) -> BoxFuture<'static, Result<Option<Sight>, StoreError>> + Send + Sync>;

/// Works off one queue, until `stopped` says so. What is under way then is left to its lease.
pub async fn work_off(
    queue: Queue,
    store: Store,
    configuration: Current,
    patience: Patience,
    stopped: watch::Receiver<bool>,
) {
    match queue {
        Queue::Sending => work_off_as::<Sending>((), store, configuration, patience, stopped).await,
        Queue::Fetching(rights) => {
            work_off_as::<FetchJob>(rights, store, configuration, patience, stopped).await;
        }
        Queue::Reporting => work_off_as::<Owed>((), store, configuration, patience, stopped).await,
    }
}

/// What jobs of one kind ask for, as it is written in their payload, and how it is done.
pub(crate) trait Work: DeserializeOwned + Send + Sync + 'static {
    /// The kind, in the queue.
    const KIND: &'static str;
    /// How far it has come, for whoever does it and whoever keeps its job.
    type Progress: Progress;
    /// Why it is not done.
    type Fault: Fault;
    /// What it is done by, besides what all have.
    type By: Clone + Send + Sync + 'static;

    /// The title of the node that it is done with.
    fn node(&self) -> &str;

    fn run(
        &self,
        here: &Here<Self::By>,
        progress: &Self::Progress,
    ) -> impl Future<Output = Result<(), Self::Fault>> + Send;
}

pub(crate) trait Progress: Send + Sync {
    /// From what a worker before wrote down; from nothing at the first time.
    fn after(written: &str) -> Self;

    /// As it is written down.
    fn text(&self) -> String;
}

pub(crate) trait Fault: fmt::Display + Send {
    /// Whether the same may go well later.
    fn may_pass(&self) -> bool;

    /// As it is written down.
    fn text(&self) -> String;
}

/// What work is done with.
pub(crate) struct Here<B> {
    pub by: B,
    pub store: Store,
    pub configuration: Arc<Configuration>,
    pub patience: Patience,
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
    /// For so long a node that moves something here may say nothing of it: not all tell how far they are, and a large study takes its time.
    pub moving: Duration,
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
            moving: minutes(30),
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

/// Has the jobs of a kind worked on, some at a time, until `stopped` says so. What is under way then is left to whoever starts next.
async fn work_off_as<W: Work>(
    by: W::By,
    store: Store,
    configuration: Current,
    patience: Patience,
    mut stopped: watch::Receiver<bool>,
) {
    let mut under_way = UnderWay::default();
    let mut announced = store.announced();
    while !*stopped.borrow() {
        if under_way.tasks.len() < AT_ONCE {
            match store.take_job(W::KIND, patience.lease, &under_way.full_nodes()).await {
                Ok(Some(job)) => {
                    let configuration = configuration.borrow().clone();
                    let (by, store, patience) = (by.clone(), store.clone(), patience.clone());
                    let here = Here { by, store, configuration, patience };
                    under_way.begin::<W>(here, job).await;
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(kind = W::KIND, reason = %error, "the queue cannot be looked at")
                }
            }
        }
        tokio::select! {
            // It announces as long as the store is there.
            _ = announced.changed() => {}
            () = sleep(patience.look) => {}
            () = under_way.one_ends() => {}
            // By a word or by the end of whoever started it alike.
            _ = stopped.wait_for(|stopped| *stopped) => break,
        }
    }
    under_way.hand_back(&store).await;
}

/// The jobs that are worked on now.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    /// The job of each task, and the node that it is done with.
    of: HashMap<task::Id, (Job, String)>,
}

impl UnderWay {
    /// Nodes at which no more is begun for now.
    fn full_nodes(&self) -> Vec<String> {
        let mut at_node = BTreeMap::new();
        for (_, node) in self.of.values() {
            *at_node.entry(node.as_str()).or_insert(0) += 1;
        }
        let full = at_node.into_iter().filter(|(_, count)| *count >= AT_ONE_NODE);
        full.map(|(node, _)| node.to_owned()).collect()
    }

    async fn begin<W: Work>(&mut self, here: Here<W::By>, job: Job) {
        let Ok(work) = serde_json::from_str::<W>(&job.payload) else {
            let (kind, id) = (W::KIND, job.id);
            tracing::error!(job = id, kind, "a job is none of its kind: it is given up");
            return end(&here.store, &job, "", Ended::Failed(String::new())).await;
        };
        let (node, of) = (work.node().to_owned(), job.clone());
        let task = self.tasks.spawn(async move { work_on(&here, &work, &job).await });
        self.of.insert(task.id(), (of, node));
    }

    /// Waits until one has ended, for ever where there is none.
    async fn one_ends(&mut self) {
        // A task that panicked has said so; its job is left to its lease.
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => std::future::pending().await,
        };
        self.of.remove(&id);
    }

    async fn hand_back(mut self, store: &Store) {
        self.tasks.shutdown().await;
        for (job, _) in self.of.values() {
            if let Err(error) = store.hand_back_job(job).await {
                tracing::warn!(job = job.id, reason = %error, "a job is left to its lease");
            }
        }
    }
}

/// One job, from its taking to what became of it.
async fn work_on<W: Work>(here: &Here<W::By>, work: &W, job: &Job) {
    let (kind, id) = (W::KIND, job.id);
    let progress = W::Progress::after(&job.progress);
    let done = work.run(here, &progress);
    let ended = match keeping(&here.store, job, here.patience.lease, &progress, done).await {
        None => return,
        Some(Ok(())) => Ended::Done,
        Some(Err(fault)) => {
            let (node, text) = (work.node(), fault.text());
            match here.patience.after(job).filter(|_| fault.may_pass()) {
                Some(wait) => {
                    tracing::warn!(job = id, kind, peer = node, wait_s = wait.as_secs(), reason = %fault, "a job is tried again");
                    Ended::Again(wait, text)
                }
                None => {
                    tracing::error!(job = id, kind, peer = node, reason = %fault, "a job is given up");
                    Ended::Failed(text)
                }
            }
        }
    };
    end(&here.store, job, &progress.text(), ended).await;
}

async fn end(store: &Store, job: &Job, progress: &str, ended: Ended) {
    if let Err(error) = store.end_job(job, progress, ended).await {
        tracing::warn!(job = job.id, reason = %error, "what became of a job cannot be written down");
    }
}

/// Does the work of a job, which is kept meanwhile with what of it is done. `None` where it is another's by now, or cancelled.
async fn keeping<T>(
    store: &Store,
    job: &Job,
    lease: Duration,
    progress: &impl Progress,
    work: impl Future<Output = T>,
) -> Option<T> {
    // Both go on beside each other: work that waits for the index, or has it, would be waited for by what keeps its job.
    let kept = async {
        let mut looking = interval(SHOWN_EVERY.min(lease / 4));
        let mut written: Option<(String, Instant)> = None;
        loop {
            looking.tick().await;
            let now = progress.text();
            if written.as_ref().is_some_and(|(text, at)| *text == now && at.elapsed() < lease / 4) {
                continue;
            }
            match store.keep_job(job, &now, lease).await {
                Ok(true) => written = Some((now, Instant::now())),
                Ok(false) => return tracing::info!(job = job.id, "a job is another's now, or cancelled"),
                // Its lease may end: another worker takes it then.
                Err(error) => tracing::warn!(job = job.id, reason = %error, "a job cannot be kept"),
            }
        }
    };
    tokio::select! {
        done = work => Some(done),
        () = kept => None,
    }
}
