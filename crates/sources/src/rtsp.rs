//! RTSP devices: network encoders and cameras that send H.264 or Motion JPEG, over one TCP connection (RFC 2326 §10.12).
//!
//! [`Server`] is a [`Source`](crate::Source) by its address. The protocol is `retina`'s, on an async runtime of this connection's
//! own that runs only while somebody waits for a picture. The grey levels are read and the colours of H.264 are not. What a
//! device can make us hold is what it can send in [`Server::silence_limit`]: a picture that is not whole by then ends the
//! connection.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use peony_model::{Pixels, Spacing};
use retina::client::{
    Credentials, Demuxed, Described, PlayOptions, Session, SessionOptions, SetupOptions, TeardownPolicy,
    Transport,
};
use retina::codec::h26x::Framing;
use retina::codec::{CodecItem, FrameFormat, VideoFrame};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use url::Url;

use crate::h264::{H264, H264Error, Order};
use crate::{Heard, Link, Picture, Source, SourceError};

/// No wait for a picture is longer, so that whoever reads can stop.
const POLL: Duration = Duration::from_millis(100);
/// Each unit of H.264 stands behind its length, as in MP4.
const LENGTH_BYTES: usize = 4;

/// An RTSP device by its address.
#[derive(Clone)]
pub struct Server {
    /// Without user and password.
    url: Url,
    credentials: Option<Credentials>,
    /// How long a connection may take to be made, with all that is asked before the first picture.
    pub connect_limit: Duration,
    /// For how long no whole picture may come before the connection counts as lost.
    pub silence_limit: Duration,
    /// From here the times of all connections count, so that they go on from one to the next.
    started: Instant,
}

/// Says where, and never who.
impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let has_credentials = self.credentials.is_some();
        formatter.debug_struct("Server").field("has_credentials", &has_credentials).finish_non_exhaustive()
    }
}

/// Why a device gives no pictures. Nothing that it sent, and nothing of its address, is in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtspError {
    /// No address of the form `rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH`.
    #[error("no address as rtsp://host:port/path")]
    Address,
    /// It asks for a user and a password, or for others.
    #[error("the device asks for a user and a password, or does not take these")]
    Unauthorized,
    /// It answered with another status than success.
    #[error("the device answered {step} with status {status}")]
    Status {
        /// What was asked.
        step: &'static str,
        /// The status of its answer.
        status: u16,
    },
    /// It did not answer, or not in RTSP.
    #[error("{step} failed")]
    Failed {
        /// What was being done.
        step: &'static str,
    },
    /// It has no pictures that are read.
    #[error("the device offers no video in H.264 or Motion JPEG")]
    NoVideo,
    /// The coding of its pictures.
    #[error("H.264: {0}")]
    H264(#[from] H264Error),
    /// A picture of Motion JPEG could not be read.
    #[error("a JPEG picture is damaged, or too large")]
    Jpeg,
    /// Packets were lost: what follows cannot be read until a picture stands alone.
    #[error("packets were lost on the way")]
    Loss,
}

impl Server {
    /// A device with the usual limits. A user and a password in the address are kept apart from it.
    ///
    /// # Errors
    /// [`RtspError::Address`], which does not say the address: it may hold a password.
    pub fn new(address: &str) -> Result<Self, RtspError> {
        let mut url = Url::parse(address).map_err(|_| RtspError::Address)?;
        if url.scheme() != "rtsp" || url.host_str().is_none_or(str::is_empty) {
            return Err(RtspError::Address);
        }
        let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = (!url.username().is_empty()).then(|| Credentials {
            username: plain(url.username()),
            password: plain(url.password().unwrap_or_default()),
        });
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| RtspError::Address)?;
        let (connect_limit, silence_limit) = (Duration::from_secs(5), Duration::from_secs(5));
        Ok(Self { url, credentials, connect_limit, silence_limit, started: Instant::now() })
    }

    /// Asks for what there is, chooses the first video that is read, and starts it.
    async fn play(&self) -> Result<(Demuxed, Coding), RtspError> {
        let options = SessionOptions::default()
            .creds(self.credentials.clone())
            .user_agent("Peony".to_owned())
            // The connection's end is the session's; nothing is left running behind.
            .teardown(TeardownPolicy::Never);
        let described = Session::describe(self.url.clone(), options).await;
        let mut session = described.map_err(failed("DESCRIBE"))?;
        let (number, coding) = first_video(&session).ok_or(RtspError::NoVideo)?;
        let format = FrameFormat { h26x_framing: Framing::FourByteLength, ..FrameFormat::default() };
        let setup =
            SetupOptions::default().transport(Transport::Tcp(Default::default())).frame_format(format);
        session.setup(number, setup).await.map_err(failed("SETUP"))?;
        let playing = session.play(PlayOptions::default()).await.map_err(failed("PLAY"))?;
        Ok((playing.demuxed().map_err(failed("PLAY"))?, coding))
    }
}

/// How the pictures are coded.
enum Coding {
    H264,
    Jpeg,
}

fn first_video(session: &Session<Described>) -> Option<(usize, Coding)> {
    session.streams().iter().enumerate().find_map(|(number, stream)| {
        match (stream.media(), stream.encoding_name()) {
            ("video", "h264") => Some((number, Coding::H264)),
            ("video", "jpeg") => Some((number, Coding::Jpeg)),
            _ => None,
        }
    })
}

/// What went wrong in `step`; the library's own text quotes the device and its address.
fn failed(step: &'static str) -> impl Fn(retina::Error) -> RtspError {
    move |error| match error.status_code() {
        Some(401 | 403) => RtspError::Unauthorized,
        Some(status) => RtspError::Status { step, status },
        None => RtspError::Failed { step },
    }
}

impl Source for Server {
    type Link = Connection;

    fn connect(&mut self) -> Result<Self::Link, SourceError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(SourceError::Connect)?;
        let played = runtime.block_on(async { timeout(self.connect_limit, self.play()).await });
        let (pictures, coding) = played.map_err(|_| SourceError::Silent(self.connect_limit))??;
        let decoder = match coding {
            Coding::H264 => Some(H264::new(Order::Sent).map_err(RtspError::from)?),
            Coding::Jpeg => None,
        };
        Ok(Connection {
            pictures: Box::pin(pictures),
            runtime,
            decoder,
            waits_for_whole: true,
            silence_limit: self.silence_limit,
            last_picture: Instant::now(),
            started: self.started,
            first: None,
        })
    }
}

/// A session that plays.
pub struct Connection {
    // Dropped before the runtime that it belongs to.
    pictures: Pin<Box<Demuxed>>,
    runtime: Runtime,
    /// `None` for Motion JPEG.
    decoder: Option<H264>,
    /// Pictures that need others are passed over until one stands alone: at the beginning, and where packets were lost.
    waits_for_whole: bool,
    silence_limit: Duration,
    last_picture: Instant,
    started: Instant,
    /// When the first picture came after `started`; the device's own times count from there.
    first: Option<Duration>,
}

impl Link for Connection {
    fn next(&mut self) -> Result<Heard, SourceError> {
        let Self { runtime, pictures, .. } = self;
        let item = match runtime.block_on(async { timeout(POLL, pictures.next()).await }) {
            Ok(Some(Ok(item))) => item,
            Ok(Some(Err(error))) => return Err(failed("playing")(error).into()),
            Ok(None) => return Err(SourceError::Closed),
            Err(_) if self.last_picture.elapsed() > self.silence_limit => {
                return Err(SourceError::Silent(self.silence_limit));
            }
            Err(_) => return Ok(Heard::Nothing),
        };
        let CodecItem::VideoFrame(frame) = item else { return Ok(Heard::Nothing) };
        self.last_picture = Instant::now();
        match self.read(&frame) {
            Ok(Some(pixels)) => Ok(Heard::Picture(self.picture(&frame, pixels))),
            Ok(None) => Ok(Heard::Nothing),
            // A picture is one picture; a stream that asks for too much does so again.
            Err(why @ (RtspError::Loss | RtspError::Jpeg | RtspError::H264(H264Error::Picture))) => {
                Ok(Heard::Damaged(why.into()))
            }
            Err(why) => Err(why.into()),
        }
    }
}

impl Connection {
    fn read(&mut self, frame: &VideoFrame) -> Result<Option<Pixels>, RtspError> {
        let Some(decoder) = &mut self.decoder else {
            let read = peony_imaging::read_still(frame.data());
            return read.map(Some).map_err(|_| RtspError::Jpeg);
        };
        if frame.loss() > 0 {
            self.waits_for_whole = true;
        }
        if self.waits_for_whole && !frame.is_random_access_point() {
            return if frame.loss() > 0 { Err(RtspError::Loss) } else { Ok(None) };
        }
        let picture = decoder.picture(frame.data(), LENGTH_BYTES);
        // After a damaged picture those that need it are damaged too, and may not show it.
        self.waits_for_whole = picture.is_err();
        Ok(picture?)
    }

    fn picture(&mut self, frame: &VideoFrame, pixels: Pixels) -> Picture {
        let arrived = Instant::now();
        let first = *self.first.get_or_insert_with(|| arrived.saturating_duration_since(self.started));
        let elapsed = Duration::try_from_secs_f64(frame.timestamp().elapsed_secs());
        let stamp = elapsed.ok().and_then(|elapsed| first.checked_add(elapsed));
        Picture { stamp, arrived, pixels, spacing: Spacing::Unknown }
    }
}
