//! The figures on a terminal: short, the rest is in the JSON and in the report.

use std::io::{Result, Write};

use super::figures::{Figures, Group, SPECIFICITY, Subset, only_dataset, without_doubles};
use super::foreign::Printable;
use super::metrics::Estimate;
use super::summary::Summary;

/// The widest name that is written whole.
const NAME: usize = 30;

/// Writes the figures of every group, and what became of each category.
pub fn write(out: &mut impl Write, summary: &Summary) -> Result<()> {
    if let Some(by) = summary.provenance {
        writeln!(out, "{} {} ({}, {})", by.model, by.version, by.provider, by.precision.as_str())?;
    }
    let split = Printable(summary.split);
    writeln!(out, "split {split}; intervals: 95 %, bootstrap over patients; shares: Wilson")?;
    if summary.may_be_learned_from() {
        writeln!(out, "a model that learned from these pictures reads them better than it reads new ones")?;
    }
    how_well_read(out, summary.groups)?;
    how_well_judged(out, summary.groups)?;
    let Some(all) = summary.groups.first().map(|group| &group.figures) else { return Ok(()) };
    who_takes_no_part(out, summary, all)?;
    by_category(out, all)
}

fn how_well_read(out: &mut impl Write, groups: &[Group]) -> Result<()> {
    let sensitivity = format!("sens. at {:.0} % spec.", SPECIFICITY * 100.0);
    writeln!(
        out,
        "\n{:<NAME$} {:>8} {:>8}  {:<19}  {:<19}  {:<19}  {:<19}",
        "", "pictures", "patients", "Dice", "AP50", "AUC", sensitivity
    )?;
    for group in without_doubles(groups) {
        let figures = &group.figures;
        writeln!(
            out,
            "{:<NAME$} {:>8} {:>8}  {:<19}  {:<19}  {:<19}  {:<19}",
            name(groups, &group.subset),
            figures.pictures,
            figures.patients,
            estimate(figures.dice),
            estimate(figures.ap50),
            estimate(figures.auc),
            estimate(figures.sensitivity_at_specificity_90.map(|point| point.sensitivity)),
        )?;
    }
    if let Some([low, high]) = groups.first().and_then(|all| all.figures.auc_delong_ci95) {
        writeln!(out, "AUC of all by DeLong, pictures taken for independent: {low:.3}–{high:.3}")?;
    }
    Ok(())
}

fn how_well_judged(out: &mut impl Write, groups: &[Group]) -> Result<()> {
    writeln!(
        out,
        "\n{:<NAME$} {:<12} {:<23}  {:<19}  {:<19}  {:<19}",
        "", "missed", "false on normals", "BI-RADS kappa", "ECE", "Brier"
    )?;
    for group in without_doubles(groups) {
        let figures = &group.figures;
        let normals = match figures.false_masks_share {
            Some(Estimate { ci95: Some([low, high]), .. }) => {
                format!("{} ({low:.3}–{high:.3})", count(figures.false_masks_on_normals, figures.normals))
            }
            _ => "–".into(),
        };
        writeln!(
            out,
            "{:<NAME$} {:<12} {normals:<23}  {:<19}  {:<19}  {:<19}",
            name(groups, &group.subset),
            count(figures.missed, figures.lesions),
            estimate(figures.birads.as_ref().and_then(|birads| birads.kappa)),
            estimate(figures.calibration.as_ref().map(|calibration| calibration.ece)),
            estimate(figures.calibration.as_ref().map(|calibration| calibration.brier)),
        )?;
    }
    Ok(())
}

fn who_takes_no_part(out: &mut impl Write, summary: &Summary, all: &Figures) -> Result<()> {
    let lines = [
        (summary.not_read.len(), "rows could not be read and take no part".to_owned()),
        (all.refused, format!("of {} pictures were refused as none that the model reads", all.pictures)),
        (
            all.lesions - all.outlined,
            format!("of {} lesions have no mask: no part in Dice and AP50", all.lesions),
        ),
    ];
    for (count, what) in lines.iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "{count} {what}")?;
    }
    Ok(())
}

fn by_category(out: &mut impl Write, all: &Figures) -> Result<()> {
    if all.malignancy_by_category.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{:<10} {:>8} {:>9}  {:<20} lexicon", "proposed", "pictures", "malignant", "")?;
    for row in &all.malignancy_by_category {
        let percent = |share: f64| format!("{:.1}", share * 100.0);
        let interval = row.share.ci95.map(|[low, high]| format!(" ({}–{})", percent(low), percent(high)));
        let share = format!("{} %{}", percent(row.share.value), interval.unwrap_or_default());
        let [from, to] = row.expected.map(|share| format!("{:.0}", share * 100.0));
        let expected = if to == "0" { "about 0".into() } else { format!("{from}–{to}") };
        writeln!(
            out,
            "{:<10} {:>8} {:>9}  {share:<20} {expected} %",
            row.category.label(),
            row.pictures,
            row.malignant
        )?;
    }
    Ok(())
}

/// The name of a group, never wider than its column.
fn name(groups: &[Group], subset: &Subset) -> String {
    let name = match subset {
        Subset::All => match only_dataset(groups) {
            Some(name) => format!("all ({})", Printable(name)),
            None => "all".into(),
        },
        Subset::Dataset(name) | Subset::Device(name) => Printable(name).to_string(),
        Subset::OtherDevices => "other devices".into(),
        Subset::DeviceUnknown => "device unknown".into(),
    };
    if name.chars().count() <= NAME {
        return name;
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

fn estimate(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(Estimate { value, ci95: Some([low, high]) }) => format!("{value:.3} ({low:.3}–{high:.3})"),
        Some(Estimate { value, ci95: None }) => format!("{value:.3}"),
        None => "–".into(),
    }
}

fn count(count: usize, of: usize) -> String {
    if of == 0 { "–".into() } else { format!("{count} of {of}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::cases::NotRead;
    use crate::evaluate::figures::groups;
    use crate::evaluate::reading::Truth;
    use crate::evaluate::reading::tests::reading;

    fn written(split: &str, readings: &[super::super::reading::Reading], not_read: &[NotRead]) -> String {
        let groups = groups(readings);
        let mut out = Vec::new();
        write(&mut out, &Summary { split, provenance: None, groups: &groups, not_read }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_takes_no_part_is_counted_below_the_figures() {
        let refused = super::super::reading::Reading { refused: true, ..reading("1", Truth::Normal) };
        let bare = super::super::reading::Reading { lesions: None, ..reading("2", Truth::Benign) };
        let not_read = NotRead { row: "a.png".into(), why: "gone".into() };
        let text = written("val", &[refused, bare], &[not_read]);
        for says in [
            "1 rows could not be read and take no part",
            "1 of 2 pictures were refused as none that the model reads",
            "1 of 1 lesions have no mask: no part in Dice and AP50",
        ] {
            assert!(text.lines().any(|line| line == says), "{text} does not say {says}");
        }
        assert!(!written("val", &[reading("1", Truth::Benign)], &[]).contains("no part"));
    }

    #[test]
    fn a_split_that_was_learned_from_is_called_that() {
        let says = |split| written(split, &[reading("1", Truth::Normal)], &[]).contains("learned from these");
        assert_eq!(["train", "Training", "val", "test"].map(says), [true, true, false, false]);
    }

    #[test]
    fn one_data_set_has_one_row() {
        let text = written("val", &[reading("1", Truth::Normal)], &[]);
        assert_eq!(text.lines().filter(|line| line.starts_with("all (set)")).count(), 2, "{text}");
        assert!(!text.lines().any(|line| line.starts_with("set")), "{text}");
    }

    #[test]
    fn a_name_can_neither_steer_the_terminal_nor_break_the_table() {
        let of = |dataset: &str| super::super::reading::Reading {
            dataset: dataset.into(),
            ..reading("1", Truth::Normal)
        };
        let readings = [of("\u{1b}[2J"), of(&"long ".repeat(40))];
        let groups = groups(&readings);
        let mut out = Vec::new();
        write(&mut out, &Summary { split: "val", provenance: None, groups: &groups, not_read: &[] }).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 140), "{text}");
    }
}
