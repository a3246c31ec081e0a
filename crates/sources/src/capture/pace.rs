//! How many pictures of a page are taken a second.

use std::time::{Duration, Instant};

/// How many are taken in the long run: no grabber and no screen gives more.
pub const FRAMES_A_SECOND: u32 = 120;
/// How many may come at once after a pause: a page that was busy sends what waited.
pub const BURST: u32 = 8;

/// A leaky bucket by its next free moment (the generic cell rate algorithm): no queue, one instant of memory.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the bucket will have run dry.
    dry_at: Option<Instant>,
}

impl Pace {
    /// Whether the picture that came now is taken.
    pub fn admits(&mut self, now: Instant) -> bool {
        let step = Duration::from_secs(1) / FRAMES_A_SECOND;
        let dry_at = self.dry_at.map_or(now, |dry_at| dry_at.max(now));
        let admits = dry_at.saturating_duration_since(now) <= step * (BURST - 1);
        if admits {
            self.dry_at = Some(dry_at + step);
        }
        admits
    }
}
