//! An association between two application entities (PS3.8 §9): PDUs one way, messages the other.
//!
//! What the connection brings is taken a PDU at a time, and a data set a part at a time: neither is ever collected here. Every future may be
//! dropped between two PDUs and called again; nothing is lost.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use dicom_ul::pdu::{AbortRQServiceProviderReason as Reason, AbortRQSource, AssociationRJ, write_pdu};
use futures_util::{Stream, StreamExt as _};
use peony_dicom::DicomError;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use crate::archive::ArchiveError;
use crate::command::{self, Command, CommandFault};
use crate::configuration::Limits;
use crate::pdu::{self, DataPdu, Kind, Pdu, PduFault, Value};
use crate::presentation::Context;
use crate::status::Kind as StatusKind;

/// Data that is read beyond a header whose length is not known yet.
const READ_BYTES: usize = 4 << 10;
/// How long a connection that is done waits for the peer to close it (PS3.8 §9.1.4, ARTIM), and how much it hears meanwhile.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;

/// How fast a message comes at least, once it has taken as long as one PDU may, in bytes a second: a line of 64 kbit/s has eight times that.
const LEAST_RATE: u64 = 1 << 10;

/// A connection that an association runs over.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Where an association stands (PS3.8 §9.2.1; the numbers are its states).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Sta2: the peer has connected and shall ask.
    AwaitsRequest,
    /// Sta5: the peer shall answer.
    AwaitsAnswer,
    /// Sta6.
    Established,
    /// Sta7: the peer shall agree to the end.
    AwaitsRelease,
    /// Sta13 and after.
    Over,
}

/// What is done with a PDU (PS3.8 §9.2.2, the actions).
#[derive(Debug, PartialEq, Eq)]
enum Action {
    /// AE-3, AE-4, AE-6, DT-2: it is handed on.
    Take,
    /// AR-2, AR-4: the end is agreed to.
    AgreeToRelease,
    /// AR-3: the end is agreed to by the peer.
    End,
    /// AR-6: data on the way to the end is passed over.
    PassOver,
    /// AA-3: the peer has aborted.
    HearAbort,
    /// AA-1, AA-8: the association is aborted.
    Abort,
}

/// PS3.8 Table 9-10, for what comes from the peer.
#[rustfmt::skip] // Read as a table.
const fn action(state: State, kind: Kind) -> Action {
    match (state, kind) {
        (_,                    Kind::Abort)                                  => Action::HearAbort,
        (State::AwaitsRequest, Kind::AssociateRequest)                       => Action::Take,
        (State::AwaitsAnswer,  Kind::AssociateAccept | Kind::AssociateReject) => Action::Take,
        (State::Established,   Kind::Data)                                   => Action::Take,
        (State::Established,   Kind::ReleaseRequest)                         => Action::AgreeToRelease,
        (State::AwaitsRelease, Kind::Data)                                   => Action::PassOver,
        (State::AwaitsRelease, Kind::ReleaseRequest)                         => Action::AgreeToRelease,
        (State::AwaitsRelease, Kind::ReleaseReply)                           => Action::End,
        _                                                                    => Action::Abort,
    }
}

/// Why an association ended before its time. No message holds anything of a patient.
#[derive(Debug, thiserror::Error)]
pub enum AssociationError {
    /// The connection failed.
    #[error("the connection: {0}")]
    Io(#[from] io::Error),
    /// The peer closed the connection without a word.
    #[error("the peer closed the connection")]
    Closed,
    /// The peer was silent or slow for too long.
    #[error("the peer took longer than {} s to {what}", .limit.as_secs())]
    Late {
        /// What it should have done.
        what: &'static str,
        /// How long it had.
        limit: Duration,
    },
    /// The peer aborted.
    #[error("the peer aborted the association")]
    Aborted,
    /// The peer did not want the association.
    #[error("the peer rejected the association: {}", .0.source)]
    Rejected(AssociationRJ),
    /// Somebody else is at the peer's address, or the peer has another certificate by now.
    #[error("who is there shows another certificate than the one that is listed for the peer")]
    OtherCertificate,
    /// The peer's bytes are no PDU that is taken.
    #[error(transparent)]
    Pdu(#[from] PduFault),
    /// A PDU that has no place here.
    #[error("{0} came when it has no place")]
    Unexpected(Kind),
    /// A command set that cannot be read.
    #[error(transparent)]
    Command(#[from] CommandFault),
    /// Parts of messages out of order, or of a presentation context that was not agreed to.
    #[error("{0}")]
    Message(&'static str),
    /// What should have been sent could not be read, in the middle of it.
    #[error("the object to send could not be read: {0}")]
    Source(io::Error),
    /// What has to be written down before it is asked for is not.
    #[error("it cannot be written down: {0}")]
    Records(#[from] ArchiveError),
    /// What should have been said cannot be written.
    #[error("what is to be said cannot be written: {0}")]
    Unwritten(#[from] DicomError),
    /// This node stops.
    #[error("this node stops")]
    Stopping,
}

impl AssociationError {
    /// What the peer is told; `None` where there is nobody to tell, or nothing to say.
    fn abort(&self) -> Option<AbortRQSource> {
        let reason = match self {
            Self::Closed | Self::Aborted | Self::Rejected(_) | Self::Io(_) | Self::OtherCertificate => {
                return None;
            }
            Self::Stopping | Self::Source(_) | Self::Records(_) | Self::Unwritten(_) => {
                return Some(AbortRQSource::ServiceUser);
            }
            Self::Late { .. } => Reason::ReasonNotSpecified,
            Self::Pdu(fault) => fault.reason(),
            Self::Unexpected(_) => Reason::UnexpectedPdu,
            Self::Message(_) => Reason::UnexpectedPduParameter,
            Self::Command(_) => Reason::InvalidPduParameter,
        };
        Some(AbortRQSource::ServiceProvider(reason))
    }
}

/// A command that came, and in which presentation context.
#[derive(Clone)]
pub struct Message {
    /// The presentation context.
    pub context: Context,
    /// The command.
    pub command: Command,
}

/// An association.
pub struct Association {
    connection: Box<dyn Connection>,
    buffer: BytesMut,
    /// When the PDU at the beginning of the buffer began to come.
    began: Option<Instant>,
    state: State,
    pub(crate) limits: Limits,
    /// The longest P-DATA-TF that the peer takes.
    pub(crate) peer_data_bytes: u32,
    pub(crate) contexts: Vec<Context>,
    pub(crate) peer: String,
    /// What is left of the last P-DATA-TF.
    values: Bytes,
    /// The command that is coming, and its presentation context.
    command: Option<(u8, BytesMut)>,
    /// The presentation context of the data set that is coming.
    data_set: Option<u8>,
    next_message: u16,
    began_at: Instant,
    /// Of the message that is coming.
    pace: Pace,
}

/// How long a message was waited for, and how many bytes of it came. What is done with them here takes no time of the peer's.
#[derive(Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    fn is_too_slow(&self, grace: Duration) -> bool {
        self.waited > grace
            && self.bytes.saturating_mul(1000) < LEAST_RATE.saturating_mul(self.waited.as_millis() as u64)
    }
}

impl fmt::Debug for Association {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, peer, contexts, .. } = self;
        write!(f, "Association {{ with {peer}, {} contexts, {state:?} }}", contexts.len())
    }
}

impl Association {
    pub(crate) fn new(connection: Box<dyn Connection>, limits: Limits, state: State) -> Self {
        Self {
            connection,
            buffer: BytesMut::new(),
            began: None,
            state,
            limits,
            peer_data_bytes: 0,
            contexts: Vec::new(),
            peer: String::new(),
            values: Bytes::new(),
            command: None,
            data_set: None,
            next_message: 0,
            began_at: Instant::now(),
            pace: Pace::default(),
        }
    }

    /// The title of the node on the other side.
    #[must_use]
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// The presentation contexts that were agreed to.
    #[must_use]
    pub fn contexts(&self) -> &[Context] {
        &self.contexts
    }

    pub(crate) fn context(&self, id: u8) -> Option<&Context> {
        self.contexts.iter().find(|context| context.id == id)
    }

    pub(crate) fn establish(&mut self) {
        self.state = State::Established;
    }

    /// A number for the next request.
    pub(crate) fn next_message(&mut self) -> u16 {
        self.next_message = self.next_message.wrapping_add(1);
        self.next_message
    }

    /// How long the peer may take for what comes next, from when.
    fn deadline(&self) -> (Instant, Duration, &'static str) {
        let Limits { request_time, pdu_time, idle_time, release_time, .. } = self.limits;
        match self.state {
            State::AwaitsRequest => (self.began_at, request_time, "ask for an association"),
            State::AwaitsAnswer => (self.began_at, request_time, "answer the request for an association"),
            State::AwaitsRelease => (Instant::now(), release_time.min(idle_time), "agree to the end"),
            _ => match self.began {
                Some(began) => (began, pdu_time, "send the whole of a PDU"),
                None if self.command.is_some() || self.data_set.is_some() => {
                    (Instant::now(), pdu_time, "send the next part of a message")
                }
                None => (Instant::now(), idle_time, "send another message"),
            },
        }
    }

    /// The next PDU that is to be handed on; `None` where the association was released.
    pub(crate) async fn next_pdu(&mut self) -> Result<Option<Pdu>, AssociationError> {
        loop {
            if let Some(pdu) = pdu::take(&mut self.buffer, self.limits.data_pdu_bytes)? {
                self.began = (!self.buffer.is_empty()).then(Instant::now);
                match action(self.state, pdu.kind()) {
                    Action::Take => return Ok(Some(pdu)),
                    Action::PassOver => {}
                    Action::End => {
                        self.state = State::Over;
                        return Ok(None);
                    }
                    Action::AgreeToRelease if self.command.is_none() && self.data_set.is_none() => {
                        self.send(&dicom_ul::Pdu::ReleaseRP).await?;
                        self.state = State::Over;
                        return Ok(None);
                    }
                    Action::HearAbort => return Err(AssociationError::Aborted),
                    Action::AgreeToRelease | Action::Abort => {
                        return Err(AssociationError::Unexpected(pdu.kind()));
                    }
                }
                continue;
            }
            let missing = pdu::needed(&self.buffer, self.limits.data_pdu_bytes)? - self.buffer.len();
            self.buffer.reserve(missing.max(READ_BYTES));
            let (from, limit, what) = self.deadline();
            // The rest before a message is none of it.
            let is_coming = self.began.is_some() || self.command.is_some() || self.data_set.is_some();
            if !is_coming {
                self.pace = Pace::default();
            }
            let waits = Instant::now();
            let read = timeout_at(from + limit, self.connection.read_buf(&mut self.buffer)).await;
            match read.map_err(|_| AssociationError::Late { what, limit })?? {
                0 => return Err(AssociationError::Closed),
                more => {
                    self.began = self.began.or_else(|| Some(Instant::now()));
                    self.pace.waited += if is_coming { waits.elapsed() } else { Duration::ZERO };
                    self.pace.bytes += more as u64;
                }
            }
            if self.pace.is_too_slow(self.limits.pdu_time) {
                let what = "send more than a trickle of a message";
                return Err(AssociationError::Late { what, limit: self.limits.pdu_time });
            }
        }
    }

    /// The next part of a message; `None` where the association was released.
    async fn next_value(&mut self) -> Result<Option<Value>, AssociationError> {
        if self.values.is_empty() {
            match self.next_pdu().await? {
                Some(Pdu::Data(values)) => self.values = values,
                Some(other) => return Err(AssociationError::Unexpected(other.kind())),
                None => return Ok(None),
            }
        }
        Ok(Some(Value::take(&mut self.values)?))
    }

    /// The next command; `None` where the association was released. What is left of a data set before it is passed over.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn next_command(&mut self) -> Result<Option<Message>, AssociationError> {
        while self.data_set.is_some() {
            self.next_data().await?;
        }
        loop {
            let Some(value) = self.next_value().await? else { return Ok(None) };
            if !value.is_command {
                return Err(AssociationError::Message("a data set came without a command"));
            }
            let (context, mut bytes) = match self.command.take() {
                None => (value.context, BytesMut::new()),
                Some((context, bytes)) if context == value.context => (context, bytes),
                Some(_) => {
                    return Err(AssociationError::Message("a command came in two presentation contexts"));
                }
            };
            if bytes.len() + value.bytes.len() > command::MOST_BYTES {
                return Err(CommandFault::TooLong.into());
            }
            bytes.extend_from_slice(&value.bytes);
            if !value.is_last {
                self.command = Some((context, bytes));
                continue;
            }
            let Some(context) = self.context(context).cloned() else {
                return Err(AssociationError::Message(
                    "a command came in a presentation context that was not agreed to",
                ));
            };
            let command = Command::read(&bytes)?;
            self.data_set = command.has_data_set().then_some(context.id);
            return Ok(Some(Message { context, command }));
        }
    }

    /// The next part of the data set that follows the last command; `None` after the last one.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn next_data(&mut self) -> Result<Option<Bytes>, AssociationError> {
        let Some(context) = self.data_set else { return Ok(None) };
        let Some(value) = self.next_value().await? else { return Err(AssociationError::Closed) };
        if value.is_command || value.context != context {
            return Err(AssociationError::Message("a data set was interrupted by another message"));
        }
        if value.is_last {
            self.data_set = None;
        }
        Ok(Some(value.bytes))
    }

    /// The whole data set that follows the last command, where it is no longer than `most`; `None` where it is.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn small_data_set(&mut self, most: usize) -> Result<Option<Vec<u8>>, AssociationError> {
        let mut bytes = Vec::new();
        while let Some(part) = self.next_data().await? {
            if bytes.len() + part.len() > most {
                while self.next_data().await?.is_some() {}
                return Ok(None);
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Some(bytes))
    }

    /// Sends a command, without its data set.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn send_command(&mut self, context: u8, command: &Command) -> Result<(), AssociationError> {
        // Matches and sub-operations under way are no answers yet.
        if let Some(status) = command.status().filter(|status| status.kind() != StatusKind::Pending) {
            metrics::counter!("peony_dicom_answers_total", "status" => status.to_string()).increment(1);
        }
        self.send_parts(context, true, std::pin::pin!(once(command.write().into()))).await
    }

    /// Sends the data set of the last command.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn send_data_set(&mut self, context: u8, bytes: Vec<u8>) -> Result<(), AssociationError> {
        self.send_parts(context, false, std::pin::pin!(once(bytes.into()))).await
    }

    /// Sends the data set of the last command as it comes, in PDUs as long as the peer takes them.
    ///
    /// # Errors
    /// [`AssociationError`]; hand it to [`Self::close`].
    pub async fn stream_data_set(
        &mut self,
        context: u8,
        parts: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<(), AssociationError> {
        self.send_parts(context, false, std::pin::pin!(parts)).await
    }

    async fn send_parts(
        &mut self,
        context: u8,
        is_command: bool,
        mut parts: std::pin::Pin<&mut (impl Stream<Item = io::Result<Bytes>> + Send)>,
    ) -> Result<(), AssociationError> {
        let mut pdu = DataPdu::new(self.peer_data_bytes);
        while let Some(part) = parts.next().await {
            let mut part = part.map_err(AssociationError::Source)?;
            while !part.is_empty() {
                // Which part is the last is known when there is none after it.
                if pdu.left() == 0 {
                    self.write(pdu.finish(context, is_command, false)).await?;
                    pdu.clear();
                }
                pdu.fill(&mut part);
            }
        }
        self.write(pdu.finish(context, is_command, true)).await
    }

    pub(crate) async fn send(&mut self, pdu: &dicom_ul::Pdu) -> Result<(), AssociationError> {
        let mut bytes = Vec::new();
        write_pdu(&mut bytes, pdu).map_err(io::Error::other)?;
        self.write(&bytes).await
    }

    /// One write a PDU: what lies in two waits for the peer's delayed acknowledgement of the first.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), AssociationError> {
        let limit = self.limits.pdu_time;
        let write = async {
            self.connection.write_all(bytes).await?;
            self.connection.flush().await
        };
        let late = |_| AssociationError::Late { what: "take a PDU", limit };
        Ok(timeout(limit, write).await.map_err(late)??)
    }

    /// Ends the association in agreement with the peer.
    ///
    /// # Errors
    /// [`AssociationError`] where the peer does not agree; the connection is closed all the same.
    pub async fn release(mut self) -> Result<(), AssociationError> {
        let released = async {
            self.send(&dicom_ul::Pdu::ReleaseRQ).await?;
            self.state = State::AwaitsRelease;
            self.next_pdu().await.map(drop)
        };
        let released = released.await;
        match &released {
            Ok(()) => self.hang_up().await,
            Err(error) => self.abort(error).await,
        }
        released
    }

    /// Closes the connection after `outcome`; where that is an error, the peer is told what it may know of it.
    pub async fn close(mut self, outcome: &Result<(), AssociationError>) {
        match outcome {
            Ok(()) => self.hang_up().await,
            Err(error) => self.abort(error).await,
        }
    }

    /// Closes the connection after an error, which is handed back.
    pub(crate) async fn fail(mut self, error: AssociationError) -> AssociationError {
        self.abort(&error).await;
        error
    }

    async fn abort(&mut self, error: &AssociationError) {
        if let Some(source) = error.abort() {
            // Who does not take it has gone.
            let _ = self.send(&dicom_ul::Pdu::AbortRQ { source }).await;
            self.hang_up().await;
        }
    }

    /// Bytes that are left unread make the system throw away what was written last: so they are read, for a while.
    pub(crate) async fn hang_up(&mut self) {
        self.state = State::Over;
        let last = async {
            self.connection.shutdown().await?;
            let (mut heard, mut bytes) = (0, [0; READ_BYTES]);
            while heard < LINGER_BYTES {
                match self.connection.read(&mut bytes).await? {
                    0 => break,
                    more => heard += more,
                }
            }
            io::Result::Ok(())
        };
        let _ = timeout(LINGER, last).await;
    }
}

fn once(bytes: Bytes) -> impl Stream<Item = io::Result<Bytes>> + Send {
    futures_util::stream::once(std::future::ready(Ok(bytes)))
}
