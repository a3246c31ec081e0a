//! The grade of each lesion followed: a proposal, which a person takes or changes.
//!
//! A simple form: the mean of what the frames said, each weighted by how well the lesion was seen on it.

use crate::detect::{category, sigmoid};
use crate::lexicon;
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
        let logits = track.logits();
        TrackState {
            id: track.id,
            letter: track.letter,
            finding: track.finding,
            box_px: track.box_px,
            sightings: track.sightings,
            malignancy: logits.map(|logits| sigmoid(logits.malignancy())),
            malignancy_95: track.malignancy_95(),
            assessment: logits.filter(|_| calibrated).as_ref().and_then(category),
            descriptors: logits
                .map_or_else(Vec::new, |logits| lexicon::describe(&logits, track.box_px, track.pixel)),
        }
    });
    Graded { tracks: tracks.collect(), left: tracked.left.clone(), fresh: tracked.fresh }
}
