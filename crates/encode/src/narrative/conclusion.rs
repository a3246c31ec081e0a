//! Impression a breast, overall category, advice.

use peony_model::report::{Advice, LesionReport, Report};
use peony_model::{BiRads, Side};

use super::finding::{category, is_examined, lesions};
use super::line::{Line, one_line};
use super::{Paragraph, paragraphs, words};
use crate::Lang;

/// A line a breast: its lesions with what their categories mean, and the highest of them.
pub fn impression(report: &Report, lang: Lang) -> Vec<Paragraph> {
    let lines = Side::BOTH.into_iter().map(|side| {
        let breast = report.breasts.iter().find(|breast| breast.side == side);
        let mut here = lesions(report, Some(side));
        let examined = is_examined(report, side);
        let of_breast = breast.and_then(|breast| breast.category);
        let of_breast = of_breast.filter(|given| may_print(*given, &here, examined));
        here.retain(|lesion| category(lesion).is_some());
        if of_breast.is_none() && here.is_empty() {
            return Line::default();
        }
        let mut line = Line::plain(format!("{}{}", words::breast(side, lang), lang.pick(": ", "：")));
        for (nth, lesion) in here.iter().enumerate() {
            let link = if nth == 0 { "" } else { lang.pick("; ", "；") };
            line = line.say(link, false).then(meaning(lesion, lang));
        }
        if let (Some(category), true) = (of_breast, here.is_empty()) {
            line = line.say(words::meaning(category, lang), false);
        }
        line = line.say(lang.pick(".", "。"), false);
        match of_breast {
            Some(category) => line
                .say(lang.pick(" ", ""), false)
                .say(words::category(category, lang), rests_on_machine(&here))
                .say(lang.pick(".", "。"), false),
            None => line,
        }
    });
    let unplaced = lesions(report, None).into_iter().filter_map(|lesion| {
        category(lesion)?;
        Some(meaning(lesion, lang).say(lang.pick(".", "。"), false))
    });
    paragraphs(lines.chain(unplaced))
}

pub fn overall(report: &Report, lang: Lang) -> Vec<Paragraph> {
    let shown = report.overall.filter(|given| {
        let all: Vec<&LesionReport> = report.printed().collect();
        // Negative or benign over all takes a person's word for every breast of the report.
        let mut sides = report.breasts.iter().map(|breast| breast.side);
        let confirmed = !report.breasts.is_empty() && sides.all(|side| is_examined(report, side));
        let benign = matches!(given, BiRads::Cat1 | BiRads::Cat2);
        may_print(*given, &all, confirmed) && (confirmed || !benign)
    });
    let Some(category) = shown else { return Vec::new() };
    let graded: Vec<&LesionReport> = report.printed().collect();
    let line = Line::default()
        .say(words::category(category, lang), rests_on_machine(&graded))
        .say(lang.pick(", ", "，"), false)
        .say(words::meaning(category, lang), rests_on_machine(&graded))
        .say(lang.pick(".", "。"), false);
    paragraphs([line])
}

/// A line for each thing that is advised, with the lesions it is advised for.
pub fn advice(report: &Report, lang: Lang) -> Vec<Paragraph> {
    let mut asked: Vec<(&'static str, bool, Vec<String>)> = Vec::new();
    for lesion in report.printed() {
        let Some(advice) = lesion.advice.value() else { continue };
        // With a category that no machine gives goes the advice that it made of it.
        if lesion.advice.is_open() && lesion.category.is_open() && category(lesion).is_none() {
            continue;
        }
        let text = words::advice(*advice, category(lesion), lang);
        let open = lesion.advice.is_open();
        let letter = one_line(&lesion.letter);
        match asked.iter_mut().find(|(other, state, _)| *other == text && *state == open) {
            Some((_, _, letters)) => letters.push(letter),
            None => asked.push((text, open, vec![letter])),
        }
    }
    let negative = report.overall == Some(BiRads::Cat1) && !overall(report, lang).is_empty();
    if asked.is_empty() && negative {
        let text = words::advice(Advice::Routine, Some(BiRads::Cat1), lang);
        return paragraphs([Line::plain(format!("{}{}", capital(text), lang.pick(".", "。")))]);
    }
    paragraphs(asked.into_iter().map(|(text, open, letters)| {
        Line::plain(letters.join(lang.pick(", ", "、")))
            .say(lang.pick(": ", "："), false)
            .say(text, open)
            .say(lang.pick(".", "。"), false)
    }))
}

/// `A, high suspicion (4C)`; `A高度可疑（4C类）`.
fn meaning(lesion: &LesionReport, lang: Lang) -> Line {
    let Some(category) = category(lesion) else { return Line::default() };
    let (meaning, label) = (words::meaning(category, lang), category.label());
    // A 2 names the benign thing.
    let is_cyst = category == BiRads::Cat2 && lesion.is_simple_cyst();
    let cyst = if is_cyst { lang.pick("simple cyst, ", "单纯囊肿，") } else { "" };
    let said = lang.pick(format!("{cyst}{meaning} ({label})"), format!("{cyst}{meaning}（{label}类）"));
    Line::plain(format!("{}{}", one_line(&lesion.letter), lang.pick(", ", "")))
        .say(said, lesion.category.is_open())
}

/// Whether the highest category of these lesions is printed: not where it comes from one that the machine may not give, and
/// category 1 only by a person's word, on the lesion or that the whole was examined.
fn may_print(given: BiRads, lesions: &[&LesionReport], examined: bool) -> bool {
    let by_lesion = lesions.iter().any(|lesion| category(lesion) == Some(given));
    let refused = lesions.iter().any(|lesion| lesion.category.value() == Some(&given));
    by_lesion || (!refused && (given != BiRads::Cat1 || examined))
}

fn rests_on_machine(lesions: &[&LesionReport]) -> bool {
    lesions.iter().any(|lesion| lesion.category.is_open())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
