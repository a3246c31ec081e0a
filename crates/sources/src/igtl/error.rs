//! What can be wrong with a message. No error carries text of it: a device name may hold a patient's.

/// Why a message cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IgtlError {
    /// The header has a version that does not exist; what follows cannot be found.
    #[error("header version {version}, 1 and 2 are read")]
    HeaderVersion {
        /// The version.
        version: u16,
    },
    /// The body is longer than any picture; it is not waited for.
    #[error("a body of {bytes} bytes, the limit is {limit}")]
    BodyTooLong {
        /// What the header says.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// There are fewer bytes than there must be.
    #[error("{what} needs {needs} bytes, {has} are there")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// How many bytes it should have.
        needs: u64,
        /// How many there are.
        has: usize,
    },
    /// The body is not what was sent.
    #[error("the body's CRC is {found:016x}, the header says {declared:016x}")]
    Crc {
        /// What the header says.
        declared: u64,
        /// What the body has.
        found: u64,
    },
    /// The extended header is shorter than its own fields.
    #[error("an extended header of {bytes} bytes, it has at least 12")]
    ExtendedHeader {
        /// Its length, as it says.
        bytes: u16,
    },
    /// A number of the image's header that is none of those that are read.
    #[error("image: {field} is {value}, read: {allowed}")]
    ImageField {
        /// Which.
        field: &'static str,
        /// Its value.
        value: u16,
        /// What would be read.
        allowed: &'static str,
    },
    /// A picture that is empty or larger than the limit.
    #[error("image: {width} × {height} × {slices} pixels, a side has 1 to {limit}")]
    ImageSize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
        /// Slices.
        slices: u16,
        /// The limit of columns and rows.
        limit: u16,
    },
    /// A part of an image; only whole ones are read.
    #[error("image: the message holds {part:?} of {whole:?} pixels from {from:?} on, parts are not read")]
    Subvolume {
        /// Columns, rows and slices of the part.
        part: [u16; 3],
        /// Columns, rows and slices of the image.
        whole: [u16; 3],
        /// Column, row and slice where the part begins.
        from: [u16; 3],
    },
}
