//! Who is at the provider just now: a bounded number of browsers, each for a few minutes, kept in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::{Nonce, PkceCodeVerifier};
use peony_store::Digest;

/// How long somebody may take at the provider.
pub(super) const LASTS: Duration = Duration::from_secs(10 * 60);
/// So many may be there at once; another one takes the place of who went first.
const MOST: usize = 1024;

/// What must come back, and what is needed then.
pub(super) struct Asked {
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
    /// Of the cookie of the browser that went.
    pub browser: Digest,
    /// Of the session that the browser had when it went. Its cookie does not come back from another site's page.
    pub session: Option<Digest>,
}

/// All of them, by their `state`.
#[derive(Default)]
pub(super) struct Pending(Mutex<HashMap<String, (Instant, Asked)>>);

impl Pending {
    /// Another one has gone.
    pub fn put(&self, state: String, asked: Asked, now: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (went, _)| now.duration_since(*went) < LASTS);
        if all.len() >= MOST
            && let Some(first) = all.iter().min_by_key(|(_, (went, _))| *went).map(|(state, _)| state.clone())
        {
            all.remove(&first);
        }
        all.insert(state, (now, asked));
    }

    /// Who comes back with this state in the same browser: once, and in time.
    pub fn take(&self, state: &str, browser: &Digest, now: Instant) -> Option<Asked> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (went, asked) = all.get(state)?;
        // Another browser takes nothing away from the one that went.
        if asked.browser != *browser {
            return None;
        }
        let in_time = now.duration_since(*went) < LASTS;
        all.remove(state).map(|(_, asked)| asked).filter(|_| in_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(browser: &str) -> Asked {
        Asked {
            nonce: Nonce::new("nonce".to_owned()),
            verifier: PkceCodeVerifier::new("v".repeat(43)),
            browser: Digest::of(browser.as_bytes()),
            session: None,
        }
    }

    #[test]
    fn who_went_comes_back_once_in_the_same_browser_and_in_time() {
        let (pending, now) = (Pending::default(), Instant::now());
        let comes = |state: &str, browser: &str, after: Duration| {
            pending.take(state, &Digest::of(browser.as_bytes()), now + after).is_some()
        };
        for state in ["a", "b"] {
            pending.put(state.to_owned(), asked("mine"), now);
        }
        assert!(!comes("c", "mine", Duration::ZERO), "nobody went so");
        assert!(!comes("a", "another's", Duration::ZERO));
        assert!(comes("a", "mine", LASTS - Duration::from_secs(1)), "another's try took nothing away");
        assert!(!comes("a", "mine", Duration::ZERO), "a second time");
        assert!(!comes("b", "mine", LASTS), "too late");
    }

    #[test]
    fn however_many_go_a_bounded_number_is_kept_the_newest() {
        let (pending, now) = (Pending::default(), Instant::now());
        for number in 0..MOST as u64 + 10 {
            pending.put(number.to_string(), asked("mine"), now + Duration::from_millis(number));
        }
        assert_eq!(pending.0.lock().unwrap().len(), MOST);
        let browser = Digest::of(b"mine");
        assert!(pending.take("9", &browser, now).is_none() && pending.take("10", &browser, now).is_some());
        pending.put("late".to_owned(), asked("mine"), now + LASTS + LASTS);
        assert_eq!(pending.0.lock().unwrap().len(), 1, "who is too late is forgotten");
    }
}
