//! From intensity to the picture: shadows, noise, gain, logarithm, smoothing, scan conversion.

use image::GrayImage;

use crate::beam::{Probe, SAMPLE};
use crate::config::Preset;
use crate::random::Key;
use crate::tile::BLOCK;

/// Shadow edges are softened across by this much, mm.
const SHADOW_SIGMA: f32 = 0.6;

/// Where the picture lies in the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Picture {
    /// Its corner and size in the frame, pixels.
    pub(crate) corner: [u32; 2],
    pub(crate) size: [u32; 2],
    pub(crate) mm_per_px: f32,
}

impl Picture {
    /// The largest picture of these millimetres that fits a room of the frame, centred across, at its top.
    pub(crate) fn fit(corner: [u32; 2], room: [u32; 2], width_mm: f32, depth_mm: f32) -> Self {
        let mm_per_px = (width_mm / room[0] as f32).max(depth_mm / room[1] as f32);
        let pixels = |mm: f32, most: u32| ((mm / mm_per_px).round() as u32).clamp(1, most);
        let size = [pixels(width_mm, room[0]), pixels(depth_mm, room[1])];
        Self { corner: [corner[0] + (room[0] - size[0]) / 2, corner[1]], size, mm_per_px }
    }

    /// A place of the frame in the beam's frame, lateral and depth in mm.
    pub(crate) fn to_beam(self, px: [f32; 2]) -> [f32; 2] {
        [
            (px[0] - self.corner[0] as f32 - 0.5 * self.size[0] as f32) * self.mm_per_px,
            (px[1] - self.corner[1] as f32) * self.mm_per_px,
        ]
    }

    /// Lateral and depth in mm as a place of the frame.
    pub(crate) fn to_px(self, mm: [f32; 2]) -> [f32; 2] {
        [
            mm[0] / self.mm_per_px + self.corner[0] as f32 + 0.5 * self.size[0] as f32,
            mm[1] / self.mm_per_px + self.corner[1] as f32,
        ]
    }
}

/// How much of the transducer's face has lost the skin, from 0 at `from` to all lines at `to` (mm across), and
/// the gain that someone turned, dB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Disturbance {
    pub(crate) no_contact: Option<[f32; 2]>,
    pub(crate) gain_db: f32,
}

/// Applies shadows and noise and compresses: grey of each sample, 0..1, before the curve; lines slowest.
pub(crate) fn compress(
    intensity: &[f32],
    attenuation: &mut [f32],
    probe: &Probe,
    preset: &Preset,
    key: Key,
    disturbance: &Disturbance,
) -> Vec<f32> {
    accumulate(attenuation, probe);
    soften(attenuation, probe);
    let depths = Depths::new(probe, preset);
    let mut out = vec![0.0; intensity.len()];
    let lines = intensity.chunks_exact(probe.samples).zip(attenuation.chunks_exact(probe.samples));
    for (line, ((power, shadow), out)) in lines.zip(out.chunks_exact_mut(probe.samples)).enumerate() {
        let lost = disturbance.no_contact.map_or(0.0, |range| lost(probe.line_x(line), range));
        let bits = key.lattice(line as i32, 0, 0);
        let (seed, loss) = (bits as u32, 60.0 * lost);
        for at in 0..probe.samples {
            // 10^(-dB / 10) as a power of two.
            let echo = power[at] * exp2(-0.332_193 * (shadow[at] + loss));
            let level =
                echo + lost * depths.reverberation[at] + depths.noise[at] * exponential(seed, at as u32);
            // 10 log10 as a logarithm of base two.
            let db = 3.010_3 * log2(level) + depths.gain[at] + disturbance.gain_db;
            out[at] = (db * depths.per_db + depths.offset).clamp(0.0, 1.0);
        }
    }
    out
}

/// What depends on the depth only.
struct Depths {
    noise: Vec<f32>,
    gain: Vec<f32>,
    reverberation: Vec<f32>,
    per_db: f32,
    offset: f32,
}

impl Depths {
    fn new(probe: &Probe, preset: &Preset) -> Self {
        let z = |at: usize| (at as f32 + 0.5) * SAMPLE;
        let power = |db: f32| 10.0_f32.powf(0.1 * db);
        let gain = |at: usize| {
            let knot = (z(at) / preset.depth_mm * 5.0).clamp(0.0, 4.999);
            let (low, part) = (knot as usize, knot.fract());
            preset.tgc_db[low] * (1.0 - part) + preset.tgc_db[low + 1] * part
        };
        // Bands between the face and the air before it, each 1.9 mm, weaker with each return.
        let band = |at: usize| {
            let nearest = (z(at) / 1.9).round();
            let off = (z(at) - 1.9 * nearest - 0.3) / 0.35;
            power(12.0 - 5.0 * nearest - 4.3 * off * off)
        };
        let samples = 0..probe.samples;
        Self {
            noise: samples
                .clone()
                .map(|at| power(preset.noise_db + 0.45 * (z(at) - 15.0).max(0.0)))
                .collect(),
            gain: samples.clone().map(gain).collect(),
            reverberation: samples.map(band).collect(),
            per_db: 1.0 / preset.dynamic_range_db,
            offset: (preset.dynamic_range_db - preset.reference_db) / preset.dynamic_range_db,
        }
    }
}

/// 0 with contact, 1 without, soft over 0.4 mm.
fn lost(x: f32, [from, to]: [f32; 2]) -> f32 {
    crate::noise::step(x - from, 0.8) * crate::noise::step(to - x, 0.8)
}

/// dB/mm to dB, down each line.
fn accumulate(attenuation: &mut [f32], probe: &Probe) {
    for line in attenuation.chunks_exact_mut(probe.samples) {
        let mut sum = 0.0;
        for value in line {
            sum += *value * SAMPLE;
            *value = sum;
        }
    }
}

/// Three running means across make nearly a Gaussian.
fn soften(values: &mut [f32], probe: &Probe) {
    // A mean of 2 r + 1 lines has variance r (r + 1) / 3; three of them have r (r + 1).
    let wanted = (SHADOW_SIGMA / probe.pitch).powi(2);
    let radius = ((((1.0 + 4.0 * wanted).sqrt() - 1.0) / 2.0).round() as usize).max(1);
    let weight = 1.0 / (2 * radius + 1) as f32;
    let mut before = values.to_vec();
    let mut sum = vec![0.0; probe.samples];
    for _ in 0..3 {
        before.copy_from_slice(values);
        let of = |line: i64| {
            let line = line.clamp(0, probe.lines as i64 - 1) as usize;
            &before[line * probe.samples..][..probe.samples]
        };
        sum.fill(0.0);
        let radius = radius as i64;
        for line in -radius..=radius {
            sum.iter_mut().zip(of(line)).for_each(|(sum, v)| *sum += v);
        }
        for (line, out) in values.chunks_exact_mut(probe.samples).enumerate() {
            let line = line as i64;
            let (enters, leaves) = (of(line + radius + 1), of(line - radius));
            for at in 0..probe.samples {
                out[at] = sum[at] * weight;
                sum[at] += enters[at] - leaves[at];
            }
        }
    }
}

/// An exponentially distributed number of mean one, from a count.
#[inline]
fn exponential(seed: u32, at: u32) -> f32 {
    let mut v = seed ^ at.wrapping_mul(0x9e37_79b9);
    v = (v ^ (v >> 16)).wrapping_mul(0x85eb_ca6b);
    v = (v ^ (v >> 13)).wrapping_mul(0xc2b2_ae35);
    // 24 bits keep the number above zero and exact.
    let unit = ((v >> 8) as f32 + 0.5) * (1.0 / 16_777_216.0);
    -std::f32::consts::LN_2 * log2(unit)
}

/// The logarithm to base two of a positive number, within 0.0002: a polynomial over the mantissa, which the compiler
/// can run in vectors where the library's cannot.
#[inline]
fn log2(v: f32) -> f32 {
    let bits = v.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    let series = -2.498_353 + m * (4.029_211_4 + m * (-2.078_335_2 + m * (0.626_032_2 - m * 0.078_440_68)));
    exponent as f32 + series
}

/// Two to a power, within 0.0002 of its value.
#[inline]
fn exp2(v: f32) -> f32 {
    let v = v.clamp(-120.0, 120.0) + 128.0;
    let whole = v as i32;
    let f = v - whole as f32;
    let series = 0.999_900_3 + f * (0.696_324_8 + f * (0.224_693_16 + f * 0.078_967_26));
    f32::from_bits(((whole - 1) << 23) as u32) * series
}

/// Smooths (and sharpens) the compressed samples in both directions.
pub(crate) fn smooth(samples: &mut [f32], probe: &Probe, preset: &Preset) {
    let side = (-0.5 / preset.smoothing.max(0.2).powi(2)).exp();
    let (side, middle) = (side / (1.0 + 2.0 * side), 1.0 / (1.0 + 2.0 * side));
    let mut above = vec![0.0; probe.samples];
    for line in samples.chunks_exact_mut(probe.samples) {
        above.copy_from_slice(line);
        for at in 1..probe.samples - 1 {
            line[at] = middle * above[at] + side * (above[at - 1] + above[at + 1]);
        }
    }
    let before = samples.to_vec();
    let of = |line: usize| &before[line * probe.samples..][..probe.samples];
    // Lines are wider apart than samples, so they are mixed half as much.
    let (side, middle) = (0.5 * side, 1.0 - side);
    let sharpen = preset.sharpening;
    for line in 2..probe.lines - 2 {
        let (a, b, c, d, e) = (of(line - 2), of(line - 1), of(line), of(line + 1), of(line + 2));
        let out = &mut samples[line * probe.samples..][..probe.samples];
        for at in 0..probe.samples {
            let near = b[at] + d[at];
            let soft = middle * c[at] + side * near;
            let wide = 0.2 * (a[at] + near + c[at] + e[at]);
            out[at] = soft + sharpen * (soft - wide);
        }
    }
}

/// Draws the samples into the frame.
pub(crate) fn convert(
    samples: &[f32],
    probe: &Probe,
    preset: &Preset,
    picture: &Picture,
    frame: &mut GrayImage,
) {
    let [width, height] = picture.size.map(|px| px as usize);
    let rows = rows_of(samples, probe, picture, height);
    let curve: Vec<u8> = (0..=1024)
        .map(|level| (255.0 * (level as f32 / 1024.0).powf(1.0 + preset.curve)).round() as u8)
        .collect();
    let across: Vec<(usize, [f32; 4])> = (0..width)
        .map(|column| {
            let x = (column as f32 + 0.5 - 0.5 * width as f32) * picture.mm_per_px;
            let line =
                (x / probe.pitch + 0.5 * (probe.lines as f32 - 1.0)).clamp(0.0, probe.lines as f32 - 1.001);
            (line as usize, cubic(line.fract()))
        })
        .collect();
    let stride = frame.width() as usize;
    let start = picture.corner[1] as usize * stride + picture.corner[0] as usize;
    let out = frame.get_mut(start..).unwrap_or_default();
    for (row, out) in rows.chunks_exact(probe.lines + 3).zip(out.chunks_mut(stride)) {
        for (pixel, (line, w)) in out.iter_mut().zip(&across) {
            let near = &row[*line..*line + 4];
            let grey = w[0] * near[0] + w[1] * near[1] + w[2] * near[2] + w[3] * near[3];
            *pixel = curve[(grey * 1024.0 + 0.5).clamp(0.0, 1024.0) as usize];
        }
    }
}

/// The samples of each row of the picture, lines along it, with one line more on the left and two on the right.
fn rows_of(samples: &[f32], probe: &Probe, picture: &Picture, height: usize) -> Vec<f32> {
    let stride = probe.lines + 3;
    let mut rows = vec![0.0; height * stride];
    let down: Vec<(usize, f32)> = (0..height)
        .map(|row| {
            let at = ((row as f32 + 0.5) * picture.mm_per_px / SAMPLE - 0.5)
                .clamp(0.0, probe.samples as f32 - 1.001);
            (at as usize, at.fract())
        })
        .collect();
    // A few lines at a time, so that the rows they are written to stay in the cache.
    for (band, lines) in samples.chunks(probe.samples * BLOCK).enumerate() {
        for (row, (at, part)) in down.iter().enumerate() {
            for (line, values) in lines.chunks_exact(probe.samples).enumerate() {
                rows[row * stride + 1 + band * BLOCK + line] =
                    values[*at] * (1.0 - part) + values[*at + 1] * part;
            }
        }
    }
    for row in rows.chunks_exact_mut(stride) {
        row[0] = row[1];
        row[stride - 2] = row[stride - 3];
        row[stride - 1] = row[stride - 3];
    }
    rows
}

/// Weights of the four lines around a place (Catmull and Rom).
fn cubic(f: f32) -> [f32; 4] {
    [
        f * (-0.5 + f * (1.0 - 0.5 * f)),
        1.0 + f * f * (-2.5 + 1.5 * f),
        f * (0.5 + f * (2.0 - 1.5 * f)),
        f * f * (-0.5 + 0.5 * f),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_powers_and_logarithms_are_within_what_they_say() {
        for step in 0..4000 {
            let v = -60.0 + step as f32 * 0.03;
            let power = exp2(v);
            assert!((power / v.exp2() - 1.0).abs() < 3e-4, "2^{v} is not {power}");
            assert!((log2(v.exp2()) - v).abs() < 3e-4, "log2 of 2^{v} is not {}", log2(v.exp2()));
        }
    }
}
