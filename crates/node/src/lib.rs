//! DICOM network services.
//!
//! [`serve`] takes associations and does for other nodes what the table of [`sop_class`] says; [`connect`] asks other nodes for the same. In
//! the order in which a byte meets them:
//!
//! 1. [`acceptor`]: how many associations there may be, and who has one ([`configuration`]).
//! 2. [`pdu`]: kind and length of a PDU are checked, then dicom-rs reads it or its data goes on.
//! 3. [`presentation`]: what is agreed, from the tables of [`sop_class`] and [`transfer_syntax`].
//! 4. [`association`]: the states of PS3.8 as a table, and messages out of parts.
//! 5. [`command`]: command sets, never nested, below 16 KiB.
//! 6. `provider`: one module a service; what it answers is in [`status`]. Objects go to the [`Archive`] as they come; orders, performed steps and
//!    commitments are [`Records`].
//! 7. [`queue`]: what people want sent to other nodes (`sending`), what they want from them (`fetching`, [`asking`]), and what other nodes are owed reports of (`reporting`), out of the store's queues.
//!
//! Deliberately absent: asynchronous operations (one message is answered before the next is read).

pub mod acceptor;
pub mod archive;
pub mod asking;
pub mod association;
pub mod command;
pub mod configuration;
mod conformance;
mod fetching;
pub mod identifier;
pub mod pdu;
pub mod presentation;
mod provider;
pub mod queue;
mod reporting;
pub mod requestor;
mod sending;
pub mod sop_class;
pub mod status;
pub mod tls;
pub mod transfer_syntax;
pub mod user;

pub use acceptor::{Transport, serve};
pub use archive::{Archive, Records};
pub use association::{Association, AssociationError};
pub use configuration::{AeTitle, Configuration, Fingerprint, Limits, Peer, Retrieve};
pub use conformance::statement;
pub use peony_dicom::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};
pub use requestor::{Proposal, connect};
pub use tls::Tls;
