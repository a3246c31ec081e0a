//! Frames from outside: devices on the network, and files of uncompressed video.
//!
//! - [`igtl`]: what an OpenIGTLink server sends, read as it comes. Its parser is pure: bytes in, a message or an error out.
//! - [`LiveSource`]: a device that is connected again whenever it drops out. One examination goes on through it: frames
//!   are numbered and timed once, and a gap shows as missing time. It keeps the newest frame and counts what it drops.
//! - [`y4m`]: frames of a YUV4MPEG2 file or pipe.
//! - [`capture`]: what a page that captures pictures sends, without its socket.
//!
//! The network is read by blocking calls on threads of this crate's own: there is no async runtime here. Every length
//! from outside is checked against a limit before anything is allocated for it ([`igtl::limits`], [`y4m`]).
//!
//! It deliberately does **not** decode compressed video, listen on a port, send anything to a device, or judge whether a
//! picture is fit to be read: one of a single pixel is handed on.

pub mod capture;
mod clock;
pub mod igtl;
mod levels;
mod link;
mod queue;
mod reconnect;
pub mod y4m;

pub use link::{Heard, Link, Picture, Source, SourceError};
pub use queue::{Counts, Event};
pub use reconnect::{Backoff, LiveSource};
