//! Objects in explicit little endian with uncompressed pixels, out of whatever they are kept in (PS3.5 §A.2, PS3.10 §7.1).
//!
//! A data set is written as the scan walks it and each frame as it is decoded: what is in memory is one frame and a few kilobytes. Strict where it
//! writes: even lengths, no group lengths, sequences and items of undefined length, and the Image Pixel module as the samples are now.

use std::collections::BTreeMap;

use bytes::Bytes;
use peony_dicom::pixels::{Decoded, ImageHeader, Samples};
use peony_dicom::{
    DicomError, Elements, FramePlaces, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, Pictures, Step,
    Tag, VR,
};
use peony_store::{Kept, Reader};

use crate::Service;
use crate::metadata::{PIXEL_DATA, little};
use crate::parts::{self, Out, Sink};
use crate::problem::Problem;
use crate::retrieve::EXPLICIT_LITTLE;

/// What is gathered before it is handed on, and read at a time of a long value; each value representation's width is a part of it.
const GATHERED_BYTES: usize = 256 << 10;
const UNDEFINED: u32 = u32::MAX;

/// A whole file.
pub(crate) async fn explicit_little(service: &Service, kept: &Kept) -> Result<Out, Problem> {
    let (reader, kept) = (service.store.reader(kept), kept.clone());
    parts::made(service, move |sink| write(&reader, &kept, sink)).await
}

fn write(reader: &Reader, kept: &Kept, sink: &Sink) -> Result<(), Problem> {
    let data_set = Elements::open(reader.clone())?.knowing(kept.frames.as_ref());
    let frames = match &kept.frames {
        Some(places @ FramePlaces::Encapsulated { .. }) => Some(Frames::open(reader, places, sink)?),
        _ => None,
    };
    let mut writer =
        Writer { data_set: &data_set, sink, gathered: Vec::new(), depth: 0, frames, fault: None };
    writer.gathered.extend(file_meta(kept));
    let walked = data_set.walk(|step| {
        writer.step(step).map_err(|problem| match problem {
            Problem::Dicom(error) => error,
            other => {
                writer.fault = Some(other);
                DicomError::Unsupported("an answer that nobody takes")
            }
        })
    });
    if let Some(fault) = writer.fault.take() {
        return Err(fault);
    }
    walked?;
    writer.flush()
}

/// Preamble and file meta information (PS3.10 §7.1).
fn file_meta(kept: &Kept) -> Vec<u8> {
    let mut elements = Vec::new();
    let mut put = |element, vr, value: &[u8]| put(&mut elements, Tag(0x0002, element), vr, value);
    put(0x0001, VR::OB, &[0, 1]);
    put(0x0002, VR::UI, kept.sop_class_uid.as_bytes());
    put(0x0003, VR::UI, kept.instance_uid.as_bytes());
    put(0x0010, VR::UI, EXPLICIT_LITTLE.as_bytes());
    put(0x0012, VR::UI, IMPLEMENTATION_CLASS_UID.as_bytes());
    put(0x0013, VR::SH, IMPLEMENTATION_VERSION_NAME.as_bytes());
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    let length = elements.len() as u32;
    self::put(&mut file, Tag(0x0002, 0x0000), VR::UL, &length.to_le_bytes());
    file.extend(elements);
    file
}

fn put_tag(into: &mut Vec<u8>, tag: Tag) {
    into.extend(tag.group().to_le_bytes());
    into.extend(tag.element().to_le_bytes());
}

/// The header of an element (PS3.5 §7.1.2). What is too long for its value representation is of an unknown one (§6.2.2).
fn put_header(into: &mut Vec<u8>, tag: Tag, vr: VR, length: u32) {
    put_tag(into, tag);
    let long = peony_dicom::has_long_length(vr);
    match u16::try_from(length) {
        Ok(length) if !long => {
            into.extend(vr.to_bytes());
            into.extend(length.to_le_bytes());
        }
        _ => {
            into.extend(if long { vr } else { VR::UN }.to_bytes());
            into.extend([0, 0]);
            into.extend(length.to_le_bytes());
        }
    }
}

/// What makes a value's length even (PS3.5 §6.2).
const fn padding(vr: VR) -> u8 {
    match vr {
        VR::UI | VR::OB | VR::UN => 0,
        _ => b' ',
    }
}

fn put(into: &mut Vec<u8>, tag: Tag, vr: VR, value: &[u8]) {
    let odd = value.len() % 2;
    put_header(into, tag, vr, (value.len() + odd) as u32);
    into.extend(value);
    into.extend([padding(vr)].iter().take(odd));
}

/// The frames of an object that are decoded on its way.
struct Frames<'a> {
    reader: &'a Reader,
    places: &'a FramePlaces,
    pictures: Pictures,
    /// Decoded before anything is written: it tells what the samples are.
    first: Decoded,
    /// The attributes that the samples decide.
    image: BTreeMap<Tag, Vec<u8>>,
}

impl<'a> Frames<'a> {
    fn open(reader: &'a Reader, places: &'a FramePlaces, sink: &Sink) -> Result<Self, Problem> {
        let pictures = Pictures::open(reader.clone())?;
        let first = frame(reader, places, &pictures, 0, sink)?;
        let image = *pictures.image();
        let total = places.count().saturating_mul(bytes_of(&first, &image).len() as u64);
        // A value's length is a number of 32 bits, of which the last one says something else.
        if total >= u64::from(UNDEFINED) - 1 {
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
            if first.is_rgb {
                attributes.insert(Tag(0x0028, 0x0004), b"RGB".to_vec());
            } else if image.photometric == peony_dicom::pixels::Photometric::YbrFull422 {
                // Each pixel has its own chroma now.
                attributes.insert(Tag(0x0028, 0x0004), b"YBR_FULL".to_vec());
            }
        }
        Ok(Self { reader, places, pictures, first, image: attributes })
    }
}

fn frame(
    reader: &Reader,
    places: &FramePlaces,
    pictures: &Pictures,
    index: u64,
    sink: &Sink,
) -> Result<Decoded, Problem> {
    let range = places.range(index).ok_or(Problem::Missing("frame"))?;
    let limit = peony_dicom::limits::FRAME_CODED_BYTES;
    if range.end - range.start > limit {
        return Err(Problem::TooLarge { what: "bytes of a coded frame", limit });
    }
    let coded = places.coded(&reader.range(range)?)?;
    Ok(sink.decode(|| pictures.decode(&coded))??)
}

/// The samples of a frame as they are written uncompressed: little endian, those of one pixel together, signed ones to the last bit.
pub(crate) fn bytes_of(frame: &Decoded, image: &ImageHeader) -> Vec<u8> {
    let wide = image.bits_allocated == 16;
    let extend = |sample: u16| {
        let unused = 16 - u32::from(image.bits_stored);
        // The decoder gives the bits that count; the sign is the highest of them.
        if image.signed { ((sample << unused).cast_signed() >> unused).cast_unsigned() } else { sample }
    };
    match &frame.samples {
        Samples::U8(samples) if wide => {
            samples.iter().flat_map(|sample| extend(u16::from(*sample)).to_le_bytes()).collect()
        }
        Samples::U8(samples) if image.signed => {
            samples.iter().map(|sample| extend(u16::from(*sample)).to_le_bytes()[0]).collect()
        }
        Samples::U8(samples) => samples.clone(),
        Samples::U16(samples) => samples.iter().flat_map(|sample| extend(*sample).to_le_bytes()).collect(),
    }
}

struct Writer<'a> {
    data_set: &'a Elements<Reader>,
    sink: &'a Sink,
    gathered: Vec<u8>,
    depth: usize,
    frames: Option<Frames<'a>>,
    /// What ended the walk and is no fault of the data set.
    fault: Option<Problem>,
}

impl Writer<'_> {
    fn step(&mut self, step: Step) -> Result<(), Problem> {
        let into = &mut self.gathered;
        match step {
            Step::Element { tag, vr, value, encoding } => return self.element(tag, vr, value, encoding),
            Step::Fragments { tag, .. } => return self.pixels(tag),
            Step::Sequence { tag } => {
                put_header(into, tag, VR::SQ, UNDEFINED);
                self.depth += 1;
            }
            Step::Item => {
                put_tag(into, Tag(0xFFFE, 0xE000));
                into.extend(UNDEFINED.to_le_bytes());
            }
            Step::ItemEnd => {
                put_tag(into, Tag(0xFFFE, 0xE00D));
                into.extend([0; 4]);
            }
            Step::SequenceEnd => {
                put_tag(into, Tag(0xFFFE, 0xE0DD));
                into.extend([0; 4]);
                self.depth -= 1;
            }
        }
        self.flush_if_full()
    }

    fn element(
        &mut self,
        tag: Tag,
        vr: VR,
        value: std::ops::Range<usize>,
        encoding: peony_dicom::Encoding,
    ) -> Result<(), Problem> {
        // The offset tables of frames that lie one after the other now.
        let offsets = matches!(tag, Tag(0x7FE0, 0x0001..=0x0003));
        if tag.element() == 0 || (self.depth == 0 && offsets && self.frames.is_some()) {
            return Ok(());
        }
        let now = self.frames.as_ref().filter(|_| self.depth == 0).and_then(|frames| frames.image.get(&tag));
        if let Some(now) = now {
            put(&mut self.gathered, tag, peony_dicom::vr_of(tag), now);
            return self.flush_if_full();
        }
        let odd = value.len() % 2;
        let length = u32::try_from(value.len() + odd).unwrap_or(UNDEFINED);
        if length == UNDEFINED {
            return Err(DicomError::Unsupported("a value of more than 4 GiB").into());
        }
        put_header(&mut self.gathered, tag, vr, length);
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
    fn pixels(&mut self, tag: Tag) -> Result<(), Problem> {
        let Some(Frames { reader, places, pictures, first, .. }) =
            self.frames.as_ref().filter(|_| self.depth == 0 && tag == PIXEL_DATA)
        else {
            return Err(DicomError::Unsupported("compressed data that is no frame of the object").into());
        };
        let image = pictures.image();
        let first = bytes_of(first, image);
        // It was looked at when the frames were opened that it fits.
        let total = places.count() * first.len() as u64;
        let vr = if image.bits_allocated == 16 { VR::OW } else { VR::OB };
        put_header(&mut self.gathered, tag, vr, (total + total % 2) as u32);
        self.gathered.extend(&first);
        for index in 1..places.count() {
            let decoded = frame(reader, places, pictures, index, self.sink)?;
            self.gathered.extend(bytes_of(&decoded, image));
            if self.gathered.len() >= GATHERED_BYTES {
                self.sink.send(Bytes::from(std::mem::take(&mut self.gathered)))?;
            }
        }
        self.gathered.extend([0].iter().take((total % 2) as usize));
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> Result<(), Problem> {
        if self.gathered.len() >= GATHERED_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Problem> {
        self.sink.send(Bytes::from(std::mem::take(&mut self.gathered)))
    }
}

#[cfg(test)]
mod tests {
    use peony_dicom::pixels::{Photometric, SampleOrder};

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
                bytes_of(&Decoded { samples: samples.clone(), is_rgb: false }, &image),
                expect,
                "{samples:?}"
            );
        }
    }

    #[test]
    fn what_is_too_long_for_its_value_representation_is_of_an_unknown_one() {
        let header = |vr, length| {
            let mut bytes = Vec::new();
            put_header(&mut bytes, Tag(0x0008, 0x0060), vr, length);
            bytes
        };
        assert_eq!(header(VR::CS, 2), b"\x08\0\x60\0CS\x02\0");
        assert_eq!(header(VR::DS, 70_000), b"\x08\0\x60\0UN\0\0\x70\x11\x01\0");
        assert_eq!(header(VR::OB, 2), b"\x08\0\x60\0OB\0\0\x02\0\0\0");
    }
}
