//! What a person hands over by mistake: each gives one clear line and the right exit code, and the other files of
//! the same call are still read.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

mod breast;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use image::{GrayImage, Luma};
use tempfile::TempDir;

/// What is said of a file that is none of those that are read.
const NO_FILE: &str = if cfg!(feature = "h264") {
    "no PNG, JPEG, DICOM, MP4 or YUV4MPEG2 file"
} else {
    "no PNG, JPEG, DICOM or YUV4MPEG2 file"
};

/// A picture that reads without complaint.
fn good(folder: &Path) -> PathBuf {
    save(folder, "good.png", &breast::without_mass(3, [320, 240]))
}

fn save(folder: &Path, name: &str, picture: &GrayImage) -> PathBuf {
    let path = folder.join(name);
    picture.save(&path).unwrap();
    path
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A DICOM file: preamble, `DICM`, file meta for explicit little endian, then `dataset`.
fn dicom(folder: &Path, name: &str, dataset: &[u8]) -> PathBuf {
    dicom_as(folder, name, b"1.2.840.10008.1.2.1\0", dataset)
}

/// The same in another transfer syntax.
fn dicom_as(folder: &Path, name: &str, syntax: &[u8], dataset: &[u8]) -> PathBuf {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    let mut meta = element(0x0002, 0x0002, b"UI", b"1.2.840.10008.5.1.4.1.1.6.1\0");
    meta.extend(element(0x0002, 0x0003, b"UI", b"1.2.3.4\0"));
    meta.extend(element(0x0002, 0x0010, b"UI", syntax));
    bytes.extend(element(0x0002, 0x0000, b"UL", &(meta.len() as u32).to_le_bytes()));
    bytes.extend(meta);
    bytes.extend(dataset);
    write(folder, name, &bytes)
}

fn element(group: u16, number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend(vr);
    if matches!(vr, b"OB" | b"OW" | b"SQ") {
        bytes.extend([0, 0]);
        bytes.extend((value.len() as u32).to_le_bytes());
    } else {
        bytes.extend((value.len() as u16).to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

/// A grey picture of the given modality and size, all zero.
fn grey_dataset(modality: &[u8; 2], rows: u16, columns: u16, pixels: usize) -> Vec<u8> {
    [grey_header(modality, rows, columns, b"1 ", &[]), element(0x7fe0, 0x0010, b"OB", &vec![0; pixels])]
        .concat()
}

/// What stands before the pixels of an eight-bit grey object; `timing` holds further elements of group 0018.
fn grey_header(modality: &[u8; 2], rows: u16, columns: u16, frames: &[u8; 2], timing: &[u8]) -> Vec<u8> {
    let short = |number, value: u16| element(0x0028, number, b"US", &value.to_le_bytes());
    [
        element(0x0008, 0x0016, b"UI", b"1.2.840.10008.5.1.4.1.1.6.1\0"),
        element(0x0008, 0x0018, b"UI", b"1.2.3.4\0"),
        element(0x0008, 0x0060, b"CS", modality),
        timing.to_vec(),
        short(0x0002, 1),
        element(0x0028, 0x0004, b"CS", b"MONOCHROME2 "),
        element(0x0028, 0x0008, b"IS", frames),
        short(0x0010, rows),
        short(0x0011, columns),
        short(0x0100, 8),
        short(0x0101, 8),
        short(0x0102, 7),
        short(0x0103, 0),
    ]
    .concat()
}

/// Sequences of undefined length inside each other.
fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..depth {
        bytes.extend([0x08, 0x00, 0x40, 0x11, b'S', b'Q', 0, 0, 0xff, 0xff, 0xff, 0xff]);
        bytes.extend([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]);
    }
    bytes
}

/// Reads `bad` between two good files: one line about it, both others read, and exit code 1.
fn check(name: &str, make: impl Fn(&Path) -> PathBuf, says: &str) {
    let folder = TempDir::new().unwrap();
    let good = good(folder.path());
    let bad = make(folder.path());
    let output = peony(&["analyze", "--json"]).arg(&good).arg(&bad).arg(&good).output().unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaints.lines().count(), 1, "{name}: one line, not\n{complaints}");
    assert!(complaints.contains(says), "{name}: '{complaints}' does not say '{says}'");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let of_good = stdout.lines().filter(|line| line.contains("good.png")).count();
    assert_eq!(of_good, 2, "{name}: both good files are read");
    assert_eq!(output.status.code(), Some(1), "{name}: something could not be read");
}

/// The program with the model inside it, on the engine inside it.
fn peony(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("peony").unwrap();
    command.args(args).env_remove("PEONY_MODEL").env_remove("PEONY_ORT_LIB").env_remove("ORT_DYLIB_PATH");
    if args[0] != "demo" {
        command.args(["--engine", "rten"]);
    }
    command
}

#[test]
fn an_empty_variable_says_nothing() {
    let folder = TempDir::new().unwrap();
    let mut command = peony(&["analyze"]);
    command.arg(good(folder.path())).env("PEONY_MODEL", "").env("PEONY_ORT_LIB", "");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let said = peony(&["analyze", "--model", ""]).arg(good(folder.path())).output().unwrap();
    assert_eq!(said.status.code(), Some(2), "a flag without a value is a mistake");
}

#[test]
fn files_that_are_not_what_they_seem() {
    check("text.dcm", |dir| write(dir, "text.dcm", b"This is a text file, not a picture.\n"), "DICOM");
    check("text", |dir| write(dir, "notes.txt", b"notes"), NO_FILE);
    check("empty", |dir| write(dir, "empty.dcm", b""), "DICOM");
    check("missing", |dir| dir.join("missing.png"), "cannot be opened");
    check(
        "half a PNG",
        |dir| write(dir, "half.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        "not a readable picture",
    );
}

#[test]
fn pictures_of_no_use() {
    check("1×1", |dir| save(dir, "one.png", &GrayImage::new(1, 1)), "1 × 1 pixels: too small");
    check("12,000×12,000", |dir| save(dir, "huge.png", &GrayImage::new(12_000, 12_000)), "too large");
    check("a mammogram", |dir| dicom(dir, "mg.dcm", &grey_dataset(b"MG", 100, 100, 10_000)), "mammography");
}

/// Smooth grey without speckle: what a film or a photograph of a wall looks like.
#[test]
fn pictures_that_are_no_ultrasound_are_named_and_not_graded() {
    check(
        "a smooth picture",
        |dir| save(dir, "smooth.png", &GrayImage::from_fn(400, 300, |x, y| Luma([((x + y) / 4) as u8]))),
        "not read:",
    );
    check("a black screen", |dir| save(dir, "black.png", &GrayImage::new(640, 480)), "not read:");
}

#[test]
fn a_film_mammogram_is_named_and_not_graded() {
    let data = std::env::var_os("PEONY_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let film = data.join("mammography/mias/images/mdb001.jpg");
    if !film.exists() {
        eprintln!("skipped: no mammograms in {} (set PEONY_DATA)", data.display());
        return;
    }
    check("a mammogram as JPEG", |_| film.clone(), "not read:");
}

#[test]
fn hostile_dicom() {
    check("nested 100,000 deep", |dir| dicom(dir, "deep.dcm", &nested(100_000)), "deep");
    check(
        "truncated",
        |dir| {
            let whole = grey_dataset(b"US", 100, 100, 10_000);
            dicom(dir, "cut.dcm", &whole[..whole.len() - 5_000])
        },
        "the file is cut off",
    );
    check(
        "12,000×12,000",
        |dir| dicom(dir, "wide.dcm", &grey_dataset(b"US", 12_000, 12_000, 16)),
        "the limit is",
    );
}

#[test]
fn damaged_video() {
    let y4m = |header: &str, luma: usize| {
        [format!("YUV4MPEG2 {header}\nFRAME\n").as_bytes(), &vec![0; luma]].concat()
    };
    let check = |header: &str, luma: usize, says: &str| {
        check(header, |dir| write(dir, "video", &y4m(header, luma)), says);
    };
    check("W320 H240 F25:1 Cmono", 320 * 240 - 1, "frame 0 is cut off");
    check("W32 H24 F25:1 Cmono", 32 * 24, "32 × 24 pixels: too small");
    check("W12000 H12000 F25:1 Cmono", 16, "too large");
    check("W320 H240 F25:1 C420p10", 16, "10 bits a sample");
    check("W320 H240 A59:54 F25:1 Cmono", 16, "not square");
}

#[test]
fn mp4_is_known_by_its_bytes_and_what_is_missing_is_said() {
    let video = include_bytes!("../../sources/tests/videos/baseline.mp4");
    let says = if cfg!(feature = "h264") { "damaged MP4 file" } else { "built without H.264" };
    check("mp4", |dir| write(dir, "video", &video[..600]), says);
    if cfg!(feature = "h264") {
        let folder = TempDir::new().unwrap();
        let path = write(folder.path(), "video.bin", video);
        let replayed = peony(&["replay", "--no-model"]).arg(path).output().unwrap();
        let said = String::from_utf8(replayed.stdout).unwrap();
        assert!(said.contains("12 frames in ") && said.contains("none dropped"), "{said}");
    }
}

#[test]
fn a_folder_without_pictures() {
    check(
        "empty folder",
        |dir| {
            let folder = dir.join("nothing");
            std::fs::create_dir(&folder).unwrap();
            folder
        },
        NO_FILE,
    );
}

#[test]
fn numbers_that_cannot_be_are_a_wrong_command_line() {
    let check = |args: &[&str], says: &str| {
        let output = peony(args).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(says), "{args:?}: {stderr}");
    };
    check(&["replay", ".", "--fps", "0"], "a frame rate lies between");
    check(&["analyze", "a.png", "--mm-per-px", "0"], "--mm-per-px");
    check(&["replay", "phantom:x"], "its seed is a whole number");
}

/// A cine of three RGB frames in RLE (PS3.5 Annex G) whose middle one is damaged, at a frame time of 0.
#[test]
fn a_damaged_frame_and_a_frame_time_of_zero_are_said_and_the_rest_is_read() {
    let folder = TempDir::new().unwrap();
    let (rows, columns) = (96_u16, 128_u16);
    let path = folder.path().join("cine.dcm");
    std::fs::write(&path, damaged_cine(rows, columns)).unwrap();
    let output = peony(&["analyze", "--json"]).arg(&path).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let frames: Vec<u64> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["frame"].as_u64().unwrap())
        .collect();
    assert_eq!(frames, [0, 2], "{stderr}");
    assert!(stderr.contains("30 frames a second are assumed"), "{stderr}");
    assert_eq!(output.status.code(), Some(1), "{stderr}");
}

fn damaged_cine(rows: u16, columns: u16) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let pixels = usize::from(rows) * usize::from(columns);
    let noise: Vec<u8> = (0..pixels).map(|i| 60 + ((i * 7919) % 61) as u8).collect();
    let good = rle(&noise);
    let mut dataset = grey_header(b"US", rows, columns, b"3 ", &element(0x0018, 0x1063, b"DS", b"0 "));
    dataset.extend([0xe0, 0x7f, 0x10, 0x00, b'O', b'B', 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let item =
        |bytes: &[u8]| [&[0xfe, 0xff, 0x00, 0xe0], &(bytes.len() as u32).to_le_bytes()[..], bytes].concat();
    dataset.extend(item(&[]));
    for fragment in [&good[..], &good[..80], &good[..]] {
        dataset.extend(item(fragment));
    }
    dataset.extend([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
    let path = dicom_as(folder.path(), "cine.dcm", b"1.2.840.10008.1.2.5\0", &dataset);
    std::fs::read(path).unwrap()
}

/// One segment of literal runs.
fn rle(pixels: &[u8]) -> Vec<u8> {
    let mut bytes = [1_u32.to_le_bytes(), 64_u32.to_le_bytes()].concat();
    bytes.resize(64, 0);
    for run in pixels.chunks(128) {
        bytes.push((run.len() - 1) as u8);
        bytes.extend(run);
    }
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

#[test]
fn without_a_model_quality_is_still_judged() {
    let folder = TempDir::new().unwrap();
    let good = good(folder.path());
    let check = |args: &[&str], code: i32, says: &str| {
        let output = Command::cargo_bin("peony").unwrap().args(args).arg(&good).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(says), "{stderr}");
        let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(record["findings"].as_array().unwrap().is_empty());
        assert!(record["provenance"].is_null(), "no result without a model");
    };
    check(&["analyze", "--json", "--no-model"], 3, "no model");
    // A folder that holds no model: the reason is said and the program keeps running with what it has.
    let nowhere = folder.path().join("nowhere");
    check(&["analyze", "--json", "--model", nowhere.to_str().unwrap()], 3, "nowhere");
}

/// In a folder too: what is named as a picture and is none is a line, and what is named otherwise is passed over.
#[test]
fn what_a_folder_calls_a_picture_and_is_none_is_a_line() {
    let folder = TempDir::new().unwrap();
    good(folder.path());
    for name in ["broken.PNG", "broken.jpg", "broken.dcm", "notes.txt", "._good.png", "no-suffix"] {
        write(folder.path(), name, b"no picture");
    }
    let output = peony(&["analyze", "--json"]).arg(folder.path()).output().unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    let mut named: Vec<_> =
        complaints.lines().filter_map(|line| line.split("broken.").nth(1)?.split(':').next()).collect();
    named.sort_unstable();
    assert_eq!(named, ["PNG", "dcm", "jpg"], "{complaints}");
    assert_eq!(complaints.lines().count(), 3, "{complaints}");
    assert_eq!(output.stdout.iter().filter(|&&byte| byte == b'\n').count(), 1, "the good one is read");
    assert_eq!(output.status.code(), Some(1));
}
