//! Rows of objects that are kept, made anew where they are gone or say something else.

use sqlx::{AnyConnection, Row as _};

use super::parted::part;
use super::{Arrival, Batch, Known};
use crate::error::StoreError;

/// Makes rows anew within one transaction, as if at the time at which the object came.
pub(crate) struct Anew<'a>(Batch<'a>);

impl<'a> Anew<'a> {
    pub fn of(connection: &'a mut AnyConnection, known: &'a Known, arrived_at: i64) -> Self {
        Self(Batch::new(connection, known, arrived_at))
    }

    /// The row of an instance says what the object says, and is in its series and study, which are made where they are missing. Gives the study; whose it is
    /// is to be settled.
    pub async fn instance(mut self, arrival: &Arrival, instance: i64) -> Result<i64, StoreError> {
        let (place, _) = self.0.place(arrival).await?;
        self.0.say_instance(arrival, (instance, place.series, place.said), self.0.now_ms).await?;
        // Nobody else may have its UID; who does is looked at in turn.
        sqlx::query(
            "UPDATE instances SET uid = $2 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM instances x WHERE x.uid = $2)",
        )
        .bind(instance)
        .bind(arrival.instance_uid.as_str())
        .execute(&mut *self.0.connection)
        .await?;
        self.0.finish().await?;
        Ok(place.study)
    }

    /// The instance has what this object of the study says of the patient.
    pub async fn said(mut self, arrival: &Arrival, (instance, study): (i64, i64)) -> Result<(), StoreError> {
        let site = self.0.site(arrival).await?;
        let patient = self.0.patient(arrival, &site).await?;
        let (said, _) = self.0.said(arrival, (study, false), patient.id).await?;
        sqlx::query("UPDATE instances SET said = $2 WHERE id = $1")
            .bind(instance)
            .bind(said)
            .execute(&mut *self.0.connection)
            .await?;
        self.0.finish().await.map(drop)
    }

    /// The row of a series says what this object of it says.
    pub async fn series(mut self, arrival: &Arrival, series: i64) -> Result<(), StoreError> {
        self.0.say_series(arrival, series).await
    }

    /// The row of a study says what this object of it says.
    pub async fn study(mut self, arrival: &Arrival, study: i64) -> Result<(), StoreError> {
        self.0.say_study(arrival, study).await
    }

    /// Patients whose rows are gone, of a study that this object is the first of, are there again: what was known of them is of those that have taken their
    /// place.
    pub async fn patients(mut self, arrival: &Arrival, study: i64) -> Result<(), StoreError> {
        let site = self.0.site(arrival).await?;
        let identified = self.0.patient(arrival, &site).await?.id;
        let row = sqlx::query(
            "SELECT s.own_patient, COALESCE((SELECT d.patient FROM said d WHERE d.study = s.id AND d.first_instance > 0
                ORDER BY d.first_instance, d.id LIMIT 1), s.own_patient) AS identified FROM studies s WHERE s.id = $1",
        )
        .bind(study)
        .fetch_one(&mut *self.0.connection)
        .await?;
        let (own, of): (i64, i64) = (row.try_get("own_patient")?, row.try_get("identified")?);
        self.in_place_of(of, identified).await?;
        if own != of {
            let parted = part(self.0.connection, identified, &arrival.study_uid).await?;
            self.in_place_of(own, parted).await?;
        }
        self.0.finish().await.map(drop)
    }

    /// What is said of the first patient, if their row is gone, is said of the second.
    async fn in_place_of(&mut self, former: i64, patient: i64) -> Result<(), StoreError> {
        for change in [
            "UPDATE studies SET own_patient = $2 WHERE own_patient = $1",
            "UPDATE said SET patient = $2 WHERE patient = $1",
            "UPDATE merges SET source = $2 WHERE source = $1",
            "UPDATE merges SET target = $2 WHERE target = $1",
            "UPDATE patients SET merged_into = $2 WHERE merged_into = $1",
            "UPDATE patients SET parted_from = $2 WHERE parted_from = $1",
            "UPDATE partings SET source = $2 WHERE source = $1",
            "UPDATE partings SET target = $2 WHERE target = $1",
            "UPDATE conflicts SET patient = $2 WHERE patient = $1",
        ] {
            let gone = " AND NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = $1)";
            // Its text is made of the words of this file alone.
            let change = sqlx::query(sqlx::AssertSqlSafe(format!("{change}{gone}")));
            change.bind(former).bind(patient).execute(&mut *self.0.connection).await?;
        }
        Ok(())
    }
}
