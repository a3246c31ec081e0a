//! Full disks, read-only folders, locked indexes: the right error, nothing half, and well again afterwards.

use std::fs;
use std::path::Path;
use std::time::Duration;

use peony_store::made_up::Pixels;
use peony_store::{Options, Outcome, Store, StoreError};

use crate::kit::{self, SMALL, bytes, faults, file, kept, put, receive};
use crate::small_disk::SmallDisk;

#[tokio::test]
async fn a_full_disk_is_refused_and_well_again_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("size=12m") else { return };
    let options = Options { keep_free: 0, ..Options::in_folder(disk.path()) };
    let store = Store::open(&options).await.unwrap();
    let large = |number| file(number, &[], Pixels::Native { frames: 1, size: [1500, 1000] });
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for number in 0..40 {
        match receive(&store, &large(number)).await {
            Ok(receipt) => acknowledged.push((number, receipt.instance_uid)),
            Err(StoreError::Full { .. }) => refused += 1,
            Err(other) => panic!("{number}: {other}"),
        }
    }
    assert!(acknowledged.len() >= 2 && refused >= 10, "{} and {refused}", acknowledged.len());
    for (number, uid) in &acknowledged {
        let kept = kept(&store, uid).await.unwrap();
        assert_eq!(bytes(&store, &kept).await.unwrap(), large(*number));
    }
    disk.resize("size=64m");
    assert_eq!(receive(&store, &large(50)).await.unwrap().outcome, Outcome::Kept);
    assert!(faults(&store).await.is_empty());
    store.close().await;
}

#[tokio::test]
async fn a_nearly_full_disk_is_refused_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { keep_free: u64::MAX / 2, ..Options::in_folder(folder.path()) };
    let store = Store::open(&options).await.unwrap();
    let refused = receive(&store, &file(1, &[], SMALL)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Full { needed, .. } if needed == u64::MAX / 2), "{refused}");
    // What is there can still be found.
    assert!(store.query(&kit::studies()).await.unwrap().found.is_empty());
}

#[tokio::test]
async fn a_disk_that_became_read_only_refuses_and_still_hands_out() {
    let Some(disk) = SmallDisk::mount("size=32m") else { return };
    let options = Options { keep_free: 0, ..Options::in_folder(disk.path()) };
    let store = Store::open(&options).await.unwrap();
    let receipt = put(&store, 1, &[]).await;
    let read_only = disk.read_only();
    let refused = receive(&store, &file(2, &[], SMALL)).await.unwrap_err();
    // The index is open for writing already.
    let tried = async || {
        let disk = store.try_disk().await;
        [store.try_index().await.is_ok(), disk.is_ok(), store.try_objects().await.is_ok()]
    };
    assert_eq!(tried().await, [true, false, true]);
    let kept = kept(&store, &receipt.instance_uid).await.unwrap();
    assert_eq!(bytes(&store, &kept).await.unwrap(), file(1, &[], SMALL));
    drop(read_only);
    assert!(matches!(refused, StoreError::Disk { .. }), "{refused}");
    assert_eq!(tried().await, [true; 3], "whoever watches sees that it is well again");
    assert_eq!(put(&store, 2, &[]).await.outcome, Outcome::Kept);
    store.close().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store"), "a file where a folder should be").unwrap();
    let refused = Store::open(&kit::options(&folder)).await.err().unwrap();
    assert!(matches!(refused, StoreError::Disk { what: "make the data folder", .. }), "{refused}");
}

async fn lock(folder: &Path) -> sqlx::Transaction<'static, sqlx::Any> {
    let address = format!("sqlite:{}/store/index.sqlite", folder.display());
    let pool = sqlx::AnyPool::connect(&address).await.unwrap();
    pool.begin_with("BEGIN IMMEDIATE").await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_index_is_waited_for_and_then_said_so() {
    let (folder, store) = kit::store().await;
    put(&store, 1, &[]).await;
    // Shorter than the store waits.
    let held = lock(folder.path()).await;
    let release = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(700)).await;
        held.rollback().await.unwrap();
    });
    assert_eq!(put(&store, 2, &[]).await.outcome, Outcome::Kept);
    release.await.unwrap();
    // Longer: all that wait hear it.
    let held = lock(folder.path()).await;
    let (third, fourth) = (file(3, &[], SMALL), file(4, &[], SMALL));
    let (one, other) = tokio::join!(receive(&store, &third), receive(&store, &fourth));
    assert!(
        matches!(one, Err(StoreError::Locked)) && matches!(other, Err(StoreError::Locked)),
        "{one:?} {other:?}"
    );
    assert_eq!(store.query(&kit::studies()).await.unwrap().found.len(), 2, "reading goes on");
    held.rollback().await.unwrap();
    for number in [3, 4] {
        assert_eq!(put(&store, number, &[]).await.outcome, Outcome::Kept);
    }
    assert!(faults(&store).await.is_empty());
}

/// As a crash between names and rows leaves it.
#[tokio::test]
async fn what_was_not_acknowledged_is_taken_away_at_the_next_start() {
    let (folder, store) = kit::store().await;
    let receipt = put(&store, 1, &[]).await;
    store.close().await;
    let incoming = folder.path().join("store/incoming");
    let objects = folder.path().join("store/objects");
    let place = |digest: &str| objects.join(&digest[..2]).join(digest);
    // One that was linked and has no row, one that has one, one that was cut off.
    let unnamed = file(2, &[], SMALL);
    let digest = {
        use sha2::Digest as _;
        let sum = sha2::Sha256::digest(&unnamed);
        sum.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    fs::write(incoming.join("0.part"), &unnamed).unwrap();
    fs::hard_link(incoming.join("0.part"), place(&digest)).unwrap();
    fs::hard_link(place(&receipt.digest), incoming.join("1.part")).unwrap();
    fs::write(incoming.join("2.part"), &unnamed[..300]).unwrap();

    let store = Store::open(&kit::options(&folder)).await.unwrap();
    assert_eq!(fs::read_dir(&incoming).unwrap().count(), 0);
    assert!(!place(&digest).exists() && place(&receipt.digest).exists());
    assert!(faults(&store).await.is_empty());
}

#[tokio::test]
async fn an_object_whose_study_is_gone_from_the_index_is_an_error_and_ends() {
    let (folder, store) = kit::store().await;
    let receipt = put(&store, 1, &[]).await;
    let address = format!("sqlite:{}/store/index.sqlite", folder.path().display());
    let pool = sqlx::AnyPool::connect(&address).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    for statement in ["PRAGMA foreign_keys = OFF", "DELETE FROM studies"] {
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }
    drop(connection);
    let same = file(1, &[], SMALL);
    let again = receive(&store, &same);
    let again = tokio::time::timeout(Duration::from_secs(20), again).await.unwrap();
    assert!(matches!(again, Err(StoreError::Torn)), "{again:?}");
    let other = put(&store, 2, &[]).await;
    assert_ne!(other.instance_uid, receipt.instance_uid, "another one is kept as before");
}

/// Sends one object after the other; gives the UIDs of those that were acknowledged, up to the first that was refused.
async fn send_on(store: Store, from: u64) -> (Vec<String>, StoreError) {
    let mut acknowledged = Vec::new();
    for number in from.. {
        match receive(&store, &file(number, &[], SMALL)).await {
            Ok(receipt) => acknowledged.push(receipt.instance_uid),
            Err(error) => return (acknowledged, error),
        }
    }
    unreachable!("numbers do not end")
}

/// An index that is deleted or replaced under the running program: what is written is in no file that anybody finds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_once_the_file_of_the_index_is_gone() {
    let gone = |folder: &Path| fs::remove_file(folder.join("store/index.sqlite")).unwrap();
    let log_gone = |folder: &Path| fs::remove_file(folder.join("store/index.sqlite-wal")).unwrap();
    let replaced = |folder: &Path| {
        fs::rename(folder.join("copy"), folder.join("store/index.sqlite")).unwrap();
    };
    for (name, harm) in
        [("gone", &gone as &(dyn Fn(&Path) + Sync)), ("log", &log_gone), ("replaced", &replaced)]
    {
        let (folder, store) = kit::store().await;
        put(&store, 1, &[]).await;
        fs::copy(folder.path().join("store/index.sqlite"), folder.path().join("copy")).unwrap();
        let senders: Vec<_> =
            (1..5).map(|sender| tokio::spawn(send_on(store.clone(), 1_000_000 * sender))).collect();
        while store.query(&kit::studies()).await.unwrap().found.len() < 10 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        harm(folder.path());
        // Whoever begins now is refused, the same as is there included.
        for number in [1, 7] {
            let refused = receive(&store, &file(number, &[], SMALL)).await;
            assert!(matches!(refused, Err(StoreError::GoneIndex)), "{name}: {refused:?}");
        }
        assert!(matches!(store.try_index().await, Err(StoreError::GoneIndex)), "{name}");
        assert!(store.try_objects().await.is_ok(), "{name}");
        let mut acknowledged = Vec::new();
        for sender in senders {
            let (some, refused) = sender.await.unwrap();
            assert!(matches!(refused, StoreError::GoneIndex), "{name}: {refused}");
            acknowledged.extend(some);
        }
        assert!(!acknowledged.is_empty(), "{name}");
        store.close().await;
        // Everything that was acknowledged is made again from the objects.
        let repairing = Store::open_to_repair(&kit::options(&folder)).await.unwrap();
        repairing.repair(Duration::ZERO, |_, _| {}).await.unwrap();
        repairing.close().await;
        let store = Store::open(&kit::options(&folder)).await.unwrap();
        for uid in &acknowledged {
            assert!(kept(&store, uid).await.is_some(), "{name}");
        }
        assert!(faults(&store).await.is_empty(), "{name}");
    }
}

/// Another folder in the place of the objects': one that lay under what was mounted there.
#[tokio::test]
async fn nothing_is_acknowledged_once_another_folder_is_in_the_place_of_the_objects() {
    let (folder, store) = kit::store().await;
    put(&store, 1, &[]).await;
    let objects = folder.path().join("store/objects");
    let away = folder.path().join("away");
    fs::rename(&objects, &away).unwrap();
    for first in 0..=255_u8 {
        fs::create_dir_all(objects.join(format!("{first:02x}"))).unwrap();
    }
    for number in [1, 2] {
        let refused = receive(&store, &file(number, &[], SMALL)).await;
        assert!(matches!(refused, Err(StoreError::GoneObjects)), "{refused:?}");
    }
    assert!(matches!(store.try_objects().await, Err(StoreError::GoneObjects)));
    assert!(store.try_index().await.is_ok());
    fs::remove_dir_all(&objects).unwrap();
    let refused = receive(&store, &file(3, &[], SMALL)).await;
    assert!(matches!(refused, Err(StoreError::Disk { .. } | StoreError::GoneObjects)), "{refused:?}");
    fs::rename(&away, &objects).unwrap();
    assert_eq!(put(&store, 3, &[]).await.outcome, Outcome::Kept, "it is back");
    assert!(faults(&store).await.is_empty(), "and no row is left of what was refused");
}
