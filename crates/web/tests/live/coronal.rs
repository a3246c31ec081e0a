//! The coronal view as a page asks for it.

use peony_model::{BoxPx, CalibrationSource, MmPerPx, PointMm, PointPx};
use peony_ultrasound::output::{StepOutput, SweepPlane, TrackVolume, Unfit};
use serde_json::{Value, json};

use crate::page::{Demo, Shown};

fn path(demo: &Demo, asked: &str) -> String {
    format!("/api/exams/{}/coronal{asked}", demo.exam())
}

/// The plane of a frame half a millimetre after the one before, and a lesion of 0.4 mm a side that it crosses.
fn sweep(output: &mut StepOutput, along: Option<f32>) {
    output.volume.plane = Some(SweepPlane {
        sweep: 1,
        picture_px: BoxPx::new(PointPx::new(0.0, 1.0), PointPx::new(8.0, 6.0)),
        mm_per_px: along.and_then(|_| MmPerPx::new(0.1, 0.1, CalibrationSource::Phantom).ok()),
        along_mm: along,
        relative_error: along.map(|_| 0.25),
        slope: 0.0,
        shift_px: [0.0; 2],
        turns_back: u32::from(along.is_some_and(|along| along > 8.0)),
    });
    output.volume.path_mm = along;
    output.volume.unfit = if along.is_some() { None } else { Some(Unfit::ScaleUnknown) };
    let square = |y: f32| {
        [(-0.2, 0.2), (0.2, 0.2), (0.2, 0.6), (-0.2, 0.6)].map(|(x, z)| PointMm::new(x, y, z)).to_vec()
    };
    if along.is_some() {
        output.volume.tracks = vec![TrackVolume {
            track: 1,
            slices: vec![square(2.0), square(3.0), square(4.0)],
            volume_cm3: 0.001,
            relative_error: 0.25,
            along_mm: 2.0,
        }];
    }
}

fn scanned(scaled: bool) -> Demo {
    let demo = Demo::start();
    for index in 0..20 {
        demo.publish_with(index + 50, |output| sweep(output, scaled.then_some(index as f32 * 0.5)));
    }
    demo
}

/// Headers and what came.
fn get(demo: &Demo, asked: &str) -> (String, Shown) {
    let (head, body) = demo.get(&path(demo, asked), &demo.host());
    assert!(head.starts_with("HTTP/1.1 200"), "{asked}: {head}");
    (head, Shown::read(&body))
}

fn close(value: &Value, expect: f64) -> bool {
    (value.as_f64().unwrap() - expect).abs() < 1e-3
}

#[test]
fn the_plane_at_a_lesions_depth_comes_with_its_cut_its_errors_and_the_way() {
    let demo = scanned(true);
    let (head, shown) = get(&demo, "?lesion=1");
    assert!(head.contains("no-store") && head.contains("application/octet-stream"), "{head}");
    let view = &shown.update;
    assert_eq!(view["simulated"], true);
    let [width, height] = [0, 1].map(|side| view["size_px"][side].as_u64().unwrap() as usize);
    assert_eq!(shown.luma.len(), width * height);
    assert!(shown.luma.iter().all(|grey| (50..70).contains(grey)), "every place lies between two frames");
    assert_eq!((&view["across"]["unit"], &view["along"]["unit"]), (&json!("mm"), &json!("mm")));
    assert!(close(&view["across"]["per_px"], 0.2) && close(&view["along"]["per_px"], 0.2), "{view}");
    assert_eq!(
        (&view["across"]["relative_error"], &view["along"]["relative_error"]),
        (&json!(null), &json!(0.25))
    );
    // The lesion reaches from 0.2 to 0.6 mm of the frame, and the picture begins at 0.1.
    assert!(close(&view["depth"], 0.3) && close(&view["deepest"], 0.5), "{view}");
    let lesion = &view["lesions"][0];
    assert_eq!((&lesion["track"], &lesion["letter"]), (&json!(1), &json!("A")));
    assert!(close(&lesion["depths"][0], 0.1) && close(&lesion["extent_mm"][1], 2.0), "{lesion}");
    assert!(lesion["outline"].as_array().unwrap().len() == 6 && close(&lesion["outline"][0][0], -0.2));
    assert_eq!(view["turned_back"], json!([8.5]));
    assert!(close(&view["newest"][0][1], 9.5) && close(&view["path"][0][1], 0.0), "{view}");

    let (_, skin) = get(&demo, "?lesion=1&depth=0");
    assert_eq!((&skin.update["depth"], &skin.update["lesions"][0]["outline"]), (&json!(0.0), &json!([])));
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let demo = scanned(true);
    let (head, _) = get(&demo, "?depth=0.2");
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let known = format!("{}If-None-Match: {etag}\r\n", demo.host());
    let (head, body) = demo.get(&path(&demo, "?depth=0.2"), &known);
    assert!(head.starts_with("HTTP/1.1 304") && body.is_empty(), "{head}");
    let (head, _) = demo.get(&path(&demo, "?depth=0.3"), &known);
    assert!(head.starts_with("HTTP/1.1 200"), "another depth: {head}");
    demo.publish_with(99, |output| sweep(output, Some(12.0)));
    let (head, _) = demo.get(&path(&demo, "?depth=0.2"), &known);
    assert!(head.starts_with("HTTP/1.1 200"), "another frame: {head}");
}

#[test]
fn without_a_scale_it_is_in_pixels_and_frames_and_says_why() {
    let demo = scanned(false);
    let (_, shown) = get(&demo, "");
    let view = &shown.update;
    assert_eq!((&view["across"]["unit"], &view["along"]["unit"]), (&json!("px"), &json!("frames")));
    assert_eq!((&view["along"]["relative_error"], &view["unfit"]), (&json!(null), &json!("scale_unknown")));
    assert_eq!((&view["lesions"], &view["size_px"]), (&json!([]), &json!([8, 19])));
}

#[test]
fn before_anything_was_laid_and_after_another_examination_began_there_is_nothing() {
    let demo = Demo::start();
    demo.publish(1);
    let nothing = |demo: &Demo| {
        let (head, body) = demo.get(&path(demo, ""), &demo.host());
        assert!(head.starts_with("HTTP/1.1 204") && body.is_empty(), "{head}");
    };
    nothing(&demo);
    let demo = scanned(true);
    let former = path(&demo, "");
    demo.begin_another();
    nothing(&demo);
    let (head, _) = demo.get(&former, &demo.host());
    assert!(head.starts_with("HTTP/1.1 204"), "it rests: {head}");
    for none in ["nan", "1e308", "-1"] {
        let (head, _) = demo.get(&path(&demo, &format!("?depth={none}")), &demo.host());
        assert!(head.starts_with("HTTP/1.1 400"), "{none}: {head}");
    }
    let (head, _) = demo.get("/api/exams/x/coronal", &demo.host());
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    let (head, _) = demo.get(&path(&demo, "?depth=deep"), &demo.host());
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
}
