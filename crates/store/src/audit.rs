//! Who did what, in a table that the database lets nobody change or shorten.

use sqlx::{AnyConnection, Row as _};

use crate::Store;
use crate::error::StoreError;
use crate::index::now_ms;

/// One line of the audit.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number.
    pub id: i64,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Who: an account, an application entity, a program.
    pub who: String,
    /// What was done, one word.
    pub act: String,
    /// To what.
    pub what: String,
}

pub(crate) async fn put(
    connection: &mut AnyConnection,
    who: &str,
    act: &str,
    what: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (at, who, act, what) VALUES ($1, $2, $3, $4)")
        .bind(now_ms())
        .bind(who)
        .bind(act)
        .bind(what)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Writes a line; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn audit(&self, who: &str, act: &str, what: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        put(&mut writing, who, act, what).await?;
        Ok(writing.commit().await?)
    }

    /// Lines after the one of number `after`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn audit_after(&self, after: i64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let rows = sqlx::query("SELECT id, at, who, act, what FROM audit WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(self.inner.index.pool())
            .await?;
        let line = |row: &sqlx::any::AnyRow| {
            Ok(AuditLine {
                id: row.try_get("id")?,
                at_ms: row.try_get("at")?,
                who: row.try_get("who")?,
                act: row.try_get("act")?,
                what: row.try_get("what")?,
            })
        };
        rows.iter().map(line).collect()
    }
}
