//! The store as the archive and the records of the services.

use std::io;
use std::net::IpAddr;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use peony_dicom::written::Target;
use peony_dicom::{Attribute, Attributes, DicomError, Level, Tag, VR};
use peony_store::{Kept, Matches, Outcome, Owed, Place, Query, StepAnswer, Store, StoreError, attributes_of};
use tokio::sync::Semaphore;

use crate::archive::{Archive, ArchiveError, DataSet, Found, Instance, Question, Receipt, Records, Which};
use crate::identifier::{LEVELS, PATIENT_ID, STUDY_UID};

/// Studies of a patient that are asked for at a time.
const PAGE: u32 = 100;
/// Threads that write objects anew at once: a slow peer holds one of them, and the store has the rest for itself.
static MAKING: Semaphore = Semaphore::const_new(32);

impl Archive for Store {
    async fn seen_by(&self, title: &str) -> Result<Self, ArchiveError> {
        Ok(self.seeing(self.sight_of_title(title).await?))
    }

    async fn brought_by(&self, title: &str) -> Result<Self, ArchiveError> {
        Ok(self.seeing(self.sight_of_sender(title).await?))
    }

    async fn receive<S>(
        &self,
        origin: &str,
        which: peony_store::Which<'_>,
        file: S,
    ) -> Result<Receipt, ArchiveError>
    where
        S: Stream<Item = io::Result<Bytes>> + Send,
    {
        let receipt = self.receive_of(origin, which, file).await?;
        Ok(Receipt { instance_uid: receipt.instance_uid, aside: receipt.outcome == Outcome::KeptAside })
    }

    async fn find(
        &self,
        question: &Question,
        behind: Option<String>,
        most: usize,
    ) -> Result<Found, ArchiveError> {
        // What says which one a match is, is always answered.
        let unique = LEVELS.iter().filter(|(level, ..)| *level <= question.level).map(|(.., tag)| *tag);
        let tags: Vec<Tag> = question.keys.keys().copied().chain(unique).collect();
        let place = behind.as_deref().and_then(Place::of_text);
        let mut query = Query::all(question.level).behind(place, number(most)).only(&tags);
        let mut within = Vec::new();
        for (tag, key) in &question.keys {
            if key.vr == VR::SQ {
                // Nothing is matched by what an item says.
                within.extend(key.items.iter().flat_map(|item| item.values()).any(says).then_some(*tag));
            } else if !key.values.is_empty() {
                query = query.matching(*tag, &key.values.join("\\"));
            }
        }
        let Matches { found, mut passed_over, last } = self.query(&query).await?;
        passed_over.extend(within);
        let last = last.map(|place| place.text());
        Ok(Found { matches: found.iter().map(attributes_of).collect(), passed_over, last })
    }

    async fn instances(&self, which: &Which) -> Result<Vec<Instance>, ArchiveError> {
        let mut studies = which.studies.clone();
        if !which.patients.is_empty() {
            let theirs = studies_of(self, &which.patients).await?;
            studies.retain(|study| theirs.contains(study));
            if which.studies.is_empty() {
                studies = theirs;
            } else if studies.is_empty() {
                return Ok(Vec::new());
            }
        }
        let mut found = Vec::new();
        // Nothing said is nothing found, and the most that is said here is one list with several UIDs.
        for study_uid in some_or_none(&studies) {
            for series_uid in some_or_none(&which.series) {
                for instance_uid in some_or_none(&which.instances) {
                    let one = peony_store::Which { study_uid, series_uid, instance_uid };
                    found.extend(Self::instances(self, one).await?.iter().map(instance_of));
                }
            }
        }
        Ok(found)
    }

    async fn note(&self, who: &str, act: &str, what: &str) -> Result<(), ArchiveError> {
        Ok(Self::note(self, who, act, what).await?)
    }

    async fn note_refused(&self, from: IpAddr, what: &str) -> Result<(), ArchiveError> {
        Ok(Self::note_refused(self, None, Some(from), what).await?)
    }

    async fn data_set(&self, instance: &Instance, transfer_syntax: &str) -> Result<DataSet, ArchiveError> {
        let which = peony_store::Which { instance_uid: Some(&instance.instance_uid), ..Default::default() };
        let kept = Self::instances(self, which).await?.into_iter().next();
        let kept = kept.ok_or(StoreError::Missing("instance"))?;
        if kept.transfer_syntax_uid == transfer_syntax {
            let bytes = self.bytes(&kept, kept.data_set);
            return Ok(self.handed_over(&kept, bytes).await?.map_err(io::Error::other).boxed());
        }
        let Some(target) = Target::of(transfer_syntax) else {
            return Err(ArchiveError::NotUnderstood(
                "nothing is written anew in that transfer syntax".into(),
            ));
        };
        // Nobody closes it. How long a peer may take is for its association, which lets go of the stream.
        let place = MAKING.acquire().await.ok();
        let written = self.rewritten(&kept, target, place, None).await?;
        Ok(written.map_err(io::Error::other).boxed())
    }
}

impl Records for Store {
    async fn open_orders(&self, days: [&str; 2], after: i64) -> Result<Vec<(i64, Attributes)>, ArchiveError> {
        let orders = Self::open_orders(self, days, after).await?;
        Ok(orders.iter().map(|order| (order.id, attributes_of(&order.item))).collect())
    }

    async fn begin_step(
        &self,
        uid: &str,
        origin: &str,
        step: &Attributes,
    ) -> Result<StepAnswer, ArchiveError> {
        Ok(Self::begin_step(self, uid, origin, step).await?)
    }

    async fn change_step(
        &self,
        uid: &str,
        origin: &str,
        changes: &Attributes,
    ) -> Result<StepAnswer, ArchiveError> {
        Ok(Self::change_step(self, uid, origin, changes).await?)
    }

    async fn ask_commitment(
        &self,
        transaction_uid: &str,
        peer: &str,
        instances: &[String],
    ) -> Result<(), ArchiveError> {
        Ok(Self::ask_commitment(self, transaction_uid, peer, instances).await?)
    }

    async fn answer_commitment(
        &self,
        transaction_uid: &str,
        peer: &str,
        kept: &[String],
    ) -> Result<bool, ArchiveError> {
        match Self::answer_commitment(self, transaction_uid, peer, kept).await {
            Err(StoreError::Missing(_)) => Ok(false),
            answered => Ok(answered.map(|()| true)?),
        }
    }

    async fn has_aside(&self, instance_uid: &str, peer: &str) -> Result<bool, ArchiveError> {
        Ok(Self::has_aside(self, instance_uid, peer).await?)
    }

    async fn owe_report(&self, owed: &Owed) -> Result<(), ArchiveError> {
        Ok(Self::owe_report(self, owed).await?)
    }

    async fn promised(&self, instances: &[String]) -> Result<(), ArchiveError> {
        Ok(self.complete_promised(instances).await?)
    }
}

/// Whether a key says something to be matched, itself or within.
fn says(key: &Attribute) -> bool {
    key.values.iter().any(|value| !value.is_empty())
        || key.items.iter().flat_map(|item| item.values()).any(says)
}

/// The studies of patients, by all their pages.
async fn studies_of(store: &Store, patients: &[String]) -> Result<Vec<String>, StoreError> {
    let (mut studies, mut behind) = (Vec::new(), None);
    loop {
        let query = Query::all(Level::Study).matching(PATIENT_ID, &patients.join("\\"));
        let Matches { found, last, .. } = store.query(&query.only(&[STUDY_UID]).behind(behind, PAGE)).await?;
        behind = last;
        let uids =
            found.iter().map(attributes_of).filter_map(|mut study| study.remove(&STUDY_UID)?.values.pop());
        studies.extend(uids);
        if found.len() < PAGE as usize {
            return Ok(studies);
        }
    }
}

/// Each of them, or once nothing.
fn some_or_none(uids: &[String]) -> Vec<Option<&str>> {
    if uids.is_empty() { vec![None] } else { uids.iter().map(|uid| Some(uid.as_str())).collect() }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(crate) fn instance_of(kept: &Kept) -> Instance {
    Instance {
        study_uid: kept.study_uid.clone(),
        sop_class_uid: kept.sop_class_uid.clone(),
        instance_uid: kept.instance_uid.clone(),
        transfer_syntax_uid: kept.transfer_syntax_uid.clone(),
    }
}

impl From<StoreError> for ArchiveError {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Full { .. } => Self::Full(text),
            StoreError::Dicom(DicomError::Io(_)) => Self::Unreachable(text),
            StoreError::Dicom(_) | StoreError::NoUid(_) | StoreError::Unfit(_) | StoreError::Undecoded => {
                Self::NotUnderstood(text)
            }
            StoreError::OtherSite { .. } => Self::NotAuthorized(text),
            StoreError::OtherStudy { .. } => Self::NotAsked,
            StoreError::Interrupted(_) => Self::Interrupted,
            _ => Self::Unreachable(text),
        }
    }
}
