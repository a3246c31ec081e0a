//! Brings peers the reports of storage commitment that they are owed: jobs out of the queue of the store, over an association of this node's making.
//!
//! What was owed before this program was killed is owed after it: it is tried again after waits that grow, for about a day.

use peony_store::{Ended, Job, Owed, REPORT, Store};
use serde_json::json;
use tokio::sync::watch;

use crate::acceptor::Current;
use crate::association::AssociationError;
use crate::configuration::Configuration;
use crate::provider::Doubts;
use crate::queue::{self, Patience};
use crate::requestor::{self, Proposal};
use crate::sop_class::{self, COMMITMENT};
use crate::status::Kind;
use crate::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};

/// Reports at a time: a node that does not answer holds up no other.
const AT_ONCE: usize = 4;

/// Reports what is owed, until `stopped` says so. What is under way then is left to its lease.
pub async fn report_owed(
    store: Store,
    configuration: Current,
    patience: Patience,
    stopped: watch::Receiver<bool>,
) {
    let work_on = |job: Job| {
        let (store, configuration, patience) = (store.clone(), configuration.clone(), patience.clone());
        async move { work_on(&store, &configuration, &patience, &job).await }
    };
    queue::work_off(&store, REPORT, AT_ONCE, &patience, stopped, work_on).await;
}

/// One report, from its taking to what became of it.
async fn work_on(store: &Store, configuration: &Current, patience: &Patience, job: &Job) {
    let Ok(owed) = serde_json::from_str::<Owed>(&job.payload) else {
        return tracing::warn!("job {} is none of a report", job.id);
    };
    let now = configuration.borrow().clone();
    // What was read is not read again for a peer that is away.
    let mut known = serde_json::from_str::<Doubts>(&job.progress).ok();
    let report = report(store, &now, &owed, &mut known);
    let ended = match queue::keeping(store, job, patience.lease, || job.progress.clone(), report).await {
        None => return,
        Some(Ok(())) => Ended::Done,
        Some(Err(error)) => match patience.after(job) {
            Some(wait) => {
                tracing::warn!(
                    "job {}: {} has no report of its storage commitment: {error}",
                    job.id,
                    owed.to
                );
                Ended::Again(wait, error.to_string())
            }
            None => {
                let (id, to) = (job.id, &owed.to);
                tracing::error!("job {id}: {to} gets no report of its storage commitment any more: {error}");
                Ended::Failed(error.to_string())
            }
        },
    };
    let known = known.map(|known| json!(known).to_string()).unwrap_or_default();
    queue::end(store, job, &known, ended).await;
}

/// Reads back what was asked for, where that was not done before, and says how it stands.
async fn report(
    store: &Store,
    configuration: &Configuration,
    owed: &Owed,
    known: &mut Option<Doubts>,
) -> Result<(), AssociationError> {
    let peer = configuration.peer(&owed.to);
    let Some((peer, address)) = peer.and_then(|peer| Some((peer, peer.address.as_deref()?))) else {
        return Err(AssociationError::Message("the configuration has no address for it any more"));
    };
    let doubts = match known.take() {
        Some(doubts) => doubts,
        None => Doubts::of(store, owed).await,
    };
    let report = doubts.report(owed, &configuration.ae_title);
    *known = doubts.are_certain().then_some(doubts);
    let class = sop_class::of(COMMITMENT);
    let transfer_syntaxes = vec![EXPLICIT_LITTLE, IMPLICIT_LITTLE];
    let proposals: Vec<Proposal> =
        class.map(|class| Proposal { class, transfer_syntaxes, provides: true }).into_iter().collect();
    let mut association = requestor::connect_to(peer, address, configuration, &proposals).await?;
    let said = match association.contexts().first().cloned() {
        Some(context) => report.say(&mut association, &context).await,
        None => Err(AssociationError::Message("it does not take reports of storage commitment")),
    };
    let status = match said {
        Ok(status) => status,
        Err(error) => return Err(association.fail(error).await),
    };
    // Whether or not it agrees to the end.
    if let Err(error) = association.release().await {
        tracing::debug!("{} did not agree to the end: {error}", owed.to);
    }
    if status.kind() == Kind::Failure {
        return Err(AssociationError::Message("it answers the report with a failure"));
    }
    Ok(())
}
