//! What a page asks for that DICOMweb has no words for: to which nodes something can be sent, to have it sent, and what became of it, and of what is
//! fetched from other nodes ([`crate::nodes`]).
//!
//! It stands here because it is HTTP over the store, as everything here is: the node's worker sends, and both meet in the store's queue. Who can be
//! sent to is told by whoever mounts the routes.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use peony_store::{JobState, Promise, QueuedTransfer, SendFault, Sending, Store, Transfer, TransferCounts};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::answer::{At, Caller, by_hand};
use crate::problem::Problem;

/// The nodes that can be sent to, by their titles, as they are now.
pub type Neighbours = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// Sendings that are listed: all that are not done come first.
const LISTED: u32 = 100;
/// What asks for a sending is three texts.
const BODY_BYTES: usize = 4096;

#[derive(Clone)]
struct Service {
    store: Store,
    neighbours: Neighbours,
}

impl Service {
    /// The store with the eyes of who asks.
    fn seen_by(&self, caller: &Caller) -> Store {
        self.store.seeing(caller.sight.clone())
    }
}

/// The routes, to be mounted below a path; a request may carry a [`Caller`].
///
/// | | | |
/// |---|---|---|
/// | `GET /neighbours` | | titles of the nodes that can be sent to |
/// | `GET /` | | the [`Queue`] |
/// | `POST /` | `{"to", "study_uid", "series_uid"?}` | has a study or a series sent; gives `{"id"}` |
/// | `POST /{id}/retry` | | tries one again that failed, was cancelled or waits |
/// | `POST /{id}/cancel` | | cancels one that is not done |
/// | `POST /clear` | `{"ids"}` | takes those of them that are done or cancelled out of the queue's list |
pub fn sending(store: Store, neighbours: Neighbours) -> Router {
    let routes = Router::new()
        .route("/neighbours", get(titles))
        .route("/", get(queue).post(send))
        .route("/clear", post(clear))
        .route("/{id}/retry", post(retry))
        .route("/{id}/cancel", post(cancel))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    by_hand(routes).with_state(Service { store, neighbours })
}

/// What is sent and fetched, was and failed.
#[derive(Debug, Serialize, ToSchema)]
struct Queue {
    /// How many there are, listed or not.
    all: u64,
    /// Of these, how many wait or are under way.
    open: u64,
    /// Of those that are open, how many failed and wait to be tried again.
    again: u64,
    /// Of these, how many failed for good.
    failed: u64,
    /// The first 100 of them: what is not done comes first, then the newest.
    queue: Vec<Queued>,
}

/// One sending or fetching as the page shows it.
#[derive(Debug, Serialize, ToSchema)]
struct Queued {
    id: i64,
    #[serde(flatten)]
    transfer: Transfer,
    state: SendState,
    /// Instances that were taken or came, and all of them, which are counted when it is tried first.
    taken: usize,
    of: usize,
    /// `asked`, `kept` or `not_kept`, where the node was asked to keep them.
    #[schema(required)]
    promise: Option<Promise>,
    /// Why it failed last, with what belongs to it.
    #[schema(required)]
    fault: Option<SendFault>,
    tries: i64,
    /// When it was asked for, and when it is tried again or has ended, in milliseconds since 1970 UTC.
    at_ms: i64,
    due_ms: i64,
}

/// How a sending or fetching stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SendState {
    /// It waits for its time, or for its turn.
    Waiting,
    /// It is under way.
    Running,
    /// All of it is sent, or here.
    Done,
    /// It failed for good.
    Failed,
    /// A person did not want it any more.
    Cancelled,
}

/// Sendings that shall be listed no more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Clear {
    /// Their numbers.
    ids: Vec<i64>,
}

impl From<QueuedTransfer> for Queued {
    fn from(queued: QueuedTransfer) -> Self {
        let QueuedTransfer { id, transfer, state, taken, of, promise, fault, tries, at_ms, due_ms } = queued;
        let state = match state {
            JobState::Waiting => SendState::Waiting,
            JobState::Running => SendState::Running,
            JobState::Done => SendState::Done,
            JobState::Failed => SendState::Failed,
            JobState::Cancelled => SendState::Cancelled,
        };
        Self { id, transfer, state, taken, of, promise, fault, tries, at_ms, due_ms }
    }
}

/// A sending or fetching that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeSending {
    pub id: i64,
}

#[derive(OpenApi)]
#[openapi(paths(titles, queue, send, retry, cancel, clear))]
struct Description;

/// The description of these routes where `peony serve` mounts them, under `/api/sending`.
#[must_use]
pub fn sending_openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The nodes that can be sent to, by their titles.
#[utoipa::path(get, path = "/api/sending/neighbours", responses((status = 200, body = [String])))]
async fn titles(State(service): State<Service>) -> Json<Vec<String>> {
    Json((service.neighbours)())
}

/// What is sent and fetched, was and failed; what is not done comes first.
#[utoipa::path(get, path = "/api/sending", responses((status = 200, body = Queue)))]
async fn queue(State(service): State<Service>, caller: Caller) -> Result<Json<Queue>, Problem> {
    let store = service.seen_by(&caller);
    let listed = store.transfers(LISTED).await?;
    let TransferCounts { all, open, again, failed } = store.transfer_counts().await?;
    Ok(Json(Queue { all, open, again, failed, queue: listed.into_iter().map(Queued::from).collect() }))
}

/// Have a study, or a series of it, sent.
#[utoipa::path(post, path = "/api/sending", request_body = Sending, responses(
    (status = 201, body = MadeSending),
    (status = 400, description = "it is no such request"),
    (status = 404, description = "no such node, or nothing of it is here"),
))]
async fn send(
    State(service): State<Service>,
    caller: Caller,
    body: Result<Json<Sending>, axum::extract::rejection::JsonRejection>,
) -> Result<(StatusCode, Json<MadeSending>), Problem> {
    let Ok(Json(sending)) = body else {
        return Err(Problem::BadRequest("it is not {\"to\", \"study_uid\", \"series_uid\"?}".into()));
    };
    if !(service.neighbours)().contains(&sending.to) {
        return Err(Problem::Missing("node to send to"));
    }
    let id = service.seen_by(&caller).send(&sending, &caller.name).await?;
    Ok((StatusCode::CREATED, Json(MadeSending { id })))
}

/// Try one again that failed, was cancelled or waits.
#[utoipa::path(post, path = "/api/sending/{id}/retry", params(("id" = i64, Path, description = "the sending")), responses(
    (status = 204, description = "it waits for its turn"),
    (status = 404, description = "no such sending, or it is done or being done"),
))]
async fn retry(
    State(service): State<Service>,
    caller: Caller,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    service.seen_by(&caller).retry_transfer(id, &caller.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Cancel one that is not done.
#[utoipa::path(post, path = "/api/sending/{id}/cancel", params(("id" = i64, Path, description = "the sending")), responses(
    (status = 204, description = "it is cancelled"),
    (status = 404, description = "no such sending, or it is done"),
))]
async fn cancel(
    State(service): State<Service>,
    caller: Caller,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    service.seen_by(&caller).cancel_transfer(id, &caller.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take sendings that are done or cancelled out of the list.
#[utoipa::path(post, path = "/api/sending/clear", request_body = Clear, responses(
    (status = 204, description = "those of them that are done or cancelled are listed no more"),
    (status = 400, description = "it is no such request"),
))]
async fn clear(
    State(service): State<Service>,
    caller: Caller,
    body: Result<Json<Clear>, axum::extract::rejection::JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Ok(Json(Clear { ids })) = body else {
        return Err(Problem::BadRequest("it is not {\"ids\"}".into()));
    };
    service.seen_by(&caller).clear_transfers(&ids, &caller.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
