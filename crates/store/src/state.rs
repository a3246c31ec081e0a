//! Whether the store can do its work now, for whoever watches it.

use std::sync::Arc;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

use crate::error::StoreError;
use crate::jobs::WAITS_AGAIN;
use crate::objects::{Object, blocking};
use crate::{Store, receive};

/// How many jobs of a kind are not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenJobs {
    /// The kind.
    pub kind: String,
    /// All of them.
    pub all: u64,
    /// Of these, those that failed and wait to be tried again.
    pub again: u64,
}

impl Store {
    /// How many bytes are free on the disk of the data folder.
    ///
    /// # Errors
    /// [`StoreError::Disk`].
    pub async fn free_bytes(&self) -> Result<u64, StoreError> {
        let incoming = Arc::clone(&self.inner.incoming);
        blocking(move || incoming.free()).await?
    }

    /// How many jobs of each kind are open, and how many of these have failed and wait to be tried again.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn open_jobs(&self) -> Result<Vec<OpenJobs>, StoreError> {
        let text = format!(
            "SELECT kind, COUNT(*) AS count, CAST(SUM({WAITS_AGAIN}) AS BIGINT) AS again FROM jobs WHERE state = 'open' GROUP BY kind"
        );
        // Its text is made of the words of this crate alone.
        let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(self.inner.index.pool()).await?;
        let open = |row: &AnyRow| {
            Ok(OpenJobs {
                kind: row.try_get("kind")?,
                all: row.try_get::<i64, _>("count")?.unsigned_abs(),
                again: row.try_get::<i64, _>("again")?.unsigned_abs(),
            })
        };
        rows.iter().map(open).collect()
    }

    /// Tries whether the index answers and can be written: takes the place of a writer and gives it back.
    ///
    /// # Errors
    /// [`StoreError`] of the index; [`StoreError::Locked`] after five seconds, [`StoreError::GoneIndex`] where its file was deleted or replaced.
    pub async fn try_index(&self) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        // A file that is read-only shows with the first statement that writes.
        sqlx::query("UPDATE schema_version SET version = version").execute(&mut *writing).await?;
        writing.rollback().await?;
        Ok(())
    }

    /// Tries whether the data folder can be written and has as much room as must stay free.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Disk`].
    pub async fn try_disk(&self) -> Result<(), StoreError> {
        let incoming = Arc::clone(&self.inner.incoming);
        // Its file is taken away as it goes.
        blocking(move || incoming.spool().map(drop)).await?
    }

    /// Tries whether objects can be reached: asks for one that nobody has.
    ///
    /// # Errors
    /// [`StoreError::Disk`], [`StoreError::Remote`]; [`StoreError::GoneObjects`] where another folder is in the place of theirs.
    pub async fn try_objects(&self) -> Result<(), StoreError> {
        receive::folder_is_there(self.inner.objects_anchor.as_ref()).await?;
        let none = Object { digest: "0".repeat(64), size: 0, blocks: String::new() };
        self.inner.objects.is_there(&none).await.map(drop)
    }
}
