//! Sends what people want sent: jobs out of the queue of the store, by C-STORE and, where a node is configured so, with a request for storage
//! commitment at the end. What the other node has taken is written down with the job, and not sent again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use peony_store::{SENDING, SendFault, Sending, Sent, Store};
use serde_json::json;

use crate::archive::Instance;
use crate::archive::in_store::instance_of;
use crate::asking::{broken, fault_of_connection, known};
use crate::association::{Association, AssociationError};
use crate::configuration::{Configuration, Peer};
use crate::presentation;
use crate::queue::{Fault, Here, Patience, Progress, Work};
use crate::requestor::{self, Proposal};
use crate::sop_class::{self, COMMITMENT};
use crate::status::{Kind, Status};
use crate::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};

impl Work for Sending {
    const KIND: &'static str = SENDING;
    type Progress = Sofar;
    type Fault = SendFault;
    type By = ();

    fn node(&self) -> &str {
        &self.to
    }

    async fn run(&self, here: &Here<()>, progress: &Sofar) -> Result<(), SendFault> {
        send(&here.store, &here.configuration, &here.patience, self, progress).await
    }
}

impl Fault for SendFault {
    fn may_pass(&self) -> bool {
        self.may_pass()
    }

    fn text(&self) -> String {
        json!(self).to_string()
    }
}

/// How far a sending has come.
pub(crate) struct Sofar(Mutex<Sent>);

impl Sofar {
    fn now(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Sofar {
    fn after(written: &str) -> Self {
        Self(Mutex::new(serde_json::from_str(written).unwrap_or_default()))
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
    progress: &Sofar,
) -> Result<(), SendFault> {
    let (peer, address) = known(configuration, &sending.to)?;
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
    // What it has taken since it was asked is asked for with everything else once more.
    let owes = || peer.commits && progress.now().has_more_to_keep();
    if left.is_empty() && !owes() {
        return Ok(());
    }
    let mut tally = Tally { waiting: &left, refused: None, not_taken: 0, unreadable: 0 };
    let mut association = loop {
        let mut association = connect(peer, address, configuration, tally.waiting, peer.commits).await?;
        match send_all(store, &mut association, &mut tally, progress).await {
            // The data set ends in the middle, and so must the association; what comes behind it goes over another one.
            Err(error @ AssociationError::Source(_)) => {
                let error = association.fail(error).await;
                tracing::warn!(peer = sending.to, reason = %error, "an association ended before its time");
                tally.unreadable += 1;
                if let (true, false, Some(fault)) = (tally.waiting.is_empty(), owes(), tally.fault()) {
                    return Err(fault);
                }
            }
            Err(error) => return Err(broken(association, error).await),
            Ok(()) => break association,
        }
    };
    let fault = tally.fault();
    let asked = match owes() {
        true => ask_to_keep(store, &mut association, &all, progress, patience.report).await,
        false => Ok(()),
    };
    let other = match asked {
        Err(Broken::Association(error)) => Some(broken(association, error).await),
        asked => {
            // Whatever was wrong it was told, and the association is as good as before.
            if let Err(error) = association.release().await {
                tracing::debug!(peer = sending.to, reason = %error, "a node did not agree to the end");
            }
            asked.err().and_then(Broken::said)
        }
    };
    // What was not sent is told first; what it has is asked for again with the rest.
    fault.or(other).map_or(Ok(()), Err)
}

async fn connect(
    peer: &Peer,
    address: &str,
    configuration: &Configuration,
    left: &[&Instance],
    commits: bool,
) -> Result<Association, SendFault> {
    let commitment = sop_class::of(COMMITMENT).filter(|_| commits).map(|class| Proposal {
        class,
        transfer_syntaxes: vec![EXPLICIT_LITTLE, IMPLICIT_LITTLE],
        provides: false,
    });
    let most = presentation::MOST - usize::from(commits);
    let objects = requestor::proposals_of(left.iter().copied(), most);
    let proposals: Vec<Proposal> = commitment.into_iter().chain(objects).collect();
    let connected = requestor::connect_to(peer, address, configuration, &proposals).await;
    connected.map_err(|error| fault_of_connection(peer, &error))
}

/// Why no more is sent.
enum Broken {
    /// The other node said so, in order.
    Said(SendFault),
    /// The association is of no use any more.
    Association(AssociationError),
}

impl Broken {
    fn said(self) -> Option<SendFault> {
        match self {
            Self::Said(fault) => Some(fault),
            Self::Association(_) => None,
        }
    }
}

impl From<AssociationError> for Broken {
    fn from(error: AssociationError) -> Self {
        Self::Association(error)
    }
}

/// What is to be sent, and what has become of the rest.
struct Tally<'a> {
    waiting: &'a [&'a Instance],
    /// How the other node refused the last one, and how many.
    refused: Option<(Status, usize)>,
    /// Neither as it is kept nor as it can be written here.
    not_taken: usize,
    unreadable: usize,
}

impl Tally<'_> {
    fn fault(&self) -> Option<SendFault> {
        match (self.refused, self.unreadable, self.not_taken) {
            (Some((status, count)), ..) => Some(fault_of(status, count)),
            (None, 1.., _) => Some(SendFault::Unreadable),
            (None, 0, count @ 1..) => Some(SendFault::NotTaken { count }),
            (None, 0, 0) => None,
        }
    }
}

/// Sends what waits. What cannot be sent, and what the other node does not take, keeps nothing else from being sent, unless it says that it has no room.
async fn send_all(
    store: &Store,
    association: &mut Association,
    tally: &mut Tally<'_>,
    progress: &Sofar,
) -> Result<(), AssociationError> {
    while let Some((instance, rest)) = tally.waiting.split_first() {
        tally.waiting = rest;
        let (context, data_set) = match association.ready(store, instance, false).await {
            Ok(Some(ready)) => ready,
            Ok(None) => {
                tally.not_taken += 1;
                continue;
            }
            Err(error) => {
                tracing::warn!(peer = association.peer(), reason = %error, "an instance cannot be read to be sent");
                tally.unreadable += 1;
                continue;
            }
        };
        let request = association.begin_store(&context, instance, data_set, None).await?;
        let status = association.response(&request).await?;
        if status.kind() != Kind::Failure {
            progress.now().taken.insert(instance.instance_uid.clone());
            continue;
        }
        let count = tally.refused.map_or(0, |(_, count)| count) + 1;
        tally.refused = Some((status, count));
        if fault_of(status, count).may_pass() {
            break;
        }
    }
    Ok(())
}

fn fault_of(status: Status, count: usize) -> SendFault {
    SendFault::Refused { status: status.code(), count }
}

/// Asks the other node to keep everything that it has taken, and waits a little for its report.
async fn ask_to_keep(
    store: &Store,
    association: &mut Association,
    all: &[Instance],
    progress: &Sofar,
    wait: Duration,
) -> Result<(), Broken> {
    let taken: Vec<Instance> = {
        let sent = progress.now();
        all.iter().filter(|instance| sent.taken.contains(&instance.instance_uid)).cloned().collect()
    };
    let Some((transaction_uid, status)) = association.commit(store, &taken).await? else {
        return Err(Broken::Said(SendFault::NoCommitment));
    };
    if status.kind() == Kind::Failure {
        return Err(Broken::Said(SendFault::CommitmentRefused { status: status.code() }));
    }
    {
        let mut sent = progress.now();
        sent.transaction_uid.clone_from(&transaction_uid);
        sent.asked = sent.taken.len();
    }
    // Everything that was sent was asked for; it may report over an association of its own, too, and later.
    let heard = tokio::select! {
        heard = association.hear_report(store, wait) => heard.map(drop),
        heard = store.commitment_answered(&transaction_uid) => heard.map_err(|error| AssociationError::Records(error.into())),
    };
    if let Err(error) = heard {
        tracing::info!(peer = association.peer(), reason = %error, "no report of storage commitment over this association");
    }
    Ok(())
}
