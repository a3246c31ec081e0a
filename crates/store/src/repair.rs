//! What lies where objects are and no row names: after the index was lost or put back from an older copy, and after a commit that failed. And rows that
//! are gone or were changed by somebody else.
//!
//! Objects describe themselves, so each that is whole gets its rows again by the way on which objects arrive. What the rows knew beside that is
//! gone: who sent them, and of which site a study is whose rows are all lost. Deliberately absent: taking an object away that is not kept a second
//! time. It may be one that was acknowledged.

mod rows;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::arrival::Arrival;
use crate::error::{StoreError, disk};
use crate::objects::{Listed, Object, Objects, digest_of};
use crate::rows::BOUND;
use crate::spool::Spool;
use crate::{Options, Outcome, Store, Which, receive};

/// Who such objects are from.
const ORIGIN: &str = "peony check --repair";
/// Objects that are read ahead, and that wait to be written.
const AT_ONCE: usize = 8;

/// What became of the objects that no row named, and of rows that were not right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repaired {
    /// They have their rows again.
    pub indexed: u64,
    /// Others are kept under their UIDs: they are beside these, for a person to look at.
    pub aside: u64,
    /// The same data sets are kept in other files: they were taken away.
    pub removed: u64,
    /// They are left as they are: no whole objects, or too young to tell whether somebody is receiving them.
    pub left: u64,
    /// Rows that were gone or wrong, made anew from their objects.
    pub rows: u64,
}

/// What became of one of them.
enum Became {
    Received(Outcome),
    Left,
}

impl Store {
    /// Opens the store for [`Self::repair`], also where its index is lost: an empty one is made then.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_to_repair(options: &Options) -> Result<Self, StoreError> {
        let (lock, objects) = Self::locked(options).await?;
        Self::with_objects(options, objects, Some(lock)).await
    }

    /// Gives the objects that no row names their rows again, and takes away those that are kept twice; then makes the rows anew that say something
    /// else than their objects, or are gone. In the network, where other programs receive as well, objects that were written within `settled` are
    /// left. `report` hears how many were looked at, and of how many: first of those without rows, then of all.
    ///
    /// # Errors
    /// [`StoreError`] of index, objects and disk; what was done by then stays, and the rest can be done again.
    pub async fn repair(
        &self,
        settled: Duration,
        mut report: impl FnMut(u64, u64),
    ) -> Result<Repaired, StoreError> {
        let is_alone = matches!(self.inner.objects, Objects::Files(_));
        let unsettled = self.inner.incoming.unsettled();
        self.inner.objects.put_back(&unsettled).map_err(disk("put back what was not acknowledged"))?;
        // Where a series or a study is missing nothing can be received into it.
        let mut rows = self.mend_links().await?;
        let (mut unnamed, mut listed) = (Vec::new(), self.inner.objects.list().await?.into_iter());
        while listed.len() > 0 {
            let mut some: Vec<_> = listed.by_ref().take(BOUND).collect();
            let digests: Vec<&str> = some.iter().filter_map(|file| digest_of(&file.name)).collect();
            let named = self.inner.index.named_of(&digests).await?;
            some.retain(|file| digest_of(&file.name).is_some_and(|digest| !named.contains(digest)));
            unnamed.append(&mut some);
        }
        // Of two with one UID the one that came first has it, and of what is said of a patient the first holds.
        unnamed.sort_by(|one, other| (one.written_at, &one.name).cmp(&(other.written_at, &other.name)));
        let (mut repaired, mut done, all) = (Repaired::default(), 0, unnamed.len() as u64);
        let each = unnamed.into_iter().map(|file| self.read_again(file, is_alone, settled));
        let turn = Arc::new(Mutex::new(()));
        // Read ahead, and written one behind the other.
        let each = stream::iter(each)
            .buffered(AT_ONCE)
            .then(async |read| Ok((read?, Arc::clone(&turn).lock_owned().await)));
        let each = each.map_ok(|(read, turn)| self.take_in_again(read, turn)).try_buffered(AT_ONCE);
        let mut each = std::pin::pin!(each);
        while let Some(became) = each.try_next().await? {
            *match became {
                Became::Received(Outcome::Kept) => &mut repaired.indexed,
                Became::Received(Outcome::KeptAside) => &mut repaired.aside,
                Became::Received(Outcome::AlreadyThere) => &mut repaired.removed,
                Became::Left => &mut repaired.left,
            } += 1;
            done += 1;
            report(done, all);
        }
        let Repaired { indexed, aside, removed, left, .. } = repaired;
        if all > 0 {
            let what =
                format!("{indexed} objects indexed, {aside} kept aside, {removed} removed, {left} left");
            self.audit(ORIGIN, "repair", &what).await?;
        }
        rows += self.mend_said(report).await?;
        if rows > 0 {
            self.audit(ORIGIN, "repair", &format!("{rows} rows made anew")).await?;
        }
        repaired.rows = rows;
        // Now that rows name what was received, the rest of what an interrupted program left can go.
        receive::recover(&self.inner.index, &self.inner.objects, &self.inner.incoming).await?;
        Ok(repaired)
    }

    /// Reads an object that no row names; `None` where it is left as it is.
    async fn read_again(
        &self,
        file: Listed,
        is_alone: bool,
        settled: Duration,
    ) -> Result<Option<(Spool, Arrival)>, StoreError> {
        let objects = &self.inner.objects;
        let Some(digest) = digest_of(&file.name).filter(|_| is_alone || file.age() >= settled) else {
            return Ok(None);
        };
        let named = Object { digest: digest.to_owned(), size: 0, blocks: String::new() };
        // What is damaged shall not be kept under another name as if it were whole.
        let whole = objects.sum(&named).await?.filter(|is| is.digest == digest);
        let Some(whole) = whole else { return Ok(None) };
        let size = whole.size;
        let bytes = objects.stream(whole, 0..size).map_err(std::io::Error::other);
        match self.take_in(ORIGIN, bytes).await {
            Ok(read) => Ok(Some(read)),
            Err(StoreError::Dicom(_) | StoreError::NoUid(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn take_in_again(
        &self,
        read: Option<(Spool, Arrival)>,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Became, StoreError> {
        let Some((spool, arrival)) = read else { return Ok(Became::Left) };
        let digest = arrival.object.digest.clone();
        let received = self.keep(spool, arrival, ORIGIN, Which::default(), Some(turn)).await;
        receive::count(&received);
        match received {
            Ok(receipt) => {
                // Another row may have come to name it meanwhile.
                if receipt.outcome != Outcome::Kept && !self.inner.index.names(&digest).await? {
                    self.inner.objects.take_away(&digest).await?;
                    return Ok(Became::Received(Outcome::AlreadyThere));
                }
                Ok(Became::Received(receipt.outcome))
            }
            Err(StoreError::Dicom(_) | StoreError::NoUid(_)) => Ok(Became::Left),
            Err(error) => Err(error),
        }
    }
}

impl Objects {
    /// Takes an object away for good.
    async fn take_away(&self, digest: &str) -> Result<(), StoreError> {
        match self {
            Self::Files(_) => self.remove(digest).map_err(disk("take an object away that is kept twice")),
            Self::Remote(store) => {
                let path = object_store::path::Path::from(crate::objects::name(digest));
                Ok(object_store::ObjectStoreExt::delete(store, &path).await?)
            }
        }
    }
}
