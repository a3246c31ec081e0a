//! Command sets (PS3.7 §6.3, Annex E): the elements of group 0000, always implicit little endian, never nested.

use std::collections::BTreeMap;

pub use peony_dicom::is_uid;

use crate::status::Status;

/// The longest command set that is taken; real ones have some 200 bytes, with lists of attributes a few thousand.
pub const MOST_BYTES: usize = 16 << 10;

/// No data set follows (PS3.7 §E.1). Anything else says that one does.
const NO_DATA_SET: u16 = 0x0101;

/// The elements that are used, by their numbers in group 0000.
#[allow(missing_docs, reason = "named as in PS3.7 Annex E")]
pub mod element {
    pub const AFFECTED_SOP_CLASS_UID: u16 = 0x0002;
    pub const REQUESTED_SOP_CLASS_UID: u16 = 0x0003;
    pub const COMMAND_FIELD: u16 = 0x0100;
    pub const MESSAGE_ID: u16 = 0x0110;
    pub const MESSAGE_ID_BEING_RESPONDED_TO: u16 = 0x0120;
    pub const MOVE_DESTINATION: u16 = 0x0600;
    pub const PRIORITY: u16 = 0x0700;
    pub const COMMAND_DATA_SET_TYPE: u16 = 0x0800;
    pub const STATUS: u16 = 0x0900;
    pub const ERROR_COMMENT: u16 = 0x0902;
    pub const ERROR_ID: u16 = 0x0903;
    pub const AFFECTED_SOP_INSTANCE_UID: u16 = 0x1000;
    pub const REQUESTED_SOP_INSTANCE_UID: u16 = 0x1001;
    pub const EVENT_TYPE_ID: u16 = 0x1002;
    pub const ACTION_TYPE_ID: u16 = 0x1008;
    pub const REMAINING_SUB_OPERATIONS: u16 = 0x1020;
    pub const COMPLETED_SUB_OPERATIONS: u16 = 0x1021;
    pub const FAILED_SUB_OPERATIONS: u16 = 0x1022;
    pub const WARNING_SUB_OPERATIONS: u16 = 0x1023;
    pub const MOVE_ORIGINATOR_AE_TITLE: u16 = 0x1030;
    pub const MOVE_ORIGINATOR_MESSAGE_ID: u16 = 0x1031;
}

/// The operations (PS3.7 §E.1, Command Field). A response has the highest bit of its request set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// C-STORE.
    Store = 0x0001,
    /// C-GET.
    Get = 0x0010,
    /// C-FIND.
    Find = 0x0020,
    /// C-MOVE.
    Move = 0x0021,
    /// C-ECHO.
    Echo = 0x0030,
    /// N-EVENT-REPORT.
    EventReport = 0x0100,
    /// N-SET.
    Set = 0x0120,
    /// N-ACTION.
    Action = 0x0130,
    /// N-CREATE.
    Create = 0x0140,
    /// C-CANCEL, which has no response.
    Cancel = 0x0FFF,
}

impl Operation {
    const ALL: [Self; 10] = [
        Self::Store,
        Self::Get,
        Self::Find,
        Self::Move,
        Self::Echo,
        Self::EventReport,
        Self::Set,
        Self::Action,
        Self::Create,
        Self::Cancel,
    ];
}

const RESPONSE: u16 = 0x8000;

/// What is wrong with a command set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandFault {
    /// An element reaches past its end, or comes twice.
    #[error("the command set is damaged")]
    Malformed,
    /// It is longer than any.
    #[error("the command set is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// It does not say what it asks for, or whether a data set follows.
    #[error("the command set lacks element (0000,{0:04X})")]
    Missing(u16),
}

/// A command set.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Command {
    elements: BTreeMap<u16, Vec<u8>>,
}

impl Command {
    /// Reads one.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub fn read(bytes: &[u8]) -> Result<Self, CommandFault> {
        if bytes.len() > MOST_BYTES {
            return Err(CommandFault::TooLong);
        }
        let mut elements = BTreeMap::new();
        let mut rest = bytes;
        while let Some((head, after)) = rest.split_first_chunk::<8>() {
            let [g0, g1, e0, e1, length @ ..] = *head;
            let length = u32::from_le_bytes(length) as usize;
            let (value, after) = after.split_at_checked(length).ok_or(CommandFault::Malformed)?;
            let (group, element) = (u16::from_le_bytes([g0, g1]), u16::from_le_bytes([e0, e1]));
            rest = after;
            // Some nodes say more about a failure in elements of a data set behind those of the command.
            if group != 0 {
                continue;
            }
            // The group length is a matter of the writing.
            if element != 0 && elements.insert(element, value.to_vec()).is_some() {
                return Err(CommandFault::Malformed);
            }
        }
        if !rest.is_empty() {
            return Err(CommandFault::Malformed);
        }
        let command = Self { elements };
        for element in [element::COMMAND_FIELD, element::COMMAND_DATA_SET_TYPE] {
            command.number(element).ok_or(CommandFault::Missing(element))?;
        }
        Ok(command)
    }

    /// Writes it.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let length: usize = self.elements.values().map(|value| 8 + value.len()).sum();
        let mut bytes = Vec::with_capacity(12 + length);
        let mut put = |element: u16, value: &[u8]| {
            bytes.extend_from_slice(&[0, 0]);
            bytes.extend_from_slice(&element.to_le_bytes());
            bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
            bytes.extend_from_slice(value);
        };
        put(0, &(length as u32).to_le_bytes());
        self.elements.iter().for_each(|(element, value)| put(*element, value));
        bytes
    }

    /// A request without a data set until [`Self::with_data_set`].
    #[must_use]
    pub fn request(operation: Operation, message: u16, class: &str) -> Self {
        let command = Self::default()
            .number_of(element::COMMAND_FIELD, operation as u16)
            .number_of(element::COMMAND_DATA_SET_TYPE, NO_DATA_SET);
        match operation {
            Operation::Cancel => command.number_of(element::MESSAGE_ID_BEING_RESPONDED_TO, message),
            // What exists already is requested, what comes of it is affected (PS3.7 §10.1).
            Operation::Set | Operation::Action => command
                .number_of(element::MESSAGE_ID, message)
                .text_of(element::REQUESTED_SOP_CLASS_UID, class),
            _ => command
                .number_of(element::MESSAGE_ID, message)
                .text_of(element::AFFECTED_SOP_CLASS_UID, class),
        }
    }

    /// The response to this request, without a data set until [`Self::with_data_set`].
    #[must_use]
    pub fn response(&self, status: Status) -> Self {
        let field = self.number(element::COMMAND_FIELD).unwrap_or_default() | RESPONSE;
        let mut response = Self::default()
            .number_of(element::COMMAND_FIELD, field)
            .number_of(element::MESSAGE_ID_BEING_RESPONDED_TO, self.message())
            .number_of(element::COMMAND_DATA_SET_TYPE, NO_DATA_SET)
            .number_of(element::STATUS, status.0);
        // What an N-ACTION requests is what its response is about (PS3.7 §10.3.4.2).
        for (said, of_request) in [
            (element::AFFECTED_SOP_CLASS_UID, element::REQUESTED_SOP_CLASS_UID),
            (element::AFFECTED_SOP_INSTANCE_UID, element::REQUESTED_SOP_INSTANCE_UID),
            (element::ACTION_TYPE_ID, element::ACTION_TYPE_ID),
            (element::EVENT_TYPE_ID, element::EVENT_TYPE_ID),
        ] {
            if let Some(value) = self.elements.get(&said).or_else(|| self.elements.get(&of_request)) {
                response.elements.insert(said, value.clone());
            }
        }
        response
    }

    /// The same with a number.
    #[must_use]
    pub fn number_of(mut self, element: u16, number: u16) -> Self {
        self.elements.insert(element, number.to_le_bytes().to_vec());
        self
    }

    /// The same with a text or a UID, padded to an even length (PS3.5 §6.2).
    #[must_use]
    pub fn text_of(mut self, element: u16, text: &str) -> Self {
        let mut value = text.as_bytes().to_vec();
        if !value.len().is_multiple_of(2) {
            let is_uid = matches!(
                element,
                element::AFFECTED_SOP_CLASS_UID
                    | element::AFFECTED_SOP_INSTANCE_UID
                    | element::REQUESTED_SOP_CLASS_UID
                    | element::REQUESTED_SOP_INSTANCE_UID
            );
            value.push(if is_uid { 0 } else { b' ' });
        }
        self.elements.insert(element, value);
        self
    }

    /// The same, and a data set follows.
    #[must_use]
    pub fn with_data_set(self) -> Self {
        self.number_of(element::COMMAND_DATA_SET_TYPE, 0x0001)
    }

    /// A number; `None` where the element is not there or no number.
    #[must_use]
    pub fn number(&self, element: u16) -> Option<u16> {
        let value = self.elements.get(&element)?;
        value.as_slice().try_into().ok().map(u16::from_le_bytes)
    }

    /// A text without padding; `None` where the element is not there or no text of ASCII.
    #[must_use]
    pub fn text(&self, element: u16) -> Option<&str> {
        let text = std::str::from_utf8(self.elements.get(&element)?).ok()?;
        let text = text.trim_matches(['\0', ' ']);
        (!text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))).then_some(text)
    }

    /// A UID (PS3.5 §9.1): digits and dots, at most 64; `None` where there is something else.
    #[must_use]
    pub fn uid(&self, element: u16) -> Option<&str> {
        self.text(element).filter(|uid| is_uid(uid))
    }

    /// The SOP class that it is about.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        self.uid(element::AFFECTED_SOP_CLASS_UID).or_else(|| self.uid(element::REQUESTED_SOP_CLASS_UID))
    }

    /// The number of this message, or of the one that it responds to.
    #[must_use]
    pub fn message(&self) -> u16 {
        let either = [element::MESSAGE_ID, element::MESSAGE_ID_BEING_RESPONDED_TO];
        either.into_iter().find_map(|element| self.number(element)).unwrap_or_default()
    }

    /// What is asked for; `None` for a response, or where it is nothing that is known here.
    #[must_use]
    pub fn asks_for(&self) -> Option<Operation> {
        let field = self.number(element::COMMAND_FIELD)?;
        Operation::ALL.into_iter().find(|operation| *operation as u16 == field)
    }

    /// Whether this is the response to that request.
    #[must_use]
    pub fn answers(&self, request: &Self) -> bool {
        let field = |command: &Self| command.number(element::COMMAND_FIELD).unwrap_or_default();
        field(self) == field(request) | RESPONSE && self.message() == request.message()
    }

    /// Whether this is a response to anything.
    #[must_use]
    pub fn is_response(&self) -> bool {
        self.number(element::COMMAND_FIELD).is_some_and(|field| field & RESPONSE != 0)
    }

    /// Whether a data set follows.
    #[must_use]
    pub fn has_data_set(&self) -> bool {
        self.number(element::COMMAND_DATA_SET_TYPE) != Some(NO_DATA_SET)
    }

    /// The status of a response.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.number(element::STATUS).map(Status)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn echo() -> Command {
        Command::request(Operation::Echo, 7, "1.2.840.10008.1.1")
    }

    #[test]
    fn what_stands_behind_a_command_is_passed_over() {
        // Extended offsets of what failed (0008,0058), as some nodes answer a C-GET.
        let mut bytes = echo().write();
        bytes.extend([8, 0, 0x58, 0, 4, 0, 0, 0, b'1', b'.', b'2', 0]);
        assert!(Command::read(&bytes).is_ok_and(|read| read == echo()));
        bytes.pop();
        assert!(Command::read(&bytes).is_err_and(|fault| fault == CommandFault::Malformed));
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let bytes = echo().write();
        // PS3.7 §9.3.5.1: group length, class, field, message, no data set.
        let length = (8 + 18) + 3 * (8 + 2);
        assert_eq!(bytes.len(), 12 + length);
        assert_eq!(bytes[8..12], (length as u32).to_le_bytes());
        let read = Command::read(&bytes).unwrap();
        assert!(read == echo() && !read.has_data_set() && !read.is_response());
        assert_eq!((read.asks_for(), read.message()), (Some(Operation::Echo), 7));
        assert_eq!(read.uid(element::AFFECTED_SOP_CLASS_UID), Some("1.2.840.10008.1.1"));
        let response = Command::read(&read.response(Status::SUCCESS).write()).unwrap();
        assert!(response.answers(&read) && response.is_response() && response.asks_for().is_none());
        assert_eq!(response.status(), Some(Status::SUCCESS));
    }

    #[test]
    fn what_is_no_uid_is_none() {
        for bad in ["../../etc/passwd", "1.2.3/4", "1.2\\3", "", "1.2.3 4", &"1".repeat(65)] {
            let command = echo().text_of(element::AFFECTED_SOP_INSTANCE_UID, bad);
            assert_eq!(command.uid(element::AFFECTED_SOP_INSTANCE_UID), None, "{bad}");
        }
    }

    #[test]
    fn damaged_command_sets_are_refused() {
        let bytes = echo().write();
        let check = |bytes: &[u8], fault| assert_eq!(Command::read(bytes).err(), Some(fault));
        check(&bytes[..bytes.len() - 1], CommandFault::Malformed);
        check(&[&bytes[..], &[0, 0, 0, 9, 0xFF, 0xFF, 0xFF, 0xFF]].concat(), CommandFault::Malformed);
        check(&[&bytes[12..], &bytes[12..]].concat(), CommandFault::Malformed);
        check(&vec![0; MOST_BYTES + 2], CommandFault::TooLong);
        check(&[], CommandFault::Missing(element::COMMAND_FIELD));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(command) = Command::read(&bytes) {
                let written = command.write();
                prop_assert!(Command::read(&written).is_ok_and(|again| again == command));
            }
        }
    }
}
