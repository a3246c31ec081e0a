//! The lines of a journal: how an entry is written, and what is read of a file of them.

use std::fs;
use std::io;
use std::path::Path;

use crate::event::Entry;
use crate::journal::{FILE, JournalError, disk};

/// What was read of a journal.
#[derive(Debug)]
pub(crate) struct Read {
    pub entries: Vec<Entry>,
    /// How many bytes hold them.
    pub good: u64,
    /// Behind them stands an entry that was being written when the power went.
    pub torn: bool,
}

/// Read the entries of an examination's folder.
///
/// # Errors
/// [`JournalError::Damaged`] and [`JournalError::Newer`] where a line that was written whole is no entry: of what was signed and said
/// nothing is shown in part. Else where the disk refuses.
pub(crate) fn read(folder: &Path) -> Result<Read, JournalError> {
    let bytes = fs::read(folder.join(FILE)).map_err(disk("read the journal"))?;
    let (mut entries, mut good): (Vec<Entry>, usize) = (Vec::new(), 0);
    while let Some(length) = bytes[good..].iter().position(|byte| *byte == b'\n') {
        let Some(entry) = parse(&bytes[good..good + length]) else { break };
        // A number that does not grow is no continuation of this journal.
        if entries.last().is_some_and(|last: &Entry| last.seq >= entry.seq) {
            break;
        }
        entries.push(entry);
        good += length + 1;
    }
    let rest = &bytes[good..];
    if let Some(error) = fault_of(rest, entries.len() + 1) {
        return Err(error);
    }
    Ok(Read { entries, good: good as u64, torn: !rest.is_empty() })
}

/// What is wrong with what stands behind the last good entry, from this line on; `None` where it was never whole: the beginning of a line, or
/// what a disk has in the place of bytes that it did not get, which is zeros.
fn fault_of(rest: &[u8], line: usize) -> Option<JournalError> {
    let whole = |line: &&[u8]| unsealed(line).is_some();
    let mut lines = rest.split(|byte| *byte == b'\n');
    let last = lines.next_back().unwrap_or_default();
    let ended: Vec<&[u8]> = lines.collect();
    if let Some(json) = ended.first().and_then(|first| unsealed(first))
        && serde_json::from_slice::<Entry>(json).is_err()
    {
        return Some(JournalError::Newer { line });
    }
    let behind = ended.iter().skip(1).filter(|line| whole(line)).count();
    let was_written = ended.iter().any(|line| unsealed(line).is_some() || !line.contains(&0));
    let lost_its_end = last.split_last().is_some_and(|(_, line)| unsealed(line).is_some());
    (was_written || lost_its_end).then_some(JournalError::Damaged { line, behind })
}

fn parse(line: &[u8]) -> Option<Entry> {
    serde_json::from_slice(unsealed(line)?).ok()
}

/// A line of its own: `CRC32 JSON`.
pub(crate) fn sealed(json: &str) -> String {
    format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
}

/// The JSON of such a line without its end, where nothing of it was changed.
pub(crate) fn unsealed(line: &[u8]) -> Option<&[u8]> {
    let (crc, json) = (line.get(..8)?, line.get(9..)?);
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?, 16).ok()?;
    (line[8] == b' ' && crc32fast::hash(json) == crc).then_some(json)
}

/// An entry's line, and the entry as it will be read again: what is shown now is what is shown after a stop.
///
/// # Errors
/// Where it could not be read again.
pub(crate) fn written(entry: &Entry) -> Result<(String, Entry), JournalError> {
    let refused = |error| JournalError::Disk { what: "write an entry", source: io::Error::other(error) };
    let json = serde_json::to_string(entry).map_err(refused)?;
    let again = serde_json::from_str(&json).map_err(refused)?;
    Ok((sealed(&json), again))
}
