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
//! Two more readers of the same scan are for whoever hands objects on: [`Elements`] tells every element of a data set step by step, and
//! [`Pictures`] decodes frames whose coded bytes come from elsewhere; [`rewrite()`] writes a whole data set anew with both, in what any node
//! takes or with frames that are coded without loss. [`presentation`] reads how pictures are to be shown.
//!
//! It deliberately does **not** compress with a loss, speak the network, de-identify, decode video (MPEG, H.264, HEVC),
//! read files without the preamble and file meta information of PS3.10, read functional groups of enhanced
//! objects, or keep more than one decoded frame.

/// Of this program, whatever its version (PS3.7 §D.3.3.2): made of a random number (PS3.5 §B.2).
pub const IMPLEMENTATION_CLASS_UID: &str = "2.25.328831350356126896557087483738221372954";
/// Whether a text is made as a UID is (PS3.5 §9.1): components of digits with dots between, 64 letters at most. That none begins with a 0 is not asked
/// for: there are machines that do so.
#[must_use]
pub fn is_uid(text: &str) -> bool {
    let is_component = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 64 && text.split('.').all(is_component)
}

/// What files and logs of other nodes show.
pub const IMPLEMENTATION_VERSION_NAME: &str = concat!("PEONY_", env!("CARGO_PKG_VERSION"));

mod calibration;
mod cursor;
mod data_set;
mod days;
mod elements;
mod error;
mod fragments;
mod header;
mod image_header;
mod inflated;
pub mod limits;
mod node;
mod outline;
mod pictures;
pub mod pixels;
pub mod presentation;
mod read;
mod rewritten;
pub mod scan;
mod syntax;
mod text;
mod timing;
pub mod written;

pub use cursor::has_long_length;
pub use data_set::{SHORT_VALUE_BYTES, read_data_set, write_data_set};
pub use days::{is_day, is_days};
pub use dicom_core::{Tag, VR};
pub use elements::Elements;
pub use error::{DicomError, Field, ReadIssue};
pub use outline::{
    Attribute, Attributes, FramePlaces, Level, Outline, REQUEST_ATTRIBUTES, keyword_of, level_of, outline,
    tag_of, vr_of,
};
pub use pictures::Pictures;
pub use read::{Cine, Equipment, IntoFrames, open, open_bytes};
pub use rewritten::{Rewriting, rewrite};
pub use scan::{Step, uids_said};
pub use syntax::{Codec, Encoding, TransferSyntax};
pub use text::{CHARACTER_SET, Characters};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_has_digits_in_each_component() {
        for uid in ["1.2.840.10008", "0", "1.02.3", &"1".repeat(64)] {
            assert!(is_uid(uid), "{uid}");
        }
        for other in ["", ".", "..", "1.", ".1", "1..2", "1.2 ", "1.a", "１.2", &"1".repeat(65)] {
            assert!(!is_uid(other), "{other}");
        }
    }
}
