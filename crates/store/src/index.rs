//! The index: a pool of connections to SQLite or PostgreSQL, and transactions that write.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyPool, AssertSqlSafe, Transaction};

use crate::anchor::Anchor;
use crate::error::{StoreError, disk};
use crate::objects::blocking;
use crate::rows;
use crate::schema::{self, Dialect};

/// How long a statement waits for a lock of another process.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Queries that run at the same time; more of them wait.
const CONNECTIONS: u32 = 6;
/// The numbers of those locks among those of PostgreSQL.
const WHO_IS_WHO: i64 = 7_267_398;
const NUMBERS_OF_ORDERS: i64 = 7_267_399;
/// How long a connection to a server is used.
const CONNECTION_LIFE: Duration = Duration::from_secs(1800);
/// What would end a path in an address.
const IN_A_PATH: &AsciiSet = &CONTROLS.add(b'?').add(b'#').add(b'%').add(b' ');

/// Connections to the database.
#[derive(Clone)]
pub(crate) struct Index {
    pool: AnyPool,
    dialect: Dialect,
    /// SQLite's files: the index, and what was committed lately.
    files: Arc<[Anchor]>,
}

/// A transaction that writes.
pub(crate) type Writing = Transaction<'static, Any>;

impl Index {
    /// The index in a file, which is made where it is missing.
    pub async fn sqlite(file: &Path) -> Result<Self, StoreError> {
        let path = file.to_str().ok_or(StoreError::Refused("the path of the data folder is no Unicode"))?;
        let address = format!("sqlite:{}?mode=rwc", utf8_percent_encode(path, IN_A_PATH));
        let mut index = Self::open(&address, Dialect::Sqlite).await?;
        // The log is there once something was written, and stays as long as anybody has the index open.
        let mut log = OsString::from(file);
        log.push("-wal");
        index.files = [file, Path::new(&log)].map(Anchor::of).into();
        Ok(index)
    }

    /// The index in PostgreSQL, at `postgres://…`.
    pub async fn postgres(address: &str) -> Result<Self, StoreError> {
        Self::open(address, Dialect::Postgres).await
    }

    /// The same to read it alone: nothing is made, migrated or written.
    pub async fn sqlite_to_read(file: &Path) -> Result<Self, StoreError> {
        let path = file.to_str().ok_or(StoreError::Refused("the path of the data folder is no Unicode"))?;
        let address = format!("sqlite:{}?mode=ro", utf8_percent_encode(path, IN_A_PATH));
        Self::open_to_read(&address, Dialect::Sqlite).await
    }

    /// See [`Self::sqlite_to_read`].
    pub async fn postgres_to_read(address: &str) -> Result<Self, StoreError> {
        Self::open_to_read(address, Dialect::Postgres).await
    }

    async fn open_to_read(address: &str, dialect: Dialect) -> Result<Self, StoreError> {
        let index = Self::connect(address, dialect, settings_to_read(dialect)).await?;
        let (found, known) = (schema::version(index.pool()).await?, schema::VERSION);
        match found.cmp(&known) {
            Ordering::Less => Err(StoreError::Earlier { found, known }),
            Ordering::Equal => Ok(index),
            Ordering::Greater => Err(StoreError::Later { found, known }),
        }
    }

    /// Whether there is nothing of any object in it.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        for statement in ["SELECT id FROM instances LIMIT 1", "SELECT id FROM aside LIMIT 1"] {
            if sqlx::query_scalar::<_, i64>(statement).fetch_optional(&self.pool).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a row names the object of a digest.
    pub async fn names(&self, digest: &str) -> Result<bool, StoreError> {
        let named: Option<String> = sqlx::query_scalar(
            "SELECT digest FROM instances WHERE digest = $1 UNION ALL SELECT digest FROM aside WHERE digest = $1",
        )
        .bind(digest)
        .fetch_optional(&self.pool)
        .await?;
        Ok(named.is_some())
    }

    /// Those of some digests whose objects a row names.
    pub async fn named_of(&self, digests: &[&str]) -> Result<HashSet<String>, StoreError> {
        let mut named = HashSet::new();
        for some in digests.chunks(rows::BOUND) {
            let places = rows::places(1..=some.len());
            let text = format!(
                "SELECT digest FROM instances WHERE digest IN ({places}) UNION SELECT digest FROM aside WHERE digest IN ({places})"
            );
            // Its text is made of the words of this crate alone.
            let mut statement = sqlx::query_scalar(AssertSqlSafe(text));
            for digest in some {
                statement = statement.bind(*digest);
            }
            named.extend(statement.fetch_all(&self.pool).await?);
        }
        Ok(named)
    }

    async fn connect(
        address: &str,
        dialect: Dialect,
        settings: &'static [&'static str],
    ) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let options = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(match dialect {
                // All of them from the start and for ever: none can be opened on a disk that has become read-only, where what is kept is
                // still to be handed out.
                Dialect::Sqlite => CONNECTIONS,
                Dialect::Postgres => 0,
            })
            .max_lifetime((dialect == Dialect::Postgres).then_some(CONNECTION_LIFE))
            .acquire_timeout(2 * LOCK_WAIT)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    for setting in settings {
                        sqlx::query(*setting).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            });
        Ok(Self { pool: options.connect(address).await?, dialect, files: Arc::default() })
    }

    async fn open(address: &str, dialect: Dialect) -> Result<Self, StoreError> {
        let index = Self::connect(address, dialect, settings(dialect)).await?;
        let mut writing = index.write().await?;
        let found = schema::migrate(&mut writing, dialect).await?;
        writing.commit().await?;
        if found > schema::VERSION {
            return Err(StoreError::Later { found, known: schema::VERSION });
        }
        Ok(index)
    }

    /// For reading.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether what is written is in the files that the next start finds.
    ///
    /// # Errors
    /// [`StoreError::GoneIndex`] where they were deleted or replaced.
    pub async fn is_there(&self) -> Result<(), StoreError> {
        if self.files.is_empty() {
            return Ok(());
        }
        let files = Arc::clone(&self.files);
        let hold = move || files.iter().try_fold(true, |all, file| Ok(all && file.holds()?));
        let hold: std::io::Result<bool> = blocking(hold).await?;
        if hold.map_err(disk("look at the file of the index"))? { Ok(()) } else { Err(StoreError::GoneIndex) }
    }

    /// Begins a transaction that reads what is there now, whatever is written meanwhile.
    pub async fn read_as_of_now(&self) -> Result<Writing, StoreError> {
        let begin = match self.dialect {
            Dialect::Sqlite => "BEGIN",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(self.pool.begin_with(begin).await?)
    }

    /// Begins a transaction that writes, unless it would be lost. SQLite has one at a time: it takes its turn here and not half-way.
    pub async fn write(&self) -> Result<Writing, StoreError> {
        let begin = match self.dialect {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        };
        self.is_there().await?;
        Ok(self.pool.begin_with(begin).await?)
    }

    /// The same for rows of patients and their studies, as many as like at a time, but none beside [`Self::write_who_is_who`].
    pub async fn write_rows(&self) -> Result<Writing, StoreError> {
        self.write_locked("SELECT pg_advisory_xact_lock_shared($1)", WHO_IS_WHO).await
    }

    /// The same for who is who, alone: a study that came beside a merge would be its former patient's, whom nobody finds any more.
    pub async fn write_who_is_who(&self) -> Result<Writing, StoreError> {
        self.write_locked("SELECT pg_advisory_xact_lock($1)", WHO_IS_WHO).await
    }

    /// The same for what two orders may not share, one at a time: neither of two would see that the other takes it.
    pub async fn write_orders(&self) -> Result<Writing, StoreError> {
        self.write_locked("SELECT pg_advisory_xact_lock($1)", NUMBERS_OF_ORDERS).await
    }

    /// SQLite has one transaction that writes at a time anyway.
    async fn write_locked(&self, lock: &'static str, number: i64) -> Result<Writing, StoreError> {
        let mut writing = self.write().await?;
        if self.dialect == Dialect::Postgres {
            sqlx::query(lock).bind(number).execute(&mut *writing).await?;
        }
        Ok(writing)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn settings(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        // What is committed is on the disk when the commit returns (FULL); readers do not wait for it (WAL). LIKE tells capitals from small
        // letters as PostgreSQL's does. 5000 ms is LOCK_WAIT.
        Dialect::Sqlite => &[
            "PRAGMA busy_timeout = 5000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA case_sensitive_like = ON",
            "PRAGMA cache_size = -8192",
            "PRAGMA temp_store = MEMORY",
        ],
        Dialect::Postgres => &["SET synchronous_commit = on", "SET lock_timeout = 5000"],
    }
}

/// The same where nothing is written.
fn settings_to_read(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Sqlite => &[
            "PRAGMA busy_timeout = 5000",
            "PRAGMA query_only = ON",
            "PRAGMA cache_size = -8192",
            "PRAGMA temp_store = MEMORY",
        ],
        Dialect::Postgres => &["SET default_transaction_read_only = on", "SET lock_timeout = 5000"],
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
