//! What travels between the program and the page: plain data, the one source of the page's types.
//!
//! On `/live` the server sends two kinds of WebSocket message:
//!
//! - **text**: a [`ServerMessage`]: one [`Hello`] first, later an [`ErrorMessage`] for each command it could not follow, and [`Followed`] for each
//!   that had an identifier and was;
//! - **binary**, one a frame: `u32` little-endian length `n` of the JSON, `n` bytes of JSON ([`LiveUpdate`]), then
//!   `width × height` bytes of luma, row-major, top row first. Picture and marks come in one message, so that no
//!   mark is ever drawn on a picture it was not made from.
//!
//! The page answers each drawn binary message with [`Drawn`] and sends its wishes as [`Command`], both as text of at
//! most [`MAX_CLIENT_MESSAGE`] bytes. At most [`IN_FLIGHT`] binary messages are under way to one page; a page that
//! is slower gets the newest frame next, and what it missed is counted in [`Stats::dropped_client`].
//!
//! Coordinates are pixels of the sent picture, the centre of its first pixel at (0.5, 0.5); times are milliseconds;
//! probabilities are 0..=1. `null` means unknown or not measured, never zero.

mod calibration;
mod command;
mod hello;
mod lesion;
mod quality;
mod update;
mod volume;

use serde::Serialize;
use utoipa::ToSchema;

pub use calibration::{
    CalibrationAct, CalibrationView, ChosenView, DisagreeView, FittedView, KnownCalibration, NextProbe,
    ProbeName, SweepView, UnfitReason, UnfitView,
};
pub use command::{Command, Drawn, Stood};
pub use hello::{
    DeviceLost, DeviceState, ErrorCode, ErrorMessage, Fault, Followed, Health, Hello, Model, Problem,
    ServerMessage, Source, SourceKind, UsualSource,
};
pub use lesion::{DescriptorView, FindingView, KeyPlane, Size, TrackStatus, TrackView, Truth};
pub use quality::{ContactSide, Figure, Issue, Light, LightName, LightState, Severity};
pub use update::{LiveUpdate, Percentiles, Stage, State, Stats};
pub use volume::{AxisUnit, AxisView, CoronalLesion, CoronalView, TrackVolume, Unfit, Volume};

/// How many binary messages may be under way to one page before it has drawn the first.
pub const IN_FLIGHT: usize = 2;

/// The longest text message a page may send, in bytes.
pub const MAX_CLIENT_MESSAGE: usize = 4096;

/// Described and pictured in one piece: `u32` little-endian length of the JSON, the JSON, the luma.
///
/// # Errors
/// Where the description cannot be written, or is longer than 4 GB.
pub(crate) fn in_one_piece(description: &impl Serialize, luma: &[u8]) -> Result<Vec<u8>, String> {
    let mut message = Vec::with_capacity(16 * 1024 + luma.len());
    message.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut message, description).map_err(|error| error.to_string())?;
    let length = u32::try_from(message.len() - 4).map_err(|error| error.to_string())?;
    message[..4].copy_from_slice(&length.to_le_bytes());
    message.extend_from_slice(luma);
    Ok(message)
}

/// Across and down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(min_items = 2, max_items = 2)]
pub struct Xy(pub [f32; 2]);

/// Lateral, along the path, depth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(min_items = 3, max_items = 3)]
pub struct Xyz(pub [f32; 3]);

/// An upright box, x0, y0, x1, y1; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(min_items = 4, max_items = 4)]
pub struct BoxXy(pub [f32; 4]);

/// The lower and the upper end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(min_items = 2, max_items = 2)]
pub struct Interval(pub [f32; 2]);

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(min_items = 2, max_items = 2)]
pub struct WidthHeight(pub [u32; 2]);

/// Words in both languages of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese, simplified.
    pub zh: String,
}
