//! Accounts: who may ask, in which roles, of which sites. Every change of one is in the audit.

use std::fmt;
use std::str::FromStr;

use sqlx::any::{AnyQueryResult, AnyRow};
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use unicode_normalization::UnicodeNormalization as _;

use crate::error::StoreError;
use crate::index::now_ms;
use crate::sites::{Sight, must_be_sites};
use crate::{Store, audit};

/// What somebody is in the house. What a role may do is for the server that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Scans, and signs as the examiner.
    Sonographer,
    /// Reads, and signs.
    Radiologist,
    /// Keeps orders and patients in order.
    Coordinator,
    /// Works on what is de-identified.
    Researcher,
    /// Teaches from what is de-identified.
    Teacher,
    /// Keeps accounts and sites, and sees every site.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Sonographer,
        Self::Radiologist,
        Self::Coordinator,
        Self::Researcher,
        Self::Teacher,
        Self::Administrator,
    ];

    /// Its word, as it is kept and said.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sonographer => "sonographer",
            Self::Radiologist => "radiologist",
            Self::Coordinator => "coordinator",
            Self::Researcher => "researcher",
            Self::Teacher => "teacher",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|role| role.word() == word);
        let all = Self::ALL.map(Self::word).join(", ");
        found.ok_or_else(|| StoreError::Unfit(format!("{word:?} is none of the roles {all}")))
    }
}

/// An account as it is kept, without what it is proved by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: i64,
    /// What its owner signs in with.
    pub name: String,
    /// The name that reports are signed with.
    pub display: String,
    /// What they are; nothing where a provider took it away.
    pub roles: Vec<Role>,
    /// The sites that they belong to; what they begin is of the first.
    pub sites: Vec<String>,
    /// They can sign in with a password here.
    pub has_password: bool,
    /// When it was disabled, in milliseconds since 1970 UTC; 0 where it is not.
    pub disabled_at_ms: i64,
    /// The issuer of OpenID Connect that says who they are; empty for an account of this house alone.
    pub issuer: String,
    /// How many sites there are: with one at most, what is of none is everybody's.
    site_count: i64,
}

impl Account {
    /// What they see, and whose is what they begin.
    #[must_use]
    pub fn sight(&self) -> Sight {
        let home = self.sites.first().map_or("", String::as_str);
        if self.roles.contains(&Role::Administrator) {
            return Sight::everything(home);
        }
        let of_none = (self.site_count <= 1).then_some("");
        Sight::of(self.sites.iter().map(String::as_str).chain(of_none), home)
    }
}

/// An account that shall be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewAccount {
    /// What its owner signs in with; see [`account_name`] for how it is kept.
    pub name: String,
    /// The name that reports are signed with; empty: the same.
    pub display: String,
    /// What they are, at least one.
    pub roles: Vec<Role>,
    /// The sites that they belong to.
    pub sites: Vec<String>,
    /// The hash of their password, as text that says how it was made; empty: they sign in elsewhere.
    pub password: String,
    /// Who a provider of OpenID Connect says it is: its issuer and the subject there; both empty for an account of this house alone.
    pub identity: [String; 2],
}

/// The columns that [`account_of`] reads, of the table `a`.
pub(crate) const COLUMNS: &str = "a.id, a.name, a.display, a.roles, a.sites, a.password, a.disabled_at, a.issuer, (SELECT COUNT(*) FROM sites) AS site_count";

pub(crate) fn account_of(row: &AnyRow) -> Result<Account, StoreError> {
    let words = |column: &str| -> Result<Vec<String>, StoreError> {
        Ok(row
            .try_get::<&str, _>(column)?
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect())
    };
    Ok(Account {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        display: row.try_get("display")?,
        roles: words("roles")?.iter().map(|word| word.parse()).collect::<Result<_, _>>()?,
        sites: words("sites")?,
        has_password: !row.try_get::<&str, _>("password")?.is_empty(),
        disabled_at_ms: row.try_get("disabled_at")?,
        issuer: row.try_get("issuer")?,
        site_count: row.try_get("site_count")?,
    })
}

/// A name of an account as it is kept: compatible forms of letters are one (NFKC), and capitals are small.
#[must_use]
pub fn account_name(name: &str) -> String {
    name.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// Names of accounts and of sites are a word: letters of any script, digits, and `. _ - @`, 64 characters at most.
pub(crate) fn fits_name(what: &str, name: &str) -> Result<(), StoreError> {
    let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-' | '@');
    if (1..=64).contains(&name.chars().count()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(StoreError::Unfit(format!("{what} is 1 to 64 letters, digits or . _ - @, without spaces")))
}

/// An INSERT that did nothing found its name taken.
pub(crate) fn taken(made: &AnyQueryResult, why: &'static str) -> Result<(), StoreError> {
    if made.rows_affected() == 0 { Err(StoreError::Refused(why)) } else { Ok(()) }
}

fn fits_display(display: &str) -> Result<(), StoreError> {
    let fits = (1..=128).contains(&display.chars().count()) && !display.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(StoreError::Unfit("a name to sign with has 1 to 128 letters".to_owned())) }
}

fn fits_roles(roles: &[Role]) -> Result<(), StoreError> {
    if roles.is_empty() {
        Err(StoreError::Unfit("an account has a role at least".to_owned()))
    } else {
        Ok(())
    }
}

fn words_of(roles: &[Role]) -> String {
    roles.iter().map(|role| role.word()).collect::<Vec<_>>().join(" ")
}

impl Store {
    /// Makes an account.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] and [`StoreError::Missing`] for what cannot be, [`StoreError::Refused`] where its name or identity is taken.
    pub async fn add_account(&self, new: &NewAccount, who: &str) -> Result<Account, StoreError> {
        let name = account_name(&new.name);
        fits_name("an account's name", &name)?;
        let display = if new.display.trim().is_empty() { new.name.trim() } else { new.display.trim() };
        fits_display(display)?;
        fits_roles(&new.roles)?;
        let [issuer, subject] = &new.identity;
        let mut writing = self.inner.index.write().await?;
        must_be_sites(&mut writing, &new.sites).await?;
        let made = sqlx::query(
            "INSERT INTO accounts (name, display, roles, sites, password, issuer, subject, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(name.as_str())
        .bind(display)
        .bind(words_of(&new.roles))
        .bind(new.sites.join(" "))
        .bind(new.password.as_str())
        .bind(issuer.as_str())
        .bind(subject.as_str())
        .bind(now_ms())
        .execute(&mut *writing)
        .await?;
        taken(&made, "there is an account of that name")?;
        let what = format!("{name}: {} of [{}]", words_of(&new.roles), new.sites.join(" "));
        audit::put(&mut writing, who, "add-account", &what).await?;
        let account = named(&mut writing, &name).await?;
        writing.commit().await?;
        Ok(account)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM accounts a ORDER BY a.name");
        let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(self.inner.index.pool()).await?;
        rows.iter().map(account_of).collect()
    }

    /// Whether anybody can sign in.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        let found: Option<i64> = sqlx::query_scalar("SELECT id FROM accounts WHERE disabled_at = 0 LIMIT 1")
            .fetch_optional(self.inner.index.pool())
            .await?;
        Ok(found.is_some())
    }

    /// The account of a name and the hash of its password, empty where it has none; one that is disabled is none.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn account_to_sign_in(&self, name: &str) -> Result<Option<(Account, String)>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM accounts a WHERE a.name = $1 AND a.disabled_at = 0");
        let row = sqlx::query(AssertSqlSafe(text))
            .bind(account_name(name))
            .fetch_optional(self.inner.index.pool())
            .await?;
        row.map(|row| Ok((account_of(&row)?, row.try_get("password")?))).transpose()
    }

    /// The account that a provider of OpenID Connect means by a subject, disabled or not.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn account_of_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Account>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM accounts a WHERE a.issuer = $1 AND a.subject = $2 AND a.subject <> ''"
        );
        let row = sqlx::query(AssertSqlSafe(text))
            .bind(issuer)
            .bind(subject)
            .fetch_optional(self.inner.index.pool())
            .await?;
        row.map(|row| account_of(&row)).transpose()
    }

    /// Gives an account the hash of another password. Its sessions end; its tokens do not.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such account.
    pub async fn set_password(&self, name: &str, password: &str, who: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let account = named(&mut writing, name).await?;
        sqlx::query("UPDATE accounts SET password = $2 WHERE id = $1")
            .bind(account.id)
            .bind(password)
            .execute(&mut *writing)
            .await?;
        end_sessions(&mut writing, account.id).await?;
        audit::put(&mut writing, who, "set-password", &account.name).await?;
        Ok(writing.commit().await?)
    }

    /// Says anew what an account is called, what its owner is, and of which sites.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such account or site; [`StoreError::Refused`] where nobody would be left who keeps accounts.
    pub async fn change_account(
        &self,
        name: &str,
        display: &str,
        roles: &[Role],
        sites: &[String],
        who: &str,
    ) -> Result<Account, StoreError> {
        fits_display(display.trim())?;
        fits_roles(roles)?;
        let mut writing = self.inner.index.write().await?;
        let before = named(&mut writing, name).await?;
        must_be_sites(&mut writing, sites).await?;
        sqlx::query("UPDATE accounts SET display = $2, roles = $3, sites = $4 WHERE id = $1")
            .bind(before.id)
            .bind(display.trim())
            .bind(words_of(roles))
            .bind(sites.join(" "))
            .execute(&mut *writing)
            .await?;
        must_leave_an_administrator(&mut writing, &before).await?;
        let after = named(&mut writing, name).await?;
        if after != before {
            let what = format!("{}: {} of [{}]", after.name, words_of(roles), sites.join(" "));
            audit::put(&mut writing, who, "change-account", &what).await?;
        }
        writing.commit().await?;
        Ok(after)
    }

    /// Takes every role from an account, and all of its sites but these: nothing is allowed to it until it gets another, whatever session or
    /// token is shown. Its sessions end.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such account; [`StoreError::Refused`] where nobody would be left who keeps accounts.
    pub async fn take_roles(&self, name: &str, sites: &[String], who: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let before = named(&mut writing, name).await?;
        sqlx::query("UPDATE accounts SET roles = '', sites = $2 WHERE id = $1")
            .bind(before.id)
            .bind(sites.join(" "))
            .execute(&mut *writing)
            .await?;
        must_leave_an_administrator(&mut writing, &before).await?;
        end_sessions(&mut writing, before.id).await?;
        if !before.roles.is_empty() || before.sites != sites {
            let what = format!("{}: no role of [{}]", before.name, sites.join(" "));
            audit::put(&mut writing, who, "change-account", &what).await?;
        }
        Ok(writing.commit().await?)
    }

    /// Disables an account, or enables it again. Its sessions end, and its tokens are refused as long as it is disabled.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such account; [`StoreError::Refused`] where nobody would be left who keeps accounts.
    pub async fn disable_account(&self, name: &str, disabled: bool, who: &str) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        let before = named(&mut writing, name).await?;
        sqlx::query("UPDATE accounts SET disabled_at = $2 WHERE id = $1")
            .bind(before.id)
            .bind(if disabled { now_ms() } else { 0 })
            .execute(&mut *writing)
            .await?;
        must_leave_an_administrator(&mut writing, &before).await?;
        end_sessions(&mut writing, before.id).await?;
        let act = if disabled { "disable-account" } else { "enable-account" };
        audit::put(&mut writing, who, act, &before.name).await?;
        Ok(writing.commit().await?)
    }
}

/// The account of a name.
pub(crate) async fn named(connection: &mut AnyConnection, name: &str) -> Result<Account, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM accounts a WHERE a.name = $1");
    let row = sqlx::query(AssertSqlSafe(text)).bind(account_name(name)).fetch_optional(connection).await?;
    account_of(&row.ok_or(StoreError::Missing("account"))?)
}

async fn end_sessions(connection: &mut AnyConnection, account: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE account = $1").bind(account).execute(connection).await?;
    Ok(())
}

/// What was an administrator may go where another one is left.
async fn must_leave_an_administrator(
    connection: &mut AnyConnection,
    before: &Account,
) -> Result<(), StoreError> {
    if before.disabled_at_ms != 0 || !before.roles.contains(&Role::Administrator) {
        return Ok(());
    }
    let left: Vec<String> =
        sqlx::query_scalar("SELECT roles FROM accounts WHERE disabled_at = 0").fetch_all(connection).await?;
    let administers = |roles: &String| roles.split(' ').any(|role| role == Role::Administrator.word());
    if left.iter().any(administers) {
        return Ok(());
    }
    Err(StoreError::Refused("it is the last administrator: make another one first"))
}
