//! Asking another node for an association (PS3.8 §7.1).

use std::collections::BTreeSet;
use std::io;

use dicom_ul::Pdu as UlPdu;
use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PresentationContextProposed, PresentationContextResultReason as Reason,
    RequestorRoles, UserVariableItem,
};
use peony_dicom::TransferSyntax;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::acceptor::{APPLICATION_CONTEXT, data_bytes, user_variables};
use crate::archive::Instance;
use crate::association::{Association, AssociationError, Connection, State};
use crate::configuration::{AeTitle, Configuration, Fingerprint, Limits, Peer};
use crate::pdu::Pdu;
use crate::presentation::{self, Context};
use crate::sop_class::{self, SopClass};
use crate::tls::Tls;
use crate::transfer_syntax::{self, EXPLICIT_LITTLE, IMPLICIT_LITTLE};

/// What is asked for in one presentation context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The class.
    pub class: SopClass,
    /// Any of these, of [`crate::transfer_syntax::TABLE`]; the first is the one that is liked best.
    pub transfer_syntaxes: Vec<&'static str>,
    /// This node provides the service, though it is the one who asks for the association (PS3.7 §D.3.3.4).
    pub provides: bool,
}

/// Connects to `address` (`host:port`), over TLS where that is given, and asks for an association. Of more than [`presentation::MOST`] proposals the first are made.
///
/// # Errors
/// [`AssociationError`].
pub async fn connect(
    address: &str,
    tls: Option<&Tls>,
    ours: &AeTitle,
    theirs: &AeTitle,
    proposals: &[Proposal],
    limits: &Limits,
) -> Result<Association, AssociationError> {
    let connection = connected(address, tls, None, limits).await?;
    request(connection, ours, theirs, proposals, limits).await
}

/// A connection; over TLS to nobody but who shows the certificate that is `tied` to them, where one is.
async fn connected(
    address: &str,
    tls: Option<&Tls>,
    tied: Option<Fingerprint>,
    limits: &Limits,
) -> Result<Box<dyn Connection>, AssociationError> {
    let limit = limits.request_time;
    let connected = async {
        let connection = TcpStream::connect(address).await?;
        connection.set_nodelay(true)?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        let Some(tls) = tls else { return Ok(Box::new(connection) as Box<dyn Connection>) };
        let (secured, shown) = tls.connect(host, connection).await?;
        if tied.is_some() && shown != tied {
            return Err(AssociationError::OtherCertificate);
        }
        Ok(secured)
    };
    let late = |_| AssociationError::Late { what: "take the connection", limit };
    timeout(limit, connected).await.map_err(late)?
}

/// The same with a peer of the configuration at its address, over TLS where that is so: then it is the one whose certificate is listed.
pub(crate) async fn connect_to(
    peer: &Peer,
    address: &str,
    configuration: &Configuration,
    proposals: &[Proposal],
) -> Result<Association, AssociationError> {
    let Configuration { ae_title, limits, tls, .. } = configuration;
    let tls = tls.as_ref().filter(|_| peer.tls);
    if peer.tls && tls.is_none() {
        return Err(AssociationError::Io(io::Error::other("this node has no TLS")));
    }
    let connection = connected(address, tls, peer.certificate, limits).await?;
    request(connection, ae_title, &peer.ae_title, proposals, limits).await
}

/// Asks for an association over a connection that stands.
///
/// # Errors
/// [`AssociationError`].
pub async fn request(
    connection: Box<dyn Connection>,
    ours: &AeTitle,
    theirs: &AeTitle,
    proposals: &[Proposal],
    limits: &Limits,
) -> Result<Association, AssociationError> {
    let mut association = Association::new(connection, limits.clone(), State::AwaitsAnswer);
    let asked = async {
        let proposed = proposals.iter().zip(ids()).map(|(proposal, id)| PresentationContextProposed {
            id,
            abstract_syntax: proposal.class.uid.to_string(),
            transfer_syntaxes: proposal.transfer_syntaxes.iter().map(|uid| (*uid).to_owned()).collect(),
        });
        let request = AssociationRQ {
            protocol_version: 1,
            calling_ae_title: ours.to_string(),
            called_ae_title: theirs.to_string(),
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: proposed.collect(),
            user_variables: user_variables(limits).into_iter().chain(roles(proposals)).collect(),
        };
        association.send(&UlPdu::AssociationRQ(request)).await?;
        match association.next_pdu().await? {
            Some(Pdu::AssociateAccept(accept)) => Ok(accept),
            Some(Pdu::AssociateReject(reject)) => Err(AssociationError::Rejected(reject)),
            Some(other) => Err(AssociationError::Unexpected(other.kind())),
            None => Err(AssociationError::Closed),
        }
    };
    let accept = match asked.await {
        Ok(accept) => accept,
        Err(error) => return Err(association.fail(error).await),
    };
    association.contexts = agreed(proposals, &accept);
    association.peer_data_bytes = data_bytes(&accept.user_variables);
    association.peer = theirs.to_string();
    association.establish();
    Ok(association)
}

/// What is asked for to send instances, `most` presentation contexts of it, the ones that are needed most first. In the first of each class, of
/// explicit and implicit little endian, whatever is decoded here can be sent to anybody; then come those in which everything goes as it is kept,
/// before them the ones in which alone it goes; and explicit little endian by itself for a peer that would rather have implicit of the two.
pub(crate) fn proposals_of<'a>(
    instances: impl IntoIterator<Item = &'a Instance>,
    most: usize,
) -> Vec<Proposal> {
    let (mut any, mut only, mut kept, mut explicit) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for instance in instances {
        let Some(class) = sop_class::of(&instance.sop_class_uid) else { continue };
        let of = |transfer_syntaxes: &[&'static str]| Proposal {
            class: class.clone(),
            transfer_syntaxes: transfer_syntaxes.to_vec(),
            provides: false,
        };
        let decoded = TransferSyntax::of(instance.transfer_syntax_uid.as_bytes()).is_ok();
        if decoded {
            put(&mut any, of(&[EXPLICIT_LITTLE, IMPLICIT_LITTLE]));
            put(&mut explicit, of(&[EXPLICIT_LITTLE]));
        }
        if let Some(syntax) = transfer_syntax::of(&instance.transfer_syntax_uid) {
            put(if decoded { &mut kept } else { &mut only }, of(&[syntax.uid]));
        }
    }
    let mut proposals = any;
    for proposal in only.into_iter().chain(kept).chain(explicit) {
        put(&mut proposals, proposal);
    }
    proposals.truncate(most);
    proposals
}

fn put(into: &mut Vec<Proposal>, proposal: Proposal) {
    if !into.contains(&proposal) {
        into.push(proposal);
    }
}

/// The roles of classes whose service this node provides.
fn roles(proposals: &[Proposal]) -> impl Iterator<Item = UserVariableItem> {
    // One item a class, however many contexts it has (PS3.7 §D.3.3.4).
    let provided: BTreeSet<&str> =
        proposals.iter().filter(|proposal| proposal.provides).map(|proposal| &*proposal.class.uid).collect();
    provided.into_iter().map(|class| {
        let roles = RequestorRoles { scu: false, scp: true };
        UserVariableItem::ScuScpRoleSelectionSubItem(class.to_owned(), roles)
    })
}

/// The numbers of presentation contexts.
fn ids() -> impl Iterator<Item = u8> {
    (0..presentation::MOST).map(|number| (2 * number + 1) as u8)
}

fn agreed(proposals: &[Proposal], accept: &AssociationAC) -> Vec<Context> {
    let agreed = proposals.iter().zip(ids()).filter_map(|(proposal, id)| {
        let Proposal { class, transfer_syntaxes, provides } = proposal;
        let result = accept.presentation_contexts.iter().find(|result| result.id == id)?;
        let uid = result.transfer_syntax.trim_matches(['\0', ' ']);
        let transfer_syntax = transfer_syntaxes.iter().find(|proposed| **proposed == uid)?;
        let accepted = result.reason == Reason::Acceptance;
        let class = class.clone();
        accepted.then_some(Context { id, class, transfer_syntax, requestor_provides: *provides })
    });
    agreed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: &str = "1.2.840.10008.5.1.4.1.1.6.1";
    const CINE: &str = "1.2.840.10008.5.1.4.1.1.3.1";
    const JPEG: &str = "1.2.840.10008.1.2.4.50";
    const VIDEO: &str = "1.2.840.10008.1.2.4.102";

    fn of(class: &str, syntax: &str) -> Instance {
        Instance {
            study_uid: "1.2".to_owned(),
            sop_class_uid: class.to_owned(),
            instance_uid: "1.2.3".to_owned(),
            transfer_syntax_uid: syntax.to_owned(),
        }
    }

    fn check(instances: &[Instance], most: usize, expected: &[(&str, &[&str])]) {
        let proposals = proposals_of(instances, most);
        let said: Vec<(&str, &[&str])> =
            proposals.iter().map(|one| (&*one.class.uid, one.transfer_syntaxes.as_slice())).collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn everything_is_proposed_as_it_is_kept_and_so_that_everybody_takes_it() {
        let little: &[&str] = &[EXPLICIT_LITTLE, IMPLICIT_LITTLE];
        check(
            &[of(US, EXPLICIT_LITTLE), of(US, EXPLICIT_LITTLE)],
            128,
            &[(US, little), (US, &[EXPLICIT_LITTLE])],
        );
        check(
            &[of(US, JPEG), of(CINE, VIDEO), of(US, "1.2.840.10008.1.2.4.94")],
            128,
            &[(US, little), (CINE, &[VIDEO]), (US, &[JPEG]), (US, &[EXPLICIT_LITTLE])],
        );
        let private = "1.2.3";
        check(
            &[of(private, JPEG)],
            128,
            &[(private, little), (private, &[JPEG]), (private, &[EXPLICIT_LITTLE])],
        );
        check(&[of("1.2.840.10008.5.1.1.9", JPEG), of("../etc", JPEG)], 128, &[]);
    }

    #[test]
    fn no_class_is_left_out_for_another_way_to_send_one() {
        // Every class in every transfer syntax that is decoded here, and a video in the last class.
        let classes: Vec<&str> = sop_class::TABLE
            .iter()
            .filter(|class| class.service == sop_class::Service::Storage)
            .map(|class| &*class.uid)
            .take(100)
            .collect();
        let mut all: Vec<Instance> = Vec::new();
        for class in &classes {
            let syntaxes =
                transfer_syntax::TABLE.iter().filter(|row| TransferSyntax::of(row.uid.as_bytes()).is_ok());
            all.extend(syntaxes.map(|row| of(class, row.uid)));
        }
        all.push(of(classes[99], VIDEO));
        let proposals = proposals_of(&all, presentation::MOST - 1);
        assert_eq!(proposals.len(), 127);
        for class in &classes {
            let any = proposals.iter().find(|one| one.class.uid == *class).unwrap();
            assert_eq!(any.transfer_syntaxes, [EXPLICIT_LITTLE, IMPLICIT_LITTLE], "{class}");
        }
        assert!(proposals.iter().any(|one| one.transfer_syntaxes == [VIDEO]), "it goes in no other way");
    }
}
