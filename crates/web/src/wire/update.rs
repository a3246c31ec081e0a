//! One frame and everything said about it.

use peony_examination::DiskTrouble;
use peony_model::Place;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    BoxXy, ContactSide, Fault, FindingView, Issue, KeyPlane, Light, TrackView, Truth, Volume, WidthHeight, Xy,
};

/// One frame and everything the pipeline says about it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LiveUpdate {
    /// The frame's number in its source, before drops; starts again with a new sweep.
    pub frame: u64,
    /// Its time since the source's first frame, milliseconds.
    pub time_ms: f64,
    /// When it was captured, milliseconds since 1970-01-01 UTC by this machine's clock: by the page that captured it, where one did.
    pub captured_ms: f64,
    /// Width and height of the luma that follows this JSON.
    pub size_px: WidthHeight,
    /// Millimetres a pixel across and down; `null` where the scale is unknown: sizes are pixels then.
    #[schema(required)]
    pub mm_per_px: Option<Xy>,
    /// Who said how large a pixel is: `phantom`, `entered`, `ruler`, `ultrasound_region`, `pixel_spacing`, `published`, `openigtlink`.
    #[schema(required)]
    pub scale_source: Option<String>,
    /// Where the B-mode picture lies on the frame: x0, y0, x1, y1.
    #[schema(required)]
    pub picture_px: Option<BoxXy>,
    /// Which part of the probe has lost contact, while that fault holds.
    #[schema(required)]
    pub contact_lost: Option<ContactSide>,
    /// This page gives the commands. A page that does not only watches, until it says `take_over`.
    pub drives: bool,
    /// What people have switched.
    pub state: State,
    /// The faults that hold now, worst first; the page puts the oldest of the worst on its advice line.
    pub quality: Vec<Issue>,
    /// The seven lights, always in the order of `LightName`.
    pub lights: Vec<Light>,
    /// What was found on this frame.
    pub findings: Vec<FindingView>,
    /// The lesions of this sweep: confirmed ones by letter, then new ones; also those that have left the picture.
    pub tracks: Vec<TrackView>,
    /// The planes kept so far: by letter, then reason, then age.
    pub key_planes: Vec<KeyPlane>,
    /// The simulated third dimension so far.
    pub volume: Volume,
    /// The phantom's truth on this frame; `null` unless `show_truth` was asked for.
    #[schema(required)]
    pub truth: Option<Vec<Truth>>,
    /// The model fails, or did within the last second of the source: lesions are not being looked for.
    pub model_failed: bool,
    /// Probability that the frame shows any lesion; `null` without a model or on an unreadable frame.
    #[schema(required)]
    pub lesion: Option<f32>,
    /// The net's own malignancy of the whole frame; `null` without a model or on an unreadable frame.
    #[schema(required)]
    pub malignancy: Option<f32>,
    /// Speed and losses.
    pub stats: Stats,
}

/// What people have switched, the same for every page that watches.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct State {
    /// The examination that is going on.
    pub exam: String,
    /// Counts the sweeps since the program started, from 1; tracks belong to one sweep.
    pub sweep: u32,
    /// The examination rests at someone's request: nothing is read until it goes on.
    pub paused: bool,
    /// Which breast is scanned and where the probe stands on it, as a person said last; `null` where nobody has.
    #[schema(required)]
    pub probe: Option<Place>,
    /// A sweep of known length goes on: in how many of its frames the probe has moved; `null` where none does.
    #[schema(required)]
    pub calibrating: Option<usize>,
    /// The phantom's faults that are switched on.
    pub faults: Vec<Fault>,
    /// The truth is being shown.
    pub show_truth: bool,
    /// How many actions `undo` could take back.
    pub undo: u32,
    /// How many pages watch, this one included.
    pub viewers: u32,
    /// Everything of the examination is on the disk, or will be within a second.
    pub saved: bool,
    /// Why it is not, in one English line.
    #[schema(required)]
    pub not_saved_why: Option<String>,
    /// The same for people.
    #[schema(required)]
    pub not_saved: Option<DiskTrouble>,
    /// So many of the machine's key planes were not kept, because as much waited for the disk as may.
    pub dropped_planes: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            exam: String::new(),
            sweep: 0,
            paused: false,
            probe: None,
            calibrating: None,
            faults: Vec::new(),
            show_truth: false,
            undo: 0,
            viewers: 0,
            saved: true,
            not_saved_why: None,
            not_saved: None,
            dropped_planes: 0,
        }
    }
}

/// Speed and losses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Stats {
    /// Frames analysed a second, over the last second or so; `null` until there are two.
    #[schema(required)]
    pub fps: Option<f32>,
    /// From the source's frame to its analysis, ms, over the last 300 frames.
    pub latency_ms: Percentiles,
    /// From the source's frame to this page's word that it was drawn, ms; `null` until the first such word.
    #[schema(required)]
    pub drawn_ms: Option<Percentiles>,
    /// The whole analysis step, ms, over the last 300 frames.
    pub step_ms: Percentiles,
    /// The network within it, ms, over the last 300 frames.
    pub network_ms: Percentiles,
    /// Each stage's time on this frame, in the order of the pipeline.
    pub stages: Vec<Stage>,
    /// Frames the source gave that were never analysed, since the sweep began.
    pub dropped_source: u64,
    /// Frames analysed that were never sent to this page, since it connected.
    pub dropped_client: u64,
}

/// The middle and the end of a distribution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
pub struct Percentiles {
    /// Half are below.
    pub p50: f32,
    /// Ninety-nine of a hundred are below.
    pub p99: f32,
}

/// How long one stage took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Stage {
    /// `quality`, `detect`, `network` (within `detect`), `track`, `key_planes`, `classify`, `volume`.
    pub name: &'static str,
    /// Milliseconds.
    pub ms: f32,
}
