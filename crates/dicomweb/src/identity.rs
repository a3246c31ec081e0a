//! Who is who, as a page asks it: contradictions about who was examined, objects that were kept aside, patients that a person says are one, and studies
//! that a person says are somebody else's.
//!
//! It stands beside DICOMweb as [`sending`](crate::sending) does: the standard has no words for it. What the caller does not see is not there.

mod aside;
mod differing;
mod said;

use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Query};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use peony_store::{Conflict, Store};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::Blind;
use crate::answer::{Asked, At, by_hand};
use crate::problem::Problem;
use aside::{aside, bytes_aside, reject, take, thumbnail_aside};
use differing::differences;
use said::{merge, merges, not_parted, partings, undo, undo_parting};

/// So many of each are listed: what is left comes when these are done.
const LISTED: u32 = 100;
/// So many studies are marked.
const MARKED: u32 = 1000;
/// What asks for a merge is two UIDs.
const BODY_BYTES: usize = 4096;
/// How many objects are compared at once: each holds a thread that may wait.
const COMPARED_AT_ONCE: usize = 4;

/// The routes, to be mounted below a path; a request may carry a [`Caller`](crate::Caller).
///
/// | | | |
/// |---|---|---|
/// | `GET /` | | how many of each are open, and which studies are doubtful: [`IdentityOverview`] |
/// | `GET /contradictions` | `study` | [`Contradiction`] each, the oldest first; with `study=UID` those that concern that study |
/// | `POST /contradictions/{id}/settle` | | it is none: it is the same person |
/// | `POST /contradictions/{id}/part` | | the study is another person's; gives `{"id"}` |
/// | `GET /partings` | | [`WhoIsWho`](said::WhoIsWho) each, the newest first |
/// | `POST /partings/{id}/undo` | | takes that back |
/// | `GET /aside` | `decided` | [`AsideObject`](aside::AsideObject) each: those that nobody has decided about, the oldest first; with `decided=true` the others, the last decision first |
/// | `GET /aside/{id}` | | its bytes |
/// | `GET /aside/{id}/differences` | | how it and the object that has its UID differ: [`AsideDifferences`](differing::AsideDifferences) |
/// | `GET /aside/{id}/thumbnail` | `viewport` and the rest of PS3.18 §8.3.5 | a picture of it |
/// | `POST /aside/{id}/reject` | | the object that has its UID stays what is handed out |
/// | `POST /aside/{id}/take` | | this one is handed out from now on; gives `{"id"}` of the other one, which lies aside then |
/// | `GET /merges` | | [`WhoIsWho`](said::WhoIsWho) each, the newest first |
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
        .route("/aside/{id}/differences", get(differences))
        .route("/aside/{id}/thumbnail", get(thumbnail_aside))
        .route("/aside/{id}/reject", post(reject))
        .route("/aside/{id}/take", post(take))
        .route("/merges", get(merges).post(merge))
        .route("/merges/{id}/undo", post(undo))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    by_hand(routes).with_state(Blind::of(store, COMPARED_AT_ONCE))
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
    /// Whether the study is shown so; else one of its later objects says that, and it is shown as those before that one say.
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

/// The number of what was made.
#[derive(Debug, Serialize, ToSchema)]
struct NumberGiven {
    id: i64,
}

#[derive(OpenApi)]
#[openapi(paths(
    overview,
    contradictions,
    settle,
    part,
    said::partings,
    said::undo_parting,
    aside::aside,
    aside::bytes_aside,
    differing::differences,
    aside::thumbnail_aside,
    aside::reject,
    aside::take,
    said::merges,
    said::merge,
    said::undo
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
async fn settle(Asked { store, who }: Asked, At(id): At<i64>) -> Result<StatusCode, Problem> {
    store.settle_conflict(id, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say that the study of a contradiction is another person's than the one whose identifier it has.
#[utoipa::path(post, path = "/api/identity/contradictions/{id}/part", params(("id" = i64, Path, description = "the contradiction")), responses(
    (status = 201, body = NumberGiven),
    (status = 404, description = "there is no such open contradiction"),
    (status = 409, description = "the study is another person's already or has no identifier, or both were said to be one"),
))]
async fn part(
    Asked { store, who }: Asked,
    At(id): At<i64>,
) -> Result<(StatusCode, Json<NumberGiven>), Problem> {
    let id = store.part(id, &who).await.map_err(not_parted)?;
    Ok((StatusCode::CREATED, Json(NumberGiven { id })))
}
