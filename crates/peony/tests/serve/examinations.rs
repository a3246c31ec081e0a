//! Examinations: their sources, and acts that are not lost.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::Serve;

#[test]
fn every_act_that_was_acknowledged_survives_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let id = Serve::start(folder.path(), &[]).begin(&json!({"patient": {"id": "P-1", "name": "Demo 01"}}));
    let acts = format!("/api/exams/{id}/acts");
    let mut acknowledged = 0;
    let mut sent = 0;
    for round in 0..8_u64 {
        let serve = Serve::start(folder.path(), &[]);
        let view = serve.get(&format!("/api/exams/{id}/report"));
        let kept: u64 = view["report"]["circumstances"]["history"].as_str().unwrap().parse().unwrap_or(0);
        assert!((acknowledged..=sent).contains(&kept), "round {round}: {kept} of {acknowledged}..={sent}");
        // Killed in the midst of a stream of acts, at another moment each time.
        let until = Instant::now() + Duration::from_millis(40 + 17 * round);
        let pid = serve.child.id();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        });
        acknowledged = acknowledged.max(kept);
        loop {
            sent += 1;
            let act = json!({"act": "set_circumstances", "circumstances": {"history": sent.to_string()}});
            match serve.ask("POST", &acts, &act.to_string()) {
                Some((200, _)) => acknowledged = sent,
                Some(other) => panic!("{other:?}"),
                None => break,
            }
        }
        killer.join().unwrap();
    }
    let view = Serve::start(folder.path(), &[]).get(&format!("/api/exams/{id}/report"));
    assert_eq!(view["report"]["patient"]["name"], "Demo 01");
    assert!(acknowledged > 0);
}

/// A tiny recording.
fn frames(folder: &Path) -> String {
    for place in 0..3 {
        image::GrayImage::from_pixel(80, 64, image::Luma([100]))
            .save(folder.join(format!("{place}.png")))
            .unwrap();
    }
    folder.to_string_lossy().into_owned()
}

#[test]
fn an_examination_does_not_go_on_with_pictures_of_another_kind() {
    let [folder, recorded] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let recorded = frames(recorded.path());
    let id = Serve::start(folder.path(), &["--source", &recorded]).begin(&json!({"patient": {"id": "P-1"}}));
    let journal = folder.path().join("exams").join(&id).join("journal.jsonl");
    let live = format!("/live?exam={id}");
    let check = |source: &str, goes_on: bool| {
        let before = std::fs::read(&journal).unwrap();
        let serve = Serve::start(folder.path(), &["--source", source]);
        assert_eq!(serve.get(&format!("/api/exams/{id}/report"))["other_source"], !goes_on, "{source}");
        let (status, refused) = serve.upgrade(&live);
        let more = || String::from_utf8(std::fs::read(&journal).unwrap()).unwrap().split_off(before.len());
        if goes_on {
            assert_eq!(status, 101, "{source}: {refused}");
            let asked = Instant::now();
            while !more().contains(r#""event":"resumed","of":{"program":"#)
                || !more().contains(r#""machine":null"#)
            {
                assert!(asked.elapsed() < Duration::from_secs(10), "{}", more());
                std::thread::sleep(Duration::from_millis(20));
            }
        } else {
            assert_eq!(status, 409, "{source}");
            assert!(refused.contains(r#""code":"other_source""#), "{source}: {refused}");
            assert_eq!(more(), "", "{source}: nothing is written");
        }
    };
    check("phantom:3", false);
    check("capture", false);
    check("igtl://127.0.0.1:1", false);
    check(&recorded, true);
}

#[test]
fn a_damaged_examination_is_shown_as_such_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let id = Serve::start(folder.path(), &[]).begin(&json!({"patient": {"id": "P-1"}}));
    let journal = folder.path().join("exams").join(&id).join("journal.jsonl");
    {
        // The list keeps a summary of it.
        let serve = Serve::start(folder.path(), &[]);
        assert_eq!(serve.get("/api/exams")[0]["fault_code"], json!(null));
    }
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&journal, &bytes).unwrap();
    let serve = Serve::start(folder.path(), &[]);
    let (status, refused) = serve.ask("GET", &format!("/api/exams/{id}/report"), "").unwrap();
    assert_eq!((status, &refused["code"]), (409, &json!("exam_damaged")), "{refused}");
    assert!(refused["error"].as_str().unwrap().contains("damaged in line 1"), "{refused}");
    let row = &serve.get("/api/exams")[0];
    assert_eq!((&row["status"], &row["fault_code"]), (&json!("unreadable"), &json!("exam_damaged")));
    let (status, refused) = serve.upgrade(&format!("/live?exam={id}"));
    assert!(status == 409 && refused.contains("exam_damaged"), "{refused}");
    assert!(std::fs::read(&journal).unwrap() == bytes, "it was changed");
}

#[test]
fn two_examinations_go_on_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(folder.path(), &[]);
    let [first, second] = ["phantom:3", "phantom:4"].map(|source| serve.begin(&json!({"source": source})));
    serve.ask("POST", &format!("/api/exams/{first}/acts"), r#"{"act":"set_patient","patient":{"id":"1"}}"#);
    let patient = |id: &str| serve.get(&format!("/api/exams/{id}/report"))["report"]["patient"]["id"].clone();
    assert_eq!((patient(&first), patient(&second)), (json!("1"), json!("")));
    assert_eq!(serve.get("/api/health")["examinations"], 2);
    assert_eq!(serve.get("/api/health")["usual_source"], json!({ "kind": "capture", "name": "capture" }));
    let listed = serve.get("/api/exams");
    assert!(listed.as_array().unwrap().iter().all(|row| row["live"] == true), "{listed}");
}

#[test]
fn a_page_names_no_file_and_no_device_as_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(folder.path(), &[]);
    for source in ["/etc/passwd", "igtl://10.0.0.1:1", "rtsp://10.0.0.1/", "phantom:x", "nonsense://"] {
        let (status, refused) =
            serve.ask("POST", "/api/exams", &json!({"source": source}).to_string()).unwrap();
        assert_eq!(status, 409, "{source}: {refused}");
        assert!(refused["error"].as_str().unwrap().starts_with("source: a page may ask"), "{refused}");
    }
    assert_eq!(serve.get("/api/exams"), json!([]), "nothing was begun");
}

#[test]
fn a_source_that_is_away_is_said_at_the_start_and_hinders_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let away = [
        "serve",
        "--open",
        "--no-model",
        "--http",
        "127.0.0.1:0",
        "--source",
        "igtl://127.0.0.1:1",
        "--data",
    ];
    let mut check = Command::new(env!("CARGO_BIN_EXE_peony"));
    let checked = check.args(away).arg(folder.path()).arg("--check").output().unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success() && said.starts_with("The configuration is in order."), "{said}");
    assert!(said.lines().nth(1).unwrap().contains("--source") && said.contains("cannot connect"), "{said}");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_peony"));
    let serve = serve.args(away).arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = serve.spawn().unwrap();
    let first = |from: &mut dyn std::io::Read| BufReader::new(from).lines().next().unwrap().unwrap();
    let serves = first(child.stdout.as_mut().unwrap());
    let told = first(child.stderr.as_mut().unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(serves.contains("http://"), "{serves}");
    assert!(told.contains("gives no pictures now") && told.contains("cannot connect"), "{told}");
}
