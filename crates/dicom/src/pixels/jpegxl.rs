//! JPEG XL (ISO/IEC 18181, PS3.5 §8.2.16), among it JPEG that was recompressed without loss.

use jxl_oxide::{AllocTracker, JxlImage, JxlThreadPool};

use super::{Decoded, ImageHeader, Samples, coded_error, same, same_size};
use crate::{Codec, DicomError, limits};

/// What the decoder may allocate: floating point planes, their transforms and its tables. What libjxl writes, lossless,
/// lossy and recompressed, needs at most 8 bytes a sample.
const BYTES_PER_SAMPLE: usize = 16;
const BYTES_FOR_TABLES: usize = 64 << 20;

pub(super) fn decode(coded: &[u8], image: &ImageHeader) -> Result<Decoded, DicomError> {
    let error = |error| coded_error(Codec::JpegXl, error);
    let limit = (BYTES_FOR_TABLES + BYTES_PER_SAMPLE * image.decoded_samples()).min(limits::JPEG_XL_BYTES);
    let builder =
        JxlImage::builder().alloc_tracker(AllocTracker::with_limit(limit)).pool(JxlThreadPool::none());
    let mut reading = builder.build_uninit();
    reading.feed_bytes(coded).map_err(error)?;
    let picture = match reading.try_init().map_err(error)? {
        jxl_oxide::InitializeResult::Initialized(picture) => picture,
        jxl_oxide::InitializeResult::NeedMoreData(_) => {
            return Err(coded_error(Codec::JpegXl, "cut off in its header"));
        }
    };
    same_size(Codec::JpegXl, (picture.width() as usize, picture.height() as usize), image)?;
    let format = picture.pixel_format();
    if format.has_black() {
        return Err(coded_error(Codec::JpegXl, "a CMYK picture"));
    }
    let components = if format.is_grayscale() { 1 } else { 3 };
    same(Codec::JpegXl, "components", components, image.samples.into())?;
    if !picture.is_loading_done() {
        return Err(coded_error(Codec::JpegXl, "cut off"));
    }
    let frame = picture.render_frame(0).map_err(error)?;
    let mut stream = frame.stream_no_alpha();
    same(Codec::JpegXl, "channels", stream.channels() as usize, image.samples.into())?;
    let mut values = vec![0.0_f32; image.decoded_samples()];
    let written = stream.write_to_buffer(&mut values);
    same(Codec::JpegXl, "samples", written, values.len())?;
    // Samples come as 0 to 1; those of a lossless picture are exact multiples.
    let highest = f32::from(u16::MAX >> (16 - image.bits_stored));
    let levels = values.into_iter().map(|value| (value * highest).round().clamp(0.0, highest));
    let samples = if image.bits_allocated == 8 {
        Samples::U8(levels.map(|level| level as u8).collect())
    } else {
        Samples::U16(levels.map(|level| level as u16).collect())
    };
    Ok(Decoded { samples, is_rgb: components == 3 })
}
