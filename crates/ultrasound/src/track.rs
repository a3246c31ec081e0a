//! Lesions followed from frame to frame.
//!
//! A simple form: each lesion is expected where the in-plane motion carried its box (or where its own steady motion
//! would, when that is unknown), and takes the finding that overlaps it most. A lesion that has left and is met again is a new
//! one.

use peony_model::{BoxPx, iou};

use crate::detect::{Detected, Found, sigmoid};
use crate::histogram::Histogram;
use crate::network::{MAPS, RegionLogits};
use crate::pipeline::{Mode, View};
use crate::quality::Assessed;

/// A lesion is confirmed when it was seen whole in this many of its last [`WINDOW`] frames, at [`SURE`] or more on the
/// mean (a score is a product of three probabilities; the limit was set on phantoms that no figure is reported on): a mass of 4 mm stays in a plane that moves at 10 mm/s for twelve frames of 30 a second, and most that the
/// network takes for one without it being there is gone sooner. What the border cuts is shown as new, with the advice to
/// recentre: the shadow of a rib reaches the lower border, and the network may take it for a lesion.
const SEEN: u32 = 9;
/// See [`SEEN`].
const WINDOW: u32 = 12;
/// See [`SEEN`].
const SURE: f32 = 0.3;
/// A lesion unseen for so long has left the picture.
const GONE_NS: u64 = 300_000_000;
/// Or for so many frames, where the source has no times.
const GONE_FRAMES: u32 = 12;
/// The least overlap (intersection over union) of a lesion and its sighting.
const OVERLAP: f32 = 0.2;
/// The most lesions followed at once; newer ones wait.
const MOST_TRACKS: usize = 24;

/// One lesion and what was said of it.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub id: u32,
    pub letter: Option<char>,
    pub box_px: BoxPx,
    /// Width and height of a pixel when it was last seen, as [`Found::pixel`].
    pub pixel: [f32; 2],
    /// Index of its sighting among this frame's findings.
    pub finding: Option<usize>,
    pub sightings: u32,
    /// Where its centre goes, pixels a frame.
    velocity: [f32; 2],
    /// One bit a frame, the newest lowest: seen whole or not.
    recent: u32,
    last_seen_ns: u64,
    missed: u32,
    score_sum: f32,
    logit_sums: [f32; MAPS],
    weight_sum: f32,
    spread: Histogram,
}

impl Track {
    fn new(id: u32, found: &Found, index: usize, time_ns: u64) -> Self {
        let mut track = Self {
            id,
            letter: None,
            box_px: found.finding.region.box_px(),
            pixel: found.pixel,
            finding: None,
            sightings: 0,
            velocity: [0.0; 2],
            recent: 0,
            last_seen_ns: time_ns,
            missed: 0,
            score_sum: 0.0,
            logit_sums: [0.0; MAPS],
            weight_sum: 0.0,
            spread: Histogram::new(0.0, 1.0, 200),
        };
        track.see(found, index, time_ns);
        track.velocity = [0.0; 2];
        track
    }

    fn see(&mut self, found: &Found, index: usize, time_ns: u64) {
        let box_px = found.finding.region.box_px();
        let moved = box_px.center() - self.box_px.center();
        self.velocity = [0, 1].map(|i| 0.7 * self.velocity[i] + 0.3 * moved.to_array()[i]);
        (self.box_px, self.pixel) = (box_px, found.pixel);
        self.finding = Some(index);
        self.sightings += 1;
        self.recent |= u32::from(!found.cut);
        (self.last_seen_ns, self.missed) = (time_ns, 0);
        // A sighting counts by how sure it is, and half where the lesion is cut by the edge.
        let weight = found.finding.score.max(0.01) * if found.cut { 0.5 } else { 1.0 };
        self.score_sum += found.finding.score;
        if found.finding.malignancy.is_some() {
            for (sum, logit) in self.logit_sums.iter_mut().zip(found.logits.all()) {
                *sum += weight * logit;
            }
            self.weight_sum += weight;
            self.spread.add(sigmoid(found.logits.malignancy()));
        }
    }

    /// Whether it persists, and is likely enough, to be shown as a lesion.
    fn is_confirmed(&self) -> bool {
        let seen = (self.recent & ((1 << WINDOW) - 1)).count_ones();
        seen >= SEEN && self.score_sum >= SURE * self.sightings as f32
    }

    /// What the maps said over all sightings: mean logits, weighted by how good each was; `None` while it has no grade.
    pub fn logits(&self) -> Option<RegionLogits> {
        let mean = || RegionLogits::new(self.logit_sums.map(|sum| sum / self.weight_sum));
        (self.weight_sum > 0.0).then(mean)
    }

    /// The interval that holds 95 % of what the single frames said; `None` before it was seen in four.
    pub fn malignancy_95(&self) -> Option<[f32; 2]> {
        if self.sightings < SEEN {
            return None;
        }
        Some([self.spread.quantile(0.025)?, self.spread.quantile(0.975)?])
    }
}

/// The lesions followed now.
#[derive(Debug)]
pub(crate) struct Follow {
    tracks: Vec<Track>,
    next_id: u32,
    confirmed: u32,
}

impl Default for Follow {
    fn default() -> Self {
        Self { tracks: Vec::new(), next_id: 1, confirmed: 0 }
    }
}

/// The lesions on one frame.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    pub tracks: Vec<Track>,
    pub confirmed: Vec<(u32, char)>,
    /// Confirmed lesions that have left the picture.
    pub left: Vec<u32>,
    /// Whether sightings are new, or the last ones of a frozen picture.
    pub fresh: bool,
}

/// Follow the lesions to this frame. Stills are not followed; on a frozen picture everything stays as it is.
pub(crate) fn follow(
    state: &mut Follow,
    view: &View<'_>,
    assessed: &Assessed,
    detected: &Detected,
) -> Tracked {
    if view.mode == Mode::Still {
        return Tracked::default();
    }
    if assessed.frozen && !detected.fresh {
        return Tracked { tracks: state.tracks.clone(), ..Tracked::default() };
    }
    let time_ns = view.frame.time_ns;
    let shift = assessed.motion.as_ref().map(|motion| motion.shift_px);
    for track in &mut state.tracks {
        let [dx, dy] = shift.unwrap_or(track.velocity);
        track.box_px = track.box_px.translate(euclid::vec2(dx, dy));
        (track.finding, track.recent, track.missed) = (None, track.recent << 1, track.missed + 1);
    }
    let taken = associate(&mut state.tracks, &detected.findings, time_ns);
    for (index, found) in detected.findings.iter().enumerate() {
        if !taken[index] && state.tracks.len() < MOST_TRACKS {
            state.tracks.push(Track::new(state.next_id, found, index, time_ns));
            state.next_id += 1;
        }
    }
    let confirmed = confirm(state);
    let (stay, gone): (Vec<_>, Vec<_>) = state.tracks.drain(..).partition(|track| stays(track, time_ns));
    state.tracks = stay;
    let left = gone.iter().filter(|track| track.letter.is_some()).map(|track| track.id).collect();
    Tracked { tracks: state.tracks.clone(), confirmed, left, fresh: detected.fresh }
}

/// Give each finding to the lesion that it overlaps most, best pair first. Says which findings were taken.
fn associate(tracks: &mut [Track], findings: &[Found], time_ns: u64) -> Vec<bool> {
    let mut pairs = Vec::new();
    for (t, track) in tracks.iter().enumerate() {
        for (f, found) in findings.iter().enumerate() {
            let overlap = iou(track.box_px, found.finding.region.box_px());
            if overlap >= OVERLAP {
                pairs.push((overlap, t, f));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut taken = vec![false; findings.len()];
    for (_, t, f) in pairs {
        if tracks[t].finding.is_none() && !taken[f] {
            tracks[t].see(&findings[f], f, time_ns);
            taken[f] = true;
        }
    }
    taken
}

fn confirm(state: &mut Follow) -> Vec<(u32, char)> {
    let mut news = Vec::new();
    for track in &mut state.tracks {
        if track.letter.is_none() && track.is_confirmed() {
            let letter = letter(state.confirmed);
            state.confirmed += 1;
            track.letter = Some(letter);
            news.push((track.id, letter));
        }
    }
    news
}

/// A to Z, then a to z, then always `#`: by then letters help nobody.
fn letter(number: u32) -> char {
    let places = ('A'..='Z').chain('a'..='z');
    places.into_iter().nth(number as usize).unwrap_or('#')
}

fn stays(track: &Track, time_ns: u64) -> bool {
    if track.letter.is_some() {
        time_ns.saturating_sub(track.last_seen_ns) <= GONE_NS && track.missed < GONE_FRAMES
    } else {
        track.missed < WINDOW - SEEN + 1
    }
}
