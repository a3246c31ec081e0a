//! Which of two objects under one UID is handed out: a person decides, and may decide again.

use std::time::Duration;

use peony_dicom::{Level, Tag};
use peony_store::made_up::{self, Pixels};
use peony_store::{OpenDoubts, Outcome, Query, Store, StoreError};

use crate::kit::{
    self, CINE, INSTANCE_UID, MODALITY, NAME, PATIENT_ID, SERIES_UID, SMALL, STUDY_UID, ask, bytes, faults,
    kept, studies,
};

const DESCRIPTION: Tag = Tag(0x0008, 0x103E);
const SERIES_IN_STUDY: Tag = Tag(0x0020, 0x1206);

/// Puts an object of these attributes aside, which has the UID of the object of this number; gives its number there.
async fn aside(store: &Store, number: u64, more: &[(Tag, &str)], pixels: Pixels) -> (i64, Vec<u8>) {
    let file = made_up::file(&kit::said(number, more), pixels, number + 1000);
    let receipt = kit::receive(store, &file).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::KeptAside);
    let listed = store.kept_aside(100).await.unwrap();
    (listed.iter().find(|one| one.digest == receipt.digest).unwrap().id, file)
}

fn questions(level: Level) -> Query {
    Query::all(level)
}

pub async fn what_is_decided_can_be_decided_again(store: &Store) {
    let first = kit::file(10, &[], SMALL);
    let receipt = kit::receive(store, &first).await.unwrap();
    store.complete_study(&receipt.study_uid).await.unwrap();
    let (id, second) = aside(store, 10, &[], CINE).await;
    let uid = receipt.instance_uid.as_str();
    let handed_out = async || bytes(store, &kept(store, uid).await.unwrap()).await.unwrap();
    assert!(handed_out().await == first);

    let other = store.take_aside(id, "a person").await.unwrap();
    let now = kept(store, uid).await.unwrap();
    assert!(handed_out().await == second, "and each part of it is verified");
    assert_ne!(now.object.digest, receipt.digest);
    assert_eq!(now.frame_count, 7, "it is indexed anew");
    assert_eq!(store.frame(&now, 6).await.unwrap().len(), 30_000);
    assert!(store.kept_aside(10).await.unwrap().is_empty());
    let [decided] = store.decided_aside(10).await.unwrap().try_into().unwrap();
    assert_eq!(
        (decided.id, decided.digest.as_str(), decided.origin.as_str()),
        (other, receipt.digest.as_str(), "PROBE")
    );
    assert_eq!(decided.kept.unwrap().digest, now.object.digest);
    assert_eq!(decided.decided.unwrap().by, "a person");
    assert_eq!(store.open_doubts().await.unwrap(), OpenDoubts { decided: 1, ..OpenDoubts::default() });
    assert!(faults(store).await.is_empty());
    let again = store.take_aside(id, "a person").await;
    assert!(matches!(again, Err(StoreError::Missing(_))), "asked twice it is done once: {again:?}");

    // Who sends either of them again changes nothing of it.
    for (file, outcome) in [(&first, Outcome::KeptAside), (&second, Outcome::AlreadyThere)] {
        assert_eq!(kit::receive(store, file).await.unwrap().outcome, outcome);
    }
    assert!(store.kept_aside(10).await.unwrap().is_empty() && handed_out().await == second);

    let back = store.take_aside(other, "another person").await.unwrap();
    assert!(handed_out().await == first);
    let [decided] = store.decided_aside(10).await.unwrap().try_into().unwrap();
    assert_eq!((decided.id, decided.digest.as_str()), (back, now.object.digest.as_str()));
    assert_eq!(ask(store, &studies(), SERIES_IN_STUDY).await, ["1"]);
    assert!(faults(store).await.is_empty());
    // Whoever was told that the study is complete is told again.
    assert_eq!(store.complete_quiet_studies(Duration::ZERO).await.unwrap(), 1);
    let acts: Vec<[String; 2]> =
        store.audit_after(0, 20).await.unwrap().into_iter().map(|line| [line.who, line.act]).collect();
    let acts: Vec<[&str; 2]> = acts.iter().map(|line| line.each_ref().map(String::as_str)).collect();
    let taken: Vec<_> = acts.into_iter().filter(|[_, act]| *act == "take-aside").collect();
    assert_eq!(taken, [["a person", "take-aside"], ["another person", "take-aside"]]);
}

/// Files of one data set differ by who sends them.
pub async fn what_lies_aside_is_kept_once_whoever_sends_it(store: &Store) {
    kit::put(store, 10, &[]).await;
    let (id, first) = aside(store, 10, &[], CINE).await;
    let uid = made_up::attributes(10)[&INSTANCE_UID].clone();
    let of = |source: &str| {
        let mut file = first[..132].to_vec();
        file.extend(b"\x02\x00\x16\x00AE");
        file.extend((source.len() as u16).to_le_bytes());
        file.extend(source.as_bytes());
        file.extend(&first[132..]);
        file
    };
    let send = async |origin: &str, file: Vec<u8>| {
        let bytes = futures_util::stream::iter([std::io::Result::Ok(bytes::Bytes::from(file))]);
        store.receive(origin, bytes).await.unwrap().outcome
    };
    let files: Vec<Vec<u8>> = ["ARCHIVE1", "ARCHIVE2", "ARCHIVE3"].map(of).into();
    let [one, two, three] = &files[..] else { panic!("three") };
    let outcomes = tokio::join!(
        send("ARCHIVE1", one.clone()),
        send("ARCHIVE2", two.clone()),
        send("ARCHIVE3", three.clone())
    );
    assert_eq!(outcomes, (Outcome::KeptAside, Outcome::KeptAside, Outcome::KeptAside));
    assert_eq!(send("SAME_FILE", first.clone()).await, Outcome::KeptAside);
    let [lying] = store.kept_aside(10).await.unwrap().try_into().unwrap();
    assert_eq!((lying.id, lying.origin.as_str()), (id, "PROBE"));
    // It is nobody's who did not send it, and theirs who did: nothing is promised to them.
    for (origin, lies) in
        [("PROBE", true), ("ARCHIVE1", true), ("ARCHIVE3", true), ("SAME_FILE", true), ("ELSE", false)]
    {
        assert_eq!(store.has_aside(&uid, origin).await.unwrap(), lies, "{origin}");
    }
    // Another data set is another one, and what a person has decided stays so.
    assert_eq!(
        aside(store, 10, &[(DESCRIPTION, "other")], SMALL).await.0,
        store.kept_aside(10).await.unwrap()[1].id
    );
    let other = store.take_aside(id, "a person").await.unwrap();
    assert_eq!(send("ARCHIVE2", two.clone()).await, Outcome::AlreadyThere);
    store.take_aside(other, "a person").await.unwrap();
    assert_eq!(send("ARCHIVE2", two.clone()).await, Outcome::KeptAside);
    assert_eq!(
        (store.kept_aside(10).await.unwrap().len(), store.decided_aside(10).await.unwrap().len()),
        (1, 1)
    );
    assert!(!store.has_aside(&uid, "ARCHIVE2").await.unwrap(), "that was decided about");
    assert!(faults(store).await.is_empty(), "no file is left of those that are not kept");
}

#[tokio::test]
async fn sqlite_what_lies_aside_is_kept_once_whoever_sends_it() {
    what_lies_aside_is_kept_once_whoever_sends_it(&kit::store().await.1).await;
}

/// A name, and then an identifier, that were typed in wrong and come right with all pictures of the study.
pub async fn what_was_said_first_is_said_by_the_one_that_is_taken(store: &Store) {
    let study = made_up::attributes(10)[&STUDY_UID].clone();
    let series = made_up::attributes(10)[&SERIES_UID].clone();
    let of = |number: u64, id: &'static str, name: &'static str| {
        let uid = made_up::attributes(number)[&INSTANCE_UID].clone();
        let (study, series) = (study.clone(), series.clone());
        vec![
            (PATIENT_ID, id.to_owned()),
            (NAME, name.to_owned()),
            (STUDY_UID, study),
            (SERIES_UID, series),
            (INSTANCE_UID, uid),
        ]
    };
    async fn said(store: &Store, number: u64, all: &[(Tag, String)], puts: bool) -> i64 {
        let more: Vec<(Tag, &str)> = all.iter().map(|(tag, value)| (*tag, value.as_str())).collect();
        if puts {
            kit::put(store, number, &more).await;
            return 0;
        }
        aside(store, number, &more, SMALL).await.0
    }
    for number in [10, 12] {
        said(store, number, &of(number, "7", "Wang^Fang"), true).await;
    }
    let patients = questions(Level::Patient);
    let found = async |name: &str| ask(store, &studies().matching(NAME, name), STUDY_UID).await.len();
    let open = async || {
        let conflicts = store.conflicts(10).await.unwrap();
        conflicts.into_iter().map(|one| [one.tag, one.kept, one.other]).collect::<Vec<_>>()
    };
    // The second picture alone: what was said first stays, and the contradiction is shown.
    let second = said(store, 12, &of(12, "7", "Li^Na"), false).await;
    let second = store.take_aside(second, "x").await.unwrap();
    assert_eq!(ask(store, &patients, NAME).await, ["Wang^Fang"]);
    assert_eq!(open().await, [["00100010", "Wang^Fang", "Li^Na"].map(str::to_owned)]);
    // The first one as well.
    let first = said(store, 10, &of(10, "7", "Li^Na"), false).await;
    store.take_aside(first, "x").await.unwrap();
    assert_eq!(ask(store, &patients, NAME).await, ["Li^Na"]);
    assert_eq!([found("li^na").await, found("wang*").await], [1, 0]);
    assert_eq!(open().await, [[""; 3]; 0], "no object says so any more");
    // What is like the displaced ones contradicts what is said now.
    said(store, 14, &of(14, "7", "Zhao^Min"), true).await;
    assert_eq!(open().await, [["00100010", "Li^Na", "Zhao^Min"].map(str::to_owned)]);
    store.settle_conflict(store.conflicts(1).await.unwrap()[0].id, "x").await.unwrap();

    // Another identifier: the study is another patient's, and nobody is left of the first.
    let other = said(store, 10, &of(10, "8", "Li^Na"), false).await;
    store.take_aside(other, "x").await.unwrap();
    assert_eq!(ask(store, &patients, PATIENT_ID).await, ["8"]);
    assert_eq!(ask(store, &studies(), PATIENT_ID).await, ["8"]);
    assert_eq!(open().await, [["00100020", "8", "7"].map(str::to_owned)]);
    let displaced = store.decided_aside(10).await.unwrap();
    assert!(displaced.iter().any(|one| one.id == second), "everything lies there still");
    assert_eq!(displaced.len(), 3);
    // Who comes under the first identifier after all is taken by their own word.
    let more = [(PATIENT_ID, "7"), (NAME, "Chen^Yan")];
    kit::put(store, 20, &more).await;
    assert_eq!(open().await.len(), 1);
    assert_eq!(ask(store, &patients.clone().matching(PATIENT_ID, "7"), NAME).await, ["Chen^Yan"]);
    assert_eq!(found("chen^yan").await, 1);
    assert!(faults(store).await.is_empty());
}

/// Taken and taken back, in a study of which another object stays.
pub async fn a_contradiction_goes_with_the_object_that_said_it(store: &Store) {
    let first = kit::put(store, 10, &[(PATIENT_ID, "7"), (NAME, "Zhao^An")]).await;
    let uids = [(STUDY_UID, first.study_uid.as_str()), (SERIES_UID, &first.series_uid)];
    kit::put(store, 12, &[&[(PATIENT_ID, "7"), (NAME, "Zhao^An")][..], &uids].concat()).await;
    let open = async || {
        let conflicts = store.conflicts(10).await.unwrap();
        let doubtful = store.doubtful_studies(10).await.unwrap().len();
        (conflicts.into_iter().map(|one| [one.kept, one.other]).collect::<Vec<_>>(), doubtful)
    };
    let one = |kept: &str, other: &str| (vec![[kept.to_owned(), other.to_owned()]], 1);
    let none = (Vec::new(), 0);
    for (number, id, name, expect) in [
        (10, "7", "Qian^Bo", one("Qian^Bo", "Zhao^An")),
        (10, "8", "Zhao^An", one("8", "7")),
        (12, "7", "Qian^Bo", one("Zhao^An", "Qian^Bo")),
        (12, "8", "Zhao^An", one("7", "8")),
    ] {
        let more = [&[(PATIENT_ID, id), (NAME, name)][..], &uids].concat();
        let (taken, _) = aside(store, number, &more, SMALL).await;
        assert_eq!(open().await, none);
        let back = store.take_aside(taken, "x").await.unwrap();
        assert_eq!(open().await, expect, "{number} {id} {name}");
        let again = store.take_aside(back, "x").await.unwrap();
        assert_eq!(open().await, none, "{number} {id} {name}: nothing says so any more");
        assert_eq!(faults(store).await, []);
        // Both ways a second time.
        let back = store.take_aside(again, "x").await.unwrap();
        assert_eq!(open().await, expect, "{number} {id} {name}");
        store.take_aside(back, "x").await.unwrap();
        assert_eq!(open().await, none);
    }
}

#[tokio::test]
async fn sqlite_a_contradiction_goes_with_the_object_that_said_it() {
    a_contradiction_goes_with_the_object_that_said_it(&kit::store().await.1).await;
}

/// The one that is taken is of another study than the one that gives way.
pub async fn of_what_gave_way_nothing_is_found_until_something_comes(store: &Store) {
    let first = kit::put(store, 10, &[(PATIENT_ID, "7"), (NAME, "Wang^Fang")]).await;
    let elsewhere = [
        (PATIENT_ID, "8"),
        (NAME, "Li^Na"),
        (STUDY_UID, "1.2.8"),
        (SERIES_UID, "1.2.8.1"),
        (MODALITY, "MG"),
        (DESCRIPTION, "Left"),
    ];
    let (id, _) = aside(store, 10, &elsewhere, SMALL).await;
    let back = store.take_aside(id, "x").await.unwrap();
    let [patient, study, series, instance] =
        [Level::Patient, Level::Study, Level::Series, Level::Instance].map(questions);
    let all = async || {
        let patients = ask(store, &patient, PATIENT_ID).await;
        let found = [
            ask(store, &study, STUDY_UID).await,
            ask(store, &series, SERIES_UID).await,
            ask(store, &instance, STUDY_UID).await,
        ];
        (
            patients,
            found.map(|mut found| {
                found.sort();
                found
            }),
        )
    };
    let [only, its_series] = ["1.2.8", "1.2.8.1"].map(|uid| vec![uid.to_owned()]);
    assert_eq!(all().await, (vec!["8".to_owned()], [only.clone(), its_series.clone(), only.clone()]));
    assert_eq!(kept(store, &first.instance_uid).await.unwrap().study_uid, "1.2.8");
    assert!(store.conflicts(10).await.unwrap().is_empty() && faults(store).await.is_empty());

    // Something comes for the study of which nothing was left: it is what that says.
    let more = [
        (PATIENT_ID, "9"),
        (NAME, "Zhao^Min"),
        (STUDY_UID, &first.study_uid),
        (SERIES_UID, &first.series_uid),
    ];
    kit::put(store, 12, &more).await;
    let of_first = study.clone().matching(STUDY_UID, &first.study_uid);
    assert_eq!(ask(store, &of_first, NAME).await, ["Zhao^Min"]);
    assert_eq!(ask(store, &of_first, SERIES_IN_STUDY).await, ["1"]);
    assert!(store.conflicts(10).await.unwrap().is_empty() && faults(store).await.is_empty());

    // Taken back, the first one is in its study again, where another patient is by now: it came before.
    store.take_aside(back, "x").await.unwrap();
    assert_eq!(ask(store, &study, STUDY_UID).await, [first.study_uid.as_str()]);
    assert_eq!(ask(store, &series, SERIES_UID).await, [first.series_uid.as_str()]);
    assert_eq!(ask(store, &instance, STUDY_UID).await.len(), 2);
    let [conflict] = store.conflicts(10).await.unwrap().try_into().ok().unwrap();
    assert_eq!((conflict.kept.as_str(), conflict.other.as_str()), ("7", "9"));
    assert!(faults(store).await.is_empty());

    // What is told of a place that nothing is left of is not believed, however often it was told before.
    let like =
        [(PATIENT_ID, "8"), (NAME, "Li^Na"), (STUDY_UID, "1.2.8"), (SERIES_UID, "1.2.8.1"), (MODALITY, "MG")];
    kit::put(store, 14, &like).await;
    assert_eq!(ask(store, &study.clone().matching(STUDY_UID, "1.2.8"), SERIES_IN_STUDY).await, ["1"]);
    assert!(faults(store).await.is_empty());
}

#[tokio::test]
async fn sqlite_what_is_decided_can_be_decided_again() {
    what_is_decided_can_be_decided_again(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_what_was_said_first_is_said_by_the_one_that_is_taken() {
    what_was_said_first_is_said_by_the_one_that_is_taken(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_of_what_gave_way_nothing_is_found_until_something_comes() {
    of_what_gave_way_nothing_is_found_until_something_comes(&kit::store().await.1).await;
}

#[tokio::test]
async fn what_is_damaged_is_not_taken() {
    let (folder, store) = kit::store().await;
    let receipt = kit::put(&store, 10, &[]).await;
    let (id, second) = aside(&store, 10, &[], SMALL).await;
    let digest = store.kept_aside(1).await.unwrap()[0].digest.clone();
    let path = folder.path().join("store/objects").join(&digest[..2]).join(&digest);
    let mut damaged = second.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for spoilt in [Some(damaged), Some(second[..700].to_vec()), None] {
        match &spoilt {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let refused = store.take_aside(id, "x").await;
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    }
    assert_eq!(kept(&store, &receipt.instance_uid).await.unwrap().object.digest, receipt.digest);
    assert_eq!(store.kept_aside(10).await.unwrap()[0].id, id, "it is not decided");
    assert!(store.audit_after(0, 20).await.unwrap().iter().all(|line| line.act != "take-aside"));
    std::fs::write(&path, &second).unwrap();
    store.take_aside(id, "x").await.unwrap();
}
