//! What stands before the findings: notices, indication, history, technique and its limits.

use peony_model::report::{BreastReport, CalibrationRecord, QualityRecord, Report, Size};
use peony_model::{QualityCode, Severity, Unit};

use super::line::{Line, list, one_line, written};
use super::{Paragraph, altered, draft, number, paragraphs, printed_as_boxes, safety, words};
use crate::Lang;

/// With fewer of the twelve hours of the clock named, what was not scanned is said to be not assessed.
const COVERED: u8 = 10;

pub fn notice(report: &Report, lang: Lang) -> Vec<Paragraph> {
    let draft = if report.altered { Some(altered(lang)) } else { (!report.is_signed()).then(|| draft(lang)) };
    let simulated = report.simulated.then(|| {
        lang.pick(
            "Simulated pictures from a virtual transducer: nobody was examined.",
            "虚拟探头的模拟图像：未检查任何人。",
        )
    });
    let boxes = printed_as_boxes(report, lang);
    let lines = [draft, simulated, Some(safety(lang)), boxes.as_deref()];
    paragraphs(lines.into_iter().flatten().map(Line::plain))
}

pub fn indication(report: &Report, lang: Lang) -> Vec<Paragraph> {
    let lines = written(&report.circumstances.indication);
    paragraphs(lines.iter().map(|line| Line::plain(words::indication(line, lang))))
}

pub fn history(report: &Report) -> Vec<Paragraph> {
    paragraphs(written(&report.circumstances.history).into_iter().map(Line::plain))
}

pub fn technique(report: &Report, lang: Lang) -> Vec<Paragraph> {
    let device = one_line(&report.circumstances.device);
    let device = (!device.is_empty())
        .then(|| lang.pick(format!("Ultrasound with {device}."), format!("超声设备：{device}。")));
    let lines = [
        device,
        scanned(&report.breasts, lang),
        Some(scale(report, lang)),
        third_axis(report, lang),
        quality(&report.quality, lang),
    ];
    paragraphs(lines.into_iter().flatten().map(Line::plain))
}

/// For how long each breast, and at how many hours of the clock a person said that the probe stood: nobody measured how much of
/// it the probe went over. A breast that was not scanned and that nobody spoke of is not mentioned.
fn scanned(breasts: &[BreastReport], lang: Lang) -> Option<String> {
    let mut said = Vec::new();
    let mut gaps = false;
    for breast in breasts {
        let seconds = Some(breast.scanned_s).filter(|seconds| number::is_length(*seconds) && *seconds > 0.0);
        let named = breast.coverage.and_then(number::hours_named);
        let name = words::breast(breast.side, lang).to_lowercase();
        let parts = [
            seconds.map(|value| number::with_unit(&number::seconds(value), lang.pick("s", "秒"), lang)),
            named.map(|hours| {
                lang.pick(format!("places named: {hours} of 12"), format!("已标记部位{hours}/12"))
            }),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            // Where no place was named nobody knows what was gone over.
            gaps |= named.is_none_or(|hours| hours < COVERED);
            said.push(format!("{name}{}{}", lang.pick(" ", ""), parts.join(lang.pick(", ", "，"))));
        }
    }
    if said.is_empty() {
        return None;
    }
    let gaps = if gaps {
        lang.pick(" What was not scanned is not assessed.", "未扫查区域未评估。")
    } else {
        ""
    };
    let said = said.join(lang.pick("; ", "；"));
    Some(format!("{}{said}{}{gaps}", lang.pick("Scanned: ", "扫查："), lang.pick(".", "。")))
}

fn scale(report: &Report, lang: Lang) -> String {
    match &report.scale_source {
        None => lang.pick("Scale unknown: sizes are in pixels.", "比例未知：大小以像素表示。").to_owned(),
        Some(key) => {
            let key = one_line(key);
            let source = words::scale_source(&key, lang).unwrap_or(&key);
            let source = lang.pick(format!("Scale {source}."), format!("比例：{source}。"));
            format!("{source}{}", measured_before(report, lang))
        }
    }
}

/// Lesions that had left the picture when its scale came to be known, and why their sizes stay pixels: a scanner may be set to another depth
/// without a sign of it on the picture, so a later scale says nothing of earlier frames.
fn measured_before(report: &Report, lang: Lang) -> String {
    let is_in_pixels = |size: &Size| size.unit == Unit::Pixel;
    let before = report.printed().filter(|lesion| lesion.size.value().is_some_and(is_in_pixels));
    let letters: Vec<String> = before.map(|lesion| one_line(&lesion.letter)).collect();
    if letters.is_empty() {
        return String::new();
    }
    let letters = list(&letters.iter().map(String::as_str).collect::<Vec<_>>(), lang);
    lang.pick(
        format!(
            " Sizes taken while no scale was known ({letters}) stay in pixels: the scanner may have been set to another depth then."
        ),
        format!("比例未知时所测大小（{letters}）仍以像素表示：当时设备深度可能不同。"),
    )
}

/// Said where a size of the report has one.
fn third_axis(report: &Report, lang: Lang) -> Option<String> {
    let simulated = report.printed().any(|lesion| {
        let third =
            lesion.size.value().filter(|size| size.unit == Unit::Millimetre).and_then(|size| size.third);
        third.is_some_and(|third| third.simulated)
    });
    simulated.then(|| {
        let said = lang.pick(
            "Sizes marked ≈ are simulated from speckle along the sweep and not measured; ± is their error.",
            "标≈者沿扫查方向由散斑模拟得出，并非实测；±为其误差。",
        );
        format!("{said}{}", calibrations(&report.calibrations, lang))
    })
}

/// What they rest on: nothing for reports from before that was kept.
fn calibrations(records: &[CalibrationRecord], lang: Lang) -> String {
    let said = records.iter().map(|record| {
        let names = [one_line(&record.probe), one_line(&record.preset), one_line(&record.made)];
        let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
        let error = number::percent(record.relative_error, lang);
        format!(
            "{}{}±{}{error}",
            names.join(lang.pick(", ", "，")),
            lang.pick(", ", "，"),
            lang.pick(" ", "")
        )
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        return String::new();
    }
    let said = said.join(lang.pick("; ", "；"));
    lang.pick(format!(" Calibration: {said}."), format!("校准：{said}。"))
}

fn quality(records: &[QualityRecord], lang: Lang) -> Option<String> {
    if records.is_empty() {
        return None;
    }
    let said: Vec<String> = records
        .iter()
        .map(|record| {
            let code = one_line(&record.code);
            let fault = words::fault(&code, lang);
            let times = record.times;
            let seconds = Some(record.seconds).filter(|seconds| number::is_length(*seconds));
            let seconds = seconds.map(|value| match number::seconds(value).as_str() {
                "0" => "<1".to_owned(),
                seconds => seconds.to_owned(),
            });
            let seconds = seconds.map(|value| number::with_unit(&value, lang.pick("s", "秒"), lang));
            let held =
                seconds.map(|seconds| format!("{}{seconds}", lang.pick(", ", "，"))).unwrap_or_default();
            lang.pick(format!("{fault} ({times}×{held})"), format!("{fault}（{times}次{held}）"))
        })
        .collect();
    let said = said.join(lang.pick("; ", "；"));
    let stopped = records.iter().any(|record| {
        let mut known = QualityCode::ALL.iter();
        known.any(|code| code.key() == record.code && code.severity() == Severity::Stop)
    });
    let limit = match stopped {
        true => lang.pick(" What could not be read is not assessed.", "无法判读的部分未评估。"),
        false => "",
    };
    Some(lang.pick(format!("Picture quality: {said}.{limit}"), format!("图像质量：{said}。{limit}")))
}
