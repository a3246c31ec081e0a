//! From echoes to intensity: the axial and lateral resolution, and the mean of three looks.
//!
//! A look at another angle is a shifted band of lateral frequencies: B times exp(i m κ x), m = -1, 0, 1, filtered
//! by a Gaussian. The looks at -κ and κ share their real filters (cosine and sine), so three cost little more
//! than one.

use crate::beam::{Beams, Probe, SAMPLE};
use crate::tile;

/// Lateral frequency between looks, rad/mm: with 7 the looks are alike enough to leave the SNR at 2.8.
const KAPPA: f32 = 9.0;

/// The resolution of the picture, mm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolution {
    pub(crate) lateral: f32,
    pub(crate) axial: f32,
    pub(crate) compounded: bool,
}

impl Resolution {
    /// One look.
    #[cfg(test)]
    pub(crate) const ONE_LOOK: Self = Self { lateral: 0.19, axial: 0.10, compounded: false };
    /// Three looks.
    pub(crate) const COMPOUND: Self = Self { lateral: 0.28, axial: 0.10, compounded: true };
    /// Three looks far from the focus.
    pub(crate) const DEFOCUSED: Self = Self { lateral: 0.7, axial: 0.22, compounded: true };
}

/// Half a symmetric kernel (the middle first) of unit sum that brings the tile's resolution to the wanted one.
fn kernel(wanted: f32, tile: f32, pitch: f32) -> Vec<f32> {
    let sigma = (wanted * wanted - tile * tile).max(1e-6).sqrt() / pitch;
    let radius = (2.7 * sigma).ceil().max(1.0) as usize;
    let half: Vec<f32> = (0..=radius).map(|d| (-0.5 * (d as f32 / sigma).powi(2)).exp()).collect();
    let sum = half[0] + 2.0 * half[1..].iter().sum::<f32>();
    half.iter().map(|w| w / sum).collect()
}

/// The power that plain speckle keeps through a kernel turned by `kappa`.
fn kept(half: &[f32], tile: f32, pitch: f32, kappa: f32) -> f32 {
    let radius = half.len() as i32 - 1;
    let mut power = 0.0;
    for a in -radius..=radius {
        for b in -radius..=radius {
            let apart = (a - b) as f32 * pitch;
            power += half[a.unsigned_abs() as usize]
                * half[b.unsigned_abs() as usize]
                * (kappa * apart).cos()
                * (-apart * apart / (4.0 * tile * tile)).exp();
        }
    }
    power
}

/// Intensity of each sample, gland being 1 on average; lines slowest.
pub(crate) fn intensity(beams: &Beams, probe: &Probe, resolution: Resolution) -> Vec<f32> {
    let axial = kernel(resolution.axial, tile::SIGMA_Z, SAMPLE);
    let re = filter_down(&beams.re, probe.samples, &axial);
    let im = filter_down(&beams.im, probe.samples, &axial);
    let lateral = kernel(resolution.lateral, tile::SIGMA_XY, probe.pitch);
    let axial_power = kept(&axial, tile::SIGMA_Z, SAMPLE, 0.0);
    let power = |kappa| 1.0 / (axial_power * kept(&lateral, tile::SIGMA_XY, probe.pitch, kappa));
    let mut out = vec![0.0; re.len()];
    for (line, out) in out.chunks_exact_mut(probe.samples).enumerate() {
        if resolution.compounded {
            let powers = [power(0.0) / 3.0, power(KAPPA) / 3.0];
            three_looks([&re, &im], line, probe, &lateral, powers, out);
        } else {
            one_look([&re, &im], line, probe, &lateral, power(0.0), out);
        }
    }
    out
}

/// Convolution down each line.
fn filter_down(values: &[f32], samples: usize, half: &[f32]) -> Vec<f32> {
    let radius = half.len() - 1;
    let mut out = Vec::with_capacity(values.len());
    let mut padded = vec![0.0; samples + 2 * radius];
    for line in values.chunks_exact(samples) {
        padded[radius..radius + samples].copy_from_slice(line);
        let start = out.len();
        out.extend(line.iter().map(|v| v * half[0]));
        for (d, w) in half.iter().enumerate().skip(1) {
            let (above, below) = (&padded[radius - d..], &padded[radius + d..]);
            for ((out, a), b) in out[start..].iter_mut().zip(above).zip(below) {
                *out += w * (a + b);
            }
        }
    }
    out
}

/// The lines `d` to either side, the border's own where there is none.
fn either_side<'a>(values: &'a [f32], line: usize, d: usize, probe: &Probe) -> [&'a [f32]; 2] {
    let of = |line: usize| &values[line * probe.samples..][..probe.samples];
    // At the border the line is mirrored into the aperture.
    let left = line.abs_diff(d);
    let right = if line + d < probe.lines { line + d } else { 2 * (probe.lines - 1) - line - d };
    [of(left), of(right)]
}

fn one_look(parts: [&[f32]; 2], line: usize, probe: &Probe, half: &[f32], power: f32, out: &mut [f32]) {
    let mut sum = vec![0.0; probe.samples];
    for values in parts {
        sum.fill(0.0);
        for (d, w) in half.iter().enumerate() {
            let [left, right] = either_side(values, line, d, probe);
            let w = if d == 0 { 0.5 * w } else { *w };
            for ((sum, l), r) in sum.iter_mut().zip(left).zip(right) {
                *sum += w * (l + r);
            }
        }
        for (out, sum) in out.iter_mut().zip(&sum) {
            *out += power * sum * sum;
        }
    }
}

fn three_looks(
    parts: [&[f32]; 2],
    line: usize,
    probe: &Probe,
    half: &[f32],
    powers: [f32; 2],
    out: &mut [f32],
) {
    let [straight, aside] = powers;
    let [mut g, mut c, mut s]: [Vec<f32>; 3] = std::array::from_fn(|_| vec![0.0; probe.samples]);
    for values in parts {
        g.fill(0.0);
        c.fill(0.0);
        s.fill(0.0);
        for (d, w) in half.iter().enumerate() {
            let [left, right] = either_side(values, line, d, probe);
            let w = if d == 0 { 0.5 * w } else { *w };
            let (sin, cos) = (KAPPA * d as f32 * probe.pitch).sin_cos();
            let (w_cos, w_sin) = (w * cos, w * sin);
            for at in 0..probe.samples {
                let (even, odd) = (left[at] + right[at], right[at] - left[at]);
                g[at] += w * even;
                c[at] += w_cos * even;
                s[at] += w_sin * odd;
            }
        }
        // |C + iS|² + |C - iS|² = 2 (|C|² + |S|²), whichever part they are of.
        for at in 0..probe.samples {
            out[at] += straight * g[at] * g[at] + 2.0 * aside * (c[at] * c[at] + s[at] * s[at]);
        }
    }
}
