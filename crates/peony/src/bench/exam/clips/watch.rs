//! One clip through the pipeline, and what was said of it beside what was there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail, ensure};
use image::GrayImage;
use peony_model::{BoxPx, Frame, QualityCode, iou};
use peony_ultrasound::output::{Event, PlaneReason, StepOutput};

use super::truth::{Shown, Truth};
use crate::bench::exam::lights::{Known as KnownLights, Lights};
use crate::bench::exam::picks::Picks;
use crate::bench::exam::seen::{Lesion, Seen};
use crate::bench::exam::sweep::{FALSE_IOU, LARGEST_SHARE, SAMPLED};
use crate::engine::Reader;
use crate::evaluate::metrics::detection::{MEETS_AT_IOU, meet};
use crate::evaluate::reading::fill;
use crate::input;

/// A lesion is found where the outline of a confirmed one overlaps it so far on any frame.
const FOUND_IOU: f32 = 0.5;
/// It is pointed at, and followed, from this overlap on.
const POINTED_AT_IOU: f32 = 0.2;
/// Frames a second of a folder of frames where nobody said.
const ASSUMED_FPS: f64 = 30.0;

/// Examine one clip.
///
/// # Errors
/// One line where the clip or a frame of it cannot be read, or its truth does not fit it: a clip counts whole or not at all.
pub fn watch(pictures: &Path, truth: &Truth, reader: &mut Reader) -> Result<Seen> {
    let opened = input::open_moving(pictures, truth.fps.unwrap_or(ASSUMED_FPS), truth.scale)?;
    if !opened.is_cine {
        bail!("one picture, and no clip");
    }
    let mut frames = opened.frames;
    let first: Vec<Frame> = frames.by_ref().take(2).collect::<Result<_>>()?;
    let [one, two] = first.as_slice() else { bail!("fewer than two frames") };
    let step_ns = two.time_ns.saturating_sub(one.time_ns);
    ensure!(step_ns > 0, "its frames have no times");
    let fps = 1e9 / step_ns as f64;
    reader.begin(true);
    let patient = truth.patient.clone().unwrap_or_else(|| pictures.display().to_string());
    let mut watcher = Watcher::new(truth, patient, fps);
    for frame in first.into_iter().map(Ok).chain(frames) {
        let frame = frame?;
        let shown = truth.shown(frame.index, frame.size_px())?;
        let output = reader.step(&frame);
        watcher.look(&frame, &shown, &output);
    }
    let read = watcher.seen.frames;
    if let Some(last) = truth.last_frame().filter(|last| *last >= read) {
        bail!("its truth reaches to frame {last}, and it has {read} frames");
    }
    Ok(watcher.conclude(fps))
}

struct Watcher<'a> {
    truth: &'a Truth,
    seen: Seen,
    lesions: Vec<Known>,
    /// Confirmed tracks, and those that have overlapped a lesion.
    confirmed: BTreeSet<u32>,
    met: BTreeSet<u32>,
    lights: Lights<'a>,
    picks: Picks,
}

#[derive(Debug, Default, Clone)]
struct Known {
    /// True area by frame, pixels.
    areas: BTreeMap<u64, u32>,
    /// Whether any frame showed it whole.
    was_whole: bool,
    found: bool,
    track: Option<u32>,
    malignancy: Option<f32>,
    kept: Option<u64>,
}

impl<'a> Watcher<'a> {
    fn new(truth: &'a Truth, patient: String, fps: f64) -> Self {
        Self {
            truth,
            seen: Seen { patient, ..Seen::default() },
            lesions: vec![Known::default(); truth.lesions.len()],
            confirmed: BTreeSet::new(),
            met: BTreeSet::new(),
            lights: Lights::new(&truth.faults, KnownLights::TheHand, fps),
            picks: Picks::new(fps),
        }
    }

    fn look(&mut self, frame: &Frame, shown: &[Shown], output: &StepOutput) {
        self.seen.frames += 1;
        let cut = [QualityCode::LesionCut];
        let there = if shown.iter().any(|lesion| !lesion.whole) { &cut[..] } else { &[] };
        self.lights.judge(frame.index, &output.quality, there);
        for lesion in shown {
            let known = &mut self.lesions[lesion.lesion];
            known.areas.insert(frame.index, lesion.area_px);
            known.was_whole |= lesion.whole;
        }
        if frame.index.is_multiple_of(SAMPLED) {
            self.detect(shown, output);
        }
        self.follow(shown, output);
        for event in &output.events {
            if let Event::KeyPlane { track, reason: PlaneReason::Largest, .. } = event
                && let Some(known) = self.lesions.iter_mut().find(|known| known.track == Some(*track))
            {
                known.kept = Some(frame.index);
            }
        }
        self.picks.offer(frame.index, &frame.luma());
    }

    /// The findings of a sampled frame. What lies on a part of a lesion is neither right nor wrong.
    fn detect(&mut self, shown: &[Shown], output: &StepOutput) {
        let (whole, partly): (Vec<&Shown>, Vec<&Shown>) = shown.iter().partition(|lesion| lesion.whole);
        let on = |area: BoxPx, lesions: &[&Shown], least: f32| {
            lesions.iter().any(|lesion| iou(area, lesion.box_px) >= least)
        };
        let said: Vec<(BoxPx, f64)> = output
            .findings
            .iter()
            .map(|finding| (finding.region.box_px(), f64::from(finding.score)))
            .filter(|(area, _)| on(*area, &whole, MEETS_AT_IOU) || !on(*area, &partly, FALSE_IOU))
            .collect();
        let there: Vec<BoxPx> = whole.iter().map(|lesion| lesion.box_px).collect();
        self.seen.shown += there.len();
        self.seen.detections.extend(meet(&said, &there));
    }

    fn follow(&mut self, shown: &[Shown], output: &StepOutput) {
        for track in output.tracks.iter().filter(|track| track.letter.is_some()) {
            self.confirmed.insert(track.id);
            let Some(finding) = track.finding.and_then(|index| output.findings.get(index)) else { continue };
            if shown.is_empty() {
                continue;
            }
            let [width, height] = output.size_px;
            let mut mask = GrayImage::new(width, height);
            fill(&mut mask, finding.region.contour_px());
            let overlaps = shown.iter().map(|lesion| (lesion.lesion, overlap(&mask, &lesion.mask)));
            let Some((lesion, overlap)) = overlaps.max_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
            if overlap >= FALSE_IOU {
                self.met.insert(track.id);
            }
            if overlap < POINTED_AT_IOU {
                continue;
            }
            let known = &mut self.lesions[lesion];
            known.found |= overlap >= FOUND_IOU;
            self.seen.switches += usize::from(known.track.is_some_and(|before| before != track.id));
            known.track = Some(track.id);
            known.malignancy = track.malignancy;
        }
    }

    fn conclude(mut self, fps: f64) -> Seen {
        self.seen.seconds = self.seen.frames as f64 / fps;
        self.seen.false_alarms = self.confirmed.difference(&self.met).count();
        (self.seen.faults, self.seen.false_lights) = self.lights.finish();
        let picks = self.picks.finish();
        let lesions = self.lesions.into_iter().zip(&self.truth.lesions);
        // Of what was never there whole nothing is asked.
        let asked = lesions.filter(|(known, _)| known.was_whole);
        self.seen.lesions = asked.map(|(known, malignant)| known.lesion(*malignant, &picks)).collect();
        self.seen
    }
}

impl Known {
    fn lesion(&self, malignant: Option<bool>, picks: &[u64]) -> Lesion {
        let largest = self.areas.values().copied().max().unwrap_or_default() as f32;
        let is_largest =
            |frame: &u64| self.areas.get(frame).is_some_and(|area| *area as f32 >= LARGEST_SHARE * largest);
        Lesion {
            malignant: malignant.unwrap_or_default(),
            found: self.found,
            pointed_at: Some(self.track.is_some()),
            // Of what nobody knows no grade is right or wrong.
            malignancy: malignant.and(self.malignancy).map(f64::from),
            largest_kept: self.kept.as_ref().map(is_largest),
            largest_picked: picks.iter().any(is_largest),
            cut_told: None,
            volume_ratio: None,
        }
    }
}

/// Intersection over union of two masks of one size.
fn overlap(a: &GrayImage, b: &GrayImage) -> f32 {
    let (mut both, mut either) = (0_u32, 0_u32);
    for (&a, &b) in a.as_raw().iter().zip(b.as_raw()) {
        both += u32::from(a > 0 && b > 0);
        either += u32::from(a > 0 || b > 0);
    }
    if either > 0 { both as f32 / either as f32 } else { 0.0 }
}
