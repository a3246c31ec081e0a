//! The grade of each lesion followed: a proposal, which a person takes or changes.
//!
//! A simple form: the mean of what the frames said; no descriptors (shape, margin, …) yet.

use peony_model::BiRads;

use crate::network::Reading;
use crate::output::TrackState;
use crate::track::Tracked;

/// The lesions of one frame with their grades.
#[derive(Debug, Default)]
pub(crate) struct Graded {
    pub tracks: Vec<TrackState>,
    /// Lesions that left with this frame.
    pub left: Vec<u32>,
    /// Whether sightings are new.
    pub fresh: bool,
}

/// Grade each lesion by all its sightings; a category only where the model's card says it is calibrated.
pub(crate) fn grade(tracked: &Tracked, reading: Option<Reading>) -> Graded {
    let calibrated = reading.is_some_and(|reading| reading.calibrated);
    let tracks = tracked.tracks.iter().map(|track| {
        let malignancy = track.malignancy();
        TrackState {
            id: track.id,
            letter: track.letter,
            finding: track.finding,
            box_px: track.box_px,
            sightings: track.sightings,
            malignancy,
            malignancy_95: track.malignancy_95(),
            assessment: malignancy.filter(|_| calibrated).and_then(BiRads::from_calibrated),
        }
    });
    Graded { tracks: tracks.collect(), left: tracked.left.clone(), fresh: tracked.fresh }
}
