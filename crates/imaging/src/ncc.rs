//! How alike two patches of fine structure are, at nine shifts.

use crate::HighPassed;
use crate::phase::vertex;
use crate::vectors::vectorized;

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

/// A lattice of patches, `W` pixels wide and `H` high, over a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatchGrid<const W: usize, const H: usize> {
    /// Patches across and down that fit the picture.
    pub count: [usize; 2],
}

impl<const W: usize, const H: usize> PatchGrid<W, H> {
    /// As many whole patches as fit.
    #[must_use]
    pub fn over(picture: &HighPassed) -> Self {
        Self { count: [picture.width / W, picture.height / H] }
    }

    /// The upper left pixel of a patch.
    #[must_use]
    pub fn origin(&self, column: usize, row: usize) -> [usize; 2] {
        [column * W, row * H]
    }

    /// The standard deviation of the fine structure in a patch, in quarters of a grey level.
    #[must_use]
    pub fn deviation(&self, picture: &HighPassed, column: usize, row: usize) -> f32 {
        let origin = self.origin(column, row);
        vectorized!({
            let mut patch = Vec::new();
            cut::<W>(picture, origin, H, &mut patch);
            Sums::of(&patch).variance(W * H).sqrt()
        })
    }

    /// The correlation of the patch of `from` at `origin` with that of `to` at `origin + shift` and its eight
    /// neighbours; `None` where they leave the picture or hold no structure.
    #[must_use]
    pub fn match_patch(
        &self,
        from: &HighPassed,
        to: &HighPassed,
        origin: [usize; 2],
        shift: [i32; 2],
    ) -> Option<NccSurface> {
        let corner = |i: usize| origin[i].checked_add_signed(shift[i] as isize)?.checked_sub(1);
        let corner = [corner(0)?, corner(1)?];
        let inside = |picture: &HighPassed, [x, y]: [usize; 2], grow: usize| {
            x + W + grow <= picture.width && y + H + grow <= picture.height
        };
        if H < 2 || !inside(from, origin, 0) || !inside(to, corner, 2) {
            return None;
        }
        vectorized!(surface::<W, H>(from, to, origin, corner))
    }
}

/// The sums over a part of a picture that its mean and variance are made from.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    sum: i64,
    squares: i64,
}

impl Sums {
    #[inline(always)]
    fn of<const W: usize>(rows: &[[i16; W]]) -> Self {
        let sum = rows.as_flattened().iter().map(|&value| i32::from(value)).sum::<i32>();
        Self { sum: i64::from(sum), squares: dot(rows, rows) }
    }

    /// The variance of so many pixels.
    fn variance(self, pixels: usize) -> f32 {
        let mean = self.sum as f64 / pixels as f64;
        (self.squares as f64 / pixels as f64 - mean * mean).max(0.0) as f32
    }
}

impl std::iter::Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |all, part| Self {
            sum: all.sum + part.sum,
            squares: all.squares + part.squares,
        })
    }
}

/// The sum of the products. In 32 bits, where one instruction multiplies and adds up sixteen pairs or more: a thousand
/// products of at most 1020² fit.
#[inline(always)]
fn dot<const W: usize>(a: &[[i16; W]], b: &[[i16; W]]) -> i64 {
    let few = |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>();
    let (a, b) = (a.as_flattened().chunks(1024), b.as_flattened().chunks(1024));
    a.zip(b).map(|(a, b)| i64::from(few(a, b))).sum()
}

/// The rows of a patch one after the other, in place of what was in `rows`.
#[inline(always)]
fn cut<const W: usize>(picture: &HighPassed, [x, y]: [usize; 2], height: usize, rows: &mut Vec<[i16; W]>) {
    rows.clear();
    rows.extend((y..y + height).map(|line| {
        let row = &picture.fine[line * picture.width + x..];
        row.first_chunk::<W>().copied().unwrap_or([0; W])
    }));
}

/// As [`PatchGrid::match_patch`], the upper left corner of the first neighbour being `corner`.
#[inline(always)]
fn surface<const W: usize, const H: usize>(
    from: &HighPassed,
    to: &HighPassed,
    origin: [usize; 2],
    [x, y]: [usize; 2],
) -> Option<NccSurface> {
    let pixels = (W * H) as f64;
    let (mut patch, mut strip) = (Vec::with_capacity(H), Vec::with_capacity(H + 2));
    cut::<W>(from, origin, H, &mut patch);
    let own = Sums::of(&patch);
    let own_variance = f64::from(own.variance(W * H));
    let mut surface = NccSurface::default();
    for column in 0..3 {
        // The three neighbours of a column have all but their first and last lines in common.
        cut::<W>(to, [x + column, y], H + 2, &mut strip);
        let common = Sums::of(&strip[2..H]);
        let single = [0, 1, H, H + 1].map(|line| Sums::of(&strip[line..=line]));
        for down in 0..3 {
            let other: Sums = single[down..down + 2].iter().copied().chain([common]).sum();
            let covariance = dot(&patch, &strip[down..down + H]) as f64 / pixels
                - (own.sum as f64 / pixels) * (other.sum as f64 / pixels);
            let scale = own_variance * f64::from(other.variance(W * H));
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

    fn match_patch(
        from: &HighPassed,
        to: &HighPassed,
        origin: [usize; 2],
        shift: [i32; 2],
    ) -> Option<NccSurface> {
        PatchGrid::<32, 36>::over(from).match_patch(from, to, origin, shift)
    }

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
            let surface = match_patch(&before, &after, [60, 50], [sx as i32, sy as i32]).unwrap();
            assert!(surface.0[1][1] > 0.99, "shift ({sx}, {sy}): {surface:?}");
            let [across, down] = surface.peak();
            assert!(across.abs() < 0.1 && down.abs() < 0.1);
            assert!(surface.value_at([0.0, 0.0]) > 0.99);
        }
        let one_off = match_patch(&before, &speckled(1, 0), [60, 50], [0, 0]).unwrap();
        assert!((one_off.peak()[0] - 1.0).abs() < 0.1, "{one_off:?}");
    }

    #[test]
    fn patches_over_the_edge_or_without_structure_do_not_match() {
        let picture = speckled(0, 0);
        assert_eq!(match_patch(&picture, &picture, [0, 0], [0, 0]), None);
        assert_eq!(match_patch(&picture, &picture, [130, 50], [0, 0]), None);
        assert_eq!(match_patch(&picture, &picture, [60, 50], [-900, 0]), None);
        let mut flat = picture.clone();
        flat.fine.fill(7);
        assert_eq!(match_patch(&picture, &flat, [60, 50], [0, 0]), None);
    }
}
