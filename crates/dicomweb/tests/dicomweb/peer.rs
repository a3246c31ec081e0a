//! Against dicomweb-client, an independent implementation, by `PEONY_PYTHON`, else `python3`; without it the test says so and passes.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::kit::{BASE, Server, file, jpeg_cine, place, uids};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dicomweb_client_stores_finds_and_gets_back_unchanged() {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = std::process::Command::new(&python).args(["-c", "import dicomweb_client"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: {python} lacks the packages of crates/dicomweb/tests/requirements.txt (set PEONY_PYTHON)"
        );
        return;
    }
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (cine, coded) = jpeg_cine(1, 3);
    let files = [cine, file(2, &[]), file(4, &[])];
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dicomweb_peer.py"));
    command.arg(format!("http://{}{BASE}", server.addr)).kill_on_drop(true);
    for (number, file) in files.iter().enumerate() {
        let path = folder.path().join(format!("{number}.dcm"));
        std::fs::write(&path, file).unwrap();
        command.arg(path);
    }
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [study, _, instance] = uids(1);
    assert_eq!(said["stored"], json!([uids(1)[2], uids(2)[2], uids(4)[2]]));
    assert_eq!(said["studies"], 3);
    assert_eq!(said["found"], json!([study]));
    assert_eq!(said["paged"], 3, "with one page after the other");
    assert_eq!(said["series"], 1);
    assert_eq!(said["instances"], json!([instance]));
    assert_eq!(said["unchanged"], true, "in the transfer syntax in which it was sent");
    assert_eq!(said["uncompressed"], json!(["1.2.840.10008.1.2.1", [3, 480, 640]]));
    assert_eq!(said["off"].as_u64().map(|off| off <= 2), Some(true), "as another decoder reads it: {said}");
    assert_eq!(said["frames"], json!(coded.iter().map(Vec::len).collect::<Vec<_>>()));
    assert_eq!(said["metadata"], json!([instance, 480]));
    assert_eq!(said["bulk"], 256, "{}", place(2));
    assert_eq!(said["rendered"], json!([640, 480]));
    assert_eq!(said["missing"], 404);
}
