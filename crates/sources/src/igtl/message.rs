//! One whole message: header and body, the body checked and taken apart.

use crc::{CRC_64_ECMA_182, Crc, Table};

use super::fields::Fields;
use super::{Header, IgtlError, Image};

/// Sixteen bytes at a step: a picture of a megabyte is checked in less than a millisecond.
const CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_ECMA_182);
/// EXT_HEADER_SIZE, META_HEADER_SIZE, META_SIZE and MSG_ID.
const EXTENDED_HEADER_BYTES: usize = 12;

/// A message.
#[derive(Debug)]
pub struct Message<'a> {
    /// Its header.
    pub header: Header,
    /// What it says.
    pub content: Content<'a>,
}

/// What a message says.
#[derive(Debug)]
pub enum Content<'a> {
    /// A picture, or a volume of them.
    Image(Image<'a>),
    /// Any other kind: a status, a transform, a text. Only its frame was checked.
    Other,
}

impl<'a> Message<'a> {
    /// Reads the message at the beginning of `bytes`; what follows it is left alone.
    ///
    /// # Errors
    /// Those of [`Header::parse`], after which the next message cannot be found. All others concern this message only.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, IgtlError> {
        let header = Header::parse(bytes)?;
        let needs = header.message_bytes();
        let truncated = IgtlError::Truncated { what: "the message", needs: needs as u64, has: bytes.len() };
        let body = bytes.get(super::HEADER_BYTES..needs).ok_or(truncated)?;
        let found = crc64(body);
        if found != header.crc {
            return Err(IgtlError::Crc { declared: header.crc, found });
        }
        let content = if header.version == 1 { body } else { content_of(body)? };
        let content = match header.type_name() {
            b"IMAGE" => Content::Image(Image::parse(content)?),
            _ => Content::Other,
        };
        Ok(Self { header, content })
    }
}

/// Since header version 2 a body is the extended header, the content, and the metadata with a header of its own. The
/// lengths are those of the reference library (`igtl_extended_header`); the document has an older draft of them.
fn content_of(body: &[u8]) -> Result<&[u8], IgtlError> {
    let (mut fields, _) = Fields::split("the extended header", body, EXTENDED_HEADER_BYTES)?;
    let extended_bytes = fields.u16()?;
    if usize::from(extended_bytes) < EXTENDED_HEADER_BYTES {
        return Err(IgtlError::ExtendedHeader { bytes: extended_bytes });
    }
    let metadata_bytes = u64::from(fields.u16()?) + u64::from(fields.u32()?);
    let around = u64::from(extended_bytes) + metadata_bytes;
    let truncated = IgtlError::Truncated {
        what: "the extended header with the metadata",
        needs: around,
        has: body.len(),
    };
    let end = (body.len() as u64).saturating_sub(metadata_bytes) as usize;
    body.get(usize::from(extended_bytes)..end).ok_or(truncated)
}

/// The CRC-64 of ECMA-182 as OpenIGTLink uses it: most significant bit first, from 0 and not inverted (`igtl_util.c`).
#[must_use]
pub fn crc64(bytes: &[u8]) -> u64 {
    CRC.checksum(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_the_catalogue() {
        // The check value of CRC-64/ECMA-182 in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc64(b"123456789"), 0x6c40_df5f_0b49_7347);
        assert_eq!(crc64(b""), 0);
        // The second entry of the library's own table.
        assert_eq!(crc64(&[1]), 0x42F0_E1EB_A9EA_3693);
    }
}
