//! Pure image mathematics on 8-bit and float pictures, and their decoding within limits: no files, no models, no state.
//!
//! Buffers that are worth keeping between frames are owned by small workers ([`Resampler`], [`PhaseCorrelator`],
//! [`HighPass`]), which remember nothing about the pictures they saw.
//!
//! Resizing and Fourier transforms come from crates. Outlines are followed here because they must lie between
//! pixels (a mask of 256 × 256 is drawn on a frame three times as large), which `imageproc` does not offer.

mod apart;
mod cells;
mod component;
mod highpass;
mod letterbox;
mod ncc;
mod outline;
mod phase;
mod picture_area;
mod rect;
mod ruler;
mod still;
mod vectors;

pub use apart::part_by_cores;
pub use cells::{Cell, CellGrid};
pub use component::{Component, Labels};
pub use highpass::{HighPass, HighPassed};
pub use letterbox::{Letterbox, ResampleError, Resampler};
pub use ncc::{NccSurface, PatchGrid};
pub use outline::{Feret, feret, outline, polygon_area};
pub use phase::{PhaseCorrelator, Shift, Spectrum};
pub use picture_area::{picture_area, to_pixel_edges};
pub use rect::PixelRect;
pub use ruler::{Ruler, RulerReader};
pub use still::{StillError, check_size, read_still};
