//! From the time stamps of a device to the times of frames, which never fall.

use std::time::{Duration, Instant};

/// How far a device's clock may be from ours in the course of an examination. Clocks of PCs drift two seconds in some
/// ten hours; a stall of the network shorter than this still keeps the device's own times.
const TOLERANCE: Duration = Duration::from_secs(2);
/// How far a stamp may be ahead of what the quickest frame so far lets expect. A network delays frames and brings none before it was
/// made: whoever is further ahead has had its clock set.
const AHEAD: Duration = Duration::from_millis(500);

/// Times frames from the first one on: by the device's stamps as long as they can be right, then by their arrival.
///
/// The stamps are better, for the network delays every frame differently. Once they fail they are not trusted again, and the
/// times go on from the last frame without a jump.
#[derive(Debug, Default)]
pub struct FrameClock {
    last: Option<Last>,
    /// The first frame by both clocks; `None` once the device's is not trusted.
    first: Option<(Duration, Instant)>,
    /// The frame that came here quickest, by both clocks.
    quickest: Option<(Duration, Instant)>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    stamp: Option<Duration>,
    arrived: Instant,
    time_ns: u64,
}

/// Why the stamps of a device are no longer trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockFault {
    /// A frame is older than the one before it.
    #[error("its clock went back by {} s", .by.as_secs_f64())]
    WentBack {
        /// By how much.
        by: Duration,
    },
    /// The time since the first frame is not what passed here.
    #[error("its clock is {} s off ours", .by.as_secs_f64())]
    Apart {
        /// By how much.
        by: Duration,
    },
    /// A frame comes before it can have been made.
    #[error("its clock leapt ahead by {} s", .by.as_secs_f64())]
    Ahead {
        /// By how much.
        by: Duration,
    },
    /// Earlier frames had a time and this one has none.
    #[error("it no longer gives times")]
    Missing,
}

impl FrameClock {
    /// The time of the next frame since the first, in nanoseconds, and once in its life why it leaves the device's clock.
    ///
    /// `stamp` is the device's time (since 1970-01-01 UTC), `arrived` ours.
    pub fn time_ns(&mut self, stamp: Option<Duration>, arrived: Instant) -> (u64, Option<ClockFault>) {
        let Some(last) = self.last else {
            self.first = stamp.map(|stamp| (stamp, arrived));
            self.quickest = self.first;
            self.last = Some(Last { stamp, arrived, time_ns: 0 });
            return (0, None);
        };
        let ahead = stamp.zip(self.quickest).map(|(stamp, quickest)| ahead(quickest, stamp, arrived));
        let fault = self.first.and_then(|first| {
            fault(first, last, stamp, arrived)
                .or_else(|| ahead.filter(|ahead| *ahead > AHEAD).map(|by| ClockFault::Ahead { by }))
        });
        if fault.is_some() {
            self.first = None;
        }
        if ahead.is_some_and(|ahead| !ahead.is_zero()) {
            self.quickest = stamp.map(|stamp| (stamp, arrived));
        }
        let time_ns = match (self.first, stamp) {
            (Some((first, _)), Some(stamp)) => nanoseconds(stamp.saturating_sub(first)),
            _ => last.time_ns.saturating_add(nanoseconds(arrived.saturating_duration_since(last.arrived))),
        };
        let time_ns = time_ns.max(last.time_ns);
        self.last = Some(Last { stamp, arrived, time_ns });
        (time_ns, fault)
    }
}

fn fault(
    (first, first_arrived): (Duration, Instant),
    last: Last,
    stamp: Option<Duration>,
    arrived: Instant,
) -> Option<ClockFault> {
    let Some(stamp) = stamp else { return Some(ClockFault::Missing) };
    let back = last.stamp.unwrap_or_default().saturating_sub(stamp);
    if !back.is_zero() {
        return Some(ClockFault::WentBack { by: back });
    }
    let theirs = stamp.saturating_sub(first);
    let by = theirs.abs_diff(arrived.saturating_duration_since(first_arrived));
    (by > TOLERANCE).then_some(ClockFault::Apart { by })
}

/// By how much a frame is ahead of the quickest one; zero for one that took longer here.
fn ahead((stamp_before, arrived_before): (Duration, Instant), stamp: Duration, arrived: Instant) -> Duration {
    let theirs = stamp.saturating_sub(stamp_before);
    theirs.saturating_sub(arrived.saturating_duration_since(arrived_before))
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const EPOCH: Duration = Duration::from_secs(1_700_000_000);

    /// Frames by their stamp (ms after some epoch, or none) and their arrival (ms); expects times in ms and the faults.
    fn check(frames: &[(Option<i64>, u32)], times_ms: &[u64], faults: &[ClockFault]) {
        let start = Instant::now();
        let mut clock = FrameClock::default();
        let heard: Vec<_> = frames
            .iter()
            .map(|&(stamp, arrived)| {
                let stamp = stamp.map(|ms| {
                    let by = Duration::from_millis(ms.unsigned_abs());
                    if ms < 0 { EPOCH - by } else { EPOCH + by }
                });
                clock.time_ns(stamp, start + arrived * MS)
            })
            .collect();
        let times: Vec<_> = heard.iter().map(|(time, _)| time / 1_000_000).collect();
        assert_eq!(times, times_ms, "{frames:?}");
        assert_eq!(
            heard.into_iter().filter_map(|(_, fault)| fault).collect::<Vec<_>>(),
            faults,
            "{frames:?}"
        );
    }

    #[test]
    fn stamps_count_where_they_can_be_right() {
        check(&[(Some(0), 0), (Some(40), 55), (Some(80), 81), (Some(120), 300)], &[0, 40, 80, 120], &[]);
    }

    #[test]
    fn without_stamps_arrival_counts() {
        check(&[(None, 0), (None, 55), (None, 81)], &[0, 55, 81], &[]);
    }

    #[test]
    fn a_clock_that_goes_back_is_left_without_a_jump() {
        let fault = ClockFault::WentBack { by: 3_600_040 * MS };
        let frames = [(Some(0), 0), (Some(40), 55), (Some(-3_600_000), 95), (Some(-3_599_960), 136)];
        check(&frames, &[0, 40, 80, 121], &[fault]);
    }

    #[test]
    fn a_clock_that_goes_on_by_hours_is_left_without_a_jump() {
        let fault = ClockFault::Apart { by: 7_200_040 * MS - 95 * MS };
        let frames = [(Some(0), 0), (Some(40), 55), (Some(7_200_040), 95), (Some(7_200_080), 136)];
        check(&frames, &[0, 40, 80, 121], &[fault]);
    }

    #[test]
    fn a_clock_that_is_set_a_little_ahead_is_left_and_a_stall_of_the_network_is_none() {
        // Set ahead by 1.2 s, less than what clocks may be off in ten hours.
        let fault = ClockFault::Ahead { by: 1_200 * MS };
        let frames = [(Some(0), 0), (Some(40), 40), (Some(1_280), 80), (Some(1_320), 120)];
        check(&frames, &[0, 40, 80, 120], &[fault]);
        // What a stall held up comes at once after it.
        let frames =
            [(Some(0), 0), (Some(40), 45), (Some(80), 1_500), (Some(120), 1_501), (Some(160), 1_502)];
        check(&frames, &[0, 40, 80, 120, 160], &[]);
    }

    #[test]
    fn a_clock_that_stands_is_left() {
        let frames = [(Some(0), 0), (Some(0), 1000), (Some(0), 2001), (Some(0), 2101)];
        check(&frames, &[0, 0, 1001, 1101], &[ClockFault::Apart { by: 2001 * MS }]);
    }

    #[test]
    fn stamps_that_cease_are_said_once() {
        let frames = [(Some(0), 0), (None, 40), (Some(80), 80), (None, 120)];
        check(&frames, &[0, 40, 80, 120], &[ClockFault::Missing]);
    }
}
