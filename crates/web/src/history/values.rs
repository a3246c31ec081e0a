//! Values that people changed, in the words of their fields.

use peony_encode::Lang;
use peony_encode::narrative::value;
use peony_examination::{BreastWord, Change, FieldName, FieldWord, TextField};
use peony_model::Side;
use peony_model::report::{Before, Report};

use super::ChangeRow;
use crate::wire::Words;

/// One change, for the page; the report says which earlier lesions there are.
pub(super) fn change(change: &Change, report: &Report) -> ChangeRow {
    let (field, [before, after], proposed) = match change {
        Change::Text { field, before, after } => {
            (text_field(*field), [before, after].map(|said| text(*field, said)), false)
        }
        Change::Field { before, proposed, after, .. } => {
            (lesion_field(after.name()), [before, after].map(|said| word(said, report)), *proposed)
        }
        Change::Breast { side, before, after } => (
            breast_field(*side, after),
            [before, after].map(|said| match said {
                BreastWord::Tissue(of) => of.map(|word| said_by(|lang| value::lexicon(&[word], lang))),
                BreastWord::Axilla(of) => of.map(|axilla| said_by(|lang| value::axilla(&axilla, lang))),
            }),
            false,
        ),
        Change::Probe { before, after } => {
            let place = |lang, place| value::place(place, lang);
            (
                ["Place", "位置"],
                [before, after].map(|said| said.map(|at| said_by(|lang| place(lang, at)))),
                false,
            )
        }
        Change::Depth { before, after } => {
            (["Depth", "深度"], [before, after].map(|said| said.and_then(length)), false)
        }
        Change::Examined { side, before, after } => {
            let field = match side {
                Side::Left => ["Left breast", "左乳"],
                Side::Right => ["Right breast", "右乳"],
            };
            let said = |examined: bool| {
                words(if examined { ["examined", "已检查"] } else { ["not examined", "未检查"] })
            };
            (field, [before, after].map(|examined| examined.map(said)), false)
        }
    };
    ChangeRow { field: words(field), before, proposed, after }
}

fn words([en, zh]: [&str; 2]) -> Words {
    Words { en: en.to_owned(), zh: zh.to_owned() }
}

/// The same in both languages.
fn alike(text: &str) -> Words {
    words([text, text])
}

fn said_by(say: impl Fn(Lang) -> String) -> Words {
    Words { en: say(Lang::En), zh: say(Lang::Zh) }
}

fn length(mm: f32) -> Option<Words> {
    Some(Words { en: value::length(mm, Lang::En)?, zh: value::length(mm, Lang::Zh)? })
}

/// The labels are those of the form.
fn text_field(field: TextField) -> [&'static str; 2] {
    match field {
        TextField::Id => ["Identifier", "患者号"],
        TextField::Name => ["Name", "姓名"],
        TextField::Sex => ["Sex", "性别"],
        TextField::BirthDate => ["Birth date", "出生日期"],
        TextField::Institution => ["Institution", "机构"],
        TextField::Number => ["Examination no.", "检查号"],
        TextField::Indication => ["Asked for", "检查原因"],
        TextField::History => ["History", "病史"],
        TextField::Device => ["Machine", "设备"],
        TextField::Comparison => ["Compared with", "对比检查"],
    }
}

fn text(field: TextField, said: &str) -> Option<Words> {
    if said.trim().is_empty() {
        return None;
    }
    Some(match (field, said) {
        (TextField::Sex, "F") => words(["female", "女"]),
        (TextField::Sex, "M") => words(["male", "男"]),
        (TextField::Sex, "O") => words(["other", "其他"]),
        (TextField::Indication, said) => said_by(|lang| value::indication(said, lang).to_owned()),
        (_, said) => alike(said),
    })
}

fn breast_field(side: Side, word: &BreastWord) -> [&'static str; 2] {
    match (word, side) {
        (BreastWord::Tissue(_), Side::Right) => ["Right breast, background", "右乳背景回声"],
        (BreastWord::Tissue(_), Side::Left) => ["Left breast, background", "左乳背景回声"],
        (BreastWord::Axilla(_), Side::Right) => ["Right axilla", "右侧腋窝"],
        (BreastWord::Axilla(_), Side::Left) => ["Left axilla", "左侧腋窝"],
    }
}

fn lesion_field(field: Option<FieldName>) -> [&'static str; 2] {
    match field {
        Some(FieldName::Place) => ["Place", "位置"],
        Some(FieldName::DepthMm) => ["Depth", "深度"],
        Some(FieldName::Size) => ["Size", "大小"],
        Some(FieldName::Before) => ["Before", "先前"],
        Some(FieldName::Shape) => ["Shape", "形态"],
        Some(FieldName::Orientation) => ["Orientation", "方位"],
        Some(FieldName::Margin) => ["Margin", "边缘"],
        Some(FieldName::Echo) => ["Echo pattern", "回声"],
        Some(FieldName::Posterior) => ["Posterior", "后方回声"],
        Some(FieldName::Calcification) => ["Calcifications", "钙化"],
        Some(FieldName::Boundary) => ["Boundary", "边界"],
        Some(FieldName::Associated) => ["Associated", "伴随征象"],
        Some(FieldName::Vascularity) => ["Blood flow", "血流"],
        Some(FieldName::Elasticity) => ["Elasticity", "弹性"],
        Some(FieldName::Category) => ["Category", "分类"],
        Some(FieldName::Advice) => ["Advice", "建议"],
        None => ["Reason", "理由"],
    }
}

fn word(said: &FieldWord, report: &Report) -> Option<Words> {
    let lexicon =
        |of: &[peony_model::Word]| (!of.is_empty()).then(|| said_by(|lang| value::lexicon(of, lang)));
    match said {
        FieldWord::Place(place) => place.map(|place| said_by(|lang| value::place(place, lang))),
        FieldWord::DepthMm(mm) => mm.and_then(length),
        FieldWord::Size(size) => {
            let size = size.as_ref()?;
            Some(Words { en: value::size(size, Lang::En)?, zh: value::size(size, Lang::Zh)? })
        }
        FieldWord::Before(before) => before.as_ref().map(|before| earlier(before, report)),
        FieldWord::Shape(of)
        | FieldWord::Orientation(of)
        | FieldWord::Echo(of)
        | FieldWord::Posterior(of)
        | FieldWord::Elasticity(of)
        | FieldWord::Boundary(of) => of.and_then(|word| lexicon(&[word])),
        FieldWord::Margin(of)
        | FieldWord::Calcification(of)
        | FieldWord::Associated(of)
        | FieldWord::Vascularity(of) => of.as_deref().and_then(lexicon),
        FieldWord::Category(category) => {
            category.map(|category| said_by(|lang| value::category(category, lang)))
        }
        FieldWord::Advice(advice) => {
            advice.map(|advice| said_by(|lang| value::advice(advice, lang).to_owned()))
        }
        FieldWord::DowngradeReason(text) => (!text.trim().is_empty()).then(|| alike(text)),
    }
}

/// Which lesion of the earlier examination it was.
fn earlier(before: &Before, report: &Report) -> Words {
    let Some(lesion) = before.lesion else { return words(["new", "新发"]) };
    let compared = report.comparison.as_ref().map(|comparison| &comparison.earlier);
    let known = compared.filter(|earlier| earlier.examination == before.examination);
    let letter =
        known.and_then(|earlier| earlier.lesion(lesion)).map_or("?", |lesion| lesion.letter.as_str());
    Words { en: format!("earlier lesion {letter}"), zh: format!("先前病灶{letter}") }
}
