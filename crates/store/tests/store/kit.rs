//! A store in a folder of its own, and small made-up objects.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use peony_dicom::{Level, Tag};
use peony_store::made_up::{self, Pixels};
use peony_store::{Kept, Options, Query, Receipt, Store, StoreError, Which};
use tempfile::TempDir;

pub const NAME: Tag = Tag(0x0010, 0x0010);
pub const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
pub const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);
pub const STUDY_UID: Tag = Tag(0x0020, 0x000D);
pub const SERIES_UID: Tag = Tag(0x0020, 0x000E);
pub const INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
pub const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
pub const MODALITY: Tag = Tag(0x0008, 0x0060);

pub const SMALL: Pixels = Pixels::Native { frames: 1, size: [16, 16] };
pub const CINE: Pixels = Pixels::Coded { frames: 7, frame_bytes: 30_000 };

/// A store in a folder that is gone with it.
pub async fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&options(&folder)).await.unwrap();
    (folder, store)
}

pub fn options(folder: &TempDir) -> Options {
    Options { keep_free: 0, ..Options::in_folder(folder.path()) }
}

/// The attributes of a made-up object with some of them said otherwise.
pub fn said(number: u64, more: &[(Tag, &str)]) -> BTreeMap<Tag, String> {
    let mut said = made_up::attributes(number);
    said.extend(more.iter().map(|(tag, value)| (*tag, (*value).to_owned())));
    said
}

/// A made-up file.
pub fn file(number: u64, more: &[(Tag, &str)], pixels: Pixels) -> Vec<u8> {
    made_up::file(&said(number, more), pixels, number)
}

/// Receives a file in small parts.
pub async fn receive(store: &Store, file: &[u8]) -> Result<Receipt, StoreError> {
    let parts: Vec<io::Result<Bytes>> =
        file.chunks(10_007).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    store.receive("PROBE", stream::iter(parts)).await
}

/// Receives a made-up file.
pub async fn put(store: &Store, number: u64, more: &[(Tag, &str)]) -> Receipt {
    receive(store, &file(number, more, SMALL)).await.unwrap()
}

pub async fn kept(store: &Store, instance_uid: &str) -> Option<Kept> {
    let which = Which { instance_uid: Some(instance_uid), ..Which::default() };
    store.instances(which).await.unwrap().pop()
}

pub async fn bytes(store: &Store, kept: &Kept) -> Result<Vec<u8>, StoreError> {
    let mut parts = std::pin::pin!(store.bytes(kept, 0));
    let mut all = Vec::new();
    while let Some(part) = parts.next().await {
        all.extend_from_slice(&part?);
    }
    Ok(all)
}

/// The values of one attribute of what a question finds, in order.
pub async fn ask(store: &Store, query: &Query, tag: Tag) -> Vec<String> {
    let text = |found: &peony_store::DicomJson| {
        let value = &found[&peony_store::key(tag)]["Value"][0];
        value["Alphabetic"].as_str().or(value.as_str()).map_or_else(|| value.to_string(), str::to_owned)
    };
    store.query(query).await.unwrap().found.iter().map(text).collect()
}

pub fn studies() -> Query {
    Query::all(Level::Study)
}

/// Every fault, as a list.
pub async fn faults(store: &Store) -> Vec<peony_store::Fault> {
    let mut faults = Vec::new();
    store.check(|fault| faults.push(fault)).await.unwrap();
    faults
}

/// A test of each scenario with a store of its own in SQLite; `postgres.rs` has those with PostgreSQL.
macro_rules! on_sqlite {
    ($($test:ident: $scenario:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $test() {
                $scenario(&crate::kit::store().await.1).await;
            }
        )*
    };
}
pub(crate) use on_sqlite;
