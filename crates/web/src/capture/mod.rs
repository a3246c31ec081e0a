//! The capture socket: a page sends the pictures of a frame grabber, a screen or a file (`docs/API.md`, 'Capture
//! socket'). What its messages mean is `peony_sources::capture`'s; here is the socket, and who may capture.
//!
//! One page at a time captures for an examination: it has the [`Seat`]. Every picture is answered, so that the page keeps
//! no more than two under way; nothing is queued here, and what comes faster than any grabber is passed over.

mod seat;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use axum::http::StatusCode;
use axum::response::Response;
use peony_sources::capture::{
    Announcement, CaptureError, ErrorCode, Heard, IN_FLIGHT, MESSAGE_BYTES, Session,
};
use serde::Serialize;
use tokio::time::MissedTickBehavior;

use self::seat::{Sitting, Visit};
use crate::guard::problem;
use crate::socket::{SIGNED_OUT, too_long};
use crate::stay::Stay;

pub use self::seat::{Intake, MAX_SOCKETS, Seat};

/// A page must say in this time what it is going to send.
const ANNOUNCE_LIMIT: Duration = Duration::from_secs(10);
/// How often a page is asked whether it is still there. A grabber that was unplugged sends nothing for long.
const PING: Duration = Duration::from_secs(5);
/// A page that has not said anything for so long is gone, and the seat free.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);
/// A page that takes no answer for this long is gone.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// So many bad messages in a row are no accident.
const MOST_BAD: u32 = 16;

/// Answers the request for a capture socket of the examination whose seat this is.
/// It is closed when `stay` is over.
pub fn upgrade<I: Intake>(upgrade: WebSocketUpgrade, seat: Arc<Seat<I>>, stay: Stay) -> Response {
    let Some(visit) = Visit::begin(seat) else {
        let error = format!("{MAX_SOCKETS} pages wait to capture already: close one");
        return problem(StatusCode::SERVICE_UNAVAILABLE, error);
    };
    upgrade
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .on_upgrade(move |socket| capture(socket, visit, stay))
}

/// Serves one page until either side ends it.
async fn capture<I: Intake>(socket: WebSocket, visit: Visit<I>, stay: Stay) {
    let mut page = Page { socket, visit, session: Session::default(), sitting: None, bad: 0 };
    // A page that has gone away is no fault, and there is nobody to tell.
    if let Err(Gone) = page.serve(&stay).await {
        tracing::debug!("a page stopped capturing");
    }
}

/// The page is no longer there, or was sent away.
struct Gone;

struct Page<I: Intake> {
    socket: WebSocket,
    visit: Visit<I>,
    session: Session,
    /// `None` until this page captures for the examination.
    sitting: Option<Sitting<I>>,
    /// Bad messages since the last good one.
    bad: u32,
}

/// An answer to the page.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    /// It captures from now on.
    Capturing {
        capturing: bool,
        in_flight: usize,
    },
    /// The picture was taken.
    Taken {
        taken: u32,
    },
    /// The picture came too soon after those before.
    PassedOver {
        passed_over: u32,
        dropped: u64,
    },
    Error {
        error: ErrorCode,
        message: &'a str,
    },
}

impl<I: Intake> Page<I> {
    async fn serve(&mut self, stay: &Stay) -> Result<(), Gone> {
        let mut over = std::pin::pin!(stay.is_over());
        let begun = Instant::now();
        let mut last_heard = begun;
        let mut ping = tokio::time::interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut over => return self.send_away(SIGNED_OUT).await,
                message = self.socket.recv() => {
                    last_heard = Instant::now();
                    match message {
                        Some(Ok(message)) => self.hear(message).await?,
                        Some(Err(error)) => {
                            let end = too_long(&error, MESSAGE_BYTES).ok_or(Gone)?;
                            return self.close(end).await;
                        }
                        None => return Err(Gone),
                    }
                }
                () = until_taken_over(self.sitting.as_mut()) => {
                    self.refuse(ErrorCode::TakenOver, "another page captures for this examination now").await?;
                    return self.send_away("taken over").await;
                }
                _ = ping.tick() => {
                    let never_announced = self.sitting.is_none() && begun.elapsed() > ANNOUNCE_LIMIT;
                    if never_announced || last_heard.elapsed() > SILENCE_LIMIT {
                        return self.send_away("silent").await;
                    }
                    self.send(Message::Ping(Default::default())).await?;
                }
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Gone> {
        match message {
            Message::Text(text) => match self.session.text(&text) {
                Ok(announced) => self.sit(announced).await,
                Err(error) => self.bad(&error).await,
            },
            Message::Binary(bytes) => self.take(&bytes).await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(Gone),
        }
    }

    /// Takes the seat for this page, or says that it is taken; the page may ask again.
    async fn sit(&mut self, announced: Announcement) -> Result<(), Gone> {
        if let Some(sitting) = &self.sitting {
            // The same page with another device.
            sitting.announce(&announced);
        } else if let Some(sitting) = self.visit.sit(&announced) {
            self.sitting = Some(sitting);
        } else {
            return self.refuse(ErrorCode::Busy, "another page captures for this examination").await;
        }
        self.bad = 0;
        self.answer(&Answer::Capturing { capturing: true, in_flight: IN_FLIGHT }).await
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let arrived = Instant::now();
        let heard = match self.session.binary(bytes, arrived) {
            Ok(heard) => heard,
            Err(error) => return self.bad(&error).await,
        };
        let answer = match (heard, &self.sitting) {
            // Announced, but the seat is another's: its pictures are not wanted.
            (_, None) => return self.bad(&CaptureError::NotAnnounced).await,
            (Heard::Picture(sent, announced), Some(sitting)) => {
                if !sitting.take(&sent, announced.range, arrived) {
                    // Taken over in this moment; the page hears of it next.
                    return Ok(());
                }
                Answer::Taken { taken: sent.sequence }
            }
            (Heard::TooSoon { sequence, dropped }, Some(_)) => {
                Answer::PassedOver { passed_over: sequence, dropped }
            }
        };
        self.bad = 0;
        self.answer(&answer).await
    }

    async fn bad(&mut self, error: &CaptureError) -> Result<(), Gone> {
        self.refuse(error.code(), &error.to_string()).await?;
        self.bad += 1;
        if self.bad < MOST_BAD {
            return Ok(());
        }
        self.refuse(ErrorCode::TooMany, &format!("{MOST_BAD} bad messages in a row")).await?;
        self.send_away("bad messages").await
    }

    async fn refuse(&mut self, error: ErrorCode, message: &str) -> Result<(), Gone> {
        self.answer(&Answer::Error { error, message }).await
    }

    async fn answer(&mut self, answer: &Answer<'_>) -> Result<(), Gone> {
        let text = serde_json::to_string(answer).map_err(|_| Gone)?;
        self.send(Message::Text(text.into())).await
    }

    /// Closes the socket from this side.
    async fn send_away(&mut self, reason: &'static str) -> Result<(), Gone> {
        self.close(CloseFrame { code: close_code::POLICY, reason: reason.into() }).await
    }

    async fn close(&mut self, end: CloseFrame) -> Result<(), Gone> {
        // The seat is free at once, not when the page has said goodbye.
        self.sitting = None;
        self.send(Message::Close(Some(end))).await?;
        Err(Gone)
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        match tokio::time::timeout(SEND_LIMIT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

/// Never, for a page that does not capture.
async fn until_taken_over<I: Intake>(sitting: Option<&mut Sitting<I>>) {
    match sitting {
        Some(sitting) => sitting.until_taken_over().await,
        None => std::future::pending().await,
    }
}
