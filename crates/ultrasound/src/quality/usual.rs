//! What is usual in this sweep, for faults that one picture does not show by itself.
//!
//! A dark breast on one machine is as dark as a bright one with the gain turned down on another, and coarse speckle on one
//! machine is as smooth as smeared speckle on another: of 306 stills the dimmest are dimmer than some phantoms 22 dB too low.
//! Within a sweep the machine stays what it is, so a sudden change is the fault.

use peony_imaging::PixelRect;
use peony_model::{QualityCode, QualityIssue};

use super::look::Look;
use crate::motion::Motion;
use crate::steady::Time;

/// Before this nothing is usual: ten frames of 30 a second, and three of ten.
const SOONEST_NS: u64 = 317_000_000;
/// See [`SOONEST_NS`].
const FEWEST: u32 = 3;
/// What is usual is a mean over about a second.
const LONGEST_NS: u64 = 1_000_000_000;
/// While something is unusual it becomes usual in ten seconds: the person has seen the light and goes on.
const SLOWER: f32 = 0.1;
/// A picture whose brightest cells are darker than this is dim enough for its gain to be asked about.
const DIM: f32 = 90.0;
/// It has dimmed when it has less than this share of its usual brightness.
const DIMMED: f32 = 0.6;
/// Speckle is smeared when its contrast falls below this share of the usual one. After the logarithm full speckle varies alike
/// in dark and bright tissue (5.6 dB), so little but the mean over places that a fast probe passes within one frame, or
/// that the machine's persistence mixes, makes it less. Sweeps at 6 to 15 mm/s keep 0.89.
const SMEARED: f32 = 0.87;
/// And the deviation itself must fall below this share: contrast falls in brighter tissue too.
const SMEARED_DEVIATION: f32 = 0.95;
/// And neighbouring frames must be less alike than usual by this: the probe has become faster.
const LESS_ALIKE: f32 = 0.1;

/// Slow means of a sweep's figures.
#[derive(Debug, Default)]
pub(super) struct Usual {
    area: Option<PixelRect>,
    frames: u32,
    /// How long these were together, to [`LONGEST_NS`].
    learned_ns: u64,
    bright: f32,
    contrast: f32,
    deviation: f32,
    correlation: f32,
}

/// What has changed in the sweep.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// The picture has become much darker.
    pub dimmed: Option<QualityIssue>,
    /// The way within one frame smears the speckle.
    pub smeared: Option<QualityIssue>,
}

impl Usual {
    /// Compare a frame with what is usual, and make it a little more so. A frame with another fault of the picture, listed in
    /// `issues`, neither is compared in its speckle nor counts.
    pub fn compare(
        &mut self,
        area: PixelRect,
        look: &Look,
        motion: Option<&Motion>,
        issues: &[QualityIssue],
        time: &Time,
    ) -> Change {
        if self.area != Some(area) {
            *self = Self { area: Some(area), ..Self::default() };
        }
        let Some(motion) = motion.filter(|motion| motion.is_told() && !issues.iter().any(spoils)) else {
            return Change::default();
        };
        let known = self.frames >= FEWEST && self.learned_ns >= SOONEST_NS;
        let dim = DIMMED * self.bright;
        let dimmed = (known && look.bright_grey < DIM.min(dim))
            .then(|| QualityIssue::new(QualityCode::GainLow).with_figure(look.bright_grey, dim.min(DIM)));
        let smeared = known
            && !motion.over_gap
            && dimmed.is_none()
            && look.contrast < SMEARED * self.contrast
            && look.deviation < SMEARED_DEVIATION * self.deviation
            && motion.correlation < self.correlation - LESS_ALIKE;
        // How alike frames are over a gap says more of the gap.
        let correlation = if motion.over_gap { self.correlation } else { motion.correlation };
        self.learn(look, correlation, dimmed.is_some() || smeared, time);
        Change { dimmed, smeared: smeared.then(|| QualityIssue::new(QualityCode::TooFast)) }
    }

    fn learn(&mut self, look: &Look, correlation: f32, unusual: bool, time: &Time) {
        self.frames = self.frames.saturating_add(1);
        self.learned_ns = (self.learned_ns + time.step_ns).min(LONGEST_NS);
        let share = if unusual { SLOWER } else { 1.0 } * time.step_ns as f32 / self.learned_ns.max(1) as f32;
        for (usual, now) in [
            (&mut self.bright, look.bright_grey),
            (&mut self.contrast, look.contrast),
            (&mut self.deviation, look.deviation),
            (&mut self.correlation, correlation),
        ] {
            *usual += share * (now - *usual);
        }
    }
}

fn spoils(issue: &QualityIssue) -> bool {
    use QualityCode::{Blur, ContactLost, GainHigh, GainLow};
    matches!(issue.code, ContactLost | GainLow | GainHigh | Blur)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steady::Steady;

    const AREA: PixelRect = PixelRect { x: 0, y: 0, width: 640, height: 480 };

    fn look(bright_grey: f32, contrast: f32) -> Look {
        Look { bright_grey, contrast, deviation: 100.0 * contrast, ..Look::default() }
    }

    /// Says of each frame whether it has dimmed (`d`), smeared (`s`), or neither.
    fn said(frames: &[(f32, f32, f32)]) -> String {
        let (mut usual, mut steady) = (Usual::default(), Steady::default());
        let mut word = |&(bright, contrast, correlation): &(f32, f32, f32)| {
            let motion = Motion { correlation, patches: 50, ..Motion::default() };
            let change = usual.compare(AREA, &look(bright, contrast), Some(&motion), &[], &steady.tick(0, 0));
            if change.dimmed.is_some() {
                'd'
            } else if change.smeared.is_some() {
                's'
            } else {
                '.'
            }
        };
        frames.iter().map(&mut word).collect()
    }

    #[test]
    fn a_change_is_told_at_once_and_what_was_always_so_is_not() {
        let check = |before: (f32, f32, f32), after: (f32, f32, f32), expect: char| {
            let frames: Vec<_> = [[before; 20], [after; 20]].concat();
            let wanted = format!("{}{}", ".".repeat(20), expect.to_string().repeat(20));
            assert_eq!(said(&frames), wanted, "{before:?} then {after:?}");
        };
        let good = (170.0, 0.10, 0.85);
        check(good, (82.0, 0.15, 0.75), 'd'); // the gain is turned down
        check((85.0, 0.15, 0.85), (82.0, 0.15, 0.85), '.'); // it was always dark
        check(good, (110.0, 0.12, 0.85), '.'); // darker tissue
        check(good, (170.0, 0.078, 0.55), 's'); // hurried
        check(good, (170.0, 0.078, 0.85), '.'); // another setting of the machine
        check(good, (170.0, 0.098, 0.55), '.'); // a little faster, and each frame sharp
    }
}
