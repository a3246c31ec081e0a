//! Who is who: patients that a person says are one, and studies of which a person says that they are somebody else's.
//!
//! Nothing of this changes an object. A merge moves studies in the index and can be undone, since each study remembers whose it was. A merge across
//! sites is for those who see both: to others their studies stay those of their own site's patient.

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::arrival::settle::{Which, settle};
use crate::arrival::{Told, names_anew, part};
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

/// A study of which a person has said that it is somebody else's than its identifier says, which nobody has taken back.
#[derive(Clone, PartialEq, Eq)]
pub struct Parting {
    /// Its number.
    pub id: i64,
    /// Study Instance UID.
    pub study_uid: String,
    /// Whose it is not: the attributes of the patient's level.
    pub source: DicomJson,
    /// As whose it is shown.
    pub target: DicomJson,
    /// Who said so.
    pub who: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Open partings `g` of a study `t` of `p` that is `q`'s.
pub(crate) const PARTINGS: &str =
    "FROM partings g JOIN studies t ON t.id = g.study JOIN patients p ON p.id = g.source
    JOIN patients q ON q.id = g.target WHERE g.undone_at = 0";
/// Whose sites must be seen for that.
pub(crate) const OF_PARTING: &[&str] = &["t.site", "p.site", "q.site"];

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
        if are_parted(&mut writing, [source, target]).await? {
            return Err(StoreError::Refused("somebody has said that they are two: take that back first"));
        }
        let id = merged(&mut writing, (source, &from), (target, &to), who).await?;
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
            "UPDATE merges SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at = 0 RETURNING source, target, at",
        )
        .bind(id)
        .bind(now_ms())
        .bind(who)
        .fetch_optional(&mut *writing)
        .await?
        .ok_or_else(missing)?;
        let (source, target): (i64, i64) = (undone.try_get("source")?, undone.try_get("target")?);
        let merged_at: i64 = undone.try_get("at")?;
        // Whoever does not see both ends here, and nothing is changed.
        let [from, to] = self.both_seen(&mut writing, [source, target], "merge").await?;
        set_merged(&mut writing, source, 0).await?;
        move_below(&mut writing, source, source).await?;
        move_locally(&mut writing, source, source, "NOT IN (SELECT id FROM below)").await?;
        if from.parted_from == target {
            // Where that was said of what contradicts itself, it is a question again.
            names_anew(&mut writing, target).await?;
            sqlx::query(
                "UPDATE conflicts SET settled_at = 0, settled_by = '' WHERE patient = $1 AND parting = 0
                    AND study IN (SELECT s.id FROM studies s WHERE s.own_patient = $2 AND NOT EXISTS
                        (SELECT 1 FROM conflicts c WHERE c.study = s.id AND c.patient = $1 AND c.settled_at = 0 AND c.at <= $3))",
            )
            .bind(target)
            .bind(source)
            .bind(merged_at)
            .execute(&mut *writing)
            .await?;
        }
        // What a person had said of a study stands over what it says itself no longer.
        for patient in [source, from.parted_from, target, to.parted_from] {
            settle(&mut writing, patient, Which::All).await?;
        }
        audit::put(&mut writing, who, "undo-merge", &format!("merge {id}")).await?;
        Ok(writing.commit().await?)
    }

    /// The study of an open contradiction is of another person than the one whose identifier it has: it is a patient's of its own, with what comes
    /// for it, and what contradicts itself in it is settled. Gives the number of the parting.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such open contradiction or it is not seen; [`StoreError::Refused`] where the study is somebody
    /// else's already, or has no identifier, or both are one by a merge.
    pub async fn part(&self, conflict: i64, who: &str) -> Result<i64, StoreError> {
        self.open_conflict(conflict).await?;
        let mut writing = self.inner.index.write_who_is_who().await?;
        let row = sqlx::query(
            "SELECT s.id AS study, s.uid, p.id, p.patient_id, p.parted_from FROM conflicts c JOIN studies s ON s.id = c.study JOIN patients p ON p.id = s.own_patient WHERE c.id = $1 AND c.settled_at = 0",
        )
        .bind(conflict)
        .fetch_optional(&mut *writing)
        .await?
        .ok_or(StoreError::Missing("open contradiction"))?;
        let (study, own): (i64, i64) = (row.try_get("study")?, row.try_get("id")?);
        if row.try_get::<&str, _>("patient_id")?.is_empty() {
            return Err(StoreError::Refused("the study has no identifier: it is nobody else's"));
        }
        let mut source: i64 = row.try_get("parted_from")?;
        let target = if source == 0 {
            source = own;
            part(&mut writing, source, row.try_get("uid")?).await?
        } else {
            own
        };
        if are_parted(&mut writing, [source, target]).await? {
            return Err(StoreError::Refused("it is somebody else's already"));
        }
        let [of, is] = self.both_seen(&mut writing, [source, target], "open contradiction").await?;
        if of.root == is.root || of.local_root == is.local_root {
            return Err(StoreError::Refused("they are one patient by a merge: undo that first"));
        }
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO partings (study, source, target, at, who) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(study)
        .bind(source)
        .bind(target)
        .bind(now_ms())
        .bind(who)
        .fetch_one(&mut *writing)
        .await?;
        sqlx::query(
            "UPDATE conflicts SET settled_at = $2, settled_by = $3, parting = $4 WHERE study = $1 AND settled_at = 0",
        )
        .bind(study)
        .bind(now_ms())
        .bind(who)
        .bind(id)
        .execute(&mut *writing)
        .await?;
        settle(&mut writing, source, Which::All).await?;
        let what = format!("parting {id}: a study of {source} is {target}'s");
        audit::put(&mut writing, who, "part-study", &what).await?;
        writing.commit().await?;
        Ok(id)
    }

    /// Partings that nobody has taken back, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn partings(&self, limit: u32) -> Result<Vec<Parting>, StoreError> {
        let rows = self.rows_seen(OF_PARTING, |seen| {
            format!(
                "SELECT g.id, g.at, g.who, t.uid, p.attributes AS source, q.attributes AS target {PARTINGS}{seen} ORDER BY g.id DESC LIMIT {limit}"
            )
        });
        let parting = |row: &sqlx::any::AnyRow| {
            Ok(Parting {
                id: row.try_get("id")?,
                study_uid: row.try_get("uid")?,
                source: json::of_text(row.try_get("source")?),
                target: json::of_text(row.try_get("target")?),
                who: row.try_get("who")?,
                at_ms: row.try_get("at")?,
            })
        };
        rows.await?.iter().map(parting).collect()
    }

    /// Takes a parting back: what contradicted itself is open again, and a study that contradicts nothing those before it say is its patient's again.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such parting, it was taken back, or its patients are not seen; [`StoreError::Refused`] where the study's
    /// patient was merged meanwhile.
    pub async fn undo_parting(&self, id: i64, who: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write_who_is_who().await?;
        let undone = sqlx::query(
            "UPDATE partings SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at = 0 RETURNING study, source, target",
        )
        .bind(id)
        .bind(now_ms())
        .bind(who)
        .fetch_optional(&mut *writing)
        .await?
        .ok_or(StoreError::Missing("parting"))?;
        let (study, source, target): (i64, i64, i64) =
            (undone.try_get("study")?, undone.try_get("source")?, undone.try_get("target")?);
        self.both_seen(&mut writing, [source, target], "parting").await?;
        let said = [told_of(&mut writing, source).await?, told_of(&mut writing, target).await?];
        let own: i64 = sqlx::query_scalar("SELECT own_patient FROM studies WHERE id = $1")
            .bind(study)
            .fetch_one(&mut *writing)
            .await?;
        let [of_source, of_target] = said;
        if own == target && !of_source.contradicts(&of_target) {
            let merged: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM patients WHERE (id = $1 AND merged_into <> 0) OR (merged_into = $1 AND merged_into <> 0)",
            )
            .bind(target)
            .fetch_one(&mut *writing)
            .await?;
            if merged > 0 {
                return Err(StoreError::Refused("their patient was merged meanwhile: undo that first"));
            }
        }
        sqlx::query("UPDATE conflicts SET settled_at = 0, settled_by = '', parting = 0 WHERE parting = $1")
            .bind(id)
            .execute(&mut *writing)
            .await?;
        settle(&mut writing, source, Which::All).await?;
        audit::put(&mut writing, who, "undo-parting", &format!("parting {id}")).await?;
        Ok(writing.commit().await?)
    }

    /// Two patients who are both seen; else what was asked about is missing.
    async fn both_seen(
        &self,
        connection: &mut AnyConnection,
        [one, other]: [i64; 2],
        what: &'static str,
    ) -> Result<[Place; 2], StoreError> {
        let of = |error: StoreError| {
            if let StoreError::Missing(_) = error { StoreError::Missing(what) } else { error }
        };
        Ok([
            self.patient_seen(connection, one).await.map_err(of)?,
            self.patient_seen(connection, other).await.map_err(of)?,
        ])
    }

    /// A patient who is seen; others are not there.
    async fn patient_seen(&self, connection: &mut AnyConnection, patient: i64) -> Result<Place, StoreError> {
        let place = place(connection, patient).await?.filter(|place| self.sight.reaches(&place.site));
        place.ok_or(StoreError::Missing("patient"))
    }
}

/// Where a patient stands among merges.
struct Place {
    site: String,
    merged_into: i64,
    root: i64,
    local_root: i64,
    /// Whose identifier they have as well, 0 where nobody's.
    parted_from: i64,
}

async fn place(connection: &mut AnyConnection, patient: i64) -> Result<Option<Place>, StoreError> {
    let row =
        sqlx::query("SELECT site, merged_into, root, local_root, parted_from FROM patients WHERE id = $1")
            .bind(patient)
            .fetch_optional(connection)
            .await?;
    row.map(|row| {
        Ok(Place {
            site: row.try_get("site")?,
            merged_into: row.try_get("merged_into")?,
            root: row.try_get("root")?,
            local_root: row.try_get("local_root")?,
            parted_from: row.try_get("parted_from")?,
        })
    })
    .transpose()
}

/// What the row of a patient says.
async fn told_of(connection: &mut AnyConnection, patient: i64) -> Result<Told, StoreError> {
    let attributes: String = sqlx::query_scalar("SELECT attributes FROM patients WHERE id = $1")
        .bind(patient)
        .fetch_one(connection)
        .await?;
    Ok(Told::of(&attributes))
}

/// Whether a person has said of a study that two patients are two.
async fn are_parted(connection: &mut AnyConnection, [one, other]: [i64; 2]) -> Result<bool, StoreError> {
    let open: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM partings WHERE undone_at = 0 AND ((target = $1 AND source = $2) OR (target = $2 AND source = $1))",
    )
    .bind(one)
    .bind(other)
    .fetch_one(connection)
    .await?;
    Ok(open > 0)
}

/// What a study contradicted of this patient was none: where it is parted from them and nothing of that is open any more, it is theirs.
pub(crate) async fn same(
    connection: &mut AnyConnection,
    study: i64,
    patient: i64,
    who: &str,
) -> Result<(), StoreError> {
    let parted: Option<i64> = sqlx::query_scalar(
        "SELECT p.id FROM studies s JOIN patients p ON p.id = s.own_patient WHERE s.id = $1 AND p.parted_from = $2
            AND NOT EXISTS (SELECT 1 FROM conflicts c WHERE c.study = s.id AND c.patient = $2 AND c.settled_at = 0)",
    )
    .bind(study)
    .bind(patient)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(own) = parted else { return Ok(()) };
    let (Some(from), Some(to)) = (place(connection, own).await?, place(connection, patient).await?) else {
        return Ok(());
    };
    // Who was said to be somebody meanwhile is that one, and who was parted stays so.
    if from.merged_into == 0 && to.root != own && !are_parted(connection, [own, patient]).await? {
        merged(connection, (own, &from), (patient, &to), who).await?;
    }
    Ok(())
}

/// Makes the first patient the second; gives the number of the merge.
async fn merged(
    connection: &mut AnyConnection,
    (source, from): (i64, &Place),
    (target, to): (i64, &Place),
    who: &str,
) -> Result<i64, StoreError> {
    set_merged(connection, source, target).await?;
    move_below(connection, source, to.root).await?;
    if from.site == to.site {
        move_locally(connection, source, to.local_root, "= $1").await?;
    }
    if from.parted_from == target {
        names_anew(connection, target).await?;
    }
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO merges (source, target, at, who) VALUES ($1, $2, $3, $4) RETURNING id",
    )
    .bind(source)
    .bind(target)
    .bind(now_ms())
    .bind(who)
    .fetch_one(&mut *connection)
    .await?;
    audit::put(connection, who, "merge-patients", &format!("merge {id}: {source} into {target}")).await?;
    Ok(id)
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
