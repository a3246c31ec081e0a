//! Peers of other makes, in processes of their own.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A tool of DCMTK; says so where it is not installed.
pub fn dcmtk(tool: &str) -> Option<Command> {
    let found = std::process::Command::new(tool).arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {tool} is missing (apt-get install dcmtk)");
        return None;
    }
    let mut command = Command::new(tool);
    command.kill_on_drop(true);
    Some(command)
}

/// `pynetdicom_peer.py`; says so where Python has no pynetdicom.
pub fn pynetdicom() -> Option<Command> {
    python("pynetdicom_peer.py", "import pynetdicom")
}

/// `implicit_peer.py`; says so where Python lacks what it needs.
pub fn implicit_peer() -> Option<Command> {
    python("implicit_peer.py", "import numpy, openjpeg, PIL, pynetdicom")
}

/// A script of `tests`, by `PEONY_PYTHON`, else `python3`.
fn python(script: &str, needs: &str) -> Option<Command> {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = std::process::Command::new(&python).args(["-c", needs]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: {python} lacks the packages of crates/node/tests/requirements.txt (set PEONY_PYTHON)"
        );
        return None;
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script)).kill_on_drop(true);
    Some(command)
}

/// What it says, when it is done well.
pub async fn said(mut command: Command) -> String {
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A peer that listens on `port`; it ends when this is dropped.
pub async fn listening(mut command: Command, port: u16) -> Child {
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        assert!(Instant::now() < deadline, "{command:?} does not listen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    child
}
