//! Which cells of the screen live: tissue changes from frame to frame, however dark, and a vendor's screen does not.

use peony_imaging::{Cell, CellGrid};

/// How much one frame counts: about a second is remembered.
const SHARE: f32 = 0.06;
/// A cell lives where its figures change by this much a frame, on the mean.
const ALIVE: f32 = 0.25;
/// Frames before anything is said.
const FEWEST: u32 = 8;
/// One frame's change counts up to this, so that a menu that opens is not life.
const MOST: u8 = 3;
/// A cell that has not changed for this many frames is dead, whatever it was: the picture has become smaller.
const QUIET: u8 = 8;
/// Where less than this share of the cells changes, the picture is frozen, and nobody has died.
const FROZEN: f32 = 0.01;
/// Neighbours that must live with a cell: a moving line (an ECG, a cursor) or digits that count are narrow.
const NEIGHBOURS: usize = 7;

/// The change of each cell from frame to frame.
#[derive(Debug, Default)]
pub(super) struct LiveCells {
    last: Vec<[u8; 3]>,
    change: Vec<f32>,
    quiet: Vec<u8>,
    live: Vec<bool>,
    frames: u32,
}

impl LiveCells {
    /// Take in one more frame; which cells live, row-major.
    pub fn watch(&mut self, grid: &CellGrid) -> &[bool] {
        let cells = grid.cells();
        if self.last.len() != cells.len() {
            *self = Self {
                last: cells.iter().map(figures).collect(),
                change: vec![0.0; cells.len()],
                quiet: vec![0; cells.len()],
                live: vec![false; cells.len()],
                frames: 0,
            };
            return &self.live;
        }
        let apart = |cell: &Cell, last: &[u8; 3]| {
            let pairs = figures(cell).into_iter().zip(last);
            pairs.map(|(now, last)| now.abs_diff(*last).min(MOST)).max().unwrap_or_default()
        };
        let changes: Vec<u8> = cells.iter().zip(&self.last).map(|(cell, last)| apart(cell, last)).collect();
        let changed = changes.iter().filter(|change| **change > 0).count();
        if (changed as f32) < FROZEN * cells.len() as f32 {
            return &self.live;
        }
        self.frames = self.frames.saturating_add(1);
        for ((change, now), quiet) in self.change.iter_mut().zip(&changes).zip(&mut self.quiet) {
            *change += SHARE * (f32::from(*now) - *change);
            *quiet = if *now > 0 { 0 } else { quiet.saturating_add(1) };
        }
        self.last.iter_mut().zip(cells).for_each(|(last, cell)| *last = figures(cell));
        if self.frames >= FEWEST {
            self.judge(grid.columns());
        }
        &self.live
    }

    fn judge(&mut self, columns: usize) {
        // The mean since the beginning, while that is not yet a second ago.
        let share = 1.0 - (1.0 - SHARE).powi(self.frames.min(200) as i32);
        let lives = |at: usize| self.change[at] > ALIVE * share && self.quiet[at] < QUIET;
        let rows = self.change.len() / columns.max(1);
        for at in 0..self.change.len() {
            let (column, row) = (at % columns, at / columns);
            let across = column.saturating_sub(1)..(column + 2).min(columns);
            let down = row.saturating_sub(1)..(row + 2).min(rows);
            let near = down.flat_map(|row| across.clone().map(move |column| row * columns + column));
            self.live[at] = lives(at) && near.filter(|near| lives(*near)).count() >= NEIGHBOURS;
        }
    }
}

/// What may change: a cell that is all black but for two pixels of noise has mean 0.
fn figures(cell: &Cell) -> [u8; 3] {
    [cell.mean, cell.deviation, cell.black]
}
