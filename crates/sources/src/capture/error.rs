//! What is wrong with what a page sent.

use std::ops::RangeInclusive;

use serde::Serialize;

use super::announcement::PROTOCOL;

/// What is wrong, in one line with the field, the value and the limit. It goes back to the page that sent it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CaptureError {
    /// The first message, or a later text, is no announcement.
    #[error("announcement: {0}")]
    Announcement(String),
    /// Another version of the protocol.
    #[error("peony_capture: version {0}, {PROTOCOL} is understood")]
    Version(u64),
    /// A picture before it was announced.
    #[error("a picture before the announcement")]
    NotAnnounced,
    /// Too short for its header, or not as long as the header says.
    #[error("{what}: {has} bytes, {needs} expected")]
    Length {
        /// What is measured.
        what: &'static str,
        /// How long it is.
        has: u64,
        /// How long it should be.
        needs: u64,
    },
    /// A bit that means nothing in this version.
    #[error("flags: {0:#x}, bits 0 and 1 are understood")]
    Flags(u32),
    /// Smaller or larger than a picture may be.
    #[error("size: {width} × {height}, {} to {} a side and {most} pixels are taken", .side.start(), .side.end())]
    Size {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// How long a side may be.
        side: RangeInclusive<u32>,
        /// How many pixels there may be.
        most: u32,
    },
    /// A number that is not above that of the picture before.
    #[error("sequence: {this} after {last}")]
    Sequence {
        /// This picture's.
        this: u32,
        /// The one's before.
        last: u32,
    },
}

/// The kinds of errors on the socket, for the page's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A text that is no announcement.
    BadAnnouncement,
    /// Another version of the protocol.
    UnsupportedVersion,
    /// A binary message that is no picture, or comes too early.
    BadFrame,
    /// A picture of a size that is not taken.
    Size,
    /// Another page captures for this examination.
    Busy,
    /// Another page has taken over.
    TakenOver,
    /// Too many bad messages in a row, or too many pages that wait: the socket is closed.
    TooMany,
}

impl CaptureError {
    /// What kind it is.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Announcement(_) => ErrorCode::BadAnnouncement,
            Self::Version(_) => ErrorCode::UnsupportedVersion,
            Self::Size { .. } => ErrorCode::Size,
            Self::NotAnnounced | Self::Length { .. } | Self::Flags(_) | Self::Sequence { .. } => {
                ErrorCode::BadFrame
            }
        }
    }
}
