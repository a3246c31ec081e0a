//! How fast frames come and how long they take, over the recent past.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::wire::Percentiles;

/// Durations of the last [`Window::LENGTH`] frames.
#[derive(Debug, Default)]
pub(crate) struct Window {
    recent_ms: VecDeque<f32>,
}

impl Window {
    const LENGTH: usize = 300;

    pub(crate) fn push(&mut self, duration: Duration) {
        if self.recent_ms.len() == Self::LENGTH {
            self.recent_ms.pop_front();
        }
        self.recent_ms.push_back(duration.as_secs_f32() * 1e3);
    }

    /// Nearest-rank percentiles; `None` while empty.
    pub(crate) fn percentiles(&self) -> Option<Percentiles> {
        let mut sorted: Vec<f32> = self.recent_ms.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let rank = |percent: usize| {
            let nearest = (sorted.len() * percent).div_ceil(100);
            sorted.get(nearest.max(1) - 1).map(|ms| (ms * 100.0).round() / 100.0)
        };
        Some(Percentiles { p50: rank(50)?, p99: rank(99)? })
    }
}

/// Counts frames a second.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    recent: VecDeque<Instant>,
}

impl Rate {
    const SPAN: Duration = Duration::from_secs(1);
    /// A pause this long is no slow source: counting begins anew after it.
    const PAUSE: Duration = Duration::from_secs(2);
    /// Bounds the memory where frames come faster than any source gives them.
    const MOST: usize = 1000;

    pub(crate) fn tick(&mut self, now: Instant) {
        if self.recent.back().is_some_and(|last| now.duration_since(*last) > Self::PAUSE) {
            self.recent.clear();
        }
        self.recent.push_back(now);
        while self.recent.len() > 2
            && (self.recent.len() > Self::MOST
                || self.recent.front().is_some_and(|first| now.duration_since(*first) > Self::SPAN))
        {
            self.recent.pop_front();
        }
    }

    pub(crate) fn per_second(&self) -> Option<f32> {
        let span = self.recent.back()?.duration_since(*self.recent.front()?).as_secs_f32();
        let steps = self.recent.len() - 1;
        (steps > 0 && span > 0.0).then(|| (steps as f32 / span * 10.0).round() / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_last_300() {
        let check = |most: u64, expect: Option<(f32, f32)>| {
            let mut window = Window::default();
            for ms in 1..=most {
                window.push(Duration::from_millis(ms));
            }
            assert_eq!(window.percentiles().map(|p| (p.p50, p.p99)), expect, "1 to {most}");
        };
        check(0, None);
        check(1, Some((1.0, 1.0)));
        check(100, Some((50.0, 99.0)));
        check(1000, Some((850.0, 997.0)));
    }

    #[test]
    fn the_rate_is_of_the_last_second_and_forgets_a_pause() {
        let start = Instant::now();
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(), None);
        for frame in 0..90 {
            rate.tick(start + Duration::from_millis(frame * 20));
        }
        assert_eq!(rate.per_second(), Some(50.0));
        rate.tick(start + Duration::from_secs(60));
        assert_eq!(rate.per_second(), None, "one frame after a pause has no rate yet");
        rate.tick(start + Duration::from_millis(60_100));
        assert_eq!(rate.per_second(), Some(10.0));
    }
}
