//! What was found, what is followed, and the planes that were kept.

use peony_model::Place;
use peony_model::report::{Grounds, Joined, PlaneReason, ThirdAxis};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BoxXy, Interval, WidthHeight, Xy};

/// A size in the picture, unrounded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Size {
    /// The longest diameter.
    pub long: f32,
    /// The longest diameter across it.
    pub short: f32,
}

/// Something found on this frame. Its outline is that of its track.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FindingView {
    /// The upright box: x0, y0, x1, y1; the end is exclusive.
    pub box_px: BoxXy,
    /// How sure the model is that something is there.
    pub score: f32,
    /// Probability of malignancy on this frame alone.
    #[schema(required)]
    pub malignancy: Option<f32>,
    /// The part of it that the network finds most malignant, whether or not that is much; `null` where no track has it.
    #[schema(required)]
    pub focus_px: Option<BoxXy>,
    /// The proposed category: `3`, `4A`, `4B`, `4C`, `5`; `null` where the probability is not calibrated.
    #[schema(required)]
    pub birads: Option<String>,
    /// Its size in this plane, mm; `null` where the scale is unknown.
    #[schema(required)]
    pub size_mm: Option<Size>,
    /// Its size in this plane, pixels; `null` where it is known in mm or was not measured.
    #[schema(required)]
    pub size_px: Option<Size>,
    /// The track it belongs to.
    #[schema(required)]
    pub track: Option<u32>,
}

/// Where a lesion stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrackStatus {
    /// Found on this frame.
    Seen,
    /// Not found on this frame; its place is predicted (draw it dotted).
    Predicted,
    /// It has left the picture (do not draw it).
    Left,
}

/// A lesion followed over the sweep.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrackView {
    /// Its number within the examination.
    pub id: u32,
    /// Its letter once persistence confirmed it; `null` while it is new.
    #[schema(required)]
    pub letter: Option<String>,
    /// Where it stands now.
    pub status: TrackStatus,
    /// A person struck it out; `undo` brings it back.
    pub dismissed: bool,
    /// Where it lies in the breast, as far as anybody has said.
    #[schema(required)]
    pub place: Option<Place>,
    /// The earlier lesion that it may be again, as the machine proposes and nobody has answered; `null` where nothing is asked.
    #[schema(required)]
    pub may_be: Option<Joined>,
    /// Where it is, seen or predicted; `null` once it has left.
    #[schema(required)]
    pub box_px: Option<BoxXy>,
    /// Its outline on this frame, closed: the last point joins the first; `null` unless it is seen.
    #[schema(required)]
    pub contour_px: Option<Vec<Xy>>,
    /// Probability of malignancy over all sightings.
    #[schema(required)]
    pub malignancy: Option<f32>,
    /// Between which two values more planes of this lesion would leave it, with 95 % probability.
    #[schema(required)]
    pub malignancy_95: Option<Interval>,
    /// The category. Where nobody has said one it is the machine's: `2`, `3`, `4A`, `4B`, `4C`, `5`; `null` where the probability is not
    /// calibrated.
    #[schema(required)]
    pub birads: Option<String>,
    /// A person said the category or confirmed it: `birads` is theirs, any of a report's, and `null` where they said that it was not assessed.
    pub birads_said: bool,
    /// Words of the lexicon that hold over all sightings; a feature without a word was not assessed.
    pub descriptors: Vec<DescriptorView>,
    /// What a person said of its size; else its size on its largest plane, or else where it was seen last, mm; `null` where the scale is
    /// unknown.
    #[schema(required)]
    pub size_mm: Option<Size>,
    /// The same in pixels; `null` where it is known in mm or was not measured.
    #[schema(required)]
    pub size_px: Option<Size>,
    /// A person said the size or confirmed it: `size_mm`, `size_px` and `third` are theirs, all of them `null` where they said that it was not
    /// assessed.
    pub size_said: bool,
    /// How far it reaches along the sweep, as the examination has it: `null` as long as the sweep has not led over both its ends. What has
    /// grown of it until then is in `volume`.
    #[schema(required)]
    pub third: Option<ThirdAxis>,
    /// How many frames it was seen in.
    pub sightings: u32,
    /// Which of its key planes weighed most in its grade; `null` where nothing is known of it.
    #[schema(required)]
    pub grounds: Option<Grounds>,
}

/// A word of the lexicon said of a lesion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct DescriptorView {
    /// What it answers: `shape`, `orientation`, `margin`, `echo`, `posterior`, `boundary`, `calcification`.
    pub feature: &'static str,
    /// The word, such as `irregular`.
    pub word: &'static str,
    /// How likely it holds, 0..=1.
    pub probability: f32,
}

/// A plane worth keeping. Its picture is a grey PNG at `url`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KeyPlane {
    /// Its number; a plane that replaces another has a new one.
    pub id: u64,
    /// Where its picture is: `/api/exams/{exam}/planes/{id}.png`; what it shows never changes.
    pub url: String,
    /// The track it shows; `null` for a plane kept by hand without one.
    #[schema(required)]
    pub track: Option<u32>,
    /// The track's letter.
    #[schema(required)]
    pub letter: Option<String>,
    /// Why it was kept.
    pub reason: PlaneReason,
    /// Its time since the source's first frame, milliseconds.
    pub time_ms: f64,
    /// Width and height of its picture.
    pub size_of_picture_px: WidthHeight,
    /// The lesion's box on it.
    #[schema(required)]
    pub box_px: Option<BoxXy>,
    /// The share of its place in the grade of the lesion, 0..=1; `null` where it is not among the places that weighed most.
    #[schema(required)]
    pub share: Option<f32>,
    /// The lesion's size on it, mm; `null` where the scale is unknown.
    #[schema(required)]
    pub size_mm: Option<Size>,
    /// The same in pixels; `null` where it is known in mm or was not measured.
    #[schema(required)]
    pub size_px: Option<Size>,
}

/// What is really there, as the phantom knows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Truth {
    /// What it is, such as `cyst`.
    pub kind: String,
    /// Whether it is malignant.
    pub malignant: bool,
    /// Its outline on this frame, closed.
    pub contour_px: Vec<Xy>,
}
