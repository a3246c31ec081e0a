//! Invariant 6: not reachable from another machine without authentication and TLS; this page has neither.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use peony_examination::Archive;
use peony_web::{Rooms, ServeConfig, ServeError, start};
use tokio::net::TcpSocket;

/// Nobody is examined, so that the folder may go at once.
fn rooms() -> Arc<Rooms> {
    let folder = tempfile::tempdir().unwrap();
    Rooms::new(Arc::new(Archive::open(folder.path()).unwrap()), None)
}

#[test]
fn an_address_that_other_machines_reach_is_refused_before_anything_is_opened() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.7:8686", "[2001:db8::1]:8686", "[::ffff:127.0.0.1]:0"] {
        let addr: SocketAddr = addr.parse().unwrap();
        let error =
            start(ServeConfig { addr, further_ports: 3, ..ServeConfig::default() }, rooms(), Router::new())
                .unwrap_err();
        assert!(
            matches!(error, ServeError::Reachable { addr: refused, .. } if refused == addr),
            "{addr}: {error}"
        );
        assert!(error.to_string().contains("127.0.0.1"), "it says what to use: {error}");
    }
}

#[test]
fn a_taken_port_is_named_or_the_next_free_one_used() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let first =
        start(ServeConfig { addr: any, further_ports: 0, ..ServeConfig::default() }, rooms(), Router::new())
            .unwrap();
    let taken = first.addr();
    let error = start(
        ServeConfig { addr: taken, further_ports: 0, ..ServeConfig::default() },
        rooms(),
        Router::new(),
    )
    .unwrap_err();
    assert!(error.to_string().starts_with(&format!("port {}: taken", taken.port())), "{error}");
    let second = start(
        ServeConfig { addr: taken, further_ports: 20, ..ServeConfig::default() },
        rooms(),
        Router::new(),
    )
    .unwrap();
    assert!(second.addr().port() > taken.port() && second.addr().ip().is_loopback());
    first.stop().unwrap();
    let third = start(
        ServeConfig { addr: taken, further_ports: 0, ..ServeConfig::default() },
        rooms(),
        Router::new(),
    )
    .unwrap();
    assert_eq!(third.addr(), taken, "the port is free again");
}

/// What a connection is answered to these bytes, until it ends.
fn answer(mut stream: &TcpStream, said: &str) -> std::io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(said.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Half requests have their time, and one address has not all places.
#[test]
fn half_requests_from_one_address_leave_places_for_others_and_end_soon() {
    let [addr, other] = [1, 2].map(|host| SocketAddr::from(([127, 0, 0, host], 0)));
    let config = ServeConfig { addr, further_ports: 0, connections: 8, ..ServeConfig::default() };
    let server = start(config, rooms(), Router::new()).unwrap();
    let begun = Instant::now();
    let half: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(server.addr()).unwrap();
            // Who is hung up on may hear of it here.
            let _ = stream.write_all(b"GET /api/health HTTP/1.1\r\nHost: ");
            stream
        })
        .collect();
    let is_refused = |stream: &&TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let read = (&mut &**stream).read(&mut [0]);
        !matches!(read, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    };
    assert_eq!(half.iter().filter(is_refused).count(), 2, "a quarter of the places is for others");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let from_another = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(other).unwrap();
        socket.connect(server.addr()).await.unwrap().into_std().unwrap()
    });
    from_another.set_nonblocking(false).unwrap();
    let host = server.addr();
    let request = format!("GET /api/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answered = answer(&from_another, &request).unwrap();
    assert!(answered.starts_with("HTTP/1.1 200"), "another address has its places: {answered}");
    for stream in &half {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let ended = (&mut &*stream).read_to_end(&mut Vec::new());
        assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    }
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(5) && took < Duration::from_secs(20), "{took:?}");
}

/// Addresses in answers are made of the `Host`: one without the port leads nowhere.
#[test]
fn a_program_that_leaves_the_port_out_is_answered_with_it() {
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let host = |headers: HeaderMap| async move { headers["host"].to_str().unwrap().to_owned() };
    let config = ServeConfig { addr, further_ports: 0, ..ServeConfig::default() };
    let server = start(config, rooms(), Router::new().route("/host", get(host))).unwrap();
    let port = server.addr().port();
    for said in ["127.0.0.1", "localhost"] {
        for said in [said.to_owned(), format!("{said}:{port}")] {
            let stream = TcpStream::connect(server.addr()).unwrap();
            let request = format!("GET /host HTTP/1.1\r\nHost: {said}\r\nConnection: close\r\n\r\n");
            let answer = answer(&stream, &request).unwrap();
            let name = said.split(':').next().unwrap();
            assert!(answer.ends_with(&format!("\r\n\r\n{name}:{port}")), "{said}: {answer}");
        }
    }
}
