//! Who is who: contradictions that were received, and patients that a person says are one.
//!
//! Nothing of this changes an object. A merge moves studies in the index and can be undone, since each study remembers whose it was.

use sqlx::{AnyConnection, Row as _};

use crate::error::StoreError;
use crate::index::now_ms;
use crate::{Store, audit};

/// A contradiction about who was examined, for a person to look at.
#[derive(Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Its number.
    pub id: i64,
    /// The number of the patient, as [`Store::merge`] takes it.
    pub patient: i64,
    /// Study Instance UID of the study that brought it.
    pub study_uid: String,
    /// The tag of the attribute, eight hexadecimal digits: name, birth date, sex or Patient ID.
    pub tag: String,
    /// What was said first, and stays.
    pub kept: String,
    /// What was said later.
    pub other: String,
}

/// Another object under a UID that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Its number.
    pub id: i64,
    /// SOP Instance UID.
    pub instance_uid: String,
    /// Study Instance UID.
    pub study_uid: String,
    /// Its own digest.
    pub digest: String,
    /// The digest of the object that has the UID.
    pub kept_digest: String,
    /// Who sent it.
    pub origin: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

impl Store {
    /// Contradictions that nobody has settled, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn conflicts(&self, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.id, c.patient, s.uid, c.tag, c.kept, c.other FROM conflicts c, studies s
             WHERE c.settled_at = 0 AND s.id = c.study ORDER BY c.id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.inner.index.pool())
        .await?;
        let conflict = |row: &sqlx::any::AnyRow| {
            Ok(Conflict {
                id: row.try_get("id")?,
                patient: row.try_get("patient")?,
                study_uid: row.try_get("uid")?,
                tag: row.try_get("tag")?,
                kept: row.try_get("kept")?,
                other: row.try_get("other")?,
            })
        };
        rows.iter().map(conflict).collect()
    }

    /// A person has looked at a contradiction and knows that it is none, or has put it right elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such open contradiction, and those of the index.
    pub async fn settle_conflict(&self, id: i64, who: &str) -> Result<(), StoreError> {
        let statement =
            "UPDATE conflicts SET settled_at = $2, settled_by = $3 WHERE id = $1 AND settled_at = 0";
        self.settle(statement, id, who, "settle-conflict", "open contradiction").await
    }

    /// Objects kept aside that nobody has rejected, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn kept_aside(&self, limit: u32) -> Result<Vec<Aside>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, instance_uid, study_uid, digest, kept_digest, origin, arrived_at FROM aside
             WHERE rejected_at = 0 ORDER BY id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.inner.index.pool())
        .await?;
        let aside = |row: &sqlx::any::AnyRow| {
            Ok(Aside {
                id: row.try_get("id")?,
                instance_uid: row.try_get("instance_uid")?,
                study_uid: row.try_get("study_uid")?,
                digest: row.try_get("digest")?,
                kept_digest: row.try_get("kept_digest")?,
                origin: row.try_get("origin")?,
                at_ms: row.try_get("arrived_at")?,
            })
        };
        rows.iter().map(aside).collect()
    }

    /// A person has looked at an object that was kept aside and does not want it shown any more. It stays where it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such object, and those of the index.
    pub async fn reject_aside(&self, id: i64, who: &str) -> Result<(), StoreError> {
        let statement =
            "UPDATE aside SET rejected_at = $2, rejected_by = $3 WHERE id = $1 AND rejected_at = 0";
        self.settle(statement, id, who, "reject-aside", "object kept aside").await
    }

    async fn settle(
        &self,
        statement: &'static str,
        id: i64,
        who: &str,
        act: &str,
        missing: &'static str,
    ) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let done = sqlx::query(statement).bind(id).bind(now_ms()).bind(who).execute(&mut *writing).await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing(missing));
        }
        audit::put(&mut writing, who, act, &id.to_string()).await?;
        Ok(writing.commit().await?)
    }

    /// The number of a patient by identifier; the issuer is empty where none was given, and then it is the home site's of this store's
    /// [`Sight`](crate::Sight).
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none, and those of the index.
    pub async fn patient(&self, patient_id: &str, issuer: &str) -> Result<i64, StoreError> {
        let found = sqlx::query_scalar(
            "SELECT id FROM patients WHERE patient_id = $1 AND issuer = $2 AND apart = $3",
        )
        .bind(patient_id)
        .bind(issuer)
        .bind(if issuer.is_empty() { self.sight.home() } else { "" })
        .fetch_optional(self.inner.index.pool())
        .await?;
        found.ok_or(StoreError::Missing("patient"))
    }

    /// `source` is the same person as `target`: all studies of the first, those to come as well, are shown as the second's. Gives the
    /// number of the merge.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where one of them is merged into another already, or both are the same.
    pub async fn merge(&self, source: i64, target: i64, who: &str) -> Result<i64, StoreError> {
        let mut writing = self.inner.index.write().await?;
        for patient in [source, target] {
            let merged: Option<i64> = sqlx::query_scalar("SELECT merged_into FROM patients WHERE id = $1")
                .bind(patient)
                .fetch_optional(&mut *writing)
                .await?;
            if merged.ok_or(StoreError::Missing("patient"))? != 0 {
                return Err(StoreError::Refused("the patient is merged into another one: undo that first"));
            }
        }
        if source == target {
            return Err(StoreError::Refused("a patient cannot be merged into themselves"));
        }
        set_merged(&mut writing, source, target).await?;
        move_below(&mut writing, source, target).await?;
        let id = sqlx::query_scalar(
            "INSERT INTO merges (source, target, at, who) VALUES ($1, $2, $3, $4) RETURNING id",
        )
        .bind(source)
        .bind(target)
        .bind(now_ms())
        .bind(who)
        .fetch_one(&mut *writing)
        .await?;
        audit::put(&mut writing, who, "merge-patients", &format!("merge {id}: {source} into {target}"))
            .await?;
        writing.commit().await?;
        Ok(id)
    }

    /// Takes a merge back: the studies are shown as before, those that came since under the identifier they came with.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such merge, or it was undone.
    pub async fn undo_merge(&self, id: i64, who: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let undone: Option<i64> = sqlx::query_scalar(
            "UPDATE merges SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at = 0 RETURNING source",
        )
        .bind(id)
        .bind(now_ms())
        .bind(who)
        .fetch_optional(&mut *writing)
        .await?;
        let source = undone.ok_or(StoreError::Missing("merge"))?;
        set_merged(&mut writing, source, 0).await?;
        move_below(&mut writing, source, source).await?;
        audit::put(&mut writing, who, "undo-merge", &format!("merge {id}")).await?;
        Ok(writing.commit().await?)
    }
}

async fn set_merged(connection: &mut AnyConnection, patient: i64, into: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE patients SET merged_into = $2 WHERE id = $1")
        .bind(patient)
        .bind(into)
        .execute(connection)
        .await?;
    Ok(())
}

/// Everything of `top`, and of whoever was merged into them, is `root`'s.
async fn move_below(connection: &mut AnyConnection, top: i64, root: i64) -> Result<(), StoreError> {
    let below = "WITH RECURSIVE below (id) AS (
            SELECT CAST($1 AS BIGINT) UNION SELECT p.id FROM patients p, below b WHERE p.merged_into = b.id AND p.merged_into <> 0)";
    let moves =
        ["UPDATE patients SET root = $2 WHERE id", "UPDATE studies SET patient = $2 WHERE own_patient"];
    for change in moves {
        let statement = format!("{below} {change} IN (SELECT id FROM below)");
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(top).bind(root).execute(&mut *connection).await?;
    }
    Ok(())
}
