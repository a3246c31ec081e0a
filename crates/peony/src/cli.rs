//! The command line: what can be asked, with examples.

mod account;
mod node;
mod oidc;

use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use peony_infer::EngineChoice;
use peony_model::{CalibrationSource, MmPerPx};
use peony_node::AeTitle;
use peony_phantom::Difficulty;
use peony_sources::{AddressError, SourceUrl};

pub use self::account::*;
pub use self::node::*;
pub use self::oidc::OidcArgs;

/// Peony reads breast ultrasound as the probe moves. Research use only: not a medical device.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES_AND_EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more: -v what is decided, -vv every detail.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

impl Cli {
    /// How much is logged: as much as anything asks for.
    pub fn log_level(&self) -> LogLevel {
        let said = match self.verbose {
            0 => LogLevel::Warn,
            1 => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        match &self.command {
            Command::Serve(args) if self.verbose == 0 => args.log_level,
            Command::Serve(args) => args.log_level.max(said),
            _ => said,
        }
    }

    /// The collector that spans are sent to.
    pub fn otlp(&self) -> Option<&str> {
        match &self.command {
            Command::Serve(args) => args.otlp.as_deref(),
            _ => None,
        }
    }

    /// How the log is written.
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            Command::Serve(args) => args.log_format,
            _ => LogFormat::Text,
        }
    }
}

const EXAMPLES_AND_EXIT_CODES: &str = "Examples:
  peony demo
  peony analyze --json stills/ cine.dcm
  peony bench live

Exit codes:
  0  everything was read
  1  something could not be read or done; the rest was
  2  the command line is wrong
  3  no usable model: only the quality of the pictures was judged";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read pictures: PNG, JPEG, DICOM stills and cines, YUV4MPEG2 (and, where built with it, MP4) video, folders of them.
    #[command(after_help = "Examples:
  peony analyze lesion.png
  peony analyze --json cine.dcm | jq .findings
  peony analyze --mm-per-px 0.06 stills/")]
    Analyze(AnalyzeArgs),
    /// Play a cine, a folder of frames or the phantom through the live pipeline; no frame is lost.
    #[command(after_help = "Examples:
  peony replay cine.dcm
  peony replay phantom:7 --speed max --events events.ndjson
  peony replay frames/ --fps 25 --speed realtime")]
    Replay(ReplayArgs),
    /// Open the live page: a virtual transducer being scanned, or a cine of your own.
    #[command(after_help = "Examples:
  peony demo
  peony demo --seed 42 --no-open
  peony demo --source cine.dcm")]
    Demo(DemoArgs),
    /// Serve examinations to the pages of this machine: capture, scan, review, sign.
    #[command(after_help = "Examples:
  peony serve --data exams --open
  peony serve --data exams --open --source phantom:7 --http 127.0.0.1:9000
  peony serve --data exams --open --dicom 127.0.0.1:11112 --aet PEONY
  peony serve --config /etc/peony.toml --check

With --dicom it is a DICOM node as well: objects that other nodes send go into the store of the data folder, where
`peony import` puts files too. Stop it before `peony import`; `peony check` and `peony order` may run beside it.

What flags say may stand in the environment (--dicom-tls: PEONY_DICOM_TLS) and in a file, peony.toml in the data folder unless
--config names another, which holds other DICOM nodes too and is read again on SIGHUP. A flag goes before the environment, and that before the
file. `peony config` prints all of it, `peony config --example` a file to begin with.")]
    Serve(Box<ServeArgs>),
    /// Print what can be configured, and how.
    #[command(after_help = "Examples:
  peony config
  peony config --example > exams/peony.toml")]
    Config(ConfigArgs),
    /// Print the description of what pages and programs ask for by HTTP, as `peony serve` says it at /api/openapi.json (OpenAPI 3.1).
    Api,
    /// Measure a probe's beam: sweeps of known length make the file that lengths along a sweep need.
    #[command(after_help = "Examples:
  peony calibrate a.dcm b.dcm c.dcm --length-mm 60 --probe L12-5 --preset breast
  peony calibrate sweep.y4m --length-mm 50 --depth-mm 40 --probe L12-5 -o exams/calibrations/l12.toml

Put two marks on a breast (or a phantom of its kind), 40 to 80 mm apart. Rest the probe on one for a second, lead it straight to the
other within 4 to 8 seconds, across its own plane, rest again; three times. Change nothing on the machine meanwhile, and
calibrate anew for another preset or depth.")]
    Calibrate(CalibrateArgs),
    /// Take DICOM files into the store: objects, an index, and what became of each.
    #[command(after_help = "Examples:
  peony import --data data study/ cine.dcm
  peony import --data data --objects s3://bucket/peony study/")]
    Import(ImportArgs),
    /// Read everything that the store keeps and report each fault; nothing is changed.
    #[command(after_help = "Examples:
  peony check --data data
  peony check --data data --json")]
    Check(CheckArgs),
    /// Say what shall be examined: modalities ask `peony serve --dicom` for it (worklist).
    #[command(after_help = "Examples:
  peony order add --data data --patient-id P-1 --patient-name 'WANG^FANG=王^芳' --time 0930 --procedure 'Breast ultrasound'
  peony order add --data data --file orders.json
  peony order list --data data
  peony order change P12 --data data --date 20261212 --time 1015
  peony order cancel P12 --data data

A file holds one order or a list of them: objects with patient_id, patient_name and date, and any of birth_date, sex, accession,
referring_physician, study_uid, procedure_id, procedure, step_id, step, modality, station, time and performing_physician.")]
    Order(OrderArgs),
    /// Ask another DICOM node: whether it is there, what it has ordered, to keep what was sent to it.
    #[command(after_help = "Examples:
  peony ask echo 10.0.0.5:104 --called ARCHIVE
  peony ask worklist 10.0.0.6:104 --called RIS --date 20261126 --modality US
  peony ask commitment 10.0.0.5:104 --called ARCHIVE --data data --study 1.2.840.113619.2.1")]
    Ask(AskArgs),
    /// Say who may sign in to `peony serve`: accounts, their roles, passwords and tokens.
    #[command(after_help = "Examples:
  peony account add li.na --data data --role administrator,sonographer --display 'Li Na'
  peony account password li.na --data data
  peony account token li.na --data data --label 'nightly export' --days 90

A password is asked for at the terminal; without one it is the first line of the standard input. Everything may be done beside a
server that runs.")]
    Account(AccountArgs),
    /// Say which institutions there are; accounts, examinations and studies are of one.
    #[command(after_help = "Examples:
  peony site add county-hospital --data data
  peony site add township --data data --sender TOWNSHIP_US
  peony site list --data data")]
    Site(SiteArgs),
    /// Measure speed and memory.
    #[command(after_help = "Example:
  peony bench live --engine rten --threads 2")]
    Bench(BenchArgs),
    /// Measure accuracy on labelled pictures.
    #[command(after_help = "Examples:
  peony evaluate --cases cases.csv --root data --split val
  peony evaluate --cases cases.csv --root data --html report.html --lang zh

cases.csv has one row a picture with the columns dataset, image, mask, group, pathology and split;
pathology is benign, malignant or normal; paths are relative to --root. The columns birads (2, 3, 4,
4a, 4b, 4c, 5), device, shape, margin, echogenicity, posterior, halo and calcifications may be there;
what needs one that is not is left out.")]
    Evaluate(EvaluateArgs),
}

/// Which model, run by what.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// A folder with card.toml and weights, in place of the model inside the program.
    #[arg(long, value_name = "DIR", env = "PEONY_MODEL")]
    pub model: Option<PathBuf>,
    /// Run no model, whatever else names one: only the quality of the pictures is judged.
    #[arg(long)]
    pub no_model: bool,
    /// What runs the model: auto, rten, onnxruntime, openvino, openvino-bf16.
    #[arg(long, default_value = "auto")]
    pub engine: EngineChoice,
    /// The ONNX Runtime library, or the folder it lies in, if not in the usual places.
    #[arg(long, value_name = "PATH", env = "PEONY_ORT_LIB")]
    pub library: Option<PathBuf>,
    /// Threads for the model; 0 takes what the machine has, four at most.
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
}

/// What lengths along the sweep are made with.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Calibration")]
pub struct CalibrationArgs {
    /// A file that `peony calibrate` wrote, or a folder of them; without one that fits, sizes are those in the plane.
    #[arg(long, value_name = "PATH")]
    pub calibration: Vec<PathBuf>,
    /// The probe, where the pictures do not say it (DICOM may): one that a calibration is of.
    #[arg(long, value_name = "NAME")]
    pub probe: Option<String>,
    /// The machine's preset, where the probe is calibrated for several.
    #[arg(long, value_name = "NAME", requires = "probe")]
    pub preset: Option<String>,
}

/// `peony calibrate`.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// Sweeps of known length: DICOM cines, YUV4MPEG2 or MP4 videos, folders of frames; three are better than one.
    #[arg(required = true, value_name = "SWEEP")]
    pub sweeps: Vec<PathBuf>,
    /// From the mark where the sweep begins to the one where it ends, mm; once for all sweeps, or once for each.
    #[arg(long, required = true, value_name = "MM")]
    pub length_mm: Vec<f32>,
    /// What the probe is called.
    #[arg(long, value_name = "NAME")]
    pub probe: String,
    /// What the machine's preset is called; another one needs a calibration of its own.
    #[arg(long, default_value = "", value_name = "NAME")]
    pub preset: String,
    /// The size of a pixel in mm, for sweeps that do not say it themselves.
    #[arg(long, value_name = "MM", value_parser = scale)]
    pub mm_per_px: Option<MmPerPx>,
    /// The depth that the machine shows, for sweeps that do not say their scale.
    #[arg(long, value_name = "MM", conflicts_with = "mm_per_px")]
    pub depth_mm: Option<f32>,
    /// Frames a second of a folder of frames.
    #[arg(long, default_value_t = 30.0, value_parser = frame_rate)]
    pub fps: f64,
    /// The file to write; PROBE.toml or PROBE-PRESET.toml where none is named.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `peony analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// Pictures, cines, or folders of them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// One line of JSON a frame on the standard output.
    #[arg(long)]
    pub json: bool,
    /// The size of a pixel in mm, for pictures that do not say it themselves.
    #[arg(long, value_name = "MM", value_parser = scale)]
    pub mm_per_px: Option<MmPerPx>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
}

/// How fast a replay goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Speed {
    /// As it was recorded.
    Realtime,
    /// As fast as the machine can.
    Max,
}

/// `peony replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A DICOM cine, a YUV4MPEG2 or MP4 video, a folder of frames in name order, or `phantom[:SEED]`.
    #[arg(value_parser = source)]
    pub source: SourceUrl,
    /// How fast.
    #[arg(long, value_enum, default_value_t = Speed::Max)]
    pub speed: Speed,
    /// Frames a second of a folder of frames (a cine says its own).
    #[arg(long, default_value_t = 30.0, value_parser = frame_rate)]
    pub fps: f64,
    /// Write every event as one line of JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// How many frames of the phantom.
    #[arg(long, default_value_t = 900, value_name = "N")]
    pub frames: usize,
    /// The size of a pixel in mm, for pictures that do not say it themselves.
    #[arg(long, value_name = "MM", value_parser = scale)]
    pub mm_per_px: Option<MmPerPx>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
}

/// The live page's usual port.
pub const DEFAULT_PORT: u16 = 8686;

/// `peony demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Show this cine or folder of frames again and again instead of the virtual transducer; a still is for `analyze`.
    #[arg(long, value_name = "SOURCE", value_parser = source)]
    pub source: Option<SourceUrl>,
    /// Which breast the virtual transducer scans first.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The port of the page on this machine; 0 takes any that is free.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    pub port: u16,
    /// Do not open a browser.
    #[arg(long)]
    pub no_open: bool,
    /// Frames a second.
    #[arg(long, default_value_t = 30.0, value_parser = frame_rate)]
    pub fps: f64,
    /// The size of a pixel in mm, for a source that does not say it itself.
    #[arg(long, value_name = "MM", value_parser = scale)]
    pub mm_per_px: Option<MmPerPx>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
}

/// `peony serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// Look at the configuration, say everything that is wrong with it, and end.
    #[arg(long)]
    pub check: bool,
    /// The address of the pages and of DICOMweb; only this machine's own, unless there are accounts and a certificate.
    #[arg(long, default_value = "127.0.0.1:8686", value_name = "ADDR:PORT")]
    pub http: SocketAddr,
    /// HTTP over TLS: a file with the certificate of this server in PEM, and after it those that lead to an authority.
    #[arg(long, value_name = "FILE")]
    pub http_certificate: Option<PathBuf>,
    /// The private key of that certificate, in PEM.
    #[arg(long, value_name = "FILE")]
    pub http_key: Option<PathBuf>,
    /// Connections of pages and programs at a time, 1 to 65536; who comes beyond that is hung up on.
    #[arg(long, default_value_t = 512, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=65_536))]
    pub http_connections: usize,
    /// Without accounts: whoever sits at this machine may do everything.
    #[arg(long)]
    pub open: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub oidc: OidcArgs,
    /// Be a DICOM node at this address; only this machine's own, unless there are certificates.
    #[arg(long, value_name = "ADDR:PORT")]
    pub dicom: Option<SocketAddr>,
    /// What the node is called: its title of an application entity.
    #[arg(long, value_name = "NAME", default_value = "PEONY")]
    pub aet: AeTitle,
    /// DICOM over TLS: a folder with certificate.pem and key.pem of this node, and authorities.pem, one of which must have signed the
    /// certificate of whoever connects.
    #[arg(long, value_name = "DIR")]
    pub dicom_tls: Option<PathBuf>,
    /// DICOM associations at a time, 1 to 4096; who asks beyond that is rejected for now.
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=4096))]
    pub dicom_associations: usize,
    /// Of these, from one address.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=4096))]
    pub dicom_associations_from_one_address: usize,
    /// A study to which nothing has come for so many seconds is complete, 1 to 86400.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub quiet_seconds: u64,
    /// Where frames come from, unless a page asks for another source: `capture` (the page's own grabber), `igtl://HOST:PORT`,
    /// `rtsp://HOST/PATH`, `v4l2:/dev/videoN` and `gst:PIPELINE` (where they were built in), `phantom[:SEED]`, a cine, a video or a folder of
    /// frames.
    #[arg(long, default_value = "capture", value_name = "SOURCE", value_parser = source)]
    pub source: SourceUrl,
    /// Frames a second of the phantom, or of a folder of frames.
    #[arg(long, default_value_t = 30.0, value_parser = frame_rate)]
    pub fps: f64,
    /// The size of a pixel in mm, for a source that does not say it itself.
    #[arg(long, value_name = "MM", value_parser = scale)]
    pub mm_per_px: Option<MmPerPx>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
    /// What is logged, to the standard error; -v and -vv say more.
    #[arg(long, value_enum, default_value_t = LogLevel::Info, help_heading = "Log")]
    pub log_level: LogLevel,
    /// How.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, help_heading = "Log")]
    pub log_format: LogFormat,
    /// Send spans of what is done to this collector of OpenTelemetry (OTLP over HTTP), such as http://localhost:4318; needs a program that was built with it.
    #[arg(long, value_name = "URL", help_heading = "Log")]
    pub otlp: Option<String>,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum LogLevel {
    /// What was lost.
    Error,
    /// What somebody should look at, as well.
    Warn,
    /// What is decided, as well: each association, and each request that changes something or fails.
    Info,
    /// Every detail.
    Debug,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// An object of JSON a line.
    Json,
}

/// `peony config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// A whole file with every key in it, instead.
    #[arg(long)]
    pub example: bool,
}

/// Where things are kept.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The configuration, if it is not peony.toml in the data folder; PEONY_CONFIG says the same.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data folder: of the store, and of every examination of `serve`.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Keep the index in PostgreSQL, at postgres://…, instead of the data folder.
    #[arg(long, value_name = "URL", env = "PEONY_INDEX", hide_env_values = true)]
    pub index: Option<String>,
    /// Keep objects in a bucket, at s3://BUCKET/PREFIX, instead of the data folder; credentials come from AWS_ACCESS_KEY_ID and its like.
    #[arg(long, value_name = "URL", env = "PEONY_OBJECTS", hide_env_values = true)]
    pub objects: Option<String>,
    /// How many bytes must stay free on the disk.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub keep_free: u64,
}

/// `peony import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// DICOM files, or folders of them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// How many files are taken in at the same time.
    #[arg(long, default_value_t = 8, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub writers: usize,
    /// One line of JSON at the end.
    #[arg(long)]
    pub json: bool,
}

/// `peony check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// One line of JSON a fault, and one at the end.
    #[arg(long)]
    pub json: bool,
}

/// `peony bench store`.
#[derive(Debug, Args)]
pub struct BenchStoreArgs {
    /// A folder on the disk that is measured; an empty one is made in it and taken away at the end.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub data: PathBuf,
    /// Keep the index in PostgreSQL, at postgres://…, instead of the folder; it must be empty.
    #[arg(long, value_name = "URL")]
    pub index: Option<String>,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Studies of the index that queries are measured on; 0 leaves them out.
    #[arg(long, default_value_t = 10_000)]
    pub studies: u64,
    /// One line of JSON at the end.
    #[arg(long)]
    pub json: bool,
}

/// `peony bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What to measure.
    #[command(subcommand)]
    pub what: Bench,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// The live pipeline on the phantom's frames.
    #[command(after_help = "Examples:
  peony bench live --json
  peony bench live --engine rten --threads 2
  peony bench live --realtime --frames 10000")]
    Live(BenchLiveArgs),
    /// Several examinations at once, each at 30 frames a second: what each is read at, how late, and what is dropped.
    #[command(after_help = "Examples:
  peony bench streams --streams 2 --engine rten --threads 1
  peony bench streams --streams 8 --engine openvino-bf16 --threads 1 --json")]
    Streams(BenchStreamsArgs),
    /// What the store takes in, hands out and finds, with everything synced.
    #[command(after_help = "Examples:
  peony bench store --json
  peony bench store --data /srv/peony --seconds 20 --studies 1000000 --json")]
    Store(BenchStoreArgs),
    /// Whole examinations of phantoms, or of clips: what is found, kept, graded and measured, against what is there.
    #[command(after_help = "Examples:
  peony bench exam
  peony bench exam --seeds 100..120 --hard --preset soft --json
  peony bench exam --clips clips/ --json

A clip is a video (NAME.y4m) or a folder of frames (NAME/) with its truth beside it (NAME.json), as
`python -m peony_training clips` writes them; training/README.md tells the format.")]
    Exam(BenchExamArgs),
    /// Probes that nobody has measured, as the phantom plays them: lengths along the sweep with a calibration and without.
    #[command(after_help = "Examples:
  peony bench calibration
  peony bench calibration --sweeps 1 --probe thick --json")]
    Calibration(BenchCalibrationArgs),
}

/// `peony bench calibration`.
#[derive(Debug, Args)]
pub struct BenchCalibrationArgs {
    /// Which breasts lengths are read over, the last one left out.
    #[arg(long, default_value = "0..12", value_name = "A..B", value_parser = seeds)]
    pub seeds: Range<u64>,
    /// How many sweeps of known length make the calibration, 1 to 16, over other breasts.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=16))]
    pub sweeps: u64,
    /// Only this probe (thin, thick, near, far).
    #[arg(long, value_name = "NAME")]
    pub probe: Option<String>,
    /// Keep the calibrations in this folder, as PROBE.toml.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// One line of JSON at the end.
    #[arg(long)]
    pub json: bool,
}

/// `peony bench streams`.
#[derive(Debug, Args)]
pub struct BenchStreamsArgs {
    /// How many examinations, 1 to 64.
    #[arg(long, default_value_t = 2, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub streams: usize,
    /// How many frames each.
    #[arg(long, default_value_t = 900, value_name = "N")]
    pub frames: usize,
    /// The frames' width and height.
    #[arg(long, default_value = "640x480", value_parser = frame_size)]
    pub size: [u32; 2],
    /// One line of JSON at the end.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
}

/// `peony bench exam`.
#[derive(Debug, Args)]
pub struct BenchExamArgs {
    /// Which seeds, the last one left out; each is four sweeps.
    #[arg(long, default_value = "0..12", value_name = "A..B", value_parser = seeds)]
    pub seeds: Range<u64>,
    /// Small and faint masses instead of easy ones.
    #[arg(long)]
    pub hard: bool,
    /// One machine's settings for all (soft, crisp, deep, noisy, or a probe of `bench calibration`) instead of each seed's own.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Only this sweep of each seed; may be given more than once.
    #[arg(long, value_name = "SWEEP")]
    pub only: Vec<ExamSweep>,
    /// Read the phantoms as a probe that is known by this file alone, instead of with their own beam.
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<PathBuf>,
    /// Examine the clips below this folder instead of phantoms.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seeds", "hard", "preset", "only", "calibration"])]
    pub clips: Option<PathBuf>,
    /// One line of JSON at the end.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
}

/// A sweep of `peony bench exam`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExamSweep {
    /// Over a cyst, a fibroadenoma and a carcinoma.
    Masses,
    /// Over a breast without any.
    Normal,
    /// The scan goes wrong at known moments.
    Faults,
    /// There and back over the same masses.
    Back,
}

impl ExamSweep {
    /// In the order in which they are run.
    pub const ALL: [Self; 4] = [Self::Masses, Self::Normal, Self::Faults, Self::Back];
}

impl BenchExamArgs {
    /// Whether a sweep is wanted.
    pub fn asks_for(&self, sweep: ExamSweep) -> bool {
        self.only.is_empty() || self.only.contains(&sweep)
    }

    /// How hard the masses are to see.
    pub fn difficulty(&self) -> Difficulty {
        if self.hard { Difficulty::Hard } else { Difficulty::Easy }
    }
}

/// `A..B`, at least one and at most ten thousand.
fn seeds(text: &str) -> Result<Range<u64>, String> {
    let parse = || {
        let (first, end) = text.split_once("..")?;
        Some(first.trim().parse::<u64>().ok()?..end.trim().parse::<u64>().ok()?)
    };
    match parse() {
        Some(seeds)
            if seeds.start < seeds.end && seeds.end - seeds.start <= 10_000 && seeds.end < 1 << 60 =>
        {
            Ok(seeds)
        }
        _ => Err("it is A..B with A below B, at most 10,000 apart".into()),
    }
}

/// `peony bench live`.
#[derive(Debug, Args)]
pub struct BenchLiveArgs {
    /// How many frames.
    #[arg(long, default_value_t = 3000)]
    pub frames: usize,
    /// The frame's width and height.
    #[arg(long, default_value = "640x480", value_parser = frame_size)]
    pub size: [u32; 2],
    /// At 30 frames a second through the live queue, dropping what comes too fast, instead of one after another.
    #[arg(long)]
    pub realtime: bool,
    /// One line of JSON at the end.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
}

/// `peony evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The table of cases.
    #[arg(long, value_name = "CSV")]
    pub cases: PathBuf,
    /// The folder that the table's paths start from.
    #[arg(long, value_name = "DIR")]
    pub root: PathBuf,
    /// Which rows: those whose `split` column says this.
    #[arg(long, default_value = "val")]
    pub split: String,
    /// The figures as JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Write a report with plots to this file: HTML that loads nothing, for a browser or for print.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// The report's language.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub lang: Lang,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
}

/// The language of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English.
    En,
    /// Simplified Chinese.
    Zh,
}

/// A scale that a person entered, the same across and down.
fn scale(text: &str) -> Result<MmPerPx, String> {
    let mm: f32 =
        text.parse().map_err(|_| "a pixel's size is a number of millimetres, such as 0.06".to_owned())?;
    MmPerPx::new(mm, mm, CalibrationSource::Entered).map_err(|error| error.to_string())
}

/// Where frames come from.
fn source(text: &str) -> Result<SourceUrl, String> {
    text.parse().map_err(|error: AddressError| error.to_string())
}

fn frame_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(fps) if (0.1..=240.0).contains(&fps) => Ok(fps),
        _ => Err("a frame rate lies between 0.1 and 240".into()),
    }
}

fn frame_size(text: &str) -> Result<[u32; 2], String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
    match parsed {
        Some([w, h]) if (128..=4096).contains(&w) && (128..=4096).contains(&h) => Ok([w, h]),
        _ => Err("a size is WIDTHxHEIGHT, each between 128 and 4096, such as 640x480".into()),
    }
}
