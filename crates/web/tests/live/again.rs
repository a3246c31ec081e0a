//! Lesions that may be an earlier one again, as the live page is asked of them.

use peony_model::Look;
use peony_ultrasound::output::StepOutput;
use serde_json::{Value, json};

use crate::exams::path;
use crate::page::Demo;
use crate::rows::letters;

/// The lesion of the frame under this number and letter, seen for two seconds.
fn looks_like(id: u32, letter: char, seen_with: Vec<u32>) -> impl Fn(&mut StepOutput) {
    move |output| {
        let look =
            Look { embedding: Look::embedded(&[0.6, 0.8]), fluid: 0.1, deep: 12.0, large: 4.0, scaled: true };
        let track = &mut output.tracks[0];
        (track.id, track.letter, track.sightings) = (id, Some(letter), 60);
        (track.look, track.seen_with) = (Some(look), seen_with.clone());
    }
}

/// Which lesion each row may be again.
fn may_be(update: &Value) -> Vec<&Value> {
    update["tracks"].as_array().unwrap().iter().map(|track| &track["may_be"]).collect()
}

#[test]
fn a_lesion_that_may_be_an_earlier_one_again_is_asked_of_in_its_row_until_a_person_answers() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    demo.publish_with(1, looks_like(1, 'A', Vec::new()));
    demo.publish_with(2, looks_like(2, 'B', Vec::new()));
    let a = json!({"lesion": 1, "letter": "A"});
    let open = |update: &Value| may_be(update) == [&Value::Null, &a];
    let shown = page.draw_until(|update| update["frame"] == 2);
    assert!(open(&shown.update), "{}", shown.update["tracks"]);
    let report = demo.json(&path(&demo, "report"));
    assert_eq!(report["report"]["lesions"].as_array().unwrap().len(), 2, "a person joins them, or nobody");
    let waits = |report: &Value| {
        report["obstacles"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["code"] == "may_be" && one["lesion"] == 2)
    };
    assert!(waits(&report));

    page.say(r#"{"command":"keep_apart","track":2,"from":1}"#);
    page.draw_until(|update| may_be(update) == [&Value::Null, &Value::Null]);
    demo.publish_with(3, looks_like(2, 'B', Vec::new()));
    let shown = page.draw_until(|update| update["frame"] == 3);
    assert_eq!(may_be(&shown.update), [&Value::Null, &Value::Null], "it is not asked again");
    page.say(r#"{"command":"undo"}"#);
    page.draw_until(open);
    page.say(r#"{"command":"join","track":2,"into":1}"#);
    let shown = page.draw_until(|update| may_be(update) == [&Value::Null]);
    assert_eq!(letters(&shown.update), ["A"]);
    assert!(!waits(&demo.json(&path(&demo, "report"))));
    page.say(r#"{"command":"join","track":2,"into":9}"#);
    assert_eq!(page.error()["code"], "unknown_track");
    let history = demo.json(&path(&demo, "history")).to_string();
    for said in ["病灶B可能即A", "Lesion B may be A again", "Lesion B said to be another than A"] {
        assert!(history.contains(said), "{said}: {history}");
    }
}

#[test]
fn of_two_that_were_in_view_on_one_frame_nothing_is_asked_and_of_one_that_left_soon_it_is() {
    let check = |seen_with: Vec<u32>, sightings: u32, expect: bool| {
        let demo = Demo::start();
        let (mut page, _) = demo.open();
        demo.publish_with(1, looks_like(1, 'A', Vec::new()));
        let b = looks_like(2, 'B', seen_with.clone());
        let few = |output: &mut StepOutput| {
            b(output);
            output.tracks[0].sightings = sightings;
        };
        demo.publish_with(2, few);
        let shown = page.draw_until(|update| update["frame"] == 2);
        let asked = |update: &Value| !may_be(update)[1].is_null();
        assert_eq!(asked(&shown.update), expect && sightings >= 30);
        demo.publish_with(3, |output| (output.tracks, output.findings) = (Vec::new(), Vec::new()));
        let shown = page.draw_until(|update| update["frame"] == 3);
        assert_eq!(asked(&shown.update), expect, "{seen_with:?} {sightings}");
    };
    check(Vec::new(), 60, true);
    check(Vec::new(), 12, true);
    check(vec![1], 60, false);
    check(vec![1], 12, false);
}
