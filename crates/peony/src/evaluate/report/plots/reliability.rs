//! The reliability diagram, with the number of pictures behind each point below it.

use std::fmt::{Result, Write};

use super::{Axes, Entry, close, dot, legend, line, open, rect, text, whisker};
use crate::evaluate::metrics::calibration::Bin;
use crate::evaluate::report::words::Words;

const SIZE: [f64; 2] = [460.0, 430.0];
const AXES: Axes = Axes { left: 62.0, top: 12.0, width: 380.0, height: 280.0 };
/// Where the bars of the counts stand, and how high the highest is.
const COUNTS_AT: f64 = 424.0;
const COUNTS_HIGH: f64 = 60.0;

/// Probability said against what was so, bin by bin.
pub fn reliability(out: &mut impl Write, words: &Words, bins: &[Bin]) -> Result {
    open(out, SIZE, words.reliability.name)?;
    AXES.draw(out, words.axis_said, words.axis_observed)?;
    line(out, "chance", [AXES.x(0.0), AXES.y(0.0)], [AXES.x(1.0), AXES.y(1.0)])?;
    let points = || bins.iter().filter_map(|bin| Some((bin.said?, bin.observed?)));
    AXES.path(out, "series s0", points().map(|(said, observed)| [said, observed.value]))?;
    for (said, observed) in points() {
        if let Some(ends) = observed.ci95 {
            let [low, high] = ends.map(|end| [AXES.x(said), AXES.y(end)]);
            whisker(out, low, high)?;
        }
        dot(out, "point", [AXES.x(said), AXES.y(observed.value)])?;
    }
    let entry = Entry { class: "chance".into(), name: words.perfect.into(), figure: String::new() };
    legend(out, [AXES.x(0.04), AXES.top + 20.0], &[entry])?;
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1) as f64;
    for bin in bins {
        let [left, right] = [AXES.x(bin.from) + 2.0, AXES.x(bin.to) - 2.0];
        let high = bin.count as f64 / most * COUNTS_HIGH;
        rect(out, "bar", [left, COUNTS_AT - high], [right - left, high])?;
        text(out, "tick mid", [(left + right) / 2.0, COUNTS_AT - high - 4.0], bin.count)?;
    }
    line(out, "base", [AXES.left, COUNTS_AT], [AXES.left + AXES.width, COUNTS_AT])?;
    text(out, "tick end", [AXES.left - 8.0, COUNTS_AT - 2.0], words.pictures.to_lowercase())?;
    close(out)
}
