//! What people do on the live page, and take back.

use std::sync::Arc;

use image::GrayImage;
use peony_examination::{Act, EnteredDepth, Refusal};
use peony_model::{MmPerPx, Place, report};

use super::Sweep;
use crate::wire::{ErrorCode, LiveUpdate};

/// How many actions can be taken back.
const MAX_UNDO: usize = 64;
/// A person may keep so many planes by hand.
const MAX_KEPT: usize = 64;

/// Something a person did that can be taken back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Done {
    /// An act, by the number of its entry in the examination.
    Act(u64),
    /// A new lesion was struck out, of which the examination knows nothing.
    Passed(u32),
    /// A plane was kept.
    Kept(u64),
}

impl Sweep {
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

    /// Says that a lesion is one and the same as another.
    pub(crate) fn join(&mut self, lesion: u32, into: u32) -> Result<(), (ErrorCode, String)> {
        let [lesion, into] = self.both(lesion, into)?;
        let act = self.act(Act::Join { lesion, into })?;
        self.did(Done::Act(act));
        Ok(())
    }

    /// Says that a lesion is not the earlier one that it was taken for.
    pub(crate) fn keep_apart(&mut self, lesion: u32, from: u32) -> Result<(), (ErrorCode, String)> {
        let [lesion, from] = self.both(lesion, from)?;
        let act = self.act(Act::KeepApart { lesion, from })?;
        self.did(Done::Act(act));
        Ok(())
    }

    /// Both as the examination counts them.
    fn both(&self, one: u32, other: u32) -> Result<[u32; 2], (ErrorCode, String)> {
        self.known(one)?;
        self.known(other)?;
        Ok([self.whole(one), self.whole(other)])
    }

    /// Rests, or goes on. What must last of the pictures so far is written first.
    pub(crate) fn pause(&mut self, paused: bool) {
        self.paused = paused;
        if paused {
            let told = self.examination.rest();
            self.note(told);
            self.read_examination();
        }
    }

    /// Says where the probe stands; `None` of the place's parts leaves that part unknown. The same place said again holds from then on; the
    /// same breast alone tells nothing new.
    pub(crate) fn set_probe(&mut self, place: Place) -> Result<(), (ErrorCode, String)> {
        if place.clock.is_some() || self.said.probe != Some(place) {
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
        let kept = self.examination.keep(plane, picture, Some(self.asking.clone()));
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
                self.examination.take_back_soon(self.asking.clone(), seq).map_err(refused)?;
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
        let seq = self.examination.act_soon(self.asking.clone(), act).map_err(refused)?;
        self.read_examination();
        Ok(seq)
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

pub(crate) fn refused(refusal: Refusal) -> (ErrorCode, String) {
    let code = match refusal {
        Refusal::Journal(_) => ErrorCode::NotSaved,
        Refusal::Signed => ErrorCode::Signed,
        Refusal::BadValue(_) => ErrorCode::BadValue,
        Refusal::OtherAct => ErrorCode::OtherAct,
        _ => ErrorCode::BadMessage,
    };
    (code, refusal.to_string())
}
