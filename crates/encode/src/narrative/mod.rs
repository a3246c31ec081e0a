//! The sentences of a report.
//!
//! The order is that of a report of breast ultrasound: notices, indication, history, technique and limits, comparison,
//! background echotexture, findings a breast (right, then left), axillary nodes, impression a breast, overall category, advice,
//! the machine's record. A section without a sentence is left out, and a slot without a value prints nothing: "not assessed" never reads as "absent".

mod boxes;
mod breast;
mod circumstances;
mod comparison;
mod conclusion;
mod finding;
mod line;
pub(crate) mod number;
mod record;
pub mod value;
mod words;

use jiff::tz::TimeZone;
use peony_model::Side;
use peony_model::report::Report;
use serde::Serialize;

use crate::Lang;
pub(crate) use boxes::printed_as_boxes;
pub(crate) use comparison::in_brief;
pub(crate) use finding::category;
use line::Line;
pub(crate) use line::{one_line, written};
pub use words::scale_source;

/// The line on every screen, report and object (clinical reference, 7).
#[must_use]
pub fn safety(lang: Lang) -> &'static str {
    lang.pick(
        "Research use only. Not a medical device. AI proposals need review and signature by a qualified physician.",
        "仅供研究使用，非医疗器械。AI建议须由有资质医师审核并签名。",
    )
}

/// What stands over a report that is not the one that was signed.
#[must_use]
pub fn altered(lang: Lang) -> &'static str {
    lang.pick(
        "Not what was signed: this differs from the signed content",
        "与签名内容不符：以下内容与签名时不同",
    )
}

/// The line on every page of a report that nobody has signed (clinical reference, 2).
#[must_use]
pub fn draft(lang: Lang) -> &'static str {
    lang.pick("AI draft, not reviewed by a physician", "AI生成草稿，未经医师审核")
}

/// A report in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Narrative {
    /// In the order of a report; none is empty.
    pub sections: Vec<Section>,
}

/// A part of the report with its heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Section {
    /// `notice`, `indication`, `history`, `technique`, `comparison`, `tissue`, `findings_right`, `findings_left`,
    /// `findings_unplaced`, `nodes`, `impression`, `overall`, `advice` or `record`.
    pub key: &'static str,
    /// As it is printed.
    pub heading: String,
    /// At least one.
    pub paragraphs: Vec<Paragraph>,
}

/// A paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Paragraph {
    /// The lesion it describes.
    #[cfg_attr(feature = "schema", schema(required))]
    pub lesion: Option<u32>,
    /// At least one; none is empty.
    pub runs: Vec<Run>,
}

/// Words that stand alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Run {
    /// The words.
    pub text: String,
    /// They rest on a proposal of the machine to which nobody has said anything: dashed, or underlined with dots.
    pub proposed: bool,
}

impl Paragraph {
    /// The words of all runs.
    #[must_use]
    pub fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

/// The report in words. Dates are those of this machine's zone.
#[must_use]
pub fn narrative(report: &Report, lang: Lang) -> Narrative {
    narrative_in(report, lang, &TimeZone::system())
}

/// The same with the dates of a zone.
pub(crate) fn narrative_in(report: &Report, lang: Lang, zone: &TimeZone) -> Narrative {
    let sections = [
        section("notice", lang.pick("Notice", "声明"), circumstances::notice(report, lang)),
        section("indication", lang.pick("Indication", "检查目的"), circumstances::indication(report, lang)),
        section("history", lang.pick("History", "病史"), circumstances::history(report)),
        section(
            "technique",
            lang.pick("Technique and limits", "方法与局限"),
            circumstances::technique(report, lang),
        ),
        section("comparison", lang.pick("Comparison", "对比"), comparison::comparison(report, zone, lang)),
        section("tissue", lang.pick("Background", "背景回声"), breast::tissue(report, lang)),
        section(
            "findings_right",
            words::breast(Side::Right, lang),
            finding::breast(report, Side::Right, zone, lang),
        ),
        section(
            "findings_left",
            words::breast(Side::Left, lang),
            finding::breast(report, Side::Left, zone, lang),
        ),
        section(
            "findings_unplaced",
            lang.pick("Side not given", "侧别未定"),
            finding::unplaced(report, zone, lang),
        ),
        section("nodes", lang.pick("Axillary nodes", "腋窝淋巴结"), breast::nodes(report, lang)),
        section("impression", lang.pick("Impression", "超声印象"), conclusion::impression(report, lang)),
        section("overall", lang.pick("Overall", "总评"), conclusion::overall(report, lang)),
        section("advice", lang.pick("Advice", "建议"), conclusion::advice(report, lang)),
        section("record", lang.pick("Machine's record", "AI记录"), record::record(report, lang)),
    ];
    Narrative { sections: sections.into_iter().flatten().collect() }
}

fn section(key: &'static str, heading: &str, paragraphs: Vec<Paragraph>) -> Option<Section> {
    (!paragraphs.is_empty()).then(|| Section { key, heading: heading.to_owned(), paragraphs })
}

/// Paragraphs that speak of no lesion.
fn paragraphs(lines: impl IntoIterator<Item = Line>) -> Vec<Paragraph> {
    lines.into_iter().filter_map(|line| line.paragraph(None)).collect()
}
