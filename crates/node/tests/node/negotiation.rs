//! Who has an association, and what is agreed.

use std::sync::Arc;
use std::time::Duration;

use peony_node::sop_class::VERIFICATION;
use peony_node::status::Status;
use peony_node::transfer_syntax::{EXPLICIT_LITTLE, IMPLICIT_LITTLE};
use peony_node::{AeTitle, AssociationError, Configuration, Peer, Proposal, connect};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::hostile::{answer, bytes_of, request, sent};
use crate::kit::{Running, US, open, proposal};

#[tokio::test]
async fn who_is_not_wanted_is_told_why() {
    let node = Running::start(open()).await;
    let check = async |change: fn(&mut dicom_ul::pdu::AssociationRQ), source: u8, reason: u8| {
        let mut request = request();
        change(&mut request);
        let heard = answer(&mut sent(&node, &bytes_of(&request.into())).await).await;
        assert_eq!(heard, [3, 0, 0, 0, 0, 4, 0, 1, source, reason]);
    };
    check(|request| request.called_ae_title = "OTHER".to_owned(), 1, 7).await;
    check(|request| request.application_context_name = "1.2.3".to_owned(), 1, 2).await;
    check(|request| request.protocol_version = 2, 2, 2).await;
    // What is no title of an application entity would stand in the log, the audit and files. Zeros behind one are not of it.
    for (calling, rejected) in [
        (&b"                "[..], true),
        (b"X\nERROR fake    ", true),
        (b"A\\B             ", true),
        (b"\xFF\xFE\xFD             ", true),
        (b"SENDER\0\0\0\0\0\0\0\0\0\0", false),
    ] {
        let mut bytes = bytes_of(&request().into());
        // Behind the header, the version and the called title (PS3.8 §9.3.2).
        bytes[26..42].copy_from_slice(calling);
        let mut heard = [0; 10];
        sent(&node, &bytes).await.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard == [3, 0, 0, 0, 0, 4, 0, 1, 1, 3], rejected, "{calling:?}: {heard:?}");
        assert_eq!(heard[0] == 2, !rejected, "{calling:?}: {heard:?}");
    }
    node.configuration.send_modify(|configuration| Arc::make_mut(configuration).strangers = false);
    check(|_| {}, 1, 3).await;
    // Who was refused is written down, and nothing of what is no title.
    let refused = |as_who: &str, why: &str| {
        ["127.0.0.1", "refused", &format!("association as {as_who}: {why}")].map(str::to_owned)
    };
    let none = "the calling title is none";
    let expected = [
        refused("SENDER", "another title is called"),
        refused("no title", none),
        refused("no title", none),
        refused("no title", none),
        refused("no title", none),
        refused("SENDER", "the calling title is not known"),
    ];
    assert_eq!(node.noted(6).await, expected);
}

#[tokio::test]
async fn the_configuration_may_change_while_the_node_runs() {
    let node = Running::start(Configuration { strangers: false, ..open() }).await;
    let ask = async |called: &str| {
        let (ours, theirs) = ("SENDER".parse().unwrap(), called.parse().unwrap());
        let proposals = [proposal(VERIFICATION, &[IMPLICIT_LITTLE])];
        connect(&node.address.to_string(), None, &ours, &theirs, &proposals, &Default::default()).await
    };
    assert!(matches!(ask("PEONY").await, Err(AssociationError::Rejected(_))));
    let sender = Peer {
        ae_title: "SENDER".parse().unwrap(),
        address: None,
        tls: false,
        commits: false,
        retrieve: None,
        certificate: None,
    };
    node.configuration.send_modify(|configuration| Arc::make_mut(configuration).peers.push(sender));
    let mut before = ask("PEONY").await.unwrap();
    assert!(ask("LILAC").await.is_err());
    node.configuration.send_modify(|configuration| {
        Arc::make_mut(configuration).ae_title = "LILAC".parse().unwrap();
    });
    ask("LILAC").await.unwrap().release().await.unwrap();
    assert!(ask("PEONY").await.is_err());
    // What was agreed before stays so.
    assert_eq!(before.echo().await.unwrap(), Some(Status::SUCCESS));
    before.release().await.unwrap();
}

#[tokio::test]
async fn objects_come_as_the_peer_would_rather_send_them() {
    const JPEG: &str = "1.2.840.10008.1.2.4.50";
    let node = Running::start(open()).await;
    let cases: [(&str, &[&'static str], Option<&str>); 6] = [
        (US, &[JPEG, EXPLICIT_LITTLE], Some(JPEG)),
        (US, &[EXPLICIT_LITTLE, JPEG], Some(EXPLICIT_LITTLE)),
        (US, &[IMPLICIT_LITTLE, EXPLICIT_LITTLE], Some(EXPLICIT_LITTLE)),
        (US, &[IMPLICIT_LITTLE], Some(IMPLICIT_LITTLE)),
        (VERIFICATION, &[IMPLICIT_LITTLE, EXPLICIT_LITTLE], Some(EXPLICIT_LITTLE)),
        (VERIFICATION, &[JPEG], None),
    ];
    let proposals: Vec<_> = cases.iter().map(|(class, syntaxes, _)| proposal(class, syntaxes)).collect();
    let (ours, theirs): (AeTitle, AeTitle) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
    let address = node.address.to_string();
    let association = connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
    for (number, (class, proposed, expected)) in cases.into_iter().enumerate() {
        let agreed = association.contexts().iter().find(|context| usize::from(context.id) == 2 * number + 1);
        assert_eq!(agreed.map(|context| context.transfer_syntax), expected, "{class} {proposed:?}");
    }
    association.release().await.unwrap();
}

/// Whoever takes objects itself (C-GET) says what it would rather have in the same way.
#[tokio::test]
async fn objects_go_as_the_peer_would_rather_have_them() {
    const JPEG: &str = "1.2.840.10008.1.2.4.50";
    let node = Running::start(open()).await;
    let (ours, theirs): (AeTitle, AeTitle) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
    for (proposed, expected) in [
        (&[JPEG, IMPLICIT_LITTLE, EXPLICIT_LITTLE][..], JPEG),
        (&[EXPLICIT_LITTLE, JPEG], EXPLICIT_LITTLE),
        (&[IMPLICIT_LITTLE, EXPLICIT_LITTLE], EXPLICIT_LITTLE),
    ] {
        let proposals = [Proposal { provides: true, ..proposal(US, proposed) }];
        let address = node.address.to_string();
        let association =
            connect(&address, None, &ours, &theirs, &proposals, &Default::default()).await.unwrap();
        assert_eq!(association.contexts()[0].transfer_syntax, expected, "{proposed:?}");
        association.release().await.unwrap();
    }
}

#[test]
fn titles_are_checked() {
    for good in ["A", " PEONY ", "SIXTEEN LETTERS!"] {
        assert_eq!(good.parse::<AeTitle>().unwrap().as_str(), good.trim());
    }
    for bad in ["", "   ", "SEVENTEEN LETTERS", "BACK\\SLASH", "王", "NEW\nLINE"] {
        assert!(bad.parse::<AeTitle>().is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_node_that_stops_tells_its_peers() {
    let mut node = Running::start(open()).await;
    let mut association = node.associate(&[VERIFICATION]).await;
    assert_eq!(association.echo().await.unwrap(), Some(Status::SUCCESS));
    node.stop();
    assert!(matches!(association.echo().await, Err(AssociationError::Aborted | AssociationError::Io(_))));
    drop(association);
    timeout(Duration::from_secs(10), &mut node.task).await.expect("it never ends").unwrap();
}
