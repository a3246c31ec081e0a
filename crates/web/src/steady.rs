//! A grade that does not flicker: between two categories it may cross the edge many times a second.

use peony_model::BiRads;

use crate::wire::Interval;

/// Another category is said once it has held for so long by the source's time.
const HOLDS_NS: u64 = 500_000_000;

/// How a lesion is graded: a category, and the probability of malignancy that it follows from.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Grade {
    pub category: Option<BiRads>,
    pub malignancy: Option<f32>,
    pub malignancy_95: Option<Interval>,
}

/// The grade of one lesion as it is shown and reported: one value, wherever it stands. While a category is held, so is the probability that it was
/// said with: the two are never of different moments.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Steady {
    shown: Grade,
    /// What the lesion is graded now, and since when its category stands without a break.
    now: Option<(Grade, u64)>,
}

impl Steady {
    /// What is said of this frame's grade.
    pub fn say(&mut self, graded: Grade, time_ns: u64) -> Grade {
        let since = match self.now {
            Some((before, since)) if before.category == graded.category && since <= time_ns => since,
            _ => time_ns,
        };
        self.now = Some((graded, since));
        let same = self.shown.category == graded.category;
        // The first one need not wait: there is nothing that it would take the place of.
        if same || self.shown.category.is_none() || time_ns - since >= HOLDS_NS {
            self.shown = graded;
        }
        self.shown
    }

    /// The lesion has left: its last grade, which rests on all its pictures, is the one that lasts.
    pub fn end(&mut self) -> Grade {
        if let Some((graded, _)) = self.now {
            self.shown = graded;
        }
        self.shown
    }

    pub fn shown(&self) -> Grade {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_NS: u64 = 33_333_333;

    /// The middle of each category's range.
    fn grade(category: BiRads) -> Grade {
        let malignancy = match category {
            BiRads::Cat3 => 0.01,
            BiRads::Cat4A => 0.05,
            BiRads::Cat4B => 0.3,
            BiRads::Cat4C => 0.7,
            _ => 0.97,
        };
        Grade { category: Some(category), malignancy: Some(malignancy), malignancy_95: None }
    }

    #[test]
    fn a_grade_that_crosses_an_edge_each_few_frames_is_one_category() {
        let mut steady = Steady::default();
        for frame in 0..90 {
            let graded = if frame / 7 % 2 == 0 { BiRads::Cat4A } else { BiRads::Cat4B };
            let said = steady.say(grade(graded), frame * FRAME_NS);
            assert_eq!(said, grade(BiRads::Cat4A), "frame {frame}");
        }
    }

    #[test]
    fn a_probability_within_the_category_is_the_newest() {
        let mut steady = Steady::default();
        steady.say(grade(BiRads::Cat4B), 0);
        let higher = Grade { malignancy: Some(0.45), ..grade(BiRads::Cat4B) };
        assert_eq!(steady.say(higher, FRAME_NS), higher);
        steady.say(grade(BiRads::Cat4C), 2 * FRAME_NS);
        assert_eq!(steady.shown(), higher, "held with its category");
    }

    #[test]
    fn a_grade_that_stays_is_said_after_half_a_second_and_at_once_when_the_lesion_leaves() {
        let mut steady = Steady::default();
        assert_eq!(steady.say(Grade::default(), 0), Grade::default());
        let first = grade(BiRads::Cat3);
        assert_eq!(steady.say(first, FRAME_NS), first, "the first at once");
        let mut at = |frame: u64| steady.say(grade(BiRads::Cat4C), frame * FRAME_NS).category;
        assert_eq!(at(2), Some(BiRads::Cat3));
        assert_eq!(at(16), Some(BiRads::Cat3));
        assert_eq!(at(18), Some(BiRads::Cat4C));
        let last = grade(BiRads::Cat5);
        assert_eq!(steady.say(last, 19 * FRAME_NS), grade(BiRads::Cat4C));
        assert_eq!((steady.end(), steady.shown()), (last, last));
    }

    #[test]
    fn a_clock_that_jumps_back_holds_nothing_for_ever() {
        let mut steady = Steady::default();
        let (low, high) = (grade(BiRads::Cat3), grade(BiRads::Cat5));
        steady.say(low, 9_000_000_000);
        assert_eq!(steady.say(high, 9_100_000_000), low);
        assert_eq!(steady.say(high, 1_000_000_000), low);
        assert_eq!(steady.say(high, 1_500_000_000), high);
    }
}
