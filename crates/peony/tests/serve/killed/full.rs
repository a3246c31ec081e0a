//! The same on a disk that fills, and on one that becomes read-only, while the program serves.

use super::*;
use crate::small_disk::SmallDisk;

/// Refusals after which a sender has seen enough.
const ENOUGH: usize = 4;
/// How long one waits before it sends the next object to a disk that is full.
const PAUSE: Duration = Duration::from_millis(20);
/// What is answered by C-STORE, and by STOW-RS: it may be tried again.
const NO_ROOM: Status = Status::OUT_OF_RESOURCES;
const FOR_NOW: u16 = 503;

/// Sends by C-STORE until it was refused some times, or the node is gone; how often it was refused.
async fn associate(port: String, sendings: Arc<Sendings>) -> usize {
    let Some(mut association) = associated(&port).await else { return 0 };
    let mut refused = 0;
    while refused < ENOUGH {
        let number = sendings.begin(Way::Association);
        match store(&mut association, number).await {
            None => break,
            Some(Status::SUCCESS) => sendings.acknowledged(number),
            Some(status) => {
                assert_eq!(status, NO_ROOM, "{number}");
                refused += 1;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    refused
}

/// The same by STOW-RS.
async fn post(client: reqwest::Client, addr: String, sendings: Arc<Sendings>) -> usize {
    let mut refused = 0;
    while refused < ENOUGH {
        let number = sendings.begin(Way::Web);
        match posted(&client, &addr, &[number]).await {
            None => break,
            Some(200) => sendings.acknowledged(number),
            Some(status) => {
                assert_eq!(status, FOR_NOW, "{number}");
                refused += 1;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    refused
}

async fn fill(serve: &Serve, client: &reqwest::Client, sendings: &Arc<Sendings>) -> usize {
    let mut senders = Vec::new();
    for _ in 0..ASSOCIATIONS {
        senders.push(tokio::spawn(associate(serve.port(), Arc::clone(sendings))));
    }
    for _ in 0..CONNECTIONS {
        senders.push(tokio::spawn(post(client.clone(), serve.addr.clone(), Arc::clone(sendings))));
    }
    let mut refused = 0;
    for sender in senders {
        refused += sender.await.unwrap();
    }
    refused
}

#[test]
fn a_disk_that_is_full_refuses_by_every_way_and_what_was_acknowledged_survives_kills() {
    let Some(disk) = SmallDisk::mount("size=8m") else { return };
    let data = disk.path().join("data");
    let runtime = Runtime::new().unwrap();
    let sendings = Arc::new(Sendings::default());
    for round in 0..4 {
        let mut serve = Serve::start(&data, &NODE);
        let first = sendings.len();
        let refused = runtime.block_on(async {
            let client = client();
            let refused = fill(&serve, &client, &sendings).await;
            // What is there is handed out by a program that can take nothing.
            for (number, way, acknowledged) in sendings.from(0) {
                assert!(
                    !acknowledged || is_whole(&client, &serve.addr, number, way).await,
                    "{number} is lost"
                );
            }
            refused
        });
        assert_eq!(refused, ENOUGH * (ASSOCIATIONS + CONNECTIONS), "round {round}: all were told so");
        // SIGKILL, on a full disk; the next start is on it too.
        serve.child.kill().unwrap();
        serve.child.wait().unwrap();
        let serve = Serve::start(&data, &NODE);
        let size = format!("size={}m", 16 + 8 * round);
        disk.resize(&size);
        runtime.block_on(async {
            let client = client();
            for (number, way, acknowledged) in sendings.from(first) {
                let is_there = is_whole(&client, &serve.addr, number, way).await;
                assert_eq!(is_there, acknowledged, "round {round}: {number} by {way:?}");
            }
            // There is room: nobody had to start anything anew.
            let refused = sendings.from(first).into_iter().find(|(_, _, acknowledged)| !acknowledged);
            let (number, _, _) = refused.expect("some were refused");
            assert_eq!(posted(&client, &serve.addr, &[number]).await, Some(200), "{size}");
            sendings.settle(number, true);
        });
        assert_eq!(checked(&data, round), sendings.kept());
    }
}

#[test]
fn a_disk_that_is_read_only_refuses_and_hands_out_and_is_well_again_with_no_start() {
    let Some(disk) = SmallDisk::mount("size=32m") else { return };
    let serve = Serve::start(&disk.path().join("data"), &NODE);
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let client = client();
        let mut association = associated(&serve.port()).await.unwrap();
        assert_eq!(store(&mut association, 1).await, Some(Status::SUCCESS));
        let read_only = disk.read_only();
        for number in [2, 3] {
            assert_eq!(store(&mut association, number).await, Some(NO_ROOM), "the association goes on");
            assert_eq!(posted(&client, &serve.addr, &[number]).await, Some(FOR_NOW));
        }
        assert_eq!(serve.status("", "/ready"), 503);
        assert!(is_whole(&client, &serve.addr, 1, Way::Association).await);
        drop(read_only);
        assert_eq!(serve.status("", "/ready"), 200);
        assert_eq!(store(&mut association, 2).await, Some(Status::SUCCESS));
        assert_eq!(posted(&client, &serve.addr, &[3]).await, Some(200));
        for (number, way) in [(2, Way::Association), (3, Way::Web)] {
            assert!(is_whole(&client, &serve.addr, number, way).await, "{number}");
        }
    });
    drop(serve);
    assert_eq!(checked(&disk.path().join("data"), 0), 3);
}
