//! Another object in the place of the one that has its UID: what the index says of it is said anew.
//!
//! Of series and study stands what was said first. Where the one that gives way was the first to say it, the other one says it now; where nothing is left
//! of a series or a study, its row stays, counts nothing and is found by no question, until something comes for it. What is said of patients is worked
//! out anew (see [`settle`](super::settle)).

use std::collections::BTreeSet;

use sqlx::{AnyConnection, Row as _};

use super::settle::{Which, heard_anew, settle};
use super::{Arrival, Batch, OF_INSTANCE, OF_SERIES, OF_STUDY, signed};
use crate::check::object_of;
use crate::error::StoreError;
use crate::objects::Object;
use crate::rows::places;

/// The object that has a UID.
pub(crate) struct GivingWay {
    instance: i64,
    series: i64,
    study: i64,
    /// Of the study.
    pub site: String,
    study_uid: String,
    series_uid: String,
    object: Object,
    origin: String,
    arrived_at: i64,
    /// Whether it is the first of its series, of its study.
    is_first: [bool; 2],
}

impl GivingWay {
    /// The one that has this UID now.
    pub async fn of(connection: &mut AnyConnection, instance_uid: &str) -> Result<Option<Self>, StoreError> {
        const OF_STUDY: &str = "(SELECT COUNT(*) FROM series f JOIN instances x ON x.series = f.id WHERE f.study = s.id AND x.id";
        let text = format!(
            "SELECT i.id, i.series, e.study, s.site, s.uid AS study_uid, e.uid AS series_uid, i.digest, i.size, i.blocks, i.origin, i.arrived_at,
                (SELECT COUNT(*) FROM instances x WHERE x.series = e.id AND x.id < i.id) AS before_in_series,
                {OF_STUDY} < i.id) AS before_in_study
             FROM instances i JOIN series e ON e.id = i.series JOIN studies s ON s.id = e.study WHERE i.uid = $1"
        );
        // Its text is made of the words of this file alone.
        let row =
            sqlx::query(sqlx::AssertSqlSafe(text)).bind(instance_uid).fetch_optional(connection).await?;
        let Some(row) = row else { return Ok(None) };
        let is = |column: &str| row.try_get::<i64, _>(column).map(|count| count > 0);
        Ok(Some(Self {
            instance: row.try_get("id")?,
            series: row.try_get("series")?,
            study: row.try_get("study")?,
            site: row.try_get("site")?,
            study_uid: row.try_get("study_uid")?,
            series_uid: row.try_get("series_uid")?,
            object: object_of(&row)?,
            origin: row.try_get("origin")?,
            arrived_at: row.try_get("arrived_at")?,
            is_first: [!is("before_in_series")?, !is("before_in_study")?],
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
        let (place, _) = self.place(arrival).await?;
        let (study, series) = (place.study, place.series);
        self.say_instance(arrival, (of.instance, series, place.said), arrived_at).await?;
        self.counts.entry(series).or_insert((study, 0)).1 += 1;
        self.recounted.extend([of.study, study]);
        self.event("arrived", arrival);

        let [of_series, of_study] = of.is_first;
        if of_series && series == of.series {
            self.say_series(arrival, series).await?;
        }
        if of_study && study == of.study {
            self.say_study(arrival, study).await?;
        }
        let mut patients = BTreeSet::new();
        for study in BTreeSet::from([of.study, study]) {
            patients.extend(heard_anew(self.connection, study).await?);
        }
        for patient in patients {
            settle(self.connection, patient, Which::All).await?;
        }
        Ok(())
    }

    /// What is known of an instance, and where it is, is what this object says.
    pub(super) async fn say_instance(
        &mut self,
        arrival: &Arrival,
        (instance, series, said): (i64, i64, i64),
        arrived_at: i64,
    ) -> Result<(), StoreError> {
        let text = format!(
            "UPDATE instances SET ({}) = ({}) WHERE id = $1",
            OF_INSTANCE[1..].join(", "),
            places(2..=OF_INSTANCE.len())
        );
        let update = sqlx::query(sqlx::AssertSqlSafe(text)).bind(instance);
        let row = arrival.of_instance((series, said), arrived_at);
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

    /// What is known of a study is what this object says.
    pub(super) async fn say_study(&mut self, arrival: &Arrival, study: i64) -> Result<(), StoreError> {
        let text = format!("UPDATE studies SET ({OF_STUDY}) = ($2, $3, $4, $5, $6, $7, $8) WHERE id = $1");
        let update = sqlx::query(sqlx::AssertSqlSafe(text)).bind(study);
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
