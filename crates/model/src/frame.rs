//! One picture of an examination, as it came.

use std::borrow::Cow;

use image::{GrayImage, RgbImage};

use crate::Spacing;

/// One picture with its time and its scale.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Its number in the source, from 0, counted before any frame is dropped.
    pub index: u64,
    /// Time since the source's first frame, in nanoseconds; never falls.
    pub time_ns: u64,
    /// The picture, row-major, top row first.
    pub pixels: Pixels,
    /// How large a pixel is, where that is known.
    pub spacing: Spacing,
}

/// Eight bits a channel, grey or colour; what is deeper is windowed by whoever reads it.
#[derive(Debug, Clone)]
pub enum Pixels {
    /// Grey levels.
    Luma8(GrayImage),
    /// Colour, sRGB.
    Rgb8(RgbImage),
    /// What is kept of a video's colour: the grey levels, and how far from grey the picture is, as a coarse grid over all of it.
    LumaChroma {
        /// Grey levels.
        luma: GrayImage,
        /// The mean of max(|Cb − 128|, |Cr − 128|) over each cell, 0 to 128; columns and rows of the grid are its size.
        chroma: GrayImage,
    },
}

impl Pixels {
    /// Width and height in pixels.
    #[must_use]
    pub fn size_px(&self) -> [u32; 2] {
        match self {
            Self::Luma8(grey) | Self::LumaChroma { luma: grey, .. } => [grey.width(), grey.height()],
            Self::Rgb8(colour) => [colour.width(), colour.height()],
        }
    }
}

impl Frame {
    /// Width and height in pixels.
    #[must_use]
    pub fn size_px(&self) -> [u32; 2] {
        self.pixels.size_px()
    }

    /// The grey picture that the models read: `(299 R + 587 G + 114 B + 500) / 1000` in integers (BT.601),
    /// the same to the bit as `training/` computes it.
    #[must_use]
    pub fn luma(&self) -> Cow<'_, GrayImage> {
        match &self.pixels {
            Pixels::Luma8(grey) | Pixels::LumaChroma { luma: grey, .. } => Cow::Borrowed(grey),
            Pixels::Rgb8(colour) => {
                let luma = |rgb: &[u8]| {
                    let weighted =
                        299 * u32::from(rgb[0]) + 587 * u32::from(rgb[1]) + 114 * u32::from(rgb[2]) + 500;
                    // At most (1000 · 255 + 500) / 1000 = 255.
                    (weighted / 1000) as u8
                };
                let grey = colour.as_raw().chunks_exact(3).map(luma).collect();
                Cow::Owned(GrayImage::from_raw(colour.width(), colour.height(), grey).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_becomes_the_luma_that_training_uses() {
        let check = |rgb: [u8; 3], expect: u8| {
            let frame = Frame {
                index: 0,
                time_ns: 0,
                pixels: Pixels::Rgb8(RgbImage::from_pixel(2, 1, image::Rgb(rgb))),
                spacing: Spacing::Unknown,
            };
            assert_eq!(frame.luma().as_raw(), &[expect, expect], "{rgb:?}");
        };
        check([0, 0, 0], 0);
        check([255, 255, 255], 255);
        check([255, 0, 0], 76);
        check([0, 255, 0], 150);
        check([0, 0, 255], 29);
        check([77, 77, 77], 77);
    }
}
