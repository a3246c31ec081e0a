//! Objects in explicit little endian with uncompressed pixels, out of whatever they are kept in (PS3.5 §A.2, PS3.10 §7.1).
//!
//! A data set is written as the scan walks it and each frame as it is decoded: what is in memory is one frame and a few kilobytes. Strict where it
//! writes: even lengths, no group lengths, sequences and items of undefined length, and the Image Pixel module as the samples are now.

use std::collections::BTreeMap;

use bytes::Bytes;
use peony_dicom::pixels::{Decoded, ImageHeader, Samples};
use peony_dicom::{DicomError, Elements, FramePlaces, Pictures, Step, Tag, VR};
use peony_store::{Kept, Reader};

use crate::Service;
use crate::metadata::{PIXEL_DATA, little};
use crate::parts::{self, Out, Sink};
use crate::problem::Problem;
use crate::written::{
    EXPLICIT_LITTLE, ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, file_meta, padding, put, put_header, put_item,
};

/// What is gathered before it is handed on, and read at a time of a long value; each value representation's width is a part of it.
const GATHERED_BYTES: usize = 256 << 10;

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
    writer.gathered.extend(file_meta(&kept.sop_class_uid, &kept.instance_uid, EXPLICIT_LITTLE));
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
    Ok(sink.decode(pictures.image(), || pictures.decode(&coded))??)
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
                put_item(into, ITEM, UNDEFINED);
            }
            Step::ItemEnd => {
                put_item(into, ITEM_END, 0);
            }
            Step::SequenceEnd => {
                put_item(into, SEQUENCE_END, 0);
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
}
