//! What one step of the pipeline says: plain data, drawn by the page and written by the command line.

use std::sync::Arc;
use std::time::Duration;

use peony_model::report::CalibrationRecord;
use peony_model::{BiRads, BoxPx, Descriptor, Finding, Look, MmPerPx, PointMm, QualityIssue};

/// Everything the pipeline says about one frame.
#[derive(Debug, Clone)]
pub struct StepOutput {
    /// The frame's number in its source.
    pub frame: u64,
    /// The frame's time, in nanoseconds since the source's first frame.
    pub time_ns: u64,
    /// Width and height of the frame, in pixels.
    pub size_px: [u32; 2],
    /// The picture's state.
    pub quality: Quality,
    /// What was found on this frame.
    pub findings: Vec<Finding>,
    /// The lesions being followed, confirmed or not, seen on this frame or predicted.
    pub tracks: Vec<TrackState>,
    /// The net's own malignancy of the whole frame, 0..=1; `None` without a model or on an unreadable frame.
    pub malignancy: Option<f32>,
    /// The net's own probability that the frame shows any lesion, 0..=1.
    pub lesion: Option<f32>,
    /// The simulated third dimension so far.
    pub volume: VolumeState,
    /// What is new with this frame, in the order it happened.
    pub events: Vec<Event>,
    /// How long each stage took.
    pub timings: Timings,
}

/// The lights of the live page and the figures behind them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quality {
    /// The faults that hold now, after hysteresis, worst first.
    pub issues: Vec<QualityIssue>,
    /// Where the B-mode picture lies on the frame, if it was found.
    pub picture_px: Option<BoxPx>,
    /// The scale of that picture: the frame's own, or read off the ruler on the screen. `None` where it is unknown.
    pub scale: Option<MmPerPx>,
    /// How fast the probe moves out of the plane, mm/s (simulated from speckle) or `None` where it cannot be told.
    pub speed_mm_s: Option<f32>,
    /// Which part of the probe has lost contact, while that fault holds.
    pub contact_lost: Option<ContactSide>,
}

/// The part of the probe that has no contact, as seen on the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactSide {
    /// The left edge.
    Left,
    /// The right edge.
    Right,
    /// All of it, or most.
    Whole,
}

/// A lesion followed over frames.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackState {
    /// Its number, from 1, never used again within an examination.
    pub id: u32,
    /// Its letter once persistence confirmed it (`A` first); `None` while it is new.
    pub letter: Option<char>,
    /// The index into [`StepOutput::findings`] of its sighting on this frame; `None` where it is only predicted.
    pub finding: Option<usize>,
    /// Where it is, seen or predicted.
    pub box_px: BoxPx,
    /// How many frames it was seen in.
    pub sightings: u32,
    /// Probability of malignancy over all planes seen, 0..=1.
    pub malignancy: Option<f32>,
    /// Between which two values more planes of this lesion would leave [`Self::malignancy`], with 95 % probability: wide while few
    /// planes were seen or where they disagree. What the network gets wrong of a whole lesion is not in it.
    pub malignancy_95: Option<[f32; 2]>,
    /// The category of [`Self::malignancy`], where it is calibrated.
    pub assessment: Option<BiRads>,
    /// The words of the lexicon that hold over all planes seen; the orientation is that of the last sighting.
    pub descriptors: Vec<Descriptor>,
    /// The part of it on this frame that the network finds most malignant (three by three cells of its map), whether or not that is
    /// much; `None` where it is only predicted.
    pub focus_px: Option<BoxPx>,
    /// What the grade rests on; `None` where there is no grade.
    pub evidence: Option<Evidence>,
    /// How it looks over all sightings; `None` while it is new, and from a network that gives no embedding.
    pub look: Option<Look>,
    /// The tracks that were ever seen on one frame with it, so that none of them is this lesion; none while it is new.
    pub seen_with: Vec<u32>,
}

/// What the grade of a lesion rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// How many planes the grade is worth: frames of one place are one plane, and planes that were seen badly count less
    /// (Kish's effective sample size of their weights).
    pub effective_planes: f32,
    /// How many planes it was graded on, however well they were seen.
    pub count: u32,
    /// The planes that weighed most, heaviest first, at most five.
    pub planes: Vec<EvidencePlane>,
}

/// A plane that weighed in a grade, by its best frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvidencePlane {
    /// The frame's number in its source.
    pub frame: u64,
    /// The frame's time, in nanoseconds since the source's first frame.
    pub time_ns: u64,
    /// From when to when its frames were seen, both included, as [`Self::time_ns`].
    pub seen_ns: [u64; 2],
    /// Its share of the whole grade, 0..=1.
    pub share: f32,
    /// The probability of malignancy on this plane alone.
    pub malignancy: f32,
    /// The part of the lesion on that frame that the network finds most malignant (three by three cells of its map), whether or
    /// not that is much.
    pub focus_px: BoxPx,
}

/// Why a plane was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlaneReason {
    /// The lesion is at its largest here.
    Largest,
    /// The probe has turned by 60 degrees or more from the largest plane (simulated from speckle): the other section of a report.
    Across,
    /// The plane that stands best for its features: sharp, whole, confident.
    Features,
    /// The plane whose probability of malignancy is highest among good pictures.
    Suspicious,
}

impl PlaneReason {
    /// The key used in files, such as `largest`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Largest => "largest",
            Self::Across => "across",
            Self::Features => "features",
            Self::Suspicious => "suspicious",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A new lesion was confirmed by persistence.
    Confirmed {
        /// Its track.
        track: u32,
        /// Its letter.
        letter: char,
    },
    /// A confirmed lesion that was lost from sight is met again, under its former number and letter. Until now the sighting was
    /// followed as a new one under a number that is gone with this frame.
    Returned {
        /// Its track, as it was.
        track: u32,
    },
    /// Two confirmed tracks turned out to be one lesion. `from` is gone; its planes and its grade are part of `into`.
    Merged {
        /// The track that ends: the one confirmed later.
        from: u32,
        /// The track that goes on.
        into: u32,
    },
    /// A lesion has left the picture.
    Left {
        /// Its track.
        track: u32,
    },
    /// This frame is now the key plane of a track for a reason; it replaces the former one.
    KeyPlane {
        /// The track it shows.
        track: u32,
        /// Why it was kept.
        reason: PlaneReason,
        /// The lesion's box on this frame.
        box_px: BoxPx,
    },
    /// The size of a track in the simulated third dimension was worked out anew.
    Volume(TrackVolume),
    /// The faults that hold have changed.
    Quality(Vec<QualityIssue>),
}

/// The simulated third dimension: where the sweep has been and what it met.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VolumeState {
    /// How far the plane has moved since the sweep began, mm, simulated from speckle; `None` without calibration.
    pub path_mm: Option<f32>,
    /// Where the middle of the top of the plane is now, against the sweep's first frame, mm, simulated from speckle and the
    /// picture's shift; `None` without calibration.
    pub place_mm: Option<PointMm>,
    /// How far the probe has turned about the depth axis since then, degrees, simulated from speckle; `None` without
    /// calibration.
    pub turned_deg: Option<f32>,
    /// Where this frame's plane lies among those of the sweep; `None` for a still, on a frozen picture, and where no picture was
    /// found.
    pub plane: Option<SweepPlane>,
    /// Why no size is given, where none is (`too fast`, `too slow`, `scale unknown`).
    pub unfit: Option<Unfit>,
    /// What lengths along the way rest on; `None` where there are none.
    pub calibration: Option<Arc<CalibrationRecord>>,
    /// What the speckle of this frame says by itself, whatever the probe; `None` for the first frame, a still, and where nothing could
    /// be compared.
    pub speckle: Option<Speckle>,
    /// Each confirmed track's solid so far.
    pub tracks: Vec<TrackVolume>,
}

/// What the speckle of one frame says of the step since the frame before, without any calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct Speckle {
    /// What each patch says, at each lag; none where the scale is unknown or too few patches are full speckle.
    pub steps: Vec<PatchStep>,
    /// How far the content moved in the picture: right, down, mm; `None` without a scale.
    pub shift_mm: Option<[f32; 2]>,
    /// How alike this frame and the last are, the median over patches, 0..=1.
    pub likeness: f32,
    /// Why a step is not to be trusted, where it is not.
    pub unfit: Option<Unfit>,
}

/// What one patch of speckle says at one lag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PatchStep {
    /// Across, from the middle of the picture, mm.
    pub x_mm: f32,
    /// Below its upper edge, mm.
    pub depth_mm: f32,
    /// The step out of the plane a frame, mm, if pure speckle were seen with the phantom's beam.
    pub step_mm: f32,
    /// How much it says.
    pub weight: f32,
}

/// Where the plane of one frame lies among those of its sweep, as [`crate::coronal`] lays it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SweepPlane {
    /// Counts the sweeps of an examination: another scale begins another, and lengths of one mean nothing in another.
    pub sweep: u32,
    /// The B-mode picture on the frame.
    pub picture_px: BoxPx,
    /// Its scale, where that is known.
    pub mm_per_px: Option<MmPerPx>,
    /// Along the way at the middle of the frame, mm, simulated from speckle; `None` where lengths along it are unknown.
    pub along_mm: Option<f32>,
    /// Its relative error, such as 0.25 for ± 25 %; given with [`Self::along_mm`].
    pub relative_error: Option<f32>,
    /// Slope of the plane: mm along the way a mm across.
    pub slope: f32,
    /// How far the content has moved in the picture since the sweep's first frame: right, down; pixels of the frame.
    pub shift_px: [f32; 2],
    /// How often the probe was seen to turn back since the examination began. The way goes on all the same.
    pub turns_back: u32,
}

/// Why the sweep gives no third dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unfit {
    /// The scale of the picture is unknown.
    ScaleUnknown,
    /// Nobody has swept a known length with this probe and preset: sizes are those in the plane.
    NotCalibrated,
    /// The probe moves faster than speckle can follow.
    TooFast,
    /// The frames come too seldom for speckle to follow it: they are dropped, or the source gives few.
    TooFewFrames,
    /// The probe moves slower than speckle can tell.
    TooSlow,
    /// Too little full speckle in the picture.
    TooFewPatches,
    /// The probe turned back.
    TurnedBack,
}

/// The simulated solid of one track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackVolume {
    /// Which track.
    pub track: u32,
    /// Its outline on some of the frames it was seen in, in sweep millimetres (simulated), and beyond them what its ends are taken to be.
    pub slices: Vec<Vec<PointMm>>,
    /// Volume in cubic centimetres, simulated.
    pub volume_cm3: f32,
    /// Its relative error and that of [`Self::along_mm`], such as 0.2 for ± 20 %: of the calibration, of what was guessed at the ends, and of unfit
    /// frames.
    pub relative_error: f32,
    /// Extent along the path (the simulated third axis), mm.
    pub along_mm: f32,
}

/// How long each stage took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[allow(missing_docs)] // The names are the stages.
pub struct Timings {
    pub quality: Duration,
    pub detect: Duration,
    /// The part of `detect` spent inside the network.
    pub network: Duration,
    pub track: Duration,
    pub key_planes: Duration,
    pub classify: Duration,
    pub volume: Duration,
    /// The whole step.
    pub step: Duration,
}

impl Timings {
    /// Each stage's name and time, in the order of the pipeline; `network` lies within `detect`.
    #[must_use]
    pub fn stages(&self) -> [(&'static str, Duration); 7] {
        [
            ("quality", self.quality),
            ("detect", self.detect),
            ("network", self.network),
            ("track", self.track),
            ("key_planes", self.key_planes),
            ("classify", self.classify),
            ("volume", self.volume),
        ]
    }
}
