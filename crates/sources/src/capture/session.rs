//! One socket of a page: what it may send in which state, and at what pace.

use std::time::Instant;

use super::pace::Pace;
use super::{Announcement, CaptureError, Sent};

/// One socket, from its first message on.
#[derive(Debug, Default)]
pub struct Session {
    /// `None` until the page has said what it sends.
    announced: Option<Announcement>,
    last_sequence: Option<u32>,
    pace: Pace,
    dropped: u64,
}

/// What a binary message was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Heard<'a> {
    /// A picture to be taken, of this announcement.
    Picture(Sent<'a>, Announcement),
    /// A good picture that came too soon after those before: it is not taken, only counted. The next is newer.
    TooSoon {
        /// Its number.
        sequence: u32,
        /// How many of this socket were not taken so far.
        dropped: u64,
    },
}

impl Session {
    /// Hears a text: the announcement, or a new one where the page has changed to another device.
    ///
    /// # Errors
    /// Those of [`Announcement::parse`]; what was announced before stays.
    pub fn text(&mut self, text: &str) -> Result<Announcement, CaptureError> {
        let announced = Announcement::parse(text)?;
        self.announced = Some(announced);
        Ok(announced)
    }

    /// Hears a picture that came at `arrived`. Its size may be another than the announced one.
    ///
    /// # Errors
    /// [`CaptureError::NotAnnounced`], those of [`Sent::parse`], and [`CaptureError::Sequence`]; the next may be good.
    pub fn binary<'a>(&mut self, bytes: &'a [u8], arrived: Instant) -> Result<Heard<'a>, CaptureError> {
        let announced = self.announced.ok_or(CaptureError::NotAnnounced)?;
        let sent = Sent::parse(bytes)?;
        let this = sent.sequence;
        if let Some(last) = self.last_sequence.filter(|last| *last >= this) {
            return Err(CaptureError::Sequence { this, last });
        }
        self.last_sequence = Some(this);
        if self.pace.admits(arrived) {
            return Ok(Heard::Picture(sent, announced));
        }
        self.dropped += 1;
        Ok(Heard::TooSoon { sequence: this, dropped: self.dropped })
    }
}
