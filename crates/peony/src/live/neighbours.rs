//! What the node of `peony serve` is called and whom it knows: `--aet`, `--dicom-tls`, and `dicom.toml` in the data folder, which are read at the start
//! and again whenever the program gets SIGHUP.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use peony_node::{AeTitle, Configuration, Peer, Tls};
use serde::Deserialize;
use tokio::sync::watch;

use crate::cli::ServeArgs;

/// The file, in the data folder.
const FILE: &str = "dicom.toml";

/// Where the configuration of the node is read from.
pub struct Neighbours {
    ae_title: AeTitle,
    file: PathBuf,
    tls: Option<PathBuf>,
}

/// `dicom.toml`.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct File {
    /// Further titles that the node is called by.
    also_called: Vec<String>,
    /// Nodes that are not listed are not taken.
    only_peers: bool,
    /// Other nodes.
    peer: Vec<PeerTable>,
}

/// A `[[peer]]` of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerTable {
    aet: String,
    /// `HOST:PORT`, where objects and reports can be sent to.
    address: Option<String>,
    /// It takes them over TLS.
    #[serde(default)]
    tls: bool,
    /// It is asked to keep what a person has sent to it.
    #[serde(default)]
    commitment: bool,
}

impl Neighbours {
    /// As the command line says.
    pub fn of(args: &ServeArgs) -> Self {
        let file = args.store.data.join(FILE);
        Self { ae_title: args.aet.clone(), file, tls: args.dicom_tls.clone() }
    }

    /// Reads everything.
    ///
    /// # Errors
    /// Every fault, a line each.
    pub fn read(&self) -> Result<Configuration> {
        let file = self.file()?;
        let mut faults = Vec::new();
        let mut title = |text: &str| match text.parse::<AeTitle>() {
            Ok(title) => Some(title),
            Err(fault) => {
                faults.push(format!("{text:?}: {fault}"));
                None
            }
        };
        let also_called = file.also_called.iter().filter_map(|text| title(text)).collect();
        let peers: Vec<Option<AeTitle>> = file.peer.iter().map(|peer| title(&peer.aet)).collect();
        let mut known = BTreeSet::new();
        for PeerTable { aet, address, tls, .. } in &file.peer {
            if !known.insert(aet.trim()) {
                faults.push(format!("peer {aet:?} is there twice"));
            }
            if let Some(address) = address.as_deref().filter(|address| !is_address(address)) {
                faults.push(format!("peer {aet:?}: address {address:?} is not HOST:PORT"));
            }
            if *tls && self.tls.is_none() {
                faults.push(format!("peer {aet:?}: TLS needs --dicom-tls"));
            }
        }
        let mut faults: Vec<String> =
            faults.iter().map(|fault| format!("{}: {fault}", self.file.display())).collect();
        let tls = self.tls.as_deref().map(certificates).transpose();
        if let Err(error) = &tls {
            faults.push(format!("{error:#}"));
        }
        if !faults.is_empty() {
            bail!("{}", faults.join("\n"));
        }
        let peers = peers.into_iter().zip(file.peer).filter_map(|(title, peer)| {
            let PeerTable { address, tls, commitment: commits, .. } = peer;
            Some(Peer { ae_title: title?, address, tls, commits })
        });
        Ok(Configuration {
            also_called,
            peers: peers.collect(),
            strangers: !file.only_peers,
            tls: tls?,
            ..Configuration::open(self.ae_title.clone())
        })
    }

    /// What the file says; one that is not there says nothing.
    fn file(&self) -> Result<File> {
        let named = || self.file.display().to_string();
        match std::fs::read_to_string(&self.file) {
            Ok(text) => toml::from_str(&text).with_context(named),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
            Err(error) => Err(error).with_context(named),
        }
    }

    /// Reads everything again whenever the program is asked to; what is wrong then is said, and what was before stays.
    #[cfg(unix)]
    pub async fn keep_up(self, configuration: watch::Sender<Arc<Configuration>>) {
        use tokio::signal::unix::{SignalKind, signal};
        let mut asked = match signal(SignalKind::hangup()) {
            Ok(asked) => asked,
            Err(error) => return tracing::warn!("SIGHUP cannot be waited for: {error}"),
        };
        while asked.recv().await.is_some() {
            match self.read() {
                Ok(read) => {
                    tracing::info!("the node's configuration was read again");
                    configuration.send_replace(Arc::new(read));
                }
                Err(error) => tracing::error!("the node's configuration stays as it was: {error:#}"),
            }
        }
    }

    /// Nothing asks for that on this system.
    #[cfg(not(unix))]
    pub async fn keep_up(self, _: watch::Sender<Arc<Configuration>>) {}
}

/// `certificate.pem`, `key.pem` and `authorities.pem` of a folder.
///
/// # Errors
/// Where one of them cannot be read or is none.
pub fn certificates(folder: &Path) -> Result<Tls> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).with_context(|| format!("--dicom-tls: {}", path.display()))
    };
    let (certificate, key, authorities) =
        (read("certificate.pem")?, read("key.pem")?, read("authorities.pem")?);
    Tls::from_pem(&certificate, &key, &authorities)
        .with_context(|| format!("--dicom-tls {}", folder.display()))
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && !host.contains(char::is_whitespace)
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}
