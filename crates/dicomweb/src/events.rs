//! What happened in the store, for programs that wait for it: objects that arrived, studies that became complete, steps that were performed.
//!
//! It stands beside DICOMweb as [`identity`](crate::identity) does. Whoever asks remembers a number and misses nothing; what they do not see did not
//! happen.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use peony_store::{Event, Events, Store};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::answer::{Caller, by_hand};
use crate::problem::Problem;

/// Events that are answered at most, and where nothing is said.
const MOST: u32 = 1000;
const USUAL: u32 = 100;
/// So many seconds a request may wait for something to happen: a program that stops still answers it.
const LONGEST_WAIT: u64 = 8;
/// So often is looked while one waits: other programs on the same database tell nobody here.
const LOOK: Duration = Duration::from_secs(2);
/// So many studies are said to be arriving.
const ARRIVING: u32 = 1000;

/// The routes, to be mounted below a path; a request may carry a [`Caller`].
///
/// | | |
/// |---|---|
/// | `GET /?after=&limit=&wait=` | [`WhatHappened`] |
/// | `GET /arriving` | Study Instance UIDs of the studies that are not complete |
pub fn events(store: Store) -> Router {
    by_hand(Router::new().route("/", get(happened)).route("/arriving", get(arriving))).with_state(store)
}

#[derive(OpenApi)]
#[openapi(paths(happened, arriving))]
struct Description;

/// The description of these routes where `peony serve` mounts them, under `/api/events`.
#[must_use]
pub fn events_openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those behind this number; where it is not said, from the oldest that is kept.
    #[serde(default)]
    after: i64,
    /// At most so many, 1000 at most; 100 where it is not said.
    #[serde(default)]
    limit: Option<u32>,
    /// Where nothing has happened yet, so many seconds are waited for something, 8 at most.
    #[serde(default)]
    wait: u64,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
struct Happened {
    id: i64,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
    /// `arrived`, `kept-aside`, `study-complete`, `step-begun`, `step-completed` or `step-discontinued`.
    kind: String,
    study_uid: String,
    /// Empty where it is the whole study's.
    series_uid: String,
    /// Empty where it is the whole study's.
    instance_uid: String,
}

impl From<Event> for Happened {
    fn from(event: Event) -> Self {
        let Event { id, at_ms, kind, study_uid, series_uid, instance_uid } = event;
        Self { id, at_ms, kind, study_uid, series_uid, instance_uid }
    }
}

/// Events behind a number.
#[derive(Debug, Serialize, ToSchema)]
struct WhatHappened {
    /// The number of the oldest event that is kept, 0 where none is: who asked behind a number below the one before it has missed some.
    first: i64,
    /// The `after` of the next request.
    last: i64,
    /// The oldest first.
    events: Vec<Happened>,
}

/// What happened behind a number, the oldest first; waits for something, where that is wanted.
#[utoipa::path(get, path = "/api/events", params(Wanted), responses(
    (status = 200, body = WhatHappened),
    (status = 400, description = "a value is none"),
))]
async fn happened(
    State(store): State<Store>,
    caller: Caller,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<WhatHappened>, Problem> {
    let Ok(Query(Wanted { after, limit, wait })) = wanted else {
        return Err(Problem::BadRequest("after, limit and wait are numbers".into()));
    };
    let store = store.seeing(caller.sight);
    let limit = limit.unwrap_or(USUAL).clamp(1, MOST);
    let until = Instant::now() + Duration::from_secs(wait.min(LONGEST_WAIT));
    let mut announced = store.announced();
    let mut after = after.max(0);
    loop {
        announced.borrow_and_update();
        let Events { first, last, events } = store.events_seen(after, limit).await?;
        let now = Instant::now();
        if !events.is_empty() || now >= until {
            let events = events.into_iter().map(Happened::from).collect();
            return Ok(Json(WhatHappened { first, last, events }));
        }
        after = last;
        // Whether something happened or it is time to look again.
        let _ = timeout_at(until.min(now + LOOK), announced.changed()).await;
    }
}

/// Study Instance UIDs of the studies that are not complete, the one to which something came last first, at most 1000.
#[utoipa::path(get, path = "/api/events/arriving", responses((status = 200, body = [String])))]
async fn arriving(State(store): State<Store>, caller: Caller) -> Result<Json<Vec<String>>, Problem> {
    Ok(Json(store.seeing(caller.sight).arriving_studies(ARRIVING).await?))
}
