//! Days as a key says them.

use std::ops::Range;

use jiff::civil;

/// Whether a value of a key asks for a day, or a range of days (PS3.4 §C.2.2.2.5); nothing, or a star, asks for any.
#[must_use]
pub fn is_days(value: &str) -> bool {
    let is_day = |day: &str| day.is_empty() || is_day(day);
    let value = value.trim();
    value == "*"
        || value.split_once('-').map_or_else(|| is_day(value), |(from, to)| is_day(from) && is_day(to))
}

/// Whether a text is a day of the calendar, as YYYYMMDD.
#[must_use]
pub fn is_day(text: &str) -> bool {
    if text.len() != 8 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return false;
    }
    let number = |at: Range<usize>| text.get(at)?.parse::<i16>().ok();
    let day = || {
        civil::Date::new(number(0..4)?, number(4..6)?.try_into().ok()?, number(6..8)?.try_into().ok()?).ok()
    };
    day().is_some()
}
