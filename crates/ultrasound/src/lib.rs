//! The live pipeline of breast ultrasound: [`pipeline::step`] takes one frame and what the past frames left, and
//! says what is seen now.
//!
//! Everything here is causal and free of input and output: sources and sinks are the caller's. [`live::run`] keeps
//! the newest frame and counts what it drops, [`replay::run`] loses nothing; both call the same step.
//!
//! Not here: reading files, loading models, drawing, reports.

pub mod calibrate;
mod classify;
pub mod coronal;
mod detect;
mod histogram;
pub mod key_planes;
mod lexicon;
pub mod live;
mod motion;
pub mod network;
pub mod output;
mod path;
pub mod pipeline;
mod pool;
mod quality;
pub mod replay;
mod screen;
mod speckle;
mod steady;
mod tips;
mod track;
mod volume;

pub use key_planes::KeyPlane;
pub use network::{Network, NetworkError};
pub use pipeline::{Mode, Pipeline, step};
pub use screen::spacing_from_depth;
