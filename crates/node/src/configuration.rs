//! Who this node is, whom it knows, and how much of everything it takes. It may be changed while the node runs: an association is judged by
//! what holds when it is asked for.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::tls::Tls;

/// The title of an application entity (PS3.5 §6.2, AE): 1 to 16 letters, without the spaces around them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AeTitle(String);

/// Something else where the title of an application entity should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the title of an application entity has 1 to 16 letters of ASCII, no backslash and no control character"
)]
pub struct NotAnAeTitle;

impl FromStr for AeTitle {
    type Err = NotAnAeTitle;

    fn from_str(text: &str) -> Result<Self, NotAnAeTitle> {
        let text = text.trim_matches(' ');
        let allowed = |c: char| matches!(c, ' '..='~') && c != '\\';
        ((1..=16).contains(&text.len()) && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
            .ok_or(NotAnAeTitle)
    }
}

impl AeTitle {
    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a node is asked for studies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retrieve {
    /// By C-GET: they come over the association that asks.
    Get,
    /// By C-MOVE: it sends them over an association of its own, so it must know this node's title and address.
    Move,
}

/// Another node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// What it calls itself.
    pub ae_title: AeTitle,
    /// `host:port`, where it takes associations; without it nothing can be sent there.
    pub address: Option<String>,
    /// It takes them over TLS.
    pub tls: bool,
    /// It is asked to keep what was sent to it (storage commitment), where a person has had that sent.
    pub commits: bool,
    /// People may search it and fetch studies from it, and how; it needs an address.
    pub retrieve: Option<Retrieve>,
    /// The certificate that it shows, where it asks for an association and where it is asked for one over TLS; without it any that an
    /// authority has signed will do.
    pub certificate: Option<Fingerprint>,
}

/// The SHA-256 of a certificate, as it is written in DER.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint(pub [u8; 32]);

/// Something else where the fingerprint of a certificate should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the fingerprint of a certificate is its SHA-256: 64 hexadecimal digits, with colons between two or without"
)]
pub struct NotAFingerprint;

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b':' | b' ')).collect();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(NotAFingerprint);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotAFingerprint)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotAFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

/// How much of everything is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Associations at a time.
    pub associations: usize,
    /// Of these, from one address.
    pub associations_from_one_address: usize,
    /// The longest P-DATA-TF that is taken, in bytes after its header; peers are told.
    pub data_pdu_bytes: u32,
    /// How long a peer may take from the connection to its whole request for an association.
    pub request_time: Duration,
    /// How long a peer may take to send the rest of a PDU or the next one of a message, or to take one off us.
    pub pdu_time: Duration,
    /// How long a peer may rest between messages.
    pub idle_time: Duration,
    /// How long a peer may take to agree to the end: by then everything was said.
    pub release_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            associations: 256,
            associations_from_one_address: 64,
            data_pdu_bytes: 128 << 10,
            request_time: Duration::from_secs(30),
            pdu_time: Duration::from_secs(60),
            idle_time: Duration::from_secs(300),
            release_time: Duration::from_secs(10),
        }
    }
}

/// Who this node is, whom it knows, and how much it takes.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What this node is called; the first is what it calls itself.
    pub ae_title: AeTitle,
    /// Other titles under which it may be called.
    pub also_called: Vec<AeTitle>,
    /// Other nodes.
    pub peers: Vec<Peer>,
    /// Nodes that are not among [`Self::peers`] are taken too.
    pub strangers: bool,
    /// Objects of classes that are not in the table are taken too (see [`crate::sop_class::of`]).
    pub unknown_classes: bool,
    /// How much is taken.
    pub limits: Limits,
    /// For connections over TLS, which there are none of without it.
    pub tls: Option<Tls>,
}

impl Configuration {
    /// A node of that name that knows nobody and takes everybody.
    #[must_use]
    pub fn open(ae_title: AeTitle) -> Self {
        Self {
            ae_title,
            also_called: Vec::new(),
            peers: Vec::new(),
            strangers: true,
            unknown_classes: true,
            limits: Limits::default(),
            tls: None,
        }
    }

    /// Whether this node is called so.
    #[must_use]
    pub fn is_called(&self, title: &str) -> bool {
        self.ae_title.as_str() == title || self.also_called.iter().any(|ours| ours.as_str() == title)
    }

    /// Whether a node of that title may ask for associations.
    #[must_use]
    pub fn takes(&self, calling: &str) -> bool {
        self.strangers || self.peer(calling).is_some()
    }

    /// Whether a node that shows this certificate may call itself so: a title with a certificate is for who shows that, and who shows one that has
    /// titles has no other.
    #[must_use]
    pub fn believes(&self, calling: &str, shown: Option<Fingerprint>) -> bool {
        let pinned = self.peer(calling).and_then(|peer| peer.certificate);
        if pinned.is_some() {
            return pinned == shown;
        }
        shown.is_none_or(|shown| self.peers.iter().all(|peer| peer.certificate != Some(shown)))
    }

    /// The node of that title.
    #[must_use]
    pub fn peer(&self, title: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.ae_title.as_str() == title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_with_a_certificate_is_for_who_shows_that() {
        let print = |digit: &str| digit.repeat(64).parse::<Fingerprint>().unwrap();
        let peer = |title: &str, certificate| Peer {
            ae_title: title.parse().unwrap(),
            address: None,
            tls: true,
            commits: false,
            retrieve: None,
            certificate,
        };
        let mut known = Configuration::open("PEONY".parse().unwrap());
        known.peers = vec![peer("PINNED", Some(print("a"))), peer("FREE", None)];
        for (calling, shown, expect) in [
            ("PINNED", Some("a"), true),
            ("PINNED", Some("b"), false),
            ("PINNED", None, false),
            ("FREE", Some("b"), true),
            ("FREE", Some("a"), false),
            ("STRANGER", Some("a"), false),
            ("STRANGER", Some("b"), true),
            ("STRANGER", None, true),
        ] {
            assert_eq!(known.believes(calling, shown.map(print)), expect, "{calling} {shown:?}");
        }
        assert_eq!("AA:".repeat(31).as_str().to_owned().parse::<Fingerprint>(), Err(NotAFingerprint));
        assert_eq!(format!("{}AA", "AA:".repeat(31)).parse::<Fingerprint>(), Ok(print("a")));
        assert!("g".repeat(64).parse::<Fingerprint>().is_err());
    }
}
