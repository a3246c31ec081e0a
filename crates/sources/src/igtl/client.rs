//! The connection to a server: bytes as they come, one message after the other.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use peony_model::Spacing;

use super::{Content, Depth, HEADER_BYTES, Header, Message};
use crate::{Heard, Link, Picture, Source, SourceError};

/// No wait for bytes is longer, so that whoever reads can stop.
const POLL: Duration = Duration::from_millis(100);
/// What is asked of the network at once. Memory grows with what has come, not with what a header promises.
const CHUNK_BYTES: usize = 64 << 10;

/// An OpenIGTLink server by its address.
#[derive(Debug, Clone)]
pub struct Server {
    /// `HOST:PORT`; the usual port is 18944.
    pub address: String,
    /// The device name of the images to read; without it, those of the first that comes in a connection.
    pub image_name: Option<String>,
    /// How long a connection may take to be made.
    pub connect_limit: Duration,
    /// For how long nothing may come before the connection counts as lost. A machine whose picture is frozen may be
    /// silent too: connecting to it again costs nothing.
    pub silence_limit: Duration,
}

impl Server {
    /// A server with the usual limits.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        let (connect_limit, silence_limit) = (Duration::from_secs(2), Duration::from_secs(5));
        Self { address: address.into(), image_name: None, connect_limit, silence_limit }
    }
}

impl Source for Server {
    type Link = Connection<TcpStream>;

    fn connect(&mut self) -> Result<Self::Link, SourceError> {
        let stream = self.stream().map_err(SourceError::Connect)?;
        Ok(Connection::new(stream, self.image_name.as_deref(), self.silence_limit))
    }
}

impl Server {
    /// The first of the host's addresses that answers.
    fn stream(&self) -> io::Result<TcpStream> {
        let mut failed = io::Error::new(ErrorKind::NotFound, "the host has no address");
        for address in self.address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, self.connect_limit) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(POLL))?;
                    return Ok(stream);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

/// A stream of messages; its reads should give up after about a tenth of a second where nothing comes.
#[derive(Debug)]
pub struct Connection<R> {
    stream: R,
    /// Whose images are read; `None` until the first came.
    image_name: Option<Vec<u8>>,
    silence_limit: Duration,
    last_byte: Instant,
    /// What has come of the message that is being read.
    message: Vec<u8>,
    /// Slices of the last message that nobody took yet: at most one message's.
    pictures: VecDeque<Picture>,
    depth: Depth,
    said: Said,
}

/// What was said once.
#[derive(Debug, Default)]
struct Said {
    other_images: bool,
    no_scale: bool,
}

impl<R: Read> Connection<R> {
    /// Reads the images named `image_name`, or those of the first name that comes.
    pub fn new(stream: R, image_name: Option<&str>, silence_limit: Duration) -> Self {
        Self {
            stream,
            image_name: image_name.map(|name| name.as_bytes().to_vec()),
            silence_limit,
            last_byte: Instant::now(),
            message: Vec::new(),
            pictures: VecDeque::new(),
            depth: Depth::default(),
            said: Said::default(),
        }
    }

    /// Reads on until the message is whole; false where nothing comes, or it takes longer than [`POLL`].
    fn receive(&mut self) -> Result<bool, SourceError> {
        let started = Instant::now();
        loop {
            let has = self.message.len();
            let needs = if has < HEADER_BYTES {
                HEADER_BYTES
            } else {
                // An error here is the end: nobody knows where the next message begins.
                Header::parse(&self.message)?.message_bytes()
            };
            if has >= HEADER_BYTES && has == needs {
                return Ok(true);
            }
            if started.elapsed() > POLL || !self.read((needs - has).min(CHUNK_BYTES))? {
                return Ok(false);
            }
        }
    }

    /// Takes what is there of the next `most` bytes; false where nothing came.
    fn read(&mut self, most: usize) -> Result<bool, SourceError> {
        let has = self.message.len();
        self.message.resize(has + most, 0);
        let read = self.stream.read(&mut self.message[has..]);
        self.message.truncate(has + read.as_ref().map_or(0, |bytes| *bytes));
        match read {
            Ok(0) => Err(SourceError::Closed),
            Ok(_) => {
                self.last_byte = Instant::now();
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if self.last_byte.elapsed() > self.silence_limit {
                    return Err(SourceError::Silent(self.silence_limit));
                }
                Ok(false)
            }
            Err(error) => Err(SourceError::Broken(error)),
        }
    }

    fn take_in(&mut self, message: &Message<'_>) {
        let Content::Image(image) = &message.content else { return };
        let name = message.header.device_name();
        if *self.image_name.get_or_insert_with(|| name.to_vec()) != name {
            if !std::mem::replace(&mut self.said.other_images, true) {
                tracing::info!("the server sends images of several names; one of them is read");
            }
            return;
        }
        let spacing = image.mm_per_px().map_or(Spacing::Unknown, Spacing::Uniform);
        if spacing == Spacing::Unknown && !std::mem::replace(&mut self.said.no_scale, true) {
            tracing::info!("the images' matrix is not a believable scale; sizes stay in pixels");
        }
        let (stamp, arrived) = (message.header.stamp, Instant::now());
        let picture = |pixels| Picture { stamp, arrived, pixels, spacing: spacing.clone() };
        self.pictures.extend(image.slices(&mut self.depth).map(picture));
    }
}

impl<R: Read> Link for Connection<R> {
    fn next(&mut self) -> Result<Heard, SourceError> {
        if self.pictures.is_empty() {
            if !self.receive()? {
                return Ok(Heard::Nothing);
            }
            let mut bytes = std::mem::take(&mut self.message);
            let read = Message::parse(&bytes).map(|message| self.take_in(&message));
            bytes.clear();
            self.message = bytes;
            if let Err(why) = read {
                return Ok(Heard::Damaged(why.into()));
            }
        }
        Ok(self.pictures.pop_front().map_or(Heard::Nothing, Heard::Picture))
    }
}
