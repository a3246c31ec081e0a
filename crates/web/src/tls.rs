//! TLS under HTTP (BCP 195): versions 1.2 and 1.3, with a certificate of the server alone.

use std::fmt;
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What the server shows of itself. It may be changed while the server runs: connections that come from then on see the new one.
#[derive(Clone)]
pub struct Tls(RustlsConfig);

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is no such thing in the text.
    #[error("there is no {0} in PEM")]
    Missing(&'static str),
    /// What is there does not fit together.
    #[error("TLS: {0}")]
    Unfit(rustls::Error),
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// From texts in PEM: the certificates of this server, its own first; its private key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(certificates).filter_map(Result::ok).collect();
        if certificates.is_empty() {
            return Err(TlsError::Missing("certificate"));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Missing("private key"))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|server| server.with_no_client_auth().with_single_cert(certificates, key))
            .map_err(TlsError::Unfit)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(RustlsConfig::from_config(Arc::new(config))))
    }

    /// Shows what another one shows, from the next connection on.
    pub fn follow(&self, other: &Self) {
        self.0.reload_from_config(other.0.get_inner());
    }

    pub(crate) fn current(&self) -> RustlsConfig {
        self.0.clone()
    }
}
