//! Outlines of connected parts, and the diameters read from them.

use peony_model::PointPx;

use crate::{Component, Labels};

/// The closed outline of one part at the height of `threshold`, in the map's own coordinates (the first pixel's
/// centre at 0.5), clockwise on the screen, without holes; the last point joins the first.
///
/// Marching squares (Lorensen and Cline 1987, in two dimensions) with linear interpolation, followed from cell to
/// cell around this part only; where two parts meet at a corner they stay apart, as they do in [`Labels`].
/// `labels` must be those that `map` was labelled with.
#[must_use]
pub fn outline(map: &[f32], width: u32, threshold: f32, labels: &Labels, part: &Component) -> Vec<[f32; 2]> {
    let height = (map.len() / width.max(1) as usize) as i32;
    let field = Field { map, width: width as i32, height, threshold, labels, label: part.label };
    // The cell whose lower right corner is the first pixel of the part: the outline enters it from below.
    let start = ([part.first[0] as i32 - 1, part.first[1] as i32 - 1], BOTTOM);
    let (mut cell, mut entry) = start;
    let mut points = Vec::with_capacity(4 * (part.rect.width + part.rect.height) as usize);
    let longest = 4 * (map.len() + 4);
    while points.len() < longest {
        points.push(field.crossing(cell, entry));
        let exit = EXIT[field.case(cell)][entry];
        if exit == NONE {
            break;
        }
        let [x, y] = cell;
        (cell, entry) = match exit {
            TOP => ([x, y - 1], BOTTOM),
            RIGHT => ([x + 1, y], LEFT),
            BOTTOM => ([x, y + 1], TOP),
            _ => ([x - 1, y], RIGHT),
        };
        if (cell, entry) == start {
            break;
        }
    }
    points
}

const TOP: usize = 0;
const RIGHT: usize = 1;
const BOTTOM: usize = 2;
const LEFT: usize = 3;
const NONE: usize = 4;

/// Where the outline leaves a cell, by the case of its corners (bit 0 top left, 1 top right, 2 bottom right,
/// 3 bottom left) and by the edge it came in at (top, right, bottom, left). The inside is on the right hand.
#[rustfmt::skip]
const EXIT: [[usize; 4]; 16] = [
    [NONE, NONE, NONE, NONE],     [LEFT, NONE, NONE, NONE],
    [NONE, TOP, NONE, NONE],      [NONE, LEFT, NONE, NONE],
    [NONE, NONE, RIGHT, NONE],    [LEFT, NONE, RIGHT, NONE],
    [NONE, NONE, TOP, NONE],      [NONE, NONE, LEFT, NONE],
    [NONE, NONE, NONE, BOTTOM],   [BOTTOM, NONE, NONE, NONE],
    [NONE, TOP, NONE, BOTTOM],    [NONE, BOTTOM, NONE, NONE],
    [NONE, NONE, NONE, RIGHT],    [RIGHT, NONE, NONE, NONE],
    [NONE, NONE, NONE, TOP],      [NONE, NONE, NONE, NONE],
];

struct Field<'a> {
    map: &'a [f32],
    width: i32,
    height: i32,
    threshold: f32,
    labels: &'a Labels,
    label: u16,
}

impl Field<'_> {
    /// Height over the threshold: above zero within the part only; `None` outside the map.
    fn height_at(&self, x: i32, y: i32) -> Option<f32> {
        if !(0..self.width).contains(&x) || !(0..self.height).contains(&y) {
            return None;
        }
        let over = self.map[(y * self.width + x) as usize] - self.threshold;
        let inside = self.labels.at(x as u32, y as u32, self.width as u32) == self.label;
        Some(if inside { over.max(1e-4) } else { over.min(-1e-4) })
    }

    fn case(&self, [x, y]: [i32; 2]) -> usize {
        let inside = |x, y| usize::from(self.height_at(x, y).is_some_and(|height| height > 0.0));
        inside(x, y) | inside(x + 1, y) << 1 | inside(x + 1, y + 1) << 2 | inside(x, y + 1) << 3
    }

    /// Where the outline crosses an edge of a cell; half way where one end lies outside the map, which is the
    /// map's own border.
    fn crossing(&self, [x, y]: [i32; 2], edge: usize) -> [f32; 2] {
        let (a, b) = match edge {
            TOP => ([x, y], [x + 1, y]),
            RIGHT => ([x + 1, y], [x + 1, y + 1]),
            BOTTOM => ([x, y + 1], [x + 1, y + 1]),
            _ => ([x, y], [x, y + 1]),
        };
        let t = match (self.height_at(a[0], a[1]), self.height_at(b[0], b[1])) {
            (Some(at_a), Some(at_b)) => at_a / (at_a - at_b),
            _ => 0.5,
        };
        let between = |i: usize| a[i] as f32 + t * (b[i] - a[i]) as f32 + 0.5;
        [between(0), between(1)]
    }
}

/// The area within a closed outline, in square pixels (shoelace formula).
#[must_use]
pub fn polygon_area(points: &[PointPx]) -> f32 {
    let Some(last) = points.last() else { return 0.0 };
    let mut before = *last;
    let mut twice = 0.0_f64;
    for &point in points {
        twice += f64::from(before.x) * f64::from(point.y) - f64::from(point.x) * f64::from(before.y);
        before = point;
    }
    (twice.abs() / 2.0) as f32
}

/// The two diameters of an outline, each as a line on the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feret {
    /// The two points of the outline that are farthest apart.
    pub long: [PointPx; 2],
    /// The width across the long axis (Feret's: between two parallels to it), drawn half way between its ends.
    pub short: [PointPx; 2],
}

/// The diameters of an outline where a pixel measures `pixel` (across, down) in any unit: right angles are right
/// in that unit. `None` with fewer than three points.
#[must_use]
pub fn feret(points: &[PointPx], pixel: [f32; 2]) -> Option<Feret> {
    // Two hundred points are enough for the diameter of a smooth outline and bound the pairs to 20,000.
    let every = points.len().div_ceil(200).max(1);
    let thin: Vec<[f32; 2]> =
        points.iter().step_by(every).map(|point| [point.x * pixel[0], point.y * pixel[1]]).collect();
    if thin.len() < 3 {
        return None;
    }
    let (mut longest, mut ends) = (-1.0, (0, 0));
    for (i, a) in thin.iter().enumerate() {
        for (j, b) in thin.iter().enumerate().skip(i + 1) {
            let squared = (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
            if squared > longest {
                (longest, ends) = (squared, (i, j));
            }
        }
    }
    let (a, b) = (thin[ends.0], thin[ends.1]);
    let length = longest.max(f32::MIN_POSITIVE).sqrt();
    let along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    let across = [-along[1], along[0]];
    let dot = |p: [f32; 2], axis: [f32; 2]| (p[0] - a[0]) * axis[0] + (p[1] - a[1]) * axis[1];
    let by_width = |p: &&[f32; 2], q: &&[f32; 2]| dot(**p, across).total_cmp(&dot(**q, across));
    let (low, high) = (thin.iter().min_by(by_width)?, thin.iter().max_by(by_width)?);
    let middle = (dot(*low, along) + dot(*high, along)) / 2.0;
    let on_line = |width: f32| {
        let place = |i: usize| (a[i] + middle * along[i] + width * across[i]) / pixel[i];
        PointPx::new(place(0), place(1))
    };
    let back = |p: [f32; 2]| PointPx::new(p[0] / pixel[0], p[1] / pixel[1]);
    Some(Feret { long: [back(a), back(b)], short: [on_line(dot(*low, across)), on_line(dot(*high, across))] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlines(map: &[f32], width: u32) -> Vec<Vec<PointPx>> {
        let mut labels = Labels::new();
        let parts = labels.label(map, width, 0.5);
        let to_points =
            |part| outline(map, width, 0.5, &labels, part).iter().map(|&[x, y]| PointPx::new(x, y)).collect();
        parts.iter().map(to_points).collect()
    }

    #[test]
    fn a_disc_has_the_area_and_diameters_of_a_disc() {
        let (radius, width) = (20.0_f32, 64);
        // A linear edge two pixels wide: its half height is the circle.
        let map: Vec<f32> = (0..width * width)
            .map(|i| {
                let (x, y) = ((i % width) as f32 + 0.5 - 32.0, (i / width) as f32 + 0.5 - 30.0);
                (0.5 + (radius - x.hypot(y)) / 2.0).clamp(0.0, 1.0)
            })
            .collect();
        let found = outlines(&map, width);
        assert_eq!(found.len(), 1);
        let area = polygon_area(&found[0]);
        let truth = std::f32::consts::PI * radius * radius;
        assert!((area - truth).abs() / truth < 0.005, "area {area}, truth {truth}");
        let diameters = feret(&found[0], [1.0, 1.0]).unwrap();
        for [a, b] in [diameters.long, diameters.short] {
            assert!(((a - b).length() - 40.0).abs() < 0.3, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_part_that_fills_the_map_is_outlined_by_its_border() {
        let found = outlines(&[1.0; 12], 4);
        assert_eq!(found.len(), 1);
        let (x, y) = (found[0].iter().map(|p| p.x), found[0].iter().map(|p| p.y));
        assert_eq!((x.clone().fold(9.0, f32::min), x.fold(0.0, f32::max)), (0.0, 4.0));
        assert_eq!((y.clone().fold(9.0, f32::min), y.fold(0.0, f32::max)), (0.0, 3.0));
    }

    #[test]
    fn parts_that_meet_at_a_corner_stay_apart_and_holes_are_left_out() {
        let map = |rows: [&str; 4]| -> Vec<f32> {
            rows.concat().bytes().map(|b| f32::from(u8::from(b == b'#'))).collect()
        };
        assert_eq!(outlines(&map(["##..", "##..", "..##", "..##"]), 4).len(), 2);
        let ring = outlines(&map(["####", "#..#", "#..#", "####"]), 4);
        assert_eq!(ring.len(), 1);
        let area = polygon_area(&ring[0]);
        assert!(area > 14.0, "the hole is filled: {area}");
    }

    #[test]
    fn diameters_are_at_right_angles_in_millimetres_not_pixels() {
        // 30 by 10 mm on pixels of 0.1 by 0.2 mm.
        let points: Vec<PointPx> = (0..360)
            .map(|degree| (degree as f32).to_radians())
            .map(|t| PointPx::new(200.0 + 150.0 * t.cos(), 100.0 + 25.0 * t.sin()))
            .collect();
        let Feret { long, short } = feret(&points, [0.1, 0.2]).unwrap();
        let length = |[a, b]: [PointPx; 2]| ((a.x - b.x) * 0.1).hypot((a.y - b.y) * 0.2);
        assert!((length(long) - 30.0).abs() < 0.1 && (length(short) - 10.0).abs() < 0.1);
    }

    proptest::proptest! {
        #[test]
        fn every_outline_is_closed_and_lies_around_its_part(
            cells in proptest::collection::vec(0.0_f32..1.0, 15 * 11),
        ) {
            let mut labels = Labels::new();
            for part in labels.label(&cells, 15, 0.5) {
                let points = outline(&cells, 15, 0.5, &labels, &part);
                assert!(points.len() >= 4, "{points:?}");
                for (i, [x, y]) in points.iter().enumerate() {
                    let rect = part.rect.to_box_px().inflate(0.5, 0.5);
                    assert!(rect.min.x <= *x && *x <= rect.max.x && rect.min.y <= *y && *y <= rect.max.y);
                    let [nx, ny] = points[(i + 1) % points.len()];
                    assert!((nx - x).abs() <= 1.0 && (ny - y).abs() <= 1.0, "a gap after point {i}");
                }
            }
        }
    }
}
