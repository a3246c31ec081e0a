//! What persons have said of who is who: patients that are one, and studies that are another person's. Each can be taken back.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use peony_store::{DicomJson, Merge, Parting, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LISTED, NumberGiven};
use crate::answer::{Asked, At};
use crate::problem::Problem;

/// What a person has said of who is who, which could be taken back. It has no debug form: it names patients.
#[derive(Serialize, ToSchema)]
pub(super) struct WhoIsWho {
    id: i64,
    /// The one study of which it was said; `null` where it is of all of a patient's.
    #[schema(required)]
    study_uid: Option<String>,
    /// Who is somebody else, or whose the study is not: attributes of the DICOM JSON Model.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    source: DicomJson,
    /// As whom their studies are shown, or as whose the study is.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    target: DicomJson,
    /// Who said so.
    who: String,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
}

impl From<Merge> for WhoIsWho {
    fn from(Merge { id, source, target, who, at_ms }: Merge) -> Self {
        Self { id, study_uid: None, source, target, who, at_ms }
    }
}

impl From<Parting> for WhoIsWho {
    fn from(Parting { id, study_uid, source, target, who, at_ms }: Parting) -> Self {
        Self { id, study_uid: Some(study_uid), source, target, who, at_ms }
    }
}

/// Two patients, each by a study of theirs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeStudies {
    /// A study of whoever is somebody else.
    source_study: String,
    /// A study of whom they are.
    target_study: String,
}

pub(super) fn not_parted(error: StoreError) -> Problem {
    match error {
        StoreError::Refused(why) => Problem::NotParted(why),
        other => other.into(),
    }
}

/// Studies of which somebody has said that they are another person's, the newest first, at most 100.
#[utoipa::path(get, path = "/api/identity/partings", responses((status = 200, body = [WhoIsWho])))]
pub(super) async fn partings(Asked { store, .. }: Asked) -> Result<Json<Vec<WhoIsWho>>, Problem> {
    Ok(Json(store.partings(LISTED).await?.into_iter().map(WhoIsWho::from).collect()))
}

/// Take back that a study is another person's: what contradicts itself is open again.
#[utoipa::path(post, path = "/api/identity/partings/{id}/undo", params(("id" = i64, Path, description = "the parting")), responses(
    (status = 204, description = "the study is shown as before"),
    (status = 404, description = "there is no such parting, or it was taken back"),
    (status = 409, description = "the study's patient was merged meanwhile"),
))]
pub(super) async fn undo_parting(
    Asked { store, who }: Asked,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    store.undo_parting(id, &who).await.map_err(not_parted)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Merges that could be undone, the newest first, at most 100.
#[utoipa::path(get, path = "/api/identity/merges", responses((status = 200, body = [WhoIsWho])))]
pub(super) async fn merges(Asked { store, .. }: Asked) -> Result<Json<Vec<WhoIsWho>>, Problem> {
    Ok(Json(store.merges(LISTED).await?.into_iter().map(WhoIsWho::from).collect()))
}

/// Say that the patients of two studies are one.
#[utoipa::path(post, path = "/api/identity/merges", request_body = MergeStudies, responses(
    (status = 201, body = NumberGiven),
    (status = 400, description = "it is no such request"),
    (status = 404, description = "there is no such study"),
    (status = 409, description = "they are one already, or the first is somebody else already"),
))]
pub(super) async fn merge(
    Asked { store, who }: Asked,
    asked: Result<Json<MergeStudies>, JsonRejection>,
) -> Result<(StatusCode, Json<NumberGiven>), Problem> {
    let Ok(Json(MergeStudies { source_study, target_study })) = asked else {
        return Err(Problem::BadRequest("it is not {\"source_study\", \"target_study\"}".into()));
    };
    let source = store.patient_of_study(&source_study).await?;
    let target = store.patient_of_study(&target_study).await?;
    let id = store.merge(source, target, &who).await.map_err(|error| match error {
        StoreError::Refused(why) => Problem::NotMerged(why),
        other => other.into(),
    })?;
    Ok((StatusCode::CREATED, Json(NumberGiven { id })))
}

/// Take a merge back.
#[utoipa::path(post, path = "/api/identity/merges/{id}/undo", params(("id" = i64, Path, description = "the merge")), responses(
    (status = 204, description = "the studies are shown as before"),
    (status = 404, description = "there is no such merge, or it was undone"),
))]
pub(super) async fn undo(Asked { store, who }: Asked, At(id): At<i64>) -> Result<StatusCode, Problem> {
    store.undo_merge(id, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}
