//! The findings: a sentence a lesion, and what a person says of the rest of the breast.

use jiff::tz::TimeZone;
use peony_model::report::{Field, LesionReport, Report, Size};
use peony_model::{BiRads, Place, Side, Unit, Word};

use super::line::{Line, list, one_line};
use super::{Paragraph, comparison, number, words};
use crate::Lang;

/// A piece of a sentence, and whether it rests on an open proposal.
type Said = (String, bool);

/// The findings in one breast: its lesions as the report has them, then the rest.
pub fn breast(report: &Report, side: Side, zone: &TimeZone, lang: Lang) -> Vec<Paragraph> {
    let here = lesions(report, Some(side));
    let found = !here.is_empty();
    let mut paragraphs: Vec<_> =
        here.into_iter().filter_map(|lesion| sentence(report, lesion, zone, lang)).collect();
    paragraphs.extend(rest(report, side, found, lang).and_then(|line| line.paragraph(None)));
    paragraphs
}

/// Lesions whose breast nobody has told.
pub fn unplaced(report: &Report, zone: &TimeZone, lang: Lang) -> Vec<Paragraph> {
    lesions(report, None).into_iter().filter_map(|lesion| sentence(report, lesion, zone, lang)).collect()
}

/// The printed lesions of a breast, or those without one.
pub fn lesions(report: &Report, side: Option<Side>) -> Vec<&LesionReport> {
    report.printed().filter(|lesion| lesion.place.value().map(|place| place.side) == side).collect()
}

/// The category that is printed. A machine gives 2, 3, 4A to 4C and 5 only; another from it prints nothing.
pub fn category(lesion: &LesionReport) -> Option<BiRads> {
    let value = *lesion.category.value()?;
    let machine_may = matches!(
        value,
        BiRads::Cat2 | BiRads::Cat3 | BiRads::Cat4A | BiRads::Cat4B | BiRads::Cat4C | BiRads::Cat5
    );
    (machine_may || !lesion.category.is_open()).then_some(value)
}

/// A person has confirmed that this breast was examined and that nothing else was seen in it.
pub fn is_examined(report: &Report, side: Side) -> bool {
    let breast = report.breasts.iter().find(|breast| breast.side == side);
    let said = breast.and_then(|breast| breast.examined.said.as_ref());
    said.is_some_and(|said| said.value == Some(true))
}

/// What is said of a breast beside its lesions. Only a person's word makes a negative sentence; without it, a breast in
/// which nothing is described must not read as normal.
fn rest(report: &Report, side: Side, found: bool, lang: Lang) -> Option<Line> {
    let breast = report.breasts.iter().find(|breast| breast.side == side)?;
    let said = breast.examined.said.as_ref().map(|said| said.value);
    let text = match (said, found) {
        (Some(Some(true)), false) => lang.pick("No mass seen in the parts examined.", "所查部位未见肿块。"),
        (Some(Some(true)), true) => {
            lang.pick("No other mass seen in the parts examined.", "所查部位未见其他肿块。")
        }
        (Some(None), _) => lang.pick("Not assessed.", "未评估。"),
        (Some(Some(false)), _) | (None, false) => lang.pick("Not confirmed as examined.", "尚未确认已检查。"),
        (None, true) => return None,
    };
    Some(Line::plain(text))
}

fn sentence(report: &Report, lesion: &LesionReport, zone: &TimeZone, lang: Lang) -> Option<Paragraph> {
    let letter = one_line(&lesion.letter);
    let described = description(lesion, lang);
    if described.is_empty() {
        return None;
    }
    let stop = lang.pick(".", "。");
    let space = lang.pick(" ", "");
    let mut line = Line::plain(format!("{letter}{}", lang.pick(": ", "："))).then(described).say(stop, false);
    if let Some(earlier) = &lesion.may_be {
        let letter = one_line(&earlier.letter);
        let again = lang.pick(format!("May be {letter} again"), format!("可能即{letter}"));
        line = line.say(space, false).say(again, true).say(stop, false);
    }
    if let Some(volume) = volume(lesion, lang) {
        line = line.say(space, false).say(volume, lesion.size.is_open()).say(stop, false);
    }
    if let Some((since, open)) = comparison::since(report, lesion, zone, lang) {
        line = line.say(space, false).say(since, open).say(stop, false);
    }
    if let Some(category) = graded(lesion, lang) {
        line = line.say(space, false).say(category, lesion.category.is_open()).say(stop, false);
    }
    line.paragraph(Some(lesion.lesion))
}

/// Everything of the sentence between the letter and the category.
fn description(lesion: &LesionReport, lang: Lang) -> Line {
    let comma = lang.pick(", ", "，");
    let exact = lesion.depth_mm.value().is_some()
        || lesion.place.value().is_some_and(|place| place.clock.is_some() || place.from_nipple_mm.is_some());
    let at = lang.pick(": ", if exact { "处" } else { "" });
    let place = Line::default()
        .join("", place(&lesion.place, lang))
        .join(lang.pick(", ", "、"), depth(&lesion.depth_mm, lang));
    let mut line = if place.is_empty() { place } else { place.say(at, false) };
    let orientation = word(&lesion.orientation, lang);
    let shape = word(&lesion.shape, lang);
    line = line.then(noun(lesion, lang));
    line = line.join(comma, size(&lesion.size, lang));
    if lang == Lang::Zh {
        line = line.join(comma, shape);
    }
    line = line.join(comma, orientation).join(comma, margin(&lesion.margin, lang));
    line = line.join(comma, word(&lesion.boundary, lang));
    line = line.join(lang.pick("; ", "，"), word(&lesion.posterior, lang));
    line.join(lang.pick("; ", "，"), words_of(&lesion.calcification, lang))
        .join(lang.pick("; ", "，"), associated(&lesion.associated, lang))
        .join(lang.pick("; ", "，"), words_of(&lesion.vascularity, lang))
        .join(lang.pick("; ", "，"), elasticity(&lesion.elasticity, lang))
}

/// `irregular hypoechoic mass`. Shapes are those of masses: without one it is a lesion.
fn noun(lesion: &LesionReport, lang: Lang) -> Line {
    let has_shape = lesion.shape.value().is_some();
    let what = if has_shape { lang.pick("mass", "肿块") } else { lang.pick("lesion", "病灶") };
    let proposed =
        if has_shape { lesion.shape.is_open() } else { lesion.place.is_open() || lesion.size.is_open() };
    let echo = word(&lesion.echo, lang);
    match lang {
        Lang::En => Line::default()
            .join("", word(&lesion.shape, lang))
            .join(" ", echo)
            .join(" ", Some((what.to_owned(), proposed))),
        Lang::Zh => Line::plain("见").join("", echo).say(what, proposed),
    }
}

fn place(field: &Field<Place>, lang: Lang) -> Option<Said> {
    Some((place_of(*field.value()?, lang), field.is_open()))
}

/// `Left breast, 10:30 o'clock, 4 cm from nipple`.
pub fn place_of(place: Place, lang: Lang) -> String {
    let mut said = words::breast(place.side, lang).to_owned();
    if let Some(clock) = place.clock {
        let clock = clock.to_string();
        let (hour, minutes) = clock.split_once(':').unwrap_or((&clock, ""));
        let half = minutes == "30";
        said += &lang.pick(
            if half { format!(", {clock} o'clock") } else { format!(", {hour} o'clock") },
            if half { format!("{hour}点半") } else { format!("{hour}点钟") },
        );
    }
    if let Some(mm) = place.from_nipple_mm.filter(|mm| number::is_length(*mm)) {
        let cm = number::with_unit(&number::half_centimetres(mm), "cm", lang);
        said += &lang.pick(format!(", {cm} from nipple"), format!("、距乳头{cm}"));
    }
    said
}

fn depth(field: &Field<f32>, lang: Lang) -> Option<Said> {
    let depth = field.value().filter(|depth| number::is_length(**depth))?;
    let depth = number::with_unit(&number::millimetres(*depth), "mm", lang);
    Some((lang.pick(format!("{depth} deep"), format!("深{depth}")), field.is_open()))
}

fn size(field: &Field<Size>, lang: Lang) -> Option<Said> {
    let size = field.value()?;
    let axes = number::size(size, lang)?;
    let beside = match size.unit {
        Unit::Pixel => lang.pick(" (scale unknown)", "（比例未知）"),
        _ if size.third.is_some_and(|third| third.simulated) => {
            lang.pick(" (third axis simulated)", "（第三径为模拟值）")
        }
        _ => "",
    };
    Some((format!("{}{axes}{beside}", lang.pick("", "大小")), field.is_open()))
}

fn word(field: &Field<Word>, lang: Lang) -> Option<Said> {
    field.value().map(|word| (words::lexicon(*word, lang).to_owned(), field.is_open()))
}

fn words_of(field: &Field<Vec<Word>>, lang: Lang) -> Option<Said> {
    let words: Vec<_> = field.value()?.iter().map(|word| words::lexicon(*word, lang)).collect();
    (!words.is_empty()).then(|| (list(&words, lang), field.is_open()))
}

fn margin(field: &Field<Vec<Word>>, lang: Lang) -> Option<Said> {
    let (words, open) = words_of(field, lang)?;
    Some((lang.pick(format!("margin {words}"), format!("边缘{words}")), open))
}

/// `with skin thickening`, `no associated features`.
fn associated(field: &Field<Vec<Word>>, lang: Lang) -> Option<Said> {
    let (words, open) = words_of(field, lang)?;
    let none = field.value().is_some_and(|words| words.contains(&Word::NoAssociated));
    Some((if none { words } else { lang.pick(format!("with {words}"), format!("伴{words}")) }, open))
}

fn elasticity(field: &Field<Word>, lang: Lang) -> Option<Said> {
    let (word, open) = word(field, lang)?;
    Some((lang.pick(format!("elasticity {word}"), format!("弹性{word}")), open))
}

/// The simulated volume, while the size is the one it was made with.
fn volume(lesion: &LesionReport, lang: Lang) -> Option<String> {
    let [volume, error] = lesion.volume_cm3?;
    if lesion.size.value().is_none() || lesion.size.value() != lesion.size.proposed.as_ref() {
        return None;
    }
    let volume = number::with_unit(&number::cubic_centimetres(volume)?, "cm³", lang);
    let error = if number::is_length(error) {
        let error = number::percent(error.max(0.01), lang);
        lang.pick(format!(" ± {error}"), format!("±{error}"))
    } else {
        String::new()
    };
    Some(lang.pick(format!("Volume ≈{volume}{error}, simulated"), format!("体积≈{volume}{error}（模拟）")))
}

/// The category; while it is the machine's, with what the machine is unsure of.
fn graded(lesion: &LesionReport, lang: Lang) -> Option<String> {
    let category = words::category(category(lesion)?, lang);
    let chance = lesion.malignancy.filter(|_| lesion.category.is_open());
    let Some(chance) = chance else { return Some(category) };
    let chance = probability(chance, lang);
    Some(lang.pick(format!("{category} ({chance})"), format!("{category}（{chance}）")))
}

/// `malignant 62 %, 95 % interval 48–75 %`; `unsure` in place of a figure that the interval does not bear.
pub fn probability(chance: peony_model::report::Chance, lang: Lang) -> String {
    let percent = |digits: String| number::with_unit(&digits, "%", lang);
    let estimate = if number::is_unsure(chance.interval) {
        lang.pick("malignancy unsure", "恶性概率不确定").to_owned()
    } else {
        let estimate = percent(number::probability(chance.estimate));
        lang.pick(format!("malignant {estimate}"), format!("恶性概率{estimate}"))
    };
    let interval = chance.interval.map(|interval| {
        let (level, interval) = (percent("95".to_owned()), percent(number::interval(interval)));
        lang.pick(format!(", {level} interval {interval}"), format!("，{level}区间{interval}"))
    });
    estimate + &interval.unwrap_or_default()
}
