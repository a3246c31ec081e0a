//! Storage commitment (PS3.4 Annex J): what another node was asked to keep and what it answered, and what this one was asked and has to report.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;

use crate::error::StoreError;
use crate::index::now_ms;
use crate::{Store, audit, jobs};

/// The kind of the jobs of reports in the queue.
pub const REPORT: &str = "commitment-report";
/// Reports that wait: more than peers ask for in a day in which none of them can be reached.
const MOST_OWED: i64 = 10_000;
/// Of those, to one peer: it takes no other's place.
const MOST_OWED_TO_ONE: i64 = 1000;
/// How long what was reported stays in the queue.
const REPORTED: Duration = Duration::from_secs(7 * 24 * 3600);

/// How often an answer is looked for that another program may hear.
const LOOK: Duration = Duration::from_millis(300);

/// What another node was asked to keep, and how that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// Who was asked, by the title of its application entity.
    pub peer: String,
    /// SOP Instance UIDs of what it shall keep.
    pub instances: Vec<String>,
    /// Those of which it does not say that it does; `None` while it has not answered.
    pub not_kept: Option<Vec<String>>,
}

/// A report that another node has to get, of what it asked to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Who asked, by the title of its application entity.
    pub to: String,
    /// By which it knows the report.
    pub transaction_uid: String,
    /// SOP Class UID and SOP Instance UID of each instance.
    pub instances: Vec<(String, String)>,
}

impl Store {
    /// Puts a report into the queue of [`REPORT`]: it is owed from now on, whatever becomes of this program. One that waits already is no other.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where too many wait, in all or for that peer, and those of the index.
    pub async fn owe_report(&self, owed: &Owed) -> Result<(), StoreError> {
        let Owed { to, transaction_uid, instances } = owed;
        // Whose it is stands first: by that those of one peer are counted.
        let to = format!(r#"{{"to":{},"#, json!(to));
        let payload =
            format!(r#"{to}"transaction_uid":{},"instances":{}}}"#, json!(transaction_uid), json!(instances));
        let mut writing = self.inner.index.write().await?;
        sqlx::query("DELETE FROM jobs WHERE kind = $1 AND state = 'done' AND due_at < $2")
            .bind(REPORT)
            .bind(now_ms() - i64::try_from(REPORTED.as_millis()).unwrap_or(i64::MAX))
            .execute(&mut *writing)
            .await?;
        let waits = sqlx::query(
            "SELECT COUNT(*) AS all_of_them, COUNT(CASE WHEN payload = $2 THEN 1 END) AS the_same,
                COUNT(CASE WHEN substr(payload, 1, CAST($4 AS INTEGER)) = $3 THEN 1 END) AS to_that_one
             FROM jobs WHERE kind = $1 AND state = 'open'",
        )
        .bind(REPORT)
        .bind(payload.as_str())
        .bind(to.as_str())
        .bind(i64::try_from(to.chars().count()).unwrap_or(i64::MAX))
        .fetch_one(&mut *writing)
        .await?;
        if waits.try_get::<i64, _>("the_same")? == 0 {
            if waits.try_get::<i64, _>("all_of_them")? >= MOST_OWED
                || waits.try_get::<i64, _>("to_that_one")? >= MOST_OWED_TO_ONE
            {
                return Err(StoreError::Refused("too many reports of storage commitment are owed"));
            }
            jobs::put(&mut writing, REPORT, &payload, "", &owed.to).await?;
        }
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(())
    }

    /// Writes down that `peer` is being asked to keep instances, before it is.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn ask_commitment(
        &self,
        transaction_uid: &str,
        peer: &str,
        instances: &[String],
    ) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        sqlx::query(
            "INSERT INTO commitments (transaction_uid, peer, instances, asked_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(transaction_uid)
        .bind(peer)
        .bind(instances.join(" "))
        .bind(now_ms())
        .execute(&mut *writing)
        .await?;
        Ok(writing.commit().await?)
    }

    /// Writes down what `peer` answers: what it keeps. What it was asked for and does not name counts as not kept. Where it answers again, the
    /// last word holds.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where that peer was asked no such thing, and those of the index.
    pub async fn answer_commitment(
        &self,
        transaction_uid: &str,
        peer: &str,
        kept: &[String],
    ) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let asked: Option<String> =
            sqlx::query_scalar("SELECT instances FROM commitments WHERE transaction_uid = $1 AND peer = $2")
                .bind(transaction_uid)
                .bind(peer)
                .fetch_optional(&mut *writing)
                .await?;
        let asked = asked.ok_or(StoreError::Missing("request for storage commitment"))?;
        let not_kept: Vec<&str> =
            asked.split_whitespace().filter(|asked| !kept.iter().any(|kept| kept == asked)).collect();
        sqlx::query("UPDATE commitments SET answered_at = $2, not_kept = $3 WHERE transaction_uid = $1")
            .bind(transaction_uid)
            .bind(now_ms())
            .bind(not_kept.join(" "))
            .execute(&mut *writing)
            .await?;
        let what =
            format!("{} of {} instances are not kept", not_kept.len(), asked.split_whitespace().count());
        audit::put(&mut writing, peer, "storage-commitment", &what).await?;
        Ok(writing.commit().await?)
    }

    /// Returns when a request is answered, by whatever program that was heard.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such request, and those of the index.
    pub async fn commitment_answered(&self, transaction_uid: &str) -> Result<(), StoreError> {
        let mut look = tokio::time::interval(LOOK);
        loop {
            look.tick().await;
            let asked = self.commitment(transaction_uid).await?;
            let asked = asked.ok_or(StoreError::Missing("request for storage commitment"))?;
            if asked.not_kept.is_some() {
                return Ok(());
            }
        }
    }

    /// How a request stands; `None` where there was none.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn commitment(&self, transaction_uid: &str) -> Result<Option<Commitment>, StoreError> {
        let row = sqlx::query(
            "SELECT peer, instances, answered_at, not_kept FROM commitments WHERE transaction_uid = $1",
        )
        .bind(transaction_uid)
        .fetch_optional(self.inner.index.pool())
        .await?;
        let list = |text: String| text.split_whitespace().map(str::to_owned).collect();
        let commitment = |row: sqlx::any::AnyRow| {
            let answered: i64 = row.try_get("answered_at")?;
            let not_kept = list(row.try_get("not_kept")?);
            Ok(Commitment {
                peer: row.try_get("peer")?,
                instances: list(row.try_get("instances")?),
                not_kept: (answered != 0).then_some(not_kept),
            })
        };
        row.map(commitment).transpose()
    }
}
