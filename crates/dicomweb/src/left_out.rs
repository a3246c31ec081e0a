//! What cannot be handed out is left out of an answer with many, and does not end it: an object that is damaged, and one whose pixels are not decoded.
//!
//! What is known before an answer begins is in its status (206, PS3.18 §8.5) and a `Warning`; what turns out later is in the log, and known the next time. What has
//! begun to go out is never left out: the answer breaks off then, so that nobody takes half for all.

use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use peony_dicom::DicomError;
use peony_store::{Kept, StoreError};

use crate::Service;
use crate::parts::{Out, broken_off};
use crate::problem::Problem;
use crate::query::warn;

/// Objects that are remembered.
const MOST: usize = 10_000;

/// Objects of which a frame is not decoded, as was found on the way, by their digests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Undecoded(Arc<Mutex<BTreeSet<String>>>);

impl Undecoded {
    fn met(&self, digest: &str, error: &StoreError) {
        let of_the_object = match error {
            StoreError::Dicom(error) => !matches!(error, DicomError::Io(_)),
            StoreError::Missing(_) => true,
            _ => false,
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if of_the_object && known.len() < MOST {
            known.insert(digest.to_owned());
        }
    }

    fn has(&self, kept: &Kept) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&kept.object.digest)
    }
}

impl Service {
    /// Bytes of an object on their way out. What is wrong where they begin, and damage that was met before and is there still, is an error of its own.
    pub async fn handed_over(
        &self,
        kept: &Kept,
        bytes: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
    ) -> Result<Out, Problem> {
        let (undecoded, digest) = (self.undecoded.clone(), kept.object.digest.clone());
        let bytes = bytes.map_err(of_the_store).inspect_err(move |error| undecoded.met(&digest, error));
        let bytes = self.store.handed_over(kept, bytes).await?;
        Ok(bytes.map_err(|error| broken_off(&error)).boxed())
    }

    /// Whether nothing is known that keeps an object from going out; `decoded`, with its pixels uncompressed.
    ///
    /// # Errors
    /// What is known.
    pub async fn sound(&self, kept: &Kept, decoded: bool) -> Result<(), Problem> {
        if decoded && self.undecoded.has(kept) {
            let text = "not all its frames are decoded here: accept transfer-syntax=*";
            return Err(Problem::NotAcceptable(text.into()));
        }
        // Of bytes that are none: what was met before is all that can be wrong.
        let nothing = self.store.handed_over(kept, stream::empty()).await?;
        drop(nothing);
        Ok(())
    }

    /// Remembers damage that was met in an object.
    pub async fn met(&self, kept: &Kept, problem: Problem) -> Problem {
        let Problem::Store(error @ StoreError::Damaged { .. }) = problem else { return problem };
        match self.store.handed_over(kept, stream::iter([Err(error)])).await {
            Err(error) => error.into(),
            Ok(_) => Problem::Failed,
        }
    }

    /// Those of `asked` of which nothing is known that keeps them from going out.
    ///
    /// # Errors
    /// What is known, where that is none of them.
    pub async fn all_sound<T>(
        &self,
        asked: Vec<T>,
        object: impl Fn(&T) -> (&Kept, bool),
    ) -> Result<Vec<T>, Problem> {
        let (mut sound, mut why) = (Vec::with_capacity(asked.len()), None);
        for one in asked {
            let (kept, decoded) = object(&one);
            match self.sound(kept, decoded).await {
                Ok(()) => sound.push(one),
                Err(problem) => why = Some(why.unwrap_or(only_of_one(problem)?)),
            }
        }
        match why {
            Some(problem) if sound.is_empty() => Err(problem),
            _ => Ok(sound),
        }
    }
}

/// Reading a file by a reader wraps what the store says.
pub(crate) fn of_the_store(error: StoreError) -> StoreError {
    match error {
        StoreError::Dicom(DicomError::Io(error)) => {
            error.downcast().unwrap_or_else(|error| DicomError::Io(error).into())
        }
        other => other,
    }
}

/// A problem of one object, which the others do not have.
fn only_of_one(problem: Problem) -> Result<Problem, Problem> {
    let of_one = match &problem {
        Problem::Dicom(DicomError::Io(_)) => false,
        Problem::Dicom(_) | Problem::NotAcceptable(_) => true,
        Problem::Store(error) => matches!(error, StoreError::Damaged { .. } | StoreError::Missing(_)),
        _ => false,
    };
    if !of_one {
        return Err(problem);
    }
    // Texts of the store name a digest, those of DICOM a field: nothing of a patient.
    tracing::warn!("an instance is left out of an answer: {problem}");
    Ok(problem)
}

/// What `make` makes of each, one after the other, without those of which it can make nothing; and how many those are before the first one.
///
/// # Errors
/// What is wrong with the first, where nothing can be made of any; what concerns all.
pub(crate) async fn in_turn<K, T, F>(
    of: Vec<K>,
    make: impl Fn(K) -> F + Send + 'static,
) -> Result<(usize, BoxStream<'static, io::Result<T>>), Problem>
where
    K: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<T, Problem>> + Send + 'static,
{
    let (mut of, mut left_out, mut why) = (of.into_iter(), 0, None);
    while let Some(one) = of.next() {
        match make(one).await {
            Ok(first) => {
                let rest = stream::iter(of).then(make).filter_map(async |made| match made {
                    Ok(one) => Some(Ok(one)),
                    Err(problem) => only_of_one(problem).err().map(|problem| Err(broken_off(&problem))),
                });
                return Ok((left_out, stream::iter([Ok(first)]).chain(rest).boxed()));
            }
            Err(problem) => why = Some(why.unwrap_or(only_of_one(problem)?)),
        }
        left_out += 1;
    }
    Err(why.unwrap_or(Problem::Missing("instance")))
}

/// An answer that lacks some of what was asked for says so.
pub(crate) fn lacking(mut response: Response, left_out: usize, of: usize) -> Response {
    if left_out > 0 {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let why = "they cannot be read here, or not be given as is asked";
        warn(&mut response, &format!("{left_out} of {of} instances are left out: {why}"));
    }
    response
}
