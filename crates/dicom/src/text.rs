//! Text out of bytes, in the character set that a file says (PS3.5 §6.1).

use dicom_core::{Tag, VR};
use dicom_encoding::text::{SpecificCharacterSet, TextCodec as _};

/// Specific Character Set.
pub const CHARACTER_SET: Tag = Tag(0x0008, 0x0005);

/// The characters of a data set or of an item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Characters(pub(crate) SpecificCharacterSet);

impl Characters {
    /// Those of the values of [`CHARACTER_SET`] (PS3.5 §6.1.2). Of several, the last is the one that the others are extended with; the first is
    /// plain letters in practice.
    #[must_use]
    pub fn of(codes: &[String]) -> Self {
        let code = codes.iter().rev().find(|code| !code.is_empty());
        Self(code.and_then(|code| SpecificCharacterSet::from_code(code)).unwrap_or_default())
    }

    /// A text as it is shown. Bytes that are none in this set are shown as such.
    #[must_use]
    pub fn decode(&self, vr: VR, bytes: &[u8]) -> String {
        let decoded = if has_character_set(vr) { self.0.decode(bytes).ok() } else { None };
        without_escapes(decoded.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned()))
    }
}

/// Whether values of this representation are in the character set that is said; those of all others are plain ASCII (PS3.5 §6.1.2.2).
pub(crate) fn has_character_set(vr: VR) -> bool {
    matches!(vr, VR::LO | VR::LT | VR::PN | VR::SH | VR::ST | VR::UC | VR::UT)
}

/// What switches between the sets of a code extension (PS3.5 §6.1.2.5) is no part of a text, and no decoder takes it out. Neither is any
/// other control character.
pub(crate) fn without_escapes(text: String) -> String {
    if !text.contains(|c: char| c.is_control()) {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // ESC, intermediate characters (0x20 to 0x2F), one final character.
            '\u{1B}' => drop(letters.find(|c| !(' '..='/').contains(c))),
            '\r' | '\n' | '\t' => clean.push(letter),
            control if control.is_control() => {}
            other => clean.push(other),
        }
    }
    clean
}
