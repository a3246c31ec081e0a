//! [`open`]: from a file to a [`Cine`].

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use peony_model::{Frame, Spacing};

use crate::cursor::Source;
use crate::error::{DicomError, ReadIssue};
use crate::header::{self, Header};
use crate::pixels::{self, ImageHeader, SampleOrder, Tone};
use crate::scan::{self, PixelData, Scan};
use crate::{Encoding, TransferSyntax, calibration, fragments, limits, timing};

/// An ultrasound cine or still (or a mammogram: see [`Self::modality`]) whose header has been read and whose
/// frames wait, coded, in memory. Cloning shares them.
#[derive(Clone)]
pub struct Cine {
    inner: Arc<Inner>,
}

struct Inner {
    bytes: Vec<u8>,
    syntax: &'static TransferSyntax,
    modality: Option<String>,
    sop_class_uid: Option<String>,
    equipment: Equipment,
    image: ImageHeader,
    tone: Tone,
    spacing: Spacing,
    places: Places,
    times_ns: Vec<u64>,
    issues: Vec<ReadIssue>,
}

/// What made the pictures, as far as the file says; empty where it does not, or says it in other signs than equipment's names have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Equipment {
    /// Manufacturer's Model Name (0008,1090).
    pub model: String,
    /// Transducer Data (0018,5010), its values joined by a space.
    pub transducer: String,
    /// Processing Function (0018,5020): the preset.
    pub processing: String,
}

/// Where the frames lie in the bytes.
enum Places {
    /// One after the other from `start` on.
    Native { start: usize, frame_bytes: usize },
    /// Groups of fragments.
    Encapsulated { fragments: Vec<Range<usize>>, frames: Vec<Range<usize>> },
}

/// Reads a file.
///
/// # Errors
/// [`DicomError`]: not there, not DICOM, cut off, damaged, past a limit of [`limits`], without pictures, or of a
/// kind that is not read. What can be read in spite of a fault is read: see [`Cine::issues`].
pub fn open(path: impl AsRef<Path>) -> Result<Cine, DicomError> {
    let file = File::open(path)?;
    let (value, limit) = (file.metadata()?.len(), limits::FILE_BYTES);
    if value > limit {
        return Err(DicomError::TooLarge { what: scan::FILE_LENGTH, value, limit });
    }
    let mut bytes = Vec::new();
    // All at once: a buffer that grows as it is filled takes up to twice the room.
    bytes.try_reserve_exact(value as usize).map_err(|_| std::io::Error::from(ErrorKind::OutOfMemory))?;
    // What has no length (a pipe, a device) is read as well; one byte past the limit is enough for the scan to refuse it.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    open_bytes(bytes)
}

/// Reads a file that is in memory already.
///
/// # Errors
/// As [`open`].
pub fn open_bytes(bytes: Vec<u8>) -> Result<Cine, DicomError> {
    let scan = scan::scan(bytes)?;
    let header = Header::parse(&scan)?;
    let Scan { syntax, bytes, pixel_data, mut issues, .. } = scan;
    let pixel_data = pixel_data.ok_or(DicomError::NoPixelData)?;
    let image = ImageHeader::read(&header, sample_order(syntax, &pixel_data))?;
    let declared = declared_frames(&header, &image, &mut issues)?;
    let (places, found) = places(&bytes, &header, &image, syntax, pixel_data, declared)?;
    if found != declared {
        issues.push(ReadIssue::FrameCount { declared, found });
    }
    let tone = Tone::read(&header, &image, syntax.encoding, &mut issues)?;
    let spacing = calibration::spacing(&header, &image, &mut issues);
    let times_ns = timing::frame_times_ns(&header, found as usize, &mut issues);
    let (modality, sop_class_uid) = (header.code(header::MODALITY), header.code(header::SOP_CLASS_UID));
    let name = |field| header.equipment(field).unwrap_or_default();
    let equipment = Equipment {
        model: name(header::MODEL_NAME),
        transducer: name(header::TRANSDUCER_DATA),
        processing: name(header::PROCESSING_FUNCTION),
    };
    let inner = Inner {
        bytes,
        syntax,
        modality,
        sop_class_uid,
        equipment,
        image,
        tone,
        spacing,
        places,
        times_ns,
        issues,
    };
    Ok(Cine { inner: Arc::new(inner) })
}

pub(crate) fn sample_order(syntax: &TransferSyntax, pixel_data: &PixelData) -> SampleOrder {
    match (syntax.encoding, pixel_data) {
        (Encoding::ExplicitBig, PixelData::Native { words: true, .. }) => SampleOrder::BigWords,
        (Encoding::ExplicitBig, _) => SampleOrder::Big,
        _ => SampleOrder::Little,
    }
}

/// Number of Frames (0028,0008): one where it is missing.
fn declared_frames(
    header: &Header,
    image: &ImageHeader,
    issues: &mut Vec<ReadIssue>,
) -> Result<u64, DicomError> {
    let declared = match header.integer(header::NUMBER_OF_FRAMES) {
        Some(frames) if frames > 0 => frames.unsigned_abs(),
        _ => {
            if header.has(header::NUMBER_OF_FRAMES) {
                issues.push(ReadIssue::ValueIgnored { field: header::NUMBER_OF_FRAMES });
            }
            1
        }
    };
    let within = |what, value: u64, limit| {
        if value <= limit { Ok(()) } else { Err(DicomError::TooLarge { what, value, limit }) }
    };
    within("Number of Frames", declared, limits::FRAMES)?;
    let decoded = declared.saturating_mul(image.decoded_samples() as u64);
    within("the length of all frames in bytes", decoded, limits::DECODED_BYTES)?;
    Ok(declared)
}

/// Where the frames lie, and how many there are.
fn places(
    bytes: &[u8],
    header: &Header,
    image: &ImageHeader,
    syntax: &TransferSyntax,
    pixel_data: PixelData,
    declared: u64,
) -> Result<(Places, u64), DicomError> {
    match pixel_data {
        PixelData::Native { value, .. } if syntax.codec == crate::Codec::Native => {
            let frame_bytes = image.native_bytes();
            let found = (value.len() / frame_bytes) as u64;
            if found == 0 {
                let (needs, has) = (frame_bytes as u64, value.len() as u64);
                return Err(DicomError::PixelDataTooShort { needs, has });
            }
            // What follows the declared frames may be padding; it is not taken for frames.
            Ok((Places::Native { start: value.start, frame_bytes }, found.min(declared)))
        }
        PixelData::Native { value, .. } => {
            Err(DicomError::Malformed { what: "compressed pixel data without fragments", at: value.start })
        }
        PixelData::Encapsulated { offsets, fragments } => {
            if fragments.is_empty() {
                return Err(DicomError::PixelDataTooShort { needs: 1, has: 0 });
            }
            let mut table = fragments::basic_offsets(&bytes[offsets]);
            if table.is_empty() {
                table = header.offsets(header::EXTENDED_OFFSETS);
            }
            let frames =
                fragments::frames(Source::Memory(bytes), &fragments, &table, declared, syntax.codec)?;
            let found = frames.len() as u64;
            if found > limits::FRAMES {
                let (what, limit) = ("the number of frames", limits::FRAMES);
                return Err(DicomError::TooLarge { what, value: found, limit });
            }
            Ok((Places::Encapsulated { fragments, frames }, found))
        }
    }
}

impl Cine {
    /// Modality (0008,0060): `US` for ultrasound, `MG` for a mammogram, which this program does not read yet; empty
    /// where the file has none.
    #[must_use]
    pub fn modality(&self) -> &str {
        self.inner.modality.as_deref().unwrap_or_default()
    }

    /// SOP Class UID (0008,0016), empty where the file has none.
    #[must_use]
    pub fn sop_class_uid(&self) -> &str {
        self.inner.sop_class_uid.as_deref().unwrap_or_default()
    }

    /// The machine, the probe and the preset.
    #[must_use]
    pub fn equipment(&self) -> &Equipment {
        &self.inner.equipment
    }

    /// The transfer syntax.
    #[must_use]
    pub fn transfer_syntax(&self) -> &'static TransferSyntax {
        self.inner.syntax
    }

    /// How many frames there are, at least one.
    #[must_use]
    pub fn frame_count(&self) -> u64 {
        self.inner.times_ns.len() as u64
    }

    /// Width and height of every frame in pixels.
    #[must_use]
    pub fn size_px(&self) -> [u32; 2] {
        [self.inner.image.columns, self.inner.image.rows]
    }

    /// The calibration of every frame.
    #[must_use]
    pub fn spacing(&self) -> &Spacing {
        &self.inner.spacing
    }

    /// What was wrong with the file and was read in spite of it.
    #[must_use]
    pub fn issues(&self) -> &[ReadIssue] {
        &self.inner.issues
    }

    /// The frames in the order of the file, each decoded when it is asked for. A damaged frame is an error in its
    /// place; the next one is tried all the same.
    pub fn frames(&self) -> impl Iterator<Item = Result<Frame, DicomError>> + '_ {
        (0..self.frame_count()).map(|index| self.frame(index))
    }

    /// Decodes one frame.
    ///
    /// # Errors
    /// [`DicomError`] where there is no such frame or its coded picture is damaged.
    pub fn frame(&self, index: u64) -> Result<Frame, DicomError> {
        let Inner { image, tone, spacing, times_ns, syntax, .. } = &*self.inner;
        let missing = || DicomError::NoSuchFrame { index, count: self.frame_count() };
        let place = usize::try_from(index).map_err(|_| missing())?;
        let time_ns = *times_ns.get(place).ok_or_else(missing)?;
        let coded = self.coded(place)?.ok_or_else(missing)?;
        let decoded = pixels::decode(syntax.codec, &coded, image)?;
        let pixels = tone.apply(decoded, image)?;
        Ok(Frame { index, time_ns, pixels, spacing: spacing.clone() })
    }

    /// The coded bytes of one frame, its fragments joined; `None` where there is no such frame.
    fn coded(&self, place: usize) -> Result<Option<Cow<'_, [u8]>>, DicomError> {
        let bytes = &self.inner.bytes;
        let (fragments, frames) = match &self.inner.places {
            Places::Native { start, frame_bytes } => {
                let start = start + place * frame_bytes;
                return Ok(bytes.get(start..start + frame_bytes).map(Cow::Borrowed));
            }
            Places::Encapsulated { fragments, frames } => (fragments, frames),
        };
        let Some(fragments) = frames.get(place).and_then(|frame| fragments.get(frame.clone())) else {
            return Ok(None);
        };
        let (value, limit) = (fragments.iter().map(|f| f.len() as u64).sum(), limits::FRAME_CODED_BYTES);
        if value > limit {
            return Err(DicomError::TooLarge { what: "the length of a coded frame in bytes", value, limit });
        }
        Ok(Some(match fragments {
            [fragment] => Cow::Borrowed(&bytes[fragment.clone()]),
            several => {
                let parts: Vec<&[u8]> = several.iter().map(|fragment| &bytes[fragment.clone()]).collect();
                Cow::Owned(parts.concat())
            }
        }))
    }
}

/// Says what it is, and none of its bytes (invariant 5).
impl fmt::Debug for Cine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cine")
            .field("modality", &self.modality())
            .field("transfer_syntax", &self.inner.syntax.uid)
            .field("frame_count", &self.frame_count())
            .field("size_px", &self.size_px())
            .field("issues", &self.issues())
            .finish_non_exhaustive()
    }
}

impl IntoIterator for Cine {
    type Item = Result<Frame, DicomError>;
    type IntoIter = IntoFrames;

    fn into_iter(self) -> IntoFrames {
        IntoFrames { cine: self, next: 0 }
    }
}

/// [`Cine::frames`] that owns its cine: a source for the pipeline.
#[derive(Debug, Clone)]
pub struct IntoFrames {
    cine: Cine,
    next: u64,
}

impl Iterator for IntoFrames {
    type Item = Result<Frame, DicomError>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next;
        (index < self.cine.frame_count()).then(|| {
            self.next += 1;
            self.cine.frame(index)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.cine.frame_count() - self.next) as usize;
        (left, Some(left))
    }
}
