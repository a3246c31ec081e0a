//! Hostile bytes get the right answer, cost bounded memory, and disturb nobody else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dicom_ul::Pdu;
use dicom_ul::pdu::{
    AssociationRQ, PDataValue, PDataValueType, PresentationContextProposed, UserVariableItem, write_pdu,
};
use peony_node::sop_class::VERIFICATION;
use peony_node::status::Status;
use peony_node::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};
use peony_node::{AssociationError, Configuration, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::kit::{Running, open, proposal};

pub fn request() -> AssociationRQ {
    AssociationRQ {
        protocol_version: 1,
        calling_ae_title: "SENDER".to_owned(),
        called_ae_title: "PEONY".to_owned(),
        application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
        presentation_contexts: vec![PresentationContextProposed {
            id: 1,
            abstract_syntax: VERIFICATION.to_owned(),
            transfer_syntaxes: vec![IMPLICIT_LITTLE.to_owned()],
        }],
        user_variables: vec![UserVariableItem::MaxLength(16 << 10)],
    }
}

pub fn bytes_of(pdu: &Pdu) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).unwrap();
    bytes
}

/// What the node sends until it closes the connection.
pub async fn answer(connection: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    timeout(Duration::from_secs(20), connection.read_to_end(&mut answer))
        .await
        .expect("it never ends")
        .unwrap();
    answer
}

/// A connection that has sent these bytes.
pub async fn sent(node: &Running, bytes: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(node.address).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    connection
}

/// The node's last word is an abort by the service provider (PS3.8 §9.3.8) for that reason.
fn is_abort(answer: &[u8], reason: u8) {
    let abort = [7, 0, 0, 0, 0, 4, 0, 0, 2, reason];
    assert!(answer.ends_with(&abort), "{answer:?} does not end in an abort for reason {reason}");
}

fn hasty() -> Configuration {
    let (request_time, pdu_time) = (Duration::from_millis(400), Duration::from_millis(400));
    let idle_time = Duration::from_millis(400);
    Configuration { limits: Limits { request_time, pdu_time, idle_time, ..Limits::default() }, ..open() }
}

/// An echo of the command set, in one presentation data value.
fn echo(context: u8, value_type: PDataValueType) -> Pdu {
    use peony_node::command::{Command, Operation};
    let data = Command::request(Operation::Echo, 1, VERIFICATION).write();
    Pdu::PData {
        data: vec![PDataValue { presentation_context_id: context, value_type, is_last: true, data }],
    }
}

#[tokio::test]
async fn bytes_that_are_no_request_are_answered_by_an_abort() {
    let node = Running::start(open()).await;
    let mut even = request();
    even.presentation_contexts[0].id = 2;
    let mut twice = request();
    twice.presentation_contexts.push(twice.presentation_contexts[0].clone());
    let mut long = bytes_of(&request().into());
    long[2..6].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut damaged = bytes_of(&request().into());
    // The length of the application context reaches past the end.
    damaged[76] = 0xFF;
    let cases: [(&str, Vec<u8>, u8); 9] = [
        ("an unknown type", vec![0x99, 0, 0, 0, 0, 0], 1),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec(), 1),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03".to_vec(), 1),
        ("data before a request", bytes_of(&echo(1, PDataValueType::Command)), 2),
        ("a release before a request", bytes_of(&Pdu::ReleaseRQ), 2),
        ("a request of 4 GB", long[..6].to_vec(), 6),
        ("a damaged request", damaged, 6),
        ("an even context", bytes_of(&even.into()), 5),
        ("a context twice", bytes_of(&twice.into()), 5),
    ];
    for (what, bytes, reason) in cases {
        println!("{what}");
        is_abort(&answer(&mut sent(&node, &bytes).await).await, reason);
    }
    let mut association = node.associate(&[VERIFICATION]).await;
    assert_eq!(association.echo().await.unwrap(), Some(Status::SUCCESS));
    association.release().await.unwrap();
}

#[tokio::test]
async fn bytes_that_are_no_message_are_answered_by_an_abort() {
    let node = Running::start(open()).await;
    let begin = bytes_of(&request().into());
    let data = |bytes: &[u8]| [&[4, 0][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let value = |context: u8, control: u8, bytes: &[u8]| {
        data(&[&(bytes.len() as u32 + 2).to_be_bytes()[..], &[context, control], bytes].concat())
    };
    let larger = (128_u32 << 10) + 1;
    let store_nothing = [&value(1, 3, &[0; 10])[..]].concat();
    let cases: [(&str, Vec<u8>, u8); 10] = [
        ("larger than agreed", [&[4, 0][..], &larger.to_be_bytes()].concat(), 6),
        ("4 GB", vec![4, 0, 0xFF, 0xFF, 0xFF, 0xFF], 6),
        ("no value", data(&[]), 6),
        ("a value that reaches past the end", data(&[0, 0, 0, 9, 1, 3]), 6),
        ("a value without a header", data(&[0, 0, 0, 1, 1]), 6),
        ("a data set without a command", bytes_of(&echo(1, PDataValueType::Data)), 5),
        ("a context that was not agreed", bytes_of(&echo(3, PDataValueType::Command)), 5),
        ("a damaged command", store_nothing, 6),
        ("an endless command", value(1, 1, &[0; 9000]).repeat(2), 6),
        ("a second request", begin.clone(), 2),
    ];
    for (what, bytes, reason) in cases {
        println!("{what}");
        let mut connection = sent(&node, &[&begin[..], &bytes].concat()).await;
        let answer = answer(&mut connection).await;
        assert_eq!(answer[0], 2, "the association was agreed to");
        is_abort(&answer, reason);
    }
}

#[tokio::test]
async fn who_says_nothing_or_a_byte_at_a_time_is_aborted_in_time() {
    let node = Running::start(hasty()).await;
    let begin = bytes_of(&request().into());
    let silent = sent(&node, &[]).await;
    let half = sent(&node, &begin[..50]).await;
    let idle = sent(&node, &begin).await;
    let rest_is_missing = sent(&node, &[&begin[..], &[4, 0, 0, 0, 1, 0, 9]].concat()).await;
    for mut connection in [silent, half, idle, rest_is_missing] {
        let began = Instant::now();
        is_abort(&answer(&mut connection).await, 0);
        assert!(began.elapsed() < Duration::from_secs(3));
    }
    // A byte now and then does not buy time.
    let mut slow = sent(&node, &[]).await;
    let began = Instant::now();
    for byte in &begin {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if slow.write_all(&[*byte]).await.is_err() || began.elapsed() > Duration::from_secs(5) {
            break;
        }
        let mut heard = [0; 32];
        if let Ok(Ok(count)) = timeout(Duration::from_millis(1), slow.read(&mut heard)).await {
            is_abort(&heard[..count], 0);
            break;
        }
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    // Nor does a PDU now and then, of which each comes in time and the message never ends.
    let mut trickle = sent(&node, &begin).await;
    let mut accepted = [0; 6];
    trickle.read_exact(&mut accepted).await.unwrap();
    let length = u32::from_be_bytes([accepted[2], accepted[3], accepted[4], accepted[5]]);
    trickle.read_exact(&mut vec![0; length as usize]).await.unwrap();
    let part = bytes_of(&Pdu::PData {
        data: vec![PDataValue {
            presentation_context_id: 1,
            value_type: PDataValueType::Command,
            is_last: false,
            data: vec![0],
        }],
    });
    let began = Instant::now();
    let mut heard = [0; 10];
    loop {
        assert!(began.elapsed() < Duration::from_secs(5), "it is waited for");
        // One that is closed is not written to; what was said before can be read.
        let _ = trickle.write_all(&part).await;
        if let Ok(read) = timeout(Duration::from_millis(50), trickle.read(&mut heard)).await {
            is_abort(&heard[..read.unwrap()], 0);
            break;
        }
    }
}

/// One address takes all it can get, and others are served all the same.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn ten_thousand_connections_of_one_address_leave_room_for_others() {
    use tokio::net::TcpSocket;

    let limits = Limits { associations: 40, associations_from_one_address: 8, ..Limits::default() };
    let node = Running::start(Configuration { limits, ..open() }).await;
    let begin = bytes_of(&request().into());
    let mut held = std::collections::VecDeque::new();
    let (mut accepted, mut rejected) = (0, 0);
    for number in 0..10_000 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let Ok(mut connection) = socket.connect(node.address).await else { continue };
        // Most say nothing. Some ask.
        if number % 100 == 0 && connection.write_all(&begin).await.is_ok() {
            let mut kind = [0; 10];
            match timeout(Duration::from_secs(1), connection.read_exact(&mut kind)).await {
                Ok(Ok(_)) if kind[0] == 2 => accepted += 1,
                // Rejected, transient, by the presentation part: local limit exceeded.
                Ok(Ok(_)) => {
                    assert_eq!(kind[6..], [0, 2, 3, 2], "{kind:?}");
                    rejected += 1;
                }
                _ => {}
            }
        }
        held.push_back(connection);
        if held.len() > 300 {
            // The first eight stay, so that the address is full all the time.
            held.remove(8);
        }
        if number % 1000 == 999 {
            let mut association = node.associate(&[VERIFICATION]).await;
            assert_eq!(association.echo().await.unwrap(), Some(Status::SUCCESS));
            association.release().await.unwrap();
        }
    }
    println!("{accepted} accepted, {rejected} rejected in words");
    assert!(accepted <= 8, "{accepted}");
}

#[tokio::test]
async fn over_the_limit_a_peer_is_asked_to_come_again() {
    let limits = Limits { associations: 1, ..Limits::default() };
    let node = Running::start(Configuration { limits, ..open() }).await;
    let first = node.associate(&[VERIFICATION]).await;
    let heard = answer(&mut sent(&node, &bytes_of(&request().into())).await).await;
    assert_eq!(heard, [3, 0, 0, 0, 0, 4, 0, 2, 3, 2], "rejected, transient, local limit exceeded");
    first.release().await.unwrap();
    // The place is free when the node has seen the end of the connection.
    for _ in 0..200 {
        let mut connection = sent(&node, &bytes_of(&request().into())).await;
        if connection.read_u8().await.unwrap() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the place is never free");
}

#[tokio::test]
async fn who_does_not_agree_to_the_end_is_not_waited_for_as_for_a_message() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connection = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (_configuration, current) = tokio::sync::watch::channel(Arc::new(open()));
    let there = tokio::spawn(async move {
        let (connection, from) = listener.accept().await.unwrap();
        peony_node::acceptor::accept(Box::new(connection), Some(from), None, &current).await.unwrap().unwrap()
    });
    let limits = Limits { release_time: Duration::from_millis(300), ..Limits::default() };
    let proposals = [proposal(VERIFICATION, &[EXPLICIT_LITTLE])];
    let (ours, theirs) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
    let asked = peony_node::requestor::request(Box::new(connection), &ours, &theirs, &proposals, &limits);
    let association = asked.await.unwrap();
    // It has agreed to the association, and says nothing more.
    let _silent = there.await.unwrap();
    let ended = timeout(Duration::from_secs(20), association.release()).await.expect("it is waited for");
    let limit = match ended {
        Err(AssociationError::Late { limit, .. }) => limit,
        other => panic!("{other:?}"),
    };
    assert_eq!(limit, Duration::from_millis(300));
}
