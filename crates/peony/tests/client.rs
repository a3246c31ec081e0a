//! The client of `docs/API.md` says in one line what it cannot do.
//!
//! Needs a Python (`PEONY_PYTHON`, else `python3`); says so and passes without. Its two packages are replaced by empty ones, since
//! nothing that is tested here gets as far as using them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// Runs the client on `frames` against `base`; gives its exit code and what it wrote to its standard error.
fn client(folder: &Path, frames: &Path, base: &str) -> Option<(Option<i32>, String)> {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/peony_client.py");
    let mut command = Command::new(&python);
    command.arg(script).arg(frames).args(["--base", base]).env("PYTHONPATH", folder.join("packages"));
    let Ok(output) = command.output() else {
        eprintln!("skipped: {python} does not run (set PEONY_PYTHON)");
        return None;
    };
    Some((output.status.code(), String::from_utf8(output.stderr).unwrap()))
}

/// Packages with the names that the client imports, and a socket that is refused.
fn packages(folder: &Path) {
    for (file, text) in [
        ("PIL/__init__.py", ""),
        ("PIL/Image.py", "Image = object"),
        ("websockets/__init__.py", ""),
        ("websockets/exceptions.py", "class WebSocketException(Exception): pass"),
        ("websockets/sync/__init__.py", ""),
        ("websockets/sync/client.py", "connect = None"),
    ] {
        let path = folder.join("packages").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn with_a_picture(folder: &Path) -> PathBuf {
    let frames = folder.join("frames");
    fs::create_dir_all(&frames).unwrap();
    fs::write(frames.join("1.png"), "never read").unwrap();
    frames
}

/// A server that answers its one request with `answer`; gives its address.
fn answers(answer: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut line, mut length) = (String::new(), 0_usize);
        while reader.read_line(&mut line).unwrap() > 2 {
            if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = said.trim().parse().unwrap();
            }
            line.clear();
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    base
}

fn check(said: Option<(Option<i32>, String)>, expect: &[&str]) {
    let Some((code, said)) = said else { return };
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    for part in expect {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn a_folder_without_pictures_or_that_is_not_there_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    packages(folder.path());
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::write(empty.join("notes.txt"), "no picture").unwrap();
    let nowhere = "http://127.0.0.1:9";
    check(client(folder.path(), &empty, nowhere), &["no PNG or JPEG picture", "empty"]);
    check(client(folder.path(), &folder.path().join("gone"), nowhere), &["gone"]);
}

#[test]
fn no_server_and_a_refusal_are_one_line() {
    let folder = tempfile::tempdir().unwrap();
    packages(folder.path());
    let frames = with_a_picture(folder.path());
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    check(client(folder.path(), &frames, &format!("http://{free}")), &["no answer", "peony serve"]);
    let refused = answers(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 28\r\nConnection: close\r\n\r\n{\"error\":\"token: not valid\"}",
    );
    check(client(folder.path(), &frames, &refused), &["403", "token: not valid"]);
    let other = answers("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    check(client(folder.path(), &frames, &other), &["500, Oh"]);
    let page = answers("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>");
    check(client(folder.path(), &frames, &page), &["is not Peony"]);
}

#[test]
fn missing_packages_are_one_line() {
    let folder = tempfile::tempdir().unwrap();
    packages(folder.path());
    fs::remove_dir_all(folder.path().join("packages/websockets")).unwrap();
    // A package of that name that cannot be imported stands before one that is installed.
    let module = "raise ModuleNotFoundError(name='websockets')";
    fs::write(folder.path().join("packages/websockets.py"), module).unwrap();
    let said = client(folder.path(), folder.path(), "http://127.0.0.1:9");
    check(said, &["websockets is missing", "pip install"]);
}
