//! Foreign bytes as pictures: OpenIGTLink messages, streams and servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check function of a test fails as the test does"
)]

mod golden;
mod messages;
mod server;
mod stream;
mod wire;
