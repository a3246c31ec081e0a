//! Other nodes, asked by hand and by the pages: what they have, and to have it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use peony_dicom::Tag;
use peony_node::identifier::STUDY_UID;
use peony_store::made_up::{self, Pixels};
use serde_json::{Value, json};

use crate::kit::{Serve, peony};

const NODE: [&str; 4] = ["--dicom", "127.0.0.1:0", "--keep-free", "0"];

/// Has the store in a folder some studies, of which the first two are one patient's; the UIDs of all.
fn fill(data: &Path) -> Vec<String> {
    let still = Pixels::Native { frames: 1, size: [64, 64] };
    let said = [0, 1, 2].map(|number| {
        let mut said = made_up::attributes(number);
        if number == 2 {
            said.insert(Tag(0x0008, 0x1030), "left\u{1b}[2J\u{202e}breast".to_owned());
        }
        said
    });
    for (number, said) in said.iter().enumerate() {
        let file = data.with_extension(format!("{number}.dcm"));
        std::fs::write(&file, made_up::file(said, still, number as u64)).unwrap();
        assert_eq!(peony(&["import", "--json", "--keep-free", "0", file.to_str().unwrap()], data).0, 0);
    }
    said.map(|said| said[&STUDY_UID].clone()).to_vec()
}

/// The program without a data folder; its status, lines and what it says of faults.
fn ask(args: &[&str]) -> (i32, Vec<String>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_peony")).arg("ask").args(args).output().unwrap();
    let [out, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code().unwrap(), out.lines().map(str::to_owned).collect(), error)
}

#[test]
fn another_node_is_asked_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let [there, here, got] = ["there", "here", "got"].map(|name| folder.path().join(name));
    std::fs::create_dir(&there).unwrap();
    let studies = fill(&there);
    let here_runs = Serve::start(&here, &[&NODE[..], &["--aet", "HERE"]].concat());
    let text = format!("[[dicom.peer]]\naet = 'HERE'\naddress = '127.0.0.1:{}'\n", here_runs.port());
    std::fs::write(there.join("peony.toml"), text).unwrap();
    let serve = Serve::start(&there, &[&NODE[..], &["--aet", "WARD"]].concat());
    let address = format!("127.0.0.1:{}", serve.port());
    let whom = [address.as_str(), "--called", "WARD"];
    let find = |more: &[&str]| ask(&[&["find"], &whom[..], more].concat());
    let json = |line: &String| serde_json::from_str::<Value>(line).unwrap();

    let (code, lines, _) = find(&["--patient-id", "P00000000", "--json"]);
    let found: Vec<Value> = lines.iter().map(json).collect();
    assert_eq!((code, found.len()), (0, 2), "{found:?}");
    let name = found[0]["patient_name"].as_str().unwrap();
    assert!(name.contains('=') && !name.is_ascii(), "its letters are there: {name}");
    assert_eq!((&found[0]["patient_id"], &found[0]["instances"]), (&json!("P00000000"), &json!("1")));
    let (code, lines, error) = find(&["--limit", "1", "--json"]);
    assert_eq!((code, lines.len()), (0, 1));
    assert!(error.contains("more than 1"), "{error}");
    for (level, key, of) in [
        ("patient", "patient_id", ["--patient-name", "WU^*"]),
        ("series", "series_uid", ["--study", &studies[2]]),
        ("instance", "instance_uid", ["--study", &studies[2]]),
        ("IMAGE", "instance_uid", ["--study", &studies[2]]),
        ("Series", "series_uid", ["--study", &studies[2]]),
    ] {
        let (code, lines, error) = find(&[&["--level", level, "--json"], &of[..]].concat());
        assert_eq!((code, lines.len()), (0, 1), "{level}: {lines:?} {error}");
        assert!(json(&lines[0])[key].as_str().is_some_and(|value| !value.is_empty()), "{lines:?}");
    }
    let (_, lines, _) = find(&["--study", &studies[2]]);
    assert!(lines[0].contains("2Jbreast"), "{lines:?}");
    assert!(!lines[0].contains(['\u{1b}', '\u{202e}']), "nothing steers the terminal: {lines:?}");
    let (code, lines, error) = find(&["--patient-id", "NOBODY"]);
    assert_eq!((code, lines.len(), error.trim()), (0, 0, "WARD has nothing that fits"));
    let (code, _, error) = find(&["--date", "20251345"]);
    assert!(code == 1 && error.contains("A900H"), "{error}");

    let get = |study: &str| {
        peony(&[&["ask", "get"], &whom[..], &["--study", study, "--keep-free", "0", "--json"]].concat(), &got)
    };
    let (code, lines, error) = get(&studies[0]);
    assert_eq!((code, &lines[0]["came"], &lines[0]["failed"]), (0, &json!(1), &json!(0)), "{error}");
    assert_eq!(get("1.2.3").0, 1, "there is none");
    let (code, lines, _) = peony(&["check", "--json", "--keep-free", "0"], &got);
    assert_eq!((code, &lines.last().unwrap()["objects"]), (0, &json!(1)));

    let send = |to: &str, study: &str| ask(&[&["move"], &whom[..], &["--study", study, "--to", to]].concat());
    let (code, lines, error) = send("HERE", &studies[1]);
    assert_eq!((code, lines[0].as_str()), (0, "WARD: 1 sent, 0 failed"), "{error}");
    let arrived = here_runs.get(&format!("/dicomweb/studies?StudyInstanceUID={}", studies[1]));
    assert_eq!(arrived.as_array().map(Vec::len), Some(1));
    let (code, lines, error) = send("NOWHERE", &studies[1]);
    assert!(code == 1 && lines.is_empty() && error.contains("A801"), "{error}");
    let (code, _, error) = ask(&["find", "127.0.0.1:1", "--called", "WARD"]);
    assert!(code == 1 && error.contains("WARD at 127.0.0.1:1"), "{error}");
}

#[test]
fn what_a_page_has_fetched_comes_though_the_program_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let [there, here] = ["there", "here"].map(|name| folder.path().join(name));
    for data in [&there, &here] {
        std::fs::create_dir(data).unwrap();
    }
    let studies = fill(&there);
    let neighbour = |address: &str| {
        let known = format!("[[dicom.peer]]\naet = 'WARD'\naddress = '{address}'\nretrieve = 'get'\n");
        let other = "[[dicom.peer]]\naet = 'PROBE'\naddress = '127.0.0.1:1'\n";
        std::fs::write(here.join("peony.toml"), known + other).unwrap();
    };
    neighbour("127.0.0.1:1");
    let serve = Serve::start(&here, &NODE);
    assert_eq!(serve.get("/api/nodes"), json!(["WARD"]), "one that says no way is not offered");
    let search = json!({ "from": "WARD", "patient_id": "P00000000" }).to_string();
    let (status, said) = serve.ask("POST", "/api/nodes/search", &search).unwrap();
    assert_eq!((status, &said["code"]), (502, &json!("node_unreachable")), "{said}");
    let whole = json!({ "from": "WARD", "study_uid": studies[0] }).to_string();
    let (status, made) = serve.ask("POST", "/api/nodes/fetch", &whole).unwrap();
    assert_eq!(status, 201, "{made}");
    let when = |serve: &Serve, key: &str, value: &Value| {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let queue = serve.get("/api/sending")["queue"].clone();
            if queue[0][key] == *value {
                return queue[0].clone();
            }
            assert!(Instant::now() < deadline, "{queue}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    when(&serve, "fault", &json!({ "why": "unreachable" }));
    drop(serve);

    let ward = Serve::start(&there, &[&NODE[..], &["--aet", "WARD"]].concat());
    neighbour(&format!("127.0.0.1:{}", ward.port()));
    let serve = Serve::start(&here, &NODE);
    let done = when(&serve, "state", &json!("done"));
    assert_eq!(
        (&done["from"], &done["taken"], &done["of"]),
        (&json!("WARD"), &json!(1), &json!(1)),
        "{done}"
    );
    let (status, found) = serve.ask("POST", "/api/nodes/search", &search).unwrap();
    let of = |at: usize| {
        let one = &found["studies"][at];
        (one["study"]["0020000D"]["Value"][0].as_str().unwrap().to_owned(), one["here"].clone())
    };
    let mut listed = [of(0), of(1)];
    listed.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(status, 200, "{found}");
    assert_eq!(listed, [(studies[0].clone(), json!(1)), (studies[1].clone(), json!(0))]);
    let kept = serve.get(&format!("/dicomweb/studies?StudyInstanceUID={}", studies[0]));
    assert_eq!(kept.as_array().map(Vec::len), Some(1));
}
