//! What is sent twice is done once, over HTTP and on the live socket, and what nobody saw is confirmed by nobody.

use peony_model::BiRads;
use serde_json::{Value, json};

use crate::exams::{done, path, scanned};
use crate::page::Demo;

/// How many entries of people the history has.
fn of_people(demo: &Demo) -> usize {
    let history = demo.json(&path(demo, "history"));
    history.as_array().unwrap().iter().filter(|row| row["by"] != Value::Null).count()
}

#[test]
fn an_act_whose_answer_was_lost_is_done_once_over_http() {
    let demo = scanned();
    let say = |value: &str| json!({"act": "say", "lesion": 1, "word": {"field": "category", "value": value}});
    let send = |what: &str, body: &str, id: &str| {
        let (head, view) = demo.post_called(&path(&demo, what), body, Some(id));
        let said = view["report"]["lesions"][0]["category"]["said"]["value"].clone();
        (head[9..12].to_owned(), if view["code"].is_null() { said } else { view["code"].clone() })
    };
    let ok = |value: &str| ("200".to_owned(), json!(value));
    for value in ["2", "3", "4A"] {
        assert_eq!(send("acts", &say(value).to_string(), value), ok(value));
    }
    for _ in 0..2 {
        assert_eq!(send("undo", "", "undo-1"), ok("3"));
    }
    // What the first of them did has its answer, whatever came since: the report as it is now.
    assert_eq!(send("acts", &say("2").to_string(), "2"), ok("3"));
    assert_eq!(of_people(&demo), 4);
    let other = ("409".to_owned(), json!("other_act"));
    assert_eq!(send("acts", &say("5").to_string(), "2"), other);
    assert_eq!(send("undo", "", "2"), other);
    assert_eq!(send("undo", "", "a blank").1, "bad_value");
    assert_eq!(send("undo", "", &"x".repeat(65)).0, "422");
    assert_eq!(of_people(&demo), 4);
}

#[test]
fn a_command_that_comes_again_is_followed_once_and_answered_each_time() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    page.draw_until(|_| true);
    page.say(r#"{"command":"set_side","side":"right","id":"side"}"#);
    page.say(r#"{"command":"dismiss","track":1,"id":"dismiss"}"#);
    page.say(r#"{"command":"undo","id":"undo"}"#);
    let followed = |id: &str| json!({"type": "followed", "id": id});
    assert_eq!([page.error(), page.error(), page.error()], ["side", "dismiss", "undo"].map(followed));
    drop(page);

    let (mut page, _) = demo.open();
    page.say(r#"{"command":"undo","id":"undo"}"#);
    assert_eq!(page.error(), followed("undo"));
    let shown = page.draw_until(|_| true).update;
    assert_eq!((&shown["state"]["probe"]["side"], &shown["state"]["undo"]), (&json!("right"), &json!(1)));
    page.say(r#"{"command":"undo","id":"side"}"#);
    let refused = page.error();
    assert_eq!((&refused["code"], &refused["id"]), (&json!("other_act"), &json!("side")));
    page.say(r#"{"command":"dismiss","track":77,"id":"none"}"#);
    assert_eq!(page.error()["id"], "none");
    page.say(r#"{"command":"undo","id":7}"#);
    assert_eq!(page.error()["message"], "id: it is no text");
    let (head, answer) = demo.post_called(&path(&demo, "undo"), "", Some("dismiss"));
    assert!(head.starts_with("HTTP/1.1 409") && answer["code"] == "other_act", "{head} {answer}");
}

/// The command that leaves no entry is known as well.
#[test]
fn a_command_that_the_examination_knows_nothing_of_is_followed_once() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    for _ in 0..3 {
        page.say(r#"{"command":"restart","id":"restart"}"#);
        assert_eq!(page.error()["type"], "followed");
    }
    assert_eq!(demo.commands.try_iter().count(), 1);
}

#[test]
fn who_confirms_what_has_changed_meanwhile_is_told() {
    let demo = scanned();
    let shown = json!([{"field": "category", "value": "4C"}]);
    let confirm = json!({"act": "confirm", "lesion": 1, "fields": ["category"], "shown": shown});
    for frame in 11..60 {
        demo.publish_with(frame, |output| output.tracks[0].assessment = Some(BiRads::Cat5));
    }
    // What is said of a lesion last is written when it has left.
    demo.publish_with(60, |output| (output.tracks, output.findings) = (Vec::new(), Vec::new()));
    let category = || demo.json(&path(&demo, "report"))["report"]["lesions"][0]["category"].clone();
    assert_eq!(category(), json!({"proposed": "5", "said": null}));
    let (head, refused) = demo.post(&path(&demo, "acts"), &confirm.to_string());
    assert!(head.starts_with("HTTP/1.1 409") && refused["code"] == "proposal_changed", "{head} {refused}");
    assert_eq!(category()["said"], Value::Null);
    let now = json!([{"field": "category", "value": "5"}]);
    let confirm = json!({"act": "confirm", "lesion": 1, "fields": ["category"], "shown": now});
    assert_eq!(done(&demo, &confirm)["report"]["lesions"][0]["category"]["said"]["value"], "5");
}
