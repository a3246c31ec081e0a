//! What can be wrong with a model, each with the field, the value and the limit.

use std::path::PathBuf;

use crate::scan::ScanError;

/// What can be wrong with a card.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CardError {
    /// Not TOML, or a key is missing or of another type; the reader's own words.
    #[error("card.toml cannot be read: {0}")]
    Syntax(String),
    /// A key holds what it may not.
    #[error("card.toml: `{field}` is {value}, but must be {limit}")]
    Field {
        /// The key, with its table.
        field: String,
        /// What the card says, shortened.
        value: String,
        /// What it may say.
        limit: &'static str,
    },
}

/// Which end of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What it takes.
    Input,
    /// What it gives.
    Output,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
        })
    }
}

/// Why a model was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file of the model could not be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the model is larger than any model may be.
    #[error("{} has {bytes} bytes; at most {limit} are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The card is wrong.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The weights are not those of the card: damaged, truncated, or another model's.
    #[error(
        "the weights of {model} in {file} have SHA-256 {got} ({bytes} bytes), but the card names {expected}: the file is damaged or belongs to another card"
    )]
    Hash {
        /// The model's name on the card.
        model: String,
        /// The file's name on the card.
        file: String,
        /// The card's hash.
        expected: String,
        /// The hash of the bytes.
        got: String,
        /// How many bytes there were.
        bytes: usize,
    },
    /// The bytes are not an ONNX file that may be read.
    #[error("the weights of {model} in {file} are not a readable ONNX file: {source}")]
    Scan {
        /// The model's name on the card.
        model: String,
        /// The file's name on the card.
        file: String,
        /// What the scan found.
        source: ScanError,
    },
    /// The network's tensors are not those of the card.
    #[error("{model}: {side} `{name}` is {graph} in the network, but {card} on the card")]
    Tensor {
        /// The model's name on the card.
        model: String,
        /// Which end.
        side: Side,
        /// The tensor's name.
        name: String,
        /// What the network has.
        graph: String,
        /// What the card says.
        card: String,
    },
    /// The trial run gave what no result may be made from.
    #[error("{model}: the trial run on {engine} failed: {source}")]
    Trial {
        /// The model's name on the card.
        model: String,
        /// The engine.
        engine: &'static str,
        /// What was wrong.
        source: RunError,
    },
    /// No engine takes the network.
    #[error("{model}: {engine} cannot load the network: {reason}")]
    Engine {
        /// The model's name on the card.
        model: String,
        /// The engine.
        engine: &'static str,
        /// The engine's own words.
        reason: String,
    },
}

/// Why a run gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// As many inputs as the card names are needed.
    #[error("{got} inputs given; the model takes {expected}")]
    InputCount {
        /// On the card.
        expected: usize,
        /// Given.
        got: usize,
    },
    /// An input of another shape.
    #[error("input `{name}` has shape {got:?}; the model takes {expected:?}")]
    InputShape {
        /// The input's name.
        name: String,
        /// On the card.
        expected: Vec<usize>,
        /// Given.
        got: Vec<usize>,
    },
    /// The engine gave an output of another shape.
    #[error("output `{name}` came with shape {got:?}; the card says {expected:?}")]
    OutputShape {
        /// The output's name.
        name: String,
        /// On the card.
        expected: Vec<usize>,
        /// Given.
        got: Vec<usize>,
    },
    /// A tensor holds NaN or infinity, from which no score may be made (a network may swallow it: `max(NaN, 0)` is 0).
    #[error("{side} `{name}` holds a value that is not finite, at index {index} of {len}")]
    NotFinite {
        /// Which end.
        side: Side,
        /// The tensor's name.
        name: String,
        /// Index of the first such value, row-major.
        index: usize,
        /// How many values the tensor has.
        len: usize,
    },
    /// The engine failed.
    #[error("{engine}: {reason}")]
    Engine {
        /// The engine.
        engine: &'static str,
        /// Its own words.
        reason: String,
    },
}
