//! Calibrating a probe over HTTP, for an examination that goes on.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use peony_examination::Author;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::body::{Object, Unread};
use crate::calibrating::{self, NotDone, WANTED};
use crate::exams::{Refused, answer, blocking_response, by};
use crate::hub::Hub;
use crate::person::Person;
use crate::rooms::{MadeCalibration, NotKept, Opener, Room, RoomError, Rooms, Scanner};
use crate::routes::no_room;
use crate::wire::{CalibrationAct, CalibrationView, KnownCalibration, NextProbe, Problem};

/// Which probes are calibrated, and which one the next examination from a source is read with.
#[utoipa::path(get, path = "/api/calibrations",
    params(Which),
    responses((status = 200, body = [KnownCalibration])))]
pub(crate) async fn next_probe(
    State(rooms): State<Arc<Rooms>>,
    Query(Which { source }): Query<Which>,
    person: Person,
) -> Response {
    // A program that keeps none has none.
    blocking_response(move || Json(known(&rooms, &source, &person.home)).into_response()).await
}

/// Say which probe the next examination from a source is made with.
#[utoipa::path(post, path = "/api/calibrations", request_body = NextProbe,
    responses(
        (status = 200, body = [KnownCalibration]),
        (status = 409, description = "this program keeps none", body = Refused),
        (status = 422, description = "a probe that nobody has calibrated", body = Refused),
        (status = 503, description = "the disk does not take it", body = Refused),
    ))]
pub(crate) async fn choose_probe(
    State(rooms): State<Arc<Rooms>>,
    person: Person,
    headers: HeaderMap,
    next: Result<Object<NextProbe>, Unread>,
) -> Response {
    let Object(NextProbe { source, probe }) = match next {
        Ok(next) => next,
        Err((status, error)) => return answer(status, "bad_value", error),
    };
    blocking_response(move || {
        let by = by(&person, &headers);
        let used = rooms
            .calibrations()
            .and_then(|kept| kept.use_calibration(kept.scanner(&source, &person.home), probe.as_ref(), &by));
        match used.map_err(not_kept) {
            Ok(()) => Json(known(&rooms, &source, &person.home)).into_response(),
            Err((status, code, error)) => answer(status, code, error),
        }
    })
    .await
}

fn known(rooms: &Rooms, source: &str, site: &str) -> Vec<KnownCalibration> {
    let kept = rooms.calibrations();
    kept.map(|kept| kept.calibrations(kept.scanner(source, site))).unwrap_or_default()
}

/// Of which source; without it of the usual one.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Such as `capture`.
    #[serde(default)]
    source: String,
}

/// Where calibrating stands.
#[utoipa::path(get, path = "/api/exams/{id}/calibration",
    params(("id" = String, Path, description = "an examination that goes on")),
    responses(
        (status = 200, body = CalibrationView),
        (status = 404, description = "no such examination goes on", body = Problem),
    ))]
pub(crate) async fn calibration(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    person: Person,
) -> Response {
    let Some(room) = rooms.find(Some(&id), &person) else { return no_room(&RoomError::Unknown) };
    blocking_response(move || Json(view(&rooms, &room)).into_response()).await
}

/// Begin and end a sweep from one mark to the other, take one out, keep what they make, say which probe is used.
#[utoipa::path(post, path = "/api/exams/{id}/calibration", request_body = CalibrationAct,
    params(("id" = String, Path, description = "an examination that goes on")),
    responses(
        (status = 200, body = CalibrationView),
        (status = 404, description = "no such examination goes on", body = Problem),
        (status = 409, description = "no sweep goes on, or too few are fit", body = Refused),
        (status = 422, description = "a value that cannot be", body = Refused),
        (status = 503, description = "the disk does not take it", body = Refused),
    ))]
pub(crate) async fn calibrate(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    person: Person,
    headers: HeaderMap,
    act: Result<Object<CalibrationAct>, Unread>,
) -> Response {
    let Object(act) = match act {
        Ok(act) => act,
        Err((status, error)) => return answer(status, "bad_value", error),
    };
    let Some(room) = rooms.find(Some(&id), &person) else { return no_room(&RoomError::Unknown) };
    blocking_response(move || match follow(&rooms, &room.hub, act, &by(&person, &headers)) {
        Ok(()) => Json(view(&rooms, &room)).into_response(),
        Err((status, code, error)) => answer(status, code, error),
    })
    .await
}

fn view(rooms: &Rooms, room: &Room) -> CalibrationView {
    let (moved, done) = room.hub.calibrating(|now| (now.moved(), now.done()));
    let opened = room.hub.examination().opened();
    CalibrationView { known: known(rooms, &opened.source, &opened.site), ..calibrating::view(moved, &done) }
}

type Refusal = (StatusCode, &'static str, String);

fn follow(rooms: &Rooms, hub: &Hub, act: CalibrationAct, by: &Author) -> Result<(), Refusal> {
    let refused = |why: NotDone| {
        let status = match why {
            NotDone::NotSweeping | NotDone::TooMany => StatusCode::CONFLICT,
            NotDone::Length | NotDone::UnknownSweep => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, why.code(), why.to_string())
    };
    let opened = hub.examination().opened();
    let keeper = |work: &dyn Fn(&dyn Opener, Scanner<'_>) -> Result<(), NotKept>| {
        let kept =
            rooms.calibrations().and_then(|kept| work(kept, kept.scanner(&opened.source, &opened.site)));
        kept.map_err(not_kept)
    };
    match act {
        CalibrationAct::Begin { length_mm } => hub.calibrate(|now| now.begin(length_mm)).map_err(refused),
        CalibrationAct::End {} => hub.calibrate(|now| now.end()).map_err(refused),
        CalibrationAct::Remove { sweep } => hub.calibrate(|now| now.remove(sweep)).map_err(refused),
        CalibrationAct::Keep { probe, preset } => {
            let done = hub.calibrating(|now| now.done());
            let made = done.fitted().and_then(|made| made.as_ref().ok()).cloned();
            let Some((fitted, lengths_mm)) = made.filter(|(_, lengths)| lengths.len() >= WANTED) else {
                let error = format!("act: {WANTED} sweeps that are fit and agree make a calibration");
                return Err((StatusCode::CONFLICT, "too_few_sweeps", error));
            };
            let made = MadeCalibration { probe, preset, fitted, lengths_mm };
            keeper(&|kept, scanner| kept.keep_calibration(scanner, &made, by))?;
            hub.calibrate(|now| *now = Default::default());
            Ok(())
        }
        CalibrationAct::Use { probe } => {
            keeper(&|kept, scanner| kept.use_calibration(scanner, probe.as_ref(), by))
        }
    }
}

fn not_kept(why: NotKept) -> Refusal {
    let error = why.to_string();
    match why {
        NotKept::Name => (StatusCode::UNPROCESSABLE_ENTITY, "calibration_name", error),
        NotKept::Unknown => (StatusCode::UNPROCESSABLE_ENTITY, "unknown_probe", error),
        NotKept::Nowhere => (StatusCode::CONFLICT, "no_calibrations", error),
        NotKept::Disk(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_saved", error),
    }
}
