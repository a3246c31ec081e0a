//! What every request comes through: its door, who asks, and whether that one may.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use cookie::Cookie;
use peony_store::{Account, Digest, Store};
use tokio::runtime::Handle;

use crate::Access;
use crate::doors::{Door, door, named_door};
use crate::permit::Permit;
use crate::problem::Problem;
use crate::secret::digest_of;

/// A session that is not used for so long has ended.
pub(crate) const IDLE: Duration = Duration::from_secs(2 * 60 * 60);
/// A session lasts for a long day's work.
pub const LONGEST_SESSION: Duration = Duration::from_secs(14 * 60 * 60);

/// So often in a row may it fail to look up who has a socket open: a minute, as sockets ask.
const FAILED_AT_MOST: u32 = 20;

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their account, as it is now.
    pub account: Account,
    /// They are a program with a token, not a person who signed in.
    pub by_token: bool,
    /// They came by TLS.
    pub tls: bool,
}

impl Caller {
    /// Whether one of their roles may.
    #[must_use]
    pub fn may(&self, permit: Permit) -> bool {
        permit.is_of(&self.account.roles)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::NobodyKnown.into_response())
    }
}

/// Lets a request through or answers why not. Who was refused what is written down.
pub(crate) async fn pass(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let from = address(request.extensions());
    let (who, mut response, is_open) = match access.admit(&mut request).await {
        Ok(()) => {
            let who = request.extensions().get::<Caller>().map(|caller| caller.account.name.clone());
            // What an open door refuses, it writes down itself.
            let is_open = who.is_none();
            (who, next.run(request).await, is_open)
        }
        Err(NotLetIn { problem, who }) => (who, problem.into_response(), false),
    };
    if let Some(what) = refused_what(&method, &path, response.status()).filter(|_| !is_open) {
        let store = access.inner.store.clone();
        let noted = access.ask(async move { store.note_refused(who.as_deref(), from, &what).await });
        if let Err(problem) = noted.await {
            tracing::warn!("who was refused is not in the audit: {problem}");
        }
    }
    response.extensions_mut().insert(Seen);
    response
}

/// What was refused, where the answer says so, by the table's words: what stands in a path is somebody's.
fn refused_what(method: &Method, path: &str, status: StatusCode) -> Option<String> {
    let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    let (method, path, _) = named_door(method, path).filter(|_| is_refused)?;
    Some(format!("{method} {path}: {}", status.as_u16()))
}

/// [`pass`] has had this answer: what it refuses was written down.
#[derive(Clone)]
struct Seen;

/// Writes down in `store`, which is asked on `runtime`, what is refused by whoever stands before [`Access`], such as a guard against other sites' pages,
/// and by the routes themselves where there is none.
pub fn noted(routes: Router, store: Store, runtime: Handle) -> Router {
    let note = move |request: Request, next: Next| {
        let (store, runtime) = (store.clone(), runtime.clone());
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let from = address(request.extensions());
            let response = next.run(request).await;
            let is_seen = response.extensions().get::<Seen>().is_some();
            if let Some(what) = refused_what(&method, &path, response.status()).filter(|_| !is_seen) {
                let noted = runtime.spawn(async move { store.note_refused(None, from, &what).await });
                if !matches!(noted.await, Ok(Ok(()))) {
                    tracing::warn!("who was refused is not in the audit");
                }
            }
            response
        }
    };
    routes.layer(middleware::from_fn(note))
}

/// Why somebody is not let in, and who it was, where that is known.
struct NotLetIn {
    problem: Problem,
    who: Option<String>,
}

impl From<Problem> for NotLetIn {
    fn from(problem: Problem) -> Self {
        Self { problem, who: None }
    }
}

impl Access {
    async fn admit(&self, request: &mut Request) -> Result<(), NotLetIn> {
        let found = door(request.method(), request.uri().path());
        let Some(found) = found else { return Err(Problem::Missing("page").into()) };
        let shown = Shown::of(request.headers(), self.inner.tls);
        let strict = matches!(shown, Shown::Session(_)) && changes(request);
        comes_from_here(request.headers(), strict)?;
        if found == Door::Open {
            return Ok(());
        }
        let caller = self.caller(shown.clone()).await?.ok_or(Problem::NobodyKnown)?;
        if let Door::For(permit) = found
            && !caller.may(permit)
        {
            return Err(NotLetIn { problem: Problem::NotPermitted(permit), who: Some(caller.account.name) });
        }
        let again =
            Again { access: self.clone(), shown, account: caller.account.clone(), failed: Arc::default() };
        (self.inner.introduce)(&caller, again, request.extensions_mut());
        request.extensions_mut().insert(caller);
        Ok(())
    }

    /// Who shows this; `None` where it is nobody's.
    pub(crate) async fn caller(&self, shown: Shown) -> Result<Option<Caller>, Problem> {
        let store = self.inner.store.clone();
        let by_token = matches!(shown, Shown::Token(_));
        let account = match shown {
            Shown::Nothing => return Ok(None),
            Shown::Token(digest) => self.ask(async move { store.account_of_token(&digest).await }).await?,
            Shown::Session(digest) => {
                self.ask(async move { store.account_of_session(&digest, IDLE).await }).await?
            }
        };
        Ok(account.map(|account| Caller { account, by_token, tls: self.inner.tls }))
    }
}

/// Asks again, later, who asked: for what outlives the request that opened it.
#[derive(Clone)]
pub struct Again {
    access: Access,
    shown: Shown,
    account: Account,
    /// How often in a row nobody could be looked up.
    failed: Arc<AtomicU32>,
}

impl Again {
    /// Whether it is the same account still, with the same roles and sites. A session counts as used where it `is_used`.
    pub async fn is_the_same(&self, is_used: bool) -> bool {
        let (store, shown) = (self.access.inner.store.clone(), self.shown.clone());
        let asked = self.access.ask(async move {
            match shown {
                Shown::Nothing => Ok(None),
                Shown::Token(digest) => store.account_of_token(&digest).await,
                Shown::Session(digest) if is_used => store.account_of_session(&digest, IDLE).await,
                Shown::Session(digest) => store.account_of_unused_session(&digest, IDLE).await,
            }
        });
        match asked.await {
            Ok(account) => {
                self.failed.store(0, Ordering::Relaxed);
                account.is_some_and(|account| account == self.account)
            }
            // Nobody is sent away because the index is locked for a moment; who cannot be looked up for long is.
            Err(problem) => {
                tracing::debug!("who has a socket open cannot be looked up now: {problem}");
                self.failed.fetch_add(1, Ordering::Relaxed) < FAILED_AT_MOST
            }
        }
    }
}

/// What a request shows to be known by.
#[derive(Clone)]
pub(crate) enum Shown {
    Nothing,
    Token(Digest),
    Session(Digest),
}

impl Shown {
    /// A token goes before a cookie: whoever sends one means it.
    pub fn of(headers: &HeaderMap, tls: bool) -> Self {
        if let Some(said) = headers.get(header::AUTHORIZATION) {
            let bearer = said.to_str().ok().and_then(|said| said.split_once(' '));
            return match bearer {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    Self::Token(digest_of(token.trim()))
                }
                _ => Self::Nothing,
            };
        }
        cookie_of(headers, cookie_name(tls)).map_or(Self::Nothing, |value| Self::Session(digest_of(&value)))
    }
}

/// The value of the cookie of this name.
pub(crate) fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let found = fields.flat_map(Cookie::split_parse).flatten().find(|cookie| cookie.name() == name);
    found.map(|cookie| cookie.value().to_owned())
}

/// With TLS the name itself keeps other hosts and plain HTTP from setting it (RFC 6265bis §4.1.3.2).
pub(crate) fn cookie_name(tls: bool) -> &'static str {
    if tls { "__Host-peony" } else { "peony" }
}

/// Whether a request could do harm in a person's name: everything but what only reads. A socket's opening reads by its method alone.
fn changes(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD)
        || request.headers().contains_key(header::UPGRADE)
}

/// Browsers say from which page a request comes. Where it would change something in the name of a person whose browser adds the cookie by
/// itself, it must be said; programs say nothing.
fn comes_from_here(headers: &HeaderMap, must_say: bool) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match headers.get(header::ORIGIN) {
        None if must_say => Err(Problem::OtherOrigin),
        None => Ok(()),
        Some(origin) => {
            let from = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            match from {
                Some(("http" | "https", from)) if from.eq_ignore_ascii_case(host) => Ok(()),
                _ => Err(Problem::OtherOrigin),
            }
        }
    }
}

/// Where a request comes from, as far as the server says it.
pub(crate) fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical())
}
