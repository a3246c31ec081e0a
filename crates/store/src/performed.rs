//! Performed procedure steps: what a modality says of an examination while it goes on (PS3.4 Annex F).

use std::collections::BTreeSet;

use peony_dicom::{Attributes, Tag};
use serde_json::Value;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::error::StoreError;
use crate::index::now_ms;
use crate::json::{self, DicomJson};
use crate::orders::OrderState;
use crate::sites::Sight;
use crate::{Store, audit, events};

/// Performed Procedure Step Status.
const STATUS: Tag = Tag(0x0040, 0x0252);
/// Scheduled Step Attributes Sequence, with what was ordered.
const SCHEDULED: Tag = Tag(0x0040, 0x0270);
const STUDY_UID: Tag = Tag(0x0020, 0x000D);
const STEP_ID: Tag = Tag(0x0040, 0x0009);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
/// What a step says when it begins and no more (PS3.4 Table F.7.2-1, N-SET: not allowed): of whom and of what it is, and where and when it began.
#[rustfmt::skip] // Read as a table.
const OF_ITS_BEGINNING: [Tag; 18] = [
    SCHEDULED,
    Tag(0x0010, 0x0010), PATIENT_ID,          Tag(0x0010, 0x0021), Tag(0x0010, 0x0024), Tag(0x0010, 0x0030),
    Tag(0x0010, 0x0040), Tag(0x0010, 0x1002), Tag(0x0008, 0x1120),
    Tag(0x0040, 0x0253), Tag(0x0040, 0x0241), Tag(0x0040, 0x0242), Tag(0x0040, 0x0243), Tag(0x0040, 0x0244),
    Tag(0x0040, 0x0245), Tag(0x0008, 0x0060), Tag(0x0020, 0x0010), Tag(0x0010, 0x0022),
];
/// Performed Procedure Step End Date and Time.
const END: [Tag; 2] = [Tag(0x0040, 0x0250), Tag(0x0040, 0x0251)];
/// Performed Series Sequence, and in its items the sequences that list instances.
const SERIES: Tag = Tag(0x0040, 0x0340);
const LISTS: [Tag; 2] = [Tag(0x0008, 0x1140), Tag(0x0040, 0x0220)];
const INSTANCE_UID: Tag = Tag(0x0008, 0x1155);
/// Performed Procedure Step Discontinuation Reason Code Sequence.
const REASON: Tag = Tag(0x0040, 0x0281);
const CODE: Tag = Tag(0x0008, 0x0100);
/// Incorrect worklist entry selected (PS3.16 CID 9300): what was ordered has not been done.
const ANOTHER_ORDER: &str = "110514";

/// How a step stands (PS3.3 §C.4.14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// The modality is at it.
    InProgress,
    /// It is done.
    Completed,
    /// It was broken off.
    Discontinued,
}

impl StepState {
    const ALL: [Self; 3] = [Self::InProgress, Self::Completed, Self::Discontinued];

    const fn word(self) -> &'static str {
        match self {
            Self::InProgress => "IN PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Discontinued => "DISCONTINUED",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// The answer to what a modality says of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepAnswer {
    /// It is written down; the step stands so.
    Taken(StepState),
    /// A step has this UID already.
    Exists,
    /// A step of another site has it.
    OtherSite,
    /// No step has this UID.
    Unknown,
    /// The step is completed or discontinued, and stays as it is.
    Final,
    /// A step does not begin in that state, or there is no such state.
    BadState,
    /// The step is not completed without this attribute, and stays as it is.
    Lacks(Tag),
    /// By this attribute the step would be of another order or patient than it began with; it stays as it is.
    Another(Tag),
}

/// What is said of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// N-CREATE.
    Begun,
    /// N-SET.
    Changed,
}

/// PS3.4 §F.7.2: what becomes of a step that stands so, where a modality says that, with that state. `None` is no step, and no state.
#[rustfmt::skip] // Read as a table.
const fn answer(now: Option<StepState>, said: Said, state: Option<StepState>) -> StepAnswer {
    use StepState::{Completed, Discontinued, InProgress};
    match (now, said, state) {
        (Some(_),                        Said::Begun,   _)                => StepAnswer::Exists,
        (None,                           Said::Begun,   Some(InProgress)) => StepAnswer::Taken(InProgress),
        (None,                           Said::Begun,   _)                => StepAnswer::BadState,
        (None,                           Said::Changed, _)                => StepAnswer::Unknown,
        (Some(Completed | Discontinued), Said::Changed, _)                => StepAnswer::Final,
        (Some(InProgress),               Said::Changed, Some(state))      => StepAnswer::Taken(state),
        (Some(InProgress),               Said::Changed, None)             => StepAnswer::BadState,
    }
}

impl Store {
    /// A modality begins a step (N-CREATE), which is of its site. What was ordered with it is started, as far as this store's [`Sight`] reaches.
    ///
    /// # Errors
    /// [`StoreError`] of the index; nothing is written down then.
    pub async fn begin_step(
        &self,
        uid: &str,
        origin: &str,
        attributes: &Attributes,
    ) -> Result<StepAnswer, StoreError> {
        self.step(Said::Begun, uid, origin, json::of_attributes(attributes)).await
    }

    /// A modality says more of a step (N-SET): what it says replaces what was said under the same tags, but for what a step says when it begins: that
    /// stays, and a step does not become one of another order or patient. A completed step completes what was ordered, and each study of which every
    /// instance that the step lists is here. The last word cannot be taken back.
    ///
    /// # Errors
    /// [`StoreError`] of the index; nothing is written down then.
    pub async fn change_step(
        &self,
        uid: &str,
        origin: &str,
        changes: &Attributes,
    ) -> Result<StepAnswer, StoreError> {
        self.step(Said::Changed, uid, origin, json::of_attributes(changes)).await
    }

    async fn step(
        &self,
        said: Said,
        uid: &str,
        origin: &str,
        mut attributes: DicomJson,
    ) -> Result<StepAnswer, StoreError> {
        let now = now_ms();
        let mut writing = self.inner.index.write().await?;
        // Holds the row until the end: what two say of it at once is said one after the other.
        let kept = sqlx::query(
            "UPDATE performed_steps SET changed_at = $2 WHERE uid = $1 RETURNING attributes, site",
        )
        .bind(uid)
        .bind(now)
        .fetch_optional(&mut *writing)
        .await?;
        let kept: Option<(String, String)> = kept
            .map(|row| Ok::<_, sqlx::Error>((row.try_get("attributes")?, row.try_get("site")?)))
            .transpose()?;
        if kept.as_ref().is_some_and(|(_, site)| !self.sight.reaches(site)) {
            return Ok(match said {
                Said::Begun => StepAnswer::OtherSite,
                Said::Changed => StepAnswer::Unknown,
            });
        }
        let kept = kept.map(|(text, _)| json::of_text(&text));
        let state = kept.as_ref().and_then(state_of);
        let answer = match (&state, attributes.contains_key(&json::key(STATUS))) {
            // Nothing is said of the state: it stays.
            (Some(StepState::InProgress), false) => answer(state, said, state),
            _ => answer(state, said, state_of(&attributes)),
        };
        let StepAnswer::Taken(state) = answer else { return Ok(answer) };
        if let Some(kept) = &kept {
            if let Some(tag) = another(kept, &attributes) {
                return Ok(StepAnswer::Another(tag));
            }
            // Modalities that repeat what they said first are no fault, and whatever they say it as, it stays.
            attributes.retain(|key, _| !OF_ITS_BEGINNING.iter().any(|tag| json::key(*tag) == *key));
        }
        let begins = kept.is_none();
        let names_series = attributes.contains_key(&json::key(SERIES));
        let statement = match &kept {
            Some(_) => {
                "UPDATE performed_steps SET state = $2, attributes = $3, origin = $4, changed_at = $5 WHERE uid = $1"
            }
            None => {
                "INSERT INTO performed_steps (uid, state, attributes, origin, began_at, changed_at, site)
                 VALUES ($1, $2, $3, $4, $5, $5, $6) ON CONFLICT (uid) DO NOTHING"
            }
        };
        let mut step = kept.unwrap_or_default();
        step.extend(attributes);
        if state == StepState::Completed
            && let Some(tag) = lacking(&step, names_series)
        {
            return Ok(StepAnswer::Lacks(tag));
        }
        let mut query = sqlx::query(statement)
            .bind(uid)
            .bind(state.word())
            .bind(json::text(&step))
            .bind(origin)
            .bind(now);
        if begins {
            query = query.bind(self.sight.home());
        }
        let written = query.execute(&mut *writing).await?;
        if written.rows_affected() == 0 {
            // Another one began it meanwhile.
            return Ok(StepAnswer::Exists);
        }
        if begins || state != StepState::InProgress {
            follow(&mut writing, &self.sight, (uid, &step), state, now).await?;
        }
        let act = if begins { "begin-step" } else { "change-step" };
        audit::put(&mut writing, origin, act, &format!("step {uid}: {}", state.word())).await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(answer)
    }

    /// A step as it was said last, and how it stands.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn performed_step(&self, uid: &str) -> Result<Option<(StepState, DicomJson)>, StoreError> {
        let kept: Option<String> =
            sqlx::query_scalar("SELECT attributes FROM performed_steps WHERE uid = $1")
                .bind(uid)
                .fetch_optional(self.inner.index.pool())
                .await?;
        let kept = kept.map(|text| json::of_text(&text));
        Ok(kept.and_then(|step| Some((state_of(&step)?, step))))
    }
}

/// What a step that is completed must say (PS3.4 Table F.7.2-1, final state) and does not: when it ended, and which series were made. That it has none at
/// all, which each step has, is taken from whoever says so with the last word: a step without a picture ends as well, and its order with it. Nor is
/// anything asked of one that is discontinued: it may be broken off before there is anything to say.
fn lacking(step: &DicomJson, names_series: bool) -> Option<Tag> {
    let no_series = !names_series && items(step, SERIES).is_empty();
    END.into_iter().find(|tag| text(step, *tag).is_empty()).or(no_series.then_some(SERIES))
}

/// By which attribute what is said of a step would make it one of another order or patient than it is of. Whoever says less of that than before says
/// nothing else.
fn another(kept: &DicomJson, changes: &DicomJson) -> Option<Tag> {
    let differs = |kept: &DicomJson, said: &DicomJson, tag| {
        !text(said, tag).is_empty() && text(said, tag) != text(kept, tag)
    };
    let ordered = items(kept, SCHEDULED);
    let is_another = |said: &&DicomJson| {
        ordered.iter().all(|kept| [STUDY_UID, STEP_ID].into_iter().any(|tag| differs(kept, said, tag)))
    };
    if items(changes, SCHEDULED).iter().any(is_another) {
        return Some(SCHEDULED);
    }
    differs(kept, changes, PATIENT_ID).then_some(PATIENT_ID)
}

/// What a step makes of its order; `None` where it was begun for it by mistake.
fn makes(step: &DicomJson, state: StepState) -> Option<OrderState> {
    let another_order = || items(step, REASON).iter().any(|reason| text(reason, CODE) == ANOTHER_ORDER);
    match state {
        StepState::InProgress => Some(OrderState::Started),
        StepState::Completed => Some(OrderState::Completed),
        StepState::Discontinued => (!another_order()).then_some(OrderState::Discontinued),
    }
}

/// How an order stands by itself and by all steps that were performed of it: one that goes on goes before one that was completed, and that before one
/// that was broken off; a claim that goes on stands until one is completed. What is performed goes before what was only said of the order.
fn stands(own: OrderState, steps: &[OrderState]) -> OrderState {
    use OrderState::{Completed, Discontinued, Started};
    match own {
        _ if steps.contains(&Started) => Started,
        _ if own == Completed || steps.contains(&Completed) => Completed,
        Started => Started,
        _ if steps.contains(&Discontinued) => Discontinued,
        _ => own,
    }
}

/// How the order of this number stands that is `own` by itself.
pub(crate) async fn stands_now(
    connection: &mut AnyConnection,
    order: i64,
    own: OrderState,
) -> Result<OrderState, StoreError> {
    let steps: Vec<String> = sqlx::query_scalar(
        "SELECT s.attributes FROM performed_orders l JOIN performed_steps s ON s.id = l.step WHERE l.order_id = $1",
    )
    .bind(order)
    .fetch_all(connection)
    .await?;
    let steps: Vec<OrderState> = steps
        .iter()
        .map(|step| json::of_text(step))
        .filter_map(|step| state_of(&step).and_then(|state| makes(&step, state)))
        .collect();
    Ok(stands(own, &steps))
}

/// What the state of a step means for orders and studies.
async fn follow(
    connection: &mut AnyConnection,
    sight: &Sight,
    (uid, step): (&str, &DicomJson),
    state: StepState,
    now: i64,
) -> Result<(), StoreError> {
    let event = match state {
        StepState::InProgress => "step-begun",
        StepState::Completed => "step-completed",
        StepState::Discontinued => "step-discontinued",
    };
    let scheduled = items(step, SCHEDULED);
    // In their order: of two steps of the same orders neither waits for the other.
    let ordered: BTreeSet<_> =
        scheduled.iter().map(|item| [STEP_ID, STUDY_UID].map(|tag| text(item, tag))).collect();
    for of_order in ordered {
        performed_of(connection, sight, uid, of_order).await?;
    }
    let studies: BTreeSet<&str> = scheduled.iter().map(|item| text(item, STUDY_UID)).collect();
    let complete = state == StepState::Completed && all_are_here(connection, step).await?;
    for study_uid in studies.into_iter().filter(|uid| !uid.is_empty()) {
        let site: Option<String> = sqlx::query_scalar("SELECT site FROM studies WHERE uid = $1")
            .bind(study_uid)
            .fetch_optional(&mut *connection)
            .await?;
        if site.is_some_and(|site| !sight.reaches(&site)) {
            continue;
        }
        events::put(connection, now, event, study_uid, "", "").await?;
        if complete {
            events::complete(connection, now, study_uid).await?;
        }
    }
    Ok(())
}

/// The order of this step's ID and study, if there is one, stands as all steps say that were performed of it, this one among them. A step that was not
/// ordered has no ID. An order of another site stays as it is.
async fn performed_of(
    connection: &mut AnyConnection,
    sight: &Sight,
    uid: &str,
    of_order: [&str; 2],
) -> Result<(), StoreError> {
    let mut values = of_order.map(str::to_owned).to_vec();
    let seen = sight.condition("site", &mut values).unwrap_or_else(|| "TRUE".to_owned());
    // Holds the order until the end: of two steps that end at once the second sees what the first one was.
    let statement = format!(
        "UPDATE orders SET state = state WHERE step_id = $1 AND study_uid = $2 AND {seen} RETURNING id, own_state"
    );
    let query = sqlx::query(AssertSqlSafe(statement));
    let query = values.into_iter().fold(query, |query, value| query.bind(value));
    let Some(row) = query.fetch_optional(&mut *connection).await? else { return Ok(()) };
    let (order, own): (i64, String) = (row.try_get("id")?, row.try_get("own_state")?);
    sqlx::query(
        "INSERT INTO performed_orders (order_id, step) SELECT o.id, s.id FROM orders o, performed_steps s WHERE o.id = $1 AND s.uid = $2
         ON CONFLICT DO NOTHING",
    )
    .bind(order)
    .bind(uid)
    .execute(&mut *connection)
    .await?;
    let own = OrderState::of(&own).ok_or(StoreError::Missing("state of an order"))?;
    let state = stands_now(connection, order, own).await?;
    sqlx::query("UPDATE orders SET state = $2 WHERE id = $1")
        .bind(order)
        .bind(state.word())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether every instance that a step lists has arrived. One that lists none says nothing of what there is: its study is complete when nothing more
/// comes.
async fn all_are_here(connection: &mut AnyConnection, step: &DicomJson) -> Result<bool, StoreError> {
    let mut listed = Vec::new();
    for series in items(step, SERIES) {
        for list in LISTS {
            listed.extend(items(series, list).into_iter().map(|instance| text(instance, INSTANCE_UID)));
        }
    }
    let lists_any = !listed.is_empty();
    for instance_uid in listed {
        let here: Option<i64> = sqlx::query_scalar("SELECT id FROM instances WHERE uid = $1")
            .bind(instance_uid)
            .fetch_optional(&mut *connection)
            .await?;
        if here.is_none() {
            return Ok(false);
        }
    }
    Ok(lists_any)
}

fn state_of(step: &DicomJson) -> Option<StepState> {
    StepState::of(text(step, STATUS))
}

/// The items of a sequence.
fn items(step: &DicomJson, tag: Tag) -> Vec<&DicomJson> {
    let listed = step.get(&json::key(tag)).and_then(|sequence| sequence.get("Value")?.as_array());
    listed.into_iter().flatten().filter_map(Value::as_object).collect()
}

/// The first value of an attribute, empty where it has none.
fn text(item: &DicomJson, tag: Tag) -> &str {
    let value = item.get(&json::key(tag)).and_then(|attribute| attribute.get("Value")?.get(0)?.as_str());
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_step_is_its_last() {
        for last in [StepState::Completed, StepState::Discontinued] {
            for state in StepState::ALL.map(Some).into_iter().chain([None]) {
                assert_eq!(answer(Some(last), Said::Changed, state), StepAnswer::Final);
                assert_eq!(answer(Some(last), Said::Begun, state), StepAnswer::Exists);
            }
            assert_eq!(answer(None, Said::Begun, Some(last)), StepAnswer::BadState);
        }
    }

    #[test]
    fn an_order_stands_as_all_its_steps_say() {
        use OrderState::{Cancelled, Completed, Discontinued, Scheduled, Started};
        for (own, steps, expect) in [
            (Scheduled, &[][..], Scheduled),
            (Cancelled, &[], Cancelled),
            (Scheduled, &[Discontinued, Started, Completed], Started),
            (Scheduled, &[Discontinued, Completed], Completed),
            (Scheduled, &[Discontinued], Discontinued),
            (Cancelled, &[Discontinued], Discontinued),
            (Cancelled, &[Completed], Completed),
            // Somebody who claimed it as a workitem.
            (Started, &[], Started),
            (Started, &[Completed], Completed),
            (Started, &[Discontinued], Started),
            (Discontinued, &[Started], Started),
            (Completed, &[Started], Started),
            (Completed, &[Discontinued], Completed),
        ] {
            assert_eq!(stands(own, steps), expect, "{own:?} {steps:?}");
        }
    }
}
