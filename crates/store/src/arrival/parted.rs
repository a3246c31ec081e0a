//! Studies that say of their patient what contradicts the one whose identifier they have: each is of a patient of its own, so that it is shown and
//! found by what its own first object says, until a person says who that is.
//!
//! Such a patient is one like every other, but for `parted_from`, whose identifier it has, and for `apart`, the study.

use sqlx::{AnyConnection, Row as _};

use super::patient::{Patient, SAID, Said, differ, fill_in, forget};
use super::{Arrival, Batch};
use crate::error::StoreError;
use crate::json;

/// The patient of one study alone, who has the identifier of `of` and of whom this is said; made where they are missing.
pub(crate) async fn part(
    connection: &mut AnyConnection,
    of: i64,
    study_uid: &str,
    (attributes, said): (&str, &Said),
) -> Result<Patient, StoreError> {
    // What is said of them follows, with what depends on it.
    sqlx::query(
        "INSERT INTO patients (patient_id, issuer, apart, name_key, birth_date, sex, attributes, site, parted_from)
            SELECT patient_id, issuer, $2, '', '', '', $3, site, id FROM patients WHERE id = $1
         ON CONFLICT (patient_id, issuer, apart) DO NOTHING",
    )
    .bind(of)
    .bind(study_uid)
    .bind(attributes)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE patients SET root = id, local_root = id WHERE parted_from = $1 AND apart = $2 AND root = 0",
    )
    .bind(of)
    .bind(study_uid)
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query("SELECT id, root, local_root FROM patients WHERE parted_from = $1 AND apart = $2")
        .bind(of)
        .bind(study_uid)
        .fetch_one(&mut *connection)
        .await?;
    let patient = Patient {
        id: row.try_get("id")?,
        root: row.try_get("root")?,
        local_root: row.try_get("local_root")?,
        said: said.clone(),
    };
    fill_in(connection, patient.id, attributes, said).await?;
    Ok(patient)
}

/// The study is this patient's.
pub(crate) async fn give(
    connection: &mut AnyConnection,
    study: i64,
    patient: &Patient,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE studies SET patient = $2, own_patient = $3, local_patient = $4 WHERE id = $1")
        .bind(study)
        .bind(patient.root)
        .bind(patient.id)
        .bind(patient.local_root)
        .execute(connection)
        .await?;
    Ok(())
}

/// Parts a study of an earlier version's index where its first object contradicts what was said of its patient.
pub(super) async fn read(
    connection: &mut AnyConnection,
    study: i64,
    first: &Arrival,
) -> Result<(), StoreError> {
    let row = sqlx::query(
        "SELECT p.id, p.patient_id, p.parted_from, p.name_key, p.birth_date, p.sex, p.attributes
         FROM studies s JOIN patients p ON p.id = s.own_patient WHERE s.id = $1",
    )
    .bind(study)
    .fetch_one(&mut *connection)
    .await?;
    let is_someone = row.try_get::<i64, _>("parted_from")? == 0
        && row.try_get::<&str, _>("patient_id")? == first.patient_id
        && !first.patient_id.is_empty();
    if is_someone && Said::of_row(&row)?.contradicts(&first.said) {
        let own = part(connection, row.try_get("id")?, &first.study_uid, (&first.attributes[0], &first.said))
            .await?;
        give(connection, study, &own).await?;
    }
    sqlx::query("DELETE FROM studies_unread WHERE study = $1").bind(study).execute(connection).await?;
    Ok(())
}

impl Batch<'_> {
    /// Whose a study is whose first object says this, and has the identifier of this patient.
    pub(super) async fn whose(
        &mut self,
        arrival: &Arrival,
        patient: &Patient,
    ) -> Result<Patient, StoreError> {
        if arrival.patient_id.is_empty() || !patient.said.contradicts(&arrival.said) {
            return Ok(patient.clone());
        }
        part(self.connection, patient.id, &arrival.study_uid, (&arrival.attributes[0], &arrival.said)).await
    }

    /// Whose a study is that is there already: as [`Self::whose`], or of nobody else where a person said so.
    pub(super) async fn whose_study(
        &mut self,
        study: i64,
        arrival: &Arrival,
        patient: &Patient,
    ) -> Result<Patient, StoreError> {
        let parted: Option<i64> =
            sqlx::query_scalar("SELECT id FROM partings WHERE study = $1 AND undone_at = 0 LIMIT 1")
                .bind(study)
                .fetch_optional(&mut *self.connection)
                .await?;
        match parted {
            Some(_) if !arrival.patient_id.is_empty() => {
                let said = (arrival.attributes[0].as_str(), &arrival.said);
                part(self.connection, patient.id, &arrival.study_uid, said).await
            }
            _ => self.whose(arrival, patient).await,
        }
    }

    /// What was said of a patient first is what this object says. Studies that do not contradict that any more are theirs again.
    pub(super) async fn learn(&mut self, patient: &mut Patient, arrival: &Arrival) -> Result<(), StoreError> {
        fill_in(self.connection, patient.id, &arrival.attributes[0], &arrival.said).await?;
        patient.said = arrival.said.clone();
        let parted = sqlx::query(
            "SELECT s.id AS study, p.name_key, p.birth_date, p.sex, p.attributes FROM patients p JOIN studies s ON s.own_patient = p.id
             WHERE p.parted_from = $1 AND p.parted_from <> 0 AND p.merged_into = 0
                AND NOT EXISTS (SELECT 1 FROM partings g WHERE g.target = p.id AND g.undone_at = 0)",
        )
        .bind(patient.id)
        .fetch_all(&mut *self.connection)
        .await?;
        for row in &parted {
            let (study, said) = (row.try_get("study")?, Said::of_row(row)?);
            if patient.said.contradicts(&said) {
                self.contradictions((patient.id, &patient.said), study, &said).await?;
            } else {
                give(self.connection, study, patient).await?;
            }
        }
        Ok(())
    }

    /// Who was known by fewer component groups of their name is known by all of them, once an object says these and all else that was said: they are found
    /// by each, and what contradicts any of them is seen.
    pub(super) async fn learn_name(
        &mut self,
        patient: &Patient,
        arrival: &Arrival,
    ) -> Result<(), StoreError> {
        if arrival.said.is_fuller(&patient.said) {
            self.learn(&mut patient.clone(), arrival).await?;
        }
        Ok(())
    }

    /// The study's first object is another one, under the same identifier: contradictions are to what that says, and what the displaced one said is
    /// none of `own`'s any more. `before` is whose the study was.
    pub(super) async fn said_anew(
        &mut self,
        study: i64,
        own: &Patient,
        (before, displaced): (i64, &Said),
    ) -> Result<(), StoreError> {
        let changes = [
            "DELETE FROM conflicts WHERE study = $1 AND tag = $2 AND settled_at = 0 AND other = $3",
            "UPDATE conflicts SET patient = $3, kept = $4 WHERE study = $1 AND tag = $2 AND settled_at = 0 AND patient = $5",
        ];
        for ((tag, kept), displaced) in SAID.into_iter().zip(&own.said.compared).zip(&displaced.compared) {
            let [unsaid, hand_on] =
                changes.map(|change| sqlx::query(change).bind(study).bind(json::key(tag)));
            unsaid.bind(displaced.as_str()).execute(&mut *self.connection).await?;
            hand_on.bind(own.id).bind(kept.as_str()).bind(before).execute(&mut *self.connection).await?;
            let left = sqlx::query(
                "SELECT id, other, CASE WHEN patient = $3 AND settled_at = 0 THEN 1 ELSE 0 END AS is_open FROM conflicts
                 WHERE study = $1 AND tag = $2",
            );
            let left = left.bind(study).bind(json::key(tag)).bind(own.id);
            for row in &left.fetch_all(&mut *self.connection).await? {
                // What a person said of it was said of something else.
                let is_none = if kept.is_empty() {
                    row.try_get::<i64, _>("is_open")? > 0
                } else {
                    !differ(tag, kept, row.try_get("other")?)
                };
                if is_none {
                    forget(self.connection, row.try_get("id")?).await?;
                }
            }
        }
        Ok(())
    }
}
