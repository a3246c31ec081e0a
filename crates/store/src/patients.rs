//! Who is who: patients that a person says are one.
//!
//! Nothing of this changes an object. A merge moves studies in the index and can be undone, since each study remembers whose it was. A merge across
//! sites is for those who see both: to others their studies stay those of their own site's patient.

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::error::StoreError;
use crate::index::now_ms;
use crate::json::{self, DicomJson};
use crate::{Store, audit};

/// A merge that nobody has undone.
#[derive(Clone, PartialEq, Eq)]
pub struct Merge {
    /// Its number.
    pub id: i64,
    /// Who is somebody else: the attributes of the patient's level.
    pub source: DicomJson,
    /// As whom their studies are shown.
    pub target: DicomJson,
    /// Who said so.
    pub who: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Open merges `m` of `p` into `q`.
pub(crate) const MERGES: &str = "FROM merges m JOIN patients p ON p.id = m.source JOIN patients q ON q.id = m.target WHERE m.undone_at = 0";
/// Whose sites must be seen for that.
pub(crate) const BOTH: &[&str] = &["p.site", "q.site"];

impl Store {
    /// The number of a patient by identifier, at the home site of this store's [`Sight`](crate::Sight); the issuer is empty where none was given.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none, and those of the index.
    pub async fn patient(&self, patient_id: &str, issuer: &str) -> Result<i64, StoreError> {
        let found = sqlx::query_scalar(
            "SELECT id FROM patients WHERE patient_id = $1 AND issuer = $2 AND apart = $3",
        )
        .bind(patient_id)
        .bind(issuer)
        .bind(self.sight.home())
        .fetch_optional(self.inner.index.pool())
        .await?;
        found.ok_or(StoreError::Missing("patient"))
    }

    /// The number of the patient as whom a study is shown here.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such study, and those of the index.
    pub async fn patient_of_study(&self, study_uid: &str) -> Result<i64, StoreError> {
        let row = sqlx::query(
            "SELECT s.site, s.patient, s.local_patient, r.site AS of_root FROM studies s JOIN patients r ON r.id = s.patient WHERE s.uid = $1",
        )
        .bind(study_uid)
        .fetch_optional(self.inner.index.pool())
        .await?;
        let missing = StoreError::Missing("study");
        let Some(row) = row else { return Err(missing) };
        if !self.sight.reaches(row.try_get("site")?) {
            return Err(missing);
        }
        let is_root = self.sight.reaches(row.try_get("of_root")?);
        Ok(row.try_get(if is_root { "patient" } else { "local_patient" })?)
    }

    /// `source` is the same person as `target`: all studies of the first, those to come as well, are shown as the second's. Gives the
    /// number of the merge.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where one of them is not there or not seen; [`StoreError::Refused`] where the first is merged into another
    /// already, or both are one.
    pub async fn merge(&self, source: i64, target: i64, who: &str) -> Result<i64, StoreError> {
        let mut writing = self.inner.index.write_who_is_who().await?;
        let [from, to] =
            [self.patient_seen(&mut writing, source).await?, self.patient_seen(&mut writing, target).await?];
        if source == target || to.root == source {
            return Err(StoreError::Refused("they are one patient already"));
        }
        if from.merged_into != 0 {
            return Err(StoreError::Refused(
                "the first patient is merged into another one: undo that first, or merge the second into the first",
            ));
        }
        set_merged(&mut writing, source, target).await?;
        move_below(&mut writing, source, to.root).await?;
        if from.site == to.site {
            move_locally(&mut writing, source, to.local_root, "= $1").await?;
        }
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

    /// Merges that nobody has undone, of patients that are both seen, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn merges(&self, limit: u32) -> Result<Vec<Merge>, StoreError> {
        let rows = self.rows_seen(BOTH, |seen| {
            format!(
                "SELECT m.id, m.at, m.who, p.attributes AS source, q.attributes AS target {MERGES}{seen} ORDER BY m.id DESC LIMIT {limit}"
            )
        });
        let merge = |row: &sqlx::any::AnyRow| {
            Ok(Merge {
                id: row.try_get("id")?,
                source: json::of_text(row.try_get("source")?),
                target: json::of_text(row.try_get("target")?),
                who: row.try_get("who")?,
                at_ms: row.try_get("at")?,
            })
        };
        rows.await?.iter().map(merge).collect()
    }

    /// Takes a merge back: the studies are shown as before, those that came since under the identifier they came with.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such merge, it was undone, or one of its patients is not seen.
    pub async fn undo_merge(&self, id: i64, who: &str) -> Result<(), StoreError> {
        let missing = || StoreError::Missing("merge");
        let mut writing = self.inner.index.write_who_is_who().await?;
        let undone = sqlx::query(
            "UPDATE merges SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at = 0 RETURNING source, target",
        )
        .bind(id)
        .bind(now_ms())
        .bind(who)
        .fetch_optional(&mut *writing)
        .await?
        .ok_or_else(missing)?;
        let (source, target): (i64, i64) = (undone.try_get("source")?, undone.try_get("target")?);
        for patient in [source, target] {
            // Whoever does not see both ends here, and nothing is changed.
            self.patient_seen(&mut writing, patient).await.map_err(|error| match error {
                StoreError::Missing(_) => missing(),
                other => other,
            })?;
        }
        set_merged(&mut writing, source, 0).await?;
        move_below(&mut writing, source, source).await?;
        move_locally(&mut writing, source, source, "NOT IN (SELECT id FROM below)").await?;
        audit::put(&mut writing, who, "undo-merge", &format!("merge {id}")).await?;
        Ok(writing.commit().await?)
    }

    /// A patient who is seen; others are not there.
    async fn patient_seen(&self, connection: &mut AnyConnection, patient: i64) -> Result<Place, StoreError> {
        let row = sqlx::query("SELECT site, merged_into, root, local_root FROM patients WHERE id = $1")
            .bind(patient)
            .fetch_optional(connection)
            .await?;
        let place = |row: sqlx::any::AnyRow| {
            Ok::<_, StoreError>(Place {
                site: row.try_get("site")?,
                merged_into: row.try_get("merged_into")?,
                root: row.try_get("root")?,
                local_root: row.try_get("local_root")?,
            })
        };
        let place = row.map(place).transpose()?.filter(|place| self.sight.reaches(&place.site));
        place.ok_or(StoreError::Missing("patient"))
    }
}

/// Where a patient stands among merges.
struct Place {
    site: String,
    merged_into: i64,
    root: i64,
    local_root: i64,
}

async fn set_merged(connection: &mut AnyConnection, patient: i64, into: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE patients SET merged_into = $2 WHERE id = $1")
        .bind(patient)
        .bind(into)
        .execute(connection)
        .await?;
    Ok(())
}

/// The patient `$1`, and whoever was merged into them.
const BELOW: &str = "WITH RECURSIVE below (id) AS (
    SELECT CAST($1 AS BIGINT) UNION SELECT p.id FROM patients p, below b WHERE p.merged_into = b.id AND p.merged_into <> 0)";

/// Everything of `top`, and of whoever was merged into them, is `root`'s.
async fn move_below(connection: &mut AnyConnection, top: i64, root: i64) -> Result<(), StoreError> {
    let moves =
        ["UPDATE patients SET root = $2 WHERE id", "UPDATE studies SET patient = $2 WHERE own_patient"];
    for change in moves {
        let statement = format!("{BELOW} {change} IN (SELECT id FROM below)");
        sqlx::query(AssertSqlSafe(statement)).bind(top).bind(root).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Of `top` and of whoever was merged into them, those become `root`'s to the eyes of their site whose number there is `which`.
async fn move_locally(
    connection: &mut AnyConnection,
    top: i64,
    root: i64,
    which: &'static str,
) -> Result<(), StoreError> {
    let moves = [
        "UPDATE patients SET local_root = $2 WHERE id IN (SELECT id FROM below) AND local_root",
        "UPDATE studies SET local_patient = $2 WHERE own_patient IN (SELECT id FROM below) AND local_patient",
    ];
    for change in moves {
        let statement = format!("{BELOW} {change} {which}");
        sqlx::query(AssertSqlSafe(statement)).bind(top).bind(root).execute(&mut *connection).await?;
    }
    Ok(())
}
