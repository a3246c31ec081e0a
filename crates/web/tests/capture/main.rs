//! The capture socket as a page meets it: a real server on loopback, a real WebSocket client, and an intake of the test's.

// The page below is part of these tests, but not inside a test function, where the lints would allow it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::routing::get;
use futures_util::{SinkExt, StreamExt};
use peony_examination::Archive;
use peony_sources::capture::{Announcement, Captured, MESSAGE_BYTES};
use peony_web::capture::{Intake, MAX_SOCKETS, Seat, upgrade};
use peony_web::{Rooms, ServeConfig, Server, Stay};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What the intake was told: `+` a page begins, `-` no page captures, else a frame's number.
#[derive(Default)]
struct Told {
    log: Mutex<Vec<String>>,
    frames: Mutex<Vec<Captured>>,
}

impl Intake for Told {
    fn begins(&self, announced: &Announcement) {
        self.log.lock().unwrap().push(format!("+{}", announced.width));
    }

    fn put(&self, captured: Captured) {
        self.log.lock().unwrap().push(captured.frame.index.to_string());
        self.frames.lock().unwrap().push(captured);
    }

    fn ends(&self) {
        self.log.lock().unwrap().push("-".to_owned());
    }
}

struct Room {
    seat: Arc<Seat<Told>>,
    addr: SocketAddr,
}

impl Room {
    async fn open() -> Self {
        Self::open_while(Stay::default()).await
    }

    async fn open_while(stay: Stay) -> Self {
        let seat = Arc::new(Seat::new(Told::default()));
        let theirs = Arc::clone(&seat);
        let answer =
            async move |request: WebSocketUpgrade| upgrade(request, Arc::clone(&theirs), stay.clone());
        let app = Router::new().route("/capture-of-test", get(answer));
        // Nobody is examined in the server's own rooms, so that the folder may go at once.
        let folder = tempfile::tempdir().unwrap();
        let rooms = Rooms::new(Arc::new(Archive::open(folder.path()).unwrap()), None);
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::bind(ServeConfig { addr, ..ServeConfig::default() }).await.unwrap();
        let addr = server.addr();
        tokio::spawn(server.run(rooms, app, std::future::pending()));
        Self { seat, addr }
    }

    async fn page(&self) -> Page {
        self.try_page().await.unwrap()
    }

    async fn try_page(&self) -> Result<Page, tungstenite::Error> {
        Ok(Page(connect_async(format!("ws://{}/capture-of-test", self.addr)).await?.0))
    }

    fn log(&self) -> String {
        self.seat.intake().log.lock().unwrap().join(" ")
    }

    /// Waits until the intake was told this.
    async fn told(&self, expected: &str) {
        for _ in 0..400 {
            if self.log() == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(self.log(), expected);
    }
}

struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    async fn say(&mut self, text: impl ToString) {
        self.0.send(Message::text(text.to_string())).await.unwrap();
    }

    async fn show(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next message that is not about whether somebody is there.
    async fn message(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        let heard = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => return other,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), heard).await.expect("the server went silent")
    }

    /// The next answer; `None` once the server has closed the socket.
    async fn hear(&mut self) -> Option<Value> {
        match self.message().await {
            Some(Ok(Message::Text(text))) => Some(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => None,
            other => panic!("{other:?}"),
        }
    }

    /// The code and the reason with which the server closes the socket; `None` where it gives none.
    async fn end(&mut self) -> Option<(u16, String)> {
        match self.message().await {
            Some(Ok(Message::Close(frame))) => {
                frame.map(|frame| (frame.code.into(), frame.reason.to_string()))
            }
            Some(Err(_)) | None => None,
            other => panic!("{other:?}"),
        }
    }

    async fn announce(&mut self, announced: Value) {
        self.say(announced).await;
        assert_eq!(self.hear().await, Some(json!({"capturing": true, "in_flight": 2})));
    }

    async fn error(&mut self) -> String {
        let heard = self.hear().await.expect("closed");
        heard["error"].as_str().unwrap_or_else(|| panic!("no error: {heard}")).to_owned()
    }
}

fn announcement(width: u16) -> Value {
    json!({
        "peony_capture": 1, "width": width, "height": 64, "format": "luma8", "range": "limited",
        "frame_rate": 30, "source": "camera",
    })
}

/// A grey picture of one level.
fn picture(sequence: u32, [width, height]: [u16; 2], level: u8) -> Vec<u8> {
    let pixels = u32::from(width) * u32::from(height);
    let mut bytes = [sequence.to_le_bytes(), 0_u32.to_le_bytes()].concat();
    bytes.extend((1_700_000_000_000_000 + u64::from(sequence) * 40_000).to_le_bytes());
    bytes.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    bytes.extend(pixels.to_le_bytes());
    bytes.resize(24 + pixels as usize, level);
    bytes
}

#[tokio::test]
async fn pictures_are_taken_answered_and_expanded() {
    let room = Room::open().await;
    let mut page = room.page().await;
    page.announce(announcement(64)).await;
    page.show(picture(0, [64, 64], 126)).await;
    assert_eq!(page.hear().await, Some(json!({"taken": 0})));
    // Another size is the same examination; the page passed two over.
    page.show(picture(3, [100, 80], 235)).await;
    assert_eq!(page.hear().await, Some(json!({"taken": 3})));
    page.0.close(None).await.unwrap();
    room.told("+64 0 3 -").await;
    let frames = room.seat.intake().frames.lock().unwrap();
    let seen: Vec<_> = frames
        .iter()
        .map(|captured| (captured.frame.size_px(), captured.frame.time_ns, captured.frame.luma().as_raw()[0]))
        .collect();
    assert_eq!(seen, [([64, 64], 0, 128), ([100, 80], 120_000_000, 255)]);
}

#[tokio::test]
async fn a_second_page_is_refused_until_it_takes_over() {
    let room = Room::open().await;
    let (mut first, mut second) = (room.page().await, room.page().await);
    first.announce(announcement(64)).await;
    first.show(picture(0, [64, 64], 100)).await;
    first.hear().await;
    second.say(announcement(65)).await;
    assert_eq!(second.error().await, "busy");
    second.show(picture(0, [64, 64], 100)).await;
    assert_eq!(second.error().await, "bad_frame", "it has no seat");
    let mut takes_over = announcement(66);
    takes_over["take_over"] = json!(true);
    second.announce(takes_over).await;
    assert_eq!(first.error().await, "taken_over");
    assert_eq!(first.hear().await, None, "and it is sent away");
    second.show(picture(1, [64, 64], 100)).await;
    assert_eq!(second.hear().await, Some(json!({"taken": 1})));
    room.told("+64 0 +66 1").await;
}

#[tokio::test]
async fn a_page_whose_socket_was_lost_goes_on_in_the_same_examination() {
    let room = Room::open().await;
    let mut named = announcement(64);
    named["page"] = json!(41);
    let mut dead = room.page().await;
    dead.announce(named.clone()).await;
    dead.show(picture(9, [64, 64], 100)).await;
    dead.hear().await;
    // The server has not noticed that the first socket is dead: only the same page gets its place.
    let (mut again, mut other) = (room.page().await, room.page().await);
    let mut stranger = announcement(64);
    stranger["page"] = json!(42);
    other.say(stranger).await;
    assert_eq!(other.error().await, "busy");
    again.announce(named).await;
    again.show(picture(0, [64, 64], 100)).await;
    assert_eq!(again.hear().await, Some(json!({"taken": 0})));
    drop(dead);
    again.show(picture(1, [64, 64], 100)).await;
    again.hear().await;
    room.told("+64 0 +64 1 2").await;
}

#[tokio::test]
async fn what_is_no_picture_is_named_and_sixteen_in_a_row_end_it() {
    let room = Room::open().await;
    let mut page = room.page().await;
    page.show(picture(0, [64, 64], 0)).await;
    assert_eq!(page.error().await, "bad_frame", "not announced");
    page.say("{}").await;
    assert_eq!(page.error().await, "bad_announcement");
    page.say(json!({"peony_capture": 9})).await;
    assert_eq!(page.error().await, "unsupported_version");
    page.announce(announcement(64)).await;
    page.show(picture(0, [63, 64], 0)).await;
    assert_eq!(page.error().await, "size");
    page.show(picture(0, [64, 64], 0)).await;
    assert_eq!(page.hear().await, Some(json!({"taken": 0})), "the socket stands");
    for _ in 0..16 {
        page.show(b"garbage".to_vec()).await;
        assert_eq!(page.error().await, "bad_frame");
    }
    assert_eq!(page.error().await, "too_many");
    assert_eq!(page.hear().await, None);
    room.told("+64 0 -").await;
}

#[tokio::test]
async fn pictures_that_nobody_wants_are_bad_messages_too() {
    let room = Room::open().await;
    let (mut first, mut second) = (room.page().await, room.page().await);
    first.announce(announcement(64)).await;
    second.say(announcement(65)).await;
    assert_eq!(second.error().await, "busy");
    for number in 0..16 {
        second.show(picture(number, [64, 64], 100)).await;
        assert_eq!(second.error().await, "bad_frame");
    }
    assert_eq!(second.error().await, "too_many");
    assert_eq!(second.hear().await, None);
}

#[tokio::test]
async fn a_page_that_floods_is_paced_and_every_picture_answered() {
    let room = Room::open().await;
    let mut page = room.page().await;
    page.announce(announcement(64)).await;
    let sent = 2000;
    let (mut taken, mut passed_over) = (0_u64, 0);
    for burst in 0..sent / 100 {
        for number in 0..100 {
            page.show(picture(burst * 100 + number, [64, 64], 9)).await;
        }
        for _ in 0..100 {
            let heard = page.hear().await.unwrap();
            if heard["taken"].is_u64() {
                taken += 1;
            } else {
                passed_over = heard["dropped"].as_u64().unwrap_or_else(|| panic!("{heard}"));
            }
        }
    }
    assert_eq!(taken + passed_over, u64::from(sent));
    assert_eq!(room.seat.intake().frames.lock().unwrap().len() as u64, taken);
    assert!(passed_over > 0, "two thousand pictures came at once");
}

#[tokio::test]
async fn more_sockets_than_may_wait_are_refused_and_a_closed_one_makes_room() {
    let room = Room::open().await;
    let mut pages = Vec::new();
    for _ in 0..MAX_SOCKETS {
        pages.push(room.page().await);
    }
    let Err(tungstenite::Error::Http(answer)) = room.try_page().await else { panic!("taken in") };
    assert_eq!(answer.status(), 503);
    drop(pages.pop());
    for _ in 0..400 {
        if let Ok(mut page) = room.try_page().await {
            return page.announce(announcement(64)).await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the closed one still counts");
}

#[tokio::test]
async fn a_message_longer_than_any_picture_ends_the_socket() {
    let room = Room::open().await;
    let mut page = room.page().await;
    page.announce(announcement(64)).await;
    page.0.send(Message::binary(vec![0; 30_000_000])).await.expect("it is taken off the line");
    let why = format!("message longer than {MESSAGE_BYTES} bytes");
    assert_eq!(page.end().await, Some((1009, why)));
    room.told("+64 -").await;
}

#[tokio::test]
async fn a_page_whose_session_has_ended_captures_no_more_and_leaves_the_seat() {
    let may = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&may);
    let room = Room::open_while(Stay::while_true(move |is_used| {
        let may = !is_used && asked.load(Ordering::SeqCst);
        Box::pin(async move { may })
    }));
    let room = room.await;
    let mut page = room.page().await;
    page.announce(announcement(64)).await;
    for sequence in 0..20 {
        page.show(picture(sequence, [64, 64], 100)).await;
        assert_eq!(page.hear().await, Some(json!({"taken": sequence})), "no picture is a person's act");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    may.store(false, Ordering::SeqCst);
    assert_eq!(page.hear().await, None, "it is sent away");
    assert!(!room.seat.is_taken());
    may.store(true, Ordering::SeqCst);
    room.page().await.announce(announcement(65)).await;
}
