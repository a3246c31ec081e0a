//! What happens in an examination, one entry after another; the state is nothing but their sum.

use peony_model::report::{
    CalibrationRecord, Chance, Earlier, Evidence, MachineRecord, Plane, Signature, Size,
};
use peony_model::{BiRads, Look, Place, Side, Word};
use serde::{Deserialize, Serialize};

use crate::act::{Act, FieldWord};
use crate::once::ActKey;

/// A person who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// As pages and reports show them; several people may have it.
    pub name: String,
    /// The name of their account, which is theirs alone; `None` where there are no accounts.
    pub account: Option<String>,
}

impl Author {
    /// Whether both are one person: by the account, and by the name only where neither has one.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (&self.account, &other.account) {
            (None, None) => self.name == other.name,
            (one, other) => one == other,
        }
    }
}

/// Somebody without an account.
impl From<&str> for Author {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), account: None }
    }
}

impl From<&Self> for Author {
    fn from(author: &Self) -> Self {
        author.clone()
    }
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Greater than that of every entry before it.
    pub seq: u64,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Who; `None` for the machine.
    pub by: Option<String>,
    /// The account of whoever it was, where there are accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What the client calls it, where it said so; `None` for the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ActKey>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

impl Entry {
    /// Who did it; `None` for the machine.
    #[must_use]
    pub fn author(&self) -> Option<Author> {
        Some(Author { name: self.by.clone()?, account: self.account.clone() })
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "of", rename_all = "snake_case")]
pub enum Event {
    /// The examination began; always the first entry.
    Opened(Opened),
    /// The program took it up again after it had stopped; `None` in the journals of earlier versions, which do not say how.
    Resumed(Option<Resumed>),
    /// A lesion was confirmed by persistence.
    Found(Found),
    /// What the machine says of a lesion now; the newest such word counts.
    Seen(Observation),
    /// A plane was kept. The machine's replaces its former one of the same lesion and reason.
    Kept(Plane),
    /// Two lesions are one.
    Merged {
        /// The one that is no more.
        from: u32,
        /// The one that goes on.
        into: u32,
    },
    /// A lesion may be an earlier one again, which was out of sight when it was found. The first such word on a lesion stands.
    MayBe {
        /// Which.
        lesion: u32,
        /// The likeliest of the earlier ones.
        earlier: u32,
    },
    /// A stretch of scanning.
    Scanned(Scanned),
    /// Who says how large a pixel is now; `None`: nobody.
    Scale {
        /// Such as `ruler`.
        source: Option<String>,
    },
    /// What lengths along the sweep are made with from now on.
    Calibrated(CalibrationRecord),
    /// No picture comes any more, or pictures come again.
    Source {
        /// Whether they stopped.
        lost: bool,
    },
    /// An earlier examination is signed under the identifier of the patient that was said. The first one heard of under an
    /// identifier stands, so that a report does not change with other examinations.
    Earlier(Earlier),
    /// A person did something.
    Act(Act),
    /// A person took the machine's proposals as they stood: what it says later changes nothing of them.
    Confirmed {
        /// Of which lesion.
        lesion: u32,
        /// The fields with the values that were proposed.
        words: Vec<FieldWord>,
    },
    /// A person took back what they had done.
    Undone {
        /// The entry that no longer counts.
        seq: u64,
    },
    /// A person signed.
    Signed(Signed),
    /// Whoever began it by mistake discarded it, empty: it is in no list, and nothing goes on in it. The journal stays.
    Discarded,
}

/// How an examination began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its identifier.
    pub id: String,
    /// The version of the program.
    pub program: String,
    /// Where its frames come from, as people are told: never a path, an address or a name.
    pub source: String,
    /// The frames are the virtual transducer's: nobody is examined.
    pub simulated: bool,
    /// The model that reads them; `None` where none does.
    pub machine: Option<MachineRecord>,
    /// The lexicon that words are of.
    pub lexicon_edition: String,
    /// The site of whoever began it; empty where there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
}

/// How an examination goes on after a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// The version of the program.
    pub program: String,
    /// Where its frames come from now: see [`Opened::source`].
    pub source: String,
    /// They are the virtual transducer's.
    pub simulated: bool,
    /// The model that reads them now; `None` where none does.
    pub machine: Option<MachineRecord>,
}

/// A signature, and what it stands under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Who, when, and the hash of what was signed.
    #[serde(flatten)]
    pub signature: Signature,
    /// The JSON that has this hash: the report as it was signed. Only the first signature has it, and none of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// A lesion that was confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Its number, never used again.
    pub lesion: u32,
    /// Its letter, never used again.
    pub letter: String,
    /// Whether the probe was still where it was said to stand; `None` where nobody had said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stood: Option<Stood>,
}

/// Whether the probe is where it was said to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    /// The number of the entry that says where.
    pub said: u64,
    /// It had not gone on from there.
    pub still: bool,
}

/// What the machine says of a lesion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Which.
    pub lesion: u32,
    /// Its size; the third axis is simulated.
    pub size: Option<Size>,
    /// From the upper edge of the picture to its nearest edge, mm.
    pub depth_mm: Option<f32>,
    /// Words of the lexicon that hold.
    pub words: Vec<Word>,
    /// Probability of malignancy over all its sightings.
    pub malignancy: Option<Chance>,
    /// What that rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The category that is proposed.
    pub category: Option<BiRads>,
    /// Volume in cm³ and its relative error; simulated.
    pub volume_cm3: Option<[f32; 2]>,
    /// In how many frames it was seen.
    pub sightings: u32,
    /// How it looks, for whoever asks whether it is met again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
}

/// What was scanned since the last such entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scanned {
    /// Which breast, as far as a person has said.
    pub side: Option<Side>,
    /// Where on it, as long as the probe had not gone on from where it was said to stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Seconds with a picture that can be read.
    pub seconds: f32,
    /// Each fault that held: its key, how often it began, for how many seconds.
    pub faults: Vec<(String, u32, f32)>,
}
