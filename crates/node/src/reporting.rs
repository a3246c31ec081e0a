//! Brings peers the reports of storage commitment that they are owed: jobs out of the queue of the store, over an association of this node's making.
//!
//! What was owed before this program was killed is owed after it: it is tried again after waits that grow, for about a day.

use peony_store::{Ended, Job, Owed, REPORT, Store};
use tokio::sync::watch;

use crate::acceptor::Current;
use crate::association::{Association, AssociationError};
use crate::configuration::Configuration;
use crate::provider::{self, Report};
use crate::queue::{self, Patience, Turns};
use crate::requestor::{self, Proposal};
use crate::sop_class::{self, COMMITMENT};
use crate::status::{Kind, Status};
use crate::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};

/// Reports what is owed, until `stopped` says so. What is under way then is left to its lease.
pub async fn report_owed(
    store: Store,
    configuration: Current,
    patience: Patience,
    stopped: watch::Receiver<bool>,
) {
    let turns = Turns::default();
    let work_on = |job: Job| {
        let (store, configuration, patience) = (store.clone(), configuration.clone(), patience.clone());
        let turns = turns.clone();
        async move { work_on(&store, &configuration, &patience, &turns, &job).await }
    };
    queue::work_off(&store, REPORT, &patience, stopped, work_on).await;
}

/// One report, from its taking to what became of it.
async fn work_on(store: &Store, configuration: &Current, patience: &Patience, turns: &Turns, job: &Job) {
    let Ok(owed) = serde_json::from_str::<Owed>(&job.payload) else {
        return tracing::warn!("job {} is none of a report", job.id);
    };
    let now = configuration.borrow().clone();
    let report = async {
        let _turn = turns.at(&owed.to).await;
        report(store, &now, &owed).await
    };
    let ended = match queue::keeping(store, job, patience.lease, String::new, report).await {
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
    queue::end(store, job, "", ended).await;
}

/// Reads back what was asked for, and says how it stands. Nothing is read for a peer that is away.
async fn report(store: &Store, configuration: &Configuration, owed: &Owed) -> Result<(), AssociationError> {
    let association = connected(configuration, owed).await?;
    let report = provider::report_of(store, owed, &configuration.ae_title).await;
    let status = match say(association, &report).await {
        // It had no patience while that was read.
        Err(AssociationError::Io(_) | AssociationError::Closed | AssociationError::Aborted) => {
            say(connected(configuration, owed).await?, &report).await?
        }
        said => said?,
    };
    if status.kind() == Kind::Failure {
        return Err(AssociationError::Message("it answers the report with a failure"));
    }
    Ok(())
}

async fn connected(configuration: &Configuration, owed: &Owed) -> Result<Association, AssociationError> {
    let peer = configuration.peer(&owed.to);
    let Some((peer, address)) = peer.and_then(|peer| Some((peer, peer.address.as_deref()?))) else {
        return Err(AssociationError::Message("the configuration has no address for it any more"));
    };
    let class = sop_class::of(COMMITMENT);
    let transfer_syntaxes = vec![EXPLICIT_LITTLE, IMPLICIT_LITTLE];
    let proposals: Vec<Proposal> =
        class.map(|class| Proposal { class, transfer_syntaxes, provides: true }).into_iter().collect();
    requestor::connect_to(peer, address, configuration, &proposals).await
}

async fn say(mut association: Association, report: &Report) -> Result<Status, AssociationError> {
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
        tracing::debug!("it did not agree to the end: {error}");
    }
    Ok(status)
}
