//! The coronal view: the plane parallel to the skin at one depth, made from the frames of a sweep laid at their places along the
//! way.
//!
//! [`Stack::lay`] keeps a small copy of a frame wherever the plane has moved on: at most [`MOST_LAYERS`] of at most [`CELLS`] grey
//! cells, 4.9 MB in all. When they are full every second one is let go and half as many are laid from then on, so that a long way
//! is kept whole and more coarsely. [`Layers::coronal`] looks through them at a depth.
//!
//! A simple form: planes are laid as [`SweepPlane`] places them, one way for ever. Where the probe turned back, what follows shows the
//! same tissue again, mirrored; the places are told ([`Coronal::turned_back`]). What lies between two layers is their mean,
//! weighted by nearness. Where lengths along the way are unknown it is drawn against the number of the frame.

use std::sync::Arc;

use image::GrayImage;
use peony_imaging::{PixelRect, Resampler};
use peony_model::{MmPerPx, PointMm};

use crate::output::SweepPlane;

/// The most frames kept of a sweep.
pub const MOST_LAYERS: usize = 256;
/// The most cells kept of a frame, across and down.
pub const CELLS: [u32; 2] = [160, 120];
/// How far the plane must have moved on for the next frame to be kept, at first, mm.
const SPACING_MM: f32 = 0.35;
/// A gap along the way that is wider stays empty, mm: nothing is known of what lies in it.
const MOST_GAP_MM: f32 = 3.0;
/// A pixel of the view is at least so large, mm: about a cell.
const LEAST_PIXEL_MM: f32 = 0.2;
/// The most pixels of the view, each way.
const MOST_SIDE: f32 = 640.0;
/// Turns back that are told, at most.
const MOST_TURNS: usize = 32;

/// What an axis of the view is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisUnit {
    /// Millimetres.
    Millimetre,
    /// Pixels of the frame: its scale is unknown.
    Pixel,
    /// Frames: lengths along the way are unknown.
    Frame,
}

/// One axis of the view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Its unit.
    pub unit: AxisUnit,
    /// Where the view begins, in that unit.
    pub from: f32,
    /// Units a pixel.
    pub per_px: f32,
    /// How finely frames were laid, in that unit: nothing is known more exactly.
    pub cell: f32,
    /// The relative error of a length along it, where it is simulated from speckle, such as 0.25 for ± 25 %.
    pub relative_error: Option<f32>,
}

/// The plane parallel to the skin at one depth. Places on it are across and along the way, in the units of its axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Coronal {
    /// Row-major, across to the right, along the way downwards. 0: nothing was laid there; what was is at least 1.
    pub luma: GrayImage,
    /// Across: 0 is the middle of the sweep's first frame.
    pub across: Axis,
    /// Along the way: 0 is the sweep's first frame.
    pub along: Axis,
    /// From the upper edge of the sweep's first picture, in the unit of [`Self::across`].
    pub depth: f32,
    /// The greatest depth there is.
    pub deepest: f32,
    /// The way of the picture's middle, one point a layer.
    pub path: Vec<[f32; 2]>,
    /// Where along the way the probe was seen to turn back.
    pub turned_back: Vec<f32>,
    /// The two ends of the newest plane.
    pub newest: [[f32; 2]; 2],
}

/// A small copy of one frame at its place.
#[derive(Debug)]
struct Layer {
    /// At the middle of the frame, in the unit of the way.
    along: f32,
    /// Along the way a unit across.
    slope: f32,
    /// Of the middle of the frame, in the unit across.
    across: f32,
    /// Of the picture's upper left corner in the sweep, in the unit across.
    corner: [f32; 2],
    /// Width and height of a cell.
    cell: [f32; 2],
    size: [u32; 2],
    luma: Vec<u8>,
}

impl Layer {
    fn ends(&self) -> [f32; 2] {
        [self.corner[0], self.corner[0] + self.cell[0] * self.size[0] as f32]
    }

    fn along_at(&self, across: f32) -> f32 {
        self.along + self.slope * (across - self.across)
    }

    /// The grey at a place, linear between the centres of cells; `None` outside the picture.
    fn grey(&self, across: f32, depth: f32) -> Option<f32> {
        let [width, height] = self.size;
        let (column, next_column, right) = between((across - self.corner[0]) / self.cell[0], width)?;
        let (row, next_row, down) = between((depth - self.corner[1]) / self.cell[1], height)?;
        let at = |row: usize, column: usize| f32::from(self.luma[row * width as usize + column]);
        let line = |row| at(row, column) * (1.0 - right) + at(row, next_column) * right;
        Some(line(row) * (1.0 - down) + line(next_row) * down)
    }
}

/// The cells around a place within `count` of them, and how far it has come from the first centre to the second.
fn between(place: f32, count: u32) -> Option<(usize, usize, f32)> {
    if !(0.0..=count as f32).contains(&place) {
        return None;
    }
    let centred = (place - 0.5).clamp(0.0, count as f32 - 1.0);
    let first = centred.floor();
    Some((first as usize, (first as usize + 1).min(count as usize - 1), centred - first))
}

/// The frames that were laid: cheap to clone, because their pictures are shared.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    laid: Vec<Arc<Layer>>,
    sweep: u32,
    scale: Option<MmPerPx>,
    /// `None`: the way is counted in frames.
    relative_error: Option<f32>,
    /// How far apart they are laid, in the unit of the way.
    spacing: f32,
    turned_back: Vec<f32>,
    /// Frames taken in since the sweep began, laid or not.
    frames: u64,
}

/// The frames of the present sweep, as they come.
#[derive(Debug, Default)]
pub struct Stack {
    layers: Layers,
    turns_back: u32,
    resampler: Resampler,
}

impl Stack {
    /// Take a frame in: keep a small copy of it where the plane has moved on since the last. Another sweep begins anew.
    pub fn lay(&mut self, luma: &GrayImage, plane: &SweepPlane) {
        let layers = &mut self.layers;
        if layers.laid.is_empty() || layers.sweep != plane.sweep {
            let spacing = if plane.along_mm.is_some() { SPACING_MM } else { 1.0 };
            let (scale, relative_error) = (plane.mm_per_px, plane.relative_error);
            *layers = Layers { sweep: plane.sweep, scale, relative_error, spacing, ..Layers::default() };
            self.turns_back = plane.turns_back;
        }
        let along = plane.along_mm.unwrap_or(layers.frames as f32);
        layers.frames += 1;
        if plane.turns_back != self.turns_back {
            self.turns_back = plane.turns_back;
            if layers.turned_back.len() < MOST_TURNS {
                layers.turned_back.push(along);
            }
        }
        if layers.has_room_at(along, plane, luma.width())
            && let Some(layer) = layer(&mut self.resampler, luma, plane, along)
        {
            layers.thin_out();
            layers.laid.push(Arc::new(layer));
        }
    }

    /// What was laid so far.
    #[must_use]
    pub fn layers(&self) -> &Layers {
        &self.layers
    }
}

/// The small copy of a frame.
fn layer(resampler: &mut Resampler, luma: &GrayImage, plane: &SweepPlane, along: f32) -> Option<Layer> {
    let area = PixelRect::covering(plane.picture_px, luma.width(), luma.height())?;
    let unit = plane.mm_per_px.map_or([1.0; 2], |scale| [scale.x(), scale.y()]);
    let size = [area.width.min(CELLS[0]), area.height.min(CELLS[1])];
    let mut small = vec![0; (size[0] * size[1]) as usize];
    resampler.resize(luma, area, size, &mut small).ok()?;
    let [right, down] = plane.shift_px;
    let left = area.x as f32 - luma.width() as f32 / 2.0;
    Some(Layer {
        along,
        slope: plane.slope,
        across: -right * unit[0],
        corner: [(left - right) * unit[0], (area.y as f32 - down) * unit[1]],
        cell: [unit[0] * area.width as f32 / size[0] as f32, unit[1] * area.height as f32 / size[1] as f32],
        size,
        luma: small,
    })
}

impl Layers {
    /// A number that another set of layers of the same examination does not have.
    #[must_use]
    pub fn revision(&self) -> [u64; 2] {
        [u64::from(self.sweep), self.frames]
    }

    /// The sweep's depth, as solids have it, at a depth from the upper edge of its first picture.
    #[must_use]
    pub fn sweep_depth(&self, depth: f32) -> f32 {
        depth + self.laid.first().map_or(0.0, |first| first.corner[1])
    }

    /// The depth from the upper edge of the sweep's first picture at a depth of the sweep.
    #[must_use]
    pub fn depth(&self, sweep_depth: f32) -> f32 {
        sweep_depth - self.sweep_depth(0.0)
    }

    /// The view at a depth from the upper edge of the sweep's first picture, in millimetres where the scale is known, otherwise
    /// in pixels of the frame; without one, half-way down. `None` before two frames were laid.
    #[must_use]
    pub fn coronal(&self, depth: Option<f32>) -> Option<Coronal> {
        let [first, .., last] = self.laid.as_slice() else { return None };
        let deepest = first.cell[1] * first.size[1] as f32;
        let depth = depth.filter(|depth| depth.is_finite()).unwrap_or(deepest / 2.0).clamp(0.0, deepest);
        let [across, along] = self.axes(first);
        let extent = self.extent();
        let pixels = |axis: &Axis, [low, high]: [f32; 2]| ((high - low) / axis.per_px).ceil().max(1.0) as u32;
        let size = [pixels(&across, extent[0]), pixels(&along, extent[1])];
        let mut luma = GrayImage::new(size[0], size[1]);
        let z = self.sweep_depth(depth);
        for column in 0..size[0] {
            let x = across.from + (column as f32 + 0.5) * across.per_px;
            self.fill_column(&mut luma, column, x, z, &along);
        }
        let [left, right] = last.ends();
        Some(Coronal {
            luma,
            across,
            along,
            depth,
            deepest,
            path: self.laid.iter().map(|layer| [layer.across, layer.along]).collect(),
            turned_back: self.turned_back.clone(),
            newest: [[left, last.along_at(left)], [right, last.along_at(right)]],
        })
    }

    /// What is seen along the way at one place across.
    fn fill_column(&self, luma: &mut GrayImage, column: u32, x: f32, z: f32, along: &Axis) {
        let rows = luma.height();
        let mut put = |row: f32, grey: f32| {
            if row >= 0.0 && row < rows as f32 {
                luma.put_pixel(column, row as u32, image::Luma([grey.round().clamp(1.0, 255.0) as u8]));
            }
        };
        let gap = match along.unit {
            AxisUnit::Millimetre => MOST_GAP_MM.max(2.0 * self.spacing),
            AxisUnit::Pixel | AxisUnit::Frame => f32::INFINITY,
        };
        let mut before: Option<[f32; 2]> = None;
        for layer in &self.laid {
            let grey = layer.grey(x, z);
            let here = grey.map(|grey| [(layer.along_at(x) - along.from) / along.per_px, grey]);
            if let (Some([from, first]), Some([to, second])) = (before, here)
                && (to - from).abs() * along.per_px <= gap
            {
                let (low, high) = (from.min(to), from.max(to));
                let mut row = (low - 0.5).ceil();
                while row + 0.5 <= high {
                    let share = (row + 0.5 - from) / (to - from);
                    put(row, first + (second - first) * share);
                    row += 1.0;
                }
            }
            if let Some([row, grey]) = here {
                put(row.floor().min(rows as f32 - 1.0), grey);
            }
            before = here;
        }
    }

    /// Whether the plane has moved on far enough from the last layer, at its middle or at one of its ends.
    fn has_room_at(&self, along: f32, plane: &SweepPlane, width_px: u32) -> bool {
        let Some(last) = self.laid.last() else { return true };
        let half = plane.mm_per_px.map_or(0.0, |scale| scale.x() * width_px as f32 / 2.0);
        let turned = (plane.slope - last.slope).abs() * half;
        (along - last.along).abs().max(turned) >= self.spacing
    }

    /// Makes room for one more: when full, every second one goes, and half as many are laid from then on.
    fn thin_out(&mut self) {
        if self.laid.len() >= MOST_LAYERS {
            let mut index = 0;
            self.laid.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.spacing *= 2.0;
        }
    }

    /// The first and last place, across and along.
    fn extent(&self) -> [[f32; 2]; 2] {
        let mut extent = [[f32::INFINITY, f32::NEG_INFINITY]; 2];
        for layer in &self.laid {
            for end in layer.ends() {
                for (range, place) in extent.iter_mut().zip([end, layer.along_at(end)]) {
                    *range = [range[0].min(place), range[1].max(place)];
                }
            }
        }
        extent
    }

    fn axes(&self, first: &Layer) -> [Axis; 2] {
        let [[left, right], [from, to]] = self.extent();
        let [wide, long] = [right - left, to - from];
        let along_unit = if self.relative_error.is_some() { AxisUnit::Millimetre } else { AxisUnit::Frame };
        let unit = if self.scale.is_some() { AxisUnit::Millimetre } else { AxisUnit::Pixel };
        // Where both are lengths a millimetre is as long down as across.
        let shared = LEAST_PIXEL_MM.max(wide / MOST_SIDE).max(long / MOST_SIDE);
        let [per_px_across, per_px_along] = match along_unit {
            AxisUnit::Millimetre => [shared; 2],
            AxisUnit::Pixel | AxisUnit::Frame => {
                [first.cell[0].max(wide / MOST_SIDE), 1.0_f32.max(long / MOST_SIDE)]
            }
        };
        let across =
            Axis { unit, from: left, per_px: per_px_across, cell: first.cell[0], relative_error: None };
        let (cell, relative_error) = (self.spacing, self.relative_error);
        let along = Axis { unit: along_unit, from, per_px: per_px_along, cell, relative_error };
        [across, along]
    }
}

/// A solid cut at a depth of the sweep: the closed outline of the cut, across and along the way, mm; empty where fewer than two of
/// its slices reach the depth. What a slice has between its outermost edges counts as within.
#[must_use]
pub fn section(slices: &[Vec<PointMm>], sweep_depth_mm: f32) -> Vec<[f32; 2]> {
    let mut sides: [Vec<[f32; 2]>; 2] = Default::default();
    for slice in slices {
        let neighbours = slice.iter().zip(slice.iter().cycle().skip(1));
        let crossing = |(a, b): (&PointMm, &PointMm)| {
            let crosses = (a.z <= sweep_depth_mm) != (b.z <= sweep_depth_mm);
            let share = (sweep_depth_mm - a.z) / (b.z - a.z);
            crosses.then_some([a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share])
        };
        let crossings: Vec<[f32; 2]> = neighbours.filter_map(crossing).collect();
        let leftmost = crossings.iter().copied().min_by(|a, b| a[0].total_cmp(&b[0]));
        let rightmost = crossings.iter().copied().max_by(|a, b| a[0].total_cmp(&b[0]));
        if let (Some(left), Some(right)) = (leftmost, rightmost) {
            sides[0].push(left);
            sides[1].push(right);
        }
    }
    let [mut outline, right] = sides;
    if outline.len() < 2 {
        return Vec::new();
    }
    outline.extend(right.into_iter().rev());
    outline
}

#[cfg(test)]
mod tests;
