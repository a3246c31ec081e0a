//! What comes through the gate and what does not, over a store in a folder of its own and a route of somebody else's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

mod oidc;

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Extensions, Request, header};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use peony_access::{Access, Again, Caller, OidcSettings, Permit, hash};
use peony_store::{NewAccount, Options, Role, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

const PASSWORD: &str = "a long enough password";

/// A house with one account of each role, each called by it.
struct House {
    store: Store,
    app: Router,
    _folder: TempDir,
}

/// What was answered.
struct Answer {
    status: u16,
    cookie: Option<String>,
    fields: axum::http::HeaderMap,
    extensions: Extensions,
    body: Value,
}

/// Who the route behind the gate is told asks.
#[derive(Clone)]
struct Told(String);

fn introduce(caller: &Caller, again: Again, extensions: &mut Extensions) {
    extensions.insert(again);
    extensions.insert(Told(caller.account.name.clone()));
}

impl House {
    async fn new() -> Self {
        Self::of(false).await
    }

    async fn of(tls: bool) -> Self {
        Self::with(tls, None).await
    }

    /// One whose people may sign in at a provider as well.
    async fn at(oidc: OidcSettings, tls: bool) -> Self {
        Self::with(tls, Some(oidc)).await
    }

    async fn with(tls: bool, oidc: Option<OidcSettings>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store =
            Store::open(&Options { keep_free: 0, ..Options::in_folder(folder.path()) }).await.unwrap();
        let password = hash("somebody", PASSWORD).unwrap();
        for role in Role::ALL {
            let new = NewAccount {
                name: role.word().into(),
                roles: vec![role],
                password: password.clone(),
                ..NewAccount::default()
            };
            store.add_account(&new, "a test").await.unwrap();
        }
        let told = |axum::Extension(Told(name)): axum::Extension<Told>| async move { name };
        let routes = Router::new()
            .route("/api/exams", get(told).post(told))
            .route("/live", get(told))
            .route(
                "/capture",
                get(async |axum::Extension(again): axum::Extension<Again>| axum::Extension(again)),
            )
            .route("/dicomweb/studies", get(told).post(told))
            .route("/api/identity", get(told))
            .route("/api/events", get(told))
            .route("/api/identity/contradictions", get(told))
            .route("/api/identity/merges", post(told))
            .route("/api/orders", get(told).post(told))
            .route("/secret", get(async || "nobody asked for a door"))
            .route("/api/secret", post(async || "nobody asked for a door"))
            .route("/", get(async || "the page"));
        let access =
            Access::new(store.clone(), tokio::runtime::Handle::current(), tls, oidc, introduce).unwrap();
        Self { store, app: access.around(routes), _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)], body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("Host", "peony.test");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let said = serde_json::from_slice(&body);
        let body = said.unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
        let cookie = head.headers.get(header::SET_COOKIE).map(|cookie| cookie.to_str().unwrap().to_owned());
        Answer {
            status: head.status.as_u16(),
            cookie,
            fields: head.headers,
            extensions: head.extensions,
            body,
        }
    }

    async fn send(&self, method: &str, path: &str, fields: &[(&str, &str)], body: Value) -> Answer {
        let json = [&[("Content-Type", "application/json")], fields].concat();
        self.ask(method, path, &json, Body::from(body.to_string())).await
    }

    async fn sign_in(&self, name: &str, password: &str) -> Answer {
        self.send("POST", "/api/session", &[], json!({"name": name, "password": password})).await
    }

    /// A session's cookie, as it is sent back.
    async fn cookie(&self, name: &str) -> String {
        let answer = self.sign_in(name, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.cookie.unwrap().split(';').next().unwrap().to_owned()
    }

    /// What a person's page sends.
    async fn page(&self, cookie: &str, method: &str, path: &str, body: Value) -> Answer {
        let fields = [("Cookie", cookie), ("Origin", "https://peony.test")];
        self.send(method, path, &fields, body).await
    }

    async fn get(&self, path: &str, fields: &[(&str, &str)]) -> u16 {
        self.ask("GET", path, fields, Body::empty()).await.status
    }

    /// A token of this account.
    async fn token(&self, name: &str) -> String {
        let cookie = self.cookie(name).await;
        let made = self.page(&cookie, "POST", "/api/me/tokens", json!({"label": "a program"})).await;
        format!("Bearer {}", made.body["secret"].as_str().unwrap())
    }

    async fn acts(&self) -> Vec<String> {
        let lines = self.store.audit_after(0, 1000).await.unwrap();
        lines.into_iter().map(|line| format!("{} {}", line.who, line.act)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_an_account_and_everybody_gets_the_page() {
    let house = House::new().await;
    assert_eq!(house.get("/", &[]).await, 200);
    for path in ["/api/exams", "/live", "/dicomweb/studies", "/api/accounts", "/api/me/tokens"] {
        let answer = house.ask("GET", path, &[], Body::empty()).await;
        assert_eq!(
            (answer.status, answer.fields[header::WWW_AUTHENTICATE].to_str().unwrap()),
            (401, "Bearer realm=\"Peony\""),
            "{path}"
        );
    }
    for path in ["/secret", "/api/secret", "/api/exams/"] {
        assert_eq!(house.get(path, &[]).await, 404, "{path}");
    }
    let root = house.token("administrator").await;
    assert_eq!(house.get("/secret", &[("Authorization", &root)]).await, 404, "a door is missing for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_a_cookie_that_no_script_and_no_other_site_has() {
    let house = House::new().await;
    let answer = house.sign_in("Radiologist", PASSWORD).await;
    assert_eq!(answer.body["may"], json!(["scan", "sign", "read", "store", "send", "merge"]));
    let cookie = answer.cookie.unwrap();
    assert!(
        cookie.starts_with("peony=") && cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict"),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"), "there is no TLS");
    let over_tls = House::of(true).await.sign_in("radiologist", PASSWORD).await.cookie.unwrap();
    assert!(over_tls.starts_with("__Host-peony=") && over_tls.contains("; Secure"), "{over_tls}");
    let cookie = cookie.split(';').next().unwrap();
    let told = house.ask("GET", "/api/exams", &[("Cookie", cookie)], Body::empty()).await;
    assert_eq!((told.status, told.body), (200, json!("radiologist")));
    let session = house.ask("GET", "/api/session", &[("Cookie", cookie)], Body::empty()).await;
    assert_eq!(session.body["me"]["name"], "radiologist");
    assert_eq!(house.page(cookie, "DELETE", "/api/session", Value::Null).await.status, 204);
    assert_eq!(house.get("/api/exams", &[("Cookie", cookie)]).await, 401, "it was signed out");
    let session = house.ask("GET", "/api/session", &[("Cookie", cookie)], Body::empty()).await;
    assert_eq!(session.body, json!({"open": false, "me": null, "oidc": null}));
    // That the old cookie was refused is written beside.
    let acts = house.acts().await;
    let own: Vec<&String> = acts.iter().filter(|act| act.starts_with("radiologist ")).collect();
    assert!(
        own.ends_with(&[&"radiologist sign-in".to_owned(), &"radiologist sign-out".to_owned()]),
        "{acts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_damaged_cookie_opens_nothing() {
    let house = House::new().await;
    let cookie = house.cookie("radiologist").await;
    let last = if cookie.ends_with('A') { "B" } else { "A" };
    let flipped = format!("{}{last}", &cookie[..cookie.len() - 1]);
    let endless = format!("peony={}", "x".repeat(100_000));
    for forged in [
        flipped.as_str(),
        "peony=",
        "peony=radiologist",
        "peony",
        "other=1",
        &endless,
        "peony=%00",
        &cookie.replace("peony=", "__Host-peony="),
    ] {
        assert_eq!(house.get("/api/exams", &[("Cookie", forged)]).await, 401, "{:.60}", forged);
    }
    let among = format!("a=b; {cookie}; c");
    assert_eq!(house.get("/api/exams", &[("Cookie", &among)]).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_does_nothing_in_a_persons_name() {
    let house = House::new().await;
    let cookie = house.cookie("radiologist").await;
    let own = ("Cookie", cookie.as_str());
    let begin =
        async |fields: &[(&str, &str)]| house.send("POST", "/api/exams", fields, json!({})).await.status;
    assert_eq!(begin(&[own, ("Origin", "https://peony.test")]).await, 200);
    for origin in
        ["https://evil.test", "null", "https://peony.test.evil.test", "https://peony.test:8443", "peony.test"]
    {
        assert_eq!(begin(&[own, ("Origin", origin)]).await, 403, "{origin}");
        assert_eq!(begin(&[("Origin", origin)]).await, 403, "{origin}, without a cookie");
    }
    assert_eq!(begin(&[own]).await, 403, "a browser would say from where it comes");
    let socket = [own, ("Upgrade", "websocket"), ("Connection", "upgrade")];
    assert_eq!(house.get("/live", &socket).await, 403);
    let from_here = [&socket[..], &[("Origin", "https://peony.test")]].concat();
    assert_eq!(house.get("/live", &from_here).await, 200);
    // A program sends no cookie, and no page can send its token.
    let token = house.token("radiologist").await;
    assert_eq!(begin(&[("Authorization", &token)]).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_comes_through_its_doors_only() {
    let house = House::new().await;
    for role in Role::ALL {
        let token = house.token(role.word()).await;
        let authorized = [("Authorization", token.as_str())];
        for (method, path, permit) in [
            ("GET", "/api/exams", Permit::Read),
            ("POST", "/api/exams", Permit::Scan),
            ("GET", "/live", Permit::Scan),
            ("GET", "/dicomweb/studies", Permit::Read),
            ("POST", "/dicomweb/studies", Permit::Store),
            ("GET", "/api/accounts", Permit::Administer),
            ("GET", "/api/identity", Permit::Read),
            ("GET", "/api/events?after=7", Permit::Read),
            ("GET", "/api/identity/contradictions", Permit::Merge),
            ("POST", "/api/identity/merges", Permit::Merge),
            ("GET", "/api/orders", Permit::Read),
            ("POST", "/api/orders", Permit::Order),
        ] {
            let expected = if permit.is_of(&[role]) { 200 } else { 403 };
            let answer = house.ask(method, path, &authorized, Body::empty()).await;
            assert_eq!(answer.status, expected, "{role}: {method} {path}: {}", answer.body);
        }
    }
}

/// Once in an hour for each and what, by the words of the table of doors.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_is_written_down_and_nothing_that_they_said() {
    let house = House::new().await;
    let token = house.token("researcher").await;
    let authorized = [("Authorization", token.as_str())];
    for _ in 0..3 {
        assert_eq!(house.get("/dicomweb/studies?PatientName=WANG%5EFANG", &authorized).await, 403);
        assert_eq!(house.get("/api/exams", &[]).await, 401);
        assert_eq!(
            house.get("/api/exams/7%5EWANG/report", &[("Authorization", "Bearer a-secret")]).await,
            401
        );
        assert_eq!(house.get("/", &[("Origin", "https://elsewhere.test")]).await, 403);
        assert_eq!(house.get("/nowhere/WANG", &[]).await, 404, "what is not there is refused to nobody");
        assert_eq!(house.sign_in("researcher", "wrong").await.status, 401, "that has a line of its own");
    }
    let lines = house.store.audit_after(0, 1000).await.unwrap();
    let refused: Vec<(&str, &str)> = lines
        .iter()
        .filter(|line| line.act == "refused")
        .map(|line| (line.who.as_str(), line.what.as_str()))
        .collect();
    assert_eq!(
        refused,
        [
            ("researcher", "GET /dicomweb/**: 403"),
            ("unknown at 127.0.0.1", "GET /api/exams: 401"),
            ("unknown at 127.0.0.1", "GET /api/exams/{}/report: 401"),
            ("unknown at 127.0.0.1", "GET /: 403"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_a_wrong_password_and_a_disabled_account_are_answered_alike() {
    let house = House::new().await;
    house.store.disable_account("teacher", true, "a test").await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [("radiologist", "wrong"), ("nobody", PASSWORD), ("teacher", PASSWORD), ("", "")]
    {
        let answer = house.sign_in(name, password).await;
        assert!(answer.cookie.is_none());
        answers.push((answer.status, answer.body.to_string()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 401), "{answers:?}");
    let refused = house.store.audit_after(0, 1000).await.unwrap();
    let refused: Vec<_> = refused.iter().filter(|line| line.act == "sign-in-refused").collect();
    let who: Vec<&str> = refused.iter().map(|line| line.who.as_str()).collect();
    assert_eq!(who, ["radiologist", "somebody", "somebody", "somebody"], "a name may be a password");
    assert!(refused.iter().all(|line| line.what == "127.0.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_waits() {
    let house = House::new().await;
    for _ in 0..8 {
        assert_eq!(house.sign_in("radiologist", "wrong").await.status, 401);
    }
    let waits = house.sign_in("radiologist", PASSWORD).await;
    assert_eq!(waits.status, 429);
    assert!(waits.fields.contains_key(header::RETRY_AFTER));
    assert_eq!(house.sign_in("teacher", PASSWORD).await.status, 200, "others do not");
    let refused = house.acts().await.iter().filter(|act| act.ends_with("sign-in-refused")).count();
    assert_eq!(refused, 8, "who waits is not looked at, so nobody fills the audit");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_such_request_is_refused() {
    let house = House::new().await;
    let post = async |kind: &str, body: String| {
        house.ask("POST", "/api/session", &[("Content-Type", kind)], Body::from(body)).await.status
    };
    let good = json!({"name": "radiologist", "password": PASSWORD}).to_string();
    assert_eq!(post("text/plain", good.clone()).await, 415, "no form of another site can send it");
    assert_eq!(post("application/x-www-form-urlencoded", "name=a&password=b".into()).await, 415);
    assert_eq!(post("application/json", "{".into()).await, 400);
    assert_eq!(post("application/json", json!({"name": "x"}).to_string()).await, 422);
    assert_eq!(
        post("application/json", json!({"name": "x", "password": "y", "role": "administrator"}).to_string())
            .await,
        422
    );
    let huge = json!({"name": "x", "password": "y".repeat(1 << 20)}).to_string();
    assert_eq!(post("application/json", huge).await, 413);
    assert_eq!(post("application/json", good).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_every_session_but_the_new_one() {
    let house = House::new().await;
    let [here, there] = [house.cookie("radiologist").await, house.cookie("radiologist").await];
    let change = async |old: &str, new: &str| {
        house.page(&here, "POST", "/api/me/password", json!({"old": old, "new": new})).await
    };
    assert_eq!(change("wrong", "another long password").await.status, 401);
    assert_eq!(change(PASSWORD, "short").await.status, 422);
    let changed = change(PASSWORD, "another long password").await;
    assert_eq!(changed.status, 204);
    let new = changed.cookie.unwrap().split(';').next().unwrap().to_owned();
    for (cookie, expected) in [(&here, 401), (&there, 401), (&new, 200)] {
        assert_eq!(house.get("/api/exams", &[("Cookie", cookie)]).await, expected);
    }
    assert_eq!(house.sign_in("radiologist", PASSWORD).await.status, 401);
    assert_eq!(house.sign_in("radiologist", "another long password").await.status, 200);
    assert!(!format!("{:?}", house.acts().await).contains("another long"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_its_owners_and_opens_no_further_ones() {
    let house = House::new().await;
    let token = house.token("radiologist").await;
    let authorized = [("Authorization", token.as_str())];
    assert_eq!(house.get("/api/exams", &authorized).await, 200);
    for wrong in [
        "Bearer",
        "Bearer ",
        "Basic cmFkaW9sb2dpc3Q6eA==",
        &token[..token.len() - 1],
        "peony",
        &token.replace("Bearer", "Token"),
    ] {
        assert_eq!(house.get("/api/exams", &[("Authorization", wrong)]).await, 401, "{wrong}");
    }
    // With a wrong token a good cookie does not help: whoever sends one means it.
    let cookie = house.cookie("radiologist").await;
    assert_eq!(house.get("/api/exams", &[("Authorization", "Bearer x"), ("Cookie", &cookie)]).await, 401);
    for (method, path) in
        [("GET", "/api/me/tokens"), ("POST", "/api/me/tokens"), ("POST", "/api/me/password")]
    {
        let answer = house.send(method, path, &authorized, json!({"label": "more"})).await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    let root = house.token("administrator").await;
    let made = json!({"name": "x", "roles": ["administrator"], "password": PASSWORD});
    assert_eq!(house.send("POST", "/api/accounts", &[("Authorization", &root)], made).await.status, 403);
    // Another person cannot take it back, its owner can.
    let tokens = house.page(&cookie, "GET", "/api/me/tokens", Value::Null).await.body;
    assert!(tokens[0]["used_ms"].as_i64().unwrap() > 0 && tokens[0].get("secret").is_none());
    let path = format!("/api/me/tokens/{}", tokens[0]["id"]);
    let other = house.cookie("teacher").await;
    assert_eq!(house.page(&other, "DELETE", &path, Value::Null).await.status, 404);
    assert_eq!(house.page(&cookie, "DELETE", "/api/me/tokens/x", Value::Null).await.status, 404);
    assert_eq!(house.page(&cookie, "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(house.get("/api/exams", &authorized).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_keeps_accounts_and_a_disabled_one_is_out_at_once() {
    let house = House::new().await;
    let root = house.cookie("administrator").await;
    let (cookie, token) = (house.cookie("radiologist").await, house.token("radiologist").await);
    assert_eq!(house.page(&root, "POST", "/api/sites", json!({"name": "east"})).await.status, 204);
    assert_eq!(house.page(&root, "POST", "/api/sites", json!({"name": "east"})).await.status, 409);
    let change = async |name: &str, change: Value| {
        house.page(&root, "PUT", &format!("/api/accounts/{name}"), change).await
    };
    let disabled = json!({"display": "R", "roles": ["radiologist"], "sites": ["east"], "disabled": true});
    assert_eq!(change("radiologist", disabled.clone()).await.status, 200);
    assert_eq!(house.get("/api/exams", &[("Cookie", &cookie)]).await, 401);
    assert_eq!(house.get("/api/exams", &[("Authorization", &token)]).await, 401);
    assert_eq!(house.sign_in("radiologist", PASSWORD).await.status, 401);
    let listed = house.page(&root, "GET", "/api/accounts", Value::Null).await.body;
    let of = listed.as_array().unwrap().iter().find(|row| row["name"] == "radiologist").unwrap();
    assert_eq!((&of["disabled"], &of["sites"]), (&json!(true), &json!(["east"])));
    assert!(!listed.to_string().contains("argon2"), "no hash leaves the house");
    // A role that is taken away is gone at once as well.
    let teacher = json!({"display": "T", "roles": ["researcher"], "sites": [], "disabled": false});
    let cookie = house.cookie("sonographer").await;
    assert_eq!(house.get("/api/exams", &[("Cookie", &cookie)]).await, 200);
    assert_eq!(change("sonographer", teacher).await.status, 200);
    assert_eq!(house.get("/api/exams", &[("Cookie", &cookie)]).await, 403);
    let of = |roles: &[&str], sites: &[&str]| json!({"display": "T", "roles": roles, "sites": sites, "disabled": false});
    for (name, refused, status, code) in [
        ("administrator", of(&["teacher"], &[]), 409, "last_administrator"),
        ("nobody", disabled.clone(), 404, "not_found"),
        ("teacher", of(&[], &[]), 422, "unfit_account"),
        ("teacher", of(&["king"], &[]), 422, "unfit_account"),
        ("teacher", of(&["teacher"], &["west"]), 404, "not_found"),
    ] {
        let answer = change(name, refused).await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{name}: {}", answer.body);
    }
    let new = |name: &str, password: &str| json!({"name": name, "roles": ["teacher"], "password": password});
    for (body, status, code) in [
        (new("new.one", PASSWORD), 200, Value::Null),
        (new("New.One", PASSWORD), 409, json!("name_taken")),
        (new("another", "short"), 422, json!("password_length")),
        (new("a name", PASSWORD), 422, json!("unfit_account")),
    ] {
        let answer = house.page(&root, "POST", "/api/accounts", body).await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &code), "{}", answer.body);
    }
    for (path, body, code) in [
        ("/api/sites", json!({"name": "a site"}), "unfit_site"),
        ("/api/me/tokens", json!({"label": ""}), "unfit_token"),
        ("/api/me/tokens", json!({"label": "x", "days": 0}), "unfit_token"),
    ] {
        let answer = house.page(&root, "POST", path, body).await;
        assert_eq!((answer.status, &answer.body["code"]), (422, &json!(code)), "{path}: {}", answer.body);
    }
    let audit = house.page(&root, "GET", "/api/audit?limit=1000", Value::Null).await.body;
    let lines = audit.as_array().unwrap();
    let is_of_root = |line: &&Value| line["who"] == "administrator";
    let acts: Vec<&str> = lines.iter().filter(is_of_root).filter_map(|line| line["act"].as_str()).collect();
    assert!(acts.contains(&"add-site") && acts.ends_with(&["read"]), "{acts:?}");
    let behind = format!("/api/audit?limit=1&after={}", lines[1]["id"]);
    assert_eq!(house.page(&root, "GET", &behind, Value::Null).await.body, json!([lines[2]]));
    assert_eq!(house.page(&root, "GET", "/api/audit?after=last", Value::Null).await.status, 400);
    let teacher = house.cookie("teacher").await;
    assert_eq!(house.page(&teacher, "GET", "/api/audit", Value::Null).await.status, 403);
    let given = json!({"password": "given by somebody"});
    assert_eq!(house.page(&root, "PUT", "/api/accounts/new.one/password", given).await.status, 204);
    assert_eq!(house.sign_in("new.one", "given by somebody").await.status, 200);
    let who = house.acts().await;
    assert!(who.contains(&"administrator change-account".to_owned()), "{who:?}");
}

/// Every route of this crate has a door: without one it would answer nobody.
#[test]
fn every_own_route_has_a_door() {
    for (path, item) in &peony_access::openapi().paths.paths {
        let operations =
            [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
        for (method, _) in operations.iter().filter(|(_, operation)| operation.is_some()) {
            let path = path.replace('{', "a").replace('}', "");
            let found = peony_access::door(&method.parse().unwrap(), &path);
            assert!(found.is_some(), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_outlives_its_request_learns_that_its_session_has_ended() {
    let house = House::new().await;
    let again = async |fields: &[(&str, &str)]| {
        let answer = house.ask("GET", "/capture", fields, Body::empty()).await;
        answer.extensions.get::<Again>().unwrap().clone()
    };
    let cookie = house.cookie("radiologist").await;
    let token = house.token("radiologist").await;
    let (by_cookie, by_token) = ([("Cookie", cookie.as_str())], [("Authorization", token.as_str())]);
    let opened = [again(&by_cookie).await, again(&by_token).await];
    let same = async |opened: &[Again]| {
        let mut same = Vec::new();
        for one in opened {
            same.push((one.is_the_same(false).await, one.is_the_same(true).await));
        }
        same
    };
    let [yes, no] = [(true, true), (false, false)];
    assert_eq!(same(&opened).await, [yes, yes]);
    assert_eq!(house.page(&cookie, "DELETE", "/api/session", Value::Null).await.status, 204);
    assert_eq!(same(&opened).await, [no, yes], "signed out");
    let cookie = house.cookie("radiologist").await;
    let opened = [again(&[("Cookie", cookie.as_str())]).await, again(&by_token).await];
    house
        .store
        .set_password("radiologist", &hash("x", "another long password").unwrap(), "a test")
        .await
        .unwrap();
    assert_eq!(same(&opened).await, [no, yes], "another password ends sessions, and no token");
    let change = async |roles: &[Role]| {
        house.store.change_account("radiologist", "radiologist", roles, &[], "a test").await.unwrap();
    };
    change(&[Role::Teacher]).await;
    assert_eq!(same(&opened[1..]).await, [no], "it is another's eyes now");
    change(&[Role::Radiologist]).await;
    assert_eq!(same(&opened[1..]).await, [yes]);
    house.store.disable_account("radiologist", true, "a test").await.unwrap();
    assert_eq!(same(&opened[1..]).await, [no], "disabled");
    house.store.disable_account("radiologist", false, "a test").await.unwrap();
    let account = house.store.account_to_sign_in("radiologist").await.unwrap().unwrap().0;
    let made = house.store.tokens(&account).await.unwrap()[0].id;
    house.store.revoke_token("radiologist", made, "a test").await.unwrap();
    assert_eq!(same(&opened[1..]).await, [no], "taken back");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_looked_up_for_a_moment_stays_and_for_long_does_not() {
    let house = House::new().await;
    let cookie = house.cookie("radiologist").await;
    let answer = house.ask("GET", "/capture", &[("Cookie", &cookie)], Body::empty()).await;
    let again = answer.extensions.get::<Again>().unwrap().clone();
    assert!(again.is_the_same(true).await);
    // A minute, as sockets ask every three seconds.
    house.store.close().await;
    for time in 0..20 {
        assert!(again.is_the_same(false).await, "{time}");
    }
    assert!(!again.is_the_same(false).await);
    assert!(!again.is_the_same(true).await);
}
