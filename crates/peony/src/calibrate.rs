//! `peony calibrate`: sweeps of known length in, the file of a probe and preset out.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use peony_dicom::Equipment;
use peony_model::{MmPerPx, Spacing};
use peony_ultrasound::calibrate::{Fitted, KnownSweep, fit};
use peony_ultrasound::{Mode, Pipeline, spacing_from_depth, step};

use crate::calibration::file::{CalibrationFile, SweepRecord, check_name, file_name};
use crate::cli::CalibrateArgs;
use crate::exit::Outcome;
use crate::{input, progress};

/// Within so many frames a ruler is read, and the picture found.
const LOOK: usize = 90;
/// Frames after which the picture's place has settled.
const SETTLED: usize = 15;

/// One recording that can tell of the beam.
struct Fit {
    name: String,
    sweep: KnownSweep,
    length_mm: f32,
    equipment: Equipment,
}

/// Reads every sweep, and writes the calibration that those which are fit make.
///
/// # Errors
/// Where the call is wrong, no sweep is fit, they disagree, or the file cannot be written.
pub fn run(args: &CalibrateArgs) -> Result<Outcome> {
    check_name("--probe", &args.probe)?;
    if !args.preset.is_empty() {
        check_name("--preset", &args.preset)?;
    }
    let lengths = lengths(args)?;
    let out = out(args)?;
    let mut fits = Vec::new();
    let mut outcome = Outcome::Done;
    let bar = progress::files(args.sweeps.len());
    for (path, length_mm) in args.sweeps.iter().zip(lengths) {
        match read(path, length_mm, args) {
            Ok(fit) => fits.push(fit),
            Err(error) => {
                bar.suspend(|| eprintln!("peony: {error:#}"));
                outcome = Outcome::SomeFailed;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let Some(first) = fits.first() else { bail!("no sweep is fit: nothing was written") };
    if let Some(other) = fits.iter().find(|fit| fit.equipment != first.equipment) {
        bail!("{} and {} are of different machines, probes or presets", first.name, other.name);
    }
    let known: Vec<(&KnownSweep, f32)> = fits.iter().map(|fit| (&fit.sweep, fit.length_mm)).collect();
    let fitted = fit(&known)?;
    let record = |(fit, &read_mm): (&Fit, &f32)| SweepRecord { length_mm: fit.length_mm, read_mm };
    let sweeps = fits.iter().zip(&fitted.read_mm).map(record).collect();
    let names = [args.probe.as_str(), args.preset.as_str()];
    let file =
        CalibrationFile::new(names, (&fitted.beam, fitted.relative_error), sweeps, &first.equipment, None);
    file.write(&out)?;
    say(&fits, &fitted, &out)?;
    Ok(outcome)
}

fn lengths(args: &CalibrateArgs) -> Result<Vec<f32>> {
    match args.length_mm[..] {
        [one] => Ok(vec![one; args.sweeps.len()]),
        ref each if each.len() == args.sweeps.len() => Ok(each.to_vec()),
        ref each => bail!(
            "--length-mm: {} lengths for {} sweeps; one for all, or one for each",
            each.len(),
            args.sweeps.len()
        ),
    }
}

fn out(args: &CalibrateArgs) -> Result<PathBuf> {
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(file_name(&args.probe, &args.preset)));
    if out.exists() {
        bail!("{}: is there already; name another file with --out, or take it away", out.display());
    }
    Ok(out)
}

/// # Errors
/// One line that names the file.
fn read(path: &Path, length_mm: f32, args: &CalibrateArgs) -> Result<Fit> {
    let name = path.display().to_string();
    let scale = scale(path, args)?;
    let opened = input::open_moving(path, args.fps, scale)?;
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let mut sweep = KnownSweep::default();
    for frame in opened.frames {
        // A frame that cannot be read is a step that is not known.
        let frame = frame.with_context(|| name.clone())?;
        sweep.observe(&step(&mut pipeline, &frame).volume, frame.time_ns);
    }
    if opened.frame_count < 2 {
        bail!("{name}: one frame is no sweep");
    }
    sweep.check(length_mm).with_context(|| name.clone())?;
    Ok(Fit { name, sweep, length_mm, equipment: opened.equipment })
}

/// The scale of a sweep that has none of its own: as the call says, or from the ruler on its screen, which is read only after
/// some frames, so that the sweep is read once for it and once more with it.
fn scale(path: &Path, args: &CalibrateArgs) -> Result<Option<MmPerPx>> {
    if args.mm_per_px.is_some() {
        return Ok(args.mm_per_px);
    }
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let mut picture = None;
    for (number, frame) in input::open_moving(path, args.fps, None)?.frames.take(LOOK).enumerate() {
        let frame = frame.with_context(|| path.display().to_string())?;
        if frame.spacing != Spacing::Unknown {
            return Ok(None);
        }
        let quality = step(&mut pipeline, &frame).quality;
        picture = quality.picture_px.or(picture);
        match args.depth_mm {
            Some(_) if number >= SETTLED && picture.is_some() => break,
            Some(_) => {}
            None if quality.scale.is_some() => return Ok(quality.scale),
            None => {}
        }
    }
    let Some(depth_mm) = args.depth_mm else { return Ok(None) };
    let Some(picture) = picture else {
        bail!("{}: no ultrasound picture was found on its frames", path.display())
    };
    match spacing_from_depth(picture, depth_mm).context("--depth-mm")? {
        Spacing::Uniform(scale) => Ok(Some(scale)),
        _ => Ok(None),
    }
}

fn say(fits: &[Fit], fitted: &Fitted, out: &Path) -> Result<()> {
    let mut to = std::io::stdout().lock();
    for (fit, read_mm) in fits.iter().zip(&fitted.read_mm) {
        writeln!(to, "{}: {:.1} mm, reads {read_mm:.1} mm with the calibration", fit.name, fit.length_mm)?;
    }
    let depths = &fitted.beam.by_depth;
    let by_depth = match (depths.first(), depths.last()) {
        (Some(first), Some(last)) => {
            format!(", by depth from {:.0} to {:.0} mm", first.depth_mm, last.depth_mm)
        }
        _ => ", one for all depths".to_owned(),
    };
    writeln!(
        to,
        "gain {:.2}{by_depth}; lengths along a sweep are simulated, ± {:.0} %",
        fitted.beam.gain,
        fitted.relative_error * 100.0
    )?;
    if fits.len() == 1 {
        writeln!(to, "one sweep only: two more would make it surer")?;
    }
    writeln!(to, "written: {}", out.display())?;
    Ok(())
}
