//! Studies that say of their patient what contradicts those before them under the same identifier: each is of a patient of its own, so that it is shown and
//! found by what it says itself, until a person says who that is. So is one of which a person has said that it is somebody else's.
//!
//! Such a patient is one like every other, but for `parted_from`, whose identifier it has, and for `apart`, the study.

use sqlx::AnyConnection;

use crate::error::StoreError;

/// The number of the patient of one study alone, who has the identifier of `of`; made where they are missing. What is said of them follows.
pub(crate) async fn part(
    connection: &mut AnyConnection,
    of: i64,
    study_uid: &str,
) -> Result<i64, StoreError> {
    sqlx::query(
        "INSERT INTO patients (patient_id, issuer, apart, name_key, birth_date, sex, attributes, site, parted_from)
            SELECT patient_id, issuer, $2, '', '', '', '{}', site, id FROM patients WHERE id = $1
         ON CONFLICT (patient_id, issuer, apart) DO NOTHING",
    )
    .bind(of)
    .bind(study_uid)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE patients SET root = id, local_root = id WHERE parted_from = $1 AND apart = $2 AND root = 0",
    )
    .bind(of)
    .bind(study_uid)
    .execute(&mut *connection)
    .await?;
    let own = sqlx::query_scalar("SELECT id FROM patients WHERE parted_from = $1 AND apart = $2");
    Ok(own.bind(of).bind(study_uid).fetch_one(connection).await?)
}

/// The study is this patient's.
pub(super) async fn give(connection: &mut AnyConnection, study: i64, patient: i64) -> Result<(), StoreError> {
    // One that was made a moment ago is nobody else.
    sqlx::query(
        "UPDATE studies SET own_patient = $2,
            patient = (SELECT CASE p.root WHEN 0 THEN p.id ELSE p.root END FROM patients p WHERE p.id = $2),
            local_patient = (SELECT CASE p.local_root WHEN 0 THEN p.id ELSE p.local_root END FROM patients p WHERE p.id = $2)
         WHERE id = $1",
    )
    .bind(study)
    .bind(patient)
    .execute(connection)
    .await?;
    Ok(())
}
