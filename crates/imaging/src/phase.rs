//! How far one picture lies beside another, by the phases of their Fourier transforms.

use std::sync::Arc;

use rustfft::algorithm::MixedRadix;
use rustfft::algorithm::butterflies::Butterfly8;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftDirection};

/// A displacement of the content, in pixels of the pictures that were compared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shift {
    /// To the right.
    pub dx: f32,
    /// Down.
    pub dy: f32,
    /// The height of the correlation's peak, 0..=1: 1 for a picture and its own copy.
    pub peak: f32,
}

/// The spectrum of one picture, kept to be compared with the next.
#[derive(Debug, Clone, Default)]
pub struct Spectrum(Vec<Complex<f32>>);

/// Compares pictures by phase correlation (Kuglin and Hines 1975) on a square of 64 pixels.
pub struct PhaseCorrelator {
    forward: Arc<dyn Fft<f32>>,
    backward: Arc<dyn Fft<f32>>,
    product: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl std::fmt::Debug for PhaseCorrelator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhaseCorrelator").finish_non_exhaustive()
    }
}

const SIDE: usize = 64;

/// 64 = 8 × 8, put together by hand: the planner would bring every algorithm it has into this crate, which took
/// minutes to compile.
fn transform(direction: FftDirection) -> Arc<dyn Fft<f32>> {
    let eight = || Arc::new(Butterfly8::new(direction));
    Arc::new(MixedRadix::new(eight(), eight()))
}

impl Default for PhaseCorrelator {
    fn default() -> Self {
        let (forward, backward) = (transform(FftDirection::Forward), transform(FftDirection::Inverse));
        let needed = forward.get_inplace_scratch_len().max(backward.get_inplace_scratch_len());
        Self { forward, backward, product: Vec::new(), scratch: vec![Complex::default(); needed] }
    }
}

impl PhaseCorrelator {
    /// The spectrum of a picture (row-major, `width` wide), less its mean and under a Hann window, written over
    /// `into`. Of a picture larger than the square the middle is taken; a smaller one is surrounded by zeros.
    pub fn spectrum(&mut self, picture: &[f32], width: usize, into: &mut Spectrum) {
        let height = picture.len().checked_div(width).unwrap_or(0);
        let (used_x, used_y) = (width.min(SIDE), height.min(SIDE));
        let (left, top) = ((width - used_x) / 2, (height - used_y) / 2);
        into.0.clear();
        into.0.resize(SIDE * SIDE, Complex::default());
        if used_x == 0 || used_y == 0 {
            return;
        }
        let row = |y: usize| &picture[(top + y) * width + left..][..used_x];
        let sum: f32 = (0..used_y).map(|y| row(y).iter().sum::<f32>()).sum();
        let mean = sum / (used_x * used_y) as f32;
        let across = hann(used_x);
        for (y, weight_y) in hann(used_y).into_iter().enumerate() {
            for ((out, value), weight_x) in into.0[y * SIDE..].iter_mut().zip(row(y)).zip(&across) {
                out.re = (value - mean) * weight_x * weight_y;
            }
        }
        self.forward.process_with_scratch(&mut into.0, &mut self.scratch);
        transpose(&mut into.0);
        self.forward.process_with_scratch(&mut into.0, &mut self.scratch);
    }

    /// How far the content moved from one picture to the other: up to half the square, to a fraction of a pixel
    /// (the peak shares itself with its higher neighbour: Foroosh, Zerubia and Berthod 2002).
    pub fn shift(&mut self, from: &Spectrum, to: &Spectrum) -> Shift {
        if from.0.len() != SIDE * SIDE || to.0.len() != SIDE * SIDE {
            return Shift::default();
        }
        let unit = |value: Complex<f32>| value * value.norm_sqr().max(1e-12).sqrt().recip();
        self.product.clear();
        self.product.extend(from.0.iter().zip(&to.0).map(|(a, b)| unit(a.conj() * b)));
        // The spectra are transposed, so the first pass runs down and the second across.
        self.backward.process_with_scratch(&mut self.product, &mut self.scratch);
        transpose(&mut self.product);
        self.backward.process_with_scratch(&mut self.product, &mut self.scratch);
        let best = (0..SIDE * SIDE)
            .max_by(|&a, &b| self.product[a].re.total_cmp(&self.product[b].re))
            .unwrap_or_default();
        let (x, y) = (best % SIDE, best / SIDE);
        let value = |x: usize, y: usize| self.product[(y % SIDE) * SIDE + x % SIDE].re;
        let signed = |at: usize| if at < SIDE / 2 { at as f32 } else { at as f32 - SIDE as f32 };
        let peak = value(x, y);
        Shift {
            dx: signed(x) + between(value(x + SIDE - 1, y), peak, value(x + 1, y)),
            dy: signed(y) + between(value(x, y + SIDE - 1), peak, value(x, y + 1)),
            peak: (peak / (SIDE * SIDE) as f32).clamp(0.0, 1.0),
        }
    }
}

/// Where a whitened peak lies between its value and the higher of its neighbours', −0.5..=0.5.
fn between(before: f32, peak: f32, after: f32) -> f32 {
    let (higher, sign) = if after > before { (after, 1.0) } else { (before, -1.0) };
    if peak <= 0.0 || higher <= 0.0 { 0.0 } else { (sign * higher / (peak + higher)).clamp(-0.5, 0.5) }
}

/// Where the parabola through three neighbouring values is highest, −0.5..=0.5 from the middle one.
pub(crate) fn vertex(before: f32, middle: f32, after: f32) -> f32 {
    let curvature = before - 2.0 * middle + after;
    if curvature >= 0.0 { 0.0 } else { (0.5 * (before - after) / curvature).clamp(-0.5, 0.5) }
}

fn hann(length: usize) -> Vec<f32> {
    let step = std::f32::consts::TAU / length as f32;
    (0..length).map(|i| 0.5 - 0.5 * ((i as f32 + 0.5) * step).cos()).collect()
}

fn transpose(square: &mut [Complex<f32>]) {
    for y in 0..SIDE {
        for x in y + 1..SIDE {
            square.swap(y * SIDE + x, x * SIDE + y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Smooth noise: a sum of waves with fixed directions and phases.
    fn texture(x: f32, y: f32) -> f32 {
        (1..40)
            .map(|k| {
                let k = k as f32;
                let (u, v) = (((k * 1.7).sin() * 0.9), ((k * 2.3).cos() * 0.9));
                (u * x + v * y + k * k).sin()
            })
            .sum()
    }

    #[test]
    fn a_shifted_picture_gives_its_shift() {
        let mut correlator = PhaseCorrelator::default();
        let mut check = |dx: f32, dy: f32| {
            let picture = |sx: f32, sy: f32| -> Vec<f32> {
                (0..90 * 70).map(|i| texture((i % 90) as f32 - sx, (i / 90) as f32 - sy)).collect()
            };
            let (mut a, mut b) = (Spectrum::default(), Spectrum::default());
            correlator.spectrum(&picture(0.0, 0.0), 90, &mut a);
            correlator.spectrum(&picture(dx, dy), 90, &mut b);
            let found = correlator.shift(&a, &b);
            assert!((found.dx - dx).abs() < 0.3 && (found.dy - dy).abs() < 0.3, "({dx}, {dy}): {found:?}");
        };
        for (dx, dy) in [(0.0, 0.0), (3.0, -2.0), (-5.0, 4.0), (0.5, 0.0)] {
            check(dx, dy);
        }
    }

    #[test]
    fn nothing_to_compare_is_no_shift() {
        let mut correlator = PhaseCorrelator::default();
        let mut empty = Spectrum::default();
        correlator.spectrum(&[], 0, &mut empty);
        assert_eq!(correlator.shift(&empty, &Spectrum::default()), Shift::default());
    }
}
