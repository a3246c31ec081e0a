//! What people have sent to other nodes: to one that is there, is not, does not want it, has no room, dies half-way, hangs; and by a program that is
//! killed.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::stream;
use peony_node::queue::{Patience, Queue, work_off};
use peony_node::{Configuration, Peer};
use peony_store::{JobState, Promise, QueuedTransfer, SendFault, Sending, Store};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::in_store::opened;
use crate::kit::{Running, Sample, open};

const LEASE: Duration = Duration::from_millis(400);

/// A store, and a worker that sends out of it to a node called `THERE`.
pub struct Sender {
    folder: TempDir,
    pub store: Store,
    pub configuration: watch::Sender<Arc<Configuration>>,
    stop: watch::Sender<bool>,
    worker: JoinHandle<()>,
}

fn knows(address: String, commits: bool) -> Arc<Configuration> {
    let there = Peer {
        ae_title: "THERE".parse().unwrap(),
        address: Some(address),
        tls: false,
        commits,
        retrieve: None,
        certificate: None,
    };
    Arc::new(Configuration { peers: vec![there], ..open() })
}

impl Sender {
    pub async fn start(address: String, commits: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(folder.path()).await;
        let configuration = watch::Sender::new(knows(address, commits));
        let stop = watch::Sender::new(false);
        let worker = Self::worker(&store, &configuration, &stop);
        Self { folder, store, configuration, stop, worker }
    }

    fn worker(
        store: &Store,
        configuration: &watch::Sender<Arc<Configuration>>,
        stop: &watch::Sender<bool>,
    ) -> JoinHandle<()> {
        let patience = Patience {
            waits: vec![Duration::from_millis(50), Duration::from_millis(100)],
            lease: LEASE,
            report: Duration::from_secs(30),
            look: Duration::from_millis(20),
            ..Patience::default()
        };
        let (configuration, stop) = (configuration.subscribe(), stop.subscribe());
        tokio::spawn(work_off(Queue::Sending, store.clone(), configuration, patience, stop))
    }

    pub async fn put(&self, samples: &[Sample]) {
        for sample in samples {
            let path = self.folder.path().join("sample.dcm");
            sample.write(&path);
            put_file(&self.store, &path).await;
        }
    }

    pub async fn send(&self, sample: &Sample, to: &str) -> i64 {
        self.send_study(&sample.study, to).await
    }

    pub async fn send_study(&self, study: &str, to: &str) -> i64 {
        let (to, study_uid) = (to.to_owned(), study.to_owned());
        self.store.send(&Sending { to, study_uid, series_uid: None }, "a person").await.unwrap()
    }

    /// The only sending, when it is so.
    async fn when(&self, what: &str, is_so: impl Fn(&QueuedTransfer) -> bool) -> QueuedTransfer {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let all = self.store.transfers(200).await.unwrap();
            match all.iter().find(|one| is_so(one)) {
                Some(one) => return one.clone(),
                None => assert!(Instant::now() < deadline, "{what}: {all:?}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The only sending, when nothing more becomes of it.
    pub async fn ended(&self) -> QueuedTransfer {
        self.when("the end", |one| matches!(one.state, JobState::Done | JobState::Failed)).await
    }

    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.worker.await.unwrap();
    }
}

pub async fn put_file(store: &Store, path: &Path) {
    let file = std::fs::read(path).unwrap();
    store.receive("TEST", stream::iter([Ok(file.into())])).await.unwrap();
}

fn samples() -> Vec<Sample> {
    (0..5).map(Sample::number).collect()
}

async fn there() -> Running {
    Running::start(Configuration::open("THERE".parse().unwrap())).await
}

fn has_all(node: &Running, samples: &[Sample]) -> bool {
    samples.iter().all(|sample| {
        node.archive.kept(&sample.instance).is_some_and(|(_, data_set)| data_set == sample.data_set())
    })
}

#[tokio::test]
async fn a_study_is_sent_unchanged_and_asked_to_be_kept() {
    let node = there().await;
    for commits in [false, true] {
        let sender = Sender::start(node.address.to_string(), commits).await;
        sender.put(&samples()).await;
        sender.send(&samples()[0], "THERE").await;
        let done = sender.ended().await;
        assert_eq!((done.state, done.tries, done.taken), (JobState::Done, 1, 5), "{done:?}");
        assert_eq!(done.promise, commits.then_some(Promise::Kept));
        assert!(has_all(&node, &samples()));
        sender.stop().await;
    }
    // What it has lost since is not promised.
    node.archive.damage(&samples()[2].instance);
    let sender = Sender::start(node.address.to_string(), true).await;
    sender.put(&samples()).await;
    sender.send(&samples()[0], "THERE").await;
    assert_eq!(sender.ended().await.promise, Some(Promise::NotKept));
    sender.stop().await;
}

#[tokio::test]
async fn a_node_that_is_down_is_tried_again_and_given_up() {
    let sender = Sender::start("127.0.0.1:1".to_owned(), false).await;
    sender.put(&samples()).await;
    let id = sender.send(&samples()[0], "THERE").await;
    let failed = sender.ended().await;
    assert_eq!(
        (failed.state, failed.tries, failed.fault),
        (JobState::Failed, 3, Some(SendFault::Unreachable))
    );
    // It comes back, at another address, and a person has it tried again.
    let node = there().await;
    sender.configuration.send_replace(knows(node.address.to_string(), false));
    sender.store.retry_transfer(id, "a person").await.unwrap();
    assert_eq!(sender.when("sent", |one| one.state == JobState::Done).await.tries, 1);
    assert!(has_all(&node, &samples()));
    // Nobody knows that one.
    sender.send(&samples()[0], "NOBODY").await;
    let unknown =
        sender.when("the unknown", |one| one.transfer.node() == "NOBODY" && one.fault.is_some()).await;
    assert_eq!((unknown.state, unknown.tries), (JobState::Failed, 1));
    assert_eq!(unknown.fault, Some(SendFault::UnknownNode));
    sender.stop().await;
}

#[tokio::test]
async fn a_node_that_refuses_is_not_asked_again_and_one_without_room_is() {
    let closed = Configuration { strangers: false, ..Configuration::open("THERE".parse().unwrap()) };
    let node = Running::start(closed).await;
    let sender = Sender::start(node.address.to_string(), false).await;
    sender.put(&samples()).await;
    let id = sender.send(&samples()[0], "THERE").await;
    let refused = sender.ended().await;
    assert_eq!((refused.state, refused.tries), (JobState::Failed, 1), "{refused:?}");
    assert_eq!(refused.fault, Some(SendFault::Rejected { for_now: false }));
    assert_eq!(node.archive.count(), 0);

    node.configuration.send_replace(Arc::new(Configuration::open("THERE".parse().unwrap())));
    node.archive.fill(true);
    sender.store.retry_transfer(id, "a person").await.unwrap();
    let full = sender.when("no room", |one| one.fault.is_some()).await;
    assert_eq!(full.fault, Some(SendFault::Refused { status: "A700".to_owned(), count: 1 }));
    node.archive.fill(false);
    let done = sender.when("sent", |one| one.state == JobState::Done).await;
    assert!((2..=3).contains(&done.tries) && has_all(&node, &samples()), "{done:?}");
    sender.stop().await;
}

/// Passes on what comes for `to`; the first connection ends after `most` bytes. Gives its address, and how much the later ones sent.
async fn cut_off(to: SocketAddr, most: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, later) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&later);
    tokio::spawn(async move {
        let mut left = Some(most);
        loop {
            let (from, _) = listener.accept().await.unwrap();
            let there = TcpStream::connect(to).await.unwrap();
            let (mut from_read, mut from_write) = from.into_split();
            let (mut there_read, mut there_write) = there.into_split();
            let limit = left.take();
            let back = tokio::spawn(async move { tokio::io::copy(&mut there_read, &mut from_write).await });
            let (mut buffer, mut passed) = (vec![0; 1000], 0);
            loop {
                let length = from_read.read(&mut buffer).await.unwrap_or(0);
                passed += length;
                if length == 0 || limit.is_some_and(|limit| passed > limit) {
                    break;
                }
                if limit.is_none() {
                    count.fetch_add(length, Ordering::Relaxed);
                }
                if there_write.write_all(&buffer[..length]).await.is_err() {
                    break;
                }
            }
            back.abort();
        }
    });
    (address, later)
}

#[tokio::test]
async fn after_a_node_died_half_way_only_the_rest_is_sent() {
    let node = there().await;
    let each = samples()[0].data_set().len();
    let (address, later) = cut_off(node.address, each * 3).await;
    let sender = Sender::start(address.to_string(), false).await;
    sender.put(&samples()).await;
    sender.send(&samples()[0], "THERE").await;
    let done = sender.ended().await;
    assert_eq!((done.state, done.tries, done.taken), (JobState::Done, 2, 5), "{done:?}");
    assert!(has_all(&node, &samples()));
    let later = later.load(Ordering::Relaxed);
    assert!((each..5 * each).contains(&later), "{later} bytes the second time, of {each} each");
    sender.stop().await;
}

/// The only object that is larger than what is read at a time loses its end.
fn damage_the_large_one(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damage_the_large_one(&path);
        } else if std::fs::metadata(&path).unwrap().len() > 3 << 20 {
            let mut bytes = std::fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, bytes).unwrap();
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_half_way_keeps_nothing_else_from_being_sent_and_promised() {
    for (unreadable, commits) in [(2, false), (2, true), (4, true)] {
        let node = there().await;
        let sender = Sender::start(node.address.to_string(), commits).await;
        let mut all = samples();
        all[unreadable].pixels = 64 * 60_000;
        sender.put(&all).await;
        damage_the_large_one(&sender.folder.path().join("store/objects"));
        sender.send(&all[0], "THERE").await;
        let ended = sender.ended().await;
        assert_eq!((ended.state, ended.fault), (JobState::Failed, Some(SendFault::Unreadable)));
        all.remove(unreadable);
        assert_eq!(ended.taken, all.len());
        assert_eq!(ended.promise, commits.then_some(Promise::Kept), "of what it has taken");
        assert!(has_all(&node, &all));
        assert_eq!(node.archive.count(), all.len(), "half of one is none");
        sender.stop().await;
    }
}

#[tokio::test]
async fn a_worker_that_was_killed_or_whose_job_was_cancelled_leaves_it() {
    // It takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut sender = Sender::start(silent.local_addr().unwrap().to_string(), false).await;
    sender.put(&samples()).await;
    let id = sender.send(&samples()[0], "THERE").await;
    sender.when("at work", |one| one.state == JobState::Running).await;
    // Longer than its lease: it is kept as long as it is worked on.
    tokio::time::sleep(2 * LEASE).await;
    assert_eq!(sender.store.transfers(1).await.unwrap()[0].tries, 1);
    sender.worker.abort();
    let node = there().await;
    sender.configuration.send_replace(knows(node.address.to_string(), false));
    sender.worker = Sender::worker(&sender.store, &sender.configuration, &sender.stop);
    let done = sender.ended().await;
    assert_eq!((done.state, done.tries), (JobState::Done, 2), "{done:?}");
    assert!(has_all(&node, &samples()));

    sender.configuration.send_replace(knows(silent.local_addr().unwrap().to_string(), false));
    let other = sender.send(&samples()[0], "THERE").await;
    assert_ne!(other, id, "it was done");
    sender.when("at work again", |one| one.state == JobState::Running).await;
    sender.store.cancel_transfer(other, "a person").await.unwrap();
    tokio::time::sleep(2 * LEASE).await;
    let cancelled = sender.when("cancelled", |one| one.id == other).await;
    assert_eq!(cancelled.state, JobState::Cancelled);
    sender.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_does_not_answer_holds_up_no_other_however_much_is_its() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let node = there().await;
    let sender = Sender::start("127.0.0.1:1".to_owned(), false).await;
    let mut known = Configuration::clone(&knows(node.address.to_string(), false));
    let address = Some(silent.local_addr().unwrap().to_string());
    known.peers.push(Peer { ae_title: "SILENT".parse().unwrap(), address, ..known.peers[0].clone() });
    sender.configuration.send_replace(Arc::new(known));
    // One of each of 80 studies.
    let all: Vec<Sample> = (0..80).map(|study| Sample::number(10 * study)).collect();
    sender.put(&all).await;
    for sample in &all {
        sender.send(sample, "SILENT").await;
    }
    let id = sender.send(&all[7], "THERE").await;
    sender.when("what is another's", |one| one.id == id && one.state == JobState::Done).await;
    assert!(has_all(&node, &all[7..8]));
    let at_work = async || {
        let all = sender.store.transfers(200).await.unwrap();
        all.iter().filter(|one| one.state == JobState::Running).map(|one| one.tries).collect::<Vec<_>>()
    };
    assert_eq!(at_work().await, [1; 4], "no more are tried than it may have at a time");
    // A worker that stops leaves everything to whoever comes next.
    sender.stop.send_replace(true);
    sender.worker.await.unwrap();
    let all = sender.store.transfers(200).await.unwrap();
    let waiting = all.iter().filter(|one| (one.state, one.tries) == (JobState::Waiting, 0));
    assert_eq!(waiting.count(), 80);
}

#[tokio::test]
async fn what_comes_while_a_study_is_sent_is_sent_too_where_it_is_asked_for_again() {
    let node = there().await;
    let sender = Sender::start("127.0.0.1:1".to_owned(), true).await;
    let (first, all) = (&samples()[..3], samples());
    sender.put(first).await;
    // Nothing is answered before this test lets it through.
    let gate = TcpListener::bind("127.0.0.1:0").await.unwrap();
    sender.configuration.send_replace(knows(gate.local_addr().unwrap().to_string(), false));
    let id = sender.send(&all[0], "THERE").await;
    let (mut ours, _) = gate.accept().await.unwrap();
    sender.put(&all).await;
    assert_eq!(sender.send(&all[0], "THERE").await, id);
    let mut theirs = TcpStream::connect(node.address).await.unwrap();
    tokio::spawn(async move { tokio::io::copy_bidirectional(&mut ours, &mut theirs).await });
    sender.configuration.send_replace(knows(node.address.to_string(), false));
    let done = sender.when("all of it", |one| one.state == JobState::Done && one.of == all.len()).await;
    assert_eq!((done.id, done.taken), (id, all.len()));
    assert!(has_all(&node, &all));
    sender.stop().await;
}
