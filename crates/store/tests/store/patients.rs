//! Who is who, what happened, who did what, and what waits.

use std::collections::BTreeSet;
use std::time::Duration;

use peony_dicom::Tag;
use peony_store::{Ended, Store, StoreError};

use crate::doubts::eyes;
use crate::kit::{self, BIRTH_DATE, NAME, PATIENT_ID, STUDY_UID, ask, faults, put, studies};

/// What contradicts itself would be of another patient.
const ONE: (Tag, &str) = (NAME, "Wang^Fang");

pub async fn a_merge_moves_studies_and_can_be_undone(store: &Store) {
    for (number, id) in [(10, "A"), (12, "B"), (14, "C")] {
        put(store, number, &[(PATIENT_ID, id), ONE]).await;
    }
    let number = async |id: &str| store.patient(id, "").await.unwrap();
    let of = async |id: &str| ask(store, &studies().matching(PATIENT_ID, id), STUDY_UID).await.len();
    let [a, b, c] = [number("A").await, number("B").await, number("C").await];
    let first = store.merge(a, b, "a person").await.unwrap();
    assert_eq!((of("A").await, of("B").await), (0, 2));
    assert!(matches!(store.merge(a, c, "x").await, Err(StoreError::Refused(_))));
    assert!(matches!(store.merge(b, a, "x").await, Err(StoreError::Refused(_))), "they are one");
    assert!(matches!(store.merge(b, b, "x").await, Err(StoreError::Refused(_))));
    assert!(matches!(store.merge(b, 99_999, "x").await, Err(StoreError::Missing("patient"))));
    // What comes for A afterwards is B's, and after the next merge all is C's.
    put(store, 16, &[(PATIENT_ID, "A"), ONE]).await;
    assert_eq!(of("B").await, 3);
    let second = store.merge(b, c, "a person").await.unwrap();
    assert_eq!((of("B").await, of("C").await), (0, 4));
    store.undo_merge(first, "a person").await.unwrap();
    assert_eq!((of("A").await, of("B").await, of("C").await), (2, 0, 2));
    store.undo_merge(second, "a person").await.unwrap();
    assert_eq!((of("A").await, of("B").await, of("C").await), (2, 1, 1));
    assert!(matches!(store.undo_merge(first, "x").await, Err(StoreError::Missing("merge"))));
    let acts: Vec<String> =
        store.audit_after(0, 100).await.unwrap().into_iter().map(|line| line.act).collect();
    let acts: Vec<String> = acts.into_iter().filter(|act| act != "receive").collect();
    assert_eq!(acts, ["merge-patients", "merge-patients", "undo-merge", "undo-merge"]);
    assert!(faults(store).await.is_empty());
}

pub async fn of_merges_at_once_one_is_done_and_no_study_is_lost(store: &Store) {
    for (number, id) in [(10, "A"), (12, "B")] {
        put(store, number, &[(PATIENT_ID, id), ONE]).await;
    }
    let of = async |id: &str| ask(store, &studies().matching(PATIENT_ID, id), STUDY_UID).await.len();
    let [a, b] = [store.patient("A", "").await.unwrap(), store.patient("B", "").await.unwrap()];
    for round in 0..8 {
        let arrives = put(store, 20 + 2 * round, &[(PATIENT_ID, "A"), ONE]);
        let (one, other, _) = tokio::join!(store.merge(a, b, "one"), store.merge(b, a, "other"), arrives);
        assert!(one.is_ok() != other.is_ok(), "{one:?} and {other:?}");
        assert_eq!(of("A").await + of("B").await, 3 + round as usize, "all are found");
        store.undo_merge(one.or(other).unwrap(), "one").await.unwrap();
        assert_eq!((of("A").await, of("B").await), (2 + round as usize, 1));
    }
}

#[tokio::test]
async fn sqlite_of_merges_at_once_one_is_done_and_no_study_is_lost() {
    of_merges_at_once_one_is_done_and_no_study_is_lost(&kit::store().await.1).await;
}

pub async fn a_merge_across_sites_shows_nobody_what_another_site_knows(store: &Store) {
    let [east, west, both] = eyes(store).await;
    for number in [10, 12] {
        put(&east, number, &[(PATIENT_ID, "A"), (NAME, "Own^East"), (BIRTH_DATE, "19700101")]).await;
    }
    let second = put(&east, 14, &[(PATIENT_ID, "A2"), (NAME, "Own^East")]).await;
    let of_west = put(&west, 20, &[(PATIENT_ID, "B"), (NAME, "Own^West"), (BIRTH_DATE, "19700102")]).await;
    let of =
        async |eyes: &Store, id: &str| ask(eyes, &studies().matching(PATIENT_ID, id), STUDY_UID).await.len();
    let [a, a2] = [east.patient("A", "").await.unwrap(), east.patient("A2", "").await.unwrap()];
    let b = both.patient_of_study(&of_west.study_uid).await.unwrap();
    // Who sees one of them knows no other.
    assert!(matches!(east.patient_of_study(&of_west.study_uid).await, Err(StoreError::Missing("study"))));
    for (source, target) in [(a, b), (b, a)] {
        let refused = east.merge(source, target, "east").await;
        assert!(matches!(refused, Err(StoreError::Missing("patient"))), "{refused:?}");
    }
    let merge = both.merge(a, b, "both").await.unwrap();
    for eyes in [&both, store] {
        assert_eq!((of(eyes, "A").await, of(eyes, "B").await), (0, 3));
        assert_eq!(ask(eyes, &studies().matching(NAME, "own^west"), STUDY_UID).await.len(), 3);
    }
    // To the eyes of one site nothing has changed: neither names, nor what is found by them, nor counts.
    let count = Tag(0x0020, 0x1200);
    for (eyes, id, name, studies_of, others) in
        [(&east, "A", "Own^East", 2, "own^west"), (&west, "B", "Own^West", 1, "own^east")]
    {
        let patient = peony_store::Query::all(peony_dicom::Level::Patient).matching(PATIENT_ID, id);
        assert_eq!(ask(eyes, &patient, NAME).await, [name]);
        assert_eq!(ask(eyes, &patient, count).await, [studies_of.to_string()]);
        assert_eq!(of(eyes, id).await, studies_of);
        assert!(ask(eyes, &studies().matching(NAME, others), STUDY_UID).await.is_empty());
        let patients = peony_store::Query::all(peony_dicom::Level::Patient).matching(NAME, others);
        assert!(ask(eyes, &patients, PATIENT_ID).await.is_empty());
        assert!(eyes.merges(10).await.unwrap().is_empty());
        assert!(matches!(eyes.undo_merge(merge, "x").await, Err(StoreError::Missing("merge"))));
    }
    let [open] = both.merges(10).await.unwrap().try_into().ok().unwrap();
    let named =
        |of: &peony_store::DicomJson| of["00100010"]["Value"][0]["Alphabetic"].as_str().unwrap().to_owned();
    assert_eq!((open.id, open.who.as_str()), (merge, "both"));
    assert_eq!((named(&open.source), named(&open.target)), ("Own^East".into(), "Own^West".into()));
    // A site merges its own patients all the same: into the one who is somebody else elsewhere.
    assert_eq!(east.patient_of_study(&second.study_uid).await.unwrap(), a2);
    assert!(matches!(east.merge(a, a2, "east").await, Err(StoreError::Refused(_))));
    let local = east.merge(a2, a, "east").await.unwrap();
    put(&east, 16, &[(PATIENT_ID, "A2"), (NAME, "Own^East")]).await;
    assert_eq!((of(&east, "A").await, of(&east, "A2").await), (4, 0));
    assert_eq!((of(&west, "B").await, of(&both, "B").await, of(store, "B").await), (1, 5, 5));
    assert_eq!(east.patient_of_study(&second.study_uid).await.unwrap(), a);
    // Taken back, the one across and then the one within.
    both.undo_merge(merge, "both").await.unwrap();
    assert_eq!((of(&both, "A").await, of(&both, "B").await, of(&east, "A").await), (4, 1, 4));
    assert_eq!(east.merges(10).await.unwrap().len(), 1);
    east.undo_merge(local, "east").await.unwrap();
    for eyes in [&east, &both, store] {
        assert_eq!((of(eyes, "A").await, of(eyes, "A2").await), (2, 2));
    }
    assert!(faults(store).await.is_empty());
}

#[tokio::test]
async fn sqlite_a_merge_across_sites_shows_nobody_what_another_site_knows() {
    a_merge_across_sites_shows_nobody_what_another_site_knows(&kit::store().await.1).await;
}

pub async fn a_quiet_study_is_complete_once_and_again_when_more_came(store: &Store) {
    let uid = put(store, 10, &[]).await.study_uid;
    assert_eq!(store.complete_quiet_studies(Duration::from_secs(60)).await.unwrap(), 0);
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(store.complete_quiet_studies(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(store.complete_quiet_studies(Duration::ZERO).await.unwrap(), 0);
    put(store, 12, &[(STUDY_UID, &uid)]).await;
    store.complete_study(&uid).await.unwrap();
    store.complete_study(&uid).await.unwrap();
    assert!(matches!(store.complete_study("2.25.9").await, Err(StoreError::Missing("study"))));
    let events = store.events_after(0, 10).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["arrived", "study-complete", "arrived", "study-complete"]);
    assert!(events.iter().all(|event| event.study_uid == uid));
    let after = store.events_after(events[2].id, 10).await.unwrap();
    assert_eq!(after, events[3..]);
}

pub async fn the_audit_only_grows(store: &Store, address: &str) {
    store.audit("a person", "look", "something").await.unwrap();
    let pool = sqlx::AnyPool::connect(address).await.unwrap();
    for statement in ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit"] {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    let lines = store.audit_after(0, 10).await.unwrap();
    assert_eq!((lines.len(), lines[0].who.as_str()), (1, "a person"));
}

pub async fn a_study_is_complete_when_all_of_it_is_promised(store: &Store) {
    let mut uids = Vec::new();
    for number in 1..=3 {
        let study = if number == 3 { "1.2.8" } else { "1.2.7" };
        let more = [(kit::STUDY_UID, study), (kit::SERIES_UID, "1.2.7.1")];
        uids.push(kit::put(store, number, &more).await.instance_uid);
    }
    let complete = async || {
        let events = store.events_after(0, 50).await.unwrap();
        let complete = events.into_iter().filter(|event| event.kind == "study-complete");
        complete.map(|event| event.study_uid).collect::<Vec<_>>()
    };
    store.complete_promised(&uids[..1]).await.unwrap();
    assert!(complete().await.is_empty(), "half of it");
    let twice = [&uids[0], &uids[0], &uids[2], &"1.2.3.4".to_owned()].map(Clone::clone);
    store.complete_promised(&twice).await.unwrap();
    assert_eq!(complete().await, ["1.2.8"]);
    store.complete_promised(&uids).await.unwrap();
    assert_eq!(complete().await, ["1.2.8", "1.2.7"], "each once");
}

#[tokio::test]
async fn sqlite_a_study_is_complete_when_all_of_it_is_promised() {
    a_study_is_complete_when_all_of_it_is_promised(&kit::store().await.1).await;
}

pub async fn a_job_is_one_workers_until_its_lease_ends(store: &Store) {
    let minute = Duration::from_secs(60);
    store.put_job("send", "one").await.unwrap();
    store.put_job("send", "two").await.unwrap();
    assert_eq!(store.take_job("read", minute, &[]).await.unwrap(), None);
    // The first one is due again at once, and that is after the second one was put there.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let first = store.take_job("send", Duration::ZERO, &[]).await.unwrap().unwrap();
    assert_eq!((first.payload.as_str(), first.tries), ("one", 1));
    let second = store.take_job("send", minute, &[]).await.unwrap().unwrap();
    assert_eq!(second.payload, "two");
    // The first one's worker died.
    let again = store.take_job("send", minute, &[]).await.unwrap().unwrap();
    assert_eq!((again.id, again.tries), (first.id, 2));
    assert_eq!(store.take_job("send", minute, &[]).await.unwrap(), None);
    store.end_job(&again, "", Ended::Again(Duration::ZERO, "refused".into())).await.unwrap();
    let third = store.take_job("send", minute, &[]).await.unwrap().unwrap();
    store.end_job(&third, "", Ended::Done).await.unwrap();
    store.end_job(&second, "", Ended::Failed("no such node".into())).await.unwrap();
    assert_eq!(store.take_job("send", Duration::ZERO, &[]).await.unwrap(), None);
}

#[tokio::test]
async fn sqlite_a_merge_moves_studies_and_can_be_undone() {
    a_merge_moves_studies_and_can_be_undone(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_a_quiet_study_is_complete_once_and_again_when_more_came() {
    a_quiet_study_is_complete_once_and_again_when_more_came(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_the_audit_only_grows() {
    let (folder, store) = kit::store().await;
    the_audit_only_grows(&store, &format!("sqlite:{}/store/index.sqlite", folder.path().display())).await;
}

#[tokio::test]
async fn sqlite_a_job_is_one_workers_until_its_lease_ends() {
    a_job_is_one_workers_until_its_lease_ends(&kit::store().await.1).await;
}

/// Names in the character sets of the field (PS3.5 §6.1.2): as their machines write them.
#[tokio::test]
async fn names_are_found_whatever_character_set_they_came_in() {
    let (_folder, store) = kit::store().await;
    let sets: [(&str, &[u8], &str); 5] = [
        ("ISO_IR 100", b"M\xFCller^Jos\xE9", "müller^josé"),
        ("GB18030", b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB", "王^小东"),
        ("\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB", "张^小东"),
        ("ISO_IR 192", "Sato^Aoi=佐藤^葵".as_bytes(), "佐藤^葵"),
        ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7", "洪^吉洞"),
    ];
    for (number, (set, name, asked)) in (10_u64..).step_by(2).zip(sets) {
        // As long as the name, so that the bytes can be put in its place.
        let placeholder = "x".repeat(name.len());
        let said = kit::said(number, &[(Tag(0x0008, 0x0005), set), (NAME, &placeholder), (PATIENT_ID, set)]);
        let mut file = peony_store::made_up::file(&said, kit::SMALL, number);
        let at = file.windows(name.len()).position(|part| part == placeholder.as_bytes()).unwrap();
        file[at..at + name.len()].copy_from_slice(name);
        kit::receive(&store, &file).await.unwrap();
        let found = ask(&store, &studies().matching(NAME, asked), PATIENT_ID).await;
        assert_eq!(found.len(), 1, "{set}: {found:?}");
    }
}

pub async fn many_studies_become_complete_in_several_steps(store: &Store) {
    store.index_made_up(0, 2100).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(store.complete_quiet_studies(Duration::ZERO).await.unwrap(), 2100);
    let events = store.events_after(0, 5000).await.unwrap();
    let complete = events.iter().filter(|event| event.kind == "study-complete");
    let studies: BTreeSet<&str> = complete.clone().map(|event| event.study_uid.as_str()).collect();
    assert_eq!((complete.count(), studies.len()), (2100, 2100), "each once");
}

#[tokio::test]
async fn sqlite_many_studies_become_complete_in_several_steps() {
    many_studies_become_complete_in_several_steps(&kit::store().await.1).await;
}
