//! What is said of a breast beside its lesions: the background of its echoes, and the lymph nodes of its armpit.

use peony_model::report::{Axilla, BreastReport, Hilum, LymphNode, Report};
use peony_model::{Side, Word};

use super::line::Line;
use super::{Paragraph, number, paragraphs, words};
use crate::Lang;

/// A sentence for each breast of which somebody said it, or one for both where they are alike.
pub fn tissue(report: &Report, lang: Lang) -> Vec<Paragraph> {
    let said: Vec<(Side, Word)> =
        report.breasts.iter().filter_map(|breast| Some((breast.side, *breast.tissue.value()?))).collect();
    let sentence = |of: &str, word: Word| {
        let word = words::lexicon(word, lang);
        lang.pick(format!("{of}: {word}."), format!("{of}：{word}背景回声。"))
    };
    let text = match said.as_slice() {
        [(_, one), (_, other)] if one == other => sentence(lang.pick("Both breasts", "双乳"), *one),
        each => {
            let each: Vec<String> =
                each.iter().map(|(side, word)| sentence(words::breast(*side, lang), *word)).collect();
            each.join(lang.pick(" ", ""))
        }
    };
    paragraphs([Line::plain(text)])
}

/// A sentence for each armpit that somebody looked at: nobody reads of the other one that nothing was there.
pub fn nodes(report: &Report, lang: Lang) -> Vec<Paragraph> {
    paragraphs(report.breasts.iter().filter_map(|breast| armpit(breast, lang)).map(Line::plain))
}

fn armpit(breast: &BreastReport, lang: Lang) -> Option<String> {
    let axilla = breast.axilla.value()?;
    let of = match breast.side {
        Side::Right => lang.pick("Right axilla: ", "右侧腋窝"),
        Side::Left => lang.pick("Left axilla: ", "左侧腋窝"),
    };
    Some(format!("{of}{}{}", described(axilla, lang), lang.pick(".", "。")))
}

/// `node 12 × 6 mm, cortex 2.1 mm, hilum kept`; what was not measured is left out.
pub fn described(axilla: &Axilla, lang: Lang) -> String {
    let Some(node) = axilla.node else {
        return lang.pick("no abnormal node seen", "未见异常淋巴结").to_owned();
    };
    let LymphNode { cortex_mm, hilum, .. } = node;
    let size = size(&node, lang).map(|size| format!("{}{size}", lang.pick(" ", "")));
    let cortex = cortex_mm.filter(|mm| number::is_length(*mm)).map(|mm| {
        let mm = number::with_unit(&number::tenths(mm), "mm", lang);
        lang.pick(format!("cortex {mm}"), format!("皮质{mm}"))
    });
    let hilum = hilum.map(|hilum| match hilum {
        Hilum::Kept => lang.pick("hilum kept", "淋巴门存在").to_owned(),
        Hilum::Lost => lang.pick("hilum lost", "淋巴门消失").to_owned(),
    });
    let node = format!("{}{}", lang.pick("node", "淋巴结"), size.unwrap_or_default());
    let said: Vec<String> = [Some(node), cortex, hilum].into_iter().flatten().collect();
    said.join(lang.pick(", ", "，"))
}

fn size(node: &LymphNode, lang: Lang) -> Option<String> {
    let axes = [node.long_mm, node.short_mm].into_iter().flatten().filter(|mm| number::is_length(*mm));
    let axes: Vec<String> = axes.map(number::millimetres).collect();
    (!axes.is_empty()).then(|| number::with_unit(&axes.join(lang.pick("\u{a0}×\u{a0}", "×")), "mm", lang))
}
