//! The DICOM node of `peony serve`: its address, and the store that keeps what it takes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use peony_node::Transport;
use peony_store::Store;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::neighbours::Neighbours;
use crate::cli::ServeArgs;
use crate::storage;

/// A study to which nothing has come for this long is complete.
const QUIET: Duration = Duration::from_secs(60);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long peers may take to end their message when the program ends. What was not acknowledged by then they send again.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// A node that runs.
pub struct Node {
    addr: SocketAddr,
    transport: Transport,
    ae_title: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    store: Store,
    runtime: Runtime,
}

/// Starts the node on `addr`, if it may be there.
///
/// # Errors
/// Where other machines can reach the address and there are no certificates; what is wrong with its configuration; where store or address cannot be
/// had.
pub fn start(args: &ServeArgs, addr: SocketAddr) -> Result<Node> {
    let transport = match &args.dicom_tls {
        Some(_) => Transport::Secured,
        // Any address that is not this machine's own is one that others reach.
        None if !addr.ip().to_canonical().is_loopback() => bail!(
            "--dicom {addr}: other machines could reach it without accounts; take an address such as 127.0.0.1:11112, or certificates for \
             both sides (--dicom-tls DIR)"
        ),
        None => Transport::Plain,
    };
    let neighbours = Neighbours::of(args);
    let (configuration, current) = watch::channel(Arc::new(neighbours.read()?));
    let runtime = Builder::new_multi_thread().enable_all().thread_name("peony-node").build()?;
    let (store, listener) = runtime.block_on(async {
        let listener = TcpListener::bind(addr).await.with_context(|| format!("--dicom {addr}"))?;
        anyhow::Ok((storage::open(&args.store).await?, listener))
    })?;
    let addr = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let archive = store.clone();
    let serving = runtime.spawn(async move {
        tokio::spawn(neighbours.keep_up(configuration));
        let completing = tokio::spawn(complete_studies(archive.clone()));
        let stop = async {
            // Stopped by a word or by the sender's end alike.
            let _ = stopped.await;
        };
        peony_node::serve(listener, transport, archive, current, stop).await;
        completing.abort();
    });
    Ok(Node { addr, transport, ae_title: args.aet.to_string(), stop, serving, store, runtime })
}

async fn complete_studies(store: Store) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        match store.complete_quiet_studies(QUIET).await {
            Ok(complete) if complete.is_empty() => {}
            Ok(complete) => tracing::info!("{} studies are complete", complete.len()),
            Err(error) => tracing::warn!("which studies are complete cannot be looked at: {error}"),
        }
    }
}

impl Node {
    /// Where it is, in a line.
    pub fn said(&self) -> String {
        let over = match self.transport {
            Transport::Plain => "",
            Transport::Secured => ", over TLS with certificates on both sides",
        };
        format!("DICOM: {} at {}{over}", self.ae_title, self.addr)
    }

    /// Whether other machines can reach it.
    pub fn is_reachable(&self) -> bool {
        !self.addr.ip().to_canonical().is_loopback()
    }

    /// Takes no more associations, lets those that go on end their message, and closes the store.
    pub fn stop(self) {
        let Self { stop, serving, store, runtime, .. } = self;
        drop(stop);
        runtime.block_on(async {
            if timeout(LAST_WORDS, serving).await.is_err() {
                tracing::warn!("associations were cut off in the midst of a message");
            }
            store.close().await;
        });
    }
}
