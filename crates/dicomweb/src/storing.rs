//! STOW-RS (PS3.18 §10.5): objects go to the store as they come, and each has its own answer.
//!
//! While one object is synced and committed, the next one comes: the store's group commit takes both. A connection to the index is taken when
//! an object is there whole, so a slow sender holds none.

mod apart;
mod beginning;

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use peony_dicom::{DicomError, Tag};
use peony_store::{DicomJson, Outcome, Receipt, Store, StoreError, Which};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::answer::{Base, Caller, Form, put};
use crate::media::MediaType;
use crate::multipart::{Piece, Reader};
use crate::problem::Problem;
use crate::uid::Address;
use crate::{Limits, Service};
use beginning::Beginning;

/// Objects of one request that are being kept at once.
const AT_ONCE: usize = 8;
/// Parts of a body that wait for the disk, for each object.
const WAITING: usize = 4;
/// Objects of one request.
const OBJECTS: usize = 50_000;
const DICOM: &str = "application/dicom";

const COERCED: u16 = 0xB000;
const OUT_OF_RESOURCES: u16 = 0xA700;
const ANOTHER_STUDY: u16 = 0xA900;
const CANNOT_UNDERSTAND: u16 = 0xC000;
const PROCESSING_FAILURE: u16 = 0x0110;
const NOT_AUTHORIZED: u16 = 0x0124;

/// What is said of an object that is not simply kept (PS3.18 §I.2.2, PS3.4 §B.2.3), and when.
pub(crate) const REASONS: &[(u16, &str)] = &[
    (COERCED, "warning: another object has this UID, this one is kept beside it"),
    (OUT_OF_RESOURCES, "failure: the disk is nearly full"),
    (ANOTHER_STUDY, "failure: it is of another study than the address"),
    (
        CANNOT_UNDERSTAND,
        "failure: it is no DICOM file, damaged, past a limit, without UIDs, or did not arrive whole; metadata or bulk data is missing, unknown or left over",
    ),
    (PROCESSING_FAILURE, "failure: the store cannot keep it now"),
    (NOT_AUTHORIZED, "failure: its study or its UID is another site's"),
];

const RETRIEVE_URL: Tag = Tag(0x0008, 0x1190);
const FAILED: Tag = Tag(0x0008, 0x1198);
const REFERENCED: Tag = Tag(0x0008, 0x1199);
const OTHER_FAILURES: Tag = Tag(0x0008, 0x119A);
const CLASS: Tag = Tag(0x0008, 0x1150);
const INSTANCE: Tag = Tag(0x0008, 0x1155);
const WARNING_REASON: Tag = Tag(0x0008, 0x1196);
const FAILURE_REASON: Tag = Tag(0x0008, 0x1197);
/// Error Comment, an LO: at most 64 characters (PS3.5 §6.2).
const COMMENT: Tag = Tag(0x0000, 0x0902);
const COMMENT_LETTERS: usize = 64;
/// Text Value, a UT: all of a comment that is longer.
const WHOLE_COMMENT: Tag = Tag(0x0040, 0xA160);
const WHOLE_COMMENT_LETTERS: usize = 1024;

pub(crate) async fn store(
    service: Service,
    base: Base,
    caller: Caller,
    address: Address,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let form = Form::of_one(&headers, &query.unwrap_or_default())?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).and_then(MediaType::of);
    let kind =
        kind.ok_or(Problem::UnsupportedMedia("the Content-Type is missing or none: multipart/related"))?;
    let keeping = Keeping::new(&service, caller, address.study.clone());
    let bytes = Timed { body: body.into_data_stream(), silence: service.limits.silence };
    let (kept, fault) = match kind.name.as_str() {
        "multipart/related" => {
            let reader = Reader::new(kind.parameter("boundary").unwrap_or_default());
            let reader = reader.map_err(|error| Problem::BadRequest(error.to_string()))?;
            let of = kind.parameter("type").unwrap_or(DICOM);
            match apart::Form::of(of) {
                Some(form) => apart::keep(keeping, form, reader, bytes).await,
                None if of.eq_ignore_ascii_case(DICOM) => keeping.parts(reader, bytes).await,
                None => {
                    let text = "parts are taken as application/dicom, application/dicom+json or application/dicom+xml";
                    return Err(Problem::UnsupportedMedia(text));
                }
            }
        }
        DICOM => keeping.one(bytes).await,
        _ => {
            return Err(Problem::UnsupportedMedia(
                "taken are multipart/related with application/dicom, and application/dicom",
            ));
        }
    };
    answer(&base, &address, form, kept, fault)
}

/// What became of one object.
enum Fate {
    Kept(Receipt),
    /// Why, and the UIDs of its class and its own, where they are known.
    Failed(StoreError, Option<[String; 2]>),
    /// It has another type than what is kept here.
    OtherType,
    /// Its metadata and bulk data do not make an object.
    Unfit(apart::UnfitObject),
    /// Bulk data that no object names.
    Unused,
}

/// A body of which nothing came for too long is over.
struct Timed {
    body: BodyDataStream,
    silence: Duration,
}

impl Timed {
    async fn next(&mut self) -> Option<Result<Bytes, Problem>> {
        match tokio::time::timeout(self.silence, self.body.next()).await {
            Ok(part) => {
                Some(part?.map_err(|_| Problem::BadRequest("the body did not arrive whole".to_owned())))
            }
            Err(_) => Some(Err(Problem::Silence(self.silence.as_secs()))),
        }
    }
}

/// What a receiver hears: bytes, or that there are no more. Without that word the object did not arrive whole.
enum Word {
    Bytes(Bytes),
    End,
}

/// The objects of one request.
struct Keeping {
    store: Store,
    limits: Limits,
    origin: String,
    study: Option<String>,
    working: JoinSet<(usize, Fate)>,
    ended: Vec<(usize, Fate)>,
    begun: usize,
}

/// The object that is coming.
struct Coming {
    words: mpsc::Sender<Word>,
    bytes: u64,
}

impl Keeping {
    fn new(service: &Service, caller: Caller, study: Option<String>) -> Self {
        Self {
            store: service.store.clone(),
            limits: service.limits,
            origin: caller.name,
            study,
            working: JoinSet::new(),
            ended: Vec::new(),
            begun: 0,
        }
    }

    /// All parts of a body, and what ended it before its end.
    async fn parts(mut self, mut reader: Reader, mut bytes: Timed) -> (Vec<Fate>, Option<Problem>) {
        let fault = self.read_parts(&mut reader, &mut bytes).await.err();
        (self.fates().await, fault)
    }

    async fn read_parts(&mut self, reader: &mut Reader, bytes: &mut Timed) -> Result<(), Problem> {
        let malformed =
            |error: crate::multipart::MultipartError| Problem::BadRequest(format!("the body: {error}"));
        let mut coming = None;
        while let Some(part) = bytes.next().await {
            reader.feed(&part?);
            while let Some(piece) = reader.take().map_err(malformed)? {
                match piece {
                    Piece::Part(head) => coming = self.begin(&head.kind).await?,
                    Piece::Data(data) => self.more(&mut coming, data).await?,
                    Piece::PartEnd => end(coming.take()).await,
                    Piece::End => {}
                }
            }
        }
        reader.finish().map_err(malformed)
    }

    /// A body that is one object.
    async fn one(mut self, mut bytes: Timed) -> (Vec<Fate>, Option<Problem>) {
        let read = async {
            let mut coming = self.begin(DICOM).await?;
            while let Some(part) = bytes.next().await {
                self.more(&mut coming, part?).await?;
            }
            end(coming).await;
            Ok(())
        };
        let fault = read.await.err();
        (self.fates().await, fault)
    }

    /// The number of the next object.
    fn next(&mut self) -> Result<usize, Problem> {
        if self.begun == OBJECTS {
            return Err(Problem::TooLarge { what: "objects in one request", limit: OBJECTS as u64 });
        }
        self.begun += 1;
        Ok(self.begun - 1)
    }

    /// What became of the next object, which is not received.
    fn put(&mut self, fate: Fate) -> Result<(), Problem> {
        let number = self.next()?;
        self.ended.push((number, fate));
        Ok(())
    }

    /// Receives the next object when there is room for it.
    async fn receive(
        &mut self,
        bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<(), Problem> {
        let number = self.next()?;
        while self.working.len() >= AT_ONCE {
            self.join().await;
        }
        let (store, origin, study) = (self.store.clone(), self.origin.clone(), self.study.clone());
        let beginning = Beginning::default();
        let bytes = beginning.watched(bytes);
        self.working.spawn(async move {
            let of_study = Which { study_uid: study.as_deref(), ..Which::default() };
            let received = store.receive_of(&origin, of_study, bytes).await;
            let failed = |error| {
                let uids = beginning.uids();
                Fate::Failed(error, uids)
            };
            (number, received.map_or_else(failed, Fate::Kept))
        });
        Ok(())
    }

    async fn begin(&mut self, kind: &str) -> Result<Option<Coming>, Problem> {
        // Without a type a part is taken for what the body says of all of them.
        if !kind.is_empty() && MediaType::of(kind).is_none_or(|kind| kind.name != DICOM) {
            let number = self.next()?;
            self.ended.push((number, Fate::OtherType));
            return Ok(None);
        }
        let (words, heard) = mpsc::channel(WAITING);
        self.receive(whole(heard)).await?;
        Ok(Some(Coming { words, bytes: 0 }))
    }

    async fn more(&self, coming: &mut Option<Coming>, data: Bytes) -> Result<(), Problem> {
        let Some(one) = coming else { return Ok(()) };
        one.bytes += data.len() as u64;
        if one.bytes > self.limits.object_bytes {
            let limit = self.limits.object_bytes;
            return Err(Problem::TooLarge { what: "bytes of an object", limit });
        }
        if one.words.send(Word::Bytes(data)).await.is_err() {
            // It was refused already; the rest of it is passed over.
            *coming = None;
        }
        Ok(())
    }

    async fn join(&mut self) {
        // A task that panicked has said so; its object has no answer and counts as not kept.
        if let Some(Ok(ended)) = self.working.join_next().await {
            self.ended.push(ended);
        }
    }

    /// What became of each object, in the order in which they came.
    async fn fates(mut self) -> Vec<Fate> {
        while !self.working.is_empty() {
            self.join().await;
        }
        self.ended.sort_by_key(|(number, _)| *number);
        self.ended.into_iter().map(|(_, fate)| fate).collect()
    }
}

async fn end(coming: Option<Coming>) {
    if let Some(coming) = coming {
        // It was refused already.
        let _ = coming.words.send(Word::End).await;
    }
}

/// The bytes of an object up to the word that it is whole.
fn whole(heard: mpsc::Receiver<Word>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some(heard), async |heard| {
        let mut heard = heard?;
        match heard.recv().await {
            Some(Word::Bytes(bytes)) => Some((Ok(bytes), Some(heard))),
            Some(Word::End) => None,
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    })
}

/// The answer (PS3.18 §10.5.3, §I.2).
fn answer(
    base: &Base,
    address: &Address,
    form: Form,
    fates: Vec<Fate>,
    fault: Option<Problem>,
) -> Result<Response, Problem> {
    let (mut referenced, mut failed, mut others) = (Vec::new(), Vec::new(), Vec::new());
    // Whether nothing is wrong with any object, and the same may go well later.
    let (mut without_fault, mut for_now) = (true, true);
    let mut study = address.study.clone();
    for fate in &fates {
        match fate {
            Fate::Kept(receipt) => {
                without_fault &= receipt.outcome != Outcome::KeptAside;
                study.get_or_insert_with(|| receipt.study_uid.clone());
                referenced.push(Value::Object(kept(base, receipt)));
            }
            // Whoever broke off hears of it below.
            Fate::Failed(StoreError::Interrupted(_), _) if fault.is_some() => {}
            Fate::Failed(error, uids) => {
                let (reason, comment) = reason(error);
                for_now &= matches!(reason, OUT_OF_RESOURCES | PROCESSING_FAILURE);
                let said = match error {
                    StoreError::OtherStudy { sop_class_uid, instance_uid }
                    | StoreError::OtherSite { sop_class_uid, instance_uid } => {
                        Some([sop_class_uid, instance_uid])
                    }
                    _ => uids.as_ref().map(|uids| uids.each_ref()),
                };
                let of = if said.is_some() { &mut failed } else { &mut others };
                of.push(Value::Object(failure(reason, &comment, said)));
            }
            Fate::OtherType => {
                for_now = false;
                let comment = "a part of another type than application/dicom";
                others.push(Value::Object(failure(CANNOT_UNDERSTAND, comment, None)));
            }
            Fate::Unfit(unfit) => {
                for_now = false;
                let said = Some(unfit.uids.each_ref()).filter(|uids| uids.iter().all(|uid| !uid.is_empty()));
                let of = if said.is_some() { &mut failed } else { &mut others };
                of.push(Value::Object(failure(CANNOT_UNDERSTAND, &unfit.why, said)));
            }
            Fate::Unused => {
                for_now = false;
                others.push(Value::Object(failure(
                    CANNOT_UNDERSTAND,
                    "bulk data that no object of the body names",
                    None,
                )));
            }
        }
    }
    if let Some(fault) = fault {
        if referenced.is_empty() {
            return Err(fault);
        }
        for_now = false;
        let (reason, comment) = match &fault {
            Problem::Store(error) => reason(error),
            fault => (CANNOT_UNDERSTAND, fault.to_string()),
        };
        others.push(Value::Object(failure(reason, &comment, None)));
    }
    if referenced.is_empty() && failed.is_empty() && others.is_empty() {
        return Err(Problem::BadRequest("the body holds no object".into()));
    }
    let all_kept = failed.is_empty() && others.is_empty();
    let status = if all_kept && without_fault {
        StatusCode::OK
    } else if !referenced.is_empty() {
        StatusCode::ACCEPTED
    } else if for_now {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::CONFLICT
    };
    let mut data_set = DicomJson::new();
    if let Some(study) = study.filter(|_| !referenced.is_empty()) {
        put(&mut data_set, RETRIEVE_URL, "UR", [format!("{base}/studies/{study}")]);
    }
    for (tag, items) in [(FAILED, failed), (REFERENCED, referenced), (OTHER_FAILURES, others)] {
        if !items.is_empty() {
            put(&mut data_set, tag, "SQ", items);
        }
    }
    form.of_data_set(status, data_set)
}

fn kept(base: &Base, receipt: &Receipt) -> DicomJson {
    let mut item = DicomJson::new();
    put(&mut item, CLASS, "UI", [receipt.sop_class_uid.as_str()]);
    put(&mut item, INSTANCE, "UI", [receipt.instance_uid.as_str()]);
    if receipt.outcome == Outcome::KeptAside {
        // Another object has its UID: what is retrieved by that is not this one.
        put(&mut item, WARNING_REASON, "US", [COERCED]);
        put(&mut item, COMMENT, "LO", ["another object has this UID: this one is kept beside it"]);
    } else {
        let (study, series, instance) = (&receipt.study_uid, &receipt.series_uid, &receipt.instance_uid);
        let url = format!("{base}/studies/{study}/series/{series}/instances/{instance}");
        put(&mut item, RETRIEVE_URL, "UR", [url]);
    }
    item
}

/// An item of the Failed SOP Sequence; without UIDs, of the Other Failures Sequence, where it can only be counted (PS3.18 §I.2).
fn failure(reason: u16, comment: &str, uids: Option<[&String; 2]>) -> DicomJson {
    let mut item = DicomJson::new();
    if let Some([class, instance]) = uids {
        put(&mut item, CLASS, "UI", [class.as_str()]);
        put(&mut item, INSTANCE, "UI", [instance.as_str()]);
    }
    put(&mut item, FAILURE_REASON, "US", [reason]);
    let short = within(COMMENT_LETTERS, comment);
    if short != comment {
        put(&mut item, WHOLE_COMMENT, "UT", [within(WHOLE_COMMENT_LETTERS, comment)]);
    }
    put(&mut item, COMMENT, "LO", [short]);
    item
}

/// The words that fit into so many letters, and that there were more.
fn within(letters: usize, comment: &str) -> String {
    if comment.chars().count() <= letters {
        return comment.to_owned();
    }
    let end = comment.char_indices().nth(letters - 1).map_or(comment.len(), |(end, _)| end);
    let (most, rest) = comment.split_at(end);
    let words =
        if rest.starts_with(' ') { most } else { most.rsplit_once(' ').map_or(most, |(words, _)| words) };
    format!("{words}…")
}

/// Why an object was not kept, by code and in words that hold nothing of it.
fn reason(error: &StoreError) -> (u16, String) {
    match error {
        StoreError::Full { .. } => (OUT_OF_RESOURCES, "no room".into()),
        StoreError::OtherStudy { .. } => (ANOTHER_STUDY, error.to_string()),
        StoreError::OtherSite { .. } => (NOT_AUTHORIZED, error.to_string()),
        StoreError::Dicom(DicomError::Io(_)) => (PROCESSING_FAILURE, "the disk failed".into()),
        StoreError::Dicom(error) => (CANNOT_UNDERSTAND, error.to_string()),
        StoreError::NoUid(_) | StoreError::Interrupted(_) => (CANNOT_UNDERSTAND, error.to_string()),
        _ => (PROCESSING_FAILURE, "the store cannot keep it now".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_ends_with_a_word() {
        let [word, long] = [1, 80].map(|length| "x".repeat(length));
        for (comment, expect) in [
            ("the object is damaged", "the object is damaged"),
            (&long[..64], &long[..64]),
            (&format!("{} {word}", &long[..63]), &format!("{}…", &long[..63])),
            (&long, &format!("{}…", &long[..63])),
            (
                "damaged DICOM at byte 1234567: a sequence whose length is another one than its items",
                "damaged DICOM at byte 1234567: a sequence whose length is…",
            ),
            (&"ü".repeat(70), &format!("{}…", "ü".repeat(63))),
        ] {
            assert_eq!(within(COMMENT_LETTERS, comment), expect);
        }
    }

    #[test]
    fn a_long_comment_is_there_whole_as_well() {
        let values = |comment: &str| {
            let item = failure(CANNOT_UNDERSTAND, comment, None);
            ["00000902", "0040A160"].map(|tag| item.get(tag).map(|said| said["Value"][0].clone()))
        };
        assert_eq!(values("the object is damaged"), [Some("the object is damaged".into()), None]);
        let long = "damaged DICOM at byte 1234567: a sequence whose length is another one than its items";
        let short = "damaged DICOM at byte 1234567: a sequence whose length is…";
        assert_eq!(values(long), [Some(short.into()), Some(long.into())]);
        let [_, Some(longest)] = values(&"x".repeat(5000)) else { panic!("it is not there") };
        assert_eq!(longest.as_str().unwrap().chars().count(), WHOLE_COMMENT_LETTERS);
    }

    #[tokio::test]
    async fn a_sender_that_is_gone_is_no_end_of_an_object() {
        let (words, heard) = mpsc::channel(1);
        let bytes = tokio::spawn(async move { whole(heard).collect::<Vec<_>>().await });
        words.send(Word::Bytes(Bytes::from_static(b"half"))).await.unwrap();
        drop(words);
        let heard = bytes.await.unwrap();
        assert_eq!(heard.len(), 2);
        assert!(heard[1].is_err());
    }
}
