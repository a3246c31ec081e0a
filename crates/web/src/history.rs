//! The history of an examination over HTTP: who did what, and from what to what, in both languages.

mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use peony_encode::{Lang, narrative};
use peony_examination::{Act, Event, Resumed, Told};
use peony_model::report::Report;
use serde::Serialize;
use utoipa::ToSchema;

use crate::exams::{blocking, get};
use crate::person::Person;
use crate::rooms::Rooms;
use crate::wire::{Problem, Words};

/// An entry of the history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HistoryRow {
    /// Its number.
    seq: u64,
    /// When, milliseconds since 1970-01-01 UTC.
    at_ms: u64,
    /// Who; `null` for the machine.
    #[schema(required)]
    by: Option<String>,
    /// What.
    what: Words,
    /// When what this takes back was done, milliseconds since 1970-01-01 UTC; `null` where it takes back nothing.
    #[schema(required)]
    of_ms: Option<u64>,
    /// The values that a person changed by it, or took over from the machine.
    changes: Vec<ChangeRow>,
}

/// A value that has changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ChangeRow {
    /// Of what.
    field: Words,
    /// What stood there; `null` where nothing did.
    #[schema(required)]
    before: Option<Words>,
    /// That was the machine's, and nobody had said anything.
    proposed: bool,
    /// What stands there; `null` where nothing does.
    #[schema(required)]
    after: Option<Words>,
}

/// What happened, oldest first.
#[utoipa::path(get, path = "/api/exams/{id}/history",
    params(("id" = String, Path, description = "the examination")),
    responses((status = 200, body = [HistoryRow]), (status = 404, body = Problem)))]
pub(crate) async fn history(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    person: Person,
) -> Response {
    blocking(move || {
        let examination = get(&rooms, &id, &person)?;
        let (told, report) = (examination.history(), examination.report());
        let letters = letters(&told);
        Ok(Json(told.iter().map(|one| row(one, &told, &letters, &report)).collect::<Vec<_>>()))
    })
    .await
}

/// The letter of every lesion that was found: pages and reports know them by no number.
fn letters(told: &[Told]) -> BTreeMap<u32, &str> {
    let found = told.iter().filter_map(|told| match &told.entry.event {
        Event::Found(found) => Some((found.lesion, found.letter.as_str())),
        _ => None,
    });
    found.collect()
}

fn row(
    Told { entry, changes }: &Told,
    all: &[Told],
    letters: &BTreeMap<u32, &str>,
    report: &Report,
) -> HistoryRow {
    let undone = match entry.event {
        Event::Undone { seq } => all.iter().map(|told| &told.entry).find(|entry| entry.seq == seq),
        _ => None,
    };
    let [en, zh] = said(&entry.event, letters);
    let of = undone.map(|undone| said(&undone.event, letters));
    let what = of.map_or([en.clone(), zh.clone()], |[of_en, of_zh]| {
        [format!("{en}: {of_en}"), format!("{zh}：{of_zh}")]
    });
    HistoryRow {
        seq: entry.seq,
        at_ms: entry.at_ms,
        by: entry.by.clone(),
        what: both(what),
        of_ms: undone.map(|undone| undone.at_ms),
        changes: changes.iter().map(|change| values::change(change, report)).collect(),
    }
}

fn both([en, zh]: [String; 2]) -> Words {
    Words { en, zh }
}

/// What an entry says, in both languages; its values stand beside it.
fn said(event: &Event, letters: &BTreeMap<u32, &str>) -> [String; 2] {
    let words = |en: &str, zh: &str| [en.to_owned(), zh.to_owned()];
    let letter = |lesion: u32| letters.get(&lesion).copied().unwrap_or("?");
    match event {
        Event::Opened(_) => words("Examination begun", "检查开始"),
        Event::Resumed(now) => taken_up(now.as_ref()),
        Event::Found(found) => {
            [format!("Lesion {} found", found.letter), format!("发现病灶{}", found.letter)]
        }
        Event::Seen(seen) => {
            let letter = letter(seen.lesion);
            [format!("Lesion {letter} read again"), format!("更新病灶{letter}")]
        }
        Event::Kept(plane) => [format!("Plane {} kept", plane.id), format!("保留切面{}", plane.id)],
        Event::Merged { from, into } => {
            let [from, into] = [*from, *into].map(letter);
            [format!("Lesions {from} and {into} are one"), format!("病灶{from}与{into}合并")]
        }
        Event::MayBe { lesion, earlier } => {
            let [lesion, earlier] = [*lesion, *earlier].map(letter);
            [format!("Lesion {lesion} may be {earlier} again"), format!("病灶{lesion}可能即{earlier}")]
        }
        Event::Scanned(_) => words("Scanned", "扫查"),
        Event::Scale { source: Some(source) } => {
            let from = |lang| narrative::scale_source(source, lang).unwrap_or(source);
            [format!("Scale {}", from(Lang::En)), format!("比例：{}", from(Lang::Zh))]
        }
        Event::Scale { source: None } => words("Scale unknown", "比例未知"),
        Event::Calibrated(by) => {
            let percent = (by.relative_error * 100.0).round();
            let names = [by.probe.as_str(), &by.preset, &by.made];
            let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
            [
                format!("Calibration: {}, ± {percent} %", names.join(", ")),
                format!("校准：{}，±{percent}%", names.join("，")),
            ]
        }
        Event::Source { lost: true } => words("Video lost", "视频中断"),
        Event::Source { lost: false } => words("Video back", "视频恢复"),
        Event::Earlier(_) => words("Earlier examination found", "找到既往检查"),
        Event::Act(act) => said_of_act(act, letter),
        Event::Confirmed { lesion, words } => {
            let (letter, count) = (letter(*lesion), words.len());
            [format!("{count} fields of lesion {letter} confirmed"), format!("确认病灶{letter}的{count}项")]
        }
        Event::Undone { .. } => words("Taken back", "撤销"),
        Event::Discarded => words("Discarded, empty", "空检查，已作废"),
        Event::Signed(signed) => {
            let name = &signed.signature.name;
            [format!("Signed by {name}"), format!("{name}签名")]
        }
    }
}

fn taken_up(now: Option<&Resumed>) -> [String; 2] {
    let [en, zh] = match now {
        None => [String::new(), String::new()],
        Some(Resumed { machine: None, .. }) => [", without a model".to_owned(), "，未使用模型".to_owned()],
        Some(Resumed { machine: Some(by), .. }) => {
            let by = format!("{} {} ({})", by.model, by.version, by.engine);
            [format!(", read by {by}"), format!("，判读：{by}")]
        }
    };
    [format!("Taken up again{en}"), format!("检查恢复{zh}")]
}

fn said_of_act<'a>(act: &Act, letter: impl Fn(u32) -> &'a str) -> [String; 2] {
    let words = |en: &str, zh: &str| [en.to_owned(), zh.to_owned()];
    let of = |lesion: u32, en: &str, zh: &str| {
        let letter = letter(lesion);
        [format!("Lesion {letter} {en}"), format!("{zh}病灶{letter}")]
    };
    match act {
        Act::SetPatient { .. } => words("Patient entered", "填写患者信息"),
        Act::SetCircumstances { .. } => words("Examination details entered", "填写检查信息"),
        Act::SetProbe { place } => {
            let clock = place.clock.map(|clock| clock.to_string()).unwrap_or_default();
            let (en, zh) = match place.side {
                peony_model::Side::Left => ("left", "左"),
                peony_model::Side::Right => ("right", "右"),
            };
            [
                format!("Probe at {en} {clock}").trim_end().to_owned(),
                format!("探头位置：{zh} {clock}").trim_end().to_owned(),
            ]
        }
        Act::SetDepth { depth: Some(depth) } => {
            let mm = depth.depth_mm;
            [format!("Depth entered: {mm} mm"), format!("输入深度：{mm} mm")]
        }
        Act::SetDepth { depth: None } => words("Entered depth taken back", "清除输入的深度"),
        Act::Join { lesion, into } => {
            let (lesion, into) = (letter(*lesion), letter(*into));
            [format!("Lesion {lesion} said to be lesion {into}"), format!("病灶{lesion}与{into}为同一病灶")]
        }
        Act::KeepApart { lesion, from } => {
            let (lesion, from) = (letter(*lesion), letter(*from));
            [
                format!("Lesion {lesion} said to be another than {from}"),
                format!("病灶{lesion}与{from}非同一病灶"),
            ]
        }
        Act::Part { lesion } => of(*lesion, "taken apart again", "恢复为独立"),
        Act::Say { lesion, .. } => of(*lesion, "changed", "修改"),
        Act::SayOfBreast { side: peony_model::Side::Right, .. } => words("Right side changed", "修改右侧"),
        Act::SayOfBreast { side: peony_model::Side::Left, .. } => words("Left side changed", "修改左侧"),
        Act::Confirm { lesion, .. } => of(*lesion, "confirmed", "确认"),
        Act::SetExamined { examined: true, .. } => words("Breast confirmed as examined", "确认已检查"),
        Act::SetExamined { examined: false, .. } => words("Breast not examined", "未检查"),
        Act::SetSamePatient { same: true, .. } => words("Same patient confirmed", "确认为同一患者"),
        Act::SetSamePatient { same: false, .. } => words("Said to be another patient", "确认非同一患者"),
        Act::SetLookedAgain { looked: true, .. } => words("Looked again: not seen", "再次扫查未见"),
        Act::SetLookedAgain { looked: false, .. } => words("Not looked at again", "未再次扫查"),
        Act::Dismiss { lesion } => of(*lesion, "struck out", "排除"),
        Act::Restore { lesion } => of(*lesion, "brought back", "恢复"),
        Act::ReleasePlane { plane } => [format!("Plane {plane} taken out"), format!("移除切面{plane}")],
        Act::RestorePlane { plane } => [format!("Plane {plane} brought back"), format!("恢复切面{plane}")],
        Act::Sign { .. } => words("Signed", "签名"),
        Act::Add { .. } => words("Addendum", "补充报告"),
    }
}
