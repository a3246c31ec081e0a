//! JPEG (ITU-T T.81, PS3.5 §8.2.1): cosine transform of eight bits, and process 14 lossless.

use jpeg_decoder::{CodingProcess, ColorTransform, Decoder, PixelFormat};

use super::{Decoded, ImageHeader, Photometric, Samples, coded_error, same, same_size};
use crate::{Codec, DicomError};

/// Baseline, extended and progressive. The result of three components is RGB: where the header says YBR the
/// transform is undone; where it says RGB the stream's own markers decide, because many writers say RGB and store
/// YCbCr.
pub(super) fn decode(coded: &[u8], image: &ImageHeader) -> Result<Decoded, DicomError> {
    let transform = match image.photometric {
        Photometric::Rgb => None,
        _ if image.samples == 1 => None,
        _ => Some(ColorTransform::YCbCr),
    };
    let samples = read(Codec::Jpeg, coded, image, transform)?;
    Ok(Decoded { samples, is_rgb: image.samples == 3 })
}

/// Process 14. Lossless streams keep what the photometric interpretation says.
pub(super) fn decode_lossless(coded: &[u8], image: &ImageHeader) -> Result<Decoded, DicomError> {
    let transform = (image.samples == 3).then_some(ColorTransform::None);
    let samples = read(Codec::JpegLossless, coded, image, transform)?;
    Ok(Decoded { samples, is_rgb: false })
}

fn read(
    codec: Codec,
    coded: &[u8],
    image: &ImageHeader,
    transform: Option<ColorTransform>,
) -> Result<Samples, DicomError> {
    let mut decoder = Decoder::new(coded);
    decoder.read_info().map_err(|error| coded_error(codec, error))?;
    let info = decoder.info().ok_or_else(|| coded_error(codec, "no frame header"))?;
    same_size(codec, (info.width.into(), info.height.into()), image)?;
    let components = match info.pixel_format {
        PixelFormat::L8 | PixelFormat::L16 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::CMYK32 => 4,
    };
    same(codec, "components", components, image.samples.into())?;
    let lossless = info.coding_process == CodingProcess::Lossless;
    if lossless != (codec == Codec::JpegLossless) {
        return Err(coded_error(codec, "the coding process is not that of the transfer syntax"));
    }
    decoder.set_max_decoding_buffer_size(2 * image.decoded_samples());
    if let Some(transform) = transform {
        decoder.set_color_transform(transform);
    }
    let bytes = decoder.decode().map_err(|error| coded_error(codec, error))?;
    Ok(match info.pixel_format {
        PixelFormat::L16 => {
            Samples::U16(bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect())
        }
        _ => Samples::U8(bytes),
    })
}
