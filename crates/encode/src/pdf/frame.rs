//! What stands on every page: the band of a draft and its diagonal word, the running head, the foot.

use peony_model::Side;
use peony_model::report::Report;

use super::ink::{Ink, Pen, line, rectangle};
use super::page::{BOTTOM, LEFT, Mark, RIGHT, SIZE, TOP, WIDTH, block_on};
use super::text::{Align, Block, Look, Typesetter, cut};
use crate::Lang;
use crate::narrative::{altered, draft, number, one_line, safety};

/// No name, identifier or number that the program takes has more letters.
pub const LONGEST_NAME: usize = 256;

const BAND: f32 = 19.0;
const FOOT: Look = Look::new(6.9).ink(Ink::SECOND);

/// Where the content of the first page begins, and of each that follows: under the band and the running head.
pub fn tops(set: &mut Typesetter, report: &Report, lang: Lang) -> (f32, f32) {
    let top = top(report);
    (top, top + head(set, report, lang).height() + 14.5)
}

/// Under the band of a draft.
fn top(report: &Report) -> f32 {
    let band = if report.stands_signed() { 0.0 } else { BAND + 10.0 };
    TOP + band
}

/// What a running head says, at the left and at the right.
struct Head {
    blocks: [Block; 2],
}

impl Head {
    fn height(&self) -> f32 {
        self.blocks.iter().map(Block::height).fold(0.0, f32::max)
    }
}

/// Two identifiers, so that a page that comes loose can be put back: whole, however long they are.
fn head(set: &mut Typesetter, report: &Report, lang: Lang) -> Head {
    let look = Look::new(7.8).ink(Ink::SECOND);
    let of_patient =
        [&report.patient.name, &report.patient.id].map(|text| cut(&one_line(text), LONGEST_NAME));
    let of_patient: Vec<String> = of_patient.into_iter().filter(|text| !text.is_empty()).collect();
    let left = set.plain(&of_patient.join(" · "), look, WIDTH * 0.6 - 8.0, Align::Left);
    let number = cut(&one_line(&report.circumstances.number), LONGEST_NAME);
    let title = lang.pick("Breast ultrasound", "乳腺超声");
    let right = if number.is_empty() { title.to_owned() } else { format!("{title} · {number}") };
    Head { blocks: [left, set.plain(&right, look, WIDTH * 0.4, Align::Right)] }
}

/// Puts the frame on every page, under what is there.
pub fn put(pages: &mut [Vec<Mark>], set: &mut Typesetter, report: &Report, lang: Lang) {
    let count = pages.len();
    for (nth, page) in pages.iter_mut().enumerate() {
        let mut frame = Vec::new();
        if !report.stands_signed() {
            diagonal(&mut frame, set, report, lang);
            band(&mut frame, set, report, lang);
        }
        if nth > 0 {
            running_head(&mut frame, set, report, lang);
        }
        foot(&mut frame, set, report, (nth + 1, count), lang);
        frame.append(page);
        *page = frame;
    }
}

fn diagonal(page: &mut Vec<Mark>, set: &mut Typesetter, report: &Report, lang: Lang) {
    let look = Look::new(lang.pick(128.0, 170.0)).bold().ink(Ink::WATER);
    let word = if report.altered { lang.pick("INVALID", "无效") } else { lang.pick("DRAFT", "草稿") };
    let block = set.plain(word, look, 1000.0, Align::Left);
    page.push(Mark::Diagonal { middle: [SIZE[0] / 2.0, SIZE[1] * 0.53], degrees: -32.0, block });
}

fn band(page: &mut Vec<Mark>, set: &mut Typesetter, report: &Report, lang: Lang) {
    let steps = rectangle([LEFT, TOP], [WIDTH, BAND]);
    page.push(Mark::Path { steps, fill: None, pen: Some(Pen::new(Ink::BLACK, 1.0).dashed()) });
    let bold = Look::new(8.6).bold();
    let [first, second] = if report.altered {
        [lang.pick("INVALID", "无效"), altered(lang)]
    } else {
        [lang.pick("DRAFT – not signed", "草稿 – 未签名"), draft(lang)]
    };
    let words = [
        (first, bold, Align::Left),
        (second, Look::new(8.2), Align::Centre),
        (lang.pick("Research use only", "仅供研究使用"), bold, Align::Right),
    ];
    for (word, look, align) in words {
        let block = set.plain(word, look, WIDTH - 16.0, align);
        block_on(page, &block, [LEFT + 8.0, TOP + (BAND - block.height()) / 2.0]);
    }
}

fn running_head(page: &mut Vec<Mark>, set: &mut Typesetter, report: &Report, lang: Lang) {
    let (top, head) = (top(report), head(set, report, lang));
    for (block, x) in head.blocks.iter().zip([LEFT, LEFT + WIDTH * 0.6]) {
        block_on(page, block, [x, top]);
    }
    let under = top + head.height() + 4.5;
    let rule = line([LEFT, under], [RIGHT, under]);
    page.push(Mark::Path { steps: rule, fill: None, pen: Some(Pen::new(Ink::RULE, 0.6)) });
}

fn foot(
    page: &mut Vec<Mark>,
    set: &mut Typesetter,
    report: &Report,
    (nth, count): (usize, usize),
    lang: Lang,
) {
    let top = BOTTOM + 12.0;
    let rule = line([LEFT, top], [RIGHT, top]);
    page.push(Mark::Path { steps: rule, fill: None, pen: Some(Pen::new(Ink::BLACK, 0.7)) });
    let page_number = lang.pick(format!("Page {nth} of {count}"), format!("第{nth}页，共{count}页"));
    let words = [
        (machine(report, lang), Align::Left),
        (quality(report, lang), Align::Centre),
        (page_number, Align::Right),
    ];
    let third = WIDTH / 3.0;
    for ((word, align), column) in words.into_iter().zip([0.0, 1.0, 2.0]) {
        let mut block = set.plain(&word, FOOT, third - 6.0, align);
        block.lines.truncate(1);
        block_on(page, &block, [LEFT + column * (third + 3.0), top + 5.0]);
    }
    let line = set.plain(safety(lang), FOOT, WIDTH, Align::Left);
    block_on(page, &line, [LEFT, top + 17.0]);
}

/// Model, version, and the beginning of the weights' hash; the whole hash is in the record.
fn machine(report: &Report, lang: Lang) -> String {
    let Some(machine) = &report.machine else {
        return lang.pick("No model", "未使用模型").to_owned();
    };
    let hash: String = one_line(&machine.sha256).chars().take(12).collect();
    let [model, version] = [&machine.model, &machine.version].map(|text| cut(&one_line(text), 16));
    let further = match report.further_machines.len() {
        0 => String::new(),
        more => format!(" + {more}"),
    };
    format!("{model} {version}, {hash}{further}")
}

/// `Places named R 5/12, L 2/12 · 2 notes`.
fn quality(report: &Report, lang: Lang) -> String {
    let named = report.breasts.iter().filter_map(|breast| {
        let hours = breast.coverage.and_then(number::hours_named)?;
        let side = match breast.side {
            Side::Right => lang.pick("R ", "右"),
            Side::Left => lang.pick("L ", "左"),
        };
        Some(format!("{side}{hours}/12"))
    });
    let named: Vec<String> = named.take(2).collect();
    let notes = report.quality.len();
    let notes = match notes {
        0 => None,
        1 => Some(lang.pick("1 note".to_owned(), "1条提示".to_owned())),
        _ => Some(lang.pick(format!("{notes} notes"), format!("{notes}条提示"))),
    };
    let named = (!named.is_empty()).then(|| {
        lang.pick(format!("Places named {}", named.join(", ")), format!("已标记部位{}", named.join("，")))
    });
    let simulated = report.simulated.then(|| lang.pick("Simulated", "模拟").to_owned());
    let parts: Vec<String> = [simulated, named, notes].into_iter().flatten().collect();
    parts.join(" · ")
}
