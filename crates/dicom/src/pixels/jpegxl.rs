//! JPEG XL (ISO/IEC 18181, PS3.5 §8.2.15), among it JPEG that was recompressed without loss; written without loss.

use jxl_oxide::image::BitDepth;
use jxl_oxide::{AllocTracker, JxlImage, JxlThreadPool};
use zune_core::bit_depth::BitDepth as Depth;
use zune_core::colorspace::ColorSpace;
use zune_core::options::EncoderOptions;
use zune_jpegxl::JxlSimpleEncoder;

use super::{Decoded, ImageHeader, Lossless, Photometric, Samples, coded_error, lossless, same, same_size};
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
    // Samples come as 0 to 1; those of a lossless picture are exact multiples, of the highest that the stream has: writers that know only eight and
    // sixteen bits put ten or twelve into sixteen.
    let bits = match picture.image_header().metadata.bit_depth {
        BitDepth::IntegerSample { bits_per_sample: bits @ 1..=16 } => (bits as u8).max(image.bits_stored),
        _ => image.bits_stored,
    };
    let [steps, highest] = [bits, image.bits_stored].map(|bits| f32::from(u16::MAX >> (16 - bits)));
    let levels = values.into_iter().map(|value| (value * steps).round().clamp(0.0, highest));
    let samples = if image.bits_allocated == 8 {
        Samples::U8(levels.map(|level| level as u8).collect())
    } else {
        Samples::U16(levels.map(|level| level as u16).collect())
    };
    Ok(Decoded { samples, is_rgb: components == 3 })
}

/// The encoder knows samples of eight and of sixteen bits. Where fewer are stored the stream says so: its samples are the same.
pub(super) fn encode(frame: Decoded, image: &ImageHeader) -> Result<Vec<u8>, DicomError> {
    let refused = |what| Err(Lossless::JpegXl.refused(what));
    let colours = match image.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 => ColorSpace::Luma,
        _ if image.samples == 3 && (frame.is_rgb || image.photometric == Photometric::Rgb) => ColorSpace::RGB,
        Photometric::Palette => return refused("a picture with a palette"),
        _ => return refused("colour other than red, green and blue"),
    };
    if image.signed {
        return refused("a picture of signed samples");
    }
    if image.rows < 2 || image.columns < 2 {
        return refused("a picture of one row or one column");
    }
    let samples = lossless::unsigned(frame, image);
    let bits = lossless::bits(&samples, image);
    let (depth, bytes): (_, Vec<u8>) = if bits == 8 {
        (Depth::Eight, samples.into_iter().map(|sample| sample as u8).collect())
    } else {
        (Depth::Sixteen, samples.into_iter().flat_map(u16::to_ne_bytes).collect())
    };
    if depth == Depth::Sixteen && colours == ColorSpace::RGB {
        return refused("colour of other than eight bits");
    }
    let options = EncoderOptions::new(image.columns as usize, image.rows as usize, colours, depth);
    let mut coded = Vec::new();
    if JxlSimpleEncoder::new(&bytes, options.set_num_threads(1)).encode(&mut coded).is_err() {
        return refused("a frame that its encoder refuses");
    }
    if depth == Depth::Sixteen {
        say_bits(&mut coded, image, bits);
    }
    Ok(coded)
}

/// Writes how many bits samples have into the header of a stream that says sixteen (SizeHeader, ImageMetadata and BitDepth of ISO/IEC 18181-1), which
/// does not change how they are coded.
fn say_bits(coded: &mut [u8], image: &ImageHeader, bits: u8) {
    // The size is of few bits where it is small: U32(u(9), u(13), u(18), u(30)) and two for which of them.
    let size = |side: u32| match side - 1 {
        0..0x200 => 2 + 9,
        0x200..0x2000 => 2 + 13,
        _ => 2 + 18,
    };
    // The signature, that the size is none of the small ones, the rows, no ratio, the columns; then not all as by default, nothing extra, no floating
    // point, and that the number of bits less one follows in six bits.
    let at = 16 + 1 + size(image.rows) + 3 + size(image.columns) + 1 + 1 + 1 + 2;
    for bit in 0..6 {
        let (place, within) = ((at + bit) / 8, (at + bit) % 8);
        if let Some(byte) = coded.get_mut(place) {
            *byte = *byte & !(1 << within) | ((bits - 1) >> bit & 1) << within;
        }
    }
}
