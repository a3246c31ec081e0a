//! What kind of picture a sweep shows, held against frames that say otherwise.

use crate::steady::{Lasting, Time};

/// Holds what kind of picture a sweep shows: one that is told for something else on one frame and not on the next (a fan
/// by its shape, an organ by the network) would be refused and graded in turn.
#[derive(Debug, Default)]
pub(crate) struct Domain {
    /// Whether the sweep is of something else; `None` before the first frame.
    foreign: Option<bool>,
    against: Lasting,
}

impl Domain {
    /// For so long frames must say otherwise: half a second, with the sixteenth of 30 a second.
    const PATIENCE_NS: u64 = 483_000_000;

    /// Whether the sweep is held for one of the breast.
    pub fn is_breast(&self) -> bool {
        self.foreign == Some(false)
    }

    /// Whether the sweep is of something else, given what this frame says. The first frame decides.
    pub fn settle(&mut self, now: bool, time: &Time) -> bool {
        let held = self.foreign.get_or_insert(now);
        if self.against.has_held(*held != now, time, Self::PATIENCE_NS) {
            (*held, self.against) = (now, Lasting::default());
        }
        *held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steady::Steady;

    #[test]
    fn a_sweep_of_something_else_stays_one_until_half_a_second_says_otherwise() {
        for (fps, frames) in [(8, 5), (15, 9), (30, 16), (60, 30)] {
            let (mut domain, mut steady, mut index) = (Domain::default(), Steady::default(), 0);
            let mut settle = |now: bool| {
                index += 1;
                domain.settle(now, &steady.tick(index, index * 1_000_000_000 / fps))
            };
            assert!(settle(true), "the first frame decides");
            let flickering = [false, false, true, false].repeat(20);
            assert!(flickering.into_iter().all(&mut settle), "a few frames change nothing");
            let ended = (0..60).position(|_| !settle(false));
            assert_eq!(ended, Some(frames - 2), "{fps} a second: one was the last of the flicker");
        }
    }
}
