//! H.264 to grey pictures with a grid of colour, by Cisco's decoder.
//!
//! The decoder is C++ and knows only how it is fed, so that is what is checked here: every parameter set is read before it
//! goes in, and one that asks for a larger picture than is taken, or for pixels that are not square, ends the stream.
//! Its concealment is off: a picture that cannot be decoded is an error, never a guess.

use h264_reader::nal::sps::{AspectRatioInfo, SeqParameterSet};
use h264_reader::nal::{Nal, RefNal};
use image::GrayImage;
use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use peony_model::{Pixels, guarded};

use crate::chroma::{self, Plane};
use crate::levels::FULL_FROM_LIMITED;

/// Columns, and rows, of a picture; as other videos.
const SIDE_PX: u32 = 8192;
/// Columns × rows of a picture; as other videos.
const FRAME_PIXELS: u64 = 16_000_000;
/// The type of a parameter set of a sequence (ITU-T H.264, table 7-1).
const SPS: u8 = 7;
const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Why a stream, or a picture of it, cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum H264Error {
    /// The lengths of its units do not add up.
    #[error("a unit of the video is cut off")]
    CutOff,
    /// The parameters of the pictures cannot be read.
    #[error("the video's parameters are damaged, or of a kind that is not read")]
    Parameters,
    /// Larger than any screen.
    #[error("too large: at most {SIDE_PX} pixels a side and {most} million a frame are read", most = FRAME_PIXELS / 1_000_000)]
    TooLarge,
    /// Lengths and shapes would be wrong.
    #[error("the pixels are not square; scale the video first")]
    NotSquare,
    /// A picture that the decoder does not give.
    #[error("a picture is damaged, or of a kind that is not read")]
    Picture,
    /// The decoder could not be had.
    #[error("the H.264 decoder does not start")]
    Decoder,
}

/// Whether a picture waits for others that are shown before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they are shown: for files, whose encoder may have reordered them.
    Shown,
    /// As they come: for devices, where the newest counts.
    #[cfg(feature = "rtsp")]
    Sent,
}

/// A decoder in the midst of a stream.
pub(crate) struct H264 {
    decoder: Decoder,
    /// Whether the levels of the present sequence have the full range.
    is_full_range: bool,
    /// The units of one picture with start codes between them; used again for the next.
    units: Vec<u8>,
}

impl H264 {
    pub fn new(order: Order) -> Result<Self, H264Error> {
        let flush = if order == Order::Shown { Flush::NoFlush } else { Flush::Flush };
        let config = DecoderConfig::new().flush_after_decode(flush);
        let decoder =
            Decoder::with_api_config(OpenH264API::from_source(), config).map_err(|_| H264Error::Decoder)?;
        Ok(Self { decoder, is_full_range: false, units: Vec::new() })
    }

    /// Takes the parameters that stand outside the pictures: one unit, without its length.
    pub fn parameters(&mut self, unit: &[u8]) -> Result<(), H264Error> {
        self.units.clear();
        self.push(unit)?;
        self.decode().map(drop)
    }

    /// Takes one picture, its units each behind its length of `length_bytes`; a picture that is ready to be shown, if any.
    pub fn picture(&mut self, mut units: &[u8], length_bytes: usize) -> Result<Option<Pixels>, H264Error> {
        self.units.clear();
        while !units.is_empty() {
            let (length, rest) = units.split_at_checked(length_bytes).ok_or(H264Error::CutOff)?;
            let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            let (unit, rest) = rest.split_at_checked(length).ok_or(H264Error::CutOff)?;
            self.push(unit)?;
            units = rest;
        }
        self.decode()
    }

    /// The pictures that still wait at the end of a stream, in the order in which they are shown.
    pub fn rest(&mut self) -> Vec<Pixels> {
        let is_full_range = self.is_full_range;
        let decoder = &mut self.decoder;
        let flushed = guarded(|| {
            let pictures = decoder.flush_remaining().unwrap_or_default();
            pictures.iter().filter_map(|picture| pixels(picture, is_full_range)).collect()
        });
        flushed.unwrap_or_default()
    }

    fn push(&mut self, unit: &[u8]) -> Result<(), H264Error> {
        if unit.first().is_some_and(|header| header & 0x1F == SPS) {
            self.is_full_range = check(unit)?;
        }
        self.units.extend(START_CODE);
        self.units.extend(unit);
        Ok(())
    }

    fn decode(&mut self) -> Result<Option<Pixels>, H264Error> {
        let (decoder, units, is_full_range) = (&mut self.decoder, &self.units, self.is_full_range);
        if i32::try_from(units.len()).is_err() {
            return Err(H264Error::TooLarge);
        }
        let decoded = guarded(|| match decoder.decode(units) {
            Ok(picture) => Ok(picture.and_then(|picture| pixels(&picture, is_full_range))),
            Err(_) => Err(H264Error::Picture),
        });
        decoded.unwrap_or(Err(H264Error::Picture))
    }
}

/// Whether a sequence has the full range, if it may be decoded.
fn check(unit: &[u8]) -> Result<bool, H264Error> {
    let read = guarded(|| {
        let sps = SeqParameterSet::from_bits(RefNal::new(unit, &[], true).rbsp_bits()).ok()?;
        let size = sps.pixel_dimensions().ok()?;
        Some((sps, size))
    });
    let (sps, (width, height)) = read.ok().flatten().ok_or(H264Error::Parameters)?;
    let fits = |side: u32| (1..=SIDE_PX).contains(&side);
    if !fits(width) || !fits(height) || u64::from(width) * u64::from(height) > FRAME_PIXELS {
        return Err(H264Error::TooLarge);
    }
    let Some(vui) = sps.vui_parameters else { return Ok(false) };
    match vui.aspect_ratio_info {
        None | Some(AspectRatioInfo::Unspecified | AspectRatioInfo::Ratio1_1) => {}
        Some(AspectRatioInfo::Extended(across, down)) if across == down => {}
        Some(_) => return Err(H264Error::NotSquare),
    }
    Ok(vui.video_signal_type.is_some_and(|signal| signal.video_full_range_flag))
}

fn pixels(picture: &DecodedYUV<'_>, is_full_range: bool) -> Option<Pixels> {
    let luma = grey(picture, is_full_range)?;
    // The decoder gives 4:2:0.
    let (width, height) = picture.dimensions();
    let (_, of_cb, of_cr) = picture.strides();
    let (cb, cr) =
        (Plane { samples: picture.u(), stride: of_cb }, Plane { samples: picture.v(), stride: of_cr });
    Some(match chroma::grid(cb, cr, [width.div_ceil(2), height.div_ceil(2)]) {
        Some(chroma) => Pixels::LumaChroma { luma, chroma },
        None => Pixels::Luma8(luma),
    })
}

fn grey(picture: &DecodedYUV<'_>, is_full_range: bool) -> Option<GrayImage> {
    let (width, height) = picture.dimensions();
    let (stride, _, _) = picture.strides();
    let mut levels = Vec::with_capacity(width * height);
    for row in picture.y().chunks(stride).take(height) {
        levels.extend_from_slice(row.get(..width)?);
    }
    if !is_full_range {
        levels.iter_mut().for_each(|level| *level = FULL_FROM_LIMITED[usize::from(*level)]);
    }
    GrayImage::from_raw(u32::try_from(width).ok()?, u32::try_from(height).ok()?, levels)
}
