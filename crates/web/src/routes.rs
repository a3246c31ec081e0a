//! The one table of routes, from which the page's types are made.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, middleware};
use image::ImageFormat;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::guard::{guard, problem};
use crate::hub::Hub;
use crate::pages::MAX_VIEWERS;
use crate::wire::{self, Health, MAX_CLIENT_MESSAGE, Problem};
use crate::{assets, socket};

#[derive(OpenApi)]
#[openapi(
    info(title = "Peony", description = "The live page of Peony. Research use only; this machine only."),
    components(schemas(wire::ServerMessage, wire::LiveUpdate, wire::LightName, wire::Drawn, wire::Command))
)]
struct Description;

/// The description of every route and of every message on the live socket; the page's types are made from it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Arc<Hub>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(live))
        .routes(routes!(health))
        .routes(routes!(plane))
        .routes(routes!(description))
    // The capture socket belongs here, with the seat of its examination: `crate::capture::upgrade(upgrade, seat)`.
}

/// Everything the server answers, for pages that come to `bound`.
pub(crate) fn router(hub: Arc<Hub>, bound: SocketAddr) -> Router {
    let (api, _) = described().split_for_parts();
    api.fallback(page).layer(middleware::from_fn_with_state(bound, guard)).with_state(hub)
}

/// The live socket: text [`wire::ServerMessage`] and binary [`wire::LiveUpdate`] with its picture one way, text
/// [`wire::Drawn`] and [`wire::Command`] the other.
#[utoipa::path(get, path = "/live", responses(
    (status = 101, description = "the live socket"),
    (status = 403, description = "another site's page", body = Problem),
    (status = 503, description = "too many pages watch", body = Problem),
))]
async fn live(State(hub): State<Arc<Hub>>, upgrade: WebSocketUpgrade) -> Response {
    let Some(viewer) = hub.join() else {
        let error = format!("{MAX_VIEWERS} pages watch already: close one");
        return problem(StatusCode::SERVICE_UNAVAILABLE, error);
    };
    upgrade
        .max_message_size(MAX_CLIENT_MESSAGE)
        .max_frame_size(MAX_CLIENT_MESSAGE)
        .on_upgrade(move |socket| socket::watch(socket, viewer))
}

/// Whether the program is well.
#[utoipa::path(get, path = "/api/health", responses((status = 200, body = Health)))]
async fn health(State(hub): State<Arc<Hub>>) -> Response {
    let health = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        model: hub.hello().model.is_some(),
        viewers: hub.viewers(),
        frames: hub.frames(),
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// The grey picture of a kept plane.
#[utoipa::path(get, path = "/api/planes/{file}",
    params(("file" = String, Path, description = "the plane's number and `.png`, as its `url` has it")),
    responses(
        (status = 200, description = "8-bit grey PNG", content_type = "image/png", body = [u8]),
        (status = 404, description = "no such plane is kept", body = Problem),
    )
)]
async fn plane(State(hub): State<Arc<Hub>>, Path(file): Path<String>) -> Response {
    let id = file.strip_suffix(".png").and_then(|id| id.parse().ok());
    let Some(picture) = id.and_then(|id| hub.plane_picture(id)) else {
        return problem(StatusCode::NOT_FOUND, "plane: no such plane is kept in this sweep".to_owned());
    };
    let encode = move || {
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png).map(|()| png.into_inner())
    };
    match tokio::task::spawn_blocking(encode).await {
        // A patient's picture does not stay in the browser's cache on the disk.
        Ok(Ok(png)) => {
            ([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "no-store")], png).into_response()
        }
        Ok(Err(_)) | Err(_) => {
            problem(StatusCode::INTERNAL_SERVER_ERROR, "plane: its picture could not be encoded".to_owned())
        }
    }
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
async fn description() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}

/// The built page and its assets.
async fn page(uri: Uri, headers: HeaderMap) -> Response {
    assets::serve(uri.path().trim_start_matches('/'), &headers).unwrap_or_else(|| {
        problem(StatusCode::NOT_FOUND, "path: nothing is here; the page is at /".to_owned())
    })
}
