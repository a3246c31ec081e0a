//! A position in the bytes of a data set, and the headers that begin there (PS3.5 §7.1, §7.5).

use std::ops::Range;

use dicom_core::{Tag, VR};

use crate::{DicomError, Encoding};

/// A position in a data set.
pub(crate) struct Cursor<'a> {
    pub bytes: &'a [u8],
    pub pos: usize,
    pub encoding: Encoding,
}

/// The header of an element; the cursor stands on its value.
pub(crate) struct ElementHeader {
    pub tag: Tag,
    pub vr: VR,
    /// In bytes; 0xFFFFFFFF where it is undefined.
    pub length: u32,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8], pos: usize, encoding: Encoding) -> Self {
        Self { bytes, pos, encoding }
    }

    /// Bytes to the end of the file.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.pos
    }

    fn take<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DicomError> {
        let taken = self.bytes[self.pos..].first_chunk::<N>().copied();
        let needs = N as u64;
        let taken = taken.ok_or(DicomError::Truncated { what, at: self.pos, needs, has: self.left() })?;
        self.pos += N;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, DicomError> {
        let bytes = self.take("the header of an element")?;
        Ok(if self.encoding == Encoding::ExplicitBig {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32(&mut self) -> Result<u32, DicomError> {
        let bytes = self.take("the header of an element")?;
        Ok(if self.encoding == Encoding::ExplicitBig {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    /// The tag that begins here, without moving.
    pub fn peek_tag(&self) -> Result<Tag, DicomError> {
        Cursor { ..*self }.tag()
    }

    fn tag(&mut self) -> Result<Tag, DicomError> {
        Ok(Tag(self.u16()?, self.u16()?))
    }

    /// Tag and length of an item or a delimiter, which have no value representation in any encoding (§7.5).
    pub fn item_header(&mut self) -> Result<(Tag, u32), DicomError> {
        Ok((self.tag()?, self.u32()?))
    }

    /// The header of an element. `is_sequence` says which are sequences where the file does not (§7.1.3).
    pub fn element_header(&mut self, is_sequence: impl Fn(Tag) -> bool) -> Result<ElementHeader, DicomError> {
        let tag = self.tag()?;
        if self.encoding == Encoding::ImplicitLittle {
            let length = self.u32()?;
            // An undefined length outside the dictionary can only be a sequence.
            let vr = if length == u32::MAX || is_sequence(tag) { VR::SQ } else { VR::UN };
            return Ok(ElementHeader { tag, vr, length });
        }
        // An unknown value representation has the long form, as every one that was added since 1993 (§6.2, §7.1.2).
        let vr = VR::from_binary(self.take("the header of an element")?).unwrap_or(VR::UN);
        let length = match vr {
            VR::OB
            | VR::OD
            | VR::OF
            | VR::OL
            | VR::OV
            | VR::OW
            | VR::SQ
            | VR::SV
            | VR::UC
            | VR::UN
            | VR::UR
            | VR::UT
            | VR::UV => {
                self.u16()?;
                self.u32()?
            }
            _ => u32::from(self.u16()?),
        };
        Ok(ElementHeader { tag, vr, length })
    }

    /// Passes over `length` bytes and says which.
    pub fn skip(&mut self, what: &'static str, length: u32) -> Result<Range<usize>, DicomError> {
        let (at, has) = (self.pos, self.left());
        if length as usize > has {
            return Err(DicomError::Truncated { what, at, needs: u64::from(length), has });
        }
        self.pos += length as usize;
        Ok(at..self.pos)
    }
}
