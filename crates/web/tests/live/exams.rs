//! Examinations over HTTP, beside the live page of one.

use peony_model::{BoxPx, PointPx};
use peony_ultrasound::output::{Evidence, EvidencePlane, PlaneReason};
use serde_json::{Value, json};

use crate::page::{Demo, key_plane, key_plane_of};

/// A page on a demo whose lesion A has a plane.
pub fn scanned() -> Demo {
    let demo = Demo::start();
    demo.publish_with(10, |output| output.events.push(key_plane(PlaneReason::Largest)));
    demo
}

pub fn path(demo: &Demo, what: &str) -> String {
    format!("/api/exams/{}/{what}", demo.exam())
}

fn act(demo: &Demo, act: &Value) -> (String, Value) {
    demo.post(&path(demo, "acts"), &act.to_string())
}

pub fn done(demo: &Demo, wanted: &Value) -> Value {
    let (head, view) = act(demo, wanted);
    assert!(head.starts_with("HTTP/1.1 200"), "{wanted}: {head} {view}");
    view
}

#[test]
fn what_the_pipeline_says_is_the_report_s_proposal() {
    let demo = scanned();
    let view = demo.json(&path(&demo, "report"));
    let lesion = &view["report"]["lesions"][0];
    assert_eq!(lesion["letter"], "A");
    assert_eq!(lesion["category"], json!({"proposed": "4C", "said": null}));
    assert_eq!(lesion["size"]["proposed"]["long"], 4.0);
    assert_eq!(lesion["shape"]["proposed"], "shape.irregular");
    assert_eq!(lesion["planes"][0]["contour_px"], json!([[1.0, 1.0], [5.0, 1.0], [3.0, 4.0]]));
    assert_eq!(view["open"][0], json!({"lesion": 1, "field": "depth_mm"}));
    assert_eq!((&view["signable"], &view["saved"]), (&json!(false), &json!(true)));
    let words = view["narrative"]["zh"].to_string();
    assert!(words.contains("不规则形"), "{words}");
    let listed = demo.json("/api/exams");
    assert_eq!((&listed[0]["id"], &listed[0]["live"]), (&json!(demo.exam()), &json!(true)));
    assert_eq!((&listed[0]["status"], &listed[0]["category"]), (&json!("open"), &json!("4C")));
}

#[test]
fn the_list_says_when_the_newest_frame_came() {
    let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let demo = Demo::start();
    assert_eq!(demo.json("/api/exams")[0]["last_frame_ms"], Value::Null, "none has come");
    let before = now();
    demo.publish(1);
    let first = demo.json("/api/exams")[0]["last_frame_ms"].as_u64().unwrap();
    assert!((before - 1..=now()).contains(&first), "{before} {first}");
    std::thread::sleep(std::time::Duration::from_millis(20));
    // A page that looks has the same frame published again: that is no newer one.
    demo.open().0.draw_until(|_| true);
    assert_eq!(demo.json("/api/exams")[0]["last_frame_ms"], first);
    demo.publish(2);
    assert!(demo.json("/api/exams")[0]["last_frame_ms"].as_u64().unwrap() >= first + 20);
}

#[test]
fn the_list_is_searched_by_words_and_as_long_as_is_asked() {
    let demo = Demo::start();
    let mut all = vec![demo.exam()];
    for (id, name, number) in
        [("P-7", "王 小明", "US-1"), ("P-8", "LI Wei", "US-2"), ("P-9", "Li Fang", "US-12")]
    {
        let exam = demo.begin_beside();
        for said in [
            json!({"act": "set_patient", "patient": {"id": id, "name": name, "sex": "F"}}),
            json!({"act": "set_circumstances", "circumstances": {"number": number}}),
        ] {
            let (head, why) = demo.post(&format!("/api/exams/{exam}/acts"), &said.to_string());
            assert!(head.starts_with("HTTP/1.1 200"), "{head} {why}");
        }
        all.push(exam);
    }
    let found = |query: &str| -> Vec<usize> {
        let rows = demo.json(&format!("/api/exams?{query}"));
        let at = |row: &Value| all.iter().position(|id| row["id"] == json!(id)).unwrap();
        let mut found: Vec<usize> = rows.as_array().unwrap().iter().map(at).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(found(""), [0, 1, 2, 3]);
    assert_eq!(found("find=li"), [2, 3], "in any case");
    assert_eq!(found("find=us-1%20fang"), [3], "every word");
    assert_eq!(found("find=%E5%B0%8F%E6%98%8E"), [1]);
    assert_eq!(found("find=p-8"), [2]);
    assert_eq!(
        (found(&format!("find={}", all[0])), found(&format!("find={}", &all[0][..2]))),
        (vec![0], vec![])
    );
    assert_eq!(found("find=nobody"), [0_usize; 0]);
    assert_eq!((found("limit=0").len(), found("limit=3").len(), found("limit=3&find=li").len()), (0, 3, 2));
    let (head, _) = demo.get("/api/exams?limit=many", &demo.host());
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
}

#[test]
fn the_history_says_from_what_to_what_in_the_words_of_the_field() {
    let demo = scanned();
    done(&demo, &json!({"act": "set_patient", "patient": {"id": "P-1", "name": "Demo 01", "sex": "F"}}));
    done(&demo, &json!({"act": "set_patient", "patient": {"id": "P-1", "name": "Demo 02", "sex": "F"}}));
    done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": "category", "value": "5"}}));
    let size = json!({"long": 12.0, "short": 8.0, "third": null, "unit": "mm"});
    done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": "size", "value": size}}));
    done(&demo, &json!({"act": "confirm", "lesion": 1, "fields": ["shape"]}));
    demo.post(&path(&demo, "undo"), "");
    done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": "shape", "value": null}}));
    let flow = json!(["vascularity.internal", "vascularity.rim"]);
    done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": "vascularity", "value": flow}}));
    let of_breast = |word: Value| json!({"act": "say_of_breast", "side": "left", "word": word});
    done(&demo, &of_breast(json!({"field": "tissue", "value": "tissue.fat"})));
    let node = json!({"long_mm": 12.0, "short_mm": 6.0, "cortex_mm": 2.1, "hilum": "kept"});
    done(&demo, &of_breast(json!({"field": "axilla", "value": {"node": null}})));
    done(&demo, &of_breast(json!({"field": "axilla", "value": {"node": node}})));
    let history = demo.json(&path(&demo, "history"));
    let rows = history.as_array().unwrap().iter().filter(|row| row["by"] != Value::Null);
    let said: Vec<Vec<[String; 3]>> = rows
        .map(|row| {
            let text =
                |value: &Value, lang: &str| value[lang].as_str().unwrap_or("–").replace('\u{202f}', " ");
            let change = |change: &Value| {
                let en = ["field", "before", "after"].map(|part| text(&change[part], "en"));
                let zh = ["field", "before", "after"].map(|part| text(&change[part], "zh"));
                assert!(en[0] != zh[0] && !zh[0].is_ascii(), "{change}");
                en
            };
            row["changes"].as_array().unwrap().iter().map(change).collect()
        })
        .collect();
    let expected: [&[[&str; 3]]; 11] = [
        &[["Name", "–", "Demo 01"], ["Identifier", "–", "P-1"], ["Sex", "–", "female"]],
        &[["Name", "Demo 01", "Demo 02"]],
        &[["Category", "BI-RADS category\u{a0}4C", "BI-RADS category\u{a0}5"]],
        &[["Size", "4.0\u{a0}×\u{a0}3.0 mm", "12\u{a0}×\u{a0}8 mm"]],
        &[["Shape", "irregular", "irregular"]],
        &[["Shape", "irregular", "irregular"]],
        &[["Shape", "irregular", "–"]],
        &[["Blood flow", "–", "internal vascularity and vessels in rim"]],
        &[["Left breast, background", "–", "homogeneous fat"]],
        &[["Left axilla", "–", "no abnormal node seen"]],
        &[["Left axilla", "no abnormal node seen", "node 12\u{a0}×\u{a0}6 mm, cortex 2.1 mm, hilum kept"]],
    ];
    assert_eq!(said, expected.map(|row| row.iter().map(|part| part.map(str::to_owned)).collect::<Vec<_>>()));
    let said_of =
        |what: &str| history.as_array().unwrap().iter().find(|row| row["what"]["en"] == what).unwrap();
    let undone = said_of("Taken back: 1 fields of lesion A confirmed");
    assert_eq!(undone["what"]["zh"], "撤销：确认病灶A的1项");
    let confirmed = said_of("1 fields of lesion A confirmed");
    assert_eq!((&undone["of_ms"], &confirmed["of_ms"]), (&confirmed["at_ms"], &Value::Null));
    let row = history.as_array().unwrap().iter().find(|row| row["changes"][0]["field"]["en"] == "Category");
    assert_eq!(row.unwrap()["changes"][0]["proposed"], true, "the machine had said it");
}

#[test]
fn what_a_grade_rests_on_is_marked_on_its_key_planes() {
    let demo = Demo::start();
    let part = BoxPx::new(PointPx::new(2.0, 1.0), PointPx::new(4.0, 3.0));
    demo.publish_with(10, |output| {
        output.events.push(key_plane(PlaneReason::Largest));
        let weighed = EvidencePlane {
            frame: 10,
            time_ns: output.time_ns,
            seen_ns: [output.time_ns - 5, output.time_ns + 5],
            share: 0.4,
            malignancy: 0.7,
            focus_px: part,
        };
        output.tracks[0].focus_px = Some(part);
        output.tracks[0].evidence = Some(Evidence { effective_planes: 5.5, count: 7, planes: vec![weighed] });
    });
    let lesion = demo.json(&path(&demo, "report"))["report"]["lesions"][0].clone();
    let plane = &lesion["planes"][0];
    assert_eq!(plane["focus_px"], json!([2.0, 1.0, 4.0, 3.0]));
    assert!((plane["malignancy"].as_f64().unwrap() - 0.62).abs() < 1e-6, "on that plane alone: {plane}");
    let share = |of: &Value| (of["share"].as_f64().unwrap() * 1e3).round();
    let grounds = &lesion["grounds"];
    assert_eq!((&grounds["planes"], &grounds["marked"][0]["plane"]), (&json!(7), &plane["id"]));
    assert_eq!((share(grounds), share(&grounds["marked"][0])), (400.0, 400.0));
    let (mut page, _) = demo.open();
    let update = page.draw_until(|_| true).update;
    assert_eq!((share(&update["key_planes"][0]), share(&update["tracks"][0]["grounds"])), (400.0, 400.0));
}

#[test]
fn a_report_is_corrected_signed_and_closed() {
    let demo = scanned();
    done(&demo, &json!({"act": "set_patient", "patient": {"id": "P-1", "name": "Demo 01", "sex": "F"}}));
    let place = json!({"side": "left", "clock": "10:30", "from_nipple_mm": 40.0});
    done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": "place", "value": place}}));
    let view = done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": "category", "value": "4B"}}));
    let said = &view["report"]["lesions"][0]["category"];
    assert_eq!((&said["proposed"], &said["said"]["value"]), (&json!("4C"), &json!("4B")));
    assert_eq!(said["said"]["by"], "Dr Test");
    let sign = json!({"act": "sign", "name": "Dr Test", "role": "examiner", "licence": ""});
    let (head, refused) = act(&demo, &sign);
    assert!(head.starts_with("HTTP/1.1 409"), "{head}");
    assert_eq!(refused["code"], "obstacles");
    let open = view["open"].as_array().unwrap();
    let fields: Vec<&Value> = open.iter().map(|open| &open["field"]).collect();
    let view = done(&demo, &json!({"act": "confirm", "lesion": 1, "fields": fields}));
    assert_eq!((&view["signable"], &view["obstacles"][0]["code"]), (&json!(false), &json!("no_reason")));
    let (_, refused) = act(&demo, &sign);
    assert_eq!(refused["error"], "1 thing stands in the way of a signature");
    let why = json!({"field": "downgrade_reason", "value": "known for years, and smaller"});
    let view = done(&demo, &json!({"act": "say", "lesion": 1, "word": why}));
    assert_eq!((&view["signable"], &view["obstacles"]), (&json!(true), &json!([])));
    let view = done(&demo, &sign);
    assert_eq!(view["report"]["signatures"][0]["name"], "Dr Test");
    let (head, refused) = act(&demo, &json!({"act": "dismiss", "lesion": 1}));
    assert!(head.starts_with("HTTP/1.1 409"), "{head}");
    assert_eq!(refused["code"], "signed");
    let view = done(&demo, &json!({"act": "add", "text": "Biopsy arranged"}));
    assert_eq!(view["report"]["addenda"][0]["by"], "Dr Test");
    let history = demo.json(&path(&demo, "history"));
    let said = history.to_string();
    for words in [
        "Lesion A changed",
        "修改病灶A",
        "fields of lesion A confirmed",
        "Scale from the phantom",
        "比例：来自仿体",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(!said.contains("esion 1"), "a lesion has a letter: {said}");
    let last = history.as_array().unwrap().last().unwrap();
    assert_eq!((&last["by"], &last["what"]["zh"]), (&json!("Dr Test"), &json!("补充报告")));
}

#[test]
fn the_report_comes_on_paper_in_both_languages() {
    let demo = scanned();
    for lang in ["en", "zh"] {
        let (head, pdf) = demo.get(&path(&demo, &format!("report.pdf?lang={lang}")), &demo.host());
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("application/pdf"), "{head}");
        assert!(head.contains("no-store"), "{head}");
        assert!(pdf.starts_with(b"%PDF-"), "{lang}");
    }
    for lang in ["fr", "", "EN"] {
        let (head, body) = demo.get(&path(&demo, &format!("report.pdf?lang={lang}")), &demo.host());
        assert!(head.starts_with("HTTP/1.1 400") && head.contains("application/json"), "{head}");
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            problem,
            json!({"error": "lang: a report comes in en or zh", "code": "bad_value"}),
            "{lang}"
        );
    }
}

#[test]
fn an_act_that_cannot_be_is_one_clear_line_and_changes_nothing() {
    let demo = scanned();
    let before = demo.json(&path(&demo, "report"))["report"].clone();
    for (body, status, code) in [
        ("{", 422, "bad_value"),
        (r#"{"act":"close"}"#, 422, "bad_value"),
        (r#"{"act":"dismiss","lesion":9}"#, 422, "unknown_lesion"),
        (r#"{"act":"release_plane","plane":9}"#, 422, "unknown_plane"),
        (r#"{"act":"say","lesion":1,"word":{"field":"shape","value":"echo.complex"}}"#, 422, "bad_value"),
        (r#"{"act":"add","text":"x"}"#, 409, "not_signed"),
    ] {
        let (head, answer) = demo.post(&path(&demo, "acts"), body);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{body}: {head} {answer}");
        assert_eq!(answer["code"], code, "{body}: {answer}");
        assert!(!answer["error"].as_str().unwrap().contains('\n'), "{answer}");
    }
    let (head, answer) = demo.post(&path(&demo, "undo"), "");
    assert!(head.starts_with("HTTP/1.1 409") && answer["code"] == "nothing_to_undo", "{head} {answer}");
    assert_eq!(demo.json(&path(&demo, "report"))["report"], before);
}

#[test]
fn a_body_that_cannot_be_read_names_the_field_and_not_the_parser() {
    let demo = scanned();
    for (body, line) in [
        ("{", "body: not JSON"),
        (r#"{"act":"dismiss"}"#, "body: missing field `lesion`"),
        (r#"{"act":"dismiss","lesion":1,"by":"x"}"#, "body: unknown field `by`, expected `lesion`"),
        (r#"["dismiss",1]"#, "body: it is no JSON object"),
    ] {
        let (_, answer) = demo.post(&path(&demo, "acts"), body);
        assert_eq!(answer["error"], line, "{body}");
    }
    let (head, answer) = demo.post("/api/exams", r#"{"patient":{"birth":1}}"#);
    let error = answer["error"].as_str().unwrap();
    assert!(
        head.starts_with("HTTP/1.1 422") && error.starts_with("body: patient.birth: unknown field"),
        "{error}"
    );
    let signed = json!({"act": "sign", "name": "Dr Test", "role": "examiner", "licence": ""}).to_string();
    let (_, refused) = demo.post(&path(&demo, "acts"), &signed);
    assert!(refused["error"].as_str().unwrap().ends_with("in the way of a signature"), "{refused}");
}

#[test]
fn no_foreign_identifier_opens_anything() {
    let demo = scanned();
    for id in ["..", "%2e%2e", "x", "00000000-0000-0000-0000-000000000000"] {
        for what in ["report", "history", "report.pdf", "planes/1.png"] {
            let (head, _) = demo.get(&format!("/api/exams/{id}/{what}"), &demo.host());
            assert!(head.starts_with("HTTP/1.1 404"), "{id}/{what}: {head}");
        }
        let (head, _) = demo.get(&format!("/live?exam={id}"), &upgrade(&demo));
        assert!(head.starts_with("HTTP/1.1 404"), "{id}: {head}");
    }
    let (head, _) = demo.get(&format!("/capture?exam={}", demo.exam()), &upgrade(&demo));
    assert!(head.starts_with("HTTP/1.1 409"), "its frames come from elsewhere: {head}");
}

fn upgrade(demo: &Demo) -> String {
    format!(
        "{}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        demo.host()
    )
    .replace("Host:", "Connection: upgrade\r\nHost:")
}

#[test]
fn the_live_page_and_the_report_are_of_one_examination() {
    let demo = scanned();
    let (mut page, _) = demo.open();
    let shown = page.draw_until(|_| true);
    assert_eq!(shown.update["state"]["exam"], json!(demo.exam()));
    let nine = r#"{"command":"set_probe","place":{"side":"right","clock":"9:00","from_nipple_mm":30}}"#;
    page.say(nine);
    let said = page.draw_until(|update| {
        update["state"]["probe"]["clock"] == "9:00" && update["state"]["probe"]["side"] == "right"
    });
    // Said again it counts from now on: of a lesion that is found next it is the place.
    let before = said.update["state"]["undo"].as_u64().unwrap();
    page.say(nine);
    page.draw_until(|update| update["state"]["undo"] == before + 1);
    page.say(r#"{"command":"dismiss","track":1}"#);
    page.draw_until(|update| update["tracks"][0]["dismissed"] == true);
    assert_eq!(demo.json(&path(&demo, "report"))["report"]["lesions"][0]["dismissed"], true);
    done(&demo, &json!({"act": "restore", "lesion": 1}));
    demo.publish(11);
    page.draw_until(|update| update["tracks"][0]["dismissed"] == false);
}

#[test]
fn a_former_examination_is_still_there_when_another_goes_on() {
    let demo = scanned();
    let former = demo.exam();
    demo.begin_another();
    demo.publish(0);
    let view = demo.json(&format!("/api/exams/{former}/report"));
    assert_eq!(view["report"]["lesions"][0]["letter"], "A");
    let ids: Vec<Value> =
        demo.json("/api/exams").as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [json!(demo.exam()), json!(former)], "the one that goes on first");
}

/// A hundred lesions, one after another: the page's message stays small, and the report has them all.
#[test]
fn the_live_page_shows_the_latest_lesions_and_the_report_all() {
    let demo = Demo::start();
    let (mut page, _) = demo.open();
    for lesion in 1..=100 {
        demo.publish_with(u64::from(lesion), |output| {
            output.tracks[0].id = lesion;
            output.events.push(key_plane_of(lesion));
        });
    }
    let shown = page.draw_until(|update| update["frame"] == 100);
    let tracks = shown.update["tracks"].as_array().unwrap();
    assert_eq!(tracks.len(), 24);
    assert!(tracks.iter().any(|track| track["id"] == 100), "the latest is among them");
    assert_eq!(shown.update["key_planes"].as_array().unwrap().len(), 24, "with their planes alone");
    let report = demo.json(&path(&demo, "report"));
    assert_eq!(report["report"]["lesions"].as_array().unwrap().len(), 100);
}

/// A signed examination of this patient, and another one that has found the same lesion at 11 o'clock.
fn examined_again(demo: &Demo, patient: &Value) -> String {
    let place = json!({"side": "left", "clock": "10:30", "from_nipple_mm": 40.0});
    let view =
        done(demo, &json!({"act": "set_patient", "patient": {"id": "P-1", "name": "Demo 01", "sex": "F"}}));
    assert_eq!(view["report"]["comparison"], Value::Null);
    done(demo, &json!({"act": "say", "lesion": 1, "word": {"field": "place", "value": place}}));
    confirm_all(demo);
    done(demo, &json!({"act": "sign", "name": "Dr Test", "role": "examiner", "licence": ""}));
    let former = demo.exam();
    demo.begin_another();
    demo.publish_with(10, |output| output.events.push(key_plane(PlaneReason::Largest)));
    done(demo, &json!({"act": "set_patient", "patient": patient}));
    let place = json!({"side": "left", "clock": "11:00", "from_nipple_mm": 40.0});
    done(demo, &json!({"act": "say", "lesion": 1, "word": {"field": "place", "value": place}}));
    former
}

fn confirm_all(demo: &Demo) -> Value {
    let view = demo.json(&path(demo, "report"));
    let fields: Vec<&Value> = view["open"].as_array().unwrap().iter().map(|open| &open["field"]).collect();
    done(demo, &json!({"act": "confirm", "lesion": 1, "fields": fields}))
}

#[test]
fn nothing_is_begun_for_values_that_cannot_be() {
    let demo = scanned();
    let listed = |demo: &Demo| demo.json("/api/exams").as_array().unwrap().len();
    let before = listed(&demo);
    let patient = |name: &str, born: &str| {
        json!({"patient": {"id": "P-1", "name": name, "sex": "", "birth_date": born}}).to_string()
    };
    // Without values that cannot be it goes as far as the source, of which this program has but one.
    for (body, status) in [
        (patient("Demo 01", "2001-02-28"), "409"),
        (patient("Demo 01", "2026-13-40"), "422"),
        (patient("De\u{202E}mo", ""), "422"),
        (patient(&"x".repeat(257), ""), "422"),
        (patient(&"x".repeat(3 << 20), ""), "413"),
        ("[]".to_owned(), "422"),
        (" [null, null, \"phantom\"]".to_owned(), "422"),
    ] {
        let (head, problem) = demo.post("/api/exams", &body);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head} {problem}");
        assert!(problem["error"].is_string());
    }
    assert_eq!(listed(&demo), before);
    let (head, problem) = demo.post("/api/health", "");
    assert!(head.starts_with("HTTP/1.1 405") && problem["error"].is_string(), "{head} {problem}");
}

#[test]
fn an_earlier_examination_is_compared_and_its_match_confirmed() {
    let demo = scanned();
    let former = examined_again(&demo, &json!({"id": "P-1", "name": "Demo 01"}));
    let view = demo.json(&path(&demo, "report"));
    let (comparison, lesion) = (&view["report"]["comparison"], &view["report"]["lesions"][0]);
    assert_eq!(
        (&comparison["earlier"]["examination"], &comparison["conflict"]),
        (&json!(former), &json!(false))
    );
    assert_eq!(lesion["before"], json!({"proposed": {"examination": former, "lesion": 1}, "said": null}));
    let change = &lesion["candidates"][0]["change"];
    assert_eq!((&change["kind"], &change["trend"]), (&json!("measured"), &json!("same")));
    assert!(view["open"].as_array().unwrap().contains(&json!({"lesion": 1, "field": "before"})));
    let words = view["narrative"].to_string();
    assert!(words.contains("no significant change") && words.contains("无明显变化"), "{words}");
    let new = json!({"examination": former, "lesion": null});
    let view = done(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": "before", "value": new}}));
    assert_eq!(view["report"]["lesions"][0]["before"]["said"]["value"], new);
    assert_eq!(view["report"]["comparison"]["not_seen"][0]["lesion"], 1);
    assert!(view["narrative"]["zh"].to_string().contains("本次未见显示"), "{view}");
    let wrong = json!({"examination": former, "lesion": 9});
    let (head, refused) =
        act(&demo, &json!({"act": "say", "lesion": 1, "word": {"field": "before", "value": wrong}}));
    assert!(head.starts_with("HTTP/1.1 422") && refused["code"] == "bad_value", "{head} {refused}");
    let (head, view) = demo.post(&path(&demo, "undo"), "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(view["report"]["lesions"][0]["before"]["said"], Value::Null);
    confirm_all(&demo);
    let view = done(&demo, &json!({"act": "sign", "name": "Dr Test", "role": "examiner", "licence": ""}));
    assert_eq!(view["report"]["lesions"][0]["before"]["said"]["value"]["lesion"], 1);
    let rows = demo.json("/api/exams");
    let states: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(states, ["signed", "signed"]);
    let history = demo.json(&path(&demo, "history")).to_string();
    assert!(history.contains("找到既往检查"), "{history}");
}

#[test]
fn another_name_under_the_identifier_stands_in_the_way_until_a_person_says() {
    let demo = scanned();
    let former = examined_again(&demo, &json!({"id": "P-1", "name": "Demo 02"}));
    let codes =
        |view: &Value| view["obstacles"].as_array().unwrap().iter().any(|it| it["code"] == "other_patient");
    let view = demo.json(&path(&demo, "report"));
    assert!(codes(&view));
    assert_eq!(view["report"]["lesions"][0]["before"], json!({"proposed": null, "said": null}));
    let view = done(&demo, &json!({"act": "set_same_patient", "examination": former, "same": true}));
    assert!(!codes(&view));
    assert_eq!(view["report"]["lesions"][0]["before"]["proposed"]["lesion"], 1);
}

#[test]
fn an_empty_examination_is_discarded_and_one_with_a_frame_is_not() {
    let demo = Demo::start();
    let discard = |id: &str| demo.post(&format!("/api/exams/{id}/discard"), "");
    let row = |demo: &Demo, id: &str| {
        let list = demo.json("/api/exams");
        list.as_array().unwrap().iter().find(|row| row["id"] == id).cloned()
    };
    let beside = demo.begin_beside();
    let patient =
        json!({"act": "set_patient", "patient": {"id": "", "name": "Demo", "sex": "", "birth_date": ""}});
    assert!(
        demo.post(&format!("/api/exams/{beside}/acts"), &patient.to_string()).0.starts_with("HTTP/1.1 200")
    );
    assert_eq!(row(&demo, &beside).unwrap()["discardable"], true);
    let (head, answer) = discard(&beside);
    assert!(head.starts_with("HTTP/1.1 200"), "{head} {answer}");
    assert_eq!(row(&demo, &beside), None);
    assert!(discard(&beside).0.starts_with("HTTP/1.1 404"));
    assert!(demo.get(&format!("/api/exams/{beside}/report"), &demo.host()).0.starts_with("HTTP/1.1 404"));
    // The one that goes on: as long as no frame has come it can be, and a frame that has just come is in no journal yet.
    assert_eq!(row(&demo, &demo.exam()).unwrap()["discardable"], true);
    demo.publish_failed(1);
    assert_eq!(row(&demo, &demo.exam()).unwrap()["discardable"], false);
    let (head, refused) = discard(&demo.exam());
    assert!(head.starts_with("HTTP/1.1 409"), "{head}");
    assert_eq!(refused["code"], "not_empty");
    assert!(row(&demo, &demo.exam()).is_some());
}

#[test]
fn blanks_are_refused_as_a_name_with_a_key_for_people() {
    let demo = Demo::start();
    let patient = json!({"id": "", "name": " \t ", "sex": "", "birth_date": ""});
    for (path, body) in [
        ("/api/exams".to_owned(), json!({ "patient": patient })),
        (path(&demo, "acts"), json!({ "act": "set_patient", "patient": patient })),
    ] {
        let (head, refused) = demo.post(&path, &body.to_string());
        assert!(head.starts_with("HTTP/1.1 422"), "{head}");
        assert_eq!(refused["code"], "blank_name", "{refused}");
    }
}
