//! Signing in with name and password, and out.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cookie::{Cookie, SameSite};
use peony_store::Account;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::layer::{LONGEST_SESSION, Shown, address, cookie_name};
use crate::oidc::Offer;
use crate::permit::PERMITS;
use crate::problem::{Problem, Said};
use crate::secret::Secret;
use crate::{Access, Caller};

/// Who sits at this page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Me {
    /// What they sign in with.
    name: String,
    /// The name that they sign reports with.
    display: String,
    /// What they are.
    roles: Vec<&'static str>,
    /// The sites that they belong to.
    sites: Vec<String>,
    /// What they may do.
    may: Vec<&'static str>,
    /// They can change their password here.
    has_password: bool,
}

impl Me {
    pub fn of(account: &Account) -> Self {
        let may = PERMITS.iter().map(|(permit, _)| permit).filter(|permit| permit.is_of(&account.roles));
        Self {
            name: account.name.clone(),
            display: account.display.clone(),
            roles: account.roles.iter().map(|role| role.word()).collect(),
            sites: account.sites.clone(),
            may: may.map(|permit| permit.word()).collect(),
            has_password: account.has_password,
        }
    }
}

/// Whether somebody is signed in, and how one can be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Session {
    /// There are no accounts, and whoever sits at this machine may do everything.
    open: bool,
    /// Who; `null` for nobody.
    #[schema(required)]
    me: Option<Me>,
    /// Signing in at a provider; `null` where there is none.
    #[schema(required)]
    oidc: Option<Offer>,
}

/// What a person signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    name: String,
    password: String,
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/session", responses((status = 200, body = Session)))]
pub(crate) async fn session(State(access): State<Access>, headers: HeaderMap) -> Result<Response, Problem> {
    let caller = access.caller(Shown::of(&headers, access.inner.tls)).await?;
    let me = caller.map(|caller| Me::of(&caller.account));
    let oidc = access.inner.oidc.as_ref().map(|oidc| oidc.offer());
    Ok((no_store(), Json(Session { open: false, me, oidc })).into_response())
}

/// Sign in. The answer brings the cookie of the session.
#[utoipa::path(post, path = "/api/session", request_body = Credentials, responses(
    (status = 200, body = Me),
    (status = 401, description = "the name or the password is wrong, or the account is disabled", body = Said),
    (status = 429, description = "too many tries", body = Said),
))]
pub(crate) async fn sign_in(
    State(access): State<Access>,
    extensions: Extensions,
    headers: HeaderMap,
    credentials: Result<Json<Credentials>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(Credentials { name, password }) = credentials?;
    let address = address(&extensions);
    access.inner.tries.another(&name, address).map_err(Problem::TooManyTries)?;
    let from = address.map_or_else(String::new, |address| address.to_string());
    let account = match access.proved(&name, password).await? {
        Ok(account) => account,
        Err(known) => {
            let store = access.inner.store.clone();
            // A name that nobody has may be a password in the wrong field.
            let who = known.unwrap_or_else(|| "somebody".to_owned());
            access.ask(async move { store.audit(&who, "sign-in-refused", &from).await }).await?;
            return Err(Problem::WrongPassword);
        }
    };
    access.leave(&headers).await?;
    let cookie = access.enter(&account, LONGEST_SESSION, from).await?;
    Ok(([(header::SET_COOKIE, cookie)], no_store(), Json(Me::of(&account))).into_response())
}

/// Sign out.
#[utoipa::path(delete, path = "/api/session", responses((status = 204, description = "nobody is signed in")))]
pub(crate) async fn sign_out(State(access): State<Access>, headers: HeaderMap) -> Result<Response, Problem> {
    access.leave(&headers).await?;
    let gone = access.session_cookie("", Duration::ZERO)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)], no_store()).into_response())
}

pub(crate) fn no_store() -> [(header::HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, "no-store")]
}

impl Access {
    /// The account whose name and password these are; else the name, where there is an account of it.
    pub(crate) async fn proved(
        &self,
        name: &str,
        password: String,
    ) -> Result<Result<Account, Option<String>>, Problem> {
        let (store, asked) = (self.inner.store.clone(), name.to_owned());
        let found = self.ask(async move { store.account_to_sign_in(&asked).await }).await?;
        let kept = found.as_ref().map(|(_, kept)| kept.clone());
        let passwords = Arc::clone(&self.inner.passwords);
        let fits = self.hashing(move || passwords.fits(&password, kept.as_deref())).await?;
        Ok(match found {
            Some((account, _)) if fits => Ok(account),
            found => Err(found.map(|(account, _)| account.name)),
        })
    }

    /// Runs what hashes where it may wait, a few at a time.
    pub(crate) async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _turn = self.inner.hashing.acquire().await.map_err(|_| Problem::Failed)?;
        self.inner.runtime.spawn_blocking(work).await.map_err(|_| Problem::Failed)
    }

    /// Begins a session that lasts so long at most; its cookie.
    pub(crate) async fn enter(
        &self,
        account: &Account,
        longest: Duration,
        from: String,
    ) -> Result<HeaderValue, Problem> {
        let secret = Secret::session()?;
        let (store, account, digest) = (self.inner.store.clone(), account.clone(), secret.digest());
        self.ask(async move { store.begin_session(&account, &digest, longest, &from).await }).await?;
        self.session_cookie(secret.text(), longest)
    }

    /// Ends the session that a request shows, if it shows one.
    pub(crate) async fn leave(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Shown::Session(digest) = Shown::of(headers, self.inner.tls) else { return Ok(()) };
        let store = self.inner.store.clone();
        self.ask(async move { store.end_session(&digest).await }).await
    }

    fn session_cookie(&self, value: &str, lasting: Duration) -> Result<HeaderValue, Problem> {
        self.cookie(cookie_name(self.inner.tls), value, lasting, SameSite::Strict)
    }

    /// A cookie that no script sees.
    pub(crate) fn cookie(
        &self,
        name: &'static str,
        value: &str,
        lasting: Duration,
        same_site: SameSite,
    ) -> Result<HeaderValue, Problem> {
        let cookie = Cookie::build((name, value.to_owned()))
            .path("/")
            .http_only(true)
            .same_site(same_site)
            .secure(self.inner.tls)
            .max_age(cookie::time::Duration::seconds(lasting.as_secs().cast_signed()));
        HeaderValue::from_str(&cookie.build().to_string()).map_err(|_| Problem::Failed)
    }
}

impl Caller {
    /// A person who signed in: what a token opens must not be made longer by it.
    pub(crate) fn person(self) -> Result<Account, Problem> {
        if self.by_token { Err(Problem::TokenMayNot) } else { Ok(self.account) }
    }
}
