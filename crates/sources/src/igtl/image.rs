//! The content of an IMAGE message (Documents/Protocol/image.md).

use image::{GrayImage, RgbImage};
use peony_model::{CalibrationSource, MmPerPx, Pixels};

use super::fields::Fields;
use super::{Depth, IgtlError, limits};

/// V, T, S, E, O, the size, the matrix, and the part of the volume.
const IMAGE_HEADER_BYTES: usize = 72;

/// An image: one slice, or several of the same size. Its samples are still as they came.
#[derive(Debug, Clone, PartialEq)]
pub struct Image<'a> {
    /// Columns, rows and slices; columns and rows are between 1 and [`limits::SIDE_PX`].
    pub size: [u16; 3],
    /// Samples of a pixel, interleaved: 1 for grey, 3 for red, green and blue.
    pub components: u8,
    /// What a sample is.
    pub scalar: Scalar,
    /// Which byte of a sample comes first.
    pub order: ByteOrder,
    /// The step from one column to the next, one row to the next and one slice to the next, in mm, in the sender's
    /// coordinates (RAS or LPS: their lengths are the same).
    pub steps_mm: [[f32; 3]; 3],
    /// Row-major, top row first, slice after slice: exactly as many bytes as the above says.
    pub samples: &'a [u8],
}

/// What a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// 8 bits, signed.
    I8,
    /// 8 bits.
    U8,
    /// 16 bits, signed.
    I16,
    /// 16 bits.
    U16,
}

/// Which byte of a sample comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// The most significant.
    Big,
    /// The least significant.
    Little,
}

impl<'a> Image<'a> {
    /// Reads the content of an IMAGE message. Bytes after the samples are left alone.
    ///
    /// # Errors
    /// [`IgtlError::ImageField`] for kinds that are not read, [`IgtlError::Subvolume`] for a part of a volume,
    /// [`IgtlError::ImageSize`] past the limits, [`IgtlError::Truncated`].
    pub fn parse(content: &'a [u8]) -> Result<Self, IgtlError> {
        let (mut fields, samples) = Fields::split("the image's header", content, IMAGE_HEADER_BYTES)?;
        one_of("version", fields.u16()?, &[1], "1")?;
        let components = one_of("number of components", fields.u8()?, &[1, 3], "1 (grey) and 3 (RGB)")?;
        let scalar = scalar(fields.u8()?)?;
        let order = match one_of("byte order", fields.u8()?, &[1, 2], "1 (big) and 2 (little)")? {
            1 => ByteOrder::Big,
            _ => ByteOrder::Little,
        };
        one_of("coordinate system", fields.u8()?, &[1, 2], "1 (RAS) and 2 (LPS)")?;
        let size = fields.u16s()?;
        let steps_mm = [fields.f32s()?, fields.f32s()?, fields.f32s()?];
        let _centre_mm: [f32; 3] = fields.f32s()?;
        let (from, part) = (fields.u16s()?, fields.u16s()?);
        check_size(size)?;
        if from != [0; 3] || part != size {
            return Err(IgtlError::Subvolume { part, whole: size, from });
        }
        let sample_count = size.map(u64::from).iter().product::<u64>() * u64::from(components);
        let needs = sample_count * scalar.bytes() as u64;
        let truncated = IgtlError::Truncated { what: "the image", needs, has: samples.len() };
        let end = usize::try_from(needs).unwrap_or(usize::MAX);
        let samples = samples.get(..end).ok_or(truncated)?;
        Ok(Self { size, components, scalar, order, steps_mm, samples })
    }

    /// Every slice as a picture, in order. What has 16 bits is seen by `depth` first, the whole volume at once.
    /// Signed values below zero are black; those of 8 bits are doubled, since white is 127.
    pub fn slices(&self, depth: &mut Depth) -> impl Iterator<Item = Pixels> + use<'a> {
        if self.scalar.bytes() == 2 {
            depth.see(self.wide(self.samples).max().unwrap_or_default());
        }
        let (image, depth) = (self.clone(), *depth);
        self.samples.chunks_exact(self.slice_bytes()).filter_map(move |slice| {
            let levels = match image.scalar {
                Scalar::U8 => slice.to_vec(),
                Scalar::I8 => slice.iter().map(|byte| doubled(byte.cast_signed())).collect(),
                Scalar::I16 | Scalar::U16 => image.wide(slice).map(|value| depth.eight_bits(value)).collect(),
            };
            image.picture(levels)
        })
    }

    /// How large a pixel is across and down: the lengths of the first two steps. `None` where they cannot be the
    /// millimetres of an ultrasound picture, as with the identity that a sender leaves who knows no scale.
    #[must_use]
    pub fn mm_per_px(&self) -> Option<MmPerPx> {
        let [across, down, _] = self.steps_mm;
        let (x, y) = (length(across), length(down));
        let cosine = across.iter().zip(down).map(|(a, b)| a * b).sum::<f32>() / (x * y);
        let [width, height, _] = self.size.map(f32::from);
        // What is not a number is in no range.
        let believable = x <= limits::LARGEST_PIXEL_MM
            && y <= limits::LARGEST_PIXEL_MM
            && cosine.abs() <= limits::SKEW
            && limits::FIELD_MM.contains(&(x * width).max(y * height));
        believable.then(|| MmPerPx::new(x, y, CalibrationSource::OpenIgtLink).ok()).flatten()
    }

    fn slice_bytes(&self) -> usize {
        let [width, height, _] = self.size.map(usize::from);
        width * height * usize::from(self.components) * self.scalar.bytes()
    }

    /// Samples of two bytes; signed ones below zero are zero.
    fn wide(&self, samples: &'a [u8]) -> impl Iterator<Item = u16> + use<'a> {
        let (order, is_signed) = (self.order, self.scalar == Scalar::I16);
        samples.as_chunks::<2>().0.iter().map(move |bytes| {
            let value = match order {
                ByteOrder::Big => u16::from_be_bytes(*bytes),
                ByteOrder::Little => u16::from_le_bytes(*bytes),
            };
            if is_signed { value.cast_signed().max(0).cast_unsigned() } else { value }
        })
    }

    fn picture(&self, levels: Vec<u8>) -> Option<Pixels> {
        let [width, height, _] = self.size.map(u32::from);
        match self.components {
            1 => GrayImage::from_raw(width, height, levels).map(Pixels::Luma8),
            _ => RgbImage::from_raw(width, height, levels).map(Pixels::Rgb8),
        }
    }
}

impl Scalar {
    /// How long a sample is.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
        }
    }
}

fn scalar(value: u8) -> Result<Scalar, IgtlError> {
    const READ: &str = "2 (int8), 3 (uint8), 4 (int16) and 5 (uint16)";
    Ok(match value {
        2 => Scalar::I8,
        3 => Scalar::U8,
        4 => Scalar::I16,
        5 => Scalar::U16,
        _ => return Err(IgtlError::ImageField { field: "scalar type", value: value.into(), allowed: READ }),
    })
}

fn one_of<T: Copy + Into<u16> + PartialEq>(
    field: &'static str,
    value: T,
    read: &[T],
    allowed: &'static str,
) -> Result<T, IgtlError> {
    let wrong = IgtlError::ImageField { field, value: value.into(), allowed };
    if read.contains(&value) { Ok(value) } else { Err(wrong) }
}

fn check_size([width, height, slices]: [u16; 3]) -> Result<(), IgtlError> {
    let limit = limits::SIDE_PX;
    let fits = |side: u16| (1..=limit).contains(&side);
    if fits(width) && fits(height) && slices > 0 {
        return Ok(());
    }
    Err(IgtlError::ImageSize { width, height, slices, limit })
}

fn length(step: [f32; 3]) -> f32 {
    step.iter().map(|part| part * part).sum::<f32>().sqrt()
}

/// 0 to 127 as 0 to 255.
fn doubled(value: i8) -> u8 {
    let value = value.max(0).cast_unsigned();
    value << 1 | value >> 6
}
