//! What people have fetched from other nodes: from one that has it, has nothing, is not there, does not want it, dies half-way; and by a program that is
//! killed.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use peony_node::queue::{Patience, Queue, Rights, work_off};
use peony_node::{Configuration, Peer, Retrieve, Transport};
use peony_store::{Fetching, JobState, QueuedTransfer, SendFault, Sight, Store, StoreError, Transfer, Which};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::asked::{Script, knows, made_up};
use crate::in_store::opened;
use crate::kit::{Running, Sample, open};

const LEASE: Duration = Duration::from_millis(400);

/// Whoever had something fetched may go on, and a node that moves something has its time.
fn usual() -> (Rights, Duration) {
    (Arc::new(|job| Box::pin(async move { Ok(Some(job.sight)) })), Patience::default().moving)
}

/// A store, its node `PEONY`, and a worker that fetches into it from a node called `THERE`.
pub struct Fetcher {
    /// Kept as long as its store.
    folder: TempDir,
    pub store: Store,
    pub node: Running<Store>,
    pub configuration: watch::Sender<Arc<Configuration>>,
    stop: watch::Sender<bool>,
    worker: JoinHandle<()>,
}

impl Fetcher {
    pub async fn start(address: String, retrieve: Retrieve) -> Self {
        Self::start_with(address, retrieve, usual()).await
    }

    async fn start_with(address: String, retrieve: Retrieve, by: (Rights, Duration)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(folder.path()).await;
        let node = Running::start_over(Transport::Plain, store.clone(), open()).await;
        let configuration = watch::Sender::new(Arc::new(knows(address, Some(retrieve))));
        let stop = watch::Sender::new(false);
        let worker = Self::worker(by, &store, &configuration, &stop);
        Self { folder, store, node, configuration, stop, worker }
    }

    fn worker(
        (rights, moving): (Rights, Duration),
        store: &Store,
        configuration: &watch::Sender<Arc<Configuration>>,
        stop: &watch::Sender<bool>,
    ) -> JoinHandle<()> {
        let patience = Patience {
            waits: vec![Duration::from_millis(50), Duration::from_millis(100)],
            lease: LEASE,
            report: Duration::from_secs(30),
            look: Duration::from_millis(20),
            moving,
        };
        let (configuration, stop) = (configuration.subscribe(), stop.subscribe());
        tokio::spawn(work_off(Queue::Fetching(rights), store.clone(), configuration, patience, stop))
    }

    pub async fn fetch(&self, sample: &Sample) -> i64 {
        self.store.fetch(&of(sample), "a person").await.unwrap()
    }

    pub async fn when(&self, what: &str, is_so: impl Fn(&QueuedTransfer) -> bool) -> QueuedTransfer {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let all = self.store.transfers(10).await.unwrap();
            match all.iter().find(|one| is_so(one)) {
                Some(one) => return one.clone(),
                None => assert!(Instant::now() < deadline, "{what}: {all:?}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The newest fetching, when nothing more becomes of it.
    pub async fn ended(&self) -> QueuedTransfer {
        self.when("the end", |one| matches!(one.state, JobState::Done | JobState::Failed)).await
    }

    /// Data sets are here as they were there.
    pub async fn has_all(&self, samples: &[Sample]) -> bool {
        for sample in samples {
            let which = Which { instance_uid: Some(&sample.instance), ..Which::default() };
            let kept = self.store.instances(which).await.unwrap();
            let [kept] = kept.as_slice() else { return false };
            let parts: Vec<_> = {
                use futures_util::TryStreamExt as _;
                self.store.bytes(kept, kept.data_set).try_collect().await.unwrap()
            };
            if parts.concat() != sample.data_set() {
                return false;
            }
        }
        true
    }

    /// The same at the same address, with an empty store.
    pub async fn emptied(self) -> Self {
        let Self { folder, store, mut node, configuration, stop, worker } = self;
        let address = node.address;
        stop.send_replace(true);
        worker.await.unwrap();
        node.stop();
        node.task.await.unwrap();
        store.close().await;
        drop(folder);
        let folder = tempfile::tempdir().unwrap();
        let store = opened(folder.path()).await;
        let node = Running::start_at(address, Transport::Plain, store.clone(), open()).await;
        let stop = watch::Sender::new(false);
        let worker = Self::worker(usual(), &store, &configuration, &stop);
        Self { folder, store, node, configuration, stop, worker }
    }

    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.worker.await.unwrap();
    }
}

fn of(sample: &Sample) -> Fetching {
    Fetching { from: "THERE".to_owned(), study_uid: sample.study.clone(), series_uid: None }
}

pub fn samples() -> Vec<Sample> {
    (0..5).map(Sample::number).collect()
}

/// A node `THERE` that has the samples, and sends what it shall send `PEONY` to this address.
async fn there(samples: &[Sample], peony: Option<SocketAddr>) -> Running {
    let peers = peony.map(|address| Peer {
        ae_title: "PEONY".parse().unwrap(),
        address: Some(address.to_string()),
        tls: false,
        commits: false,
        retrieve: None,
        certificate: None,
    });
    let known = Configuration { peers: peers.into_iter().collect(), ..open() };
    let node = Running::start(Configuration { ae_title: "THERE".parse().unwrap(), ..known }).await;
    for sample in samples {
        node.archive.put(sample).await;
    }
    node
}

#[tokio::test]
async fn a_study_is_fetched_unchanged_by_either_way_and_not_twice() {
    for retrieve in [Retrieve::Get, Retrieve::Move] {
        let fetcher = Fetcher::start("127.0.0.1:1".to_owned(), retrieve).await;
        let node = there(&samples(), Some(fetcher.node.address)).await;
        fetcher.configuration.send_replace(Arc::new(knows(node.address.to_string(), Some(retrieve))));
        let id = fetcher.fetch(&samples()[0]).await;
        let done = fetcher.ended().await;
        assert_eq!((done.id, done.state, done.tries), (id, JobState::Done, 1), "{retrieve:?} {done:?}");
        assert_eq!((done.taken, done.of, &done.transfer), (5, 5, &Transfer::Fetch(of(&samples()[0]))));
        assert!(fetcher.has_all(&samples()).await, "{retrieve:?}");
        let handed = || node.archive.noted().iter().filter(|[_, act, _]| act != "search").count();
        assert_eq!(handed(), 1, "{:?}", node.archive.noted());
        // What is here already is not asked for again.
        let again = fetcher.fetch(&samples()[0]).await;
        let done = fetcher.when("again", |one| one.id == again && one.state == JobState::Done).await;
        assert_eq!((done.taken, handed()), (5, 1));
        fetcher.stop().await;
    }
}

#[tokio::test]
async fn what_comes_is_of_the_site_of_whoever_had_it_fetched_and_of_no_other() {
    for retrieve in [Retrieve::Get, Retrieve::Move] {
        let fetcher = Fetcher::start("127.0.0.1:1".to_owned(), retrieve).await;
        let node = there(&samples(), Some(fetcher.node.address)).await;
        fetcher.configuration.send_replace(Arc::new(knows(node.address.to_string(), Some(retrieve))));
        for site in ["north", "south"] {
            fetcher.store.add_site(site, "test").await.unwrap();
        }
        // Of the archive's own accord it would be the south's.
        fetcher.store.set_sender("south", "THERE", "test").await.unwrap();
        let [north, south] = ["north", "south"].map(|site| fetcher.store.seeing(Sight::of([site], site)));
        north.fetch(&of(&samples()[0]), "a northerner").await.unwrap();
        let done = fetcher.ended().await;
        assert_eq!((done.state, done.taken), (JobState::Done, 5), "{retrieve:?} {done:?}");
        let which = Which { study_uid: Some(&samples()[0].study), ..Which::default() };
        let seen = [north.instances(which).await.unwrap().len(), south.instances(which).await.unwrap().len()];
        assert_eq!(seen, [5, 0], "{retrieve:?}");
        assert!(south.transfers(10).await.unwrap().is_empty(), "nor is the job seen");
        let refused = south.fetch(&of(&samples()[0]), "a southerner").await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        // Once it is over, the archive brings nothing into it.
        let more = Sample { study: samples()[0].study.clone(), ..Sample::number(40) };
        let classes = [peony_node::sop_class::VERIFICATION, crate::kit::US];
        let mut association = associate_as("THERE", fetcher.node.address, &classes).await;
        let parts = crate::kit::parts(more.data_set());
        let stored = association.store(&more.as_instance(), parts, None).await.unwrap();
        assert_eq!(stored, Some(peony_node::status::Status::NOT_AUTHORIZED));
        association.release().await.unwrap();
        fetcher.stop().await;
    }
}

async fn associate_as(title: &str, address: SocketAddr, classes: &[&str]) -> peony_node::Association {
    let explicit = peony_node::transfer_syntax::EXPLICIT_LITTLE;
    let proposals: Vec<_> = classes.iter().map(|uid| crate::kit::proposal(uid, &[explicit])).collect();
    let (ours, theirs) = (title.parse().unwrap(), "PEONY".parse().unwrap());
    peony_node::connect(&address.to_string(), None, &ours, &theirs, &proposals, &Default::default())
        .await
        .unwrap()
}

#[tokio::test]
async fn why_nothing_comes_is_said() {
    let fetcher = Fetcher::start("127.0.0.1:1".to_owned(), Retrieve::Get).await;
    let id = fetcher.fetch(&samples()[0]).await;
    let failed = fetcher.ended().await;
    assert_eq!(
        (failed.state, failed.tries, failed.fault),
        (JobState::Failed, 3, Some(SendFault::Unreachable))
    );

    let empty = there(&[], None).await;
    let full = there(&samples(), None).await;
    let (silent, _) = made_up(Script::AcceptsNothing).await;
    let closed = Configuration { strangers: false, ..Configuration::open("THERE".parse().unwrap()) };
    let closed = Running::start(closed).await;
    for (address, retrieve, expected) in [
        (empty.address, Some(Retrieve::Get), SendFault::NothingThere),
        (full.address, None, SendFault::NotFetchedFrom),
        (full.address, Some(Retrieve::Move), SendFault::UnknownHere),
        (silent, Some(Retrieve::Get), SendFault::NotOffered),
        (silent, Some(Retrieve::Move), SendFault::NotOffered),
        (closed.address, Some(Retrieve::Get), SendFault::Rejected { for_now: false }),
    ] {
        fetcher.configuration.send_replace(Arc::new(knows(address.to_string(), retrieve)));
        fetcher.store.retry_transfer(id, "a person").await.unwrap();
        let failed = fetcher.ended().await;
        assert_eq!((failed.state, failed.tries, failed.fault), (JobState::Failed, 1, Some(expected)));
    }
    // It has moved the study to somebody else of this name.
    let other = Running::start(open()).await;
    let astray = there(&samples(), Some(other.address)).await;
    fetcher.configuration.send_replace(Arc::new(knows(astray.address.to_string(), Some(Retrieve::Move))));
    fetcher.store.retry_transfer(id, "a person").await.unwrap();
    assert_eq!(fetcher.ended().await.fault, Some(SendFault::NotArrived));
    assert!(!fetcher.has_all(&samples()).await);
    // And all is well when the way is right.
    fetcher.configuration.send_replace(Arc::new(knows(full.address.to_string(), Some(Retrieve::Get))));
    fetcher.store.retry_transfer(id, "a person").await.unwrap();
    assert_eq!(fetcher.ended().await.state, JobState::Done);
    assert!(fetcher.has_all(&samples()).await);
    fetcher.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_there_keeps_nothing_else_from_coming() {
    // Damage where an object begins is seen before it is sent; deep in a large one it ends the association once.
    for (pixels, tries) in [(64, 1), (64 * 60_000, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let kept = opened(folder.path()).await;
        let mut all = samples();
        all[2].pixels = pixels;
        let known = Configuration { ae_title: "THERE".parse().unwrap(), ..open() };
        let node = Running::start_over(Transport::Plain, kept.clone(), known).await;
        for sample in &all {
            let file = folder.path().join("sent.dcm");
            sample.write(&file);
            kept.receive("TEST", crate::kit::parts(std::fs::read(&file).unwrap())).await.unwrap();
        }
        let which = Which { instance_uid: Some(&all[2].instance), ..Which::default() };
        let digest = kept.instances(which).await.unwrap()[0].object.digest.clone();
        damage(&folder.path().join("store/objects"), &digest);
        let fetcher = Fetcher::start(node.address.to_string(), Retrieve::Get).await;
        fetcher.fetch(&all[0]).await;
        let ended = fetcher.ended().await;
        let fault = Some(SendFault::Incomplete { count: 1 });
        assert_eq!((ended.state, ended.tries, ended.fault), (JobState::Failed, tries, fault));
        all.remove(2);
        assert!(fetcher.has_all(&all).await, "{pixels}");
        fetcher.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_or_lost_here_is_whole_again_when_it_is_fetched_or_sent_by_anybody() {
    let node = there(&samples(), None).await;
    let fetcher = Fetcher::start(node.address.to_string(), Retrieve::Get).await;
    let all = samples();
    let as_modality = async |sample: &Sample, title: &str| {
        let classes = [peony_node::sop_class::VERIFICATION, crate::kit::US];
        let mut association = associate_as(title, fetcher.node.address, &classes).await;
        let parts = crate::kit::parts(sample.data_set());
        let stored = association.store(&sample.as_instance(), parts, None).await.unwrap();
        association.release().await.unwrap();
        stored
    };
    for sample in &all {
        as_modality(sample, "MODALITY").await;
    }
    let objects = fetcher.folder.path().join("store/objects");
    let kept = async |at: usize| {
        let which = Which { instance_uid: Some(&all[at].instance), ..Which::default() };
        fetcher.store.instances(which).await.unwrap().remove(0)
    };
    let is_sound = async |at: usize| fetcher.store.is_sound(&kept(at).await).await.unwrap();
    // Its end, its beginning, and all of it.
    damage(&objects, &kept(0).await.object.digest);
    change(&objects, &kept(1).await.object.digest, |bytes| bytes[140] ^= 1);
    change(&objects, &kept(2).await.object.digest, Vec::clear);
    for at in 0..3 {
        assert!(!is_sound(at).await, "{at}");
    }
    for at in [0, 1] {
        assert_eq!(as_modality(&all[at], "ARCHIVE").await, Some(peony_node::status::Status::SUCCESS), "{at}");
        assert!(is_sound(at).await, "{at}");
    }
    // Another data set takes no place of what is damaged.
    let other = Sample { patient: "李^芳", ..all[2].clone() };
    assert_eq!(as_modality(&other, "ARCHIVE").await, Some(peony_node::status::Status::KEPT_ASIDE));
    assert!(!is_sound(2).await);
    // A fetching that finds everything here fetches what cannot be read.
    fetcher.fetch(&all[0]).await;
    let done = fetcher.ended().await;
    assert_eq!((done.state, done.taken), (JobState::Done, all.len()), "{done:?}");
    assert!(is_sound(2).await && fetcher.has_all(&all).await);
    fetcher.stop().await;
}

/// An object loses its end.
fn damage(folder: &Path, digest: &str) {
    change(folder, digest, |bytes| *bytes.last_mut().unwrap() ^= 1);
}

fn change(folder: &Path, digest: &str, by: impl Fn(&mut Vec<u8>) + Copy) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            change(&path, digest, by);
        } else if path.to_string_lossy().replace('/', "").contains(digest) {
            let mut bytes = std::fs::read(&path).unwrap();
            by(&mut bytes);
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, bytes).unwrap();
        }
    }
}

/// Passes on what comes for `to`; of what comes back the second connection (the first one lists) ends after `most` bytes.
async fn cut_off(to: SocketAddr, most: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (from, _) = listener.accept().await.unwrap();
            let there = TcpStream::connect(to).await.unwrap();
            let (mut from_read, mut from_write) = from.into_split();
            let (mut there_read, mut there_write) = there.into_split();
            let away = tokio::spawn(async move { tokio::io::copy(&mut from_read, &mut there_write).await });
            tokio::spawn(async move {
                let (mut buffer, mut passed) = (vec![0; 1000], 0);
                loop {
                    let length = there_read.read(&mut buffer).await.unwrap_or(0);
                    passed += length;
                    if length == 0 || (number == 1 && passed > most) {
                        break;
                    }
                    if from_write.write_all(&buffer[..length]).await.is_err() {
                        break;
                    }
                }
                away.abort();
            });
        }
    });
    address
}

#[tokio::test]
async fn after_a_node_died_half_way_the_rest_comes() {
    let node = there(&samples(), None).await;
    let each = samples()[0].data_set().len();
    let address = cut_off(node.address, each * 3).await;
    let fetcher = Fetcher::start(address.to_string(), Retrieve::Get).await;
    fetcher.fetch(&samples()[0]).await;
    let broken = fetcher.when("broken off", |one| one.fault.is_some() || one.tries > 1).await;
    let done = fetcher.when("done", |one| one.state == JobState::Done).await;
    assert_eq!((done.tries, done.taken, done.of), (2, 5, 5), "{broken:?} {done:?}");
    assert!(fetcher.has_all(&samples()).await);
    fetcher.stop().await;
}

#[tokio::test]
async fn a_worker_that_was_killed_or_whose_job_was_cancelled_leaves_it() {
    let (silent, _) = made_up(Script::Stalls(Vec::new())).await;
    let mut fetcher = Fetcher::start(silent.to_string(), Retrieve::Get).await;
    let patient = |mut known: Configuration| {
        known.limits = Default::default();
        Arc::new(known)
    };
    fetcher.configuration.send_replace(patient(knows(silent.to_string(), Some(Retrieve::Get))));
    let id = fetcher.fetch(&samples()[0]).await;
    fetcher.when("at work", |one| one.state == JobState::Running).await;
    assert_eq!(fetcher.fetch(&samples()[0]).await, id, "what is under way is no other job");
    // Longer than its lease: it is kept as long as it is worked on.
    tokio::time::sleep(2 * LEASE).await;
    assert_eq!(fetcher.store.transfers(1).await.unwrap()[0].tries, 1);
    fetcher.worker.abort();
    let node = there(&samples(), None).await;
    fetcher.configuration.send_replace(patient(knows(node.address.to_string(), Some(Retrieve::Get))));
    fetcher.worker = Fetcher::worker(usual(), &fetcher.store, &fetcher.configuration, &fetcher.stop);
    let done = fetcher.ended().await;
    assert_eq!((done.state, done.tries), (JobState::Done, 2), "{done:?}");
    assert!(fetcher.has_all(&samples()).await);

    fetcher.configuration.send_replace(patient(knows(silent.to_string(), Some(Retrieve::Get))));
    let other = fetcher.fetch(&Sample::number(20)).await;
    fetcher.when("at work", |one| one.id == other && one.state == JobState::Running).await;
    fetcher.store.cancel_transfer(other, "a person").await.unwrap();
    tokio::time::sleep(2 * LEASE).await;
    fetcher.when("cancelled", |one| one.id == other && one.state == JobState::Cancelled).await;
    fetcher.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_any_more_gets_nothing_fetched_when_its_turn_comes() {
    let node = there(&samples(), None).await;
    let may = Arc::new(AtomicBool::new(false));
    let rights: Rights = {
        let may = Arc::clone(&may);
        Arc::new(move |job| {
            assert_eq!(job.who, "a person");
            let sight = may.load(Ordering::Relaxed).then_some(job.sight);
            Box::pin(async move { Ok(sight) })
        })
    };
    let fetcher = Fetcher::start_with(node.address.to_string(), Retrieve::Get, (rights, usual().1)).await;
    let id = fetcher.fetch(&samples()[0]).await;
    let ended = fetcher.ended().await;
    assert_eq!((ended.state, ended.tries, ended.fault), (JobState::Failed, 1, Some(SendFault::NotAllowed)));
    let which = Which { study_uid: Some(&samples()[0].study), ..Which::default() };
    assert!(fetcher.store.instances(which).await.unwrap().is_empty());
    may.store(true, Ordering::Relaxed);
    fetcher.store.retry_transfer(id, "a person").await.unwrap();
    fetcher.when("fetched", |one| one.state == JobState::Done).await;
    assert!(fetcher.has_all(&samples()).await);
    fetcher.stop().await;
}

/// Passes everything on between what comes and `to`, after a while.
async fn after(wait: Duration, to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut from, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                let mut there = TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut from, &mut there).await;
            });
        }
    });
    address
}

/// A node may rest for two seconds between messages here, which a busy machine keeps; while it moves something it may be silent for longer, and not for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_something_may_be_silent_for_longer_than_others() {
    let [rest, moving] = [2, 10].map(Duration::from_secs);
    for (silent, state, fault) in [
        (Duration::from_secs(4), JobState::Done, None),
        (Duration::from_secs(60), JobState::Failed, Some(SendFault::BrokenOff)),
    ] {
        let fetcher =
            Fetcher::start_with("127.0.0.1:1".to_owned(), Retrieve::Move, (usual().0, moving)).await;
        let slow = after(silent, fetcher.node.address).await;
        let node = there(&samples(), Some(slow)).await;
        let mut known = knows(node.address.to_string(), Some(Retrieve::Move));
        known.limits.idle_time = rest;
        fetcher.configuration.send_replace(Arc::new(known));
        let began = Instant::now();
        fetcher.fetch(&samples()[0]).await;
        let ended = fetcher.ended().await;
        assert_eq!((ended.state, ended.fault), (state, fault), "{silent:?}");
        let least = if state == JobState::Done { silent } else { moving };
        assert!(began.elapsed() >= least, "{:?}", began.elapsed());
        fetcher.stop().await;
    }
}
