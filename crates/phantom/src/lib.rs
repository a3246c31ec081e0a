//! A virtual ultrasound transducer over a simulated breast with known truth.
//!
//! A [`Phantom`] is one breast: skin, fat, gland, ligaments, muscle, ribs, and masses. A [`Pose`] of the probe gives a
//! [`PhantomFrame`]: a B-mode picture whose speckle decorrelates as the probe moves and turns, and what is really
//! on it. A [`Sweep`] leads the probe along a freehand path at 30 frames a second, with faults on request.
//!
//! Any frame depends on the seed, the configuration, the pose and the faults only: not on the order in which frames
//! are made, nor on threads, nor on time. The bytes are the same on every run on one machine; across platforms the
//! library's sines and powers may differ in their last bit, so no test compares frames with a stored one.
//!
//! What it is not: a model of waves. There is no refraction, no side lobe, no Doppler, no compression of tissue by the
//! probe, and no mammogram yet. It serves the demonstration, tests and benchmarks; no network's accuracy on it says
//! anything about patients.
//!
//! ```
//! use peony_phantom::{Fault, Phantom, PhantomConfig};
//! let phantom = Phantom::new(7, &PhantomConfig { size_px: [320, 240], ..PhantomConfig::default() })?;
//! let sweep = phantom.sweep().schedule(vec![(1..2, Fault::TooDark)]);
//! let frames: Vec<_> = sweep.take(2).collect();
//! assert_eq!(frames[1].frame.time_ns, 33_333_333);
//! # Ok::<(), peony_phantom::PhantomError>(())
//! ```

mod anatomy;
mod beam;
mod compound;
mod config;
mod display;
mod fault;
mod marks;
mod mass;
mod noise;
mod path;
mod phantom;
mod pose;
mod random;
mod screen;
#[cfg(test)]
mod statistics;
mod sweep;
mod tile;
mod truth;

pub use config::{Elevation, MassPlan, PhantomConfig, PhantomError, Preset};
pub use fault::{Fault, FaultSwitch, Faults};
pub use mass::{Difficulty, MassKind, MassSpec};
pub use path::{Path, PathKind};
pub use phantom::{Phantom, PhantomFrame};
pub use pose::{Pose, Turn};
pub use sweep::Sweep;
pub use truth::{MassTruth, Truth};
