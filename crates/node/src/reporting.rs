//! Brings peers the reports of storage commitment that they are owed: jobs out of the queue of the store, over an association of this node's making.
//!
//! What was owed before this program was killed is owed after it: it is tried again after waits that grow, for about a day.

use peony_store::{Owed, REPORT, Store};

use crate::association::{Association, AssociationError};
use crate::configuration::Configuration;
use crate::provider::{self, Report};
use crate::queue::{Fault, Here, Progress, Work};
use crate::requestor::{self, Proposal};
use crate::sop_class::{self, COMMITMENT};
use crate::status::{Kind, Status};
use crate::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};

impl Work for Owed {
    const KIND: &'static str = REPORT;
    type Progress = Nothing;
    type Fault = AssociationError;
    type By = ();

    fn node(&self) -> &str {
        &self.to
    }

    async fn run(&self, here: &Here<()>, _: &Nothing) -> Result<(), AssociationError> {
        report(&here.store, &here.configuration, self).await
    }
}

/// A report is brought whole, or anew.
pub(crate) struct Nothing;

impl Progress for Nothing {
    fn after(_: &str) -> Self {
        Self
    }

    fn text(&self) -> String {
        String::new()
    }
}

impl Fault for AssociationError {
    /// Whatever it is: the peer is owed it for as long as it is tried.
    fn may_pass(&self) -> bool {
        true
    }

    fn text(&self) -> String {
        self.to_string()
    }
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
        tracing::debug!(reason = %error, "a peer did not agree to the end");
    }
    Ok(status)
}
