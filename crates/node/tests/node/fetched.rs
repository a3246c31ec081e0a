//! Fetching from archives of other makes: DCMTK's, Orthanc and pynetdicom's. What is missing is said, and the test passes without it.

use std::sync::Arc;

use peony_dicom::Level;
use peony_node::asking::{identifier_of, search};
use peony_node::identifier::{PATIENT_ID, STUDY_UID};
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Retrieve, connect};
use peony_store::JobState;
use serde_json::json;

use crate::asked::{in_a_minute, knows};
use crate::fetching::{Fetcher, samples};
use crate::free_port::free_port;
use crate::kit::{NAME, Sample, US, parts, proposal};
use crate::orthanc::orthanc;
use crate::peer::{dcmtk, listening, pynetdicom};

/// Has the samples stored by a node `THERE` at this port.
async fn fill(port: u16, samples: &[Sample]) {
    let (ours, theirs) = ("PEONY".parse().unwrap(), "THERE".parse().unwrap());
    let (address, proposals) = (format!("127.0.0.1:{port}"), [proposal(US, &[EXPLICIT_LITTLE])]);
    let limits = Default::default();
    let mut association = connect(&address, None, &ours, &theirs, &proposals, &limits).await.unwrap();
    for sample in samples {
        let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
        assert_eq!(stored.unwrap(), Some(Status::SUCCESS));
    }
    association.release().await.unwrap();
}

async fn fetcher() -> Fetcher {
    Fetcher::start("127.0.0.1:1".to_owned(), Retrieve::Get).await
}

/// The archive at this port is searched, and gives everything that it has by either way.
async fn check(mut fetcher: Fetcher, port: u16, name: &str) {
    for retrieve in [Retrieve::Get, Retrieve::Move] {
        if retrieve == Retrieve::Move {
            // Another store behind the address that the archive knows.
            fetcher = fetcher.emptied().await;
        }
        let mut known = knows(format!("127.0.0.1:{port}"), Some(retrieve));
        known.limits = Default::default();
        let asked =
            [(PATIENT_ID, "P-1"), (STUDY_UID, ""), (NAME, "")].map(|(tag, key)| (tag, key.to_owned()));
        let found = search(&known, "THERE", &[identifier_of(Level::Study, asked)], 100, in_a_minute()).await;
        let found = found.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!((found.matches.len(), found.unread), (1, 0), "{name}");
        assert_eq!(found.matches[0][&NAME].values, ["王^小明"], "{name}");
        fetcher.configuration.send_replace(Arc::new(known));
        fetcher.fetch(&samples()[0]).await;
        let done = fetcher.ended().await;
        assert_eq!((done.state, done.taken, done.of), (JobState::Done, 5, 5), "{name} {retrieve:?} {done:?}");
        assert!(fetcher.has_all(&samples()).await, "{name} {retrieve:?}");
    }
    fetcher.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_dcmtk() {
    let Some(mut dcmqrscp) = dcmtk("dcmqrscp") else { return };
    let (port, fetcher, folder) = (free_port(), fetcher().await, tempfile::tempdir().unwrap());
    let (kept, file) = (folder.path().join("kept"), folder.path().join("dcmqrscp.cfg"));
    std::fs::create_dir(&kept).unwrap();
    let ours = fetcher.node.address.port();
    let configuration = format!(
        "NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n\
         HostTable BEGIN\npeony = (PEONY, 127.0.0.1, {ours})\nHostTable END\n\
         VendorTable BEGIN\nVendorTable END\n\
         AETable BEGIN\nTHERE {} RW (200, 1024mb) ANY\nAETable END\n",
        kept.display()
    );
    std::fs::write(&file, configuration).unwrap();
    dcmqrscp.arg("-c").arg(&file);
    let _peer = listening(dcmqrscp, port).await;
    fill(port, &samples()).await;
    check(fetcher, port, "dcmqrscp").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_orthanc() {
    let (port, fetcher, folder) = (free_port(), fetcher().await, tempfile::tempdir().unwrap());
    let modalities = json!({ "peony": ["PEONY", "127.0.0.1", fetcher.node.address.port()] });
    let Some((_orthanc, _)) = orthanc(folder.path(), port, &modalities).await else { return };
    fill(port, &samples()).await;
    check(fetcher, port, "Orthanc").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_pynetdicom_that_writes_gb18030() {
    let Some(mut archive) = pynetdicom() else { return };
    let (port, fetcher, folder) = (free_port(), fetcher().await, tempfile::tempdir().unwrap());
    for (number, sample) in samples().iter().enumerate() {
        sample.write(&folder.path().join(format!("{number}.dcm")));
    }
    archive.args(["archive", &port.to_string()]).arg(folder.path());
    archive.arg(fetcher.node.address.port().to_string());
    let _peer = listening(archive, port).await;
    check(fetcher, port, "pynetdicom").await;
}

/// Whoever asks lends the other node no rights but to bring what was asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_of_another_study_is_not_taken_along() {
    let Some(mut archive) = pynetdicom() else { return };
    let (port, fetcher, folder) = (free_port(), fetcher().await, tempfile::tempdir().unwrap());
    for (number, sample) in samples().iter().enumerate() {
        sample.write(&folder.path().join(format!("{number}.dcm")));
    }
    let foreign = Sample::number(10);
    assert_ne!(foreign.study, samples()[0].study);
    std::fs::create_dir(folder.path().join("pushed")).unwrap();
    foreign.write(&folder.path().join("pushed/0.dcm"));
    archive.args(["archive", &port.to_string()]).arg(folder.path()).arg("1");
    let _peer = listening(archive, port).await;
    let known = knows(format!("127.0.0.1:{port}"), Some(Retrieve::Get));
    fetcher.configuration.send_replace(Arc::new(known));
    fetcher.fetch(&samples()[0]).await;
    let done = fetcher.ended().await;
    assert_eq!((done.state, done.taken), (JobState::Done, 5), "{done:?}");
    assert!(fetcher.has_all(&samples()).await);
    assert!(!fetcher.has_all(&[foreign]).await, "it was pushed in");
    fetcher.stop().await;
}
