//! The way to the provider: no redirects, a time limit for everything, a bounded answer, and no address that others could read on the way.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};

use super::settings::is_safe;

/// How long the provider may take to be connected to.
const CONNECT: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The longest answer: keys and claims are some kilobytes.
const LONGEST: usize = 1 << 20;

/// Why there is no answer. It names no address: there may be a code in one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("it names an address that is neither https nor this machine's own")]
    Unsafe,
    #[error("it cannot be asked: {}", deepest(.0))]
    Request(#[from] reqwest::Error),
    #[error("it answers more than {LONGEST} bytes")]
    Long,
    #[error("it answers no HTTP")]
    Odd(#[from] http::Error),
}

/// What went wrong in the end: what stands before it says no more than that a request failed.
fn deepest(error: &reqwest::Error) -> String {
    let mut at: &dyn std::error::Error = error;
    while let Some(below) = at.source() {
        at = below;
    }
    at.to_string()
}

pub(super) struct Http(reqwest::Client);

impl Http {
    /// # Errors
    /// Where the system's certificates cannot be had.
    pub fn new() -> Result<Self, HttpError> {
        // It may be there already, from this or from another place.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("Peony/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER);
        Ok(Self(client.build()?))
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        if !is_safe(request.url()) {
            return Err(HttpError::Unsafe);
        }
        let mut answer = self.0.execute(request).await.map_err(reqwest::Error::without_url)?;
        let mut head = http::Response::builder().status(answer.status());
        if let Some(kind) = answer.headers().get(http::header::CONTENT_TYPE) {
            head = head.header(http::header::CONTENT_TYPE, kind);
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            if body.len() + part.len() > LONGEST {
                return Err(HttpError::Long);
            }
            body.extend_from_slice(&part);
        }
        Ok(head.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}
