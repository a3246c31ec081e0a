//! Where the picture is: named by the file, or found on the screen and then held.

use std::ops::Range;

use peony_imaging::{CellGrid, PixelRect, picture_area, to_pixel_edges};
use peony_model::iou;

use super::live_cells::LiveCells;
use crate::pipeline::View;
use crate::steady::Lasting;

/// A found area that covers this share of the frame is the frame.
const WHOLE: f32 = 0.8;
/// Cells with something drawn in them, outside the picture, that make a vendor's screen: 1 % of all.
const INK: f32 = 0.01;
/// Two areas that overlap by this are one.
const SAME: f32 = 0.9;
/// An area that holds the held one and more is another below this: its dark depth has begun to live.
const GROWN: f32 = 0.98;
/// For so long frames must disagree with the held area, and agree with each other, before another is taken.
const PATIENCE_NS: u64 = 650_000_000;
/// The same where something drawn covers a part of the held area: a menu is open for seconds.
const PATIENCE_COVERED_NS: u64 = 14_983_000_000;

/// Remembers where the picture is.
#[derive(Debug, Default)]
pub(super) struct AreaKeeper {
    held: Option<PixelRect>,
    frame_size: [u32; 2],
    live: LiveCells,
    /// The area that disagrees with the held one, and for how long.
    other: Option<(PixelRect, Lasting)>,
    /// For how long there has been no picture.
    empty: Lasting,
}

impl AreaKeeper {
    /// Where the picture was found on the last frame; `None` where the file named it.
    pub fn held(&self) -> Option<PixelRect> {
        self.held
    }

    /// The picture's area on this frame; `None` where there is no picture.
    pub fn find(&mut self, grid: &CellGrid, view: &View<'_>, still: bool) -> Option<PixelRect> {
        let size = [view.luma.width(), view.luma.height()];
        if still || size != self.frame_size {
            *self = Self { frame_size: size, ..Self::default() };
        }
        if let Some(region) = view.spacing.tissue_region() {
            return PixelRect::covering(region.area_px, size[0], size[1]);
        }
        let live = (!still).then(|| self.live.watch(grid));
        let now = on_screen(grid, live, view);
        let is_gone = self.empty.has_held(now.is_none(), &view.time, PATIENCE_NS);
        match (self.held, now) {
            (None, _) => self.held = now,
            (Some(held), Some(now)) => self.weigh(grid, view, held, now),
            (Some(_), None) if is_gone => self.held = None,
            (Some(_), None) => {}
        }
        self.held
    }

    /// Hold on to the area, or take the other that was seen for long enough.
    fn weigh(&mut self, grid: &CellGrid, view: &View<'_>, held: PixelRect, now: PixelRect) {
        let overlap = iou(held.to_box_px(), now.to_box_px());
        let more = now.to_box_px().inflate(0.5, 0.5).contains_box(&held.to_box_px());
        if overlap >= if more { GROWN } else { SAME } {
            self.other = None;
            return;
        }
        let same = self.other.filter(|(other, _)| iou(other.to_box_px(), now.to_box_px()) >= SAME);
        let mut seen = same.map(|(_, seen)| seen).unwrap_or_default();
        let patience_ns = if is_covered(grid, held, now) { PATIENCE_COVERED_NS } else { PATIENCE_NS };
        let is_it = seen.has_held(true, &view.time, patience_ns);
        self.other = Some((now, seen));
        if is_it {
            (self.held, self.other) = (Some(now), None);
        }
    }
}

/// Whether `now` is what is left of the held area beside something drawn, such as a menu: one side has come in, the others
/// are where they were, and the strip in between is not black. Another depth moves two sides at least, since the picture of a
/// linear probe keeps its proportions, and leaves black.
fn is_covered(grid: &CellGrid, held: PixelRect, now: PixelRect) -> bool {
    let side = CellGrid::SIDE as u32;
    let came_in = |sooner: u32, later: u32| later > sooner + 2 * side;
    let (right, bottom) = (|area: PixelRect| area.x + area.width, |area: PixelRect| area.y + area.height);
    let strips = [
        (came_in(held.x, now.x), PixelRect { width: now.x.saturating_sub(held.x), ..held }),
        (
            came_in(right(now), right(held)),
            PixelRect { x: right(now), width: right(held).saturating_sub(right(now)), ..held },
        ),
        (came_in(held.y, now.y), PixelRect { height: now.y.saturating_sub(held.y), ..held }),
        (
            came_in(bottom(now), bottom(held)),
            PixelRect { y: bottom(now), height: bottom(held).saturating_sub(bottom(now)), ..held },
        ),
    ];
    let mut moved = strips.into_iter().filter(|(moved, _)| *moved);
    let (Some((_, strip)), None) = (moved.next(), moved.next()) else { return false };
    let cells = |from: u32, length: u32, most: usize| {
        (from / side) as usize..((from + length) as usize / CellGrid::SIDE).min(most)
    };
    let columns = cells(strip.x, strip.width, grid.columns());
    let (mut drawn, mut all) = (0, 0);
    for row in cells(strip.y, strip.height, grid.rows()) {
        drawn += columns.clone().filter(|column| grid.at(*column, row).is_ink()).count();
        all += columns.len();
    }
    2 * drawn > all
}

/// The picture's area on a screen. A still that is all picture stays whole, its dark corners and depths included: only
/// where other things are drawn around the picture is it cut out.
fn on_screen(grid: &CellGrid, live: Option<&[bool]>, view: &View<'_>) -> Option<PixelRect> {
    let whole = PixelRect::whole(view.luma.width(), view.luma.height());
    let found = picture_area(grid, live)?;
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
    if ink as f32 <= INK * (columns * rows) as f32 {
        return Some(whole);
    }
    Some(with_lost_sides(grid, found, to_pixel_edges(&view.luma, found)))
}

/// The area with the columns beside it that are bright at the level of the skin and dark below: there the probe has lost
/// contact, and reverberation is all that is left. A vendor's ruler or text stands apart from the picture, so the first dark
/// column ends it; a light ground or a menu is as bright below. `cells` is the area in whole cells, `area` the same to the
/// pixel.
fn with_lost_sides(grid: &CellGrid, cells: PixelRect, area: PixelRect) -> PixelRect {
    let side = CellGrid::SIDE as u32;
    let (top, height) = (cells.y / side, cells.height / side);
    let banded = |column: u32| {
        let mean = |rows: Range<u32>| {
            let count = rows.len().max(1) as f32;
            rows.map(|row| f32::from(grid.at(column as usize, row as usize).mean)).sum::<f32>() / count
        };
        let near = mean(top..top + (height / 8).max(1));
        near > 30.0 && near > 3.0 * mean(top + height * 3 / 8..top + height * 5 / 8)
    };
    let (first, end) = (cells.x / side, (cells.x + cells.width) / side);
    let left = (0..first).rev().take_while(|column| banded(*column)).count() as u32;
    let right = (end..grid.columns() as u32).take_while(|column| banded(*column)).count() as u32;
    let x = if left > 0 { (first - left) * side } else { area.x };
    let to = if right > 0 { (end + right) * side } else { area.x + area.width };
    PixelRect { x, width: to - x, ..area }
}
