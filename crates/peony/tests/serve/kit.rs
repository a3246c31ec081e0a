//! A server that runs, and what is asked of it and of the program beside it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use peony_node::sop_class;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Association, AssociationError, Proposal, Tls, connect};
use serde_json::Value;

/// A running server, killed without a word when it is dropped.
pub struct Serve {
    pub child: Child,
    pub addr: String,
    /// The second line that it says: where its node is, if it is one.
    pub dicom: String,
}

impl Serve {
    pub fn start(data: &Path, more: &[&str]) -> Self {
        Self::with_accounts(data, &[&["--open"], more].concat())
    }

    /// For those who have an account only.
    pub fn with_accounts(data: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_peony"))
            .args(["serve", "--http", "127.0.0.1:0", "--no-model", "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let [line, dicom] = [(); 2].map(|()| lines.next().unwrap().unwrap());
        let addr = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Self { child, addr, dicom }
    }

    /// The port of its node.
    pub fn port(&self) -> String {
        let addr = self.dicom.split(" at ").nth(1).unwrap().split(',').next().unwrap();
        addr.rsplit(':').next().unwrap().to_owned()
    }

    pub fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        self.ask_as("", method, path, "application/json", body.as_bytes())
    }

    /// Asks as whoever has this token, if there is one.
    pub fn ask_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> Option<(u16, Value)> {
        let answer = self.answer(token, method, path, kind, body)?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        let body = answer.split_once("\r\n\r\n")?.1;
        let said = if body.is_empty() { Value::Null } else { serde_json::from_str(body).ok()? };
        Some((status, said))
    }

    /// What is answered to whoever has this token, whatever it holds.
    pub fn status(&self, token: &str, path: &str) -> u16 {
        let answer = self.answer(token, "GET", path, "text/plain", b"").unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Asks for a socket: the status, and what is said where there is none.
    pub fn upgrade(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            self.addr
        )
        .unwrap();
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    fn answer(&self, token: &str, method: &str, path: &str, kind: &str, body: &[u8]) -> Option<String> {
        let who = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let mut stream = TcpStream::connect(&self.addr).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{who}Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.addr,
            body.len()
        )
        .ok()?;
        stream.write_all(body).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    pub fn get(&self, path: &str) -> Value {
        let (status, value) = self.ask("GET", path, "").unwrap();
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    pub fn begin(&self, body: &Value) -> String {
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

/// A tool of DCMTK with its output, against the node; `None`, and said so, where it is not installed.
pub fn dcmtk(serve: &Serve, tool: &str, args: &[&str], files: &[&str]) -> Option<String> {
    let mut command = Command::new(tool);
    command.args(["-v", "-aec", "WARD"]).args(args).args(["127.0.0.1", &serve.port()]).args(files);
    let Ok(output) = command.output() else {
        eprintln!("skipped: {tool} is missing (apt-get install dcmtk)");
        return None;
    };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    Some(said)
}

/// Works with an association of these classes.
pub fn associated<T>(
    serve: &Serve,
    tls: Option<&Tls>,
    classes: &[&str],
    work: impl AsyncFnOnce(&mut Association) -> Result<T, AssociationError>,
) -> Result<T, AssociationError> {
    let proposals = classes.iter().map(|uid| Proposal {
        class: sop_class::of(uid).unwrap(),
        transfer_syntaxes: vec![EXPLICIT_LITTLE],
        provides: false,
    });
    let proposals: Vec<Proposal> = proposals.collect();
    let (ours, theirs) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
    let address = format!("127.0.0.1:{}", serve.port());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut association = connect(&address, tls, &ours, &theirs, &proposals, &Default::default()).await?;
        let worked = work(&mut association).await?;
        association.release().await?;
        Ok(worked)
    })
}

/// The program with arguments, and what it says: lines of JSON.
pub fn peony(args: &[&str], data: &Path) -> (i32, Vec<Value>, String) {
    let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
    let output = peony.args(args).arg("--data").arg(data).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), lines, String::from_utf8(output.stderr).unwrap())
}

/// Runs a subcommand on a data folder, with a line on its standard input; what it says.
pub fn told(data: &Path, args: &[&str], line: &str) -> Result<String, String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_peony"))
        .args(args)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses does not read it.
    let _ = writeln!(child.stdin.take().unwrap(), "{line}");
    let output = child.wait_with_output().unwrap();
    let [said, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    if output.status.success() { Ok(said.trim().to_owned()) } else { Err(error) }
}

pub const PASSWORD: &str = "a long enough password";

/// An account and a token of it.
pub fn account(data: &Path, name: &str, more: &[&str]) -> String {
    told(data, &[&["account", "add", name], more].concat(), PASSWORD).unwrap();
    told(data, &["account", "token", name, "--label", "a test"], "").unwrap()
}
