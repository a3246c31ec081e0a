//! What whoever runs the program asks it: whether it lives, whether it can do its work, and its figures.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use peony_store::{OpenJobs, Store, StoreError};
use peony_web::Rooms;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use utoipa::OpenApi;

/// How long the store may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(3);
const SLOW: &str = "no answer in time";
/// How often what was measured is summed up, whether anybody reads it or not.
const SUM_UP: Duration = Duration::from_secs(15);

#[derive(OpenApi)]
#[openapi(paths(health, ready, figures_now))]
pub struct Description;

/// Whether there is a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelState {
    Loaded,
    /// Nobody wants one.
    NotWanted,
    Missing,
}

/// What can be asked.
#[derive(Clone)]
pub struct Ops {
    pub store: Store,
    /// The threads of the store.
    pub handle: Handle,
    pub rooms: Arc<Rooms>,
    pub model: ModelState,
    pub figures: PrometheusHandle,
    pub jobs: Jobs,
}

/// The kinds of jobs that there were, each with its figures: one of which none is left has to be told so.
#[derive(Clone, Default)]
pub struct Jobs(Arc<Mutex<BTreeMap<String, OpenJobs>>>);

impl Jobs {
    fn tell(&self, now: Vec<OpenJobs>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.values_mut().for_each(|open| (open.all, open.again) = (0, 0));
        known.extend(now.into_iter().map(|open| (open.kind.clone(), open)));
        for OpenJobs { kind, all, again } in known.values() {
            for (state, count) in [("open", all - again), ("again", *again)] {
                gauge!("peony_store_jobs", "kind" => kind.clone(), "state" => state).set(count as f64);
            }
        }
    }
}

impl Ops {
    /// `/health`, `/ready` and `/metrics`.
    pub fn routes(self) -> Router {
        let figures = self.figures.clone();
        self.handle.spawn(async move {
            loop {
                tokio::time::sleep(SUM_UP).await;
                figures.run_upkeep();
            }
        });
        let routes = Router::new().route("/health", get(health)).route("/ready", get(ready));
        routes.route("/metrics", get(figures_now)).with_state(self)
    }

    /// What the program needs, each with what it lacks.
    async fn needs(&self) -> [(&'static str, Result<(), &'static str>); 4] {
        let store = self.store.clone();
        let asked = self.handle.spawn(async move {
            tokio::join!(
                timeout(PATIENCE, store.try_index()),
                timeout(PATIENCE, store.try_disk()),
                timeout(PATIENCE, store.try_objects()),
            )
        });
        let (index, disk, objects) = match asked.await {
            Ok((index, disk, objects)) => {
                (said("index", index), said("disk", disk), said("objects", objects))
            }
            Err(_) => (Err(SLOW), Err(SLOW), Err(SLOW)),
        };
        let model = match self.model {
            ModelState::Loaded | ModelState::NotWanted => Ok(()),
            ModelState::Missing => Err("it could not be loaded"),
        };
        [("index", index), ("disk", disk), ("objects", objects), ("model", model)]
    }
}

/// What an error says to whoever asks from outside: no address and no path. The log has it all.
fn said(what: &str, tried: Result<Result<(), StoreError>, Elapsed>) -> Result<(), &'static str> {
    let Ok(tried) = tried else {
        tracing::warn!("not ready: {what}: {SLOW}");
        return Err(SLOW);
    };
    let error = tried.err();
    if let Some(error) = &error {
        tracing::warn!("not ready: {what}: {error}");
    }
    match error {
        None => Ok(()),
        Some(StoreError::Full { .. }) => Err("the disk is nearly full"),
        Some(StoreError::Locked) => Err("it is locked by another process"),
        Some(StoreError::Closed) => Err("it is closed"),
        Some(StoreError::GoneIndex | StoreError::GoneObjects) => {
            Err("it was deleted or replaced under the running program")
        }
        Some(_) => Err("it cannot be reached or written"),
    }
}

/// The program lives: it answers.
#[utoipa::path(get, path = "/health", responses((status = 200, description = "it lives", body = Object)))]
async fn health() -> Response {
    answer(StatusCode::OK, &json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// The program can do its work; else 503, with what it lacks.
#[utoipa::path(get, path = "/ready", responses(
    (status = 200, description = "it can", body = Object),
    (status = 503, description = "it cannot: `needs` says why", body = Object),
))]
async fn ready(State(ops): State<Ops>) -> Response {
    let needs = ops.needs().await;
    let is_ready = needs.iter().all(|(_, need)| need.is_ok());
    let each = needs.map(|(name, need)| (name.to_owned(), Value::from(need.err().unwrap_or("ok"))));
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer(status, &json!({ "ready": is_ready, "needs": Map::from_iter(each) }))
}

/// The figures in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String)))]
async fn figures_now(State(ops): State<Ops>) -> Response {
    gauge!("peony_live_examinations").set(ops.rooms.count() as f64);
    let store = ops.store.clone();
    let asked = ops.handle.spawn(async move {
        timeout(PATIENCE, async { (store.free_bytes().await, store.open_jobs().await) }).await
    });
    // What cannot be had is not there, or as it was: /ready tells why.
    if let Ok(Ok((free, jobs))) = asked.await {
        if let Ok(free) = free {
            gauge!("peony_store_free_bytes").set(free as f64);
        }
        if let Ok(jobs) = jobs {
            ops.jobs.tell(jobs);
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], ops.figures.render())
        .into_response()
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
