//! UPS-RS: orders as workitems.

use peony_store::Order;
use serde_json::{Value, json};

use crate::kit::Server;

async fn claim(server: &Server, uid: &str, state: &str, transaction: &str) -> u16 {
    let body = json!([{
        "00081195": { "vr": "UI", "Value": [transaction] },
        "00741000": { "vr": "CS", "Value": [state] },
    }]);
    let fields = ["Content-Type: application/dicom+json"];
    server.ask("PUT", &format!("/workitems/{uid}/state"), &fields, body.to_string().as_bytes()).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_found_claimed_and_ended_as_workitems() {
    let server = Server::start().await;
    let mut kept = Vec::new();
    for (number, name) in ["WANG^FANG=王^芳", "LI^NA", "LI^MIN"].into_iter().enumerate() {
        let order = Order {
            patient_id: format!("P-{number}"),
            patient_name: name.to_owned(),
            procedure: "Breast ultrasound".to_owned(),
            accession: format!("A{number}"),
            date: format!("202611{:02}", 26 + number),
            time: "0930".to_owned(),
            ..Order::default()
        };
        kept.push(server.store.add_order(&order, "test").await.unwrap());
    }
    let found = async |query: &str| {
        let answer = server.get(&format!("/workitems{query}"), &["Accept: application/dicom+json"]).await;
        let items = if answer.status == 204 { Value::Array(Vec::new()) } else { answer.json() };
        let names = items
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["00100020"]["Value"][0].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), answer.field("warning").to_owned())
    };
    assert_eq!(found("").await, (vec!["P-0".into(), "P-1".into(), "P-2".into()], String::new()));
    for (query, expected) in [
        ("?PatientName=li*", vec!["P-1", "P-2"]),
        ("?PatientID=P-0", vec!["P-0"]),
        ("?00404005=20261127", vec!["P-1"]),
        ("?ScheduledProcedureStepStartDateTime=20261127-", vec!["P-1", "P-2"]),
        ("?ProcedureStepState=SCHEDULED&limit=1&offset=1", vec!["P-1"]),
        ("?ProcedureStepState=COMPLETED", vec![]),
    ] {
        assert_eq!(found(query).await.0, expected, "{query}");
    }
    assert!(found("?limit=2").await.1.contains("more results"));
    assert!(found("?Modality=US").await.1.contains("Modality"), "a key that it does not know is said");
    let uid = kept[0].workitem_uid.as_str();
    let item = async || server.get(&format!("/workitems/{uid}"), &[]).await.json()[0].clone();
    let first = item().await;
    assert_eq!(first["00080018"]["Value"][0], uid);
    assert_eq!(
        (&first["00741000"]["Value"][0], &first["00741204"]["Value"][0]),
        (&json!("SCHEDULED"), &json!("Breast ultrasound"))
    );
    assert_eq!(first["0040A370"]["Value"][0]["00080050"]["Value"][0], "A0");
    assert_eq!(first["00100010"]["Value"][0]["Ideographic"], "王^芳");

    assert_eq!(claim(&server, uid, "COMPLETED", "1.2.3").await, 409, "nobody has begun");
    assert_eq!(claim(&server, uid, "IN PROGRESS", "1.2.3").await, 200);
    assert_eq!(item().await["00741000"]["Value"][0], "IN PROGRESS");
    assert_eq!(claim(&server, uid, "IN PROGRESS", "1.2.4").await, 409, "it is taken");
    assert_eq!(claim(&server, uid, "COMPLETED", "1.2.4").await, 409, "by another");
    assert_eq!(claim(&server, uid, "COMPLETED", "1.2.3").await, 200);
    assert_eq!(claim(&server, uid, "CANCELED", "1.2.3").await, 409, "the last word");
    assert_eq!(found("?ProcedureStepState=COMPLETED").await.0, ["P-0"]);
    for (uid, state, transaction, expected) in [
        ("1.2.3.4", "IN PROGRESS", "1.2.3", 404),
        (uid, "SCHEDULED", "1.2.3", 400),
        (uid, "IN PROGRESS", "no UID", 400),
        ("no-UID", "IN PROGRESS", "1.2.3", 400),
    ] {
        assert_eq!(claim(&server, uid, state, transaction).await, expected, "{uid} {state} {transaction}");
    }
    assert_eq!(server.get("/workitems/1.2.3.4", &[]).await.status, 404);
    let open = server.store.open_orders(["", ""], 0).await.unwrap();
    assert_eq!(open.len(), 2, "off the worklist of modalities");
}
