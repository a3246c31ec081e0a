//! JPEG-LS (ITU-T T.87, PS3.5 §8.2.3), one component, lossless and near-lossless; written without loss.
//!
//! The codec has no multi-component scans: colour in JPEG-LS is a clear error.

use jpegls_decoder::EncodeOptions;

use super::{Decoded, ImageHeader, Lossless, Samples, coded_error, lossless};
use crate::{Codec, DicomError};

pub(super) fn decode(coded: &[u8], image: &ImageHeader) -> Result<Decoded, DicomError> {
    if image.samples != 1 {
        return Err(DicomError::Unsupported("JPEG-LS of more than one component"));
    }
    // The decoder compares the stream's size with the one that is passed before it allocates.
    let (samples, ..) = jpegls_decoder::decode(coded, image.columns, image.rows)
        .map_err(|error| coded_error(Codec::JpegLs, error))?;
    let samples = if image.bits_allocated == 8 {
        // A stream of more bits than the header allows would lose its high ones.
        let narrow = samples.iter().map(|sample| u8::try_from(*sample)).collect::<Result<_, _>>();
        Samples::U8(narrow.map_err(|_| coded_error(Codec::JpegLs, "samples of more than eight bits"))?)
    } else {
        Samples::U16(samples)
    };
    Ok(Decoded { samples, is_rgb: false })
}

pub(super) fn encode(frame: Decoded, image: &ImageHeader) -> Result<Vec<u8>, DicomError> {
    if image.samples != 1 {
        return Err(Lossless::JpegLs.refused("colour"));
    }
    // Signed samples are their bits (PS3.5 table 8.2.3-1): the coding knows no sign.
    let samples = lossless::unsigned(frame, image);
    let mut options = EncodeOptions::default();
    // The fewest that the coding has are two.
    options.precision = Some(lossless::bits(&samples, image).max(2));
    let mut coded = Vec::new();
    jpegls_decoder::encode_with_options(&samples, image.columns, image.rows, &options, &mut coded)
        .map_err(|_| Lossless::JpegLs.refused("a frame that its encoder refuses"))?;
    Ok(coded)
}
