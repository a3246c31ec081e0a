//! The table of lesions.

use jiff::tz::TimeZone;
use peony_model::BiRads;
use peony_model::Side;
use peony_model::report::{LesionReport, Report, Size};

use super::ink::{Ink, Pen, line, rounded};
use super::page::{Flow, LEFT, RIGHT};
use super::text::{Align, Block, Look, Typesetter};
use crate::Lang;
use crate::narrative::{self, number, one_line};

/// The left edge of each column; the last one ends at the right edge of the page.
const COLUMNS: [f32; 5] = [LEFT + 4.0, LEFT + 32.0, LEFT + 168.0, LEFT + 332.0, LEFT + 434.0];
const GAP: f32 = 8.0;
const CELL: Look = Look::new(9.2);
const PAD: f32 = 4.2;
const NONE: &str = "–";
/// A box with the number of a category.
const CHIP: [f32; 2] = [25.0, 14.0];

/// Draws the table of the printed lesions; nothing where there is none.
pub fn draw(flow: &mut Flow, set: &mut Typesetter, report: &Report, zone: &TimeZone, lang: Lang) {
    if report.printed().next().is_none() {
        return;
    }
    let words = lang.pick(["", "Place", "Size", "Before", "Category"], ["", "位置", "大小", "既往", "分类"]);
    let head = words.map(|word| (word.to_owned(), Look::new(8.2).bold().ink(Ink::SECOND)));
    row(flow, set, &head, None);
    for lesion in report.printed() {
        let chip = narrative::category(lesion).map(|category| (category, lesion.category.is_open()));
        row(flow, set, &cells(report, lesion, zone, lang), chip);
    }
    flow.y += 4.0;
}

fn cells(report: &Report, lesion: &LesionReport, zone: &TimeZone, lang: Lang) -> [(String, Look); 5] {
    let none = || (NONE.to_owned(), CELL);
    let place = place(lesion, lang).map(|text| (text, Look { proposed: lesion.place.is_open(), ..CELL }));
    let size = lesion.size.value().and_then(|size| sized(size, lang));
    let size = size.map(|text| (text, Look { proposed: lesion.size.is_open(), ..CELL }));
    let category = if narrative::category(lesion).is_some() { String::new() } else { NONE.to_owned() };
    let letter: String = one_line(&lesion.letter).chars().take(3).collect();
    let before = narrative::in_brief(report, lesion, zone, lang);
    let before = before.map_or_else(none, |(text, proposed)| (text, Look { proposed, ..CELL }));
    [(letter, CELL.bold()), place.unwrap_or_else(none), size.unwrap_or_else(none), before, (category, CELL)]
}

/// `Left 10:30, 4 cm`.
fn place(lesion: &LesionReport, lang: Lang) -> Option<String> {
    let place = lesion.place.value()?;
    let side = match place.side {
        Side::Right => lang.pick("Right", "右"),
        Side::Left => lang.pick("Left", "左"),
    };
    let clock = place.clock.map(|clock| format!(" {clock}")).unwrap_or_default();
    let distance = place.from_nipple_mm.filter(|mm| number::is_length(*mm)).map(|mm| {
        let cm = number::with_unit(&number::half_centimetres(mm), "cm", lang);
        format!("{}{cm}", lang.pick(", ", "，"))
    });
    Some(format!("{side}{clock}{}", distance.unwrap_or_default()))
}

/// The size with what must stand beside it.
fn sized(size: &Size, lang: Lang) -> Option<String> {
    let axes = number::size(size, lang)?;
    Some(match size.unit {
        peony_model::Unit::Pixel => format!("{axes}{}", lang.pick(" (scale unknown)", "（比例未知）")),
        _ if size.third.is_some_and(|third| third.simulated) => {
            format!("{axes}{}", lang.pick(" simulated", "（模拟）"))
        }
        _ => axes,
    })
}

fn row(flow: &mut Flow, set: &mut Typesetter, cells: &[(String, Look); 5], chip: Option<(BiRads, bool)>) {
    let ends = COLUMNS[1..].iter().copied().chain([RIGHT + GAP]);
    let blocks: Vec<Block> = cells
        .iter()
        .zip(COLUMNS.into_iter().zip(ends))
        .map(|((text, look), (left, right))| set.plain(text, *look, right - left - GAP, Align::Left))
        .collect();
    let content = blocks.iter().map(Block::height).fold(CHIP[1], f32::max);
    let height = content + 2.0 * PAD;
    flow.need(height);
    for (block, x) in blocks.iter().zip(COLUMNS) {
        flow.block_at(block, [x, flow.y + PAD + (content - block.height()) / 2.0]);
    }
    if let Some((category, open)) = chip {
        let at = [COLUMNS[4], flow.y + (height - CHIP[1]) / 2.0];
        draw_chip(flow, set, category, open, at);
    }
    flow.y += height;
    flow.path(line([LEFT, flow.y], [RIGHT, flow.y]), None, Some(Pen::new(Ink::RULE, 0.6)));
}

/// A category's number in its box; dashed where it is the machine's proposal.
pub fn draw_chip(flow: &mut Flow, set: &mut Typesetter, category: BiRads, open: bool, [x, y]: [f32; 2]) {
    let (fill, ink) = Ink::of(category);
    flow.path(rounded([x, y], CHIP, 2.5), Some(fill), (!open).then_some(Pen::new(Ink::BLACK, 0.8)));
    if open {
        let around = rounded([x - 2.0, y - 2.0], [CHIP[0] + 4.0, CHIP[1] + 4.0], 4.0);
        flow.path(around, None, Some(Pen::new(Ink::BLACK, 0.8).dashed()));
    }
    let number = set.plain(category.label(), Look::new(9.2).bold().ink(ink), CHIP[0], Align::Centre);
    flow.block_at(&number, [x, y + (CHIP[1] - number.height()) / 2.0]);
}
