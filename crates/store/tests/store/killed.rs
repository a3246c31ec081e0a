//! Killed at any moment under load: what was acknowledged is there byte for byte, and nothing half.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use peony_store::made_up::{self, Pixels};
use peony_store::{Options, Store};

use crate::kit::{self, bytes, faults, file, kept};

const FOLDER: &str = "PEONY_STORE_VICTIM";
const FIRST: &str = "PEONY_STORE_VICTIM_FIRST";
/// How often; the issue asks for 200, which takes minutes.
const TIMES: &str = "PEONY_STORE_KILLS";
const USUALLY: u64 = 12;
const WRITERS: u64 = 4;

fn pixels(number: u64) -> Pixels {
    if number.is_multiple_of(5) { Pixels::Native { frames: 2, size: [900, 800] } } else { kit::SMALL }
}

/// Receives until it is killed, and says what was acknowledged: the test below runs it in a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by every_acknowledged_object_survives_a_kill_at_any_moment"]
async fn victim() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let store = Store::open(&Options { keep_free: 0, ..Options::in_folder(folder) }).await.unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in (first + writer..).step_by(WRITERS as usize) {
                kit::receive(&store, &file(number, &[], pixels(number))).await.unwrap();
                println!("acknowledged {number}");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn every_acknowledged_object_survives_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let times = std::env::var(TIMES).ok().and_then(|times| times.parse().ok()).unwrap_or(USUALLY);
    let mut acknowledged = Vec::new();
    for round in 0..times {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::victim", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(FIRST, (round * 1_000_000).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let number = |line: &str| line.split_once("acknowledged ")?.1.trim().parse::<u64>().ok();
        // The moment is counted from the first acknowledgement, another one each time.
        let began = loop {
            match lines.next() {
                Some(line) => match number(&line.unwrap()) {
                    Some(number) => break number,
                    None => continue,
                },
                None => panic!("the victim died by itself"),
            }
        };
        acknowledged.push(began);
        std::thread::sleep(Duration::from_micros(round * 79_193 % 250_000));
        // SIGKILL.
        victim.kill().unwrap();
        acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| number(&line)));
        victim.wait().unwrap();

        let store = Store::open(&kit::options(&folder)).await.unwrap();
        let mut objects = 0;
        if round % 4 == 3 || round + 1 == times {
            let found = faults(&store).await;
            assert!(found.is_empty(), "round {round}: {found:?}");
        }
        // The newest each time, and at the end every one.
        let from = if round + 1 == times { 0 } else { acknowledged.len().saturating_sub(200) };
        for number in &acknowledged[from..] {
            let uid = &made_up::attributes(*number)[&kit::INSTANCE_UID];
            let kept = kept(&store, uid).await.unwrap_or_else(|| panic!("round {round}: {number} is lost"));
            assert_eq!(
                bytes(&store, &kept).await.unwrap(),
                file(*number, &[], pixels(*number)),
                "round {round}"
            );
            objects += 1;
        }
        assert!(objects > 0);
        let left = std::fs::read_dir(folder.path().join("store/incoming")).unwrap().count();
        assert_eq!(left, 0, "what was not received whole is taken away");
        store.close().await;
    }
    eprintln!("{} acknowledged objects survived {times} kills", acknowledged.len());
}
