//! The comparison with an earlier examination of the same patient.

use serde::{Deserialize, Serialize};

use super::{Field, LesionReport, Patient, Report, Said, Size};
use crate::{BiRads, Place, Side, Word};

/// What a comparison needs of an earlier examination whose report is signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Earlier {
    /// Its identifier.
    pub examination: String,
    /// When it began, milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
    /// Who was examined.
    pub patient: Patient,
    /// Its number in the house.
    pub number: String,
    /// The breasts that a person confirmed as examined.
    pub examined: Vec<Side>,
    /// The lesions that its report printed.
    pub lesions: Vec<EarlierLesion>,
}

impl Earlier {
    /// What the report of an examination says to a later one.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let examined = report.breasts.iter().filter(|breast| breast.examined.value() == Some(&true));
        Self {
            examination: report.examination.clone(),
            began_ms: report.began_ms,
            patient: report.patient.clone(),
            number: report.circumstances.number.clone(),
            examined: examined.map(|breast| breast.side).collect(),
            lesions: report.printed().map(EarlierLesion::of).collect(),
        }
    }

    /// The lesion of this number.
    #[must_use]
    pub fn lesion(&self, lesion: u32) -> Option<&EarlierLesion> {
        self.lesions.iter().find(|at| at.lesion == lesion)
    }
}

/// A lesion of an earlier report. With the examination's identifier its number names it for good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EarlierLesion {
    /// Its number within that examination.
    pub lesion: u32,
    /// Its letter there.
    pub letter: String,
    /// Where it lay.
    #[cfg_attr(feature = "schema", schema(required))]
    pub place: Option<Place>,
    /// From the skin to its nearest edge, mm.
    #[cfg_attr(feature = "schema", schema(required))]
    pub depth_mm: Option<f32>,
    /// Its size.
    #[cfg_attr(feature = "schema", schema(required))]
    pub size: Option<Size>,
    /// The words of the lexicon that described it.
    pub words: Vec<Word>,
    /// Its category.
    #[cfg_attr(feature = "schema", schema(required))]
    pub category: Option<BiRads>,
}

impl EarlierLesion {
    /// What a report says of a lesion.
    #[must_use]
    pub fn of(lesion: &LesionReport) -> Self {
        Self {
            lesion: lesion.lesion,
            letter: lesion.letter.clone(),
            place: lesion.place.value().copied(),
            depth_mm: lesion.depth_mm.value().copied(),
            size: lesion.size.value().copied(),
            words: lesion.words(),
            category: lesion.category.value().copied(),
        }
    }
}

/// The earlier examination that a report is held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// As it was when this examination first heard of it.
    pub earlier: Earlier,
    /// Days between the two, rounded.
    pub days: u32,
    /// Identifier alike, and name, sex or birth date not: nothing is compared until a person says that it is the same one.
    pub conflict: bool,
    /// A person's word on whether it is the same patient.
    #[cfg_attr(feature = "schema", schema(required))]
    pub same_patient: Option<Said<bool>>,
    /// Earlier lesions that no lesion of this report is, as far as is known. Never "gone": for that, the place must be
    /// looked at again.
    pub not_seen: Vec<NotSeen>,
}

impl Comparison {
    /// Whether the two may be compared: a person's word, or else that nothing contradicts it.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.same_patient.as_ref().and_then(|said| said.value).unwrap_or(!self.conflict)
    }

    /// Whether a person has to say first whether it is the same patient.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.conflict && self.same_patient.is_none()
    }
}

/// An earlier lesion that was not seen this time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NotSeen {
    /// Its number in the earlier examination.
    pub lesion: u32,
    /// A person looked at the place again, and did not see it.
    #[cfg_attr(feature = "schema", schema(required))]
    pub looked_again: Option<Said<bool>>,
}

/// What a lesion was in an earlier examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The identifier of the earlier examination: with another one, this says nothing.
    pub examination: String,
    /// The lesion that it was there; `None`: it is new.
    #[cfg_attr(feature = "schema", schema(required))]
    pub lesion: Option<u32>,
}

/// An earlier lesion of the same breast, and what the change would be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Candidate {
    /// Its number in the earlier examination.
    pub lesion: u32,
    /// From then until now.
    pub change: Change,
}

/// How the longest diameter changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Both are known in millimetres.
    Measured {
        /// The longest diameter then and now, mm.
        long_mm: [f32; 2],
        /// Now less then, mm.
        difference_mm: f32,
        /// The same as a share of then.
        ratio: f32,
        /// What it means.
        trend: Trend,
        /// Category 3 then, and a fifth larger or more since.
        alarm: bool,
        /// Days in which the volume doubles; negative: halves. `None` without three measured axes at both times, under
        /// thirty days, or where the size is the same.
        #[cfg_attr(feature = "schema", schema(required))]
        doubling_days: Option<f32>,
    },
    /// Nothing can be said.
    NotComparable {
        /// Why.
        reason: NotComparable,
    },
}

/// Whether a lesion grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names say it.
pub enum Trend {
    Larger,
    Smaller,
    /// Within what measuring again would give.
    Same,
}

/// Why two sizes cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotComparable {
    /// One of them is not known.
    NoSize,
    /// One of them, or both, are in pixels.
    NoScale,
}

impl LesionReport {
    /// Every word of the lexicon that describes it.
    #[must_use]
    pub fn words(&self) -> Vec<Word> {
        let one = |field: &Field<Word>| field.value().copied().into_iter().collect::<Vec<_>>();
        let many = |field: &Field<Vec<Word>>| field.value().cloned().unwrap_or_default();
        [
            one(&self.shape),
            one(&self.orientation),
            many(&self.margin),
            one(&self.echo),
            one(&self.posterior),
            many(&self.calcification),
            one(&self.boundary),
            many(&self.associated),
            many(&self.vascularity),
            one(&self.elasticity),
        ]
        .concat()
    }

    /// The earlier lesion that it was, and the change since; `None` for a new one, and where nobody knows.
    #[must_use]
    pub fn change(&self) -> Option<&Candidate> {
        let lesion = self.before.value()?.lesion?;
        self.candidates.iter().find(|candidate| candidate.lesion == lesion)
    }

    /// Whether a person is asked what it was before: the machine does not know, and there is something to choose from.
    #[must_use]
    pub fn asks_before(&self) -> bool {
        self.before.value().is_none() && self.before.said.is_none() && !self.candidates.is_empty()
    }
}
