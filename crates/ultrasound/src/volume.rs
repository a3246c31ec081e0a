//! The simulated third dimension: the path of the probe from speckle, and each lesion's solid along it.
//!
//! A simple form: planes are stacked along the path by their steps and in-plane shifts, a turn tilts them about
//! the depth axis, and a volume is the sum of outline areas times steps (trapezoid), and of what the ends of a lesion
//! hold beyond its outlines ([`crate::tips`]). The probe is taken to move one way.
//! A solid is of one pass over its lesion: what comes back adds nothing to it. While it grows its size so far is shown; an event, on which reports rest,
//! comes once both ends were met. Over frames that were lost the plane goes on as fast as it went before, and they count as unfit.
//! Every size here is simulated: it carries its relative error, and none is given while the sweep is unfit, nor for a probe whose
//! beam nobody has measured. What was guessed, the ends and the way over unfit frames, may be nothing or twice as much, which the error says.

use std::collections::VecDeque;
use std::f32::consts::PI;
use std::sync::Arc;

use peony_model::report::CalibrationRecord;
use peony_model::{MmPerPx, PointMm, PointPx, Word};

use crate::classify::Graded;
use crate::detect::{Detected, Found};
use crate::motion::Motion;
use crate::output::{Speckle, SweepPlane, TrackVolume, Unfit, VolumeState};
use crate::path::Place;
use crate::pipeline::{Mode, View};
use crate::quality::Assessed;
use crate::tips::{self, Section, Tip, tips};

/// A frame that comes after so many usual intervals ends a burst of lost ones: over two intervals speckle still tells the way, over more it is too unlike.
const BURST: f32 = 2.75;
/// One that comes after so many and whose speckle was lost does as well.
const GAP: f32 = 1.5;
/// Intervals of which the usual one is the middle.
const INTERVALS: usize = 15;
/// More lost frames than this are as many: clocks jump.
const MOST_LOST: u32 = 10_000;
/// Nobody knows where a probe went for longer, s.
const LONGEST_GAP_S: f32 = 1.0;
/// The most slices kept of a lesion; when full, every second one is dropped and half as many are taken from then on.
const MOST_SLICES: usize = 48;
/// The most points of a slice.
const MOST_POINTS: usize = 32;
/// The most lesions whose solids are kept; the oldest gives way.
const MOST_SOLIDS: usize = 12;
/// A lesion that was unfit on more of its frames than this has no solid.
const MOST_UNFIT: f32 = 0.2;
/// How many sightings bring a new volume event.
const RENEWED_EVERY: u32 = 15;
/// The fewest sightings of a solid.
const FEWEST_SIGHTINGS: u32 = 4;
/// The echo of its wall is drawn over the inside of what is filled with fluid, about half a pulse of it: an outline of what is dark lies so far within the
/// wall, mm. The median over 45 cysts of phantom breasts 300 to 344, less of large ones (0.17; fibroadenomas 0.08, carcinomas -0.15).
const WALL_MM: f32 = 0.17;

/// Where the plane is.
#[derive(Debug, Clone, Copy, Default)]
struct Pose {
    /// Along the path, at the middle of the picture, mm.
    y: f32,
    /// How far the content has moved in the picture, pixels of the frame: right and down.
    shift_px: [f32; 2],
    /// Slope of the plane: mm along the path a mm across.
    slope: f32,
}

#[derive(Debug, Clone)]
struct Growing {
    track: u32,
    confirmed: bool,
    /// Its lesion has left.
    closed: bool,
    slices: Vec<Vec<PointMm>>,
    every: u32,
    sightings: u32,
    frames: u32,
    unfit: u32,
    volume_mm3: f32,
    /// Of each slice.
    sections: Vec<Section>,
    last: Section,
    first_y: f32,
    /// Of a length along the calibrated way.
    relative_error: f32,
    /// Its planes together say that it is filled with fluid.
    anechoic: bool,
}

impl Growing {
    /// The size of a lesion that was led over from end to end: what a report may say.
    fn whole(&self) -> Option<TrackVolume> {
        self.finished().filter(|_| tips::are_met(&self.sections, self.last))
    }

    /// The size so far.
    fn finished(&self) -> Option<TrackVolume> {
        let fit = self.unfit as f32 <= MOST_UNFIT * self.frames as f32;
        (fit && self.confirmed && self.sightings >= FEWEST_SIGHTINGS).then(|| {
            let [begin, end] = tips(self.first_y, &self.sections, self.last);
            let along_mm = begin.length_mm + self.last.at_mm - self.first_y + end.length_mm;
            let volume_mm3 = begin.volume_mm3 + self.volume_mm3 + end.volume_mm3;
            let wall_mm = if self.anechoic { WALL_MM } else { 0.0 };
            let guessed = (begin.length_mm + end.length_mm) / along_mm.max(f32::EPSILON);
            let unfit = self.unfit as f32 / self.frames as f32;
            TrackVolume {
                track: self.track,
                slices: self.with_ends(begin, end),
                volume_cm3: volume_mm3 * thicker(volume_mm3 / along_mm, wall_mm) / 1000.0,
                relative_error: self.relative_error.hypot(guessed).hypot(unfit),
                along_mm,
            }
        })
    }

    /// The slices, and beyond the first and the last what the ends are taken to be.
    fn with_ends(&self, begin: Tip, end: Tip) -> Vec<Vec<PointMm>> {
        let kept = || self.slices.iter().zip(&self.sections);
        let before = kept().next().map(|(slice, _)| tapered(slice, -begin.length_mm));
        let after = kept().next_back().map(|(slice, section)| {
            tapered(slice, end.length_mm).map(|slice| moved(slice, self.last.at_mm - section.at_mm))
        });
        let before = before.into_iter().flatten().rev().filter(|_| begin.length_mm > 0.0);
        let after = after.into_iter().flatten().filter(|_| end.length_mm > 0.0);
        before.chain(self.slices.iter().cloned()).chain(after).collect()
    }
}

/// Slices between a slice and an end so far beyond it: half-way, and nearly at the end; as an ellipsoid's grow small.
fn tapered(slice: &[PointMm], length_mm: f32) -> [Vec<PointMm>; 2] {
    let [mut x, mut z] = [0.0; 2];
    for point in slice {
        (x, z) = (x + point.x / slice.len() as f32, z + point.z / slice.len() as f32);
    }
    [0.5_f32, 0.98].map(|share| {
        let of = (1.0 - share).sqrt();
        let small = |p: &PointMm| PointMm::new(x + of * (p.x - x), p.y, z + of * (p.z - z));
        moved(slice.iter().map(small).collect(), share * length_mm)
    })
}

fn moved(slice: Vec<PointMm>, along_mm: f32) -> Vec<PointMm> {
    slice.into_iter().map(|p| PointMm::new(p.x, p.y + along_mm, p.z)).collect()
}

/// By what factor an area grows when its edge moves outwards, taken for a circle.
fn thicker(area_mm2: f32, by_mm: f32) -> f32 {
    let radius_mm = (area_mm2 / PI).sqrt();
    if radius_mm > 0.0 { (1.0 + by_mm / radius_mm).powi(2) } else { 1.0 }
}

/// The sweep so far.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    number: u32,
    pose: Pose,
    scale: Option<MmPerPx>,
    calibration: Option<Arc<CalibrationRecord>>,
    growing: Vec<Growing>,
    shown: Vec<TrackVolume>,
    /// The last step read, for frames that are too fast or have too few patches.
    last_step: f32,
    pace: Pace,
    started: bool,
}

/// How fast frames come and the plane goes, for gaps between frames.
#[derive(Debug, Default)]
struct Pace {
    /// The last intervals between frames, s, the newest last.
    intervals: VecDeque<f32>,
    /// mm/s, over the last frames; `None` before any.
    speed: Option<f32>,
}

impl Pace {
    /// What a frame adds that came so long after the one before: how many were lost between, and how far the plane went, where the frame alone cannot tell:
    /// `told` is whether its speckle was followed.
    fn over(&mut self, seconds: f32, step: f32, told: bool) -> (u32, f32) {
        let mut sorted: Vec<f32> = self.intervals.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let usual = sorted.get(sorted.len() / 2).copied().filter(|usual| *usual > 0.0);
        let intervals = usual.map_or(1.0, |usual| seconds / usual);
        if seconds > 0.0 {
            // Those of gaps too: a source may go on slower for good.
            self.intervals.push_back(seconds);
            if self.intervals.len() > INTERVALS {
                self.intervals.pop_front();
            }
        }
        if intervals < if told { BURST } else { GAP } {
            if seconds > 0.0 && told {
                let now = step / seconds;
                self.speed = Some(self.speed.map_or(now, |speed| speed + (now - speed) / 8.0));
            }
            return (0, step);
        }
        let went = self.speed.unwrap_or_default() * seconds.min(LONGEST_GAP_S);
        ((intervals.round() as u32).saturating_sub(1).min(MOST_LOST), went.max(step))
    }
}

/// The third dimension after one frame.
#[derive(Debug, Default)]
pub(crate) struct Solid {
    pub state: VolumeState,
    /// Sizes worked out anew, for the events.
    pub renewed: Vec<TrackVolume>,
}

/// Move the plane and add the outlines of this frame's lesions. Stills have no third dimension; on a frozen picture
/// nothing moves.
pub(crate) fn extend(
    state: &mut Sweep,
    view: &View<'_>,
    assessed: &Assessed,
    place: &Place,
    detected: &Detected,
    graded: &Graded,
) -> Solid {
    if view.mode == Mode::Still {
        return Solid::default();
    }
    let scale = assessed.area.and_then(|area| view.spacing.within(area.to_box_px().inflate(-1.0, -1.0)));
    let calibration = scale.and_then(|scale| view.calibration(scale)).map(|known| &known.record);
    if scale != state.scale || calibration != state.calibration.as_ref() {
        // Lengths before and after a change of scale or calibration do not add up: the sweep begins anew.
        let (number, calibration) = (state.number + 1, calibration.cloned());
        *state = Sweep { number, scale, calibration, ..Sweep::default() };
    }
    let relative_error = calibration.map(|known| known.relative_error);
    let unfit = match (scale, relative_error) {
        (None, _) => Some(Unfit::ScaleUnknown),
        (_, None) => Some(Unfit::NotCalibrated),
        _ => assessed.motion.as_ref().and_then(|motion| motion.unfit),
    };
    let mut renewed = Vec::new();
    if !assessed.frozen {
        let lost = state.advance(assessed.motion.as_ref());
        for solid in state.growing.iter_mut().filter(|solid| !solid.closed) {
            solid.frames = solid.frames.saturating_add(lost);
            solid.unfit = solid.unfit.saturating_add(lost);
        }
    }
    if let (Some(scale), Some(relative_error), false) = (scale, relative_error, assessed.frozen) {
        if graded.fresh {
            renewed = state.grow(view, detected, graded, Lengths { scale, relative_error }, unfit.is_some());
        }
        state.shown = state.growing.iter().filter_map(Growing::finished).collect();
    }
    for solid in state.growing.iter_mut().filter(|solid| graded.left.contains(&solid.track)) {
        solid.closed = true;
    }
    for solid in state.growing.iter().filter(|solid| graded.left.contains(&solid.track)) {
        renewed.extend(solid.whole());
    }
    let path_mm = relative_error.filter(|_| state.started).map(|_| state.pose.y);
    let place_mm = scale.zip(path_mm).map(|(scale, y)| {
        let [right, down] = state.pose.shift_mm(scale);
        PointMm::new(-right, y, -down)
    });
    let turned_deg = path_mm.map(|_| place.turned_deg);
    let plane = assessed.area.filter(|_| !assessed.frozen).map(|area| SweepPlane {
        sweep: state.number,
        picture_px: area.to_box_px(),
        mm_per_px: scale,
        along_mm: relative_error.map(|_| state.pose.y),
        relative_error,
        slope: state.pose.slope,
        shift_px: state.pose.shift_px,
        turns_back: place.turns_back,
    });
    Solid {
        state: VolumeState {
            path_mm,
            place_mm,
            turned_deg,
            plane,
            unfit,
            calibration: calibration.cloned(),
            speckle: assessed.motion.as_ref().map(speckle),
            tracks: state.shown.clone(),
        },
        renewed,
    }
}

fn speckle(motion: &Motion) -> Speckle {
    let shift_mm = motion.scale.map(|scale| in_mm(motion.shift_px, scale));
    Speckle { steps: motion.patch_steps.clone(), shift_mm, likeness: motion.correlation, unfit: motion.unfit }
}

fn in_mm([x, y]: [f32; 2], scale: MmPerPx) -> [f32; 2] {
    [x * scale.x(), y * scale.y()]
}

/// What makes pixels and steps into lengths.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    scale: MmPerPx,
    /// Of what lies along the way.
    relative_error: f32,
}

impl Pose {
    fn shift_mm(&self, scale: MmPerPx) -> [f32; 2] {
        in_mm(self.shift_px, scale)
    }
}

impl Sweep {
    /// Gives how many frames were lost in a burst before this one.
    fn advance(&mut self, motion: Option<&Motion>) -> u32 {
        let Some(motion) = motion else { return 0 };
        self.started = true;
        // Where no step could be read the plane goes on as it did: it did not stop because speckle did.
        let told = !motion.is_lost_over_a_gap();
        let (lost, step) = self.pace.over(motion.seconds, motion.step_mm.unwrap_or(self.last_step), told);
        if lost == 0 {
            self.last_step = step;
        }
        self.pose.y += step;
        self.pose.slope += if motion.step_mm.is_some() { motion.turn } else { 0.0 };
        for (sum, shift) in self.pose.shift_px.iter_mut().zip(motion.shift_px) {
            *sum += shift;
        }
        lost
    }

    /// Add each confirmed lesion's outline; gives the solids that are due for an event.
    fn grow(
        &mut self,
        view: &View<'_>,
        detected: &Detected,
        graded: &Graded,
        Lengths { scale, relative_error }: Lengths,
        unfit: bool,
    ) -> Vec<TrackVolume> {
        let mut renewed = Vec::new();
        let middle = view.frame.size_px()[0] as f32 / 2.0;
        // New lesions grow too, so that a solid has the planes from before persistence confirmed it.
        let followed = |solid: &Growing| graded.tracks.iter().any(|track| track.id == solid.track);
        self.growing.retain(|solid| solid.confirmed || followed(solid));
        self.growing.retain(|solid| !graded.merged.contains(&solid.track));
        for track in &graded.tracks {
            if self.growing.iter().any(|solid| solid.track == track.id && solid.closed) {
                continue;
            }
            let Some(found) = track.finding.and_then(|index| detected.findings.get(index)) else {
                if let Some(solid) = self.growing.iter_mut().find(|solid| solid.track == track.id) {
                    solid.frames += 1;
                    solid.unfit += u32::from(unfit);
                }
                continue;
            };
            let slice = self.place(found, scale, middle);
            let centre_x = found.finding.region.box_px().center().x;
            let y = self.pose.y + self.pose.slope * (centre_x - middle) * scale.x();
            let area = found.area_px2 * scale.x() * scale.y();
            let half_step = self.last_step / 2.0;
            let solid = self.solid_of(track.id, y - half_step, relative_error);
            solid.confirmed |= track.letter.is_some();
            solid.anechoic = track.descriptors.iter().any(|said| said.word == Word::Anechoic);
            solid.add(slice, area, y, unfit);
            if solid.confirmed && solid.sightings.is_multiple_of(RENEWED_EVERY) {
                renewed.extend(solid.whole());
            }
        }
        renewed
    }

    fn solid_of(&mut self, track: u32, y: f32, relative_error: f32) -> &mut Growing {
        let at = self.growing.iter().position(|solid| solid.track == track).unwrap_or_else(|| {
            if self.growing.len() >= MOST_SOLIDS {
                self.growing.remove(0);
            }
            self.growing.push(Growing {
                track,
                confirmed: false,
                closed: false,
                slices: Vec::new(),
                every: 1,
                sightings: 0,
                frames: 0,
                unfit: 0,
                volume_mm3: 0.0,
                sections: Vec::new(),
                last: Section { area_mm2: 0.0, at_mm: y },
                first_y: y,
                relative_error,
                anechoic: false,
            });
            self.growing.len() - 1
        });
        &mut self.growing[at]
    }

    /// An outline in the millimetres of the sweep.
    fn place(&self, found: &Found, scale: MmPerPx, middle: f32) -> Vec<PointMm> {
        let contour = found.finding.region.contour_px();
        let every = contour.len().div_ceil(MOST_POINTS).max(1);
        let [right, down] = self.pose.shift_mm(scale);
        let place = |point: &PointPx| {
            let across = (point.x - middle) * scale.x();
            PointMm::new(across - right, self.pose.y + self.pose.slope * across, point.y * scale.y() - down)
        };
        contour.iter().step_by(every).map(place).collect()
    }
}

impl Growing {
    fn add(&mut self, slice: Vec<PointMm>, area_mm2: f32, y: f32, unfit: bool) {
        let last = self.last;
        // The first sighting stands for the half step before it, whole: there is no area to slope from.
        let mean_area = if self.sightings == 0 { area_mm2 } else { (area_mm2 + last.area_mm2) / 2.0 };
        self.volume_mm3 += mean_area * (y - last.at_mm).max(0.0);
        self.last = Section { area_mm2, at_mm: y.max(last.at_mm) };
        self.frames += 1;
        self.unfit += u32::from(unfit);
        if self.sightings.is_multiple_of(self.every) {
            if self.slices.len() >= MOST_SLICES {
                every_second(&mut self.slices);
                every_second(&mut self.sections);
                self.every *= 2;
            }
            self.slices.push(slice);
            self.sections.push(self.last);
        }
        self.sightings += 1;
    }
}

fn every_second<T>(of: &mut Vec<T>) {
    let mut index = 0;
    of.retain(|_| {
        index += 1;
        index % 2 == 1
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ball of 10 mm, led over at even steps, of which sections from 3 mm² on are seen.
    fn ball(anechoic: bool, unfit: usize) -> Growing {
        let steps = (-50..=50).map(|step| step as f32 / 10.0);
        let seen: Vec<(f32, f32)> =
            steps.map(|y| (PI * (25.0 - y * y), y)).filter(|(area_mm2, _)| *area_mm2 > 30.0).collect();
        let mut solid = Sweep::default().solid_of(1, seen[0].1, 0.25).clone();
        (solid.confirmed, solid.anechoic) = (true, anechoic);
        for (at, &(area_mm2, y)) in seen.iter().enumerate() {
            let radius = (area_mm2 / PI).sqrt();
            let around = (0..16).map(|k| (k as f32 / 8.0 * PI).sin_cos());
            let slice = around.map(|(x, z)| PointMm::new(radius * x, y, 12.0 + radius * z)).collect();
            solid.add(slice, area_mm2, y, at < unfit);
        }
        solid
    }

    #[test]
    fn a_solid_has_its_ends_and_says_how_much_of_it_was_guessed() {
        let whole = ball(false, 0).whole().unwrap();
        assert!((whole.along_mm - 10.0).abs() < 0.6, "{}", whole.along_mm);
        assert!((whole.volume_cm3 - 0.524).abs() < 0.03, "{}", whole.volume_cm3);
        let ends: Vec<f32> =
            [whole.slices.first(), whole.slices.last()].map(|slice| slice.unwrap()[0].y).into();
        assert!(ends[0] < -4.6 && ends[1] > 4.6, "{ends:?}");
        assert!(whole.slices.is_sorted_by(|a, b| a[0].y < b[0].y), "in the order of the way");
        let width = |slice: &[PointMm]| slice.iter().map(|p| p.x).fold(0.0, f32::max);
        assert!(width(&whole.slices[0]) < 0.5 * width(&whole.slices[2]));
        let guessed = 1.0 - 2.0 * (25.0_f32 - 30.0 / PI).sqrt() / 10.0;
        assert!((whole.relative_error - 0.25_f32.hypot(guessed)).abs() < 0.02, "{}", whole.relative_error);
        let unfit = ball(false, 12).whole().unwrap();
        assert!(unfit.relative_error > whole.relative_error + 0.015, "{}", unfit.relative_error);
    }

    #[test]
    fn what_is_filled_with_fluid_reaches_to_its_wall() {
        let [solid, fluid] = [false, true].map(|anechoic| ball(anechoic, 0).whole().unwrap());
        let ratio = fluid.volume_cm3 / solid.volume_cm3;
        // Its middle section is one of 4 mm.
        assert!((ratio - 1.085).abs() < 0.01, "{ratio}");
        assert_eq!(fluid.along_mm, solid.along_mm);
        assert_eq!(thicker(0.0, WALL_MM), 1.0, "nothing has no edge");
    }

    #[test]
    fn over_frames_that_were_lost_in_a_burst_the_plane_goes_on_as_before() {
        let mut pace = Pace::default();
        (0..20).for_each(|_| assert_eq!(pace.over(1.0 / 30.0, 0.3, true), (0, 0.3)));
        assert_eq!(pace.over(2.0 / 30.0, 0.55, true), (0, 0.55), "over two intervals speckle tells");
        let (lost, went) = pace.over(2.0 / 30.0, 0.4, false);
        assert_eq!(lost, 1, "unless it was lost");
        assert!((0.5..0.65).contains(&went), "{went}");
        let (lost, went) = pace.over(6.0 / 30.0, 0.7, true);
        assert_eq!(lost, 5);
        assert!((1.6..2.0).contains(&went), "{went}");
        // Nobody knows what it did in twenty seconds.
        let (lost, went) = pace.over(20.0, 0.7, true);
        assert_eq!(lost, 599);
        assert!((8.0..10.0).contains(&went), "{went}");
        assert_eq!(pace.over(1e9, 0.7, true).0, MOST_LOST, "a clock that jumps");
        // A source that goes on at a third of its rate has no gaps for long.
        let gaps = (0..30).filter(|_| pace.over(0.1, 0.9, true).0 > 0).count();
        assert!(gaps <= INTERVALS, "{gaps}");
        // Without times, and before any, the frame alone tells.
        assert_eq!(pace.over(0.0, 0.4, true), (0, 0.4));
        assert_eq!(Pace::default().over(5.0, 0.4, true), (0, 0.4));
    }
}
