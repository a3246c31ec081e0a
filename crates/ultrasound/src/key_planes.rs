//! The planes worth keeping: for each confirmed lesion its largest, the one across it, its best seen, and its most suspicious.
//!
//! Across is what the probe shows after a turn of at least 60 degrees from the largest plane; where nobody turned, there is none.
//! The others are to differ. Within a quarter of a second two reasons have one picture: where a plane is kept, what was kept of that
//! moment for a reason that stands further back comes to it. At nearly the same place, or where both look alike, they have one too,
//! unless the other one is much better there.
//!
//! A plane is replaced only by a clearly better one, so that the strip does not flicker; but the largest, on which the lesion is measured, gives way
//! to every larger one that is kept for what it shows. What is kept across it is there by its angle, and may be a little larger. Planes from before
//! a lesion was confirmed (its first three sightings) are not considered.

mod likeness;

use std::sync::Arc;

use image::GrayImage;
use peony_model::{BoxPx, Region};

use self::likeness::likeness;
use crate::detect::{Detected, Found};
use crate::output::{Event, PlaneReason};
use crate::path::Place;
use crate::pipeline::View;
use crate::quality::Assessed;
use crate::track::{Track, Tracked};

/// A plane replaces another when its figure is better by this factor.
const CLEARLY_BETTER: f32 = 1.15;
/// The probe must have turned so far from the largest plane for one across it, degrees.
const ACROSS_DEG: f32 = 60.0;
/// A plane within so many millimetres of the probe's way and degrees of its turn of a kept one is next to it.
const NEXT_TO: [f32; 2] = [1.5, 15.0];
/// What a plane on the picture of another reason weighs: one that shows something else may be a little worse.
const ONE_PICTURE_WEIGHS: f32 = 0.8;
/// Two pictures of a lesion that correlate by so much look alike to whoever is shown both. On the phantom that is some 3 mm through a
/// large cyst and 1 to 2 mm through what is solid or small.
const ALIKE: f32 = 0.75;
/// What a plane weighs that shows the same as one that is kept for another reason: beside it a second picture is worth it only where
/// it is half as good again.
const THE_SAME_WEIGHS: f32 = 0.6;
/// Pictures no further apart in time are of one moment, nanoseconds.
const ONE_MOMENT_NS: u64 = 250_000_000;
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
    /// What it was chosen by, larger is better; its scale differs from reason to reason, and areas are in pixels of this picture.
    pub figure: f32,
    /// Where the plane was on its way, and how far it had turned.
    place: Place,
    grain: Grain,
}

/// How large a pixel of a picture is: machines zoom, and frames come in other sizes.
#[derive(Debug, Clone, Copy)]
struct Grain {
    /// Its area, mm², where the scale is known.
    mm2: Option<f32>,
    /// Rows of the B-mode picture.
    rows: f32,
}

impl Grain {
    /// By what an area in these pixels is to be multiplied to be one in those of `other`. Where one of them has no scale both pictures are taken to
    /// reach as deep.
    fn in_pixels_of(self, other: Self) -> f32 {
        match (self.mm2, other.mm2) {
            (Some(one), Some(another)) => one / another,
            _ => (other.rows / self.rows).powi(2),
        }
    }
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

    /// Give the planes of a track that ended to the one it is part of, where that has none for the reason.
    fn hand_over(&mut self, from: u32, into: u32) {
        let theirs: Vec<PlaneReason> =
            self.planes.iter().filter(|plane| plane.track == into).map(|plane| plane.reason).collect();
        self.planes.retain(|plane| plane.track != from || !theirs.contains(&plane.reason));
        self.planes.iter_mut().filter(|plane| plane.track == from).for_each(|plane| plane.track = into);
    }

    /// The planes of the lesion that are kept for the reasons before this one.
    fn before(&self, track: u32, reason: PlaneReason) -> impl Iterator<Item = &KeyPlane> {
        self.planes.iter().filter(move |plane| plane.track == track && plane.reason < reason)
    }

    /// How well a plane fits beside those that are kept of the lesion: 0 where it has no place among them.
    fn fits(&self, track: u32, reason: PlaneReason, now: &Now<'_>) -> f32 {
        match reason {
            PlaneReason::Largest => 1.0,
            PlaneReason::Across => self
                .kept(track, PlaneReason::Largest)
                .map_or(0.0, |largest| across(&largest.place, now.place)),
            PlaneReason::Features | PlaneReason::Suspicious => {
                if self.before(track, reason).any(|other| now.is_on(other)) {
                    ONE_PICTURE_WEIGHS
                } else if self.before(track, reason).any(|other| now.is_moment_of(other)) {
                    0.0
                } else if self.before(track, reason).any(|other| now.shows_the_same_as(other)) {
                    THE_SAME_WEIGHS
                } else {
                    1.0
                }
            }
        }
    }

    /// What the plane of this frame weighs for a reason, where it is better by this factor than the one that is kept.
    fn weighs(
        &self,
        track: u32,
        (reason, figure): (PlaneReason, f32),
        clearly: f32,
        now: &Now<'_>,
    ) -> Option<f32> {
        let to_beat = self.kept(track, reason).map_or(0.0, |kept| {
            let is_area = reason <= PlaneReason::Across;
            let figure = if is_area { kept.figure * kept.grain.in_pixels_of(now.grain) } else { kept.figure };
            figure * better(&kept.place, now.place, clearly)
        });
        // Nothing weighs more than one: pictures are held against each other only where that decides.
        let weighed = (figure > to_beat).then(|| figure * self.fits(track, reason, now));
        weighed.filter(|weighed| *weighed > to_beat)
    }

    fn kept(&self, track: u32, reason: PlaneReason) -> Option<&KeyPlane> {
        self.planes.iter().find(|plane| plane.track == track && plane.reason == reason)
    }

    /// Whether the plane that is kept for this reason comes to the picture of this frame, on which another one has just been kept: it is
    /// of the same moment, or shows the same and is not much better there.
    fn joins(&self, kept: &KeyPlane, figure: f32, now: &Now<'_>) -> bool {
        let stands_behind = kept.reason > PlaneReason::Across;
        let has_other = self.before(kept.track, kept.reason).any(|other| now.is_on(other));
        let is_hardly_better = kept.figure * THE_SAME_WEIGHS < figure * ONE_PICTURE_WEIGHS;
        let comes = || now.is_moment_of(kept) || is_hardly_better && now.shows_the_same_as(kept);
        stands_behind && !now.is_on(kept) && has_other && comes()
    }

    /// The largest plane is another one: what was across the former gives way to anything better across this.
    fn doubt_across(&mut self, track: u32, largest: &Place) {
        let planes = self.planes.iter_mut();
        for plane in planes.filter(|plane| plane.track == track && plane.reason == PlaneReason::Across) {
            if across(largest, &plane.place) == 0.0 {
                plane.figure = 0.0;
            }
        }
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

/// The frame that is looked at, with the lesion on it.
struct Now<'a> {
    frame: u64,
    time_ns: u64,
    place: &'a Place,
    luma: &'a GrayImage,
    box_px: BoxPx,
    grain: Grain,
}

impl Now<'_> {
    /// Whether this plane is of the very frame.
    fn is_on(&self, plane: &KeyPlane) -> bool {
        plane.frame == self.frame
    }

    fn is_moment_of(&self, plane: &KeyPlane) -> bool {
        self.time_ns.abs_diff(plane.time_ns) < ONE_MOMENT_NS
    }

    /// Whether it would add nothing beside this plane: it lies next to it, or its picture of the lesion looks the same.
    fn shows_the_same_as(&self, plane: &KeyPlane) -> bool {
        is_next_to(&plane.place, self.place)
            || likeness((self.luma, self.box_px), (&plane.luma, plane.box_px())) >= ALIKE
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
    place: &Place,
    tracked: &Tracked,
    detected: &Detected,
) -> KeptPlanes {
    let mut kept = KeptPlanes::default();
    tracked.merged.iter().for_each(|&(from, into)| state.hand_over(from, into));
    if !tracked.fresh {
        return kept;
    }
    // One copy of the picture serves all planes kept from it.
    let mut picture: Option<Arc<GrayImage>> = None;
    for track in tracked.tracks.iter().filter(|track| track.letter.is_some()) {
        let Some(found) = track.finding.and_then(|index| detected.findings.get(index)) else { continue };
        let (frame, time_ns) = (view.frame.index, view.frame.time_ns);
        let box_px = found.finding.region.box_px();
        let grain = Grain {
            mm2: place.scaled.then(|| found.pixel[0] * found.pixel[1]),
            rows: assessed.area.map_or(view.luma.height(), |area| area.height).max(1) as f32,
        };
        let now = Now { frame, time_ns, place, luma: &view.luma, box_px, grain };
        let figures = figures(track, found, assessed);
        let mut others = figures.iter().filter(|(reason, _)| *reason > PlaneReason::Across);
        let shows_more = others.any(|&of| state.weighs(track.id, of, CLEARLY_BETTER, &now).is_some());
        for (reason, unweighed) in figures {
            let at = state.planes.iter().position(|plane| plane.track == track.id && plane.reason == reason);
            let gives_way = reason == PlaneReason::Largest && shows_more;
            let clearly = if gives_way { 1.0 } else { CLEARLY_BETTER };
            let joins = at.is_some_and(|at| state.joins(&state.planes[at], unweighed, &now));
            let weighed = state.weighs(track.id, (reason, unweighed), clearly, &now);
            let Some(figure) =
                weighed.or_else(|| joins.then(|| unweighed * state.fits(track.id, reason, &now)))
            else {
                continue;
            };
            let luma = Arc::clone(picture.get_or_insert_with(|| Arc::new(view.luma.clone().into_owned())));
            let region = found.finding.region.clone();
            let place = *place;
            let plane =
                KeyPlane { track: track.id, reason, frame, time_ns, region, luma, figure, place, grain };
            match at {
                Some(at) => state.planes[at] = plane,
                None => {
                    state.make_room(track.id);
                    state.planes.push(plane);
                }
            }
            if reason == PlaneReason::Largest {
                state.doubt_across(track.id, &place);
            }
            kept.replaced.push(Event::KeyPlane { track: track.id, reason, box_px });
        }
    }
    kept
}

/// By what factor a plane's figure must exceed that of one that is kept. Without a scale a plane gives no millimetres: one that is
/// nearly as good and has a scale takes its place.
fn better(kept: &Place, place: &Place, clearly: f32) -> f32 {
    match (kept.scaled, place.scaled) {
        (false, true) => 1.0 / CLEARLY_BETTER,
        (true, false) => CLEARLY_BETTER,
        _ => clearly,
    }
}

/// How nearly a plane is perpendicular to the largest: the sine of the angle between them, 0 below [`ACROSS_DEG`].
fn across(largest: &Place, place: &Place) -> f32 {
    if !(largest.scaled && place.scaled) {
        return 0.0;
    }
    let sine = (place.turned_deg - largest.turned_deg).to_radians().sin().abs();
    if sine >= ACROSS_DEG.to_radians().sin() { sine } else { 0.0 }
}

fn is_next_to(kept: &Place, place: &Place) -> bool {
    // A turn is part of what was travelled.
    (place.travelled_mm - kept.travelled_mm).abs() < NEXT_TO[0]
        && (place.turned_deg - kept.turned_deg).abs() < NEXT_TO[1]
}

/// What each reason weighs: area, of the largest plane and of that across it; sureness times sharpness of a whole lesion;
/// malignancy where the lesion is sure.
fn figures(track: &Track, found: &Found, assessed: &Assessed) -> [(PlaneReason, f32); 4] {
    let whole = if found.cut { 0.5 } else { 1.0 };
    let settled = if assessed.moving_fast { 0.5 } else { 1.0 };
    let sure = found.finding.score * whole;
    let malignancy = found.finding.malignancy.unwrap_or_default();
    // A sighting far from what all the others say is more often a bad frame than a bad lesion.
    let believable = if track.is_outlier(found) { 0.9 } else { 1.0 };
    [
        (PlaneReason::Largest, found.area_px2 * whole),
        (PlaneReason::Across, found.area_px2 * sure),
        (PlaneReason::Features, sure * settled * assessed.sharpness.max(0.01)),
        (PlaneReason::Suspicious, malignancy * sure * settled * believable),
    ]
}
