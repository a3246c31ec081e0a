//! Who is who, as a page asks it: contradictions about who was examined, objects that were kept aside, patients that a person says are one, and studies
//! that a person says are somebody else's.
//!
//! It stands beside DICOMweb as [`sending`](crate::sending) does: the standard has no words for it. What the caller does not see is not there.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::StreamExt as _;
use peony_store::{Aside, Conflict, Decided, DicomJson, KeptThere, Merge, Parting, Store, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::answer::{Asked, Unseen, body, by_hand};
use crate::parts::{self, begun};
use crate::problem::Problem;
use crate::retrieve::DICOM;

/// So many of each are listed: what is left comes when these are done.
const LISTED: u32 = 100;
/// So many studies are marked.
const MARKED: u32 = 1000;
/// What asks for a merge is two UIDs.
const BODY_BYTES: usize = 4096;

/// The routes, to be mounted below a path; a request may carry a [`Caller`](crate::Caller).
///
/// | | | |
/// |---|---|---|
/// | `GET /` | | how many of each are open, and which studies are doubtful: [`IdentityOverview`] |
/// | `GET /contradictions` | `study` | [`Contradiction`] each, the oldest first; with `study=UID` those that concern that study |
/// | `POST /contradictions/{id}/settle` | | it is none: it is the same person |
/// | `POST /contradictions/{id}/part` | | the study is another person's; gives `{"id"}` |
/// | `GET /partings` | | [`OpenParting`] each, the newest first |
/// | `POST /partings/{id}/undo` | | takes that back |
/// | `GET /aside` | `decided` | [`AsideObject`] each: those that nobody has decided about, the oldest first; with `decided=true` the others, the last decision first |
/// | `GET /aside/{id}` | | its bytes |
/// | `POST /aside/{id}/reject` | | the object that has its UID stays what is handed out |
/// | `POST /aside/{id}/take` | | this one is handed out from now on; gives `{"id"}` of the other one, which lies aside then |
/// | `GET /merges` | | [`OpenMerge`] each, the newest first |
/// | `POST /merges` | `{"source_study", "target_study"}` | the patient of the first is that of the second; gives `{"id"}` |
/// | `POST /merges/{id}/undo` | | takes that back |
pub fn identity(store: Store) -> Router {
    let routes = Router::new()
        .route("/", get(overview))
        .route("/contradictions", get(contradictions))
        .route("/contradictions/{id}/settle", post(settle))
        .route("/contradictions/{id}/part", post(part))
        .route("/partings", get(partings))
        .route("/partings/{id}/undo", post(undo_parting))
        .route("/aside", get(aside))
        .route("/aside/{id}", get(bytes_aside))
        .route("/aside/{id}/reject", post(reject))
        .route("/aside/{id}/take", post(take))
        .route("/merges", get(merges).post(merge))
        .route("/merges/{id}/undo", post(undo))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    by_hand(routes).with_state(Unseen(store))
}

/// What is open.
#[derive(Debug, Serialize, ToSchema)]
struct IdentityOverview {
    /// Contradictions about who was examined.
    contradictions: u64,
    /// Objects that were kept aside and that nobody has decided about.
    aside: u64,
    /// Those of which somebody has decided that another one is handed out.
    decided: u64,
    /// Merges that could be undone.
    merges: u64,
    /// Studies of which somebody has said that they are another person's, which could be taken back.
    partings: u64,
    /// Study Instance UIDs of the studies whose patient somebody contradicted, the newest first, at most 1000.
    doubtful: Vec<String>,
}

/// What a contradiction is about.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum About {
    /// Patient's Name.
    Name,
    /// Patient's Birth Date.
    BirthDate,
    /// Patient's Sex.
    Sex,
    /// Patient ID: the study came under two of them.
    PatientId,
}

/// A contradiction about who was examined. It has no debug form: what is said in it is of a patient.
#[derive(Serialize, ToSchema)]
struct Contradiction {
    id: i64,
    /// The study that brought it.
    study_uid: String,
    about: About,
    /// What was said first of the patient whose identifier it is.
    kept: String,
    /// What was said later.
    other: String,
    /// Whether the study's first object says that, and the study is shown so; else a later object of it, and the study is shown as its first one says.
    of_study: bool,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
}

impl From<Conflict> for Contradiction {
    fn from(conflict: Conflict) -> Self {
        let Conflict { id, study_uid, tag, kept, other, of_study, at_ms, .. } = conflict;
        let about = match tag.as_str() {
            "00100010" => About::Name,
            "00100030" => About::BirthDate,
            "00100040" => About::Sex,
            _ => About::PatientId,
        };
        Self { id, study_uid, about, kept, other, of_study, at_ms }
    }
}

/// Which contradictions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WhichContradictions {
    /// Those of this study, and of others that have its patient's identifier.
    study: Option<String>,
}

/// Another object under a UID that was taken.
#[derive(Debug, Serialize, ToSchema)]
struct AsideObject {
    id: i64,
    instance_uid: String,
    /// Its own study, which may be another one than that of the object that has the UID.
    study_uid: String,
    /// SHA-256 of its file.
    digest: String,
    /// The length of its file in bytes.
    size: u64,
    /// The study of the object that has the UID, where that is seen.
    #[schema(required)]
    kept_study: Option<String>,
    /// SHA-256 of that one's file.
    #[schema(required)]
    kept_digest: Option<String>,
    /// Who sent it.
    origin: String,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
    /// Who has decided that another one is handed out; `null` where nobody has decided.
    #[schema(required)]
    decided_by: Option<String>,
    /// When, in milliseconds since 1970 UTC.
    #[schema(required)]
    decided_at_ms: Option<i64>,
}

impl From<Aside> for AsideObject {
    fn from(aside: Aside) -> Self {
        let Aside { id, instance_uid, study_uid, digest, size, kept, origin, at_ms, decided } = aside;
        let (kept_study, kept_digest) =
            kept.map(|KeptThere { study_uid, digest }| (study_uid, digest)).unzip();
        let (decided_by, decided_at_ms) = decided.map(|Decided { by, at_ms }| (by, at_ms)).unzip();
        Self {
            id,
            instance_uid,
            study_uid,
            digest,
            size,
            kept_study,
            kept_digest,
            origin,
            at_ms,
            decided_by,
            decided_at_ms,
        }
    }
}

/// Which of the objects that were kept aside.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WhichAside {
    /// Those that somebody has decided about, and not the others.
    #[serde(default)]
    decided: bool,
}

/// The object that was handed out until now.
#[derive(Debug, Serialize, ToSchema)]
struct LiesAside {
    /// Its number among those that were kept aside.
    id: i64,
}

/// A merge that could be undone. It has no debug form: it names patients.
#[derive(Serialize, ToSchema)]
struct OpenMerge {
    id: i64,
    /// Who is somebody else: attributes of the DICOM JSON Model.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    source: DicomJson,
    /// As whom their studies are shown.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    target: DicomJson,
    /// Who said so.
    who: String,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
}

impl From<Merge> for OpenMerge {
    fn from(merge: Merge) -> Self {
        let Merge { id, source, target, who, at_ms } = merge;
        Self { id, source, target, who, at_ms }
    }
}

/// A study that somebody has said to be another person's, which could be taken back. It has no debug form: it names patients.
#[derive(Serialize, ToSchema)]
struct OpenParting {
    id: i64,
    /// The study.
    study_uid: String,
    /// Whose it is not: attributes of the DICOM JSON Model.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    source: DicomJson,
    /// As whose it is shown.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    target: DicomJson,
    /// Who said so.
    who: String,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
}

impl From<Parting> for OpenParting {
    fn from(parting: Parting) -> Self {
        let Parting { id, study_uid, source, target, who, at_ms } = parting;
        Self { id, study_uid, source, target, who, at_ms }
    }
}

/// A parting that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeParting {
    id: i64,
}

/// Two patients, each by a study of theirs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeStudies {
    /// A study of whoever is somebody else.
    source_study: String,
    /// A study of whom they are.
    target_study: String,
}

/// A merge that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeMerge {
    id: i64,
}

#[derive(OpenApi)]
#[openapi(paths(
    overview,
    contradictions,
    settle,
    part,
    partings,
    undo_parting,
    aside,
    bytes_aside,
    reject,
    take,
    merges,
    merge,
    undo
))]
struct Description;

/// The description of these routes where `peony serve` mounts them, under `/api/identity`.
#[must_use]
pub fn identity_openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// How many contradictions and objects kept aside are open, and which studies are doubtful.
#[utoipa::path(get, path = "/api/identity", responses((status = 200, body = IdentityOverview)))]
async fn overview(Asked { store, .. }: Asked) -> Result<Json<IdentityOverview>, Problem> {
    let open = store.open_doubts().await?;
    let doubtful = if open.conflicts > 0 { store.doubtful_studies(MARKED).await? } else { Vec::new() };
    Ok(Json(IdentityOverview {
        contradictions: open.conflicts,
        aside: open.aside,
        decided: open.decided,
        merges: open.merges,
        partings: open.partings,
        doubtful,
    }))
}

/// Contradictions about who was examined that nobody has settled, the oldest first, at most 100.
#[utoipa::path(get, path = "/api/identity/contradictions", params(WhichContradictions), responses((status = 200, body = [Contradiction])))]
async fn contradictions(
    Asked { store, .. }: Asked,
    which: Result<Query<WhichContradictions>, QueryRejection>,
) -> Result<Json<Vec<Contradiction>>, Problem> {
    let Ok(Query(WhichContradictions { study })) = which else {
        return Err(Problem::BadRequest("study is one UID".into()));
    };
    let listed = match study {
        Some(study) => store.conflicts_around(&study, LISTED).await?,
        None => store.conflicts(LISTED).await?,
    };
    Ok(Json(listed.into_iter().map(Contradiction::from).collect()))
}

/// Say that a contradiction is none: it is the same person. A study that contradicts its patient in nothing else is shown as theirs then, by a merge.
#[utoipa::path(post, path = "/api/identity/contradictions/{id}/settle", params(("id" = i64, Path, description = "the contradiction")), responses(
    (status = 204, description = "it is shown no more"),
    (status = 404, description = "there is no such open contradiction"),
))]
async fn settle(Asked { store, who }: Asked, Path(id): Path<i64>) -> Result<StatusCode, Problem> {
    store.settle_conflict(id, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn not_parted(error: StoreError) -> Problem {
    match error {
        StoreError::Refused(why) => Problem::NotParted(why),
        other => other.into(),
    }
}

/// Say that the study of a contradiction is another person's than the one whose identifier it has.
#[utoipa::path(post, path = "/api/identity/contradictions/{id}/part", params(("id" = i64, Path, description = "the contradiction")), responses(
    (status = 201, body = MadeParting),
    (status = 404, description = "there is no such open contradiction"),
    (status = 409, description = "the study is another person's already or has no identifier, or both were said to be one"),
))]
async fn part(
    Asked { store, who }: Asked,
    Path(id): Path<i64>,
) -> Result<(StatusCode, Json<MadeParting>), Problem> {
    let id = store.part(id, &who).await.map_err(not_parted)?;
    Ok((StatusCode::CREATED, Json(MadeParting { id })))
}

/// Studies of which somebody has said that they are another person's, the newest first, at most 100.
#[utoipa::path(get, path = "/api/identity/partings", responses((status = 200, body = [OpenParting])))]
async fn partings(Asked { store, .. }: Asked) -> Result<Json<Vec<OpenParting>>, Problem> {
    Ok(Json(store.partings(LISTED).await?.into_iter().map(OpenParting::from).collect()))
}

/// Take back that a study is another person's: what contradicts itself is open again.
#[utoipa::path(post, path = "/api/identity/partings/{id}/undo", params(("id" = i64, Path, description = "the parting")), responses(
    (status = 204, description = "the study is shown as before"),
    (status = 404, description = "there is no such parting, or it was taken back"),
    (status = 409, description = "the study's patient was merged meanwhile"),
))]
async fn undo_parting(Asked { store, who }: Asked, Path(id): Path<i64>) -> Result<StatusCode, Problem> {
    store.undo_parting(id, &who).await.map_err(not_parted)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Objects that came under a UID that was taken, at most 100: those that nobody has decided about, the oldest first, or the others, the last decision first.
#[utoipa::path(get, path = "/api/identity/aside", params(WhichAside), responses(
    (status = 200, body = [AsideObject]),
    (status = 400, description = "`decided` is neither true nor false"),
))]
async fn aside(
    Asked { store, .. }: Asked,
    which: Result<Query<WhichAside>, QueryRejection>,
) -> Result<Json<Vec<AsideObject>>, Problem> {
    let Ok(Query(WhichAside { decided })) = which else {
        return Err(Problem::BadRequest("decided is true or false".into()));
    };
    let listed = if decided { store.decided_aside(LISTED).await? } else { store.kept_aside(LISTED).await? };
    Ok(Json(listed.into_iter().map(AsideObject::from).collect()))
}

/// The bytes of an object that was kept aside; that somebody asked is in the audit.
#[utoipa::path(get, path = "/api/identity/aside/{id}", params(("id" = i64, Path, description = "the object")), responses(
    (status = 200, content_type = "application/dicom", description = "its file as it was received"),
    (status = 404, description = "there is no such object"),
))]
async fn bytes_aside(Asked { store, who }: Asked, Path(id): Path<i64>) -> Result<Response, Problem> {
    let (size, bytes) = store.bytes_aside(id, &who).await?;
    let mut response = body(StatusCode::OK, DICOM, parts::body(begun(bytes.boxed()).await?));
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"aside-{id}.dcm\"")) {
        fields.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Decide for the object that has the UID of one that was kept aside; that one stays where it is.
#[utoipa::path(post, path = "/api/identity/aside/{id}/reject", params(("id" = i64, Path, description = "the object")), responses(
    (status = 204, description = "it is one that was decided about"),
    (status = 404, description = "there is no such object that nobody has decided about"),
))]
async fn reject(Asked { store, who }: Asked, Path(id): Path<i64>) -> Result<StatusCode, Problem> {
    store.reject_aside(id, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Decide for an object that was kept aside: it is handed out under its UID from now on, and the one that was lies aside instead.
#[utoipa::path(post, path = "/api/identity/aside/{id}/take", params(("id" = i64, Path, description = "the object")), responses(
    (status = 200, body = LiesAside),
    (status = 404, description = "there is no such object, or what has its UID is not seen"),
    (status = 500, description = "its bytes are not those that were received"),
))]
async fn take(Asked { store, who }: Asked, Path(id): Path<i64>) -> Result<Json<LiesAside>, Problem> {
    Ok(Json(LiesAside { id: store.take_aside(id, &who).await? }))
}

/// Merges that could be undone, the newest first, at most 100.
#[utoipa::path(get, path = "/api/identity/merges", responses((status = 200, body = [OpenMerge])))]
async fn merges(Asked { store, .. }: Asked) -> Result<Json<Vec<OpenMerge>>, Problem> {
    Ok(Json(store.merges(LISTED).await?.into_iter().map(OpenMerge::from).collect()))
}

/// Say that the patients of two studies are one.
#[utoipa::path(post, path = "/api/identity/merges", request_body = MergeStudies, responses(
    (status = 201, body = MadeMerge),
    (status = 400, description = "it is no such request"),
    (status = 404, description = "there is no such study"),
    (status = 409, description = "they are one already, or the first is somebody else already"),
))]
async fn merge(
    Asked { store, who }: Asked,
    asked: Result<Json<MergeStudies>, JsonRejection>,
) -> Result<(StatusCode, Json<MadeMerge>), Problem> {
    let Ok(Json(MergeStudies { source_study, target_study })) = asked else {
        return Err(Problem::BadRequest("it is not {\"source_study\", \"target_study\"}".into()));
    };
    let source = store.patient_of_study(&source_study).await?;
    let target = store.patient_of_study(&target_study).await?;
    let id = store.merge(source, target, &who).await.map_err(|error| match error {
        StoreError::Refused(why) => Problem::NotMerged(why),
        other => other.into(),
    })?;
    Ok((StatusCode::CREATED, Json(MadeMerge { id })))
}

/// Take a merge back.
#[utoipa::path(post, path = "/api/identity/merges/{id}/undo", params(("id" = i64, Path, description = "the merge")), responses(
    (status = 204, description = "the studies are shown as before"),
    (status = 404, description = "there is no such merge, or it was undone"),
))]
async fn undo(Asked { store, who }: Asked, Path(id): Path<i64>) -> Result<StatusCode, Problem> {
    store.undo_merge(id, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}
