//! What is read from top to bottom: head, findings beside the maps, table, conclusion, planes, record, signatures, and what was added after them. The conclusion is above the pictures,
//! of which there may be some pages: whoever opens the report sees on its first page what it comes to.

use image::GrayImage;
use jiff::tz::TimeZone;
use peony_model::report::Report;

use super::frame::LONGEST_NAME;
use super::ink::{Ink, Pen, line};
use super::page::{Flow, LEFT, RIGHT, WIDTH};
use super::text::{Align, Block, Look, Typesetter, cut};
use super::{map, plane, sign, table};
use crate::Lang;
use crate::narrative::{self, Narrative, Run, Section, one_line};
use crate::time;

const BODY: Look = Look::new(9.4);
const SMALL: Look = Look::new(8.0).ink(Ink::SECOND);
const HEADING: Look = Look::new(10.6).bold();
/// Width of the names before what was done and why.
const NAMES: f32 = 96.0;
/// An indication up to this long stands in the patient's row.
const SHORT: usize = 24;

/// Everything a part of the page needs.
pub struct Paper<'a> {
    pub flow: Flow,
    pub set: Typesetter,
    pub report: &'a Report,
    pub zone: &'a TimeZone,
    pub lang: Lang,
}

/// Sets the whole report.
pub fn set(paper: &mut Paper, pictures: &dyn Fn(u64) -> Option<GrayImage>) {
    let words = narrative::narrative_in(paper.report, paper.lang, paper.zone);
    title(paper);
    patient(paper, &words);
    circumstances(paper, &words);
    findings(paper, &words);
    paper.flow.y += 8.0;
    table::draw(&mut paper.flow, &mut paper.set, paper.report, paper.zone, paper.lang);
    conclusion(paper, &words);
    paper.flow.y += 10.0;
    plane::draw(&mut paper.flow, &mut paper.set, paper.report, pictures, paper.lang);
    record(paper, &words);
    sign::signatures(paper);
    sign::addenda(paper);
}

fn title(paper: &mut Paper) {
    let (lang, report) = (paper.lang, paper.report);
    let top = paper.flow.y;
    let title = paper.set.plain(
        lang.pick("Breast ultrasound", "乳腺超声"),
        Look::new(19.0).bold(),
        WIDTH * 0.6,
        Align::Left,
    );
    let institution = cut(&one_line(&report.circumstances.institution), 90);
    let institution = paper.set.plain(&institution, Look::new(9.4), WIDTH * 0.6, Align::Left);
    paper.flow.block_at(&title, [LEFT, top]);
    paper.flow.block_at(&institution, [LEFT, top + title.height()]);
    let date = time::moment(report.began_ms, paper.zone, false, lang);
    let number = cut(&one_line(&report.circumstances.number), 40);
    let number = match number.as_str() {
        "" => String::new(),
        number => lang.pick(format!("Examination {number}"), format!("检查号 {number}")),
    };
    let mut y = top + 5.0;
    for text in [date, number] {
        let block = paper.set.plain(&text, BODY, WIDTH * 0.38, Align::Right);
        paper.flow.block_at(&block, [RIGHT - WIDTH * 0.38, y]);
        y += block.height();
    }
    paper.flow.y = (top + title.height() + institution.height()).max(y) + 7.0;
    rule(paper, Pen::new(Ink::BLACK, 0.9));
    paper.flow.y += 7.0;
}

fn rule(paper: &mut Paper, pen: Pen) {
    let y = paper.flow.y;
    paper.flow.path(line([LEFT, y], [RIGHT, y]), None, Some(pen));
}

fn patient(paper: &mut Paper, words: &Narrative) {
    let (lang, report) = (paper.lang, paper.report);
    let patient = &report.patient;
    let name = cut(&one_line(&patient.name), LONGEST_NAME);
    let sex = match patient.sex.as_str() {
        "F" => lang.pick("female", "女"),
        "M" => lang.pick("male", "男"),
        "O" => lang.pick("other", "其他"),
        _ => "",
    };
    let age = time::age(&patient.birth_date, report.began_ms, paper.zone);
    let age = age.map(|years| lang.pick(years.to_string(), format!("{years}岁"))).unwrap_or_default();
    let comma = lang.pick(", ", "，");
    let beside: String = [sex, &age]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| format!("{comma}{text}"))
        .collect();
    let name = if name.is_empty() { lang.pick("Name not given", "姓名未填").to_owned() } else { name };
    let who = paper.set.pieces(&[(&name, BODY.bold()), (&beside, BODY)], WIDTH * 0.44, Align::Left);
    let id = cut(&one_line(&patient.id), LONGEST_NAME);
    let id = paper.set.plain(&id, BODY, WIDTH * 0.22, Align::Left);
    let why = short_indication(words).map(|text| {
        let text = lang.pick(format!("Asked for: {}", text.to_lowercase()), format!("检查目的：{text}"));
        paper.set.plain(&text, BODY, WIDTH * 0.3, Align::Right)
    });
    let top = paper.flow.y;
    let mut height = who.height().max(id.height());
    paper.flow.block_at(&who, [LEFT, top]);
    paper.flow.block_at(&id, [LEFT + WIDTH * 0.47, top]);
    if let Some(why) = why {
        paper.flow.block_at(&why, [LEFT + WIDTH * 0.7, top]);
        height = height.max(why.height());
    }
    paper.flow.y = top + height + 5.0;
    if report.simulated {
        let text = lang.pick(
            "Simulated pictures from a virtual transducer: nobody was examined.",
            "虚拟探头的模拟图像：未检查任何人。",
        );
        note(paper, text);
    }
    let added = match report.addenda.len() {
        0 => None,
        1 => {
            Some(lang.pick("An addendum follows the signatures.".to_owned(), "签名后有补充1条。".to_owned()))
        }
        more => Some(
            lang.pick(format!("{more} addenda follow the signatures."), format!("签名后有补充{more}条。")),
        ),
    };
    let boxes = narrative::printed_as_boxes(report, lang);
    [added, boxes].into_iter().flatten().for_each(|text| note(paper, &text));
}

/// A line at the head of the report that nobody may miss.
fn note(paper: &mut Paper, text: &str) {
    let block = paper.set.plain(text, Look::new(8.6).bold(), WIDTH, Align::Left);
    paper.flow.block(&block, LEFT);
    paper.flow.y += 4.0;
}

fn section<'a>(words: &'a Narrative, key: &str) -> Option<&'a Section> {
    words.sections.iter().find(|section| section.key == key)
}

/// The indication where it is short enough for the patient's row.
fn short_indication(words: &Narrative) -> Option<String> {
    let section = section(words, "indication")?;
    let text = section.paragraphs.iter().map(narrative::Paragraph::text).collect::<Vec<_>>().join(" ");
    (text.chars().count() <= SHORT).then_some(text)
}

/// Why, what came before, how, and with what limits: names at the left, text at the right.
fn circumstances(paper: &mut Paper, words: &Narrative) {
    paper.flow.y += 2.0;
    for key in ["indication", "history", "technique", "comparison", "tissue"] {
        let Some(section) = section(words, key) else { continue };
        if key == "indication" && short_indication(words).is_some() {
            continue;
        }
        let name = paper.set.plain(
            &section.heading,
            Look::new(8.0).bold().ink(Ink::SECOND),
            NAMES - 8.0,
            Align::Left,
        );
        let separator = if key == "technique" { paper.lang.pick(" ", "") } else { "\n" };
        let texts: Vec<String> = section.paragraphs.iter().map(narrative::Paragraph::text).collect();
        let text = paper.set.plain(&texts.join(separator), Look::new(8.0), WIDTH - NAMES, Align::Left);
        paper.flow.need(name.height());
        let top = paper.flow.y;
        paper.flow.block_at(&name, [LEFT, top]);
        paper.flow.block(&text, LEFT + NAMES);
        paper.flow.y += 2.5;
    }
    paper.flow.y += 3.0;
    rule(paper, Pen::new(Ink::RULE, 0.6));
    paper.flow.y += 8.0;
}

/// The findings, narrow while the maps stand beside them.
fn findings(paper: &mut Paper, words: &Narrative) {
    paper.flow.need(130.0);
    let (page, top) = (paper.flow.pages.len(), paper.flow.y);
    let maps = [RIGHT - map::WIDTH, top - 4.0];
    let bottom = top + map::draw(&mut paper.flow, &mut paper.set, paper.report, maps, paper.lang);
    heading(paper, paper.lang.pick("Findings", "超声所见"));
    for key in ["findings_right", "findings_left", "findings_unplaced", "nodes"] {
        let Some(section) = section(words, key) else { continue };
        let name = paper.set.plain(&section.heading, BODY.bold(), WIDTH * 0.5, Align::Left);
        paper.flow.need(name.height() * 2.0);
        paper.flow.block(&name, LEFT);
        for paragraph in &section.paragraphs {
            let beside = paper.flow.pages.len() == page && paper.flow.y < bottom;
            let width = if beside { WIDTH - map::WIDTH - 14.0 } else { WIDTH };
            let block = paper.set.runs(&paragraph.runs, paragraph.lesion.is_some(), BODY, width);
            paper.flow.block(&block, LEFT);
            paper.flow.y += 1.5;
        }
        paper.flow.y += 4.0;
    }
    if paper.flow.pages.len() == page {
        paper.flow.y = paper.flow.y.max(bottom + 4.0);
    }
}

/// A heading that does not stand alone at the foot of a page.
pub fn heading(paper: &mut Paper, text: &str) {
    let block = paper.set.plain(text, HEADING, WIDTH * 0.6, Align::Left);
    paper.flow.need(block.height() + 30.0);
    paper.flow.block(&block, LEFT);
    paper.flow.y += 1.0;
}

/// Impression with the overall category, then advice.
fn conclusion(paper: &mut Paper, words: &Narrative) {
    for key in ["impression", "advice"] {
        let Some(part) = section(words, key) else { continue };
        paper.flow.y += 5.0;
        heading(paper, &part.heading);
        for paragraph in &part.paragraphs {
            let block = paper.set.runs(&paragraph.runs, false, BODY, WIDTH);
            paper.flow.block(&block, LEFT);
        }
        if key == "impression" {
            overall(paper, words);
        }
    }
}

/// The overall category in bold, its box before it.
fn overall(paper: &mut Paper, words: &Narrative) {
    let Some(part) = section(words, "overall") else { return };
    let Some(category) = paper.report.overall else { return };
    let space = paper.lang.pick(": ", "：");
    for paragraph in &part.paragraphs {
        let open = paragraph.runs.iter().any(|run| run.proposed);
        let name = Run { text: format!("{}{space}", part.heading), proposed: false };
        let runs: Vec<Run> = std::iter::once(name).chain(paragraph.runs.iter().cloned()).collect();
        let block: Block = paper.set.runs(&runs, false, BODY.bold(), WIDTH - 40.0);
        let height = block.height().max(20.0);
        paper.flow.y += 3.0;
        paper.flow.need(height);
        let at = [LEFT + 2.0, paper.flow.y + (height - 14.0) / 2.0];
        table::draw_chip(&mut paper.flow, &mut paper.set, category, open, at);
        paper.flow.block_at(&block, [LEFT + 36.0, paper.flow.y + (height - block.height()) / 2.0]);
        paper.flow.y += height;
    }
}

/// What the machine proposed and what became of it, in small type.
fn record(paper: &mut Paper, words: &Narrative) {
    let Some(part) = section(words, "record") else { return };
    paper.flow.y += 7.0;
    let name = paper.set.plain(&part.heading, Look::new(8.0).bold().ink(Ink::SECOND), WIDTH, Align::Left);
    paper.flow.need(name.height() * 2.0);
    paper.flow.block(&name, LEFT);
    for paragraph in &part.paragraphs {
        let block = paper.set.runs(&paragraph.runs, false, SMALL, WIDTH);
        paper.flow.block(&block, LEFT);
    }
}
