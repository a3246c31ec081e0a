//! Rows of the index that are gone or say something else are found, and made anew from the objects.

use std::collections::BTreeSet;
use std::time::Duration;

use peony_dicom::Level;
use peony_store::FaultKind::{
    self, LostPatient, LostSeries, LostStudy, Stranded, WrongCount, WrongMerge, WrongModalities, WrongNames,
    WrongPatient, WrongRow, WrongSeries, WrongSite, WrongStudy,
};
use peony_store::{Options, Outcome, Query, Store, made_up};
use sqlx::Connection as _;

use crate::kit::{self, BIRTH_DATE, CINE, MODALITY, NAME, PATIENT_ID, SERIES_UID, STUDY_UID, faults, put};

/// What somebody does to the index behind the program's back, as no constraint of the database would let them.
async fn alter(address: &str, statements: &[&'static str]) {
    let mut connection = sqlx::AnyConnection::connect(address).await.unwrap();
    let unchecked = if address.starts_with("sqlite") {
        "PRAGMA foreign_keys = OFF"
    } else {
        "SET session_replication_role = replica"
    };
    sqlx::query(unchecked).execute(&mut connection).await.unwrap();
    for statement in statements {
        let done = sqlx::query(*statement).execute(&mut connection).await.unwrap();
        assert!(done.rows_affected() > 0, "{statement}");
    }
    connection.close().await.unwrap();
}

/// Everything that questions find.
async fn found(store: &Store) -> Vec<String> {
    let mut all = Vec::new();
    for level in [Level::Patient, Level::Study, Level::Series, Level::Instance] {
        for found in store.query(&Query::all(level)).await.unwrap().found {
            all.push(serde_json::Value::Object(found).to_string());
        }
    }
    let merged = store.query(&Query::all(Level::Study).matching(NAME, "li^na")).await.unwrap();
    all.push(format!("{} studies of Li^Na", merged.found.len()));
    all.sort();
    all
}

/// Studies with all that people do to them: a merge, a contradiction that is settled, an object kept aside, one that was decided for, one whose series
/// says what no object of it says any more.
async fn fill(store: &Store) {
    store.add_site("east", "a test").await.unwrap();
    let of = |id, name| [(PATIENT_ID, id), (NAME, name)];
    put(store, 10, &of("A", "Wang^Fang=王^芳")).await;
    put(store, 12, &of("B", "Li^Na")).await;
    let [a, b] = [store.patient("A", "").await.unwrap(), store.patient("B", "").await.unwrap()];
    store.merge(a, b, "a person").await.unwrap();

    let c = (PATIENT_ID, "C");
    let zhou = (NAME, "Zhou^Li");
    put(store, 14, &[c, zhou, (BIRTH_DATE, "19700101")]).await;
    let uid = |number: u64, tag| made_up::attributes(number)[&tag].clone();
    let (study, series) = (uid(14, STUDY_UID), uid(14, SERIES_UID));
    put(store, 16, &[c, (BIRTH_DATE, "19700102"), (STUDY_UID, &study), (SERIES_UID, &series), zhou]).await;
    put(store, 18, &[c, zhou, (STUDY_UID, &study), (MODALITY, "MG")]).await;
    let doubts = store.conflicts(10).await.unwrap();
    assert_eq!(doubts.len(), 1);
    store.settle_conflict(doubts[0].id, "a person").await.unwrap();

    // The first of a series gives way to one that is of another series, and says no more what the series says.
    let elsewhere =
        kit::said(14, &[c, zhou, (BIRTH_DATE, "19700101"), (SERIES_UID, "2.25.99"), (MODALITY, "MG")]);
    let other = kit::receive(store, &made_up::file(&elsewhere, CINE, 1000)).await.unwrap();
    assert_eq!(other.outcome, Outcome::KeptAside);
    let aside = store.kept_aside(10).await.unwrap();
    store.take_aside(aside[0].id, "a person").await.unwrap();
    let another = made_up::file(&kit::said(12, &of("B", "Li^Na")), CINE, 1001);
    assert_eq!(kit::receive(store, &another).await.unwrap().outcome, Outcome::KeptAside);
    assert_eq!(store.complete_quiet_studies(Duration::ZERO).await.unwrap(), 3);
}

/// Of each kind, what is done and what is said of it.
const HARM: &[(&[&str], &[FaultKind])] = &[
    (&["DELETE FROM series WHERE modality = 'US'"], &[LostSeries, WrongCount, WrongModalities]),
    (&["DELETE FROM studies"], &[LostStudy, Stranded]),
    (&["DELETE FROM patients WHERE patient_id = 'A'"], &[LostPatient, Stranded]),
    (&["DELETE FROM patients WHERE patient_id = 'B'"], &[LostPatient, Stranded, WrongMerge]),
    (&["DELETE FROM names"], &[WrongNames]),
    (&["DELETE FROM names WHERE kind = 1 AND name_key = 'na'"], &[WrongNames]),
    (
        &["INSERT INTO names (kind, name_key, patient) SELECT 1, 'nobody', MIN(id) FROM patients"],
        &[WrongNames],
    ),
    (&["UPDATE series SET description = 'another'"], &[WrongSeries]),
    (&["UPDATE studies SET study_date = '19990101'"], &[WrongStudy]),
    (&["UPDATE studies SET attributes = '{}'"], &[WrongStudy]),
    (&["UPDATE patients SET name_key = 'nobody' WHERE patient_id = 'C'"], &[WrongNames, WrongPatient]),
    (&["UPDATE patients SET attributes = '{}' WHERE patient_id = 'B'"], &[WrongPatient]),
    (&["UPDATE instances SET attributes = '{}'"], &[WrongRow]),
    (&["UPDATE instances SET content_date = '19990101', frame_count = 77"], &[WrongRow]),
    (&["UPDATE instances SET series = (SELECT MIN(id) FROM series)"], &[WrongCount, WrongRow]),
    (&["UPDATE series SET study = (SELECT MAX(id) FROM studies)"], &[WrongCount, WrongModalities, WrongRow]),
    (&["UPDATE studies SET modalities = 'CT'"], &[WrongModalities]),
    (&["UPDATE studies SET series_count = 7, instance_count = 7"], &[WrongCount]),
    (&["UPDATE studies SET patient = own_patient + 1"], &[WrongMerge]),
    (
        &["UPDATE studies SET own_patient = (SELECT id FROM patients WHERE patient_id = 'C')"],
        &[WrongMerge, WrongStudy],
    ),
    (&["UPDATE patients SET root = id, local_root = id"], &[WrongMerge]),
    (&["UPDATE patients SET merged_into = 0 WHERE merged_into <> 0"], &[WrongMerge]),
    (&["DELETE FROM merges"], &[WrongMerge]),
];

pub async fn rows_that_are_gone_or_changed_are_found_and_made_anew(
    store: Store,
    options: &Options,
    address: &str,
) {
    fill(&store).await;
    assert_eq!(faults(&store).await, [], "what people do is no fault");
    let expected = found(&store).await;
    let mut store = store;
    for (statements, kinds) in HARM {
        alter(address, statements).await;
        let said = faults(&store).await;
        for kind in *kinds {
            assert!(said.iter().any(|fault| fault.kind == *kind), "{statements:?}: {kind:?} in {said:?}");
        }
        let others: Vec<_> = said.iter().filter(|fault| !kinds.contains(&fault.kind)).collect();
        let follow =
            |kind| matches!(kind, WrongCount | WrongModalities | WrongPatient | WrongStudy | WrongSeries);
        assert!(
            others.iter().all(|fault| follow(fault.kind) && !said.is_empty()),
            "{statements:?}: {others:?}"
        );
        store.close().await;
        let repairing = Store::open_to_repair(options).await.unwrap();
        let repaired = repairing.repair(Duration::ZERO, |_, _| {}).await.unwrap();
        repairing.close().await;
        assert!(repaired.rows > 0, "{statements:?}");
        store = Store::open(options).await.unwrap();
        assert_eq!(faults(&store).await, [], "{statements:?}");
        assert_eq!(found(&store).await, expected, "{statements:?}");
        let again = store.repair(Duration::ZERO, |_, _| {}).await.unwrap();
        assert_eq!(again.rows, 0, "{statements:?}: what is right stays as it is");
    }
    assert!(
        store.conflicts(10).await.unwrap().len() <= 1,
        "a contradiction whose study was lost is shown again"
    );
    let lines = store.audit_after(0, 1000).await.unwrap();
    let repairs = lines.iter().filter(|line| line.act == "repair" && line.what.ends_with(" rows made anew"));
    assert_eq!(repairs.count(), HARM.len());

    // Of which site something is no object says: it is for a person.
    alter(address, &["UPDATE studies SET site = 'east' WHERE study_date <> ''"]).await;
    assert!(faults(&store).await.iter().all(|fault| fault.kind == WrongSite));
    assert_eq!(faults(&store).await.len(), 3);
    alter(address, &["UPDATE studies SET site = ''"]).await;
    // All that is above objects; who is who is in none of them.
    alter(address, &["DELETE FROM patients", "DELETE FROM studies", "DELETE FROM series"]).await;
    let kinds: BTreeSet<String> =
        faults(&store).await.iter().map(|fault| format!("{:?}", fault.kind)).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["LostSeries", "Stranded"]);
    assert!(store.repair(Duration::ZERO, |_, _| {}).await.unwrap().rows > 0);
    assert_eq!(faults(&store).await, []);
    let [a, b] = [store.patient("A", "").await.unwrap(), store.patient("B", "").await.unwrap()];
    store.merge(a, b, "a person").await.unwrap();
    assert_eq!(found(&store).await, expected);
    store.close().await;
}

#[tokio::test]
async fn sqlite_rows_that_are_gone_or_changed_are_found_and_made_anew() {
    let (folder, store) = kit::store().await;
    let address = format!("sqlite:{}/store/index.sqlite", folder.path().display());
    rows_that_are_gone_or_changed_are_found_and_made_anew(store, &kit::options(&folder), &address).await;
}

/// A row is not said wrong, and not made anew, by an object that is damaged.
#[tokio::test]
async fn what_is_damaged_says_nothing_of_other_rows() {
    let (folder, store) = kit::store().await;
    let receipt = put(&store, 1, &[]).await;
    let path = folder.path().join("store/objects").join(&receipt.digest[..2]).join(&receipt.digest);
    let mut bytes = std::fs::read(&path).unwrap();
    let name = bytes.windows(4).position(|some| some == b"US\x08\x00" || some == b"Brea").unwrap();
    bytes[name] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let before = found(&store).await;
    assert_eq!(store.repair(Duration::ZERO, |_, _| {}).await.unwrap().rows, 0);
    let kinds: Vec<FaultKind> = faults(&store).await.into_iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::WrongDigest]);
    assert_eq!(found(&store).await, before);
}
