//! The services of other nodes, asked for over an association that this one made.

use std::io;

use bytes::Bytes;
use futures_util::Stream;
use peony_dicom::Attributes;

use crate::archive::Instance;
use crate::association::{Association, AssociationError};
use crate::command::{Command, Operation, element};
use crate::identifier::{self, MOST_BYTES};
use crate::presentation::Context;
use crate::sop_class::{Model, Service};
use crate::status::{self, Status};

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

impl Association {
    /// C-ECHO: whether the other node is there. `None` where it did not agree to be asked.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn echo(&mut self) -> Result<Option<Status>, AssociationError> {
        let Some(context) = self.context_for(Service::Verification) else { return Ok(None) };
        let request = Command::request(Operation::Echo, self.next_message(), context.class.uid);
        self.send_command(context.id, &request).await?;
        Ok(Some(self.response(&request).await?))
    }

    /// C-STORE: sends an object as it comes. `None` where there is no presentation context for its class and transfer syntax.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn store(
        &mut self,
        instance: &Instance,
        data_set: impl Stream<Item = io::Result<Bytes>> + Send,
        originator: Option<&Originator>,
    ) -> Result<Option<Status>, AssociationError> {
        let Some(context) = self.context_of(instance).cloned() else { return Ok(None) };
        let request = self.begin_store(&context, instance, data_set, originator).await?;
        Ok(Some(self.response(&request).await?))
    }

    /// The presentation context that an object may be sent in as it is.
    pub(crate) fn context_of(&self, instance: &Instance) -> Option<&Context> {
        self.contexts().iter().find(|context| {
            context.class.uid == instance.sop_class_uid
                && context.transfer_syntax == instance.transfer_syntax_uid
        })
    }

    /// Sends an object; the response is yet to come.
    pub(crate) async fn begin_store(
        &mut self,
        context: &Context,
        instance: &Instance,
        data_set: impl Stream<Item = io::Result<Bytes>> + Send,
        originator: Option<&Originator>,
    ) -> Result<Command, AssociationError> {
        let mut request = Command::request(Operation::Store, self.next_message(), context.class.uid)
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
        let Some(context) = self.context_for(Service::Find(model)) else { return Ok(None) };
        let request = Command::request(Operation::Find, self.next_message(), context.class.uid)
            .number_of(element::PRIORITY, PRIORITY)
            .with_data_set();
        self.send_command(context.id, &request).await?;
        self.send_data_set(context.id, identifier::write(&context, identifier)).await?;
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

    fn context_for(&self, service: Service) -> Option<Context> {
        self.contexts().iter().find(|context| context.class.service == service).cloned()
    }

    async fn response(&mut self, request: &Command) -> Result<Status, AssociationError> {
        let Some(message) = self.next_command().await? else { return Err(AssociationError::Closed) };
        if !message.command.answers(request) {
            return Err(AssociationError::Message("something else came where a response should be"));
        }
        message.command.status().ok_or(AssociationError::Message("a response has no status"))
    }
}
