//! Numbers as a report prints them. Values come in unrounded; half is rounded away from zero.

use peony_model::Unit;
use peony_model::report::{Size, ThirdAxis};

use crate::Lang;

/// Narrow no-break space: English sets it before % and units.
const NARROW: &str = "\u{202f}";
/// Below this many millimetres a tenth is shown.
const TENTHS_BELOW_MM: f64 = 5.0;
/// An interval wider than this says nothing that a figure would be fair to.
const UNSURE_WIDTH: f64 = 0.4;

/// The number that is meant where this one is written: 0.35, not the 0.3499999940 that is nearest to it.
fn as_written(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// Rounds half away from zero to so many decimals; a half that binary fractions miss by an ulp or two is a half.
fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    let scaled = value.abs() * scale;
    value.signum() * (scaled + 0.5 + scaled * f64::EPSILON * 4.0).floor() / scale
}

/// A number with its unit: `8 mm` with a narrow no-break space in English, `8mm` in Chinese.
pub fn with_unit(number: &str, unit: &str, lang: Lang) -> String {
    format!("{number}{}{unit}", lang.pick(NARROW, ""))
}

/// A length that can be printed: neither negative nor endless.
pub fn is_length(value: f32) -> bool {
    value.is_finite() && value >= 0.0
}

/// At how many of the twelve hours of the clock the probe stood, of the share that a report keeps; `None` for what is no share.
pub fn hours_named(share: f32) -> Option<u8> {
    // Between 0 and 12.
    (0.0..=1.0).contains(&share).then(|| (share * 12.0).round() as u8)
}

/// Whole millimetres, tenths below 5; without the unit.
pub fn millimetres(value: f32) -> String {
    let tenths = round(as_written(value), 1);
    if tenths.abs() < TENTHS_BELOW_MM {
        format!("{tenths:.1}")
    } else {
        format!("{:.0}", round(as_written(value), 0))
    }
}

/// Millimetres to the tenth, however long; without the unit.
pub fn tenths(value: f32) -> String {
    format!("{:.1}", round(as_written(value), 1))
}

/// Centimetres to the half, from millimetres: `4`, `4.5`.
pub fn half_centimetres(mm: f32) -> String {
    (round(as_written(mm) / 5.0, 0) / 2.0).to_string()
}

/// `10 × 9 × ≈10 ± 2 mm`, or `174 × 158 px`; `None` where an axis is no length. A third axis in pixels is left out: across
/// planes there are no pixels.
pub fn size(size: &Size, lang: Lang) -> Option<String> {
    if !(is_length(size.long) && is_length(size.short)) {
        return None;
    }
    let times = lang.pick("\u{a0}×\u{a0}", "×");
    match size.unit {
        Unit::Millimetre => {
            let mut axes = vec![millimetres(size.long), millimetres(size.short)];
            axes.extend(size.third.as_ref().and_then(|third| third_axis(third, lang)));
            Some(with_unit(&axes.join(times), "mm", lang))
        }
        Unit::Pixel => {
            let axes = [size.long, size.short].map(|axis| format!("{:.0}", round(as_written(axis), 0)));
            Some(with_unit(&axes.join(times), "px", lang))
        }
        Unit::CubicCentimetre | Unit::One => None,
    }
}

/// `≈10 ± 2`: the sign of a simulated axis, and an error of at least one of the last digit.
fn third_axis(third: &ThirdAxis, lang: Lang) -> Option<String> {
    if !is_length(third.extent) {
        return None;
    }
    let about = if third.simulated { "≈" } else { "" };
    let extent = millimetres(third.extent);
    let Some(error) = third.error.filter(|error| is_length(*error)) else {
        return Some(format!("{about}{extent}"));
    };
    let error = if extent.contains('.') {
        format!("{:.1}", round(as_written(error), 1).max(0.1))
    } else {
        format!("{:.0}", round(as_written(error), 0).max(1.0))
    };
    Some(format!("{about}{extent}{}{error}", lang.pick("\u{a0}±\u{a0}", "±")))
}

/// Whole percent of a ratio: `62 %` in English, `62%` in Chinese.
pub fn percent(ratio: f32, lang: Lang) -> String {
    with_unit(&format!("{:.0}", round(as_written(ratio) * 100.0, 0)), "%", lang)
}

/// Whole percent of a probability, never 0 or 100: `<1`, `62`, `>99`; without the sign.
pub fn probability(value: f32) -> String {
    match round(as_written(value) * 100.0, 0) {
        percent if percent < 1.0 => "<1".to_owned(),
        percent if percent > 99.0 => ">99".to_owned(),
        percent => format!("{percent:.0}"),
    }
}

/// `48–75`, in percent without the sign.
pub fn interval([low, high]: [f32; 2]) -> String {
    let (low, high) = (probability(low), probability(high));
    if low == high { low } else { format!("{low}–{high}") }
}

/// Whether the interval is too wide for a figure.
pub fn is_unsure(interval: Option<[f32; 2]>) -> bool {
    interval.is_some_and(|[low, high]| as_written(high) - as_written(low) > UNSURE_WIDTH)
}

/// Cubic centimetres to two significant digits: `0.50`, `1.3`, `120`; `None` for nothing.
pub fn cubic_centimetres(value: f32) -> Option<String> {
    let value = Some(as_written(value)).filter(|value| value.is_finite() && *value > 0.0)?;
    let decimals_of = |value: f64| 1 - value.log10().floor() as i32;
    let rounded = round(value, decimals_of(value));
    // Rounding may have gained a digit: 0.0996 is 0.10.
    let decimals = usize::try_from(decimals_of(rounded)).unwrap_or(0);
    Some(format!("{rounded:.decimals$}"))
}

/// A number with its sign, also where it is positive: `+2.1`, `−1`. What is written as nothing has none: `0.0`.
pub fn signed(value: f32, write: impl Fn(f32) -> String) -> String {
    let written = write(value.abs());
    let nothing = !written.contains(|character: char| ('1'..='9').contains(&character));
    let sign = if nothing {
        ""
    } else if value < 0.0 {
        "−"
    } else {
        "+"
    };
    format!("{sign}{written}")
}

/// Whole seconds.
pub fn seconds(value: f32) -> String {
    format!("{:.0}", round(as_written(value), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_a_sign_and_no_change_has_none() {
        let check = |value: f32, expect: &str| assert_eq!(signed(value, millimetres), expect);
        check(2.1, "+2.1");
        check(-12.0, "−12");
        check(0.04, "0.0");
        check(-0.04, "0.0");
        check(-0.06, "−0.1");
    }

    #[test]
    fn millimetres_are_whole_from_five_on_and_halves_go_up() {
        let check = |value: f32, expect: &str| assert_eq!(millimetres(value), expect, "{value}");
        check(10.4, "10");
        check(10.5, "11");
        check(4.94, "4.9");
        check(4.95, "5");
        check(0.35, "0.4");
        check(0.25, "0.3");
        check(0.0, "0.0");
        check(123.5, "124");
    }

    #[test]
    fn a_distance_from_the_nipple_is_told_to_half_a_centimetre() {
        let check = |mm: f32, expect: &str| assert_eq!(half_centimetres(mm), expect, "{mm}");
        check(40.0, "4");
        check(42.4, "4");
        check(42.5, "4.5");
        check(47.5, "5");
        check(1.0, "0");
    }

    #[test]
    fn a_probability_is_never_certain() {
        let check = |value: f32, expect: &str| assert_eq!(probability(value), expect, "{value}");
        check(0.0, "<1");
        check(0.0049, "<1");
        check(0.005, "1");
        check(0.62, "62");
        check(0.985, "99");
        check(0.994, "99");
        check(0.995, ">99");
        check(1.0, ">99");
        assert_eq!(interval([0.48, 0.75]), "48–75");
        assert_eq!(interval([0.0, 0.001]), "<1");
        assert!(is_unsure(Some([0.2, 0.61])) && !is_unsure(Some([0.2, 0.6])) && !is_unsure(None));
    }

    #[test]
    fn a_volume_has_two_digits_that_count() {
        let check = |value: f32, expect: Option<&str>| {
            assert_eq!(cubic_centimetres(value).as_deref(), expect, "{value}");
        };
        check(0.0996, Some("0.10"));
        check(0.534, Some("0.53"));
        check(1.25, Some("1.3"));
        check(12.5, Some("13"));
        check(124.0, Some("120"));
        check(0.0, None);
        check(f32::NAN, None);
    }

    #[test]
    fn sizes_say_what_is_simulated_and_what_has_no_scale() {
        let mm = |third| Size { long: 10.4, short: 9.4, third, unit: Unit::Millimetre };
        let third = |extent, error, simulated| Some(ThirdAxis { extent, error, simulated });
        let en = |value: Size| size(&value, Lang::En).map(|text| text.replace(['\u{a0}', '\u{202f}'], " "));
        let check = |value: Size, expect: &str| assert_eq!(en(value).as_deref(), Some(expect));
        check(mm(None), "10 × 9 mm");
        check(mm(third(10.2, Some(2.1), true)), "10 × 9 × ≈10 ± 2 mm");
        check(mm(third(10.2, Some(0.1), true)), "10 × 9 × ≈10 ± 1 mm");
        check(mm(third(4.2, Some(0.01), true)), "10 × 9 × ≈4.2 ± 0.1 mm");
        check(mm(third(8.0, None, false)), "10 × 9 × 8 mm");
        let px = Size { unit: Unit::Pixel, long: 174.2, short: 157.5, third: third(9.0, None, true) };
        check(px, "174 × 158 px");
        assert_eq!(size(&px, Lang::Zh).as_deref(), Some("174×158px"));
        assert_eq!(size(&mm(third(10.2, Some(2.1), true)), Lang::Zh).as_deref(), Some("10×9×≈10±2mm"));
        assert_eq!(size(&Size { long: f32::NAN, ..mm(None) }, Lang::En), None);
        assert_eq!(size(&Size { unit: Unit::One, ..mm(None) }, Lang::En), None);
    }

    #[test]
    fn a_percent_sign_stands_apart_in_english_only() {
        assert_eq!(percent(0.965, Lang::En), "97\u{202f}%");
        assert_eq!(percent(0.965, Lang::Zh), "97%");
    }
}
