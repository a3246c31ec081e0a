//! Names as they are searched for: without case, accents and width.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A person's name (PS3.5 §6.2.1) as it is compared: lower case, no accents, full-width letters as plain ones, single spaces, no empty
/// components at the end. `^` and `=` stay; `*` and `?` too, so that a pattern is made the same way.
#[must_use]
pub fn key(name: &str) -> String {
    let plain = name.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase);
    // Hangul and the like were taken apart too.
    let plain: String = plain.nfc().collect();
    let groups = plain.split('=').map(|group| {
        let components =
            group.split('^').map(|component| component.split_whitespace().collect::<Vec<_>>().join(" "));
        components.collect::<Vec<_>>().join("^").trim_end_matches('^').to_owned()
    });
    groups.collect::<Vec<_>>().join("=").trim_end_matches('=').to_owned()
}

/// The component groups of a [`key`]: letters, ideographs, phonetic.
pub(crate) fn groups(key: &str) -> impl Iterator<Item = &str> {
    key.split('=').filter(|group| !group.is_empty())
}

/// Whether two [`key`]s can be one person's: of the component groups that both have each is the same, and there is one. Of a group that one of them lacks
/// it says nothing, as a machine that sends letters alone says nothing of ideographs; two that have no group in common do not say that they are one.
pub(crate) fn agree(one: &str, other: &str) -> bool {
    let groups = one.split('=').zip(other.split('='));
    let mut both = groups.filter(|(one, other)| !one.is_empty() && !other.is_empty()).peekable();
    both.peek().is_some() && both.all(|(one, other)| one == other)
}

/// Whether names are written without a space between family and given name in the script of this letter: kana, ideographs and Hangul, by the blocks of
/// Unicode that hold them. A [`key`] has them without their half-width and compatibility forms, but for ideographs that have no other.
fn is_of_joined_script(letter: char) -> bool {
    matches!(letter,
        '\u{3040}'..='\u{30FF}' // Hiragana, Katakana
        | '\u{31F0}'..='\u{31FF}' // Katakana Phonetic Extensions
        | '\u{3400}'..='\u{4DBF}' // CJK Unified Ideographs Extension A
        | '\u{4E00}'..='\u{9FFF}' // CJK Unified Ideographs
        | '\u{AC00}'..='\u{D7AF}' // Hangul Syllables
        | '\u{F900}'..='\u{FAFF}' // CJK Compatibility Ideographs
        | '\u{1B000}'..='\u{1B16F}' // Kana Supplement, Kana Extended-A, Small Kana Extension
        | '\u{20000}'..='\u{3347F}' // CJK Unified Ideographs Extensions B to J
    )
}

/// A component group as people write it, where they write it in one (王小明); `None` where that is another script, or how it stands already.
pub(crate) fn joined(group: &str) -> Option<String> {
    let in_one = group.starts_with(is_of_joined_script) && group.contains(['^', ' ']);
    in_one.then(|| group.chars().filter(|letter| !matches!(letter, '^' | ' ')).collect())
}

/// The words of a [`key`]; an ideographic name is one word a component.
pub(crate) fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split(['=', '^', ' ', ',', '-']).filter(|word| !word.is_empty())
}

/// By what a [`key`] is found: of each component group the whole (0) and its words (1); one that is written in one is a whole name and a word.
pub(crate) fn found_by(key: &str) -> impl Iterator<Item = (i64, String)> {
    let wholes = groups(key).map(|group| (0, group.to_owned()));
    let words = words(key).map(|word| (1, word.to_owned()));
    let joined = groups(key).filter_map(joined).flat_map(|name| [(0, name.clone()), (1, name)]);
    wholes.chain(words).chain(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_in_the_groups_that_both_have() {
        for (one, other, agrees) in [
            ("wang^fang=王^芳", "wang^fang", true),
            ("wang^fang=王^芳", "=王^芳", true),
            ("wang^fang==わん", "wang^fang=王^芳", true),
            ("wang^fang=王^芳=わん", "wang^fang==わん", true),
            ("wang^fang=王^芳", "wang^fang=王^方", false),
            ("wang^fang=王^芳", "li^na", false),
            ("wang^fang", "=王^芳", false),
            ("wang^fang", "wang^fang", true),
            ("wang^fang", "", false),
        ] {
            assert_eq!(agree(one, other), agrees, "{one} {other}");
            assert_eq!(agree(other, one), agrees, "{other} {one}");
        }
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        for (name, expect) in [
            ("Müller^José", "muller^jose"),
            ("WANG^XiaoDong=王^小东", "wang^xiaodong=王^小东"),
            ("Ｗａｎｇ^  Xiao   Dong ^^^", "wang^xiao dong"),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "yamada^tarou=山田^太郎=やまた^たろう"),
            ("Hong^Gildong=洪^吉洞=홍^길동", "hong^gildong=洪^吉洞=홍^길동"),
            ("", ""),
        ] {
            assert_eq!(key(name), expect, "{name}");
        }
        assert_eq!(
            words(&key("de la Cruz-Vega^Ana")).collect::<Vec<_>>(),
            ["de", "la", "cruz", "vega", "ana"]
        );
        assert_eq!(groups("a^b=c").collect::<Vec<_>>(), ["a^b", "c"]);
        for (group, expect) in [
            ("王^小 明", Some("王小明")),
            ("홍^길동", Some("홍길동")),
            ("やまた^たろう", Some("やまたたろう")),
            ("王小明", None),
            ("wang^xiaoming", None),
            // Extension B.
            ("\u{20BB7}^太郎", Some("\u{20BB7}太郎")),
            // Yi, Cherokee in small letters, Gothic, Adlam.
            ("ꆈ^ꌠ", None),
            ("ꭰ^ꭱ", None),
            ("𐌲^𐌿", None),
            ("𞤢^𞤣", None),
            ("", None),
        ] {
            assert_eq!(joined(group).as_deref(), expect, "{group}");
        }
    }
}
