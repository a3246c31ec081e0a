//! Everything that is kept, looked at: is each object there, are its bytes those that were received, does the index say the truth of it, and is
//! there nothing else.

use std::time::Duration;

use sqlx::Row as _;

use crate::error::StoreError;
use crate::objects::{Object, blocking, digest_of};
use crate::schema::Dialect;
use crate::{Store, arrival};

/// What is wrong with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A row names an object that is not there.
    MissingObject,
    /// The bytes of an object are not those that were received.
    WrongDigest,
    /// The sums by which parts of an object are verified are not those of its bytes.
    WrongBlocks,
    /// What the index says of an object is not what is in it: where its frames lie, its UID, its transfer syntax.
    WrongRow,
    /// A file where objects are, whose name is no digest or that no row names.
    StrayFile,
    /// A study or a series that says it has another number of instances than it has, or a study of series of which something is there.
    WrongCount,
    /// The database says that it is damaged.
    DamagedIndex,
}

/// A fault and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Of what: a UID, the name of a file, the database's own words.
    pub at: String,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Objects, those kept aside included.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Faults.
    pub faults: u64,
}

/// Rows that are read at a time.
const PAGE: i64 = 200;
/// A file younger than this may belong to an object that is being received.
const SETTLED: Duration = Duration::from_secs(600);

struct Check<'a, F> {
    store: &'a Store,
    report: F,
    checked: Checked,
}

impl Store {
    /// Reads everything that is kept and reports each fault. Nothing is changed. The store may receive meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] where index or objects cannot be read at all.
    pub async fn check(&self, report: impl FnMut(Fault)) -> Result<Checked, StoreError> {
        let mut check = Check { store: self, report, checked: Checked::default() };
        check.index().await?;
        // Listed before the rows are read: a file of now has its row by then. Where nobody can have been receiving, none waits for one.
        let was_at_rest = self.is_at_rest()?;
        let listed = self.inner.objects.list().await?;
        check.kept().await?;
        check.aside().await?;
        let is_at_rest = was_at_rest && self.is_at_rest()?;
        for file in listed {
            let stray = match digest_of(&file.name) {
                None => true,
                Some(digest) => (is_at_rest || file.age > SETTLED) && !self.inner.index.names(digest).await?,
            };
            if stray {
                check.fault(FaultKind::StrayFile, file.name);
            }
        }
        check.counts().await?;
        Ok(check.checked)
    }
}

impl<F: FnMut(Fault)> Check<'_, F> {
    fn fault(&mut self, kind: FaultKind, at: impl Into<String>) {
        self.checked.faults += 1;
        (self.report)(Fault { kind, at: at.into() });
    }

    async fn index(&mut self) -> Result<(), StoreError> {
        if self.store.inner.index.dialect() != Dialect::Sqlite {
            return Ok(());
        }
        let said: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_all(self.store.inner.index.pool()).await?;
        for line in said.into_iter().filter(|line| line != "ok") {
            self.fault(FaultKind::DamagedIndex, line);
        }
        Ok(())
    }

    async fn kept(&mut self) -> Result<(), StoreError> {
        let mut last = 0_i64;
        loop {
            let rows = sqlx::query(
                "SELECT id, uid, digest, size, blocks, transfer_syntax, data_set, frames FROM instances WHERE id > $1 ORDER BY id LIMIT $2",
            )
            .bind(last)
            .bind(PAGE)
            .fetch_all(self.store.inner.index.pool())
            .await?;
            let Some(end) = rows.last() else { return Ok(()) };
            last = end.try_get("id")?;
            for row in &rows {
                let uid: String = row.try_get("uid")?;
                let object = object_of(row)?;
                if self.object(&object, &uid).await? {
                    let data_set: i64 = row.try_get("data_set")?;
                    let says = [
                        uid.clone(),
                        row.try_get("transfer_syntax")?,
                        data_set.to_string(),
                        row.try_get("frames")?,
                    ];
                    if self.store.outline_of(&object).await? != Some(says) {
                        self.fault(FaultKind::WrongRow, uid);
                    }
                }
            }
        }
    }

    async fn aside(&mut self) -> Result<(), StoreError> {
        let rows = sqlx::query("SELECT instance_uid, digest, size, blocks FROM aside ORDER BY id")
            .fetch_all(self.store.inner.index.pool())
            .await?;
        for row in &rows {
            let uid: String = row.try_get("instance_uid")?;
            self.object(&object_of(row)?, &uid).await?;
        }
        Ok(())
    }

    /// Whether the object is there as it was received.
    async fn object(&mut self, object: &Object, uid: &str) -> Result<bool, StoreError> {
        self.checked.objects += 1;
        self.checked.bytes += object.size;
        let kind = match self.store.inner.objects.sum(object).await? {
            None => FaultKind::MissingObject,
            Some(is) if is.digest != object.digest || is.size != object.size => FaultKind::WrongDigest,
            Some(is) if is.blocks != object.blocks => FaultKind::WrongBlocks,
            Some(_) => return Ok(true),
        };
        self.fault(kind, uid);
        Ok(false)
    }

    async fn counts(&mut self) -> Result<(), StoreError> {
        let wrong = [
            "SELECT e.uid FROM series e WHERE e.instance_count <> (SELECT COUNT(*) FROM instances i WHERE i.series = e.id)",
            "SELECT s.uid FROM studies s WHERE s.series_count <> (SELECT COUNT(*) FROM series e WHERE e.study = s.id
                    AND EXISTS (SELECT 1 FROM instances i WHERE i.series = e.id))
                OR s.instance_count <> (SELECT COUNT(*) FROM series e JOIN instances i ON i.series = e.id WHERE e.study = s.id)",
        ];
        for statement in wrong {
            let uids: Vec<String> =
                sqlx::query_scalar(statement).fetch_all(self.store.inner.index.pool()).await?;
            for uid in uids {
                self.fault(FaultKind::WrongCount, uid);
            }
        }
        Ok(())
    }
}

impl Store {
    /// What an object says of itself, as a row has it; `None` where it cannot be read.
    async fn outline_of(&self, object: &Object) -> Result<Option<[String; 4]>, StoreError> {
        let file = self.inner.objects.file(object, self.inner.incoming.folder()).await?;
        let Ok(outline) = blocking(move || peony_dicom::outline(&file)).await? else { return Ok(None) };
        let uid = outline.text(peony_dicom::Tag(0x0008, 0x0018)).to_owned();
        let frames = arrival::written(outline.frames.as_ref());
        Ok(Some([uid, outline.transfer_syntax_uid, outline.data_set.to_string(), frames]))
    }
}

fn object_of(row: &sqlx::any::AnyRow) -> Result<Object, StoreError> {
    let size: i64 = row.try_get("size")?;
    Ok(Object { digest: row.try_get("digest")?, size: size.unsigned_abs(), blocks: row.try_get("blocks")? })
}
