//! `peony bench live`: the live pipeline on the phantom's frames, at full speed or in real time; `peony bench exam` and
//! `peony bench streams`.

pub mod calibration;
pub mod exam;
pub mod store;
pub mod streams;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use peony_ultrasound::live;
use peony_ultrasound::output::Timings;
use serde::Serialize;

use crate::cli::BenchLiveArgs;
use crate::engine::{self, Reader};
use crate::exit::Outcome;
use crate::{progress, record};

/// So many frames at the start and at the end are held against each other.
const SOME: usize = 1000;
/// The breast that is scanned: none of the tests', demo's or calibration's.
const SEED: u64 = 2026;

#[derive(Debug, Serialize)]
struct Report {
    frames: usize,
    dropped: u64,
    engine: String,
    precision: &'static str,
    threads: usize,
    step_ms: Percentiles,
    /// Of the first frames and of the last, [`SOME`] of them, where there are twice as many: does it stay as fast? For people only.
    #[serde(skip)]
    ends_step_ms: Option<[Percentiles; 2]>,
    stages: BTreeMap<&'static str, Percentiles>,
    rss_mb: f64,
    /// Resident memory after a tenth of the frames, to hold the end against; for people only.
    #[serde(skip)]
    rss_mb_early: f64,
}

#[derive(Debug, Serialize)]
struct Percentiles {
    p50: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

/// Runs the pipeline and prints where the time went.
///
/// # Errors
/// Where the model cannot be loaded as asked.
pub fn live(args: &BenchLiveArgs) -> Result<Outcome> {
    let mut reader = Reader::load(&args.model);
    reader.begin(true);
    let outcome = reader.outcome();
    let (engine, precision) = reader
        .provenance()
        .map_or(("none".into(), "none"), |by| (by.provider.clone(), by.precision.as_str()));
    let threads = reader.threads();
    let bar = progress::frames(args.frames);
    let mut timings = Vec::with_capacity(args.frames);
    let mut rss_mb_early = 0.0;
    let mut note = |timing: Timings| {
        timings.push(timing);
        bar.inc(1);
        if timings.len() == (args.frames / 10).max(1) {
            rss_mb_early = resident_mb();
        }
    };
    let source = engine::phantom(SEED, args.size, args.frames)?.frames.map_while(Result::ok);
    let dropped = if args.realtime {
        let counts = live::run(live::paced(source), reader.pipeline(), |_, output| note(output.timings));
        reader.note_failure();
        counts.dropped
    } else {
        source.for_each(|frame| note(reader.step(&frame).timings));
        0
    };
    bar.finish_and_clear();
    let ends = (timings.len() >= 2 * SOME).then(|| [&timings[..SOME], &timings[timings.len() - SOME..]]);
    let report = Report {
        frames: timings.len(),
        dropped,
        engine,
        precision,
        threads,
        step_ms: percentiles(&timings, |timing| timing.step),
        ends_step_ms: ends.map(|ends| ends.map(|timings| percentiles(timings, |timing| timing.step))),
        stages: stages(&timings),
        rss_mb: resident_mb(),
        rss_mb_early,
    };
    let mut out = std::io::stdout().lock();
    write_table(&mut out, &report)?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(outcome.and(reader.outcome()))
}

fn stages(timings: &[Timings]) -> BTreeMap<&'static str, Percentiles> {
    let names = Timings::default().stages();
    names
        .iter()
        .enumerate()
        .map(|(stage, (name, _))| (*name, percentiles(timings, |timing| timing.stages()[stage].1)))
        .collect()
}

fn percentiles(timings: &[Timings], of: impl Fn(&Timings) -> Duration) -> Percentiles {
    percentiles_of(timings.iter().map(of).collect())
}

/// Nearest-rank percentiles of durations in any order, ms.
fn percentiles_of(mut took: Vec<Duration>) -> Percentiles {
    took.sort();
    let at = |quantile: f64| {
        let rank = (quantile * took.len().saturating_sub(1) as f64).round() as usize;
        took.get(rank).map_or(0.0, |&took| record::milliseconds(took))
    };
    Percentiles { p50: at(0.50), p95: at(0.95), p99: at(0.99), max: at(1.0) }
}

fn resident_mb() -> f64 {
    let bytes = memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem);
    (bytes as f64 / 1e5).round() / 10.0
}

fn write_table(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    writeln!(
        out,
        "{} frames, {} dropped; {} {}, {} threads; {} MB resident ({} MB after a tenth)",
        report.frames,
        report.dropped,
        report.engine,
        report.precision,
        report.threads,
        report.rss_mb,
        report.rss_mb_early,
    )?;
    writeln!(out, "{:<12} {:>8} {:>8} {:>8} {:>8}  ms", "", "p50", "p95", "p99", "max")?;
    let ends =
        report.ends_step_ms.iter().flat_map(|ends| ["  first 1000", "  last 1000"].into_iter().zip(ends));
    let whole = std::iter::once(("step", &report.step_ms)).chain(ends);
    for (name, p) in whole.chain(report.stages.iter().map(|(name, p)| (*name, p))) {
        writeln!(out, "{name:<12} {:>8.2} {:>8.2} {:>8.2} {:>8.2}", p.p50, p.p95, p.p99, p.max)?;
    }
    Ok(())
}
