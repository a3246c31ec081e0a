//! The services of other nodes, asked for over an association that this one made.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use peony_dicom::Attributes;
use peony_dicom::pixels::Lossless;
use peony_store::{Which, new_uid};
use tokio::time::timeout;

use crate::archive::{Archive, ArchiveError, DataSet, Instance, Records};
use crate::association::{Association, AssociationError, Message};
use crate::command::{Command, Operation, element};
use crate::configuration::AeTitle;
use crate::identifier::{self, INSTANCE_UID, MOST_BYTES, SERIES_UID, STUDY_UID};
use crate::presentation::Context;
use crate::provider;
use crate::sop_class::{COMMITMENT_INSTANCE, Model, Service};
use crate::status::{self, Status};
use crate::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};

/// Medium (PS3.7 §9.1.1.1.5).
const PRIORITY: u16 = 0;

/// Who moves an object (PS3.7 §9.1.1.1.6): the one who asked for it, and by which message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originator {
    /// The title of the node that asked.
    pub ae_title: String,
    /// The number of its message.
    pub message: u16,
}

/// How far a retrieval has come, or how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrieved {
    /// The status of the whole; pending as long as it goes on.
    pub status: Status,
    /// Instances that are still to come.
    pub remaining: u16,
    /// Instances that arrived.
    pub completed: u16,
    /// Instances that did not.
    pub failed: u16,
    /// Instances that arrived, with a warning.
    pub warning: u16,
    /// SOP Instance UIDs of those that did not, where the other node lists them.
    pub failed_instances: Vec<String>,
}

impl Association {
    /// C-ECHO: whether the other node is there. `None` where it did not agree to be asked.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn echo(&mut self) -> Result<Option<Status>, AssociationError> {
        let Some(context) = self.context_for(Service::Verification) else { return Ok(None) };
        let request = Command::request(Operation::Echo, self.next_message(), &context.class.uid);
        self.send_command(context.id, &request).await?;
        Ok(Some(self.response(&request).await?))
    }

    /// C-STORE: sends an object in its own transfer syntax. `None` where there is no presentation context for that and its class.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn store(
        &mut self,
        instance: &Instance,
        data_set: impl Stream<Item = io::Result<Bytes>> + Send,
        originator: Option<&Originator>,
    ) -> Result<Option<Status>, AssociationError> {
        let context = self
            .contexts_of(instance, false)
            .find(|context| context.transfer_syntax == instance.transfer_syntax_uid);
        let Some(context) = context.cloned() else { return Ok(None) };
        let request = self.begin_store(&context, instance, data_set, originator).await?;
        Ok(Some(self.response(&request).await?))
    }

    /// The presentation contexts that objects of a class may be sent in, to the one who asked for the association or by that one.
    fn contexts_of(&self, instance: &Instance, to_requestor: bool) -> impl Iterator<Item = &Context> {
        self.contexts().iter().filter(move |context| {
            context.class.uid == instance.sop_class_uid && context.requestor_provides == to_requestor
        })
    }

    /// An object in what the peer takes, and in which presentation context: as it is kept where it takes that, else in explicit, else in implicit
    /// little endian, else coded without loss. `None` where it takes none of these, or the object cannot be written so.
    ///
    /// # Errors
    /// [`ArchiveError`], and nothing was sent.
    pub(crate) async fn ready<A: Archive>(
        &mut self,
        archive: &A,
        instance: &Instance,
        to_requestor: bool,
    ) -> Result<Option<(Context, DataSet)>, ArchiveError> {
        let taken = |wanted: &str| {
            self.contexts_of(instance, to_requestor).find(|context| context.transfer_syntax == wanted)
        };
        let dearest = [instance.transfer_syntax_uid.as_str(), EXPLICIT_LITTLE, IMPLICIT_LITTLE];
        let coded = Lossless::ALL.map(Lossless::uid);
        let context = dearest.into_iter().chain(coded).find_map(taken).cloned();
        let Some(context) = context else { return Ok(None) };
        match archive.data_set(instance, context.transfer_syntax).await {
            Ok(data_set) => Ok(Some((context, data_set))),
            Err(ArchiveError::NotUnderstood(why)) => {
                let peer = self.peer();
                tracing::warn!(
                    peer,
                    reason = why,
                    "an object cannot be written in what the peer takes of its class"
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends an object; the response is yet to come.
    pub(crate) async fn begin_store(
        &mut self,
        context: &Context,
        instance: &Instance,
        data_set: impl Stream<Item = io::Result<Bytes>> + Send,
        originator: Option<&Originator>,
    ) -> Result<Command, AssociationError> {
        let mut request = Command::request(Operation::Store, self.next_message(), &context.class.uid)
            .number_of(element::PRIORITY, PRIORITY)
            .text_of(element::AFFECTED_SOP_INSTANCE_UID, &instance.instance_uid)
            .with_data_set();
        if let Some(Originator { ae_title, message }) = originator {
            request = request
                .text_of(element::MOVE_ORIGINATOR_AE_TITLE, ae_title)
                .number_of(element::MOVE_ORIGINATOR_MESSAGE_ID, *message);
        }
        self.send_command(context.id, &request).await?;
        self.stream_data_set(context.id, data_set).await?;
        Ok(request)
    }

    /// C-FIND: hands each match to `each`. `None` where the other node did not agree to be asked by that model.
    ///
    /// `identifier` says the level (0008,0052) and the keys.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn find(
        &mut self,
        model: Model,
        identifier: &Attributes,
        mut each: impl FnMut(Attributes) + Send,
    ) -> Result<Option<Status>, AssociationError> {
        self.matches_of(Service::Find(model), identifier, &mut each).await
    }

    /// C-FIND of the other node's orders: hands each item of its worklist to `each`. `None` where it did not agree to be asked.
    ///
    /// `identifier` has the keys, those of the scheduled procedure step in an item of (0040,0100) (PS3.4 Table K.6-1).
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn worklist(
        &mut self,
        identifier: &Attributes,
        mut each: impl FnMut(Attributes) + Send,
    ) -> Result<Option<Status>, AssociationError> {
        self.matches_of(Service::Worklist, identifier, &mut each).await
    }

    async fn matches_of(
        &mut self,
        service: Service,
        identifier: &Attributes,
        each: &mut (dyn FnMut(Attributes) + Send),
    ) -> Result<Option<Status>, AssociationError> {
        let Some(context) = self.context_for(service) else { return Ok(None) };
        let request = Command::request(Operation::Find, self.next_message(), &context.class.uid)
            .number_of(element::PRIORITY, PRIORITY)
            .with_data_set();
        self.send_command(context.id, &request).await?;
        self.send_data_set(context.id, identifier::write(&context, identifier)?).await?;
        loop {
            let status = self.response(&request).await?;
            if status.kind() != status::Kind::Pending {
                return Ok(Some(status));
            }
            let bytes = self.small_data_set(MOST_BYTES).await?.unwrap_or_default();
            // A match that cannot be read is none; the others count.
            if let Ok(found) = identifier::read(&context, &bytes) {
                each(found);
            }
        }
    }

    /// C-MOVE: has what the identifier says sent to `destination`; `each` hears how far that has come. `None` where the other node did not agree to be
    /// asked by that model.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn move_to(
        &mut self,
        model: Model,
        identifier: &Attributes,
        destination: &AeTitle,
        mut each: impl FnMut(&Retrieved) + Send,
    ) -> Result<Option<Retrieved>, AssociationError> {
        let Some(context) = self.context_for(Service::Move(model)) else { return Ok(None) };
        let request = Command::request(Operation::Move, self.next_message(), &context.class.uid)
            .number_of(element::PRIORITY, PRIORITY)
            .text_of(element::MOVE_DESTINATION, destination.as_str())
            .with_data_set();
        self.send_command(context.id, &request).await?;
        self.send_data_set(context.id, identifier::write(&context, identifier)?).await?;
        loop {
            let message = self.heard().await?;
            if !message.command.answers(&request) {
                return Err(AssociationError::Message("something else came where a response should be"));
            }
            let retrieved = self.retrieved(&message).await?;
            if retrieved.status.kind() != status::Kind::Pending {
                return Ok(Some(retrieved));
            }
            each(&retrieved);
        }
    }

    /// C-GET: takes what the identifier says into `archive`, with whatever rights that has, as far as there are presentation contexts in which this
    /// node provides storage ([`crate::Proposal::provides`]); `each` hears how far that has come. `None` where the other node did not agree to be
    /// asked by that model.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn get<A: Archive>(
        &mut self,
        archive: &A,
        model: Model,
        identifier: &Attributes,
        mut each: impl FnMut(&Retrieved) + Send,
    ) -> Result<Option<Retrieved>, AssociationError> {
        let Some(context) = self.context_for(Service::Get(model)) else { return Ok(None) };
        let only = |tag| match identifier.get(&tag).map(|key| key.values.as_slice()) {
            Some([only]) => Some(only.as_str()),
            _ => None,
        };
        let which = Which {
            study_uid: only(STUDY_UID),
            series_uid: only(SERIES_UID),
            instance_uid: only(INSTANCE_UID),
        };
        let request = Command::request(Operation::Get, self.next_message(), &context.class.uid)
            .number_of(element::PRIORITY, PRIORITY)
            .with_data_set();
        self.send_command(context.id, &request).await?;
        self.send_data_set(context.id, identifier::write(&context, identifier)?).await?;
        loop {
            let message = self.heard().await?;
            if !message.command.answers(&request) {
                provider::take_object(self, archive, &message, which).await?;
                continue;
            }
            let retrieved = self.retrieved(&message).await?;
            if retrieved.status.kind() != status::Kind::Pending {
                return Ok(Some(retrieved));
            }
            each(&retrieved);
        }
    }

    /// N-ACTION: asks the other node to keep instances, which is written down before. Gives the UID of the transaction, by which its report is known
    /// ([`Self::hear_report`]), and the answer. `None` where it did not agree to be asked, or there are no instances.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn commit<R: Records>(
        &mut self,
        records: &R,
        instances: &[Instance],
    ) -> Result<Option<(String, Status)>, AssociationError> {
        let Some(context) = self.context_for(Service::Commitment) else { return Ok(None) };
        if instances.is_empty() {
            return Ok(None);
        }
        let transaction = new_uid();
        let uids: Vec<String> = instances.iter().map(|instance| instance.instance_uid.clone()).collect();
        records.ask_commitment(&transaction, self.peer(), &uids).await?;
        let request = Command::request(Operation::Action, self.next_message(), &context.class.uid)
            .text_of(element::REQUESTED_SOP_INSTANCE_UID, COMMITMENT_INSTANCE)
            .number_of(element::ACTION_TYPE_ID, provider::COMMITMENT_ACTION)
            .with_data_set();
        self.send_command(context.id, &request).await?;
        let asked = provider::commitment_request(&transaction, instances);
        self.send_data_set(context.id, identifier::write(&context, &asked)?).await?;
        Ok(Some((transaction, self.response(&request).await?)))
    }

    /// N-EVENT-REPORT: writes down the report of a commitment, where it comes over this association within `wait`. Gives whether it did. The other
    /// node may bring it over an association of its own as well: [`crate::serve`] takes it then.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn hear_report<R: Records>(
        &mut self,
        records: &R,
        wait: Duration,
    ) -> Result<bool, AssociationError> {
        let Ok(message) = timeout(wait, self.heard()).await else { return Ok(false) };
        let message = message?;
        let is_report = message.command.asks_for() == Some(Operation::EventReport)
            && message.context.class.service == Service::Commitment;
        if !is_report {
            return Err(AssociationError::Message("something else came where a report should be"));
        }
        provider::take_report(self, records, &message).await?;
        Ok(true)
    }

    /// What a response to C-GET or C-MOVE says.
    async fn retrieved(&mut self, message: &Message) -> Result<Retrieved, AssociationError> {
        let command = &message.command;
        let status = command.status().ok_or(AssociationError::Message("a response has no status"))?;
        let bytes = self.small_data_set(MOST_BYTES).await?.unwrap_or_default();
        let failed = identifier::read(&message.context, &bytes).unwrap_or_default();
        let count = |element| command.number(element).unwrap_or_default();
        Ok(Retrieved {
            status,
            remaining: count(element::REMAINING_SUB_OPERATIONS),
            completed: count(element::COMPLETED_SUB_OPERATIONS),
            failed: count(element::FAILED_SUB_OPERATIONS),
            warning: count(element::WARNING_SUB_OPERATIONS),
            failed_instances: identifier::values(&failed, identifier::FAILED_INSTANCES),
        })
    }

    pub(crate) fn context_for(&self, service: Service) -> Option<Context> {
        self.contexts().iter().find(|context| context.class.service == service).cloned()
    }

    pub(crate) async fn response(&mut self, request: &Command) -> Result<Status, AssociationError> {
        let message = self.heard().await?;
        if !message.command.answers(request) {
            return Err(AssociationError::Message("something else came where a response should be"));
        }
        message.command.status().ok_or(AssociationError::Message("a response has no status"))
    }

    async fn heard(&mut self) -> Result<Message, AssociationError> {
        self.next_command().await?.ok_or(AssociationError::Closed)
    }
}
