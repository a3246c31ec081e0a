//! What `peony bench` takes.

use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use peony_phantom::Difficulty;

use super::ModelArgs;

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
    /// Small objects of a store of their own that is then checked as `peony check` does; 0 leaves it out.
    #[arg(long, default_value_t = 0)]
    pub objects: u64,
    /// Leave what was made there, as a data folder for `peony serve`, and say where it is.
    #[arg(long)]
    pub keep: bool,
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
    /// Jerks, marks and a colour box at known moments; only when it is asked for.
    Marked,
    /// Over masses that the border of the picture cuts; only when it is asked for.
    Cut,
    /// Frames are dropped at known moments; only when it is asked for.
    Dropped,
}

impl ExamSweep {
    /// In the order in which they are run.
    pub const ALL: [Self; 7] =
        [Self::Masses, Self::Normal, Self::Faults, Self::Back, Self::Marked, Self::Cut, Self::Dropped];
    /// Those of a whole examination.
    const WHOLE: [Self; 4] = [Self::Masses, Self::Normal, Self::Faults, Self::Back];
}

impl BenchExamArgs {
    /// Whether a sweep is wanted.
    pub fn asks_for(&self, sweep: ExamSweep) -> bool {
        if self.only.is_empty() { ExamSweep::WHOLE.contains(&sweep) } else { self.only.contains(&sweep) }
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

fn frame_size(text: &str) -> Result<[u32; 2], String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
    match parsed {
        Some([w, h]) if (128..=4096).contains(&w) && (128..=4096).contains(&h) => Ok([w, h]),
        _ => Err("a size is WIDTHxHEIGHT, each between 128 and 4096, such as 640x480".into()),
    }
}
