//! From the paths that a person types to frames: what a file is, is decided by its bytes, never by its name.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use image::{DynamicImage, ImageFormat, ImageReader};
use peony_model::{CalibrationSource, Frame, MmPerPx, Pixels, Spacing};

/// The smallest side of a picture that can hold tissue.
const SMALLEST_SIDE_PX: u32 = 64;
/// The most pixels that one picture may have; a 4K screen has 8.3 million.
const MOST_PIXELS: u64 = 64_000_000;
/// What a decoder may allocate for one picture.
const MOST_BYTES: u64 = 512 << 20;

/// An open file: its frames, decoded one at a time.
pub struct Opened {
    /// How many frames it says it has.
    pub frame_count: usize,
    /// Whether the frames follow each other in time.
    pub is_cine: bool,
    /// The frames in order. A frame that cannot be decoded is an error in its place.
    pub frames: Box<dyn Iterator<Item = Result<Frame>> + Send>,
}

/// The files behind the paths: a file stands for itself, a folder for the pictures below it in name order.
///
/// # Errors
/// One for each path that does not exist or holds no picture, in its place.
pub fn expand(paths: &[PathBuf]) -> Vec<Result<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(Ok(path.clone()));
            continue;
        }
        let inside = pictures_below(path);
        if inside.is_empty() {
            files.push(Err(anyhow::anyhow!("{}: no PNG, JPEG or DICOM file in this folder", path.display())));
        }
        files.extend(inside.into_iter().map(Ok));
    }
    files
}

fn pictures_below(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| matches!(kind_of(path), Ok(Kind::Picture(_) | Kind::Dicom)))
        .collect()
}

enum Kind {
    Picture(ImageFormat),
    Dicom,
    Unknown,
}

/// Looks at the first bytes: the signature of a picture, or `DICM` after the preamble (PS3.10 §7.1). A file named
/// `.dcm` is left to the DICOM reader whatever it holds, which says best what is wrong with it.
fn kind_of(path: &Path) -> Result<Kind> {
    let mut head = Vec::with_capacity(132);
    File::open(path)?.take(132).read_to_end(&mut head)?;
    let named_dicom = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("dcm"));
    Ok(match image::guess_format(&head) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => Kind::Picture(format),
        _ if named_dicom || head.get(128..132) == Some(b"DICM") => Kind::Dicom,
        _ => Kind::Unknown,
    })
}

/// Opens one file. `mm_per_px` is what a person entered; a file that knows its own scale keeps it.
///
/// # Errors
/// One line that says what is wrong with the file, without its name.
pub fn open(path: &Path, mm_per_px: Option<MmPerPx>) -> Result<Opened> {
    match kind_of(path).context("cannot be opened")? {
        Kind::Picture(format) => {
            let frame = still(path, format, mm_per_px)?;
            Ok(Opened { frame_count: 1, is_cine: false, frames: Box::new(std::iter::once(Ok(frame))) })
        }
        Kind::Dicom => cine(path, mm_per_px),
        Kind::Unknown => bail!("neither PNG, JPEG nor DICOM"),
    }
}

fn still(path: &Path, format: ImageFormat, mm_per_px: Option<MmPerPx>) -> Result<Frame> {
    let reader = || -> Result<_> { Ok(ImageReader::with_format(BufReader::new(File::open(path)?), format)) };
    let (width, height) = reader()?.into_dimensions().context("not a readable picture")?;
    check_size([width, height])?;
    let mut limited = reader()?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    limited.limits(limits);
    let pixels = match limited.decode().context("not a readable picture")? {
        DynamicImage::ImageRgb8(colour) => pixels_of(colour),
        other if other.color().has_color() => pixels_of(other.into_rgb8()),
        other => Pixels::Luma8(other.into_luma8()),
    };
    Ok(Frame { index: 0, time_ns: 0, pixels, spacing: mm_per_px.map_or(Spacing::Unknown, Spacing::Uniform) })
}

/// Most ultrasound stills are saved as RGB with three equal channels: they are grey.
fn pixels_of(colour: image::RgbImage) -> Pixels {
    if colour.as_raw().chunks_exact(3).all(|rgb| rgb[0] == rgb[1] && rgb[1] == rgb[2]) {
        Pixels::Luma8(DynamicImage::ImageRgb8(colour).into_luma8())
    } else {
        Pixels::Rgb8(colour)
    }
}

/// Refuses pictures that are too small to hold tissue or too large to be a screen.
fn check_size([width, height]: [u32; 2]) -> Result<()> {
    if width.min(height) < SMALLEST_SIDE_PX {
        bail!("{width} × {height} pixels: too small, at least {SMALLEST_SIDE_PX} a side are needed");
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        bail!("{width} × {height} pixels: too large, at most {} million are read", MOST_PIXELS / 1_000_000);
    }
    Ok(())
}

fn cine(path: &Path, mm_per_px: Option<MmPerPx>) -> Result<Opened> {
    let cine = peony_dicom::open(path)?;
    if cine.modality() != "US" {
        bail!("a {} object; this program reads breast ultrasound (US)", modality_name(cine.modality()));
    }
    check_size(cine.size_px())?;
    for issue in cine.issues() {
        tracing::info!("{issue}");
    }
    let frame_count = usize::try_from(cine.frame_count()).unwrap_or(usize::MAX);
    let frames = cine.into_iter().map(move |frame| {
        let mut frame = frame?;
        if let (Spacing::Unknown, Some(entered)) = (&frame.spacing, mm_per_px) {
            frame.spacing = Spacing::Uniform(entered);
        }
        Ok(frame)
    });
    Ok(Opened { frame_count, is_cine: frame_count > 1, frames: Box::new(frames) })
}

fn modality_name(modality: &str) -> &str {
    match modality {
        "MG" => "mammography (MG)",
        "CT" | "MR" | "CR" | "DX" | "PT" | "NM" => modality,
        _ => "different",
    }
}

/// A scale that a person entered.
///
/// # Errors
/// Where it is not a believable pixel size.
pub fn entered_scale(mm_per_px: Option<f32>) -> Result<Option<MmPerPx>> {
    mm_per_px.map(|mm| MmPerPx::new(mm, mm, CalibrationSource::Entered).context("--mm-per-px")).transpose()
}

/// A moving source: a cine, a folder of frames in name order, each file one frame.
///
/// # Errors
/// Where there is nothing to play.
pub fn open_moving(source: &str, fps: f64, mm_per_px: Option<MmPerPx>) -> Result<Opened> {
    let path = Path::new(source);
    if !path.is_dir() {
        return open(path, mm_per_px).with_context(|| path.display().to_string());
    }
    let files = pictures_below(path);
    if files.is_empty() {
        bail!("{}: no PNG, JPEG or DICOM file in this folder", path.display());
    }
    let frame_count = files.len();
    let step_ns = 1e9 / fps;
    let frames = files.into_iter().enumerate().map(move |(index, file)| {
        let mut opened = open(&file, mm_per_px).with_context(|| file.display().to_string())?;
        let mut frame =
            opened.frames.next().with_context(|| format!("{}: no frame in it", file.display()))??;
        frame.index = index as u64;
        frame.time_ns = (index as f64 * step_ns) as u64;
        Ok(frame)
    });
    Ok(Opened { frame_count, is_cine: true, frames: Box::new(frames) })
}
