//! What is signed and what was added to it.

use peony_model::report::Signature;

use super::body::{Paper, heading};
use super::ink::{Ink, Pen, line};
use super::page::{LEFT, WIDTH};
use super::text::{Align, Look, cut};
use crate::narrative::{one_line, written};
use crate::time;

const GAP: f32 = 16.0;
const COLUMN: f32 = (WIDTH - GAP) / 2.0;
const NAME: Look = Look::new(9.4);
const SMALL: Look = Look::new(7.6).ink(Ink::SECOND);
/// Room for a signature by hand.
const BY_HAND: f32 = 26.0;

/// What was added after a signature and stands under it, so that no signature seems to cover it; it names the version that it makes.
pub fn addenda(paper: &mut Paper) {
    let lang = paper.lang;
    if paper.report.addenda.is_empty() {
        return;
    }
    paper.flow.y += 5.0;
    heading(paper, lang.pick("Addenda", "补充"));
    let after = lang
        .pick("Added after the signatures above, which do not cover it.", "签名后补充，不在上述签名范围内。");
    let after = paper.set.plain(after, SMALL, WIDTH, Align::Left);
    paper.flow.block(&after, LEFT);
    paper.flow.y += 2.0;
    for addendum in &paper.report.addenda {
        let (version, by) = (addendum.version, cut(&one_line(&addendum.by), 60));
        let at = time::moment(addendum.at_ms, paper.zone, true, lang);
        let head = lang.pick(format!("Version {version}, {at}, {by}"), format!("第{version}版，{at}，{by}"));
        let head = paper.set.plain(&head, SMALL, WIDTH, Align::Left);
        let text = paper.set.plain(&written(&addendum.text).join("\n"), NAME, WIDTH, Align::Left);
        paper.flow.need(head.height() * 2.5);
        paper.flow.block(&head, LEFT);
        paper.flow.block(&text, LEFT);
        paper.flow.y += 3.0;
    }
}

/// Who signed, two beside each other; lines to be filled where nobody has.
pub fn signatures(paper: &mut Paper) {
    paper.flow.y += 10.0;
    if !paper.report.stands_signed() {
        return empty(paper);
    }
    for pair in paper.report.signatures.chunks(2) {
        let columns = pair.iter().map(|signature| signed(paper, signature));
        let columns: Vec<_> = columns.collect();
        let height = columns
            .iter()
            .map(|blocks| blocks.iter().map(super::text::Block::height).sum())
            .fold(0.0, f32::max);
        paper.flow.need(height + 8.0);
        let top = paper.flow.y;
        for (blocks, x) in columns.iter().zip([LEFT, LEFT + COLUMN + GAP]) {
            paper.flow.path(line([x, top], [x + COLUMN, top]), None, Some(Pen::new(Ink::BLACK, 0.7)));
            let mut y = top + 5.0;
            for block in blocks {
                paper.flow.block_at(block, [x, y]);
                y += block.height();
            }
        }
        paper.flow.y = top + height + 14.0;
    }
}

fn signed(paper: &mut Paper, signature: &Signature) -> Vec<super::text::Block> {
    let lang = paper.lang;
    let role = match signature.role.as_str() {
        "examiner" => lang.pick("Examined and signed", "检查医师签名").to_owned(),
        "reviewer" => lang.pick("Reviewed and signed", "审核医师签名").to_owned(),
        other => cut(&one_line(other), 40),
    };
    let licence = cut(&one_line(&signature.licence), 40);
    let licence = match licence.as_str() {
        "" => String::new(),
        licence => lang.pick(format!("  licence {licence}"), format!("  执业证号 {licence}")),
    };
    let at = time::moment(signature.at_ms, paper.zone, true, lang);
    let version = signature.version;
    let at = lang.pick(format!("{at}, version {version}"), format!("{at}，第{version}版"));
    let name = cut(&one_line(&signature.name), 80);
    // Of one length each: a digest that is broken where the column ends leaves a digit alone.
    let digest = cut(&one_line(&signature.sha256), 64);
    let (first, second) = digest.split_at_checked(32).unwrap_or((&digest, ""));
    let hash = format!("SHA-256\n{first}\n{second}");
    vec![
        paper.set.plain(&role, SMALL, COLUMN, Align::Left),
        paper.set.pieces(&[(&name, NAME.bold()), (&licence, SMALL)], COLUMN, Align::Left),
        paper.set.plain(&at, SMALL.ink(Ink::BLACK), COLUMN, Align::Left),
        paper.set.plain(&hash, Look::new(6.6).ink(Ink::SECOND), COLUMN, Align::Left),
    ]
}

fn empty(paper: &mut Paper) {
    let lang = paper.lang;
    let words = [
        lang.pick("Examiner: name, licence, date", "检查医师：姓名、执业证号、日期"),
        lang.pick("Reviewer: name, licence, date", "审核医师：姓名、执业证号、日期"),
    ];
    paper.flow.need(BY_HAND + 16.0);
    let top = paper.flow.y + BY_HAND;
    for (word, x) in words.into_iter().zip([LEFT, LEFT + COLUMN + GAP]) {
        paper.flow.path(line([x, top], [x + COLUMN, top]), None, Some(Pen::new(Ink::BLACK, 0.7)));
        let block = paper.set.plain(word, SMALL, COLUMN, Align::Left);
        paper.flow.block_at(&block, [x, top + 3.0]);
    }
    paper.flow.y = top + 18.0;
}
