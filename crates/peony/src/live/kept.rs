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
use peony_dicomweb::{Limits, Neighbours};
use peony_store::Store;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::cli::StoreArgs;
use crate::storage;

/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A store that is open.
pub struct Kept {
    pub store: Store,
    /// A study to which nothing has come for this long is complete.
    pub quiet: watch::Sender<Duration>,
    runtime: Runtime,
    completing: JoinHandle<()>,
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
        Ok(Self { store, quiet, runtime, completing })
    }

    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// DICOMweb over the store, under `/dicomweb`, and under `/api/sending` what is sent to `neighbours`.
    pub fn routes(&self, neighbours: Neighbours) -> Router {
        let dicomweb = peony_dicomweb::routes(self.store.clone(), Limits::default());
        let sending = peony_dicomweb::sending(self.store.clone(), neighbours);
        self.mount(self.mount(Router::new(), "/dicomweb", dicomweb), "/api/sending", sending)
    }

    fn mount(&self, all: Router, path: &str, routes: Router) -> Router {
        let routes = routes.layer(from_fn(peony_web::name_route));
        let handle = self.handle().clone();
        let elsewhere = move |request: Request<Body>| {
            // The thread of the pages has frames to send.
            let answer = handle.spawn(routes.clone().oneshot(request).in_current_span());
            async move { Ok::<_, Infallible>(answered(answer.await)) }
        };
        all.nest_service(path, tower::service_fn(elsewhere))
    }

    /// Answers those that wait and lets go of the folder.
    pub fn close(self) {
        self.completing.abort();
        self.runtime.block_on(self.store.close());
    }
}

fn answered(answer: Result<Result<Response, Infallible>, tokio::task::JoinError>) -> Response {
    match answer {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(error) => {
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
            Ok(complete) if complete.is_empty() => {}
            Ok(complete) => tracing::info!("{} studies are complete", complete.len()),
            Err(error) => tracing::warn!("which studies are complete cannot be looked at: {error}"),
        }
    }
}
