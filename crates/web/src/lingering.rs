//! A connection that is closed so that the other side hears the last words.
//!
//! A system that closes a socket on which unread bytes lie, or come, answers them with a reset, and a reset takes away what was
//! sent and not read yet: why a message of 30 MB was refused, for one. So the writing side is closed first, and what still
//! comes is read off and forgotten, for a while (RFC 9112 §9.6).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long what still comes is read off.
const LINGER: Duration = Duration::from_secs(5);
/// So much of it at a time.
const READ_OFF_BYTES: usize = 16 * 1024;

/// The stream of a connection, which lingers once it is dropped, and holds `T` until its end.
pub(crate) struct Lingering<T: Send + 'static> {
    /// Taken by the end alone.
    parts: Option<(TcpStream, T)>,
}

impl<T: Send + 'static> Lingering<T> {
    pub fn new(stream: TcpStream, held: T) -> Self {
        Self { parts: Some((stream, held)) }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let (stream, _) = self.parts.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(stream))
    }
}

impl<T: Send + 'static> Drop for Lingering<T> {
    fn drop(&mut self) {
        let Some((stream, held)) = self.parts.take() else { return };
        // Whoever has closed already, or is gone, waits for nothing.
        let is_there = match stream.try_read(&mut [0]) {
            Ok(read) => read > 0,
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        if let (true, Ok(runtime)) = (is_there, Handle::try_current()) {
            runtime.spawn(async move {
                // Whoever goes on speaking had time to hear.
                let _ = timeout(LINGER, read_off(stream)).await;
                drop(held);
            });
        }
    }
}

/// Says that nothing more comes from here, and reads off what the other side sends until it says the same.
pub(crate) async fn read_off(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut rest = vec![0; READ_OFF_BYTES];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

impl<T: Send + Unpin + 'static> AsyncRead for Lingering<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(context, buffer)
    }
}

impl<T: Send + Unpin + 'static> AsyncWrite for Lingering<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.parts.as_ref().is_some_and(|(stream, _)| stream.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}
