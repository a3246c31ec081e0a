//! What a list of examinations and a comparison need of each, kept beside its journal.
//!
//! A summary is made from the journal when it is first asked for, and kept in a small file with the length that the journal had.
//! Journals only grow: while the length is the same, so is the summary. One that is missing, damaged or out of date is made again. What was read
//! stays in memory beside its length.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use peony_model::BiRads;
use peony_model::report::{Earlier, Report};
use serde::{Deserialize, Serialize};

use crate::examination::{OpenError, report_of};
use crate::journal;
use crate::lines::{self, sealed, unsealed};

/// The file within an examination's folder.
const FILE: &str = "summary";

/// An examination in brief.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// When it was, of whom, and the lesions of its report.
    pub said: Earlier,
    /// Its frames are the virtual transducer's: nobody was examined.
    pub simulated: bool,
    /// Its report is signed.
    pub signed: bool,
    /// It is not the report that was signed.
    #[serde(default)]
    pub altered: bool,
    /// The highest category.
    pub category: Option<BiRads>,
    /// The site of whoever began it; empty where there are none.
    #[serde(default)]
    pub site: String,
}

impl Summary {
    /// The summary of a report of this site.
    #[must_use]
    pub fn of(report: &Report, site: &str) -> Self {
        Self {
            said: Earlier::of(report),
            simulated: report.simulated,
            signed: report.is_signed(),
            altered: report.altered,
            category: report.overall,
            site: site.to_owned(),
        }
    }
}

/// As it lies on the disk, `CRC32 JSON` like an entry of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    journal_bytes: u64,
    summary: Arc<Summary>,
}

/// So many summaries are held in memory, a kilobyte or two each; the others are read from their files whenever they are asked for.
const MOST_HELD: usize = 20_000;

/// The summaries of a folder of examinations as they were last read, by identifier: a list of thousands is asked for every few seconds.
#[derive(Debug, Default)]
pub(crate) struct Summaries(Mutex<HashMap<String, Kept>>);

impl Summaries {
    /// The summary of an examination that is not open in this program, whose journal is in `folder`.
    ///
    /// # Errors
    /// Where the journal cannot be read from its beginning.
    pub fn read(&self, id: &str, folder: &Path) -> Result<Arc<Summary>, OpenError> {
        let now = journal_bytes(folder);
        if let Some(held) = self.held().get(id).filter(|held| now == Some(held.journal_bytes)) {
            return Ok(Arc::clone(&held.summary));
        }
        let (summary, journal_bytes) = match kept(folder) {
            Some(Kept { summary, journal_bytes }) => (summary, Some(journal_bytes)),
            None => made(folder)?,
        };
        let mut held = self.held();
        match journal_bytes.filter(|_| held.len() < MOST_HELD || held.contains_key(id)) {
            Some(journal_bytes) => {
                held.insert(id.to_owned(), Kept { journal_bytes, summary: Arc::clone(&summary) });
            }
            None => {
                held.remove(id);
            }
        }
        Ok(summary)
    }

    /// A journal that cannot be read has none: while its length is the same, the list would go on to show what it was.
    pub fn forget(&self, id: &str, folder: &Path) {
        self.held().remove(id);
        if let Err(error) = fs::remove_file(folder.join(FILE))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("the summary of an examination that cannot be read is still there: {error}");
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The summary made from the journal, and the length of that, where it says something.
fn made(folder: &Path) -> Result<(Arc<Summary>, Option<u64>), OpenError> {
    let read = lines::read(folder)?;
    let (report, site) = report_of(&read.entries)?;
    let summary = Arc::new(Summary::of(&report, &site));
    // What stands behind the last whole entry is cut off when the next one is written, and the length would say nothing.
    if read.torn {
        return Ok((summary, None));
    }
    let made = Kept { journal_bytes: read.good, summary };
    if let Err(error) = keep(folder, &made) {
        // It is made again after the next start.
        tracing::warn!("the summary of an examination is not kept: {error}");
    }
    Ok((made.summary, Some(made.journal_bytes)))
}

fn kept(folder: &Path) -> Option<Kept> {
    let line = fs::read(folder.join(FILE)).ok()?;
    let kept: Kept = serde_json::from_slice(unsealed(line.strip_suffix(b"\n")?)?).ok()?;
    (Some(kept.journal_bytes) == journal_bytes(folder)).then_some(kept)
}

fn journal_bytes(folder: &Path) -> Option<u64> {
    Some(fs::metadata(folder.join(journal::FILE)).ok()?.len())
}

/// Beside its place, synced, and renamed: it is there whole or not at all.
fn keep(folder: &Path, kept: &Kept) -> io::Result<()> {
    let unfinished = folder.join(format!("{FILE}.{}.part", std::process::id()));
    let json = serde_json::to_string(kept).map_err(io::Error::other)?;
    let mut file = File::create(&unfinished)?;
    file.write_all(sealed(&json).as_bytes())?;
    file.sync_data()?;
    fs::rename(unfinished, folder.join(FILE))
}
