//! Sending to other nodes: a person says what goes where, and it waits in the queue until a worker has sent it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::index::now_ms;
use crate::jobs::{JobState, Listed};
use crate::retrieve::Which;
use crate::{Store, audit, jobs};

/// The kind of these jobs in the queue.
pub const SENDING: &str = "send";

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
    pub taken: Vec<String>,
    /// How many instances there are in all.
    pub of: usize,
    /// The transaction by which the other node was asked to keep them; empty where it was not.
    pub transaction_uid: String,
}

/// Why a sending failed.
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
    /// The association ended before everything was sent.
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
}

impl SendFault {
    /// Whether the same may go well later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable | Self::BrokenOff | Self::Unreadable => true,
            Self::Rejected { for_now } => *for_now,
            // Out of resources (PS3.4 §B.2.3): the object may be sent again later.
            Self::Refused { status, .. } => status.starts_with("A7"),
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
            Self::BrokenOff => f.write_str("the association ended before everything was sent"),
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

/// A sending as the queue shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedSending {
    /// The number of its job.
    pub id: i64,
    /// What goes where.
    pub sending: Sending,
    /// How it stands.
    pub state: JobState,
    /// How far it has come.
    pub sent: Sent,
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

impl Store {
    /// Has a study or a series sent to another node; gives the number of the job. What waits or is being sent already is no other job.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where nothing of it is here, and those of the index.
    pub async fn send(&self, sending: &Sending, who: &str) -> Result<i64, StoreError> {
        if self.instances(sending.which()).await?.is_empty() {
            return Err(StoreError::Missing(if sending.series_uid.is_some() { "series" } else { "study" }));
        }
        let payload = text(sending);
        let mut writing = self.inner.index.write().await?;
        let waits: Option<i64> =
            sqlx::query_scalar("SELECT id FROM jobs WHERE kind = $1 AND payload = $2 AND state = 'open'")
                .bind(SENDING)
                .bind(payload.as_str())
                .fetch_optional(&mut *writing)
                .await?;
        if let Some(id) = waits {
            return Ok(id);
        }
        // A study's site never changes.
        let site: Option<String> = sqlx::query_scalar("SELECT site FROM studies WHERE uid = $1")
            .bind(sending.study_uid.as_str())
            .fetch_optional(&mut *writing)
            .await?;
        let id = jobs::put(&mut writing, SENDING, &payload, &site.unwrap_or_default()).await?;
        audit::put(
            &mut writing,
            who,
            "send",
            &format!("job {id}: study {} to {}", sending.study_uid, sending.to),
        )
        .await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(id)
    }

    /// The sendings of studies that are seen, those that are not done first, then the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn sendings(&self, limit: u32) -> Result<Vec<QueuedSending>, StoreError> {
        let mut sendings = Vec::new();
        for listed in self.jobs(SENDING, limit).await? {
            let Listed { id, payload, progress, state, tries, fault, at_ms, due_ms } = listed;
            // Nobody else writes such jobs.
            let Ok(sending) = serde_json::from_str::<Sending>(&payload) else { continue };
            let sent: Sent = serde_json::from_str(&progress).unwrap_or_default();
            let promise = match sent.transaction_uid.as_str() {
                "" => None,
                uid => self.commitment(uid).await?.map(|asked| match asked.not_kept {
                    None => Promise::Asked,
                    Some(not_kept) if not_kept.is_empty() => Promise::Kept,
                    Some(_) => Promise::NotKept,
                }),
            };
            let fault = serde_json::from_str(&fault).ok();
            sendings.push(QueuedSending { id, sending, state, sent, promise, fault, tries, at_ms, due_ms });
        }
        Ok(sendings)
    }

    /// Has a sending that failed, was cancelled or waits for its next time tried now, with as much patience as at first.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none of that number that could be, and those of the index.
    pub async fn retry_sending(&self, id: i64, who: &str) -> Result<(), StoreError> {
        self.expect_seen(id).await?;
        let statement = "UPDATE jobs SET state = 'open', due_at = $3, tries = 0, fault = ''
             WHERE id = $1 AND kind = $2 AND (state IN ('failed', 'cancelled') OR (state = 'open' AND taken_at = 0))";
        let mut writing = self.inner.index.write().await?;
        let changed =
            sqlx::query(statement).bind(id).bind(SENDING).bind(now_ms()).execute(&mut *writing).await?;
        said(&mut writing, changed.rows_affected(), who, "retry-sending", id).await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(())
    }

    /// Nobody wants a sending any more that is not done. One that is under way stops soon; what was taken by then stays where it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none of that number that could be, and those of the index.
    pub async fn cancel_sending(&self, id: i64, who: &str) -> Result<(), StoreError> {
        self.expect_seen(id).await?;
        let statement = "UPDATE jobs SET state = 'cancelled', due_at = $3, taken_at = 0
             WHERE id = $1 AND kind = $2 AND state IN ('open', 'failed')";
        let mut writing = self.inner.index.write().await?;
        let changed =
            sqlx::query(statement).bind(id).bind(SENDING).bind(now_ms()).execute(&mut *writing).await?;
        said(&mut writing, changed.rows_affected(), who, "cancel-sending", id).await?;
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(())
    }

    /// Takes sendings that are done, or were cancelled, out of the list; others of these numbers stay in it. What was sent is still known.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn clear_sendings(&self, ids: &[i64], who: &str) -> Result<(), StoreError> {
        let mut seen = Vec::with_capacity(ids.len());
        for &id in ids {
            match self.expect_seen(id).await {
                Ok(()) => seen.push(id),
                Err(StoreError::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let statement = "UPDATE jobs SET state = 'cleared'
             WHERE id = $1 AND kind = $2 AND state IN ('done', 'cancelled')";
        let mut writing = self.inner.index.write().await?;
        let mut cleared = Vec::with_capacity(seen.len());
        for id in seen {
            let changed = sqlx::query(statement).bind(id).bind(SENDING).execute(&mut *writing).await?;
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

    /// A sending of a study that is not seen is not there.
    async fn expect_seen(&self, id: i64) -> Result<(), StoreError> {
        let site: Option<String> = sqlx::query_scalar("SELECT site FROM jobs WHERE id = $1 AND kind = $2")
            .bind(id)
            .bind(SENDING)
            .fetch_optional(self.inner.index.pool())
            .await?;
        let seen = site.is_some_and(|site| self.sight.reaches(&site));
        if seen { Ok(()) } else { Err(StoreError::Missing(SUCH)) }
    }
}

/// What is missing where a sending cannot be changed as asked.
const SUCH: &str = "sending that could be changed so";

/// Writes the audit's line of a job that was changed.
async fn said(
    connection: &mut AnyConnection,
    changed: u64,
    who: &str,
    act: &str,
    id: i64,
) -> Result<(), StoreError> {
    if changed == 0 {
        return Err(StoreError::Missing(SUCH));
    }
    audit::put(connection, who, act, &format!("job {id}")).await
}

/// As it lies in the queue.
fn text(sending: &Sending) -> String {
    serde_json::json!(sending).to_string()
}
