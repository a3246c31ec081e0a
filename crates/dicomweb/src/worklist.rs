//! UPS-RS (PS3.18 §11): orders as workitems, found, looked at, claimed and ended.

use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, RawQuery};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use peony_dicom::{Attribute, Attributes, Tag, VR, keyword_of, vr_of};
use peony_store::matching::matches;
use peony_store::{Claimed, DicomJson, OrderState, Ordered, WorkitemAnswer, attributes_of, json_of, key};

use crate::Service;
use crate::answer::{self, Caller, Form};
use crate::problem::Problem;
use crate::query::warn;
use crate::question::Question;
use crate::uid::is_uid;

/// Unified Procedure Step - Push (PS3.4 Table CC.3-1).
const UPS_PUSH: &str = "1.2.840.10008.5.1.4.34.6.1";
/// What asks for another state is two attributes.
const BODY_BYTES: usize = 64 << 10;

const SOP_CLASS: Tag = Tag(0x0008, 0x0016);
const INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const ACCESSION: Tag = Tag(0x0008, 0x0050);
const REFERRING: Tag = Tag(0x0008, 0x0090);
const TRANSACTION_UID: Tag = Tag(0x0008, 0x1195);
const STUDY_UID: Tag = Tag(0x0020, 0x000D);
const PROCEDURE: Tag = Tag(0x0032, 0x1060);
const STEPS: Tag = Tag(0x0040, 0x0100);
const PROCEDURE_ID: Tag = Tag(0x0040, 0x1001);
/// Scheduled Procedure Step Start DateTime.
const START: Tag = Tag(0x0040, 0x4005);
/// Input Readiness State.
const READINESS: Tag = Tag(0x0040, 0x4041);
/// Referenced Request Sequence.
const REQUESTS: Tag = Tag(0x0040, 0xA370);
/// Procedure Step State, Scheduled Procedure Step Priority, Procedure Step Label.
const STATE: Tag = Tag(0x0074, 0x1000);
const PRIORITY: Tag = Tag(0x0074, 0x1200);
const LABEL: Tag = Tag(0x0074, 0x1204);
/// Of the scheduled procedure step of an order.
const STEP: Tag = Tag(0x0040, 0x0007);
const PATIENT: [Tag; 4] =
    [Tag(0x0010, 0x0010), Tag(0x0010, 0x0020), Tag(0x0010, 0x0030), Tag(0x0010, 0x0040)];

/// What workitems are matched by.
pub(crate) const KEYS: &[Tag] = &[
    INSTANCE_UID,
    Tag(0x0010, 0x0010),
    Tag(0x0010, 0x0020),
    Tag(0x0010, 0x0030),
    Tag(0x0010, 0x0040),
    STUDY_UID,
    START,
    READINESS,
    STATE,
    PRIORITY,
    LABEL,
];

pub(crate) async fn search(
    service: Service,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let form = Form::of(&headers, &query)?;
    let question = Question::of(&query).map_err(|error| Problem::BadRequest(error.to_string()))?;
    let attribute =
        |(tag, value): &(Tag, String)| (*tag, Attribute::of(*tag, value.split('\\').map(str::to_owned)));
    let (known, unknown): (Vec<_>, Vec<_>) = question.keys.iter().partition(|(tag, _)| KEYS.contains(tag));
    let keys: Attributes = known.into_iter().map(attribute).collect();
    let wanted = question.limit as usize;
    let (mut found, mut passed, mut after) = (Vec::new(), 0, 0);
    // One more than is wanted tells whether there is more.
    while found.len() <= wanted {
        let orders = service.store.orders(days_of(&keys), after).await?;
        let Some(last) = orders.last() else { break };
        after = last.id;
        for item in orders.iter().map(workitem).filter(|item| matches(&keys, item)) {
            passed += 1;
            if passed > question.offset as usize && found.len() <= wanted {
                found.push(item);
            }
        }
    }
    let more = found.len() > wanted;
    found.truncate(wanted);
    let mut response = if found.is_empty() {
        answer::empty(StatusCode::NO_CONTENT)
    } else {
        form.of_data_sets(found.iter().map(json_of).collect())?
    };
    if more {
        warn(&mut response, "there are more results: ask for the next ones with offset");
    }
    let names = unknown.iter().map(|(tag, _)| keyword_of(*tag).map_or_else(|| key(*tag), str::to_owned));
    let names: Vec<String> = names.chain(question.nested.iter().cloned()).collect();
    if !names.is_empty() {
        let text = format!("nothing is matched by {} here: all values are answered", names.join(", "));
        warn(&mut response, &text);
    }
    Ok(response)
}

pub(crate) async fn retrieve(
    service: Service,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let form = Form::of(&headers, &query.unwrap_or_default())?;
    let found = service.store.workitem(uid_of(&params)?).await?.ok_or(Problem::Missing("workitem"))?;
    form.of_data_sets(vec![json_of(&workitem(&found))])
}

pub(crate) async fn change(
    service: Service,
    caller: Caller,
    params: RawPathParams,
    body: Body,
) -> Result<Response, Problem> {
    let uid = uid_of(&params)?;
    let form = "a Transaction UID and a Procedure Step State of IN PROGRESS, COMPLETED or CANCELED, in the DICOM JSON Model";
    let bytes = tokio::time::timeout(service.limits.silence, to_bytes(body, BODY_BYTES)).await;
    let bytes = bytes.map_err(|_| Problem::Silence(service.limits.silence.as_secs()))?;
    let refused = || Problem::BadRequest(format!("it is not {form}"));
    let asked: serde_json::Value =
        bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(refused)?;
    let asked: Option<&DicomJson> = asked.as_object().or_else(|| asked.get(0)?.as_object());
    let asked = attributes_of(asked.ok_or_else(refused)?);
    let text =
        |tag| asked.get(&tag).and_then(|attribute| attribute.values.first()).map_or("", String::as_str);
    let wanted = match text(STATE) {
        "IN PROGRESS" => Claimed::Begun,
        "COMPLETED" => Claimed::Completed,
        "CANCELED" => Claimed::Cancelled,
        _ => return Err(refused()),
    };
    let transaction = text(TRANSACTION_UID);
    if !is_uid(transaction) {
        return Err(refused());
    }
    let conflict = match service.store.claim(uid, wanted, transaction, &caller.name).await? {
        WorkitemAnswer::Taken => return Ok(answer::empty(StatusCode::OK)),
        WorkitemAnswer::Unknown => return Err(Problem::Missing("workitem")),
        WorkitemAnswer::NotBegun => "the workitem is not in progress",
        WorkitemAnswer::Begun => "the workitem is in progress already",
        WorkitemAnswer::Anothers => "the workitem is in progress by another transaction",
        WorkitemAnswer::Final => "the workitem has had its last state",
    };
    Err(Problem::Conflict(conflict))
}

fn uid_of(params: &RawPathParams) -> Result<&str, Problem> {
    let uid = params.iter().find(|(name, _)| *name == "workitem").map_or("", |(_, uid)| uid);
    if is_uid(uid) { Ok(uid) } else { Err(Problem::BadRequest("the workitem of the path is no UID".into())) }
}

/// An order as a workitem (PS3.4 Table CC.2.5-3).
fn workitem(order: &Ordered) -> Attributes {
    let said = attributes_of(&order.item);
    let none = Attributes::new();
    let step = said.get(&STEPS).and_then(|steps| steps.items.first()).unwrap_or(&none);
    let copied = |of: &Attributes, tag: Tag| {
        (
            tag,
            of.get(&tag).cloned().unwrap_or(Attribute {
                vr: vr_of(tag),
                values: Vec::new(),
                items: Vec::new(),
            }),
        )
    };
    let text = |tag: Tag, text: &str| {
        let values = if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
        (tag, Attribute::of(tag, values))
    };
    let label = copied(step, STEP).1.values.pop().unwrap_or_default();
    let state = match order.state {
        OrderState::Scheduled => "SCHEDULED",
        OrderState::Started => "IN PROGRESS",
        OrderState::Completed => "COMPLETED",
        OrderState::Discontinued | OrderState::Cancelled => "CANCELED",
    };
    let request: Attributes =
        [ACCESSION, REFERRING, STUDY_UID, PROCEDURE, PROCEDURE_ID].map(|tag| copied(&said, tag)).into();
    let mut item: Attributes = PATIENT.map(|tag| copied(&said, tag)).into();
    item.extend([
        text(SOP_CLASS, UPS_PUSH),
        text(INSTANCE_UID, &order.workitem_uid),
        copied(&said, STUDY_UID),
        text(START, &order.start),
        text(READINESS, "READY"),
        (REQUESTS, Attribute { vr: VR::SQ, values: Vec::new(), items: vec![request] }),
        text(STATE, state),
        text(PRIORITY, "MEDIUM"),
        text(LABEL, &label),
    ]);
    item
}

/// The days that are asked for, both included; an empty one is no end. They spare looking at all the others.
fn days_of(keys: &Attributes) -> [&str; 2] {
    let asked = keys.get(&START).and_then(|start| start.values.first()).map_or("", String::as_str);
    let (first, last) = asked.split_once('-').unwrap_or((asked, asked));
    let day = |text: &'_ str| text.len() >= 8 && text.bytes().take(8).all(|byte| byte.is_ascii_digit());
    [first, last].map(|text| if day(text) { &text[..8] } else { "" })
}
