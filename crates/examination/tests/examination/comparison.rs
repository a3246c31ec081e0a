//! The comparison with an earlier examination: found, proposed, decided, taken back, and read again from the journal.

use std::fs;
use std::sync::Arc;

use peony_examination::{Archive, ObstacleCode, Refusal, Role, Summary, obstacles};
use peony_model::report::{Before, Change, Comparison, Trend};

use super::*;

fn patient(id: &str, name: &str) -> Act {
    Act::SetPatient { patient: Patient { id: id.into(), name: name.into(), ..Patient::default() } }
}

fn sign() -> Act {
    Act::Sign { name: BY.into(), role: Role::Examiner, licence: String::new() }
}

/// An examination of the left breast with a lesion at each place, of so many millimetres.
fn examined(archive: &Archive, of: Act, lesions: &[(&str, f32)]) -> Arc<Examination> {
    let examination = archive.begin(opened()).unwrap();
    examination.act(BY, of).unwrap();
    archive.compare(&examination).unwrap();
    for ((clock, long), lesion) in lesions.iter().zip(1..) {
        examination.act(BY, Act::SetProbe { place: at(Side::Left, clock) }).unwrap();
        examination.found(lesion).unwrap();
        let size = Some(Size { long: *long, short: 5.0, third: None, unit: Unit::Millimetre });
        examination.seen(Observation { size, ..seen(lesion, BiRads::Cat3) }, true).unwrap();
    }
    examine(&examination);
    examination
}

fn signed(archive: &Archive, of: Act, lesions: &[(&str, f32)]) -> String {
    let examination = examined(archive, of, lesions);
    for lesion in 1..=u32::try_from(lesions.len()).unwrap() {
        confirm_all(&examination, lesion);
    }
    examination.act(BY, sign()).unwrap();
    examination.id()
}

fn comparison(examination: &Examination) -> Comparison {
    examination.report().comparison.unwrap()
}

/// What is printed of a lesion: its earlier number, `Some(None)` for a new one.
fn was(examination: &Examination, lesion: u32) -> Option<Option<u32>> {
    let report = examination.report();
    let of = report.lesions.iter().find(|at| at.lesion == lesion).unwrap();
    of.before.value().map(|before| before.lesion)
}

fn codes(examination: &Examination) -> Vec<ObstacleCode> {
    obstacles(&examination.report()).into_iter().map(|obstacle| obstacle.code).collect()
}

fn say_before(examination: &Examination, lesion: u32, of: &str, then: Option<u32>) -> Result<(), Refusal> {
    let before = Some(Before { examination: of.into(), lesion: then });
    examination.act(BY, Act::Say { lesion, word: FieldWord::Before(before) })
}

#[test]
fn the_latest_signed_examination_of_the_patient_is_compared_and_every_match_is_a_person_s() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    signed(&archive, patient("P-1", "Demo 01"), &[("1:00", 30.0)]);
    let then = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0), ("2:00", 8.0)]);
    examined(&archive, patient("P-1", "Demo 01"), &[("10:00", 11.0)]);
    signed(&archive, patient("P-2", "Demo 02"), &[("10:00", 50.0)]);
    let now = examined(&archive, patient(" P-1", "Demo 01"), &[("10:30", 12.5), ("6:00", 7.0)]);
    let of = comparison(&now);
    assert_eq!((&of.earlier.examination, of.conflict, of.days), (&then, false, 0));
    assert_eq!((was(&now, 1), was(&now, 2)), (Some(Some(1)), Some(None)));
    let left: Vec<u32> = of.not_seen.iter().map(|not_seen| not_seen.lesion).collect();
    assert_eq!(left, [2]);
    let report = now.report();
    let lesion = report.lesions.iter().find(|at| at.lesion == 1).unwrap();
    assert!(lesion.before.is_open() && peony_examination::open(lesion).contains(&FieldName::Before));
    let Change::Measured { long_mm, trend, alarm, .. } = lesion.change().unwrap().change else { panic!() };
    assert_eq!((long_mm, trend, alarm), ([10.0, 12.5], Trend::Larger, true));

    confirm_all(&now, 1);
    say_before(&now, 1, &then, Some(2)).unwrap();
    assert_eq!((was(&now, 1), comparison(&now).not_seen[0].lesion), (Some(Some(2)), 1));
    now.undo(BY).unwrap();
    assert_eq!(was(&now, 1), Some(Some(1)), "confirmed before, and so again");
    confirm_all(&now, 2);
    assert_eq!(codes(&now), []);
    say_before(&now, 2, &then, Some(1)).unwrap();
    assert_eq!(codes(&now), [ObstacleCode::BeforeTwice; 2]);
    now.undo(BY).unwrap();
    now.act(BY, Act::SetLookedAgain { examination: then.clone(), lesion: 2, looked: true }).unwrap();
    assert_eq!(comparison(&now).not_seen[0].looked_again.as_ref().unwrap().by, BY);
    now.undo(BY).unwrap();
    assert_eq!(comparison(&now).not_seen[0].looked_again, None);
    now.act(BY, sign()).unwrap();
}

#[test]
fn what_was_proposed_is_kept_beside_the_word() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let then = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0), ("2:00", 8.0), ("2:00", 8.0)]);
    let now = examined(&archive, patient("P-1", "Demo 01"), &[("10:30", 12.0), ("6:00", 7.0), ("2:00", 8.0)]);
    let before = |lesion: u32| {
        let report = now.report();
        let of = report.lesions.iter().find(|at| at.lesion == lesion).unwrap().before.clone();
        (of.proposed.map(|before| before.lesion), of.said.map(|said| said.value.map(|before| before.lesion)))
    };
    assert_eq!(before(1), (Some(Some(1)), None));
    confirm_all(&now, 1);
    assert_eq!(before(1), (Some(Some(1)), Some(Some(Some(1)))), "taken over");
    say_before(&now, 1, &then, None).unwrap();
    assert_eq!(before(1), (Some(Some(1)), Some(Some(None))), "changed");
    say(&now, 1, FieldWord::Before(None));
    assert_eq!(before(1), (Some(Some(1)), Some(None)), "not compared");
    now.undo(BY).unwrap();
    now.undo(BY).unwrap();
    assert_eq!(before(2), (Some(None), None));
    say_before(&now, 2, &then, None).unwrap();
    assert_eq!(before(2), (Some(None), Some(Some(None))), "taken over without the key for it");
    assert_eq!(before(3), (None, None), "one of two that are alike");
    say_before(&now, 3, &then, Some(2)).unwrap();
    assert_eq!(before(3), (None, Some(Some(Some(2)))), "nothing was proposed, and nothing is made up");
    (2..=3).for_each(|lesion| confirm_all(&now, lesion));
    now.act(BY, sign()).unwrap();
    assert_eq!(before(1), (Some(Some(1)), Some(Some(Some(1)))), "signed so");
    assert_eq!(before(2), (Some(None), Some(Some(None))));
    assert!(!now.report().altered);
}

#[test]
fn an_ambiguous_lesion_is_asked_before_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let then = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0), ("10:30", 10.0)]);
    let now = examined(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0), ("10:00", 10.0)]);
    (1..=2).for_each(|lesion| confirm_all(&now, lesion));
    assert_eq!((was(&now, 1), was(&now, 2)), (None, None));
    assert_eq!(codes(&now), [ObstacleCode::NoBefore; 2]);
    assert_eq!(comparison(&now).not_seen, [], "while they are asked, either may be either");
    say_before(&now, 1, &then, Some(1)).unwrap();
    assert_eq!(was(&now, 2), Some(Some(2)), "what is left is proposed");
    say(&now, 2, FieldWord::Before(None));
    assert_eq!((was(&now, 2), codes(&now)), (None, vec![]), "not compared is an answer");
}

#[test]
fn no_lesion_was_one_of_the_other_breast() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let then = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    let now = examined(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    say_before(&now, 1, &then, Some(1)).unwrap();
    say(&now, 1, FieldWord::Place(Some(at(Side::Right, "10:00"))));
    assert_eq!(was(&now, 1), None, "the word fell with the breast");
    let refused = |result: Result<(), Refusal>| matches!(result, Err(Refusal::BadValue(_)));
    assert!(refused(say_before(&now, 1, &then, Some(1))));
    assert!(refused(say_before(&now, 1, &then, Some(9))));
    assert!(refused(say_before(&now, 1, "another", None)));
    let looked = Act::SetLookedAgain { examination: then, lesion: 9, looked: true };
    assert!(refused(now.act(BY, looked)));
}

#[test]
fn another_name_under_the_identifier_is_a_conflict_until_a_person_says() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let then = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    let now = examined(&archive, patient("P-1", "Demo 99"), &[("10:00", 10.0)]);
    confirm_all(&now, 1);
    let of = comparison(&now);
    assert!(of.conflict && of.asks() && !of.holds());
    assert_eq!((was(&now, 1), codes(&now)), (None, vec![ObstacleCode::OtherPatient]));
    let same = |same| Act::SetSamePatient { examination: then.clone(), same };
    now.act(BY, same(true)).unwrap();
    assert_eq!((was(&now, 1), codes(&now)), (Some(Some(1)), vec![ObstacleCode::Open]));
    now.undo(BY).unwrap();
    assert_eq!(codes(&now), [ObstacleCode::OtherPatient]);
    now.act(BY, same(false)).unwrap();
    assert_eq!((was(&now, 1), codes(&now)), (None, vec![]));
    // A slip of the pen that is mended is none.
    now.undo(BY).unwrap();
    now.act(BY, patient("P-1", "demo  01")).unwrap();
    assert_eq!((comparison(&now).conflict, was(&now, 1)), (false, Some(Some(1))));
}

#[test]
fn without_an_identifier_nothing_is_compared_and_another_patient_takes_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    let now = examined(&archive, patient(" ", "Demo 01"), &[("10:00", 10.0)]);
    assert_eq!(now.report().comparison, None);
    now.act(BY, patient("P-1", "Demo 01")).unwrap();
    archive.compare(&now).unwrap();
    confirm_all(&now, 1);
    assert_eq!(was(&now, 1), Some(Some(1)));
    now.act(BY, patient("P-7", "Demo 07")).unwrap();
    archive.compare(&now).unwrap();
    assert_eq!((now.report().comparison, was(&now, 1)), (None, None));
    now.undo(BY).unwrap();
    assert_eq!(was(&now, 1), Some(Some(1)));
}

#[test]
fn a_report_read_again_does_not_depend_on_other_examinations() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let then = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    let now = examined(&archive, patient("P-1", "Demo 01"), &[("10:00", 13.0)]);
    confirm_all(&now, 1);
    let (id, before) = (now.id(), now.report());
    drop((now, archive));
    fs::remove_dir_all(folder.path().join("exams").join(then)).unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let now = archive.get(&id).unwrap().unwrap();
    archive.compare(&now).unwrap();
    assert_eq!(now.report(), before);
    assert_eq!(was(&now, 1), Some(Some(1)));
}

#[test]
fn what_is_simulated_is_not_compared_with_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    let real = archive.begin(Opened { simulated: false, ..opened() }).unwrap();
    real.act(BY, patient("P-1", "Demo 01")).unwrap();
    archive.compare(&real).unwrap();
    assert_eq!(real.report().comparison, None);
}

/// The list after the program was started anew.
fn listed(folder: &Path) -> Vec<Arc<Summary>> {
    let archive = Archive::open(folder).unwrap();
    archive.list().unwrap().into_iter().map(|listed| listed.summary.unwrap()).collect()
}

#[test]
fn a_summary_is_kept_beside_the_journal_and_made_again_where_it_is_missing_damaged_or_old() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let id = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    let in_memory = archive.list().unwrap().remove(0).summary.unwrap();
    assert_eq!(
        (in_memory.signed, in_memory.said.lesions.len(), in_memory.category),
        (true, 1, Some(BiRads::Cat3))
    );
    drop(archive);
    let (journal, kept) = {
        let at = folder.path().join("exams").join(&id);
        (at.join("journal.jsonl"), at.join("summary"))
    };
    let fresh = || assert_eq!(listed(folder.path()), std::slice::from_ref(&in_memory));
    fresh();
    let whole = fs::read(&kept).unwrap();
    // It is read in place of the journal: one whose content is gone is still listed.
    let (entries, then) = (fs::read(&journal).unwrap(), fs::metadata(&journal).unwrap().modified().unwrap());
    let write = |bytes: &[u8]| {
        fs::write(&journal, bytes).unwrap();
        fs::File::options().write(true).open(&journal).unwrap().set_modified(then).unwrap();
    };
    write(&vec![b' '; entries.len()]);
    fresh();
    write(&entries);
    for damaged in [&whole[..whole.len() / 2], b"", &whole.iter().map(|byte| byte ^ 1).collect::<Vec<_>>()] {
        fs::write(&kept, damaged).unwrap();
        fresh();
        assert_eq!(fs::read(&kept).unwrap(), whole, "made again");
    }
    fs::remove_file(&kept).unwrap();
    fresh();
    // An entry that is being written makes the summary old, and none is kept of it.
    write(&[&entries, &b"0000"[..]].concat());
    fresh();
    assert_eq!(fs::read(&kept).unwrap(), whole);
    fs::write(&journal, &entries[..entries.len() / 2]).unwrap();
    assert!(!listed(folder.path())[0].signed, "an old summary is no answer");
}

#[test]
fn a_summary_in_memory_is_none_of_a_journal_that_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let id = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    drop(archive);
    let archive = Archive::open(folder.path()).unwrap();
    let signed = || archive.list().unwrap().remove(0).summary.map(|summary| summary.signed).ok();
    assert_eq!(signed(), Some(true));
    let at = folder.path().join("exams").join(&id);
    // What was read is not read again, ...
    fs::write(at.join("summary"), "").unwrap();
    assert_eq!((signed(), fs::read(at.join("summary")).unwrap().len()), (Some(true), 0));
    // ... unless there is another journal, or none.
    let journal = at.join("journal.jsonl");
    let entries = fs::read(&journal).unwrap();
    fs::write(&journal, &entries[..entries.len() / 2]).unwrap();
    assert_eq!(signed(), Some(false));
    fs::write(&journal, &entries).unwrap();
    assert_eq!(signed(), Some(true));
    // What was changed and is as long as before is read again.
    let mut changed = entries;
    *changed.iter_mut().rfind(|byte| **byte == b'3').unwrap() = b'2';
    fs::write(&journal, &changed).unwrap();
    assert_eq!(signed(), None);
    fs::remove_file(&journal).unwrap();
    assert_eq!(signed(), None);
}

#[test]
fn an_examination_that_cannot_be_read_stops_no_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let then = signed(&archive, patient("P-1", "Demo 01"), &[("10:00", 10.0)]);
    let broken = archive.begin(opened()).unwrap().id();
    drop(archive);
    fs::write(folder.path().join("exams").join(broken).join("journal.jsonl"), "nothing").unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let now = examined(&archive, patient("P-1", "Demo 01"), &[]);
    assert_eq!(comparison(&now).earlier.examination, then);
}
