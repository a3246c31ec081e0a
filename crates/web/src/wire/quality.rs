//! The lights and the faults behind them.

use serde::Serialize;
use utoipa::ToSchema;

use super::Words;

/// A fault of the picture that holds now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Issue {
    /// Its key, such as `contact_lost`.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// The figure behind it, where there is one.
    #[schema(required)]
    pub figure: Option<Figure>,
    /// One line of advice, verb first.
    pub advice: Words,
}

/// A part of the probe, as seen on the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactSide {
    /// The left edge.
    Left,
    /// The right edge.
    Right,
    /// All of it, or most.
    Whole,
}

/// How much a fault matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Mend it while scanning.
    Warn,
    /// What is seen now cannot be read.
    Stop,
}

/// What was measured and the limit it passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    /// What was measured.
    pub measured: f32,
    /// The limit it passed.
    pub limit: f32,
    /// The unit of both, such as `mm/s`; `null` for a bare number.
    #[schema(required)]
    pub unit: Option<&'static str>,
}

/// One quality light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Light {
    /// Which.
    pub name: LightName,
    /// What it shows.
    pub state: LightState,
}

/// The lights, in their fixed order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names are the lights.
pub enum LightName {
    Contact,
    Gain,
    Sharp,
    Speed,
    Depth,
    Whole,
    Colour,
}

/// What a light shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LightState {
    /// Not measured.
    Off,
    /// Measured, and well.
    Ok,
    /// To be mended while scanning.
    Warn,
    /// The picture cannot be read.
    Stop,
}
