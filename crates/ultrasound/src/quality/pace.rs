//! Whether the probe is led evenly.

use std::collections::VecDeque;

use peony_model::{QualityCode, QualityIssue};

use crate::motion::Motion;

/// Frames that are looked back on: a second and a half.
const WINDOW: usize = 45;
/// Slower than this share of the mean is a stop, faster than [`QUICK`] a start.
const SLOW: f32 = 0.5;
const QUICK: f32 = 1.5;
/// Stops and starts in turn within the window that make a jerky sweep: to begin, or to linger over a lesion and go on, takes
/// two.
const TURNS: u32 = 3;
/// Slower than this, mm/s, is no sweep, and what is read is noise.
const RESTING_MM_S: f32 = 2.0;

/// The speeds of the last frames, mm/s.
#[derive(Debug, Default)]
pub(super) struct Pace {
    speeds: VecDeque<f32>,
}

impl Pace {
    /// Take in one more frame; the fault where the probe has stopped and started again and again. A frame without a speed
    /// begins anew, but for one that came too late to have one.
    pub fn is_jerky(&mut self, motion: Option<&Motion>) -> Option<QualityIssue> {
        if motion.is_some_and(Motion::is_lost_over_a_gap) {
            return None;
        }
        let Some(speed) = motion.and_then(Motion::speed_mm_s) else {
            self.speeds.clear();
            return None;
        };
        if self.speeds.len() == WINDOW {
            self.speeds.pop_front();
        }
        self.speeds.push_back(speed);
        let mean = self.speeds.iter().sum::<f32>() / self.speeds.len() as f32;
        if self.speeds.len() < WINDOW / 2 || mean < RESTING_MM_S {
            return None;
        }
        let turns = self.turns(mean);
        (turns >= TURNS)
            .then(|| QualityIssue::new(QualityCode::Jerky).with_figure(turns as f32, TURNS as f32))
    }

    /// How often the pace goes from slow to quick or back. Single frames read badly, so three are taken together.
    fn turns(&self, mean: f32) -> u32 {
        let smooth = (2..self.speeds.len())
            .map(|at| (self.speeds[at - 2] + self.speeds[at - 1] + self.speeds[at]) / (3.0 * mean));
        let (mut turns, mut was_quick) = (0, None);
        for pace in smooth {
            let quick = if pace < SLOW {
                false
            } else if pace > QUICK {
                true
            } else {
                continue;
            };
            turns += u32::from(was_quick.is_some_and(|was| was != quick));
            was_quick = Some(quick);
        }
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_told(speed: impl Fn(f32) -> f32) -> bool {
        let mut pace = Pace::default();
        (0..90).any(|frame| {
            let seconds = frame as f32 / 30.0;
            let motion =
                Motion { step_mm: Some(speed(seconds) / 30.0), seconds: 1.0 / 30.0, ..Motion::default() };
            pace.is_jerky(Some(&motion)).is_some()
        })
    }

    #[test]
    fn stop_and_go_is_jerky_and_an_even_or_a_lingering_sweep_is_not() {
        assert!(is_told(|t| if ((t * 2.5) as u32).is_multiple_of(2) { 1.0 } else { 15.0 }), "stop and go");
        assert!(!is_told(|t| 8.0 + 2.0 * (t * 9.0).sin()), "a hand that trembles");
        assert!(!is_told(|t| if (1.0..2.0).contains(&t) { 0.5 } else { 9.0 }), "lingers once");
        assert!(!is_told(|t| if ((t * 5.0) as u32).is_multiple_of(2) { 0.1 } else { 1.5 }), "at rest");
        assert!(!is_told(|t| 6.0 + 3.0 * t), "ever faster");
    }
}
