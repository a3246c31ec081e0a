//! What is really there on a frame.

use image::GrayImage;
use peony_model::{BoxPx, PointPx};

use crate::display::Picture;
use crate::fault::Faults;
use crate::mass::{Difficulty, Mass, MassKind};
use crate::pose::Pose;

/// Slices of a mass smaller than this many pixels are not told: nobody could see them.
const LEAST_AREA_PX: u32 = 12;

/// The truth of one frame.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The seed of the breast.
    pub seed: u64,
    /// Where the probe was.
    pub pose: Pose,
    /// What was wrong.
    pub faults: Faults,
    /// The masses that the middle of the beam cuts, in the order of their numbers.
    pub masses: Vec<MassTruth>,
}

/// One mass as this frame cuts it.
#[derive(Debug, Clone)]
pub struct MassTruth {
    /// Its number in the breast, from 0.
    pub id: u32,
    /// What it is.
    pub kind: MassKind,
    /// How hard it is to see.
    pub difficulty: Difficulty,
    /// Whether it is cancer.
    pub malignant: bool,
    /// Its outline on the frame, image pixels, clockwise as seen; the largest part where the plane cuts several.
    pub contour_px: Vec<PointPx>,
    /// Its pixels: 255 inside, the size of `box_px`, whose least corner is its first pixel.
    pub mask: GrayImage,
    /// The least box of whole pixels around it.
    pub box_px: BoxPx,
    /// Pixels inside.
    pub area_px: u32,
    /// Whether the border of the picture cuts it.
    pub cut: bool,
    /// Its centre in breast space, mm: lateral, along the sweep, depth.
    pub centre_mm: [f32; 3],
    /// The diameters of the ellipsoid that it is made from, mm, before it is turned: its relief adds to them.
    pub axes_mm: [f32; 3],
    /// The volume within its surface, mm³.
    pub volume_mm3: f32,
}

/// The mass on a frame, if the plane cuts it within the picture.
pub(crate) fn slice(mass: &Mass, volume_mm3: f32, pose: &Pose, picture: &Picture) -> Option<MassTruth> {
    let centre = pose.to_beam(mass.centre);
    let reach = mass.largest();
    if centre[1].abs() >= reach {
        return None;
    }
    let low = picture.to_px([centre[0] - reach, centre[2] - reach]);
    let high = picture.to_px([centre[0] + reach, centre[2] + reach]);
    let clip = |value: f32, axis: usize| {
        let from = picture.corner[axis];
        (value.max(0.0) as u32).clamp(from, from + picture.size[axis])
    };
    let from = [clip(low[0], 0), clip(low[1], 1)];
    let to = [clip(high[0] + 1.0, 0), clip(high[1] + 1.0, 1)];
    if from[0] >= to[0] || from[1] >= to[1] {
        return None;
    }
    let wide = inside(mass, pose, picture, from, [to[0] - from[0], to[1] - from[1]]);
    let (corner, mask) = crop(&wide)?;
    let area_px = mask.pixels().filter(|p| p.0[0] > 0).count() as u32;
    if area_px < LEAST_AREA_PX {
        return None;
    }
    let corner = [corner[0] + from[0], corner[1] + from[1]];
    let end = [corner[0] + mask.width(), corner[1] + mask.height()];
    let at_border = |axis: usize| {
        corner[axis] == picture.corner[axis] || end[axis] == picture.corner[axis] + picture.size[axis]
    };
    let shift = |p: [i32; 2], part: [f32; 2]| {
        PointPx::new(corner[0] as f32 + p[0] as f32 + part[0], corner[1] as f32 + p[1] as f32 + part[1])
    };
    Some(MassTruth {
        id: mass.id,
        kind: mass.kind,
        difficulty: mass.difficulty,
        malignant: mass.kind.malignant(),
        contour_px: outline(&mask).into_iter().map(|(p, part)| shift(p, part)).collect(),
        box_px: BoxPx::new(
            shift([0, 0], [0.0; 2]),
            shift([mask.width() as i32, mask.height() as i32], [0.0; 2]),
        ),
        area_px,
        cut: at_border(0) || at_border(1),
        centre_mm: mass.centre,
        axes_mm: mass.semi.map(|s| 2.0 * s),
        volume_mm3,
        mask,
    })
}

/// Every second pixel is asked, those between are interpolated: surfaces are smooth at that scale.
fn inside(mass: &Mass, pose: &Pose, picture: &Picture, from: [u32; 2], size: [u32; 2]) -> GrayImage {
    let nodes = size.map(|px| px / 2 + 2);
    let field: Vec<f32> = (0..nodes[0] * nodes[1])
        .map(|n| {
            let px = [(from[0] + n % nodes[0] * 2) as f32 + 0.5, (from[1] + n / nodes[0] * 2) as f32 + 0.5];
            let [x, z] = picture.to_beam(px);
            mass.see(pose.to_breast([x, 0.0, z])).outside
        })
        .collect();
    GrayImage::from_fn(size[0], size[1], |column, row| {
        let node = |dx: u32, dy: u32| field[((row / 2 + dy) * nodes[0] + column / 2 + dx) as usize];
        let (dx, dy) = (column % 2, row % 2);
        let outside = node(0, 0) + node(dx, 0) + node(0, dy) + node(dx, dy);
        image::Luma([if outside < 0.0 { 255 } else { 0 }])
    })
}

/// The least part that holds every set pixel, and its corner.
fn crop(mask: &GrayImage) -> Option<([u32; 2], GrayImage)> {
    let mut set = mask.enumerate_pixels().filter(|(_, _, p)| p.0[0] > 0).map(|(x, y, _)| (x, y));
    let (x, y) = set.next()?;
    let (x0, y0, x1, y1) =
        set.fold((x, y, x, y), |(x0, y0, x1, y1), (x, y)| (x0.min(x), y0.min(y), x1.max(x), y1.max(y)));
    let part = image::imageops::crop_imm(mask, x0, y0, x1 + 1 - x0, y1 + 1 - y0).to_image();
    Some(([x0, y0], part))
}

/// Walks the edges between set pixels and others with the set ones on the right, from each top edge not yet
/// walked, and keeps the loop with the most area. A point is the middle of an edge: a corner and its part.
fn outline(mask: &GrayImage) -> Vec<([i32; 2], [f32; 2])> {
    let set = |x: i32, y: i32| {
        x >= 0 && y >= 0 && mask.get_pixel_checked(x as u32, y as u32).is_some_and(|p| p.0[0] > 0)
    };
    let mut walked = vec![false; (mask.width() * mask.height()) as usize];
    let (mut best, mut best_area) = (Vec::new(), 0.0_f32);
    for (x, y) in (0..mask.height() as i32).flat_map(|y| (0..mask.width() as i32).map(move |x| (x, y))) {
        let index = |x: i32, y: i32| (y * mask.width() as i32 + x) as usize;
        if !set(x, y) || set(x, y - 1) || walked[index(x, y)] {
            continue;
        }
        let (mut points, mut area) = (Vec::new(), 0.0);
        let (mut at, mut go) = ([x, y], [1, 0]);
        loop {
            if go == [1, 0] {
                walked[index(at[0], at[1])] = true;
            }
            points.push((at, [0.5 * go[0] as f32, 0.5 * go[1] as f32]));
            let next = [at[0] + go[0], at[1] + go[1]];
            area += 0.5 * (at[0] * next[1] - next[0] * at[1]) as f32;
            at = next;
            // The pixels ahead, on the left and on the right of the way.
            let ahead = |side: i32| {
                let to = [at[0] * 2 + go[0] - side * go[1], at[1] * 2 + go[1] + side * go[0]];
                set((to[0] - 1).div_euclid(2), (to[1] - 1).div_euclid(2))
            };
            go = match (ahead(-1), ahead(1)) {
                (true, _) => [go[1], -go[0]],
                (false, true) => go,
                (false, false) => [-go[1], go[0]],
            };
            if at == [x, y] && go == [1, 0] {
                break;
            }
        }
        if area > best_area {
            (best, best_area) = (points, area);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_goes_once_around_the_largest_part() {
        let check = |rows: &[&str], edges: usize| {
            let mask = GrayImage::from_fn(rows[0].len() as u32, rows.len() as u32, |x, y| {
                image::Luma([if rows[y as usize].as_bytes()[x as usize] == b'#' { 255 } else { 0 }])
            });
            assert_eq!(outline(&mask).len(), edges, "{rows:?}");
        };
        check(&["#"], 4);
        check(&["##", "##"], 8);
        check(&["#..", ".##", ".##"], 12);
        check(&["#...", "..##", "..##"], 8);
        check(&["####", "#..#", "####"], 14);
    }
}
