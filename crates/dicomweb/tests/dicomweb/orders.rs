//! What a page registers, and what of it can be said otherwise.

use std::net::Ipv4Addr;

use peony_dicom::{Attribute, Attributes, Tag, VR};
use peony_dicomweb::orders;
use peony_store::{Options, Store};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::kit::{BASE, Server};

async fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { keep_free: 0, ..Options::in_folder(folder.path()) }).await.unwrap();
    let app = axum::Router::new().nest(BASE, orders(store.clone()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { addr, store, folder }
}

async fn ask(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = server.ask(method, path, &["Content-Type: application/json"], body.as_bytes()).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

fn order(number: u32, time: &str) -> Value {
    json!({
        "patient_id": format!("P-{number}"),
        "patient_name": "WANG^FANG=王^芳",
        "birth_date": "19800517",
        "procedure": "Breast ultrasound",
        "date": "20261126",
        "time": time,
    })
}

/// The patients of a list, and where the next one begins.
async fn listed(server: &Server, query: &str) -> (Vec<String>, Value) {
    let (status, said) = ask(server, "GET", query, &Value::Null).await;
    assert_eq!(status, 200, "{query}: {said}");
    let patient = |one: &Value| one["order"]["patient_id"].as_str().unwrap().to_owned();
    (said["orders"].as_array().unwrap().iter().map(patient).collect(), said["next"].clone())
}

/// A machine begins what was ordered (MPPS).
async fn begins(server: &Server, kept: &Value) {
    let text = |tag, text: &Value| (tag, Attribute::of(tag, vec![text.as_str().unwrap().to_owned()]));
    let item = [
        text(Tag(0x0020, 0x000D), &kept["order"]["study_uid"]),
        text(Tag(0x0040, 0x0009), &kept["order"]["step_id"]),
    ];
    let scheduled = Attribute { vr: VR::SQ, values: Vec::new(), items: vec![item.into()] };
    let said: Attributes =
        [text(Tag(0x0040, 0x0252), &json!("IN PROGRESS")), (Tag(0x0040, 0x0270), scheduled)].into();
    server.store.begin_step("1.2.7", "US_1", &said).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_registered_changed_and_cancelled_until_a_machine_begins() {
    let server = server().await;
    let (status, first) = ask(&server, "POST", "", &json!({ "order": order(1, "0930") })).await;
    assert_eq!((status, &first["state"], &first["site"]), (201, &json!("scheduled"), &json!("")));
    let said = &first["order"];
    assert_eq!(said["patient_name"], "WANG^FANG=王^芳");
    assert_eq!((&said["step"], &said["modality"]), (&json!("Breast ultrasound"), &json!("US")));
    let number = said["accession"].as_str().unwrap();
    assert!(number.starts_with("20261126") && (12..=16).contains(&number.len()), "{number}");
    let keys: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys.len(), 16, "as the page reads it: {keys:?}");

    let named = json!({ "order": { "patient_id": "P-2", "patient_name": "=李^娜", "date": "20261126", "accession": "A2", "step_id": "S/2" } });
    let (_, second) = ask(&server, "POST", "", &named).await;
    assert_eq!(
        (&second["order"]["accession"], &second["order"]["patient_name"]),
        (&json!("A2"), &json!("=李^娜"))
    );
    assert_eq!(ask(&server, "POST", "", &named).await, (201, second.clone()), "the same again is no other");
    let mut other = named.clone();
    other["order"]["patient_id"] = json!("P-3");
    let (status, refused) = ask(&server, "POST", "", &other).await;
    assert_eq!((status, &refused["code"]), (409, &json!("conflict")));
    let mut numbered = order(3, "1000");
    numbered["accession"] = json!("A2");
    let (status, refused) = ask(&server, "POST", "", &json!({ "order": numbered })).await;
    assert_eq!((status, &refused["code"]), (409, &json!("conflict")));
    assert_eq!(refused["error"], "another patient's order has this accession number");
    assert_eq!(listed(&server, "?day=20261126").await.0, ["P-2", "P-1"], "by their time");

    let change = format!("/{}/change", said["step_id"].as_str().unwrap());
    let (status, changed) =
        ask(&server, "POST", &change, &json!({ "time": "0800", "procedure": "Left breast" })).await;
    assert_eq!(status, 200, "{changed}");
    let fields = ["time", "procedure", "step", "accession", "patient_name"];
    let now = fields.map(|field| changed["order"][field].as_str().unwrap());
    assert_eq!(now, ["0800", "Left breast", "Left breast", number, "WANG^FANG=王^芳"], "the rest stays");
    let (status, refused) = ask(&server, "POST", &change, &json!({ "accession": "A2" })).await;
    assert_eq!((status, &refused["code"]), (409, &json!("conflict")), "that is no closed order");
    let (status, emptied) = ask(&server, "POST", &change, &json!({ "accession": "" })).await;
    assert_eq!((status, &emptied["order"]["accession"]), (200, &json!(number)), "as a new one without it");
    // The ID of its step is one part of an address, whatever stands in it.
    let (status, cancelled) = ask(&server, "POST", "/S%2F2/cancel", &Value::Null).await;
    assert_eq!((status, &cancelled["state"]), (200, &json!("cancelled")));
    assert_eq!(listed(&server, "?state=cancelled").await.0, ["P-2"]);
    let (status, gone) = ask(&server, "POST", "/S%2F2/cancel", &Value::Null).await;
    assert_eq!((status, &gone["code"]), (409, &json!("order_closed")));

    begins(&server, &first).await;
    assert_eq!(listed(&server, "?day=20261126&state=started").await.0, ["P-1"]);
    for path in [&change, &change.replace("change", "cancel")] {
        let (status, refused) = ask(&server, "POST", path, &json!({ "time": "0900" })).await;
        assert_eq!((status, &refused["code"]), (409, &json!("order_closed")), "{path}");
        assert_eq!(refused["error"], "a performed procedure step has begun");
    }
    assert_eq!(ask(&server, "POST", "/P4711/cancel", &Value::Null).await.0, 404);
    let audit = server.store.audit_after(0, 100).await.unwrap();
    let lines: Vec<String> =
        audit.iter().map(|line| format!("{}: {} {}", line.who, line.act, line.what)).collect();
    let here = [
        "this machine: add-order order 1",
        "this machine: add-order order 2",
        "this machine: search orders by ScheduledProcedureStepStartDate",
        "this machine: change-order order 1",
        "this machine: change-order order 1",
        "this machine: cancel-order order 2",
        "this machine: search orders",
    ];
    assert_eq!(lines[..7], here);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_order_is_one_line_without_its_values() {
    let server = server().await;
    let (_, kept) = ask(&server, "POST", "", &json!({ "order": order(1, "0930") })).await;
    let change = format!("/{}/change", kept["order"]["step_id"].as_str().unwrap());
    let no_order = "with an object of texts";
    for (path, body, said) in [
        ("", json!({ "order": {} }), "patient_id is missing; patient_name is missing; date is missing"),
        (
            "",
            json!({ "order": { "patient_id": "P", "patient_name": "SECRET\\X", "date": "20261301", "sex": "?" } }),
            "patient_name must be a name of up to three groups of 64 letters and five components, a letter among them, no backslash, \
             none of them invisible; sex must be one of F, M, O; date must be a day of the calendar, YYYYMMDD",
        ),
        ("", json!({ "order": { "patient_id": 4711 } }), no_order),
        ("", json!({ "order": { "patient": "SECRET" } }), no_order),
        ("", order(2, "1000"), no_order),
        ("", json!({ "order": ["P-2", "LI^NA"] }), no_order),
        ("", json!([order(2, "1000")]), no_order),
        ("", Value::Null, no_order),
        (change.as_str(), json!({ "birth_date": "1980-05-17" }), "birth_date must be a day of the calendar"),
        (change.as_str(), json!({ "patient_id": "" }), "patient_id is missing"),
        (change.as_str(), json!({ "study_uid": "1.2" }), "it is no object of texts"),
        (change.as_str(), json!(["SECRET"]), "it is no object of texts"),
    ] {
        let (status, refused) = ask(&server, "POST", path, &body).await;
        assert_eq!((status, &refused["code"]), (400, &json!("bad_value")), "{path} {body}");
        let error = refused["error"].as_str().unwrap();
        assert!(error.contains(said) && !error.contains("SECRET") && !error.contains("4711"), "{error}");
    }
    for query in [
        "?day=today",
        "?day=2026-11-26",
        "?state=lost",
        "?after=1",
        "?after=1-x",
        "?day=1&day=2",
        "?foo=1",
        "?limit=1",
    ] {
        assert_eq!(ask(&server, "GET", query, &Value::Null).await.0, 400, "{query}");
    }
    // Bytes that are no text.
    let (status, refused) = ask(&server, "POST", "/%FF/cancel", &Value::Null).await;
    assert_eq!((status, &refused["code"]), (400, &json!("bad_value")));
    let long = "x".repeat(20_000);
    let (status, _) = ask(&server, "POST", "", &json!({ "order": { "patient_name": long } })).await;
    assert!([400, 413].contains(&status), "{status}");
    assert_eq!(listed(&server, "").await.0, ["P-1"], "nothing of that was taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_many_orders_is_listed_a_page_at_a_time_each_order_once() {
    let server = server().await;
    // Registered from the last to the first; every two of them at one time.
    for number in (0..205).rev() {
        let time = format!("{:02}{:02}", 8 + number / 2 / 60, number / 2 % 60);
        let (status, said) = ask(&server, "POST", "", &json!({ "order": order(number, &time) })).await;
        assert_eq!(status, 201, "{said}");
    }
    let mut tomorrow = order(999, "0800");
    tomorrow["date"] = json!("20261127");
    ask(&server, "POST", "", &json!({ "order": tomorrow })).await;
    let (mut all, mut pages, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let (page, next) = listed(&server, &format!("?day=20261126{after}")).await;
        pages.push(page.len());
        all.extend(page);
        let Some(next) = next.as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(pages, [100, 100, 5]);
    let times = all.iter().map(|patient| patient[2..].parse::<u32>().unwrap() / 2);
    assert!(times.is_sorted(), "{all:?}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 205);
    assert_eq!(listed(&server, "?day=20261127").await, (vec!["P-999".into()], Value::Null));
    assert_eq!(listed(&server, "?day=20261128").await, (vec![], Value::Null));
}
