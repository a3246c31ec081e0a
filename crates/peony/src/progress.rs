//! Progress bars on the standard error, hidden where it is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{bar:32} {pos}/{len} {unit} {per_sec} {eta} left {wide_msg}";

fn bar(count: usize, unit: &'static str) -> ProgressBar {
    let template = TEMPLATE.replace("{unit}", unit);
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(count as u64).with_style(style)
}

/// One step a file; hidden for a single file.
pub fn files(count: usize) -> ProgressBar {
    if count < 2 { ProgressBar::hidden() } else { bar(count, "files") }
}

/// One step a frame.
pub fn frames(count: usize) -> ProgressBar {
    bar(count, "frames")
}
