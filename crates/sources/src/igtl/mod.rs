//! OpenIGTLink, protocol versions 1 to 3: the images that a server sends (PLUS, 3D Slicer, makers' bridges).
//!
//! [`Server`] is a [`Source`](crate::Source) by its address; [`Connection`] reads a stream of messages; [`Message::parse`] reads one,
//! and does nothing else. The protocol is described at <https://github.com/openigtlink/OpenIGTLink/tree/master/Documents/Protocol>.
//! Where that text and the reference library differ, as in the extended header, what is written here is the library's,
//! which every program speaks.
//!
//! Images of 8 and 16 bits are read, grey or RGB, and of a volume each slice is a picture. Not read: parts of a volume,
//! 32 bits and floating point, alpha, VIDEO messages (compressed). All other messages are passed over by their length.
//!
//! A pixel's size is taken from the image's matrix only where it can be that of an ultrasound picture. The library's
//! default is the identity, which would say 1 mm: it means that nobody said anything.

mod client;
mod depth;
mod error;
mod fields;
mod header;
mod image;
pub mod limits;
mod message;

pub use client::{Connection, Server};
pub use depth::Depth;
pub use error::IgtlError;
pub use header::{HEADER_BYTES, Header};
pub use image::{ByteOrder, Image, Scalar};
pub use message::{Content, Message, crc64};
