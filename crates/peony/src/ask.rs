//! `peony ask`: another DICOM node, by hand.

mod retrieval;

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use peony_dicom::{Attribute, Attributes, Tag, VR};
use peony_node::archive::Which;
use peony_node::identifier::{PATIENT_ID, STUDY_UID};
use peony_node::sop_class::{self, COMMITMENT, VERIFICATION, WORKLIST};
use peony_node::status::{Kind, Status};
use peony_node::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};
use peony_node::{Archive, Association, Limits, Proposal, connect};
use peony_store::Store;
use serde_json::json;
use tokio::time::timeout;

use crate::cli::{AskArgs, AskCommand, AskCommitmentArgs, AskWhom, AskWorklistArgs};
use crate::exit::Outcome;
use crate::live::neighbours::certificates;
use crate::storage;

/// Of an item of a worklist (PS3.4 Table K.6-1), and of its scheduled procedure step.
const PROCEDURE: Tag = Tag(0x0032, 0x1060);
const STEPS: Tag = Tag(0x0040, 0x0100);
const MODALITY: Tag = Tag(0x0008, 0x0060);
const STATION: Tag = Tag(0x0040, 0x0001);
const DATE: Tag = Tag(0x0040, 0x0002);
const TIME: Tag = Tag(0x0040, 0x0003);
const STEP_ID: Tag = Tag(0x0040, 0x0009);

/// Asks.
///
/// # Errors
/// Where the node cannot be reached, or answers with a failure.
pub fn run(args: &AskArgs) -> Result<Outcome> {
    match &args.what {
        AskCommand::Echo(whom) => storage::block_on(echo(whom)),
        AskCommand::Worklist(args) => storage::block_on(worklist(args)),
        AskCommand::Commitment(args) => storage::block_on(commitment(args)),
        AskCommand::Find(args) => storage::block_on(retrieval::find(args)),
        AskCommand::Get(args) => storage::block_on(retrieval::get(args)),
        AskCommand::Move(args) => storage::block_on(retrieval::move_to(args)),
    }
}

async fn associate(whom: &AskWhom, class: &str) -> Result<Association> {
    let class = sop_class::of(class).context("no such class")?;
    let transfer_syntaxes = vec![EXPLICIT_LITTLE, IMPLICIT_LITTLE];
    associate_for(whom, &[Proposal { class, transfer_syntaxes, provides: false }]).await
}

async fn associate_for(whom: &AskWhom, proposals: &[Proposal]) -> Result<Association> {
    let tls = whom.dicom_tls.as_deref().map(certificates).transpose()?;
    let limits = Limits::default();
    let associated = connect(&whom.address, tls.as_ref(), &whom.aet, &whom.called, proposals, &limits).await;
    // What is below an error of the connection says the same once more.
    associated.map_err(|error| anyhow!("{} at {}: {error}", whom.called, whom.address))
}

/// What it answered, where that is no failure.
fn judged(whom: &AskWhom, status: Option<Status>) -> Result<()> {
    match status {
        None => bail!("{} does not take such questions", whom.called),
        Some(status) if status.kind() == Kind::Failure => bail!("{} answers with {status}", whom.called),
        Some(_) => Ok(()),
    }
}

/// An answer without matches, beside what is read by programs.
fn says_nothing(whom: &AskWhom) -> std::io::Result<()> {
    writeln!(std::io::stderr(), "{} has nothing that fits", whom.called)
}

async fn echo(whom: &AskWhom) -> Result<Outcome> {
    let mut association = associate(whom, VERIFICATION).await?;
    judged(whom, association.echo().await?)?;
    association.release().await?;
    writeln!(std::io::stdout(), "{} is there", whom.called)?;
    Ok(Outcome::Done)
}

async fn worklist(args: &AskWorklistArgs) -> Result<Outcome> {
    let key = |tag, said: &Option<String>| (tag, Attribute::of(tag, said.clone()));
    let step: Attributes = [
        key(MODALITY, &args.modality),
        key(STATION, &args.station),
        key(DATE, &args.date),
        key(TIME, &None),
        key(STEP_ID, &None),
    ]
    .into();
    let keys: Attributes = [
        key(PATIENT_ID, &args.patient_id),
        key(STUDY_UID, &None),
        key(PROCEDURE, &None),
        (STEPS, Attribute { vr: VR::SQ, values: Vec::new(), items: vec![step] }),
    ]
    .into();
    let mut found = Vec::new();
    let mut association = associate(&args.whom, WORKLIST).await?;
    judged(&args.whom, association.worklist(&keys, |item| found.push(item)).await?)?;
    association.release().await?;
    let mut out = std::io::stdout().lock();
    for item in &found {
        say(&mut out, item, args.json)?;
    }
    if found.is_empty() {
        says_nothing(&args.whom)?;
    }
    Ok(Outcome::Done)
}

/// One order in a line, without who it is of.
fn say(out: &mut impl std::io::Write, item: &Attributes, as_json: bool) -> std::io::Result<()> {
    let none = Attributes::new();
    let step = item.get(&STEPS).and_then(|steps| steps.items.first()).unwrap_or(&none);
    let [id, modality, station]: [String; 3] = [STEP_ID, MODALITY, STATION].map(|tag| text(step, tag));
    let start: String = text(step, DATE) + &text(step, TIME);
    let [study_uid, procedure]: [String; 2] = [STUDY_UID, PROCEDURE].map(|tag| text(item, tag));
    if as_json {
        let line = json!({
            "step_id": id, "study_uid": study_uid, "start": start, "modality": modality, "station": station, "procedure": procedure,
        });
        return writeln!(out, "{line}");
    }
    writeln!(out, "{id:<16} {start:<14} {modality:<4} {station:<16} {study_uid} {procedure}")
}

/// The first value of an attribute. What another node says must not steer a terminal.
fn text(of: &Attributes, tag: Tag) -> String {
    let value = of.get(&tag).and_then(|attribute| attribute.values.first());
    value.map(|text| plain(text)).unwrap_or_default()
}

/// Without control characters, and without those that turn the direction of what follows.
fn plain(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control() || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|letter| !steers(*letter)).collect()
}

async fn commitment(args: &AskCommitmentArgs) -> Result<Outcome> {
    let store = storage::open_index(&args.store).await?;
    let asked = ask_to_keep(args, &store).await;
    store.close().await;
    asked
}

async fn ask_to_keep(args: &AskCommitmentArgs, store: &Store) -> Result<Outcome> {
    let which = Which { studies: vec![args.study.clone()], ..Which::default() };
    let instances = Archive::instances(store, &which).await?;
    if instances.is_empty() {
        bail!("the store has no such study");
    }
    let mut association = associate(&args.whom, COMMITMENT).await?;
    let asked = association.commit(store, &instances).await?;
    judged(&args.whom, asked.as_ref().map(|(_, status)| *status))?;
    let Some((transaction_uid, _)) = asked else { return Ok(Outcome::SomeFailed) };
    let wait = Duration::from_secs(args.wait);
    // Over this association, or over one that a program beside this one takes.
    let heard = async {
        tokio::select! {
            heard = association.hear_report(store, wait) => if let Err(error) = heard {
                tracing::debug!("no report over this association: {error}");
                store.commitment_answered(&transaction_uid).await
            } else {
                Ok(())
            },
            answered = store.commitment_answered(&transaction_uid) => answered,
        }
    };
    if let Ok(heard) = timeout(wait, heard).await {
        heard?;
    }
    if let Err(error) = association.release().await {
        tracing::debug!("{} did not agree to the end: {error}", args.whom.called);
    }
    let commitment = store.commitment(&transaction_uid).await?.context("the request is gone")?;
    let kept = commitment.not_kept.as_ref().map(|not_kept| instances.len() - not_kept.len());
    let mut out = std::io::stdout().lock();
    if args.json {
        let line = json!({ "transaction_uid": transaction_uid, "asked": instances.len(), "kept": kept });
        writeln!(out, "{line}")?;
    } else {
        match kept {
            Some(kept) => writeln!(out, "{} keeps {kept} of {}", args.whom.called, instances.len())?,
            None => {
                writeln!(out, "{} has not answered yet: transaction {transaction_uid}", args.whom.called)?
            }
        }
    }
    Ok(if kept == Some(instances.len()) { Outcome::Done } else { Outcome::SomeFailed })
}
