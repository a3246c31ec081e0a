//! Dates as a report prints them, in the zone of the machine that prints.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Lang;

/// `24 Nov 2026`, `2026年11月24日`.
pub fn date(at_ms: u64, zone: &TimeZone, lang: Lang) -> String {
    written(at_ms, zone, lang.pick("%-d %b %Y", "%Y年%-m月%-d日"))
}

/// `24 Nov 2026, 09:14`, `2026年11月24日 09:14`; with the offset from UTC where it counts, as under a signature.
pub fn moment(at_ms: u64, zone: &TimeZone, offset: bool, lang: Lang) -> String {
    let date = lang.pick("%-d %b %Y, %H:%M", "%Y年%-m月%-d日 %H:%M");
    let offset = if offset { " %:z" } else { "" };
    written(at_ms, zone, &format!("{date}{offset}"))
}

fn written(at_ms: u64, zone: &TimeZone, format: &str) -> String {
    let stamp = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let Some(stamp) = stamp else { return "–".to_owned() };
    stamp.to_zoned(zone.clone()).strftime(format).to_string()
}

/// Whole years from a birth date (`YYYY-MM-DD`) to a moment; `None` where the date is none or lies ahead.
pub fn age(birth_date: &str, at_ms: u64, zone: &TimeZone) -> Option<i16> {
    let birth: Date = birth_date.parse().ok()?;
    let stamp = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok())?;
    let today = stamp.to_zoned(zone.clone()).date();
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    let years = today.year() - birth.year() - i16::from(!had_birthday);
    (0..=130).contains(&years).then_some(years)
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    const BEGAN: u64 = 1_795_482_840_000;

    #[test]
    fn a_moment_is_told_in_the_zone_of_the_house() {
        let east = TimeZone::fixed(Offset::constant(8));
        assert_eq!(moment(BEGAN, &east, false, Lang::En), "24 Nov 2026, 09:14");
        assert_eq!(moment(BEGAN, &east, true, Lang::Zh), "2026年11月24日 09:14 +08:00");
        assert_eq!(moment(BEGAN, &TimeZone::UTC, true, Lang::En), "24 Nov 2026, 01:14 +00:00");
        assert_eq!(date(BEGAN, &east, Lang::En), "24 Nov 2026");
        assert_eq!(date(BEGAN, &TimeZone::UTC, Lang::Zh), "2026年11月24日");
        assert_eq!(moment(u64::MAX, &TimeZone::UTC, true, Lang::En), "–");
    }

    #[test]
    fn a_year_is_full_on_the_birthday() {
        let check = |birth, expect| assert_eq!(age(birth, BEGAN, &TimeZone::UTC), expect, "{birth}");
        check("1979-11-24", Some(47));
        check("1979-11-25", Some(46));
        check("2026-11-24", Some(0));
        check("2027-01-01", None);
        check("24.11.1979", None);
        check("", None);
    }
}
