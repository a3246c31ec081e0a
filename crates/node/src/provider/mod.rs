//! What this node does for others: one message after the other, each by the table of operations and classes.

mod commitment;
mod performed;
mod query;
mod retrieve;
mod storage;
mod worklist;

pub(crate) use commitment::{
    REQUEST as COMMITMENT_ACTION, Report, report_of, request as commitment_request, take_report,
};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use peony_dicom::{Attributes, Tag, VR, is_days, keyword_of};
use peony_store::Which;
use tokio::sync::watch;
use tracing::Instrument as _;

use crate::acceptor::Current;
use crate::archive::{Archive, ArchiveError, Records};
use crate::association::{Association, AssociationError, Message};
use crate::command::{Command, Operation, element};
use crate::identifier;
use crate::sop_class::Service;
use crate::status::Status;

/// For so long a peer that sends one object after the other is taken to be of the site that it was.
const LOOKED_UP_FOR: Duration = Duration::from_secs(1);

/// Serves an association until it is released.
pub(crate) async fn provide<A: Archive + Records>(
    association: &mut Association,
    archive: &A,
    configuration: &Current,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), AssociationError> {
    let mut brought = Brought::to(archive);
    loop {
        let message = tokio::select! {
            message = association.next_command() => message?,
            _ = stopped.wait_for(|stopped| *stopped) => return Err(AssociationError::Stopping),
        };
        let Some(message) = message else { return Ok(()) };
        let began = Instant::now();
        let service = message.context.class.service.name();
        let span = tracing::info_span!("operation", service);
        let answered =
            answer(association, archive, &mut brought, configuration, &message).instrument(span).await;
        metrics::histogram!("peony_dicom_operation_seconds", "service" => service).record(began.elapsed());
        answered?;
    }
}

async fn answer<A: Archive + Records>(
    association: &mut Association,
    archive: &A,
    brought: &mut Brought<A>,
    configuration: &Current,
    message: &Message,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    if command.is_response() {
        return Err(AssociationError::Message("a response came to nothing that was asked"));
    }
    let asks_for = command.asks_for();
    // What it would cancel was done already.
    if asks_for == Some(Operation::Cancel) {
        return Ok(());
    }
    if command.class() != Some(&*context.class.uid) {
        return refuse(association, message, Status::CLASS_NOT_SUPPORTED, "").await;
    }
    match (asks_for, context.class.service) {
        (Some(Operation::Echo), Service::Verification) => {
            return association.send_command(context.id, &command.response(Status::SUCCESS)).await;
        }
        (Some(Operation::Store), Service::Storage) => {
            return match brought.by(association.peer()).await {
                Ok(archive) => storage::store(association, archive, message, Which::default()).await,
                Err(error) => {
                    let (status, comment) = storage::failure_of(&error);
                    refuse(association, message, status, comment).await
                }
            };
        }
        (Some(Operation::EventReport), Service::Commitment) => {
            return take_report(association, archive, message).await;
        }
        (Some(Operation::Action), Service::Commitment) => {
            let configuration = configuration.borrow().clone();
            return commitment::commit(association, archive, message, &configuration).await;
        }
        _ => {}
    }
    // What is asked for is what the peer may see now: sites are changed while the node runs.
    let archive = &match archive.seen_by(association.peer()).await {
        Ok(archive) => archive,
        Err(error) => {
            tracing::warn!(peer = association.peer(), reason = %error, "what a peer may see is not known");
            return refuse(association, message, query::failure_of(&error), "").await;
        }
    };
    match (asks_for, context.class.service) {
        (Some(Operation::Find), Service::Find(model)) => {
            let ours = configuration.borrow().ae_title.clone();
            query::find(association, archive, message, model, &ours).await
        }
        (Some(Operation::Get), Service::Get(model)) => {
            retrieve::get(association, archive, message, model).await
        }
        (Some(Operation::Move), Service::Move(model)) => {
            let configuration = configuration.borrow().clone();
            retrieve::move_to(association, archive, message, model, &configuration).await
        }
        (Some(Operation::Find), Service::Worklist) => worklist::find(association, archive, message).await,
        (Some(Operation::Create), Service::PerformedStep) => {
            performed::create(association, archive, message).await
        }
        (Some(Operation::Set), Service::PerformedStep) => performed::set(association, archive, message).await,
        _ => refuse(association, message, Status::UNRECOGNIZED_OPERATION, "").await,
    }
}

/// What a peer brings things to: as it may now, looked up again after a while, since sites are changed while the node runs.
struct Brought<A> {
    archive: A,
    by: Option<(Instant, A)>,
}

impl<A: Archive> Brought<A> {
    fn to(archive: &A) -> Self {
        Self { archive: archive.clone(), by: None }
    }

    async fn by(&mut self, title: &str) -> Result<&A, ArchiveError> {
        let known = self.by.take().filter(|(since, _)| since.elapsed() < LOOKED_UP_FOR);
        let known = match known {
            Some(known) => known,
            None => (Instant::now(), self.archive.brought_by(title).await?),
        };
        Ok(&self.by.insert(known).1)
    }
}

/// Takes an object that comes as a sub-operation of this node's own C-GET, with the rights of `archive`; nothing else may come, and
/// nothing of another study or series than was asked for: the rights are those of who asked.
pub(crate) async fn take_object<A: Archive>(
    association: &mut Association,
    archive: &A,
    message: &Message,
    which: Which<'_>,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    let is_object = command.asks_for() == Some(Operation::Store) && context.class.service == Service::Storage;
    if !is_object {
        return Err(AssociationError::Message("something else came where an object should be"));
    }
    if command.class() != Some(&*context.class.uid) {
        return refuse(association, message, Status::CLASS_NOT_SUPPORTED, "").await;
    }
    storage::store(association, archive, message, which).await
}

/// Answers with a failure. The comment has 64 letters at most, and nothing of a patient.
async fn refuse(
    association: &mut Association,
    message: &Message,
    status: Status,
    comment: &str,
) -> Result<(), AssociationError> {
    // The response comes after the whole request.
    while association.next_data().await?.is_some() {}
    let reason = Some(comment).filter(|comment| !comment.is_empty());
    tracing::warn!(peer = association.peer(), %status, reason, "a request is refused");
    association
        .send_command(message.context.id, &with_comment(message.command.response(status), comment))
        .await
}

/// What is wrong with a question that asks for days by what is none, wherever in it: nothing would be found by that, and nobody would know why.
fn no_days(keys: &Attributes) -> Option<String> {
    keys.iter().find_map(|(tag, key)| {
        if key.vr == VR::DA && !key.values.iter().all(|value| is_days(value)) {
            return Some(format!("{} is no date (YYYYMMDD or a range)", keyword_of(*tag).unwrap_or("a key")));
        }
        key.items.iter().find_map(no_days)
    })
}

/// The longest text of an Error Comment (LO, PS3.5 §6.2).
const MOST_COMMENT_BYTES: usize = 64;

/// As much of a reason, which is in ASCII, as an Error Comment holds: whole words.
fn shortened(why: &str) -> &str {
    if why.len() <= MOST_COMMENT_BYTES {
        return why;
    }
    let cut = why.char_indices().take_while(|(at, _)| *at <= MOST_COMMENT_BYTES);
    cut.filter(|(_, letter)| *letter == ' ')
        .last()
        .map_or("", |(at, _)| &why[..at])
        .trim_end_matches([':', ','])
}

fn with_comment(response: Command, comment: &str) -> Command {
    if comment.is_empty() { response } else { response.text_of(element::ERROR_COMMENT, comment) }
}

/// The identifier of a request; `None` where it could not be read, and the peer was told.
async fn identifier_of(
    association: &mut Association,
    message: &Message,
) -> Result<Option<Attributes>, AssociationError> {
    if !message.command.has_data_set() {
        refuse(association, message, Status::MISTYPED_ARGUMENT, "the identifier is missing").await?;
        return Ok(None);
    }
    let bytes = association.small_data_set(identifier::MOST_BYTES).await?;
    let read = bytes.and_then(|bytes| identifier::read(&message.context, &bytes).ok());
    if read.is_none() {
        refuse(association, message, Status::CANNOT_UNDERSTAND, "the identifier cannot be read").await?;
    }
    Ok(read)
}

/// Writes down that the peer searches, and by which keys.
async fn note_search<A: Archive>(peer: &str, archive: &A, what: &str, keys: &Attributes) {
    let mut tags = Vec::new();
    tags_with_values(keys, &mut tags);
    if let Err(error) = archive.note(peer, "search", &peony_store::search_line(what, tags)).await {
        // Whoever searches may need it now.
        tracing::warn!(peer, reason = %error, "a search is not in the audit");
    }
}

fn tags_with_values(keys: &Attributes, tags: &mut Vec<Tag>) {
    for (tag, key) in keys {
        tags.extend(key.values.iter().any(|value| !value.is_empty()).then_some(*tag));
        key.items.iter().for_each(|item| tags_with_values(item, tags));
    }
}

/// One match of a C-FIND.
async fn say_match(
    association: &mut Association,
    message: &Message,
    status: Status,
    said: &Attributes,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    let said = identifier::write(context, said)?;
    association.send_command(context.id, &command.response(status).with_data_set()).await?;
    association.send_data_set(context.id, said).await
}

/// Whether the peer has cancelled this request by now.
fn is_cancelled(association: &mut Association, message: &Message) -> Result<bool, AssociationError> {
    match association.next_command().now_or_never() {
        None => Ok(false),
        Some(heard) => heard?.map_or(Err(AssociationError::Closed), |heard| cancels(&heard, message)),
    }
}

/// Whether a message that came meanwhile cancels this request; there is nothing else that it may do.
fn cancels(heard: &Message, message: &Message) -> Result<bool, AssociationError> {
    if heard.command.asks_for() != Some(Operation::Cancel) {
        return Err(AssociationError::Message("another request came before the last one was answered"));
    }
    Ok(heard.command.message() == message.command.message())
}
