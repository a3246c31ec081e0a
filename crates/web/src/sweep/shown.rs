//! What people and earlier frames decide, written into what a page is sent.

use std::collections::BTreeSet;

use peony_examination::DiskTrouble;

use super::said::third_of;
use super::{Lesion, MAX_LESIONS, Sweep};
use crate::wire::{KeyPlane, LiveUpdate, State, TrackStatus, TrackView, Truth};

impl Sweep {
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
            .chain(self.listed().map(|lesion| self.row(&lesion.track)))
            .collect();
        update.tracks.sort_by_key(|track| (track.letter.is_none(), track.letter.clone(), track.id));
        let listed: BTreeSet<u32> = update.tracks.iter().map(|track| self.whole(track.id)).collect();
        let is_listed = |plane: &&KeyPlane| plane.track.is_none_or(|lesion| listed.contains(&lesion));
        update.key_planes = self.said.planes.iter().filter(is_listed).cloned().collect();
        update.truth = self.show_truth.then(|| truth.to_vec());
    }

    /// A lesion with what the examination says of it. What nobody has said of its category and its size is as it is on this very frame.
    fn row(&self, track: &TrackView) -> TrackView {
        let track = track.clone();
        let Some(said) = self.said.lesions.get(&track.id) else {
            return TrackView { dismissed: self.passed.contains(&track.id), letter: None, ..track };
        };
        let row = TrackView {
            dismissed: said.dismissed,
            letter: Some(said.letter.clone()),
            place: said.place,
            may_be: said.may_be.clone(),
            grounds: said.grounds.clone(),
            third: third_of(said.size.proposed.as_ref()),
            ..track
        };
        let row = if said.category.said.is_some() { row.with_category(&said.category) } else { row };
        if said.size.said.is_some() { row.with_size(&said.size) } else { row }
    }

    /// The lesion that this one counts for.
    pub(super) fn whole(&self, lesion: u32) -> u32 {
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
}
