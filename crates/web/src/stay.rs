//! Whether whoever opened a socket may have it open still: a session may end while its socket goes on.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// How often it is asked.
const ASK: Duration = Duration::from_secs(3);

/// Asks; it is told whether a person has used the socket since it was asked last.
type Ask = dyn Fn(bool) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

/// Whether whoever opened a socket may have it open still: an extension of the request. Without one nobody has to be asked.
#[derive(Clone, Default)]
pub struct Stay {
    ask: Option<Arc<Ask>>,
    used: Arc<AtomicBool>,
}

impl Stay {
    /// As long as `ask` says so, which is told whether a person has used the socket since it was asked last. It must not hold up the thread that
    /// serves the pages.
    pub fn while_true(
        ask: impl Fn(bool) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync + 'static,
    ) -> Self {
        Self { ask: Some(Arc::new(ask)), used: Arc::default() }
    }

    /// A person did something.
    pub(crate) fn used(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// Waits until whoever opened the socket may have it open no more.
    pub(crate) async fn is_over(&self) {
        let Some(ask) = &self.ask else { return std::future::pending().await };
        loop {
            tokio::time::sleep(ASK).await;
            if !ask(self.used.swap(false, Ordering::Relaxed)).await {
                return;
            }
        }
    }
}

impl fmt::Debug for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stay").field("asked", &self.ask.is_some()).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Stay {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
