//! What a node of one site may ask of what is of another one.

use std::time::Duration;

use peony_dicom::{Attributes, Level};
use peony_node::command::Operation;
use peony_node::identifier::{PATIENT_ID, STUDY_UID};
use peony_node::sop_class::{COMMITMENT, Model, PERFORMED_STEP, WORKLIST};
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Association, Proposal, Transport, connect};
use peony_store::{Order, Sight, Store, Which};

use crate::in_store::opened;
use crate::kit::{Running, Sample, US, level, open, parts, proposal, text};
use crate::worklist::{performed, say};

const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";

async fn ask(node: &Running<Store>, calling: &str, provides: bool) -> Association {
    let of = |uid: &&str| proposal(uid, &[EXPLICIT_LITTLE]);
    let mut proposals: Vec<_> =
        [STUDY_FIND, STUDY_GET, WORKLIST, COMMITMENT, PERFORMED_STEP].iter().map(of).collect();
    // Of objects it is the one who sends, or the one who gets.
    proposals.push(Proposal { provides, ..proposal(US, &[EXPLICIT_LITTLE]) });
    let (ours, theirs) = (calling.parse().unwrap(), "PEONY".parse().unwrap());
    connect(&node.address.to_string(), None, &ours, &theirs, &proposals, &Default::default()).await.unwrap()
}

async fn studies(association: &mut Association) -> Vec<String> {
    let mut found = Vec::new();
    let keys: Attributes = [level(Level::Study), text(STUDY_UID, "")].into();
    let status =
        association.find(Model::StudyRoot, &keys, |one| found.push(one[&STUDY_UID].values[0].clone())).await;
    assert_eq!(status.unwrap(), Some(Status::SUCCESS));
    found.sort();
    found
}

async fn worklist(association: &mut Association) -> Vec<String> {
    let mut found = Vec::new();
    let keys: Attributes = [text(PATIENT_ID, "")].into();
    let status = association.worklist(&keys, |item| found.push(item[&PATIENT_ID].values[0].clone())).await;
    assert_eq!(status.unwrap(), Some(Status::SUCCESS));
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_asks_for_what_its_site_has() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let node = Running::start_over(Transport::Plain, store.clone(), open()).await;
    for (site, title) in [("north", "US_NORTH"), ("south", "US_SOUTH")] {
        store.add_site(site, "test").await.unwrap();
        store.set_sender(site, title, "test").await.unwrap();
    }
    let [northern, southern, free] = [10, 20, 30].map(Sample::number);
    for (calling, sample) in [("US_NORTH", &northern), ("US_SOUTH", &southern), ("STRANGER", &free)] {
        let mut association = ask(&node, calling, false).await;
        let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
        assert_eq!(stored.unwrap(), Some(Status::SUCCESS), "{calling}");
        association.release().await.unwrap();
    }
    for site in ["north", "south", ""] {
        let order = Order {
            patient_id: format!("OF-{site}"),
            patient_name: "WANG^FANG".to_owned(),
            date: "20261126".to_owned(),
            ..Order::default()
        };
        store.seeing(Sight::everything(site)).add_order(&order, "test").await.unwrap();
    }
    for (calling, study, patient) in [
        ("US_NORTH", &northern.study, "OF-north"),
        ("US_SOUTH", &southern.study, "OF-south"),
        ("STRANGER", &free.study, "OF-"),
    ] {
        let mut association = ask(&node, calling, true).await;
        assert_eq!(studies(&mut association).await, std::slice::from_ref(study), "{calling}");
        assert_eq!(worklist(&mut association).await, [patient], "{calling}");
        // Of another site nothing is handed out, and nothing is promised: of none is what nobody was said to have yet.
        for other in [&northern, &southern, &free] {
            let is_theirs = other.study == *study;
            let keys: Attributes = [level(Level::Study), text(STUDY_UID, &other.study)].into();
            let own = tempfile::tempdir().unwrap();
            let own = opened(own.path()).await;
            let got = association.get(&own, Model::StudyRoot, &keys, |_| ()).await.unwrap().unwrap();
            assert_eq!((got.completed, got.failed), (u16::from(is_theirs), 0), "{calling} {}", other.study);
            let asked = association.commit(&own, &[other.as_instance()]).await.unwrap().unwrap();
            assert_eq!(asked.1, Status::SUCCESS);
            assert!(association.hear_report(&own, Duration::from_secs(20)).await.unwrap());
            let promise = own.commitment(&asked.0).await.unwrap().unwrap();
            let is_promised = is_theirs || other.study == free.study;
            let not_kept = if is_promised { Vec::new() } else { vec![other.instance.clone()] };
            assert_eq!(promise.not_kept, Some(not_kept), "{calling} {}", other.study);
        }
        association.release().await.unwrap();
    }
    // Nobody brings anything into a study of another site.
    for (number, calling, into, expected) in [
        (40, "US_SOUTH", &northern, Status::NOT_AUTHORIZED),
        (41, "STRANGER", &northern, Status::NOT_AUTHORIZED),
        (42, "US_SOUTH", &free, Status::SUCCESS),
        (43, "US_NORTH", &northern, Status::SUCCESS),
    ] {
        let more = Sample { study: into.study.clone(), ..Sample::number(number) };
        let mut association = ask(&node, calling, false).await;
        let stored = association.store(&more.as_instance(), parts(more.data_set()), None).await;
        assert_eq!(stored.unwrap(), Some(expected), "{calling} into {}", into.study);
        association.release().await.unwrap();
        let which = Which { instance_uid: Some(&more.instance), ..Which::default() };
        let kept = store.instances(which).await.unwrap().len();
        assert_eq!(kept, usize::from(expected == Status::SUCCESS), "{calling} into {}", into.study);
    }
    // Nor is it told by what becomes of another object, or of a step, which UIDs a site has.
    let again = Sample { study: southern.study.clone(), ..northern.clone() };
    let step = performed("IN PROGRESS", &again, "1", &[]);
    for (calling, kept, begun) in [
        ("US_NORTH", Status::NOT_AUTHORIZED, Status::SUCCESS),
        ("US_SOUTH", Status::NOT_AUTHORIZED, Status::NOT_AUTHORIZED),
        ("US_NORTH", Status::NOT_AUTHORIZED, Status::DUPLICATE_INSTANCE),
    ] {
        let mut association = ask(&node, calling, false).await;
        let stored = association.store(&again.as_instance(), parts(again.data_set()), None).await;
        assert_eq!(stored.unwrap(), Some(kept), "{calling}");
        let answer = say(&mut association, Operation::Create, "1.2.3.4", &step).await;
        assert_eq!(answer.0, begun, "{calling}");
        association.release().await.unwrap();
    }
    let mut own = ask(&node, "US_NORTH", false).await;
    let other = Sample { patient: "李^芳", ..northern.clone() };
    let stored = own.store(&other.as_instance(), parts(other.data_set()), None).await;
    assert_eq!(stored.unwrap(), Some(Status::KEPT_ASIDE), "its own");
    own.release().await.unwrap();
    assert_eq!(store.kept_aside(10).await.unwrap().len(), 1);
    // What is changed holds at the next question of an association that goes on.
    let mut association = ask(&node, "US_NORTH", true).await;
    assert_eq!(studies(&mut association).await, std::slice::from_ref(&northern.study));
    store.set_sender("south", "US_NORTH", "test").await.unwrap();
    assert_eq!(studies(&mut association).await, std::slice::from_ref(&southern.study));
}
