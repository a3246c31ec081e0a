//! What was before: the earlier examination, what became of each lesion, and what was not seen this time.

use jiff::tz::TimeZone;
use peony_model::Unit;
use peony_model::report::{
    Candidate, Change, Comparison, EarlierLesion, LesionReport, NotComparable, Report, Trend,
};

use super::line::{Line, one_line, written};
use super::{Paragraph, finding, number, paragraphs};
use crate::Lang;
use crate::time::date;

/// The earlier examination, earlier lesions that were not seen, and what a person wrote of others.
pub fn comparison(report: &Report, zone: &TimeZone, lang: Lang) -> Vec<Paragraph> {
    let mut lines = Vec::new();
    if let Some(comparison) = &report.comparison {
        let earlier = earlier(comparison, zone, lang);
        if comparison.holds() {
            lines.push(Line::plain(
                lang.pick(format!("Compared with {earlier}."), format!("与{earlier}对比。")),
            ));
            lines.extend(not_seen(report, comparison, lang));
        } else if comparison.asks() {
            lines.push(Line::plain(lang.pick(
                format!("Not compared with {earlier}: under the same identifier it has another name, sex or birth date."),
                format!("未与{earlier}对比：患者号相同，但姓名、性别或出生日期不同。"),
            )));
        }
    }
    lines.extend(written(&report.circumstances.comparison).into_iter().map(Line::plain));
    if lines.is_empty() {
        let none = lang.pick("No earlier study was available or compared.", "无既往检查可供对比。");
        lines.push(Line::plain(none));
    }
    paragraphs(lines)
}

/// `ultrasound of 28 May 2026 (US-26-1001)`, `2026年5月28日超声检查（US-26-1001）`.
fn earlier(comparison: &Comparison, zone: &TimeZone, lang: Lang) -> String {
    let date = date(comparison.earlier.began_ms, zone, lang);
    let number = match one_line(&comparison.earlier.number) {
        number if number.is_empty() => number,
        number => lang.pick(format!(" ({number})"), format!("（{number}）")),
    };
    lang.pick(format!("ultrasound of {date}{number}"), format!("{date}超声检查{number}"))
}

/// A line for each earlier lesion that was not seen. That it is gone is never said.
fn not_seen(report: &Report, comparison: &Comparison, lang: Lang) -> Vec<Line> {
    let open = report.printed().any(|lesion| lesion.before.is_open());
    let each = comparison.not_seen.iter().filter_map(|not_seen| {
        let then = described(comparison.earlier.lesion(not_seen.lesion)?, lang);
        let text = match &not_seen.looked_again {
            Some(_) => {
                lang.pick("not seen, also when its place was scanned again", "该处再次扫查，仍未见显示")
            }
            None => lang.pick("not seen this time: look again", "本次未见显示，请再次扫查"),
        };
        let line = Line::plain(lang.pick(format!("Earlier lesion {then}: "), format!("既往病灶{then}：")));
        Some(line.say(text, open).say(lang.pick(".", "。"), false))
    });
    each.collect()
}

/// `B (left breast, 2 o'clock, 4 cm from nipple; 8 × 6 mm; category 3)`.
fn described(then: &EarlierLesion, lang: Lang) -> String {
    let place = then.place.map(|place| finding::place_of(place, lang));
    let size = then.size.as_ref().and_then(|size| number::size(size, lang));
    let known = [place, size, category(then, lang)];
    let known: Vec<String> = known.into_iter().flatten().collect();
    let letter = one_line(&then.letter);
    match known.join(lang.pick("; ", "，")) {
        known if known.is_empty() => letter,
        known => lang.pick(format!("{letter} ({known})"), format!("{letter}（{known}）")),
    }
}

fn category(then: &EarlierLesion, lang: Lang) -> Option<String> {
    let label = then.category?.label();
    Some(lang.pick(format!("category\u{a0}{label}"), format!("{label}类")))
}

/// What a lesion was in the earlier examination, and how it changed; nothing where nobody knows.
pub fn since(report: &Report, lesion: &LesionReport, zone: &TimeZone, lang: Lang) -> Option<(String, bool)> {
    let comparison = report.comparison.as_ref().filter(|comparison| comparison.holds())?;
    let date = date(comparison.earlier.began_ms, zone, lang);
    let open = lesion.before.is_open();
    let Some(before) = lesion.before.value() else {
        // A person's word that it was not compared.
        lesion.before.said.as_ref()?;
        return Some((lang.pick(format!("Not compared with {date}"), format!("未与{date}对比")), false));
    };
    let Some(then) = before.lesion else {
        return Some((lang.pick(format!("New since {date}"), format!("与{date}比较：新发")), open));
    };
    let (then, change) = (comparison.earlier.lesion(then)?, lesion.change()?);
    let letter = one_line(&then.letter);
    let said = changed(change, comparison.days, lang);
    let category = category(then, lang)
        .map(|category| lang.pick(format!("; {category} then"), format!("；原为{category}")));
    let category = category.unwrap_or_default();
    let said = lang.pick(
        format!("Compared with {letter} of {date}: {said}{category}"),
        format!("与{date}病灶{letter}比较：{said}{category}"),
    );
    Some((said, open || lesion.size.is_open()))
}

fn changed(candidate: &Candidate, days: u32, lang: Lang) -> String {
    let (long_mm, difference_mm, ratio, trend, alarm, doubling_days) = match candidate.change {
        Change::Measured { long_mm, difference_mm, ratio, trend, alarm, doubling_days } => {
            (long_mm, difference_mm, ratio, trend, alarm, doubling_days)
        }
        Change::NotComparable { reason } => return not_comparable(reason, lang),
    };
    let [then, now] = long_mm.map(number::millimetres);
    let difference = number::signed(difference_mm, number::millimetres);
    let percent = number::signed(ratio, |ratio| number::percent(ratio, lang));
    let trend = match trend {
        Trend::Larger => lang.pick("larger", "增大"),
        Trend::Smaller => lang.pick("smaller", "缩小"),
        Trend::Same => lang.pick("no significant change", "无明显变化"),
    };
    let mm = |text: &str| number::with_unit(text, "mm", lang);
    let sizes = lang.pick(
        format!(
            "{} ({}, {percent}) over {days} days, {trend}",
            mm(&format!("{then} → {now}")),
            mm(&difference)
        ),
        format!(
            "{}（差{}，{percent}，间隔{days}天），{trend}",
            mm(&format!("{then}→{now}")),
            mm(&difference)
        ),
    );
    let rate = doubling_days.map(|rate| {
        let days = format!("{:.0}", rate.abs());
        match rate > 0.0 {
            true => lang.pick(format!(", volume doubles in {days} days"), format!("，体积倍增时间{days}天")),
            false => lang.pick(format!(", volume halves in {days} days"), format!("，体积减半时间{days}天")),
        }
    });
    let alarm = match alarm {
        true => lang.pick(
            "; a fifth larger or more since category\u{a0}3: look at the category again",
            "；3类随访中增大≥20%，请重新评估分类",
        ),
        false => "",
    };
    format!("{sizes}{}{alarm}", rate.unwrap_or_default())
}

fn not_comparable(reason: NotComparable, lang: Lang) -> String {
    let reason = match reason {
        NotComparable::NoSize => lang.pick("size unknown", "大小未知"),
        NotComparable::NoScale => lang.pick("scale unknown", "比例未知"),
    };
    lang.pick(format!("not comparable ({reason})"), format!("不可比较（{reason}）"))
}

/// The same in the cell of a table: the earlier size with its change, and whose of when it is below.
pub fn in_brief(
    report: &Report,
    lesion: &LesionReport,
    zone: &TimeZone,
    lang: Lang,
) -> Option<(String, bool)> {
    let comparison = report.comparison.as_ref().filter(|comparison| comparison.holds())?;
    let Some(then) = lesion.before.value()?.lesion else {
        return Some((lang.pick("new", "新发").to_owned(), lesion.before.is_open()));
    };
    let (then, change) = (comparison.earlier.lesion(then)?, lesion.change()?);
    let letter: String = one_line(&then.letter).chars().take(3).collect();
    let date = date(comparison.earlier.began_ms, zone, lang);
    let size = match (change.change, then.size) {
        (Change::Measured { long_mm: [then, _], ratio, .. }, _) => {
            let percent = number::signed(ratio, |ratio| number::percent(ratio, lang));
            let then = number::with_unit(&number::millimetres(then), "mm", lang);
            lang.pick(format!("{then} ({percent})"), format!("{then}（{percent}）"))
        }
        (Change::NotComparable { .. }, Some(size)) if size.unit == Unit::Millimetre => {
            number::with_unit(&number::millimetres(size.long), "mm", lang)
        }
        (Change::NotComparable { .. }, _) => lang.pick("not comparable", "不可比较").to_owned(),
    };
    Some((
        format!("{size}\n{letter}{}{date}", lang.pick(", ", "，")),
        lesion.before.is_open() || lesion.size.is_open(),
    ))
}
