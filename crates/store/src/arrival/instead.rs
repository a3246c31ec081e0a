//! Another object in the place of the one that has its UID: what the index says of it is said anew.
//!
//! Of series, study and patient stands what was said first. Where the one that gives way was the first to say it, the other one says it now; where
//! nothing is left of a series or a study, its row stays, counts nothing and is found by no question, until something comes for it.

use std::collections::HashMap;

use peony_dicom::Tag;
use sqlx::{AnyConnection, Row as _};

use super::patient::{SAID, Said, forget};
use super::{Arrival, Batch, OF_INSTANCE, OF_SERIES, OF_STUDY, signed};
use crate::check::object_of;
use crate::error::StoreError;
use crate::objects::Object;
use crate::rows::places;
use crate::{Store, json};

const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
/// So many objects of a study are read for what they say of its patient.
const MOST_READ: i64 = 64;

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
    /// Whether there are others of its patient in other studies.
    patient_has_others: bool,
}

/// What is said of the patient by objects that stay in a study of which one gives way, by their digests.
pub(crate) struct Read(HashMap<String, (String, Said)>);

/// The same of those that are there when it gives way.
struct Staying<'a> {
    /// Identifier, and the rest.
    said: Vec<&'a (String, Said)>,
    /// There are others, of which nobody knows.
    has_unread: bool,
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
                {OF_PATIENT} <> i.id AND t.id <> s.id) AS others_of_patient
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
            patient_has_others: is("others_of_patient")?,
        }))
    }

    /// Reads what the others in its study say of the patient, as far as they can be read and are not too many.
    pub async fn read_others(&self, store: &Store) -> Result<Read, StoreError> {
        let rows = sqlx::query(
            "SELECT i.digest, i.size, i.blocks FROM series e JOIN instances i ON i.series = e.id WHERE e.study = $1 AND i.id <> $2
             ORDER BY i.id LIMIT $3",
        );
        let rows = rows.bind(self.study).bind(self.instance).bind(MOST_READ);
        let mut read = HashMap::new();
        for row in rows.fetch_all(store.inner.index.pool()).await? {
            let object = object_of(&row)?;
            let digest = object.digest.clone();
            if let Some(Arrival { patient_id, said, .. }) = store.arrival_of(object, "").await? {
                read.insert(digest, (patient_id, said));
            }
        }
        Ok(Read(read))
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
        (of, read): (&GivingWay, &Read),
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
        let is_first = of_study && study == of.study;
        // What other studies of a patient agree with stays, and so does a fuller name.
        let agrees = !patient.said.contradicts(&arrival.said) && !patient.said.is_fuller(&arrival.said);
        let learns = of_patient && patient.id == of.patient && (is_first && !of.patient_has_others || agrees);
        if learns {
            self.learn(&mut patient, arrival).await?;
        }
        let staying = self.staying(of, read).await?;
        if is_first {
            let own = self.whose(arrival, &patient).await?;
            self.say_study(arrival, &own, study).await?;
            if ![of.patient, of.parted_from].contains(&patient.id) {
                self.turn_round(arrival, own.id, of, &staying).await?;
            } else if own.id != of.patient || own.id != patient.id {
                self.said_anew(study, &own, (of.patient, &of.said)).await?;
                self.contradictions((patient.id, &patient.said), study, &arrival.said).await?;
                self.said_beside(study, &own, of, &staying).await?;
            } else if learns {
                self.said_beside(study, &own, of, &staying).await?;
            }
        }
        self.forget_unsaid(arrival, (study, of), &staying).await
    }

    async fn staying<'r>(&mut self, of: &GivingWay, read: &'r Read) -> Result<Staying<'r>, StoreError> {
        let digests: Vec<String> = sqlx::query_scalar(
            "SELECT i.digest FROM series e JOIN instances i ON i.series = e.id WHERE e.study = $1 AND i.id <> $2",
        )
        .bind(of.study)
        .bind(of.instance)
        .fetch_all(&mut *self.connection)
        .await?;
        let said: Vec<_> = digests.iter().filter_map(|digest| read.0.get(digest)).collect();
        Ok(Staying { has_unread: said.len() < digests.len(), said })
    }

    /// What stays in the study is compared with what is said first now: it may say what the displaced one did. Of what was not read that is taken to be so,
    /// for a person to see.
    async fn said_beside(
        &mut self,
        study: i64,
        own: &super::Patient,
        of: &GivingWay,
        staying: &Staying<'_>,
    ) -> Result<(), StoreError> {
        for (_, said) in &staying.said {
            self.contradictions((own.id, &own.said), study, said).await?;
        }
        if staying.has_unread {
            self.contradictions((own.id, &own.said), study, &of.said).await?;
        }
        Ok(())
    }

    /// Takes away open contradictions of the study out of which one went that no object in it says any more.
    async fn forget_unsaid(
        &mut self,
        arrival: &Arrival,
        (study, of): (i64, &GivingWay),
        staying: &Staying<'_>,
    ) -> Result<(), StoreError> {
        if staying.has_unread {
            return Ok(());
        }
        let came = (study == of.study).then_some((&arrival.patient_id, &arrival.said));
        let says = |tag: Tag, other: &str| {
            let at = SAID.iter().position(|said| *said == tag);
            let all = staying.said.iter().map(|(patient_id, said)| (patient_id, said)).chain(came);
            all.into_iter().any(|(patient_id, said)| at.map_or(patient_id, |at| &said.compared[at]) == other)
        };
        let open = sqlx::query("SELECT id, tag, other FROM conflicts WHERE study = $1 AND settled_at = 0");
        for row in open.bind(of.study).fetch_all(&mut *self.connection).await? {
            let (tag, other): (&str, &str) = (row.try_get("tag")?, row.try_get("other")?);
            let known = SAID.into_iter().chain([PATIENT_ID]).find(|known| json::key(*known) == tag);
            if known.is_some_and(|tag| !says(tag, other)) {
                forget(self.connection, row.try_get("id")?).await?;
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
        staying: &Staying<'_>,
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
        let said = staying.said.iter().map(|(patient_id, _)| patient_id);
        for other in said.chain(staying.has_unread.then_some(&of.patient_id)) {
            if *other != arrival.patient_id {
                self.conflict(patient, of.study, PATIENT_ID, [&arrival.patient_id, other, ""]).await?;
            }
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
