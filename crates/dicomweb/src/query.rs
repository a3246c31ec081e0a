//! QIDO-RS (PS3.18 §10.6): studies, series and instances by what the index knows of them.

use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use peony_dicom::{Level, Tag, VR, level_of};
use peony_store::{DicomJson, Query, key};

use crate::Service;
use crate::answer::{self, Base};
use crate::problem::Problem;
use crate::question::Question;
use crate::uid::Address;

const STUDY_UID: Tag = Tag(0x0020, 0x000D);
const SERIES_UID: Tag = Tag(0x0020, 0x000E);
const INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);

#[rustfmt::skip] // Read as a table.
pub(crate) const ANSWERED: &[(Level, &[Tag])] = &[
    // PS3.18 table 10.6.3-3, and what lists show besides.
    (Level::Study, &[
        Tag(0x0008, 0x0005), Tag(0x0008, 0x0020), Tag(0x0008, 0x0030), Tag(0x0008, 0x0050), Tag(0x0008, 0x0056),
        Tag(0x0008, 0x0061), Tag(0x0008, 0x0090), Tag(0x0008, 0x1030), PATIENT_NAME,
        Tag(0x0010, 0x0020), Tag(0x0010, 0x0030), Tag(0x0010, 0x0040), STUDY_UID, Tag(0x0020, 0x0010),
        Tag(0x0020, 0x1206), Tag(0x0020, 0x1208),
    ]),
    // Table 10.6.3-4.
    (Level::Series, &[
        Tag(0x0008, 0x0056), Tag(0x0008, 0x0060), Tag(0x0008, 0x103E), Tag(0x0018, 0x0015), SERIES_UID,
        Tag(0x0020, 0x0011), Tag(0x0020, 0x0060), Tag(0x0020, 0x1209), Tag(0x0040, 0x0244), Tag(0x0040, 0x0245),
        Tag(0x0040, 0x0275),
    ]),
    // Table 10.6.3-5.
    (Level::Instance, &[
        Tag(0x0008, 0x0016), INSTANCE_UID, Tag(0x0008, 0x0056), Tag(0x0020, 0x0013), Tag(0x0028, 0x0008),
        Tag(0x0028, 0x0010), Tag(0x0028, 0x0011), Tag(0x0028, 0x0100),
    ]),
];

/// Numbers of Patient Related Studies, Series and Instances: answered where they are asked for.
const OF_PATIENT: [Tag; 3] = [Tag(0x0020, 0x1200), Tag(0x0020, 0x1202), Tag(0x0020, 0x1204)];

pub(crate) async fn studies(
    service: Service,
    base: Base,
    address: Address,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    search(service, base, address, query, headers, Level::Study).await
}

pub(crate) async fn series(
    service: Service,
    base: Base,
    address: Address,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    search(service, base, address, query, headers, Level::Series).await
}

pub(crate) async fn instances(
    service: Service,
    base: Base,
    address: Address,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    search(service, base, address, query, headers, Level::Instance).await
}

async fn search(
    service: Service,
    base: Base,
    address: Address,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    level: Level,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let form = answer::Form::of(&headers, &query)?;
    let question = Question::of(&query).map_err(|error| Problem::BadRequest(error.to_string()))?;
    let levels = levels(&address, level);
    // One more than is wanted tells whether there is more.
    let asked = asked(&question, &address, level, &levels).page(question.offset, question.limit + 1);
    let mut matches = service.store.query(&asked).await?;
    let more = matches.found.len() > question.limit as usize;
    matches.found.truncate(question.limit as usize);
    for found in &mut matches.found {
        complete(found, &base, level);
    }
    let mut response = if matches.found.is_empty() {
        answer::empty(StatusCode::NO_CONTENT)
    } else {
        form.of_data_sets(matches.found)?
    };
    for warning in warnings(&question, &matches.passed_over, more) {
        warn(&mut response, &warning);
    }
    Ok(response)
}

/// Of which levels an answer tells: its own, and those above it that the path does not name (§10.6.3.3).
fn levels(address: &Address, level: Level) -> Vec<Level> {
    let named = match address {
        Address { series: Some(_), .. } => Some(Level::Series),
        Address { study: Some(_), .. } => Some(Level::Study),
        _ => None,
    };
    let all = [Level::Patient, Level::Study, Level::Series, Level::Instance];
    all.into_iter().filter(|one| *one <= level && named.is_none_or(|named| *one > named)).collect()
}

fn asked(question: &Question, address: &Address, level: Level, levels: &[Level]) -> Query {
    let mut asked = Query::all(level).fuzzy(question.fuzzy);
    let named = [(STUDY_UID, &address.study), (SERIES_UID, &address.series)];
    for (tag, uid) in named.iter().filter_map(|(tag, uid)| Some((tag, uid.as_ref()?))) {
        asked = asked.matching(*tag, uid);
    }
    for (tag, value) in &question.keys {
        asked = asked.matching(*tag, value);
    }
    if question.include_all {
        return asked;
    }
    let tables = ANSWERED.iter().filter(|(of, _)| levels.contains(of));
    let only: Vec<Tag> = tables.flat_map(|(_, tags)| *tags).chain(question.include.iter()).copied().collect();
    asked.only(&only)
}

/// What the index does not keep, since it follows from the rest: where it is retrieved, and how texts are written.
fn complete(found: &mut DicomJson, base: &Base, level: Level) {
    let uid = |tag| found.get(&key(tag)).and_then(|at| at["Value"][0].as_str()).unwrap_or_default();
    let mut url = format!("{base}/studies/{}", uid(STUDY_UID));
    if level >= Level::Series {
        url = format!("{url}/series/{}", uid(SERIES_UID));
    }
    if level >= Level::Instance {
        url = format!("{url}/instances/{}", uid(INSTANCE_UID));
    }
    answer::put(found, Tag(0x0008, 0x1190), "UR", [url]);
    answer::put(found, peony_dicom::CHARACTER_SET, "CS", ["ISO_IR 192"]);
}

/// What the peer should know of the answer (§8.3.4.2, §8.3.4.4).
fn warnings(question: &Question, passed_over: &[Tag], more: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if more {
        warnings.push("there are more results: ask for the next ones with offset".to_owned());
    }
    let names = |tags: Vec<Tag>| tags.into_iter().map(name).collect::<Vec<_>>();
    let unmatched: Vec<String> =
        names(passed_over.to_vec()).into_iter().chain(question.nested.iter().cloned()).collect();
    if !unmatched.is_empty() {
        warnings
            .push(format!("nothing is matched by {} here: all values are answered", unmatched.join(", ")));
    }
    let unkept = names(question.include.iter().copied().filter(|tag| !is_answered(*tag)).collect());
    if !unkept.is_empty() {
        warnings.push(format!("the index does not keep {}: see the metadata", unkept.join(", ")));
    }
    let literal =
        |tag: Tag, value: &str| tag != PATIENT_NAME && !value.is_empty() && peony_dicom::vr_of(tag) == VR::PN;
    if question.fuzzy && question.keys.iter().any(|(tag, value)| literal(*tag, value)) {
        warnings.push(
            "The fuzzymatching parameter is supported for PatientName only. Only literal matching has been \
             performed for other names."
                .to_owned(),
        );
    }
    warnings
}

fn is_answered(tag: Tag) -> bool {
    level_of(tag).is_some()
        || OF_PATIENT.contains(&tag)
        || ANSWERED.iter().any(|(_, tags)| tags.contains(&tag))
}

pub(crate) fn name(tag: Tag) -> String {
    peony_dicom::keyword_of(tag).map_or_else(|| key(tag), str::to_owned)
}

pub(crate) fn warn(response: &mut Response, text: &str) {
    // Names of attributes and words of this file: nothing that a header field could not hold.
    if let Ok(value) = HeaderValue::from_str(&format!("299 peony \"{text}\"")) {
        response.headers_mut().append(HeaderName::from_static("warning"), value);
    }
}
