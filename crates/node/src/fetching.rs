//! Fetches what people want fetched from other nodes: jobs out of the queue of the store, by C-GET or, where a node is configured so, by C-MOVE.
//!
//! What comes is received as from anybody, with the rights of whoever had it fetched; what has come already is accepted once more.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use peony_dicom::{Attributes, Level};
use peony_store::{FETCHING, FetchJob, Fetched, Fetching, SendFault, Store};
use serde_json::json;

use crate::asking::{self, Listed, broken, fault_of_connection, identifier_of, known};
use crate::association::{Association, AssociationError};
use crate::configuration::{Configuration, Peer, Retrieve};
use crate::identifier::{SERIES_UID, STUDY_UID};
use crate::queue::{Here, Progress, Rights, Work};
use crate::requestor::{self, Proposal};
use crate::sop_class::Service;
use crate::status::{Kind, Status};
use crate::user::Retrieved;

impl Work for FetchJob {
    const KIND: &'static str = FETCHING;
    type Progress = Sofar;
    type Fault = SendFault;
    type By = Rights;

    fn node(&self) -> &str {
        &self.fetching.from
    }

    async fn run(&self, here: &Here<Rights>, progress: &Sofar) -> Result<(), SendFault> {
        let sight = (here.by)(self.clone()).await.map_err(|_| SendFault::Unreadable)?;
        let store = here.store.seeing(sight.ok_or(SendFault::NotAllowed)?);
        let (peer, address) = known(&here.configuration, &self.fetching.from)?;
        let retrieve = peer.retrieve.ok_or(SendFault::NotFetchedFrom)?;
        let (configuration, moving) = (&*here.configuration, here.patience.moving);
        let asked =
            Asked { here: &store, configuration, moving, peer, address, fetching: &self.fetching, progress };
        asked.fetch(retrieve).await
    }
}

/// How far a fetching has come.
#[derive(Debug, Default)]
pub(crate) struct Sofar {
    came: AtomicUsize,
    of: AtomicUsize,
}

impl Progress for Sofar {
    /// What came before is counted by what is here.
    fn after(_: &str) -> Self {
        Self::default()
    }

    fn text(&self) -> String {
        let [came, of] = [&self.came, &self.of].map(|count| count.load(Ordering::Relaxed));
        json!(Fetched { came, of: of.max(came) }).to_string()
    }
}

impl Sofar {
    /// What the other node says of it.
    fn hear(&self, said: &Retrieved) {
        let came = usize::from(said.completed) + usize::from(said.warning);
        let of = came + usize::from(said.remaining) + usize::from(said.failed);
        self.came.store(came, Ordering::Relaxed);
        self.of.fetch_max(of, Ordering::Relaxed);
    }
}

/// What is asked of whom.
struct Asked<'a> {
    here: &'a Store,
    configuration: &'a Configuration,
    /// See [`crate::queue::Patience::moving`].
    moving: Duration,
    peer: &'a Peer,
    address: &'a str,
    fetching: &'a Fetching,
    progress: &'a Sofar,
}

impl Asked<'_> {
    async fn fetch(&self, retrieve: Retrieve) -> Result<(), SendFault> {
        let listed = self.list().await?;
        // What is here and cannot be read is fetched once more, and is whole then.
        let unsound = self.unsound().await?;
        if let Some(listed) = &listed {
            if listed.is_empty() {
                return Err(SendFault::NothingThere);
            }
            self.progress.of.store(listed.len(), Ordering::Relaxed);
            if self.count_here(listed, &unsound).await? == listed.len() {
                self.progress.came.store(listed.len(), Ordering::Relaxed);
                return Ok(());
            }
        }
        let retrieved = match retrieve {
            Retrieve::Get => self.get(listed.as_deref().unwrap_or_default()).await?,
            Retrieve::Move => self.move_here().await?,
        };
        self.judge(&retrieved, listed.as_deref(), &unsound).await
    }

    async fn connect(&self, proposals: &[Proposal]) -> Result<Association, SendFault> {
        self.connect_as(self.configuration, proposals).await
    }

    async fn connect_as(
        &self,
        configuration: &Configuration,
        proposals: &[Proposal],
    ) -> Result<Association, SendFault> {
        let connected = requestor::connect_to(self.peer, self.address, configuration, proposals).await;
        connected.map_err(|error| fault_of_connection(self.peer, &error))
    }

    /// What there is to fetch, where the node says so.
    async fn list(&self) -> Result<Option<Vec<Listed>>, SendFault> {
        let mut association = self.connect(&asking::to_find()).await?;
        let Fetching { study_uid, series_uid, .. } = self.fetching;
        match asking::list(&mut association, study_uid, series_uid.as_deref()).await {
            Ok(listed) => {
                // A node that does not list all is cut off in the midst of it.
                association.leave(listed.is_some()).await;
                Ok(listed)
            }
            Err(error) => Err(broken(association, error).await),
        }
    }

    /// The instances of it that are here and cannot be read.
    async fn unsound(&self) -> Result<BTreeSet<String>, SendFault> {
        let mut unsound = BTreeSet::new();
        for kept in self.here.instances(self.fetching.which()).await.map_err(|_| SendFault::Unreadable)? {
            if !self.here.is_sound(&kept).await.map_err(|_| SendFault::Unreadable)? {
                unsound.insert(kept.instance_uid);
            }
        }
        Ok(unsound)
    }

    /// How many of these are here, of which some could not be read before.
    async fn count_here(&self, listed: &[Listed], unsound: &BTreeSet<String>) -> Result<usize, SendFault> {
        let mut here = BTreeSet::new();
        for kept in self.here.instances(self.fetching.which()).await.map_err(|_| SendFault::Unreadable)? {
            let is_whole = !unsound.contains(&kept.instance_uid)
                || self.here.is_sound(&kept).await.map_err(|_| SendFault::Unreadable)?;
            if is_whole {
                here.insert(kept.instance_uid);
            }
        }
        Ok(listed.iter().filter(|one| here.contains(&one.instance_uid)).count())
    }

    fn identifier(&self) -> (Level, Attributes) {
        let study = (STUDY_UID, self.fetching.study_uid.clone());
        match &self.fetching.series_uid {
            Some(series) => {
                let keys = [study, (SERIES_UID, series.clone())];
                (Level::Series, identifier_of(Level::Series, keys))
            }
            None => (Level::Study, identifier_of(Level::Study, [study])),
        }
    }

    async fn get(&self, listed: &[Listed]) -> Result<Retrieved, SendFault> {
        let mut association = self.connect(&asking::to_get(listed)).await?;
        let (level, identifier) = self.identifier();
        let Some(model) = association.model(level, Service::Get) else {
            association.leave(true).await;
            return Err(SendFault::NotOffered);
        };
        let got = association.get(self.here, model, &identifier, |said| self.progress.hear(said)).await;
        ended(association, got).await
    }

    async fn move_here(&self) -> Result<Retrieved, SendFault> {
        let mut configuration = self.configuration.clone();
        configuration.limits.idle_time = configuration.limits.idle_time.max(self.moving);
        let mut association = self.connect_as(&configuration, &asking::to_move()).await?;
        let (level, identifier) = self.identifier();
        let Some(model) = association.model(level, Service::Move) else {
            association.leave(true).await;
            return Err(SendFault::NotOffered);
        };
        let _expected = self.here.expect(self.peer.ae_title.as_str(), &self.fetching.study_uid);
        let ours = &self.configuration.ae_title;
        let moved = association.move_to(model, &identifier, ours, |said| self.progress.hear(said)).await;
        ended(association, moved).await
    }

    /// Whether everything came, by what the other node says and by what is here.
    async fn judge(
        &self,
        retrieved: &Retrieved,
        listed: Option<&[Listed]>,
        unsound: &BTreeSet<String>,
    ) -> Result<(), SendFault> {
        self.progress.hear(&Retrieved { remaining: 0, ..retrieved.clone() });
        let Retrieved { status, completed, failed, warning, .. } = retrieved;
        if *status == Status::UNKNOWN_DESTINATION {
            return Err(SendFault::UnknownHere);
        }
        if let Some(listed) = listed
            && self.count_here(listed, unsound).await? == listed.len()
        {
            // Whatever else it counts: what was refused here may be what was not asked for, or was here before.
            self.progress.came.store(listed.len(), Ordering::Relaxed);
            return Ok(());
        }
        if status.kind() == Kind::Failure && *failed == 0 {
            return Err(SendFault::Failed { status: status.code() });
        }
        let came = usize::from(*completed) + usize::from(*warning);
        if *failed > 0 {
            return Err(SendFault::Incomplete { count: usize::from(*failed) });
        }
        let (wanted, here) = match listed {
            Some(listed) => (listed.len(), self.count_here(listed, unsound).await?),
            None => {
                let kept = self.here.instances(self.fetching.which()).await;
                (came, kept.map_err(|_| SendFault::Unreadable)?.len())
            }
        };
        if here == 0 {
            return Err(if came > 0 { SendFault::NotArrived } else { SendFault::NothingThere });
        }
        if here < wanted {
            return Err(SendFault::Incomplete { count: wanted - here });
        }
        self.progress.came.store(wanted, Ordering::Relaxed);
        Ok(())
    }
}

/// What a retrieval came to; its association has ended then.
async fn ended(
    association: Association,
    retrieved: Result<Option<Retrieved>, AssociationError>,
) -> Result<Retrieved, SendFault> {
    match retrieved {
        Ok(retrieved) => {
            association.leave(true).await;
            retrieved.ok_or(SendFault::NotOffered)
        }
        Err(error) => Err(broken(association, error).await),
    }
}
