//! The live page: HTTP, the live socket, and the built user interface inside the binary.
//!
//! The pipeline's thread hands each frame and what was said about it to [`Hub::publish`]; pages that watch get the
//! newest one each, and people's commands come back through a bounded channel. [`wire`] says what travels.
//!
//! Who asks is for whoever puts the routes behind a [`Beside::gate`], which says it as a [`Person`]; without accounts and TLS any address
//! but loopback is refused ([`Server::bind`]).
//!
//! Deliberately absent: a
//! database; the pipeline, the phantom and the model (the binary wires them); per-viewer state beyond the
//! frames under way and which one of them gives the commands. What must last is the examination's to write
//! (`peony-examination`), and its sentences and its paper are made by `peony-encode`.

mod assets;
mod body;
mod calibrating;
mod calibration;
pub mod capture;
mod coronal;
mod discard;
mod exams;
mod guard;
mod history;
mod hub;
mod lingering;
mod observe;
mod pace;
mod pages;
mod person;
mod places;
mod rooms;
mod routes;
mod server;
mod socket;
mod stay;
mod steady;
mod sweep;
mod tls;
mod view;
pub mod wire;

pub use hub::{Capture, Hub, SourceCommand};
pub use observe::{RouteName, name_route};
pub use pages::MAX_VIEWERS;
pub use person::Person;
pub use rooms::{MAX_ROOMS, MadeCalibration, NotKept, Opener, Room, RoomError, Rooms, Scanner};
pub use routes::openapi;
pub use server::{Beside, Running, ServeConfig, ServeError, Server, serve, start};
pub use stay::Stay;
pub use tls::{Tls, TlsError};
