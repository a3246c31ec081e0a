//! `peony import`: files into the store, by the same door through which the network's objects come.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bytes::BytesMut;
use futures_util::{StreamExt as _, stream};
use peony_store::{Outcome as Received, Receipt, Store};
use serde::Serialize;
use tokio::io::AsyncReadExt as _;

use crate::cli::ImportArgs;
use crate::exit::Outcome;
use crate::{input, storage};

/// What is read of a file at a time.
const PART_BYTES: usize = 256 << 10;

#[derive(Debug, Default, Serialize)]
struct Summary {
    kept: u64,
    already_there: u64,
    kept_aside: u64,
    failed: u64,
    bytes: u64,
}

/// Takes the files in; one that cannot be is one line, and the others are taken in all the same.
///
/// # Errors
/// Where the store cannot be opened.
pub fn run(args: &ImportArgs) -> Result<Outcome> {
    storage::block_on(import(args))
}

async fn import(args: &ImportArgs) -> Result<Outcome> {
    let store = storage::open(&args.store).await?;
    let mut summary = Summary::default();
    let files = stream::iter(input::expand_dicom(&args.files)).map(|path| receive(&store, path));
    let mut received = std::pin::pin!(files.buffer_unordered(args.writers));
    while let Some(one) = received.next().await {
        match one {
            Ok(receipt) => {
                summary.bytes += receipt.size;
                *match receipt.outcome {
                    Received::Kept => &mut summary.kept,
                    Received::AlreadyThere => &mut summary.already_there,
                    Received::KeptAside => &mut summary.kept_aside,
                } += 1;
            }
            Err(error) => {
                summary.failed += 1;
                eprintln!("peony: {error:#}");
            }
        }
    }
    store.close().await;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&summary)?)?;
    } else {
        let Summary { kept, already_there, kept_aside, failed, bytes } = summary;
        writeln!(
            out,
            "{kept} kept, {already_there} there already, {kept_aside} kept aside, {failed} failed; {bytes} bytes"
        )?;
    }
    Ok(if summary.failed > 0 { Outcome::SomeFailed } else { Outcome::Done })
}

async fn receive(store: &Store, path: Result<PathBuf>) -> Result<Receipt> {
    let path = path?;
    receive_file(store, &path).await.with_context(|| path.display().to_string())
}

async fn receive_file(store: &Store, path: &Path) -> Result<Receipt> {
    let file = tokio::fs::File::open(path).await?;
    let parts = stream::try_unfold(file, |mut file| async {
        let mut part = BytesMut::with_capacity(PART_BYTES);
        let read = file.read_buf(&mut part).await?;
        Ok((read > 0).then(|| (part.freeze(), file)))
    });
    Ok(store.receive("import", parts).await?)
}
