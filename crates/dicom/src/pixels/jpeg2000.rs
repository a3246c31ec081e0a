//! JPEG 2000 part 1 (ITU-T T.800, PS3.5 §8.2.4).

mod codestream;

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::{Decoded, ImageHeader, Photometric, Samples, coded_error, same, same_size};
use crate::{Codec, DicomError};

pub(super) fn decode(coded: &[u8], image: &ImageHeader) -> Result<Decoded, DicomError> {
    let error = |error| coded_error(Codec::Jpeg2000, error);
    let stream = codestream::bare(coded);
    // Where a stream has samples below nought, the decoder has them shifted up as if there were none; where it has not, signed samples are in it as their
    // bits.
    let shifted = codestream::check(stream, image)? && image.signed;
    // Strict: a stream that is cut off is an error, not a picture with a blurred lower half.
    let settings = DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: None };
    let picture = Image::new(stream, &settings).map_err(error)?;
    same_size(Codec::Jpeg2000, (picture.width() as usize, picture.height() as usize), image)?;
    let mut context = DecoderContext::default();
    let decoded = picture.decode(&mut context).map_err(error)?;
    let components = decoded.components();
    same(Codec::Jpeg2000, "components", components.len(), image.samples.into())?;
    let mut samples = vec![0_u16; image.decoded_samples()];
    for (index, component) in components.iter().enumerate() {
        same(Codec::Jpeg2000, "samples of a component", component.samples().len(), image.pixels())?;
        if component.bit_depth() > image.bits_allocated {
            return Err(coded_error(Codec::Jpeg2000, "samples of more bits than Bits Allocated"));
        }
        // Lossless samples are exact in 32 bits of floating point; lossy ones overshoot and are rounded.
        let depth = component.bit_depth().clamp(1, 16);
        let highest = f32::from(u16::MAX >> (16 - depth));
        let half = f32::from(1_u16 << (image.bits_stored - 1));
        let (shift, range, bits) = match (shifted, image.signed) {
            (true, _) => (f32::from(1_u16 << (depth - 1)), (-half, half - 1.0), image.bits_stored),
            (false, true) => (0.0, (0.0, highest), image.bits_stored),
            (false, false) => (0.0, (0.0, highest), 16),
        };
        let kept = u16::MAX >> (16 - bits);
        let places = samples[index..].iter_mut().step_by(components.len());
        for (place, value) in places.zip(component.samples()) {
            let value = (value.round() - shift).clamp(range.0, range.1);
            *place = (value as i32 as u16) & kept;
        }
    }
    // The decoder undoes the stream's own transform (YBR_RCT, YBR_ICT); a stream without one may hold YBR_FULL.
    let is_rgb = image.photometric == Photometric::Ybr2000;
    let samples = if image.bits_allocated == 8 {
        Samples::U8(samples.into_iter().map(|sample| sample as u8).collect())
    } else {
        Samples::U16(samples)
    };
    Ok(Decoded { samples, is_rgb })
}
