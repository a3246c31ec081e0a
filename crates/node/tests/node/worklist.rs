//! A modality's worklist and its performed steps, over the store that the program has.

use peony_dicom::{Attribute, Attributes, Tag, VR};
use peony_node::command::{Command, Operation, element};
use peony_node::identifier::{self, PATIENT_ID, STUDY_UID};
use peony_node::sop_class::{PERFORMED_STEP, WORKLIST};
use peony_node::status::Status;
use peony_node::{Association, Transport};
use peony_store::{Order, Store};

use crate::in_store::opened;
use crate::kit::{NAME, Running, Sample, US, open, parts, text};
use crate::peer::{dcmtk, pynetdicom, said};

const STEPS: Tag = Tag(0x0040, 0x0100);
const STATION: Tag = Tag(0x0040, 0x0001);
const DATE: Tag = Tag(0x0040, 0x0002);
const TIME: Tag = Tag(0x0040, 0x0003);
const STEP_ID: Tag = Tag(0x0040, 0x0009);
const LOCATION: Tag = Tag(0x0040, 0x0011);
const STATUS: Tag = Tag(0x0040, 0x0020);
const PERFORMED_STATUS: Tag = Tag(0x0040, 0x0252);
const END_DATE: Tag = Tag(0x0040, 0x0250);
const END_TIME: Tag = Tag(0x0040, 0x0251);
const SCHEDULED: Tag = Tag(0x0040, 0x0270);
const SERIES: Tag = Tag(0x0040, 0x0340);
const IMAGES: Tag = Tag(0x0008, 0x1140);
const REFERENCED_INSTANCE: Tag = Tag(0x0008, 0x1155);

fn order(number: u32, date: &str, station: &str) -> Order {
    Order {
        patient_id: format!("P-{number}"),
        patient_name: format!("WANG^FANG{number}=王^芳"),
        study_uid: Sample::number(number).study,
        procedure: "Breast ultrasound".to_owned(),
        accession: format!("A{number}"),
        station: station.to_owned(),
        date: date.to_owned(),
        time: "0930".to_owned(),
        ..Order::default()
    }
}

async fn node(folder: &std::path::Path) -> (Running<Store>, Store) {
    let store = opened(folder).await;
    (Running::start_over(Transport::Plain, store.clone(), open()).await, store)
}

fn sequence(tag: Tag, item: Attributes) -> (Tag, Attribute) {
    (tag, Attribute { vr: VR::SQ, values: Vec::new(), items: vec![item] })
}

async fn worklist(association: &mut Association, keys: Attributes) -> Vec<Attributes> {
    let mut found = Vec::new();
    let status = association.worklist(&keys, |item| found.push(item)).await.unwrap();
    assert_eq!(status, Some(Status::SUCCESS));
    found
}

#[tokio::test]
async fn a_worklist_shows_what_is_not_performed_yet() {
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(folder.path()).await;
    for (number, date, station) in
        [(10, "20261126", "US_1"), (20, "20261126", "US_2"), (30, "20261127", ""), (40, "20261201", "US_1")]
    {
        store.add_order(&order(number, date, station), "test").await.unwrap();
    }
    let mut association = node.associate(&[WORKLIST]).await;
    let step = |keys: &[(Tag, &str)]| -> Attributes {
        let keys: Attributes = keys.iter().map(|(tag, key)| text(*tag, key)).collect();
        [sequence(STEPS, keys), text(PATIENT_ID, ""), text(NAME, ""), text(STUDY_UID, "")].into()
    };
    let ids = |found: &[Attributes]| -> Vec<String> {
        found.iter().map(|item| item[&PATIENT_ID].values[0].clone()).collect()
    };
    for (keys, expected) in [
        (vec![], vec!["P-10", "P-20", "P-30", "P-40"]),
        (vec![(STATION, "US_1")], vec!["P-10", "P-30", "P-40"]),
        (vec![(STATION, "US_1"), (DATE, "20261126")], vec!["P-10"]),
        (vec![(DATE, "20261127-")], vec!["P-30", "P-40"]),
        (vec![(DATE, "20261126-20261130"), (LOCATION, "ROOM 4")], vec!["P-10", "P-20", "P-30"]),
    ] {
        assert_eq!(ids(&worklist(&mut association, step(&keys)).await), expected, "{keys:?}");
    }
    let mut keys = step(&[(STATION, ""), (STEP_ID, ""), (STATUS, ""), (LOCATION, "")]);
    keys.extend([text(NAME, "王*"), text(PATIENT_ID, "P-10")]);
    let found = worklist(&mut association, keys).await;
    let item = &found[0][&STEPS].items[0];
    assert_eq!((found.len(), &found[0][&NAME].values), (1, &vec!["WANG^FANG10=王^芳".to_owned()]));
    assert_eq!(found[0][&STUDY_UID].values, [Sample::number(10).study]);
    assert_eq!((item[&STATION].values[0].as_str(), item[&STATUS].values[0].as_str()), ("US_1", "SCHEDULED"));
    assert!(item[&LOCATION].values.is_empty() && !item.contains_key(&DATE), "what was asked, and no more");
}

/// A station and a start must have values in an answer (PS3.4 Table K.6-1): a machine need not take an item without.
#[tokio::test]
async fn an_order_for_every_station_is_of_the_one_that_asks() {
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(folder.path()).await;
    let untimed = Order { time: String::new(), ..order(10, "20261126", "") };
    store.add_order(&untimed, "test").await.unwrap();
    let mut association = node.associate(&[WORKLIST]).await;
    for (asked, said) in
        [("", "SENDER"), ("US_7", "US_7"), ("US_*", "SENDER"), ("*", "SENDER"), ("US_7\\US_8", "SENDER")]
    {
        let asked: Vec<String> = asked.split('\\').filter(|one| !one.is_empty()).map(str::to_owned).collect();
        let step: Attributes = [
            (STATION, Attribute::of(STATION, asked.clone())),
            text(DATE, "20261126"),
            text(TIME, "1000-1200"),
        ]
        .into();
        let found = worklist(&mut association, [sequence(STEPS, step)].into()).await;
        assert_eq!(found.len(), 1, "{asked:?}");
        let step = &found[0][&STEPS].items[0];
        assert_eq!([&step[&STATION].values, &step[&TIME].values], [&[said], &["0000"]], "{asked:?}");
    }
    // The whole step, where nothing of it is asked for by name; and nothing that was not asked for.
    let whole = worklist(&mut association, [text(STEPS, "")].into()).await;
    assert_eq!(whole[0][&STEPS].items[0][&STATION].values, ["SENDER"]);
    let date = worklist(&mut association, [sequence(STEPS, [text(DATE, "")].into())].into()).await;
    assert_eq!(date[0][&STEPS].items[0].len(), 1);
}

#[tokio::test]
async fn more_orders_than_a_page_come_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(folder.path()).await;
    for number in 0..450 {
        store.add_order(&order(number, "20261126", ""), "test").await.unwrap();
    }
    let mut association = node.associate(&[WORKLIST]).await;
    assert_eq!(worklist(&mut association, [text(PATIENT_ID, "")].into()).await.len(), 450);
    assert_eq!(worklist(&mut association, [text(PATIENT_ID, "P-44?")].into()).await.len(), 10);
}

#[tokio::test]
async fn dcmtk_asks_for_the_worklist_by_a_dumped_question() {
    let (Some(mut dump2dcm), Some(mut findscu)) = (dcmtk("dump2dcm"), dcmtk("findscu")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(&folder.path().join("data")).await;
    for (number, station) in [(10, "US_1"), (20, "US_2")] {
        store.add_order(&order(number, "20261126", station), "test").await.unwrap();
    }
    let [dump, question, answers] =
        ["question.txt", "question.dcm", "answers"].map(|name| folder.path().join(name));
    let lines = [
        "(0008,0050) SH []",
        "(0010,0010) PN []",
        "(0010,0020) LO []",
        "(0020,000d) UI []",
        "(0040,0100) SQ (Sequence with explicit length #=1)",
        "(fffe,e000) na (Item with explicit length #=3)",
        "(0008,0060) CS [US]",
        "(0040,0001) AE [US_1]",
        "(0040,0002) DA [20261126]",
        "(0040,0009) SH []",
        "(fffe,e00d) na (ItemDelimitationItem for re-encoding)",
        "(fffe,e0dd) na (SequenceDelimitationItem for re-encoding)",
    ];
    std::fs::write(&dump, lines.join("\n")).unwrap();
    std::fs::create_dir(&answers).unwrap();
    said({
        dump2dcm.arg(&dump).arg(&question);
        dump2dcm
    })
    .await;
    findscu.args(["-W", "-X", "-aet", "US_1", "-aec", "PEONY", "-od"]).arg(&answers);
    findscu.args(["127.0.0.1", &node.address.port().to_string()]).arg(&question);
    said(findscu).await;
    let found: Vec<_> = std::fs::read_dir(&answers).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(found.len(), 1);
    let answer = peony_dicom::outline(&std::fs::File::open(&found[0]).unwrap()).unwrap();
    assert_eq!(answer.text(PATIENT_ID), "P-10");
    assert_eq!(answer.text(NAME), "WANG^FANG10=王^芳");
    assert_eq!(answer.text(STUDY_UID), Sample::number(10).study);
}

fn ended() -> [(Tag, Attribute); 2] {
    [text(END_DATE, "20261126"), text(END_TIME, "094500")]
}

/// A step of an order with the instances of which it says that they were made.
pub fn performed(status: &str, sample: &Sample, step_id: &str, instances: &[&Sample]) -> Attributes {
    let scheduled = [text(STUDY_UID, &sample.study), text(STEP_ID, step_id)].into();
    let images = instances.iter().map(|made| [text(REFERENCED_INSTANCE, &made.instance)].into()).collect();
    let series = [(IMAGES, Attribute { vr: VR::SQ, values: Vec::new(), items: images })].into();
    let mut step: Attributes =
        [text(PERFORMED_STATUS, status), sequence(SCHEDULED, scheduled), sequence(SERIES, series)].into();
    if status == "COMPLETED" {
        step.extend(ended());
    }
    step
}

/// The status of N-CREATE or N-SET, and the number of its error.
pub async fn say(
    association: &mut Association,
    operation: Operation,
    uid: &str,
    step: &Attributes,
) -> (Status, Option<u16>) {
    let context =
        association.contexts().iter().find(|context| context.class.uid == PERFORMED_STEP).cloned().unwrap();
    let instance = match operation {
        Operation::Create => element::AFFECTED_SOP_INSTANCE_UID,
        _ => element::REQUESTED_SOP_INSTANCE_UID,
    };
    let request = Command::request(operation, 7, PERFORMED_STEP).text_of(instance, uid).with_data_set();
    association.send_command(context.id, &request).await.unwrap();
    association.send_data_set(context.id, identifier::write(&context, step).unwrap()).await.unwrap();
    let response = association.next_command().await.unwrap().unwrap().command;
    assert!(response.answers(&request), "{:?}", response.status());
    (response.status().unwrap(), response.number(element::ERROR_ID))
}

async fn events(store: &Store) -> Vec<(String, String)> {
    let events = store.events_after(0, 100).await.unwrap();
    let told = events.into_iter().filter(|event| event.kind != "arrived");
    told.map(|event| (event.kind, event.study_uid)).collect()
}

#[tokio::test]
async fn a_performed_step_goes_from_order_to_complete_study_and_no_further() {
    const STEP: &str = "1.2.3.4.5";
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(folder.path()).await;
    let [first, second] = [10, 11].map(Sample::number);
    let kept = store.add_order(&order(10, "20261126", ""), "test").await.unwrap();
    let mut association = node.associate(&[WORKLIST, PERFORMED_STEP, US]).await;
    let said = |status: &str| performed(status, &first, &kept.step_id, &[&first, &second]);

    let completed = say(&mut association, Operation::Create, STEP, &said("COMPLETED")).await;
    assert_eq!(completed.0, Status::INVALID_ATTRIBUTE_VALUE, "a step begins");
    let without = [text(PERFORMED_STATUS, "IN PROGRESS")].into();
    assert_eq!(say(&mut association, Operation::Create, STEP, &without).await.0, Status::MISSING_ATTRIBUTE);
    assert_eq!(
        say(&mut association, Operation::Set, STEP, &said("COMPLETED")).await.0,
        Status::NO_SUCH_INSTANCE
    );
    let begun = performed("IN PROGRESS", &first, &kept.step_id, &[]);
    assert_eq!(say(&mut association, Operation::Create, STEP, &begun).await.0, Status::SUCCESS);
    assert_eq!(say(&mut association, Operation::Create, STEP, &begun).await.0, Status::DUPLICATE_INSTANCE);
    let keys: Attributes = [sequence(STEPS, [text(STATUS, "")].into())].into();
    let listed = worklist(&mut association, keys.clone()).await;
    assert_eq!(listed[0][&STEPS].items[0][&STATUS].values, ["STARTED"]);

    for sample in [&first, &second] {
        let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
        assert_eq!(stored.unwrap(), Some(Status::SUCCESS));
    }
    let unknown = [text(PERFORMED_STATUS, "FINISHED")].into();
    assert_eq!(
        say(&mut association, Operation::Set, STEP, &unknown).await.0,
        Status::INVALID_ATTRIBUTE_VALUE
    );
    // What is said later replaces what was said before, and nothing else.
    let series = said("").remove_entry(&SERIES).unwrap();
    assert_eq!(say(&mut association, Operation::Set, STEP, &[series].into()).await.0, Status::SUCCESS);
    let mut done: Attributes = [text(PERFORMED_STATUS, "COMPLETED")].into();
    done.extend(ended());
    assert_eq!(say(&mut association, Operation::Set, STEP, &done).await.0, Status::SUCCESS);
    assert!(worklist(&mut association, keys).await.is_empty(), "performed");
    let told =
        ["step-begun", "step-completed", "study-complete"].map(|kind| (kind.to_owned(), first.study.clone()));
    assert_eq!(events(&store).await, told);

    for status in ["IN PROGRESS", "DISCONTINUED", "COMPLETED"] {
        let late = [text(PERFORMED_STATUS, status)].into();
        let answered = say(&mut association, Operation::Set, STEP, &late).await;
        assert_eq!(answered, (Status::PROCESSING_FAILURE, Some(0xA710)), "{status}");
    }
    assert_eq!(events(&store).await, told);
    association.release().await.unwrap();
}

/// PS3.4 Table F.7.2-1, final state.
#[tokio::test]
async fn a_step_is_not_completed_without_its_end_and_its_series() {
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(folder.path()).await;
    let sample = Sample::number(10);
    let kept = store.add_order(&order(10, "20261126", ""), "test").await.unwrap();
    let mut association = node.associate(&[PERFORMED_STEP]).await;
    // As it begins it says of its series that there are none yet.
    let none = || (SERIES, Attribute { vr: VR::SQ, values: Vec::new(), items: Vec::new() });
    let mut begun = performed("IN PROGRESS", &sample, &kept.step_id, &[]);
    begun.extend([none()]);
    let completed = || performed("COMPLETED", &sample, &kept.step_id, &[]);
    let without = |tag: Tag| {
        let mut step = completed();
        step.remove(&tag);
        step
    };
    let uid = |number: usize| format!("1.2.3.{number}");
    for number in 0..3 {
        let created = say(&mut association, Operation::Create, &uid(number), &begun).await;
        assert_eq!(created.0, Status::SUCCESS);
    }
    let mut empty = without(END_TIME);
    empty.extend([text(END_TIME, "")]);
    for step in [without(END_DATE), without(END_TIME), empty, without(SERIES)] {
        let answered = say(&mut association, Operation::Set, &uid(0), &step).await;
        assert_eq!(answered.0, Status::MISSING_ATTRIBUTE_VALUE);
        let (state, said) = store.performed_step(&uid(0)).await.unwrap().unwrap();
        assert_eq!(state, peony_store::StepState::InProgress);
        assert!(!said.contains_key("00400250"), "nothing of what was refused is kept");
    }
    let state = async || store.orders(["", ""], 0).await.unwrap()[0].state;
    assert_eq!(state().await, peony_store::OrderState::Started);
    // What was said before counts.
    let series = [completed().remove_entry(&SERIES).unwrap()].into();
    assert_eq!(say(&mut association, Operation::Set, &uid(0), &series).await.0, Status::SUCCESS);
    assert_eq!(say(&mut association, Operation::Set, &uid(0), &without(SERIES)).await.0, Status::SUCCESS);
    assert_eq!(state().await, peony_store::OrderState::Started, "two others go on");
    // Whoever made nothing says so; whoever broke off may have nothing to say.
    let mut nothing = completed();
    nothing.extend([none()]);
    assert_eq!(say(&mut association, Operation::Set, &uid(1), &nothing).await.0, Status::SUCCESS);
    let broken_off = [text(PERFORMED_STATUS, "DISCONTINUED")].into();
    assert_eq!(say(&mut association, Operation::Set, &uid(2), &broken_off).await.0, Status::SUCCESS);
    assert_eq!(state().await, peony_store::OrderState::Completed);
}

/// PS3.4 Table F.7.2-1, N-SET: not allowed.
#[tokio::test]
async fn a_step_is_not_made_one_of_another_order() {
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(folder.path()).await;
    let [own, another] = [10, 11].map(Sample::number);
    let mut kept = Vec::new();
    for number in [10, 11] {
        kept.push(store.add_order(&order(number, "20261126", ""), "test").await.unwrap());
    }
    let mut association = node.associate(&[PERFORMED_STEP]).await;
    let begun = performed("IN PROGRESS", &own, &kept[0].step_id, &[]);
    assert_eq!(say(&mut association, Operation::Create, "1.2.3", &begun).await.0, Status::SUCCESS);
    let swapped = performed("COMPLETED", &another, &kept[1].step_id, &[]);
    let answered = say(&mut association, Operation::Set, "1.2.3", &swapped).await;
    assert_eq!(answered, (Status::INVALID_ATTRIBUTE_VALUE, None));
    let same = performed("COMPLETED", &own, &kept[0].step_id, &[]);
    assert_eq!(say(&mut association, Operation::Set, "1.2.3", &same).await.0, Status::SUCCESS);
    let open = store.open_orders(["", ""], 0).await.unwrap();
    assert_eq!(open.iter().map(|order| order.id).collect::<Vec<_>>(), [kept[1].id]);
}

#[tokio::test]
async fn a_study_whose_instances_are_not_all_here_is_not_complete() {
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(folder.path()).await;
    let [first, second] = [10, 11].map(Sample::number);
    let mut association = node.associate(&[PERFORMED_STEP, US]).await;
    let stored = association.store(&first.as_instance(), parts(first.data_set()), None).await;
    assert_eq!(stored.unwrap(), Some(Status::SUCCESS));
    let begun = performed("IN PROGRESS", &first, "", &[]);
    let done = performed("COMPLETED", &first, "", &[&first, &second]);
    assert_eq!(say(&mut association, Operation::Create, "1.2.3", &begun).await.0, Status::SUCCESS);
    assert_eq!(say(&mut association, Operation::Set, "1.2.3", &done).await.0, Status::SUCCESS);
    let told = ["step-begun", "step-completed"].map(|kind| (kind.to_owned(), first.study.clone()));
    assert_eq!(events(&store).await, told);
    // One that lists nothing says nothing of what there is, whatever is here.
    let done = performed("COMPLETED", &first, "", &[]);
    assert_eq!(say(&mut association, Operation::Create, "1.2.4", &begun).await.0, Status::SUCCESS);
    assert_eq!(say(&mut association, Operation::Set, "1.2.4", &done).await.0, Status::SUCCESS);
    assert_eq!(events(&store).await, [told.clone(), told].concat());
}

#[tokio::test]
async fn pynetdicom_performs_a_step() {
    let Some(mut modality) = pynetdicom() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (node, store) = node(folder.path()).await;
    let kept = store.add_order(&order(10, "20261126", "MODALITY"), "test").await.unwrap();
    modality.args(["modality", &node.address.port().to_string()]);
    let heard: serde_json::Value = serde_json::from_str(&said(modality).await).unwrap();
    assert_eq!(heard["worklist"], serde_json::json!([[kept.study_uid, kept.step_id]]));
    // Begun, again, in progress, completed, completed again.
    assert_eq!(heard["steps"], serde_json::json!([0, 0x0111, 0, 0, 0x0110]));
    assert!(store.open_orders(["", ""], 0).await.unwrap().is_empty());
    let (state, step) = store.performed_step(heard["uid"].as_str().unwrap()).await.unwrap().unwrap();
    assert_eq!(state, peony_store::StepState::Completed);
    assert_eq!(step["00400250"]["Value"][0], "20261126", "what came last is kept");
    assert_eq!(step["00400253"]["Value"][0], "PPS1", "what came first too");
}
