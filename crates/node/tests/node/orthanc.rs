//! Against Orthanc, another maker's archive: what is sent to it comes back unchanged. Without it the test says so and passes.

use std::path::Path;
use std::time::{Duration, Instant};

use peony_node::{Configuration, Transport};
use peony_store::{JobState, Promise};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::free_port::free_port;
use crate::kit::{Running, Sample, open};
use crate::peer::listening;
use crate::sending::Sender;

/// Debian's place for it.
const ORTHANC: &str = "/usr/sbin/Orthanc";

/// Orthanc as `THERE`, with its port of HTTP; it ends when this is dropped.
pub async fn orthanc(folder: &Path, dicom: u16, modalities: &Value) -> Option<(Child, u16)> {
    if !Path::new(ORTHANC).is_file() {
        eprintln!("skipped: {ORTHANC} is missing (apt-get install orthanc)");
        return None;
    }
    let http = free_port();
    let file = folder.join("orthanc.json");
    let configuration = json!({
        "StorageDirectory": folder.join("storage"),
        "HttpPort": http,
        "DicomAet": "THERE",
        "DicomPort": dicom,
        "AuthenticationEnabled": false,
        "DicomModalities": modalities,
        "StorageCompression": false,
        // What it answers questions in, whatever it is asked in.
        "DefaultEncoding": "Utf8",
    });
    std::fs::write(&file, configuration.to_string()).unwrap();
    let mut command = Command::new(ORTHANC);
    command.arg(&file).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.kill_on_drop(true);
    let child = listening(command, http).await;
    Some((child, http))
}

/// What Orthanc answers; HTTP/1.0 knows no chunks.
pub async fn ask(http: u16, method: &str, path: &str, body: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", http)).await.unwrap();
    let head = format!("{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert!(head.contains(" 200 "), "{method} {path}: {head}{}", String::from_utf8_lossy(&answer[end..]));
    answer.split_off(end)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_orthanc_is_sent_comes_back_unchanged_and_is_promised() {
    let port = free_port();
    let sender = Sender::start(format!("127.0.0.1:{port}"), true).await;
    // Orthanc reports on storage commitment over an association of its own.
    let ours = Running::start_over(Transport::Plain, sender.store.clone(), open()).await;
    let back = Running::start(Configuration::open("BACK".parse().unwrap())).await;
    let folder = tempfile::tempdir().unwrap();
    let modalities = json!({
        "ours": ["PEONY", "127.0.0.1", ours.address.port()],
        "back": ["BACK", "127.0.0.1", back.address.port()],
    });
    let Some((_orthanc, http)) = orthanc(folder.path(), port, &modalities).await else { return };
    let samples: Vec<Sample> = (0..5).map(Sample::number).collect();
    sender.put(&samples).await;
    sender.send(&samples[0], "THERE").await;
    let done = sender.ended().await;
    assert_eq!((done.state, done.taken), (JobState::Done, 5), "{done:?}");

    let listed: Value = serde_json::from_slice(&ask(http, "GET", "/instances", "").await).unwrap();
    let listed: Vec<&str> = listed.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(listed.len(), samples.len());
    for id in &listed {
        let file = ask(http, "GET", &format!("/instances/{id}/file"), "").await;
        let path = folder.path().join("one.dcm");
        std::fs::write(&path, &file).unwrap();
        let outline = peony_dicom::outline(&std::fs::File::open(&path).unwrap()).unwrap();
        let uid = outline.text(peony_node::identifier::INSTANCE_UID);
        let sent = samples.iter().find(|sample| sample.instance == uid).unwrap();
        assert!(file[outline.data_set as usize..] == sent.data_set(), "{uid}");
    }
    // And by its own C-STORE.
    ask(http, "POST", "/modalities/back/store", &json!(listed).to_string()).await;
    for sample in &samples {
        assert!(back.archive.kept(&sample.instance).unwrap().1 == sample.data_set());
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let promise = sender.store.transfers(1).await.unwrap()[0].promise;
        if promise == Some(Promise::Kept) {
            break;
        }
        assert!(Instant::now() < deadline, "{promise:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    sender.stop().await;
}
