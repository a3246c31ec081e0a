//! Objects in a bucket of a real S3 server, moto's, by `PEONY_PYTHON`, else `python3`: kept, checked, handed out, and an outage half-way. Without it the
//! test says so and passes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use peony_store::made_up::{self, Pixels};
use serde_json::Value;

/// One that is sent in one go, one with frames, and one that is sent in parts.
const SIZES: [Pixels; 3] = [
    Pixels::Native { frames: 1, size: [64, 64] },
    Pixels::Coded { frames: 7, frame_bytes: 30_000 },
    Pixels::Native { frames: 3, size: [3000, 3000] },
];

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// moto with an empty bucket `peony`, and where it is.
fn moto() -> Option<(Server, SocketAddr)> {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import moto.server"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: {python} lacks the packages of crates/store/tests/requirements.txt (set PEONY_PYTHON)"
        );
        return None;
    }
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut command = Command::new(python);
    command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
    let server = Server(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        if let Ok(mut stream) = TcpStream::connect(addr) {
            let made = write!(
                stream,
                "PUT /peony HTTP/1.1\r\nHost: {addr}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            made.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.contains(" 200 "), "{answer}");
            return Some((server, addr));
        }
        assert!(Instant::now() < deadline, "moto does not listen");
        thread::sleep(Duration::from_millis(200));
    }
}

/// The way to the server, on which so many bytes are let through: what comes then is cut off, and nobody connects any more.
struct Way {
    addr: SocketAddr,
    left: Arc<AtomicU64>,
}

impl Way {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let counted = Arc::clone(&left);
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                let there = TcpStream::connect(server).unwrap();
                for (mut source, mut sink) in [
                    (from.try_clone().unwrap(), there.try_clone().unwrap()),
                    (there.try_clone().unwrap(), from.try_clone().unwrap()),
                ] {
                    let left = Arc::clone(&counted);
                    thread::spawn(move || {
                        let mut buffer = vec![0; 64 << 10];
                        while let Ok(length @ 1..) = source.read(&mut buffer) {
                            let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                                Some(left.saturating_sub(length as u64))
                            });
                            let enough = taken.unwrap_or_default() >= length as u64;
                            if !enough || sink.write_all(&buffer[..length]).is_err() {
                                break;
                            }
                        }
                        let _ = source.shutdown(std::net::Shutdown::Both);
                        let _ = sink.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        Self { addr, left }
    }

    fn let_through(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

fn peony(args: &[&str], data: &Path, endpoint: SocketAddr) -> (i32, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peony"));
    command
        .args(args)
        .args(["--json", "--keep-free", "0", "--objects", "s3://peony/kept", "--data"])
        .arg(data);
    command.envs([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ALLOW_HTTP", "true"),
    ]);
    let output = command.env("AWS_ENDPOINT", format!("http://{endpoint}")).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let last = said.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).unwrap());
    (output.status.code().unwrap(), last, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn objects_in_a_bucket_are_kept_and_an_outage_half_way_leaves_nothing_half() {
    let Some((_server, addr)) = moto() else { return };
    let way = Way::to(addr);
    let folder = tempfile::tempdir().unwrap();
    let (files, data) = (folder.path().join("files"), folder.path().join("data"));
    std::fs::create_dir(&files).unwrap();
    for (number, pixels) in (0..).zip(SIZES) {
        let file = made_up::file(&made_up::attributes(number), pixels, number);
        std::fs::write(files.join(format!("{number}.dcm")), file).unwrap();
    }
    let import = ["import", "--writers", "1", files.to_str().unwrap()];
    let number = |said: &Value, key: &str| said[key].as_u64().unwrap();

    // Gone before anything is there: whether there are objects of an index that was lost cannot be told, and none is begun.
    way.let_through(0);
    let (code, said, error) = peony(&import, &data, way.addr);
    assert_eq!((code, &said), (1, &Value::Null), "{error}");
    assert!(error.contains("the object store"), "{error}");
    // Gone in the midst of what is sent in parts.
    way.let_through(12 << 20);
    let (code, said, error) = peony(&import, &data, way.addr);
    assert!(code == 1 && number(&said, "failed") >= 1, "{said} {error}");
    way.let_through(u64::MAX);
    let (code, checked, error) = peony(&["check"], &data, way.addr);
    assert_eq!((code, &checked["faults"]), (0, &0.into()), "{checked} {error}");
    assert_eq!(checked["objects"], said["kept"], "nothing half is shown");
    let (code, said, error) = peony(&import, &data, way.addr);
    assert_eq!((code, &said["failed"]), (0, &0.into()), "{said} {error}");
    let (code, checked, _) = peony(&["check"], &data, way.addr);
    assert_eq!((code, &checked["objects"], &checked["faults"]), (0, &3.into(), &0.into()), "{checked}");
    let (_, said, _) = peony(&import, &data, way.addr);
    assert_eq!(number(&said, "kept"), 0, "the same again: {said}");
    // What cannot be read is said, and is no damage once it can.
    way.let_through(0);
    assert_eq!(peony(&["check"], &data, way.addr).0, 1);
    way.let_through(u64::MAX);
    assert_eq!(peony(&["check"], &data, way.addr).0, 0);
}
