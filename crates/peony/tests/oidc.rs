//! Signing in to `peony serve` at an independent provider, that of `crates/access/tests/provider.py`, by `PEONY_PYTHON`, else `python3`. Without its
//! package the test says so and passes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A program that is killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts it, and reads its first line.
    fn start(command: &mut Command) -> (Self, String) {
        let mut running = Self(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (running, line.trim().to_owned())
    }
}

fn provider() -> Option<(Running, String)> {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import oidc_provider_mock"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: {python} lacks the packages of crates/access/tests/requirements.txt (set PEONY_PYTHON)"
        );
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../access/tests/provider.py");
    let (running, port) = Running::start(Command::new(python).arg(script).stderr(Stdio::null()));
    Some((running, format!("http://127.0.0.1:{port}")))
}

fn peony(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peony"));
    command.args(args).arg("--data").arg(data);
    command
}

/// The value of a header of an answer without a body that matters.
fn header(answer: &reqwest::Response, name: &str) -> String {
    answer.headers()[name].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_signs_in_at_a_provider_and_no_secret_is_in_the_log() {
    let Some((_provider, issuer)) = provider() else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let made = peony(
        &data,
        &["account", "add", "root", "--role", "administrator", "--identity", "https://x.test", "1"],
    );
    assert!({ made }.status().unwrap().success());
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let here = format!("http://127.0.0.1:{port}");
    fs::write(data.join("secret"), "the secret of the client\n").unwrap();
    fs::write(
        data.join("peony.toml"),
        format!(
            "[http]\naddress = '127.0.0.1:{port}'\n[model]\nnone = true\n[log]\nlevel = 'debug'\n[oidc]\nissuer = '{issuer}'\n\
             client_id = 'peony'\nclient_secret_file = 'secret'\npublic_url = '{here}'\nrole_claim = 'groups'\n\
             roles = ['readers=radiologist']\nnewcomers = true\n"
        ),
    )
    .unwrap();
    let log = folder.path().join("log");
    let (_serve, said) = Running::start(peony(&data, &["serve", "-vv"]).stderr(File::create(&log).unwrap()));
    assert!(said.contains(&here), "{said}");
    let put = |path: &str, body: &'static str| {
        browser.put(format!("{issuer}{path}")).header("Content-Type", "application/json").body(body).send()
    };
    put("/users/s-1", r#"{"name": "Li Na", "groups": ["readers"]}"#).await.unwrap();
    let session = browser.get(format!("{here}/api/session")).send().await.unwrap().text().await.unwrap();
    let session: Value = serde_json::from_str(&session).unwrap();
    assert_eq!(session["oidc"]["label"], Value::Null);
    let go = async || {
        let away = browser.get(session["oidc"]["address"].as_str().unwrap()).send().await.unwrap();
        let cookie = header(&away, "Set-Cookie").split(';').next().unwrap().to_owned();
        let there = browser
            .post(header(&away, "Location"))
            .header("Content-Type", "application/x-www-form-urlencoded");
        let back = there.body("sub=s-1").send().await.unwrap();
        browser.get(header(&back, "Location")).header("Cookie", cookie).send().await.unwrap()
    };
    let landed = go().await;
    assert_eq!((landed.status().as_u16(), &*header(&landed, "Location")), (303, "/?page=exams"));
    let cookie = header(&landed, "Set-Cookie").split(';').next().unwrap().to_owned();
    let exams = browser.get(format!("{here}/api/exams")).header("Cookie", &cookie).send().await.unwrap();
    assert_eq!(exams.status(), 200);
    put("/lie", r#"{"status": {"/oauth2/token": 500}}"#).await.unwrap();
    assert_eq!(header(&go().await, "Location"), "/?page=exams&sign_in=away");
    let seen = browser.get(format!("{issuer}/seen")).send().await.unwrap().text().await.unwrap();
    let mut secrets: Vec<String> = serde_json::from_str(&seen).unwrap();
    assert!(secrets.len() >= 5, "the client's, a code, a verifier and two tokens");
    secrets.push(cookie.split_once('=').unwrap().1.to_owned());
    let log = fs::read_to_string(log).unwrap();
    assert!(
        log.contains("OpenID Connect: the provider gives no token") && log.contains("/api/oidc/callback"),
        "{log}"
    );
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
}
