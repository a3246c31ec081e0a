//! A page without a browser, and the frames it is shown.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use image::{GrayImage, Luma};
use peony_examination::{Archive, Opened};
use peony_model::{
    BiRads, BoxPx, CalibrationSource, Code, Descriptor, Finding, Frame, Measurement, MmPerPx, Pixels,
    PointPx, Precision, Provenance, QualityCode, QualityIssue, Quantity, Region, Spacing, Word,
};
use peony_ultrasound::output::{Event, PlaneReason, Quality, StepOutput, Timings, TrackState, VolumeState};
use peony_web::wire::{Fault, Model, Source, SourceKind, Truth, Xy};
use peony_web::{Beside, Capture, Hub, Room, Rooms, Running, ServeConfig, SourceCommand, start};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A running server on a free port.
pub struct Demo {
    pub hub: Arc<Hub>,
    pub commands: Receiver<SourceCommand>,
    pub rooms: Arc<Rooms>,
    pub server: Running,
    /// Dropped last: the examinations write into it.
    pub folder: TempDir,
}

fn opened() -> Opened {
    Opened {
        id: String::new(),
        program: "0".to_owned(),
        source: "phantom".to_owned(),
        simulated: true,
        machine: None,
        lexicon_edition: "birads_5".to_owned(),
        site: String::new(),
    }
}

impl Demo {
    pub fn start() -> Self {
        Self::start_beside(axum::Router::new())
    }

    pub fn start_beside(beside: impl Into<Beside>) -> Self {
        let source = Source {
            kind: SourceKind::Phantom,
            name: "virtual transducer".to_owned(),
            fps: Some(30.0),
            faults: vec![Fault::Blur, Fault::TooDark],
            can_restart: true,
            can_renew: true,
            has_truth: true,
        };
        let model = Model {
            name: "peony-us".to_owned(),
            version: "0.1.0".to_owned(),
            sha256: "00".repeat(32),
            engine: "rten".to_owned(),
            precision: "fp32".to_owned(),
            threads: 2,
        };
        let folder = tempfile::tempdir().unwrap();
        let archive = Arc::new(Archive::open(folder.path()).unwrap());
        let (hub, commands) = Hub::new(source, Ok(model), archive.begin(opened()).unwrap());
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let rooms = Rooms::new(archive, None);
        rooms.add(Room { hub: Arc::clone(&hub), seat: None, life: Arc::new(()) });
        let server = start(
            ServeConfig { addr, further_ports: 0, ..ServeConfig::default() },
            Arc::clone(&rooms),
            beside,
        )
        .unwrap();
        Self { hub, commands, rooms, server, folder }
    }

    /// Publishes a frame of one grey level with the lesion `A` on it.
    pub fn publish(&self, index: u64) {
        self.publish_with(index, |_| {});
    }

    pub fn publish_with(&self, index: u64, change: impl FnOnce(&mut StepOutput)) {
        self.publish_read(index, change, false);
    }

    /// Publishes the same frame on which the model failed: nothing was found.
    pub fn publish_failed(&self, index: u64) {
        let nothing = |output: &mut StepOutput| {
            (output.findings, output.tracks) = (Vec::new(), Vec::new());
            (output.lesion, output.malignancy) = (None, None);
        };
        self.publish_read(index, nothing, true);
    }

    fn publish_read(&self, index: u64, change: impl FnOnce(&mut StepOutput), model_failed: bool) {
        let level = (index % 256) as u8;
        let spacing = Spacing::Uniform(MmPerPx::new(0.1, 0.1, CalibrationSource::Phantom).unwrap());
        let pixels = Pixels::Luma8(GrayImage::from_pixel(8, 6, Luma([level])));
        let frame = Frame { index, time_ns: index * 33_333_333, pixels, spacing };
        let mut output = step_output(&frame);
        change(&mut output);
        let truth = [Truth { kind: "cyst".to_owned(), malignant: false, contour_px: vec![Xy([1.0, 2.0])] }];
        let capture = Capture { captured: Instant::now(), dropped: 3, truth: &truth, model_failed };
        self.hub.publish(&frame, &output, capture);
    }

    /// The examination that the frames belong to.
    pub fn exam(&self) -> String {
        self.hub.examination().id()
    }

    /// What follows belongs to another examination.
    pub fn begin_another(&self) {
        self.hub.begin_sweep(self.rooms.archive().begin(opened()).unwrap());
    }

    /// Another examination, to which no frame belongs.
    pub fn begin_beside(&self) -> String {
        self.rooms.archive().begin(opened()).unwrap().id()
    }

    /// Sends JSON, and gives the status line with headers, and the JSON of the answer.
    pub fn post(&self, path: &str, body: &str) -> (String, Value) {
        self.post_called(path, body, None)
    }

    /// The same for an act that the page calls so.
    pub fn post_called(&self, path: &str, body: &str, act: Option<&str>) -> (String, Value) {
        let called = act.map(|act| format!("X-Peony-Act: {act}\r\n")).unwrap_or_default();
        let headers = format!(
            "{}Content-Type: application/json\r\nContent-Length: {}\r\nX-Peony-By: Dr%20Test\r\n{called}",
            self.host(),
            body.len()
        );
        let (head, answer) = self.ask("POST", path, &headers, body);
        (head, serde_json::from_slice(&answer).unwrap())
    }

    /// The JSON at a path.
    pub fn json(&self, path: &str) -> Value {
        let (head, body) = self.get(path, &self.host());
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        serde_json::from_slice(&body).unwrap()
    }

    /// A page that has heard the hello.
    pub fn open(&self) -> (Page, Value) {
        let mut page = Page::connect(&self.socket_url(), None).unwrap();
        let hello = page.text();
        (page, hello)
    }

    /// The same of one that comes back to what it was.
    pub fn open_again(&self, was: &str) -> Page {
        let mut page = Page::connect(&format!("{}?was={was}", self.socket_url()), None).unwrap();
        page.text();
        page
    }

    pub fn socket_url(&self) -> String {
        format!("ws://{}/live", self.server.addr())
    }

    /// One HTTP request; the status line with headers, and the body.
    pub fn get(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        self.ask("GET", path, headers, "")
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.server.addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n{body}").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let body = answer.split_off(end + 4);
        (String::from_utf8(answer).unwrap(), body)
    }

    /// The `Host` header of a page that was opened by its address.
    pub fn host(&self) -> String {
        format!("Host: {}\r\n", self.server.addr())
    }
}

/// Nothing on loopback takes this long; a test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Page {
    runtime: Runtime,
    socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
}

/// A binary message taken apart.
pub struct Shown {
    pub update: Value,
    pub luma: Vec<u8>,
}

impl Shown {
    pub fn read(message: &[u8]) -> Self {
        let length = u32::from_le_bytes(message[..4].try_into().unwrap()) as usize;
        let update = serde_json::from_slice(&message[4..4 + length]).unwrap();
        Self { update, luma: message[4 + length..].to_vec() }
    }

    pub fn frame(&self) -> u64 {
        self.update["frame"].as_u64().unwrap()
    }
}

impl Page {
    pub fn connect(url: &str, origin: Option<&str>) -> Result<Self, Box<tungstenite::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut request = url.into_client_request()?;
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        let (socket, _) = runtime.block_on(connect_async(request))?;
        Ok(Self { runtime, socket })
    }

    pub fn message(&mut self) -> Option<Message> {
        let next = async { tokio::time::timeout(PATIENCE, self.socket.next()).await };
        self.runtime.block_on(next).expect("the server went silent").and_then(Result::ok)
    }

    pub fn text(&mut self) -> Value {
        match self.message() {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("not text: {other:?}"),
        }
    }

    pub fn shown(&mut self) -> Shown {
        let Some(Message::Binary(bytes)) = self.message() else { panic!("not binary") };
        Shown::read(&bytes)
    }

    fn draw(&mut self, shown: &Shown) {
        self.say(&format!("{{\"drawn\":{}}}", shown.frame()));
    }

    /// The next error or other text; frames that come before it are drawn.
    pub fn error(&mut self) -> Value {
        for _ in 0..50 {
            match self.message() {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Message::Binary(bytes)) => self.draw(&Shown::read(&bytes)),
                other => panic!("neither an error nor a frame: {other:?}"),
            }
        }
        panic!("no error came");
    }

    /// Draws messages until one is as wished.
    pub fn draw_until(&mut self, wish: impl Fn(&Value) -> bool) -> Shown {
        for _ in 0..50 {
            let shown = self.shown();
            self.draw(&shown);
            if wish(&shown.update) {
                return shown;
            }
        }
        panic!("no update was as wished");
    }

    pub fn say(&mut self, text: &str) {
        self.send(Message::Text(text.into()));
    }

    pub fn send(&mut self, message: Message) {
        self.runtime.block_on(self.socket.send(message)).unwrap();
    }
}

fn step_output(frame: &Frame) -> StepOutput {
    let box_px = BoxPx::new(PointPx::new(1.0, 1.0), PointPx::new(5.04, 4.0));
    let mm_per_px = frame.spacing.within(box_px).unwrap();
    let length = |pixels| mm_per_px.distance(PointPx::new(0.0, 0.0), PointPx::new(pixels, 0.0));
    let provenance = Provenance {
        model: "peony-us".to_owned(),
        version: "0.1.0".to_owned(),
        sha256: String::new(),
        provider: "rten".to_owned(),
        precision: Precision::Fp32,
    };
    let contour_px = vec![PointPx::new(1.0, 1.0), PointPx::new(5.0, 1.0), PointPx::new(3.0, 4.0)];
    let finding = Finding {
        code: Code::LESION,
        region: Region::Image { frame: frame.index, box_px, contour_px },
        score: 0.9,
        malignancy: Some(0.62),
        assessment: Some(BiRads::Cat4C),
        descriptors: Vec::new(),
        measurements: vec![
            Measurement::length(Quantity::LongAxis, length(40.0)),
            Measurement::length(Quantity::ShortAxis, length(30.0)),
        ],
        provenance: Arc::new(provenance),
    };
    let track = TrackState {
        id: 1,
        letter: Some('A'),
        finding: Some(0),
        box_px,
        sightings: 12,
        malignancy: Some(0.6),
        malignancy_95: Some([0.48, 0.75]),
        assessment: Some(BiRads::Cat4C),
        descriptors: vec![Descriptor { word: Word::Irregular, probability: 0.81 }],
        focus_px: None,
        evidence: None,
        look: None,
        seen_with: Vec::new(),
    };
    StepOutput {
        frame: frame.index,
        time_ns: frame.time_ns,
        size_px: frame.size_px(),
        quality: Quality {
            issues: vec![QualityIssue::new(QualityCode::TooFast).with_figure(24.0, 15.0)],
            picture_px: Some(box_px),
            scale: None,
            speed_mm_s: Some(24.0),
            contact_lost: None,
        },
        findings: vec![finding],
        tracks: vec![track],
        malignancy: Some(0.5),
        lesion: Some(0.9),
        volume: VolumeState::default(),
        events: Vec::new(),
        timings: Timings::default(),
    }
}

/// This frame is now the key plane of the lesion.
pub fn key_plane(reason: PlaneReason) -> Event {
    Event::KeyPlane { track: 1, reason, box_px: BoxPx::new(PointPx::new(1.0, 1.0), PointPx::new(5.0, 4.0)) }
}

/// This frame is now the largest plane of that lesion.
pub fn key_plane_of(track: u32) -> Event {
    let box_px = BoxPx::new(PointPx::new(1.0, 1.0), PointPx::new(5.0, 4.0));
    Event::KeyPlane { track, reason: PlaneReason::Largest, box_px }
}
