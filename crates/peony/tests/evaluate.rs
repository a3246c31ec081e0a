//! `peony evaluate` on a made-up table: what other programs read, the report's file, and tables that are not as they
//! should be.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

mod breast;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A mass of a phantom and its mask, as `NAME.png` and `NAME-mask.png`.
fn lesion(folder: &Path, name: &str, seed: u64) {
    let (picture, mask) = breast::with_mass(seed, [400, 320]);
    picture.save(folder.join(format!("{name}.png"))).unwrap();
    mask.save(folder.join(format!("{name}-mask.png"))).unwrap();
}

/// A folder with two lesions, `a` and `b`, and this table.
fn cases(table: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    lesion(folder.path(), "a", 3);
    lesion(folder.path(), "b", 7);
    std::fs::write(folder.path().join("cases.csv"), table).unwrap();
    folder
}

fn evaluate(folder: &Path, further: &[&str]) -> Output {
    command(folder, further).output().unwrap()
}

fn command(folder: &Path, further: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peony"));
    command.current_dir(folder).args(["evaluate", "--cases", "cases.csv", "--root", "."]);
    command.args(["--engine", "rten"]).args(further);
    command.env_remove("PEONY_MODEL").env_remove("PEONY_ORT_LIB").env_remove("ORT_DYLIB_PATH");
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

const PLAIN: &str = "dataset,image,mask,group,pathology,split
set,a.png,a-mask.png,1,benign,val
set,b.png,b-mask.png,2,malignant,val
";
const FULL: &str = "dataset,image,mask,group,pathology,split,birads,device,shape,further
set,a.png,a-mask.png,1,benign,val,3,probe,oval,x
set,b.png,b-mask.png,2,malignant,val,4,probe,irregular,y
";

#[test]
fn the_figures_have_the_documented_keys() {
    let folder = cases(FULL);
    let output = evaluate(folder.path(), &["--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(keys(&json), ["datasets", "devices", "provenance", "split"]);
    assert_eq!(keys(&json["provenance"]), ["model", "precision", "provider", "sha256", "version"]);
    assert_eq!((keys(&json["datasets"]), keys(&json["devices"])), (vec!["all", "set"], vec!["other"]));
    let all = &json["datasets"]["all"];
    let expected = [
        "ap50",
        "auc",
        "auc_delong_ci95",
        "birads",
        "calibration",
        "descriptors",
        "dice",
        "false_masks_on_normals",
        "false_masks_share",
        "graded",
        "lesions",
        "malignancy_by_category",
        "missed",
        "missed_share",
        "normals",
        "patients",
        "pictures",
        "sensitivity_at_specificity_90",
    ];
    assert_eq!(keys(all), expected);
    let counts =
        ["pictures", "patients", "lesions", "missed", "normals"].map(|key| all[key].as_u64().unwrap());
    assert_eq!(counts, [2, 2, 2, 0, 0]);
    assert_eq!(keys(&all["dice"]), ["ci95", "value"]);
    assert!(all["dice"]["value"].as_f64().unwrap() > 0.5, "the mass is found: {}", all["dice"]);
    assert_eq!(all["dice"]["ci95"], Value::Null, "two patients are too few for an interval");
    let point = ["ci95", "specificity", "threshold", "value"];
    assert_eq!(keys(&all["sensitivity_at_specificity_90"]), point);
    let birads = ["kappa", "matrix", "pictures", "scale", "without_proposal"];
    assert_eq!(keys(&all["birads"]), birads);
    assert_eq!(
        keys(&all["malignancy_by_category"][0]),
        ["category", "expected", "malignant", "pictures", "share"]
    );
    assert_eq!(keys(&all["calibration"]), ["bins", "brier", "ece"]);
}

#[test]
fn columns_that_are_missing_leave_their_part_out() {
    let folder = cases(PLAIN);
    let output = evaluate(folder.path(), &["--json"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(keys(&json), ["datasets", "provenance", "split"]);
    assert_eq!(json["datasets"]["all"]["birads"], Value::Null);
}

#[test]
fn a_row_with_a_bad_category_is_one_line_and_the_others_are_read() {
    let folder = cases(
        "dataset,image,mask,group,pathology,split,birads
set,a.png,a-mask.png,1,benign,val,4z
set,b.png,b-mask.png,2,malignant,val,5
set,b.png,b-mask.png,3,odd,val,5
set,missing.png,b-mask.png,4,benign,val,2
",
    );
    let output = evaluate(folder.path(), &[]);
    let complaints = stderr(&output);
    assert_eq!(complaints.lines().count(), 3, "{complaints}");
    for says in ["a.png: BI-RADS '4z'", "b.png: pathology 'odd'", "missing.png: "] {
        assert!(complaints.contains(says), "'{complaints}' does not say '{says}'");
    }
    assert_eq!(output.status.code(), Some(1), "something could not be read");
    let table = String::from_utf8(output.stdout).unwrap();
    let all = table.lines().find(|line| line.starts_with("all ")).unwrap();
    assert_eq!(all.split_whitespace().nth(1), Some("2"), "{table}");
}

#[test]
fn the_report_is_written_in_the_language_asked_for() {
    let folder = cases(FULL);
    let check = |further: &[&str], says: &[&str]| {
        let output = evaluate(folder.path(), &[&["--html", "report.html"], further].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
        for says in says {
            assert!(page.contains(says), "{further:?}: {says}");
        }
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(table.contains("split val"), "the table is still on the terminal: {table}");
    };
    check(&[], &["lang=\"en\"", "Accuracy on labelled pictures", "too few patients for an interval"]);
    check(&["--lang", "zh"], &["lang=\"zh-CN\"", "标注图像上的准确度", "仅供研究使用"]);
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_anything_is_read() {
    let folder = cases(PLAIN.replace("a.png,", "missing.png,").as_str());
    let output = evaluate(folder.path(), &["--html", "nowhere/report.html"]);
    let complaints = stderr(&output);
    assert_eq!(complaints.lines().count(), 1, "no reading has failed yet:\n{complaints}");
    assert!(complaints.contains("nowhere/report.html: cannot be written"), "{complaints}");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_run_that_fails_leaves_the_report_that_was_there() {
    let folder = cases(PLAIN);
    std::fs::write(folder.path().join("report.html"), "the last one").unwrap();
    let output = evaluate(folder.path(), &["--html", "report.html", "--model", "."]);
    assert!(!output.status.success(), "{}", stderr(&output));
    // One that is ended while it reads: no picture's end can be awaited for sure, a pipe in the place of one can.
    #[cfg(unix)]
    {
        std::fs::remove_file(folder.path().join("a-mask.png")).unwrap();
        let made = Command::new("mkfifo").arg(folder.path().join("a-mask.png")).status().unwrap();
        assert!(made.success());
        let mut running = command(folder.path(), &["--html", "report.html"]).spawn().unwrap();
        // Opens when the program has the other end open, that is in the middle of its reading.
        let pipe = std::fs::File::options().write(true).open(folder.path().join("a-mask.png")).unwrap();
        running.kill().unwrap();
        running.wait().unwrap();
        drop(pipe);
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("report.html")).unwrap(), "the last one");
}
