//! The vocabulary of breast imaging, shared by every other part of Peony.
//!
//! [`Frame`] goes in, [`Finding`] comes out; every other part carries, keeps, shows or counts them.
//! This crate holds types and the rules that keep them honest. It reads no file, runs no model, draws
//! nothing, and knows no protocol. [`guarded`] is here because the readers and the engines, which are neighbours,
//! both need it.

mod birads;
mod code;
mod descriptor;
mod finding;
mod frame;
mod guard;
mod latest;
mod letters;
mod look;
mod measurement;
mod place;
mod provenance;
mod quality;
pub mod report;
#[cfg(feature = "schema")]
mod schema;
mod space;
mod spacing;

pub use birads::BiRads;
pub use code::Code;
pub use descriptor::{Descriptor, Feature, Word, is_simple_cyst};
pub use finding::{Finding, Region};
pub use frame::{Frame, Pixels};
pub use guard::{guarded, quiet_guarded_panics};
pub use latest::{CloseOnDrop, LatestSlot};
pub use letters::is_hidden;
pub use look::Look;
pub use measurement::{Measurement, Quantity, Unit};
pub use place::{Clock, ClockError, Place, Quadrant, Side};
pub use provenance::{Precision, Provenance};
pub use quality::{QualityCode, QualityIssue, Severity};
pub use space::{BoxPx, ImagePx, PointMm, PointPx, SweepMm, iou};
pub use spacing::{
    CalibratedRegion, CalibrationSource, LengthMm, MmPerPx, RegionKind, Spacing, SpacingError,
};
