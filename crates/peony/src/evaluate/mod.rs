//! `peony evaluate`: what the program says of labelled pictures, held against the labels.
//!
//! The figures are the program's, not the network's alone: the same reading, cropping, thresholds and outlines as
//! `peony analyze`. `cases.rs` reads the table, `reading.rs` one picture, `figures.rs` makes the figures of all,
//! each data set and each device, and `table.rs` and `summary.rs` (JSON) write them down.

mod cases;
mod categories;
mod descriptors;
mod figures;
mod foreign;
mod metrics;
mod reading;
mod summary;
mod table;

use std::io::Write;

use anyhow::Result;

use self::cases::Cases;
use self::foreign::Printable;
use self::summary::Summary;
use crate::cli::EvaluateArgs;
use crate::engine::Reader;
use crate::exit::Outcome;
use crate::progress;

/// Reads every ultrasound case of the split and reports.
///
/// # Errors
/// Where the table cannot be read or holds no such case.
pub fn run(args: &EvaluateArgs) -> Result<Outcome> {
    let Cases { cases, complaints } = Cases::read(&args.cases, &args.split)?;
    let mut reader = Reader::load(&args.model);
    let mut outcome = reader.outcome();
    if outcome == Outcome::NoModel {
        // Said already, on loading.
        return Ok(outcome);
    }
    for complaint in &complaints {
        eprintln!("peony: {complaint}");
        outcome = outcome.and(Outcome::SomeFailed);
    }
    let bar = progress::files(cases.len());
    let mut readings = Vec::with_capacity(cases.len());
    for case in &cases {
        match reading::read(case, &args.root, &mut reader) {
            Ok(reading) => readings.push(reading),
            Err(error) => {
                let line = format!("{}: {error:#}", case.image);
                bar.suspend(|| eprintln!("peony: {}", Printable(&line)));
                outcome = outcome.and(Outcome::SomeFailed);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let groups = figures::groups(&readings);
    let summary = Summary { split: &args.split, provenance: reader.provenance(), groups: &groups };
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", summary.to_json()?)?;
    } else {
        table::write(&mut out, &summary)?;
    }
    Ok(outcome.and(reader.outcome()))
}
