//! `peony serve` as a clinic meets it: examinations begin, the program is killed, and nothing that it acknowledged is lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A running server, killed without a word when it is dropped.
struct Serve {
    child: Child,
    addr: String,
}

impl Serve {
    fn start(data: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_peony"))
            .args(["serve", "--open", "--http", "127.0.0.1:0", "--no-model", "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Self { child, addr }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(&self.addr).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.addr,
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        let body = answer.split_once("\r\n\r\n")?.1;
        Some((status, serde_json::from_str(body).ok()?))
    }

    fn get(&self, path: &str) -> Value {
        let (status, value) = self.ask("GET", path, "").unwrap();
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    fn begin(&self, body: &Value) -> String {
        let (status, begun) = self.ask("POST", "/api/exams", &body.to_string()).unwrap();
        assert_eq!(status, 200, "{begun}");
        begun["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // SIGKILL: nothing is flushed, nobody says goodbye.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_act_that_was_acknowledged_survives_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let id = Serve::start(folder.path(), &[]).begin(&json!({"patient": {"id": "P-1", "name": "Demo 01"}}));
    let acts = format!("/api/exams/{id}/acts");
    let mut acknowledged = 0;
    let mut sent = 0;
    for round in 0..8_u64 {
        let serve = Serve::start(folder.path(), &[]);
        let view = serve.get(&format!("/api/exams/{id}/report"));
        let kept: u64 = view["report"]["circumstances"]["history"].as_str().unwrap().parse().unwrap_or(0);
        assert!((acknowledged..=sent).contains(&kept), "round {round}: {kept} of {acknowledged}..={sent}");
        // Killed in the midst of a stream of acts, at another moment each time.
        let until = Instant::now() + Duration::from_millis(40 + 17 * round);
        let pid = serve.child.id();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        });
        acknowledged = acknowledged.max(kept);
        loop {
            sent += 1;
            let act = json!({"act": "set_circumstances", "circumstances": {"history": sent.to_string()}});
            match serve.ask("POST", &acts, &act.to_string()) {
                Some((200, _)) => acknowledged = sent,
                Some(other) => panic!("{other:?}"),
                None => break,
            }
        }
        killer.join().unwrap();
    }
    let view = Serve::start(folder.path(), &[]).get(&format!("/api/exams/{id}/report"));
    assert_eq!(view["report"]["patient"]["name"], "Demo 01");
    assert!(acknowledged > 0);
}

#[test]
fn two_examinations_go_on_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(folder.path(), &[]);
    let [first, second] = ["phantom:3", "phantom:4"].map(|source| serve.begin(&json!({"source": source})));
    serve.ask("POST", &format!("/api/exams/{first}/acts"), r#"{"act":"set_patient","patient":{"id":"1"}}"#);
    let patient = |id: &str| serve.get(&format!("/api/exams/{id}/report"))["report"]["patient"]["id"].clone();
    assert_eq!((patient(&first), patient(&second)), (json!("1"), json!("")));
    assert_eq!(serve.get("/api/health")["examinations"], 2);
    let listed = serve.get("/api/exams");
    assert!(listed.as_array().unwrap().iter().all(|row| row["live"] == true), "{listed}");
}

#[test]
fn a_page_names_no_file_and_no_device_as_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(folder.path(), &[]);
    for source in ["/etc/passwd", "igtl://10.0.0.1:1", "rtsp://10.0.0.1/", "phantom:x", "nonsense://"] {
        let (status, refused) =
            serve.ask("POST", "/api/exams", &json!({"source": source}).to_string()).unwrap();
        assert_eq!(status, 409, "{source}: {refused}");
        assert!(refused["error"].as_str().unwrap().starts_with("source: a page may ask"), "{refused}");
    }
    assert_eq!(serve.get("/api/exams"), json!([]), "nothing was begun");
}

#[test]
fn without_accounts_it_serves_only_who_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |args: &[&str]| {
        let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
        let output = peony.args(["serve", "--data"]).arg(folder.path()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&[]).contains("--open"), "accounts are not there yet");
    assert!(refused(&["--open", "--http", "0.0.0.0:0"]).contains("127.0.0.1"));
}
