//! Paragraphs, made run by run.

use super::{Paragraph, Run};
use crate::Lang;

/// A paragraph in the making. Neighbours that stand alike become one run.
#[derive(Default)]
pub struct Line {
    runs: Vec<Run>,
}

impl Line {
    /// A line of the program's or a person's words.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::default().say(text, false)
    }

    /// Adds words; `proposed` where they rest on an open proposal of the machine.
    pub fn say(mut self, text: impl AsRef<str>, proposed: bool) -> Self {
        let text = text.as_ref();
        match self.runs.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.proposed == proposed => last.text.push_str(text),
            _ => self.runs.push(Run { text: text.to_owned(), proposed }),
        }
        self
    }

    /// Adds `said`, and `link` before it where something stands already. A space between two proposals belongs to them.
    pub fn join(self, link: &str, said: Option<(String, bool)>) -> Self {
        let Some((text, proposed)) = said else { return self };
        match self.runs.last() {
            None => self.say(text, proposed),
            Some(last) => {
                let within = link == " " && last.proposed && proposed;
                self.say(link, within).say(text, proposed)
            }
        }
    }

    /// Adds all of another line.
    pub fn then(self, other: Self) -> Self {
        other.runs.into_iter().fold(self, |line, run| line.say(run.text, run.proposed))
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The paragraph; `None` where nothing was said.
    pub fn paragraph(self, lesion: Option<u32>) -> Option<Paragraph> {
        (!self.runs.is_empty()).then_some(Paragraph { lesion, runs: self.runs })
    }
}

/// `a, b and c`; `a、b、c`.
pub fn list(words: &[&str], lang: Lang) -> String {
    match (lang, words) {
        (Lang::En, [first @ .., last]) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        (Lang::En, words) => words.join(", "),
        (Lang::Zh, words) => words.join("、"),
    }
}

/// The lines of a text that a person wrote, without what cannot be printed: control characters become spaces, marks that turn the
/// direction of what follows go, and empty lines are left out.
pub fn written(text: &str) -> Vec<String> {
    text.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(one_line).filter(|line| !line.is_empty()).collect()
}

/// As [`written`], in one line.
pub fn one_line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = text
        .chars()
        .filter(|c| !turns(*c))
        .map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c })
        .collect();
    // Only what separates words is folded: a no-break space is a person's choice.
    kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_that_stand_alike_are_one_run() {
        let line = Line::plain("A: ").say("", true).say("oval", true).say(" mass", true).say(".", false);
        let runs = line.paragraph(None).unwrap().runs;
        let runs: Vec<_> = runs.iter().map(|run| (run.text.as_str(), run.proposed)).collect();
        assert_eq!(runs, [("A: ", false), ("oval mass", true), (".", false)]);
        assert!(Line::default().say("", true).paragraph(None).is_none());
    }

    #[test]
    fn a_list_reads_as_the_language_has_it() {
        assert_eq!(list(&["a"], Lang::En), "a");
        assert_eq!(list(&["a", "b"], Lang::En), "a and b");
        assert_eq!(list(&["a", "b", "c"], Lang::En), "a, b and c");
        assert_eq!(list(&["a", "b"], Lang::Zh), "a、b");
        assert_eq!(list(&[], Lang::En), "");
    }

    #[test]
    fn what_cannot_be_printed_is_left_out() {
        assert_eq!(one_line(" a\0b\t\tc \u{202e}evil\u{202c} "), "a b c evil");
        assert_eq!(written("one\r\n\n two \u{2028}three"), ["one", "two", "three"]);
    }
}
