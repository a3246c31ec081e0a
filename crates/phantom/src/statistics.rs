//! The statistics that real speckle has, measured on plain gland without display.

use crate::anatomy::Slab;
use crate::beam::{self, Probe, SAMPLE};
use crate::compound::{self, Resolution};
use crate::config::Elevation;
use crate::phantom;
use crate::pose::{Pose, Turn};
use crate::tile;

const PROBE: Probe = Probe { lines: 192, pitch: 0.2, samples: 400, elevation: Elevation::METHOD };

/// Intensity of plain gland at a pose.
fn plain(pose: &Pose, resolution: Resolution) -> Vec<f32> {
    let slab = Slab::plain(PROBE.samples);
    let beams = beam::sum(&slab.view(), phantom::tile(), [3.0, 5.0, 2.0], &PROBE, pose);
    compound::intensity(&beams, &PROBE, resolution)
}

/// The samples between two depths, borders of the aperture left out.
fn band(intensity: &[f32], from: f32, to: f32) -> Vec<f64> {
    let lines = intensity.chunks_exact(PROBE.samples).skip(6).take(PROBE.lines - 12);
    let range = (from / SAMPLE) as usize..(to / SAMPLE) as usize;
    lines.flat_map(|line| line[range.clone()].iter().map(|v| f64::from(*v))).collect()
}

fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    (mean, variance.sqrt())
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let ((mean_a, sd_a), (mean_b, sd_b)) = (mean_and_sd(a), mean_and_sd(b));
    a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>() / (a.len() as f64 * sd_a * sd_b)
}

/// Poses that read different parts of the tile.
fn places() -> impl Iterator<Item = Pose> {
    (0..24).map(|i| Pose { t_mm: [0.37 * i as f32, 1.1 + 1.93 * i as f32, 0.0], ..Pose::upright(0.0) })
}

fn amplitude_snr(resolution: Resolution) -> (f64, f64, f64) {
    let all: Vec<f64> = places().flat_map(|pose| band(&plain(&pose, resolution), 2.0, 28.0)).collect();
    let (mean, sd) = mean_and_sd(&all.iter().map(|v| v.sqrt()).collect::<Vec<_>>());
    let (_, log_sd) = mean_and_sd(&all.iter().map(|v| 10.0 * v.max(1e-12).log10()).collect::<Vec<_>>());
    (mean / sd, log_sd, mean_and_sd(&all).0)
}

#[test]
fn one_look_is_fully_developed_speckle() {
    let (snr, log_sd, power) = amplitude_snr(Resolution::ONE_LOOK);
    eprintln!("one look: SNR {snr:.3}, log s.d. {log_sd:.3} dB, mean power {power:.3}");
    assert!((snr - 1.91).abs() < 0.03, "SNR {snr}");
    assert!((log_sd - 5.57).abs() < 0.1, "log s.d. {log_sd} dB");
    assert!((power - 1.0).abs() < 0.04, "gland is 0 dB by definition, not a power of {power}");
}

#[test]
fn three_looks_smooth_the_speckle() {
    let (snr, _, power) = amplitude_snr(Resolution::COMPOUND);
    eprintln!("three looks: SNR {snr:.3}, mean power {power:.3}");
    assert!((2.85..3.2).contains(&snr), "SNR {snr}");
    assert!((power - 1.0).abs() < 0.04, "mean power {power}");
}

#[test]
fn speckle_decorrelates_with_the_elevational_step_as_the_beam_is_wide() {
    let bands = [(3.0, 5.0), (17.0, 19.0), (26.0, 28.0)];
    for step in [0.025_f32, 0.1, 0.2, 0.3, 0.5] {
        let mut pairs = vec![(Vec::new(), Vec::new()); bands.len()];
        for pose in places() {
            let first = plain(&pose, Resolution::ONE_LOOK);
            let second = plain(&pose.moved([0.0, step, 0.0]), Resolution::ONE_LOOK);
            for ((a, b), (from, to)) in pairs.iter_mut().zip(bands) {
                a.extend(band(&first, from, to));
                b.extend(band(&second, from, to));
            }
        }
        for ((a, b), (from, to)) in pairs.iter().zip(bands) {
            let sigma = Elevation::METHOD.sigma(0.5 * (from + to));
            let theory = f64::from((-step * step / (2.0 * sigma * sigma)).exp());
            let seen = correlation(a, b);
            eprintln!("depth {from}..{to} step {step}: {seen:.3}, theory {theory:.3}");
            assert!((seen - theory).abs() < 0.02, "depth {from}..{to} step {step}: {seen}, theory {theory}");
        }
    }
}

/// Two Gaussian beams whose middles lie d apart, one with a phase that turns along y: the intensity correlation
/// is exp(-d² / 2 sy²) exp(-q² st⁴ / 2 sy²), with q = 2 k0 sin(tilt) and st² = sy² less the tile's own variance.
/// The prototype gave 0.94, 0.85, 0.58, 0.16, a little under this theory (0.97, 0.90, 0.65, 0.17).
#[test]
fn speckle_decorrelates_as_the_probe_tilts() {
    for (degrees, prototype) in [(0.25_f32, 0.94), (0.5, 0.85), (1.0, 0.58), (2.0, 0.16)] {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for pose in places() {
            let tilted = Pose::turned(pose.t_mm, Turn { tilt: degrees, ..Turn::default() });
            a.extend(band(&plain(&pose, Resolution::ONE_LOOK), 17.0, 19.0));
            b.extend(band(&plain(&tilted, Resolution::ONE_LOOK), 17.0, 19.0));
        }
        let sin = degrees.to_radians().sin();
        let variance = Elevation::METHOD.sigma(18.0).powi(2);
        let taps = variance - tile::SIGMA_XY.powi(2);
        let (moved, turned) = ((18.0 * sin).powi(2), (beam::TWO_K0 * sin * taps).powi(2));
        let theory = f64::from((-(moved + turned) / (2.0 * variance)).exp());
        let seen = correlation(&a, &b);
        eprintln!("tilt {degrees}: {seen:.3}, theory {theory:.3}, prototype {prototype}");
        assert!((seen - theory).abs() < 0.025, "tilt {degrees}: {seen}, theory {theory}");
        assert!((seen - prototype).abs() < 0.09, "tilt {degrees}: {seen}, prototype {prototype}");
    }
}
