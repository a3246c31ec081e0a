//! The server: bound to this machine, or not started.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsAcceptor;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use utoipa::openapi::OpenApi;

use crate::guard::Site;
use crate::places::Places;
use crate::rooms::Rooms;
use crate::routes::router;
use crate::tls::Tls;

/// How long a peer may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a peer may take from there until the header of its first request is here.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How long the header of another request may take, the rest before it included.
const HEADER: Duration = Duration::from_secs(30);
/// How long requests that are being answered may go on when the server is to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// Where to listen, and how.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// The address; others than loopback are accepted only where whoever comes is known by an account, over TLS. Port 0 takes any free one.
    pub addr: SocketAddr,
    /// How many ports after the first are tried where it is taken: 0 for a port that a person chose.
    pub further_ports: u16,
    /// HTTPS instead of HTTP.
    pub tls: Option<Tls>,
    /// Whether nobody is answered without an account.
    pub accounts: bool,
    /// How many connections there may be at a time; who comes beyond that is hung up on.
    pub connections: usize,
    /// How many of them from one address, three quarters of all at most; from this machine's own it is as many as that.
    pub connections_from_one_address: usize,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 8686)),
            further_ports: 9,
            tls: None,
            accounts: false,
            connections: 512,
            connections_from_one_address: 128,
        }
    }
}

impl ServeConfig {
    /// Whether it may be served so.
    ///
    /// # Errors
    /// [`ServeError::Reachable`].
    pub fn check(&self) -> Result<(), ServeError> {
        let lacks = match (self.tls.is_some(), self.accounts) {
            (true, true) => return Ok(()),
            (true, false) => "there are no accounts",
            (false, true) => "there is no TLS",
            (false, false) => "there are no accounts and no TLS",
        };
        let addr = self.addr;
        if addr.ip().is_loopback() { Ok(()) } else { Err(ServeError::Reachable { addr, lacks }) }
    }
}

/// What a server answers besides its pages, and what stands before all of it.
#[derive(Default)]
pub struct Beside {
    /// Routes of others, behind the same guard as the pages.
    pub routes: Router,
    /// Puts itself before all routes, those of the pages included, and says who asks as a [`Person`](crate::Person).
    pub gate: Option<Box<dyn FnOnce(Router) -> Router + Send>>,
    /// Puts itself before the guard as well, and writes down what is refused.
    pub noted: Option<Box<dyn FnOnce(Router) -> Router + Send>>,
    /// The description of all routes, those of the pages included; `None`: of those of the pages.
    pub description: Option<OpenApi>,
}

impl From<Router> for Beside {
    /// Routes without a gate: whoever sits at this machine asks.
    fn from(routes: Router) -> Self {
        Self { routes, ..Self::default() }
    }
}

/// Why the server did not start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another machine could reach it (invariant 6).
    #[error("address {addr}: other machines could reach it, and {lacks}; use 127.0.0.1")]
    Reachable {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What it would need.
        lacks: &'static str,
    },
    /// Every port that was tried is taken.
    #[error("port {first}{}: taken by another program; choose another", if first == last { String::new() } else { format!(" to {last}") })]
    PortTaken {
        /// The first that was tried.
        first: u16,
        /// The last that was tried.
        last: u16,
    },
    /// The system refused.
    #[error("address {addr}: cannot listen: {source}")]
    Listen {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system took the listener, a thread or the runtime away.
    #[error("the server stopped: {0}")]
    Stopped(#[from] io::Error),
}

/// A server that listens already and serves once it is run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    tls: Option<Tls>,
    /// In all, and from one address.
    connections: [usize; 2],
}

impl Server {
    /// Listens on the address of `config`, or on the next free port if that is allowed.
    ///
    /// # Errors
    /// [`ServeError::Reachable`] before anything is opened; [`ServeError::PortTaken`]; [`ServeError::Listen`].
    pub async fn bind(config: ServeConfig) -> Result<Self, ServeError> {
        config.check()?;
        let ServeConfig { addr: wanted, further_ports, tls, .. } = config;
        let connections = [config.connections, config.connections_from_one_address];
        let (first, last) = (wanted.port(), wanted.port().saturating_add(further_ports));
        for port in first..=last {
            let addr = SocketAddr::new(wanted.ip(), port);
            match TcpListener::bind(addr).await {
                Ok(listener) => {
                    let addr = listener.local_addr().map_err(|source| ServeError::Listen { addr, source })?;
                    return Ok(Self { listener, addr, tls, connections });
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(source) => return Err(ServeError::Listen { addr, source }),
            }
        }
        Err(ServeError::PortTaken { first, last })
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    fn site(&self) -> Site {
        Site { bound: self.addr, secured: self.tls.is_some() }
    }

    /// Serves until `stop` is done; then nobody else is taken, and requests that are being answered have ten seconds to end.
    /// What is `beside` the pages are routes of others, behind the same guard.
    ///
    /// # Errors
    /// [`ServeError::Stopped`].
    pub async fn run(
        self,
        rooms: Arc<Rooms>,
        beside: impl Into<Beside>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let app = router(rooms, beside.into(), self.site());
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let handle = Handle::<SocketAddr>::new();
        let [connections, from_one] = self.connections;
        let mut server = axum_server::Server::<SocketAddr>::from_listener(self.listener);
        server.http_builder().http1().header_read_timeout(HEADER);
        let server = server
            .first_request_timeout(FIRST_REQUEST)
            // It concerns the one connection alone.
            .accept_error_handler(|from: Option<&SocketAddr>, error: &io::Error| {
                tracing::debug!(?from, %error, "no connection");
            })
            .handle(handle.clone());
        match self.tls {
            None => {
                let serving = server.acceptor(Places::plain(connections, from_one)).serve(app);
                until(stop, &handle, serving).await
            }
            Some(tls) => {
                let acceptor = RustlsAcceptor::new(tls.current()).handshake_timeout(HANDSHAKE);
                let places = Places::for_tls(connections, from_one, HANDSHAKE);
                until(stop, &handle, server.acceptor(acceptor.acceptor(places)).serve(app)).await
            }
        }
    }
}

/// Serves until `stop` is done, and then what is being answered. Sockets outlive that: they end with the runtime.
async fn until(
    stop: impl Future<Output = ()>,
    handle: &Handle<SocketAddr>,
    serving: impl Future<Output = io::Result<()>>,
) -> Result<(), ServeError> {
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        served = &mut serving => return served.map_err(ServeError::Stopped),
        () = stop => handle.graceful_shutdown(Some(LAST_ANSWERS)),
    }
    serving.await.map_err(ServeError::Stopped)
}

/// Binds and serves until the future is dropped.
///
/// # Errors
/// Those of [`Server::bind`] and [`Server::run`].
pub async fn serve(config: ServeConfig, rooms: Arc<Rooms>) -> Result<(), ServeError> {
    Server::bind(config).await?.run(rooms, Router::new(), std::future::pending()).await
}

/// A server on a thread of its own; dropping it stops it.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

/// Binds, and serves on a thread of its own, for programs without an asynchronous runtime: one thread, because the
/// cores belong to the pipeline. `beside` as in [`Server::run`].
///
/// # Errors
/// Those of [`Server::bind`]; [`ServeError::Stopped`] where the system gives no thread.
pub fn start(
    config: ServeConfig,
    rooms: Arc<Rooms>,
    beside: impl Into<Beside>,
) -> Result<Running, ServeError> {
    let beside = beside.into();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(2).build()?;
    let server = runtime.block_on(Server::bind(config))?;
    let (addr, url) = (server.addr, server.site().url());
    let (stop, stopped) = oneshot::channel();
    let serving = async {
        // Stopped by a word or by the sender's end alike.
        let _ = stopped.await;
    };
    let thread = thread::Builder::new()
        .name("peony-web".to_owned())
        .spawn(move || runtime.block_on(server.run(rooms, beside, serving)))?;
    Ok(Running { addr, url, stop: Some(stop), thread: Some(thread) })
}

impl Running {
    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address a person opens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it and waits until it has.
    ///
    /// # Errors
    /// [`ServeError::Stopped`] where it had stopped by itself.
    pub fn stop(mut self) -> Result<(), ServeError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ServeError> {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(ServeError::Stopped(io::Error::other("its thread panicked"))))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "the web server");
        }
    }
}
