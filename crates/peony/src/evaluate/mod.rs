//! `peony evaluate`: what the program says of labelled pictures, held against the labels.
//!
//! The figures are the program's, not the network's alone: the same reading, cropping, thresholds and outlines as
//! `peony analyze`. Every data set is reported for itself, then all together.

mod metrics;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use image::{GrayImage, Luma};
use imageproc::point::Point;
use peony_model::{Finding, Provenance};
use serde::{Deserialize, Serialize};

use self::metrics::{Estimate, auc, bootstrap, dice};
use crate::cli::EvaluateArgs;
use crate::engine::Reader;
use crate::exit::Outcome;
use crate::record::frame_malignancy;
use crate::{input, progress};

/// One row of the table of cases; further columns are left alone.
#[derive(Debug, Clone, Deserialize)]
struct Case {
    dataset: String,
    image: String,
    mask: String,
    group: String,
    pathology: String,
    split: String,
}

/// What the program said of one case, beside the truth.
#[derive(Debug, Clone)]
struct Reading {
    dataset: String,
    /// Patient or near-duplicate group, unique across data sets.
    group: String,
    truth: Truth,
    /// Overlap of all findings with the mask; `None` for normals.
    dice: Option<f64>,
    /// How many findings there were.
    findings: usize,
    malignancy: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Normal,
    Benign,
    Malignant,
}

/// The figures of one data set.
#[derive(Debug, Serialize)]
struct Figures {
    pictures: usize,
    patients: usize,
    /// Mean over the pictures with a lesion.
    dice: Option<Estimate>,
    /// Malignant against benign; normals take no part.
    auc: Option<Estimate>,
    /// Lesion pictures on which nothing was found.
    missed: usize,
    lesions: usize,
    /// Normal pictures on which something was found.
    false_masks_on_normals: usize,
    normals: usize,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    split: &'a str,
    provenance: Option<&'a Provenance>,
    datasets: BTreeMap<String, Figures>,
}

/// Reads every ultrasound case of the split and reports.
///
/// # Errors
/// Where the table cannot be read or holds no such case, or there is no model.
pub fn run(args: &EvaluateArgs) -> Result<Outcome> {
    let cases = cases(args)?;
    let mut reader = Reader::load(&args.model);
    let mut outcome = reader.outcome();
    if outcome == Outcome::NoModel {
        // Said already, on loading.
        return Ok(outcome);
    }
    let bar = progress::files(cases.len());
    let mut readings = Vec::with_capacity(cases.len());
    for case in &cases {
        match read(case, &args.root, &mut reader) {
            Ok(reading) => readings.push(reading),
            Err(error) => {
                bar.suspend(|| eprintln!("peony: {}: {error:#}", case.image));
                outcome = outcome.and(Outcome::SomeFailed);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let report =
        Report { split: &args.split, provenance: reader.provenance(), datasets: by_dataset(&readings) };
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write_table(&mut out, &report)?;
    }
    Ok(outcome.and(reader.outcome()))
}

/// The rows of the split that are ultrasound: a lesion with its mask, or a normal. Mammograms have no mask and lie
/// under `mammography/`.
fn cases(args: &EvaluateArgs) -> Result<Vec<Case>> {
    let table = || args.cases.display().to_string();
    let mut reader = csv::Reader::from_path(&args.cases).with_context(table)?;
    let rows: Vec<Case> = reader.deserialize().collect::<Result<_, _>>().with_context(table)?;
    let cases: Vec<Case> = rows
        .into_iter()
        .filter(|case| case.split == args.split && !case.image.starts_with("mammography/"))
        .filter(|case| case.pathology == "normal" || !case.mask.is_empty())
        .collect();
    if cases.is_empty() {
        bail!("{}: no ultrasound case of the split '{}'", table(), args.split);
    }
    Ok(cases)
}

fn read(case: &Case, root: &Path, reader: &mut Reader) -> Result<Reading> {
    let truth = match case.pathology.as_str() {
        "normal" => Truth::Normal,
        "benign" => Truth::Benign,
        "malignant" => Truth::Malignant,
        other => bail!("pathology '{other}' is none of benign, malignant, normal"),
    };
    let mut opened = input::open(&root.join(&case.image), None)?;
    let frame = opened.frames.next().context("no frame in it")??;
    reader.begin(false);
    let output = reader.step(&frame);
    let dice = match truth {
        Truth::Normal => None,
        _ => {
            let mask = image::open(root.join(&case.mask)).with_context(|| case.mask.clone())?.into_luma8();
            if [mask.width(), mask.height()] != output.size_px {
                bail!("mask and picture differ in size");
            }
            let found = filled(&output.findings, output.size_px);
            let on =
                |picture: &GrayImage| picture.as_raw().iter().map(|&grey| grey > 127).collect::<Vec<_>>();
            Some(dice(&on(&found), &on(&mask)))
        }
    };
    Ok(Reading {
        dataset: case.dataset.clone(),
        group: format!("{}/{}", case.dataset, case.group),
        truth,
        dice,
        findings: output.findings.len(),
        malignancy: frame_malignancy(&output).map(f64::from),
    })
}

/// The findings as one mask.
fn filled(findings: &[Finding], [width, height]: [u32; 2]) -> GrayImage {
    let mut mask = GrayImage::new(width, height);
    for finding in findings {
        let mut outline: Vec<Point<i32>> = finding
            .region
            .contour_px()
            .iter()
            .map(|point| Point::new(point.x.floor() as i32, point.y.floor() as i32))
            .collect();
        outline.dedup();
        if outline.len() > 1 && outline.first() == outline.last() {
            outline.pop();
        }
        if outline.len() >= 3 {
            imageproc::drawing::draw_polygon_mut(&mut mask, &outline, Luma([255]));
        }
    }
    mask
}

fn by_dataset(readings: &[Reading]) -> BTreeMap<String, Figures> {
    let mut names: Vec<String> = readings.iter().map(|reading| reading.dataset.clone()).collect();
    names.sort();
    names.dedup();
    let mut figures: BTreeMap<String, Figures> = names
        .into_iter()
        .map(|name| {
            let of: Vec<Reading> =
                readings.iter().filter(|reading| reading.dataset == name).cloned().collect();
            (name, figures_of(&of))
        })
        .collect();
    figures.insert("all".into(), figures_of(readings));
    figures
}

fn figures_of(readings: &[Reading]) -> Figures {
    let group = |reading: &Reading| reading.group.clone();
    let mut patients: Vec<String> = readings.iter().map(group).collect();
    patients.sort();
    patients.dedup();
    let mean_dice = |rows: &[Reading]| {
        let values: Vec<f64> = rows.iter().filter_map(|row| row.dice).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let area = |rows: &[Reading]| {
        let scores: Vec<(f64, bool)> = rows
            .iter()
            .filter(|row| row.truth != Truth::Normal)
            .filter_map(|row| Some((row.malignancy?, row.truth == Truth::Malignant)))
            .collect();
        auc(&scores)
    };
    let (normals, lesions): (Vec<_>, Vec<_>) = readings.iter().partition(|row| row.truth == Truth::Normal);
    Figures {
        pictures: readings.len(),
        patients: patients.len(),
        dice: bootstrap(readings, |row| &row.group, mean_dice),
        auc: bootstrap(readings, |row| &row.group, area),
        missed: lesions.iter().filter(|row| row.findings == 0).count(),
        lesions: lesions.len(),
        false_masks_on_normals: normals.iter().filter(|row| row.findings > 0).count(),
        normals: normals.len(),
    }
}

fn write_table(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    if let Some(by) = report.provenance {
        writeln!(out, "{} {} ({}, {})", by.model, by.version, by.provider, by.precision.as_str())?;
    }
    writeln!(out, "split {}; intervals: 95 %, bootstrap over patients", report.split)?;
    writeln!(
        out,
        "{:<10} {:>8} {:>8}  {:<22} {:<22} {:>12} {:>16}",
        "data set", "pictures", "patients", "Dice", "AUC", "missed", "false on normals"
    )?;
    for (name, figures) in &report.datasets {
        let estimate = |estimate: Option<Estimate>| match estimate {
            Some(Estimate { value, ci95: [low, high] }) => format!("{value:.3} ({low:.3}–{high:.3})"),
            None => "–".into(),
        };
        let share = |count: usize, of: usize| if of == 0 { "–".into() } else { format!("{count} of {of}") };
        writeln!(
            out,
            "{name:<10} {:>8} {:>8}  {:<22} {:<22} {:>12} {:>16}",
            figures.pictures,
            figures.patients,
            estimate(figures.dice),
            estimate(figures.auc),
            share(figures.missed, figures.lesions),
            share(figures.false_masks_on_normals, figures.normals),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(group: &str, truth: Truth, dice: Option<f64>, findings: usize, malignancy: f64) -> Reading {
        Reading {
            dataset: "set".into(),
            group: group.into(),
            truth,
            dice,
            findings,
            malignancy: Some(malignancy),
        }
    }

    #[test]
    fn figures_count_what_they_say() {
        let figures = figures_of(&[
            reading("1", Truth::Benign, Some(0.8), 1, 0.2),
            reading("1", Truth::Benign, Some(0.0), 0, 0.6),
            reading("2", Truth::Malignant, Some(0.7), 2, 0.5),
            reading("3", Truth::Normal, None, 1, 0.9),
            reading("4", Truth::Normal, None, 0, 0.1),
        ]);
        assert_eq!((figures.pictures, figures.patients), (5, 4));
        assert!((figures.dice.unwrap().value - 0.5).abs() < 1e-9);
        assert_eq!(figures.auc.unwrap().value, 0.5, "one of two benign lies below the malignant");
        assert_eq!((figures.missed, figures.lesions), (1, 3));
        assert_eq!((figures.false_masks_on_normals, figures.normals), (1, 2));
    }
}
