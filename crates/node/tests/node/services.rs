//! The services, asked for by this crate's own user side and by command sets made by hand.

use std::io;

use bytes::Bytes;
use futures_util::stream;
use peony_dicom::{Attribute, Attributes, Level, Tag, VR};
use peony_node::archive::Instance;
use peony_node::command::{Command, Operation, element};
use peony_node::identifier::{
    FAILED_INSTANCES, INSTANCE_UID, PATIENT_ID, RETRIEVE_AE_TITLE, SERIES_UID, STUDY_UID,
};
use peony_node::sop_class::{Model, VERIFICATION};
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Association, AssociationError, Configuration, Peer, Proposal, connect, identifier};

use crate::kit::{Folder, NAME, Running, Sample, US, level, open, parts, proposal, text};

const PATIENT_FIND: &str = "1.2.840.10008.5.1.4.1.2.1.1";
const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
const PATIENT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.1.2";

#[tokio::test]
async fn an_echo_comes_back() {
    let node = Running::start(open()).await;
    let mut association = node.associate(&[VERIFICATION]).await;
    for _ in 0..3 {
        assert_eq!(association.echo().await.unwrap(), Some(Status::SUCCESS));
    }
    association.release().await.unwrap();
}

async fn store(association: &mut Association, sample: &Sample) -> Status {
    let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
    stored.unwrap().unwrap()
}

#[tokio::test]
async fn an_object_is_kept_bit_for_bit_and_the_same_again_is_no_fault() {
    let node = Running::start(open()).await;
    let mut association = node.associate(&[US]).await;
    let sample = Sample::number(1);
    assert_eq!(store(&mut association, &sample).await, Status::SUCCESS);
    let (outline, kept) = node.archive.kept(&sample.instance).unwrap();
    assert!(kept == sample.data_set());
    assert_eq!(outline.transfer_syntax_uid, "1.2.840.10008.1.2.1");
    assert_eq!(store(&mut association, &sample).await, Status::SUCCESS);
    let other = Sample { patient: "李^芳", ..sample.clone() };
    assert_eq!(store(&mut association, &other).await, Status::KEPT_ASIDE);
    assert!(node.archive.kept(&sample.instance).unwrap().1 == sample.data_set());
    association.release().await.unwrap();
}

#[tokio::test]
async fn each_failure_has_its_status_and_the_association_goes_on() {
    let node = Running::start(open()).await;
    let mut association = node.associate(&[US, VERIFICATION]).await;
    let sample = Sample::number(1);
    let send = async |association: &mut Association, instance: Instance, bytes: Vec<u8>| {
        association.store(&instance, parts(bytes), None).await.unwrap().unwrap()
    };
    let instance = sample.as_instance();
    let named = |uid: &str| Instance { instance_uid: uid.to_owned(), ..instance.clone() };
    node.archive.fill(true);
    // Larger than what is on its way when the archive says no.
    let large = Sample { pixels: 64 * 30_000, ..sample.clone() };
    assert_eq!(store(&mut association, &large).await, Status::OUT_OF_RESOURCES);
    node.archive.fill(false);
    let refused = [
        (instance.clone(), vec![0xFF; 50_000], Status::CANNOT_UNDERSTAND),
        (instance.clone(), Vec::new(), Status::CANNOT_UNDERSTAND),
        (instance.clone(), b"\x08\0\x18\0SQ\0\0\xFF\xFF\xFF\xFF".repeat(100_000), Status::CANNOT_UNDERSTAND),
        (named("../../../etc/passwd"), sample.data_set(), Status::INVALID_INSTANCE),
        (named(""), sample.data_set(), Status::INVALID_INSTANCE),
    ];
    for (instance, bytes, expected) in refused {
        assert_eq!(send(&mut association, instance, bytes).await, expected);
        assert_eq!(node.archive.count(), 0, "{expected}");
    }
    let mut of_another_class = sample.data_set();
    let at = of_another_class.windows(US.len()).position(|part| part == US.as_bytes()).unwrap();
    of_another_class[at + US.len() - 1] = b'7';
    let answered = send(&mut association, instance.clone(), of_another_class).await;
    assert_eq!((answered, node.archive.count()), (Status::DATA_SET_DOES_NOT_MATCH, 0));
    assert_eq!(send(&mut association, named("1.2.3"), sample.data_set()).await, Status::ANOTHER_OBJECT);
    let meta = node.archive.meta(&sample.instance).unwrap();
    let says = |uid: &[u8]| meta.windows(uid.len()).any(|part| part == uid);
    assert!(says(sample.instance.as_bytes()) && !says(b"1.2.3\0"), "a file says of itself what is in it");
    assert_eq!(store(&mut association, &sample).await, Status::SUCCESS);

    let context = association.contexts()[0].clone();
    let class_of_another = Command::request(Operation::Store, 9, VERIFICATION);
    let no_such_operation = Command::request(Operation::Find, 10, US);
    let without_an_object =
        Command::request(Operation::Store, 11, US).text_of(element::AFFECTED_SOP_INSTANCE_UID, "1.2");
    let cases = [
        (class_of_another, Status::CLASS_NOT_SUPPORTED),
        (no_such_operation, Status::UNRECOGNIZED_OPERATION),
        (without_an_object, Status::MISTYPED_ARGUMENT),
    ];
    for (request, expected) in cases {
        association.send_command(context.id, &request).await.unwrap();
        let response = association.next_command().await.unwrap().unwrap().command;
        assert!(response.answers(&request));
        assert_eq!(response.status(), Some(expected));
    }
    assert_eq!(association.echo().await.unwrap(), Some(Status::SUCCESS));
    association.release().await.unwrap();
}

#[tokio::test]
async fn a_large_object_is_never_in_memory_whole() {
    const PART: usize = 1 << 16;
    let node = Running::start(open()).await;
    let mut association = node.associate(&[US]).await;
    let sample = Sample::number(1);
    let mut head = sample.data_set();
    head.truncate(head.len() - sample.pixels - 4);
    let count = 1000;
    head.extend_from_slice(&((count * PART) as u32).to_le_bytes());
    let body = (0..count).map(|_| io::Result::Ok(Bytes::from_static(&[7; PART])));
    let data_set = stream::iter([Ok(Bytes::from(head))].into_iter().chain(body));
    let stored = association.store(&sample.as_instance(), data_set, None).await.unwrap();
    assert_eq!(stored, Some(Status::SUCCESS));
    assert!(node.archive.largest_part() <= 128 << 10, "{}", node.archive.largest_part());
    assert!(node.archive.kept(&sample.instance).unwrap().1.len() > count * PART);
    association.release().await.unwrap();
}

#[tokio::test]
async fn what_came_half_is_not_kept() {
    let node = Running::start(open()).await;
    let mut association = node.associate(&[US]).await;
    let sample = Sample::number(1);
    let half = Bytes::from(sample.data_set()).slice(..3000);
    let broken = stream::iter([Ok(half), Err(io::Error::other("gone"))]);
    let outcome = association.store(&sample.as_instance(), broken, None).await.map(drop);
    assert!(matches!(outcome, Err(AssociationError::Source(_))));
    association.close(&outcome).await;
    node.associate(&[VERIFICATION]).await.release().await.unwrap();
    assert_eq!(node.archive.count(), 0);
}

async fn find(association: &mut Association, model: Model, keys: Attributes) -> (Vec<Attributes>, Status) {
    let mut found = Vec::new();
    let status = association.find(model, &keys, |one| found.push(one)).await.unwrap().unwrap();
    (found, status)
}

async fn filled(configuration: Configuration, count: u32) -> Running {
    let node = Running::start(configuration).await;
    for number in 0..count {
        node.archive.put(&Sample::number(number)).await;
    }
    node
}

#[tokio::test]
async fn every_level_of_both_models_is_found() {
    let node = filled(open(), 25).await;
    let mut association = node.associate(&[PATIENT_FIND, STUDY_FIND]).await;
    let study = Sample::number(13).study;
    type Case<'a> = (Model, Level, &'a [(Tag, &'a str)], usize);
    let cases: [Case; 7] = [
        (Model::PatientRoot, Level::Patient, &[(PATIENT_ID, "P-1"), (NAME, "王*")], 1),
        (Model::PatientRoot, Level::Patient, &[(PATIENT_ID, "P-2")], 0),
        (Model::PatientRoot, Level::Study, &[(STUDY_UID, ""), (NAME, "")], 3),
        (Model::StudyRoot, Level::Study, &[(STUDY_UID, &study)], 1),
        (Model::StudyRoot, Level::Series, &[(STUDY_UID, &study), (SERIES_UID, "")], 1),
        (Model::StudyRoot, Level::Instance, &[(STUDY_UID, &study), (INSTANCE_UID, "")], 10),
        (Model::StudyRoot, Level::Instance, &[(INSTANCE_UID, &Sample::number(3).instance)], 1),
    ];
    for (model, at, keys, count) in cases {
        let mut identifier: Attributes = keys.iter().map(|(tag, value)| text(*tag, value)).collect();
        identifier.extend([level(at)]);
        let (found, status) = find(&mut association, model, identifier.clone()).await;
        assert_eq!((found.len(), status), (count, Status::SUCCESS), "{model:?} {at:?}");
        for one in found {
            assert!(identifier.keys().all(|tag| one.contains_key(tag)), "each key is answered");
            assert_eq!(one[&RETRIEVE_AE_TITLE].values, ["PEONY"]);
            assert!(one.get(&NAME).is_none_or(|name| name.values == ["王^小明"]));
        }
    }
    let searches = node.archive.noted();
    for what in ["patient by PatientID, PatientName", "study", "study by StudyInstanceUID"] {
        assert!(searches.contains(&["SENDER", "search", what].map(str::to_owned)), "{what}: {searches:?}");
    }
    let (_, status) = find(&mut association, Model::StudyRoot, [level(Level::Patient)].into()).await;
    assert_eq!(status, Status::IDENTIFIER_DOES_NOT_MATCH, "that model has no patients");
    let (_, status) = find(&mut association, Model::PatientRoot, [text(NAME, "")].into()).await;
    assert_eq!(status, Status::IDENTIFIER_DOES_NOT_MATCH, "no level");
    association.release().await.unwrap();
}

#[tokio::test]
async fn a_date_that_is_none_is_refused_and_named() {
    const WORKLIST: &str = "1.2.840.10008.5.1.4.31";
    let node = Running::start(open()).await;
    let mut association = node.associate(&[STUDY_FIND, WORKLIST]).await;
    let studies = |date: &str| -> Attributes {
        [level(Level::Study), text(STUDY_UID, ""), text(Tag(0x0008, 0x0020), date)].into()
    };
    let steps = |date: &str| -> Attributes {
        let step = [text(Tag(0x0040, 0x0002), date)].into();
        [(Tag(0x0040, 0x0100), Attribute { vr: VR::SQ, values: Vec::new(), items: vec![step] })].into()
    };
    let study = "StudyDate is no date (YYYYMMDD or a range)";
    let step = "ScheduledProcedureStepStartDate is no date (YYYYMMDD or a range)";
    let refused = Status::IDENTIFIER_DOES_NOT_MATCH;
    for (class, keys, status, comment) in [
        (STUDY_FIND, studies("20251345"), refused, study),
        (STUDY_FIND, studies("20250101-20250229"), refused, study),
        (STUDY_FIND, studies("2025"), refused, study),
        (STUDY_FIND, studies("20240229-"), Status::SUCCESS, ""),
        (STUDY_FIND, studies(""), Status::SUCCESS, ""),
        (WORKLIST, steps("20251345"), refused, step),
        (WORKLIST, steps("-20261231"), Status::SUCCESS, ""),
    ] {
        let context = association.contexts().iter().find(|context| context.class.uid == class).unwrap();
        let context = context.clone();
        let request = Command::request(Operation::Find, 9, class).with_data_set();
        association.send_command(context.id, &request).await.unwrap();
        let keys = identifier::write(&context, &keys).unwrap();
        association.send_data_set(context.id, keys).await.unwrap();
        let answer = association.next_command().await.unwrap().unwrap().command;
        let said = answer.text(element::ERROR_COMMENT).unwrap_or_default();
        assert_eq!((answer.status(), said), (Some(status), comment));
    }
    association.release().await.unwrap();
}

#[tokio::test]
async fn more_than_a_page_is_found_and_a_cancel_is_heard() {
    let node = filled(open(), 230).await;
    let mut association = node.associate(&[STUDY_FIND]).await;
    let keys: Attributes = [level(Level::Instance), text(INSTANCE_UID, "")].into();
    let (found, status) = find(&mut association, Model::StudyRoot, keys.clone()).await;
    assert_eq!((found.len(), status), (230, Status::SUCCESS));

    let context = association.contexts()[0].clone();
    let request = Command::request(Operation::Find, 77, STUDY_FIND).with_data_set();
    let cancel = Command::request(Operation::Cancel, 77, STUDY_FIND);
    association.send_command(context.id, &request).await.unwrap();
    association.send_data_set(context.id, identifier::write(&context, &keys).unwrap()).await.unwrap();
    association.send_command(context.id, &cancel).await.unwrap();
    let mut statuses = Vec::new();
    while statuses.last().is_none_or(|last| *last == Status::PENDING) {
        let response = association.next_command().await.unwrap().unwrap().command;
        statuses.push(response.status().unwrap());
    }
    assert_eq!(statuses.pop(), Some(Status::CANCEL));
    assert!(statuses.len() < 230, "{}", statuses.len());
    // A cancel that comes too late does no harm.
    association.send_command(context.id, &cancel).await.unwrap();
    let (found, _) = find(&mut association, Model::StudyRoot, keys).await;
    assert_eq!(found.len(), 230);
    association.release().await.unwrap();
}

#[tokio::test]
async fn objects_are_got_into_an_archive() {
    const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
    let node = filled(open(), 12).await;
    let proposals = [
        Proposal { provides: true, ..proposal(US, &[EXPLICIT_LITTLE]) },
        proposal(STUDY_GET, &[EXPLICIT_LITTLE]),
        proposal(STUDY_MOVE, &[EXPLICIT_LITTLE]),
    ];
    let (ours, theirs) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
    let address = node.address.to_string();
    let mut association =
        connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
    let here = Folder::default();
    let study: Attributes = [level(Level::Study), text(STUDY_UID, &Sample::number(0).study)].into();
    let got = association.get(&here, Model::StudyRoot, &study, |_| ()).await.unwrap().unwrap();
    assert_eq!((got.status, got.completed, got.failed), (Status::SUCCESS, 10, 0));
    assert_eq!(here.count(), 10);
    for sample in (0..10).map(Sample::number) {
        assert!(here.kept(&sample.instance).unwrap().1 == sample.data_set());
    }
    // What this node does not take is counted by the other one.
    here.fill(true);
    let study: Attributes = [level(Level::Study), text(STUDY_UID, &Sample::number(10).study)].into();
    let got = association.get(&here, Model::StudyRoot, &study, |_| ()).await.unwrap().unwrap();
    assert_eq!((got.status, got.completed, got.failed), (Status::CANNOT_PERFORM, 0, 2));
    assert_eq!(got.failed_instances, [Sample::number(10).instance, Sample::number(11).instance]);
    let noted =
        |number| ["SENDER".to_owned(), "get".to_owned(), format!("study {}", Sample::number(number).study)];
    assert_eq!(node.archive.noted(), [noted(0), noted(10)], "who got what");
    assert!(
        association.get(&here, Model::PatientRoot, &study, |_| ()).await.unwrap().is_none(),
        "not proposed"
    );
    let moved = association
        .move_to(Model::StudyRoot, &study, &"WHO".parse().unwrap(), |_| ())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(moved.status, Status::UNKNOWN_DESTINATION);
    let pattern: Attributes = [level(Level::Study), text(STUDY_UID, "1.2*")].into();
    let got = association.get(&here, Model::StudyRoot, &pattern, |_| ()).await.unwrap().unwrap();
    assert_eq!(got.status, Status::IDENTIFIER_DOES_NOT_MATCH, "a pattern would ask for everything");
    association.release().await.unwrap();
}

/// Asks for a move, and gives all responses with the UIDs that the last one says failed.
async fn moved(node: &Running, to: &str, keys: Attributes) -> (Vec<Command>, Vec<String>) {
    moved_by(node, STUDY_MOVE, to, keys).await
}

async fn moved_by(node: &Running, model: &str, to: &str, keys: Attributes) -> (Vec<Command>, Vec<String>) {
    let mut association = node.associate(&[model]).await;
    let context = association.contexts()[0].clone();
    let request =
        Command::request(Operation::Move, 5, model).text_of(element::MOVE_DESTINATION, to).with_data_set();
    association.send_command(context.id, &request).await.unwrap();
    association.send_data_set(context.id, identifier::write(&context, &keys).unwrap()).await.unwrap();
    let (mut responses, mut failed) = (Vec::<Command>::new(), Vec::new());
    while responses.last().is_none_or(|last| last.status() == Some(Status::PENDING)) {
        let response = association.next_command().await.unwrap().unwrap().command;
        assert!(response.answers(&request));
        if response.has_data_set() {
            let bytes = association.small_data_set(1 << 20).await.unwrap().unwrap();
            failed = identifier::values(&identifier::read(&context, &bytes).unwrap(), FAILED_INSTANCES);
        }
        responses.push(response);
    }
    association.release().await.unwrap();
    (responses, failed)
}

/// Remaining, completed, failed, with a warning.
fn counts(response: &Command) -> [Option<u16>; 4] {
    [
        element::REMAINING_SUB_OPERATIONS,
        element::COMPLETED_SUB_OPERATIONS,
        element::FAILED_SUB_OPERATIONS,
        element::WARNING_SUB_OPERATIONS,
    ]
    .map(|element| response.number(element))
}

/// The list of those that failed has one value, of 65,534 bytes at most.
#[tokio::test]
async fn of_more_failures_than_can_be_listed_as_many_are_as_fit() {
    const COUNT: u32 = 2400;
    let down = Peer {
        ae_title: "DOWN".parse().unwrap(),
        address: Some("127.0.0.1:9".to_owned()),
        tls: false,
        commits: false,
        retrieve: None,
        certificate: None,
    };
    let node = filled(Configuration { peers: vec![down], ..open() }, COUNT).await;
    let everything: Attributes = [level(Level::Patient), text(PATIENT_ID, "P-1")].into();
    let (responses, failed) = moved_by(&node, PATIENT_MOVE, "DOWN", everything).await;
    let last = responses.last().unwrap();
    assert_eq!(last.status(), Some(Status::CANNOT_PERFORM));
    assert_eq!(counts(last), [None, Some(0), Some(COUNT as u16), Some(0)]);
    let bytes: usize = failed.iter().map(|uid| uid.len() + 1).sum();
    assert!((65_534 - 65..=65_534).contains(&bytes), "{} in {bytes} bytes", failed.len());
    for (number, uid) in failed.iter().enumerate() {
        assert_eq!(*uid, Sample::number(number as u32).instance);
    }
}

#[tokio::test]
async fn a_move_counts_what_arrives_what_fails_and_what_is_doubtful() {
    let there = Running::start(Configuration::open("THERE".parse().unwrap())).await;
    let peer = |title: &str, address| Peer {
        ae_title: title.parse().unwrap(),
        address,
        tls: false,
        commits: false,
        retrieve: None,
        certificate: None,
    };
    let peers = vec![
        peer("THERE", Some(there.address.to_string())),
        peer("NOWHERE", None),
        // Nothing listens on the discard port.
        peer("DOWN", Some("127.0.0.1:9".to_owned())),
    ];
    let node = filled(Configuration { peers, ..open() }, 12).await;
    let study = |number| -> Attributes {
        [level(Level::Study), text(STUDY_UID, &Sample::number(number).study)].into()
    };

    let (responses, failed) = moved(&node, "THERE", study(0)).await;
    assert_eq!((responses.len(), failed.len()), (10, 0));
    assert_eq!(counts(&responses[0]), [Some(9), Some(1), Some(0), Some(0)]);
    assert_eq!(counts(&responses[9]), [None, Some(10), Some(0), Some(0)]);
    assert_eq!(responses[9].status(), Some(Status::SUCCESS));
    assert_eq!(there.archive.count(), 10);
    let what = format!("study {} to THERE", Sample::number(0).study);
    assert_eq!(node.archive.noted(), [["SENDER", "move", what.as_str()].map(str::to_owned)]);
    let sample = Sample::number(7);
    assert!(there.archive.kept(&sample.instance).unwrap().1 == sample.data_set());

    // One of two is doubtful there.
    there.archive.put(&Sample { patient: "李^芳", ..Sample::number(10) }).await;
    let (responses, failed) = moved(&node, "THERE", study(10)).await;
    let last = responses.last().unwrap();
    assert_eq!(counts(last), [None, Some(1), Some(0), Some(1)]);
    assert_eq!((last.status(), failed.len()), (Some(Status::SOME_FAILED), 0));

    // One cannot be read here: the other one is sent all the same.
    node.archive.damage(&Sample::number(0).instance);
    let (responses, failed) = moved(&node, "THERE", study(0)).await;
    let last = responses.last().unwrap();
    assert_eq!(counts(last), [None, Some(9), Some(1), Some(0)]);
    assert_eq!((last.status(), failed), (Some(Status::SOME_FAILED), vec![Sample::number(0).instance]));

    there.archive.fill(true);
    let (responses, failed) = moved(&node, "THERE", study(10)).await;
    assert_eq!(responses.last().unwrap().status(), Some(Status::CANNOT_PERFORM));
    assert_eq!(failed, [Sample::number(10).instance, Sample::number(11).instance]);

    let (responses, failed) = moved(&node, "DOWN", study(10)).await;
    assert_eq!(responses.last().unwrap().status(), Some(Status::CANNOT_PERFORM));
    assert_eq!(failed.len(), 2);
    for unknown in ["NOWHERE", "WHO"] {
        let (responses, _) = moved(&node, unknown, study(10)).await;
        assert_eq!(responses.last().unwrap().status(), Some(Status::UNKNOWN_DESTINATION));
    }
    let (responses, _) = moved(&node, "THERE", study(500)).await;
    assert_eq!(responses.last().unwrap().status(), Some(Status::SUCCESS), "nothing matched");
    let (responses, _) = moved(&node, "THERE", [level(Level::Study)].into()).await;
    assert_eq!(responses.last().unwrap().status(), Some(Status::IDENTIFIER_DOES_NOT_MATCH));
}
