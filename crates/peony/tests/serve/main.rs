//! `peony serve` as a clinic meets it: examinations begin, other DICOM nodes send, the program is killed, and nothing that it acknowledged is
//! lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

mod accounts;
mod asked;
mod calibrations;
mod examinations;
#[path = "../../../node/tests/node/free_port.rs"]
mod free_port;
mod hospital;
mod identity;
mod killed;
mod kit;
mod node;
mod orders;
#[path = "../../../store/tests/store/small_disk.rs"]
mod small_disk;
