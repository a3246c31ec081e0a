//! `peony replay`: a recorded or simulated sweep through the live pipeline, losing nothing.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use peony_sources::SourceUrl;
use peony_ultrasound::output::{Event, StepOutput};
use peony_ultrasound::replay;
use serde_json::{Value, json};

use crate::calibration::Calibrations;
use crate::cli::{ReplayArgs, Speed};
use crate::engine::{self, Failures, Reader};
use crate::exit::Outcome;
use crate::input::{self, Opened};
use crate::{progress, record};

/// Plays the source and writes what happened.
///
/// # Errors
/// Where the source cannot be opened, or what happened cannot be written.
pub fn run(args: &ReplayArgs) -> Result<Outcome> {
    let calibrations = Calibrations::load(&args.calibration, None)?;
    let source = open(args)?;
    let mut events = args.events.as_ref().map(|path| -> Result<_> {
        let file = File::create(path).with_context(|| format!("{}: cannot be written", path.display()))?;
        Ok(BufWriter::new(file))
    });
    let mut events = events.take().transpose()?;
    for note in &source.notes {
        eprintln!("peony: {}: {note}", args.source);
    }
    let mut reader = Reader::load(&args.model);
    reader.begin(true);
    reader.calibrate(calibrations.choose(&source.equipment));
    let bar = progress::frames(source.frame_count);
    let clock = Instant::now();
    let mut not_read = 0_u64;
    let frames = source.frames.filter_map(|frame| match frame {
        Ok(frame) => {
            if args.speed == Speed::Realtime {
                let due = Duration::from_nanos(frame.time_ns);
                std::thread::sleep(due.saturating_sub(clock.elapsed()));
            }
            Some(frame)
        }
        Err(error) => {
            bar.suspend(|| eprintln!("peony: {}: {error:#}", args.source));
            not_read += 1;
            None
        }
    });
    let mut failed = Failures::default();
    let read = replay::run(frames, reader.pipeline(), |pipeline, _, output| -> Result<()> {
        failed.note(pipeline);
        for event in &output.events {
            if let Some(line) = sentence(&output, event) {
                let (at, frame) = (seconds(&output), output.frame);
                bar.suspend(|| writeln!(std::io::stdout(), "{at:8.2} s  frame {frame:5}  {line}"))?;
            }
            if let Some(file) = &mut events {
                serde_json::to_writer(&mut *file, &event_record(&output, event))?;
                writeln!(file)?;
            }
        }
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    if let Some(file) = &mut events {
        file.flush()?;
    }
    let took = clock.elapsed().as_secs_f64();
    let rate = read as f64 / took.max(1e-9);
    let missing = if not_read == 0 { String::new() } else { format!(", {not_read} could not be read") };
    writeln!(std::io::stdout(), "{read} frames in {took:.1} s ({rate:.0} a second), none dropped{missing}")?;
    let all_read = if not_read == 0 { Outcome::Done } else { Outcome::SomeFailed };
    Ok(reader.outcome().and(failed.outcome()).and(all_read))
}

fn open(args: &ReplayArgs) -> Result<Opened> {
    match &args.source {
        SourceUrl::Phantom { seed } => engine::phantom(seed.unwrap_or(1), [640, 480], args.frames),
        SourceUrl::Path(path) => input::open_moving(path, args.fps, args.mm_per_px),
        live => bail!("{live}: it has no end that could be replayed; `peony serve --source` reads it"),
    }
}

fn seconds(output: &StepOutput) -> f64 {
    output.time_ns as f64 / 1e9
}

/// What a person reads; `None` for what happens too often to be news.
fn sentence(output: &StepOutput, event: &Event) -> Option<String> {
    Some(match event {
        Event::Confirmed { letter, .. } => format!("lesion {letter} confirmed"),
        Event::Returned { track } => {
            let letter = output.tracks.iter().find(|state| state.id == *track).and_then(|state| state.letter);
            format!("lesion {} met again", letter.map_or_else(|| track.to_string(), String::from))
        }
        Event::Merged { from, into } => format!("tracks {from} and {into} are one lesion"),
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
        Event::Returned { track } => json!({ "event": "returned", "track": track }),
        Event::Merged { from, into } => json!({ "event": "merged", "from": from, "into": into }),
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
            "calibration": output.volume.calibration.as_deref(),
        }),
        Event::Quality(issues) => json!({ "event": "quality", "issues": issues }),
    };
    record["frame"] = json!(output.frame);
    record["time_ms"] = json!(record::milliseconds(Duration::from_nanos(output.time_ns)));
    record
}
