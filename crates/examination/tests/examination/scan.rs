//! What the report takes from the scan: where the probe stood, what was scanned, lengths and depth; and an examination that was begun by mistake.

use std::collections::BTreeMap;

use peony_examination::{
    Archive, Author, BLANK, EnteredDepth, Entry, Event, Found, Obstacle, ObstacleCode, Refusal, Whereabouts,
    obstacles,
};
use peony_model::report::{CalibrationRecord, LesionReport, Report};

use super::*;

#[test]
fn the_scan_is_recorded_by_side_with_what_was_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    let side = |side| examination.act(BY, Act::SetProbe { place: at(side, "1:00") }).unwrap();
    side(Side::Right);
    for frame in 0..30 {
        let faults: &[&str] = if !(10..20).contains(&frame) { &["contact_lost"] } else { &[] };
        examination.scanned(0.1, faults.is_empty(), faults, None).unwrap();
    }
    side(Side::Left);
    examination.scanned(0.5, true, &[], None).unwrap();
    examination.rest().unwrap();
    let report = examination.report();
    let seconds: Vec<f32> = report.breasts.iter().map(|breast| breast.scanned_s).collect();
    assert!((seconds[0] - 1.0).abs() < 1e-3 && (seconds[1] - 0.5).abs() < 1e-3, "{seconds:?}");
    assert_eq!(report.quality[0].code, "contact_lost");
    assert_eq!(report.quality[0].times, 2);
    assert!((report.quality[0].seconds - 2.0).abs() < 1e-3);
    assert_eq!(report.breasts[0].coverage, Some(1.0 / 12.0));
}

#[test]
fn every_act_reads_back_from_its_json() {
    for json in [
        r#"{"act":"say","lesion":1,"word":{"field":"category","value":"4B"}}"#,
        r#"{"act":"say","lesion":1,"word":{"field":"margin","value":["margin.indistinct"]}}"#,
        r#"{"act":"say","lesion":1,"word":{"field":"size","value":null}}"#,
        r#"{"act":"confirm","lesion":1,"fields":["shape","echo"]}"#,
        r#"{"act":"say","lesion":1,"word":{"field":"associated","value":["associated.edema"]}}"#,
        r#"{"act":"say_of_breast","side":"left","word":{"field":"tissue","value":"tissue.fat"}}"#,
        r#"{"act":"say_of_breast","side":"left","word":{"field":"axilla","value":{"node":null}}}"#,
        r#"{"act":"say_of_breast","side":"left","word":{"field":"axilla","value":{"node":{"long_mm":12.0,"hilum":"kept"}}}}"#,
        r#"{"act":"set_probe","place":{"side":"left","clock":"10:30","from_nipple_mm":40.0}}"#,
        r#"{"act":"keep_apart","lesion":2,"from":1}"#,
        r#"{"act":"sign","name":"n","role":"reviewer","licence":""}"#,
    ] {
        let act: Act = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::from_str::<Act>(&serde_json::to_string(&act).unwrap()).unwrap(), act);
    }
    for wrong in [
        r#"{"act":"close"}"#,
        r#"{"act":"dismiss","lesion":1,"also":2}"#,
        r#"{"act":"say","lesion":1,"word":{"field":"shape","value":"shape.square"}}"#,
        r#"{"act":"set_probe","place":{"side":"left","clock":"10:20"}}"#,
    ] {
        assert!(serde_json::from_str::<Act>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_lengths_along_the_sweep_rest_on_is_kept_once_a_change() {
    let folder = tempfile::TempDir::new().unwrap();
    let examination = begin(folder.path());
    assert!(examination.report().calibrations.is_empty());
    let record = |probe: &str| CalibrationRecord {
        probe: probe.to_owned(),
        preset: "breast".to_owned(),
        made: "2026-05-28".to_owned(),
        relative_error: 0.27,
    };
    let (one, other) = (record("L12-5"), record("L9-3"));
    let before = examination.seq();
    for said in [&one, &one, &other, &one] {
        examination.calibrated(said).unwrap();
    }
    assert_eq!(examination.seq(), before + 3, "said again it is no news");
    let expect = [other, one];
    assert_eq!(examination.report().calibrations, expect);
    drop(examination);
    assert_eq!(resume(folder.path()).report().calibrations, expect);
}

#[test]
fn a_place_that_was_said_long_before_a_lesion_was_found_gives_the_side_alone() {
    let check = |probes: &[(u64, &str)], seen: &[u64], expect: Option<&str>| {
        let folder = tempfile::tempdir().unwrap();
        let mut entries = vec![(0, None, Event::Opened(opened()))];
        let place = |text: &str| {
            let (side, clock) = text.split_once(' ').unwrap();
            let side = if side == "L" { Side::Left } else { Side::Right };
            Place { side, clock: clock.parse().ok(), from_nipple_mm: None }
        };
        let probe =
            |(at, text): &(u64, &str)| (*at, Some(BY), Event::Act(Act::SetProbe { place: place(text) }));
        entries.extend(probes.iter().map(probe));
        let found = Found { lesion: 1, letter: "A".into(), stood: None };
        entries.push((seen[0], None, Event::Found(found)));
        entries.extend(seen.iter().enumerate().map(|(count, at)| {
            let sightings = 10 + count as u32;
            (*at, None, Event::Seen(Observation { sightings, ..super::seen(1, BiRads::Cat3) }))
        }));
        entries.sort_by_key(|(at, ..)| *at);
        let line = |(seq, (at, by, event)): (usize, (u64, Option<&str>, Event))| {
            let entry = Entry {
                seq: seq as u64 + 1,
                at_ms: at * 1000,
                by: by.map(str::to_owned),
                account: None,
                key: None,
                event,
            };
            let json = serde_json::to_string(&entry).unwrap();
            format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
        };
        let journal: String = entries.into_iter().enumerate().map(line).collect();
        std::fs::create_dir_all(folder.path().join("one")).unwrap();
        std::fs::write(folder.path().join("one/journal.jsonl"), journal).unwrap();
        let proposed = resume(folder.path()).report().lesions[0].place.proposed;
        assert_eq!(proposed, expect.map(place), "{probes:?}, seen at {seen:?}");
    };
    check(&[], &[10], None);
    check(&[(5, "L 3:00")], &[10], Some("L 3:00"));
    check(&[(5, "L 3:00")], &[9], Some("L 3:00"));
    check(&[(5, "L 3:00")], &[11], Some("L -"));
    check(&[(5, "L 3:00"), (101, "L 4:00")], &[100, 102], Some("L 4:00"));
    check(&[(101, "L 4:00")], &[100, 102], Some("L 4:00"));
    check(&[(101, "L -")], &[100, 102], Some("L -"));
    // The other breast is scanned next, while the lesion is on the screen still.
    check(&[(95, "L 3:00"), (101, "R -")], &[100, 101], Some("L 3:00"));
    // Somewhere else, long after it has left.
    check(&[(95, "L 3:00"), (150, "L 9:00")], &[100, 102], Some("L 3:00"));
    check(&[(95, "L 3:00"), (150, "L 9:00")], &[100, 149, 151], Some("L 9:00"));
}

#[test]
fn a_place_holds_until_the_probe_has_gone_on_and_is_scanned_as_long() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    let scan = |sweep, along| {
        let here = Whereabouts { sweep, at_mm: [3.0, along] };
        examination.scanned(2.0, true, &[], Some(here)).unwrap();
    };
    scan(0, 60.0);
    examination.act(BY, Act::SetProbe { place: at(Side::Left, "3:00") }).unwrap();
    scan(0, 100.0);
    for (lesion, sweep, along) in [(1, 0, 112.0), (2, 0, 84.0), (3, 0, 90.0), (4, 1, 300.0)] {
        scan(sweep, along);
        examination.found(lesion).unwrap();
    }
    examination.rest().unwrap();
    let report = examination.report();
    drop(examination);
    assert_eq!(resume(folder.path()).report(), report);
    let placed = |lesion: &LesionReport| {
        let place = lesion.place.proposed.unwrap();
        assert_eq!(place.side, Side::Left);
        (lesion.lesion, place.clock.is_some())
    };
    let has_clock: BTreeMap<u32, bool> = report.lesions.iter().map(placed).collect();
    // Sixteen millimetres away it is somewhere else; of another sweep nothing is known but that it was said just now.
    assert_eq!(has_clock, [(1, true), (2, false), (3, true), (4, true)].into());
    let [there] = report.breasts[1].scanned_at.as_slice() else { panic!("one place was said") };
    assert_eq!((there.place, there.seconds), (at(Side::Left, "3:00"), 8.0));
    assert!((report.breasts[1].scanned_s - 10.0).abs() < 1e-3 && report.breasts[0].scanned_at.is_empty());
}

#[test]
fn lesions_that_are_one_count_once_with_the_higher_grade_until_they_are_taken_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, a) = with_lesion(folder.path());
    examination.found(2).unwrap();
    let larger = Size { long: 12.0, short: 8.0, third: None, unit: Unit::Millimetre };
    let of_b = Observation { size: Some(larger), sightings: 5, ..super::seen(2, BiRads::Cat5) };
    examination.seen(of_b, true).unwrap();
    examination.keep(plane(2, PlaneReason::Largest), &picture(3), None).unwrap();
    examination.keep(plane(2, PlaneReason::Suspicious), &picture(4), None).unwrap();
    say(&examination, a, FieldWord::Category(Some(BiRads::Cat4C)));
    let apart = examination.report();

    examination.act(BY, Act::Join { lesion: 2, into: a }).unwrap();
    let report = resume_beside(&examination, folder.path());
    let [whole] = report.lesions.as_slice() else { panic!("{} lesions", report.lesions.len()) };
    assert_eq!((whole.lesion, whole.joined[0].letter.as_str(), whole.sightings), (a, "B", 45));
    assert_eq!(whole.size.proposed.unwrap().long, 12.0);
    assert_eq!(whole.category.proposed, Some(BiRads::Cat5), "joining never lowers what was proposed");
    let planes: Vec<_> = whole.planes.iter().map(|plane| (plane.reason, plane.lesion)).collect();
    let of_a = |reason| (reason, Some(a));
    let three = [PlaneReason::Largest, PlaneReason::Across, PlaneReason::Suspicious];
    assert_eq!(planes, three.map(of_a));
    let asks = |report: &_| {
        let is = |at: &Obstacle| (at.code, at.field, at.lesion);
        obstacles(report).iter().any(|at| is(at) == (ObstacleCode::Open, Some(FieldName::Category), Some(a)))
    };
    assert!(
        asks(&report) && !asks(&apart),
        "4C was said, and nobody has answered the 5 that came with the other"
    );

    for act in [
        Act::Dismiss { lesion: 2 },
        Act::Join { lesion: a, into: 2 },
        Act::Join { lesion: a, into: a },
        Act::Part { lesion: a },
    ] {
        assert!(matches!(examination.act(BY, act.clone()), Err(Refusal::BadValue(_))), "{act:?}");
    }
    let unknown = examination.act(BY, Act::Join { lesion: a, into: 9 });
    assert!(matches!(unknown, Err(Refusal::UnknownLesion(9))), "{unknown:?}");
    examination.act(BY, Act::Part { lesion: 2 }).unwrap();
    assert_eq!(examination.report(), apart);
    examination.act(BY, Act::Join { lesion: 2, into: a }).unwrap();
    examination.undo(BY).unwrap();
    assert_eq!(examination.report(), apart);
}

#[test]
fn a_breast_of_which_nothing_was_scanned_is_not_signed_as_examined() {
    let check = |scanned: &[(Option<Side>, f32)], stands: bool| {
        let folder = tempfile::tempdir().unwrap();
        let examination = begin(folder.path());
        examination.act(BY, demo_patient()).unwrap();
        for (side, seconds) in scanned {
            if let Some(side) = *side {
                let place = Place { side, clock: None, from_nipple_mm: None };
                examination.act(BY, Act::SetProbe { place }).unwrap();
            }
            examination.scanned(*seconds, true, &[], None).unwrap();
            examination.rest().unwrap();
        }
        examination.act(BY, Act::SetExamined { side: Side::Left, examined: true }).unwrap();
        let found = obstacles(&examination.report());
        let stood = found.iter().any(|obstacle| obstacle.code == ObstacleCode::NotScanned);
        assert_eq!(stood, stands, "{scanned:?}");
    };
    check(&[], true);
    check(&[(Some(Side::Right), 300.0)], true);
    check(&[(Some(Side::Left), 2.0)], true);
    check(&[(Some(Side::Left), 200.0)], false);
    check(&[(None, 200.0)], false);
}

#[test]
fn a_depth_that_was_entered_is_there_after_a_stop_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    let depth = EnteredDepth { depth_mm: 40.0, height_px: 400.0, size_px: [640, 480] };
    examination.act(BY, Act::SetDepth { depth: Some(depth) }).unwrap();
    for wrong in [
        EnteredDepth { depth_mm: f32::NAN, ..depth },
        EnteredDepth { depth_mm: 9.0, ..depth },
        EnteredDepth { height_px: 0.0, ..depth },
        EnteredDepth { height_px: 481.0, ..depth },
        EnteredDepth { height_px: f32::INFINITY, ..depth },
    ] {
        let refused = examination.act(BY, Act::SetDepth { depth: Some(wrong) });
        assert!(matches!(refused, Err(Refusal::BadValue(_))), "{wrong:?}");
    }
    drop(examination);
    let examination = resume(folder.path());
    assert_eq!(examination.entered_depth(), Some(depth));
    assert!((depth.scale().unwrap().y() - 0.1).abs() < 1e-6);
    examination.undo(BY).unwrap();
    assert_eq!(examination.entered_depth(), None);
}

/// The report as another program would read it from the journal.
fn resume_beside(examination: &Examination, folder: &Path) -> Report {
    let to = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(to.path().join("one")).unwrap();
    std::fs::copy(folder.join("one/journal.jsonl"), to.path().join("one/journal.jsonl")).unwrap();
    let report = resume(to.path()).report();
    assert_eq!(report, examination.report());
    report
}

#[test]
fn what_was_begun_by_mistake_is_discarded_by_who_began_it_and_stays_in_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let account = |name: &str| Author { name: name.into(), account: Some(name.into()) };
    let (ann, bob) = (account("ann"), account("bob"));
    let examination = archive.begin(opened()).unwrap();
    examination.act(&ann, demo_patient()).unwrap();
    assert!(archive.list().unwrap()[0].summary.as_ref().unwrap().empty);
    assert!(matches!(examination.discard(&bob), Err(Refusal::NotYours)));
    examination.discard(&ann).unwrap();
    assert!(matches!(examination.act(&ann, demo_patient()), Err(Refusal::Discarded)));
    assert!(matches!(examination.undo(&ann), Err(Refusal::Discarded)));
    assert!(matches!(examination.discard(&ann), Err(Refusal::Discarded)));
    let last = examination.history().pop().unwrap().entry;
    assert_eq!((last.event, last.account.as_deref()), (Event::Discarded, Some("ann")));
    let id = examination.id();
    drop((archive, examination));
    let archive = Archive::open(folder.path()).unwrap();
    assert!(archive.list().unwrap().is_empty(), "also after a start");
    assert!(archive.get(&id).unwrap().unwrap().is_discarded(), "the journal is there");
}

#[test]
fn an_examination_in_which_anything_is_is_not_discarded() {
    type Something = fn(&Examination);
    let somethings: [Something; 5] = [
        |of| of.scanned(0.0, true, &[], None).unwrap(),
        |of| drop(of.found(1).unwrap()),
        |of| drop(of.keep(plane(1, PlaneReason::Kept), &picture(9), Some(BY.into())).unwrap()),
        |of| of.act(BY, Act::SetExamined { side: Side::Left, examined: true }).unwrap(),
        |of| {
            of.act(BY, Act::SetProbe { place: at(Side::Left, "10:30") }).unwrap();
            of.undo(BY).unwrap();
        },
    ];
    for (number, something) in somethings.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let examination = begin(folder.path());
        examination.discardable(&BY.into()).unwrap();
        something(&examination);
        assert!(matches!(examination.discard(BY), Err(Refusal::NotEmpty)), "{number}");
    }
}

#[test]
fn blanks_are_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    let named = |name: &str| Act::SetPatient { patient: Patient { name: name.into(), ..Patient::default() } };
    for name in [" ", "\t \n", "\u{3000}"] {
        assert!(matches!(examination.act(BY, named(name)), Err(Refusal::BadValue(BLANK))), "{name:?}");
    }
    for name in ["", "Demo 01", &"王".repeat(64)] {
        examination.act(BY, named(name)).unwrap();
    }
}
