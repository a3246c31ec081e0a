//! Safe reading of DICOM ultrasound over dicom-rs.
//!
//! [`open`] takes a file and gives a [`Cine`]: what was read, a list of what was wrong with it, and its pictures
//! one at a time. On the way, and in this order:
//!
//! 1. [`scan`]: one iterative pass over the bytes with limits on depth, count and length (invariant 2). It finds
//!    where the elements are and reads no value.
//! 2. `header`: dicom-rs is given the few elements that reading pictures needs, and nothing else of the file: no
//!    text of a patient is ever parsed, so none can reach a log (invariant 5). No sequence is among them either:
//!    the items of the ultrasound regions are handed over one by one.
//! 3. `image_header`, `calibration`, `timing`: values checked against the standard and the limits. What can be
//!    read in spite of a fault is read, and the fault is a [`ReadIssue`] (invariant 3).
//! 4. [`pixels`]: one frame at a time is decoded and put into eight bits, grey or sRGB.
//!
//! [`outline()`] takes the first two steps of another kind of reader: an index, which wants names, dates and numbers of any object, and the
//! places of its frames, but no pixel.
//!
//! It deliberately does **not** write DICOM, speak the network, de-identify, decode video (MPEG, H.264, HEVC),
//! read files without the preamble and file meta information of PS3.10, apply VOI or modality *tables* (windows
//! and rescale only), read functional groups of enhanced objects, or keep more than one decoded frame.

mod calibration;
mod cursor;
mod data_set;
mod error;
mod fragments;
mod header;
mod image_header;
pub mod limits;
mod outline;
pub mod pixels;
mod read;
pub mod scan;
mod syntax;
mod timing;

pub use data_set::{read_data_set, write_data_set};
pub use dicom_core::{Tag, VR};
pub use error::{DicomError, Field, ReadIssue};
pub use outline::{
    Attribute, Attributes, FramePlaces, Level, Outline, REQUEST_ATTRIBUTES, level_of, outline, vr_of,
};
pub use read::{Cine, Equipment, IntoFrames, open, open_bytes};
pub use syntax::{Codec, Encoding, TransferSyntax};
