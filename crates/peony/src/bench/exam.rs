//! `peony bench exam`: whole examinations of phantoms, or of clips with their truth beside them (`clips.rs`), held against what
//! is really there.
//!
//! Each seed gives four sweeps: over a breast with a cyst, a fibroadenoma and a carcinoma; over one without any; over
//! one in which the scan goes wrong at known moments; and there and back over one whose masses are of each kind (even seeds) or
//! all of one kind (odd ones), which asks whether a lesion that is met again keeps its letter, or is at least proposed to be that one. With `--only` there are three more: one with jerks, marks and a
//! colour box, one over masses that the border of the picture cuts, and one of which frames are dropped. Breasts of seeds from 700,000 on have taught the model, and those of
//! 9,000 to 9,100 the speckle's calibration: seeds below 2,900 meet neither. Seeds 500 and 501 set the limit of confirmation.

mod again;
mod back;
mod clips;
mod lights;
mod picks;
mod score;
mod seen;
mod sweep;

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;

use anyhow::{Result, bail};
use peony_phantom::{
    Difficulty, Fault, MassKind, MassPlan, MassSpec, PathKind, Phantom, PhantomConfig, Preset,
};
use serde::Serialize;

use self::score::{Figures, Totals};
use self::sweep::{Sweep, watch};
use super::calibration;
use crate::calibration::file::CalibrationFile;
use crate::cli::{BenchExamArgs, ExamSweep as Kind};
use crate::engine::Reader;
use crate::exit::Outcome;
use crate::progress;

/// The faults of the third sweep, one after the other.
const FAULTS: [Fault; 6] =
    [Fault::LostContact, Fault::TooDark, Fault::TooBright, Fault::Blur, Fault::TooFast, Fault::Frozen];
/// Those of a marked sweep.
const MARKED: [Fault; 6] =
    [Fault::Jerky, Fault::Marks, Fault::ColourBox, Fault::Jerky, Fault::Marks, Fault::ColourBox];
/// Those of a sweep with dropped frames, which is a quick one: a plane that is led slowly is followed over a frame that is missing.
const DROPPED: [Fault; 3] = [Fault::Dropped, Fault::DroppedInBursts, Fault::Dropped];
/// Frames of a fault, and from the beginning of one to that of the next: 1.5 s of 3.5.
const FAULT_FRAMES: u64 = 45;
const FAULT_EVERY: u64 = 105;
/// The first fault begins after this many frames.
const FAULT_FIRST: u64 = 60;

/// Breasts of the sweeps there and back are counted from here.
const BACK_FROM: u64 = 300_000;
/// Those of marked sweeps, and those of masses at the border.
const MARKED_FROM: u64 = 310_000;
const CUT_FROM: u64 = 320_000;
/// Those of sweeps with dropped frames.
const DROPPED_FROM: u64 = 330_000;

/// The last line of `--json`.
#[derive(Debug, Serialize)]
struct Report {
    seeds: [u64; 2],
    #[serde(flatten)]
    figures: Figures,
    ci95: BTreeMap<&'static str, [f64; 2]>,
}

/// Examines and reports.
///
/// # Errors
/// Where the phantom cannot be made as asked, or there is no clip.
pub fn run(args: &BenchExamArgs) -> Result<Outcome> {
    let preset = args.preset.as_deref().map(preset).transpose()?;
    let probe = args.calibration.as_deref().map(CalibrationFile::read).transpose()?;
    let mut reader = Reader::load_to_measure(&args.model);
    reader.calibrate(probe.as_ref().map(CalibrationFile::calibration));
    if reader.outcome() == Outcome::NoModel {
        // Said already, on loading: without a model there is nothing to count.
        return Ok(Outcome::NoModel);
    }
    if let Some(folder) = &args.clips {
        return clips::run(folder, args.json, &mut reader);
    }
    let Range { start, end } = args.seeds;
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| args.asks_for(*kind)).collect();
    let bar = progress::files((end - start) as usize * kinds.len());
    let mut totals = Totals::default();
    for seed in args.seeds.clone() {
        for &kind in &kinds {
            let sweep = examination(seed, kind, args.difficulty(), preset)?;
            totals.add(&watch(&mut reader, &Sweep { of_a_probe: probe.is_some(), ..sweep }));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let mut out = std::io::stdout().lock();
    totals.write_table(&mut out)?;
    if args.json {
        let report = Report { seeds: [start, end], figures: totals.figures(), ci95: totals.intervals() };
        writeln!(out, "{}", serde_json::to_string(&totals.lights())?)?;
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(reader.outcome())
}

/// How a breast is scanned: led straight, by hand or turning, at 6 to 16 mm/s, all drawn from the seed.
fn examination(seed: u64, kind: Kind, difficulty: Difficulty, preset: Option<Preset>) -> Result<Sweep> {
    let path = [PathKind::Straight, PathKind::Freehand, PathKind::Turning][(seed % 3) as usize];
    let mut config = PhantomConfig {
        path,
        preset,
        speed_mm_s: 6.0 + (seed * 7 % 11) as f32,
        masses: MassPlan::OneOfEach(difficulty),
        ..PhantomConfig::default()
    };
    let mut schedule = Vec::new();
    match kind {
        Kind::Masses => {}
        Kind::Normal => config.masses = MassPlan::Normal,
        Kind::Faults => {
            config.masses = MassPlan::Normal;
            // Slow and long, so that one breast lasts for all faults and a hurried stretch is not its end.
            (config.speed_mm_s, config.length_mm, config.path) = (8.0, 200.0, PathKind::Freehand);
            schedule = (0..).zip(FAULTS).map(|(n, fault)| (fault_frames(n), fault)).collect();
        }
        Kind::Marked => {
            config.masses = MassPlan::Normal;
            (config.speed_mm_s, config.length_mm, config.path) = (8.0, 200.0, PathKind::Freehand);
            schedule = (0..).zip(MARKED).map(|(n, fault)| (fault_frames(n), fault)).collect();
        }
        Kind::Dropped => {
            config.masses = MassPlan::Normal;
            (config.speed_mm_s, config.length_mm) = (14.0 + (seed % 3) as f32, 200.0);
            schedule = (0..).zip(DROPPED).map(|(n, fault)| (fault_frames(n), fault)).collect();
        }
        Kind::Cut => config.masses = MassPlan::OneOfEach(Difficulty::Cut),
        Kind::Back if seed % 2 == 1 => config.masses = alike(seed, difficulty, config.length_mm),
        Kind::Back => {}
    }
    // Breasts of one seed's sweeps differ, so that a normal one is not the one with masses again.
    let breast = match kind {
        Kind::Masses | Kind::Normal | Kind::Faults => seed * 3 + kind as u64,
        Kind::Back => BACK_FROM + seed,
        Kind::Marked => MARKED_FROM + seed,
        Kind::Cut => CUT_FROM + seed,
        Kind::Dropped => DROPPED_FROM + seed,
    };
    let phantom = Phantom::new(breast, &config)?;
    Ok(Sweep { phantom, schedule, comes_back: kind == Kind::Back, of_a_probe: false })
}

/// Three masses of one kind: only where they lie and how they look tells them apart.
fn alike(seed: u64, difficulty: Difficulty, length_mm: f32) -> MassPlan {
    let kind = [MassKind::Cyst, MassKind::Fibroadenoma, MassKind::Carcinoma][(seed / 2 % 3) as usize];
    let spec = |part: f32| MassSpec { kind, difficulty, along_mm: part * length_mm, lateral_mm: None };
    MassPlan::Given([1.0 / 6.0, 0.5, 5.0 / 6.0].map(spec).to_vec())
}

fn fault_frames(number: u64) -> Range<u64> {
    let start = FAULT_FIRST + FAULT_EVERY * number;
    start..start + FAULT_FRAMES
}

/// The machine settings of a name.
fn preset(name: &str) -> Result<Preset> {
    let plain = Preset::drawn(0);
    Ok(match name {
        "soft" => Preset { smoothing: 1.2, sharpening: 0.0, dynamic_range_db: 76.0, curve: 0.2, ..plain },
        "crisp" => Preset { smoothing: 0.6, sharpening: 0.6, dynamic_range_db: 60.0, curve: 0.55, ..plain },
        "deep" => Preset { depth_mm: 48.0, ..plain },
        "noisy" => Preset { noise_db: -44.0, ..plain },
        _ => match calibration::preset(name) {
            Some(preset) => preset,
            None => bail!(
                "no preset '{name}'; there are soft, crisp, deep and noisy, and the probes of `bench calibration`; without one \
                 each seed draws its own"
            ),
        },
    })
}
