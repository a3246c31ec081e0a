//! Who did what, in a table that the database lets nobody change or shorten.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::{AnyConnection, Row as _};

use crate::Store;
use crate::error::StoreError;
use crate::index::now_ms;
use crate::rows::Rows;

/// Within so long the same act of the same one on the same study is one line: a study is opened by hundreds of requests, and comes in as many objects.
const STRETCH_MS: i64 = 3_600_000;
/// Lines that are remembered as written.
const MOST_REMEMBERED: usize = 20_000;

/// Who, which act, on what.
pub(crate) type Line = [String; 3];

/// The lines that were written lately, of those that are written once in a while.
#[derive(Default)]
pub(crate) struct Lately(Mutex<HashMap<Line, i64>>);

impl Lately {
    fn lines(&self) -> MutexGuard<'_, HashMap<Line, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a line was written within the stretch before `now_ms`.
    pub fn has(&self, line: &Line, now_ms: i64) -> bool {
        self.lines().get(line).is_some_and(|at_ms| now_ms - at_ms < STRETCH_MS)
    }

    /// These are on the disk now.
    pub fn remember(&self, written: impl IntoIterator<Item = Line>, now_ms: i64) {
        let mut lines = self.lines();
        if lines.len() >= MOST_REMEMBERED {
            lines.retain(|_, at_ms| now_ms - *at_ms < STRETCH_MS);
        }
        if lines.len() >= MOST_REMEMBERED {
            // They are written once more, then.
            lines.clear();
        }
        lines.extend(written.into_iter().map(|line| (line, now_ms)));
    }
}

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

/// Several lines at once.
pub(crate) async fn put_all(
    connection: &mut AnyConnection,
    lines: &BTreeSet<Line>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(["at", "who", "act", "what"]);
    for [who, act, what] in lines {
        rows.push([now_ms.into(), who.as_str().into(), act.as_str().into(), what.as_str().into()]);
    }
    rows.write(connection, "audit", "", None).await?;
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

    /// Writes down that somebody does something with a study, once in an hour; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn note(&self, who: &str, act: &str, what: &str) -> Result<(), StoreError> {
        let (line, now) = ([who, act, what].map(str::to_owned), now_ms());
        if !self.inner.lately.has(&line, now) {
            self.audit(who, act, what).await?;
            self.inner.lately.remember([line], now);
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_again_after_an_hour_and_what_is_remembered_is_bounded() {
        let lately = Lately::default();
        let line = |number: usize| ["somebody".to_owned(), "read".to_owned(), format!("study {number}")];
        lately.remember([line(0)], 1000);
        assert!(lately.has(&line(0), 1000 + STRETCH_MS - 1));
        assert!(!lately.has(&line(0), 1000 + STRETCH_MS) && !lately.has(&line(1), 1000));
        for number in 0..2 * MOST_REMEMBERED {
            lately.remember([line(number)], 2000);
        }
        assert!(lately.lines().len() <= MOST_REMEMBERED);
    }
}
