//! The live socket and its neighbours as a page meets them: a real server on loopback, a real WebSocket client.

// The page below is part of these tests, but not inside a test function, where the lints would allow it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod again;
mod calibration;
mod coronal;
mod exams;
mod once;
mod page;
mod returning;
mod rows;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use page::{Demo, Page, key_plane};
use peony_ultrasound::output::PlaneReason;
use peony_web::wire::{DeviceLost, Fault};
use peony_web::{Beside, MAX_VIEWERS, SourceCommand, Stay};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

#[test]
fn a_page_hears_hello_then_sees_picture_and_marks_in_one_message() {
    let demo = Demo::start();
    demo.publish(7);
    let (mut page, hello) = demo.open();
    assert_eq!(hello["type"], "hello");
    assert_eq!(hello["product"], "Peony");
    assert_eq!(hello["model"]["engine"], "rten");
    assert_eq!(hello["no_model"], Value::Null);
    assert_eq!(hello["source"]["faults"], json!(["blur", "too_dark"]));

    let shown = page.shown();
    let update = &shown.update;
    assert_eq!(shown.luma, [7; 8 * 6], "the picture of that very frame");
    assert_eq!(update["size_px"], json!([8, 6]));
    assert_eq!(update["findings"][0]["box_px"], json!([1.0, 1.0, 5.0, 4.0]));
    assert_eq!(update["findings"][0]["size_mm"], json!({"long": 4.0, "short": 3.0}));
    assert_eq!(update["findings"][0]["track"], 1);
    assert_eq!(update["tracks"][0]["letter"], "A");
    assert_eq!(update["tracks"][0]["status"], "seen");
    assert_eq!(update["tracks"][0]["contour_px"], json!([[1.0, 1.0], [5.0, 1.0], [3.0, 4.0]]));
    assert_eq!(update["quality"][0]["figure"], json!({"measured": 24.0, "limit": 15.0, "unit": "mm/s"}));
    assert_eq!(update["quality"][0]["advice"]["zh"], "扫查放慢");
    assert_eq!(update["truth"], Value::Null, "the truth is shown to those who ask");
    assert_eq!(update["stats"]["dropped_source"], 3);
    let lights: Vec<String> = update["lights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|light| format!("{}={}", light["name"].as_str().unwrap(), light["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        lights,
        ["contact=ok", "gain=ok", "sharp=ok", "speed=warn", "depth=ok", "whole=ok", "colour=off"]
    );
}

#[test]
fn why_a_device_is_lost_is_told_to_every_page_also_one_that_comes_later() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    demo.hub.device_lost(Some(DeviceLost::Unreachable));
    let lost = json!({"type": "device", "lost": "unreachable"});
    assert_eq!(page.text(), lost);
    let (mut later, _) = demo.open();
    assert_eq!(later.text(), lost, "no picture has come yet");
    demo.hub.device_lost(None);
    let back = json!({"type": "device", "lost": null});
    assert_eq!((page.text(), later.text()), (back.clone(), back));
    let (mut last, _) = demo.open();
    demo.publish(3);
    assert_eq!(last.shown().frame(), 3, "nothing is said of a device that is there");
}

#[test]
fn a_model_that_fails_is_said_with_every_frame_until_it_reads_again() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    let mut failed_after = |frame: u64, fails: bool| {
        if fails {
            demo.publish_failed(frame)
        } else {
            demo.publish(frame)
        }
        let shown = page.draw_until(|update| update["frame"] == frame);
        let health = demo.json("/api/health")["model"].as_bool().unwrap();
        assert_eq!(health, shown.update["model_failed"] == false, "frame {frame}");
        shown.update["model_failed"].as_bool().unwrap()
    };
    assert!(!failed_after(1, false));
    assert!(failed_after(2, true));
    assert!(failed_after(3, true));
    assert!(failed_after(4, false), "one frame that is read is no sign that it is well");
    assert!(failed_after(32, false));
    assert!(!failed_after(34, false), "a second after the last failure");
    assert!(failed_after(35, true));
    demo.begin_another();
    assert!(!failed_after(1, false), "another sweep");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_with_every_frame_until_it_takes_again() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    let planes = demo.folder.path().join("exams").join(demo.exam()).join("planes");
    let unfinished = planes.join("1.part");
    std::os::unix::fs::symlink("/dev/full", &unfinished).unwrap();
    demo.publish_with(1, |output| output.events.push(key_plane(PlaneReason::Largest)));
    let mut frame = 1;
    let mut until = |saved: bool| {
        let asked = Instant::now();
        loop {
            frame += 1;
            demo.publish(frame);
            let state = page.draw_until(|update| update["frame"] == frame).update["state"].clone();
            if state["saved"] == saved {
                return state;
            }
            assert!(asked.elapsed() < Duration::from_secs(10), "{state}");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let state = until(false);
    assert_eq!((&state["not_saved"], &state["dropped_planes"]), (&json!("no_room"), &json!(0)));
    assert_eq!(demo.json(&format!("/api/exams/{}/report", demo.exam()))["not_saved"], "no_room");
    std::fs::remove_file(&unfinished).unwrap();
    assert_eq!(until(true)["not_saved"], Value::Null);
    assert!(planes.join("1.png").exists());
}

#[test]
fn a_slow_page_gets_the_newest_frame_next_and_is_told_what_it_missed() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    for frame in 0..2 {
        demo.publish(frame);
        assert_eq!(page.shown().frame(), frame);
    }
    for frame in 2..=501 {
        demo.publish(frame);
    }
    page.say(r#"{"drawn":0}"#);
    let next = page.shown();
    assert_eq!(next.frame(), 501, "nothing older was waiting");
    assert_eq!(next.update["stats"]["dropped_client"], 499, "frames 2 to 500");
    assert_eq!(next.update["stats"]["dropped_source"], 3);
    assert!(next.update["stats"]["drawn_ms"]["p50"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_bad_message_gets_one_clear_error_and_harms_nothing() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    let before = page.shown().update["state"].clone();
    let mut check = |sent: Message, code: &str, says: &str| {
        page.send(sent.clone());
        let error = page.text();
        assert_eq!(error["type"], "error", "{sent}");
        assert_eq!(error["code"], code, "{sent}: {error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{sent}: {error}");
    };
    let deep = "[".repeat(4000);
    for (text, code, says) in [
        ("", "bad_message", "not JSON"),
        ("restart", "bad_message", "not JSON"),
        (deep.as_str(), "bad_message", "not JSON"),
        (r#"["undo"]"#, "bad_message", "command: it is no JSON object"),
        ("null", "bad_message", "command"),
        (r#"{"command":"format_disk"}"#, "bad_message", "format_disk"),
        (r#"{"command":"set_fault","fault":"fire","on":true}"#, "bad_message", "fire"),
        (r#"{"command":"set_fault","fault":"blur"}"#, "bad_message", "on"),
        (r#"{"command":"set_side","side":"left","extra":1}"#, "bad_message", "extra"),
        (r#"{"drawn":-1}"#, "bad_message", "drawn"),
        (r#"{"drawn":99}"#, "bad_message", "99"),
        (r#"{"command":"set_fault","fault":"frozen","on":true}"#, "not_supported", "cannot"),
        (r#"{"command":"dismiss","track":77}"#, "unknown_track", "77"),
        (r#"{"command":"keep_plane"}"#, "nothing_drawn", "drawn"),
        (r#"{"command":"undo"}"#, "nothing_to_undo", "undo"),
        (r#"{"command":"set_depth","depth_mm":40}"#, "nothing_drawn", "picture"),
    ] {
        check(Message::Text(text.into()), code, says);
    }
    check(Message::Binary(vec![1, 2, 3].into()), "bad_message", "binary");
    assert!(demo.commands.try_recv().is_err(), "nothing reached the source");
    demo.publish(2);
    assert_eq!(page.shown().update["state"], before);
}

#[test]
fn a_message_over_the_limit_is_refused_and_the_others_watch_on() {
    let demo = Demo::start();
    let (mut careful, _) = demo.open();
    let (mut page, _) = demo.open();
    page.say(&" ".repeat(5000));
    let (mut loud, _) = demo.open();
    // Most of it comes when the server has closed, which must not take the reason away.
    loud.say(&" ".repeat(30_000_000));
    for page in [&mut page, &mut loud] {
        let error = page.text();
        assert_eq!(error["code"], "too_large", "{error}");
        let Some(Message::Close(Some(end))) = page.message() else { panic!("no reason was given") };
        assert_eq!((u16::from(end.code), end.reason.as_str()), (1009, "message longer than 4096 bytes"));
    }
    demo.publish(5);
    assert_eq!(careful.shown().frame(), 5);
}

#[test]
fn commands_reach_the_source_in_order_and_show_while_it_rests() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    let (mut other, _) = demo.open();
    for command in [
        r#"{"command":"set_fault","fault":"blur","on":true}"#,
        r#"{"command":"new_breast","seed":9}"#,
        r#"{"command":"restart"}"#,
        r#"{"command":"set_paused","paused":true}"#,
    ] {
        page.say(command);
    }
    let shown = page.draw_until(|update| update["state"]["paused"] == true);
    assert_eq!(shown.frame(), 1, "no frame came, the state did");
    assert_eq!(shown.update["state"]["faults"], json!(["blur"]));
    other.draw_until(|update| update["state"]["paused"] == true && update["state"]["viewers"] == 2);
    page.say(r#"{"command":"set_side","side":"right"}"#);
    page.draw_until(|update| update["state"]["probe"]["side"] == "right");
    let heard: Vec<_> = demo.commands.try_iter().collect();
    assert_eq!(
        heard,
        [
            SourceCommand::SetFault { fault: Fault::Blur, on: true },
            SourceCommand::NewBreast { seed: Some(9) },
            SourceCommand::Restart,
            SourceCommand::SetPaused(true),
        ]
    );
}

#[test]
fn a_new_sweep_ends_the_rest() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    for command in [r#"{"command":"restart"}"#, r#"{"command":"new_breast"}"#] {
        page.say(r#"{"command":"set_paused","paused":true}"#);
        page.draw_until(|update| update["state"]["paused"] == true);
        page.say(command);
        page.draw_until(|update| update["state"]["paused"] == false);
    }
}

#[test]
fn a_page_that_came_later_watches_until_it_takes_over() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut first, _) = demo.open();
    let (mut second, _) = demo.open();
    first.draw_until(|update| update["drives"] == true && update["state"]["viewers"] == 2);
    second.draw_until(|update| update["drives"] == false);
    let right = r#"{"command":"set_side","side":"right"}"#;
    second.say(right);
    assert_eq!(second.error()["code"], "watching");

    second.say(r#"{"command":"take_over"}"#);
    second.say(right);
    let shown = second.draw_until(|update| update["state"]["probe"]["side"] == "right");
    assert_eq!(shown.update["drives"], true);
    first.draw_until(|update| update["drives"] == false && update["state"]["probe"]["side"] == "right");
    first.say(r#"{"command":"undo"}"#);
    assert_eq!(first.error()["code"], "watching");

    drop(second);
    let shown = first.draw_until(|update| update["drives"] == true);
    assert_eq!(shown.update["state"]["probe"]["side"], "right", "nothing of the examination is lost");
}

#[test]
fn what_a_person_does_can_be_undone() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    page.draw_until(|_| true);
    page.say(r#"{"command":"dismiss","track":1}"#);
    page.draw_until(|update| update["tracks"][0]["dismissed"] == true);
    page.say(r#"{"command":"keep_plane","track":1}"#);
    let kept = page.draw_until(|update| update["state"]["undo"] == 2).update["key_planes"][0].clone();
    assert_eq!((&kept["reason"], &kept["letter"]), (&json!("kept"), &json!("A")));
    page.say(r#"{"command":"set_side","side":"right"}"#);
    for _ in 0..3 {
        page.say(r#"{"command":"undo"}"#);
    }
    let shown = page.draw_until(|update| update["state"]["undo"] == 0 && update["state"]["probe"].is_null());
    assert_eq!(shown.update["tracks"][0]["dismissed"], false);
    assert_eq!(shown.update["key_planes"], json!([]));
}

/// Taking back is an entry of its own; it is never taken for the act before it.
#[test]
fn what_was_taken_back_does_not_stand_in_the_way_of_what_came_before() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    page.say(r#"{"command":"set_side","side":"right"}"#);
    page.say(r#"{"command":"dismiss","track":1}"#);
    page.draw_until(|update| update["tracks"][0]["dismissed"] == true);
    page.say(r#"{"command":"undo"}"#);
    let shown = page.draw_until(|update| update["tracks"][0]["dismissed"] == false);
    assert_eq!(shown.update["state"]["probe"]["side"], "right");
    page.say(r#"{"command":"undo"}"#);
    let shown = page.draw_until(|update| update["state"]["undo"] == 0);
    assert_eq!(
        (&shown.update["state"]["probe"], &shown.update["tracks"][0]["dismissed"]),
        (&Value::Null, &json!(false))
    );
}

#[test]
fn a_depth_that_is_entered_gives_the_scale_and_one_that_cannot_be_gives_none() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    page.draw_until(|_| true);
    page.say(r#"{"command":"set_depth","depth_mm":9}"#);
    assert_eq!(page.error()["code"], "bad_value");
    page.say(r#"{"command":"set_depth","depth_mm":12}"#);
    page.say(r#"{"command":"set_side","side":"right"}"#);
    page.draw_until(|update| update["state"]["probe"]["side"] == "right");
    let scale = demo.hub.entered_scale([8, 6]).unwrap();
    assert!((scale.y() - 4.0).abs() < 1e-3, "12 mm over a picture of 3 pixels: {}", scale.y());
    assert_eq!(demo.hub.entered_scale([16, 12]), None, "of another size it is another picture");
    page.say(r#"{"command":"set_depth","depth_mm":null}"#);
    page.say(r#"{"command":"set_side","side":"left"}"#);
    page.draw_until(|update| update["state"]["probe"]["side"] == "left");
    assert_eq!(demo.hub.entered_scale([8, 6]), None);
}

#[test]
fn the_truth_is_shown_on_request() {
    let demo = Demo::start();
    demo.publish(1);
    let (mut page, _) = demo.open();
    page.say(r#"{"command":"show_truth","on":true}"#);
    let shown = page.draw_until(|update| !update["truth"].is_null());
    assert_eq!(shown.update["truth"][0]["kind"], "cyst");
}

#[test]
fn key_planes_keep_their_picture_after_the_lesion_has_left() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    demo.publish_with(10, |output| output.events.push(key_plane(PlaneReason::Largest)));
    demo.publish_with(20, |output| {
        output.tracks.clear();
        output.findings.clear();
    });
    let shown = page.draw_until(|update| update["frame"] == 20);
    let (plane, track) = (&shown.update["key_planes"][0], &shown.update["tracks"][0]);
    assert_eq!((&track["status"], &track["box_px"]), (&json!("left"), &Value::Null));
    assert_eq!(track["size_mm"], json!({"long": 4.0, "short": 3.0}), "its size is that of its largest plane");
    assert_eq!((&plane["reason"], &plane["letter"]), (&json!("largest"), &json!("A")));
    assert_eq!(plane["box_px"], json!([1.0, 1.0, 5.0, 4.0]));

    let (head, png) = demo.get(plane["url"].as_str().unwrap(), &demo.host());
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-type: image/png"), "{head}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    let picture = image::load_from_memory(&png).unwrap();
    assert_eq!(picture.color(), image::ColorType::L8);
    assert_eq!(picture.into_luma8().into_raw(), [10; 8 * 6]);

    demo.begin_another();
    demo.publish_with(0, |output| output.tracks.clear());
    let fresh = page.draw_until(|update| update["state"]["sweep"] == 2);
    assert_eq!((&fresh.update["key_planes"], &fresh.update["tracks"]), (&json!([]), &json!([])));
}

#[test]
fn a_plane_that_is_not_kept_is_a_clear_404() {
    let demo = Demo::start();
    for file in ["1.png", "1", "..%2f..%2fetc.png", "-1.png"] {
        let path = format!("/api/exams/{}/planes/{file}", demo.exam());
        let (head, body) = demo.get(&path, &demo.host());
        assert!(head.starts_with("HTTP/1.1 404"), "{path}: {head}");
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert!(problem["error"].as_str().unwrap().contains("no such plane"), "{path}: {problem}");
    }
}

#[test]
fn another_sites_page_gets_no_socket() {
    let demo = Demo::start();
    let addr = demo.server.addr();
    let check = |origin: Option<&str>, welcome: bool| match Page::connect(&demo.socket_url(), origin) {
        Ok(_) => assert!(welcome, "{origin:?} was let in"),
        Err(error) => match *error {
            Error::Http(answer) => {
                assert!(!welcome && answer.status() == 403, "{origin:?}: {}", answer.status())
            }
            other => panic!("{origin:?}: {other}"),
        },
    };
    check(Some(&format!("http://{addr}")), true);
    check(None, true);
    check(Some("https://evil.example"), false);
    check(Some("null"), false);
    check(Some(&format!("https://{addr}")), false);
    check(Some(&format!("http://localhost:{}", addr.port())), false);
    check(Some("http://127.0.0.1:1"), false);
    check(Some(&format!("http://{addr}.evil.example")), false);
}

#[test]
fn a_foreign_name_for_this_machine_is_refused() {
    let demo = Demo::start();
    let port = demo.server.addr().port();
    let check = |host: &str, refused: bool| {
        for path in ["/", "/api/health", "/api/exams", "/api/openapi.json", "/live"] {
            let (head, _) = demo.get(path, &format!("Host: {host}\r\n"));
            assert_eq!(head.starts_with("HTTP/1.1 403"), refused, "{path} of {host}: {head}");
        }
    };
    check(&format!("127.0.0.1:{port}"), false);
    check(&format!("localhost:{port}"), false);
    check(&format!("evil.example:{port}"), true);
    check("localhost:1", true);
    check("localhost", false);
    check("127.0.0.1", false);
    check("evil.example", true);
    check("[", true);
    check(&format!("localhost:{port}.evil.example"), true);
}

#[test]
fn the_page_comes_with_its_headers_and_is_not_sent_twice() {
    let demo = Demo::start();
    let (head, body) = demo.get("/", &demo.host());
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains("content-type: text/html; charset=utf-8"),
        "{head}"
    );
    assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    assert!(!head.contains("strict-transport-security"), "over TLS only: {head}");
    assert!(head.contains("cache-control: no-cache"), "{head}");
    assert!(String::from_utf8(body).unwrap().contains("<title>Peony"));
    let etag =
        head.lines().find(|line| line.starts_with("etag: ")).unwrap().trim_start_matches("etag: ").to_owned();
    let (head, body) = demo.get("/", &format!("{}If-None-Match: {etag}\r\n", demo.host()));
    assert!(head.starts_with("HTTP/1.1 304") && body.is_empty(), "{head}");
    for path in ["/no-such-file", "/..%2fCargo.toml", "/api/no-such-route"] {
        let (head, _) = demo.get(path, &demo.host());
        assert!(head.starts_with("HTTP/1.1 404"), "{path}: {head}");
    }
}

#[test]
fn health_counts_frames_and_viewers_and_viewers_are_bounded() {
    let demo = Demo::start();
    demo.publish(1);
    let pages: Vec<Page> = (0..MAX_VIEWERS).map(|_| demo.open().0).collect();
    let (_, body) = demo.get("/api/health", &demo.host());
    let health: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&health["status"], &health["frames"], &health["viewers"]),
        (&json!("ok"), &json!(1), &json!(MAX_VIEWERS))
    );
    match Page::connect(&demo.socket_url(), None).map_err(|error| *error) {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 503),
        _ => panic!("one page too many was let in"),
    }
    drop(pages);
    demo.server.stop().unwrap();
}

/// Puts word into a request that whoever opens a socket may have it open while `may`, and counts how often it was asked after a use.
fn gate(may: &Arc<AtomicBool>, uses: &Arc<AtomicU32>) -> Beside {
    let (may, uses) = (Arc::clone(may), Arc::clone(uses));
    let stay = Stay::while_true(move |is_used| {
        uses.fetch_add(u32::from(is_used), Ordering::SeqCst);
        let may = may.load(Ordering::SeqCst);
        Box::pin(async move { may })
    });
    Beside { gate: Some(Box::new(move |routes| routes.layer(axum::Extension(stay)))), ..Beside::default() }
}

#[test]
fn a_socket_ends_with_the_session_that_opened_it_and_the_examination_does_not() {
    let (may, uses) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
    let demo = Demo::start_beside(gate(&may, &uses));
    demo.publish(1);
    let (mut page, _) = demo.open();
    page.say(r#"{"command":"set_side","side":"left"}"#);
    let until = Instant::now() + Duration::from_secs(7);
    for frame in 2.. {
        if Instant::now() > until {
            break;
        }
        demo.publish(frame);
        page.draw_until(|update| update["frame"] == frame);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(uses.load(Ordering::SeqCst), 1, "a person did one thing, and frames are drawn by nobody");
    may.store(false, Ordering::SeqCst);
    let ending = Instant::now();
    let closed = loop {
        match page.message() {
            Some(Message::Close(frame)) => break frame.unwrap(),
            Some(_) => {}
            None => panic!("it was cut off without a word"),
        }
    };
    assert!(ending.elapsed() < Duration::from_secs(6));
    assert_eq!((u16::from(closed.code), closed.reason.as_str()), (1008, "signed out"));
    may.store(true, Ordering::SeqCst);
    let exam = demo.exam();
    let (mut next, _) = demo.open();
    demo.publish(1000);
    assert_eq!(next.shown().update["state"]["exam"], exam, "who signs in again finds it as it was");
}
