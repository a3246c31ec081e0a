//! `peony replay`: a recorded or simulated sweep through the live pipeline, losing nothing.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use peony_ultrasound::output::{Event, StepOutput};
use serde_json::{Value, json};

use crate::cli::{ReplayArgs, Speed};
use crate::engine::{self, Reader};
use crate::exit::Outcome;
use crate::input::{self, Opened};
use crate::{progress, record};

/// Plays the source and writes what happened.
///
/// # Errors
/// Where the source cannot be opened, a frame cannot be read, or the events cannot be written.
pub fn run(args: &ReplayArgs) -> Result<Outcome> {
    let source = open(args)?;
    let mut events = args.events.as_ref().map(|path| -> Result<_> {
        let file = File::create(path).with_context(|| format!("{}: cannot be written", path.display()))?;
        Ok(BufWriter::new(file))
    });
    let mut events = events.take().transpose()?;
    let mut reader = Reader::load(&args.model);
    let mut outcome = reader.outcome();
    reader.begin(true);
    let bar = progress::frames(source.frame_count);
    let clock = Instant::now();
    let mut frames = 0_u64;
    for frame in source.frames {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                bar.suspend(|| eprintln!("peony: {}: {error:#}", args.source));
                outcome = outcome.and(Outcome::SomeFailed);
                continue;
            }
        };
        if args.speed == Speed::Realtime {
            let due = Duration::from_nanos(frame.time_ns);
            std::thread::sleep(due.saturating_sub(clock.elapsed()));
        }
        let output = reader.step(&frame);
        for event in &output.events {
            if let Some(line) = sentence(event) {
                bar.suspend(|| println!("{:8.2} s  frame {:5}  {line}", seconds(&output), output.frame));
            }
            if let Some(file) = &mut events {
                serde_json::to_writer(&mut *file, &event_record(&output, event))?;
                writeln!(file)?;
            }
        }
        frames += 1;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(file) = &mut events {
        file.flush()?;
    }
    let took = clock.elapsed().as_secs_f64();
    println!("{frames} frames in {took:.1} s ({:.0} a second), none dropped", frames as f64 / took.max(1e-9));
    Ok(outcome)
}

fn open(args: &ReplayArgs) -> Result<Opened> {
    match engine::phantom_seed(&args.source)? {
        Some(seed) => engine::phantom(seed, [640, 480], args.frames),
        None => input::open_moving(&args.source, args.fps, input::entered_scale(args.mm_per_px)?),
    }
}

fn seconds(output: &StepOutput) -> f64 {
    output.time_ns as f64 / 1e9
}

/// What a person reads; `None` for what happens too often to be news.
fn sentence(event: &Event) -> Option<String> {
    Some(match event {
        Event::Confirmed { letter, .. } => format!("lesion {letter} confirmed"),
        Event::Left { track } => format!("track {track} left the picture"),
        Event::Quality(issues) if issues.is_empty() => "picture good".into(),
        Event::Quality(issues) => {
            let advice: Vec<_> = issues.iter().map(|issue| issue.code.advice_en()).collect();
            advice.join("; ")
        }
        Event::KeyPlane { .. } | Event::Volume(_) => return None,
    })
}

fn event_record(output: &StepOutput, event: &Event) -> Value {
    let mut record = match event {
        Event::Confirmed { track, letter } => {
            json!({ "event": "confirmed", "track": track, "letter": letter })
        }
        Event::Left { track } => json!({ "event": "left", "track": track }),
        Event::KeyPlane { track, reason, box_px } => json!({
            "event": "key_plane",
            "track": track,
            "reason": reason.key(),
            "box_px": [box_px.min.x, box_px.min.y, box_px.max.x, box_px.max.y],
        }),
        Event::Volume(volume) => json!({
            "event": "volume",
            "track": volume.track,
            "simulated": true,
            "volume_cm3": volume.volume_cm3,
            "relative_error": volume.relative_error,
            "along_mm": volume.along_mm,
        }),
        Event::Quality(issues) => json!({ "event": "quality", "issues": issues }),
    };
    record["frame"] = json!(output.frame);
    record["time_ms"] = json!(record::milliseconds(Duration::from_nanos(output.time_ns)));
    record
}
