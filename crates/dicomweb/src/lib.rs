//! DICOMweb (PS3.18) over what the store keeps.
//!
//! [`routes`] is all of it, one handler a module:
//!
//! | what | module |
//! |---|---|
//! | STOW-RS: `POST studies` and `studies/{study}` | `storing`, `multipart` |
//! | QIDO-RS: `studies`, `series`, `instances` at every place | `query`, `question` |
//! | WADO-RS: whole objects | `retrieve`, `transcode` |
//! | WADO-RS: `metadata` and what it leaves out | `metadata`, `bulk` |
//! | WADO-RS: `frames/{list}` | `frames` |
//! | WADO-RS: `rendered`, `thumbnail` | `rendered` |
//! | WADO-URI: `wado` | `uri` |
//!
//! What comes is bounded before it is kept in memory: a query, a header, a part of a body. What goes out is read as the peer takes it. Every
//! fault is one line of JSON, in which nothing of an object stands. Who may ask is for whoever mounts the routes: here is no account and no TLS.
//!
//! Deliberately absent: deleting, compressing what is not, storing of metadata and bulk data apart, rendering through a presentation state, video
//! (whole objects only), worklist.

mod answer;
mod bulk;
mod conformance;
mod frames;
mod media;
mod metadata;
mod multipart;
mod parts;
mod problem;
mod query;
mod question;
mod rendered;
mod retrieve;
mod storing;
mod transcode;
mod uid;
mod uri;
mod xml;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use peony_store::Store;
use tokio::sync::Semaphore;

pub use answer::Caller;
pub use conformance::statement;

/// What peers may ask of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a body may bring nothing before it is given up.
    pub silence: Duration,
    /// The longest object in bytes.
    pub object_bytes: u64,
}

impl Default for Limits {
    /// 30 seconds, and 16 GiB.
    fn default() -> Self {
        Self { silence: Duration::from_secs(30), object_bytes: 16 << 30 }
    }
}

/// What every handler has.
#[derive(Clone)]
pub(crate) struct Service {
    store: Store,
    limits: Limits,
    /// How many pictures are decoded at once: each takes a core, and memory by its size.
    decoding: Arc<Semaphore>,
    /// How many threads make answers at once: a slow peer holds one of them, and the store has the rest for itself.
    making: Arc<Semaphore>,
}

/// See [`Service::making`]; the runtime has 512 threads that may wait unless it is told otherwise.
const MADE_AT_ONCE: usize = 32;

/// What is done where: service, place, methods, and a note.
pub(crate) const PLACES: &[(&str, &str, &str, &str)] = &[
    ("STOW-RS", "/studies", "POST", "objects of any studies"),
    ("STOW-RS", "/studies/{study}", "POST", "objects of this study only"),
    ("QIDO-RS", "/studies", "GET", ""),
    ("QIDO-RS", "/series", "GET", ""),
    ("QIDO-RS", "/studies/{study}/series", "GET", ""),
    ("QIDO-RS", "/instances", "GET", ""),
    ("QIDO-RS", "/studies/{study}/instances", "GET", ""),
    ("QIDO-RS", "/studies/{study}/series/{series}/instances", "GET", ""),
    ("WADO-RS", STUDY, "GET", "objects"),
    ("WADO-RS", SERIES, "GET", "objects"),
    ("WADO-RS", INSTANCE, "GET", "an object"),
    ("WADO-RS", "…/metadata", "GET", "of a study, a series, an instance"),
    ("WADO-RS", "…/thumbnail", "GET", "of a study, a series, an instance, a frame"),
    ("WADO-RS", "…/rendered", "GET", "of an instance, a frame"),
    ("WADO-RS", "…/frames/{frames}", "GET", "of an instance, with commas between"),
    ("WADO-RS", "…/bulkdata/{path}", "GET", "of an instance, by the addresses in its metadata"),
    ("WADO-URI", "/wado", "GET", "an object or a picture"),
];

const STUDY: &str = "/studies/{study}";
const SERIES: &str = "/studies/{study}/series/{series}";
const INSTANCE: &str = "/studies/{study}/series/{series}/instances/{instance}";

/// Everything, to be mounted below a path; a request may carry a [`Caller`].
pub fn routes(store: Store, limits: Limits) -> Router {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (decoding, making) = (Arc::new(Semaphore::new(cores)), Arc::new(Semaphore::new(MADE_AT_ONCE)));
    let service = Service { store, limits, decoding, making };
    let mut router = Router::new()
        .route("/studies", get(query::studies).post(storing::store))
        .route(STUDY, get(retrieve::objects).post(storing::store))
        .route("/series", get(query::series))
        .route("/studies/{study}/series", get(query::series))
        .route("/instances", get(query::instances))
        .route("/studies/{study}/instances", get(query::instances))
        .route(&format!("{SERIES}/instances"), get(query::instances))
        .route(SERIES, get(retrieve::objects))
        .route(INSTANCE, get(retrieve::objects))
        .route(&format!("{INSTANCE}/frames/{{frames}}"), get(frames::frames))
        .route(&format!("{INSTANCE}/frames/{{frames}}/rendered"), get(rendered::rendered))
        .route(&format!("{INSTANCE}/frames/{{frames}}/thumbnail"), get(rendered::thumbnail))
        .route(&format!("{INSTANCE}/bulkdata/{{*path}}"), get(bulk::bulk))
        .route(&format!("{INSTANCE}/rendered"), get(rendered::rendered))
        .route("/wado", get(uri::retrieve));
    for place in [STUDY, SERIES, INSTANCE] {
        router = router
            .route(&format!("{place}/metadata"), get(metadata::metadata))
            .route(&format!("{place}/thumbnail"), get(rendered::thumbnail));
    }
    // Bodies are read by hand, with limits of their own; no other handler reads one.
    router.layer(DefaultBodyLimit::disable()).with_state(service)
}
