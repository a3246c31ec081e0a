//! A deflated data set (PS3.5 §A.5) that is read anywhere and never lies in memory whole.
//!
//! It is inflated once from end to end, which tells how long it is and that it inflates at all; on the way the state of the decoder is kept every
//! [`APART`] bytes. Who reads on goes on inflating, who jumps begins at the kept state before. What is in memory is at most 1.6 MB, for the
//! longest that is read.

use std::cell::RefCell;
use std::io::{self, Read, Seek};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use crate::cursor::{Source, Stretches, Window};
use crate::error::DicomError;
use crate::{limits, scan};

/// What is inflated at a time, and read of the deflated bytes. As much of what went before is held: a header may lie across two of them.
const CHUNK: usize = 64 << 10;
/// Between two kept states, in inflated bytes. Each state takes 45 KB.
const APART: usize = 16 << 20;

/// Where the bytes of a data set are: in its file, or in what that inflates to.
pub(crate) enum Opened<F> {
    Plain(Window<F>),
    Deflated(Inflated<Window<F>>),
}

impl<F: Read + Seek> Opened<F> {
    /// What a file holds from `data_set` on, and where the data set begins in it.
    pub fn new(file: Window<F>, data_set: usize, deflated: bool) -> Result<(Self, usize), DicomError> {
        if deflated {
            Ok((Self::Deflated(Inflated::new(file, data_set, limits::INFLATED_BYTES)?), 0))
        } else {
            Ok((Self::Plain(file), data_set))
        }
    }

    pub fn source(&self) -> Source<'_> {
        match self {
            Self::Plain(window) => Source::File(window),
            Self::Deflated(inflated) => Source::File(inflated),
        }
    }
}

/// What deflated bytes inflate to.
pub(crate) struct Inflated<S> {
    deflated: S,
    /// Where the deflated bytes begin.
    start: usize,
    length: usize,
    /// In their order; the first is that of the beginning.
    places: Vec<Place>,
    running: RefCell<Running>,
}

/// How far a decoder has come.
#[derive(Clone)]
struct Place {
    state: Box<InflateState>,
    /// Deflated bytes that it has taken.
    taken: usize,
    /// Bytes that it has given.
    given: usize,
}

/// A decoder at work.
struct Running {
    place: Place,
    /// Deflated bytes that were read, and how many of them were taken.
    input: Vec<u8>,
    used: usize,
    /// The last bytes that were given.
    held: Vec<u8>,
}

impl<S: Stretches> Inflated<S> {
    /// What the bytes from `start` on inflate to, at most `limit` bytes.
    ///
    /// # Errors
    /// [`DicomError`]: cut off, damaged, past the limit.
    pub fn new(deflated: S, start: usize, limit: u64) -> Result<Self, DicomError> {
        let (value, most) = (deflated.length() as u64, limits::INFLATED_BYTES);
        if value > most {
            return Err(DicomError::TooLarge { what: scan::FILE_LENGTH, value, limit: most });
        }
        let first = Place { state: InflateState::new_boxed(DataFormat::Raw), taken: 0, given: 0 };
        let mut running = Running::at(&first);
        let mut places = vec![first];
        while running.more(&deflated, start)? {
            if running.place.given as u64 > limit {
                return Err(scan::too_much_inflated(limit));
            }
            if running.place.given >= places.len() * APART {
                places.push(running.place.clone());
            }
        }
        let length = running.place.given;
        // Whoever walks it begins at its beginning.
        let running = RefCell::new(places.first().map_or(running, Running::at));
        Ok(Self { deflated, start, length, places, running })
    }
}

impl<S: Stretches> Stretches for Inflated<S> {
    fn length(&self) -> usize {
        self.length
    }

    fn read(&self, at: usize, into: &mut [u8]) -> io::Result<()> {
        if at.checked_add(into.len()).is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let running = &mut *self.running.borrow_mut();
        let before = self.places.partition_point(|place| place.given <= at);
        if let Some(place) = self.places.get(before.saturating_sub(1))
            && (at < running.begins() || place.given > running.place.given)
        {
            *running = Running::at(place);
        }
        let mut filled = 0;
        while filled < into.len() {
            let held = running.held.get(at + filled - running.begins()..).unwrap_or_default();
            let count = held.len().min(into.len() - filled);
            into[filled..filled + count].copy_from_slice(&held[..count]);
            filled += count;
            if filled < into.len() && !running.more(&self.deflated, self.start).map_err(read_error)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}

/// What inflated once does again, unless the file is another by now.
fn read_error(error: DicomError) -> io::Error {
    match error {
        DicomError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

impl Running {
    fn at(place: &Place) -> Self {
        Self { place: place.clone(), input: Vec::new(), used: 0, held: Vec::new() }
    }

    /// Where the held bytes begin.
    fn begins(&self) -> usize {
        self.place.given - self.held.len()
    }

    /// Inflates a chunk more; `false` where there was nothing more.
    fn more(&mut self, deflated: &impl Stretches, start: usize) -> Result<bool, DicomError> {
        self.held.drain(..self.held.len().saturating_sub(CHUNK));
        let from = self.held.len();
        self.held.resize(from + CHUNK, 0);
        let mut filled = from;
        let given = loop {
            if filled == self.held.len() {
                break Ok(());
            }
            if self.used == self.input.len()
                && let Err(error) = self.read_on(deflated, start)
            {
                break Err(error.into());
            }
            let result = inflate(
                &mut self.place.state,
                &self.input[self.used..],
                &mut self.held[filled..],
                MZFlush::None,
            );
            self.used += result.bytes_consumed;
            self.place.taken += result.bytes_consumed;
            filled += result.bytes_written;
            match result.status {
                Ok(MZStatus::StreamEnd) => break Ok(()),
                Ok(_) if result.bytes_consumed + result.bytes_written > 0 => {}
                Err(MZError::Buf) if self.input.is_empty() => {
                    let has = deflated.length() - start;
                    break Err(scan::deflated_is_cut_off(has));
                }
                Ok(_) | Err(_) => break Err(scan::DOES_NOT_INFLATE),
            }
        };
        self.held.truncate(filled);
        self.place.given += filled - from;
        given.map(|()| filled > from)
    }

    /// The next deflated bytes; none at their end.
    fn read_on(&mut self, deflated: &impl Stretches, start: usize) -> io::Result<()> {
        let at = start + self.place.taken;
        self.used = 0;
        self.input.resize(CHUNK.min(deflated.length().saturating_sub(at)), 0);
        deflated.read(at, &mut self.input)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{Cursor, Write as _};

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn opened(file: &[u8], start: usize, limit: u64) -> Result<Inflated<Window<Cursor<&[u8]>>>, DicomError> {
        Inflated::new(Window::new(Cursor::new(file)).unwrap(), start, limit)
    }

    /// Bytes that come again near and far, and some that do not.
    fn bytes(count: usize) -> Vec<u8> {
        let mut state = 7_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..count).map(|at| if at / 1000 % 3 == 0 { noise() } else { (at / 700 % 256) as u8 }).collect()
    }

    #[test]
    fn what_is_read_anywhere_is_what_inflating_all_of_it_gives() {
        let whole = bytes(2 * APART + 3 * CHUNK + 77);
        let mut file = b"before it".to_vec();
        file.extend(deflated(&whole));
        file.push(0);
        let inflated = opened(&file, 9, 1 << 30).unwrap();
        assert_eq!((inflated.length(), inflated.places.len()), (whole.len(), 3));
        let last = whole.len() - 1;
        let jumps =
            [0, 5, CHUNK - 3, CHUNK + 1, 1, APART - 1, 2 * APART + 9, APART + CHUNK, last - 7, 3, last - 7];
        let reads = jumps.iter().flat_map(|at| [(*at, 8), (*at + 2, 4), (*at, 1), (at / 2, 3 * CHUNK)]);
        for (at, length) in reads {
            let mut read = vec![0; length];
            let end = at + length;
            if end > whole.len() {
                assert!(inflated.read(at, &mut read).is_err(), "{at} {length}");
                continue;
            }
            inflated.read(at, &mut read).unwrap();
            assert!(read == whole[at..end], "{length} bytes at {at}");
        }
        let mut all = vec![0; whole.len()];
        inflated.read(0, &mut all).unwrap();
        assert!(all == whole);
    }

    /// Bytes, and how many of them were read.
    struct Counted(Vec<u8>, Cell<usize>);

    impl Stretches for Counted {
        fn length(&self) -> usize {
            self.0.len()
        }

        fn read(&self, at: usize, into: &mut [u8]) -> io::Result<()> {
            into.copy_from_slice(&self.0[at..at + into.len()]);
            self.1.set(self.1.get() + into.len());
            Ok(())
        }
    }

    #[test]
    fn what_goes_on_in_small_steps_is_inflated_once_more_and_not_again() {
        let whole = bytes(APART + 5 * CHUNK);
        let file = Counted(deflated(&whole), Cell::new(0));
        let most = 2 * file.length() + 2 * CHUNK;
        let inflated = Inflated::new(file, 0, 1 << 30).unwrap();
        // As headers are read: a tag, the same again with what follows, and on.
        for at in (0..whole.len() - 8).step_by(6) {
            let (mut tag, mut header) = ([0; 4], [0; 8]);
            inflated.read(at, &mut tag).unwrap();
            inflated.read(at, &mut header).unwrap();
            assert_eq!((&tag[..], &header[..]), (&whole[at..at + 4], &whole[at..at + 8]));
        }
        let read = inflated.deflated.1.get();
        assert!(read <= most, "{read} bytes were read, and {most} would be enough");
    }

    #[test]
    fn a_bomb_stops_at_the_limit_and_what_does_not_inflate_is_said_so() {
        let bomb = deflated(&vec![0; 1 << 20]);
        assert!(bomb.len() < 5000);
        assert_eq!(opened(&bomb, 0, 1 << 20).unwrap().length(), 1 << 20);
        let error = opened(&bomb, 0, (1 << 20) - 1).err().unwrap().to_string();
        assert_eq!(error, "the length of the inflated data set in bytes is 1048576, the limit is 1048575");
        assert!(matches!(opened(&bomb[..bomb.len() / 2], 0, 1 << 20), Err(DicomError::Truncated { .. })));
        assert!(matches!(opened(&[], 0, 1 << 20), Err(DicomError::Truncated { .. })));
        assert!(matches!(opened(&[0xFF; 100], 0, 1 << 20), Err(DicomError::Malformed { .. })));
    }
}
