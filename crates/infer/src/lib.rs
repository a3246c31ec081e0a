//! One interface to a network: its card, its tensors, its engine.
//!
//! [`Model::load`] takes the text of a card and the weights it names ([`ModelFiles`]), checks one against the
//! other, tries the network once, and gives a [`Model`] whose [`Model::run`] turns `f32` arrays into `f32`
//! arrays. Two engines run it: `rten`, which is inside and always there, and an ONNX Runtime library (with or
//! without OpenVINO) where one is found at run time. An engine that is missing, too old, or computes something
//! else than the built-in one is passed over with one line of reason in [`Model::notes`]; it never ends the program.
//!
//! What this crate does not do: it knows nothing of pictures (letterboxing is `imaging`'s) or of what an output
//! means (thresholds are carried, not applied), it fetches no model, it trains none, and it holds no more than
//! one ONNX Runtime library a process. It limits the memory that a file can claim while it is read, not the
//! memory or time that a well-formed network takes to run.

mod card;
mod engine;
mod engines;
mod error;
mod files;
mod model;
mod outputs;
mod scan;

pub use card::{Calibration, Card, Limits, TensorSpec, Training, TrainingData, Twin};
pub use engine::{EngineChoice, Options, UnknownEngine};
pub use error::{CardError, LoadError, RunError, Side};
pub use files::ModelFiles;
pub use model::Model;
pub use outputs::Outputs;
pub use scan::ScanError;
