//! Letters that are in no name.

/// What no screen shows, or what turns the letters around it, the ends of lines among it: one name would read as another. The joiners that some
/// scripts need are none of them.
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_told_from_what_scripts_need() {
        for hidden in [
            "\0",
            "a\u{202E}b",
            "\u{200B}",
            "\u{FEFF}a",
            "\u{2066}a",
            "a\u{7F}",
            "a\nb",
            "a\tb",
            "a\u{2028}b",
        ] {
            assert!(hidden.contains(is_hidden), "{hidden:?}");
        }
        for seen in ["王^小明", "José", "محمد", "می\u{200C}خواهم", "क्\u{200D}ष", "𠮷 㐱"]
        {
            assert!(!seen.contains(is_hidden), "{seen:?}");
        }
    }
}
