//! What a person's values may be.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use peony_model::report::{Axilla, LymphNode, Size, ThirdAxis};
use peony_model::{Feature, Place, Word};

use crate::act::{Act, BreastWord, EnteredDepth, FieldWord};

/// No breast is larger, mm; nor is what is found in one.
const LARGEST_MM: f32 = 300.0;
/// Nobody is older, years.
const OLDEST: i16 = 130;

/// The longest text of a person, bytes.
const LONGEST_TEXT: usize = 10_000;
/// The longest name, identifier or number, bytes: what DICOM takes of a name (PS3.5 §6.2), whatever its letters.
const LONGEST_NAME: usize = 256;

/// Why a name is refused that cannot be seen.
pub const BLANK: &str = "name: it is empty or has something to be seen";

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
    if texts.iter().any(|text| text.contains(is_hidden)) {
        return Err("text: it holds characters that cannot be seen");
    }
    let names: &[&String] = match act {
        Act::SetPatient { patient } => &[&patient.id, &patient.name],
        Act::SetCircumstances { circumstances } => &[&circumstances.number],
        Act::Sign { name, licence, .. } => &[name, licence],
        _ => &[],
    };
    if names.iter().any(|name| name.len() > LONGEST_NAME) {
        return Err("text: a name, an identifier or a number has at most 256 bytes");
    }
    match act {
        Act::Sign { name, .. } if name.trim().is_empty() => Err("name: say who signs"),
        Act::Add { text } if text.trim().is_empty() => Err("text: an addendum says something"),
        Act::SetPatient { patient } if is_blank(&patient.name) => Err(BLANK),
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

/// What no screen shows, or what turns the letters around it: one name would read as another. The joiners that some scripts need are
/// none of them.
fn is_hidden(letter: char) -> bool {
    let shown = matches!(letter, '\n' | '\r' | '\t' | '\u{200C}' | '\u{200D}');
    let hidden = matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
    !shown && (hidden || letter.is_control())
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
    let lengths = [node.long_mm, node.short_mm, node.cortex_mm];
    let fits = lengths.into_iter().flatten().all(|mm| mm > 0.0 && mm <= LARGEST_MM);
    let across = node.long_mm.zip(node.short_mm).is_none_or(|(long, short)| short <= long);
    match (fits, across) {
        (false, _) => Err("node: every length is greater than 0 and at most 300"),
        (_, false) => Err("short_mm: it is at most long_mm"),
        _ => Ok(()),
    }
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
    let third = size.third.map(|ThirdAxis { extent, .. }| extent);
    let axes = [Some(size.long), Some(size.short), third];
    let fits = axes.into_iter().flatten().all(|axis| axis > 0.0 && axis <= 10_000.0);
    if fits { Ok(()) } else { Err("size: every axis is greater than 0 and at most 10000") }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_cannot_be_seen_is_in_no_text() {
        for hidden in ["\0", "a\u{202E}b", "\u{200B}", "\u{FEFF}a", "\u{2066}a", "a\u{7F}"] {
            assert!(hidden.contains(is_hidden), "{hidden:?}");
        }
        for seen in ["王^小明", "José", "محمد", "می\u{200C}خواهم", "क्\u{200D}ष", "two\nlines\tand a tab"]
        {
            assert!(!seen.contains(is_hidden), "{seen:?}");
        }
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
