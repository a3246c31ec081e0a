//! C-FIND (PS3.4 §C.4.1): matches are sent a page at a time, and a peer may cancel between two.

use std::collections::BTreeSet;

use peony_dicom::{Attributes, Tag};

use crate::archive::{Archive, ArchiveError, Question};
use crate::association::{Association, AssociationError, Message};
use crate::configuration::AeTitle;
use crate::identifier::{self, CHARACTER_SET, LEVEL, LEVELS, RETRIEVE_AE_TITLE, attribute};
use crate::provider::{identifier_of, is_cancelled, no_days, note_search, refuse, say_match};
use crate::sop_class::Model;
use crate::status::Status;

/// Matches that are asked for at a time.
const PAGE: usize = 100;

pub(super) async fn find<A: Archive>(
    association: &mut Association,
    archive: &A,
    message: &Message,
    model: Model,
    ours: &AeTitle,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    let Some(mut keys) = identifier_of(association, message).await? else { return Ok(()) };
    let Some(level) = identifier::level(&keys, model) else {
        let comment = "no Query/Retrieve Level of this information model";
        return refuse(association, message, Status::IDENTIFIER_DOES_NOT_MATCH, comment).await;
    };
    if let Some(why) = no_days(&keys) {
        return refuse(association, message, Status::IDENTIFIER_DOES_NOT_MATCH, &why).await;
    }
    for not_a_key in [CHARACTER_SET, LEVEL, RETRIEVE_AE_TITLE] {
        keys.remove(&not_a_key);
    }
    let question = Question { level, keys };
    let what = identifier::word(level).to_lowercase();
    let mut behind = None;
    loop {
        let found = match archive.find(&question, behind.clone(), PAGE).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(peer = association.peer(), reason = %error, "a query is not answered");
                return refuse(association, message, failure_of(&error), "").await;
            }
        };
        if behind.is_none() {
            let peer = association.peer().to_owned();
            note_search(&peer, archive, &what, &question.keys).await;
        }
        let all_keys = found.passed_over.is_empty();
        let status = if all_keys { Status::PENDING } else { Status::PENDING_WITHOUT_SOME_KEYS };
        let count = found.matches.len();
        behind = found.last;
        for found in found.matches {
            if is_cancelled(association, message)? {
                return association.send_command(context.id, &command.response(Status::CANCEL)).await;
            }
            say_match(association, message, status, &said_of(&question, found, ours)).await?;
        }
        if count < PAGE || behind.is_none() {
            return association.send_command(context.id, &command.response(Status::SUCCESS)).await;
        }
    }
}

/// What is said of a match (PS3.4 §C.4.1.1.3.2): every key that was asked for, empty where nothing is known, the keys that say which it is, and where
/// to get it.
fn said_of(question: &Question, mut found: Attributes, ours: &AeTitle) -> Attributes {
    let unique = LEVELS.iter().filter(|(level, ..)| *level <= question.level).map(|(.., tag)| *tag);
    let asked: BTreeSet<Tag> = question.keys.keys().copied().chain(unique).collect();
    let said = asked.into_iter().map(|tag| match found.remove(&tag) {
        Some(known) => (tag, known),
        None => attribute(tag, Vec::new()),
    });
    let mut said: Attributes = said.collect();
    said.extend([
        attribute(LEVEL, vec![identifier::word(question.level).to_owned()]),
        attribute(RETRIEVE_AE_TITLE, vec![ours.to_string()]),
    ]);
    said
}

pub(super) const fn failure_of(error: &ArchiveError) -> Status {
    match error {
        ArchiveError::Unreachable(_) | ArchiveError::Full(_) => Status::OUT_OF_RESOURCES,
        ArchiveError::NotUnderstood(_)
        | ArchiveError::NotAuthorized(_)
        | ArchiveError::NotAsked
        | ArchiveError::Interrupted => Status::UNABLE_TO_PROCESS,
    }
}
