//! Over loopback, in HTTP as it is on the wire.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a check function of a test fails as the test does"
)]

mod apart;
mod conformance;
mod events;
mod finding;
mod identity;
mod kit;
mod left_out;
mod levels;
mod metadata;
mod nodes;
mod orders;
mod peer;
mod pictures;
mod presentation;
mod retrieving;
mod sending;
mod storing;
mod transcoding;
mod worklist;
