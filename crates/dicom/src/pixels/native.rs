//! Uncompressed samples (PS3.5 §8.1, PS3.3 §C.7.6.3.1).

use super::{Decoded, ImageHeader, Photometric, SampleOrder, Samples};
use crate::DicomError;

pub(super) fn decode(bytes: &[u8], image: &ImageHeader) -> Result<Decoded, DicomError> {
    let needs = image.native_bytes();
    let Some(bytes) = bytes.get(..needs) else {
        return Err(DicomError::PixelDataTooShort { needs: needs as u64, has: bytes.len() as u64 });
    };
    let samples = if image.bits_allocated == 16 {
        Samples::U16(words(bytes, image))
    } else {
        let bytes = in_order(bytes, image.order)?;
        Samples::U8(match (image.photometric, image.planar) {
            (Photometric::YbrFull422, _) => expand_422(&bytes, image)?,
            (_, true) if image.samples == 3 => interleave(&bytes, image.pixels()),
            _ => bytes,
        })
    };
    Ok(Decoded { samples, is_rgb: false })
}

/// Samples of 16 bits; only one to a pixel (see [`ImageHeader::check`]).
fn words(bytes: &[u8], image: &ImageHeader) -> Vec<u16> {
    let from = if image.order == SampleOrder::Little { u16::from_le_bytes } else { u16::from_be_bytes };
    bytes.chunks_exact(2).map(|pair| cut_out(from([pair[0], pair[1]]), image)).collect()
}

/// The bits that count: older files keep overlays in the others (PS3.5 §8.1.1).
pub(super) fn cut_out(cell: u16, image: &ImageHeader) -> u16 {
    let mask = u16::MAX >> (16 - image.bits_stored);
    (cell >> (image.high_bit + 1 - image.bits_stored)) & mask
}

fn in_order(bytes: &[u8], order: SampleOrder) -> Result<Vec<u8>, DicomError> {
    if order != SampleOrder::BigWords {
        return Ok(bytes.to_vec());
    }
    if bytes.len() % 2 == 1 {
        // The last byte's partner would lie in the next frame.
        return Err(DicomError::Unsupported("a frame of odd length in big endian words"));
    }
    Ok(bytes.chunks_exact(2).flat_map(|pair| [pair[1], pair[0]]).collect())
}

/// Planar Configuration 1: all red, all green, all blue.
pub(super) fn interleave(planes: &[u8], pixels: usize) -> Vec<u8> {
    let (first, rest) = planes.split_at(pixels);
    let (second, third) = rest.split_at(pixels);
    first.iter().zip(second).zip(third).flat_map(|((a, b), c)| [*a, *b, *c]).collect()
}

/// YBR_FULL_422 (PS3.3 §C.7.6.3.1.2): Y1 Y2 Cb Cr for two pixels; both take the same chroma.
fn expand_422(bytes: &[u8], image: &ImageHeader) -> Result<Vec<u8>, DicomError> {
    if image.columns % 2 == 1 {
        return Err(DicomError::Unsupported("YBR_FULL_422 with an odd number of columns"));
    }
    Ok(bytes
        .chunks_exact(4)
        .flat_map(|quad| [quad[0], quad[2], quad[3], quad[1], quad[2], quad[3]])
        .collect())
}

/// Samples in little endian, those of one pixel together, signed ones to the last bit.
pub(super) fn encode(frame: Decoded, image: &ImageHeader) -> Vec<u8> {
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

#[cfg(test)]
mod tests {
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
                encode(Decoded { samples: samples.clone(), is_rgb: false }, &image),
                expect,
                "{samples:?}"
            );
        }
    }
}
