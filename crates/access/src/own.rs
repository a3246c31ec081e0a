//! What people do with their own account: another password, tokens for their programs.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{Extensions, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::layer::{LONGEST_SESSION, address};
use crate::password::hash;
use crate::problem::{Problem, Said};
use crate::secret::Secret;
use crate::sign_in::no_store;
use crate::{Access, Caller};

/// The longest that a token can be asked to last.
const LONGEST_DAYS: u32 = 3650;

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtherPassword {
    old: String,
    new: String,
}

/// A token that shall be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for.
    label: String,
    /// How many days it lasts; without it until it is taken back.
    #[schema(required = false)]
    #[serde(default)]
    days: Option<u32>,
}

/// A token that was made: its secret is said here and never again.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    id: i64,
    secret: String,
}

/// A token in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenRow {
    id: i64,
    label: String,
    /// Milliseconds since 1970-01-01 UTC.
    made_ms: i64,
    /// To the minute; 0 where it was never used.
    used_ms: i64,
    /// 0 where it does not end.
    ends_ms: i64,
}

/// Another password for whoever is signed in. All their sessions end, and another one begins here.
#[utoipa::path(post, path = "/api/me/password", request_body = OtherPassword, responses(
    (status = 204, description = "it is changed"),
    (status = 401, description = "the old one is wrong", body = Said),
    (status = 422, description = "the new one is too short", body = Said),
    (status = 429, description = "too many tries", body = Said),
))]
pub(crate) async fn password(
    State(access): State<Access>,
    caller: Caller,
    extensions: Extensions,
    other: Result<Json<OtherPassword>, JsonRejection>,
) -> Result<Response, Problem> {
    let account = caller.person()?;
    let Json(OtherPassword { old, new }) = other?;
    let address = address(&extensions);
    access.inner.tries.another(&account.name, address).map_err(Problem::TooManyTries)?;
    if access.proved(&account.name, old).await?.is_err() {
        return Err(Problem::WrongPassword);
    }
    access.give_password(&account.name, new, &account.name).await?;
    let from = address.map_or_else(String::new, |address| address.to_string());
    let cookie = access.enter(&account, LONGEST_SESSION, from).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)], no_store()).into_response())
}

/// The tokens of whoever is signed in.
#[utoipa::path(get, path = "/api/me/tokens", responses((status = 200, body = [TokenRow])))]
pub(crate) async fn tokens(State(access): State<Access>, caller: Caller) -> Result<Response, Problem> {
    let account = caller.person()?;
    let store = access.inner.store.clone();
    let tokens = access.ask(async move { store.tokens(&account).await }).await?;
    let row = |token: peony_store::Token| TokenRow {
        id: token.id,
        label: token.label,
        made_ms: token.made_at_ms,
        used_ms: token.used_at_ms,
        ends_ms: token.ends_at_ms,
    };
    Ok((no_store(), Json(tokens.into_iter().map(row).collect::<Vec<_>>())).into_response())
}

/// A token for a program: it may what its owner may, but not this.
#[utoipa::path(post, path = "/api/me/tokens", request_body = NewToken, responses(
    (status = 200, body = MadeToken),
    (status = 422, description = "a label or a time that cannot be", body = Said),
))]
pub(crate) async fn add_token(
    State(access): State<Access>,
    caller: Caller,
    new: Result<Json<NewToken>, JsonRejection>,
) -> Result<Response, Problem> {
    let name = caller.person()?.name;
    let Json(NewToken { label, days }) = new?;
    if days.is_some_and(|days| !(1..=LONGEST_DAYS).contains(&days)) {
        return Err(Problem::UnfitToken(format!("days: 1 to {LONGEST_DAYS}")));
    }
    let lasting = days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let secret = Secret::token()?;
    let (store, digest) = (access.inner.store.clone(), secret.digest());
    let made = access.ask(async move { store.add_token(&name, &label, &digest, lasting, &name).await }).await;
    let made = made.map_err(Problem::of_token)?;
    Ok((no_store(), Json(MadeToken { id: made, secret: secret.text().to_owned() })).into_response())
}

/// Take a token back.
#[utoipa::path(delete, path = "/api/me/tokens/{id}",
    params(("id" = i64, Path, description = "the token")),
    responses((status = 204, description = "it opens nothing any more"), (status = 404, body = Said)))]
pub(crate) async fn revoke_token(
    State(access): State<Access>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let name = caller.person()?.name;
    let Path(id) = id?;
    let id = id.parse().map_err(|_| Problem::Missing("token"))?;
    let store = access.inner.store.clone();
    access.ask(async move { store.revoke_token(&name, id, &name).await }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl Access {
    /// Gives an account another password.
    pub(crate) async fn give_password(&self, name: &str, password: String, who: &str) -> Result<(), Problem> {
        let (of, name, who) = (name.to_owned(), name.to_owned(), who.to_owned());
        let hashed = self.hashing(move || hash(&of, &password)).await??;
        let store = self.inner.store.clone();
        self.ask(async move { store.set_password(&name, &hashed, &who).await }).await
    }
}
