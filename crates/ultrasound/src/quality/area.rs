//! Where the picture is: named by the file, or found on the screen and then held.

use peony_imaging::{CellGrid, PixelRect, picture_area};
use peony_model::iou;

use crate::pipeline::View;

/// A found area that covers this share of the frame is the frame.
const WHOLE: f32 = 0.8;
/// Cells with something drawn in them, outside the picture, that make a vendor's screen: 1 % of all.
const INK: f32 = 0.01;
/// Two areas that overlap by this are one.
const SAME: f32 = 0.9;
/// Frames in a row that must disagree with the held area before another is taken.
const PATIENCE: u32 = 20;

/// Remembers where the picture is.
#[derive(Debug, Default)]
pub(super) struct AreaKeeper {
    held: Option<PixelRect>,
    frame_size: [u32; 2],
    disagree: u32,
    empty: u32,
}

impl AreaKeeper {
    /// The picture's area on this frame; `None` where there is no picture.
    pub fn find(&mut self, grid: &CellGrid, view: &View<'_>, still: bool) -> Option<PixelRect> {
        let size = [view.luma.width(), view.luma.height()];
        if still || size != self.frame_size {
            *self = Self { frame_size: size, ..Self::default() };
        }
        if let Some(region) = view.frame.spacing.tissue_region() {
            return PixelRect::covering(region.area_px, size[0], size[1]);
        }
        let now = on_screen(grid, PixelRect::whole(size[0], size[1]));
        match (self.held, now) {
            (None, _) => self.held = now,
            (Some(held), Some(now)) => {
                self.empty = 0;
                let same = iou(held.to_box_px(), now.to_box_px()) >= SAME;
                self.disagree = if same { 0 } else { self.disagree + 1 };
                if self.disagree > PATIENCE {
                    (self.held, self.disagree) = (Some(now), 0);
                }
            }
            (Some(_), None) => {
                self.empty += 1;
                if self.empty > PATIENCE {
                    (self.held, self.empty) = (None, 0);
                }
            }
        }
        self.held
    }
}

/// The picture's area on a screen. A still that is all picture stays whole, its dark corners and depths included: only
/// where other things are drawn around the picture is it cut out.
fn on_screen(grid: &CellGrid, whole: PixelRect) -> Option<PixelRect> {
    let found = picture_area(grid)?;
    if found.area() as f32 >= WHOLE * whole.area() as f32 {
        return Some(whole);
    }
    let side = CellGrid::SIDE as u32;
    let (columns, rows) = (grid.columns() as u32, grid.rows() as u32);
    let outside = |column: u32, row: u32| {
        let (x, y) = (column * side, row * side);
        // One cell around the picture is its own soft edge.
        x + 2 * side <= found.x
            || x >= found.x + found.width + side
            || y + 2 * side <= found.y
            || y >= found.y + found.height + side
    };
    let drawn = |column: u32, row: u32| {
        let cell = grid.at(column as usize, row as usize);
        cell.is_ink() && !cell.is_texture()
    };
    let ink = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .filter(|&(column, row)| outside(column, row) && drawn(column, row))
        .count();
    Some(if ink as f32 > INK * (columns * rows) as f32 { with_lost_sides(grid, found) } else { whole })
}

/// The area with the columns beside it that are bright at the level of the skin: there the probe has lost contact, and
/// reverberation is all that is left. A vendor's ruler or text stands apart from the picture, so the first dark
/// column ends it.
fn with_lost_sides(grid: &CellGrid, found: PixelRect) -> PixelRect {
    let side = CellGrid::SIDE as u32;
    let rows = found.y / side..found.y / side + (found.height / side / 8).max(1);
    let bright = |column: u32| {
        let sum: u32 = rows.clone().map(|row| u32::from(grid.at(column as usize, row as usize).mean)).sum();
        sum > 30 * rows.len() as u32
    };
    let (first, end) = (found.x / side, (found.x + found.width) / side);
    let left = (0..first).rev().take_while(|column| bright(*column)).count() as u32;
    let right = (end..grid.columns() as u32).take_while(|column| bright(*column)).count() as u32;
    PixelRect { x: found.x - left * side, width: found.width + (left + right) * side, ..found }
}
