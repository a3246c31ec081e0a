//! What a list of examinations and a comparison need of each, kept beside its journal.
//!
//! A summary is made from the journal when it is first asked for, and kept in a small file with the length that the journal had and when it was written last.
//! While both are the same, so is the summary: journals only grow, and one that somebody has changed is read again. One that is missing, damaged or out of date is
//! made again. What was read stays in memory.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use peony_model::BiRads;
use peony_model::report::Earlier;
use serde::{Deserialize, Serialize};

use crate::examination::{OpenError, summary_of};
use crate::journal;
use crate::lines::{self, sealed, unsealed};
use crate::signed::report;
use crate::state::State;

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
    /// Nothing is in it.
    #[serde(default)]
    pub empty: bool,
    /// It was discarded.
    #[serde(default)]
    pub discarded: bool,
    /// The account of whoever began it; `None` where nobody has said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl Summary {
    pub(crate) fn of(state: &State) -> Self {
        let report = report(state);
        Self {
            said: Earlier::of(&report),
            simulated: report.simulated,
            signed: report.is_signed(),
            altered: report.altered,
            category: report.overall,
            site: state.opened.site.clone(),
            empty: state.is_empty(),
            discarded: state.discarded,
            account: state.begun_by().and_then(|by| by.account.clone()),
        }
    }
}

/// As it lies on the disk, `CRC32 JSON` like an entry of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    journal: Stamp,
    summary: Arc<Summary>,
}

/// By which a journal is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    journal_bytes: u64,
    /// Nanoseconds since 1970; 0 where the disk does not say it, and in summaries of an earlier version, which are made again.
    #[serde(default)]
    written_ns: u64,
}

impl Stamp {
    fn of(folder: &Path) -> Option<Self> {
        let journal = fs::metadata(folder.join(journal::FILE)).ok()?;
        let since = journal.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let written_ns = since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or_default();
        Some(Self { journal_bytes: journal.len(), written_ns })
    }
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
        // Before it is read: what is written meanwhile makes it another one.
        let now = Stamp::of(folder);
        if let Some(held) = self.held().get(id).filter(|held| now == Some(held.journal)) {
            return Ok(Arc::clone(&held.summary));
        }
        let (summary, journal) = match kept(folder).filter(|kept| now == Some(kept.journal)) {
            Some(Kept { summary, journal }) => (summary, Some(journal)),
            None => made(folder, now)?,
        };
        let mut held = self.held();
        match journal.filter(|_| held.len() < MOST_HELD || held.contains_key(id)) {
            Some(journal) => {
                held.insert(id.to_owned(), Kept { journal, summary: Arc::clone(&summary) });
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

/// The summary made from the journal, and what that is known by, where it says something.
fn made(folder: &Path, now: Option<Stamp>) -> Result<(Arc<Summary>, Option<Stamp>), OpenError> {
    let read = lines::read(folder)?;
    let summary = Arc::new(summary_of(&read.entries)?);
    // What stands behind the last whole entry is cut off when the next one is written, and the length would say nothing.
    let Some(journal) = now.filter(|now| !read.torn && now.journal_bytes == read.good) else {
        return Ok((summary, None));
    };
    let made = Kept { journal, summary };
    if let Err(error) = keep(folder, &made) {
        // It is made again after the next start.
        tracing::warn!("the summary of an examination is not kept: {error}");
    }
    Ok((made.summary, Some(made.journal)))
}

fn kept(folder: &Path) -> Option<Kept> {
    let line = fs::read(folder.join(FILE)).ok()?;
    serde_json::from_slice(unsealed(line.strip_suffix(b"\n")?)?).ok()
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
