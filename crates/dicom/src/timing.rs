//! When each frame was taken (PS3.3 §C.7.6.5, the Cine module, and §C.7.6.6, Multi-frame).

use crate::error::ReadIssue;
use crate::header::{self, Header};

/// The rate that is assumed where the file has none that can be right, in frames a second.
const ASSUMED_FPS: f64 = 30.0;
const NS_PER_MS: f64 = 1e6;
/// The longest believable time between two frames, in milliseconds.
const LONGEST_MS: f64 = 60_000.0;

/// The time of each frame since the first, in nanoseconds; never falls.
///
/// The Frame Increment Pointer (0028,0009) says which attribute counts. Without a usable pointer: Frame Time,
/// Frame Time Vector, Cine Rate, Recommended Display Frame Rate, and at last an assumed rate, which is an issue.
pub(crate) fn frame_times_ns(header: &Header, frames: usize, issues: &mut Vec<ReadIssue>) -> Vec<u64> {
    if frames < 2 {
        return vec![0; frames];
    }
    let points_at_vector =
        header.tags(header::FRAME_INCREMENT_POINTER).contains(&header::FRAME_TIME_VECTOR.tag);
    let constant = frame_ms(header, issues);
    let vector = if points_at_vector || constant.is_none() {
        header.numbers(header::FRAME_TIME_VECTOR)
    } else {
        Vec::new()
    };
    if vector.is_empty() {
        let step_ms = constant.unwrap_or_else(|| assume(issues));
        return (0..frames).map(|index| (index as f64 * step_ms * NS_PER_MS).round() as u64).collect();
    }
    from_vector(&vector, frames, constant, issues)
}

fn assume(issues: &mut Vec<ReadIssue>) -> f64 {
    issues.push(ReadIssue::FrameRateAssumed { fps: ASSUMED_FPS });
    1e3 / ASSUMED_FPS
}

/// The constant time between frames in milliseconds, where the file has one that can be right.
fn frame_ms(header: &Header, issues: &mut Vec<ReadIssue>) -> Option<f64> {
    let sources =
        [(header::FRAME_TIME, false), (header::CINE_RATE, true), (header::RECOMMENDED_FRAME_RATE, true)];
    for (field, is_rate) in sources {
        if !header.has(field) {
            continue;
        }
        let value = header.number(field).map(|value| if is_rate { 1e3 / value } else { value });
        match value {
            Some(ms) if ms > 0.0 && ms <= LONGEST_MS => return Some(ms),
            _ => issues.push(ReadIssue::ValueIgnored { field }),
        }
    }
    None
}

/// Frame Time Vector: each value is the time since the frame before, the first is 0 (§C.7.6.5.1.2). A value that
/// cannot be right, or is missing at the end, takes the place of the constant time or of the ones that are right.
fn from_vector(
    vector: &[f64],
    frames: usize,
    constant: Option<f64>,
    issues: &mut Vec<ReadIssue>,
) -> Vec<u64> {
    let believable = |ms: &f64| (0.0..=LONGEST_MS).contains(ms);
    let steps: Vec<f64> = vector.iter().skip(1).take(frames - 1).copied().collect();
    let right: Vec<f64> = steps.iter().copied().filter(|ms| believable(ms) && *ms > 0.0).collect();
    if steps.len() < frames - 1 || !steps.iter().all(believable) || vector.len() > frames {
        issues.push(ReadIssue::ValueIgnored { field: header::FRAME_TIME_VECTOR });
    }
    let usual = if right.is_empty() {
        constant.unwrap_or_else(|| assume(issues))
    } else {
        right.iter().sum::<f64>() / right.len() as f64
    };
    let mut now_ms = 0.0;
    let mut times = vec![0];
    for index in 0..frames - 1 {
        let step = steps.get(index).copied().filter(|ms| believable(ms) && !right.is_empty());
        now_ms += step.unwrap_or(usual);
        times.push((now_ms * NS_PER_MS).round() as u64);
    }
    times
}
