//! The live page as a user sees it: `peony demo`, a real browser, and screenshots to look at.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::install::{self, Missing};
use crate::steps::{Done, Skip, python, rust};
use crate::workshop::{Call, Workshop};

/// What the page does, with screenshots; in `web/ui`.
const LOOK: &str = "web/ui/e2e/live.mjs";
/// Whether every frame is drawn or counted as dropped; no frame rate is asked of a machine that others share.
const COUNT: &str = "xtask/page/count.mjs";
/// A whole examination from the browser's fake camera to the signed report, in each language.
const EXAMINE: &str = "web/ui/e2e/exam.mjs";
/// Files dropped, a study found, a cine played at its own frame rate.
const STUDIES: &str = "web/ui/e2e/studies.mjs";
/// Who is registered for one of two sites, and a day with more orders than one page has; it starts its own program.
const ORDERS: &str = "web/ui/e2e/orders.mjs";
/// A study sent to a node that is away, and again once it is there.
const SENDING: &str = "web/ui/e2e/sending.mjs";
/// A probe calibrated by sweeps between two marks.
const CALIBRATE: &str = "web/ui/e2e/calibrate.mjs";
/// Signing in at a provider of OpenID Connect, and being sent away.
const SIGN_IN: &str = "web/ui/e2e/sign-in.mjs";
/// That provider, and the secret that this program has there.
const PROVIDER: &str = "crates/access/tests/provider.py";
const PROVIDERS_SECRET: &str = "the secret of the client";
/// A breast whose three masses the present model finds: what is tested is the way to the report, and not how much is found.
const BREAST: &str = "2";
/// Tissue without a mass.
const TISSUE: &str = "410000";
/// Another breast with three masses under the same beam.
const MEASURED: &str = "410001";
/// Begins the line in which that script sums up.
const COUNTED: &str = "counted: ";
/// The program opens its model and its first breast within this.
const START_LIMIT: Duration = Duration::from_secs(120);

pub fn run(workshop: &Workshop) -> Result<Done> {
    // The page is in Chinese too.
    let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let browser = install::program(workshop, &browsers, &["chromium", "fonts-noto-cjk"])?;
    let node = install::node(workshop)?;
    let (_, ui) = install::npm(workshop)?;
    let skips = chinese_font(workshop).into_iter().collect();
    // The build of the tests serves again.
    rust::build(workshop, &["--bin", "peony", "--example", "video", "--example", "marks"])?;
    let screenshots = workshop.folder("screenshots")?;

    let port = free_port()?;
    let port_text = port.to_string();
    let program = workshop.target.join("debug/peony");
    let demo =
        with_engine(workshop, &workshop.command(&program, ["demo", "--no-open", "--port", &port_text]));
    let demo = workshop.start(&demo)?;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let drive = |script: &str, args: &[&str]| {
        let script = workshop.root.join(script);
        let args: Vec<&OsStr> =
            std::iter::once(script.as_os_str()).chain(args.iter().map(OsStr::new)).collect();
        let drive = workshop.command(&node, args).dir(&ui);
        let drive = ["PEONY_CHROMIUM", "CHROME_PATH", "PUPPETEER_EXECUTABLE_PATH"]
            .iter()
            .fold(drive, |drive, variable| drive.env(variable, &browser));
        workshop.run(&drive).with_context(|| format!("the page in the browser, {}", script.display()))
    };
    let shots = screenshots.display().to_string();
    watched("peony demo", demo, port, || {
        drive(LOOK, &[&url(port), &shots])?;
        drive(COUNT, &[&url(port), &shots])
    })?;
    let folder = workshop.folder("examination")?;
    let video = folder.join("sweep.y4m").display().to_string();
    let phantom = workshop.target.join("debug/examples/video");
    workshop.run(&workshop.command(&phantom, [&video, BREAST]))?;
    let marks = folder.join("marks.y4m").display().to_string();
    let measured = folder.join("measured.y4m").display().to_string();
    let between = workshop.target.join("debug/examples/marks");
    workshop.run(&workshop.command(&between, [&marks, TISSUE]))?;
    workshop.run(&workshop.command(&between, [&measured, MEASURED, "masses"]))?;
    let port = free_port()?;
    let exams = folder.join("exams");
    std::fs::remove_dir_all(&exams).ok();
    std::fs::create_dir_all(&exams)?;
    let archive = free_port()?.to_string();
    std::fs::write(exams.join("peony.toml"), neighbours(&archive))?;
    let address = format!("127.0.0.1:{port}");
    let exams = exams.display().to_string();
    let serve = ["serve", "--open", "--data", &exams, "--http", &address, "--dicom", "127.0.0.1:0"];
    let serve = workshop.start(&with_engine(workshop, &workshop.command(&program, serve)))?;
    watched("peony serve", serve, port, || {
        ["en", "zh"].iter().try_for_each(|lang| drive(EXAMINE, &[&url(port), &video, &shots, lang]))?;
        drive(CALIBRATE, &[&url(port), &marks, &shots, "zh"])?;
        drive(EXAMINE, &[&url(port), &measured, &shots, "zh", "L12-zh"])?;
        drive(STUDIES, &[&url(port), &shots])?;
        drive(SENDING, &[&url(port), &shots, &archive, &program.display().to_string()])
    })?;
    drive(ORDERS, &[&program.display().to_string(), &shots])?;
    sign_in(workshop, &program, |url, issuer| drive(SIGN_IN, &[url, issuer, &shots]))?;
    let said = workshop.said();
    let counted = said.lines().find_map(|line| line.strip_prefix(COUNTED));
    let counted = counted.with_context(|| format!("{COUNT} has counted nothing"))?;
    Ok(Done { note: format!("{counted}; screenshots in {}", screenshots.display()), skips })
}

/// With the engine of the tests, where they have one: on a processor that runs the one inside at less than the camera's rate, with the browser beside
/// it, sweeps lack frames, and no calibration is made of those.
fn with_engine(workshop: &Workshop, program: &Call) -> Call {
    match python::onnx_runtime(workshop) {
        Some(library) => program.clone().env("PEONY_ORT_LIB", library),
        None => program.clone(),
    }
}

/// Two nodes that the program can send to: one that the script starts at that port, from which it can fetch as well, and one that is never there.
fn neighbours(archive: &str) -> String {
    format!(
        "[[dicom.peer]]\naet = 'ARCHIVE'\naddress = '127.0.0.1:{archive}'\ncommitment = true\nretrieve = 'get'\n\n[[dicom.peer]]\naet = 'NOBODY'\naddress = \
         '127.0.0.1:1'\n"
    )
}

/// Runs `look` at a program with accounts, whose people sign in at a provider that is another site to the browser.
fn sign_in(workshop: &Workshop, program: &Path, look: impl FnOnce(&str, &str) -> Result<()>) -> Result<()> {
    let python = python::access(workshop)?;
    let data = workshop.folder("sign-in")?.join("data");
    std::fs::remove_dir_all(&data).ok();
    let data = data.display().to_string();
    let add = ["account", "add", "root", "--role", "administrator", "--identity", "https://nobody.test", "1"];
    workshop.run(&workshop.command(program, [&add[..], &["--data", &data]].concat()))?;
    let [port, providers] = [free_port()?, free_port()?];
    let (url, issuer) = (format!("http://127.0.0.1:{port}"), format!("http://localhost:{providers}"));
    let provider = workshop.start(&workshop.command(&python, [PROVIDER, &providers.to_string()]))?;
    let http = format!("127.0.0.1:{port}");
    let of_provider = ["--oidc-issuer", &issuer, "--oidc-public-url", &url, "--oidc-client-id", "peony"];
    let roles = ["--oidc-role-claim", "groups", "--oidc-role", "readers=radiologist", "--oidc-newcomers"];
    let serve = [&["serve", "--data", &data, "--http", &http][..], &of_provider, &roles].concat();
    let serve = workshop.command(program, serve).env("PEONY_OIDC_CLIENT_SECRET", PROVIDERS_SECRET);
    let outcome =
        workshop.start(&serve).and_then(|serve| watched("peony serve", serve, port, || look(&url, &issuer)));
    provider.kill()?;
    outcome
}

/// Runs `look` while a program serves, and ends the program; it must not have ended by itself.
fn watched(name: &str, program: duct::Handle, port: u16, look: impl FnOnce() -> Result<()>) -> Result<()> {
    let outcome = wait_until_healthy(&program, port).and_then(|()| look());
    let still_up = program.try_wait()?.is_none();
    program.kill()?;
    outcome?;
    if !still_up {
        bail!("{name} ended while the browser was looking");
    }
    Ok(())
}

/// Installs a font for the Chinese page where fontconfig knows of none; says so where it cannot.
fn chinese_font(workshop: &Workshop) -> Option<Skip> {
    let package = "fonts-noto-cjk";
    // Without fontconfig nobody knows, and the browser has its own ways.
    let none = || {
        workshop.command("fc-list", [":lang=zh", "family"]).read().is_ok_and(|found| found.trim().is_empty())
    };
    if none() {
        install::package(workshop, package).ok();
    }
    let missing =
        || Missing { what: "a Chinese font".into(), command: format!("sudo apt-get install -y {package}") };
    none().then(|| Skip { what: format!("the look of the Chinese page: {}", missing()), mendable: true })
}

/// One that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn wait_until_healthy(demo: &duct::Handle, port: u16) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < START_LIMIT {
        if let Some(ended) = demo.try_wait()? {
            bail!("the program ended at once with {}", ended.status);
        }
        if health(port)
            .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.0 200"))
        {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    bail!("the program was not healthy within {} s", START_LIMIT.as_secs())
}

fn health(port: u16) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
