//! A position in the bytes of a data set, and the headers that begin there (PS3.5 §7.1, §7.5).

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use dicom_core::{Tag, VR};

use crate::{DicomError, Encoding};

/// Where the bytes of a data set are.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// All of them in memory.
    Memory(&'a [u8]),
    /// In a file, however long: a few of them are in memory.
    File(&'a dyn Stretches),
}

impl<'a> Source<'a> {
    /// How many there are.
    pub fn length(self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File(window) => window.length(),
        }
    }

    /// `N` bytes from `at` on; `None` where there are not so many.
    pub fn array<const N: usize>(self, at: usize) -> Result<Option<[u8; N]>, DicomError> {
        match self {
            Self::Memory(bytes) => Ok(bytes.get(at..).and_then(|bytes| bytes.first_chunk().copied())),
            Self::File(window) if window.length().saturating_sub(at) >= N => {
                let mut array = [0; N];
                window.read(at, &mut array)?;
                Ok(Some(array))
            }
            Self::File(_) => Ok(None),
        }
    }

    /// The bytes of a range that the scan found, so it is there and within a limit.
    pub fn bytes(self, range: Range<usize>) -> Result<Cow<'a, [u8]>, DicomError> {
        match self {
            Self::Memory(bytes) => Ok(Cow::Borrowed(&bytes[range])),
            Self::File(window) => {
                let mut bytes = vec![0; range.len()];
                window.read(range.start, &mut bytes)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }
}

/// What a stretch can be read of, anywhere.
pub(crate) trait Stretches {
    /// How many bytes there are.
    fn length(&self) -> usize;
    /// Fills `into` from `at` on.
    fn read(&self, at: usize, into: &mut [u8]) -> io::Result<()>;
}

/// A file and the part of it that was read last: headers lie close together, values are jumped over.
pub(crate) struct Window<F> {
    length: usize,
    held: RefCell<Held<F>>,
}

struct Held<F> {
    file: F,
    /// Where the part begins, and the part.
    start: usize,
    part: Vec<u8>,
}

impl<F: Read + Seek> Window<F> {
    const BYTES: usize = 8 << 10;

    pub fn new(mut file: F) -> io::Result<Self> {
        let length = usize::try_from(file.seek(SeekFrom::End(0))?).map_err(io::Error::other)?;
        let held = RefCell::new(Held { file, start: 0, part: Vec::new() });
        Ok(Self { length, held })
    }
}

impl<F: Read + Seek> Stretches for Window<F> {
    fn length(&self) -> usize {
        self.length
    }

    fn read(&self, at: usize, into: &mut [u8]) -> io::Result<()> {
        let Held { file, start, part } = &mut *self.held.borrow_mut();
        let held = |start: usize, part: &[u8]| at >= start && at + into.len() <= start + part.len();
        if !held(*start, part) {
            file.seek(SeekFrom::Start(at as u64))?;
            if into.len() > Self::BYTES {
                return file.read_exact(into);
            }
            part.resize(Self::BYTES.min(self.length.saturating_sub(at)), 0);
            *start = at;
            if let Err(error) = file.read_exact(part) {
                part.clear();
                return Err(error);
            }
        }
        let from = at - *start;
        let held = part.get(from..from + into.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(held);
        Ok(())
    }
}

/// A position in a data set.
pub(crate) struct Cursor<'a> {
    pub source: Source<'a>,
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
    pub fn new(source: Source<'a>, pos: usize, encoding: Encoding) -> Self {
        Self { source, pos, encoding }
    }

    /// Bytes to the end of the file.
    pub fn left(&self) -> usize {
        self.source.length() - self.pos
    }

    fn take<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DicomError> {
        let needs = N as u64;
        let taken = self.source.array(self.pos)?.ok_or(DicomError::Truncated {
            what,
            at: self.pos,
            needs,
            has: self.left(),
        })?;
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
        let length = if has_long_length(vr) {
            self.u16()?;
            self.u32()?
        } else {
            u32::from(self.u16()?)
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

/// Whether an explicit element of this value representation has its length in four bytes, after two that say nothing (§7.1.2).
#[must_use]
pub fn has_long_length(vr: VR) -> bool {
    matches!(
        vr,
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
            | VR::UV
    )
}
