//! Coded concepts: the words that other systems understand.

use serde::Serialize;

/// A coded concept (PS3.3 §8): value, scheme, meaning. Values hold at most 16 characters, meanings at most 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Code {
    /// Code Value (0008,0100).
    pub value: &'static str,
    /// Coding Scheme Designator (0008,0102): `SCT`, `DCM`, `BI`, `UCUM`, or `99PEONY` for our own.
    pub scheme: &'static str,
    /// Code Meaning (0008,0104), English.
    pub meaning: &'static str,
}

impl Code {
    /// A region that the machine marks without saying what it is: a lesion (CID 6064 has mass and non-mass as
    /// children; the first model tells neither).
    pub const LESION: Self = Self { value: "52988006", scheme: "SCT", meaning: "Lesion" };

    /// A concept of our own scheme, for what DICOM has no code for.
    #[must_use]
    pub const fn local(value: &'static str, meaning: &'static str) -> Self {
        Self { value, scheme: "99PEONY", meaning }
    }
}
