//! What a page that captures pictures sends, as pure state: text and bytes in, frames or an error out (`docs/API.md`,
//! 'Capture socket').
//!
//! A [`Session`] is one socket: first an [`Announcement`], then pictures, each of them a [`Sent`]. An [`Examination`]
//! outlives the sockets: it numbers and times the frames once, so that a page that was reloaded or lost goes on in it.
//! Neither knows a network; `peony-web` owns the socket.
//!
//! A page gives grey levels and nothing of its patient. Where its video has colour planes it may add a coarse grid of
//! how far from grey the picture is ([`GRID`]): enough to know that the machine's colour is on, and no more.

mod announcement;
mod error;
mod examination;
mod pace;
mod sent;
mod session;

pub use announcement::{Announcement, Format, Kind, PROTOCOL, Range};
pub use error::{CaptureError, ErrorCode};
pub use examination::{Captured, Examination};
pub use pace::{BURST, FRAMES_A_SECOND};
pub use sent::{GRID, HEADER_BYTES, MESSAGE_BYTES, Sent};
pub use session::{Heard, Session};

/// How many pictures a page may have under way before the first of them is answered.
pub const IN_FLIGHT: usize = 2;
