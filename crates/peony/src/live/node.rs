//! The DICOM node of `peony serve`: its address, what it sends, and what it fetches.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use peony_dicomweb::{FoundThere, Neighbours as Titles, Nodes};
use peony_node::asking;
use peony_node::queue::{Patience, Queue, work_off};
use peony_node::{Configuration, Transport};
use peony_store::{SendFault, Site};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::access::rights;
use super::kept::Kept;
use crate::cli::ServeArgs;

/// How long peers may take to end their message when the program ends. What was not acknowledged by then they send again.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// How long another node may take to answer a search.
const SEARCH: Duration = Duration::from_secs(20);

/// A node that runs.
pub struct Node {
    addr: SocketAddr,
    transport: Transport,
    ae_title: String,
    configuration: watch::Receiver<Arc<Configuration>>,
    stop: oneshot::Sender<()>,
    stop_working: watch::Sender<bool>,
    serving: JoinHandle<()>,
    /// What works off the queues.
    working: JoinSet<()>,
}

/// What may lie under associations at an address.
///
/// # Errors
/// Where other machines can reach it and there are no certificates.
pub fn transport(args: &ServeArgs, addr: SocketAddr) -> Result<Transport, String> {
    match &args.dicom_tls {
        Some(_) => Ok(Transport::Secured),
        // Any address that is not this machine's own is one that others reach.
        None if !is_own(addr) => Err(format!(
            "dicom.address (--dicom) {addr}: other machines could reach it without accounts; take an address such as 127.0.0.1:11112, or \
             certificates for both sides (dicom.tls, --dicom-tls DIR)"
        )),
        None => Ok(Transport::Plain),
    }
}

fn is_own(addr: SocketAddr) -> bool {
    addr.ip().to_canonical().is_loopback()
}

/// Starts the node on `addr`; what it takes goes into the store.
///
/// # Errors
/// Where the address cannot be had.
pub fn start(
    addr: SocketAddr,
    transport: Transport,
    configuration: watch::Receiver<Arc<Configuration>>,
    kept: &Kept,
) -> Result<Node> {
    if transport == Transport::Secured {
        let sites = kept.block_on(kept.store.sites())?;
        let untied = untied(&configuration.borrow(), &sites);
        if !untied.is_empty() {
            tracing::warn!(
                "DICOM: whoever has a certificate of the authorities may call itself {} and so gets what is of a site: tie titles of sites to \
                 certificates (dicom.peer.certificate)",
                untied.join(", ")
            );
        }
    }
    let listener =
        kept.block_on(TcpListener::bind(addr)).with_context(|| format!("dicom.address (--dicom) {addr}"))?;
    let addr = listener.local_addr()?;
    let ae_title = configuration.borrow().ae_title.to_string();
    let (stop, stopped) = oneshot::channel();
    let archive = kept.store.clone();
    let stop_working = watch::Sender::new(false);
    let mut working = JoinSet::new();
    for (queue, patience) in [
        (Queue::Sending, Patience::default()),
        (Queue::Fetching(rights(archive.clone())), Patience::default()),
        (Queue::Reporting, Patience::of_a_day()),
    ] {
        let (store, stopped) = (archive.clone(), stop_working.subscribe());
        working.spawn_on(work_off(queue, store, configuration.clone(), patience, stopped), kept.handle());
    }
    let known = configuration.clone();
    let serving = kept.handle().spawn(async move {
        let stop = async {
            // Stopped by a word or by the sender's end alike.
            let _ = stopped.await;
        };
        peony_node::serve(listener, transport, archive, configuration, stop).await;
    });
    Ok(Node { addr, transport, ae_title, configuration: known, stop, stop_working, serving, working })
}

/// Titles of sites that are tied to no certificate.
fn untied<'a>(configuration: &Configuration, sites: &'a [Site]) -> Vec<&'a str> {
    let is_tied = |title: &str| configuration.peer(title).is_some_and(|peer| peer.certificate.is_some());
    let titles = sites.iter().flat_map(|site| &site.senders).map(String::as_str);
    titles.filter(|title| !is_tied(title)).collect()
}

/// Where there is no node, nobody can be searched.
pub fn nobody() -> Nodes {
    Nodes {
        sources: Arc::new(Vec::new),
        search: Arc::new(|_, _, _, _| Box::pin(async { Err(SendFault::UnknownNode) })),
        limit: SEARCH,
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

    /// The nodes that it can send to, as they are whenever that is asked.
    pub fn neighbours(&self) -> Titles {
        let configuration = self.configuration.clone();
        Arc::new(move || {
            let now = configuration.borrow().clone();
            let reached = now.peers.iter().filter(|peer| peer.address.is_some());
            reached.map(|peer| peer.ae_title.to_string()).collect()
        })
    }

    /// The nodes that it can search and fetch from, as they are whenever that is asked.
    pub fn nodes(&self) -> Nodes {
        let (listed, asked) = (self.configuration.clone(), self.configuration.clone());
        Nodes {
            sources: Arc::new(move || {
                let now = listed.borrow().clone();
                let reached =
                    now.peers.iter().filter(|peer| peer.address.is_some() && peer.retrieve.is_some());
                reached.map(|peer| peer.ae_title.to_string()).collect()
            }),
            search: Arc::new(move |from, questions, most, until| {
                let now = asked.borrow().clone();
                Box::pin(async move {
                    let found = asking::search(&now, &from, &questions, most, until).await?;
                    let asking::Found { matches: studies, more, unread } = found;
                    Ok(FoundThere { studies, more, unread })
                })
            }),
            limit: SEARCH,
        }
    }

    /// Whether other machines can reach it.
    pub fn is_reachable(&self) -> bool {
        !is_own(self.addr)
    }

    /// Takes no more associations, and lets those that go on end their message. What it is sending or fetching is left to the next start.
    pub fn stop(mut self, kept: &Kept) {
        self.stop_working.send_replace(true);
        drop(self.stop);
        let ended = async {
            while self.working.join_next().await.is_some() {}
            self.serving.await
        };
        if kept.block_on(async { timeout(LAST_WORDS, ended).await }).is_err() {
            tracing::warn!("associations were cut off in the midst of a message");
        }
    }
}
