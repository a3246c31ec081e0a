//! Matching in memory (PS3.4 §C.2.2.2), for what is few enough to be looked at one after the other: orders.

use std::ops::RangeInclusive;

use peony_dicom::{Attribute, Attributes, Tag, VR};

use crate::name::{joined, key as name_key};

/// Scheduled Procedure Step Start Date and Time.
pub const START_DATE: Tag = Tag(0x0040, 0x0002);
/// See [`START_DATE`].
pub const START_TIME: Tag = Tag(0x0040, 0x0003);
/// Scheduled Station AE Title.
pub const STATION: Tag = Tag(0x0040, 0x0001);

/// Whether an entity matches all keys. A key that the entity does not know at all matches.
#[must_use]
pub fn matches(keys: &Attributes, entity: &Attributes) -> bool {
    let period = period_of(keys);
    if let Some(period) = &period {
        let [day, time] = [START_DATE, START_TIME].map(|tag| entity.get(&tag).map_or("", first));
        let is_in = if time.is_empty() {
            (&period.start()[..8]..=&period.end()[..8]).contains(&day)
        } else {
            period.contains(&format!("{day}{time:0<6}"))
        };
        if !day.is_empty() && !is_in {
            return false;
        }
    }
    let is_done = |tag: Tag| period.is_some() && [START_DATE, START_TIME].contains(&tag);
    keys.iter().filter(|(tag, _)| !is_done(**tag)).all(|(tag, key)| match entity.get(tag) {
        Some(_) if is_universal(key) => true,
        // Whose station nobody has said is for every station, and whose time, for the whole day.
        Some(known) if [STATION, START_TIME].contains(tag) && known.values.is_empty() => true,
        Some(known) if key.vr == VR::SQ => {
            key.items.iter().all(|keys| known.items.iter().any(|item| matches(keys, item)))
        }
        Some(known) => fits(key, known),
        None => true,
    })
}

/// Whether something is asked by a key that the entity does not know: matching passes it over.
#[must_use]
pub fn passes_over(keys: &Attributes, entity: &Attributes) -> bool {
    keys.iter().filter(|(_, key)| !is_universal(key)).any(|(tag, key)| match entity.get(tag) {
        None => true,
        Some(known) => key.items.iter().zip(&known.items).any(|(keys, item)| passes_over(keys, item)),
    })
}

/// What is said of an entity that matches: every key, empty where it is not known; of a sequence the items that match, whole where nothing of them is
/// asked for by name.
#[must_use]
pub fn said_of(keys: &Attributes, entity: &Attributes) -> Attributes {
    let said = keys.iter().map(|(tag, key)| match entity.get(tag) {
        None => attribute(*tag, Vec::new()),
        Some(known) => {
            let Some(keys) = key.items.first() else { return (*tag, known.clone()) };
            let items = known.items.iter().filter(|item| matches(keys, item));
            (*tag, Attribute { items: items.map(|item| said_of(keys, item)).collect(), ..known.clone() })
        }
    });
    said.collect()
}

/// Date and time as two ranges are one period, from the first time of the first date to the last time of the last (PS3.4 Table K.6-1).
fn period_of(keys: &Attributes) -> Option<RangeInclusive<String>> {
    let range = |tag| first(keys.get(&tag)?).split_once('-');
    let ((first_date, last_date), (first_time, last_time)) = (range(START_DATE)?, range(START_TIME)?);
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let from = format!("{:0<8}{:0<6}", digits(first_date), digits(first_time));
    Some(from..=format!("{:9<8}{:9<6}", digits(last_date), digits(last_time)))
}

fn is_universal(key: &Attribute) -> bool {
    if key.vr == VR::SQ {
        return key.items.iter().all(|item| item.values().all(is_universal));
    }
    key.values.iter().all(|value| value.is_empty() || (takes_wildcards(key.vr) && value == "*"))
}

fn attribute(tag: Tag, values: Vec<String>) -> (Tag, Attribute) {
    (tag, Attribute::of(tag, values))
}

fn first(attribute: &Attribute) -> &str {
    attribute.values.first().map_or("", String::as_str)
}

fn takes_wildcards(vr: VR) -> bool {
    matches!(vr, VR::AE | VR::CS | VR::LO | VR::LT | VR::PN | VR::SH | VR::ST | VR::UC | VR::UR | VR::UT)
}

fn fits(key: &Attribute, known: &Attribute) -> bool {
    let any = |fits: &dyn Fn(&str, &str) -> bool| {
        // An empty one among others asks for nothing.
        let asked = key.values.iter().filter(|key| !key.is_empty());
        asked
            .flat_map(|key| known.values.iter().map(move |known| (key, known)))
            .any(|(key, known)| fits(key, known))
    };
    match key.vr {
        VR::DA | VR::TM | VR::DT => any(&in_range),
        VR::PN => any(&|key, known| fits_name(&name_key(key), &name_key(known))),
        vr if takes_wildcards(vr) => any(&like),
        _ => any(&|key, known| key == known),
    }
}

/// A name in one group is that of any; in several each that is said is that of the same place (PS3.5 §6.2.1).
fn fits_name(key: &str, known: &str) -> bool {
    let fits =
        |key: &str, group: &str| like(key, group) || joined(group).is_some_and(|in_one| like(key, &in_one));
    let mut groups = known.split('=');
    if key.contains('=') {
        key.split('=').all(|key| {
            let group = groups.next().unwrap_or_default();
            key.is_empty() || fits(key, group)
        })
    } else {
        like(key, known) || groups.any(|group| fits(key, group))
    }
}

/// A date or time, or a range of them; what is less exact stands for all that it may be.
fn in_range(key: &str, known: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (from, to) = key.split_once('-').unwrap_or((key, key));
    let known = format!("{:0<14}", digits(known));
    format!("{:0<14}", digits(from)) <= known && known <= format!("{:9<14}", digits(to))
}

/// `*` stands for any letters, `?` for one.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Where the last star stands, and up to where it reaches so far.
    let mut star = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((star_at, reach)) = star else { return false };
                star = Some((star_at, reach + 1));
                at = star_at + 1;
                seen = reach + 1;
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Tag = Tag(0x0010, 0x0010);
    const STEPS: Tag = Tag(0x0040, 0x0100);
    const LOCATION: Tag = Tag(0x0040, 0x0011);

    fn of(said: &[(Tag, &str)]) -> Attributes {
        said.iter()
            .map(|(tag, text)| attribute(*tag, text.split('\\').map(str::to_owned).collect()))
            .collect()
    }

    fn within(item: Attributes) -> Attributes {
        [(STEPS, Attribute { vr: VR::SQ, values: Vec::new(), items: vec![item] })].into()
    }

    fn order() -> Attributes {
        let mut order = within(of(&[(START_DATE, "20261126"), (START_TIME, "0930"), (STATION, "US_1")]));
        order.extend(of(&[(NAME, "WANG^FANG=王^芳")]));
        order
    }

    #[test]
    fn keys_match_as_the_standard_says() {
        for (tag, key, expected) in [
            (NAME, "wang^f*", true),
            (NAME, "王*", true),
            (NAME, "王芳", true),
            (NAME, "王方", false),
            (NAME, "WANG", false),
            (NAME, "*", true),
            (NAME, "L?*", false),
            (NAME, "=王*", true),
            (NAME, "=王^芳", true),
            (NAME, "=王芳", true),
            (NAME, "WANG^FANG=王^芳", true),
            (NAME, "W*=王*", true),
            (NAME, "W*=", true),
            (NAME, "L*=王*", false),
            (NAME, "==*", true),
            (NAME, "==王*", false),
        ] {
            assert_eq!(matches(&of(&[(tag, key)]), &order()), expected, "{key}");
        }
        for (keys, expected) in [
            (vec![(STATION, "US_1")], true),
            (vec![(STATION, "us_1")], false),
            (vec![(STATION, "US_?")], true),
            (vec![(START_DATE, "20261126")], true),
            (vec![(START_DATE, "20261125\\")], false),
            (vec![(START_DATE, "20261120-20261125")], false),
            (vec![(START_DATE, "20261120-")], true),
            (vec![(START_DATE, "-20261126")], true),
            (vec![(START_TIME, "09")], true),
            (vec![(START_TIME, "10-12")], false),
            (vec![(START_TIME, "0900-093000")], true),
            // One period: the time is one of the first and of the last day.
            (vec![(START_DATE, "20261125-20261127"), (START_TIME, "1000-0800")], true),
            (vec![(START_DATE, "20261126-20261127"), (START_TIME, "1000-0800")], false),
            (vec![(START_DATE, "20261126"), (START_TIME, "10-12")], false),
            (vec![(STATION, "US_1"), (START_DATE, "20261125")], false),
        ] {
            assert_eq!(matches(&within(of(&keys)), &order()), expected, "{keys:?}");
        }
    }

    #[test]
    fn what_is_not_known_matches_is_passed_over_and_said_to_be_empty() {
        let keys = within(of(&[(LOCATION, "ROOM 4"), (STATION, "")]));
        assert!(matches(&keys, &order()) && passes_over(&keys, &order()));
        assert!(!passes_over(&within(of(&[(LOCATION, "")])), &order()));
        let said = said_of(&keys, &order());
        let step = &said[&STEPS].items[0];
        assert_eq!((said.len(), step.len()), (1, 2));
        assert!(step[&LOCATION].values.is_empty() && step[&STATION].values == ["US_1"]);
        let whole = said_of(&[attribute(STEPS, Vec::new())].into(), &order());
        assert!(whole[&STEPS].items == order()[&STEPS].items);
    }

    #[test]
    fn an_order_without_a_station_is_for_every_station() {
        let mut order = order();
        if let Some(steps) = order.get_mut(&STEPS) {
            steps.items[0].insert(STATION, attribute(STATION, Vec::new()).1);
        }
        assert!(matches(&within(of(&[(STATION, "US_7")])), &order));
        assert!(!matches(&within(of(&[(STATION, "US_7"), (START_DATE, "20261125")])), &order));
    }

    #[test]
    fn an_order_without_a_time_is_for_its_whole_day() {
        let mut order = order();
        if let Some(steps) = order.get_mut(&STEPS) {
            steps.items[0].insert(START_TIME, attribute(START_TIME, Vec::new()).1);
        }
        for (keys, expected) in [
            (vec![(START_TIME, "10-12")], true),
            (vec![(START_DATE, "20261126"), (START_TIME, "10-12")], true),
            (vec![(START_DATE, "20261125"), (START_TIME, "10-12")], false),
            (vec![(START_DATE, "20261126-20261127"), (START_TIME, "1000-0800")], true),
            (vec![(START_DATE, "20261127-20261128"), (START_TIME, "1000-0800")], false),
            (vec![(START_DATE, "-20261126"), (START_TIME, "1000-")], true),
            (vec![(START_DATE, "王-"), (START_TIME, "-")], true),
        ] {
            assert_eq!(matches(&within(of(&keys)), &order), expected, "{keys:?}");
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_their_letters() {
        let (pattern, text) = ("*a".repeat(40), "a".repeat(39));
        assert!(!like(&pattern, &text) && like("*a*a*", &text) && like("", "") && !like("", "a"));
    }
}
