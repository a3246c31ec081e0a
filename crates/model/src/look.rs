//! How a lesion looks, in a few numbers by which it is known again.

use serde::{Deserialize, Serialize};

/// What all sightings of one lesion say of how it looks, short enough to be kept with every word on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The network's mean embedding, brought to a length of 127 and rounded. Those of two networks mean nothing to each other.
    pub embedding: Vec<i8>,
    /// How likely it holds fluid, 0..=1.
    pub fluid: f32,
    /// From the upper edge of the picture to its middle, mm; where the scale is unknown, fortieths of the picture's height.
    pub deep: f32,
    /// The longer side of its largest box, as [`Self::deep`].
    pub large: f32,
    /// Whether lengths are millimetres.
    pub scaled: bool,
}

impl Look {
    /// The embedding as it is kept, of one of unit length.
    #[must_use]
    pub fn embedded(unit: &[f32]) -> Vec<i8> {
        // A unit vector has no part beyond 1, so that none is cut off.
        unit.iter().map(|side| (side * 127.0).round() as i8).collect()
    }

    /// The cosine of both embeddings, -1..=1; `None` where they cannot be compared.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> Option<f32> {
        if self.embedding.len() != other.embedding.len() {
            return None;
        }
        let product =
            |a: &[i8], b: &[i8]| -> f32 { a.iter().zip(b).map(|(a, b)| f32::from(*a) * f32::from(*b)).sum() };
        let lengths =
            (product(&self.embedding, &self.embedding) * product(&other.embedding, &other.embedding)).sqrt();
        (lengths > 0.0).then(|| product(&self.embedding, &other.embedding) / lengths)
    }
}
