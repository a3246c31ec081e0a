//! What was found, where, how sure, and by whom.

use std::sync::Arc;

use crate::{BiRads, BoxPx, Code, Descriptor, Measurement, PointPx, Provenance};

/// Where something is. A region names its space.
#[derive(Debug, Clone, PartialEq)]
pub enum Region {
    /// On one picture, in its own pixels.
    Image {
        /// The frame it was drawn on.
        frame: u64,
        /// The upright box around it.
        box_px: BoxPx,
        /// Its outline, closed (the last point joins the first), without holes.
        contour_px: Vec<PointPx>,
    },
}

impl Region {
    /// The box in image pixels.
    #[must_use]
    pub fn box_px(&self) -> BoxPx {
        let Self::Image { box_px, .. } = self;
        *box_px
    }

    /// The outline in image pixels.
    #[must_use]
    pub fn contour_px(&self) -> &[PointPx] {
        let Self::Image { contour_px, .. } = self;
        contour_px
    }
}

/// Something a model or a person pointed at. A review is a new event beside it, never a change of it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// Where it is.
    pub region: Region,
    /// How sure the model is that something is there, 0..=1.
    pub score: f32,
    /// Probability of malignancy, 0..=1; `None` where the model gives none.
    pub malignancy: Option<f32>,
    /// The proposed category; `None` where the probability is not calibrated.
    pub assessment: Option<BiRads>,
    /// Words of the lexicon that hold, by feature; empty where the model says none.
    pub descriptors: Vec<Descriptor>,
    /// Sizes and the like.
    pub measurements: Vec<Measurement>,
    /// Who said so.
    pub provenance: Arc<Provenance>,
}
