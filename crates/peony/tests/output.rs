//! What other programs read: the lines of JSON, the events, and the end of a pipe.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

mod breast;

use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

fn peony(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peony"));
    command.args(args).env_remove("PEONY_MODEL").env_remove("PEONY_ORT_LIB").env_remove("ORT_DYLIB_PATH");
    command
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_line_of_analyze_has_the_documented_keys() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("still.png");
    breast::with_mass(3, [400, 320]).0.save(&path).unwrap();
    let args = ["analyze", "--json", "--engine", "rten", "--mm-per-px", "0.1", path.to_str().unwrap()];
    let output = peony(&args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        keys(&line),
        ["file", "findings", "frame", "malignancy", "ms", "provenance", "quality", "size_px"]
    );
    assert_eq!(keys(&line["provenance"]), ["model", "precision", "provider", "sha256", "version"]);
    assert_eq!((line["size_px"][0].as_u64(), line["size_px"][1].as_u64()), (Some(400), Some(320)));
    assert_eq!(line["provenance"]["provider"], "rten");
    for issue in line["quality"].as_array().unwrap() {
        assert_eq!(keys(issue), ["code", "severity"]);
    }
    let findings = line["findings"].as_array().unwrap();
    for finding in findings {
        let expected = ["birads", "box_px", "contour_px", "descriptors", "malignancy", "score", "size_mm"];
        assert_eq!(keys(finding), expected);
        assert_eq!(keys(&finding["size_mm"]), ["long", "short"]);
    }
    assert!(!findings.is_empty(), "the mass is found, so that the keys of a finding were looked at");
    let highest = findings.iter().map(|f| f["malignancy"].as_f64().unwrap()).fold(0.0, f64::max);
    assert_eq!(line["malignancy"].as_f64(), Some(highest));
}

#[test]
fn a_video_gives_a_line_a_frame() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("video");
    let mut bytes = b"YUV4MPEG2 W400 H320 F25:1 Ip A1:1 Cmono XCOLORRANGE=FULL\n".to_vec();
    for _ in 0..3 {
        bytes.extend([b"FRAME\n", &breast::with_mass(3, [400, 320]).0.into_raw()[..]].concat());
    }
    std::fs::write(&path, bytes).unwrap();
    let output = peony(&["analyze", "--json", "--no-model", path.to_str().unwrap()]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let frames = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["frame"].as_u64());
    assert_eq!(
        frames.collect::<Vec<_>>(),
        [Some(0), Some(1), Some(2)],
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_last_line_of_bench_live_has_the_documented_keys() {
    let args = ["bench", "live", "--json", "--engine", "rten", "--frames", "12", "--size", "320x240"];
    let output = peony(&args).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let line: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let expected = ["dropped", "engine", "frames", "precision", "rss_mb", "stages", "step_ms", "threads"];
    assert_eq!(keys(&line), expected);
    for part in std::iter::once(&line["step_ms"]).chain(line["stages"].as_object().unwrap().values()) {
        assert_eq!(keys(part), ["max", "p50", "p95", "p99"]);
    }
    assert_eq!((line["frames"].as_u64(), line["dropped"].as_u64()), (Some(12), Some(0)));
}

#[test]
fn replaying_twice_writes_the_same_events() {
    let folder = TempDir::new().unwrap();
    let events = |name: &str| {
        let path = folder.path().join(name);
        let args = ["replay", "phantom:7", "--frames", "60", "--engine", "rten", "--events"];
        let output = peony(&args).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read_to_string(path).unwrap()
    };
    let first = events("first.ndjson");
    assert!(!first.is_empty());
    assert_eq!(first, events("second.ndjson"));
}

#[test]
fn a_reader_that_has_had_enough_is_no_fault() {
    let mut replay = peony(&["replay", "phantom:5", "--frames", "40", "--no-model"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(replay.stdout.take());
    let ended = replay.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(ended.status.success(), "{stderr}");
}
