//! What cannot be handed out is left out of an answer with many, and does not end it: an object that is damaged, and one whose pixels are not decoded, or
//! not written as is wanted.
//!
//! What is known before an answer begins is in its status (206, PS3.18 §8.5) and a `Warning`; what turns out later is in the log, and known the next time. What has
//! begun to go out is never left out: the answer breaks off then, so that nobody takes half for all.

use std::future::Future;
use std::io;

use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use peony_dicom::DicomError;
use peony_dicom::written::Target;
use peony_store::{Kept, StoreError};

use crate::parts::{Out, broken_off};
use crate::problem::Problem;
use crate::query::warn;
use crate::{Service, answer};

impl Service {
    /// Bytes of an object on their way out. What is wrong where they begin, and damage that was met before and is there still, is an error of its own.
    pub async fn handed_over(
        &self,
        kept: &Kept,
        bytes: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
    ) -> Result<Out, Problem> {
        let bytes = self.store.handed_over(kept, bytes).await?;
        Ok(bytes.map_err(|error| broken_off(&error)).boxed())
    }

    /// Remembers damage that was met in an object.
    pub fn met(&self, kept: &Kept, problem: Problem) -> Problem {
        if let Problem::Store(error @ StoreError::Damaged { .. }) = &problem {
            self.store.met(kept, error);
        }
        problem
    }

    /// What an entity tag says of an object in an answer with many: another thing each time that it may have been left out under the tag before.
    pub fn named(&self, kept: &Kept) -> String {
        match self.store.times_met(kept) {
            0 => kept.object.digest.clone(),
            times => format!("{}-{times}", kept.object.digest),
        }
    }

    /// Those of `asked` of which nothing is known that keeps them from going out.
    ///
    /// # Errors
    /// What is known, where that is none of them.
    pub async fn all_sound<T>(
        &self,
        asked: Vec<T>,
        object: impl Fn(&T) -> (&Kept, Option<Target>),
    ) -> Result<Vec<T>, Problem> {
        let (mut sound, mut why) = (Vec::with_capacity(asked.len()), None);
        for one in asked {
            let (kept, anew) = object(&one);
            match self.store.sound(kept, anew).await {
                Ok(()) => sound.push(one),
                Err(error) => why = Some(why.unwrap_or(only_of_one(error.into())?)),
            }
        }
        match why {
            Some(problem) if sound.is_empty() => Err(problem),
            _ => Ok(sound),
        }
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
    tracing::warn!(reason = %problem, "an instance is left out of an answer");
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

/// An answer of all but `known` of them, which its tag does not name, and `met`, which were met while it was begun: where it lacks some it says so, and
/// what it lacks of its tag's is under no tag.
pub(crate) fn lacking(response: Response, tag: &str, [known, met]: [usize; 2], of: usize) -> Response {
    let mut response = answer::tagged(response, tag);
    if met > 0 {
        response.headers_mut().remove(header::ETAG);
    }
    let left_out = known + met;
    if left_out > 0 {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let why = "they cannot be read here, or not be given as is asked";
        warn(&mut response, &format!("{left_out} of {of} instances are left out: {why}"));
    }
    response
}
