//! Invariant 6: not reachable from another machine without authentication and TLS; this page has neither.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use peony_examination::Archive;
use peony_web::{Rooms, ServeConfig, ServeError, start};

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
