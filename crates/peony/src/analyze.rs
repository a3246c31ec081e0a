//! `peony analyze`: reads files one after another; what cannot be read is one line and harms nothing else.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow};
use indicatif::ProgressBar;
use peony_model::QualityCode;
use peony_ultrasound::output::{StepOutput, TrackVolume, VolumeState};

use crate::calibration::Calibrations;
use crate::cli::AnalyzeArgs;
use crate::exit::{Outcome, is_broken_pipe};
use crate::record::{self, Record};
use crate::{engine, input, progress};

/// Reads every file of the call.
///
/// # Errors
/// Only what ends the whole call: a wrong option, or an output that cannot be written.
pub fn run(args: &AnalyzeArgs) -> Result<Outcome> {
    let calibrations = Calibrations::load(&args.calibration, None)?;
    let mut reader = engine::Reader::load(&args.model);
    let files = input::expand(&args.files);
    let bar = progress::files(files.len());
    let is_only = files.len() == 1;
    let mut outcome = Outcome::Done;
    let mut has_read = false;
    for file in files {
        let read = file.and_then(|path| {
            bar.set_message(path.display().to_string());
            analyze_file(&path, args, &calibrations, &mut reader, &bar, is_only, &mut has_read)
        });
        match read {
            Ok(()) => {}
            Err(error) if is_broken_pipe(&error) => return Err(error),
            Err(error) => {
                bar.suspend(|| eprintln!("peony: {error:#}"));
                outcome = outcome.and(Outcome::SomeFailed);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let (false, true, Some(by)) = (args.json, has_read, reader.provenance()) {
        let engine = format!("{} in {}", by.provider, by.precision.as_str());
        writeln!(
            std::io::stdout(),
            "read by {} {} on {engine}; proposals, not a diagnosis",
            by.model,
            by.version
        )?;
    }
    Ok(outcome.and(reader.outcome()))
}

/// Reads the frames of one file. A damaged frame is passed over; what was not read is one line in the end.
fn analyze_file(
    path: &Path,
    args: &AnalyzeArgs,
    calibrations: &Calibrations,
    reader: &mut engine::Reader,
    files: &ProgressBar,
    is_only: bool,
    has_read: &mut bool,
) -> Result<()> {
    let name = path.display().to_string();
    let opened = input::open(path, args.mm_per_px).map_err(|error| error.context(name.clone()))?;
    if !opened.notes.is_empty() {
        files.suspend(|| eprintln!("peony: {name}: {}", opened.notes.join("; ")));
    }
    reader.begin(opened.is_cine);
    reader.calibrate(calibrations.choose(&opened.equipment));
    let mut last = VolumeState::default();
    let bar = if is_only && opened.is_cine { progress::frames(opened.frame_count) } else { files.clone() };
    let mut unread = Unread::default();
    // Written a frame at a time: a person sees each as it comes, and a call that is ended keeps what it had.
    let mut line = Vec::new();
    for frame in opened.frames {
        match frame {
            Ok(frame) => {
                let output = reader.step(&frame);
                unread.judged(&output, reader);
                line.clear();
                if args.json {
                    let by = reader.provenance().filter(|_| !reader.failed_on_last());
                    serde_json::to_writer(&mut line, &Record::new(&name, &output, by))?;
                    writeln!(line)?;
                } else {
                    write_plain(&mut line, &name, opened.is_cine, &output, reader.provenance().is_some())?;
                }
                bar.suspend(|| std::io::stdout().write_all(&line))?;
                last = output.volume;
            }
            Err(error) => unread.damaged(error),
        }
        if is_only && opened.is_cine {
            bar.inc(1);
        }
    }
    *has_read |= unread.read;
    if !args.json {
        line.clear();
        write_way(&mut line, &name, &last)?;
        files.suspend(|| std::io::stdout().write_all(&line))?;
    }
    unread.into_result().map_err(|error| error.context(name))
}

/// What of a file was not read, and why.
#[derive(Debug, Default)]
struct Unread {
    damaged: usize,
    first_damage: Option<anyhow::Error>,
    read: bool,
    /// Why the network was not asked about the first frame that it was not asked about.
    refused: Option<QualityCode>,
}

impl Unread {
    fn damaged(&mut self, error: anyhow::Error) {
        self.damaged += 1;
        self.first_damage.get_or_insert(error);
    }

    fn judged(&mut self, output: &StepOutput, reader: &engine::Reader) {
        if output.lesion.is_some() || reader.provenance().is_none() || reader.failed_on_last() {
            self.read = true;
        } else if self.refused.is_none() {
            self.refused = refusal(output);
        }
    }

    /// One line: the first damage and how many more there were; or why no frame at all is a picture that can be read.
    fn into_result(self) -> Result<()> {
        match (self.first_damage, self.refused) {
            (Some(error), _) if self.damaged > 1 => {
                Err(error.context(format!("{} frames not read, the first", self.damaged)))
            }
            (Some(error), _) => Err(error),
            (None, Some(code)) if !self.read => Err(anyhow!("not read: {}", code.advice_en())),
            _ => Ok(()),
        }
    }
}

/// What kept the network from being asked about a picture.
fn refusal(output: &StepOutput) -> Option<QualityCode> {
    let refusing = [QualityCode::WrongDomain, QualityCode::NoBmode, QualityCode::ContactLost];
    refusing.into_iter().find(|code| output.quality.issues.iter().any(|issue| issue.code == *code))
}

/// One line a frame for a person. Where nothing was marked it says that and no more: it does not mean that nothing is there.
fn write_plain(
    out: &mut impl Write,
    name: &str,
    is_cine: bool,
    output: &StepOutput,
    has_model: bool,
) -> std::io::Result<()> {
    write!(out, "{name}")?;
    if is_cine {
        write!(out, " frame {}", output.frame)?;
    }
    write!(out, ": ")?;
    match output.findings.len() {
        0 if !has_model => write!(out, "quality judged only")?,
        0 if output.lesion.is_none() => write!(out, "not read")?,
        0 => write!(out, "nothing marked")?,
        1 => write!(out, "1 lesion")?,
        n => write!(out, "{n} lesions")?,
    }
    for finding in &output.findings {
        let at = finding.region.box_px().min;
        match record::size_mm(finding) {
            Some(size) => write!(out, "; {:.1} × {:.1} mm", size.long, size.short)?,
            None => {
                let bounds = finding.region.box_px();
                write!(out, "; {:.0} × {:.0} px", bounds.width(), bounds.height())?;
            }
        }
        write!(out, " at ({:.0}, {:.0})", at.x, at.y)?;
        if let Some(p) = finding.malignancy {
            write!(out, ", malignant {}", percent(p))?;
        }
        if let Some(category) = finding.assessment {
            write!(out, ", BI-RADS {} proposed", category.label())?;
        }
    }
    // Nearly every still has no scale: it is said once by the sizes being in pixels.
    let issues: Vec<_> = output
        .quality
        .issues
        .iter()
        .filter(|issue| issue.code != QualityCode::ScaleUnknown)
        .map(|issue| issue.code.advice_en())
        .collect();
    if !issues.is_empty() {
        write!(out, " [{}]", issues.join("; "))?;
    }
    writeln!(out)
}

/// One line for the way of a cine whose probe is calibrated, and one for each solid that it met.
fn write_way(out: &mut impl Write, name: &str, last: &VolumeState) -> std::io::Result<()> {
    let Some((path_mm, by)) = last.path_mm.zip(last.calibration.as_deref()) else { return Ok(()) };
    let error = format!("± {:.0} %, simulated", by.relative_error * 100.0);
    writeln!(
        out,
        "{name}: {path_mm:.1} mm along the sweep {error}; calibration {}",
        record::calibration(by)
    )?;
    for solid in &last.tracks {
        let TrackVolume { along_mm, volume_cm3, .. } = solid;
        writeln!(
            out,
            "{name}: lesion {} is {along_mm:.1} mm along the sweep, {volume_cm3:.2} cm³ {error}",
            solid.track
        )?;
    }
    Ok(())
}

/// Whole percent, never 0 or 100: `<1 %` to `>99 %`.
fn percent(p: f32) -> String {
    match p * 100.0 {
        p if p < 1.0 => "<1 %".into(),
        p if p > 99.0 => ">99 %".into(),
        p => format!("{p:.0} %"),
    }
}
