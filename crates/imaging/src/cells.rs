//! What a picture looks like in squares of eight pixels: a small table that many questions can be answered from.

use image::GrayImage;

use crate::PixelRect;

/// One square of [`CellGrid::SIDE`] pixels, read on every second row (32 pixels).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// Mean grey level.
    pub mean: u8,
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
        for row in 0..self.rows {
            let first = self.cells.len();
            self.cells.resize(first + self.columns, Cell::default());
            for line in 0..4 {
                let y = area.y + (row * Self::SIDE + line * 2) as u32;
                let pixels = area.row(picture, y);
                add_line(&mut self.cells[first..], pixels);
            }
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

/// Add one line of pixels to the cells it runs through.
fn add_line(cells: &mut [Cell], pixels: &[u8]) {
    for (column, cell) in cells.iter_mut().enumerate() {
        let start = column * CellGrid::SIDE;
        let eight = &pixels[start..start + CellGrid::SIDE];
        let sum: u16 = eight.iter().map(|&p| u16::from(p)).sum();
        // A quarter of each line's mean, rounded: at most two levels off, which no threshold here is sensitive to.
        cell.mean = cell.mean.saturating_add(((sum + 16) / 32) as u8);
        cell.black += eight.iter().map(|&p| u8::from(p <= CellGrid::BLACK)).sum::<u8>();
        cell.saturated += eight.iter().map(|&p| u8::from(p >= CellGrid::SATURATED)).sum::<u8>();
        let end = (start + CellGrid::SIDE + 1).min(pixels.len());
        let next = &pixels[(start + 1).min(end)..end];
        cell.flat += eight.iter().zip(next).map(|(a, b)| u8::from(a == b)).sum::<u8>();
        if start >= 3 && start + CellGrid::SIDE + 3 <= pixels.len() {
            let (left, right) = (&pixels[start - 3..], &pixels[start + 3..]);
            let stroke = |i: usize| eight[i] >= 150 && left[i] < eight[i] - 90 && right[i] < eight[i] - 90;
            cell.strokes += (0..CellGrid::SIDE).map(|i| u8::from(stroke(i))).sum::<u8>();
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
    fn the_mean_is_right_to_two_levels_and_a_full_cell_does_not_overflow() {
        assert_eq!(only_cell(|_, _| 255).saturated, CellGrid::READ);
        for level in [0_u8, 7, 100, 255] {
            assert!(only_cell(|_, _| level).mean.abs_diff(level) <= 2);
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
