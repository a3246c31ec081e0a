//! The report's plots as inline SVG: axes and series here, one plot a file beside. Colours are classes of `report.css`.

pub mod categories;
pub mod curves;
pub mod histogram;
pub mod reliability;

use std::fmt::{Display, Result, Write};

use crate::evaluate::foreign::Escaped;

/// The longest name in a legend or a title.
const NAME: usize = 26;

/// Where the data of a plot lie in its view box. Both axes go from 0 to 1.
struct Axes {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Axes {
    fn x(&self, value: f64) -> f64 {
        self.left + value * self.width
    }

    fn y(&self, value: f64) -> f64 {
        self.top + (1.0 - value) * self.height
    }

    fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Grid, ticks every fifth, and the names of the axes.
    fn draw(&self, out: &mut impl Write, x_name: &str, y_name: &str) -> Result {
        for tick in 0..=5 {
            let value = f64::from(tick) / 5.0;
            let (x, y) = (self.x(value), self.y(value));
            line(out, "grid", [self.left, y], [self.left + self.width, y])?;
            line(out, "grid", [x, self.top], [x, self.bottom()])?;
            text(out, "tick end", [self.left - 8.0, y + 4.0], value)?;
            text(out, "tick mid", [x, self.bottom() + 17.0], value)?;
        }
        text(out, "axis mid", [self.x(0.5), self.bottom() + 36.0], Escaped(x_name))?;
        let [x, y] = [self.left - 40.0, self.y(0.5)];
        writeln!(
            out,
            r#"<text class="axis mid" transform="rotate(-90 {x:.1} {y:.1})" x="{x:.1}" y="{y:.1}">{}</text>"#,
            Escaped(y_name)
        )
    }

    /// A line through values.
    fn path(&self, out: &mut impl Write, class: &str, values: impl Iterator<Item = [f64; 2]>) -> Result {
        write!(out, r#"<polyline class="{class}" points=""#)?;
        for [x, y] in values {
            write!(out, "{:.1},{:.1} ", self.x(x), self.y(y))?;
        }
        writeln!(out, r#""/>"#)
    }

    /// A line that stays level until the next value, as a curve of counts does.
    fn steps(&self, out: &mut impl Write, class: &str, values: &[[f64; 2]]) -> Result {
        let corners = values.windows(2).flat_map(|pair| [[pair[0][0], pair[1][1]], pair[1]]);
        self.path(out, class, values.iter().take(1).copied().chain(corners))
    }
}

/// One line of the legend.
struct Entry {
    class: String,
    name: String,
    figure: String,
}

/// The legend, its first line at a place in the view box.
fn legend(out: &mut impl Write, [x, y]: [f64; 2], entries: &[Entry]) -> Result {
    for (at, entry) in entries.iter().enumerate() {
        let y = y + 19.0 * at as f64;
        line(out, &entry.class, [x, y - 4.0], [x + 26.0, y - 4.0])?;
        let label = format!("{} {}", Escaped(&clipped(&entry.name)), entry.figure);
        text(out, "legend", [x + 33.0, y], label)?;
    }
    Ok(())
}

/// Opens a plot of a size in user units, with what it shows for those who cannot see it.
fn open(out: &mut impl Write, [width, height]: [f64; 2], label: &str) -> Result {
    let label = Escaped(label);
    writeln!(out, r#"<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">"#)
}

fn close(out: &mut impl Write) -> Result {
    writeln!(out, "</svg>")
}

fn line(out: &mut impl Write, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) -> Result {
    writeln!(out, r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#)
}

/// A rectangle from its upper left corner and size.
fn rect(out: &mut impl Write, class: &str, [x, y]: [f64; 2], [width, height]: [f64; 2]) -> Result {
    writeln!(out, r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"/>"#)
}

fn dot(out: &mut impl Write, class: &str, [x, y]: [f64; 2]) -> Result {
    writeln!(out, r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="5"/>"#)
}

/// Text that is our own or escaped already.
fn text(out: &mut impl Write, class: &str, [x, y]: [f64; 2], text: impl Display) -> Result {
    writeln!(out, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{text}</text>"#)
}

/// A vertical interval with caps.
fn whisker(out: &mut impl Write, from: [f64; 2], to: [f64; 2]) -> Result {
    line(out, "whisker", from, to)?;
    let across = if from[0] == to[0] { [3.0, 0.0] } else { [0.0, 3.0] };
    for [x, y] in [from, to] {
        line(out, "whisker", [x - across[0], y - across[1]], [x + across[0], y + across[1]])?;
    }
    Ok(())
}

/// A category in its colour, as the pages show it: dashed where it is only proposed.
fn chip(out: &mut impl Write, label: &str, is_proposed: bool, [x, y]: [f64; 2]) -> Result {
    let proposed = if is_proposed { " proposed" } else { "" };
    let class = format!("chip br{}{proposed}", label.to_lowercase());
    writeln!(
        out,
        r#"<g class="{class}"><rect x="{:.1}" y="{:.1}" width="34" height="22" rx="4"/><text x="{x:.1}" y="{:.1}">{label}</text></g>"#,
        x - 17.0,
        y - 11.0,
        y + 4.5
    )
}

/// A foreign name, never longer than its place.
fn clipped(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.into();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}
