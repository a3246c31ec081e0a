//! What `peony order` and `peony ask` take.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use peony_node::AeTitle;

use super::StoreArgs;

/// `peony order`.
#[derive(Debug, Args)]
pub struct OrderArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: OrderCommand,
}

/// What can be done with orders.
#[derive(Debug, Subcommand)]
pub enum OrderCommand {
    /// Take orders; the same one again is no other.
    Add(Box<OrderAddArgs>),
    /// Those that are not performed yet.
    List(OrderListArgs),
    /// Change one that no machine has begun.
    Change(Box<OrderChangeArgs>),
    /// Take one off the worklist that no machine has begun.
    Cancel(OrderCancelArgs),
}

/// `peony order add`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("whose").required(true).args(["file", "patient_id"])))]
pub struct OrderAddArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// Take them from this file of JSON.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["patient_name", "birth_date", "sex", "accession", "procedure", "modality", "station", "date", "time"])]
    pub file: Option<PathBuf>,
    /// The patient's identifier.
    #[arg(long, value_name = "ID", requires = "patient_name")]
    pub patient_id: Option<String>,
    /// The patient's name, FAMILY^GIVEN; another script after `=`.
    #[arg(long, value_name = "NAME")]
    pub patient_name: Option<String>,
    /// The site that they are of; without it they are of none.
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub texts: OrderTexts,
    /// One line of JSON an order.
    #[arg(long)]
    pub json: bool,
}

/// What an order says of one examination.
#[derive(Debug, Clone, Args)]
pub struct OrderTexts {
    /// The patient's birth date, YYYYMMDD.
    #[arg(long, value_name = "DATE")]
    pub birth_date: Option<String>,
    /// F, M or O.
    #[arg(long)]
    pub sex: Option<String>,
    /// The accession number.
    #[arg(long, value_name = "NUMBER")]
    pub accession: Option<String>,
    /// What shall be done, in words.
    #[arg(long, value_name = "TEXT")]
    pub procedure: Option<String>,
    /// The modality; US where none was said.
    #[arg(long, value_name = "CODE")]
    pub modality: Option<String>,
    /// The title of the machine that shall do it; every machine sees an order without one.
    #[arg(long, value_name = "AET")]
    pub station: Option<String>,
    /// The day, YYYYMMDD; today where none was said.
    #[arg(long)]
    pub date: Option<String>,
    /// The time, HHMM.
    #[arg(long)]
    pub time: Option<String>,
}

/// `peony order change`.
#[derive(Debug, Args)]
pub struct OrderChangeArgs {
    /// The ID of its scheduled procedure step, as `peony order list` says it.
    #[arg(value_name = "STEP_ID")]
    pub step_id: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// The patient's identifier.
    #[arg(long, value_name = "ID")]
    pub patient_id: Option<String>,
    /// The patient's name, FAMILY^GIVEN; another script after `=`.
    #[arg(long, value_name = "NAME")]
    pub patient_name: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub texts: OrderTexts,
    /// One line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// `peony order cancel`.
#[derive(Debug, Args)]
pub struct OrderCancelArgs {
    /// The ID of its scheduled procedure step, as `peony order list` says it.
    #[arg(value_name = "STEP_ID")]
    pub step_id: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// One line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// `peony ask`.
#[derive(Debug, Args)]
pub struct AskArgs {
    /// What to ask for.
    #[command(subcommand)]
    pub what: AskCommand,
}

/// What another node can be asked for.
#[derive(Debug, Subcommand)]
pub enum AskCommand {
    /// Whether it is there (C-ECHO).
    Echo(AskWhom),
    /// What it has ordered (modality worklist).
    Worklist(AskWorklistArgs),
    /// To keep a study that was sent to it (storage commitment).
    Commitment(AskCommitmentArgs),
    /// What it has of patients, studies, series or instances (C-FIND).
    Find(Box<AskFindArgs>),
    /// For a study or a series, into the store (C-GET).
    Get(AskGetArgs),
    /// To send a study or a series to a node that it knows (C-MOVE).
    Move(AskMoveArgs),
}

/// Which node is asked, and by whom.
#[derive(Debug, Args)]
pub struct AskWhom {
    /// Where it takes associations.
    #[arg(value_name = "HOST:PORT")]
    pub address: String,
    /// What it is called.
    #[arg(long, value_name = "NAME")]
    pub called: AeTitle,
    /// What this node is called.
    #[arg(long, value_name = "NAME", default_value = "PEONY")]
    pub aet: AeTitle,
    /// Over TLS: a folder with certificate.pem and key.pem of this node, and authorities.pem, one of which must have signed its certificate.
    #[arg(long, value_name = "DIR")]
    pub dicom_tls: Option<PathBuf>,
}

/// `peony ask worklist`.
#[derive(Debug, Args)]
pub struct AskWorklistArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub whom: AskWhom,
    /// The day, YYYYMMDD, or days, YYYYMMDD-YYYYMMDD; all where none is said.
    #[arg(long)]
    pub date: Option<String>,
    /// Only of this modality.
    #[arg(long, value_name = "CODE")]
    pub modality: Option<String>,
    /// Only for the machine of this title.
    #[arg(long, value_name = "AET")]
    pub station: Option<String>,
    /// Only of this patient.
    #[arg(long, value_name = "ID")]
    pub patient_id: Option<String>,
    /// One line of JSON an order.
    #[arg(long)]
    pub json: bool,
}

/// `peony ask commitment`.
#[derive(Debug, Args)]
pub struct AskCommitmentArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub whom: AskWhom,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// The Study Instance UID of what it shall keep; the store must have it as well.
    #[arg(long, value_name = "UID")]
    pub study: String,
    /// Seconds to wait for its answer; `peony serve --dicom` beside this takes one that comes later or over another association.
    #[arg(long, default_value_t = 30, value_name = "N")]
    pub wait: u64,
    /// One line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// `peony ask find`.
#[derive(Debug, Args)]
pub struct AskFindArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub whom: AskWhom,
    /// What is listed.
    #[arg(long, value_enum, ignore_case = true, default_value_t = AskLevel::Study)]
    pub level: AskLevel,
    /// Of the patient of this identifier.
    #[arg(long, value_name = "ID")]
    pub patient_id: Option<String>,
    /// Of patients of this name, FAMILY^GIVEN; `*` and `?` stand for any letters and any one.
    #[arg(long, value_name = "NAME")]
    pub patient_name: Option<String>,
    /// Of patients born that day, YYYYMMDD.
    #[arg(long, value_name = "DATE")]
    pub birth_date: Option<String>,
    /// The study's day, YYYYMMDD, or days, YYYYMMDD-YYYYMMDD, of which one may be left out.
    #[arg(long)]
    pub date: Option<String>,
    /// The accession number.
    #[arg(long, value_name = "NUMBER")]
    pub accession: Option<String>,
    /// Only of this modality.
    #[arg(long, value_name = "CODE")]
    pub modality: Option<String>,
    /// The Study Instance UID.
    #[arg(long, value_name = "UID")]
    pub study: Option<String>,
    /// The Series Instance UID.
    #[arg(long, value_name = "UID")]
    pub series: Option<String>,
    /// Answers that are heard; the node is told to stop after them.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub limit: usize,
    /// One line of JSON an answer.
    #[arg(long)]
    pub json: bool,
}

/// What another node is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AskLevel {
    /// Patients.
    Patient,
    /// Studies.
    Study,
    /// Series.
    Series,
    /// Instances, or `image`, as DICOM calls it.
    #[value(alias = "image")]
    Instance,
}

/// Which study or series is asked for.
#[derive(Debug, Args)]
pub struct AskWhich {
    /// The Study Instance UID.
    #[arg(long, value_name = "UID")]
    pub study: String,
    /// The Series Instance UID, for one series of it.
    #[arg(long, value_name = "UID")]
    pub series: Option<String>,
    /// One line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// `peony ask get`.
#[derive(Debug, Args)]
pub struct AskGetArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub whom: AskWhom,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub which: AskWhich,
}

/// `peony ask move`.
#[derive(Debug, Args)]
pub struct AskMoveArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub whom: AskWhom,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub which: AskWhich,
    /// The title of the node that shall get it; this node, by --aet, where none is said.
    #[arg(long, value_name = "NAME")]
    pub to: Option<AeTitle>,
}

/// `peony order list`.
#[derive(Debug, Args)]
pub struct OrderListArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// One line of JSON an order.
    #[arg(long)]
    pub json: bool,
}
