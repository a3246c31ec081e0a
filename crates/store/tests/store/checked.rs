//! `check` finds every fault, and none where there is none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use peony_store::{FaultKind, Outcome, Store, StoreError};

use crate::kit::{self, CINE, SMALL, bytes, faults, file, kept, receive};

fn place(folder: &Path, digest: &str) -> PathBuf {
    folder.join("store/objects").join(&digest[..2]).join(digest)
}

pub async fn every_fault_is_found(store: &Store, folder: &Path, address: &str) {
    let mut receipts = Vec::new();
    for number in [2, 4, 6, 8] {
        receipts.push(receive(store, &file(number, &[], CINE)).await.unwrap());
    }
    assert!(faults(store).await.is_empty());
    let [missing, flipped, offsets, counted] = &receipts[..] else { panic!("four were received") };

    fs::remove_file(place(folder, &missing.digest)).unwrap();
    let mut damaged = fs::read(place(folder, &flipped.digest)).unwrap();
    damaged[150_000] ^= 1;
    fs::write(place(folder, &flipped.digest), damaged).unwrap();
    let pool = sqlx::AnyPool::connect(address).await.unwrap();
    for (statement, uid) in [
        ("UPDATE instances SET frames = 'E 700 12 12' WHERE uid = $1", &offsets.instance_uid),
        ("UPDATE series SET instance_count = 5 WHERE uid = $1", &counted.series_uid),
    ] {
        sqlx::query(statement).bind(uid.as_str()).execute(&pool).await.unwrap();
    }
    let stray = "a".repeat(64);
    fs::write(place(folder, &stray), "nobody's").unwrap();
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(place(folder, &stray)).unwrap().set_modified(an_hour_ago).unwrap();
    fs::write(folder.join("store/objects/notes.txt"), "nobody's").unwrap();

    let mut found: Vec<(String, String)> =
        faults(store).await.into_iter().map(|fault| (format!("{:?}", fault.kind), fault.at)).collect();
    found.sort();
    let mut expect = vec![
        (FaultKind::MissingObject, missing.instance_uid.clone()),
        (FaultKind::WrongDigest, flipped.instance_uid.clone()),
        (FaultKind::WrongRow, offsets.instance_uid.clone()),
        (FaultKind::WrongCount, counted.series_uid.clone()),
        (FaultKind::StrayFile, format!("aa/{stray}")),
        (FaultKind::StrayFile, "notes.txt".into()),
    ]
    .into_iter()
    .map(|(kind, at)| (format!("{kind:?}"), at))
    .collect::<Vec<_>>();
    expect.sort();
    assert_eq!(found, expect);

    // What is damaged is not handed out, neither whole nor the frame that is; a frame beside it is.
    let kept = kept(store, &flipped.instance_uid).await.unwrap();
    assert!(matches!(bytes(store, &kept).await, Err(StoreError::Damaged { .. })));
    assert!(matches!(store.frame(&kept, 4).await, Err(StoreError::Damaged { .. })));
    assert_eq!(store.frame(&kept, 0).await.unwrap().len(), 30_000);

    // Who still has it sends it again, and what was lost is there.
    receive(store, &file(2, &[], CINE)).await.unwrap();
    let kept = kit::kept(store, &missing.instance_uid).await.unwrap();
    assert_eq!(bytes(store, &kept).await.unwrap(), file(2, &[], CINE));
    // The same of what is damaged: it has its length, and the sender may be the last who has its bytes.
    let again = receive(store, &file(4, &[], CINE)).await.unwrap();
    assert_eq!((again.outcome, &again.digest), (Outcome::AlreadyThere, &flipped.digest));
    let kept = kit::kept(store, &flipped.instance_uid).await.unwrap();
    assert_eq!(bytes(store, &kept).await.unwrap(), file(4, &[], CINE));
}

#[tokio::test]
async fn sqlite_every_fault_is_found() {
    let (folder, store) = kit::store().await;
    let address = format!("sqlite:{}/store/index.sqlite", folder.path().display());
    every_fault_is_found(&store, folder.path(), &address).await;
}

/// Objects are read a page at a time and several at once, and files asked for some hundreds at a time: of many none is left out, and each fault is
/// said of its own.
#[tokio::test]
async fn of_many_objects_the_right_ones_are_at_fault() {
    const MANY: u64 = 1100;
    let (folder, store) = kit::store().await;
    store.keep_made_up(0, MANY, SMALL).await.unwrap();
    let mut heard = Vec::new();
    let checked = store.check(|fault| heard.push(fault)).await.unwrap();
    assert_eq!((checked.objects, heard.len()), (MANY, 0), "{heard:?}");

    let mut places = Vec::new();
    for number in [0, 199, 200, 777, MANY - 1] {
        let kept = kept(&store, &format!("2.25.3{number:020}")).await.unwrap();
        places.push((kept.instance_uid.clone(), place(folder.path(), &kept.object.digest)));
    }
    places.iter().for_each(|(_, place)| fs::rename(place, place.with_extension("lost")).unwrap());
    let mut found: Vec<_> = faults(&store).await.into_iter().map(|fault| (fault.kind, fault.at)).collect();
    found.sort_by(|(_, one), (_, other)| one.cmp(other));
    let lost = |(_, place): &(String, PathBuf)| {
        let name = place.strip_prefix(folder.path().join("store/objects")).unwrap().with_extension("lost");
        (FaultKind::StrayFile, name.to_str().unwrap().to_owned())
    };
    let mut expect: Vec<_> = places.iter().map(lost).collect();
    expect.extend(places.iter().map(|(uid, _)| (FaultKind::MissingObject, uid.clone())));
    expect.sort_by(|(_, one), (_, other)| one.cmp(other));
    assert_eq!(found, expect);
}

/// Wherever a byte changes, it is found.
#[tokio::test]
async fn any_changed_byte_is_found() {
    let (folder, store) = kit::store().await;
    let receipt = receive(&store, &file(1, &[], SMALL)).await.unwrap();
    let path = place(folder.path(), &receipt.digest);
    let whole = fs::read(&path).unwrap();
    let kept = kept(&store, &receipt.instance_uid).await.unwrap();
    for at in (0..whole.len()).step_by(41) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, damaged).unwrap();
        assert!(matches!(bytes(&store, &kept).await, Err(StoreError::Damaged { .. })), "{at}");
    }
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(bytes(&store, &kept).await, Err(StoreError::Damaged { what: "it is cut off", .. })));
    assert_eq!(faults(&store).await[0].kind, FaultKind::WrongDigest);
}

/// A store can be looked at while another one of the same folder receives, and sees no fault in it.
#[tokio::test]
async fn it_is_checked_while_it_is_in_use() {
    let (folder, store) = kit::store().await;
    kit::put(&store, 1, &[]).await;
    assert!(matches!(Store::open(&kit::options(&folder)).await, Err(StoreError::InUse)));
    let looking = Store::open_to_check(&kit::options(&folder)).await.unwrap();
    // As a file lies there before its row is committed.
    fs::write(place(folder.path(), &"b".repeat(64)), "on its way").unwrap();
    assert!(faults(&looking).await.is_empty());
    store.close().await;
    assert!(matches!(
        receive(&store, &file(2, &[], SMALL)).await,
        Err(StoreError::Closed | StoreError::Index(_))
    ));
    assert_eq!(faults(&looking).await.len(), 1, "nobody is there any more who could be receiving it");
    let nowhere = tempfile::tempdir().unwrap();
    assert!(matches!(Store::open_to_check(&kit::options(&nowhere)).await, Err(StoreError::Missing(_))));
    assert!(matches!(Store::look_at(&kit::options(&nowhere)).await, Err(StoreError::Missing(_))));
}
