//! The frame of a JPEG 2000 codestream (ITU-T T.800 Annex A), walked before the decoder sees it.
//!
//! The decoder makes a record for every tile, precinct and code-block that the headers speak of, and a sample for
//! every component: a stream of 137 bytes may ask for gigabytes. This walk goes from marker to marker, reads no packet,
//! and refuses what no encoder writes. It is strict about the lengths of segments, so that it and the decoder, which
//! partly ignores them, see the same markers.

use std::ops::RangeInclusive;

use super::ImageHeader;
use crate::{Codec, DicomError, limits};

const SOC: u8 = 0x4F;
const SIZ: u8 = 0x51;
const COD: u8 = 0x52;
const COC: u8 = 0x53;
const QCD: u8 = 0x5C;
const QCC: u8 = 0x5D;
const RGN: u8 = 0x5E;
const SOT: u8 = 0x90;
const SOD: u8 = 0x93;
const EOC: u8 = 0xD9;

/// Tiles are numbered in 16 bits (§A.4.2).
const MOST_TILES: u64 = 65_535;
/// What the decoder keeps for a code-block with its precinct, for each layer of it, and for each codeword segment, in
/// bytes (measured).
const BYTES_PER_BLOCK: u64 = 208;
const BYTES_PER_LAYER: u64 = 24;
const BYTES_PER_SEGMENT: u64 = 40;
/// Coding passes of a code-block (Table B.4).
const MOST_PASSES: u64 = 164;
/// More layers the decoder refuses.
const MOST_LAYERS: u64 = 32;

/// The codestream itself: DICOM has it bare (PS3.5 §A.4.4), some writers leave it in the boxes of a JP2 file
/// (T.800 Annex I). What those say of colours the object's own header says.
pub(super) fn bare(coded: &[u8]) -> &[u8] {
    const FIRST_BOX: &[u8] = b"\0\0\0\x0CjP  ";
    if !coded.starts_with(FIRST_BOX) {
        return coded;
    }
    let mut rest = coded;
    while let Some((kind, inside, after)) = first_box(rest) {
        if kind == b"jp2c" {
            return inside;
        }
        rest = after;
    }
    coded
}

/// Its kind, what is in it, and what follows it (§I.4).
fn first_box(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, after) = bytes.split_first_chunk()?;
    let (kind, after) = after.split_first_chunk::<4>()?;
    let (length, head) = match (u32::from_be_bytes(*length), after.first_chunk()) {
        (0, _) => (bytes.len(), 8),
        (1, Some(long)) => (usize::try_from(u64::from_be_bytes(*long)).ok()?, 16),
        (length, _) => (length as usize, 8),
    };
    Some((kind, bytes.get(head..length)?, &bytes[length..]))
}

/// Walks the headers of the codestream and of its tile-parts; whether it has samples below nought.
pub(super) fn check(stream: &[u8], image: &ImageHeader) -> Result<bool, DicomError> {
    let mut walk = Walk { bytes: stream, pos: 0 };
    if (walk.marker()?, walk.marker()?) != (SOC, SIZ) {
        return Err(malformed("it does not begin with its size"));
    }
    let size = Size::read(walk.segment()?, image)?;
    // The main header ends where the first tile-part begins, a tile-part's header where its data does (§A.3).
    while walk.peek() != Some(SOT) {
        walk.header_segment(&size)?;
    }
    while walk.peek() == Some(SOT) {
        let start = walk.pos;
        walk.marker()?;
        let length = match walk.segment()? {
            [_, _, length @ .., _, _] => length.try_into().map(u32::from_be_bytes).ok(),
            _ => None,
        };
        let length = length.ok_or_else(|| malformed("a tile-part has no length"))? as usize;
        let end = match length {
            0 => stream.len(),
            _ => start.saturating_add(length),
        };
        while walk.pos < end && !matches!(walk.peek(), None | Some(SOD | EOC)) {
            walk.header_segment(&size)?;
        }
        if end < walk.pos || end > stream.len() {
            return Err(malformed("a tile-part does not end within the frame"));
        }
        walk.pos = end;
    }
    Ok(size.signed)
}

/// What the size segment says that the structure depends on (§A.5.1), in samples of the finest component.
struct Size {
    tile: [u64; 2],
    components: u64,
    /// The first bit of a component's depth (table A.11); they are all alike.
    signed: bool,
}

impl Size {
    fn read(segment: &[u8], image: &ImageHeader) -> Result<Self, DicomError> {
        let number =
            |at: usize| segment.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes).map(u64::from);
        let read = || -> Option<[u64; 8]> {
            let mut numbers = [0; 8];
            for (index, place) in numbers.iter_mut().enumerate() {
                *place = number(2 + 4 * index)?;
            }
            Some(numbers)
        };
        let cut_off = || malformed("its size is cut off");
        let [x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0] = read().ok_or_else(cut_off)?;
        let (count, components) = segment[34..].split_first_chunk::<2>().ok_or_else(cut_off)?;
        let count = u16::from_be_bytes(*count);
        super::same(Codec::Jpeg2000, "components", count.into(), image.samples.into())?;
        if components.len() != 3 * usize::from(count) {
            return Err(cut_off());
        }
        let tiles = |end: u64, first: u64, tile: u64| end.saturating_sub(first).div_ceil(tile.max(1));
        let value = tiles(x1, tile_x0, tile_x).saturating_mul(tiles(y1, tile_y0, tile_y));
        let limit = MOST_TILES;
        if value > limit {
            return Err(DicomError::TooLarge {
                what: "the number of tiles of a JPEG 2000 picture",
                value,
                limit,
            });
        }
        let finest = |at: usize| u64::from(components.chunks(3).map(|c| c[at]).min().unwrap_or(1).max(1));
        let side =
            |tile: u64, end: u64, first: u64, at| tile.min(end.saturating_sub(first)).div_ceil(finest(at));
        let tile = [side(tile_x, x1, x0, 1), side(tile_y, y1, y0, 2)];
        let signed = components.first().is_some_and(|depth| depth & 0x80 != 0);
        if components.iter().step_by(3).any(|depth| (depth & 0x80 != 0) != signed) {
            return Err(malformed("some of its components are signed, and others not"));
        }
        Ok(Self { tile, components: count.into(), signed })
    }

    /// Refuses a coding style (§A.6.1, §A.6.2) that cuts a tile into more code-blocks than any encoder does.
    fn check_blocks(&self, style: &Style) -> Result<(), DicomError> {
        let mut blocks = 0_u64;
        for (resolution, precinct) in style.precincts.iter().enumerate() {
            // Resolution 0 is one band of its own size; above it there are three of half the size (§B.5).
            let (bands, halved) = if resolution == 0 { (1, 0) } else { (3, 1) };
            let shrunk = style.precincts.len() - 1 - resolution + halved;
            let across = |axis: usize| {
                let block = style.block[axis].min(precinct[axis].saturating_sub(halved as u32));
                // One more at each end, where the grid is not that of the tile.
                (self.tile[axis].div_ceil(1 << shrunk) + 1).div_ceil(1 << block) + 2
            };
            blocks = blocks.saturating_add(across(0).saturating_mul(across(1)).saturating_mul(bands));
        }
        let bytes_per_block =
            BYTES_PER_BLOCK + BYTES_PER_LAYER * style.layers + BYTES_PER_SEGMENT * style.segments;
        let value = blocks.saturating_mul(self.components * bytes_per_block);
        let limit = limits::JPEG_2000_STRUCTURE_BYTES;
        if value > limit {
            let what = "the memory for the code-blocks of a JPEG 2000 picture in bytes";
            return Err(DicomError::TooLarge { what, value, limit });
        }
        Ok(())
    }
}

/// How the bands of a tile are cut up; sizes as exponents of two, across and down.
struct Style {
    layers: u64,
    /// Codeword segments of a code-block, at most.
    segments: u64,
    block: [u32; 2],
    /// By resolution, the coarsest first.
    precincts: Vec<[u32; 2]>,
}

impl Style {
    /// `has_precincts` is bit 0 of Scod or Scoc; `parameters` are SPcod or SPcoc (§A.6.1, §A.6.2).
    fn read(has_precincts: bool, layers: u64, parameters: &[u8]) -> Option<Self> {
        let [levels @ 0..=32, x, y, modes, _, precincts @ ..] = parameters else { return None };
        let resolutions = usize::from(*levels) + 1;
        let precincts = match has_precincts {
            true if precincts.len() == resolutions => {
                precincts.iter().map(|size| [u32::from(size & 15), u32::from(size >> 4)]).collect()
            }
            false if precincts.is_empty() => vec![[15, 15]; resolutions],
            _ => return None,
        };
        // Bypass and termination end a segment with a pass (Table A.19); else each layer has one.
        let segments = if modes & 0b101 == 0 { layers } else { MOST_PASSES };
        Some(Self {
            layers,
            segments,
            block: [x, y].map(|exponent| u32::from(*exponent).min(8) + 2),
            precincts,
        })
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Walk<'a> {
    fn peek(&self) -> Option<u8> {
        match self.bytes.get(self.pos..)? {
            [0xFF, marker, ..] => Some(*marker),
            _ => None,
        }
    }

    fn marker(&mut self) -> Result<u8, DicomError> {
        let marker = self.peek().ok_or_else(|| malformed("a marker is missing"))?;
        self.pos += 2;
        Ok(marker)
    }

    /// What follows a marker, without its length.
    fn segment(&mut self) -> Result<&'a [u8], DicomError> {
        let rest = &self.bytes[self.pos..];
        let length = rest.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)));
        let segment = length.and_then(|length| rest.get(2..length));
        let segment = segment.ok_or_else(|| malformed("a marker segment is cut off"))?;
        self.pos += 2 + segment.len();
        Ok(segment)
    }

    /// One marker of a header, with its segment.
    fn header_segment(&mut self, size: &Size) -> Result<(), DicomError> {
        /// Lqcd and Lqcc less the length itself and the component (§A.6.4, §A.6.5).
        const QUANTIZATION: RangeInclusive<usize> = 2..=195;
        let marker = self.marker()?;
        if (0x30..=0x3F).contains(&marker) {
            return Ok(()); // no segment (§A.1)
        }
        let segment = self.segment()?;
        let style = match (marker, segment) {
            (COD, [scod, _, high, low, _, parameters @ ..]) => {
                Style::read(scod & 1 == 1, u16::from_be_bytes([*high, *low]).into(), parameters)
            }
            // How many layers there are stands in another segment.
            (COC, [_, scoc, parameters @ ..]) => Style::read(scoc & 1 == 1, MOST_LAYERS, parameters),
            _ => None,
        };
        let quantized = |values: &[u8]| match values {
            [style, rest @ ..] => match style & 31 {
                0 => QUANTIZATION.contains(&values.len()),
                1 => rest.len() == 2,
                _ => rest.len() % 2 == 0 && QUANTIZATION.contains(&values.len()),
            },
            [] => false,
        };
        let sound = match (marker, segment) {
            (COD | COC, _) => style.is_some(),
            (QCD, values) => quantized(values),
            (QCC, values) => quantized(values.get(1..).unwrap_or_default()),
            (RGN, values) => values.len() == 3,
            _ => true,
        };
        if !sound {
            return Err(malformed("a marker segment has not the length that it must have"));
        }
        style.map_or(Ok(()), |style| size.check_blocks(&style))
    }
}

fn malformed(what: &'static str) -> DicomError {
    super::coded_error(Codec::Jpeg2000, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::{Photometric, SampleOrder};

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u16 + 2).to_be_bytes();
        [&[0xFF, marker], length.as_slice(), body].concat()
    }

    /// A picture of three components.
    fn size(columns: u32, rows: u32, tile: u32) -> Vec<u8> {
        let numbers = [columns, rows, 0, 0, tile, tile, 0, 0];
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        segment(SIZ, &[&[0, 0], numbers.as_slice(), &[0, 3], &[7, 1, 1].repeat(3)].concat())
    }

    /// One layer; the exponents of code-blocks as they are written.
    fn style(levels: u8, block: u8, modes: u8, precincts: &[u8]) -> Vec<u8> {
        let scod = u8::from(!precincts.is_empty());
        segment(COD, &[&[scod, 0, 0, 1, 0, levels, block, block, modes, 1], precincts].concat())
    }

    fn tile_part(header: &[u8]) -> Vec<u8> {
        let data = [header, &[0xFF, SOD, 0, 0]].concat();
        let length = (data.len() as u32 + 12).to_be_bytes();
        [segment(SOT, &[&[0, 0], length.as_slice(), &[0, 1]].concat()), data].concat()
    }

    fn stream(parts: &[&[u8]]) -> Vec<u8> {
        [&[0xFF, SOC], parts.concat().as_slice(), &[0xFF, EOC]].concat()
    }

    fn check_says(name: &str, stream: &[u8], expect: Option<&str>) {
        let image = ImageHeader {
            rows: 4000,
            columns: 4000,
            samples: 3,
            photometric: Photometric::Ybr2000,
            planar: false,
            bits_allocated: 8,
            bits_stored: 8,
            high_bit: 7,
            signed: false,
            order: SampleOrder::Little,
        };
        let said = check(bare(stream), &image).err().map(|error| error.to_string());
        assert_eq!(said.as_deref(), expect, "{name}");
    }

    #[test]
    fn structures_that_no_encoder_writes_are_refused() {
        let large = size(4000, 4000, 4000);
        let usual = style(5, 4, 0, &[]);
        let tile = tile_part(&[]);
        let main = |size: &[u8], style: &[u8]| stream(&[size, style, &tile]);
        check_says("usual", &main(&large, &usual), None);
        check_says(
            "small blocks",
            &main(&large, &style(5, 2, 0, &[0x88, 0x88, 0x88, 0x88, 0x88, 0x88])),
            None,
        );
        check_says("tiles of 64", &main(&size(4000, 4000, 64), &usual), None);
        let tiles = "the number of tiles of a JPEG 2000 picture is 16000000, the limit is 65535";
        check_says("tiles of a pixel", &main(&size(4000, 4000, 1), &usual), Some(tiles));
        check_says(
            "endless",
            &main(&size(u32::MAX, u32::MAX, 1), &usual),
            Some("the number of tiles of a JPEG 2000 picture is 18446744065119617025, the limit is 65535"),
        );
        let memory = |bytes: u64| {
            format!(
                "the memory for the code-blocks of a JPEG 2000 picture in bytes is {bytes}, the limit is 268435456"
            )
        };
        let blocks = 1003_u64.pow(2) * 3;
        check_says("blocks of four", &main(&large, &style(0, 0, 0, &[])), Some(&memory(blocks * 272)));
        let precincts = 4003_u64.pow(2) * 3;
        check_says("precincts of one", &main(&large, &style(0, 4, 0, &[0])), Some(&memory(precincts * 272)));
        let passes = 253_u64.pow(2) * 3;
        check_says("each pass ends", &main(&large, &style(0, 2, 4, &[])), Some(&memory(passes * 6792)));
        let in_tile = stream(&[&large, &usual, &tile_part(&style(0, 0, 0, &[]))]);
        check_says("in a tile-part", &in_tile, Some(&memory(blocks * 272)));
        let in_second = stream(&[&large, &usual, &tile, &tile_part(&style(0, 0, 0, &[]))]);
        check_says("in the second tile-part", &in_second, Some(&memory(blocks * 272)));
    }

    #[test]
    fn segments_whose_length_lies_are_refused() {
        let (size, usual) = (size(64, 64, 64), style(5, 4, 0, &[]));
        let wrong = Some("JPEG 2000: a marker segment has not the length that it must have");
        let with = |segment: &[u8]| stream(&[&size, &usual, segment, &tile_part(&[])]);
        check_says("reversible", &with(&segment(QCD, &[0x40; 17])), None);
        check_says("derived", &with(&segment(QCD, &[0x41, 0, 0])), None);
        check_says("expounded", &with(&segment(QCC, &[1, 0x42, 0, 0, 0, 0])), None);
        check_says("comment", &with(&segment(0x64, &[0; 60_000])), None);
        check_says("no segment", &with(&[0xFF, 0x30]), None);
        check_says("long", &with(&segment(QCD, &[0x40; 60_000])), wrong);
        check_says("derived of two", &with(&segment(QCD, &[0x41, 0, 0, 0])), wrong);
        check_says("half a step", &with(&segment(QCC, &[1, 0x42, 0, 0, 0])), wrong);
        check_says("no component", &with(&segment(QCC, &[])), wrong);
        check_says("region", &with(&segment(RGN, &[0, 0, 0, 0])), wrong);
        check_says("few precincts", &with(&style(5, 4, 0, &[0x88; 5])), wrong);
        check_says("empty style", &with(&segment(COD, &[])), wrong);
        let cut = Some("JPEG 2000: a marker segment is cut off");
        check_says("cut off", &stream(&[&size, &[0xFF, COD, 0, 200]]), cut);
        check_says("no tile", &[0xFF, SOC], Some("JPEG 2000: a marker is missing"));
        let beyond = segment(SOT, &[0, 0, 0, 1, 0, 0, 0, 1]);
        let ends = Some("JPEG 2000: a tile-part does not end within the frame");
        check_says("tile-part", &stream(&[&size, &usual, &beyond, &[0xFF, SOD]]), ends);
    }

    #[test]
    fn the_boxes_of_a_jp2_file_are_taken_off() {
        let boxed = |kind: &[u8; 4], inside: &[u8]| {
            [(inside.len() as u32 + 8).to_be_bytes().as_slice(), kind, inside].concat()
        };
        let signature = boxed(b"jP  ", b"\r\n\x87\n");
        let check = |parts: &[&[u8]], expect: &[u8]| assert_eq!(bare(&parts.concat()), expect);
        check(&[b"\xFF\x4Fstream"], b"\xFF\x4Fstream");
        check(&[&signature, &boxed(b"ftyp", b"jp2 "), &boxed(b"jp2c", b"stream"), &[0]], b"stream");
        check(&[&signature, b"\0\0\0\0jp2cto the end"], b"to the end");
        check(&[&signature, b"\0\0\0\x01jp2c\0\0\0\0\0\0\0\x16stream"], b"stream");
        let damaged = [signature.as_slice(), b"\0\0\0\x04ftyp"].concat();
        check(&[&damaged], &damaged);
    }
}
