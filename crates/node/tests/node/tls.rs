//! TLS under associations: both sides show a certificate, or there is none.

use std::time::Duration;

use base64::Engine as _;
use peony_dicom::{Attributes, Level};
use peony_node::identifier::STUDY_UID;
use peony_node::sop_class::{Model, VERIFICATION};
use peony_node::status::Status;
use peony_node::tls::TlsError;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{
    Association, AssociationError, Configuration, Fingerprint, Limits, Peer, Tls, Transport, connect,
};
use peony_store::{JobState, SendFault};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sha2::Digest as _;

use crate::kit::{Folder, Running, Sample, level, open, proposal, text};
use crate::peer::{dcmtk, said};
use crate::sending::Sender;

const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";

/// Certificate and private key of this machine, and the authority that signed it.
struct Papers {
    certificate: String,
    key: String,
    authority: String,
}

impl Papers {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate that names itself as its issuer for its own authority.
        params.distinguished_name.push(DnType::CommonName, "An authority");
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap().pem();
        Self { certificate, key: key.serialize_pem(), authority }
    }

    fn tls(&self) -> Tls {
        let Self { certificate, key, authority } = self;
        Tls::from_pem(certificate.as_bytes(), key.as_bytes(), authority.as_bytes()).unwrap()
    }
}

/// As `openssl x509 -noout -fingerprint -sha256` says it.
fn fingerprint(pem: &str) -> Fingerprint {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    let der = base64::engine::general_purpose::STANDARD.decode(lines.collect::<String>()).unwrap();
    Fingerprint(sha2::Sha256::digest(der).into())
}

async fn start(tls: Option<Tls>) -> Running {
    Running::start_over(Transport::Secured, Folder::default(), Configuration { tls, ..open() }).await
}

async fn ask(node: &Running, tls: Option<&Tls>) -> Result<Association, AssociationError> {
    let (ours, theirs) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
    let limits = Limits { request_time: Duration::from_secs(5), ..Limits::default() };
    let proposals = [proposal(VERIFICATION, &[EXPLICIT_LITTLE])];
    connect(&node.address.to_string(), tls, &ours, &theirs, &proposals, &limits).await
}

#[tokio::test]
async fn only_who_shows_a_certificate_of_the_authority_is_taken() {
    let papers = Papers::new();
    let node = start(Some(papers.tls())).await;
    let mut association = ask(&node, Some(&papers.tls())).await.unwrap();
    assert_eq!(association.echo().await.unwrap(), Some(Status::SUCCESS));
    association.release().await.unwrap();
    assert!(ask(&node, Some(&Papers::new().tls())).await.is_err(), "of another authority");
    assert!(ask(&node, None).await.is_err(), "without TLS");
    let refused =
        ["127.0.0.1", "refused", "connection: no certificate that is taken here"].map(str::to_owned);
    assert_eq!(node.noted(2).await, [refused.clone(), refused]);
    // Renewed while the node runs.
    let renewed = Papers::new();
    let tls = Some(renewed.tls());
    node.configuration.send_modify(|configuration| std::sync::Arc::make_mut(configuration).tls = tls);
    ask(&node, Some(&renewed.tls())).await.unwrap().release().await.unwrap();
    assert!(ask(&node, Some(&papers.tls())).await.is_err());
}

#[tokio::test]
async fn a_title_is_for_who_shows_its_certificate() {
    let papers = Papers::new();
    let shown = fingerprint(&papers.certificate);
    let node = start(Some(papers.tls())).await;
    let listed = |title: &str, certificate| {
        let ae_title = title.parse().unwrap();
        let peer = Peer {
            ae_title,
            address: None,
            tls: true,
            commits: false,
            retrieve: None,
            certificate: Some(certificate),
        };
        node.configuration.send_modify(|configuration| {
            std::sync::Arc::make_mut(configuration).peers = vec![peer.clone()];
        });
    };
    let rejected = |asked: Result<Association, AssociationError>| match asked {
        Err(AssociationError::Rejected(rejected)) => rejected.source.to_string().contains("calling"),
        _ => false,
    };
    listed("SENDER", shown);
    ask(&node, Some(&papers.tls())).await.unwrap().release().await.unwrap();
    listed("SENDER", Fingerprint([7; 32]));
    assert!(rejected(ask(&node, Some(&papers.tls())).await), "another certificate has this title");
    listed("OTHER", shown);
    assert!(rejected(ask(&node, Some(&papers.tls())).await), "this certificate has another title");
    // Told apart from a title that is not known, for those who run the node.
    let why = "association as SENDER: the calling title goes with another certificate than was shown";
    let noted = node.noted(2).await;
    assert!(noted.iter().all(|[_, act, what]| act == "refused" && what == why), "{noted:?}");
    assert_eq!(noted.len(), 2);
}

#[tokio::test]
async fn nothing_is_sent_to_who_shows_another_certificate_than_the_one_that_is_listed() {
    let papers = Papers::new();
    let titled = |title: &str| Configuration {
        tls: Some(papers.tls()),
        ..Configuration::open(title.parse().unwrap())
    };
    let there = Running::start_over(Transport::Secured, Folder::default(), titled("THERE")).await;
    let knowing = |certificate: Option<Fingerprint>| {
        let (ae_title, address) = ("THERE".parse().unwrap(), Some(there.address.to_string()));
        let peer = Peer { ae_title, address, tls: true, commits: false, retrieve: None, certificate };
        std::sync::Arc::new(Configuration { peers: vec![peer], ..titled("PEONY") })
    };
    let samples: Vec<Sample> = (0..3).map(Sample::number).collect();
    let here = Running::start(titled("PEONY")).await;
    for sample in &samples {
        here.archive.put(sample).await;
    }
    let study: Attributes = [level(Level::Study), text(STUDY_UID, &samples[0].study)].into();
    let moved = async |certificate| {
        here.configuration.send_replace(knowing(certificate));
        let mut association = here.associate(&[STUDY_MOVE]).await;
        let to = "THERE".parse().unwrap();
        let moved = association.move_to(Model::StudyRoot, &study, &to, |_| ()).await.unwrap().unwrap();
        association.release().await.unwrap();
        (moved.completed, moved.failed)
    };
    let sent = async |certificate| {
        let sender = Sender::start(String::new(), false).await;
        sender.configuration.send_replace(knowing(certificate));
        sender.put(&samples).await;
        sender.send(&samples[0], "THERE").await;
        let ended = sender.ended().await;
        sender.stop().await;
        (ended.state, ended.fault)
    };
    let (its_own, another) = (Some(fingerprint(&papers.certificate)), Some(Fingerprint([7; 32])));
    assert_eq!(moved(another).await, (0, 3));
    assert_eq!(sent(another).await, (JobState::Failed, Some(SendFault::Unreachable)));
    assert_eq!(there.archive.count(), 0);
    assert_eq!(moved(its_own).await, (3, 0));
    assert_eq!(there.archive.count(), 3);
    assert_eq!(sent(its_own).await, (JobState::Done, None));
    assert_eq!(moved(None).await, (3, 0), "without one any of the authority will do");
}

#[tokio::test]
async fn without_certificates_nobody_is_taken() {
    let node = start(None).await;
    assert!(ask(&node, Some(&Papers::new().tls())).await.is_err());
    assert!(ask(&node, None).await.is_err());
}

#[test]
fn what_is_missing_is_said() {
    let Papers { certificate, key, authority } = Papers::new();
    let check = |certificate: &str, key: &str, authority: &str, missing: &str| {
        let error = Tls::from_pem(certificate.as_bytes(), key.as_bytes(), authority.as_bytes()).unwrap_err();
        assert!(matches!(error, TlsError::Missing(what) if what == missing), "{error}");
    };
    check("", &key, &authority, "certificate");
    check(&certificate, "", &authority, "private key");
    check(&certificate, &key, "", "certificate of an authority");
    let other = Papers::new().key;
    assert!(Tls::from_pem(certificate.as_bytes(), other.as_bytes(), authority.as_bytes()).is_err());
}

#[tokio::test]
async fn dcmtk_asks_over_tls() {
    let Some(mut echoscu) = dcmtk("echoscu") else { return };
    let papers = Papers::new();
    let node = start(Some(papers.tls())).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    echoscu.arg("+tls").arg(file("key.pem", &papers.key)).arg(file("certificate.pem", &papers.certificate));
    echoscu.arg("+cf").arg(file("authority.pem", &papers.authority)).arg("-rc");
    echoscu.args(["-aec", "PEONY", "localhost", &node.address.port().to_string()]);
    said(echoscu).await;
}
