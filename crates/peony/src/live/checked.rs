//! What the configuration of `peony serve` leads to, as far as it can be told before anything is opened.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use peony_access::OidcSettings;
use peony_node::{Configuration, Transport};
use peony_web::{ServeConfig, Tls};

use super::neighbours::{Neighbours, certificates};
use super::{CALIBRATIONS, access, node};
use crate::calibration::Calibrations;
use crate::cli::ServeArgs;
use crate::{engine, storage};

/// A configuration that can be served.
#[derive(Debug)]
pub struct Checked {
    pub web: ServeConfig,
    /// The provider at which people sign in as well.
    pub oidc: Option<OidcSettings>,
    /// The node's address, and what lies under its associations there.
    pub dicom: Option<(SocketAddr, Transport)>,
    pub node: Configuration,
    pub calibrations: Calibrations,
}

impl Checked {
    /// Looks at everything.
    ///
    /// # Errors
    /// Every fault, a line each.
    pub fn of(args: &ServeArgs, neighbours: &Neighbours) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let tls = match certificate(args) {
            Ok(tls) => tls,
            Err(error) => {
                faults.push(format!("{error:#}"));
                None
            }
        };
        if args.otlp.is_some() && !cfg!(feature = "otlp") {
            faults.push(
                "log.otlp (--otlp): this program was built without it (cargo's feature otlp)".to_owned(),
            );
        }
        let web = ServeConfig {
            addr: args.http,
            further_ports: 0,
            tls,
            accounts: !args.open,
            connections: args.http_connections,
            connections_from_one_address: args.http_connections_from_one_address,
        };
        if let Err(error) = web.check() {
            faults.push(format!("http.address (--http): {error}"));
        }
        let oidc = access::oidc(&args.oidc).map_err(|wrong| faults.extend(wrong)).ok().flatten();
        let dicom = args.dicom.map(|addr| node::transport(args, addr).map(|transport| (addr, transport)));
        let dicom = dicom.transpose().unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        // Without its certificates it would be served in the clear.
        if let (Some(addr), Some(folder)) = (args.dicom, &args.dicom_tls)
            && !addr.ip().to_canonical().is_loopback()
            && certificates(folder).is_err()
        {
            faults.push(format!(
                "dicom.address (--dicom) {addr}: other machines could reach it, and its certificates (dicom.tls, --dicom-tls) cannot be read"
            ));
        }
        faults.extend(storage::faults(&args.store));
        if let Some(fault) = engine::fault(&args.model).filter(|_| args.check) {
            faults.push(format!("model.folder (--model): {fault}"));
        }
        let calibrations = Calibrations::load(&args.calibration, Some(&args.store.data.join(CALIBRATIONS)));
        let calibrations = calibrations.map_err(|error| faults.push(format!("{error:#}"))).ok();
        let node = neighbours.configuration(args).map_err(|wrong| faults.extend(wrong)).ok();
        match (calibrations, node) {
            (Some(calibrations), Some(node)) if faults.is_empty() => {
                Ok(Self { web, oidc, dicom, node, calibrations })
            }
            _ => Err(faults),
        }
    }
}

/// The certificate of HTTP and its key.
fn certificate(args: &ServeArgs) -> Result<Option<Tls>> {
    let (certificate, key) = match (&args.http_certificate, &args.http_key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            anyhow::bail!("http.certificate (--http-certificate): its key is missing (http.key, --http-key)")
        }
        (None, Some(_)) => anyhow::bail!(
            "http.key (--http-key): its certificate is missing (http.certificate, --http-certificate)"
        ),
    };
    let certificates = std::fs::read(certificate)
        .with_context(|| format!("http.certificate (--http-certificate): {}", certificate.display()))?;
    let private = std::fs::read(key).with_context(|| format!("http.key (--http-key): {}", key.display()))?;
    let tls = Tls::from_pem(&certificates, &private);
    Ok(Some(
        tls.with_context(|| format!("http.certificate (--http-certificate): {}", certificate.display()))?,
    ))
}
