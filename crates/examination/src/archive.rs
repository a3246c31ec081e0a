//! All examinations of a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::event::Opened;
use crate::examination::{Examination, OpenError};
use crate::journal::JournalError;
use crate::summary::{Summaries, Summary};

/// So many examinations stay open that nobody holds: pages that show one ask for it every few seconds. Each has a thread and an open file.
const IDLE: usize = 16;

/// Examinations that are open in this program, and those that lie on the disk.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    open: Mutex<Open>,
    summaries: Summaries,
    /// A journal was read, or cannot be.
    was_read: Condvar,
}

/// What is open. Only this hands it out, so that what is held here alone is held by nobody as long as this is locked.
#[derive(Debug, Default)]
struct Open {
    by_id: BTreeMap<String, InUse>,
    /// How often any was asked for.
    asked: u64,
    /// Those whose journal is being read: nobody else reads it, and nobody waits for it but who asks for the same one.
    reading: BTreeSet<String>,
}

/// A journal is being read, until this is dropped.
struct Reading<'a>(&'a Archive, &'a str);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.lock().reading.remove(self.1);
        self.0.was_read.notify_all();
    }
}

#[derive(Debug)]
struct InUse {
    examination: Arc<Examination>,
    /// [`Open::asked`] when it was asked for last.
    asked: u64,
}

impl Open {
    fn get(&mut self, id: &str) -> Option<Arc<Examination>> {
        self.asked += 1;
        let asked = self.asked;
        let found = self.by_id.get_mut(id)?;
        found.asked = asked;
        Some(Arc::clone(&found.examination))
    }

    /// Keeps an examination that was opened, and lets go of those that nobody has asked for longest, nor holds: they stay on the disk.
    fn keep(&mut self, id: String, examination: &Arc<Examination>) {
        self.asked += 1;
        self.by_id.insert(id, InUse { examination: Arc::clone(examination), asked: self.asked });
        let idle = self.by_id.iter().filter(|(_, kept)| Arc::strong_count(&kept.examination) == 1);
        let mut idle: Vec<(u64, String)> = idle.map(|(id, kept)| (kept.asked, id.clone())).collect();
        idle.sort_unstable();
        for (_, id) in idle.iter().rev().skip(IDLE) {
            self.by_id.remove(id);
        }
    }
}

/// An examination in a list.
#[derive(Debug)]
pub struct Listed {
    /// Its identifier.
    pub id: String,
    /// What it is in brief, or why that cannot be read.
    pub summary: Result<Arc<Summary>, OpenError>,
}

impl Archive {
    /// The examinations in `folder`/exams, which is made where it is missing.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let folder = folder.join("exams");
        fs::create_dir_all(&folder)
            .map_err(|source| JournalError::Disk { what: "make the folder of examinations", source })?;
        Ok(Self { folder, open: Mutex::default(), summaries: Summaries::default(), was_read: Condvar::new() })
    }

    /// Begin an examination; `opened` gets a new identifier.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn begin(&self, opened: Opened) -> Result<Arc<Examination>, OpenError> {
        let id = uuid::Uuid::now_v7().to_string();
        let folder = self.folder.join(&id);
        let examination = Arc::new(Examination::begin(&folder, Opened { id: id.clone(), ..opened })?);
        self.lock().keep(id, &examination);
        Ok(examination)
    }

    /// The examination of this identifier, opened if it is not; `None` where there is none.
    ///
    /// # Errors
    /// Where its journal cannot be read, or another program has it open.
    pub fn get(&self, id: &str) -> Result<Option<Arc<Examination>>, OpenError> {
        let Some(folder) = self.folder_of(id) else { return Ok(None) };
        let is_read = |open: &mut Open| open.reading.contains(id);
        let mut open = self.was_read.wait_while(self.lock(), is_read).unwrap_or_else(PoisonError::into_inner);
        if let Some(examination) = open.get(id) {
            return Ok(Some(examination));
        }
        if !folder.is_dir() {
            return Ok(None);
        }
        open.reading.insert(id.to_owned());
        drop(open);
        let _reading = Reading(self, id);
        let resumed = Examination::resume(&folder).inspect_err(|error| {
            if let JournalError::Damaged { .. } | JournalError::Newer { .. } = error {
                self.summaries.forget(id, &folder);
            }
        });
        let examination = Arc::new(resumed?);
        self.lock().keep(id.to_owned(), &examination);
        Ok(Some(examination))
    }

    /// Look for the earlier examination that this one is compared with, and have it heard of: the latest one of the same
    /// patient's identifier that is signed and began before. What is simulated is compared with what is simulated, and what is of a
    /// site with what is of the same. Nothing is done where it was found before.
    ///
    /// # Errors
    /// Where the folder cannot be read, or the disk takes nothing any more.
    pub fn compare(&self, examination: &Examination) -> Result<(), OpenError> {
        let Some(patient) = examination.looks_for() else { return Ok(()) };
        let (Opened { id: own, site, .. }, simulated) =
            (examination.opened(), examination.report().simulated);
        let before = self.ids()?.into_iter().filter(|id| *id < own);
        // One that cannot be read is none to compare with; the list says why.
        let mut readable = before.filter_map(|id| self.summary(&id)?.ok());
        let found = readable.find(|other| {
            other.signed
                && !other.altered
                && other.simulated == simulated
                && other.site == site
                && other.said.patient.id.trim() == patient
        });
        found.map_or(Ok(()), |found| examination.hear_of(found.said.clone()))
    }

    /// Every examination but those that were discarded, the newest first.
    ///
    /// # Errors
    /// Where the folder cannot be read; an examination that cannot be says so itself.
    pub fn list(&self) -> Result<Vec<Listed>, OpenError> {
        let ids = self.ids()?.into_iter();
        let listed = ids.filter_map(|id| Some(Listed { summary: self.summary(&id)?, id }));
        let is_there = |listed: &Listed| listed.summary.as_ref().is_ok_and(|summary| summary.discarded);
        Ok(listed.filter(|listed| !is_there(listed)).collect())
    }

    /// What lies in the folder, the newest first.
    fn ids(&self) -> Result<Vec<String>, OpenError> {
        let refused =
            |source: io::Error| JournalError::Disk { what: "read the folder of examinations", source };
        let names = fs::read_dir(&self.folder).map_err(refused)?;
        let mut ids: Vec<String> =
            names.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        // Identifiers begin with their time.
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }

    /// An examination in brief; `None` where this is no identifier.
    fn summary(&self, id: &str) -> Option<Result<Arc<Summary>, OpenError>> {
        let folder = self.folder_of(id)?;
        let open = self.lock().by_id.get(id).map(|kept| Arc::clone(&kept.examination));
        Some(match open {
            Some(open) => Ok(Arc::new(open.summary())),
            None => self.summaries.read(id, &folder),
        })
    }

    /// Only what is an identifier names a folder.
    fn folder_of(&self, id: &str) -> Option<PathBuf> {
        let uuid = uuid::Uuid::try_parse(id).ok()?;
        (uuid.to_string() == id).then(|| self.folder.join(id))
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
