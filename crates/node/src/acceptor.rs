//! Taking associations (PS3.8 §7.1): who may have one, how many at a time, and what is agreed.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dicom_ul::Pdu as UlPdu;
use dicom_ul::pdu::{
    AssociationAC, AssociationRJ, AssociationRJResult as Rejected,
    AssociationRJServiceProviderASCEReason as AcseReason,
    AssociationRJServiceProviderPresentationReason as PresentationReason,
    AssociationRJServiceUserReason as UserReason, AssociationRJSource as Source, AssociationRQ,
    UserVariableItem,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::archive::{Archive, Records};
use crate::association::{Association, AssociationError, Connection, State};
use crate::configuration::{AeTitle, Configuration, Fingerprint, Limits};
use crate::pdu::Pdu;
use crate::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, presentation, provider};

/// PS3.7 §A.2.1.
pub(crate) const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
/// What is sent to a peer that names no limit.
const DATA_BYTES_WITHOUT_LIMIT: u32 = 128 << 10;
/// A peer that takes less cannot be spoken with.
const FEWEST_DATA_BYTES: u32 = 64;
/// How many are turned away in words at a time; who comes beyond that is turned away without.
const TURNED_AWAY: usize = 64;
/// How long one who is turned away may take to ask.
const TURNED_AWAY_TIME: Duration = Duration::from_secs(5);
/// How long is waited where the system can take no connection.
const REST: Duration = Duration::from_millis(100);

/// The configuration of a node that runs, as it is now.
pub type Current = watch::Receiver<Arc<Configuration>>;

/// What lies under associations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Plain,
    /// TLS, by [`Configuration::tls`]: while that is missing, nobody is taken.
    Secured,
}

/// Takes associations until `stop` is done; then those that go on may end their message and are aborted.
pub async fn serve<A: Archive + Records>(
    listener: TcpListener,
    transport: Transport,
    archive: A,
    configuration: Current,
    stop: impl Future<Output = ()>,
) {
    let slots = Slots::default();
    let turning_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let (stopping, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut turned_away = 0;
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = tasks.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (connection, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(reason = %error, "no connection can be taken");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let limits = configuration.borrow().limits.clone();
        if let Some(slot) = slots.take(from.ip(), &limits) {
            let (archive, configuration, stopped) = (archive.clone(), configuration.clone(), stopped.clone());
            tasks.spawn(async move {
                converse(connection, from, transport, archive, configuration, stopped).await;
                drop(slot);
            });
            continue;
        }
        count("turned_away");
        turned_away += 1_u64;
        if turned_away.is_power_of_two() {
            tracing::warn!(%from, count = turned_away, "no place: connections were turned away so far");
        }
        if transport == Transport::Plain
            && let Ok(permit) = Arc::clone(&turning_away).try_acquire_owned()
        {
            tasks.spawn(async move {
                turn_away(connection, limits).await;
                drop(permit);
            });
        }
    }
    drop(listener);
    let _ = stopping.send(true);
    while tasks.join_next().await.is_some() {}
}

/// One association from its request to its end.
async fn converse<A: Archive + Records>(
    connection: TcpStream,
    from: SocketAddr,
    transport: Transport,
    archive: A,
    configuration: Current,
    mut stopped: watch::Receiver<bool>,
) {
    // Nagle's algorithm and delayed acknowledgements cost peers 45 ms an instance.
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%from, reason = %error, "no delay cannot be set");
    }
    let accepted = async {
        let secured = secure(connection, transport, &configuration).await;
        if secured.as_ref().is_err_and(has_shown_nothing) {
            note_refused(&archive, from, NO_CERTIFICATE).await;
        }
        let (connection, shown) = secured?;
        take(connection, Some(from), shown, &configuration).await
    };
    let accepted = tokio::select! {
        accepted = accepted => accepted,
        _ = stopped.wait_for(|stopped| *stopped) => return,
    };
    let outcome = match accepted {
        Ok(Ok(mut association)) => {
            let _open = Open::new();
            tracing::info!(%from, peer = association.peer(), "an association is agreed to");
            let outcome = provider::provide(&mut association, &archive, &configuration, stopped).await;
            association.close(&outcome).await;
            outcome
        }
        // It has been said why, and of whom.
        Ok(Err(TurnedDown { refused })) => {
            if let Some(what) = refused {
                note_refused(&archive, from, &what).await;
            }
            return count("rejected");
        }
        Err(error) => {
            count("failed");
            Err(error)
        }
    };
    match outcome {
        Ok(()) => tracing::info!(%from, "the association ended"),
        Err(error) => tracing::warn!(%from, reason = %error, "the association failed"),
    }
}

/// Who has no certificate of the authority, or speaks no TLS.
const NO_CERTIFICATE: &str = "connection: no certificate that is taken here";

/// Whether TLS was not agreed on since the peer is not known by what it showed, and not since it went away or was slow.
fn has_shown_nothing(error: &AssociationError) -> bool {
    matches!(error, AssociationError::Io(error) if error.kind() == io::ErrorKind::InvalidData)
}

async fn note_refused(archive: &impl Archive, from: SocketAddr, what: &str) {
    if let Err(error) = archive.note_refused(from.ip(), what).await {
        tracing::warn!(%from, reason = %error, "who was refused is not in the audit");
    }
}

/// Who was turned down, in the words of the audit, where it is a matter of who may have an association.
struct TurnedDown {
    refused: Option<String>,
}

impl TurnedDown {
    fn of(request: &AssociationRQ, why: Option<&'static str>) -> Self {
        let Some(why) = why else { return Self { refused: None } };
        // What is no title may be anything.
        let title = request.calling_ae_title.parse::<AeTitle>();
        let who = title.map_or_else(|_| "no title".to_owned(), |title| title.to_string());
        Self { refused: Some(format!("association as {who}: {why}")) }
    }
}

/// What became of a connection.
fn count(outcome: &'static str) {
    metrics::counter!("peony_dicom_connections_total", "outcome" => outcome).increment(1);
}

/// An association that goes on, among the figures.
struct Open;

impl Open {
    fn new() -> Self {
        count("accepted");
        metrics::gauge!("peony_dicom_associations").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("peony_dicom_associations").decrement(1.0);
    }
}

/// The connection that the association runs over, and the certificate that the peer has shown.
async fn secure(
    connection: TcpStream,
    transport: Transport,
    configuration: &Current,
) -> Result<(Box<dyn Connection>, Option<Fingerprint>), AssociationError> {
    if transport == Transport::Plain {
        return Ok((Box::new(connection), None));
    }
    let now = Arc::clone(&configuration.borrow());
    let Some(tls) = &now.tls else {
        return Err(AssociationError::Io(io::Error::other("this node has no TLS")));
    };
    let limit = now.limits.request_time;
    let late = |_| AssociationError::Late { what: "agree on TLS", limit };
    Ok(timeout(limit, tls.accept(connection)).await.map_err(late)??)
}

/// Agrees to an association or turns it down; `None` where it was turned down. `from` is where it comes from, for the log, and `shown` the certificate by
/// which the peer is known.
///
/// # Errors
/// [`AssociationError`]; the peer was told.
pub async fn accept(
    connection: Box<dyn Connection>,
    from: Option<SocketAddr>,
    shown: Option<Fingerprint>,
    configuration: &Current,
) -> Result<Option<Association>, AssociationError> {
    Ok(take(connection, from, shown, configuration).await?.ok())
}

async fn take(
    connection: Box<dyn Connection>,
    from: Option<SocketAddr>,
    shown: Option<Fingerprint>,
    configuration: &Current,
) -> Result<Result<Association, TurnedDown>, AssociationError> {
    let limits = configuration.borrow().limits.clone();
    let mut association = Association::new(connection, limits, State::AwaitsRequest);
    let negotiated = async {
        let request = request(&mut association).await?;
        let now = Arc::clone(&configuration.borrow());
        negotiate(&mut association, from, request, shown, &now).await
    };
    match negotiated.await {
        Ok(Ok(())) => Ok(Ok(association)),
        Ok(Err(turned_down)) => {
            association.hang_up().await;
            Ok(Err(turned_down))
        }
        Err(error) => Err(association.fail(error).await),
    }
}

async fn request(association: &mut Association) -> Result<AssociationRQ, AssociationError> {
    match association.next_pdu().await? {
        Some(Pdu::AssociateRequest(mut request)) => {
            // Padded with spaces (PS3.8 §9.3.2); there are machines that do so with zeros.
            for title in [&mut request.calling_ae_title, &mut request.called_ae_title] {
                *title = title.trim_matches(['\0', ' ']).to_owned();
            }
            Ok(request)
        }
        Some(other) => Err(AssociationError::Unexpected(other.kind())),
        None => Err(AssociationError::Closed),
    }
}

/// Whether the association was agreed to; the peer was told.
async fn negotiate(
    association: &mut Association,
    from: Option<SocketAddr>,
    request: AssociationRQ,
    shown: Option<Fingerprint>,
    configuration: &Configuration,
) -> Result<Result<(), TurnedDown>, AssociationError> {
    let peer_data_bytes = data_bytes(&request.user_variables);
    if let Some((reject, why)) = objection(&request, shown, configuration, peer_data_bytes) {
        let from = from.map(tracing::field::display);
        let AssociationRQ { calling_ae_title: peer, called_ae_title: called, .. } = &request;
        let reason = why.map_or_else(|| reject.source.to_string(), str::to_owned);
        tracing::warn!(from, peer, called, reason, "an association was rejected");
        let turned_down = TurnedDown::of(&request, why);
        association.send(&UlPdu::AssociationRJ(reject)).await?;
        return Ok(Err(turned_down));
    }
    let AssociationRQ { presentation_contexts, user_variables: proposed, .. } = &request;
    let Ok(answer) = presentation::answer(presentation_contexts, proposed, configuration.unknown_classes)
    else {
        return Err(AssociationError::Message("presentation contexts are numbered wrongly"));
    };
    let mut user_variables = user_variables(&association.limits);
    user_variables.extend(answer.roles);
    let accept = AssociationAC {
        protocol_version: 1,
        calling_ae_title: request.calling_ae_title.clone(),
        called_ae_title: request.called_ae_title.clone(),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: answer.results,
        user_variables,
    };
    association.send(&UlPdu::AssociationAC(accept)).await?;
    association.contexts = answer.contexts;
    association.peer = request.calling_ae_title;
    association.peer_data_bytes = peer_data_bytes;
    association.establish();
    Ok(Ok(()))
}

/// Why there is no association (PS3.8 §9.3.4); where it is a matter of who may have one also in words for those who run this node. The peer does not hear
/// which titles are known here.
#[rustfmt::skip] // Read as a table.
fn objection(
    request: &AssociationRQ,
    shown: Option<Fingerprint>,
    configuration: &Configuration,
    peer_data_bytes: u32,
) -> Option<(AssociationRJ, Option<&'static str>)> {
    let objections = [
        (request.protocol_version & 1 == 0,
            Source::ServiceProviderASCE(AcseReason::ProtocolVersionNotSupported), None),
        (request.application_context_name.trim_matches(['\0', ' ']) != APPLICATION_CONTEXT,
            Source::ServiceUser(UserReason::ApplicationContextNameNotSupported), None),
        (!configuration.is_called(&request.called_ae_title),
            Source::ServiceUser(UserReason::CalledAETitleNotRecognized), Some("another title is called")),
        (request.calling_ae_title.parse::<AeTitle>().is_err(),
            Source::ServiceUser(UserReason::CallingAETitleNotRecognized), Some("the calling title is none")),
        (!configuration.takes(&request.calling_ae_title),
            Source::ServiceUser(UserReason::CallingAETitleNotRecognized), Some("the calling title is not known")),
        (!configuration.believes(&request.calling_ae_title, shown),
            Source::ServiceUser(UserReason::CallingAETitleNotRecognized), Some("the calling title goes with another certificate than was shown")),
        (peer_data_bytes < FEWEST_DATA_BYTES,
            Source::ServiceProviderPresentation(PresentationReason::LocalLimitExceeded), None),
    ];
    let (_, source, why) = objections.into_iter().find(|(holds, ..)| *holds)?;
    Some((AssociationRJ { result: Rejected::Permanent, source }, why))
}

/// The longest P-DATA-TF that a peer takes (PS3.8 §D.1.1; 0 says that it names no limit), and that is sent to it.
pub(crate) fn data_bytes(user_variables: &[UserVariableItem]) -> u32 {
    let named = user_variables.iter().find_map(|item| match item {
        UserVariableItem::MaxLength(bytes) => Some(*bytes),
        _ => None,
    });
    named.filter(|bytes| *bytes > 0).unwrap_or(DATA_BYTES_WITHOUT_LIMIT).min(DATA_BYTES_WITHOUT_LIMIT)
}

/// What every peer is told of this node.
pub(crate) fn user_variables(limits: &Limits) -> Vec<UserVariableItem> {
    vec![
        UserVariableItem::MaxLength(limits.data_pdu_bytes),
        UserVariableItem::ImplementationClassUID(IMPLEMENTATION_CLASS_UID.to_owned()),
        UserVariableItem::ImplementationVersionName(IMPLEMENTATION_VERSION_NAME.to_owned()),
    ]
}

/// There is no room: the peer may come again.
async fn turn_away(connection: TcpStream, limits: Limits) {
    let limits = Limits { request_time: TURNED_AWAY_TIME, pdu_time: TURNED_AWAY_TIME, ..limits };
    let mut association = Association::new(Box::new(connection), limits, State::AwaitsRequest);
    if request(&mut association).await.is_ok() {
        let source = Source::ServiceProviderPresentation(PresentationReason::LocalLimitExceeded);
        let reject = AssociationRJ { result: Rejected::Transient, source };
        // Who does not take it has gone.
        if association.send(&UlPdu::AssociationRJ(reject)).await.is_ok() {
            association.hang_up().await;
        }
    }
}

/// How many associations there are, in all and from each address.
#[derive(Clone, Default)]
struct Slots(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One of them; it is free again when this is dropped.
struct Slot(Slots, IpAddr);

impl Slots {
    fn take(&self, from: IpAddr, limits: &Limits) -> Option<Slot> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let here = taken.get(&from).copied().unwrap_or_default();
        if all >= limits.associations || here >= limits.associations_from_one_address {
            return None;
        }
        taken.insert(from, here + 1);
        Some(Slot(self.clone(), from))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = taken.get_mut(&self.1) {
            *here -= 1;
            if *here == 0 {
                taken.remove(&self.1);
            }
        }
    }
}
