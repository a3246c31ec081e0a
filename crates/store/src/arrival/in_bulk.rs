//! The rows of very many objects, a table at a time: for an index that is filled to be measured.

use std::collections::HashMap;

use sqlx::{AnyConnection, AssertSqlSafe};

use super::settle::FIRST;
use super::{Arrival, OF_INSTANCE};
use crate::error::StoreError;
use crate::rows::Rows;
use crate::{events, name};

/// Writes what [`super::Batch`] would, of objects that are each alone in a study that is not there yet, and whose patients have an identifier.
pub(crate) async fn write(
    connection: &mut AnyConnection,
    arrivals: &[Arrival],
    now_ms: i64,
) -> Result<(), StoreError> {
    let patients = patients(connection, arrivals).await?;
    let mut rows = Rows::of([
        "uid",
        "patient",
        "own_patient",
        "study_date",
        "study_time",
        "accession",
        "study_id",
        "referring_key",
        "description",
        "attributes",
        "modalities",
        "series_count",
        "instance_count",
        "first_at",
        "last_at",
        "site",
        "local_patient",
    ]);
    for one in arrivals {
        let patient = number_of(&patients, &one.patient_id);
        rows.push([
            one.study_uid.as_str().into(),
            patient.into(),
            patient.into(),
            one.text(0x0008, 0x0020).into(),
            one.text(0x0008, 0x0030).into(),
            one.text(0x0008, 0x0050).into(),
            one.text(0x0020, 0x0010).into(),
            name::key(one.text(0x0008, 0x0090)).as_str().into(),
            one.text(0x0008, 0x1030).into(),
            one.attributes[1].as_str().into(),
            one.modality().into(),
            1.into(),
            1.into(),
            now_ms.into(),
            now_ms.into(),
            one.sight.home().into(),
            patient.into(),
        ]);
    }
    let studies = rows.write(connection, "studies", "", Some("uid")).await?;
    let mut rows = Rows::of([
        "uid",
        "study",
        "modality",
        "series_number",
        "series_date",
        "series_time",
        "body_part",
        "laterality",
        "description",
        "step_date",
        "step_time",
        "attributes",
        "instance_count",
    ]);
    for one in arrivals {
        rows.push([
            one.series_uid.as_str().into(),
            number_of(&studies, &one.study_uid).into(),
            one.modality().into(),
            one.text(0x0020, 0x0011).into(),
            one.text(0x0008, 0x0021).into(),
            one.text(0x0008, 0x0031).into(),
            one.text(0x0018, 0x0015).into(),
            one.text(0x0020, 0x0060).into(),
            one.text(0x0008, 0x103E).into(),
            one.text(0x0040, 0x0244).into(),
            one.text(0x0040, 0x0245).into(),
            one.attributes[2].as_str().into(),
            1.into(),
        ]);
    }
    let series = rows.write(connection, "series", "", Some("uid")).await?;
    let mut rows = Rows::of(["study", "patient", "attributes"]);
    for one in arrivals {
        let (study, patient) = (number_of(&studies, &one.study_uid), number_of(&patients, &one.patient_id));
        rows.push([study.into(), patient.into(), one.attributes[0].as_str().into()]);
    }
    let said = rows.write(connection, "said", "", Some("CAST(study AS TEXT)")).await?;
    let said = |one: &Arrival| number_of(&said, &number_of(&studies, &one.study_uid).to_string());
    instances(connection, arrivals, (&series, said), now_ms).await?;
    // Each study has one instance.
    let text = format!("UPDATE said SET first_instance = {FIRST} WHERE first_instance = 0 AND unread = 0");
    // Its text is made of the words of this crate alone.
    sqlx::query(AssertSqlSafe(text)).execute(connection).await?;
    Ok(())
}

/// Patients that are there already stay as they are. Gives the numbers of all by their identifiers.
async fn patients(
    connection: &mut AnyConnection,
    arrivals: &[Arrival],
) -> Result<HashMap<String, i64>, StoreError> {
    let mut rows =
        Rows::of(["patient_id", "issuer", "apart", "name_key", "birth_date", "sex", "attributes", "site"]);
    let mut said: Vec<&Arrival> = arrivals.iter().collect();
    said.sort_by_key(|one| &one.patient_id);
    said.dedup_by_key(|one| &one.patient_id);
    for one in &said {
        rows.push([
            one.patient_id.as_str().into(),
            one.issuer.as_str().into(),
            one.apart(one.sight.home()).into(),
            one.told.compared[0].as_str().into(),
            one.told.compared[1].as_str().into(),
            one.told.compared[2].as_str().into(),
            one.attributes[0].as_str().into(),
            one.sight.home().into(),
        ]);
    }
    // Who is there gives a number only where something is written.
    let stays = " ON CONFLICT (patient_id, issuer, apart) DO UPDATE SET merged_into = patients.merged_into";
    let numbers = rows.write(connection, "patients", stays, Some("patient_id")).await?;
    sqlx::query("UPDATE patients SET root = id, local_root = id WHERE root = 0 AND id >= $1")
        .bind(numbers.values().min().copied().unwrap_or_default())
        .execute(&mut *connection)
        .await?;
    let mut names: Vec<(i64, &str, i64)> = Vec::new();
    for one in said {
        let patient = number_of(&numbers, &one.patient_id);
        names.extend(name::groups(&one.told.compared[0]).map(|group| (0, group, patient)));
        names.extend(name::words(&one.told.compared[0]).map(|word| (1, word, patient)));
    }
    // In the order of their index: its pages are then written once and not once a row.
    names.sort_unstable();
    let mut rows = Rows::of(["kind", "name_key", "patient"]);
    names.into_iter().for_each(|(kind, key, patient)| rows.push([kind.into(), key.into(), patient.into()]));
    rows.write(connection, "names", " ON CONFLICT DO NOTHING", None).await?;
    Ok(numbers)
}

async fn instances(
    connection: &mut AnyConnection,
    arrivals: &[Arrival],
    (series, said): (&HashMap<String, i64>, impl Fn(&Arrival) -> i64),
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(OF_INSTANCE);
    for one in arrivals {
        rows.push(one.of_instance((number_of(series, &one.series_uid), said(one)), now_ms));
    }
    rows.write(connection, "instances", "", None).await?;
    let arrived = arrivals
        .iter()
        .map(|one| ("arrived", [one.study_uid.as_str(), one.series_uid.as_str(), one.instance_uid.as_str()]));
    events::put_all(connection, now_ms, arrived).await
}

/// The number that the database gave; it gives one to every row.
fn number_of(numbers: &HashMap<String, i64>, said: &str) -> i64 {
    numbers.get(said).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrival::{Batch, Known};
    use crate::index::Index;
    use crate::made_up::arrival;

    /// Every row of a table as text, without the database's own numbers of rows that nothing points to.
    async fn rows(connection: &mut AnyConnection, table: &str) -> Vec<String> {
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(columns)).fetch_all(&mut *connection).await.unwrap();
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let all = format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || ',' || "));
        sqlx::query_scalar(AssertSqlSafe(all)).fetch_all(connection).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_written_in_bulk_is_what_is_written_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        // One study a patient: a patient who is there already would cost the database a number in one of the ways.
        let arrivals: Vec<Arrival> = (0..1200).map(|number| arrival(2 * number).unwrap()).collect();
        let mut written = Vec::new();
        for in_bulk in [false, true] {
            let index = Index::sqlite(&folder.path().join(format!("{in_bulk}.sqlite"))).await.unwrap();
            let mut writing = index.write().await.unwrap();
            for some in [&arrivals[..701], &arrivals[701..]] {
                if in_bulk {
                    write(&mut writing, some, 7).await.unwrap();
                } else {
                    let known = Known::default();
                    let mut batch = Batch::new(&mut writing, &known, 7);
                    for one in some {
                        assert!(batch.put(one).await.unwrap());
                    }
                    batch.finish().await.unwrap();
                }
            }
            let mut tables = Vec::new();
            for table in ["patients", "names", "studies", "series", "said", "instances", "events"] {
                tables.push((table, rows(&mut writing, table).await));
            }
            written.push(tables);
        }
        for ((table, one), (_, bulk)) in written[0].iter().zip(&written[1]) {
            assert!(one.len() >= 1200 && one == bulk, "{table}: {:?} {:?}", one.first(), bulk.first());
        }
    }

    #[tokio::test]
    async fn a_later_study_of_a_patient_is_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::sqlite(&folder.path().join("index.sqlite")).await.unwrap();
        let mut writing = index.write().await.unwrap();
        // The first two are one patient's.
        for numbers in [0..1, 1..3] {
            let arrivals: Vec<Arrival> = numbers.map(|number| arrival(number).unwrap()).collect();
            write(&mut writing, &arrivals, 7).await.unwrap();
        }
        let whose = "SELECT p.patient_id FROM studies s, patients p WHERE p.id = s.patient AND p.root = p.id ORDER BY s.id";
        let whose: Vec<String> = sqlx::query_scalar(whose).fetch_all(&mut *writing).await.unwrap();
        assert_eq!(whose, ["P00000000", "P00000000", "P00000001"]);
        assert_eq!(rows(&mut writing, "patients").await.len(), 2);
    }
}
