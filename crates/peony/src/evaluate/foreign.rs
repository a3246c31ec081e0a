//! Text from outside (names of sets, devices and files), made safe for where it is written.

use std::fmt::{Display, Formatter, Result, Write};

/// For a terminal: characters that would steer it, or turn the direction of writing, are replaced.
pub struct Printable<'a>(pub &'a str);

/// For HTML, in text and in quoted attributes.
pub struct Escaped<'a>(pub &'a str);

fn steers(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.chars().try_for_each(|character| {
            f.write_char(if steers(character) { char::REPLACEMENT_CHARACTER } else { character })
        })
    }
}

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            steering if steers(steering) => f.write_char(char::REPLACEMENT_CHARACTER),
            other => f.write_char(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_is_markup_or_steers_a_terminal() {
        let check = |text: &str, html: &str, printable: &str| {
            assert_eq!(Escaped(text).to_string(), html);
            assert_eq!(Printable(text).to_string(), printable);
        };
        check("GE Logiq 7 @10-14MHz", "GE Logiq 7 @10-14MHz", "GE Logiq 7 @10-14MHz");
        check("<script>", "&lt;script&gt;", "<script>");
        check("a\" onload='x' & b", "a&quot; onload=&#39;x&#39; &amp; b", "a\" onload='x' & b");
        check(
            "\u{1b}[2J\n乳腺\u{202e}",
            "\u{fffd}[2J\u{fffd}乳腺\u{fffd}",
            "\u{fffd}[2J\u{fffd}乳腺\u{fffd}",
        );
    }
}
