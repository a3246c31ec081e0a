//! A server over a store in a folder of its own, a peer that writes HTTP by hand, and small objects.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::HOST;
use axum::middleware::map_request;
use image::GrayImage;
use peony_dicom::Tag;
use peony_dicomweb::{Limits, routes};
use peony_store::made_up::{self, Pixels};
use peony_store::{Options, Store};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub const SMALL: Pixels = Pixels::Native { frames: 1, size: [16, 16] };
pub const STUDY_UID: Tag = Tag(0x0020, 0x000D);
pub const SERIES_UID: Tag = Tag(0x0020, 0x000E);
pub const INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
pub const BASE: &str = "/dicomweb";
/// Objects as they were received.
pub const AS_KEPT: &str = "Accept: multipart/related; type=\"application/dicom\"; transfer-syntax=*";
/// Objects in explicit little endian.
pub const PLAIN: &str = "Accept: multipart/related; type=\"application/dicom\"";

pub struct Server {
    pub addr: SocketAddr,
    pub store: Store,
    pub folder: TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::within(Limits { silence: Duration::from_secs(20), ..Limits::default() }).await
    }

    pub async fn within(limits: Limits) -> Self {
        Self::with(limits, 0).await
    }

    /// One on a disk of which more must stay free than is.
    pub async fn on_a_full_disk() -> Self {
        Self::with(Limits::default(), 1 << 60).await
    }

    async fn with(limits: Limits, keep_free: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options { keep_free, ..Options::in_folder(folder.path()) }).await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let app = axum::Router::new().nest(BASE, routes(store.clone(), limits));
        let app = app.layer(map_request(move |request| with_port(request, addr)));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { addr, store, folder }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Asks, with header fields as they are written, and with a body.
    pub async fn ask(&self, method: &str, path: &str, fields: &[&str], body: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        let mut head =
            format!("{method} {BASE}{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.addr);
        fields.iter().for_each(|field| head += &format!("{field}\r\n"));
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        // The server may answer and close before it has all.
        let _ = stream.write_all((head + "\r\n").as_bytes()).await;
        let _ = stream.write_all(body).await;
        Answer::read(&mut stream).await
    }

    pub async fn get(&self, path: &str, fields: &[&str]) -> Answer {
        self.ask("GET", path, fields, b"").await
    }

    /// Stores objects in one request.
    pub async fn store(&self, path: &str, objects: &[&[u8]]) -> Answer {
        let body = multipart("application/dicom", objects);
        self.ask("POST", path, &[RELATED], &body).await
    }
}

/// As the server of the pages has it: a program that leaves the port of this machine out means this one.
async fn with_port(mut request: Request, addr: SocketAddr) -> Request {
    if request.headers().get(HOST).is_some_and(|host| host == "127.0.0.1") {
        request.headers_mut().insert(HOST, addr.to_string().parse().unwrap());
    }
    request
}

pub const RELATED: &str = "Content-Type: multipart/related; type=\"application/dicom\"; boundary=\"of this\"";

/// A body of parts with the boundary of [`RELATED`].
pub fn multipart(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        body.extend(format!("--of this\r\nContent-Type: {kind}\r\n\r\n").bytes());
        body.extend(*part);
        body.extend(b"\r\n");
    }
    body.extend(b"--of this--\r\n");
    body
}

pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body is as long as was said.
    pub whole: bool,
}

impl Answer {
    pub async fn read(stream: &mut TcpStream) -> Self {
        let mut all = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut all)).await;
        // A connection that is broken off may end in an error.
        drop(read.expect("no answer in a minute"));
        let Some(end) = find(&all, b"\r\n\r\n").map(|at| at + 4) else {
            // It was broken off before its head was sent.
            return Self { status: 0, fields: Vec::new(), body: Vec::new(), whole: false };
        };
        let head = std::str::from_utf8(&all[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Self { status, fields, body: all[end..].to_vec(), whole: true };
        if answer.field("transfer-encoding") == "chunked" {
            let (body, whole) = unchunked(&answer.body);
            (answer.body, answer.whole) = (body, whole);
        } else if let Ok(length) = answer.field("content-length").parse::<usize>() {
            answer.whole = length == answer.body.len();
        }
        answer
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The line of a problem.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }

    /// Content-Type and bytes of each part.
    pub fn parts(&self) -> Vec<(String, Vec<u8>)> {
        let kind = self.field("content-type");
        let boundary = kind.split("boundary=").nth(1).unwrap_or_else(|| panic!("no parts: {kind}"));
        let delimiter = format!("\r\n--{boundary}");
        let body = [b"\r\n", self.body.as_slice()].concat();
        let mut parts = Vec::new();
        let mut rest = body.as_slice();
        while let Some(at) = find(rest, delimiter.as_bytes()) {
            let after = &rest[at + delimiter.len()..];
            if after.starts_with(b"--") {
                return parts;
            }
            let end = find(after, delimiter.as_bytes()).expect("no last boundary");
            let head = find(after, b"\r\n\r\n").unwrap();
            let fields = std::str::from_utf8(&after[..head]).unwrap();
            let kind = fields.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap();
            parts.push((kind.to_owned(), after[head + 4..end].to_vec()));
            rest = &after[end..];
        }
        panic!("no last boundary")
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn unchunked(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = find(bytes, b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return (body, true);
        }
        let chunk = &bytes[end + 2..];
        body.extend(&chunk[..length.min(chunk.len())]);
        bytes = chunk.get(length + 2..).unwrap_or_default();
    }
    (body, false)
}

/// The attributes of a made-up object with some of them said otherwise.
pub fn said(number: u64, more: &[(Tag, &str)]) -> BTreeMap<Tag, String> {
    let mut said = made_up::attributes(number);
    said.extend(more.iter().map(|(tag, value)| (*tag, (*value).to_owned())));
    said
}

/// A made-up file of one small picture.
pub fn file(number: u64, more: &[(Tag, &str)]) -> Vec<u8> {
    made_up::file(&said(number, more), SMALL, number)
}

/// The UIDs of study, series and instance of a made-up object.
pub fn uids(number: u64) -> [String; 3] {
    [1, 2, 3].map(|kind| format!("2.25.{kind}{number:020}"))
}

/// Where a made-up object lies.
pub fn place(number: u64) -> String {
    let [study, series, instance] = uids(number);
    format!("/studies/{study}/series/{series}/instances/{instance}")
}

/// A picture that is another one for every number: 640 × 480.
pub fn picture(number: u32) -> GrayImage {
    GrayImage::from_fn(640, 480, |x, y| image::Luma([((x + 3 * y + 40 * number) / 8 % 256) as u8]))
}

/// Coded bytes of an even number.
pub fn even(mut coded: Vec<u8>) -> Vec<u8> {
    coded.extend([0].iter().take(coded.len() % 2));
    coded
}

pub fn jpeg(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    even(bytes.into_inner())
}

/// A cine in JPEG, and its coded frames.
pub fn jpeg_cine(number: u64, frames: u16) -> (Vec<u8>, Vec<Vec<u8>>) {
    let coded: Vec<Vec<u8>> = (0..u32::from(frames)).map(|frame| jpeg(&picture(frame))).collect();
    (encapsulated(number, &coded), coded)
}

/// A file of coded frames.
pub fn encapsulated(number: u64, coded: &[Vec<u8>]) -> Vec<u8> {
    let frames = coded.len() as u16;
    let mut file = made_up::head(&said(number, &[]), Pixels::Coded { frames, frame_bytes: 0 });
    file.extend(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0");
    for frame in coded {
        file.extend(b"\xFE\xFF\x00\xE0");
        file.extend((frame.len() as u32).to_le_bytes());
        file.extend(frame);
    }
    file.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
    file
}

/// The file with something in it said otherwise, in the same length: a transfer syntax.
pub fn in_syntax(mut file: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = find(&file, from.as_bytes()).unwrap();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}
