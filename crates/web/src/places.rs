//! How many connections there may be, in all and from one address, and what is seen of each before HTTP or TLS begins.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum_server::accept::Accept;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower_service::Service;

use crate::lingering::{Lingering, read_off};

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
    /// How many of all may be of one address, and of one of this machine's own.
    from_one: [usize; 2],
    taken: Arc<Taken>,
    /// TLS follows, and must have begun within this time.
    tls_within: Option<Duration>,
}

impl Places {
    /// A quarter of the places is left for others by everybody. What comes from this machine itself may be everybody's, by a proxy: it has the rest.
    pub fn plain(connections: usize, from_one: usize) -> Self {
        let free = Arc::new(Semaphore::new(connections));
        let most = connections - connections / 4;
        let from_one = [from_one.min(most), most];
        Self { free, from_one, taken: Arc::default(), tls_within: None }
    }

    pub fn for_tls(connections: usize, from_one: usize, within: Duration) -> Self {
        Self { tls_within: Some(within), ..Self::plain(connections, from_one) }
    }

    /// A place for a connection from there; else why there is none.
    fn take(&self, from: IpAddr) -> Result<Place, &'static str> {
        let from = from.to_canonical();
        let free = Arc::clone(&self.free).try_acquire_owned().map_err(|_| "full")?;
        let [from_one, from_here] = self.from_one;
        let most = if from.is_loopback() { from_here } else { from_one };
        let mut counts = self.taken.counts();
        let count = counts.entry(from).or_default();
        if *count >= most {
            return Err("address");
        }
        *count += 1;
        drop(counts);
        Ok(Place { from, taken: Arc::clone(&self.taken), _free: free })
    }
}

/// How many places each address has.
#[derive(Debug, Default)]
struct Taken(Mutex<HashMap<IpAddr, usize>>);

impl Taken {
    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place of a connection, until that ends.
#[derive(Debug)]
pub(crate) struct Place {
    from: IpAddr,
    taken: Arc<Taken>,
    _free: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.taken.counts();
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Places {
    type Stream = Lingering<Arc<Place>>;
    type Service = Placed<S>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Placed<S>)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let place = stream.peer_addr().map(|from| self.take(from.ip()));
        let tls_within = self.tls_within;
        Box::pin(async move {
            let place = place?.map_err(|why| {
                metrics::counter!("peony_http_connections_refused_total", "why" => why).increment(1);
                io::Error::other("there is no place for another connection")
            })?;
            // A frame goes out at once: Nagle's algorithm would hold its tail back.
            stream.set_nodelay(true)?;
            let stream = match tls_within {
                None => stream,
                Some(within) => timeout(within, expect_tls(stream)).await??,
            };
            // It is held by what lives longest of a connection: a socket outlives its request, and an end lingers.
            let place = Arc::new(place);
            Ok((Lingering::new(stream, Arc::clone(&place)), Placed { service, _place: place }))
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
    // Whoever goes on speaking has heard enough.
    let _ = timeout(HEAR, read_off(stream)).await;
    Err(io::Error::new(io::ErrorKind::InvalidData, "it speaks no TLS"))
}

/// A service of a connection that has a place, until it ends.
#[derive(Clone)]
pub(crate) struct Placed<S> {
    service: S,
    _place: Arc<Place>,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many places an address has, one after the other, and why it has no more.
    fn taken(places: &Places, from: &str) -> (Vec<Place>, &'static str) {
        let mut held = Vec::new();
        loop {
            match places.take(from.parse().unwrap()) {
                Ok(place) => held.push(place),
                Err(why) => return (held, why),
            }
        }
    }

    #[test]
    fn one_address_does_not_have_all_places() {
        let places = Places::plain(16, 3);
        let (one, why) = taken(&places, "10.0.0.1");
        assert_eq!((one.len(), why), (3, "address"));
        assert_eq!(taken(&places, "::ffff:10.0.0.1").0.len(), 0, "it is the same one");
        assert_eq!(taken(&places, "10.0.0.2").0.len(), 3);
        drop(one);
        assert!(places.taken.counts().is_empty(), "nothing is kept of who has gone");
        assert_eq!(taken(&places, "10.0.0.1").0.len(), 3);
        // A proxy on this machine has more, and not all.
        let (own, why) = taken(&places, "127.0.0.1");
        assert_eq!((own.len(), why), (12, "address"));
        let (other, _) = taken(&places, "10.0.0.1");
        assert_eq!(other.len(), 3);
        let (last, why) = taken(&places, "10.0.0.2");
        assert_eq!((last.len(), why), (1, "full"));
    }

    #[test]
    fn beyond_all_places_there_is_none_for_anybody() {
        let places = Places::plain(2, 128);
        let (held, why) = taken(&places, "127.0.0.1");
        assert_eq!((held.len(), why), (2, "full"));
        let (most, why) = taken(&Places::plain(16, 128), "10.0.0.1");
        assert_eq!((most.len(), why), (12, "address"), "whatever was said");
    }
}
