//! Frames of a YUV4MPEG2 file or pipe: uncompressed video, as FFmpeg and the mjpegtools write it (`yuv4mpeg(5)`).
//!
//! The luma is read and the colours are not: ultrasound is grey. Eight bits; mono, 4:2:0 in its variants, 4:2:2 and 4:4:4.
//! The file knows no scale: the spacing of its frames is unknown.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::y4m::{Colorspace, Decoder, Error, Limits, Ratio};
use image::GrayImage;
use peony_model::{Frame, Pixels, Spacing, guarded};

use crate::chroma::{self, Plane};
use crate::levels::FULL_FROM_LIMITED;

/// What a file begins with.
pub const SIGNATURE: &[u8] = b"YUV4MPEG2 ";
/// Columns, and rows, of a frame.
const SIDE_PX: u32 = 8192;
/// Columns × rows of a frame; a screen of 4K has 8.3 million. DICOM frames have the same limit.
const FRAME_PIXELS: u64 = 16_000_000;
/// `FRAME` and the end of its line, where it has no parameters.
const FRAME_HEADER_BYTES: u64 = 6;
/// The rate that is assumed where the file has none that can be right, in frames a second; FFmpeg's too.
const ASSUMED_FPS: Ratio = Ratio { num: 25, den: 1 };
const BELIEVABLE_FPS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

/// An open file: its frames one after the other. After an error there are no more.
pub struct Y4m<R: Read> {
    decoder: Decoder<Counted<R>>,
    /// Bytes that the decoder has taken.
    taken: Arc<AtomicU64>,
    header_bytes: u64,
    size_px: [u32; 2],
    fps: Ratio,
    /// From the file's levels to those of a frame.
    levels: [u8; 256],
    issues: Vec<Y4mIssue>,
    next_index: u64,
    has_ended: bool,
}

/// Why a file, or the rest of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Y4mError {
    /// It could not be read from the disk.
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
    /// It does not begin as such a file does.
    #[error("not a YUV4MPEG2 file")]
    NotY4m,
    /// Its header is cut off, too long, or has a number that is none.
    #[error("damaged YUV4MPEG2 header")]
    Header,
    /// A colour space that is not read.
    #[error("the colour space is not read: mono, 420, 422 and 444 of 8 bits are")]
    ColourSpace,
    /// More than eight bits a sample.
    #[error("{bits} bits a sample, 8 are read")]
    Deep {
        /// How many.
        bits: usize,
    },
    /// Larger than any screen.
    #[error("too large: at most {SIDE_PX} pixels a side and {most} million a frame are read", most = FRAME_PIXELS / 1_000_000)]
    TooLarge,
    /// Pixels that are wider or higher than the other way: lengths and shapes would be wrong.
    #[error("the pixels are {width}:{height} and not square; scale the video first")]
    NotSquare {
        /// Width of a pixel.
        width: usize,
        /// Height of a pixel.
        height: usize,
    },
    /// The file ends within a frame.
    #[error("frame {index} is cut off")]
    CutOff {
        /// Its number, from 0.
        index: u64,
    },
    /// No frame begins where one must.
    #[error("frame {index} does not begin with FRAME")]
    Frame {
        /// Its number, from 0.
        index: u64,
    },
}

/// What was read otherwise than it may have been meant.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Y4mIssue {
    /// No usable frame rate.
    #[error("no usable frame rate, {fps} frames a second are assumed")]
    FrameRateAssumed {
        /// The rate that is assumed.
        fps: f64,
    },
    /// Each frame holds two half pictures of different moments.
    #[error("interlaced video: the two fields of a frame are read as one picture")]
    Interlaced,
}

/// Opens a file.
///
/// # Errors
/// See [`Y4m::new`].
pub fn open(path: &Path) -> Result<Y4m<BufReader<File>>, Y4mError> {
    Y4m::new(BufReader::new(File::open(path)?))
}

impl<R: Read> Y4m<R> {
    /// Reads the header. The reader is asked for single bytes: it should be buffered.
    ///
    /// # Errors
    /// [`Y4mError`], in one line that carries nothing of the file.
    pub fn new(reader: R) -> Result<Self, Y4mError> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Counted { reader, taken: Arc::clone(&taken) };
        // Three planes of the largest frame, before anything is allocated for them.
        let limits = Limits { bytes: 3 * FRAME_PIXELS as usize };
        // Before it looks at the limits the decoder multiplies width and height, which may be any number: that panics
        // where overflow is checked, and elsewhere gives a wrong length for a size that is refused below.
        let opened = guarded(|| Decoder::new_with_limits(counted, limits));
        let decoder = opened.unwrap_or(Err(Error::OutOfMemory)).map_err(header_error)?;
        let bits = decoder.get_bit_depth();
        if bits != 8 {
            return Err(Y4mError::Deep { bits });
        }
        let size_px = size_px(decoder.get_width(), decoder.get_height())?;
        let Ratio { num: width, den: height } = decoder.get_pixel_aspect();
        // 0:0 is unknown (`yuv4mpeg(5)`); screens have square pixels.
        if width != height {
            return Err(Y4mError::NotSquare { width, height });
        }
        let tags = Tags::of(&decoder);
        let mut issues = Vec::new();
        let fps = tags.fps.unwrap_or_else(|| {
            issues.push(Y4mIssue::FrameRateAssumed { fps: ASSUMED_FPS.num as f64 });
            ASSUMED_FPS
        });
        if tags.is_interlaced {
            issues.push(Y4mIssue::Interlaced);
        }
        let levels =
            if tags.is_full_range { std::array::from_fn(|level| level as u8) } else { FULL_FROM_LIMITED };
        let header_bytes = taken.load(Ordering::Relaxed);
        let (next_index, has_ended) = (0, false);
        Ok(Self { decoder, taken, header_bytes, size_px, fps, levels, issues, next_index, has_ended })
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size_px(&self) -> [u32; 2] {
        self.size_px
    }

    /// What was read otherwise than it may have been meant.
    #[must_use]
    pub fn issues(&self) -> &[Y4mIssue] {
        &self.issues
    }

    /// How many frames a file of so many bytes holds, where they have no parameters of their own; few do.
    #[must_use]
    pub fn frame_count(&self, file_bytes: u64) -> u64 {
        let [width, height] = self.size_px.map(u64::from);
        let planes = chroma_size(self.decoder.get_colorspace(), self.size_px);
        let chroma = planes.map_or(0, |[columns, rows]| columns as u64 * rows as u64);
        file_bytes.saturating_sub(self.header_bytes) / (FRAME_HEADER_BYTES + width * height + 2 * chroma)
    }

    fn read(&mut self) -> Result<Option<Frame>, Y4mError> {
        let (index, begins) = (self.next_index, self.taken.load(Ordering::Relaxed));
        let planes = chroma_size(self.decoder.get_colorspace(), self.size_px);
        let (luma, chroma) = match self.decoder.read_frame() {
            Ok(frame) => {
                let luma: Vec<u8> =
                    frame.get_y_plane().iter().map(|level| self.levels[usize::from(*level)]).collect();
                let plane = |samples, [stride, _]: [usize; 2]| Plane { samples, stride };
                let (cb, cr) = (frame.get_u_plane(), frame.get_v_plane());
                (luma, planes.and_then(|size| chroma::grid(plane(cb, size), plane(cr, size), size)))
            }
            Err(Error::EOF) if self.taken.load(Ordering::Relaxed) == begins => return Ok(None),
            Err(Error::EOF) => return Err(Y4mError::CutOff { index }),
            Err(Error::IoError(error)) => return Err(error.into()),
            Err(_) => return Err(Y4mError::Frame { index }),
        };
        let [width, height] = self.size_px;
        let luma = GrayImage::from_raw(width, height, luma).ok_or(Y4mError::Frame { index })?;
        self.next_index += 1;
        let time_ns = u128::from(index) * self.fps.den as u128 * 1_000_000_000 / self.fps.num as u128;
        let time_ns = u64::try_from(time_ns).unwrap_or(u64::MAX);
        let pixels = match chroma {
            Some(chroma) => Pixels::LumaChroma { luma, chroma },
            None => Pixels::Luma8(luma),
        };
        Ok(Some(Frame { index, time_ns, pixels, spacing: Spacing::Unknown }))
    }
}

/// Columns and rows of a plane of colour; `None` where there is none.
fn chroma_size(colours: Colorspace, size_px: [u32; 2]) -> Option<[usize; 2]> {
    let [width, height] = size_px.map(|side| side as usize);
    match colours {
        Colorspace::Cmono => None,
        Colorspace::C444 => Some([width, height]),
        Colorspace::C422 => Some([width.div_ceil(2), height]),
        _ => Some([width.div_ceil(2), height.div_ceil(2)]),
    }
}

impl<R: Read> Iterator for Y4m<R> {
    type Item = Result<Frame, Y4mError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let frame = self.read().transpose();
        self.has_ended = !matches!(frame, Some(Ok(_)));
        frame
    }
}

/// What the decoder leaves to us of the header.
struct Tags {
    /// `None` where there is no rate that can be right.
    fps: Option<Ratio>,
    is_interlaced: bool,
    is_full_range: bool,
}

impl Tags {
    /// The range is that of the tag `XCOLORRANGE`. Without it video has the limited range, 16 to 235; mono has the full
    /// one, which FFmpeg writes and reads it in. `C420jpeg` says where the colours lie and nothing of the range.
    fn of<R: Read>(decoder: &Decoder<R>) -> Self {
        let Ratio { num, den } = decoder.get_framerate();
        let mut tags = Self {
            fps: None,
            is_interlaced: false,
            is_full_range: matches!(decoder.get_colorspace(), Colorspace::Cmono),
        };
        for tag in decoder.get_raw_params().split(|byte| *byte == b' ') {
            match tag {
                [b'F', ..] if BELIEVABLE_FPS.contains(&(num as f64 / den as f64)) => {
                    tags.fps = Some(Ratio { num, den });
                }
                b"It" | b"Ib" | b"Im" => tags.is_interlaced = true,
                b"XCOLORRANGE=FULL" => tags.is_full_range = true,
                b"XCOLORRANGE=LIMITED" => tags.is_full_range = false,
                _ => {}
            }
        }
        tags
    }
}

fn size_px(width: usize, height: usize) -> Result<[u32; 2], Y4mError> {
    let side = |side: usize| u32::try_from(side).ok().filter(|side| *side <= SIDE_PX);
    match (side(width), side(height)) {
        (Some(columns), Some(rows)) if u64::from(columns) * u64::from(rows) <= FRAME_PIXELS => {
            Ok([columns, rows])
        }
        _ => Err(Y4mError::TooLarge),
    }
}

fn header_error(error: Error) -> Y4mError {
    match error {
        Error::IoError(error) => Y4mError::Io(error),
        Error::UnknownColorspace => Y4mError::ColourSpace,
        Error::ParseError(::y4m::ParseError::InvalidY4M) => Y4mError::NotY4m,
        Error::OutOfMemory => Y4mError::TooLarge,
        Error::EOF | Error::BadInput | Error::ParseError(_) => Y4mError::Header,
    }
}

/// Counts what is taken: the decoder does not tell a cut-off frame from the end.
struct Counted<R> {
    reader: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
