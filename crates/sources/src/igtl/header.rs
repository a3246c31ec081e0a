//! The header that every message begins with (Documents/Protocol/header.md).

use std::time::Duration;

use super::fields::Fields;
use super::{IgtlError, limits};

/// How long a header is.
pub const HEADER_BYTES: usize = 58;

/// The header of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// 1 in protocol versions 1 and 2, 2 in version 3, whose bodies hold more than the content.
    pub version: u16,
    type_name: [u8; 12],
    device_name: [u8; 20],
    /// When the content was made, since 1970-01-01 UTC; `None` where the sender does not say.
    pub stamp: Option<Duration>,
    /// How long the body is, at most [`limits::BODY_BYTES`].
    pub body_bytes: usize,
    /// CRC-64 of the body.
    pub crc: u64,
}

impl Header {
    /// Reads a header from the first [`HEADER_BYTES`] of `bytes`.
    ///
    /// # Errors
    /// [`IgtlError::HeaderVersion`] and [`IgtlError::BodyTooLong`]: the next message cannot be found. [`IgtlError::Truncated`].
    pub fn parse(bytes: &[u8]) -> Result<Self, IgtlError> {
        let (mut fields, _) = Fields::split("the header", bytes, HEADER_BYTES)?;
        let version = fields.u16()?;
        if !(1..=2).contains(&version) {
            return Err(IgtlError::HeaderVersion { version });
        }
        let type_name = fields.bytes()?;
        let device_name = fields.bytes()?;
        let stamp = stamp(fields.u64()?);
        let bytes = fields.u64()?;
        if bytes > limits::BODY_BYTES {
            return Err(IgtlError::BodyTooLong { bytes, limit: limits::BODY_BYTES });
        }
        let crc = fields.u64()?;
        Ok(Self { version, type_name, device_name, stamp, body_bytes: bytes as usize, crc })
    }

    /// The name of the kind of message, up to its first zero: at most 12 bytes, ASCII by the standard.
    #[must_use]
    pub fn type_name(&self) -> &[u8] {
        unpadded(&self.type_name)
    }

    /// The name of what the message is about, up to its first zero: at most 20 bytes, ASCII by the standard.
    #[must_use]
    pub fn device_name(&self) -> &[u8] {
        unpadded(&self.device_name)
    }

    /// How long the message is with its header.
    #[must_use]
    pub fn message_bytes(&self) -> usize {
        HEADER_BYTES + self.body_bytes
    }
}

/// Seconds in the upper 32 bits and their fraction in the lower; 0 is no time (Documents/Protocol/timestamp.md).
fn stamp(fixed: u64) -> Option<Duration> {
    // To the nearest nanosecond; the last fraction below one may become a whole second, which `new` carries over.
    let nanoseconds = ((fixed & 0xFFFF_FFFF) * 1_000_000_000 + (1 << 31)) >> 32;
    (fixed != 0).then(|| Duration::new(fixed >> 32, nanoseconds as u32))
}

fn unpadded(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == 0).next().unwrap_or_default()
}
