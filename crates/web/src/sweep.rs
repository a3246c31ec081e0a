//! What is remembered of one sweep: its lesions, its planes, and what people did to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use image::GrayImage;
use peony_ultrasound::output::{Event, StepOutput};

use crate::planes::Planes;
use crate::view;
use crate::wire::{
    ErrorCode, Fault, KeyPlane, LiveUpdate, PlaneReason, Side, State, TrackStatus, TrackView, Truth,
};

/// How many lesions of a sweep are remembered; beyond it those that left longest ago are forgotten.
const MAX_LESIONS: usize = 64;
/// How many actions can be taken back.
const MAX_UNDO: usize = 64;

/// Something a person did that can be taken back.
#[derive(Debug, Clone, Copy)]
enum Done {
    Dismissed(u32),
    Kept(u64),
    Side(Side),
}

#[derive(Debug)]
struct Lesion {
    track: TrackView,
    /// Its size was taken from its largest plane: later sightings do not change it.
    sized_by_plane: bool,
}

/// The present sweep.
#[derive(Debug)]
pub(crate) struct Sweep {
    number: u32,
    pub(crate) paused: bool,
    pub(crate) faults: BTreeSet<Fault>,
    pub(crate) show_truth: bool,
    side: Side,
    lesions: BTreeMap<u32, Lesion>,
    dismissed: BTreeSet<u32>,
    pub(crate) planes: Planes,
    undo: Vec<Done>,
}

impl Sweep {
    pub(crate) fn first() -> Self {
        Self {
            number: 1,
            paused: false,
            faults: BTreeSet::new(),
            show_truth: false,
            side: Side::default(),
            lesions: BTreeMap::new(),
            dismissed: BTreeSet::new(),
            planes: Planes::default(),
            undo: Vec::new(),
        }
    }

    /// Forgets the former sweep's lesions and planes; the switches stay.
    pub(crate) fn begin_next(&mut self) {
        self.number += 1;
        self.lesions.clear();
        self.dismissed.clear();
        self.undo.clear();
        self.planes.clear();
    }

    /// Takes in what the pipeline said about a frame; `update` holds the frame's own findings already.
    pub(crate) fn observe(&mut self, picture: &Arc<GrayImage>, output: &StepOutput, update: &LiveUpdate) {
        for state in &output.tracks {
            let seen = state
                .finding
                .and_then(|index| Some((output.findings.get(index)?, update.findings.get(index)?)));
            self.sight(view::track(state, seen));
        }
        for (id, lesion) in &mut self.lesions {
            if !output.tracks.iter().any(|state| state.id == *id) {
                lesion.track = TrackView {
                    status: TrackStatus::Left,
                    box_px: None,
                    contour_px: None,
                    ..lesion.track.clone()
                };
            }
        }
        for event in &output.events {
            match event {
                Event::KeyPlane { track, reason, box_px } => {
                    let entry =
                        KeyPlane { box_px: Some(view::boxed(*box_px)), ..self.plane(update, Some(*track)) };
                    let entry = KeyPlane { reason: view::reason(*reason), ..entry };
                    self.choose(*track, entry, picture);
                }
                Event::Merged { from, into } => self.merge(*from, *into),
                // What returned is among the tracks, and is seen again as any other.
                Event::Confirmed { .. }
                | Event::Returned { .. }
                | Event::Left { .. }
                | Event::Volume(_)
                | Event::Quality(_) => {}
            }
        }
        self.forget();
    }

    /// A lesion that turned out to be another one goes; planes that the other lacks become its own.
    fn merge(&mut self, from: u32, into: u32) {
        self.lesions.remove(&from);
        self.dismissed.remove(&from);
        self.planes.hand_over(from, into);
    }

    fn sight(&mut self, track: TrackView) {
        let former = self.lesions.remove(&track.id);
        let sized_by_plane = former.as_ref().is_some_and(|lesion| lesion.sized_by_plane);
        let measured = track.size_mm.is_some() || track.size_px.is_some();
        let track = match former {
            Some(former) if sized_by_plane || !measured => {
                TrackView { size_mm: former.track.size_mm, size_px: former.track.size_px, ..track }
            }
            _ => track,
        };
        self.lesions.insert(track.id, Lesion { track, sized_by_plane });
    }

    fn choose(&mut self, track: u32, entry: KeyPlane, picture: &Arc<GrayImage>) {
        let measured = entry.size_mm.is_some() || entry.size_px.is_some();
        if entry.reason == PlaneReason::Largest
            && measured
            && let Some(lesion) = self.lesions.get_mut(&track)
        {
            lesion.track.size_mm = entry.size_mm;
            lesion.track.size_px = entry.size_px;
            lesion.sized_by_plane = true;
        }
        self.planes.choose(track, entry, Arc::clone(picture));
    }

    /// A plane of the frame in `update`, with the sighting of `track` on it.
    fn plane(&self, update: &LiveUpdate, track: Option<u32>) -> KeyPlane {
        let seen = update.findings.iter().find(|finding| track.is_some() && finding.track == track);
        KeyPlane {
            id: 0,
            url: String::new(),
            track,
            letter: None,
            reason: PlaneReason::Kept,
            frame: update.frame,
            time_ms: update.time_ms,
            size_of_picture_px: update.size_px,
            box_px: seen.map(|finding| finding.box_px),
            size_mm: seen.and_then(|finding| finding.size_mm),
            size_px: seen.and_then(|finding| finding.size_px),
        }
    }

    /// New lesions that went without being confirmed were noise; of the others the oldest go when there are too many.
    fn forget(&mut self) {
        let dismissed = &self.dismissed;
        let mut gone: BTreeSet<u32> = self
            .lesions
            .values()
            .map(|lesion| &lesion.track)
            .filter(|track| {
                track.status == TrackStatus::Left && track.letter.is_none() && !dismissed.contains(&track.id)
            })
            .map(|track| track.id)
            .collect();
        let surplus = self.lesions.len().saturating_sub(gone.len() + MAX_LESIONS);
        let left_first = |id: &&u32| self.lesions[*id].track.status != TrackStatus::Left;
        let mut rest: Vec<&u32> = self.lesions.keys().filter(|id| !gone.contains(id)).collect();
        rest.sort_by_key(left_first);
        gone.extend(rest.into_iter().take(surplus).copied().collect::<Vec<_>>());
        if gone.is_empty() {
            return;
        }
        self.lesions.retain(|id, _| !gone.contains(id));
        self.dismissed.retain(|id| !gone.contains(id));
        self.planes.forget_tracks(|track| gone.contains(&track));
    }

    pub(crate) fn letter(&self, track: u32) -> Option<String> {
        self.lesions.get(&track).and_then(|lesion| lesion.track.letter.clone())
    }

    /// Writes everything that people and earlier frames decide into an update.
    pub(crate) fn dress(&self, update: &mut LiveUpdate, truth: &[Truth], viewers: u32) {
        update.state = State {
            sweep: self.number,
            paused: self.paused,
            side: self.side,
            faults: self.faults.iter().copied().collect(),
            show_truth: self.show_truth,
            // At most MAX_UNDO.
            undo: self.undo.len() as u32,
            viewers,
        };
        let dismissed = |track: &TrackView| self.dismissed.contains(&track.id);
        update.tracks = self
            .lesions
            .values()
            .map(|lesion| TrackView { dismissed: dismissed(&lesion.track), ..lesion.track.clone() })
            .collect();
        update.tracks.sort_by_key(|track| (track.letter.is_none(), track.letter.clone(), track.id));
        update.key_planes = self.planes.list(|track| self.letter(track));
        update.truth = self.show_truth.then(|| truth.to_vec());
    }

    pub(crate) fn dismiss(&mut self, track: u32) -> Result<(), (ErrorCode, String)> {
        self.known(track)?;
        if self.dismissed.insert(track) {
            self.did(Done::Dismissed(track));
        }
        Ok(())
    }

    pub(crate) fn set_side(&mut self, side: Side) {
        if self.side != side {
            self.did(Done::Side(self.side));
            self.side = side;
        }
    }

    pub(crate) fn keep(
        &mut self,
        shown: &LiveUpdate,
        picture: &Arc<GrayImage>,
        track: Option<u32>,
    ) -> Result<(), (ErrorCode, String)> {
        if let Some(track) = track {
            self.known(track)?;
        }
        if shown.state.sweep != self.number {
            return Err((
                ErrorCode::NothingDrawn,
                "keep_plane: nothing of this sweep has been drawn yet".to_owned(),
            ));
        }
        let entry = self.plane(shown, track);
        let id = self.planes.keep(entry, Arc::clone(picture)).ok_or_else(|| {
            (ErrorCode::TooManyPlanes, "keep_plane: no more planes can be kept by hand".to_owned())
        })?;
        self.did(Done::Kept(id));
        Ok(())
    }

    pub(crate) fn undo(&mut self) -> Result<(), (ErrorCode, String)> {
        match self.undo.pop() {
            Some(Done::Dismissed(track)) => {
                self.dismissed.remove(&track);
            }
            Some(Done::Kept(id)) => self.planes.release(id),
            Some(Done::Side(side)) => self.side = side,
            None => return Err((ErrorCode::NothingToUndo, "undo: nothing was done yet".to_owned())),
        }
        Ok(())
    }

    fn known(&self, track: u32) -> Result<(), (ErrorCode, String)> {
        if self.lesions.contains_key(&track) {
            return Ok(());
        }
        Err((ErrorCode::UnknownTrack, format!("track: {track} is not one of this sweep")))
    }

    fn did(&mut self, done: Done) {
        if self.undo.len() == MAX_UNDO {
            self.undo.remove(0);
        }
        self.undo.push(done);
    }
}
