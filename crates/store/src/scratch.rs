//! Bytes that wait on the disk to become parts of objects: one file, written once and read in stretches.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};

use crate::Store;
use crate::error::{StoreError, disk};
use crate::objects::blocking;
use crate::spool::{Incoming, Spool};

/// What is gathered before it is written, and read at a time.
const GATHERED_BYTES: usize = 512 << 10;

/// A file among those that are being received: it is taken away when this is dropped, and at the next start where it could not be.
pub struct Scratch {
    incoming: Arc<Incoming>,
    /// `None` after a fault.
    spool: Option<Spool>,
    gathered: Vec<u8>,
    length: u64,
}

impl Store {
    /// A file for bytes that are no object yet.
    ///
    /// # Errors
    /// [`StoreError::Full`] where the disk is nearly full; those of the disk.
    pub async fn scratch(&self) -> Result<Scratch, StoreError> {
        let incoming = Arc::clone(&self.inner.incoming);
        let spool = blocking(move || incoming.spool()).await??;
        let incoming = Arc::clone(&self.inner.incoming);
        Ok(Scratch { incoming, spool: Some(spool), gathered: Vec::new(), length: 0 })
    }
}

impl Scratch {
    /// How many bytes were written.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Writes what came; some of it stays in memory until [`Self::flush`].
    ///
    /// # Errors
    /// As [`Store::scratch`]; nothing can be written or read after it.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.gathered.extend_from_slice(bytes);
        self.length += bytes.len() as u64;
        if self.gathered.len() >= GATHERED_BYTES { self.flush().await } else { Ok(()) }
    }

    /// Writes what stayed in memory: it can be read from then on.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn flush(&mut self) -> Result<(), StoreError> {
        let (mut spool, incoming) =
            (self.spool.take().ok_or(StoreError::Closed)?, Arc::clone(&self.incoming));
        let gathered = std::mem::take(&mut self.gathered);
        let written = blocking(move || incoming.append(&mut spool, &gathered).map(|()| spool)).await??;
        self.spool = Some(written);
        Ok(())
    }

    /// A stretch of what was written, a part at a time. After an error, which holds a [`StoreError`], nothing follows.
    pub fn bytes(&self, range: Range<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let path = self.spool.as_ref().map(|spool| spool.path().to_owned());
        stream::try_unfold((None::<File>, range), move |(file, range)| {
            let path = path.clone();
            async move {
                if range.is_empty() {
                    return Ok(None);
                }
                let read = blocking(move || {
                    let mut file = match file {
                        Some(file) => file,
                        None => {
                            let mut file = File::open(path.ok_or(io::ErrorKind::NotFound)?)?;
                            file.seek(SeekFrom::Start(range.start))?;
                            file
                        }
                    };
                    let mut bytes = vec![0; (range.end - range.start).min(GATHERED_BYTES as u64) as usize];
                    file.read_exact(&mut bytes)?;
                    let rest = range.start + bytes.len() as u64..range.end;
                    Ok::<_, io::Error>((Bytes::from(bytes), (Some(file), rest)))
                });
                // Whoever receives what this is a part of knows these errors again.
                let read = read.await.map_err(io::Error::other)?;
                read.map(Some)
                    .map_err(|error| io::Error::other(disk("read what waits for its object")(error)))
            }
        })
    }
}
