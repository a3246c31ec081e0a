//! TLS under associations (PS3.15 §B.9 and after, BCP 195): versions 1.2 and 1.3, both sides with certificates.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::association::Connection;
use crate::configuration::Fingerprint;

/// What this node shows of itself, and whom it believes.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is no such thing in the text.
    #[error("there is no {0} in PEM")]
    Missing(&'static str),
    /// What is there does not fit together.
    #[error("TLS: {0}")]
    Unfit(String),
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// From texts in PEM: the certificates of this node, its own first; its private key; the authorities one of which
    /// must have signed the certificate of whoever connects, and of whom this node connects to.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn from_pem(certificates: &[u8], key: &[u8], authorities: &[u8]) -> Result<Self, TlsError> {
        let unfit = |error: &dyn fmt::Display| TlsError::Unfit(error.to_string());
        let certificates = certificates_in(certificates, "certificate")?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Missing("private key"))?;
        let mut roots = RootCertStore::empty();
        for authority in certificates_in(authorities, "certificate of an authority")? {
            roots.add(authority).map_err(|error| unfit(&error))?;
        }
        let (roots, provider) = (Arc::new(roots), Arc::new(ring::default_provider()));
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider));
        let clients = clients.build().map_err(|error| unfit(&error))?;
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .and_then(|server| {
                server
                    .with_client_cert_verifier(clients)
                    .with_single_cert(certificates.clone(), key.clone_key())
            });
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|client| client.with_root_certificates(roots).with_client_auth_cert(certificates, key));
        Ok(Self {
            acceptor: Arc::new(server.map_err(|error| unfit(&error))?).into(),
            connector: Arc::new(client.map_err(|error| unfit(&error))?).into(),
        })
    }

    /// Secures a connection that came; gives the certificate that was shown, too.
    pub(crate) async fn accept(
        &self,
        connection: TcpStream,
    ) -> io::Result<(Box<dyn Connection>, Option<Fingerprint>)> {
        let secured = self.acceptor.accept(connection).await?;
        let shown = shown(secured.get_ref().1.peer_certificates());
        Ok((Box::new(secured), shown))
    }

    /// Secures a connection to `host`, whose certificate must name it; gives that, too.
    pub(crate) async fn connect(
        &self,
        host: &str,
        connection: TcpStream,
    ) -> io::Result<(Box<dyn Connection>, Option<Fingerprint>)> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let secured = self.connector.connect(name, connection).await?;
        let shown = shown(secured.get_ref().1.peer_certificates());
        Ok((Box::new(secured), shown))
    }
}

fn shown(chain: Option<&[CertificateDer<'_>]>) -> Option<Fingerprint> {
    Some(Fingerprint(Sha256::digest(chain?.first()?).into()))
}

fn certificates_in(text: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(text).filter_map(Result::ok).collect();
    if found.is_empty() { Err(TlsError::Missing(what)) } else { Ok(found) }
}
