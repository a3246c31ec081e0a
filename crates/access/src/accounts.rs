//! What administrators do with the accounts and the sites.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use peony_store::{Account, NewAccount, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::password::hash;
use crate::problem::{Problem, Said};
use crate::sign_in::no_store;
use crate::{Access, Caller};

/// An account in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountRow {
    name: String,
    display: String,
    roles: Vec<&'static str>,
    sites: Vec<String>,
    disabled: bool,
    has_password: bool,
    /// The issuer of OpenID Connect that says who they are; empty for an account of this house alone.
    provider: String,
}

impl From<Account> for AccountRow {
    fn from(account: Account) -> Self {
        Self {
            roles: account.roles.iter().map(|role| role.word()).collect(),
            name: account.name,
            display: account.display,
            sites: account.sites,
            disabled: account.disabled_at_ms != 0,
            has_password: account.has_password,
            provider: account.issuer,
        }
    }
}

/// An account that shall be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddAccount {
    name: String,
    /// The name that reports are signed with; empty: the same.
    #[serde(default)]
    display: String,
    roles: Vec<String>,
    #[serde(default)]
    sites: Vec<String>,
    password: String,
}

/// What an account shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAccount {
    display: String,
    roles: Vec<String>,
    sites: Vec<String>,
    disabled: bool,
}

/// A password that an administrator gives.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GivePassword {
    password: String,
}

/// A site.
#[derive(Serialize, ToSchema)]
pub(crate) struct SiteRow {
    name: String,
    /// The titles of application entities whose studies are its own.
    senders: Vec<String>,
}

/// A site that shall be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddSite {
    name: String,
}

/// All accounts.
#[utoipa::path(get, path = "/api/accounts", responses((status = 200, body = [AccountRow])))]
pub(crate) async fn list(State(access): State<Access>) -> Result<Response, Problem> {
    let store = access.inner.store.clone();
    let accounts = access.ask(async move { store.accounts().await }).await?;
    Ok((no_store(), Json(accounts.into_iter().map(AccountRow::from).collect::<Vec<_>>())).into_response())
}

/// Make an account.
#[utoipa::path(post, path = "/api/accounts", request_body = AddAccount, responses(
    (status = 200, body = AccountRow),
    (status = 404, description = "no such site", body = Said),
    (status = 409, description = "the name is taken", body = Said),
    (status = 422, description = "a value that cannot be", body = Said),
))]
pub(crate) async fn add(
    State(access): State<Access>,
    caller: Caller,
    new: Result<Json<AddAccount>, JsonRejection>,
) -> Result<Response, Problem> {
    let who = caller.person()?.name;
    let Json(AddAccount { name, display, roles, sites, password }) = new?;
    let roles = roles_of(&roles)?;
    let of = name.clone();
    let password = access.hashing(move || hash(&of, &password)).await??;
    let new = NewAccount { name, display, roles, sites, password, ..NewAccount::default() };
    let store = access.inner.store.clone();
    let made =
        access.ask(async move { store.add_account(&new, &who).await }).await.map_err(Problem::of_new)?;
    Ok((no_store(), Json(AccountRow::from(made))).into_response())
}

/// Say anew what an account is.
#[utoipa::path(put, path = "/api/accounts/{name}", request_body = ChangeAccount,
    params(("name" = String, Path, description = "the account")),
    responses(
        (status = 200, body = AccountRow),
        (status = 404, description = "no such account or site", body = Said),
        (status = 409, description = "no administrator would be left", body = Said),
        (status = 422, description = "a value that cannot be", body = Said),
    ))]
pub(crate) async fn change(
    State(access): State<Access>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
    change: Result<Json<ChangeAccount>, JsonRejection>,
) -> Result<Response, Problem> {
    let who = caller.person()?.name;
    let Path(name) = name?;
    let Json(ChangeAccount { display, roles, sites, disabled }) = change?;
    let roles = roles_of(&roles)?;
    let store = access.inner.store.clone();
    let changed = async move {
        let mut changed = store.change_account(&name, &display, &roles, &sites, &who).await?;
        if disabled != (changed.disabled_at_ms != 0) {
            store.disable_account(&name, disabled, &who).await?;
            changed.disabled_at_ms = i64::from(disabled);
        }
        Ok::<_, peony_store::StoreError>(changed)
    };
    let changed = access.ask(changed).await?;
    Ok((no_store(), Json(AccountRow::from(changed))).into_response())
}

/// Give an account another password; its sessions end.
#[utoipa::path(put, path = "/api/accounts/{name}/password", request_body = GivePassword,
    params(("name" = String, Path, description = "the account")),
    responses(
        (status = 204, description = "it is changed"),
        (status = 404, description = "no such account", body = Said),
        (status = 422, description = "the password is too short", body = Said),
    ))]
pub(crate) async fn set_password(
    State(access): State<Access>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
    given: Result<Json<GivePassword>, JsonRejection>,
) -> Result<Response, Problem> {
    let who = caller.person()?.name;
    let Path(name) = name?;
    let Json(GivePassword { password }) = given?;
    access.give_password(&name, password, &who).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// All sites.
#[utoipa::path(get, path = "/api/sites", responses((status = 200, body = [SiteRow])))]
pub(crate) async fn sites(State(access): State<Access>) -> Result<Response, Problem> {
    let store = access.inner.store.clone();
    let sites = access.ask(async move { store.sites().await }).await?;
    let row = |site: peony_store::Site| SiteRow { name: site.name, senders: site.senders };
    Ok((no_store(), Json(sites.into_iter().map(row).collect::<Vec<_>>())).into_response())
}

/// Make a site.
#[utoipa::path(post, path = "/api/sites", request_body = AddSite, responses(
    (status = 204, description = "it is there"),
    (status = 409, description = "the name is taken", body = Said),
    (status = 422, description = "a name that cannot be", body = Said),
))]
pub(crate) async fn add_site(
    State(access): State<Access>,
    caller: Caller,
    new: Result<Json<AddSite>, JsonRejection>,
) -> Result<Response, Problem> {
    let who = caller.person()?.name;
    let Json(AddSite { name }) = new?;
    let store = access.inner.store.clone();
    let made = access.ask(async move { store.add_site(&name, &who).await }).await;
    made.map_err(|problem| problem.of_new().of_site())?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn roles_of(words: &[String]) -> Result<Vec<Role>, Problem> {
    words.iter().map(|word| word.parse().map_err(Problem::from)).collect()
}
