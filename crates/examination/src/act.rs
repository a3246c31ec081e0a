//! What a person does to an examination.

use std::ops::RangeInclusive;

use peony_model::report::{Advice, Axilla, Before, Circumstances, Field, LesionReport, Patient, Size};
use peony_model::{BiRads, CalibrationSource, MmPerPx, Place, Side, SpacingError, Word};
use serde::{Deserialize, Serialize};

/// Something a person did. Every one is an event of its own; nothing is overwritten by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Says who is examined.
    SetPatient {
        /// Who.
        patient: Patient,
    },
    /// Says what concerns the examination as a whole.
    SetCircumstances {
        /// What.
        circumstances: Circumstances,
    },
    /// Says which breast is scanned from now on, and where the probe stands, as far as known.
    SetProbe {
        /// Where.
        place: Place,
    },
    /// Says how deep the picture reaches, for a machine whose scale cannot be read, or takes that back.
    SetDepth {
        /// How deep; `null`: as far as the program can read it.
        depth: Option<EnteredDepth>,
    },
    /// Says a field of a lesion.
    Say {
        /// Which lesion.
        lesion: u32,
        /// Which field, and what.
        word: FieldWord,
    },
    /// Says a field of a breast.
    SayOfBreast {
        /// Which breast.
        side: Side,
        /// Which field, and what.
        word: BreastWord,
    },
    /// Takes the machine's proposals for these fields as they stand.
    Confirm {
        /// Which lesion.
        lesion: u32,
        /// Which fields; those without a proposal are left alone.
        fields: Vec<FieldName>,
        /// What the person was shown in these fields: where another value is proposed by now, nothing is taken. Left out, whatever is
        /// proposed now is taken, seen or not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<Vec<FieldWord>>,
    },
    /// Confirms that a breast was examined, or takes that back.
    SetExamined {
        /// Which.
        side: Side,
        /// Examined or not.
        examined: bool,
    },
    /// Says whether an earlier examination under the same identifier is of the same patient.
    SetSamePatient {
        /// The identifier of the earlier examination.
        examination: String,
        /// The same or not: with `false` nothing is compared.
        same: bool,
    },
    /// Confirms that the place of an earlier lesion was scanned again and that it was not seen, or takes that back.
    SetLookedAgain {
        /// The identifier of the earlier examination.
        examination: String,
        /// The lesion's number there.
        lesion: u32,
        /// Looked again or not.
        looked: bool,
    },
    /// Says that a lesion is one and the same as another: it counts there from now on.
    Join {
        /// Which.
        lesion: u32,
        /// The one that goes on.
        into: u32,
    },
    /// Takes apart what was joined.
    Part {
        /// The lesion that is one of its own again.
        lesion: u32,
    },
    /// Says that a lesion is not the earlier one that the machine takes it for: it is not asked again.
    KeepApart {
        /// Which.
        lesion: u32,
        /// The earlier one.
        from: u32,
    },
    /// Strikes a lesion out.
    Dismiss {
        /// Which.
        lesion: u32,
    },
    /// Brings back a lesion that was struck out.
    Restore {
        /// Which.
        lesion: u32,
    },
    /// Takes a plane out of the report; its picture stays on the disk.
    ReleasePlane {
        /// Which.
        plane: u64,
    },
    /// Brings back a plane that was taken out.
    RestorePlane {
        /// Which.
        plane: u64,
    },
    /// Signs the report as it stands.
    Sign {
        /// The signer's name.
        name: String,
        /// `examiner` or `reviewer`.
        role: Role,
        /// Licence number, or empty.
        #[serde(default)]
        licence: String,
    },
    /// Adds a text to a signed report.
    Add {
        /// What it says.
        text: String,
    },
}

/// A depth that a person read off the machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnteredDepth {
    /// From the upper to the lower edge of the picture, mm.
    pub depth_mm: f32,
    /// The same, pixels.
    pub height_px: f32,
    /// Width and height of the frames that it holds for: on others the picture is another.
    pub size_px: [u32; 2],
}

impl EnteredDepth {
    /// Depths that ultrasound machines show, mm.
    pub const RANGE_MM: RangeInclusive<f32> = 10.0..=200.0;

    /// The size of a pixel.
    ///
    /// # Errors
    /// Where no ultrasound machine has such pixels.
    pub fn scale(&self) -> Result<MmPerPx, SpacingError> {
        let mm = self.depth_mm / self.height_px;
        MmPerPx::new(mm, mm, CalibrationSource::Entered)
    }
}

/// In which role a report is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names are the roles.
pub enum Role {
    Examiner,
    Reviewer,
}

impl Role {
    /// The key used in files.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Examiner => "examiner",
            Self::Reviewer => "reviewer",
        }
    }
}

/// The fields of a lesion that a person can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names are the fields.
pub enum FieldName {
    Place,
    DepthMm,
    Size,
    Before,
    Shape,
    Orientation,
    Margin,
    Echo,
    Posterior,
    Calcification,
    Boundary,
    Associated,
    Vascularity,
    Elasticity,
    Category,
    Advice,
}

/// A person's word on a field; `null` says that it was not assessed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "field", content = "value", rename_all = "snake_case")]
#[allow(missing_docs)] // The names are the fields.
pub enum FieldWord {
    Place(Option<Place>),
    DepthMm(Option<f32>),
    Size(Option<Size>),
    /// Which earlier lesion it was, or that it is new; `null` says that it was not compared.
    Before(Option<Before>),
    Shape(Option<Word>),
    Orientation(Option<Word>),
    Margin(Option<Vec<Word>>),
    Echo(Option<Word>),
    Posterior(Option<Word>),
    Calcification(Option<Vec<Word>>),
    Boundary(Option<Word>),
    Associated(Option<Vec<Word>>),
    Vascularity(Option<Vec<Word>>),
    Elasticity(Option<Word>),
    Category(Option<BiRads>),
    Advice(Option<Advice>),
    /// Why the category is below the machine's 4 or 5; empty takes it back.
    DowngradeReason(String),
}

/// A person's word on a field of a breast; `null` says that it was not assessed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "field", content = "value", rename_all = "snake_case")]
#[allow(missing_docs)] // The names are the fields.
pub enum BreastWord {
    Tissue(Option<Word>),
    Axilla(Option<Axilla>),
}

impl Act {
    /// Whether its values can be, whatever the examination; for whoever has yet to begin one.
    ///
    /// # Errors
    /// One line on which cannot.
    pub fn check(&self) -> Result<(), &'static str> {
        crate::bounds::check(self)
    }
}

impl FieldName {
    /// Every field, in the order of the form.
    pub const ALL: [Self; 16] = [
        Self::Place,
        Self::DepthMm,
        Self::Size,
        Self::Before,
        Self::Shape,
        Self::Orientation,
        Self::Margin,
        Self::Echo,
        Self::Posterior,
        Self::Calcification,
        Self::Boundary,
        Self::Associated,
        Self::Vascularity,
        Self::Elasticity,
        Self::Category,
        Self::Advice,
    ];

    /// Whether people said different things in this field of lesions that were joined since, and nobody has said which holds.
    #[must_use]
    pub fn is_contrary(self, lesion: &LesionReport) -> bool {
        match self {
            Self::Place => lesion.place.contrary,
            Self::DepthMm => lesion.depth_mm.contrary,
            Self::Size => lesion.size.contrary,
            Self::Before => lesion.before.contrary,
            Self::Shape => lesion.shape.contrary,
            Self::Orientation => lesion.orientation.contrary,
            Self::Margin => lesion.margin.contrary,
            Self::Echo => lesion.echo.contrary,
            Self::Posterior => lesion.posterior.contrary,
            Self::Calcification => lesion.calcification.contrary,
            Self::Boundary => lesion.boundary.contrary,
            Self::Associated => lesion.associated.contrary,
            Self::Vascularity => lesion.vascularity.contrary,
            Self::Elasticity => lesion.elasticity.contrary,
            Self::Category => lesion.category.contrary,
            Self::Advice => lesion.advice.contrary,
        }
    }

    /// The machine's open proposal for this field of a lesion, as a person's word; `None` where there is none.
    #[must_use]
    pub fn proposal(self, lesion: &LesionReport) -> Option<FieldWord> {
        fn open<T: Clone>(field: &Field<T>, word: impl FnOnce(Option<T>) -> FieldWord) -> Option<FieldWord> {
            field.is_open().then(|| word(field.proposed.clone()))
        }
        match self {
            Self::Place => open(&lesion.place, FieldWord::Place),
            Self::DepthMm => open(&lesion.depth_mm, FieldWord::DepthMm),
            Self::Size => open(&lesion.size, FieldWord::Size),
            Self::Before => open(&lesion.before, FieldWord::Before),
            Self::Shape => open(&lesion.shape, FieldWord::Shape),
            Self::Orientation => open(&lesion.orientation, FieldWord::Orientation),
            Self::Margin => open(&lesion.margin, FieldWord::Margin),
            Self::Echo => open(&lesion.echo, FieldWord::Echo),
            Self::Posterior => open(&lesion.posterior, FieldWord::Posterior),
            Self::Calcification => open(&lesion.calcification, FieldWord::Calcification),
            Self::Boundary => open(&lesion.boundary, FieldWord::Boundary),
            Self::Associated => open(&lesion.associated, FieldWord::Associated),
            Self::Vascularity => open(&lesion.vascularity, FieldWord::Vascularity),
            Self::Elasticity => open(&lesion.elasticity, FieldWord::Elasticity),
            Self::Category => open(&lesion.category, FieldWord::Category),
            Self::Advice => open(&lesion.advice, FieldWord::Advice),
        }
    }
}
