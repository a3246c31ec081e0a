//! A peer of another make, in a process of its own.

use std::path::Path;
use std::process::{Child, Command};

/// Killed when it goes out of scope.
pub struct Peer(Child);

impl Peer {
    /// Runs a script of `tests/` that listens on `port`.
    pub fn start(python: &str, script: &str, port: u16) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
        Self(Command::new(python).arg(script).arg(port.to_string()).spawn().unwrap())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A Python that has these modules (`PEONY_PYTHON`, else `python3`); says so where there is none.
pub fn python(modules: &str) -> Option<String> {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!(
        "skipped: {python} lacks the packages of crates/sources/tests/requirements.txt (set PEONY_PYTHON)"
    );
    None
}
