//! What `peony calibrate`, `peony analyze`, `peony replay` and `peony evaluate` take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use peony_model::MmPerPx;
use peony_sources::SourceUrl;

use super::{CalibrationArgs, ModelArgs, frame_rate, scale, source};

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
    /// The file to write; named after probe and preset where none is said.
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
