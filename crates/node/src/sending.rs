//! Sends what people want sent: jobs out of the queue of the store, by C-STORE and, where a node is configured so, with a request for storage
//! commitment at the end.
//!
//! A job is kept by its lease while it is worked on, and what the other node has taken is written down with it: killed at any moment, another worker
//! goes on where this one was. What may pass is tried again after waits that grow, and given up after the last of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dicom_ul::pdu::AssociationRJResult;
use peony_store::{Ended, Job, SENDING, SendFault, Sending, Sent, Store};
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use crate::acceptor::Current;
use crate::archive::in_store::instance_of;
use crate::archive::{Archive, Instance};
use crate::association::{Association, AssociationError};
use crate::configuration::{Configuration, Peer};
use crate::requestor::{self, Proposal};
use crate::sop_class::{self, COMMITMENT};
use crate::status::{Kind, Status};
use crate::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};

/// Sendings at a time: a node that does not answer holds up no other.
const AT_ONCE: usize = 4;

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
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let waits = [Duration::from_secs(10), Duration::from_secs(30)].into_iter();
        Self {
            waits: waits.chain([2, 5, 15, 60, 240, 720].map(minutes)).collect(),
            lease: minutes(1),
            report: Duration::from_secs(5),
            look: Duration::from_secs(1),
        }
    }
}

/// Sends what is in the queue, until `stopped` says so. What is under way then is left to its lease.
pub async fn send_queued(
    store: Store,
    configuration: Current,
    patience: Patience,
    mut stopped: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = JoinSet::new();
    let mut announced = store.announced();
    let work = async {
        // Nobody closes it.
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            while under_way.try_join_next().is_some() {}
            match store.take_job(SENDING, patience.lease).await {
                Ok(Some(job)) => {
                    let (store, configuration) = (store.clone(), configuration.clone());
                    let patience = patience.clone();
                    under_way.spawn(async move {
                        work_on(&store, &configuration, &patience, &job).await;
                        drop(place);
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!("what is to be sent cannot be looked at: {error}"),
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

/// One job, from its taking to what became of it.
async fn work_on(store: &Store, configuration: &Current, patience: &Patience, job: &Job) {
    let Ok(sending) = serde_json::from_str::<Sending>(&job.payload) else {
        return tracing::warn!("job {} is none of sending", job.id);
    };
    let progress = Progress(Mutex::new(serde_json::from_str(&job.progress).unwrap_or_default()));
    let now = configuration.borrow().clone();
    let mut sent = std::pin::pin!(send(store, &now, patience, &sending, &progress));
    let mut keeping = interval(patience.lease / 4);
    let sent = loop {
        tokio::select! {
            sent = &mut sent => break sent,
            _ = keeping.tick() => match store.keep_job(job, &progress.text(), patience.lease).await {
                Ok(true) => {}
                Ok(false) => return tracing::info!("job {} is another's now, or cancelled", job.id),
                // Its lease may end: another worker takes it then.
                Err(error) => tracing::warn!("job {} cannot be kept: {error}", job.id),
            },
        }
    };
    let tried = usize::try_from(job.tries).unwrap_or(usize::MAX);
    let ended = match sent {
        Ok(()) => Ended::Done,
        Err(fault) => {
            tracing::warn!("job {}, to {}: {fault}", job.id, sending.to);
            let text = json!(fault).to_string();
            match patience.waits.get(tried.saturating_sub(1)).filter(|_| fault.may_pass()) {
                Some(wait) => Ended::Again(*wait, text),
                None => Ended::Failed(text),
            }
        }
    };
    if let Err(error) = store.end_job(job, &progress.text(), ended).await {
        tracing::warn!("what became of job {} cannot be written down: {error}", job.id);
    }
}

/// How far a sending has come, as the worker and whoever keeps its lease see it.
struct Progress(Mutex<Sent>);

impl Progress {
    fn now(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        json!(*self.now()).to_string()
    }
}

async fn send(
    store: &Store,
    configuration: &Configuration,
    patience: &Patience,
    sending: &Sending,
    progress: &Progress,
) -> Result<(), SendFault> {
    let peer = configuration.peer(&sending.to);
    let Some((peer, address)) = peer.and_then(|peer| Some((peer, peer.address.as_deref()?))) else {
        return Err(SendFault::UnknownNode);
    };
    let all = store.instances(sending.which()).await.map_err(|_| SendFault::Unreadable)?;
    if all.is_empty() {
        return Err(SendFault::NothingHere);
    }
    let all: Vec<Instance> = all.iter().map(instance_of).collect();
    let left: Vec<&Instance> = {
        let mut sent = progress.now();
        sent.of = all.len();
        all.iter().filter(|instance| !sent.taken.contains(&instance.instance_uid)).collect()
    };
    let asks = peer.commits && progress.now().transaction_uid.is_empty();
    if left.is_empty() && !asks {
        return Ok(());
    }
    let mut association = connect(peer, address, configuration, &left, asks).await?;
    let mut done = send_all(store, &mut association, &left, progress).await;
    if done.is_ok() && asks {
        done = ask_to_keep(store, &mut association, &all, progress, patience.report).await;
    }
    match done {
        Ok(()) => {
            if let Err(error) = association.release().await {
                tracing::debug!("{} did not agree to the end: {error}", sending.to);
            }
            Ok(())
        }
        Err(Broken::Said(fault)) => {
            // It was told what is wrong, and the association is as good as before.
            let _ = association.release().await;
            Err(fault)
        }
        Err(Broken::Association(error)) => {
            let is_ours = matches!(error, AssociationError::Source(_) | AssociationError::Records(_));
            let error = association.fail(error).await;
            tracing::warn!("an association with {} ended: {error}", sending.to);
            Err(if is_ours { SendFault::Unreadable } else { SendFault::BrokenOff })
        }
    }
}

async fn connect(
    peer: &Peer,
    address: &str,
    configuration: &Configuration,
    left: &[&Instance],
    asks: bool,
) -> Result<Association, SendFault> {
    let commitment = sop_class::of(COMMITMENT).filter(|_| asks).map(|class| Proposal {
        class,
        transfer_syntaxes: vec![EXPLICIT_LITTLE, IMPLICIT_LITTLE],
        provides: false,
    });
    let proposals: Vec<Proposal> =
        commitment.into_iter().chain(requestor::proposals_of(left.iter().copied())).collect();
    match requestor::connect_to(peer, address, configuration, &proposals).await {
        Ok(association) => Ok(association),
        Err(AssociationError::Rejected(why)) => {
            tracing::warn!("{} rejects the association: {:?}", peer.ae_title, why.source);
            Err(SendFault::Rejected { for_now: matches!(why.result, AssociationRJResult::Transient) })
        }
        Err(error) => {
            tracing::warn!("{} cannot be reached: {error}", peer.ae_title);
            Err(SendFault::Unreachable)
        }
    }
}

/// Why no more is sent.
enum Broken {
    /// The other node said so, in order.
    Said(SendFault),
    /// The association is of no use any more.
    Association(AssociationError),
}

impl From<AssociationError> for Broken {
    fn from(error: AssociationError) -> Self {
        Self::Association(error)
    }
}

/// Sends what is left. What the other node does not take keeps nothing else from being sent, unless it says that it has no room.
async fn send_all(
    store: &Store,
    association: &mut Association,
    left: &[&Instance],
    progress: &Progress,
) -> Result<(), Broken> {
    let (mut refused, mut not_taken) = (None::<(Status, usize)>, 0);
    for instance in left {
        let status = association.store(instance, store.data_set(instance), None).await?;
        match status {
            None => not_taken += 1,
            Some(status) if status.kind() == Kind::Failure => {
                let count = refused.map_or(0, |(_, count)| count) + 1;
                refused = Some((status, count));
                if fault_of(status, count).may_pass() {
                    break;
                }
            }
            Some(_) => progress.now().taken.push(instance.instance_uid.clone()),
        }
    }
    match refused {
        Some((status, count)) => Err(Broken::Said(fault_of(status, count))),
        None if not_taken > 0 => Err(Broken::Said(SendFault::NotTaken { count: not_taken })),
        None => Ok(()),
    }
}

fn fault_of(status: Status, count: usize) -> SendFault {
    SendFault::Refused { status: word(status), count }
}

fn word(Status(code): Status) -> String {
    format!("{code:04X}")
}

/// Asks the other node to keep everything, and waits a little for its report.
async fn ask_to_keep(
    store: &Store,
    association: &mut Association,
    all: &[Instance],
    progress: &Progress,
    wait: Duration,
) -> Result<(), Broken> {
    let Some((transaction_uid, status)) = association.commit(store, all).await? else {
        return Err(Broken::Said(SendFault::NoCommitment));
    };
    if status.kind() == Kind::Failure {
        return Err(Broken::Said(SendFault::CommitmentRefused { status: word(status) }));
    }
    progress.now().transaction_uid.clone_from(&transaction_uid);
    // Everything was sent and asked for; it may report over an association of its own, too, and later.
    let heard = tokio::select! {
        heard = association.hear_report(store, wait) => heard.map(drop),
        heard = store.commitment_answered(&transaction_uid) => heard.map_err(|error| AssociationError::Records(error.into())),
    };
    if let Err(error) = heard {
        tracing::info!("no report of storage commitment over this association: {error}");
    }
    Ok(())
}
