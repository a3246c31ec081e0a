//! Still pictures from foreign bytes: PNG and JPEG, within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader, Limits, RgbImage};
use peony_model::{Pixels, guarded};

/// The smallest side of a picture that can hold tissue.
const SMALLEST_SIDE_PX: u32 = 64;
/// The most pixels that one picture may have; a 4K screen has 8.3 million. DICOM frames have the same limit.
const MOST_PIXELS: u64 = 16_000_000;
/// What a decoder may allocate for one picture.
const MOST_BYTES: u64 = 256 << 20;
/// The most bits that a scanner or a detector puts into a sample of sixteen without filling it, and the fewest that are read as such.
const PART_BITS: std::ops::RangeInclusive<u32> = 8..=12;

/// Why a still was not read.
#[derive(Debug, thiserror::Error)]
pub enum StillError {
    /// Another kind of file.
    #[error("neither PNG nor JPEG")]
    Kind,
    /// Damaged, or asking for more memory than a picture needs.
    #[error("not a readable picture: {0}")]
    Decode(String),
    /// Too small to hold tissue.
    #[error("{0} × {1} pixels: too small, at least {SMALLEST_SIDE_PX} a side are needed")]
    Small(u32, u32),
    /// Too large to be a screen.
    #[error("{0} × {1} pixels: too large, at most {most} million are read", most = MOST_PIXELS / 1_000_000)]
    Large(u32, u32),
}

/// Decode a PNG or a JPEG; its size is looked at before anything is allocated for it.
///
/// Of sixteen bits a sample the upper eight are read. Where no sample needs more than twelve, as of a scanner's ten or twelve that were
/// saved as they were, white is the most that the bits in use can say: such a picture would be black else.
///
/// # Errors
/// [`StillError`], in one line that carries nothing of the file.
pub fn read_still(bytes: &[u8]) -> Result<Pixels, StillError> {
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => format,
        _ => return Err(StillError::Kind),
    };
    let words = |error: &dyn std::fmt::Display| StillError::Decode(error.to_string());
    if format == ImageFormat::Jpeg && !is_whole_jpeg(bytes) {
        return Err(words(&"the file ends before its picture does"));
    }
    let decode = || {
        let reader = || ImageReader::with_format(Cursor::new(bytes), format);
        let (width, height) = reader().into_dimensions().map_err(|error| words(&error))?;
        check_size([width, height])?;
        let mut limited = reader();
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_BYTES);
        limited.limits(limits);
        limited.decode().map_err(|error| words(&error))
    };
    let decoded = guarded(decode).unwrap_or_else(|_| Err(words(&"the decoder gave up")))?;
    Ok(match by_bits_in_use(decoded) {
        DynamicImage::ImageRgb8(colour) => pixels_of(colour),
        other if other.color().has_color() => pixels_of(other.into_rgb8()),
        other => Pixels::Luma8(other.into_luma8()),
    })
}

/// The picture with samples of sixteen bits spread over all of them, where few are in use. Transparency says nothing of tissue.
fn by_bits_in_use(picture: DynamicImage) -> DynamicImage {
    match picture {
        DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_) => {
            let mut grey = picture.into_luma16();
            spread(&mut grey);
            grey.into()
        }
        DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgba16(_) => {
            let mut colour = picture.into_rgb16();
            spread(&mut colour);
            colour.into()
        }
        of_eight_bits => of_eight_bits,
    }
}

fn spread(samples: &mut [u16]) {
    let largest = samples.iter().copied().max().unwrap_or_default();
    let bits = (u16::BITS - largest.leading_zeros()).max(*PART_BITS.start());
    if PART_BITS.contains(&bits) {
        let white = (1_u32 << bits) - 1;
        for sample in samples {
            *sample = (u32::from(*sample) * u32::from(u16::MAX) / white) as u16;
        }
    }
}

/// Whether the picture's end follows its first scan (ITU-T T.81 §B.1). The decoder fills up what is missing with grey and says nothing, and
/// a lesion that is half there is another lesion. A small picture within an earlier segment has an end of its own, so the segments are passed over.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];
    let mut at = 2;
    while let Some(&[marker, kind, high, low]) = bytes.get(at..at + 4).and_then(|head| head.first_chunk()) {
        match kind {
            // For the decoder to say.
            _ if marker != 0xFF => return true,
            START_OF_SCAN => return bytes[at..].windows(2).rev().any(|pair| pair == END_OF_IMAGE),
            // What fills up before a marker.
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

/// Refuse pictures that are too small to hold tissue or too large to be a screen.
///
/// # Errors
/// [`StillError::Small`] or [`StillError::Large`].
pub fn check_size([width, height]: [u32; 2]) -> Result<(), StillError> {
    if width.min(height) < SMALLEST_SIDE_PX {
        return Err(StillError::Small(width, height));
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(StillError::Large(width, height));
    }
    Ok(())
}

/// Most ultrasound stills are saved as RGB with three equal channels: they are grey.
fn pixels_of(colour: RgbImage) -> Pixels {
    if colour.as_raw().chunks_exact(3).all(|rgb| rgb[0] == rgb[1] && rgb[1] == rgb[2]) {
        Pixels::Luma8(DynamicImage::ImageRgb8(colour).into_luma8())
    } else {
        Pixels::Rgb8(colour)
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, Rgb};

    use super::*;

    fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn grey_saved_as_colour_is_grey_and_sixteen_bits_become_eight() {
        let grey = GrayImage::from_fn(80, 70, |x, y| Luma([(x + y) as u8]));
        let as_colour = RgbImage::from_fn(80, 70, |x, y| Rgb([(x + y) as u8; 3]));
        let wide = DynamicImage::ImageLuma8(grey.clone()).into_luma16();
        for bytes in [png(grey.clone()), png(as_colour), png(wide)] {
            assert!(matches!(read_still(&bytes), Ok(Pixels::Luma8(read)) if read == grey));
        }
        let coloured = RgbImage::from_fn(80, 70, |x, _| Rgb([x as u8, 0, 9]));
        assert!(matches!(read_still(&png(coloured)), Ok(Pixels::Rgb8(_))));
    }

    #[test]
    fn twelve_bits_in_sixteen_are_not_black() {
        let luma = |grey: u16, bits: u32| Luma([grey << (bits - 8)]);
        let read = |picture: DynamicImage| match read_still(&png(picture)).unwrap() {
            Pixels::Luma8(grey) => grey,
            other => panic!("{other:?}"),
        };
        let near = |a: &GrayImage, b: &GrayImage| a.iter().zip(b.iter()).all(|(a, b)| a.abs_diff(*b) <= 1);
        let grey = GrayImage::from_fn(80, 70, |x, y| Luma([(x * 3 + y) as u8]));
        for bits in [8, 10, 12, 16] {
            let wide = ImageBuffer::from_fn(80, 70, |x, y| luma(grey.get_pixel(x, y).0[0].into(), bits));
            let coloured = ImageBuffer::from_fn(80, 70, |x, y| Rgb([wide.get_pixel(x, y).0[0]; 3]));
            for seen in [read(wide.clone().into()), read(coloured.into())] {
                assert!(
                    near(&seen, &grey),
                    "{bits} bits: {:?} of {:?}",
                    seen.iter().max(),
                    grey.iter().max()
                );
            }
        }
        // What needs a thirteenth bit has sixteen, however dark; black stays black.
        let dark = ImageBuffer::from_pixel(80, 70, Luma([4096_u16]));
        assert_eq!(read(dark.into()).get_pixel(0, 0).0, [16]);
        assert_eq!(read(ImageBuffer::from_pixel(80, 70, Luma([0_u16])).into()).get_pixel(0, 0).0, [0]);
    }

    #[test]
    fn what_is_no_picture_of_use_is_one_line() {
        let check = |bytes: &[u8], says: &str| {
            let line = read_still(bytes).unwrap_err().to_string();
            assert!(line.contains(says) && !line.contains('\n'), "{line}");
        };
        check(b"text", "neither PNG nor JPEG");
        check(&png(GrayImage::new(1, 1)), "1 × 1 pixels: too small");
        check(&png(GrayImage::new(5000, 4000)), "too large");
        let whole = png(GrayImage::new(100, 100));
        check(&whole[..whole.len() / 2], "not a readable picture");
    }

    #[test]
    fn a_jpeg_that_was_cut_is_not_filled_up_with_grey() {
        let speckle = GrayImage::from_fn(200, 160, |x, y| Luma([(x * 73 + y * 151 + x * y * 31) as u8]));
        let mut whole = Cursor::new(Vec::new());
        DynamicImage::ImageLuma8(speckle).write_to(&mut whole, ImageFormat::Jpeg).unwrap();
        let whole = whole.into_inner();
        assert!(read_still(&whole).is_ok());
        // A camera's thumbnail, an end of a picture in it, lies in a segment before the scan; anything may follow the picture.
        let thumbnail = [&[0xFF, 0xE1, 0, 6, 0xFF, 0xDA, 0xFF, 0xD9][..], &whole[2..], b"more"].concat();
        let with_thumbnail = [&whole[..2], &thumbnail[..]].concat();
        assert!(read_still(&with_thumbnail).is_ok());
        for bytes in [&whole[..], &with_thumbnail[..with_thumbnail.len() - 4]] {
            for share in [0.3, 0.7, 0.99] {
                let cut = &bytes[..(bytes.len() as f64 * share) as usize];
                let line = read_still(cut).unwrap_err().to_string();
                assert_eq!(line, "not a readable picture: the file ends before its picture does");
            }
        }
    }
}
