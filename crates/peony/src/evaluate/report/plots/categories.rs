//! BI-RADS: the confusion matrix, and the malignancy observed for each proposed category.

use std::fmt::{Result, Write};

use super::{chip, close, dot, line, open, rect, text, whisker};
use crate::evaluate::categories::{Agreement, Observed};
use crate::evaluate::foreign::Escaped;
use crate::evaluate::report::words::Words;

const WIDTH: f64 = 460.0;
/// Where the cells of the matrix begin, and where they end to the right.
const MATRIX: [f64; 2] = [84.0, 62.0];
const MATRIX_RIGHT: f64 = 448.0;
/// A cell darker than this has light text.
const DARK: f64 = 0.8;

/// Categories given against proposed.
pub fn confusion(out: &mut impl Write, words: &Words, birads: &Agreement) -> Result {
    let levels = birads.scale.len() as f64;
    let [left, top] = MATRIX;
    let side = (MATRIX_RIGHT - left) / levels;
    let high = side.min(78.0);
    open(out, [WIDTH, top + high * levels + 10.0], words.confusion.name)?;
    text(out, "axis mid", [(left + MATRIX_RIGHT) / 2.0, 16.0], Escaped(words.proposed))?;
    let [x, y] = [16.0, top + high * levels / 2.0];
    let given = Escaped(words.given);
    writeln!(
        out,
        r#"<text class="axis mid" transform="rotate(-90 {x} {y:.1})" x="{x}" y="{y:.1}">{given}</text>"#
    )?;
    for (at, (category, row)) in birads.scale.iter().zip(&birads.matrix).enumerate() {
        let label = category.label();
        chip(out, label, true, [left + side * (at as f64 + 0.5), top - 20.0])?;
        chip(out, label, false, [left - 30.0, top + high * (at as f64 + 0.5)])?;
        let sum = row.iter().sum::<usize>().max(1) as f64;
        for (column, &count) in row.iter().enumerate() {
            let corner = [left + side * column as f64, top + high * at as f64];
            cell(out, corner, [side, high], count, count as f64 / sum)?;
        }
    }
    for at in 0..birads.scale.len() {
        let corner = [left + side * at as f64 + 1.5, top + high * at as f64 + 1.5];
        rect(out, "agree", corner, [side - 3.0, high - 3.0])?;
    }
    close(out)
}

/// One cell, as dark as its share of the row.
fn cell(
    out: &mut impl Write,
    [x, y]: [f64; 2],
    [width, height]: [f64; 2],
    count: usize,
    share: f64,
) -> Result {
    writeln!(
        out,
        r#"<rect class="cell" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill-opacity="{share:.2}"/>"#,
        x + 1.0,
        y + 1.0,
        width - 2.0,
        height - 2.0
    )?;
    let dark = if share > DARK { " dark" } else { "" };
    let [x, y] = [x + width / 2.0, y + height / 2.0];
    if count == 0 {
        return text(out, "tick mid", [x, y + 4.0], "·");
    }
    text(out, &format!("count{dark}"), [x, y + 1.0], count)?;
    text(out, &format!("share{dark}"), [x, y + 16.0], format!("{:.0} %", share * 100.0))
}

const ROWS_TOP: f64 = 18.0;
const ROW: f64 = 56.0;
const ROWS_LEFT: f64 = 62.0;
const ROWS_RIGHT: f64 = 326.0;
const LABELS_LEFT: f64 = 348.0;

/// The malignancy observed for each proposed category beside what the lexicon expects.
pub fn observed(out: &mut impl Write, words: &Words, rows: &[Observed]) -> Result {
    let bottom = ROWS_TOP + ROW * rows.len() as f64;
    let x = |share: f64| ROWS_LEFT + share * (ROWS_RIGHT - ROWS_LEFT);
    open(out, [WIDTH, bottom + 66.0], words.observed.name)?;
    for tick in 0..=5 {
        let value = f64::from(tick) / 5.0;
        line(out, "grid", [x(value), ROWS_TOP], [x(value), bottom])?;
        text(out, "tick mid", [x(value), bottom + 17.0], format!("{:.0} %", value * 100.0))?;
    }
    text(out, "axis mid", [x(0.5), bottom + 36.0], Escaped(words.axis_malignant))?;
    for (at, row) in rows.iter().enumerate() {
        let middle = ROWS_TOP + ROW * (at as f64 + 0.5);
        chip(out, row.category.label(), true, [30.0, middle])?;
        let [from, to] = row.expected.map(x);
        // The narrowest band is still seen.
        rect(out, "band", [from, middle - 20.0], [(to - from).max(3.0), 40.0])?;
        if let Some([low, high]) = row.share.ci95 {
            whisker(out, [x(low), middle], [x(high), middle])?;
        }
        dot(out, "point", [x(row.share.value), middle])?;
        let label = format!("{} / {} = {:.1} %", row.malignant, row.pictures, row.share.value * 100.0);
        text(out, "note", [LABELS_LEFT, middle + 4.0], label)?;
    }
    rect(out, "band", [ROWS_LEFT, bottom + 48.0], [26.0, 12.0])?;
    text(out, "legend", [ROWS_LEFT + 33.0, bottom + 58.0], Escaped(words.expected))?;
    close(out)
}
