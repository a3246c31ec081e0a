//! [`Elements`]: a whole data set told step by step, for whoever writes it down in another form.
//!
//! The scan walks it, so depth, count and lengths have their limits (invariant 2) and nesting costs no call stack. A file of any length is read
//! a few kilobytes at a time, and inflated as it is read where it is deflated.

use std::borrow::Cow;
use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::VR;

use crate::cursor::{Source, Window};
use crate::error::DicomError;
use crate::inflated::Opened;
use crate::outline::FramePlaces;
use crate::scan::{self, Pixels, Step};
use crate::text::Characters;
use crate::{Encoding, limits, syntax};

/// A data set that was opened.
pub struct Elements<F> {
    opened: Opened<F>,
    start: usize,
    encoding: Encoding,
    transfer_syntax_uid: String,
    pixels: Pixels,
}

impl<F: Read + Seek> Elements<F> {
    /// Reads the file meta information of a file of PS3.10.
    ///
    /// # Errors
    /// [`DicomError`]: not DICOM, cut off, damaged or past a limit.
    pub fn open(file: F) -> Result<Self, DicomError> {
        let window = Window::new(file)?;
        let (uid, start) = scan::file_meta(Source::File(&window))?;
        let transfer_syntax_uid = syntax::clean(&uid);
        let (encoding, deflated, _) = syntax::layout(&transfer_syntax_uid);
        let (opened, start) = Opened::new(window, start, deflated)?;
        Ok(Self { opened, start, encoding, transfer_syntax_uid, pixels: Pixels::Walked })
    }

    /// Jumps over encapsulated frames whose places are known: of a long cine, most of the file is not read then.
    #[must_use]
    pub fn knowing(mut self, frames: Option<&FramePlaces>) -> Self {
        let last = frames.filter(|frames| matches!(frames, FramePlaces::Encapsulated { .. }));
        let last = last.and_then(|frames| frames.range(frames.count().checked_sub(1)?));
        self.pixels = last.map_or(Pixels::Walked, |last| Pixels::UpTo(last.end as usize));
        self
    }

    /// Transfer Syntax UID, digits and dots only.
    #[must_use]
    pub fn transfer_syntax_uid(&self) -> &str {
        &self.transfer_syntax_uid
    }

    /// Tells every step of the data set in its order.
    ///
    /// # Errors
    /// [`DicomError`] where it is damaged or past a limit, and what `tell` says.
    pub fn walk(&self, tell: impl FnMut(Step) -> Result<(), DicomError>) -> Result<(), DicomError> {
        self.data_set().walk(tell)
    }

    /// Bytes of a range that a step told.
    ///
    /// # Errors
    /// [`DicomError::TooLarge`] beyond `most` bytes; what the disk says.
    pub fn bytes(&self, range: Range<usize>, most: usize) -> Result<Cow<'_, [u8]>, DicomError> {
        self.data_set().bytes(range, most)
    }

    /// The values of an element of text, without padding. One of [`VR::ST`], [`VR::LT`], [`VR::UT`] or [`VR::UR`] has one value.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn texts(
        &self,
        vr: VR,
        range: Range<usize>,
        characters: &Characters,
    ) -> Result<Vec<String>, DicomError> {
        self.data_set().texts(vr, range, characters)
    }

    pub(crate) fn data_set(&self) -> DataSet<'_> {
        DataSet {
            source: self.opened.source(),
            start: self.start,
            encoding: self.encoding,
            pixels: self.pixels,
        }
    }
}

/// Where a data set lies, and how far it is walked.
#[derive(Clone, Copy)]
pub(crate) struct DataSet<'a> {
    pub source: Source<'a>,
    pub start: usize,
    pub encoding: Encoding,
    pub pixels: Pixels,
}

impl<'a> DataSet<'a> {
    /// See [`Elements::walk`], and so on.
    pub fn walk(self, mut tell: impl FnMut(Step) -> Result<(), DicomError>) -> Result<(), DicomError> {
        scan::walk_steps(self.source, self.start, self.encoding, self.pixels, &mut tell)
    }

    pub fn bytes(self, range: Range<usize>, most: usize) -> Result<Cow<'a, [u8]>, DicomError> {
        if range.len() > most {
            let (value, limit) = (range.len() as u64, most as u64);
            return Err(DicomError::TooLarge { what: "the length of a value in bytes", value, limit });
        }
        if range.start > range.end || range.end > self.source.length() {
            return Err(DicomError::Malformed { what: "a range that is not in the data set", at: range.end });
        }
        self.source.bytes(range)
    }

    pub fn texts(
        self,
        vr: VR,
        range: Range<usize>,
        characters: &Characters,
    ) -> Result<Vec<String>, DicomError> {
        let bytes = self.bytes(range, limits::HEADER_VALUE_BYTES)?;
        let text = characters.decode(vr, &bytes);
        let trimmed = |text: &str| match vr {
            // Leading spaces of these say something (PS3.5 §6.2).
            VR::ST | VR::LT | VR::UT | VR::UC => text.trim_end_matches([' ', '\0']).to_owned(),
            _ => text.trim_matches([' ', '\0']).to_owned(),
        };
        Ok(match vr {
            VR::ST | VR::LT | VR::UT | VR::UR => vec![trimmed(&text)],
            _ => text.split('\\').map(trimmed).collect(),
        })
    }
}
