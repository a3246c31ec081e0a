//! Calibrating a probe over HTTP, for an examination that goes on.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::calibrating::{self, NotDone, WANTED};
use crate::exams::{Refused, answer, blocking_response, unread};
use crate::hub::Hub;
use crate::person::Person;
use crate::rooms::{MadeCalibration, NotKept, Room, RoomError, Rooms};
use crate::routes::no_room;
use crate::wire::{CalibrationAct, CalibrationView, Problem};

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
    act: Result<Json<CalibrationAct>, JsonRejection>,
) -> Response {
    let Json(act) = match act {
        Ok(act) => act,
        Err(error) => return answer(unread(&error), "bad_value", error.body_text()),
    };
    let Some(room) = rooms.find(Some(&id), &person) else { return no_room(&RoomError::Unknown) };
    blocking_response(move || match follow(&rooms, &room.hub, act) {
        Ok(()) => Json(view(&rooms, &room)).into_response(),
        Err((status, code, error)) => answer(status, code, error),
    })
    .await
}

fn view(rooms: &Rooms, room: &Room) -> CalibrationView {
    let (moved, done) = room.hub.calibrating(|now| (now.moved(), now.done()));
    CalibrationView { known: rooms.calibrations(), ..calibrating::view(moved, &done) }
}

type Refusal = (StatusCode, &'static str, String);

fn follow(rooms: &Rooms, hub: &Hub, act: CalibrationAct) -> Result<(), Refusal> {
    let refused = |why: NotDone| {
        let status = match why {
            NotDone::NotSweeping | NotDone::TooMany => StatusCode::CONFLICT,
            NotDone::Length | NotDone::UnknownSweep => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, why.code(), why.to_string())
    };
    match act {
        CalibrationAct::Begin { length_mm } => hub.calibrating(|now| now.begin(length_mm)).map_err(refused),
        CalibrationAct::End {} => hub.calibrating(|now| now.end()).map_err(refused),
        CalibrationAct::Remove { sweep } => hub.calibrating(|now| now.remove(sweep)).map_err(refused),
        CalibrationAct::Keep { probe, preset } => {
            let done = hub.calibrating(|now| now.done());
            let made = calibrating::fitted(&done).and_then(Result::ok);
            let Some((fitted, lengths_mm)) = made.filter(|(_, lengths)| lengths.len() >= WANTED) else {
                let error = format!("act: {WANTED} sweeps that are fit and agree make a calibration");
                return Err((StatusCode::CONFLICT, "too_few_sweeps", error));
            };
            let made = MadeCalibration { probe, preset, fitted, lengths_mm };
            rooms.keep_calibration(&made).map_err(not_kept)?;
            hub.calibrating(|now| *now = Default::default());
            Ok(())
        }
        CalibrationAct::Use { probe } => rooms.use_calibration(probe.as_ref()).map_err(not_kept),
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
