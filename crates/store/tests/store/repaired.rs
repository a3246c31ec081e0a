//! What no row names: after the index was lost, after a commit that failed; and a check that changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::memory::InMemory;
use peony_store::made_up::{self, Pixels};
use peony_store::{FaultKind, Repaired, Store, StoreError};
use tempfile::TempDir;

use crate::kit::{self, CINE, SMALL, bytes, faults, file, kept, receive};

const HOUR: Duration = Duration::from_secs(3600);

fn place(folder: &TempDir, digest: &str) -> PathBuf {
    folder.path().join("store/objects").join(&digest[..2]).join(digest)
}

fn index(folder: &TempDir) -> PathBuf {
    folder.path().join("store/index.sqlite")
}

fn lose_index(folder: &TempDir) {
    for file in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let gone = fs::remove_file(folder.path().join("store").join(file));
        assert!(gone.is_ok() || file != "index.sqlite");
    }
}

async fn is_refused(folder: &TempDir) {
    let opened = Store::open(&kit::options(folder)).await;
    assert!(matches!(opened, Err(StoreError::LostIndex { in_folder: true })), "{:?}", opened.err());
}

async fn repair(folder: &TempDir, settled: Duration) -> Repaired {
    let store = Store::open_to_repair(&kit::options(folder)).await.unwrap();
    let repaired = store.repair(settled, |done, all| assert!(done <= all)).await.unwrap();
    store.close().await;
    repaired
}

/// As if it had been published by a commit that failed: where it lies, and its digest.
async fn stray(folder: &TempDir, bytes: &[u8]) -> String {
    let (_other, store) = kit::store().await;
    let digest = receive(&store, bytes).await.unwrap().digest;
    fs::write(place(folder, &digest), bytes).unwrap();
    digest
}

#[tokio::test]
async fn a_lost_index_is_said_and_written_anew_from_the_objects() {
    let (folder, store) = kit::store().await;
    let sent: Vec<Vec<u8>> =
        (0..4).map(|number| file(number, &[], if number == 3 { CINE } else { SMALL })).collect();
    let mut receipts = Vec::new();
    for one in &sent {
        receipts.push(receive(&store, one).await.unwrap());
    }
    let other = made_up::file(&made_up::attributes(0), SMALL, 999);
    receive(&store, &other).await.unwrap();
    store.close().await;

    lose_index(&folder);
    is_refused(&folder).await;
    assert!(!index(&folder).exists(), "none is made in its place");
    let checked = Store::open_to_check(&kit::options(&folder)).await;
    assert!(matches!(checked, Err(StoreError::LostIndex { in_folder: true })));
    fs::write(index(&folder), "").unwrap();
    is_refused(&folder).await;
    // One that was made anew, by whatever it was.
    let (another, empty) = kit::store().await;
    empty.close().await;
    fs::copy(index(&another), index(&folder)).unwrap();
    is_refused(&folder).await;
    for receipt in &receipts {
        assert!(place(&folder, &receipt.digest).exists(), "nothing is taken away");
    }

    let repaired = repair(&folder, HOUR).await;
    assert_eq!(repaired, Repaired { indexed: 4, aside: 1, ..Repaired::default() }, "however young they are");
    let store = Store::open(&kit::options(&folder)).await.unwrap();
    for (receipt, sent) in receipts.iter().zip(&sent).skip(1) {
        let kept = kept(&store, &receipt.instance_uid).await.unwrap();
        assert_eq!(kept.object.digest, receipt.digest);
        assert!(bytes(&store, &kept).await.unwrap() == *sent);
    }
    // Which of two came first is not known any more; both are there.
    let first = kept(&store, &receipts[0].instance_uid).await.unwrap();
    assert!([&sent[0], &other].contains(&&bytes(&store, &first).await.unwrap()));
    assert_eq!(store.kept_aside(10).await.unwrap().len(), 1);
    assert!(faults(&store).await.is_empty());
    let line = store.audit_after(0, 100).await.unwrap().pop().unwrap();
    assert_eq!(
        (line.act.as_str(), line.what.as_str()),
        ("repair", "4 objects indexed, 1 kept aside, 0 removed, 0 left")
    );
}

/// A program that is killed before its first commit has objects and no rows, and lost nothing.
#[tokio::test]
async fn what_was_on_its_way_into_a_new_store_is_no_lost_index() {
    let (folder, store) = kit::store().await;
    store.close().await;
    let sent = file(1, &[], SMALL);
    let digest = stray(&folder, &sent).await;
    fs::write(folder.path().join("store/incoming/0.part"), &sent).unwrap();
    let store = Store::open(&kit::options(&folder)).await.unwrap();
    assert!(!place(&folder, &digest).exists(), "it was not acknowledged");
    assert!(faults(&store).await.is_empty());
    store.close().await;
    // As far as an index knows that is as new as this one.
    assert_eq!(repair(&folder, HOUR).await, Repaired { indexed: 1, ..Repaired::default() });
}

#[tokio::test]
async fn what_no_row_names_gets_its_row_and_what_is_kept_twice_goes() {
    let (folder, store) = kit::store().await;
    let sent = file(1, &[], SMALL);
    let receipt = receive(&store, &sent).await.unwrap();
    store.close().await;
    let new = stray(&folder, &file(2, &[], SMALL)).await;
    let mut other_meta = sent[..132].to_vec();
    other_meta.extend(b"\x02\x00\x13\x00SH\x06\x00OTHER ");
    other_meta.extend(&sent[132..]);
    let twice = stray(&folder, &other_meta).await;
    let mut damaged = file(3, &[], SMALL);
    let not_whole = stray(&folder, &damaged).await;
    damaged.pop();
    fs::write(place(&folder, &not_whole), damaged).unwrap();
    let looking = Store::open_to_check(&kit::options(&folder)).await.unwrap();
    assert_eq!(faults(&looking).await.len(), 3);
    looking.close().await;

    assert_eq!(
        repair(&folder, HOUR).await,
        Repaired { indexed: 1, removed: 1, left: 1, ..Repaired::default() }
    );
    let there = |digest: &str| place(&folder, digest).exists();
    assert!(there(&receipt.digest) && there(&new) && there(&not_whole) && !there(&twice));
    let looking = Store::open_to_check(&kit::options(&folder)).await.unwrap();
    let left = faults(&looking).await;
    assert_eq!(left.iter().map(|fault| fault.kind).collect::<Vec<_>>(), [FaultKind::StrayFile], "{left:?}");
    assert!(left[0].at.ends_with(&not_whole));
    let kept = kept(&looking, &receipt.instance_uid).await.unwrap();
    assert!(bytes(&looking, &kept).await.unwrap() == sent);
    assert_eq!(repair(&folder, HOUR).await, Repaired { left: 1, ..Repaired::default() }, "once is enough");
}

/// In the network an object is there before its rows are committed.
#[tokio::test]
async fn what_a_commit_that_failed_left_in_the_network_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(InMemory::new());
    let store = Store::open_with_objects(&kit::options(&folder), Arc::clone(&objects) as _).await.unwrap();
    receive(&store, &file(1, &[], SMALL)).await.unwrap();
    let pool = sqlx::AnyPool::connect(&format!("sqlite:{}", index(&folder).display())).await.unwrap();
    sqlx::query(
        "CREATE TRIGGER refused BEFORE INSERT ON instances BEGIN SELECT RAISE(ABORT, 'for a test'); END",
    )
    .execute(&pool)
    .await
    .unwrap();
    let large = file(2, &[], Pixels::Native { frames: 2, size: [300, 300] });
    let refused = receive(&store, &large).await;
    assert!(matches!(refused, Err(StoreError::Index(_))), "{refused:?}");
    sqlx::query("DROP TRIGGER refused").execute(&pool).await.unwrap();

    let untouched = store.repair(HOUR, |_, _| {}).await.unwrap();
    assert_eq!(untouched, Repaired { left: 1, ..Repaired::default() }, "another program may be receiving it");
    let repaired = store.repair(Duration::ZERO, |_, _| {}).await.unwrap();
    assert_eq!(repaired, Repaired { indexed: 1, ..Repaired::default() });
    let uid = &made_up::attributes(2)[&kit::INSTANCE_UID];
    assert!(bytes(&store, &kept(&store, uid).await.unwrap()).await.unwrap() == large);
    assert!(faults(&store).await.is_empty());
}

/// Every file below a folder with its bytes, but SQLite's own beside the index.
fn all_in(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut all, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().ends_with("-shm") && !path.to_string_lossy().ends_with("-wal") {
                all.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    all
}

#[tokio::test]
async fn a_check_changes_nothing() {
    let (folder, store) = kit::store().await;
    kit::put(&store, 1, &[]).await;
    store.close().await;
    fs::remove_file(folder.path().join("store/lock")).unwrap();
    let before = all_in(folder.path());
    let looking = Store::open_to_check(&kit::options(&folder)).await.unwrap();
    assert!(faults(&looking).await.is_empty());
    assert!(looking.audit("somebody", "was", "here").await.is_err(), "nothing can be written by it");
    looking.close().await;
    assert!(all_in(folder.path()) == before);

    // Of an earlier program: it is brought up by whoever opens it to write.
    let pool = sqlx::AnyPool::connect(&format!("sqlite:{}", index(&folder).display())).await.unwrap();
    sqlx::query("UPDATE schema_version SET version = version - 1").execute(&pool).await.unwrap();
    pool.close().await;
    let looking = Store::open_to_check(&kit::options(&folder)).await;
    assert!(matches!(looking, Err(StoreError::Earlier { .. })), "{:?}", looking.err());
}

/// After a loss of power the file of an object that was acknowledged may be among those that are being received once more.
#[tokio::test]
async fn an_older_copy_of_the_index_costs_nothing_that_was_acknowledged() {
    let (folder, store) = kit::store().await;
    receive(&store, &file(1, &[], SMALL)).await.unwrap();
    store.close().await;
    let copy = folder.path().join("copy.sqlite");
    fs::copy(index(&folder), &copy).unwrap();
    let store = Store::open(&kit::options(&folder)).await.unwrap();
    let mut later = Vec::new();
    for number in 2..4 {
        later.push(receive(&store, &file(number, &[], SMALL)).await.unwrap());
    }
    store.close().await;
    lose_index(&folder);
    fs::copy(&copy, index(&folder)).unwrap();
    let incoming = folder.path().join("store/incoming");
    for (number, receipt) in later.iter().enumerate() {
        fs::hard_link(place(&folder, &receipt.digest), incoming.join(format!("{number}.part"))).unwrap();
    }

    let store = Store::open(&kit::options(&folder)).await.unwrap();
    assert!(kept(&store, &later[1].instance_uid).await.is_none());
    assert_eq!(fs::read_dir(&incoming).unwrap().count(), 0);
    assert!(faults(&store).await.is_empty());
    // One of them comes once more meanwhile.
    receive(&store, &file(2, &[], SMALL)).await.unwrap();
    store.close().await;
    let store = Store::open(&kit::options(&folder)).await.unwrap();
    store.close().await;
    let unsettled = folder.path().join("store/unsettled");
    assert_eq!(fs::read_dir(&unsettled).unwrap().count(), 1, "what has its row again is not kept twice");
    // A copy that is damaged takes no place of one that is whole.
    fs::write(unsettled.join(&later[0].digest), "damaged").unwrap();
    let repaired = repair(&folder, HOUR).await;
    assert_eq!(repaired, Repaired { indexed: 1, ..Repaired::default() });
    assert_eq!(fs::read_dir(&unsettled).unwrap().count(), 0);
    let store = Store::open(&kit::options(&folder)).await.unwrap();
    for receipt in &later {
        assert_eq!(kept(&store, &receipt.instance_uid).await.unwrap().object.digest, receipt.digest);
    }
    assert!(faults(&store).await.is_empty());
}
