//! Calibrating a probe on the live page: sweeps between two marks of known distance.

use peony_model::report::CalibrationRecord;
use peony_ultrasound::calibrate::UnfitSweep;
use peony_ultrasound::output;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person does while calibrating.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum CalibrationAct {
    /// The probe rests on the first mark: a sweep begins.
    Begin {
        /// How far the second mark is, mm.
        length_mm: f32,
    },
    /// The probe rests on the second mark: the sweep is done.
    End {},
    /// Takes a sweep out.
    Remove {
        /// Its number.
        sweep: u32,
    },
    /// Keeps what the sweeps make, as the calibration of a probe, and uses it.
    Keep {
        /// What the probe is called.
        probe: String,
        /// What the machine's preset is called; may be empty.
        preset: String,
    },
    /// Says which probe this source at this site has, where pictures do not say it, from the next examination on; without one, none.
    Use {
        /// One of those that are known.
        probe: Option<ProbeName>,
    },
}

/// A probe and preset that is calibrated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeName {
    /// What the probe is called.
    pub probe: String,
    /// What the machine's preset is called; may be empty.
    pub preset: String,
}

/// Where calibrating stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CalibrationView {
    /// A sweep goes on: in how many of its frames the probe has moved; `null` where none does.
    #[schema(required)]
    pub moved: Option<usize>,
    /// It moves now.
    pub moves: bool,
    /// Those that were done, in their order.
    pub sweeps: Vec<SweepView>,
    /// How many fit sweeps make a calibration.
    pub wanted: usize,
    /// What the fit ones make together; `null` where there is none, or they disagree.
    #[schema(required)]
    pub fitted: Option<FittedView>,
    /// That the fit ones differ from their mean by too much.
    #[schema(required)]
    pub disagree: Option<DisagreeView>,
    /// The calibrations that this program knows.
    pub known: Vec<KnownCalibration>,
}

/// A sweep from one mark to the other.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SweepView {
    /// Its number, never used again.
    pub number: u32,
    /// As it was said, mm.
    pub length_mm: f32,
    /// What it reads with what all of them make together, mm.
    #[schema(required)]
    pub read_mm: Option<f32>,
    /// Why it tells nothing of the beam; `null` where it does.
    #[schema(required)]
    pub unfit: Option<UnfitView>,
}

/// What a calibration would be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct FittedView {
    /// The error of lengths along the sweep, as a share.
    pub relative_error: f32,
}

/// Sweeps that make no calibration together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct DisagreeView {
    /// By which share one differs from their mean at most.
    pub apart: f32,
    /// The number of the one that differs most; `null` of two, where either may be wrong.
    #[schema(required)]
    pub sweep: Option<u32>,
}

/// A calibration that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KnownCalibration {
    /// Of which probe and preset, from when and how good.
    #[serde(flatten)]
    pub record: CalibrationRecord,
    /// Who made it on a page; `null` where that was elsewhere.
    #[schema(required)]
    pub by: Option<String>,
    /// The next examination with this source, at this site, uses it, unless its pictures say that they are of another probe.
    pub used: bool,
    /// Who has said so; `null` where it is not used, or the call of the program says it.
    #[schema(required)]
    pub chosen: Option<ChosenView>,
}

/// Who has said which probe is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChosenView {
    /// An account, where there are any.
    pub by: String,
    /// The day, such as `2026-05-28`.
    pub since: String,
}

/// Which probe the next examination is made with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextProbe {
    /// With frames from where, such as `capture`; without it the usual source.
    #[serde(default)]
    #[schema(required = false)]
    pub source: String,
    /// One of those that are known; `null`: none.
    #[schema(required)]
    pub probe: Option<ProbeName>,
}

/// Why a sweep tells nothing of the beam.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct UnfitView {
    /// The reason.
    pub why: UnfitReason,
    /// Its figure: a share, frames, millimetres or degrees.
    #[schema(required)]
    pub figure: Option<f32>,
}

/// The reasons; the page has words for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnfitReason {
    /// No such length can be led.
    Length,
    /// No frame came.
    NoFrames,
    /// The picture has no scale.
    ScaleUnknown,
    /// It was known too late.
    ScaleLate,
    /// It changed.
    ScaleChanged,
    /// It never ended.
    TooLong,
    /// The figure is frames in motion.
    TooShort,
    /// The figure is the share of frames without a picture.
    Interrupted,
    /// The figure is the share of frames that never came.
    FramesLost,
    /// The figure is the share of frames.
    TooFast,
    /// The figure is the share of frames that came too long after the one before.
    TooFewFrames,
    /// The figure is the share of frames.
    TooSlow,
    /// The figure is the share of frames with too little speckle.
    TooFewPatches,
    /// The figure is the share of frames.
    TurnedBack,
    /// The figure is millimetres.
    MovedInPlane,
    /// The figure is degrees.
    Turned,
    /// The figure is millimetres that are read with a usual beam.
    LengthDoesNotFit,
}

impl From<&UnfitSweep> for UnfitView {
    fn from(unfit: &UnfitSweep) -> Self {
        use UnfitReason as Why;
        // Far below 2^24.
        let count = |frames: usize| Some(frames as f32);
        let (why, figure) = match *unfit {
            UnfitSweep::Length { length_mm } => (Why::Length, Some(length_mm)),
            UnfitSweep::NoFrames => (Why::NoFrames, None),
            UnfitSweep::ScaleUnknown => (Why::ScaleUnknown, None),
            UnfitSweep::ScaleLate { frames } => (Why::ScaleLate, count(frames)),
            UnfitSweep::ScaleChanged => (Why::ScaleChanged, None),
            UnfitSweep::TooLong => (Why::TooLong, None),
            UnfitSweep::TooShort { frames } => (Why::TooShort, count(frames)),
            UnfitSweep::Interrupted { share } => (Why::Interrupted, Some(share)),
            UnfitSweep::Lost { share } => (Why::FramesLost, Some(share)),
            UnfitSweep::Motion { why, share } => {
                let why = match why {
                    output::Unfit::TooFast => Why::TooFast,
                    output::Unfit::TooFewFrames => Why::TooFewFrames,
                    output::Unfit::TooSlow => Why::TooSlow,
                    output::Unfit::TooFewPatches => Why::TooFewPatches,
                    output::Unfit::TurnedBack => Why::TurnedBack,
                    output::Unfit::ScaleUnknown | output::Unfit::NotCalibrated => Why::ScaleUnknown,
                };
                (why, Some(share))
            }
            UnfitSweep::MovedInPlane { moved_mm } => (Why::MovedInPlane, Some(moved_mm)),
            UnfitSweep::Turned { turned_deg } => (Why::Turned, Some(turned_deg)),
            UnfitSweep::LengthDoesNotFit { read_mm, .. } => (Why::LengthDoesNotFit, Some(read_mm)),
        };
        Self { why, figure }
    }
}
