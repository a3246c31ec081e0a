//! What a page asks of the queue of sendings.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use peony_dicomweb::sending;
use peony_store::{Ended, Options, SENDING, SendFault, Sending, Store};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::kit::{BASE, SMALL, STUDY_UID, Server};

async fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { keep_free: 0, ..Options::in_folder(folder.path()) }).await.unwrap();
    let neighbours = Arc::new(|| vec!["ARCHIVE".to_owned(), "WARD".to_owned()]);
    let app = axum::Router::new().nest(BASE, sending(store.clone(), neighbours));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { addr, store, folder }
}

async fn ask(server: &Server, method: &str, path: &str, body: &str) -> (u16, Value) {
    let answer = server.ask(method, path, &["Content-Type: application/json"], body.as_bytes()).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

fn empty() -> Value {
    json!({ "all": 0, "open": 0, "again": 0, "failed": 0, "queue": [] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_study_is_sent_by_the_name_of_a_node_and_the_queue_tells_what_became_of_it() {
    let server = server().await;
    let said = peony_store::made_up::attributes(1);
    let file = peony_store::made_up::file(&said, SMALL, 1);
    let parts = futures_util::stream::iter([Ok::<_, std::io::Error>(file.into())]);
    server.store.receive("TEST", parts).await.unwrap();
    assert_eq!(ask(&server, "GET", "/neighbours", "").await, (200, json!(["ARCHIVE", "WARD"])));
    assert_eq!(ask(&server, "GET", "", "").await, (200, empty()));
    let whole = json!({ "to": "WARD", "study_uid": said[&STUDY_UID] });
    for (body, status) in [
        (json!({ "to": "NOBODY", "study_uid": said[&STUDY_UID] }).to_string(), 404),
        (json!({ "to": "WARD", "study_uid": "1.2.3" }).to_string(), 404),
        (json!({ "to": "WARD", "study_uid": said[&STUDY_UID], "series_uid": "1.2.3" }).to_string(), 404),
        (json!({ "to": "WARD" }).to_string(), 400),
        ("{".to_owned(), 400),
        (format!("\"{}\"", "x".repeat(10_000)), 400),
    ] {
        let (answered, why) = ask(&server, "POST", "", &body).await;
        assert!(answered == status && why["error"].is_string(), "{answered} {why}");
    }
    for path in ["/abc/retry", "/abc/cancel"] {
        let (status, refused) = ask(&server, "POST", path, "").await;
        assert_eq!((status, &refused["code"]), (400, &json!("bad_value")), "{path}");
    }
    let (status, made) = ask(&server, "POST", "", &whole.to_string()).await;
    let id = made["id"].as_i64().unwrap();
    assert_eq!(status, 201);
    let first = async || ask(&server, "GET", "", "").await.1["queue"][0].clone();
    let waits = first().await;
    let keys: Vec<&str> = waits.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["at_ms", "due_ms", "fault", "id", "of", "promise", "state", "study_uid", "taken", "to", "tries"];
    assert_eq!(keys, expected, "as web/ui/src/studies/sending.ts reads it");
    assert_eq!(
        (&waits["state"], &waits["id"], &waits["fault"]),
        (&json!("waiting"), &json!(id), &Value::Null)
    );

    let minute = Duration::from_secs(60);
    let job = server.store.take_job(SENDING, minute, &[]).await.unwrap().unwrap();
    assert_eq!(first().await["state"], "running");
    assert_eq!(ask(&server, "POST", &format!("/{id}/retry"), "").await.0, 404, "it is at work");
    let fault = json!(SendFault::Refused { status: "C000".to_owned(), count: 1 }).to_string();
    server.store.end_job(&job, "", Ended::Failed(fault)).await.unwrap();
    let failed = first().await;
    assert_eq!(failed["state"], "failed");
    assert_eq!(failed["fault"], json!({ "why": "refused", "status": "C000", "count": 1 }));
    assert_eq!(ask(&server, "POST", &format!("/{id}/retry"), "").await.0, 204);
    assert_eq!(first().await["state"], "waiting");
    assert_eq!(ask(&server, "POST", &format!("/{id}/cancel"), "").await.0, 204);
    assert_eq!(first().await["state"], "cancelled");
    for path in ["/4711/cancel", "/4711/retry", &format!("/{id}/cancel")] {
        assert_eq!(ask(&server, "POST", path, "").await.0, 404, "{path}");
    }
    let mut lines = server.store.audit_after(0, 10).await.unwrap();
    lines.retain(|line| line.act != "receive");
    let who: Vec<String> = lines.into_iter().map(|line| line.who).collect();
    assert_eq!(who, ["this machine"; 3]);
    assert_eq!(ask(&server, "POST", "/clear", "{}").await.0, 400);
    let ids = json!({ "ids": [id, 4711] }).to_string();
    assert_eq!(ask(&server, "POST", "/clear", &ids).await.0, 204);
    assert_eq!(ask(&server, "GET", "", "").await, (200, empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_says_how_many_there_are_beyond_those_that_it_lists() {
    let server = server().await;
    let said = peony_store::made_up::attributes(1);
    let parts = futures_util::stream::iter([Ok::<_, std::io::Error>(
        peony_store::made_up::file(&said, SMALL, 1).into(),
    )]);
    server.store.receive("TEST", parts).await.unwrap();
    for number in 0..103 {
        let (to, study_uid) = (format!("NODE{number}"), said[&STUDY_UID].clone());
        server.store.send(&Sending { to, study_uid, series_uid: None }, "a person").await.unwrap();
    }
    let job = server.store.take_job(SENDING, Duration::from_secs(60), &[]).await.unwrap().unwrap();
    server.store.end_job(&job, "", Ended::Failed(String::new())).await.unwrap();
    let (_, queue) = ask(&server, "GET", "", "").await;
    let listed = queue["queue"].as_array().map(Vec::len);
    assert_eq!((listed, &queue["all"]), (Some(100), &json!(103)));
    assert_eq!((&queue["open"], &queue["failed"]), (&json!(102), &json!(1)));
}
