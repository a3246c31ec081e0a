//! The simulated third dimension.

use peony_model::report::CalibrationRecord;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Interval, WidthHeight, Xy, Xyz};

/// The simulated third dimension: made from speckle, not from a tracker, and always called so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Volume {
    /// Always true.
    pub simulated: bool,
    /// How far the plane has moved since the sweep began, mm; `null` without calibration.
    #[schema(required)]
    pub path_mm: Option<f32>,
    /// What lengths along the way rest on; `null` where there are none.
    #[schema(required)]
    pub calibration: Option<CalibrationRecord>,
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
    /// The frames come too seldom for speckle to follow it.
    TooFewFrames,
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
    /// Closed outlines in sweep millimetres: x lateral, y along the probe's path, z depth; `null` where they are those of the
    /// last message on this socket that had this track's: a solid that has left the picture is not sent thirty times a second.
    #[schema(required)]
    pub slices_mm: Option<Vec<Vec<Xyz>>>,
    /// Volume in cubic centimetres.
    pub volume_cm3: f32,
    /// Its relative error, such as 0.2 for ± 20 %.
    pub relative_error: f32,
    /// Extent along the path (the simulated third axis), mm.
    pub along_mm: f32,
}

/// The plane parallel to the skin at one depth of the present sweep: simulated, and always called so. As bytes: `u32` little-endian
/// length of this JSON, the JSON, then `width × height` bytes of luma, row-major: across to the right, along the way downwards; 0
/// where nothing was laid, what was is at least 1. Places are across and along the way, in the units of the axes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CoronalView {
    /// Always true.
    pub simulated: bool,
    /// Width and height of the luma.
    pub size_px: WidthHeight,
    /// Across; 0 is the middle of the sweep's first frame.
    pub across: AxisView,
    /// Along the way; 0 is the sweep's first frame.
    pub along: AxisView,
    /// From the upper edge of the sweep's first picture, in the unit of `across`.
    pub depth: f32,
    /// The greatest depth there is.
    pub deepest: f32,
    /// The lesions that reach this depth, and those that have a solid elsewhere.
    pub lesions: Vec<CoronalLesion>,
    /// The way of the picture's middle.
    pub path: Vec<Xy>,
    /// Where along the way the probe was seen to turn back: beyond it the same tissue is shown again, mirrored.
    pub turned_back: Vec<f32>,
    /// The two ends of the newest plane.
    #[schema(min_items = 2, max_items = 2)]
    pub newest: [Xy; 2],
    /// Why no size is given now, where none is.
    #[schema(required)]
    pub unfit: Option<Unfit>,
}

/// One axis of a coronal view.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct AxisView {
    /// What it is measured in.
    pub unit: AxisUnit,
    /// Where the view begins.
    pub from: f32,
    /// Units a pixel.
    pub per_px: f32,
    /// How finely frames were laid: nothing is known more exactly.
    pub cell: f32,
    /// The relative error of a length along it where it is simulated, such as 0.25 for ± 25 %; `null` for lengths in the plane.
    #[schema(required)]
    pub relative_error: Option<f32>,
}

/// What an axis is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AxisUnit {
    /// Millimetres.
    Mm,
    /// Pixels of the frame: the scale is unknown.
    Px,
    /// Frames: lengths along the way are unknown.
    Frames,
}

/// A lesion's solid, cut at the depth of a coronal view.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CoronalLesion {
    /// Which track.
    pub track: u32,
    /// Its letter.
    #[schema(required)]
    pub letter: Option<String>,
    /// The closed outline of the cut; empty where the solid does not reach this depth.
    pub outline: Vec<Xy>,
    /// From where to where it reaches in depth, in the unit of `across`.
    pub depths: Interval,
    /// How far it reaches across, along the way and in depth, mm.
    pub extent_mm: Xyz,
    /// The relative error of the second of them.
    pub relative_error: f32,
}
