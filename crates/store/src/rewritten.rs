//! Handing out what a peer takes where it does not take what is kept: a data set written anew by a thread of its own, as fast as it is taken.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use peony_dicom::pixels::ImageHeader;
use peony_dicom::written::Target;
use peony_dicom::{DicomError, Rewriting, TransferSyntax, limits, rewrite};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::error::{StoreError, disk};
use crate::{Inner, Kept, Reader, Store};

/// Pieces that are made before the peer takes them.
const WAITING: usize = 4;

impl Store {
    /// The data set of an instance written anew, with uncompressed pixels or coded frames, a part at a time, as [`Self::handed_over`] has it; whatever is read is verified.
    /// After an error nothing follows; what goes wrong before the first part is an error of its own, and that its pixels are not decoded here is among
    /// that, also where a later frame was not the time before.
    ///
    /// A thread that may wait makes it, whose `place` is given back when it ends: that is when all is taken, when nobody holds the stream any more, and
    /// when nothing was taken for as long as `silence`, where that is said. Frames are decoded, and coded, when there is a core ([`Self::cores`]).
    ///
    /// # Errors
    /// [`StoreError::Dicom`] where it cannot be written so, [`StoreError::Undecoded`] where that is known, [`StoreError::Damaged`], what disk or network
    /// say.
    pub async fn rewritten<P: Send + 'static>(
        &self,
        kept: &Kept,
        target: Target,
        place: P,
        silence: Option<Duration>,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + Send + use<P>, StoreError> {
        // Where frames are not decoded here nothing is begun.
        TransferSyntax::of(kept.transfer_syntax_uid.as_bytes())?;
        self.sound(kept, Some(target)).await?;
        let (made, taken) = mpsc::channel(WAITING);
        let making = Making {
            reader: self.reader(kept),
            kept: kept.clone(),
            made,
            runtime: Handle::current(),
            silence,
            inner: Arc::clone(&self.inner),
        };
        tokio::task::spawn_blocking(move || {
            let _place = place;
            let (file, frames) = (making.reader.clone(), making.kept.frames.as_ref());
            let written = catch_unwind(AssertUnwindSafe(|| rewrite(file, frames, target, &making)));
            // A panic has said so itself.
            let panicked = |_| Err(disk("write an object anew")(io::Error::other("a thread panicked")));
            let last =
                written.unwrap_or_else(panicked).map(|()| Bytes::new()).map_err(StoreError::of_reading);
            let _ = making.hand_on(last);
        });
        self.handed_over_in(kept, target.coding(), until_the_last(taken)).await
    }
}

/// The parts up to the empty one that is the thread's last word: without it, a peer would take half for all.
fn until_the_last(
    taken: mpsc::Receiver<Result<Bytes, StoreError>>,
) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
    stream::unfold(Some(taken), async |taken| {
        let mut taken = taken?;
        match taken.recv().await {
            Some(Ok(part)) if part.is_empty() => None,
            Some(Ok(part)) => Some((Ok(part), Some(taken))),
            Some(Err(error)) => Some((Err(error), None)),
            None => Some((Err(Making::gone()), None)),
        }
    })
}

/// A data set that is being written anew.
struct Making {
    reader: Reader,
    kept: Kept,
    made: mpsc::Sender<Result<Bytes, StoreError>>,
    runtime: Handle,
    silence: Option<Duration>,
    inner: Arc<Inner>,
}

impl Making {
    /// Nobody hears of it.
    fn gone() -> StoreError {
        StoreError::Interrupted(io::ErrorKind::BrokenPipe.into())
    }

    fn hand_on(&self, part: Result<Bytes, StoreError>) -> Result<(), StoreError> {
        let taken = self.made.send(part);
        let taken = match self.silence {
            None => self.runtime.block_on(taken).ok(),
            Some(silence) => {
                self.runtime.block_on(async { tokio::time::timeout(silence, taken).await.ok()?.ok() })
            }
        };
        taken.ok_or_else(Self::gone)
    }
}

impl Rewriting for Making {
    type Fault = StoreError;

    fn coded(&self, index: u64) -> Result<Vec<u8>, StoreError> {
        let missing = StoreError::Missing("frame");
        let Some(places) = &self.kept.frames else { return Err(missing) };
        let range = places.range(index).ok_or(missing)?;
        let (value, limit) = (range.end - range.start, limits::FRAME_CODED_BYTES);
        if value > limit {
            let what = "the length of a coded frame in bytes";
            return Err(DicomError::TooLarge { what, value, limit }.into());
        }
        Ok(places.coded(&self.reader.range(range)?)?)
    }

    fn decode<T>(&self, image: &ImageHeader, work: impl FnOnce() -> T) -> Result<T, StoreError> {
        let _held = self.runtime.block_on(self.inner.cores.for_one(image));
        // Who has gone meanwhile wants no more frames.
        if self.made.is_closed() { Err(Self::gone()) } else { Ok(work()) }
    }

    fn take(&self, bytes: Vec<u8>) -> Result<(), StoreError> {
        if bytes.is_empty() { Ok(()) } else { self.hand_on(Ok(bytes.into())) }
    }
}
