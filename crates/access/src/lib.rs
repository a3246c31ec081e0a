//! Who asks, and what they may do: what stands before every HTTP route where there are accounts.
//!
//! [`Access::around`] puts itself around the routes of others. A request comes through where [`doors`] has a door for it and whoever asks has the
//! [`Permit`] of that door; without a door there is nothing. Whoever asks is known by a session (a cookie) or a token
//! (`Authorization: Bearer`), both of which the store keeps as digests of random secrets; passwords it keeps as Argon2id hashes. A session
//! begins with a password or at a provider of OpenID Connect ([`OidcSettings`]).
//!
//! What a person sees of what lies behind a door is a matter of their sites: the routes themselves are told who asks ([`Caller`]) and
//! leave out the rest.
//!
//! Deliberately absent: TLS (whoever serves has it), a way to read a password or a secret back, accounts that delete themselves.

mod accounts;
mod audit;
mod doors;
mod layer;
mod limit;
mod oidc;
mod own;
mod password;
mod permit;
mod problem;
mod secret;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Extensions;
use axum::middleware;
use peony_store::Store;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use doors::{Door, door, doors};
pub use layer::{Again, Caller, LONGEST_SESSION, noted};
pub use oidc::{ClientSecret, Grant, OidcSettings, RoleRule, Unfit, WebAddress};
pub use password::{PasswordError, hash};
pub use permit::{PERMITS, Permit};
pub use secret::Secret;

use crate::limit::Tries;
use crate::oidc::Oidc;
use crate::password::Passwords;
use crate::problem::Problem;

/// What a request of this crate's own routes may hold at most: names and passwords are short.
const LONGEST_BODY: usize = 16 << 10;
/// Passwords that are looked at at once: each takes 19 MiB and a core for some hundredths of a second, and the pipeline needs the cores.
const HASHED_AT_ONCE: usize = 2;

/// Tells the routes of others who asks, and how that can be asked again, in the extensions of the request.
pub type Introduce = fn(&Caller, Again, &mut Extensions);

/// Everything that is known of who asks. Cloning shares it.
#[derive(Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    /// Where the store is asked.
    runtime: Handle,
    passwords: Arc<Passwords>,
    hashing: Semaphore,
    tries: Tries,
    /// The provider at which people may sign in as well.
    oidc: Option<Arc<Oidc>>,
    tls: bool,
    introduce: Introduce,
}

/// Why nobody can be let in at all.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// There can be no passwords.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// There can be no provider.
    #[error("OpenID Connect: {0}")]
    Oidc(String),
}

impl From<oidc::HttpError> for AccessError {
    fn from(error: oidc::HttpError) -> Self {
        Self::Oidc(error.to_string())
    }
}

#[derive(OpenApi)]
#[openapi(info(title = "Peony: who asks", description = "Signing in, tokens, accounts and sites."))]
struct Description;

/// The description of this crate's routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Access> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(sign_in::session, sign_in::sign_in, sign_in::sign_out))
        .routes(routes!(oidc::go))
        .routes(routes!(oidc::come_back))
        .routes(routes!(own::password))
        .routes(routes!(own::tokens, own::add_token))
        .routes(routes!(own::revoke_token))
        .routes(routes!(accounts::list, accounts::add))
        .routes(routes!(accounts::change))
        .routes(routes!(accounts::set_password))
        .routes(routes!(accounts::sites, accounts::add_site))
        .routes(routes!(audit::audit))
}

impl Access {
    /// Accounts of `store`, which is asked on `runtime`. With `tls` cookies are for TLS alone; with `oidc` people may sign in at a provider,
    /// which is not asked before somebody does.
    ///
    /// # Errors
    /// Where the system gives no random numbers, or no certificates to know a provider by.
    pub fn new(
        store: Store,
        runtime: Handle,
        tls: bool,
        oidc: Option<OidcSettings>,
        introduce: Introduce,
    ) -> Result<Self, AccessError> {
        let inner = Inner {
            store,
            runtime,
            passwords: Arc::new(Passwords::new()?),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            tries: Tries::default(),
            oidc: oidc.map(Oidc::new).transpose()?,
            tls,
            introduce,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// These routes and those of this crate, none of them without a door.
    pub fn around(&self, routes: Router) -> Router {
        let (own, _) = described().split_for_parts();
        let own = own.layer(DefaultBodyLimit::max(LONGEST_BODY)).with_state(self.clone());
        routes.merge(own).layer(middleware::from_fn_with_state(self.clone(), layer::pass))
    }

    /// Runs what asks the store where its connections live.
    async fn ask<T, E>(&self, work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        match self.inner.runtime.spawn(work).await {
            Ok(done) => done.map_err(Into::into),
            Err(error) => {
                tracing::warn!("a question of who asks failed: {error}");
                Err(Problem::Failed)
            }
        }
    }
}
