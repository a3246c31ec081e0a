//! Rows that are gone, that hang together no more or say something else than their objects: made anew from those, by the way on which objects arrive.
//!
//! What no object says stays as it is: who sent it and when, of which site a study is, what people have said of patients and contradictions.

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

use crate::Store;
use std::collections::BTreeSet;

use crate::arrival::anew::Anew;
use crate::arrival::settle::{FIRST, Which, heard_anew, settle};
use crate::arrival::{Arrival, Known, count_series, names_anew};
use crate::check::heard::{Above, Heard};
use crate::check::{PATIENTS, links, object_of};
use crate::error::StoreError;
use crate::index::{Writing, now_ms};

/// Rows that are read at a time, and changed in one transaction.
const PAGE: i64 = 200;
/// So many objects are tried for one that is whole.
const TRIED: i64 = 8;
/// A chain of merges is no longer.
const MOST_MERGES: usize = 64;

/// Studies behind the number `$1` whose patient is not there, `$2` at most.
const LOST_PATIENTS: &str = "SELECT s.id FROM studies s WHERE s.id > $1
    AND (NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = s.own_patient)
        OR EXISTS (SELECT 1 FROM said d WHERE d.study = s.id AND NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = d.patient)))
    ORDER BY s.id LIMIT $2";
/// Instances behind the number `$1` whose series or study is not there, `$2` at most.
const LOST_PLACES: &str = "SELECT i.id, i.digest, i.size, i.blocks, i.origin, i.arrived_at FROM instances i
    LEFT JOIN series e ON e.id = i.series LEFT JOIN studies s ON s.id = e.study WHERE i.id > $1 AND s.id IS NULL ORDER BY i.id LIMIT $2";
/// Studies behind the number `$1` that count other series than there are, `$2` at most.
const WRONG_COUNTS: &str =
    "SELECT s.id FROM studies s WHERE s.id > $1 AND s.series_count <> (SELECT COUNT(*) FROM series e
    WHERE e.study = s.id AND e.instance_count > 0) ORDER BY s.id LIMIT $2";

/// What is of nothing.
const STRANDED: &[&str] = &[
    "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM studies s WHERE s.id = series.study)
        AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.series = series.id)",
    "DELETE FROM said WHERE NOT EXISTS (SELECT 1 FROM studies s WHERE s.id = said.study)",
    "DELETE FROM names WHERE NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = names.patient)",
    "DELETE FROM conflicts WHERE NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = conflicts.patient)
        OR NOT EXISTS (SELECT 1 FROM studies s WHERE s.id = conflicts.study)",
    "DELETE FROM merges WHERE NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = merges.source)
        OR NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = merges.target)",
];

/// A patient is merged into whom a merge says; where none says it, one does from now on, so that it can be undone.
const MERGED: &[&str] = &[
    "UPDATE patients SET merged_into = (SELECT MAX(m.target) FROM merges m WHERE m.source = patients.id AND m.undone_at = 0)
        WHERE id IN (SELECT p.id FROM merges m JOIN patients p ON p.id = m.source WHERE m.undone_at = 0 AND p.merged_into <> m.target)",
    "UPDATE patients SET merged_into = 0 WHERE merged_into <> 0 AND NOT EXISTS (SELECT 1 FROM patients t WHERE t.id = patients.merged_into)",
];
const SAID_MERGES: &str = "INSERT INTO merges (source, target, at, who) SELECT p.id, p.merged_into, CAST($1 AS BIGINT), CAST($2 AS TEXT)
    FROM patients p WHERE p.merged_into <> 0 AND NOT EXISTS
        (SELECT 1 FROM merges m WHERE m.source = p.id AND m.target = p.merged_into AND m.undone_at = 0)";
/// One step along the chains of merges.
const ROOTS: &[&str] = &[
    "UPDATE patients SET root = COALESCE((SELECT t.root FROM patients t WHERE t.id = patients.merged_into), id)
        WHERE root <> COALESCE((SELECT t.root FROM patients t WHERE t.id = patients.merged_into), id)",
    "UPDATE patients SET local_root =
            COALESCE((SELECT t.local_root FROM patients t WHERE t.id = patients.merged_into AND t.site = patients.site), id)
        WHERE local_root <>
            COALESCE((SELECT t.local_root FROM patients t WHERE t.id = patients.merged_into AND t.site = patients.site), id)",
];
const SHOWN: &[&str] = &[
    "UPDATE studies SET patient = (SELECT p.root FROM patients p WHERE p.id = own_patient)
        WHERE patient <> (SELECT p.root FROM patients p WHERE p.id = own_patient)",
    "UPDATE studies SET local_patient = (SELECT p.local_root FROM patients p WHERE p.id = own_patient)
        WHERE local_patient <> (SELECT p.local_root FROM patients p WHERE p.id = own_patient)",
];

const COUNTS: &[&str] = &[
    "UPDATE series SET instance_count = (SELECT COUNT(*) FROM instances i WHERE i.series = series.id)
        WHERE instance_count <> (SELECT COUNT(*) FROM instances i WHERE i.series = series.id)",
    "UPDATE studies SET instance_count = (SELECT COUNT(*) FROM series e JOIN instances i ON i.series = e.id WHERE e.study = studies.id)
        WHERE instance_count <> (SELECT COUNT(*) FROM series e JOIN instances i ON i.series = e.id WHERE e.study = studies.id)",
];

impl Store {
    /// Makes the rows anew that are gone, and links, counts and names; gives how many.
    pub(super) async fn mend_links(&self) -> Result<u64, StoreError> {
        let mut rows = self.find_patients().await?;
        rows += self.find_places().await?;
        rows += self.mend_merges().await?;
        rows += self.mend_counts().await?;
        rows += self.mend_patients().await?;
        Ok(rows + self.mend_names().await?)
    }

    /// Makes the rows anew that say something else than their objects; gives how many. `report` hears how many objects were looked at, and of how
    /// many.
    pub(super) async fn mend_said(&self, mut report: impl FnMut(u64, u64)) -> Result<u64, StoreError> {
        let index = &self.inner.index;
        let all: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM instances").fetch_one(index.pool()).await?;
        let mut heard = Heard::nothing(index).await?;
        let (mut rows, mut done, mut last) = (0, 0, 0);
        loop {
            let some = self.instances_with_rows_above(last, PAGE).await?;
            let Some(end) = some.last() else { break };
            last = end.try_get("id")?;
            let mut wrong = Vec::new();
            for row in &some {
                let arrival = self.arrival_of(object_of(row)?, row.try_get("origin")?).await?;
                let agrees = match &arrival {
                    Some(says) => says.is_said_by_instance(row)? && says.says_above(row)? == [true; 2],
                    None => false,
                };
                // Who contradicts is read to the end: nothing is made of what is damaged.
                if agrees || self.is_whole(row).await? {
                    heard.hear(row, arrival.as_ref())?;
                    if let Some(arrival) = arrival
                        && (!arrival.is_said_by_instance(row)? || Arrival::is_unread(row)?)
                    {
                        wrong.push((arrival, row.try_get("id")?, row.try_get("arrived_at")?));
                    }
                } else {
                    heard.hear(row, None)?;
                }
            }
            rows += self.place_anew(wrong).await?;
            done += some.len() as u64;
            report(done, all.unsigned_abs());
        }
        let mut last = 0;
        loop {
            let some = self.some_aside(last, PAGE).await?;
            let Some(end) = some.last() else { break };
            last = end.try_get("id")?;
            for row in &some {
                let whole = if self.is_whole(row).await? { Some(object_of(row)?) } else { None };
                self.hear_aside(&mut heard, row, whole).await?;
            }
        }
        for above in Above::ALL {
            let mut after = Some(0);
            while let Some(from) = after {
                let disagreed;
                (disagreed, after) = heard.disagreed(index, above, from).await?;
                for (number, _) in disagreed {
                    rows += self.say_anew(above, number).await?;
                }
            }
        }
        Ok(rows + if rows > 0 { self.mend_links().await? } else { 0 })
    }

    async fn is_whole(&self, row: &AnyRow) -> Result<bool, StoreError> {
        let object = object_of(row)?;
        Ok(self.inner.objects.sum(&object).await?.as_ref() == Some(&object))
    }

    /// The first object that a row of some level is of and that is whole, and when it came.
    async fn first_whole(&self, above: Above, number: i64) -> Result<Option<(Arrival, i64)>, StoreError> {
        let which = match above {
            Above::Series => "e.id",
            Above::Study => "e.study",
        };
        let text = format!(
            "SELECT i.digest, i.size, i.blocks, i.origin, i.arrived_at FROM instances i JOIN series e ON e.id = i.series
             WHERE {which} = $1 ORDER BY i.id LIMIT $2"
        );
        // Its text is made of the words of this file alone.
        let rows = sqlx::query(AssertSqlSafe(text)).bind(number).bind(TRIED);
        for row in &rows.fetch_all(self.inner.index.pool()).await? {
            if self.is_whole(row).await?
                && let Some(arrival) = self.arrival_of(object_of(row)?, row.try_get("origin")?).await?
            {
                return Ok(Some((arrival, row.try_get("arrived_at")?)));
            }
        }
        Ok(None)
    }

    /// A row above objects says what the first of them says.
    async fn say_anew(&self, above: Above, number: i64) -> Result<u64, StoreError> {
        let Some((arrival, at)) = self.first_whole(above, number).await? else { return Ok(0) };
        let (mut writing, known) = (self.inner.index.write_who_is_who().await?, Known::default());
        let anew = Anew::of(&mut writing, &known, at);
        match above {
            Above::Series => anew.series(&arrival, number).await?,
            Above::Study => anew.study(&arrival, number).await?,
        }
        writing.commit().await?;
        Ok(1)
    }

    /// Studies whose patient is not there.
    async fn find_patients(&self) -> Result<u64, StoreError> {
        let (mut rows, mut last) = (0, 0);
        loop {
            let some: Vec<i64> = sqlx::query_scalar(LOST_PATIENTS)
                .bind(last)
                .bind(PAGE)
                .fetch_all(self.inner.index.pool())
                .await?;
            let Some(end) = some.last() else { return Ok(rows) };
            last = *end;
            for study in some {
                let Some((arrival, at)) = self.first_whole(Above::Study, study).await? else { continue };
                let (mut writing, known) = (self.inner.index.write_who_is_who().await?, Known::default());
                Anew::of(&mut writing, &known, at).patients(&arrival, study).await?;
                writing.commit().await?;
                rows += 1;
            }
        }
    }

    /// Instances whose series or study is not there.
    async fn find_places(&self) -> Result<u64, StoreError> {
        let (mut rows, mut last) = (0, 0);
        loop {
            let some =
                sqlx::query(LOST_PLACES).bind(last).bind(PAGE).fetch_all(self.inner.index.pool()).await?;
            let Some(end) = some.last() else { return Ok(rows) };
            last = end.try_get("id")?;
            let mut lost = Vec::new();
            for row in &some {
                if self.is_whole(row).await?
                    && let Some(arrival) = self.arrival_of(object_of(row)?, row.try_get("origin")?).await?
                {
                    lost.push((arrival, row.try_get("id")?, row.try_get("arrived_at")?));
                }
            }
            rows += self.place_anew(lost).await?;
        }
    }

    /// The rows of instances, each with its number and when it came, and where they belong.
    async fn place_anew(&self, wrong: Vec<(Arrival, i64, i64)>) -> Result<u64, StoreError> {
        if wrong.is_empty() {
            return Ok(0);
        }
        let (mut writing, known) = (self.inner.index.write_who_is_who().await?, Known::default());
        let (mut studies, mut patients) = (BTreeSet::new(), BTreeSet::new());
        for (arrival, instance, at) in &wrong {
            studies.insert(Anew::of(&mut writing, &known, *at).instance(arrival, *instance).await?);
        }
        for study in studies {
            patients.extend(heard_anew(&mut writing, study).await?);
        }
        for patient in patients {
            settle(&mut writing, patient, Which::All).await?;
        }
        writing.commit().await?;
        Ok(wrong.len() as u64)
    }

    /// Who is who by the merges that people made.
    async fn mend_merges(&self) -> Result<u64, StoreError> {
        let mut writing = self.inner.index.write_who_is_who().await?;
        let mut rows = each(&mut writing, STRANDED).await? + each(&mut writing, MERGED).await?;
        let said = sqlx::query(SAID_MERGES).bind(now_ms()).bind(super::ORIGIN);
        rows += said.execute(&mut *writing).await?.rows_affected();
        for _ in 0..MOST_MERGES {
            match each(&mut writing, ROOTS).await? {
                0 => break,
                some => rows += some,
            }
        }
        rows += each(&mut writing, SHOWN).await?;
        writing.commit().await?;
        Ok(rows)
    }

    /// Whose studies are, and what is said of patients, by what the instances have of that.
    async fn mend_patients(&self) -> Result<u64, StoreError> {
        let index = &self.inner.index;
        let text = format!("UPDATE said SET first_instance = {FIRST} WHERE first_instance <> {FIRST}");
        let mut writing = index.write_who_is_who().await?;
        // Its text is made of the words of this crate alone.
        let mut rows = sqlx::query(AssertSqlSafe(text)).execute(&mut *writing).await?.rows_affected();
        writing.commit().await?;
        let mut last = 0;
        loop {
            let some: Vec<i64> =
                sqlx::query_scalar(PATIENTS).bind(last).bind(PAGE).fetch_all(index.pool()).await?;
            let Some(end) = some.last() else { return Ok(rows) };
            last = *end;
            let mut writing = index.write_who_is_who().await?;
            for patient in some {
                rows += settle(&mut writing, patient, Which::All).await?;
            }
            writing.commit().await?;
        }
    }

    async fn mend_counts(&self) -> Result<u64, StoreError> {
        let index = &self.inner.index;
        let mut writing = index.write_rows().await?;
        let mut rows = each(&mut writing, COUNTS).await?;
        writing.commit().await?;
        let mut after = Some(0);
        while let Some(from) = after {
            let some = sqlx::query_scalar(WRONG_COUNTS).bind(from).bind(PAGE).fetch_all(index.pool()).await?;
            after = some.last().copied();
            rows += self.count_anew(some).await?;
        }
        let mut after = Some(0);
        while let Some(from) = after {
            let wrong;
            (wrong, after) = links::wrong_modalities(index, from).await?;
            rows += self.count_anew(wrong.into_iter().map(|study| study.id).collect()).await?;
        }
        Ok(rows)
    }

    async fn count_anew(&self, studies: Vec<i64>) -> Result<u64, StoreError> {
        if studies.is_empty() {
            return Ok(0);
        }
        let mut writing = self.inner.index.write_rows().await?;
        for study in &studies {
            count_series(&mut writing, *study).await?;
        }
        writing.commit().await?;
        Ok(studies.len() as u64)
    }

    async fn mend_names(&self) -> Result<u64, StoreError> {
        let index = &self.inner.index;
        let (mut rows, mut after) = (0, Some(0));
        while let Some(from) = after {
            let wrong;
            (wrong, after) = links::wrong_names(index, from).await?;
            if wrong.is_empty() {
                continue;
            }
            let mut writing = index.write_who_is_who().await?;
            for patient in &wrong {
                names_anew(&mut writing, patient.id).await?;
            }
            writing.commit().await?;
            rows += wrong.len() as u64;
        }
        Ok(rows)
    }
}

/// Runs several statements; gives how many rows they changed.
async fn each(writing: &mut Writing, statements: &[&'static str]) -> Result<u64, StoreError> {
    let mut rows = 0;
    for statement in statements {
        rows += sqlx::query(*statement).execute(&mut **writing).await?.rows_affected();
    }
    Ok(rows)
}
