//! [`Pictures`]: what decoding the frames of a file takes, without the file in memory.

use std::io::{Read, Seek};

use peony_model::Pixels;

use crate::cursor::{Source, Window};
use crate::elements::DataSet;
use crate::error::{DicomError, ReadIssue};
use crate::header::{self, Header};
use crate::inflated::Opened;
use crate::pixels::{self, Decoded, ImageHeader, Tone};
use crate::text::Characters;
use crate::{TransferSyntax, limits, read, scan};

/// How the frames of an instance are decoded. Their coded bytes come from whoever knows where they lie.
pub struct Pictures {
    syntax: &'static TransferSyntax,
    image: ImageHeader,
    header: Header,
}

impl Pictures {
    /// Reads the header of a file of PS3.10 with pictures; nothing of its pixel data.
    ///
    /// # Errors
    /// [`DicomError`]: damaged, past a limit, without pictures, or of a kind that is not read.
    pub fn open(file: impl Read + Seek) -> Result<Self, DicomError> {
        let window = Window::new(file)?;
        let (uid, start) = scan::file_meta(Source::File(&window))?;
        let syntax = TransferSyntax::of(&uid)?;
        let (opened, start) = Opened::new(window, start, syntax.deflated)?;
        let source = opened.source();
        let found = scan::walk_to_pixels(source, start, syntax.encoding, &header::FOR_PICTURES)?;
        let pixel_data = found.pixel_data.ok_or(DicomError::NoPixelData)?;
        let mut header = Header::of(source, syntax.encoding, &Characters::default(), &found.header)?;
        let data_set = DataSet { source, start, encoding: syntax.encoding, pixels: scan::Pixels::End };
        header.take_tables(&found.sequences, data_set);
        let image = ImageHeader::read(&header, read::sample_order(syntax, &pixel_data))?;
        Ok(Self { syntax, image, header })
    }

    /// Size and layout of every frame.
    #[must_use]
    pub fn image(&self) -> &ImageHeader {
        &self.image
    }

    /// The transfer syntax.
    #[must_use]
    pub fn transfer_syntax(&self) -> &'static TransferSyntax {
        self.syntax
    }

    /// The samples of a frame out of its coded bytes.
    ///
    /// # Errors
    /// [`DicomError`] where they are damaged or longer than a frame is.
    pub fn decode(&self, coded: &[u8]) -> Result<Decoded, DicomError> {
        let (value, limit) = (coded.len() as u64, limits::FRAME_CODED_BYTES);
        if value > limit {
            return Err(DicomError::TooLarge { what: "the length of a coded frame in bytes", value, limit });
        }
        pixels::decode(self.syntax.codec, coded, &self.image)
    }

    /// The picture of a frame as it is shown, through a window of the caller's where one is given.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn picture(&self, coded: &[u8], window: Option<pixels::Window>) -> Result<Pixels, DicomError> {
        let (encoding, mut issues) = (self.syntax.encoding, Vec::<ReadIssue>::new());
        let tone = match window {
            Some(window) => Tone::windowed(&self.header, &self.image, encoding, window)?,
            None => Tone::read(&self.header, &self.image, encoding, &mut issues)?,
        };
        tone.apply(self.decode(coded)?, &self.image)
    }
}
