//! What the machine proposed, and what became of it.

use peony_model::report::{Field, LesionReport, MachineRecord, Report};

use super::finding::probability;
use super::line::{Line, list, one_line};
use super::{Paragraph, paragraphs, words};
use crate::Lang;

/// What a person answered to a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// There was no proposal.
    None,
    /// None yet.
    Open,
    /// The proposal was taken over.
    Kept,
    /// Another value was given, or the field was marked as not assessed.
    Changed,
}

impl Answer {
    fn to<T: PartialEq>(field: &Field<T>) -> Self {
        match (&field.proposed, &field.said) {
            (None, _) => Self::None,
            (Some(_), None) => Self::Open,
            (proposed, Some(said)) if said.value == *proposed => Self::Kept,
            _ => Self::Changed,
        }
    }
}

pub fn record(report: &Report, lang: Lang) -> Vec<Paragraph> {
    let Some(machine) = &report.machine else {
        return paragraphs([Line::plain(lang.pick("No model took part.", "未使用模型。"))]);
    };
    let models = std::iter::once(machine).chain(&report.further_machines);
    let mut lines: Vec<Line> = models.map(|machine| Line::plain(read_by(machine, lang))).collect();
    if report.partly_unread {
        let unread = lang.pick("A part was scanned without a model.", "部分扫查未使用模型。");
        lines.push(Line::plain(unread));
    }
    let edition = one_line(&report.lexicon_edition);
    if !edition.is_empty() {
        let edition = words::edition(&edition, lang).unwrap_or(&edition);
        let edition = lang.pick(format!("Lexicon: {edition}."), format!("词表版本：{edition}。"));
        lines.push(Line::plain(edition));
    }
    lines.extend(report.printed().filter_map(|lesion| of_lesion(lesion, lang)).map(Line::plain));
    let struck = report.lesions.iter().filter(|lesion| lesion.dismissed);
    lines.extend(struck.filter_map(|lesion| struck_out(lesion, lang)).map(Line::plain));
    lines.push(Line::plain(counts(report, lang)));
    paragraphs(lines)
}

fn read_by(machine: &MachineRecord, lang: Lang) -> String {
    let [model, version, engine, sha256] =
        [&machine.model, &machine.version, &machine.engine, &machine.sha256].map(|text| one_line(text));
    lang.pick(
        format!("Read by {model} {version} on {engine}, weights SHA-256 {sha256}."),
        format!("判读：{model} {version}（{engine}），权重SHA-256 {sha256}。"),
    )
}

/// The machine's figures for a lesion, and what a person put in place of its words.
fn of_lesion(lesion: &LesionReport, lang: Lang) -> Option<String> {
    let letter = one_line(&lesion.letter);
    let mut said: Vec<String> =
        lesion.malignancy.map(|chance| probability(chance, lang)).into_iter().collect();
    if lesion.sightings > 0 {
        let frames = lesion.sightings;
        said.push(lang.pick(format!("seen in {frames} frames"), format!("见于{frames}帧")));
    }
    if !lesion.joined.is_empty() {
        let letters: Vec<String> = lesion.joined.iter().map(|part| one_line(&part.letter)).collect();
        let letters = list(&letters.iter().map(String::as_str).collect::<Vec<_>>(), lang);
        said.push(lang.pick(format!("joined by a person: {letters}"), format!("人工合并：{letters}")));
    }
    let changed: Vec<&str> = answers(lesion, lang)
        .into_iter()
        .filter(|(_, answer)| *answer == Answer::Changed)
        .map(|(name, _)| name)
        .collect();
    if !changed.is_empty() {
        let changed = list(&changed, lang);
        said.push(lang.pick(format!("changed by a person: {changed}"), format!("人工更改：{changed}")));
    }
    if Answer::to(&lesion.category) == Answer::Changed {
        said.extend(proposed_category(lesion, lang));
        said.extend(reason(lesion, lang));
    }
    (!said.is_empty()).then(|| of_letter(&letter, &said, lang))
}

/// A lesion that is not printed, where a person had to say why.
fn struck_out(lesion: &LesionReport, lang: Lang) -> Option<String> {
    let reason = reason(lesion, lang)?;
    let said =
        [Some(lang.pick("struck out", "已排除").to_owned()), proposed_category(lesion, lang), Some(reason)];
    let said: Vec<String> = said.into_iter().flatten().collect();
    Some(of_letter(&one_line(&lesion.letter), &said, lang))
}

fn proposed_category(lesion: &LesionReport, lang: Lang) -> Option<String> {
    let label = lesion.category.proposed?.label();
    Some(lang.pick(format!("category proposed {label}"), format!("建议分类{label}类")))
}

fn reason(lesion: &LesionReport, lang: Lang) -> Option<String> {
    let reason = one_line(&lesion.downgrade_reason);
    (!reason.is_empty()).then(|| lang.pick(format!("reason: {reason}"), format!("原因：{reason}")))
}

fn of_letter(letter: &str, said: &[String], lang: Lang) -> String {
    let said = said.join(lang.pick("; ", "；"));
    format!("{letter}{}{said}{}", lang.pick(": ", "："), lang.pick(".", "。"))
}

/// Every field of a lesion that both may speak of.
fn answers(lesion: &LesionReport, lang: Lang) -> [(&'static str, Answer); 16] {
    [
        (lang.pick("place", "位置"), Answer::to(&lesion.place)),
        (lang.pick("depth", "深度"), Answer::to(&lesion.depth_mm)),
        (lang.pick("size", "大小"), Answer::to(&lesion.size)),
        (lang.pick("earlier lesion", "对应既往病灶"), Answer::to(&lesion.before)),
        (lang.pick("shape", "形态"), Answer::to(&lesion.shape)),
        (lang.pick("orientation", "方位"), Answer::to(&lesion.orientation)),
        (lang.pick("margin", "边缘"), Answer::to(&lesion.margin)),
        (lang.pick("echo pattern", "回声"), Answer::to(&lesion.echo)),
        (lang.pick("posterior", "后方回声"), Answer::to(&lesion.posterior)),
        (lang.pick("calcifications", "钙化"), Answer::to(&lesion.calcification)),
        (lang.pick("boundary", "边界"), Answer::to(&lesion.boundary)),
        (lang.pick("associated features", "伴随征象"), Answer::to(&lesion.associated)),
        (lang.pick("vascularity", "血流"), Answer::to(&lesion.vascularity)),
        (lang.pick("elasticity", "弹性"), Answer::to(&lesion.elasticity)),
        (lang.pick("category", "分类"), Answer::to(&lesion.category)),
        (lang.pick("advice", "建议"), Answer::to(&lesion.advice)),
    ]
}

fn counts(report: &Report, lang: Lang) -> String {
    let answers: Vec<Answer> =
        report.printed().flat_map(|lesion| answers(lesion, lang)).map(|(_, answer)| answer).collect();
    let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
    let (open, kept, changed) = (count(Answer::Open), count(Answer::Kept), count(Answer::Changed));
    let all = open + kept + changed;
    let struck = report.lesions.iter().filter(|lesion| lesion.dismissed).count();
    lang.pick(
        format!("{all} proposals: {kept} taken over, {changed} changed, {open} open; lesions struck out: {struck}."),
        format!("建议{all}项：采纳{kept}项，更改{changed}项，未答{open}项；排除病灶{struck}个。"),
    )
}
