//! `peony analyze`: reads files one after another; what cannot be read is one line and harms nothing else.

use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;

use anyhow::Result;
use peony_model::{Frame, MmPerPx, QualityCode};
use peony_ultrasound::output::StepOutput;

use crate::cli::AnalyzeArgs;
use crate::exit::Outcome;
use crate::record::{Record, frame_malignancy};
use crate::{engine, input, progress};

/// Reads every file of the call.
///
/// # Errors
/// Only what ends the whole call: a wrong option, or an output that cannot be written.
pub fn run(args: &AnalyzeArgs) -> Result<Outcome> {
    let scale = input::entered_scale(args.mm_per_px)?;
    let mut reader = engine::Reader::load(&args.model);
    let files = input::expand(&args.files);
    let bar = progress::files(files.len());
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut outcome = reader.outcome();
    for file in files {
        let read = file.and_then(|path| {
            bar.set_message(path.display().to_string());
            analyze_file(&path, scale, &mut reader, args.json, &mut out)
        });
        match read {
            Ok(()) => {}
            // A reader that has had enough (`| head`) is not a fault.
            Err(error) if is_broken_pipe(&error) => return Ok(outcome),
            Err(error) => {
                bar.suspend(|| eprintln!("peony: {error:#}"));
                outcome = outcome.and(Outcome::SomeFailed);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    match out.flush() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(outcome),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |kind: Option<ErrorKind>| kind == Some(ErrorKind::BrokenPipe);
    broken(error.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
        || broken(error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
}

fn analyze_file(
    path: &Path,
    scale: Option<MmPerPx>,
    reader: &mut engine::Reader,
    json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let name = path.display().to_string();
    let opened = input::open(path, scale).map_err(|error| error.context(name.clone()))?;
    reader.begin(opened.is_cine);
    for frame in opened.frames {
        let frame: Frame = frame.map_err(|error| error.context(name.clone()))?;
        let output = reader.step(&frame);
        if json {
            serde_json::to_writer(&mut *out, &Record::new(&name, &output, reader.provenance()))?;
            writeln!(out)?;
        } else {
            write_plain(out, &name, opened.is_cine, &output)?;
        }
    }
    Ok(())
}

/// One line a frame for a person.
fn write_plain(out: &mut impl Write, name: &str, is_cine: bool, output: &StepOutput) -> std::io::Result<()> {
    write!(out, "{name}")?;
    if is_cine {
        write!(out, " frame {}", output.frame)?;
    }
    write!(out, ": ")?;
    match output.findings.len() {
        0 => write!(out, "no lesion seen")?,
        1 => write!(out, "1 lesion")?,
        n => write!(out, "{n} lesions")?,
    }
    for finding in &output.findings {
        let bounds = finding.region.box_px();
        write!(
            out,
            "; {:.0} × {:.0} px at ({:.0}, {:.0})",
            bounds.width(),
            bounds.height(),
            bounds.min.x,
            bounds.min.y
        )?;
        if let Some(p) = finding.malignancy {
            write!(out, ", malignant {}", percent(p))?;
        }
        if let Some(category) = finding.assessment {
            write!(out, ", BI-RADS {} proposed", category.label())?;
        }
    }
    if let (true, Some(p)) = (output.findings.is_empty(), frame_malignancy(output)) {
        write!(out, " (frame malignant {})", percent(p))?;
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

/// Whole percent, never 0 or 100: `<1 %` to `>99 %`.
fn percent(p: f32) -> String {
    match p * 100.0 {
        p if p < 1.0 => "<1 %".into(),
        p if p > 99.0 => ">99 %".into(),
        p => format!("{p:.0} %"),
    }
}
