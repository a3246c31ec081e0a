//! Handing over what a peer cannot be told of a fault in once it is on its way, and what is known from the times before: which objects could not be read
//! to their end, and of which not every frame is decoded here, or coded as it was wanted.
//!
//! It is in memory alone. What is unreadable may be whole again at any time, and what a later version of this program decodes is not undecoded any more:
//! a table would have to be doubted at every start, and what it saves is one answer an object that breaks off and is asked for again. What is damaged for
//! good `peony check` finds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use peony_dicom::DicomError;
use peony_dicom::pixels::Lossless;
use peony_dicom::written::Target;

use crate::error::StoreError;
use crate::{Kept, Store};

/// Objects that are remembered for each reason.
const MOST: usize = 10_000;

/// Why an object cannot be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// It could not be read to its end: it is read once more whenever it is asked for.
    Unreadable,
    /// Not every frame of it is decoded here, or coded so, which will not change.
    Undecoded,
}

/// In what frames are written: coded, or uncompressed.
type Coding = Option<Lossless>;

impl Reason {
    /// What an error says of the object that it was met in.
    fn of(error: &StoreError) -> Option<Self> {
        match error {
            // Whoever was to get it has gone: that says nothing of it.
            StoreError::Interrupted(_) => None,
            StoreError::Dicom(error) if !matches!(error, DicomError::Io(_)) => Some(Self::Undecoded),
            StoreError::Missing(_) | StoreError::Undecoded => Some(Self::Undecoded),
            _ => Some(Self::Unreadable),
        }
    }
}

/// What is known of objects, by their digests.
#[derive(Default)]
pub(crate) struct Known(Mutex<Faults>);

#[derive(Default)]
struct Faults {
    unreadable: BTreeSet<String>,
    undecoded: BTreeSet<(Coding, String)>,
    /// How often each was met unreadable, also those that are whole again.
    met: BTreeMap<String, u64>,
}

impl Known {
    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, digest: &str, coding: Coding, error: &StoreError) {
        let Some(reason) = Reason::of(error) else { return };
        let (mut faults, digest) = (self.faults(), digest.to_owned());
        match reason {
            Reason::Undecoded => {
                if faults.undecoded.len() < MOST {
                    faults.undecoded.insert((coding, digest));
                }
            }
            Reason::Unreadable => {
                if faults.met.len() < MOST || faults.met.contains_key(&digest) {
                    *faults.met.entry(digest.clone()).or_default() += 1;
                }
                if faults.unreadable.len() < MOST {
                    faults.unreadable.insert(digest);
                }
            }
        }
    }
}

impl Store {
    /// Bytes of an instance for a peer that cannot be told of a fault once they are on their way: what cannot be read where they begin is an error, and
    /// so is an object that could not be read to its end before, as long as it cannot.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], and whatever the first of `bytes` says.
    pub async fn handed_over<S>(
        &self,
        kept: &Kept,
        bytes: S,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + Send + use<S>, StoreError>
    where
        S: Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
    {
        self.handed_over_in(kept, None, bytes).await
    }

    /// The same of frames that are coded so.
    pub(crate) async fn handed_over_in<S>(
        &self,
        kept: &Kept,
        coding: Coding,
        bytes: S,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + Send + use<S>, StoreError>
    where
        S: Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
    {
        self.sound(kept, None).await?;
        let (inner, digest) = (Arc::clone(&self.inner), kept.object.digest.clone());
        let bytes = bytes.inspect_err(move |error| inner.known.learn(&digest, coding, error));
        let mut bytes = Box::pin(bytes.fuse());
        let first = bytes.try_next().await?;
        Ok(stream::iter(first.map(Ok)).chain(bytes))
    }

    /// Whether nothing is known that keeps an object from being handed over, as it is kept or written anew.
    ///
    /// # Errors
    /// What is known: [`StoreError::Undecoded`], or why it cannot be read still.
    pub async fn sound(&self, kept: &Kept, anew: Option<Target>) -> Result<(), StoreError> {
        let (known, digest) = (&self.inner.known, kept.object.digest.as_str());
        if let Some(target) = anew {
            let faults = known.faults();
            // What is not decoded is not coded again either.
            if [None, target.coding()]
                .into_iter()
                .any(|coding| faults.undecoded.contains(&(coding, digest.to_owned())))
            {
                return Err(StoreError::Undecoded);
            }
        }
        let unreadable = known.faults().unreadable.contains(digest);
        if unreadable {
            self.bytes(kept, 0).try_for_each(async |_| Ok(())).await?;
            known.faults().unreadable.remove(digest);
        }
        Ok(())
    }

    /// Remembers what was met in an object while an answer was made of it.
    pub fn met(&self, kept: &Kept, error: &StoreError) {
        self.inner.known.learn(&kept.object.digest, None, error);
    }

    /// How often an object could not be read while it was handed over: an answer may have gone out without it so often, under the name of one with it.
    #[must_use]
    pub fn times_met(&self, kept: &Kept) -> u64 {
        self.inner.known.faults().met.get(&kept.object.digest).copied().unwrap_or_default()
    }
}
