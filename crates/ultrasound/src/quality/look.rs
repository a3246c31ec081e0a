//! The figures of one picture that faults are judged by.

use std::ops::Range;

use image::GrayImage;
use peony_imaging::{CellGrid, PixelRect};
use peony_model::Pixels;

use crate::histogram::Histogram;
use crate::pipeline::View;

/// The mean distance of chroma from grey at which a cell counts as coloured. A caption's yellow or a cable's hum stays below it
/// in the mean of a cell; a colour box does not.
const COLOURED_CELL: u8 = 20;

/// The figures of one picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    /// Grey level that half of the cells exceed.
    pub median_grey: f32,
    /// Grey level that one cell in twenty exceeds.
    pub bright_grey: f32,
    /// Share of pixels that are saturated.
    pub saturated: f32,
    /// Share of pixels equal to their right neighbour, of those that are not black.
    pub flat: f32,
    /// Standard deviation of grey over its mean within a square of [`detail`] cells a side, the median over those that show something: what
    /// speckle is by its nature, and the grain of a film is not.
    pub contrast: f32,
    /// Standard deviation of grey within a cell, the mean over the cells that show something.
    pub deviation: f32,
    /// Share of pixels that are strokes of text or marks.
    pub strokes: f32,
    /// Mean square of differences of pixels [`detail`] apart over those four times as far apart, along the lines of sight and across.
    pub sharpness: f32,
    /// The same across the lines of sight only.
    pub sharpness_across: f32,
    /// Width of the near field over the widest row, 1 where it is not narrower on both sides: a sector probe's picture is
    /// a fan, a linear probe's is as wide at the skin as below.
    pub near_width: f32,
    /// For each column of cells, left to right: whether it shows tissue, the lack of it, or nothing at all.
    pub columns: Vec<ColumnSignal>,
}

/// What a column of cells says of the contact above it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ColumnSignal {
    /// Mean grey of the near field (the upper eighth).
    pub near: f32,
    /// Mean grey of the tissue under it (an eighth to five eighths).
    pub tissue: f32,
    /// Mean grey of the lower part of that (three eighths to five eighths), which reverberation does not reach.
    pub deep: f32,
    /// How much the cells of the upper half differ from those beside them, over their mean grey: speckle does, bands of
    /// reverberation are the same along the whole face.
    pub across: f32,
}

impl Look {
    /// Look at the picture within `area`; `grid` holds the cells of the whole frame.
    pub fn at(view: &View<'_>, grid: &CellGrid, area: PixelRect) -> Self {
        let side = CellGrid::SIDE;
        let columns = area.x as usize / side..((area.x + area.width) as usize / side).min(grid.columns());
        let rows = area.y as usize / side..((area.y + area.height) as usize / side).min(grid.rows());
        if columns.len() < 2 || rows.is_empty() {
            return Self::default();
        }
        let mut greys = Histogram::new(0.0, 256.0, 128);
        let (mut deviations, mut lit) = (0_u32, 0_u32);
        let (mut black, mut saturated, mut flat, mut strokes) = (0_u32, 0_u32, 0_u32, 0_u32);
        for row in rows.clone() {
            for column in columns.clone() {
                let cell = grid.at(column, row);
                greys.add(f32::from(cell.mean));
                if cell.mean > LIT_WELL {
                    deviations += u32::from(cell.deviation);
                    lit += 1;
                }
                black += u32::from(cell.black);
                saturated += u32::from(cell.saturated);
                flat += u32::from(cell.flat.saturating_sub(cell.black));
                strokes += u32::from(cell.strokes);
            }
        }
        let pixels = (columns.len() * rows.len()) as f32 * f32::from(CellGrid::READ);
        let detail = detail(area);
        let [sharpness, sharpness_across] = sharpness(&view.luma, area, detail);
        Self {
            median_grey: greys.quantile(0.5).unwrap_or_default(),
            bright_grey: greys.quantile(0.95).unwrap_or_default(),
            saturated: saturated as f32 / pixels,
            contrast: contrast(grid, columns.clone(), rows.clone(), detail),
            deviation: deviations as f32 / lit.max(1) as f32,
            flat: flat as f32 / (pixels - black as f32).max(1.0),
            strokes: strokes as f32 / pixels,
            sharpness,
            sharpness_across,
            near_width: near_width(grid, columns.clone(), rows.clone()),
            columns: columns
                .clone()
                .map(|column| column_signal(grid, column, columns.clone(), rows.clone()))
                .collect(),
        }
    }
}

/// Cells brighter than this show something, and not the noise of the dark.
const LIT_WELL: u8 = 25;

/// The longer side, in pixels, of the picture that texture is read on.
const READ_AT_PX: f32 = 512.0;

/// How many pixels of the picture are one of the picture that texture is read on. The same picture may come at any size, as a screen that was
/// enlarged, as an export, through a grabber; its texture is that of the tissue all the same.
fn detail(area: PixelRect) -> usize {
    ((area.width.max(area.height) as f32 / READ_AT_PX).round() as usize).max(1)
}

/// See [`Look::contrast`]: of squares of so many cells a side. A picture too dark to tell keeps what speckle has.
fn contrast(grid: &CellGrid, columns: Range<usize>, rows: Range<usize>, side: usize) -> f32 {
    let mut contrasts = Histogram::new(0.0, 1.0, 500);
    let count = (side * side) as f32;
    for top in rows.clone().step_by(side).filter(|top| top + side <= rows.end) {
        for left in columns.clone().step_by(side).filter(|left| left + side <= columns.end) {
            let (mut sum, mut squares) = (0.0, 0.0);
            for cell in
                (top..top + side).flat_map(|row| (left..left + side).map(move |column| grid.at(column, row)))
            {
                let [mean, deviation] = [cell.mean, cell.deviation].map(f32::from);
                sum += mean;
                squares += mean * mean + deviation * deviation;
            }
            let mean = sum / count;
            if mean > f32::from(LIT_WELL) {
                contrasts.add((squares / count - mean * mean).max(0.0).sqrt() / mean);
            }
        }
    }
    contrasts.quantile(0.5).unwrap_or(1.0)
}

/// See [`Look::near_width`]. The near field is the upper sixth of the rows that show anything.
fn near_width(grid: &CellGrid, columns: Range<usize>, rows: Range<usize>) -> f32 {
    const LIT: u8 = 8;
    let span = |row: usize| {
        let lit = |column: &usize| grid.at(*column, row).mean > LIT;
        Some([columns.clone().find(lit)?, columns.clone().rev().find(lit)? + 1])
    };
    let spans: Vec<[usize; 2]> = rows.filter_map(span).collect();
    let Some(widest) = spans.iter().copied().max_by_key(|[left, right]| right - left) else { return 1.0 };
    let near = &spans[..(spans.len() / 6).max(1)];
    let mean = |end: usize| near.iter().map(|span| span[end] as f32).sum::<f32>() / near.len() as f32;
    let (left, right, width) = (mean(0), mean(1), (widest[1] - widest[0]) as f32);
    let inside = (left - widest[0] as f32).min(widest[1] as f32 - right);
    if inside > 0.15 * width { (right - left) / width } else { 1.0 }
}

fn column_signal(grid: &CellGrid, column: usize, columns: Range<usize>, rows: Range<usize>) -> ColumnSignal {
    let height = rows.len();
    let down = |eighths: usize| rows.start + (height * eighths / 8).max(1);
    let mean = |rows: Range<usize>| {
        let count = rows.len().max(1) as f32;
        rows.map(|row| f32::from(grid.at(column, row).mean)).sum::<f32>() / count
    };
    // The neighbour towards the middle, so that a border of the picture is not compared with what lies outside.
    let beside = if column < (columns.start + columns.end) / 2 { column + 1 } else { column - 1 };
    let (mut apart, mut sum) = (0_u32, 0_u32);
    for row in rows.start..down(4) {
        let (here, there) = (grid.at(column, row).mean, grid.at(beside, row).mean);
        apart += u32::from(here.abs_diff(there));
        sum += u32::from(here);
    }
    ColumnSignal {
        near: mean(rows.start..down(1)),
        tissue: mean(down(1)..down(5)),
        deep: mean(down(3)..down(5)),
        across: apart as f32 / sum.max(1) as f32,
    }
}

/// Fine over coarse: the mean square of the differences of pixels `fine` apart over that of pixels four times as far apart, read on every fourth
/// line of the middle of the picture; both directions, and across alone.
fn sharpness(luma: &GrayImage, area: PixelRect, fine: usize) -> [f32; 2] {
    let coarse = 4 * fine;
    let stride = luma.width() as usize;
    let raw = luma.as_raw();
    let (x0, x1) = (area.x + area.width / 8, area.x + area.width * 7 / 8);
    let (y0, y1) = (area.y + area.height / 8, area.y + area.height * 5 / 8);
    let (width, height) = ((x1 - x0) as usize, (y1 - y0) as usize);
    if width < 2 * coarse || height < 2 * coarse {
        return [0.0; 2];
    }
    let squares = |a: &[u8], b: &[u8]| -> u64 {
        // A line longer than 65,536 pixels could exceed 32 bits.
        let piece = |(a, b): (&[u8], &[u8])| {
            u64::from(a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>())
        };
        a.chunks(1 << 16).zip(b.chunks(1 << 16)).map(piece).sum()
    };
    let mut sums = [0_u64; 4];
    for y in (y0..y1 - coarse as u32).step_by(4) {
        let start = y as usize * stride + x0 as usize;
        let row = &raw[start..start + width];
        let below = |lines: usize| &raw[start + lines * stride..start + lines * stride + width];
        let across = |apart: usize| squares(&row[..width - coarse], &row[apart..width - coarse + apart]);
        sums[0] += across(fine);
        sums[1] += across(coarse);
        sums[2] += squares(row, below(fine));
        sums[3] += squares(row, below(coarse));
    }
    let over = |fine: u64, coarse: u64| fine as f32 / (coarse as f32).max(1.0);
    [over(sums[0] + sums[2], sums[1] + sums[3]), over(sums[0], sums[1])]
}

/// The share of the picture that is coloured; 0 for a grey one.
pub(super) fn chroma(view: &View<'_>, area: PixelRect) -> f32 {
    let colour = match &view.frame.pixels {
        Pixels::Luma8(_) => return 0.0,
        Pixels::LumaChroma { luma, chroma } => return coloured_cells(chroma, luma.dimensions(), area),
        Pixels::Rgb8(colour) => colour,
    };
    let stride = colour.width() as usize * 3;
    let (mut coloured, mut read) = (0_u32, 0_u32);
    for y in (area.y..area.y + area.height).step_by(4) {
        let row =
            &colour.as_raw()[y as usize * stride..][area.x as usize * 3..(area.x + area.width) as usize * 3];
        for pixel in row.chunks_exact(3).step_by(2) {
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]];
            coloured += u32::from(r.max(g).max(b) - r.min(g).min(b) > 40);
            read += 1;
        }
    }
    coloured as f32 / read.max(1) as f32
}

/// The share of the grid's cells whose middle lies in `area` that are coloured.
fn coloured_cells(chroma: &GrayImage, (width, height): (u32, u32), area: PixelRect) -> f32 {
    let middle = |cell: u32, of: u32, side: u32| (2 * cell + 1) * side / (2 * of.max(1));
    let inside = |x: u32, y: u32| {
        (area.x..area.x + area.width).contains(&middle(x, chroma.width(), width))
            && (area.y..area.y + area.height).contains(&middle(y, chroma.height(), height))
    };
    let (mut coloured, mut read) = (0_u32, 0_u32);
    for (_, _, cell) in chroma.enumerate_pixels().filter(|(x, y, _)| inside(*x, *y)) {
        coloured += u32::from(cell.0[0] >= COLOURED_CELL);
        read += 1;
    }
    coloured as f32 / read.max(1) as f32
}

/// Notices a picture that stands still while its source runs.
#[derive(Debug, Default)]
pub(super) struct Freeze {
    last: Vec<u8>,
    now: Vec<u8>,
    same: u32,
    /// How long ago the picture changed.
    same_ns: u64,
}

/// Frames in a row that must be the same, that a machine which shows fewer frames than its grabber sends is not taken for frozen, through this time.
const FROZEN_FEWEST: u32 = 3;
/// See [`FROZEN_FEWEST`]: nine frames of 30 a second.
const FROZEN_NS: u64 = 290_000_000;
/// Mean difference, in grey levels, of a frozen picture that came through an analogue grabber.
const SAME_WITHIN: f32 = 0.35;

impl Freeze {
    /// Whether the picture has stood still.
    pub fn is_frozen(&mut self, view: &View<'_>, area: PixelRect) -> bool {
        self.now.clear();
        for y in (area.y..area.y + area.height).step_by(8) {
            let start = y as usize * view.luma.width() as usize + area.x as usize;
            self.now.extend_from_slice(&view.luma.as_raw()[start..start + area.width as usize]);
        }
        let difference = self.now.iter().zip(&self.last).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>();
        let same =
            self.now.len() == self.last.len() && difference as f32 <= SAME_WITHIN * self.now.len() as f32;
        (self.same, self.same_ns) =
            if same { (self.same + 1, self.same_ns + view.time.step_ns) } else { (0, 0) };
        std::mem::swap(&mut self.now, &mut self.last);
        self.same >= FROZEN_FEWEST && self.same_ns >= FROZEN_NS
    }
}
