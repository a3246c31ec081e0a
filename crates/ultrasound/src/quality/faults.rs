//! Figures against limits.

use peony_imaging::PixelRect;
use peony_model::{CalibrationSource, MmPerPx, QualityCode, QualityIssue};

use super::look::{ColumnSignal, Look};
use crate::motion::Motion;
use crate::output::ContactSide;

/// One cell in twenty of a picture with enough gain is brighter than this; in the darkest of 495 stills it is 75.
const GAIN_LOW: f32 = 70.0;
/// The median of a picture with too much gain lies above this.
const GAIN_HIGH: f32 = 165.0;
/// Or this share of it is saturated.
const SATURATED: f32 = 0.12;
/// Fine detail over coarse below this is blurred. Of 495 stills the least sharp has 0.098.
const BLUR: f32 = 0.092;
/// A column with less grey than this, under a near field with more, sees no tissue.
const NO_TISSUE: f32 = 9.0;
/// Reverberation may reach down into it: then up to this grey, under a near field three times as bright.
const REVERBERATION: f32 = 40.0;
/// Columns of reverberation differ less than this from their neighbours, speckle more.
const BANDED: f32 = 0.03;
/// The share of columns at one side that must be lost.
const LOST_SIDE: f32 = 0.08;
/// The share of columns that makes the whole.
const LOST_WHOLE: f32 = 0.6;
/// The share of coloured pixels that is a colour box and not a caption.
const COLOUR_BOX: f32 = 0.015;
/// The share of pixels that are strokes, above which text or calipers lie on the picture: of 48 stills of `train` between 0.0004 and 0.0012, looked at, each
/// had some, a vendor's sign in a corner alone makes less, and phantoms without marks have none.
const MARKS: f32 = 0.0005;
/// Speckle varies more than this within a few pixels: of 300 stills of `train` at one, one and a half, two and three times their size one varies less,
/// of 105 films all but four.
const SPECKLE: f32 = 0.05;
/// Those vary less than this, as a still in a hundred does, and their grain is the same across and down.
const GRAIN: f32 = 0.06;
/// A near field narrower than this share of the picture is the tip of a fan.
const FAN: f32 = 0.42;
/// Deeper than any breast is scanned, mm: hearts and bellies are.
const TOO_DEEP_MM: f32 = 100.0;
/// Where speckle is lost, mm/s out of the plane.
const TOO_FAST_MM_S: f32 = 22.0;

/// The faults that the picture itself shows.
pub(super) fn of_picture(look: &Look, contact: Option<ContactSide>, chroma: f32) -> Vec<QualityIssue> {
    let mut issues = Vec::new();
    let mut over = |code, figure: f32, limit: f32, holds: bool| {
        if holds {
            issues.push(QualityIssue::new(code).with_figure(figure, limit));
        }
    };
    over(QualityCode::GainLow, look.bright_grey, GAIN_LOW, contact.is_none() && look.bright_grey < GAIN_LOW);
    over(QualityCode::GainHigh, look.median_grey, GAIN_HIGH, look.median_grey > GAIN_HIGH);
    let saturated = look.saturated > SATURATED && look.median_grey <= GAIN_HIGH;
    over(QualityCode::GainHigh, look.saturated, SATURATED, saturated);
    // Bands of reverberation and a dark picture hold no fine detail to be missed.
    let can_tell = contact.is_none() && look.bright_grey >= GAIN_LOW;
    over(QualityCode::Blur, look.sharpness, BLUR, can_tell && look.sharpness < BLUR);
    over(QualityCode::ColourBox, chroma, COLOUR_BOX, chroma > COLOUR_BOX);
    over(QualityCode::Marks, look.strokes, MARKS, look.strokes > MARKS);
    if is_foreign(look, chroma) {
        issues.push(QualityIssue::new(QualityCode::WrongDomain));
    }
    if contact.is_some() {
        issues.push(QualityIssue::new(QualityCode::ContactLost));
    }
    issues
}

/// A picture that no B-mode machine makes: coloured all over, or smooth where speckle should be.
///
/// Simple heuristics, for mammograms, photographs, drawings, and the fans of sector probes, which scan hearts and
/// bellies; another organ under a linear probe passes.
fn is_foreign(look: &Look, chroma: f32) -> bool {
    let coloured = chroma > 0.6;
    let smooth = look.sharpness < 0.02;
    let drawn = look.flat > 0.55;
    // Beams are wider than pulses are long, so fine detail differs across and down; film grain does not.
    let across_over_all = look.sharpness_across / look.sharpness.max(1e-6);
    let film = look.contrast < GRAIN && (0.9..1.1).contains(&across_over_all);
    let even = look.contrast < SPECKLE;
    let fan = look.near_width < FAN;
    coloured || smooth || drawn || film || even || fan
}

/// A picture that reaches deeper than a breast. A scale that a person entered may be wrong, and proves nothing.
pub(super) fn too_deep(area: PixelRect, scale: MmPerPx) -> Option<QualityIssue> {
    let depth_mm = area.height as f32 * scale.y();
    (depth_mm > TOO_DEEP_MM && scale.source() != CalibrationSource::Entered)
        .then(|| QualityIssue::new(QualityCode::WrongDomain).with_figure(depth_mm, TOO_DEEP_MM))
}

/// Which side of the probe has lost contact: columns that are dark below a near field that is not.
pub(super) fn contact(look: &Look) -> Option<ContactSide> {
    let count = look.columns.len();
    if count < 8 {
        return None;
    }
    let all = look.columns.iter().filter(|column| is_lost(column)).count();
    let left = look.columns.iter().take_while(|column| is_lost(column)).count();
    let right = look.columns.iter().rev().take_while(|column| is_lost(column)).count();
    let share = |columns: usize| columns as f32 / count as f32;
    if share(all) >= LOST_WHOLE {
        Some(ContactSide::Whole)
    } else if share(left.max(right)) >= LOST_SIDE {
        Some(if left >= right { ContactSide::Left } else { ContactSide::Right })
    } else {
        None
    }
}

/// Whether nothing under the near field is tissue: it is dark, or the bands of reverberation that reach down into it are
/// the same beside it, and end.
fn is_lost(column: &ColumnSignal) -> bool {
    let dark = column.tissue < NO_TISSUE && column.near > column.tissue;
    let fading = column.tissue < REVERBERATION && column.near > 3.0 * column.tissue;
    let banded = column.across < BANDED && column.deep < REVERBERATION && column.near > 3.0 * column.deep;
    dark || fading || banded
}

/// Faster than speckle can follow, by the speed read or, with or without a scale, because nothing of the speckle is left. Where frames came too seldom for that to
/// say anything of the hand, it is their fault (`Gaps`).
pub(super) fn too_fast(motion: &Motion) -> Option<QualityIssue> {
    let issue = QualityIssue::new(QualityCode::TooFast);
    match motion.speed_mm_s() {
        Some(speed) if speed > TOO_FAST_MM_S => Some(issue.with_figure(speed, TOO_FAST_MM_S)),
        _ if motion.is_lost() && !motion.over_gap => Some(issue),
        _ => None,
    }
}
