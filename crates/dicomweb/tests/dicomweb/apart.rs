//! Metadata and bulk data that come apart.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::kit::{BASE, Server, jpeg_cine, place, uids};

const URI: &str = "http://elsewhere/bulk/1";

/// A body with the boundary `apart`, of heads and bytes.
fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, bytes) in parts {
        body.extend(format!("--apart\r\n{head}\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--apart--\r\n");
    body
}

const JSON_BODY: &str = "Content-Type: multipart/related; type=\"application/dicom+json\"; boundary=apart";
const METADATA: &str = "Content-Type: application/dicom+json";

fn metadata(number: u64, more: Value) -> Value {
    let [study, series, instance] = uids(number);
    let ui = |uid: &str| json!({ "vr": "UI", "Value": [uid] });
    let us = |number: u16| json!({ "vr": "US", "Value": [number] });
    let mut metadata = json!({
        "00080016": ui("1.2.840.10008.5.1.4.1.1.7"),
        "00080018": ui(&instance),
        "0020000D": ui(&study),
        "0020000E": ui(&series),
        "00100020": { "vr": "LO", "Value": [format!("P{number}")] },
        "00280002": us(1),
        "00280004": { "vr": "CS", "Value": ["MONOCHROME2"] },
        "00280010": us(4),
        "00280011": us(6),
        "00280100": us(8),
        "00280101": us(8),
        "00280102": us(7),
        "00280103": us(0),
        "7FE00010": { "vr": "OB", "BulkDataURI": URI },
    });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    metadata
}

async fn sent(server: &Server, metadata: &Value, bulk: &[(&str, &[u8])]) -> (u16, Value) {
    let text = metadata.to_string();
    let mut parts = vec![(METADATA, text.as_bytes())];
    parts.extend(bulk);
    let answer = server.ask("POST", "/studies", &[JSON_BODY], &body(&parts)).await;
    (answer.status, if answer.body.is_empty() { Value::Null } else { answer.json() })
}

fn octets(uri: &str) -> String {
    format!("Content-Type: application/octet-stream\r\nContent-Location: {uri}")
}

#[tokio::test]
async fn an_object_is_put_together_and_read_as_any_other() {
    let server = Server::start().await;
    let pixels: Vec<u8> = (0..48).collect();
    let head = octets(URI);
    // Two frames in two parts of one address.
    let frames = json!({ "00280008": { "vr": "IS", "Value": [2] } });
    let bulk = [(head.as_str(), &pixels[..24]), (head.as_str(), &pixels[24..])];
    let (status, answer) = sent(&server, &json!([metadata(1, frames)]), &bulk).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["00081199"]["Value"][0]["00081155"]["Value"][0], uids(1)[2].as_str());
    let object = server.get(&place(1), &["Accept: application/dicom; transfer-syntax=*"]).await;
    let cine = peony_dicom::open_bytes(object.body).unwrap();
    assert_eq!(
        (cine.frame_count(), cine.size_px(), cine.issues().len()),
        (2, [6, 4], 1),
        "{:?}",
        cine.issues()
    );
    let peony_model::Pixels::Luma8(second) = cine.frame(1).unwrap().pixels else { panic!("grey") };
    assert_eq!(second.as_raw()[..], pixels[24..]);
    // The same again is the same object.
    let frames = json!({ "00280008": { "vr": "IS", "Value": ["2"] } });
    assert_eq!(sent(&server, &metadata(1, frames), &bulk).await.0, 200);
}

#[tokio::test]
async fn coded_frames_keep_their_coding() {
    let server = Server::start().await;
    let (_, coded) = jpeg_cine(1, 3);
    let cine = |frames: u16| {
        metadata(
            2,
            json!({
                "00280008": { "vr": "IS", "Value": [frames] },
                "00280010": { "vr": "US", "Value": [480] },
                "00280011": { "vr": "US", "Value": [640] },
            }),
        )
    };
    let head = format!("Content-Type: image/jpeg\r\nContent-Location: {URI}");
    let bulk: Vec<(&str, &[u8])> = coded.iter().map(|frame| (head.as_str(), frame.as_slice())).collect();
    let (status, answer) = sent(&server, &cine(4), &bulk).await;
    assert_eq!(
        (status, comment(&answer, "00081198")),
        (409, "metadata: coded pixel data is not a part for each frame".into())
    );
    assert_eq!(sent(&server, &cine(3), &bulk).await.0, 200);
    let frames = server
        .get(&format!("{}/frames/1,2,3", place(2)), &["Accept: multipart/related; type=image/jpeg"])
        .await;
    assert!(frames.parts().iter().map(|(_, bytes)| bytes).eq(&coded));
    assert!(frames.parts()[0].0.ends_with("1.2.840.10008.1.2.4.50"));
}

/// The comment of the first failure.
fn comment(answer: &Value, list: &str) -> String {
    answer[list]["Value"][0]["00000902"]["Value"][0].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn each_object_has_its_own_answer() {
    let server = Server::start().await;
    let pixels = [7_u8; 24];
    let (first, second) = (octets(URI), octets("http://elsewhere/bulk/2"));
    let other = metadata(4, json!({ "7FE00010": { "vr": "OB", "BulkDataURI": "http://elsewhere/bulk/3" } }));
    let both = json!([metadata(3, json!({})), other]);
    let bulk = [(first.as_str(), pixels.as_slice()), (second.as_str(), pixels.as_slice())];
    let (status, answer) = sent(&server, &both, &bulk).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(answer["00081199"]["Value"].as_array().unwrap().len(), 1);
    assert_eq!(answer["00081198"]["Value"][0]["00081155"]["Value"][0], uids(4)[2].as_str());
    assert_eq!(comment(&answer, "00081198"), "metadata: bulk data that is not in the body");
    assert_eq!(comment(&answer, "0008119A"), "bulk data that no object of the body names");
    // What two name is sent for one: else a small body would be a large disk.
    let twice = json!([metadata(5, json!({})), metadata(6, json!({}))]);
    let (status, answer) = sent(&server, &twice, &bulk[..1]).await;
    assert_eq!(
        (status, comment(&answer, "00081198").as_str()),
        (202, "metadata: bulk data that was named before")
    );
    // What the scan does not take is refused as it is in any other object.
    let bad = metadata(7, json!({ "0020000D": { "vr": "UI" } }));
    assert_eq!(sent(&server, &bad, &bulk[..1]).await.0, 409);
    let video = format!("Content-Type: video/mp4\r\nContent-Location: {URI}");
    let (status, answer) =
        sent(&server, &metadata(8, json!({})), &[(video.as_str(), pixels.as_slice())]).await;
    assert_eq!(
        (status, comment(&answer, "00081198").as_str()),
        (409, "metadata: bulk data of a media type that is not taken")
    );
}

#[tokio::test]
async fn what_is_no_such_body_stores_nothing() {
    let server = Server::start().await;
    let text = metadata(9, json!({})).to_string();
    let whole = body(&[(METADATA, text.as_bytes()), (&octets(URI), &[1; 24])]);
    let long = vec![b' '; 9 << 20];
    for (what, sent, status) in [
        (
            "no address",
            body(&[(METADATA, text.as_bytes()), ("Content-Type: application/octet-stream", &[1; 24])]),
            400,
        ),
        ("cut off", whole[..whole.len() - 12].to_vec(), 400),
        ("no JSON", body(&[(METADATA, b"{")]), 409),
        ("no data set", body(&[(METADATA, b"[1]")]), 409),
        ("deep", body(&[(METADATA, "[".repeat(100_000).as_bytes())]), 409),
        (
            "deep in a text",
            body(&[(METADATA, ("[\"\\\"".to_owned() + &"]\"[".repeat(100_000)).as_bytes())]),
            409,
        ),
        ("nothing", body(&[]), 400),
        ("too much", body(&[(METADATA, &long)]), 413),
    ] {
        let answer = server.ask("POST", "/studies", &[JSON_BODY], &sent).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
    }
    assert_eq!(server.get(&place(9), &["Accept: */*"]).await.status, 404);
    let left = std::fs::read_dir(server.folder.path().join("store/incoming")).unwrap().count();
    assert_eq!(left, 0);
    assert_eq!(server.ask("POST", "/studies", &[JSON_BODY], &whole).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_wado_rs_gives_apart_makes_the_same_object_again() {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = std::process::Command::new(&python).args(["-c", "import dicomweb_client"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: {python} lacks the packages of crates/dicomweb/tests/requirements.txt (set PEONY_PYTHON)"
        );
        return;
    }
    let (from, to) = (Server::start().await, Server::start().await);
    let folder = tempfile::tempdir().unwrap();
    let cine = folder.path().join("cine.dcm");
    std::fs::write(&cine, jpeg_cine(1, 3).0).unwrap();
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dicomweb_apart.py"));
    command.args([&from, &to].map(|server| format!("http://{}{BASE}", server.addr)));
    let output = command.arg(cine).kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["same"], json!([true, true, true, true, true]), "elements that differ");
    // Metadata, three values of bulk data, and the pixels: of the cines a part for each frame.
    assert_eq!(said["parts"], json!([5, 5, 5, 7, 7]));
}
