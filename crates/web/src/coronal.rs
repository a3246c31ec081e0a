//! The coronal view over HTTP: made when it is asked for, from the frames that the hub has laid.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use peony_model::PointMm;
use peony_ultrasound::coronal::{self, Axis, Coronal, Layers};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::guard::problem;
use crate::person::Person;
use crate::rooms::Rooms;
use crate::view::{hundredth, tenth, thin};
use crate::wire::{
    self, AxisUnit, AxisView, CoronalLesion, CoronalView, Interval, Problem, TrackVolume, Volume,
    WidthHeight, Xy, Xyz,
};

/// The way needs no more points than this on a screen.
const MAX_PATH: usize = 64;

/// No frame is deeper, in millimetres or in pixels.
const DEEPEST: f32 = 65_535.0;

/// Which plane is wanted.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
pub(crate) struct Wanted {
    /// From the upper edge of the sweep's first picture: millimetres, or pixels of the frame where the scale is unknown. Without
    /// it the middle of `lesion`, or half-way down.
    depth: Option<f32>,
    /// The lesion whose middle is wanted.
    lesion: Option<u32>,
}

/// The plane parallel to the skin, from the frames of the present sweep: see `CoronalView`.
#[utoipa::path(get, path = "/api/exams/{id}/coronal",
    params(("id" = String, Path, description = "the examination"), Wanted),
    responses(
        (status = 200, description = "a `CoronalView` and its luma", content_type = "application/octet-stream", body = [u8]),
        (status = 204, description = "too few frames have been laid yet, or it no longer goes on"),
        (status = 304, description = "the same as before"),
        (status = 400, description = "a depth that is none", body = Problem),
        (status = 404, description = "no such examination", body = Problem),
    ))]
pub(crate) async fn coronal(
    State(rooms): State<Arc<Rooms>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    person: Person,
    headers: HeaderMap,
) -> Response {
    // Nothing of it stays in the browser's cache on the disk; the page itself asks whether there is anything new.
    if wanted.depth.is_some_and(|depth| !(0.0..=DEEPEST).contains(&depth)) {
        return problem(StatusCode::BAD_REQUEST, format!("depth: it lies between 0 and {DEEPEST}"));
    }
    let caching = (header::CACHE_CONTROL, "no-store".to_owned());
    let Some(room) = rooms.find(Some(&id), &person) else {
        // A page may ask once more when the next sweep has begun already.
        let known = tokio::task::spawn_blocking(move || rooms.archive().get(&id)).await;
        return match known {
            Ok(Ok(Some(known))) if person.sees(&known) => (StatusCode::NO_CONTENT, [caching]).into_response(),
            _ => problem(StatusCode::NOT_FOUND, "exam: there is no such examination".to_owned()),
        };
    };
    let (layers, volume) = room.hub.laid();
    let [sweep, frames] = layers.revision();
    let etag = format!("\"{sweep}-{frames}-{:?}-{:?}\"", wanted.depth, wanted.lesion);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [caching, (header::ETAG, etag)]).into_response();
    }
    // A millisecond of work, and no more of it at once than there are threads for such.
    let made = tokio::task::spawn_blocking(move || message(&layers, &volume, wanted)).await;
    match made {
        Ok(Some(Ok(message))) => {
            let kind = (header::CONTENT_TYPE, "application/octet-stream".to_owned());
            ([kind, caching, (header::ETAG, etag)], message).into_response()
        }
        Ok(None) => (StatusCode::NO_CONTENT, [caching]).into_response(),
        Ok(Some(Err(error))) => problem(StatusCode::INTERNAL_SERVER_ERROR, error),
        Err(_) => {
            let error = "the program failed on this request".to_owned();
            problem(StatusCode::INTERNAL_SERVER_ERROR, error)
        }
    }
}

/// `None` before there is anything to see.
fn message(layers: &Layers, volume: &Volume, wanted: Wanted) -> Option<Result<Vec<u8>, String>> {
    let chosen = volume.tracks.iter().find(|solid| Some(solid.track) == wanted.lesion);
    let middle = || chosen.map(|solid| depths(layers, solid)).map(|Interval([from, to])| (from + to) / 2.0);
    let view = layers.coronal(wanted.depth.or_else(middle))?;
    let described = describe(layers, volume, &view);
    Some(wire::in_one_piece(&described, view.luma.as_raw()))
}

fn describe(layers: &Layers, volume: &Volume, view: &Coronal) -> CoronalView {
    let place = |point: &[f32; 2]| Xy(point.map(tenth));
    CoronalView {
        simulated: true,
        size_px: WidthHeight([view.luma.width(), view.luma.height()]),
        across: axis(&view.across),
        along: axis(&view.along),
        depth: hundredth(view.depth),
        deepest: hundredth(view.deepest),
        lesions: volume.tracks.iter().map(|solid| lesion(layers, solid, view.depth)).collect(),
        path: thin(&view.path, MAX_PATH).chain(view.path.last()).map(place).collect(),
        turned_back: view.turned_back.iter().map(|along| tenth(*along)).collect(),
        newest: [place(&view.newest[0]), place(&view.newest[1])],
        unfit: volume.unfit,
    }
}

fn axis(axis: &Axis) -> AxisView {
    AxisView {
        unit: match axis.unit {
            coronal::AxisUnit::Millimetre => AxisUnit::Mm,
            coronal::AxisUnit::Pixel => AxisUnit::Px,
            coronal::AxisUnit::Frame => AxisUnit::Frames,
        },
        from: axis.from,
        per_px: axis.per_px,
        cell: hundredth(axis.cell),
        relative_error: axis.relative_error,
    }
}

fn lesion(layers: &Layers, solid: &TrackVolume, depth: f32) -> CoronalLesion {
    let point = |&Xyz([x, y, z]): &Xyz| PointMm::new(x, y, z);
    let slices = solid.slices_mm.iter().flatten();
    let slices: Vec<Vec<PointMm>> = slices.map(|slice| slice.iter().map(point).collect()).collect();
    let outline = coronal::section(&slices, layers.sweep_depth(depth));
    let [from, to] = range(solid, 0);
    let depths = depths(layers, solid);
    let Interval([top, bottom]) = depths;
    CoronalLesion {
        track: solid.track,
        letter: solid.letter.clone(),
        outline: outline.iter().map(|point| Xy(point.map(tenth))).collect(),
        depths,
        extent_mm: Xyz([to - from, solid.along_mm, bottom - top].map(tenth)),
        relative_error: solid.relative_error,
    }
}

/// From where to where a solid reaches below the upper edge of the sweep's first picture.
fn depths(layers: &Layers, solid: &TrackVolume) -> Interval {
    Interval(range(solid, 2).map(|depth| tenth(layers.depth(depth))))
}

fn range(solid: &TrackVolume, side: usize) -> [f32; 2] {
    let values = solid.slices_mm.iter().flatten().flatten().map(|Xyz(point)| point[side]);
    values.fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], value| [low.min(value), high.max(value)])
}
