//! The services over the store that the program has.

use std::sync::Arc;
use std::time::Duration;

use peony_dicom::{Attribute, Attributes, Level, Tag, VR};
use peony_node::archive::{Question, Which};
use peony_node::command::{Command, Operation, element};
use peony_node::identifier::{self, INSTANCE_UID, PATIENT_ID, STUDY_UID};
use peony_node::sop_class::{COMMITMENT, Model};
use peony_node::status::Status;
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Archive, Association, Configuration, Peer, Proposal, Transport, connect};
use peony_store::made_up::{self, Pixels};
use peony_store::{Options, Store};

use crate::kit::{Folder, NAME, Running, Sample, US, level, open, parts, proposal, text};

const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
const PATIENT_FIND: &str = "1.2.840.10008.5.1.4.1.2.1.1";
const PATIENT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.1.2";

async fn store(association: &mut Association, sample: &Sample) -> Status {
    let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
    stored.unwrap().unwrap()
}

async fn find(association: &mut Association, model: Model, keys: Attributes) -> Vec<Attributes> {
    let mut found = Vec::new();
    let status = association.find(model, &keys, |one| found.push(one)).await.unwrap();
    assert_eq!(status, Some(Status::SUCCESS));
    found
}

pub async fn opened(folder: &std::path::Path) -> Store {
    Store::open(&Options { keep_free: 0, ..Options::in_folder(folder) }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_study_is_found_by_its_own_name_and_a_patient_without_a_study_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let archive = opened(folder.path()).await;
    let put = async |number: u64, id: &str, name: &str, study: &str| {
        let mut said = made_up::attributes(number);
        said.extend(
            [(PATIENT_ID, id), (NAME, name), (STUDY_UID, study)].map(|(tag, said)| (tag, said.to_owned())),
        );
        let file = made_up::file(&said, Pixels::Native { frames: 1, size: [16, 16] }, number);
        archive.receive("PROBE", parts(file)).await.unwrap();
    };
    put(10, "7", "Wang^Fang", "1.2.10").await;
    put(12, "7", "Li^Na", "1.2.12").await;
    // Of a study that is somebody else's: of the one with this identifier nothing is there.
    put(14, "9", "Zhao^Min", "1.2.10").await;
    let mut node = Running::start_over(Transport::Plain, archive.clone(), open()).await;
    let mut association = node.associate(&[STUDY_FIND, PATIENT_FIND]).await;
    for (model, at, keys, expect) in [
        (Model::PatientRoot, Level::Patient, [(PATIENT_ID, ""), (NAME, "")], &["7 Li^Na", "7 Wang^Fang"][..]),
        (Model::PatientRoot, Level::Patient, [(PATIENT_ID, "9"), (NAME, "")], &[]),
        (Model::PatientRoot, Level::Study, [(PATIENT_ID, "7"), (NAME, "")], &["7 Li^Na", "7 Wang^Fang"]),
        (Model::StudyRoot, Level::Study, [(PATIENT_ID, ""), (NAME, "LI*")], &["7 Li^Na"]),
        (Model::StudyRoot, Level::Study, [(PATIENT_ID, ""), (NAME, "Wang*")], &["7 Wang^Fang"]),
        (Model::StudyRoot, Level::Series, [(STUDY_UID, "1.2.12"), (NAME, "")], &["7 Li^Na"]),
        (Model::StudyRoot, Level::Instance, [(STUDY_UID, "1.2.12"), (NAME, "")], &["7 Li^Na"]),
    ] {
        let asked =
            keys.into_iter().chain([(PATIENT_ID, "")].into_iter().filter(|_| keys[0].0 != PATIENT_ID));
        let keys: Attributes = asked.map(|(tag, value)| text(tag, value)).chain([level(at)]).collect();
        let found = find(&mut association, model, keys).await;
        let said = |one: &Attributes| [PATIENT_ID, NAME].map(|tag| one[&tag].values.join("")).join(" ");
        let mut found: Vec<String> = found.iter().map(said).collect();
        found.sort();
        assert_eq!(found, expect, "{model:?} {at:?}");
    }
    association.release().await.unwrap();
    node.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_found_moved_and_there_after_the_end() {
    let there = Running::start(Configuration::open("THERE".parse().unwrap())).await;
    let address = Some(there.address.to_string());
    let peers = vec![Peer {
        ae_title: "THERE".parse().unwrap(),
        address,
        tls: false,
        commits: false,
        retrieve: None,
        certificate: None,
    }];
    let folder = tempfile::tempdir().unwrap();
    let archive = opened(folder.path()).await;
    let configuration = Configuration { peers, ..open() };
    let mut node = Running::start_over(Transport::Plain, archive.clone(), configuration).await;
    let mut association = node.associate(&[US, STUDY_FIND, PATIENT_FIND, PATIENT_MOVE]).await;
    let samples: Vec<Sample> = (0..25).map(Sample::number).collect();
    for sample in &samples {
        assert_eq!(store(&mut association, sample).await, Status::SUCCESS);
    }
    assert_eq!(store(&mut association, &samples[3]).await, Status::SUCCESS);
    let other = Sample { pixels: 128 * 64, ..samples[3].clone() };
    assert_eq!(store(&mut association, &other).await, Status::KEPT_ASIDE);
    let instance = samples[3].as_instance();
    for damaged in [Vec::new(), samples[3].data_set()[..100].to_vec()] {
        let stored = association.store(&instance, parts(damaged), None).await.unwrap();
        assert_eq!(stored, Some(Status::CANNOT_UNDERSTAND));
    }

    // What says which one it is is answered, asked for or not; what nothing is matched by is said.
    let keys = [level(Level::Series), text(STUDY_UID, &samples[13].study)];
    let series = find(&mut association, Model::StudyRoot, keys.clone().into()).await;
    let said = [PATIENT_ID, STUDY_UID].map(|tag| series[0][&tag].values.clone());
    assert_eq!(said, [vec!["P-1".to_owned()], vec![samples[13].study.clone()]]);
    let step = |id: &str| -> Attributes {
        let within = [text(Tag(0x0040, 0x0009), id)].into();
        let request = Attribute { vr: VR::SQ, values: vec![], items: vec![within] };
        [text(STUDY_UID, &samples[13].study), (Tag(0x0040, 0x0275), request)].into()
    };
    for (id, passed_over) in [("NOPE", vec![Tag(0x0040, 0x0275)]), ("", vec![])] {
        let question = Question { level: Level::Series, keys: step(id) };
        assert_eq!(Archive::find(&archive, &question, None, 10).await.unwrap().passed_over, passed_over);
    }

    let studies =
        find(&mut association, Model::StudyRoot, [level(Level::Study), text(NAME, "王*")].into()).await;
    assert_eq!(studies.len(), 3);
    assert!(studies.iter().all(|study| study[&NAME].values == ["王^小明"]));
    let keys = [level(Level::Study), text(STUDY_UID, &samples[13].study), text(Tag(0x0020, 0x1208), "")];
    let study = find(&mut association, Model::StudyRoot, keys.into()).await;
    assert_eq!(study[0][&Tag(0x0020, 0x1208)].values, ["10"], "Number of Study Related Instances");
    let keys = [level(Level::Patient), text(PATIENT_ID, "P-1"), text(NAME, "")];
    assert_eq!(find(&mut association, Model::PatientRoot, keys.into()).await.len(), 1);
    let counts = [0x1200, 0x1202, 0x1204].map(|element| Tag(0x0020, element));
    for (model, at) in [(Model::PatientRoot, Level::Patient), (Model::StudyRoot, Level::Study)] {
        let keys = [level(at), text(PATIENT_ID, "P-1")].into_iter();
        let found =
            find(&mut association, model, keys.chain(counts.map(|tag| text(tag, ""))).collect()).await;
        let said = counts.map(|tag| found[0][&tag].values.join(""));
        assert_eq!(said, ["3", "3", "25"], "studies, series and instances of the patient");
    }
    let keys = [level(Level::Instance), text(STUDY_UID, &samples[13].study), text(INSTANCE_UID, "")];
    assert_eq!(find(&mut association, Model::StudyRoot, keys.into()).await.len(), 10);

    let context =
        association.contexts().iter().find(|context| context.class.uid == PATIENT_MOVE).unwrap().clone();
    let request = Command::request(Operation::Move, 500, PATIENT_MOVE)
        .text_of(element::MOVE_DESTINATION, "THERE")
        .with_data_set();
    let keys: Attributes = [level(Level::Patient), text(PATIENT_ID, "P-1")].into();
    association.send_command(context.id, &request).await.unwrap();
    association.send_data_set(context.id, identifier::write(&context, &keys).unwrap()).await.unwrap();
    let mut last = Some(Status::PENDING);
    while last == Some(Status::PENDING) {
        last = association.next_command().await.unwrap().unwrap().command.status();
    }
    assert_eq!(last, Some(Status::SUCCESS));
    for sample in &samples {
        assert!(there.archive.kept(&sample.instance).unwrap().1 == sample.data_set());
    }
    association.release().await.unwrap();
    node.stop();
    node.task.await.unwrap();
    archive.close().await;
    drop((archive, node.archive));

    let again = opened(folder.path()).await;
    let patient = Which { patients: vec!["P-1".to_owned()], ..Which::default() };
    assert_eq!(Archive::instances(&again, &patient).await.unwrap().len(), samples.len());
}

/// A file of two frames, of which the first one is decoded here and the second is not.
fn half_decoded(sample: &Sample, folder: &std::path::Path) -> Vec<u8> {
    let path = folder.join("half.dcm");
    sample.write(&path);
    let mut file = std::fs::read(path).unwrap();
    let at = |file: &[u8], what: &[u8]| file.windows(what.len()).position(|part| part == what).unwrap();
    let syntax = at(&file, b"1.2.840.10008.1.2.1\0");
    file[syntax + 18] = b'5';
    let rows = at(&file, b"\x28\0\x10\0US");
    file.splice(rows..rows, *b"\x28\0\x08\0IS\x02\x002 ");
    file.truncate(at(&file, b"\xE0\x7F\x10\0OB"));
    // Run lengths (PS3.5 Annex G): one segment of runs of 128; and one that is somewhere else.
    let frame = |offset: u8| {
        [&[1, 0, 0, 0, offset, 0, 0, 0], &[0; 56][..], &[129, 7].repeat(sample.pixels / 128)].concat()
    };
    file.extend(b"\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\0\0\0\0");
    for frame in [frame(64), frame(255)] {
        file.extend(b"\xFE\xFF\0\xE0");
        file.extend((frame.len() as u32).to_le_bytes());
        file.extend(frame);
    }
    file.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
    file
}

/// Once on its way an object cannot be taken back: the association ends where a later frame is not decoded, the first time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_decoded_half_way_is_known_the_next_time_and_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let archive = opened(folder.path()).await;
    let mut samples: Vec<Sample> = (0..3).map(Sample::number).collect();
    // So much that what is in front of the second frame has gone out when that is met.
    samples[1].pixels = 64 * 32_768;
    for (number, sample) in samples.iter().enumerate() {
        let path = folder.path().join("sample.dcm");
        sample.write(&path);
        let whole = std::fs::read(&path).unwrap();
        let file = if number == 1 { half_decoded(sample, folder.path()) } else { whole };
        archive.receive("TEST", parts(file)).await.unwrap();
    }
    let node = Running::start_over(Transport::Plain, archive, open()).await;
    let proposals = [
        proposal(STUDY_GET, &[EXPLICIT_LITTLE]),
        Proposal { provides: true, ..proposal(US, &[EXPLICIT_LITTLE]) },
    ];
    let keys: Attributes = [level(Level::Study), text(STUDY_UID, &samples[0].study)].into();
    for known in [false, true] {
        let (ours, theirs) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
        let address = node.address.to_string();
        let mut association =
            connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
        let here = Folder::default();
        let got = association.get(&here, Model::StudyRoot, &keys, |_| {}).await;
        if !known {
            assert!(got.is_err(), "{got:?}");
            assert_eq!(here.count(), 1, "what was sent before it");
            continue;
        }
        let got = got.unwrap().unwrap();
        assert_eq!((got.completed, got.failed, got.status), (2, 1, Status::SOME_FAILED));
        assert_eq!(got.failed_instances, [samples[1].instance.clone()]);
        assert!(here.kept(&samples[2].instance).is_some(), "what is behind it comes");
        association.release().await.unwrap();
    }
}

/// A maker's own class, and one of a later edition of the standard, are kept and handed out like any other; what the standard has for something
/// else is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_every_class_are_kept_unless_the_configuration_says_otherwise() {
    const PRIVATE: &str = "1.2.840.113619.4.30";
    const LATER: &str = "1.2.840.10008.5.1.4.1.1.999.1";
    const PRINT: &str = "1.2.840.10008.5.1.1.9";
    let folder = tempfile::tempdir().unwrap();
    let archive = opened(folder.path()).await;
    let node = Running::start_over(Transport::Plain, archive.clone(), open()).await;
    let samples = [PRIVATE, LATER].map(|class| {
        let number = if class == PRIVATE { 1 } else { 2 };
        Sample { class, ..Sample::number(number) }
    });
    let propose = |classes: &[&'static str]| -> Vec<Proposal> {
        let taken = classes.iter().map(|uid| proposal(uid, &[EXPLICIT_LITTLE]));
        let got = classes.iter().map(|uid| proposal(uid, &[EXPLICIT_LITTLE]));
        let got = got.map(|one| Proposal { provides: true, ..one });
        taken
            .chain([proposal(STUDY_FIND, &[EXPLICIT_LITTLE]), proposal(STUDY_GET, &[EXPLICIT_LITTLE])])
            .chain(got)
            .collect()
    };
    let associate = async |proposals: &[Proposal]| {
        let (ours, theirs) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
        connect(&node.address.to_string(), None, &ours, &theirs, proposals, &Default::default())
            .await
            .unwrap()
    };
    let mut sender = node.associate(&[PRIVATE, LATER]).await;
    for sample in &samples {
        assert_eq!(store(&mut sender, sample).await, Status::SUCCESS, "{}", sample.class);
    }
    // What else may be meant by a maker's class is not done.
    let context = sender.contexts()[0].clone();
    let create = Command::request(Operation::Create, 9, PRIVATE);
    sender.send_command(context.id, &create).await.unwrap();
    let answer = sender.next_command().await.unwrap().unwrap();
    assert_eq!(answer.command.status(), Some(Status::UNRECOGNIZED_OPERATION));
    sender.release().await.unwrap();

    let mut asker = associate(&propose(&[PRIVATE, LATER])).await;
    let keys: Attributes =
        [level(Level::Instance), text(STUDY_UID, &samples[0].study), text(Tag(0x0008, 0x0016), "")].into();
    let found = find(&mut asker, Model::StudyRoot, keys).await;
    let mut classes: Vec<_> = found.iter().map(|one| one[&Tag(0x0008, 0x0016)].values.join("")).collect();
    classes.sort();
    assert_eq!(classes, [LATER, PRIVATE]);
    let here = Folder::default();
    let study: Attributes = [level(Level::Study), text(STUDY_UID, &samples[0].study)].into();
    let got = asker.get(&here, Model::StudyRoot, &study, |_| {}).await.unwrap().unwrap();
    assert_eq!((got.completed, got.failed, got.status), (2, 0, Status::SUCCESS));
    for sample in &samples {
        assert!(here.kept(&sample.instance).unwrap().1 == sample.data_set(), "{}", sample.class);
    }
    asker.release().await.unwrap();

    node.configuration.send_modify(|configuration| Arc::make_mut(configuration).unknown_classes = false);
    let mut choosy = associate(&propose(&[PRIVATE, US])).await;
    let refused = choosy.store(&samples[0].as_instance(), parts(samples[0].data_set()), None).await;
    assert_eq!(refused.unwrap(), None);
    let agreed: Vec<_> = choosy.contexts().iter().map(|context| context.class.uid.to_string()).collect();
    assert_eq!(agreed, [US, STUDY_FIND, STUDY_GET, US]);
    choosy.release().await.unwrap();
    assert!(peony_node::sop_class::of(PRINT).is_none());
}

/// The content of a structured report is a tree (PS3.3 §C.17.3), and may be deep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_nested_deep_is_kept_found_and_handed_out_unchanged() {
    const REPORT: &str = "1.2.840.10008.5.1.4.1.1.88.33";
    let folder = tempfile::tempdir().unwrap();
    let node = Running::start_over(Transport::Plain, opened(folder.path()).await, open()).await;
    let proposals = [
        proposal(REPORT, &[EXPLICIT_LITTLE]),
        proposal(STUDY_FIND, &[EXPLICIT_LITTLE]),
        proposal(STUDY_GET, &[EXPLICIT_LITTLE]),
        Proposal { provides: true, ..proposal(REPORT, &[EXPLICIT_LITTLE]) },
    ];
    let (ours, theirs) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
    let address = node.address.to_string();
    let mut association =
        connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
    for (number, depth, expect) in
        [(1, 40, Status::SUCCESS), (2, 64, Status::SUCCESS), (3, 65, Status::CANNOT_UNDERSTAND)]
    {
        let sample = Sample { class: REPORT, ..Sample::number(number) };
        let mut data_set = sample.data_set();
        data_set.truncate(data_set.len() - sample.pixels - b"\xE0\x7F\x10\0OB\0\0\0\0\0\0".len());
        data_set.extend(made_up::content_tree(depth));
        let stored = association.store(&sample.as_instance(), parts(data_set.clone()), None).await;
        assert_eq!(stored.unwrap(), Some(expect), "{depth}");
        let keys: Attributes =
            [level(Level::Instance), text(STUDY_UID, &sample.study), text(INSTANCE_UID, &sample.instance)]
                .into();
        let is_kept = expect == Status::SUCCESS;
        let found = find(&mut association, Model::StudyRoot, keys.clone()).await;
        assert_eq!(found.len(), usize::from(is_kept), "{depth}");
        if is_kept {
            let mut keys = keys;
            keys.extend([text(identifier::SERIES_UID, &sample.series)]);
            let here = Folder::default();
            let got = association.get(&here, Model::StudyRoot, &keys, |_| {}).await.unwrap().unwrap();
            assert_eq!((got.completed, got.status), (1, Status::SUCCESS), "{depth}");
            assert!(here.kept(&sample.instance).unwrap().1 == data_set, "{depth}");
        }
    }
    association.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_study_is_complete_when_all_of_it_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let archive = opened(folder.path()).await;
    let node = Running::start_over(Transport::Plain, archive.clone(), open()).await;
    let mut association = node.associate(&[US, COMMITMENT]).await;
    let samples: Vec<Sample> = (0..3).map(Sample::number).collect();
    for sample in &samples {
        assert_eq!(store(&mut association, sample).await, Status::SUCCESS);
    }
    let all: Vec<_> = samples.iter().map(Sample::as_instance).collect();
    let missing = [&all[..], &[Sample::number(4).as_instance()]].concat();
    for (asked, complete) in [(&all[1..], 0), (&missing[..], 0), (&all[..], 1)] {
        let (_, status) = association.commit(&archive, asked).await.unwrap().unwrap();
        assert_eq!(status, Status::SUCCESS);
        assert!(association.hear_report(&archive, Duration::from_secs(30)).await.unwrap());
        let events = archive.events_after(0, 100).await.unwrap();
        let events = events.iter().filter(|event| event.kind == "study-complete");
        assert_eq!(events.count(), complete, "{} asked for", asked.len());
    }
}
