//! How many connections there may be, and what is seen of each before HTTP or TLS begins.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum_server::accept::Accept;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower_service::Service;

/// The first byte of TLS (RFC 8446 §5.1): a record of type handshake.
const HANDSHAKE_RECORD: u8 = 22;
/// What somebody is told who speaks HTTP where TLS is wanted.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 34\r\nconnection: close\r\n\r\n\
    This port takes HTTPS only (TLS).\n";
/// How long somebody may take to hear that.
const HEAR: Duration = Duration::from_secs(1);

/// Takes connections as long as there are places for them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// TLS follows, and must have begun within this time.
    tls_within: Option<Duration>,
}

impl Places {
    pub fn plain(connections: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(connections)), tls_within: None }
    }

    pub fn for_tls(connections: usize, within: Duration) -> Self {
        Self { tls_within: Some(within), ..Self::plain(connections) }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Places {
    type Stream = TcpStream;
    type Service = Placed<S>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(TcpStream, Placed<S>)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let (place, tls_within) = (Arc::clone(&self.free).try_acquire_owned(), self.tls_within);
        Box::pin(async move {
            let Ok(place) = place else {
                metrics::counter!("peony_http_connections_refused_total", "why" => "full").increment(1);
                return Err(io::Error::other("there is no place for another connection"));
            };
            // A frame goes out at once: Nagle's algorithm would hold its tail back.
            stream.set_nodelay(true)?;
            let stream = match tls_within {
                None => stream,
                Some(within) => timeout(within, expect_tls(stream)).await??,
            };
            Ok((stream, Placed { service, _place: Arc::new(place) }))
        })
    }
}

/// The stream, if TLS begins on it; else whoever speaks is told.
async fn expect_tls(mut stream: TcpStream) -> io::Result<TcpStream> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if first[0] == HANDSHAKE_RECORD {
        return Ok(stream);
    }
    metrics::counter!("peony_http_connections_refused_total", "why" => "no_tls").increment(1);
    stream.write_all(SPEAK_TLS).await?;
    stream.shutdown().await?;
    // What was sent is read off: a connection that is closed before takes its answer with it.
    let mut rest = [0; 1024];
    let hear = async { while matches!(stream.read(&mut rest).await, Ok(read) if read > 0) {} };
    // Whoever goes on speaking has heard enough.
    let _ = timeout(HEAR, hear).await;
    Err(io::Error::new(io::ErrorKind::InvalidData, "it speaks no TLS"))
}

/// A service of a connection that has a place, until it ends.
#[derive(Clone)]
pub(crate) struct Placed<S> {
    service: S,
    _place: Arc<OwnedSemaphorePermit>,
}

impl<B, S: Service<Request<B>>> Service<Request<B>> for Placed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        self.service.call(request)
    }
}
