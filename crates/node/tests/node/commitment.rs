//! Storage commitment: what is promised was read back, and the report reaches the one who asked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use peony_dicom::{Attribute, Attributes, Tag, VR};
use peony_node::acceptor::accept;
use peony_node::command::{Command, Operation, element};
use peony_node::identifier::{self, attribute};
use peony_node::presentation::Context;
use peony_node::queue::{Patience, Queue, work_off};
use peony_node::sop_class::{COMMITMENT, COMMITMENT_INSTANCE, VERIFICATION};
use peony_node::status::Status;
use peony_node::{Association, AssociationError, Configuration, Peer, Transport};
use peony_store::Store;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::in_store::opened;
use crate::kit::{Running, Sample, US, open, parts};

const TRANSACTION_UID: Tag = Tag(0x0008, 0x1195);
const FAILURE_REASON: Tag = Tag(0x0008, 0x1197);
const FAILED: Tag = Tag(0x0008, 0x1198);
const REFERENCED: Tag = Tag(0x0008, 0x1199);
const CLASS_UID: Tag = Tag(0x0008, 0x1150);
const INSTANCE_UID: Tag = Tag(0x0008, 0x1155);

fn asked(references: &[(&str, &str)]) -> Attributes {
    let item = |(class, instance): &(&str, &str)| -> Attributes {
        let said = [(CLASS_UID, *class), (INSTANCE_UID, *instance)];
        said.map(|(tag, uid)| attribute(tag, vec![uid.to_owned()])).into()
    };
    let items = references.iter().map(item).collect();
    let sequence = Attribute { vr: VR::SQ, values: Vec::new(), items };
    [attribute(TRANSACTION_UID, vec!["1.2.3.4".to_owned()]), (REFERENCED, sequence)].into()
}

fn action(instance: &str, kind: u16) -> Command {
    Command::default()
        .number_of(element::COMMAND_FIELD, Operation::Action as u16)
        .number_of(element::MESSAGE_ID, 9)
        .text_of(element::REQUESTED_SOP_CLASS_UID, COMMITMENT)
        .text_of(element::REQUESTED_SOP_INSTANCE_UID, instance)
        .number_of(element::ACTION_TYPE_ID, kind)
        .with_data_set()
}

async fn ask(association: &mut Association, request: &Command, asked: &Attributes) -> Status {
    let context = association.contexts()[0].clone();
    ask_in(association, &context, request, asked).await
}

async fn ask_in(
    association: &mut Association,
    context: &Context,
    request: &Command,
    asked: &Attributes,
) -> Status {
    association.send_command(context.id, request).await.unwrap();
    association.send_data_set(context.id, identifier::write(context, asked).unwrap()).await.unwrap();
    let response = association.next_command().await.unwrap().unwrap().command;
    assert!(response.answers(request));
    assert_eq!(response.class(), Some(COMMITMENT));
    response.status().unwrap()
}

/// The event and the report, which is acknowledged.
async fn report(association: &mut Association) -> (u16, Attributes) {
    let message = association.next_command().await.unwrap().expect("released without a report");
    let Context { id, .. } = message.context;
    assert_eq!(message.command.asks_for(), Some(Operation::EventReport));
    assert_eq!(message.command.uid(element::AFFECTED_SOP_INSTANCE_UID), Some(COMMITMENT_INSTANCE));
    let bytes = association.small_data_set(1 << 20).await.unwrap().unwrap();
    association.send_command(id, &message.command.response(Status::SUCCESS)).await.unwrap();
    (
        message.command.number(element::EVENT_TYPE_ID).unwrap(),
        identifier::read(&message.context, &bytes).unwrap(),
    )
}

/// The instances of a list with the reasons of those that failed.
fn listed(report: &Attributes, list: Tag) -> Vec<(String, String)> {
    let items = report.get(&list).map(|list| list.items.as_slice()).unwrap_or_default();
    let value = |item, tag| identifier::values(item, tag).pop().unwrap_or_default();
    items.iter().map(|item| (value(item, INSTANCE_UID), value(item, FAILURE_REASON))).collect()
}

#[tokio::test]
async fn what_is_promised_was_read_back_and_the_rest_has_its_reason() {
    let node = Running::start(open()).await;
    for number in 0..3 {
        node.archive.put(&Sample::number(number)).await;
    }
    let uids: Vec<String> = (0..4).map(|number| Sample::number(number).instance).collect();
    let mut association = node.associate(&[COMMITMENT]).await;
    let good = action(COMMITMENT_INSTANCE, 1);
    let all = asked(&[(US, &uids[0]), (US, &uids[1])]);
    assert_eq!(ask(&mut association, &good, &all).await, Status::SUCCESS);
    let (event, said) = report(&mut association).await;
    assert_eq!((event, listed(&said, REFERENCED).len(), listed(&said, FAILED).len()), (1, 2, 0));
    assert_eq!(said[&TRANSACTION_UID].values, ["1.2.3.4"]);

    node.archive.damage(&uids[2]);
    let some = asked(&[(US, &uids[0]), (VERIFICATION, &uids[1]), (US, &uids[2]), (US, &uids[3])]);
    assert_eq!(ask(&mut association, &good, &some).await, Status::SUCCESS);
    let (event, said) = report(&mut association).await;
    let [another_class, failure, missing] = [0x0119, 0x0110, 0x0112].map(|reason: u16| reason.to_string());
    assert_eq!(event, 2);
    assert_eq!(listed(&said, REFERENCED), [(uids[0].clone(), String::new())]);
    let [_, one, two, three] = uids.try_into().unwrap();
    assert_eq!(listed(&said, FAILED), [(one, another_class), (two, failure), (three, missing)]);

    let refused = [
        (action("1.2.3", 1), all.clone(), Status::NO_SUCH_INSTANCE),
        (action(COMMITMENT_INSTANCE, 2), all, Status::NO_SUCH_ACTION),
        (good.clone(), asked(&[]), Status::INVALID_ARGUMENT),
        (good, asked(&[(US, "no UID")]), Status::INVALID_ARGUMENT),
    ];
    for (request, asked, expected) in refused {
        assert_eq!(ask(&mut association, &request, &asked).await, expected);
    }
    association.release().await.unwrap();
}

#[tokio::test]
async fn a_report_that_nobody_asked_for_is_refused_and_nothing_is_asked_that_is_not_written_down() {
    let node = Running::start(open()).await;
    let mut association = node.associate(&[COMMITMENT]).await;
    let report = |event| {
        Command::request(Operation::EventReport, 9, COMMITMENT)
            .text_of(element::AFFECTED_SOP_INSTANCE_UID, COMMITMENT_INSTANCE)
            .number_of(element::EVENT_TYPE_ID, event)
            .with_data_set()
    };
    let said = asked(&[(US, "1.2.3")]);
    assert_eq!(ask(&mut association, &report(1), &said).await, Status::INVALID_ARGUMENT);
    assert_eq!(ask(&mut association, &report(3), &said).await, Status::NO_SUCH_EVENT);
    let not_written = association.commit(&node.archive, &[Sample::number(1).as_instance()]).await;
    assert!(matches!(not_written, Err(AssociationError::Records(_))));
}

#[tokio::test]
async fn what_lies_aside_is_not_promised_to_its_sender() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::start_over(Transport::Plain, opened(folder.path()).await, open()).await;
    let sample = Sample::number(1);
    let other = Sample { pixels: 2 * sample.pixels, ..Sample::number(1) };
    let mut association = node.associate(&[US, COMMITMENT]).await;
    let context = association.contexts().iter().find(|one| one.class.uid == COMMITMENT).unwrap().clone();
    let wanted = asked(&[(US, &sample.instance), (US, &sample.instance)]);
    for (sent, expected, event) in [(&sample, Status::SUCCESS, 1), (&other, Status::KEPT_ASIDE, 2)] {
        let stored = association.store(&sent.as_instance(), parts(sent.data_set()), None).await;
        assert_eq!(stored.unwrap(), Some(expected));
        let good = action(COMMITMENT_INSTANCE, 1);
        assert_eq!(ask_in(&mut association, &context, &good, &wanted).await, Status::SUCCESS);
        let (heard, said) = report(&mut association).await;
        let about = if event == 1 { REFERENCED } else { FAILED };
        assert_eq!((heard, listed(&said, about).len()), (event, 1), "asked twice, said once");
    }
    association.release().await.unwrap();
}

/// A node that knows `SENDER` at an address, over a store, and whoever brings reports out of it.
struct Owing {
    store: Store,
    node: Running<Store>,
    stop: watch::Sender<bool>,
    reporting: Option<JoinHandle<()>>,
}

impl Owing {
    fn knowing(address: String) -> Configuration {
        let (ae_title, address) = ("SENDER".parse().unwrap(), Some(address));
        let peers =
            vec![Peer { ae_title, address, tls: false, commits: false, retrieve: None, certificate: None }];
        Configuration { peers, ..open() }
    }

    async fn start(folder: &Path, address: String) -> Self {
        let store = opened(folder).await;
        let node = Running::start_over(Transport::Plain, store.clone(), Self::knowing(address)).await;
        Self { store, node, stop: watch::Sender::new(false), reporting: None }
    }

    fn report(&mut self) {
        self.report_after(Duration::from_millis(50));
    }

    fn report_after(&mut self, wait: Duration) {
        let patience = Patience {
            waits: vec![wait; 3],
            lease: Duration::from_millis(400),
            report: Duration::from_secs(1),
            look: Duration::from_millis(20),
            ..Patience::default()
        };
        let (current, stopped) = (self.node.configuration.subscribe(), self.stop.subscribe());
        self.reporting =
            Some(tokio::spawn(work_off(Queue::Reporting, self.store.clone(), current, patience, stopped)));
    }

    /// Keeps an object and is asked to promise it.
    async fn ask(&self) {
        let sample = Sample::number(1);
        let mut association = self.node.associate(&[US, COMMITMENT]).await;
        let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
        assert_eq!(stored.unwrap(), Some(Status::SUCCESS));
        let context = association.contexts().iter().find(|one| one.class.uid == COMMITMENT).unwrap().clone();
        let wanted = asked(&[(US, &sample.instance)]);
        let asked = ask_in(&mut association, &context, &action(COMMITMENT_INSTANCE, 1), &wanted).await;
        assert_eq!(asked, Status::SUCCESS);
        association.release().await.unwrap();
    }

    async fn end(mut self) {
        self.stop.send_replace(true);
        if let Some(reporting) = self.reporting.take() {
            reporting.await.unwrap();
        }
        self.node.stop();
        self.node.task.await.unwrap();
        self.store.close().await;
    }
}

/// The next connection that comes to a listener.
async fn comes(listener: &TcpListener) -> TcpStream {
    timeout(Duration::from_secs(30), listener.accept()).await.expect("nobody comes").unwrap().0
}

/// Takes the report that comes to a listener.
async fn heard(listener: &TcpListener) -> (u16, Attributes) {
    let connection = comes(listener).await;
    let sender = Configuration::open("SENDER".parse().unwrap());
    let (_keep, current) = watch::channel(Arc::new(sender));
    let mut there = accept(Box::new(connection), None, None, &current).await.unwrap().unwrap();
    assert_eq!(there.peer(), "PEONY");
    let heard = report(&mut there).await;
    assert!(there.next_command().await.unwrap().is_none(), "released");
    heard
}

/// Refuses the report that comes to a listener.
async fn refuses(listener: &TcpListener) {
    let connection = comes(listener).await;
    let (_keep, current) = watch::channel(Arc::new(Configuration::open("SENDER".parse().unwrap())));
    let mut there = accept(Box::new(connection), None, None, &current).await.unwrap().unwrap();
    let message = there.next_command().await.unwrap().unwrap();
    there.small_data_set(1 << 20).await.unwrap().unwrap();
    let answer = message.command.response(Status::PROCESSING_FAILURE);
    there.send_command(message.context.id, &answer).await.unwrap();
    assert!(there.next_command().await.unwrap().is_none(), "released");
}

async fn nobody_comes(listener: &TcpListener) {
    assert!(timeout(Duration::from_millis(500), listener.accept()).await.is_err(), "it was reported once");
}

#[tokio::test]
async fn a_peer_with_an_address_gets_its_report_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut owing = Owing::start(folder.path(), listener.local_addr().unwrap().to_string()).await;
    owing.report();
    owing.ask().await;
    // The first attempt meets nobody.
    drop(comes(&listener).await);
    // The second one a node that cannot write it down now.
    refuses(&listener).await;
    let (event, said) = heard(&listener).await;
    assert_eq!((event, listed(&said, REFERENCED).len()), (1, 1));
    nobody_comes(&listener).await;
    owing.end().await;
}

#[tokio::test]
async fn a_peer_that_was_away_hears_how_it_stands_when_it_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut owing = Owing::start(folder.path(), listener.local_addr().unwrap().to_string()).await;
    owing.report();
    let mut association = owing.node.associate(&[US, COMMITMENT]).await;
    let context = association.contexts().iter().find(|one| one.class.uid == COMMITMENT).unwrap().clone();
    let sample = Sample::number(1);
    let wanted = asked(&[(US, &sample.instance)]);
    let good = action(COMMITMENT_INSTANCE, 1);
    assert_eq!(ask_in(&mut association, &context, &good, &wanted).await, Status::SUCCESS);
    drop(comes(&listener).await);
    // It is sent after it was asked for, as some modalities do.
    let stored = association.store(&sample.as_instance(), parts(sample.data_set()), None).await;
    assert_eq!(stored.unwrap(), Some(Status::SUCCESS));
    association.release().await.unwrap();
    let (event, said) = heard(&listener).await;
    assert_eq!((event, listed(&said, REFERENCED).len()), (1, 1));
    owing.end().await;
}

#[tokio::test]
async fn a_peer_without_patience_for_what_is_read_is_called_again_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut owing = Owing::start(folder.path(), listener.local_addr().unwrap().to_string()).await;
    owing.ask().await;
    owing.report_after(Duration::from_secs(3600));
    let connection = comes(&listener).await;
    let (_keep, current) = watch::channel(Arc::new(Configuration::open("SENDER".parse().unwrap())));
    // It agrees to the association, and is gone before anything is said.
    drop(accept(Box::new(connection), None, None, &current).await.unwrap());
    let (event, said) = heard(&listener).await;
    assert_eq!((event, listed(&said, REFERENCED).len()), (1, 1));
    owing.end().await;
}

#[tokio::test]
async fn a_report_is_owed_though_the_program_ends_in_the_midst_of_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut owing = Owing::start(folder.path(), address.clone()).await;
    owing.report();
    owing.ask().await;
    // It is connected and has said nothing yet when everything ends.
    let half = comes(&listener).await;
    owing.reporting.take().unwrap().abort();
    owing.end().await;
    drop(half);

    let mut owing = Owing::start(folder.path(), address).await;
    owing.report();
    let (event, said) = heard(&listener).await;
    assert_eq!((event, listed(&said, REFERENCED).len()), (1, 1));
    assert_eq!(said[&TRANSACTION_UID].values, ["1.2.3.4"]);
    nobody_comes(&listener).await;
    owing.end().await;
}

/// Nothing is promised that could be forgotten.
#[tokio::test]
async fn a_request_that_cannot_be_written_down_is_refused() {
    let node = Running::start(Owing::knowing("127.0.0.1:1".to_owned())).await;
    node.archive.put(&Sample::number(1)).await;
    let mut association = node.associate(&[COMMITMENT]).await;
    let wanted = asked(&[(US, &Sample::number(1).instance)]);
    let status = ask(&mut association, &action(COMMITMENT_INSTANCE, 1), &wanted).await;
    assert_eq!(status, Status::RESOURCE_LIMITATION);
    association.release().await.unwrap();
}
