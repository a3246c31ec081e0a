//! Whether the probe is led evenly.

use std::collections::VecDeque;

use peony_model::{QualityCode, QualityIssue};

use crate::motion::Motion;
use crate::steady::Time;

/// What is looked back on: a second and a half.
const WINDOW_NS: u64 = 1_490_000_000;
/// Before so much of it has passed, and so many frames, nothing is said.
const SOONEST_NS: u64 = 690_000_000;
/// See [`SOONEST_NS`].
const FEWEST: usize = 6;
/// Single frames read badly, so those of a tenth of a second are taken together.
const TOGETHER_NS: u64 = 83_000_000;
/// A frame has the whole of that behind it once so much has passed.
const WHOLE_NS: u64 = 50_000_000;
/// Slower than this share of the mean is a stop, faster than [`QUICK`] a start.
const SLOW: f32 = 0.5;
const QUICK: f32 = 1.5;
/// Stops and starts in turn within the window that make a jerky sweep: to begin, or to linger over a lesion and go on, takes
/// two.
const TURNS: u32 = 3;
/// A hand that has led evenly for so long is jerky no more: with the time for which a light lasts the word is gone within a second.
const EVEN_NS: u64 = 700_000_000;
/// Slower than this, mm/s, is no sweep, and what is read is noise.
const RESTING_MM_S: f32 = 2.0;

/// The speeds of the last frames.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When each frame came, and how fast the probe was, mm/s.
    speeds: VecDeque<(u64, f32)>,
}

impl Pace {
    /// Take in one more frame; the fault where the probe has stopped and started again and again. A frame without a speed
    /// begins anew, but for one that came too late to have one.
    pub fn is_jerky(&mut self, motion: Option<&Motion>, time: &Time) -> Option<QualityIssue> {
        if motion.is_some_and(Motion::is_lost_over_a_gap) {
            return None;
        }
        let Some(speed) = motion.and_then(Motion::speed_mm_s) else {
            self.speeds.clear();
            return None;
        };
        self.speeds.push_back((time.now_ns, speed));
        let ago = |&(at_ns, _): &(u64, f32)| time.now_ns.saturating_sub(at_ns);
        while self.speeds.front().is_some_and(|oldest| ago(oldest) >= WINDOW_NS) {
            self.speeds.pop_front();
        }
        let mean = self.speeds.iter().map(|(_, speed)| speed).sum::<f32>() / self.speeds.len() as f32;
        let is_early =
            self.speeds.len() < FEWEST || self.speeds.front().is_none_or(|oldest| ago(oldest) < SOONEST_NS);
        if is_early || mean < RESTING_MM_S {
            return None;
        }
        let (turns, last_ns) = self.turns(mean);
        (turns >= TURNS && time.now_ns.saturating_sub(last_ns) < EVEN_NS)
            .then(|| QualityIssue::new(QualityCode::Jerky).with_figure(turns as f32, TURNS as f32))
    }

    /// How often the pace goes from slow to quick or back, and when it last did.
    fn turns(&self, mean: f32) -> (u32, u64) {
        let together = |last: usize| {
            let (at_ns, _) = self.speeds[last];
            let near = self.speeds.range(..=last).rev().take_while(|(ns, _)| at_ns - ns < TOGETHER_NS);
            let (sum, count) = near.fold((0.0, 0), |(sum, count), (_, speed)| (sum + speed, count + 1));
            sum / (count as f32 * mean)
        };
        let first_ns = self.speeds.front().map_or(0, |(ns, _)| *ns);
        // Those at the beginning lack what was before them.
        let whole = (0..self.speeds.len()).filter(|last| self.speeds[*last].0 - first_ns >= WHOLE_NS);
        let (mut turns, mut last_ns, mut was_quick) = (0, 0, None);
        for last in whole {
            let pace = together(last);
            let quick = if pace < SLOW {
                false
            } else if pace > QUICK {
                true
            } else {
                continue;
            };
            if was_quick.is_some_and(|was| was != quick) {
                (turns, last_ns) = (turns + 1, self.speeds[last].0);
            }
            was_quick = Some(quick);
        }
        (turns, last_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steady::Steady;

    fn is_told(fps: u64, speed: impl Fn(f32) -> f32) -> bool {
        last_told(fps, speed).is_some()
    }

    /// The last moment of three seconds at which it is told, s.
    fn last_told(fps: u64, speed: impl Fn(f32) -> f32) -> Option<f32> {
        let (mut pace, mut steady) = (Pace::default(), Steady::default());
        let told = |frame: &u64| {
            let seconds = *frame as f32 / fps as f32;
            let step_mm = Some(speed(seconds) / fps as f32);
            let motion = Motion { step_mm, seconds: 1.0 / fps as f32, ..Motion::default() };
            pace.is_jerky(Some(&motion), &steady.tick(*frame, frame * 1_000_000_000 / fps)).is_some()
        };
        (0..3 * fps).filter(told).last().map(|frame| frame as f32 / fps as f32)
    }

    #[test]
    fn stop_and_go_is_jerky_and_an_even_or_a_lingering_sweep_is_not() {
        for fps in [8, 15, 30, 60] {
            let stops = |t: f32| if ((t * 2.5) as u32).is_multiple_of(2) { 1.0 } else { 15.0 };
            assert!(is_told(fps, stops), "{fps} a second: stop and go");
            assert!(!is_told(fps, |t| 8.0 + 2.0 * (t * 9.0).sin()), "{fps}: a hand that trembles");
            assert!(
                !is_told(fps, |t| if (1.0..2.0).contains(&t) { 0.5 } else { 9.0 }),
                "{fps}: lingers once"
            );
            let rests = |t: f32| if ((t * 5.0) as u32).is_multiple_of(2) { 0.1 } else { 1.5 };
            assert!(!is_told(fps, rests), "{fps}: at rest");
            assert!(!is_told(fps, |t| 6.0 + 3.0 * t), "{fps}: ever faster");
            let quick_stops = |t: f32| if ((t * 5.0) as u32).is_multiple_of(2) { 1.0 } else { 15.0 };
            let last = last_told(fps, |t| if t < 2.0 { quick_stops(t) } else { 8.0 });
            assert!(
                last.is_some_and(|t| (1.8..2.75).contains(&t)),
                "{fps}: even from 2 s on, told until {last:?}"
            );
        }
    }
}
