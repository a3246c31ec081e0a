//! How large anything from outside may be. Each limit is above what an ultrasound machine makes, and low enough that no
//! file exhausts a PC of 8 GB: in memory together are the file, one coded frame where it lies in several fragments, and
//! what a decoder makes of it. For the largest frame, of 48 million samples, that is 0.6 GB in JPEG XL, 0.5 GB in JPEG 2000 and 0.1 GB in
//! the others (measured), and by these limits at most 1.3 GB where a frame is made to take much.

/// The longest file that is read into memory; it holds 455 uncompressed colour frames of 1024 × 768.
pub const FILE_BYTES: u64 = 1 << 30;
/// The longest data set that a deflated file may inflate to.
pub const INFLATED_BYTES: u64 = 512 << 20;
/// Sequences within sequences. Real ultrasound nests three deep; the content of a structured report is a tree with a sequence for each of its levels,
/// of which templates ask for about ten and the standard limits none (PS3.3 §C.17.3), so this is several times the deepest that is
/// known. Nothing here that walks a data set has a call for each level; what makes and reads JSON and XML of it has a few, for which this is little.
pub const SEQUENCE_DEPTH: usize = 64;
/// Elements, items and fragments of one file together.
pub const ELEMENTS: usize = 1_000_000;
/// The longest value of an element that is handed to dicom-rs; the longest that reading needs is a palette of
/// 65,536 entries of 16 bits.
pub const HEADER_VALUE_BYTES: usize = 1 << 20;
/// The same for an element of an ultrasound region, which is one number.
pub const REGION_VALUE_BYTES: usize = 256;
/// The longest text that an index keeps of an attribute.
pub const INDEXED_VALUE_BYTES: usize = 4 << 10;
/// Rows × columns of one frame; a screen of 4K has 8.3 million.
pub const FRAME_PIXELS: u64 = 16_000_000;
/// The same in grey, where a pixel is one sample and not three: a digital mammogram has up to 28 million (4728 × 5928), a film of 24 × 30 cm that
/// was digitised at 42 µm has 41.
pub const GREY_FRAME_PIXELS: u64 = 48_000_000;
/// The longest coded frame: the largest grey one has 96 million bytes uncompressed, as has the largest in colour once a codec has made it
/// twice as long, which none does.
pub const FRAME_CODED_BYTES: u64 = 96 << 20;
/// What the decoder of JPEG 2000 may keep for the tiles and code-blocks of one frame besides its samples. Blocks of
/// 16 × 16 in the largest colour frame take 60 MB.
pub const JPEG_2000_STRUCTURE_BYTES: u64 = 256 << 20;
/// What the decoder of JPEG XL may allocate for one frame, however large.
pub const JPEG_XL_BYTES: usize = 1 << 30;
/// Frames of one file.
pub const FRAMES: u64 = 200_000;
/// All frames of a file, decoded to eight bits a sample. They are never in memory together; a file that says it
/// holds more than this is not a cine.
pub const DECODED_BYTES: u64 = 64 << 30;
/// Regions of the Sequence of Ultrasound Regions that are read.
pub const REGIONS: usize = 64;
