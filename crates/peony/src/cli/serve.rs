//! What `peony demo`, `peony serve` and `peony config` take.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use peony_model::MmPerPx;
use peony_node::AeTitle;
use peony_sources::SourceUrl;

use super::{CalibrationArgs, ModelArgs, OidcArgs, StoreArgs, address, frame_rate, scale, source};

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
    #[arg(long, default_value = "127.0.0.1:8686", value_name = "ADDR:PORT", value_parser = address)]
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
    /// Of these, from one address, 1 to 65536, and at most three quarters of all, which is what this machine's own addresses have; that of a proxy is
    /// everybody's.
    #[arg(long, default_value_t = 128, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=65_536))]
    pub http_connections_from_one_address: usize,
    /// Without accounts: whoever sits at this machine may do everything.
    #[arg(long)]
    pub open: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub oidc: OidcArgs,
    /// Be a DICOM node at this address; only this machine's own, unless there are certificates.
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
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
