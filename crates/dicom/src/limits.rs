//! How large anything from outside may be. Each limit is far above what an ultrasound machine makes and far
//! below what would exhaust a small PC.

/// The longest file that is read into memory.
pub const FILE_BYTES: u64 = 2 << 30;
/// The longest data set that a deflated file may inflate to.
pub const INFLATED_BYTES: u64 = 512 << 20;
/// Sequences within sequences. Real ultrasound nests three deep, structured reports about ten.
pub const SEQUENCE_DEPTH: usize = 16;
/// Elements, items and fragments of one file together.
pub const ELEMENTS: usize = 1_000_000;
/// The longest value of an element that is handed to dicom-rs; the longest that reading needs is a palette of
/// 65,536 entries of 16 bits.
pub const HEADER_VALUE_BYTES: usize = 1 << 20;
/// Rows × columns of one frame.
pub const FRAME_PIXELS: u64 = 64_000_000;
/// Frames of one file.
pub const FRAMES: u64 = 200_000;
/// All frames of a file, decoded to eight bits a sample. They are never in memory together; a file that says it
/// holds more than this is not a cine.
pub const DECODED_BYTES: u64 = 64 << 30;
/// Regions of the Sequence of Ultrasound Regions that are read.
pub const REGIONS: usize = 64;
