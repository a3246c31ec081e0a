//! Which pages watch, and which one of them gives the commands: two hands on one examination would confuse each other.

use std::time::{Duration, Instant};

use crate::wire::Stood;

/// How many pages may watch at once.
pub const MAX_VIEWERS: u32 = 8;

/// The pages that watch. The first to come gives the commands; when it goes, the one that has watched longest does, until the one that went
/// comes back or it gives one.
#[derive(Debug)]
pub(crate) struct Pages {
    /// In the order in which they came.
    watching: Vec<u64>,
    /// One of them; `None` where nobody watches.
    driver: Option<u64>,
    /// It gives them because nobody else did, and has given none: one that gave them before goes before it.
    stands_in: bool,
    /// Never used again, so that a page that went does not give the commands in another's name.
    last: u64,
    /// When the last one went, or when the first could have come.
    left: Instant,
}

impl Default for Pages {
    fn default() -> Self {
        Self { watching: Vec::new(), driver: None, stands_in: false, last: 0, left: Instant::now() }
    }
}

impl Pages {
    /// The number of one more page, which comes back to what it `was` where it says so; `None` where [`MAX_VIEWERS`] watch already.
    pub(crate) fn join(&mut self, was: Option<Stood>) -> Option<u64> {
        if self.count() == MAX_VIEWERS {
            return None;
        }
        self.last += 1;
        self.watching.push(self.last);
        let comes_back = was == Some(Stood::Commanding) && self.stands_in;
        if self.driver.is_none() || comes_back {
            self.driver = Some(self.last);
            self.stands_in = was == Some(Stood::Watching);
        }
        Some(self.last)
    }

    pub(crate) fn leave(&mut self, page: u64) {
        self.watching.retain(|other| *other != page);
        self.left = Instant::now();
        if self.driver == Some(page) {
            self.driver = self.watching.first().copied();
            self.stands_in = true;
        }
    }

    pub(crate) fn take_over(&mut self, page: u64) {
        (self.driver, self.stands_in) = (Some(page), false);
    }

    /// Whether a page that gives a command may; from then on it is the one that gives them.
    pub(crate) fn commands(&mut self, page: u64) -> bool {
        let drives = self.drives(page);
        self.stands_in &= !drives;
        drives
    }

    pub(crate) fn drives(&self, page: u64) -> bool {
        self.driver == Some(page)
    }

    /// For how long nobody has watched; `None` while somebody does.
    pub(crate) fn unwatched_for(&self) -> Option<Duration> {
        self.watching.is_empty().then(|| self.left.elapsed())
    }

    pub(crate) fn count(&self) -> u32 {
        // At most MAX_VIEWERS.
        self.watching.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Joins,
        ComesBack(Stood),
        Commands(u64),
        Leaves(u64),
        TakesOver(u64),
    }

    #[test]
    fn one_page_gives_the_commands_while_any_watches() {
        use Event::{ComesBack, Commands, Joins, Leaves, TakesOver};
        use Stood::{Commanding, Watching};
        let check = |events: &[Event], driver: Option<u64>| {
            let mut pages = Pages::default();
            for event in events {
                match *event {
                    Joins => assert!(pages.join(None).is_some()),
                    ComesBack(was) => assert!(pages.join(Some(was)).is_some()),
                    Commands(page) => assert!(pages.commands(page)),
                    Leaves(page) => pages.leave(page),
                    TakesOver(page) => pages.take_over(page),
                }
            }
            assert_eq!((1..=9).find(|page| pages.drives(*page)), driver, "{events:?}");
        };
        check(&[], None);
        check(&[Joins, Joins, Joins], Some(1));
        check(&[Joins, Joins, Joins, Leaves(2)], Some(1));
        check(&[Joins, Joins, Joins, Leaves(1)], Some(2));
        check(&[Joins, Joins, Joins, TakesOver(3)], Some(3));
        check(&[Joins, Joins, Joins, TakesOver(3), Leaves(3)], Some(1));
        check(&[Joins, Leaves(1)], None);
        check(&[Joins, Leaves(1), Joins], Some(2));
        // The program was killed: whoever gave the commands gives them again, whichever page comes first.
        check(&[ComesBack(Watching), ComesBack(Commanding)], Some(2));
        check(&[ComesBack(Commanding), ComesBack(Watching)], Some(1));
        check(&[ComesBack(Watching), ComesBack(Watching), ComesBack(Commanding)], Some(3));
        // Its network was away, or it was loaded anew.
        check(&[Joins, Joins, Leaves(1), ComesBack(Commanding)], Some(3));
        // The other one has gone on meanwhile.
        check(&[ComesBack(Watching), Commands(1), ComesBack(Commanding)], Some(1));
        check(&[Joins, Joins, Leaves(1), TakesOver(2), ComesBack(Commanding)], Some(2));
        // A tab that was doubled, and a page that came anew.
        check(&[Joins, ComesBack(Commanding)], Some(1));
        check(&[ComesBack(Commanding), ComesBack(Commanding)], Some(1));
    }
}
