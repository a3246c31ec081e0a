//! The speckle tile: circular complex white Gaussian noise on a periodic grid, blurred so that it is smooth from
//! cell to cell. Every breast reads the same tile at its own offset; making it is the dear part.

use crate::random::{Key, mix};

/// Cells along x.
pub(crate) const NX: usize = 128;
/// Cells along y.
pub(crate) const NY: usize = 256;
/// Cells along z.
pub(crate) const NZ: usize = 256;
/// Pitch across and along the sweep, in mm (equal, so that a turned probe sees the same speckle).
pub(crate) const PITCH_XY: f32 = 0.09;
/// Pitch down, in mm: the sampling of a line, so that a stretch of a line reads a stretch of a row.
pub(crate) const PITCH_Z: f32 = 0.075;
/// The blur across and along the sweep, in mm.
pub(crate) const SIGMA_XY: f32 = 0.16;
/// The blur down, in mm.
pub(crate) const SIGMA_Z: f32 = 0.07;
/// Standard deviation of each component, in steps of the stored bytes.
pub(crate) const RMS: f32 = 32.0;
/// Samples read at once.
pub(crate) const BLOCK: usize = 16;
/// A row repeats its beginning, so that a block never wraps.
const ROW: usize = NZ + BLOCK;

/// The noise, rows down z; real and imaginary parts apart.
pub(crate) struct Tile {
    re: Vec<i8>,
    im: Vec<i8>,
}

impl Tile {
    pub(crate) fn new(seed: u64) -> Self {
        let key = Key::new(seed);
        Self { re: component(key.purpose(1)), im: component(key.purpose(2)) }
    }

    /// A block of row (x, y) from cell `z`; every index is taken modulo the period.
    #[inline]
    pub(crate) fn block(&self, x: i32, y: i32, z: i32) -> (&[i8; BLOCK], &[i8; BLOCK]) {
        let row = (y as usize % NY) * NX + x as usize % NX;
        let start = row * ROW + z as usize % NZ;
        (stretch(&self.re, start), stretch(&self.im, start))
    }
}

#[inline]
fn stretch(row: &[i8], start: usize) -> &[i8; BLOCK] {
    // Never empty: every index above was taken modulo the period.
    row.get(start..).and_then(<[i8]>::first_chunk).unwrap_or(&[0; BLOCK])
}

/// One component: uniform bytes, blurred along each axis in turn. The blur adds some 130 cells, which makes their
/// sum normal (central limit theorem).
fn component(key: Key) -> Vec<i8> {
    let mut cells = vec![0.0_f32; NX * NY * NZ];
    for (index, eight) in (0_u64..).zip(cells.chunks_exact_mut(8)) {
        let bits = mix(key.bits() ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for (cell, byte) in eight.iter_mut().zip(bits.to_le_bytes()) {
            *cell = f32::from(byte) - 127.5;
        }
    }
    let blur_xy = gaussian(SIGMA_XY / PITCH_XY);
    let blur_z = gaussian(SIGMA_Z / PITCH_Z);
    for plane in cells.chunks_exact_mut(NX * NZ) {
        blur_rows(plane, NX, NZ, &blur_xy);
        for row in plane.chunks_exact_mut(NZ) {
            blur_rows(row, NZ, 1, &blur_z);
        }
    }
    blur_rows(&mut cells, NY, NX * NZ, &blur_xy);
    let power = |kernel: &[f32]| kernel.iter().map(|w| w * w).sum::<f32>();
    // Uniform bytes have variance (256² - 1) / 12.
    let variance = 65_535.0 / 12.0 * power(&blur_xy) * power(&blur_xy) * power(&blur_z);
    let scale = RMS / variance.sqrt();
    let mut bytes = Vec::with_capacity(NX * NY * ROW);
    for row in cells.chunks_exact(NZ) {
        let start = bytes.len();
        bytes.extend(row.iter().map(|cell| (cell * scale).round().clamp(-127.0, 127.0) as i8));
        bytes.extend_from_within(start..start + BLOCK);
    }
    bytes
}

/// A symmetric kernel of odd length and unit sum.
fn gaussian(sigma: f32) -> Vec<f32> {
    let radius = (3.5 * sigma).ceil() as i32;
    let weights: Vec<f32> =
        (-radius..=radius).map(|d| (-0.5 * (d as f32 / sigma).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

/// Periodic convolution over `count` rows of `width` values, in place.
fn blur_rows(values: &mut [f32], count: usize, width: usize, kernel: &[f32]) {
    let radius = kernel.len() / 2;
    // Strips keep the rows that are being added in the cache.
    let strip = width.min(1024);
    let mut before = vec![0.0_f32; count * strip];
    for start in (0..width).step_by(strip) {
        for (row, copy) in before.chunks_exact_mut(strip).enumerate() {
            copy.copy_from_slice(&values[row * width + start..][..strip]);
        }
        for row in 0..count {
            let out = &mut values[row * width + start..][..strip];
            out.fill(0.0);
            for (tap, weight) in kernel.iter().enumerate() {
                let from = (row + count + tap - radius) % count;
                for (out, value) in out.iter_mut().zip(&before[from * strip..][..strip]) {
                    *out += weight * value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_repeat_and_the_components_have_the_stated_strength() {
        let tile = Tile::new(1);
        assert_eq!(tile.block(3, 5, 250).0[6..], tile.block(3, 5, 0).0[..10], "a block may cross the period");
        assert_eq!(tile.block(NX as i32 + 1, 7, 9), tile.block(1, NY as i32 + 7, 9));
        for part in [&tile.re, &tile.im] {
            let power: f64 = part.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / part.len() as f64;
            assert!((power.sqrt() - f64::from(RMS)).abs() < 0.6, "standard deviation {}", power.sqrt());
        }
        let together: f64 = tile.re.iter().zip(&tile.im).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        assert!((together / tile.re.len() as f64).abs() < 10.0, "the components are independent");
    }
}
