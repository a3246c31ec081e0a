//! What the node of `peony serve` is called and whom it knows: what the flags say, and `[dicom]` of the configuration.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result};
use peony_node::{AeTitle, Configuration, Fingerprint, Limits, Peer, Retrieve, Tls};

use crate::cli::ServeArgs;
use crate::configuration::{Kind, Section};

/// What `[dicom]` says beside the flags.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// Further titles that the node is called by.
    also_called: Vec<AeTitle>,
    /// Nodes that are not listed are not taken.
    only_peers: bool,
    /// Objects of classes that the node does not know are not taken.
    only_known_classes: bool,
    /// Other nodes, and where the file says that one takes associations over TLS.
    peers: Vec<(Peer, Option<String>)>,
}

impl Neighbours {
    /// The keys that are read here, for the page about the configuration: name, type, what it says.
    pub const KEYS: [[&str; 3]; 10] = [
        ["dicom.also_called", "list of strings", "Further titles of this node."],
        ["dicom.only_peers", "true or false", "Nodes that are not listed are not taken."],
        [
            "dicom.only_known_classes",
            "true or false",
            "Objects of SOP classes that are not in the conformance statement, such as makers' own, are not taken over DICOM (C-STORE). Otherwise every class is kept, as it is over DICOMweb.",
        ],
        ["dicom.peer", "list of tables", "Other nodes: a table `[[dicom.peer]]` each, with these keys."],
        ["dicom.peer.aet", "string", "Its title of an application entity."],
        ["dicom.peer.address", "string", "`HOST:PORT`, where objects and reports can be sent to."],
        ["dicom.peer.tls", "true or false", "It takes them over TLS; this node needs `dicom.tls` for that."],
        [
            "dicom.peer.commitment",
            "true or false",
            "It is asked to keep what a person has sent to it (storage commitment).",
        ],
        [
            "dicom.peer.retrieve",
            "`get` or `move`",
            "People may search it (C-FIND) and fetch studies from it: by C-GET, or by C-MOVE, for which it must know this node's title and address. Not offered otherwise.",
        ],
        [
            "dicom.peer.certificate",
            "string",
            "The SHA-256 of the certificate that it shows: nobody else is taken under its title, it under no other, and with `tls` nobody else is sent anything.",
        ],
    ];

    /// The same in an example.
    pub const EXAMPLE: &str = "# also_called = ['OLD_NAME']
# only_peers = true
# only_known_classes = true

# [[dicom.peer]]
# aet = 'ARCHIVE'
# address = '10.0.0.5:104'
# tls = false
# commitment = true
# retrieve = 'get'
# certificate = 'E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55'
";

    /// Takes its keys out of `[dicom]`.
    pub fn read(section: &mut Section<'_>, faults: &mut Vec<String>) -> Self {
        let mut also_called = Vec::new();
        if let Some(said) = section.take("also_called", Kind::Texts, faults) {
            also_called = said.texts.iter().filter_map(|text| title(text, &said.at, faults)).collect();
        }
        let mut is_on =
            |key: &str| section.take(key, Kind::Switch, faults).is_some_and(|said| said.texts == ["true"]);
        let (only_peers, only_known_classes) = (is_on("only_peers"), is_on("only_known_classes"));
        let (mut known, mut peers) = (BTreeSet::new(), Vec::new());
        for mut table in section.take_sections("peer", faults) {
            let (at, named) = (table.at(), table.has("aet"));
            let aet = table.take("aet", Kind::Text, faults);
            let address = table.take("address", Kind::Text, faults);
            let commits =
                table.take("commitment", Kind::Switch, faults).is_some_and(|said| said.texts == ["true"]);
            let retrieve = table.take("retrieve", Kind::Text, faults);
            if let Some(said) = &retrieve
                && address.is_none()
            {
                faults.push(format!("{}: nothing can be fetched without its address", said.at));
            }
            let retrieve = retrieve.and_then(|said| way(said.texts.first()?, &said.at, faults));
            let certificate = table.take("certificate", Kind::Text, faults);
            let certificate = certificate.and_then(|said| fingerprint(said.texts.first()?, &said.at, faults));
            let tls = table.take("tls", Kind::Switch, faults).filter(|said| said.texts == ["true"]);
            if let Some(said) = &address
                && !said.texts.iter().all(|text| is_address(text))
            {
                faults.push(format!("{}: it is HOST:PORT", said.at));
            }
            if !named {
                faults.push(format!("{at}: aet is missing"));
            }
            table.finish(faults);
            let Some(aet) = aet else { continue };
            let Some(ae_title) = aet.texts.first().and_then(|text| title(text, &aet.at, faults)) else {
                continue;
            };
            if !known.insert(ae_title.to_string()) {
                faults.push(format!("{}: {ae_title} is there twice", aet.at));
            }
            let address = address.and_then(|said| said.texts.into_iter().next());
            let peer = Peer { ae_title, address, tls: tls.is_some(), commits, retrieve, certificate };
            peers.push((peer, tls.map(|said| said.at)));
        }
        Self { also_called, only_peers, only_known_classes, peers }
    }

    /// All that the node knows; the certificates are read from the disk.
    ///
    /// # Errors
    /// Every fault, a line each.
    pub fn configuration(&self, args: &ServeArgs) -> Result<Configuration, Vec<String>> {
        let mut faults = Vec::new();
        let over_tls =
            self.peers.iter().filter_map(|(_, at)| at.as_ref()).filter(|_| args.dicom_tls.is_none());
        faults.extend(
            over_tls.map(|at| format!("{at}: this node has no certificates (dicom.tls, --dicom-tls)")),
        );
        let sending = self.peers.iter().filter(|(peer, _)| peer.retrieve == Some(Retrieve::Move));
        faults.extend(sending.filter(|_| args.dicom.is_none()).map(|(peer, _)| {
            let title = &peer.ae_title;
            format!("dicom.peer: {title} has nowhere to send to (retrieve = 'move'): this node has no address (dicom.address, --dicom)")
        }));
        let tls = args.dicom_tls.as_deref().map(certificates).transpose();
        let tls = tls.unwrap_or_else(|error| {
            faults.push(format!("dicom.tls (--dicom-tls): {error:#}"));
            None
        });
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Configuration {
            ae_title: args.aet.clone(),
            also_called: self.also_called.clone(),
            peers: self.peers.iter().map(|(peer, _)| peer.clone()).collect(),
            strangers: !self.only_peers,
            unknown_classes: !self.only_known_classes,
            limits: Limits {
                associations: args.dicom_associations,
                associations_from_one_address: args.dicom_associations_from_one_address,
                ..Limits::default()
            },
            tls,
        })
    }
}

fn title(text: &str, at: &str, faults: &mut Vec<String>) -> Option<AeTitle> {
    text.parse().map_err(|fault| faults.push(format!("{at}: {fault}"))).ok()
}

fn way(text: &str, at: &str, faults: &mut Vec<String>) -> Option<Retrieve> {
    match text {
        "get" => Some(Retrieve::Get),
        "move" => Some(Retrieve::Move),
        _ => {
            faults.push(format!("{at}: it is 'get' or 'move'"));
            None
        }
    }
}

fn fingerprint(text: &str, at: &str, faults: &mut Vec<String>) -> Option<Fingerprint> {
    text.parse::<Fingerprint>().map_err(|fault| faults.push(format!("{at}: {fault}"))).ok()
}

/// `certificate.pem`, `key.pem` and `authorities.pem` of a folder.
///
/// # Errors
/// Where one of them cannot be read or is none.
pub fn certificates(folder: &Path) -> Result<Tls> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).with_context(|| path.display().to_string())
    };
    let (certificate, key, authorities) =
        (read("certificate.pem")?, read("key.pem")?, read("authorities.pem")?);
    Tls::from_pem(&certificate, &key, &authorities).with_context(|| folder.display().to_string())
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && !host.contains(char::is_whitespace)
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}
