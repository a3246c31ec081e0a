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
    assert_eq!(keys(&json), ["datasets", "devices", "not_read", "provenance", "split"]);
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
        "outlined",
        "patients",
        "pictures",
        "refused",
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
    assert_eq!(keys(&json), ["datasets", "not_read", "provenance", "split"]);
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
    assert_eq!(all.strip_prefix("all (set)").unwrap().split_whitespace().next(), Some("2"), "{table}");
}

/// What figures a table with this lesion would falsify, and what is said instead.
#[test]
fn a_mask_that_marks_nothing_or_is_none_is_a_complaint() {
    let folder = cases(
        "dataset,image,mask,group,pathology,split
set,a.png,a-mask.png,1,benign,val
set,b.png,empty.png,2,malignant,val
set,a.png,a-mask.jpg,3,benign,val
",
    );
    let mask = image::open(folder.path().join("a-mask.png")).unwrap().into_luma8();
    image::GrayImage::new(mask.width(), mask.height()).save(folder.path().join("empty.png")).unwrap();
    mask.save(folder.path().join("a-mask.jpg")).unwrap();
    let output = evaluate(folder.path(), &["--json", "--html", "report.html"]);
    let complaints = stderr(&output);
    assert_eq!(complaints.lines().count(), 2, "{complaints}");
    let rows = ["b.png: the mask empty.png marks nothing", "a.png: the mask a-mask.jpg is no PNG"];
    for says in rows {
        assert!(complaints.contains(says), "{complaints} does not say {says}");
    }
    assert_eq!(output.status.code(), Some(1), "something could not be read");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = &json["datasets"]["all"];
    assert_eq!((all["pictures"].as_u64(), all["missed"].as_u64()), (Some(1), Some(0)), "{all}");
    assert_eq!(json["not_read"]["count"].as_u64(), Some(2));
    let read: Vec<_> =
        json["not_read"]["rows"].as_array().unwrap().iter().map(|row| row["row"].as_str()).collect();
    assert_eq!(read, [Some("b.png"), Some("a.png")]);
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(rows.iter().all(|says| page.contains(&format!("<li>{says}"))), "the report names them");
}

#[test]
fn a_mask_in_ones_is_the_mask_in_two_hundred_and_fifty_fives() {
    let folder = cases(PLAIN);
    let before = evaluate(folder.path(), &["--json"]);
    for name in ["a-mask.png", "b-mask.png"] {
        let path = folder.path().join(name);
        let mut mask = image::open(&path).unwrap().into_luma8();
        assert!(mask.pixels().all(|level| [0, 255].contains(&level.0[0])));
        mask.pixels_mut().for_each(|level| level.0[0] = level.0[0].min(1));
        mask.save(&path).unwrap();
    }
    let after = evaluate(folder.path(), &["--json"]);
    assert!(after.status.success(), "{}", stderr(&after));
    let [before, after]: [Value; 2] =
        [before, after].map(|output| serde_json::from_slice(&output.stdout).unwrap());
    assert_eq!(before["datasets"], after["datasets"]);
}

#[test]
fn a_lesion_without_a_mask_is_read() {
    let folder = cases(&PLAIN.replace("b-mask.png", ""));
    let output = evaluate(folder.path(), &["--json"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = &json["datasets"]["all"];
    let counts = ["lesions", "outlined", "graded"].map(|key| all[key].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 2], "{all}");
}

#[test]
fn without_a_model_nothing_is_measured_and_that_is_said() {
    let folder = cases(PLAIN);
    let output = evaluate(folder.path(), &["--no-model"]);
    assert_eq!(stderr(&output).trim(), "peony: no model, nothing is measured (--no-model)");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0));
}

#[test]
fn what_runs_the_model_is_said_where_it_is_asked_for() {
    let folder = cases(PLAIN);
    let said = stderr(&evaluate(folder.path(), &["-v"]));
    assert!(said.contains("rten in fp32 runs the model"), "{said}");
}

#[test]
fn a_line_of_help_is_broken_once() {
    let output = Command::new(env!("CARGO_BIN_EXE_peony")).args(["evaluate", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = help.lines().skip_while(|line| !line.starts_with("cases.csv has one row")).collect();
    let short = lines.iter().rev().skip(1).find(|line| line.chars().count() < 80);
    assert!(lines.len() > 3 && short.is_none(), "a short line amid longer ones: {short:?}");
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
    let says = "nowhere/report.html: cannot be written: there is no folder nowhere";
    assert!(complaints.contains(says), "{complaints}");
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
