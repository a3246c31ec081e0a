//! Frames from outside: devices on the network, videos, and pages that capture.
//!
//! - [`SourceUrl`]: what a person types to say where frames come from; [`open`] connects to the devices among them.
//! - [`LiveSource`]: a device that is connected again whenever it drops out. One examination goes on through it: frames
//!   are numbered and timed once, and a gap shows as missing time. It keeps the newest frame and counts what it drops.
//! - [`igtl`]: what an OpenIGTLink server sends, read as it comes. Its parser is pure: bytes in, a message or an error out.
//! - `rtsp` (feature `rtsp`): network encoders and cameras, in H.264 or Motion JPEG.
//! - `gst` (feature `gstreamer`): whatever a GStreamer pipeline gives, the capture devices of Linux (V4L2) among them.
//! - [`capture`]: what a page that captures pictures sends, without its socket.
//! - [`y4m`]: frames of a YUV4MPEG2 file or pipe; `mp4` (feature `h264`): those of an MP4 file with H.264.
//!
//! The network is read on threads of this crate's own, by blocking calls; RTSP alone brings an async runtime, which runs
//! only while its thread waits for a picture. Every length from outside is checked against a limit before anything is
//! allocated for it ([`igtl::limits`], [`y4m`], `mp4`, [`capture`]). What decodes H.264 is C++, in this process: it is fed
//! nothing whose parameters were not read before, and is part of no build that does not ask for it.
//!
//! It deliberately does **not** listen on a port, send a picture to a device, or judge whether a picture is fit to be read:
//! one of a single pixel is handed on.

mod address;
pub mod capture;
mod chroma;
mod clock;
#[cfg(feature = "gstreamer")]
pub mod gst;
#[cfg(feature = "h264")]
mod h264;
pub mod igtl;
mod levels;
mod link;
#[cfg(feature = "h264")]
pub mod mp4;
mod queue;
mod reconnect;
#[cfg(feature = "rtsp")]
pub mod rtsp;
pub mod y4m;

pub use address::{AddressError, OpenError, RtspAddress, SourceUrl, open};
pub use link::{Heard, Link, Picture, Source, SourceError};
pub use queue::{Counts, Event};
pub use reconnect::{Backoff, LiveSource, Stopper};
