//! Spans of `peony serve` at a made-up collector: `cargo nextest run -p peony --features otlp --test otlp`.
#![cfg(feature = "otlp")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};

/// A collector that takes everything; gives its address and what it was sent.
fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (taken, sent) = sync_channel(1024);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut first, mut length) = (String::new(), 0_usize);
            reader.read_line(&mut first).unwrap();
            let mut line = String::new();
            while {
                line.clear();
                reader.read_line(&mut line).unwrap() > 2
            } {
                if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = said.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            reader
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            if taken.send((first, body)).is_err() {
                return;
            }
        }
    });
    (address, sent)
}

#[test]
fn spans_arrive_and_have_nothing_of_a_patient() {
    let folder = tempfile::tempdir().unwrap();
    let (address, sent) = collector();
    let mut serve = Command::new(env!("CARGO_BIN_EXE_peony"))
        .args(["serve", "--open", "--http", "127.0.0.1:0", "--no-model", "--otlp", &address, "--data"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(serve.stdout.take().unwrap()).lines();
    let line = said.next().unwrap().unwrap();
    let host = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /dicomweb/studies?PatientName=ZZMARKED HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    // What is left is sent at the end.
    Command::new("kill").arg(serve.id().to_string()).status().unwrap();
    assert!(serve.wait().unwrap().code().is_some());
    let all: Vec<(String, Vec<u8>)> = sent.try_iter().collect();
    assert!(all.iter().all(|(first, _)| first.starts_with("POST /v1/traces")), "{:?}", all.first());
    let bytes = all.iter().flat_map(|(_, body)| body).copied().collect::<Vec<u8>>();
    let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("peony") && has("request") && has("/dicomweb/studies"), "{} bytes", bytes.len());
    assert!(!has("ZZMARKED"));
}
