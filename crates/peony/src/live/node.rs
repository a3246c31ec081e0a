//! The DICOM node of `peony serve`: its address, and what it sends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use peony_dicomweb::Neighbours as Titles;
use peony_node::sending::{Patience, send_queued};
use peony_node::{Configuration, Transport};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::kept::Kept;
use super::neighbours::Neighbours;
use crate::cli::ServeArgs;

/// How long peers may take to end their message when the program ends. What was not acknowledged by then they send again.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// A node that runs.
pub struct Node {
    addr: SocketAddr,
    transport: Transport,
    ae_title: String,
    configuration: watch::Receiver<Arc<Configuration>>,
    stop: oneshot::Sender<()>,
    stop_sending: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// Starts the node on `addr`, if it may be there; what it takes goes into the store.
///
/// # Errors
/// Where other machines can reach the address and there are no certificates; what is wrong with its configuration; where the address cannot be had.
pub fn start(args: &ServeArgs, addr: SocketAddr, kept: &Kept) -> Result<Node> {
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
    let listener = kept.block_on(TcpListener::bind(addr)).with_context(|| format!("--dicom {addr}"))?;
    let addr = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let archive = kept.store.clone();
    let stop_sending = watch::Sender::new(false);
    let (patience, stopped_sending) = (Patience::default(), stop_sending.subscribe());
    kept.handle().spawn(send_queued(archive.clone(), current.clone(), patience, stopped_sending));
    let known = current.clone();
    let serving = kept.handle().spawn(async move {
        let keeping_up = tokio::spawn(neighbours.keep_up(configuration));
        let stop = async {
            // Stopped by a word or by the sender's end alike.
            let _ = stopped.await;
        };
        peony_node::serve(listener, transport, archive, current, stop).await;
        keeping_up.abort();
    });
    let (ae_title, configuration) = (args.aet.to_string(), known);
    Ok(Node { addr, transport, ae_title, configuration, stop, stop_sending, serving })
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

    /// The nodes that it can send to, as they are whenever that is asked.
    pub fn neighbours(&self) -> Titles {
        let configuration = self.configuration.clone();
        Arc::new(move || {
            let now = configuration.borrow().clone();
            let reached = now.peers.iter().filter(|peer| peer.address.is_some());
            reached.map(|peer| peer.ae_title.to_string()).collect()
        })
    }

    /// Whether other machines can reach it.
    pub fn is_reachable(&self) -> bool {
        !self.addr.ip().to_canonical().is_loopback()
    }

    /// Takes no more associations, and lets those that go on end their message. What it is sending is left to the next start.
    pub fn stop(self, kept: &Kept) {
        self.stop_sending.send_replace(true);
        drop(self.stop);
        if kept.block_on(async { timeout(LAST_WORDS, self.serving).await }).is_err() {
            tracing::warn!("associations were cut off in the midst of a message");
        }
    }
}
