//! Receiving: bytes come as a stream, and the answer is given when file, folder and rows are on the disk.
//!
//! Many receive at once. Each writes, reads the outline and syncs its own file; then one task gives all that wait their names, syncs
//! each folder once and commits their rows in one transaction: a group commit. While it works, the next group gathers.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use sqlx::Row as _;
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::anchor::Anchor;
use crate::arrival::{Arrival, Batch, Known};
use crate::audit::Lately;
use crate::error::{StoreError, disk};
use crate::index::{Index, now_ms};
use crate::objects::{self, Object, Objects, Sum, blocking};
use crate::spool::{Incoming, Spool};
use crate::{Announcements, Store, Which, audit};

/// What one receiver gathers before it is written; two of them are in memory.
const GATHERED_BYTES: usize = 512 << 10;
/// The largest group.
const GROUP: usize = 256;

/// What became of a received object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new, and kept.
    Kept,
    /// The same instance with the same data set was there.
    AlreadyThere,
    /// Another data set is there under its UID: it is kept beside that one and shown to a person.
    KeptAside,
}

impl Outcome {
    /// What it is called among figures.
    fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::AlreadyThere => "already_there",
            Self::KeptAside => "kept_aside",
        }
    }
}

/// The answer to a received object: everything about it is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What became of it.
    pub outcome: Outcome,
    /// Study Instance UID.
    pub study_uid: String,
    /// Series Instance UID.
    pub series_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub instance_uid: String,
    /// SHA-256 of the file, in small hexadecimal digits.
    pub digest: String,
    /// The length of the file in bytes.
    pub size: u64,
}

/// One object that waits for its group.
pub(crate) struct Waiting {
    arrival: Arc<Arrival>,
    spool: Spool,
    /// The digest of the object that has its UID: this one goes aside.
    kept_digest: Option<String>,
    answer: oneshot::Sender<(Spool, Result<bool, StoreError>)>,
}

impl Store {
    /// Receives one object: a whole file of PS3.10, the preamble and file meta information included. `origin` is who sends it, by the
    /// name of an application entity, an account or a program.
    ///
    /// The memory it takes is bounded, whatever comes. Where the caller drops the future, nothing was acknowledged and the object is kept or
    /// is not.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was kept then.
    pub async fn receive<S>(&self, origin: &str, bytes: S) -> Result<Receipt, StoreError>
    where
        S: Stream<Item = std::io::Result<Bytes>>,
    {
        self.receive_of(origin, Which::default(), bytes).await
    }

    /// The same; only an object that is of everything that is said.
    ///
    /// # Errors
    /// [`StoreError::OtherStudy`] and, with a [`Sight`](crate::Sight) of some sites, [`StoreError::OtherSite`] besides those of [`Self::receive`].
    pub async fn receive_of<S>(&self, origin: &str, which: Which<'_>, bytes: S) -> Result<Receipt, StoreError>
    where
        S: Stream<Item = std::io::Result<Bytes>>,
    {
        let received = match self.take_in(origin, bytes).await {
            Ok((spool, arrival)) => self.keep(spool, arrival, origin, which, None).await,
            Err(error) => Err(error),
        };
        count(&received);
        received
    }

    /// Keeps what was taken in. Whoever comes after others gives their turn back once it is handed to those who write.
    pub(crate) async fn keep(
        &self,
        mut spool: Spool,
        mut arrival: Arrival,
        origin: &str,
        which: Which<'_>,
        mut turn: Option<OwnedMutexGuard<()>>,
    ) -> Result<Receipt, StoreError> {
        if let Some(sight) = self.inner.expected.of(origin, &arrival.study_uid) {
            arrival.sight = sight;
        }
        let asked = [which.study_uid, which.series_uid, which.instance_uid];
        let is = [&arrival.study_uid, &arrival.series_uid, &arrival.instance_uid];
        if asked.iter().zip(is).any(|(asked, is)| asked.is_some_and(|asked| asked != is)) {
            let (sop_class_uid, instance_uid) =
                (arrival.sop_class_uid().to_owned(), arrival.instance_uid.clone());
            return Err(StoreError::OtherStudy { sop_class_uid, instance_uid });
        }
        if !self.may_see(&arrival.sight, &arrival.study_uid).await? {
            return Err(arrival.is_of_another_site());
        }
        let arrival = Arc::new(arrival);
        let receipt = |outcome| Receipt {
            outcome,
            study_uid: arrival.study_uid.clone(),
            series_uid: arrival.series_uid.clone(),
            sop_class_uid: arrival.sop_class_uid().to_owned(),
            instance_uid: arrival.instance_uid.clone(),
            digest: arrival.object.digest.clone(),
            size: arrival.object.size,
        };
        // The index had its UID when it was to be written as new.
        let mut is_known = false;
        loop {
            let standing = self.standing(&arrival.instance_uid).await?;
            if standing.is_none() && is_known {
                return Err(StoreError::Torn);
            }
            let kept_digest = match standing {
                None => None,
                // Whose it is shall not be told by what becomes of another one.
                Some(kept) if !arrival.sight.reaches(&kept.site) => return Err(arrival.is_of_another_site()),
                Some(kept) if kept.object.digest == arrival.object.digest => {
                    // What is kept may be lost or damaged by now: the sender's bytes take its place.
                    self.inner.objects.upload(&spool, &arrival.object).await?;
                    let received = vec![(spool.path().to_owned(), arrival.object.clone())];
                    self.inner.objects.publish(received).await?;
                    self.is_there().await?;
                    return Ok(receipt(Outcome::AlreadyThere));
                }
                Some(kept) => {
                    let same;
                    (spool, same) = self.same_object(spool, &arrival, &kept).await?;
                    let same = match same {
                        Some(same) => same,
                        None => self.heal(&spool, &arrival, &kept).await?,
                    };
                    if same {
                        self.is_there().await?;
                        return Ok(receipt(Outcome::AlreadyThere));
                    }
                    Some(kept.object.digest)
                }
            };
            // Of two senders of one data set the second looks once the first is done.
            let _turn = match kept_digest {
                Some(_) => Some(self.inner.aside_turn.lock().await),
                None => None,
            };
            if kept_digest.is_some() {
                let lies_there;
                (spool, lies_there) = self.lies_aside(spool, &arrival).await?;
                if lies_there {
                    self.is_there().await?;
                    return Ok(receipt(Outcome::KeptAside));
                }
            }
            self.inner.objects.upload(&spool, &arrival.object).await?;
            let outcome = if kept_digest.is_some() { Outcome::KeptAside } else { Outcome::Kept };
            let (answer, answered) = oneshot::channel();
            let waiting = Waiting { arrival: Arc::clone(&arrival), spool, kept_digest, answer };
            let groups = self.groups().clone().ok_or(StoreError::Closed)?;
            groups.send(waiting).await.map_err(|_| StoreError::Closed)?;
            // A store that is closed meanwhile waits for this one's answer, and not for its sender.
            drop(groups);
            drop(turn.take());
            let put;
            (spool, put) = answered.await.map_err(|_| StoreError::Closed)?;
            // Another one with the same UID was quicker: look at it.
            if put? {
                return Ok(receipt(outcome));
            }
            is_known = outcome == Outcome::Kept;
        }
    }

    /// Whether index and objects are where the next start finds them.
    pub(crate) async fn is_there(&self) -> Result<(), StoreError> {
        self.inner.index.is_there().await?;
        folder_is_there(self.inner.objects_anchor.as_ref()).await
    }

    /// Bytes to the disk, and what they are.
    pub(crate) async fn take_in<S>(&self, origin: &str, bytes: S) -> Result<(Spool, Arrival), StoreError>
    where
        S: Stream<Item = std::io::Result<Bytes>>,
    {
        let incoming = &self.inner.incoming;
        let write = |spool: Option<Spool>, mut gathered: Vec<u8>| {
            let incoming = Arc::clone(incoming);
            tokio::task::spawn_blocking(move || {
                let mut spool = spool.map_or_else(|| incoming.spool(), Ok)?;
                incoming.write(&mut spool, &gathered)?;
                gathered.clear();
                Ok::<_, StoreError>((spool, gathered))
            })
        };
        let mut bytes = std::pin::pin!(bytes);
        let (mut spool, mut gathered) = (None, Vec::new());
        // One part is written while the next one gathers.
        let mut writing = None;
        while let Some(part) = bytes.next().await {
            gathered.extend_from_slice(&part.map_err(StoreError::of_sender)?);
            if gathered.len() >= GATHERED_BYTES {
                let mut empty = Vec::with_capacity(GATHERED_BYTES);
                if let Some(writing) = writing.take() {
                    let (written, buffer) = ended(writing).await?;
                    (spool, empty) = (Some(written), buffer);
                }
                let full = std::mem::replace(&mut gathered, empty);
                writing = Some(write(spool.take(), full));
            }
        }
        if let Some(writing) = writing {
            spool = Some(ended(writing).await?.0);
        }
        let (incoming, origin, sight) = (Arc::clone(incoming), origin.to_owned(), Arc::clone(&self.sight));
        let finish = move || {
            let mut spool = spool.map_or_else(|| incoming.spool(), Ok)?;
            incoming.write(&mut spool, &gathered)?;
            let outline = peony_dicom::outline(spool.file())?;
            let object = spool.finish()?;
            Ok((spool, Arrival::of(outline, object, &origin, &sight)?))
        };
        blocking(finish).await?
    }

    async fn standing(&self, instance_uid: &str) -> Result<Option<Standing>, StoreError> {
        let row = sqlx::query(
            "SELECT i.digest, i.size, i.blocks, i.data_set, i.origin, i.transfer_syntax, s.site
             FROM instances i JOIN series e ON e.id = i.series JOIN studies s ON s.id = e.study WHERE i.uid = $1",
        )
        .bind(instance_uid)
        .fetch_optional(self.inner.index.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (size, data_set): (i64, i64) = (row.try_get("size")?, row.try_get("data_set")?);
        let object = Object {
            digest: row.try_get("digest")?,
            size: size.unsigned_abs(),
            blocks: row.try_get("blocks")?,
        };
        Ok(Some(Standing {
            object,
            data_set: data_set.unsigned_abs(),
            origin: row.try_get("origin")?,
            transfer_syntax_uid: row.try_get("transfer_syntax")?,
            site: row.try_get("site")?,
        }))
    }

    /// Whether two files say the same of one instance: byte by byte, or element by element where they may be written in different ways; `None` where
    /// what is kept cannot be read.
    pub(crate) async fn same_object(
        &self,
        mut spool: Spool,
        arrival: &Arrival,
        kept: &Standing,
    ) -> Result<(Spool, Option<bool>), StoreError> {
        let as_long = arrival.object.size - arrival.data_set() == kept.object.size - kept.data_set;
        let alike = kept.transfer_syntax_uid == arrival.transfer_syntax_uid();
        if as_long && alike {
            let same;
            (spool, same) = self.same_data_set(spool, arrival, kept).await?;
            if same != Some(false) {
                return Ok((spool, same));
            }
        }
        let same = self.inner.objects.say_the_same(
            (spool.path(), arrival.transfer_syntax_uid()),
            (&kept.object, &kept.transfer_syntax_uid),
        );
        let same = same.await?;
        Ok((spool, Some(same)))
    }

    /// Whether two files differ in their file meta information only, which is the sender's own (PS3.10 §7.1); `None` where what is kept cannot be read.
    async fn same_data_set(
        &self,
        spool: Spool,
        arrival: &Arrival,
        kept: &Standing,
    ) -> Result<(Spool, Option<bool>), StoreError> {
        let data_set = arrival.data_set();
        let path = spool.path().to_owned();
        let received =
            blocking(move || sum_from(&path, data_set)).await?.map_err(disk("read a received object"))?;
        let mut sum = Sum::new();
        let mut parts =
            std::pin::pin!(self.inner.objects.stream(kept.object.clone(), kept.data_set..kept.object.size));
        while let Some(part) = parts.next().await {
            match part {
                Ok(part) => sum.update(&part),
                Err(StoreError::Damaged { .. }) => return Ok((spool, None)),
                Err(error) => return Err(error),
            }
        }
        Ok((spool, Some(received == sum.finish())))
    }
}

/// What becomes of objects is among the figures.
pub(crate) fn count(received: &Result<Receipt, StoreError>) {
    let outcome = match received {
        Ok(receipt) => receipt.outcome.name(),
        Err(error) => error.name(),
    };
    metrics::counter!("peony_store_objects_total", "outcome" => outcome).increment(1);
    if let Ok(receipt) = received {
        metrics::counter!("peony_store_bytes_total").increment(receipt.size);
    }
}

async fn ended<T>(work: JoinHandle<Result<T, StoreError>>) -> Result<T, StoreError> {
    // A thread that panicked has said so; what it did is not done.
    work.await.map_err(|_| StoreError::Closed)?
}

/// The object that has a UID.
pub(crate) struct Standing {
    pub object: Object,
    pub data_set: u64,
    /// Who sent it.
    pub origin: String,
    pub transfer_syntax_uid: String,
    /// Of its study.
    pub site: String,
}

fn sum_from(path: &Path, start: u64) -> std::io::Result<Object> {
    let mut file = std::fs::File::open(path)?;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(start))?;
    Sum::of(file)
}

/// The task of the group commit; it ends when nobody can send any more.
pub(crate) async fn commit_groups(
    index: Index,
    objects: Objects,
    folder: Option<Anchor>,
    announcements: Arc<Announcements>,
    lately: Arc<Lately>,
    forget: Arc<AtomicBool>,
    mut waiting: mpsc::Receiver<Waiting>,
) {
    let mut known = Known::default();
    let mut group = Vec::with_capacity(GROUP);
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        let began = Instant::now();
        let committed =
            commit(&index, (&objects, folder.as_ref()), &lately, (&mut known, &forget), &group).await;
        metrics::histogram!("peony_store_commit_seconds").record(began.elapsed());
        let mut answers = match committed {
            Ok(put) => put.into_iter().map(Ok).collect(),
            Err(error) if error.concerns_all() => group.iter().map(|_| Err(error.again())).collect(),
            Err(error) if group.len() == 1 => vec![Err(error)],
            // One of them was refused: the others shall not pay for it.
            Err(_) => {
                let mut each = Vec::with_capacity(group.len());
                for one in group.chunks(1) {
                    let put =
                        commit(&index, (&objects, folder.as_ref()), &lately, (&mut known, &forget), one)
                            .await;
                    each.push(put.map(|put| put.first().copied().unwrap_or_default()));
                }
                each
            }
        };
        for (waiting, answer) in group.drain(..).zip(answers.drain(..)) {
            // Nobody may wait any more: then the object is kept and was not acknowledged.
            let _ = waiting.answer.send((waiting.spool, answer));
        }
        announcements.wake();
    }
}

async fn commit(
    index: &Index,
    (objects, folder): (&Objects, Option<&Anchor>),
    lately: &Lately,
    (known, forget): (&mut Known, &AtomicBool),
    group: &[Waiting],
) -> Result<Vec<bool>, StoreError> {
    folder_is_there(folder).await?;
    let (mut writing, now) = (index.write_rows().await?, now_ms());
    // Nobody who changes what is known writes beside this transaction.
    if forget.swap(false, Ordering::AcqRel) {
        *known = Known::default();
    }
    let mut batch = Batch::new(&mut writing, known, now);
    let mut put = Vec::with_capacity(group.len());
    for waiting in group {
        put.push(match &waiting.kept_digest {
            None => batch.put(&waiting.arrival).await?,
            Some(kept) => batch.put_aside(&waiting.arrival, kept).await.map(|()| true)?,
        });
    }
    let found = batch.finish().await?;
    let kept = group.iter().zip(&put).filter(|(_, put)| **put).map(|(waiting, _)| &*waiting.arrival);
    let lines = of_senders(kept, lately, now);
    audit::put_all(&mut writing, &lines, now).await?;
    // Names first, rows after: a row without its object would be a lie, an object without a row is nothing yet.
    let received = group.iter().zip(&put).filter(|(_, put)| **put);
    let received =
        received.map(|(waiting, _)| (waiting.spool.path().to_owned(), waiting.arrival.object.clone()));
    objects.publish(received.collect()).await?;
    writing.commit().await?;
    // What was committed into files that nobody finds any more is not acknowledged: its sender keeps it.
    index.is_there().await?;
    folder_is_there(folder).await?;
    known.extend(found);
    lately.remember(lines, now);
    Ok(put)
}

/// Whether the objects' folder is the one that was opened.
///
/// # Errors
/// [`StoreError::GoneObjects`] where it is not.
pub(crate) async fn folder_is_there(folder: Option<&Anchor>) -> Result<(), StoreError> {
    let Some(folder) = folder.cloned() else { return Ok(()) };
    let holds = blocking(move || folder.holds()).await?.map_err(disk("look at the objects' folder"))?;
    if holds { Ok(()) } else { Err(StoreError::GoneObjects) }
}

/// The audit's lines of who brings something of which study, of those that were not written within the hour.
fn of_senders<'a>(
    arrivals: impl Iterator<Item = &'a Arrival>,
    lately: &Lately,
    now_ms: i64,
) -> BTreeSet<audit::Line> {
    let line = |arrival: &Arrival| {
        [arrival.origin.clone(), "receive".to_owned(), format!("study {}", arrival.study_uid)]
    };
    arrivals.map(line).filter(|line| !lately.has(line, now_ms)).collect()
}

/// Takes away the files of what an interrupted program was receiving. An object that had its place and no row was not acknowledged, as far as the
/// index knows: it goes into the folder `unsettled`, since the index may be an older copy of itself, and [`Store::repair`] takes it in.
pub(crate) async fn recover(index: &Index, objects: &Objects, incoming: &Incoming) -> Result<(), StoreError> {
    let what = "take away what was not received whole";
    let leftovers = incoming.leftovers().map_err(disk(what))?;
    let mut unnamed = Vec::new();
    for path in leftovers.iter().cloned() {
        let object = blocking(move || Sum::of(std::fs::File::open(path)?)).await?.map_err(disk(what))?;
        if !index.names(&object.digest).await? {
            unnamed.push(object.digest);
        }
    }
    let unsettled = incoming.unsettled();
    objects.set_aside(&unnamed, &unsettled).map_err(disk(what))?;
    leftovers.iter().try_for_each(std::fs::remove_file).map_err(disk(what))?;
    let mut left = 0_u64;
    for digest in objects::digests_in(&unsettled).map_err(disk(what))? {
        // Its sender has sent it again.
        if index.names(&digest).await? {
            std::fs::remove_file(unsettled.join(&digest)).map_err(disk(what))?;
        } else {
            left += 1;
        }
    }
    if left > 0 {
        tracing::warn!(
            count = left,
            "objects were received and, as far as the index knows, not acknowledged: they lie in store/unsettled, and \
             `peony check --repair` takes them in"
        );
    }
    Ok(())
}
