//! The report: proposals, a person's word over them, and what stands in the way of a signature.

use std::fs;

use peony_examination::{
    Author, BreastWord, Change, ObstacleCode, Refusal, Resumed, Role, TextField, obstacles,
};
use peony_model::report::{
    Advice, Axilla, Evidence, Hilum, LymphNode, MachineRecord, MarkedPlane, Report, WeighedPlane,
};
use serde_json::Value;

use super::*;

fn sign() -> Act {
    Act::Sign { name: BY.into(), role: Role::Examiner, licence: String::new() }
}

fn review() -> Act {
    Act::Sign { name: "Second".into(), role: Role::Reviewer, licence: String::new() }
}

fn codes(examination: &Examination) -> Vec<ObstacleCode> {
    let mut codes: Vec<_> =
        obstacles(&examination.report()).into_iter().map(|obstacle| obstacle.code).collect();
    codes.dedup();
    codes
}

#[test]
fn the_machine_proposes_a_person_decides_and_both_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let of = |examination: &Examination| examination.report().lesions[0].clone();
    assert_eq!(of(&examination).place.value(), Some(&at(Side::Left, "10:30")), "where the probe stood");
    assert_eq!(of(&examination).advice.value(), Some(&Advice::CoreBiopsy), "follows the category");
    say(&examination, lesion, FieldWord::Category(Some(BiRads::Cat3)));
    let changed = of(&examination);
    assert_eq!(changed.category.proposed, Some(BiRads::Cat4C));
    assert_eq!(changed.category.value(), Some(&BiRads::Cat3));
    assert_eq!(changed.advice.value(), Some(&Advice::ShortFollowUp), "follows the person's category");
    examination.seen(seen(lesion, BiRads::Cat5), true).unwrap();
    assert_eq!(of(&examination).category.value(), Some(&BiRads::Cat3), "the machine overrules nobody");
    examination.undo(BY).unwrap();
    assert_eq!(of(&examination).category.value(), Some(&BiRads::Cat5));
    assert!(matches!(examination.undo("Another"), Err(Refusal::NothingToUndo)), "each takes back their own");
}

#[test]
fn the_history_knows_what_stood_there_before_also_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.act(BY, demo_patient()).unwrap();
    let say = |category| Act::Say { lesion, word: FieldWord::Category(Some(category)) };
    examination.act(BY, say(BiRads::Cat5)).unwrap();
    // What the machine says meanwhile is no change of what a person said.
    examination.seen(seen(lesion, BiRads::Cat3), true).unwrap();
    examination.act(BY, say(BiRads::Cat4A)).unwrap();
    examination.undo(BY).unwrap();
    examination.act(BY, Act::Confirm { lesion, fields: vec![FieldName::DepthMm], shown: None }).unwrap();
    let category = |before, proposed, after| {
        let [before, after] = [before, after].map(|category| FieldWord::Category(Some(category)));
        Change::Field { lesion, before, proposed, after }
    };
    let depth = FieldWord::DepthMm(Some(8.0));
    let place = Some(at(Side::Left, "10:30"));
    let text = |field, after: &str| Change::Text { field, before: String::new(), after: after.into() };
    let expected = [
        vec![Change::Probe { before: None, after: place }],
        vec![text(TextField::Name, "Demo 01"), text(TextField::Id, "P-1")],
        vec![category(BiRads::Cat4C, true, BiRads::Cat5)],
        vec![category(BiRads::Cat5, false, BiRads::Cat4A)],
        vec![category(BiRads::Cat4A, false, BiRads::Cat5)],
        vec![Change::Field { lesion, before: depth.clone(), proposed: true, after: depth }],
    ];
    let told = |examination: &Examination| -> Vec<Vec<Change>> {
        let people = examination.history().into_iter().filter(|told| told.entry.by.is_some());
        people.map(|told| told.changes).collect()
    };
    assert_eq!(told(&examination), expected);
    drop(examination);
    assert_eq!(told(&resume(folder.path())), expected);
}

#[test]
fn whoever_has_the_same_name_takes_back_nothing_of_another_account_s() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let li = |account: &str| Author { name: "Li Na".into(), account: Some(account.into()) };
    let [one, other] = [li("li.na"), li("li.na2")];
    let seq = examination.act_soon(&one, Act::Dismiss { lesion }).unwrap();
    for stranger in [&other, &"Li Na".into()] {
        assert_eq!(examination.undoable(stranger), 0, "{stranger:?}");
        assert!(matches!(examination.undo(stranger), Err(Refusal::NothingToUndo)), "{stranger:?}");
        assert!(matches!(examination.take_back_soon(stranger, seq), Err(Refusal::NothingToUndo)));
    }
    drop(examination);
    // The account is in the journal, and a name that has been changed since is no hindrance.
    let examination = resume(folder.path());
    examination.undo(Author { name: "Li N.".into(), ..one }).unwrap();
    assert!(!examination.report().lesions[0].dismissed);
}

#[test]
fn the_key_planes_that_weighed_most_are_marked_and_a_journal_without_evidence_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    assert_eq!(examination.report().lesions[0].grounds, None, "nothing is known of it");
    let outlined = Plane {
        contour_px: vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]],
        focus_px: Some([0.0, 0.0, 1.0, 1.0]),
        malignancy: Some(0.7),
        ..plane(lesion, PlaneReason::Features)
    };
    let kept = examination.keep(outlined, &picture(9), None).unwrap();
    let heaviest = vec![WeighedPlane { seen_ms: [0.0, 2.0], share: 0.4 }];
    let evidence = Some(Evidence { planes: 6, heaviest });
    examination.seen(Observation { evidence, ..seen(lesion, BiRads::Cat4C) }, true).unwrap();
    let check = |examination: &Examination| {
        let report = examination.report().lesions[0].clone();
        let grounds = report.grounds.unwrap();
        assert_eq!((grounds.planes, grounds.shown, grounds.share), (6, 1, 0.4));
        assert_eq!(grounds.marked, [MarkedPlane { plane: kept.id, share: 0.4 }]);
        let plane = report.planes.into_iter().find(|plane| plane.id == kept.id).unwrap();
        assert_eq!((plane.focus_px, plane.malignancy), (Some([0.0, 0.0, 1.0, 1.0]), Some(0.7)));
    };
    check(&examination);
    drop(examination);
    check(&resume(folder.path()));
    let former = r#"{"lesion":1,"size":null,"depth_mm":null,"words":[],"malignancy":null,"category":null,"volume_cm3":null,"sightings":4}"#;
    assert_eq!(serde_json::from_str::<Observation>(former).unwrap().evidence, None);
}

#[test]
fn what_was_confirmed_stays_when_the_machine_changes_its_mind() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.act(BY, Act::Confirm { lesion, fields: vec![FieldName::Category], shown: None }).unwrap();
    examination.seen(seen(lesion, BiRads::Cat4A), true).unwrap();
    let category = examination.report().lesions[0].category.clone();
    assert_eq!((category.proposed, category.value()), (Some(BiRads::Cat4A), Some(&BiRads::Cat4C)));
}

#[test]
fn what_the_machine_graded_suspicious_is_neither_lowered_nor_struck_out_without_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.act(BY, demo_patient()).unwrap();
    confirm_all(&examination, lesion);
    say(&examination, lesion, FieldWord::Category(Some(BiRads::Cat4A)));
    assert_eq!(codes(&examination), [ObstacleCode::NoReason], "4C to 4A");
    say(&examination, lesion, FieldWord::Category(None));
    assert_eq!(codes(&examination), [ObstacleCode::NoCategory, ObstacleCode::NoReason]);
    say(&examination, lesion, FieldWord::Category(Some(BiRads::Cat4)));
    assert_eq!(codes(&examination), [], "a 4 without its letter is no lower than 4C");
    say(&examination, lesion, FieldWord::Advice(None));
    assert_eq!(codes(&examination), [ObstacleCode::AdviceTooLow]);
    examination.act(BY, Act::Dismiss { lesion }).unwrap();
    assert_eq!(codes(&examination), [ObstacleCode::NothingExamined, ObstacleCode::NoReason]);
    examine(&examination);
    say(&examination, lesion, FieldWord::DowngradeReason("a rib, seen in both planes".into()));
    assert_eq!(codes(&examination), []);
}

#[test]
fn a_report_is_signed_only_when_nothing_is_open_or_contradicts_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    assert_eq!(codes(&examination), [ObstacleCode::NoPatient, ObstacleCode::Open]);
    examination.act(BY, demo_patient()).unwrap();
    assert!(matches!(examination.act(BY, sign()), Err(Refusal::Obstacles(_))));
    confirm_all(&examination, lesion);
    assert_eq!(codes(&examination), []);
    say(&examination, lesion, FieldWord::Advice(Some(Advice::Routine)));
    assert_eq!(codes(&examination), [ObstacleCode::AdviceTooLow]);
    say(&examination, lesion, FieldWord::Category(Some(BiRads::Cat2)));
    let benign = "nothing benign as a whole of what nobody says was examined";
    assert_eq!(codes(&examination), [ObstacleCode::NothingExamined, ObstacleCode::NoReason], "{benign}");
    say(&examination, lesion, FieldWord::DowngradeReason("known and unchanged for three years".into()));
    assert_eq!(codes(&examination), [ObstacleCode::NothingExamined], "{benign}");
    say(&examination, lesion, FieldWord::Category(Some(BiRads::Cat4A)));
    say(&examination, lesion, FieldWord::Advice(Some(Advice::CoreBiopsy)));
    say(&examination, lesion, FieldWord::Echo(Some(Word::Anechoic)));
    say(&examination, lesion, FieldWord::Margin(Some(vec![Word::Circumscribed])));
    say(&examination, lesion, FieldWord::Posterior(Some(Word::Enhancement)));
    say(&examination, lesion, FieldWord::Shape(Some(Word::Irregular)));
    assert_eq!(codes(&examination), [], "what is irregular is no simple cyst");
    say(&examination, lesion, FieldWord::Shape(Some(Word::Oval)));
    assert_eq!(codes(&examination), [ObstacleCode::CystTooHigh]);
    say(&examination, lesion, FieldWord::Posterior(Some(Word::Shadowing)));
    say(&examination, lesion, FieldWord::Place(Some(Place { clock: None, ..at(Side::Left, "1:00") })));
    say(&examination, lesion, FieldWord::Size(None));
    assert_eq!(codes(&examination), [ObstacleCode::NoClock, ObstacleCode::NoSize]);
    examination.act(BY, Act::Dismiss { lesion }).unwrap();
    assert_eq!(codes(&examination), [ObstacleCode::NothingExamined]);
    examine(&examination);
    assert_eq!(codes(&examination), []);
    assert_eq!(examination.report().overall, Some(BiRads::Cat1), "a person's word, never the machine's");
}

#[test]
fn a_signed_report_is_never_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.act(BY, demo_patient()).unwrap();
    confirm_all(&examination, lesion);
    examination.act(BY, sign()).unwrap();
    let signed = examination.report();
    assert_eq!(signed.signatures[0].sha256.len(), 64);
    let category = FieldWord::Category(Some(BiRads::Cat2));
    assert!(matches!(examination.act(BY, Act::Say { lesion, word: category }), Err(Refusal::Signed)));
    assert!(matches!(examination.act(BY, Act::Dismiss { lesion }), Err(Refusal::Signed)));
    assert!(matches!(examination.undo(BY), Err(Refusal::Signed)));
    examination.act(BY, Act::Add { text: "Biopsy done".into() }).unwrap();
    examination.act("Second", review()).unwrap();
    let later = examination.report();
    assert_eq!(later.signatures[0], signed.signatures[0]);
    assert_eq!(later.signatures[1].sha256, signed.signatures[0].sha256, "both under the same content");
    assert_eq!(later.addenda[0].text, "Biopsy done");
    drop(examination);
    assert_eq!(resume(folder.path()).report(), later);
}

/// The lines of a journal, each taken through `change`.
fn rewrite(folder: &Path, change: impl Fn(&mut Value)) {
    let file = folder.join("one/journal.jsonl");
    let lines = fs::read_to_string(&file).unwrap();
    let lines = lines.lines().map(|line| {
        let mut entry = serde_json::from_str(&line[9..]).unwrap();
        change(&mut entry);
        let json = entry.to_string();
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    });
    fs::write(&file, lines.collect::<String>()).unwrap();
}

fn signed_one(folder: &Path) -> Report {
    let (examination, lesion) = with_lesion(folder);
    examination.act(BY, demo_patient()).unwrap();
    confirm_all(&examination, lesion);
    examination.act(BY, sign()).unwrap();
    examination.report()
}

/// Whatever a later program, or an entry that somebody changed, would make of it.
#[test]
fn what_was_signed_is_shown_as_it_was_signed() {
    let folder = tempfile::tempdir().unwrap();
    let signed = signed_one(folder.path());
    let other_name = |entry: &mut Value| {
        if entry["of"]["act"] == "set_patient" {
            entry["of"]["patient"]["name"] = "Another".into();
        }
    };
    rewrite(folder.path(), other_name);
    let examination = resume(folder.path());
    assert_eq!(examination.report(), signed);
    examination.act(BY, Act::Add { text: "Biopsy done".into() }).unwrap();
    examination.act("Second", review()).unwrap();
    let later = examination.report();
    assert_eq!((later.addenda.len(), later.signatures.len(), later.altered), (1, 2, false));
    assert_eq!(later.patient, signed.patient);
}

/// What the machine never says: a person does, it lasts, it is told as a change, and it is in the way of no signature.
#[test]
fn what_a_person_alone_can_say_is_said_kept_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let alone = [FieldName::Associated, FieldName::Vascularity, FieldName::Elasticity];
    let open = peony_examination::open(&examination.report().lesions[0]);
    assert!(!open.iter().any(|field| alone.contains(field)), "nothing of it is proposed: {open:?}");
    let associated = vec![Word::Distortion, Word::SkinThickening];
    say(&examination, lesion, FieldWord::Associated(Some(associated.clone())));
    say(&examination, lesion, FieldWord::Vascularity(Some(vec![Word::InternalVascularity])));
    say(&examination, lesion, FieldWord::Elasticity(None));
    let node =
        LymphNode { long_mm: Some(12.0), short_mm: Some(6.0), cortex_mm: None, hilum: Some(Hilum::Lost) };
    let axilla = Axilla { node: Some(node) };
    let of_left = |word| Act::SayOfBreast { side: Side::Left, word };
    examination.act(BY, of_left(BreastWord::Tissue(Some(Word::HeterogeneousTissue)))).unwrap();
    examination.act(BY, of_left(BreastWord::Axilla(Some(axilla)))).unwrap();
    drop(examination);
    let examination = resume(folder.path());
    let report = examination.report();
    let of = &report.lesions[0];
    assert_eq!(of.associated.value(), Some(&associated));
    assert_eq!(of.vascularity.value(), Some(&vec![Word::InternalVascularity]));
    assert_eq!(of.elasticity.said.as_ref().map(|said| said.value), Some(None), "said not to be assessed");
    let left = report.breasts.iter().find(|breast| breast.side == Side::Left).unwrap();
    assert_eq!(left.tissue.value(), Some(&Word::HeterogeneousTissue));
    assert_eq!(left.axilla.value(), Some(&axilla));
    let right = report.breasts.iter().find(|breast| breast.side == Side::Right).unwrap();
    assert!(right.tissue.is_empty() && right.axilla.is_empty(), "each breast for itself");
    let told = examination.history();
    let (before, after) = (BreastWord::Axilla(None), BreastWord::Axilla(Some(axilla)));
    assert_eq!(told.last().unwrap().changes, [Change::Breast { side: Side::Left, before, after }]);
    assert_eq!(codes(&examination), codes_without_them(folder.path()));
    examination.undo(BY).unwrap();
    assert!(examination.report().breasts[1].axilla.is_empty());
}

/// What is in the way where nobody has said any of it.
fn codes_without_them(beside: &Path) -> Vec<ObstacleCode> {
    let folder = beside.join("beside");
    fs::create_dir(&folder).unwrap();
    codes(&with_lesion(&folder).0)
}

/// What was signed before there were these fields has its hash, and reads.
#[test]
fn what_nobody_said_is_not_written_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, _) = with_lesion(folder.path());
    let report = examination.report();
    let written = serde_json::to_string(&report).unwrap();
    for key in ["associated", "vascularity", "elasticity", "tissue", "axilla"] {
        assert!(!written.contains(key), "{key} in {written}");
    }
    assert_eq!(serde_json::from_str::<Report>(&written).unwrap(), report);
}

#[test]
fn a_report_that_is_not_what_was_signed_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let signed = signed_one(folder.path());
    let without_content = |entry: &mut Value| {
        if entry["event"] == "signed" {
            entry["of"].as_object_mut().unwrap().remove("content").unwrap();
        }
    };
    rewrite(folder.path(), without_content);
    assert_eq!(resume(folder.path()).report(), signed, "an earlier program kept the hash alone");
    let other_name = |entry: &mut Value| {
        if entry["of"]["act"] == "set_patient" {
            entry["of"]["patient"]["name"] = "Another".into();
        }
    };
    rewrite(folder.path(), other_name);
    let examination = resume(folder.path());
    let report = examination.report();
    assert!(report.altered && report.is_signed() && !report.stands_signed());
    assert!(matches!(examination.act("Second", sign()), Err(Refusal::Altered)));
}

/// Each model that has read a part of it is named, whatever ran when it began; journals of before say nothing of it.
#[test]
fn every_model_that_read_a_part_is_named() {
    let machine = |version: &str| MachineRecord {
        model: "peony-us".into(),
        version: version.into(),
        sha256: "0".into(),
        engine: "rten fp32".into(),
    };
    let folder = tempfile::tempdir().unwrap();
    let real = Opened { simulated: false, machine: Some(machine("1")), ..opened() };
    let examination = Examination::begin(&folder.path().join("one"), real).unwrap();
    let scan = |examination: &Examination| {
        examination.scanned(1.0, true, &[], None).unwrap();
        examination.rest().unwrap();
    };
    let goes_on = |machine, simulated| {
        examination
            .resumed(Resumed { program: "0".into(), source: "capture".into(), simulated, machine })
            .unwrap();
    };
    let named = |examination: &Examination| {
        let report = examination.report();
        let models = report.machine.into_iter().chain(report.further_machines).map(|machine| machine.version);
        (models.collect::<Vec<_>>().join(" "), report.partly_unread, report.simulated)
    };
    let expect = |examination: &Examination, models: &str, unread, simulated| {
        assert_eq!(named(examination), (models.to_owned(), unread, simulated));
    };
    expect(&examination, "1", false, false);
    goes_on(Some(machine("2")), false);
    expect(&examination, "2", false, false);
    scan(&examination);
    goes_on(Some(machine("3")), false);
    expect(&examination, "2", false, false);
    goes_on(None, false);
    scan(&examination);
    expect(&examination, "2", true, false);
    goes_on(Some(machine("1")), false);
    scan(&examination);
    expect(&examination, "2 1", true, false);
    goes_on(Some(machine("1")), true);
    scan(&examination);
    expect(&examination, "2 1", true, true);
    drop(examination);
    expect(&resume(folder.path()), "2 1", true, true);
    let as_before = |entry: &mut Value| {
        if entry["event"] == "resumed" {
            entry.as_object_mut().unwrap().remove("of").unwrap();
        }
    };
    rewrite(folder.path(), as_before);
    expect(&resume(folder.path()), "1", false, false);
}

#[test]
fn after_a_signature_the_machine_says_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.act(BY, demo_patient()).unwrap();
    confirm_all(&examination, lesion);
    examination.act(BY, sign()).unwrap();
    let signed = examination.report();
    examination.seen(seen(lesion, BiRads::Cat2), true).unwrap();
    examination.found(2).unwrap();
    examination.keep(plane(lesion, PlaneReason::Largest), &picture(9), None).unwrap();
    assert_eq!(examination.report(), signed);
}

#[test]
fn a_better_plane_takes_the_place_of_the_machine_s_and_never_of_a_person_s() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.keep(plane(lesion, PlaneReason::Largest), &picture(5), Some(BY.into())).unwrap();
    examination.keep(plane(lesion, PlaneReason::Largest), &picture(6), None).unwrap();
    let ids = |examination: &Examination| -> Vec<u64> {
        examination.report().lesions[0].planes.iter().map(|plane| plane.id).collect()
    };
    assert_eq!(ids(&examination), [3, 4, 2]);
    examination.act(BY, Act::ReleasePlane { plane: 4 }).unwrap();
    assert_eq!(ids(&examination), [3, 2]);
    examination.act(BY, Act::RestorePlane { plane: 4 }).unwrap();
    assert_eq!(ids(&examination), [3, 4, 2]);
}

#[test]
fn the_examiner_signs_and_then_another_one_reviews() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.act(BY, demo_patient()).unwrap();
    confirm_all(&examination, lesion);
    let sign = |name: &str, role| Act::Sign { name: name.into(), role, licence: String::new() };
    let refused = |act: Act| match examination.act(BY, act) {
        Err(Refusal::NotInTurn(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(sign("Dr Second", Role::Reviewer)), "role: the examiner signs first");
    examination.act(BY, sign("Dr First", Role::Examiner)).unwrap();
    assert_eq!(refused(sign("Dr First", Role::Examiner)), "role: the examiner has signed already");
    assert_eq!(refused(sign("Dr Second", Role::Examiner)), "role: the examiner has signed already");
    for name in ["Dr First", " dr  first "] {
        assert_eq!(
            refused(sign(name, Role::Reviewer)),
            "name: who signed in one role does not sign in the other"
        );
    }
    assert_eq!(examination.report().signatures.len(), 1, "a doctor who is alone signs alone");
    examination.act(BY, sign("Dr Second", Role::Reviewer)).unwrap();
    let again = examination.act(BY, sign("Dr Third", Role::Reviewer));
    assert!(matches!(again, Err(Refusal::Signed)), "{again:?}");
    let report = examination.report();
    let roles: Vec<&str> = report.signatures.iter().map(|signature| signature.role.as_str()).collect();
    assert_eq!((roles, report.altered), (vec!["examiner", "reviewer"], false));
}

#[test]
fn merged_lesions_are_one_and_the_letter_of_the_other_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, first) = with_lesion(folder.path());
    let second = 2;
    examination.found(second).unwrap();
    examination.keep(plane(second, PlaneReason::Largest), &picture(5), None).unwrap();
    examination.keep(plane(second, PlaneReason::Features), &picture(6), None).unwrap();
    examination.merged(second, first).unwrap();
    let report = examination.report();
    assert_eq!(report.lesions.len(), 1);
    let planes: Vec<u64> = report.lesions[0].planes.iter().map(|plane| plane.id).collect();
    assert_eq!(planes, [1, 2, 4], "its own of each reason, and the other's where it had none");
    assert_eq!(examination.found(3).unwrap(), "C");
}

#[test]
fn values_that_cannot_be_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let before = examination.report();
    let patient = |patient: Patient| Act::SetPatient { patient };
    let word = |word: FieldWord| Act::Say { lesion, word };
    let size = |long: f32| Size { long, short: 1.0, third: None, unit: Unit::Millimetre };
    let of_right = |word| Act::SayOfBreast { side: Side::Right, word };
    let node = |long_mm, short_mm| {
        let node = LymphNode { long_mm, short_mm, ..LymphNode::default() };
        BreastWord::Axilla(Some(Axilla { node: Some(node) }))
    };
    for wrong in [
        patient(Patient { sex: "X".into(), ..Patient::default() }),
        patient(Patient { birth_date: "1979-13-01".into(), ..Patient::default() }),
        patient(Patient { birth_date: "1066-10-14".into(), ..Patient::default() }),
        patient(Patient { birth_date: "2190-01-01".into(), ..Patient::default() }),
        patient(Patient { name: "n".repeat(10_001), ..Patient::default() }),
        word(FieldWord::Shape(Some(Word::Hypoechoic))),
        word(FieldWord::Margin(Some(vec![Word::Circumscribed, Word::Oval]))),
        word(FieldWord::Margin(Some(vec![Word::Circumscribed, Word::Spiculated]))),
        word(FieldWord::Calcification(Some(vec![Word::InMass, Word::NoCalcification]))),
        word(FieldWord::Associated(Some(vec![Word::NoAssociated, Word::Distortion]))),
        word(FieldWord::Vascularity(Some(vec![Word::NoVascularity, Word::RimVascularity]))),
        word(FieldWord::Size(Some(size(f32::NAN)))),
        word(FieldWord::Size(Some(size(0.0)))),
        word(FieldWord::DepthMm(Some(-1.0))),
        word(FieldWord::Associated(Some(vec![Word::Distortion, Word::InMass]))),
        word(FieldWord::Vascularity(Some(vec![Word::Hard]))),
        word(FieldWord::Elasticity(Some(Word::RimVascularity))),
        of_right(BreastWord::Tissue(Some(Word::Heterogeneous))),
        of_right(node(Some(0.0), None)),
        of_right(node(Some(301.0), None)),
        of_right(node(Some(5.0), Some(6.0))),
        Act::SetProbe { place: Place { from_nipple_mm: Some(301.0), ..at(Side::Left, "1:00") } },
        Act::Sign { name: " ".into(), role: Role::Examiner, licence: String::new() },
    ] {
        assert!(matches!(examination.act(BY, wrong.clone()), Err(Refusal::BadValue(_))), "{wrong:?}");
    }
    let unknown = Act::Dismiss { lesion: 99 };
    assert!(matches!(examination.act(BY, unknown), Err(Refusal::UnknownLesion(99))));
    assert!(matches!(examination.act(BY, Act::ReleasePlane { plane: 99 }), Err(Refusal::UnknownPlane(99))));
    assert!(matches!(examination.act("", demo_patient()), Err(Refusal::BadValue(_))));
    assert_eq!(examination.report(), before);
}
