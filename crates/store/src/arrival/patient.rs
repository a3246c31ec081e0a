//! Patients, each one of a site, whoever issued their identifier, and what is heard of them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use peony_dicom::Tag;
use sqlx::{AnyConnection, Row as _};

use super::anew::Anew;
use super::settle::{Which, heard_anew, settle};
use super::told::{Telling, Told};
use super::{Arrival, Batch, Known};
use crate::check::object_of;
use crate::error::StoreError;
use crate::index::{Index, now_ms};
use crate::objects::{Object, Objects, blocking};
use crate::rows::Rows;
use crate::{json, name};

pub(super) const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const ISSUER: Tag = Tag(0x0010, 0x0021);

/// A patient as the index has them.
pub(crate) struct Patient {
    pub id: i64,
    /// Who they are by all merges.
    pub root: i64,
    /// Who they are by those within their site.
    pub local_root: i64,
    /// What their row says.
    pub told: Told,
    /// They were made a moment ago, and their row says what this object does.
    pub is_new: bool,
    /// Something is there of them.
    pub has_studies: bool,
}

impl Batch<'_> {
    /// The patient whose identifier the object has, made where they are missing.
    pub(super) async fn patient(&mut self, arrival: &Arrival, site: &str) -> Result<Patient, StoreError> {
        let [name_key, birth_date, sex] = &arrival.told.compared;
        let apart = arrival.apart(site);
        let made: Option<i64> = sqlx::query_scalar(
            "INSERT INTO patients (patient_id, issuer, apart, name_key, birth_date, sex, attributes, site)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (patient_id, issuer, apart) DO NOTHING RETURNING id",
        )
        .bind(arrival.patient_id.as_str())
        .bind(arrival.issuer.as_str())
        .bind(apart)
        .bind(name_key.as_str())
        .bind(birth_date.as_str())
        .bind(sex.as_str())
        .bind(arrival.attributes[0].as_str())
        .bind(site)
        .fetch_optional(&mut *self.connection)
        .await?;
        if let Some(id) = made {
            self.made_patients.push(id);
            put_names(self.connection, id, name_key).await?;
            let told = arrival.told.clone();
            return Ok(Patient { id, root: id, local_root: id, told, is_new: true, has_studies: false });
        }
        let row = sqlx::query(
            "SELECT id, root, local_root, attributes,
                CASE WHEN EXISTS (SELECT 1 FROM studies s WHERE s.own_patient = patients.id AND s.series_count > 0) THEN 1 ELSE 0 END AS there
             FROM patients WHERE patient_id = $1 AND issuer = $2 AND apart = $3",
        )
        .bind(arrival.patient_id.as_str())
        .bind(arrival.issuer.as_str())
        .bind(apart)
        .fetch_one(&mut *self.connection)
        .await?;
        let id = row.try_get("id")?;
        // One that this batch has made is nobody else, and is said so at its end.
        let or_self = |root: i64| if root == 0 { id } else { root };
        let [root, local_root] = [row.try_get("root")?, row.try_get("local_root")?].map(or_self);
        let told = Told::of(row.try_get("attributes")?);
        let has_studies = row.try_get::<i64, _>("there")? > 0;
        Ok(Patient { id, root, local_root, told, is_new: false, has_studies })
    }

    /// The row of what the object says of the patient whose identifier it has, in its study, and whether it was said there already.
    pub(super) async fn said(
        &mut self,
        arrival: &Arrival,
        (study, is_new): (i64, bool),
        patient: i64,
    ) -> Result<(i64, bool), StoreError> {
        if !is_new {
            let row = sqlx::query(
                "SELECT id, first_instance FROM said WHERE study = $1 AND patient = $2 AND attributes = $3 AND unread = 0
                 ORDER BY first_instance DESC LIMIT 1",
            )
            .bind(study)
            .bind(patient)
            .bind(arrival.attributes[0].as_str())
            .fetch_optional(&mut *self.connection)
            .await?;
            if let Some(row) = row {
                return Ok((row.try_get("id")?, row.try_get::<i64, _>("first_instance")? > 0));
            }
        }
        let said = sqlx::query_scalar(
            "INSERT INTO said (study, patient, attributes) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(study)
        .bind(patient)
        .bind(arrival.attributes[0].as_str())
        .fetch_one(&mut *self.connection)
        .await?;
        Ok((said, false))
    }

    /// Something is said in a study for the first time, by this instance. Most often it is what is known of the patient anyway, which costs nothing more.
    pub(super) async fn hear(
        &mut self,
        arrival: &Arrival,
        instance: i64,
        Heard { study, is_new, said, patient }: Heard,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE said SET first_instance = $2 WHERE id = $1")
            .bind(said)
            .bind(instance)
            .execute(&mut *self.connection)
            .await?;
        let (of, which) = if !is_new {
            self.what_changes(study, said, patient.id).await?
        } else if patient.is_new {
            return Ok(());
        } else if !patient.has_studies {
            (patient.id, Which::All)
        } else if patient.told.contradicts(&arrival.told) {
            (patient.id, Which::One { study, is_parted: true })
        } else if patient.told.with(&arrival.told) == patient.told {
            return Ok(());
        } else {
            (patient.id, Which::All)
        };
        settle(self.connection, of, which).await?;
        Ok(())
    }

    /// Whose rows may change by what is said anew in a study that was there, and of which studies.
    async fn what_changes(
        &mut self,
        study: i64,
        said: i64,
        patient: i64,
    ) -> Result<(i64, Which), StoreError> {
        let rows = sqlx::query(
            "SELECT d.id, d.patient, d.attributes, s.own_patient, COALESCE(k.attributes, '') AS known FROM said d
             JOIN studies s ON s.id = d.study LEFT JOIN patients k ON k.id = d.patient
             WHERE d.study = $1 AND d.first_instance > 0 ORDER BY d.first_instance, d.id",
        )
        .bind(study)
        .fetch_all(&mut *self.connection)
        .await?;
        let [mut before, mut after] = [Telling::default(), Telling::default()];
        let mut of: Option<(i64, bool, Told)> = None;
        for row in &rows {
            let (id, says): (i64, i64) = (row.try_get("id")?, row.try_get("patient")?);
            if id != said && of.is_none() {
                let is_parted = row.try_get::<i64, _>("own_patient")? != says;
                of = Some((says, is_parted, Told::of(row.try_get("known")?)));
            }
            if of.as_ref().is_none_or(|(of, ..)| *of == says) {
                let told = Told::of(row.try_get("attributes")?);
                if id != said {
                    before.hear((), told.clone());
                }
                after.hear((), told);
            }
        }
        let Some((of, is_parted, known)) = of else {
            // Nothing of it was there any more: what it was taken for gave way to something else, and so do doubts about that, and what a person
            // said of them.
            sqlx::query("DELETE FROM conflicts WHERE study = $1")
                .bind(study)
                .execute(&mut *self.connection)
                .await?;
            return Ok((patient, Which::All));
        };
        let [before, after] = [before.told, after.told].map(Option::unwrap_or_default);
        let is_known = || !known.contradicts(&after) && known.with(&after) == known;
        // By a name of more groups one who contradicts may be the same after all.
        let alone = before == after || before.compared[0] == after.compared[0] && (is_parted || is_known());
        Ok((of, if alone { Which::One { study, is_parted } } else { Which::All }))
    }
}

/// What is said in a study for the first time.
pub(super) struct Heard {
    pub study: i64,
    /// The study was made for it.
    pub is_new: bool,
    pub said: i64,
    /// Whose identifier it has.
    pub patient: Patient,
}

/// By which names a patient is found: their own, and those of studies that contradicted them and of which a person said that they are theirs.
pub(crate) async fn names_anew(connection: &mut AnyConnection, patient: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM names WHERE patient = $1").bind(patient).execute(&mut *connection).await?;
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT name_key FROM patients WHERE id = $1 UNION
            SELECT name_key FROM patients WHERE parted_from = $1 AND parted_from <> 0 AND merged_into = $1",
    )
    .bind(patient)
    .fetch_all(&mut *connection)
    .await?;
    for name_key in keys {
        put_names(connection, patient, &name_key).await?;
    }
    Ok(())
}

async fn put_names(connection: &mut AnyConnection, patient: i64, name_key: &str) -> Result<(), StoreError> {
    let mut rows = Rows::of(["kind", "name_key", "patient"]);
    for (kind, key) in name::found_by(name_key) {
        rows.push([kind.into(), key.as_str().into(), patient.into()]);
    }
    rows.write(connection, "names", " ON CONFLICT DO NOTHING", None).await?;
    Ok(())
}

/// The row of a patient says this, and they are found by it.
pub(super) async fn write_patient(
    connection: &mut AnyConnection,
    patient: i64,
    told: &Told,
) -> Result<(), StoreError> {
    let [name_key, birth_date, sex] = &told.compared;
    let into: i64 = sqlx::query_scalar(
        "UPDATE patients SET attributes = $2, name_key = $3, birth_date = $4, sex = $5 WHERE id = $1
         RETURNING CASE WHEN parted_from <> 0 AND merged_into = parted_from THEN merged_into ELSE 0 END",
    )
    .bind(patient)
    .bind(told.text())
    .bind(name_key.as_str())
    .bind(birth_date.as_str())
    .bind(sex.as_str())
    .fetch_one(&mut *connection)
    .await?;
    names_anew(connection, patient).await?;
    if into != 0 {
        names_anew(connection, into).await?;
    }
    Ok(())
}

/// Reads what the objects say of the patient in studies of which an earlier version did not write that down, where it is in doubt: what another site had said
/// of them, and what contradicts itself. What cannot be read is tried again at the next start.
pub(crate) async fn read_again(index: &Index, objects: &Objects, folder: &Path) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT id, patient_id, issuer FROM patients WHERE attributes = ''")
        .fetch_all(index.pool())
        .await?;
    for row in rows {
        // Until something is read, nothing is known but the identifier.
        let mut known = json::DicomJson::new();
        for (tag, column) in [(PATIENT_ID, "patient_id"), (ISSUER, "issuer")] {
            json::put(&mut known, tag, vec![row.try_get::<String, _>(column)?.into()]);
        }
        let (id, told) = (row.try_get("id")?, Told::of_json(known));
        let mut writing = index.write().await?;
        write_patient(&mut writing, id, &told).await?;
        sqlx::query("UPDATE said SET attributes = $2 WHERE patient = $1 AND attributes = ''")
            .bind(id)
            .bind(told.text())
            .execute(&mut *writing)
            .await?;
        writing.commit().await?;
    }
    let unread: Vec<i64> =
        sqlx::query_scalar("SELECT study FROM studies_unread ORDER BY study").fetch_all(index.pool()).await?;
    if unread.is_empty() {
        return Ok(());
    }
    let mut all_read = Vec::new();
    for study in &unread {
        let instances = sqlx::query(
            "SELECT i.id, i.digest, i.size, i.blocks FROM series e JOIN instances i ON i.series = e.id
             WHERE e.study = $1 AND i.said = 0 ORDER BY i.id",
        );
        let (mut read, mut is_read) = (Vec::new(), true);
        for row in &instances.bind(*study).fetch_all(index.pool()).await? {
            match arrival_of(objects, folder, object_of(row)?, "").await? {
                Some(arrival) => read.push((arrival, row.try_get("id")?)),
                // What is wrong with it is for `peony check` to say.
                None => is_read = false,
            }
        }
        if is_read {
            all_read.push(*study);
        }
        let (mut writing, known) = (index.write_rows().await?, Known::default());
        for (arrival, instance) in &read {
            Anew::of(&mut writing, &known, now_ms()).said(arrival, (*instance, *study)).await?;
        }
        writing.commit().await?;
    }
    // Once all of it is read: what one study says is compared with the others.
    let (mut writing, mut patients) = (index.write_who_is_who().await?, BTreeSet::new());
    for study in unread {
        patients.extend(heard_anew(&mut writing, study).await?);
    }
    for patient in patients {
        settle(&mut writing, patient, Which::All).await?;
    }
    for study in all_read {
        sqlx::query("DELETE FROM studies_unread WHERE study = $1").bind(study).execute(&mut *writing).await?;
    }
    Ok(writing.commit().await?)
}

/// What an object says of itself, as its rows have it; `None` where it cannot be read.
pub(crate) async fn arrival_of(
    objects: &Objects,
    folder: &Path,
    object: Object,
    origin: &str,
) -> Result<Option<Arrival>, StoreError> {
    let file = match objects.file(&object, folder).await {
        Ok(file) => file,
        Err(StoreError::Damaged { .. } | StoreError::Disk { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(outline) = blocking(move || peony_dicom::outline(&file)).await? else { return Ok(None) };
    Ok(Arrival::of(outline, object, origin, &Arc::default()).ok())
}
