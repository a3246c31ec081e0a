//! One case read by the program, held against what is known of it.

use std::path::Path;

use anyhow::{Context, Result, bail};
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Luma};
use imageproc::point::Point;
use peony_imaging::Labels;
use peony_model::{BiRads, BoxPx, Finding, PointPx, QualityCode, iou};

use super::cases::Case;
use super::categories::Category;
use super::descriptors::{DescriptorRow, compare, descriptors_said};
use super::metrics::detection::{Detection, meet};
use super::metrics::dice;
use crate::engine::Reader;
use crate::input;
use crate::record::frame_malignancy;

/// A part of a mask below this share of the whole is a speck of the drawing, not a lesion.
const SPECK: f32 = 0.01;

/// What was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The table's words.
pub enum Truth {
    Normal,
    Benign,
    Malignant,
}

/// What the program said of one case, beside the truth.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The set it is from.
    pub dataset: String,
    /// The machine it was made on; empty where unknown.
    pub device: String,
    /// Patient or near-duplicate group, unique across data sets.
    pub patient: String,
    /// What was there.
    pub truth: Truth,
    /// Whether it was refused as no picture that the model reads.
    pub refused: bool,
    /// Overlap of all findings with the mask; `None` for normals, and without a mask.
    pub dice: Option<f64>,
    /// The findings, and which of them met a lesion.
    pub detections: Vec<Detection>,
    /// How many lesions the mask has; `None` of a lesion without one, which may be anywhere.
    pub lesions: Option<usize>,
    /// Probability of malignancy of the picture, 0..=1.
    pub malignancy: Option<f64>,
    /// The category a person gave.
    pub given: Option<Category>,
    /// The highest category proposed on it.
    pub proposed: Option<Category>,
    /// The lexicon's words for its lesion.
    pub descriptors: Vec<DescriptorRow>,
}

/// Reads one case: the same reading, cropping, thresholds and outlines as `peony analyze`.
///
/// # Errors
/// Where the picture or its mask cannot be read, they differ in size, or the mask marks nothing.
pub fn read(case: &Case, root: &Path, reader: &mut Reader) -> Result<Reading> {
    let mut opened = input::open(&root.join(&case.image), None)?;
    let frame = opened.frames.next().context("no frame in it")??;
    reader.begin(false);
    let output = reader.step(&frame);
    let mask = match case.truth {
        Truth::Normal => None,
        Truth::Benign | Truth::Malignant if case.mask.is_empty() => None,
        Truth::Benign | Truth::Malignant => Some(mask(root, &case.mask, output.size_px)?),
    };
    let found = filled(&output.findings, output.size_px);
    let lesions = mask.as_deref().map(|mask| lesions(mask, output.size_px[0])).unwrap_or_default();
    let boxes: Vec<_> = output.findings.iter().map(|f| (f.region.box_px(), f64::from(f.score))).collect();
    let proposals = output.findings.iter().filter_map(|finding| finding.assessment.map(BiRads::label));
    let said = described(&output.findings, &lesions).map(descriptors_said).unwrap_or_default();
    let is_known = mask.is_some() || case.truth == Truth::Normal;
    Ok(Reading {
        refused: output
            .quality
            .issues
            .iter()
            .any(|issue| matches!(issue.code, QualityCode::WrongDomain | QualityCode::NoBmode)),
        dataset: case.dataset.clone(),
        device: case.device.clone(),
        patient: case.patient.clone(),
        truth: case.truth,
        dice: mask.map(|mask| dice(&found, &mask)),
        detections: meet(&boxes, &lesions),
        lesions: is_known.then_some(lesions.len()),
        malignancy: frame_malignancy(&output).map(f64::from),
        given: case.given,
        proposed: proposals.filter_map(Category::parse).max(),
        descriptors: compare(&case.descriptors, said),
    })
}

/// The mask, pixel by pixel.
fn mask(root: &Path, name: &str, size_px: [u32; 2]) -> Result<Vec<bool>> {
    let file = ImageReader::open(root.join(name)).and_then(ImageReader::with_guessed_format);
    let file = file.with_context(|| name.to_owned())?;
    if file.format() != Some(ImageFormat::Png) {
        bail!("the mask {name} is no PNG: another format does not keep what is off at 0");
    }
    let mask = file.decode().with_context(|| name.to_owned())?;
    if [mask.width(), mask.height()] != size_px {
        bail!("mask and picture differ in size");
    }
    let marked = marked(&mask);
    if !marked.contains(&true) {
        bail!("the mask {name} marks nothing");
    }
    Ok(marked)
}

/// Where a mask is above 0, in any colour and whatever its depth, as training reads it: many tools write the number of a class.
fn marked(mask: &DynamicImage) -> Vec<bool> {
    // In 16 bits nothing is rounded down to 0; grey becomes three equal colours, and how opaque a pixel is says nothing.
    mask.to_rgb16().pixels().map(|pixel| pixel.0.iter().any(|&level| level > 0)).collect()
}

fn on(picture: &GrayImage) -> Vec<bool> {
    picture.as_raw().iter().map(|&grey| grey > 127).collect()
}

/// The boxes around the lesions of a mask `width` wide: its connected parts without the specks.
fn lesions(mask: &[bool], width: u32) -> Vec<BoxPx> {
    let map: Vec<f32> = mask.iter().map(|&on| f32::from(u8::from(on))).collect();
    let parts = Labels::new().label(&map, width, 0.5);
    let whole: u32 = parts.iter().map(|part| part.pixels).sum();
    let large = parts.iter().filter(|part| part.pixels as f32 >= SPECK * whole as f32);
    large.map(|part| part.rect.to_box_px()).collect()
}

/// The finding whose words are held against the table's: the one that overlaps a lesion most.
fn described<'a>(findings: &'a [Finding], lesions: &[BoxPx]) -> Option<&'a Finding> {
    let overlap = |finding: &Finding| {
        lesions.iter().map(|lesion| iou(finding.region.box_px(), *lesion)).fold(0.0, f32::max)
    };
    let best = findings.iter().max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
    best.filter(|finding| overlap(finding) > 0.0)
}

/// The findings as one mask.
fn filled(findings: &[Finding], [width, height]: [u32; 2]) -> Vec<bool> {
    let mut mask = GrayImage::new(width, height);
    for finding in findings {
        fill(&mut mask, finding.region.contour_px());
    }
    on(&mask)
}

/// Turns on the pixels within a closed outline and on it, in pixels of the mask; what lies outside is cut off. Fewer than three
/// corners enclose nothing.
pub fn fill(mask: &mut GrayImage, outline: &[PointPx]) {
    // Far outside is outside: no sum of coordinates overflows.
    let corner = |at: f32| at.floor().clamp(-1e6, 1e6) as i32;
    let mut corners: Vec<Point<i32>> =
        outline.iter().map(|point| Point::new(corner(point.x), corner(point.y))).collect();
    corners.dedup();
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    if corners.len() >= 3 {
        imageproc::drawing::draw_polygon_mut(mask, &corners, Luma([255]));
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A reading of set `set` that says nothing.
    pub fn reading(patient: &str, truth: Truth) -> Reading {
        Reading {
            dataset: "set".into(),
            device: String::new(),
            patient: patient.into(),
            truth,
            refused: false,
            dice: None,
            detections: Vec::new(),
            lesions: Some(usize::from(truth != Truth::Normal)),
            malignancy: None,
            given: None,
            proposed: None,
            descriptors: Vec::new(),
        }
    }

    /// Training is held to the same files: `python -m peony_training fixtures`.
    #[test]
    fn a_mask_is_what_lies_above_0_however_it_is_written() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/fixtures/masks");
        let of = |name: &str| mask(&folder, name, [48, 40]).unwrap();
        let first = of("bits-1.png");
        assert_eq!(first.iter().filter(|&&on| on).count(), 455, "the ellipse");
        let mut names: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names.len(), 8, "{names:?}");
        for name in names {
            assert!(of(name.to_str().unwrap()) == first, "{name:?}");
        }
    }

    #[test]
    fn specks_of_a_mask_are_no_lesions() {
        let mut mask = vec![false; 64 * 64];
        for (x, y) in (0..20).flat_map(|y| (0..20).map(move |x| (x, y))) {
            mask[y * 64 + x] = true;
            mask[(y + 40) * 64 + x + 40] = x < 5;
        }
        mask[63] = true;
        let found = lesions(&mask, 64);
        let seen: Vec<_> = found.iter().map(|b| [b.min.x, b.min.y, b.max.x, b.max.y]).collect();
        assert_eq!(seen, [[0.0, 0.0, 20.0, 20.0], [40.0, 40.0, 45.0, 60.0]]);
        assert_eq!(lesions(&[false; 16], 4), []);
    }
}
