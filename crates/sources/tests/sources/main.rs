//! Foreign bytes as pictures: OpenIGTLink messages, streams and servers, and YUV4MPEG2 files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check function of a test fails as the test does"
)]

mod capture;
#[path = "../../../node/tests/node/free_port.rs"]
mod free_port;
mod golden;
#[cfg(feature = "gstreamer")]
mod gst;
mod messages;
#[cfg(feature = "h264")]
mod mp4;
mod peer;
mod pyigtl;
#[cfg(feature = "rtsp")]
mod rtsp;
#[cfg(feature = "rtsp")]
mod rtsp_peer;
mod seeds;
mod server;
mod stream;
mod wire;
mod y4m;
