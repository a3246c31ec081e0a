//! Values with their units.

use serde::{Deserialize, Serialize};

use crate::LengthMm;

/// Unified Code for Units of Measure, as far as breast imaging needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Unit {
    /// Millimetre.
    #[serde(rename = "mm")]
    Millimetre,
    /// Cubic centimetre.
    #[serde(rename = "cm3")]
    CubicCentimetre,
    /// Pixel, in UCUM's brackets for what is not a unit of measure.
    #[serde(rename = "{pixels}")]
    Pixel,
    /// A ratio between 0 and 1.
    #[serde(rename = "1")]
    One,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// The longest diameter in the picture.
    LongAxis,
    /// The longest diameter across the long axis.
    ShortAxis,
    /// The probability of malignancy.
    Malignancy,
}

/// A measured value. A length in millimetres can only be given as a [`LengthMm`], which only a calibration
/// makes; everything else stays in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measurement {
    quantity: Quantity,
    value: f32,
    unit: Unit,
}

impl Measurement {
    /// A length in millimetres.
    #[must_use]
    pub fn length(quantity: Quantity, length: LengthMm) -> Self {
        Self { quantity, value: length.mm(), unit: Unit::Millimetre }
    }

    /// A length in pixels, for pictures whose scale is unknown.
    #[must_use]
    pub fn pixels(quantity: Quantity, pixels: f32) -> Self {
        Self { quantity, value: pixels, unit: Unit::Pixel }
    }

    /// A ratio or probability, 0..=1.
    #[must_use]
    pub fn ratio(quantity: Quantity, ratio: f32) -> Self {
        Self { quantity, value: ratio, unit: Unit::One }
    }

    /// What was measured.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// The value, unrounded, in [`Self::unit`].
    #[must_use]
    pub fn value(&self) -> f32 {
        self.value
    }

    /// The unit of the value.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }
}
