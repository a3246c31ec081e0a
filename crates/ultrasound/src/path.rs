//! Where the plane is on its way through the breast, as far as speckle and the picture's shift tell.
//!
//! A simple form: steps out of the plane carry no sign, so the plane is taken to go the way it went until the speckle says that it
//! turned back, which a turn that is too quick or too slow does not show. Nothing here corrects the drift of summed steps. A turn on
//! the spot is more often missed than made up.

use crate::motion::Motion;
use crate::output::Unfit;
use crate::pipeline::{Mode, View};
use crate::quality::Assessed;

/// A likeness above this is that of a picture that stands still: the rest is noise.
const STILL: f32 = 0.97;
/// The beam's thickness (standard deviation) where nothing is known of the scale, mm: about that at the focus.
const NOMINAL_SIGMA_MM: f32 = 0.4;
/// Frames within which one turn back is not told twice: the lags that tell of it reach so far back.
const ONE_TURN: u32 = 12;
/// A turn about the depth axis moves the plane by this much a radian, mm: what it does half-way to the picture's edge.
const ARM_MM: f32 = 9.0;

/// Where the plane is against the first frame of the sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Place {
    /// How far the plane has moved in all, back and forth, mm; where the scale is unknown from the likeness of
    /// neighbouring frames and a beam of usual thickness, good enough to tell planes apart and for nothing else.
    pub travelled_mm: f32,
    /// Along the way, less what it went back, mm; means something only while [`Self::scaled`].
    pub along_mm: f32,
    /// How far the content has moved in the picture: right, down; pixels of the frame.
    pub shift_px: [f32; 2],
    /// How far the probe has turned about the depth axis, degrees. A turn on the spot carries no sign and is taken to go on the
    /// way the last one went.
    pub turned_deg: f32,
    /// How often the probe was seen to turn back.
    pub turns_back: u32,
    /// Whether steps are in millimetres.
    pub scaled: bool,
}

/// What the past frames left of the way.
#[derive(Debug)]
pub(crate) struct Way {
    place: Place,
    direction: f32,
    since_turn: u32,
    last_step_mm: f32,
}

impl Default for Way {
    fn default() -> Self {
        Self { place: Place::default(), direction: 1.0, since_turn: ONE_TURN, last_step_mm: 0.0 }
    }
}

/// Move the plane by what this frame says. Stills lie nowhere; on a frozen picture nothing moves.
pub(crate) fn advance(state: &mut Way, view: &View<'_>, assessed: &Assessed) -> Place {
    if view.mode == Mode::Sweep
        && !assessed.frozen
        && let Some(motion) = &assessed.motion
    {
        state.take(motion);
    }
    state.place
}

impl Way {
    fn take(&mut self, motion: &Motion) {
        self.since_turn = self.since_turn.saturating_add(1);
        if motion.unfit == Some(Unfit::TurnedBack) {
            if self.since_turn > ONE_TURN {
                self.direction = -self.direction;
                self.place.turns_back += 1;
            }
            self.since_turn = 0;
        }
        self.place.scaled = motion.scale.is_some();
        // Where no step could be read the plane goes on as it did: it did not stop because speckle did.
        let step = match (motion.scale, motion.unfit) {
            (None, _) => nominal_step_mm(motion.correlation),
            (_, Some(Unfit::TooSlow)) => 0.0,
            _ => motion.step_mm.unwrap_or(self.last_step_mm),
        };
        self.last_step_mm = step;
        self.place.along_mm += self.direction * step;
        let (turn, rate) = if motion.spin > 0.0 {
            (motion.spin.atan(), motion.spin)
        } else {
            (motion.turn.atan(), motion.turn.abs())
        };
        let resting = motion.unfit == Some(Unfit::TooSlow) && motion.spin == 0.0;
        if motion.scale.is_some() && !resting {
            self.place.turned_deg += turn.to_degrees();
        }
        self.place.travelled_mm += step + if resting { 0.0 } else { ARM_MM * rate };
        for (sum, shift) in self.place.shift_px.iter_mut().zip(motion.shift_px) {
            *sum += shift;
        }
    }
}

/// How far the plane moved where only the likeness of two frames is known.
fn nominal_step_mm(correlation: f32) -> f32 {
    if correlation > STILL { 0.0 } else { NOMINAL_SIGMA_MM * (-2.0 * correlation.max(0.05).ln()).sqrt() }
}

#[cfg(test)]
mod tests {
    use peony_model::{CalibrationSource, MmPerPx};

    use super::*;

    fn motion(step_mm: f32, unfit: Option<Unfit>) -> Motion {
        let scale = MmPerPx::new(0.1, 0.1, CalibrationSource::Entered).ok();
        Motion { step_mm: Some(step_mm), unfit, scale, correlation: 0.8, ..Motion::default() }
    }

    #[test]
    fn a_plane_that_turned_back_comes_back() {
        let mut way = Way::default();
        (0..30).for_each(|_| way.take(&motion(0.4, None)));
        // The frames around the turn say so one after the other: it is one turn.
        (0..3).for_each(|_| way.take(&motion(0.4, Some(Unfit::TurnedBack))));
        (0..27).for_each(|_| way.take(&motion(0.4, None)));
        let Place { along_mm, travelled_mm, turns_back, .. } = way.place;
        assert!(along_mm.abs() < 1e-3 && (travelled_mm - 24.0).abs() < 1e-3 && turns_back == 1, "{way:?}");
    }

    #[test]
    fn a_plane_at_rest_goes_nowhere_with_and_without_a_scale() {
        let check = |frame: Motion, least: f32, most: f32| {
            let mut way = Way::default();
            (0..100).for_each(|_| way.take(&frame));
            let went = way.place.travelled_mm;
            assert!((least..=most).contains(&went), "{frame:?}: {went} mm");
        };
        let unscaled =
            |correlation| Motion { correlation, unfit: Some(Unfit::ScaleUnknown), ..Motion::default() };
        check(motion(0.02, Some(Unfit::TooSlow)), 0.0, 0.0);
        check(unscaled(0.99), 0.0, 0.0);
        check(motion(0.3, None), 29.0, 31.0);
        check(unscaled(0.75), 25.0, 35.0);
    }
}
