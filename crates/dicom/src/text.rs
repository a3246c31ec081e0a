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

    /// A text as it is shown. Bytes that are none in this set are shown as such; where no set is said, see [`unsaid`].
    #[must_use]
    pub fn decode(&self, vr: VR, bytes: &[u8]) -> String {
        let set = if self.0 == SpecificCharacterSet::default() { unsaid(bytes) } else { self.0.clone() };
        let decoded = if has_character_set(vr) { set.decode(bytes).ok() } else { None };
        without_escapes(decoded.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned()))
    }
}

/// The character set of a text in a data set that says none. Such a text is plain ASCII by PS3.5 §6.1.2.1, and what has other bytes breaks the rule:
/// machines that are set to Chinese write it in GBK or UTF-8 all the same. UTF-8 is hardly anything else by chance. Characters of GBK are two bytes, the
/// first of them, and of the common ones both, from 0x81 on: where all such bytes come in pairs it is that, so that single accented letters of Latin-1 stay
/// what they are. A guess that is wrong harms only what was unreadable before.
fn unsaid(bytes: &[u8]) -> SpecificCharacterSet {
    let mut runs = bytes.split(u8::is_ascii).filter(|run| !run.is_empty()).peekable();
    if runs.peek().is_none() {
        SpecificCharacterSet::default()
    } else if str::from_utf8(bytes).is_ok() {
        SpecificCharacterSet::ISO_IR_192
    } else if runs.all(|run| run.len() % 2 == 0) {
        SpecificCharacterSet::from_code("GB18030").unwrap_or_default()
    } else {
        SpecificCharacterSet::default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_set_is_said_chinese_is_read_all_the_same() {
        let none = Characters::default();
        let name = |bytes: &[u8]| none.decode(VR::PN, bytes);
        let gbk = b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB";
        assert_eq!(name(gbk), "Wang^XiaoDong=王^小东");
        assert_eq!(name("Wang^XiaoDong=王^小东".as_bytes()), "Wang^XiaoDong=王^小东");
        assert_eq!(name(b"M\xFCller^Ren\xE9"), "Müller^René");
        assert_eq!(name(b"Wang^Xiao"), "Wang^Xiao");
        // What is said counts, whatever the bytes look like.
        let latin = Characters::of(&["ISO_IR 100".to_owned()]);
        assert_eq!(latin.decode(VR::PN, b"\xCD\xF5"), "Íõ");
    }
}
