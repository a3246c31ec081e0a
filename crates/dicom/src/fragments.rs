//! Which fragments make which frame (PS3.5 §A.4).

use std::ops::Range;

use crate::cursor::Source;
use crate::{Codec, DicomError};

/// Groups of consecutive fragments, one group a frame.
///
/// `offsets` are those of the basic or extended offset table, counted from the item tag of the first fragment.
/// Where they fit no fragment, one frame is one fragment, or begins where the codec's signature stands: a frame
/// of a compressed picture may be cut into several fragments, one of run lengths may not (§A.4.2).
pub(crate) fn frames(
    source: Source<'_>,
    fragments: &[Range<usize>],
    offsets: &[u64],
    declared: u64,
    codec: Codec,
) -> Result<Vec<Range<usize>>, DicomError> {
    let starts = match by_offsets(fragments, offsets) {
        Some(starts) => starts,
        None => {
            let single = fragments.len() as u64 == declared || matches!(codec, Codec::Native | Codec::Rle);
            let mut starts = Vec::new();
            for (index, fragment) in fragments.iter().enumerate() {
                let head = fragment.start..fragment.end.min(fragment.start + SIGNATURE_BYTES);
                if single || index == 0 || signature(codec, &source.bytes(head)?) {
                    starts.push(index);
                }
            }
            starts
        }
    };
    let ends = starts.iter().skip(1).copied().chain([fragments.len()]);
    Ok(starts.iter().zip(ends).map(|(start, end)| *start..end).collect())
}

/// The longest signature.
const SIGNATURE_BYTES: usize = 8;

/// The fragments that the offsets point at, where each points at one and they rise.
fn by_offsets(fragments: &[Range<usize>], offsets: &[u64]) -> Option<Vec<usize>> {
    let base = fragments.first()?.start;
    if offsets.first() != Some(&0) {
        return None;
    }
    let mut next = 0;
    let mut starts = Vec::with_capacity(offsets.len());
    for offset in offsets {
        let found =
            fragments[next..].iter().position(|fragment| (fragment.start - base) as u64 == *offset)?;
        starts.push(next + found);
        next += found + 1;
    }
    Some(starts)
}

/// Whether a coded picture begins here.
fn signature(codec: Codec, bytes: &[u8]) -> bool {
    let starts = |signatures: &[&[u8]]| signatures.iter().any(|signature| bytes.starts_with(signature));
    match codec {
        Codec::Native | Codec::Rle => true,
        Codec::Jpeg | Codec::JpegLossless | Codec::JpegLs => starts(&[b"\xFF\xD8\xFF"]),
        Codec::Jpeg2000 => starts(&[b"\xFF\x4F\xFF\x51", b"\0\0\0\x0CjP  "]),
        Codec::JpegXl => starts(&[b"\xFF\x0A", b"\0\0\0\x0CJXL "]),
    }
}

/// The offsets of a basic offset table, in little endian as all encapsulated syntaxes are (§A.4).
pub(crate) fn basic_offsets(table: &[u8]) -> Vec<u64> {
    table
        .chunks_exact(4)
        .map(|bytes| u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::single_range_in_vec_init)] // One frame is one range.
    fn fragments_become_frames() {
        // Five fragments of four bytes, each after an item header of eight.
        let bytes: Vec<u8> = [b"\xFF\xD8\xFF\xE0", b"rest", b"\xFF\xD8\xFF\xDB", b"rest", b"rest"]
            .iter()
            .flat_map(|value| [[0; 4].as_slice(), &[0; 4], value.as_slice()].concat())
            .collect();
        let fragments: Vec<_> = (0..5).map(|i| i * 12 + 8..i * 12 + 12).collect();
        let check = |offsets: &[u64], declared, codec, expect: &[Range<usize>]| {
            assert_eq!(
                frames(Source::Memory(&bytes), &fragments, offsets, declared, codec).unwrap(),
                expect,
                "{offsets:?} {declared} {codec}"
            );
        };
        check(&[], 5, Codec::Jpeg, &[0..1, 1..2, 2..3, 3..4, 4..5]);
        check(&[], 2, Codec::Jpeg, &[0..2, 2..5]);
        check(&[], 1, Codec::Jpeg, &[0..2, 2..5]);
        check(&[], 1, Codec::JpegXl, &[0..5]);
        check(&[0, 36], 2, Codec::Jpeg, &[0..3, 3..5]);
        check(&[0, 37], 2, Codec::Jpeg, &[0..2, 2..5]); // points at no fragment
        check(&[0, 24, 12], 2, Codec::Jpeg, &[0..2, 2..5]); // falls
        check(&[], 2, Codec::Rle, &[0..1, 1..2, 2..3, 3..4, 4..5]);
    }
}
