//! An index of an earlier version, whose patients of several sites were one where somebody said who issued their identifier.

use peony_dicom::Level;
use peony_store::{Options, Query, SENDING, Sending, Store, made_up};
use sqlx::{AnyPool, AssertSqlSafe};

use crate::doubts::{ISSUER, eyes};
use crate::kit::{self, BIRTH_DATE, NAME, PATIENT_ID, SMALL, STUDY_UID, ask, put, studies};

/// Makes the tables what the version before patients were of sites had made of the same objects: six steps back.
async fn back_by_six_steps(address: &str) {
    let pool = AnyPool::connect(address).await.unwrap();
    let run = async |statement: &str| {
        let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&pool).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    };
    let first = "(SELECT MIN(o.id) FROM patients o, patients p WHERE p.id = studies.own_patient AND o.patient_id = p.patient_id AND o.issuer = p.issuer)";
    run(&format!("UPDATE studies SET own_patient = {first} WHERE own_patient IN (SELECT id FROM patients WHERE issuer <> '')")).await;
    run("UPDATE studies SET patient = (SELECT p.root FROM patients p WHERE p.id = own_patient)").await;
    // Whatever contradicted the first site's word was a contradiction.
    run("UPDATE conflicts SET kept = 'wang^fang', patient = (SELECT s.own_patient FROM studies s WHERE s.id = study)").await;
    run("INSERT INTO conflicts (patient, study, tag, kept, other, at) SELECT s.own_patient, s.id, '00100010', 'wang^fang', 'zhang^min', 1
         FROM studies s JOIN patients p ON p.id = s.own_patient WHERE p.patient_id = '7' AND s.site = 'west'").await;
    let gone = "(SELECT p.id FROM patients p WHERE p.issuer <> '' AND EXISTS (SELECT 1 FROM patients o WHERE o.patient_id = p.patient_id
        AND o.issuer = p.issuer AND o.id < p.id))";
    run(&format!("DELETE FROM names WHERE patient IN {gone}")).await;
    run("UPDATE instances SET said = 0").await;
    run("DELETE FROM said").await;
    run(&format!("DELETE FROM patients WHERE id IN {gone}")).await;
    run("UPDATE patients SET apart = '' WHERE issuer <> ''").await;
    run("DROP INDEX instances_said").await;
    run("ALTER TABLE instances DROP COLUMN said").await;
    for table in ["partings", "studies_unread", "said"] {
        run(&format!("DROP TABLE {table}")).await;
    }
    for index in [
        "studies_local_patient",
        "studies_elsewhere",
        "patients_unread",
        "conflicts_open",
        "aside_open",
        "patients_parted",
        "orders_start",
    ] {
        run(&format!("DROP INDEX {index}")).await;
    }
    for (table, column) in [
        ("patients", "site"),
        ("patients", "local_root"),
        ("patients", "parted_from"),
        ("studies", "local_patient"),
        ("aside", "site"),
        ("jobs", "site"),
        ("jobs", "node"),
        ("conflicts", "other_sent"),
        ("conflicts", "parting"),
    ] {
        run(&format!("ALTER TABLE {table} DROP COLUMN {column}")).await;
    }
    run("DROP TABLE aside_senders").await;
    run("DROP TABLE performed_orders").await;
    run("DROP INDEX orders_accession").await;
    run("ALTER TABLE orders DROP COLUMN own_state").await;
    run("DELETE FROM names WHERE name_key = '周丽丽'").await;
    run("UPDATE schema_version SET version = version - 9").await;
    pool.close().await;
}

/// Makes the tables what the version before studies were parted had made of the same objects: that step and those after it are taken back.
async fn back_to_before_the_partings(address: &str) {
    let pool = AnyPool::connect(address).await.unwrap();
    for statement in [
        "UPDATE studies SET own_patient = (SELECT p.parted_from FROM patients p WHERE p.id = own_patient)
            WHERE own_patient IN (SELECT id FROM patients WHERE parted_from <> 0)",
        "UPDATE studies SET patient = own_patient, local_patient = own_patient",
        "DELETE FROM names WHERE patient IN (SELECT id FROM patients WHERE parted_from <> 0)",
        // Whom a person said to be the same was found by the first name alone.
        "DELETE FROM names WHERE name_key IN ('wang^f', 'f')",
        "DELETE FROM merges",
        "DROP INDEX instances_said",
        "ALTER TABLE instances DROP COLUMN said",
        "DROP TABLE said",
        "DELETE FROM patients WHERE parted_from <> 0",
        "DROP TABLE partings",
        "DROP TABLE studies_unread",
        "DROP INDEX patients_parted",
        "ALTER TABLE patients DROP COLUMN parted_from",
        "ALTER TABLE conflicts DROP COLUMN parting",
        "DROP INDEX orders_start",
        "DROP TABLE performed_orders",
        "DROP INDEX orders_accession",
        "ALTER TABLE orders DROP COLUMN own_state",
        "UPDATE schema_version SET version = version - 4",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    pool.close().await;
}

pub async fn what_contradicted_before_is_parted(store: Store, options: &Options, address: &str) {
    let of = |name| [(PATIENT_ID, "7"), (NAME, name)];
    let first = put(&store, 10, &of("Wang^Fang")).await.study_uid;
    let open = put(&store, 12, &of("Li^Na")).await.study_uid;
    let settled = put(&store, 14, &of("Wang^F")).await.study_uid;
    // It begins as the others do.
    put(&store, 16, &[&of("Zhao^Min")[..], &[(STUDY_UID, &first)]].concat()).await;
    store.settle_conflict(store.conflicts(10).await.unwrap()[1].id, "a person").await.unwrap();
    store.close().await;
    back_to_before_the_partings(address).await;

    let store = Store::open(options).await.unwrap();
    let find = async |name| ask(&store, &studies().matching(NAME, name), STUDY_UID).await;
    assert_eq!(find("li*").await, [open]);
    let mut others = find("wang^fang").await;
    others.sort();
    assert_eq!(others, [first, settled], "what a person said of it holds");
    assert_eq!(ask(&store, &studies().matching(PATIENT_ID, "7"), NAME).await.len(), 3);
    let conflicts = store.conflicts(10).await.unwrap();
    let conflicts: Vec<(&str, bool)> =
        conflicts.iter().map(|one| (one.other.as_str(), one.of_study)).collect();
    assert_eq!(conflicts, [("Li^Na", true), ("Zhao^Min", false)]);
    // Looked at once, and no more.
    store.close().await;
    let store = Store::open(options).await.unwrap();
    assert_eq!(store.conflicts(10).await.unwrap().len(), 2);
    assert_eq!(kit::faults(&store).await, []);
}

#[tokio::test]
async fn sqlite_what_contradicted_before_is_parted() {
    let (folder, store) = kit::store().await;
    let address = format!("sqlite:{}/store/index.sqlite", folder.path().display());
    what_contradicted_before_is_parted(store, &kit::options(&folder), &address).await;
}

pub async fn patients_that_were_one_of_two_sites_come_apart(store: Store, options: &Options, address: &str) {
    let [east, west, both] = eyes(&store).await;
    let issued = |id, name, birth| [(PATIENT_ID, id), (ISSUER, "NATION"), (NAME, name), (BIRTH_DATE, birth)];
    put(&east, 10, &issued("7", "Wang^Fang", "19700101")).await;
    let of_west = put(&west, 20, &issued("7", "Zhang^Min", "")).await;
    let contradicts = put(&west, 22, &issued("7", "Li^Na", "")).await;
    // One who is somebody else, at both sites.
    put(&east, 30, &issued("8", "Zhou^Li", "")).await;
    put(&west, 32, &issued("8", "Zhou^Li", "")).await;
    put(&east, 34, &issued("9", "Zhou^Lili=周^丽丽", "")).await;
    let number = async |id: &str| east.patient(id, "NATION").await.unwrap();
    let merge = east.merge(number("8").await, number("9").await, "a person").await.unwrap();
    let sending = Sending { to: "ARCHIVE".into(), study_uid: of_west.study_uid.clone(), series_uid: None };
    west.send(&sending, "a person").await.unwrap();
    let other = made_up::file(&kit::said(20, &issued("7", "Zhang^Min", "")), SMALL, 99);
    kit::receive(&west, &other).await.unwrap();
    store.put_job(SENDING, "no sending").await.unwrap();
    drop((east, west, both));
    store.close().await;
    back_by_six_steps(address).await;

    let store = Store::open(options).await.unwrap();
    let of = |sites: &[&str]| store.seeing(peony_store::Sight::of(sites.iter().copied(), sites[0]));
    let [east, west, both] = [of(&["east"]), of(&["west"]), of(&["east", "west"])];
    let seventh = Query::all(Level::Patient).matching(PATIENT_ID, "7");
    assert_eq!(ask(&east, &seventh, NAME).await, ["Wang^Fang"]);
    // What contradicts the site's own word is shown and found by what its own object says.
    assert_eq!(ask(&west, &seventh, NAME).await, ["Zhang^Min", "Li^Na"]);
    let [named, others] = ["zhang*", "li^na"].map(|name| studies().matching(NAME, name));
    assert_eq!(
        ask(&west, &named, STUDY_UID).await,
        [of_west.study_uid.as_str()],
        "by the name that was read again"
    );
    assert_eq!(ask(&west, &others, STUDY_UID).await, [contradicts.study_uid]);
    assert!(ask(&west, &studies().matching(BIRTH_DATE, "19700101"), STUDY_UID).await.is_empty());
    // What agrees with the site's own word is no contradiction any more, and the other one is to that.
    let conflicts: Vec<_> =
        store.conflicts(10).await.unwrap().into_iter().map(|one| (one.kept, one.other)).collect();
    assert_eq!(
        conflicts,
        [("Zhang^Min".to_owned(), "li^na".to_owned())],
        "as it was sent, where that is known"
    );
    assert!(east.conflicts(10).await.unwrap().is_empty());
    // What a person said holds at both sites, and each can be taken back.
    let ninth = studies().matching(PATIENT_ID, "9");
    assert_eq!(ask(&both, &ninth, STUDY_UID).await.len(), 3);
    assert_eq!(ask(&west, &studies().matching(PATIENT_ID, "8"), NAME).await, ["Zhou^Li"]);
    let merges: Vec<i64> = both.merges(10).await.unwrap().iter().map(|one| one.id).collect();
    assert!(merges.len() == 2 && merges.contains(&merge), "{merges:?}");
    for id in merges {
        both.undo_merge(id, "a person").await.unwrap();
    }
    assert_eq!(ask(&both, &ninth, STUDY_UID).await.len(), 1);
    for (name, fuzzy) in [("周丽丽", false), ("周丽", true)] {
        let found = ask(&both, &studies().matching(NAME, name).fuzzy(fuzzy), PATIENT_ID).await;
        assert_eq!(found, ["9"], "a name in one, of whom was there before");
    }
    // Whose what waits is.
    assert_eq!([east.transfers(10).await.unwrap().len(), west.transfers(10).await.unwrap().len()], [0, 1]);
    assert_eq!([east.kept_aside(10).await.unwrap().len(), west.kept_aside(10).await.unwrap().len()], [0, 1]);
    // More of the same comes to each its own.
    put(&west, 24, &issued("7", "Zhang^Min", "19800808")).await;
    assert_eq!(
        [ask(&west, &named, STUDY_UID).await.len(), ask(&west, &others, STUDY_UID).await.len()],
        [2, 1]
    );
    assert_eq!(kit::faults(&store).await, []);
}

#[tokio::test]
async fn sqlite_patients_that_were_one_of_two_sites_come_apart() {
    let (folder, store) = kit::store().await;
    let address = format!("sqlite:{}/store/index.sqlite", folder.path().display());
    patients_that_were_one_of_two_sites_come_apart(store, &kit::options(&folder), &address).await;
}
