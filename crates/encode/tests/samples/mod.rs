//! Reports of simulated examinations, for tests and the example. Nobody in them exists.

#![allow(dead_code, reason = "each test takes what it needs")]

pub mod picture;

use peony_model::report::{
    Addendum, Advice, Axilla, Before, BreastReport, Candidate, Chance, Change, Circumstances, Comparison,
    Earlier, EarlierLesion, Field, Hilum, LesionReport, LymphNode, MachineRecord, NotSeen, Patient, Plane,
    PlaneReason, QualityRecord, Report, Said, Signature, Size, ThirdAxis, Trend,
};
use peony_model::{BiRads, Clock, Place, Side, Unit, Word};

/// 2026-11-24 09:14 in a zone eight hours ahead.
pub const BEGAN_MS: u64 = 1_795_482_840_000;

/// What a person said; the machine's proposal stays beside it.
pub fn said<T: Clone>(field: &Field<T>, value: Option<T>) -> Field<T> {
    let word = Said { value, by: "Physician 2".to_owned(), at_ms: BEGAN_MS + 60_000 };
    Field { said: Some(word), ..Field::proposed(field.proposed.clone()) }
}

/// The machine's proposal, taken over.
pub fn kept<T: Clone>(value: T) -> Field<T> {
    said(&Field::proposed(Some(value.clone())), Some(value))
}

pub fn open<T>(value: T) -> Field<T> {
    Field::proposed(Some(value))
}

pub fn place(side: Side, clock: &str, from_nipple_mm: f32) -> Place {
    Place { side, clock: clock.parse::<Clock>().ok(), from_nipple_mm: Some(from_nipple_mm) }
}

pub fn size(long: f32, short: f32, third: Option<(f32, f32)>) -> Size {
    let third = third.map(|(extent, error)| ThirdAxis { extent, error: Some(error), simulated: true });
    Size { long, short, third, unit: Unit::Millimetre }
}

/// A lesion of which only its number and its letter are known.
pub fn nothing(lesion: u32, letter: &str) -> LesionReport {
    LesionReport {
        lesion,
        letter: letter.to_owned(),
        dismissed: false,
        joined: Vec::new(),
        may_be: None,
        place: Field::default(),
        depth_mm: Field::default(),
        size: Field::default(),
        before: Field::default(),
        candidates: Vec::new(),
        shape: Field::default(),
        orientation: Field::default(),
        margin: Field::default(),
        echo: Field::default(),
        posterior: Field::default(),
        calcification: Field::default(),
        boundary: Field::default(),
        associated: Field::default(),
        vascularity: Field::default(),
        elasticity: Field::default(),
        malignancy: None,
        grounds: None,
        category: Field::default(),
        downgrade_reason: String::new(),
        advice: Field::default(),
        volume_cm3: None,
        sightings: 0,
        planes: Vec::new(),
    }
}

/// Every plane of a lesion: its number tells the sample pictures what to draw.
fn planes(lesion: u32, size: Size, reasons: &[PlaneReason]) -> Vec<Plane> {
    let outline = |plane: u32| {
        (0..48).map(move |step| {
            let angle = f64::from(step) / 48.0 * std::f64::consts::TAU;
            let wobble = 1.0 + 0.07 * (3.0 * angle + f64::from(plane)).sin();
            let at = |centre: f64, radius: f64, turn: f64| (centre + radius * wobble * turn) as f32;
            [at(320.0, 74.0, angle.cos()), at(220.0, 54.0, angle.sin())]
        })
    };
    let each = reasons.iter().zip(0..);
    each.map(|(reason, nth)| Plane {
        id: u64::from(lesion * 10 + nth),
        lesion: Some(lesion),
        reason: *reason,
        picture_px: [640, 480],
        contour_px: outline(lesion * 10 + nth).map(|[x, y]| [x.round(), y.round()]).collect(),
        size: Some(size),
        focus_px: None,
        malignancy: None,
        time_ms: f64::from(lesion * 4_000 + nth * 700),
    })
    .collect()
}

fn suspicious() -> LesionReport {
    let size = size(10.4, 9.4, Some((10.2, 2.1)));
    LesionReport {
        place: kept(place(Side::Left, "10:30", 41.0)),
        depth_mm: kept(8.3),
        size: open(size),
        shape: kept(Word::Irregular),
        orientation: kept(Word::Parallel),
        margin: kept(vec![Word::Indistinct, Word::Angular]),
        echo: kept(Word::Hypoechoic),
        posterior: open(Word::NoPosterior),
        calcification: said(&Field::default(), Some(vec![Word::NoCalcification])),
        malignancy: Some(Chance { estimate: 0.62, interval: Some([0.48, 0.75]) }),
        category: open(BiRads::Cat4C),
        advice: open(Advice::CoreBiopsy),
        volume_cm3: Some([0.534, 0.21]),
        sightings: 143,
        planes: planes(1, size, &[PlaneReason::Largest, PlaneReason::Across, PlaneReason::Features]),
        ..nothing(1, "A")
    }
}

fn probably_benign() -> LesionReport {
    let size = size(6.1, 4.9, Some((6.0, 1.2)));
    LesionReport {
        place: kept(place(Side::Left, "1:30", 58.0)),
        size: kept(size),
        shape: kept(Word::Oval),
        orientation: kept(Word::Parallel),
        margin: kept(vec![Word::Circumscribed]),
        echo: kept(Word::Isoechoic),
        malignancy: Some(Chance { estimate: 0.016, interval: Some([0.004, 0.03]) }),
        category: said(&Field::proposed(Some(BiRads::Cat4A)), Some(BiRads::Cat3)),
        downgrade_reason: "unchanged for three years".to_owned(),
        advice: said(&Field::proposed(Some(Advice::CoreBiopsy)), Some(Advice::ShortFollowUp)),
        sightings: 88,
        planes: planes(2, size, &[PlaneReason::Largest, PlaneReason::Across]),
        ..nothing(2, "B")
    }
}

fn cyst() -> LesionReport {
    let size = size(7.3, 4.2, None);
    LesionReport {
        place: kept(place(Side::Right, "9:00", 30.0)),
        size: kept(size),
        shape: kept(Word::Oval),
        margin: kept(vec![Word::Circumscribed]),
        echo: kept(Word::Anechoic),
        posterior: kept(Word::Enhancement),
        category: kept(BiRads::Cat2),
        advice: kept(Advice::Routine),
        sightings: 61,
        planes: planes(3, size, &[PlaneReason::Largest]),
        ..nothing(3, "C")
    }
}

fn breast(side: Side, scanned_s: f32, coverage: f32, category: Option<BiRads>) -> BreastReport {
    let examined = said(&Field::default(), Some(true));
    let (tissue, axilla) = (Field::default(), Field::default());
    let coverage = Some(coverage);
    BreastReport { side, scanned_s, coverage, scanned_at: Vec::new(), examined, tissue, axilla, category }
}

/// Three lesions; of the first the size, posterior features, category and advice wait for a person.
pub fn draft() -> Report {
    Report {
        examination: "2026-11-24T01-14-00Z".to_owned(),
        lexicon_edition: "birads_5".to_owned(),
        patient: Patient {
            id: "P-2041873".to_owned(),
            name: "Demo 01".to_owned(),
            sex: "F".to_owned(),
            birth_date: "1979-03-02".to_owned(),
        },
        circumstances: Circumstances {
            institution: "Town A Health Centre".to_owned(),
            number: "US-26-118204".to_owned(),
            indication: "screening".to_owned(),
            history: String::new(),
            device: "virtual transducer, 10 MHz linear".to_owned(),
            comparison: "Ultrasound of 12 May 2023, Town A Health Centre".to_owned(),
        },
        began_ms: BEGAN_MS,
        comparison: None,
        simulated: true,
        breasts: vec![
            breast(Side::Right, 182.4, 0.968, Some(BiRads::Cat2)),
            breast(Side::Left, 205.0, 0.951, Some(BiRads::Cat4C)),
        ],
        lesions: vec![cyst(), suspicious(), probably_benign()],
        planes: Vec::new(),
        unsided_s: 0.0,
        scale_source: Some("phantom".to_owned()),
        calibrations: Vec::new(),
        quality: vec![
            QualityRecord { code: "contact_lost".to_owned(), times: 3, seconds: 4.2 },
            QualityRecord { code: "too_fast".to_owned(), times: 1, seconds: 0.3 },
        ],
        machine: Some(MachineRecord {
            model: "peony-us".to_owned(),
            version: "0.4.0".to_owned(),
            sha256: "7f3a52c19be04d6688aa0e5b7d1c93f24610f8e7a2b35c9d00e1f4a6b8c7d2c1".to_owned(),
            engine: "onnxruntime/openvino bf16".to_owned(),
        }),
        further_machines: Vec::new(),
        partly_unread: false,
        overall: Some(BiRads::Cat4C),
        signatures: Vec::new(),
        addenda: Vec::new(),
        altered: false,
    }
}

/// The draft with everything that a person alone can say.
pub fn described() -> Report {
    let mut report = draft();
    for lesion in &mut report.lesions {
        let (associated, vascularity) = match lesion.letter.as_str() {
            "A" => (
                vec![Word::Distortion, Word::SkinThickening],
                vec![Word::InternalVascularity, Word::RimVascularity],
            ),
            "B" => (vec![Word::NoAssociated], vec![Word::NoVascularity]),
            _ => continue,
        };
        lesion.associated = said(&lesion.associated, Some(associated));
        lesion.vascularity = said(&lesion.vascularity, Some(vascularity));
        if lesion.letter == "A" {
            lesion.elasticity = said(&lesion.elasticity, Some(Word::Hard));
        }
    }
    let node = LymphNode {
        long_mm: Some(18.0),
        short_mm: Some(7.4),
        cortex_mm: Some(6.2),
        hilum: Some(Hilum::Lost),
    };
    let each = [(Word::FibroglandularTissue, None), (Word::HeterogeneousTissue, Some(node))];
    for (breast, (tissue, node)) in report.breasts.iter_mut().zip(each) {
        breast.tissue = said(&breast.tissue, Some(tissue));
        breast.axilla = said(&breast.axilla, Some(Axilla { node }));
    }
    report
}

/// The draft after a person has answered everything and two have signed.
pub fn signed() -> Report {
    let mut report = draft();
    for lesion in &mut report.lesions {
        lesion.size = said(&lesion.size, lesion.size.value().copied());
        lesion.posterior = said(&lesion.posterior, lesion.posterior.value().copied());
        lesion.category = said(&lesion.category, lesion.category.value().copied());
        lesion.advice = said(&lesion.advice, lesion.advice.value().copied());
    }
    let signature = |name: &str, role: &str, licence: &str, minutes: u64| Signature {
        version: 1,
        name: name.to_owned(),
        role: role.to_owned(),
        licence: licence.to_owned(),
        at_ms: BEGAN_MS + minutes * 60_000,
        sha256: "c0ffee1f2a9d44b7e6a0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506".to_owned(),
    };
    report.signatures = vec![
        signature("Examiner 7", "examiner", "", 31),
        signature("Physician 2", "reviewer", "L-000002", 58),
    ];
    report.addenda = vec![Addendum {
        version: 2,
        text: "The earlier pictures arrived on paper and agree.".to_owned(),
        by: "Physician 2".to_owned(),
        at_ms: BEGAN_MS + 26 * 3_600_000,
    }];
    report
}

/// One lesion without a side on pictures without a scale, nothing confirmed, and a machine that says what it may not.
pub fn unknown_scale() -> Report {
    let mut report = draft();
    report.simulated = false;
    report.scale_source = None;
    report.quality.clear();
    report.circumstances = Circumstances {
        history: "Lump felt for 2 weeks.\nFirst child 2011.".to_owned(),
        ..Circumstances::default()
    };
    report.breasts = Side::BOTH
        .map(|side| BreastReport {
            side,
            scanned_s: if side == Side::Left { 61.5 } else { 0.0 },
            coverage: (side == Side::Left).then_some(0.41),
            scanned_at: Vec::new(),
            examined: Field::proposed(Some(true)),
            tissue: Field::default(),
            axilla: Field::default(),
            category: (side == Side::Left).then_some(BiRads::Cat1),
        })
        .to_vec();
    report.lesions = vec![LesionReport {
        size: open(Size {
            long: 174.2,
            short: 157.5,
            third: Some(ThirdAxis { extent: 160.0, error: Some(30.0), simulated: true }),
            unit: Unit::Pixel,
        }),
        echo: open(Word::Heterogeneous),
        malignancy: Some(Chance { estimate: 0.55, interval: Some([0.21, 0.86]) }),
        category: open(BiRads::Cat1),
        sightings: 12,
        ..nothing(4, "D")
    }];
    report.overall = Some(BiRads::Cat1);
    report
}

/// 180 days before, at noon of the zone of Greenwich: the same day wherever the tests run.
pub const EARLIER_MS: u64 = BEGAN_MS - 180 * 86_400_000 + 10 * 3_600_000 + 2_760_000;

fn earlier_lesion(lesion: u32, letter: &str, at: Place, long: f32, category: BiRads) -> EarlierLesion {
    EarlierLesion {
        lesion,
        letter: letter.to_owned(),
        place: Some(at),
        depth_mm: None,
        size: Some(size(long, 5.0, None)),
        words: Vec::new(),
        category: Some(category),
    }
}

fn before(lesion: Option<u32>) -> Before {
    Before { examination: "2026-05-28".to_owned(), lesion }
}

/// The draft beside an earlier examination: A is proposed to be its B, B is confirmed to be its A, C is new, and two were not
/// seen this time.
pub fn compared() -> Report {
    let mut report = draft();
    report.circumstances.comparison.clear();
    let earlier = Earlier {
        examination: "2026-05-28".to_owned(),
        began_ms: EARLIER_MS,
        patient: report.patient.clone(),
        number: "US-26-054410".to_owned(),
        examined: Side::BOTH.to_vec(),
        lesions: vec![
            earlier_lesion(1, "A", place(Side::Left, "1:30", 60.0), 6.3, BiRads::Cat3),
            earlier_lesion(2, "B", place(Side::Left, "10:00", 40.0), 8.0, BiRads::Cat3),
            earlier_lesion(3, "C", place(Side::Left, "6:00", 20.0), 7.0, BiRads::Cat2),
            earlier_lesion(4, "D", place(Side::Right, "3:00", 50.0), 4.0, BiRads::Cat2),
        ],
    };
    let again = Said { value: Some(true), by: "Physician 2".to_owned(), at_ms: BEGAN_MS };
    report.comparison = Some(Comparison {
        earlier,
        days: 180,
        conflict: false,
        same_patient: None,
        not_seen: vec![
            NotSeen { lesion: 3, looked_again: None },
            NotSeen { lesion: 4, looked_again: Some(again) },
        ],
    });
    let measured = |then: f32, now: f32, trend, alarm, doubling_days| Change::Measured {
        long_mm: [then, now],
        difference_mm: now - then,
        ratio: (now - then) / then,
        trend,
        alarm,
        doubling_days,
    };
    for lesion in &mut report.lesions {
        let (field, candidate) = match lesion.letter.as_str() {
            "A" => (open(before(Some(2))), Some((2, measured(8.0, 10.4, Trend::Larger, true, Some(158.6))))),
            "B" => (kept(before(Some(1))), Some((1, measured(6.3, 6.1, Trend::Same, false, None)))),
            _ => (said(&Field::default(), Some(before(None))), None),
        };
        lesion.before = field;
        lesion.candidates =
            candidate.map(|(lesion, change)| Candidate { lesion, change }).into_iter().collect();
    }
    report
}

/// Both breasts examined, nothing found, a person says so.
pub fn empty() -> Report {
    let mut report = draft();
    report.lesions.clear();
    report.quality.clear();
    report.simulated = false;
    report.machine = None;
    report.circumstances = Circumstances::default();
    report.breasts = Side::BOTH.map(|side| breast(side, 120.0, 1.0, Some(BiRads::Cat1))).to_vec();
    report.overall = Some(BiRads::Cat1);
    report
}

/// One lesion that a person struck out, and nothing confirmed.
pub fn struck_out() -> Report {
    let mut report = draft();
    report.lesions = vec![LesionReport { dismissed: true, ..suspicious() }];
    report.quality.clear();
    for breast in &mut report.breasts {
        breast.examined = Field::default();
        breast.category = None;
    }
    report.overall = None;
    report
}
