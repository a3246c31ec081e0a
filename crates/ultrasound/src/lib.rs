//! The live pipeline of breast ultrasound: [`pipeline::step`] takes one frame and what the past frames left, and
//! says what is seen now.
//!
//! Everything here is causal and free of input and output: sources and sinks are the caller's.

pub mod output;
