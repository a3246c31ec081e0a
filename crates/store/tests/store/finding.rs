//! Questions and what they find.

use peony_dicom::{Level, Tag};
use peony_store::{Place, Query, Store, StoreError};

use crate::kit::{
    self, INSTANCE_UID, MODALITY, NAME, PATIENT_ID, SERIES_UID, STUDY_DATE, STUDY_UID, ask, put, studies,
};

const ACCESSION: Tag = Tag(0x0008, 0x0050);
const STUDY_TIME: Tag = Tag(0x0008, 0x0030);
const MODALITIES: Tag = Tag(0x0008, 0x0061);

pub async fn questions_find_what_fits_and_nothing_else(store: &Store) {
    let rows = [
        ("1", "WANG^Fang=王^芳", "20240110", "091500", "US"),
        ("2", "Wang^Xiao Dong=王^小东", "20240220", "120059", "MG"),
        ("3", "Müller^José", "20240220", "235959", "US"),
        ("4", "Wangari^Maathai", "20230101", "080000", "US"),
        ("5", "O_Brien%^100", "", "", "MR"),
    ];
    for (number, (id, name, date, time, modality)) in (10_u64..).step_by(2).zip(rows) {
        let accession = format!("ACC-{id}");
        let said = [
            (PATIENT_ID, id),
            (NAME, name),
            (STUDY_DATE, date),
            (STUDY_TIME, time),
            (MODALITY, modality),
            (ACCESSION, accession.as_str()),
        ];
        put(store, number, &said).await;
    }
    let check = async |what: &str, query: Query, expect: &[&str]| {
        let mut found = ask(store, &query, PATIENT_ID).await;
        found.sort();
        assert_eq!(found, expect, "{what}");
    };
    let by = |tag: Tag, value: &str| studies().matching(tag, value);
    let name = |value: &str| by(NAME, value);
    check("all", studies(), &["1", "2", "3", "4", "5"]).await;
    check("universal", name("").matching(PATIENT_ID, "*"), &["1", "2", "3", "4", "5"]).await;
    check("one", by(PATIENT_ID, "3"), &["3"]).await;
    // Longer than the chains of conditions that a database takes.
    let list: Vec<String> = (3..2003).map(|id| id.to_string()).collect();
    check("a long list", by(PATIENT_ID, &list.join("\\")), &["3", "4", "5"]).await;
    check("a list with a wildcard", by(PATIENT_ID, "3\\1*\\5"), &["1", "3", "5"]).await;
    check("prefix", name("wang*"), &["1", "2", "4"]).await;
    check("family name", name("WANG^*"), &["1", "2"]).await;
    check("exact", name("wang^fang"), &["1"]).await;
    check("not a prefix", name("wang"), &[]).await;
    check("ideographs", name("王*"), &["1", "2"]).await;
    check("ideographs, whole", name("王^小东"), &["2"]).await;
    check("ideographs in one", name("王小东"), &["2"]).await;
    check("ideographs in one, begun", name("王小*"), &["2"]).await;
    check("ideographs, spaced", name("王 小东"), &["2"]).await;
    check("another family name", name("王小^东"), &[]).await;
    check("fuzzy, ideographs in one", name("王小东").fuzzy(true), &["2"]).await;
    check("fuzzy, ideographs in one, begun", name("王小").fuzzy(true), &["2"]).await;
    check("both groups", name("wang*=王^芳"), &["1"]).await;
    check("accents", name("muller*"), &["3"]).await;
    check("in the middle", name("*an?^*"), &["1", "2"]).await;
    check("LIKE's own wildcards", name("O_B*%^100"), &["5"]).await;
    check("LIKE's own wildcards find themselves only", name("*_ang*"), &[]).await;
    check("fuzzy, any order", name("dong wang").fuzzy(true), &["2"]).await;
    check("fuzzy, begun", name("jos").fuzzy(true), &["3"]).await;
    check("fuzzy, ideographs", name("小").fuzzy(true), &["2"]).await;
    check("fuzzy, every word", name("wang maathai").fuzzy(true), &["4"]).await;
    check("fuzzy, not some words", name("wang jose").fuzzy(true), &[]).await;
    check("day", by(STUDY_DATE, "20240220"), &["2", "3"]).await;
    check("days", by(STUDY_DATE, "20240101-20240219"), &["1"]).await;
    check("until", by(STUDY_DATE, "-20240110"), &["1", "4"]).await;
    check("since", by(STUDY_DATE, "20240111-"), &["2", "3"]).await;
    check("a time cut short", by(STUDY_TIME, "0900-1200"), &["1", "2"]).await;
    // A separator too many asks for nothing more.
    check("one, and nothing", by(PATIENT_ID, "3\\"), &["3"]).await;
    check("nobody, and nothing", by(PATIENT_ID, "NOBODY\\"), &[]).await;
    check("nothing twice", by(PATIENT_ID, "\\"), &[]).await;
    check("no study, and nothing", by(STUDY_UID, "1.2.345\\"), &[]).await;
    check("no day, and nothing", by(STUDY_DATE, "19000101\\"), &[]).await;
    check("no name twice", name("\\"), &[]).await;
    check("nothing, and a name", name("\\wang^fang"), &["1"]).await;
    check("everybody by a star", by(PATIENT_ID, "3\\*"), &["1", "2", "3", "4", "5"]).await;
    check("modality", by(MODALITIES, "MG"), &["2"]).await;
    check("modalities", by(MODALITIES, "MG\\MR"), &["2", "5"]).await;
    check("accession", by(ACCESSION, "ACC-4"), &["4"]).await;
    check("accessions", by(ACCESSION, "ACC-?"), &["1", "2", "3", "4", "5"]).await;
    check("capitals count", by(ACCESSION, "acc-*"), &[]).await;
    let uids = format!("2.25.1{:020}\\2.25.1{:020}", 10, 14);
    check("several UIDs", by(STUDY_UID, &uids), &["1", "3"]).await;
    check("name and date", name("wang*").matching(STUDY_DATE, "2024*"), &["1", "2"]).await;
    for many in ["a*\\".repeat(30_000), "*a".repeat(30_000), "a\\".repeat(40_000)] {
        let refused = store.query(&by(PATIENT_ID, &many)).await.map(drop);
        assert!(matches!(refused, Err(StoreError::Unfit(_))), "{refused:?}");
    }
    check("injection", by(PATIENT_ID, "' OR 1=1 --"), &[]).await;
}

/// What says nothing that can be believed stands last and says nothing.
pub async fn what_is_no_day_and_no_number_is_none(store: &Store) {
    for (number, day) in [(10, "notadate"), (12, "1992.03.05"), (14, "20240110")] {
        put(store, number, &[(STUDY_DATE, day)]).await;
    }
    assert_eq!(ask(store, &studies(), STUDY_DATE).await, ["20240110", "19920305", "null"]);
    let then = studies().matching(STUDY_DATE, "19920301-19920331");
    assert_eq!(ask(store, &then, STUDY_DATE).await, ["19920305"]);
    // Frames of which nobody knows where they lie, more than there are bytes.
    let frames = Tag(0x0028, 0x0008);
    let mut file = kit::file(20, &[], kit::SMALL);
    let at = file.windows(10).position(|part| part == b"\x28\0\x08\0IS\x02\x001 ").unwrap();
    file.splice(at + 6..at + 10, *b"\x0C\x00999999999999");
    let receipt = kit::receive(store, &file).await.unwrap();
    let asked = Query::all(Level::Instance).matching(INSTANCE_UID, &receipt.instance_uid);
    let said: u64 = ask(store, &asked, frames).await[0].parse().unwrap();
    assert!(said <= receipt.size, "{said}");
    assert!(kit::kept(store, &receipt.instance_uid).await.unwrap().frame_count <= receipt.size);
}

#[tokio::test]
async fn sqlite_what_is_no_day_and_no_number_is_none() {
    what_is_no_day_and_no_number_is_none(&kit::store().await.1).await;
}

pub async fn every_level_answers_with_its_attributes_and_counts(store: &Store) {
    for (series, instance) in [(1, 1), (1, 2), (2, 3)] {
        let uids = [format!("2.25.2{series}"), format!("2.25.3{instance}")];
        let modality = if series == 1 { "US" } else { "SR" };
        let number = instance.to_string();
        let said = [
            (STUDY_UID, "2.25.1"),
            (SERIES_UID, &uids[0]),
            (INSTANCE_UID, &uids[1]),
            (MODALITY, modality),
            (Tag(0x0020, 0x0013), &number),
            (Tag(0x0010, 0x0010), "Wang^Fang=王^芳"),
        ];
        put(store, 4, &said).await;
    }
    let all = |level| Query::all(level).matching(STUDY_UID, "2.25.1");
    let study = store.query(&all(Level::Study)).await.unwrap().found.remove(0);
    assert_eq!(
        study["00100010"]["Value"][0],
        serde_json::json!({"Alphabetic": "Wang^Fang", "Ideographic": "王^芳"})
    );
    assert_eq!(study["00080061"]["Value"], serde_json::json!(["SR", "US"]));
    assert_eq!((&study["00201206"]["Value"][0], &study["00201208"]["Value"][0]), (&2.into(), &3.into()));
    assert_eq!(study["0020000D"], serde_json::json!({"vr": "UI", "Value": ["2.25.1"]}));
    assert!(!study.contains_key("00080060"), "a study has no modality");
    let series = ask(store, &all(Level::Series), Tag(0x0020, 0x1209)).await;
    assert_eq!(series, ["2", "1"]);
    let second = all(Level::Instance).matching(SERIES_UID, "2.25.22");
    assert_eq!(ask(store, &second, INSTANCE_UID).await, ["2.25.33"]);
    assert_eq!(
        ask(store, &Query::all(Level::Instance).matching(INSTANCE_UID, "2.25.31"), SERIES_UID).await,
        ["2.25.21"]
    );
    let patient = store.query(&Query::all(Level::Patient).matching(NAME, "wang*")).await.unwrap().found;
    assert_eq!((patient.len(), &patient[0]["00201200"]["Value"][0]), (1, &1.into()));
    assert!(!patient[0].contains_key("0020000D"));

    let only = store.query(&all(Level::Study).only(&[STUDY_DATE])).await.unwrap().found.remove(0);
    assert_eq!(only.keys().collect::<Vec<_>>(), ["00080020", "0020000D"]);
    // A key that nothing is matched by here is said to be passed over; one without a value asks nothing.
    let asked = all(Level::Study).matching(Tag(0x0010, 0x4000), "x").matching(Tag(0x0018, 0x0015), "BREAST");
    let answer = store.query(&asked.matching(Tag(0x0008, 0x1060), "")).await.unwrap();
    assert_eq!((answer.found.len(), answer.passed_over), (1, vec![Tag(0x0010, 0x4000), Tag(0x0018, 0x0015)]));
}

pub async fn pages_give_everything_once(store: &Store) {
    for number in 0..25_u64 {
        put(store, number, &[]).await;
    }
    for query in [studies(), studies().matching(PATIENT_ID, "P*"), studies().matching(STUDY_DATE, "2*")] {
        let mut found = Vec::new();
        for page in 0..4 {
            let asked = query.clone().page(page * 7, 7);
            found.extend(ask(store, &asked, STUDY_UID).await);
        }
        assert_eq!(found.len(), 25);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 25);
    }
    let dates = ask(store, &studies(), STUDY_DATE).await;
    assert!(dates.is_sorted_by(|newer, older| newer >= older), "{dates:?}");
}

/// What comes and goes between two pages moves nothing of the rest.
pub async fn pages_behind_a_place_skip_and_repeat_nothing(store: &Store) {
    for number in 0..30_u64 {
        put(store, number, &[]).await;
    }
    let each = [
        (studies(), STUDY_UID),
        (studies().matching(PATIENT_ID, "P*"), STUDY_UID),
        (studies().matching(NAME, "l*"), STUDY_UID),
        (Query::all(Level::Patient), PATIENT_ID),
        (Query::all(Level::Patient).matching(NAME, "l*"), PATIENT_ID),
        (Query::all(Level::Series), SERIES_UID),
        (Query::all(Level::Instance), INSTANCE_UID),
    ];
    for (round, (query, tag)) in (0_u64..).zip(each) {
        let before = ask(store, &query.clone().page(0, 1000), tag).await;
        let (mut found, mut behind, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = query.clone().behind(behind, 7);
            let said = store.query(&page).await.unwrap();
            found.extend(ask(store, &page, tag).await);
            behind = said.last;
            let Some(place) = &behind else { break };
            assert!(Place::of_text(&place.text()).as_ref() == Some(place));
            // Before everything else by date, by number and by identifier: an offset would repeat one.
            let (number, patient) = (1000 + 100 * round + pages, format!("P!{round}{pages}"));
            put(store, number, &[(STUDY_DATE, "20991231"), (PATIENT_ID, &patient)]).await;
            pages += 1;
        }
        found.retain(|one| before.contains(one));
        assert_eq!(found, before, "round {round}");
    }
    // The same question alone goes on behind a place.
    let place = store.query(&studies().page(0, 3)).await.unwrap().last;
    let other = store.query(&studies().matching(PATIENT_ID, "P*").behind(place, 3)).await;
    assert!(matches!(other, Err(StoreError::Refused(_))));
}

#[tokio::test]
async fn sqlite_pages_behind_a_place_skip_and_repeat_nothing() {
    pages_behind_a_place_skip_and_repeat_nothing(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_questions_find_what_fits_and_nothing_else() {
    questions_find_what_fits_and_nothing_else(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_every_level_answers_with_its_attributes_and_counts() {
    every_level_answers_with_its_attributes_and_counts(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_pages_give_everything_once() {
    pages_give_everything_once(&kit::store().await.1).await;
}
