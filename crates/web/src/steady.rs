//! A category that does not flicker: between two of them a grade may cross the edge many times a second.

use peony_model::BiRads;

/// Another category is said once it has held for so long by the source's time.
const HOLDS_NS: u64 = 500_000_000;

/// The category of one lesion as it is shown and reported: one value, wherever it stands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Steady {
    shown: Option<BiRads>,
    /// What the grade says now, and since when without a break.
    now: Option<(Option<BiRads>, u64)>,
}

impl Steady {
    /// What is said of this frame's grade.
    pub fn say(&mut self, graded: Option<BiRads>, time_ns: u64) -> Option<BiRads> {
        let since = match self.now {
            Some((before, since)) if before == graded && since <= time_ns => since,
            _ => time_ns,
        };
        self.now = Some((graded, since));
        // The first one need not wait: there is nothing that it would take the place of.
        if self.shown.is_none() || time_ns - since >= HOLDS_NS {
            self.shown = graded;
        }
        self.shown
    }

    /// The lesion has left: its last grade, which rests on all its pictures, is the one that lasts.
    pub fn end(&mut self) -> Option<BiRads> {
        if let Some((graded, _)) = self.now {
            self.shown = graded;
        }
        self.shown
    }

    pub fn shown(&self) -> Option<BiRads> {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_NS: u64 = 33_333_333;

    #[test]
    fn a_grade_that_crosses_an_edge_each_few_frames_is_one_category() {
        let mut steady = Steady::default();
        for frame in 0..90 {
            let graded = if frame / 7 % 2 == 0 { BiRads::Cat4A } else { BiRads::Cat4B };
            assert_eq!(steady.say(Some(graded), frame * FRAME_NS), Some(BiRads::Cat4A), "frame {frame}");
        }
    }

    #[test]
    fn a_grade_that_stays_is_said_after_half_a_second_and_at_once_when_the_lesion_leaves() {
        let mut steady = Steady::default();
        assert_eq!(steady.say(None, 0), None);
        assert_eq!(steady.say(Some(BiRads::Cat3), FRAME_NS), Some(BiRads::Cat3), "the first at once");
        let mut at = |frame: u64| steady.say(Some(BiRads::Cat4C), frame * FRAME_NS);
        assert_eq!(at(2), Some(BiRads::Cat3));
        assert_eq!(at(16), Some(BiRads::Cat3));
        assert_eq!(at(18), Some(BiRads::Cat4C));
        assert_eq!(steady.say(Some(BiRads::Cat5), 19 * FRAME_NS), Some(BiRads::Cat4C));
        assert_eq!((steady.end(), steady.shown()), (Some(BiRads::Cat5), Some(BiRads::Cat5)));
    }

    #[test]
    fn a_clock_that_jumps_back_holds_nothing_for_ever() {
        let mut steady = Steady::default();
        steady.say(Some(BiRads::Cat3), 9_000_000_000);
        assert_eq!(steady.say(Some(BiRads::Cat5), 9_100_000_000), Some(BiRads::Cat3));
        assert_eq!(steady.say(Some(BiRads::Cat5), 1_000_000_000), Some(BiRads::Cat3));
        assert_eq!(steady.say(Some(BiRads::Cat5), 1_500_000_000), Some(BiRads::Cat5));
    }
}
