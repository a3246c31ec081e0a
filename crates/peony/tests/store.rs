//! `peony import` and `peony check` as an operator meets them.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::path::Path;

use assert_cmd::Command;
use peony_store::made_up::{self, Pixels};
use serde_json::Value;

const STILL: Pixels = Pixels::Native { frames: 1, size: [64, 64] };

/// Runs it; its exit code, the lines of its standard output as JSON, and its standard error.
fn peony(args: &[&str], data: &Path) -> (i32, Vec<Value>, String) {
    let mut command = Command::cargo_bin("peony").unwrap();
    let output =
        command.args(args).args(["--json", "--keep-free", "0", "--data"]).arg(data).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), lines, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn what_was_imported_is_checked_and_every_fault_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (files, data) = (folder.path().join("files"), folder.path().join("data"));
    std::fs::create_dir(&files).unwrap();
    for number in 0..3_u64 {
        let file = made_up::file(&made_up::attributes(number), STILL, number);
        std::fs::write(files.join(format!("{number}.dcm")), file).unwrap();
    }
    let other = made_up::file(&made_up::attributes(0), STILL, 77);
    std::fs::write(folder.path().join("other.dcm"), other).unwrap();
    std::fs::write(files.join("notes.txt"), "no DICOM").unwrap();
    let files = files.to_str().unwrap();
    let other = folder.path().join("other.dcm");

    let (code, said, _) = peony(&["check"], &data);
    assert_eq!((code, said.len()), (1, 0), "there is no store yet");
    let (code, said, _) = peony(&["import", files], &data);
    assert_eq!((code, &said[0]["kept"], &said[0]["failed"]), (0, &3.into(), &0.into()));
    let (code, said, _) = peony(&["import", files, other.to_str().unwrap()], &data);
    assert_eq!((code, &said[0]["already_there"], &said[0]["kept_aside"]), (0, &3.into(), &1.into()));
    let (code, said, faults) =
        peony(&["import", &format!("{files}/notes.txt"), &format!("{files}/none.dcm")], &data);
    assert_eq!((code, &said[0]["failed"]), (1, &2.into()));
    assert!(faults.lines().count() == 2 && faults.contains("notes.txt: not a DICOM file"), "{faults}");
    let (code, said, _) = peony(&["check"], &data);
    assert_eq!((code, &said[0]["objects"], &said[0]["faults"]), (0, &4.into(), &0.into()));

    let objects = data.join("store/objects");
    let object = walkdir::WalkDir::new(&objects)
        .into_iter()
        .filter_map(Result::ok)
        .find(|entry| entry.file_type().is_file());
    std::fs::write(object.unwrap().path(), "damaged").unwrap();
    std::fs::write(objects.join("stray"), "nobody's").unwrap();
    let (code, said, _) = peony(&["check"], &data);
    let faults: Vec<&str> = said.iter().filter_map(|line| line["fault"].as_str()).collect();
    assert_eq!((code, faults), (1, vec!["wrong digest", "stray file"]));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("one.dcm"), folder.path().join("data"));
    std::fs::write(&file, made_up::file(&made_up::attributes(1), STILL, 1)).unwrap();
    let (code, said, _) = peony(&["import", file.to_str().unwrap()], &data);
    assert_eq!((code, &said[0]["kept"]), (0, &1.into()));
    let made: Vec<_> = walkdir::WalkDir::new(&data).into_iter().map(Result::unwrap).collect();
    assert!(made.iter().any(|entry| entry.path().ends_with("index.sqlite")), "{made:?}");
    assert!(made.iter().filter(|entry| entry.file_type().is_file()).count() >= 3, "{made:?}");
    for entry in made {
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", entry.path().display());
    }
}

#[test]
fn who_did_what_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("one.dcm"), folder.path().join("data"));
    std::fs::write(&file, made_up::file(&made_up::attributes(1), STILL, 1)).unwrap();
    assert_eq!(peony(&["audit"], &data).0, 1, "there is no store yet");
    peony(&["import", file.to_str().unwrap()], &data);
    let store_is_open = async {
        let options = peony_store::Options { keep_free: 0, ..peony_store::Options::in_folder(&data) };
        let store = peony_store::Store::open(&options).await.unwrap();
        store.audit("somebody", "look", "at it").await.unwrap();
        let said = (peony(&["audit"], &data), peony(&["audit", "--after", "1"], &data));
        store.close().await;
        said
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (all, after) = runtime.block_on(store_is_open);
    let study = made_up::attributes(1)[&peony_dicom::Tag(0x0020, 0x000D)].clone();
    let lines: Vec<_> = all.1.iter().map(|line| [&line["act"], &line["what"]]).collect();
    assert_eq!((all.0, &lines[0]), (0, &[&"receive".into(), &format!("study {study}").into()]), "{all:?}");
    assert_eq!((lines.len(), &all.1[1]["who"]), (2, &"somebody".into()));
    assert_eq!(after.1, all.1[1..], "behind the first");
    assert!(all.1[1]["at"].as_str().unwrap().ends_with('Z'), "{all:?}");
}

#[test]
fn an_index_that_is_lost_is_written_anew_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("one.dcm");
    std::fs::write(&file, made_up::file(&made_up::attributes(1), STILL, 1)).unwrap();
    let (code, ..) = peony(&["import", file.to_str().unwrap()], &data);
    assert_eq!(code, 0);
    for part in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = std::fs::remove_file(data.join("store").join(part));
    }
    for lost in [&["check"][..], &["import", file.to_str().unwrap()]] {
        let (code, said, fault) = peony(lost, &data);
        assert_eq!((code, said.len(), fault.trim().lines().count()), (1, 0, 1), "{fault}");
        assert!(fault.contains("peony check --repair") && fault.contains("`--index`"), "{fault}");
    }
    let (code, said, _) = peony(&["check", "--repair"], &data);
    assert_eq!((code, &said[0]["repaired"]["indexed"]), (0, &1.into()), "{said:?}");
    assert_eq!((&said[1]["objects"], &said[1]["faults"]), (&1.into(), &0.into()), "{said:?}");
    let (code, said, _) = peony(&["check"], &data);
    assert_eq!((code, &said[0]["objects"], &said[0]["faults"]), (0, &1.into(), &0.into()));
}

#[test]
fn the_bench_measures_everything_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["bench", "store", "--seconds", "1", "--studies", "300", "--json", "--data"];
    let output = Command::cargo_bin("peony").unwrap().args(args).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let out = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let of = |what: &str| report[what].as_array().unwrap();
    assert_eq!((of("receive").len(), of("frame").len(), of("query").len()), (4, 2, 12));
    assert!(of("receive").iter().all(|one| one["received"].as_u64() > Some(0)), "{report}");
    assert!(of("query").iter().all(|one| one["answered"].as_u64() > Some(0)), "{report}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it takes away what it made");
}
