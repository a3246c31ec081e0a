//! Who did what, in a table that the database lets nobody change or shorten.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use peony_dicom::Tag;
use sqlx::{AnyConnection, Row as _};

use crate::error::StoreError;
use crate::index::now_ms;
use crate::rows::Rows;
use crate::{Store, json};

/// Within so long the same act of the same one on the same study is one line: a study is opened by hundreds of requests, and comes in as many objects.
const STRETCH_MS: i64 = 3_600_000;
/// Lines that are remembered as written.
const MOST_REMEMBERED: usize = 20_000;

/// Lines of refused access within an hour.
const MOST_REFUSALS: u32 = 200;

/// Names of attributes that the line of a search has at most.
const MOST_NAMED: usize = 8;

/// Who, which act, on what.
pub(crate) type Line = [String; 3];

/// The lines that were written lately, of those that are written once in a while.
#[derive(Default)]
pub(crate) struct Lately(Mutex<HashMap<Line, i64>>);

impl Lately {
    fn lines(&self) -> MutexGuard<'_, HashMap<Line, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a line was written within the stretch before `now_ms`.
    pub fn has(&self, line: &Line, now_ms: i64) -> bool {
        self.lines().get(line).is_some_and(|at_ms| now_ms - at_ms < STRETCH_MS)
    }

    /// These are on the disk now.
    pub fn remember(&self, written: impl IntoIterator<Item = Line>, now_ms: i64) {
        let mut lines = self.lines();
        if lines.len() >= MOST_REMEMBERED {
            lines.retain(|_, at_ms| now_ms - *at_ms < STRETCH_MS);
        }
        if lines.len() >= MOST_REMEMBERED {
            // They are written once more, then.
            lines.clear();
        }
        lines.extend(written.into_iter().map(|line| (line, now_ms)));
    }
}

/// How many refusals were written down lately: whoever is refused again and again, under ever other names, shall not fill the disk.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<(i64, u32)>);

/// What becomes of one more refusal.
#[derive(Debug, PartialEq, Eq)]
enum OneMore {
    Written,
    /// That there are more is written down, and nothing after that.
    Last,
    PassedOver,
}

impl Refusals {
    fn one_more(&self, now_ms: i64) -> OneMore {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = &mut *lately;
        if now_ms - *since >= STRETCH_MS {
            (*since, *count) = (now_ms, 0);
        }
        *count = count.saturating_add(1);
        match (*count).cmp(&MOST_REFUSALS) {
            Ordering::Less => OneMore::Written,
            Ordering::Equal => OneMore::Last,
            Ordering::Greater => OneMore::PassedOver,
        }
    }
}

/// Somebody of whom nothing is known but where they are. A machine has a network of its own in IPv6 (RFC 6177).
fn unknown_at(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => format!("unknown at {address}"),
        Some(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
            format!("unknown at {network}/64")
        }
    }
}

/// One line of the audit.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number.
    pub id: i64,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Who: an account, an application entity, a program.
    pub who: String,
    /// What was done, one word.
    pub act: String,
    /// To what.
    pub what: String,
}

/// What is searched, and by which attributes: never for whom. The line is the same whoever asks, in whatever order.
#[must_use]
pub fn search_line(what: &str, keys: impl IntoIterator<Item = Tag>) -> String {
    let name = |tag| peony_dicom::keyword_of(tag).map_or_else(|| json::key(tag), str::to_owned);
    let mut named: Vec<String> = keys.into_iter().map(name).collect();
    if named.is_empty() {
        return what.to_owned();
    }
    named.sort();
    let more = if named.len() > MOST_NAMED { " and more" } else { "" };
    named.truncate(MOST_NAMED);
    format!("{what} by {}{more}", named.join(", "))
}

pub(crate) async fn put(
    connection: &mut AnyConnection,
    who: &str,
    act: &str,
    what: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (at, who, act, what) VALUES ($1, $2, $3, $4)")
        .bind(now_ms())
        .bind(who)
        .bind(act)
        .bind(what)
        .execute(connection)
        .await?;
    Ok(())
}

/// Several lines at once.
pub(crate) async fn put_all(
    connection: &mut AnyConnection,
    lines: &BTreeSet<Line>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut rows = Rows::of(["at", "who", "act", "what"]);
    for [who, act, what] in lines {
        rows.push([now_ms.into(), who.as_str().into(), act.as_str().into(), what.as_str().into()]);
    }
    rows.write(connection, "audit", "", None).await?;
    Ok(())
}

impl Store {
    /// Writes a line; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn audit(&self, who: &str, act: &str, what: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        put(&mut writing, who, act, what).await?;
        Ok(writing.commit().await?)
    }

    /// Writes down that somebody does something with a study, once in an hour; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn note(&self, who: &str, act: &str, what: &str) -> Result<(), StoreError> {
        let (line, now) = ([who, act, what].map(str::to_owned), now_ms());
        if !self.inner.lately.has(&line, now) {
            self.audit(who, act, what).await?;
            self.inner.lately.remember([line], now);
        }
        Ok(())
    }

    /// Writes down that somebody was refused something: an account by its name, anybody else by where they are. The same is written once in an hour, and of
    /// all no more than 200 lines, the last of which says that there are more. Nothing that they said belongs into `what` but what has a form of its own.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn note_refused(
        &self,
        who: Option<&str>,
        address: Option<IpAddr>,
        what: &str,
    ) -> Result<(), StoreError> {
        let who = who.map_or_else(|| unknown_at(address), str::to_owned);
        let (line, now) = ([who, "refused".to_owned(), what.to_owned()], now_ms());
        if self.inner.lately.has(&line, now) {
            return Ok(());
        }
        match self.inner.refusals.one_more(now) {
            OneMore::PassedOver => Ok(()),
            OneMore::Last => {
                self.audit("peony", "refused", "more within the hour, which are not written down").await
            }
            OneMore::Written => {
                self.audit(&line[0], &line[1], &line[2]).await?;
                self.inner.lately.remember([line], now);
                Ok(())
            }
        }
    }

    /// Lines after the one of number `after`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn audit_after(&self, after: i64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let rows = sqlx::query("SELECT id, at, who, act, what FROM audit WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(self.inner.index.pool())
            .await?;
        let line = |row: &sqlx::any::AnyRow| {
            Ok(AuditLine {
                id: row.try_get("id")?,
                at_ms: row.try_get("at")?,
                who: row.try_get("who")?,
                act: row.try_get("act")?,
                what: row.try_get("what")?,
            })
        };
        rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_again_after_an_hour_and_what_is_remembered_is_bounded() {
        let lately = Lately::default();
        let line = |number: usize| ["somebody".to_owned(), "read".to_owned(), format!("study {number}")];
        lately.remember([line(0)], 1000);
        assert!(lately.has(&line(0), 1000 + STRETCH_MS - 1));
        assert!(!lately.has(&line(0), 1000 + STRETCH_MS) && !lately.has(&line(1), 1000));
        for number in 0..2 * MOST_REMEMBERED {
            lately.remember([line(number)], 2000);
        }
        assert!(lately.lines().len() <= MOST_REMEMBERED);
    }

    #[test]
    fn so_many_refusals_are_written_down_in_an_hour_and_no_more() {
        let refusals = Refusals::default();
        for hour in 1..4 {
            let written =
                (0..3 * MOST_REFUSALS).map(|more| refusals.one_more(hour * STRETCH_MS + i64::from(more)));
            let written: Vec<OneMore> = written.collect();
            let count = |of: &OneMore| written.iter().filter(|one| *one == of).count() as u32;
            assert_eq!([count(&OneMore::Written), count(&OneMore::Last)], [MOST_REFUSALS - 1, 1]);
        }
    }

    #[test]
    fn who_is_not_known_is_somebody_somewhere() {
        for (address, expect) in [
            (None, "unknown"),
            (Some("10.0.0.7"), "unknown at 10.0.0.7"),
            (Some("::ffff:10.0.0.7"), "unknown at 10.0.0.7"),
            (Some("2001:db8:1:2:3:4:5:6"), "unknown at 2001:db8:1:2::/64"),
        ] {
            assert_eq!(unknown_at(address.map(|text| text.parse().unwrap())), expect);
        }
    }

    #[test]
    fn a_search_is_told_by_the_names_of_its_keys() {
        let [name, day] = [Tag(0x0010, 0x0010), Tag(0x0008, 0x0020)];
        assert_eq!(search_line("study", []), "study");
        assert_eq!(search_line("study", [day, name]), "study by PatientName, StudyDate");
        assert_eq!(search_line("study", [Tag(0x0009, 0x1001)]), "study by 00091001");
        let many = search_line("study", (0..40).map(|number| Tag(0x0009, number)));
        assert_eq!(many.matches(", ").count() + 1, MOST_NAMED);
        assert!(many.ends_with(" and more"), "{many}");
    }
}
