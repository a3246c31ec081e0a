//! What programs hear of that happened in the store.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use peony_dicomweb::{Caller, events};
use peony_store::{Options, Sight, Store, made_up};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::kit::{BASE, SMALL, STUDY_UID, Server};

/// A server of whoever sees these sites; everything where none are said.
async fn server(store: &Store, folder: tempfile::TempDir, sites: Option<&str>) -> Server {
    let sight = sites.map_or_else(Sight::default, |site| Sight::of([site], site));
    let caller = Caller { name: "a program".into(), sight, ..Caller::default() };
    let routes = events(store.clone()).layer(axum::Extension(caller));
    let app = axum::Router::new().nest(BASE, routes);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { addr, store: store.clone(), folder }
}

async fn get(server: &Server, path: &str) -> (u16, Value) {
    let answer = server.ask("GET", path, &[], b"").await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

async fn put(store: &Store, number: u64) -> String {
    let said = made_up::attributes(number);
    let file = made_up::file(&said, SMALL, number);
    store.receive("PROBE", futures_util::stream::iter([Ok::<_, std::io::Error>(file.into())])).await.unwrap();
    said[&STUDY_UID].clone()
}

/// Kind and study of each event.
fn told(answer: &Value) -> Vec<(&str, &str)> {
    let each = answer["events"].as_array().unwrap().iter();
    each.map(|one| (one["kind"].as_str().unwrap(), one["study_uid"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_is_told_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { keep_free: 0, ..Options::in_folder(folder.path()) }).await.unwrap();
    let server = server(&store, folder, None).await;
    let (status, nothing) = get(&server, "").await;
    assert_eq!((status, &nothing["first"], &nothing["last"]), (200, &0.into(), &0.into()));

    let (first, second) = (put(&store, 10).await, put(&store, 12).await);
    assert_eq!(get(&server, "/arriving").await.1, serde_json::json!([second, first]));
    let (_, page) = get(&server, "?limit=1").await;
    assert_eq!(told(&page), [("arrived", first.as_str())]);
    assert_eq!(page["events"][0].as_object().unwrap().len(), 6, "as docs/API.md says it: {page}");
    let (_, rest) = get(&server, &format!("?after={}&limit=7", page["last"])).await;
    assert_eq!(told(&rest), [("arrived", second.as_str())]);

    // Who waits hears of it at once, and no longer waits than it says.
    let last = rest["last"].as_i64().unwrap();
    let path = format!("?after={last}&wait=20");
    let waiting = get(&server, &path);
    let completing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        store.complete_study(&first).await.unwrap();
        Instant::now()
    };
    let ((_, heard), done) = tokio::join!(waiting, completing);
    assert_eq!(told(&heard), [("study-complete", first.as_str())]);
    assert!(done.elapsed() < Duration::from_secs(5));
    assert_eq!(get(&server, "/arriving").await.1, serde_json::json!([second]));
    let began = Instant::now();
    let (_, silence) = get(&server, &format!("?after={}&wait=1", heard["last"])).await;
    assert!(told(&silence).is_empty() && silence["last"] == heard["last"]);
    assert!(began.elapsed() >= Duration::from_millis(900));
    // Behind what has not happened yet stands nothing that would be passed over.
    let (_, beyond) = get(&server, "?after=999999").await;
    assert_eq!((told(&beyond), &beyond["last"]), (vec![], &heard["last"]));
    for wrong in ["?after=x", "?limit=-1", "?since=7"] {
        assert_eq!(get(&server, wrong).await.0, 400, "{wrong}");
    }

    // What is old is forgotten from the front, all but the newest, and whoever was away sees that.
    assert_eq!(store.forget_events(Duration::from_secs(60)).await.unwrap(), 0);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(store.forget_events(Duration::from_millis(1)).await.unwrap(), 2);
    assert_eq!(store.forget_events(Duration::from_millis(1)).await.unwrap(), 0);
    let third = put(&store, 14).await;
    let (_, after) = get(&server, "?after=1").await;
    let left = vec![("study-complete", first.as_str()), ("arrived", third.as_str())];
    assert_eq!((told(&after), after["first"].as_i64()), (left, Some(last + 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_behind_the_end_before_anything_has_happened_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { keep_free: 0, ..Options::in_folder(folder.path()) }).await.unwrap();
    let server = server(&store, folder, None).await;
    let (_, nothing) = get(&server, "?after=500").await;
    assert_eq!((told(&nothing), nothing["last"].as_i64()), (vec![], Some(0)));
    let first = put(&store, 11).await;
    let (_, heard) = get(&server, &format!("?after={}", nothing["last"])).await;
    assert_eq!(told(&heard), [("arrived", first.as_str())]);
}

/// What is of another site did not happen, and is passed over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_hears_of_its_own_studies() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options { keep_free: 0, ..Options::in_folder(folder.path()) }).await.unwrap();
    for site in ["east", "west"] {
        store.add_site(site, "a test").await.unwrap();
    }
    let of = |site: &str| store.seeing(Sight::of([site], site));
    let (of_east, of_west) = (put(&of("east"), 10).await, put(&of("west"), 12).await);
    let east = server(&store, tempfile::tempdir().unwrap(), Some("east")).await;
    let west = server(&store, folder, Some("west")).await;
    for (server, own) in [(&east, &of_east), (&west, &of_west)] {
        let (_, heard) = get(server, "").await;
        assert_eq!(told(&heard), [("arrived", own.as_str())]);
        assert_eq!(heard["last"], 2, "nobody asks for others' events again and again");
        assert_eq!(get(server, "/arriving").await.1, serde_json::json!([own]));
    }
}
