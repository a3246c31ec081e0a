//! The scan: one pass over the bytes of a file before any other parser sees one (invariant 2).
//!
//! It walks file meta information (PS3.10 §7.1), elements with or without value representations in either byte
//! order (PS3.5 §7), sequences and items of defined and undefined length (§7.5) and encapsulated pixel data
//! (§A.4) with a stack of its own, so nesting costs no call stack, and with the limits of [`crate::limits`]. It
//! reads no value but the transfer syntax UID.

use std::ops::Range;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_object::StandardDataDictionary;

use crate::cursor::{Cursor, Source};
use crate::error::{DicomError, ReadIssue};
use crate::{Encoding, TransferSyntax, header, limits};

pub(crate) const ITEM: Tag = Tag(0xFFFE, 0xE000);
pub(crate) const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
pub(crate) const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
const PIXEL_REPRESENTATION: Tag = Tag(0x0028, 0x0103);
const MEDIA_STORAGE_SOP_CLASS: Tag = Tag(0x0002, 0x0002);
const MEDIA_STORAGE_SOP_INSTANCE: Tag = Tag(0x0002, 0x0003);
const TRANSFER_SYNTAX_UID: Tag = Tag(0x0002, 0x0010);
pub(crate) const UNDEFINED: u32 = u32::MAX;
/// What is too large where a file is.
pub(crate) const FILE_LENGTH: &str = "the length of the file in bytes";

/// What the scan found. Ranges are byte positions in [`Self::bytes`].
#[derive(Clone)]
pub struct Scan {
    /// The transfer syntax of the data set.
    pub syntax: &'static TransferSyntax,
    /// The file, or the inflated data set of a deflated file.
    pub bytes: Vec<u8>,
    /// Where the data set begins.
    pub data_set: usize,
    /// The top-level elements that reading needs, whole, in the order of the file. None is a sequence or of an
    /// unknown value representation, so no parser can find a structure in them that this scan did not see.
    pub header: Vec<Range<usize>>,
    /// The same for each item of the Sequence of Ultrasound Regions.
    pub regions: Vec<Vec<Range<usize>>>,
    /// The top-level sequences that are there and matter.
    pub sequences: Vec<Tag>,
    /// The pixel data, where the object has any.
    pub pixel_data: Option<PixelData>,
    /// What was passed over.
    pub issues: Vec<ReadIssue>,
}

/// Where the pixel data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PixelData {
    /// One value (PS3.5 §8.1).
    Native {
        /// The value.
        value: Range<usize>,
        /// It is written in words of 16 bits (OW), which big endian turns around.
        words: bool,
    },
    /// Fragments (PS3.5 §A.4).
    Encapsulated {
        /// The value of the basic offset table, empty where there is none.
        offsets: Range<usize>,
        /// The values of the fragments; each one's item tag lies eight bytes before it.
        fragments: Vec<Range<usize>>,
    },
}

/// Scans a file.
///
/// # Errors
/// [`DicomError`]: not DICOM, cut off, damaged, past a limit, or of a transfer syntax that is not read.
pub fn scan(bytes: Vec<u8>) -> Result<Scan, DicomError> {
    if bytes.len() as u64 > limits::FILE_BYTES {
        let (value, limit) = (bytes.len() as u64, limits::FILE_BYTES);
        return Err(DicomError::TooLarge { what: FILE_LENGTH, value, limit });
    }
    let (uid, data_set) = file_meta(Source::Memory(&bytes))?;
    let syntax = TransferSyntax::of(&uid)?;
    let (bytes, start) = if syntax.deflated {
        (inflate(&bytes[data_set..], limits::INFLATED_BYTES)?, 0)
    } else {
        (bytes, data_set)
    };
    let found = walk(Source::Memory(&bytes), start, syntax.encoding, &header::FOR_PICTURES)?;
    let Found { header, items: regions, sequences, pixel_data, issues } = found;
    Ok(Scan { syntax, bytes, data_set: start, header, regions, sequences, pixel_data, issues })
}

/// The UID of the transfer syntax as the file has it, cut after 64 bytes, and where the data set begins. File meta information is always
/// explicit little endian (PS3.10 §7.1) and ends where group 0002 does: its group length is wrong or missing too often to be used.
pub(crate) fn file_meta(source: Source<'_>) -> Result<(Vec<u8>, usize), DicomError> {
    // PS3.10 §7.1: 128 bytes of preamble, then the prefix.
    if source.array(128)? != Some(*b"DICM") {
        return Err(DicomError::NotDicom { length: source.length() });
    }
    let mut cursor = Cursor::new(source, 132, Encoding::ExplicitLittle);
    let mut syntax = None;
    while let Some((tag, value)) = next_of_meta(&mut cursor)? {
        if tag == TRANSFER_SYNTAX_UID {
            syntax = Some(source.bytes(value.start..value.end.min(value.start + 64))?.into_owned());
        }
    }
    match syntax {
        Some(syntax) => Ok((syntax, cursor.pos)),
        None if cursor.left() < 8 => Err(DicomError::Truncated {
            what: "file meta information",
            at: cursor.pos,
            needs: 8,
            has: cursor.left(),
        }),
        None => Err(DicomError::Missing(header::TRANSFER_SYNTAX)),
    }
}

/// The next element of the file meta information, and where its value lies.
fn next_of_meta(cursor: &mut Cursor<'_>) -> Result<Option<(Tag, Range<usize>)>, DicomError> {
    if cursor.left() < 8 || cursor.peek_tag()?.group() != 0x0002 {
        return Ok(None);
    }
    let element = cursor.element_header(|_| false)?;
    if element.length == UNDEFINED {
        return Err(DicomError::Malformed {
            what: "file meta information of undefined length",
            at: cursor.pos,
        });
    }
    let value = cursor.skip("an element of the file meta information", element.length)?;
    Ok(Some((element.tag, value)))
}

/// The SOP Class UID and the SOP Instance UID that a file says it has, by its beginning alone (Media Storage SOP Class and Instance UID, PS3.10 §7.1);
/// `None` where they do not stand there. What is in the data set may be something else.
#[must_use]
pub fn uids_said(beginning: &[u8]) -> Option<[String; 2]> {
    let source = Source::Memory(beginning);
    if source.array(128).ok()?? != *b"DICM" {
        return None;
    }
    let mut cursor = Cursor::new(source, 132, Encoding::ExplicitLittle);
    let mut said = [None, None];
    while let Some((tag, value)) = next_of_meta(&mut cursor).ok()? {
        let at = [MEDIA_STORAGE_SOP_CLASS, MEDIA_STORAGE_SOP_INSTANCE].iter().position(|one| *one == tag);
        if let Some(at) = at {
            let text = String::from_utf8(beginning.get(value)?.to_vec()).ok()?;
            let uid = text.trim_end_matches(['\0', ' ']);
            said[at] = Some(uid.to_owned()).filter(|uid| crate::is_uid(uid));
        }
        if let [Some(class), Some(instance)] = &said {
            return Some([class.clone(), instance.clone()]);
        }
    }
    None
}

/// PS3.5 §A.5: everything after the file meta information, in raw deflate. For whoever has the whole file in memory anyway.
fn inflate(deflated: &[u8], limit: u64) -> Result<Vec<u8>, DicomError> {
    use std::io::Read as _;
    let mut inflated = Vec::new();
    let read = flate2::read::DeflateDecoder::new(deflated).take(limit + 1).read_to_end(&mut inflated);
    if inflated.len() as u64 > limit {
        return Err(too_much_inflated(limit));
    }
    match read {
        Ok(_) => Ok(inflated),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(deflated_is_cut_off(deflated.len()))
        }
        Err(_) => Err(DOES_NOT_INFLATE),
    }
}

/// More than `limit`, by one byte at least.
pub(crate) const fn too_much_inflated(limit: u64) -> DicomError {
    DicomError::TooLarge { what: "the length of the inflated data set in bytes", value: limit + 1, limit }
}

/// There are `has` bytes of it.
pub(crate) const fn deflated_is_cut_off(has: usize) -> DicomError {
    DicomError::Truncated { what: "the deflated data set", at: 0, needs: has as u64 + 1, has }
}

pub(crate) const DOES_NOT_INFLATE: DicomError =
    DicomError::Malformed { what: "the deflated data set does not inflate", at: 0 };

/// Which elements a walk hands on.
pub(crate) struct Wanted {
    /// Those of the top level.
    pub top: fn(Tag) -> bool,
    /// The one sequence whose items are looked into.
    pub items_of: Tag,
    /// Which elements of such an item.
    pub in_item: fn(Tag) -> bool,
}

/// What a walk found: see [`Scan`], whose fields these are.
pub(crate) struct Found {
    pub header: Vec<Range<usize>>,
    pub items: Vec<Vec<Range<usize>>>,
    pub sequences: Vec<Tag>,
    pub pixel_data: Option<PixelData>,
    pub issues: Vec<ReadIssue>,
}

/// Walks a data set from `start` to its end.
pub(crate) fn walk(
    source: Source<'_>,
    start: usize,
    encoding: Encoding,
    wanted: &Wanted,
) -> Result<Found, DicomError> {
    let mut walk = Walk::new(source, start, encoding, wanted);
    walk.run()?;
    Ok(walk.found)
}

/// What is done about the pixel data of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pixels {
    /// Its fragments are walked.
    Walked,
    /// Its fragments are jumped over: its last item ends here, as an earlier walk found.
    UpTo(usize),
    /// The walk ends where it begins.
    End,
}

/// The same up to the pixel data, whose value or fragments are not found.
pub(crate) fn walk_to_pixels(
    source: Source<'_>,
    start: usize,
    encoding: Encoding,
    wanted: &Wanted,
) -> Result<Found, DicomError> {
    let mut walk = Walk::new(source, start, encoding, wanted);
    walk.pixels = Pixels::End;
    walk.run()?;
    Ok(walk.found)
}

/// The same walk told step by step, to its end or to an error of `tell`.
pub(crate) fn walk_steps(
    source: Source<'_>,
    start: usize,
    encoding: Encoding,
    pixels: Pixels,
    tell: &mut dyn FnMut(Step) -> Result<(), DicomError>,
) -> Result<(), DicomError> {
    const NOTHING: Wanted = Wanted { top: |_| false, items_of: ITEM, in_item: |_| false };
    let mut walk = Walk::new(source, start, encoding, &NOTHING);
    walk.pixels = pixels;
    walk.tell = Some(tell);
    walk.run()
}

/// One step of a walk over a data set. Ranges are byte positions in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An element that is no sequence.
    Element {
        /// Its tag.
        tag: Tag,
        /// The value representation in the file; where it has none, that of PS3.6, `UN` without one.
        vr: VR,
        /// Its value.
        value: Range<usize>,
        /// How its value is written.
        encoding: Encoding,
    },
    /// Encapsulated pixel data (PS3.5 §A.4).
    Fragments {
        /// Its tag.
        tag: Tag,
    },
    /// A sequence begins.
    Sequence {
        /// Its tag.
        tag: Tag,
    },
    /// An item of the innermost sequence begins.
    Item,
    /// The innermost item ends.
    ItemEnd,
    /// The innermost sequence ends.
    SequenceEnd,
}

/// A sequence or an item that is open at the current position.
struct Open {
    kind: Kind,
    /// Where it ends; `None` where a delimiter ends it.
    end: Option<usize>,
    /// The encoding outside it, to return to.
    outside: Encoding,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Sequence,
    Item,
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    wanted: &'a Wanted,
    open: Vec<Open>,
    /// The encoding of the data set: content in another one is not handed on.
    encoding: Encoding,
    /// The top-level sequence that is being walked is the one whose items are wanted.
    in_items: bool,
    count: usize,
    found: Found,
    pixels: Pixels,
    ended: bool,
    /// Whether samples are signed, as far as that was read.
    signed: bool,
    /// Who wants to hear every step.
    tell: Option<&'a mut dyn FnMut(Step) -> Result<(), DicomError>>,
}

impl<'a> Walk<'a> {
    fn new(source: Source<'a>, start: usize, encoding: Encoding, wanted: &'a Wanted) -> Self {
        let (header, items, sequences) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            cursor: Cursor::new(source, start, encoding),
            wanted,
            open: Vec::new(),
            encoding,
            in_items: false,
            count: 0,
            found: Found { header, items, sequences, pixel_data: None, issues: Vec::new() },
            pixels: Pixels::Walked,
            ended: false,
            signed: false,
            tell: None,
        }
    }

    fn tell(&mut self, step: impl FnOnce() -> Step) -> Result<(), DicomError> {
        self.tell.as_mut().map_or(Ok(()), |tell| tell(step()))
    }

    fn run(&mut self) -> Result<(), DicomError> {
        while !self.ended {
            self.close_what_ends_here()?;
            let left = self.cursor.left();
            if self.open.is_empty() && left < 8 {
                // Less than the shortest element. After the pixel data it is padding of some transport;
                // before it the file was cut off.
                return match left {
                    0 => Ok(()),
                    _ if self.found.pixel_data.is_some() => {
                        self.found.issues.push(ReadIssue::TrailingBytes { bytes: left });
                        Ok(())
                    }
                    _ => Err(DicomError::Truncated {
                        what: "an element",
                        at: self.cursor.pos,
                        needs: 8,
                        has: left,
                    }),
                };
            }
            self.counted()?;
            match self.open.last() {
                Some(Open { kind: Kind::Sequence, .. }) => self.item()?,
                _ => self.element()?,
            }
        }
        Ok(())
    }

    fn counted(&mut self) -> Result<(), DicomError> {
        self.count += 1;
        if self.count > limits::ELEMENTS {
            let (value, limit) = (self.count as u64, limits::ELEMENTS as u64);
            return Err(DicomError::TooLarge { what: "the number of elements", value, limit });
        }
        Ok(())
    }

    /// Where the innermost container of defined length ends, or the file.
    fn end(&self) -> usize {
        self.open.iter().rev().find_map(|open| open.end).unwrap_or(self.cursor.source.length())
    }

    fn close_what_ends_here(&mut self) -> Result<(), DicomError> {
        while let Some(Open { end: Some(end), .. }) = self.open.last() {
            match self.cursor.pos.cmp(end) {
                std::cmp::Ordering::Less => break,
                std::cmp::Ordering::Equal => self.close()?,
                std::cmp::Ordering::Greater => {
                    let what = "an element reaches past the end of its sequence item";
                    return Err(DicomError::Malformed { what, at: *end });
                }
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), DicomError> {
        let closed = self.open.pop();
        self.in_items &= !self.open.is_empty();
        let Some(Open { kind, outside, .. }) = closed else { return Ok(()) };
        self.cursor.encoding = outside;
        self.tell(|| if kind == Kind::Sequence { Step::SequenceEnd } else { Step::ItemEnd })
    }

    fn enter(&mut self, kind: Kind, length: u32, inside: Encoding) -> Result<(), DicomError> {
        let at = self.cursor.pos;
        if kind == Kind::Sequence && self.open.len() >= 2 * limits::SEQUENCE_DEPTH {
            return Err(DicomError::TooDeep { limit: limits::SEQUENCE_DEPTH, at });
        }
        let end = match length {
            UNDEFINED => None,
            defined => Some(self.fits("a sequence or item", defined)?),
        };
        self.open.push(Open { kind, end, outside: self.cursor.encoding });
        self.cursor.encoding = inside;
        Ok(())
    }

    /// The end of a value of `length` bytes that begins here, if it lies within the file and its container.
    fn fits(&self, what: &'static str, length: u32) -> Result<usize, DicomError> {
        let (at, has) = (self.cursor.pos, self.cursor.left());
        let end = at + length as usize;
        if end > self.cursor.source.length() {
            return Err(DicomError::Truncated { what, at, needs: u64::from(length), has });
        }
        if end > self.end() {
            return Err(DicomError::Malformed {
                what: "an element reaches past the end of its sequence item",
                at,
            });
        }
        Ok(end)
    }

    /// An item, or the end of the sequence (PS3.5 §7.5.1, §7.5.2).
    fn item(&mut self) -> Result<(), DicomError> {
        let at = self.cursor.pos;
        let (tag, length) = self.cursor.item_header()?;
        match tag {
            ITEM => {
                if self.in_items && self.open.len() == 1 {
                    self.found.items.push(Vec::new());
                }
                self.enter(Kind::Item, length, self.cursor.encoding)?;
                self.tell(|| Step::Item)
            }
            SEQUENCE_END if self.open.last().is_some_and(|open| open.end.is_none()) => self.close(),
            _ => Err(DicomError::Malformed { what: "a sequence holds something that is not an item", at }),
        }
    }

    fn element(&mut self) -> Result<(), DicomError> {
        let at = self.cursor.pos;
        if self.cursor.peek_tag()?.group() == 0xFFFE {
            let (tag, _) = self.cursor.item_header()?;
            if tag == ITEM_END && self.open.last().is_some_and(|open| open.end.is_none()) {
                return self.close();
            }
            // Some writers end the pixel data twice.
            if tag == SEQUENCE_END && self.open.is_empty() && self.found.pixel_data.is_some() {
                self.found.issues.push(ReadIssue::StrayDelimiter { at });
                return Ok(());
            }
            return Err(DicomError::Malformed { what: "an item or delimiter outside a sequence", at });
        }
        let element = self.cursor.element_header(is_sequence)?;
        let top = self.open.is_empty();
        let undefined = element.length == UNDEFINED;
        match element.vr {
            VR::OB | VR::OW if undefined => {
                let pixels = top && element.tag == PIXEL_DATA;
                let pixel_data = if pixels { self.pixels()? } else { self.fragments()? };
                self.tell(|| Step::Fragments { tag: element.tag })?;
                if pixels {
                    self.found.pixel_data.get_or_insert(pixel_data);
                }
                return Ok(());
            }
            // PS3.5 §6.2.2, note: the content of an unknown element of undefined length is implicit little endian.
            VR::UN if undefined => {
                return self.sequence(element.tag, UNDEFINED, Encoding::ImplicitLittle);
            }
            VR::SQ => return self.sequence(element.tag, element.length, self.cursor.encoding),
            _ if undefined => {
                return Err(DicomError::Malformed { what: "an undefined length where none is allowed", at });
            }
            _ => {}
        }
        let end = self.fits("the value of an element", element.length)?;
        if top && element.tag == PIXEL_DATA {
            let words = element.vr == VR::OW;
            self.found.pixel_data.get_or_insert(PixelData::Native { value: self.cursor.pos..end, words });
            self.ended = self.pixels == Pixels::End;
        }
        let (value, encoding) = (self.cursor.pos..end, self.cursor.encoding);
        if self.tell.is_some() && element.tag == PIXEL_REPRESENTATION && value.len() == 2 {
            // That of a data set comes before those of its items.
            self.signed = *self.cursor.source.bytes(value.clone())? != [0, 0];
        }
        let vr = match encoding {
            Encoding::ImplicitLittle => implied(element.tag, self.signed),
            _ => element.vr,
        };
        self.tell(|| Step::Element { tag: element.tag, vr, value, encoding })?;
        self.cursor.pos = end;
        // Other parsers have their own ideas of what an unknown value representation holds.
        let known = element.vr != VR::UN || self.encoding == Encoding::ImplicitLittle;
        if known && self.cursor.encoding == self.encoding {
            self.choose(element.tag, element.length as usize, at..end);
        }
        Ok(())
    }

    fn sequence(&mut self, tag: Tag, length: u32, inside: Encoding) -> Result<(), DicomError> {
        if self.open.is_empty() && (self.wanted.top)(tag) {
            self.found.sequences.push(tag);
            self.in_items = tag == self.wanted.items_of;
        }
        self.enter(Kind::Sequence, length, inside)?;
        self.tell(|| Step::Sequence { tag })
    }

    fn choose(&mut self, tag: Tag, bytes: usize, element: Range<usize>) {
        let (chosen, limit) = match self.open.len() {
            0 if (self.wanted.top)(tag) => (&mut self.found.header, limits::HEADER_VALUE_BYTES),
            2 if self.in_items && (self.wanted.in_item)(tag) => match self.found.items.last_mut() {
                Some(item) => (item, limits::REGION_VALUE_BYTES),
                None => return,
            },
            _ => return,
        };
        if bytes > limit {
            self.found.issues.push(ReadIssue::HeaderValueTooLong { tag, bytes, limit });
        } else {
            chosen.push(element);
        }
    }

    /// The pixel data of the object itself, where it is encapsulated.
    fn pixels(&mut self) -> Result<PixelData, DicomError> {
        match self.pixels {
            Pixels::Walked => return self.fragments(),
            Pixels::End => self.ended = true,
            Pixels::UpTo(at) => {
                if at < self.cursor.pos || at > self.cursor.source.length() {
                    return Err(DicomError::Malformed { what: "no end of the frames", at });
                }
                self.cursor.pos = at;
                if self.cursor.item_header()?.0 != SEQUENCE_END {
                    return Err(DicomError::Malformed { what: "something else where the frames end", at });
                }
            }
        }
        Ok(PixelData::Encapsulated { offsets: 0..0, fragments: Vec::new() })
    }

    /// Encapsulated pixel data (PS3.5 §A.4): a basic offset table, fragments, a sequence delimiter.
    fn fragments(&mut self) -> Result<PixelData, DicomError> {
        let mut values: Vec<Range<usize>> = Vec::new();
        loop {
            self.counted()?;
            let at = self.cursor.pos;
            match self.cursor.item_header()? {
                (ITEM, UNDEFINED) => {
                    return Err(DicomError::Malformed { what: "a fragment of undefined length", at });
                }
                (ITEM, length) => {
                    let end = self.fits("a fragment of the pixel data", length)?;
                    values.push(self.cursor.pos..end);
                    self.cursor.pos = end;
                }
                (SEQUENCE_END, _) => break,
                _ => {
                    let what = "encapsulated pixel data holds something that is not a fragment";
                    return Err(DicomError::Malformed { what, at });
                }
            }
        }
        if values.is_empty() {
            return Err(DicomError::Malformed {
                what: "encapsulated pixel data without an offset table",
                at: self.cursor.pos,
            });
        }
        let offsets = values.remove(0);
        Ok(PixelData::Encapsulated { offsets, fragments: values })
    }
}

/// Whether implicit little endian writes this element as a sequence: the dictionary that dicom-rs uses decides,
/// so that both see the same structure.
pub(crate) fn is_sequence(tag: Tag) -> bool {
    StandardDataDictionary.by_tag(tag).is_some_and(|entry| entry.vr().relaxed() == VR::SQ)
}

/// The value representation of an element that is written without one (PS3.5 §A.1): a group's length and a private creator are in no
/// dictionary, and what stands for a sample is signed where the samples are.
fn implied(tag: Tag, signed: bool) -> VR {
    let stands_for_samples =
        || StandardDataDictionary.by_tag(tag).is_some_and(|entry| entry.vr() == VirtualVr::Xs);
    match tag.element() {
        0x0000 => VR::UL,
        0x0010..=0x00FF if tag.group() % 2 == 1 => VR::LO,
        _ if signed && stands_for_samples() => VR::SS,
        _ => crate::vr_of(tag),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_deflate_bomb_stops_at_the_limit() {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 2000);
        assert_eq!(inflate(&bomb, 1 << 20).unwrap().len(), 1 << 20);
        let error = inflate(&bomb, (1 << 20) - 1).unwrap_err().to_string();
        assert_eq!(error, "the length of the inflated data set in bytes is 1048576, the limit is 1048575");
        assert!(matches!(inflate(&bomb[..bomb.len() / 2], 1 << 20), Err(DicomError::Truncated { .. })));
    }

    #[test]
    fn a_file_that_is_cut_off_says_its_uids_where_they_have_come() {
        let class = "1.2.840.10008.5.1.4.1.1.3.1";
        let file = crate::written::file_meta(class, "1.2.34", "1.2.840.10008.1.2.1");
        let said = Some([class, "1.2.34"].map(str::to_owned));
        assert_eq!(uids_said(&file), said);
        let end = file.windows(6).position(|bytes| bytes == b"1.2.34").unwrap() + 6;
        assert_eq!(uids_said(&file[..end]), said);
        for nothing in [&file[..end - 1], &file[..end - 6], &file[..131], b"", &[0; 200]] {
            assert_eq!(uids_said(nothing), None);
        }
        let no_uid = crate::written::file_meta(class, "../../etc", "1.2.840.10008.1.2.1");
        assert_eq!(uids_said(&no_uid), None);
    }
}
