//! Run lengths of byte planes (PS3.5 Annex G).

use super::native::cut_out;
use super::{Decoded, ImageHeader, Lossless, Samples, coded_error, native, same};
use crate::{Codec, DicomError};

/// A header of sixteen 32-bit words: the number of segments and where each begins (§G.5).
const HEADER_BYTES: usize = 64;
const MOST_SEGMENTS: usize = 15;
/// The most bytes of a piece.
const PIECE: usize = 128;

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

pub(super) fn encode(frame: Decoded, image: &ImageHeader) -> Result<Vec<u8>, DicomError> {
    let bytes_per_sample = usize::from(image.bits_allocated / 8);
    let stride = usize::from(image.samples) * bytes_per_sample;
    let row_bytes = image.columns as usize * stride;
    let cells = native::encode(frame, image);
    if cells.len() != image.rows as usize * row_bytes {
        return Err(Lossless::Rle.refused("a frame of another size"));
    }
    let mut coded = vec![0; HEADER_BYTES];
    let mut words = vec![stride as u32];
    let mut row = Vec::with_capacity(image.columns as usize);
    for plane in 0..stride {
        words.push(coded.len() as u32);
        // The high byte of a sample first, where it lies second.
        let (sample, byte) = (plane / bytes_per_sample, plane % bytes_per_sample);
        let first = sample * bytes_per_sample + (bytes_per_sample - 1 - byte);
        for cells in cells.chunks_exact(row_bytes) {
            row.clear();
            row.extend(cells[first..].iter().step_by(stride));
            pack(&row, &mut coded);
        }
        // A segment has an even length (§G.3.1).
        if coded.len() % 2 == 1 {
            coded.push(0);
        }
    }
    let header = coded.chunks_exact_mut(4).zip(words);
    header.for_each(|(place, word)| place.copy_from_slice(&word.to_le_bytes()));
    Ok(coded)
}

/// PackBits of a row, which are nobody else's (§G.3.1): three bytes alike are a run, and two where no others wait to be copied.
fn pack(row: &[u8], out: &mut Vec<u8>) {
    let (mut waiting, mut at) = (0, 0);
    let copy = |bytes: &[u8], out: &mut Vec<u8>| {
        for piece in bytes.chunks(PIECE) {
            out.push((piece.len() - 1) as u8);
            out.extend_from_slice(piece);
        }
    };
    while at < row.len() {
        let alike = row[at..].iter().take(PIECE).take_while(|byte| **byte == row[at]).count();
        if alike > 2 || (alike == 2 && waiting == at) {
            copy(&row[waiting..at], out);
            out.extend([(257 - alike) as u8, row[at]]);
            waiting = at + alike;
        }
        at += alike;
    }
    copy(&row[waiting..], out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_packed_in_runs_and_pieces() {
        let check = |row: &[u8], expect: &[u8]| {
            let mut out = Vec::new();
            pack(row, &mut out);
            assert_eq!(out, expect, "{row:?}");
            let mut back = Vec::new();
            assert!(unpack(&out, row.len(), &mut back).is_some() && back == row, "{row:?}");
        };
        check(&[], &[]);
        check(&[7], &[0, 7]);
        check(&[7, 7], &[0xFF, 7]);
        check(&[1, 7, 7], &[2, 1, 7, 7]);
        check(&[1, 7, 7, 7], &[0, 1, 0xFE, 7]);
        check(&[7, 7, 1, 2], &[0xFF, 7, 1, 1, 2]);
        check(&[5; 128], &[0x81, 5]);
        check(&[5; 129], &[0x81, 5, 0, 5]);
        let rising: Vec<u8> = (0..130).collect();
        check(&rising, &[&[127], &rising[..128], &[1], &rising[128..]].concat());
    }

    /// Each row by itself, each plane of an even length: as the example of §G.3.1 and §G.5 has it.
    #[test]
    fn segments_are_planes_of_rows() {
        let image = ImageHeader {
            rows: 2,
            columns: 3,
            samples: 1,
            photometric: crate::pixels::Photometric::Monochrome2,
            planar: false,
            bits_allocated: 16,
            bits_stored: 12,
            high_bit: 11,
            signed: true,
            order: crate::pixels::SampleOrder::Little,
        };
        let samples = Samples::U16(vec![0x0102, 0x0103, 0x0104, 0x0FFF, 0x0FFF, 0x0FFF]);
        let coded = encode(Decoded { samples, is_rgb: false }, &image).unwrap();
        let header: Vec<u8> = [2_u32, 64, 68].iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(coded[..12], header);
        assert!(coded[12..64].iter().all(|byte| *byte == 0));
        // A sample below nought is so to its highest bit.
        assert_eq!(coded[64..68], [0xFE, 1, 0xFE, 0xFF]);
        assert_eq!(coded[68..], [2, 2, 3, 4, 0xFE, 0xFF]);
    }

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
