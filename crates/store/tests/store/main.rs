//! The store as its users meet it: on SQLite and files, on PostgreSQL, on an object store of the network, and when things fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails as the test does"
)]

mod accounts;
mod checked;
mod deciding;
mod doubts;
mod faults;
mod finding;
mod identity;
mod killed;
mod kit;
mod orders;
mod parted;
mod patients;
mod postgres;
mod receiving;
mod remote;
mod repaired;
mod rewritten;
mod rows;
mod sendings;
mod small_disk;
mod upgraded;
