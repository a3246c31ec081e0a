//! What is kept of a video's colour planes: how far from grey the picture is, on a coarse grid.

use image::GrayImage;

use crate::capture::GRID;

/// One plane of Cb or Cr, row-major.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane<'a> {
    pub samples: &'a [u8],
    /// From a row to the next.
    pub stride: usize,
}

impl<'a> Plane<'a> {
    /// One row; `None` where the plane is shorter.
    pub fn row(self, y: usize, columns: usize) -> Option<&'a [u8]> {
        self.samples.get(y * self.stride..)?.get(..columns)
    }
}

/// The mean of max(|Cb − 128|, |Cr − 128|) over each cell of [`GRID`]; `None` where a plane is shorter than its size or has no
/// sample for a cell. Every second sample of every second row is read where a cell has sixteen or more.
pub(crate) fn grid(cb: Plane<'_>, cr: Plane<'_>, [columns, rows]: [usize; 2]) -> Option<GrayImage> {
    let [across, down] = GRID;
    let step = if columns >= 4 * across as usize && rows >= 4 * down as usize { 2 } else { 1 };
    let mut sums = vec![(0_u32, 0_u32); (across * down) as usize];
    for y in (0..rows).step_by(step) {
        let row = y * down as usize / rows * across as usize;
        let (blue, red) = (cb.row(y, columns)?, cr.row(y, columns)?);
        for x in (0..columns).step_by(step) {
            let cell = &mut sums[row + x * across as usize / columns];
            cell.0 += u32::from(blue[x].abs_diff(128).max(red[x].abs_diff(128)));
            cell.1 += 1;
        }
    }
    // A mean of bytes is a byte.
    let means =
        sums.into_iter().map(|(sum, count)| (sum + count / 2).checked_div(count).map(|mean| mean as u8));
    GrayImage::from_raw(across, down, means.collect::<Option<Vec<u8>>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coloured_box_lies_in_its_cells() {
        let (columns, rows) = (320, 240);
        let mut red = vec![128; columns * rows];
        for y in 60..120 {
            red[y * columns + 100..y * columns + 200].fill(200);
        }
        let grey = vec![128; columns * rows];
        let plane = |samples| Plane { samples, stride: columns };
        let grid = grid(plane(&grey), plane(&red), [columns, rows]).unwrap();
        for (x, y, cell) in grid.enumerate_pixels() {
            let inside = (10..20).contains(&x) && (6..12).contains(&y);
            assert_eq!(cell.0[0], if inside { 72 } else { 0 }, "{x} {y}");
        }
    }

    #[test]
    fn a_picture_smaller_than_the_grid_has_none() {
        let samples = [128; 16];
        let plane = Plane { samples: &samples, stride: 4 };
        assert_eq!(grid(plane, plane, [4, 4]), None);
        assert_eq!(grid(plane, plane, [4, 8]), None, "a plane that is too short");
    }
}
