//! What an index keeps of an instance: the attributes that queries ask for, and where its frames lie.
//!
//! It is found by the same scan as pictures are, in the file on the disk, of which a few kilobytes are in memory: values that no index
//! needs are jumped over. Any transfer syntax is read, also one whose pixels nothing here decodes.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_object::StandardDataDictionary;

use crate::cursor::{Source, Window};
use crate::error::{DicomError, Field, ReadIssue};
use crate::header::{self, Header};
use crate::inflated::Opened;
use crate::scan::{self, Found, PixelData, Wanted};
use crate::text::{CHARACTER_SET, Characters, without_escapes};
use crate::{Codec, fragments, limits, syntax};

/// What of the world an attribute tells of (PS3.3 §7, PS3.4 §C.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Who was examined.
    Patient,
    /// One examination.
    Study,
    /// What one device made of it in one go.
    Series,
    /// One object.
    Instance,
}

/// Request Attributes Sequence: what a series was made for. Its items are looked into, one level deep.
pub const REQUEST_ATTRIBUTES: Tag = Tag(0x0040, 0x0275);

#[rustfmt::skip] // Read as a table.
const INDEXED: &[(Level, &[Tag])] = &[
    (Level::Patient, &[
        Tag(0x0010, 0x0010), Tag(0x0010, 0x0020), Tag(0x0010, 0x0021), Tag(0x0010, 0x0030), Tag(0x0010, 0x0032),
        Tag(0x0010, 0x0040), Tag(0x0010, 0x1000), Tag(0x0010, 0x2160), Tag(0x0010, 0x4000),
    ]),
    (Level::Study, &[
        Tag(0x0008, 0x0020), Tag(0x0008, 0x0030), Tag(0x0008, 0x0050), Tag(0x0008, 0x0090), Tag(0x0008, 0x1030),
        Tag(0x0008, 0x1060), Tag(0x0008, 0x1080), Tag(0x0010, 0x1010), Tag(0x0010, 0x1020), Tag(0x0010, 0x1030),
        Tag(0x0010, 0x2180), Tag(0x0010, 0x21B0), Tag(0x0020, 0x000D), Tag(0x0020, 0x0010),
    ]),
    (Level::Series, &[
        Tag(0x0008, 0x0021), Tag(0x0008, 0x0031), Tag(0x0008, 0x0060), Tag(0x0008, 0x0070), Tag(0x0008, 0x0080),
        Tag(0x0008, 0x1010), Tag(0x0008, 0x103E), Tag(0x0008, 0x1040), Tag(0x0008, 0x1050), Tag(0x0008, 0x1070),
        Tag(0x0008, 0x1090), Tag(0x0018, 0x0015), Tag(0x0018, 0x1000), Tag(0x0018, 0x1030), Tag(0x0020, 0x000E),
        Tag(0x0020, 0x0011), Tag(0x0020, 0x0052), Tag(0x0020, 0x0060), Tag(0x0040, 0x0244), Tag(0x0040, 0x0245),
        Tag(0x0040, 0x0253), Tag(0x0040, 0x0254), REQUEST_ATTRIBUTES,
    ]),
    (Level::Instance, &[
        Tag(0x0008, 0x0008), Tag(0x0008, 0x0012), Tag(0x0008, 0x0013), Tag(0x0008, 0x0016), Tag(0x0008, 0x0018),
        Tag(0x0008, 0x0022), Tag(0x0008, 0x0023), Tag(0x0008, 0x002A), Tag(0x0008, 0x0032), Tag(0x0008, 0x0033),
        Tag(0x0018, 0x0040), Tag(0x0018, 0x1063), Tag(0x0018, 0x5101), Tag(0x0020, 0x0012), Tag(0x0020, 0x0013),
        Tag(0x0020, 0x0062), Tag(0x0028, 0x0002), Tag(0x0028, 0x0004), Tag(0x0028, 0x0008), Tag(0x0028, 0x0010),
        Tag(0x0028, 0x0011), Tag(0x0028, 0x0100), Tag(0x0040, 0xA491), Tag(0x0040, 0xA493), Tag(0x0042, 0x0010),
        Tag(0x0042, 0x0012), Tag(0x0070, 0x0080), Tag(0x0070, 0x0081),
    ]),
];

/// Of which level an indexed attribute is; `None` for one that no index keeps.
#[must_use]
pub fn level_of(tag: Tag) -> Option<Level> {
    INDEXED.iter().find(|(_, tags)| tags.contains(&tag)).map(|(level, _)| *level)
}

/// The value representation of an attribute in PS3.6, `UN` where it has none there.
#[must_use]
pub fn vr_of(tag: Tag) -> VR {
    StandardDataDictionary.by_tag(tag).map_or(VR::UN, |entry| entry.vr().relaxed())
}

/// The tag of a keyword of PS3.6, such as `PatientName`, or of eight hexadecimal digits.
#[must_use]
pub fn tag_of(name: &str) -> Option<Tag> {
    if name.len() == 8 && name.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        let number = u32::from_str_radix(name, 16).ok()?;
        return Some(Tag((number >> 16) as u16, number as u16));
    }
    let entry = StandardDataDictionary.by_name(name)?;
    Some(entry.tag())
}

/// The keyword of an attribute in PS3.6; `None` where it has none there.
#[must_use]
pub fn keyword_of(tag: Tag) -> Option<&'static str> {
    StandardDataDictionary.by_tag(tag).map(|entry| entry.alias())
}

const WANTED: Wanted =
    Wanted { top: is_wanted, items_of: REQUEST_ATTRIBUTES, in_item: is_wanted_of_a_request };

fn is_wanted(tag: Tag) -> bool {
    tag == CHARACTER_SET || tag == header::EXTENDED_OFFSETS.tag || level_of(tag).is_some()
}

fn is_wanted_of_a_request(tag: Tag) -> bool {
    // Accession, study, requested procedure (ID, description), scheduled procedure step (ID, description).
    const OF_A_REQUEST: [Tag; 6] = [
        Tag(0x0008, 0x0050),
        Tag(0x0020, 0x000D),
        Tag(0x0032, 0x1060),
        Tag(0x0040, 0x0007),
        Tag(0x0040, 0x0009),
        Tag(0x0040, 0x1001),
    ];
    OF_A_REQUEST.contains(&tag)
}

/// Attributes by tag.
pub type Attributes = BTreeMap<Tag, Attribute>;

/// One attribute with what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its value representation in PS3.6, whatever the file says.
    pub vr: VR,
    /// Its values as text in Unicode, without padding; numbers as they would be written.
    pub values: Vec<String>,
    /// Its items, where it is a sequence.
    pub items: Vec<Attributes>,
}

impl Attribute {
    /// An attribute with these values. Without any it is, as a key of a question, one that all match.
    pub fn of(tag: Tag, values: impl IntoIterator<Item = String>) -> Self {
        Self { vr: vr_of(tag), values: values.into_iter().collect(), items: Vec::new() }
    }
}

/// What an index keeps of one instance. It has no debug form: it holds what is known of a patient (invariant 5).
#[derive(Clone)]
pub struct Outline {
    /// Transfer Syntax UID, digits and dots only.
    pub transfer_syntax_uid: String,
    /// Where the data set begins, in bytes from the beginning of the file.
    pub data_set: u64,
    /// The attributes of [`level_of`] that are there with a value.
    pub attributes: Attributes,
    /// Where each frame lies; `None` where a frame has no place of its own (no pixels, a video, a deflated data set, frames that begin
    /// within a byte).
    pub frames: Option<FramePlaces>,
    /// What was passed over.
    pub issues: Vec<ReadIssue>,
}

impl Outline {
    /// The first value of an attribute, empty where it has none.
    #[must_use]
    pub fn text(&self, tag: Tag) -> &str {
        self.attributes.get(&tag).and_then(|attribute| attribute.values.first()).map_or("", String::as_str)
    }

    fn number(&self, tag: Tag) -> Option<u64> {
        self.text(tag).trim().parse().ok()
    }
}

/// Where the frames of an instance lie, in bytes from the beginning of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FramePlaces {
    /// As they are, one after the other.
    Native {
        /// Where the first begins.
        start: u64,
        /// The length of each.
        frame_bytes: u64,
        /// How many.
        count: u64,
    },
    /// Fragments, one after the other (PS3.5 §A.4).
    Encapsulated {
        /// Where the item tag of the first fragment lies.
        start: u64,
        /// The length of each frame: its fragments with their item headers.
        lengths: Vec<u64>,
    },
}

impl FramePlaces {
    /// How many frames there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::Native { count, .. } => *count,
            Self::Encapsulated { lengths, .. } => lengths.len() as u64,
        }
    }

    /// The bytes of a frame, counted from 0; `None` where there is none.
    #[must_use]
    pub fn range(&self, index: u64) -> Option<Range<u64>> {
        match self {
            Self::Native { start, frame_bytes, count } => (index < *count).then(|| {
                let at = start + index * frame_bytes;
                at..at + frame_bytes
            }),
            Self::Encapsulated { start, lengths } => {
                let index = usize::try_from(index).ok()?;
                let length = lengths.get(index)?;
                let at = start + lengths[..index].iter().sum::<u64>();
                Some(at..at + length)
            }
        }
    }

    /// The coded picture out of the bytes of [`Self::range`]: fragments lose their item headers and are joined.
    ///
    /// # Errors
    /// [`DicomError`] where the bytes are not those of a frame.
    pub fn coded(&self, bytes: &[u8]) -> Result<Vec<u8>, DicomError> {
        if matches!(self, Self::Native { .. }) {
            return Ok(bytes.to_vec());
        }
        let mut coded = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let (head, value) = rest.split_first_chunk::<8>().ok_or(not_a_frame(at))?;
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            if !head.starts_with(&[0xFE, 0xFF, 0x00, 0xE0]) || length > value.len() {
                return Err(not_a_frame(at));
            }
            coded.extend_from_slice(&value[..length]);
            at += 8 + length;
        }
        Ok(coded)
    }
}

const fn not_a_frame(at: usize) -> DicomError {
    DicomError::Malformed { what: "something else where the fragments of a frame were", at }
}

/// Reads the outline of a file, whatever it was positioned at.
///
/// # Errors
/// [`DicomError`]: not DICOM, cut off, damaged or past a limit.
pub fn outline(file: &File) -> Result<Outline, DicomError> {
    let window = Window::new(file)?;
    let (uid, data_set) = scan::file_meta(Source::File(&window))?;
    let uid = syntax::clean(&uid);
    let (encoding, deflated, codec) = syntax::layout(&uid);
    let (opened, start) = Opened::new(window, data_set, deflated)?;
    let source = opened.source();
    let mut found = scan::walk(source, start, encoding, &WANTED)?;
    if deflated {
        // Its frames have no places in the file.
        found.pixel_data = None;
    }
    put_together(source, encoding, codec, uid, data_set, found)
}

fn put_together(
    source: Source<'_>,
    encoding: crate::Encoding,
    codec: Option<Codec>,
    transfer_syntax_uid: String,
    data_set: usize,
    found: Found,
) -> Result<Outline, DicomError> {
    let Found { header, items, pixel_data, issues, .. } = found;
    let ascii = Header::of(source, encoding, &Characters::default(), &header)?;
    let characters = Characters::of(&ascii.texts(CHARACTER_SET).unwrap_or_default());
    let header = if characters == Characters::default() {
        ascii
    } else {
        Header::of(source, encoding, &characters, &header)?
    };
    let mut attributes = attributes_of(&header, limits::INDEXED_VALUE_BYTES);
    let mut requests = Vec::new();
    for item in items.iter().take(limits::REGIONS) {
        let request = Header::of(source, encoding, &characters, item)?;
        requests.push(attributes_of(&request, limits::INDEXED_VALUE_BYTES));
    }
    if !requests.is_empty() {
        let (vr, values) = (VR::SQ, Vec::new());
        attributes.insert(REQUEST_ATTRIBUTES, Attribute { vr, values, items: requests });
    }
    let data_set = data_set as u64;
    let mut outline = Outline { transfer_syntax_uid, data_set, attributes, frames: None, issues };
    if let Some(pixel_data) = pixel_data {
        outline.frames = frames(source, &outline, &header, codec, pixel_data)?;
    }
    Ok(outline)
}

/// The elements of a header that are texts or numbers, of `most` bytes.
pub(crate) fn attributes_of(header: &Header, most: usize) -> Attributes {
    let tags = header.tags_here().filter(|tag| *tag != CHARACTER_SET && *tag != header::EXTENDED_OFFSETS.tag);
    let said = tags.filter_map(|tag| {
        let values = header.texts(tag)?;
        // A text longer than any that is searched for stays in the object.
        let long = values.iter().map(String::len).sum::<usize>() > most;
        let values = values.into_iter().map(without_escapes);
        (!long).then_some((tag, Attribute::of(tag, values)))
    });
    said.collect()
}

fn frames(
    source: Source<'_>,
    outline: &Outline,
    header: &Header,
    codec: Option<Codec>,
    pixel_data: PixelData,
) -> Result<Option<FramePlaces>, DicomError> {
    let tag = |field: Field| field.tag;
    let declared = outline.number(tag(header::NUMBER_OF_FRAMES)).filter(|frames| *frames > 0).unwrap_or(1);
    let number = |field| outline.number(tag(field)).unwrap_or(0);
    match pixel_data {
        PixelData::Native { value, .. } => {
            let samples = match outline.text(tag(header::PHOTOMETRIC)) {
                "YBR_FULL_422" => 2,
                _ => number(header::SAMPLES_PER_PIXEL),
            };
            // Each is of 16 bits in the file; a text in its place is no number.
            let factors =
                [number(header::ROWS), number(header::COLUMNS), samples, number(header::BITS_ALLOCATED)];
            let bits = factors.iter().try_fold(1_u64, |bits, factor| bits.checked_mul(*factor)).unwrap_or(0);
            let frame_bytes = bits / 8;
            if frame_bytes == 0 || (!bits.is_multiple_of(8) && declared > 1) {
                return Ok(None);
            }
            let count = declared.min(value.len() as u64 / frame_bytes);
            Ok((count > 0).then_some(FramePlaces::Native { start: value.start as u64, frame_bytes, count }))
        }
        PixelData::Encapsulated { offsets, fragments } => {
            let Some(first) = fragments.first() else { return Ok(None) };
            let Some(codec) = codec.or((fragments.len() as u64 == declared).then_some(Codec::Native)) else {
                return Ok(None);
            };
            // A frame is four bytes of it.
            let (what, value, limit) = ("the number of frames", offsets.len() as u64 / 4, limits::FRAMES);
            if value > limit {
                return Err(DicomError::TooLarge { what, value, limit });
            }
            let mut table = fragments::basic_offsets(&source.bytes(offsets)?);
            if table.is_empty() {
                table = header.offsets(header::EXTENDED_OFFSETS);
            }
            let frames = fragments::frames(source, &fragments, &table, declared, codec)?;
            let value = frames.len() as u64;
            if value > limit {
                return Err(DicomError::TooLarge { what, value, limit });
            }
            // The item header of a fragment lies before its value, and fragments lie one after the other.
            let span = |frame: &Range<usize>| {
                let fragments = fragments.get(frame.clone())?;
                Some((fragments.last()?.end - fragments.first()?.start + 8) as u64)
            };
            let lengths = frames.iter().filter_map(span).collect();
            Ok(Some(FramePlaces::Encapsulated { start: first.start as u64 - 8, lengths }))
        }
    }
}
