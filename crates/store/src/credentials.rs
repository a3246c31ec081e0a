//! What an account is known again by: sessions and tokens, kept as the SHA-256 of their secrets, which are random.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::accounts::{Account, COLUMNS, account_of, named};
use crate::error::StoreError;
use crate::index::now_ms;
use crate::{Store, audit};

/// How exactly the last use of a session or token is known.
const SEEN_EVERY_MS: i64 = 60_000;

/// The SHA-256 of a secret: what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl Digest {
    /// The digest of a secret, which must be random and at least 128 bits long: it is not stretched.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A token of an account, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub label: String,
    /// When it was made, in milliseconds since 1970 UTC.
    pub made_at_ms: i64,
    /// When it was used last, to the minute; 0 where it was not.
    pub used_at_ms: i64,
    /// When it ends; 0 where it does not.
    pub ends_at_ms: i64,
}

impl Store {
    /// Begins a session, which ends after `longest`, or before where it is not used for `idle` (see [`Self::account_of_session`]). `from` is
    /// said in the audit.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn begin_session(
        &self,
        account: &Account,
        digest: &Digest,
        longest: Duration,
        from: &str,
    ) -> Result<(), StoreError> {
        let now = now_ms();
        let mut writing = self.inner.index.write().await?;
        sqlx::query("DELETE FROM sessions WHERE ends_at <= $1").bind(now).execute(&mut *writing).await?;
        sqlx::query(
            "INSERT INTO sessions (digest, account, began_at, seen_at, ends_at) VALUES ($1, $2, $3, $3, $4)",
        )
        .bind(digest.0.as_str())
        .bind(account.id)
        .bind(now)
        .bind(now + ms(longest))
        .execute(&mut *writing)
        .await?;
        audit::put(&mut writing, &account.name, "sign-in", from).await?;
        Ok(writing.commit().await?)
    }

    /// Whose a session is; one that has ended, was not used for `idle`, or whose account is disabled is nobody's.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn account_of_session(
        &self,
        digest: &Digest,
        idle: Duration,
    ) -> Result<Option<Account>, StoreError> {
        let now = now_ms();
        let Some((account, id, seen_at)) = self.session(digest, idle, now).await? else { return Ok(None) };
        if now - seen_at >= SEEN_EVERY_MS {
            self.seen("UPDATE sessions SET seen_at = $2 WHERE id = $1", id, now).await?;
        }
        Ok(Some(account))
    }

    /// The same of a session that nobody uses by that: it does not last the longer for it.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn account_of_unused_session(
        &self,
        digest: &Digest,
        idle: Duration,
    ) -> Result<Option<Account>, StoreError> {
        Ok(self.session(digest, idle, now_ms()).await?.map(|(account, ..)| account))
    }

    /// A session's account, its number, and when it was used last.
    async fn session(
        &self,
        digest: &Digest,
        idle: Duration,
        now: i64,
    ) -> Result<Option<(Account, i64, i64)>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS}, t.id AS session, t.seen_at FROM sessions t JOIN accounts a ON a.id = t.account
             WHERE t.digest = $1 AND t.ends_at > $2 AND t.seen_at > $3 AND a.disabled_at = 0"
        );
        let row = sqlx::query(AssertSqlSafe(text))
            .bind(digest.0.as_str())
            .bind(now)
            .bind(now - ms(idle))
            .fetch_optional(self.inner.index.pool())
            .await?;
        row.map(|row| Ok((account_of(&row)?, row.try_get("session")?, row.try_get("seen_at")?))).transpose()
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn end_session(&self, digest: &Digest) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let name: Option<String> = sqlx::query_scalar(
            "SELECT a.name FROM sessions t JOIN accounts a ON a.id = t.account WHERE t.digest = $1",
        )
        .bind(digest.0.as_str())
        .fetch_optional(&mut *writing)
        .await?;
        if let Some(name) = name {
            sqlx::query("DELETE FROM sessions WHERE digest = $1")
                .bind(digest.0.as_str())
                .execute(&mut *writing)
                .await?;
            audit::put(&mut writing, &name, "sign-out", "").await?;
        }
        Ok(writing.commit().await?)
    }

    /// Gives an account a token, for `lasting` or until it is revoked.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such account; [`StoreError::Unfit`] where the label is none.
    pub async fn add_token(
        &self,
        account: &str,
        label: &str,
        digest: &Digest,
        lasting: Option<Duration>,
        who: &str,
    ) -> Result<i64, StoreError> {
        let label = label.trim();
        if !(1..=64).contains(&label.chars().count()) || label.chars().any(char::is_control) {
            return Err(StoreError::Unfit("what a token is for is said in 1 to 64 letters".to_owned()));
        }
        let now = now_ms();
        let mut writing = self.inner.index.write().await?;
        let account = named(&mut writing, account).await?;
        let id = sqlx::query_scalar(
            "INSERT INTO api_tokens (digest, account, label, made_at, ends_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(digest.0.as_str())
        .bind(account.id)
        .bind(label)
        .bind(now)
        .bind(lasting.map_or(0, |lasting| now + ms(lasting)))
        .fetch_one(&mut *writing)
        .await?;
        audit::put(&mut writing, who, "add-token", &format!("{}: token {id}", account.name)).await?;
        writing.commit().await?;
        Ok(id)
    }

    /// Tokens of an account that are not revoked.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn tokens(&self, account: &Account) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, label, made_at, used_at, ends_at FROM api_tokens WHERE account = $1 AND revoked_at = 0 ORDER BY id",
        )
        .bind(account.id)
        .fetch_all(self.inner.index.pool())
        .await?;
        let token = |row: &sqlx::any::AnyRow| {
            Ok(Token {
                id: row.try_get("id")?,
                label: row.try_get("label")?,
                made_at_ms: row.try_get("made_at")?,
                used_at_ms: row.try_get("used_at")?,
                ends_at_ms: row.try_get("ends_at")?,
            })
        };
        rows.iter().map(token).collect()
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such token, or it was taken back before.
    pub async fn revoke_token(&self, account: &str, id: i64, who: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let account = named(&mut writing, account).await?;
        let done = sqlx::query(
            "UPDATE api_tokens SET revoked_at = $3 WHERE id = $1 AND account = $2 AND revoked_at = 0",
        )
        .bind(id)
        .bind(account.id)
        .bind(now_ms())
        .execute(&mut *writing)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing("token"));
        }
        audit::put(&mut writing, who, "revoke-token", &format!("{}: token {id}", account.name)).await?;
        Ok(writing.commit().await?)
    }

    /// Whose a token is; one that has ended, was taken back, or whose account is disabled is nobody's.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn account_of_token(&self, digest: &Digest) -> Result<Option<Account>, StoreError> {
        let now = now_ms();
        let text = format!(
            "SELECT {COLUMNS}, t.id AS token, t.used_at FROM api_tokens t JOIN accounts a ON a.id = t.account
             WHERE t.digest = $1 AND t.revoked_at = 0 AND (t.ends_at = 0 OR t.ends_at > $2) AND a.disabled_at = 0"
        );
        let row = sqlx::query(AssertSqlSafe(text))
            .bind(digest.0.as_str())
            .bind(now)
            .fetch_optional(self.inner.index.pool())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (id, used_at): (i64, i64) = (row.try_get("token")?, row.try_get("used_at")?);
        if now - used_at >= SEEN_EVERY_MS {
            self.seen("UPDATE api_tokens SET used_at = $2 WHERE id = $1", id, now).await?;
        }
        account_of(&row).map(Some)
    }

    async fn seen(&self, statement: &'static str, id: i64, now: i64) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let connection: &mut AnyConnection = &mut writing;
        sqlx::query(statement).bind(id).bind(now).execute(connection).await?;
        Ok(writing.commit().await?)
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}
