//! Why there is no other answer: a status and one line.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use peony_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::password::PasswordError;
use crate::permit::Permit;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// Nobody known asks.
    #[error("sign in first")]
    NobodyKnown,
    /// The same for a wrong password, a wrong name and an account that is disabled.
    #[error("the name or the password is wrong")]
    WrongPassword,
    #[error("too many tries: wait {} seconds", .0.as_secs() + 1)]
    TooManyTries(Duration),
    #[error("no role of this account may do that: it takes `{}`", .0.word())]
    NotPermitted(Permit),
    #[error("Origin: another site's page may not use this server")]
    OtherOrigin,
    #[error("a token may not do that: sign in with a password")]
    TokenMayNot,
    #[error("there is no such {0}")]
    Missing(&'static str),
    #[error("{0}")]
    Unfit(String),
    /// The same of a site.
    #[error("{0}")]
    UnfitSite(String),
    /// The same of a token.
    #[error("{0}")]
    UnfitToken(String),
    #[error("{0}")]
    Conflict(&'static str),
    /// Its name is another's.
    #[error("{0}")]
    NameTaken(&'static str),
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// What the parser says may repeat a password.
    #[error("body: not what is asked for here")]
    Body(#[from] JsonRejection),
    #[error("query: not what is asked for here")]
    Query(#[from] QueryRejection),
    #[error("path: nothing here is called so")]
    Path(#[from] PathRejection),
    /// What a database says is for the log.
    #[error("who asks cannot be looked up now")]
    Store(StoreError),
    #[error("the request failed")]
    Failed,
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(what) => Self::Missing(what),
            StoreError::Unfit(why) => Self::Unfit(why),
            StoreError::Refused(why) => Self::Conflict(why),
            other => Self::Store(other),
        }
    }
}

impl Problem {
    /// What was to be made anew has a name that is there already.
    pub(crate) fn of_new(self) -> Self {
        match self {
            Self::Conflict(why) => Self::NameTaken(why),
            other => other,
        }
    }

    /// It is of a site.
    pub(crate) fn of_site(self) -> Self {
        match self {
            Self::Unfit(why) => Self::UnfitSite(why),
            other => other,
        }
    }

    /// It is of a token.
    pub(crate) fn of_token(self) -> Self {
        match self {
            Self::Unfit(why) => Self::UnfitToken(why),
            other => other,
        }
    }

    /// Its key, which stays the same: pages have words for it.
    fn code(&self) -> &'static str {
        match self {
            Self::NobodyKnown => "nobody_known",
            Self::WrongPassword => "wrong_password",
            Self::TooManyTries(_) => "too_many_tries",
            Self::NotPermitted(_) => "not_permitted",
            Self::OtherOrigin => "other_origin",
            Self::TokenMayNot => "token_may_not",
            Self::Missing(_) => "not_found",
            Self::Unfit(_) => "unfit_account",
            Self::UnfitSite(_) => "unfit_site",
            Self::UnfitToken(_) => "unfit_token",
            // The one thing of accounts that the store refuses beside a name.
            Self::Conflict(_) => "last_administrator",
            Self::NameTaken(_) => "name_taken",
            Self::Password(PasswordError::Length) => "password_length",
            Self::Password(PasswordError::Name) => "password_is_name",
            Self::Body(_) | Self::Query(_) | Self::Path(_) => "bad_value",
            Self::Store(_) => "unavailable",
            Self::Password(PasswordError::NoRandom) | Self::Failed => "failed",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NobodyKnown | Self::WrongPassword => StatusCode::UNAUTHORIZED,
            Self::TooManyTries(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotPermitted(_) | Self::OtherOrigin | Self::TokenMayNot => StatusCode::FORBIDDEN,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Unfit(_)
            | Self::UnfitSite(_)
            | Self::UnfitToken(_)
            | Self::Password(PasswordError::Length | PasswordError::Name) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) | Self::NameTaken(_) => StatusCode::CONFLICT,
            Self::Body(rejection) => rejection.status(),
            Self::Query(_) | Self::Path(_) => StatusCode::BAD_REQUEST,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Password(PasswordError::NoRandom) | Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Why a request was not answered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Said {
    /// One English line with the field, the value and the limit.
    error: String,
    /// Its key, which stays the same: a page has words for it in each language.
    code: &'static str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            tracing::warn!("who asks cannot be looked up: {error}");
        }
        let mut response =
            (self.status(), Json(Said { error: self.to_string(), code: self.code() })).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::NobodyKnown => {
                // RFC 6750 §3; a browser opens no window of its own for it.
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Peony\""));
            }
            Self::TooManyTries(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            }
            _ => {}
        }
        response
    }
}
