//! Shutters and overlays (PS3.3 §C.7.6.11, §C.9.2), in the picture's own pixels.

use image::{DynamicImage, Rgb};
use peony_dicom::DicomError;
use peony_dicom::presentation::{Ink, Plane, PresentationState, Shutter};
use tiny_skia::{FillRule, Mask, Transform};

use super::marks::path;
use crate::problem::Problem;

/// Covers what shutters cover and paints the overlays that are shown. `with_picture` are the overlays that lie with the picture.
pub(super) fn cover(
    picture: &mut DynamicImage,
    says: &PresentationState,
    frame: u64,
    with_picture: &[(u16, Plane)],
) -> Result<(), Problem> {
    let level = says.shutter_level();
    let plane_of = |group: u16| {
        let own = says.overlays().iter().find(|overlay| overlay.group == group);
        let own = own.and_then(|overlay| overlay.plane.as_ref());
        let other = || with_picture.iter().find(|(of, _)| *of == group).map(|(_, plane)| plane);
        own.or_else(other).ok_or(DicomError::Unsupported("an overlay that has no bits of its own"))
    };
    for shutter in says.shutters() {
        match shutter {
            Shutter::Bitmap { group } => paint(picture, plane_of(*group)?, frame, Ink([level; 3])),
            shape => shut(picture, shape, level)?,
        }
    }
    let of_shutter = |group| says.shutters().contains(&Shutter::Bitmap { group });
    for overlay in says.overlays().iter().filter(|overlay| !of_shutter(overlay.group)) {
        if let Some(layer) = &overlay.layer {
            paint(picture, plane_of(overlay.group)?, frame, says.ink_of(layer));
        }
    }
    Ok(())
}

/// Covers what is outside of a shape.
fn shut(picture: &mut DynamicImage, shape: &Shutter, level: u8) -> Result<(), Problem> {
    let [width, height] = [picture.width(), picture.height()];
    let corners = match shape {
        Shutter::Polygon { corners } => {
            let mut mask = Mask::new(width, height).ok_or(Problem::Failed)?;
            // A corner lies in the middle of its pixel.
            let corners = corners.iter().map(|corner| corner.map(|at| (at - 0.5) as f32));
            if let Some(path) = path(corners, true) {
                mask.fill_path(&path, FillRule::EvenOdd, false, Transform::identity());
            }
            Some(mask)
        }
        _ => None,
    };
    let is_seen = |x: u32, y: u32| {
        // Columns and rows are counted from 1.
        let [column, row] = [f64::from(x + 1), f64::from(y + 1)];
        match shape {
            Shutter::Rectangle { edges: [left, top, right, bottom] } => {
                (*left..=*right).contains(&column) && (*top..=*bottom).contains(&row)
            }
            Shutter::Circle { center, radius } => (column - center[0]).hypot(row - center[1]) <= *radius,
            _ => {
                let at = y as usize * width as usize + x as usize;
                corners.as_ref().is_some_and(|mask| mask.data().get(at).is_some_and(|seen| *seen > 0))
            }
        }
    };
    set(picture, Ink([level; 3]), |x, y| !is_seen(x, y));
    Ok(())
}

/// Paints the bits of an overlay.
fn paint(picture: &mut DynamicImage, plane: &Plane, frame: u64, ink: Ink) {
    if !ink.is_grey() {
        *picture = DynamicImage::ImageRgb8(std::mem::take(picture).into_rgb8());
    }
    set(picture, ink, |x, y| {
        let at = [i64::from(x) - plane.at_px[0], i64::from(y) - plane.at_px[1]];
        let [x, y] = at.map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        plane.is_set(frame, [x, y])
    });
}

fn set(picture: &mut DynamicImage, Ink(ink): Ink, is_set: impl Fn(u32, u32) -> bool) {
    match picture {
        DynamicImage::ImageLuma8(grey) => {
            for (_, _, pixel) in grey.enumerate_pixels_mut().filter(|(x, y, _)| is_set(*x, *y)) {
                pixel.0 = [ink[0]];
            }
        }
        DynamicImage::ImageRgb8(colour) => {
            for (_, _, pixel) in colour.enumerate_pixels_mut().filter(|(x, y, _)| is_set(*x, *y)) {
                *pixel = Rgb(ink);
            }
        }
        // Pictures are made as one of these.
        _ => {}
    }
}
