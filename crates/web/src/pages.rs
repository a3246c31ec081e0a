//! Which pages watch, and which one of them gives the commands: two hands on one examination would confuse each other.

use std::time::{Duration, Instant};

/// How many pages may watch at once.
pub const MAX_VIEWERS: u32 = 8;

/// The pages that watch. The first to come gives the commands; when it goes, the one that has watched longest does.
#[derive(Debug)]
pub(crate) struct Pages {
    /// In the order in which they came.
    watching: Vec<u64>,
    /// One of them; `None` where nobody watches.
    driver: Option<u64>,
    /// Never used again, so that a page that went does not give the commands in another's name.
    last: u64,
    /// When the last one went, or when the first could have come.
    left: Instant,
}

impl Default for Pages {
    fn default() -> Self {
        Self { watching: Vec::new(), driver: None, last: 0, left: Instant::now() }
    }
}

impl Pages {
    /// The number of one more page; `None` where [`MAX_VIEWERS`] watch already.
    pub(crate) fn join(&mut self) -> Option<u64> {
        if self.count() == MAX_VIEWERS {
            return None;
        }
        self.last += 1;
        self.watching.push(self.last);
        self.driver.get_or_insert(self.last);
        Some(self.last)
    }

    pub(crate) fn leave(&mut self, page: u64) {
        self.watching.retain(|other| *other != page);
        self.left = Instant::now();
        if self.driver == Some(page) {
            self.driver = self.watching.first().copied();
        }
    }

    pub(crate) fn take_over(&mut self, page: u64) {
        self.driver = Some(page);
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
        Leaves(u64),
        TakesOver(u64),
    }

    #[test]
    fn one_page_gives_the_commands_while_any_watches() {
        use Event::{Joins, Leaves, TakesOver};
        let check = |events: &[Event], driver: Option<u64>| {
            let mut pages = Pages::default();
            for event in events {
                match *event {
                    Joins => assert!(pages.join().is_some()),
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
    }
}
