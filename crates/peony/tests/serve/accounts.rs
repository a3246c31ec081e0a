//! Who is served, and what of: accounts, sites, doors.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use peony_node::identifier::STUDY_UID;
use peony_store::made_up::{self, Pixels};
use serde_json::{Value, json};

use crate::kit::{PASSWORD, Serve, account, told};

/// Another site's page, and a foreign name for this machine, are refused before anybody is asked who they are.
#[test]
fn whom_the_pages_refuse_is_written_down_with_accounts_and_without() {
    for with_accounts in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let serve = if with_accounts {
            account(folder.path(), "root", &["--role", "administrator"]);
            Serve::with_accounts(folder.path(), &[])
        } else {
            Serve::start(folder.path(), &[])
        };
        let ask = |path: &str, host: &str, origin: &str| {
            let mut stream = TcpStream::connect(&serve.addr).unwrap();
            let head = format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer.split(' ').nth(1).unwrap().to_owned()
        };
        let ours = format!("http://{}", serve.addr);
        for (path, host, origin) in [
            ("/api/exams", "evil.test", "http://evil.test"),
            ("/api/exams", "evil.test", "http://evil.test"),
            ("/dicomweb/studies/1.2.3/metadata", serve.addr.as_str(), "http://evil.test"),
            // In what is written down nothing stands that was said.
            ("/secret/WANG", "evil.test", "http://evil.test"),
        ] {
            assert_eq!(ask(path, host, origin), "403", "{path}");
        }
        assert_eq!(ask("/api/exams", &serve.addr, &ours), if with_accounts { "401" } else { "200" });
        drop(serve);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let lines = runtime.block_on(async {
            let options =
                peony_store::Options { keep_free: 0, ..peony_store::Options::in_folder(folder.path()) };
            let store = peony_store::Store::look_at(&options).await.unwrap();
            store.audit_after(0, 1000).await.unwrap()
        });
        let refused = lines.iter().filter(|line| line.act == "refused");
        let refused: Vec<_> = refused.map(|line| format!("{}: {}", line.who, line.what)).collect();
        let mut expected =
            vec!["unknown at 127.0.0.1: GET /api/exams: 403", "unknown at 127.0.0.1: GET /dicomweb/**: 403"];
        expected.extend(with_accounts.then_some("unknown at 127.0.0.1: GET /api/exams: 401"));
        assert_eq!(refused, expected, "{with_accounts}");
    }
}

#[test]
fn without_accounts_it_serves_only_who_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |args: &[&str]| {
        let mut peony = Command::new(env!("CARGO_BIN_EXE_peony"));
        let output = peony.args(["serve", "--data"]).arg(folder.path()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(&[]);
    assert!(said.contains("peony account add") && said.contains("--open"), "{said}");
    assert!(refused(&["--open", "--http", "0.0.0.0:0"]).contains("127.0.0.1"));
}

#[test]
fn with_accounts_only_those_who_have_one_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for (args, line, why) in [
        (&["account", "add", "li", "--role", "king"][..], PASSWORD, "king"),
        (&["account", "add", "li", "--role", "radiologist"], "short", "12"),
        (&["account", "add", "l i", "--role", "radiologist"], PASSWORD, "spaces"),
        (&["account", "add", "li", "--role", "radiologist", "--site", "nowhere"], PASSWORD, "site"),
        (&["account", "token", "li", "--label", "x"], "", "li"),
    ] {
        let refused = told(data, args, line).unwrap_err();
        assert!(refused.contains(why), "{args:?}: {refused}");
    }
    let li = account(data, "li", &["--role", "radiologist", "--display", "Li Na"]);
    let namesake = account(data, "li.2", &["--role", "radiologist", "--display", "Li Na"]);
    account(data, "root", &["--role", "administrator"]);
    let listed = told(data, &["account", "list"], "").unwrap();
    assert!(listed.contains("Li Na") && !listed.contains("argon2"), "{listed}");
    // A token is nowhere on the disk, and neither is a password.
    for file in ["store/index.sqlite", "store/index.sqlite-wal"] {
        let kept = std::fs::read(data.join(file)).unwrap_or_default();
        for secret in [li.as_bytes(), PASSWORD.as_bytes()] {
            assert!(!kept.windows(secret.len()).any(|part| part == secret), "{file}");
        }
    }
    let serve = Serve::with_accounts(data, &[]);
    let get = |token: &str, path: &str| serve.ask_as(token, "GET", path, "text/plain", b"").unwrap();
    assert_eq!(serve.ask("GET", "/api/exams", "").unwrap().0, 401);
    assert_eq!(get("peony_wrong", "/api/exams").0, 401);
    assert_eq!(get("", "/dicomweb/studies").0, 401);
    assert_eq!(get("", "/api/health").0, 200);
    assert_eq!(get(&li, "/api/exams"), (200, json!([])));
    // Whoever acts and signs is the account, whatever the page says.
    let post = |path: &str, body: Value| {
        serve.ask_as(&li, "POST", path, "application/json", body.to_string().as_bytes()).unwrap()
    };
    let begun = post("/api/exams", json!({"source": "phantom:3", "patient": {"id": "P-1"}}));
    let acts = format!("/api/exams/{}/acts", begun.1["id"].as_str().unwrap());
    for side in ["left", "right"] {
        let (status, said) = post(&acts, json!({"act": "set_examined", "side": side, "examined": false}));
        assert_eq!(status, 200, "{said}");
    }
    let undone =
        |token: &str| serve.ask_as(token, "POST", &acts.replace("acts", "undo"), "text/plain", b"").unwrap();
    let refused = undone(&namesake);
    assert_eq!(
        (refused.0, &refused.1["code"]),
        (409, &json!("nothing_to_undo")),
        "the same name is another person"
    );
    assert_eq!(undone(&li).0, 200);
    let (_, signed) = post(&acts, json!({"act": "sign", "name": "Somebody Else", "role": "examiner"}));
    let signature = &signed["report"]["signatures"][0]["name"];
    assert!(*signature == json!("Li Na") || signed["code"] == "obstacles", "{signed}");
    let history = get(&li, &acts.replace("acts", "history")).1;
    let acted = history.as_array().unwrap().iter().filter(|row| row["by"] == "Li Na").count();
    assert!(acted >= 3, "{history}");
    // What is changed beside the server holds at once.
    told(data, &["account", "disable", "li"], "").unwrap();
    assert_eq!(get(&li, "/api/exams").0, 401);
    told(data, &["account", "enable", "li"], "").unwrap();
    assert_eq!(get(&li, "/api/exams").0, 200);
    let last = told(data, &["account", "disable", "root"], "").unwrap_err();
    assert!(last.contains("last administrator"), "{last}");
    // Others cannot reach it, accounts or not.
    drop(serve);
    let mut outside = Command::new(env!("CARGO_BIN_EXE_peony"));
    let outside = outside.args(["serve", "--http", "0.0.0.0:0", "--no-model", "--data"]).arg(data);
    let said = String::from_utf8(outside.output().unwrap().stderr).unwrap();
    assert!(said.contains("TLS"), "{said}");
}

#[test]
fn each_site_sees_its_own_and_what_is_not_seen_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for site in ["east", "west"] {
        told(data, &["site", "add", site], "").unwrap();
    }
    told(data, &["site", "add", "west", "--sender", "WEST_US"], "").unwrap();
    assert!(told(data, &["site", "list"], "").unwrap().contains("WEST_US"));
    let several = told(data, &["account", "add", "x", "--role", "teacher"], PASSWORD).unwrap_err();
    assert!(several.contains("--site"), "{several}");
    let of = |site: &str| account(data, site, &["--role", "radiologist", "--site", site]);
    let (east, west, root) = (of("east"), of("west"), account(data, "root", &["--role", "administrator"]));
    let serve = Serve::with_accounts(data, &[]);
    let get = |token: &str, path: &str| serve.status(token, path);
    let listed = |serve: &Serve, token: &str| {
        serve.ask_as(token, "GET", "/api/exams", "text/plain", b"").unwrap().1.as_array().unwrap().len()
    };
    // An examination that goes on.
    let body = json!({"source": "phantom:3", "patient": {"id": "P-1"}}).to_string();
    let begun = serve.ask_as(&east, "POST", "/api/exams", "application/json", body.as_bytes()).unwrap().1;
    let id = begun["id"].as_str().unwrap();
    assert_eq!([&east, &west, &root].map(|token| listed(&serve, token)), [1, 0, 1]);
    for path in ["report", "report.pdf", "history", "planes/1.png", "coronal"] {
        let path = format!("/api/exams/{id}/{path}");
        assert_eq!(get(&west, &path), 404, "{path}");
    }
    assert_eq!(get(&east, &format!("/api/exams/{id}/report")), 200);
    let act = br#"{"act":"set_patient","patient":{"id":"2"}}"#;
    let acts = format!("/api/exams/{id}/acts");
    assert_eq!(serve.ask_as(&west, "POST", &acts, "application/json", act).unwrap().0, 404);
    // Its live picture, by name and as the newest.
    let socket = |token: &str, path: &str| {
        let mut stream = TcpStream::connect(&serve.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let addr = &serve.addr;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        String::from_utf8_lossy(&status[9..]).into_owned()
    };
    for path in ["/live".to_owned(), format!("/live?exam={id}"), format!("/capture?exam={id}")] {
        assert_eq!(socket(&west, &path), "404", "{path}");
    }
    assert_eq!(socket(&east, "/live"), "101");
    // Objects.
    let said = made_up::attributes(10);
    let file = made_up::file(&said, Pixels::Native { frames: 1, size: [16, 16] }, 10);
    let stored = serve.ask_as(&east, "POST", "/dicomweb/studies", "application/dicom", &file).unwrap();
    assert_eq!(stored.0, 200, "{}", stored.1);
    let study = format!("/dicomweb/studies/{}", said[&STUDY_UID]);
    assert_eq!([&east, &west, &root].map(|token| get(token, "/dicomweb/studies")), [200, 204, 200]);
    for path in ["/metadata", "/series", "/instances"] {
        let hidden = get(&west, &format!("{study}{path}"));
        assert!(hidden == 404 || hidden == 204, "{path}: {hidden}");
        assert_eq!(get(&east, &format!("{study}{path}")), 200, "{path}");
    }
    let own = made_up::attributes(11);
    let mut into = own.clone();
    into.insert(STUDY_UID, said[&STUDY_UID].clone());
    let file = made_up::file(&into, Pixels::Native { frames: 1, size: [16, 16] }, 11);
    let refused = serve.ask_as(&west, "POST", "/dicomweb/studies", "application/dicom", &file).unwrap();
    assert_eq!(refused.0, 409, "nothing is brought into another site's study: {}", refused.1);
    orders_are_those_of_the_site(data, &serve, [&east, &west, &root]);
    // After a start the same.
    drop(serve);
    let serve = Serve::with_accounts(data, &[]);
    assert_eq!([&east, &west, &root].map(|token| listed(&serve, token)), [1, 0, 1]);
}

/// Workitems of UPS-RS: another site's are not found, told of, or claimed.
fn orders_are_those_of_the_site(data: &Path, serve: &Serve, [east, west, root]: [&str; 3]) {
    let order = ["order", "add", "--patient-id", "P-7", "--patient-name", "WANG^FANG", "--site", "east"];
    told(data, &order, "").unwrap();
    let workitems = "/dicomweb/workitems";
    let status = |token: &str, path: &str| serve.status(token, path);
    assert_eq!([east, west, root].map(|token| status(token, workitems)), [200, 204, 200]);
    let (_, found) = serve.ask_as(east, "GET", workitems, "text/plain", b"").unwrap();
    let uid = found[0]["00080018"]["Value"][0].as_str().unwrap();
    let one = format!("{workitems}/{uid}");
    assert_eq!([east, west, root].map(|token| status(token, &one)), [200, 404, 200]);
    let begin = json!({
        "00081195": {"vr": "UI", "Value": ["2.25.7"]},
        "00741000": {"vr": "CS", "Value": ["IN PROGRESS"]},
    });
    let begin = |token: &str| {
        let body = begin.to_string();
        let path = format!("{one}/state");
        serve.ask_as(token, "PUT", &path, "application/dicom+json", body.as_bytes()).unwrap().0
    };
    let performs =
        |site: &str| account(data, &format!("{site}-us"), &["--role", "sonographer", "--site", site]);
    assert_eq!([begin(&performs("west")), begin(&performs("east"))], [404, 200]);
}

#[test]
fn a_live_socket_ends_with_the_account_that_opened_it_and_the_examination_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    account(data, "root", &["--role", "administrator"]);
    let li = account(data, "li", &["--role", "radiologist"]);
    let serve = Serve::with_accounts(data, &[]);
    let body = json!({"source": "phantom:3", "patient": {"id": "P-1"}}).to_string();
    let begun = serve.ask_as(&li, "POST", "/api/exams", "application/json", body.as_bytes()).unwrap().1;
    let id = begun["id"].as_str().unwrap();
    let mut stream = TcpStream::connect(&serve.addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let addr = &serve.addr;
    write!(
        stream,
        "GET /live?exam={id} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer {li}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert!(head.ends_with(b"101"));
    told(data, &["account", "disable", "li"], "").unwrap();
    let ending = Instant::now();
    let mut heard = Vec::new();
    // A close frame without an answer leaves the connection to the server, which cuts it off or waits: its words are what counts.
    while !heard.ends_with(b"signed out") {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "cut off without a word");
        heard.extend_from_slice(&part[..length]);
    }
    assert!(ending.elapsed() < Duration::from_secs(15), "{:?}", ending.elapsed());
    assert_eq!(serve.status(&li, "/api/exams"), 401);
    told(data, &["account", "enable", "li"], "").unwrap();
    let listed = serve.ask_as(&li, "GET", "/api/exams", "text/plain", b"").unwrap().1;
    assert_eq!(listed[0]["id"], id);
}

/// A route without a door would answer nobody, and a door that is too wide everybody.
#[test]
fn every_route_of_the_pages_has_a_door_and_no_other_is_open() {
    let open = ["/api/health", "/api/openapi.json"];
    for (path, item) in &peony_web::openapi().paths.paths {
        let operations =
            [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
        for (method, _) in operations.iter().filter(|(_, operation)| operation.is_some()) {
            let at = path.replace('{', "a").replace('}', "");
            let door = peony_access::door(&method.parse().unwrap(), &at);
            let door = door.unwrap_or_else(|| panic!("{method} {path} has no door"));
            assert_eq!(door == peony_access::Door::Open, open.contains(&path.as_str()), "{method} {path}");
        }
    }
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/ui/dist");
    for file in std::fs::read_dir(dist).unwrap() {
        let file = file.unwrap();
        let inside = if file.file_type().unwrap().is_dir() { "/x.js" } else { "" };
        let path = format!("/{}{inside}", file.file_name().into_string().unwrap());
        let door = peony_access::door(&"GET".parse().unwrap(), &path);
        assert_eq!(door, Some(peony_access::Door::Open), "{path}");
    }
}
