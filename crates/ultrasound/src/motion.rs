//! How the probe moved since the last frames: within the plane from the picture's shift, out of it from how far its
//! speckle has changed.
//!
//! The method is the one of the virtual transducer's notes: pictures at 0.1 mm a pixel, high-passed; a whole-pixel shift by phase
//! correlation; normalised cross-correlation in patches of 3.2 × 3.6 mm; patches of full speckle only; their distances
//! fitted by a step and a turn. It differs where causality asks for it: a lag's distance is spread over the steps
//! behind it, not over those that follow.

use std::collections::VecDeque;

use peony_imaging::{
    HighPass, HighPassed, NccSurface, PatchGrid, PhaseCorrelator, PixelRect, Resampler, Shift, Spectrum,
};
use peony_model::{BoxPx, MmPerPx};

use crate::histogram::Histogram;
use crate::output::{PatchStep, Unfit};
use crate::pipeline::View;
use crate::speckle::{BeamCalibration, distance_mm, speckle_likeness};

/// Millimetres a pixel of the resampled picture.
const PIXEL_MM: f32 = 0.1;
/// The largest part that is looked at, in pixels of the resampled picture: 40 mm across and deep.
const LARGEST: u32 = 400;
/// Width of the resampled picture where the scale is unknown.
const UNSCALED_WIDTH: f32 = 320.0;
/// Patches, in pixels: 3.2 × 3.6 mm.
const PATCH: [usize; 2] = [32, 36];
/// From one row of patches to the next, mm.
pub(crate) const ROW_MM: f32 = PATCH[1] as f32 * PIXEL_MM;
type Patches = PatchGrid<{ PATCH[0] }, { PATCH[1] }>;
/// Frames back that this one is compared with; the longest only when the probe is slow.
const LAGS: [usize; 3] = [1, 2, 4];
const LONG_LAG: usize = 8;
/// Patches darker than this hold noise, not tissue.
const DARK: f32 = 25.0;
/// Patches of full speckle lie within this of the usual deviation.
const FULL_SPECKLE: f32 = 0.25;
/// Fewer patches give no step.
const FEWEST_PATCHES: usize = 12;
/// Below this the speckle of neighbouring frames has too little in common.
const TOO_FAST: f32 = 0.45;
/// Over a longer gap between two frames a hand at the pace of a sweep takes the speckle with it, so that it is no word against the hand that too little is
/// left: what is lost within 33 ms was faster than 20 mm/s, and within this faster than 13.
pub(crate) const LONGEST_GAP_NS: u64 = 50_000_000;
/// Above this, even at the longest lag, steps read too long.
const TOO_SLOW: f32 = 0.93;

/// What one frame says about the probe's motion since the frame before.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Motion {
    /// How far the content moved in the frame, in its pixels: right, down.
    pub shift_px: [f32; 2],
    /// Likeness of the speckle of this frame and the last, the median over patches, 0..=1.
    pub correlation: f32,
    /// How many patches of speckle were compared: with few the likeness says nothing.
    pub patches: usize,
    /// The step out of the plane at the middle of the picture, mm; `None` without a scale or where unfit.
    pub step_mm: Option<f32>,
    /// How the step changes across the picture, mm a mm.
    pub turn: f32,
    /// The same where the probe turns on the spot, about an axis within the picture: the plane leaves itself forwards on one
    /// side of it and backwards on the other, which likenesses do not tell apart, so it carries no sign; 0 where it does not.
    pub spin: f32,
    /// Why there is no step.
    pub unfit: Option<Unfit>,
    /// Time since the last frame, s; 0 where the source gives none.
    pub seconds: f32,
    /// Whether that is longer than [`LONGEST_GAP_NS`].
    pub over_gap: bool,
    /// The scale that the step was read with.
    pub scale: Option<MmPerPx>,
    /// What the step was fitted to, before any calibration.
    pub patch_steps: Vec<PatchStep>,
}

impl Motion {
    /// Whether enough speckle was compared to say how alike the frames are.
    pub fn is_told(&self) -> bool {
        self.patches >= FEWEST_PATCHES
    }

    /// Whether too little of the speckle is left to follow it, with or without a scale.
    pub fn is_lost(&self) -> bool {
        self.is_told() && self.correlation < TOO_FAST
    }

    /// The same, where frames came too seldom to follow it at any pace.
    pub fn is_lost_over_a_gap(&self) -> bool {
        self.over_gap && self.is_lost()
    }

    /// How fast the probe leaves the plane, mm/s, simulated from speckle. What is lost over a gap has no speed: no likeness tells how far it is.
    pub fn speed_mm_s(&self) -> Option<f32> {
        let told = self.seconds > 0.0 && !self.is_lost_over_a_gap();
        self.step_mm.filter(|_| told).map(|step| step / self.seconds)
    }
}

struct Past {
    picture: HighPassed,
    /// Where its content lies against the first frame's, pixels of the resampled picture.
    place: [f32; 2],
}

/// The resampled pictures of the last frames and the buffers to compare them.
pub(crate) struct Follower {
    resampler: Resampler,
    high_pass: HighPass,
    correlator: PhaseCorrelator,
    small: Vec<u8>,
    past: VecDeque<Past>,
    spare: Vec<HighPassed>,
    spectrum: Spectrum,
    last_spectrum: Spectrum,
    usual: Histogram,
    sampled: Option<Sampled>,
    last_time_ns: u64,
    /// The moment of the last frame that was followed, by the pipeline's own time.
    last_now_ns: u64,
}

impl Default for Follower {
    fn default() -> Self {
        Self {
            resampler: Resampler::new(),
            high_pass: HighPass::new(),
            correlator: PhaseCorrelator::default(),
            small: Vec::new(),
            past: VecDeque::with_capacity(LONG_LAG + 1),
            spare: Vec::new(),
            spectrum: Spectrum::default(),
            last_spectrum: Spectrum::default(),
            usual: usual_deviations(),
            sampled: None,
            last_time_ns: 0,
            last_now_ns: 0,
        }
    }
}

/// Deviations of patches, in quarters of a grey level.
fn usual_deviations() -> Histogram {
    Histogram::new(0.0, 160.0, 64)
}

/// What part of the frame is looked at, and how finely.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sampled {
    area: PixelRect,
    size: [u32; 2],
    scale: Option<MmPerPx>,
    /// Millimetres from the top of the picture to the top of the part.
    top_mm: f32,
}

impl Sampled {
    /// The middle of the picture's width, from its top: where tissue is.
    fn of(area: PixelRect, scale: Option<MmPerPx>) -> Option<Self> {
        let per_px = scale
            .map_or([UNSCALED_WIDTH / area.width as f32; 2], |mm| [mm.x() / PIXEL_MM, mm.y() / PIXEL_MM]);
        let part = |side: u32, per_px: f32| {
            let most = (LARGEST as f32 / per_px) as u32;
            let used = side.min(most.max(1));
            (used, ((used as f32 * per_px) as u32).clamp(1, LARGEST))
        };
        let (width, small_width) = part(area.width, per_px[0]);
        let (height, small_height) = part(area.height, per_px[1]);
        let x = area.x + (area.width - width) / 2;
        (small_width >= 64 && small_height >= 64).then_some(Self {
            area: PixelRect { x, y: area.y, width, height },
            size: [small_width, small_height],
            scale,
            top_mm: 0.0,
        })
    }
}

impl Follower {
    /// Forget the past: the picture was lost, or another one began.
    pub fn forget(&mut self) {
        let freed = self.past.drain(..).map(|past| past.picture);
        self.spare.extend(freed);
        self.sampled = None;
        self.usual = usual_deviations();
    }

    /// Compare a frame with those before it; `None` for the first one, and where the area cannot be resampled.
    pub fn follow(&mut self, view: &View<'_>, area: PixelRect) -> Option<Motion> {
        let scale = view.spacing.within(area_inside(area));
        let sampled = Sampled::of(area, scale)?;
        if self.sampled != Some(sampled) {
            self.forget();
            self.sampled = Some(sampled);
        }
        let seconds = view.frame.time_ns.saturating_sub(self.last_time_ns) as f32 * 1e-9;
        self.last_time_ns = view.frame.time_ns;
        let over_gap = view.time.now_ns.saturating_sub(self.last_now_ns) > LONGEST_GAP_NS;
        self.last_now_ns = view.time.now_ns;
        let picture = self.take_in(view, &sampled)?;
        let motion = self.compare(view, &picture, &sampled, (seconds, over_gap));
        let last = self.past.front().map_or([0.0; 2], |past| past.place);
        let moved = motion.as_ref().map_or([0.0; 2], |(_, moved)| *moved);
        std::mem::swap(&mut self.spectrum, &mut self.last_spectrum);
        self.past.push_front(Past { picture, place: [last[0] + moved[0], last[1] + moved[1]] });
        if self.past.len() > LONG_LAG {
            self.spare.extend(self.past.pop_back().map(|past| past.picture));
        }
        motion.map(|(motion, _)| motion)
    }

    /// Resample and high-pass the frame.
    fn take_in(&mut self, view: &View<'_>, sampled: &Sampled) -> Option<HighPassed> {
        let [width, height] = sampled.size;
        self.small.resize(width as usize * height as usize, 0);
        self.resampler.resize(&view.luma, sampled.area, sampled.size, &mut self.small).ok()?;
        let mut picture = self.spare.pop().unwrap_or_default();
        self.high_pass.apply(&self.small, width as usize, &mut picture);
        self.correlator.spectrum(&picture.coarse, picture.coarse_width, &mut self.spectrum);
        Some(picture)
    }

    /// The motion, and the in-plane shift in pixels of the resampled picture.
    fn compare(
        &mut self,
        view: &View<'_>,
        picture: &HighPassed,
        sampled: &Sampled,
        (seconds, over_gap): (f32, bool),
    ) -> Option<(Motion, [f32; 2])> {
        let last = self.past.front()?;
        let guess = self.correlator.shift(&self.last_spectrum, &self.spectrum);
        let guess = plausible(guess);
        let grid = Patches::over(picture);
        let full = full_speckle(&mut self.usual, picture, &grid);
        let lag_one = compare_patches(&last.picture, picture, &grid, &full, guess);
        let moved = lag_one.moved;
        let place = [last.place[0] + moved[0], last.place[1] + moved[1]];
        let mut lags = vec![(1, lag_one)];
        let slow = lags[0].1.median() > 0.9;
        for lag in LAGS.into_iter().skip(1).chain(slow.then_some(LONG_LAG)) {
            let Some(past) = self.past.get(lag - 1).filter(|_| sampled.scale.is_some()) else { continue };
            let shift = [place[0] - past.place[0], place[1] - past.place[1]];
            lags.push((lag, compare_patches(&past.picture, picture, &grid, &full, shift)));
        }
        let [px_x, px_y] = [0, 1].map(|i| {
            let from = [sampled.area.width, sampled.area.height][i] as f32;
            moved[i] * from / sampled.size[i] as f32
        });
        let mut motion = Motion {
            shift_px: [px_x, px_y],
            correlation: lags[0].1.median().clamp(0.0, 1.0),
            patches: lags[0].1.patches.len(),
            seconds,
            over_gap,
            scale: sampled.scale,
            ..Motion::default()
        };
        match sampled.scale {
            None => motion.unfit = Some(Unfit::ScaleUnknown),
            Some(scale) => fit(&mut motion, &lags, view.beam(scale), sampled),
        }
        Some((motion, moved))
    }
}

/// A shift of more than 6 mm between two frames, or one without a peak, is no shift but a wrong answer.
fn plausible(shift: Shift) -> [f32; 2] {
    let pixels = [shift.dx * 4.0, shift.dy * 4.0];
    if shift.peak < 0.03 || pixels.iter().any(|side| side.abs() > 60.0) { [0.0; 2] } else { pixels }
}

/// The area less a pixel all around: calibrated regions are often drawn a pixel too small.
fn area_inside(area: PixelRect) -> BoxPx {
    area.to_box_px().inflate(-1.0, -1.0)
}

/// Patches of full speckle: bright enough, not at the rim, and of the usual deviation, which this frame adds to.
fn full_speckle(usual: &mut Histogram, picture: &HighPassed, grid: &Patches) -> Vec<[usize; 2]> {
    let [columns, rows] = grid.count;
    let mut bright = Vec::new();
    usual.fade(0.95);
    for row in 1..rows.saturating_sub(2) {
        for column in 1..columns.saturating_sub(1) {
            if mean_grey(picture, grid.origin(column, row)) > DARK {
                let deviation = grid.deviation(picture, column, row);
                usual.add(deviation);
                bright.push(([column, row], deviation));
            }
        }
    }
    let Some(mode) = usual.mode() else { return Vec::new() };
    bright.retain(|(_, deviation)| (deviation - mode).abs() <= FULL_SPECKLE * mode);
    bright.into_iter().map(|(place, _)| place).collect()
}

fn mean_grey(picture: &HighPassed, [x, y]: [usize; 2]) -> f32 {
    let (columns, rows) = (PATCH[0] / 4, PATCH[1] / 4);
    let row = |line: usize| &picture.coarse[(y / 4 + line) * picture.coarse_width + x / 4..][..columns];
    (0..rows).map(|line| row(line).iter().sum::<f32>()).sum::<f32>() / (columns * rows) as f32
}

/// One lag: the likeness of each patch, and how far the whole has moved.
struct Lag {
    /// Column, row and likeness.
    patches: Vec<([usize; 2], f32)>,
    moved: [f32; 2],
}

impl Lag {
    fn median(&self) -> f32 {
        median(self.patches.iter().map(|(_, rho)| *rho).collect()).unwrap_or_default()
    }
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// Match each patch near the guessed shift. The peak is found on the surface averaged over 3 × 3 patches, the value
/// read from each patch's own surface.
fn compare_patches(
    from: &HighPassed,
    to: &HighPassed,
    grid: &Patches,
    full: &[[usize; 2]],
    guess: [f32; 2],
) -> Lag {
    let whole = guess.map(|side| side.round() as i32);
    let columns = grid.count[0];
    let mut surfaces: Vec<Option<NccSurface>> = vec![None; columns * grid.count[1]];
    for &[column, row] in full {
        surfaces[row * columns + column] = grid.match_patch(from, to, grid.origin(column, row), whole);
    }
    let (mut patches, mut across, mut down) = (Vec::with_capacity(full.len()), Vec::new(), Vec::new());
    for &[column, row] in full {
        let Some(own) = surfaces[row * columns + column] else { continue };
        let around =
            (row - 1..=row + 1).flat_map(|r| (column - 1..=column + 1).map(move |c| r * columns + c));
        let peak = NccSurface::mean(around.filter_map(|at| surfaces[at].as_ref())).peak();
        across.push(peak[0]);
        down.push(peak[1]);
        patches.push(([column, row], own.value_at(peak.map(|side| side.clamp(-1.0, 1.0)))));
    }
    let rest = [median(across).unwrap_or_default(), median(down).unwrap_or_default()];
    Lag { patches, moved: [whole[0] as f32 + rest[0], whole[1] as f32 + rest[1]] }
}

/// Fit a step and a turn to the distances of all patches at all lags, and say why where it cannot be.
fn fit(motion: &mut Motion, lags: &[(usize, Lag)], beam: &BeamCalibration, sampled: &Sampled) {
    let first = lags[0].1.median();
    let longest = lags.last().map_or(first, |(_, lag)| lag.median());
    let medians: Vec<f32> = lags.iter().map(|(_, lag)| lag.median()).collect();
    motion.unfit = if lags[0].1.patches.len() < FEWEST_PATCHES {
        Some(Unfit::TooFewPatches)
    } else if first < TOO_FAST {
        Some(if motion.over_gap { Unfit::TooFewFrames } else { Unfit::TooFast })
    } else if turned_back(&medians) {
        Some(Unfit::TurnedBack)
    } else if longest > TOO_SLOW && lags.len() > 1 {
        Some(Unfit::TooSlow)
    } else {
        None
    };
    if matches!(motion.unfit, Some(Unfit::TooFewPatches)) {
        return;
    }
    motion.patch_steps = lags.iter().flat_map(|(k, lag)| patch_steps(*k, lag, sampled)).collect();
    let points = points(&motion.patch_steps, beam);
    let Some([step, turn]) = line(&points) else { return };
    motion.spin = spin(&points, [step, turn]).unwrap_or_default() * beam.turn_gain;
    motion.step_mm = Some((step * beam.gain).max(0.0));
    motion.turn = turn * beam.turn_gain;
}

/// Whether the plane lies nearer to where it was long ago than to where it was since: likenesses by lag, shortest first. A hand that
/// slows before it turns shows it at the longer lags only. Where hardly anything is alike a difference says nothing.
fn turned_back(likenesses: &[f32]) -> bool {
    let first = likenesses.first().copied().unwrap_or(1.0);
    let longer = likenesses.iter().skip(1).any(|rho| *rho > first + 0.02);
    longer || likenesses.windows(2).any(|pair| pair[1] > pair[0] + 0.05 && pair[1] > 0.5)
}

/// Places across where a probe that turns on the spot may have its axis, mm from the middle.
const AXES_MM: [f32; 7] = [-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0];
/// A turn on the spot explains the distances when what it leaves is less than this share of what a plane led on leaves.
const EXPLAINS: f32 = 0.8;

/// The turn a frame of a probe that turns on the spot, mm a mm; `None` where a plane that is led on explains the distances as well.
fn spin(points: &[Point], led: [f32; 2]) -> Option<f32> {
    let left = |points: &[Point], [step, turn]: [f32; 2]| {
        points.iter().map(|p| p.weight * (p.step - step - turn * p.x).abs()).sum::<f32>()
    };
    let about = |axis: f32| {
        let mirrored: Vec<Point> =
            points.iter().map(|p| Point { step: if p.x < axis { -p.step } else { p.step }, ..*p }).collect();
        let found = line(&mirrored)?;
        Some((left(&mirrored, found), found[1]))
    };
    let best = AXES_MM.into_iter().filter_map(about).min_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(rest, _)| *rest < EXPLAINS * left(points, led)).map(|(_, slope)| slope.abs())
}

/// One patch at one lag: its place across (mm from the middle), its step a frame (mm, but for the gain), and its weight.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    pub x: f32,
    pub step: f32,
    pub weight: f32,
}

/// The patches as a beam has them: steps of all depths alike, but for its one gain.
pub(crate) fn points(steps: &[PatchStep], beam: &BeamCalibration) -> Vec<Point> {
    let point = |patch: &PatchStep| Point {
        x: patch.x_mm,
        step: patch.step_mm * beam.factor_at(patch.depth_mm),
        weight: patch.weight,
    };
    steps.iter().map(point).collect()
}

fn patch_steps(lag: usize, compared: &Lag, sampled: &Sampled) -> Vec<PatchStep> {
    let patch = |&([column, row], rho): &([usize; 2], f32)| {
        let centre = |index: usize, side: usize| (index * side) as f32 + side as f32 / 2.0;
        let depth_mm = sampled.top_mm + centre(row, PATCH[1]) * PIXEL_MM;
        let likeness = speckle_likeness(rho);
        let tells = (0.25..=0.85).contains(&likeness);
        let weight = if tells { 1.0 / ((likeness - 0.55).powi(2) + 0.01) } else { 0.02 };
        PatchStep {
            x_mm: (centre(column, PATCH[0]) - sampled.size[0] as f32 / 2.0) * PIXEL_MM,
            depth_mm,
            step_mm: distance_mm(likeness, depth_mm) / lag as f32,
            weight,
        }
    };
    compared.patches.iter().map(patch).collect()
}

/// The weighted line through the points, twice more with points far from it weighing less (Huber).
pub(crate) fn line(points: &[Point]) -> Option<[f32; 2]> {
    let mut weights: Vec<f32> = points.iter().map(|point| point.weight).collect();
    let mut found = [0.0; 2];
    for _ in 0..3 {
        let (mut w, mut wx, mut wxx, mut wy, mut wxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (point, weight) in points.iter().zip(&weights) {
            w += weight;
            wx += weight * point.x;
            wxx += weight * point.x * point.x;
            wy += weight * point.step;
            wxy += weight * point.x * point.step;
        }
        let spread = w * wxx - wx * wx;
        if w <= 0.0 || spread <= 1e-6 {
            return None;
        }
        let slope = (w * wxy - wx * wy) / spread;
        found = [(wy - slope * wx) / w, slope];
        let off = |point: &Point| (point.step - found[0] - found[1] * point.x).abs();
        let usual = median(points.iter().map(off).collect())?.max(1e-3) * 1.5;
        for (weight, point) in weights.iter_mut().zip(points) {
            *weight = point.weight * (usual / off(point).max(usual));
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distances as a plane leaves itself at each place, with the least that likenesses can tell.
    fn points(plane_mm: impl Fn(f32) -> f32) -> Vec<Point> {
        let across = (-16..=16).map(|x| x as f32);
        let waver = |x: f32| 0.02 * (x * 2.3).sin();
        across.map(|x| Point { x, step: plane_mm(x).abs().max(0.02) + waver(x), weight: 1.0 }).collect()
    }

    #[test]
    fn a_plane_that_turned_back_is_nearer_to_where_it_was_long_ago() {
        let check =
            |likenesses: &[f32], expect| assert_eq!(turned_back(likenesses), expect, "{likenesses:?}");
        check(&[0.7, 0.25, 0.02], false);
        check(&[0.95, 0.82, 0.45, 0.05], false);
        check(&[0.99, 0.98, 0.97, 0.96], false);
        check(&[0.5, 0.1, 0.12], false);
        check(&[0.7, 0.6, 0.95], true);
        check(&[0.94, 0.85, 0.64, 0.93], true);
        check(&[], false);
    }

    #[test]
    fn a_turn_on_the_spot_is_told_from_a_plane_that_is_led_on() {
        let check = |plane_mm: fn(f32) -> f32, expect: f32| {
            let points = points(plane_mm);
            let led = line(&points).unwrap();
            let found = spin(&points, led).unwrap_or_default();
            assert!((found - expect).abs() < 0.004, "{found} where {expect} is right");
        };
        check(|x| 0.02 * x, 0.02);
        check(|x| 0.02 * (x - 5.0), 0.02);
        check(|x| -0.03 * x, 0.03);
        check(|_| 0.35, 0.0);
        check(|x| 0.4 + 0.012 * x, 0.0);
    }
}
