//! Frames of an MP4 file with H.264 in it, as recorders and phones write them.
//!
//! The grey levels are read and the colours are not. The file knows no scale: the spacing of its frames is unknown. Frames come
//! in the order in which they are shown, at the times that the file says; a damaged frame is an error in its place.
//!
//! Not read: other codings (HEVC, AV1, Motion JPEG), ten bits, edit lists, and pixels that are not square.

mod masked;
mod scan;

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use peony_model::{Frame, Pixels, Spacing, guarded};
use re_mp4::{Sample, StsdBoxContent};

use self::masked::Masked;
pub use crate::h264::H264Error;
use crate::h264::{H264, Order};

/// What stands at byte 4 of a file.
pub const SIGNATURE: &[u8] = b"ftyp";
/// The longest coded picture; an uncompressed one of the largest size is shorter.
const SAMPLE_BYTES: u64 = 32 << 20;
const BELIEVABLE_TIMESCALE: std::ops::RangeInclusive<u64> = 1..=1_000_000_000;

/// Why a file, or a frame of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Mp4Error {
    /// It could not be read from the disk.
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
    /// Its boxes do not hold together.
    #[error("damaged MP4 file: {0}")]
    Damaged(&'static str),
    /// The description of its pictures is longer than that of a day.
    #[error("too long: at most {} million pictures and pieces of sound are read", scan::SAMPLES / 1_000_000)]
    TooLong,
    /// No track with pictures in H.264.
    #[error("no H.264 video in it; others can be converted: ffmpeg -i x.mp4 x.y4m")]
    NoVideo,
    /// The coding of its pictures.
    #[error("H.264: {0}")]
    H264(#[from] H264Error),
    /// A frame could not be decoded; others may be good.
    #[error("frame {index}: {why}")]
    Frame {
        /// Its number, from 0, in the order of the file.
        index: u64,
        /// What is wrong with it.
        why: H264Error,
    },
}

/// An open file: its frames in the order in which they are shown.
pub struct Mp4<R> {
    file: R,
    decoder: H264,
    /// How long the length before each unit is.
    length_bytes: usize,
    samples: std::vec::IntoIter<Sample>,
    sample_count: usize,
    timescale: u64,
    /// When the pictures that the decoder still has are shown, and their number in the file: the first is next.
    waiting: BTreeSet<(i64, usize)>,
    fed: usize,
    ready: VecDeque<Result<Frame, Mp4Error>>,
    next_index: u64,
    last_ns: u64,
    has_ended: bool,
}

/// Opens a file.
///
/// # Errors
/// See [`Mp4::new`].
pub fn open(path: &Path) -> Result<Mp4<BufReader<File>>, Mp4Error> {
    Mp4::new(BufReader::new(File::open(path)?))
}

impl<R: Read + Seek> Mp4<R> {
    /// Reads the description of the pictures, and none of them.
    ///
    /// # Errors
    /// [`Mp4Error`], in one line that carries nothing of the file.
    pub fn new(mut file: R) -> Result<Self, Mp4Error> {
        let file_bytes = file.seek(SeekFrom::End(0))?;
        let names = scan::scan(&mut file, file_bytes)?;
        // Tables that contradict each other make the reader panic; their lengths were looked at before.
        // A table is read a word or a byte at a time, and nothing needs to be read twice.
        let reads_left = 2 * file_bytes + 1000;
        let masked = Masked { file: &mut file, at: 0, names: &names, reads_left };
        let read = guarded(|| re_mp4::Mp4::read(masked, file_bytes));
        let mp4 = match read {
            Ok(Ok(mp4)) => mp4,
            Ok(Err(re_mp4::Error::Io(error))) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(error.into());
            }
            Ok(Err(_)) | Err(_) => return Err(Mp4Error::Damaged("its tables cannot be read")),
        };
        let described = mp4.tracks().values().find_map(|track| {
            let trak = mp4.moov.traks.iter().find(|trak| trak.tkhd.track_id == track.track_id)?;
            match &trak.mdia.minf.stbl.stsd.contents {
                StsdBoxContent::Avc1(avc1) => Some((track, &avc1.avcc.contents)),
                _ => None,
            }
        });
        let (track, avcc) = described.ok_or(Mp4Error::NoVideo)?;
        if !BELIEVABLE_TIMESCALE.contains(&track.timescale) {
            return Err(Mp4Error::Damaged("its clock cannot be right"));
        }
        // Pictures do not overlap: those of a hostile file could be the same megabytes ten million times.
        let coded_bytes = track.samples.iter().fold(0_u64, |bytes, sample| bytes.saturating_add(sample.size));
        if coded_bytes > file_bytes {
            return Err(Mp4Error::Damaged(scan::MORE_THAN_THE_FILE));
        }
        let mut decoder = H264::new(Order::Shown)?;
        for unit in avcc.sequence_parameter_sets.iter().chain(&avcc.picture_parameter_sets) {
            decoder.parameters(&unit.bytes)?;
        }
        let length_bytes = usize::from(avcc.length_size_minus_one & 3) + 1;
        Ok(Self {
            file,
            decoder,
            length_bytes,
            sample_count: track.samples.len(),
            timescale: track.timescale,
            samples: track.samples.clone().into_iter(),
            waiting: BTreeSet::new(),
            fed: 0,
            ready: VecDeque::new(),
            next_index: 0,
            last_ns: 0,
            has_ended: false,
        })
    }

    /// How many frames the file says it has.
    #[must_use]
    pub fn frame_count(&self) -> u64 {
        self.sample_count as u64
    }

    /// Feeds the next picture; false where there is none.
    fn feed(&mut self) -> Result<bool, Mp4Error> {
        let Some(sample) = self.samples.next() else { return Ok(false) };
        let number = self.fed;
        self.fed += 1;
        let place = (sample.composition_timestamp, number);
        let coded = self.coded(&sample)?;
        self.waiting.insert(place);
        match self.decoder.picture(&coded, self.length_bytes) {
            Ok(Some(picture)) => self.show(picture),
            Ok(None) => {}
            Err(why @ (H264Error::Picture | H264Error::CutOff)) => {
                self.waiting.remove(&place);
                self.ready.push_back(Err(Mp4Error::Frame { index: number as u64, why }));
            }
            Err(why) => return Err(why.into()),
        }
        Ok(true)
    }

    fn coded(&mut self, sample: &Sample) -> Result<Vec<u8>, Mp4Error> {
        if sample.size > SAMPLE_BYTES {
            return Err(Mp4Error::Damaged("a picture that is longer than any"));
        }
        self.file.seek(SeekFrom::Start(sample.offset))?;
        let mut coded = vec![0; sample.size as usize];
        match self.file.read_exact(&mut coded) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(Mp4Error::Damaged("it ends within a picture"))
            }
            read => Ok(read.map(|()| coded)?),
        }
    }

    /// A picture that comes from the decoder is the first of those that wait: both keep the order of showing.
    fn show(&mut self, pixels: Pixels) {
        let (shown_at, _) = self.waiting.pop_first().unwrap_or_default();
        let time_ns = u128::try_from(shown_at).unwrap_or(0) * 1_000_000_000 / u128::from(self.timescale);
        let time_ns = u64::try_from(time_ns).unwrap_or(u64::MAX).max(self.last_ns);
        self.last_ns = time_ns;
        let index = self.next_index;
        self.ready.push_back(Ok(Frame { index, time_ns, pixels, spacing: Spacing::Unknown }));
        self.next_index += 1;
    }
}

impl<R: Read + Seek> Iterator for Mp4<R> {
    type Item = Result<Frame, Mp4Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.has_ended {
            match self.feed() {
                Ok(true) => {}
                Ok(false) => {
                    self.has_ended = true;
                    self.decoder.rest().into_iter().for_each(|picture| self.show(picture));
                }
                Err(error) => {
                    self.has_ended = true;
                    self.ready.push_back(Err(error));
                }
            }
        }
        self.ready.pop_front()
    }
}
