//! What can go wrong, as a whole ([`DicomError`]) or in part ([`ReadIssue`]).
//!
//! No message carries the value of a text element: only names, numbers, limits and positions (invariant 5).

use std::fmt;

use dicom_core::Tag;

use crate::Codec;
use crate::pixels::Lossless;

/// An element by its tag and its name in PS3.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The tag.
    pub tag: Tag,
    /// The name, as in PS3.6.
    pub name: &'static str,
}

impl Field {
    pub(crate) const fn new(group: u16, element: u16, name: &'static str) -> Self {
        Self { tag: Tag(group, element), name }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:04X},{:04X})", self.name, self.tag.group(), self.tag.element())
    }
}

/// Why a file, or one frame of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DicomError {
    /// The file could not be read from the disk.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
    /// There is no DICOM prefix after the preamble (PS3.10 §7.1).
    #[error("not a DICOM file: its {length} bytes do not hold the letters DICM at byte 128")]
    NotDicom {
        /// How long it is, in bytes.
        length: usize,
    },
    /// The file ends in the middle of something.
    #[error("the file is cut off: {what} at byte {at} needs {needs} bytes, {has} are left")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it begins.
        at: usize,
        /// How many bytes it should have.
        needs: u64,
        /// How many there are.
        has: usize,
    },
    /// The structure contradicts PS3.5.
    #[error("damaged DICOM at byte {at}: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// Sequences within sequences past the limit.
    #[error("sequences nested deeper than {limit} at byte {at}")]
    TooDeep {
        /// The limit, in sequences.
        limit: usize,
        /// Where it was passed.
        at: usize,
    },
    /// A number or a size past its limit.
    #[error("{what} is {value}, the limit is {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// Its value.
        value: u64,
        /// The limit.
        limit: u64,
    },
    /// An element that reading needs is not there, or has no value that could be understood.
    #[error("{0} is missing or unreadable")]
    Missing(Field),
    /// The object holds no picture (a report, a presentation state).
    #[error("the object holds no pixel data")]
    NoPixelData,
    /// An element has a number that it must not have.
    #[error("{field} is {value}, allowed: {allowed}")]
    BadValue {
        /// The element.
        field: Field,
        /// Its value.
        value: i64,
        /// What would be allowed.
        allowed: &'static str,
    },
    /// A transfer syntax that is not read.
    #[error("transfer syntax {uid} is not read{}", if *.video { " (video)" } else { "" })]
    UnsupportedSyntax {
        /// Its UID, digits and dots only.
        uid: String,
        /// It is an MPEG, H.264 or HEVC video.
        video: bool,
    },
    /// Something legal that is not read.
    #[error("{0} is not read")]
    Unsupported(&'static str),
    /// The pixel data is shorter than one frame, or has no fragments.
    #[error("the pixel data holds {has} bytes, one frame needs {needs}")]
    PixelDataTooShort {
        /// Bytes that one frame needs at least.
        needs: u64,
        /// Bytes that are there.
        has: u64,
    },
    /// There is no frame of that number.
    #[error("frame {index} of {count} does not exist")]
    NoSuchFrame {
        /// The number that was asked for, from 0.
        index: u64,
        /// How many there are.
        count: u64,
    },
    /// The compressed picture says another size or kind than the header.
    #[error("{codec}: the coded picture has {what} {coded}, the header says {header}")]
    CodedMismatch {
        /// Which codec.
        codec: Codec,
        /// What differs.
        what: &'static str,
        /// What the coded picture has.
        coded: u64,
        /// What the header says.
        header: u64,
    },
    /// The compressed picture is damaged, or the decoder cannot read it.
    #[error("{codec}: {reason}")]
    Coded {
        /// Which codec.
        codec: Codec,
        /// What the decoder says.
        reason: String,
    },
    /// Frames that are read, and not written in the coding that is wanted.
    #[error("{what} is not written in {}", .coding.codec())]
    NotWritten {
        /// The coding.
        coding: Lossless,
        /// What it is of these frames that it does not have.
        what: &'static str,
    },
}

/// A fault of a file that was read in spite of it (invariant 3).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadIssue {
    /// Bytes after the last element that make no element.
    #[error("{bytes} bytes after the last element were passed over")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// A sequence delimiter where no sequence is open.
    #[error("a sequence delimiter at byte {at} that ends no sequence was passed over")]
    StrayDelimiter {
        /// Where.
        at: usize,
    },
    /// An element longer than anything this reader needs of it.
    #[error("({:04X},{:04X}) with {bytes} bytes was passed over, the limit is {limit}", .tag.0, .tag.1)]
    HeaderValueTooLong {
        /// The element.
        tag: Tag,
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The number of frames in the header is not the number in the pixel data.
    #[error("Number of Frames (0028,0008) says {declared}, the pixel data holds {found}")]
    FrameCount {
        /// What the header says.
        declared: u64,
        /// What was found, and is read.
        found: u64,
    },
    /// No usable time between frames: the default is used.
    #[error("no usable frame time, {fps} frames a second are assumed")]
    FrameRateAssumed {
        /// The rate that is assumed, in frames a second.
        fps: f64,
    },
    /// An element has a value that cannot be right and was left out.
    #[error("{field} has a value that cannot be right and was left out")]
    ValueIgnored {
        /// The element.
        field: Field,
    },
    /// A region of the Sequence of Ultrasound Regions was left out.
    #[error("ultrasound region {index} was left out: {reason}")]
    RegionIgnored {
        /// Its number, from 0.
        index: usize,
        /// Why.
        reason: &'static str,
    },
    /// A region keeps its place but not its scale.
    #[error("ultrasound region {index} has no believable pixel size")]
    RegionScaleIgnored {
        /// Its number, from 0.
        index: usize,
    },
    /// A screen of several B-mode pictures (a dual screen): one of them is looked at.
    #[error("{count} tissue regions; the largest is read")]
    SeveralTissueRegions {
        /// How many.
        count: usize,
    },
    /// Pixel Spacing where the object must not have it or does not say what it means.
    #[error("Pixel Spacing (0028,0030) does not calibrate this kind of object and was left out")]
    PixelSpacingNotLegal,
    /// A table that would change the grey levels was not applied.
    #[error("{field} is not applied")]
    TableNotApplied {
        /// The element.
        field: Field,
    },
}
