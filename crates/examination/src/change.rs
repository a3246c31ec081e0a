//! What an entry changed, from what to what: for whoever reads the history.

use peony_model::report::{Circumstances, Field, LesionReport, Patient, Report};
use peony_model::{Place, Side};

use crate::act::{Act, BreastWord, FieldName, FieldWord};
use crate::event::{Entry, Event};
use crate::signed::report;
use crate::state::{Deed, State};

/// An entry of the history and what it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What happened.
    pub entry: Entry,
    /// What a person's word changed by it; empty where it has no values, and for the machine.
    pub changes: Vec<Change>,
}

/// Something that had one value and has another.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A text about the patient or the examination; empty where nothing was said.
    Text {
        /// Which.
        field: TextField,
        /// What stood there.
        before: String,
        /// What stands there.
        after: String,
    },
    /// A field of a lesion; no value is not assessed.
    Field {
        /// Of which.
        lesion: u32,
        /// What stood there.
        before: FieldWord,
        /// The machine had proposed that, and nobody had said anything.
        proposed: bool,
        /// What stands there.
        after: FieldWord,
    },
    /// A field of a breast; no value is not assessed.
    Breast {
        /// Of which.
        side: Side,
        /// What stood there.
        before: BreastWord,
        /// What stands there.
        after: BreastWord,
    },
    /// Where the probe stands.
    Probe {
        /// Where it stood.
        before: Option<Place>,
        /// Where it stands.
        after: Option<Place>,
    },
    /// How deep the picture reaches, as it was entered, mm.
    Depth {
        /// Before.
        before: Option<f32>,
        /// Now.
        after: Option<f32>,
    },
    /// Whether a breast was examined, as people said.
    Examined {
        /// Which.
        side: Side,
        /// Before.
        before: Option<bool>,
        /// Now.
        after: Option<bool>,
    },
}

/// The texts that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The names are the fields of `Patient` and `Circumstances`.
pub enum TextField {
    Id,
    Name,
    Sex,
    BirthDate,
    Institution,
    Number,
    Indication,
    History,
    Device,
    Comparison,
}

/// Takes an entry into the state, and tells what it changed.
pub(crate) fn tell(state: &mut State, entry: Entry) -> Told {
    let subject = subject(state, &entry.event);
    let before = subject.as_ref().map(|subject| Values::of(state, subject));
    state.apply(&entry);
    let changes = match (&subject, before) {
        (Some(subject), Some(before)) => before.changes(&Values::of(state, subject), subject),
        _ => Vec::new(),
    };
    Told { entry, changes }
}

/// What an entry is about, where that has values.
fn subject(state: &State, event: &Event) -> Option<Deed> {
    let deed = match event {
        Event::Act(act) => Deed::Act(act.clone()),
        Event::Confirmed { lesion, words } => Deed::Confirmed { lesion: *lesion, words: words.clone() },
        Event::Undone { seq } => state.acts().find(|done| done.seq == *seq)?.deed.clone(),
        _ => return None,
    };
    let has_values = match &deed {
        Deed::Confirmed { .. } => true,
        Deed::Act(act) => matches!(
            act,
            Act::SetPatient { .. }
                | Act::SetCircumstances { .. }
                | Act::SetProbe { .. }
                | Act::SetDepth { .. }
                | Act::SetExamined { .. }
                | Act::Say { .. }
                | Act::SayOfBreast { .. }
        ),
    };
    has_values.then_some(deed)
}

/// Where values stand at one moment.
struct Values {
    /// Read only where the values are the report's.
    report: Option<Report>,
    probe: Option<Place>,
    depth_mm: Option<f32>,
}

impl Values {
    fn of(state: &State, subject: &Deed) -> Self {
        let is_of_report = !matches!(subject, Deed::Act(Act::SetProbe { .. } | Act::SetDepth { .. }));
        Self {
            report: is_of_report.then(|| report(state)),
            probe: state.probe(),
            depth_mm: state.entered_depth().map(|depth| depth.depth_mm),
        }
    }

    fn changes(&self, after: &Self, subject: &Deed) -> Vec<Change> {
        let reports = self.report.as_ref().zip(after.report.as_ref());
        match (subject, reports) {
            (Deed::Act(Act::SetProbe { .. }), _) => {
                vec![Change::Probe { before: self.probe, after: after.probe }]
            }
            (Deed::Act(Act::SetDepth { .. }), _) => {
                vec![Change::Depth { before: self.depth_mm, after: after.depth_mm }]
            }
            (Deed::Act(Act::SetPatient { .. }), Some((before, after))) => {
                texts(of_patient(&before.patient), of_patient(&after.patient))
            }
            (Deed::Act(Act::SetCircumstances { .. }), Some((before, after))) => {
                texts(of_circumstances(&before.circumstances), of_circumstances(&after.circumstances))
            }
            (Deed::Act(Act::SetExamined { side, .. }), Some((before, after))) => {
                let said = |report: &Report| {
                    let breast = report.breasts.iter().find(|breast| breast.side == *side);
                    breast.and_then(|breast| breast.examined.said.as_ref()?.value)
                };
                vec![Change::Examined { side: *side, before: said(before), after: said(after) }]
            }
            (Deed::Act(Act::Say { lesion, word }), Some((before, after))) => {
                field(before, after, *lesion, word).into_iter().collect()
            }
            (Deed::Act(Act::SayOfBreast { side, word }), Some((before, after))) => {
                of_breast(before, after, *side, word).into_iter().collect()
            }
            (Deed::Confirmed { lesion, words }, Some((before, after))) => {
                words.iter().filter_map(|word| field(before, after, *lesion, word)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The field that a word is of, in both reports; `None` where the lesion is in neither.
fn field(before: &Report, after: &Report, lesion: u32, word: &FieldWord) -> Option<Change> {
    let of = |report: &Report| -> Option<(FieldWord, bool)> {
        let lesion = report.lesions.iter().find(|at| at.lesion == lesion)?;
        Some(match word.name() {
            Some(name) => (name.value(lesion), name.proposal(lesion).is_some()),
            None => (FieldWord::DowngradeReason(lesion.downgrade_reason.clone()), false),
        })
    };
    let ((before, proposed), (after, _)) = (of(before)?, of(after)?);
    Some(Change::Field { lesion, before, proposed, after })
}

/// The field of a breast that a word is of, in both reports.
fn of_breast(before: &Report, after: &Report, side: Side, word: &BreastWord) -> Option<Change> {
    let of = |report: &Report| -> Option<BreastWord> {
        let breast = report.breasts.iter().find(|breast| breast.side == side)?;
        Some(match word {
            BreastWord::Tissue(_) => BreastWord::Tissue(breast.tissue.value().copied()),
            BreastWord::Axilla(_) => BreastWord::Axilla(breast.axilla.value().copied()),
        })
    };
    Some(Change::Breast { side, before: of(before)?, after: of(after)? })
}

/// The texts that differ.
fn texts<const N: usize>(before: [(TextField, &str); N], after: [(TextField, &str); N]) -> Vec<Change> {
    let pairs = before.into_iter().zip(after);
    let differ = pairs.filter(|((_, before), (_, after))| before != after);
    let change = |((field, before), (_, after)): ((TextField, &str), (TextField, &str))| Change::Text {
        field,
        before: before.to_owned(),
        after: after.to_owned(),
    };
    differ.map(change).collect()
}

fn of_patient(Patient { id, name, sex, birth_date }: &Patient) -> [(TextField, &str); 4] {
    use TextField as F;
    [(F::Name, name), (F::Id, id), (F::Sex, sex), (F::BirthDate, birth_date)]
}

fn of_circumstances(of: &Circumstances) -> [(TextField, &str); 6] {
    use TextField as F;
    let Circumstances { institution, number, indication, history, device, comparison } = of;
    [
        (F::Institution, institution),
        (F::Number, number),
        (F::Indication, indication),
        (F::History, history),
        (F::Device, device),
        (F::Comparison, comparison),
    ]
}

impl FieldWord {
    /// The field that it is of; `None` for the reason of a lower category.
    #[must_use]
    pub fn name(&self) -> Option<FieldName> {
        Some(match self {
            Self::Place(_) => FieldName::Place,
            Self::DepthMm(_) => FieldName::DepthMm,
            Self::Size(_) => FieldName::Size,
            Self::Before(_) => FieldName::Before,
            Self::Shape(_) => FieldName::Shape,
            Self::Orientation(_) => FieldName::Orientation,
            Self::Margin(_) => FieldName::Margin,
            Self::Echo(_) => FieldName::Echo,
            Self::Posterior(_) => FieldName::Posterior,
            Self::Calcification(_) => FieldName::Calcification,
            Self::Boundary(_) => FieldName::Boundary,
            Self::Associated(_) => FieldName::Associated,
            Self::Vascularity(_) => FieldName::Vascularity,
            Self::Elasticity(_) => FieldName::Elasticity,
            Self::Category(_) => FieldName::Category,
            Self::Advice(_) => FieldName::Advice,
            Self::DowngradeReason(_) => return None,
        })
    }
}

impl FieldName {
    /// What the report prints for this field of a lesion.
    #[must_use]
    pub fn value(self, lesion: &LesionReport) -> FieldWord {
        fn of<T: Clone>(field: &Field<T>) -> Option<T> {
            field.value().cloned()
        }
        match self {
            Self::Place => FieldWord::Place(of(&lesion.place)),
            Self::DepthMm => FieldWord::DepthMm(of(&lesion.depth_mm)),
            Self::Size => FieldWord::Size(of(&lesion.size)),
            Self::Before => FieldWord::Before(of(&lesion.before)),
            Self::Shape => FieldWord::Shape(of(&lesion.shape)),
            Self::Orientation => FieldWord::Orientation(of(&lesion.orientation)),
            Self::Margin => FieldWord::Margin(of(&lesion.margin)),
            Self::Echo => FieldWord::Echo(of(&lesion.echo)),
            Self::Posterior => FieldWord::Posterior(of(&lesion.posterior)),
            Self::Calcification => FieldWord::Calcification(of(&lesion.calcification)),
            Self::Boundary => FieldWord::Boundary(of(&lesion.boundary)),
            Self::Associated => FieldWord::Associated(of(&lesion.associated)),
            Self::Vascularity => FieldWord::Vascularity(of(&lesion.vascularity)),
            Self::Elasticity => FieldWord::Elasticity(of(&lesion.elasticity)),
            Self::Category => FieldWord::Category(of(&lesion.category)),
            Self::Advice => FieldWord::Advice(of(&lesion.advice)),
        }
    }
}
