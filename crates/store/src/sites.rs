//! Sites: whose a study or an order is, and who sees it.
//!
//! A study is of the site of whoever brought it first: of the account that uploaded it, or of the title that sent it. An order is of the site that
//! it was added for. What is of no site is seen by all as long as there is one site at most, and by those who see everything; with more of them
//! also by a title of an application entity that is of no site itself.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

use crate::accounts::{fits_name, taken};
use crate::error::StoreError;
use crate::index::now_ms;
use crate::orders::is_title;
use crate::{Store, audit};

/// An institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name; never changed, since studies and examinations are known by it.
    pub name: String,
    /// The titles of application entities whose studies are its own.
    pub senders: Vec<String>,
}

/// What one who asks may see, and whose is what they bring. The default sees everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// The sites whose studies are seen, an empty name for those of none; `None`: everything.
    only: Option<Vec<String>>,
    /// The site of studies that are begun; empty: that of the sender's title, if it has one.
    pub(crate) home: String,
}

impl Sight {
    /// These sites, an empty name for what is of none; what is begun is of the site `home`.
    pub fn of<'a>(only: impl IntoIterator<Item = &'a str>, home: &str) -> Self {
        Self { only: Some(only.into_iter().map(str::to_owned).collect()), home: home.to_owned() }
    }

    /// Everything; what is begun is of the site `home`.
    #[must_use]
    pub fn everything(home: &str) -> Self {
        Self { only: None, home: home.to_owned() }
    }

    /// The same for what is begun of another site.
    pub(crate) fn at(&self, home: &str) -> Self {
        Self { only: self.only.clone(), home: home.to_owned() }
    }

    /// The sites that are seen, an empty name for what is of none; `None`: everything.
    #[must_use]
    pub fn sites(&self) -> Option<&[String]> {
        self.only.as_deref()
    }

    /// Whether what is of this site is seen; the name is empty for none.
    #[must_use]
    pub fn reaches(&self, site: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|one| one == site))
    }

    /// The site of what is begun, empty for none.
    #[must_use]
    pub fn home(&self) -> &str {
        &self.home
    }

    /// What a statement says of the site's column, whose values join the statement's; `None` where everything is seen.
    pub(crate) fn condition(&self, column: &str, values: &mut Vec<String>) -> Option<String> {
        let only = self.only.as_ref()?;
        let places: Vec<String> = only
            .iter()
            .map(|site| {
                values.push(site.clone());
                format!("${}", values.len())
            })
            .collect();
        // Whoever is of no site sees nothing; a list without members is no SQL everywhere.
        Some(if places.is_empty() {
            "1 = 0".to_owned()
        } else {
            format!("{column} IN ({})", places.join(", "))
        })
    }
}

impl Store {
    /// The same store, looked at with these eyes: [`Self::query`], [`Self::instances`], [`Self::orders`], [`Self::open_orders`], [`Self::list_orders`], [`Self::transfers`],
    /// [`Self::conflicts`], [`Self::kept_aside`], [`Self::merges`] and [`Self::partings`] find what they reach and nothing else, [`Self::receive`] takes nothing into a study
    /// that they do not, what is performed changes no order that they do not, and patients are merged by who sees both.
    #[must_use]
    pub fn seeing(&self, sight: Sight) -> Self {
        Self { inner: Arc::clone(&self.inner), sight: Arc::new(sight) }
    }

    /// The rows of a statement that is written with the condition, begun with ` AND `, that all these columns hold sites that are reached. It is made
    /// of the words of this crate and of numbers; names of sites are bound.
    pub(crate) async fn rows_seen(
        &self,
        columns: &[&str],
        text: impl FnOnce(&str) -> String,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let mut values = Vec::new();
        let seen = columns.iter().filter_map(|column| self.sight.condition(column, &mut values));
        let seen: String = seen.map(|seen| format!(" AND {seen}")).collect();
        let mut statement = sqlx::query(AssertSqlSafe(text(&seen)));
        for value in values {
            statement = statement.bind(value);
        }
        Ok(statement.fetch_all(self.inner.index.pool()).await?)
    }

    /// Whether a study is reached, or not there.
    pub(crate) async fn may_see(&self, sight: &Sight, study_uid: &str) -> Result<bool, StoreError> {
        if sight.only.is_none() {
            return Ok(true);
        }
        let site: Option<String> = sqlx::query_scalar("SELECT site FROM studies WHERE uid = $1")
            .bind(study_uid)
            .fetch_optional(self.inner.index.pool())
            .await?;
        Ok(site.is_none_or(|site| sight.reaches(&site)))
    }

    /// What a title of an application entity may see: its site's, or what is of none where it is of none itself; everything as long as there is
    /// one site at most.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn sight_of_title(&self, ae_title: &str) -> Result<Sight, StoreError> {
        let row = sqlx::query(
            "SELECT COALESCE((SELECT site FROM site_senders WHERE ae_title = $1), '') AS home, (SELECT COUNT(*) FROM sites) AS sites",
        )
        .bind(ae_title)
        .fetch_one(self.inner.index.pool())
        .await?;
        let home: String = row.try_get("home")?;
        Ok(if row.try_get::<i64, _>("sites")? <= 1 {
            Sight::everything(&home)
        } else {
            Sight::of([home.as_str()], &home)
        })
    }

    /// What a title of an application entity may bring something into, and have promised to be kept: besides what it may see, what is of no site. It
    /// may have begun that itself, before it was said whose it is.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn sight_of_sender(&self, ae_title: &str) -> Result<Sight, StoreError> {
        let mut sight = self.sight_of_title(ae_title).await?;
        if let Some(only) = &mut sight.only
            && !only.iter().any(String::is_empty)
        {
            only.push(String::new());
        }
        Ok(sight)
    }

    /// Adds a site.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] where the name is none, [`StoreError::Refused`] where it is taken.
    pub async fn add_site(&self, name: &str, who: &str) -> Result<(), StoreError> {
        fits_name("a site's name", name)?;
        let mut writing = self.inner.index.write().await?;
        let made =
            sqlx::query("INSERT INTO sites (name, made_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                .bind(name)
                .bind(now_ms())
                .execute(&mut *writing)
                .await?;
        taken(&made, "there is a site of that name")?;
        audit::put(&mut writing, who, "add-site", name).await?;
        Ok(writing.commit().await?)
    }

    /// New studies from this title of an application entity are of the site from now on; it was another site's before, or none's.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such site, [`StoreError::Unfit`] where the title is none.
    pub async fn set_sender(&self, site: &str, ae_title: &str, who: &str) -> Result<(), StoreError> {
        if !is_title(ae_title) {
            return Err(StoreError::Unfit(format!("{ae_title:?} is no title of an application entity")));
        }
        let mut writing = self.inner.index.write().await?;
        must_be_sites(&mut writing, &[site.to_owned()]).await?;
        sqlx::query(
            "INSERT INTO site_senders (ae_title, site) VALUES ($1, $2) ON CONFLICT (ae_title) DO UPDATE SET site = $2",
        )
        .bind(ae_title)
        .bind(site)
        .execute(&mut *writing)
        .await?;
        audit::put(&mut writing, who, "set-sender", &format!("{ae_title}: {site}")).await?;
        Ok(writing.commit().await?)
    }

    /// All sites, by name.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        let pool = self.inner.index.pool();
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sites ORDER BY name").fetch_all(pool).await?;
        let mut sites: Vec<Site> = names.into_iter().map(|name| Site { name, senders: Vec::new() }).collect();
        for row in
            sqlx::query("SELECT ae_title, site FROM site_senders ORDER BY ae_title").fetch_all(pool).await?
        {
            let (title, of): (String, String) = (row.try_get("ae_title")?, row.try_get("site")?);
            if let Some(site) = sites.iter_mut().find(|site| site.name == of) {
                site.senders.push(title);
            }
        }
        Ok(sites)
    }
}

/// Each of these is a site.
pub(crate) async fn must_be_sites(
    connection: &mut sqlx::AnyConnection,
    names: &[String],
) -> Result<(), StoreError> {
    for name in names {
        let known: Option<i64> = sqlx::query_scalar("SELECT id FROM sites WHERE name = $1")
            .bind(name.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        known.ok_or(StoreError::Missing("site"))?;
    }
    Ok(())
}
