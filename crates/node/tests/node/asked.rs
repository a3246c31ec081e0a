//! Searching nodes that behave as none should: slowly, never, with a failure, with no end, with garbage.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dicom_ul::Pdu;
use dicom_ul::pdu::{
    AssociationAC, PDataValue, PDataValueType, PresentationContextResult, PresentationContextResultReason,
    UserVariableItem, read_pdu, write_pdu,
};
use peony_dicom::{Attributes, Encoding, Level, write_data_set};
use peony_node::asking::{identifier_of, search};
use peony_node::command::{Command, element};
use peony_node::identifier::STUDY_UID;
use peony_node::status::Status;
use peony_node::{Configuration, Limits, Peer, Retrieve};
use peony_store::SendFault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::kit::{NAME, Running, Sample, open, text};

/// What a made-up node does when it is asked.
#[derive(Clone)]
pub enum Script {
    /// Answers with these data sets as matches, so often, and then with the status; stops where it is told to.
    Says { matches: Vec<Vec<u8>>, times: usize, status: Status, heeds: bool },
    /// Answers with these data sets as matches, and then says nothing more.
    Stalls(Vec<Vec<u8>>),
    /// Goes away.
    Goes,
    /// Accepts no presentation context.
    AcceptsNothing,
}

async fn next(connection: &mut TcpStream) -> Option<Pdu> {
    let mut bytes = vec![0; 6];
    connection.read_exact(&mut bytes).await.ok()?;
    let length = u32::from_be_bytes(bytes[2..6].try_into().unwrap()) as usize;
    let at = bytes.len();
    bytes.resize(at + length, 0);
    connection.read_exact(&mut bytes[at..]).await.ok()?;
    read_pdu(&mut bytes.as_slice(), 1 << 20, false).ok().flatten()
}

async fn say(connection: &mut TcpStream, pdu: &Pdu) -> Option<()> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).unwrap();
    connection.write_all(&bytes).await.ok()
}

fn part(value_type: PDataValueType, data: Vec<u8>) -> PDataValue {
    PDataValue { presentation_context_id: 1, value_type, is_last: true, data }
}

async fn answer(mut connection: TcpStream, script: Script, said: Arc<AtomicUsize>) -> Option<()> {
    let Pdu::AssociationRQ(asked) = next(&mut connection).await? else { return None };
    let accepted = !matches!(script, Script::AcceptsNothing);
    let results = asked.presentation_contexts.iter().map(|context| PresentationContextResult {
        id: context.id,
        reason: if accepted && context.id == 1 {
            PresentationContextResultReason::Acceptance
        } else {
            PresentationContextResultReason::AbstractSyntaxNotSupported
        },
        transfer_syntax: context.transfer_syntaxes[0].clone(),
    });
    let accept = AssociationAC {
        protocol_version: 1,
        calling_ae_title: asked.calling_ae_title.clone(),
        called_ae_title: asked.called_ae_title.clone(),
        application_context_name: asked.application_context_name.clone(),
        presentation_contexts: results.collect(),
        user_variables: vec![UserVariableItem::MaxLength(16 << 10)],
    };
    say(&mut connection, &accept.into()).await?;
    loop {
        match next(&mut connection).await? {
            Pdu::ReleaseRQ => return say(&mut connection, &Pdu::ReleaseRP).await,
            Pdu::PData { data } if data[0].value_type == PDataValueType::Command => {
                let request = Command::read(&data[0].data).unwrap();
                // Its identifier.
                next(&mut connection).await?;
                let (matches, times, status, heeds) = match &script {
                    Script::Says { matches, times, status, heeds } => (matches, times, Some(status), heeds),
                    Script::Stalls(matches) => (matches, &1, None, &false),
                    Script::Goes | Script::AcceptsNothing => return None,
                };
                let mut told = false;
                for found in std::iter::repeat_n(matches, *times).flatten() {
                    let mut peeked = [0];
                    told = *heeds
                        && tokio::time::timeout(Duration::ZERO, connection.peek(&mut peeked)).await.is_ok();
                    if told {
                        break;
                    }
                    let command = request.response(Status::PENDING).with_data_set().write();
                    let data = vec![part(PDataValueType::Command, command)];
                    say(&mut connection, &Pdu::PData { data }).await?;
                    let data = vec![part(PDataValueType::Data, found.clone())];
                    say(&mut connection, &Pdu::PData { data }).await?;
                    said.fetch_add(1, Ordering::Relaxed);
                }
                if told {
                    let Pdu::PData { data } = next(&mut connection).await? else { return None };
                    let cancel = Command::read(&data[0].data).unwrap();
                    assert_eq!(cancel.number(element::COMMAND_FIELD), Some(0x0FFF));
                    assert_eq!(
                        cancel.number(element::MESSAGE_ID_BEING_RESPONDED_TO),
                        request.number(element::MESSAGE_ID)
                    );
                }
                let Some(status) = status else { std::future::pending().await };
                let status = if told { Status::CANCEL } else { *status };
                let data = vec![part(PDataValueType::Command, request.response(status).write())];
                say(&mut connection, &Pdu::PData { data }).await?;
            }
            // A word to stop that came too late.
            Pdu::PData { .. } => {}
            _ => return None,
        }
    }
}

/// A made-up node; counts its matches.
pub async fn made_up(script: Script) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, said) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&said);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(answer(connection, script.clone(), Arc::clone(&count)));
        }
    });
    (address, said)
}

/// Knows a node called `THERE`, and has little patience.
pub fn knows(address: String, retrieve: Option<Retrieve>) -> Configuration {
    let there = Peer {
        ae_title: "THERE".parse().unwrap(),
        address: Some(address),
        tls: false,
        commits: false,
        retrieve,
        certificate: None,
    };
    let short = Duration::from_millis(600);
    let limits = Limits { request_time: short, pdu_time: short, idle_time: short, ..Limits::default() };
    Configuration { peers: vec![there], limits, ..open() }
}

fn found(number: usize) -> Vec<u8> {
    let said: Attributes = [text(STUDY_UID, &format!("1.2.{number}")), text(NAME, "王^小明")].into();
    write_data_set(&said, Encoding::ExplicitLittle).unwrap()
}

fn question() -> Attributes {
    identifier_of(Level::Study, [(STUDY_UID, String::new()), (NAME, String::new())])
}

async fn asked(script: Script) -> Result<peony_node::asking::Found, SendFault> {
    let (address, _) = made_up(script).await;
    search(&knows(address.to_string(), None), "THERE", &[question()], 100, in_a_minute()).await
}

pub fn in_a_minute() -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(60)
}

fn fault(asked: Result<peony_node::asking::Found, SendFault>) -> SendFault {
    asked.err().expect("it answers")
}

#[tokio::test]
async fn what_is_found_has_its_letters_and_each_study_once() {
    let node = Running::start(Configuration::open("THERE".parse().unwrap())).await;
    for number in [0, 1, 10, 20] {
        node.archive.put(&Sample::number(number)).await;
    }
    let known = knows(node.address.to_string(), None);
    let all = search(&known, "THERE", &[question(), question()], 100, in_a_minute()).await.ok().unwrap();
    assert_eq!((all.matches.len(), all.more, all.unread), (3, false, 0));
    assert!(all.matches.iter().all(|one| one[&NAME].values == ["王^小明"]));
    let some = search(&known, "THERE", &[question()], 2, in_a_minute()).await.ok().unwrap();
    assert_eq!((some.matches.len(), some.more), (2, true));
    assert_eq!(
        fault(search(&known, "NOBODY", &[question()], 2, in_a_minute()).await),
        SendFault::UnknownNode
    );
}

#[tokio::test]
async fn every_failure_has_its_name() {
    let refuses = Script::Says { matches: vec![], times: 0, status: Status(0xC001), heeds: true };
    assert_eq!(fault(asked(refuses).await), SendFault::Failed { status: "C001".to_owned() });
    let begun = Instant::now();
    assert_eq!(fault(asked(Script::Stalls(Vec::new())).await), SendFault::BrokenOff, "it never answers");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(fault(asked(Script::Goes).await), SendFault::BrokenOff);
    assert_eq!(fault(asked(Script::AcceptsNothing).await), SendFault::NotOffered);
    let nobody = knows("127.0.0.1:1".to_owned(), None);
    assert_eq!(
        fault(search(&nobody, "THERE", &[question()], 1, in_a_minute()).await),
        SendFault::Unreachable
    );
    let closed = Configuration { strangers: false, ..Configuration::open("THERE".parse().unwrap()) };
    let closed = Running::start(closed).await;
    let known = knows(closed.address.to_string(), None);
    let rejected = fault(search(&known, "THERE", &[question()], 1, in_a_minute()).await);
    assert_eq!(rejected, SendFault::Rejected { for_now: false });
}

#[tokio::test]
async fn what_a_slow_node_has_said_in_time_counts() {
    let soon = || tokio::time::Instant::now() + Duration::from_millis(300);
    let (address, _) = made_up(Script::Stalls(vec![found(1), found(2)])).await;
    let (known, twice) = (knows(address.to_string(), None), [question(), question()]);
    let found = search(&known, "THERE", &twice, 100, soon()).await.ok().unwrap();
    assert_eq!((found.matches.len(), found.more, found.unread), (2, true, 0));
    let (silent, _) = made_up(Script::Stalls(Vec::new())).await;
    let asked = search(&knows(silent.to_string(), None), "THERE", &[question()], 100, soon()).await;
    assert_eq!(fault(asked), SendFault::Late);
}

#[tokio::test]
async fn of_a_hundred_thousand_matches_the_first_are_heard_and_the_node_is_told_to_stop() {
    for heeds in [true, false] {
        let matches = (0..500).map(found).collect();
        let endless = Script::Says { matches, times: 200, status: Status::SUCCESS, heeds };
        let (address, said) = made_up(endless).await;
        let begun = Instant::now();
        let known = knows(address.to_string(), None);
        let found = search(&known, "THERE", &[question()], 100, in_a_minute()).await.ok().unwrap();
        assert_eq!((found.matches.len(), found.more, found.unread), (100, true, 0), "heeds: {heeds}");
        // One that does not stop is left after a while.
        let limit = Duration::from_secs(if heeds { 4 } else { 15 });
        assert!(begun.elapsed() < limit, "heeds: {heeds}, {:?}", begun.elapsed());
        let said = said.load(Ordering::Relaxed);
        assert!(!heeds || said < 50_000, "it was told to stop after {said}");
    }
}

#[tokio::test]
async fn garbage_among_the_answers_is_counted_and_the_others_are_there() {
    let garbage = [b"\x08\x00\x20\x00DA\xFF\xFFx".to_vec(), vec![0xFF; 100], Vec::new()];
    let matches = [found(1), garbage[0].clone(), garbage[1].clone(), garbage[2].clone(), found(2)];
    let says = Script::Says { matches: matches.to_vec(), times: 1, status: Status::SUCCESS, heeds: true };
    let found = asked(says).await.ok().unwrap();
    assert_eq!((found.matches.len(), found.unread, found.more), (2, 3, false));
}
