//! A data set written anew in explicit or implicit little endian with uncompressed pixels, or with frames that are coded without loss, out of whatever it
//! is kept in (PS3.5 §A.1, §A.2, §A.4).
//!
//! It is written as the scan walks it, and each frame as it is decoded: what is in memory is one frame and a few hundred kilobytes. Strict where it
//! writes: even lengths, no group lengths, sequences and items of undefined length, a fragment a frame, and the Image Pixel module as the samples are
//! now. What says that pixels were once compressed with a loss stays, and so do all UIDs: nothing of the content is another. A sequence that holds a
//! compressed picture, such as an icon or a maker's thumbnail, is left out.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::{Tag, VR};

use crate::pixels::{ImageHeader, Lossless, Photometric};
use crate::written::{
    ITEM, ITEM_END, SEQUENCE_END, Target, UNDEFINED, little, padding, put, put_header, put_item,
};
use crate::{DicomError, Elements, Encoding, FramePlaces, Pictures, Step, vr_of};

/// What is gathered before it is handed on, and read at a time of a long value; each value representation's width is a part of it.
const GATHERED_BYTES: usize = 256 << 10;
/// The most of a number of frames, an integer string (PS3.5 §6.2).
const NUMBER_BYTES: usize = 64;
/// So much of a sequence is held back until it is known whether it holds a compressed picture.
const HELD_BYTES: usize = 256 << 10;
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
const NUMBER_OF_FRAMES: Tag = Tag(0x0028, 0x0008);
const PHOTOMETRIC: Tag = Tag(0x0028, 0x0004);
const PLANAR: Tag = Tag(0x0028, 0x0006);

/// Whoever has a data set written anew.
pub trait Rewriting {
    /// What ends it.
    type Fault: From<DicomError>;

    /// The coded bytes of a frame, counted from 0.
    ///
    /// # Errors
    /// Where there are none.
    fn coded(&self, index: u64) -> Result<Vec<u8>, Self::Fault>;

    /// Does what takes a core.
    ///
    /// # Errors
    /// Where it is not to be done any more.
    fn decode<T>(&self, image: &ImageHeader, work: impl FnOnce() -> T) -> Result<T, Self::Fault>;

    /// Takes the next bytes of the data set, half a megabyte at most.
    ///
    /// # Errors
    /// Where nobody wants them.
    fn take(&self, bytes: Vec<u8>) -> Result<(), Self::Fault>;
}

/// Writes the data set of a file of PS3.10 anew; `frames` says where its pictures lie.
///
/// # Errors
/// What whoever has it written says, and [`DicomError`]: damaged, past a limit, pixels that are not decoded here, or not written so. Of those the first
/// frame is made before anything is written.
pub fn rewrite<F: Read + Seek + Clone, R: Rewriting>(
    file: F,
    frames: Option<&FramePlaces>,
    target: Target,
    by: &R,
) -> Result<(), R::Fault> {
    let data_set = Elements::open(file.clone())?.knowing(frames);
    let coding = target.coding();
    let frames = match (frames, coding) {
        (Some(places), Some(_)) | (Some(places @ FramePlaces::Encapsulated { .. }), _) => {
            Some(Frames::open(file, places, coding, by)?)
        }
        // A coding is one of frames (PS3.5 §A.4).
        (None, Some(coding)) => {
            return Err(DicomError::NotWritten { coding, what: "what has no frames" }.into());
        }
        _ => None,
    };
    let mut writer = Writer {
        data_set: &data_set,
        target,
        by,
        gathered: Vec::new(),
        open: Vec::new(),
        frames,
        left_out: None,
        fault: None,
    };
    let walked = data_set.walk(|step| {
        writer.step(step).map_err(|fault| {
            writer.fault = Some(fault);
            DicomError::Unsupported("a data set that is not written any further")
        })
    });
    if let Some(fault) = writer.fault.take() {
        return Err(fault);
    }
    walked?;
    writer.flush()
}

/// The frames of an object that are decoded on its way, and coded again where that is wanted.
struct Frames {
    count: u64,
    pictures: Pictures,
    coding: Option<Lossless>,
    /// Made before anything is written: it tells what the samples are.
    first: Vec<u8>,
    /// The attributes that the samples decide.
    attributes: BTreeMap<Tag, Vec<u8>>,
}

impl Frames {
    fn open<R: Rewriting>(
        file: impl Read + Seek,
        places: &FramePlaces,
        coding: Option<Lossless>,
        by: &R,
    ) -> Result<Self, R::Fault> {
        let (pictures, count) = (Pictures::open(file)?, places.count());
        let (first, is_rgb) = frame(&pictures, 0, coding, by)?;
        // A value's length is a number of 32 bits, of which the last one says something else.
        if coding.is_none() && count.saturating_mul(first.len() as u64) >= u64::from(UNDEFINED) - 1 {
            return Err(DicomError::Unsupported("an object of more than 4 GiB uncompressed").into());
        }
        let attributes = attributes(pictures.image(), is_rgb, coding);
        Ok(Self { count, pictures, coding, first, attributes })
    }
}

/// A frame as it is written, and whether its samples are red, green and blue whatever the header says.
fn frame<R: Rewriting>(
    pictures: &Pictures,
    index: u64,
    coding: Option<Lossless>,
    by: &R,
) -> Result<(Vec<u8>, bool), R::Fault> {
    let (coded, image) = (by.coded(index)?, pictures.image());
    let made = by.decode(image, || {
        let decoded = pictures.decode(&coded)?;
        let is_rgb = decoded.is_rgb;
        Ok((decoded.written(image, coding)?, is_rgb))
    })?;
    made.map_err(|error: DicomError| error.into())
}

/// What the Image Pixel module says of samples that are written so (PS3.5 §8.2).
fn attributes(image: &ImageHeader, is_rgb: bool, coding: Option<Lossless>) -> BTreeMap<Tag, Vec<u8>> {
    let word = |number: u8| u16::from(number).to_le_bytes().to_vec();
    let mut attributes: BTreeMap<Tag, Vec<u8>> = [
        (Tag(0x0028, 0x0100), word(image.bits_allocated)),
        (Tag(0x0028, 0x0101), word(image.bits_stored)),
        (Tag(0x0028, 0x0102), word(image.bits_stored - 1)),
    ]
    .into();
    if image.samples == 3 {
        // Run lengths are of planes (PS3.3 §C.7.6.3.1.3, PS3.5 table 8.2.2-1); everything else has the samples of a pixel together.
        attributes.insert(PLANAR, word(u8::from(coding == Some(Lossless::Rle))));
        if is_rgb {
            attributes.insert(PHOTOMETRIC, b"RGB".to_vec());
        } else if image.photometric == Photometric::YbrFull422 {
            // Each pixel has its own chroma now.
            attributes.insert(PHOTOMETRIC, b"YBR_FULL".to_vec());
        }
    }
    attributes
}

struct Writer<'a, F, R: Rewriting> {
    data_set: &'a Elements<F>,
    target: Target,
    by: &'a R,
    gathered: Vec<u8>,
    /// Of each sequence that is open, where it begins in what is gathered; `None` once its beginning was handed on.
    open: Vec<Option<usize>>,
    /// Of the one that is to be left out, how many are open around it and where it begins. Nothing is handed on until it ends.
    left_out: Option<(usize, usize)>,
    /// Until they are written.
    frames: Option<Frames>,
    /// What ended the walk.
    fault: Option<R::Fault>,
}

impl<F: Read + Seek, R: Rewriting> Writer<'_, F, R> {
    fn step(&mut self, step: Step) -> Result<(), R::Fault> {
        let (into, target) = (&mut self.gathered, self.target);
        match step {
            Step::Element { tag, vr, value, encoding } => return self.element(tag, vr, value, encoding),
            Step::Fragments { tag, .. } => return self.fragments(tag),
            Step::Sequence { tag } => {
                self.open.push(Some(into.len()));
                put_header(into, target, tag, VR::SQ, UNDEFINED);
            }
            Step::Item => put_item(into, ITEM, UNDEFINED),
            Step::ItemEnd => put_item(into, ITEM_END, 0),
            Step::SequenceEnd => {
                put_item(into, SEQUENCE_END, 0);
                self.open.pop();
                if let Some((_, begins)) = self.left_out.take_if(|(around, _)| *around == self.open.len()) {
                    into.truncate(begins);
                }
            }
        }
        self.flush_if_full()
    }

    fn element(&mut self, tag: Tag, vr: VR, value: Range<usize>, encoding: Encoding) -> Result<(), R::Fault> {
        let frames = self.frames.as_ref().filter(|_| self.open.is_empty());
        // The offset tables of frames that lie one after the other now.
        let offsets = matches!(tag, Tag(0x7FE0, 0x0001..=0x0003));
        if tag.element() == 0 || (offsets && frames.is_some()) {
            return Ok(());
        }
        if let Some(coding) = frames.and_then(|frames| frames.coding) {
            if tag == PIXEL_DATA {
                return self.pixels();
            }
            // In the bits of a cell that no sample has (PS3.5 §8.1.1, retired), where a coded frame has nothing.
            let is_place = tag.group() & 0xFF00 == 0x6000 && tag.element() == 0x0102;
            if is_place && self.data_set.bytes(value.clone(), NUMBER_BYTES)?.iter().any(|byte| *byte != 0) {
                return Err(DicomError::NotWritten { coding, what: "an overlay among samples" }.into());
            }
        }
        let frames = self.frames.as_ref().filter(|_| self.open.is_empty());
        if let Some(now) = frames.and_then(|frames| frames.attributes.get(&tag)) {
            put(&mut self.gathered, self.target, tag, vr_of(tag), now);
            return self.flush_if_full();
        }
        if let (NUMBER_OF_FRAMES, Some(frames)) = (tag, frames) {
            let bytes = self.data_set.bytes(value.clone(), NUMBER_BYTES)?;
            let said =
                std::str::from_utf8(&bytes).ok().and_then(|text| text.trim_matches([' ', '\0']).parse().ok());
            if said.is_some_and(|said: u64| said != frames.count) {
                return Err(
                    DicomError::Unsupported("more or fewer frames than it says that there are").into()
                );
            }
        }
        let odd = value.len() % 2;
        let length = u32::try_from(value.len() + odd).unwrap_or(UNDEFINED);
        if length == UNDEFINED {
            return Err(DicomError::Unsupported("a value of more than 4 GiB").into());
        }
        put_header(&mut self.gathered, self.target, tag, vr, length);
        for at in value.clone().step_by(GATHERED_BYTES) {
            let part = at..(at + GATHERED_BYTES).min(value.end);
            let bytes = self.data_set.bytes(part, GATHERED_BYTES)?;
            self.gathered.extend(little(vr, &bytes, encoding));
            self.flush_if_full()?;
        }
        self.gathered.extend([padding(vr)].iter().take(odd));
        Ok(())
    }

    /// Pixel data that was in fragments. A picture within a sequence is a small one of the object, which it may also lack (PS3.3 §C.7.6.1.1.6), or a
    /// maker's own.
    fn fragments(&mut self, tag: Tag) -> Result<(), R::Fault> {
        match self.open.last() {
            None if tag == PIXEL_DATA => self.pixels(),
            Some(_) if self.left_out.is_some() => Ok(()),
            Some(Some(begins)) => {
                self.left_out = Some((self.open.len() - 1, *begins));
                Ok(())
            }
            _ => Err(DicomError::Unsupported("compressed data that is no frame of the object").into()),
        }
    }

    /// The frames of the object: one after the other, or each a fragment, without a table of where they begin since that is not known before.
    fn pixels(&mut self) -> Result<(), R::Fault> {
        let Some(Frames { count, pictures, coding, first, .. }) = self.frames.take() else {
            return Err(DicomError::Unsupported("pixel data that is there twice").into());
        };
        let image = pictures.image();
        // It was looked at when the frames were opened that it fits.
        let total = count * first.len() as u64;
        if coding.is_some() {
            put_header(&mut self.gathered, self.target, PIXEL_DATA, VR::OB, UNDEFINED);
            put_item(&mut self.gathered, ITEM, 0);
        } else {
            let vr = if image.bits_allocated == 16 { VR::OW } else { VR::OB };
            put_header(&mut self.gathered, self.target, PIXEL_DATA, vr, (total + total % 2) as u32);
        }
        self.frame(&first, coding)?;
        drop(first);
        for index in 1..count {
            let (made, _) = frame(&pictures, index, coding, self.by)?;
            self.frame(&made, coding)?;
        }
        if coding.is_some() {
            put_item(&mut self.gathered, SEQUENCE_END, 0);
        } else {
            self.gathered.extend([0].iter().take((total % 2) as usize));
        }
        self.flush_if_full()
    }

    fn frame(&mut self, bytes: &[u8], coding: Option<Lossless>) -> Result<(), R::Fault> {
        let odd = bytes.len() % 2;
        if coding.is_some() {
            put_item(&mut self.gathered, ITEM, (bytes.len() + odd) as u32);
        }
        self.samples(bytes)?;
        if coding.is_some() {
            self.gathered.extend([0].iter().take(odd));
        }
        Ok(())
    }

    /// A frame, in pieces: whoever takes them slowly does not hold several whole ones.
    fn samples(&mut self, bytes: &[u8]) -> Result<(), R::Fault> {
        for part in bytes.chunks(GATHERED_BYTES) {
            self.gathered.extend(part);
            self.flush_if_full()?;
        }
        Ok(())
    }

    fn flush_if_full(&mut self) -> Result<(), R::Fault> {
        if self.gathered.len() < GATHERED_BYTES {
            return Ok(());
        }
        let held_from = self.open.first().copied().flatten();
        if let Some((_, begins)) = self.left_out {
            // Nobody wants what it holds.
            self.gathered.truncate(begins);
        } else if let Some(from) = held_from.filter(|from| self.gathered.len() - from <= HELD_BYTES) {
            let held = self.gathered.split_off(from);
            self.open.iter_mut().flatten().for_each(|begins| *begins -= from);
            if from > 0 {
                self.flush()?;
            }
            self.gathered = held;
        } else {
            self.open.fill(None);
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), R::Fault> {
        self.by.take(std::mem::take(&mut self.gathered))
    }
}
