//! Overlays (PS3.3 §C.9.2): planes of one bit a pixel.

use std::io::{Read, Seek};

use dicom_core::Tag;

use crate::elements::Elements;
use crate::error::DicomError;
use crate::limits;
use crate::node::Node;

/// Repeating groups (PS3.5 §7.6).
const GROUPS: std::ops::RangeInclusive<u16> = 0x6000..=0x601E;
const ROWS: u16 = 0x0010;
const COLUMNS: u16 = 0x0011;
const FRAMES: u16 = 0x0015;
const ORIGIN: u16 = 0x0050;
const FRAME_ORIGIN: u16 = 0x0051;
const LAYER: u16 = 0x1001;
const DATA: u16 = 0x3000;

pub(super) fn is_wanted(tag: Tag) -> bool {
    let known = [ROWS, COLUMNS, FRAMES, ORIGIN, FRAME_ORIGIN, LAYER, DATA];
    GROUPS.contains(&tag.group()) && tag.group().is_multiple_of(2) && known.contains(&tag.element())
}

/// An overlay that a state shows, or that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Its group.
    pub group: u16,
    /// The layer in which it is shown; `None` where it is not.
    pub layer: Option<String>,
    /// Its bits; `None` where they are with the picture.
    pub plane: Option<Plane>,
}

/// The bits of an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plane {
    /// Columns and rows.
    pub size_px: [u32; 2],
    /// Column and row of the picture on which the first one lies, counted from 0.
    pub at_px: [i64; 2],
    /// The frame of the picture for which the first plane is, counted from 0; `None` where the only one is for all.
    first_frame: Option<u64>,
    frames: u64,
    bits: Vec<u8>,
}

impl Plane {
    /// Whether the overlay has its bit at a pixel of a frame, in its own columns and rows.
    #[must_use]
    pub fn is_set(&self, frame: u64, [x, y]: [u32; 2]) -> bool {
        let [columns, rows] = self.size_px;
        let plane = match self.first_frame {
            None => Some(0),
            Some(first) => frame.checked_sub(first).filter(|plane| *plane < self.frames),
        };
        let Some(plane) = plane.filter(|_| x < columns && y < rows) else { return false };
        let bit = (plane * u64::from(rows) + u64::from(y)) * u64::from(columns) + u64::from(x);
        let byte = usize::try_from(bit / 8).ok().and_then(|at| self.bits.get(at));
        byte.is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
    }
}

pub(super) fn read(root: &Node) -> Result<Vec<Overlay>, DicomError> {
    let mut overlays = Vec::new();
    for group in GROUPS.step_by(2) {
        let layer = root.text(Tag(group, LAYER)).filter(|layer| !layer.is_empty());
        let plane = plane(root, group)?;
        if layer.is_some() || plane.is_some() {
            overlays.push(Overlay { group, layer, plane });
        }
    }
    Ok(overlays)
}

/// The overlays that lie with a picture, by group. Those within the cells of its pixels are not read.
///
/// # Errors
/// [`DicomError`]: damaged or past a limit.
pub fn planes<F: Read + Seek>(picture: &Elements<F>) -> Result<Vec<(u16, Plane)>, DicomError> {
    let root = Node::read(picture.data_set(), is_wanted)?;
    let mut planes = Vec::new();
    for group in GROUPS.step_by(2) {
        planes.extend(plane(&root, group)?.map(|plane| (group, plane)));
    }
    Ok(planes)
}

fn plane(root: &Node, group: u16) -> Result<Option<Plane>, DicomError> {
    let number = |element| root.number(Tag(group, element)).map_or(0, |number| number as u32);
    let Some(bits) = root.octets(Tag(group, DATA)) else { return Ok(None) };
    let (columns, rows) = (number(COLUMNS), number(ROWS));
    let (value, limit) = (u64::from(columns) * u64::from(rows), limits::GREY_FRAME_PIXELS);
    if value == 0 || value > limit {
        return Err(DicomError::TooLarge { what: "the number of bits of an overlay", value, limit });
    }
    let [row, column] = root.array(Tag(group, ORIGIN)).unwrap_or([1.0, 1.0]);
    let frames = u64::from(number(FRAMES)).max(1);
    let several = root.has(Tag(group, FRAMES)) || root.has(Tag(group, FRAME_ORIGIN));
    let first_frame = several.then(|| u64::from(number(FRAME_ORIGIN)).saturating_sub(1));
    let at_px = [column as i64 - 1, row as i64 - 1];
    Ok(Some(Plane { size_px: [columns, rows], at_px, first_frame, frames, bits }))
}
