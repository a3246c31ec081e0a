//! What is for a person to look at, and who sees it.

use futures_util::StreamExt as _;
use peony_dicom::{Level, Tag};
use peony_store::made_up;
use peony_store::{OpenDoubts, Query, Sight, Store, StoreError};

use crate::kit::{self, BIRTH_DATE, NAME, PATIENT_ID, SMALL, STUDY_UID, ask, put, studies};

pub const ISSUER: Tag = Tag(0x0010, 0x0021);

/// The store as those of one site see it, and as those of both do.
pub async fn eyes(store: &Store) -> [Store; 3] {
    for site in ["east", "west"] {
        store.add_site(site, "a test").await.unwrap();
    }
    let of = |sites: &[&str]| store.seeing(Sight::of(sites.iter().copied(), sites[0]));
    [of(&["east"]), of(&["west"]), of(&["east", "west"])]
}

pub async fn contradictions_are_shown_until_a_person_settles_them(store: &Store) {
    let who = |name, birth| [(PATIENT_ID, "7"), (NAME, name), (BIRTH_DATE, birth)];
    put(store, 10, &who("Wang^Fang", "19700101")).await;
    put(store, 12, &who("WANG^FANG", "")).await;
    assert!(store.conflicts(10).await.unwrap().is_empty(), "capitals and silence contradict nothing");
    put(store, 14, &who("Li^Na", "19700102")).await;
    let conflicts = store.conflicts(10).await.unwrap();
    let tags: Vec<(&str, &str)> =
        conflicts.iter().map(|one| (one.tag.as_str(), one.other.as_str())).collect();
    assert_eq!(tags, [("00100010", "Li^Na"), ("00100030", "19700102")]);
    for conflict in conflicts {
        store.settle_conflict(conflict.id, "a person").await.unwrap();
    }
    assert!(store.conflicts(10).await.unwrap().is_empty());
    // The same study under another identifier.
    let study = format!("2.25.1{:020}", 10);
    put(store, 16, &[(PATIENT_ID, "8"), (STUDY_UID, &study)]).await;
    let conflicts = store.conflicts(10).await.unwrap();
    assert_eq!((conflicts.len(), conflicts[0].kept.as_str(), conflicts[0].other.as_str()), (1, "7", "8"));
    // Without an identifier nobody is anybody.
    for number in [20, 22] {
        put(store, number, &[(PATIENT_ID, ""), (NAME, "Doe^Jane")]).await;
    }
    let unknown = Query::all(Level::Patient).matching(NAME, "doe*");
    assert_eq!(store.query(&unknown).await.unwrap().found.len(), 2);
    assert_eq!(store.conflicts(10).await.unwrap().len(), 1);
}

pub async fn a_machine_that_sends_letters_alone_contradicts_no_ideographs(store: &Store) {
    let who = |id: &'static str, name| [(PATIENT_ID, id), (NAME, name), (BIRTH_DATE, "19700101")];
    let found = async |name: &str| ask(store, &studies().matching(NAME, name), STUDY_UID).await.len();
    for (number, id, names) in [
        (10, "1", ["WANG^FANG=王^芳", "WANG^FANG"]),
        (20, "2", ["LI^NA", "LI^NA=李^娜"]),
        (30, "3", ["ZHAO^MIN==ZHAO^MIN", "ZHAO^MIN=赵^敏=ZHAO^MIN"]),
    ] {
        for (more, name) in (0..).zip(names) {
            put(store, number + 2 * more, &who(id, name)).await;
        }
    }
    assert!(store.conflicts(10).await.unwrap().is_empty(), "what is not said is silence");
    for name in ["王芳", "wang^fang", "李娜", "li^na", "赵敏", "zhao^min"] {
        assert_eq!(found(name).await, 2, "{name}");
    }
    // By the fuller name the one who is somebody else is seen, however the first machine wrote it.
    for (number, id, name) in
        [(40, "1", "WANG^FANG=王^方"), (42, "2", "LI^NA=黎^娜"), (44, "3", "=李^敏"), (46, "1", "=李^芳")]
    {
        put(store, number, &who(id, name)).await;
    }
    let conflicts = store.conflicts(10).await.unwrap();
    let said: Vec<[&str; 2]> = conflicts.iter().map(|one| [one.kept.as_str(), one.other.as_str()]).collect();
    assert_eq!(
        said,
        [
            ["WANG^FANG=王^芳", "WANG^FANG=王^方"],
            ["LI^NA=李^娜", "LI^NA=黎^娜"],
            ["ZHAO^MIN=赵^敏=ZHAO^MIN", "=李^敏"],
            ["WANG^FANG=王^芳", "=李^芳"]
        ]
    );
    // Names that share nothing say of nobody that they are one.
    put(store, 50, &who("5", "SUN^LI")).await;
    put(store, 52, &who("5", "=孙^丽")).await;
    assert_eq!(store.conflicts(10).await.unwrap().len(), 5);
    assert_eq!(kit::faults(store).await, []);
}

#[tokio::test]
async fn sqlite_a_machine_that_sends_letters_alone_contradicts_no_ideographs() {
    a_machine_that_sends_letters_alone_contradicts_no_ideographs(&kit::store().await.1).await;
}

pub async fn what_is_doubtful_is_for_the_eyes_of_its_site(store: &Store) {
    let [east, west, both] = eyes(store).await;
    let issued = |name| [(PATIENT_ID, "7"), (ISSUER, "NATION"), (NAME, name)];
    let first = put(&east, 10, &issued("Wang^Fang")).await;
    // Whatever another site says under the same identifier is said of its own patient.
    let of_west = put(&west, 20, &issued("Zhang^Min")).await;
    assert_eq!(store.open_doubts().await.unwrap(), OpenDoubts::default());
    let second = put(&east, 12, &issued("Li^Na")).await;
    let again = made_up::file(&kit::said(10, &issued("Wang^Fang")), SMALL, 99);
    kit::receive(&east, &again).await.unwrap();
    // A third object under that UID, of a study of the other site, is not taken: nobody there hears what the first site has.
    let mut elsewhere = kit::said(10, &issued("Zhang^Min"));
    elsewhere.insert(STUDY_UID, of_west.study_uid.clone());
    let refused = kit::receive(&west, &made_up::file(&elsewhere, SMALL, 98)).await;
    assert!(matches!(refused, Err(StoreError::OtherSite { .. })), "{refused:?}");

    let open = |conflicts, aside| OpenDoubts { conflicts, aside, ..OpenDoubts::default() };
    for (eyes, expected) in
        [(&east, open(1, 1)), (&west, open(0, 0)), (&both, open(1, 1)), (store, open(1, 1))]
    {
        assert_eq!(eyes.open_doubts().await.unwrap(), expected);
        assert_eq!(eyes.conflicts(10).await.unwrap().len() as u64, expected.conflicts);
        assert_eq!(eyes.kept_aside(10).await.unwrap().len() as u64, expected.aside);
    }
    assert_eq!(east.doubtful_studies(10).await.unwrap(), [second.study_uid.as_str(), &first.study_uid]);
    assert_eq!(both.doubtful_studies(10).await.unwrap(), [second.study_uid.as_str(), &first.study_uid]);
    assert!(west.doubtful_studies(10).await.unwrap().is_empty());
    let [conflict] = east.conflicts(10).await.unwrap().try_into().ok().unwrap();
    assert_eq!((conflict.kept.as_str(), conflict.other.as_str()), ("Wang^Fang", "Li^Na"));
    assert_eq!(conflict.study_uid, second.study_uid);
    let [aside] = east.kept_aside(10).await.unwrap().try_into().unwrap();
    assert_eq!(aside.kept.as_ref().unwrap().study_uid, first.study_uid);
    assert_eq!(
        (aside.kept.as_ref().unwrap().digest.as_str(), aside.origin.as_str()),
        (first.digest.as_str(), "PROBE")
    );

    let missing =
        |what: Result<(), StoreError>| assert!(matches!(what, Err(StoreError::Missing(_))), "{what:?}");
    missing(west.settle_conflict(conflict.id, "west").await);
    missing(west.reject_aside(aside.id, "west").await);
    missing(west.take_aside(aside.id, "west").await.map(drop));
    missing(west.bytes_aside(aside.id, "west").await.map(drop));
    let (size, bytes) = east.bytes_aside(aside.id, "east").await.unwrap();
    let parts: Vec<_> = bytes.map(Result::unwrap).collect().await;
    assert!((parts.concat(), size) == (again, aside.size));
    east.reject_aside(aside.id, "east").await.unwrap();
    missing(east.reject_aside(aside.id, "east").await);
    east.settle_conflict(conflict.id, "east").await.unwrap();
    missing(east.settle_conflict(conflict.id, "east").await);
    // Of two who were one all the time that is a merge.
    assert_eq!(
        east.open_doubts().await.unwrap(),
        OpenDoubts { decided: 1, merges: 1, ..OpenDoubts::default() }
    );
    assert!(east.doubtful_studies(10).await.unwrap().is_empty());
    let lines = store.audit_after(0, 20).await.unwrap();
    let acts: Vec<&str> =
        lines.iter().filter(|line| line.who == "east").map(|line| line.act.as_str()).collect();
    assert_eq!(acts, ["read-aside", "reject-aside", "settle-conflict", "merge-patients"]);
    assert!(lines.iter().all(|line| line.who != "west"), "what did not happen is not in it");
}

pub async fn a_site_knows_of_a_patient_what_it_was_sent_itself(store: &Store) {
    let [east, west, both] = eyes(store).await;
    let issued = |name, birth| [(PATIENT_ID, "7"), (ISSUER, "NATION"), (NAME, name), (BIRTH_DATE, birth)];
    put(&east, 10, &issued("Wang^Fang", "19700101")).await;
    put(&west, 20, &issued("Wang^F", "")).await;
    let patients = Query::all(Level::Patient).matching(PATIENT_ID, "7");
    assert_eq!(ask(&east, &patients, NAME).await, ["Wang^Fang"]);
    assert_eq!(ask(&west, &patients, NAME).await, ["Wang^F"]);
    let born = studies().matching(BIRTH_DATE, "19700101");
    assert_eq!(ask(&east, &born, PATIENT_ID).await, ["7"]);
    assert!(ask(&west, &born, PATIENT_ID).await.is_empty(), "what another site knows is not found by");
    assert!(ask(&west, &studies().matching(NAME, "wang^fang"), PATIENT_ID).await.is_empty());
    assert_eq!(ask(&both, &studies().matching(PATIENT_ID, "7"), NAME).await.len(), 2);
    assert!(store.conflicts(10).await.unwrap().is_empty(), "each of them says one thing");
}

#[tokio::test]
async fn sqlite_contradictions_are_shown_until_a_person_settles_them() {
    contradictions_are_shown_until_a_person_settles_them(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_what_is_doubtful_is_for_the_eyes_of_its_site() {
    what_is_doubtful_is_for_the_eyes_of_its_site(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_a_site_knows_of_a_patient_what_it_was_sent_itself() {
    a_site_knows_of_a_patient_what_it_was_sent_itself(&kit::store().await.1).await;
}
