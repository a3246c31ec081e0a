//! Modality performed procedure steps (PS3.4 Annex F): N-CREATE begins one, N-SET says more of it until its last word.

use peony_dicom::{Attributes, Tag, keyword_of};
use peony_store::{StepAnswer, new_uid};

use crate::archive::{ArchiveError, Records};
use crate::association::{Association, AssociationError, Message};
use crate::command::element;
use crate::identifier;
use crate::provider::{identifier_of, refuse, with_comment};
use crate::status::Status;

/// The step may no longer be updated (PS3.4 §F.7.2.2.2).
const NO_LONGER: u16 = 0xA710;
const SCHEDULED: Tag = Tag(0x0040, 0x0270);
const STUDY_UID: Tag = Tag(0x0020, 0x000D);

/// N-CREATE.
pub(super) async fn create<R: Records>(
    association: &mut Association,
    records: &R,
    message: &Message,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    let uid = match command.text(element::AFFECTED_SOP_INSTANCE_UID) {
        // Who is asked gives one then (PS3.7 §10.1.5.1.3).
        None => new_uid(),
        Some(_) => match command.uid(element::AFFECTED_SOP_INSTANCE_UID) {
            Some(uid) => uid.to_owned(),
            None => return refuse(association, message, Status::INVALID_INSTANCE, "").await,
        },
    };
    let Some(step) = identifier_of(association, message).await? else { return Ok(()) };
    if !says_the_study(&step) {
        let comment = "Scheduled Step Attributes lack the study";
        let response = with_comment(command.response(Status::MISSING_ATTRIBUTE), comment);
        return association.send_command(context.id, &response).await;
    }
    let answered = records.begin_step(&uid, association.peer(), &step).await;
    answer(association, message, &uid, answered).await
}

/// N-SET.
pub(super) async fn set<R: Records>(
    association: &mut Association,
    records: &R,
    message: &Message,
) -> Result<(), AssociationError> {
    let Some(uid) = message.command.uid(element::REQUESTED_SOP_INSTANCE_UID) else {
        return refuse(association, message, Status::INVALID_INSTANCE, "").await;
    };
    let Some(changes) = identifier_of(association, message).await? else { return Ok(()) };
    let answered = records.change_step(uid, association.peer(), &changes).await;
    answer(association, message, uid, answered).await
}

async fn answer(
    association: &mut Association,
    message: &Message,
    uid: &str,
    answered: Result<StepAnswer, ArchiveError>,
) -> Result<(), AssociationError> {
    let (status, comment) = match answered {
        Ok(StepAnswer::Taken(_)) => (Status::SUCCESS, ""),
        Ok(StepAnswer::Exists) => (Status::DUPLICATE_INSTANCE, ""),
        Ok(StepAnswer::OtherSite) => (Status::NOT_AUTHORIZED, "the UID is another site's"),
        Ok(StepAnswer::Unknown) => (Status::NO_SUCH_INSTANCE, ""),
        Ok(StepAnswer::Final) => (Status::PROCESSING_FAILURE, "the step may no longer be updated"),
        Ok(StepAnswer::Lacks(tag)) => (Status::MISSING_ATTRIBUTE_VALUE, keyword_of(tag).unwrap_or_default()),
        Ok(StepAnswer::Another(tag)) => {
            (Status::INVALID_ATTRIBUTE_VALUE, keyword_of(tag).unwrap_or_default())
        }
        Ok(StepAnswer::BadState) => (Status::INVALID_ATTRIBUTE_VALUE, "Performed Procedure Step Status"),
        Err(error) => {
            tracing::warn!(peer = association.peer(), reason = %error, "a performed step is not written down");
            (Status::RESOURCE_LIMITATION, "")
        }
    };
    let mut response = message.command.response(status).text_of(element::AFFECTED_SOP_INSTANCE_UID, uid);
    if status == Status::PROCESSING_FAILURE {
        response = response.number_of(element::ERROR_ID, NO_LONGER);
    }
    association.send_command(message.context.id, &with_comment(response, comment)).await
}

/// Of what a step must say when it begins (PS3.4 Table F.7.2-1) this is what is worked with, beside its state.
fn says_the_study(step: &Attributes) -> bool {
    let items = step.get(&SCHEDULED).map(|scheduled| scheduled.items.as_slice()).unwrap_or_default();
    !items.is_empty() && items.iter().all(|item| !identifier::values(item, STUDY_UID).is_empty())
}
