//! The command line: what can be asked, with examples.

mod account;
mod bench;
mod node;
mod oidc;
mod pictures;
mod serve;
mod store;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use peony_infer::EngineChoice;
use peony_model::{CalibrationSource, MmPerPx};
use peony_sources::{AddressError, SourceUrl};

pub use self::account::*;
pub use self::bench::*;
pub use self::node::*;
pub use self::oidc::OidcArgs;
pub use self::pictures::*;
pub use self::serve::*;
pub use self::store::*;

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
  3  no usable model: only the quality of the pictures was judged, or nothing was measured";

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

With --dicom it is a DICOM node as well: objects that other nodes send go into the store of the data folder, where \
`peony import` puts files too. Stop it before `peony import`; `peony check` and `peony order` may run beside it.

What flags say may stand in the environment (--dicom-tls: PEONY_DICOM_TLS) and in a file, peony.toml in the data folder unless \
--config names another, which holds other DICOM nodes too and is read again on SIGHUP. A flag goes before the environment, and that before the \
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

Put two marks on a breast (or a phantom of its kind), 40 to 80 mm apart. Rest the probe on one for a second, lead it straight to the \
other within 4 to 8 seconds, across its own plane, rest again; three times. Change nothing on the machine meanwhile, and \
calibrate anew for another preset or depth.")]
    Calibrate(CalibrateArgs),
    /// Take DICOM files into the store: objects, an index, and what became of each.
    #[command(after_help = "Examples:
  peony import --data data study/ cine.dcm
  peony import --data data --objects s3://bucket/peony study/")]
    Import(ImportArgs),
    /// Read everything that the store keeps and report each fault; without --repair nothing is changed.
    #[command(after_help = "Examples:
  peony check --data data
  peony check --data data --json
  peony check --data data --repair")]
    Check(CheckArgs),
    /// Print who did what: who read, searched, brought, sent and changed something, the oldest line first. It may run beside `peony serve`.
    #[command(after_help = "Examples:
  peony audit --data data
  peony audit --data data --after 1200 --json | jq -r .who")]
    Audit(AuditArgs),
    /// Say what shall be examined: modalities ask `peony serve --dicom` for it (worklist).
    #[command(after_help = "Examples:
  peony order add --data data --patient-id P-1 --patient-name 'WANG^FANG=王^芳' --time 0930 --procedure 'Breast ultrasound'
  peony order add --data data --file orders.json
  peony order list --data data
  peony order change P12 --data data --date 20261212 --time 1015
  peony order cancel P12 --data data

A file holds one order or a list of them: objects with patient_id, patient_name and date, and any of birth_date, sex, accession, \
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

A password is asked for at the terminal; without one it is the first line of the standard input. Everything may be done beside a \
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

cases.csv has one row a picture, separated by commas, with the columns dataset, image, mask, group, pathology and split; \
pathology is benign, malignant or normal; paths are relative to --root. A mask is a PNG of the picture's size in which everything \
above 0 is lesion. The columns birads (2, 3, 4, 4a, 4b, 4c, 5), device, shape, margin, echogenicity, posterior, halo and \
calcifications may be there; what needs one that is not is left out, as overlap and AP50 are of a lesion without a mask.")]
    Evaluate(EvaluateArgs),
}

impl Command {
    /// Whether it writes into a data folder, which holds what is known of patients.
    pub const fn has_data(&self) -> bool {
        matches!(
            self,
            Self::Serve(_)
                | Self::Import(_)
                | Self::Check(_)
                | Self::Audit(_)
                | Self::Order(_)
                | Self::Ask(_)
                | Self::Account(_)
                | Self::Site(_)
        )
    }
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
    /// What runs the model: auto, rten, onnxruntime, onnxruntime-int8, openvino, openvino-bf16.
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

/// An address of this machine to listen at.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "it is an address and a port, such as 127.0.0.1:8686".to_owned())
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
