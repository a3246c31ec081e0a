//! The store of `peony serve`, and the threads on which what talks to it runs: never those of the pipeline or of the live pages.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use peony_dicomweb::{Limits, Neighbours, Nodes};
use peony_store::Store;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::cli::StoreArgs;
use crate::storage;

/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// What happened is told for a quarter of a year: whoever was away longer looks at the studies themselves.
const EVENTS_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How often older events are forgotten, some at a time: more than can come meanwhile.
const FORGET: Duration = Duration::from_secs(10);

/// A store that is open.
pub struct Kept {
    pub store: Store,
    /// A study to which nothing has come for this long is complete.
    pub quiet: watch::Sender<Duration>,
    runtime: Runtime,
    completing: JoinHandle<()>,
    forgetting: JoinHandle<()>,
}

impl Kept {
    /// Opens the store of the data folder.
    ///
    /// # Errors
    /// Where folder, index or bucket cannot be had.
    pub fn open(args: &StoreArgs, quiet: Duration) -> Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().thread_name("peony-store").build()?;
        let store = runtime.block_on(storage::open(args))?;
        let (quiet, current) = watch::channel(quiet);
        let completing = runtime.spawn(complete_studies(store.clone(), current));
        let forgetting = runtime.spawn(forget_events(store.clone()));
        Ok(Self { store, quiet, runtime, completing, forgetting })
    }

    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// DICOMweb over the store, under `/dicomweb`, under `/api/sending` what is sent to `neighbours`, under `/api/nodes` what is
    /// fetched from `nodes`, under `/api/identity` who is who, under `/api/orders` what shall be examined, and under `/api/events` what happened.
    pub fn routes(&self, neighbours: Neighbours, nodes: Nodes) -> Router {
        let dicomweb = peony_dicomweb::routes(self.store.clone(), Limits::default());
        let sending = peony_dicomweb::sending(self.store.clone(), neighbours);
        let nodes = peony_dicomweb::nodes(self.store.clone(), nodes);
        let identity = peony_dicomweb::identity(self.store.clone());
        let orders = peony_dicomweb::orders(self.store.clone());
        let events = peony_dicomweb::events(self.store.clone());
        let all = self.mount(self.mount(Router::new(), "/dicomweb", dicomweb), "/api/sending", sending);
        let all = self.mount(self.mount(all, "/api/nodes", nodes), "/api/identity", identity);
        self.mount(self.mount(all, "/api/orders", orders), "/api/events", events)
    }

    fn mount(&self, all: Router, path: &str, routes: Router) -> Router {
        let routes = routes.layer(from_fn(peony_web::name_route));
        all.merge(elsewhere(self.handle().clone(), path, routes))
    }

    /// Answers those that wait and lets go of the folder.
    pub fn close(self) {
        self.completing.abort();
        self.forgetting.abort();
        self.runtime.block_on(self.store.close());
    }
}

/// Routes that run on other threads: the one of the pages has frames to send. A request that is given up ends there too.
fn elsewhere(handle: Handle, path: &str, routes: Router) -> Router {
    let run = move |request: Request<Body>| {
        // A set ends its tasks when it is dropped, where a task alone would go on.
        let mut work = JoinSet::new();
        work.spawn_on(routes.clone().oneshot(request).in_current_span(), &handle);
        async move { Ok::<_, Infallible>(answered(work.join_next().await)) }
    };
    Router::new().nest_service(path, tower::service_fn(run))
}

fn answered(answer: Option<Result<Result<Response, Infallible>, JoinError>>) -> Response {
    match answer {
        Some(Ok(Ok(response))) => response,
        Some(Ok(Err(never))) => match never {},
        // The set has one task.
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Err(error)) => {
            tracing::warn!("a request to the store failed: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn complete_studies(store: Store, quiet: watch::Receiver<Duration>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let quiet = *quiet.borrow();
        match store.complete_quiet_studies(quiet).await {
            Ok(0) => {}
            Ok(complete) => tracing::info!("{complete} studies are complete"),
            Err(error) => tracing::warn!("which studies are complete cannot be looked at: {error}"),
        }
    }
}

async fn forget_events(store: Store) {
    let mut look = interval(FORGET);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        if let Err(error) = store.forget_events(EVENTS_KEPT).await {
            tracing::warn!("old events cannot be forgotten: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::routing::get;
    use tokio::sync::{Notify, oneshot};
    use tokio::time::timeout;

    use super::*;

    const A_WHILE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_request_that_is_given_up_ends_on_the_threads_of_the_store_too() {
        let there = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (works, ended) = (Arc::new(Notify::new()), oneshot::channel::<()>());
        let held = Arc::new(std::sync::Mutex::new(Some(ended.0)));
        let begun = Arc::clone(&works);
        let handler = async move || {
            let _held = held.lock().unwrap().take();
            begun.notify_one();
            std::future::pending::<()>().await;
        };
        let routes = elsewhere(there.handle().clone(), "/far", Router::new().route("/away", get(handler)));
        let request = Request::get("/far/away").body(Body::empty()).unwrap();
        let asked = tokio::spawn(routes.oneshot(request));
        timeout(A_WHILE, works.notified()).await.expect("it is asked");
        asked.abort();
        let ended = timeout(A_WHILE, ended.1).await.expect("it goes on for nobody");
        assert!(ended.is_err(), "what it held is dropped");
        there.shutdown_background();
    }
}
