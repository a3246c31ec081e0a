//! QIDO-RS.

use peony_dicom::Tag;
use peony_store::made_up;
use serde_json::{Value, json};

use crate::kit::{BASE, INSTANCE_UID, SERIES_UID, STUDY_UID, Server, file, place};

const NAME: Tag = Tag(0x0010, 0x0010);
const DATE: Tag = Tag(0x0008, 0x0020);

/// Two studies of Wang Fang with two series of two instances each, and one of somebody else.
async fn filled() -> Server {
    let server = Server::start().await;
    let mut files = Vec::new();
    for number in 0..8_usize {
        let study = number / 4;
        let (uids, date) = (
            [format!("2.25.1{study}"), format!("2.25.2{}", number / 2), format!("2.25.3{number}")],
            format!("2024010{}", study + 1),
        );
        let said = [
            (STUDY_UID, uids[0].as_str()),
            (SERIES_UID, &uids[1]),
            (INSTANCE_UID, &uids[2]),
            (NAME, "Wang^Fang=王^芳"),
            (Tag(0x0010, 0x0020), "P1"),
            (DATE, &date),
            (Tag(0x0008, 0x0060), if number % 4 < 2 { "US" } else { "MG" }),
            (Tag(0x0008, 0x1010), "ROOM 3"),
        ];
        files.push(file(4, &said));
    }
    files.push(file(9, &[(NAME, "Müller^José"), (DATE, "20230515")]));
    let all: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    assert_eq!(server.store("/studies", &all).await.status, 200);
    server
}

fn values(answer: &Value, tag: &str) -> Vec<Value> {
    answer.as_array().unwrap().iter().map(|one| one[tag]["Value"][0].clone()).collect()
}

#[tokio::test]
async fn each_study_is_found_and_shown_by_its_own_name() {
    let server = Server::start().await;
    let of = |number, name| file(number, &[(NAME, name), (Tag(0x0010, 0x0020), "P1")]);
    let files = [of(10, "Wang^Fang"), of(12, "Li^Na")];
    assert_eq!(server.store("/studies", &files.each_ref().map(Vec::as_slice)).await.status, 200);
    let other = made_up::attributes(12)[&STUDY_UID].clone();
    for (path, names) in [
        ("/studies?PatientName=li*".to_owned(), vec!["Li^Na"]),
        ("/studies?PatientName=wang*".to_owned(), vec!["Wang^Fang"]),
        ("/studies?PatientID=P1".to_owned(), vec!["Li^Na", "Wang^Fang"]),
        (format!("/series?StudyInstanceUID={other}&includefield=all"), vec!["Li^Na"]),
        (format!("/instances?StudyInstanceUID={other}&includefield=all"), vec!["Li^Na"]),
    ] {
        let answer = server.get(&path, &["Accept: application/dicom+json"]).await;
        let found = values(&answer.json(), "00100010");
        let mut found: Vec<&str> = found.iter().filter_map(|name| name["Alphabetic"].as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, names, "{path}");
    }
}

#[tokio::test]
async fn every_level_is_found_at_every_place() {
    let server = filled().await;
    for (path, tag, expect) in [
        ("/studies", "0020000D", 3),
        ("/series", "0020000E", 5),
        ("/instances", "00080018", 9),
        ("/studies/2.25.10/series", "0020000E", 2),
        ("/studies/2.25.10/instances", "00080018", 4),
        ("/studies/2.25.10/series/2.25.21/instances", "00080018", 2),
        ("/series?StudyInstanceUID=2.25.11", "0020000E", 2),
        ("/instances?SeriesInstanceUID=2.25.22,2.25.23", "00080018", 4),
        ("/instances?00080018=2.25.30%5C2.25.35", "00080018", 2),
    ] {
        let answer = server.get(path, &["Accept: application/dicom+json"]).await;
        assert_eq!((answer.status, answer.field("content-type")), (200, "application/dicom+json"), "{path}");
        let mut found: Vec<String> =
            values(&answer.json(), tag).iter().map(|uid| uid.as_str().unwrap().to_owned()).collect();
        found.sort();
        found.dedup();
        assert_eq!(found.len(), expect, "{path}");
        assert_eq!(answer.all("warning"), [""; 0], "{path}");
    }
}

#[tokio::test]
async fn what_fits_is_found() {
    let server = filled().await;
    for (query, expect) in [
        ("PatientName=WANG*", 2),
        ("PatientName=wang%5Efang", 2),
        ("PatientName=%E7%8E%8B*", 2),
        ("PatientName=fang%20wang&fuzzymatching=true", 2),
        ("PatientName=muller*", 1),
        ("PatientName=Nobody", 0),
        ("PatientID=P1&StudyDate=20240102", 1),
        ("StudyDate=20240101-20241231", 2),
        ("StudyDate=-20231231", 1),
        ("ModalitiesInStudy=MG", 2),
        ("00080061=CT", 0),
        ("StudyInstanceUID=2.25.10,2.25.11,2.25.12", 2),
        ("StudyDate=", 3),
        ("limit=2", 2),
        ("limit=0", 0),
        ("offset=2", 1),
        ("offset=3", 0),
    ] {
        let answer = server.get(&format!("/studies?{query}"), &[]).await;
        let found = if answer.status == 204 { 0 } else { answer.json().as_array().unwrap().len() };
        assert_eq!(found, expect, "{query}");
    }
}

#[tokio::test]
async fn an_answer_has_what_it_should_and_what_was_asked_for() {
    let server = filled().await;
    let study = server.get("/studies?StudyInstanceUID=2.25.10", &[]).await.json()[0].clone();
    assert_eq!(study["00100010"]["Value"][0], json!({"Alphabetic": "Wang^Fang", "Ideographic": "王^芳"}));
    assert_eq!((&study["00201206"]["Value"][0], &study["00201208"]["Value"][0]), (&json!(2), &json!(4)));
    assert_eq!(study["00080061"]["Value"], json!(["MG", "US"]));
    let url = format!("http://{}{BASE}/studies/2.25.10", server.addr);
    assert_eq!(study["00081190"]["Value"][0], url);
    assert_eq!(study["00080005"]["Value"][0], "ISO_IR 192");

    // Below a study only what the path does not say; with a relational search all of it (§10.6.3.3).
    let series = server.get("/studies/2.25.10/series", &[]).await.json()[0].clone();
    assert!(series.get("00100010").is_none() && series["0020000D"]["Value"][0] == "2.25.10", "{series}");
    assert!(series["00081190"]["Value"][0].as_str().unwrap().contains("/studies/2.25.10/series/2.25.2"));
    assert_eq!(series["00201209"]["Value"][0], 2);
    let series = server.get("/series?StudyInstanceUID=2.25.10", &[]).await.json()[0].clone();
    assert_eq!(series["00100020"]["Value"][0], "P1");
    assert!(series.get("00081010").is_none());
    for query in ["includefield=StationName", "includefield=00081010,PatientID", "includefield=all"] {
        let series = server.get(&format!("/studies/2.25.10/series?{query}"), &[]).await.json()[0].clone();
        assert_eq!(series["00081010"]["Value"][0], "ROOM 3", "{query}");
    }
    let counts = ["00201200", "00201202", "00201204"];
    let plain = server.get("/studies?StudyInstanceUID=2.25.10", &[]).await.json()[0].clone();
    assert!(counts.iter().all(|tag| plain.get(tag).is_none()), "{plain}");
    for query in [&format!("includefield={}", counts.join(",")), "includefield=all"] {
        let answer = server.get(&format!("/studies?StudyInstanceUID=2.25.10&{query}"), &[]).await;
        let study = answer.json()[0].clone();
        assert_eq!(counts.map(|tag| study[tag]["Value"][0].clone()), [2, 4, 8].map(Value::from), "{query}");
        assert_eq!(answer.field("warning"), "");
    }
    let instance = server.get("/studies/2.25.10/instances", &[]).await.json()[0].clone();
    assert_eq!(
        (&instance["00280010"]["Value"][0], &instance["00280100"]["Value"][0]),
        (&json!(16), &json!(8))
    );

    let xml = server
        .get("/studies?StudyInstanceUID=2.25.10&accept=multipart/related;type=application/dicom+xml", &[]);
    let xml = xml.await;
    assert_eq!(xml.status, 200);
    let (kind, part) = xml.parts().remove(0);
    assert_eq!(kind, "application/dicom+xml; charset=utf-8");
    let text = String::from_utf8(part).unwrap();
    let name = "<Alphabetic><FamilyName>Wang</FamilyName><GivenName>Fang</GivenName></Alphabetic>";
    assert!(text.contains(name) && text.contains("keyword=\"StudyInstanceUID\""), "{text}");
}

#[tokio::test]
async fn what_an_answer_lacks_is_said() {
    let server = filled().await;
    for (query, warning) in [
        ("limit=2", "there are more results"),
        ("BodyPartExamined=BREAST", "nothing is matched by BodyPartExamined here"),
        ("00400275.00400009=X", "nothing is matched by 00400275.00400009 here"),
        ("includefield=PixelData", "the index does not keep PixelData"),
        ("ReferringPhysicianName=&fuzzymatching=true", ""),
        ("ReferringPhysicianName=x*&fuzzymatching=true", "supported for PatientName only"),
        ("limit=3", ""),
    ] {
        let answer = server.get(&format!("/studies?{query}"), &[]).await;
        let warnings = answer.all("warning").join(" ");
        assert!(
            if warning.is_empty() { warnings.is_empty() } else { warnings.contains(warning) },
            "{query}: {warnings}"
        );
        assert!(warnings.is_empty() || warnings.starts_with("299 peony \""), "{warnings}");
    }
}

#[tokio::test]
async fn what_is_no_question_is_one_line() {
    let server = filled().await;
    let many: String = (0..3000).map(|number| format!("{:08X}=1&", 0x0010_0000 + number)).collect();
    for (path, status, error) in [
        ("/studies?Nothing=1", 400, "`Nothing` is no attribute and no parameter"),
        ("/studies?limit=x", 400, "limit is no number"),
        (&format!("/studies?{many}"), 400, "bytes of a query: at most 16384"),
        (&format!("/studies?StudyInstanceUID={}", "1,".repeat(5000)), 400, "values of a list: at most 512"),
        ("/studies/..%2F..%2Fetc/series", 400, "the study of the path is no UID"),
        ("/studies/1.2%00/series", 400, "the study of the path is no UID"),
        ("/studies/%FF/series", 400, "the path is not UTF-8"),
        (&format!("/studies/{}/series", "1.".repeat(33)), 400, "the study of the path is no UID"),
    ] {
        let answer = server.get(path, &[]).await;
        assert_eq!((answer.status, answer.error().as_str()), (status, error), "{path}");
    }
    let answer = server.get("/studies", &["Accept: text/html"]).await;
    assert_eq!(answer.status, 406);
    let injected = server.get("/studies?PatientID=%27%20OR%201%3D1%20--", &[]).await;
    assert_eq!(injected.status, 204);
    let answer = server.ask("DELETE", "/studies/2.25.10", &[], b"").await;
    assert_eq!(answer.status, 405);
    assert_eq!(server.get(&place(9), &[]).await.status, 200);
}
