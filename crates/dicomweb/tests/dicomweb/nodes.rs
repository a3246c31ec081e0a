//! What a page asks of other nodes.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peony_dicom::{Attribute, Attributes, Tag, vr_of};
use peony_dicomweb::{FoundThere, Nodes, nodes, sending};
use peony_store::{Ended, FETCHING, Options, SendFault, Store};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::kit::{BASE, SMALL, STUDY_UID, Server};

const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const NAME: Tag = Tag(0x0010, 0x0010);

/// What the node was asked.
type Heard = Arc<Mutex<Vec<Vec<Attributes>>>>;

fn study(uid: &str) -> Attributes {
    [(STUDY_UID, uid), (NAME, "WANG\u{1b}[2J^FANG")]
        .map(|(tag, value)| {
            (tag, Attribute { vr: vr_of(tag), values: vec![value.to_owned()], items: vec![] })
        })
        .into()
}

/// A node `THERE` that has a study which is here and one which is not, `FAILS`, which fails as its questioner's patient is called, and `SILENT`.
async fn server(here: &str) -> (Server, Heard) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { keep_free: 0, ..Options::in_folder(folder.path()) }).await.unwrap();
    let (heard, uid) = (Heard::default(), here.to_owned());
    let listens = Arc::clone(&heard);
    let others = Nodes {
        sources: Arc::new(|| ["THERE", "FAILS", "SILENT"].map(str::to_owned).to_vec()),
        search: Arc::new(move |from, questions, most, until| {
            let said = questions[0][&PATIENT_ID].values.first().cloned().unwrap_or_default();
            listens.lock().unwrap().push(questions);
            let uid = uid.clone();
            Box::pin(async move {
                assert_eq!(most, 100);
                match (from.as_str(), said.as_str()) {
                    ("SILENT", _) => {
                        tokio::time::sleep_until(until).await;
                        Err(SendFault::Late)
                    }
                    ("FAILS", "rejects") => Err(SendFault::Rejected { for_now: false }),
                    ("FAILS", "offers nothing") => Err(SendFault::NotOffered),
                    ("FAILS", "fails") => Err(SendFault::Failed { status: "C001".to_owned() }),
                    ("FAILS", "breaks off") => Err(SendFault::BrokenOff),
                    ("FAILS", _) => Err(SendFault::Unreachable),
                    _ => Ok(FoundThere { studies: vec![study(&uid), study("1.2.3")], more: true, unread: 1 }),
                }
            })
        }),
        limit: Duration::from_millis(300),
    };
    let queue = sending(store.clone(), Arc::new(Vec::new));
    let app = axum::Router::new().nest(BASE, nodes(store.clone(), others).nest("/queue", queue));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (Server { addr, store, folder }, heard)
}

async fn ask(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let answer = server.ask(method, path, &["Content-Type: application/json"], body.as_bytes()).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_is_searched_and_its_answers_say_what_is_here() {
    let said = peony_store::made_up::attributes(1);
    let (server, heard) = server(&said[&STUDY_UID]).await;
    let file = peony_store::made_up::file(&said, SMALL, 1);
    let parts = futures_util::stream::iter([Ok::<_, std::io::Error>(file.into())]);
    server.store.receive("TEST", parts).await.unwrap();
    assert_eq!(ask(&server, "GET", "", &Value::Null).await, (200, json!(["THERE", "FAILS", "SILENT"])));
    let (status, found) = ask(
        &server,
        "POST",
        "/search",
        &json!({ "from": "THERE", "patient_id": "P-1", "date": "20250101-" }),
    )
    .await;
    assert_eq!((status, &found["more"], &found["unread"]), (200, &json!(true), &json!(1)), "{found}");
    assert_eq!([&found["studies"][0]["here"], &found["studies"][1]["here"]], [&json!(1), &json!(0)]);
    let name = &found["studies"][1]["study"]["00100010"]["Value"][0]["Alphabetic"];
    assert_eq!(name, "WANG[2J^FANG", "no control character of a node comes through");
    let asked = heard.lock().unwrap()[0].clone();
    assert_eq!((asked.len(), &asked[0][&PATIENT_ID].values), (1, &vec!["P-1".to_owned()]));

    let search = |from: &str, id: &str| json!({ "from": from, "patient_id": id });
    for (from, id, status, code) in [
        ("NOBODY", "x", 404, "not_found"),
        ("FAILS", "x", 502, "node_unreachable"),
        ("FAILS", "rejects", 502, "node_rejects"),
        ("FAILS", "offers nothing", 502, "node_not_offered"),
        ("FAILS", "fails", 502, "node_fails"),
        ("FAILS", "breaks off", 502, "node_broken_off"),
        ("SILENT", "x", 504, "node_late"),
        ("THERE", "a\\b", 400, "bad_value"),
        ("THERE", " ", 400, "bad_value"),
    ] {
        let (answered, why) = ask(&server, "POST", "/search", &search(from, id)).await;
        assert_eq!((answered, why["code"].as_str()), (status, Some(code)), "{from} {id}: {why}");
    }
    let lines = server.store.audit_after(0, 100).await.unwrap();
    let searched: Vec<_> = lines.iter().filter(|line| line.act == "search").map(|line| &line.what).collect();
    assert_eq!(searched, ["node THERE"], "who was looked for is not written down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_study_is_fetched_by_the_name_of_a_node_and_stands_in_the_queue() {
    let (server, _) = server("1.2").await;
    for (body, status) in [
        (json!({ "from": "NOBODY", "study_uid": "1.2.3" }), 404),
        (json!({ "from": "THERE" }), 400),
        (json!({ "from": "THERE", "study_uid": "*" }), 400),
        (json!({ "from": "THERE", "study_uid": "1.2.3", "series_uid": "" }), 400),
    ] {
        let (answered, why) = ask(&server, "POST", "/fetch", &body).await;
        assert!(answered == status && why["error"].is_string(), "{answered} {why}");
    }
    let (status, made) =
        ask(&server, "POST", "/fetch", &json!({ "from": "THERE", "study_uid": "1.2.3" })).await;
    assert_eq!(status, 201, "{made}");
    let first = async || ask(&server, "GET", "/queue", &Value::Null).await.1["queue"][0].clone();
    let waits = first().await;
    let keys: Vec<&str> = waits.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["at_ms", "due_ms", "fault", "from", "id", "of", "promise", "state", "study_uid", "taken", "tries"];
    assert_eq!(keys, expected, "as web/ui/src/studies/sending.ts reads it");
    assert_eq!((&waits["from"], &waits["state"]), (&json!("THERE"), &json!("waiting")));
    let job = server.store.take_job(FETCHING, Duration::from_secs(60), &[]).await.unwrap().unwrap();
    let progress = json!({ "came": 12, "of": 300 }).to_string();
    let fault = json!(SendFault::Incomplete { count: 288 }).to_string();
    server.store.end_job(&job, &progress, Ended::Failed(fault)).await.unwrap();
    let failed = first().await;
    assert_eq!((&failed["taken"], &failed["of"]), (&json!(12), &json!(300)));
    assert_eq!(failed["fault"], json!({ "why": "incomplete", "count": 288 }));
    let id = failed["id"].as_i64().unwrap();
    assert_eq!(ask(&server, "POST", &format!("/queue/{id}/retry"), &Value::Null).await.0, 204);
    assert_eq!(ask(&server, "POST", &format!("/queue/{id}/cancel"), &Value::Null).await.0, 204);
    assert_eq!(ask(&server, "POST", "/queue/clear", &json!({ "ids": [id] })).await.0, 204);
    assert_eq!(ask(&server, "GET", "/queue", &Value::Null).await.1["queue"], json!([]));
    let lines = server.store.audit_after(0, 100).await.unwrap();
    let acts: Vec<&str> = lines.iter().map(|line| line.act.as_str()).collect();
    assert_eq!(acts, ["fetch", "retry-fetching", "cancel-fetching", "clear-sendings"]);
}
