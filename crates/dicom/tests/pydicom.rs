//! Our pixels beside pydicom's, for every transfer syntax of the shared data.
//!
//! Needs the data (`PEONY_DATA`, else `../shared/data` beside the repository) and a Python with the packages of
//! `requirements.txt` (`PEONY_PYTHON`, else `python3`); says so and passes where either is missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may.

mod shared;

use std::path::Path;
use std::process::Command;

use peony_model::Pixels;

/// How far our pixels may be from pydicom's, in grey levels.
struct Tolerance {
    largest: u8,
    mean: f64,
}

const EXACT: Tolerance = Tolerance { largest: 0, mean: 0.0 };
const JPEG: Tolerance = Tolerance { largest: 4, mean: 0.05 };
const JPEG_XL: Tolerance = Tolerance { largest: 1, mean: 0.1 };

#[test]
fn pixels_are_those_of_pydicom() {
    let Some(folder) = shared::data() else { return };
    let Some(python) = python() else { return };
    let check =
        |name: &str, tolerance: Tolerance| compare(&python, &folder.join("dicom").join(name), &tolerance);
    // Lossless: exact, where colours are not converted or both convert in the same way.
    check("us-palette-jpegls-10f.dcm", EXACT);
    check("us-palette-rle-10f.dcm", EXACT);
    check("us-palette16.dcm", EXACT);
    check("us-rgb-bigendian.dcm", EXACT);
    check("us-jpeg2000.dcm", EXACT);
    check("us-ybr422-raw.dcm", EXACT);
    check("us-ybrfull-rle.dcm", EXACT);
    check("mg-jpeglossless-12bit.dcm", EXACT);
    check("mg-overlay.dcm", EXACT);
    check("dbt-jpeg2000-4f.dcm", EXACT);
    // Lossy: decoders round the cosine transform, the chroma between pixels and the colours each in their own way.
    check("us-jpeg-30f.dcm", JPEG);
    check("us-jpeg-65f.dcm", JPEG);
    check("us-jpegxl-27f.dcm", JPEG_XL);
}

fn python() -> Option<String> {
    let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = "import numpy, pydicom, imagecodecs, pylibjpeg, openjpeg, gdcm, jpeg_ls";
    let found = Command::new(&python).args(["-c", imports]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!(
        "skipped: {python} lacks the packages of crates/dicom/tests/requirements.txt (set PEONY_PYTHON)"
    );
    None
}

fn compare(python: &str, file: &Path, tolerance: &Tolerance) {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pydicom_reference.py");
    let output = Command::new(python).arg(script).arg(file).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    let shape = String::from_utf8(output.stdout).unwrap();
    let theirs = std::fs::read(folder.path().join("pixels.raw")).unwrap();

    let cine = peony_dicom::open(file).unwrap();
    let [columns, rows] = cine.size_px();
    let mut ours = Vec::new();
    let mut samples = 0;
    let started = std::time::Instant::now();
    for frame in cine.frames() {
        let frame = frame.unwrap();
        samples = if matches!(frame.pixels, Pixels::Luma8(_)) { 1 } else { 3 };
        ours.extend_from_slice(match &frame.pixels {
            Pixels::Luma8(grey) => grey.as_raw(),
            Pixels::Rgb8(colour) => colour.as_raw(),
            Pixels::LumaChroma { .. } => panic!("a grid, of DICOM"),
        });
    }
    let ms = started.elapsed().as_secs_f64() * 1e3 / cine.frame_count() as f64;
    assert_eq!(
        shape.trim(),
        format!("{} {rows} {columns} {samples}", cine.frame_count()),
        "{}",
        file.display()
    );
    assert_eq!(ours.len(), theirs.len(), "{}", file.display());
    let differences = || ours.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b));
    let largest = differences().max().unwrap_or_default();
    let mean = differences().map(f64::from).sum::<f64>() / ours.len() as f64;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    println!("{name:28} largest {largest:3}  mean {mean:.4}  {ms:.1} ms a frame  {:?}", cine.issues());
    let within = largest <= tolerance.largest && mean <= tolerance.mean;
    if std::env::var_os("PEONY_MEASURE").is_none() {
        assert!(within, "{name}: largest difference {largest}, mean {mean}");
    }
}
