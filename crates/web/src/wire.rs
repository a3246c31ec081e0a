//! What travels between the program and the page: plain data, the one source of the page's types.
//!
//! On `/live` the server sends two kinds of WebSocket message:
//!
//! - **text**: a [`ServerMessage`]: one [`Hello`] first, later an [`ErrorMessage`] for each command it could not follow;
//! - **binary**, one a frame: `u32` little-endian length `n` of the JSON, `n` bytes of JSON ([`LiveUpdate`]), then
//!   `width × height` bytes of luma, row-major, top row first. Picture and marks come in one message, so that no
//!   mark is ever drawn on a picture it was not made from.
//!
//! The page answers each drawn binary message with [`Drawn`] and sends its wishes as [`Command`], both as text of at
//! most [`MAX_CLIENT_MESSAGE`] bytes. At most [`IN_FLIGHT`] binary messages are under way to one page; a page that
//! is slower gets the newest frame next, and what it missed is counted in [`Stats::dropped_client`].
//!
//! Coordinates are pixels of the sent picture, the centre of its first pixel at (0.5, 0.5); times are milliseconds;
//! probabilities are 0..=1. `null` means unknown or not measured, never zero.

use peony_model::report::PlaneReason;
use peony_model::{Place, Side};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many binary messages may be under way to one page before it has drawn the first.
pub const IN_FLIGHT: usize = 2;

/// The longest text message a page may send, in bytes.
pub const MAX_CLIENT_MESSAGE: usize = 4096;

/// Across and down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(min_items = 2, max_items = 2)]
pub struct Xy(pub [f32; 2]);

/// Lateral, along the path, depth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(min_items = 3, max_items = 3)]
pub struct Xyz(pub [f32; 3]);

/// An upright box, x0, y0, x1, y1; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(min_items = 4, max_items = 4)]
pub struct BoxXy(pub [f32; 4]);

/// The lower and the upper end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(min_items = 2, max_items = 2)]
pub struct Interval(pub [f32; 2]);

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(min_items = 2, max_items = 2)]
pub struct WidthHeight(pub [u32; 2]);

/// Words in both languages of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese, simplified.
    pub zh: String,
}

/// A text message from the server.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The first message of every connection.
    Hello(Box<Hello>),
    /// A message from this page could not be followed; nothing was changed by it.
    Error(ErrorMessage),
}

/// What a page needs to know once.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hello {
    /// Always `Peony`.
    pub product: String,
    /// The program's version.
    pub version: String,
    /// Differs each time the program is started: a page that finds another one reloads.
    pub run: String,
    /// The model that reads the frames; `null` where there is none, and then `no_model` says why.
    #[schema(required)]
    pub model: Option<Model>,
    /// Why no model runs: only picture quality is shown then.
    #[schema(required)]
    pub no_model: Option<String>,
    /// Where the frames come from.
    pub source: Source,
}

/// The model that reads the frames, and how it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Model {
    /// Its name, from its card.
    pub name: String,
    /// Its version, from its card.
    pub version: String,
    /// SHA-256 of the weights as loaded, hex.
    pub sha256: String,
    /// Engine and execution provider: `rten`, `onnxruntime/cpu`, `onnxruntime/openvino`.
    pub engine: String,
    /// `fp32`, `bf16`, `fp16` or `int8`.
    pub precision: String,
    /// How many threads it runs on.
    pub threads: u32,
}

/// Where the frames come from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Source {
    /// What kind it is.
    pub kind: SourceKind,
    /// What the status strip calls it, such as `virtual transducer`; never a file's path or a patient's name.
    pub name: String,
    /// Frames a second it gives when nothing is dropped; `null` where unknown.
    #[schema(required)]
    pub fps: Option<f32>,
    /// The faults that can be switched on; empty for everything but the phantom.
    pub faults: Vec<Fault>,
    /// Whether `restart` is understood, and the source rests at `set_paused`.
    pub can_restart: bool,
    /// Whether `new_breast` is understood.
    pub can_renew: bool,
    /// Whether the truth of each frame is known, so that `show_truth` has something to show.
    pub has_truth: bool,
}

/// What kind of source the frames come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The virtual transducer: nobody was scanned.
    Phantom,
    /// Recorded pictures, played again.
    Replay,
    /// A machine's video output.
    Capture,
}

/// A fault of the phantom, on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Part of the probe has lost the skin.
    ContactLost,
    /// The gain is too low.
    TooDark,
    /// The gain is too high.
    TooBright,
    /// The picture is out of focus.
    Blur,
    /// The probe moves too fast.
    TooFast,
    /// The machine's freeze button was pressed.
    Frozen,
    /// The vendor's screen stands around the picture.
    VendorScreen,
}

/// Something this page sent could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorMessage {
    /// What went wrong, for the page's own words.
    pub code: ErrorCode,
    /// The same in one English line with the field, the value and the limit.
    pub message: String,
}

/// What went wrong with a message from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not one of the messages a page may send. The connection stays.
    BadMessage,
    /// Longer than a page's message may be. The connection is closed (WebSocket code 1009).
    TooLarge,
    /// The track is not one of this sweep.
    UnknownTrack,
    /// This source cannot do that.
    NotSupported,
    /// Nothing has been drawn yet that could be kept.
    NothingDrawn,
    /// No more planes can be kept by hand.
    TooManyPlanes,
    /// There is nothing to undo.
    NothingToUndo,
    /// The source has not followed the former commands yet.
    Busy,
    /// The disk did not take it in time; nothing is shown as done.
    NotSaved,
    /// The report is signed and closed.
    Signed,
    /// A value that cannot be.
    BadValue,
    /// Another page gives the commands: `take_over` first.
    Watching,
}

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
    /// The seven lights, always in the order of [`LightName`].
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
    /// Why it is not.
    #[schema(required)]
    pub not_saved_why: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            exam: String::new(),
            sweep: 0,
            paused: false,
            probe: None,
            faults: Vec::new(),
            show_truth: false,
            undo: 0,
            viewers: 0,
            saved: true,
            not_saved_why: None,
        }
    }
}

/// A fault of the picture that holds now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Issue {
    /// Its key, such as `contact_lost`.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// The figure behind it, where there is one.
    #[schema(required)]
    pub figure: Option<Figure>,
    /// One line of advice, verb first.
    pub advice: Words,
}

/// A part of the probe, as seen on the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactSide {
    /// The left edge.
    Left,
    /// The right edge.
    Right,
    /// All of it, or most.
    Whole,
}

/// How much a fault matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Mend it while scanning.
    Warn,
    /// What is seen now cannot be read.
    Stop,
}

/// What was measured and the limit it passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    /// What was measured.
    pub measured: f32,
    /// The limit it passed.
    pub limit: f32,
    /// The unit of both, such as `mm/s`; `null` for a bare number.
    #[schema(required)]
    pub unit: Option<&'static str>,
}

/// One quality light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Light {
    /// Which.
    pub name: LightName,
    /// What it shows.
    pub state: LightState,
}

/// The lights, in their fixed order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names are the lights.
pub enum LightName {
    Contact,
    Gain,
    Sharp,
    Speed,
    Depth,
    Whole,
    Colour,
}

/// What a light shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LightState {
    /// Not measured.
    Off,
    /// Measured, and well.
    Ok,
    /// To be mended while scanning.
    Warn,
    /// The picture cannot be read.
    Stop,
}

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
    /// The proposed category: `2`, `3`, `4A`, `4B`, `4C`, `5`; `null` where the probability is not calibrated.
    #[schema(required)]
    pub birads: Option<String>,
    /// Words of the lexicon that hold over all sightings; a feature without a word was not assessed.
    pub descriptors: Vec<DescriptorView>,
    /// Its size on its largest plane, or else where it was seen last, mm; `null` where the scale is unknown.
    #[schema(required)]
    pub size_mm: Option<Size>,
    /// The same in pixels; `null` where it is known in mm or was not measured.
    #[schema(required)]
    pub size_px: Option<Size>,
    /// How many frames it was seen in.
    pub sightings: u32,
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
    /// The lesion's size on it, mm; `null` where the scale is unknown.
    #[schema(required)]
    pub size_mm: Option<Size>,
    /// The same in pixels; `null` where it is known in mm or was not measured.
    #[schema(required)]
    pub size_px: Option<Size>,
}

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

/// The page has drawn a binary message; the next one may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// The `frame` of the message that was drawn.
    pub drawn: u64,
}

/// What a page may ask for. A command that is followed shows in the [`State`] of the next binary message (which comes
/// even while the source rests); one that is not is answered by an [`ErrorMessage`].
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Give the commands from now on; the page that gave them before watches. Only this one is followed from a page
    /// that watches.
    TakeOver {},
    /// Sweep the same breast again from its beginning; a source that rested goes on.
    Restart {},
    /// Scan another breast; the same seed gives the same one, no seed the next. A source that rested goes on.
    NewBreast {
        /// The phantom's seed; at most 2^53 - 1, so that JSON carries it.
        #[schema(required = false)]
        seed: Option<u64>,
    },
    /// Switch one of the phantom's faults.
    SetFault {
        /// Which.
        fault: Fault,
        /// On or off.
        on: bool,
    },
    /// Let the examination rest, or go on: the source rests where it can, or its frames are passed over.
    SetPaused {
        /// Rest or go on.
        paused: bool,
    },
    /// Say how deep the picture reaches, as the machine shows it, for a source that does not say its scale; it holds until the picture's
    /// size changes.
    SetDepth {
        /// From the upper edge of the B-mode picture to the lower, mm, 10 to 200; `null` takes it back.
        depth_mm: Option<f32>,
    },
    /// Keep the frame that this page drew last.
    KeepPlane {
        /// The lesion it is kept for, if any.
        #[schema(required = false)]
        track: Option<u32>,
    },
    /// Strike a lesion out.
    Dismiss {
        /// Which.
        track: u32,
    },
    /// Take back the last `dismiss`, `keep_plane`, `set_side` or `set_probe` of any page.
    Undo {},
    /// Say which breast is being scanned; where on it the probe stands is unknown then.
    SetSide {
        /// Which.
        side: Side,
    },
    /// Say where the probe stands.
    SetProbe {
        /// Where.
        place: Place,
    },
    /// Show or hide the phantom's truth.
    ShowTruth {
        /// Show or hide.
        on: bool,
    },
}

/// Whether the program is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: a program that is not well does not answer.
    pub status: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// Whether a model reads the frames of the newest examination.
    pub model: bool,
    /// How many pages watch it.
    pub viewers: u32,
    /// Its frames that were analysed.
    pub frames: u64,
    /// How many examinations go on.
    pub examinations: usize,
}

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// One English line with the field, the value and the limit.
    pub error: String,
}
