//! The time of an examination, for all that must last: the frames' own, made to go on where theirs stands, falls back or leaps.

/// What a frame of a source without times lasts, and one whose clock stands or falls back: one of 30 a second.
const NOMINAL_NS: u64 = 33_333_333;
/// More than this between two frames counts as so much: of what was not seen nothing is known, and a clock that leaps by an hour ends nothing that lasts.
const LONGEST_NS: u64 = 250_000_000;

/// When a frame came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Time {
    /// Since the first frame of the examination; grows with every frame, by a quarter of a second at most.
    pub now_ns: u64,
    /// What this frame added to it.
    pub step_ns: u64,
    /// Since the frame before, as the source tells it; 0 for the first.
    pub gap_ns: u64,
}

/// Tells the time of frame after frame.
#[derive(Debug, Default)]
pub(crate) struct Steady {
    /// Number and time of the last frame.
    last: Option<(u64, u64)>,
    now_ns: u64,
}

impl Steady {
    /// The time of the frame that comes now, by its number in the source and by the source's clock.
    pub fn tick(&mut self, index: u64, time_ns: u64) -> Time {
        let gap_ns = self.last.map(|(last, last_ns)| match time_ns.checked_sub(last_ns) {
            None | Some(0) => NOMINAL_NS.saturating_mul(index.saturating_sub(last).max(1)),
            Some(gap_ns) => gap_ns,
        });
        self.last = Some((index, time_ns));
        let step_ns = gap_ns.map(|gap_ns| gap_ns.min(LONGEST_NS));
        self.now_ns = self.now_ns.saturating_add(step_ns.unwrap_or_default());
        Time {
            now_ns: self.now_ns,
            step_ns: step_ns.unwrap_or(NOMINAL_NS),
            gap_ns: gap_ns.unwrap_or_default(),
        }
    }
}

/// For how long something has held, frame after frame.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lasting(Option<u64>);

impl Lasting {
    /// Takes in one more frame, on which it holds or does not. Gives for how long it has held by then, ns: nothing on the first frame of it, so that what must
    /// last is never seen on one frame alone, and by [`LONGEST_NS`] on several where it must last longer.
    pub fn see(&mut self, holds: bool, time: &Time) -> Option<u64> {
        self.0 = holds.then(|| self.0.map_or(0, |held_ns| held_ns.saturating_add(time.step_ns)));
        self.0
    }

    /// Whether it has held for so long by this frame.
    pub fn has_held(&mut self, holds: bool, time: &Time, for_ns: u64) -> bool {
        self.see(holds, time).is_some_and(|held_ns| held_ns >= for_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each frame adds, ms, by the source's clock in ms; every frame is given.
    fn steps(clock_ms: &[u64]) -> Vec<u64> {
        let mut steady = Steady::default();
        let times = (0..).zip(clock_ms).map(|(index, ms)| steady.tick(index, ms * 1_000_000));
        let times: Vec<Time> = times.collect();
        let sum: u64 = times.iter().skip(1).map(|time| time.step_ns).sum();
        assert_eq!(times.last().map(|time| time.now_ns), Some(sum), "{clock_ms:?}");
        times.iter().map(|time| time.step_ns / 1_000_000).collect()
    }

    #[test]
    fn time_goes_on_however_the_clock_does() {
        assert_eq!(steps(&[0, 125, 250]), [33, 125, 125], "a slow source");
        assert_eq!(steps(&[0, 0, 0]), [33, 33, 33], "no times");
        assert_eq!(steps(&[900, 933, 20, 53]), [33, 33, 33, 33], "a clock that falls back");
        assert_eq!(steps(&[0, 33, 3_600_000, 3_600_033]), [33, 33, 250, 33], "and one that leaps");
    }

    #[test]
    fn frames_that_never_came_are_told_by_times_and_without_them_by_numbers() {
        let gap = |index: u64, time_ns: u64| {
            let mut steady = Steady::default();
            steady.tick(0, 0);
            steady.tick(index, time_ns).gap_ns
        };
        assert_eq!(gap(3, 100_000_000), 100_000_000);
        assert_eq!(gap(3, 0), 3 * NOMINAL_NS);
        assert_eq!(gap(u64::MAX, 0), u64::MAX);
    }
}
