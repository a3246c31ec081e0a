//! Orders, from the command line to the worklist.

use std::path::Path;
use std::process::Command;

use peony_node::identifier::{PATIENT_ID, STUDY_UID};
use peony_node::sop_class::WORKLIST;
use peony_node::status::Status;
use serde_json::{Value, json};

use crate::kit::{Serve, account, associated, peony, told};

#[test]
fn an_order_that_is_added_beside_it_is_on_the_worklist() {
    let folder = tempfile::tempdir().unwrap();
    let order = |data: &Path, args: &[&str]| {
        let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
        let output = peony.arg("order").args(args).args(["--json", "--data"]).arg(data).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code().unwrap(), lines, String::from_utf8(output.stderr).unwrap())
    };
    let data = folder.path().join("data");
    for of_none in [&["list"][..], &["cancel", "P1"]] {
        let (code, lines, faults) = order(&data, of_none);
        assert!(code == 1 && lines.is_empty() && faults.contains("no such store"), "{faults}");
        assert!(!data.exists(), "nothing is made by asking");
    }
    let one = ["add", "--patient-id", "P-1", "--patient-name", "WANG^FANG=王^芳", "--date", "20261126"];
    let (code, lines, _) = order(&data, &one);
    assert_eq!((code, lines.len()), (0, 1), "before there is a store");
    let serve = Serve::start(&data, &["--dicom", "127.0.0.1:0"]);
    let file = folder.path().join("orders.json");
    let list = json!([
        {"patient_id": "P-2", "patient_name": "LI^NA", "date": "20261127", "step_id": "SPS-2"},
        {"patient_id": "P-3", "patient_name": "LI^NA", "date": "27.11.2026", "sex": "?"},
    ]);
    std::fs::write(&file, list.to_string()).unwrap();
    let add_file = ["add", "--file", file.to_str().unwrap()];
    let (code, lines, faults) = order(&data, &add_file);
    assert_eq!((code, lines.len()), (1, 0), "all of a list or nothing");
    assert!(faults.contains("order 2: sex") && faults.contains("order 2: date"), "{faults}");
    std::fs::write(&file, json!([list[0], {"patient_id": 4711}]).to_string()).unwrap();
    let (code, _, faults) = order(&data, &add_file);
    assert!(code == 1 && faults.contains("order 2: it is no object") && !faults.contains("4711"), "{faults}");
    std::fs::write(&file, list[0].to_string()).unwrap();
    assert_eq!((order(&data, &add_file).0, order(&data, &add_file).0), (0, 0), "once and again");
    let (_, lines, _) = order(&data, &["list"]);
    assert_eq!(lines.iter().map(|line| line["state"].clone()).collect::<Vec<_>>(), ["scheduled"; 2]);
    assert_eq!(lines[1]["step_id"], "SPS-2");
    assert!(
        lines.iter().all(|line| line["accession"].as_str().unwrap().starts_with("202611")),
        "as on the page"
    );

    let mut found = Vec::new();
    let [patient_id, study_uid] =
        [PATIENT_ID, STUDY_UID].map(|tag| peony_node::identifier::attribute(tag, Vec::new()));
    let keys = [patient_id, study_uid].into();
    let status = associated(&serve, None, &[WORKLIST], async |association| {
        association.worklist(&keys, |item| found.push(item)).await
    });
    assert_eq!(status.unwrap(), Some(Status::SUCCESS));
    let said = |tag| found.iter().map(|item| item[&tag].values[0].clone()).collect::<Vec<_>>();
    assert_eq!(said(PATIENT_ID), ["P-1", "P-2"]);
    assert_eq!(said(STUDY_UID)[1], lines[1]["study_uid"].as_str().unwrap());
    // Of a site, which must be there.
    let of_site = [&one[..], &["--site", "north"]].concat();
    let (code, lines, faults) = order(&data, &of_site);
    assert!(code == 1 && lines.is_empty() && faults.contains("site"), "{faults}");
    let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
    assert!(peony.args(["site", "add", "north", "--data"]).arg(&data).output().unwrap().status.success());
    let (code, lines, _) = order(&data, &of_site);
    assert_eq!((code, lines[0]["site"].as_str()), (0, Some("north")));
}

#[test]
fn an_order_that_is_changed_or_cancelled_is_so_on_the_worklist() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(folder.path(), &["--dicom", "127.0.0.1:0"]);
    let mut steps = Vec::new();
    for patient in ["P-1", "P-2"] {
        let add = ["order", "add", "--json", "--patient-name", "WANG^FANG", "--date", "20261126"];
        let add = [&add[..], &["--procedure", "Breast ultrasound", "--patient-id", patient]].concat();
        let (_, lines, _) = peony(&add, folder.path());
        steps.push(lines[0]["step_id"].as_str().unwrap().to_owned());
    }
    let worklist = |more: &[&str]| {
        let mut ask = Command::new(env!("CARGO_BIN_EXE_peony"));
        ask.args(["ask", "worklist", "--json", "--called", "PEONY"]);
        let output = ask.arg(format!("127.0.0.1:{}", serve.port())).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, if lines.is_empty() { "PEONY has nothing that fits\n" } else { "" });
        lines
    };
    let change = ["order", "change", &steps[0], "--json", "--time", "1015", "--procedure", "Left breast"];
    let (code, lines, _) = peony(&change, folder.path());
    assert_eq!((code, lines[0]["start"].as_str()), (0, Some("202611261015")));
    let (code, lines, _) = peony(&["order", "cancel", &steps[1], "--json"], folder.path());
    assert_eq!((code, lines[0]["state"].as_str()), (0, Some("cancelled")));
    let found = worklist(&["--date", "20261126"]);
    assert_eq!(found.len(), 1, "{found:?}");
    let said = ["step_id", "start", "modality", "procedure"].map(|key| found[0][key].as_str().unwrap());
    assert_eq!(said, [steps[0].as_str(), "202611261015", "US", "Left breast"]);
    assert!(worklist(&["--date", "20261127"]).is_empty() && worklist(&["--modality", "MG"]).is_empty());
    for (args, why) in
        [(["order", "cancel", &steps[1]], "was cancelled"), (["order", "cancel", "P-4711"], "no such order")]
    {
        let (code, _, said) = peony(&args, folder.path());
        assert!(code == 1 && said.contains(why), "{said}");
    }
    let mut echo = Command::new(env!("CARGO_BIN_EXE_peony"));
    let echo = echo.args(["ask", "echo", "127.0.0.1:1", "--called", "PEONY"]).output().unwrap();
    assert_eq!(echo.status.code(), Some(1), "nobody is there");
}

/// What a desk registers for a machine, as those of two sites come to it.
#[test]
fn an_order_from_the_page_is_on_the_worklist_of_its_site_and_for_those_who_may() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for (site, machine) in [("east", "EAST_US"), ("west", "WEST_US")] {
        told(data, &["site", "add", site, "--sender", machine], "").unwrap();
    }
    let of = |name: &str, role: &str, sites: &[&str]| {
        let sites = sites.iter().flat_map(|site| ["--site", *site]);
        account(data, name, &["--role", role].into_iter().chain(sites).collect::<Vec<_>>())
    };
    let scans = of("scans", "sonographer", &["east"]);
    let books = of("books", "coordinator", &["west"]);
    let reads = of("reads", "radiologist", &["east"]);
    let teaches = of("teaches", "teacher", &["east"]);
    let root = of("root", "administrator", &[]);
    let serve = Serve::with_accounts(data, &["--dicom", "127.0.0.1:0"]);
    let ask = |token: &str, method: &str, path: &str, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        serve
            .ask_as(token, method, &format!("/api/orders{path}"), "application/json", body.as_bytes())
            .unwrap()
    };
    let order = |patient: &str| json!({ "patient_id": patient, "patient_name": "WANG^FANG=王^芳", "date": "20261126" });
    let add = |token: &str, patient: &str, site: &str| {
        ask(token, "POST", "", json!({ "order": order(patient), "site": site }))
    };
    for (token, status) in [(&reads, 403), (&teaches, 403), (&String::new(), 401)] {
        assert_eq!(add(token, "P-0", "").0, status);
    }
    let (status, east) = add(&scans, "P-1", "");
    assert_eq!((status, &east["site"]), (201, &json!("east")));
    let (status, west) = add(&books, "P-2", "");
    assert_eq!((status, &west["site"]), (201, &json!("west")));
    // Whoever sees several sites says of which one it is; another one is not there.
    assert_eq!(add(&root, "P-3", "west").1["site"], "west");
    assert_eq!([add(&scans, "P-4", "west").0, add(&root, "P-4", "nowhere").0], [404, 404]);
    let (status, refused) = add(&root, "P-4", "");
    assert_eq!((status, &refused["code"]), (400, &json!("bad_value")), "nobody would see it: {refused}");
    let beside = ["order", "add", "--patient-id", "P-4", "--patient-name", "WANG^FANG", "--date", "20261126"];
    assert!(peony(&beside, data).2.contains("site is missing"), "nor on the command line");

    let listed = |token: &str| {
        let (status, said) = ask(token, "GET", "?day=20261126", Value::Null);
        let orders = said["orders"].as_array().map_or(&[][..], Vec::as_slice);
        let patients = orders.iter().map(|one| one["order"]["patient_id"].as_str().unwrap().to_owned());
        (status, patients.collect::<Vec<_>>().join(" "))
    };
    assert_eq!([listed(&scans), listed(&reads)], [(200, "P-1".into()), (200, "P-1".into())]);
    assert_eq!([listed(&books), listed(&root)], [(200, "P-2 P-3".into()), (200, "P-1 P-2 P-3".into())]);
    assert_eq!([listed(&teaches).0, listed("").0], [403, 401]);
    let worklist = |machine: &str| {
        let mut ask = Command::new(env!("CARGO_BIN_EXE_peony"));
        ask.args(["ask", "worklist", "--json", "--called", "PEONY", "--aet", machine]);
        let output = ask.arg(format!("127.0.0.1:{}", serve.port())).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line["step_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let step_of = |kept: &Value| kept["order"]["step_id"].as_str().unwrap().to_owned();
    assert_eq!(worklist("EAST_US"), [step_of(&east)]);
    assert_eq!(worklist("WEST_US").len(), 2);

    let (change, cancel) = (format!("/{}/change", step_of(&east)), format!("/{}/cancel", step_of(&east)));
    for path in [&change, &cancel] {
        let act = |token: &str| ask(token, "POST", path, json!({ "time": "1015" })).0;
        assert_eq!([act(&reads), act(&books), act("")], [403, 404, 401], "{path}");
    }
    let (status, changed) = ask(&root, "POST", &change, json!({ "time": "1015" }));
    assert_eq!((status, &changed["order"]["time"]), (200, &json!("1015")));
    assert_eq!(ask(&scans, "POST", &cancel, Value::Null).1["state"], "cancelled");
    assert!(worklist("EAST_US").is_empty());
    drop(serve);
    let lines = told(data, &["audit", "--json"], "").unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_this = lines.filter(|line| line["act"].as_str().unwrap().ends_with("-order"));
    let acts: Vec<String> = of_this
        .map(|line| format!("{} {}", line["who"].as_str().unwrap(), line["act"].as_str().unwrap()))
        .collect();
    assert_eq!(
        acts,
        ["scans add-order", "books add-order", "root add-order", "root change-order", "scans cancel-order"]
    );
}
