//! Where the ultrasound picture lies on a vendor's screen.

use std::ops::Range;

use image::GrayImage;

use crate::{CellGrid, PixelRect};

/// The least share of a frame's cells that the picture must cover.
const SMALLEST_SHARE: f32 = 0.06;
/// Of the nine cells around and with a cell, those that must belong to make it the inside of the picture.
const INSIDE: usize = 7;
/// Neighbours in a row or column that differ by this are not drawn ground.
const VARIED: u8 = 2;
/// An edge of the picture is looked for in steps of this many pixels along it, of which [`VARIED_OF_RUN`] must vary.
const RUN: usize = 16;
const VARIED_OF_RUN: usize = 12;
/// Lines in a row without such a run that end the picture.
const GAP: u32 = 3;
/// How far outside the cells' rectangle the picture's edge may lie, in pixels: the skin may be too even to be texture.
const REACH: u32 = 4 * CellGrid::SIDE as u32;

/// The rectangle, in pixels from the grid's corner and in whole cells, around the largest connected area of grey texture;
/// `None` where there is none worth the name (a black screen, text, drawings). Where `live` is given, one entry a cell, what
/// it marks belongs to the picture too: what changes from frame to frame, however dark.
///
/// Black gaps of one cell are bridged, and what hangs on the picture by a bridge of one or two cells (rulers, text) is not
/// taken in. A part that is wholly black belongs only where it lives.
#[must_use]
pub fn picture_area(grid: &CellGrid, live: Option<&[bool]>) -> Option<PixelRect> {
    let (columns, rows) = (grid.columns(), grid.rows());
    let lives = |at: usize| live.is_some_and(|live| live.get(at).copied().unwrap_or_default());
    let texture: Vec<bool> =
        grid.cells().iter().enumerate().map(|(at, cell)| cell.is_texture() || lives(at)).collect();
    let closed = close(&texture, columns, rows);
    let core = largest(&inside(&closed, columns, rows), columns)?;
    let part = grow(&core, &closed, columns, rows);
    let count = part.iter().filter(|belongs| **belongs).count();
    if (count as f32) < SMALLEST_SHARE * part.len() as f32 {
        return None;
    }
    let by_column = (0..columns).map(|c| (0..rows).any(|r| part[r * columns + c]));
    let by_row = part.chunks_exact(columns).map(|row| row.contains(&true));
    let (x, y) = (span(by_column)?, span(by_row)?);
    let px = |cells: usize| (cells * CellGrid::SIDE) as u32;
    Some(PixelRect { x: px(x.start), y: px(y.start), width: px(x.len()), height: px(y.len()) })
}

/// The rectangle with each side moved, by four cells outward or one inward at most, to the last line of pixels that holds a run
/// of what varies as tissue does; a side without such a line stays.
#[must_use]
pub fn to_pixel_edges(picture: &GrayImage, area: PixelRect) -> PixelRect {
    if !area.fits(picture.width(), picture.height()) {
        return area;
    }
    let (x, y) = (area.x..area.x + area.width, area.y..area.y + area.height);
    let row = |at: u32| {
        let line = x.clone().map(|x| picture.get_pixel(x, at).0[0]);
        has_varied_run(line)
    };
    let column = |at: u32| {
        let line = y.clone().map(|y| picture.get_pixel(at, y).0[0]);
        has_varied_run(line)
    };
    let (top, bottom) = edges(y.clone(), picture.height(), row);
    let (left, right) = edges(x.clone(), picture.width(), column);
    PixelRect { x: left, y: top, width: right - left, height: bottom - top }
}

/// The first line that belongs and one past the last, walking outward from one cell within each end.
fn edges(lines: Range<u32>, limit: u32, belongs: impl Fn(u32) -> bool) -> (u32, u32) {
    let within = (CellGrid::SIDE as u32).min((lines.end - lines.start) / 4);
    let first = last_of((lines.start.saturating_sub(REACH)..lines.start + within).rev(), &belongs);
    let last = last_of(lines.end - within..(lines.end + REACH).min(limit), &belongs);
    (first.unwrap_or(lines.start), last.map_or(lines.end, |at| at + 1))
}

/// The last line that belongs before [`GAP`] in a row that do not.
fn last_of(lines: impl Iterator<Item = u32>, belongs: impl Fn(u32) -> bool) -> Option<u32> {
    let (mut last, mut missed) = (None, 0);
    for at in lines {
        if belongs(at) {
            (last, missed) = (Some(at), 0);
        } else {
            missed += 1;
            if missed == GAP {
                break;
            }
        }
    }
    last
}

fn has_varied_run(line: impl Iterator<Item = u8>) -> bool {
    let pixels: Vec<u8> = line.collect();
    let varied: Vec<bool> = pixels.windows(2).map(|two| two[0].abs_diff(two[1]) >= VARIED).collect();
    varied.chunks_exact(RUN).any(|run| run.iter().filter(|varied| **varied).count() >= VARIED_OF_RUN)
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

/// The cells around and with one, those outside the grid left out.
fn around(at: usize, columns: usize, rows: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (at % columns, at / columns);
    let across = column.saturating_sub(1)..(column + 2).min(columns);
    let down = row.saturating_sub(1)..(row + 2).min(rows);
    down.flat_map(move |row| across.clone().map(move |column| row * columns + column))
}

/// Set cells that most of their neighbours are with; the border of the grid counts as set, so that a picture that fills the
/// frame keeps its rim.
fn inside(cells: &[bool], columns: usize, rows: usize) -> Vec<bool> {
    let unset = |at: usize| around(at, columns, rows).filter(|near| !cells[*near]).count();
    (0..cells.len()).map(|at| cells[at] && 9 - unset(at) >= INSIDE).collect()
}

/// The cells of `part` and those of `allowed` beside them.
fn grow(part: &[bool], allowed: &[bool], columns: usize, rows: usize) -> Vec<bool> {
    (0..part.len())
        .map(|at| part[at] || (allowed[at] && around(at, columns, rows).any(|near| part[near])))
        .collect()
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

/// From the first entry that is set to the last.
fn span(set: impl DoubleEndedIterator<Item = bool> + ExactSizeIterator + Clone) -> Option<Range<usize>> {
    Some(set.clone().position(|set| set)?..set.clone().rposition(|set| set)? + 1)
}

#[cfg(test)]
mod tests {
    use image::Luma;

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
        picture_area(&grid, None).map(|area| to_pixel_edges(&picture, area))
    }

    #[test]
    fn the_picture_is_found_between_header_ruler_and_wedge() {
        let found = find(640, 480, |x, y| match (x, y) {
            (163..=483, 85..=404) => noise(x, y),
            (_, 0..=30) => 60,                           // header bar
            (20..=40, 100..=300) => (y - 100) as u8,     // grey wedge
            (490, y) if y % 40 == 0 => 255,              // ruler
            (540..=620, 100..=200) if x % 7 == 0 => 255, // text
            _ => 0,
        });
        assert_eq!(found, Some(PixelRect { x: 163, y: 85, width: 321, height: 320 }), "to the pixel");
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

    #[test]
    fn what_hangs_on_by_a_thread_is_left_out_and_the_tip_of_a_fan_is_not() {
        let with_thread = find(640, 480, |x, y| match (x, y) {
            (160..=479, 80..=399) | (480..=600, 200..=207) => noise(x, y),
            _ => 0,
        })
        .unwrap();
        assert!(with_thread.width <= 320 + 8, "one cell of the thread at most: {with_thread:?}");
        let fan = find(640, 480, |x, y| {
            let down = y.saturating_sub(60);
            if (60..440).contains(&y) && x.abs_diff(320) < 20 + down / 2 { noise(x, y) } else { 0 }
        })
        .unwrap();
        assert!(fan.y <= 68 && fan.y + fan.height >= 436 && fan.width >= 400, "{fan:?}");
    }

    #[test]
    fn a_dark_part_that_lives_belongs() {
        let picture = GrayImage::from_fn(320, 320, |x, y| Luma([if y < 160 { noise(x, y) } else { 0 }]));
        let mut grid = CellGrid::default();
        grid.read(&picture, PixelRect::whole(320, 320));
        let live: Vec<bool> = (0..40 * 40).map(|at| at / 40 < 30).collect();
        assert_eq!(picture_area(&grid, None).unwrap().height, 160);
        assert_eq!(picture_area(&grid, Some(&live)).unwrap().height, 240);
    }
}
