//! The one table of routes, from which the page's types are made.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::guard::{Site, guard, problem, problem_as};
use crate::observe::observe;
use crate::pages::MAX_VIEWERS;
use crate::person::Person;
use crate::rooms::{Room, RoomError, Rooms};
use crate::server::Beside;
use crate::stay::Stay;
use crate::wire::{self, Health, MAX_CLIENT_MESSAGE, Problem};
use crate::{assets, calibration, capture, coronal, discard, exams, history, socket};

#[derive(OpenApi)]
#[openapi(
    info(title = "Peony", description = "What pages and programs ask Peony for by HTTP. Research use only."),
    components(schemas(
        wire::ServerMessage,
        wire::LiveUpdate,
        wire::LightName,
        wire::Drawn,
        wire::Command,
        wire::CoronalView,
        wire::Stood,
        exams::LangName
    ))
)]
struct Description;

/// The description of every route of the pages and of every message on the live socket.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Arc<Rooms>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(live))
        .routes(routes!(health))
        .routes(routes!(exams::list, exams::begin))
        .routes(routes!(exams::report))
        .routes(routes!(exams::act))
        .routes(routes!(exams::undo))
        .routes(routes!(discard::discard))
        .routes(routes!(exams::pdf))
        .routes(routes!(history::history))
        .routes(routes!(exams::plane))
        .routes(routes!(coronal::coronal))
        .routes(routes!(calibration::calibration, calibration::calibrate))
        .routes(routes!(calibration::next_probe, calibration::choose_probe))
        .routes(routes!(capture_socket))
        .routes(routes!(description))
}

/// Everything the server answers, for pages that come to `site`, and what is answered `beside`.
pub(crate) fn router(rooms: Arc<Rooms>, beside: Beside, site: Site) -> Router {
    let (api, _) = described().split_for_parts();
    let api = api.fallback(page).method_not_allowed_fallback(no_method);
    let description = Arc::new(beside.description.unwrap_or_else(openapi));
    let all = api.layer(Extension(description)).with_state(rooms).merge(beside.routes);
    let all = match beside.gate {
        Some(gate) => gate(all),
        None => all.route("/api/session", get(open_session)),
    };
    let all = all.layer(middleware::from_fn_with_state(site, guard));
    let all = match beside.noted {
        Some(noted) => noted(all),
        None => all,
    };
    all.layer(middleware::from_fn(observe))
}

async fn no_method() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "method: this address takes others".to_owned())
}

/// Which examination a socket belongs to.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Its identifier; without it, the newest that goes on.
    exam: Option<String>,
}

/// The same for a page that watches.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Watches {
    /// Its identifier; without it, the newest that goes on.
    exam: Option<String>,
    /// How the page stood to it, where it comes back: one that gave the commands gives them again, unless another has given one since.
    was: Option<wire::Stood>,
}

/// The room of an examination. Loading a model and reading a journal take a while, and hold nobody up here.
async fn enter(rooms: Arc<Rooms>, exam: Option<String>, person: Person) -> Result<Room, RoomError> {
    let entered = tokio::task::spawn_blocking(move || rooms.enter(exam.as_deref(), &person)).await;
    entered.unwrap_or_else(|error| Err(RoomError::Refused(error.to_string())))
}

/// The live socket: text [`wire::ServerMessage`] and binary [`wire::LiveUpdate`] with its picture one way, text
/// [`wire::Drawn`] and [`wire::Command`] the other. An examination that rests is taken up again.
#[utoipa::path(get, path = "/live", params(Watches), responses(
    (status = 101, description = "the live socket"),
    (status = 400, description = "`was` is neither `commanding` nor `watching`", body = Problem),
    (status = 403, description = "another site's page", body = Problem),
    (status = 404, description = "no such examination", body = Problem),
    (status = 409, description = "it is signed, or its source cannot be had", body = Problem),
    (status = 503, description = "too many pages watch, or too many examinations go on", body = Problem),
))]
async fn live(
    State(rooms): State<Arc<Rooms>>,
    watches: Result<Query<Watches>, QueryRejection>,
    person: Person,
    stay: Stay,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Ok(Query(Watches { exam, was })) = watches else {
        return problem(StatusCode::BAD_REQUEST, "was: it is commanding or watching".to_owned());
    };
    let by = person.author.clone();
    let room = match enter(rooms, exam, person).await {
        Ok(room) => room,
        Err(error) => return no_room(&error),
    };
    let Some(viewer) = room.hub.join(by, was) else {
        let error = format!("{MAX_VIEWERS} pages watch already: close one");
        return problem(StatusCode::SERVICE_UNAVAILABLE, error);
    };
    upgrade
        .max_message_size(MAX_CLIENT_MESSAGE)
        .max_frame_size(MAX_CLIENT_MESSAGE)
        .on_upgrade(move |socket| socket::watch(socket, viewer, stay))
}

/// The capture socket: the page sends the pictures of a grabber, a window or a file (`docs/API.md`). An examination that
/// rests is taken up again.
#[utoipa::path(get, path = "/capture", params(Which), responses(
    (status = 101, description = "the capture socket"),
    (status = 403, description = "another site's page", body = Problem),
    (status = 404, description = "no such examination", body = Problem),
    (status = 409, description = "it is signed, or its frames come from elsewhere", body = Problem),
    (status = 503, description = "too many pages wait to capture", body = Problem),
))]
async fn capture_socket(
    State(rooms): State<Arc<Rooms>>,
    Query(Which { exam }): Query<Which>,
    person: Person,
    stay: Stay,
    upgrade: WebSocketUpgrade,
) -> Response {
    match enter(rooms, exam, person).await {
        Ok(Room { seat: Some(seat), .. }) => capture::upgrade(upgrade, seat, stay),
        Ok(_) => {
            let error = "exam: its frames come from elsewhere".to_owned();
            problem(StatusCode::CONFLICT, error)
        }
        Err(error) => no_room(&error),
    }
}

pub(crate) fn no_room(error: &RoomError) -> Response {
    let (status, code) = match error {
        RoomError::Unknown => (StatusCode::NOT_FOUND, "unknown_exam"),
        RoomError::Signed => (StatusCode::CONFLICT, "signed"),
        RoomError::OtherSource => (StatusCode::CONFLICT, "other_source"),
        RoomError::Unreadable { code, .. } => {
            let is_ours = *code == "failed";
            (if is_ours { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::CONFLICT }, *code)
        }
        RoomError::Refused(_) => (StatusCode::CONFLICT, "source_refused"),
        RoomError::Full => (StatusCode::SERVICE_UNAVAILABLE, "too_many_exams"),
    };
    problem_as(status, code, error.to_string())
}

/// Whether the program is well.
#[utoipa::path(get, path = "/api/health", responses((status = 200, body = Health)))]
async fn health(State(rooms): State<Arc<Rooms>>) -> Response {
    let newest = rooms.find(None, &Person::default());
    let hub = newest.as_ref().map(|room| &room.hub);
    let health = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        model: hub.is_some_and(|hub| hub.hello().model.is_some() && !hub.model_fails()),
        viewers: hub.map_or(0, |hub| hub.viewers()),
        frames: hub.map_or(0, |hub| hub.frames()),
        examinations: rooms.count(),
        usual_source: rooms.usual_source(),
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
async fn description(Extension(description): Extension<Arc<utoipa::openapi::OpenApi>>) -> Response {
    Json(&*description).into_response()
}

/// What a gate answers to a page that asks who is signed in, where there is none: nobody has to be.
async fn open_session() -> Response {
    let open = serde_json::json!({ "open": true, "me": null, "oidc": null });
    ([(header::CACHE_CONTROL, "no-store")], Json(open)).into_response()
}

/// The built page and its assets.
async fn page(uri: Uri, headers: HeaderMap) -> Response {
    assets::serve(uri.path().trim_start_matches('/'), &headers).unwrap_or_else(|| {
        problem(StatusCode::NOT_FOUND, "path: nothing is here; the page is at /".to_owned())
    })
}
