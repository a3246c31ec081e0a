//! How alike the pictures of a lesion on two planes are.

use image::GrayImage;
use peony_model::{BoxPx, PointPx};

/// Both pictures are compared in so many cells a side: coarser than speckle, which is another one on every plane.
const CELLS: usize = 24;
/// Samples a side of a cell.
const SAMPLES: usize = 3;
/// The part that is compared, in sides of the larger box: the lesion and what lies around it.
const WINDOW: f32 = 1.5;

/// The correlation of two pictures around the lesion, at the same scale and each about the lesion's middle: 1 for the same picture. Of
/// a smaller section of the same lesion there is more of what lies around, so that it is less.
pub(super) fn likeness(one: (&GrayImage, BoxPx), other: (&GrayImage, BoxPx)) -> f32 {
    let side =
        [one.1, other.1].map(|of| of.width().max(of.height())).into_iter().fold(1.0, f32::max) * WINDOW;
    let [a, b] = [one, other].map(|(picture, box_px)| cells(picture, box_px.center(), side));
    let product: f32 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    let [norm_a, norm_b] = [&a, &b].map(|cells| cells.iter().map(|value| value * value).sum::<f32>());
    let norm = (norm_a * norm_b).sqrt();
    if norm > 0.0 { product / norm } else { 0.0 }
}

/// The grey levels of a square less their mean. Outside of the picture is its edge.
fn cells(picture: &GrayImage, middle: PointPx, side: f32) -> Vec<f32> {
    let [width, height] = [picture.width(), picture.height()].map(|side| side.saturating_sub(1) as f32);
    let raw = picture.as_raw();
    let row_of = |y: f32| y.clamp(0.0, height) as usize * picture.width() as usize;
    let per_side = CELLS * SAMPLES;
    let at = |sample: usize| ((sample as f32 + 0.5) / per_side as f32 - 0.5) * side;
    let mut cells = vec![0.0; CELLS * CELLS];
    for y in 0..per_side {
        let row = row_of(middle.y + at(y));
        for x in 0..per_side {
            let column = (middle.x + at(x)).clamp(0.0, width) as usize;
            cells[y / SAMPLES * CELLS + x / SAMPLES] += f32::from(raw[row + column]);
        }
    }
    let mean = cells.iter().sum::<f32>() / (CELLS * CELLS) as f32;
    cells.iter_mut().for_each(|value| *value -= mean);
    cells
}

#[cfg(test)]
mod tests {
    use peony_phantom::{
        Difficulty, Faults, MassKind, MassPlan, MassSpec, Phantom, PhantomConfig, Pose, Turn,
    };

    use super::*;

    /// The planes so far from the middle of a mass, along the sweep, and its boxes on them.
    fn planes(seed: u64, kind: MassKind, off_mm: &[f32]) -> Vec<(GrayImage, BoxPx)> {
        let mass = MassSpec { kind, difficulty: Difficulty::Easy, along_mm: 30.0, lateral_mm: Some(0.0) };
        let config = PhantomConfig { masses: MassPlan::Given(vec![mass]), ..PhantomConfig::default() };
        let phantom = Phantom::new(seed, &config).unwrap();
        let centre = phantom.mass_centres_mm().next().unwrap();
        let plane = |off: &f32| {
            let made = phantom
                .frame(&Pose::turned([centre[0], centre[1] + off, 0.0], Turn::default()), Faults::default());
            let box_px = made.truth.masses.first()?.box_px;
            Some((made.frame.luma().into_owned(), box_px))
        };
        off_mm.iter().filter_map(plane).collect()
    }

    #[test]
    fn neighbouring_planes_of_a_mass_look_alike_and_those_of_its_middle_and_its_rim_do_not() {
        for (kind, seed) in
            [MassKind::Cyst, MassKind::Fibroadenoma, MassKind::Carcinoma].into_iter().zip([531, 532, 533])
        {
            let planes = planes(seed, kind, &[0.0, 0.5, 4.0]);
            let [middle, next, rim] = [0, 1, 2].map(|at| (&planes[at].0, planes[at].1));
            let (near, far) = (likeness(middle, next), likeness(middle, rim));
            println!("{kind:?}: {near:.2} half a millimetre on, {far:.2} at the rim");
            assert!((likeness(middle, middle) - 1.0).abs() < 1e-4, "{kind:?}");
            assert!(near > 0.85, "{kind:?}: {near}");
            assert!(far < 0.7, "{kind:?}: {far}");
            assert!((likeness(next, middle) - near).abs() < 1e-4, "{kind:?}: whichever comes first");
        }
    }

    #[test]
    fn a_picture_without_structure_and_a_box_beyond_the_edge_are_like_nothing_and_harm_nothing() {
        let grey = GrayImage::from_pixel(64, 48, image::Luma([90]));
        let box_px = BoxPx::new(PointPx::new(50.0, -20.0), PointPx::new(90.0, 70.0));
        assert_eq!(likeness((&grey, box_px), (&grey, box_px)), 0.0);
        assert_eq!(likeness((&GrayImage::new(1, 1), box_px), (&grey, box_px)), 0.0);
    }
}
