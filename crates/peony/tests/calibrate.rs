//! A clinic's probe: sweeps of known length in, a calibration out, and lengths along other sweeps with it. The phantom plays a probe whose
//! beam is not the one that the program assumes, and its recordings do not say what they are.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use peony_model::{Pixels, Spacing};
use peony_phantom::{Elevation, MassPlan, PathKind, Phantom, PhantomConfig, Preset};
use serde_json::Value;
use tempfile::TempDir;

const SIZE_PX: [u32; 2] = [400, 300];

struct Sweep {
    path: PathBuf,
    mm_per_px: String,
    length_mm: f32,
}

/// A video of one sweep over a breast; of `frames` frames at most.
fn sweep(folder: &Path, seed: u64, path: PathKind, frames: usize) -> Sweep {
    let elevation = Elevation { focus_mm: 20.0, width_mm: 1.4 };
    let config = PhantomConfig {
        masses: MassPlan::Normal,
        size_px: SIZE_PX,
        preset: Some(Preset { depth_mm: 34.0, elevation, smoothing: 1.1, ..Preset::drawn(seed) }),
        speed_mm_s: 12.0,
        length_mm: 40.0,
        path,
        ..PhantomConfig::default()
    };
    let file = folder.join(format!("{seed}.y4m"));
    let mut out = std::io::BufWriter::new(std::fs::File::create(&file).unwrap());
    writeln!(out, "YUV4MPEG2 W{} H{} F30:1 Ip A1:1 Cmono XCOLORRANGE=FULL", SIZE_PX[0], SIZE_PX[1]).unwrap();
    let (mut along, mut mm_per_px) = (Vec::new(), String::new());
    for made in Phantom::new(seed, &config).unwrap().sweep().take(frames) {
        let Spacing::Uniform(scale) = made.frame.spacing else { unreachable!("a phantom knows its scale") };
        let Pixels::Luma8(grey) = made.frame.pixels else { unreachable!("phantoms are grey") };
        mm_per_px = scale.x().to_string();
        along.push(made.truth.pose.t_mm[1]);
        out.write_all(b"FRAME\n").unwrap();
        out.write_all(grey.as_raw()).unwrap();
    }
    out.flush().unwrap();
    Sweep { path: file, mm_per_px, length_mm: along.last().unwrap() - along[0] }
}

fn peony(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peony"));
    command.args(args).current_dir(folder).env_remove("PEONY_MODEL").env_remove("PEONY_ORT_LIB");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The way that the last line of `analyze --json` tells; `None` where it has no third dimension.
fn way_mm(folder: &Path, sweep: &Sweep, more: &[&str]) -> Option<(f64, Value)> {
    let file = sweep.path.to_str().unwrap();
    let args = [&["analyze", "--json", "--no-model", "--mm-per-px", &sweep.mm_per_px, file], more].concat();
    let output = peony(folder, &args);
    // Without a model the call ends with 3; the pictures were judged.
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let last: Value = serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap();
    let volume = last.get("volume")?;
    assert_eq!(volume["simulated"], true);
    Some((volume["path_mm"].as_f64().unwrap(), volume["calibration"].clone()))
}

#[test]
fn sweeps_of_known_length_give_a_probe_its_lengths_and_without_them_it_has_none() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let known = [410_000, 410_001].map(|seed| sweep(at, seed, PathKind::Freehand, 200));
    let lengths = known.each_ref().map(|sweep| sweep.length_mm.to_string());
    let [first, second] = known.each_ref().map(|sweep| sweep.path.to_str().unwrap());
    let names = ["--probe", "L12-5", "--preset", "breast", "--mm-per-px", &known[0].mm_per_px];
    let args =
        [&["calibrate", first, second, "--length-mm", &lengths[0], "--length-mm", &lengths[1]], &names[..]];
    let output = peony(at, &args.concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("simulated, ±"), "{said}");
    let name = said.lines().find_map(|line| line.strip_prefix("written: ")).unwrap();
    assert!(name.starts_with("L12-5-breast-") && name.ends_with(".toml"), "{name}");

    let file = at.join(name);
    let written = std::fs::read_to_string(&file).unwrap();
    for part in
        ["version = 2", "probe = \"L12-5\"", "preset = \"breast\"", "relative_error = 0.2", "[[sweeps]]"]
    {
        assert!(written.contains(part), "{part} in {written}");
    }

    let other = sweep(at, 2_901, PathKind::Straight, 200);
    assert_eq!(way_mm(at, &other, &[]), None, "nobody has measured this probe");
    let (read_mm, by) = way_mm(at, &other, &["--calibration", name]).unwrap();
    let off = read_mm / f64::from(other.length_mm) - 1.0;
    println!("{read_mm:.1} mm of {:.1}", other.length_mm);
    assert!(off.abs() < 0.15, "{read_mm} mm of {}", other.length_mm);
    assert_eq!((&by["probe"], &by["preset"]), (&"L12-5".into(), &"breast".into()));
    let made = by["made"].as_str().unwrap();
    assert!(made.len() == 10 && written.contains(made), "{made}");

    // A folder is to choose from: nothing in a video says which probe it is of, so a person does.
    let folder_of = ["--calibration", at.to_str().unwrap()];
    assert_eq!(way_mm(at, &other, &folder_of), None);
    let named = way_mm(at, &other, &[&folder_of[..], &["--probe", "L12-5"]].concat());
    assert_eq!(named.map(|(read_mm, _)| read_mm), Some(read_mm));
    let file_of = other.path.to_str().unwrap();
    let plain = ["analyze", "--no-model", "--mm-per-px", &other.mm_per_px, file_of, "--calibration", name];
    let plain = text(&peony(at, &plain).stdout);
    assert!(
        plain.lines().any(|line| line.contains("simulated; calibration L12-5, breast, of 20")),
        "{plain}"
    );
}

#[test]
fn what_makes_no_calibration_is_one_line_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let short = sweep(at, 410_002, PathKind::Straight, 12);
    let (file, scale) = (short.path.to_str().unwrap(), ["--mm-per-px", short.mm_per_px.as_str()]);
    std::fs::write(at.join("notes.txt"), "notes").unwrap();
    let check = |args: &[&str], says: &str| {
        let output = peony(at, &[&["calibrate"], args].concat());
        let complaints = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {complaints}");
        assert!(complaints.contains(says), "'{complaints}' does not say '{says}'");
        assert!(complaints.lines().count() <= 2, "{complaints}");
        assert!(!at.join("p.toml").exists(), "{args:?}");
    };
    let of = |more: &[&'static str]| [&[file], &scale[..], &["--probe", "p"], more].concat();
    check(&of(&["--length-mm", "40"]), "the probe moves in 11 frames only");
    check(&of(&["--length-mm", "4000"]), "a known length lies between 20 and 200 mm");
    check(&of(&["--length-mm", "NaN"]), "a known length lies between 20 and 200 mm");
    check(&of(&["--length-mm", "40", "--length-mm", "50"]), "2 lengths for 1 sweeps");
    check(&[file, "--length-mm", "40", "--probe", "p"], "the scale of the picture is unknown");
    check(&[file, "--length-mm", "40", "--probe", "p", "--depth-mm", "9000"], "--depth-mm");
    check(&[file, "--length-mm", "40", "--probe", " "], "--probe is a name");
    check(&["missing.y4m", "--length-mm", "40", "--probe", "p"], "missing.y4m: ");
    check(&["notes.txt", "--length-mm", "40", "--probe", "p"], "notes.txt: ");
    std::fs::write(at.join("there.toml"), "").unwrap();
    check(&of(&["--length-mm", "40", "--out", "there.toml"]), "there.toml: is there already");
}

#[test]
fn a_file_that_is_no_calibration_is_one_line_that_names_it() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let good = "version = 2\nprobe = \"L12\"\nmade = \"2026-05-28\"\nprogram = \"0.1.0\"\nrelative_error = 0.27\n\
                beam = { gain = 1.4, turn_gain = 1.6 }\nsweeps = [{ length_mm = 60.0, read_mm = 59.0 }]\n";
    let check = |content: &str, more: &[&str], says: &str| {
        std::fs::write(at.join("a.toml"), content).unwrap();
        let output =
            peony(at, &[&["analyze", "--no-model", "x.y4m", "--calibration", "a.toml"], more].concat());
        let complaints = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{complaints}");
        assert!(complaints.contains(says) && complaints.lines().count() == 1, "'{complaints}' for '{says}'");
    };
    check("", &[], "a.toml: no calibration: missing field");
    check("\u{0}\u{1}", &[], "a.toml: no calibration");
    check(&good.replace("version = 2", "version = 7"), &[], "version is 7");
    check(&good.replace("version = 2", "version = 1"), &[], "calibrate once more");
    check(&good.replace("0.27", "-0.27"), &[], "relative_error is -0.27");
    check(&good.replace("1.4", "nan"), &[], "beam.gain is NaN");
    check(&good.replace("2026-05-28", "yesterday"), &[], "made is no day");
    check(&good.replace("\"L12\"", "\"L\\n12\""), &[], "probe is a name");
    check(&good.replace("length_mm = 60.0", "length_mm = 6e9"), &[], "sweeps.length_mm");
    check(good, &["--probe", "L9"], "--probe: no calibration of 'L9'; there are L12");
    check(good, &["--probe", "L12", "--preset", "thyroid"], "--preset: 'L12' has ");
}
