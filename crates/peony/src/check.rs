//! `peony check`: whether everything that was acknowledged is there as it was received, and rows anew for what has none.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use peony_store::{Checked, Fault, FaultKind, OpenDoubts, Options, Repaired, Store};
use serde_json::json;

use crate::cli::CheckArgs;
use crate::exit::Outcome;
use crate::storage;

/// How often it is said how far the repair has come.
const SAID_EVERY: Duration = Duration::from_secs(5);

/// Looks at everything and says each fault.
///
/// # Errors
/// Where there is no store, or it cannot be read at all.
pub fn run(args: &CheckArgs) -> Result<Outcome> {
    storage::block_on(check(args))
}

async fn check(args: &CheckArgs) -> Result<Outcome> {
    let options = storage::options(&args.store);
    let whose = || args.store.data.display().to_string();
    if args.repair {
        repair(args, &options).await.with_context(whose)?;
    }
    let store = Store::open_to_check(&options).await.with_context(whose)?;
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

/// What a stray of the network may be that another program is receiving.
const SETTLED: Duration = Duration::from_secs(3600);

async fn repair(args: &CheckArgs, options: &Options) -> Result<()> {
    let store = Store::open_to_repair(options).await?;
    let mut said = Instant::now();
    let report = |done, all| {
        if said.elapsed() >= SAID_EVERY {
            said = Instant::now();
            eprintln!("{done} of {all} objects");
        }
    };
    let Repaired { indexed, aside, removed, left, rows } = store.repair(SETTLED, report).await?;
    store.close().await;
    let mut out = std::io::stdout().lock();
    if args.json {
        let counts =
            json!({ "indexed": indexed, "aside": aside, "removed": removed, "left": left, "rows": rows });
        writeln!(out, "{}", json!({ "repaired": counts }))?;
    } else {
        writeln!(
            out,
            "{indexed} objects have their rows again, {aside} are kept aside, {removed} were kept twice and are removed, {left} are left"
        )?;
        writeln!(out, "{rows} rows that were gone or wrong were made anew from their objects")?;
        if indexed > 0 {
            writeln!(
                out,
                "who sent them is not known any more; a study that was not known either is of no site"
            )?;
        }
    }
    Ok(())
}

fn word(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::MissingObject => "missing object",
        FaultKind::WrongDigest => "wrong digest",
        FaultKind::WrongBlocks => "wrong sums of blocks",
        FaultKind::WrongRow => "wrong row",
        FaultKind::StrayFile => "stray file",
        FaultKind::WrongSeries => "wrong row of a series",
        FaultKind::WrongStudy => "wrong row of a study",
        FaultKind::WrongPatient => "wrong row of a patient",
        FaultKind::WrongContradiction => "not as what contradicts itself, study",
        FaultKind::LostSeries => "series missing, instance",
        FaultKind::LostStudy => "study missing, series",
        FaultKind::LostPatient => "patient missing, study",
        FaultKind::WrongNames => "wrong names to be found by",
        FaultKind::WrongMerge => "not as the merges say",
        FaultKind::WrongSite => "another site than its patient's, study",
        FaultKind::Stranded => "of something that is missing",
        FaultKind::WrongCount => "wrong count",
        FaultKind::WrongModalities => "wrong modalities",
        FaultKind::DamagedIndex => "damaged index",
    }
}
