//! What a page asks of who is who.

use std::net::Ipv4Addr;

use peony_dicomweb::identity;
use peony_store::made_up::Pixels;
use peony_store::{Options, Store, Which, made_up};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::kit::{BASE, INSTANCE_UID, SMALL, STUDY_UID, Server};

const NAME: peony_dicom::Tag = peony_dicom::Tag(0x0010, 0x0010);

async fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { keep_free: 0, ..Options::in_folder(folder.path()) }).await.unwrap();
    let app = axum::Router::new().nest(BASE, identity(store.clone()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { addr, store, folder }
}

async fn ask(server: &Server, method: &str, path: &str, body: &str) -> (u16, Value) {
    let answer = server.ask(method, path, &["Content-Type: application/json"], body.as_bytes()).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

async fn put(server: &Server, number: u64, name: &str, seed: u64) -> Vec<u8> {
    let mut said = made_up::attributes(number);
    said.insert(NAME, name.to_owned());
    let file = made_up::file(&said, SMALL, seed);
    let parts = futures_util::stream::iter([Ok::<_, std::io::Error>(file.clone().into())]);
    server.store.receive("PROBE", parts).await.unwrap();
    file
}

fn keys(of: &Value) -> Vec<&str> {
    of.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contradiction_and_an_object_kept_aside_are_told_and_settled() {
    let server = server().await;
    let none =
        json!({ "contradictions": 0, "aside": 0, "decided": 0, "merges": 0, "partings": 0, "doubtful": [] });
    assert_eq!(ask(&server, "GET", "", "").await, (200, none.clone()));
    // The first two are one patient's by their identifier.
    put(&server, 10, "Wang^Fang", 1).await;
    put(&server, 11, "Li^Na", 1).await;
    let other = put(&server, 10, "Wang^Fang", 2).await;
    let uid = |number| made_up::attributes(number)[&STUDY_UID].clone();
    let mut open = none.clone();
    (open["contradictions"], open["aside"], open["doubtful"]) =
        (json!(1), json!(1), json!([uid(11), uid(10)]));
    assert_eq!(ask(&server, "GET", "", "").await, (200, open));

    let (_, contradictions) = ask(&server, "GET", "/contradictions", "").await;
    let [one] = contradictions.as_array().unwrap().as_slice() else { panic!("{contradictions}") };
    assert_eq!(
        keys(one),
        ["about", "at_ms", "id", "kept", "of_study", "other", "study_uid"],
        "as the page reads it"
    );
    assert_eq!(
        [&one["about"], &one["kept"], &one["other"], &one["study_uid"], &one["of_study"]],
        [&json!("name"), &json!("Wang^Fang"), &json!("Li^Na"), &json!(uid(11)), &json!(true)]
    );
    let settle = format!("/contradictions/{}/settle", one["id"]);
    assert_eq!(ask(&server, "POST", &settle, "").await.0, 204);
    assert_eq!(ask(&server, "POST", &settle, "").await.0, 404);

    let (_, aside) = ask(&server, "GET", "/aside", "").await;
    let [one] = aside.as_array().unwrap().as_slice() else { panic!("{aside}") };
    let expected = [
        "at_ms",
        "decided_at_ms",
        "decided_by",
        "digest",
        "id",
        "instance_uid",
        "kept",
        "origin",
        "size",
        "study_uid",
    ];
    assert_eq!(keys(one), expected, "as the page reads it");
    let kept = &one["kept"];
    assert_eq!(keys(kept), ["at_ms", "digest", "origin", "size", "study_uid"], "as the page reads it");
    assert_eq!([&kept["study_uid"], &one["origin"]], [&json!(uid(10)), &json!("PROBE")]);
    assert_eq!([&kept["origin"], &kept["size"]], [&json!("PROBE"), &json!(other.len())], "they are as long");
    let bytes = server.get(&format!("/aside/{}", one["id"]), &[]).await;
    assert!(bytes.status == 200 && bytes.body == other);
    assert_eq!(bytes.field("content-type"), "application/dicom");
    assert!(bytes.field("content-disposition").starts_with("attachment"));
    assert_eq!(ask(&server, "GET", "/aside/999", "").await.0, 404);
    for (method, path) in
        [("GET", "/aside/zz"), ("GET", "/aside/zz/differences"), ("POST", "/merges/1.5/undo")]
    {
        let (status, refused) = ask(&server, method, path, "").await;
        assert_eq!((status, &refused["code"]), (400, &json!("bad_value")), "{path}");
    }
    assert_eq!(ask(&server, "POST", &format!("/aside/{}/reject", one["id"]), "").await.0, 204);
    let mut decided = none;
    (decided["decided"], decided["merges"]) = (json!(1), json!(1));
    assert_eq!(ask(&server, "GET", "", "").await, (200, decided));
}

/// Receives an object with these attributes instead, and gives the number under which it lies aside.
async fn aside(
    server: &Server,
    origin: &str,
    changes: &[(peony_dicom::Tag, &str)],
    pixels: (Pixels, u64),
) -> i64 {
    let mut said = made_up::attributes(10);
    for (tag, value) in changes {
        if value.is_empty() { drop(said.remove(tag)) } else { drop(said.insert(*tag, (*value).to_owned())) }
    }
    let file = made_up::file(&said, pixels.0, pixels.1);
    let parts = futures_util::stream::iter([Ok::<_, std::io::Error>(file.into())]);
    server.store.receive(origin, parts).await.unwrap();
    server.store.kept_aside(100).await.unwrap().last().unwrap().id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_an_object_kept_aside_differs_is_told() {
    const DESCRIPTION: peony_dicom::Tag = peony_dicom::Tag(0x0008, 0x1030);
    const COMMENT: peony_dicom::Tag = peony_dicom::Tag(0x0020, 0x4000);
    const SERIES: peony_dicom::Tag = peony_dicom::Tag(0x0020, 0x000E);
    const CODED: Pixels = Pixels::Coded { frames: 2, frame_bytes: 100 };
    const TWO: Pixels = Pixels::Native { frames: 2, size: [16, 16] };
    let server = server().await;
    let name = made_up::attributes(10)[&NAME].clone();
    put(&server, 10, &name, 1).await;
    let differences = async |id: i64| {
        let (status, told) = ask(&server, "GET", &format!("/aside/{id}/differences"), "").await;
        assert_eq!(status, 200, "{told}");
        told
    };
    let tags = |told: &Value| -> Vec<String> {
        let place = |one: &Value| {
            one["place"].as_array().unwrap().last().unwrap()["tag"].as_str().unwrap().to_owned()
        };
        told["attributes"].as_array().unwrap().iter().map(place).collect()
    };

    let long = "x".repeat(500);
    let changes = [(NAME, "Li^Na"), (DESCRIPTION, ""), (COMMENT, long.as_str()), (SERIES, "1.2.3")];
    let told = differences(aside(&server, "OTHER", &changes, (SMALL, 1)).await).await;
    let expected = ["aside", "attributes", "kept", "more", "pixels", "whole"];
    assert_eq!(keys(&told), expected, "as the page reads it");
    let expected =
        ["at_ms", "class_uid", "frames", "origin", "series_uid", "size", "study_uid", "transfer_syntax_uid"];
    assert_eq!(keys(&told["aside"]), expected, "as the page reads it");
    assert_eq!([&told["kept"]["origin"], &told["aside"]["origin"]], [&json!("PROBE"), &json!("OTHER")]);
    assert_eq!(told["aside"]["series_uid"], "1.2.3");
    assert_eq!([&told["pixels"], &told["more"], &told["whole"]], [&json!("same"), &json!(0), &json!(true)]);
    assert_eq!(tags(&told), ["00100010", "00081030", "0020000E", "00204000"], "who was examined first");
    let text = |text: &str| json!({ "kind": "text", "text": text });
    let absent = json!({ "kind": "absent" });
    let [patient, description, _, comment] = told["attributes"].as_array().unwrap().as_slice() else {
        panic!("{told}")
    };
    assert_eq!(patient["place"], json!([{ "tag": "00100010", "keyword": "PatientName", "item": 0 }]));
    assert_eq!([&patient["kept"], &patient["aside"]], [&text(&name), &text("Li^Na")]);
    assert_eq!([&description["kept"], &description["aside"]], [&text("Breast ultrasound"), &absent]);
    let cut = format!("{}…", "x".repeat(160));
    assert_eq!([&comment["kept"], &comment["aside"]], [&absent, &text(&cut)]);

    let other = differences(aside(&server, "OTHER", &[], (SMALL, 2)).await).await;
    assert_eq!((&other["pixels"], other["attributes"].as_array().unwrap().len()), (&json!("other"), 0));
    let two = differences(aside(&server, "OTHER", &[], (TWO, 1)).await).await;
    assert_eq!((&two["pixels"], &two["aside"]["frames"]), (&json!("other"), &json!(2)));

    // Of coded pixels nothing is said but that they are the same.
    let first = aside(&server, "OTHER", &[], (CODED, 1)).await;
    server.store.take_aside(first, "a person").await.unwrap();
    let same = differences(aside(&server, "OTHER", &[(NAME, "Li^Na")], (CODED, 1)).await).await;
    assert_eq!((&same["pixels"], tags(&same)), (&json!("same"), vec!["00100010".to_owned()]));
    let coded = differences(aside(&server, "OTHER", &[], (CODED, 2)).await).await;
    assert_eq!(coded["pixels"], "unknown");
    assert_eq!(ask(&server, "GET", "/aside/999/differences", "").await.0, 404);
    let audit = server.store.audit_after(0, 1000).await.unwrap();
    assert_eq!(audit.iter().filter(|line| line.act == "read-aside").count(), 5, "every look is written down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_kept_aside_has_a_picture() {
    let server = server().await;
    put(&server, 10, "Wang^Fang", 1).await;
    let id = aside(&server, "OTHER", &[], (Pixels::Native { frames: 3, size: [40, 60] }, 2)).await;
    let picture = server.get(&format!("/aside/{id}/thumbnail?viewport=30,30"), &[]).await;
    assert_eq!((picture.status, picture.field("content-type")), (200, "image/jpeg"));
    let drawn = image::load_from_memory(&picture.body).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (30, 20));
    assert_eq!(server.get("/aside/999/thumbnail", &[]).await.status, 404);
    assert_eq!(server.get(&format!("/aside/{id}/thumbnail?viewport=0"), &[]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_kept_aside_is_taken_instead_and_that_is_taken_back() {
    let server = server().await;
    let first = put(&server, 10, "Wang^Fang", 1).await;
    let second = put(&server, 10, "Wang^Fang", 2).await;
    let list = async |query: &str| ask(&server, "GET", &format!("/aside{query}"), "").await.1;
    let take = async |id: &Value| ask(&server, "POST", &format!("/aside/{id}/take"), "").await;
    let id = list("").await[0]["id"].clone();
    let (status, taken) = take(&id).await;
    assert_eq!((status, keys(&taken)), (200, vec!["id"]), "as the page reads it");
    assert_eq!(take(&id).await.0, 404, "once");
    assert_eq!([list("").await, list("?decided=false").await], [json!([]), json!([])]);
    let decided = list("?decided=true").await;
    let [other] = decided.as_array().unwrap().as_slice() else { panic!("{decided}") };
    assert_eq!((&other["id"], other["decided_by"].is_string()), (&taken["id"], true));
    let instance = made_up::attributes(10)[&INSTANCE_UID].clone();
    let which = Which { instance_uid: Some(&instance), ..Which::default() };
    let is_kept = server.store.instances(which).await.unwrap();
    assert_eq!(other["kept"]["digest"], is_kept[0].object.digest, "which one is handed out now");
    assert_ne!(other["digest"], other["kept"]["digest"]);
    assert!(other["decided_at_ms"].as_i64().unwrap() >= other["at_ms"].as_i64().unwrap());
    let bytes = async |id: &Value| server.get(&format!("/aside/{id}"), &[]).await.body;
    assert!(bytes(&taken["id"]).await == first);
    let (_, back) = take(&taken["id"]).await;
    assert!(bytes(&back["id"]).await == second);
    assert_eq!(ask(&server, "GET", "/aside?decided=perhaps", "").await.0, 400);
    assert_eq!(take(&json!(999)).await.0, 404);
}

/// Whoever has a picture of the one that was handed out does not take it for one of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_instead_has_tags_of_its_own() {
    let server = Server::start().await;
    let file = |seed| made_up::file(&made_up::attributes(10), SMALL, seed);
    let files = [file(1), file(2)];
    for file in &files {
        let parts = futures_util::stream::iter([Ok::<_, std::io::Error>(file.clone().into())]);
        server.store.receive("PROBE", parts).await.unwrap();
    }
    let instance = crate::kit::place(10);
    let (rendered, frame) = (format!("{instance}/rendered"), format!("{instance}/frames/1"));
    let tag = async |path: &str| {
        let answer = server.get(path, &[]).await;
        assert_eq!(answer.status, 200);
        answer.field("etag").to_owned()
    };
    let before = [tag(&rendered).await, tag(&frame).await];
    assert_eq!(server.get(&rendered, &[&format!("If-None-Match: {}", before[0])]).await.status, 304);
    let mut aside = server.store.kept_aside(10).await.unwrap()[0].id;
    aside = server.store.take_aside(aside, "a person").await.unwrap();
    let after = [tag(&rendered).await, tag(&frame).await];
    assert!(before[0] != after[0] && before[1] != after[1], "{before:?} {after:?}");
    assert_eq!(server.get(&rendered, &[&format!("If-None-Match: {}", before[0])]).await.status, 200);
    let retrieved = server.get(&instance, &["Accept: application/dicom"]).await;
    assert!(retrieved.status == 200 && retrieved.body == files[1]);
    server.store.take_aside(aside, "a person").await.unwrap();
    assert_eq!([tag(&rendered).await, tag(&frame).await], before, "the first one is what it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_patients_are_said_to_be_one_by_their_studies_and_that_is_taken_back() {
    let server = server().await;
    put(&server, 10, "Wang^Fang", 1).await;
    put(&server, 20, "Wang^F", 1).await;
    let uid = |number| made_up::attributes(number)[&STUDY_UID].clone();
    let of =
        |source: &str, target: &str| json!({ "source_study": source, "target_study": target }).to_string();
    for (body, status, code) in [
        (of(&uid(10), "1.2.3"), 404, "not_found"),
        (of("1.2.3", &uid(10)), 404, "not_found"),
        (of(&uid(10), &uid(10)), 409, "not_merged"),
        (json!({ "source_study": uid(10) }).to_string(), 400, "bad_value"),
        ("{".to_owned(), 400, "bad_value"),
        (format!("\"{}\"", "x".repeat(10_000)), 400, "bad_value"),
    ] {
        let (answered, why) = ask(&server, "POST", "/merges", &body).await;
        assert_eq!((answered, why["code"].as_str()), (status, Some(code)), "{body}");
    }
    let (status, made) = ask(&server, "POST", "/merges", &of(&uid(10), &uid(20))).await;
    assert_eq!(status, 201);
    let (_, merges) = ask(&server, "GET", "/merges", "").await;
    assert_eq!(
        keys(&merges[0]),
        ["at_ms", "id", "source", "study_uid", "target", "who"],
        "as the page reads it"
    );
    assert_eq!(merges[0]["study_uid"], Value::Null, "it is of all of a patient's");
    let name = |of: &str| merges[0][of]["00100010"]["Value"][0]["Alphabetic"].clone();
    assert_eq!((name("source"), name("target")), (json!("Wang^Fang"), json!("Wang^F")));
    let undo = format!("/merges/{}/undo", made["id"]);
    assert_eq!(ask(&server, "POST", &undo, "").await.0, 204);
    assert_eq!(ask(&server, "POST", &undo, "").await.0, 404);
    assert_eq!(ask(&server, "GET", "/merges", "").await, (200, json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_study_is_said_to_be_another_persons_and_that_is_taken_back() {
    let server = server().await;
    put(&server, 10, "Wang^Fang", 1).await;
    put(&server, 11, "Li^Na", 1).await;
    put(&server, 20, "Zhao^Min", 1).await;
    let uid = |number| made_up::attributes(number)[&STUDY_UID].clone();
    let around = async |study: &str| ask(&server, "GET", &format!("/contradictions?study={study}"), "").await;
    for (study, count) in
        [(uid(10), 1), (uid(11), 1), (uid(20), 0), ("1.2.3".to_owned(), 0), ("%27".to_owned(), 0)]
    {
        let (status, found) = around(&study).await;
        assert_eq!((status, found.as_array().unwrap().len()), (200, count), "{study}");
    }
    let id = around(&uid(11)).await.1[0]["id"].clone();
    let part = format!("/contradictions/{id}/part");
    let (status, made) = ask(&server, "POST", &part, "").await;
    assert_eq!((status, keys(&made)), (201, vec!["id"]), "as the page reads it");
    assert_eq!(ask(&server, "POST", &part, "").await.0, 404);
    let (_, overview) = ask(&server, "GET", "", "").await;
    assert_eq!([&overview["contradictions"], &overview["partings"]], [&json!(0), &json!(1)]);
    let (_, partings) = ask(&server, "GET", "/partings", "").await;
    assert_eq!(
        keys(&partings[0]),
        ["at_ms", "id", "source", "study_uid", "target", "who"],
        "as the page reads it"
    );
    assert_eq!(partings[0]["study_uid"], uid(11));
    let name = |of: &str| partings[0][of]["00100010"]["Value"][0]["Alphabetic"].clone();
    assert_eq!((name("source"), name("target")), (json!("Wang^Fang"), json!("Li^Na")));
    // Who are two by a person's word are not said to be one.
    let merge = json!({ "source_study": uid(11), "target_study": uid(10) }).to_string();
    let (status, why) = ask(&server, "POST", "/merges", &merge).await;
    assert_eq!((status, why["code"].as_str()), (409, Some("not_merged")));
    let undo = format!("/partings/{}/undo", made["id"]);
    assert_eq!(ask(&server, "POST", &undo, "").await.0, 204);
    assert_eq!(ask(&server, "POST", &undo, "").await.0, 404);
    // Nor the other way round.
    assert_eq!(ask(&server, "POST", "/merges", &merge).await.0, 201);
    let (status, why) = ask(&server, "POST", &part, "").await;
    assert_eq!((status, why["code"].as_str()), (409, Some("not_parted")));
}
