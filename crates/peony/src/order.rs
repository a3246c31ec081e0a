//! `peony order`: what shall be examined, as modalities ask for it (their worklist).

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use peony_store::{Order, OrderChange, Ordered};
use serde_json::{Value, json};

use crate::cli::{
    OrderAddArgs, OrderArgs, OrderCancelArgs, OrderChangeArgs, OrderCommand, OrderListArgs, OrderTexts,
};
use crate::exit::Outcome;
use crate::storage;

/// Who adds orders, in the audit.
const WHO: &str = "command line";

/// Adds, lists, changes or cancels.
///
/// # Errors
/// Where the store cannot be had, or an order is refused.
pub fn run(args: &OrderArgs) -> Result<Outcome> {
    match &args.what {
        OrderCommand::Add(args) => storage::block_on(add(args)),
        OrderCommand::List(args) => storage::block_on(list(args)),
        OrderCommand::Change(args) => storage::block_on(change(args)),
        OrderCommand::Cancel(args) => storage::block_on(cancel(args)),
    }
}

async fn add(args: &OrderAddArgs) -> Result<Outcome> {
    let orders = match &args.file {
        Some(path) => orders_of(path)?,
        None => vec![order_of(args)],
    };
    // Everything that is wrong in a list is said before any of it is taken.
    let faults: Vec<String> = match (&args.file, &orders[..]) {
        (Some(path), orders) => {
            orders.iter().enumerate().flat_map(|(at, order)| faults_of(path, at, order)).collect()
        }
        (None, orders) => orders.iter().flat_map(Order::faults).collect(),
    };
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let store = storage::open_index(&args.store).await?;
    let site = args.site.as_deref().unwrap_or_default();
    for order in &orders {
        say(&store.register_order(order, site, WHO).await?, args.json)?;
    }
    store.close().await;
    Ok(Outcome::Done)
}

/// A file holds one order, or a list of them.
fn orders_of(path: &Path) -> Result<Vec<Order>> {
    let named = || path.display().to_string();
    let list = match serde_json::from_slice(&std::fs::read(path).with_context(named)?).with_context(named)? {
        Value::Array(list) => list,
        one => vec![one],
    };
    // What the parser would say may hold what is known of a patient.
    let no_order = "it is no object of texts under the names that `peony order --help` lists";
    let read =
        |(at, one)| serde_json::from_value(one).map_err(|_| anyhow!("{}: {no_order}", which(path, at)));
    list.into_iter().enumerate().map(read).collect()
}

fn faults_of(path: &Path, at: usize, order: &Order) -> impl Iterator<Item = String> {
    let which = which(path, at);
    order.faults().into_iter().map(move |fault| format!("{which}: {fault}"))
}

fn which(path: &Path, at: usize) -> String {
    format!("{}: order {}", path.display(), at + 1)
}

fn order_of(args: &OrderAddArgs) -> Order {
    let text = |said: &Option<String>| said.clone().unwrap_or_default();
    let OrderTexts { birth_date, sex, accession, procedure, modality, station, date, time } = &args.texts;
    let today = || jiff::Zoned::now().strftime("%Y%m%d").to_string();
    Order {
        patient_id: text(&args.patient_id),
        patient_name: text(&args.patient_name),
        birth_date: text(birth_date),
        sex: text(sex),
        accession: text(accession),
        procedure: text(procedure),
        modality: text(modality),
        station: text(station),
        date: date.clone().unwrap_or_else(today),
        time: text(time),
        ..Order::default()
    }
}

async fn change(args: &OrderChangeArgs) -> Result<Outcome> {
    let OrderTexts { birth_date, sex, accession, procedure, modality, station, date, time } =
        args.texts.clone();
    let (patient_id, patient_name) = (args.patient_id.clone(), args.patient_name.clone());
    let change = OrderChange {
        patient_id,
        patient_name,
        birth_date,
        sex,
        accession,
        procedure,
        modality,
        station,
        date,
        time,
    };
    let store = storage::open_index_there(&args.store).await?;
    let changed = store.change_order(&args.step_id, |order| change.apply(order), WHO).await;
    store.close().await;
    say(&changed.with_context(|| args.step_id.clone())?, args.json)?;
    Ok(Outcome::Done)
}

async fn cancel(args: &OrderCancelArgs) -> Result<Outcome> {
    let store = storage::open_index_there(&args.store).await?;
    let cancelled = store.cancel_order(&args.step_id, WHO).await;
    store.close().await;
    say(&cancelled.with_context(|| args.step_id.clone())?, args.json)?;
    Ok(Outcome::Done)
}

async fn list(args: &OrderListArgs) -> Result<Outcome> {
    let store = storage::open_index_there(&args.store).await?;
    let mut after = 0;
    if !args.json {
        writeln!(std::io::stdout(), "{:<16} {:<14} {:<9} study", "step", "start", "state")?;
    }
    loop {
        let orders = store.open_orders(["", ""], after).await?;
        let Some(last) = orders.last() else { break };
        after = last.id;
        for order in &orders {
            say(order, args.json)?;
        }
    }
    store.close().await;
    Ok(Outcome::Done)
}

/// One order in a line, without who it is of.
fn say(order: &Ordered, as_json: bool) -> std::io::Result<()> {
    let Ordered { step_id, study_uid, start, state, site, .. } = order;
    let (state, accession) = (state.word(), order.order().accession);
    let mut out = std::io::stdout().lock();
    if as_json {
        let line = json!({
            "step_id": step_id, "study_uid": study_uid, "start": start, "state": state, "site": site, "accession": accession,
        });
        writeln!(out, "{line}")
    } else {
        writeln!(out, "{step_id:<16} {start:<14} {state:<9} {study_uid}")
    }
}
