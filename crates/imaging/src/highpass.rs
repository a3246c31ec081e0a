//! Speckle without the anatomy under it.

use crate::PixelRect;
use crate::vectors::vectorized;

/// The fine part of a picture and a coarse copy of it.
#[derive(Debug, Clone, Default)]
pub struct HighPassed {
    /// Columns of [`Self::fine`].
    pub width: usize,
    /// Rows of [`Self::fine`].
    pub height: usize,
    /// What the wide blur leaves, in quarters of a grey level, row-major.
    pub fine: Vec<i16>,
    /// Columns of [`Self::coarse`].
    pub coarse_width: usize,
    /// Rows of [`Self::coarse`].
    pub coarse_height: usize,
    /// The mean of each 4 × 4 pixels, row-major.
    pub coarse: Vec<f32>,
}

impl HighPassed {
    /// The whole picture.
    #[must_use]
    pub fn rect(&self) -> PixelRect {
        PixelRect::whole(self.width as u32, self.height as u32)
    }
}

/// Takes the wide blur off a picture.
///
/// Whole numbers throughout the fine part: grey in quarters of a level and blur in sixteenths both fit 16 bits, of which
/// a processor adds thirty-two at once.
#[derive(Debug, Default)]
pub struct HighPass {
    blurred: Vec<f32>,
    across: Vec<f32>,
    wide: Vec<i16>,
    rows: [Vec<i16>; 3],
    row: Vec<i16>,
}

/// Pixels of the picture for one of the coarse copy.
const STEP: usize = 4;
/// A Gaussian of 0.87: the weight of the middle, of its neighbours, and of theirs.
const KERNEL: [f32; 3] = [0.459, 0.237, 0.0335];

impl HighPass {
    /// A filter with empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `g − G(4) g`, then `G(0.7)`, in pixels, written over `into`.
    ///
    /// The wide Gaussian is made on the coarse copy (box of 4, Gaussian, linear interpolation), whose variances add
    /// to 16 square pixels; the narrow one is (¼, ½, ¼) in both directions, whose variance is 0.5 where 0.49 is asked for.
    /// What is left over at the right and lower edge of a picture whose sides are no multiples of four is cut off.
    pub fn apply(&mut self, grey: &[u8], width: usize, into: &mut HighPassed) {
        let height = grey.len().checked_div(width).unwrap_or(0);
        let (coarse_width, coarse_height) = (width / STEP, height / STEP);
        into.coarse_width = coarse_width;
        into.coarse_height = coarse_height;
        into.width = coarse_width * STEP;
        into.height = coarse_height * STEP;
        into.coarse.resize(coarse_width * coarse_height, 0.0);
        into.fine.resize(into.width * into.height, 0);
        if into.fine.is_empty() {
            return;
        }
        vectorized!({
            shrink(grey, width, into);
            self.blur_coarse(into);
            self.widen(into.width);
            self.subtract_and_smooth(grey, width, into);
        });
    }

    /// A Gaussian of 0.87 coarse pixels.
    #[inline(always)]
    fn blur_coarse(&mut self, picture: &HighPassed) {
        let (width, height) = (picture.coarse_width, picture.coarse_height);
        self.across.resize(width * height, 0.0);
        self.blurred.resize(width * height, 0.0);
        for (row, out) in picture.coarse.chunks_exact(width).zip(self.across.chunks_exact_mut(width)) {
            let at = |x: usize, offset: isize| row[x.saturating_add_signed(offset).min(width - 1)];
            for (x, value) in out.iter_mut().enumerate() {
                *value = KERNEL[0] * row[x]
                    + KERNEL[1] * (at(x, -1) + at(x, 1))
                    + KERNEL[2] * (at(x, -2) + at(x, 2));
            }
        }
        for (y, out) in self.blurred.chunks_exact_mut(width).enumerate() {
            let row = |offset: isize| {
                let from = y.saturating_add_signed(offset).min(height - 1) * width;
                &self.across[from..from + width]
            };
            let [a, b, c, d, e] = [row(-2), row(-1), row(0), row(1), row(2)];
            for (x, value) in out.iter_mut().enumerate() {
                *value = KERNEL[0] * c[x] + KERNEL[1] * (b[x] + d[x]) + KERNEL[2] * (a[x] + e[x]);
            }
        }
    }

    /// The blur, interpolated across: coarse rows of fine columns, in sixteenths of a grey level.
    #[inline(always)]
    fn widen(&mut self, width: usize) {
        let coarse_width = width / STEP;
        self.wide.resize(self.blurred.len() * STEP, 0);
        for (row, out) in self.blurred.chunks_exact(coarse_width).zip(self.wide.chunks_exact_mut(width)) {
            // The centre of coarse column k lies at 4 k + 1.5 in pixel indices.
            for (k, four) in out.chunks_exact_mut(STEP).enumerate() {
                let sixteenths = |k: usize| (row[k] * 16.0) as i16;
                let here = sixteenths(k);
                let before = sixteenths(k.saturating_sub(1)) - here;
                let after = sixteenths((k + 1).min(coarse_width - 1)) - here;
                let place = [3 * before, before, after, 3 * after];
                for (value, eighths) in four.iter_mut().zip(place) {
                    *value = here + (eighths >> 3);
                }
            }
        }
    }

    /// Grey less the blur interpolated down, in quarters of a level, and the narrow Gaussian over it.
    #[inline(always)]
    fn subtract_and_smooth(&mut self, grey: &[u8], stride: usize, into: &mut HighPassed) {
        let (width, height) = (into.width, into.height);
        self.row.resize(width, 0);
        self.rows.iter_mut().for_each(|row| row.resize(width, 0));
        for y in 0..=height {
            // The row above the first is the first, and the row below the last the last.
            if y < height {
                self.subtract(&grey[y * stride..][..width], y, into.coarse_height);
                smooth_across(&self.row, &mut self.rows[y % 3]);
            }
            let Some(done) = y.checked_sub(1) else { continue };
            let above = &self.rows[done.saturating_sub(1) % 3];
            let (here, below) = (&self.rows[done % 3], &self.rows[y.min(height - 1) % 3]);
            let out = &mut into.fine[done * width..][..width];
            for (((out, a), b), c) in out.iter_mut().zip(above).zip(here).zip(below) {
                *out = (a + 2 * b + c) >> 2;
            }
        }
    }

    /// One row of grey less the blur, into the buffer.
    #[inline(always)]
    fn subtract(&mut self, grey: &[u8], y: usize, coarse_height: usize) {
        let width = grey.len();
        // As across: row k of the blur lies at 4 k + 1.5, so a row lies an odd number of eighths below one.
        let place = (2 * y).saturating_sub(3);
        let (top, eighths) = (place / 8, (place % 8) as i16);
        let upper = &self.wide[top * width..][..width];
        let lower = &self.wide[(top + 1).min(coarse_height - 1) * width..][..width];
        for (((out, &g), &a), &b) in self.row.iter_mut().zip(grey).zip(upper).zip(lower) {
            let blur = (a * (8 - eighths) + b * eighths + 4) >> 3;
            *out = 4 * i16::from(g) - ((blur + 2) >> 2);
        }
    }
}

/// (¼, ½, ¼) along a row.
#[inline(always)]
fn smooth_across(row: &[i16], out: &mut [i16]) {
    let last = row.len() - 1;
    for ((out, three), _) in out[1..].iter_mut().zip(row.windows(3)).zip(2..row.len()) {
        *out = (three[0] + 2 * three[1] + three[2]) >> 2;
    }
    out[0] = (3 * row[0] + row[1.min(last)]) >> 2;
    out[last] = (row[last.saturating_sub(1)] + 3 * row[last]) >> 2;
}

/// The mean of each 4 × 4 pixels.
#[inline(always)]
fn shrink(grey: &[u8], stride: usize, into: &mut HighPassed) {
    for (row, out) in into.coarse.chunks_exact_mut(into.coarse_width).enumerate() {
        let line = |line: usize| grey[(row * STEP + line) * stride..][..into.width].chunks_exact(STEP);
        let four = |pixels: &[u8]| pixels.iter().map(|&p| u16::from(p)).sum::<u16>();
        let lines = line(0).zip(line(1)).zip(line(2)).zip(line(3));
        for (value, (((a, b), c), d)) in out.iter_mut().zip(lines) {
            *value = f32::from(four(a) + four(b) + four(c) + four(d)) / (STEP * STEP) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rms(values: &[i16]) -> f32 {
        (values.iter().map(|&v| f32::from(v).powi(2)).sum::<f32>() / values.len() as f32).sqrt()
    }

    /// How much of a wave of the given length (pixels) across the picture is left.
    fn response(length: f32) -> f32 {
        let (width, height) = (128, 64);
        let wave = |x: usize| 100.0 * (x as f32 * std::f32::consts::TAU / length).cos();
        let grey: Vec<u8> = (0..width * height).map(|i| (127.0 + wave(i % width)) as u8).collect();
        let mut filtered = HighPassed::default();
        HighPass::new().apply(&grey, width, &mut filtered);
        let middle: Vec<i16> = filtered.fine.chunks(width).flat_map(|row| row[32..96].to_vec()).collect();
        rms(&middle) / (400.0 / 2.0_f32.sqrt())
    }

    #[test]
    fn waves_pass_as_the_two_gaussians_say() {
        // exp(−2 (π σ / λ)²) is what a Gaussian leaves of a wave.
        let left = |sigma: f32, length: f32| (-2.0 * (std::f32::consts::PI * sigma / length).powi(2)).exp();
        for length in [6.0, 8.0, 12.0, 20.0, 40.0, 64.0] {
            let expect = (1.0 - left(4.0, length)) * left(0.707, length);
            let found = response(length);
            assert!((found - expect).abs() < 0.06, "length {length}: {found}, theory {expect}");
        }
    }

    #[test]
    fn pictures_smaller_than_one_step_are_empty() {
        let mut filtered = HighPassed::default();
        HighPass::new().apply(&[9, 9, 9], 3, &mut filtered);
        assert!(filtered.fine.is_empty());
        HighPass::new().apply(&[], 0, &mut filtered);
        assert!(filtered.fine.is_empty());
    }
}
