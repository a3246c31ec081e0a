//! A day of the node, with programs of other makes: DCMTK and pynetdicom play an ultrasound machine; DCMTK, Orthanc and dicomweb-client get back what it
//! sent. What is missing is said, and the test passes without it.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use peony_node::identifier::STUDY_UID;
use peony_store::made_up::{self, Pixels};
use serde_json::{Value, json};

use crate::free_port::free_port;
use crate::kit::{Serve, dcmtk, peony};

/// Debian's place for it.
const ORTHANC: &str = "/usr/sbin/Orthanc";
const CINE: Pixels = Pixels::Coded { frames: 60, frame_bytes: 30_000 };

/// What the script says, or `None` where its packages are missing.
fn machine(args: &[&str], needs: &str) -> Option<Value> {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", &format!("import pydicom, {needs}")]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} lacks {needs} (set PEONY_PYTHON)");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/hospital/ultrasound_machine.py");
    let output = Command::new(python).arg(script).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Everything after the file meta information.
fn data_set(path: &Path) -> Vec<u8> {
    let outline = peony_dicom::outline(&std::fs::File::open(path).unwrap()).unwrap();
    std::fs::read(path).unwrap().split_off(outline.data_set as usize)
}

/// Orthanc, which ends with this.
struct Orthanc {
    child: Child,
    http: u16,
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Orthanc {
    fn start(folder: &Path, dicom: u16, node: &str) -> Option<Self> {
        if !Path::new(ORTHANC).is_file() {
            eprintln!("skipped: {ORTHANC} is missing (apt-get install orthanc)");
            return None;
        }
        let (http, file) = (free_port(), folder.join("orthanc.json"));
        let configuration = json!({
            "StorageDirectory": folder.join("orthanc"),
            "HttpPort": http,
            "DicomAet": "ORTHANC",
            "DicomPort": dicom,
            "AuthenticationEnabled": false,
            "DicomModalities": { "ward": ["WARD", "127.0.0.1", node.parse::<u16>().unwrap()] },
        });
        std::fs::write(&file, configuration.to_string()).unwrap();
        let mut command = Command::new(ORTHANC);
        let child = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let orthanc = Self { child, http };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, http)).is_err() {
            assert!(Instant::now() < deadline, "Orthanc does not listen");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(orthanc)
    }

    /// What it answers; HTTP/1.0 knows no chunks.
    fn ask(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        use std::io::{Read as _, Write as _};
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.http)).unwrap();
        write!(stream, "{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        assert!(head.contains(" 200 "), "{method} {path}: {head}{}", String::from_utf8_lossy(&answer[end..]));
        answer.split_off(end)
    }
}

#[test]
fn an_ultrasound_machine_is_served_and_everybody_gets_back_what_it_sent() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let [dcmtk_port, orthanc_port] = [free_port(), free_port()];
    let peers = format!(
        "[[dicom.peer]]\naet = 'MOVED'\naddress = '127.0.0.1:{dcmtk_port}'\n[[dicom.peer]]\naet = 'ORTHANC'\naddress = '127.0.0.1:{orthanc_port}'"
    );
    std::fs::write(data.join("peony.toml"), peers).unwrap();
    let order = ["order", "add", "--json", "--patient-id", "P-1", "--patient-name", "WANG^FANG"];
    let (_, lines, _) = peony(&[&order[..], &["--date", "20261126"]].concat(), &data);
    let [study, step] = ["study_uid", "step_id"].map(|key| lines[0][key].as_str().unwrap().to_owned());
    let serve = Serve::start(&data, &["--dicom", "127.0.0.1:0", "--aet", "WARD", "--keep-free", "0"]);

    // The machine asks what it shall do, and begins.
    let worklist = || {
        let keys = ["-W", "-k", "PatientName=WANG*", "-k", "StudyInstanceUID"];
        dcmtk(&serve, "findscu", &keys, &[]).map(|said| said.contains(&study))
    };
    let Some(is_listed) = worklist() else { return };
    assert!(is_listed, "on the worklist");
    let port = serve.port();
    let performed = machine(&["begin", &port, &study, &step], "pynetdicom");

    // It sends two cines; each study is found within a second.
    let files: Vec<PathBuf> = (1..=2_u64)
        .map(|number| {
            let mut said = made_up::attributes(number);
            said.insert(STUDY_UID, study.clone());
            said.insert(peony_node::identifier::PATIENT_ID, "P-1".to_owned());
            let path = folder.path().join(format!("{number}.dcm"));
            std::fs::write(&path, made_up::file(&said, CINE, number)).unwrap();
            path
        })
        .collect();
    let paths: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    let sent = dcmtk(&serve, "storescu", &["-xy"], &paths).unwrap();
    assert_eq!(sent.matches("(Success)").count(), 2, "{sent}");
    let since = Instant::now();
    let found = loop {
        let found = serve.ask("GET", &format!("/dicomweb/studies?StudyInstanceUID={study}"), "");
        match found {
            Some((200, found)) => break found,
            _ => assert!(since.elapsed() < Duration::from_secs(1), "the study is not found: {found:?}"),
        }
    };
    assert_eq!(found[0]["00201208"]["Value"][0], 2, "{found}");

    // It says that it is done, and throws away nothing before it was promised.
    if let Some(uid) = performed {
        let args = [&["end", &port, uid.as_str().unwrap()][..], &paths].concat();
        let said = machine(&args, "pynetdicom").unwrap();
        assert_eq!(said, json!({ "step": 0, "action": 0, "report": [1, 2] }));
        assert_eq!(worklist(), Some(false), "performed");
    }

    // Everybody gets it back as it was sent.
    let sent: Vec<Vec<u8>> = files.iter().map(|path| data_set(path)).collect();
    let got = |into: &Path| {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(into).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|path| data_set(path)).collect::<Vec<_>>()
    };
    let key = format!("StudyInstanceUID={study}");
    let level = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &key];
    let moved = dcmtk_port.to_string();
    for (tool, more) in [
        ("getscu", vec!["+xy", "+B"]),
        // Bit by bit (+B) it would write into the folder it runs in.
        ("movescu", vec!["+xy", "+P", &moved, "-aet", "MOVED", "-aem", "MOVED"]),
    ] {
        let into = folder.path().join(tool);
        std::fs::create_dir(&into).unwrap();
        let args = [&more[..], &level[..], &["-od", into.to_str().unwrap()]].concat();
        dcmtk(&serve, tool, &args, &[]).unwrap();
        assert!(got(&into) == sent, "{tool}");
    }
    let url = format!("http://{}/dicomweb", serve.addr);
    if let Some(same) = machine(&[&["fetch", &url][..], &paths].concat(), "dicomweb_client") {
        assert_eq!(same, json!([true, true]));
    }
    let Some(orthanc) = Orthanc::start(folder.path(), orthanc_port, &port) else { return };
    let query = json!({ "Level": "Study", "Query": { "StudyInstanceUID": study } }).to_string();
    let asked: Value =
        serde_json::from_slice(&orthanc.ask("POST", "/modalities/ward/query", &query)).unwrap();
    let retrieve = format!("/queries/{}/retrieve", asked["ID"].as_str().unwrap());
    orthanc.ask("POST", &retrieve, "ORTHANC");
    let listed: Vec<String> = serde_json::from_slice(&orthanc.ask("GET", "/instances", "")).unwrap();
    let into = folder.path().join("orthanc-files");
    std::fs::create_dir(&into).unwrap();
    for id in &listed {
        std::fs::write(into.join(id), orthanc.ask("GET", &format!("/instances/{id}/file"), "")).unwrap();
    }
    let mut kept = got(&into);
    let mut sent = sent;
    kept.sort();
    sent.sort();
    assert!(kept == sent, "Orthanc");
}
