//! Objects whose metadata and bulk data come apart (PS3.18 §10.5.1.1, §8.7.3): `application/dicom+json` or `application/dicom+xml`, and parts that
//! its addresses name.
//!
//! Bulk data goes to the disk as it comes, into one file; metadata is in memory, within a limit. When the body has ended each object is put
//! together and received as any other one is: by the same scan, with an answer of its own. A body that breaks off stores nothing.

mod native;
mod object;

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use peony_dicom::limits::SEQUENCE_DEPTH;
use peony_dicom::written::EXPLICIT_LITTLE;
use peony_store::{DicomJson, Scratch};
use serde::Deserialize as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::{Fate, Keeping, Timed};
use crate::frames::{MEDIA, SYNTAXES};
use crate::media::MediaType;
use crate::multipart::{Head, MultipartError, Piece, Reader};
use crate::problem::Problem;
use object::{Bulk, Chunk, Unfit};

pub(super) use object::Unfit as UnfitObject;

/// Metadata of one request.
const METADATA_BYTES: usize = 8 << 20;
/// Braces in the metadata of one part, as a measure of what its tree takes: a few letters of text become an attribute with a map of its own.
const BRACES: usize = 100_000;
/// How deep lists and objects are in each other in it at most: of each level of sequences there are an attribute, its list and an item, around all a
/// list and a data set, and innermost an attribute, its list and a name.
const NESTED: usize = 3 * SEQUENCE_DEPTH + 5;
/// Such trees are made one at a time, whoever sends them.
static TREES: Semaphore = Semaphore::const_new(1);
/// Parts of one request.
const PARTS: usize = 200_000;
/// What of a coded frame tells its kind.
const BEGINNING_BYTES: usize = 64 << 10;

/// In which form metadata comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The DICOM JSON Model: one data set or a list of them in a part.
    Json,
    /// The Native DICOM Model: one data set in a part.
    Xml,
}

impl Form {
    pub const JSON: &'static str = "application/dicom+json";
    pub const XML: &'static str = "application/dicom+xml";

    /// The form that the `type` of a body names.
    pub fn of(kind: &str) -> Option<Self> {
        match kind.to_ascii_lowercase().as_str() {
            Self::JSON => Some(Self::Json),
            Self::XML => Some(Self::Xml),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Json => Self::JSON,
            Self::Xml => Self::XML,
        }
    }
}

/// Takes a whole body, then its objects.
pub(super) async fn keep(
    mut keeping: Keeping,
    form: Form,
    mut reader: Reader,
    mut bytes: Timed,
) -> (Vec<Fate>, Option<Problem>) {
    let kept = async {
        let scratch = keeping.store.scratch().await?;
        let mut body = Body {
            form,
            scratch,
            metadata: Vec::new(),
            texts: 0,
            parts: 0,
            bulk: BulkData::default(),
            coming: Coming::Nothing,
        };
        body.read(&mut reader, &mut bytes, keeping.limits.object_bytes).await?;
        body.scratch.flush().await?;
        let (scratch, mut bulk) = (Arc::new(body.scratch), body.bulk);
        for text in body.metadata {
            // A tree and the files that are made of it keep a core busy for longer than others can wait.
            let turn = TREES.acquire().await.map_err(|_| Problem::Failed)?;
            let made = tokio::task::spawn_blocking(move || (files_of(form, &text, &mut bulk), bulk)).await;
            drop(turn);
            let (files, left) = made.map_err(|_| Problem::Failed)?;
            bulk = left;
            for file in files {
                match file {
                    Ok(chunks) => keeping.receive(chunks_of(chunks, Arc::clone(&scratch))).await?,
                    Err(unfit) => keeping.put(Fate::Unfit(unfit))?,
                }
            }
        }
        if bulk.found.values().any(|found| !found.used) { keeping.put(Fate::Unused) } else { Ok(()) }
    };
    let fault = kept.await.err();
    (keeping.fates().await, fault)
}

/// The files that one part of metadata is of.
fn files_of(form: Form, text: &[u8], bulk: &mut BulkData) -> Vec<Result<Vec<Chunk>, Unfit>> {
    let marks = |mark| text.iter().filter(|byte| **byte == mark).count();
    let read = match form {
        Form::Json if marks(b'{') > BRACES => vec![Err("the metadata has too many attributes for one part")],
        Form::Xml if marks(b'<') > 4 * BRACES => {
            vec![Err("the metadata has too many attributes for one part")]
        }
        Form::Json => match json(text) {
            Ok(Value::Array(all)) => all.into_iter().map(of_value).collect(),
            Ok(one) => vec![of_value(one)],
            Err(why) => vec![Err(why)],
        },
        Form::Xml => vec![native::data_set(text)],
    };
    let made = read.into_iter().map(|metadata| {
        metadata
            .map_err(|why| Unfit { uids: Default::default(), why: why.to_owned() })
            .and_then(|metadata| object::file(&metadata, bulk))
    });
    made.collect()
}

fn json(text: &[u8]) -> Result<Value, &'static str> {
    if nested(text) > NESTED {
        return Err("sequences nested too deep");
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    // The one above takes its place, which is for less than an object may have.
    reader.disable_recursion_limit();
    let read = Value::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|_| "the metadata is no JSON")
}

/// How deep lists and objects are in each other, in what is JSON; of something else, before it is seen to be none.
fn nested(text: &[u8]) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'[' | b'{' if !is_quoted => {
                depth += 1;
                most = most.max(depth);
            }
            b']' | b'}' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

fn of_value(value: Value) -> Result<DicomJson, &'static str> {
    match value {
        Value::Object(metadata) => Ok(metadata),
        _ => Err("the metadata is no data set"),
    }
}

/// The file that the chunks are.
fn chunks_of(
    chunks: Vec<Chunk>,
    scratch: Arc<Scratch>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::iter(chunks).flat_map(move |chunk| match chunk {
        Chunk::Made(bytes) => stream::iter([Ok(Bytes::from(bytes))]).boxed(),
        Chunk::Stored(range) => scratch.bytes(range).boxed(),
    })
}

/// What the part that comes is.
enum Coming {
    Nothing,
    Metadata(Vec<u8>),
    Bulk { address: [u8; 32], kind: Option<MediaType>, start: u64, beginning: Vec<u8> },
}

/// What has come.
struct Body {
    form: Form,
    scratch: Scratch,
    metadata: Vec<Vec<u8>>,
    /// Bytes of metadata in all.
    texts: usize,
    parts: usize,
    bulk: BulkData,
    coming: Coming,
}

impl Body {
    async fn read(&mut self, reader: &mut Reader, bytes: &mut Timed, most: u64) -> Result<(), Problem> {
        let malformed = |error: MultipartError| Problem::BadRequest(format!("the body: {error}"));
        while let Some(part) = bytes.next().await {
            reader.feed(&part?);
            while let Some(piece) = reader.take().map_err(malformed)? {
                match piece {
                    Piece::Part(head) => self.begin(&head)?,
                    Piece::Data(data) => self.more(&data, most).await?,
                    Piece::PartEnd => self.end(),
                    Piece::End => {}
                }
            }
        }
        reader.finish().map_err(malformed)
    }

    fn begin(&mut self, head: &Head) -> Result<(), Problem> {
        self.parts += 1;
        if self.parts > PARTS {
            return Err(Problem::TooLarge { what: "parts in one request", limit: PARTS as u64 });
        }
        let kind = MediaType::of(&head.kind);
        self.coming = if kind.as_ref().is_some_and(|kind| kind.name == self.form.name()) {
            Coming::Metadata(Vec::new())
        } else if head.location.is_empty() {
            let text =
                format!("a part is neither {} nor bulk data with a Content-Location", self.form.name());
            return Err(Problem::BadRequest(text));
        } else {
            let (address, start) = (digest(&head.location), self.scratch.length());
            Coming::Bulk { address, kind, start, beginning: Vec::new() }
        };
        Ok(())
    }

    async fn more(&mut self, data: &[u8], most: u64) -> Result<(), Problem> {
        match &mut self.coming {
            Coming::Nothing => {}
            Coming::Metadata(text) => {
                self.texts += data.len();
                if self.texts > METADATA_BYTES {
                    let limit = METADATA_BYTES as u64;
                    return Err(Problem::TooLarge { what: "bytes of metadata in one request", limit });
                }
                text.extend_from_slice(data);
            }
            Coming::Bulk { start, beginning, .. } => {
                beginning.extend(data.iter().take(BEGINNING_BYTES - beginning.len()));
                self.scratch.write(data).await?;
                if self.scratch.length() - *start > most {
                    return Err(Problem::TooLarge { what: "bytes of a part", limit: most });
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        match std::mem::replace(&mut self.coming, Coming::Nothing) {
            Coming::Nothing => {}
            Coming::Metadata(text) => self.metadata.push(text),
            Coming::Bulk { address, kind, start, beginning } => {
                let coding = coding(kind.as_ref(), &beginning);
                self.bulk.put(address, start..self.scratch.length(), coding);
            }
        }
    }
}

fn digest(address: &str) -> [u8; 32] {
    Sha256::digest(address).into()
}

/// The transfer syntax of a part of bulk data, `None` for bytes as they are.
fn coding(kind: Option<&MediaType>, beginning: &[u8]) -> Result<Option<String>, &'static str> {
    let name = kind.map_or("application/octet-stream", |kind| kind.name.as_str());
    let said = kind.and_then(|kind| kind.parameter("transfer-syntax")).filter(|syntax| *syntax != "*");
    if name == "application/octet-stream" {
        let coded = said.filter(|syntax| *syntax != EXPLICIT_LITTLE);
        let known = |syntax: &str| {
            let end = syntax.strip_prefix(SYNTAXES).unwrap_or_default();
            MEDIA.iter().any(|(_, ends)| ends.contains(&end))
        };
        return match coded {
            Some(syntax) if known(syntax) => Ok(Some(syntax.to_owned())),
            Some(_) => Err("bulk data in a transfer syntax that is not taken"),
            None => Ok(None),
        };
    }
    let (_, ends) = MEDIA
        .iter()
        .find(|(media, _)| *media == name)
        .ok_or("bulk data of a media type that is not taken")?;
    let end = match said {
        Some(said) => said.strip_prefix(SYNTAXES).filter(|end| ends.contains(end)),
        None if name == "image/jpeg" => jpeg_process(beginning),
        // The lossless one of each is what its media type means without a word (PS3.18 table 8.7.3-5).
        None => ends.first().copied(),
    };
    Ok(Some(format!("{SYNTAXES}{}", end.ok_or("a transfer syntax that the media type has not")?)))
}

/// The end of the transfer syntax of a JPEG picture, by the kind of its frame (ITU-T T.81 table B.1).
fn jpeg_process(picture: &[u8]) -> Option<&'static str> {
    let mut at = 2;
    loop {
        let [0xFF, marker, high, low] = *picture.get(at..)?.first_chunk::<4>()? else { return None };
        match marker {
            0xC0 => return Some("4.50"),
            0xC1 => return Some("4.51"),
            0xC3 => return Some(if predictor(&picture[at..]) == Some(1) { "4.70" } else { "4.57" }),
            0xC2 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | 0xD9 | 0xDA => return None,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
}

/// The predictor of a lossless JPEG picture, from its frame on (ITU-T T.81 §B.2.3): the first of a scan's parameters after its components.
fn predictor(picture: &[u8]) -> Option<u8> {
    let mut at = 0;
    loop {
        let [0xFF, marker, high, low] = *picture.get(at..)?.first_chunk::<4>()? else { return None };
        if marker == 0xDA {
            let components = usize::from(*picture.get(at + 4)?);
            return picture.get(at + 5 + 2 * components).copied();
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

/// Parts of bulk data by their addresses.
#[derive(Default)]
struct BulkData {
    found: HashMap<[u8; 32], Found>,
}

struct Found {
    parts: Vec<Range<u64>>,
    coding: Result<Option<String>, &'static str>,
    used: bool,
}

impl BulkData {
    fn put(&mut self, address: [u8; 32], range: Range<u64>, coding: Result<Option<String>, &'static str>) {
        let found = self.found.entry(address).or_insert_with(|| Found {
            parts: Vec::new(),
            coding: coding.clone(),
            used: false,
        });
        if found.coding != coding {
            found.coding = Err("the parts of one address are of several kinds");
        }
        found.parts.push(range);
    }
}

impl object::Store for BulkData {
    fn take(&mut self, uri: &str) -> Result<Bulk, &'static str> {
        let found = self.found.get_mut(&digest(uri)).ok_or("bulk data that is not in the body")?;
        if std::mem::replace(&mut found.used, true) {
            return Err("bulk data that was named before");
        }
        Ok(Bulk { parts: std::mem::take(&mut found.parts), coding: found.coding.clone()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_how_it_is_coded() {
        let check = |kind: &str, beginning: &[u8], expect: Result<Option<&str>, ()>| {
            let got = coding(MediaType::of(kind).as_ref(), beginning).map_err(|_| ());
            let end = expect.map(|end| end.map(|end| format!("{SYNTAXES}{end}")));
            assert_eq!(got, end, "{kind}");
        };
        let jpeg = |marker| [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, marker, 0, 17];
        check("", b"", Ok(None));
        check("application/octet-stream", b"", Ok(None));
        check("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1", b"", Ok(None));
        check("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.80", b"", Ok(Some("4.80")));
        check("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.2", b"", Err(()));
        check("image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.57", b"", Ok(Some("4.57")));
        check("image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.80", b"", Err(()));
        check("image/jpeg", &jpeg(0xC0), Ok(Some("4.50")));
        let lossless = |predictor| {
            [&[0xFF, 0xD8, 0xFF, 0xC3, 0, 2, 0xFF, 0xDA, 0, 8, 1, 0, 0, predictor, 0, 0][..]].concat()
        };
        check("image/jpeg", &lossless(1), Ok(Some("4.70")));
        check("image/jpeg", &lossless(6), Ok(Some("4.57")));
        check("image/jpeg", &jpeg(0xC3), Ok(Some("4.57")));
        check("image/jpeg", &jpeg(0xC2), Err(()));
        check("image/jpeg", b"\xFF\xD8", Err(()));
        check("image/jp2", b"", Ok(Some("4.90")));
        check("image/jls", b"", Ok(Some("4.80")));
        check("video/mp4", b"", Err(()));
    }

    #[test]
    fn metadata_of_more_attributes_than_a_tree_may_have_is_refused_before_there_is_one() {
        let why = |form, text: String| {
            let read = files_of(form, text.as_bytes(), &mut BulkData::default()).into_iter().next();
            read.unwrap().err().map(|unfit| unfit.why)
        };
        const TOO_MANY: Option<&str> = Some("the metadata has too many attributes for one part");
        let json = |count: usize| format!("[{}{{}}]", "{\"\":0},".repeat(count - 1));
        assert_eq!(why(Form::Json, json(BRACES + 1)).as_deref(), TOO_MANY);
        assert_ne!(why(Form::Json, json(BRACES)).as_deref(), TOO_MANY);
        let xml = |count: usize| format!("<NativeDicomModel>{}</NativeDicomModel>", "<a/>".repeat(count - 2));
        assert_eq!(why(Form::Xml, xml(4 * BRACES + 1)).as_deref(), TOO_MANY);
        assert_ne!(why(Form::Xml, xml(4 * BRACES)).as_deref(), TOO_MANY);
    }

    #[tokio::test]
    async fn a_disk_that_fails_between_is_no_fault_of_the_object() {
        let folder = tempfile::tempdir().unwrap();
        let options = peony_store::Options { keep_free: 0, ..peony_store::Options::in_folder(folder.path()) };
        let store = peony_store::Store::open(&options).await.unwrap();
        let mut scratch = store.scratch().await.unwrap();
        scratch.write(b"bulk data").await.unwrap();
        scratch.flush().await.unwrap();
        for file in std::fs::read_dir(folder.path().join("store/incoming")).unwrap() {
            std::fs::File::create(file.unwrap().path()).unwrap();
        }
        let chunks = vec![Chunk::Made(b"so far".to_vec()), Chunk::Stored(0..9)];
        let received = store.receive("A", chunks_of(chunks, Arc::new(scratch))).await;
        let error = received.unwrap_err();
        assert!(matches!(error, peony_store::StoreError::Disk { .. }), "{error}");
        assert_eq!(crate::storing::reason(&error).0, crate::storing::PROCESSING_FAILURE);
    }

    /// Some bytes for every address, coded for some.
    struct Anything;

    impl object::Store for Anything {
        fn take(&mut self, uri: &str) -> Result<Bulk, &'static str> {
            let coding = uri.ends_with('c').then(|| "1.2.840.10008.1.2.4.50".to_owned());
            if uri.is_empty() {
                Err("nothing")
            } else {
                Ok(Bulk { parts: std::iter::once(0..3).collect(), coding })
            }
        }
    }

    #[test]
    fn what_is_made_of_wrong_metadata_is_a_file_or_refused() {
        const LETTERS: &[u8] = b"0123456789ABCDEFabc\"<>[]{}&;/";
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/apart");
        let (mut made, mut refused, mut random) = (0, 0, 0x9E37_79B9_7F4A_7C15_u64);
        for (seed, xml) in [("json", false), ("xml", true)] {
            let whole = std::fs::read(std::path::Path::new(seeds).join(seed)).unwrap();
            for turn in 0..2_000 {
                let mut text = whole.clone();
                // xorshift64 (G. Marsaglia, Xorshift RNGs, 2003); the first is as it was.
                for _ in 0..turn.min(2) {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    let at = (random >> 8) as usize % text.len();
                    text[at] = LETTERS[random as usize % LETTERS.len()];
                }
                let metadata = if xml {
                    native::data_set(&text).ok()
                } else {
                    serde_json::from_slice(&text).ok().and_then(|value| of_value(value).ok())
                };
                let Some(Ok(chunks)) = metadata.map(|metadata| object::file(&metadata, &mut Anything)) else {
                    assert!(turn > 0, "{seed}");
                    refused += 1;
                    continue;
                };
                let file: Vec<u8> = chunks
                    .into_iter()
                    .flat_map(|chunk| match chunk {
                        Chunk::Made(bytes) => bytes,
                        Chunk::Stored(range) => vec![7; (range.end - range.start) as usize],
                    })
                    .collect();
                let data_set = peony_dicom::Elements::open(std::io::Cursor::new(file)).unwrap();
                data_set.walk(|_| Ok(())).unwrap();
                made += 1;
            }
        }
        assert!(made > 100 && refused > 100, "{made} {refused}");
    }
}
