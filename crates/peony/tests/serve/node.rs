//! The node beside the pages: what others send, what is sent to them, whom it knows.

use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use peony_dicom::Tag;
use peony_node::archive::Instance;
use peony_node::identifier::{INSTANCE_UID, STUDY_UID};
use peony_node::sop_class::{COMMITMENT, VERIFICATION};
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{AssociationError, Configuration, Tls, Transport};
use peony_store::made_up::{self, Pixels};
use peony_store::{Options, Store};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::kit::{Serve, associated, dcmtk, peony};

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
            let queue = serve.get("/api/sending")["queue"].clone();
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
fn a_report_that_is_owed_comes_though_the_program_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let [here, asking] = ["here", "asking"].map(|name| folder.path().join(name));
    std::fs::create_dir(&here).unwrap();
    let sender_is_at = |address: &str| {
        let text = format!("[[dicom.peer]]\naet = 'SENDER'\naddress = '{address}'");
        std::fs::write(here.join("peony.toml"), text).unwrap();
    };
    sender_is_at("127.0.0.1:1");
    let said = made_up::attributes(1);
    let file = folder.path().join("one.dcm");
    std::fs::write(&file, made_up::file(&said, Pixels::Native { frames: 1, size: [64, 64] }, 1)).unwrap();
    assert_eq!(peony(&["import", "--json", file.to_str().unwrap()], &here).0, 0);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options { keep_free: 0, ..Options::in_folder(&asking) };
    let records = runtime.block_on(Store::open(&options)).unwrap();
    let instance = Instance {
        study_uid: said[&STUDY_UID].clone(),
        sop_class_uid: said[&Tag(0x0008, 0x0016)].clone(),
        instance_uid: said[&INSTANCE_UID].clone(),
        transfer_syntax_uid: EXPLICIT_LITTLE.to_owned(),
    };
    let serve = Serve::start(&here, &["--dicom", "127.0.0.1:0"]);
    let asked = associated(&serve, None, &[COMMITMENT], async |association| {
        association.commit(&records, std::slice::from_ref(&instance)).await
    });
    let (transaction, status) = asked.unwrap().unwrap();
    assert_eq!(status, Status::SUCCESS);
    drop(serve);

    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    sender_is_at(&listener.local_addr().unwrap().to_string());
    let sender = Configuration::open("SENDER".parse().unwrap());
    let (_keep, current) = watch::channel(Arc::new(sender));
    let hearing =
        peony_node::serve(listener, Transport::Plain, records.clone(), current, std::future::pending());
    runtime.spawn(hearing);
    let _serve = Serve::start(&here, &["--dicom", "127.0.0.1:0"]);
    // A killed worker's job is its own for a minute.
    let answered =
        async { timeout(Duration::from_secs(120), records.commitment_answered(&transaction)).await };
    runtime.block_on(answered).expect("no report").unwrap();
    let commitment = runtime.block_on(records.commitment(&transaction)).unwrap().unwrap();
    assert_eq!(commitment.not_kept, Some(Vec::new()), "everything is kept");
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

/// The most that it ever had in memory.
#[cfg(target_os = "linux")]
fn most_memory_mb(serve: &Serve) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", serve.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1000
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_connections_at_once_take_little_memory_and_others_are_served() {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpSocket;

    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(folder.path(), &["--dicom", "127.0.0.1:0"]);
    assert_eq!(echo(&serve, None).unwrap(), Some(Status::SUCCESS));
    let before = most_memory_mb(&serve);
    let node = format!("127.0.0.1:{}", serve.port()).parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut held = Vec::new();
    for number in 0..10_000_usize {
        let connection = runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind("127.0.0.2:0".parse().unwrap())?;
            let mut connection = socket.connect(node).await?;
            // Silence, a byte, or the header of a request of 4 GB; what is closed already takes none.
            let says: [&[u8]; 3] = [b"", &[1], &[1, 0, 0xFF, 0xFF, 0xFF, 0xFF]];
            let _ = connection.write_all(says[number % 3]).await;
            std::io::Result::Ok(connection)
        });
        match connection {
            Ok(connection) => held.push(connection),
            // Here, not there: this process may open no more files.
            Err(error) if error.raw_os_error() == Some(24) => break,
            Err(error) => panic!("{number}: {error}"),
        }
        if number % 1000 == 999 {
            // One of its own is left for this.
            let given_back = held.pop();
            assert_eq!(echo(&serve, None).unwrap(), Some(Status::SUCCESS), "after {number}");
            held.extend(given_back);
        }
    }
    let grown = most_memory_mb(&serve) - before;
    eprintln!("{} connections at once: {grown} MB more than the {before} before", held.len());
    assert!(held.len() > 500, "{}", held.len());
    assert!(grown < 32, "{grown} MB more than {before}");
    drop(held);
    assert_eq!(echo(&serve, None).unwrap(), Some(Status::SUCCESS));
}
