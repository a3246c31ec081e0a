//! Signing in at an independent provider, `provider.py` beside this folder, by `PEONY_PYTHON`, else `python3`. Without its package a test says so and passes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::body::Body;
use peony_access::{ClientSecret, OidcSettings};
use peony_store::Role;
use serde_json::{Value, json};

use super::{House, PASSWORD};

/// A provider that runs until it is dropped.
struct Provider {
    child: Child,
    url: String,
    client: reqwest::Client,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Provider {
    fn start() -> Option<Self> {
        let python = std::env::var("PEONY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let found = Command::new(&python).args(["-c", "import oidc_provider_mock"]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            eprintln!(
                "skipped: {python} lacks the packages of crates/access/tests/requirements.txt (set PEONY_PYTHON)"
            );
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider.py");
        let mut child =
            Command::new(python).arg(script).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        // A test may be a process of its own, which has yet to say what computes for TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Some(Self {
            child,
            url: format!("http://127.0.0.1:{}", port.trim()),
            client: client.build().unwrap(),
        })
    }

    async fn put(&self, path: &str, said: Value) {
        let request = self.client.put(format!("{}{path}", self.url));
        let request = request.header("Content-Type", "application/json").body(said.to_string());
        assert_eq!(request.send().await.unwrap().status(), 204);
    }

    /// How it lies from now on.
    async fn lies(&self, how: Value) {
        self.put("/lie", how).await;
    }

    /// Who somebody is there.
    async fn knows(&self, subject: &str, claims: Value) {
        self.put(&format!("/users/{subject}"), claims).await;
    }

    /// Every secret that there is.
    async fn secrets(&self) -> Vec<String> {
        let answer = self.client.get(format!("{}/seen", self.url)).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Somebody signs in there, or does not want to; the address that they are sent back to.
    async fn visit(&self, to: &str, body: &'static str) -> String {
        assert!(to.starts_with(&self.url), "{to}");
        let request =
            self.client.post(to).header("Content-Type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.unwrap();
        answer.headers()["Location"].to_str().unwrap().to_owned()
    }
}

fn settings(issuer: &str) -> OidcSettings {
    OidcSettings {
        issuer: issuer.parse().unwrap(),
        client_id: "peony".to_owned(),
        client_secret: Some(ClientSecret::new("the secret of the client".to_owned())),
        public_url: "https://peony.test".parse().unwrap(),
        label: Some("Clinic".to_owned()),
        scopes: vec!["profile".to_owned(), "email".to_owned()],
        role_claim: Some("groups".to_owned()),
        rules: ["readers=radiologist@east", "scanners=sonographer", "heads=administrator"]
            .map(|rule| rule.parse().unwrap())
            .to_vec(),
        usual: None,
        newcomers: true,
        session: Duration::from_secs(60 * 60),
    }
}

/// A browser that went to the provider and has been sent back, or away.
struct Back {
    /// The cookie of the session, if one began.
    session: Option<String>,
    /// The word that the sign-in page is told.
    refused: Option<String>,
}

impl House {
    /// Where a browser is sent to, and its cookie.
    async fn goes(&self) -> (String, String) {
        self.goes_with(&[]).await
    }

    async fn goes_with(&self, fields: &[(&str, &str)]) -> (String, String) {
        let away = self.ask("GET", "/api/oidc/sign-in", fields, Body::empty()).await;
        assert_eq!(away.status, 303);
        let cookie = away.cookie.unwrap();
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
        (away.fields["Location"].to_str().unwrap().to_owned(), cookie.split(';').next().unwrap().to_owned())
    }

    /// A browser comes to the address that a provider sent it back to.
    async fn comes(&self, address: &str, cookie: &str) -> Back {
        let path = address.strip_prefix("https://peony.test").unwrap();
        let back = self.ask("GET", path, &[("Cookie", cookie)], Body::empty()).await;
        assert_eq!(back.status, 303, "{}", back.body);
        assert_eq!(back.fields["Cache-Control"], "no-store");
        let to = back.fields["Location"].to_str().unwrap();
        let refused = to.split_once("&sign_in=").map(|(_, word)| word.to_owned());
        assert_eq!(to.split('&').next().unwrap(), "/?page=exams");
        let session = back.cookie.filter(|cookie| cookie.starts_with("peony="));
        assert_eq!(session.is_some(), refused.is_none());
        Back { session: session.map(|cookie| cookie.split(';').next().unwrap().to_owned()), refused }
    }

    /// Somebody signs in at a provider.
    async fn visits(&self, provider: &Provider, body: &'static str) -> Back {
        let (to, cookie) = self.goes().await;
        let address = provider.visit(&to, body).await;
        self.comes(&address, &cookie).await
    }

    async fn me(&self, session: &str) -> Value {
        let mut said = self.ask("GET", "/api/session", &[("Cookie", session)], Body::empty()).await.body;
        said["me"].take()
    }

    async fn last_act(&self) -> String {
        let line = self.store.audit_after(0, 1000).await.unwrap().pop().unwrap();
        format!("{} {} {}", line.who, line.act, line.what)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sign_in_makes_an_account_with_its_roles_and_the_next_finds_it() {
    let Some(provider) = Provider::start() else { return };
    let house = House::at(settings(&provider.url), false).await;
    for site in ["east", "west"] {
        house.store.add_site(site, "a test").await.unwrap();
    }
    let offered = house.ask("GET", "/api/session", &[], Body::empty()).await.body;
    assert_eq!(
        offered,
        json!({"open": false, "me": null, "oidc": {"label": "Clinic", "address": "https://peony.test/api/oidc/sign-in"}})
    );
    // Its name is somebody else's here, who is another person.
    provider
        .knows(
            "s-1",
            json!({"name": "Li Na", "preferred_username": "Radiologist", "groups": ["readers", "x"]}),
        )
        .await;
    let first = house.visits(&provider, "sub=s-1").await.session.unwrap();
    let me = house.me(&first).await;
    assert_eq!(
        [&me["name"], &me["display"], &me["roles"], &me["sites"], &me["has_password"]],
        [&json!("radiologist-2"), &json!("Li Na"), &json!(["radiologist"]), &json!(["east"]), &json!(false)]
    );
    assert_eq!(house.get("/api/exams", &[("Cookie", &first)]).await, 200);
    assert_eq!(house.last_act().await, "radiologist-2 sign-in 127.0.0.1, OpenID Connect");
    // The next one is the same account, whatever its name has become; its roles are those of now.
    provider
        .knows("s-1", json!({"name": "Li", "preferred_username": "other", "groups": ["scanners", "readers"]}))
        .await;
    let second = house.visits(&provider, "sub=s-1").await.session.unwrap();
    let me = house.me(&second).await;
    assert_eq!([&me["name"], &me["display"]], [&json!("radiologist-2"), &json!("Li Na")]);
    assert_eq!(me["roles"], json!(["radiologist", "sonographer"]));
    assert_eq!(house.me(&first).await["roles"], me["roles"], "at once in every session");
    let accounts = house.store.accounts().await.unwrap();
    let theirs: Vec<_> = accounts.iter().filter(|account| !account.issuer.is_empty()).collect();
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0].issuer, provider.url);
    assert_eq!(
        accounts.iter().find(|account| account.name == "radiologist").unwrap().roles,
        [Role::Radiologist]
    );
    let root = house.cookie("administrator").await;
    let rows = house.ask("GET", "/api/accounts", &[("Cookie", &root)], Body::empty()).await.body;
    let of = |name: &str| {
        rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()["provider"].clone()
    };
    assert_eq!([of("radiologist-2"), of("radiologist")], [json!(provider.url), json!("")]);
    // It signs in nowhere else.
    assert_eq!(house.sign_in("radiologist-2", "").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_with_groups_goes_with_them() {
    let Some(provider) = Provider::start() else { return };
    let house = House::at(settings(&provider.url), false).await;
    house.store.add_site("east", "a test").await.unwrap();
    let in_groups = async |groups: Value| {
        provider.knows("s-1", json!({"preferred_username": "li", "groups": groups})).await;
        house.visits(&provider, "sub=s-1").await
    };
    let first = in_groups(json!(["readers", "scanners"])).await.session.unwrap();
    assert_eq!(house.me(&first).await["roles"], json!(["radiologist", "sonographer"]));
    let secret = peony_access::Secret::token().unwrap();
    house.store.add_token("li", "a test", &secret.digest(), None, "a test").await.unwrap();
    let bearer = format!("Bearer {}", secret.text());
    let by_token = async || house.get("/api/exams", &[("Authorization", &bearer)]).await;
    assert_eq!(by_token().await, 200);
    // One group less, and the site that came with it.
    let second = in_groups(json!(["scanners"])).await.session.unwrap();
    for session in [&first, &second] {
        let me = house.me(session).await;
        assert_eq!([&me["roles"], &me["sites"]], [&json!(["sonographer"]), &json!([])]);
    }
    // None is left.
    assert_eq!(in_groups(json!([])).await.refused.as_deref(), Some("role"));
    let lines = house.store.audit_after(0, 1000).await.unwrap();
    let changed = lines.iter().rfind(|line| line.act == "change-account").unwrap();
    assert_eq!((changed.who.as_str(), changed.what.as_str()), ("OpenID Connect", "li: no role of []"));
    for session in [&first, &second] {
        assert_eq!(house.me(session).await, Value::Null, "its sessions have ended");
    }
    assert_eq!(by_token().await, 403, "nothing is allowed to its tokens");
    // They come back with the group.
    let third = in_groups(json!(["readers"])).await.session.unwrap();
    let me = house.me(&third).await;
    assert_eq!(
        [&me["name"], &me["roles"], &me["sites"]],
        [&json!("li"), &json!(["radiologist"]), &json!(["east"])]
    );
    assert_eq!(by_token().await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_provider_s_account_ends_in_time_however_it_is_used() {
    let Some(provider) = Provider::start() else { return };
    let lasts = Duration::from_secs(5);
    let house = House::at(OidcSettings { session: lasts, ..settings(&provider.url) }, false).await;
    provider.knows("s-1", json!({"preferred_username": "li", "groups": ["scanners"]})).await;
    let of_password = house.cookie("radiologist").await;
    let began = std::time::Instant::now();
    let session = house.visits(&provider, "sub=s-1").await.session.unwrap();
    assert_eq!(house.me(&session).await["name"], "li");
    while house.me(&session).await != Value::Null {
        assert!(began.elapsed() < 12 * lasts, "it goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(began.elapsed() >= lasts, "{:?}", began.elapsed());
    assert_eq!(house.me(&of_password).await["name"], "radiologist");
}

/// The cookie of a session is `Strict`: it goes along to the sign-in, and does not come back from another site's page.
#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_who_sat_there_before_ends_and_a_picture_of_a_page_sends_nobody_away() {
    let Some(provider) = Provider::start() else { return };
    let house = House::at(settings(&provider.url), false).await;
    provider.knows("s-2", json!({"name": "Li Na", "preferred_username": "li", "groups": ["scanners"]})).await;
    let former = house.cookie("radiologist").await;
    let fields = [("Cookie", former.as_str()), ("Sec-Fetch-Dest", "document")];
    let (to, cookie) = house.goes_with(&fields).await;
    assert_eq!(house.me(&former).await["name"], "radiologist", "until somebody comes back");
    let back = house.comes(&provider.visit(&to, "sub=s-2").await, &cookie).await;
    assert_eq!(house.me(&back.session.unwrap()).await["name"], "li");
    assert_eq!(house.me(&former).await, Value::Null);
    let fields = [("Sec-Fetch-Dest", "image")];
    let picture = house.ask("GET", "/api/oidc/sign-in", &fields, Body::empty()).await;
    assert_eq!((picture.status, picture.cookie), (403.try_into().unwrap(), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_come_in_is_told_why_and_it_is_in_the_audit() {
    let Some(provider) = Provider::start() else { return };
    let house = House::at(OidcSettings { newcomers: false, ..settings(&provider.url) }, false).await;
    house.store.add_site("east", "a test").await.unwrap();
    provider.knows("s-1", json!({"name": "Li Na", "email": "radiologist", "groups": ["readers"]})).await;
    let refused = async |body: &'static str| house.visits(&provider, body).await.refused.unwrap();
    assert_eq!(refused("sub=s-1").await, "unknown", "neither a name nor an address makes an account theirs");
    assert_eq!(house.last_act().await, "subject s-1 sign-in-refused 127.0.0.1, OpenID Connect: unknown");
    // An administrator makes one for who is known there.
    let new = peony_store::NewAccount {
        name: "li".into(),
        roles: vec![Role::Teacher],
        identity: [provider.url.clone(), "s-1".into()],
        ..Default::default()
    };
    house.store.add_account(&new, "a test").await.unwrap();
    let session = house.visits(&provider, "sub=s-1").await.session.unwrap();
    assert_eq!(house.me(&session).await["roles"], json!(["radiologist"]));
    house.store.disable_account("li", true, "a test").await.unwrap();
    assert_eq!(house.me(&session).await, Value::Null, "the session has ended");
    assert_eq!(refused("sub=s-1").await, "disabled");
    assert_eq!(house.last_act().await, "li sign-in-refused 127.0.0.1, OpenID Connect: disabled");
    house.store.disable_account("li", false, "a test").await.unwrap();
    provider.knows("s-1", json!({"name": "Li Na", "groups": ["strangers"]})).await;
    assert_eq!(refused("sub=s-1").await, "role", "what made them one of the house is gone");
    assert!(house.store.accounts().await.unwrap().iter().any(|one| one.name == "li" && one.roles.is_empty()));
    assert_eq!(refused("action=deny").await, "denied");
    assert_eq!(house.last_act().await, "somebody sign-in-refused 127.0.0.1, OpenID Connect: denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_one_whatever_a_provider_says() {
    let Some(provider) = Provider::start() else { return };
    let house = House::at(settings(&provider.url), false).await;
    house.store.add_site("east", "a test").await.unwrap();
    provider.knows("s-1", json!({"preferred_username": "boss", "groups": ["heads"]})).await;
    house.visits(&provider, "sub=s-1").await.session.unwrap();
    house.store.disable_account("administrator", true, "a test").await.unwrap();
    provider.knows("s-1", json!({"preferred_username": "boss", "groups": ["readers"]})).await;
    let session = house.visits(&provider, "sub=s-1").await.session.unwrap();
    assert_eq!(house.me(&session).await["roles"], json!(["administrator"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_believed_begins_no_session() {
    let Some(provider) = Provider::start() else { return };
    let house = House::at(settings(&provider.url), false).await;
    house.store.add_site("east", "a test").await.unwrap();
    provider.knows("s-1", json!({"name": "Li Na", "groups": ["readers"]})).await;
    for (lie, expected) in [
        (json!({"claims": {"nonce": "another"}}), "invalid"),
        (json!({"claims": {"nonce": null}}), "invalid"),
        (json!({"claims": {"aud": "another"}}), "invalid"),
        (json!({"claims": {"aud": ["peony", "another"]}}), "invalid"),
        (json!({"claims": {"azp": "another"}}), "invalid"),
        (json!({"claims": {"iss": "https://another.test"}}), "invalid"),
        (json!({"claims": {"exp": 1_700_000_000}}), "invalid"),
        (json!({"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}), "invalid"),
        (json!({"foreign_key": true}), "invalid"),
        (json!({"none": true}), "invalid"),
        (json!({"status": {"/oauth2/token": 500}}), "away"),
        (json!({"redirect": true}), "away"),
    ] {
        provider.lies(lie.clone()).await;
        let back = house.visits(&provider, "sub=s-1").await;
        assert_eq!(back.refused.as_deref(), Some(expected), "{lie}");
        let audited = house.last_act().await;
        assert!(audited.ends_with(&format!("OpenID Connect: {expected}")), "{audited}");
    }
    assert!(house.store.accounts().await.unwrap().iter().all(|account| account.issuer.is_empty()));
    provider.lies(json!({})).await;
    house.visits(&provider, "sub=s-1").await.session.unwrap();
    // Another key is looked for once, and found.
    provider.lies(json!({"rotate": true})).await;
    house.visits(&provider, "sub=s-1").await.session.unwrap();
    let audited: String = house
        .store
        .audit_after(0, 1000)
        .await
        .unwrap()
        .iter()
        .map(|line| format!("{} {} {}", line.who, line.act, line.what))
        .collect();
    let secrets = provider.secrets().await;
    assert!(secrets.len() > 10);
    assert!(secrets.iter().all(|secret| !audited.contains(secret)), "{audited}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_not_go_does_not_come_back() {
    let Some(provider) = Provider::start() else { return };
    let house = House::at(settings(&provider.url), false).await;
    house.store.add_site("east", "a test").await.unwrap();
    provider.knows("s-1", json!({"name": "Li Na", "groups": ["readers"]})).await;
    let (to, cookie) = house.goes().await;
    assert!(to.contains("code_challenge_method=S256") && to.contains("&nonce="), "{to}");
    assert!(to.contains("redirect_uri=https%3A%2F%2Fpeony.test%2Fapi%2Foidc%2Fcallback"), "{to}");
    let address = provider.visit(&to, "sub=s-1").await;
    let (_, another) = house.goes().await;
    let is_stale = async |address: &str, cookie: &str| {
        assert_eq!(
            house.comes(address, cookie).await.refused.as_deref(),
            Some("stale"),
            "{address} {cookie}"
        );
    };
    is_stale(&address, "").await;
    is_stale(&address, &another).await;
    is_stale(&address.replace("state=", "state=x"), &cookie).await;
    is_stale("https://peony.test/api/oidc/callback", &cookie).await;
    is_stale("https://peony.test/api/oidc/callback?code=1&code=2&state=3", &cookie).await;
    // None of them took anything away from who went.
    let issuer = format!("{address}&iss={}", provider.url);
    house.comes(&issuer, &cookie).await.session.unwrap();
    is_stale(&issuer, &cookie).await;
    // A code that was used already, in a sign-in of its own.
    let (to, cookie) = house.goes().await;
    let fresh = provider.visit(&to, "sub=s-1").await;
    let of = |address: &str, name: &str| {
        let query = address.split_once('?').unwrap().1;
        query.split('&').find_map(|part| part.strip_prefix(name)).unwrap().to_owned()
    };
    let replayed = fresh.replace(&of(&fresh, "code="), &of(&address, "code="));
    is_stale(&replayed, &cookie).await;
    // One that another provider sent.
    let (to, cookie) = house.goes().await;
    let address = provider.visit(&to, "sub=s-1").await;
    let mixed = house.comes(&format!("{address}&iss=https://another.test"), &cookie).await;
    assert_eq!(mixed.refused.as_deref(), Some("invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_without_having_gone_waits_and_does_not_fill_the_audit() {
    let house = House::at(settings("http://127.0.0.1:9"), false).await;
    let mut words = Vec::new();
    for _ in 0..80 {
        words.push(
            house.comes("https://peony.test/api/oidc/callback?state=1&code=2", "").await.refused.unwrap(),
        );
    }
    let stale = words.iter().filter(|word| *word == "stale").count();
    assert!((55..=70).contains(&stale) && words.last().unwrap() == "wait", "{words:?}");
    let refused = house.acts().await.iter().filter(|act| act.ends_with("sign-in-refused")).count();
    assert_eq!(refused, stale);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_keeps_nobody_from_a_password_and_may_come_back() {
    // Port 9 has nobody.
    let house = House::at(settings("http://127.0.0.1:9"), false).await;
    let away = house.ask("GET", "/api/oidc/sign-in", &[], Body::empty()).await;
    assert_eq!((away.status, away.fields["Location"].to_str().unwrap()), (303, "/?page=exams&sign_in=away"));
    assert_eq!(house.sign_in("radiologist", PASSWORD).await.status, 200);
    let none = House::new().await;
    for path in ["/api/oidc/sign-in", "/api/oidc/callback"] {
        assert_eq!(none.get(path, &[]).await, 404, "{path}: none is configured");
    }
    let Some(provider) = Provider::start() else { return };
    for lie in [
        json!({"status": {"/.well-known/openid-configuration": 500}}),
        json!({"status": {"/jwks": 404}}),
        json!({"issuer": "https://another.test"}),
    ] {
        provider.lies(lie.clone()).await;
        let house = House::at(settings(&provider.url), false).await;
        let away = house.ask("GET", "/api/oidc/sign-in", &[], Body::empty()).await;
        assert_eq!(away.fields["Location"], "/?page=exams&sign_in=away", "{lie}");
        provider.lies(json!({})).await;
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        house.goes().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_cookies_are_this_hosts_alone() {
    let Some(provider) = Provider::start() else { return };
    let house = House::at(settings(&provider.url), true).await;
    let away = house.ask("GET", "/api/oidc/sign-in", &[], Body::empty()).await;
    let cookie = away.cookie.unwrap();
    assert!(cookie.starts_with("__Host-peony-oidc=") && cookie.contains("; Secure"), "{cookie}");
    assert!(!cookie.contains("; Domain"), "{cookie}");
}
