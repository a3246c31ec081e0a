//! Samples to what the eye sees: grey levels or sRGB in eight bits.

use image::{GrayImage, RgbImage};
use peony_model::Pixels;

use super::colour::rgb_from_ybr_full;
use super::{Decoded, ImageHeader, Palette, Photometric, Samples, grey};
use crate::Encoding;
use crate::error::{DicomError, ReadIssue};
use crate::header::Header;

/// How the samples of a cine become pixels; made once, used for every frame.
#[derive(Debug, Clone)]
pub enum Tone {
    /// The grey level of each stored value.
    Grey(Vec<u8>),
    /// The colour of each index.
    Palette(Palette),
    /// Three samples are red, green, blue, or YBR that becomes it.
    Colour,
}

impl Tone {
    pub(crate) fn read(
        header: &Header,
        image: &ImageHeader,
        encoding: Encoding,
        issues: &mut Vec<ReadIssue>,
    ) -> Result<Self, DicomError> {
        Ok(match image.photometric {
            Photometric::Monochrome1 | Photometric::Monochrome2 => {
                Self::Grey(grey::table(header, image, issues))
            }
            Photometric::Palette => Self::Palette(Palette::read(header, encoding)?),
            _ => Self::Colour,
        })
    }

    /// The same with a window instead of the file's; colours have none.
    pub(crate) fn windowed(
        header: &Header,
        image: &ImageHeader,
        encoding: Encoding,
        window: grey::Window,
    ) -> Result<Self, DicomError> {
        let mut issues = Vec::new();
        match image.photometric {
            Photometric::Monochrome1 | Photometric::Monochrome2 => {
                Ok(Self::Grey(grey::windowed_table(header, image, window, &mut issues)))
            }
            _ => Self::read(header, image, encoding, &mut issues),
        }
    }

    /// The tone of a picture without a window, and with `palette` where it is one.
    #[must_use]
    pub fn plain(image: &ImageHeader, palette: Palette) -> Self {
        match image.photometric {
            Photometric::Monochrome1 | Photometric::Monochrome2 => Self::Grey(grey::plain_table(image)),
            Photometric::Palette => Self::Palette(palette),
            _ => Self::Colour,
        }
    }

    /// The picture of a decoded frame.
    ///
    /// # Errors
    /// [`DicomError::Unsupported`] where the samples are not of the tone's kind.
    pub fn apply(&self, decoded: Decoded, image: &ImageHeader) -> Result<Pixels, DicomError> {
        const MISFIT: DicomError = DicomError::Unsupported("this combination of samples and colours");
        let (columns, rows) = (image.columns, image.rows);
        match (self, decoded.samples) {
            (Self::Grey(table), samples) => {
                let level = |stored: u16| {
                    table.get(usize::from(stored)).or(table.last()).copied().unwrap_or_default()
                };
                let grey = each(samples, level);
                GrayImage::from_raw(columns, rows, grey).map(Pixels::Luma8).ok_or(MISFIT)
            }
            (Self::Palette(palette), samples) => {
                let rgb = each(samples, |index| palette.colour(index)).into_flattened();
                RgbImage::from_raw(columns, rows, rgb).map(Pixels::Rgb8).ok_or(MISFIT)
            }
            (Self::Colour, Samples::U8(mut rgb)) => {
                if !decoded.is_rgb
                    && matches!(image.photometric, Photometric::YbrFull | Photometric::YbrFull422)
                {
                    rgb_from_ybr_full(&mut rgb);
                }
                RgbImage::from_raw(columns, rows, rgb).map(Pixels::Rgb8).ok_or(MISFIT)
            }
            (Self::Colour, Samples::U16(_)) => Err(MISFIT),
        }
    }
}

fn each<T>(samples: Samples, of: impl Fn(u16) -> T) -> Vec<T> {
    match samples {
        Samples::U8(samples) => samples.into_iter().map(|sample| of(sample.into())).collect(),
        Samples::U16(samples) => samples.into_iter().map(of).collect(),
    }
}
