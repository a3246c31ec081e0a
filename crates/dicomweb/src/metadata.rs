//! WADO-RS metadata (PS3.18 §10.4.1.1.2): every attribute of an object in the DICOM JSON Model, with addresses in the place of what is long.

use std::fmt::Write as _;
use std::io::{Read, Seek};
use std::ops::Range;

use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use peony_dicom::written::little;
use peony_dicom::{CHARACTER_SET, Characters, DicomError, Elements, Encoding, Step, Tag, VR};
use peony_store::{DicomJson, Kept, key};
use serde_json::{Map, Value, json};

use crate::answer::{self, Base, DICOM_XML, Form};
use crate::left_out::{in_turn, lacking};
use crate::parts::{self, Part};
use crate::problem::Problem;
use crate::retrieve::location;
use crate::uid::Address;
use crate::{Service, xml};

/// A binary value up to so many bytes stands in the metadata itself, and so does any text and number up to [`LONG_TEXT`].
const INLINE_BYTES: usize = 256;
/// A text or a list of numbers beyond so many bytes is bulk data too.
const LONG_TEXT: usize = 64 << 10;
/// Addresses of bulk data in one object, which are longer the deeper they are.
const ADDRESSES_BYTES: usize = 64 << 20;

pub(crate) async fn metadata(
    service: Service,
    base: Base,
    address: Address,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let form = Form::of(&headers, &query.unwrap_or_default())?;
    let kept = address.kept(&service.store).await?;
    let variant = match form {
        Form::Json(kind) => kind,
        Form::Xml => "xml",
    };
    let all = kept.len();
    let kept = service.all_sound(kept, |kept| (kept, None)).await?;
    let url = base.to_string();
    let names: Vec<String> = kept.iter().map(|one| service.named(one)).collect();
    let tag = answer::tag_of([variant, url.as_str()].into_iter().chain(names.iter().map(String::as_str)));
    if let Some(unchanged) = answer::unchanged(&headers, &tag) {
        return Ok(unchanged);
    }
    let known = all - kept.len();
    // The first one is read before the answer begins: what is wrong with all of them is an answer of its own. The others are read as they are taken.
    let (before, response) = match form {
        Form::Json(kind) => {
            let make = move |one| of_instance(service.clone(), base.clone(), one);
            let (before, texts) = in_turn(kept, make).await?;
            let texts = texts.map_ok(|one: DicomJson| Value::Object(one).to_string()).enumerate();
            let texts = texts.map(|(number, text)| {
                text.map(|text| Bytes::from(if number == 0 { text } else { format!(",{text}") }))
            });
            let [start, end] = [&b"["[..], b"]"].map(|text| stream::iter([Ok(Bytes::from_static(text))]));
            let bytes = start.chain(texts).chain(end).boxed();
            (before, answer::body(StatusCode::OK, kind, parts::body(bytes)))
        }
        Form::Xml => {
            let make = move |one| {
                let made = of_instance(service.clone(), base.clone(), one);
                async move { Ok(part(xml::native_model(&made.await?)?.into())) }
            };
            let (before, parts) = in_turn(kept, make).await?;
            (before, parts::related_in_turn(DICOM_XML, &tag, parts))
        }
    };
    Ok(lacking(response, &tag, [known, before], all))
}

/// A document of an answer in XML.
fn part(document: Bytes) -> Part {
    let (kind, length) = (format!("{DICOM_XML}; charset=utf-8"), Some(document.len() as u64));
    Part { kind, location: None, length, bytes: stream::iter([Ok(document)]).boxed() }
}

async fn of_instance(service: Service, base: Base, kept: Kept) -> Result<DicomJson, Problem> {
    let reader = service.store.reader(&kept);
    let (bulk, frames) = (format!("{}/bulkdata", location(&base, &kept)), kept.frames.clone());
    let read =
        tokio::task::spawn_blocking(move || read(&Elements::open(reader)?.knowing(frames.as_ref()), &bulk));
    match read.await.map_err(|_| Problem::Failed)? {
        Ok(read) => Ok(read),
        Err(error) => Err(service.met(&kept, error.into())),
    }
}

/// A data set that is being read, and the item in which the walk stands.
struct Reading<'a, F> {
    data_set: &'a Elements<F>,
    bulk: &'a str,
    /// Of the innermost item: its attributes and its characters.
    items: Vec<(DicomJson, Characters)>,
    /// The sequences around it: each with its items so far.
    sequences: Vec<(Tag, Vec<Value>)>,
    /// The length of the addresses so far.
    addresses: usize,
}

/// The attributes of a data set. `bulk` is where its bulk data is.
pub(crate) fn read<F: Read + Seek>(data_set: &Elements<F>, bulk: &str) -> Result<DicomJson, DicomError> {
    let items = vec![(Map::new(), Characters::default())];
    let mut reading = Reading { data_set, bulk, items, sequences: Vec::new(), addresses: 0 };
    data_set.walk(|step| reading.step(step))?;
    let mut all = reading.items.pop().map(|(all, _)| all).unwrap_or_default();
    // Whatever it was written in, it is UTF-8 here (§F.2.1.1.2).
    answer::put(&mut all, CHARACTER_SET, "CS", ["ISO_IR 192"]);
    Ok(all)
}

impl<F: Read + Seek> Reading<'_, F> {
    fn step(&mut self, step: Step) -> Result<(), DicomError> {
        match step {
            // A group's length says nothing of the object (§F.2.2).
            Step::Element { tag, .. } if tag.element() == 0 => {}
            Step::Element { tag, vr, value, encoding } => {
                let attribute = self.element(tag, vr, value, encoding)?;
                self.put(tag, attribute);
            }
            Step::Fragments { tag, .. } => {
                let attribute = json!({ "vr": "OB", "BulkDataURI": self.uri(tag)? });
                self.put(tag, attribute);
            }
            Step::Sequence { tag } => self.sequences.push((tag, Vec::new())),
            Step::Item => {
                let characters = self.characters();
                self.items.push((Map::new(), characters));
            }
            Step::ItemEnd => {
                let item = self.items.pop().map(|(item, _)| item).unwrap_or_default();
                if let Some((_, items)) = self.sequences.last_mut() {
                    items.push(Value::Object(item));
                }
            }
            Step::SequenceEnd => {
                if let Some((tag, items)) = self.sequences.pop() {
                    let empty = json!({ "vr": "SQ" });
                    self.put(
                        tag,
                        if items.is_empty() { empty } else { json!({ "vr": "SQ", "Value": items }) },
                    );
                }
            }
        }
        Ok(())
    }

    fn characters(&self) -> Characters {
        self.items.last().map(|(_, characters)| characters.clone()).unwrap_or_default()
    }

    fn put(&mut self, tag: Tag, attribute: Value) {
        if let Some((attributes, _)) = self.items.last_mut() {
            attributes.insert(key(tag), attribute);
        }
    }

    fn element(
        &mut self,
        tag: Tag,
        vr: VR,
        value: Range<usize>,
        encoding: Encoding,
    ) -> Result<Value, DicomError> {
        let name = vr.to_string();
        if value.is_empty() {
            return Ok(json!({ "vr": name }));
        }
        let binary = matches!(vr, VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::UN);
        if value.len() > if binary { INLINE_BYTES } else { LONG_TEXT } || tag == PIXEL_DATA {
            return Ok(json!({ "vr": name, "BulkDataURI": self.uri(tag)? }));
        }
        let bytes = self.data_set.bytes(value.clone(), LONG_TEXT)?;
        if binary {
            let bytes = little(vr, &bytes, encoding);
            return Ok(json!({ "vr": name, "InlineBinary": STANDARD.encode(bytes) }));
        }
        if let Some(numbers) = numbers(vr, &bytes, encoding) {
            return Ok(json!({ "vr": name, "Value": numbers }));
        }
        let texts = self.data_set.texts(vr, value, &self.characters())?;
        if tag == CHARACTER_SET
            && let Some((_, characters)) = self.items.last_mut()
        {
            *characters = Characters::of(&texts);
        }
        if texts.iter().all(String::is_empty) {
            return Ok(json!({ "vr": name }));
        }
        let values: Vec<Value> = texts.iter().map(|text| peony_store::value(name, text)).collect();
        Ok(json!({ "vr": name, "Value": values }))
    }

    /// The address of a value: its tag, before it each sequence and the number of the item.
    fn uri(&mut self, tag: Tag) -> Result<String, DicomError> {
        let mut uri = self.bulk.to_owned();
        for (sequence, items) in &self.sequences {
            // Writing into a string cannot fail.
            let _ = write!(uri, "/{}/{}", key(*sequence), items.len() + 1);
        }
        uri = uri + "/" + &key(tag);
        self.addresses += uri.len();
        if self.addresses > ADDRESSES_BYTES {
            let (value, limit) = (self.addresses as u64, ADDRESSES_BYTES as u64);
            return Err(DicomError::TooLarge { what: "the addresses of bulk data in bytes", value, limit });
        }
        Ok(uri)
    }
}

pub(crate) const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);

/// The numbers of a binary value; `None` for a value representation that is text. Those that JSON does not have are text (§F.2.3).
pub(crate) fn numbers(vr: VR, bytes: &[u8], encoding: Encoding) -> Option<Vec<Value>> {
    let big = encoding == Encoding::ExplicitBig;
    macro_rules! each {
        ($number:ty, $value:expr) => {
            bytes
                .chunks_exact(size_of::<$number>())
                .filter_map(|chunk| chunk.try_into().ok())
                .map(
                    |chunk| {
                        if big { <$number>::from_be_bytes(chunk) } else { <$number>::from_le_bytes(chunk) }
                    },
                )
                .map($value)
                .collect()
        };
    }
    let float = |number: f64| {
        serde_json::Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
    };
    Some(match vr {
        VR::US => each!(u16, Value::from),
        VR::SS => each!(i16, Value::from),
        VR::UL => each!(u32, Value::from),
        VR::SL => each!(i32, Value::from),
        VR::UV => each!(u64, Value::from),
        VR::SV => each!(i64, Value::from),
        VR::FL => each!(f32, |number| float(f64::from(number))),
        VR::FD => each!(f64, float),
        VR::AT => {
            let words: Vec<u16> = each!(u16, |word| word);
            words.chunks_exact(2).map(|pair| key(Tag(pair[0], pair[1])).into()).collect()
        }
        _ => return None,
    })
}
