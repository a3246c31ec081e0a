//! Lights that do not flicker: a fault shows when it held for a while and goes when it was gone for a while.

use peony_model::{QualityCode, QualityIssue};

use crate::output::ContactSide;
use crate::steady::{Lasting, Time};

/// A fault that has held for so long shows: on the third frame of 30 a second, on the second of 20 or fewer.
const ON_NS: u64 = 50_000_000;
/// One that has been gone for so long goes: on the tenth frame of 30 a second without it.
const OFF_NS: u64 = 283_000_000;

#[derive(Debug, Clone, Copy, Default)]
struct Light {
    with: Lasting,
    without: Lasting,
    shown: Option<QualityIssue>,
}

/// The state of each light.
#[derive(Debug, Default)]
pub(super) struct Hysteresis {
    lights: [Light; QualityCode::ALL.len()],
    /// The side that lost contact, while that light is on.
    pub side: Option<ContactSide>,
}

impl Hysteresis {
    /// The faults that hold, given those of this frame. What is known of the source and not seen in the picture (the
    /// scale), and what keeps the network from being asked, holds at once: a frame that nobody reads must say why. So does what looks back on several frames
    /// itself.
    pub fn settle(&mut self, now: &[QualityIssue], time: &Time) -> Vec<QualityIssue> {
        for (light, code) in self.lights.iter_mut().zip(QualityCode::ALL) {
            let issue = now.iter().find(|issue| issue.code == code).copied();
            let is_on = light.with.has_held(issue.is_some(), time, ON_NS);
            let is_off = light.without.has_held(issue.is_none(), time, OFF_NS);
            match issue {
                Some(_) if is_on || light.shown.is_some() || holds_at_once(code) => light.shown = issue,
                None if is_off || goes_at_once(code) => light.shown = None,
                _ => {}
            }
        }
        self.lights.iter().filter_map(|light| light.shown).collect()
    }
}

fn holds_at_once(code: QualityCode) -> bool {
    matches!(
        code,
        QualityCode::ScaleUnknown
            | QualityCode::WrongDomain
            | QualityCode::NoBmode
            | QualityCode::TooFewFrames
    )
}

/// The scale is known or not; what kind of picture it is was held for half a second before (`Domain`), and what is graded
/// must not be called unreadable.
fn goes_at_once(code: QualityCode) -> bool {
    matches!(code, QualityCode::ScaleUnknown | QualityCode::WrongDomain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steady::Steady;

    /// What shows of a fault that is there (`x`) or not, frame by frame.
    fn shown(frames: &str, fps: u64) -> String {
        let (mut hysteresis, mut steady) = (Hysteresis::default(), Steady::default());
        let blur = [QualityIssue::new(QualityCode::Blur)];
        let mut show = |(index, frame): (u64, char)| {
            let time = steady.tick(index, index * 1_000_000_000 / fps);
            if hysteresis.settle(if frame == 'x' { &blur } else { &[] }, &time).is_empty() {
                '.'
            } else {
                'x'
            }
        };
        (0..).zip(frames.chars()).map(&mut show).collect()
    }

    #[test]
    fn a_fault_shows_after_three_frames_and_goes_after_ten() {
        let check = |frames: &str, expect: &str| assert_eq!(shown(frames, 30), expect, "for {frames}");
        check("..xx..xx..", "..........");
        check("xxx.........xx", "..xxxxxxxxxxxx");
        check("xxx..........xx", "..xxxxxxxxxx...");
    }

    #[test]
    fn it_shows_and_goes_in_the_same_time_whatever_the_rate() {
        for fps in [8, 15, 30, 60] {
            // The first half second is well, then one is not, then one and a half are well again.
            let frames = |tenths: u64, is: &str| is.repeat((tenths * fps / 10) as usize);
            let shown = shown(&[frames(5, "."), frames(5, "x"), frames(15, ".")].concat(), fps);
            let ms = |at: Option<usize>| at.map_or(u64::MAX, |frame| frame as u64 * 1000 / fps);
            let on = ms(shown.find('x')) - 1000 * (5 * fps / 10) / fps;
            let off = ms(shown.rfind('x').map(|last| last + 1)) - 1000 * 2 * (5 * fps / 10) / fps;
            let frame = 1000 / fps;
            assert!((50..=50 + frame + 1).contains(&on), "{fps} a second: it shows after {on} ms");
            assert!((283..=283 + frame + 1).contains(&off), "{fps} a second: it goes after {off} ms");
            assert!(
                !self::shown("..x..x..x...", fps).contains('x'),
                "{fps} a second: one frame shows nothing"
            );
        }
    }

    #[test]
    fn a_clock_that_leaps_shows_nothing_and_ends_nothing() {
        let (mut hysteresis, mut steady) = (Hysteresis::default(), Steady::default());
        let blur = [QualityIssue::new(QualityCode::Blur)];
        let mut at = |index: u64, ms: u64, now: &[QualityIssue]| {
            !hysteresis.settle(now, &steady.tick(index, ms * 1_000_000)).is_empty()
        };
        let shown = [at(0, 0, &[]), at(1, 33, &blur), at(2, 3_600_000, &[]), at(3, 3_600_033, &blur)];
        assert_eq!(shown, [false; 4], "two single frames with an hour between them");
        let shown = [at(4, 40, &blur), at(5, 20, &blur), at(6, 7_200_000, &[]), at(7, 7_200_033, &[])];
        assert_eq!(shown, [false, true, true, true], "it falls back, and leaps again");
    }

    #[test]
    fn the_scale_is_known_or_not_at_once() {
        let (mut hysteresis, time) = (Hysteresis::default(), Time::default());
        assert_eq!(hysteresis.settle(&[QualityIssue::new(QualityCode::ScaleUnknown)], &time).len(), 1);
        assert!(hysteresis.settle(&[], &time).is_empty());
    }
}
