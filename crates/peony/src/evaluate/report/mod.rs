//! The report as one HTML file that loads nothing: header, figures, plots, groups, and how it was all made.
//!
//! Colours and type are the pages' tokens, on paper's own values in print and where a reader's system is light.

mod plots;
#[cfg(test)]
mod tests;
mod words;

use std::fmt::{Result, Write};

use self::words::{Figure, Words};
use super::categories::Agreement;
use super::descriptors::DescriptorAccuracy;
use super::figures::{Figures, Group, Subset, only_dataset, without_doubles};
use super::foreign::Escaped;
use super::metrics::Estimate;
use super::summary::Summary;
use crate::cli::Lang;

/// The pages' own tokens, so that a colour is written once.
const TOKENS: &str = include_str!("../../../../../web/ui/src/tokens.css");
const STYLE: &str = include_str!("report.css");
/// Nothing is fetched, whatever a name in the table may try.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The whole report.
///
/// # Errors
/// Never: text in memory can be written.
pub fn html(summary: &Summary, lang: Lang) -> std::result::Result<String, std::fmt::Error> {
    let words = Words::of(lang);
    let mut out = String::new();
    let title = words.title;
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Peony – {title}</title>\n<style>\n{TOKENS}{STYLE}</style>\n</head>\n<body>",
        words.tag
    )?;
    header(&mut out, words, summary)?;
    if let Some(all) = summary.groups.first() {
        writeln!(out, "<main>")?;
        tiles(&mut out, words, &all.figures)?;
        figures(&mut out, words, summary.groups)?;
        group_table(&mut out, words, summary.groups)?;
        descriptors(&mut out, words, &all.figures.descriptors)?;
        not_read(&mut out, words, summary)?;
        method(&mut out, words)?;
        writeln!(out, "</main>")?;
    }
    writeln!(out, "<footer>{}</footer>\n</body>\n</html>", words.research_use)?;
    Ok(out)
}

fn header(out: &mut String, words: &Words, summary: &Summary) -> Result {
    writeln!(
        out,
        "<header>\n<p class=\"research\">{}</p>\n<h1>{}</h1>\n<dl>",
        words.research_use, words.title
    )?;
    let mut entry = |name: &str, value: &str, class: &str| {
        writeln!(out, "<div class=\"{class}\"><dt>{name}</dt><dd>{}</dd></div>", Escaped(value))
    };
    match summary.provenance {
        Some(by) => {
            entry(words.model, &by.model, "")?;
            entry(words.version, &by.version, "")?;
            entry(words.engine, &by.provider, "")?;
            entry(words.precision, by.precision.as_str(), "")?;
        }
        None => entry(words.model, words.no_model, "")?,
    }
    entry(words.split, summary.split, "")?;
    if let Some(all) = summary.groups.first() {
        entry(words.pictures, &all.figures.pictures.to_string(), "")?;
        entry(words.patients, &all.figures.patients.to_string(), "")?;
        if !summary.not_read.is_empty() {
            entry(words.not_read, &summary.not_read.len().to_string(), "")?;
        }
        if all.figures.refused > 0 {
            entry(words.refused, &count(all.figures.refused, all.figures.pictures), "")?;
        }
    }
    entry(words.program, concat!("peony ", env!("CARGO_PKG_VERSION")), "")?;
    if let Some(by) = summary.provenance {
        entry(words.weights, &by.sha256, "wide")?;
    }
    writeln!(out, "</dl>")?;
    if summary.may_be_learned_from() {
        writeln!(out, "<p>{}</p>", words.learned_from)?;
    }
    writeln!(out, "</header>")
}

/// The figures of all pictures, each with its interval and its sentence; those that nothing bears on are left out.
fn tiles(out: &mut String, words: &Words, figures: &Figures) -> Result {
    writeln!(out, "<section>\n<h2>{}</h2>\n<div class=\"tiles\">", words.overview)?;
    let Figures { sensitivity_at_specificity_90: point, birads, calibration, .. } = figures;
    let outlined = if figures.outlined < figures.lesions {
        format!("{} {}", words.outlined, count(figures.outlined, figures.lesions))
    } else {
        String::new()
    };
    tile(out, words, &words.dice, figures.dice, &outlined)?;
    let delong = figures.auc_delong_ci95.map(|ends| format!("{} {}", words.delong, range(ends)));
    let graded = format!("{} {}", words.graded, count(figures.graded, figures.lesions));
    let beside: Vec<_> = delong.into_iter().chain([graded]).collect();
    tile(out, words, &words.auc, figures.auc, &beside.join(" · "))?;
    let threshold = match point.and_then(|point| point.threshold) {
        Some(threshold) => format!("{} {threshold:.3}", words.threshold),
        None => words.no_threshold.into(),
    };
    tile(out, words, &words.sensitivity, point.map(|point| point.sensitivity), &threshold)?;
    tile(out, words, &words.ap50, figures.ap50, &outlined)?;
    let scale = birads.as_ref().map(|birads| scale(words, birads)).unwrap_or_default();
    tile(out, words, &words.kappa, birads.as_ref().and_then(|birads| birads.kappa), &scale)?;
    let brier =
        calibration.as_ref().map(|c| format!("{} {:.3}", words.brier, c.brier.value)).unwrap_or_default();
    tile(out, words, &words.calibration, calibration.as_ref().map(|c| c.ece), &brier)?;
    let normals = count(figures.false_masks_on_normals, figures.normals);
    tile(out, words, &words.false_masks, figures.false_masks_share, &normals)?;
    tile(out, words, &words.missed, figures.missed_share, &count(figures.missed, figures.lesions))?;
    writeln!(out, "</div>\n</section>")
}

fn tile(out: &mut String, words: &Words, figure: &Figure, value: Option<Estimate>, beside: &str) -> Result {
    let Some(Estimate { value, ci95 }) = value else { return Ok(()) };
    let interval = ci95.map(|ends| format!("{} {}", words.interval, range(ends)));
    let interval = interval.unwrap_or_else(|| words.too_few.into());
    writeln!(
        out,
        "<div class=\"tile\"><h3>{}</h3><p class=\"value\">{value:.3}</p>\
         <p class=\"interval\"><span>{interval}</span> <span>{beside}</span></p><p>{}</p></div>",
        figure.name, figure.why
    )
}

fn scale(words: &Words, birads: &Agreement) -> String {
    let labels: Vec<_> = birads.scale.iter().map(|category| category.label()).collect();
    format!("{} {}", words.scale, labels.join(" "))
}

fn figures(out: &mut String, words: &Words, groups: &[Group]) -> Result {
    let Some(all) = groups.first() else { return Ok(()) };
    writeln!(out, "<section>\n<h2>{}</h2>\n<div class=\"plots\">", words.plots)?;
    if all.figures.auc.is_some() {
        figure(out, &words.roc, |out| plots::curves::roc(out, words, groups))?;
    }
    if let Some(calibration) = &all.figures.calibration {
        figure(out, &words.reliability, |out| {
            plots::reliability::reliability(out, words, &calibration.bins)
        })?;
    }
    confusions(out, words, groups)?;
    if !all.figures.malignancy_by_category.is_empty() {
        figure(out, &words.observed, |out| {
            plots::categories::observed(out, words, &all.figures.malignancy_by_category)
        })?;
    }
    if all.figures.ap50.is_some() {
        figure(out, &words.precision_recall, |out| plots::curves::pr(out, words, groups))?;
    }
    if all.figures.dice.is_some() {
        writeln!(out, "<figure class=\"whole\">\n<h3>{}</h3>", words.histogram.name)?;
        histograms(out, words, groups)?;
        caption(out, &words.histogram)?;
    }
    writeln!(out, "</div>\n</section>")
}

fn figure(out: &mut String, words: &Figure, draw: impl FnOnce(&mut String) -> Result) -> Result {
    writeln!(out, "<figure>\n<h3>{}</h3>", words.name)?;
    draw(out)?;
    caption(out, words)
}

fn caption(out: &mut String, words: &Figure) -> Result {
    writeln!(out, "<figcaption>{}</figcaption>\n</figure>", words.why)
}

/// The confusion matrix of all pictures, and that of each data set whose scale is finer.
fn confusions(out: &mut String, words: &Words, groups: &[Group]) -> Result {
    let Some(all) = groups.first().and_then(|group| group.figures.birads.as_ref()) else { return Ok(()) };
    let of_sets =
        groups.iter().filter(|group| matches!(group.subset, Subset::Dataset(_))).filter_map(|group| {
            let birads = group.figures.birads.as_ref()?;
            (birads.scale.len() > all.scale.len()).then_some((&group.subset, birads))
        });
    for (subset, birads) in [(&Subset::All, all)].into_iter().chain(of_sets) {
        figure(out, &words.confusion, |out| {
            let name = Escaped(words.subset(subset));
            let kappa = birads.kappa.map(|kappa| format!(" · kappa {}", inline(kappa))).unwrap_or_default();
            writeln!(
                out,
                "<p class=\"of\">{name} · {} {}{kappa}</p>",
                birads.pictures,
                words.pictures.to_lowercase()
            )?;
            plots::categories::confusion(out, words, birads)?;
            if birads.without_proposal == 0 {
                return Ok(());
            }
            writeln!(out, "<p class=\"of\">{} {}</p>", birads.without_proposal, words.without_proposal)
        })?;
    }
    Ok(())
}

fn histograms(out: &mut String, words: &Words, groups: &[Group]) -> Result {
    writeln!(out, "<div class=\"histograms\">")?;
    for group in groups.iter().filter(|group| matches!(group.subset, Subset::Dataset(_))) {
        if let Some(dice) = group.figures.dice {
            let name = Escaped(words.subset(&group.subset));
            writeln!(out, "<div><h4>{name} · {} {}</h4>", words.mean, inline(dice))?;
            plots::histogram::dice(out, words, &group.readings)?;
            writeln!(out, "</div>")?;
        }
    }
    writeln!(out, "</div>")
}

fn group_table(out: &mut String, words: &Words, groups: &[Group]) -> Result {
    writeln!(
        out,
        "<section>\n<h2>{}</h2>\n<p>{}</p>\n<table>\n<thead><tr><th></th><th>{}</th><th>{}</th>",
        words.by_group, words.by_group_why, words.pictures, words.patients
    )?;
    let columns =
        [&words.dice, &words.ap50, &words.auc, &words.sensitivity, &words.kappa, &words.calibration];
    for column in columns.into_iter().chain([&words.missed, &words.false_masks]) {
        writeln!(out, "<th>{}</th>", column.name)?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    let mut kind = None;
    for group in without_doubles(groups) {
        let heading = match group.subset {
            Subset::All => None,
            Subset::Dataset(_) => Some(words.dataset),
            Subset::Device(_) | Subset::OtherDevices | Subset::DeviceUnknown => Some(words.device),
        };
        if let Some(heading) = heading.filter(|_| heading != kind) {
            writeln!(out, "<tr class=\"kind\"><th colspan=\"11\">{heading}</th></tr>")?;
            kind = Some(heading);
        }
        let name = match (&group.subset, only_dataset(groups)) {
            (Subset::All, Some(only)) => format!("{} ({only})", words.all),
            (subset, _) => words.subset(subset).to_owned(),
        };
        group_row(out, &name, group)?;
    }
    writeln!(out, "</tbody>\n</table>\n</section>")
}

fn group_row(out: &mut String, name: &str, group: &Group) -> Result {
    let figures = &group.figures;
    writeln!(
        out,
        "<tr><th>{}</th><td>{}</td><td>{}</td>",
        Escaped(name),
        figures.pictures,
        figures.patients
    )?;
    let point = figures.sensitivity_at_specificity_90.map(|point| point.sensitivity);
    let kappa = figures.birads.as_ref().and_then(|birads| birads.kappa);
    let ece = figures.calibration.as_ref().map(|calibration| calibration.ece);
    for estimate in [figures.dice, figures.ap50, figures.auc, point, kappa, ece] {
        match estimate {
            Some(Estimate { value, ci95 }) => {
                writeln!(out, "<td>{value:.3}{}</td>", small(ci95))?;
            }
            None => writeln!(out, "<td>–</td>")?,
        }
    }
    let shares = [
        (figures.missed, figures.lesions, figures.missed_share),
        (figures.false_masks_on_normals, figures.normals, figures.false_masks_share),
    ];
    for (of, all, share) in shares {
        let interval = small(share.and_then(|share| share.ci95));
        writeln!(out, "<td>{}{interval}</td>", count(of, all))?;
    }
    writeln!(out, "</tr>")
}

/// Left out where the program says no descriptors, or the table has none.
fn descriptors(out: &mut String, words: &Words, rows: &[DescriptorAccuracy]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    let Words {
        descriptors: Figure { name, why }, group, lesions, same_words, among_words, commonest, ..
    } = words;
    writeln!(
        out,
        "<section>\n<h2>{name}</h2>\n<p>{why}</p>\n<table class=\"narrow\">\n<thead><tr><th>{group}</th>\
         <th>{lesions}</th><th>{same_words}</th><th>{among_words}</th><th>{commonest}</th></tr></thead>\n<tbody>"
    )?;
    for row in rows {
        writeln!(out, "<tr><th>{}</th><td>{}</td>", words.descriptor_group(row.group), row.lesions)?;
        for share in [row.same, row.among] {
            writeln!(out, "<td>{:.3}{}</td>", share.value, small(share.ci95))?;
        }
        writeln!(out, "<td>{:.3}</td></tr>", row.commonest)?;
    }
    writeln!(out, "</tbody>\n</table>\n</section>")
}

/// Which rows take no part, and why; left out where all were read.
fn not_read(out: &mut String, words: &Words, summary: &Summary) -> Result {
    /// A report of a table whose folder is not there need not name all of it.
    const MOST: usize = 200;
    if summary.not_read.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section class=\"method\">\n<h2>{}</h2>\n<p>{}</p>\n<ul>",
        words.not_read, words.not_read_why
    )?;
    for row in summary.not_read.iter().take(MOST) {
        writeln!(out, "<li>{}</li>", Escaped(&row.to_string()))?;
    }
    if summary.not_read.len() > MOST {
        writeln!(out, "<li>… {}</li>", summary.not_read.len() - MOST)?;
    }
    writeln!(out, "</ul>\n</section>")
}

fn method(out: &mut String, words: &Words) -> Result {
    writeln!(out, "<section class=\"method\">\n<h2>{}</h2>\n<ul>", words.method)?;
    for line in words.method_lines {
        writeln!(out, "<li>{line}</li>")?;
    }
    writeln!(out, "</ul>\n</section>")
}

/// An interval below its figure in a table.
fn small(ci95: Option<[f64; 2]>) -> String {
    ci95.map(|ends| format!("<small>{}</small>", range(ends))).unwrap_or_default()
}

fn range([low, high]: [f64; 2]) -> String {
    format!("{low:.3}–{high:.3}")
}

fn inline(Estimate { value, ci95 }: Estimate) -> String {
    let interval = ci95.map(|ends| format!(" ({})", range(ends))).unwrap_or_default();
    format!("{value:.3}{interval}")
}

fn count(count: usize, of: usize) -> String {
    if of == 0 { "–".into() } else { format!("{count} / {of}") }
}
