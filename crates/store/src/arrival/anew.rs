//! Rows of objects that are kept, made anew where they are gone or say something else.

use sqlx::AnyConnection;

use super::patient::fill_in;
use super::{Arrival, Batch, Known};
use crate::error::StoreError;

/// Makes rows anew within one transaction, as if at the time at which the object came.
pub(crate) struct Anew<'a>(Batch<'a>);

impl<'a> Anew<'a> {
    pub fn of(connection: &'a mut AnyConnection, known: &'a Known, arrived_at: i64) -> Self {
        Self(Batch::new(connection, known, arrived_at))
    }

    /// The row of an instance says what the object says, and is in its series and study, which are made where they are missing.
    pub async fn instance(mut self, arrival: &Arrival, instance: i64) -> Result<(), StoreError> {
        let lost: Option<i64> = sqlx::query_scalar(
            "SELECT s.id FROM studies s WHERE s.uid = $1 AND NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = s.own_patient)",
        )
        .bind(arrival.study_uid.as_str())
        .fetch_optional(&mut *self.0.connection)
        .await?;
        if let Some(study) = lost {
            self.say_whose(arrival, study).await?;
        }
        let place = self.0.place(arrival).await?;
        self.0.say_instance(arrival, (instance, place.series), self.0.now_ms).await?;
        // Nobody else may have its UID; who does is looked at in turn.
        sqlx::query(
            "UPDATE instances SET uid = $2 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM instances x WHERE x.uid = $2)",
        )
        .bind(instance)
        .bind(arrival.instance_uid.as_str())
        .execute(&mut *self.0.connection)
        .await?;
        self.0.finish().await.map(drop)
    }

    /// The row of a series says what this object of it says.
    pub async fn series(mut self, arrival: &Arrival, series: i64) -> Result<(), StoreError> {
        self.0.say_series(arrival, series).await
    }

    /// The row of a study says what this object of it says, and is its patient's, whose row is made where it is missing.
    pub async fn study(mut self, arrival: &Arrival, study: i64) -> Result<(), StoreError> {
        self.say_whose(arrival, study).await?;
        self.0.finish().await.map(drop)
    }

    /// The row of a patient says what this object of theirs says.
    pub async fn patient(self, arrival: &Arrival, patient: i64) -> Result<(), StoreError> {
        fill_in(self.0.connection, patient, &arrival.attributes[0], &arrival.said).await
    }

    /// What was known of a patient whose row is gone is of the one that has taken its place.
    async fn say_whose(&mut self, arrival: &Arrival, study: i64) -> Result<(), StoreError> {
        let former: i64 = sqlx::query_scalar("SELECT own_patient FROM studies WHERE id = $1")
            .bind(study)
            .fetch_one(&mut *self.0.connection)
            .await?;
        let site = self.0.site(arrival).await?;
        let patient = self.0.patient(arrival, &site).await?;
        let patient = self.0.whose_study(study, arrival, &patient).await?;
        self.0.say_study(arrival, &patient, study).await?;
        for change in [
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
            change.bind(former).bind(patient.id).execute(&mut *self.0.connection).await?;
        }
        Ok(())
    }
}
