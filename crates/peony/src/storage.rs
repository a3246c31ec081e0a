//! The store as the command line names it.

use std::future::Future;
use std::path::Path;

use anyhow::{Context, Result};
use peony_store::{Options, Store, StoreError};

use crate::cli::StoreArgs;

/// Where things are kept.
pub fn options(args: &StoreArgs) -> Options {
    Options {
        data: args.data.clone(),
        index: args.index.clone(),
        objects: args.objects.clone(),
        keep_free: args.keep_free,
    }
}

/// What is wrong with the addresses of index and objects, a line each and without them: there may be a password in one.
pub fn faults(args: &StoreArgs) -> Vec<String> {
    let begins = |said: &Option<String>, schemes: &[&str]| {
        said.as_ref().is_none_or(|said| {
            schemes.iter().any(|scheme| said.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        })
    };
    let mut faults = Vec::new();
    if !begins(&args.index, &["postgres://", "postgresql://"]) {
        faults.push(
            "store.index (--index): it is a database of PostgreSQL, such as postgres://peony@localhost/peony"
                .into(),
        );
    }
    if !begins(&args.objects, &["s3://"]) {
        faults.push("store.objects (--objects): it is a bucket, such as s3://bucket/peony".into());
    }
    faults
}

/// From here on nobody but its owner may read, write or list what the program makes. What is there stays as it is.
pub fn keep_private() {
    #[cfg(unix)]
    {
        use rustix::fs::Mode;
        use rustix::process::umask;

        let others = Mode::RWXG | Mode::RWXO;
        let before = umask(others);
        umask(before | others);
    }
}

/// One line where others on this machine can read the data folder: it was made by an earlier program, or by somebody who wants it so.
pub fn open_to_others(data: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        // Reading names, or passing through to what has a known one.
        let is_open = |folder: &Path| {
            std::fs::metadata(folder).is_ok_and(|folder| folder.permissions().mode() & 0o005 != 0)
        };
        let open = is_open(data) && ["store", "exams"].iter().any(|part| is_open(&data.join(part)));
        open.then(|| format!("others on this machine can read what is kept: chmod -R go= {}", data.display()))
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        None
    }
}

/// Opens the store that is worked on.
///
/// # Errors
/// Where folder, index or bucket cannot be had.
pub async fn open(args: &StoreArgs) -> Result<Store> {
    Store::open(&options(args)).await.with_context(|| args.data.display().to_string())
}

/// Opens the store for what concerns its index alone: beside another program (`peony serve`) too.
///
/// # Errors
/// Where folder, index or bucket cannot be had.
pub async fn open_index(args: &StoreArgs) -> Result<Store> {
    let opened = match Store::open(&options(args)).await {
        Err(StoreError::InUse) => Store::look_at(&options(args)).await,
        opened => opened,
    };
    opened.with_context(|| args.data.display().to_string())
}

/// The same for what asks of a store that is there: none is made.
///
/// # Errors
/// Where there is none; as [`open_index`].
pub async fn open_index_there(args: &StoreArgs) -> Result<Store> {
    Store::find(&options(args)).with_context(|| args.data.display().to_string())?;
    open_index(args).await
}

/// Runs what talks to the store.
///
/// # Errors
/// Where threads cannot be had; what the work says.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
