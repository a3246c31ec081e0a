//! Storage commitment by others (PS3.4 Annex J): what another node was asked to keep, and what it answered.

use std::time::Duration;

use sqlx::Row as _;

use crate::error::StoreError;
use crate::index::now_ms;
use crate::{Store, audit};

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

impl Store {
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
