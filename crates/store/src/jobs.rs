//! Work that waits: a queue in the index, from which any number of workers take.

use std::time::Duration;

use sqlx::Row as _;

use crate::Store;
use crate::error::StoreError;
use crate::index::now_ms;

/// A job that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// What it needs, as whoever put it there wrote it.
    pub payload: String,
    /// How often it was taken, this time counted.
    pub tries: i64,
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It is done.
    Done,
    /// It failed and is taken again after this time.
    Again(Duration, String),
    /// It failed for good; it stays to be looked at.
    Failed(String),
}

impl Store {
    /// Puts a job at the end of the queue of its kind.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn put_job(&self, kind: &str, payload: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO jobs (kind, payload, state, due_at) VALUES ($1, $2, 'open', $3)")
            .bind(kind)
            .bind(payload)
            .bind(now_ms())
            .execute(self.inner.index.pool())
            .await?;
        Ok(())
    }

    /// Takes the job of a kind that is due longest. Where it is not ended within `lease`, its worker is taken for dead and it is due again.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn take_job(&self, kind: &str, lease: Duration) -> Result<Option<Job>, StoreError> {
        let now = now_ms();
        let until = now + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
        // The condition stands outside as well: of two workers that chose the same job, the second finds it taken.
        let row = sqlx::query(
            "UPDATE jobs SET due_at = $3, tries = tries + 1 WHERE state = 'open' AND due_at <= $2 AND id =
                (SELECT id FROM jobs WHERE kind = $1 AND state = 'open' AND due_at <= $2 ORDER BY due_at, tries, id LIMIT 1)
             RETURNING id, payload, tries",
        )
        .bind(kind)
        .bind(now)
        .bind(until)
        .fetch_optional(self.inner.index.pool())
        .await?;
        let job = |row: sqlx::any::AnyRow| {
            Ok(Job { id: row.try_get("id")?, payload: row.try_get("payload")?, tries: row.try_get("tries")? })
        };
        row.map(job).transpose()
    }

    /// Says what became of a job that was taken.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn end_job(&self, id: i64, ended: Ended) -> Result<(), StoreError> {
        let (state, wait, fault) = match ended {
            Ended::Done => ("done", Duration::ZERO, String::new()),
            Ended::Again(wait, fault) => ("open", wait, fault),
            Ended::Failed(fault) => ("failed", Duration::ZERO, fault),
        };
        sqlx::query("UPDATE jobs SET state = $2, due_at = $3, fault = $4 WHERE id = $1")
            .bind(id)
            .bind(state)
            .bind(now_ms() + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2))
            .bind(fault)
            .execute(self.inner.index.pool())
            .await?;
        Ok(())
    }
}
