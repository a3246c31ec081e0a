//! What is for a person to look at: contradictions about who was examined, and objects that came under a UID that was taken.
//!
//! Each is of the site of its study, and seen by those who see that.

use bytes::Bytes;
use futures_util::Stream;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::index::now_ms;
use crate::objects::Object;
use crate::patients::{BOTH, MERGES};
use crate::{Store, audit};

/// A contradiction about who was examined.
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
    /// What was said first, and stays. A name is said as [`name_key`](crate::name_key) has it.
    pub kept: String,
    /// What was said later.
    pub other: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Another object under a UID that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Its number.
    pub id: i64,
    /// SOP Instance UID.
    pub instance_uid: String,
    /// Its own Study Instance UID.
    pub study_uid: String,
    /// Its own digest.
    pub digest: String,
    /// Its length in bytes.
    pub size: u64,
    /// The object that has the UID, where that is seen.
    pub kept: Option<KeptThere>,
    /// Who sent it.
    pub origin: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Where the object is that has a UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptThere {
    /// Study Instance UID.
    pub study_uid: String,
    /// Its digest.
    pub digest: String,
}

/// How many of what is for a person to look at are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenDoubts {
    /// Contradictions about who was examined.
    pub conflicts: u64,
    /// Objects that were kept aside.
    pub aside: u64,
    /// Merges that could be undone.
    pub merges: u64,
}

/// Open contradictions `c` with their study `t`, whose site and the patient's `p` is seen.
const CONFLICTS: &str = "FROM conflicts c JOIN studies t ON t.id = c.study JOIN patients p ON p.id = c.patient WHERE c.settled_at = 0";
/// Whose sites must be seen for that.
const OF_CONFLICT: &[&str] = &["t.site", "p.site"];
const OF_ASIDE: &[&str] = &["a.site"];

impl Store {
    async fn count(&self, columns: &[&str], from: &str) -> Result<u64, StoreError> {
        let rows = self.rows_seen(columns, |seen| format!("SELECT COUNT(*) AS count {from}{seen}")).await?;
        let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get("count"))?;
        Ok(count.unsigned_abs())
    }

    /// How many contradictions and objects kept aside nobody has looked at, and how many merges could be undone.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn open_doubts(&self) -> Result<OpenDoubts, StoreError> {
        Ok(OpenDoubts {
            conflicts: self.count(OF_CONFLICT, CONFLICTS).await?,
            aside: self.count(OF_ASIDE, "FROM aside a WHERE a.rejected_at = 0").await?,
            merges: self.count(BOTH, MERGES).await?,
        })
    }

    /// Whether an object of this sender was put aside since another one has its UID, and no person has said that it is not wanted.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn has_aside(&self, instance_uid: &str, origin: &str) -> Result<bool, StoreError> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM aside WHERE instance_uid = $1 AND origin = $2 AND rejected_at = 0",
        )
        .bind(instance_uid)
        .bind(origin)
        .fetch_optional(self.inner.index.pool())
        .await?;
        Ok(found.is_some())
    }

    /// Study Instance UIDs of the studies whose patient somebody contradicted, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn doubtful_studies(&self, limit: u32) -> Result<Vec<String>, StoreError> {
        // The values are those of the other columns, whose places come first.
        let of_study = self.sight.condition("s.site", &mut Vec::new());
        let of_study = of_study.map_or_else(String::new, |seen| format!(" AND {seen}"));
        let rows = self.rows_seen(OF_CONFLICT, |seen| {
            format!(
                "SELECT s.uid FROM studies s WHERE (s.id IN (SELECT c.study {CONFLICTS}{seen})
                    OR s.local_patient IN (SELECT p.local_root {CONFLICTS}{seen})){of_study} ORDER BY s.id DESC LIMIT {limit}"
            )
        });
        rows.await?.iter().map(|row| Ok(row.try_get("uid")?)).collect()
    }

    /// Contradictions that nobody has settled, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn conflicts(&self, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        let rows = self.rows_seen(OF_CONFLICT, |seen| {
            format!(
                "SELECT c.id, c.patient, t.uid, c.tag, c.kept, c.other, c.at {CONFLICTS}{seen} ORDER BY c.id LIMIT {limit}"
            )
        });
        let conflict = |row: &AnyRow| {
            Ok(Conflict {
                id: row.try_get("id")?,
                patient: row.try_get("patient")?,
                study_uid: row.try_get("uid")?,
                tag: row.try_get("tag")?,
                kept: row.try_get("kept")?,
                other: row.try_get("other")?,
                at_ms: row.try_get("at")?,
            })
        };
        rows.await?.iter().map(conflict).collect()
    }

    /// A person has looked at a contradiction and knows that it is none, or has put it right elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such open contradiction, and those of the index.
    pub async fn settle_conflict(&self, id: i64, who: &str) -> Result<(), StoreError> {
        let missing = "open contradiction";
        if self.count(OF_CONFLICT, &format!("{CONFLICTS} AND c.id = {id}")).await? == 0 {
            return Err(StoreError::Missing(missing));
        }
        let statement =
            "UPDATE conflicts SET settled_at = $2, settled_by = $3 WHERE id = $1 AND settled_at = 0";
        self.settle(statement, id, who, "settle-conflict", missing).await
    }

    /// Objects kept aside that nobody has rejected, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn kept_aside(&self, limit: u32) -> Result<Vec<Aside>, StoreError> {
        let rows = self.rows_seen(OF_ASIDE, |seen| {
            format!(
            "SELECT a.id, a.instance_uid, a.study_uid, a.digest, a.size, a.kept_digest, a.origin, a.arrived_at,
                COALESCE(s.uid, '') AS kept_study, COALESCE(s.site, '') AS kept_site FROM aside a LEFT JOIN instances i ON i.uid = a.instance_uid
             LEFT JOIN series e ON e.id = i.series LEFT JOIN studies s ON s.id = e.study
             WHERE a.rejected_at = 0{seen} ORDER BY a.id LIMIT {limit}"
            )
        });
        let aside = |row: &AnyRow| {
            let size: i64 = row.try_get("size")?;
            let kept =
                KeptThere { study_uid: row.try_get("kept_study")?, digest: row.try_get("kept_digest")? };
            let is_seen = !kept.study_uid.is_empty() && self.sight.reaches(row.try_get("kept_site")?);
            Ok(Aside {
                id: row.try_get("id")?,
                instance_uid: row.try_get("instance_uid")?,
                study_uid: row.try_get("study_uid")?,
                digest: row.try_get("digest")?,
                size: size.unsigned_abs(),
                kept: is_seen.then_some(kept),
                origin: row.try_get("origin")?,
                at_ms: row.try_get("arrived_at")?,
            })
        };
        rows.await?.iter().map(aside).collect()
    }

    /// The length of an object that was kept aside, and its bytes, a part at a time, each verified. That somebody looked is in the audit.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such object, and those of the index.
    pub async fn bytes_aside(
        &self,
        id: i64,
        who: &str,
    ) -> Result<(u64, impl Stream<Item = Result<Bytes, StoreError>> + Send + use<>), StoreError> {
        let rows = self
            .rows_seen(OF_ASIDE, |seen| {
                format!("SELECT a.digest, a.size, a.blocks FROM aside a WHERE a.id = {id}{seen}")
            })
            .await?;
        let row = rows.first().ok_or(StoreError::Missing(ASIDE))?;
        let size = row.try_get::<i64, _>("size")?.unsigned_abs();
        let object = Object { digest: row.try_get("digest")?, size, blocks: row.try_get("blocks")? };
        self.audit(who, "read-aside", &id.to_string()).await?;
        Ok((size, self.inner.objects.stream(object, 0..size)))
    }

    /// A person has looked at an object that was kept aside and does not want it shown any more. It stays where it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such object, and those of the index.
    pub async fn reject_aside(&self, id: i64, who: &str) -> Result<(), StoreError> {
        if self.count(OF_ASIDE, &format!("FROM aside a WHERE a.id = {id}")).await? == 0 {
            return Err(StoreError::Missing(ASIDE));
        }
        let statement =
            "UPDATE aside SET rejected_at = $2, rejected_by = $3 WHERE id = $1 AND rejected_at = 0";
        self.settle(statement, id, who, "reject-aside", ASIDE).await
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
}

const ASIDE: &str = "object kept aside";
