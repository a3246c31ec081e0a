//! Work that waits: a queue in the index, from which any number of workers take.

use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

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
    /// What of it is done, as the worker before wrote it; empty at the first time.
    pub progress: String,
    /// How often it was taken, this time counted.
    pub tries: i64,
    /// When it was taken: who has taken it later owns it.
    taken_at: i64,
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

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It waits for its time, or for a worker.
    Waiting,
    /// A worker is at it.
    Running,
    /// It is done.
    Done,
    /// It failed for good.
    Failed,
    /// A person did not want it any more.
    Cancelled,
}

/// A job as the queue shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// Its kind.
    pub kind: String,
    /// What it needs.
    pub payload: String,
    /// What of it is done.
    pub progress: String,
    /// How it stands.
    pub state: JobState,
    /// How often it was taken.
    pub tries: i64,
    /// Why it failed last; empty where it did not.
    pub fault: String,
    /// When it was put there, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// When it is due again, or has ended.
    pub due_ms: i64,
}

impl Store {
    /// Puts a job at the end of the queue of its kind; gives its number.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn put_job(&self, kind: &str, payload: &str) -> Result<i64, StoreError> {
        let mut writing = self.inner.index.write().await?;
        let id = put(&mut writing, kind, payload, "", "").await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(id)
    }

    /// Takes the job of a kind that is due longest, of those that are done with none of the nodes of `but`. Where it is neither kept
    /// ([`Self::keep_job`]) nor ended within `lease`, its worker is taken for dead and it is due again.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn take_job(
        &self,
        kind: &str,
        lease: Duration,
        but: &[String],
    ) -> Result<Option<Job>, StoreError> {
        let now = now_ms();
        let places: Vec<String> = (0..but.len()).map(|place| format!("${}", place + 4)).collect();
        let due = if but.is_empty() {
            "kind = $1 AND state = 'open' AND due_at <= $2".to_owned()
        } else {
            format!("kind = $1 AND state = 'open' AND due_at <= $2 AND node NOT IN ({})", places.join(", "))
        };
        // Who finds nothing holds up nobody that writes. Both statements have the same values.
        let look = format!("SELECT id FROM jobs WHERE {due} AND $3 >= $2 LIMIT 1");
        // The condition stands outside as well: of two workers that chose the same job, the second finds it taken.
        let take = format!(
            "UPDATE jobs SET due_at = $3, taken_at = $2, tries = tries + 1 WHERE state = 'open' AND due_at <= $2 AND id =
                (SELECT id FROM jobs WHERE {due} ORDER BY due_at, tries, id LIMIT 1)
             RETURNING id, payload, progress, tries, taken_at"
        );
        let mut taken = None;
        for statement in [look, take] {
            let mut query =
                sqlx::query(AssertSqlSafe(statement)).bind(kind).bind(now).bind(now + millis(lease));
            for node in but {
                query = query.bind(node);
            }
            taken = query.fetch_optional(self.inner.index.pool()).await?;
            if taken.is_none() {
                return Ok(None);
            }
        }
        let job = |row: AnyRow| {
            Ok(Job {
                id: row.try_get("id")?,
                payload: row.try_get("payload")?,
                progress: row.try_get("progress")?,
                tries: row.try_get("tries")?,
                taken_at: row.try_get("taken_at")?,
            })
        };
        taken.map(job).transpose()
    }

    /// A worker that stops leaves a job to whoever comes next, as if it had not taken it; nothing happens where it is this worker's no more.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn hand_back_job(&self, job: &Job) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE jobs SET due_at = $4, taken_at = 0, tries = tries - 1
             WHERE id = $1 AND tries = $2 AND taken_at = $3 AND state = 'open'",
        )
        .bind(job.id)
        .bind(job.tries)
        .bind(job.taken_at)
        .bind(now_ms())
        .execute(self.inner.index.pool())
        .await?;
        Ok(())
    }

    /// A job that was taken goes on: what of it is done, and for how long it is kept from now. `false` where it is this worker's no more, since its
    /// lease ended and another one took it, or a person cancelled it.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn keep_job(&self, job: &Job, progress: &str, lease: Duration) -> Result<bool, StoreError> {
        let kept = sqlx::query(
            "UPDATE jobs SET due_at = $4, progress = $5 WHERE id = $1 AND tries = $2 AND taken_at = $3 AND state = 'open'",
        )
        .bind(job.id)
        .bind(job.tries)
        .bind(job.taken_at)
        .bind(now_ms() + millis(lease))
        .bind(progress)
        .execute(self.inner.index.pool())
        .await?;
        Ok(kept.rows_affected() > 0)
    }

    /// Says what became of a job that was taken; nothing happens where it is this worker's no more. One that is done and was asked for again meanwhile
    /// is due again, with what of it is done.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn end_job(&self, job: &Job, progress: &str, ended: Ended) -> Result<(), StoreError> {
        let (state, wait, fault) = match ended {
            Ended::Done => ("done", Duration::ZERO, String::new()),
            Ended::Again(wait, fault) => ("open", wait, fault),
            Ended::Failed(fault) => ("failed", Duration::ZERO, fault),
        };
        sqlx::query(
            "UPDATE jobs SET state = CASE WHEN $4 = 'done' AND at > taken_at THEN 'open' ELSE $4 END,
                tries = CASE WHEN $4 = 'done' AND at > taken_at THEN 0 ELSE tries END,
                due_at = $5, fault = $6, progress = $7, taken_at = 0
             WHERE id = $1 AND tries = $2 AND taken_at = $3 AND state = 'open'",
        )
        .bind(job.id)
        .bind(job.tries)
        .bind(job.taken_at)
        .bind(state)
        .bind(now_ms() + millis(wait))
        .bind(fault)
        .bind(progress)
        .execute(self.inner.index.pool())
        .await?;
        Ok(())
    }

    /// The jobs of some kinds, as a statement lists them, whose site is seen, but for those that a person has cleared away, those that failed or are not done yet first, then the newest
    /// first, at most `limit`.
    pub(crate) async fn jobs(&self, kinds: &'static str, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let rows = self.rows_seen(&["site"], |seen| {
            format!(
                "SELECT id, kind, payload, progress, state, tries, fault, at, due_at, taken_at FROM jobs
                 WHERE kind IN {kinds} AND state <> 'cleared'{seen}
                 ORDER BY CASE state WHEN 'open' THEN 0 WHEN 'failed' THEN 0 ELSE 1 END, id DESC LIMIT {limit}"
            )
        });
        let rows = rows.await?;
        let now = now_ms();
        let listed = |row: &AnyRow| {
            let due_ms: i64 = row.try_get("due_at")?;
            let taken = row.try_get::<i64, _>("taken_at")? != 0 && due_ms > now;
            Ok(Listed {
                id: row.try_get("id")?,
                kind: row.try_get("kind")?,
                payload: row.try_get("payload")?,
                progress: row.try_get("progress")?,
                state: match row.try_get("state")? {
                    "done" => JobState::Done,
                    "failed" => JobState::Failed,
                    "cancelled" => JobState::Cancelled,
                    _ if taken => JobState::Running,
                    _ => JobState::Waiting,
                },
                tries: row.try_get("tries")?,
                fault: row.try_get("fault")?,
                at_ms: row.try_get("at")?,
                due_ms,
            })
        };
        rows.iter().map(listed).collect()
    }
}

/// `site` is whose job it is, and `node` with which other one it is done; empty for none.
pub(crate) async fn put(
    connection: &mut AnyConnection,
    kind: &str,
    payload: &str,
    site: &str,
    node: &str,
) -> Result<i64, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO jobs (kind, payload, state, due_at, at, site, node) VALUES ($1, $2, 'open', $3, $3, $4, $5) RETURNING id",
    )
    .bind(kind)
    .bind(payload)
    .bind(now_ms())
    .bind(site)
    .bind(node)
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// Whether an open job has failed and waits for its next time, as a statement asks it: 1 or 0.
pub(crate) const WAITS_AGAIN: &str =
    "CASE WHEN state = 'open' AND tries > 0 AND taken_at = 0 THEN 1 ELSE 0 END";

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}
