//! What Peony keeps: objects by their content, an index of them, events, jobs and an audit.
//!
//! The doors, each in the module of its name: [`Store::receive`] takes an object in, [`Store::query`] finds, [`Store::instances`] hands out, [`Store::rewritten`] in what a peer takes,
//! [`Store::events_after`] tells what happened, [`Store::conflicts`] and [`Store::kept_aside`] with their neighbours are for a person to settle, [`Store::merge`] and [`Store::part`] say who is who, [`Store::take_job`] gives work, [`Store::send`] and [`Store::fetch`] have it sent to other nodes and fetched from them,
//! [`Store::add_order`], [`Store::list_orders`], [`Store::claim`], [`Store::begin_step`] and [`Store::ask_commitment`] keep what is ordered, performed and promised by others, [`Store::add_account`] and its neighbours keep who may ask,
//! [`Store::seeing`] shows one of them what is theirs, [`Store::audit`] writes down who did what, [`Store::check`] looks at everything, [`Store::repair`] writes rows anew, and [`Store::try_index`] and its neighbours say whether any of that can be done now.
//!
//! A [`Receipt`] means that file, folder and rows are on the disk (invariant 1). What is not acknowledged may be there or not, whole or not at
//! all. Deliberately absent: a door that deletes an object or overwrites one.

mod accounts;
mod anchor;
mod arrival;
mod aside;
mod audit;
mod check;
mod commitments;
mod cores;
mod credentials;
mod desk;
mod doubts;
mod error;
mod events;
mod expected;
mod handed_over;
mod healing;
mod index;
mod jobs;
mod json;
#[doc(hidden)]
pub mod made_up;
pub mod matching;
mod name;
mod objects;
mod orders;
mod patients;
mod performed;
mod query;
mod receive;
mod repair;
mod retrieve;
mod rewritten;
mod rows;
mod same;
mod schema;
mod scratch;
mod sendings;
mod sites;
mod spool;
mod state;
mod workitems;

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use accounts::{Account, NewAccount, Role, account_name};
pub use aside::{Aside, Decided, KeptThere};
pub use audit::{AuditLine, search_line};
pub use check::{Checked, Fault, FaultKind};
pub use commitments::{Commitment, Owed, REPORT};
pub use cores::{Cores, Held, samples_of};
pub use credentials::{Digest, Token};
pub use desk::{OrderChange, OrderList};
pub use doubts::{Conflict, OpenDoubts};
pub use error::StoreError;
pub use events::{Event, Events};
pub use expected::Expected;
pub use jobs::{Ended, Job, JobState};
pub use json::{DicomJson, attributes_of, key, of_attributes as json_of, text_of, value};
pub use name::key as name_key;
pub use objects::Object;
pub use orders::{Order, OrderState, Ordered, new_uid};
pub use patients::{Merge, Parting};
pub use performed::{StepAnswer, StepState};
pub use query::{Matches, Place, Query};
pub use receive::{Outcome, Receipt};
pub use repair::Repaired;
pub use retrieve::{Kept, Reader, Which};
pub use scratch::Scratch;
pub use sendings::{
    FETCHING, FetchJob, Fetched, Fetching, Promise, QueuedTransfer, SENDING, SendFault, Sending, Sent,
    Transfer, TransferCounts,
};
pub use sites::{Sight, Site};
pub use state::OpenJobs;
pub use workitems::{Claimed, WorkitemAnswer};

use crate::anchor::Anchor;
use crate::error::disk;
use crate::events::Announcements;
use crate::index::Index;
use crate::objects::Objects;
use crate::receive::Waiting;
use crate::spool::Incoming;

/// Objects that wait for their group; more of them wait to wait.
const MOST_WAITING: usize = 1024;

/// How often the lock of the folder is tried, and how long is waited in between.
const LOCK_TRIES: u32 = 5;
const LOCK_WAIT: Duration = Duration::from_millis(40);

/// Where things are kept.
#[derive(Clone)]
pub struct Options {
    /// The data folder; the store has the folder `store` in it.
    pub data: PathBuf,
    /// PostgreSQL, at `postgres://…`, in place of SQLite in the data folder.
    pub index: Option<String>,
    /// A bucket, at `s3://bucket/prefix`, in place of files in the data folder; see [`Store::open`].
    pub objects: Option<String>,
    /// How many bytes must stay free on the disk of the data folder.
    pub keep_free: u64,
}

impl Options {
    /// Everything in one folder, with 1 GiB that stays free.
    #[must_use]
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), index: None, objects: None, keep_free: 1 << 30 }
    }
}

/// What is kept. Cloning shares it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// Whose eyes it is looked at with.
    sight: Arc<Sight>,
}

struct Inner {
    index: Index,
    objects: Objects,
    /// The folder of the objects, where they are in one.
    objects_anchor: Option<Anchor>,
    incoming: Arc<Incoming>,
    /// Who puts something aside, one at a time.
    aside_turn: tokio::sync::Mutex<()>,
    /// `None` once it is closed.
    groups: Mutex<Option<mpsc::Sender<Waiting>>>,
    /// The task of the group commit. It has the lock of the folder as long as a group may still be committed.
    committing: tokio::sync::Mutex<JoinHandle<()>>,
    announcements: Arc<Announcements>,
    lately: Arc<audit::Lately>,
    refusals: audit::Refusals,
    cores: Cores,
    /// What other nodes were asked to send here, and for whom.
    expected: Arc<expected::All>,
    /// What is known of objects that cannot be handed over.
    known: handed_over::Known,
    /// Whether the next group shall look for its places anew.
    forget: Arc<AtomicBool>,
    /// The store's folder.
    folder: PathBuf,
}

impl Store {
    /// Opens the store, which is made where it is missing, and takes away what an interrupted program had not received whole. One program at a time
    /// has a data folder open. Credentials of a bucket come from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_ENDPOINT`, `AWS_REGION` and their like).
    ///
    /// # Errors
    /// [`StoreError::InUse`] where another program has the folder open; what disk, database or network say.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        let (lock, objects) = Self::locked(options).await?;
        Self::open_over(options, objects, lock).await
    }

    /// The lock of the store's folder, which is made where it is missing, and where its objects are.
    async fn locked(options: &Options) -> Result<(File, Objects), StoreError> {
        let folder = store_folder(options);
        objects::make_folder(&folder).map_err(disk("make the data folder"))?;
        let mut tries = 1..LOCK_TRIES;
        let lock = loop {
            match lock(&folder)? {
                Some(lock) => break lock,
                // Whoever asks whether there is a holder has it for a moment.
                None if tries.next().is_some() => tokio::time::sleep(LOCK_WAIT).await,
                None => return Err(StoreError::InUse),
            }
        };
        Ok((lock, Self::objects(options)?))
    }

    fn objects(options: &Options) -> Result<Objects, StoreError> {
        match &options.objects {
            Some(address) => Objects::s3(address),
            None => Objects::files(&store_folder(options).join("objects")),
        }
    }

    async fn open_over(options: &Options, objects: Objects, lock: File) -> Result<Self, StoreError> {
        let incoming = Incoming::there(store_folder(options).join("incoming"), options.keep_free);
        let has_others = async || {
            let left = incoming.digests_left().map_err(disk("look at what was not received whole"))?;
            objects.has_others_than(left).await
        };
        // Looked at before an empty one is made in its place: what a person puts back shall find nothing there.
        let file = index_file(options);
        if options.index.is_none()
            && fs::metadata(file).map_or(0, |file| file.len()) == 0
            && has_others().await?
        {
            return Err(StoreError::LostIndex { in_folder: true });
        }
        let store = Self::with_objects(options, objects.clone(), Some(lock)).await?;
        let Inner { index, incoming, .. } = &*store.inner;
        if index.is_empty().await? && has_others().await? {
            store.close().await;
            return Err(StoreError::LostIndex { in_folder: options.index.is_none() });
        }
        receive::recover(index, &objects, incoming).await?;
        arrival::read_again(index, &objects, incoming.folder()).await?;
        Ok(store)
    }

    /// Opens the index of a store that is there, also while another program has the store open.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none; what disk, database or network say.
    pub async fn look_at(options: &Options) -> Result<Self, StoreError> {
        Self::find(options)?;
        Self::with_objects(options, Self::objects(options)?, None).await
    }

    /// Whether there is a store to open; [`Self::open`] makes one where there is none.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none.
    pub fn find(options: &Options) -> Result<(), StoreError> {
        if store_folder(options).is_dir() { Ok(()) } else { Err(StoreError::Missing("store in this folder")) }
    }

    /// Opens a store that is there to read it, also while another program has it open. Nothing is made, changed or locked.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none, [`StoreError::LostIndex`] where there is no index of its objects, [`StoreError::Earlier`] where
    /// it is one of an earlier program; what disk, database or network say.
    pub async fn open_to_check(options: &Options) -> Result<Self, StoreError> {
        Self::find(options)?;
        let folder = store_folder(options);
        let objects = match &options.objects {
            Some(address) => Objects::s3(address)?,
            None => Objects::Files(folder.join("objects")),
        };
        let incoming = Incoming::there(folder.join("incoming"), options.keep_free);
        let file = index_file(options);
        let index = match &options.index {
            Some(address) => Index::postgres_to_read(address).await?,
            None if fs::metadata(&file).map_or(0, |file| file.len()) > 0 => {
                Index::sqlite_to_read(&file).await?
            }
            None if objects.has_others_than(BTreeSet::new()).await? => {
                return Err(StoreError::LostIndex { in_folder: true });
            }
            None => return Err(StoreError::Missing("index in this folder")),
        };
        Ok(Self::of_parts(index, objects, incoming, folder, None))
    }

    async fn with_objects(
        options: &Options,
        objects: Objects,
        lock: Option<File>,
    ) -> Result<Self, StoreError> {
        let folder = store_folder(options);
        let incoming = Incoming::open(folder.join("incoming"), options.keep_free)?;
        let index = match &options.index {
            Some(address) => Index::postgres(address).await?,
            None => Index::sqlite(&index_file(options)).await?,
        };
        objects::sync_folder(&folder).map_err(disk("sync the data folder"))?;
        Ok(Self::of_parts(index, objects, incoming, folder, lock))
    }

    fn of_parts(
        index: Index,
        objects: Objects,
        incoming: Incoming,
        folder: PathBuf,
        lock: Option<File>,
    ) -> Self {
        let objects_anchor = objects.folder().map(Anchor::of);
        let announcements = Arc::new(Announcements::new());
        let lately = Arc::<audit::Lately>::default();
        let (groups, waiting) = mpsc::channel(MOST_WAITING);
        let forget = Arc::<AtomicBool>::default();
        let task = receive::commit_groups(
            index.clone(),
            objects.clone(),
            objects_anchor.clone(),
            Arc::clone(&announcements),
            Arc::clone(&lately),
            Arc::clone(&forget),
            waiting,
        );
        let committing = tokio::spawn(async move {
            task.await;
            drop(lock);
        });
        let (groups, committing) = (Mutex::new(Some(groups)), tokio::sync::Mutex::new(committing));
        let incoming = Arc::new(incoming);
        let (cores, expected) = (Cores::default(), Arc::default());
        let inner = Inner {
            index,
            objects,
            objects_anchor,
            aside_turn: tokio::sync::Mutex::default(),
            incoming,
            groups,
            committing,
            announcements,
            lately,
            refusals: audit::Refusals::default(),
            cores,
            known: handed_over::Known::default(),
            forget,
            expected,
            folder,
        };
        Self { inner: Arc::new(inner), sight: Arc::default() }
    }

    /// The same with objects in a store of the caller's, for tests of one that fails.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[doc(hidden)]
    pub async fn open_with_objects(
        options: &Options,
        objects: Arc<dyn object_store::ObjectStore>,
    ) -> Result<Self, StoreError> {
        let folder = store_folder(options);
        objects::make_folder(&folder).map_err(disk("make the data folder"))?;
        let lock = lock(&folder)?.ok_or(StoreError::InUse)?;
        Self::open_over(options, Objects::Remote(objects), lock).await
    }

    /// Answers those that wait, lets go of the folder and closes the connections to the index. What is asked afterwards fails.
    pub async fn close(&self) {
        drop(self.groups().take());
        let mut committing = self.inner.committing.lock().await;
        if !committing.is_finished() {
            // A task that panicked has said so.
            let _ = (&mut *committing).await;
        }
        self.inner.index.close().await;
    }

    fn groups(&self) -> MutexGuard<'_, Option<mpsc::Sender<Waiting>>> {
        self.inner.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no program receives into this folder at this moment, this one neither.
    fn is_at_rest(&self) -> Result<bool, StoreError> {
        let what = "ask for the lock of the data folder";
        let file = match File::open(self.inner.folder.join("lock")) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
            file => file.map_err(disk(what))?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(disk(what)(error)),
        }
    }
}

/// SQLite's file.
fn index_file(options: &Options) -> PathBuf {
    store_folder(options).join("index.sqlite")
}

fn store_folder(options: &Options) -> PathBuf {
    options.data.join("store")
}

/// The lock of the folder; `None` where another program has it. The system lets go of it when its holder ends, however it ends.
fn lock(folder: &Path) -> Result<Option<File>, StoreError> {
    let what = "lock the data folder";
    let file = File::options().write(true).create(true).truncate(false).open(folder.join("lock"));
    let file = file.map_err(disk(what))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(disk(what)(error)),
    }
}
