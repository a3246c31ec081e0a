//! Questions to other nodes, and retrievals from them, as people ask for them: what is proposed for each, which information model is taken, and how
//! much of an answer is heard. [`crate::user`] has the messages, [`crate::fetching`] the queue.

use std::collections::BTreeSet;
use std::time::Duration;

use dicom_ul::pdu::AssociationRJResult;
use peony_dicom::{Attribute, Attributes, Level, Tag};
use peony_store::SendFault;
use tokio::time::{Instant, timeout, timeout_at};

use crate::association::{Association, AssociationError};
use crate::command::{Command, Operation, element};
use crate::configuration::{Configuration, Peer};
use crate::identifier::{
    self, CHARACTER_SET, INSTANCE_UID, LEVEL, MOST_BYTES, SERIES_UID, STUDY_UID, attribute,
};
use crate::presentation;
use crate::requestor::{self, Proposal};
use crate::sop_class::{self, Model, Service, SopClass};
use crate::status::{Kind, Status};
use crate::transfer_syntax::{self, EXPLICIT_LITTLE, IMPLICIT_LITTLE};

/// SOP Class UID.
const CLASS_UID: Tag = Tag(0x0008, 0x0016);
/// The character set that answers are asked for in.
const UNICODE: &str = "ISO_IR 192";
/// For so long a node may go on answering that was told to stop.
const AFTER_CANCEL: Duration = Duration::from_secs(5);
/// Series of a study, and instances of it, that are asked for; of a larger one it is not known before what it has.
const MOST_SERIES: usize = 500;
const MOST_INSTANCES: usize = 20_000;

/// What objects are asked for in where it is not known what there is: of breast imaging first, and in the transfer syntaxes that these come in.
const LIKELY: [&str; 20] = [
    "1.2.840.10008.5.1.4.1.1.6.1",    // ultrasound
    "1.2.840.10008.5.1.4.1.1.3.1",    // ultrasound, multi-frame
    "1.2.840.10008.5.1.4.1.1.1.2",    // mammography
    "1.2.840.10008.5.1.4.1.1.1.2.1",  // mammography, for processing
    "1.2.840.10008.5.1.4.1.1.13.1.3", // tomosynthesis
    "1.2.840.10008.5.1.4.1.1.4",      // MR
    "1.2.840.10008.5.1.4.1.1.4.1",    // MR, enhanced
    "1.2.840.10008.5.1.4.1.1.7",      // secondary capture
    "1.2.840.10008.5.1.4.1.1.7.4",    // secondary capture, true colour, multi-frame
    "1.2.840.10008.5.1.4.1.1.11.1",   // presentation state
    "1.2.840.10008.5.1.4.1.1.88.11",  // structured reports
    "1.2.840.10008.5.1.4.1.1.88.22",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.50", // computer aided detection
    "1.2.840.10008.5.1.4.1.1.88.59", // key objects
    "1.2.840.10008.5.1.4.1.1.66.4",  // segmentation
    "1.2.840.10008.5.1.4.1.1.104.1", // PDF
    "1.2.840.10008.5.1.4.1.1.2",     // CT
    "1.2.840.10008.5.1.4.1.1.1",     // CR
    "1.2.840.10008.5.1.4.1.1.1.1",   // digital X-ray
];

/// Transfer syntaxes in the order in which they are proposed for objects; the others of the table come after them, as far as there are contexts left.
const LIKED: [&str; 8] = [
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.5",
];

/// How a question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The status at the end; success where the node was told to stop, since there was more than was wanted.
    pub status: Status,
    /// There is more than was wanted.
    pub more: bool,
    /// Answers that could not be read.
    pub unread: usize,
    /// The node was told to stop and does not: the association is of no use any more.
    pub goes_on: bool,
}

/// What a search found.
#[derive(Clone, Default)]
pub struct Found {
    /// Each match once.
    pub matches: Vec<Attributes>,
    /// There are more than were wanted.
    pub more: bool,
    /// Answers that could not be read.
    pub unread: usize,
}

/// An instance that another node has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// SOP Instance UID.
    pub instance_uid: String,
    /// Its class, where the node says it and it is one of objects.
    pub class: Option<SopClass>,
}

impl Association {
    /// C-FIND that hears `most` answers: each match goes to `each`, and where there are more, the other node is told to stop (C-CANCEL). `None` where
    /// it did not agree to be asked by that model.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn find_most(
        &mut self,
        model: Model,
        identifier: &Attributes,
        most: usize,
        mut each: impl FnMut(Attributes) + Send,
    ) -> Result<Option<Answered>, AssociationError> {
        let Some(context) = self.context_for(Service::Find(model)) else { return Ok(None) };
        let mut identifier = identifier.clone();
        // Without it some nodes answer in letters of theirs, and leave out those that these lack.
        identifier
            .entry(CHARACTER_SET)
            .or_insert_with(|| attribute(CHARACTER_SET, vec![UNICODE.to_owned()]).1);
        let message = self.next_message();
        let request = Command::request(Operation::Find, message, &context.class.uid)
            .number_of(element::PRIORITY, 0)
            .with_data_set();
        self.send_command(context.id, &request).await?;
        self.send_data_set(context.id, identifier::write(&context, &identifier)?).await?;
        let mut answered = Answered { status: Status::SUCCESS, more: false, unread: 0, goes_on: false };
        for heard in 0.. {
            let status = self.response(&request).await?;
            if status.kind() != Kind::Pending {
                answered.status = status;
                break;
            }
            if heard == most {
                answered.more = true;
                let cancel = Command::request(Operation::Cancel, message, &context.class.uid);
                self.send_command(context.id, &cancel).await?;
                answered.goes_on = !self.has_stopped(&request).await?;
                break;
            }
            let bytes = self.small_data_set(MOST_BYTES).await?.unwrap_or_default();
            match identifier::read(&context, &bytes) {
                Ok(found) if !found.is_empty() => each(found),
                _ => answered.unread += 1,
            }
        }
        Ok(Some(answered))
    }

    /// Whether a node that was told to stop does so within a while.
    async fn has_stopped(&mut self, request: &Command) -> Result<bool, AssociationError> {
        let stopped = async {
            while self.response(request).await?.kind() == Kind::Pending {}
            Ok(())
        };
        timeout(AFTER_CANCEL, stopped).await.map_or(Ok(false), |stopped| stopped.map(|()| true))
    }

    /// The information model by which the other node agreed to be asked at a level, the one that is liked best; `None` where it did by none.
    pub fn model(&self, level: Level, service: impl Fn(Model) -> Service) -> Option<Model> {
        let models: &[Model] = match level {
            Level::Patient => &[Model::PatientRoot],
            _ => &[Model::StudyRoot, Model::PatientRoot],
        };
        models.iter().copied().find(|model| self.context_for(service(*model)).is_some())
    }

    /// Ends the association after work that went well or did not: in agreement, where that is still possible.
    pub async fn leave(self, in_order: bool) {
        let peer = self.peer().to_owned();
        if !in_order {
            return self.close(&Err(AssociationError::Stopping)).await;
        }
        if let Err(error) = self.release().await {
            tracing::debug!(peer, reason = %error, "a node did not agree to the end");
        }
    }
}

/// An identifier: the level and the keys, of which an empty one matches all and is asked for.
#[must_use]
pub fn identifier_of(level: Level, keys: impl IntoIterator<Item = (Tag, String)>) -> Attributes {
    let level = (LEVEL, identifier::word(level).to_owned());
    let keys = std::iter::once(level).chain(keys);
    keys.map(|(tag, value)| (tag, Attribute::of(tag, Some(value).filter(|value| !value.is_empty()))))
        .collect()
}

fn services(is_wanted: impl Fn(Service) -> bool) -> Vec<Proposal> {
    let wanted = sop_class::TABLE.iter().filter(|class| is_wanted(class.service) && !class.retired);
    let transfer_syntaxes = || vec![EXPLICIT_LITTLE, IMPLICIT_LITTLE];
    let proposal = |class: &SopClass| Proposal {
        class: class.clone(),
        transfer_syntaxes: transfer_syntaxes(),
        provides: false,
    };
    wanted.map(proposal).collect()
}

/// What is proposed to a node that shall be searched.
#[must_use]
pub fn to_find() -> Vec<Proposal> {
    services(|service| matches!(service, Service::Find(_)))
}

/// What is proposed to a node that shall send something to another one.
#[must_use]
pub fn to_move() -> Vec<Proposal> {
    services(|service| matches!(service, Service::Find(_) | Service::Move(_)))
}

/// What is proposed to a node that shall hand objects over: a context for each class and transfer syntax, so that each can come as it is kept. Where
/// `known` names no class, they are the likely ones.
#[must_use]
pub fn to_get(known: &[Listed]) -> Vec<Proposal> {
    let mut classes: Vec<SopClass> = Vec::new();
    let mut put = |class: SopClass| {
        if !classes.contains(&class) {
            classes.push(class);
        }
    };
    known.iter().filter_map(|listed| listed.class.clone()).for_each(&mut put);
    if known.is_empty() || known.iter().any(|listed| listed.class.is_none()) {
        LIKELY.iter().filter_map(|uid| sop_class::of(uid)).for_each(put);
    }
    let mut others: Vec<_> =
        transfer_syntax::TABLE.iter().filter(|syntax| !LIKED.contains(&syntax.uid)).collect();
    // There is room for some thirty of each of four classes, so what hardly anybody has comes last.
    others.sort_by_key(|syntax| (syntax.retired, syntax.name.starts_with("Fragmentable")));
    let liked = LIKED.iter().filter_map(|uid| transfer_syntax::of(uid));
    let objects = liked.chain(others).flat_map(|syntax| {
        let holds = |class: &&SopClass| !syntax.is_video() || class.may_move();
        classes.iter().filter(holds).map(|class| Proposal {
            class: class.clone(),
            transfer_syntaxes: vec![syntax.uid],
            provides: true,
        })
    });
    let gets = services(|service| matches!(service, Service::Get(_)));
    gets.into_iter().chain(objects).take(presentation::MOST).collect()
}

/// The instances of a study, or of a series of it, as the other node lists them; `None` where it does not, or not all of them.
///
/// # Errors
/// [`AssociationError`]; hand it to [`Association::close`].
pub async fn list(
    association: &mut Association,
    study_uid: &str,
    series_uid: Option<&str>,
) -> Result<Option<Vec<Listed>>, AssociationError> {
    let Some(model) = association.model(Level::Series, Service::Find) else { return Ok(None) };
    let mut all_series = BTreeSet::new();
    if let Some(series_uid) = series_uid {
        all_series.insert(series_uid.to_owned());
    } else {
        let keys = [(STUDY_UID, study_uid), (SERIES_UID, "")];
        let question = identifier_of(Level::Series, keys.map(|(tag, value)| (tag, value.to_owned())));
        let answered = association.find_most(model, &question, MOST_SERIES, |found| {
            all_series.extend(identifier::values(&found, SERIES_UID));
        });
        if !is_whole(answered.await?) {
            return Ok(None);
        }
    }
    let mut listed = Vec::new();
    for series_uid in all_series {
        let keys = [(STUDY_UID, study_uid), (SERIES_UID, &series_uid), (INSTANCE_UID, ""), (CLASS_UID, "")];
        let question = identifier_of(Level::Instance, keys.map(|(tag, value)| (tag, value.to_owned())));
        let left = MOST_INSTANCES - listed.len();
        let answered = association.find_most(model, &question, left, |found| {
            let class = identifier::values(&found, CLASS_UID);
            let class = class.first().and_then(|uid| sop_class::of(uid));
            let uids = identifier::values(&found, INSTANCE_UID);
            listed.extend(uids.into_iter().map(|instance_uid| Listed { instance_uid, class: class.clone() }));
        });
        if !is_whole(answered.await?) {
            return Ok(None);
        }
    }
    Ok(Some(listed))
}

fn is_whole(answered: Option<Answered>) -> bool {
    let whole = |answered: Answered| {
        answered.status.kind() == Kind::Success && !answered.more && answered.unread == 0
    };
    answered.is_some_and(whole)
}

/// Asks a node of the configuration for studies: those that fit any of the questions, each once, `most` of them at most. What a slow node has said by
/// `until` counts, and that there is more.
///
/// # Errors
/// Why there is no answer.
pub async fn search(
    configuration: &Configuration,
    from: &str,
    questions: &[Attributes],
    most: usize,
    until: Instant,
) -> Result<Found, SendFault> {
    let (peer, address) = known(configuration, from)?;
    let asked = timeout_at(until, requestor::connect_to(peer, address, configuration, &to_find())).await;
    let asked = asked.map_err(|_| SendFault::Late)?;
    let mut association = asked.map_err(|error| fault_of_connection(peer, &error))?;
    let Some(model) = association.model(Level::Study, Service::Find) else {
        association.leave(true).await;
        return Err(SendFault::NotOffered);
    };
    let (mut found, mut seen) = (Found::default(), BTreeSet::new());
    for question in questions {
        let mut heard = Vec::new();
        let asked = association.find_most(model, question, most, |one| heard.push(one));
        let answered = match timeout_at(until, asked).await {
            Ok(Ok(Some(answered))) => answered,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(broken(association, error).await),
            Err(_) if found.matches.is_empty() && heard.is_empty() => {
                association.leave(false).await;
                return Err(SendFault::Late);
            }
            // It did not come to its end.
            Err(_) => Answered { status: Status::SUCCESS, more: true, unread: 0, goes_on: true },
        };
        if answered.status.kind() == Kind::Failure {
            association.leave(true).await;
            return Err(SendFault::Failed { status: answered.status.code() });
        }
        found.more |= answered.more;
        found.unread += answered.unread;
        let new = heard.into_iter().filter(|one| {
            identifier::values(one, STUDY_UID).first().is_some_and(|uid| seen.insert(uid.clone()))
        });
        found.matches.extend(new);
        if answered.goes_on {
            association.leave(false).await;
            return Ok(cut(found, most));
        }
    }
    association.leave(true).await;
    Ok(cut(found, most))
}

fn cut(mut found: Found, most: usize) -> Found {
    found.more |= found.matches.len() > most;
    found.matches.truncate(most);
    found
}

/// The node of that title, and where it is.
pub(crate) fn known<'a>(
    configuration: &'a Configuration,
    title: &str,
) -> Result<(&'a Peer, &'a str), SendFault> {
    let peer = configuration.peer(title).ok_or(SendFault::UnknownNode)?;
    let address = peer.address.as_deref().ok_or(SendFault::UnknownNode)?;
    Ok((peer, address))
}

/// Why there is no association with a node.
pub(crate) fn fault_of_connection(peer: &Peer, error: &AssociationError) -> SendFault {
    if let AssociationError::Rejected(why) = error {
        tracing::warn!(peer = %peer.ae_title, reason = ?why.source, "a node rejects the association");
        return SendFault::Rejected { for_now: matches!(why.result, AssociationRJResult::Transient) };
    }
    tracing::warn!(peer = %peer.ae_title, reason = %error, "a node cannot be reached");
    SendFault::Unreachable
}

/// Why an association ended before everything was done.
pub(crate) async fn broken(association: Association, error: AssociationError) -> SendFault {
    let is_ours = matches!(error, AssociationError::Source(_) | AssociationError::Records(_));
    let peer = association.peer().to_owned();
    let error = association.fail(error).await;
    tracing::warn!(peer, reason = %error, "an association ended before its time");
    if is_ours { SendFault::Unreadable } else { SendFault::BrokenOff }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_four_classes_all_can_come_that_anybody_has_and_video_where_there_is_any() {
        const VIDEO: &str = "1.2.840.10008.1.2.4.102";
        let multi_frame = "1.2.840.10008.5.1.4.1.1.3.1";
        let classes = [
            "1.2.840.10008.5.1.4.1.1.6.1",
            multi_frame,
            "1.2.840.10008.5.1.4.1.1.66.4",
            "1.2.840.10008.5.1.4.1.1.88.33",
        ];
        let listed: Vec<Listed> = classes
            .iter()
            .map(|uid| Listed { instance_uid: String::new(), class: sop_class::of(uid) })
            .collect();
        let proposals = to_get(&listed);
        assert!(proposals.len() <= presentation::MOST);
        let proposed = |class: &str, syntax: &str| {
            proposals.iter().any(|one| one.class.uid == class && one.transfer_syntaxes == [syntax])
        };
        assert!(proposed(multi_frame, VIDEO) && !proposed(classes[3], VIDEO));
        let usual = transfer_syntax::TABLE.iter().filter(|syntax| !syntax.retired && !syntax.is_video());
        for (class, syntax) in classes.iter().flat_map(|class| usual.clone().map(move |one| (class, one))) {
            assert!(proposed(class, syntax.uid), "{class} in {}", syntax.name);
        }
    }
}
