//! Letters that the print has no picture of.

use peony_model::report::Report;

use crate::Lang;
use crate::pdf::text::printed_as_boxes as boxes_of;

/// So many letters are named in one place.
const NAMED: usize = 24;

/// A line on the letters that the PDF prints as boxes, where there are any: rare Chinese ones, and scripts that its fonts do not have.
pub fn printed_as_boxes(report: &Report, lang: Lang) -> Option<String> {
    let of_name = boxes_of(&report.patient.name);
    let mut others: Vec<char> = others(report).into_iter().flat_map(boxes_of).collect();
    others.sort_unstable();
    others.dedup();
    let in_name = (!of_name.is_empty()).then(|| {
        lang.pick(
            format!("{} in the patient's name", codes(&of_name, lang)),
            format!("姓名中{}", codes(&of_name, lang)),
        )
    });
    let elsewhere = (!others.is_empty()).then(|| {
        lang.pick(format!("{} elsewhere", codes(&others, lang)), format!("其他处{}", codes(&others, lang)))
    });
    let said: Vec<String> = [in_name, elsewhere].into_iter().flatten().collect();
    let said = said.join(lang.pick("; ", "；"));
    (!said.is_empty()).then(|| {
        lang.pick(
            format!("Printed as a box, as no font here has it: {said}."),
            format!("以下字符无字形，显示为方块：{said}。"),
        )
    })
}

/// What people wrote, beside the patient's name.
fn others(report: &Report) -> Vec<&str> {
    let about = &report.circumstances;
    let mut texts: Vec<&String> = vec![
        &report.patient.id,
        &about.institution,
        &about.number,
        &about.indication,
        &about.history,
        &about.device,
        &about.comparison,
    ];
    texts.extend(report.lesions.iter().map(|lesion| &lesion.downgrade_reason));
    texts.extend(report.comparison.iter().map(|comparison| &comparison.earlier.number));
    texts.extend(report.signatures.iter().flat_map(|signature| [&signature.name, &signature.licence]));
    texts.extend(report.addenda.iter().flat_map(|addendum| [&addendum.text, &addendum.by]));
    texts.into_iter().map(String::as_str).collect()
}

/// `U+4DAE, U+3430`: a box says nothing, and by these the letter is found.
fn codes(letters: &[char], lang: Lang) -> String {
    let named: Vec<String> =
        letters.iter().take(NAMED).map(|letter| format!("U+{:04X}", u32::from(*letter))).collect();
    let named = named.join(lang.pick(", ", "、"));
    match letters.len().saturating_sub(NAMED) {
        0 => named,
        more => lang.pick(format!("{named} and {more} more"), format!("{named}等{}个", letters.len())),
    }
}
