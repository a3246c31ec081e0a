//! What a list of examinations and a comparison need of each, kept beside its journal.
//!
//! A summary is made from the journal when it is first asked for, and kept in a small file with the length that the journal had.
//! Journals only grow: while the length is the same, so is the summary. One that is missing, damaged or out of date is made again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

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
#[derive(Serialize, Deserialize)]
struct Kept {
    journal_bytes: u64,
    summary: Summary,
}

/// The summary of an examination's folder that is not open in this program.
///
/// # Errors
/// Where the journal cannot be read from its beginning.
pub(crate) fn read(folder: &Path) -> Result<Summary, OpenError> {
    if let Some(summary) = kept(folder) {
        return Ok(summary);
    }
    let read = lines::read(folder)?;
    let (report, site) = report_of(&read.entries)?;
    let summary = Summary::of(&report, &site);
    // What stands behind the last whole entry is cut off when the next one is written, and the length would say nothing.
    if !read.torn
        && let Err(error) = keep(folder, &Kept { journal_bytes: read.good, summary: summary.clone() })
    {
        // It is made again next time.
        tracing::warn!("the summary of an examination is not kept: {error}");
    }
    Ok(summary)
}

/// A journal that cannot be read has none: while its length is the same, the list would go on to show what it was.
pub(crate) fn forget(folder: &Path) {
    if let Err(error) = fs::remove_file(folder.join(FILE))
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("the summary of an examination that cannot be read is still there: {error}");
    }
}

fn kept(folder: &Path) -> Option<Summary> {
    let line = fs::read(folder.join(FILE)).ok()?;
    let kept: Kept = serde_json::from_slice(unsealed(line.strip_suffix(b"\n")?)?).ok()?;
    let journal_bytes = fs::metadata(folder.join(journal::FILE)).ok()?.len();
    (kept.journal_bytes == journal_bytes).then_some(kept.summary)
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
