//! HTTP over TLS as a browser meets it: the page, a socket, another certificate, a wrong door, a full house, and the end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::routing::get;
use futures_util::{SinkExt as _, StreamExt as _};
use peony_examination::Archive;
use peony_web::{Rooms, Running, ServeConfig, ServeError, Tls, start};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// A certificate that is its own authority.
struct Papers {
    certificate: String,
    key: String,
}

impl Papers {
    fn new() -> Self {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self { certificate: own.cert.pem(), key: own.signing_key.serialize_pem() }
    }

    fn tls(&self) -> Tls {
        Tls::from_pem(self.certificate.as_bytes(), self.key.as_bytes()).unwrap()
    }

    /// A client that believes this one alone.
    fn client(&self) -> reqwest::Client {
        // Somebody else may have been quicker.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authority = reqwest::Certificate::from_pem(self.certificate.as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only([authority]).build().unwrap()
    }

    fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        config.unwrap().with_root_certificates(roots).with_no_client_auth()
    }
}

/// Nobody is examined, so that the folder may go at once.
fn rooms() -> Arc<Rooms> {
    let folder = tempfile::tempdir().unwrap();
    Rooms::new(Arc::new(Archive::open(folder.path()).unwrap()), None)
}

fn serve(tls: Tls, connections: usize, beside: Router) -> Running {
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let config =
        ServeConfig { addr, further_ports: 0, tls: Some(tls), connections, ..ServeConfig::default() };
    // It has a runtime of its own, which cannot be started within another.
    std::thread::spawn(move || start(config, rooms(), beside)).join().unwrap().unwrap()
}

fn url(server: &Running, path: &str) -> String {
    format!("https://localhost:{}{path}", server.addr().port())
}

#[test]
fn an_address_that_other_machines_reach_needs_accounts_and_tls() {
    let addr = SocketAddr::from(([0, 0, 0, 0], 0));
    let tls = Some(Papers::new().tls());
    let check = |tls: &Option<Tls>, accounts: bool, wanted: Option<&str>| {
        let config =
            ServeConfig { addr, tls: tls.clone(), accounts, further_ports: 0, ..ServeConfig::default() };
        match (start(config, rooms(), Router::new()), wanted) {
            (Ok(_), None) => {}
            (Err(ServeError::Reachable { lacks, .. }), Some(wanted)) => assert_eq!(lacks, wanted),
            (other, _) => panic!("{accounts} {tls:?}: {other:?}"),
        }
    };
    check(&None, false, Some("there are no accounts and no TLS"));
    check(&None, true, Some("there is no TLS"));
    check(&tls, false, Some("there are no accounts"));
    check(&tls, true, None);
}

#[tokio::test]
async fn the_page_comes_over_tls_and_another_certificate_is_shown_when_it_is_there() {
    let (first, second) = (Papers::new(), Papers::new());
    let tls = first.tls();
    let server = serve(tls.clone(), 64, Router::new());
    assert!(server.url().starts_with("https://"), "{}", server.url());
    let answer = first.client().get(url(&server, "/")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        answer.headers().contains_key("content-security-policy")
            && answer.headers().contains_key("x-request-id")
    );
    let strict = answer.headers()["strict-transport-security"].to_str().unwrap();
    assert_eq!(strict, "max-age=31536000", "over TLS alone from now on, and of this name alone");
    let foreign = first.client().get(url(&server, "/api/health")).header("origin", "https://evil.example");
    let refused = foreign.send().await.unwrap();
    assert_eq!(refused.status(), 403, "another site's page");
    assert!(refused.headers().contains_key("strict-transport-security"), "whatever the answer");
    assert!(refused.text().await.unwrap().contains("\"other_origin\""), "as where nobody says a page");
    let plain = format!("http://localhost:{}", server.addr().port());
    let foreign = first.client().get(url(&server, "/api/health")).header("origin", plain);
    assert_eq!(foreign.send().await.unwrap().status(), 403, "one that did not come over TLS");
    assert!(second.client().get(url(&server, "/")).send().await.is_err(), "it is not believed");
    tls.follow(&second.tls());
    assert_eq!(second.client().get(url(&server, "/")).send().await.unwrap().status(), 200);
    assert!(first.client().get(url(&server, "/")).send().await.is_err(), "the former one is gone");
    server.stop().unwrap();
}

#[tokio::test]
async fn a_socket_goes_over_tls() {
    let papers = Papers::new();
    let echo = |upgrade: WebSocketUpgrade| async move {
        upgrade.on_upgrade(|mut socket| async move {
            while let Some(Ok(message)) = socket.recv().await {
                // Who has gone hears nothing.
                let _ = socket.send(message).await;
            }
        })
    };
    let server = serve(papers.tls(), 64, Router::new().route("/echo", get(echo)));
    let connector = tokio_rustls::TlsConnector::from(Arc::new(papers.config()));
    let stream = TcpStream::connect(server.addr()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    let asked = format!("wss://localhost:{}/echo", server.addr().port());
    let (mut socket, _) = tokio_tungstenite::client_async(asked, stream).await.unwrap();
    socket.send(Message::text("over TLS")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("over TLS"));
    let asked = Instant::now();
    server.stop().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5), "a page that watches holds nothing up");
}

#[tokio::test]
async fn who_speaks_no_tls_is_told_so() {
    let server = serve(Papers::new().tls(), 64, Router::new());
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("HTTPS"), "{answer}");
    assert!(!answer.contains("strict-transport-security"), "not in the clear (RFC 6797 §7.2): {answer}");
}

#[tokio::test]
async fn beyond_the_last_place_connections_are_hung_up_on_until_one_is_free() {
    let papers = Papers::new();
    let server = serve(papers.tls(), 2, Router::new());
    let connector = tokio_rustls::TlsConnector::from(Arc::new(papers.config()));
    let connect = || async {
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
    };
    let held = [connect().await.unwrap(), connect().await.unwrap()];
    assert!(connect().await.is_err(), "there are two places");
    drop(held);
    let deadline = Instant::now() + Duration::from_secs(20);
    while connect().await.is_err() {
        assert!(Instant::now() < deadline, "a place is free");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_request_that_is_being_answered_has_its_answer_when_the_server_stops() {
    let papers = Papers::new();
    let slow = || async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        "done"
    };
    let server = serve(papers.tls(), 64, Router::new().route("/slow", get(slow)));
    let (client, url) = (papers.client(), url(&server, "/slow"));
    let asked = tokio::spawn({
        let (client, url) = (client.clone(), url.clone());
        async move { client.get(url).send().await.unwrap().text().await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    assert_eq!(asked.await.unwrap(), "done");
    stopped.await.unwrap().unwrap();
    assert!(client.get(url).send().await.is_err(), "nobody listens any more");
}
