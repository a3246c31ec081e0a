//! Another object in the place of the one that has its UID: what the index says of it is said anew.
//!
//! Of series, study and patient stands what was said first. Where the one that gives way was the first to say it, the other one says it now; where
//! nothing is left of a series or a study, its row stays, counts nothing and is found by no question, until something comes for it.

use peony_dicom::Tag;
use sqlx::{AnyConnection, Row as _};

use super::patient::Said;
use super::{Arrival, Batch, OF_INSTANCE, OF_SERIES, OF_STUDY, signed};
use crate::error::StoreError;
use crate::json;
use crate::objects::Object;
use crate::rows::places;

const PATIENT_ID: Tag = Tag(0x0010, 0x0020);

/// The object that has a UID.
pub(crate) struct GivingWay {
    instance: i64,
    series: i64,
    study: i64,
    /// Whose the study was when it came, and their identifier.
    patient: i64,
    patient_id: String,
    /// Whose identifier they have as well, 0 where nobody's.
    parted_from: i64,
    /// What was said of them first.
    said: Said,
    /// Of the study.
    pub site: String,
    study_uid: String,
    series_uid: String,
    object: Object,
    origin: String,
    arrived_at: i64,
    /// Whether it is the first of its series, of its study, of its patient.
    is_first: [bool; 3],
    /// Whether there are others in its study, and of its patient in other studies.
    has_others: [bool; 2],
}

impl GivingWay {
    /// The one that has this UID now.
    pub async fn of(connection: &mut AnyConnection, instance_uid: &str) -> Result<Option<Self>, StoreError> {
        const OF_STUDY: &str = "(SELECT COUNT(*) FROM series f JOIN instances x ON x.series = f.id WHERE f.study = s.id AND x.id";
        const OF_PATIENT: &str = "(SELECT COUNT(*) FROM studies t JOIN series f ON f.study = t.id JOIN instances x ON x.series = f.id
                WHERE t.own_patient = p.id AND x.id";
        let text = format!(
            "SELECT i.id, i.series, e.study, s.own_patient, p.patient_id, p.parted_from, p.name_key, p.birth_date, p.sex, p.attributes, s.site,
                s.uid AS study_uid, e.uid AS series_uid, i.digest, i.size, i.blocks, i.origin, i.arrived_at,
                (SELECT COUNT(*) FROM instances x WHERE x.series = e.id AND x.id < i.id) AS before_in_series,
                {OF_STUDY} < i.id) AS before_in_study, {OF_PATIENT} < i.id) AS before_of_patient,
                {OF_STUDY} <> i.id) AS others_in_study, {OF_PATIENT} <> i.id AND t.id <> s.id) AS others_of_patient
             FROM instances i JOIN series e ON e.id = i.series JOIN studies s ON s.id = e.study
             JOIN patients p ON p.id = s.own_patient WHERE i.uid = $1"
        );
        // Its text is made of the words of this file alone.
        let row =
            sqlx::query(sqlx::AssertSqlSafe(text)).bind(instance_uid).fetch_optional(connection).await?;
        let Some(row) = row else { return Ok(None) };
        let is = |column: &str| row.try_get::<i64, _>(column).map(|count| count > 0);
        let size: i64 = row.try_get("size")?;
        Ok(Some(Self {
            instance: row.try_get("id")?,
            series: row.try_get("series")?,
            study: row.try_get("study")?,
            patient: row.try_get("own_patient")?,
            patient_id: row.try_get("patient_id")?,
            parted_from: row.try_get("parted_from")?,
            said: Said::of_row(&row)?,
            site: row.try_get("site")?,
            study_uid: row.try_get("study_uid")?,
            series_uid: row.try_get("series_uid")?,
            object: Object {
                digest: row.try_get("digest")?,
                size: size.unsigned_abs(),
                blocks: row.try_get("blocks")?,
            },
            origin: row.try_get("origin")?,
            arrived_at: row.try_get("arrived_at")?,
            is_first: [!is("before_in_series")?, !is("before_in_study")?, !is("before_of_patient")?],
            has_others: [is("others_in_study")?, is("others_of_patient")?],
        }))
    }

    /// Puts it aside, since somebody decided at some time for the object of `kept_digest`; gives its number there.
    pub async fn put_aside(
        &self,
        connection: &mut AnyConnection,
        instance_uid: &str,
        kept_digest: &str,
        (who, at_ms): (&str, i64),
    ) -> Result<i64, StoreError> {
        let id = sqlx::query_scalar(
            "INSERT INTO aside (instance_uid, study_uid, series_uid, digest, size, blocks, kept_digest, origin, arrived_at, site,
                rejected_at, rejected_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (instance_uid, digest) DO UPDATE SET rejected_at = $11, rejected_by = $12 RETURNING id",
        )
        .bind(instance_uid)
        .bind(self.study_uid.as_str())
        .bind(self.series_uid.as_str())
        .bind(self.object.digest.as_str())
        .bind(signed(self.object.size))
        .bind(self.object.blocks.as_str())
        .bind(kept_digest)
        .bind(self.origin.as_str())
        .bind(self.arrived_at)
        .bind(self.site.as_str())
        .bind(at_ms)
        .bind(who)
        .fetch_one(connection)
        .await?;
        Ok(id)
    }
}

impl Batch<'_> {
    /// Writes the rows of one object, which came at some time, in the place of the one that has its UID.
    pub async fn put_instead(
        &mut self,
        arrival: &Arrival,
        arrived_at: i64,
        of: &GivingWay,
    ) -> Result<(), StoreError> {
        for (id, less) in [
            (of.series, "UPDATE series SET instance_count = instance_count - 1 WHERE id = $1"),
            (of.study, "UPDATE studies SET instance_count = instance_count - 1 WHERE id = $1"),
        ] {
            sqlx::query(less).bind(id).execute(&mut *self.connection).await?;
        }
        count_series(self.connection, of.study).await?;
        let site = self.site(arrival).await?;
        let mut patient = self.patient(arrival, &site).await?;
        let (study, is_new, _) = self.study(arrival, &patient, site).await?;
        let series = self.series(arrival, (study, is_new)).await?;
        self.say_instance(arrival, (of.instance, series), arrived_at).await?;
        self.counts.entry(series).or_insert((study, 0)).1 += 1;
        self.recounted.extend([of.study, study]);
        self.event("arrived", arrival);

        let [of_series, of_study, of_patient] = of.is_first;
        if of_series && series == of.series {
            self.say_series(arrival, series).await?;
        }
        let [in_study, of_others] = of.has_others;
        let is_first = of_study && study == of.study;
        // What other studies of a patient agree with stays.
        let learns = of_patient
            && patient.id == of.patient
            && (is_first && !of_others || !patient.said.contradicts(&arrival.said));
        if learns {
            self.learn(&mut patient, arrival).await?;
        }
        if is_first {
            let own = self.whose(arrival, &patient).await?;
            self.say_study(arrival, &own, study).await?;
            if ![of.patient, of.parted_from].contains(&patient.id) {
                self.turn_round(arrival, own.id, of).await?;
            } else if own.id != of.patient || own.id != patient.id {
                self.said_anew(study, &own, (of.patient, &of.said)).await?;
                self.contradictions((patient.id, &patient.said), study, &arrival.said).await?;
                if in_study {
                    self.contradictions((own.id, &own.said), study, &of.said).await?;
                }
            } else if learns && in_study {
                self.contradictions((own.id, &own.said), study, &of.said).await?;
            }
        }
        Ok(())
    }

    /// The study is its new patient's by what was said first; it is the others in it that say somebody else.
    async fn turn_round(
        &mut self,
        arrival: &Arrival,
        patient: i64,
        of: &GivingWay,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM conflicts WHERE study = $1 AND tag = $2 AND other = $3 AND settled_at = 0")
            .bind(of.study)
            .bind(json::key(PATIENT_ID))
            .bind(arrival.patient_id.as_str())
            .execute(&mut *self.connection)
            .await?;
        // Nor does it contradict whoever has its former identifier.
        sqlx::query("DELETE FROM conflicts WHERE study = $1 AND patient = $2 AND settled_at = 0")
            .bind(of.study)
            .bind(of.parted_from)
            .execute(&mut *self.connection)
            .await?;
        let [in_study, _] = of.has_others;
        if in_study {
            self.conflict(patient, of.study, PATIENT_ID, [&arrival.patient_id, &of.patient_id, ""]).await?;
        }
        Ok(())
    }

    /// What is known of an instance, and where it is, is what this object says.
    pub(super) async fn say_instance(
        &mut self,
        arrival: &Arrival,
        (instance, series): (i64, i64),
        arrived_at: i64,
    ) -> Result<(), StoreError> {
        let text = format!(
            "UPDATE instances SET ({}) = ({}) WHERE id = $1",
            OF_INSTANCE[1..].join(", "),
            places(2..=OF_INSTANCE.len())
        );
        let update = sqlx::query(sqlx::AssertSqlSafe(text)).bind(instance);
        let row = arrival.of_instance(series, arrived_at);
        let update = row.iter().skip(1).fold(update, |update, cell| cell.bound_to(update));
        update.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// What is known of a series is what this object says.
    pub(super) async fn say_series(&mut self, arrival: &Arrival, series: i64) -> Result<(), StoreError> {
        let text = format!(
            "UPDATE series SET ({OF_SERIES}) = ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) WHERE id = $1"
        );
        let update = sqlx::query(sqlx::AssertSqlSafe(text)).bind(series);
        let update = arrival.of_series().into_iter().fold(update, |update, said| update.bind(said));
        update.execute(&mut *self.connection).await?;
        Ok(())
    }

    /// What is known of a study is what this object says, and it is this patient's.
    pub(super) async fn say_study(
        &mut self,
        arrival: &Arrival,
        patient: &super::Patient,
        study: i64,
    ) -> Result<(), StoreError> {
        let text = format!(
            "UPDATE studies SET patient = $2, own_patient = $3, local_patient = $4, ({OF_STUDY}) = ($5, $6, $7, $8, $9, $10, $11) WHERE id = $1"
        );
        let update = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(study)
            .bind(patient.root)
            .bind(patient.id)
            .bind(patient.local_root);
        let update = arrival.of_study().into_iter().fold(update, |update, said| update.bind(said));
        update.execute(&mut *self.connection).await?;
        Ok(())
    }
}

/// Counts the series of a study of which something is there, and gathers their modalities.
pub(crate) async fn count_series(connection: &mut AnyConnection, study: i64) -> Result<(), StoreError> {
    let modalities: Vec<String> = sqlx::query_scalar(
        "SELECT modality FROM series WHERE study = $1 AND instance_count > 0 ORDER BY modality",
    )
    .bind(study)
    .fetch_all(&mut *connection)
    .await?;
    let count = i64::try_from(modalities.len()).unwrap_or(i64::MAX);
    let mut each: Vec<&str> = modalities.iter().map(String::as_str).filter(|one| !one.is_empty()).collect();
    each.dedup();
    sqlx::query("UPDATE studies SET series_count = $2, modalities = $3 WHERE id = $1")
        .bind(study)
        .bind(count)
        .bind(each.join("\\"))
        .execute(connection)
        .await?;
    Ok(())
}
