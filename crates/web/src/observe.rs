//! What is said of each request: a line in the log, figures, and an identifier by which both ends can name it. By the name of its route alone: a path
//! and a query may hold who was examined (invariant 5).

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

/// The name of a request's route, in the extensions of its response: for routes that are nested where only they know which it was.
#[derive(Debug, Clone)]
pub struct RouteName(MatchedPath);

/// What is no route: files of the page, and what is not there.
const NO_ROUTE: &str = "page";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Requests so far, and from which number they are counted, so that two runs of the program name none alike.
static COUNTED: AtomicU64 = AtomicU64::new(0);
static RUN: LazyLock<u64> = LazyLock::new(|| {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
});

/// Names the route in the response: a layer for routes that are mounted as a service of their own.
pub async fn name_route(request: Request, next: Next) -> Response {
    let name = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(name) = name {
        response.extensions_mut().insert(RouteName(name));
    }
    response
}

pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = format!("{:x}-{:x}", *RUN, COUNTED.fetch_add(1, Ordering::Relaxed));
    let method = method(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", %id, method, route = tracing::field::Empty);
    let mut response = next.run(request).instrument(span.clone()).await;
    let nested = response.extensions().get::<RouteName>().map(|name| name.0.clone());
    let route = nested.or(matched).map_or_else(|| NO_ROUTE.to_owned(), |path| path.as_str().to_owned());
    span.record("route", &*route);
    let (status, took) = (response.status(), began.elapsed());
    let (code, ms) = (status.as_u16(), took.as_secs_f64() * 1e3);
    // Pages ask and ask again: what changes nothing and works is a detail.
    if matches!(method, "GET" | "HEAD" | "OPTIONS") && !status.is_client_error() && !status.is_server_error()
    {
        tracing::debug!(parent: &span, status = code, ms, "answered");
    } else {
        tracing::info!(parent: &span, status = code, ms, "answered");
    }
    let status = status.as_str().to_owned();
    metrics::counter!("peony_http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("peony_http_request_seconds", "method" => method, "route" => route).record(took);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A request may name any method that it likes; a label has these.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
