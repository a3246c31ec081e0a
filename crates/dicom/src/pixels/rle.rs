//! Run lengths of byte planes (PS3.5 Annex G).

use super::native::cut_out;
use super::{Decoded, ImageHeader, Samples, coded_error, native, same};
use crate::{Codec, DicomError};

/// A header of sixteen 32-bit words: the number of segments and where each begins (§G.5).
const HEADER_BYTES: usize = 64;
const MOST_SEGMENTS: usize = 15;

pub(super) fn decode(coded: &[u8], image: &ImageHeader) -> Result<Decoded, DicomError> {
    let error = |reason| coded_error(Codec::Rle, reason);
    let header =
        coded.first_chunk::<HEADER_BYTES>().ok_or_else(|| error("no room for the header of 64 bytes"))?;
    let words: Vec<usize> = header
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]) as usize)
        .collect();
    let bytes_per_sample = usize::from(image.bits_allocated / 8);
    // One segment a byte plane, the high byte of a sample first (§G.2).
    let planes = usize::from(image.samples) * bytes_per_sample;
    same(Codec::Rle, "segments", words[0], planes)?;
    let starts = &words[1..=planes.min(MOST_SEGMENTS)];
    let mut bytes = Vec::with_capacity(planes * image.pixels());
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(coded.len());
        let segment = coded.get(*start..end).filter(|_| *start >= HEADER_BYTES);
        let segment = segment.ok_or_else(|| error("a segment lies outside the frame"))?;
        unpack(segment, image.pixels(), &mut bytes)
            .ok_or_else(|| error("a segment ends before its plane is full"))?;
    }
    let samples = match (image.samples, bytes_per_sample) {
        (3, 1) => Samples::U8(native::interleave(&bytes, image.pixels())),
        (_, 1) => Samples::U8(bytes),
        _ => {
            let (high, low) = bytes.split_at(image.pixels());
            let cells = high.iter().zip(low).map(|(high, low)| u16::from_be_bytes([*high, *low]));
            Samples::U16(cells.map(|cell| cut_out(cell, image)).collect())
        }
    };
    Ok(Decoded { samples, is_rgb: false })
}

/// PackBits (§G.3.2): appends exactly `plane` bytes, or says that the segment has fewer.
fn unpack(segment: &[u8], plane: usize, out: &mut Vec<u8>) -> Option<()> {
    let full = out.len() + plane;
    let mut rest = segment;
    while out.len() < full {
        let (control, after) = rest.split_first()?;
        let room = full - out.len();
        match i8::from_le_bytes([*control]) {
            // Copy the next 1 to 128 bytes.
            literal @ 0.. => {
                let length = usize::from(literal.unsigned_abs()) + 1;
                let bytes = after.get(..length)?;
                out.extend_from_slice(&bytes[..length.min(room)]);
                rest = &after[length..];
            }
            // Nothing.
            i8::MIN => rest = after,
            // Repeat the next byte 2 to 128 times.
            run => {
                let (byte, after) = after.split_first()?;
                let length = usize::from(run.unsigned_abs()) + 1;
                out.resize(out.len() + length.min(room), *byte);
                rest = after;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packbits_unpack_to_the_plane_and_no_further() {
        let check = |segment: &[u8], plane, expect: Option<&[u8]>| {
            let mut out = Vec::new();
            let unpacked = unpack(segment, plane, &mut out);
            assert_eq!(unpacked.map(|()| out.as_slice()), expect, "{segment:?}");
        };
        check(&[2, 7, 8, 9], 3, Some(&[7, 8, 9]));
        check(&[0xFE, 5], 3, Some(&[5, 5, 5]));
        check(&[0x80, 0xFF, 5, 0, 1], 3, Some(&[5, 5, 1]));
        check(&[0x81, 5], 3, Some(&[5, 5, 5])); // 128 bytes into a plane of three
        check(&[2, 7, 8], 3, None);
        check(&[0xFE], 3, None);
        check(&[0x80], 1, None);
        check(&[], 0, Some(&[]));
    }
}
