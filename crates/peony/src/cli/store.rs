//! What `peony import`, `peony check` and `peony audit` take, and where things are kept.

use std::path::PathBuf;

use clap::Args;

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
    /// Keep objects in a bucket, at s3://BUCKET/PREFIX, instead of the data folder; credentials, endpoint and region come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT, AWS_ALLOW_HTTP, AWS_REGION).
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
    /// First give objects that no row names their rows again: after the index was lost, or put back from an older copy. No other program may have
    /// the data folder open. Nothing is taken away that is not kept a second time.
    #[arg(long)]
    pub repair: bool,
    /// One line of JSON a fault, and one at the end.
    #[arg(long)]
    pub json: bool,
}

/// `peony audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// Only the lines behind the one of this number.
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    pub after: i64,
    /// One object of JSON a line.
    #[arg(long)]
    pub json: bool,
}
