//! The Image Pixel module (PS3.3 §C.7.6.3), checked against the standard and the limits before any pixel is read.

use crate::error::DicomError;
use crate::header::{self, Header};
use crate::limits;

/// What the samples of a pixel mean (PS3.3 §C.7.6.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Photometric {
    /// Grey, the lowest value is white.
    Monochrome1,
    /// Grey, the lowest value is black.
    Monochrome2,
    /// An index into tables of colours.
    Palette,
    /// Red, green, blue.
    Rgb,
    /// Luma and two chroma of full range (ITU-T T.871).
    YbrFull,
    /// The same, one pair of chroma for two pixels of a row.
    YbrFull422,
    /// The colour transforms of JPEG 2000: its decoder gives red, green, blue.
    Ybr2000,
}

/// How uncompressed samples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleOrder {
    /// Little endian; bytes as they come.
    Little,
    /// Samples of 16 bits in big endian; bytes as they come.
    Big,
    /// Big endian words of 16 bits also where samples have eight (OW, PS3.5 §8.1.1): bytes in turned pairs.
    BigWords,
}

/// The size and layout of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageHeader {
    /// Rows, at least 1.
    pub rows: u32,
    /// Columns, at least 1; `rows × columns` is at most [`limits::FRAME_PIXELS`], in grey [`limits::GREY_FRAME_PIXELS`].
    pub columns: u32,
    /// Samples of a pixel: 1 or 3.
    pub samples: u8,
    /// What they mean.
    pub photometric: Photometric,
    /// Uncompressed samples lie plane after plane.
    pub planar: bool,
    /// Bits of a cell: 8 or 16.
    pub bits_allocated: u8,
    /// Bits of it that count, 1 to `bits_allocated`.
    pub bits_stored: u8,
    /// The highest bit that counts, at least `bits_stored - 1`.
    pub high_bit: u8,
    /// Samples are in two's complement.
    pub signed: bool,
    /// How uncompressed samples are written.
    pub order: SampleOrder,
}

impl ImageHeader {
    /// Reads and checks the module.
    pub(crate) fn read(header: &Header, order: SampleOrder) -> Result<Self, DicomError> {
        let ranged = |field, value: i64, range: std::ops::RangeInclusive<i64>, allowed| {
            if range.contains(&value) {
                Ok(value as u32)
            } else {
                Err(DicomError::BadValue { field, value, allowed })
            }
        };
        let size = |field| ranged(field, header.required(field)?, 1..=65_535, "1 to 65535");
        let bits_allocated = header.required(header::BITS_ALLOCATED)?;
        if !matches!(bits_allocated, 8 | 16) {
            let (field, value) = (header::BITS_ALLOCATED, bits_allocated);
            return Err(DicomError::BadValue { field, value, allowed: "8 or 16" });
        }
        let stored = header.integer(header::BITS_STORED).unwrap_or(bits_allocated);
        let bits_stored = ranged(header::BITS_STORED, stored, 1..=bits_allocated, "1 to Bits Allocated")?;
        let high = header.integer(header::HIGH_BIT).unwrap_or(stored - 1);
        let high_bit = ranged(
            header::HIGH_BIT,
            high,
            stored - 1..=bits_allocated - 1,
            "Bits Stored - 1 to Bits Allocated - 1",
        )?;
        let samples = header.integer(header::SAMPLES_PER_PIXEL).unwrap_or(1);
        if !matches!(samples, 1 | 3) {
            let field = header::SAMPLES_PER_PIXEL;
            return Err(DicomError::BadValue { field, value: samples, allowed: "1 or 3" });
        }
        let image = Self {
            rows: size(header::ROWS)?,
            columns: size(header::COLUMNS)?,
            samples: samples as u8,
            photometric: photometric(header)?,
            planar: header.integer(header::PLANAR_CONFIGURATION) == Some(1),
            bits_allocated: bits_allocated as u8,
            bits_stored: bits_stored as u8,
            high_bit: high_bit as u8,
            signed: header.integer(header::PIXEL_REPRESENTATION) == Some(1),
            order,
        };
        image.check()?;
        Ok(image)
    }

    /// The checks that span several attributes. Whoever makes a header by hand calls this first: the decoders rely on it.
    ///
    /// # Errors
    /// [`DicomError`] with the attribute that contradicts another or passes a limit.
    pub fn check(&self) -> Result<(), DicomError> {
        let grey = matches!(self.photometric, Photometric::Monochrome1 | Photometric::Monochrome2);
        let limit = if grey && self.samples == 1 { limits::GREY_FRAME_PIXELS } else { limits::FRAME_PIXELS };
        let value = self.pixels() as u64;
        if value > limit {
            return Err(DicomError::TooLarge { what: "Rows × Columns", value, limit });
        }
        let colour = !matches!(
            self.photometric,
            Photometric::Monochrome1 | Photometric::Monochrome2 | Photometric::Palette
        );
        if colour != (self.samples == 3) {
            let (field, value) = (header::SAMPLES_PER_PIXEL, i64::from(self.samples));
            let allowed = if colour { "3 for a colour picture" } else { "1 for a grey picture or a palette" };
            return Err(DicomError::BadValue { field, value, allowed });
        }
        if colour && self.bits_allocated != 8 {
            return Err(DicomError::Unsupported("colour of more than eight bits a sample"));
        }
        if self.photometric == Photometric::Palette && self.signed {
            return Err(DicomError::Unsupported("a palette with signed indices"));
        }
        Ok(())
    }

    /// Pixels of a frame.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.rows as usize * self.columns as usize
    }

    /// Samples of a frame once it is decoded.
    #[must_use]
    pub fn decoded_samples(&self) -> usize {
        self.pixels() * usize::from(self.samples)
    }

    /// Bytes of an uncompressed frame as it lies in the file.
    #[must_use]
    pub fn native_bytes(&self) -> usize {
        if self.photometric == Photometric::YbrFull422 {
            return self.pixels() * 2;
        }
        self.decoded_samples() * usize::from(self.bits_allocated / 8)
    }
}

fn photometric(header: &Header) -> Result<Photometric, DicomError> {
    let code = header.code(header::PHOTOMETRIC).ok_or(DicomError::Missing(header::PHOTOMETRIC))?;
    Ok(match code.as_str() {
        "MONOCHROME1" => Photometric::Monochrome1,
        "MONOCHROME2" => Photometric::Monochrome2,
        "PALETTE COLOR" => Photometric::Palette,
        "RGB" => Photometric::Rgb,
        "YBR_FULL" => Photometric::YbrFull,
        "YBR_FULL_422" => Photometric::YbrFull422,
        "YBR_ICT" | "YBR_RCT" => Photometric::Ybr2000,
        // JPEG XL's own colour space (PS3.5 §8.2.16); its decoder gives red, green, blue.
        "XYB" => Photometric::Ybr2000,
        _ => return Err(DicomError::Unsupported("this Photometric Interpretation (0028,0004)")),
    })
}
