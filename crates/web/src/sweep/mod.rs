//! What is remembered of one sweep: its lesions, and what people did to them. What must last goes to the examination.

mod acts;
mod record;
mod said;
mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use image::GrayImage;
use peony_examination::again::Asked;
use peony_examination::{ActKey, Asking, Author, Examination, Observation};
use peony_model::{BiRads, MmPerPx, Place, report};
use peony_ultrasound::output::{self, StepOutput, TrackState};

use self::acts::Done;
pub(crate) use self::acts::refused;
use crate::steady::{Grade, Steady};
use crate::view;
use crate::wire::{Fault, KeyPlane, LiveUpdate, TrackStatus, TrackView};

/// How many lesions the live page shows; beyond it those that left longest ago are in the report alone. Every frame carries the
/// list, and a page with a hundred lesions drew later and later.
const MAX_LESIONS: usize = 24;
/// Who acts on the live page where there are no accounts.
const BY: &str = "live page";

#[derive(Debug)]
struct Lesion {
    track: TrackView,
    /// Its size was taken from its largest plane: later sightings do not change it.
    sized_by_plane: bool,
    grade: Steady,
    /// How far it reaches along the sweep, once that has led over both its ends.
    whole: Option<Whole>,
    /// What the examination was told last.
    told: Option<Observation>,
    /// Lesions that were seen on one frame with it.
    seen_with: Vec<u32>,
    asked: Asked,
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
    /// The earlier lesion that it may be again.
    may_be: Option<report::Joined>,
    grounds: Option<report::Grounds>,
    category: report::Field<BiRads>,
    size: report::Field<report::Size>,
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
    /// Who gives the commands, and what their page calls the one that is followed now.
    asking: Asking,
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
            asking: BY.into(),
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
        let asking = Asking::from(&self.asking.by);
        *self = Self { number, paused, faults, show_truth, asking, ..Self::first(examination) };
    }

    /// Who gives the commands from now on, and what they call the one that comes; what another one did is theirs to take back.
    pub(crate) fn follows(&mut self, by: Option<&Author>, key: Option<&ActKey>) {
        let by = by.map_or_else(|| BY.into(), Author::clone);
        if !self.asking.by.is(&by) {
            self.undo.clear();
        }
        self.asking = Asking { by, key: key.cloned() };
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
                let left = TrackView {
                    status: TrackStatus::Left,
                    box_px: None,
                    contour_px: None,
                    ..lesion.track.clone()
                };
                lesion.track = graded(left, lesion.grade.end());
            }
        }
        let recorded = self.record(picture, output, update, &left);
        self.note(recorded);
        self.forget();
        self.read_examination();
    }

    fn sight(&mut self, track: TrackView, state: &TrackState, time_ns: u64) {
        let former = self.lesions.remove(&track.id);
        let (sized, mut grade, whole, told, asked) = match former {
            None => (None, Steady::default(), None, None, Asked::default()),
            Some(Lesion { track, sized_by_plane, grade, whole, told, asked, .. }) => {
                (Some((track, sized_by_plane)), grade, whole, told, asked)
            }
        };
        let seen_with = state.seen_with.iter().map(|other| self.lesion_of(*other)).collect();
        let TrackView { malignancy, malignancy_95, .. } = track;
        let said = grade.say(Grade { category: state.assessment, malignancy, malignancy_95 }, time_ns);
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
        let track = graded(TrackView { size_mm, size_px, ..track }, said);
        let lesion = Lesion { track, sized_by_plane, grade, whole, told, seen_with, asked };
        self.lesions.insert(lesion.track.id, lesion);
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
}

/// The same lesion with this grade.
fn graded(track: TrackView, grade: Grade) -> TrackView {
    let Grade { category, malignancy, malignancy_95 } = grade;
    let birads = category.map(|category| category.label().to_owned());
    TrackView { birads, malignancy, malignancy_95, ..track }
}
