//! ROC and precision–recall: all pictures as one strong line, each data set as a thin one.

use std::fmt::{Result, Write};

use super::{Axes, Entry, close, dot, legend, line, open, text};
use crate::evaluate::figures::{Group, Subset, detections, scores, without_doubles};
use crate::evaluate::metrics::Estimate;
use crate::evaluate::metrics::detection::{PrPoint, envelope, precision_recall};
use crate::evaluate::metrics::roc::curve;
use crate::evaluate::report::words::Words;

const SIZE: [f64; 2] = [460.0, 430.0];
const AXES: Axes = Axes { left: 62.0, top: 12.0, width: 380.0, height: 366.0 };
/// Lines that can be told apart: all, and four data sets.
const MOST_LINES: usize = 5;

/// The ROC curve with its operating point; nothing where no lesion could be compared.
pub fn roc(out: &mut impl Write, words: &Words, groups: &[Group]) -> Result {
    let drawn = drawn(groups, |group| group.figures.auc);
    let Some((all, _)) = drawn.first() else { return Ok(()) };
    open(out, SIZE, words.roc.name)?;
    AXES.draw(out, words.axis_false_alarms, words.axis_sensitivity)?;
    line(out, "chance", [AXES.x(0.0), AXES.y(0.0)], [AXES.x(1.0), AXES.y(1.0)])?;
    for (at, (group, _)) in drawn.iter().enumerate().rev() {
        let points = curve(&scores(&group.readings));
        let points = points.iter().map(|point| [1.0 - point.specificity, point.sensitivity]);
        AXES.path(out, &format!("series s{at}"), points)?;
    }
    if let Some(point) = all.figures.sensitivity_at_specificity_90 {
        let [x, y] = [AXES.x(1.0 - point.specificity), AXES.y(point.sensitivity.value)];
        line(out, "guide", [x, AXES.bottom()], [x, y])?;
        dot(out, "point", [x, y])?;
        let threshold = match point.threshold {
            Some(threshold) => format!("{} {threshold:.3}", words.threshold),
            None => words.no_threshold.into(),
        };
        let figures = format!("{} {:.3}", words.axis_sensitivity, point.sensitivity.value);
        text(out, "note", [x + 12.0, y + 17.0], format!("{}: {figures}", words.operating_point))?;
        let specificity = format!("{} {:.3}, {threshold}", words.specificity, point.specificity);
        text(out, "note", [x + 12.0, y + 34.0], specificity)?;
    }
    let mut entries = entries(words, &drawn, "AUC");
    entries.push(Entry { class: "chance".into(), name: words.chance.into(), figure: "0.5".into() });
    let y = AXES.bottom() - 12.0 - 19.0 * (entries.len() - 1) as f64;
    legend(out, [AXES.x(0.42), y], &entries)?;
    close(out)
}

/// Precision against recall, with the best precision at each recall that average precision integrates.
pub fn pr(out: &mut impl Write, words: &Words, groups: &[Group]) -> Result {
    let drawn = drawn(groups, |group| group.figures.ap50);
    if drawn.is_empty() {
        return Ok(());
    }
    open(out, SIZE, words.precision_recall.name)?;
    AXES.draw(out, words.axis_recall, words.axis_precision)?;
    for (at, (group, _)) in drawn.iter().enumerate().rev() {
        let (found, lesions) = detections(&group.readings);
        let points = precision_recall(&found, lesions);
        let values = |points: &[_]| -> Vec<[f64; 2]> { points.iter().map(value).collect() };
        if at == 0 {
            AXES.path(out, "raw", values(&points).into_iter())?;
        }
        let hull = values(&envelope(&points));
        let from_the_edge = hull.first().map(|[_, precision]| [0.0, *precision]);
        let hull: Vec<[f64; 2]> = from_the_edge.into_iter().chain(hull).collect();
        AXES.steps(out, &format!("series s{at}"), &hull)?;
    }
    let entries = entries(words, &drawn, "AP50");
    let y = AXES.bottom() - 12.0 - 19.0 * (entries.len() - 1) as f64;
    legend(out, [AXES.x(0.06), y], &entries)?;
    close(out)
}

fn value(point: &PrPoint) -> [f64; 2] {
    [point.recall, point.precision]
}

/// The groups that have a line, with the figure beside its name.
fn drawn<'a>(
    groups: &'a [Group<'a>],
    figure: impl Fn(&Group) -> Option<Estimate>,
) -> Vec<(&'a Group<'a>, f64)> {
    let wanted =
        without_doubles(groups).filter(|group| matches!(group.subset, Subset::All | Subset::Dataset(_)));
    let with_figure = wanted.filter_map(|group| Some((group, figure(group)?.value)));
    with_figure.take(MOST_LINES).collect()
}

fn entries(words: &Words, drawn: &[(&Group, f64)], name: &str) -> Vec<Entry> {
    let entry = |(at, (group, figure)): (usize, &(&Group, f64))| Entry {
        class: format!("series s{at}"),
        name: words.subset(&group.subset).into(),
        figure: format!("{name} {figure:.3}"),
    };
    drawn.iter().enumerate().map(entry).collect()
}
