//! The row of a lesion on the live page, beside what the report says of it.

use peony_model::{BiRads, Measurement, Quantity};
use peony_ultrasound::output::{Event as OutputEvent, PlaneReason, StepOutput, TrackState, TrackVolume};
use serde_json::{Value, json};

use crate::exams::{done, path, scanned};
use crate::page::{Demo, Page, key_plane, key_plane_of};

#[test]
fn two_letters_that_were_joined_are_one_row_that_is_followed() {
    let demo = scanned();
    let (mut page, _) = demo.open();
    let both = |output: &mut StepOutput| {
        let second = TrackState { id: 2, letter: Some('B'), finding: None, ..output.tracks[0].clone() };
        output.tracks.push(second);
        output.events.push(key_plane_of(2));
    };
    demo.publish_with(20, both);
    let shown = page.draw_until(|update| update["frame"] == 20);
    assert_eq!(letters(&shown.update), ["A", "B"]);
    done(&demo, &json!({"act": "join", "lesion": 2, "into": 1}));
    demo.publish_with(21, both);
    let shown = page.draw_until(|update| update["frame"] == 21);
    assert_eq!(letters(&shown.update), ["A", "A"], "both are seen at once");
    demo.publish_with(22, |output| output.tracks[0].id = 2);
    let shown = page.draw_until(|update| update["frame"] == 22);
    assert_eq!(letters(&shown.update), ["A"]);
    let planes = shown.update["key_planes"].as_array().unwrap();
    assert!(planes.iter().all(|plane| plane["letter"] == "A" && plane["track"] == 1), "{planes:?}");
    page.say(r#"{"command":"dismiss","track":2}"#);
    page.draw_until(|update| update["tracks"][0]["dismissed"] == true);
    let report = demo.json(&path(&demo, "report"));
    assert_eq!(report["report"]["lesions"].as_array().unwrap().len(), 1);
    assert_eq!(report["report"]["lesions"][0]["dismissed"], true, "the whole was struck out");
}

pub fn letters(update: &Value) -> Vec<&str> {
    update["tracks"].as_array().unwrap().iter().filter_map(|track| track["letter"].as_str()).collect()
}

#[test]
fn a_size_in_pixels_gives_way_to_millimetres_and_not_the_other_way_round() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    let unscaled = |output: &mut StepOutput| {
        output.findings[0].measurements = vec![
            Measurement::pixels(Quantity::LongAxis, 41.0),
            Measurement::pixels(Quantity::ShortAxis, 31.0),
        ];
    };
    let size = |page: &mut Page, frame: u64| {
        let shown = page.draw_until(|update| update["frame"] == frame);
        shown.update["tracks"][0]["size_mm"].clone()
    };
    demo.publish_with(1, |output| {
        unscaled(output);
        output.events.push(key_plane(PlaneReason::Largest));
    });
    assert_eq!(size(&mut page, 1), Value::Null);
    demo.publish_with(2, |_| ());
    assert_eq!(size(&mut page, 2), json!({"long": 4.0, "short": 3.0}));
    demo.publish_with(3, unscaled);
    assert_eq!(size(&mut page, 3), json!({"long": 4.0, "short": 3.0}));
}

/// What the sweep has grown of the lesion so far.
fn solid(along_mm: f32) -> TrackVolume {
    TrackVolume { track: 1, slices: Vec::new(), volume_cm3: 0.5, relative_error: 0.2, along_mm }
}

#[test]
fn a_third_axis_stands_in_row_and_report_once_both_ends_were_met_and_not_before() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    let mut third = |frame: u64| {
        let shown = page.draw_until(|update| update["frame"] == frame);
        let row = shown.update["tracks"][0]["third"].clone();
        let lesion = demo.json(&path(&demo, "report"))["report"]["lesions"][0].clone();
        assert_eq!(row, lesion["size"]["proposed"]["third"], "the live row says what the report does");
        assert_eq!(lesion["volume_cm3"].is_null(), row.is_null());
        row["extent"].as_f64()
    };
    demo.publish_with(1, |output| output.volume.tracks = vec![solid(7.0)]);
    assert_eq!(third(1), None, "it grows");
    demo.publish_with(2, |output| output.events.push(OutputEvent::Volume(solid(8.0))));
    demo.publish(3);
    assert_eq!(third(3), Some(8.0));
    // What is known only as it leaves is what lasts.
    demo.publish_with(4, |output| {
        (output.findings, output.tracks) = (Vec::new(), Vec::new());
        output.events = vec![OutputEvent::Volume(solid(9.0)), OutputEvent::Left { track: 1 }];
    });
    demo.publish_with(5, |output| (output.findings, output.tracks) = (Vec::new(), Vec::new()));
    assert_eq!(third(5), Some(9.0));
    // The program was stopped and goes on: the sweep has no solid, the journal has.
    demo.hub.begin_sweep(demo.hub.examination());
    demo.publish_with(6, |output| (output.findings, output.tracks) = (Vec::new(), Vec::new()));
    assert_eq!(third(6), Some(9.0));
}

#[test]
fn what_a_person_said_of_category_and_size_stands_in_the_row_at_once_and_after_a_stop() {
    let demo = scanned();
    let (mut page, _) = demo.open();
    let mut frame = 10;
    let mut row = |page: &mut Page| {
        frame += 1;
        demo.publish_with(frame, |output| output.events.push(OutputEvent::Volume(solid(8.0))));
        page.draw_until(|update| update["frame"] == frame).update["tracks"][0].clone()
    };
    let parts = |row: &Value| {
        let third = row["third"]["extent"].as_f64();
        json!([row["birads"], row["birads_said"], row["size_mm"], row["size_px"], row["size_said"], third])
    };
    let of_machine = json!(["4C", false, {"long": 4.0, "short": 3.0}, null, false, 8.0]);
    row(&mut page);
    assert_eq!(parts(&row(&mut page)), of_machine);
    let say = |field: &str, value: Value| {
        done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": field, "value": value}}));
    };
    say("category", json!("5"));
    assert_eq!(parts(&row(&mut page)), json!(["5", true, {"long": 4.0, "short": 3.0}, null, false, 8.0]));
    say("size", json!({"long": 30.0, "short": 20.0, "third": null, "unit": "mm"}));
    let of_person = json!(["5", true, {"long": 30.0, "short": 20.0}, null, true, null]);
    assert_eq!(parts(&row(&mut page)), of_person);
    let report = demo.json(&path(&demo, "report"));
    let proposed = &report["report"]["lesions"][0];
    assert_eq!(
        (&proposed["category"]["proposed"], &proposed["size"]["proposed"]["long"]),
        (&json!("4C"), &json!(4.0))
    );

    // The program was stopped and goes on: the journal has what was said, and the sweep has not seen the lesion.
    demo.hub.begin_sweep(demo.hub.examination());
    demo.publish_with(40, |output| (output.findings, output.tracks) = (Vec::new(), Vec::new()));
    let former = page.draw_until(|update| update["frame"] == 40).update["tracks"][0].clone();
    assert_eq!(parts(&former), of_person);
    for field in ["size", "category"] {
        assert!(demo.post(&path(&demo, "undo"), "").0.starts_with("HTTP/1.1 200"), "{field}");
    }
    demo.publish_with(41, |output| (output.findings, output.tracks) = (Vec::new(), Vec::new()));
    let former = page.draw_until(|update| update["frame"] == 41).update["tracks"][0].clone();
    assert_eq!(parts(&former), of_machine, "taken back, it is the machine's again");
}

#[test]
fn what_was_confirmed_or_not_assessed_is_a_person_s_in_the_row_whatever_the_machine_says_next() {
    let demo = scanned();
    let (mut page, _) = demo.open();
    done(&demo, &json!({"act": "confirm", "lesion": 1, "fields": ["category", "size"]}));
    let graded = |output: &mut StepOutput| output.tracks[0].assessment = Some(BiRads::Cat3);
    demo.publish_with(11, graded);
    demo.publish_with(60, graded);
    let row = page.draw_until(|update| update["frame"] == 60).update["tracks"][0].clone();
    assert_eq!(
        (&row["birads"], &row["birads_said"], &row["size_said"]),
        (&json!("4C"), &json!(true), &json!(true))
    );
    for field in ["category", "size"] {
        done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": field, "value": null}}));
    }
    demo.publish_with(61, graded);
    let row = page.draw_until(|update| update["frame"] == 61).update["tracks"][0].clone();
    for part in ["birads", "size_mm", "size_px", "third"] {
        assert_eq!(row[part], Value::Null, "{part}: not assessed");
    }
    assert_eq!((&row["birads_said"], &row["size_said"]), (&json!(true), &json!(true)));
}

#[test]
fn a_category_that_flickers_is_one_in_row_and_report() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    let mut category = |frame: u64, graded: BiRads| {
        demo.publish_with(frame, |output| output.tracks[0].assessment = Some(graded));
        page.draw_until(|update| update["frame"] == frame).update["tracks"][0]["birads"].clone()
    };
    assert_eq!(category(1, BiRads::Cat4A), "4A");
    for frame in 2..30 {
        assert_eq!(category(frame, if frame % 2 == 0 { BiRads::Cat4B } else { BiRads::Cat4A }), "4A");
    }
    assert_eq!(category(31, BiRads::Cat4B), "4A");
    assert_eq!(category(50, BiRads::Cat4B), "4B", "it stayed");
    assert_eq!(category(51, BiRads::Cat5), "4B");
    demo.publish_with(52, |output| (output.findings, output.tracks) = (Vec::new(), Vec::new()));
    let left = page.draw_until(|update| update["frame"] == 52).update["tracks"][0]["birads"].clone();
    let report = demo.json(&path(&demo, "report"));
    assert_eq!((&left, &report["report"]["lesions"][0]["category"]["proposed"]), (&json!("5"), &json!("5")));
}
