//! Storage commitment (PS3.4 Annex J): what is promised is what was read back, to its last byte, from where it is kept.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use peony_dicom::{Attribute, Attributes, Tag, VR};
use peony_store::Owed;

use crate::archive::{Archive, ArchiveError, Instance, Records, Which};
use crate::association::{Association, AssociationError, Message};
use crate::command::{Command, Operation, element, is_uid};
use crate::configuration::{AeTitle, Configuration};
use crate::identifier::{self, RETRIEVE_AE_TITLE, attribute};
use crate::presentation::Context;
use crate::provider::{identifier_of, refuse};
use crate::sop_class::{COMMITMENT, COMMITMENT_INSTANCE};
use crate::status::{Kind, Status};

/// Request Storage Commitment (PS3.4 §J.3.2).
pub(crate) const REQUEST: u16 = 1;
/// All are kept; some are not (PS3.4 §J.3.3).
const ALL_KEPT: u16 = 1;
const SOME_MISSING: u16 = 2;

const TRANSACTION_UID: Tag = Tag(0x0008, 0x1195);
const FAILURE_REASON: Tag = Tag(0x0008, 0x1197);
const FAILED: Tag = Tag(0x0008, 0x1198);
const REFERENCED: Tag = Tag(0x0008, 0x1199);
const CLASS_UID: Tag = Tag(0x0008, 0x1150);
const INSTANCE_UID: Tag = Tag(0x0008, 0x1155);

/// Why an instance is not promised (PS3.3 §C.14.1.1).
const PROCESSING_FAILURE: u16 = 0x0110;
const NO_SUCH_INSTANCE: u16 = 0x0112;
const ANOTHER_CLASS: u16 = 0x0119;

pub(super) async fn commit<A: Archive + Records>(
    association: &mut Association,
    archive: &A,
    message: &Message,
    configuration: &Configuration,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    let objection = if command.uid(element::REQUESTED_SOP_INSTANCE_UID) != Some(COMMITMENT_INSTANCE) {
        Some(Status::NO_SUCH_INSTANCE)
    } else if command.number(element::ACTION_TYPE_ID) != Some(REQUEST) {
        Some(Status::NO_SUCH_ACTION)
    } else {
        None
    };
    if let Some(status) = objection {
        return refuse(association, message, status, "").await;
    }
    let Some(asked) = identifier_of(association, message).await? else { return Ok(()) };
    let transaction =
        identifier::values(&asked, TRANSACTION_UID).into_iter().next().filter(|uid| is_uid(uid));
    let (Some(transaction_uid), Some(instances)) = (transaction, references(&asked)) else {
        return refuse(association, message, Status::INVALID_ARGUMENT, "").await;
    };
    let owed = Owed { to: association.peer().to_owned(), transaction_uid, instances };
    if configuration.peer(&owed.to).is_none_or(|peer| peer.address.is_none()) {
        // There is no other way to it than this association, and no other time.
        association.send_command(context.id, &command.response(Status::SUCCESS)).await?;
        let report = report_of(archive, &owed, &configuration.ae_title).await;
        return report.say(association, context).await.map(drop);
    }
    // Success is said of what is written down: the report comes, whatever becomes of this program.
    let status = match archive.owe_report(&owed).await {
        Ok(()) => Status::SUCCESS,
        Err(error) => {
            tracing::warn!(peer = owed.to, reason = %error, "a request for storage commitment is not taken");
            Status::RESOURCE_LIMITATION
        }
    };
    association.send_command(context.id, &command.response(status)).await
}

/// What a peer is told of what it asked for.
pub(crate) struct Report {
    event: u16,
    report: Attributes,
}

/// Reads back every instance to its last byte. Where all are kept, they are written down as promised.
pub(crate) async fn report_of<A: Archive + Records>(archive: &A, owed: &Owed, ours: &AeTitle) -> Report {
    // What the peer may not bring anything to is not there.
    let archive = archive.brought_by(&owed.to).await;
    if let Err(error) = &archive {
        tracing::warn!(peer = owed.to, reason = %error, "what a peer may have promised is not known");
    }
    let (mut kept, mut failed) = (Vec::new(), Vec::new());
    let mut promised = Vec::new();
    for (class, instance) in &owed.instances {
        let mut item = reference(class, instance);
        let doubt = match &archive {
            Ok(archive) => doubt(archive, &owed.to, class, instance).await,
            Err(_) => Some(PROCESSING_FAILURE),
        };
        match doubt {
            None => {
                kept.push(item);
                promised.push(instance.clone());
            }
            Some(reason) => {
                item.extend([attribute(FAILURE_REASON, vec![reason.to_string()])]);
                failed.push(item);
            }
        }
    }
    // What is promised is kept, whether or not this is written down: the study is complete when it has been quiet, then.
    if failed.is_empty()
        && let Ok(archive) = &archive
        && let Err(error) = archive.promised(&promised).await
    {
        tracing::warn!(peer = owed.to, reason = %error, "whether studies are complete by a storage commitment is not written down");
    }
    let event = if failed.is_empty() { ALL_KEPT } else { SOME_MISSING };
    let mut report: Attributes = [
        attribute(TRANSACTION_UID, vec![owed.transaction_uid.clone()]),
        attribute(RETRIEVE_AE_TITLE, vec![ours.to_string()]),
    ]
    .into();
    for (tag, items) in [(REFERENCED, kept), (FAILED, failed)] {
        if !items.is_empty() {
            report.insert(tag, Attribute { vr: VR::SQ, values: Vec::new(), items });
        }
    }
    Report { event, report }
}

/// What is asked for by N-ACTION: that instances be kept.
pub(crate) fn request(transaction_uid: &str, instances: &[Instance]) -> Attributes {
    let items =
        instances.iter().map(|instance| reference(&instance.sop_class_uid, &instance.instance_uid)).collect();
    let referenced = Attribute { vr: VR::SQ, values: Vec::new(), items };
    [attribute(TRANSACTION_UID, vec![transaction_uid.to_owned()]), (REFERENCED, referenced)].into()
}

fn reference(class: &str, instance: &str) -> Attributes {
    [attribute(CLASS_UID, vec![class.to_owned()]), attribute(INSTANCE_UID, vec![instance.to_owned()])].into()
}

/// Takes the report of a commitment that this node asked for, on whichever association it comes.
pub(crate) async fn take_report<R: Records>(
    association: &mut Association,
    records: &R,
    message: &Message,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    if !matches!(command.number(element::EVENT_TYPE_ID), Some(ALL_KEPT | SOME_MISSING)) {
        return refuse(association, message, Status::NO_SUCH_EVENT, "").await;
    }
    let Some(report) = identifier_of(association, message).await? else { return Ok(()) };
    let transaction = identifier::values(&report, TRANSACTION_UID).pop().unwrap_or_default();
    let kept: Vec<String> =
        references(&report).unwrap_or_default().into_iter().map(|(_, instance)| instance).collect();
    let status = match records.answer_commitment(&transaction, association.peer(), &kept).await {
        Ok(true) => Status::SUCCESS,
        Ok(false) => Status::INVALID_ARGUMENT,
        Err(error) => {
            tracing::warn!(peer = association.peer(), reason = %error, "a report of storage commitment is not written down");
            Status::RESOURCE_LIMITATION
        }
    };
    association.send_command(context.id, &command.response(status)).await
}

/// Class and instance of each reference, each once; `None` where there are none, or one is not named by two UIDs.
fn references(asked: &Attributes) -> Option<Vec<(String, String)>> {
    let items = &asked.get(&REFERENCED)?.items;
    let uid = |item, tag| identifier::values(item, tag).into_iter().next().filter(|uid| is_uid(uid));
    let named: Option<Vec<_>> =
        items.iter().map(|item| Some((uid(item, CLASS_UID)?, uid(item, INSTANCE_UID)?))).collect();
    let mut heard = BTreeSet::new();
    let each = named?.into_iter().filter(|one| heard.insert(one.clone())).collect::<Vec<_>>();
    (!each.is_empty()).then_some(each)
}

/// Why an instance is not promised to a peer; `None` where it is: it was read to its last byte. Where another object of that peer lies aside under
/// the UID, what would be read is not what it sent.
async fn doubt<A: Archive + Records>(archive: &A, peer: &str, class: &str, instance: &str) -> Option<u16> {
    match archive.has_aside(instance, peer).await {
        Ok(false) => {}
        Ok(true) | Err(_) => return Some(PROCESSING_FAILURE),
    }
    let which = Which { instances: vec![instance.to_owned()], ..Which::default() };
    let found: Result<Vec<Instance>, ArchiveError> = archive.instances(&which).await;
    let Ok(found) = found else { return Some(PROCESSING_FAILURE) };
    let Some(found) = found.first() else { return Some(NO_SUCH_INSTANCE) };
    if found.sop_class_uid != class {
        return Some(ANOTHER_CLASS);
    }
    let read = async {
        let mut parts = archive.data_set(found, &found.transfer_syntax_uid).await?;
        while let Some(part) = parts.next().await {
            part.map_err(|error| ArchiveError::Unreachable(error.to_string()))?;
        }
        Ok::<_, ArchiveError>(())
    };
    if let Err(error) = read.await {
        tracing::error!(reason = %error, "an instance that is to be committed cannot be read");
        return Some(PROCESSING_FAILURE);
    }
    None
}

impl Report {
    /// N-EVENT-REPORT, and its response: what is refused was not heard.
    pub(crate) async fn say(
        &self,
        association: &mut Association,
        context: &Context,
    ) -> Result<Status, AssociationError> {
        let request = Command::request(Operation::EventReport, association.next_message(), COMMITMENT)
            .text_of(element::AFFECTED_SOP_INSTANCE_UID, COMMITMENT_INSTANCE)
            .number_of(element::EVENT_TYPE_ID, self.event)
            .with_data_set();
        association.send_command(context.id, &request).await?;
        association.send_data_set(context.id, identifier::write(context, &self.report)?).await?;
        let status = association.response(&request).await?;
        if status.kind() == Kind::Failure {
            tracing::warn!(peer = association.peer(), %status, "a report of storage commitment is answered with a failure");
        }
        Ok(status)
    }
}
