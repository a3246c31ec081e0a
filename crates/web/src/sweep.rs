//! What is remembered of one sweep: its lesions, and what people did to them. What must last goes to the examination.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use image::GrayImage;
use peony_examination::{
    Act, Author, DiskTrouble, EnteredDepth, Examination, JournalError, Observation, Refusal, Whereabouts,
};
use peony_model::{BiRads, MmPerPx, Place, Unit, Word, report};
use peony_ultrasound::output::{self, Event, StepOutput, TrackState};

use crate::steady::Steady;
use crate::view;
use crate::wire::{
    BoxXy, ErrorCode, Fault, Interval, KeyPlane, LiveUpdate, Size, State, TrackStatus, TrackView, Truth,
    WidthHeight, Xy,
};

/// How many lesions the live page shows; beyond it those that left longest ago are in the report alone. Every frame carries the
/// list, and a page with a hundred lesions drew later and later.
const MAX_LESIONS: usize = 24;
/// How many actions can be taken back.
const MAX_UNDO: usize = 64;
/// A person may keep so many planes by hand.
const MAX_KEPT: usize = 64;
/// Who acts on the live page where there are no accounts.
const BY: &str = "live page";
/// A frame stands for no longer than this, however late the next one comes.
const LONGEST_FRAME_S: f32 = 0.5;
/// What the quality record of the report calls a model that failed.
const MODEL_FAILED: &str = "model_failed";

/// Something a person did that can be taken back.
#[derive(Debug, Clone, Copy)]
enum Done {
    /// An act, by the number of its entry in the examination.
    Act(u64),
    /// A new lesion was struck out, of which the examination knows nothing.
    Passed(u32),
    /// A plane was kept.
    Kept(u64),
}

#[derive(Debug)]
struct Lesion {
    track: TrackView,
    /// Its size was taken from its largest plane: later sightings do not change it.
    sized_by_plane: bool,
    category: Steady,
    /// How far it reaches along the sweep, once that has led over both its ends.
    whole: Option<Whole>,
    /// What the examination was told last.
    told: Option<Observation>,
}

/// The simulated size of a lesion that the sweep led over from end to end: what a report may say.
#[derive(Debug, Clone, Copy)]
struct Whole {
    along_mm: f32,
    volume_cm3: f32,
    relative_error: f32,
}

impl From<&output::TrackVolume> for Whole {
    fn from(solid: &output::TrackVolume) -> Self {
        let &output::TrackVolume { along_mm, volume_cm3, relative_error, .. } = solid;
        Self { along_mm: view::hundredth(along_mm), volume_cm3, relative_error }
    }
}

/// What the examination says, as pages are shown it; read again when it has changed.
#[derive(Debug, Default)]
struct Said {
    seq: Option<u64>,
    planes: Vec<KeyPlane>,
    kept: usize,
    lesions: BTreeMap<u32, SaidOfLesion>,
    /// Lesions that were found before this sweep.
    former: Vec<TrackView>,
    probe: Option<Place>,
    /// The scale that a person entered, for frames of this size.
    entered: Option<(MmPerPx, [u32; 2])>,
    /// Lesions that a person joined to another, and that one.
    joined: BTreeMap<u32, u32>,
}

#[derive(Debug, Clone)]
struct SaidOfLesion {
    letter: String,
    dismissed: bool,
    place: Option<Place>,
    grounds: Option<report::Grounds>,
    /// The third axis that the machine proposes.
    third: Option<report::ThirdAxis>,
}

/// Whether all that an examination was told was taken, or why the first thing was not.
struct Taken(Result<(), JournalError>);

impl Taken {
    fn take<T>(&mut self, told: Result<T, JournalError>) {
        if let (Ok(()), Err(error)) = (&self.0, told) {
            self.0 = Err(error);
        }
    }
}

/// The present sweep.
#[derive(Debug)]
pub(crate) struct Sweep {
    number: u32,
    pub(crate) paused: bool,
    pub(crate) faults: BTreeSet<Fault>,
    pub(crate) show_truth: bool,
    examination: Arc<Examination>,
    /// Added to the pipeline's numbers of tracks: lesions of the examination that were there before keep theirs.
    base: u32,
    lesions: BTreeMap<u32, Lesion>,
    /// New lesions that were struck out; the examination knows only confirmed ones.
    passed: BTreeSet<u32>,
    undo: Vec<Done>,
    /// Who gives the commands.
    by: Author,
    said: Said,
    last_time_ns: Option<u64>,
    /// Why the examination does not take what it is given, once it does not.
    trouble: Option<String>,
}

impl Sweep {
    pub(crate) fn first(examination: Arc<Examination>) -> Self {
        let mut sweep = Self {
            number: 1,
            paused: false,
            faults: BTreeSet::new(),
            show_truth: false,
            base: examination.last_lesion(),
            examination,
            lesions: BTreeMap::new(),
            passed: BTreeSet::new(),
            undo: Vec::new(),
            by: BY.into(),
            said: Said::default(),
            last_time_ns: None,
            trouble: None,
        };
        sweep.read_examination();
        sweep
    }

    /// Forgets the former sweep; what follows belongs to `examination`. The switches stay.
    pub(crate) fn begin_next(&mut self, examination: Arc<Examination>) {
        let number = self.number + 1;
        let (paused, show_truth) = (self.paused, self.show_truth);
        let faults = std::mem::take(&mut self.faults);
        let by = self.by.clone();
        *self = Self { number, paused, faults, show_truth, by, ..Self::first(examination) };
    }

    /// Who gives the commands from now on; what another one did is theirs to take back.
    pub(crate) fn follows(&mut self, by: Option<&Author>) {
        let by = by.map_or_else(|| BY.into(), Author::clone);
        if !self.by.is(&by) {
            self.undo.clear();
        }
        self.by = by;
    }

    pub(crate) fn examination(&self) -> &Arc<Examination> {
        &self.examination
    }

    /// The number that a track of the pipeline has on the page and in the examination.
    pub(crate) fn lesion_of(&self, track: u32) -> u32 {
        self.base.saturating_add(track)
    }

    /// Takes in what the pipeline said about a frame; `update` holds the frame's own findings and solids already.
    pub(crate) fn observe(&mut self, picture: &Arc<GrayImage>, output: &StepOutput, update: &LiveUpdate) {
        for state in &output.tracks {
            let seen = state
                .finding
                .and_then(|index| Some((output.findings.get(index)?, update.findings.get(index)?)));
            let id = self.lesion_of(state.id);
            self.sight(TrackView { id, ..view::track(state, seen) }, state, output.time_ns);
        }
        let mut left = Vec::new();
        for (id, lesion) in &mut self.lesions {
            if !output.tracks.iter().any(|state| self.base.saturating_add(state.id) == *id) {
                if lesion.track.status != TrackStatus::Left {
                    left.push(*id);
                }
                lesion.track = TrackView {
                    birads: lesion.category.end().map(label),
                    status: TrackStatus::Left,
                    box_px: None,
                    contour_px: None,
                    ..lesion.track.clone()
                };
            }
        }
        let recorded = self.record(picture, output, update, &left);
        self.note(recorded);
        self.forget();
        self.read_examination();
    }

    fn sight(&mut self, track: TrackView, state: &TrackState, time_ns: u64) {
        let former = self.lesions.remove(&track.id);
        let (sized, mut category, whole, told) = match former {
            None => (None, Steady::default(), None, None),
            Some(Lesion { track, sized_by_plane, category, whole, told }) => {
                (Some((track, sized_by_plane)), category, whole, told)
            }
        };
        let birads = category.say(state.assessment, time_ns).map(label);
        let (size_mm, size_px, sized_by_plane) = match sized {
            None => (track.size_mm, track.size_px, false),
            Some((former, sized_by_plane)) => {
                let measured = track.size_mm.is_some() || track.size_px.is_some();
                // Millimetres take the place of pixels once the scale is known, and pixels never that of millimetres.
                let stands = match (former.size_mm.is_some(), track.size_mm.is_some()) {
                    (true, false) => true,
                    (false, true) => false,
                    _ => sized_by_plane || !measured,
                };
                let size = if stands { &former } else { &track };
                (size.size_mm, size.size_px, sized_by_plane && stands)
            }
        };
        let track = TrackView { size_mm, size_px, birads, ..track };
        self.lesions.insert(track.id, Lesion { track, sized_by_plane, category, whole, told });
    }

    /// Tells the examination everything that must last. What is refused, a large plane say, keeps nothing else from being taken.
    fn record(
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
                    let category = lesion.category.shown();
                    let last = with_whole(Observation { category, ..last }, lesion.whole);
                    lesion.told = Some(last.clone());
                    told.take(examination.seen(last, true));
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
            told.take(examination.seen(seen, renewed.contains(id)));
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
    fn plane(&self, update: &LiveUpdate, lesion: Option<u32>, reason: report::PlaneReason) -> report::Plane {
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

    /// New lesions that went without being confirmed were noise; of the others the oldest go when there are too many.
    fn forget(&mut self) {
        let passed = &self.passed;
        let mut gone: BTreeSet<u32> = self
            .lesions
            .values()
            .map(|lesion| &lesion.track)
            .filter(|track| {
                track.status == TrackStatus::Left && track.letter.is_none() && !passed.contains(&track.id)
            })
            .map(|track| track.id)
            .collect();
        let surplus = self.lesions.len().saturating_sub(gone.len() + MAX_LESIONS);
        let left_first = |id: &&u32| self.lesions[*id].track.status != TrackStatus::Left;
        let mut rest: Vec<&u32> = self.lesions.keys().filter(|id| !gone.contains(id)).collect();
        rest.sort_by_key(left_first);
        gone.extend(rest.into_iter().take(surplus).copied().collect::<Vec<_>>());
        self.lesions.retain(|id, _| !gone.contains(id));
        self.passed.retain(|id| !gone.contains(id));
    }

    /// Reads the examination again where it has changed: a few times a second at most.
    fn read_examination(&mut self) {
        let seq = self.examination.seq();
        if self.said.seq == Some(seq) {
            return;
        }
        let report = self.examination.report();
        let id = &report.examination;
        let of_lesions = report.lesions.iter().flat_map(|lesion| {
            lesion.planes.iter().map(move |plane| KeyPlane {
                letter: Some(lesion.letter.clone()),
                share: share_of(lesion.grounds.as_ref(), plane.id),
                ..key_plane(id, plane)
            })
        });
        let mut planes: Vec<KeyPlane> =
            of_lesions.chain(report.planes.iter().map(|plane| key_plane(id, plane))).collect();
        planes.sort_by_key(|plane| (plane.letter.is_none(), plane.letter.clone(), plane.reason, plane.id));
        let kept = planes.iter().filter(|plane| plane.reason == report::PlaneReason::Kept).count();
        let said = |lesion: &report::LesionReport| {
            let said = SaidOfLesion {
                letter: lesion.letter.clone(),
                dismissed: lesion.dismissed,
                place: lesion.place.value().copied(),
                grounds: lesion.grounds.clone(),
                third: third_of(lesion.size.proposed.as_ref()),
            };
            let joined: Vec<u32> = lesion.joined.iter().map(|part| part.lesion).collect();
            joined.into_iter().chain([lesion.lesion]).map(move |lesion| (lesion, said.clone()))
        };
        let joined = |whole: &report::LesionReport| {
            let into = whole.lesion;
            let parts: Vec<u32> = whole.joined.iter().map(|part| part.lesion).collect();
            parts.into_iter().map(move |part| (part, into))
        };
        let entered = self.examination.entered_depth();
        let entered = entered.and_then(|depth| Some((depth.scale().ok()?, depth.size_px)));
        let former = |lesion: &&report::LesionReport| {
            lesion.lesion <= self.base && !self.lesions.contains_key(&lesion.lesion)
        };
        self.said = Said {
            seq: Some(seq),
            planes,
            kept,
            lesions: report.lesions.iter().flat_map(said).collect(),
            former: report.lesions.iter().filter(former).map(former_track).collect(),
            probe: self.examination.probe(),
            entered,
            joined: report.lesions.iter().flat_map(joined).collect(),
        };
    }

    pub(crate) fn letter(&self, lesion: u32) -> Option<String> {
        self.said.lesions.get(&lesion).map(|said| said.letter.clone())
    }

    /// Writes everything that people and earlier frames decide into an update.
    pub(crate) fn dress(
        &self,
        update: &mut LiveUpdate,
        truth: &[Truth],
        viewers: u32,
        calibrating: Option<usize>,
    ) {
        let saved = self.examination.saved();
        let trouble = saved.error.clone().or_else(|| self.trouble.clone());
        update.state = State {
            exam: self.examination.id(),
            sweep: self.number,
            paused: self.paused,
            probe: self.said.probe,
            calibrating,
            faults: self.faults.iter().copied().collect(),
            show_truth: self.show_truth,
            // At most MAX_UNDO.
            undo: self.undo.len() as u32,
            viewers,
            saved: trouble.is_none(),
            not_saved: saved.trouble.or(trouble.is_some().then_some(DiskTrouble::Refused)),
            not_saved_why: trouble,
            dropped_planes: saved.dropped_planes,
        };
        let room = MAX_LESIONS.saturating_sub(self.lesions.len());
        update.tracks = self
            .said
            .former
            .iter()
            .rev()
            .take(room)
            .cloned()
            .chain(self.listed().map(|lesion| {
                let id = lesion.track.id;
                let said = self.said.lesions.get(&id);
                TrackView {
                    dismissed: said.map_or_else(|| self.passed.contains(&id), |said| said.dismissed),
                    letter: said.map(|said| said.letter.clone()),
                    place: said.and_then(|said| said.place),
                    grounds: said.and_then(|said| said.grounds.clone()),
                    third: said.and_then(|said| said.third),
                    ..lesion.track.clone()
                }
            }))
            .collect();
        update.tracks.sort_by_key(|track| (track.letter.is_none(), track.letter.clone(), track.id));
        let listed: BTreeSet<u32> = update.tracks.iter().map(|track| self.whole(track.id)).collect();
        let is_listed = |plane: &&KeyPlane| plane.track.is_none_or(|lesion| listed.contains(&lesion));
        update.key_planes = self.said.planes.iter().filter(is_listed).cloned().collect();
        update.truth = self.show_truth.then(|| truth.to_vec());
    }

    /// The lesion that this one counts for.
    fn whole(&self, lesion: u32) -> u32 {
        self.said.joined.get(&lesion).copied().unwrap_or(lesion)
    }

    /// The lesions of this sweep that a page shows: of those that were joined the one that is followed.
    fn listed(&self) -> impl Iterator<Item = &Lesion> {
        let is_followed = |lesion: &Lesion| lesion.track.status != TrackStatus::Left;
        let followed: BTreeSet<u32> = self
            .lesions
            .values()
            .filter(|lesion| self.said.joined.contains_key(&lesion.track.id) && is_followed(lesion))
            .map(|lesion| self.whole(lesion.track.id))
            .collect();
        self.lesions.values().filter(move |lesion| {
            let is_part = self.said.joined.contains_key(&lesion.track.id);
            is_followed(lesion) || !(is_part || followed.contains(&lesion.track.id))
        })
    }

    pub(crate) fn dismiss(&mut self, lesion: u32) -> Result<(), (ErrorCode, String)> {
        self.known(lesion)?;
        let lesion = self.whole(lesion);
        match self.said.lesions.get(&lesion) {
            Some(said) if said.dismissed => {}
            Some(_) => {
                let act = self.act(Act::Dismiss { lesion })?;
                self.did(Done::Act(act));
            }
            None => {
                if self.passed.insert(lesion) {
                    self.did(Done::Passed(lesion));
                }
            }
        }
        Ok(())
    }

    /// Says where the probe stands; `None` of the place's parts leaves that part unknown.
    pub(crate) fn set_probe(&mut self, place: Place) -> Result<(), (ErrorCode, String)> {
        if self.said.probe != Some(place) {
            let act = self.act(Act::SetProbe { place })?;
            self.did(Done::Act(act));
        }
        Ok(())
    }

    /// How deep the picture reaches; `None` takes back what was said.
    pub(crate) fn set_depth(&mut self, depth: Option<EnteredDepth>) -> Result<(), (ErrorCode, String)> {
        if depth.is_some() || self.said.entered.is_some() {
            let act = self.act(Act::SetDepth { depth })?;
            self.did(Done::Act(act));
        }
        Ok(())
    }

    pub(crate) fn entered_scale(&self, size_px: [u32; 2]) -> Option<MmPerPx> {
        self.said.entered.filter(|(_, of)| *of == size_px).map(|(scale, _)| scale)
    }

    pub(crate) fn keep(
        &mut self,
        shown: &LiveUpdate,
        picture: &Arc<GrayImage>,
        lesion: Option<u32>,
    ) -> Result<(), (ErrorCode, String)> {
        if let Some(lesion) = lesion {
            self.known(lesion)?;
        }
        if shown.state.sweep != self.number {
            let message = "keep_plane: nothing of this sweep has been drawn yet";
            return Err((ErrorCode::NothingDrawn, message.to_owned()));
        }
        if self.said.kept >= MAX_KEPT {
            let message = "keep_plane: no more planes can be kept by hand";
            return Err((ErrorCode::TooManyPlanes, message.to_owned()));
        }
        // A lesion that is not confirmed is none of the examination's yet.
        let lesion_there = lesion.filter(|lesion| self.said.lesions.contains_key(lesion));
        let lesion_there = lesion_there.map(|lesion| self.whole(lesion));
        let plane = self.plane(shown, lesion, report::PlaneReason::Kept);
        let plane = report::Plane { lesion: lesion_there, ..plane };
        let kept = self.examination.keep(plane, picture, Some(self.by.clone()));
        let kept = kept.map_err(|error| (ErrorCode::NotSaved, error.to_string()))?;
        self.did(Done::Kept(kept.id));
        self.read_examination();
        Ok(())
    }

    pub(crate) fn undo(&mut self) -> Result<(), (ErrorCode, String)> {
        let Some(last) = self.undo.last().copied() else {
            return Err((ErrorCode::NothingToUndo, "undo: nothing was done yet".to_owned()));
        };
        match last {
            Done::Act(seq) => {
                self.examination.take_back_soon(&self.by, seq).map_err(refused)?;
                self.read_examination();
            }
            Done::Passed(lesion) => {
                self.passed.remove(&lesion);
            }
            Done::Kept(plane) => {
                self.act(Act::ReleasePlane { plane })?;
            }
        }
        self.undo.pop();
        Ok(())
    }

    /// The pipeline publishes under the same lock, so that nothing here waits for a disk.
    fn act(&mut self, act: Act) -> Result<u64, (ErrorCode, String)> {
        let seq = self.examination.act_soon(&self.by, act).map_err(refused)?;
        self.read_examination();
        Ok(seq)
    }

    fn note(&mut self, recorded: Result<(), JournalError>) {
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

    fn known(&self, lesion: u32) -> Result<(), (ErrorCode, String)> {
        if self.lesions.contains_key(&lesion) || self.said.lesions.contains_key(&lesion) {
            return Ok(());
        }
        Err((ErrorCode::UnknownTrack, format!("track: {lesion} is not one of this sweep")))
    }

    fn did(&mut self, done: Done) {
        if self.undo.len() == MAX_UNDO {
            self.undo.remove(0);
        }
        self.undo.push(done);
    }
}

fn refused(refusal: Refusal) -> (ErrorCode, String) {
    let code = match refusal {
        Refusal::Journal(_) => ErrorCode::NotSaved,
        Refusal::Signed => ErrorCode::Signed,
        Refusal::BadValue(_) => ErrorCode::BadValue,
        _ => ErrorCode::BadMessage,
    };
    (code, refusal.to_string())
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
        malignancy: track.malignancy.map(|estimate| report::Chance {
            estimate,
            interval: track.malignancy_95.map(|Interval(ends)| ends),
        }),
        evidence: state.evidence.as_ref().map(view::evidence),
        category: lesion.category.shown(),
        volume_cm3: None,
        sightings: track.sightings,
    };
    with_whole(seen, lesion.whole)
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

fn label(category: BiRads) -> String {
    category.label().to_owned()
}

/// Its third axis, where it is a size in millimetres.
fn third_of(size: Option<&report::Size>) -> Option<report::ThirdAxis> {
    size.filter(|size| size.unit == Unit::Millimetre)?.third
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

/// The share of a key plane in the grade of its lesion.
fn share_of(grounds: Option<&report::Grounds>, plane: u64) -> Option<f32> {
    grounds?.marked.iter().find(|marked| marked.plane == plane).map(|marked| marked.share)
}

/// A plane of the report; its lesion gives it a letter and a share.
fn key_plane(exam: &str, plane: &report::Plane) -> KeyPlane {
    let size = |unit: Unit| {
        let size = plane.size.filter(|size| size.unit == unit)?;
        Some(Size { long: size.long, short: size.short })
    };
    KeyPlane {
        id: plane.id,
        url: format!("/api/exams/{exam}/planes/{}.png", plane.id),
        track: plane.lesion,
        letter: None,
        reason: plane.reason,
        time_ms: plane.time_ms,
        size_of_picture_px: WidthHeight(plane.picture_px),
        box_px: bounds(&plane.contour_px),
        share: None,
        size_mm: size(Unit::Millimetre),
        size_px: size(Unit::Pixel),
    }
}

fn bounds(points: &[[f32; 2]]) -> Option<BoxXy> {
    let first = points.first()?;
    let grow = |b: [f32; 4], p: &[f32; 2]| [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])];
    Some(BoxXy(points.iter().fold([first[0], first[1], first[0], first[1]], grow)))
}

/// A lesion of the examination that this sweep has not seen.
fn former_track(lesion: &report::LesionReport) -> TrackView {
    let size = lesion.size.value();
    let flat = |unit: Unit| {
        let size = size.filter(|size| size.unit == unit)?;
        Some(Size { long: size.long, short: size.short })
    };
    TrackView {
        id: lesion.lesion,
        letter: Some(lesion.letter.clone()),
        status: TrackStatus::Left,
        dismissed: lesion.dismissed,
        place: lesion.place.value().copied(),
        box_px: None,
        contour_px: None,
        malignancy: lesion.malignancy.map(|chance| chance.estimate),
        malignancy_95: lesion.malignancy.and_then(|chance| chance.interval).map(Interval),
        birads: lesion.category.value().map(|category| category.label().to_owned()),
        descriptors: Vec::new(),
        size_mm: flat(Unit::Millimetre),
        size_px: flat(Unit::Pixel),
        third: third_of(size),
        sightings: lesion.sightings,
        grounds: lesion.grounds.clone(),
    }
}
