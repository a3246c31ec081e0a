//! The planes worth keeping: for each confirmed lesion its largest, its best seen, and its most suspicious.
//!
//! A plane is replaced only by a clearly better one, so that the strip does not flicker. Planes from before a lesion was
//! confirmed (its first three sightings) are not considered.

use std::sync::Arc;

use image::GrayImage;
use peony_model::{BoxPx, Region};

use crate::detect::{Detected, Found};
use crate::output::{Event, PlaneReason};
use crate::pipeline::View;
use crate::quality::Assessed;
use crate::track::{Track, Tracked};

/// A plane replaces another when its figure is better by this factor.
const CLEARLY_BETTER: f32 = 1.15;
/// Pictures are kept of so many lesions; the one confirmed first gives way.
const MOST_LESIONS: usize = 16;

/// A plane that was kept.
#[derive(Debug, Clone)]
pub struct KeyPlane {
    /// The lesion it shows.
    pub track: u32,
    /// Why it was kept.
    pub reason: PlaneReason,
    /// The frame's number in its source.
    pub frame: u64,
    /// The frame's time, in nanoseconds since the source's first frame.
    pub time_ns: u64,
    /// The lesion's region on it.
    pub region: Region,
    /// The grey picture.
    pub luma: Arc<GrayImage>,
    /// What it was chosen by, larger is better; its scale differs from reason to reason.
    pub figure: f32,
}

impl KeyPlane {
    /// The lesion's box on the picture.
    #[must_use]
    pub fn box_px(&self) -> BoxPx {
        self.region.box_px()
    }
}

/// The planes kept so far.
#[derive(Debug, Default)]
pub(crate) struct KeyPlanes {
    planes: Vec<KeyPlane>,
}

impl KeyPlanes {
    pub fn planes(&self) -> &[KeyPlane] {
        &self.planes
    }

    /// Make room for a lesion that has no plane yet.
    fn make_room(&mut self, track: u32) {
        let mut lesions: Vec<u32> = self.planes.iter().map(|plane| plane.track).collect();
        lesions.sort_unstable();
        lesions.dedup();
        if lesions.len() >= MOST_LESIONS && !lesions.contains(&track) {
            let oldest = lesions[0];
            self.planes.retain(|plane| plane.track != oldest);
        }
    }
}

/// What was kept on one frame.
#[derive(Debug, Default)]
pub(crate) struct KeptPlanes {
    pub replaced: Vec<Event>,
}

/// Keep this frame for each confirmed lesion of which it is clearly the best plane so far.
pub(crate) fn keep(
    state: &mut KeyPlanes,
    view: &View<'_>,
    assessed: &Assessed,
    tracked: &Tracked,
    detected: &Detected,
) -> KeptPlanes {
    let mut kept = KeptPlanes::default();
    if !tracked.fresh {
        return kept;
    }
    // One copy of the picture serves all planes kept from it.
    let mut picture: Option<Arc<GrayImage>> = None;
    for track in tracked.tracks.iter().filter(|track| track.letter.is_some()) {
        let Some(found) = track.finding.and_then(|index| detected.findings.get(index)) else { continue };
        for (reason, figure) in figures(track, found, assessed) {
            let at = state.planes.iter().position(|plane| plane.track == track.id && plane.reason == reason);
            if at.is_some_and(|at| figure <= state.planes[at].figure * CLEARLY_BETTER) {
                continue;
            }
            let luma = Arc::clone(picture.get_or_insert_with(|| Arc::new(view.luma.clone().into_owned())));
            let region = found.finding.region.clone();
            let (frame, time_ns) = (view.frame.index, view.frame.time_ns);
            let plane = KeyPlane { track: track.id, reason, frame, time_ns, region, luma, figure };
            let box_px = plane.box_px();
            match at {
                Some(at) => state.planes[at] = plane,
                None => {
                    state.make_room(track.id);
                    state.planes.push(plane);
                }
            }
            kept.replaced.push(Event::KeyPlane { track: track.id, reason, box_px });
        }
    }
    kept
}

/// What each reason weighs: area; sureness times sharpness of a whole lesion; malignancy where the lesion is sure.
fn figures(track: &Track, found: &Found, assessed: &Assessed) -> [(PlaneReason, f32); 3] {
    let whole = if found.cut { 0.5 } else { 1.0 };
    let settled = if assessed.moving_fast { 0.5 } else { 1.0 };
    let sure = found.finding.score * whole;
    let malignancy = found.finding.malignancy.unwrap_or_default();
    // A sighting far from what all the others say is more often a bad frame than a bad lesion.
    let believable = if track.malignancy_95().is_some_and(|[_, high]| malignancy > high) { 0.9 } else { 1.0 };
    [
        (PlaneReason::Largest, found.area_px2 * whole),
        (PlaneReason::Features, sure * settled * assessed.sharpness.max(0.01)),
        (PlaneReason::Suspicious, malignancy * sure * settled * believable),
    ]
}
