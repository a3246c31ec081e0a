//! What stands in the way of a signature.

use peony_model::BiRads;
use peony_model::report::{Advice, BreastReport, Comparison, LesionReport, Report};
use serde::Serialize;

use crate::act::FieldName;

/// No breast is examined in less, seconds. What was scanned before anybody said a side may have been of either breast.
const LEAST_SCANNED_S: f32 = 5.0;

/// Something that must be said or mended before a report can be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Obstacle {
    /// Its key.
    pub code: ObstacleCode,
    /// The lesion that it concerns.
    #[cfg_attr(feature = "schema", schema(required))]
    pub lesion: Option<u32>,
    /// The field that it concerns.
    #[cfg_attr(feature = "schema", schema(required))]
    pub field: Option<FieldName>,
}

/// Why a report cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ObstacleCode {
    /// Nobody said who is examined.
    NoPatient,
    /// Nobody confirmed that a breast was examined, and no lesion is reported.
    NothingExamined,
    /// A breast was confirmed as examined of which next to nothing was scanned here.
    NotScanned,
    /// An earlier examination under the same identifier has another name, sex or birth date.
    OtherPatient,
    /// A machine's proposal that nobody has taken or changed.
    Open,
    /// A lesion of category 3 or more, or of category 0, without a side.
    NoSide,
    /// The same, without a clock position.
    NoClock,
    /// The same, without a size.
    NoSize,
    /// A lesion of which nobody knows what it was in the earlier examination.
    NoBefore,
    /// Two lesions that are said to have been one and the same.
    BeforeTwice,
    /// A lesion that may be an earlier one of this examination again, and nobody has said.
    MayBe,
    /// People said different things of lesions that were joined since, where the machine proposes nothing.
    Contrary,
    /// A lesion without a category.
    NoCategory,
    /// Category 4 or 5 with no advice, or with that to come back at the usual interval or for follow-up.
    AdviceTooLow,
    /// All signs of a simple cyst with category 4 or 5.
    CystTooHigh,
    /// A category below the machine's 4 or 5, or a lesion struck out that the machine had graded so, without a reason.
    NoReason,
}

impl Obstacle {
    /// One line in English and one in Chinese, with the letters of the report where they tell more.
    #[must_use]
    pub fn words(&self, report: &Report) -> [String; 2] {
        let of = report.lesions.iter().find(|at| Some(at.lesion) == self.lesion);
        match (self.code, of.and_then(|of| Some((&of.letter, &of.may_be.as_ref()?.letter)))) {
            (ObstacleCode::MayBe, Some((new, earlier))) => {
                [format!("Say whether {new} is {earlier} again"), format!("请确认{new}是否即{earlier}")]
            }
            _ => self.code.words().map(str::to_owned),
        }
    }
}

impl ObstacleCode {
    /// One line in English and one in Chinese.
    #[must_use]
    pub fn words(self) -> [&'static str; 2] {
        match self {
            Self::NoPatient => ["Say who is examined", "请填写患者身份"],
            Self::NothingExamined => ["Confirm which breast was examined", "请确认已检查的乳房"],
            Self::NotScanned => [
                "A breast is confirmed as examined that was hardly scanned: scan it, with its side said, or take that back",
                "已确认检查的乳房几乎未扫查：请标明侧别后扫查，或撤销确认",
            ],
            Self::OtherPatient => [
                "An earlier examination under this identifier has another name, sex or birth date: say whether it is the same patient",
                "同一患者号的既往检查姓名、性别或出生日期不同：请确认是否为同一患者",
            ],
            Self::Open => ["Confirm or change the machine's proposal", "请确认或修改机器建议"],
            Self::NoSide => ["Say the side", "请填写侧别"],
            Self::NoClock => ["Say the clock position", "请填写钟点位置"],
            Self::NoSize => ["Say the size", "请填写大小"],
            Self::NoBefore => {
                ["Say which earlier lesion it was, or that it is new", "请选择对应的既往病灶或新发"]
            }
            Self::BeforeTwice => ["Two lesions are said to be one earlier one", "两个病灶对应了同一既往病灶"],
            Self::MayBe => ["Say whether it is an earlier lesion again", "请确认是否即为先前的病灶"],
            Self::Contrary => [
                "The lesions that were joined were described differently: say which holds",
                "合并的病灶描述不一致：请确认以哪个为准",
            ],
            Self::NoCategory => ["Give a category", "请给出BI-RADS分类"],
            Self::AdviceTooLow => ["Category 4 or 5 asks for a tissue sample", "4、5类应建议组织学检查"],
            Self::CystTooHigh => {
                ["The words describe a simple cyst, the category does not", "描述为单纯囊肿，与分类矛盾"]
            }
            Self::NoReason => {
                ["Say why it is graded lower than proposed, or struck out", "请说明下调分类或排除病灶的原因"]
            }
        }
    }
}

/// Everything in the way, in the order of the report.
#[must_use]
pub fn obstacles(report: &Report) -> Vec<Obstacle> {
    let of_whole = |code| Obstacle { code, lesion: None, field: None };
    let mut found = Vec::new();
    if report.patient.id.trim().is_empty() || report.patient.name.trim().is_empty() {
        found.push(of_whole(ObstacleCode::NoPatient));
    }
    if report.comparison.as_ref().is_some_and(Comparison::asks) {
        found.push(of_whole(ObstacleCode::OtherPatient));
    }
    let examined = report.breasts.iter().any(|breast| breast.examined.value() == Some(&true));
    // Of a breast that nobody says was examined, nothing benign is said as a whole.
    let all_benign = report.printed().all(|lesion| lesion.category.value().is_some_and(is_benign));
    if !examined && all_benign {
        found.push(of_whole(ObstacleCode::NothingExamined));
    }
    let not_scanned = |breast: &&BreastReport| {
        breast.examined.value() == Some(&true) && breast.scanned_s + report.unsided_s < LEAST_SCANNED_S
    };
    found.extend(report.breasts.iter().filter(not_scanned).map(|_| of_whole(ObstacleCode::NotScanned)));
    report.printed().for_each(|lesion| of_lesion(report, lesion, &mut found));
    // Struck out, a suspicious lesion is gone from the report: that is the greatest downgrade there is.
    let struck =
        report.lesions.iter().filter(|lesion| lesion.dismissed && lesion.downgrade_reason.trim().is_empty());
    found.extend(struck.filter(|lesion| lesion.category.proposed.is_some_and(suspicious)).map(|lesion| {
        Obstacle {
            code: ObstacleCode::NoReason,
            lesion: Some(lesion.lesion),
            field: Some(FieldName::Category),
        }
    }));
    found
}

fn is_benign(category: &BiRads) -> bool {
    matches!(category, BiRads::Cat1 | BiRads::Cat2)
}

fn suspicious(category: BiRads) -> bool {
    category >= BiRads::Cat4
}

/// Whether a person took a category below the machine's 4 or 5. An undivided 4 is below none of 4A to 4C.
fn is_lowered(proposed: BiRads, said: BiRads) -> bool {
    suspicious(proposed) && said < proposed && !(said == BiRads::Cat4 && proposed < BiRads::Cat5)
}

fn of_lesion(report: &Report, lesion: &LesionReport, found: &mut Vec<Obstacle>) {
    if lesion.may_be.is_some() {
        found.push(Obstacle { code: ObstacleCode::MayBe, lesion: Some(lesion.lesion), field: None });
    }
    let mut add =
        |code, field| found.push(Obstacle { code, lesion: Some(lesion.lesion), field: Some(field) });
    for field in open(lesion) {
        add(ObstacleCode::Open, field);
    }
    let contrary = |field: &FieldName| field.is_contrary(lesion) && field.proposal(lesion).is_none();
    for field in FieldName::ALL.into_iter().filter(contrary) {
        add(ObstacleCode::Contrary, field);
    }
    if lesion.asks_before() {
        add(ObstacleCode::NoBefore, FieldName::Before);
    }
    let was = |lesion: &LesionReport| lesion.before.value().and_then(|before| before.lesion);
    if was(lesion).is_some() && report.printed().filter(|other| was(other) == was(lesion)).count() > 1 {
        add(ObstacleCode::BeforeTwice, FieldName::Before);
    }
    let category = lesion.category.value().copied();
    let place = lesion.place.value();
    match category {
        None => add(ObstacleCode::NoCategory, FieldName::Category),
        Some(category) if category >= BiRads::Cat3 => {
            match place {
                None => add(ObstacleCode::NoSide, FieldName::Place),
                Some(place) if place.clock.is_none() => add(ObstacleCode::NoClock, FieldName::Place),
                Some(_) => {}
            }
            if lesion.size.value().is_none() {
                add(ObstacleCode::NoSize, FieldName::Size);
            }
        }
        Some(_) => {}
    }
    if category.is_some_and(suspicious) {
        let advice = lesion.advice.value();
        if matches!(advice, None | Some(Advice::Routine | Advice::ShortFollowUp)) {
            add(ObstacleCode::AdviceTooLow, FieldName::Advice);
        }
        if lesion.is_simple_cyst() {
            add(ObstacleCode::CystTooHigh, FieldName::Category);
        }
    }
    let lowered =
        lesion.category.proposed.zip(lesion.category.said.as_ref()).is_some_and(|(proposed, said)| {
            said.value.map_or(suspicious(proposed), |value| is_lowered(proposed, value))
        });
    if lowered && lesion.downgrade_reason.trim().is_empty() {
        add(ObstacleCode::NoReason, FieldName::Category);
    }
}

/// The fields whose proposals nobody has taken or changed, in the order of the form.
#[must_use]
pub fn open(lesion: &LesionReport) -> Vec<FieldName> {
    FieldName::ALL.into_iter().filter(|field| field.proposal(lesion).is_some()).collect()
}
