//! What keeps objects, as the services see it.

pub(crate) mod in_store;

use std::future::Future;
use std::io;
use std::net::IpAddr;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use peony_dicom::{Attributes, Level, Tag};
use peony_store::{Owed, StepAnswer};

/// A data set, a part at a time. After an error nothing follows.
pub type DataSet = BoxStream<'static, io::Result<Bytes>>;

/// What keeps objects. Cloning shares it.
pub trait Archive: Clone + Send + Sync + 'static {
    /// The same as the node of that title may see it: what it asks for is asked of that one.
    fn seen_by(&self, title: &str) -> impl Future<Output = Result<Self, ArchiveError>> + Send;

    /// The same as the node of that title may bring something to it, and have it promised to be kept.
    fn brought_by(&self, title: &str) -> impl Future<Output = Result<Self, ArchiveError>> + Send;

    /// Receives one object: a whole file of PS3.10, a part at a time. `origin` is who sends it; only an object that is of everything that is said is taken. The
    /// answer means that it is on the disk.
    fn receive<S>(
        &self,
        origin: &str,
        which: peony_store::Which<'_>,
        file: S,
    ) -> impl Future<Output = Result<Receipt, ArchiveError>> + Send
    where
        S: Stream<Item = io::Result<Bytes>> + Send;

    /// The matches of a question behind a place ([`Found::last`]), or the first ones: `most` of them unless there are no more.
    fn find(
        &self,
        question: &Question,
        behind: Option<String>,
        most: usize,
    ) -> impl Future<Output = Result<Found, ArchiveError>> + Send;

    /// The instances that fit everything that is said; of several UIDs or identifiers any fits.
    fn instances(&self, which: &Which) -> impl Future<Output = Result<Vec<Instance>, ArchiveError>> + Send;

    /// Writes down that `who` does something with a study, as far as it was not within the hour. It is on the disk when this is answered.
    fn note(&self, who: &str, act: &str, what: &str)
    -> impl Future<Output = Result<(), ArchiveError>> + Send;

    /// Writes down that somebody at an address was refused something, as far as it was not within the hour, nor much else.
    fn note_refused(&self, from: IpAddr, what: &str)
    -> impl Future<Output = Result<(), ArchiveError>> + Send;

    /// The data set of an instance in a transfer syntax: as it came where that is its own, otherwise written anew with uncompressed pixels, which is
    /// for explicit and for implicit little endian. What cannot be written so is [`ArchiveError::NotUnderstood`], and of its pictures the first
    /// was decoded before there is an answer.
    fn data_set(
        &self,
        instance: &Instance,
        transfer_syntax: &str,
    ) -> impl Future<Output = Result<DataSet, ArchiveError>> + Send;
}

/// What is written down beside objects: orders, what modalities perform of them, and what other nodes were asked to keep. Cloning shares it. What
/// an answer says is on the disk.
pub trait Records: Clone + Send + Sync + 'static {
    /// Orders that are not performed yet and begin within days (`YYYYMMDD`, both included; an empty one is no end), after the one of number `after`:
    /// the next ones by their numbers, each as an item of a worklist (PS3.4 Table K.6-1). After the last there are none.
    fn open_orders(
        &self,
        days: [&str; 2],
        after: i64,
    ) -> impl Future<Output = Result<Vec<(i64, Attributes)>, ArchiveError>> + Send;

    /// `origin` begins a performed procedure step.
    fn begin_step(
        &self,
        uid: &str,
        origin: &str,
        step: &Attributes,
    ) -> impl Future<Output = Result<StepAnswer, ArchiveError>> + Send;

    /// `origin` says more of a performed procedure step.
    fn change_step(
        &self,
        uid: &str,
        origin: &str,
        changes: &Attributes,
    ) -> impl Future<Output = Result<StepAnswer, ArchiveError>> + Send;

    /// `peer` is about to be asked to keep instances.
    fn ask_commitment(
        &self,
        transaction_uid: &str,
        peer: &str,
        instances: &[String],
    ) -> impl Future<Output = Result<(), ArchiveError>> + Send;

    /// `peer` says which instances it keeps. Gives whether it was asked.
    fn answer_commitment(
        &self,
        transaction_uid: &str,
        peer: &str,
        kept: &[String],
    ) -> impl Future<Output = Result<bool, ArchiveError>> + Send;

    /// Whether an object of `peer` was put aside since another one has its UID.
    fn has_aside(
        &self,
        instance_uid: &str,
        peer: &str,
    ) -> impl Future<Output = Result<bool, ArchiveError>> + Send;

    /// A peer is owed a report of storage commitment, which [`crate::reporting`] brings it.
    fn owe_report(&self, owed: &Owed) -> impl Future<Output = Result<(), ArchiveError>> + Send;

    /// A peer is about to be promised that these instances are kept, which are all that it asked for: a study of which every instance is among them
    /// is complete.
    fn promised(&self, instances: &[String]) -> impl Future<Output = Result<(), ArchiveError>> + Send;
}

/// The answer to an object that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The SOP Instance UID in its data set.
    pub instance_uid: String,
    /// Another object with that UID was there: this one is kept beside it.
    pub aside: bool,
}

/// What is searched for.
#[derive(Clone)]
pub struct Question {
    /// Matches are patients, studies, series or instances.
    pub level: Level,
    /// What they must match (PS3.4 §C.2.2.2); an empty one matches all and is asked for.
    pub keys: Attributes,
}

/// What a question found.
#[derive(Clone, Default)]
pub struct Found {
    /// Each match with the attributes of its level and of those above it.
    pub matches: Vec<Attributes>,
    /// Keys that nothing can be matched by.
    pub passed_over: Vec<Tag>,
    /// Where the last match stands, in the archive's own words: what comes behind it does not depend on what came or went in front of it.
    pub last: Option<String>,
}

/// Which instances; an empty list says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Patient IDs.
    pub patients: Vec<String>,
    /// Study Instance UIDs.
    pub studies: Vec<String>,
    /// Series Instance UIDs.
    pub series: Vec<String>,
    /// SOP Instance UIDs.
    pub instances: Vec<String>,
}

/// An instance that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Study Instance UID.
    pub study_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub instance_uid: String,
    /// Transfer Syntax UID of its data set.
    pub transfer_syntax_uid: String,
}

/// Why what keeps objects did not do what it was asked. No message holds anything of a patient.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is no room. The same object may be sent again later.
    #[error("no room: {0}")]
    Full(String),
    /// It cannot be reached. The same may be asked again later.
    #[error("out of reach: {0}")]
    Unreachable(String),
    /// The object cannot be read.
    #[error("not understood: {0}")]
    NotUnderstood(String),
    /// The object is of something that whoever sends it may not bring anything to.
    #[error("not authorized: {0}")]
    NotAuthorized(String),
    /// The object is of another study or series than was asked for.
    #[error("not of what was asked for")]
    NotAsked,
    /// Whoever sends the object stopped.
    #[error("the object did not arrive whole")]
    Interrupted,
}
