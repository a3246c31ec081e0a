//! The figures of a set of readings, and the sets that are reported: all, each data set, each device.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::categories::{Agreement, Observed, agreement, observed};
use super::descriptors::{DescriptorAccuracy, accuracy};
use super::metrics::calibration::{Bin, brier, error_of, reliability};
use super::metrics::detection::{Detection, average_precision};
use super::metrics::roc::{RocPoint, Scored, at_specificity, auc, delong};
use super::metrics::{Estimate, bootstrap, wilson};
use super::reading::{Reading, Truth};

/// The specificity at which sensitivity is reported.
pub const SPECIFICITY: f64 = 0.90;
/// Pictures that a device needs for figures of its own.
const FEWEST_OF_A_DEVICE: usize = 20;
/// What a table writes of devices that it does not tell apart: never a device of its own beside the group of that name.
const OTHER: &str = "other";

/// The figures of one set of readings. A figure is `None` where nothing in the set bears on it.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// How many pictures.
    pub pictures: usize,
    /// How many patients or near-duplicate groups.
    pub patients: usize,
    /// Pictures that were refused, as none that the model reads: nothing can be found on them.
    pub refused: usize,
    /// Lesion pictures with a mask: those behind Dice and AP50.
    pub outlined: usize,
    /// Mean over the pictures with a lesion and its mask.
    pub dice: Option<Estimate>,
    /// Malignant against benign, with the bootstrap's interval; normals take no part.
    pub auc: Option<Estimate>,
    /// DeLong's interval of the same area.
    pub auc_delong_ci95: Option<[f64; 2]>,
    /// Malignant lesions called so where 90 % of the benign ones are not.
    pub sensitivity_at_specificity_90: Option<OperatingPoint>,
    /// Lesion pictures with a probability of malignancy: those behind the area and the calibration.
    pub graded: usize,
    /// Average precision of the findings at an overlap of boxes of 0.5.
    pub ap50: Option<Estimate>,
    /// Lesion pictures on which nothing was found.
    pub missed: usize,
    /// Lesion pictures.
    pub lesions: usize,
    /// The share missed, with Wilson's interval.
    pub missed_share: Option<Estimate>,
    /// Normal pictures on which something was found.
    pub false_masks_on_normals: usize,
    /// Normal pictures.
    pub normals: usize,
    /// The share with a false mask, with Wilson's interval.
    pub false_masks_share: Option<Estimate>,
    /// Categories given by a person against those proposed.
    pub birads: Option<Agreement>,
    /// What became of each category proposed.
    pub malignancy_by_category: Vec<Observed>,
    /// Whether the probability of malignancy is meant as it is said.
    pub calibration: Option<Calibration>,
    /// The lexicon's words, a row a group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub descriptors: Vec<DescriptorAccuracy>,
}

/// Sensitivity where the specificity is fixed.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OperatingPoint {
    /// The sensitivity; every resample of its interval sets its own threshold.
    #[serde(flatten)]
    pub sensitivity: Estimate,
    /// The threshold on the probability, taken from these very pictures; `None` where none keeps the specificity.
    pub threshold: Option<f64>,
    /// The specificity reached, at least [`SPECIFICITY`].
    pub specificity: f64,
}

/// Calibration of the probability of malignancy.
#[derive(Debug, Serialize)]
pub struct Calibration {
    /// Expected calibration error over the bins; its interval is that of the true error, which the value may lie above.
    pub ece: Estimate,
    /// Mean squared error.
    pub brier: Estimate,
    /// The reliability diagram.
    pub bins: Vec<Bin>,
}

/// Which readings a group holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subset {
    /// All of them.
    All,
    /// Those of one data set.
    Dataset(String),
    /// Those of one device with enough pictures.
    Device(String),
    /// Those of all devices with too few.
    OtherDevices,
    /// Those of which the table names no device, though it does of others.
    DeviceUnknown,
}

/// A set of readings that is reported.
pub struct Group<'a> {
    /// Which they are.
    pub subset: Subset,
    /// The readings.
    pub readings: Vec<&'a Reading>,
    /// Their figures.
    pub figures: Figures,
}

/// Everything that is reported: all readings first, then each data set, then each device if the table names any.
pub fn groups(readings: &[Reading]) -> Vec<Group<'_>> {
    let mut subsets = vec![Subset::All];
    let names: BTreeSet<&str> = readings.iter().map(|reading| reading.dataset.as_str()).collect();
    subsets.extend(names.into_iter().map(|name| Subset::Dataset(name.into())));
    let mut devices: BTreeMap<&str, usize> = BTreeMap::new();
    for reading in readings {
        *devices.entry(&reading.device).or_default() += 1;
    }
    let large: BTreeSet<&str> = devices
        .iter()
        .filter(|(name, count)| **count >= FEWEST_OF_A_DEVICE && !name.eq_ignore_ascii_case(OTHER))
        .map(|(name, _)| *name)
        .collect();
    if devices.keys().any(|name| !name.is_empty()) {
        subsets.extend(large.iter().filter(|name| !name.is_empty()).map(|&name| Subset::Device(name.into())));
        subsets.extend([Subset::OtherDevices, Subset::DeviceUnknown]);
    }
    let holds = |subset: &Subset, reading: &Reading| match subset {
        Subset::All => true,
        Subset::Dataset(name) => reading.dataset == *name,
        Subset::Device(name) => reading.device == *name,
        Subset::OtherDevices => !reading.device.is_empty() && !large.contains(reading.device.as_str()),
        Subset::DeviceUnknown => reading.device.is_empty(),
    };
    let groups = subsets.into_iter().filter_map(|subset| {
        let within: Vec<&Reading> = readings.iter().filter(|reading| holds(&subset, reading)).collect();
        let any = !within.is_empty() || subset == Subset::All;
        any.then(|| Group { figures: figures(&within), subset, readings: within })
    });
    groups.collect()
}

/// The groups without a data set that is all there is: its figures are those of all, and would stand twice.
pub fn without_doubles<'a, 'b>(groups: &'b [Group<'a>]) -> impl Iterator<Item = &'b Group<'a>> {
    let only = only_dataset(groups).is_some();
    groups.iter().filter(move |group| !(only && matches!(group.subset, Subset::Dataset(_))))
}

/// The name of the data set, where there is one alone.
pub fn only_dataset<'a>(groups: &'a [Group<'_>]) -> Option<&'a str> {
    let mut names = groups.iter().filter_map(|group| match &group.subset {
        Subset::Dataset(name) => Some(name.as_str()),
        _ => None,
    });
    names.next().filter(|_| names.next().is_none())
}

/// The probabilities of malignancy of the lesion pictures, each with whether the lesion is malignant.
pub fn scores(readings: &[&Reading]) -> Vec<Scored> {
    with_scores(readings).map(|(_, score)| score).collect()
}

fn with_scores<'a>(readings: &[&'a Reading]) -> impl Iterator<Item = (&'a Reading, Scored)> {
    let lesions = readings.iter().filter(|reading| reading.truth != Truth::Normal);
    lesions.filter_map(|&reading| Some((reading, (reading.malignancy?, reading.truth == Truth::Malignant))))
}

/// All findings, and how many lesions there were to find; a lesion without a mask takes no part, as nobody knows where it is.
pub fn detections(readings: &[&Reading]) -> (Vec<Detection>, usize) {
    let known = || readings.iter().filter_map(|reading| Some((reading, reading.lesions?)));
    let found = known().flat_map(|(reading, _)| reading.detections.iter().copied()).collect();
    (found, known().map(|(_, lesions)| lesions).sum())
}

fn figures(readings: &[&Reading]) -> Figures {
    let patients: BTreeSet<&str> = readings.iter().map(|reading| reading.patient.as_str()).collect();
    let over_patients = |statistic: &dyn Fn(&[&Reading]) -> Option<f64>| {
        bootstrap(readings, |reading| &reading.patient, |rows| statistic(&flat(rows)))
    };
    let all = scores(readings);
    let (normals, lesions): (Vec<&Reading>, Vec<&Reading>) =
        readings.iter().partition(|reading| reading.truth == Truth::Normal);
    let missed = lesions.iter().filter(|reading| reading.detections.is_empty()).count();
    let false_masks = normals.iter().filter(|reading| !reading.detections.is_empty()).count();
    Figures {
        pictures: readings.len(),
        patients: patients.len(),
        refused: readings.iter().filter(|reading| reading.refused).count(),
        outlined: lesions.iter().filter(|reading| reading.lesions.is_some()).count(),
        dice: over_patients(&mean_dice),
        auc: over_patients(&|rows| auc(&scores(rows))),
        auc_delong_ci95: delong(&all).and_then(|estimate| estimate.ci95),
        sensitivity_at_specificity_90: operating_point(readings),
        graded: all.len(),
        ap50: over_patients(&|rows| {
            let (found, lesions) = detections(rows);
            average_precision(&found, lesions)
        }),
        missed,
        lesions: lesions.len(),
        missed_share: wilson(missed, lesions.len()),
        false_masks_on_normals: false_masks,
        normals: normals.len(),
        false_masks_share: wilson(false_masks, normals.len()),
        birads: agreement(readings),
        malignancy_by_category: observed(readings),
        calibration: calibration(readings),
        descriptors: accuracy(readings.iter().flat_map(|reading| &reading.descriptors)),
    }
}

/// The bootstrap gives references to rows that are references themselves.
fn flat<'a>(rows: &[&&'a Reading]) -> Vec<&'a Reading> {
    rows.iter().map(|row| **row).collect()
}

fn mean_dice(readings: &[&Reading]) -> Option<f64> {
    let values: Vec<f64> = readings.iter().filter_map(|reading| reading.dice).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn operating_point(readings: &[&Reading]) -> Option<OperatingPoint> {
    let RocPoint { threshold, specificity, .. } = at_specificity(&scores(readings), SPECIFICITY)?;
    let sensitivity = bootstrap(
        readings,
        |reading| &reading.patient,
        |rows| Some(at_specificity(&scores(&flat(rows)), SPECIFICITY)?.sensitivity),
    )?;
    Some(OperatingPoint { sensitivity, threshold, specificity })
}

fn calibration(readings: &[&Reading]) -> Option<Calibration> {
    Some(Calibration {
        ece: error_of(with_scores(readings).map(|(reading, score)| (reading.patient.as_str(), score)))?,
        brier: bootstrap(readings, |reading| &reading.patient, |rows| brier(&scores(&flat(rows))))?,
        bins: reliability(&scores(readings)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::reading::tests::reading;

    fn graded(patient: &str, truth: Truth, dice: Option<f64>, findings: &[(f64, bool)], p: f64) -> Reading {
        let detections = findings.iter().map(|&(score, hit)| Detection { score, hit }).collect();
        Reading { dice, detections, malignancy: Some(p), ..reading(patient, truth) }
    }

    fn on_device(count: usize, device: &str) -> Vec<Reading> {
        let of = |at: usize| Reading { device: device.into(), ..reading(&at.to_string(), Truth::Normal) };
        (0..count).map(of).collect()
    }

    #[test]
    fn figures_count_what_they_say() {
        let readings = [
            graded("1", Truth::Benign, Some(0.8), &[(0.9, true)], 0.2),
            graded("1", Truth::Benign, Some(0.0), &[], 0.6),
            graded("2", Truth::Malignant, Some(0.7), &[(0.8, true), (0.3, false)], 0.5),
            graded("3", Truth::Normal, None, &[(0.5, false)], 0.9),
            graded("4", Truth::Normal, None, &[], 0.1),
        ];
        let figures = figures(&readings.iter().collect::<Vec<_>>());
        assert_eq!((figures.pictures, figures.patients, figures.graded), (5, 4, 3));
        assert!((figures.dice.unwrap().value - 0.5).abs() < 1e-9);
        assert_eq!(figures.auc.unwrap().value, 0.5, "one of two benign lies below the malignant");
        assert_eq!((figures.missed, figures.lesions), (1, 3));
        assert_eq!((figures.false_masks_on_normals, figures.normals), (1, 2));
        assert_eq!(figures.false_masks_share.unwrap().value, 0.5);
        assert!((figures.ap50.unwrap().value - 2.0 / 3.0).abs() < 1e-9, "two of three met, before any false");
        let point = figures.sensitivity_at_specificity_90.unwrap();
        assert_eq!((point.sensitivity.value, point.specificity), (0.0, 1.0));
        assert_eq!(figures.calibration.unwrap().bins.iter().map(|bin| bin.count).sum::<usize>(), 3);
        assert!(figures.birads.is_none() && figures.descriptors.is_empty());
    }

    #[test]
    fn a_lesion_without_a_mask_counts_where_no_mask_is_needed() {
        let without =
            |p| Reading { lesions: None, ..graded("9", Truth::Malignant, None, &[(0.9, false)], p) };
        let with = [
            graded("1", Truth::Benign, Some(0.8), &[(0.8, true)], 0.2),
            graded("2", Truth::Malignant, Some(0.6), &[(0.7, true)], 0.9),
        ];
        let readings: Vec<Reading> = with.into_iter().chain([without(0.1)]).collect();
        let figures = figures(&readings.iter().collect::<Vec<_>>());
        assert_eq!((figures.lesions, figures.outlined, figures.graded, figures.missed), (3, 2, 3, 0));
        assert!((figures.dice.unwrap().value - 0.7).abs() < 1e-9);
        assert_eq!(figures.ap50.unwrap().value, 1.0, "what is marked on it is neither right nor wrong");
        assert_eq!(figures.auc.unwrap().value, 0.5, "the one without a mask is graded below the benign one");
    }

    #[test]
    fn what_is_refused_is_counted() {
        let refused = Reading { refused: true, ..reading("1", Truth::Normal) };
        assert_eq!(figures(&[&refused, &reading("2", Truth::Normal)]).refused, 1);
    }

    #[test]
    fn a_data_set_that_is_all_there_is_stands_once() {
        let of = |names: &[&str]| {
            let read = |name: &&str| Reading { dataset: (*name).into(), ..reading(name, Truth::Normal) };
            let readings: Vec<Reading> = names.iter().map(read).collect();
            let groups = groups(&readings);
            (without_doubles(&groups).count(), only_dataset(&groups).map(str::to_owned))
        };
        assert_eq!(of(&["a"]), (1, Some("a".into())));
        assert_eq!(of(&["a", "b"]), (3, None));
        assert_eq!(of(&[]), (1, None));
    }

    #[test]
    fn of_nothing_every_figure_is_none() {
        let groups = groups(&[]);
        assert_eq!(groups.len(), 1);
        let figures = &groups[0].figures;
        assert!(figures.dice.is_none() && figures.auc.is_none() && figures.ap50.is_none());
        assert!(figures.calibration.is_none() && figures.missed_share.is_none());
    }

    #[test]
    fn a_device_with_few_pictures_is_among_the_others() {
        let subsets = |readings: Vec<Reading>| -> Vec<(Subset, usize)> {
            groups(&readings).into_iter().map(|group| (group.subset, group.readings.len())).collect()
        };
        let all = |count| [(Subset::All, count), (Subset::Dataset("set".into()), count)].to_vec();
        assert_eq!(subsets(on_device(30, "")), all(30), "no device named: no such section");
        let mixed = [on_device(20, "A"), on_device(19, "B"), on_device(2, "C"), on_device(25, "")].concat();
        let devices =
            [(Subset::Device("A".into()), 20), (Subset::OtherDevices, 21), (Subset::DeviceUnknown, 25)];
        assert_eq!(subsets(mixed), [all(66), devices.to_vec()].concat());
        let named = [on_device(20, "A"), on_device(30, "Other")].concat();
        let devices = [(Subset::Device("A".into()), 20), (Subset::OtherDevices, 30)];
        assert_eq!(subsets(named), [all(50), devices.to_vec()].concat(), "no device of that name");
    }
}
