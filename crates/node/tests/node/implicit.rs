//! Peers that take implicit VR little endian and nothing else, which every node does (PS3.5 §10.1), by all three ways on which objects go out, one that
//! takes nothing compressed, and one that takes nothing uncompressed; what they got is held by pydicom against what was kept. Without DCMTK or Python's packages the tests say so and pass.

use std::path::Path;

use peony_dicom::pixels::Lossless;
use peony_dicom::{Attributes, Level};
use peony_node::identifier::STUDY_UID;
use peony_node::sop_class::Model;
use peony_node::status::Status;
use peony_node::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};
use peony_node::{Configuration, Peer, Transport};
use peony_store::{JobState, SendFault, Store};
use tempfile::TempDir;

use crate::free_port::free_port;
use crate::in_store::opened;
use crate::kit::{Running, level, open, text};
use crate::peer::{dcmtk, implicit_peer, listening, said};
use crate::sending::{Sender, put_file};

const STUDY: &str = "1.2.826.0.1.3680043.9.77";
const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
/// All that is made but a video, which nothing here decodes.
const ALL: &str = "big deflated explicit implicit jpeg report runs wavelets";

/// A study with an object of every kind, in files.
async fn made() -> Option<TempDir> {
    let mut peer = implicit_peer()?;
    let folder = tempfile::tempdir().unwrap();
    peer.arg("make").arg(folder.path());
    said(peer).await;
    Some(folder)
}

async fn put_all(store: &Store, made: &Path) {
    let mut files: Vec<_> = std::fs::read_dir(made).unwrap().map(|file| file.unwrap().path()).collect();
    // The video is in the midst of them.
    files.sort_by_key(|path| (path.file_stem().unwrap() > "video", path.clone()));
    for path in files {
        put_file(store, &path).await;
    }
}

/// The names of those that came as they were made.
async fn came(made: &TempDir, got: &TempDir, transfer_syntax: &str) -> String {
    let mut peer = implicit_peer().unwrap();
    peer.arg("same").arg(made.path()).arg(got.path()).arg(transfer_syntax);
    said(peer).await.trim().to_owned()
}

fn known(title: &str, port: u16) -> Peer {
    Peer {
        ae_title: title.parse().unwrap(),
        address: Some(format!("127.0.0.1:{port}")),
        tls: false,
        commits: false,
        retrieve: None,
        certificate: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_queue_goes_to_a_node_that_takes_implicit_only() {
    let (Some(made), Some(mut storescp)) = (made().await, dcmtk("storescp")) else { return };
    let (port, got) = (free_port(), tempfile::tempdir().unwrap());
    storescp.args(["+xi", "+B", "-od"]).arg(got.path()).arg(port.to_string());
    let _peer = listening(storescp, port).await;
    let sender = Sender::start(format!("127.0.0.1:{port}"), false).await;
    put_all(&sender.store, made.path()).await;
    sender.send_study(STUDY, "THERE").await;
    let ended = sender.ended().await;
    assert_eq!(
        (ended.state, ended.tries, ended.taken),
        (JobState::Failed, 1, ALL.split(' ').count()),
        "{ended:?}"
    );
    assert_eq!(ended.fault, Some(SendFault::NotTaken { count: 1 }), "the video alone");
    assert_eq!(came(&made, &got, IMPLICIT_LITTLE).await, ALL);
    sender.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_reaches_a_node_that_takes_implicit_only() {
    let (Some(made), Some(mut peer)) = (made().await, implicit_peer()) else { return };
    let (port, got, folder) = (free_port(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    peer.args(["provider", &port.to_string()]).arg(got.path());
    let _peer = listening(peer, port).await;
    let archive = opened(folder.path()).await;
    put_all(&archive, made.path()).await;
    let configuration = Configuration { peers: vec![known("PEER", port)], ..open() };
    let node = Running::start_over(Transport::Plain, archive, configuration).await;
    let mut association = node.associate(&[STUDY_MOVE]).await;
    let study: Attributes = [level(Level::Study), text(STUDY_UID, STUDY)].into();
    let moved = association.move_to(Model::StudyRoot, &study, &"PEER".parse().unwrap(), |_| ()).await;
    let moved = moved.unwrap().unwrap();
    assert_eq!((moved.status, moved.completed, moved.failed), (Status::SOME_FAILED, 8, 1));
    assert_eq!(moved.failed_instances, [format!("{STUDY}.1.9")], "the video alone");
    assert_eq!(came(&made, &got, IMPLICIT_LITTLE).await, ALL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_implicit_only_gets_everything() {
    let (Some(made), Some(mut peer)) = (made().await, implicit_peer()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let archive = opened(folder.path()).await;
    put_all(&archive, made.path()).await;
    let node = Running::start_over(Transport::Plain, archive, open()).await;
    let (port, got) = (node.address.port().to_string(), tempfile::tempdir().unwrap());
    peer.args(["get", &port]).arg(got.path()).arg(STUDY);
    assert_eq!(said(peer).await.trim(), "B000 8 1 0");
    assert_eq!(came(&made, &got, IMPLICIT_LITTLE).await, ALL);
}

/// Against the standard, and yet there: every picture that the coding has a place for comes in it. A report has no frames, a deflated one no places of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_nothing_uncompressed_gets_pictures_coded_anew() {
    let Some(made) = made().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let archive = opened(folder.path()).await;
    put_all(&archive, made.path()).await;
    let node = Running::start_over(Transport::Plain, archive, open()).await;
    for (coding, counts, names) in [
        (Lossless::Rle, "B000 6 3 0", "big explicit implicit jpeg runs wavelets"),
        (Lossless::JpegLs, "B000 2 7 0", "big implicit"),
    ] {
        let (port, got) = (node.address.port().to_string(), tempfile::tempdir().unwrap());
        let mut peer = implicit_peer().unwrap();
        peer.args(["get", &port]).arg(got.path()).args([STUDY, coding.uid()]);
        assert_eq!(said(peer).await.trim(), counts, "{coding:?}");
        assert_eq!(came(&made, &got, coding.uid()).await, names);
    }
}

/// It proposes uncompressed transfer syntaxes, explicit little endian first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dcmtk_gets_everything_uncompressed() {
    let (Some(made), Some(mut getscu)) = (made().await, dcmtk("getscu")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let archive = opened(folder.path()).await;
    put_all(&archive, made.path()).await;
    let node = Running::start_over(Transport::Plain, archive, open()).await;
    let (port, got) = (node.address.port().to_string(), tempfile::tempdir().unwrap());
    let study = format!("StudyInstanceUID={STUDY}");
    getscu.args(["-aet", "SENDER", "-aec", "PEONY", "+B", "-S", "-od"]).arg(got.path());
    getscu.args(["-k", "QueryRetrieveLevel=STUDY", "-k", &study, "127.0.0.1", &port]);
    // It says itself that one of them failed.
    getscu.output().await.unwrap();
    assert_eq!(came(&made, &got, EXPLICIT_LITTLE).await, ALL);
}
