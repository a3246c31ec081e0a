//! The planes kept of one sweep, with their pictures, in bounded memory.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use image::GrayImage;

use crate::wire::{KeyPlane, PlaneReason};

/// The most planes the machine keeps: four reasons for sixteen lesions. Beyond it the oldest goes.
const MAX_MACHINE: usize = 64;
/// The most planes a person keeps; beyond it keeping is refused, because a person's choice is never replaced.
const MAX_KEPT: usize = 32;
/// How many replaced planes can still be fetched by a page whose list is a moment old. While lesions grow, each frame
/// replaces several planes, and they share its picture: 64 are the pictures of about half a second.
const GRACE: usize = 64;

#[derive(Debug, Clone)]
struct Plane {
    entry: KeyPlane,
    picture: Arc<GrayImage>,
}

/// The planes of the present sweep.
#[derive(Debug, Default)]
pub(crate) struct Planes {
    /// Never used again, over all sweeps: what a plane's address shows never changes.
    last_id: u64,
    machine: BTreeMap<(u32, PlaneReason), Plane>,
    kept: Vec<Plane>,
    replaced: VecDeque<Plane>,
}

impl Planes {
    /// Forgets the pictures of the former sweep.
    pub(crate) fn clear(&mut self) {
        *self = Self { last_id: self.last_id, ..Self::default() };
    }

    /// Takes the machine's plane of a track for a reason, in place of the former one.
    pub(crate) fn choose(&mut self, track: u32, entry: KeyPlane, picture: Arc<GrayImage>) {
        let plane = self.numbered(entry, picture);
        if let Some(former) = self.machine.insert((track, plane.entry.reason), plane) {
            self.retire(former);
        }
        if self.machine.len() > MAX_MACHINE {
            let oldest = self.machine.iter().min_by_key(|(_, plane)| plane.entry.id).map(|(key, _)| *key);
            if let Some(plane) = oldest.and_then(|key| self.machine.remove(&key)) {
                tracing::warn!(limit = MAX_MACHINE, "the oldest key plane was dropped to bound memory");
                self.retire(plane);
            }
        }
    }

    /// Keeps a plane at a person's wish; its number, or `None` where no more can be kept.
    pub(crate) fn keep(&mut self, entry: KeyPlane, picture: Arc<GrayImage>) -> Option<u64> {
        if self.kept.len() >= MAX_KEPT {
            return None;
        }
        let plane = self.numbered(entry, picture);
        let id = plane.entry.id;
        self.kept.push(plane);
        Some(id)
    }

    /// Takes back a plane that a person kept.
    pub(crate) fn release(&mut self, id: u64) {
        if let Some(position) = self.kept.iter().position(|plane| plane.entry.id == id) {
            let plane = self.kept.remove(position);
            self.retire(plane);
        }
    }

    /// Gives the planes of a track that ended to the one it is part of, where that has none for the reason.
    pub(crate) fn hand_over(&mut self, from: u32, into: u32) {
        let theirs: Vec<_> = self.machine.keys().filter(|(track, _)| *track == from).copied().collect();
        for key in theirs {
            let Some(mut plane) = self.machine.remove(&key) else { continue };
            plane.entry.track = Some(into);
            let too_many = match self.machine.entry((into, key.1)) {
                Entry::Occupied(_) => Some(plane),
                Entry::Vacant(place) => {
                    place.insert(plane);
                    None
                }
            };
            too_many.into_iter().for_each(|plane| self.retire(plane));
        }
        for plane in self.kept.iter_mut().filter(|plane| plane.entry.track == Some(from)) {
            plane.entry.track = Some(into);
        }
    }

    /// Drops the machine's planes of tracks that were never confirmed and are gone.
    pub(crate) fn forget_tracks(&mut self, gone: impl Fn(u32) -> bool) {
        self.machine.retain(|(track, _), _| !gone(*track));
    }

    /// The picture of a plane that is kept, or was until a moment ago.
    pub(crate) fn picture(&self, id: u64) -> Option<Arc<GrayImage>> {
        let mut all = self.machine.values().chain(&self.kept).chain(&self.replaced);
        all.find(|plane| plane.entry.id == id).map(|plane| Arc::clone(&plane.picture))
    }

    /// The list as pages get it; `letter_of` names the tracks as they stand now.
    pub(crate) fn list(&self, letter_of: impl Fn(u32) -> Option<String>) -> Vec<KeyPlane> {
        let mut list: Vec<KeyPlane> = self
            .machine
            .values()
            .chain(&self.kept)
            .map(|plane| KeyPlane { letter: plane.entry.track.and_then(&letter_of), ..plane.entry.clone() })
            .collect();
        // Letters first, then lesions that have none yet, then planes that show no lesion.
        list.sort_by_key(|plane| {
            (
                plane.letter.is_none(),
                plane.letter.clone(),
                plane.track.is_none(),
                plane.track,
                plane.reason,
                plane.id,
            )
        });
        list
    }

    fn numbered(&mut self, entry: KeyPlane, picture: Arc<GrayImage>) -> Plane {
        self.last_id += 1;
        let id = self.last_id;
        Plane { entry: KeyPlane { id, url: format!("/api/planes/{id}.png"), ..entry }, picture }
    }

    fn retire(&mut self, plane: Plane) {
        if self.replaced.len() == GRACE {
            self.replaced.pop_front();
        }
        self.replaced.push_back(plane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::WidthHeight;

    fn entry(track: Option<u32>, reason: PlaneReason) -> KeyPlane {
        KeyPlane {
            id: 0,
            url: String::new(),
            track,
            letter: None,
            reason,
            frame: 0,
            time_ms: 0.0,
            size_of_picture_px: WidthHeight([1, 1]),
            box_px: None,
            size_mm: None,
            size_px: None,
        }
    }

    fn picture(level: u8) -> Arc<GrayImage> {
        Arc::new(GrayImage::from_pixel(1, 1, image::Luma([level])))
    }

    #[test]
    fn a_better_plane_takes_the_place_of_the_former_and_has_its_own_address() {
        let mut planes = Planes::default();
        planes.choose(1, entry(Some(1), PlaneReason::Largest), picture(1));
        planes.choose(1, entry(Some(1), PlaneReason::Largest), picture(2));
        let list = planes.list(|_| Some("A".to_owned()));
        assert_eq!(list.iter().map(|plane| plane.url.as_str()).collect::<Vec<_>>(), ["/api/planes/2.png"]);
        assert_eq!(planes.picture(2).map(|picture| picture.as_raw()[0]), Some(2));
        assert_eq!(
            planes.picture(1).map(|picture| picture.as_raw()[0]),
            Some(1),
            "a page may still ask for it"
        );
    }

    #[test]
    fn what_is_held_is_bounded_whatever_the_pipeline_says() {
        let mut planes = Planes::default();
        for track in 0..10_000 {
            planes.choose(track, entry(Some(track), PlaneReason::Features), picture(0));
        }
        let kept = (0..100).filter_map(|_| planes.keep(entry(None, PlaneReason::Kept), picture(0))).count();
        assert_eq!((planes.machine.len(), kept, planes.replaced.len()), (MAX_MACHINE, MAX_KEPT, GRACE));
        planes.clear();
        assert!(planes.list(|_| None).is_empty());
        planes.choose(1, entry(Some(1), PlaneReason::Largest), picture(0));
        assert_eq!(planes.list(|_| None)[0].id, 10_000 + MAX_KEPT as u64 + 1, "numbers are never used again");
    }

    #[test]
    fn a_track_that_ends_in_another_leaves_it_the_planes_that_it_lacks() {
        let mut planes = Planes::default();
        planes.choose(1, entry(Some(1), PlaneReason::Largest), picture(1));
        planes.choose(2, entry(Some(2), PlaneReason::Largest), picture(2));
        planes.choose(2, entry(Some(2), PlaneReason::Features), picture(3));
        planes.keep(entry(Some(2), PlaneReason::Kept), picture(4));
        planes.hand_over(2, 1);
        let list: Vec<_> =
            planes.list(|_| None).iter().map(|plane| (plane.id, plane.track, plane.reason)).collect();
        assert_eq!(
            list,
            [
                (1, Some(1), PlaneReason::Largest),
                (3, Some(1), PlaneReason::Features),
                (4, Some(1), PlaneReason::Kept),
            ]
        );
        assert!(planes.picture(2).is_some(), "a page may still ask for it");
    }

    #[test]
    fn the_strip_is_ordered_by_letter_then_reason_then_age() {
        let mut planes = Planes::default();
        planes.keep(entry(None, PlaneReason::Kept), picture(0));
        planes.choose(2, entry(Some(2), PlaneReason::Suspicious), picture(0));
        planes.choose(3, entry(Some(3), PlaneReason::Largest), picture(0));
        planes.choose(2, entry(Some(2), PlaneReason::Largest), picture(0));
        let letter = |track| (track == 3).then(|| "A".to_owned());
        let order: Vec<_> = planes.list(letter).iter().map(|plane| (plane.track, plane.reason)).collect();
        assert_eq!(
            order,
            [
                (Some(3), PlaneReason::Largest),
                (Some(2), PlaneReason::Largest),
                (Some(2), PlaneReason::Suspicious),
                (None, PlaneReason::Kept),
            ]
        );
    }
}
