//! Which engine runs a network, and what an engine must do.

mod inside;
mod library;
mod onnxruntime;

use std::path::PathBuf;
use std::str::FromStr;

use ndarray::{ArrayD, ArrayViewD};
use peony_model::Precision;

pub(crate) use inside::Inside;
pub(crate) use library::Library;
pub(crate) use onnxruntime::{OnnxRuntime, Provider};

/// More threads than this gain nothing on a network that takes milliseconds.
const MAX_DEFAULT_THREADS: usize = 4;

/// Which engine to take. One that cannot be had gives way to the engine inside, with a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// The first that is there of: OpenVINO in bf16, where the card permits bf16 and the processor computes in it;
    /// ONNX Runtime in 8-bit integers, where the card permits these and has a twin in them, and the processor has the instructions; ONNX Runtime in
    /// `fp32`; rten. The order is fixed, not measured, so that one machine gives the same result twice.
    #[default]
    Auto,
    /// The engine inside, `fp32`.
    Rten,
    /// An ONNX Runtime library on its own kernels, in `fp32` or, where the card has a twin in integers, in `int8`.
    OnnxRuntime {
        /// Of the weights that are taken.
        precision: Precision,
    },
    /// An ONNX Runtime library with OpenVINO inside, in `fp32` or `bf16`.
    OpenVino {
        /// The precision asked for; what ran is in the provenance.
        precision: Precision,
    },
}

/// A word that names no engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no engine; there are auto, rten, onnxruntime, onnxruntime-int8, openvino, openvino-bf16"
)]
pub struct UnknownEngine(String);

impl FromStr for EngineChoice {
    type Err = UnknownEngine;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "auto" => Ok(Self::Auto),
            "rten" => Ok(Self::Rten),
            "onnxruntime" => Ok(Self::OnnxRuntime { precision: Precision::Fp32 }),
            "onnxruntime-int8" => Ok(Self::OnnxRuntime { precision: Precision::Int8 }),
            "openvino" => Ok(Self::OpenVino { precision: Precision::Fp32 }),
            "openvino-bf16" => Ok(Self::OpenVino { precision: Precision::Bf16 }),
            _ => Err(UnknownEngine(word.chars().take(40).collect())),
        }
    }
}

impl std::fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Rten => f.write_str("rten"),
            Self::OnnxRuntime { precision: Precision::Fp32 } => f.write_str("onnxruntime"),
            Self::OnnxRuntime { precision } => write!(f, "onnxruntime-{}", precision.as_str()),
            Self::OpenVino { precision: Precision::Fp32 } => f.write_str("openvino"),
            Self::OpenVino { precision } => write!(f, "openvino-{}", precision.as_str()),
        }
    }
}

/// How to run a network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Which engine.
    pub engine: EngineChoice,
    /// Threads a run may take; 0 for the processor's own count, at most 4.
    pub threads: usize,
    /// The ONNX Runtime library, or the folder that holds it. Where it is `None`, the environment variables
    /// `PEONY_ORT_LIB` and `ORT_DYLIB_PATH` are asked, then the usual places.
    pub library: Option<PathBuf>,
}

impl Options {
    /// How many threads that is.
    #[must_use]
    pub fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from).min(MAX_DEFAULT_THREADS),
            asked => asked,
        }
    }
}

/// A tensor as the network itself declares it.
pub(crate) struct GraphTensor {
    pub name: String,
    /// `f32`, or another engine's word for another type; `None` where the network does not say.
    pub dtype: Option<String>,
    /// `None` where the network does not say, and for an axis that it leaves open.
    pub shape: Option<Vec<Option<usize>>>,
}

/// A network, ready to run.
pub(crate) trait Engine: Send {
    /// The engine and its provider, as provenance names it.
    fn provider(&self) -> &'static str;
    /// What the network takes.
    fn inputs(&self) -> Vec<GraphTensor>;
    /// What the network gives.
    fn outputs(&self) -> Vec<GraphTensor>;
    /// Run on named, row-major inputs; give the outputs of those names, in that order, or the engine's own words.
    fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<'_, f32>)],
        outputs: &[String],
    ) -> Result<Vec<ArrayD<f32>>, String>;
}

/// Run something of an engine, and turn its panic into words: an engine reads foreign bytes, and this program
/// keeps running with what it has. The words are made short and one line.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let result = peony_model::guarded(work).unwrap_or_else(|panic| {
        let word = panic
            .downcast_ref::<&str>()
            .map(|word| (*word).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no reason given".to_owned());
        Err(format!("the engine gave up: {word}"))
    });
    result.map_err(|words| words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect())
}
