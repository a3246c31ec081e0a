//! Asking another node for an association (PS3.8 §7.1).

use std::collections::BTreeSet;
use std::io;

use dicom_ul::Pdu as UlPdu;
use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PresentationContextProposed, PresentationContextResultReason as Reason,
    RequestorRoles, UserVariableItem,
};
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
use crate::transfer_syntax;

/// What is asked for in one presentation context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The class.
    pub class: &'static SopClass,
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
            abstract_syntax: proposal.class.uid.to_owned(),
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

/// A presentation context for each class and transfer syntax that is sent, so that nothing is written anew.
pub(crate) fn proposals_of<'a>(instances: impl IntoIterator<Item = &'a Instance>) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = Vec::new();
    for instance in instances {
        let class = sop_class::of(&instance.sop_class_uid);
        let syntax = transfer_syntax::of(&instance.transfer_syntax_uid);
        if let (Some(class), Some(syntax)) = (class, syntax) {
            let proposal = Proposal { class, transfer_syntaxes: vec![syntax.uid], provides: false };
            if proposals.len() < presentation::MOST && !proposals.contains(&proposal) {
                proposals.push(proposal);
            }
        }
    }
    proposals
}

/// The roles of classes whose service this node provides.
fn roles(proposals: &[Proposal]) -> impl Iterator<Item = UserVariableItem> {
    // One item a class, however many contexts it has (PS3.7 §D.3.3.4).
    let provided: BTreeSet<&str> =
        proposals.iter().filter(|proposal| proposal.provides).map(|proposal| proposal.class.uid).collect();
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
        accepted.then_some(Context { id, class, transfer_syntax, requestor_provides: *provides })
    });
    agreed.collect()
}
