//! From the paths that a person types to frames: what a file is, is decided by its bytes, never by its name.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use image::ImageFormat;
use peony_dicom::{Equipment, ReadIssue};
use peony_model::{Frame, MmPerPx, Spacing};
use peony_sources::y4m;

/// What is read, in words.
const READ: &str = if cfg!(feature = "h264") {
    "PNG, JPEG, DICOM, MP4 or YUV4MPEG2"
} else {
    "PNG, JPEG, DICOM or YUV4MPEG2"
};
/// What stands at byte 4 of an MP4 file (ISO/IEC 14496-12 §4.3). It is known without its decoder too, to say what is missing.
const MP4_SIGNATURE: &[u8] = b"ftyp";
/// The longest file of a still picture: more than an uncompressed 4K screen in colour.
const MOST_BYTES: u64 = 64 << 20;

/// An open file: its frames, decoded one at a time.
pub struct Opened {
    /// How many frames it says it has.
    pub frame_count: usize,
    /// Whether the frames follow each other in time.
    pub is_cine: bool,
    /// What made the pictures, where a DICOM says it.
    pub equipment: Equipment,
    /// What was read otherwise than the file says, and changes a result; in words.
    pub notes: Vec<String>,
    /// The frames in order. A frame that cannot be decoded is an error in its place.
    pub frames: Box<dyn Iterator<Item = Result<Frame>> + Send>,
}

/// The files behind the paths: a file stands for itself, a folder for the pictures below it in name order, and for what is named as
/// one: reading it says what is wrong with it.
///
/// # Errors
/// One for each path that does not exist or holds no picture, in its place.
pub fn expand(paths: &[PathBuf]) -> Vec<Result<PathBuf>> {
    expand_to(paths, READ, is_picture)
}

/// The same for DICOM files of any kind. The directory of a medium (PS3.3 §F) is none: it is about files and is no object.
///
/// # Errors
/// As [`expand`].
pub fn expand_dicom(paths: &[PathBuf]) -> Vec<Result<PathBuf>> {
    expand_to(paths, "DICOM", |path| {
        let is_directory = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"));
        let head = head_of(path).unwrap_or_default();
        !is_directory && (is_named_dicom(path) || has_prefix(&head))
    })
}

fn is_picture(path: &Path) -> bool {
    matches!(kind_of(path), Ok(kind) if kind.is_read()) || is_named_picture(path)
}

/// Whether a person would take a file for a picture by its name. Hidden ones are a system's own, such as macOS' `._lesion.png`.
fn is_named_picture(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let named = path.extension().is_some_and(|extension| {
        ["png", "jpg", "jpeg", "dcm", "mp4", "y4m"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    named && !hidden
}

fn expand_to(paths: &[PathBuf], what: &str, is_wanted: fn(&Path) -> bool) -> Vec<Result<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(Ok(path.clone()));
            continue;
        }
        let inside = files_below(path, is_wanted);
        if inside.is_empty() {
            files.push(Err(anyhow::anyhow!("{}: no {what} file in this folder", path.display())));
        }
        files.extend(inside.into_iter().map(Ok));
    }
    files
}

fn files_below(folder: &Path, is_wanted: fn(&Path) -> bool) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| is_wanted(path))
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Picture,
    Dicom,
    Mp4,
    Y4m,
    Unknown,
}

impl Kind {
    fn is_read(self) -> bool {
        self != Self::Unknown && (self != Self::Mp4 || cfg!(feature = "h264"))
    }
}

/// Looks at the first bytes: the signature of a picture or a video, or `DICM` after the preamble (PS3.10 §7.1). A file named
/// `.dcm` is left to the DICOM reader whatever it holds, which says best what is wrong with it.
fn kind_of(path: &Path) -> Result<Kind> {
    let head = head_of(path)?;
    Ok(match image::guess_format(&head) {
        Ok(ImageFormat::Png | ImageFormat::Jpeg) => Kind::Picture,
        _ if head.starts_with(y4m::SIGNATURE) => Kind::Y4m,
        _ if head.get(4..8) == Some(MP4_SIGNATURE) => Kind::Mp4,
        _ if is_named_dicom(path) || has_prefix(&head) => Kind::Dicom,
        _ => Kind::Unknown,
    })
}

fn head_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(132);
    File::open(path)?.take(132).read_to_end(&mut head)?;
    Ok(head)
}

fn is_named_dicom(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("dcm"))
}

fn has_prefix(head: &[u8]) -> bool {
    head.get(128..132) == Some(b"DICM")
}

/// Opens one file. `mm_per_px` is what a person entered; a file that knows its own scale keeps it.
///
/// # Errors
/// One line that says what is wrong with the file, without its name.
pub fn open(path: &Path, mm_per_px: Option<MmPerPx>) -> Result<Opened> {
    match kind_of(path).context("cannot be opened")? {
        Kind::Picture => {
            let frame = still(path, mm_per_px)?;
            let frames = Box::new(std::iter::once(Ok(frame)));
            let equipment = Equipment::default();
            Ok(Opened { frame_count: 1, is_cine: false, equipment, notes: Vec::new(), frames })
        }
        Kind::Dicom => cine(path, mm_per_px),
        Kind::Y4m => video(path, mm_per_px),
        Kind::Mp4 => mp4(path, mm_per_px),
        Kind::Unknown => bail!("no {READ} file"),
    }
}

fn still(path: &Path, mm_per_px: Option<MmPerPx>) -> Result<Frame> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > MOST_BYTES {
        bail!("{length} bytes: too large for a still picture, at most {MOST_BYTES} are read");
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let pixels = peony_imaging::read_still(&bytes)?;
    Ok(Frame { index: 0, time_ns: 0, pixels, spacing: mm_per_px.map_or(Spacing::Unknown, Spacing::Uniform) })
}

fn cine(path: &Path, mm_per_px: Option<MmPerPx>) -> Result<Opened> {
    let cine = peony_dicom::open(path)?;
    if cine.modality() != "US" {
        bail!("a {} object; this program reads breast ultrasound (US)", modality_name(cine.modality()));
    }
    peony_imaging::check_size(cine.size_px())?;
    let (notes, harmless): (Vec<_>, Vec<_>) = cine.issues().iter().partition(|issue| changes_a_result(issue));
    harmless.iter().for_each(|issue| tracing::info!("{issue}"));
    let notes = notes.iter().map(ToString::to_string).collect();
    let frame_count = usize::try_from(cine.frame_count()).unwrap_or(usize::MAX);
    let equipment = cine.equipment().clone();
    let frames = cine.into_iter().map(move |frame| {
        let mut frame = frame?;
        if let (Spacing::Unknown, Some(entered)) = (&frame.spacing, mm_per_px) {
            frame.spacing = Spacing::Uniform(entered);
        }
        Ok(frame)
    });
    Ok(Opened { frame_count, is_cine: frame_count > 1, equipment, notes, frames: Box::new(frames) })
}

fn video(path: &Path, mm_per_px: Option<MmPerPx>) -> Result<Opened> {
    let video = y4m::open(path)?;
    peony_imaging::check_size(video.size_px())?;
    let notes = video.issues().iter().map(ToString::to_string).collect();
    let frame_count = usize::try_from(video.frame_count(path.metadata()?.len())).unwrap_or(usize::MAX);
    let spacing = mm_per_px.map_or(Spacing::Unknown, Spacing::Uniform);
    let frames = video.map(move |frame| Ok(Frame { spacing: spacing.clone(), ..frame? }));
    let equipment = Equipment::default();
    Ok(Opened { frame_count, is_cine: frame_count > 1, equipment, notes, frames: Box::new(frames) })
}

/// A damaged frame is an error in its place, as in a cine.
#[cfg(feature = "h264")]
fn mp4(path: &Path, mm_per_px: Option<MmPerPx>) -> Result<Opened> {
    let video = peony_sources::mp4::open(path)?;
    let frame_count = usize::try_from(video.frame_count()).unwrap_or(usize::MAX);
    let spacing = mm_per_px.map_or(Spacing::Unknown, Spacing::Uniform);
    let frames = video.map(move |frame| {
        let frame = Frame { spacing: spacing.clone(), ..frame? };
        peony_imaging::check_size(frame.size_px())?;
        Ok(frame)
    });
    let (equipment, notes) = (Equipment::default(), Vec::new());
    Ok(Opened { frame_count, is_cine: frame_count > 1, equipment, notes, frames: Box::new(frames) })
}

#[cfg(not(feature = "h264"))]
fn mp4(_: &Path, _: Option<MmPerPx>) -> Result<Opened> {
    bail!(
        "an MP4 video: this program was built without H.264 (`--features h264`); convert it: ffmpeg -i x.mp4 x.y4m"
    )
}

/// Whether a person should hear of it: a time, a scale, a frame or a grey level is not what the file says.
fn changes_a_result(issue: &ReadIssue) -> bool {
    !matches!(
        issue,
        ReadIssue::TrailingBytes { .. }
            | ReadIssue::StrayDelimiter { .. }
            | ReadIssue::HeaderValueTooLong { .. }
            | ReadIssue::ValueIgnored { .. }
    )
}

fn modality_name(modality: &str) -> &str {
    match modality {
        "MG" => "mammography (MG)",
        "CT" | "MR" | "CR" | "DX" | "PT" | "NM" => modality,
        _ => "different",
    }
}

/// A moving source: a cine, a folder of frames in name order, each file one frame.
///
/// # Errors
/// Where there is nothing to play.
pub fn open_moving(path: &Path, fps: f64, mm_per_px: Option<MmPerPx>) -> Result<Opened> {
    if !path.is_dir() {
        return open(path, mm_per_px).with_context(|| path.display().to_string());
    }
    let files = files_below(path, is_picture);
    if files.is_empty() {
        bail!("{}: no {READ} file in this folder", path.display());
    }
    let frame_count = files.len();
    let equipment = open(&files[0], mm_per_px).map(|first| first.equipment).unwrap_or_default();
    let step_ns = 1e9 / fps;
    let frames = files.into_iter().enumerate().map(move |(index, file)| {
        let mut opened = open(&file, mm_per_px).with_context(|| file.display().to_string())?;
        let mut frame =
            opened.frames.next().with_context(|| format!("{}: no frame in it", file.display()))??;
        frame.index = index as u64;
        frame.time_ns = (index as f64 * step_ns) as u64;
        Ok(frame)
    });
    Ok(Opened { frame_count, is_cine: true, equipment, notes: Vec::new(), frames: Box::new(frames) })
}
