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
        let mut child = Command::new(env!("CARGO_BIN_EXE_peony"))
            .args(["serve", "--open", "--http", "127.0.0.1:0", "--no-model", "--data"])
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
