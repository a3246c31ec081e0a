//! The grade of each lesion followed: a proposal, which a person takes or changes.
//!
//! What the planes of a lesion say together is worked out where it is followed (`track/weigh.rs`): a mean over planes, each
//! weighted by how well the lesion was seen on it. Here it becomes a probability, a category and words.

use crate::detect::{Detected, category, sigmoid};
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
    /// Tracks that ended in another with this frame.
    pub merged: Vec<u32>,
    /// Whether sightings are new.
    pub fresh: bool,
}

/// Grade each lesion by all its planes; a category only where the model's card says it is calibrated.
pub(crate) fn grade(tracked: &Tracked, detected: &Detected, reading: Option<Reading>) -> Graded {
    let calibrated = reading.is_some_and(|reading| reading.calibrated);
    let tracks = tracked.tracks.iter().map(|track| {
        let verdict = track.verdict.as_ref();
        let logits = verdict.map(|verdict| &verdict.logits);
        TrackState {
            id: track.id,
            letter: track.letter,
            finding: track.finding,
            box_px: track.box_px,
            sightings: track.sightings,
            malignancy: logits.map(|logits| sigmoid(logits.malignancy())),
            malignancy_95: verdict.map(|verdict| verdict.malignancy_95),
            assessment: logits.filter(|_| calibrated).and_then(category),
            descriptors: logits
                .map_or_else(Vec::new, |logits| lexicon::describe(logits, track.box_px, track.pixel)),
            focus_px: track
                .finding
                .and_then(|index| detected.findings.get(index))
                .map(|found| found.focus_px),
            evidence: verdict.map(|verdict| verdict.evidence.clone()),
            look: track.letter.and_then(|_| track.look()),
            seen_with: track.letter.map_or_else(Vec::new, |_| track.seen_with().collect()),
        }
    });
    let merged = tracked.merged.iter().map(|(from, _)| *from).collect();
    Graded { tracks: tracks.collect(), left: tracked.left.clone(), merged, fresh: tracked.fresh }
}
