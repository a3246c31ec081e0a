//! The card beside a model: what it takes, gives, was taught, reaches, and cannot do.

use std::collections::{BTreeMap, HashSet};

use peony_model::Precision;
use serde::Deserialize;

use crate::CardError;

/// The only layout of a card so far.
const FORMAT: i64 = 1;
const MAX_NAME_BYTES: usize = 64;
const MAX_TENSORS: usize = 32;
const MAX_RANK: usize = 8;
/// 256 MiB of `f32` a tensor: a mammogram of 8192×8192 fits, a claim meant to exhaust memory does not.
const MAX_ELEMENTS: usize = 1 << 26;

/// A card, read and checked. Keys it does not know are left alone: a newer card may say more.
#[derive(Debug, Clone, Deserialize)]
pub struct Card {
    format: i64,
    /// The model's name, for people and provenance: `peony-us`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for: `breast-ultrasound-lesion`.
    pub task: String,
    /// The weights' file, beside the card; a plain file name.
    pub file: String,
    /// SHA-256 of that file, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Licence of the weights.
    pub licence: String,
    /// One sentence.
    pub summary: String,
    /// Operations a run, in 10⁹, one multiply-add counted as two.
    pub gflop: f64,
    /// What it takes.
    pub inputs: Vec<TensorSpec>,
    /// What it gives.
    pub outputs: Vec<TensorSpec>,
    /// Where an output turns into a yes; chosen in training, each in 0..=1.
    #[serde(default)]
    pub thresholds: BTreeMap<String, f64>,
    /// How its probabilities were calibrated; `None` where they only rank.
    #[serde(default)]
    pub calibration: Option<Calibration>,
    /// What it was taught, and how.
    pub training: Training,
    /// Figures a data set; their keys depend on the task.
    #[serde(default)]
    pub metrics: BTreeMap<String, toml::Table>,
    /// What it cannot do.
    pub limits: Limits,
    /// Precisions that it was checked in (`["fp32", "bf16"]`); `fp32` alone where the card says nothing.
    #[serde(default = "fp32_alone")]
    precisions: Vec<String>,
    /// Its twin in 8-bit integers; `None` where it has none.
    #[serde(default)]
    pub int8: Option<Twin>,
}

/// The same network with other weights, in a file of its own: in the same tensors, and in the same format.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Twin {
    /// The weights' file, beside the card; a plain file name.
    pub file: String,
    /// SHA-256 of that file, 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// How the probabilities of a model were calibrated. The weights hold the calibration already.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Calibration {
    /// By what method: `platt`.
    pub method: String,
    /// On how many pictures, none of them learned from.
    pub pictures: u64,
}

/// One tensor on the card.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TensorSpec {
    /// Its name in the network.
    pub name: String,
    /// Its shape, every axis fixed.
    pub shape: Vec<usize>,
    /// Its element type; `f32` is the only one so far.
    #[serde(default = "f32_name")]
    pub dtype: String,
    /// The unit of a value: `probability`, `logit`, `grey level / 255`.
    #[serde(default)]
    pub units: String,
    /// What a value says: `lesion at this pixel`.
    #[serde(default)]
    pub meaning: String,
    /// The space and order of its axes.
    #[serde(default)]
    pub space: String,
    /// What each entry of its second axis is, in order; empty where the card does not say.
    #[serde(default)]
    pub channels: Vec<String>,
}

/// How it was taught.
#[derive(Debug, Clone, Deserialize)]
pub struct Training {
    /// The data sets.
    #[serde(default)]
    pub data: Vec<TrainingData>,
    /// The command that makes it again.
    #[serde(default)]
    pub command: String,
    /// The seed.
    #[serde(default)]
    pub seed: i64,
    /// Passes over the data.
    #[serde(default)]
    pub epochs: i64,
}

/// One data set that it was taught with.
#[derive(Debug, Clone, Deserialize)]
pub struct TrainingData {
    /// Its name.
    pub name: String,
    /// How many pictures were used.
    #[serde(default)]
    pub images: u64,
    /// Of how many patients, where that is known.
    #[serde(default)]
    pub patients: Option<toml::Value>,
    /// The terms it is given under.
    #[serde(default)]
    pub terms: String,
    /// Where it is from.
    #[serde(default)]
    pub source: String,
}

/// What it cannot do.
#[derive(Debug, Clone, Deserialize)]
pub struct Limits {
    /// One sentence each.
    pub text: Vec<String>,
}

fn f32_name() -> String {
    "f32".to_owned()
}

/// The reader's own words, and the line they are about: its other form draws that line over several.
fn in_one_line(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).filter(|before| !before.is_empty());
    let line = before.map(|before| format!("line {}: ", before.lines().count().max(1)));
    let message: Vec<_> = error.message().split_whitespace().collect();
    format!("{}{}", line.unwrap_or_default(), message.join(" "))
}

fn fp32_alone() -> Vec<String> {
    vec!["fp32".to_owned()]
}

impl Card {
    /// Read and check the text of a `card.toml`.
    ///
    /// # Errors
    /// [`CardError`] names the key, what it holds, and what it may hold.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let card: Self =
            toml::from_str(text).map_err(|error| CardError::Syntax(in_one_line(&error, text)))?;
        card.check()?;
        Ok(card)
    }

    /// Whether the card says the model was checked in that precision; `fp32` always is.
    #[must_use]
    pub fn permits(&self, precision: Precision) -> bool {
        precision == Precision::Fp32 || self.precisions.iter().any(|word| word == precision.as_str())
    }

    /// The threshold of that name.
    #[must_use]
    pub fn threshold(&self, name: &str) -> Option<f32> {
        self.thresholds.get(name).map(|value| *value as f32)
    }

    fn check(&self) -> Result<(), CardError> {
        must(self.format == FORMAT, "format", self.format, "1")?;
        for (field, word) in [("name", &self.name), ("version", &self.version), ("task", &self.task)] {
            must(is_word(word), field, word, "1 to 64 of a-z A-Z 0-9 . _ -")?;
        }
        check_file(["file", "sha256"], &self.file, &self.sha256)?;
        if let Some(twin) = &self.int8 {
            check_file(["int8.file", "int8.sha256"], &twin.file, &twin.sha256)?;
        }
        must(!self.licence.trim().is_empty(), "licence", &self.licence, "a licence")?;
        must(!self.summary.trim().is_empty(), "summary", &self.summary, "a sentence")?;
        must(self.gflop.is_finite() && self.gflop >= 0.0, "gflop", self.gflop, "0 or more")?;
        check_tensors("inputs", &self.inputs)?;
        check_tensors("outputs", &self.outputs)?;
        for (name, value) in &self.thresholds {
            must((0.0..=1.0).contains(value), &format!("thresholds.{name}"), value, "in 0..=1")?;
        }
        must(!self.limits.text.is_empty(), "limits.text", "empty", "what the model cannot do")?;
        for word in &self.precisions {
            let known = ["fp32", "bf16", "fp16", "int8"].contains(&word.as_str());
            must(known, "precisions", word, "fp32, bf16, fp16 or int8")?;
        }
        Ok(())
    }
}

fn check_file([file_key, hash_key]: [&str; 2], file: &str, sha256: &str) -> Result<(), CardError> {
    must(is_word(file) && !file.starts_with('.'), file_key, file, "a plain file name")?;
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let whole = sha256.len() == 64 && sha256.bytes().all(hex);
    must(whole, hash_key, sha256, "64 hexadecimal digits in lower case")
}

fn check_tensors(side: &str, tensors: &[TensorSpec]) -> Result<(), CardError> {
    must((1..=MAX_TENSORS).contains(&tensors.len()), side, tensors.len(), "1 to 32 tensors")?;
    let mut seen = HashSet::new();
    for tensor in tensors {
        let field = |key: &str| format!("{side}.{}.{key}", shorten(&tensor.name));
        must(is_word(&tensor.name), &format!("{side}.name"), &tensor.name, "1 to 64 of a-z A-Z 0-9 . _ -")?;
        must(seen.insert(&tensor.name), &format!("{side}.name"), &tensor.name, "there once")?;
        must(tensor.dtype == "f32", &field("dtype"), &tensor.dtype, "f32")?;
        let elements = tensor.shape.iter().try_fold(1_usize, |product, axis| product.checked_mul(*axis));
        must(
            (1..=MAX_RANK).contains(&tensor.shape.len())
                && elements.is_some_and(|count| (1..=MAX_ELEMENTS).contains(&count)),
            &field("shape"),
            format!("{:?}", tensor.shape),
            "1 to 8 axes, each at least 1, with at most 2^26 values together",
        )?;
        let named = tensor.channels.len();
        must(
            named == 0 || tensor.shape.get(1) == Some(&named),
            &field("channels"),
            named,
            "as many as the second axis is long",
        )?;
    }
    Ok(())
}

fn must(
    holds: bool,
    field: &str,
    value: impl std::fmt::Display,
    limit: &'static str,
) -> Result<(), CardError> {
    if holds {
        return Ok(());
    }
    Err(CardError::Field {
        field: field.to_owned(),
        value: format!("\"{}\"", shorten(&value.to_string())),
        limit,
    })
}

/// A card is foreign text: what an error repeats of it is short and stays on one line.
fn shorten(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(80).collect()
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(plain)
}
