//! How large a message may be, and what can be the scale of an ultrasound picture.

use std::ops::RangeInclusive;

/// The longest body: a colour frame of 4K, or a volume of 512 × 512 × 255, is shorter.
pub const BODY_BYTES: u64 = 64 << 20;
/// Columns, and rows, of a picture.
pub const SIDE_PX: u16 = 8192;
/// The largest believable pixel of an ultrasound picture, in mm: below the 1 mm that a matrix has that nobody set.
pub const LARGEST_PIXEL_MM: f32 = 0.99;
/// The longer side of a picture, in mm. Shorter ones come from other units (cm sent as mm), longer ones too (µm).
pub const FIELD_MM: RangeInclusive<f32> = 10.0..=500.0;
/// How far rows and columns may be from a right angle: the cosine between them.
pub const SKEW: f32 = 0.02;
