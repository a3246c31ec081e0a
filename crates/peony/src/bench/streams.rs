//! `peony bench streams`: several examinations at once, each at its own frame rate, on one machine.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use peony_model::{Frame, LatestSlot};
use serde::Serialize;

use super::{Percentiles, SEED, percentiles_of, resident_mb};
use crate::cli::BenchStreamsArgs;
use crate::engine::{self, Reader};
use crate::exit::Outcome;

const FRAMES_A_SECOND: f64 = 30.0;
/// Frames that every stream plays there and back: making them is not what is measured.
const MADE: usize = 150;

#[derive(Debug, Serialize)]
struct Report {
    engine: String,
    precision: &'static str,
    /// Of each model; every stream has its own.
    threads: usize,
    seconds: f64,
    streams: Vec<Stream>,
    rss_mb: f64,
}

#[derive(Debug, Serialize)]
struct Stream {
    frames: usize,
    dropped: u64,
    frames_a_second: f64,
    /// From the moment a frame is there to the moment it is read.
    latency_ms: Percentiles,
}

/// Runs the streams and prints what became of each.
///
/// # Errors
/// Where the model or a thread cannot be had.
pub fn run(args: &BenchStreamsArgs) -> Result<Outcome> {
    let frames: Vec<Frame> =
        engine::phantom(SEED, args.size, MADE)?.frames.collect::<Result<_>>().context("the phantom")?;
    let mut readers: Vec<Reader> = (0..args.streams).map(|_| Reader::load(&args.model)).collect();
    readers.iter_mut().for_each(|reader| reader.begin(true));
    let (engine, precision, threads) = readers.first().map_or((String::new(), "none", 0), |reader| {
        let by = reader.provenance();
        let (engine, precision) =
            by.map_or(("none", "none"), |by| (by.provider.as_str(), by.precision.as_str()));
        (engine.to_owned(), precision, reader.threads())
    });
    let began = Instant::now() + Duration::from_millis(200);
    let count = args.streams;
    let streams: Vec<Stream> = std::thread::scope(|scope| {
        let frames = &frames;
        let running: Vec<_> = readers
            .iter_mut()
            .enumerate()
            .map(|(number, reader)| {
                // Grabbers do not beat as one.
                let offset = Duration::from_secs_f64(number as f64 / count as f64 / FRAMES_A_SECOND);
                scope.spawn(move || stream(frames, reader, began + offset, args.frames))
            })
            .collect();
        running.into_iter().filter_map(|stream| stream.join().ok()).collect()
    });
    let outcome = readers.iter().map(Reader::outcome).fold(Outcome::Done, Outcome::and);
    let seconds = began.elapsed().as_secs_f64();
    let report = Report { engine, precision, threads, seconds, streams, rss_mb: resident_mb() };
    let mut out = std::io::stdout().lock();
    write_table(&mut out, &report)?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    let lost = report.streams.len() < count;
    Ok(if lost { outcome.and(Outcome::SomeFailed) } else { outcome })
}

/// One examination: a source that never waits, and a pipeline that takes the newest frame.
fn stream(frames: &[Frame], reader: &mut Reader, began: Instant, count: usize) -> Stream {
    let slot = LatestSlot::new();
    let mut took = Vec::with_capacity(count);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _close = slot.close_on_drop();
            for index in 0..count {
                let due = began + Duration::from_secs_f64(index as f64 / FRAMES_A_SECOND);
                let frame = there_and_back(frames, index);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                slot.put((Instant::now(), frame));
            }
        });
        while let Some((at, frame)) = slot.take() {
            reader.step(&frame);
            took.push(at.elapsed());
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    let frames = took.len();
    let frames_a_second = (frames as f64 / seconds * 10.0).round() / 10.0;
    Stream { frames, dropped: slot.dropped(), frames_a_second, latency_ms: percentiles_of(took) }
}

fn there_and_back(frames: &[Frame], index: usize) -> Frame {
    let period = 2 * (frames.len() - 1).max(1);
    let place = index % period;
    let place = if place < frames.len() { place } else { period - place };
    let time_ns = (index as f64 * 1e9 / FRAMES_A_SECOND) as u64;
    Frame { index: index as u64, time_ns, ..frames[place].clone() }
}

fn write_table(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    writeln!(
        out,
        "{} streams of {FRAMES_A_SECOND} a second; {} {}, {} threads each; {} MB resident",
        report.streams.len(),
        report.engine,
        report.precision,
        report.threads,
        report.rss_mb,
    )?;
    writeln!(
        out,
        "{:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "read", "dropped", "a second", "p50 ms", "p99 ms", "max ms"
    )?;
    for stream in &report.streams {
        let Percentiles { p50, p99, max, .. } = stream.latency_ms;
        writeln!(
            out,
            "{:>8} {:>8} {:>8.1} {p50:>8.1} {p99:>8.1} {max:>8.1}",
            stream.frames, stream.dropped, stream.frames_a_second,
        )?;
    }
    Ok(())
}
