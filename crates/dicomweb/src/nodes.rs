//! Other nodes, as a page searches them and has studies fetched from them. As with [`crate::sending`], the node's own worker does it, and whoever mounts the
//! routes says who can be asked, and asks.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::future::BoxFuture;
use peony_dicom::{Attribute, Attributes, Tag, is_uid};
use peony_store::{Fetching, SendFault, Store, StoreError, Which, json_of};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use utoipa::{OpenApi, ToSchema};

use crate::answer::{Caller, by_hand};
use crate::problem::Problem;
use crate::sending::{MadeSending, Neighbours};

/// Studies that are answered at most.
const MOST: usize = 100;
/// Searches at a time; more of them wait for their turn, within their time.
const AT_ONCE: usize = 8;
const BODY_BYTES: usize = 4096;
/// The longest value that is shown of another node: a name in three ways of writing (PS3.5 §6.2).
const MOST_SHOWN: usize = 200;
/// The longest text that is searched for: longer than any name or identifier (PS3.5 §6.2).
const MOST_LETTERS: usize = 64;

const LEVEL: Tag = Tag(0x0008, 0x0052);
const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
const ACCESSION: Tag = Tag(0x0008, 0x0050);
const MODALITIES: Tag = Tag(0x0008, 0x0061);
const NAME: Tag = Tag(0x0010, 0x0010);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const STUDY_UID: Tag = Tag(0x0020, 0x000D);

/// What is asked for of each study besides.
const SHOWN: [Tag; 7] = [
    Tag(0x0008, 0x0030),
    Tag(0x0008, 0x1030),
    Tag(0x0010, 0x0030),
    Tag(0x0010, 0x0040),
    Tag(0x0020, 0x0010),
    Tag(0x0020, 0x1206),
    Tag(0x0020, 0x1208),
];

/// What another node has.
#[derive(Default)]
pub struct FoundThere {
    /// Each study once.
    pub studies: Vec<Attributes>,
    /// There are more.
    pub more: bool,
    /// Answers that could not be read.
    pub unread: usize,
}

/// Asks the node of that title (C-FIND) for the studies that fit any of these identifiers, at most so many, and until then: what it has said by that
/// time counts.
pub type Search = Arc<
    dyn Fn(String, Vec<Attributes>, usize, Instant) -> BoxFuture<'static, Result<FoundThere, SendFault>>
        + Send
        + Sync,
>;

/// Whom the pages can ask, and how.
#[derive(Clone)]
pub struct Nodes {
    /// The nodes that can be searched and fetched from, by their titles, as they are now.
    pub sources: Neighbours,
    /// Asks one of them.
    pub search: Search,
    /// For so long.
    pub limit: Duration,
}

#[derive(Clone)]
struct Service {
    store: Store,
    nodes: Nodes,
    places: Arc<Semaphore>,
}

/// The routes, to be mounted below a path; a request may carry a [`Caller`].
///
/// | | | |
/// |---|---|---|
/// | `GET /` | | titles of the nodes that can be searched and fetched from |
/// | `POST /search` | `{"from", "text"?, "patient_id"?, "date"?, "modality"?}` | their studies: [`SearchAnswer`] |
/// | `POST /fetch` | `{"from", "study_uid", "series_uid"?}` | has a study or a series fetched; gives `{"id"}` |
pub fn nodes(store: Store, nodes: Nodes) -> Router {
    let service = Service { store, nodes, places: Arc::new(Semaphore::new(AT_ONCE)) };
    let routes = Router::new()
        .route("/", get(titles))
        .route("/search", post(search))
        .route("/fetch", post(fetch))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    by_hand(routes).with_state(service)
}

/// What is searched for, and where. Something must be said besides the node.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NodeSearch {
    /// The title of the node.
    from: String,
    /// The beginning of a name, an identifier or an accession number.
    text: Option<String>,
    /// The patient's identifier, as it is.
    patient_id: Option<String>,
    /// The study's day, YYYYMMDD, or days: YYYYMMDD-YYYYMMDD, YYYYMMDD-, -YYYYMMDD.
    date: Option<String>,
    /// A modality of the study.
    modality: Option<String>,
}

/// What the node has.
#[derive(Debug, Serialize, ToSchema)]
struct SearchAnswer {
    studies: Vec<StudyThere>,
    /// There are more than are listed.
    more: bool,
    /// Answers of the node that could not be read.
    unread: usize,
}

/// A study that another node has.
#[derive(Debug, Serialize, ToSchema)]
struct StudyThere {
    /// In the DICOM JSON Model.
    #[schema(value_type = Object)]
    study: peony_store::DicomJson,
    /// How many instances of it are here.
    here: usize,
}

#[derive(OpenApi)]
#[openapi(paths(titles, search, fetch))]
struct Description;

/// The description of these routes where `peony serve` mounts them, under `/api/nodes`.
#[must_use]
pub fn nodes_openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The nodes that can be searched and fetched from, by their titles.
#[utoipa::path(get, path = "/api/nodes", responses((status = 200, body = [String])))]
async fn titles(State(service): State<Service>) -> Json<Vec<String>> {
    Json((service.nodes.sources)())
}

/// Search another node. Who gives up the request ends the search.
#[utoipa::path(post, path = "/api/nodes/search", request_body = NodeSearch, responses(
    (status = 200, body = SearchAnswer),
    (status = 400, description = "it is no such request"),
    (status = 404, description = "no such node"),
    (status = 502, description = "the node cannot be reached, rejects, does not take such questions, breaks off or answers with a failure"),
    (status = 504, description = "the node does not answer in time"),
))]
async fn search(
    State(service): State<Service>,
    caller: Caller,
    body: Result<Json<NodeSearch>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<SearchAnswer>, Problem> {
    let asked = body.ok().map(|Json(asked)| asked);
    let is_said = "it is not {\"from\", \"text\"?, \"patient_id\"?, \"date\"?, \"modality\"?}, or nothing is searched for";
    let (Some(asked), service_of) = (asked, &service.nodes) else {
        return Err(Problem::BadRequest(is_said.into()));
    };
    let questions = questions(&asked).ok_or_else(|| Problem::BadRequest(is_said.into()))?;
    if !(service_of.sources)().contains(&asked.from) {
        return Err(Problem::Missing("node to search"));
    }
    let until = Instant::now() + service_of.limit;
    let found = {
        // Nobody closes it.
        let place = timeout_at(until, service.places.acquire()).await;
        let _place = place.map_err(|_| Problem::Node(SendFault::Late))?;
        (service_of.search)(asked.from.clone(), questions, MOST, until).await.map_err(Problem::Node)?
    };
    // Whom it was about is not written down: what of it is looked at or fetched is.
    service.store.note(&caller.name, "search", &format!("node {}", asked.from)).await?;
    let here = service.store.seeing(caller.sight.clone());
    let mut studies = Vec::with_capacity(found.studies.len());
    let mut unread = found.unread;
    for study in found.studies {
        let uid = study.get(&STUDY_UID).and_then(|uid| uid.values.first()).cloned().unwrap_or_default();
        if !is_uid(&uid) {
            unread += 1;
            continue;
        }
        let which = Which { study_uid: Some(&uid), ..Which::default() };
        let here = here.instances(which).await?.len();
        studies.push(StudyThere { study: json_of(&fit_to_show(study)), here });
    }
    Ok(Json(SearchAnswer { studies, more: found.more, unread }))
}

/// Have a study, or a series of it, fetched from another node; what becomes of it stands in the queue of `/api/sending`.
#[utoipa::path(post, path = "/api/nodes/fetch", request_body = Fetching, responses(
    (status = 201, body = MadeSending),
    (status = 400, description = "it is no such request"),
    (status = 404, description = "no such node"),
    (status = 409, description = "the study is another site's"),
))]
async fn fetch(
    State(service): State<Service>,
    caller: Caller,
    body: Result<Json<Fetching>, axum::extract::rejection::JsonRejection>,
) -> Result<(StatusCode, Json<MadeSending>), Problem> {
    let fetching = body.ok().map(|Json(fetching)| fetching);
    let fetching = fetching
        .filter(|asked| is_uid(&asked.study_uid) && asked.series_uid.as_deref().is_none_or(is_uid))
        .ok_or_else(|| Problem::BadRequest("it is not {\"from\", \"study_uid\", \"series_uid\"?}".into()))?;
    if !(service.nodes.sources)().contains(&fetching.from) {
        return Err(Problem::Missing("node to fetch from"));
    }
    match service.store.seeing(caller.sight.clone()).fetch(&fetching, &caller.name).await {
        Ok(id) => Ok((StatusCode::CREATED, Json(MadeSending { id }))),
        Err(StoreError::Refused(why)) => Err(Problem::Conflict(why)),
        Err(error) => Err(error.into()),
    }
}

/// What another node says must neither steer nor fill whatever shows it.
fn fit_to_show(mut study: Attributes) -> Attributes {
    for value in study.values_mut().flat_map(|attribute| &mut attribute.values) {
        *value = value.chars().filter(|letter| !letter.is_control()).take(MOST_SHOWN).collect();
    }
    study
}

/// The identifiers that ask for what is said: a text may be a name, an identifier or an accession number, and keys are matched all together (PS3.4
/// §C.2.2.2), so it is a question for each. `None` where nothing is searched for, or something else than can be.
fn questions(asked: &NodeSearch) -> Option<Vec<Attributes>> {
    let said = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        text.filter(|text| text.chars().count() <= MOST_LETTERS && !text.contains(['\\', '\0']))
    };
    for text in [&asked.text, &asked.patient_id, &asked.date, &asked.modality] {
        if text.as_deref().is_some_and(|text| !text.trim().is_empty()) && said(text).is_none() {
            return None;
        }
    }
    let date = said(&asked.date);
    if date.as_deref().is_some_and(|date| !is_days(date)) {
        return None;
    }
    let shared: Vec<(Tag, String)> = [(STUDY_DATE, date), (MODALITIES, said(&asked.modality))]
        .into_iter()
        .filter_map(|(tag, value)| Some((tag, value?)))
        .collect();
    let question = |more: Vec<(Tag, String)>| {
        let empty = [STUDY_DATE, ACCESSION, MODALITIES, NAME, PATIENT_ID, STUDY_UID].into_iter().chain(SHOWN);
        let keys = empty.map(|tag| (tag, String::new())).chain(shared.iter().cloned()).chain(more);
        let keys = keys.chain([(LEVEL, "STUDY".to_owned())]);
        keys.map(|(tag, value)| (tag, Attribute::of(tag, Some(value).filter(|value| !value.is_empty()))))
            .collect::<Attributes>()
    };
    let questions: Vec<Attributes> = match (said(&asked.patient_id), said(&asked.text)) {
        (Some(id), _) => vec![question(vec![(PATIENT_ID, literal(&id))])],
        (None, Some(text)) => {
            let starts = format!("{}*", literal(&text));
            let numbered =
                text.is_ascii().then(|| [PATIENT_ID, ACCESSION].map(|tag| vec![(tag, starts.clone())]));
            let named = text.chars().any(char::is_alphabetic).then(|| vec![(NAME, name_pattern(&text))]);
            numbered.into_iter().flatten().chain(named).map(question).collect()
        }
        (None, None) if shared.is_empty() => return None,
        (None, None) => vec![question(Vec::new())],
    };
    (!questions.is_empty()).then_some(questions)
}

/// Without what would be a wildcard: a person means what they write.
fn literal(text: &str) -> String {
    text.chars().map(|letter| if letter == '*' { '?' } else { letter }).collect()
}

/// A name as people write it, as a pattern: words begin one after the other, whatever stands between them; letters of a script without spaces may have
/// the mark between family and given name between any two, and another way of writing before them.
fn name_pattern(text: &str) -> String {
    let mut pattern = String::new();
    let words =
        text.split(|letter: char| letter.is_whitespace() || matches!(letter, '^' | ',' | '=' | '*' | '?'));
    for word in words.filter(|word| !word.is_empty()) {
        if !text.is_ascii() && !pattern.ends_with('*') {
            pattern.push('*');
        }
        for letter in word.chars() {
            pattern.push(letter);
            if !letter.is_ascii() {
                pattern.push('*');
            }
        }
        if !pattern.ends_with('*') {
            pattern.push('*');
        }
    }
    pattern
}

/// A day or days, as a range may be said (PS3.4 §C.2.2.2.5).
fn is_days(text: &str) -> bool {
    let is_day = |day: &str| day.len() == 8 && day.bytes().all(|digit| digit.is_ascii_digit());
    match text.split_once('-') {
        None => is_day(text),
        Some(("", "")) => false,
        Some((from, to)) => [from, to].iter().all(|day| day.is_empty() || is_day(day)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str, patient_id: &str, date: &str) -> NodeSearch {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        NodeSearch {
            from: "A".into(),
            text: some(text),
            patient_id: some(patient_id),
            date: some(date),
            modality: None,
        }
    }

    #[test]
    fn what_is_written_is_asked_as_name_identifier_and_accession_number() {
        let keys = |asked: &NodeSearch| {
            let of = |question: &Attributes| {
                let said = |tag: Tag| question[&tag].values.first().cloned().unwrap_or_default();
                [PATIENT_ID, ACCESSION, NAME, STUDY_DATE].map(said)
            };
            questions(asked).map(|all| all.iter().map(of).collect::<Vec<_>>())
        };
        let line = |keys: [&str; 4]| keys.map(str::to_owned);
        assert_eq!(keys(&asked("", "P*1", "")), Some(vec![line(["P?1", "", "", ""])]));
        assert_eq!(
            keys(&asked("li wei", "", "20250101-")),
            Some(vec![
                line(["li wei*", "", "", "20250101-"]),
                line(["", "li wei*", "", "20250101-"]),
                line(["", "", "li*wei*", "20250101-"]),
            ])
        );
        assert_eq!(keys(&asked("王小明", "", "")), Some(vec![line(["", "", "*王*小*明*", ""])]));
        assert_eq!(keys(&asked("1234", "", "")).map(|all| all.len()), Some(2), "no name has digits alone");
        assert_eq!(keys(&asked("", "", "20250101")), Some(vec![line(["", "", "", "20250101"])]));
        for wrong in [
            asked("", "", ""),
            asked(" ", "", ""),
            asked("a\\b", "", ""),
            asked("", "", "2025"),
            asked("", "", "-"),
        ] {
            assert_eq!(keys(&wrong), None, "{wrong:?}");
        }
        assert_eq!(keys(&asked(&"a".repeat(65), "", "")), None);
    }
}
