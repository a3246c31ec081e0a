//! The transfer syntaxes that are read (PS3.5 Annex A, PS3.6 Annex A), as a table.

use std::fmt;

use crate::DicomError;

/// How the elements of a data set are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// No value representation in the file, little endian (PS3.5 §A.1).
    ImplicitLittle,
    /// Value representations in the file, little endian (PS3.5 §A.2).
    ExplicitLittle,
    /// Value representations in the file, big endian (PS3.5 §A.3, retired).
    ExplicitBig,
}

/// How the pixels of one frame are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// As they are (PS3.5 §8.1).
    Native,
    /// Run lengths of byte planes (PS3.5 Annex G).
    Rle,
    /// JPEG with a cosine transform (ITU-T T.81), eight bits.
    Jpeg,
    /// JPEG process 14, lossless, 2 to 16 bits.
    JpegLossless,
    /// JPEG-LS (ITU-T T.87), one component.
    JpegLs,
    /// JPEG 2000 part 1 (ITU-T T.800).
    Jpeg2000,
    /// JPEG XL (ISO/IEC 18181), recompressed JPEG among them.
    JpegXl,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "uncompressed",
            Self::Rle => "RLE",
            Self::Jpeg => "JPEG",
            Self::JpegLossless => "JPEG lossless",
            Self::JpegLs => "JPEG-LS",
            Self::Jpeg2000 => "JPEG 2000",
            Self::JpegXl => "JPEG XL",
        })
    }
}

/// A transfer syntax that is read.
#[derive(Debug, PartialEq, Eq)]
pub struct TransferSyntax {
    /// Its UID.
    pub uid: &'static str,
    /// How elements are written.
    pub encoding: Encoding,
    /// The data set is deflated (PS3.5 §A.5).
    pub deflated: bool,
    /// How the pixels of a frame are written.
    pub codec: Codec,
}

const fn row(uid: &'static str, encoding: Encoding, deflated: bool, codec: Codec) -> TransferSyntax {
    TransferSyntax { uid, encoding, deflated, codec }
}

#[rustfmt::skip] // One syntax a line: it is read as a table.
static TABLE: [TransferSyntax; 19] = {
    use Codec::{Jpeg, Jpeg2000, JpegLossless, JpegLs, JpegXl, Native, Rle};
    use Encoding::{ExplicitBig, ExplicitLittle, ImplicitLittle};
    [
        row("1.2.840.10008.1.2",       ImplicitLittle, false, Native),
        row("1.2.840.10008.1.2.1",     ExplicitLittle, false, Native),
        row("1.2.840.10008.1.2.1.98",  ExplicitLittle, false, Native), // encapsulated uncompressed
        row("1.2.840.10008.1.2.1.99",  ExplicitLittle, true,  Native),
        row("1.2.840.10008.1.2.2",     ExplicitBig,    false, Native),
        row("1.2.840.10008.1.2.5",     ExplicitLittle, false, Rle),
        row("1.2.840.10008.1.2.4.50",  ExplicitLittle, false, Jpeg), // baseline
        row("1.2.840.10008.1.2.4.51",  ExplicitLittle, false, Jpeg), // extended: eight bits only
        row("1.2.840.10008.1.2.4.53",  ExplicitLittle, false, Jpeg), // spectral selection, retired
        row("1.2.840.10008.1.2.4.55",  ExplicitLittle, false, Jpeg), // full progression, retired
        row("1.2.840.10008.1.2.4.57",  ExplicitLittle, false, JpegLossless), // process 14
        row("1.2.840.10008.1.2.4.70",  ExplicitLittle, false, JpegLossless), // process 14, first predictor
        row("1.2.840.10008.1.2.4.80",  ExplicitLittle, false, JpegLs), // lossless
        row("1.2.840.10008.1.2.4.81",  ExplicitLittle, false, JpegLs), // near-lossless
        row("1.2.840.10008.1.2.4.90",  ExplicitLittle, false, Jpeg2000), // lossless
        row("1.2.840.10008.1.2.4.91",  ExplicitLittle, false, Jpeg2000),
        row("1.2.840.10008.1.2.4.110", ExplicitLittle, false, JpegXl), // lossless
        row("1.2.840.10008.1.2.4.111", ExplicitLittle, false, JpegXl), // recompressed JPEG
        row("1.2.840.10008.1.2.4.112", ExplicitLittle, false, JpegXl),
    ]
};

impl TransferSyntax {
    /// The syntax of a UID as the file writes it (padding allowed).
    ///
    /// # Errors
    /// [`DicomError::UnsupportedSyntax`], with nothing of the value but digits and dots.
    pub fn of(uid: &[u8]) -> Result<&'static Self, DicomError> {
        let uid = clean(uid);
        TABLE.iter().find(|syntax| syntax.uid == uid).ok_or_else(|| {
            // PS3.5 §8.2.5 to §8.2.14: MPEG-2, H.264 and HEVC have 4.100 to 4.108.
            let video = uid.strip_prefix("1.2.840.10008.1.2.4.10").is_some_and(|rest| {
                rest.len() == 1
                    || rest.starts_with(|c: char| c.is_ascii_digit()) && rest[1..].starts_with('.')
            });
            DicomError::UnsupportedSyntax { uid, video }
        })
    }
}

/// What a UID is made of, out of what a file has in its place: nothing else comes back out.
pub(crate) fn clean(uid: &[u8]) -> String {
    uid.iter().take(64).map(|b| char::from(*b)).filter(|c| c.is_ascii_digit() || *c == '.').collect()
}

/// How elements are written, whether deflated, and whose signature begins a frame, where that is known: for any syntax, also where its pixels
/// are not decoded here. Whatever is compressed is explicit little endian (PS3.5 §A.4).
pub(crate) fn layout(uid: &str) -> (Encoding, bool, Option<Codec>) {
    if let Some(known) = TABLE.iter().find(|syntax| syntax.uid == uid) {
        return (known.encoding, known.deflated, Some(known.codec));
    }
    match uid {
        // JPIP: references, in deflated data sets (PS3.5 §A.7).
        "1.2.840.10008.1.2.4.95" | "1.2.840.10008.1.2.4.205" => (Encoding::ExplicitLittle, true, None),
        // JPEG 2000 part 2, and high-throughput JPEG 2000: the same code stream begins a frame.
        "1.2.840.10008.1.2.4.92"
        | "1.2.840.10008.1.2.4.93"
        | "1.2.840.10008.1.2.4.201"
        | "1.2.840.10008.1.2.4.202"
        | "1.2.840.10008.1.2.4.203" => (Encoding::ExplicitLittle, false, Some(Codec::Jpeg2000)),
        _ => (Encoding::ExplicitLittle, false, None),
    }
}
