//! One binary message: a header of 24 bytes, the luma, and where the flags say so the grid of colour.
//!
//! ```text
//! u32 sequence | u32 flags | u64 timestamp_us | u16 width | u16 height | u32 payload bytes | luma | grid
//! ```
//!
//! All numbers are little-endian. Bit 0 of the flags: the page saw colour. Bit 1: the grid follows the luma. The first alone
//! says nothing of where the colour is, so that only the grid is used.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::CaptureError;

/// What comes before the luma.
pub const HEADER_BYTES: usize = 24;
/// Columns and rows of the grid of colour.
pub const GRID: [u32; 2] = [32, 24];
const GRID_BYTES: usize = GRID[0] as usize * GRID[1] as usize;
/// How long a side of a picture may be.
const SIDE_PX: RangeInclusive<u32> = 64..=4096;
/// Columns × rows; files and devices have the same limit.
const MOST_PIXELS: u32 = 16_000_000;
/// The longest message of a page.
pub const MESSAGE_BYTES: usize = HEADER_BYTES + MOST_PIXELS as usize + GRID_BYTES;

const COLOUR_SEEN: u32 = 1;
const GRID_FOLLOWS: u32 = 2;

/// A picture as a page sent it, its levels still in the announced range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent<'a> {
    /// Its number on this socket, counted before the page passed any over.
    pub sequence: u32,
    /// When the page got it, since 1970-01-01 UTC by the page's clock.
    pub stamp: Duration,
    /// Columns and rows.
    pub size_px: [u16; 2],
    /// Row-major, top row first.
    pub luma: &'a [u8],
    /// How far from grey it is, [`GRID`] cells row by row, where the page could tell.
    pub chroma: Option<&'a [u8]>,
}

impl<'a> Sent<'a> {
    /// Reads a message; nothing is allocated.
    ///
    /// # Errors
    /// [`CaptureError::Length`], [`CaptureError::Flags`], [`CaptureError::Size`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CaptureError> {
        let Some((header, payload)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(length("header", bytes.len(), HEADER_BYTES));
        };
        let &[s0, s1, s2, s3, f0, f1, f2, f3, t0, t1, t2, t3, t4, t5, t6, t7, w0, w1, h0, h1, p0, p1, p2, p3] =
            header;
        let flags = u32::from_le_bytes([f0, f1, f2, f3]);
        if flags & !(COLOUR_SEEN | GRID_FOLLOWS) != 0 {
            return Err(CaptureError::Flags(flags));
        }
        let size_px = [u16::from_le_bytes([w0, w1]), u16::from_le_bytes([h0, h1])];
        let pixels = check_size(size_px)?;
        let has_grid = flags & GRID_FOLLOWS != 0;
        let needs = pixels + if has_grid { GRID_BYTES } else { 0 };
        let declared = u32::from_le_bytes([p0, p1, p2, p3]) as usize;
        if declared != needs {
            return Err(length("payload length", declared, needs));
        }
        if payload.len() != needs {
            return Err(length("payload", payload.len(), needs));
        }
        let (luma, grid) = payload.split_at(pixels);
        Ok(Self {
            sequence: u32::from_le_bytes([s0, s1, s2, s3]),
            stamp: Duration::from_micros(u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7])),
            size_px,
            luma,
            chroma: has_grid.then_some(grid),
        })
    }
}

/// How many pixels a picture has, if it may be taken.
pub(super) fn check_size(size_px: [u16; 2]) -> Result<usize, CaptureError> {
    let [width, height] = size_px.map(u32::from);
    // At most 2^32 - 2^17 + 1: no overflow.
    let pixels = width * height;
    if SIDE_PX.contains(&width) && SIDE_PX.contains(&height) && pixels <= MOST_PIXELS {
        return Ok(pixels as usize);
    }
    Err(CaptureError::Size { width, height, side: SIDE_PX, most: MOST_PIXELS })
}

fn length(what: &'static str, has: usize, needs: usize) -> CaptureError {
    CaptureError::Length { what, has: has as u64, needs: needs as u64 }
}
