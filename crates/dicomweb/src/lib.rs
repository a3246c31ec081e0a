//! DICOMweb (PS3.18) over what the store keeps.
//!
//! [`routes`] is all of it, one handler a module:
//!
//! | what | module |
//! |---|---|
//! | STOW-RS: `POST studies` and `studies/{study}` | `storing`, `storing::apart`, `multipart` |
//! | QIDO-RS: `studies`, `series`, `instances` at every place | `query`, `question` |
//! | WADO-RS: whole objects | `retrieve` |
//! | WADO-RS: `metadata` and what it leaves out | `metadata`, `bulk` |
//! | WADO-RS: `frames/{list}` | `frames` |
//! | WADO-RS: `rendered`, `thumbnail` | `rendered`, `presentation` |
//! | WADO-URI: `wado` | `uri` |
//! | UPS-RS: `workitems` | `worklist` |
//!
//! [`sending`] is beside it, for the page that has studies sent to other nodes, [`nodes`], for the one that searches those and fetches from them, [`identity`], for whoever says who is who, [`orders`], for whoever registers who comes, and [`events`], for programs that wait for something to happen.
//!
//! What comes is bounded before it is kept in memory: a query, a header, a part of a body. What goes out is read as the peer takes it. Every
//! fault is one line of JSON, in which nothing of an object stands. Who may ask is for whoever mounts the routes: here is no account and no TLS.
//!
//! Deliberately absent: deleting, compressing with a loss, pseudo-colour and blending presentation states, video
//! (whole objects only), making workitems and subscribing to them.

mod answer;
mod bulk;
mod conformance;
mod cores;
mod events;
mod frames;
mod how;
mod identity;
mod left_out;
mod media;
mod metadata;
mod multipart;
mod nodes;
mod noted;
mod orders;
mod parts;
mod presentation;
mod problem;
mod query;
mod question;
mod rendered;
mod retrieve;
mod sending;
mod storing;
mod uid;
mod uri;
mod worklist;
mod xml;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post, put};
use peony_store::Store;
use tokio::sync::Semaphore;

use crate::problem::Problem;

pub use answer::{AT_THIS_MACHINE, Caller};
pub use conformance::statement;
pub use events::{events, events_openapi};
pub use identity::{identity, identity_openapi};
pub use nodes::{FoundThere, Nodes, Search, nodes, nodes_openapi};
pub use orders::{orders, orders_openapi};
pub use sending::{Neighbours, sending, sending_openapi};

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
    /// How many threads make answers at once: a slow peer holds one of them, and the store has the rest for itself.
    making: Arc<Semaphore>,
}

/// The same before it is known who asks. No handler gets this: a [`Service`] taken from it sees what its caller may see.
#[derive(Clone)]
pub(crate) struct Blind(Service);

impl Blind {
    /// For what stands beside DICOMweb, with its own threads to make answers.
    pub(crate) fn of(store: Store, made_at_once: usize) -> Self {
        Self(Service { store, limits: Limits::default(), making: Arc::new(Semaphore::new(made_at_once)) })
    }
}

/// See [`Service::making`]; the runtime has 512 threads that may wait unless it is told otherwise.
const MADE_AT_ONCE: usize = 32;

const STUDY: &str = "/studies/{study}";
const SERIES: &str = "/studies/{study}/series/{series}";
const INSTANCE: &str = "/studies/{study}/series/{series}/instances/{instance}";
const FRAMES: &str = "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}";
/// The path says it alone.
const ROOT: &[&str] = &[""];

/// What is done at some places: from this the router is made and the statement is printed.
pub(crate) struct Places {
    /// The service of PS3.18.
    pub service: &'static str,
    /// What the paths begin with.
    pub of: &'static [&'static str],
    /// How they end.
    pub path: &'static str,
    /// `GET`, `POST` or `PUT`.
    pub method: &'static str,
    /// Who answers to that.
    by: fn() -> MethodRouter<Blind>,
    /// What the statement says of it.
    pub note: &'static str,
}

const fn places(
    service: &'static str,
    of: &'static [&'static str],
    path: &'static str,
    method: &'static str,
    by: fn() -> MethodRouter<Blind>,
    note: &'static str,
) -> Places {
    Places { service, of, path, method, by, note }
}

#[rustfmt::skip] // Read as a table.
pub(crate) const PLACES: &[Places] = &[
    places("STOW-RS",  ROOT, "/studies", "POST", || post(storing::store), "objects of any studies"),
    places("STOW-RS",  ROOT, STUDY,      "POST", || post(storing::store), "objects of this study only"),
    places("QIDO-RS",  ROOT, "/studies", "GET",  || get(query::studies), ""),
    places("QIDO-RS",  ROOT, "/series",  "GET",  || get(query::series), ""),
    places("QIDO-RS",  ROOT, "/studies/{study}/series", "GET", || get(query::series), ""),
    places("QIDO-RS",  ROOT, "/instances", "GET", || get(query::instances), ""),
    places("QIDO-RS",  ROOT, "/studies/{study}/instances", "GET", || get(query::instances), ""),
    places("QIDO-RS",  ROOT, "/studies/{study}/series/{series}/instances", "GET", || get(query::instances), ""),
    places("WADO-RS",  ROOT, STUDY,      "GET",  || get(retrieve::objects), "objects"),
    places("WADO-RS",  ROOT, SERIES,     "GET",  || get(retrieve::objects), "objects"),
    places("WADO-RS",  ROOT, INSTANCE,   "GET",  || get(retrieve::objects), "an object"),
    places("WADO-RS",  &[STUDY, SERIES, INSTANCE], "/metadata", "GET", || get(metadata::metadata), "of a study, a series, an instance"),
    places("WADO-RS",  &[STUDY, SERIES, INSTANCE, FRAMES], "/thumbnail", "GET", || get(rendered::thumbnail), "of a study, a series, an instance, a frame"),
    places("WADO-RS",  &[INSTANCE, FRAMES], "/rendered", "GET", || get(rendered::rendered), "of an instance, a frame"),
    places("WADO-RS",  &[STUDY, SERIES], "/rendered", "GET", || get(rendered::all), "of every picture of a study, a series"),
    places("WADO-RS",  &[INSTANCE], "/frames/{frames}", "GET", || get(frames::frames), "of an instance, with commas between"),
    places("WADO-RS",  &[INSTANCE], "/bulkdata/{*path}", "GET", || get(bulk::bulk), "of an instance, by the addresses in its metadata"),
    places("UPS-RS",   ROOT, "/workitems", "GET", || get(worklist::search), "orders"),
    places("UPS-RS",   ROOT, "/workitems/{workitem}", "GET", || get(worklist::retrieve), "an order"),
    places("UPS-RS",   ROOT, "/workitems/{workitem}/state", "PUT", || put(worklist::change), "claims, completes or cancels it"),
    places("WADO-URI", ROOT, "/wado",    "GET",  || get(uri::retrieve), "an object or a picture"),
];

/// Everything, to be mounted below a path; a request may carry a [`Caller`].
pub fn routes(store: Store, limits: Limits) -> Router {
    let making = Arc::new(Semaphore::new(MADE_AT_ONCE));
    let noted = middleware::from_fn_with_state(store.clone(), noted::noted);
    let service = Service { store, limits, making };
    let mut router = Router::new();
    for Places { of, path, by, .. } in PLACES {
        for begin in *of {
            router = router.route(&format!("{begin}{path}"), by());
        }
    }
    let router = router.fallback(nothing_here).method_not_allowed_fallback(no_such_method);
    // Bodies are read by hand, with limits of their own; no other handler reads one.
    let router = router.layer(DefaultBodyLimit::disable()).layer(noted);
    router.layer(middleware::map_response(negotiated)).with_state(Blind(service))
}

/// Whatever is answered here, what is accepted decides its form; a cache between must know.
async fn negotiated(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn nothing_here() -> Problem {
    Problem::Missing("place below this address")
}

async fn no_such_method() -> Problem {
    Problem::NoMethod
}
