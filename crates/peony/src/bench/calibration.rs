//! `peony bench calibration`: what sweeps of known length make of a probe that nobody has measured.
//!
//! The phantom is scanned as a real probe would be: its frames do not say that they are the phantom's, and each [`Probe`] has another beam
//! and another processing than those that the method was measured with. Sweeps of known length over some breasts make the
//! calibration; lengths are read over others, led straight, by hand and turning, with it and with the beam that is assumed without.

use std::io::Write;

use anyhow::{Result, bail};
use peony_dicom::Equipment;
use peony_model::{CalibrationSource, Frame, MmPerPx, Spacing};
use peony_phantom::{Elevation, MassPlan, PathKind, Phantom, PhantomConfig, Preset};
use peony_ultrasound::calibrate::{Calibration, KnownSweep, fit};
use peony_ultrasound::{Mode, Pipeline, step};
use serde::Serialize;

use crate::calibration::file::{CalibrationFile, SweepRecord};
use crate::cli::BenchCalibrationArgs;
use crate::evaluate::metrics::wilson;
use crate::exit::Outcome;
use crate::progress;

/// The first breast that sweeps of known length are led over: none that any other bench or test scans.
const CALIBRATED_ON: u64 = 400_000;
/// How long those sweeps are, mm, and at which speeds they are led, mm/s.
const KNOWN_MM: f32 = 60.0;
const SPEEDS_MM_S: [f32; 3] = [8.0, 12.0, 10.0];
/// Lengths are within this share of the truth, or not.
const WITHIN: f32 = 0.10;

/// A probe with its preset, as the phantom plays it.
struct Probe {
    name: &'static str,
    elevation: Elevation,
    /// Smoothing, sharpening, dynamic range in dB, curve.
    processing: [f32; 4],
}

const PROBES: [Probe; 4] = [
    Probe {
        name: "thin",
        elevation: Elevation { focus_mm: 15.0, width_mm: 0.7 },
        processing: [0.6, 0.6, 60.0, 0.55],
    },
    Probe {
        name: "thick",
        elevation: Elevation { focus_mm: 20.0, width_mm: 1.4 },
        processing: [1.2, 0.0, 76.0, 0.2],
    },
    Probe {
        name: "near",
        elevation: Elevation { focus_mm: 11.0, width_mm: 1.0 },
        processing: [0.8, 0.3, 66.0, 0.4],
    },
    Probe {
        name: "far",
        elevation: Elevation { focus_mm: 28.0, width_mm: 1.1 },
        processing: [1.0, 0.1, 72.0, 0.3],
    },
];

impl Probe {
    fn preset(&self, seed: u64) -> Preset {
        let [smoothing, sharpening, dynamic_range_db, curve] = self.processing;
        // One preset has one depth; gains are the hand's.
        let drawn = Preset::drawn(seed);
        Preset {
            depth_mm: 36.0,
            smoothing,
            sharpening,
            dynamic_range_db,
            curve,
            elevation: self.elevation,
            ..drawn
        }
    }

    fn breast(&self, seed: u64, path: PathKind, speed_mm_s: f32, length_mm: f32) -> Result<Phantom> {
        let masses = MassPlan::Normal;
        let preset = Some(self.preset(seed));
        let config =
            PhantomConfig { path, preset, speed_mm_s, length_mm, masses, ..PhantomConfig::default() };
        Ok(Phantom::new(seed, &config)?)
    }
}

/// The last line of `--json`.
#[derive(Debug, Serialize)]
struct Report {
    seeds: [u64; 2],
    sweeps: u64,
    probes: Vec<OfProbe>,
}

#[derive(Debug, Serialize)]
struct OfProbe {
    probe: &'static str,
    relative_error: f32,
    gain: f32,
    with: Lengths,
    without: Lengths,
}

/// Lengths read over true ones.
#[derive(Debug, Serialize)]
struct Lengths {
    mean_ratio: f32,
    sd: f32,
    within_10: f64,
    worst: f32,
    #[serde(skip)]
    count: [usize; 2],
}

impl Lengths {
    fn of(ratios: &[f32]) -> Self {
        let count = ratios.len().max(1) as f32;
        let mean_ratio = ratios.iter().sum::<f32>() / count;
        let variance =
            ratios.iter().map(|ratio| (ratio - mean_ratio).powi(2)).sum::<f32>() / (count - 1.0).max(1.0);
        let within = ratios.iter().filter(|ratio| (*ratio - 1.0).abs() <= WITHIN).count();
        let worst = ratios.iter().map(|ratio| (ratio - 1.0).abs()).fold(0.0, f32::max);
        let within_10 = within as f64 / f64::from(count);
        Self { mean_ratio, sd: variance.sqrt(), within_10, worst, count: [within, ratios.len()] }
    }

    fn write(&self, out: &mut impl Write, name: &str) -> std::io::Result<()> {
        let Self { mean_ratio, sd, worst, count: [within, of], .. } = self;
        let interval = wilson(*within, *of).and_then(|estimate| estimate.ci95).unwrap_or_default();
        writeln!(
            out,
            "  {name:<20} {mean_ratio:>6.3} ± {sd:.3}   worst {:>4.0} %   within 10 %: {within:>3} of {of:<3} ({:.2}–{:.2})",
            worst * 100.0,
            interval[0],
            interval[1],
        )
    }
}

/// Calibrates and measures.
///
/// # Errors
/// Where there is no such probe, or its sweeps make no calibration.
pub fn run(args: &BenchCalibrationArgs) -> Result<Outcome> {
    let probes: Vec<&Probe> =
        PROBES.iter().filter(|probe| args.probe.as_deref().is_none_or(|n| n == probe.name)).collect();
    if probes.is_empty() {
        bail!("no such probe; there are {}", PROBES.map(|probe| probe.name).join(", "));
    }
    let measured = (args.seeds.end - args.seeds.start) as usize;
    let bar = progress::files(probes.len() * (measured + args.sweeps as usize));
    let mut out = std::io::stdout().lock();
    let mut of_probes = Vec::new();
    for probe in probes {
        let file = calibrated(probe, args.sweeps, || bar.inc(1))?;
        if let Some(folder) = &args.keep {
            file.write(&folder.join(format!("{}.toml", probe.name)))?;
        }
        let calibration = file.calibration();
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for seed in args.seeds.clone() {
            let [read, assumed] = ratios(probe, seed, &calibration)?;
            with.push(read);
            without.push(assumed);
            bar.inc(1);
        }
        let of_probe = OfProbe {
            probe: probe.name,
            relative_error: calibration.record.relative_error,
            gain: calibration.beam.gain,
            with: Lengths::of(&with),
            without: Lengths::of(&without),
        };
        let Elevation { focus_mm, width_mm } = probe.elevation;
        bar.suspend(|| {
            writeln!(
                out,
                "{}: focus {focus_mm} mm, {width_mm} mm thick; gain {:.2}, stated ± {:.0} %",
                probe.name,
                calibration.beam.gain,
                calibration.record.relative_error * 100.0
            )?;
            of_probe.with.write(&mut out, "calibrated")?;
            of_probe.without.write(&mut out, "assumed beam")
        })?;
        of_probes.push(of_probe);
    }
    bar.finish_and_clear();
    if args.json {
        let report =
            Report { seeds: [args.seeds.start, args.seeds.end], sweeps: args.sweeps, probes: of_probes };
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(Outcome::Done)
}

fn calibrated(probe: &Probe, sweeps: u64, done: impl Fn()) -> Result<CalibrationFile> {
    let mut known = Vec::new();
    for number in 0..sweeps {
        let speed = SPEEDS_MM_S[number as usize % SPEEDS_MM_S.len()];
        let phantom = probe.breast(CALIBRATED_ON + number, PathKind::Freehand, speed, KNOWN_MM)?;
        let mut pipeline = Pipeline::new(None, Mode::Sweep);
        let mut sweep = KnownSweep::default();
        let mut ends = [None; 2];
        for made in phantom.sweep().build_ahead() {
            let along = made.truth.pose.t_mm[1];
            ends = [ends[0].or(Some(along)), Some(along)];
            let frame = as_of_a_probe(made.frame);
            sweep.observe(&step(&mut pipeline, &frame).volume, frame.time_ns);
        }
        let [Some(from), Some(to)] = ends else { bail!("the phantom made no frame") };
        known.push((sweep, to - from));
        done();
    }
    let sweeps: Vec<(&KnownSweep, f32)> = known.iter().map(|(sweep, length)| (sweep, *length)).collect();
    let fitted = fit(&sweeps)?;
    let record = |(&(_, length_mm), &read_mm): (&(KnownSweep, f32), &f32)| SweepRecord { length_mm, read_mm };
    let sweeps = known.iter().zip(&fitted.read_mm).map(record).collect();
    let beam = (&fitted.beam, fitted.relative_error);
    Ok(CalibrationFile::new([probe.name, ""], beam, sweeps, &Equipment::default(), None))
}

/// The length of one breast's sweep over the true one, as it is read with the calibration and with the assumed beam.
fn ratios(probe: &Probe, seed: u64, calibration: &Calibration) -> Result<[f32; 2]> {
    let path = [PathKind::Straight, PathKind::Freehand, PathKind::Turning][(seed % 3) as usize];
    let speed = 6.0 + (seed * 7 % 11) as f32;
    let phantom = probe.breast(seed * 3 + 1, path, speed, 60.0)?;
    let [mut with, mut without] = [(); 2].map(|()| Pipeline::new(None, Mode::Sweep));
    with.calibrate(Some(calibration.clone()));
    let (mut ends, mut read) = ([None; 2], [0.0; 2]);
    for made in phantom.sweep().build_ahead() {
        let along = made.truth.pose.t_mm[1];
        ends = [ends[0].or(Some(along)), Some(along)];
        // As the phantom's own it is read with the beam that is assumed of any probe.
        let assumed = step(&mut without, &made.frame).volume.path_mm;
        let known = step(&mut with, &as_of_a_probe(made.frame)).volume.path_mm;
        read = [known.unwrap_or(read[0]), assumed.unwrap_or(read[1])];
    }
    let [Some(from), Some(to)] = ends else { bail!("the phantom made no frame") };
    Ok(read.map(|read| read / (to - from)))
}

/// The settings of the probe of a name, with the gains of one machine.
pub fn preset(name: &str) -> Option<Preset> {
    PROBES.iter().find(|probe| probe.name == name).map(|probe| probe.preset(0))
}

/// The same picture, with the same scale, of a machine that is not known.
pub fn as_of_a_probe(frame: Frame) -> Frame {
    let entered = match &frame.spacing {
        Spacing::Uniform(scale) => MmPerPx::new(scale.x(), scale.y(), CalibrationSource::Entered).ok(),
        _ => None,
    };
    Frame { spacing: entered.map_or(Spacing::Unknown, Spacing::Uniform), ..frame }
}
