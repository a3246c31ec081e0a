//! Whose studies are and what is said of patients is worked out of what the objects say, in the order in which they came, and of what people have decided: whatever
//! happened in between.

use std::fs::File;
use std::time::{Duration, SystemTime};

use peony_dicom::{Level, Tag};
use peony_store::made_up;
use peony_store::{Query, Store};
use tempfile::TempDir;

use crate::kit::{
    self, BIRTH_DATE, INSTANCE_UID, NAME, PATIENT_ID, SERIES_UID, SMALL, STUDY_UID, ask, faults, put, studies,
};

const SEX: Tag = Tag(0x0010, 0x0040);

/// Of the patient with the identifier 7; a study of its own.
async fn say(store: &Store, number: u64, name: &str, birth: &str) -> String {
    put(store, number, &[(PATIENT_ID, "7"), (NAME, name), (BIRTH_DATE, birth), (SEX, "")]).await.study_uid
}

/// An object of another name and birth date under the UID of the one of this number is taken instead; gives the number of the one that gave way.
async fn take(store: &Store, number: u64, more: &[(Tag, &str)]) -> i64 {
    let file = made_up::file(&kit::said(number, more), SMALL, number + 1000);
    kit::receive(store, &file).await.unwrap();
    let aside = store.kept_aside(10).await.unwrap();
    store.take_aside(aside[0].id, "x").await.unwrap()
}

/// The name and the birth date by which a study is shown.
async fn shown(store: &Store, study: &str) -> (String, String) {
    let query = Query::all(Level::Study).matching(STUDY_UID, study);
    let mut found = store.query(&query).await.unwrap().found;
    assert_eq!(found.len(), 1, "{study}");
    let found = found.remove(0);
    let name = &found[&peony_store::key(NAME)]["Value"][0];
    let group = |of: &str| name[of].as_str().unwrap_or_default().to_owned();
    let name = ["Alphabetic", "Ideographic", "Phonetic"].map(group).join("=");
    let birth = found.get(&peony_store::key(BIRTH_DATE)).and_then(|birth| birth["Value"][0].as_str());
    (name.trim_end_matches('=').to_owned(), birth.unwrap_or_default().to_owned())
}

async fn are(store: &Store, all: &[(&String, &str, &str)]) {
    for (study, name, birth) in all {
        assert_eq!(shown(store, study).await, ((*name).to_owned(), (*birth).to_owned()), "{study}");
        // And found by each group.
        for group in name.split('=').filter(|group| !group.is_empty()) {
            let query = studies().matching(NAME, group).matching(STUDY_UID, study.as_str());
            assert_eq!(ask(store, &query, STUDY_UID).await.len(), 1, "{study} by {group}");
        }
    }
    assert_eq!(faults(store).await, []);
}

/// The open contradictions of a study: what was said before, and what it says.
async fn open(store: &Store, study: &str) -> Vec<(String, String)> {
    let all = store.conflicts(100).await.unwrap().into_iter().filter(|one| one.study_uid == study);
    all.map(|one| (one.kept, one.other)).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

pub async fn what_was_said_is_compared_whoever_said_it(store: &Store) {
    // A birth date that the first one does not say.
    let [one, two, three] = [
        say(store, 10, "LI^NA", "").await,
        say(store, 12, "LI^NA", "19800101").await,
        say(store, 14, "LI^NA=李^娜", "19550505").await,
    ];
    are(
        store,
        &[(&one, "LI^NA", "19800101"), (&two, "LI^NA", "19800101"), (&three, "LI^NA=李^娜", "19550505")],
    )
    .await;
    assert_eq!(open(store, &three).await, owned(&[("19800101", "19550505")]));
    // A group of the name, by one who says no birth date.
    let four = say(store, 16, "LI^NA=李^丽", "").await;
    let five = say(store, 18, "LI^NA=李^那", "19800101").await;
    for study in [&one, &two, &four] {
        are(store, &[(study, "LI^NA=李^丽", "19800101")]).await;
    }
    are(store, &[(&three, "LI^NA=李^娜", "19550505"), (&five, "LI^NA=李^那", "19800101")]).await;
    assert_eq!(open(store, &five).await, owned(&[("LI^NA=李^丽", "LI^NA=李^那")]));
    assert_eq!(open(store, &three).await.len(), 2, "and who came before is compared with it as well");
}

pub async fn silence_hides_nothing(store: &Store) {
    // Of one study, whose first object says no name.
    let first = put(store, 10, &[(PATIENT_ID, "7"), (NAME, "")]).await;
    let beside = [(STUDY_UID, first.study_uid.as_str()), (SERIES_UID, first.series_uid.as_str())];
    put(store, 12, &[&[(PATIENT_ID, "7"), (NAME, "REN^A=任^甲")][..], &beside].concat()).await;
    are(store, &[(&first.study_uid, "REN^A=任^甲", "")]).await;
    for (number, id, names, name) in [
        (20, "F", [("SUN^LI", "19800101"), ("SUN^LI=孙^丽", "")], ("SUN^LI=孙^丽", "19800101")),
        (30, "G", [("GAO^JIE==がお", ""), ("GAO^JIE=高^洁", "")], ("GAO^JIE=高^洁=がお", "")),
        // Letters and ideographs, and one who says that they are one.
        (40, "H", [("ZHOU^YU", ""), ("=周^瑜", "")], ("ZHOU^YU=周^瑜", "")),
    ] {
        let mut all = Vec::new();
        for (more, (name, birth)) in (0..).zip(names) {
            let said = [(PATIENT_ID, id), (NAME, name), (BIRTH_DATE, birth)];
            all.push(put(store, number + 2 * more, &said).await.study_uid);
        }
        if id == "H" {
            assert_eq!(open(store, &all[1]).await.len(), 1);
            let said = [(PATIENT_ID, id), (NAME, name.0), (BIRTH_DATE, "")];
            all.push(put(store, number + 4, &said).await.study_uid);
        }
        for study in &all {
            are(store, &[(study, name.0, name.1)]).await;
            assert!(open(store, study).await.is_empty());
        }
    }
}

pub async fn what_is_taken_back_is_as_it_was(store: &Store) {
    let y = say(store, 10, "LI^NA=李^娜", "").await;
    let x = say(store, 12, "LI^NA=李^那", "19800101").await;
    let before = [(&y, "LI^NA=李^娜", ""), (&x, "LI^NA=李^那", "19800101")];
    are(store, &before).await;
    let contradiction = owned(&[("LI^NA=李^娜", "LI^NA=李^那")]);
    assert_eq!(open(store, &x).await, contradiction);
    let back = take(store, 10, &[(PATIENT_ID, "7"), (NAME, "LI^NA"), (BIRTH_DATE, ""), (SEX, "")]).await;
    for study in [&x, &y] {
        are(store, &[(study, "LI^NA=李^那", "19800101")]).await;
    }
    assert!(open(store, &x).await.is_empty());
    store.take_aside(back, "x").await.unwrap();
    are(store, &before).await;
    assert_eq!(open(store, &x).await, contradiction);
}

pub async fn who_is_another_person_is_shown_so_and_leaves_nothing_behind(store: &Store) {
    let first = say(store, 10, "LI^NA", "").await;
    let other = put(store, 12, &[(PATIENT_ID, "7"), (NAME, "LI^NA=李^娜"), (BIRTH_DATE, "19800101")]).await;
    let beside = [(STUDY_UID, other.study_uid.as_str()), (SERIES_UID, other.series_uid.as_str())];
    put(
        store,
        14,
        &[&[(PATIENT_ID, "7"), (NAME, "LI^NA=李^娜"), (BIRTH_DATE, "19810101")][..], &beside].concat(),
    )
    .await;
    let other = other.study_uid;
    are(store, &[(&first, "LI^NA=李^娜", "19800101"), (&other, "LI^NA=李^娜", "19800101")]).await;
    let id = store.part(store.conflicts(10).await.unwrap()[0].id, "x").await.unwrap();
    are(store, &[(&first, "LI^NA", ""), (&other, "LI^NA=李^娜", "19800101")]).await;
    assert!(ask(store, &studies().matching(NAME, "李娜"), STUDY_UID).await == [other.as_str()]);
    // While it is so, it says nothing of the others.
    let third = say(store, 16, "LI^NA=李^丽", "19550505").await;
    are(store, &[(&first, "LI^NA=李^丽", "19550505"), (&third, "LI^NA=李^丽", "19550505")]).await;
    assert!(open(store, &third).await.is_empty());
    store.undo_parting(id, "x").await.unwrap();
    are(store, &[(&first, "LI^NA=李^娜", "19800101"), (&third, "LI^NA=李^丽", "19550505")]).await;
    assert_eq!(open(store, &third).await.len(), 2, "it came after it");
}

pub async fn a_study_that_says_more_later_is_another_ones_then(store: &Store) {
    let first = say(store, 10, "LI^NA=李^那", "19600101").await;
    let other = put(store, 12, &[(PATIENT_ID, "7"), (NAME, "LI^NA"), (BIRTH_DATE, "")]).await;
    let beside = [(STUDY_UID, other.study_uid.as_str()), (SERIES_UID, other.series_uid.as_str())];
    let other = other.study_uid.clone();
    are(store, &[(&first, "LI^NA=李^那", "19600101"), (&other, "LI^NA=李^那", "19600101")]).await;
    put(
        store,
        14,
        &[&[(PATIENT_ID, "7"), (NAME, "LI^NA=李^娜"), (BIRTH_DATE, "19800101")][..], &beside].concat(),
    )
    .await;
    are(store, &[(&first, "LI^NA=李^那", "19600101"), (&other, "LI^NA=李^娜", "19800101")]).await;
    assert_eq!(open(store, &other).await.len(), 2);
    store.part(store.conflicts(10).await.unwrap()[0].id, "x").await.unwrap();
    are(store, &[(&first, "LI^NA=李^那", "19600101"), (&other, "LI^NA=李^娜", "19800101")]).await;
    assert_eq!(store.repair(Duration::ZERO, |_, _| {}).await.unwrap().rows, 0);
}

pub async fn what_is_not_handed_out_any_more_is_said_by_nobody(store: &Store) {
    let one = say(store, 10, "WANG^FANG", "").await;
    let two = say(store, 12, "WANG^FANG=李^娜", "").await;
    are(store, &[(&one, "WANG^FANG=李^娜", "")]).await;
    take(store, 12, &[(PATIENT_ID, "7"), (NAME, "WANG^FANG=王^芳"), (BIRTH_DATE, ""), (SEX, "")]).await;
    are(store, &[(&one, "WANG^FANG=王^芳", ""), (&two, "WANG^FANG=王^芳", "")]).await;
    assert!(store.conflicts(10).await.unwrap().is_empty());
    // The first of a patient gives way to one of another identifier.
    let of = |id, birth| [(PATIENT_ID, id), (NAME, "WU^YI"), (BIRTH_DATE, birth), (SEX, "")];
    put(store, 20, &of("8", "19550505")).await;
    let left = put(store, 22, &of("8", "19800101")).await.study_uid;
    assert_eq!(open(store, &left).await.len(), 1);
    take(store, 20, &of("9", "19800101")).await;
    assert!(store.conflicts(10).await.unwrap().is_empty());
    are(store, &[(&left, "WU^YI", "19800101")]).await;
}

/// Numbers that look as if by chance, the same every time.
struct Chance(u64);

impl Chance {
    fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        for (shift, left) in [(13, true), (7, false), (17, true)] {
            self.0 ^= if left { self.0 << shift } else { self.0 >> shift };
        }
        (self.0 >> 11) as usize % limit
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.below(all.len())) }
    }
}

const NAMES: [&str; 7] = ["LI^NA", "LI^NA=李^娜", "LI^NA=李^那", "Li^Na==りな", "=李^娜", "", "WU^YI"];
const BIRTHS: [&str; 3] = ["", "19800101", "19550505"];
const STUDIES: [&str; 3] = ["1.2.71", "1.2.72", "1.2.73"];

/// What a person sees: whose each study is, by which it is found, and what contradicts itself.
async fn seen(store: &Store) -> Vec<String> {
    let mut seen = Vec::new();
    for found in store.query(&studies()).await.unwrap().found {
        let patient: Vec<String> = found
            .iter()
            .filter(|(tag, _)| tag.starts_with("0010") || *tag == &peony_store::key(STUDY_UID))
            .map(|(tag, value)| format!("{tag}{value}"))
            .collect();
        seen.push(patient.join(" "));
    }
    for name in ["li^na", "李^娜", "李^那", "りな", "wu*"] {
        let mut found = ask(store, &studies().matching(NAME, name), STUDY_UID).await;
        found.sort();
        seen.push(format!("{name}: {found:?}"));
    }
    let mut open: Vec<String> = store
        .conflicts(100)
        .await
        .unwrap()
        .into_iter()
        .map(|one| format!("{} {} {} {} {}", one.study_uid, one.tag, one.kept, one.other, one.of_study))
        .collect();
    open.sort();
    seen.sort();
    seen.extend(open);
    seen
}

/// An object of one of three studies and of two identifiers, under one of six UIDs.
fn arrival(chance: &mut Chance, step: u64) -> (String, Vec<u8>) {
    let uid = chance.below(6);
    let study = STUDIES[if chance.below(5) == 0 { chance.below(3) } else { uid % 3 }];
    let id = if chance.below(4) == 0 { "Q" } else { "P" };
    let (name, birth) = (NAMES[chance.below(NAMES.len())], BIRTHS[chance.below(BIRTHS.len())]);
    let (series, instance) = (format!("{study}.1"), format!("1.2.7.{uid}"));
    let more = [
        (STUDY_UID, study),
        (SERIES_UID, series.as_str()),
        (INSTANCE_UID, instance.as_str()),
        (PATIENT_ID, id),
        (NAME, name),
        (BIRTH_DATE, birth),
        (SEX, ""),
    ];
    (format!("put {uid} {study} {id} {name} {birth}"), made_up::file(&kit::said(10, &more), SMALL, step))
}

/// Does something of what people do; gives what.
async fn act(store: &Store, chance: &mut Chance) -> Option<String> {
    let before = seen(store).await;
    let again = async |what: String, log: &str| {
        let after = seen(store).await;
        assert_eq!(before, after, "{what} changes something: {log}");
        Some(what)
    };
    let both = store.kept_aside(20).await.unwrap().into_iter().chain(store.decided_aside(20).await.unwrap());
    let aside: Vec<i64> = both.map(|one| one.id).collect();
    let conflicts: Vec<i64> = store.conflicts(100).await.unwrap().iter().map(|one| one.id).collect();
    let is_back = chance.below(2) == 0;
    match chance.below(6) {
        0 | 1 => {
            let id = *chance.one_of(&aside)?;
            let back = store.take_aside(id, "x").await.unwrap();
            if is_back {
                store.take_aside(back, "x").await.unwrap();
                return again(format!("take {id} and back"), "").await;
            }
            Some(format!("take {id}"))
        }
        2 => {
            let id = *chance.one_of(&conflicts)?;
            store.settle_conflict(id, "x").await.unwrap();
            Some(format!("settle {id}"))
        }
        3 => {
            let id = *chance.one_of(&conflicts)?;
            let parting = store.part(id, "x").await.ok()?;
            if is_back && store.undo_parting(parting, "x").await.is_ok() {
                return again(format!("part {id} and back"), "").await;
            }
            Some(format!("part {id}"))
        }
        4 => {
            let [one, other] = [chance.below(3), chance.below(3)].map(|at| STUDIES[at]);
            let source = store.patient_of_study(one).await.ok()?;
            let target = store.patient_of_study(other).await.ok()?;
            let merge = store.merge(source, target, "x").await.ok()?;
            if is_back {
                store.undo_merge(merge, "x").await.unwrap();
                return again(format!("merge {one} into {other} and back"), "").await;
            }
            Some(format!("merge {one} into {other}"))
        }
        _ if is_back => {
            let all: Vec<i64> = store.merges(20).await.unwrap().iter().map(|one| one.id).collect();
            let id = *chance.one_of(&all)?;
            store.undo_merge(id, "x").await.unwrap();
            Some(format!("undo merge {id}"))
        }
        _ => {
            let all: Vec<i64> = store.partings(20).await.unwrap().iter().map(|one| one.id).collect();
            let id = *chance.one_of(&all)?;
            store.undo_parting(id, "x").await.ok()?;
            Some(format!("undo parting {id}"))
        }
    }
}

/// Whatever comes and whatever people decide, one after the other.
pub async fn however_it_came_about_it_is_as_objects_and_people_say(store: &Store, seed: u64) {
    let (mut chance, mut log) = (Chance::of(seed), Vec::new());
    for step in 0..24 {
        if chance.below(2) == 0 {
            let (what, file) = arrival(&mut chance, step);
            let outcome = kit::receive(store, &file).await.unwrap().outcome;
            log.push(format!("{what} {outcome:?}"));
        } else if let Some(what) = act(store, &mut chance).await {
            log.push(what);
        }
        assert_eq!(faults(store).await, [], "{seed}: {log:#?}");
    }
    let before = seen(store).await;
    let repaired = store.repair(Duration::ZERO, |_, _| {}).await.unwrap();
    assert_eq!((repaired.rows, seen(store).await), (0, before), "{seed}: {log:#?}");
}

#[tokio::test]
async fn sqlite_however_it_came_about_it_is_as_objects_and_people_say() {
    for seed in 1..24 {
        however_it_came_about_it_is_as_objects_and_people_say(&kit::store().await.1, seed).await;
    }
}

/// Every object's file is written a moment after the one that came before it.
fn age(folder: &TempDir, digests: &[String]) {
    let start = SystemTime::now() - Duration::from_secs(1000);
    for (at, digest) in digests.iter().enumerate() {
        let path = folder.path().join("store/objects").join(&digest[..2]).join(digest);
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(start + Duration::from_millis(at as u64)).unwrap();
    }
}

#[tokio::test]
async fn a_lost_index_says_what_arrivals_in_the_order_of_the_files_said() {
    for seed in 1..16_u64 {
        let mut chance = Chance::of(seed);
        let (folder, store) = kit::store().await;
        let mut digests = Vec::new();
        for step in 0..16 {
            let receipt = kit::receive(&store, &arrival(&mut chance, step).1).await.unwrap();
            digests.push(receipt.digest);
        }
        let handed_out = async |store: &Store| {
            let mut all = seen(store).await;
            for uid in 0..6 {
                let kept = kit::kept(store, &format!("1.2.7.{uid}")).await;
                all.push(kept.map(|kept| kept.object.digest.clone()).unwrap_or_default());
            }
            all
        };
        let before = handed_out(&store).await;
        store.close().await;
        digests.dedup();
        age(&folder, &digests);
        for file in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            let gone = std::fs::remove_file(folder.path().join("store").join(file));
            assert!(gone.is_ok() || file != "index.sqlite");
        }
        let store = Store::open_to_repair(&kit::options(&folder)).await.unwrap();
        store.repair(Duration::ZERO, |_, _| {}).await.unwrap();
        assert_eq!(handed_out(&store).await, before, "{seed}");
        assert_eq!(faults(&store).await, []);
        store.close().await;
    }
}

kit::on_sqlite!(
    sqlite_what_was_said_is_compared_whoever_said_it: what_was_said_is_compared_whoever_said_it,
    sqlite_silence_hides_nothing: silence_hides_nothing,
    sqlite_what_is_taken_back_is_as_it_was: what_is_taken_back_is_as_it_was,
    sqlite_who_is_another_person_is_shown_so_and_leaves_nothing_behind:
        who_is_another_person_is_shown_so_and_leaves_nothing_behind,
    sqlite_a_study_that_says_more_later_is_another_ones_then: a_study_that_says_more_later_is_another_ones_then,
    sqlite_what_is_not_handed_out_any_more_is_said_by_nobody: what_is_not_handed_out_any_more_is_said_by_nobody,
);
