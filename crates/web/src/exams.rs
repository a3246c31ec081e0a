//! Examinations over HTTP: the list, the report and its acts, pictures.

use std::io::Cursor;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use image::ImageFormat;
use peony_encode::narrative::Narrative;
use peony_encode::{Lang, narrative};
use peony_examination::{
    AXES, Act, ActKey, Asking, Author, BLANK, DiskTrouble, Examination, FieldName, Listed, Obstacle,
    OpenError, Refusal, Summary, obstacles, open,
};
use peony_model::report::{Circumstances, Earlier, Patient, Report};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::body::{Object, Unread};
use crate::guard::problem;
use crate::person::Person;
use crate::rooms::{RoomError, Rooms, why_unreadable};
use crate::routes::no_room;
use crate::wire::{Problem, Words};

/// Who acts where there are no accounts and a page does not say it.
const SOMEBODY: &str = "report page";
/// The header in which a page says who acts, percent-encoded.
const BY: &str = "x-peony-by";
/// The header in which a page says what it calls an act, so that one that is sent again is not done again.
const ACT: &str = "x-peony-act";
/// The longest name in it, bytes once decoded.
const LONGEST_NAME: usize = 200;

/// An examination in the list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ExamRow {
    /// Its identifier.
    id: String,
    /// When it began, milliseconds since 1970-01-01 UTC; 0 where that cannot be read.
    began_ms: u64,
    /// Where it stands.
    status: ExamStatus,
    /// Who is examined.
    patient: Patient,
    /// Its number in the house.
    number: String,
    /// How many lesions are reported.
    lesions: usize,
    /// The highest category.
    #[schema(required)]
    category: Option<String>,
    /// Its source is open: frames of it may come now.
    live: bool,
    /// When its newest frame came, milliseconds since 1970-01-01 UTC; `null` where none has since its source was opened.
    #[schema(required)]
    last_frame_ms: Option<u64>,
    /// Nobody was examined: its frames are the virtual transducer's.
    simulated: bool,
    /// Nothing is in it, and whoever asks began it: it can be discarded.
    discardable: bool,
    /// Why it cannot be read, where it cannot.
    #[schema(required)]
    fault: Option<String>,
    /// The key of that.
    #[schema(required)]
    fault_code: Option<&'static str>,
}

/// Where an examination stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExamStatus {
    /// Its report is a draft.
    Open,
    /// Its report is signed.
    Signed,
    /// Its report is not the one that was signed.
    Altered,
    /// It cannot be read.
    Unreadable,
}

/// What a page says to begin an examination.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewExam {
    /// Who is examined.
    #[schema(required = false)]
    patient: Option<Patient>,
    /// What concerns the whole.
    #[schema(required = false)]
    circumstances: Option<Circumstances>,
    /// Where its frames come from, such as `capture` or `phantom:3`; without it the program's usual source.
    #[schema(required = false)]
    source: Option<String>,
}

/// An examination that has begun.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Begun {
    /// Its identifier.
    id: String,
}

/// A report with everything that a page shows around it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReportView {
    /// Its fields; outlines of planes have 64 points at most here.
    report: Report,
    /// Its sentences.
    narrative: Narratives,
    /// Proposals that nobody has taken or changed yet.
    open: Vec<OpenField>,
    /// What stands in the way of a signature, open proposals included.
    obstacles: Vec<ObstacleView>,
    /// Nothing stands in its way.
    signable: bool,
    /// It was begun on another kind of source than the program has now: it is not scanned any further here.
    other_source: bool,
    /// How many entries its history has.
    history: usize,
    /// Everything is on the disk, or will be within a second.
    saved: bool,
    /// Why it is not, in one English line.
    #[schema(required)]
    not_saved_why: Option<String>,
    /// The same for people.
    #[schema(required)]
    not_saved: Option<DiskTrouble>,
    /// The number of its last entry: a greater one is newer.
    seq: u64,
    /// How many acts this person can take back.
    undo: usize,
}

/// The sentences in both languages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Narratives {
    /// English.
    en: Narrative,
    /// Chinese, simplified.
    zh: Narrative,
}

/// A field that is still the machine's word alone.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct OpenField {
    /// Of which lesion.
    lesion: u32,
    /// Which field.
    field: FieldName,
}

/// What stands in the way of a signature, in words.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ObstacleView {
    #[serde(flatten)]
    obstacle: Obstacle,
    /// One line.
    words: Words,
}

/// Why an act was not followed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Refused {
    /// One English line.
    error: String,
    /// Its key.
    code: &'static str,
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Language {
    /// `en` or `zh`.
    #[serde(default)]
    lang: LangName,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LangName {
    #[default]
    En,
    Zh,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOf {
    /// Words that name, identifier or number hold, all of them; none is every examination.
    #[serde(default)]
    #[param(required = false)]
    find: String,
    /// At most so many.
    #[param(required = false)]
    limit: Option<usize>,
}

/// Examinations: those that go on first, then open ones, then the newest.
#[utoipa::path(get, path = "/api/exams", params(ListOf), responses(
    (status = 200, body = [ExamRow]),
    (status = 400, description = "the limit is no number", body = Problem),
))]
pub(crate) async fn list(
    State(rooms): State<Arc<Rooms>>,
    person: Person,
    of: Result<Query<ListOf>, QueryRejection>,
) -> Response {
    let Ok(Query(ListOf { find, limit })) = of else {
        return problem(StatusCode::BAD_REQUEST, "limit: it is no number".to_owned());
    };
    blocking(move || {
        // Nobody knows whose one is that cannot be read: it is shown to those who see all.
        let seen = |listed: &Listed| match &listed.summary {
            Ok(summary) => person.sees_site(&summary.site),
            Err(_) => person.sites.is_none(),
        };
        let words: Vec<String> = find.split_whitespace().map(str::to_lowercase).collect();
        let listed =
            rooms.archive().list()?.into_iter().filter(|listed| seen(listed) && holds(listed, &words));
        // Cut before rows are made of them: a house has thousands, and a page shows a hundred.
        let mut listed: Vec<Listed> = listed.collect();
        let live = rooms.live(&person);
        listed.sort_by_key(|listed| (!live.contains(&listed.id), !is_open(listed)));
        listed.truncate(limit.unwrap_or(usize::MAX));
        let rows = listed.into_iter().map(|listed| row(&rooms, listed, &person));
        Ok(Json(rows.collect::<Vec<_>>()))
    })
    .await
}

fn is_open(Listed { summary, .. }: &Listed) -> bool {
    summary.as_ref().is_ok_and(|summary| !summary.signed && !summary.altered)
}

/// So much of an examination's identifier is looked for, from its beginning.
const ID_LETTERS: usize = 8;

/// Whether name, identifiers and number hold every one of these words.
fn holds(Listed { id, summary }: &Listed, words: &[String]) -> bool {
    let said = summary.as_ref().ok().map(|summary| &summary.said);
    let said = said.map(|Earlier { patient, number, .. }| {
        [&patient.name, &patient.id, number].map(|text| text.to_lowercase())
    });
    // Its own identifier is looked for by who has it: short words are in most of them.
    let names = |word: &str| word.len() >= ID_LETTERS && id.starts_with(word);
    words.iter().all(|word| names(word) || said.iter().flatten().any(|text| text.contains(word)))
}

fn row(rooms: &Rooms, Listed { id, summary }: Listed, person: &Person) -> ExamRow {
    let room = rooms.find(Some(&id), person);
    let live = room.is_some();
    let last_frame_ms = room.and_then(|room| room.hub.last_frame_ms());
    match summary.as_deref() {
        Ok(Summary { said, simulated, signed, altered, category, empty, account, .. }) => ExamRow {
            id,
            began_ms: said.began_ms,
            status: match (signed, altered) {
                (_, true) => ExamStatus::Altered,
                (true, _) => ExamStatus::Signed,
                _ => ExamStatus::Open,
            },
            lesions: said.lesions.len(),
            category: category.map(|category| category.label().to_owned()),
            number: said.number.clone(),
            patient: said.patient.clone(),
            live,
            last_frame_ms,
            simulated: *simulated,
            discardable: *empty && last_frame_ms.is_none() && person.began(account.as_deref()),
            fault: None,
            fault_code: None,
        },
        Err(error) => ExamRow {
            id,
            began_ms: 0,
            status: ExamStatus::Unreadable,
            patient: Patient::default(),
            number: String::new(),
            lesions: 0,
            category: None,
            live,
            last_frame_ms,
            simulated: false,
            discardable: false,
            fault_code: Some(why_unreadable(error)),
            fault: Some(error.to_string()),
        },
    }
}

/// Begin an examination.
#[utoipa::path(post, path = "/api/exams", request_body = NewExam, responses(
    (status = 200, body = Begun),
    (status = 409, description = "the source cannot be read", body = Problem),
    (status = 413, description = "larger than any examination's beginning", body = Problem),
    (status = 422, description = "a value that cannot be", body = Problem),
    (status = 503, description = "as many go on as may", body = Problem),
))]
pub(crate) async fn begin(
    State(rooms): State<Arc<Rooms>>,
    person: Person,
    headers: HeaderMap,
    new: Result<Object<NewExam>, Unread>,
) -> Response {
    let Object(new) = match new {
        Ok(new) => new,
        Err((status, error)) => return problem(status, error),
    };
    blocking(move || {
        let patient = new.patient.map(|patient| Act::SetPatient { patient });
        let circumstances = new.circumstances.map(|circumstances| Act::SetCircumstances { circumstances });
        let acts = || [&patient, &circumstances].into_iter().flatten();
        // Nothing is begun for what cannot be.
        acts().try_for_each(Act::check).map_err(Refusal::BadValue)?;
        let room = rooms.begin(None, new.source.as_deref().unwrap_or_default(), &person.home)?;
        let examination = room.hub.examination();
        let by = by(&person, &headers);
        for act in acts() {
            examination.act(&by, act.clone())?;
        }
        rooms.archive().compare(&examination)?;
        Ok(Json(Begun { id: examination.id() }))
    })
    .await
}

/// The report as it stands, draft or signed.
#[utoipa::path(get, path = "/api/exams/{id}/report",
    params(("id" = String, Path, description = "the examination")),
    responses(
        (status = 200, body = ReportView),
        (status = 404, body = Problem),
        (status = 409, description = "its journal is damaged, of a newer program, or open in another one", body = Problem),
    ))]
pub(crate) async fn report(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    person: Person,
    headers: HeaderMap,
) -> Response {
    blocking(move || Ok(Json(view(&rooms, &*get(&rooms, &id, &person)?, &by(&person, &headers))))).await
}

/// Follow a person's act. The answer comes when the act is on the disk.
#[utoipa::path(post, path = "/api/exams/{id}/acts", request_body = Act,
    params(
        ("id" = String, Path, description = "the examination"),
        ("X-Peony-Act" = Option<String>, Header, description = "what the page calls this act: sent again, it is not done again"),
    ),
    responses(
        (status = 200, body = ReportView),
        (status = 403, description = "who asks may not sign", body = Refused),
        (status = 404, body = Problem),
        (status = 409, description = "signed already, something stands in the way, what was shown has changed, or another act was called so", body = Refused),
        (status = 422, description = "a value that cannot be", body = Refused),
        (status = 503, description = "the disk did not take it in time", body = Refused),
    ))]
pub(crate) async fn act(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    person: Person,
    headers: HeaderMap,
    act: Result<Object<Act>, Unread>,
) -> Response {
    let Object(act) = match act {
        Ok(act) => act,
        Err((status, error)) => return answer(status, "bad_value", error),
    };
    blocking(move || {
        let (examination, by) = (get(&rooms, &id, &person)?, by(&person, &headers));
        let act = signed_by(&person, act)?;
        let names_patient = matches!(act, Act::SetPatient { .. });
        // Plain data always has a JSON form, and one value always the same.
        let key = key(&headers, &serde_json::to_string(&act).unwrap_or_default())?;
        examination.act(Asking { by: by.clone(), key }, act)?;
        if names_patient {
            rooms.archive().compare(&examination)?;
        }
        rooms.close_signed();
        Ok(Json(view(&rooms, &examination, &by)))
    })
    .await
}

/// A report is signed by whoever is signed in, whatever name the page sends.
fn signed_by(person: &Person, act: Act) -> Result<Act, Fault> {
    match (act, &person.author) {
        (Act::Sign { .. }, _) if !person.may_sign => Err(Fault::NotPermitted),
        (Act::Sign { role, licence, .. }, Some(by)) => Ok(Act::Sign { name: by.name.clone(), role, licence }),
        (act, _) => Ok(act),
    }
}

/// Take back this person's last act.
#[utoipa::path(post, path = "/api/exams/{id}/undo",
    params(
        ("id" = String, Path, description = "the examination"),
        ("X-Peony-Act" = Option<String>, Header, description = "what the page calls this act: sent again, it is not done again"),
    ),
    responses((status = 200, body = ReportView), (status = 404, body = Problem), (status = 409, body = Refused), (status = 422, body = Refused)))]
pub(crate) async fn undo(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    person: Person,
    headers: HeaderMap,
) -> Response {
    blocking(move || {
        let (examination, by) = (get(&rooms, &id, &person)?, by(&person, &headers));
        let key = key(&headers, "undo")?;
        examination.undo(Asking { by: by.clone(), key })?;
        Ok(Json(view(&rooms, &examination, &by)))
    })
    .await
}

/// The report on paper.
#[utoipa::path(get, path = "/api/exams/{id}/report.pdf",
    params(("id" = String, Path, description = "the examination"), Language),
    responses(
        (status = 200, description = "PDF", content_type = "application/pdf", body = [u8]),
        (status = 400, description = "another language than `en` or `zh`", body = Problem),
        (status = 404, body = Problem),
    ))]
pub(crate) async fn pdf(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    person: Person,
    language: Result<Query<Language>, QueryRejection>,
) -> Response {
    let Ok(Query(Language { lang })) = language else {
        return problem(StatusCode::BAD_REQUEST, "lang: a report comes in en or zh".to_owned());
    };
    blocking(move || {
        let examination = get(&rooms, &id, &person)?;
        let lang = match lang {
            LangName::En => Lang::En,
            LangName::Zh => Lang::Zh,
        };
        let pictures = |id| examination.picture(id).map(Arc::unwrap_or_clone);
        let pdf = peony_encode::pdf(&examination.report(), lang, &pictures);
        let pdf = pdf.map_err(|error| Fault::Failed(error.to_string()))?;
        // A patient's report does not stay in the browser's cache on the disk.
        Ok(([(header::CONTENT_TYPE, "application/pdf"), (header::CACHE_CONTROL, "no-store")], pdf))
    })
    .await
}

/// The grey picture of a plane that is or was kept.
#[utoipa::path(get, path = "/api/exams/{id}/planes/{file}",
    params(
        ("id" = String, Path, description = "the examination"),
        ("file" = String, Path, description = "the plane's number and `.png`"),
    ),
    responses(
        (status = 200, description = "8-bit grey PNG", content_type = "image/png", body = [u8]),
        (status = 404, description = "no such plane was kept", body = Problem),
    ))]
pub(crate) async fn plane(
    State(rooms): State<Arc<Rooms>>,
    Path((id, file)): Path<(String, String)>,
    person: Person,
) -> Response {
    blocking(move || {
        let number = file.strip_suffix(".png").and_then(|number| number.parse().ok());
        let examination = get(&rooms, &id, &person)?;
        let Some(picture) = number.and_then(|number| examination.picture(number)) else {
            return Err(Fault::Missing("plane: no such plane was kept in this examination"));
        };
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png).map_err(|error| Fault::Failed(error.to_string()))?;
        // A patient's picture does not stay in the browser's cache on the disk.
        Ok(([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-store")], png.into_inner()))
    })
    .await
}

/// Why a request has no other answer.
pub(crate) enum Fault {
    /// Nothing of that name.
    Missing(&'static str),
    /// A person's act cannot be followed.
    Refused(Refusal),
    /// No role of this person signs.
    NotPermitted,
    /// The examination cannot go on.
    Room(RoomError),
    /// The disk, or the program itself.
    Failed(String),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<RoomError> for Fault {
    fn from(error: RoomError) -> Self {
        Self::Room(error)
    }
}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Self {
        Self::Room(error.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Self::Missing(error) => problem(StatusCode::NOT_FOUND, error.to_owned()),
            Self::Refused(refusal) => refused(&refusal),
            Self::NotPermitted => {
                let error = "sign: no role of this account may sign".to_owned();
                answer(StatusCode::FORBIDDEN, "not_permitted", error)
            }
            Self::Room(error) => no_room(&error),
            Self::Failed(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error),
        }
    }
}

/// Runs what waits for a disk where it holds nobody up.
pub(crate) async fn blocking<T: IntoResponse + Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Response {
    blocking_response(move || match work() {
        Ok(answer) => answer.into_response(),
        Err(fault) => fault.into_response(),
    })
    .await
}

/// The same for what makes its answer itself.
pub(crate) async fn blocking_response(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let done = tokio::task::spawn_blocking(work);
    let failed = |_| Fault::Failed("the program failed on this request".to_owned()).into_response();
    done.await.unwrap_or_else(failed)
}

pub(crate) fn get(rooms: &Rooms, id: &str, person: &Person) -> Result<Arc<Examination>, Fault> {
    // One that goes on is found without a look at the disk.
    if let Some(room) = rooms.find(Some(id), person) {
        return Ok(room.hub.examination());
    }
    let is_there = |examination: &Arc<Examination>| person.sees(examination) && !examination.is_discarded();
    let found = rooms.archive().get(id)?.filter(is_there);
    found.ok_or(Fault::Missing("exam: there is no such examination"))
}

fn view(rooms: &Rooms, examination: &Examination, by: &Author) -> ReportView {
    let (report, saved) = (examination.report(), examination.saved());
    let found = if report.is_signed() { Vec::new() } else { obstacles(&report) };
    let open = report.printed().flat_map(|lesion| {
        let field = |field| OpenField { lesion: lesion.lesion, field };
        open(lesion).into_iter().map(field)
    });
    let words = |obstacle: Obstacle| {
        let [en, zh] = obstacle.words(&report);
        ObstacleView { obstacle, words: Words { en, zh } }
    };
    ReportView {
        narrative: Narratives { en: narrative(&report, Lang::En), zh: narrative(&report, Lang::Zh) },
        open: open.collect(),
        other_source: !rooms.has_source_of(&examination.opened()),
        signable: found.is_empty() && !report.is_signed(),
        obstacles: found.into_iter().map(words).collect(),
        history: examination.history_len(),
        saved: saved.error.is_none(),
        not_saved_why: saved.error,
        not_saved: saved.trouble,
        seq: examination.seq(),
        undo: if report.is_signed() { 0 } else { examination.undoable(by) },
        report: crate::view::report(report),
    }
}

/// Who acts: the account, or where there is none whoever the page says.
pub(crate) fn by(person: &Person, headers: &HeaderMap) -> Author {
    if let Some(author) = &person.author {
        return author.clone();
    }
    let said = headers.get(BY).and_then(|value| value.to_str().ok());
    let decoded =
        said.map(|said| percent_encoding::percent_decode_str(said).decode_utf8_lossy().into_owned());
    let name = decoded.unwrap_or_default();
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    let name = name.trim();
    if name.is_empty() || name.len() > LONGEST_NAME { SOMEBODY.into() } else { name.into() }
}

/// What a page calls its act, where it says so; `asked` is what it asks for.
fn key(headers: &HeaderMap, asked: &str) -> Result<Option<ActKey>, Refusal> {
    let id = headers.get(ACT).map(|id| id.to_str().unwrap_or_default());
    id.map(|id| ActKey::new(id, asked)).transpose().map_err(Refusal::BadValue)
}

fn refused(refusal: &Refusal) -> Response {
    let (status, code) = match refusal {
        Refusal::Signed => (StatusCode::CONFLICT, "signed"),
        Refusal::Altered => (StatusCode::CONFLICT, "altered"),
        Refusal::NotInTurn(_) => (StatusCode::CONFLICT, "not_in_turn"),
        Refusal::NotSigned => (StatusCode::CONFLICT, "not_signed"),
        Refusal::Obstacles(_) => (StatusCode::CONFLICT, "obstacles"),
        Refusal::Discarded => (StatusCode::CONFLICT, "discarded"),
        Refusal::NotEmpty => (StatusCode::CONFLICT, "not_empty"),
        Refusal::NotYours => (StatusCode::FORBIDDEN, "not_yours"),
        Refusal::BadValue(why) if *why == BLANK => (StatusCode::UNPROCESSABLE_ENTITY, "blank_name"),
        Refusal::ProposalChanged => (StatusCode::CONFLICT, "proposal_changed"),
        Refusal::OtherAct => (StatusCode::CONFLICT, "other_act"),
        Refusal::BadValue(why) if *why == AXES => (StatusCode::UNPROCESSABLE_ENTITY, "short_over_long"),
        Refusal::NothingToUndo => (StatusCode::CONFLICT, "nothing_to_undo"),
        Refusal::UnknownLesion(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unknown_lesion"),
        Refusal::UnknownPlane(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unknown_plane"),
        Refusal::BadValue(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_value"),
        Refusal::Journal(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_saved"),
    };
    answer(status, code, refusal.to_string())
}

pub(crate) fn answer(status: StatusCode, code: &'static str, error: String) -> Response {
    (status, Json(Refused { error, code })).into_response()
}
