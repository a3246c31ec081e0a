//! Signing in at a provider of OpenID Connect: the code flow with PKCE, a state that is bound to the browser, and a nonce.
//!
//! A browser goes to the provider by [`go`] and comes back to [`come_back`], which begins a session like that of a password. Nothing of
//! the provider is kept but who somebody is there (issuer and subject): no token, and no claim.
//!
//! Deliberately absent: signing out at the provider as well, refresh tokens, an account that is found by a name or an e-mail address.

mod http;
mod pending;
mod person;
mod provider;
mod settings;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use cookie::SameSite;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub use openidconnect::ClientSecret;

pub(crate) use self::http::HttpError;
use self::pending::{Asked, LASTS, Pending};
use self::person::Refused;
use self::provider::Provider;
pub use self::settings::{Grant, OidcSettings, RoleRule, Unfit, WebAddress};
use crate::Access;
use crate::layer::{LONGEST_SESSION, Shown, address, cookie_of};
use crate::problem::Problem;
use crate::secret::{Secret, digest_of};
use crate::sign_in::no_store;

/// The page that a browser lands on; its script asks who is signed in, with the cookie that a page of another site may not send.
const LANDING: &str = "/?page=exams";
/// The longest code, state or identifier that is looked at.
const LONGEST: usize = 4096;

/// The provider, and who is there just now.
pub(crate) struct Oidc {
    provider: Provider,
    pending: Pending,
}

impl Oidc {
    pub fn new(settings: OidcSettings) -> Result<Arc<Self>, HttpError> {
        Ok(Arc::new(Self { provider: Provider::new(settings)?, pending: Pending::default() }))
    }

    pub fn offer(&self) -> Offer {
        let settings = &self.provider.settings;
        Offer { label: settings.label.clone(), address: settings.public_url.sign_in() }
    }
}

/// Signing in at a provider.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Offer {
    /// What stands on its button; `null`: the page's own words.
    #[schema(required)]
    label: Option<String>,
    /// Where a browser goes for it.
    address: String,
}

/// Why somebody is not let in. The sign-in page has a line for each word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The provider does not answer, or not as it should.
    Away,
    /// The provider, or the person there, says no.
    Denied,
    /// It was begun elsewhere, too long ago, or it was used.
    Stale,
    /// What the provider says cannot be believed.
    Invalid,
    /// The provider knows who it is, and nobody here does.
    Unknown,
    Disabled,
    /// Nothing that the provider says of them is a role here.
    Role,
    Wait,
    Failed,
}

impl Refusal {
    fn word(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Denied => "denied",
            Self::Stale => "stale",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
            Self::Role => "role",
            Self::Wait => "wait",
            Self::Failed => "failed",
        }
    }
}

/// What a provider sends a browser back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Back {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    /// Who sent it (RFC 9207).
    iss: Option<String>,
}

/// Go to the provider to sign in there.
#[utoipa::path(get, path = "/api/oidc/sign-in", responses(
    (status = 303, description = "to the provider, or to the sign-in page with `sign_in` saying why not"),
    (status = 404, description = "no provider is configured", body = crate::problem::Said),
))]
pub(crate) async fn go(
    State(access): State<Access>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let oidc = access.oidc()?;
    let from = address(&extensions);
    // A picture or a frame of some page goes nowhere in a person's name.
    if headers.get("sec-fetch-dest").is_some_and(|wanted| wanted != "document") {
        return Err(Problem::OtherOrigin);
    }
    match access.depart(&oidc, &headers, from).await {
        Ok((to, cookie)) => Ok(away_to(&to, [cookie])),
        Err(refused) => access.turn_away(refused, from).await,
    }
}

/// Come back from the provider. A session begins, or the sign-in page says why not.
#[utoipa::path(get, path = "/api/oidc/callback", params(Back), responses(
    (status = 303, description = "to the pages, with the cookie of the session; or to the sign-in page with `sign_in` saying why not"),
    (status = 404, description = "no provider is configured", body = crate::problem::Said),
))]
pub(crate) async fn come_back(
    State(access): State<Access>,
    extensions: Extensions,
    headers: HeaderMap,
    back: Result<Query<Back>, QueryRejection>,
) -> Result<Response, Problem> {
    let oidc = access.oidc()?;
    let from = address(&extensions);
    let arrived = async {
        let Query(back) = back.map_err(|_| Refusal::Stale)?;
        access.arrive(&oidc, &headers, back, from).await
    };
    match arrived.await {
        Ok(session) => Ok(away_to(LANDING, [session, access.forget_browser()?])),
        Err(refused) => access.turn_away(refused, from).await,
    }
}

/// To another page; what it is sent with is for this once.
fn away_to<const N: usize>(to: &str, cookies: [HeaderValue; N]) -> Response {
    let cookies = AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)));
    let Ok(to) = HeaderValue::from_str(to) else { return Problem::Failed.into_response() };
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)], no_store(), cookies).into_response()
}

impl Access {
    fn oidc(&self) -> Result<Arc<Oidc>, Problem> {
        self.inner.oidc.clone().ok_or(Problem::Missing("page"))
    }

    /// Where a browser goes, and the cookie by which it is known when it comes back.
    async fn depart(
        &self,
        oidc: &Arc<Oidc>,
        headers: &HeaderMap,
        from: Option<IpAddr>,
    ) -> Result<(String, HeaderValue), Refused> {
        self.inner.tries.away(from).map_err(|_| Refusal::Wait)?;
        let asking = Arc::clone(oidc);
        let going = self.there(async move { asking.provider.depart().await }).await?;
        let secret = Secret::session().map_err(Problem::from)?;
        let session = match Shown::of(headers, self.inner.tls) {
            Shown::Session(digest) => Some(digest),
            _ => None,
        };
        let browser = secret.digest();
        let asked = Asked { nonce: going.nonce, verifier: going.verifier, browser, session };
        oidc.pending.put(going.state.into_secret(), asked, Instant::now());
        Ok((going.to.into(), self.browser_cookie(secret.text(), LASTS)?))
    }

    /// The cookie of the session of who has come back.
    async fn arrive(
        &self,
        oidc: &Arc<Oidc>,
        headers: &HeaderMap,
        back: Back,
        from: Option<IpAddr>,
    ) -> Result<HeaderValue, Refused> {
        let settings = &oidc.provider.settings;
        let asked = self.went(oidc, headers, &back);
        let Some(asked) = asked else {
            // Whoever comes without having gone can come as often as they like.
            self.inner.tries.from(from).map_err(|_| Refusal::Wait)?;
            return Err(Refusal::Stale.into());
        };
        if back.iss.is_some_and(|issuer| issuer != settings.issuer.to_string()) {
            return Err(Refusal::Invalid.into());
        }
        let code = match (back.error, back.code) {
            (None, Some(code)) if code.len() <= LONGEST => code,
            (Some(error), _) if error == "access_denied" => return Err(Refusal::Denied.into()),
            _ => return Err(Refusal::Invalid.into()),
        };
        let (asking, former) = (Arc::clone(oidc), asked.session.clone());
        let person = self.there(async move { asking.provider.arrive(code, asked).await }).await?;
        let account = self.account_of(settings, &person).await.map_err(|refused| match refused.why {
            // By this an administrator finds out for whom to make an account.
            Refusal::Unknown | Refusal::Role if refused.who.is_none() => {
                Refused { who: Some(format!("subject {}", plain(&person.subject))), ..refused }
            }
            _ => refused,
        })?;
        if let Some(session) = former {
            let store = self.inner.store.clone();
            let ended = self.ask(async move { store.end_session(&session).await }).await;
            ended.map_err(Refused::from)?;
        }
        let longest = settings.session.min(LONGEST_SESSION);
        Ok(self.enter(&account, longest, format!("{}, OpenID Connect", said(from))).await?)
    }

    /// What was asked of a browser that went and has come back.
    fn went(&self, oidc: &Oidc, headers: &HeaderMap, back: &Back) -> Option<Asked> {
        let state = back.state.as_deref().filter(|state| state.len() <= LONGEST)?;
        let browser = cookie_of(headers, self.browser_cookie_name())?;
        oidc.pending.take(state, &digest_of(&browser), Instant::now())
    }

    /// To the sign-in page, which says why; and the audit does.
    async fn turn_away(&self, refused: Refused, from: Option<IpAddr>) -> Result<Response, Problem> {
        let Refused { why, who } = refused;
        if why != Refusal::Wait {
            let store = self.inner.store.clone();
            let what = format!("{}, OpenID Connect: {}", said(from), why.word());
            let who = who.unwrap_or_else(|| "somebody".to_owned());
            self.ask(async move { store.audit(&who, "sign-in-refused", &what).await }).await?;
        }
        Ok(away_to(&format!("{LANDING}&sign_in={}", why.word()), [self.forget_browser()?]))
    }

    /// Runs what asks the provider where it keeps nobody up.
    async fn there<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    ) -> Result<T, Refused> {
        match self.inner.runtime.spawn(work).await {
            Ok(done) => done.map_err(Refused::from),
            Err(error) => {
                tracing::warn!("OpenID Connect: a question to the provider failed: {error}");
                Err(Refusal::Failed.into())
            }
        }
    }

    fn browser_cookie_name(&self) -> &'static str {
        if self.inner.tls { "__Host-peony-oidc" } else { "peony-oidc" }
    }

    /// It must come along when the provider's page sends the browser back: `Lax`, not `Strict`.
    fn browser_cookie(&self, value: &str, lasting: std::time::Duration) -> Result<HeaderValue, Problem> {
        self.cookie(self.browser_cookie_name(), value, lasting, SameSite::Lax)
    }

    fn forget_browser(&self) -> Result<HeaderValue, Problem> {
        self.browser_cookie("", std::time::Duration::ZERO)
    }
}

fn said(from: Option<IpAddr>) -> String {
    from.map_or_else(String::new, |address| address.to_string())
}

/// A provider's text in the audit is short and in one line.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(128).collect()
}
