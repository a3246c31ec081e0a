//! One page on the live socket: at most two frames under way, the newest next, what it missed counted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use peony_examination::ActKey;
use serde::Deserialize;
use serde_json::Value;

use crate::hub::{Published, Viewer};
use crate::pace::Window;
use crate::stay::Stay;
use crate::wire::{
    self, Command, DeviceState, Drawn, ErrorCode, ErrorMessage, Followed, IN_FLIGHT, MAX_CLIENT_MESSAGE,
    ServerMessage, TrackVolume, Xyz,
};

/// Why a socket is closed whose session has ended.
pub(crate) const SIGNED_OUT: &str = "signed out";

/// Why a socket is closed on which a message came that is longer than it takes (RFC 6455 §7.4.1, code 1009); `None` for any other
/// error, after which there is nobody to tell.
pub(crate) fn too_long(error: &axum::Error, most_bytes: usize) -> Option<CloseFrame> {
    // The error's own type is of a version of a library that axum does not show.
    let is_too_long = error.to_string().contains("too long");
    is_too_long.then(|| CloseFrame {
        code: close_code::SIZE,
        reason: format!("message longer than {most_bytes} bytes").into(),
    })
}

/// A page that takes nothing for this long is gone.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// Serves one page until either side ends it.
pub(crate) async fn watch(socket: WebSocket, viewer: Viewer, stay: Stay) {
    let mut page = Page {
        socket,
        viewer,
        stay,
        under_way: VecDeque::new(),
        shown: None,
        sent: None,
        missed: 0,
        drawn: Window::default(),
        solids: Solids::default(),
    };
    // A page that has gone away is no fault, and there is nobody to tell.
    if let Err(Gone) = page.serve().await {
        tracing::debug!("a page stopped watching");
    }
}

/// The page is no longer there.
struct Gone;

struct Page {
    socket: WebSocket,
    viewer: Viewer,
    stay: Stay,
    /// Sent, and not said to be drawn.
    under_way: VecDeque<Arc<Published>>,
    /// The frame the page drew last.
    shown: Option<Arc<Published>>,
    /// The count of the frame sent last.
    sent: Option<u64>,
    missed: u64,
    drawn: Window,
    solids: Solids,
}

/// The outlines of the solids that a page has been sent.
#[derive(Default)]
struct Solids(BTreeMap<u32, Vec<Vec<Xyz>>>);

impl Solids {
    /// Takes out what the page has already: most of a message once a few lesions have left the picture.
    fn leave_out_known(&mut self, solids: &mut [TrackVolume]) {
        self.0.retain(|known, _| solids.iter().any(|solid| solid.track == *known));
        for solid in solids {
            let slices = solid.slices_mm.take();
            if slices.as_ref() != self.0.get(&solid.track) {
                self.0.extend(slices.clone().map(|slices| (solid.track, slices)));
                solid.slices_mm = slices;
            }
        }
    }
}

impl Page {
    async fn serve(&mut self) -> Result<(), Gone> {
        self.say(&ServerMessage::Hello(Box::new(self.viewer.hub.hello().clone()))).await?;
        // The frame that is there already is news to this page, even while the source rests.
        self.viewer.newest.mark_changed();
        if self.viewer.device.borrow_and_update().is_some() {
            self.viewer.device.mark_changed();
        }
        let stay = self.stay.clone();
        let mut over = std::pin::pin!(stay.is_over());
        loop {
            tokio::select! {
                () = &mut over => {
                    let end = CloseFrame { code: close_code::POLICY, reason: SIGNED_OUT.into() };
                    return self.send(Message::Close(Some(end))).await;
                }
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await?,
                    Some(Err(error)) => return self.refuse(&error).await,
                    None => return Err(Gone),
                },
                changed = self.viewer.device.changed() => {
                    changed.map_err(|_| Gone)?;
                    let lost = *self.viewer.device.borrow_and_update();
                    self.say(&ServerMessage::Device(DeviceState { lost })).await?;
                }
                changed = self.viewer.newest.changed(), if self.under_way.len() < IN_FLIGHT => {
                    changed.map_err(|_| Gone)?;
                    self.show_newest().await?;
                }
            }
        }
    }

    async fn show_newest(&mut self) -> Result<(), Gone> {
        let Some(newest) = self.viewer.newest.borrow_and_update().clone() else { return Ok(()) };
        if let Some(sent) = self.sent {
            self.missed += newest.count.saturating_sub(sent + 1);
        }
        self.sent = Some(newest.count);
        let mut update = newest.update.clone();
        update.drives = self.viewer.drives();
        update.stats.dropped_client = self.missed;
        update.stats.drawn_ms = self.drawn.percentiles();
        self.solids.leave_out_known(&mut update.volume.tracks);
        let message = wire::in_one_piece(&update, newest.picture.as_raw()).map_err(|_| Gone)?;
        self.under_way.push_back(newest);
        self.send(Message::Binary(message.into())).await
    }

    async fn hear(&mut self, message: Message) -> Result<(), Gone> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return self.say_bad("a page sends text only, this was binary").await,
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(Gone),
        };
        let outcome = match parse(&text) {
            Ok(Said::Drawn(frame)) => self.note_drawn(frame).map(|()| None),
            Ok(Said::Command(command, called)) => {
                self.stay.used();
                let (id, key) = called.unzip();
                match self.viewer.follow(command, key.as_ref(), self.shown.as_deref()) {
                    Ok(()) => Ok(id),
                    Err(error) => Err(ErrorMessage { id, ..error }),
                }
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(None) => Ok(()),
            Ok(Some(id)) => self.say(&ServerMessage::Followed(Followed { id })).await,
            Err(error) => self.say(&ServerMessage::Error(error)).await,
        }
    }

    fn note_drawn(&mut self, frame: u64) -> Result<(), ErrorMessage> {
        let position = self.under_way.iter().position(|sent| sent.update.frame == frame);
        let position = position.ok_or_else(|| bad(format!("drawn: frame {frame} is not under way")))?;
        // Whatever was sent before it is drawn or skipped by the page: it waits for neither.
        self.shown = self.under_way.drain(..=position).next_back();
        if let Some(captured) = self.shown.as_ref().and_then(|shown| shown.captured) {
            self.drawn.push(Instant::now().saturating_duration_since(captured));
        }
        Ok(())
    }

    /// Ends a connection that cannot go on, with the reason where there is one to give.
    async fn refuse(&mut self, error: &axum::Error) -> Result<(), Gone> {
        let end = too_long(error, MAX_CLIENT_MESSAGE).ok_or(Gone)?;
        let message = format!("message: longer than {MAX_CLIENT_MESSAGE} bytes");
        self.say(&ServerMessage::Error(ErrorMessage { code: ErrorCode::TooLarge, message, id: None }))
            .await?;
        self.send(Message::Close(Some(end))).await
    }

    async fn say_bad(&mut self, message: &str) -> Result<(), Gone> {
        self.say(&ServerMessage::Error(bad(message.to_owned()))).await
    }

    async fn say(&mut self, message: &ServerMessage) -> Result<(), Gone> {
        let text = serde_json::to_string(message).map_err(|_| Gone)?;
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        match tokio::time::timeout(SEND_LIMIT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

enum Said {
    Drawn(u64),
    /// And what the page calls it, where it said so.
    Command(Command, Option<(String, ActKey)>),
}

/// Reads one message of a page; the error names the field.
fn parse(text: &str) -> Result<Said, ErrorMessage> {
    // The text is at most `MAX_CLIENT_MESSAGE` long, and serde_json bounds the depth.
    let mut value: Value = serde_json::from_str(text).map_err(|error| bad(format!("not JSON: {error}")))?;
    let Some(fields) = value.as_object_mut() else {
        return Err(bad("command: it is no JSON object".to_owned()));
    };
    if fields.contains_key("drawn") {
        let Drawn { drawn } = Drawn::deserialize(value).map_err(|error| bad(format!("drawn: {error}")))?;
        return Ok(Said::Drawn(drawn));
    }
    let id = match fields.remove("id") {
        None => None,
        Some(Value::String(id)) => Some(id),
        Some(_) => return Err(bad("id: it is no text".to_owned())),
    };
    let called = id.map(|id| ActKey::new(&id, &value.to_string()).map(|key| (id, key))).transpose();
    let called = called.map_err(|error| bad(error.to_owned()))?;
    match Command::deserialize(value) {
        Ok(command) => Ok(Said::Command(command, called)),
        Err(error) => {
            let id = called.map(|(id, _)| id);
            Err(ErrorMessage { id, ..bad(format!("command: {error}")) })
        }
    }
}

fn bad(message: String) -> ErrorMessage {
    ErrorMessage { code: ErrorCode::BadMessage, message, id: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(depth: f32) -> Vec<Xyz> {
        vec![Xyz([0.0, 0.0, depth]), Xyz([1.0, 0.0, depth]), Xyz([0.0, 0.0, depth + 1.0])]
    }

    /// What a page is sent of solids given as their tracks and slices.
    fn sent(solids: &mut Solids, tracks: &[(u32, &[f32])]) -> Vec<Option<usize>> {
        let track = |(track, depths): &(u32, &[f32])| TrackVolume {
            track: *track,
            letter: None,
            slices_mm: Some(depths.iter().map(|depth| slice(*depth)).collect()),
            volume_cm3: 1.0,
            relative_error: 0.2,
            along_mm: 2.0,
        };
        let mut tracks: Vec<_> = tracks.iter().map(track).collect();
        solids.leave_out_known(&mut tracks);
        tracks.iter().map(|solid| solid.slices_mm.as_ref().map(Vec::len)).collect()
    }

    #[test]
    fn outlines_are_sent_when_they_change_and_not_again() {
        let mut page = Solids::default();
        assert_eq!(sent(&mut page, &[(1, &[5.0])]), [Some(1)]);
        assert_eq!(sent(&mut page, &[(1, &[5.0]), (2, &[7.0])]), [None, Some(1)]);
        assert_eq!(sent(&mut page, &[(1, &[5.0]), (2, &[7.0, 8.0])]), [None, Some(2)]);
        assert_eq!(sent(&mut page, &[(2, &[7.0, 8.0]), (1, &[6.0])]), [None, Some(1)]);
        assert_eq!(sent(&mut page, &[(1, &[6.0])]), [None]);
        assert_eq!(
            sent(&mut page, &[(1, &[6.0]), (2, &[7.0, 8.0])]),
            [None, Some(2)],
            "it was gone meanwhile"
        );
        assert_eq!(sent(&mut page, &[]), []);
        assert_eq!(sent(&mut page, &[(1, &[6.0])]), [Some(1)], "another sweep may have the same");
        assert_eq!(sent(&mut Solids::default(), &[(1, &[6.0])]), [Some(1)], "another page");
    }
}
