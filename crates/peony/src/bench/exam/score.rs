//! The figures over all sweeps.

use std::collections::BTreeMap;
use std::io::Write;

use peony_model::QualityCode;
use peony_phantom::{Fault, PathKind};
use serde::Serialize;

use super::seen::{Proposed, Seen};
use crate::evaluate::metrics::calibration::{error_of, expected_calibration_error};
use crate::evaluate::metrics::detection::{Detection, average_precision};
use crate::evaluate::metrics::roc::{Scored, auc};
use crate::evaluate::metrics::{Estimate, bootstrap, wilson};

/// What `--json` gives; a figure that no sweep could give is `null`.
#[derive(Debug, Serialize)]
pub struct Figures {
    detect: Detect,
    quality: Quality,
    key_planes: KeyPlanes,
    volume: Volume,
    grade: Grade,
}

#[derive(Debug, Serialize)]
struct Detect {
    sensitivity: Option<f64>,
    /// Of clips: at an overlap of outlines of 0.2 instead of 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitivity_iou20: Option<f64>,
    false_per_min: Option<f64>,
    false_per_min_lesion_free: Option<f64>,
    id_switches_per_min: Option<f64>,
    ap50: Option<f64>,
    /// What the shares and rates above are of.
    lesions_found: usize,
    lesions: usize,
    false_alarms: usize,
    minutes: f64,
    false_alarms_lesion_free: usize,
    minutes_lesion_free: f64,
    letter_kept_on_return: Option<f64>,
    second_letter_proposed: Option<f64>,
    new_lesion_proposed: Option<f64>,
    shared_letters: usize,
}

#[derive(Debug, Serialize)]
struct Quality {
    caught_in_500ms: Option<f64>,
    false_lights_per_min: Option<f64>,
}

#[derive(Debug, Serialize)]
struct KeyPlanes {
    hit: Option<f64>,
    baseline_hit: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Volume {
    length_within_10: Option<f64>,
    drift_within_10_straight: Option<f64>,
    drift_within_15_turn: Option<f64>,
    volume_within_20: Option<f64>,
    unfit_share: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Grade {
    auc: Option<f64>,
    ece: Option<f64>,
}

/// False lights by what they say; what is not named had none.
#[derive(Debug, Serialize)]
pub struct FalseLights {
    false_lights: BTreeMap<&'static str, CodeLights>,
}

#[derive(Debug, Serialize)]
struct CodeLights {
    count: usize,
    per_min: Option<f64>,
}

/// How many of how many.
#[derive(Debug, Default, Clone, Copy)]
struct Share {
    yes: usize,
    of: usize,
}

impl Share {
    fn count(&mut self, yes: bool) {
        self.yes += usize::from(yes);
        self.of += 1;
    }

    fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.yes as f64 / self.of as f64)
    }
}

/// A figure with what it is called.
struct Row {
    name: String,
    /// Where it stands in the JSON.
    key: Option<&'static str>,
    figure: Figure,
}

enum Figure {
    Share(Share),
    /// How many, and in how many minutes.
    Rate(usize, f64),
    Count(usize),
    Score(Option<Estimate>),
}

impl Figure {
    /// With its 95 % interval: Wilson's for shares, Poisson's for rates, the bootstrap's over patients (breasts) for the rest.
    fn estimate(&self) -> Option<Estimate> {
        match *self {
            Self::Share(share) => wilson(share.yes, share.of),
            Self::Rate(count, minutes) => (minutes > 0.0).then(|| Estimate {
                value: count as f64 / minutes,
                ci95: Some(poisson(count).map(|bound| bound / minutes)),
            }),
            Self::Count(_) => None,
            Self::Score(estimate) => estimate,
        }
    }
}

/// Findings of one sweep or clip, and how many lesions the sampled frames showed.
#[derive(Debug)]
struct Found {
    patient: String,
    detections: Vec<Detection>,
    shown: usize,
}

/// Counts over sweeps or clips.
#[derive(Debug, Default)]
pub struct Totals {
    minutes: f64,
    /// Minutes of sweeps without a lesion, and false alarms in them.
    normal_minutes: f64,
    normal_false: usize,
    frames: u64,
    path_frames: u64,
    unfit: u64,
    found: Share,
    false_alarms: usize,
    switches: usize,
    pointed_at: Share,
    findings: Vec<Found>,
    caught: Share,
    by_fault: Vec<(Fault, Share)>,
    false_lights: BTreeMap<QualityCode, usize>,
    kept: Share,
    picked: Share,
    length: Share,
    straight: Share,
    turning: Share,
    volume: Share,
    cut_told: Share,
    /// Whose lesion it is, and its grade.
    graded: Vec<(String, Scored)>,
    same_letter: Share,
    shared_letters: usize,
    /// Lesions that got another letter when they were met again and were proposed to be that one; those proposed to be another.
    proposed: Share,
    proposed_wrong: usize,
    new_proposed: Share,
}

impl Totals {
    pub fn add(&mut self, seen: &Seen) {
        self.shared_letters += seen.shared_letters;
        for proposed in &seen.second_letters {
            self.proposed.count(*proposed == Proposed::Right);
            self.proposed_wrong += usize::from(*proposed == Proposed::Wrong);
        }
        seen.new_proposed.iter().for_each(|proposed| self.new_proposed.count(*proposed));
        if let Some(met_again) = &seen.met_again {
            // These sweeps ask about letters only: their lesions are met twice, which no other figure counts with.
            met_again.iter().for_each(|same| self.same_letter.count(*same));
            return;
        }
        let minutes = seen.seconds / 60.0;
        self.minutes += minutes;
        self.frames += seen.frames;
        self.false_alarms += seen.false_alarms;
        self.switches += seen.switches;
        for (code, count) in &seen.false_lights {
            *self.false_lights.entry(*code).or_default() += count;
        }
        self.findings.push(Found {
            patient: seen.patient.clone(),
            detections: seen.detections.clone(),
            shown: seen.shown,
        });
        if seen.lesions.is_empty() && seen.faults.is_empty() {
            self.normal_minutes += minutes;
            self.normal_false += seen.false_alarms;
        }
        for &(fault, caught) in &seen.faults {
            self.caught.count(caught);
            match self.by_fault.iter_mut().find(|(known, _)| *known == fault) {
                Some((_, share)) => share.count(caught),
                None => self.by_fault.push((fault, Share { yes: usize::from(caught), of: 1 })),
            }
        }
        for lesion in &seen.lesions {
            self.found.count(lesion.found);
            if let Some(pointed_at) = lesion.pointed_at {
                self.pointed_at.count(pointed_at);
            }
            // A lesion that was missed has no plane: that counts against the planes, and for the plain pick too.
            self.kept.count(lesion.largest_kept == Some(true));
            self.picked.count(lesion.largest_picked);
            let graded = lesion.malignancy.map(|p| (seen.patient.clone(), (p, lesion.malignant)));
            self.graded.extend(graded);
            if let Some(told) = lesion.cut_told {
                self.cut_told.count(told);
            }
            if let Some(ratio) = lesion.volume_ratio {
                self.volume.count((0.8..=1.2).contains(&ratio));
            }
        }
        if let Some(path) = &seen.path {
            self.path_frames += seen.frames;
            self.unfit += seen.unfit_frames;
            self.length.count((path.read_mm / path.true_mm - 1.0).abs() <= 0.10);
            let drift = path.drift_mm / path.true_mm;
            match path.kind {
                PathKind::Turning => self.turning.count(drift <= 0.15),
                PathKind::Straight => self.straight.count(drift <= 0.10),
                PathKind::Freehand | PathKind::Still => {}
            }
        }
    }

    pub fn figures(&self) -> Figures {
        let rate = |count: usize, minutes: f64| (minutes > 0.0).then(|| count as f64 / minutes);
        let scores: Vec<Scored> = self.graded.iter().map(|(_, scored)| *scored).collect();
        Figures {
            detect: Detect {
                sensitivity: self.found.value(),
                sensitivity_iou20: self.pointed_at.value(),
                false_per_min: rate(self.false_alarms, self.minutes),
                false_per_min_lesion_free: rate(self.normal_false, self.normal_minutes),
                id_switches_per_min: rate(self.switches, self.minutes),
                ap50: ap50(&self.findings.iter().collect::<Vec<_>>()),
                lesions_found: self.found.yes,
                lesions: self.found.of,
                false_alarms: self.false_alarms,
                minutes: self.minutes,
                false_alarms_lesion_free: self.normal_false,
                minutes_lesion_free: self.normal_minutes,
                letter_kept_on_return: self.same_letter.value(),
                second_letter_proposed: self.proposed.value(),
                new_lesion_proposed: self.new_proposed.value(),
                shared_letters: self.shared_letters,
            },
            quality: Quality {
                caught_in_500ms: self.caught.value(),
                false_lights_per_min: rate(self.false_lights.values().sum(), self.minutes),
            },
            key_planes: KeyPlanes { hit: self.kept.value(), baseline_hit: self.picked.value() },
            volume: Volume {
                length_within_10: self.length.value(),
                drift_within_10_straight: self.straight.value(),
                drift_within_15_turn: self.turning.value(),
                volume_within_20: self.volume.value(),
                unfit_share: (self.path_frames > 0).then(|| self.unfit as f64 / self.path_frames as f64),
            },
            grade: Grade { auc: auc(&scores), ece: expected_calibration_error(&scores) },
        }
    }

    /// The false lights of each code, for the line of JSON before the last.
    pub fn lights(&self) -> FalseLights {
        let of = |(code, count): (&QualityCode, &usize)| {
            let per_min = (self.minutes > 0.0).then(|| *count as f64 / self.minutes);
            (code.key(), CodeLights { count: *count, per_min })
        };
        FalseLights { false_lights: self.false_lights.iter().map(of).collect() }
    }

    fn rows(&self) -> Vec<Row> {
        let row = |name: &str, key, figure| Row { name: name.into(), key, figure };
        let share = |name, key, share| row(name, key, Figure::Share(share));
        let rate = |name, key, count, minutes| row(name, key, Figure::Rate(count, minutes));
        let mut rows = vec![share("lesions found", Some("detect.sensitivity"), self.found)];
        if self.pointed_at.of > 0 {
            rows.push(share(
                "  at an overlap of 0.2 only",
                Some("detect.sensitivity_iou20"),
                self.pointed_at,
            ));
        }
        rows.push(share("faults caught within 500 ms", Some("quality.caught_in_500ms"), self.caught));
        rows.extend(self.by_fault.iter().map(|(fault, caught)| Row {
            name: format!("  {}", fault.as_str()),
            key: None,
            figure: Figure::Share(*caught),
        }));
        if self.cut_told.of > 0 {
            rows.push(share("lesions that the border cuts, told", None, self.cut_told));
        }
        let ap50 = bootstrap(&self.findings, |found| &found.patient, ap50);
        let scores = |rows: &[&(String, Scored)]| rows.iter().map(|row| row.1).collect::<Vec<_>>();
        let area = bootstrap(&self.graded, |row| &row.0, |rows| auc(&scores(rows)));
        let error = error_of(self.graded.iter().map(|(patient, score)| (patient.as_str(), *score)));
        rows.extend([
            share("largest plane kept", Some("key_planes.hit"), self.kept),
            share("  by the sharpest frame of each second", Some("key_planes.baseline_hit"), self.picked),
            share("length within 10 %", Some("volume.length_within_10"), self.length),
            share("drift within 10 %, straight", Some("volume.drift_within_10_straight"), self.straight),
            share("drift within 15 %, turning", Some("volume.drift_within_15_turn"), self.turning),
            share("volume within 20 %", Some("volume.volume_within_20"), self.volume),
            share("letter kept on the way back", Some("detect.letter_kept_on_return"), self.same_letter),
            share(
                "  else proposed to be that one again",
                Some("detect.second_letter_proposed"),
                self.proposed,
            ),
            row("  else proposed to be another one", None, Figure::Count(self.proposed_wrong)),
            share(
                "new ones proposed to be an earlier one",
                Some("detect.new_lesion_proposed"),
                self.new_proposed,
            ),
            row("letters of more than one lesion", None, Figure::Count(self.shared_letters)),
            rate("false alarms a minute", Some("detect.false_per_min"), self.false_alarms, self.minutes),
            rate(
                "  in sweeps without a lesion",
                Some("detect.false_per_min_lesion_free"),
                self.normal_false,
                self.normal_minutes,
            ),
            rate(
                "identity switches a minute",
                Some("detect.id_switches_per_min"),
                self.switches,
                self.minutes,
            ),
            rate(
                "false lights a minute",
                Some("quality.false_lights_per_min"),
                self.false_lights.values().sum(),
                self.minutes,
            ),
        ]);
        rows.extend(self.false_lights.iter().map(|(code, count)| Row {
            name: format!("  {}", code.key()),
            key: None,
            figure: Figure::Rate(*count, self.minutes),
        }));
        rows.extend([
            row("average precision at IoU 0.5", Some("detect.ap50"), Figure::Score(ap50)),
            row("malignancy AUC", Some("grade.auc"), Figure::Score(area)),
            row("calibration error", Some("grade.ece"), Figure::Score(error)),
        ]);
        let unfit = self.figures().volume.unfit_share.map(|value| Estimate { value, ci95: None });
        rows.push(row("share of frames unfit for a length", None, Figure::Score(unfit)));
        rows
    }

    /// The 95 % interval of each figure that has one, by where it stands in the JSON (`detect.sensitivity`).
    pub fn intervals(&self) -> BTreeMap<&'static str, [f64; 2]> {
        self.rows().iter().filter_map(|row| Some((row.key?, row.figure.estimate()?.ci95?))).collect()
    }

    /// Each figure with its 95 % interval.
    pub fn write_table(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "{} frames, {:.1} min; intervals: 95 %", self.frames, self.minutes)?;
        for Row { name, figure, .. } in self.rows() {
            write!(out, "{name:<38} ")?;
            let Some(Estimate { value, ci95 }) = figure.estimate() else {
                match figure {
                    Figure::Count(count) => writeln!(out, "{count:>4}")?,
                    _ => writeln!(out, "–")?,
                }
                continue;
            };
            match figure {
                Figure::Share(share) => write!(out, "{:>4} of {:<4} {value:.3}", share.yes, share.of)?,
                Figure::Rate(count, _) => write!(out, "{count:>4} {value:>15.2}")?,
                Figure::Count(_) | Figure::Score(_) => write!(out, "{value:>20.3}")?,
            }
            let places = if matches!(figure, Figure::Rate(..)) { 2 } else { 3 };
            match ci95 {
                Some([low, high]) => writeln!(out, " ({low:.places$}–{high:.places$})")?,
                None => writeln!(out)?,
            }
        }
        Ok(())
    }
}

/// Average precision over the sampled frames of several sweeps or clips.
fn ap50(found: &[&Found]) -> Option<f64> {
    let detections: Vec<Detection> =
        found.iter().flat_map(|found| found.detections.iter().copied()).collect();
    average_precision(&detections, found.iter().map(|found| found.shown).sum())
}

/// The 95 % interval of a count (Byar's approximation of the exact Poisson limits).
fn poisson(count: usize) -> [f64; 2] {
    let n = count as f64;
    let bound = |n: f64, sign: f64| n * (1.0 - 1.0 / (9.0 * n) + sign * 1.96 / (3.0 * n.sqrt())).powi(3);
    [if count == 0 { 0.0 } else { bound(n, -1.0) }, bound(n + 1.0, 1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_limits_are_those_of_the_tables() {
        // Exact limits: 0 → 3.69, 1 → 0.025 to 5.57, 10 → 4.80 to 18.39.
        let check = |count, low: f64, high: f64| {
            let [l, h] = poisson(count);
            assert!((l - low).abs() < 0.06 && (h - high).abs() < 0.12, "{count}: {l} to {h}");
        };
        check(0, 0.0, 3.69);
        check(1, 0.025, 5.57);
        check(10, 4.80, 18.39);
    }
}
