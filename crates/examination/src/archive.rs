//! All examinations of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::Opened;
use crate::examination::{Examination, OpenError};
use crate::journal::JournalError;
use crate::summary::{self, Summary};

/// Examinations that are open in this program, and those that lie on the disk.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    open: Mutex<BTreeMap<String, Arc<Examination>>>,
}

/// An examination in a list.
#[derive(Debug)]
pub struct Listed {
    /// Its identifier.
    pub id: String,
    /// What it is in brief, or why that cannot be read.
    pub summary: Result<Summary, OpenError>,
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
        Ok(Self { folder, open: Mutex::default() })
    }

    /// Begin an examination; `opened` gets a new identifier.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn begin(&self, opened: Opened) -> Result<Arc<Examination>, OpenError> {
        let id = uuid::Uuid::now_v7().to_string();
        let folder = self.folder.join(&id);
        let examination = Arc::new(Examination::begin(&folder, Opened { id: id.clone(), ..opened })?);
        self.lock().insert(id, Arc::clone(&examination));
        Ok(examination)
    }

    /// The examination of this identifier, opened if it is not; `None` where there is none.
    ///
    /// # Errors
    /// Where its journal cannot be read, or another program has it open.
    pub fn get(&self, id: &str) -> Result<Option<Arc<Examination>>, OpenError> {
        let Some(folder) = self.folder_of(id) else { return Ok(None) };
        let mut open = self.lock();
        if let Some(examination) = open.get(id) {
            return Ok(Some(Arc::clone(examination)));
        }
        if !folder.is_dir() {
            return Ok(None);
        }
        let examination = Arc::new(Examination::resume(&folder)?);
        open.insert(id.to_owned(), Arc::clone(&examination));
        Ok(Some(examination))
    }

    /// Lets go of an examination that nobody else holds; it stays on the disk.
    pub fn close(&self, id: &str) {
        let mut open = self.lock();
        if open.get(id).is_some_and(|examination| Arc::strong_count(examination) == 1) {
            open.remove(id);
        }
    }

    /// Look for the earlier examination that this one is compared with, and have it heard of: the latest one of the same
    /// patient's identifier that is signed and began before. What is simulated is compared with what is simulated, and what is of a
    /// site with what is of the same. Nothing is done where it was found before.
    ///
    /// # Errors
    /// Where the folder cannot be read, or the disk takes nothing any more.
    pub fn compare(&self, examination: &Examination) -> Result<(), OpenError> {
        let Some(patient) = examination.looks_for() else { return Ok(()) };
        let Opened { id: own, simulated, site, .. } = examination.opened();
        let before = self.ids()?.into_iter().filter(|id| *id < own);
        // One that cannot be read is none to compare with; the list says why.
        let mut readable = before.filter_map(|id| self.summary(&id)?.ok());
        let found = readable.find(|other| {
            other.signed
                && other.simulated == simulated
                && other.site == site
                && other.said.patient.id.trim() == patient
        });
        found.map_or(Ok(()), |found| examination.hear_of(found.said))
    }

    /// Every examination, the newest first.
    ///
    /// # Errors
    /// Where the folder cannot be read; an examination that cannot be says so itself.
    pub fn list(&self) -> Result<Vec<Listed>, OpenError> {
        let ids = self.ids()?.into_iter();
        Ok(ids.filter_map(|id| Some(Listed { summary: self.summary(&id)?, id })).collect())
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
    fn summary(&self, id: &str) -> Option<Result<Summary, OpenError>> {
        let folder = self.folder_of(id)?;
        let open = self.lock().get(id).map(Arc::clone);
        Some(
            open.map_or_else(|| summary::read(&folder), |open| Ok(Summary::of(&open.report(), &open.site()))),
        )
    }

    /// Only what is an identifier names a folder.
    fn folder_of(&self, id: &str) -> Option<PathBuf> {
        let uuid = uuid::Uuid::try_parse(id).ok()?;
        (uuid.to_string() == id).then(|| self.folder.join(id))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Examination>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
