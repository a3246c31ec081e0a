//! The beam sum: what each line of the transducer receives, before any filter. The hot loop of the phantom.
//!
//! For line x and depth z, B = sum over taps k of `w_k(z) exp(i 2 k0 Rzy y_k) [A(p) N(p) + S(p)]` with
//! p = t + R (x, `y_k`, z): A diffuse and S specular amplitude of the volume, N the speckle tile. The place is
//! taken once for each block of 16 samples (1.2 mm), within which the tile is read nearest in x and z and
//! linearly in y, so that the loop over a block has no index in it and runs in vector registers.

use crate::anatomy::{ATTENUATION_STEP, Column, PITCH as VOXEL, View};
use crate::config::Elevation;
use crate::pose::Pose;
use crate::tile::{self, BLOCK, Tile};

/// Samples of a line, mm apart.
pub(crate) const SAMPLE: f32 = tile::PITCH_Z;
/// Elevational taps, mm apart.
const TAP: f32 = 0.28;
/// 4 π f / c at 10 MHz, rad/mm.
pub(crate) const TWO_K0: f32 = 82.0;
/// The correlation of neighbouring cells of the tile: exp(-0.09² / (4 · 0.16²)).
const NEIGHBOUR: f32 = 0.923_9;

/// The lines of a linear transducer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) lines: usize,
    /// Lines are this far apart, mm.
    pub(crate) pitch: f32,
    /// Samples down a line, a multiple of [`BLOCK`].
    pub(crate) samples: usize,
    pub(crate) elevation: Elevation,
}

impl Probe {
    /// Where a line lies across, mm from the middle.
    #[inline]
    pub(crate) fn line_x(&self, line: usize) -> f32 {
        (line as f32 - 0.5 * (self.lines as f32 - 1.0)) * self.pitch
    }
}

/// What the lines received: complex echoes, and the excess attenuation met, in dB/mm; lines slowest.
pub(crate) struct Beams {
    pub(crate) re: Vec<f32>,
    pub(crate) im: Vec<f32>,
    pub(crate) attenuation: Vec<f32>,
}

impl Elevation {
    /// Standard deviation of the elevational profile at a depth, mm.
    pub(crate) fn sigma(self, z: f32) -> f32 {
        let opening = (2.2 * (z / self.focus_mm - 1.0)).powi(2) * if z < self.focus_mm { 0.35 } else { 1.0 };
        (self.width_mm * self.width_mm + opening).sqrt() / 2.355
    }

    /// Farthest tap from the plane at a depth, mm.
    pub(crate) fn reach(self, z: f32) -> f32 {
        2.3 * self.sigma(z) + TAP
    }
}

/// The weights of the taps -n..=n at one depth, so that plain speckle has unit power.
fn taps(elevation: Elevation, z: f32) -> Vec<f32> {
    let variance = elevation.sigma(z).powi(2) - tile::SIGMA_XY.powi(2);
    let count = (2.3 * variance.sqrt() / TAP).round() as i32;
    let weight = |k: i32| (-(k as f32 * TAP).powi(2) / (2.0 * variance)).exp();
    let mut power = 0.0;
    for k in -count..=count {
        for l in -count..=count {
            let apart = (k - l) as f32 * TAP;
            power += weight(k) * weight(l) * (-apart * apart / (4.0 * tile::SIGMA_XY.powi(2))).exp();
        }
    }
    (-count..=count).map(|k| weight(k) / power.sqrt()).collect()
}

/// The tables that every line shares.
struct Tables {
    amplitude: [f32; 256],
    /// By block: the weights of its taps.
    weights: Vec<Vec<f32>>,
    most: i32,
}

/// Sums the beams of one frame; `shift` is where this breast begins in the tile, mm.
pub(crate) fn sum(view: &View<'_>, tile: &Tile, shift: [f32; 3], probe: &Probe, pose: &Pose) -> Beams {
    let blocks = probe.samples / BLOCK;
    let weights: Vec<Vec<f32>> = (0..blocks)
        .map(|block| taps(probe.elevation, (block as f32 + 0.5) * BLOCK as f32 * SAMPLE))
        .collect();
    let most = weights.iter().map(|w| w.len() as i32 / 2).max().unwrap_or(0);
    let tables = Tables { amplitude: crate::anatomy::amplitudes(), weights, most };
    let count = probe.lines * probe.samples;
    let mut beams = Beams { re: vec![0.0; count], im: vec![0.0; count], attenuation: vec![0.0; count] };
    let scene = Scene { view, tile, shift, pose };
    let lines = beams
        .re
        .chunks_exact_mut(probe.samples)
        .zip(beams.im.chunks_exact_mut(probe.samples))
        .zip(beams.attenuation.chunks_exact_mut(probe.samples));
    for (line, ((re, im), attenuation)) in lines.enumerate() {
        sum_line(&scene, &tables, probe.line_x(line), re, im);
        attenuate(view, pose, probe.line_x(line), attenuation);
    }
    beams
}

/// What a frame's lines are summed from.
struct Scene<'a> {
    view: &'a View<'a>,
    tile: &'a Tile,
    shift: [f32; 3],
    pose: &'a Pose,
}

fn sum_line(scene: &Scene<'_>, tables: &Tables, x: f32, re: &mut [f32], im: &mut [f32]) {
    let Scene { view, tile, shift, pose } = *scene;
    let down = [pose.r[0][2], pose.r[1][2], pose.r[2][2]];
    for k in -tables.most..=tables.most {
        let y = k as f32 * TAP;
        let (sin, cos) = (TWO_K0 * (pose.r[2][0] * x + pose.r[2][1] * y)).sin_cos();
        let top = pose.to_breast([x, y, 0.0]);
        let blocks = re.chunks_exact_mut(BLOCK).zip(im.chunks_exact_mut(BLOCK)).zip(&tables.weights);
        for (number, ((re, im), weights)) in blocks.enumerate() {
            let half = weights.len() as i32 / 2;
            let Some(&weight) = weights.get((k + half).max(0) as usize).filter(|_| k >= -half) else {
                continue;
            };
            let z = (number as f32 + 0.5) * BLOCK as f32 * SAMPLE;
            let p = [top[0] + down[0] * z, top[1] + down[1] * z, top[2] + down[2] * z];
            let column = view.column(p[0], p[1]);
            // The first sample's place, in samples of breast space.
            let first = ((p[2] * (1.0 / SAMPLE)) - 0.5 * BLOCK as f32 + 0.5).max(0.0) as usize;
            let (Ok(re), Ok(im)) = (re.try_into(), im.try_into()) else { continue };
            let speckle = speckle(tile, shift, p);
            add(column, first, &tables.amplitude, &speckle, [weight * cos, weight * sin], re, im);
        }
    }
}

/// The two rows of the tile on either side of a place, and how far it lies towards the second.
struct Speckle<'a> {
    near: (&'a [i8; BLOCK], &'a [i8; BLOCK]),
    far: (&'a [i8; BLOCK], &'a [i8; BLOCK]),
    part: f32,
}

#[inline]
fn speckle(tile: &Tile, shift: [f32; 3], p: [f32; 3]) -> Speckle<'_> {
    let [x, y, z]: [f32; 3] = std::array::from_fn(|axis| p[axis] + shift[axis]);
    // Whole periods are added so that cells are counted from 0 and truncation is a floor.
    let i = (x * (1.0 / tile::PITCH_XY) + (8 * tile::NX) as f32 + 0.5) as usize;
    let v = y * (1.0 / tile::PITCH_XY) + (2 * tile::NY) as f32;
    let j = v as usize;
    let k = (z * (1.0 / tile::PITCH_Z) + (tile::NZ as f32 + 0.5 - 0.5 * BLOCK as f32)) as usize;
    Speckle { near: tile.block(i, j, k), far: tile.block(i, j + 1, k), part: v - j as f32 }
}

/// The amplitudes of a block: two samples a voxel, beginning at sample `first` of the column.
#[inline]
fn decode(codes: &[u8], first: usize, amplitude: &[f32; 256]) -> [f32; BLOCK + 2] {
    let start = (first / 2).min(codes.len() - BLOCK / 2 - 1);
    let mut out = [0.0; BLOCK + 2];
    for (pair, code) in out.chunks_exact_mut(2).zip(&codes[start..]) {
        pair.fill(amplitude[usize::from(*code)]);
    }
    out
}

/// Adds one tap to a block.
#[inline]
fn add(
    column: Column<'_>,
    first: usize,
    amplitude: &[f32; 256],
    speckle: &Speckle<'_>,
    [cos, sin]: [f32; 2],
    re: &mut [f32; BLOCK],
    im: &mut [f32; BLOCK],
) {
    let diffuse = decode(column.diffuse, first, amplitude);
    let specular = decode(column.specular, first, amplitude);
    let (diffuse, specular) = (&diffuse[first & 1..][..BLOCK], &specular[first & 1..][..BLOCK]);
    // The complex noise has unit power, half in each component; between two cells interpolation loses some.
    let lost = 2.0 * speckle.part * (1.0 - speckle.part) * (1.0 - NEIGHBOUR);
    let unit = std::f32::consts::FRAC_1_SQRT_2 / (tile::RMS * (1.0 - lost).sqrt());
    let (near, far) = ((1.0 - speckle.part) * unit, speckle.part * unit);
    for at in 0..BLOCK {
        let n_re = f32::from(speckle.near.0[at]) * near + f32::from(speckle.far.0[at]) * far;
        let n_im = f32::from(speckle.near.1[at]) * near + f32::from(speckle.far.1[at]) * far;
        let (e_re, e_im) = (diffuse[at] * n_re + specular[at], diffuse[at] * n_im);
        re[at] += cos * e_re - sin * e_im;
        im[at] += cos * e_im + sin * e_re;
    }
}

/// The excess attenuation along the middle of the beam.
fn attenuate(view: &View<'_>, pose: &Pose, x: f32, out: &mut [f32]) {
    for (number, block) in out.chunks_exact_mut(BLOCK).enumerate() {
        let p = pose.to_breast([x, 0.0, (number as f32 + 0.5) * BLOCK as f32 * SAMPLE]);
        let codes = view.column(p[0], p[1]).attenuation;
        let first = ((p[2] - 0.5 * BLOCK as f32 * SAMPLE) / VOXEL[2]).max(0.0) as usize;
        for (pair, code) in block.chunks_exact_mut(2).zip(codes.iter().skip(first)) {
            pair.fill(f32::from(*code) * ATTENUATION_STEP);
        }
    }
}
