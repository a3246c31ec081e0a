//! What the services answer, as one table (PS3.7 Annex C, PS3.4 §B.2.3, §C.4): the code, and when it is said.

use std::fmt;

/// A status (0000,0900).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u16);

/// What kind of answer a status is (PS3.7 Annex C).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Done.
    Success,
    /// More will follow.
    Pending,
    /// Stopped, since the peer asked for it.
    Cancel,
    /// Done, and there is something to say of it.
    Warning,
    /// Not done.
    Failure,
}

impl Status {
    /// Done.
    pub const SUCCESS: Self = Self(0x0000);
    /// A match, or sub-operations are left.
    pub const PENDING: Self = Self(0xFF00);
    /// A match, where a key was passed over.
    pub const PENDING_WITHOUT_SOME_KEYS: Self = Self(0xFF01);
    /// The peer cancelled.
    pub const CANCEL: Self = Self(0xFE00);
    /// C-STORE: another object with this UID was kept before. C-GET, C-MOVE: some sub-operations failed.
    pub const KEPT_ASIDE: Self = Self(0xB000);
    /// C-GET, C-MOVE: some sub-operations failed or had a warning.
    pub const SOME_FAILED: Self = Self(0xB000);
    /// C-STORE: the object is another than the command said.
    pub const ANOTHER_OBJECT: Self = Self(0xB007);
    /// No room, or what keeps objects is not there.
    pub const OUT_OF_RESOURCES: Self = Self(0xA700);
    /// C-GET, C-MOVE: the matches cannot be told.
    pub const CANNOT_COUNT: Self = Self(0xA701);
    /// C-GET, C-MOVE: no sub-operation succeeded.
    pub const CANNOT_PERFORM: Self = Self(0xA702);
    /// C-MOVE: nobody here knows that destination.
    pub const UNKNOWN_DESTINATION: Self = Self(0xA801);
    /// The identifier is not what the information model asks for.
    pub const IDENTIFIER_DOES_NOT_MATCH: Self = Self(0xA900);
    /// C-STORE: the data set is of another SOP class than the command says.
    pub const DATA_SET_DOES_NOT_MATCH: Self = Self(0xA900);
    /// The data set cannot be read.
    pub const CANNOT_UNDERSTAND: Self = Self(0xC000);
    /// C-FIND, C-GET, C-MOVE: something went wrong.
    pub const UNABLE_TO_PROCESS: Self = Self(0xC001);
    /// C-STORE, N-CREATE: the object is of a study of another site, or the UID is one of another site.
    pub const NOT_AUTHORIZED: Self = Self(0x0124);
    /// The instance UID is no UID.
    pub const INVALID_INSTANCE: Self = Self(0x0117);
    /// The class is not the one of the presentation context.
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x0122);
    /// Something that the command must say is not there.
    pub const MISTYPED_ARGUMENT: Self = Self(0x0212);
    /// There is no such operation for this class.
    pub const UNRECOGNIZED_OPERATION: Self = Self(0x0211);

    /// N-CREATE, N-SET: what is said of a performed step's state, or of what it is of, cannot be.
    pub const INVALID_ATTRIBUTE_VALUE: Self = Self(0x0106);
    /// N-SET: the step has had its last word (with Error ID A710).
    pub const PROCESSING_FAILURE: Self = Self(0x0110);
    /// N-CREATE: there is a step with that UID.
    pub const DUPLICATE_INSTANCE: Self = Self(0x0111);
    /// N-CREATE: something that a step must say when it begins is not there.
    pub const MISSING_ATTRIBUTE: Self = Self(0x0120);
    /// N-SET: something that a step must say when it is completed is not there (PS3.7 §10.1.3.1.9, which has no 0120H).
    pub const MISSING_ATTRIBUTE_VALUE: Self = Self(0x0121);
    /// N-SET, N-ACTION: the instance that is named is not there.
    pub const NO_SUCH_INSTANCE: Self = Self(0x0112);
    /// N-EVENT-REPORT: there is no such event.
    pub const NO_SUCH_EVENT: Self = Self(0x0113);
    /// N-ACTION: there is no such action.
    pub const NO_SUCH_ACTION: Self = Self(0x0123);
    /// N-ACTION, N-EVENT-REPORT: what it says cannot be used.
    pub const INVALID_ARGUMENT: Self = Self(0x0115);
    /// N-ACTION: too much is asked for in one association. N-CREATE, N-SET, N-EVENT-REPORT: it cannot be written down now.
    pub const RESOURCE_LIMITATION: Self = Self(0x0213);

    /// Which kind of answer it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self.0 {
            0x0000 => Kind::Success,
            0xFF00 | 0xFF01 => Kind::Pending,
            0xFE00 => Kind::Cancel,
            0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF => Kind::Warning,
            _ => Kind::Failure,
        }
    }
}

impl Status {
    /// Its four hexadecimal digits.
    pub(crate) fn code(self) -> String {
        format!("{:04X}", self.0)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}H", self.0)
    }
}

/// A row: what answers, with which status, when.
#[derive(Debug)]
pub struct Row {
    /// The operation.
    pub operation: &'static str,
    /// The status.
    pub status: Status,
    /// When it is said.
    pub when: &'static str,
}

const fn row(operation: &'static str, status: Status, when: &'static str) -> Row {
    Row { operation, status, when }
}

/// Every answer of the providers.
#[rustfmt::skip] // One answer a line: it is read as a table.
pub static TABLE: &[Row] = &[
    row("all",     Status::CLASS_NOT_SUPPORTED,    "The command names another SOP class than its presentation context."),
    row("all",     Status::UNRECOGNIZED_OPERATION, "There is no such operation for the SOP class."),
    row("all",     Status::MISTYPED_ARGUMENT,      "The command lacks its data set or another thing that it must have."),
    row("C-ECHO",  Status::SUCCESS,                "Always."),
    row("C-STORE", Status::SUCCESS,                "The object is kept, or the same object was kept before."),
    row("C-STORE", Status::KEPT_ASIDE,             "Another object with the same SOP Instance UID was kept before: this one is kept beside it, and shown to a person."),
    row("C-STORE", Status::ANOTHER_OBJECT,         "The object is kept, under the UID that its data set says: the command said another."),
    row("C-STORE", Status::OUT_OF_RESOURCES,       "The disk is nearly full, or what keeps objects cannot be reached. The same object may be sent again later."),
    row("C-STORE", Status::DATA_SET_DOES_NOT_MATCH, "The data set is of another SOP class than the command says: nothing is kept."),
    row("C-STORE", Status::CANNOT_UNDERSTAND,      "The data set is damaged, past a limit, or without its UIDs: nothing is kept."),
    row("C-STORE", Status::NOT_AUTHORIZED,         "The object is of a study of another site than the peer's, or an object of such a study has its UID: nothing is kept."),
    row("C-STORE", Status::INVALID_INSTANCE,       "The Affected SOP Instance UID is no UID."),
    row("C-FIND",  Status::PENDING,                "A match."),
    row("C-FIND",  Status::PENDING_WITHOUT_SOME_KEYS, "A match; a key of the identifier was passed over, since nothing can be matched by it here."),
    row("C-FIND",  Status::SUCCESS,                "All matches were sent."),
    row("C-FIND",  Status::CANCEL,                 "The peer cancelled."),
    row("C-FIND",  Status::OUT_OF_RESOURCES,       "What keeps objects cannot be reached."),
    row("C-FIND",  Status::IDENTIFIER_DOES_NOT_MATCH, "The Query/Retrieve Level is missing, or the information model does not have it; or a date is none of the calendar, which the Error Comment names."),
    row("C-FIND",  Status::CANNOT_UNDERSTAND,      "The identifier cannot be read."),
    row("C-FIND",  Status::UNABLE_TO_PROCESS,      "Anything else."),
    row("C-GET, C-MOVE", Status::PENDING,          "Sub-operations are left; said after each of them."),
    row("C-GET, C-MOVE", Status::SUCCESS,          "Every sub-operation succeeded, or nothing matched."),
    row("C-GET, C-MOVE", Status::SOME_FAILED,      "Some sub-operations failed or had a warning; the identifier lists those that failed, as many as one value can hold."),
    row("C-GET, C-MOVE", Status::CANCEL,           "The peer cancelled."),
    row("C-GET, C-MOVE", Status::CANNOT_COUNT,     "What keeps objects cannot be reached."),
    row("C-GET, C-MOVE", Status::CANNOT_PERFORM,   "Every sub-operation failed, or the destination cannot be reached."),
    row("C-MOVE",  Status::UNKNOWN_DESTINATION,    "The configuration has no address for the Move Destination."),
    row("C-GET, C-MOVE", Status::IDENTIFIER_DOES_NOT_MATCH, "The level is missing or not of the information model, or its unique key is missing."),
    row("N-ACTION", Status::SUCCESS,               "The request is taken; the report follows."),
    row("N-ACTION", Status::NO_SUCH_INSTANCE,      "Another instance than the well-known one."),
    row("N-ACTION", Status::NO_SUCH_ACTION,        "Another action than 1, Request Storage Commitment."),
    row("N-ACTION", Status::INVALID_ARGUMENT,      "No transaction UID, or no instance that is named by two UIDs."),
    row("N-ACTION", Status::CANNOT_UNDERSTAND,     "The data set cannot be read."),
    row("N-ACTION", Status::RESOURCE_LIMITATION,   "It cannot be written down now, or too many reports are owed. The same may be asked again later."),
    row("C-GET, C-MOVE", Status::CANNOT_UNDERSTAND, "The identifier cannot be read."),
    row("N-CREATE, N-SET", Status::SUCCESS,        "It is written down."),
    row("N-CREATE", Status::DUPLICATE_INSTANCE,    "There is a performed step with that UID."),
    row("N-CREATE", Status::NOT_AUTHORIZED,        "A performed step of another site has that UID."),
    row("N-CREATE", Status::INVALID_INSTANCE,      "The Affected SOP Instance UID is no UID. Where there is none, one is given."),
    row("N-CREATE", Status::MISSING_ATTRIBUTE,     "The Scheduled Step Attributes Sequence is missing, or an item of it lacks the Study Instance UID."),
    row("N-SET",   Status::NO_SUCH_INSTANCE,       "There is no performed step with that UID."),
    row("N-SET",   Status::INVALID_INSTANCE,       "The Requested SOP Instance UID is missing or no UID."),
    row("N-SET",   Status::PROCESSING_FAILURE,     "The step is completed or discontinued and may no longer be updated; the Error ID is A710H."),
    row("N-SET",   Status::MISSING_ATTRIBUTE_VALUE, "A step is to be completed that has no Performed Procedure Step End Date or Time, or no Performed Series Sequence: it stays IN PROGRESS. The Error Comment names what is missing."),
    row("N-CREATE, N-SET", Status::INVALID_ATTRIBUTE_VALUE, "The Performed Procedure Step Status is none of PS3.3, or, where a step begins, another than IN PROGRESS."),
    row("N-SET",   Status::INVALID_ATTRIBUTE_VALUE, "The Scheduled Step Attributes Sequence names another study or scheduled step than the step began with, or the Patient ID is another: nothing of it is written down. The Error Comment names the attribute. What else a step says when it begins and not later (PS3.4 Table F.7.2-1) is passed over."),
    row("N-CREATE, N-SET", Status::CANNOT_UNDERSTAND, "The data set cannot be read."),
    row("N-CREATE, N-SET", Status::RESOURCE_LIMITATION, "It cannot be written down now. The same may be said again later."),
    row("N-EVENT-REPORT", Status::SUCCESS,         "The report of a storage commitment is written down."),
    row("N-EVENT-REPORT", Status::NO_SUCH_EVENT,   "Another event than 1 and 2, those of storage commitment."),
    row("N-EVENT-REPORT", Status::INVALID_ARGUMENT, "This node asked that peer for no such transaction."),
    row("N-EVENT-REPORT", Status::CANNOT_UNDERSTAND, "The data set cannot be read."),
    row("N-EVENT-REPORT", Status::RESOURCE_LIMITATION, "It cannot be written down now."),
];
