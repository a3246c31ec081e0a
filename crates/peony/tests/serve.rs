//! `peony serve` as a clinic meets it: examinations begin, other DICOM nodes send, the program is killed, and nothing that it acknowledged is
//! lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

mod hospital;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use peony_node::identifier::{PATIENT_ID, STUDY_UID};
use peony_node::sop_class::{self, VERIFICATION, WORKLIST};
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Association, AssociationError, Proposal, Tls, connect};
use peony_phantom::{Phantom, PhantomConfig};
use peony_store::made_up::{self, Pixels};
use serde_json::{Value, json};

/// A running server, killed without a word when it is dropped.
struct Serve {
    child: Child,
    addr: String,
    /// The second line that it says: where its node is, if it is one.
    dicom: String,
}

impl Serve {
    fn start(data: &Path, more: &[&str]) -> Self {
        Self::with_accounts(data, &[&["--open"], more].concat())
    }

    /// For those who have an account only.
    fn with_accounts(data: &Path, more: &[&str]) -> Self {
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
    fn port(&self) -> String {
        let addr = self.dicom.split(" at ").nth(1).unwrap().split(',').next().unwrap();
        addr.rsplit(':').next().unwrap().to_owned()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        self.ask_as("", method, path, "application/json", body.as_bytes())
    }

    /// Asks as whoever has this token, if there is one.
    fn ask_as(&self, token: &str, method: &str, path: &str, kind: &str, body: &[u8]) -> Option<(u16, Value)> {
        let answer = self.answer(token, method, path, kind, body)?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        let body = answer.split_once("\r\n\r\n")?.1;
        let said = if body.is_empty() { Value::Null } else { serde_json::from_str(body).ok()? };
        Some((status, said))
    }

    /// What is answered to whoever has this token, whatever it holds.
    fn status(&self, token: &str, path: &str) -> u16 {
        let answer = self.answer(token, "GET", path, "text/plain", b"").unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
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
    assert_eq!(serve.get("/api/health")["usual_source"], json!({ "kind": "capture", "name": "capture" }));
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
    let said = refused(&[]);
    assert!(said.contains("peony account add") && said.contains("--open"), "{said}");
    assert!(refused(&["--open", "--http", "0.0.0.0:0"]).contains("127.0.0.1"));
}

/// A tool of DCMTK with its output, against the node; `None`, and said so, where it is not installed.
fn dcmtk(serve: &Serve, tool: &str, args: &[&str], files: &[&str]) -> Option<String> {
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

#[test]
fn what_another_node_stored_is_found_checked_and_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let still = Pixels::Native { frames: 1, size: [64, 64] };
    let files = [0, 1, 2].map(|number| {
        let path = folder.path().join(format!("{number}.dcm"));
        std::fs::write(&path, made_up::file(&made_up::attributes(number), still, number)).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let node = ["--dicom", "127.0.0.1:0", "--aet", "WARD", "--keep-free", "0"];
    let find = |serve: &Serve, patient: &str| {
        let key = format!("PatientID={patient}");
        let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &key, "-k", "StudyInstanceUID"];
        dcmtk(serve, "findscu", &keys, &[]).map(|said| said.matches("(Pending)").count())
    };
    let serve = Serve::start(&data, &node);
    let sent = dcmtk(&serve, "storescu", &["-xe"], &files.each_ref().map(String::as_str));
    let Some(sent) = sent else { return };
    assert_eq!(sent.matches("(Success)").count(), 3, "{sent}");
    // Two studies are one patient's.
    assert_eq!((find(&serve, "P00000000"), find(&serve, "P00000001")), (Some(2), Some(1)));
    drop(serve);
    let check = || {
        let mut check = Command::new(env!("CARGO_BIN_EXE_peony"));
        let output = check.args(["check", "--json", "--data"]).arg(&data).output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), said["objects"].clone(), said["faults"].clone())
    };
    assert_eq!(check(), (Some(0), json!(3), json!(0)));
    let serve = Serve::start(&data, &node);
    assert_eq!((find(&serve, "P00000000"), find(&serve, "P*")), (Some(2), Some(3)));
    let found = serve.get("/dicomweb/studies?PatientID=P00000000");
    assert_eq!(found.as_array().map(Vec::len), Some(2), "the same over DICOMweb: {found}");
    assert_eq!(check(), (Some(0), json!(3), json!(0)), "beside the program that serves");
}

#[cfg(unix)]
#[test]
fn a_node_that_is_asked_to_stop_stops_though_a_peer_is_connected() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(folder.path(), &["--dicom", "127.0.0.1:0"]);
    let idle = TcpStream::connect(("127.0.0.1", serve.port().parse::<u16>().unwrap())).unwrap();
    let asked = Instant::now();
    Command::new("kill").arg(serve.child.id().to_string()).status().unwrap();
    let status = serve.child.wait().unwrap();
    assert!(status.code().is_some(), "it ended by itself: {status}");
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    drop(idle);
}

/// Works with an association of these classes.
fn associated<T>(
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

/// C-ECHO.
fn echo(serve: &Serve, tls: Option<&Tls>) -> Result<Option<Status>, AssociationError> {
    associated(serve, tls, &[VERIFICATION], async |association| association.echo().await)
}

#[test]
fn other_machines_reach_its_node_over_tls_only() {
    let folder = tempfile::tempdir().unwrap();
    let papers = folder.path().join("papers");
    let refused = |args: &[&str]| {
        let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
        peony.args(["serve", "--open", "--http", "127.0.0.1:0", "--no-model", "--data"]);
        let output = peony.arg(folder.path()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(&["--dicom", "0.0.0.0:0"]);
    assert!(said.contains("--dicom-tls") && said.lines().count() == 1, "{said}");
    let secured = ["--dicom", "0.0.0.0:0", "--dicom-tls", papers.to_str().unwrap()];
    assert!(refused(&secured).contains("certificate.pem"), "the file that is missing is named");
    // One that is its own authority.
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    std::fs::create_dir(&papers).unwrap();
    for (name, text) in [("certificate", &certificate), ("key", &key), ("authorities", &certificate)] {
        std::fs::write(papers.join(name).with_extension("pem"), text).unwrap();
    }
    let serve = Serve::start(folder.path(), &secured);
    assert!(serve.dicom.contains("over TLS"), "{}", serve.dicom);
    let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes(), certificate.as_bytes()).unwrap();
    assert_eq!(echo(&serve, Some(&tls)).unwrap(), Some(Status::SUCCESS));
    assert!(echo(&serve, None).is_err(), "without a certificate");
}

#[test]
fn an_order_that_is_added_beside_it_is_on_the_worklist() {
    let folder = tempfile::tempdir().unwrap();
    let order = |data: &Path, args: &[&str]| {
        let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
        let output = peony.arg("order").args(args).args(["--json", "--data"]).arg(data).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code().unwrap(), lines, String::from_utf8(output.stderr).unwrap())
    };
    let data = folder.path().join("data");
    let one = ["add", "--patient-id", "P-1", "--patient-name", "WANG^FANG=王^芳", "--date", "20261126"];
    let (code, lines, _) = order(&data, &one);
    assert_eq!((code, lines.len()), (0, 1), "before there is a store");
    let serve = Serve::start(&data, &["--dicom", "127.0.0.1:0"]);
    let file = folder.path().join("orders.json");
    let list = json!([
        {"patient_id": "P-2", "patient_name": "LI^NA", "date": "20261127", "step_id": "SPS-2"},
        {"patient_id": "P-3", "patient_name": "LI^NA", "date": "27.11.2026", "sex": "?"},
    ]);
    std::fs::write(&file, list.to_string()).unwrap();
    let add_file = ["add", "--file", file.to_str().unwrap()];
    let (code, lines, faults) = order(&data, &add_file);
    assert_eq!((code, lines.len()), (1, 0), "all of a list or nothing");
    assert!(faults.contains("order 2: sex") && faults.contains("order 2: date"), "{faults}");
    std::fs::write(&file, json!([list[0], {"patient_id": 4711}]).to_string()).unwrap();
    let (code, _, faults) = order(&data, &add_file);
    assert!(code == 1 && faults.contains("order 2: it is no object") && !faults.contains("4711"), "{faults}");
    std::fs::write(&file, list[0].to_string()).unwrap();
    assert_eq!((order(&data, &add_file).0, order(&data, &add_file).0), (0, 0), "once and again");
    let (_, lines, _) = order(&data, &["list"]);
    assert_eq!(lines.iter().map(|line| line["state"].clone()).collect::<Vec<_>>(), ["scheduled"; 2]);
    assert_eq!(lines[1]["step_id"], "SPS-2");

    let mut found = Vec::new();
    let [patient_id, study_uid] =
        [PATIENT_ID, STUDY_UID].map(|tag| peony_node::identifier::attribute(tag, Vec::new()));
    let keys = [patient_id, study_uid].into();
    let status = associated(&serve, None, &[WORKLIST], async |association| {
        association.worklist(&keys, |item| found.push(item)).await
    });
    assert_eq!(status.unwrap(), Some(Status::SUCCESS));
    let said = |tag| found.iter().map(|item| item[&tag].values[0].clone()).collect::<Vec<_>>();
    assert_eq!(said(PATIENT_ID), ["P-1", "P-2"]);
    assert_eq!(said(STUDY_UID)[1], lines[1]["study_uid"].as_str().unwrap());
    // Of a site, which must be there.
    let of_site = [&one[..], &["--site", "north"]].concat();
    let (code, lines, faults) = order(&data, &of_site);
    assert!(code == 1 && lines.is_empty() && faults.contains("site"), "{faults}");
    let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
    assert!(peony.args(["site", "add", "north", "--data"]).arg(&data).output().unwrap().status.success());
    let (code, lines, _) = order(&data, &of_site);
    assert_eq!((code, lines[0]["site"].as_str()), (0, Some("north")));
}

/// The program with arguments, and what it says: lines of JSON.
fn peony(args: &[&str], data: &Path) -> (i32, Vec<Value>, String) {
    let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
    let output = peony.args(args).arg("--data").arg(data).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), lines, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_order_that_is_changed_or_cancelled_is_so_on_the_worklist() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(folder.path(), &["--dicom", "127.0.0.1:0"]);
    let mut steps = Vec::new();
    for patient in ["P-1", "P-2"] {
        let add = ["order", "add", "--json", "--patient-name", "WANG^FANG", "--date", "20261126"];
        let add = [&add[..], &["--procedure", "Breast ultrasound", "--patient-id", patient]].concat();
        let (_, lines, _) = peony(&add, folder.path());
        steps.push(lines[0]["step_id"].as_str().unwrap().to_owned());
    }
    let worklist = |more: &[&str]| {
        let mut ask = Command::new(env!("CARGO_BIN_EXE_peony"));
        ask.args(["ask", "worklist", "--json", "--called", "PEONY"]);
        let output = ask.arg(format!("127.0.0.1:{}", serve.port())).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let change = ["order", "change", &steps[0], "--json", "--time", "1015", "--procedure", "Left breast"];
    let (code, lines, _) = peony(&change, folder.path());
    assert_eq!((code, lines[0]["start"].as_str()), (0, Some("202611261015")));
    let (code, lines, _) = peony(&["order", "cancel", &steps[1], "--json"], folder.path());
    assert_eq!((code, lines[0]["state"].as_str()), (0, Some("cancelled")));
    let found = worklist(&["--date", "20261126"]);
    assert_eq!(found.len(), 1, "{found:?}");
    let said = ["step_id", "start", "modality", "procedure"].map(|key| found[0][key].as_str().unwrap());
    assert_eq!(said, [steps[0].as_str(), "202611261015", "US", "Left breast"]);
    assert!(worklist(&["--date", "20261127"]).is_empty() && worklist(&["--modality", "MG"]).is_empty());
    for (args, why) in
        [(["order", "cancel", &steps[1]], "was cancelled"), (["order", "cancel", "P-4711"], "no such order")]
    {
        let (code, _, said) = peony(&args, folder.path());
        assert!(code == 1 && said.contains(why), "{said}");
    }
    let mut echo = Command::new(env!("CARGO_BIN_EXE_peony"));
    let echo = echo.args(["ask", "echo", "127.0.0.1:1", "--called", "PEONY"]).output().unwrap();
    assert_eq!(echo.status.code(), Some(1), "nobody is there");
}

#[test]
fn what_a_page_has_sent_arrives_though_the_program_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let [here, away] = ["here", "away"].map(|name| folder.path().join(name));
    std::fs::create_dir(&here).unwrap();
    let neighbour = |address: &str| {
        let text = format!(
            "[[dicom.peer]]\naet = 'AWAY'\naddress = '{address}'\ncommitment = true\n[[dicom.peer]]\naet = 'PROBE'"
        );
        std::fs::write(here.join("peony.toml"), text).unwrap();
    };
    neighbour("127.0.0.1:1");
    let said = made_up::attributes(1);
    let file = folder.path().join("one.dcm");
    std::fs::write(&file, made_up::file(&said, Pixels::Native { frames: 1, size: [64, 64] }, 1)).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(peony(&["import", "--json", file], &here).0, 0);
    let study = said[&STUDY_UID].as_str();

    let serve = Serve::start(&here, &["--dicom", "127.0.0.1:0"]);
    assert_eq!(serve.get("/api/sending/neighbours"), json!(["AWAY"]), "one without an address is none");
    let whole = json!({ "to": "AWAY", "study_uid": study }).to_string();
    let (status, made) = serve.ask("POST", "/api/sending", &whole).unwrap();
    assert_eq!(status, 201, "{made}");
    let when = |serve: &Serve, key: &str, value: &Value| {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let queue = serve.get("/api/sending");
            if queue[0][key] == *value {
                return queue[0].clone();
            }
            assert!(Instant::now() < deadline, "{queue}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    when(&serve, "fault", &json!({ "why": "unreachable" }));
    drop(serve);

    let there = Serve::start(&away, &["--dicom", "127.0.0.1:0", "--aet", "AWAY"]);
    let address = format!("127.0.0.1:{}", there.port());
    neighbour(&address);
    let serve = Serve::start(&here, &["--dicom", "127.0.0.1:0"]);
    let done = when(&serve, "state", &json!("done"));
    assert_eq!((&done["promise"], &done["taken"]), (&json!("kept"), &json!(1)), "{done}");
    let found = there.get(&format!("/dicomweb/studies?StudyInstanceUID={study}"));
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    // Asked for again by hand, beside the program that serves.
    let ask = ["ask", "commitment", &address, "--called", "AWAY", "--study", study, "--json"];
    let (code, lines, said) = peony(&ask, &here);
    assert_eq!((code, &lines[0]["kept"], &lines[0]["asked"]), (0, &json!(1), &json!(1)), "{said}");
    let ask = ["ask", "commitment", &address, "--called", "AWAY", "--study", "1.2.3", "--json"];
    assert_eq!(peony(&ask, &here).0, 1, "it is not here");
}

#[test]
fn a_source_that_is_away_is_said_at_the_start_and_hinders_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let away = [
        "serve",
        "--open",
        "--no-model",
        "--http",
        "127.0.0.1:0",
        "--source",
        "igtl://127.0.0.1:1",
        "--data",
    ];
    let mut check = Command::new(env!("CARGO_BIN_EXE_peony"));
    let checked = check.args(away).arg(folder.path()).arg("--check").output().unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success() && said.starts_with("The configuration is in order."), "{said}");
    assert!(said.lines().nth(1).unwrap().contains("--source") && said.contains("cannot connect"), "{said}");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_peony"));
    let serve = serve.args(away).arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = serve.spawn().unwrap();
    let first = |from: &mut dyn std::io::Read| BufReader::new(from).lines().next().unwrap().unwrap();
    let serves = first(child.stdout.as_mut().unwrap());
    let told = first(child.stderr.as_mut().unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(serves.contains("http://"), "{serves}");
    assert!(told.contains("gives no pictures now") && told.contains("cannot connect"), "{told}");
}

#[cfg(unix)]
#[test]
fn whom_the_node_takes_can_be_changed_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("peony.toml"), text).unwrap();
    write(
        "[dicom]\nalso_called = ['a\\b']\n[[dicom.peer]]\naet = 'ONE'\naddress = 'nowhere'\n[[dicom.peer]]\naet = 'ONE'\ntls = true",
    );
    let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
    peony.args([
        "serve",
        "--open",
        "--http",
        "127.0.0.1:0",
        "--dicom",
        "127.0.0.1:0",
        "--no-model",
        "--data",
    ]);
    let output = peony.arg(folder.path()).output().unwrap();
    let faults = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), faults.matches("peony.toml:").count()), (Some(1), 4), "{faults}");

    write("[dicom]\nonly_peers = true\n[[dicom.peer]]\naet = 'ONE'");
    let serve = Serve::start(folder.path(), &["--dicom", "127.0.0.1:0"]);
    assert!(matches!(echo(&serve, None), Err(AssociationError::Rejected(_))), "a stranger");
    let read_again = || Command::new("kill").args(["-HUP", &serve.child.id().to_string()]).status().unwrap();
    write("[dicom]\nonly_peers = true\n[[dicom.peer]]\naet = 'SENDER'");
    read_again();
    let deadline = Instant::now() + Duration::from_secs(30);
    while echo(&serve, None).is_err() {
        assert!(Instant::now() < deadline, "it is not read again");
        std::thread::sleep(Duration::from_millis(50));
    }
    // What is wrong changes nothing.
    write("[dicom]\nonly_peers = true\n[[dicom.peer]]\naet = 1");
    read_again();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(echo(&serve, None).unwrap(), Some(Status::SUCCESS));
}

/// Runs a subcommand on a data folder, with a line on its standard input; what it says.
fn told(data: &Path, args: &[&str], line: &str) -> Result<String, String> {
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

const PASSWORD: &str = "a long enough password";

/// An account and a token of it.
fn account(data: &Path, name: &str, more: &[&str]) -> String {
    told(data, &[&["account", "add", name], more].concat(), PASSWORD).unwrap();
    told(data, &["account", "token", name, "--label", "a test"], "").unwrap()
}

#[test]
fn with_accounts_only_those_who_have_one_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for (args, line, why) in [
        (&["account", "add", "li", "--role", "king"][..], PASSWORD, "king"),
        (&["account", "add", "li", "--role", "radiologist"], "short", "12"),
        (&["account", "add", "l i", "--role", "radiologist"], PASSWORD, "spaces"),
        (&["account", "add", "li", "--role", "radiologist", "--site", "nowhere"], PASSWORD, "site"),
        (&["account", "token", "li", "--label", "x"], "", "li"),
    ] {
        let refused = told(data, args, line).unwrap_err();
        assert!(refused.contains(why), "{args:?}: {refused}");
    }
    let li = account(data, "li", &["--role", "radiologist", "--display", "Li Na"]);
    let namesake = account(data, "li.2", &["--role", "radiologist", "--display", "Li Na"]);
    account(data, "root", &["--role", "administrator"]);
    let listed = told(data, &["account", "list"], "").unwrap();
    assert!(listed.contains("Li Na") && !listed.contains("argon2"), "{listed}");
    // A token is nowhere on the disk, and neither is a password.
    for file in ["store/index.sqlite", "store/index.sqlite-wal"] {
        let kept = std::fs::read(data.join(file)).unwrap_or_default();
        for secret in [li.as_bytes(), PASSWORD.as_bytes()] {
            assert!(!kept.windows(secret.len()).any(|part| part == secret), "{file}");
        }
    }
    let serve = Serve::with_accounts(data, &[]);
    let get = |token: &str, path: &str| serve.ask_as(token, "GET", path, "text/plain", b"").unwrap();
    assert_eq!(serve.ask("GET", "/api/exams", "").unwrap().0, 401);
    assert_eq!(get("peony_wrong", "/api/exams").0, 401);
    assert_eq!(get("", "/dicomweb/studies").0, 401);
    assert_eq!(get("", "/api/health").0, 200);
    assert_eq!(get(&li, "/api/exams"), (200, json!([])));
    // Whoever acts and signs is the account, whatever the page says.
    let post = |path: &str, body: Value| {
        serve.ask_as(&li, "POST", path, "application/json", body.to_string().as_bytes()).unwrap()
    };
    let begun = post("/api/exams", json!({"source": "phantom:3", "patient": {"id": "P-1"}}));
    let acts = format!("/api/exams/{}/acts", begun.1["id"].as_str().unwrap());
    for side in ["left", "right"] {
        let (status, said) = post(&acts, json!({"act": "set_examined", "side": side, "examined": false}));
        assert_eq!(status, 200, "{said}");
    }
    let undone =
        |token: &str| serve.ask_as(token, "POST", &acts.replace("acts", "undo"), "text/plain", b"").unwrap();
    let refused = undone(&namesake);
    assert_eq!(
        (refused.0, &refused.1["code"]),
        (409, &json!("nothing_to_undo")),
        "the same name is another person"
    );
    assert_eq!(undone(&li).0, 200);
    let (_, signed) = post(&acts, json!({"act": "sign", "name": "Somebody Else", "role": "examiner"}));
    let signature = &signed["report"]["signatures"][0]["name"];
    assert!(*signature == json!("Li Na") || signed["code"] == "obstacles", "{signed}");
    let history = get(&li, &acts.replace("acts", "history")).1;
    let acted = history.as_array().unwrap().iter().filter(|row| row["by"] == "Li Na").count();
    assert!(acted >= 3, "{history}");
    // What is changed beside the server holds at once.
    told(data, &["account", "disable", "li"], "").unwrap();
    assert_eq!(get(&li, "/api/exams").0, 401);
    told(data, &["account", "enable", "li"], "").unwrap();
    assert_eq!(get(&li, "/api/exams").0, 200);
    let last = told(data, &["account", "disable", "root"], "").unwrap_err();
    assert!(last.contains("last administrator"), "{last}");
    // Others cannot reach it, accounts or not.
    drop(serve);
    let mut outside = Command::new(env!("CARGO_BIN_EXE_peony"));
    let outside = outside.args(["serve", "--http", "0.0.0.0:0", "--no-model", "--data"]).arg(data);
    let said = String::from_utf8(outside.output().unwrap().stderr).unwrap();
    assert!(said.contains("TLS"), "{said}");
}

#[test]
fn each_site_sees_its_own_and_what_is_not_seen_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for site in ["east", "west"] {
        told(data, &["site", "add", site], "").unwrap();
    }
    told(data, &["site", "add", "west", "--sender", "WEST_US"], "").unwrap();
    assert!(told(data, &["site", "list"], "").unwrap().contains("WEST_US"));
    let several = told(data, &["account", "add", "x", "--role", "teacher"], PASSWORD).unwrap_err();
    assert!(several.contains("--site"), "{several}");
    let of = |site: &str| account(data, site, &["--role", "radiologist", "--site", site]);
    let (east, west, root) = (of("east"), of("west"), account(data, "root", &["--role", "administrator"]));
    let serve = Serve::with_accounts(data, &[]);
    let get = |token: &str, path: &str| serve.status(token, path);
    let listed = |serve: &Serve, token: &str| {
        serve.ask_as(token, "GET", "/api/exams", "text/plain", b"").unwrap().1.as_array().unwrap().len()
    };
    // An examination that goes on.
    let body = json!({"source": "phantom:3", "patient": {"id": "P-1"}}).to_string();
    let begun = serve.ask_as(&east, "POST", "/api/exams", "application/json", body.as_bytes()).unwrap().1;
    let id = begun["id"].as_str().unwrap();
    assert_eq!([&east, &west, &root].map(|token| listed(&serve, token)), [1, 0, 1]);
    for path in ["report", "report.pdf", "history", "planes/1.png", "coronal"] {
        let path = format!("/api/exams/{id}/{path}");
        assert_eq!(get(&west, &path), 404, "{path}");
    }
    assert_eq!(get(&east, &format!("/api/exams/{id}/report")), 200);
    let act = br#"{"act":"set_patient","patient":{"id":"2"}}"#;
    let acts = format!("/api/exams/{id}/acts");
    assert_eq!(serve.ask_as(&west, "POST", &acts, "application/json", act).unwrap().0, 404);
    // Its live picture, by name and as the newest.
    let socket = |token: &str, path: &str| {
        let mut stream = TcpStream::connect(&serve.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let addr = &serve.addr;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        String::from_utf8_lossy(&status[9..]).into_owned()
    };
    for path in ["/live".to_owned(), format!("/live?exam={id}"), format!("/capture?exam={id}")] {
        assert_eq!(socket(&west, &path), "404", "{path}");
    }
    assert_eq!(socket(&east, "/live"), "101");
    // Objects.
    let said = made_up::attributes(10);
    let file = made_up::file(&said, Pixels::Native { frames: 1, size: [16, 16] }, 10);
    let stored = serve.ask_as(&east, "POST", "/dicomweb/studies", "application/dicom", &file).unwrap();
    assert_eq!(stored.0, 200, "{}", stored.1);
    let study = format!("/dicomweb/studies/{}", said[&STUDY_UID]);
    assert_eq!([&east, &west, &root].map(|token| get(token, "/dicomweb/studies")), [200, 204, 200]);
    for path in ["/metadata", "/series", "/instances"] {
        let hidden = get(&west, &format!("{study}{path}"));
        assert!(hidden == 404 || hidden == 204, "{path}: {hidden}");
        assert_eq!(get(&east, &format!("{study}{path}")), 200, "{path}");
    }
    let own = made_up::attributes(11);
    let mut into = own.clone();
    into.insert(STUDY_UID, said[&STUDY_UID].clone());
    let file = made_up::file(&into, Pixels::Native { frames: 1, size: [16, 16] }, 11);
    let refused = serve.ask_as(&west, "POST", "/dicomweb/studies", "application/dicom", &file).unwrap();
    assert_eq!(refused.0, 409, "nothing is brought into another site's study: {}", refused.1);
    // After a start the same.
    drop(serve);
    let serve = Serve::with_accounts(data, &[]);
    assert_eq!([&east, &west, &root].map(|token| listed(&serve, token)), [1, 0, 1]);
}

/// The file of a calibration that somebody has made with `peony calibrate`.
fn calibrated(data: &Path, probe: &str) {
    let folder = data.join("calibrations");
    std::fs::create_dir_all(&folder).unwrap();
    let file = format!(
        "version = 1\nprobe = \"{probe}\"\nmade = \"2026-05-28\"\nprogram = \"0.1.0\"\nrelative_error = 0.27\n\
         beam = {{ gain = 1.4, turn_gain = 1.6 }}\nsweeps = [{{ length_mm = 60.0, read_mm = 59.0 }}]\n"
    );
    std::fs::write(folder.join(format!("{probe}.toml")), file).unwrap();
}

#[test]
fn two_sites_share_no_probe_and_who_said_which_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    ["L12-5", "L9"].into_iter().for_each(|probe| calibrated(data, probe));
    for site in ["east", "west"] {
        told(data, &["site", "add", site], "").unwrap();
    }
    let of = |site: &str| account(data, site, &["--role", "sonographer", "--site", site]);
    let (east, west) = (of("east"), of("west"));
    let reader = account(data, "reader", &["--role", "teacher", "--site", "east"]);
    let path = "/api/calibrations?source=capture";
    let used = |serve: &Serve, token: &str, path: &str| {
        let (status, known) = serve.ask_as(token, "GET", path, "text/plain", b"").unwrap();
        assert_eq!((status, known.as_array().unwrap().len()), (200, 2), "{known}");
        let used = known.as_array().unwrap().iter().find(|known| known["used"] == true);
        used.map(|used| [&used["probe"], &used["chosen"]["by"]].map(|text| text.as_str().unwrap().to_owned()))
    };
    let choose = |serve: &Serve, token: &str, probe: &str| {
        let said = json!({"source": "capture", "probe": {"probe": probe, "preset": ""}}).to_string();
        serve.ask_as(token, "POST", "/api/calibrations", "application/json", said.as_bytes()).unwrap()
    };
    let serve = Serve::with_accounts(data, &[]);
    assert_eq!([&east, &west].map(|token| used(&serve, token, path)), [None, None]);
    assert_eq!(choose(&serve, &east, "L12-5").0, 200);
    assert_eq!(choose(&serve, &west, "L9").0, 200);
    let (status, refused) = choose(&serve, &west, "C1-6");
    assert_eq!((status, &refused["code"]), (422, &json!("unknown_probe")));
    assert_eq!(serve.status(&reader, path), 403);
    drop(serve);
    let serve = Serve::with_accounts(data, &[]);
    let said = |probe: &str, by: &str| Some([probe.to_owned(), by.to_owned()]);
    let both = [&east, &west].map(|token| used(&serve, token, path));
    assert_eq!(both, [said("L12-5", "east"), said("L9", "west")]);
    assert_eq!(
        used(&serve, &east, "/api/calibrations"),
        said("L12-5", "east"),
        "the usual source is a page's"
    );
    drop(serve);
    let store = peony_store::Options::in_folder(data);
    let lines = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = peony_store::Store::open(&store).await.unwrap();
        store.audit_after(0, 1000).await.unwrap()
    });
    let of_probes = lines.iter().filter(|line| line.act == "use-calibration");
    let of_probes: Vec<[&str; 2]> = of_probes.map(|line| [line.who.as_str(), line.what.as_str()]).collect();
    assert_eq!(of_probes, [["east", "east, capture: L12-5"], ["west", "west, capture: L9"]]);
}

#[test]
fn an_examination_that_is_taken_up_again_keeps_the_calibration_that_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    ["L12-5", "L9"].into_iter().for_each(|probe| calibrated(data, probe));
    let config = PhantomConfig { size_px: [400, 300], ..PhantomConfig::default() };
    let video = data.join("sweep.y4m");
    let mut out = std::fs::File::create(&video).unwrap();
    writeln!(out, "YUV4MPEG2 W400 H300 F30:1 Ip A1:1 Cmono XCOLORRANGE=FULL").unwrap();
    for made in Phantom::new(7, &config).unwrap().sweep().take(20) {
        let peony_model::Pixels::Luma8(grey) = made.frame.pixels else { unreachable!("phantoms are grey") };
        out.write_all(b"FRAME\n").unwrap();
        out.write_all(grey.as_raw()).unwrap();
    }
    let serving = ["--source", video.to_str().unwrap(), "--mm-per-px", "0.1"];
    let choose = |serve: &Serve, probe: &str| {
        let said = json!({"probe": {"probe": probe, "preset": ""}}).to_string();
        assert_eq!(serve.ask("POST", "/api/calibrations", &said).unwrap().0, 200);
    };
    // All frames have been read when so many calibrations are in the journal, or never will be.
    let calibrations = |serve: &Serve, id: &str| {
        let until = Instant::now() + Duration::from_secs(3);
        let names = || -> Vec<String> {
            let view = serve.get(&format!("/api/exams/{id}/report"));
            let all = view["report"]["calibrations"].as_array().into_iter().flatten();
            all.map(|by| by["probe"].as_str().unwrap().to_owned()).collect()
        };
        while names().len() < 2 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        names()
    };
    let serve = Serve::start(data, &serving);
    choose(&serve, "L12-5");
    let id = serve.begin(&json!({}));
    assert_eq!(calibrations(&serve, &id), ["L12-5"]);
    choose(&serve, "L9");
    drop(serve);
    let serve = Serve::start(data, &serving);
    let mut stream = TcpStream::connect(&serve.addr).unwrap();
    write!(
        stream,
        "GET /live?exam={id} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        serve.addr
    )
    .unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status[9..], b"101");
    assert_eq!(calibrations(&serve, &id), ["L12-5"]);
    let frames = serve.get("/api/exams");
    assert!(frames[0]["last_frame_ms"].is_u64(), "its frames were read again: {frames}");
    let next = serve.begin(&json!({}));
    assert_eq!(calibrations(&serve, &next), ["L9"], "the next one begins with what was said");
}

#[test]
fn a_live_socket_ends_with_the_account_that_opened_it_and_the_examination_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    account(data, "root", &["--role", "administrator"]);
    let li = account(data, "li", &["--role", "radiologist"]);
    let serve = Serve::with_accounts(data, &[]);
    let body = json!({"source": "phantom:3", "patient": {"id": "P-1"}}).to_string();
    let begun = serve.ask_as(&li, "POST", "/api/exams", "application/json", body.as_bytes()).unwrap().1;
    let id = begun["id"].as_str().unwrap();
    let mut stream = TcpStream::connect(&serve.addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let addr = &serve.addr;
    write!(
        stream,
        "GET /live?exam={id} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer {li}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert!(head.ends_with(b"101"));
    told(data, &["account", "disable", "li"], "").unwrap();
    let ending = Instant::now();
    let mut heard = Vec::new();
    // A close frame without an answer leaves the connection to the server, which cuts it off or waits: its words are what counts.
    while !heard.ends_with(b"signed out") {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "cut off without a word");
        heard.extend_from_slice(&part[..length]);
    }
    assert!(ending.elapsed() < Duration::from_secs(15), "{:?}", ending.elapsed());
    assert_eq!(serve.status(&li, "/api/exams"), 401);
    told(data, &["account", "enable", "li"], "").unwrap();
    let listed = serve.ask_as(&li, "GET", "/api/exams", "text/plain", b"").unwrap().1;
    assert_eq!(listed[0]["id"], id);
}

/// A route without a door would answer nobody, and a door that is too wide everybody.
#[test]
fn every_route_of_the_pages_has_a_door_and_no_other_is_open() {
    let open = ["/api/health", "/api/openapi.json"];
    for (path, item) in &peony_web::openapi().paths.paths {
        let operations =
            [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
        for (method, _) in operations.iter().filter(|(_, operation)| operation.is_some()) {
            let at = path.replace('{', "a").replace('}', "");
            let door = peony_access::door(&method.parse().unwrap(), &at);
            let door = door.unwrap_or_else(|| panic!("{method} {path} has no door"));
            assert_eq!(door == peony_access::Door::Open, open.contains(&path.as_str()), "{method} {path}");
        }
    }
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/ui/dist");
    for file in std::fs::read_dir(dist).unwrap() {
        let file = file.unwrap();
        let inside = if file.file_type().unwrap().is_dir() { "/x.js" } else { "" };
        let path = format!("/{}{inside}", file.file_name().into_string().unwrap());
        let door = peony_access::door(&"GET".parse().unwrap(), &path);
        assert_eq!(door, Some(peony_access::Door::Open), "{path}");
    }
}
