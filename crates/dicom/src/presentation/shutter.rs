//! Shutters (PS3.3 §C.7.6.11, §C.7.6.15): the shapes outside of which a picture is covered.

use dicom_core::Tag;

use crate::error::{DicomError, Field};
use crate::node::Node;

const SHAPE: Tag = Tag(0x0018, 0x1600);
const EDGES: [Tag; 4] = [Tag(0x0018, 0x1602), Tag(0x0018, 0x1606), Tag(0x0018, 0x1604), Tag(0x0018, 0x1608)];
const CENTER: Tag = Tag(0x0018, 0x1610);
const RADIUS: Tag = Tag(0x0018, 0x1612);
const VERTICES: Tag = Tag(0x0018, 0x1620);
const LEVEL: Tag = Tag(0x0018, 0x1622);
const OVERLAY: Tag = Tag(0x0018, 0x1623);
const SHUTTER: Field = Field::new(0x0018, 0x1600, "Shutter Shape");
/// Corners of a polygon.
const CORNERS: usize = 10_000;

pub(super) const TAGS: [Tag; 10] =
    [SHAPE, EDGES[0], EDGES[1], EDGES[2], EDGES[3], CENTER, RADIUS, VERTICES, LEVEL, OVERLAY];

/// What of a picture stays in sight. Positions are of pixels, column and row, counted from 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Shutter {
    /// Between two columns and two rows, which are in sight themselves.
    Rectangle {
        /// Left, top, right and bottom.
        edges: [f64; 4],
    },
    /// Within a circle.
    Circle {
        /// Column and row.
        center: [f64; 2],
        /// In pixels.
        radius: f64,
    },
    /// Within a polygon.
    Polygon {
        /// Its corners.
        corners: Vec<[f64; 2]>,
    },
    /// Where this overlay is empty.
    Bitmap {
        /// The overlay's group.
        group: u16,
    },
}

pub(super) fn read(root: &Node) -> Result<Vec<Shutter>, DicomError> {
    let mut shutters = Vec::new();
    for shape in root.codes(SHAPE) {
        shutters.push(one(root, &shape)?.ok_or(DicomError::Missing(SHUTTER))?);
    }
    Ok(shutters)
}

fn one(root: &Node, shape: &str) -> Result<Option<Shutter>, DicomError> {
    Ok(match shape {
        "RECTANGULAR" => {
            let edges: Option<Vec<f64>> = EDGES.iter().map(|edge| root.number(*edge)).collect();
            edges.and_then(|edges| Some(Shutter::Rectangle { edges: *edges.first_chunk()? }))
        }
        "CIRCULAR" => {
            let read = root.array(CENTER).zip(root.number(RADIUS));
            read.map(|([row, column], radius)| Shutter::Circle { center: [column, row], radius })
        }
        "POLYGONAL" => {
            let numbers = root.numbers(VERTICES);
            let corners: Vec<[f64; 2]> =
                numbers.as_chunks().0.iter().map(|[row, column]| [*column, *row]).collect();
            if corners.len() > CORNERS {
                let (value, limit) = (corners.len() as u64, CORNERS as u64);
                return Err(DicomError::TooLarge {
                    what: "the number of corners of a shutter",
                    value,
                    limit,
                });
            }
            (corners.len() >= 3).then_some(Shutter::Polygon { corners })
        }
        "BITMAP" => root.number(OVERLAY).map(|group| Shutter::Bitmap { group: group as u16 }),
        _ => return Err(DicomError::Unsupported("a shutter of another shape")),
    })
}

/// Shutter Presentation Value in eight bits; black where none is said.
pub(super) fn level(root: &Node) -> u8 {
    (root.number(LEVEL).unwrap_or(0.0) / 257.0).round() as u8
}
