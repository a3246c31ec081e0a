//! Handing out: instances of a study, a series or one, their bytes and their frames. What is handed out is verified first.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use peony_dicom::FramePlaces;
use sqlx::{AssertSqlSafe, Row as _};

use crate::error::StoreError;
use crate::objects::{BLOCK_BYTES, Object, Objects};
use crate::{Store, arrival};

/// Which instances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Which<'a> {
    /// Study Instance UID.
    pub study_uid: Option<&'a str>,
    /// Series Instance UID.
    pub series_uid: Option<&'a str>,
    /// SOP Instance UID.
    pub instance_uid: Option<&'a str>,
}

/// An instance that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID.
    pub series_uid: String,
    /// SOP Instance UID.
    pub instance_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// Transfer Syntax UID of the file.
    pub transfer_syntax_uid: String,
    /// How many frames it has, 0 where it holds no picture.
    pub frame_count: u64,
    /// Where each frame lies; `None` where they have no places of their own.
    pub frames: Option<FramePlaces>,
    /// Where the data set begins, in bytes from the beginning of the file.
    pub data_set: u64,
    /// The file.
    pub object: Object,
}

impl Store {
    /// The instances that fit everything that is said, in the order in which they came. Nothing said is nothing found, and what this
    /// store's [`Sight`](crate::Sight) does not reach is not there.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn instances(&self, which: Which<'_>) -> Result<Vec<Kept>, StoreError> {
        let said = [("s.uid", which.study_uid), ("e.uid", which.series_uid), ("i.uid", which.instance_uid)];
        let said: Vec<(&str, &str)> =
            said.into_iter().filter_map(|(column, uid)| Some((column, uid?))).collect();
        if said.is_empty() {
            return Ok(Vec::new());
        }
        let mut conditions: Vec<String> = said
            .iter()
            .enumerate()
            .map(|(number, (column, _))| format!("{column} = ${}", number + 1))
            .collect();
        let mut values: Vec<String> = said.iter().map(|(_, uid)| (*uid).to_owned()).collect();
        conditions.extend(self.sight.condition("s.site", &mut values));
        let text = format!(
            "SELECT s.uid AS study_uid, e.uid AS series_uid, i.uid AS instance_uid, i.sop_class, i.transfer_syntax, i.frame_count,
                i.frames, i.data_set, i.digest, i.size, i.blocks
             FROM instances i JOIN series e ON e.id = i.series JOIN studies s ON s.id = e.study WHERE {} ORDER BY i.id",
            conditions.join(" AND ")
        );
        let mut statement = sqlx::query(AssertSqlSafe(text));
        for value in values {
            statement = statement.bind(value);
        }
        let rows = statement.fetch_all(self.inner.index.pool()).await?;
        let unsigned =
            |row: &sqlx::any::AnyRow, column: &str| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        let kept = |row: &sqlx::any::AnyRow| {
            Ok(Kept {
                study_uid: row.try_get("study_uid")?,
                series_uid: row.try_get("series_uid")?,
                instance_uid: row.try_get("instance_uid")?,
                sop_class_uid: row.try_get("sop_class")?,
                transfer_syntax_uid: row.try_get("transfer_syntax")?,
                frame_count: unsigned(row, "frame_count")?,
                frames: arrival::read(row.try_get("frames")?),
                data_set: unsigned(row, "data_set")?,
                object: Object {
                    digest: row.try_get("digest")?,
                    size: unsigned(row, "size")?,
                    blocks: row.try_get("blocks")?,
                },
            })
        };
        rows.iter().map(kept).collect()
    }

    /// The bytes of an instance's file from `start` on, a part at a time, each verified. After an error nothing follows.
    pub fn bytes(
        &self,
        kept: &Kept,
        start: u64,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + use<> {
        self.bytes_in(kept, start..kept.object.size)
    }

    /// The bytes of a range of an instance's file, a part at a time, each verified. After an error nothing follows.
    pub fn bytes_in(
        &self,
        kept: &Kept,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + use<> {
        self.inner.objects.stream(kept.object.clone(), range)
    }

    /// Whether the file of an instance is as it was kept: all of it is read.
    ///
    /// # Errors
    /// [`StoreError`] of the disk or the network, which say nothing of it.
    pub async fn is_sound(&self, kept: &Kept) -> Result<bool, StoreError> {
        match self.bytes(kept, 0).try_for_each(async |_| Ok(())).await {
            Err(StoreError::Damaged { .. }) => Ok(false),
            read => read.map(|()| true),
        }
    }

    /// An instance's file for a thread that may wait, as [`tokio::task::spawn_blocking`] gives one.
    ///
    /// # Panics
    /// Outside a runtime.
    #[must_use]
    pub fn reader(&self, kept: &Kept) -> Reader {
        Reader::of(self.inner.objects.clone(), kept.object.clone())
    }

    /// The coded bytes of one frame, counted from 0, verified: one read of the disk.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such frame or it has no place of its own; [`StoreError::Damaged`].
    pub async fn frame(&self, kept: &Kept, index: u64) -> Result<Vec<u8>, StoreError> {
        let missing = StoreError::Missing("frame");
        let Some(places) = &kept.frames else { return Err(missing) };
        let range = places.range(index).ok_or(missing)?;
        let bytes = self.inner.objects.range(&kept.object, range).await?;
        Ok(places.coded(&bytes)?)
    }
}

/// The file of an instance, read like one. A block is in memory, verified; after an error it stands where it stood.
#[derive(Clone)]
pub struct Reader {
    objects: Objects,
    object: Object,
    handle: tokio::runtime::Handle,
    at: u64,
    /// The part that was read last, and its bytes.
    part: Range<u64>,
    bytes: Bytes,
}

impl Reader {
    pub(crate) fn of(objects: Objects, object: Object) -> Self {
        let handle = tokio::runtime::Handle::current();
        Self { objects, object, handle, at: 0, part: 0..0, bytes: Bytes::new() }
    }

    /// Bytes of the file, verified, in one read of the disk.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where it is not so long; [`StoreError::Damaged`].
    pub fn range(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.objects.range_waiting(&self.object, range, &self.handle)
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.object.size || into.is_empty() {
            return Ok(0);
        }
        if !self.part.contains(&self.at) {
            let start = self.at / BLOCK_BYTES * BLOCK_BYTES;
            let part = start..(start + BLOCK_BYTES).min(self.object.size);
            self.bytes = self.range(part.clone()).map_err(io::Error::other)?;
            self.part = part;
        }
        let held = &self.bytes[(self.at - self.part.start) as usize..];
        let length = held.len().min(into.len());
        into[..length].copy_from_slice(&held[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.object.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
