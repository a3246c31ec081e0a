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
/// Where the grid repeats it is moved, so that no two repeats line up in one picture: a period further along x
/// stands these cells further down, and a period further along y these further across and down.
const X_TURN: usize = 77;
const Y_TURN: [usize; 2] = [53, 101];
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

    /// A block of the row at cell (x, y) from cell `z`; cells are counted from 0 without end.
    #[inline]
    pub(crate) fn block(&self, x: usize, y: usize, z: usize) -> (&[i8; BLOCK], &[i8; BLOCK]) {
        let (row, turn) = row_of(x, y);
        let start = row * ROW + (z + turn) % NZ;
        (stretch(&self.re, start), stretch(&self.im, start))
    }
}

/// The stored row of a cell, and how far down its row begins.
#[inline]
fn row_of(x: usize, y: usize) -> (usize, usize) {
    let x = x + y / NY * Y_TURN[0];
    ((y % NY) * NX + x % NX, y / NY * Y_TURN[1] + x / NX * X_TURN)
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
    let mut out = vec![0.0_f32; cells.len()];
    blur(&cells, &mut out, &blur_xy, [1, 0]);
    blur(&out, &mut cells, &blur_xy, [0, 1]);
    let mut padded = vec![0.0_f32; NZ + blur_z.len() - 1];
    for row in cells.chunks_exact_mut(NZ) {
        let radius = blur_z.len() / 2;
        (0..).zip(&mut padded).for_each(|(at, v): (usize, _)| *v = row[(at + NZ - radius) % NZ]);
        row.fill(0.0);
        for (tap, weight) in blur_z.iter().enumerate() {
            row.iter_mut().zip(&padded[tap..]).for_each(|(out, v)| *out += weight * v);
        }
    }
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
    let weights: Vec<f32> = (-radius..=radius).map(|d| (-0.5 * (d as f32 / sigma).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

/// Convolution across rows, along x or along y, over the turned repeats.
fn blur(from: &[f32], to: &mut [f32], kernel: &[f32], axis: [usize; 2]) {
    let radius = kernel.len() / 2;
    for (number, out) in to.chunks_exact_mut(NZ).enumerate() {
        // The same row some periods on, so that no cell's number falls below zero.
        let (x, y) = (number % NX + 2 * NX - Y_TURN[0], number / NX + NY);
        let (_, turned_here) = row_of(x, y);
        out.fill(0.0);
        for (tap, weight) in kernel.iter().enumerate() {
            let (row, turned) =
                row_of(x + tap * axis[0] - radius * axis[0], y + tap * axis[1] - radius * axis[1]);
            let turn = (turned + 4 * NZ - turned_here) % NZ;
            let row = &from[row * NZ..][..NZ];
            let (head, tail) = out.split_at_mut(NZ - turn);
            head.iter_mut().zip(&row[turn..]).for_each(|(out, v)| *out += weight * v);
            tail.iter_mut().zip(&row[..turn]).for_each(|(out, v)| *out += weight * v);
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
        assert_eq!(tile.block(NX + 1, 7, 9), tile.block(1, 7, 9 + X_TURN));
        assert_eq!(tile.block(1, NY + 7, 9), tile.block(1 + Y_TURN[0], 7, 9 + Y_TURN[1]));
        for part in [&tile.re, &tile.im] {
            let power: f64 = part.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / part.len() as f64;
            assert!((power.sqrt() - f64::from(RMS)).abs() < 0.6, "standard deviation {}", power.sqrt());
        }
        let seam = |cells: [[usize; 2]; 2]| {
            let [a, b] = cells.map(|[x, y]| tile.block(x, y, 40).0.map(f64::from));
            a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>() / 16.0
        };
        let across = (0..64).map(|y| seam([[NX - 1, y], [NX, y]])).sum::<f64>() / 64.0;
        let along = (0..64).map(|x| seam([[x, NY - 1], [x, NY]])).sum::<f64>() / 64.0;
        let within = (0..64).map(|y| seam([[50, y], [51, y]])).sum::<f64>() / 64.0;
        assert!(across < 1.3 * within && along < 1.3 * within, "seams: {across} {along}, within {within}");
        let together: f64 = tile.re.iter().zip(&tile.im).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        assert!((together / tile.re.len() as f64).abs() < 10.0, "the components are independent");
    }
}
