//! Dice of one set of pictures as a histogram, with a triangle at its mean.

use std::fmt::{Result, Write};

use super::{close, line, open, rect, text};
use crate::evaluate::reading::Reading;
use crate::evaluate::report::words::Words;

const SIZE: [f64; 2] = [300.0, 180.0];
const BINS: usize = 10;
const LEFT: f64 = 20.0;
const RIGHT: f64 = 286.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 132.0;

/// How many pictures reach which overlap; nothing where none has a lesion.
pub fn dice(out: &mut impl Write, words: &Words, readings: &[&Reading]) -> Result {
    let values: Vec<f64> = readings.iter().filter_map(|reading| reading.dice).collect();
    let mut counts = [0_usize; BINS];
    for value in &values {
        counts[((value * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    let most = counts.into_iter().max().unwrap_or(0).max(1) as f64;
    let x = |value: f64| LEFT + value * (RIGHT - LEFT);
    open(out, SIZE, words.histogram.name)?;
    for (at, count) in counts.into_iter().enumerate() {
        let [left, right] = [at, at + 1].map(|edge| x(edge as f64 / BINS as f64));
        let high = count as f64 / most * (BOTTOM - TOP);
        rect(out, "bar", [left + 1.0, BOTTOM - high], [right - left - 2.0, high])?;
        if count > 0 {
            text(out, "tick mid", [(left + right) / 2.0, BOTTOM - high - 4.0], count)?;
        }
    }
    line(out, "base", [LEFT, BOTTOM], [RIGHT, BOTTOM])?;
    for tick in 0..=5 {
        let value = f64::from(tick) / 5.0;
        text(out, "tick mid", [x(value), BOTTOM + 21.0], value)?;
    }
    if !values.is_empty() {
        let at = x(values.iter().sum::<f64>() / values.len() as f64);
        let [left, right, low] = [at - 5.0, at + 5.0, BOTTOM + 9.0];
        writeln!(
            out,
            r#"<polygon class="mean" points="{at:.1},{BOTTOM} {left:.1},{low} {right:.1},{low}"/>"#
        )?;
    }
    text(out, "axis mid", [x(0.5), BOTTOM + 40.0], words.axis_dice)?;
    close(out)
}
