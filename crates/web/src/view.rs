//! From the pipeline's words to the page's.

use peony_model::report::{Evidence, PlaneReason, Report, WeighedPlane};
use peony_model::{
    BoxPx, CalibrationSource, Descriptor, Finding, Frame, Measurement, MmPerPx, Pixels, PointPx, QualityCode,
    QualityIssue, Quantity, Spacing, Unit,
};
use peony_ultrasound::output::{self, Quality, StepOutput, TrackState, VolumeState};

use crate::wire::{
    BoxXy, ContactSide, DescriptorView, Figure, FindingView, Interval, Issue, Light, LightName, LightState,
    Severity, Size, Stage, TrackStatus, TrackView, TrackVolume, Truth, Unfit, Volume, Words, Xy, Xyz,
};

/// No outline needs more points than this on a screen.
const MAX_CONTOUR: usize = 256;
/// An outline on a kept plane.
const MAX_PLANE_POINTS: usize = 64;
/// The 3-D pane shows no more slices of one lesion than this, and no finer outlines.
const MAX_SLICES: usize = 24;
const MAX_SLICE_POINTS: usize = 48;

/// Tenths of a pixel are finer than a screen shows, and a third of the bytes; so are tenths of a millimetre of a solid.
pub(crate) fn tenth(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

pub(crate) fn hundredth(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

/// Every so-many-th item, so that at most `limit` are left.
pub(crate) fn thin<T>(items: &[T], limit: usize) -> impl Iterator<Item = &T> {
    items.iter().step_by(items.len().div_ceil(limit).max(1))
}

pub(crate) fn boxed(area: BoxPx) -> BoxXy {
    BoxXy([tenth(area.min.x), tenth(area.min.y), tenth(area.max.x), tenth(area.max.y)])
}

/// A report as a page is shown it: no outline with more points than a small picture of a plane shows. A page asks for it every
/// two seconds while it draws thirty frames a second, and outlines were most of what it had to read.
pub(crate) fn report(mut report: Report) -> Report {
    let of_lesions = report.lesions.iter_mut().flat_map(|lesion| &mut lesion.planes);
    for plane in of_lesions.chain(&mut report.planes) {
        plane.contour_px = thin(&plane.contour_px, MAX_PLANE_POINTS).map(|point| point.map(tenth)).collect();
    }
    report
}

fn contour(points: &[PointPx]) -> Vec<Xy> {
    thin(points, MAX_CONTOUR).map(|point| Xy([tenth(point.x), tenth(point.y)])).collect()
}

pub(crate) fn truth(truth: &Truth) -> Truth {
    let outline = thin(&truth.contour_px, MAX_CONTOUR).map(|Xy(point)| Xy(point.map(tenth)));
    Truth { contour_px: outline.collect(), ..truth.clone() }
}

/// The scale of the tissue that the frame shows.
pub(crate) fn scale(frame: &Frame) -> Option<MmPerPx> {
    match &frame.spacing {
        Spacing::Unknown => None,
        Spacing::Uniform(mm_per_px) => Some(*mm_per_px),
        Spacing::PerRegion(_) => frame.spacing.tissue_region().and_then(|region| region.mm_per_px),
    }
}

pub(crate) fn scale_source(source: CalibrationSource) -> &'static str {
    match source {
        CalibrationSource::UltrasoundRegion => "ultrasound_region",
        CalibrationSource::PixelSpacing => "pixel_spacing",
        CalibrationSource::Entered => "entered",
        CalibrationSource::Ruler => "ruler",
        CalibrationSource::Published => "published",
        CalibrationSource::Phantom => "phantom",
        CalibrationSource::OpenIgtLink => "openigtlink",
    }
}

pub(crate) fn issue(issue: &QualityIssue, speed_known: bool) -> Issue {
    // The speed's figure is in mm/s only where the scale let the pipeline tell a speed at all.
    let unit = (issue.code == QualityCode::TooFast && speed_known).then_some("mm/s");
    Issue {
        code: issue.code.key().to_owned(),
        severity: match issue.severity {
            peony_model::Severity::Info => Severity::Info,
            peony_model::Severity::Warn => Severity::Warn,
            peony_model::Severity::Stop => Severity::Stop,
        },
        figure: issue.figure.map(|[measured, limit]| Figure {
            measured: hundredth(measured),
            limit: hundredth(limit),
            unit,
        }),
        advice: Words { en: issue.code.advice_en().to_owned(), zh: issue.code.advice_zh().to_owned() },
    }
}

pub(crate) fn contact_side(side: output::ContactSide) -> ContactSide {
    match side {
        output::ContactSide::Left => ContactSide::Left,
        output::ContactSide::Right => ContactSide::Right,
        output::ContactSide::Whole => ContactSide::Whole,
    }
}

/// The light that a fault shows on; `None` for faults that have none of their own.
fn light_of(code: QualityCode) -> Option<LightName> {
    match code {
        QualityCode::ContactLost => Some(LightName::Contact),
        QualityCode::GainLow | QualityCode::GainHigh => Some(LightName::Gain),
        QualityCode::Blur | QualityCode::FocusOff => Some(LightName::Sharp),
        QualityCode::TooFast | QualityCode::Jerky => Some(LightName::Speed),
        QualityCode::ScaleUnknown | QualityCode::DepthOff => Some(LightName::Depth),
        QualityCode::LesionCut => Some(LightName::Whole),
        QualityCode::ColourBox => Some(LightName::Colour),
        QualityCode::Frozen
        | QualityCode::Marks
        | QualityCode::NoBmode
        | QualityCode::WrongDomain
        | QualityCode::SourceLost
        | QualityCode::FramesDropped
        | QualityCode::TooFewFrames => None,
    }
}

/// The seven lights in their fixed order. A light is lit only where its figure could be measured on this frame.
pub(crate) fn lights(frame: &Frame, output: &StepOutput) -> Vec<Light> {
    let holds = |code| output.quality.issues.iter().any(|issue| issue.code == code);
    let unreadable =
        [QualityCode::NoBmode, QualityCode::WrongDomain, QualityCode::SourceLost].map(holds).contains(&true);
    let picture = output.quality.picture_px.is_some() && !unreadable;
    let measured = |name| match name {
        LightName::Contact | LightName::Gain | LightName::Sharp => picture,
        LightName::Speed => {
            let told = ![QualityCode::Frozen, QualityCode::TooFewFrames].map(holds).contains(&true);
            picture && told && output.quality.speed_mm_s.is_some()
        }
        LightName::Depth => output.quality.scale.or_else(|| scale(frame)).is_some(),
        LightName::Whole => picture && !output.findings.is_empty(),
        // A grey frame cannot tell whether the machine's colour is on.
        LightName::Colour => picture && !matches!(frame.pixels, Pixels::Luma8(_)),
    };
    use LightName::{Colour, Contact, Depth, Gain, Sharp, Speed, Whole};
    [Contact, Gain, Sharp, Speed, Depth, Whole, Colour]
        .map(|name| Light { name, state: light_state(&output.quality, name, measured(name)) })
        .to_vec()
}

fn light_state(quality: &Quality, name: LightName, measured: bool) -> LightState {
    let fault =
        quality.issues.iter().filter(|issue| light_of(issue.code) == Some(name)).map(|issue| issue.severity);
    match fault.max() {
        Some(peony_model::Severity::Stop) => LightState::Stop,
        Some(peony_model::Severity::Warn | peony_model::Severity::Info) => LightState::Warn,
        None if measured => LightState::Ok,
        None => LightState::Off,
    }
}

/// The long and short diameter in one unit, where both were measured in it.
pub(crate) fn size(measurements: &[Measurement], unit: Unit) -> Option<Size> {
    let of = |quantity| {
        measurements
            .iter()
            .find(|measurement| measurement.quantity() == quantity && measurement.unit() == unit)
            .map(|measurement| hundredth(measurement.value()))
    };
    Some(Size { long: of(Quantity::LongAxis)?, short: of(Quantity::ShortAxis)? })
}

pub(crate) fn finding(finding: &Finding, track: Option<u32>, focus_px: Option<BoxPx>) -> FindingView {
    let size_mm = size(&finding.measurements, Unit::Millimetre);
    FindingView {
        box_px: boxed(finding.region.box_px()),
        score: finding.score,
        malignancy: finding.malignancy,
        focus_px: focus_px.map(boxed),
        birads: finding.assessment.map(|category| category.label().to_owned()),
        size_mm,
        size_px: if size_mm.is_some() { None } else { size(&finding.measurements, Unit::Pixel) },
        track,
    }
}

/// A track as this frame shows it, with what was `seen` of it; what the examination says of it is not known here.
pub(crate) fn track(state: &TrackState, seen: Option<(&Finding, &FindingView)>) -> TrackView {
    let outline = seen.map(|(finding, _)| contour(finding.region.contour_px()));
    let seen = seen.map(|(_, view)| view);
    TrackView {
        id: state.id,
        letter: state.letter.map(String::from),
        status: if seen.is_some() { TrackStatus::Seen } else { TrackStatus::Predicted },
        dismissed: false,
        place: None,
        may_be: None,
        box_px: Some(boxed(state.box_px)),
        contour_px: outline,
        malignancy: state.malignancy,
        malignancy_95: state.malignancy_95.map(Interval),
        birads: state.assessment.map(|category| category.label().to_owned()),
        birads_said: false,
        descriptors: state.descriptors.iter().map(descriptor).collect(),
        size_mm: seen.and_then(|finding| finding.size_mm),
        size_px: seen.and_then(|finding| finding.size_px),
        size_said: false,
        third: None,
        sightings: state.sightings,
        grounds: None,
    }
}

/// What a grade rests on, as the examination keeps it.
pub(crate) fn evidence(evidence: &output::Evidence) -> Evidence {
    let ms = |ns: u64| ns as f64 / 1e6;
    let weighed = |plane: &output::EvidencePlane| WeighedPlane {
        seen_ms: plane.seen_ns.map(ms),
        share: (plane.share * 1e3).round() / 1e3,
    };
    Evidence { planes: evidence.count, heaviest: evidence.planes.iter().map(weighed).collect() }
}

fn descriptor(said: &Descriptor) -> DescriptorView {
    DescriptorView {
        feature: said.word.feature().key(),
        word: said.word.key(),
        probability: hundredth(said.probability),
    }
}

pub(crate) fn reason(reason: output::PlaneReason) -> PlaneReason {
    match reason {
        output::PlaneReason::Largest => PlaneReason::Largest,
        output::PlaneReason::Across => PlaneReason::Across,
        output::PlaneReason::Features => PlaneReason::Features,
        output::PlaneReason::Suspicious => PlaneReason::Suspicious,
    }
}

/// The solids so far; `lesion_of` numbers the tracks as pages know them, `letter_of` names those.
pub(crate) fn volume(
    state: &VolumeState,
    lesion_of: impl Fn(u32) -> u32,
    letter_of: impl Fn(u32) -> Option<String>,
) -> Volume {
    let solid = |solid: &output::TrackVolume| {
        let track = lesion_of(solid.track);
        TrackVolume { track, ..track_volume(solid, letter_of(track)) }
    };
    Volume {
        simulated: true,
        path_mm: state.path_mm.map(hundredth),
        calibration: state.calibration.as_deref().cloned(),
        unfit: state.unfit.map(|unfit| match unfit {
            output::Unfit::ScaleUnknown => Unfit::ScaleUnknown,
            output::Unfit::NotCalibrated => Unfit::NotCalibrated,
            output::Unfit::TooFast => Unfit::TooFast,
            output::Unfit::TooFewFrames => Unfit::TooFewFrames,
            output::Unfit::TooSlow => Unfit::TooSlow,
            output::Unfit::TooFewPatches => Unfit::TooFewPatches,
            output::Unfit::TurnedBack => Unfit::TurnedBack,
        }),
        tracks: state.tracks.iter().map(solid).collect(),
    }
}

fn track_volume(solid: &output::TrackVolume, letter: Option<String>) -> TrackVolume {
    let outline = |points: &Vec<peony_model::PointMm>| {
        let rounded = |point: &peony_model::PointMm| Xyz([point.x, point.y, point.z].map(tenth));
        thin(points, MAX_SLICE_POINTS).map(rounded).collect()
    };
    TrackVolume {
        track: solid.track,
        letter,
        slices_mm: Some(thin(&solid.slices, MAX_SLICES).map(outline).collect()),
        volume_cm3: solid.volume_cm3,
        relative_error: solid.relative_error,
        along_mm: hundredth(solid.along_mm),
    }
}

pub(crate) fn stages(timings: &output::Timings) -> Vec<Stage> {
    let stage = |(name, duration): (&'static str, std::time::Duration)| Stage {
        name,
        ms: hundredth(duration.as_secs_f32() * 1e3),
    };
    timings.stages().map(stage).to_vec()
}
