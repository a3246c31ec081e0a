//! The server: bound to this machine, or not started.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::guard;
use crate::rooms::Rooms;
use crate::routes::router;

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeConfig {
    /// The address; only loopback is accepted. Port 0 takes any free one.
    pub addr: SocketAddr,
    /// How many ports after the first are tried where it is taken: 0 for a port that a person chose.
    pub further_ports: u16,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self { addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 8686)), further_ports: 9 }
    }
}

/// What a server answers besides its pages, and what stands before all of it.
#[derive(Default)]
pub struct Beside {
    /// Routes of others, behind the same guard as the pages.
    pub routes: Router,
    /// Puts itself before all routes, those of the pages included, and says who asks as a [`Person`](crate::Person).
    pub gate: Option<Box<dyn FnOnce(Router) -> Router + Send>>,
}

impl From<Router> for Beside {
    /// Routes without a gate: whoever sits at this machine asks.
    fn from(routes: Router) -> Self {
        Self { routes, gate: None }
    }
}

/// Why the server did not start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another machine could reach it (invariant 6).
    #[error("address {addr}: other machines could reach it, and there is no TLS; use 127.0.0.1")]
    NotLoopback {
        /// The address that was asked for.
        addr: SocketAddr,
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
}

impl Server {
    /// Listens on the address of `config`, or on the next free port if that is allowed.
    ///
    /// # Errors
    /// [`ServeError::NotLoopback`] before anything is opened; [`ServeError::PortTaken`]; [`ServeError::Listen`].
    pub async fn bind(config: ServeConfig) -> Result<Self, ServeError> {
        let ServeConfig { addr: wanted, further_ports } = config;
        if !wanted.ip().is_loopback() {
            return Err(ServeError::NotLoopback { addr: wanted });
        }
        let (first, last) = (wanted.port(), wanted.port().saturating_add(further_ports));
        for port in first..=last {
            let addr = SocketAddr::new(wanted.ip(), port);
            match TcpListener::bind(addr).await {
                Ok(listener) => {
                    let addr = listener.local_addr().map_err(|source| ServeError::Listen { addr, source })?;
                    return Ok(Self { listener, addr });
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

    /// The address a person opens.
    #[must_use]
    pub fn url(&self) -> String {
        guard::url(self.addr)
    }

    /// Serves until `stop` is done: the pages, and what is `beside` them.
    ///
    /// # Errors
    /// [`ServeError::Stopped`].
    pub async fn run(
        self,
        rooms: Arc<Rooms>,
        beside: impl Into<Beside>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let app = router(rooms, beside.into(), self.addr);
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        // A frame goes out at once: Nagle's algorithm would hold its tail back.
        let listener = self.listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "set_nodelay");
            }
        });
        // Open sockets would outlive a graceful shutdown; dropping the server closes them.
        tokio::select! {
            served = axum::serve(listener, app).into_future() => served.map_err(ServeError::Stopped),
            () = stop => Ok(()),
        }
    }
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
    let addr = server.addr();
    let (stop, stopped) = oneshot::channel();
    let serving = async {
        // Stopped by a word or by the sender's end alike.
        let _ = stopped.await;
    };
    let thread = thread::Builder::new()
        .name("peony-web".to_owned())
        .spawn(move || runtime.block_on(server.run(rooms, beside, serving)))?;
    Ok(Running { addr, stop: Some(stop), thread: Some(thread) })
}

impl Running {
    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address a person opens.
    #[must_use]
    pub fn url(&self) -> String {
        guard::url(self.addr)
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
