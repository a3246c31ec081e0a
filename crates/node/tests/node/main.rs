//! A node over loopback: what hostile bytes meet, and what its services do for peers of our own and of other makes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check function of a test fails as the test does"
)]

mod asked;
mod commitment;
mod conformance;
mod dcmtk;
mod fetched;
mod fetching;
mod free_port;
mod hostile;
mod implicit;
mod in_store;
mod kit;
mod negotiation;
mod orthanc;
mod peer;
mod pynetdicom;
mod sending;
mod services;
mod sites;
mod tls;
mod worklist;
