//! What is read of the shared files besides their pixels. Skips where they are missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may.

mod shared;

use peony_dicom::{ReadIssue, open};
use peony_model::{RegionKind, Spacing};

#[test]
fn frames_times_and_scales_of_the_shared_files() {
    let Some(folder) = shared::data() else { return };
    use RegionKind::{Colour, Other, Tissue};
    // Frames, the last one's time in ms, and the regions, the smallest first, with mm a pixel across.
    let check = |name: &str, frames: u64, last_ms: f64, expect: &[(RegionKind, Option<f64>)]| {
        let cine = open(folder.join("dicom").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(cine.frame_count(), frames, "{name}");
        let last = cine.frame(frames - 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ms = last.time_ns as f64 / 1e6;
        assert!((ms - last_ms).abs() < 0.01, "{name}: {ms} ms");
        let regions = match cine.spacing() {
            Spacing::PerRegion(regions) => regions.to_vec(),
            other => {
                assert_eq!(*other, Spacing::Unknown, "{name}");
                Vec::new()
            }
        };
        let rounded = |mm: f32| (f64::from(mm) * 1e4).round() / 1e4;
        let found: Vec<_> =
            regions.iter().map(|region| (region.kind, region.mm_per_px.map(|mm| rounded(mm.x())))).collect();
        assert_eq!(found, expect, "{name}");
    };
    check("us-jpeg-30f.dcm", 30, 966.657, &[]); // shrunk after it was calibrated
    check("us-jpeg-65f.dcm", 65, 2438.318, &[(Tissue, Some(0.5248)), (Other, None)]);
    check("us-jpegxl-27f.dcm", 27, 1233.333, &[(Colour, Some(0.2724))]);
    check("us-palette-rle-10f.dcm", 10, 684.0, &[]);
    check("us-palette16.dcm", 1, 0.0, &[(Other, None), (Tissue, Some(0.3827)), (Tissue, Some(0.3827))]);
    check("us-ybr422-raw.dcm", 1, 0.0, &[(Tissue, Some(0.0616))]);
    check("us-ybrfull-rle.dcm", 1, 0.0, &[(Tissue, Some(0.0954)), (Other, None)]);
    check("us-rgb-bigendian.dcm", 1, 0.0, &[]);
}

#[test]
fn a_dual_screen_of_the_shared_files_is_said_so() {
    let Some(folder) = shared::data() else { return };
    let cine = open(folder.join("dicom/us-palette16.dcm")).unwrap();
    assert_eq!(cine.spacing().tissue_region_count(), 2);
    assert_eq!(cine.issues(), [ReadIssue::SeveralTissueRegions { count: 2 }]);
}
