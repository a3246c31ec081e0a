//! Sending to other nodes, and fetching from them: a person says what goes where, and it waits in the queue until a worker has done it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{AnyConnection, Row as _};

use crate::error::StoreError;
use crate::index::now_ms;
use crate::jobs::{JobState, Listed, WAITS_AGAIN};
use crate::retrieve::Which;
use crate::sites::Sight;
use crate::{Store, audit, jobs};

/// The kind of the jobs in the queue that send.
pub const SENDING: &str = "send";
/// The kind of those that fetch.
pub const FETCHING: &str = "fetch";
/// Both, as a statement says them.
const KINDS: &str = "('send', 'fetch')";

/// What shall be sent, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sending {
    /// The title of the node that shall get it.
    pub to: String,
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID, where it is one series of the study and not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_uid: Option<String>,
}

impl Sending {
    /// Which instances these are.
    #[must_use]
    pub fn which(&self) -> Which<'_> {
        let series_uid = self.series_uid.as_deref();
        Which { study_uid: Some(&self.study_uid), series_uid, instance_uid: None }
    }
}

/// How far a sending has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sent {
    /// SOP Instance UIDs of what the other node has taken.
    pub taken: BTreeSet<String>,
    /// How many instances there are in all.
    pub of: usize,
    /// The transaction by which the other node was asked last to keep what it has taken; empty where it was not.
    pub transaction_uid: String,
    /// How many instances it was asked for by that.
    pub asked: usize,
}

impl Sent {
    /// Whether the other node has taken what it was not asked to keep.
    #[must_use]
    pub fn has_more_to_keep(&self) -> bool {
        self.taken.len() > self.asked
    }
}

/// What shall be fetched, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Fetching {
    /// The title of the node that has it.
    pub from: String,
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID, where it is one series of the study and not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_uid: Option<String>,
}

impl Fetching {
    /// Which instances these are, once they are here.
    #[must_use]
    pub fn which(&self) -> Which<'_> {
        let series_uid = self.series_uid.as_deref();
        Which { study_uid: Some(&self.study_uid), series_uid, instance_uid: None }
    }
}

/// A job of fetching as it lies in the queue: what, by whom, and with whose eyes and for which site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchJob {
    /// What is fetched.
    #[serde(flatten)]
    pub fetching: Fetching,
    /// Who had it fetched; empty in a queue of a program that did not write that down.
    #[serde(default)]
    pub who: String,
    /// Of the one who had it fetched: what comes is as if they had brought it.
    pub sight: Sight,
}

/// What goes where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Transfer {
    /// To another node.
    Send(Sending),
    /// From another node.
    Fetch(Fetching),
}

impl Transfer {
    /// The title of the other node.
    #[must_use]
    pub fn node(&self) -> &str {
        match self {
            Self::Send(sending) => &sending.to,
            Self::Fetch(fetching) => &fetching.from,
        }
    }

    /// Study Instance UID.
    #[must_use]
    pub fn study_uid(&self) -> &str {
        match self {
            Self::Send(sending) => &sending.study_uid,
            Self::Fetch(fetching) => &fetching.study_uid,
        }
    }
}

/// How far a fetching has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fetched {
    /// Instances that came.
    pub came: usize,
    /// How many there are in all, as far as the other node says it.
    pub of: usize,
}

/// Why a sending, a fetching or a search failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum SendFault {
    /// The configuration has no node of that name with an address.
    UnknownNode,
    /// Nothing of it is here.
    NothingHere,
    /// There is no connection.
    Unreachable,
    /// The other node does not want an association.
    Rejected {
        /// It may want one later (PS3.8 §9.3.4).
        for_now: bool,
    },
    /// The association ended before everything was there.
    BrokenOff,
    /// The other node answered with a failure.
    Refused {
        /// Its status, such as `A700`.
        status: String,
        /// How many instances.
        count: usize,
    },
    /// The other node does not take objects of their class, neither as they are kept nor as they can be written here.
    NotTaken {
        /// How many instances.
        count: usize,
    },
    /// An instance cannot be read here.
    Unreadable,
    /// Everything was sent; the other node cannot be asked to keep it.
    NoCommitment,
    /// Everything was sent; the other node refused to be asked to keep it.
    CommitmentRefused {
        /// Its status.
        status: String,
    },
    /// The configuration does not say how anything is fetched from the node.
    NotFetchedFrom,
    /// The other node cannot be asked so.
    NotOffered,
    /// The other node has nothing of it.
    NothingThere,
    /// The other node answered the question with a failure.
    Failed {
        /// Its status, such as `C001`.
        status: String,
    },
    /// The other node does not know this one, to which it shall send.
    UnknownHere,
    /// Instances did not come that the other node has.
    Incomplete {
        /// How many.
        count: usize,
    },
    /// The other node says that it has sent everything, and it is not here.
    NotArrived,
    /// The other node did not answer in time.
    Late,
    /// Whoever had it fetched may not any more, now that its turn has come.
    NotAllowed,
}

impl SendFault {
    /// Whether the same may go well later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable | Self::BrokenOff | Self::Unreadable | Self::Late => true,
            Self::Rejected { for_now } => *for_now,
            // Out of resources (PS3.4 §B.2.3, §C.4.2.1.5): the same may be asked again later.
            Self::Refused { status, .. } | Self::Failed { status } => status.starts_with("A7"),
            Self::CommitmentRefused { status } => status == "0213",
            _ => false,
        }
    }
}

impl fmt::Display for SendFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownNode => f.write_str("the configuration has no such node with an address"),
            Self::NothingHere => f.write_str("nothing of it is here"),
            Self::Unreachable => f.write_str("there is no connection"),
            Self::Rejected { .. } => f.write_str("the node does not want the association"),
            Self::BrokenOff => f.write_str("the association ended before everything was there"),
            Self::Refused { status, count } => write!(f, "{count} instances were refused with {status}H"),
            Self::NotTaken { count } => {
                write!(
                    f,
                    "{count} instances are of a class that the node does not take, or cannot be written in what it takes"
                )
            }
            Self::Unreadable => f.write_str("an instance cannot be read here"),
            Self::NoCommitment => f.write_str("it was sent; the node takes no storage commitment"),
            Self::CommitmentRefused { status } => {
                write!(f, "it was sent; the node refused storage commitment with {status}H")
            }
            Self::NotFetchedFrom => {
                f.write_str("the configuration does not say how anything is fetched from the node")
            }
            Self::NotOffered => f.write_str("the node does not offer to be asked so"),
            Self::NothingThere => f.write_str("the node has nothing of it"),
            Self::Failed { status } => write!(f, "the node answers with {status}H"),
            Self::UnknownHere => f.write_str("the node does not know this one, to which it shall send"),
            Self::Incomplete { count } => write!(f, "{count} instances did not come"),
            Self::NotArrived => f.write_str("the node says that it has sent everything, and it is not here"),
            Self::Late => f.write_str("the node did not answer in time"),
            Self::NotAllowed => f.write_str("the account that had it fetched may not any more"),
        }
    }
}

/// What the other node says of what it was asked to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// It has not answered yet.
    Asked,
    /// It keeps everything.
    Kept,
    /// It does not keep everything.
    NotKept,
}

/// A sending or a fetching as the queue shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedTransfer {
    /// The number of its job.
    pub id: i64,
    /// What goes where.
    pub transfer: Transfer,
    /// How it stands.
    pub state: JobState,
    /// Instances that are over.
    pub taken: usize,
    /// How many there are in all, as far as that is known.
    pub of: usize,
    /// What the other node was asked to keep, where it was.
    pub promise: Option<Promise>,
    /// Why it failed last.
    pub fault: Option<SendFault>,
    /// How often it was tried.
    pub tries: i64,
    /// When it was asked for, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// When it is tried again, or has ended.
    pub due_ms: i64,
}

/// How many sendings and fetchings there are that a person has not cleared away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransferCounts {
    /// All of them.
    pub all: u64,
    /// Those that wait or are under way.
    pub open: u64,
    /// Of these, those that failed and wait to be tried again.
    pub again: u64,
    /// Those that failed for good.
    pub failed: u64,
}

impl Store {
    /// Has a study or a series sent to another node; gives the number of the job. What waits is no other job, and what is being sent is looked at once more when that is done.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where nothing of it is here, and those of the index.
    pub async fn send(&self, sending: &Sending, who: &str) -> Result<i64, StoreError> {
        if self.instances(sending.which()).await?.is_empty() {
            return Err(StoreError::Missing(if sending.series_uid.is_some() { "series" } else { "study" }));
        }
        let mut writing = self.inner.index.write().await?;
        // A study's site never changes.
        let site = site_of(&mut writing, &sending.study_uid).await?.unwrap_or_default();
        let said = format!("study {} to {}", sending.study_uid, sending.to);
        let payload = json!(sending).to_string();
        let id = put_once(&mut writing, SENDING, &payload, [&site, &sending.to], [who, &said]).await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(id)
    }

    /// Has a study or a series fetched from another node; gives the number of the job. What comes is as if this store's [`Sight`] had brought it. What
    /// waits is no other job, and what is being fetched is looked at once more when that is done.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the study is here and another site's, and those of the index.
    pub async fn fetch(&self, fetching: &Fetching, who: &str) -> Result<i64, StoreError> {
        let (fetching_of, sight) = (fetching.clone(), Sight::clone(&self.sight));
        let job = FetchJob { fetching: fetching_of, who: who.to_owned(), sight };
        let mut writing = self.inner.index.write().await?;
        let site = match site_of(&mut writing, &fetching.study_uid).await? {
            Some(site) if !self.sight.reaches(&site) => {
                return Err(StoreError::Refused("the study is another site's"));
            }
            Some(site) => site,
            None => self.sight.home().to_owned(),
        };
        let said = format!("study {} from {}", fetching.study_uid, fetching.from);
        let payload = json!(job).to_string();
        let id = put_once(&mut writing, FETCHING, &payload, [&site, &fetching.from], [who, &said]).await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(id)
    }

    /// The sendings and fetchings of studies that are seen, those that are not done first, then the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn transfers(&self, limit: u32) -> Result<Vec<QueuedTransfer>, StoreError> {
        let mut transfers = Vec::new();
        for listed in self.jobs(KINDS, limit).await? {
            let Listed { id, kind, payload, progress, state, tries, fault, at_ms, due_ms } = listed;
            let (transfer, taken, of, promise) = if kind == FETCHING {
                // Nobody else writes such jobs.
                let Ok(FetchJob { fetching, .. }) = serde_json::from_str(&payload) else { continue };
                let Fetched { came, of } = serde_json::from_str(&progress).unwrap_or_default();
                (Transfer::Fetch(fetching), came, of, None)
            } else {
                let Ok(sending) = serde_json::from_str(&payload) else { continue };
                let sent: Sent = serde_json::from_str(&progress).unwrap_or_default();
                let promise = self.promise(&sent.transaction_uid).await?;
                (Transfer::Send(sending), sent.taken.len(), sent.of, promise)
            };
            let fault = serde_json::from_str(&fault).ok();
            transfers.push(QueuedTransfer {
                id,
                transfer,
                state,
                taken,
                of,
                promise,
                fault,
                tries,
                at_ms,
                due_ms,
            });
        }
        Ok(transfers)
    }

    /// How many sendings and fetchings of studies that are seen there are, listed or not.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn transfer_counts(&self) -> Result<TransferCounts, StoreError> {
        let rows = self.rows_seen(&["site"], |seen| {
            format!(
                "SELECT state, COUNT(*) AS count, CAST(SUM({WAITS_AGAIN}) AS BIGINT) AS again FROM jobs
                 WHERE kind IN {KINDS} AND state <> 'cleared'{seen} GROUP BY state"
            )
        });
        let mut counts = TransferCounts::default();
        for row in rows.await? {
            let count = row.try_get::<i64, _>("count")?.unsigned_abs();
            counts.all += count;
            match row.try_get("state")? {
                "open" => {
                    counts.open = count;
                    counts.again = row.try_get::<i64, _>("again")?.unsigned_abs();
                }
                "failed" => counts.failed = count,
                _ => {}
            }
        }
        Ok(counts)
    }

    /// What became of a request for storage commitment; an empty UID is none.
    async fn promise(&self, transaction_uid: &str) -> Result<Option<Promise>, StoreError> {
        if transaction_uid.is_empty() {
            return Ok(None);
        }
        Ok(self.commitment(transaction_uid).await?.map(|asked| match asked.not_kept {
            None => Promise::Asked,
            Some(not_kept) if not_kept.is_empty() => Promise::Kept,
            Some(_) => Promise::NotKept,
        }))
    }

    /// Has a sending or fetching that failed, was cancelled or waits for its next time tried now, with as much patience as at first.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none of that number that could be, and those of the index.
    pub async fn retry_transfer(&self, id: i64, who: &str) -> Result<(), StoreError> {
        let kind = self.kind_seen(id).await?;
        let statement = "UPDATE jobs SET state = 'open', due_at = $3, tries = 0, fault = ''
             WHERE id = $1 AND kind = $2 AND (state IN ('failed', 'cancelled') OR (state = 'open' AND taken_at = 0))";
        let mut writing = self.inner.index.write().await?;
        let changed =
            sqlx::query(statement).bind(id).bind(kind).bind(now_ms()).execute(&mut *writing).await?;
        said(&mut writing, changed.rows_affected(), who, ("retry", kind), id).await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(())
    }

    /// Nobody wants a sending or fetching any more that is not done. One that is under way stops soon; what was taken by then stays where it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none of that number that could be, and those of the index.
    pub async fn cancel_transfer(&self, id: i64, who: &str) -> Result<(), StoreError> {
        let kind = self.kind_seen(id).await?;
        let statement = "UPDATE jobs SET state = 'cancelled', due_at = $3, taken_at = 0
             WHERE id = $1 AND kind = $2 AND state IN ('open', 'failed')";
        let mut writing = self.inner.index.write().await?;
        let changed =
            sqlx::query(statement).bind(id).bind(kind).bind(now_ms()).execute(&mut *writing).await?;
        said(&mut writing, changed.rows_affected(), who, ("cancel", kind), id).await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(())
    }

    /// Takes sendings and fetchings that are done, or were cancelled, out of the list; others of these numbers stay in it. What was sent is still known.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn clear_transfers(&self, ids: &[i64], who: &str) -> Result<(), StoreError> {
        let mut seen = Vec::with_capacity(ids.len());
        for &id in ids {
            match self.kind_seen(id).await {
                Ok(kind) => seen.push((id, kind)),
                Err(StoreError::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let statement = "UPDATE jobs SET state = 'cleared'
             WHERE id = $1 AND kind = $2 AND state IN ('done', 'cancelled')";
        let mut writing = self.inner.index.write().await?;
        let mut cleared = Vec::with_capacity(seen.len());
        for (id, kind) in seen {
            let changed = sqlx::query(statement).bind(id).bind(kind).execute(&mut *writing).await?;
            if changed.rows_affected() > 0 {
                cleared.push(id.to_string());
            }
        }
        if !cleared.is_empty() {
            let what = format!("jobs {}", cleared.join(", "));
            audit::put(&mut writing, who, "clear-sendings", &what).await?;
        }
        Ok(writing.commit().await?)
    }

    /// The kind of a job of these. One of a study that is not seen is not there.
    async fn kind_seen(&self, id: i64) -> Result<&'static str, StoreError> {
        let row = sqlx::query("SELECT site, kind FROM jobs WHERE id = $1")
            .bind(id)
            .fetch_optional(self.inner.index.pool())
            .await?;
        let row = row.ok_or(StoreError::Missing(SUCH))?;
        let (site, kind): (String, String) = (row.try_get("site")?, row.try_get("kind")?);
        let kind = [SENDING, FETCHING].into_iter().find(|known| *known == kind);
        kind.filter(|_| self.sight.reaches(&site)).ok_or(StoreError::Missing(SUCH))
    }
}

/// The site of a study that is here.
async fn site_of(connection: &mut AnyConnection, study_uid: &str) -> Result<Option<String>, StoreError> {
    let site = sqlx::query_scalar("SELECT site FROM studies WHERE uid = $1").bind(study_uid);
    Ok(site.fetch_optional(connection).await?)
}

/// Puts a job into the queue, unless the same one waits there; gives its number. One that is being worked on is worked on once more when it is done: what
/// came after its beginning is not forgotten.
async fn put_once(
    connection: &mut AnyConnection,
    kind: &'static str,
    payload: &str,
    [site, node]: [&str; 2],
    [who, what]: [&str; 2],
) -> Result<i64, StoreError> {
    let waits: Option<i64> =
        sqlx::query_scalar("SELECT id FROM jobs WHERE kind = $1 AND payload = $2 AND state = 'open'")
            .bind(kind)
            .bind(payload)
            .fetch_optional(&mut *connection)
            .await?;
    if let Some(id) = waits {
        // Who asks for it does not want to wait for its next try; what a worker has stays its own.
        sqlx::query(
            "UPDATE jobs SET at = $2, due_at = CASE WHEN taken_at <> 0 AND due_at > $2 THEN due_at ELSE $2 END WHERE id = $1",
        )
        .bind(id)
        .bind(now_ms())
        .execute(&mut *connection)
        .await?;
    }
    let id = match waits {
        Some(id) => id,
        None => jobs::put(connection, kind, payload, site, node).await?,
    };
    audit::put(connection, who, kind, &format!("job {id}: {what}")).await?;
    Ok(id)
}

/// What is missing where one cannot be changed as asked.
const SUCH: &str = "sending or fetching that could be changed so";

/// Writes the audit's line of a job that was changed.
async fn said(
    connection: &mut AnyConnection,
    changed: u64,
    who: &str,
    (act, kind): (&str, &str),
    id: i64,
) -> Result<(), StoreError> {
    if changed == 0 {
        return Err(StoreError::Missing(SUCH));
    }
    let of = if kind == FETCHING { "fetching" } else { "sending" };
    audit::put(connection, who, &format!("{act}-{of}"), &format!("job {id}")).await
}
