//! The simulated third dimension.

use serde::Serialize;
use utoipa::ToSchema;

use super::Xyz;

/// The simulated third dimension: made from speckle, not from a tracker, and always called so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Volume {
    /// Always true.
    pub simulated: bool,
    /// How far the plane has moved since the sweep began, mm; `null` without calibration.
    #[schema(required)]
    pub path_mm: Option<f32>,
    /// Why no size is given, where none is.
    #[schema(required)]
    pub unfit: Option<Unfit>,
    /// Each confirmed track's solid so far.
    pub tracks: Vec<TrackVolume>,
}

/// Why the sweep gives no third dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// The scale of the picture is unknown.
    ScaleUnknown,
    /// Nobody has swept a known length with this probe and preset: sizes are those in the plane.
    NotCalibrated,
    /// The probe moves faster than speckle can follow.
    TooFast,
    /// The probe moves slower than speckle can tell.
    TooSlow,
    /// Too little full speckle in the picture.
    TooFewPatches,
    /// The probe turned back.
    TurnedBack,
}

/// The simulated solid of one track.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrackVolume {
    /// Which track.
    pub track: u32,
    /// Its letter.
    #[schema(required)]
    pub letter: Option<String>,
    /// Closed outlines in sweep millimetres: x lateral, y along the probe's path, z depth.
    pub slices_mm: Vec<Vec<Xyz>>,
    /// Volume in cubic centimetres.
    pub volume_cm3: f32,
    /// Its relative error, such as 0.2 for ± 20 %.
    pub relative_error: f32,
    /// Extent along the path (the simulated third axis), mm.
    pub along_mm: f32,
}
