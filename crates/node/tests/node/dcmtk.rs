//! Against DCMTK, an independent implementation; without it the tests say so and pass.

use std::path::Path;

use peony_dicom::Outline;
use peony_node::identifier::INSTANCE_UID;
use peony_node::sop_class::VERIFICATION;
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Configuration, Peer, connect};
use peony_store::JobState;
use tokio::process::Command;

use crate::free_port::free_port;
use crate::kit::{NAME, Running, Sample, US, open, parts, proposal};
use crate::peer::{dcmtk, listening, said};
use crate::sending::Sender;

/// The tool as `SENDER`, to the node as `PEONY`.
fn to(node: &Running, mut tool: Command, before: &[&str], after: &[&str]) -> Command {
    tool.args(["-aet", "SENDER", "-aec", "PEONY"]).args(before);
    tool.args(["127.0.0.1", &node.address.port().to_string()]).args(after);
    tool
}

fn outline(path: &Path) -> Outline {
    peony_dicom::outline(&std::fs::File::open(path).unwrap()).unwrap()
}

/// Everything after the file meta information.
fn data_set(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap().split_off(outline(path).data_set as usize)
}

fn files_in(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| data_set(path)).collect()
}

#[tokio::test]
async fn dcmtk_stores_finds_and_gets() {
    let tools = [dcmtk("echoscu"), dcmtk("storescu"), dcmtk("findscu"), dcmtk("getscu")];
    let [Some(echoscu), Some(storescu), Some(findscu), Some(getscu)] = tools else { return };
    let node = Running::start(open()).await;
    said(to(&node, echoscu, &["--repeat", "5"], &[])).await;

    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<Sample> = (0..3).map(Sample::number).collect();
    let mut paths = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        let path = folder.path().join(format!("{number}.dcm"));
        sample.write(&path);
        paths.push(path.to_string_lossy().into_owned());
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    said(to(&node, storescu, &["-xe"], &paths)).await;
    for sample in &samples {
        assert!(node.archive.kept(&sample.instance).unwrap().1 == sample.data_set());
    }

    let study = format!("StudyInstanceUID={}", samples[0].study);
    let answers = tempfile::tempdir().unwrap();
    let into = answers.path().to_string_lossy().into_owned();
    let keys = ["-S", "-X", "-od", &into, "-k", "QueryRetrieveLevel=IMAGE", "-k", &study];
    let keys = [&keys[..], &["-k", "SOPInstanceUID", "-k", "PatientName"]].concat();
    said(to(&node, findscu, &keys, &[])).await;
    let mut found: Vec<_> =
        std::fs::read_dir(answers.path()).unwrap().map(|one| one.unwrap().path()).collect();
    found.sort();
    let found: Vec<_> = found.iter().map(|path| outline(path)).collect();
    let text = |tag| found.iter().map(|one| one.text(tag).to_owned()).collect::<Vec<_>>();
    assert_eq!(text(INSTANCE_UID), samples.iter().map(|sample| sample.instance.clone()).collect::<Vec<_>>());
    assert_eq!(text(NAME), ["王^小明"; 3]);

    let got = tempfile::tempdir().unwrap();
    let into = got.path().to_string_lossy().into_owned();
    let keys = ["-S", "-od", &into, "-k", "QueryRetrieveLevel=STUDY", "-k", &study];
    said(to(&node, getscu, &keys, &[])).await;
    assert!(files_in(got.path()) == samples.iter().map(Sample::data_set).collect::<Vec<_>>());
}

#[tokio::test]
async fn dcmtk_has_objects_moved_to_itself() {
    let Some(movescu) = dcmtk("movescu") else { return };
    let port = free_port();
    let peers = vec![Peer {
        ae_title: "SENDER".parse().unwrap(),
        address: Some(format!("127.0.0.1:{port}")),
        tls: false,
        commits: false,
        retrieve: None,
        certificate: None,
    }];
    let node = Running::start(Configuration { peers, strangers: false, ..open() }).await;
    let samples: Vec<Sample> = (0..3).map(Sample::number).collect();
    for sample in &samples {
        node.archive.put(sample).await;
    }
    let got = tempfile::tempdir().unwrap();
    let into = got.path().to_string_lossy().into_owned();
    let (port, study) = (port.to_string(), format!("StudyInstanceUID={}", samples[0].study));
    let keys =
        ["-S", "+P", &port, "-aem", "SENDER", "-od", &into, "-k", "QueryRetrieveLevel=STUDY", "-k", &study];
    said(to(&node, movescu, &keys, &[])).await;
    assert!(files_in(got.path()) == samples.iter().map(Sample::data_set).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_in_the_queue_is_sent_to_dcmtk() {
    let Some(mut storescp) = dcmtk("storescp") else { return };
    let (port, got) = (free_port(), tempfile::tempdir().unwrap());
    storescp.arg("-od").arg(got.path()).arg("+B").arg(port.to_string());
    let _peer = listening(storescp, port).await;
    let sender = Sender::start(format!("127.0.0.1:{port}"), false).await;
    let samples: Vec<Sample> = (0..3).map(Sample::number).collect();
    sender.put(&samples).await;
    sender.send(&samples[0], "THERE").await;
    assert_eq!(sender.ended().await.state, JobState::Done);
    assert!(files_in(got.path()) == samples.iter().map(Sample::data_set).collect::<Vec<_>>());
    sender.stop().await;
}

#[tokio::test]
async fn objects_are_sent_to_dcmtk() {
    let Some(mut storescp) = dcmtk("storescp") else { return };
    let (port, got) = (free_port(), tempfile::tempdir().unwrap());
    storescp.arg("-od").arg(got.path()).arg("+B").arg(port.to_string());
    let _peer = listening(storescp, port).await;
    let proposals = [proposal(VERIFICATION, &[EXPLICIT_LITTLE]), proposal(US, &[EXPLICIT_LITTLE])];
    let (ours, theirs) = ("PEONY".parse().unwrap(), "STORESCP".parse().unwrap());
    let address = format!("127.0.0.1:{port}");
    let mut association =
        connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
    assert_eq!(association.echo().await.unwrap(), Some(Status::SUCCESS));
    let samples: Vec<Sample> = (0..3).map(Sample::number).collect();
    for sample in &samples {
        let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
        assert_eq!(stored.unwrap(), Some(Status::SUCCESS));
    }
    association.release().await.unwrap();
    assert!(files_in(got.path()) == samples.iter().map(Sample::data_set).collect::<Vec<_>>());
}
