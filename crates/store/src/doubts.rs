//! What is for a person to look at, how much of it there is, and contradictions about who was examined.
//!
//! Each is of the site of its study, and seen by those who see that.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::arrival::Told;
use crate::aside::{DECIDED, OF_ASIDE, OPEN};
use crate::error::StoreError;
use crate::index::now_ms;
use crate::patients::{self, BOTH, MERGES, OF_PARTING, PARTINGS};
use crate::{Store, audit, name};

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
    /// What those said before of the patient whose identifier it is.
    pub kept: String,
    /// What was said later; a name of which an earlier version of this program wrote down no more, as [`name_key`](crate::name_key) has it.
    pub other: String,
    /// Whether the study is shown so; else one of its later objects says that, and it is shown as those before that one say.
    pub of_study: bool,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// How many of what is for a person to look at are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenDoubts {
    /// Contradictions about who was examined.
    pub conflicts: u64,
    /// Objects that were kept aside.
    pub aside: u64,
    /// Those of which a person has decided that another one is handed out, which could be decided again.
    pub decided: u64,
    /// Merges that could be undone.
    pub merges: u64,
    /// Studies of which a person has said that they are somebody else's, which could be taken back.
    pub partings: u64,
}

/// Patient's Name.
const NAME: &str = "00100010";
/// Patient ID.
const PATIENT_ID: &str = "00100020";
/// Open contradictions `c` with their study `t`, whose site and the patient's `p` is seen.
const CONFLICTS: &str = "FROM conflicts c JOIN studies t ON t.id = c.study JOIN patients p ON p.id = c.patient WHERE c.settled_at = 0";
const MISSING: &str = "open contradiction";
/// Whose sites must be seen for that.
const OF_CONFLICT: &[&str] = &["t.site", "p.site"];

impl Store {
    async fn count(&self, columns: &[&str], from: &str) -> Result<u64, StoreError> {
        let rows = self.rows_seen(columns, |seen| format!("SELECT COUNT(*) AS count {from}{seen}")).await?;
        let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get("count"))?;
        Ok(count.unsigned_abs())
    }

    /// How many contradictions and objects kept aside nobody has looked at, and how many decisions and merges could be undone.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn open_doubts(&self) -> Result<OpenDoubts, StoreError> {
        Ok(OpenDoubts {
            conflicts: self.count(OF_CONFLICT, CONFLICTS).await?,
            aside: self.count(OF_ASIDE, OPEN).await?,
            decided: self.count(OF_ASIDE, DECIDED).await?,
            merges: self.count(BOTH, MERGES).await?,
            partings: self.count(OF_PARTING, PARTINGS).await?,
        })
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
        self.conflicts_with("", limit).await
    }

    /// Those of one study, and of others that have its patient's identifier.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn conflicts_around(&self, study_uid: &str, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        // Digits and dots may stand in a statement as they are.
        if !peony_dicom::is_uid(study_uid) {
            return Ok(Vec::new());
        }
        let around = format!(
            " AND EXISTS (SELECT 1 FROM studies a WHERE a.uid = '{study_uid}' AND (a.id = c.study OR a.local_patient = p.local_root))"
        );
        self.conflicts_with(&around, limit).await
    }

    /// Those of which this holds.
    async fn conflicts_with(&self, holds: &str, limit: u32) -> Result<Vec<Conflict>, StoreError> {
        let rows = self.rows_seen(OF_CONFLICT, |seen| {
            format!(
                "SELECT c.id, c.patient, t.uid, t.own_patient, c.tag, c.kept, c.other, c.other_sent, c.at, p.attributes
                 {CONFLICTS}{holds}{seen} ORDER BY c.id LIMIT {limit}"
            )
        });
        let conflict = |row: &AnyRow| {
            let (tag, sent): (String, String) = (row.try_get("tag")?, row.try_get("other_sent")?);
            let mut kept: String = row.try_get("kept")?;
            // As it was sent, where that is still known and not another one by now.
            let name = if tag == NAME { Told::of(row.try_get("attributes")?).name() } else { String::new() };
            if name::key(&name) == kept {
                kept = name;
            }
            let patient = row.try_get("patient")?;
            Ok(Conflict {
                id: row.try_get("id")?,
                patient,
                study_uid: row.try_get("uid")?,
                of_study: tag != PATIENT_ID && row.try_get::<i64, _>("own_patient")? != patient,
                tag,
                kept,
                other: if sent.is_empty() { row.try_get("other")? } else { sent },
                at_ms: row.try_get("at")?,
            })
        };
        rows.await?.iter().map(conflict).collect()
    }

    /// A person has looked at a contradiction and knows that it is none: it is the same person. A study that contradicts its patient in nothing else
    /// is then shown as theirs, by a merge that can be undone.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such open contradiction, and those of the index.
    pub async fn settle_conflict(&self, id: i64, who: &str) -> Result<(), StoreError> {
        self.open_conflict(id).await?;
        let mut writing = self.inner.index.write_who_is_who().await?;
        let settled = sqlx::query(
            "UPDATE conflicts SET settled_at = $2, settled_by = $3 WHERE id = $1 AND settled_at = 0 RETURNING study, patient",
        )
        .bind(id)
        .bind(now_ms())
        .bind(who)
        .fetch_optional(&mut *writing)
        .await?
        .ok_or(StoreError::Missing(MISSING))?;
        audit::put(&mut writing, who, "settle-conflict", &id.to_string()).await?;
        patients::same(&mut writing, settled.try_get("study")?, settled.try_get("patient")?, who).await?;
        Ok(writing.commit().await?)
    }

    /// That there is such an open contradiction, and it is seen.
    pub(crate) async fn open_conflict(&self, id: i64) -> Result<(), StoreError> {
        match self.count(OF_CONFLICT, &format!("{CONFLICTS} AND c.id = {id}")).await? {
            0 => Err(StoreError::Missing(MISSING)),
            _ => Ok(()),
        }
    }

    pub(crate) async fn settle(
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
