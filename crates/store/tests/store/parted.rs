//! Studies that contradict the patient whose identifier they have: each is shown and found by what it says itself, until a person says whose it is.

use peony_dicom::{Level, Tag};
use peony_store::made_up;
use peony_store::{DicomJson, OpenDoubts, Query, Store, StoreError};

use crate::doubts::eyes;
use crate::kit::{
    self, BIRTH_DATE, NAME, PATIENT_ID, SERIES_UID, SMALL, STUDY_UID, ask, faults, put, studies,
};

const STUDIES_OF_PATIENT: Tag = Tag(0x0020, 0x1200);

/// Of the patient with the identifier 7.
fn seventh<'a>(name: &'a str, birth: &'a str) -> [(Tag, &'a str); 3] {
    [(PATIENT_ID, "7"), (NAME, name), (BIRTH_DATE, birth)]
}

/// The name of each study under an identifier, by the study.
async fn shown(store: &Store, id: &str) -> Vec<(String, String)> {
    let query = studies().matching(PATIENT_ID, id);
    let mut all: Vec<_> =
        ask(store, &query, STUDY_UID).await.into_iter().zip(ask(store, &query, NAME).await).collect();
    all.sort();
    all
}

/// The studies that a name finds.
async fn found(store: &Store, name: &str) -> Vec<String> {
    let mut all = ask(store, &studies().matching(NAME, name), STUDY_UID).await;
    all.sort();
    all
}

/// The names of the patients that have an identifier, and how many studies each has.
async fn patients(store: &Store, id: &str) -> Vec<(String, String)> {
    let query = Query::all(Level::Patient).matching(PATIENT_ID, id);
    ask(store, &query, NAME).await.into_iter().zip(ask(store, &query, STUDIES_OF_PATIENT).await).collect()
}

/// The open contradictions: what was said first and what later, and whether the study is shown so.
async fn open(store: &Store) -> Vec<(String, String, bool)> {
    let conflicts = store.conflicts(100).await.unwrap();
    conflicts.into_iter().map(|one| (one.kept, one.other, one.of_study)).collect()
}

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.into_iter().map(|(one, other)| (one.to_owned(), other.to_owned())).collect()
}

fn contradiction(kept: &str, other: &str, of_study: bool) -> (String, String, bool) {
    (kept.to_owned(), other.to_owned(), of_study)
}

fn refused<T>(what: Result<T, StoreError>) {
    assert!(matches!(what, Err(StoreError::Refused(_))), "{:?}", what.err());
}

pub async fn each_study_is_shown_and_found_by_its_own_name(store: &Store) {
    let first = put(store, 10, &seventh("Wang^Fang", "19700101")).await.study_uid;
    let other = put(store, 12, &seventh("Li^Na=李^娜", "19800202")).await.study_uid;
    let silent = put(store, 14, &[(PATIENT_ID, "7"), (NAME, ""), (Tag(0x0010, 0x0040), "")]).await.study_uid;
    let three = owned([(&first, "Wang^Fang"), (&other, "Li^Na"), (&silent, "Wang^Fang")]);
    assert_eq!(shown(store, "7").await, three);
    for level in [Level::Series, Level::Instance] {
        let query = Query::all(level).matching(STUDY_UID, &other);
        assert_eq!(ask(store, &query, NAME).await, ["Li^Na"]);
        let query = Query::all(level).matching(NAME, "li*");
        assert_eq!(ask(store, &query, STUDY_UID).await, [other.as_str()]);
    }
    assert_eq!(
        found(store, "wang*").await,
        [first.clone(), silent],
        "no study without contradiction is lost"
    );
    for (name, fuzzy) in [("li*", false), ("李娜", false), ("na li", true)] {
        let query = studies().matching(NAME, name).fuzzy(fuzzy);
        assert_eq!(ask(store, &query, STUDY_UID).await, [other.as_str()], "{name}");
    }
    for (birth, study) in [("19700101", &first), ("1980-1985", &other)] {
        let query = studies().matching(BIRTH_DATE, birth);
        assert!(ask(store, &query, STUDY_UID).await.contains(study), "{birth}");
    }
    let query = studies().matching(BIRTH_DATE, "19700101").matching(NAME, "li*");
    assert!(ask(store, &query, STUDY_UID).await.is_empty());
    assert_eq!(patients(store, "7").await, owned([("Wang^Fang", "2"), ("Li^Na", "1")]));
    let name = contradiction("Wang^Fang", "Li^Na=李^娜", true);
    let birth = contradiction("19700101", "19800202", true);
    assert_eq!(open(store).await, [name.clone(), birth.clone()]);

    // More of it is of the same one, and contradicts that one alone.
    put(store, 16, &[&seventh("Li^Na=李^娜", "19800202")[..], &[(STUDY_UID, &other)]].concat()).await;
    assert_eq!(open(store).await.len(), 2);
    put(store, 18, &[&seventh("Wang^Fang", "")[..], &[(STUDY_UID, &other)]].concat()).await;
    let within = contradiction("Li^Na=李^娜", "Wang^Fang", false);
    assert_eq!(open(store).await, [name, birth, within]);
    assert_eq!(shown(store, "7").await, three, "as its first object says");
    let doubtful = store.doubtful_studies(10).await.unwrap();
    assert_eq!(doubtful.len(), 3, "and every study of the one who is contradicted is marked");
    for (study, expected) in [(&other, 3), (&first, 2)] {
        assert_eq!(store.conflicts_around(study, 10).await.unwrap().len(), expected, "{study}");
    }
    let elsewhere = put(store, 20, &[(PATIENT_ID, "8")]).await.study_uid;
    for study in [elsewhere.as_str(), "1.2.3", "' OR 1 = 1 --"] {
        assert!(store.conflicts_around(study, 10).await.unwrap().is_empty(), "{study}");
    }
    assert!(faults(store).await.is_empty());
}

pub async fn the_same_person_is_found_by_both_names_and_that_is_taken_back(store: &Store) {
    let first = put(store, 10, &seventh("Wang^Fang", "19700101")).await.study_uid;
    let other = put(store, 12, &seventh("Li^Na", "19700102")).await.study_uid;
    let [name, birth] = store.conflicts(10).await.unwrap().try_into().ok().unwrap();
    store.settle_conflict(name.id, "a person").await.unwrap();
    assert_eq!(found(store, "wang*").await, [first.as_str()], "something else is still a question");
    store.settle_conflict(birth.id, "a person").await.unwrap();
    assert_eq!(patients(store, "7").await, owned([("Wang^Fang", "2")]));
    assert_eq!(shown(store, "7").await, owned([(&first, "Wang^Fang"), (&other, "Wang^Fang")]));
    for name in ["wang*", "li^na"] {
        assert_eq!(found(store, name).await, [first.clone(), other.clone()], "{name}");
    }
    put(store, 14, &[&seventh("Li^Na", "19700102")[..], &[(STUDY_UID, &other)]].concat()).await;
    assert!(open(store).await.is_empty(), "what comes for it says nothing new");
    assert_eq!(faults(store).await, []);
    let [merge] = store.merges(10).await.unwrap().try_into().ok().unwrap();
    store.undo_merge(merge.id, "another person").await.unwrap();
    assert_eq!(shown(store, "7").await, owned([(&first, "Wang^Fang"), (&other, "Li^Na")]));
    assert_eq!([found(store, "wang*").await, found(store, "li*").await], [[first], [other]]);
    assert_eq!(open(store).await.len(), 2, "it is a question again");
    assert_eq!(store.open_doubts().await.unwrap(), OpenDoubts { conflicts: 2, ..OpenDoubts::default() });
}

pub async fn another_person_stays_one_and_that_is_taken_back(store: &Store) {
    let first = put(store, 10, &seventh("Wang^Fang", "19700101")).await.study_uid;
    let other = put(store, 12, &seventh("Li^Na", "19700102")).await.study_uid;
    put(store, 20, &[(PATIENT_ID, "8"), (NAME, "Wang^Fang")]).await;
    let [conflict, birth] = store.conflicts(10).await.unwrap().try_into().ok().unwrap();
    let id = store.part(conflict.id, "a person").await.unwrap();
    assert!(matches!(store.part(birth.id, "x").await, Err(StoreError::Missing(_))), "all of it is settled");
    assert_eq!(store.open_doubts().await.unwrap(), OpenDoubts { partings: 1, ..OpenDoubts::default() });
    assert!(store.doubtful_studies(10).await.unwrap().is_empty());
    assert_eq!(faults(store).await, []);
    let [parting] = store.partings(10).await.unwrap().try_into().ok().unwrap();
    let named = |of: &DicomJson| of["00100010"]["Value"][0]["Alphabetic"].as_str().unwrap().to_owned();
    assert_eq!((parting.id, parting.who.as_str(), &parting.study_uid), (id, "a person", &other));
    assert_eq!([named(&parting.source), named(&parting.target)], ["Wang^Fang", "Li^Na"]);

    // What comes for it is theirs, and says nothing new.
    put(store, 14, &[&seventh("Li^Na", "19700102")[..], &[(STUDY_UID, &other)]].concat()).await;
    assert!(open(store).await.is_empty());
    // Whom the first one is said to be, they are not.
    let (seven, eight) = (store.patient("7", "").await.unwrap(), store.patient("8", "").await.unwrap());
    let li = store.patient_of_study(&other).await.unwrap();
    refused(store.merge(li, seven, "x").await);
    let merge = store.merge(seven, eight, "a person").await.unwrap();
    assert_eq!(shown(store, "7").await, owned([(&other, "Li^Na")]));
    assert_eq!(shown(store, "8").await.len(), 2);
    put(store, 16, &[&seventh("Li^Na", "")[..], &[(STUDY_UID, &other)]].concat()).await;
    assert_eq!(shown(store, "7").await, owned([(&other, "Li^Na")]));
    // Taken back in either order, all is as it was.
    store.undo_parting(id, "another person").await.unwrap();
    assert_eq!(open(store).await.len(), 2);
    assert!(matches!(store.undo_parting(id, "x").await, Err(StoreError::Missing("parting"))));
    store.undo_merge(merge, "another person").await.unwrap();
    assert_eq!(shown(store, "7").await, owned([(&first, "Wang^Fang"), (&other, "Li^Na")]));
    assert_eq!(open(store).await.len(), 2);
    let acts: Vec<String> =
        store.audit_after(0, 100).await.unwrap().into_iter().map(|line| line.act).collect();
    let acts: Vec<String> = acts.into_iter().filter(|act| act != "receive").collect();
    assert_eq!(acts, ["part-study", "merge-patients", "undo-parting", "undo-merge"]);
    // Said to be one first, they are not said to be two.
    store.merge(li, seven, "a person").await.unwrap();
    refused(store.part(store.conflicts(1).await.unwrap()[0].id, "x").await);
    assert!(faults(store).await.is_empty());
}

pub async fn a_study_that_contradicts_itself_can_be_somebody_elses(store: &Store) {
    let first = put(store, 10, &seventh("Wang^Fang", "")).await.study_uid;
    let mixed = put(store, 12, &seventh("Wang^Fang", "")).await.study_uid;
    put(store, 14, &[&seventh("Li^Na", "")[..], &[(STUDY_UID, &mixed)]].concat()).await;
    assert_eq!(open(store).await, [contradiction("Wang^Fang", "Li^Na", false)]);
    assert_eq!(patients(store, "7").await, owned([("Wang^Fang", "2")]), "the first object says whose it is");
    let part = async || store.part(store.conflicts(1).await.unwrap()[0].id, "a person").await;
    let id = part().await.unwrap();
    assert_eq!(patients(store, "7").await, owned([("Wang^Fang", "1"), ("Wang^Fang", "1")]));
    assert_eq!(found(store, "wang*").await, [first, mixed.clone()]);
    // While its patient is somebody else it is not given back.
    put(store, 20, &[(PATIENT_ID, "8")]).await;
    let eight = store.patient("8", "").await.unwrap();
    let merge = store.merge(store.patient_of_study(&mixed).await.unwrap(), eight, "x").await.unwrap();
    refused(store.undo_parting(id, "x").await);
    store.undo_merge(merge, "x").await.unwrap();
    store.undo_parting(id, "x").await.unwrap();
    assert_eq!(patients(store, "7").await, owned([("Wang^Fang", "2")]));
    assert_eq!(open(store).await, [contradiction("Wang^Fang", "Li^Na", false)]);
    part().await.unwrap();
    assert_eq!(patients(store, "7").await.len(), 2, "and once more");
    // Without an identifier there is nobody to part it from.
    let alone = put(store, 30, &[(PATIENT_ID, ""), (NAME, "Wang^Fang")]).await.study_uid;
    put(store, 32, &[(PATIENT_ID, ""), (NAME, "Li^Na"), (STUDY_UID, &alone)]).await;
    refused(part().await);
    assert!(faults(store).await.is_empty());
}

/// A name that was typed in wrong and comes right: with another object in the place of the one that said it.
pub async fn a_study_that_was_put_right_is_its_patients_again(store: &Store) {
    let take = async |number: u64, more: &[(Tag, &str)]| {
        let file = made_up::file(&kit::said(number, more), SMALL, number + 1000);
        kit::receive(store, &file).await.unwrap();
        let aside = store.kept_aside(10).await.unwrap();
        store.take_aside(aside[0].id, "x").await.unwrap()
    };
    let first = put(store, 10, &seventh("Wang^Fang", "19700101")).await.study_uid;
    let other = put(store, 12, &seventh("Li^Na", "19700102")).await.study_uid;
    // Of the study that contradicts.
    let back = take(12, &seventh("Wang^Fang", "19700101")).await;
    assert_eq!(patients(store, "7").await, owned([("Wang^Fang", "2")]));
    assert!(open(store).await.is_empty() && found(store, "li*").await.is_empty());
    let back = store.take_aside(back, "x").await.unwrap();
    assert_eq!(shown(store, "7").await, owned([(&first, "Wang^Fang"), (&other, "Li^Na")]));
    assert_eq!(open(store).await.len(), 2);
    store.take_aside(back, "x").await.unwrap();
    // With others in the study, which say what they said.
    let third = put(store, 14, &seventh("Zhao^Min", "")).await;
    let beside = [(STUDY_UID, third.study_uid.as_str()), (SERIES_UID, &third.series_uid)];
    put(store, 16, &[&seventh("Zhao^Min", "")[..], &beside].concat()).await;
    assert_eq!(open(store).await, [contradiction("Wang^Fang", "Zhao^Min", true)]);
    let back = take(14, &seventh("Wang^Fang", "")).await;
    assert_eq!(open(store).await, [contradiction("Wang^Fang", "Zhao^Min", false)]);
    assert_eq!(patients(store, "7").await, owned([("Wang^Fang", "3")]));
    store.take_aside(back, "x").await.unwrap();
    let of_study = contradiction("Wang^Fang", "Zhao^Min", true);
    assert_eq!(open(store).await, [of_study], "the other one in it does not say what the displaced one said");
    // Of the one that was first: what other studies of the patient agree with stays.
    let back = take(10, &seventh("Zhao^Min", "19700101")).await;
    let names = owned([(&first, "Zhao^Min"), (&other, "Wang^Fang"), (&third.study_uid, "Zhao^Min")]);
    assert_eq!(shown(store, "7").await, names);
    store.take_aside(back, "x").await.unwrap();
    assert!(faults(store).await.is_empty());

    // Where nobody agrees with it, the patient is who the other one says, and whoever says so too is theirs.
    let of_eight = |name| [(PATIENT_ID, "8"), (NAME, name)];
    put(store, 30, &of_eight("Chen^Yan")).await;
    put(store, 32, &of_eight("Xu^Li")).await;
    assert_eq!(patients(store, "8").await, owned([("Chen^Yan", "1"), ("Xu^Li", "1")]));
    take(30, &of_eight("Xu^Li")).await;
    assert_eq!(patients(store, "8").await, owned([("Xu^Li", "2")]));
    assert!(open(store).await.iter().all(|(_, other, _)| other != "Chen^Yan"));
    assert!(faults(store).await.is_empty());
}

pub async fn who_is_parted_is_so_to_the_eyes_of_their_site(store: &Store) {
    let [east, west, both] = eyes(store).await;
    put(&east, 10, &seventh("Wang^Fang", "")).await;
    let other = put(&east, 12, &seventh("Li^Na", "")).await.study_uid;
    put(&west, 20, &seventh("Own^West", "")).await;
    for eyes in [&east, &both, store] {
        assert_eq!(found(eyes, "li*").await, [other.as_str()]);
    }
    assert!(shown(&west, "7").await.iter().all(|(_, name)| name == "Own^West"));
    let [conflict] = east.conflicts(10).await.unwrap().try_into().ok().unwrap();
    assert!(matches!(west.part(conflict.id, "west").await, Err(StoreError::Missing(_))));
    let id = east.part(conflict.id, "east").await.unwrap();
    assert_eq!([west.partings(10).await.unwrap().len(), both.partings(10).await.unwrap().len()], [0, 1]);
    assert!(matches!(west.undo_parting(id, "west").await, Err(StoreError::Missing("parting"))));
    // Who they are elsewhere is for those who see both.
    let (source, target) =
        (east.patient_of_study(&other).await.unwrap(), west.patient("7", "").await.unwrap());
    let merge = both.merge(source, target, "both").await.unwrap();
    assert_eq!(found(&both, "own^west").await.len(), 2);
    assert_eq!([found(&east, "li*").await.len(), found(&west, "own^west").await.len()], [1, 1]);
    assert!(patients(&east, "7").await.iter().all(|(name, _)| name != "Own^West"));
    both.undo_merge(merge, "both").await.unwrap();
    east.undo_parting(id, "east").await.unwrap();
    assert_eq!(open(&east).await, [contradiction("Wang^Fang", "Li^Na", true)]);
}

kit::on_sqlite!(
    sqlite_each_study_is_shown_and_found_by_its_own_name: each_study_is_shown_and_found_by_its_own_name,
    sqlite_the_same_person_is_found_by_both_names_and_that_is_taken_back:
        the_same_person_is_found_by_both_names_and_that_is_taken_back,
    sqlite_another_person_stays_one_and_that_is_taken_back: another_person_stays_one_and_that_is_taken_back,
    sqlite_a_study_that_contradicts_itself_can_be_somebody_elses:
        a_study_that_contradicts_itself_can_be_somebody_elses,
    sqlite_a_study_that_was_put_right_is_its_patients_again: a_study_that_was_put_right_is_its_patients_again,
    sqlite_who_is_parted_is_so_to_the_eyes_of_their_site: who_is_parted_is_so_to_the_eyes_of_their_site,
);
