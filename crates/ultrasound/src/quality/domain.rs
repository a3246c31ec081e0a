//! What kind of picture a sweep shows, held against frames that say otherwise.

/// Holds what kind of picture a sweep shows: one that is told for something else on one frame and not on the next (a fan
/// by its shape, an organ by the network) would be refused and graded in turn.
#[derive(Debug, Default)]
pub(crate) struct Domain {
    /// Whether the sweep is of something else; `None` before the first frame.
    foreign: Option<bool>,
    against: u32,
}

impl Domain {
    /// Frames in a row that must say otherwise: half a second.
    const PATIENCE: u32 = 15;

    /// Whether the sweep is held for one of the breast.
    pub fn is_breast(&self) -> bool {
        self.foreign == Some(false)
    }

    /// Whether the sweep is of something else, given what this frame says. The first frame decides.
    pub fn settle(&mut self, now: bool) -> bool {
        let held = self.foreign.get_or_insert(now);
        self.against = if *held == now { 0 } else { self.against + 1 };
        if self.against > Self::PATIENCE {
            (*held, self.against) = (now, 0);
        }
        *held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_of_something_else_stays_one_until_half_a_second_says_otherwise() {
        let mut domain = Domain::default();
        assert!(domain.settle(true), "the first frame decides");
        let flickering = [false, false, true, false].repeat(20);
        assert!(flickering.into_iter().all(|now| domain.settle(now)), "a few frames change nothing");
        let ended = (0..30).position(|_| !domain.settle(false));
        assert_eq!(ended, Some(15 - 1), "one of the sixteen was the last of the flicker");
    }
}
