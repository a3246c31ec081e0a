//! The structured report of a breast ultrasound examination.
//!
//! Each field holds what the machine proposed and what a person said, side by side: the person's word is what leaves the
//! house, and neither is lost. A field without a value prints nothing; it never prints as "absent".

mod comparison;

use serde::{Deserialize, Serialize};

use crate::{BiRads, Code, Place, Side, Unit, Word, is_simple_cyst};

pub use comparison::{
    Before, Candidate, Change, Comparison, Earlier, EarlierLesion, NotComparable, NotSeen, Trend,
};

/// What the machine proposed for a field, and what a person said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Field<T> {
    /// The machine's proposal.
    #[cfg_attr(feature = "schema", schema(required))]
    pub proposed: Option<T>,
    /// A person's word.
    #[cfg_attr(feature = "schema", schema(required))]
    pub said: Option<Said<T>>,
    /// Of lesions that were joined since, people had said different things: neither stands until a person says which holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contrary: bool,
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self { proposed: None, said: None, contrary: false }
    }
}

/// A person's word on a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Said<T> {
    /// The value; `None` where the person says that it was not assessed.
    #[cfg_attr(feature = "schema", schema(required))]
    pub value: Option<T>,
    /// Who.
    pub by: String,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

impl<T> Field<T> {
    /// A machine's proposal, or nothing.
    #[must_use]
    pub fn proposed(proposed: Option<T>) -> Self {
        Self { proposed, ..Self::default() }
    }

    /// What the report prints: a person's word, or else the machine's proposal.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match &self.said {
            Some(said) => said.value.as_ref(),
            None => self.proposed.as_ref(),
        }
    }

    /// Whether neither the machine nor a person has said anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.proposed.is_none() && self.said.is_none() && !self.contrary
    }

    /// Whether the machine proposed it and nobody has said anything yet: drawn dashed, and in the way of signing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.proposed.is_some() && self.said.is_none()
    }
}

/// Who is examined, as far as anybody has said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Patient {
    /// The identifier of the house.
    pub id: String,
    /// The name as it is written.
    pub name: String,
    /// `F`, `M`, `O`, or empty.
    pub sex: String,
    /// `YYYY-MM-DD`, or empty.
    pub birth_date: String,
}

/// What is said of the examination as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Circumstances {
    /// The institution, as its heading is written.
    pub institution: String,
    /// The examination's number in the house.
    pub number: String,
    /// Why it was asked for: `screening`, `symptom`, `follow_up`, or free text.
    pub indication: String,
    /// History that matters, free text.
    pub history: String,
    /// The ultrasound machine.
    pub device: String,
    /// Earlier examinations of elsewhere that were compared, free text; empty where none was.
    pub comparison: String,
}

/// A length with its unit: millimetres, or pixels where the scale is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = LesionSize))]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// The longest diameter.
    pub long: f32,
    /// Across it in the same plane.
    pub short: f32,
    /// The third axis.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub third: Option<ThirdAxis>,
    /// `mm` or `{pixels}`: one unit for all axes.
    pub unit: Unit,
}

/// The extent across the planes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ThirdAxis {
    /// The extent, in the unit of the size.
    pub extent: f32,
    /// Its error; `None` where a person measured it.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub error: Option<f32>,
    /// Made from speckle and not measured: always said beside it.
    pub simulated: bool,
}

/// What is advised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The next screen at the programme's interval.
    Routine,
    /// A short follow-up by ultrasound.
    ShortFollowUp,
    /// A mammogram.
    Mammography,
    /// A tissue sample.
    CoreBiopsy,
    /// What the text says.
    Other,
}

impl Advice {
    /// The advice that goes with a category.
    #[must_use]
    pub fn of(category: BiRads) -> Self {
        match category {
            BiRads::Cat1 | BiRads::Cat2 => Self::Routine,
            BiRads::Cat3 => Self::ShortFollowUp,
            BiRads::Cat0 => Self::Mammography,
            BiRads::Cat4 | BiRads::Cat4A | BiRads::Cat4B | BiRads::Cat4C | BiRads::Cat5 => Self::CoreBiopsy,
            BiRads::Cat6 => Self::Other,
        }
    }
}

/// Why a plane is in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlaneReason {
    /// The lesion is at its largest here.
    Largest,
    /// The plane nearest to perpendicular to the largest.
    Across,
    /// The plane that stands best for its features.
    Features,
    /// The plane whose probability of malignancy is highest among good pictures.
    Suspicious,
    /// A person kept it.
    Kept,
}

/// A picture of the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Plane {
    /// Its number within the examination.
    pub id: u64,
    /// The lesion it shows; `None` for a plane kept for itself.
    #[cfg_attr(feature = "schema", schema(required))]
    pub lesion: Option<u32>,
    /// Why it is here.
    pub reason: PlaneReason,
    /// Width and height of the picture.
    pub picture_px: [u32; 2],
    /// The lesion's outline on it, closed, pixels; empty where it has none.
    pub contour_px: Vec<[f32; 2]>,
    /// The part of the lesion on it that the network finds most malignant, whether or not that is much: x0, y0, x1, y1; `None` for a
    /// plane without a graded lesion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus_px: Option<[f32; 4]>,
    /// Probability of malignancy on this plane alone, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub malignancy: Option<f32>,
    /// The lesion's size on it.
    #[cfg_attr(feature = "schema", schema(required))]
    pub size: Option<Size>,
    /// Milliseconds since the examination's first frame.
    pub time_ms: f64,
}

/// What the machine's grade of a lesion rests on. Frames of one place are one plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// How many planes it was graded on.
    pub planes: u32,
    /// Those that weighed most, heaviest first.
    pub heaviest: Vec<WeighedPlane>,
}

/// A plane that weighed in a grade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WeighedPlane {
    /// From when to when it was seen, both included, as [`Plane::time_ms`].
    pub seen_ms: [f64; 2],
    /// Its share of the whole grade, 0..=1.
    pub share: f32,
}

/// Which key planes of a lesion weighed most in its grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Grounds {
    /// How many planes the grade was made on.
    pub planes: u32,
    /// The key planes that are among those that weighed most.
    pub marked: Vec<MarkedPlane>,
    /// How many of the planes that were graded these show: two key planes of one place count once.
    pub shown: u32,
    /// The share of the whole grade that those have, 0..=1.
    pub share: f32,
}

/// A key plane that weighed in a grade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MarkedPlane {
    /// [`Plane::id`].
    pub plane: u64,
    /// The share of its place in the whole grade, 0..=1.
    pub share: f32,
}

impl Grounds {
    /// Finds each key plane among those that weighed. One on which the lesion was not seen weighed nothing.
    #[must_use]
    pub fn of(evidence: &Evidence, planes: &[Plane]) -> Self {
        let mut weighed = std::collections::BTreeSet::new();
        let mut mark = |plane: &Plane| {
            let holds =
                |weighed: &WeighedPlane| (weighed.seen_ms[0]..=weighed.seen_ms[1]).contains(&plane.time_ms);
            let at = evidence.heaviest.iter().position(holds).filter(|_| !plane.contour_px.is_empty())?;
            weighed.insert(at);
            Some(MarkedPlane { plane: plane.id, share: evidence.heaviest[at].share })
        };
        let marked = planes.iter().filter_map(&mut mark).collect();
        let share = weighed.iter().map(|at| evidence.heaviest[*at].share).sum();
        // At most as many as are told.
        Self { planes: evidence.planes, marked, shown: weighed.len() as u32, share }
    }
}

/// A probability with the interval that holds 95 % of what single planes said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Chance {
    /// The probability, 0..=1.
    pub estimate: f32,
    /// The interval; `None` before enough planes were seen.
    #[cfg_attr(feature = "schema", schema(required))]
    pub interval: Option<[f32; 2]>,
}

/// A lesion that a person joined to another, or that the machine proposes to join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Joined {
    /// Its number within the examination.
    pub lesion: u32,
    /// Its letter.
    pub letter: String,
}

/// One lesion of the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LesionReport {
    /// Its number within the examination.
    pub lesion: u32,
    /// Its letter.
    pub letter: String,
    /// A person struck it out: it is kept, and not printed.
    pub dismissed: bool,
    /// Lesions that a person said are this one.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub joined: Vec<Joined>,
    /// The earlier lesion that it may be again, as the machine proposes and nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_be: Option<Joined>,
    /// Where it lies.
    pub place: Field<Place>,
    /// From the skin to its nearest edge, mm.
    pub depth_mm: Field<f32>,
    /// Long axis, the one across it, and the third.
    pub size: Field<Size>,
    /// What it was in the examination that this one is compared with.
    pub before: Field<Before>,
    /// The earlier lesions of the same breast, the nearest first: what `before` can be chosen from.
    pub candidates: Vec<Candidate>,
    /// Shape.
    pub shape: Field<Word>,
    /// Orientation.
    pub orientation: Field<Word>,
    /// Margin: circumscribed, or every fault of the edge.
    pub margin: Field<Vec<Word>>,
    /// Echo pattern.
    pub echo: Field<Word>,
    /// Posterior features.
    pub posterior: Field<Word>,
    /// Calcifications; `[NoCalcification]` where a person says that there are none.
    pub calcification: Field<Vec<Word>>,
    /// Boundary, where the edition of the lexicon has one.
    pub boundary: Field<Word>,
    /// What the tissue around it has; `[NoAssociated]` where a person says that it has nothing of the sort. Like the next two it is a
    /// person's alone: no machine proposes it.
    #[serde(default, skip_serializing_if = "Field::is_empty")]
    pub associated: Field<Vec<Word>>,
    /// Blood flow; `[NoVascularity]` where a person says that there is none.
    #[serde(default, skip_serializing_if = "Field::is_empty")]
    pub vascularity: Field<Vec<Word>>,
    /// How hard it is.
    #[serde(default, skip_serializing_if = "Field::is_empty")]
    pub elasticity: Field<Word>,
    /// The machine's calibrated probability of malignancy. Nobody says another: a person says a category.
    #[cfg_attr(feature = "schema", schema(required))]
    pub malignancy: Option<Chance>,
    /// Which of its key planes weighed most in that; `None` where nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Grounds>,
    /// The category.
    pub category: Field<BiRads>,
    /// Why a person took a category below the machine's 4 or 5.
    pub downgrade_reason: String,
    /// What is advised.
    pub advice: Field<Advice>,
    /// Volume in cm³ and its relative error: simulated.
    #[cfg_attr(feature = "schema", schema(required))]
    pub volume_cm3: Option<[f32; 2]>,
    /// In how many frames it was seen.
    pub sightings: u32,
    /// Its planes, in the order of their reasons.
    pub planes: Vec<Plane>,
}

/// For how long pictures were read at a place that a person had said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ScannedAt {
    /// Where the probe was said to stand.
    pub place: Place,
    /// Seconds of scan with a picture that can be read.
    pub seconds: f32,
}

/// The lymph nodes of an armpit, as a person saw them there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Axilla {
    /// The node that is described; `None`: it was looked at, and no abnormal node was seen.
    #[cfg_attr(feature = "schema", schema(required))]
    pub node: Option<LymphNode>,
}

impl Axilla {
    /// An axillary lymph node (CID 6056).
    pub const NODE: Code = Code { value: "68171009", scheme: "SCT", meaning: "Axillary lymph node" };
}

/// A lymph node. What is not said was not measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct LymphNode {
    /// Its long axis, mm.
    pub long_mm: Option<f32>,
    /// The one across it, mm.
    pub short_mm: Option<f32>,
    /// How thick its cortex is, mm.
    pub cortex_mm: Option<f32>,
    /// Its hilum.
    pub hilum: Option<Hilum>,
}

/// The hilum of a lymph node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names say it.
pub enum Hilum {
    Kept,
    Lost,
}

/// One breast of the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BreastReport {
    /// Which.
    pub side: Side,
    /// Seconds of scan with a picture that can be read.
    pub scanned_s: f32,
    /// Share of the twelve hours of the clock at which a person said that the probe stood, 0..=1; `None` where nobody named one.
    /// Nothing measures how much of the breast the probe went over: a reader is told the hours, and no percentage.
    #[cfg_attr(feature = "schema", schema(required))]
    pub coverage: Option<f32>,
    /// Where the probe was said to stand while pictures were read, as long as it had not gone on from there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scanned_at: Vec<ScannedAt>,
    /// A person confirms that it was examined and that nothing else was seen.
    pub examined: Field<bool>,
    /// The background of its echoes. Like the next, a person's alone.
    #[serde(default, skip_serializing_if = "Field::is_empty")]
    pub tissue: Field<Word>,
    /// The lymph nodes of its armpit.
    #[serde(default, skip_serializing_if = "Field::is_empty")]
    pub axilla: Field<Axilla>,
    /// The highest category by management; `None` while no category is given.
    #[cfg_attr(feature = "schema", schema(required))]
    pub category: Option<BiRads>,
}

/// How long a fault of the picture held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QualityRecord {
    /// Its key, such as `contact_lost`.
    pub code: String,
    /// How often it came.
    pub times: u32,
    /// How long it held, all together, seconds.
    pub seconds: f32,
}

/// The model that proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MachineRecord {
    /// Its name.
    pub model: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the weights, hex.
    pub sha256: String,
    /// Engine and precision, such as `onnxruntime/openvino bf16`.
    pub engine: String,
}

/// What simulated lengths along the sweep rest on: sweeps of known length with the same probe and preset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalibrationRecord {
    /// Which probe, as people call it.
    pub probe: String,
    /// Which settings of the machine, as people call them; empty where the probe has but one.
    pub preset: String,
    /// The day it was made, such as `2026-05-28`; empty where there was none: the virtual transducer's beam is known.
    pub made: String,
    /// The relative error to state beside a length along the sweep and a volume, such as 0.25 for ± 25 %.
    pub relative_error: f32,
}

/// A person's signature under one version of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Signature {
    /// The version it stands under, from 1.
    pub version: u32,
    /// The name.
    pub name: String,
    /// `examiner` or `reviewer`.
    pub role: String,
    /// Licence number, or empty.
    pub licence: String,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// SHA-256 of the signed content, hex.
    pub sha256: String,
}

/// A text that was added after a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Addendum {
    /// The version that it makes; it adds to the one before.
    pub version: u32,
    /// What it says.
    pub text: String,
    /// Who.
    pub by: String,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

/// A report, draft or signed. What was signed before is read as one: a field that is added has a default, which is not written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Report {
    /// The examination's identifier.
    pub examination: String,
    /// The edition of the lexicon that its words are of, such as `birads_5`.
    pub lexicon_edition: String,
    /// Who is examined.
    pub patient: Patient,
    /// What is said of the whole.
    pub circumstances: Circumstances,
    /// When it began, milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
    /// The earlier examination of the same patient; `None` where this installation has none that is signed.
    #[cfg_attr(feature = "schema", schema(required))]
    pub comparison: Option<Comparison>,
    /// The frames came from the virtual transducer: nobody was examined.
    pub simulated: bool,
    /// Right, then left.
    pub breasts: Vec<BreastReport>,
    /// Lesions right, then left; by suspicion, then clock; those without a side last.
    pub lesions: Vec<LesionReport>,
    /// Planes kept for themselves.
    pub planes: Vec<Plane>,
    /// Seconds of scan with a picture that can be read, while nobody had said which breast it was.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub unsided_s: f32,
    /// Who said how large a pixel is, such as `ruler`; `None`: unknown, sizes are pixels.
    #[cfg_attr(feature = "schema", schema(required))]
    pub scale_source: Option<String>,
    /// What simulated lengths along the sweep rest on, the newest last; none where there are no such lengths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibrations: Vec<CalibrationRecord>,
    /// What was wrong with the pictures, and for how long.
    pub quality: Vec<QualityRecord>,
    /// The model that proposed; `None` where none ran.
    #[cfg_attr(feature = "schema", schema(required))]
    pub machine: Option<MachineRecord>,
    /// Models that read further parts of it, after the program was started with another; none as a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_machines: Vec<MachineRecord>,
    /// A part of it was read by no model, while `machine` read another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partly_unread: bool,
    /// The highest category by management of all lesions and breasts.
    #[cfg_attr(feature = "schema", schema(required))]
    pub overall: Option<BiRads>,
    /// Signatures, oldest first; empty for a draft.
    pub signatures: Vec<Signature>,
    /// What was added after a signature.
    pub addenda: Vec<Addendum>,
    /// This is not what was signed: its hash is not that of a signature.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub altered: bool,
}

impl LesionReport {
    /// Whether the words that hold of it are those of a simple cyst.
    #[must_use]
    pub fn is_simple_cyst(&self) -> bool {
        let one = [&self.echo, &self.posterior, &self.shape].map(|field| field.value().copied());
        let margin = self.margin.value().into_iter().flatten().copied();
        let words: Vec<Word> = one.into_iter().flatten().chain(margin).collect();
        is_simple_cyst(&words)
    }
}

impl Report {
    /// Whether a person has signed it: it is read-only then, and a change is an addendum.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Whether it is what a person has signed.
    #[must_use]
    pub fn stands_signed(&self) -> bool {
        self.is_signed() && !self.altered
    }

    /// The lesions that are printed.
    pub fn printed(&self) -> impl Iterator<Item = &LesionReport> {
        self.lesions.iter().filter(|lesion| !lesion.dismissed)
    }
}
