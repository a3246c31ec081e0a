//! An examination from its beginning to its signature, over stops of every kind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

mod again;
mod comparison;
mod durable;
mod join;
mod once;
mod report;
mod scan;

use std::path::Path;
use std::sync::Arc;

use image::GrayImage;
use peony_examination::{Act, Examination, FieldName, FieldWord, Observation, Opened};
use peony_model::report::{Chance, Patient, Plane, PlaneReason, Size};
use peony_model::{BiRads, Place, Side, Unit, Word};

const BY: &str = "Examiner";

fn opened() -> Opened {
    Opened {
        id: "test".into(),
        program: "0".into(),
        source: "virtual transducer".into(),
        simulated: true,
        machine: None,
        lexicon_edition: "birads_5".into(),
        site: String::new(),
    }
}

fn begin(folder: &Path) -> Examination {
    Examination::begin(&folder.join("one"), opened()).unwrap()
}

fn resume(folder: &Path) -> Examination {
    Examination::resume(&folder.join("one")).unwrap()
}

fn seen(lesion: u32, category: BiRads) -> Observation {
    Observation {
        lesion,
        size: Some(Size { long: 10.4, short: 9.4, third: None, unit: Unit::Millimetre }),
        depth_mm: Some(8.0),
        words: vec![Word::Irregular, Word::Indistinct, Word::Angular, Word::Hypoechoic],
        malignancy: Some(Chance { estimate: 0.62, interval: Some([0.48, 0.75]) }),
        evidence: None,
        category: Some(category),
        volume_cm3: None,
        sightings: 40,
        look: None,
    }
}

fn plane(lesion: u32, reason: PlaneReason) -> Plane {
    Plane {
        id: 0,
        lesion: Some(lesion),
        reason,
        picture_px: [8, 4],
        contour_px: Vec::new(),
        size: None,
        focus_px: None,
        malignancy: None,
        time_ms: 1.0,
    }
}

fn picture(level: u8) -> Arc<GrayImage> {
    Arc::new(GrayImage::from_pixel(8, 4, image::Luma([level])))
}

fn at(side: Side, clock: &str) -> Place {
    Place { side, clock: Some(clock.parse().unwrap()), from_nipple_mm: Some(40.0) }
}

/// An examination with a place, a lesion, and two planes of it.
fn with_lesion(folder: &Path) -> (Examination, u32) {
    let examination = begin(folder);
    examination.act(BY, Act::SetProbe { place: at(Side::Left, "10:30") }).unwrap();
    let lesion = 1;
    assert_eq!(examination.found(lesion).unwrap(), "A");
    examination.seen(seen(lesion, BiRads::Cat4C), true).unwrap();
    examination.keep(plane(lesion, PlaneReason::Largest), &picture(1), None).unwrap();
    examination.keep(plane(lesion, PlaneReason::Across), &picture(2), None).unwrap();
    (examination, lesion)
}

/// A minute of the left breast, which somebody then confirms as examined.
fn examine(examination: &Examination) {
    let place = Place { side: Side::Left, clock: None, from_nipple_mm: None };
    examination.act(BY, Act::SetProbe { place }).unwrap();
    examination.scanned(0.0, true, &[], None).unwrap();
    examination.scanned(60.0, true, &[], None).unwrap();
    examination.rest().unwrap();
    examination.act(BY, Act::SetExamined { side: Side::Left, examined: true }).unwrap();
}

fn confirm_all(examination: &Examination, lesion: u32) {
    let report = examination.report();
    let of = report.lesions.iter().find(|at| at.lesion == lesion).unwrap();
    let fields: Vec<FieldName> = peony_examination::open(of);
    examination.act(BY, Act::Confirm { lesion, fields, shown: None }).unwrap();
}

fn say(examination: &Examination, lesion: u32, word: FieldWord) {
    examination.act(BY, Act::Say { lesion, word }).unwrap();
}

fn demo_patient() -> Act {
    let patient = Patient { id: "P-1".into(), name: "Demo 01".into(), ..Patient::default() };
    Act::SetPatient { patient }
}
