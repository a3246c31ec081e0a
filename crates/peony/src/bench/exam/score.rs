//! The figures over all sweeps.

use std::io::Write;

use peony_phantom::{Fault, PathKind};
use serde::Serialize;

use super::sweep::Seen;
use crate::evaluate::metrics::calibration::expected_calibration_error;
use crate::evaluate::metrics::detection::{Detection, average_precision};
use crate::evaluate::metrics::roc::auc;
use crate::evaluate::metrics::{Estimate, wilson};

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
    false_per_min: Option<f64>,
    id_switches_per_min: Option<f64>,
    ap50: Option<f64>,
    letter_kept_on_return: Option<f64>,
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

/// Counts over sweeps.
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
    detections: Vec<Detection>,
    shown: usize,
    caught: Share,
    by_fault: Vec<(Fault, Share)>,
    false_lights: usize,
    kept: Share,
    picked: Share,
    length: Share,
    straight: Share,
    turning: Share,
    volume: Share,
    graded: Vec<(f64, bool)>,
    same_letter: Share,
    shared_letters: usize,
}

impl Totals {
    pub fn add(&mut self, seen: &Seen) {
        self.shared_letters += seen.shared_letters;
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
        self.false_lights += seen.false_lights;
        self.shown += seen.shown;
        self.detections.extend(seen.detections.iter().cloned());
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
            // A lesion that was missed has no plane: that counts against the planes, and for the plain pick too.
            self.kept.count(lesion.largest_kept == Some(true));
            self.picked.count(lesion.largest_picked);
            self.graded.extend(lesion.malignancy.map(|p| (p, lesion.malignant)));
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
        Figures {
            detect: Detect {
                sensitivity: self.found.value(),
                false_per_min: rate(self.false_alarms, self.minutes),
                id_switches_per_min: rate(self.switches, self.minutes),
                ap50: average_precision(&self.detections, self.shown),
                letter_kept_on_return: self.same_letter.value(),
                shared_letters: self.shared_letters,
            },
            quality: Quality {
                caught_in_500ms: self.caught.value(),
                false_lights_per_min: rate(self.false_lights, self.minutes),
            },
            key_planes: KeyPlanes { hit: self.kept.value(), baseline_hit: self.picked.value() },
            volume: Volume {
                length_within_10: self.length.value(),
                drift_within_10_straight: self.straight.value(),
                drift_within_15_turn: self.turning.value(),
                volume_within_20: self.volume.value(),
                unfit_share: (self.path_frames > 0).then(|| self.unfit as f64 / self.path_frames as f64),
            },
            grade: Grade { auc: auc(&self.graded), ece: expected_calibration_error(&self.graded) },
        }
    }

    /// Each figure with its 95 % interval: Wilson's for shares, Poisson's for rates.
    pub fn write_table(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "{} frames, {:.1} min; intervals: 95 %", self.frames, self.minutes)?;
        let mut share = |name: &str, share: Share| match wilson(share.yes, share.of) {
            Some(Estimate { value, ci95 }) => {
                let [low, high] = ci95.unwrap_or([value; 2]);
                writeln!(
                    out,
                    "{name:<38} {:>4} of {:<4} {value:.3} ({low:.3}–{high:.3})",
                    share.yes, share.of
                )
            }
            None => writeln!(out, "{name:<38} –"),
        };
        share("lesions found", self.found)?;
        share("faults caught within 500 ms", self.caught)?;
        for (fault, caught) in &self.by_fault {
            share(&format!("  {}", fault.as_str()), *caught)?;
        }
        share("largest plane kept", self.kept)?;
        share("  by the sharpest frame of each second", self.picked)?;
        share("length within 10 %", self.length)?;
        share("drift within 10 %, straight", self.straight)?;
        share("drift within 15 %, turning", self.turning)?;
        share("volume within 20 %", self.volume)?;
        share("letter kept on the way back", self.same_letter)?;
        writeln!(out, "{:<38} {:>4}", "letters of more than one lesion", self.shared_letters)?;
        for (name, count, minutes) in [
            ("false alarms a minute", self.false_alarms, self.minutes),
            ("  in sweeps without a lesion", self.normal_false, self.normal_minutes),
            ("identity switches a minute", self.switches, self.minutes),
            ("false lights a minute", self.false_lights, self.minutes),
        ] {
            if minutes == 0.0 {
                writeln!(out, "{name:<38} –")?;
                continue;
            }
            let [low, high] = poisson(count).map(|bound| bound / minutes);
            writeln!(out, "{name:<38} {count:>4} {:>15.2} ({low:.2}–{high:.2})", count as f64 / minutes)?;
        }
        let figures = self.figures();
        for (name, value) in [
            ("average precision at IoU 0.5", figures.detect.ap50),
            ("malignancy AUC", figures.grade.auc),
            ("calibration error", figures.grade.ece),
            ("share of frames unfit for a length", figures.volume.unfit_share),
        ] {
            let value = value.map_or("–".to_owned(), |value| format!("{value:.3}"));
            writeln!(out, "{name:<38} {value:>20}")?;
        }
        Ok(())
    }
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
