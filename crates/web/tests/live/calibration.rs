//! Calibrating a probe, as a page asks for it. What sweeps make is held by `peony-ultrasound` and, in a browser, by `web/ui/e2e/calibrate.mjs`.

use peony_model::{BoxPx, PointPx};
use peony_ultrasound::output::{Speckle, SweepPlane, Unfit};
use serde_json::{Value, json};

use crate::page::Demo;

fn act(demo: &Demo, act: &Value) -> (u16, Value) {
    let (head, answer) = demo.post(&format!("/api/exams/{}/calibration", demo.exam()), &act.to_string());
    (head.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

fn view(demo: &Demo) -> Value {
    demo.json(&format!("/api/exams/{}/calibration", demo.exam()))
}

/// A frame between which and the last one the probe has moved, or rested.
fn frame(demo: &Demo, index: u64, unfit: Option<Unfit>) {
    demo.publish_with(index, |output| {
        let volume = &mut output.volume;
        volume.plane = Some(SweepPlane {
            sweep: 1,
            picture_px: BoxPx::new(PointPx::new(0.0, 0.0), PointPx::new(8.0, 6.0)),
            mm_per_px: None,
            along_mm: None,
            relative_error: None,
            slope: 0.0,
            shift_px: [0.0; 2],
            turns_back: 0,
        });
        volume.speckle = Some(Speckle { steps: Vec::new(), shift_mm: Some([0.0; 2]), likeness: 0.5, unfit });
    });
}

#[test]
fn each_sweep_says_whether_it_is_fit_and_unfit_ones_make_no_calibration() {
    let demo = Demo::start();
    assert_eq!(view(&demo)["sweeps"], json!([]));
    assert_eq!(act(&demo, &json!({"act": "begin", "length_mm": 60.0})).0, 200);
    (0..20).for_each(|index| frame(&demo, index, None));
    let now = view(&demo);
    assert_eq!((&now["moved"], &now["moves"]), (&json!(20), &json!(true)));
    frame(&demo, 20, Some(Unfit::TooSlow));
    let now = view(&demo);
    assert_eq!((&now["moved"], &now["moves"]), (&json!(20), &json!(false)), "it rests");
    let (_, done) = act(&demo, &json!({"act": "end"}));
    assert_eq!(done["moved"], Value::Null);
    assert_eq!(done["sweeps"][0]["unfit"], json!({"why": "too_short", "figure": 20.0}), "{done}");
    // Frames beside a sweep are none of it.
    frame(&demo, 21, None);
    act(&demo, &json!({"act": "begin", "length_mm": 60.0}));
    let (_, done) = act(&demo, &json!({"act": "end"}));
    assert_eq!(done["sweeps"][1]["unfit"], json!({"why": "no_frames", "figure": null}), "{done}");
    assert_eq!((&done["fitted"], &done["wanted"]), (&Value::Null, &json!(3)));
    let keep = json!({"act": "keep", "probe": "L12-5", "preset": ""});
    let (status, refused) = act(&demo, &keep);
    assert_eq!((status, &refused["code"]), (409, &json!("too_few_sweeps")));
    let (_, left) = act(&demo, &json!({"act": "remove", "sweep": 1}));
    assert_eq!(left["sweeps"].as_array().unwrap().len(), 1);
    demo.begin_another();
    assert_eq!(view(&demo)["sweeps"], json!([]), "another examination begins anew");
}

#[test]
fn what_cannot_be_done_has_its_code() {
    let demo = Demo::start();
    for (asked, status, code) in [
        (json!({"act": "end"}), 409, "not_sweeping"),
        (json!({"act": "begin", "length_mm": 5.0}), 422, "calibration_length"),
        (json!({"act": "begin", "length_mm": "far"}), 422, "bad_value"),
        (json!({"act": "remove", "sweep": 9}), 422, "unknown_sweep"),
        (json!({"act": "use", "probe": {"probe": "L12-5", "preset": ""}}), 409, "no_calibrations"),
        (json!({"act": "dance"}), 422, "bad_value"),
    ] {
        let (said, refused) = act(&demo, &asked);
        assert_eq!((said, &refused["code"]), (status, &json!(code)), "{asked}: {refused}");
    }
    for _ in 0..12 {
        act(&demo, &json!({"act": "begin", "length_mm": 60.0}));
        act(&demo, &json!({"act": "end"}));
    }
    assert_eq!(act(&demo, &json!({"act": "begin", "length_mm": 60.0})).1["code"], "too_many_sweeps");
    let (head, _) = demo.post("/api/exams/none/calibration", &json!({"act": "end"}).to_string());
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
}
