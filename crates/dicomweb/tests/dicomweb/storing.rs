//! STOW-RS.

use std::time::Duration;

use peony_dicom::Tag;
use peony_dicomweb::Limits;
use peony_store::made_up;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::kit::{
    Answer, BASE, INSTANCE_UID, RELATED, SMALL, STUDY_UID, Server, file, multipart, place, uids,
};

/// The reasons of failures, with the instance where it is known.
fn reasons(answer: &Value, sequence: &str) -> Vec<(u64, String)> {
    let items = answer[sequence]["Value"].as_array().cloned().unwrap_or_default();
    let one = |item: &Value| {
        let reason = &item[if sequence == "00081199" { "00081196" } else { "00081197" }]["Value"][0];
        let uid = item["00081155"]["Value"][0].as_str().unwrap_or_default().to_owned();
        (reason.as_u64().unwrap_or_default(), uid)
    };
    items.iter().map(one).collect()
}

#[tokio::test]
async fn objects_are_kept_as_they_come_and_told_where_they_are() {
    let server = Server::start().await;
    let files: Vec<Vec<u8>> = (0..20).map(|number| file(number, &[])).collect();
    let all: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    let answer = server.store("/studies", &all).await;
    assert_eq!((answer.status, answer.field("content-type")), (200, "application/dicom+json"));
    let told = answer.json();
    assert!(told.get("00081198").is_none() && told.get("0008119A").is_none(), "{told}");
    let referenced = told["00081199"]["Value"].as_array().unwrap();
    assert_eq!(referenced.len(), 20);
    for (number, item) in (0..).zip(referenced) {
        assert_eq!(item["00081150"]["Value"][0], "1.2.840.10008.5.1.4.1.1.3.1");
        assert_eq!(item["00081155"]["Value"][0], uids(number)[2]);
        let url = format!("http://{}{BASE}{}", server.addr, place(number));
        assert_eq!(item["00081190"], json!({"vr": "UR", "Value": [url]}));
    }
    assert_eq!(server.store("/studies", &all[..2]).await.status, 200, "the same again is accepted");
}

#[tokio::test]
async fn each_object_has_its_own_answer() {
    let server = Server::start().await;
    let path = format!("/studies/{}", uids(1)[0]);
    let (good, other_study) = (file(1, &[]), file(2, &[]));
    let no_uid = file(1, &[(INSTANCE_UID, "../../etc/passwd")]);
    let answer = server.store(&path, &[&good, b"no DICOM at all", &other_study, &no_uid]).await;
    assert_eq!(answer.status, 202);
    let told = answer.json();
    assert_eq!(reasons(&told, "00081199"), [(0, uids(1)[2].clone())]);
    assert_eq!(reasons(&told, "00081198"), [(0xA900, uids(2)[2].clone())]);
    assert_eq!(reasons(&told, "0008119A"), [(0xC000, String::new()), (0xC000, String::new())]);
    assert!(!answer.text().contains("passwd"));
    assert_eq!(server.get(&format!("/studies/{}", uids(2)[0]), &[]).await.status, 404);

    let answer = server.store(&path, &[&other_study]).await;
    assert_eq!((answer.status, reasons(&answer.json(), "00081198").len()), (409, 1));

    let another = made_up::file(&made_up::attributes(1), SMALL, 999);
    let answer = server.store("/studies", &[&another]).await;
    assert_eq!(
        (answer.status, reasons(&answer.json(), "00081199")),
        (202, vec![(0xB000, uids(1)[2].clone())])
    );
    assert_eq!(server.store.kept_aside(10).await.unwrap().len(), 1);

    let body = [multipart("application/dicom", &[&file(3, &[])]), multipart("text/plain", &[b"hello"])];
    let body = [&body[0][..body[0].len() - 13], &body[1][..]].concat();
    let answer = server.ask("POST", "/studies", &[RELATED], &body).await;
    assert_eq!((answer.status, reasons(&answer.json(), "0008119A")), (202, vec![(0xC000, String::new())]));
}

#[tokio::test]
async fn one_object_without_parts_is_kept_and_the_answer_may_be_xml() {
    let server = Server::start().await;
    let fields = ["Content-Type: application/dicom", "Accept: application/dicom+json"];
    assert_eq!(server.ask("POST", "/studies", &fields, &file(1, &[])).await.status, 200);
    // It is one data set and no part of anything; whoever asks for parts gets it too.
    for (number, accept) in
        [(2, "application/dicom+xml"), (3, "multipart/related; type=\"application/dicom+xml\"")]
    {
        let xml = ["Content-Type: application/dicom", &format!("Accept: {accept}")];
        let answer = server.ask("POST", "/studies", &xml, &file(number, &[])).await;
        assert_eq!((answer.status, answer.field("content-type")), (200, "application/dicom+xml"), "{accept}");
        let uid = &uids(number)[2];
        assert!(answer.text().contains(&format!("<Value number=\"1\">{uid}</Value>")), "{}", answer.text());
    }
}

#[tokio::test]
async fn what_is_no_body_of_objects_is_refused_and_leaves_nothing() {
    let server = Server::start().await;
    let whole = multipart("application/dicom", &[&file(1, &[])]);
    let without_last = &whole[..whole.len() - 16];
    let endless = [b"--of this\r\n".to_vec(), b"X-Header: and so on\r\n".repeat(100_000)].concat();
    let no_boundary = "Content-Type: multipart/related; type=\"application/dicom\"";
    let jpeg = "Content-Type: multipart/related; type=\"image/jpeg\"; boundary=x";
    for (what, kind, body, status, error) in [
        ("no boundary", no_boundary, &whole[..], 400, "the boundary is missing or is none"),
        ("pictures", jpeg, &whole, 415, "parts are taken as application/dicom, application/dicom+json or"),
        (
            "a form",
            "Content-Type: multipart/form-data; boundary=x",
            &whole,
            415,
            "taken are multipart/related",
        ),
        ("no type", "X: y", &whole, 415, "the Content-Type is missing or none"),
        ("cut off", RELATED, without_last, 400, "the body ends before its last boundary"),
        ("endless headers", RELATED, &endless, 400, "a part has more than 8192 bytes of headers"),
        ("nothing like it", RELATED, &[b'x'; 200_000], 400, "bytes come before the first boundary"),
        ("no part", RELATED, b"--of this--", 400, "the body holds no object"),
    ] {
        let answer = server.ask("POST", "/studies", &[kind], body).await;
        assert_eq!(answer.status, status, "{what}");
        assert!(answer.error().contains(error), "{what}: {}", answer.error());
    }
    assert_eq!(server.ask("POST", "/studies/1.2.x", &[RELATED], &whole).await.status, 400);
    assert_eq!(server.get("/studies", &[]).await.status, 204, "nothing was kept");
    let left = std::fs::read_dir(server.folder.path().join("store/incoming")).unwrap().count();
    assert_eq!(left, 0);
}

/// Of the connections to the index there are few. Senders that say nothing have none of them, and are let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_senders_hold_nobody_up() {
    let limits = Limits { silence: Duration::from_secs(2), ..Limits::default() };
    let server = Server::within(limits).await;
    let body = multipart("application/dicom", &[&file(1, &[])]);
    let head = format!(
        "POST {BASE}/studies HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{RELATED}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut slow = Vec::new();
    for _ in 0..64 {
        let mut stream = server.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..body.len() / 2]).await.unwrap();
        slow.push(stream);
    }
    let answered = async {
        assert_eq!(server.store("/studies", &[&file(2, &[])]).await.status, 200);
        assert_eq!(server.get("/studies", &[]).await.status, 200);
    };
    tokio::time::timeout(Duration::from_millis(1500), answered).await.expect("held up");
    for mut stream in slow {
        let answer = Answer::read(&mut stream).await;
        assert_eq!((answer.status, answer.error().as_str()), (408, "nothing came for 2 seconds"));
    }
    let left = std::fs::read_dir(server.folder.path().join("store/incoming")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_object_beyond_the_limit_is_refused() {
    let limits = Limits { object_bytes: 1000, ..Limits::default() };
    let server = Server::within(limits).await;
    let long = file(1, &[(Tag(0x0010, 0x4000), &"x".repeat(2000))]);
    let answer = server.store("/studies", &[&long]).await;
    assert_eq!((answer.status, answer.error().as_str()), (413, "bytes of an object: at most 1000"));
    assert_eq!(server.store("/studies", &[&file(2, &[(STUDY_UID, "2.25.7")])]).await.status, 200);
}

/// With the file meta information that a machine writes; made-up files have the transfer syntax alone.
fn from_a_machine(number: u64) -> Vec<u8> {
    let (made_up, syntax) = (file(number, &[]), "1.2.840.10008.1.2.1");
    let meta = peony_dicom::written::file_meta("1.2.840.10008.5.1.4.1.1.3.1", &uids(number)[2], syntax);
    // Preamble, prefix, one element with its header.
    [&meta, &made_up[128 + 4 + 8 + syntax.len() + 1..]].concat()
}

#[tokio::test]
async fn what_a_full_disk_does_not_take_is_named() {
    let server = Server::on_a_full_disk().await;
    let answer = server.store("/studies", &[&from_a_machine(1), &from_a_machine(2)]).await;
    let failed = |number: u64| (0xA700, uids(number)[2].clone());
    assert_eq!((answer.status, reasons(&answer.json(), "00081198")), (503, vec![failed(1), failed(2)]));
    assert!(answer.json().get("0008119A").is_none());
}

#[tokio::test]
async fn a_disk_that_fails_is_no_fault_of_the_objects() {
    let server = Server::start().await;
    let objects = server.folder.path().join("store/objects");
    let away = server.folder.path().join("away");
    std::fs::rename(&objects, &away).unwrap();
    std::fs::write(&objects, "no folder").unwrap();
    let answer = server.store("/studies", &[&from_a_machine(1), &from_a_machine(2)]).await;
    let failed = |number: u64| (0x0110, uids(number)[2].clone());
    assert_eq!((answer.status, reasons(&answer.json(), "00081198")), (503, vec![failed(1), failed(2)]));
    assert!(answer.json().get("0008119A").is_none(), "each is named");
    assert_eq!(answer.json()["00081198"]["Value"][0]["00081150"]["Value"][0], "1.2.840.10008.5.1.4.1.1.3.1");
    // What cannot be kept at all is not better sent again.
    let answer = server.store("/studies", &[&from_a_machine(1), b"no DICOM at all"]).await;
    let told = answer.json();
    assert_eq!((answer.status, reasons(&told, "00081198")), (409, vec![failed(1)]));
    assert_eq!(reasons(&told, "0008119A"), [(0xC000, String::new())], "without UIDs it can only be counted");
    std::fs::remove_file(&objects).unwrap();
    std::fs::rename(&away, &objects).unwrap();
    assert_eq!(server.store("/studies", &[&from_a_machine(1), &file(2, &[])]).await.status, 200);
}
