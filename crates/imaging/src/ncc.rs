//! How alike two patches of fine structure are, at nine shifts.

use crate::HighPassed;
use crate::phase::vertex;

/// Normalised cross-correlation at shifts of −1, 0 and 1 pixel, rows first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NccSurface(pub [[f32; 3]; 3]);

impl NccSurface {
    /// The mean of several surfaces.
    #[must_use]
    pub fn mean<'a>(surfaces: impl Iterator<Item = &'a Self>) -> Self {
        let (mut sum, mut count) = (Self::default(), 0.0_f32);
        for surface in surfaces {
            count += 1.0;
            for (into, from) in sum.0.as_flattened_mut().iter_mut().zip(surface.0.as_flattened()) {
                *into += from;
            }
        }
        sum.0.as_flattened_mut().iter_mut().for_each(|value| *value /= count.max(1.0));
        sum
    }

    /// Where the surface is highest, as an offset (across, down) of at most one and a half pixels.
    #[must_use]
    pub fn peak(&self) -> [f32; 2] {
        let at = |place: usize| self.0.as_flattened()[place];
        let best = (0..9).max_by(|&a, &b| at(a).total_cmp(&at(b))).unwrap_or(4);
        // At the rim the parabola through the middle row or column stands in.
        let (row, column) = (best / 3, best % 3);
        let across = vertex(self.0[row][0], self.0[row][1], self.0[row][2]);
        let down = vertex(self.0[0][column], self.0[1][column], self.0[2][column]);
        let place = |index: usize, inner: f32| if index == 1 { inner } else { index as f32 - 1.0 };
        [place(column, across), place(row, down)]
    }

    /// The value at an offset within a pixel, by a parabola in each direction.
    #[must_use]
    pub fn value_at(&self, [across, down]: [f32; 2]) -> f32 {
        let parabola = |[before, middle, after]: [f32; 3], t: f32| {
            middle + 0.5 * (after - before) * t + 0.5 * (before - 2.0 * middle + after) * t * t
        };
        parabola(self.0.map(|row| parabola(row, across)), down)
    }
}

/// A lattice of patches over a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatchGrid {
    /// Width and height of a patch, in pixels.
    pub patch: [usize; 2],
    /// Patches across and down that fit the picture.
    pub count: [usize; 2],
}

impl PatchGrid {
    /// As many whole patches as fit.
    #[must_use]
    pub fn over(picture: &HighPassed, patch: [usize; 2]) -> Self {
        Self { patch, count: [picture.width / patch[0].max(1), picture.height / patch[1].max(1)] }
    }

    /// The upper left pixel of a patch.
    #[must_use]
    pub fn origin(&self, column: usize, row: usize) -> [usize; 2] {
        [column * self.patch[0], row * self.patch[1]]
    }

    /// The standard deviation of the fine structure in a patch, in quarters of a grey level.
    #[must_use]
    pub fn deviation(&self, picture: &HighPassed, column: usize, row: usize) -> f32 {
        let sums = Sums::of(picture, self.origin(column, row), self.patch);
        sums.variance(self.patch[0] * self.patch[1]).sqrt()
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    sum: i64,
    squares: i64,
}

impl Sums {
    fn of(picture: &HighPassed, [x, y]: [usize; 2], [width, height]: [usize; 2]) -> Self {
        let mut sums = Self::default();
        for line in y..y + height {
            let row = &picture.fine[line * picture.width + x..][..width];
            sums.sum += i64::from(row.iter().map(|&v| i32::from(v)).sum::<i32>());
            sums.squares += i64::from(dot(row, row));
        }
        sums
    }

    /// Times the number of pixels squared over pixels: the variance itself.
    fn variance(self, pixels: usize) -> f32 {
        let mean = self.sum as f64 / pixels as f64;
        (self.squares as f64 / pixels as f64 - mean * mean).max(0.0) as f32
    }
}

/// Sixteen-bit products summed in 32 bits: compilers make one instruction of eight of them. A row of 64 pixels of at
/// most 1020 stays below 2³¹.
fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

/// The correlation of the patch of `from` at `origin` (`size` wide and high) with that of `to` at `origin + shift`
/// and its eight neighbours; `None` where they leave the picture or hold no structure.
#[must_use]
pub fn match_patch(
    from: &HighPassed,
    to: &HighPassed,
    origin: [usize; 2],
    size: [usize; 2],
    shift: [i32; 2],
) -> Option<NccSurface> {
    let [width, height] = size;
    let corner = |i: usize| origin[i].checked_add_signed(shift[i] as isize)?.checked_sub(1);
    let [x, y] = [corner(0)?, corner(1)?];
    let inside = |picture: &HighPassed, [x, y]: [usize; 2], grow: usize| {
        x + width + grow <= picture.width && y + height + grow <= picture.height
    };
    if !inside(from, origin, 0) || !inside(to, [x, y], 2) {
        return None;
    }
    let pixels = width * height;
    let own = Sums::of(from, origin, size);
    // Sums of each row of the other patch at the three columns; a shift down only drops one row and takes another.
    let mut products = [[0_i64; 3]; 3];
    let mut others = [[Sums::default(); 3]; 3];
    for line in 0..height + 2 {
        let row = &to.fine[(y + line) * to.width + x..][..width + 2];
        for column in 0..3 {
            let shifted = &row[column..column + width];
            let sum = i64::from(shifted.iter().map(|&v| i32::from(v)).sum::<i32>());
            let squares = i64::from(dot(shifted, shifted));
            for down in line.saturating_sub(height - 1)..=line.min(2) {
                let mine = &from.fine[(origin[1] + line - down) * from.width + origin[0]..][..width];
                products[down][column] += i64::from(dot(mine, shifted));
                others[down][column].sum += sum;
                others[down][column].squares += squares;
            }
        }
    }
    let own_variance = own.variance(pixels);
    let mut surface = NccSurface::default();
    for down in 0..3 {
        for column in 0..3 {
            let other = others[down][column];
            let covariance = products[down][column] as f64 / pixels as f64
                - (own.sum as f64 / pixels as f64) * (other.sum as f64 / pixels as f64);
            let scale = f64::from(own_variance) * f64::from(other.variance(pixels));
            if scale <= 0.0 {
                return None;
            }
            surface.0[down][column] = (covariance / scale.sqrt()) as f32;
        }
    }
    Some(surface)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HighPass;

    fn speckled(shift_x: usize, shift_y: usize) -> HighPassed {
        let noise = |x: usize, y: usize| {
            let mut h = (x as u32).wrapping_mul(0x9E37_79B9) ^ (y as u32).wrapping_mul(0x85EB_CA6B);
            h = (h ^ (h >> 13)).wrapping_mul(0x2C1B_3C6D);
            (h >> 24) as u8
        };
        let grey: Vec<u8> = (0..160 * 120)
            .map(|i| {
                let (x, y) = (i % 160 + 20 - shift_x, i / 160 + 20 - shift_y);
                // A box of 3 makes the noise as wide as speckle.
                let sum: u16 = (0..9).map(|k| u16::from(noise(x + k % 3, y + k / 3))).sum();
                (sum / 9) as u8
            })
            .collect();
        let mut filtered = HighPassed::default();
        HighPass::new().apply(&grey, 160, &mut filtered);
        filtered
    }

    #[test]
    fn a_patch_is_found_where_it_went() {
        let before = speckled(0, 0);
        for (sx, sy) in [(0, 0), (1, 0), (0, 1), (5, 3)] {
            let after = speckled(sx, sy);
            let surface = match_patch(&before, &after, [60, 50], [32, 36], [sx as i32, sy as i32]).unwrap();
            assert!(surface.0[1][1] > 0.99, "shift ({sx}, {sy}): {surface:?}");
            let [across, down] = surface.peak();
            assert!(across.abs() < 0.1 && down.abs() < 0.1);
            assert!(surface.value_at([0.0, 0.0]) > 0.99);
        }
        let one_off = match_patch(&before, &speckled(1, 0), [60, 50], [32, 36], [0, 0]).unwrap();
        assert!((one_off.peak()[0] - 1.0).abs() < 0.1, "{one_off:?}");
    }

    #[test]
    fn patches_over_the_edge_or_without_structure_do_not_match() {
        let picture = speckled(0, 0);
        assert_eq!(match_patch(&picture, &picture, [0, 0], [32, 36], [0, 0]), None);
        assert_eq!(match_patch(&picture, &picture, [130, 50], [32, 36], [0, 0]), None);
        assert_eq!(match_patch(&picture, &picture, [60, 50], [32, 36], [-900, 0]), None);
        let mut flat = picture.clone();
        flat.fine.fill(7);
        assert_eq!(match_patch(&picture, &flat, [60, 50], [32, 36], [0, 0]), None);
    }
}
