//! One sweep through the pipeline, and what was said of it beside what was there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use peony_model::{BoxPx, QualityCode, iou};
use peony_phantom::{Fault, Phantom, PhantomFrame};
use peony_ultrasound::output::{Event, PlaneReason, StepOutput};

use super::super::calibration::as_of_a_probe;
use super::again::Again;
use super::back;
use super::lights::{Known as KnownLights, Lights};
use super::picks::Picks;
use super::seen::{Led, Lesion, Seen};
use crate::engine::Reader;
use crate::evaluate::metrics::detection::meet;

/// A lesion is found where a confirmed one overlaps it so far on any frame.
const FOUND_IOU: f32 = 0.3;
/// What overlaps no lesion so far on any frame is a false alarm.
pub const FALSE_IOU: f32 = 0.1;
/// Every so-many-th frame counts for the average precision: neighbours are alike.
pub const SAMPLED: u64 = 5;
/// A plane shows a lesion at its largest where it shows this share of the largest true area of the sweep.
pub const LARGEST_SHARE: f32 = 0.85;

/// A mass that the border cuts on more frames than this is one that it cuts.
const CUT_FRAMES: u64 = 15;
/// A hand that leads the plane so fast of itself is too fast, mm/s: from here on nothing of the speckle is left after a thirtieth of a second.
const TOO_FAST_MM_S: f64 = 20.0;

/// What is scanned, and when it goes wrong.
pub struct Sweep {
    pub phantom: Phantom,
    pub schedule: Vec<(Range<u64>, Fault)>,
    /// Whether the hand turns at the end and comes back over the same breast.
    pub comes_back: bool,
    /// Whether the frames say that they are the phantom's, or are those of a probe that only a calibration knows.
    pub of_a_probe: bool,
}

/// Run one sweep.
pub fn watch(reader: &mut Reader, sweep: &Sweep) -> Seen {
    reader.begin(true);
    let fps = f64::from(sweep.phantom.config().fps);
    let mut watcher = Watcher::new(sweep, fps);
    let turn = back::turn_frame(&sweep.phantom);
    let frames: Box<dyn Iterator<Item = PhantomFrame>> = if sweep.comes_back {
        Box::new(back::frames(&sweep.phantom))
    } else {
        let once = sweep.phantom.sweep().schedule(sweep.schedule.clone()).build_ahead();
        Box::new(once.take(turn as usize))
    };
    for mut made in frames {
        if sweep.of_a_probe {
            made.frame = as_of_a_probe(made.frame);
        }
        let output = reader.step(&made.frame);
        watcher.on_the_way_back = output.frame >= turn;
        watcher.look(&made, &output);
    }
    watcher.conclude(sweep, fps)
}

#[derive(Debug)]
struct Watcher<'a> {
    seen: Seen,
    /// Each lesion of the phantom by its number.
    lesions: BTreeMap<u32, Known>,
    /// Confirmed tracks that have overlapped a lesion, and those that have not.
    met: BTreeSet<u32>,
    confirmed: BTreeSet<u32>,
    lights: Lights<'a>,
    picks: Picks,
    start_mm: Option<[f32; 3]>,
    end_mm: [f32; 3],
    place_mm: Option<[f32; 3]>,
    read_mm: Option<f32>,
    true_mm: f32,
    on_the_way_back: bool,
    last_frame: u64,
    fps: f64,
    /// The lesions that each letter has stood for.
    meanings: BTreeMap<char, BTreeSet<u32>>,
    again: Again,
}

#[derive(Debug, Default)]
struct Known {
    malignant: bool,
    volume_mm3: f32,
    /// True area by frame.
    areas: BTreeMap<u64, u32>,
    found: bool,
    track: Option<u32>,
    /// The track that it was followed under last on the way there, and on the way back: each has a letter of its own.
    tracks: [Option<u32>; 2],
    malignancy: Option<f32>,
    kept: Option<u64>,
    /// The frames on which the border cuts it, and those on which that was told.
    cut: u64,
    cut_told: u64,
    volume_read_mm3: Option<f32>,
}

impl<'a> Watcher<'a> {
    fn new(sweep: &'a Sweep, fps: f64) -> Self {
        Self {
            seen: Seen { patient: sweep.phantom.seed().to_string(), ..Seen::default() },
            lesions: BTreeMap::new(),
            met: BTreeSet::new(),
            confirmed: BTreeSet::new(),
            lights: Lights::new(&sweep.schedule, KnownLights::Everything, fps),
            picks: Picks::new(fps),
            start_mm: None,
            end_mm: [0.0; 3],
            place_mm: None,
            read_mm: None,
            true_mm: 0.0,
            on_the_way_back: false,
            last_frame: 0,
            fps,
            meanings: BTreeMap::new(),
            again: Again::default(),
        }
    }

    fn look(&mut self, made: &PhantomFrame, output: &StepOutput) {
        let frame = output.frame;
        self.seen.frames += 1;
        let step_mm = self.follow_path(made, output);
        let speed_mm_s = f64::from(step_mm) * self.fps / frame.saturating_sub(self.last_frame).max(1) as f64;
        let is_cut = made.truth.masses.iter().any(|mass| mass.cut);
        let is_fast = speed_mm_s >= TOO_FAST_MM_S;
        // The way within one frame blurs it.
        let there =
            [(is_cut, QualityCode::LesionCut), (is_fast, QualityCode::TooFast), (is_fast, QualityCode::Blur)];
        let there: Vec<_> = there.into_iter().filter_map(|(is, code)| is.then_some(code)).collect();
        self.lights.judge(frame, &output.quality, &there);
        self.last_frame = frame;
        for mass in &made.truth.masses {
            let known = self.lesions.entry(mass.id).or_default();
            known.malignant = mass.malignant;
            known.volume_mm3 = mass.volume_mm3;
            known.areas.insert(frame, mass.area_px);
            let told = output.quality.issues.iter().any(|issue| issue.code == QualityCode::LesionCut);
            known.cut += u64::from(mass.cut);
            known.cut_told += u64::from(mass.cut && told);
        }
        if frame.is_multiple_of(SAMPLED) {
            let said: Vec<(BoxPx, f64)> =
                output.findings.iter().map(|f| (f.region.box_px(), f64::from(f.score))).collect();
            let there: Vec<BoxPx> = made.truth.masses.iter().map(|mass| mass.box_px).collect();
            self.seen.shown += there.len();
            self.seen.detections.extend(meet(&said, &there));
        }
        self.again.look(output);
        for track in output.tracks.iter().filter(|track| track.letter.is_some()) {
            self.confirmed.insert(track.id);
            if track.finding.is_none() {
                continue;
            }
            let overlap = |mass: &peony_phantom::MassTruth| iou(mass.box_px, track.box_px);
            let nearest = made.truth.masses.iter().max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
            let Some(mass) = nearest.filter(|mass| overlap(mass) >= FALSE_IOU) else { continue };
            self.met.insert(track.id);
            if overlap(mass) < FOUND_IOU {
                continue;
            }
            let Some(known) = self.lesions.get_mut(&mass.id) else { continue };
            known.found = true;
            self.seen.switches += usize::from(known.track.is_some_and(|before| before != track.id));
            known.track = Some(track.id);
            known.tracks[usize::from(self.on_the_way_back)] = Some(track.id);
            self.again.meet(track.id, mass.id);
            self.meanings.entry(track.letter.unwrap_or_default()).or_default().insert(mass.id);
            known.malignancy = track.malignancy;
        }
        for solid in &output.volume.tracks {
            if let Some(known) = self.lesions.values_mut().find(|known| known.track == Some(solid.track)) {
                known.volume_read_mm3 = Some(solid.volume_cm3 * 1000.0);
            }
        }
        for event in &output.events {
            if let Event::KeyPlane { track, reason: PlaneReason::Largest, .. } = event
                && let Some(known) = self.lesions.values_mut().find(|known| known.track == Some(*track))
            {
                known.kept = Some(frame);
            }
        }
        self.picks.offer(frame, &made.frame.luma());
    }

    /// How far the plane has really come since the frame before, mm.
    fn follow_path(&mut self, made: &PhantomFrame, output: &StepOutput) -> f32 {
        let place = made.truth.pose.t_mm;
        let start = *self.start_mm.get_or_insert(place);
        let step = place[1] - self.end_mm[1];
        let step_mm = if self.seen.frames > 1 { step.abs() } else { 0.0 };
        self.true_mm += step_mm;
        self.end_mm = place;
        self.read_mm = output.volume.path_mm.or(self.read_mm);
        self.place_mm = output
            .volume
            .place_mm
            .map(|p| [p.x + start[0], p.y + start[1], p.z + start[2]])
            .or(self.place_mm);
        self.seen.unfit_frames += u64::from(output.volume.unfit.is_some());
        step_mm
    }

    fn conclude(mut self, sweep: &Sweep, fps: f64) -> Seen {
        // Those that were dropped took their time as well.
        self.seen.seconds = (self.last_frame + 1) as f64 / fps;
        self.seen.false_alarms = self.confirmed.difference(&self.met).count();
        let kind = sweep.phantom.config().path;
        if let (Some(read_mm), Some(place), true) = (self.read_mm, self.place_mm, sweep.schedule.is_empty()) {
            let drift_mm = (0..3).map(|i| (place[i] - self.end_mm[i]).powi(2)).sum::<f32>().sqrt();
            self.seen.path = Some(Led { kind, true_mm: self.true_mm, read_mm, drift_mm });
        }
        (self.seen.faults, self.seen.false_lights) = self.lights.finish();
        self.seen.shared_letters = self.meanings.values().filter(|lesions| lesions.len() > 1).count();
        self.seen.met_again = sweep.comes_back.then(|| {
            let both = |known: &Known| known.tracks[0].zip(known.tracks[1]);
            self.lesions.values().filter_map(both).map(|(there, back)| there == back).collect()
        });
        let second = |(mass, known): (&u32, &Known)| {
            let (there, back) = known.tracks[0].zip(known.tracks[1])?;
            (there != back).then(|| self.again.proposed(back, *mass))
        };
        self.seen.second_letters = self.lesions.iter().filter_map(second).collect();
        self.seen.new_proposed = self.again.new_proposed();
        let picks = self.picks.finish();
        self.seen.lesions = self.lesions.into_values().map(|known| known.lesion(&picks)).collect();
        self.seen
    }
}

impl Known {
    fn lesion(self, picks: &[u64]) -> Lesion {
        let largest = self.areas.values().copied().max().unwrap_or_default() as f32;
        let is_largest =
            |frame: &u64| self.areas.get(frame).is_some_and(|area| *area as f32 >= LARGEST_SHARE * largest);
        Lesion {
            malignant: self.malignant,
            found: self.found,
            pointed_at: None,
            malignancy: self.malignancy.map(f64::from),
            largest_kept: self.kept.as_ref().map(is_largest),
            // Of the frames picked that show it, the one that shows most: the best that a person could choose.
            largest_picked: picks.iter().any(is_largest),
            cut_told: (self.cut > CUT_FRAMES).then_some(self.cut_told > 0),
            volume_ratio: self.volume_read_mm3.map(|read| read / self.volume_mm3),
        }
    }
}
