//! Whether frames come often enough for the speckle to be followed.

use std::collections::VecDeque;

use peony_model::{QualityCode, QualityIssue};

use crate::motion::{LONGEST_GAP_NS, Motion};
use crate::steady::Time;

/// What is looked back on: with the time for which a light lasts the word is gone within a second of the last gap.
const WINDOW_NS: u64 = 700_000_000;
/// The plane was out of sight for so much of it, over two gaps at least: a tenth.
const LOST_NS: u64 = 100_000_000;
/// Or for so long at once.
const LOST_AT_ONCE_NS: u64 = 200_000_000;

/// The gaps of the last [`WINDOW_NS`] over which the plane was lost.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// When each ended, and how long it was.
    lost: VecDeque<(u64, u64)>,
}

impl Gaps {
    /// Take in one more frame; the fault where too few frames come for the speed of the hand, whose own fault it is not.
    pub fn judge(&mut self, time: &Time, motion: Option<&Motion>) -> Option<QualityIssue> {
        // After a frozen picture the plane is lost as well, and no frame is missing.
        if time.gap_ns > LONGEST_GAP_NS && motion.is_some_and(Motion::is_lost_over_a_gap) {
            self.lost.push_back((time.now_ns, time.step_ns));
        }
        while self.lost.front().is_some_and(|(ended_ns, _)| time.now_ns - ended_ns >= WINDOW_NS) {
            self.lost.pop_front();
        }
        let lost_ns: u64 = self.lost.iter().map(|(_, gap_ns)| gap_ns).sum();
        let too_few = lost_ns >= if self.lost.len() > 1 { LOST_NS } else { LOST_AT_ONCE_NS };
        too_few.then(|| QualityIssue::new(QualityCode::TooFewFrames))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steady::Steady;

    /// After how many milliseconds too few frames are told, which come at these times, with hardly anything in common where the gap is long.
    fn told_ms(times_ms: impl IntoIterator<Item = u64>) -> Option<u64> {
        let (mut gaps, mut steady) = (Gaps::default(), Steady::default());
        let mut frames = (0..).zip(times_ms);
        let told = frames.find(|&(index, ms)| {
            let time = steady.tick(index, ms * 1_000_000);
            let over_gap = time.gap_ns > LONGEST_GAP_NS;
            let correlation = if over_gap { 0.2 } else { 0.7 };
            gaps.judge(&time, Some(&Motion { correlation, over_gap, patches: 50, ..Motion::default() }))
                .is_some()
        });
        told.map(|(_, ms)| ms)
    }

    #[test]
    fn gaps_that_go_on_are_told_and_one_that_does_not_is_not() {
        let of_30 = |number: u64| number * 100 / 3;
        assert_eq!(told_ms((0..300).map(of_30)), None, "none are missing");
        assert_eq!(told_ms((0..300).filter(|n| n % 60 != 30).map(of_30)), None, "one in two seconds");
        assert_eq!(told_ms((0..300).filter(|n| n % 3 != 1).map(of_30)), Some(166), "one in three");
        assert_eq!(told_ms((0..300).filter(|n| !(30..36).contains(n)).map(of_30)), Some(1200), "six at once");
        assert_eq!(told_ms((0..100).map(|n| n * 125)), Some(250), "eight a second");
    }
}
