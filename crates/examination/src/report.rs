//! From the state of an examination to its report.

use std::collections::BTreeMap;

use peony_model::report::{
    Addendum, Advice, BreastReport, Circumstances, Field, Grounds, LesionReport, Patient, QualityRecord,
    Report, Said, ScannedAt,
};
use peony_model::{BiRads, Clock, Feature, Side, Word};

use crate::act::{Act, BreastWord, FieldWord};
use crate::again;
use crate::comparison;
use crate::join;
use crate::state::{Deed, Done, JoinedSoFar, Lesion, Merge, State};

/// Below this a place was passed and not scanned, seconds.
const LEAST_SCANNED_S: f32 = 1.0;

/// The report that these entries make: the machine's proposals, and over them what people said and did not take back.
pub(crate) fn made(state: &State) -> Report {
    let (models, partly_unread) = state.models();
    let mut models = models.into_iter();
    let mut report = Report {
        examination: state.opened.id.clone(),
        lexicon_edition: state.opened.lexicon_edition.clone(),
        patient: Patient::default(),
        circumstances: Circumstances::default(),
        began_ms: state.began_ms,
        comparison: None,
        simulated: state.simulated,
        breasts: Side::BOTH.map(|side| breast(state, side)).into(),
        lesions: state
            .lesions
            .values()
            .chain(state.merges.iter().map(|merge| &merge.lesion))
            .map(|lesion| proposed(state, lesion))
            .collect(),
        planes: planes_of(state, None),
        unsided_s: state.scanned_unsided,
        scale_source: state.scale.clone(),
        calibrations: state.calibrations.clone(),
        quality: state
            .faults
            .iter()
            .map(|(code, (times, seconds))| QualityRecord {
                code: code.clone(),
                times: *times,
                seconds: *seconds,
            })
            .collect(),
        machine: models.next(),
        further_machines: models.collect(),
        partly_unread,
        overall: None,
        signatures: Vec::new(),
        addenda: Vec::new(),
        altered: false,
    };
    let stands = state.joins_that_stand();
    let mut joined = JoinedSoFar::default();
    let mut merges = state.merges.iter().peekable();
    let mut proposed_before = BTreeMap::new();
    for done in state.acts() {
        while let Some(merge) = merges.next_if(|merge| merge.seq < done.seq) {
            merged(&mut report, merge, state, &joined);
        }
        proposed_before.extend(comparison::proposed_then(&report, state, done));
        apply(&mut report, done);
        // What is said of a lesion after others were joined to it stands over what was said of any of them before.
        if stands.contains(&done.seq)
            && let Some([part, whole]) = joined.take(state, done)
        {
            join::words(&mut report, part, whole);
        }
    }
    merges.for_each(|merge| merged(&mut report, merge, state, &joined));
    join::findings(&mut report, state);
    comparison::compare(&mut report, state);
    // What was signed by its hash alone was signed without these.
    if state.signatures.is_empty() {
        for lesion in report.lesions.iter_mut().filter(|lesion| lesion.before.said.is_some()) {
            lesion.before.proposed = proposed_before.remove(&lesion.lesion).flatten();
        }
    }
    again::ask(&mut report, state);
    conclude(&mut report);
    report
}

/// The machine made one of two lesions: what people said of the one that is no more is said of the other, as where they join two. What was struck
/// out is back when it is one with what was not.
fn merged(report: &mut Report, merge: &Merge, state: &State, joined: &JoinedSoFar) {
    let (part, whole) = (merge.lesion.found.lesion, joined.whole(state, merge.into));
    // Where that one is merged itself later, its words go on then.
    let is_joined = whole != state.after_merges(merge.into);
    let into = if is_joined { whole } else { merge.into };
    join::words(report, part, into);
    let Some(at) = report.lesions.iter().position(|at| at.lesion == part) else { return };
    let part = report.lesions.remove(at);
    for whole in report.lesions.iter_mut().filter(|at| at.lesion == into) {
        whole.dismissed &= part.dismissed;
    }
}

fn breast(state: &State, side: Side) -> BreastReport {
    let scanned_s = state.scanned.get(&side).copied().unwrap_or_default();
    BreastReport {
        side,
        scanned_s,
        coverage: coverage(state, side),
        scanned_at: scanned_at(state, side),
        examined: Field::default(),
        tissue: Field::default(),
        axilla: Field::default(),
        category: None,
    }
}

/// The share of the twelve hours of the clock at which a person said the probe stood, while scanning this breast.
///
/// A simple form: it knows the hours that were said, and nothing of how far from the nipple the probe went.
fn coverage(state: &State, side: Side) -> Option<f32> {
    let hours: std::collections::BTreeSet<u8> = state
        .acts()
        .filter_map(|done| match &done.deed {
            Deed::Act(Act::SetProbe { place }) if place.side == side => place.clock,
            _ => None,
        })
        .map(hour)
        .collect();
    (!hours.is_empty()).then(|| hours.len() as f32 / 12.0)
}

/// The places of a breast at which pictures were read for more than a moment.
fn scanned_at(state: &State, side: Side) -> Vec<ScannedAt> {
    let here = state.scanned_at.iter().filter(|(place, seconds)| {
        place.side == side && place.clock.is_some() && *seconds >= LEAST_SCANNED_S
    });
    here.map(|&(place, seconds)| ScannedAt { place, seconds }).collect()
}

fn hour(clock: Clock) -> u8 {
    // Below 360 degrees, so below 12.
    (clock.degrees() / 30.0) as u8
}

fn planes_of(state: &State, lesion: Option<u32>) -> Vec<peony_model::report::Plane> {
    let kept = state.planes.iter().map(|(plane, _)| plane);
    let mut planes: Vec<_> =
        kept.filter(|plane| plane.lesion == lesion && !state.is_released(plane.id)).cloned().collect();
    planes.sort_by_key(|plane| (plane.reason, plane.id));
    planes
}

fn proposed(state: &State, lesion: &Lesion) -> LesionReport {
    let (found, seen) = (&lesion.found, lesion.seen.as_ref());
    let words = |feature: Feature| -> Vec<Word> {
        let said = seen.map_or(&[][..], |seen| &seen.words);
        said.iter().copied().filter(|word| word.feature() == feature).collect()
    };
    let one = |feature| Field::proposed(words(feature).first().copied());
    let many = |feature| Field::proposed(Some(words(feature)).filter(|words| !words.is_empty()));
    let planes = planes_of(state, Some(found.lesion));
    let evidence = seen.and_then(|seen| seen.evidence.as_ref());
    LesionReport {
        lesion: found.lesion,
        letter: found.letter.clone(),
        dismissed: false,
        joined: Vec::new(),
        may_be: None,
        place: Field::proposed(state.place_of(lesion)),
        depth_mm: Field::proposed(seen.and_then(|seen| seen.depth_mm)),
        size: Field::proposed(seen.and_then(|seen| seen.size)),
        before: Field::default(),
        candidates: Vec::new(),
        shape: one(Feature::Shape),
        orientation: one(Feature::Orientation),
        margin: many(Feature::Margin),
        echo: one(Feature::Echo),
        posterior: one(Feature::Posterior),
        calcification: many(Feature::Calcification),
        boundary: one(Feature::Boundary),
        associated: Field::default(),
        vascularity: Field::default(),
        elasticity: Field::default(),
        malignancy: seen.and_then(|seen| seen.malignancy),
        grounds: evidence.map(|evidence| Grounds::of(evidence, &planes)),
        category: Field::proposed(seen.and_then(|seen| seen.category)),
        downgrade_reason: String::new(),
        advice: Field::default(),
        volume_cm3: seen.and_then(|seen| seen.volume_cm3),
        sightings: seen.map_or(0, |seen| seen.sightings),
        planes,
    }
}

pub(crate) fn apply(report: &mut Report, done: &Done) {
    let act = match &done.deed {
        Deed::Act(act) => act,
        Deed::Confirmed { lesion, words } => {
            if let Some(lesion) = report.lesions.iter_mut().find(|at| at.lesion == *lesion) {
                words.iter().for_each(|word| say(lesion, word, done));
            }
            return;
        }
    };
    let said = |by: &Done| (by.by.name.clone(), by.at_ms);
    match act {
        Act::SetPatient { patient } => report.patient = patient.clone(),
        Act::SetCircumstances { circumstances } => report.circumstances = circumstances.clone(),
        Act::SetExamined { side, examined } => {
            let (by, at_ms) = said(done);
            for breast in report.breasts.iter_mut().filter(|breast| breast.side == *side) {
                breast.examined.said = Some(Said { value: Some(*examined), by: by.clone(), at_ms });
            }
        }
        Act::Say { lesion, word } => {
            if let Some(lesion) = report.lesions.iter_mut().find(|at| at.lesion == *lesion) {
                say(lesion, word, done);
            }
        }
        Act::SayOfBreast { side, word } => {
            if let Some(breast) = report.breasts.iter_mut().find(|breast| breast.side == *side) {
                match word {
                    BreastWord::Tissue(value) => set(&mut breast.tissue, value, done),
                    BreastWord::Axilla(value) => set(&mut breast.axilla, value, done),
                }
            }
        }
        Act::Dismiss { lesion } | Act::Restore { lesion } => {
            let dismissed = matches!(act, Act::Dismiss { .. });
            for at in report.lesions.iter_mut().filter(|at| at.lesion == *lesion) {
                at.dismissed = dismissed;
            }
        }
        Act::Add { text } => {
            let (by, at_ms) = said(done);
            let version = report.addenda.len() as u32 + 2;
            report.addenda.push(Addendum { version, text: text.clone(), by, at_ms });
        }
        // The first two move the probe and the scale and not a field; the next two belong to the comparison; lesions are joined, and
        // asked of, when all is said; planes were left out already; the others become events of their own.
        Act::SetProbe { .. }
        | Act::SetDepth { .. }
        | Act::SetSamePatient { .. }
        | Act::SetLookedAgain { .. }
        | Act::Join { .. }
        | Act::Part { .. }
        | Act::KeepApart { .. }
        | Act::ReleasePlane { .. }
        | Act::RestorePlane { .. }
        | Act::Confirm { .. }
        | Act::Sign { .. } => {}
    }
}

fn set<T: Clone>(field: &mut Field<T>, value: &Option<T>, done: &Done) {
    field.said = Some(Said { value: value.clone(), by: done.by.name.clone(), at_ms: done.at_ms });
    field.contrary = false;
}

fn say(lesion: &mut LesionReport, word: &FieldWord, done: &Done) {
    match word {
        FieldWord::Place(value) => set(&mut lesion.place, value, done),
        FieldWord::DepthMm(value) => set(&mut lesion.depth_mm, value, done),
        FieldWord::Size(value) => set(&mut lesion.size, value, done),
        FieldWord::Before(value) => set(&mut lesion.before, value, done),
        FieldWord::Shape(value) => set(&mut lesion.shape, value, done),
        FieldWord::Orientation(value) => set(&mut lesion.orientation, value, done),
        FieldWord::Margin(value) => set(&mut lesion.margin, value, done),
        FieldWord::Echo(value) => set(&mut lesion.echo, value, done),
        FieldWord::Posterior(value) => set(&mut lesion.posterior, value, done),
        FieldWord::Calcification(value) => set(&mut lesion.calcification, value, done),
        FieldWord::Boundary(value) => set(&mut lesion.boundary, value, done),
        FieldWord::Associated(value) => set(&mut lesion.associated, value, done),
        FieldWord::Vascularity(value) => set(&mut lesion.vascularity, value, done),
        FieldWord::Elasticity(value) => set(&mut lesion.elasticity, value, done),
        FieldWord::Category(value) => set(&mut lesion.category, value, done),
        FieldWord::Advice(value) => set(&mut lesion.advice, value, done),
        FieldWord::DowngradeReason(text) => lesion.downgrade_reason.clone_from(text),
    }
}

/// What follows from the fields: advice, the categories of each breast and of the whole, and the order.
fn conclude(report: &mut Report) {
    for lesion in &mut report.lesions {
        lesion.advice.proposed = lesion.category.value().copied().map(Advice::of);
    }
    let side_of = |lesion: &LesionReport| lesion.place.value().map(|place| place.side);
    let mut overall: Option<BiRads> = None;
    for breast in &mut report.breasts {
        let of_breast = report.lesions.iter().filter(|at| !at.dismissed && side_of(at) == Some(breast.side));
        let highest = of_breast.filter_map(|at| at.category.value().copied()).max();
        // Negative is a person's word alone: they confirm that the breast was examined.
        let negative = breast.examined.value().filter(|examined| **examined).map(|_| BiRads::Cat1);
        breast.category = highest.or(negative);
        overall = overall.max(breast.category);
    }
    let all = report.lesions.iter().filter(|at| !at.dismissed).filter_map(|at| at.category.value().copied());
    report.overall = overall.max(all.max());
    report.lesions.sort_by_key(|lesion| {
        let place = lesion.place.value();
        let side = place.map_or(2, |place| u8::from(place.side == Side::Left));
        let clock = place.and_then(|place| place.clock);
        (side, std::cmp::Reverse(lesion.category.value().copied()), clock, lesion.lesion)
    });
}
