//! `peony ask find`, `get` and `move`: what another node has, and to have it.

use std::io::Write as _;

use anyhow::{Result, bail};
use peony_dicom::{Attributes, Level, Tag};
use peony_node::asking::{self, identifier_of};
use peony_node::identifier::{INSTANCE_UID, PATIENT_ID, SERIES_UID, STUDY_UID};
use peony_node::sop_class::Service;
use peony_node::status::Kind;
use peony_node::user::Retrieved;
use peony_node::{Archive, Association, AssociationError};
use peony_store::Store;
use serde_json::{Map, Value, json};

use super::{associate_for, judged, plain, says_nothing, text};
use crate::cli::{AskFindArgs, AskGetArgs, AskLevel, AskMoveArgs, AskWhich, AskWhom};
use crate::exit::Outcome;
use crate::storage;

const DATE: Tag = Tag(0x0008, 0x0020);
const ACCESSION: Tag = Tag(0x0008, 0x0050);
const MODALITY: Tag = Tag(0x0008, 0x0060);
const MODALITIES: Tag = Tag(0x0008, 0x0061);
const NAME: Tag = Tag(0x0010, 0x0010);
const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);

/// What is asked for and said of a match of each level, in the order of its line.
const OF_PATIENT: [(&str, Tag); 4] = [
    ("patient_id", PATIENT_ID),
    ("patient_name", NAME),
    ("birth_date", BIRTH_DATE),
    ("sex", Tag(0x0010, 0x0040)),
];
const OF_STUDY: [(&str, Tag); 11] = [
    ("date", DATE),
    ("time", Tag(0x0008, 0x0030)),
    ("modalities", MODALITIES),
    ("study_uid", STUDY_UID),
    ("patient_id", PATIENT_ID),
    ("patient_name", NAME),
    ("birth_date", BIRTH_DATE),
    ("accession", ACCESSION),
    ("series", Tag(0x0020, 0x1206)),
    ("instances", Tag(0x0020, 0x1208)),
    ("description", Tag(0x0008, 0x1030)),
];
const OF_SERIES: [(&str, Tag); 6] = [
    ("number", Tag(0x0020, 0x0011)),
    ("modality", MODALITY),
    ("study_uid", STUDY_UID),
    ("series_uid", SERIES_UID),
    ("instances", Tag(0x0020, 0x1209)),
    ("description", Tag(0x0008, 0x103E)),
];
const OF_INSTANCE: [(&str, Tag); 5] = [
    ("number", Tag(0x0020, 0x0013)),
    ("class_uid", Tag(0x0008, 0x0016)),
    ("study_uid", STUDY_UID),
    ("series_uid", SERIES_UID),
    ("instance_uid", INSTANCE_UID),
];

const fn shown(level: AskLevel) -> (Level, &'static [(&'static str, Tag)]) {
    match level {
        AskLevel::Patient => (Level::Patient, &OF_PATIENT),
        AskLevel::Study => (Level::Study, &OF_STUDY),
        AskLevel::Series => (Level::Series, &OF_SERIES),
        AskLevel::Instance => (Level::Instance, &OF_INSTANCE),
    }
}

/// Lists what the node has.
pub async fn find(args: &AskFindArgs) -> Result<Outcome> {
    let (level, shown) = shown(args.level);
    let modality = if args.level == AskLevel::Study { MODALITIES } else { MODALITY };
    let said = [
        (PATIENT_ID, &args.patient_id),
        (NAME, &args.patient_name),
        (BIRTH_DATE, &args.birth_date),
        (DATE, &args.date),
        (ACCESSION, &args.accession),
        (modality, &args.modality),
        (STUDY_UID, &args.study),
        (SERIES_UID, &args.series),
    ];
    let asked = shown.iter().map(|(_, tag)| (*tag, String::new()));
    let said = said.into_iter().filter_map(|(tag, value)| Some((tag, value.clone()?)));
    let question = identifier_of(level, asked.chain(said));
    let mut association = associate_for(&args.whom, &asking::to_find()).await?;
    let Some(model) = association.model(level, Service::Find) else {
        association.leave(true).await;
        bail!("{} does not take such questions", args.whom.called);
    };
    let mut found = Vec::new();
    let answered = match association.find_most(model, &question, args.limit, |one| found.push(one)).await {
        Ok(answered) => answered,
        Err(error) => return Err(ended(association, error).await),
    };
    association.leave(answered.is_none_or(|answered| !answered.goes_on)).await;
    judged(&args.whom, answered.map(|answered| answered.status))?;
    let mut out = std::io::stdout().lock();
    for one in &found {
        writeln!(out, "{}", line(one, shown, args.json))?;
    }
    let Some(answered) = answered else { return Ok(Outcome::SomeFailed) };
    if found.is_empty() && answered.unread == 0 {
        says_nothing(&args.whom)?;
    }
    let mut notes = std::io::stderr().lock();
    if answered.more {
        writeln!(notes, "{} has more than {}: --limit N hears more", args.whom.called, args.limit)?;
    }
    if answered.unread > 0 {
        writeln!(notes, "{} answers of {} cannot be read", answered.unread, args.whom.called)?;
        return Ok(Outcome::SomeFailed);
    }
    Ok(Outcome::Done)
}

/// A match in a line.
fn line(found: &Attributes, shown: &[(&str, Tag)], as_json: bool) -> String {
    let value = |tag: Tag| match found.get(&tag) {
        Some(attribute) if tag == MODALITIES => {
            attribute.values.iter().map(|one| plain(one)).collect::<Vec<_>>().join("/")
        }
        _ => text(found, tag),
    };
    if as_json {
        let fields = shown.iter().map(|(name, tag)| ((*name).to_owned(), Value::from(value(*tag))));
        return Value::Object(fields.collect::<Map<_, _>>()).to_string();
    }
    let fields = shown.iter().map(|(_, tag)| {
        let value = value(*tag);
        if value.is_empty() { "-".to_owned() } else { value }
    });
    fields.collect::<Vec<_>>().join("  ")
}

/// Takes a study or a series into the store.
pub async fn get(args: &AskGetArgs) -> Result<Outcome> {
    let store = storage::open(&args.store).await?;
    let got = get_into(&store, args).await;
    store.close().await;
    got
}

async fn get_into(store: &Store, args: &AskGetArgs) -> Result<Outcome> {
    let AskGetArgs { whom, which, .. } = args;
    let mut association = associate_for(whom, &asking::to_find()).await?;
    let listed = match asking::list(&mut association, &which.study, which.series.as_deref()).await {
        Ok(listed) => listed,
        Err(error) => return Err(ended(association, error).await),
    };
    association.leave(listed.is_some()).await;
    let known = listed.unwrap_or_default();
    let mut association = associate_for(whom, &asking::to_get(&known)).await?;
    let (level, identifier) = identifier(which);
    let Some(model) = association.model(level, Service::Get) else {
        association.leave(true).await;
        bail!("{} does not hand anything out so (C-GET)", whom.called);
    };
    let archive = store.brought_by(whom.called.as_str()).await?;
    let got = association.get(&archive, model, &identifier, |_| ()).await;
    said(whom, which, retrieved(association, got).await?, "came")
}

/// Has a study or a series sent to a node.
pub async fn move_to(args: &AskMoveArgs) -> Result<Outcome> {
    let AskMoveArgs { whom, which, to } = args;
    let mut association = associate_for(whom, &asking::to_move()).await?;
    let (level, identifier) = identifier(which);
    let Some(model) = association.model(level, Service::Move) else {
        association.leave(true).await;
        bail!("{} does not send anything on so (C-MOVE)", whom.called);
    };
    let to = to.as_ref().unwrap_or(&whom.aet);
    let moved = association.move_to(model, &identifier, to, |_| ()).await;
    said(whom, which, retrieved(association, moved).await?, "sent")
}

fn identifier(which: &AskWhich) -> (Level, Attributes) {
    let study = (STUDY_UID, which.study.clone());
    match &which.series {
        Some(series) => (Level::Series, identifier_of(Level::Series, [study, (SERIES_UID, series.clone())])),
        None => (Level::Study, identifier_of(Level::Study, [study])),
    }
}

/// What a retrieval came to; its association has ended then.
async fn retrieved(
    association: Association,
    retrieved: Result<Option<Retrieved>, AssociationError>,
) -> Result<Option<Retrieved>> {
    match retrieved {
        Ok(retrieved) => {
            association.leave(true).await;
            Ok(retrieved)
        }
        Err(error) => Err(ended(association, error).await),
    }
}

/// Why an association ended before its time.
async fn ended(association: Association, error: AssociationError) -> anyhow::Error {
    let peer = association.peer().to_owned();
    let outcome = Err(error);
    association.close(&outcome).await;
    let error = outcome.err().map_or_else(String::new, |error| error.to_string());
    anyhow::anyhow!("{peer}: {error}")
}

/// Says how many instances came and did not.
fn said(whom: &AskWhom, which: &AskWhich, retrieved: Option<Retrieved>, verb: &str) -> Result<Outcome> {
    let Some(Retrieved { status, completed, failed, warning, failed_instances, .. }) = retrieved else {
        bail!("{} does not take such questions", whom.called);
    };
    let came = u32::from(completed) + u32::from(warning);
    if status.kind() == Kind::Failure && came == 0 && failed == 0 {
        bail!("{} answers with {status}", whom.called);
    }
    if came == 0 && failed == 0 {
        bail!("{} has nothing of it", whom.called);
    }
    let mut out = std::io::stdout().lock();
    if which.json {
        let failed_instances: Vec<String> = failed_instances.iter().map(|uid| plain(uid)).collect();
        let line = json!({
            verb: came, "failed": failed, "warning": warning, "status": status.to_string(), "failed_instances": failed_instances,
        });
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "{}: {came} {verb}, {failed} failed", whom.called)?;
        for uid in &failed_instances {
            writeln!(out, "failed: {}", plain(uid))?;
        }
    }
    let is_whole = came > 0 && failed == 0 && status.kind() == Kind::Success;
    Ok(if is_whole { Outcome::Done } else { Outcome::SomeFailed })
}
