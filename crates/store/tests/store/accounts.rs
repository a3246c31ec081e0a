//! Who may ask, what they are known by, and whose studies they see.

use std::time::Duration;

use peony_dicom::Level;
use peony_store::{
    Account, Digest, NewAccount, Query, Role, Sending, Sight, Store, StoreError, Which, made_up,
};

use crate::kit::{self, NAME, PATIENT_ID, STUDY_UID, ask, put, studies};

const HOUR: Duration = Duration::from_secs(3600);

async fn account(store: &Store, name: &str, role: Role, sites: &[&str]) -> Result<Account, StoreError> {
    let sites = sites.iter().map(|site| (*site).to_owned()).collect();
    let new = NewAccount {
        name: name.into(),
        roles: vec![role],
        sites,
        password: "$argon2id$of-a-test".into(),
        ..NewAccount::default()
    };
    store.add_account(&new, "a test").await
}

pub async fn an_account_is_one_of_its_name_and_there_until_it_is_disabled(store: &Store) {
    assert!(!store.has_accounts().await.unwrap());
    let made = account(store, "Li.Na", Role::Administrator, &[]).await.unwrap();
    assert_eq!((made.name.as_str(), made.display.as_str()), ("li.na", "Li.Na"));
    assert!(store.has_accounts().await.unwrap());
    for again in ["li.na", " LI.NA ", "ＬＩ.ＮＡ"] {
        let refused = account(store, again, Role::Teacher, &[]).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{again}: {refused:?}");
    }
    for none in ["", "a b", "a\u{0}b", "a/b", &"x".repeat(65)] {
        let refused = account(store, none, Role::Teacher, &[]).await;
        assert!(matches!(refused, Err(StoreError::Unfit(_))), "{none}: {refused:?}");
    }
    let nowhere = account(store, "wang", Role::Teacher, &["nowhere"]).await;
    assert!(matches!(nowhere, Err(StoreError::Missing("site"))));
    let (found, password) = store.account_to_sign_in("LI.na").await.unwrap().unwrap();
    assert_eq!((found, password.as_str()), (made, "$argon2id$of-a-test"));
    // The last one who keeps accounts stays.
    for refused in [
        store.disable_account("li.na", true, "a test").await.map(drop),
        store.change_account("li.na", "Li Na", &[Role::Teacher], &[], "a test").await.map(drop),
    ] {
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
    account(store, "wang", Role::Administrator, &[]).await.unwrap();
    store.disable_account("li.na", true, "wang").await.unwrap();
    assert_eq!(store.account_to_sign_in("li.na").await.unwrap(), None);
    store.disable_account("li.na", false, "wang").await.unwrap();
    assert!(store.account_to_sign_in("li.na").await.unwrap().is_some());
    store.set_password("li.na", "another", "wang").await.unwrap();
    let lines = store.audit_after(0, 100).await.unwrap();
    let acts: Vec<&str> = lines.iter().map(|line| line.act.as_str()).collect();
    assert_eq!(acts, ["add-account", "add-account", "disable-account", "enable-account", "set-password"]);
    assert!(lines.iter().all(|line| !line.what.contains("another") && !line.what.contains("argon2")));
}

pub async fn a_session_ends_with_its_time_its_account_and_its_password(store: &Store) {
    let li = account(store, "li", Role::Administrator, &[]).await.unwrap();
    account(store, "wang", Role::Administrator, &[]).await.unwrap();
    let begin = async |secret: &[u8], longest| {
        store.begin_session(&li, &Digest::of(secret), longest, "127.0.0.1").await.unwrap();
    };
    let whose = async |secret: &[u8], idle| {
        store.account_of_session(&Digest::of(secret), idle).await.unwrap().map(|account| account.name)
    };
    begin(b"one", HOUR).await;
    assert_eq!(whose(b"one", HOUR).await.as_deref(), Some("li"));
    assert_eq!(whose(b"One", HOUR).await, None);
    assert_eq!(whose(b"one", Duration::ZERO).await, None, "it was not used for too long");
    for (idle, expected) in [(HOUR, Some("li")), (Duration::ZERO, None)] {
        let found = store.account_of_unused_session(&Digest::of(b"one"), idle).await.unwrap();
        assert_eq!(found.map(|account| account.name).as_deref(), expected);
    }
    begin(b"short", Duration::ZERO).await;
    assert_eq!(whose(b"short", HOUR).await, None, "its time is over");
    store.end_session(&Digest::of(b"one")).await.unwrap();
    store.end_session(&Digest::of(b"one")).await.unwrap();
    assert_eq!(whose(b"one", HOUR).await, None);
    assert_eq!(store.account_of_unused_session(&Digest::of(b"one"), HOUR).await.unwrap(), None);
    begin(b"two", HOUR).await;
    store.set_password("li", "another", "li").await.unwrap();
    assert_eq!(whose(b"two", HOUR).await, None, "the password was changed");
    begin(b"three", HOUR).await;
    store.disable_account("li", true, "wang").await.unwrap();
    store.disable_account("li", false, "wang").await.unwrap();
    assert_eq!(whose(b"three", HOUR).await, None, "the account was disabled meanwhile");
}

pub async fn a_token_is_refused_once_it_is_taken_back_or_its_account_disabled(store: &Store) {
    let li = account(store, "li", Role::Radiologist, &[]).await.unwrap();
    let add = async |secret: &[u8], lasting| {
        store.add_token("li", "a program", &Digest::of(secret), lasting, "li").await.unwrap()
    };
    let works = async |secret: &[u8]| store.account_of_token(&Digest::of(secret)).await.unwrap().is_some();
    let first = add(b"first", None).await;
    add(b"short", Some(Duration::ZERO)).await;
    assert!(works(b"first").await && !works(b"short").await && !works(b"none").await);
    let listed = store.tokens(&li).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed[0].used_at_ms > 0 && listed[1].used_at_ms == 0);
    store.disable_account("li", true, "x").await.unwrap();
    assert!(!works(b"first").await);
    store.disable_account("li", false, "x").await.unwrap();
    assert!(works(b"first").await);
    account(store, "wang", Role::Radiologist, &[]).await.unwrap();
    let others = store.revoke_token("wang", first, "wang").await;
    assert!(matches!(others, Err(StoreError::Missing("token"))), "{others:?}");
    store.revoke_token("li", first, "li").await.unwrap();
    assert!(!works(b"first").await);
    assert!(matches!(store.revoke_token("li", first, "li").await, Err(StoreError::Missing("token"))));
    assert!(matches!(
        store.add_token("nobody", "x", &Digest::of(b"x"), None, "x").await,
        Err(StoreError::Missing("account"))
    ));
}

pub async fn a_study_is_seen_by_those_of_its_site(store: &Store) {
    let li = account(store, "li", Role::Radiologist, &[]).await.unwrap();
    put(store, 10, &[(PATIENT_ID, "A")]).await;
    let seen_by = async |account: &Account| ask(&store.seeing(account.sight()), &studies(), PATIENT_ID).await;
    assert_eq!(seen_by(&li).await, ["A"], "there are no sites");
    store.add_site("east", "a test").await.unwrap();
    assert!(matches!(store.add_site("east", "a test").await, Err(StoreError::Refused(_))));
    assert!(matches!(store.add_site("e ast", "a test").await, Err(StoreError::Unfit(_))));
    let east = account(store, "east", Role::Radiologist, &["east"]).await.unwrap();
    assert_eq!(seen_by(&east).await, ["A"], "there is one site, and what is of none is its own");
    store.add_site("west", "a test").await.unwrap();
    // By the title that sends, and by the account that uploads.
    store.set_sender("west", "PROBE", "a test").await.unwrap();
    assert!(matches!(store.set_sender("north", "PROBE", "x").await, Err(StoreError::Missing("site"))));
    assert!(matches!(store.set_sender("west", "TOO LONG FOR A TITLE", "x").await, Err(StoreError::Unfit(_))));
    assert_eq!(store.sites().await.unwrap()[1].senders, ["PROBE"]);
    let of_west = put(store, 20, &[(PATIENT_ID, "B")]).await;
    let east = store.account_to_sign_in("east").await.unwrap().unwrap().0;
    let west = account(store, "west", Role::Radiologist, &["west"]).await.unwrap();
    let both = account(store, "both", Role::Coordinator, &["east", "west"]).await.unwrap();
    let root = account(store, "root", Role::Administrator, &[]).await.unwrap();
    let li = store.account_to_sign_in("li").await.unwrap().unwrap().0;
    let (of_east, own) = (store.seeing(east.sight()), kit::file(30, &[(PATIENT_ID, "C")], kit::SMALL));
    kit::receive(&of_east, &own).await.unwrap();
    let sorted = async |account: &Account| {
        let mut seen = seen_by(account).await;
        seen.sort();
        seen
    };
    assert_eq!(sorted(&east).await, ["C"]);
    assert_eq!(sorted(&west).await, ["B"]);
    assert_eq!(sorted(&both).await, ["B", "C"]);
    assert_eq!(sorted(&root).await, ["A", "B", "C"]);
    assert!(sorted(&li).await.is_empty(), "whoever is of no site sees nothing");
    // The same by every other door: patients with their counts, and instances by their UIDs.
    let patients = Query::all(Level::Patient);
    assert_eq!(ask(&store.seeing(west.sight()), &patients, PATIENT_ID).await, ["B"]);
    let which = Which { instance_uid: Some(&of_west.instance_uid), ..Which::default() };
    assert!(store.seeing(east.sight()).instances(which).await.unwrap().is_empty());
    assert_eq!(store.seeing(west.sight()).instances(which).await.unwrap().len(), 1);
    let sending = Sending { to: "ARCHIVE".into(), study_uid: of_west.study_uid.clone(), series_uid: None };
    let (of_east, of_west_too) = (store.seeing(east.sight()), store.seeing(west.sight()));
    assert!(matches!(of_east.send(&sending, "east").await, Err(StoreError::Missing(_))));
    let id = of_west_too.send(&sending, "west").await.unwrap();
    assert!(of_east.transfers(10).await.unwrap().is_empty());
    assert!(matches!(of_east.cancel_transfer(id, "east").await, Err(StoreError::Missing(_))));
    of_west_too.cancel_transfer(id, "west").await.unwrap();
    assert!(matches!(of_east.retry_transfer(id, "east").await, Err(StoreError::Missing(_))));
    assert_eq!(of_west_too.transfers(10).await.unwrap().len(), 1);
    // Each institution counts its own patients: the same identifier is somebody else, and nobody hears their name. That holds where the issuer is
    // said as well, until somebody who sees both says that they are one.
    put(store, 40, &[(PATIENT_ID, "C"), (NAME, "Other^Person")]).await;
    let of_c = Query::all(Level::Patient).matching(PATIENT_ID, "C");
    assert!(ask(&store.seeing(east.sight()), &of_c, NAME).await.iter().all(|name| name != "Other^Person"));
    assert_eq!(ask(&store.seeing(west.sight()), &of_c, NAME).await, ["Other^Person"]);
    assert!(store.conflicts(10).await.unwrap().is_empty());
    let issued = [(PATIENT_ID, "D"), (peony_dicom::Tag(0x0010, 0x0021), "NATION")];
    put(store, 50, &issued).await;
    kit::receive(&of_east, &kit::file(60, &issued, kit::SMALL)).await.unwrap();
    let count = peony_dicom::Tag(0x0020, 0x1200);
    let of_d = Query::all(Level::Patient).matching(PATIENT_ID, "D");
    assert_eq!(ask(&store.seeing(east.sight()), &of_d, count).await, ["1"]);
    let of_both = store.seeing(both.sight());
    assert_eq!(ask(&of_both, &of_d, count).await, ["1", "1"]);
    let [of_west_d, of_east_d] = [store.seeing(west.sight()), of_east.clone()]
        .map(|eyes| async move { eyes.patient("D", "NATION").await });
    of_both.merge(of_west_d.await.unwrap(), of_east_d.await.unwrap(), "both").await.unwrap();
    assert_eq!(ask(&of_both, &of_d, count).await, ["2"]);
    assert_eq!(ask(&store.seeing(east.sight()), &of_d, count).await, ["1"]);
    // Nothing is brought into another site's study.
    let into = kit::file(21, &[(STUDY_UID, &of_west.study_uid)], kit::SMALL);
    let refused = kit::receive(&store.seeing(east.sight()), &into).await;
    assert!(matches!(refused, Err(StoreError::OtherSite { .. })), "{refused:?}");
    kit::receive(&store.seeing(west.sight()), &into).await.unwrap();
    // Nor is it told by what becomes of another object which UIDs another site has, and nothing is kept of it.
    let taken = made_up::attributes(21)[&kit::INSTANCE_UID].clone();
    let again = kit::file(22, &[(kit::INSTANCE_UID, &taken)], kit::SMALL);
    let refused = kit::receive(&store.seeing(east.sight()), &again).await;
    assert!(matches!(refused, Err(StoreError::OtherSite { .. })), "{refused:?}");
    assert!(store.kept_aside(10).await.unwrap().is_empty());
    let aside = kit::receive(&store.seeing(west.sight()), &again).await.unwrap();
    assert_eq!(aside.outcome, peony_store::Outcome::KeptAside);
    // Nor where two begin one at once: it is of whoever was first.
    for study in 0..20_u64 {
        let uid = format!("1.2.77.{study}");
        let said = [(STUDY_UID, uid.as_str()), (PATIENT_ID, "SAME"), (NAME, "Same^Person")];
        let [one, other] = [1000, 2000].map(|number| kit::file(number + study, &said, kit::SMALL));
        let brought = tokio::join!(kit::receive(&of_east, &one), kit::receive(&of_west_too, &other),);
        let taken = [brought.0.is_ok(), brought.1.is_ok()];
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{study}");
        let which = Which { study_uid: Some(&uid), ..Which::default() };
        let seen = [of_east.instances(which).await.unwrap(), of_west_too.instances(which).await.unwrap()];
        assert_eq!(seen.map(|seen| seen.len() == 1), taken, "{study}");
    }
    assert!(Sight::default().reaches("west") && !east.sight().reaches("west"));
    assert!(!east.sight().reaches(""));
}

#[tokio::test]
async fn sqlite_an_account_is_one_of_its_name_and_there_until_it_is_disabled() {
    an_account_is_one_of_its_name_and_there_until_it_is_disabled(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_a_session_ends_with_its_time_its_account_and_its_password() {
    a_session_ends_with_its_time_its_account_and_its_password(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_a_token_is_refused_once_it_is_taken_back_or_its_account_disabled() {
    a_token_is_refused_once_it_is_taken_back_or_its_account_disabled(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_a_study_is_seen_by_those_of_its_site() {
    a_study_is_seen_by_those_of_its_site(&kit::store().await.1).await;
}
