//! What a person's values may be.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use peony_model::report::{Axilla, LymphNode, Size, ThirdAxis};
use peony_model::{Feature, Place, Unit, Word, is_hidden};

use crate::act::{Act, BreastWord, EnteredDepth, FieldWord};

/// No breast is larger, mm; nor is what is found in one.
const LARGEST_MM: f32 = 300.0;
/// Nothing smaller is seen or measured by ultrasound, mm.
const SMALLEST_MM: f32 = 0.5;
/// But a cortex may be as thin as one shows it, mm.
const THINNEST_MM: f32 = 0.1;
/// No picture is larger, pixels.
const LARGEST_PX: f32 = 10_000.0;
/// Nobody is older, years.
const OLDEST: i16 = 130;

/// The longest text of a person, bytes.
const LONGEST_TEXT: usize = 10_000;
/// The longest name, identifier or number, bytes: what DICOM takes of a name (PS3.5 §6.2), whatever its letters.
const LONGEST_NAME: usize = 256;

/// What stands between the lines of a text, and within them.
const ENDS_OF_LINES: [char; 5] = ['\n', '\r', '\t', '\u{2028}', '\u{2029}'];

/// Why a name is refused that cannot be seen.
pub const BLANK: &str = "name: it is empty or has something to be seen";
/// Why axes in the wrong order are refused.
pub const AXES: &str = "short: it is at most long";

/// Whether every value of an act can be; says in one line why not.
pub(crate) fn check(act: &Act) -> Result<(), &'static str> {
    let texts: Vec<&str> = match act {
        Act::SetPatient { patient } => {
            vec![&patient.id, &patient.name, &patient.sex, &patient.birth_date]
        }
        Act::SetCircumstances { circumstances } => vec![
            &circumstances.institution,
            &circumstances.number,
            &circumstances.indication,
            &circumstances.history,
            &circumstances.device,
            &circumstances.comparison,
        ],
        Act::Say { word: FieldWord::DowngradeReason(text), .. } | Act::Add { text } => vec![text],
        Act::Sign { name, licence, .. } => vec![name, licence],
        _ => Vec::new(),
    };
    if texts.iter().any(|text| text.len() > LONGEST_TEXT) {
        return Err("text: too long");
    }
    let in_text = |letter| is_hidden(letter) && !ENDS_OF_LINES.contains(&letter);
    if texts.iter().any(|text| text.contains(in_text)) {
        return Err("text: it holds characters that cannot be seen");
    }
    if matches!(act, Act::SetPatient { patient } if is_blank(&patient.name)) {
        return Err(BLANK);
    }
    let names = names(act);
    if names.iter().any(|name| name.contains(is_hidden)) {
        return Err(
            "text: a name, an identifier or a number is one line and holds no characters that cannot be seen",
        );
    }
    let headings: &[&String] = match act {
        Act::SetCircumstances { circumstances } => &[&circumstances.institution, &circumstances.device],
        _ => &[],
    };
    if headings.iter().any(|heading| heading.contains(is_hidden)) {
        return Err("text: an institution or a device is one line");
    }
    if names.iter().any(|name| name.len() > LONGEST_NAME) {
        return Err("text: a name, an identifier or a number has at most 256 bytes");
    }
    match act {
        Act::Sign { name, .. } if name.trim().is_empty() => Err("name: say who signs"),
        Act::Add { text } if text.trim().is_empty() => Err("text: an addendum says something"),
        Act::SetPatient { patient } if !["", "F", "M", "O"].contains(&patient.sex.as_str()) => {
            Err("sex: it is F, M, O or empty")
        }
        Act::SetPatient { patient } => of_birth_date(&patient.birth_date, today()),
        Act::SetProbe { place } => of_place(*place),
        Act::SetDepth { depth: Some(depth) } => of_depth(depth),
        Act::Confirm { fields, .. } if fields.is_empty() => Err("fields: say which are confirmed"),
        Act::Join { lesion, into } if lesion == into => Err("into: a lesion is one with itself already"),
        Act::KeepApart { lesion, from } if lesion == from => Err("from: a lesion is one with itself"),
        Act::Say { word, .. } => of_word(word),
        Act::SayOfBreast { word, .. } => of_breast(word),
        _ => Ok(()),
    }
}

/// Blanks are no name: in a list nobody would see whose examination it is.
fn is_blank(text: &str) -> bool {
    !text.is_empty() && text.trim().is_empty()
}

/// By what somebody or something is told apart.
fn names(act: &Act) -> Vec<&String> {
    match act {
        Act::SetPatient { patient } => vec![&patient.id, &patient.name],
        Act::SetCircumstances { circumstances } => vec![&circumstances.number],
        Act::Sign { name, licence, .. } => vec![name, licence],
        _ => Vec::new(),
    }
}

/// The same act without a length of -0.0, which is one and the same as 0 and would be printed as less.
pub(crate) fn unsigned_zeros(mut act: Act) -> Act {
    let length = match &mut act {
        Act::SetProbe { place } | Act::Say { word: FieldWord::Place(Some(place)), .. } => {
            place.from_nipple_mm.as_mut()
        }
        Act::Say { word: FieldWord::DepthMm(Some(mm)), .. } => Some(mm),
        Act::Say { word: FieldWord::Size(Some(Size { third: Some(third), .. })), .. } => third.error.as_mut(),
        _ => None,
    };
    if let Some(length) = length {
        // IEEE 754: the sum of both zeros is the positive one.
        *length += 0.0;
    }
    act
}

/// Today in UTC.
fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn of_birth_date(text: &str, today: Date) -> Result<(), &'static str> {
    // `jiff` reads further forms; a journal keeps one.
    let written = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = text.parse::<Date>().ok().filter(|_| written);
    match date {
        _ if text.is_empty() => Ok(()),
        None => Err("birth_date: it is YYYY-MM-DD or empty"),
        // East of Greenwich the next day has come already.
        Some(date) if date > today.saturating_add(1.day()) => Err("birth_date: it does not lie ahead"),
        Some(date) if date < today.saturating_sub(OLDEST.years()) => {
            Err("birth_date: it lies at most 130 years back")
        }
        Some(_) => Ok(()),
    }
}

fn of_place(place: Place) -> Result<(), &'static str> {
    match place.from_nipple_mm {
        Some(mm) if !(0.0..=LARGEST_MM).contains(&mm) => Err("from_nipple_mm: it lies between 0 and 300"),
        _ => Ok(()),
    }
}

fn of_depth(depth: &EnteredDepth) -> Result<(), &'static str> {
    if !EnteredDepth::RANGE_MM.contains(&depth.depth_mm) {
        return Err("depth_mm: it lies between 10 and 200");
    }
    // A frame's height is far below the 2^24 pixels that are exact.
    let is_within = depth.height_px <= depth.size_px[1] as f32;
    if is_within && depth.scale().is_ok() {
        Ok(())
    } else {
        Err("height_px: no picture of this depth has such pixels")
    }
}

/// A lesion with one bad part of its edge is not circumscribed, and one that has something has not none of it.
const ALONE: [Word; 4] =
    [Word::Circumscribed, Word::NoCalcification, Word::NoAssociated, Word::NoVascularity];

fn of(feature: Feature, words: &[Word]) -> Result<(), &'static str> {
    if words.iter().any(|word| word.feature() != feature) {
        return Err("value: this word belongs to another field");
    }
    if words.iter().enumerate().any(|(nth, word)| words[..nth].contains(word)) {
        return Err("value: one of these words is there twice");
    }
    let is_contrary =
        words.iter().any(|word| ALONE.contains(word) && words.iter().any(|other| other != word));
    if is_contrary { Err("value: one of these words excludes all others of its field") } else { Ok(()) }
}

fn of_breast(word: &BreastWord) -> Result<(), &'static str> {
    match word {
        BreastWord::Tissue(Some(word)) => of(Feature::Tissue, &[*word]),
        BreastWord::Axilla(Some(Axilla { node: Some(node) })) => of_node(node),
        BreastWord::Tissue(None) | BreastWord::Axilla(_) => Ok(()),
    }
}

fn of_node(node: &LymphNode) -> Result<(), &'static str> {
    let axes = [node.long_mm, node.short_mm];
    if !axes.into_iter().flatten().all(|mm| (SMALLEST_MM..=LARGEST_MM).contains(&mm)) {
        return Err("node: every axis lies between 0.5 and 300");
    }
    if node.cortex_mm.is_some_and(|mm| !(THINNEST_MM..=LARGEST_MM).contains(&mm)) {
        return Err("cortex_mm: it lies between 0.1 and 300");
    }
    if node.long_mm.zip(node.short_mm).is_some_and(|(long, short)| short > long) {
        return Err("short_mm: it is at most long_mm");
    }
    let across = node.short_mm.or(node.long_mm);
    if node.cortex_mm.zip(across).is_some_and(|(cortex, across)| cortex > across) {
        return Err("cortex_mm: no cortex is thicker than its node");
    }
    Ok(())
}

fn of_word(word: &FieldWord) -> Result<(), &'static str> {
    match word {
        FieldWord::Place(Some(place)) => of_place(*place),
        FieldWord::DepthMm(Some(mm)) if !(0.0..=LARGEST_MM).contains(mm) => {
            Err("depth_mm: it lies between 0 and 300")
        }
        FieldWord::Size(Some(size)) => of_size(size),
        FieldWord::Shape(Some(word)) => of(Feature::Shape, &[*word]),
        FieldWord::Orientation(Some(word)) => of(Feature::Orientation, &[*word]),
        FieldWord::Margin(Some(words)) => of(Feature::Margin, words),
        FieldWord::Echo(Some(word)) => of(Feature::Echo, &[*word]),
        FieldWord::Posterior(Some(word)) => of(Feature::Posterior, &[*word]),
        FieldWord::Calcification(Some(words)) => of(Feature::Calcification, words),
        FieldWord::Boundary(Some(word)) => of(Feature::Boundary, &[*word]),
        FieldWord::Associated(Some(words)) => of(Feature::Associated, words),
        FieldWord::Vascularity(Some(words)) => of(Feature::Vascularity, words),
        FieldWord::Elasticity(Some(word)) => of(Feature::Elasticity, &[*word]),
        _ => Ok(()),
    }
}

fn of_size(size: &Size) -> Result<(), &'static str> {
    let range = match size.unit {
        Unit::Millimetre => SMALLEST_MM..=LARGEST_MM,
        Unit::Pixel => 1.0..=LARGEST_PX,
        Unit::CubicCentimetre | Unit::One => {
            return Err("unit: a size is in mm, or in {pixels} without a scale");
        }
    };
    let third = size.third.map(|ThirdAxis { extent, .. }| extent);
    if ![Some(size.long), Some(size.short), third].into_iter().flatten().all(|axis| range.contains(&axis)) {
        return Err("size: every axis lies between 0.5 and 300 mm, or between 1 and 10000 pixels");
    }
    if size.short > size.long {
        return Err(AXES);
    }
    match size.third {
        Some(ThirdAxis { extent, error: Some(error), .. }) if !(0.0..=extent).contains(&error) => {
            Err("error: it lies between 0 and the extent")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn say(field: &str, value: &str) -> Result<(), &'static str> {
        let act =
            format!(r#"{{"act": "say", "lesion": 1, "word": {{"field": "{field}", "value": {value}}}}}"#);
        check(&serde_json::from_str(&act).expect(&act))
    }

    #[test]
    fn sizes_are_lengths_in_their_order() {
        const UNIT: &str = "unit: a size is in mm, or in {pixels} without a scale";
        const AXIS: &str = "size: every axis lies between 0.5 and 300 mm, or between 1 and 10000 pixels";
        const ERROR: &str = "error: it lies between 0 and the extent";
        let third = |extent: &str, error: &str| {
            format!(
                r#""long": 20, "short": 5, "third": {{"extent": {extent}, "error": {error}, "simulated": true}}, "unit": "mm""#
            )
        };
        for (size, expect) in [
            (r#""long": 20, "short": 5, "unit": "mm""#.to_owned(), Ok(())),
            (r#""long": 20, "short": 20, "unit": "mm""#.to_owned(), Ok(())),
            (r#""long": 0.5, "short": 0.5, "unit": "mm""#.to_owned(), Ok(())),
            (r#""long": 900, "short": 301, "unit": "{pixels}""#.to_owned(), Ok(())),
            (r#""long": 20, "short": 5, "unit": "cm3""#.to_owned(), Err(UNIT)),
            (r#""long": 20, "short": 5, "unit": "1""#.to_owned(), Err(UNIT)),
            (r#""long": 5, "short": 20, "unit": "mm""#.to_owned(), Err(AXES)),
            (r#""long": 9999, "short": 20, "unit": "mm""#.to_owned(), Err(AXIS)),
            (r#""long": 20, "short": 1e-7, "unit": "mm""#.to_owned(), Err(AXIS)),
            (r#""long": 20, "short": 0.9, "unit": "{pixels}""#.to_owned(), Err(AXIS)),
            (r#""long": -20, "short": -30, "unit": "mm""#.to_owned(), Err(AXIS)),
            (third("30", "null"), Ok(())),
            (third("30", "30"), Ok(())),
            (third("30", "-5"), Err(ERROR)),
            (third("30", "1e30"), Err(ERROR)),
            (third("1e-7", "null"), Err(AXIS)),
        ] {
            assert_eq!(say("size", &format!("{{{size}}}")), expect, "{size}");
        }
    }

    #[test]
    fn no_word_stands_twice_in_a_field() {
        let twice = Err("value: one of these words is there twice");
        assert_eq!(say("margin", r#"["margin.indistinct", "margin.spiculated"]"#), Ok(()));
        assert_eq!(
            say("margin", r#"["margin.spiculated", "margin.indistinct", "margin.spiculated"]"#),
            twice
        );
        assert_eq!(say("margin", r#"["margin.circumscribed", "margin.circumscribed"]"#), twice);
        assert_eq!(say("vascularity", r#"["vascularity.rim", "vascularity.rim"]"#), twice);
    }

    #[test]
    fn no_cortex_is_thicker_than_its_node() {
        let of = |node: &str| {
            let act = format!(
                r#"{{"act": "say_of_breast", "side": "left", "word": {{"field": "axilla", "value": {{"node": {{{node}}}}}}}}}"#
            );
            check(&serde_json::from_str(&act).expect(&act))
        };
        let thick = Err("cortex_mm: no cortex is thicker than its node");
        for (node, expect) in [
            (r#""long_mm": 12, "short_mm": 5, "cortex_mm": 2.1, "hilum": "kept""#, Ok(())),
            (r#""long_mm": 12, "short_mm": 5, "cortex_mm": 5, "hilum": "lost""#, Ok(())),
            (r#""long_mm": 12, "short_mm": 5, "cortex_mm": 5.1, "hilum": null"#, thick),
            (r#""long_mm": 12, "short_mm": null, "cortex_mm": 200, "hilum": null"#, thick),
            (r#""long_mm": null, "short_mm": null, "cortex_mm": 3, "hilum": null"#, Ok(())),
            (
                r#""long_mm": null, "short_mm": null, "cortex_mm": 1e-7, "hilum": null"#,
                Err("cortex_mm: it lies between 0.1 and 300"),
            ),
            (
                r#""long_mm": 5, "short_mm": 12, "cortex_mm": null, "hilum": null"#,
                Err("short_mm: it is at most long_mm"),
            ),
            (
                r#""long_mm": 301, "short_mm": null, "cortex_mm": null, "hilum": null"#,
                Err("node: every axis lies between 0.5 and 300"),
            ),
        ] {
            assert_eq!(of(node), expect, "{node}");
        }
    }

    #[test]
    fn names_and_numbers_are_one_line_that_is_seen() {
        let acts = |text: &str| {
            let text = serde_json::to_string(text).unwrap_or_default();
            [
                format!(r#"{{"act": "set_patient", "patient": {{"name": {text}}}}}"#),
                format!(r#"{{"act": "set_patient", "patient": {{"id": {text}}}}}"#),
                format!(r#"{{"act": "set_circumstances", "circumstances": {{"number": {text}}}}}"#),
                format!(r#"{{"act": "set_circumstances", "circumstances": {{"institution": {text}}}}}"#),
                format!(r#"{{"act": "set_circumstances", "circumstances": {{"device": {text}}}}}"#),
                format!(r#"{{"act": "sign", "role": "examiner", "name": {text}}}"#),
                format!(r#"{{"act": "sign", "role": "examiner", "name": "Dr Test", "licence": {text}}}"#),
            ]
        };
        let of = |act: &str| check(&serde_json::from_str(act).expect(act));
        for line in ["王^小明", "می\u{200C}خواهم", "A-17/3"] {
            acts(line).iter().for_each(|act| assert_eq!(of(act), Ok(()), "{act}"));
        }
        for none in ["a\nb", "a\rb", "a\tb", "a\u{2028}b", "a\0b", "a\u{202E}b", "a\u{85}b"] {
            acts(none).iter().for_each(|act| assert!(of(act).is_err(), "{act}"));
        }
        let of_history = |text: &str| {
            let circumstances =
                peony_model::report::Circumstances { history: text.into(), ..Default::default() };
            check(&Act::SetCircumstances { circumstances })
        };
        assert_eq!(of_history("two\nlines\tand a tab"), Ok(()));
        assert!(of_history("a\u{202E}b").is_err());
    }

    #[test]
    fn a_length_of_less_than_nothing_is_nothing() {
        let depth = |act| match act {
            Act::Say { word: FieldWord::DepthMm(mm), .. } => mm,
            _ => None,
        };
        let negative = Act::Say { lesion: 1, word: FieldWord::DepthMm(Some(-0.0)) };
        let positive = depth(unsigned_zeros(negative)).map(f32::is_sign_positive);
        assert_eq!(positive, Some(true));
    }

    #[test]
    fn a_birth_date_is_a_day_of_the_last_130_years() {
        let of = |text| of_birth_date(text, date(2026, 11, 26));
        for fits in ["", "1979-03-04", "2024-02-29", "2026-11-26", "2026-11-27", "1896-11-26"] {
            assert_eq!(of(fits), Ok(()), "{fits}");
        }
        for ahead in ["2026-11-28", "2090-01-01"] {
            assert_eq!(of(ahead), Err("birth_date: it does not lie ahead"), "{ahead}");
        }
        for long_ago in ["1896-11-25", "1066-10-14", "0001-01-01"] {
            assert_eq!(of(long_ago), Err("birth_date: it lies at most 130 years back"), "{long_ago}");
        }
        for none in
            ["1979", "1979-3-4", "1979-13-01", "2025-02-29", "19790304", "1979-03-04T10", "-979-03-04"]
        {
            assert_eq!(of(none), Err("birth_date: it is YYYY-MM-DD or empty"), "{none}");
        }
    }
}
