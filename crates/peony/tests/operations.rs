//! `peony serve` as whoever runs it meets it: configured by a file, watched by its figures, read by its log, told to read again and to stop.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use peony_dicom::Tag;
use peony_node::archive::Instance;
use peony_node::identifier::{self, INSTANCE_UID, LEVEL, PATIENT_ID, STUDY_UID};
use peony_node::sop_class::{self, Model, VERIFICATION};
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Proposal, connect};
use peony_store::made_up::{self, Pixels};
use serde_json::Value;

const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const US_MULTIFRAME: &str = "1.2.840.10008.5.1.4.1.1.3.1";

/// A running server, whose log is a file.
struct Serve {
    child: Child,
    /// Where its pages are, with the scheme and without the last stroke.
    url: String,
    /// The port of its node.
    dicom: Option<u16>,
    log: PathBuf,
}

/// A client; each test may be a process of its own, which has yet to say what computes for TLS.
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

impl Serve {
    fn start(data: &Path, more: &[&str]) -> Self {
        fs::create_dir_all(data).unwrap();
        let log = data.join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_peony"))
            .args(["serve", "--open", "--http", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let [line, second] = [(); 2].map(|()| lines.next().unwrap().unwrap());
        let url = line.split(' ').find(|word| word.starts_with("http")).unwrap();
        let url = url.split("/?").next().unwrap().to_owned();
        let dicom = second
            .strip_prefix("DICOM: ")
            .and_then(|said| said.split([',', ' ']).find_map(|word| word.rsplit_once(':')?.1.parse().ok()));
        Self { child, url, dicom, log }
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.ask(&client(), path)
    }

    fn ask(&self, client: &reqwest::Client, path: &str) -> (u16, String) {
        block_on(async {
            let answer = client.get(format!("{}{path}", self.url)).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        })
    }

    fn json(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.get(path);
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Stores by DICOMweb.
    fn store(&self, file: &[u8]) -> u16 {
        let body = [b"--x\r\nContent-Type: application/dicom\r\n\r\n", file, b"\r\n--x--\r\n"].concat();
        let kind = "multipart/related; type=\"application/dicom\"; boundary=x";
        block_on(async {
            let request = client().post(format!("{}/dicomweb/studies", self.url));
            request.header("content-type", kind).body(body).send().await.unwrap().status().as_u16()
        })
    }

    fn signal(&self, signal: &str) {
        assert!(
            Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success()
        );
    }

    /// Waits for a line of the log that has all of that in it.
    fn wait_for(&self, words: &[&str]) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let log = fs::read_to_string(&self.log).unwrap();
            if let Some(line) = log.lines().find(|line| words.iter().all(|word| line.contains(word))) {
                return line.to_owned();
            }
            assert!(Instant::now() < deadline, "no line has {words:?} in it:\n{log}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    // Somebody else may have been quicker.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The figures, by name and labels.
fn figures(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let is_name = |name: &str| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            };
            let bare = name.split('{').next().unwrap();
            assert!(is_name(bare) && (bare == name || name.ends_with("\"}")), "{line}");
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        })
        .collect()
}

#[test]
fn it_says_whether_it_lives_and_whether_it_is_ready_and_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(&folder.path().join("a"), &["--no-model", "--keep-free", "0"]);
    assert_eq!(serve.json("/health").1["status"], "ok");
    let (status, said) = serve.json("/ready");
    assert_eq!(
        (status, &said["ready"], &said["needs"]["index"]),
        (200, &true.into(), &"ok".into()),
        "{said}"
    );
    let lacking = ["--model", "/nowhere", "--keep-free", "9000000000000000000"];
    let serve = Serve::start(&folder.path().join("b"), &lacking);
    let (status, said) = serve.json("/ready");
    assert_eq!((status, &said["ready"]), (503, &false.into()));
    let needs = &said["needs"];
    assert_eq!((&needs["index"], &needs["objects"]), (&"ok".into(), &"ok".into()), "{said}");
    assert_eq!(needs["disk"], "the disk is nearly full");
    assert_eq!(needs["model"], "it could not be loaded");
    assert!(!said.to_string().contains("nowhere"), "a path is nobody's business: {said}");
    assert_eq!(serve.get("/health").0, 200, "it lives all the same");
}

#[test]
fn its_figures_can_be_read_and_have_nothing_of_a_patient() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(folder.path(), &["--no-model", "--keep-free", "0", "--dicom", "127.0.0.1:0"]);
    let mut attributes = made_up::attributes(7);
    attributes.insert(PATIENT_NAME, "ZZMARKED^NAME".to_owned());
    let file = made_up::file(&attributes, Pixels::Native { frames: 1, size: [16, 16] }, 7);
    assert_eq!((serve.store(&file), serve.store(&file), serve.store(b"nonsense")), (200, 200, 409));
    let uid = &attributes[&STUDY_UID];
    assert_eq!(serve.get(&format!("/dicomweb/studies/{uid}/metadata")).0, 200);
    assert_eq!(serve.get("/dicomweb/studies?PatientName=ZZMARKED*").0, 200);
    assert_eq!(serve.get("/ZZMARKED").0, 404);
    dicom(&serve, &attributes, &file);
    let (status, text) = serve.get("/metrics");
    assert_eq!(status, 200);
    let figures = figures(&text);
    let check = |name: &str, wanted: f64| assert_eq!(figures.get(name), Some(&wanted), "{name}\n{text}");
    check("peony_store_objects_total{outcome=\"kept\"}", 1.0);
    check("peony_store_objects_total{outcome=\"already_there\"}", 2.0);
    check("peony_store_objects_total{outcome=\"unreadable\"}", 1.0);
    assert!(figures["peony_store_bytes_total"] >= 2.0 * file.len() as f64, "{text}");
    check("peony_http_requests_total{method=\"POST\",route=\"/dicomweb/studies\",status=\"200\"}", 2.0);
    check(
        "peony_http_requests_total{method=\"GET\",route=\"/dicomweb/studies/{study}/metadata\",status=\"200\"}",
        1.0,
    );
    check("peony_http_requests_total{method=\"GET\",route=\"page\",status=\"404\"}", 1.0);
    check("peony_dicom_connections_total{outcome=\"accepted\"}", 1.0);
    check("peony_dicom_associations", 0.0);
    check("peony_dicom_operation_seconds_count{service=\"storage\"}", 1.0);
    check("peony_dicom_answers_total{status=\"0000H\"}", 3.0);
    check("peony_live_examinations", 0.0);
    assert!(figures["peony_store_free_bytes"] > 0.0 && figures["peony_store_commit_seconds_count"] >= 1.0);
    assert!(
        text.contains("# HELP peony_store_objects_total")
            && text.contains("# TYPE peony_store_commit_seconds histogram")
    );
    for mark in ["ZZMARKED", &attributes[&PATIENT_ID], uid, &attributes[&INSTANCE_UID], "MARKEDAET"] {
        assert!(!text.contains(mark), "{mark}\n{text}");
    }
    // A phantom that is read on.
    let begun = block_on(async {
        let request = client().post(format!("{}/api/exams", serve.url));
        request
            .header("content-type", "application/json")
            .body(r#"{"source":"phantom:3"}"#)
            .send()
            .await
            .unwrap()
            .status()
    });
    assert_eq!(begun.as_u16(), 200);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let now = self::figures(&serve.get("/metrics").1);
        if now["peony_live_examinations"] == 1.0
            && now.get("peony_live_frames_read_total").is_some_and(|read| *read > 3.0)
        {
            assert!(now["peony_live_step_seconds_count"] > 3.0);
            break;
        }
        assert!(Instant::now() < deadline, "{now:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What a marked machine says over DICOM: an echo, an object, a question.
fn dicom(serve: &Serve, attributes: &BTreeMap<Tag, String>, file: &[u8]) {
    let proposals = [VERIFICATION, US_MULTIFRAME, STUDY_ROOT_FIND].map(|uid| Proposal {
        class: sop_class::of(uid).unwrap(),
        transfer_syntaxes: vec![EXPLICIT_LITTLE],
        provides: false,
    });
    let address = format!("127.0.0.1:{}", serve.dicom.unwrap());
    let instance = Instance {
        study_uid: "1.2.3".to_owned(),
        sop_class_uid: US_MULTIFRAME.to_owned(),
        instance_uid: attributes[&INSTANCE_UID].clone(),
        transfer_syntax_uid: EXPLICIT_LITTLE.to_owned(),
    };
    // Behind preamble, DICM and the one element of its file meta information.
    let data_set = file[132 + 8 + 20..].to_vec();
    let named = |tag, value: &str| identifier::attribute(tag, vec![value.to_owned()]);
    let question = [named(LEVEL, "STUDY"), named(PATIENT_NAME, "ZZMARKED*"), named(STUDY_UID, "")];
    block_on(async {
        let (ours, theirs) = ("MARKEDAET".parse().unwrap(), "PEONY".parse().unwrap());
        let mut association =
            connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
        assert_eq!(association.echo().await.unwrap(), Some(Status::SUCCESS));
        let parts = futures_util::stream::iter([Ok(bytes::Bytes::from(data_set))]);
        assert_eq!(association.store(&instance, parts, None).await.unwrap(), Some(Status::SUCCESS));
        let mut found = 0;
        let status = association.find(Model::StudyRoot, &question.into(), |_| found += 1).await.unwrap();
        assert_eq!((status, found), (Some(Status::SUCCESS), 1));
        association.release().await.unwrap();
    });
}

#[test]
fn no_name_no_identifier_and_no_uid_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--no-model", "--keep-free", "0", "--dicom", "127.0.0.1:0", "--log-format", "json", "-vv"];
    let serve = Serve::start(folder.path(), &more);
    let mut attributes = made_up::attributes(7);
    attributes.insert(PATIENT_NAME, "ZZMARKED^NAME".to_owned());
    attributes.insert(PATIENT_ID, "ZZ-4711".to_owned());
    let file = made_up::file(&attributes, Pixels::Native { frames: 1, size: [16, 16] }, 7);
    assert_eq!((serve.store(&file), serve.store(&file[..file.len() / 2])), (200, 409));
    dicom(&serve, &attributes, &file);
    let (study, instance) = (&attributes[&STUDY_UID], &attributes[&INSTANCE_UID]);
    for path in [
        "/dicomweb/studies?PatientName=ZZMARKED*&PatientID=ZZ-4711".to_owned(),
        format!("/dicomweb/studies?StudyInstanceUID={study}&nonsense=ZZMARKED"),
        format!("/dicomweb/studies/{study}/metadata"),
        format!("/dicomweb/studies/{study}/series/1.2/instances/{instance}"),
        "/dicomweb/studies/ZZMARKED/metadata".to_owned(),
        format!("/dicomweb/wado?requestType=WADO&studyUID={study}&seriesUID=1&objectUID={instance}"),
        "/api/exams?text=ZZMARKED".to_owned(),
        "/api/exams/ZZMARKED/report".to_owned(),
        "/ZZMARKED?x=ZZ-4711".to_owned(),
    ] {
        serve.get(&path);
    }
    let act = block_on(async {
        let request = client().post(format!("{}/api/exams", serve.url));
        let body = r#"{"source":"phantom:3","patient":{"id":"ZZ-4711","name":"ZZMARKED"}}"#;
        request.header("content-type", "application/json").body(body).send().await.unwrap().status()
    });
    assert_eq!(act.as_u16(), 200);
    serve.signal("-TERM");
    let line = serve.wait_for(&["answered", "\"/dicomweb/studies/{study}/metadata\""]);
    let Value::Object(line) = serde_json::from_str(&line).unwrap() else { panic!("{line}") };
    assert!(
        line["span"]["id"].as_str().is_some_and(|id| id.contains('-')) && line["ms"].is_number(),
        "{line:?}"
    );
    let mut serve = serve;
    assert!(serve.child.wait().unwrap().code().is_some(), "it ended by itself");
    let log = fs::read_to_string(&serve.log).unwrap();
    let mut agreed = false;
    for line in log.lines() {
        let parsed: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("it is no JSON: {line}"));
        assert!(parsed["level"].is_string() && parsed["target"].is_string(), "{line}");
        let message = parsed["message"].as_str().unwrap_or_default();
        let of_node = parsed["target"].as_str().is_some_and(|target| target.starts_with("peony_node"));
        let has_values = message.contains("MARKEDAET") || message.contains("127.0.0.1:");
        assert!(!(of_node && has_values), "in the message: {line}");
        agreed |= message == "an association is agreed to"
            && parsed["peer"] == "MARKEDAET"
            && parsed["from"].as_str().is_some_and(|from| from.starts_with("127.0.0.1:"));
    }
    assert!(agreed, "{log}");
    assert!(log.lines().filter(|line| line.contains("answered")).count() >= 12, "{log}");
    for mark in ["ZZMARKED", "ZZ-4711", study, instance] {
        let found: Vec<&str> = log.lines().filter(|line| line.contains(mark)).collect();
        assert!(found.is_empty(), "{mark}: {found:?}");
    }
}

#[test]
fn its_pages_come_over_tls_and_another_certificate_is_shown_on_sighup() {
    let folder = tempfile::tempdir().unwrap();
    let papers = || {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        fs::write(folder.path().join("certificate.pem"), own.cert.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), own.signing_key.serialize_pem()).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authority = reqwest::Certificate::from_pem(own.cert.pem().as_bytes()).unwrap();
        move || reqwest::Client::builder().tls_certs_only([authority.clone()]).build().unwrap()
    };
    let first = papers();
    fs::write(folder.path().join("peony.toml"), "[http]\ncertificate = 'certificate.pem'\nkey = 'key.pem'")
        .unwrap();
    let serve = Serve::start(folder.path(), &["--no-model"]);
    assert!(serve.url.starts_with("https://"), "{}", serve.url);
    assert_eq!(serve.ask(&first(), "/dicomweb/studies").0, 204, "nothing is kept");
    let second = papers();
    serve.signal("-HUP");
    serve.wait_for(&["was read again"]);
    assert_eq!(serve.ask(&second(), "/health").0, 200);
    let refused = block_on(async { first().get(format!("{}/health", serve.url)).send().await });
    assert!(refused.is_err(), "the former certificate is shown no more");
    // A key that does not fit changes nothing.
    fs::write(folder.path().join("key.pem"), "nothing").unwrap();
    serve.signal("-HUP");
    serve.wait_for(&["stays as it was", "private key"]);
    assert_eq!(serve.ask(&second(), "/health").0, 200);
}

#[test]
fn what_is_read_again_and_what_waits_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| fs::write(folder.path().join("peony.toml"), text).unwrap();
    write("[log]\nlevel = 'info'");
    let serve = Serve::start(folder.path(), &["--no-model"]);
    assert_eq!(serve.get("/api/exams").0, 200);
    write("[http]\nconnections = 7\n[log]\nlevel = 'debug'");
    serve.signal("-HUP");
    let line = serve.wait_for(&["another http.connections", "from the next start"]);
    let at: jiff::Timestamp = line.split(' ').next().unwrap().parse().unwrap();
    assert!(at.until(jiff::Timestamp::now()).unwrap().get_seconds().abs() < 60, "{line}");
    serve.wait_for(&["was read again"]);
    assert_eq!(serve.get("/api/exams?now=said").0, 200);
    serve.wait_for(&["DEBUG", "answered", "/api/exams"]);
    write("[log]\nlevel = 'loud'\nspeed = 1");
    serve.signal("-HUP");
    serve.wait_for(&["stays as it was", ":2: log.level"]);
    serve.wait_for(&["stays as it was", ":3: log.speed"]);
}

#[test]
fn a_configuration_can_be_looked_at_before_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        fs::write(folder.path().join("peony.toml"), text).unwrap();
        let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
        let output =
            peony.args(["serve", "--open", "--check", "--data"]).arg(folder.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    assert_eq!(check("[http]\nconnections = 7"), (Some(0), "The configuration is in order.\n".to_owned()));
    let (code, said) = check("[http]\nconnections = 'many'\naddress = '0.0.0.0:80'");
    assert_eq!((code, said.lines().count()), (Some(1), 2), "{said}");
    assert!(!folder.path().join("store").exists(), "nothing was begun");
}

#[cfg(unix)]
#[test]
fn a_data_folder_that_others_can_read_is_said() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    open(&data);
    let said = || {
        let serve = Serve::start(&data, &["--no-model"]);
        fs::read_to_string(&serve.log).unwrap().contains("others on this machine can read what is kept")
    };
    assert!(!said(), "what it made itself nobody else can read");
    open(&data.join("exams"));
    assert!(said());
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(!said(), "nobody gets there");
}

#[test]
fn titles_of_sites_that_anybody_may_use_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    for args in [&["east"][..], &["west"], &["east", "--sender", "EAST_US"], &["west", "--sender", "WEST_US"]]
    {
        let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
        let added = peony.args(["site", "add"]).args(args).arg("--data").arg(&data).output().unwrap();
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    }
    let print = "ab".repeat(32);
    fs::write(
        data.join("peony.toml"),
        format!("[[dicom.peer]]\naet = 'WEST_US'\ncertificate = '{print}'\n[[dicom.peer]]\naet = 'OTHER'"),
    )
    .unwrap();
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    for (name, text) in [("certificate", &certificate), ("key", &key), ("authorities", &certificate)] {
        fs::write(folder.path().join(name).with_extension("pem"), text).unwrap();
    }
    let papers = folder.path().to_str().unwrap();
    let node = ["--no-model", "--dicom", "127.0.0.1:0"];
    let said = |more: &[&str]| {
        let serve = Serve::start(&data, &[&node, more].concat());
        let log = fs::read_to_string(&serve.log).unwrap();
        let lines: Vec<String> =
            log.lines().filter(|line| line.contains("dicom.peer.certificate")).map(str::to_owned).collect();
        lines
    };
    let lines = said(&["--dicom-tls", papers]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("EAST_US") && !lines[0].contains("WEST_US"), "{lines:?}");
    assert!(said(&[]).is_empty(), "over plain TCP on this machine no title is tied to anything");
}
