//! A data set written anew in explicit or implicit little endian with uncompressed pixels, out of whatever it is kept in (PS3.5 §A.1, §A.2).
//!
//! It is written as the scan walks it, and each frame as it is decoded: what is in memory is one frame and a few hundred kilobytes. Strict where it
//! writes: even lengths, no group lengths, sequences and items of undefined length, and the Image Pixel module as the samples are now. What says
//! that pixels were once compressed with a loss stays, and so do all UIDs: nothing of the content is another. A compressed icon is left out.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::{Tag, VR};

use crate::pixels::{Decoded, ImageHeader, Photometric, Samples};
use crate::written::{
    ITEM, ITEM_END, SEQUENCE_END, Target, UNDEFINED, little, padding, put, put_header, put_item,
};
use crate::{DicomError, Elements, Encoding, FramePlaces, Pictures, Step, vr_of};

/// What is gathered before it is handed on, and read at a time of a long value; each value representation's width is a part of it.
const GATHERED_BYTES: usize = 256 << 10;
/// The most of a number of frames, an integer string (PS3.5 §6.2).
const NUMBER_BYTES: usize = 64;
/// The most of an icon.
const ICON_BYTES: usize = 256 << 10;
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
const NUMBER_OF_FRAMES: Tag = Tag(0x0028, 0x0008);
const ICON: Tag = Tag(0x0088, 0x0200);

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
/// What whoever has it written says, and [`DicomError`]: damaged, past a limit, or pixels that are not decoded here. Of those the first frame is
/// decoded before anything is written.
pub fn rewrite<F: Read + Seek + Clone, R: Rewriting>(
    file: F,
    frames: Option<&FramePlaces>,
    target: Target,
    by: &R,
) -> Result<(), R::Fault> {
    let data_set = Elements::open(file.clone())?.knowing(frames);
    let frames = match frames {
        Some(places @ FramePlaces::Encapsulated { .. }) => Some(Frames::open(file, places, by)?),
        _ => None,
    };
    let mut writer = Writer {
        data_set: &data_set,
        target,
        by,
        gathered: Vec::new(),
        depth: 0,
        frames,
        icon: None,
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

/// The frames of an object that are decoded on its way.
struct Frames {
    count: u64,
    pictures: Pictures,
    /// Decoded before anything is written: it tells what the samples are.
    first: Vec<u8>,
    /// The attributes that the samples decide.
    attributes: BTreeMap<Tag, Vec<u8>>,
}

impl Frames {
    fn open<R: Rewriting>(file: impl Read + Seek, places: &FramePlaces, by: &R) -> Result<Self, R::Fault> {
        let pictures = Pictures::open(file)?;
        let (image, count) = (*pictures.image(), places.count());
        let first = frame(&pictures, 0, by)?;
        let is_rgb = first.is_rgb;
        let first = bytes_of(first, &image);
        // A value's length is a number of 32 bits, of which the last one says something else.
        if count.saturating_mul(first.len() as u64) >= u64::from(UNDEFINED) - 1 {
            return Err(DicomError::Unsupported("an object of more than 4 GiB uncompressed").into());
        }
        let word = |number: u8| u16::from(number).to_le_bytes().to_vec();
        let mut attributes: BTreeMap<Tag, Vec<u8>> = [
            (Tag(0x0028, 0x0100), word(image.bits_allocated)),
            (Tag(0x0028, 0x0101), word(image.bits_stored)),
            (Tag(0x0028, 0x0102), word(image.bits_stored - 1)),
        ]
        .into();
        if image.samples == 3 {
            attributes.insert(Tag(0x0028, 0x0006), word(0));
            if is_rgb {
                attributes.insert(Tag(0x0028, 0x0004), b"RGB".to_vec());
            } else if image.photometric == Photometric::YbrFull422 {
                // Each pixel has its own chroma now.
                attributes.insert(Tag(0x0028, 0x0004), b"YBR_FULL".to_vec());
            }
        }
        Ok(Self { count, pictures, first, attributes })
    }
}

fn frame<R: Rewriting>(pictures: &Pictures, index: u64, by: &R) -> Result<Decoded, R::Fault> {
    let coded = by.coded(index)?;
    Ok(by.decode(pictures.image(), || pictures.decode(&coded))??)
}

/// The samples of a frame as they are written uncompressed: little endian, those of one pixel together, signed ones to the last bit.
#[must_use]
pub fn bytes_of(frame: Decoded, image: &ImageHeader) -> Vec<u8> {
    let wide = image.bits_allocated == 16;
    let extend = |sample: u16| {
        let unused = 16 - u32::from(image.bits_stored);
        // The decoder gives the bits that count; the sign is the highest of them.
        if image.signed { ((sample << unused).cast_signed() >> unused).cast_unsigned() } else { sample }
    };
    match frame.samples {
        Samples::U8(samples) if wide => {
            samples.into_iter().flat_map(|sample| extend(u16::from(sample)).to_le_bytes()).collect()
        }
        Samples::U8(samples) if image.signed => {
            samples.into_iter().map(|sample| extend(u16::from(sample)).to_le_bytes()[0]).collect()
        }
        Samples::U8(samples) => samples,
        Samples::U16(samples) => {
            samples.into_iter().flat_map(|sample| extend(sample).to_le_bytes()).collect()
        }
    }
}

struct Writer<'a, F, R: Rewriting> {
    data_set: &'a Elements<F>,
    target: Target,
    by: &'a R,
    gathered: Vec<u8>,
    depth: usize,
    /// Until they are written.
    frames: Option<Frames>,
    /// The icon that is being gathered.
    icon: Option<Icon>,
    /// What ended the walk.
    fault: Option<R::Fault>,
}

/// A small picture of the object, which it may also lack (PS3.3 §C.7.6.1.1.6): one that is compressed is left out.
struct Icon {
    /// Where its sequence begins in what is gathered.
    begins: usize,
    compressed: bool,
}

impl<F: Read + Seek, R: Rewriting> Writer<'_, F, R> {
    fn step(&mut self, step: Step) -> Result<(), R::Fault> {
        let (into, target) = (&mut self.gathered, self.target);
        match step {
            Step::Element { tag, vr, value, encoding } => return self.element(tag, vr, value, encoding),
            Step::Fragments { tag, .. } => return self.pixels(tag),
            Step::Sequence { tag } => {
                if tag == ICON && self.depth == 0 {
                    self.icon = Some(Icon { begins: into.len(), compressed: false });
                }
                put_header(into, target, tag, VR::SQ, UNDEFINED);
                self.depth += 1;
            }
            Step::Item => put_item(into, ITEM, UNDEFINED),
            Step::ItemEnd => put_item(into, ITEM_END, 0),
            Step::SequenceEnd => {
                put_item(into, SEQUENCE_END, 0);
                self.depth -= 1;
                if self.depth == 0
                    && let Some(Icon { begins, compressed: true }) = self.icon.take()
                {
                    into.truncate(begins);
                }
            }
        }
        self.flush_if_full()
    }

    fn element(&mut self, tag: Tag, vr: VR, value: Range<usize>, encoding: Encoding) -> Result<(), R::Fault> {
        let frames = self.frames.as_ref().filter(|_| self.depth == 0);
        // The offset tables of frames that lie one after the other now.
        let offsets = matches!(tag, Tag(0x7FE0, 0x0001..=0x0003));
        if tag.element() == 0 || (offsets && frames.is_some()) {
            return Ok(());
        }
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

    /// Pixel data that was in fragments.
    fn pixels(&mut self, tag: Tag) -> Result<(), R::Fault> {
        if let Some(icon) = &mut self.icon {
            icon.compressed = true;
            return Ok(());
        }
        let frames = self.frames.take().filter(|_| self.depth == 0 && tag == PIXEL_DATA);
        let Some(Frames { count, pictures, first, .. }) = frames else {
            return Err(DicomError::Unsupported("compressed data that is no frame of the object").into());
        };
        let image = pictures.image();
        // It was looked at when the frames were opened that it fits.
        let total = count * first.len() as u64;
        let vr = if image.bits_allocated == 16 { VR::OW } else { VR::OB };
        put_header(&mut self.gathered, self.target, tag, vr, (total + total % 2) as u32);
        self.samples(&first)?;
        drop(first);
        for index in 1..count {
            let decoded = frame(&pictures, index, self.by)?;
            self.samples(&bytes_of(decoded, image))?;
        }
        self.gathered.extend([0].iter().take((total % 2) as usize));
        self.flush_if_full()
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
        match &self.icon {
            // It is handed on whole, or not at all.
            Some(icon) if self.gathered.len() - icon.begins > ICON_BYTES => {
                Err(DicomError::Unsupported("an icon of more than a quarter of a megabyte").into())
            }
            None if self.gathered.len() >= GATHERED_BYTES => self.flush(),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), R::Fault> {
        self.by.take(std::mem::take(&mut self.gathered))
    }
}

#[cfg(test)]
mod tests {
    use crate::pixels::{Photometric, SampleOrder};

    use super::*;

    #[test]
    fn samples_are_written_to_the_last_bit() {
        let image = |bits_allocated, bits_stored, signed| ImageHeader {
            rows: 1,
            columns: 2,
            samples: 1,
            photometric: Photometric::Monochrome2,
            planar: false,
            bits_allocated,
            bits_stored,
            high_bit: bits_stored - 1,
            signed,
            order: SampleOrder::Little,
        };
        let (wide, narrow) = (|words| Samples::U16(words), |bytes| Samples::U8(bytes));
        for (samples, image, expect) in [
            (wide(vec![0x0FFF, 0x07FF]), image(16, 12, true), vec![0xFF, 0xFF, 0xFF, 0x07]),
            (wide(vec![0x0FFF, 0x07FF]), image(16, 12, false), vec![0xFF, 0x0F, 0xFF, 0x07]),
            (wide(vec![0x8000, 0x7FFF]), image(16, 16, true), vec![0x00, 0x80, 0xFF, 0x7F]),
            (narrow(vec![0x80, 0x7F]), image(8, 8, true), vec![0x80, 0x7F]),
            (narrow(vec![0x3F, 0x1F]), image(8, 6, true), vec![0xFF, 0x1F]),
            (narrow(vec![0x80, 0x7F]), image(16, 8, true), vec![0x80, 0xFF, 0x7F, 0x00]),
            (narrow(vec![0x80, 0x7F]), image(16, 8, false), vec![0x80, 0x00, 0x7F, 0x00]),
        ] {
            assert_eq!(
                bytes_of(Decoded { samples: samples.clone(), is_rgb: false }, &image),
                expect,
                "{samples:?}"
            );
        }
    }
}
