//! The command line: what can be asked, with examples.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use peony_infer::EngineChoice;

/// Peony reads breast ultrasound as the probe moves. Research use only: not a medical device.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more: -v what is decided, -vv every detail.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

const EXIT_CODES: &str = "Exit codes:
  0  everything was read
  1  something could not be read or done; the rest was
  2  the command line is wrong
  3  no usable model: only the quality of the pictures was judged";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read pictures: PNG, JPEG, DICOM stills and cines, folders of them.
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
    /// Measure speed and memory.
    Bench(BenchArgs),
    /// Measure accuracy on labelled pictures.
    #[command(after_help = "Example:
  peony evaluate --cases cases.csv --root data --split val

cases.csv has one row a picture with the columns dataset, image, mask, group, pathology and split;
pathology is benign, malignant or normal; paths are relative to --root.")]
    Evaluate(EvaluateArgs),
}

/// Which model, run by what.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// A folder with card.toml and weights, in place of the model inside the program.
    #[arg(long, value_name = "DIR", env = "PEONY_MODEL")]
    pub model: Option<PathBuf>,
    /// Run no model: only the quality of the pictures is judged.
    #[arg(long, conflicts_with = "model")]
    pub no_model: bool,
    /// What runs the model: auto, rten, onnxruntime, openvino, openvino-bf16.
    #[arg(long, default_value = "auto")]
    pub engine: EngineChoice,
    /// Where the ONNX Runtime library lies, if not in the usual places.
    #[arg(long, value_name = "FILE", env = "PEONY_ORT_LIB")]
    pub library: Option<PathBuf>,
    /// Threads for the model; 0 takes what the machine has, four at most.
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
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
    #[arg(long, value_name = "MM")]
    pub mm_per_px: Option<f32>,
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
    /// A DICOM cine, a folder of frames in name order, or `phantom[:SEED]`.
    pub source: String,
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
    #[arg(long, value_name = "MM")]
    pub mm_per_px: Option<f32>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
}

/// The live page's usual port.
pub const DEFAULT_PORT: u16 = 8686;

/// `peony demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Show this cine or folder again and again instead of the virtual transducer.
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
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
    #[arg(long, value_name = "MM")]
    pub mm_per_px: Option<f32>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
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
    #[command(flatten)]
    #[allow(missing_docs)]
    pub model: ModelArgs,
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
