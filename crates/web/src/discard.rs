//! Discarding an examination that was begun by mistake, over HTTP.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use peony_examination::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::exams::{Fault, Refused, blocking, by, get};
use crate::person::Person;
use crate::rooms::Rooms;
use crate::wire::Problem;

/// An examination that is in no list any more.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Discarded {
    /// Its identifier.
    id: String,
}

/// Discard an examination in which nothing is: no frame was read, no plane kept, and nobody has done anything in it but say who is
/// examined. Whoever began it may; it stands in its journal and in the audit, and is in no list any more.
#[utoipa::path(post, path = "/api/exams/{id}/discard",
    params(("id" = String, Path, description = "the examination")),
    responses(
        (status = 200, body = Discarded),
        (status = 403, description = "somebody else began it", body = Refused),
        (status = 404, body = Problem),
        (status = 409, description = "something is in it", body = Refused),
        (status = 503, description = "the disk did not take it in time", body = Refused),
    ))]
pub(crate) async fn discard(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    person: Person,
    headers: HeaderMap,
) -> Response {
    blocking(move || {
        let (examination, by) = (get(&rooms, &id, &person)?, by(&person, &headers));
        // A frame that the pipeline reads just now is not in the journal yet.
        let room = rooms.find(Some(&id), &person);
        if room.is_some_and(|room| room.hub.last_frame_ms().is_some()) {
            return Err(Refusal::NotEmpty.into());
        }
        examination.discardable(&by)?;
        // Written down before it is done: nothing is discarded without it.
        rooms.note_discard(&id, &by).map_err(Fault::Failed)?;
        examination.discard(by)?;
        rooms.close_discarded();
        Ok(Json(Discarded { id }))
    })
    .await
}
