//! Where the ultrasound picture lies on a vendor's screen.

use crate::{CellGrid, PixelRect};

/// The least share of a frame's cells that the picture must cover.
const SMALLEST_SHARE: f32 = 0.06;
/// A row or column of cells belongs to the picture when it holds this share of what the fullest one holds.
const OCCUPIED: f32 = 0.15;

/// The rectangle, in pixels from the grid's corner, of the largest connected area of grey texture; `None` where
/// there is none worth the name (a black screen, text, drawings).
///
/// A simple form: black gaps of one cell are bridged, thin bridges to rulers and text are shaved off by the
/// occupancy of rows and columns, and the rectangle is that of the texture, so that a deep part of the picture
/// that is wholly black is not included.
#[must_use]
pub fn picture_area(grid: &CellGrid) -> Option<PixelRect> {
    let (columns, rows) = (grid.columns(), grid.rows());
    let texture: Vec<bool> = grid.cells().iter().map(crate::Cell::is_texture).collect();
    let closed = close(&texture, columns, rows);
    let part = largest(&closed, columns)?;
    if (part.iter().filter(|inside| **inside).count() as f32) < SMALLEST_SHARE * part.len() as f32 {
        return None;
    }
    let by_column: Vec<usize> =
        (0..columns).map(|c| (0..rows).filter(|r| part[r * columns + c]).count()).collect();
    let by_row: Vec<usize> =
        part.chunks_exact(columns).map(|row| row.iter().filter(|p| **p).count()).collect();
    let (x0, x1) = occupied(&by_column)?;
    let (y0, y1) = occupied(&by_row)?;
    let side = CellGrid::SIDE;
    let px = |cells: usize| (cells * side) as u32;
    Some(PixelRect { x: px(x0), y: px(y0), width: px(x1 - x0), height: px(y1 - y0) })
}

/// Fill cells whose neighbours on opposite sides are both set.
fn close(cells: &[bool], columns: usize, rows: usize) -> Vec<bool> {
    let mut closed = cells.to_vec();
    for row in 0..rows {
        for column in 0..columns {
            let at = row * columns + column;
            let across = column > 0 && column + 1 < columns && cells[at - 1] && cells[at + 1];
            let down = row > 0 && row + 1 < rows && cells[at - columns] && cells[at + columns];
            closed[at] |= across || down;
        }
    }
    closed
}

/// The largest part of set cells connected by edges.
fn largest(cells: &[bool], columns: usize) -> Option<Vec<bool>> {
    let map: Vec<f32> = cells.iter().map(|set| f32::from(u8::from(*set))).collect();
    let mut labels = crate::Labels::new();
    let parts = labels.label(&map, columns as u32, 0.5);
    let label = parts.iter().max_by_key(|part| part.pixels)?.label;
    let inside = |at: usize| labels.at((at % columns) as u32, (at / columns) as u32, columns as u32) == label;
    Some((0..cells.len()).map(inside).collect())
}

/// First and one past the last entry that holds enough.
fn occupied(counts: &[usize]) -> Option<(usize, usize)> {
    let most = *counts.iter().max()?;
    let enough = |count: &usize| *count as f32 >= OCCUPIED * most as f32 && *count > 0;
    Some((counts.iter().position(enough)?, counts.iter().rposition(enough)? + 1))
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};

    use super::*;

    fn noise(x: u32, y: u32) -> u8 {
        let mut h = x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B);
        h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
        (35 + (h >> 24) % 80) as u8
    }

    fn find(width: u32, height: u32, paint: impl Fn(u32, u32) -> u8) -> Option<PixelRect> {
        let picture = GrayImage::from_fn(width, height, |x, y| Luma([paint(x, y)]));
        let mut grid = CellGrid::default();
        grid.read(&picture, PixelRect::whole(width, height));
        picture_area(&grid)
    }

    #[test]
    fn the_picture_is_found_between_header_ruler_and_wedge() {
        let found = find(640, 480, |x, y| match (x, y) {
            (160..=479, 80..=399) => noise(x, y),
            (_, 0..=30) => 60,                           // header bar
            (20..=40, 100..=300) => (y - 100) as u8,     // grey wedge
            (490, y) if y % 40 == 0 => 255,              // ruler
            (540..=620, 100..=200) if x % 7 == 0 => 255, // text
            _ => 0,
        })
        .unwrap();
        let near = |a: u32, b: u32| a.abs_diff(b) <= 8;
        assert!(
            near(found.x, 160) && near(found.y, 80) && near(found.width, 320) && near(found.height, 320),
            "{found:?}"
        );
    }

    #[test]
    fn a_screen_without_a_picture_has_none() {
        assert_eq!(find(640, 480, |_, _| 0), None);
        assert_eq!(find(640, 480, |_, _| 128), None);
        assert_eq!(
            find(640, 480, |x, y| if x % 9 < 2 && y % 20 < 12 { 255 } else { 0 }),
            None,
            "a page of text"
        );
        assert_eq!(find(5, 5, noise), None);
    }

    #[test]
    fn a_picture_that_fills_the_frame_is_the_frame() {
        let found = find(640, 480, noise).unwrap();
        assert_eq!(found, PixelRect::whole(640, 480));
    }
}
