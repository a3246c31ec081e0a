//! A look at the boxes of an MP4 file before anything else reads them (ISO/IEC 14496-12 §4.2).
//!
//! The reader behind this one allocates what a box says of itself, and counts samples that no byte stands for: a file
//! of a kilobyte could ask for terabytes. Here every box is held against the one around it, to a fixed depth, and the
//! samples that are claimed are counted.

use std::io::{self, Read, Seek, SeekFrom};

use super::Mp4Error;

/// How deep boxes are looked into: `moov/trak/mdia/minf/stbl`, and one more.
const DEPTH: usize = 6;
/// How many boxes there may be; a fragment has about ten, and lasts about a second.
const BOXES: u64 = 1_000_000;
/// How long the description of the pictures may be, without the pictures. A day at 60 a second takes some 60 MB.
const TABLE_BYTES: u64 = 128 << 20;
/// How many pictures and pieces of sound are counted, in all tracks.
pub const SAMPLES: u64 = 10_000_000;

/// What is said of samples that no byte can stand for.
pub const MORE_THAN_THE_FILE: &str = "more pictures than the file holds";

/// Those that hold other boxes and are looked into.
const CONTAINERS: [&[u8; 4]; 9] =
    [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mvex", b"edts"];
/// Those that the reader behind passes over without allocating.
const PASSED_OVER: [&[u8; 4]; 4] = [b"mdat", b"free", b"skip", b"wide"];

/// Those that hold nothing which is wanted, and in which the reader behind can go round for ever.
const MASKED: [&[u8; 4]; 3] = [b"udta", b"meta", b"emsg"];

/// What was counted so far.
#[derive(Default)]
struct Tally {
    boxes: u64,
    table_bytes: u64,
    samples: u64,
    masked: Vec<u64>,
}

/// Passes a file whose boxes hold together; where the names of those begin that are to be passed over.
pub fn scan(file: &mut (impl Read + Seek), file_bytes: u64) -> Result<Vec<u64>, Mp4Error> {
    let mut tally = Tally::default();
    file.seek(SeekFrom::Start(0))?;
    boxes(file, file_bytes, file_bytes, DEPTH, &mut tally)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(tally.masked)
}

/// The boxes from here to `end`.
fn boxes(
    file: &mut (impl Read + Seek),
    end: u64,
    file_bytes: u64,
    depth: usize,
    tally: &mut Tally,
) -> Result<(), Mp4Error> {
    let mut at = file.stream_position()?;
    while at < end {
        let (name, header_bytes, bytes) = header(file, end - at)?;
        let next = at + bytes;
        tally.boxes += 1;
        if tally.boxes > BOXES {
            return Err(Mp4Error::Damaged("too many boxes"));
        }
        if CONTAINERS.contains(&&name) {
            let inside = depth.checked_sub(1).ok_or(Mp4Error::Damaged("boxes within boxes"))?;
            boxes(file, next, file_bytes, inside, tally)?;
        } else if MASKED.contains(&&name) {
            tally.masked.push(at + 4);
        } else if !PASSED_OVER.contains(&&name) {
            tally.table_bytes += bytes;
            tally.samples = tally.samples.saturating_add(samples(file, &name, bytes - header_bytes)?);
            if tally.table_bytes > TABLE_BYTES || tally.samples > SAMPLES {
                return Err(Mp4Error::TooLong);
            }
            // Each of them lies in the file and has a byte at least.
            if tally.samples > file_bytes {
                return Err(Mp4Error::Damaged(MORE_THAN_THE_FILE));
            }
        }
        at = file.seek(SeekFrom::Start(next))?;
    }
    Ok(())
}

/// Name, length of the header, and length of the whole box, which fits into what is `left`.
fn header(file: &mut impl Read, left: u64) -> Result<([u8; 4], u64, u64), Mp4Error> {
    let short: [u8; 8] = array(file)?;
    let [s0, s1, s2, s3, n0, n1, n2, n3] = short;
    let (header_bytes, bytes) = match u32::from_be_bytes([s0, s1, s2, s3]) {
        // To the end of the file; the reader behind does not know it.
        0 => return Err(Mp4Error::Damaged("a box without a length")),
        1 => (16, u64::from_be_bytes(array(file)?)),
        bytes => (8, u64::from(bytes)),
    };
    if bytes < header_bytes || bytes > left {
        return Err(Mp4Error::Damaged("a box that is longer than what holds it"));
    }
    Ok(([n0, n1, n2, n3], header_bytes, bytes))
}

/// The samples that a box claims to describe.
fn samples(file: &mut impl Read, name: &[u8; 4], content_bytes: u64) -> Result<u64, Mp4Error> {
    if content_bytes < 12 {
        return Ok(0);
    }
    Ok(match name {
        // Version and flags, the size of all samples or 0, their number (§8.7.3.2).
        b"stsz" => words(file)?[2].into(),
        // Version and flags, the number of samples (§8.8.8.2).
        b"trun" => words(file)?[1].into(),
        _ => 0,
    })
}

fn words(file: &mut impl Read) -> Result<[u32; 3], Mp4Error> {
    let bytes: [u8; 12] = array(file)?;
    let mut words = [0; 3];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    Ok(words)
}

fn array<const N: usize>(file: &mut impl Read) -> Result<[u8; N], Mp4Error> {
    let mut bytes = [0; N];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Mp4Error::Damaged("it is cut off")),
        Err(error) => Err(error.into()),
    }
}
