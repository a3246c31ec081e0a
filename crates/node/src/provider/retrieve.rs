//! C-GET and C-MOVE (PS3.4 §C.4.2, §C.4.3): each instance is a sub-operation; the peer hears of every one, and may cancel between two.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use peony_dicom::{Attributes, Level, SHORT_VALUE_BYTES};

use crate::archive::{Archive, DataSet, Instance, Which};
use crate::association::{Association, AssociationError, Message};
use crate::command::{Command, element};
use crate::configuration::{AeTitle, Configuration, Peer};
use crate::identifier::{self, FAILED_INSTANCES, LEVELS, attribute};
use crate::presentation::{self, Context};
use crate::provider::{cancels, identifier_of, is_cancelled, refuse};
use crate::requestor::{self, Proposal};
use crate::sop_class::Model;
use crate::status::{Kind, Status};
use crate::user::Originator;

/// How the sub-operations stand (PS3.4 §C.4.2.1.6 to 9).
#[derive(Default)]
struct Counts {
    remaining: u16,
    completed: u16,
    failed: u16,
    warning: u16,
    failed_instances: Vec<String>,
}

impl Counts {
    fn of(instances: &[Instance]) -> Self {
        Self { remaining: number(instances.len()), ..Self::default() }
    }

    /// One is done; `None` where it could not be sent.
    fn done(&mut self, instance: &Instance, status: Option<Status>) {
        self.remaining = self.remaining.saturating_sub(1);
        let count = match status.map(Status::kind) {
            Some(Kind::Success) => &mut self.completed,
            Some(Kind::Warning) => &mut self.warning,
            _ => {
                self.failed_instances.push(instance.instance_uid.clone());
                &mut self.failed
            }
        };
        *count = count.saturating_add(1);
    }

    /// How it ended.
    const fn status(&self) -> Status {
        match (self.completed, self.warning, self.failed) {
            (_, 0, 0) => Status::SUCCESS,
            (0, 0, _) => Status::CANNOT_PERFORM,
            _ => Status::SOME_FAILED,
        }
    }

    fn in_response(&self, message: &Message, status: Status) -> Command {
        let response = message
            .command
            .response(status)
            .number_of(element::COMPLETED_SUB_OPERATIONS, self.completed)
            .number_of(element::FAILED_SUB_OPERATIONS, self.failed)
            .number_of(element::WARNING_SUB_OPERATIONS, self.warning);
        match status.kind() {
            // The others may not have it (PS3.4 §C.4.2.1.6).
            Kind::Pending | Kind::Cancel => {
                response.number_of(element::REMAINING_SUB_OPERATIONS, self.remaining)
            }
            _ => response,
        }
    }

    async fn say_pending(
        &self,
        association: &mut Association,
        message: &Message,
    ) -> Result<(), AssociationError> {
        if self.remaining == 0 {
            return Ok(());
        }
        association.send_command(message.context.id, &self.in_response(message, Status::PENDING)).await
    }

    /// The last response, with the list of those that failed.
    async fn say(
        &self,
        association: &mut Association,
        message: &Message,
        status: Status,
    ) -> Result<(), AssociationError> {
        let response = self.in_response(message, status);
        let context = &message.context;
        if self.failed_instances.is_empty() {
            return association.send_command(context.id, &response).await;
        }
        let listed = as_many_as_fit(&self.failed_instances);
        if listed.len() < self.failed_instances.len() {
            let (peer, count, named) = (association.peer(), self.failed_instances.len(), listed.len());
            tracing::warn!(
                peer,
                count,
                named,
                "an answer does not name all instances that failed: no more fit"
            );
        }
        let failed: Attributes = [attribute(FAILED_INSTANCES, listed.to_vec())].into();
        let failed = identifier::write(context, &failed)?;
        association.send_command(context.id, &response.with_data_set()).await?;
        association.send_data_set(context.id, failed).await
    }
}

/// The first UIDs of a list, as many as one value of them can hold; how many there are stands in the count of those that failed.
fn as_many_as_fit(uids: &[String]) -> &[String] {
    let mut bytes = 0;
    let fits = uids.iter().take_while(|uid| {
        // With the backslash before the next one, or the padding.
        bytes += uid.len() + 1;
        bytes <= SHORT_VALUE_BYTES
    });
    &uids[..fits.count()]
}

/// A count as it is said: there are 16 bits for it.
fn number(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// C-GET: over the same association, in contexts in which the peer takes objects.
pub(super) async fn get<A: Archive>(
    association: &mut Association,
    archive: &A,
    message: &Message,
    model: Model,
) -> Result<(), AssociationError> {
    let Some(instances) = instances(association, archive, message, model).await? else { return Ok(()) };
    note(archive, association.peer(), None, &instances).await;
    let mut counts = Counts::of(&instances);
    for instance in &instances {
        if is_cancelled(association, message)? {
            return counts.say(association, message, Status::CANCEL).await;
        }
        let Some((context, data_set)) = ready(association, archive, instance, true).await else {
            counts.done(instance, None);
            counts.say_pending(association, message).await?;
            continue;
        };
        let request = association.begin_store(&context, instance, data_set, None).await?;
        let mut cancelled = false;
        let status = loop {
            let Some(heard) = association.next_command().await? else { return Err(AssociationError::Closed) };
            if heard.command.answers(&request) {
                break heard.command.status();
            }
            cancelled |= cancels(&heard, message)?;
        };
        counts.done(instance, status);
        if cancelled {
            return counts.say(association, message, Status::CANCEL).await;
        }
        counts.say_pending(association, message).await?;
    }
    counts.say(association, message, counts.status()).await
}

/// C-MOVE: over an association that this node makes with the destination, whose address the configuration knows.
pub(super) async fn move_to<A: Archive>(
    association: &mut Association,
    archive: &A,
    message: &Message,
    model: Model,
    configuration: &Configuration,
) -> Result<(), AssociationError> {
    let destination =
        message.command.text(element::MOVE_DESTINATION).and_then(|title| configuration.peer(title));
    let Some((peer, address)) = destination.and_then(|peer| Some((peer, peer.address.as_deref()?))) else {
        return refuse(association, message, Status::UNKNOWN_DESTINATION, "").await;
    };
    let Some(instances) = instances(association, archive, message, model).await? else { return Ok(()) };
    let mut counts = Counts::of(&instances);
    note(archive, association.peer(), Some(&peer.ae_title), &instances).await;
    if instances.is_empty() {
        return counts.say(association, message, Status::SUCCESS).await;
    }
    let proposals = requestor::proposals_of(&instances, presentation::MOST);
    let mut there =
        Destination { peer, address, configuration, proposals, association: None, reachable: true };
    let originator =
        Originator { ae_title: association.peer().to_owned(), message: message.command.message() };
    let mut cancelled = false;
    for instance in &instances {
        cancelled = is_cancelled(association, message)?;
        if cancelled {
            break;
        }
        counts.done(instance, there.send(archive, instance, &originator).await);
        counts.say_pending(association, message).await?;
    }
    if let Some(there) = there.association
        && let Err(error) = there.release().await
    {
        tracing::debug!(peer = %peer.ae_title, reason = %error, "a peer did not agree to the end");
    }
    counts.say(association, message, if cancelled { Status::CANCEL } else { counts.status() }).await
}

/// Writes down who gets which studies, or has them sent where.
async fn note<A: Archive>(archive: &A, who: &str, to: Option<&AeTitle>, instances: &[Instance]) {
    let studies: BTreeSet<&str> = instances.iter().map(|instance| instance.study_uid.as_str()).collect();
    for study in studies {
        let noted = match to {
            None => archive.note(who, "get", &format!("study {study}")).await,
            Some(to) => archive.note(who, "move", &format!("study {study} to {to}")).await,
        };
        if let Err(error) = noted {
            tracing::warn!(peer = who, reason = %error, "what a peer retrieves is not in the audit");
        }
    }
}

/// Where a C-MOVE sends to.
struct Destination<'a> {
    peer: &'a Peer,
    address: &'a str,
    configuration: &'a Configuration,
    proposals: Vec<Proposal>,
    association: Option<Association>,
    /// It is worth another association.
    reachable: bool,
}

impl Destination<'_> {
    /// The answer of the destination; `None` where it could not be sent there.
    async fn send<A: Archive>(
        &mut self,
        archive: &A,
        instance: &Instance,
        originator: &Originator,
    ) -> Option<Status> {
        let title = &self.peer.ae_title;
        if self.association.is_none() && self.reachable {
            let connected =
                requestor::connect_to(self.peer, self.address, self.configuration, &self.proposals).await;
            self.reachable = connected.is_ok();
            match connected {
                Ok(association) => self.association = Some(association),
                Err(error) => tracing::warn!(peer = %title, reason = %error, "a peer cannot be reached"),
            }
        }
        let association = self.association.as_mut()?;
        let (context, data_set) = ready(association, archive, instance, false).await?;
        let stored = async {
            let request = association.begin_store(&context, instance, data_set, Some(originator)).await?;
            association.response(&request).await
        };
        match stored.await {
            Ok(status) => Some(status),
            Err(error) => {
                tracing::warn!(peer = %title, reason = %error, "an instance could not be sent");
                // What cannot be read here is no reason to send nothing else there.
                self.reachable = matches!(error, AssociationError::Source(_));
                if let Some(failed) = self.association.take() {
                    failed.fail(error).await;
                }
                None
            }
        }
    }
}

/// An object in what the peer takes; `None` where it cannot be sent, which keeps nothing else from being sent.
async fn ready<A: Archive>(
    association: &mut Association,
    archive: &A,
    instance: &Instance,
    to_requestor: bool,
) -> Option<(Context, DataSet)> {
    let ready = association.ready(archive, instance, to_requestor).await;
    ready.unwrap_or_else(|error| {
        tracing::warn!(peer = association.peer(), reason = %error, "an instance cannot be sent");
        None
    })
}

/// The instances of a request; `None` where there is an answer already.
async fn instances<A: Archive>(
    association: &mut Association,
    archive: &A,
    message: &Message,
    model: Model,
) -> Result<Option<Vec<Instance>>, AssociationError> {
    let Some(identifier) = identifier_of(association, message).await? else { return Ok(None) };
    let level = identifier::level(&identifier, model);
    let Some(which) = level.and_then(|level| which(&identifier, level)) else {
        let comment = "no level of this information model, or not its unique key";
        refuse(association, message, Status::IDENTIFIER_DOES_NOT_MATCH, comment).await?;
        return Ok(None);
    };
    match archive.instances(&which).await {
        Ok(instances) => Ok(Some(instances)),
        Err(error) => {
            tracing::warn!(peer = association.peer(), reason = %error, "a retrieval is not answered");
            refuse(association, message, Status::CANNOT_COUNT, "").await?;
            Ok(None)
        }
    }
}

/// What an identifier asks for (PS3.4 §C.4.2.2.1): a list of what is unique at its level, and one of each level above, where it says so. `None` where it
/// says something else, such as a pattern, which would ask for everything.
fn which(identifier: &Attributes, level: Level) -> Option<Which> {
    let mut which = Which::default();
    for (of, _, unique) in LEVELS {
        let values = identifier::distinct(identifier, unique);
        let count = match of.cmp(&level) {
            Ordering::Less => values.len() <= 1,
            Ordering::Equal => !values.is_empty(),
            // Keys below the level say nothing.
            Ordering::Greater => continue,
        };
        if !count || values.iter().any(|value| value.contains(['*', '?'])) {
            return None;
        }
        *match of {
            Level::Patient => &mut which.patients,
            Level::Study => &mut which.studies,
            Level::Series => &mut which.series,
            Level::Instance => &mut which.instances,
        } = values;
    }
    Some(which)
}
