//! Protocol data units (PS3.8 §9.3): taken out of what a connection brought, and written.
//!
//! Kind and length are checked before anything else looks at the bytes. The items of associations are read by dicom-rs; data stays where it
//! lies, and its parts are handed on without a copy.

use std::fmt;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use dicom_ul::pdu::{
    self as ul, AbortRQServiceProviderReason as Reason, AbortRQSource, AssociationAC, AssociationRJ,
    AssociationRQ,
};

/// Kind, a reserved byte, and the length of what follows (PS3.8 §9.3.1).
const HEADER_BYTES: usize = 6;
/// Length, presentation context and message control header of a presentation data value (PS3.8 §9.3.5.1, Annex E).
const VALUE_HEADER_BYTES: usize = 6;
/// The longest request for an association, and the longest answer: 128 presentation contexts with ten transfer syntaxes each have 97 KB.
const ASSOCIATE_BYTES: u32 = 128 << 10;
/// The longest of the others: four bytes.
const SHORT_BYTES: u32 = 4;

/// The kinds of PS3.8 §9.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A-ASSOCIATE-RQ.
    AssociateRequest = 1,
    /// A-ASSOCIATE-AC.
    AssociateAccept,
    /// A-ASSOCIATE-RJ.
    AssociateReject,
    /// P-DATA-TF.
    Data,
    /// A-RELEASE-RQ.
    ReleaseRequest,
    /// A-RELEASE-RP.
    ReleaseReply,
    /// A-ABORT.
    Abort,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::AssociateRequest,
        Self::AssociateAccept,
        Self::AssociateReject,
        Self::Data,
        Self::ReleaseRequest,
        Self::ReleaseReply,
        Self::Abort,
    ];

    fn of(number: u8) -> Result<Self, PduFault> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number).ok_or(PduFault::UnknownKind(number))
    }

    /// The longest that is taken, the header not counted.
    const fn limit(self, data_bytes: u32) -> u32 {
        match self {
            Self::AssociateRequest | Self::AssociateAccept => ASSOCIATE_BYTES,
            Self::Data => data_bytes,
            Self::AssociateReject | Self::ReleaseRequest | Self::ReleaseReply | Self::Abort => SHORT_BYTES,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AssociateRequest => "A-ASSOCIATE-RQ",
            Self::AssociateAccept => "A-ASSOCIATE-AC",
            Self::AssociateReject => "A-ASSOCIATE-RJ",
            Self::Data => "P-DATA-TF",
            Self::ReleaseRequest => "A-RELEASE-RQ",
            Self::ReleaseReply => "A-RELEASE-RP",
            Self::Abort => "A-ABORT",
        })
    }
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pdu {
    /// A-ASSOCIATE-RQ.
    AssociateRequest(AssociationRQ),
    /// A-ASSOCIATE-AC.
    AssociateAccept(AssociationAC),
    /// A-ASSOCIATE-RJ.
    AssociateReject(AssociationRJ),
    /// P-DATA-TF: presentation data values, to be taken one after the other by [`Value::take`].
    Data(Bytes),
    /// A-RELEASE-RQ.
    ReleaseRequest,
    /// A-RELEASE-RP.
    ReleaseReply,
    /// A-ABORT.
    Abort(AbortRQSource),
}

impl Pdu {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::AssociateRequest(_) => Kind::AssociateRequest,
            Self::AssociateAccept(_) => Kind::AssociateAccept,
            Self::AssociateReject(_) => Kind::AssociateReject,
            Self::Data(_) => Kind::Data,
            Self::ReleaseRequest => Kind::ReleaseRequest,
            Self::ReleaseReply => Kind::ReleaseReply,
            Self::Abort(_) => Kind::Abort,
        }
    }
}

/// What is wrong with the bytes of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PduFault {
    /// There is no such kind.
    #[error("there is no PDU of type {0}")]
    UnknownKind(u8),
    /// Longer than was agreed.
    #[error("{kind} of {length} bytes: at most {limit} are taken")]
    TooLong {
        /// Which.
        kind: Kind,
        /// The length that it claims.
        length: u32,
        /// The longest.
        limit: u32,
    },
    /// Its content contradicts PS3.8.
    #[error("the content of {0} is not what PS3.8 says")]
    Malformed(Kind),
}

impl PduFault {
    /// What an abort says of it (PS3.8 §9.3.8).
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::UnknownKind(_) => Reason::UnrecognizedPdu,
            Self::TooLong { .. } | Self::Malformed(_) => Reason::InvalidPduParameter,
        }
    }
}

/// How many bytes the buffer must hold before [`take`] can say more than it does now.
///
/// # Errors
/// [`PduFault`] by the header alone, before the rest has come.
pub fn needed(buffer: &[u8], data_bytes: u32) -> Result<usize, PduFault> {
    let Some([kind, _, length @ ..]) = buffer.first_chunk::<HEADER_BYTES>() else { return Ok(HEADER_BYTES) };
    let (kind, length) = (Kind::of(*kind)?, u32::from_be_bytes(*length));
    let limit = kind.limit(data_bytes);
    if length > limit {
        return Err(PduFault::TooLong { kind, length, limit });
    }
    Ok(HEADER_BYTES + length as usize)
}

/// Takes the first PDU off the buffer; `None` where it is not there whole. `data_bytes` is the longest P-DATA-TF that was agreed to.
///
/// # Errors
/// [`PduFault`]; the connection is worth nothing then.
pub fn take(buffer: &mut BytesMut, data_bytes: u32) -> Result<Option<Pdu>, PduFault> {
    let needed = needed(buffer, data_bytes)?;
    if buffer.len() < needed {
        return Ok(None);
    }
    let kind = Kind::of(buffer[0])?;
    let whole = buffer.split_to(needed).freeze();
    if kind == Kind::Data {
        let values = whole.slice(HEADER_BYTES..);
        return if values.is_empty() { Err(PduFault::Malformed(kind)) } else { Ok(Some(Pdu::Data(values))) };
    }
    let read = ul::read_pdu(whole, ASSOCIATE_BYTES, true);
    let pdu = match read.ok().flatten() {
        Some(ul::Pdu::AssociationRQ(request)) => Pdu::AssociateRequest(request),
        Some(ul::Pdu::AssociationAC(accept)) => Pdu::AssociateAccept(accept),
        Some(ul::Pdu::AssociationRJ(reject)) => Pdu::AssociateReject(reject),
        Some(ul::Pdu::ReleaseRQ) => Pdu::ReleaseRequest,
        Some(ul::Pdu::ReleaseRP) => Pdu::ReleaseReply,
        Some(ul::Pdu::AbortRQ { source }) => Pdu::Abort(source),
        Some(ul::Pdu::Unknown { .. } | ul::Pdu::PData { .. }) | None => {
            return Err(PduFault::Malformed(kind));
        }
    };
    Ok(Some(pdu))
}

/// A presentation data value: a part of a command or of a data set (PS3.8 Annex E).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The presentation context.
    pub context: u8,
    /// Of a command, else of a data set.
    pub is_command: bool,
    /// The last part.
    pub is_last: bool,
    /// The part.
    pub bytes: Bytes,
}

impl Value {
    /// Takes the first off the content of a P-DATA-TF.
    ///
    /// # Errors
    /// [`PduFault::Malformed`].
    pub fn take(data: &mut Bytes) -> Result<Self, PduFault> {
        let malformed = PduFault::Malformed(Kind::Data);
        if data.remaining() < VALUE_HEADER_BYTES {
            return Err(malformed);
        }
        let length = data.get_u32() as usize;
        if !(2..=data.remaining()).contains(&length) {
            return Err(malformed);
        }
        let (context, control) = (data.get_u8(), data.get_u8());
        let bytes = data.split_to(length - 2);
        Ok(Self { context, is_command: control & 1 != 0, is_last: control & 2 != 0, bytes })
    }
}

/// A P-DATA-TF that is being filled with one presentation data value, and is written at once.
#[derive(Debug)]
pub struct DataPdu {
    bytes: BytesMut,
    room: usize,
}

impl DataPdu {
    const HEADERS: usize = HEADER_BYTES + VALUE_HEADER_BYTES;

    /// An empty one, for a peer that takes `most` bytes after the header of a PDU.
    #[must_use]
    pub fn new(most: u32) -> Self {
        let room = (most as usize).saturating_sub(VALUE_HEADER_BYTES);
        let mut bytes = BytesMut::with_capacity(Self::HEADERS + room);
        bytes.put_bytes(0, Self::HEADERS);
        Self { bytes, room }
    }

    /// How many bytes fit in yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.room + Self::HEADERS - self.bytes.len()
    }

    /// Puts in what fits.
    pub fn fill(&mut self, from: &mut Bytes) {
        let part = from.split_to(from.len().min(self.left()));
        self.bytes.extend_from_slice(&part);
    }

    /// The bytes to write; afterwards it is empty again only by [`Self::clear`].
    pub fn finish(&mut self, context: u8, is_command: bool, is_last: bool) -> &[u8] {
        // Room is below the 32 bits of a length.
        let value = (self.bytes.len() - Self::HEADERS + 2) as u32;
        let control = u8::from(is_command) | u8::from(is_last) << 1;
        let mut head = &mut self.bytes[..Self::HEADERS];
        head.put_u8(Kind::Data as u8);
        head.put_u8(0);
        head.put_u32(value + 4);
        head.put_u32(value);
        head.put_u8(context);
        head.put_u8(control);
        &self.bytes
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.bytes.truncate(Self::HEADERS);
    }
}
