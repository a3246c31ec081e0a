//! The journal of an examination on the disk: entries are appended and never changed.
//!
//! `journal.jsonl` holds one entry a line, `CRC32 JSON`, the checksum over the JSON in eight hex digits. `planes/ID.png`
//! holds the pictures; each is on the disk before the entry that names it. One thread writes: it takes everything that waits, writes it,
//! syncs once, and says so (group commit). Nothing waits for it but who asks to.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use image::{GrayImage, ImageFormat};
use serde::Serialize;

use crate::event::Entry;
use crate::lines::written;

/// The file of entries within an examination's folder.
pub(crate) const FILE: &str = "journal.jsonl";
/// The folder of pictures within it.
pub(crate) const PLANES: &str = "planes";
/// A disk that refuses is asked again after so long.
const RETRY: Duration = Duration::from_millis(500);
/// The most entries that wait for a disk that refuses; the machine's newest words take the place of its older ones before that.
const MOST_WAITING: usize = 4096;
/// The most bytes of them, pictures as they lie in memory.
const MOST_BYTES: usize = 256 << 20;
/// So many entries and bytes more are taken of what people do, when the machine's are not any more.
const FOR_PEOPLE: (usize, usize) = (512, 32 << 20);

/// Why an examination's journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk refused.
    #[error("{what}: {source}")]
    Disk {
        /// What was to be done.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The first entry is missing or is not the beginning of an examination.
    #[error("the journal has no beginning that can be read")]
    NoBeginning,
    /// A line that was written whole is not what was written. Nothing is cut off, and nothing is written into it.
    #[error(
        "the journal is damaged in line {line}, and {behind} whole entries stand behind that; it is left as it is"
    )]
    Damaged {
        /// Which line, from 1.
        line: usize,
        /// How many whole entries stand behind it.
        behind: usize,
    },
    /// A line is whole and says what this program does not know.
    #[error("line {line} of the journal is of a newer program; it is left as it is")]
    Newer {
        /// Which line, from 1.
        line: usize,
    },
    /// Another process writes to it.
    #[error("the examination is open in another program")]
    Locked,
    /// It was not on the disk in time.
    #[error("not on the disk after {} s{}", .waited.as_secs(), .why.as_deref().map(|why| format!(": {why}")).unwrap_or_default())]
    NotSaved {
        /// How long was waited.
        waited: Duration,
        /// What the disk said last.
        why: Option<String>,
    },
    /// So much waits for a disk that refuses that no more is taken.
    #[error("the disk takes nothing, and as much waits for it as may")]
    Full,
}

/// Why a disk takes nothing, as far as people can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiskTrouble {
    /// It is full, or as full as it may be.
    NoRoom,
    /// It, or the folder, may not be written to.
    ReadOnly,
    /// Anything else.
    Refused,
}

impl DiskTrouble {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoRoom,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Refused,
        }
    }
}

pub(crate) fn disk(what: &'static str) -> impl FnOnce(io::Error) -> JournalError {
    move |source| JournalError::Disk { what, source }
}

/// What the newer of two waiting entries makes needless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaces {
    /// The machine's word on a lesion.
    Seen(u32),
    /// Nothing: every such entry counts.
    Nothing,
    /// Nothing before it: what a person did counts with what the machine had said by then, a signature before all.
    NothingBefore,
}

/// One thing to write.
#[derive(Debug)]
struct Waiting {
    seq: u64,
    replaces: Replaces,
    line: String,
    plane: Option<(u64, Arc<GrayImage>)>,
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.line.len() + self.plane.as_ref().map_or(0, |(_, picture)| picture.as_raw().len())
    }
}

/// How far the disk is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Every entry up to this one is on the disk.
    pub seq: u64,
    /// How many wait.
    pub waiting: usize,
    /// Why the disk takes nothing, while it does not.
    pub error: Option<String>,
    /// The same for people.
    pub trouble: Option<DiskTrouble>,
    /// So many of the machine's pictures were not taken, because as much waited as may.
    pub dropped_planes: u64,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// How many entries, and bytes, the writer has taken that are not on the disk yet.
    in_hand: (usize, usize),
    saved: u64,
    error: Option<(DiskTrouble, String)>,
    dropped_planes: u64,
    ended: bool,
}

impl State {
    /// Whether another one may wait.
    fn has_room(&self, more: &Waiting, of_person: bool) -> bool {
        let (entries, bytes) = self.in_hand;
        let entries = entries + self.waiting.len();
        let bytes = bytes + self.waiting.iter().map(Waiting::bytes).sum::<usize>();
        let (more_entries, more_bytes) = if of_person { FOR_PEOPLE } else { (0, 0) };
        entries < MOST_WAITING + more_entries && bytes + more.bytes() <= MOST_BYTES + more_bytes
    }
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open journal. Dropped, it writes what still waits, for as long as the disk takes it at once.
#[derive(Debug)]
pub(crate) struct Journal {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

impl Journal {
    /// Begin to write in `folder`, after its first `good` bytes; what stands behind them is set aside before the first entry is written, and not
    /// before: whoever only reads changes nothing.
    pub fn open(folder: &Path, file: File, good: u64, saved: u64) -> Result<Self, JournalError> {
        let shared = Arc::new(Shared::default());
        shared.lock().saved = saved;
        let writer = Writer {
            shared: Arc::clone(&shared),
            file,
            length: good,
            folder: folder.to_owned(),
            is_ready: false,
            is_aside: false,
        };
        let writer = thread::Builder::new().name("peony-journal".into()).spawn(move || writer.run());
        let writer = writer.map_err(disk("start the journal's thread"))?;
        Ok(Self { shared, writer: Some(writer) })
    }

    /// Hand an entry to the writer, and the picture that it names, if it names one. Gives the entry as it will be read again.
    pub fn append(
        &self,
        entry: &Entry,
        replaces: Replaces,
        plane: Option<(u64, Arc<GrayImage>)>,
    ) -> Result<Entry, JournalError> {
        let (line, again) = written(entry)?;
        let waiting = Waiting { seq: entry.seq, replaces, line, plane };
        let mut state = self.shared.lock();
        if let Replaces::Seen(_) = replaces {
            let stays = |older: &Waiting| older.replaces == Replaces::NothingBefore;
            let from = state.waiting.iter().rposition(stays).map_or(0, |at| at + 1);
            let is_needless = |older: &Waiting| older.replaces == replaces;
            // At most one is: the one before took the place of those before it.
            if let Some(at) = state.waiting.iter().skip(from).position(is_needless) {
                state.waiting.remove(from + at);
            }
        }
        if !state.has_room(&waiting, entry.by.is_some()) {
            // A person is told that it was not taken; the machine's word is counted.
            state.dropped_planes += u64::from(entry.by.is_none() && waiting.plane.is_some());
            return Err(JournalError::Full);
        }
        state.waiting.push_back(waiting);
        self.shared.changed.notify_all();
        Ok(again)
    }

    /// Wait until everything up to `seq` is on the disk.
    pub fn wait(&self, seq: u64, most: Duration) -> Result<(), JournalError> {
        let state = self.shared.lock();
        let waited =
            self.shared.changed.wait_timeout_while(state, most, |state| state.saved < seq && !state.ended);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.saved >= seq {
            return Ok(());
        }
        let why = state.error.as_ref().map(|(_, why)| why.clone());
        Err(JournalError::NotSaved { waited: most, why })
    }

    pub fn saved(&self) -> Saved {
        let state = self.shared.lock();
        let (trouble, error) = state.error.clone().unzip();
        Saved {
            seq: state.saved,
            waiting: state.waiting.len() + state.in_hand.0,
            error,
            trouble,
            dropped_planes: state.dropped_planes,
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so; there is nobody else to tell.
            let _ = writer.join();
        }
    }
}

/// The journal of an examination's folder, which no other program then writes to.
pub(crate) fn lock(folder: &Path, create: bool) -> Result<File, JournalError> {
    let file =
        OpenOptions::new().create(create).truncate(false).read(true).write(true).open(folder.join(FILE));
    let file = file.map_err(disk("open the journal"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(JournalError::Locked),
        Err(fs::TryLockError::Error(source)) => Err(disk("lock the journal")(source)),
    }
}

/// The greatest number whose picture is there, whatever became of its entry; 0 where there is none.
pub(crate) fn last_picture(folder: &Path) -> Result<u64, JournalError> {
    let names = match fs::read_dir(folder.join(PLANES)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        names => names.map_err(disk("read the pictures"))?,
    };
    let mut last = 0;
    for name in names {
        let name = name.map_err(disk("read the pictures"))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".png")?.parse().ok());
        last = last.max(number.unwrap_or(0));
    }
    Ok(last)
}

/// What stands behind the last good entry goes into a file of its own, of a name that nothing has.
fn set_aside(folder: &Path, rest: &[u8]) -> io::Result<()> {
    for number in 1_u32.. {
        let path = folder.join(format!("journal.{number}.torn"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(mut file) => {
                if let Err(error) = file.write_all(rest).and_then(|()| file.sync_all()) {
                    // Half of it is of no use, and is written whole at the next attempt.
                    let _ = fs::remove_file(&path);
                    return Err(error);
                }
                return sync_folder(folder);
            }
        }
    }
    Err(io::Error::other("every name for a torn entry is taken"))
}

/// A new name in a folder is on the disk only once the folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

struct Writer {
    shared: Arc<Shared>,
    file: File,
    /// Where the next entry begins: a write that failed half-way is begun again there.
    length: u64,
    folder: PathBuf,
    /// The folders are made, and the journal ends with its last good entry.
    is_ready: bool,
    /// What stood behind that is in a file of its own.
    is_aside: bool,
}

impl Writer {
    fn run(mut self) {
        while let Some(batch) = self.next_batch() {
            let mut first_try = true;
            while let Err(error) = self.write(&batch) {
                tracing::warn!("an examination's journal is not written: {error}");
                let mut state = self.shared.lock();
                state.error = Some((DiskTrouble::of(&error), error.to_string()));
                self.shared.changed.notify_all();
                if state.ended && !std::mem::take(&mut first_try) {
                    return;
                }
                let waited = self.shared.changed.wait_timeout_while(state, RETRY, |state| !state.ended);
                drop(waited.unwrap_or_else(PoisonError::into_inner));
            }
            let mut state = self.shared.lock();
            state.saved = batch.last().map_or(state.saved, |last| last.seq);
            (state.in_hand, state.error) = ((0, 0), None);
            self.shared.changed.notify_all();
        }
    }

    /// Everything that waits; `None` once the journal was dropped and nothing waits.
    fn next_batch(&self) -> Option<Vec<Waiting>> {
        let state = self.shared.lock();
        let waited = self.shared.changed.wait_while(state, |state| state.waiting.is_empty() && !state.ended);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let batch: Vec<Waiting> = state.waiting.drain(..).collect();
        state.in_hand = (batch.len(), batch.iter().map(Waiting::bytes).sum());
        (!batch.is_empty()).then_some(batch)
    }

    /// Before the first entry: the folders are on the disk, and what was torn is set aside before it is cut off.
    fn make_ready(&mut self) -> io::Result<()> {
        fs::create_dir_all(self.folder.join(PLANES))?;
        let mut rest = Vec::new();
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.length))?;
        self.file.read_to_end(&mut rest)?;
        if !rest.is_empty() {
            if !self.is_aside {
                set_aside(&self.folder, &rest)?;
                tracing::warn!(
                    "the last entry of an examination was torn: its {} bytes are set aside",
                    rest.len()
                );
                self.is_aside = true;
            }
            self.file.set_len(self.length)?;
            self.file.sync_all()?;
        }
        sync_folder(&self.folder)?;
        self.folder.parent().map_or(Ok(()), sync_folder)?;
        self.is_ready = true;
        Ok(())
    }

    fn write(&mut self, batch: &[Waiting]) -> io::Result<()> {
        if !self.is_ready {
            self.make_ready()?;
        }
        let planes = self.folder.join(PLANES);
        let mut new_files = false;
        for (id, picture) in batch.iter().filter_map(|waiting| waiting.plane.as_ref()) {
            write_plane(&planes, *id, picture)?;
            new_files = true;
        }
        if new_files {
            sync_folder(&planes)?;
        }
        let text: String = batch.iter().map(|waiting| waiting.line.as_str()).collect();
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.length))?;
        self.file.set_len(self.length)?;
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        self.length += text.len() as u64;
        Ok(())
    }
}

/// Beside its place, synced, and renamed: a picture is there whole or not at all.
fn write_plane(folder: &Path, id: u64, picture: &GrayImage) -> io::Result<()> {
    let unfinished = folder.join(format!("{id}.part"));
    let mut file = File::create(&unfinished)?;
    let mut png = io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).map_err(io::Error::other)?;
    file.write_all(png.get_ref())?;
    file.sync_data()?;
    fs::rename(unfinished, folder.join(format!("{id}.png")))
}
