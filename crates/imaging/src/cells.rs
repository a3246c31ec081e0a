//! What a picture looks like in squares of eight pixels: a small table that many questions can be answered from.

use image::GrayImage;

use crate::PixelRect;
use crate::vectors::vectorized;

/// One square of [`CellGrid::SIDE`] pixels, read on every second row (32 pixels).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// Mean grey level.
    pub mean: u8,
    /// Standard deviation of the grey levels.
    pub deviation: u8,
    /// Pixels (of 32) no brighter than [`CellGrid::BLACK`].
    pub black: u8,
    /// Pixels (of 32) that equal their right neighbour: drawn surfaces, never speckle.
    pub flat: u8,
    /// Pixels (of 32) at or above [`CellGrid::SATURATED`].
    pub saturated: u8,
    /// Pixels (of 32) that are much brighter than both pixels three columns away: strokes of text and marks.
    pub strokes: u8,
}

impl Cell {
    /// Whether it shows grey tissue: neither black ground, drawn surface nor text on black.
    #[must_use]
    pub fn is_texture(&self) -> bool {
        self.mean >= 6 && self.black <= 14 && self.flat <= 19 && self.strokes <= 4
    }

    /// Whether something is drawn in it that is not black ground.
    #[must_use]
    pub fn is_ink(&self) -> bool {
        self.mean >= 4
    }
}

/// The cells of an area of a picture; whole cells only, from the area's upper left corner.
#[derive(Debug, Default, Clone)]
pub struct CellGrid {
    cells: Vec<Cell>,
    columns: usize,
    rows: usize,
    counts: Counts,
}

/// What is counted in the four lines of a row of cells, for each column of pixels.
#[derive(Debug, Default, Clone)]
struct Counts {
    grey: Vec<u16>,
    squares: Vec<u32>,
    black: Vec<u8>,
    flat: Vec<u8>,
    saturated: Vec<u8>,
    strokes: Vec<u8>,
}

impl CellGrid {
    /// The side of a cell in pixels.
    pub const SIDE: usize = 8;
    /// The brightest grey level that counts as black.
    pub const BLACK: u8 = 3;
    /// The darkest grey level that counts as saturated.
    pub const SATURATED: u8 = 250;
    /// Pixels read in each cell.
    pub const READ: u8 = 32;

    /// Read the cells of `area` anew, keeping the buffer. An area that leaves the picture gives no cells.
    pub fn read(&mut self, picture: &GrayImage, area: PixelRect) {
        self.cells.clear();
        (self.columns, self.rows) = (0, 0);
        if !area.fits(picture.width(), picture.height()) {
            return;
        }
        self.columns = area.width as usize / Self::SIDE;
        self.rows = area.height as usize / Self::SIDE;
        let width = self.columns * Self::SIDE;
        for row in 0..self.rows {
            self.counts.clear(width);
            for line in 0..4 {
                let y = area.y + (row * Self::SIDE + line * 2) as u32;
                vectorized!(self.counts.add(area.row(picture, y)));
            }
            self.cells.extend((0..self.columns).map(|column| self.counts.cell(column)));
        }
    }

    /// Cells across.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Cells down.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All cells, row-major.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cell in a column and row.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn at(&self, column: usize, row: usize) -> &Cell {
        &self.cells[row * self.columns + column]
    }
}

impl Counts {
    fn clear(&mut self, width: usize) {
        self.grey.clear();
        self.grey.resize(width, 0);
        self.squares.clear();
        self.squares.resize(width, 0);
        for counts in [&mut self.black, &mut self.flat, &mut self.saturated, &mut self.strokes] {
            counts.clear();
            counts.resize(width, 0);
        }
    }

    /// Add one line of pixels, which may be longer than the cells.
    #[inline(always)]
    fn add(&mut self, pixels: &[u8]) {
        for (sum, &p) in self.grey.iter_mut().zip(pixels) {
            *sum += u16::from(p);
        }
        for (sum, &p) in self.squares.iter_mut().zip(pixels) {
            *sum += u32::from(p) * u32::from(p);
        }
        for (count, &p) in self.black.iter_mut().zip(pixels) {
            *count += u8::from(p <= CellGrid::BLACK);
        }
        for (count, &p) in self.saturated.iter_mut().zip(pixels) {
            *count += u8::from(p >= CellGrid::SATURATED);
        }
        for ((count, p), next) in self.flat.iter_mut().zip(pixels).zip(&pixels[1..]) {
            *count += u8::from(p == next);
        }
        // A pixel within three of the line's ends has no neighbours to be a stroke between.
        let around =
            pixels.iter().zip(pixels.get(3..).unwrap_or_default()).zip(pixels.get(6..).unwrap_or_default());
        for (count, ((&left, &p), &right)) in self.strokes.iter_mut().skip(3).zip(around) {
            let ground = p.saturating_sub(90);
            *count += u8::from((p >= 150) & (left < ground) & (right < ground));
        }
    }

    /// The cell over eight columns of pixels.
    fn cell(&self, column: usize) -> Cell {
        let eight = column * CellGrid::SIDE..(column + 1) * CellGrid::SIDE;
        let sum = |counts: &[u8]| counts[eight.clone()].iter().sum::<u8>();
        let grey: u16 = self.grey[eight.clone()].iter().sum();
        let squares: u32 = self.squares[eight.clone()].iter().sum();
        let read = u16::from(CellGrid::READ);
        let mean = f32::from(grey) / f32::from(read);
        let variance = squares as f32 / f32::from(read) - mean * mean;
        Cell {
            mean: ((grey + read / 2) / read) as u8,
            deviation: variance.max(0.0).sqrt().round() as u8,
            black: sum(&self.black),
            flat: sum(&self.flat),
            saturated: sum(&self.saturated),
            strokes: sum(&self.strokes),
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    fn only_cell(paint: impl Fn(u32, u32) -> u8) -> Cell {
        let picture = GrayImage::from_fn(24, 8, |x, y| Luma([paint(x, y)]));
        let mut grid = CellGrid::default();
        grid.read(&picture, PixelRect::whole(24, 8));
        *grid.at(1, 0)
    }

    #[test]
    fn speckle_is_texture_and_what_people_draw_is_not() {
        let noise = |x: u32, y: u32| (40 + (x * 73 + y * 151 + x * y * 31) % 61) as u8;
        assert!(only_cell(noise).is_texture());
        assert!(!only_cell(|_, _| 0).is_texture(), "black ground");
        assert!(!only_cell(|_, _| 90).is_texture(), "a header bar");
        assert!(!only_cell(|_, y| (y * 30) as u8).is_texture(), "a grey wedge");
        assert!(!only_cell(|x, _| if x % 8 == 3 { 255 } else { 0 }).is_texture(), "text on black");
    }

    #[test]
    fn the_mean_is_right_and_a_full_cell_does_not_overflow() {
        assert_eq!(only_cell(|_, _| 255).saturated, CellGrid::READ);
        assert_eq!(only_cell(|x, _| if x % 2 == 0 { 90 } else { 110 }).deviation, 10);
        for level in [0_u8, 7, 100, 255] {
            let even = only_cell(|_, _| level);
            assert_eq!((even.mean, even.deviation), (level, 0));
        }
    }

    #[test]
    fn an_area_outside_the_picture_has_no_cells() {
        let mut grid = CellGrid::default();
        grid.read(&GrayImage::new(10, 10), PixelRect { x: 8, y: 0, width: 8, height: 8 });
        assert_eq!((grid.columns(), grid.rows(), grid.cells().len()), (0, 0, 0));
        grid.read(&GrayImage::new(1, 1), PixelRect::whole(1, 1));
        assert!(grid.cells().is_empty());
    }
}
