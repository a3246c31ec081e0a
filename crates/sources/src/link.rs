//! What a device must be able to do to be a source of frames.

use std::io;
use std::time::{Duration, Instant};

use peony_model::{Pixels, Spacing};

use crate::igtl::IgtlError;

/// A device that can be connected to, over and over.
pub trait Source: Send + 'static {
    /// An open connection to it.
    type Link: Link;

    /// Connects; takes no longer than some seconds.
    ///
    /// # Errors
    /// [`SourceError::Connect`] where the device cannot be reached.
    fn connect(&mut self) -> Result<Self::Link, SourceError>;
}

/// An open connection to a device.
pub trait Link {
    /// Waits for the next picture, but no longer than about a tenth of a second, so that whoever asks can stop.
    ///
    /// # Errors
    /// The connection is over: closed, silent, or no longer to be understood.
    fn next(&mut self) -> Result<Heard, SourceError>;
}

/// What a connection gave when it was asked.
#[derive(Debug)]
pub enum Heard {
    /// A picture.
    Picture(Picture),
    /// A message that could not be read and was passed over; the connection goes on.
    Damaged(SourceError),
    /// Nothing that concerns pictures.
    Nothing,
}

/// A picture as a connection gives it: without a number, and with its device's time.
#[derive(Debug)]
pub struct Picture {
    /// When the device says it was taken, since a moment that stays the same while the source does, such as 1970-01-01 UTC;
    /// `None` where it does not say.
    pub stamp: Option<Duration>,
    /// When the last byte of it arrived here.
    pub arrived: Instant,
    /// The picture, row-major, top row first.
    pub pixels: Pixels,
    /// How large a pixel is, where the device says so believably.
    pub spacing: Spacing,
}

/// Why a device gives no pictures, or not this one. No message carries text that came from it.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be reached.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// It closed the connection.
    #[error("the connection was closed by the other side")]
    Closed,
    /// Nothing came for so long that the connection counts as lost.
    #[error("nothing came for {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[source] io::Error),
    /// What stands in the way of its RTSP session.
    #[cfg(feature = "rtsp")]
    #[error("RTSP: {0}")]
    Rtsp(#[from] crate::rtsp::RtspError),
    /// What stands in the way of its pipeline.
    #[cfg(feature = "gstreamer")]
    #[error("GStreamer: {0}")]
    Gst(#[from] crate::gst::GstError),
    /// What it sent is not OpenIGTLink as we read it.
    #[error("OpenIGTLink: {0}")]
    Igtl(#[from] IgtlError),
}
