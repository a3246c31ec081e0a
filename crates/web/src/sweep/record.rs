//! What of a frame must last goes to the examination.

use std::collections::BTreeSet;
use std::sync::Arc;

use image::GrayImage;
use peony_examination::{JournalError, Observation, Whereabouts};
use peony_model::{Unit, Word, report};
use peony_ultrasound::output::{Event, StepOutput, TrackState};

use super::{Lesion, Sweep, Whole};
use crate::steady::Grade;
use crate::view;
use crate::wire::{BoxXy, Interval, LiveUpdate, Size, TrackView, Xy};

/// A frame stands for no longer than this, however late the next one comes.
const LONGEST_FRAME_S: f32 = 0.5;
/// What the quality record of the report calls a model that failed.
const MODEL_FAILED: &str = "model_failed";

/// Whether all that an examination was told was taken, or why the first thing was not.
struct Taken(Result<(), JournalError>);

impl Taken {
    fn take<T>(&mut self, told: Result<T, JournalError>) {
        if let (Ok(()), Err(error)) = (&self.0, told) {
            self.0 = Err(error);
        }
    }
}

impl Sweep {
    /// Tells the examination everything that must last. What is refused, a large plane say, keeps nothing else from being taken.
    pub(super) fn record(
        &mut self,
        picture: &Arc<GrayImage>,
        output: &StepOutput,
        update: &LiveUpdate,
        left: &[u32],
    ) -> Result<(), JournalError> {
        let examination = Arc::clone(&self.examination);
        let since = self.last_time_ns.map_or(0.0, |last| output.time_ns.saturating_sub(last) as f32 / 1e9);
        self.last_time_ns = Some(output.time_ns);
        let of_picture = output.quality.issues.iter().map(|issue| issue.code.key());
        let faults: Vec<&str> = of_picture.chain(update.model_failed.then_some(MODEL_FAILED)).collect();
        let stopped = |issue: &peony_model::QualityIssue| issue.severity == peony_model::Severity::Stop;
        let readable = !output.quality.issues.iter().any(stopped);
        let volume = &output.volume;
        let here = volume
            .place_mm
            .zip(volume.plane)
            .map(|(place, plane)| Whereabouts { sweep: plane.sweep, at_mm: [place.x, place.y] });
        let mut told = Taken(Ok(()));
        told.take(examination.scanned(since.min(LONGEST_FRAME_S), readable, &faults, here));
        told.take(examination.scale(update.scale_source.as_deref()));
        if let Some(calibration) = &output.volume.calibration {
            told.take(examination.calibrated(calibration));
        }
        let mut renewed: BTreeSet<u32> = left.iter().copied().collect();
        for event in &output.events {
            match event {
                Event::Confirmed { track, .. } => {
                    told.take(examination.found(self.lesion_of(*track)));
                    renewed.insert(self.lesion_of(*track));
                }
                Event::KeyPlane { track, reason, .. } => {
                    let lesion = self.lesion_of(*track);
                    // A plane of a lesion whose confirmation was never told has no letter yet.
                    let found = examination.found(lesion);
                    if found.is_ok() {
                        let plane = self.plane(update, Some(lesion), view::reason(*reason));
                        self.size_by(lesion, &plane);
                        told.take(examination.keep(plane, picture, None));
                    }
                    told.take(found);
                    renewed.insert(lesion);
                }
                Event::Merged { from, into } => {
                    let (from, into) = (self.lesion_of(*from), self.lesion_of(*into));
                    self.lesions.remove(&from);
                    told.take(examination.merged(from, into));
                }
                // Of what grows still nothing is told: it would stand as the whole where the sweep ends within it.
                Event::Volume(solid) => {
                    let id = self.lesion_of(solid.track);
                    if let Some(lesion) = self.lesions.get_mut(&id) {
                        lesion.whole = Some(Whole::from(solid));
                        renewed.insert(id);
                    }
                }
                // What returned is among the tracks, and is seen again as any other.
                Event::Returned { .. } | Event::Left { .. } | Event::Quality(_) => {}
            }
        }
        for (id, lesion) in &mut self.lesions {
            let Some(state) = output.tracks.iter().find(|state| self.base.saturating_add(state.id) == *id)
            else {
                // It has just left: what was said of it last is what lasts, with what is known only now.
                if let Some(last) = lesion.told.clone().filter(|_| renewed.contains(id)) {
                    let Grade { category, .. } = lesion.grade.shown();
                    let malignancy = chance(&lesion.track);
                    let last = with_whole(Observation { category, malignancy, ..last }, lesion.whole);
                    lesion.told = Some(last.clone());
                    told.take(examination.seen(last, true));
                    if lesion.asked.is_due(lesion.track.sightings, true) {
                        told.take(examination.ask_again(*id, &lesion.seen_with));
                    }
                }
                continue;
            };
            if state.letter.is_none() {
                continue;
            }
            if !self.said.lesions.contains_key(id) {
                told.take(examination.found(*id));
            }
            let seen = observation(lesion, state, update);
            lesion.told = Some(seen.clone());
            // What a lesion is asked by is what was said of it last.
            let is_due = lesion.asked.is_due(state.sightings, false);
            told.take(examination.seen(seen, is_due || renewed.contains(id)));
            if is_due {
                told.take(examination.ask_again(*id, &lesion.seen_with));
            }
        }
        told.0
    }

    fn size_by(&mut self, lesion: u32, plane: &report::Plane) {
        if let Some(size) = plane.size.filter(|_| plane.reason == report::PlaneReason::Largest)
            && let Some(lesion) = self.lesions.get_mut(&lesion)
        {
            let flat = Some(Size { long: size.long, short: size.short });
            let is_mm = size.unit == Unit::Millimetre;
            lesion.track.size_mm = flat.filter(|_| is_mm);
            lesion.track.size_px = flat.filter(|_| !is_mm);
            lesion.sized_by_plane = true;
        }
    }

    /// A plane of the frame in `update`, with the sighting of `lesion` on it.
    pub(super) fn plane(
        &self,
        update: &LiveUpdate,
        lesion: Option<u32>,
        reason: report::PlaneReason,
    ) -> report::Plane {
        let seen = update.findings.iter().find(|finding| lesion.is_some() && finding.track == lesion);
        let outline = lesion.and_then(|lesion| self.lesions.get(&lesion)?.track.contour_px.clone());
        // A frame that was drawn a moment ago may show the lesion elsewhere than it is now: then only its box is known.
        let contour_px = match (seen, outline) {
            (Some(seen), Some(outline)) if within(&outline, seen.box_px) => {
                outline.into_iter().map(|Xy(point)| point).collect()
            }
            (Some(seen), _) => corners(seen.box_px),
            (None, _) => Vec::new(),
        };
        report::Plane {
            id: 0,
            lesion,
            reason,
            picture_px: update.size_px.0,
            contour_px,
            focus_px: seen.and_then(|seen| seen.focus_px).map(|BoxXy(part)| part),
            malignancy: seen.and_then(|seen| seen.malignancy),
            size: seen.and_then(|seen| size_of(seen.size_mm, seen.size_px)),
            time_ms: update.time_ms,
        }
    }

    pub(super) fn note(&mut self, recorded: Result<(), JournalError>) {
        match recorded {
            Ok(()) => self.trouble = None,
            Err(error) => {
                let error = error.to_string();
                if self.trouble.as_ref() != Some(&error) {
                    tracing::warn!("the examination takes nothing: {error}");
                }
                self.trouble = Some(error);
            }
        }
    }
}

/// What the examination is told of a lesion that is followed.
fn observation(lesion: &Lesion, state: &TrackState, update: &LiveUpdate) -> Observation {
    let track = &lesion.track;
    let word =
        |said: &crate::wire::DescriptorView| Word::from_path(&format!("{}.{}", said.feature, said.word));
    let seen = Observation {
        lesion: track.id,
        size: size_of(track.size_mm, track.size_px),
        depth_mm: depth_mm(track, update),
        words: track.descriptors.iter().filter_map(word).collect(),
        malignancy: chance(track),
        evidence: state.evidence.as_ref().map(view::evidence),
        category: lesion.grade.shown().category,
        volume_cm3: None,
        sightings: track.sightings,
        look: state.look.clone(),
    };
    with_whole(seen, lesion.whole)
}

fn chance(track: &TrackView) -> Option<report::Chance> {
    let interval = track.malignancy_95.map(|Interval(ends)| ends);
    track.malignancy.map(|estimate| report::Chance { estimate, interval })
}

/// The same with the third axis and the volume, once they are known.
fn with_whole(seen: Observation, whole: Option<Whole>) -> Observation {
    let Some(Whole { along_mm, volume_cm3, relative_error }) = whole else { return seen };
    let third =
        report::ThirdAxis { extent: along_mm, error: Some(along_mm * relative_error), simulated: true };
    let size = seen
        .size
        .map(|size| report::Size { third: Some(third).filter(|_| size.unit == Unit::Millimetre), ..size });
    Observation { size, volume_cm3: Some([volume_cm3, relative_error]), ..seen }
}

/// From the upper edge of the B-mode picture to the lesion's.
fn depth_mm(track: &TrackView, update: &LiveUpdate) -> Option<f32> {
    let (BoxXy([_, top, ..]), BoxXy([_, skin, ..])) = (track.box_px?, update.picture_px?);
    let Xy([_, mm_per_px]) = update.mm_per_px?;
    Some(((top - skin) * mm_per_px).max(0.0))
}

fn size_of(size_mm: Option<Size>, size_px: Option<Size>) -> Option<report::Size> {
    let with = |size: Size, unit| report::Size { long: size.long, short: size.short, third: None, unit };
    size_mm.map(|size| with(size, Unit::Millimetre)).or_else(|| size_px.map(|size| with(size, Unit::Pixel)))
}

fn within(outline: &[Xy], BoxXy([x0, y0, x1, y1]): BoxXy) -> bool {
    outline.iter().all(|Xy([x, y])| (x0 - 1.0..=x1 + 1.0).contains(x) && (y0 - 1.0..=y1 + 1.0).contains(y))
}

fn corners(BoxXy([x0, y0, x1, y1]): BoxXy) -> Vec<[f32; 2]> {
    vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}
