//! Objects that came under a UID that was taken: kept, shown, and decided about by a person. What was there stays what is handed out, or gives way to
//! the other one and lies aside itself. Nothing is overwritten, so whatever was decided can be decided again.
//!
//! Each is of the site of its study, and seen by those who see that.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::Stream;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::arrival::{Arrival, Batch, GivingWay, Known};
use crate::error::StoreError;
use crate::index::now_ms;
use crate::objects::{Object, blocking};
use crate::receive::Standing;
use crate::spool::Spool;
use crate::{Kept, Store, audit};

/// Another object under a UID that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Its number.
    pub id: i64,
    /// SOP Instance UID.
    pub instance_uid: String,
    /// Its own Study Instance UID.
    pub study_uid: String,
    /// Its own digest.
    pub digest: String,
    /// Its length in bytes.
    pub size: u64,
    /// The object that has the UID, where that is seen.
    pub kept: Option<KeptThere>,
    /// Who sent it.
    pub origin: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// That a person has decided for the one that has the UID, where one has.
    pub decided: Option<Decided>,
}

/// The object that has a UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptThere {
    /// Study Instance UID.
    pub study_uid: String,
    /// Its digest.
    pub digest: String,
    /// Its length in bytes.
    pub size: u64,
    /// Who sent it.
    pub origin: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Who decided, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Who.
    pub by: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Whose site must be seen.
pub(crate) const OF_ASIDE: &[&str] = &["a.site"];
/// Those that nobody has decided about.
pub(crate) const OPEN: &str = "FROM aside a WHERE a.rejected_at = 0";
/// The others.
pub(crate) const DECIDED: &str = "FROM aside a WHERE a.rejected_at <> 0";
const ASIDE: &str = "object kept aside";
/// Objects under one UID with which another one is compared, the latest first: whoever sends a new one each time shall not make that slow.
const MOST_COMPARED: i64 = 16;

impl Store {
    /// Whether an object of this sender was put aside since another one has its UID, and no person has decided for that one.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn has_aside(&self, instance_uid: &str, origin: &str) -> Result<bool, StoreError> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT a.id FROM aside a WHERE a.instance_uid = $1 AND a.rejected_at = 0 AND (a.origin = $2
                OR EXISTS (SELECT 1 FROM aside_senders x WHERE x.aside = a.id AND x.origin = $2)) LIMIT 1",
        )
        .bind(instance_uid)
        .bind(origin)
        .fetch_optional(self.inner.index.pool())
        .await?;
        Ok(found.is_some())
    }

    /// Whether the data set that came lies aside already, in the file of another sender: it is that one's as well from now on. Those of the same file are
    /// known by their digest.
    pub(crate) async fn lies_aside(
        &self,
        mut spool: Spool,
        arrival: &Arrival,
    ) -> Result<(Spool, bool), StoreError> {
        let rows = sqlx::query(
            "SELECT id, digest, size, blocks, origin, site FROM aside WHERE instance_uid = $1 AND study_uid = $2 AND digest <> $3
                AND NOT EXISTS (SELECT 1 FROM aside x WHERE x.instance_uid = $1 AND x.digest = $3)
             ORDER BY id DESC LIMIT $4",
        )
        .bind(arrival.instance_uid.as_str())
        .bind(arrival.study_uid.as_str())
        .bind(arrival.object.digest.as_str())
        .bind(MOST_COMPARED)
        .fetch_all(self.inner.index.pool())
        .await?;
        for row in rows {
            let size = row.try_get::<i64, _>("size")?.unsigned_abs();
            let object = Object { digest: row.try_get("digest")?, size, blocks: row.try_get("blocks")? };
            let site: String = row.try_get("site")?;
            let Some(there) = self.arrival_of(object, row.try_get("origin")?).await? else { continue };
            // What another site has is not told by what becomes of this one.
            if !arrival.sight.reaches(&site) {
                continue;
            }
            let lying = Standing {
                data_set: there.data_set(),
                transfer_syntax_uid: there.transfer_syntax_uid().to_owned(),
                origin: there.origin,
                object: there.object,
                site,
            };
            let same;
            (spool, same) = self.same_object(spool, arrival, &lying).await?;
            if same == Some(true) {
                let mut writing = self.inner.index.write().await?;
                let also = sqlx::query(
                    "INSERT INTO aside_senders (aside, origin) SELECT id, CAST($2 AS TEXT) FROM aside WHERE id = $1 ON CONFLICT DO NOTHING",
                );
                let also = also.bind(row.try_get::<i64, _>("id")?).bind(arrival.origin.as_str());
                also.execute(&mut *writing).await?;
                writing.commit().await?;
                return Ok((spool, true));
            }
        }
        Ok((spool, false))
    }

    /// Objects kept aside that nobody has decided about, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn kept_aside(&self, limit: u32) -> Result<Vec<Aside>, StoreError> {
        self.aside("a.rejected_at = 0", "a.id", limit).await
    }

    /// Those of which a person has decided that another one is handed out, the last decision first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn decided_aside(&self, limit: u32) -> Result<Vec<Aside>, StoreError> {
        self.aside("a.rejected_at <> 0", "a.rejected_at DESC, a.id DESC", limit).await
    }

    async fn aside(&self, which: &str, order: &str, limit: u32) -> Result<Vec<Aside>, StoreError> {
        let rows = self.rows_seen(OF_ASIDE, |seen| {
            format!(
                "SELECT a.id, a.instance_uid, a.study_uid, a.digest, a.size, a.origin, a.arrived_at, a.rejected_at, a.rejected_by,
                    COALESCE(i.digest, '') AS kept_digest, COALESCE(i.size, 0) AS kept_size, COALESCE(i.origin, '') AS kept_origin,
                    COALESCE(i.arrived_at, 0) AS kept_at, COALESCE(s.uid, '') AS kept_study, COALESCE(s.site, '') AS kept_site
                 FROM aside a LEFT JOIN instances i ON i.uid = a.instance_uid
                 LEFT JOIN series e ON e.id = i.series LEFT JOIN studies s ON s.id = e.study
                 WHERE {which}{seen} ORDER BY {order} LIMIT {limit}"
            )
        });
        let aside = |row: &AnyRow| {
            let (size, kept_size): (i64, i64) = (row.try_get("size")?, row.try_get("kept_size")?);
            let kept = KeptThere {
                study_uid: row.try_get("kept_study")?,
                digest: row.try_get("kept_digest")?,
                size: kept_size.unsigned_abs(),
                origin: row.try_get("kept_origin")?,
                at_ms: row.try_get("kept_at")?,
            };
            let is_seen = !kept.study_uid.is_empty() && self.sight.reaches(row.try_get("kept_site")?);
            let decided = Decided { by: row.try_get("rejected_by")?, at_ms: row.try_get("rejected_at")? };
            Ok(Aside {
                id: row.try_get("id")?,
                instance_uid: row.try_get("instance_uid")?,
                study_uid: row.try_get("study_uid")?,
                digest: row.try_get("digest")?,
                size: size.unsigned_abs(),
                kept: is_seen.then_some(kept),
                origin: row.try_get("origin")?,
                at_ms: row.try_get("arrived_at")?,
                decided: (decided.at_ms != 0).then_some(decided),
            })
        };
        rows.await?.iter().map(aside).collect()
    }

    /// What is known of one object that was kept aside, whether somebody has decided about it or not.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such object, and those of the index.
    pub async fn known_aside(&self, id: i64) -> Result<Aside, StoreError> {
        let found = self.aside(&format!("a.id = {id}"), "a.id", 1).await?;
        found.into_iter().next().ok_or(StoreError::Missing(ASIDE))
    }

    /// An object that was kept aside as one that can be read: [`Store::reader`] and [`Store::frame`] take it. That somebody looked is in the audit.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such object, [`StoreError::Damaged`] where it cannot be read, and those of the index.
    pub async fn object_aside(&self, id: i64, who: &str) -> Result<Kept, StoreError> {
        let LyingAside { object, origin, .. } = self.one_aside(id).await?;
        self.audit(who, "read-aside", &id.to_string()).await?;
        let file = self.inner.objects.file(&object, self.inner.incoming.folder()).await?;
        let outline = blocking(move || peony_dicom::outline(&file)).await??;
        Ok(Arrival::of(outline, object, &origin, &Arc::default())?.kept())
    }

    /// The length of an object that was kept aside, and its bytes, a part at a time, each verified. That somebody looked is in the audit.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such object, and those of the index.
    pub async fn bytes_aside(
        &self,
        id: i64,
        who: &str,
    ) -> Result<(u64, impl Stream<Item = Result<Bytes, StoreError>> + Send + use<>), StoreError> {
        let LyingAside { object, .. } = self.one_aside(id).await?;
        self.audit(who, "read-aside", &id.to_string()).await?;
        let size = object.size;
        Ok((size, self.inner.objects.stream(object, 0..size)))
    }

    async fn one_aside(&self, id: i64) -> Result<LyingAside, StoreError> {
        let rows = self.rows_seen(OF_ASIDE, |seen| {
            format!(
                "SELECT a.digest, a.size, a.blocks, a.origin, a.site FROM aside a WHERE a.id = {id}{seen}"
            )
        });
        let rows = rows.await?;
        let row = rows.first().ok_or(StoreError::Missing(ASIDE))?;
        let size = row.try_get::<i64, _>("size")?.unsigned_abs();
        Ok(LyingAside {
            object: Object { digest: row.try_get("digest")?, size, blocks: row.try_get("blocks")? },
            origin: row.try_get("origin")?,
            site: row.try_get("site")?,
        })
    }

    /// A person has looked at an object that was kept aside and decides for the one that has its UID. It stays where it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such object or that was decided, and those of the index.
    pub async fn reject_aside(&self, id: i64, who: &str) -> Result<(), StoreError> {
        self.one_aside(id).await?;
        let statement =
            "UPDATE aside SET rejected_at = $2, rejected_by = $3 WHERE id = $1 AND rejected_at = 0";
        self.settle(statement, id, who, "reject-aside", ASIDE).await
    }

    /// A person decides for an object that was kept aside, whatever was decided of it before: it is what is handed out under its UID from now on, and what
    /// the index says of it is read from it anew. The one that had the UID lies aside instead, under a number of its own, which is given: decided
    /// about, and to be taken back the same way.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such object, or what has its UID, or its study, is not seen; [`StoreError::Damaged`] where its bytes are not those that
    /// were received; those of the index.
    pub async fn take_aside(&self, id: i64, who: &str) -> Result<i64, StoreError> {
        let LyingAside { object, origin, site } = self.one_aside(id).await?;
        // All of it is read before anything is changed: what is handed out shall be what was received.
        match self.inner.objects.sum(&object).await? {
            Some(is) if is == object => {}
            Some(_) => return Err(object.damaged("its bytes are not those that were received")),
            None => return Err(object.damaged("it is not there")),
        }
        let file = self.inner.objects.file(&object, self.inner.incoming.folder()).await?;
        let outline = blocking(move || peony_dicom::outline(&file)).await??;
        let digest = object.digest.clone();
        let arrival = Arrival::of(outline, object, &origin, &self.sight.at(&site).into())?;

        let (mut writing, now) = (self.inner.index.write_who_is_who().await?, now_ms());
        sqlx::query("DELETE FROM aside_senders WHERE aside = $1").bind(id).execute(&mut *writing).await?;
        // Of two who decide at once the second finds nothing.
        let taken = sqlx::query_scalar::<_, i64>(
            "DELETE FROM aside WHERE id = $1 AND digest = $2 RETURNING arrived_at",
        )
        .bind(id)
        .bind(digest.as_str())
        .fetch_optional(&mut *writing)
        .await?;
        let arrived_at = taken.ok_or(StoreError::Missing(ASIDE))?;
        let there = GivingWay::of(&mut writing, &arrival.instance_uid).await?;
        let there =
            there.filter(|there| self.sight.reaches(&there.site)).ok_or(StoreError::Missing(ASIDE))?;
        let known = Known::default();
        let mut batch = Batch::new(&mut writing, &known, now);
        // A study of another site is none that is seen.
        batch.put_instead(&arrival, arrived_at, &there).await.map_err(|error| match error {
            StoreError::OtherSite { .. } => StoreError::Missing(ASIDE),
            other => other,
        })?;
        batch.finish().await?;
        let aside = there.put_aside(&mut writing, &arrival.instance_uid, &digest, (who, now)).await?;
        let what = format!("{id}: instance {}, of which {aside} lies aside now", arrival.instance_uid);
        audit::put(&mut writing, who, "take-aside", &what).await?;
        // What the next group knows of places may be what nothing says any more.
        self.inner.forget.store(true, Ordering::Release);
        writing.commit().await?;
        self.inner.announcements.wake();
        Ok(aside)
    }
}

/// What is known of one.
struct LyingAside {
    object: Object,
    origin: String,
    site: String,
}
