//! The line of JSON that `analyze --json` writes for each frame. Pixels are those of the file.

use std::collections::BTreeMap;

use peony_model::report::CalibrationRecord;
use peony_model::{BiRads, Descriptor, Finding, Provenance, QualityCode, Quantity, Severity, Unit};
use peony_ultrasound::output::{StepOutput, TrackVolume, VolumeState};
use serde::Serialize;

/// One frame of one file.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    file: &'a str,
    frame: u64,
    size_px: [u32; 2],
    quality: Vec<QualityRecord>,
    findings: Vec<FindingRecord>,
    /// The highest of the findings, or the net's own where there is none.
    malignancy: Option<f32>,
    provenance: Option<&'a Provenance>,
    /// The simulated third dimension; not there without a calibration.
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<VolumeRecord<'a>>,
    ms: BTreeMap<&'static str, f64>,
}

#[derive(Debug, Serialize)]
struct VolumeRecord<'a> {
    /// Always true.
    simulated: bool,
    /// How far the plane has moved since the cine began, mm.
    path_mm: f32,
    calibration: &'a CalibrationRecord,
    solids: Vec<SolidRecord>,
}

#[derive(Debug, Serialize)]
struct SolidRecord {
    track: u32,
    along_mm: f32,
    volume_cm3: f32,
}

#[derive(Debug, Serialize)]
struct QualityRecord {
    code: QualityCode,
    severity: Severity,
}

#[derive(Debug, Serialize)]
struct FindingRecord {
    box_px: [f32; 4],
    contour_px: Vec<[f32; 2]>,
    score: f32,
    malignancy: Option<f32>,
    birads: Option<BiRads>,
    /// Words of the lexicon by feature, such as `{"shape": ["oval"]}`; a feature that is not there was not assessed.
    descriptors: BTreeMap<&'static str, Vec<&'static str>>,
    size_mm: Option<SizeMm>,
}

/// The two diameters of a finding.
#[derive(Debug, Serialize)]
pub struct SizeMm {
    /// The longest.
    pub long: f32,
    /// The one across it.
    pub short: f32,
}

impl<'a> Record<'a> {
    /// The record of one step. `provenance` is the model's that read it, `None` where none did.
    pub fn new(file: &'a str, output: &'a StepOutput, provenance: Option<&'a Provenance>) -> Self {
        let mut ms: BTreeMap<_, _> =
            output.timings.stages().into_iter().map(|(name, took)| (name, milliseconds(took))).collect();
        ms.insert("step", milliseconds(output.timings.step));
        Self {
            file,
            frame: output.frame,
            size_px: output.size_px,
            quality: output
                .quality
                .issues
                .iter()
                .map(|issue| QualityRecord { code: issue.code, severity: issue.severity })
                .collect(),
            findings: output.findings.iter().map(FindingRecord::new).collect(),
            malignancy: frame_malignancy(output),
            provenance,
            volume: volume(&output.volume),
            ms,
        }
    }
}

fn volume(said: &VolumeState) -> Option<VolumeRecord<'_>> {
    let solid = |solid: &TrackVolume| SolidRecord {
        track: solid.track,
        along_mm: solid.along_mm,
        volume_cm3: solid.volume_cm3,
    };
    Some(VolumeRecord {
        simulated: true,
        path_mm: said.path_mm?,
        calibration: said.calibration.as_deref()?,
        solids: said.tracks.iter().map(solid).collect(),
    })
}

/// `L12-5, breast, of 2026-05-28`.
pub fn calibration(by: &CalibrationRecord) -> String {
    let names = [by.probe.as_str(), &by.preset].into_iter().filter(|name| !name.is_empty());
    let made = (!by.made.is_empty()).then(|| format!("of {}", by.made));
    names.map(str::to_owned).chain(made).collect::<Vec<_>>().join(", ")
}

/// The highest malignancy of the findings, or the net's own where there is no finding.
pub fn frame_malignancy(output: &StepOutput) -> Option<f32> {
    output
        .findings
        .iter()
        .filter_map(|finding| finding.malignancy)
        .max_by(f32::total_cmp)
        .or(output.malignancy)
}

/// A duration in milliseconds, to the microsecond.
pub fn milliseconds(took: std::time::Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

impl FindingRecord {
    fn new(finding: &Finding) -> Self {
        let bounds = finding.region.box_px();
        Self {
            box_px: [bounds.min.x, bounds.min.y, bounds.max.x, bounds.max.y],
            contour_px: finding.region.contour_px().iter().map(|point| [point.x, point.y]).collect(),
            score: finding.score,
            malignancy: finding.malignancy,
            birads: finding.assessment,
            descriptors: by_feature(&finding.descriptors),
            size_mm: size_mm(finding),
        }
    }
}

fn by_feature(said: &[Descriptor]) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut words: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for descriptor in said {
        words.entry(descriptor.word.feature().key()).or_default().push(descriptor.word.key());
    }
    words
}

/// The diameters in millimetres; `None` where the scale is unknown.
pub fn size_mm(finding: &Finding) -> Option<SizeMm> {
    let of = |quantity| {
        let found =
            finding.measurements.iter().find(|m| m.quantity() == quantity && m.unit() == Unit::Millimetre);
        found.map(peony_model::Measurement::value)
    };
    Some(SizeMm { long: of(Quantity::LongAxis)?, short: of(Quantity::ShortAxis)? })
}
