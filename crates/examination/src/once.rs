//! An act that is sent again, because its answer was lost, is not done again.
//!
//! A client calls each of its acts by an identifier of its own. The journal keeps it with the entry, so that a program that was killed between
//! the act and its answer knows it too.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::event::Author;
use crate::refusal::Refusal;
use crate::signed::sha256;

/// So many acts are known again: far more than were done between an act and its repetition.
const KNOWN: usize = 1000;

/// What a client calls one of its acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActKey {
    /// Drawn by lot for this act, and sent with it each time.
    id: String,
    /// The SHA-256, in hex, of what is asked for: the same identifier with something else is a mistake.
    of: String,
}

impl ActKey {
    /// The longest identifier, bytes.
    pub const LONGEST_ID: usize = 64;

    /// The key of an act of this identifier; `asked` is what is asked for, the same text each time.
    ///
    /// # Errors
    /// One line where this is no identifier: 1 to [`LONGEST_ID`](Self::LONGEST_ID) letters of ASCII that can be seen.
    pub fn new(id: &str, asked: &str) -> Result<Self, &'static str> {
        let fits =
            (1..=Self::LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self { id: id.to_owned(), of: sha256(asked) })
        } else {
            Err("id: the identifier of an act has 1 to 64 letters of ASCII, and no blank")
        }
    }
}

/// Who asks for something, and what they call it.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Who.
    pub by: Author,
    /// `None`: it is done as often as it is asked for.
    pub key: Option<ActKey>,
}

impl<A: Into<Author>> From<A> for Asking {
    fn from(by: A) -> Self {
        Self { by: by.into(), key: None }
    }
}

/// The acts that were done last, by what their clients call them.
#[derive(Debug, Default)]
pub(crate) struct Once(VecDeque<(ActKey, u64)>);

impl Once {
    /// The number of the entry of an act that was done already.
    ///
    /// # Errors
    /// [`Refusal::OtherAct`] where something else was done under its identifier.
    pub fn find(&self, key: Option<&ActKey>) -> Result<Option<u64>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        match self.0.iter().rev().find(|(known, _)| known.id == key.id) {
            Some((known, _)) if known.of != key.of => Err(Refusal::OtherAct),
            found => Ok(found.map(|(_, seq)| *seq)),
        }
    }

    /// This act was done, by the entry of this number.
    pub fn note(&mut self, key: ActKey, seq: u64) {
        if self.0.len() == KNOWN {
            self.0.pop_front();
        }
        self.0.push_back((key, seq));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_may_are_known_and_the_oldest_goes_first() {
        let key = |id: usize| ActKey::new(&id.to_string(), "undo").unwrap();
        let mut once = Once::default();
        (0..KNOWN + 1).for_each(|id| once.note(key(id), id as u64));
        let known = |id| once.find(Some(&key(id))).unwrap();
        assert_eq!((known(0), known(1), known(KNOWN)), (None, Some(1), Some(KNOWN as u64)));
        assert_eq!(once.0.len(), KNOWN);
    }

    #[test]
    fn an_identifier_is_short_and_can_be_seen() {
        for (id, fits) in [("", false), ("a b", false), ("é", false), ("a\n", false), ("1b4e28ba-2fa1", true)]
        {
            assert_eq!(ActKey::new(id, "undo").is_ok(), fits, "{id:?}");
        }
        assert!(
            ActKey::new(&"x".repeat(64), "undo").is_ok() && ActKey::new(&"x".repeat(65), "undo").is_err()
        );
    }
}
