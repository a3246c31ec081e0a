//! Against pynetdicom, an independent implementation; without it the tests say so and pass.

use std::time::{Duration, Instant};

use peony_dicom::{Attributes, Level};
use peony_node::identifier::STUDY_UID;
use peony_node::sop_class::COMMITMENT;
use peony_node::sop_class::Model;
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Configuration, Peer, Transport, connect};

use crate::free_port::free_port;
use crate::in_store::opened;
use crate::kit::{NAME, Running, Sample, US, level, open, parts, proposal, text};
use crate::peer::{listening, pynetdicom, said};

const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";

#[tokio::test]
async fn pynetdicom_asks_for_everything() {
    let (Some(mut provider), Some(mut user)) = (pynetdicom(), pynetdicom()) else { return };
    let (port, there) = (free_port(), tempfile::tempdir().unwrap());
    provider.args(["provider", &port.to_string()]).arg(there.path());
    let _peer = listening(provider, port).await;
    let peers = vec![Peer {
        ae_title: "PEER".parse().unwrap(),
        address: Some(format!("127.0.0.1:{port}")),
        tls: false,
        commits: false,
        retrieve: None,
        certificate: None,
    }];
    let node = Running::start(Configuration { peers, ..open() }).await;
    let folder = tempfile::tempdir().unwrap();
    user.args(["user", &node.address.port().to_string()]);
    let samples: Vec<Sample> = (0..3).map(Sample::number).collect();
    for (number, sample) in samples.iter().enumerate() {
        let path = folder.path().join(format!("{number}.dcm"));
        sample.write(&path);
        user.arg(path);
    }
    let heard: serde_json::Value = serde_json::from_str(&said(user).await).unwrap();
    let instances: Vec<&str> = samples.iter().map(|sample| sample.instance.as_str()).collect();
    let sub_operations =
        serde_json::json!([[0xFF00, 2, 1, 0, 0], [0xFF00, 1, 2, 0, 0], [0x0000, null, 3, 0, 0]]);
    assert_eq!(heard["echo"], 0);
    assert_eq!(heard["store"], serde_json::json!([0, 0, 0]));
    assert_eq!(heard["find"], serde_json::json!([[0xFF00, "王^小明", samples[0].study], [0, null, null]]));
    assert_eq!(heard["get"], sub_operations);
    assert_eq!(heard["got"], serde_json::json!(instances));
    assert_eq!(heard["move"], sub_operations);
    assert_eq!(heard["commitment"], serde_json::json!([0, 1, samples.len()]));
    for sample in &samples {
        assert!(node.archive.kept(&sample.instance).is_some());
        assert!(there.path().join(format!("{}.dcm", sample.instance)).exists());
    }
}

#[tokio::test]
async fn pynetdicom_is_asked_for_everything() {
    let Some(mut provider) = pynetdicom() else { return };
    let (port, there) = (free_port(), tempfile::tempdir().unwrap());
    provider.args(["provider", &port.to_string()]).arg(there.path());
    let _peer = listening(provider, port).await;
    let proposals = [US, STUDY_FIND].map(|uid| proposal(uid, &[EXPLICIT_LITTLE]));
    let (ours, theirs) = ("PEONY".parse().unwrap(), "PEER".parse().unwrap());
    let address = format!("127.0.0.1:{port}");
    let mut association =
        connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
    let sample = Sample { pixels: 64 * 10_000, ..Sample::number(1) };
    let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
    assert_eq!(stored.unwrap(), Some(Status::SUCCESS));
    let kept = std::fs::read(there.path().join(format!("{}.dcm", sample.instance))).unwrap();
    assert!(kept == sample.data_set());

    let keys: Attributes = [level(Level::Study), text(STUDY_UID, ""), text(NAME, "王*")].into();
    let mut found = Vec::new();
    let status = association.find(Model::StudyRoot, &keys, |one| found.push(one)).await.unwrap();
    assert_eq!((status, found.len()), (Some(Status::SUCCESS), 3));
    assert!(found.iter().all(|one| one[&NAME].values == ["王^小明"]));
    assert_eq!(association.echo().await.unwrap(), None, "it was not proposed");
    association.release().await.unwrap();
}

/// What another node says of its keeping is written down, over whichever association it comes.
async fn check_commitment(reports_apart: bool) {
    let Some(mut provider) = pynetdicom() else { return };
    let (port, there) = (free_port(), tempfile::tempdir().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let node = Running::start_over(Transport::Plain, store.clone(), open()).await;
    provider.args(["provider", &port.to_string()]).arg(there.path());
    if reports_apart {
        provider.arg(node.address.port().to_string());
    }
    let _peer = listening(provider, port).await;
    let proposals = [US, COMMITMENT].map(|uid| proposal(uid, &[EXPLICIT_LITTLE]));
    let (ours, theirs) = ("PEONY".parse().unwrap(), "PEER".parse().unwrap());
    let address = format!("127.0.0.1:{port}");
    let mut association =
        connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
    let [sent, not_sent] = [1, 2].map(Sample::number);
    let stored = association.store(&sent.as_instance(), parts(sent.data_set()), None).await;
    assert_eq!(stored.unwrap(), Some(Status::SUCCESS));
    let instances = [sent.as_instance(), not_sent.as_instance()];
    let (transaction, status) = association.commit(&store, &instances).await.unwrap().unwrap();
    assert_eq!(status, Status::SUCCESS);
    assert_eq!(store.commitment(&transaction).await.unwrap().unwrap().not_kept, None, "asked, not answered");
    let wait = Duration::from_secs(if reports_apart { 0 } else { 30 });
    assert_eq!(association.hear_report(&store, wait).await.unwrap(), !reports_apart);
    association.release().await.unwrap();
    let mut commitment = store.commitment(&transaction).await.unwrap().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while commitment.not_kept.is_none() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
        commitment = store.commitment(&transaction).await.unwrap().unwrap();
    }
    assert_eq!(commitment.not_kept, Some(vec![not_sent.instance]));
    assert_eq!((commitment.peer.as_str(), commitment.instances.len()), ("PEER", 2));
    assert_eq!(store.commitment("1.2.3").await.unwrap(), None);
}

#[tokio::test]
async fn pynetdicom_reports_a_commitment_over_the_association_that_asked() {
    check_commitment(false).await;
}

#[tokio::test]
async fn pynetdicom_reports_a_commitment_over_an_association_of_its_own() {
    check_commitment(true).await;
}
