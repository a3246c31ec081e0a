//! The transfer syntaxes that objects are taken and handed on in (PS3.5 Annex A, PS3.6 Annex A). Objects are kept as they came, and
//! go out so to whoever takes that.

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct TransferSyntax {
    /// Its UID.
    pub uid: &'static str,
    /// Its name in PS3.6.
    pub name: &'static str,
    /// The standard has taken it out.
    pub retired: bool,
}

impl TransferSyntax {
    /// Whether its frames are those of a video (PS3.5 §A.4.5 to A.4.11).
    #[must_use]
    pub fn is_video(&self) -> bool {
        ["MPEG", "Fragmentable", "HEVC"].iter().any(|begin| self.name.starts_with(begin))
    }
}

/// The first is what every node speaks (PS3.5 §10.1), the second what identifiers are best written in: it says the value representation of each
/// element. Whatever is decoded here can be written anew in both.
pub use peony_dicom::written::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};

/// Whether objects may come in it.
#[must_use]
pub fn of(uid: &str) -> Option<&'static TransferSyntax> {
    TABLE.iter().find(|syntax| syntax.uid == uid)
}

const fn row(uid: &'static str, name: &'static str) -> TransferSyntax {
    TransferSyntax { uid, name, retired: false }
}

const fn old(uid: &'static str, name: &'static str) -> TransferSyntax {
    TransferSyntax { uid, name, retired: true }
}

/// Every transfer syntax. Those are missing whose objects do not hold their own pixels (JPIP) or are no files (SMPTE ST 2110).
#[rustfmt::skip] // One syntax a line: it is read as a table.
pub static TABLE: &[TransferSyntax] = &[
    row("1.2.840.10008.1.2",          "Implicit VR Little Endian"),
    row("1.2.840.10008.1.2.1",        "Explicit VR Little Endian"),
    row("1.2.840.10008.1.2.1.98",     "Encapsulated Uncompressed Explicit VR Little Endian"),
    row("1.2.840.10008.1.2.1.99",     "Deflated Explicit VR Little Endian"),
    old("1.2.840.10008.1.2.2",        "Explicit VR Big Endian"),
    row("1.2.840.10008.1.2.4.50",     "JPEG Baseline (Process 1)"),
    row("1.2.840.10008.1.2.4.51",     "JPEG Extended (Process 2 and 4)"),
    old("1.2.840.10008.1.2.4.52",     "JPEG Extended (Process 3 and 5)"),
    old("1.2.840.10008.1.2.4.53",     "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)"),
    old("1.2.840.10008.1.2.4.54",     "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)"),
    old("1.2.840.10008.1.2.4.55",     "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)"),
    old("1.2.840.10008.1.2.4.56",     "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)"),
    row("1.2.840.10008.1.2.4.57",     "JPEG Lossless, Non-Hierarchical (Process 14)"),
    old("1.2.840.10008.1.2.4.58",     "JPEG Lossless, Non-Hierarchical (Process 15)"),
    old("1.2.840.10008.1.2.4.59",     "JPEG Extended, Hierarchical (Process 16 and 18)"),
    old("1.2.840.10008.1.2.4.60",     "JPEG Extended, Hierarchical (Process 17 and 19)"),
    old("1.2.840.10008.1.2.4.61",     "JPEG Spectral Selection, Hierarchical (Process 20 and 22)"),
    old("1.2.840.10008.1.2.4.62",     "JPEG Spectral Selection, Hierarchical (Process 21 and 23)"),
    old("1.2.840.10008.1.2.4.63",     "JPEG Full Progression, Hierarchical (Process 24 and 26)"),
    old("1.2.840.10008.1.2.4.64",     "JPEG Full Progression, Hierarchical (Process 25 and 27)"),
    old("1.2.840.10008.1.2.4.65",     "JPEG Lossless, Hierarchical (Process 28)"),
    old("1.2.840.10008.1.2.4.66",     "JPEG Lossless, Hierarchical (Process 29)"),
    row("1.2.840.10008.1.2.4.70",     "JPEG Lossless, Non-Hierarchical, First-Order Prediction"),
    row("1.2.840.10008.1.2.4.80",     "JPEG-LS Lossless Image Compression"),
    row("1.2.840.10008.1.2.4.81",     "JPEG-LS Lossy (Near-Lossless) Image Compression"),
    row("1.2.840.10008.1.2.4.90",     "JPEG 2000 Image Compression (Lossless Only)"),
    row("1.2.840.10008.1.2.4.91",     "JPEG 2000 Image Compression"),
    row("1.2.840.10008.1.2.4.92",     "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)"),
    row("1.2.840.10008.1.2.4.93",     "JPEG 2000 Part 2 Multi-component Image Compression"),
    row("1.2.840.10008.1.2.4.100",    "MPEG2 Main Profile / Main Level"),
    row("1.2.840.10008.1.2.4.100.1",  "Fragmentable MPEG2 Main Profile / Main Level"),
    row("1.2.840.10008.1.2.4.101",    "MPEG2 Main Profile / High Level"),
    row("1.2.840.10008.1.2.4.101.1",  "Fragmentable MPEG2 Main Profile / High Level"),
    row("1.2.840.10008.1.2.4.102",    "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
    row("1.2.840.10008.1.2.4.102.1",  "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1"),
    row("1.2.840.10008.1.2.4.103",    "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
    row("1.2.840.10008.1.2.4.103.1",  "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
    row("1.2.840.10008.1.2.4.104",    "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video"),
    row("1.2.840.10008.1.2.4.104.1",  "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video"),
    row("1.2.840.10008.1.2.4.105",    "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video"),
    row("1.2.840.10008.1.2.4.105.1",  "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video"),
    row("1.2.840.10008.1.2.4.106",    "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2"),
    row("1.2.840.10008.1.2.4.106.1",  "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2"),
    row("1.2.840.10008.1.2.4.107",    "HEVC/H.265 Main Profile / Level 5.1"),
    row("1.2.840.10008.1.2.4.108",    "HEVC/H.265 Main 10 Profile / Level 5.1"),
    row("1.2.840.10008.1.2.4.110",    "JPEG XL Lossless"),
    row("1.2.840.10008.1.2.4.111",    "JPEG XL JPEG Recompression"),
    row("1.2.840.10008.1.2.4.112",    "JPEG XL"),
    row("1.2.840.10008.1.2.4.201",    "High-Throughput JPEG 2000 Image Compression (Lossless Only)"),
    row("1.2.840.10008.1.2.4.202",    "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)"),
    row("1.2.840.10008.1.2.4.203",    "High-Throughput JPEG 2000 Image Compression"),
    row("1.2.840.10008.1.2.5",        "RLE Lossless"),
];
