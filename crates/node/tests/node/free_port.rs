//! A port for a peer that cannot say which one it was given. Tests of other crates include this file.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// Below those that systems give to whoever asks for any, and to every connection that is made: one of these is taken in the moment
/// between this and the peer's start only by another test that was given it too.
const FIRST: u16 = 20_000;
const PORTS: u16 = 12_000;

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let begin = RandomState::new().hash_one(std::process::id());
    let ports =
        (0..u64::from(PORTS)).map(|step| FIRST + (begin.wrapping_add(step) % u64::from(PORTS)) as u16);
    ports.into_iter().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).unwrap()
}
