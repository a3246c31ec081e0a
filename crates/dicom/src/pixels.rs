//! One frame of coded bytes in, eight-bit pixels out; or coded anew.
//!
//! [`decode`] undoes the compression, [`Tone`] turns samples into grey levels or sRGB, [`Lossless`] compresses them again. All work on one frame.

mod colour;
pub(crate) mod grey;
mod jpeg;
mod jpeg2000;
mod jpegls;
mod jpegxl;
mod lossless;
pub(crate) mod lut;
mod native;
mod palette;
mod rle;
mod segmented;
mod tone;

pub use crate::image_header::{ImageHeader, Photometric, SampleOrder};
pub use grey::Window;
pub use lossless::Lossless;
pub use lut::Lut;
pub use palette::Palette;
pub use tone::Tone;

use peony_model::guarded;

use crate::{Codec, DicomError};

/// The samples of a frame, pixel by pixel, row by row from the top; those of one pixel lie together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Samples {
    /// Samples of at most eight bits.
    U8(Vec<u8>),
    /// Samples of at most 16 bits.
    U16(Vec<u16>),
}

impl Samples {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(samples) => samples.len(),
            Self::U16(samples) => samples.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A decoded frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// [`ImageHeader::decoded_samples`] of them.
    pub samples: Samples,
    /// The decoder has already undone the colour transform: three samples are red, green, blue whatever the
    /// photometric interpretation says.
    pub is_rgb: bool,
}

impl Decoded {
    /// The frame as it is written: its samples in little endian, those of one pixel together and signed ones to the last bit, or coded. `image` is the
    /// header by which it was decoded.
    ///
    /// # Errors
    /// [`DicomError::NotWritten`] where the coding has no such pictures.
    pub fn written(self, image: &ImageHeader, coding: Option<Lossless>) -> Result<Vec<u8>, DicomError> {
        match coding {
            Some(coding) => coding.encode(self, image),
            None => Ok(native::encode(self, image)),
        }
    }
}

/// Decodes one frame.
///
/// `image` must have passed [`ImageHeader::check`]. The coded picture's own size is compared with it before
/// anything of that size is allocated.
///
/// # Errors
/// [`DicomError`] where the bytes are damaged, of another size or kind than `image`, or use a feature that the
/// codec's decoder does not have.
pub fn decode(codec: Codec, coded: &[u8], image: &ImageHeader) -> Result<Decoded, DicomError> {
    // The decoders are other people's and read bytes from outside; a panic of theirs must cost one frame, not
    // the program. They work on what is passed here alone, so nothing half-changed is left behind.
    let decoded = guarded(|| match codec {
        Codec::Native => native::decode(coded, image),
        Codec::Rle => rle::decode(coded, image),
        Codec::Jpeg => jpeg::decode(coded, image),
        Codec::JpegLossless => jpeg::decode_lossless(coded, image),
        Codec::JpegLs => jpegls::decode(coded, image),
        Codec::Jpeg2000 => jpeg2000::decode(coded, image),
        Codec::JpegXl => jpegxl::decode(coded, image),
    });
    let decoded =
        decoded.unwrap_or_else(|_| Err(coded_error(codec, "the decoder gave up on damaged data")))?;
    same(codec, "samples", decoded.samples.len(), image.decoded_samples())?;
    Ok(decoded)
}

fn coded_error(codec: Codec, reason: impl ToString) -> DicomError {
    DicomError::Coded { codec, reason: reason.to_string() }
}

/// The coded picture's own header must agree with the object's.
fn same(codec: Codec, what: &'static str, coded: usize, header: usize) -> Result<(), DicomError> {
    if coded == header {
        return Ok(());
    }
    Err(DicomError::CodedMismatch { codec, what, coded: coded as u64, header: header as u64 })
}

fn same_size(codec: Codec, coded: (usize, usize), image: &ImageHeader) -> Result<(), DicomError> {
    same(codec, "columns", coded.0, image.columns as usize)?;
    same(codec, "rows", coded.1, image.rows as usize)
}
