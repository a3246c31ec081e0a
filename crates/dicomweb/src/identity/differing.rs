//! How two objects under one UID differ, for whoever decides which of them is handed out: their attributes one by one, and whether their pixels are
//! the same, as far as that is known without decoding one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::ops::Range;

use axum::Json;
use peony_dicom::written::little;
use peony_dicom::{
    CHARACTER_SET, Characters, DicomError, Elements, Encoding, FramePlaces, Step, Tag, VR, keyword_of,
};
use peony_store::{Kept, Reader, Which, key};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::answer::{Asked, At};
use crate::frames::is_little;
use crate::metadata::{PIXEL_DATA, numbers};
use crate::problem::Problem;
use crate::{Service, parts};

/// So many attributes are told.
const TOLD: usize = 50;
/// So many letters of a value.
const LETTERS: usize = 160;
/// Attributes of one object that are compared; the rest of it is not looked at.
const COMPARED: usize = 20_000;
/// A value beyond so many bytes is told by its length alone.
const LONG_BYTES: usize = 64 << 10;
/// Bytes of such values of one object that are compared, and of the pixels of each.
const COMPARED_BYTES: u64 = 64 << 20;
/// What is read of them at a time.
const STEP_BYTES: usize = 256 << 10;

/// How an object that was kept aside and the one that has its UID differ. It has no debug form: values are a patient's.
#[derive(Serialize, ToSchema)]
pub(super) struct AsideDifferences {
    kept: OneOfTwo,
    aside: OneOfTwo,
    pixels: PixelsCompared,
    /// Attributes whose values differ, those of the patient first, makers' own last, at most 50.
    attributes: Vec<DifferingAttribute>,
    /// How many differ besides those.
    more: u32,
    /// Whether all attributes were compared: very many, very long values and compressed pictures within sequences are not.
    whole: bool,
}

/// One of two objects.
#[derive(Serialize, ToSchema)]
struct OneOfTwo {
    study_uid: String,
    series_uid: String,
    /// SOP Class UID.
    class_uid: String,
    transfer_syntax_uid: String,
    /// 0 where it holds no picture.
    frames: u64,
    /// The length of its file in bytes.
    size: u64,
    /// Who sent it.
    origin: String,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
}

/// What is known of the pixels of two objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PixelsCompared {
    /// Neither has any.
    None,
    /// The same samples, or the same coded bytes.
    Same,
    /// Other samples, another number of frames, or one of them has none.
    Other,
    /// They are coded in different ways, or too long to compare.
    Unknown,
}

/// An attribute whose values differ.
#[derive(Serialize, ToSchema)]
struct DifferingAttribute {
    /// The sequences around it from the outermost on, and itself at the end.
    place: Vec<AttributeName>,
    kept: SaidValue,
    aside: SaidValue,
}

/// A name on the way to an attribute.
#[derive(Serialize, ToSchema)]
struct AttributeName {
    /// Eight hexadecimal digits.
    tag: String,
    /// Its keyword in PS3.6; `null` where it has none there.
    #[schema(required)]
    keyword: Option<&'static str>,
    /// Of a sequence around the attribute, the number of the item, from 1 on; 0 of the attribute itself.
    item: u32,
}

/// What an object says of an attribute.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum SaidValue {
    /// It does not have it.
    Absent,
    /// Its values with `\` between, cut where they are long; empty where it has the attribute without one.
    Text { text: String },
    /// So many bytes that are no text.
    Bytes { count: u64 },
    /// A sequence of so many items.
    Items { count: u32 },
}

/// How an object that was kept aside differs from the one that has its UID; that somebody looked is in the audit.
#[utoipa::path(get, path = "/api/identity/aside/{id}/differences", params(("id" = i64, Path, description = "the object")), responses(
    (status = 200, body = AsideDifferences),
    (status = 404, description = "there is no such object, or what has its UID is not seen"),
    (status = 422, description = "one of them cannot be read"),
))]
pub(super) async fn differences(
    service: Service,
    Asked { store, who }: Asked,
    At(id): At<i64>,
) -> Result<Json<AsideDifferences>, Problem> {
    const MISSING: Problem = Problem::Missing("object that has its UID");
    let known = store.known_aside(id).await?;
    let has_uid = Which { instance_uid: Some(&known.instance_uid), ..Which::default() };
    let there = store.instances(has_uid).await?.into_iter().next().ok_or(MISSING)?;
    let of_there = known.kept.ok_or(MISSING)?;
    let lying = store.object_aside(id, &who).await?;
    let place = parts::place(&service).await?;
    let both = [there, lying];
    let readers = both.each_ref().map(|one| store.reader(one));
    let compared = tokio::task::spawn_blocking(move || {
        let _place = place;
        compared(&both, &readers).map(|differing| (both, differing))
    });
    let ([there, lying], differing) = compared.await.map_err(|_| Problem::Failed)??;
    let Differing { attributes, more, whole, pixels } = differing;
    let one = |kept: Kept, origin, at_ms| OneOfTwo {
        study_uid: kept.study_uid,
        series_uid: kept.series_uid,
        class_uid: kept.sop_class_uid,
        transfer_syntax_uid: kept.transfer_syntax_uid,
        frames: kept.frame_count,
        size: kept.object.size,
        origin,
        at_ms,
    };
    let kept = one(there, of_there.origin, of_there.at_ms);
    let aside = one(lying, known.origin, known.at_ms);
    Ok(Json(AsideDifferences { kept, aside, pixels, attributes, more, whole }))
}

struct Differing {
    attributes: Vec<DifferingAttribute>,
    more: u32,
    whole: bool,
    pixels: PixelsCompared,
}

/// Both are read once.
fn compared(both: &[Kept; 2], readers: &[Reader; 2]) -> Result<Differing, Problem> {
    let said = |number: usize| {
        let data_set = Elements::open(readers[number].clone())?;
        Said::of(&data_set.knowing(both[number].frames.as_ref()))
    };
    let (kept, aside) = (said(0)?, said(1)?);
    let pixels = pixels(both, readers, [kept.has_pixels, aside.has_pixels])?;
    let (attributes, more) = told(&kept.attributes, &aside.attributes);
    Ok(Differing { attributes, more, whole: kept.whole && aside.whole, pixels })
}

/// What an object says of each attribute, and a sum of all of that.
type Attributes = BTreeMap<Place, (SaidValue, [u8; 32])>;

/// The tags on the way to an attribute: of each sequence around it the number of the item, of itself 0.
type Place = Vec<(Tag, u32)>;

/// What an object says.
struct Said {
    attributes: Attributes,
    has_pixels: bool,
    whole: bool,
}

impl Said {
    fn of<F: Read + Seek>(data_set: &Elements<F>) -> Result<Self, DicomError> {
        let said = Self { attributes: BTreeMap::new(), has_pixels: false, whole: true };
        let mut reading =
            Reading { data_set, said, place: Vec::new(), characters: vec![Characters::default()], bytes: 0 };
        data_set.walk(|step| reading.step(step))?;
        Ok(reading.said)
    }
}

/// An object that is being read, and where the walk stands.
struct Reading<'a, F> {
    data_set: &'a Elements<F>,
    said: Said,
    /// The sequences around, with the number of the item.
    place: Place,
    /// Of the data set and of each item around.
    characters: Vec<Characters>,
    /// Of long values so far.
    bytes: u64,
}

impl<F: Read + Seek> Reading<'_, F> {
    fn step(&mut self, step: Step) -> Result<(), DicomError> {
        let is_top = self.place.is_empty();
        match step {
            // A group's length says nothing of the object, nor do the places of frames.
            Step::Element { tag, .. } if tag.element() == 0 || is_offsets(tag) && is_top => {}
            Step::Element { tag, .. } | Step::Fragments { tag } if tag == PIXEL_DATA && is_top => {
                self.said.has_pixels = true;
            }
            Step::Element { tag, vr, value, encoding } => self.element(tag, vr, value, encoding)?,
            Step::Fragments { .. } => self.said.whole = false,
            Step::Sequence { tag } => self.place.push((tag, 0)),
            Step::Item => {
                if let Some((_, item)) = self.place.last_mut() {
                    *item += 1;
                }
                self.characters.push(self.now());
            }
            Step::ItemEnd => {
                self.characters.pop();
            }
            Step::SequenceEnd => {
                if let Some((tag, count)) = self.place.pop() {
                    self.put(tag, SaidValue::Items { count }, &count.to_le_bytes());
                }
            }
        }
        Ok(())
    }

    /// In which characters the innermost item is.
    fn now(&self) -> Characters {
        self.characters.last().cloned().unwrap_or_default()
    }

    fn element(
        &mut self,
        tag: Tag,
        vr: VR,
        value: Range<usize>,
        encoding: Encoding,
    ) -> Result<(), DicomError> {
        if value.len() > LONG_BYTES {
            return self.long(tag, vr, value, encoding);
        }
        let bytes = self.data_set.bytes(value.clone(), LONG_BYTES)?;
        if is_binary(vr) {
            let count = bytes.len() as u64;
            self.put(tag, SaidValue::Bytes { count }, &little(vr, &bytes, encoding));
            return Ok(());
        }
        let text = match numbers(vr, &bytes, encoding) {
            Some(numbers) => joined(numbers.iter().map(as_text)),
            None => {
                let texts = self.data_set.texts(vr, value, &self.now())?;
                if tag == CHARACTER_SET
                    && let Some(characters) = self.characters.last_mut()
                {
                    *characters = Characters::of(&texts);
                }
                joined(texts.into_iter())
            }
        };
        // Names and dates are what was said, in whatever characters it was written.
        let shown = SaidValue::Text { text: shortened(&text) };
        self.put(tag, shown, text.as_bytes());
        Ok(())
    }

    fn long(&mut self, tag: Tag, vr: VR, value: Range<usize>, encoding: Encoding) -> Result<(), DicomError> {
        self.bytes += value.len() as u64;
        if self.bytes > COMPARED_BYTES {
            self.said.whole = false;
            return Ok(());
        }
        let (count, mut sum) = (value.len() as u64, Sha256::new());
        for at in value.clone().step_by(STEP_BYTES) {
            let part = at..(at + STEP_BYTES).min(value.end);
            sum.update(little(vr, &self.data_set.bytes(part, STEP_BYTES)?, encoding));
        }
        self.put(tag, SaidValue::Bytes { count }, &sum.finalize());
        Ok(())
    }

    fn put(&mut self, tag: Tag, shown: SaidValue, of: &[u8]) {
        if self.said.attributes.len() >= COMPARED {
            self.said.whole = false;
            return;
        }
        let mut place = self.place.clone();
        place.push((tag, 0));
        self.said.attributes.insert(place, (shown, Sha256::digest(of).into()));
    }
}

/// The tables of where frames begin.
const fn is_offsets(tag: Tag) -> bool {
    matches!(tag, Tag(0x7FE0, 0x0001..=0x0003))
}

const fn is_binary(vr: VR) -> bool {
    matches!(vr, VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::UN)
}

fn as_text(number: &Value) -> String {
    number.as_str().map_or_else(|| number.to_string(), str::to_owned)
}

fn joined(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join("\\")
}

/// The beginning of a text, and that there was more.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What differs, and how much more than is told. Of a sequence with another number of items nothing is told but that.
fn told(kept: &Attributes, aside: &Attributes) -> (Vec<DifferingAttribute>, u32) {
    let mut differing: Vec<&Place> = Vec::new();
    // A sequence comes before what is in its items: the number of its own item is 0.
    let mut told_whole: Option<&Place> = None;
    for place in kept.keys().chain(aside.keys()).collect::<BTreeSet<_>>() {
        if told_whole.is_some_and(|sequence| is_within(place, sequence)) {
            continue;
        }
        let values = [kept.get(place), aside.get(place)];
        if values[0].map(|(_, sum)| sum) == values[1].map(|(_, sum)| sum) {
            continue;
        }
        if values.iter().flatten().any(|(shown, _)| matches!(shown, SaidValue::Items { .. })) {
            told_whole = Some(place);
        }
        differing.push(place);
    }
    differing.sort_by_key(|place| weight(place));
    let more = differing.len().saturating_sub(TOLD);
    let said = |from: &Attributes, place: &Place| {
        from.get(place).map_or(SaidValue::Absent, |(shown, _)| shown.clone())
    };
    let attribute = |place: &Place| DifferingAttribute {
        place: place.iter().map(|(tag, item)| named(*tag, *item)).collect(),
        kept: said(kept, place),
        aside: said(aside, place),
    };
    let attributes = differing.into_iter().take(TOLD).map(attribute).collect();
    (attributes, u32::try_from(more).unwrap_or(u32::MAX))
}

/// Who was examined is looked at first; what only its maker knows, last.
fn weight(place: &[(Tag, u32)]) -> u8 {
    match place.first() {
        Some((Tag(0x0010, _), _)) => 0,
        Some((Tag(group, _), _)) if group % 2 == 1 => 2,
        _ => 1,
    }
}

/// Whether an attribute stands in an item of a sequence.
fn is_within(place: &[(Tag, u32)], sequence: &[(Tag, u32)]) -> bool {
    match sequence.split_last() {
        Some(((tag, _), around)) => {
            place.len() > sequence.len()
                && place.starts_with(around)
                && place.get(around.len()).is_some_and(|(of, _)| of == tag)
        }
        None => false,
    }
}

fn named(tag: Tag, item: u32) -> AttributeName {
    AttributeName { tag: key(tag), keyword: keyword_of(tag), item }
}

/// What is known of the pixels without decoding any.
fn pixels(both: &[Kept; 2], readers: &[Reader; 2], have: [bool; 2]) -> Result<PixelsCompared, Problem> {
    let [kept, aside] = both;
    match have {
        [false, false] => return Ok(PixelsCompared::None),
        [true, true] if kept.frame_count == aside.frame_count => {}
        _ => return Ok(PixelsCompared::Other),
    }
    let places = both.each_ref().map(|one| one.frames.as_ref().and_then(lie));
    let [Some(of_kept), Some(of_aside)] = places else { return Ok(PixelsCompared::Unknown) };
    let length = of_kept.end - of_kept.start;
    let alike = kept.transfer_syntax_uid == aside.transfer_syntax_uid;
    let samples = both.iter().all(is_little) || alike && both.iter().all(is_native);
    if !alike && !samples {
        return Ok(PixelsCompared::Unknown);
    }
    // One picture is coded in more than one way.
    let otherwise = if samples { PixelsCompared::Other } else { PixelsCompared::Unknown };
    if of_aside.end - of_aside.start != length {
        return Ok(otherwise);
    }
    if length > COMPARED_BYTES {
        return Ok(PixelsCompared::Unknown);
    }
    let [there, lying] = readers;
    for at in (0..length).step_by(STEP_BYTES) {
        let end = (at + STEP_BYTES as u64).min(length);
        let part = |reader: &Reader, from: u64| reader.range(from + at..from + end);
        if part(there, of_kept.start)? != part(lying, of_aside.start)? {
            return Ok(otherwise);
        }
    }
    Ok(PixelsCompared::Same)
}

const fn is_native(kept: &Kept) -> bool {
    matches!(kept.frames, Some(FramePlaces::Native { .. }))
}

/// Where all frames lie.
fn lie(frames: &FramePlaces) -> Option<Range<u64>> {
    let last = frames.count().checked_sub(1)?;
    Some(frames.range(0)?.start..frames.range(last)?.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEQUENCE: Tag = Tag(0x0040, 0x0275);
    const STEP_ID: Tag = Tag(0x0040, 0x0009);

    fn saying(of: &[(&[(Tag, u32)], &str)]) -> Attributes {
        let value = |text: &str| match text.parse() {
            Ok(count) => SaidValue::Items { count },
            Err(_) => SaidValue::Text { text: text.to_owned() },
        };
        of.iter().map(|(place, text)| (place.to_vec(), (value(text), Sha256::digest(text).into()))).collect()
    }

    fn places(kept: &[(&[(Tag, u32)], &str)], aside: &[(&[(Tag, u32)], &str)]) -> Vec<String> {
        let (attributes, more) = told(&saying(kept), &saying(aside));
        assert_eq!(more, 0);
        let name = |name: &AttributeName| format!("{}/{}", name.tag, name.item);
        attributes.iter().map(|one| one.place.iter().map(name).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_sequence_with_another_number_of_items_is_told_once() {
        let item = |number| [(SEQUENCE, number), (STEP_ID, 0)];
        let one = [(&[(SEQUENCE, 0)][..], "1"), (&item(1)[..], "a")];
        let two = [(&[(SEQUENCE, 0)][..], "2"), (&item(1)[..], "b"), (&item(2)[..], "c")];
        let other = [(&[(SEQUENCE, 0)][..], "1"), (&item(1)[..], "b")];
        assert_eq!(places(&one, &two), ["00400275/0"]);
        assert_eq!(places(&two, &[]), ["00400275/0"]);
        assert_eq!(places(&one, &other), ["00400275/1 00400009/0"]);
        assert!(places(&one, &one).is_empty());
    }

    #[test]
    fn who_was_examined_comes_first_and_a_makers_own_last() {
        const ALL: [&[(Tag, u32)]; 4] = [
            &[(Tag(0x0008, 0x0020), 0)],
            &[(Tag(0x0009, 0x1001), 0)],
            &[(Tag(0x0010, 0x0010), 0)],
            &[(Tag(0x0028, 0x0010), 0)],
        ];
        let expected = ["00100010/0", "00080020/0", "00280010/0", "00091001/0"];
        assert_eq!(places(&ALL.map(|place| (place, "a")), &ALL.map(|place| (place, "b"))), expected);
    }

    #[test]
    fn no_more_than_a_page_is_told_and_no_long_value() {
        let tags: Vec<[(Tag, u32); 1]> = (0..60).map(|number| [(Tag(0x0008, number), 0)]).collect();
        let all: Vec<(&[(Tag, u32)], &str)> = tags.iter().map(|place| (&place[..], "x")).collect();
        let (attributes, more) = told(&saying(&all), &BTreeMap::new());
        assert_eq!((attributes.len(), more), (TOLD, 10));
        assert!(attributes.iter().all(|one| one.aside == SaidValue::Absent));
        assert_eq!(shortened(&"ü".repeat(LETTERS)), "ü".repeat(LETTERS));
        assert_eq!(shortened(&"ü".repeat(LETTERS + 1)), format!("{}…", "ü".repeat(LETTERS)));
    }
}
