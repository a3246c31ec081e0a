//! The program killed at any moment while other nodes store by C-STORE and by STOW-RS: what was acknowledged is there byte for byte, nothing
//! half is shown, and `peony check` finds nothing.

mod full;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use peony_dicom::Tag;
use peony_node::archive::Instance;
use peony_node::identifier::{INSTANCE_UID, STUDY_UID};
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Proposal, connect, sop_class};
use peony_store::made_up::{self, Pixels};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::kit::{Serve, peony};

/// How often; the issue asks for 200, which takes minutes.
const TIMES: &str = "PEONY_SERVE_KILLS";
const USUALLY: u64 = 12;
/// Kills of one data folder: each of them is followed by a look at all that is in it.
const OF_A_FOLDER: u64 = 20;
const ASSOCIATIONS: usize = 3;
const CONNECTIONS: usize = 2;
/// Objects of one request.
const TOGETHER: usize = 2;
/// As long as the load lasts at most.
const LONGEST_US: u64 = 600_000;
const NODE: [&str; 6] = ["--dicom", "127.0.0.1:0", "--aet", "WARD", "--keep-free", "0"];

const US_MULTIFRAME: &str = "1.2.840.10008.5.1.4.1.1.3.1";
const SERIES_UID: Tag = Tag(0x0020, 0x000E);
/// Preamble, `DICM` and the one element of a made-up object's file meta information.
const META_BYTES: usize = 132 + 8 + 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// What is kept has the file meta information of the node.
    Association,
    /// What is kept is the file.
    Web,
}

/// What was sent, and whether it was acknowledged.
#[derive(Default)]
struct Sendings(Mutex<BTreeMap<u64, (Way, bool)>>);

impl Sendings {
    fn begin(&self, way: Way) -> u64 {
        let mut all = self.0.lock().unwrap();
        let number = all.len() as u64;
        all.insert(number, (way, false));
        number
    }

    fn acknowledged(&self, number: u64) {
        self.0.lock().unwrap().get_mut(&number).unwrap().1 = true;
    }

    /// What was on its way when the program died was sent again, by STOW-RS; `anew` where it was not there.
    fn settle(&self, number: u64, anew: bool) {
        let mut all = self.0.lock().unwrap();
        let one = all.get_mut(&number).unwrap();
        *one = (if anew { Way::Web } else { one.0 }, true);
    }

    /// How many were acknowledged.
    fn kept(&self) -> u64 {
        self.0.lock().unwrap().values().filter(|(_, acknowledged)| *acknowledged).count() as u64
    }

    fn len(&self) -> u64 {
        self.0.lock().unwrap().len() as u64
    }

    /// Those from this number on.
    fn from(&self, first: u64) -> Vec<(u64, Way, bool)> {
        let all = self.0.lock().unwrap();
        all.range(first..).map(|(number, (way, acknowledged))| (*number, *way, *acknowledged)).collect()
    }
}

fn file(number: u64) -> Vec<u8> {
    let large = Pixels::Native { frames: 2, size: [900, 800] };
    let small = Pixels::Native { frames: 1, size: [48, 48] };
    made_up::file(&made_up::attributes(number), if number.is_multiple_of(5) { large } else { small }, number)
}

/// An association that stores; `None` where the node is gone.
async fn associated(port: &str) -> Option<peony_node::Association> {
    let proposals = [Proposal {
        class: sop_class::of(US_MULTIFRAME).unwrap(),
        transfer_syntaxes: vec![EXPLICIT_LITTLE],
        provides: false,
    }];
    let [ours, theirs] = ["SENDER", "WARD"].map(|title| title.parse().unwrap());
    connect(&format!("127.0.0.1:{port}"), None, &ours, &theirs, &proposals, &Default::default()).await.ok()
}

/// Sends one object after the other until the node is gone.
async fn associate(port: String, sendings: Arc<Sendings>) {
    let Some(mut association) = associated(&port).await else { return };
    loop {
        let number = sendings.begin(Way::Association);
        match store(&mut association, number).await {
            Some(status) => assert_eq!(status, Status::SUCCESS),
            None => return,
        }
        sendings.acknowledged(number);
    }
}

/// What is answered to an object; `None` where the association breaks.
async fn store(association: &mut peony_node::Association, number: u64) -> Option<Status> {
    let instance = Instance {
        study_uid: made_up::attributes(number)[&STUDY_UID].clone(),
        sop_class_uid: US_MULTIFRAME.to_owned(),
        instance_uid: made_up::attributes(number)[&INSTANCE_UID].clone(),
        transfer_syntax_uid: EXPLICIT_LITTLE.to_owned(),
    };
    let data_set = Bytes::from(file(number)).slice(META_BYTES..);
    let parts = data_set.chunks(64 << 10).map(|part| Ok(data_set.slice_ref(part))).collect::<Vec<_>>();
    let answered = association.store(&instance, stream::iter(parts), None).await.ok()?;
    Some(answered.expect("the class was accepted"))
}

/// Posts some objects after the others until the server is gone.
async fn post(client: reqwest::Client, addr: String, sendings: Arc<Sendings>) {
    loop {
        let numbers = [(); TOGETHER].map(|()| sendings.begin(Way::Web));
        match posted(&client, &addr, &numbers).await {
            Some(status) => assert_eq!(status, 200),
            None => return,
        }
        numbers.iter().for_each(|number| sendings.acknowledged(*number));
    }
}

async fn posted(client: &reqwest::Client, addr: &str, numbers: &[u64]) -> Option<u16> {
    let mut body = Vec::new();
    for number in numbers {
        body.extend(b"--x\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend(file(*number));
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let request = client.post(format!("http://{addr}/dicomweb/studies"));
    let kind = "multipart/related; type=\"application/dicom\"; boundary=x";
    let answer = request.header("content-type", kind).body(body).send().await.ok()?;
    let status = answer.status().as_u16();
    // An answer whose end is missing was not heard.
    answer.bytes().await.ok()?;
    Some(status)
}

/// What is shown of an object, if there is one.
async fn shown(client: &reqwest::Client, addr: &str, number: u64) -> Option<Vec<u8>> {
    let said = made_up::attributes(number);
    let [study, series, instance] = [STUDY_UID, SERIES_UID, INSTANCE_UID].map(|tag| &said[&tag]);
    let url = format!(
        "http://{addr}/dicomweb/wado?requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={instance}\
         &contentType=application/dicom&transferSyntax=*"
    );
    let answer = client.get(url).send().await.unwrap();
    match answer.status().as_u16() {
        200 => Some(answer.bytes().await.unwrap().to_vec()),
        404 => None,
        other => panic!("{number}: {other}"),
    }
}

/// Whether an object is shown; what is shown is as it was sent.
async fn is_whole(client: &reqwest::Client, addr: &str, number: u64, way: Way) -> bool {
    let Some(kept) = shown(client, addr, number).await else { return false };
    let sent = file(number);
    let same = match way {
        Way::Web => kept == sent,
        Way::Association => {
            let mut at = tempfile::tempfile().unwrap();
            std::io::Write::write_all(&mut at, &kept).unwrap();
            kept[peony_dicom::outline(&at).unwrap().data_set as usize..] == sent[META_BYTES..]
        }
    };
    assert!(same, "{number} by {way:?} is not what was sent");
    true
}

/// Loads it for some time, then kills it.
async fn load_and_kill(
    serve: &mut Serve,
    client: &reqwest::Client,
    sendings: &Arc<Sendings>,
    lasts: Duration,
) {
    let mut senders = Vec::new();
    for _ in 0..ASSOCIATIONS {
        senders.push(tokio::spawn(associate(serve.port(), Arc::clone(sendings))));
    }
    for _ in 0..CONNECTIONS {
        senders.push(tokio::spawn(post(client.clone(), serve.addr.clone(), Arc::clone(sendings))));
    }
    tokio::time::sleep(lasts).await;
    // SIGKILL.
    serve.child.kill().unwrap();
    serve.child.wait().unwrap();
    for sender in senders {
        sender.await.unwrap();
    }
}

/// `peony check` beside the program: how many objects there are, without a fault.
fn checked(data: &Path, round: u64) -> u64 {
    let (code, said, _) = peony(&["check", "--json"], data);
    let last = said.last().unwrap();
    assert_eq!((code, &last["faults"]), (0, &json!(0)), "round {round}: {said:?}");
    last["objects"].as_u64().unwrap()
}

/// Kills of one folder: how many objects were acknowledged, and how many were on their way.
fn kills(runtime: &Runtime, rounds: std::ops::Range<u64>) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let sendings = Arc::new(Sendings::default());
    let mut serve = Serve::start(folder.path(), &NODE);
    let mut client = client();
    let mut on_their_way = 0;
    for round in rounds {
        // Another moment each time.
        let lasts = Duration::from_micros((round + 1) * 179_193 % LONGEST_US);
        let first = sendings.len();
        runtime.block_on(load_and_kill(&mut serve, &client, &sendings, lasts));
        serve = Serve::start(folder.path(), &NODE);
        client = self::client();
        let missing = runtime.block_on(async {
            let mut missing = Vec::new();
            for (number, way, acknowledged) in sendings.from(first) {
                let is_there = is_whole(&client, &serve.addr, number, way).await;
                assert!(is_there || !acknowledged, "round {round}: {number} by {way:?} is lost");
                on_their_way += usize::from(!acknowledged);
                missing.extend((!is_there).then_some(number));
            }
            missing
        });
        let kept = sendings.len() - missing.len() as u64;
        assert_eq!(checked(folder.path(), round), kept, "round {round}: nothing is kept that is not shown");
        // Whoever heard nothing sends again, all that is in doubt.
        runtime.block_on(async {
            for (number, _, _) in sendings.from(first).iter().filter(|(_, _, acknowledged)| !acknowledged) {
                assert_eq!(posted(&client, &serve.addr, &[*number]).await, Some(200), "{number} again");
                sendings.settle(*number, missing.contains(number));
            }
        });
    }
    // At the end every one, and those that were kept first.
    runtime.block_on(async {
        for (number, way, acknowledged) in sendings.from(0) {
            assert!(acknowledged && is_whole(&client, &serve.addr, number, way).await, "{number} is lost");
        }
    });
    assert_eq!(checked(folder.path(), u64::MAX), sendings.len());
    (sendings.len() as usize - on_their_way, on_their_way)
}

/// A client for one life of the server: of a dead one it would keep connections, and without keeping any it would use up ports.
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

#[test]
fn every_object_that_was_acknowledged_survives_a_kill_of_the_program_under_load() {
    let times = std::env::var(TIMES).ok().and_then(|times| times.parse().ok()).unwrap_or(USUALLY);
    let runtime = Runtime::new().unwrap();
    let (mut acknowledged, mut on_their_way) = (0, 0);
    for first in (0..times).step_by(OF_A_FOLDER as usize) {
        let of_a_folder = kills(&runtime, first..times.min(first + OF_A_FOLDER));
        acknowledged += of_a_folder.0;
        on_their_way += of_a_folder.1;
    }
    eprintln!("{acknowledged} acknowledged objects survived {times} kills; {on_their_way} were on their way");
    assert!(acknowledged as u64 > times && on_their_way > 0, "no load: {acknowledged}, {on_their_way}");
}
