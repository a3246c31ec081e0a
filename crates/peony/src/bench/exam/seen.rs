//! What one sweep or clip gave beside what there was: what the figures are made of.

use std::collections::BTreeMap;

use peony_model::QualityCode;
use peony_phantom::{Fault, PathKind};

use crate::evaluate::metrics::detection::Detection;

/// What was said of one sweep, or of one clip.
#[derive(Debug, Default)]
pub struct Seen {
    /// Whose breast it was: of several sweeps over one, no figure is surer.
    pub patient: String,
    pub frames: u64,
    pub seconds: f64,
    /// Lesions, each with what became of it.
    pub lesions: Vec<Lesion>,
    /// Confirmed lesions that are none.
    pub false_alarms: usize,
    /// Times that a lesion was followed under another number than before.
    pub switches: usize,
    pub detections: Vec<Detection>,
    /// Lesions on the sampled frames.
    pub shown: usize,
    /// Faults begun, and those that a light told of in time.
    pub faults: Vec<(Fault, bool)>,
    /// Lights that nothing explains, by what they say.
    pub false_lights: BTreeMap<QualityCode, usize>,
    pub path: Option<Led>,
    pub unfit_frames: u64,
    /// Letters that stood for more than one lesion.
    pub shared_letters: usize,
    /// Of a sweep there and back: each lesion that was confirmed on both ways, and whether under the same letter.
    pub met_again: Option<Vec<bool>>,
    /// What was proposed of those that got another letter.
    pub second_letters: Vec<Proposed>,
    /// Lesions that are met for the first time, each with whether it was proposed to be an earlier one.
    pub new_proposed: Vec<bool>,
}

/// Which earlier lesion one was proposed to be again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposed {
    Right,
    Wrong,
    Nothing,
}

/// A lesion that there is.
#[derive(Debug)]
pub struct Lesion {
    pub malignant: bool,
    pub found: bool,
    /// Whether it was at least pointed at; `None` where that is not asked.
    pub pointed_at: Option<bool>,
    pub malignancy: Option<f64>,
    /// Whether the plane kept as its largest is one; `None` where none was kept.
    pub largest_kept: Option<bool>,
    /// The same for a pick of the sharpest frame of each second.
    pub largest_picked: bool,
    /// Where the border of the picture cuts it, whether that was told while it was seen.
    pub cut_told: Option<bool>,
    /// Volume read over true volume; `None` where one of them is not known.
    pub volume_ratio: Option<f32>,
}

/// How far the probe was led, mm.
#[derive(Debug)]
pub struct Led {
    pub kind: PathKind,
    pub true_mm: f32,
    pub read_mm: f32,
    /// Distance between where the plane was taken to be at the end and where it was.
    pub drift_mm: f32,
}
