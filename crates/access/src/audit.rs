//! Who did what, for administrators. That one of them looks is in it as well.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use peony_store::AuditLine;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;
use crate::sign_in::no_store;
use crate::{Access, Caller};

/// Lines that are answered at most, and where nothing is said.
const MOST: u32 = 1000;
const USUAL: u32 = 100;

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Those behind the one of this number.
    #[serde(default)]
    after: i64,
    /// At most so many, 1000 at most; 100 where it is not said.
    #[serde(default)]
    limit: Option<u32>,
}

/// A line of the audit.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRow {
    id: i64,
    /// When, in milliseconds since 1970 UTC.
    at_ms: i64,
    /// An account, an application entity, a program.
    who: String,
    /// What was done, one word.
    act: String,
    /// To what.
    what: String,
}

impl From<AuditLine> for AuditRow {
    fn from(line: AuditLine) -> Self {
        let AuditLine { id, at_ms, who, act, what } = line;
        Self { id, at_ms, who, act, what }
    }
}

/// Who did what, the oldest first.
#[utoipa::path(get, path = "/api/audit", params(Wanted), responses((status = 200, body = [AuditRow])))]
pub(crate) async fn audit(
    State(access): State<Access>,
    caller: Caller,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Wanted { after, limit }) = wanted?;
    let (store, who) = (access.inner.store.clone(), caller.account.name.clone());
    let lines = access.ask(async move {
        store.note(&who, "read", "audit").await?;
        store.audit_after(after, limit.unwrap_or(USUAL).min(MOST)).await
    });
    let lines: Vec<AuditRow> = lines.await?.into_iter().map(AuditRow::from).collect();
    Ok((no_store(), Json(lines)).into_response())
}
