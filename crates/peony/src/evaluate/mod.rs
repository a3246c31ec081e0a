//! `peony evaluate`: what the program says of labelled pictures, held against the labels.
//!
//! The figures are the program's, not the network's alone: the same reading, cropping, thresholds and outlines as
//! `peony analyze`. `cases.rs` reads the table, `reading.rs` one picture, `figures.rs` makes the figures of all,
//! each data set and each device, and `table.rs`, `summary.rs` (JSON) and `report/` (HTML) write them down.

mod cases;
mod categories;
mod descriptors;
mod figures;
pub(crate) mod foreign;
pub(crate) mod metrics;
pub(crate) mod reading;
mod report;
mod summary;
mod table;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use self::cases::{Cases, NotRead};
use self::summary::Summary;
use crate::cli::EvaluateArgs;
use crate::engine::Reader;
use crate::exit::Outcome;
use crate::{progress, whole};

/// Reads every ultrasound case of the split and reports.
///
/// # Errors
/// Where the table cannot be read or holds no such case, or the report cannot be written.
pub fn run(args: &EvaluateArgs) -> Result<Outcome> {
    let Cases { cases, complaints, mut not_read, .. } = Cases::read(&args.cases, &args.split)?;
    let mut reader = Reader::load_to_measure(&args.model);
    let mut outcome = reader.outcome();
    if outcome == Outcome::NoModel {
        // Said already, on loading.
        return Ok(outcome);
    }
    // Before the readings, which take minutes: a path that cannot be written is said at once.
    let html = args.html.as_deref();
    if let Some(path) = html {
        whole::check(path).with_context(|| cannot_be_written(path))?;
    }
    for complaint in complaints.into_iter().chain(not_read.iter().map(ToString::to_string)) {
        eprintln!("peony: {complaint}");
        outcome = outcome.and(Outcome::SomeFailed);
    }
    let bar = progress::files(cases.len());
    let mut readings = Vec::with_capacity(cases.len());
    for case in &cases {
        match reading::read(case, &args.root, &mut reader) {
            Ok(reading) => readings.push(reading),
            Err(error) => {
                let left_out = NotRead::new(&case.image, &error);
                bar.suspend(|| eprintln!("peony: {left_out}"));
                not_read.push(left_out);
                outcome = outcome.and(Outcome::SomeFailed);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let groups = figures::groups(&readings);
    let summary =
        Summary { split: &args.split, provenance: reader.provenance(), groups: &groups, not_read: &not_read };
    // A full disk is no reason to lose the figures: they are printed, then it is said.
    let written = match html {
        Some(path) => {
            let page = report::html(&summary, args.lang)?;
            whole::write(path, &page).with_context(|| cannot_be_written(path))
        }
        None => Ok(()),
    };
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", summary.to_json()?)?;
    } else {
        table::write(&mut out, &summary)?;
    }
    written?;
    Ok(outcome.and(reader.outcome()))
}

fn cannot_be_written(path: &Path) -> String {
    format!("{}: cannot be written", path.display())
}
