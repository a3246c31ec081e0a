//! What happened, in order: objects that arrived, studies that became complete. Whoever wants to know remembers the number of the last
//! event that it saw, so nothing is missed by one that was away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use tokio::sync::watch;

use crate::Store;
use crate::error::StoreError;
use crate::index::now_ms;
use crate::rows::Rows;

/// Studies that are declared complete within one transaction.
const COMPLETED_AT_ONCE: i64 = 1000;

/// So many numbers of events one statement looks at.
const LOOKED_AT: i64 = 50_000;
/// So many events are forgotten within one transaction.
const FORGOTTEN_AT_ONCE: i64 = 5000;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number; later events have higher ones.
    pub id: i64,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// `arrived`, `kept-aside`, `study-complete`, or `step-begun`, `step-completed` and `step-discontinued` of a performed procedure step.
    pub kind: String,
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID, empty for a study's event.
    pub series_uid: String,
    /// SOP Instance UID, empty for a study's event.
    pub instance_uid: String,
}

fn event_of(row: &AnyRow) -> Result<Event, StoreError> {
    Ok(Event {
        id: row.try_get("id")?,
        at_ms: row.try_get("at")?,
        kind: row.try_get("kind")?,
        study_uid: row.try_get("study_uid")?,
        series_uid: row.try_get("series_uid")?,
        instance_uid: row.try_get("instance_uid")?,
    })
}

/// Wakes those who wait for events of this program.
pub(crate) struct Announcements(watch::Sender<u64>);

impl Announcements {
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub fn wake(&self) {
        self.0.send_modify(|count| *count += 1);
    }
}

pub(crate) async fn put(
    connection: &mut AnyConnection,
    at_ms: i64,
    kind: &str,
    study_uid: &str,
    series_uid: &str,
    instance_uid: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO events (at, kind, study_uid, series_uid, instance_uid) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(at_ms)
    .bind(kind)
    .bind(study_uid)
    .bind(series_uid)
    .bind(instance_uid)
    .execute(connection)
    .await?;
    Ok(())
}

/// Several events at once, each with its kind and the UIDs of study, series and instance.
pub(crate) async fn put_all<'a>(
    connection: &mut AnyConnection,
    at_ms: i64,
    events: impl Iterator<Item = (&'a str, [&'a str; 3])>,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(["at", "kind", "study_uid", "series_uid", "instance_uid"]);
    for (kind, [study, series, instance]) in events {
        rows.push([at_ms.into(), kind.into(), study.into(), series.into(), instance.into()]);
    }
    rows.write(connection, "events", "", None).await?;
    Ok(())
}

/// A study is complete, where it is here and was not so before.
pub(crate) async fn complete(
    connection: &mut AnyConnection,
    at_ms: i64,
    study_uid: &str,
) -> Result<(), StoreError> {
    let changed = sqlx::query("UPDATE studies SET complete_at = $2 WHERE uid = $1 AND complete_at = 0")
        .bind(study_uid)
        .bind(at_ms)
        .execute(&mut *connection)
        .await?;
    if changed.rows_affected() > 0 {
        put(connection, at_ms, "study-complete", study_uid, "", "").await?;
    }
    Ok(())
}

/// Events behind a number, as far as they are seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    /// The number of the oldest event that is kept; 0 where there is none.
    pub first: i64,
    /// Behind this number it goes on.
    pub last: i64,
    /// The oldest first.
    pub events: Vec<Event>,
}

impl Store {
    /// Events after the one of number `after`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::events_seen`].
    pub async fn events_after(&self, after: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        Ok(self.events_seen(after, limit).await?.events)
    }

    /// Events after the one of number `after`, at most `limit`: those of studies that are seen. What is of no study that is here is seen by those who see
    /// everything.
    ///
    /// With PostgreSQL a number can become visible a moment after a higher one: who must miss nothing asks again from a little before the last.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn events_seen(&self, after: i64, limit: u32) -> Result<Events, StoreError> {
        let ends = sqlx::query(
            "SELECT COALESCE((SELECT MIN(id) FROM events), 0) AS first, COALESCE((SELECT MAX(id) FROM events), 0) AS newest",
        );
        let ends = ends.fetch_one(self.inner.index.pool()).await?;
        let (first, newest): (i64, i64) = (ends.try_get("first")?, ends.try_get("newest")?);
        // Nothing has happened behind the newest one yet, whatever was asked for.
        let after = after.min(newest);
        let mut found = Events { first, last: after.max(first - 1), events: Vec::new() };
        // Others' events are passed over some at a time, so that no statement takes long.
        while found.events.is_empty() && found.last < newest {
            let (from, to) = (found.last, newest.min(found.last.saturating_add(LOOKED_AT)));
            let rows = self.rows_seen(&["s.site"], |seen| {
                format!(
                    "SELECT e.id, e.at, e.kind, e.study_uid, e.series_uid, e.instance_uid FROM events e
                     LEFT JOIN studies s ON s.uid = e.study_uid WHERE e.id > {from} AND e.id <= {to}{seen} ORDER BY e.id LIMIT {limit}"
                )
            });
            found.events = rows.await?.iter().map(event_of).collect::<Result<_, _>>()?;
            let is_full = found.events.len() >= limit as usize;
            found.last = found.events.last().filter(|_| is_full).map_or(to, |last| last.id);
        }
        Ok(found)
    }

    /// Forgets some of the events that are older than `kept`, the oldest first: what happened is then in the index and the audit alone. Gives how many.
    /// The newest stays, however old: it tells how far events have come.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn forget_events(&self, kept: Duration) -> Result<u64, StoreError> {
        let before = now_ms() - i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let oldest: Option<i64> = sqlx::query_scalar("SELECT at FROM events ORDER BY id LIMIT 1")
            .fetch_optional(self.inner.index.pool())
            .await?;
        if oldest.is_none_or(|at| at >= before) {
            return Ok(0);
        }
        let mut writing = self.inner.index.write().await?;
        let gone = sqlx::query(
            "DELETE FROM events WHERE id IN (SELECT o.id FROM (SELECT id, at FROM events ORDER BY id LIMIT $2) o WHERE o.at < $1)
             AND id < (SELECT MAX(id) FROM events)",
        );
        let gone = gone.bind(before).bind(FORGOTTEN_AT_ONCE).execute(&mut *writing).await?;
        writing.commit().await?;
        Ok(gone.rows_affected())
    }

    /// Study Instance UIDs of the studies that are not complete, the one to which something came last first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn arriving_studies(&self, limit: u32) -> Result<Vec<String>, StoreError> {
        let rows = self.rows_seen(&["s.site"], |seen| {
            format!(
                "SELECT s.uid FROM studies s WHERE s.complete_at = 0 AND s.instance_count > 0{seen} ORDER BY s.last_at DESC LIMIT {limit}"
            )
        });
        rows.await?.iter().map(|row| Ok(row.try_get("uid")?)).collect()
    }

    /// Changes whenever this program adds events.
    #[must_use]
    pub fn announced(&self) -> watch::Receiver<u64> {
        self.inner.announcements.0.subscribe()
    }

    /// Declares every study complete to which nothing has come for `quiet`; gives how many. Whoever serves calls it every second or so.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn complete_quiet_studies(&self, quiet: Duration) -> Result<usize, StoreError> {
        let before = now_ms() - i64::try_from(quiet.as_millis()).unwrap_or(i64::MAX);
        let mut completed = 0;
        loop {
            let waiting: Option<i64> =
                sqlx::query_scalar("SELECT id FROM studies WHERE complete_at = 0 AND last_at <= $1 LIMIT 1")
                    .bind(before)
                    .fetch_optional(self.inner.index.pool())
                    .await?;
            if waiting.is_none() {
                return Ok(completed);
            }
            let some = self.complete_some(before).await?;
            self.inner.announcements.wake();
            // Another program was quicker.
            if some == 0 {
                return Ok(completed);
            }
            completed += some;
        }
    }

    /// Declares some of the studies complete to which nothing has come since `before`: few enough that others who write hardly wait.
    async fn complete_some(&self, before: i64) -> Result<usize, StoreError> {
        let (now, mut writing) = (now_ms(), self.inner.index.write().await?);
        let uids: Vec<String> = sqlx::query_scalar(
            "UPDATE studies SET complete_at = $2 WHERE complete_at = 0 AND last_at <= $1 AND id IN
                (SELECT id FROM studies WHERE complete_at = 0 AND last_at <= $1 LIMIT $3) RETURNING uid",
        )
        .bind(before)
        .bind(now)
        .bind(COMPLETED_AT_ONCE)
        .fetch_all(&mut *writing)
        .await?;
        put_all(&mut writing, now, uids.iter().map(|uid| ("study-complete", [uid.as_str(), "", ""]))).await?;
        writing.commit().await?;
        Ok(uids.len())
    }

    /// Declares one study complete, because a performed procedure step or a storage commitment says so. Nothing happens where it is
    /// complete already.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such study, and those of the index.
    pub async fn complete_study(&self, study_uid: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let known: Option<i64> = sqlx::query_scalar("SELECT id FROM studies WHERE uid = $1")
            .bind(study_uid)
            .fetch_optional(&mut *writing)
            .await?;
        known.ok_or(StoreError::Missing("study"))?;
        complete(&mut writing, now_ms(), study_uid).await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(())
    }

    /// Declares every study complete of which all instances are among these, because all of them were promised to be kept (PS3.4 Annex J).
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn complete_promised(&self, instances: &[String]) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let mut counts: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for uid in instances.iter().collect::<BTreeSet<_>>() {
            let row = sqlx::query(
                "SELECT s.uid, s.instance_count FROM instances i, series e, studies s
                 WHERE i.uid = $1 AND e.id = i.series AND s.id = e.study",
            )
            .bind(uid.as_str())
            .fetch_optional(&mut *writing)
            .await?;
            if let Some(row) = row {
                counts.entry(row.try_get("uid")?).or_insert((0, row.try_get("instance_count")?)).0 += 1;
            }
        }
        let now = now_ms();
        for (study_uid, _) in counts.iter().filter(|(_, (promised, here))| promised == here) {
            complete(&mut writing, now, study_uid).await?;
        }
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(())
    }
}
