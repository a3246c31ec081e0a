//! Contradictions, objects kept aside and merges, as those of two sites come to them.

use peony_node::identifier::STUDY_UID;
use peony_store::made_up::{self, Pixels};
use serde_json::{Value, json};

use crate::kit::{Serve, account, peony, told};

const NAME: peony_dicom::Tag = peony_dicom::Tag(0x0010, 0x0010);
const PATIENT_ID: peony_dicom::Tag = peony_dicom::Tag(0x0010, 0x0020);

fn upload(serve: &Serve, token: &str, number: u64, who: [&str; 2], seed: u64) -> String {
    let mut said = made_up::attributes(number);
    said.insert(PATIENT_ID, who[0].to_owned());
    said.insert(NAME, who[1].to_owned());
    let file = made_up::file(&said, Pixels::Native { frames: 1, size: [16, 16] }, seed);
    let stored = serve.ask_as(token, "POST", "/dicomweb/studies", "application/dicom", &file).unwrap();
    assert!([200, 202].contains(&stored.0), "{stored:?}");
    said[&STUDY_UID].clone()
}

#[test]
fn who_is_who_is_for_those_who_may_say_so_and_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for site in ["east", "west"] {
        told(data, &["site", "add", site], "").unwrap();
    }
    let of = |name: &str, role: &str, sites: &str| account(data, name, &["--role", role, "--site", sites]);
    let east = of("east", "radiologist", "east");
    let west = of("west", "coordinator", "west");
    let scans = of("scans", "sonographer", "east");
    let teaches = of("teaches", "teacher", "east");
    let root = account(data, "root", &["--role", "administrator"]);
    let serve = Serve::with_accounts(data, &[]);
    let first = upload(&serve, &east, 10, ["A", "Wang^Fang"], 1);
    let second = upload(&serve, &east, 12, ["A", "Li^Na"], 1);
    upload(&serve, &east, 10, ["A", "Wang^Fang"], 2);
    let third = upload(&serve, &west, 20, ["B", "Zhang^Min"], 1);

    let ask = |token: &str, method: &str, path: &str, body: Value| {
        let path = format!("/api/identity{path}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        serve.ask_as(token, method, &path, "application/json", body.as_bytes()).unwrap()
    };
    let get = |token: &str, path: &str| ask(token, "GET", path, Value::Null);
    let post = |token: &str, path: &str| ask(token, "POST", path, Value::Null);
    let open = |contradictions, aside, merges, doubtful: &[&String]| {
        (
            200,
            json!({
                "contradictions": contradictions,
                "aside": aside,
                "decided": 0,
                "merges": merges,
                "partings": 0,
                "doubtful": doubtful,
            }),
        )
    };
    // Whoever reads studies learns that something is doubtful; what it is, those who may say who is who.
    let doubtful = [&second, &first];
    for token in [&east, &scans, &root] {
        assert_eq!(get(token, ""), open(1, 1, 0, &doubtful));
    }
    assert_eq!(get(&west, ""), open(0, 0, 0, &[]));
    assert_eq!((get(&teaches, "").0, get("", "").0), (403, 401));
    for path in ["/contradictions", "/aside", "/merges", "/partings"] {
        assert_eq!([get(&scans, path).0, get(&teaches, path).0, get("", path).0], [403, 403, 401], "{path}");
        assert_eq!(get(&west, path), (200, json!([])), "{path}");
    }
    let contradiction = get(&east, "/contradictions").1[0].clone();
    let aside = get(&root, "/aside").1[0].clone();
    let settle = format!("/contradictions/{}/settle", contradiction["id"]);
    let part = format!("/contradictions/{}/part", contradiction["id"]);
    let reject = format!("/aside/{}/reject", aside["id"]);
    let bytes = format!("/api/identity/aside/{}", aside["id"]);
    let take = format!("/aside/{}/take", aside["id"]);
    for path in [&settle, &part, &reject, &take] {
        assert_eq!([post(&scans, path).0, post(&west, path).0], [403, 404], "{path}");
    }
    assert_eq!([&scans, &west, &east].map(|token| serve.status(token, &bytes)), [403, 404, 200]);
    // That a study is another person's is said and taken back; then the contradiction is there again.
    let (status, parted) = post(&east, &part);
    assert_eq!((status, get(&root, "/partings").1[0]["id"].clone()), (201, parted["id"].clone()));
    let join = format!("/partings/{}/undo", parted["id"]);
    assert_eq!([&scans, &west, &east].map(|token| post(token, &join).0), [403, 404, 204]);
    assert_eq!((post(&east, &settle).0, post(&east, &reject).0), (204, 204));
    // What was decided can be decided again, by whoever may.
    let (status, taken) = post(&east, &take);
    assert_eq!((status, get(&east, "").1["decided"].clone()), (200, json!(1)));
    assert_eq!(get(&west, "/aside?decided=true"), (200, json!([])));
    assert_eq!(get(&root, "/aside?decided=true").1[0]["id"], taken["id"]);
    // A merge across sites is for who sees both, and neither site hears of the other by it.
    let merge = json!({ "source_study": third, "target_study": first });
    for token in [&east, &west] {
        assert_eq!(ask(token, "POST", "/merges", merge.clone()).0, 404);
    }
    assert_eq!(ask(&scans, "POST", "/merges", merge.clone()).0, 403);
    let (status, made) = ask(&root, "POST", "/merges", merge);
    assert_eq!(status, 201, "{made}");
    let names = |token: &str| {
        let found =
            serve.ask_as(token, "GET", "/dicomweb/studies?includefield=PatientName", "text/plain", b"");
        let found = found.unwrap().1;
        let name = |study: &Value| study["00100010"]["Value"][0]["Alphabetic"].as_str().unwrap().to_owned();
        let mut names: Vec<String> = found.as_array().unwrap().iter().map(name).collect();
        names.sort();
        names
    };
    assert_eq!(names(&west), ["Zhang^Min"]);
    assert_eq!(names(&east), ["Wang^Fang"; 2]);
    assert_eq!(names(&root), ["Wang^Fang"; 3]);
    let undo = format!("/merges/{}/undo", made["id"]);
    assert_eq!([&east, &west].map(|token| post(token, &undo).0), [404, 404]);
    assert_eq!([&east, &root].map(|token| get(token, "/merges").1.as_array().unwrap().len()), [1, 2]);
    assert_eq!((post(&root, &undo).0, post(&root, &undo).0), (204, 404));
    assert_eq!(names(&root), ["Wang^Fang", "Wang^Fang", "Zhang^Min"]);
    // Who did what is written down by their account's name.
    upload(&serve, &east, 12, ["A", "Li^Na"], 7);
    drop(serve);
    let (code, said, _) = peony(&["check", "--json"], data);
    assert_eq!((code, &said[0]["contradictions"], &said[0]["kept_aside"]), (0, &json!(0), &json!(1)));
    let acts = audit(data);
    for line in [
        "east part-study",
        "east undo-parting",
        "east settle-conflict",
        "east merge-patients",
        "east reject-aside",
        "east take-aside",
        "east read-aside",
        "root merge-patients",
        "root undo-merge",
    ] {
        assert!(acts.iter().any(|act| act == line), "{line}: {acts:?}");
    }
    assert!(!acts.iter().any(|act| act.starts_with("scans ") || act.starts_with("west ")), "{acts:?}");
}

/// Who did what, of what this is about.
fn audit(data: &std::path::Path) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = peony_store::Options { keep_free: 0, ..peony_store::Options::in_folder(data) };
        let store = peony_store::Store::look_at(&options).await.unwrap();
        let lines = store.audit_after(0, 1000).await.unwrap();
        let acts = [
            "part-study",
            "undo-parting",
            "settle-conflict",
            "reject-aside",
            "take-aside",
            "read-aside",
            "merge-patients",
            "undo-merge",
        ];
        let of_this = lines.into_iter().filter(|line| acts.contains(&line.act.as_str()));
        of_this.map(|line| format!("{} {}", line.who, line.act)).collect()
    })
}
