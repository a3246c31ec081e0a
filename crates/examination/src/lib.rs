//! An examination from the first frame to the signed report.
//!
//! Everything that happens is an [`Entry`] of its journal: what the machine says, what a person does. The state is the sum
//! of the entries, and the [`Report`](peony_model::report::Report) is made from the state. Nothing is overwritten: a
//! person's word stands beside the machine's proposal, and what is taken back stays in the journal.
//!
//! An entry is on the disk within a second, and a person's act before it is acknowledged ([`Examination::act`]): the program can be killed at any
//! moment and the examination goes on where its journal ends ([`Examination::resume`]).
//!
//! Not here: reading frames, sentences and PDF, pages.

mod act;
pub mod again;
mod archive;
mod bounds;
mod change;
mod comparison;
mod event;
mod examination;
mod join;
mod journal;
mod lines;
mod obstacles;
mod once;
mod refusal;
mod report;
mod scan;
mod signed;
mod state;
mod summary;

pub use act::{Act, BreastWord, EnteredDepth, FieldName, FieldWord, Role};
pub use archive::{Archive, Listed};
pub use bounds::{AXES, BLANK};
pub use change::{Change, TextField, Told};
pub use event::{Author, Entry, Event, Found, Observation, Opened, Resumed, Scanned, Signed, Stood};
pub use examination::{Examination, OpenError};
pub use journal::{DiskTrouble, JournalError, Saved};
pub use obstacles::{Obstacle, ObstacleCode, obstacles, open};
pub use once::{ActKey, Asking};
pub use refusal::Refusal;
pub use scan::Whereabouts;
pub use summary::Summary;
