//! Objects that were kept aside: which there are, their bytes and pictures, and what is decided about them.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt as _;
use peony_store::{Aside, Decided, KeptThere};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{LISTED, NumberGiven};
use crate::Service;
use crate::answer::{Asked, At, body};
use crate::parts::{self, begun};
use crate::problem::Problem;
use crate::rendered::small;
use crate::retrieve::DICOM;

/// Another object under a UID that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AsideObject {
    id: i64,
    instance_uid: String,
    /// Its own study, which may be another one than that of the object that has the UID.
    study_uid: String,
    /// SHA-256 of its file.
    digest: String,
    /// The length of its file in bytes.
    size: u64,
    /// The object that has the UID, where that is seen.
    #[schema(required)]
    kept: Option<KeptObject>,
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

/// The object that is handed out under a UID.
#[derive(Debug, Serialize, ToSchema)]
struct KeptObject {
    study_uid: String,
    /// SHA-256 of its file.
    digest: String,
    /// The length of its file in bytes.
    size: u64,
    /// Who sent it.
    origin: String,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
}

impl From<Aside> for AsideObject {
    fn from(aside: Aside) -> Self {
        let Aside { id, instance_uid, study_uid, digest, size, kept, origin, at_ms, decided } = aside;
        let kept = kept.map(|KeptThere { study_uid, digest, size, origin, at_ms }| KeptObject {
            study_uid,
            digest,
            size,
            origin,
            at_ms,
        });
        let (decided_by, decided_at_ms) = decided.map(|Decided { by, at_ms }| (by, at_ms)).unzip();
        Self { id, instance_uid, study_uid, digest, size, kept, origin, at_ms, decided_by, decided_at_ms }
    }
}

/// Which of the objects that were kept aside.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichAside {
    /// Those that somebody has decided about, and not the others.
    #[serde(default)]
    decided: bool,
}

/// Objects that came under a UID that was taken, at most 100: those that nobody has decided about, the oldest first, or the others, the last decision first.
#[utoipa::path(get, path = "/api/identity/aside", params(WhichAside), responses(
    (status = 200, body = [AsideObject]),
    (status = 400, description = "`decided` is neither true nor false"),
))]
pub(super) async fn aside(
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
pub(super) async fn bytes_aside(Asked { store, who }: Asked, At(id): At<i64>) -> Result<Response, Problem> {
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

/// A small picture of an object that was kept aside, as the middle frame shows it; the one that has its UID has a picture of its own, where every object has.
#[utoipa::path(get, path = "/api/identity/aside/{id}/thumbnail", params(("id" = i64, Path, description = "the object")), responses(
    (status = 200, content_type = "image/jpeg", description = "the picture"),
    (status = 404, description = "there is no such object, or it has no picture"),
))]
pub(super) async fn thumbnail_aside(
    service: Service,
    Asked { store, who }: Asked,
    At(id): At<i64>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kept = store.object_aside(id, &who).await?;
    small(&service, &kept, &query.unwrap_or_default(), &headers).await
}

/// Decide for the object that has the UID of one that was kept aside; that one stays where it is.
#[utoipa::path(post, path = "/api/identity/aside/{id}/reject", params(("id" = i64, Path, description = "the object")), responses(
    (status = 204, description = "it is one that was decided about"),
    (status = 404, description = "there is no such object that nobody has decided about"),
))]
pub(super) async fn reject(Asked { store, who }: Asked, At(id): At<i64>) -> Result<StatusCode, Problem> {
    store.reject_aside(id, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Decide for an object that was kept aside: it is handed out under its UID from now on, and the one that was lies aside instead.
#[utoipa::path(post, path = "/api/identity/aside/{id}/take", params(("id" = i64, Path, description = "the object")), responses(
    (status = 200, body = NumberGiven),
    (status = 404, description = "there is no such object, or what has its UID is not seen"),
    (status = 500, description = "its bytes are not those that were received"),
))]
pub(super) async fn take(Asked { store, who }: Asked, At(id): At<i64>) -> Result<Json<NumberGiven>, Problem> {
    Ok(Json(NumberGiven { id: store.take_aside(id, &who).await? }))
}
