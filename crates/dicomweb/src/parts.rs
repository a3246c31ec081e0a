//! Bodies in parts on their way out: `multipart/related` (RFC 2387), a stream of streams.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use peony_dicom::pixels::ImageHeader;
use peony_store::{Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::problem::Problem;
use crate::{Service, answer};

/// Pieces that are made before the peer takes them.
const WAITING: usize = 4;

/// Bytes as they are read; after an error the connection is broken off, so that the peer does not take half for all.
pub(crate) type Out = BoxStream<'static, io::Result<Bytes>>;

/// A body of these bytes. They are read by a task of the runtime that the handler runs in, whatever runtime the connection is served by: the
/// server's may have few threads that wait for disks.
pub(crate) fn body(mut bytes: Out) -> Body {
    let (read, taken) = mpsc::channel::<Option<io::Result<Bytes>>>(1);
    tokio::spawn(async move {
        loop {
            let part = bytes.next().await;
            let is_last = part.is_none();
            if read.send(part).await.is_err() || is_last {
                return;
            }
        }
    });
    Body::from_stream(until_the_last(taken))
}

/// What a task reads, up to its word that this is all: without it, the answer is broken off.
fn until_the_last(
    taken: mpsc::Receiver<Option<io::Result<Bytes>>>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(Some(taken), async |taken| {
        let mut taken = taken?;
        match taken.recv().await {
            Some(Some(part)) => Some((part, Some(taken))),
            Some(None) => None,
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    })
}

/// Bytes of the store with the first of them read: what is wrong with that is an answer of its own.
pub(crate) async fn begun(mut bytes: BoxStream<'static, Result<Bytes, StoreError>>) -> Result<Out, Problem> {
    let first = bytes.next().await.transpose()?;
    Ok(stream::iter(first.map(Ok)).chain(bytes.map_err(|error| broken_off(&error))).boxed())
}

/// One part.
pub(crate) struct Part {
    /// Its Content-Type.
    pub kind: String,
    /// Where it is found alone.
    pub location: Option<String>,
    /// Its length, where it is known before it is made.
    pub length: Option<u64>,
    pub bytes: Out,
}

impl Part {
    fn head(&self, boundary: &str) -> String {
        let mut head = format!("--{boundary}\r\nContent-Type: {}\r\n", self.kind);
        if let Some(location) = &self.location {
            head += &format!("Content-Location: {location}\r\n");
        }
        if let Some(length) = self.length {
            head += &format!("Content-Length: {length}\r\n");
        }
        head + "\r\n"
    }

    /// An answer of this part alone.
    pub fn alone(self) -> Response {
        let mut response = answer::body(StatusCode::OK, &self.kind, body(self.bytes));
        if let Some(length) = self.length {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        response
    }
}

/// Where a thread that reads and decodes puts what it makes. A peer that takes nothing for too long ends it.
pub(crate) struct Sink {
    made: mpsc::Sender<Result<Bytes, Problem>>,
    runtime: Handle,
    silence: Duration,
    store: Store,
}

impl Sink {
    /// Hands on what was made.
    ///
    /// # Errors
    /// [`Problem::Silence`] where nobody takes it.
    pub fn send(&self, bytes: Bytes) -> Result<(), Problem> {
        let gone = Problem::Silence(self.silence.as_secs());
        if bytes.is_empty() {
            return Ok(());
        }
        match self.runtime.block_on(tokio::time::timeout(self.silence, self.made.send(Ok(bytes)))) {
            Ok(Ok(())) => Ok(()),
            _ => Err(gone),
        }
    }

    /// Decodes a frame when a core is free for it, and a place where it is a large one.
    pub fn decode<T>(&self, image: &ImageHeader, work: impl FnOnce() -> T) -> T {
        let _held = self.runtime.block_on(self.store.cores().for_one(image));
        work()
    }
}

/// Bytes that a thread makes, as the peer takes them. What goes wrong before the first of them is an error of its own.
pub(crate) async fn made(
    service: &Service,
    work: impl FnOnce(&Sink) -> Result<(), Problem> + Send + 'static,
) -> Result<Out, Problem> {
    let place = place(service).await?;
    made_at(place, service, work).await
}

/// What [`made_at`] needs. Whoever reads something before waits for it first.
pub(crate) async fn place(service: &Service) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&service.making).acquire_owned().await.map_err(|_| Problem::Failed)
}

/// As [`made`], at a place that was waited for.
pub(crate) async fn made_at(
    place: OwnedSemaphorePermit,
    service: &Service,
    work: impl FnOnce(&Sink) -> Result<(), Problem> + Send + 'static,
) -> Result<Out, Problem> {
    let (made, mut taken) = mpsc::channel(WAITING);
    let (runtime, silence) = (Handle::current(), service.limits.silence);
    let sink = Sink { made, runtime, silence, store: service.store.clone() };
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&sink)));
        // A panic has said so itself. An empty piece is the last word: without it the peer would take half for all.
        let last = outcome.unwrap_or(Err(Problem::Failed)).map(|()| Bytes::new());
        let _ = sink.runtime.block_on(tokio::time::timeout(sink.silence, sink.made.send(last)));
    });
    let first = taken.recv().await.unwrap_or(Err(Problem::Failed))?;
    let taken = Some(taken).filter(|_| !first.is_empty());
    let rest = stream::unfold(taken, async |taken| {
        let mut taken = taken?;
        match taken.recv().await.unwrap_or(Err(Problem::Failed)) {
            Ok(part) if part.is_empty() => None,
            Ok(part) => Some((Ok(part), Some(taken))),
            Err(problem) => Some((Err(broken_off(&problem)), None)),
        }
    });
    Ok(stream::iter([Ok(first)]).chain(rest).boxed())
}

/// An answer in parts of the type `kind`. Each part is made when the one before is gone.
pub(crate) fn related(kind: &str, boundary: &str, parts: Vec<Part>) -> Response {
    let lengths = parts.iter().map(|part| Some(part.head(boundary).len() as u64 + part.length? + 2));
    let length = lengths.sum::<Option<u64>>().map(|length| length + last(boundary).len() as u64);
    let mut response = related_in_turn(kind, boundary, stream::iter(parts.into_iter().map(Ok)).boxed());
    if let Some(length) = length {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// The same of parts of which nobody knows before how many there are.
pub(crate) fn related_in_turn(
    kind: &str,
    boundary: &str,
    parts: BoxStream<'static, io::Result<Part>>,
) -> Response {
    let text = |text: String| stream::iter([Ok::<_, io::Error>(Bytes::from(text))]);
    let (kind, end) = (answer::related(kind, boundary), text(last(boundary)));
    let boundary = boundary.to_owned();
    let parts = parts
        .map_ok(move |part| text(part.head(&boundary)).chain(part.bytes).chain(text("\r\n".into())).boxed());
    answer::body(StatusCode::OK, &kind, body(parts.try_flatten().chain(end).boxed()))
}

fn last(boundary: &str) -> String {
    format!("--{boundary}--\r\n")
}

/// What the peer hears of an error when part of the answer is gone: the connection ends.
pub(crate) fn broken_off(error: &dyn std::fmt::Display) -> io::Error {
    // Texts of the store name a digest or a file operation, those of DICOM a field: nothing of a patient.
    tracing::warn!(reason = %error, "an answer was broken off");
    io::Error::other("broken off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_is_gone_is_no_end_of_an_answer() {
        let (read, taken) = mpsc::channel(4);
        for part in [Some(Ok(Bytes::from_static(b"half"))), None] {
            read.send(part).await.unwrap();
        }
        drop(read);
        let parts: Vec<_> = until_the_last(taken).collect().await;
        assert!(matches!(parts.as_slice(), [Ok(_)]));
        let (read, taken) = mpsc::channel(4);
        read.send(Some(Ok(Bytes::from_static(b"half")))).await.unwrap();
        drop(read);
        let parts: Vec<_> = until_the_last(taken).collect().await;
        assert!(matches!(parts.as_slice(), [Ok(_), Err(_)]));
    }
}
