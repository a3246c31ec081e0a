//! `peony check`: whether everything that was acknowledged is there as it was received.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use peony_store::{Checked, Fault, FaultKind, OpenDoubts, Store};
use serde_json::json;

use crate::cli::CheckArgs;
use crate::exit::Outcome;
use crate::storage;

/// Looks at everything and says each fault.
///
/// # Errors
/// Where there is no store, or it cannot be read at all.
pub fn run(args: &CheckArgs) -> Result<Outcome> {
    storage::block_on(check(args))
}

async fn check(args: &CheckArgs) -> Result<Outcome> {
    let options = storage::options(&args.store);
    let store = Store::look_at(&options).await.with_context(|| args.store.data.display().to_string())?;
    let mut unheard = None;
    let say = |fault: Fault| {
        let line = if args.json {
            json!({ "fault": word(fault.kind), "at": fault.at }).to_string()
        } else {
            format!("{}: {}", word(fault.kind), fault.at)
        };
        if let Err(error) = writeln!(std::io::stdout(), "{line}") {
            unheard.get_or_insert(error);
        }
    };
    let Checked { objects, bytes, faults } = store.check(say).await?;
    if let Some(error) = unheard {
        return Err(error.into());
    }
    let OpenDoubts { conflicts, aside, .. } = store.open_doubts().await?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let said = json!({
            "objects": objects, "bytes": bytes, "faults": faults, "contradictions": conflicts, "kept_aside": aside,
        });
        writeln!(out, "{said}")?;
    } else {
        writeln!(out, "{objects} objects, {bytes} bytes, {faults} faults")?;
        writeln!(
            out,
            "for a person: {conflicts} contradictions about who was examined, {aside} objects kept aside"
        )?;
    }
    Ok(if faults > 0 { Outcome::SomeFailed } else { Outcome::Done })
}

fn word(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::MissingObject => "missing object",
        FaultKind::WrongDigest => "wrong digest",
        FaultKind::WrongBlocks => "wrong sums of blocks",
        FaultKind::WrongRow => "wrong row",
        FaultKind::StrayFile => "stray file",
        FaultKind::WrongCount => "wrong count",
        FaultKind::DamagedIndex => "damaged index",
    }
}
