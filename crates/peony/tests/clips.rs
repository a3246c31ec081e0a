//! `peony bench exam --clips`: what is there is counted, and what is no clip is one line and harms no other.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

mod breast;

use std::path::Path;
use std::process::{Command, Output};

use image::{GrayImage, imageops};
use serde_json::{Value, json};
use tempfile::TempDir;

const SIZE: [u32; 2] = [400, 320];
const FRAMES: u32 = 20;

fn exam(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peony"));
    command.args(["bench", "exam", "--engine", "rten", "--threads", "1", "--json", "--clips"]);
    command.arg(folder).args(more);
    command.env_remove("PEONY_MODEL").env_remove("PEONY_ORT_LIB").env_remove("ORT_DYLIB_PATH");
    command.output().unwrap()
}

fn figures(output: &Output) -> Value {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let last = stdout.lines().last().unwrap_or_default();
    assert!(last.starts_with('{'), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(last).unwrap()
}

/// A probe that slips by two pixels a frame over a mass, and the truth of it.
fn clip() -> (Vec<u8>, Value) {
    let (picture, mask) = breast::with_mass(3, [SIZE[0] + 2 * FRAMES, SIZE[1]]);
    let mut video =
        format!("YUV4MPEG2 W{} H{} F20:1 Ip A1:1 Cmono XCOLORRANGE=FULL\n", SIZE[0], SIZE[1]).into_bytes();
    let mut frames = Vec::new();
    for frame in 0..FRAMES {
        let seen = |of: &GrayImage| imageops::crop_imm(of, 2 * frame, 0, SIZE[0], SIZE[1]).to_image();
        video.extend([b"FRAME\n", &seen(&picture).into_raw()[..]].concat());
        frames.push(json!({ "frame": frame, "lesions": [{ "lesion": 0, "runs": runs(&seen(&mask)) }] }));
    }
    let lesions = [json!({ "malignant": true })];
    (video, json!({ "dataset": "one", "group": "p1", "size_px": SIZE, "lesions": lesions, "frames": frames }))
}

fn runs(mask: &GrayImage) -> Vec<usize> {
    let mut runs: Vec<usize> = mask.as_raw().chunk_by(|a, b| (*a > 0) == (*b > 0)).map(<[u8]>::len).collect();
    if mask.as_raw()[0] > 0 {
        runs.insert(0, 0);
    }
    runs
}

#[test]
fn each_clip_is_an_examination_and_what_is_none_is_one_line() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let (video, truth) = clip();
    write("good.y4m", &video);
    write("good.json", truth.to_string().as_bytes());
    // A folder of frames of a breast without a mass; nobody says anything of it but its set.
    std::fs::create_dir(folder.path().join("normal")).unwrap();
    let normal = breast::without_mass(3, [SIZE[0] + 2 * FRAMES, SIZE[1]]);
    for frame in 0..FRAMES {
        let path = folder.path().join(format!("normal/{frame:02}.png"));
        imageops::crop_imm(&normal, 2 * frame, 0, SIZE[0], SIZE[1]).to_image().save(path).unwrap();
    }
    write("normal.json", br#"{"dataset":"two","fps":20}"#);
    // What is none.
    write("cut.y4m", &video[..video.len() - 1000]);
    write("cut.json", truth.to_string().as_bytes());
    write("short.y4m", &video);
    write("short.json", b"[");
    write("alone.y4m", &video);
    write("lonely.json", b"{}");
    write("still.y4m", b"nothing of a video");
    write("still.json", b"{}");
    write("other.y4m", &video);
    write("other.json", br#"{"frames":[{"frame":20,"lesions":[{"box_px":[1,1,9,9]}]}]}"#);

    let output = exam(folder.path(), &[]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let said = [
        "alone.y4m: no truth beside it",
        "lonely.json: no clip of this name",
        "cut.y4m: frame 19 is cut off",
        "short.y4m: its truth: EOF",
        "still.y4m: no ",
        "other.y4m: its truth reaches to frame 20, and it has 20 frames",
    ];
    for line in said {
        assert!(stderr.contains(line), "'{line}' is not in\n{stderr}");
    }
    assert_eq!(stderr.lines().count(), said.len(), "{stderr}");

    let line = figures(&output);
    assert_eq!((line["clips"].as_u64(), line["left_out"].as_u64()), (Some(2), Some(6)));
    assert!(line["seeds"].is_null() && line["volume"]["volume_within_20"].is_null());
    let detect = &line["detect"];
    assert_eq!(
        (detect["sensitivity"].as_f64(), detect["sensitivity_iou20"].as_f64()),
        (Some(1.0), Some(1.0))
    );
    assert_eq!((detect["false_per_min"].as_f64(), detect["ap50"].as_f64()), (Some(0.0), Some(1.0)));
    let counts = ["lesions_found", "lesions", "false_alarms", "false_alarms_lesion_free"];
    assert_eq!(counts.map(|key| detect[key].as_u64().unwrap()), [1, 1, 0, 0]);
    let [all, lesion_free] = ["minutes", "minutes_lesion_free"].map(|key| detect[key].as_f64().unwrap());
    assert!(0.0 < lesion_free && lesion_free < all, "{detect}");
    assert_eq!(line["ci95"]["detect.sensitivity"][1].as_f64(), Some(1.0));
    let sets = line["by_dataset"].as_object().unwrap();
    assert_eq!(sets.keys().collect::<Vec<_>>(), ["one", "two"]);
    assert!(sets["two"]["detect"]["sensitivity"].is_null());
    assert_eq!(sets["two"]["detect"]["false_per_min_lesion_free"].as_f64(), Some(0.0));
}

#[test]
fn what_is_marked_elsewhere_is_missed_and_a_false_alarm_and_a_light_that_never_comes_is_missed_too() {
    let folder = TempDir::new().unwrap();
    let (video, mut truth) = clip();
    for frame in truth["frames"].as_array_mut().unwrap() {
        frame["lesions"] = json!([{ "box_px": [4, 250, 40, 300] }]);
    }
    truth["faults"] = json!([{ "kind": "lost_contact", "from": 5, "to": 15 }]);
    std::fs::write(folder.path().join("a.y4m"), video).unwrap();
    std::fs::write(folder.path().join("a.json"), truth.to_string()).unwrap();
    let output = exam(folder.path(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = figures(&output);
    assert_eq!(line["detect"]["sensitivity_iou20"].as_f64(), Some(0.0));
    assert_eq!(line["detect"]["false_per_min"].as_f64(), Some(60.0), "one in the second that it lasts");
    assert_eq!(line["quality"]["caught_in_500ms"].as_f64(), Some(0.0));
    assert_eq!((line["key_planes"]["hit"].as_f64(), line["detect"]["ap50"].as_f64()), (Some(0.0), Some(0.0)));
    assert!(line["grade"]["auc"].is_null());
}

#[test]
fn without_a_clip_there_is_nothing_to_say() {
    let folder = TempDir::new().unwrap();
    let output = exam(folder.path(), &[]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("no clip that can be examined") && stderr.lines().count() == 1, "{stderr}");
    assert_eq!(exam(folder.path(), &["--seeds", "0..2"]).status.code(), Some(2));
}
