//! `peony audit`: who did what.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use peony_store::{AuditLine, Store};
use serde_json::json;

use crate::cli::AuditArgs;
use crate::exit::Outcome;
use crate::storage;

/// Lines that are read at a time.
const PAGE: u32 = 1000;

/// Prints the audit.
///
/// # Errors
/// Where the store cannot be read.
pub fn run(args: &AuditArgs) -> Result<Outcome> {
    storage::block_on(async {
        let store = Store::look_at(&storage::options(&args.store)).await;
        let store = store.with_context(|| args.store.data.display().to_string())?;
        let mut after = args.after;
        loop {
            let lines = store.audit_after(after, PAGE).await?;
            let Some(last) = lines.last() else { break };
            after = last.id;
            lines.iter().try_for_each(|line| say(line, args.json))?;
        }
        store.close().await;
        Ok(Outcome::Done)
    })
}

fn say(line: &AuditLine, as_json: bool) -> Result<()> {
    let AuditLine { id, at_ms, who, act, what } = line;
    let at = Timestamp::from_millisecond(*at_ms)?;
    let mut out = std::io::stdout();
    if as_json {
        writeln!(out, "{}", json!({ "id": id, "at": at.to_string(), "who": who, "act": act, "what": what }))?;
    } else {
        writeln!(out, "{id:>8}  {at:.0}  {who:<20}  {act:<20}  {what}")?;
    }
    Ok(())
}
