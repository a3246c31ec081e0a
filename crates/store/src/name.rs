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

/// Where the scripts begin that are written without spaces between family and given name: kana, ideographs, Hangul.
const JOINED_FROM: char = '\u{3040}';

/// A component group as people write it, where they write it in one (王小明); `None` where that is another script, or how it stands already.
pub(crate) fn joined(group: &str) -> Option<String> {
    let in_one = group.starts_with(|first| first >= JOINED_FROM) && group.contains(['^', ' ']);
    in_one.then(|| group.chars().filter(|letter| !matches!(letter, '^' | ' ')).collect())
}

/// The words of a [`key`]; an ideographic name is one word a component.
pub(crate) fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split(['=', '^', ' ', ',', '-']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("", None),
        ] {
            assert_eq!(joined(group).as_deref(), expect, "{group}");
        }
    }
}
