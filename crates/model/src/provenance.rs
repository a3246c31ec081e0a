//! Who said so.

use serde::Serialize;

/// The arithmetic a model was run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floating point.
    Fp32,
    /// bfloat16.
    Bf16,
    /// 16-bit floating point.
    Fp16,
    /// 8-bit integers.
    Int8,
}

impl Precision {
    /// `fp32`, `bf16`, `fp16`, `int8`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
            Self::Fp16 => "fp16",
            Self::Int8 => "int8",
        }
    }
}

/// The model that made a result, and how it was run (invariant 4: no result without it).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Provenance {
    /// The model's name, from its card.
    pub model: String,
    /// The model's version, from its card.
    pub version: String,
    /// SHA-256 of the weights as loaded, hex.
    pub sha256: String,
    /// The engine and execution provider: `rten`, `onnxruntime/cpu`, `onnxruntime/openvino`.
    pub provider: String,
    /// The precision it ran in.
    pub precision: Precision,
}
