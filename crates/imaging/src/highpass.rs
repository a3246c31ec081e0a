//! Speckle without the anatomy under it.

use crate::PixelRect;

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
#[derive(Debug, Default)]
pub struct HighPass {
    line: Vec<f32>,
    blurred: Vec<f32>,
    above: Vec<i16>,
}

/// Pixels of the picture for one of the coarse copy.
const STEP: usize = 4;

impl HighPass {
    /// A filter with empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `g − G(4) g`, then `G(0.7)`, in pixels, written over `into`.
    ///
    /// The wide Gaussian is made on the coarse copy (box of 4, Gaussian, linear interpolation), whose variances add
    /// to 16 square pixels; the narrow one is a kernel of three with the variance of 0.7².
    /// What is left over at the right and lower edge of a picture whose sides are no multiples of four is cut off.
    pub fn apply(&mut self, grey: &[u8], width: usize, into: &mut HighPassed) {
        let height = grey.len().checked_div(width).unwrap_or(0);
        let (coarse_width, coarse_height) = (width / STEP, height / STEP);
        into.coarse_width = coarse_width;
        into.coarse_height = coarse_height;
        into.width = coarse_width * STEP;
        into.height = coarse_height * STEP;
        shrink(grey, width, coarse_width, coarse_height, &mut into.coarse);
        self.blur_coarse(into);
        into.fine.resize(into.width * into.height, 0);
        self.subtract(grey, width, into);
        self.smooth(into);
    }

    /// A Gaussian of 0.87 coarse pixels, by two passes of a kernel of five.
    fn blur_coarse(&mut self, picture: &HighPassed) {
        let (width, height) = (picture.coarse_width, picture.coarse_height);
        self.blurred.clear();
        self.blurred.extend_from_slice(&picture.coarse);
        let kernel = [0.459_f32, 0.237, 0.0335];
        self.line.resize(width.max(height), 0.0);
        for row in self.blurred.chunks_exact_mut(width.max(1)) {
            self.line[..width].copy_from_slice(row);
            for (x, value) in row.iter_mut().enumerate() {
                let at = |offset: isize| self.line[x.saturating_add_signed(offset).min(width - 1)];
                *value = kernel[0] * at(0) + kernel[1] * (at(-1) + at(1)) + kernel[2] * (at(-2) + at(2));
            }
        }
        let across = self.blurred.clone();
        for y in 0..height {
            let row = |offset: isize| {
                let from = y.saturating_add_signed(offset).min(height - 1) * width;
                &across[from..from + width]
            };
            let rows = [row(-2), row(-1), row(0), row(1), row(2)];
            for (x, value) in self.blurred[y * width..][..width].iter_mut().enumerate() {
                *value = kernel[0] * rows[2][x]
                    + kernel[1] * (rows[1][x] + rows[3][x])
                    + kernel[2] * (rows[0][x] + rows[4][x]);
            }
        }
    }

    /// Grey less the interpolated blur, in quarters of a level.
    fn subtract(&mut self, grey: &[u8], stride: usize, into: &mut HighPassed) {
        let (width, coarse_width) = (into.width, into.coarse_width);
        self.line.resize(coarse_width, 0.0);
        for y in 0..into.height {
            // The centre of coarse row k lies at 4 k + 1.5 in pixel indices.
            let (top, down) = neighbours(y, into.coarse_height);
            for (x, value) in self.line.iter_mut().enumerate() {
                let (a, b) = (
                    self.blurred[top * coarse_width + x],
                    self.blurred[(top + 1).min(into.coarse_height - 1) * coarse_width + x],
                );
                *value = a + (b - a) * down;
            }
            let row = &mut into.fine[y * width..(y + 1) * width];
            let source = &grey[y * stride..y * stride + width];
            for (k, (out, from)) in row.chunks_exact_mut(STEP).zip(source.chunks_exact(STEP)).enumerate() {
                let here = self.line[k];
                let before = self.line[k.saturating_sub(1)];
                let after = self.line[(k + 1).min(coarse_width - 1)];
                let wide = [
                    here + (before - here) * 0.375,
                    here + (before - here) * 0.125,
                    here + (after - here) * 0.125,
                    here + (after - here) * 0.375,
                ];
                for i in 0..STEP {
                    out[i] = ((f32::from(from[i]) - wide[i]) * 4.0) as i16;
                }
            }
        }
    }

    /// The narrow Gaussian: (¼, ½, ¼) in both directions has a variance of 0.5 where 0.49 is asked for.
    fn smooth(&mut self, into: &mut HighPassed) {
        let width = into.width;
        if width < 3 || into.height < 3 {
            return;
        }
        for row in into.fine.chunks_exact_mut(width) {
            let mut before = row[0];
            for x in 0..width - 1 {
                let here = row[x];
                row[x] = (before + 2 * here + row[x + 1]) >> 2;
                before = here;
            }
        }
        self.above.clear();
        self.above.extend_from_slice(&into.fine[..width]);
        for y in 0..into.height - 1 {
            let (upper, lower) = into.fine.split_at_mut((y + 1) * width);
            let here = &mut upper[y * width..];
            for ((value, above), below) in here.iter_mut().zip(&mut self.above).zip(&lower[..width]) {
                let old = *value;
                *value = (*above + 2 * old + *below) >> 2;
                *above = old;
            }
        }
    }
}

/// The coarse row above a pixel row, and how far the pixel lies towards the next one, 0..1.
fn neighbours(y: usize, coarse_height: usize) -> (usize, f32) {
    let place = (y as f32 - 1.5) / STEP as f32;
    let top = (place.max(0.0) as usize).min(coarse_height.saturating_sub(1));
    (top, (place - top as f32).clamp(0.0, 1.0))
}

/// The mean of each 4 × 4 pixels.
fn shrink(grey: &[u8], stride: usize, width: usize, height: usize, into: &mut Vec<f32>) {
    into.clear();
    into.resize(width * height, 0.0);
    for (row, out) in into.chunks_exact_mut(width.max(1)).enumerate() {
        for line in 0..STEP {
            let source = &grey[(row * STEP + line) * stride..][..width * STEP];
            for (value, four) in out.iter_mut().zip(source.chunks_exact(STEP)) {
                let sum: u16 = four.iter().map(|&p| u16::from(p)).sum();
                *value += f32::from(sum) / (STEP * STEP) as f32;
            }
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
