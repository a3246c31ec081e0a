//! Lesions followed from frame to frame, and known again when they come back.
//!
//! Each lesion is expected where the in-plane motion carried its box (or where its own steady motion
//! would, when that is unknown), and takes the finding that overlaps it most. What is about to be confirmed as a new lesion is first held
//! against those that were lost from sight ([`Traits`]), whose places are counted from lesions that were met again where that is nearer; where one fits, and no other nearly as well, it is that one, under
//! its number and letter. Two confirmed tracks that lie on each other for several frames become one.
//!
//! A simple form: a lesion is known again at the moment of its confirmation or not at all.

#[cfg(test)]
mod tests;
mod traits;
mod weigh;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use peony_model::{BoxPx, Look, QualityCode, iou};

use crate::detect::{Detected, Found};
use crate::path::Place;
use crate::pipeline::{Mode, View};
use crate::quality::Assessed;
use crate::steady::Time;
pub(crate) use weigh::Verdict;

use self::traits::{NOMINAL_DEPTH_MM, Traits};
use self::weigh::{Sighting, Weighed};

/// A lesion is confirmed when it was seen whole for so long of the last [`WINDOW_NS`] (nine of twelve frames of 30 a second), at [`SURE`] or more on the
/// mean (a score is a product of three probabilities; the limit was set on clips of a fold of `train` that the network has
/// not learned from, and on phantoms that no figure is reported on): a mass of 4 mm stays in a plane that moves at 10 mm/s for
/// twelve frames of 30 a second, and most that the network takes for one without it being there is gone sooner.
const SEEN_NS: u64 = 290_000_000;
/// See [`SEEN_NS`].
const WINDOW_NS: u64 = 383_000_000;
/// And on so many frames, however few come: all of them where they are eight a second.
const FEWEST: usize = 4;
/// Frames of a source that gives more than 120 a second are taken together up to this.
const GLANCE_NS: u64 = 8_000_000;
/// See [`SEEN_NS`].
const SURE: f32 = 0.4;
/// What the border cuts counts as seen whole at this score or more; below it, it is shown as new, with the advice to recentre: the
/// shadow of a rib reaches the lower border, and the network may take it for a lesion.
const SURE_CUT: f32 = 0.6;
/// A lesion unseen for so long has left the picture.
const GONE_NS: u64 = 300_000_000;
/// Or for so long by the pipeline's own time, where the source has none.
const GONE_WITHOUT_TIMES_NS: u64 = 383_000_000;
/// One that is not confirmed yet has left after so long, and not with the first frame that it is missed on.
const GONE_SOON_NS: u64 = 117_000_000;
/// The least overlap (intersection over union) of a lesion and its sighting.
const OVERLAP: f32 = 0.2;
/// The most lesions followed at once; newer ones wait.
const MOST_TRACKS: usize = 24;

/// Lesions out of sight that are remembered; beyond it the one that left first is forgotten, and is a new one when it is met again.
const MOST_FORMER: usize = 32;
/// The nearest former lesion must be nearer than the next by this much, in the units of [`Traits::distance`].
const CLEARLY: f32 = 0.5;
/// Two boxes lie on each other when they share this much of the smaller one, and apart below that much.
const ON_EACH_OTHER: f32 = 0.6;
/// See [`ON_EACH_OTHER`].
const APART: f32 = 0.3;
/// So many frames on each other make two tracks one.
const TOGETHER_FRAMES: u32 = 5;
/// Sharper than this is sharp: about twice what the quality stage calls blurred.
const SHARP: f32 = 0.18;

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
    /// What its planes say together; `None` while it has no grade.
    pub verdict: Option<Verdict>,
    /// Where its letter stands in the order of letters.
    order: u32,
    /// Where its centre goes, pixels a frame.
    velocity: [f32; 2],
    /// The frames of the last [`WINDOW_NS`], the newest last.
    recent: VecDeque<Glance>,
    last_seen_ns: u64,
    missed: u32,
    /// How long the frames were that it was missed on, together.
    missed_ns: u64,
    score_sum: f32,
    traits: Traits,
    weighed: Weighed,
    /// Numbers of all that were ever seen on one frame with it: none of them is this lesion.
    seen_with: BTreeSet<u32>,
}

/// One frame, as what must persist sees it.
#[derive(Debug, Clone, Copy)]
struct Glance {
    time: Time,
    /// Seen whole, or surely enough.
    seen: bool,
    /// And so on those that were taken together with it before.
    before: bool,
}

/// What one frame adds to a track beside the finding itself.
struct Now<'a> {
    view: &'a View<'a>,
    assessed: &'a Assessed,
    place: &'a Place,
}

impl Now<'_> {
    fn time_ns(&self) -> u64 {
        self.view.frame.time_ns
    }

    /// The upper edge of the picture.
    fn top_px(&self) -> f32 {
        self.assessed.area.map_or(0.0, |area| area.y as f32)
    }

    /// The scale of a finding, or that of a picture of nominal depth.
    fn mm_per_px(&self, found: &Found) -> [f32; 2] {
        let height = self.assessed.area.map_or(self.view.luma.height(), |area| area.height);
        if self.place.scaled { found.pixel } else { [NOMINAL_DEPTH_MM / height.max(1) as f32; 2] }
    }

    /// Whether a colour box lies on the picture: a vessel's colour is dark in grey, and looks like a lesion. What was confirmed before is followed on; what
    /// is new is confirmed once the colour is off.
    fn under_colour(&self) -> bool {
        self.assessed.issues.iter().any(|issue| issue.code == QualityCode::ColourBox)
    }

    /// How well a lesion is seen: how sure the finding is, whole, at rest, sharp, with contact.
    fn quality(&self, found: &Found) -> f32 {
        let halved = |yes: bool| if yes { 0.5 } else { 1.0 };
        found.finding.score.max(0.01)
            * halved(found.cut)
            * halved(self.assessed.moving_fast)
            * halved(self.assessed.contact_lost.is_some())
            * (self.assessed.sharpness / SHARP).clamp(0.25, 1.0)
    }
}

impl Track {
    fn new(id: u32, found: &Found, index: usize, now: &Now<'_>) -> Self {
        let mut track = Self {
            id,
            letter: None,
            box_px: found.finding.region.box_px(),
            pixel: found.pixel,
            finding: None,
            sightings: 0,
            verdict: None,
            order: u32::MAX,
            velocity: [0.0; 2],
            recent: VecDeque::new(),
            last_seen_ns: now.time_ns(),
            missed: 0,
            missed_ns: 0,
            score_sum: 0.0,
            traits: Traits::new(now.time_ns(), now.place),
            weighed: Weighed::default(),
            seen_with: BTreeSet::new(),
        };
        track.glance(now.view.time);
        track.see(found, index, now);
        track.velocity = [0.0; 2];
        track
    }

    /// Another frame, on which it has not been seen so far.
    fn glance(&mut self, time: Time) {
        self.missed += 1;
        self.missed_ns = self.missed_ns.saturating_add(time.step_ns);
        match self.recent.back_mut().filter(|last| last.time.step_ns + time.step_ns <= GLANCE_NS) {
            Some(last) => {
                let step_ns = last.time.step_ns + time.step_ns;
                *last = Glance { time: Time { step_ns, ..time }, seen: false, before: last.seen };
            }
            None => self.recent.push_back(Glance { time, seen: false, before: true }),
        }
        let is_old = |glance: &Glance| time.now_ns.saturating_sub(glance.time.now_ns) >= WINDOW_NS;
        while self.recent.front().is_some_and(is_old) {
            self.recent.pop_front();
        }
    }

    fn see(&mut self, found: &Found, index: usize, now: &Now<'_>) {
        let box_px = found.finding.region.box_px();
        let moved = box_px.center() - self.box_px.center();
        self.velocity = [0, 1].map(|i| 0.7 * self.velocity[i] + 0.3 * moved.to_array()[i]);
        (self.box_px, self.pixel) = (box_px, found.pixel);
        self.finding = Some(index);
        self.sightings += 1;
        let is_whole = !found.cut || found.finding.score >= SURE_CUT;
        if let Some(glance) = self.recent.back_mut() {
            glance.seen = glance.before && is_whole && !now.under_colour();
        }
        (self.last_seen_ns, self.missed, self.missed_ns) = (now.time_ns(), 0, 0);
        self.score_sum += found.finding.score;
        self.traits.see(found, now.time_ns(), now.place, now.mm_per_px(found), now.top_px());
        if found.finding.malignancy.is_some() {
            self.weighed.add(&Sighting {
                frame: now.view.frame.index,
                time_ns: now.time_ns(),
                logits: &found.logits,
                quality: now.quality(found),
                travelled_mm: now.place.travelled_mm,
                focus_px: found.focus_px,
            });
            self.verdict = self.weighed.verdict();
        }
    }

    /// Whether it persists, and is likely enough, to be shown as a lesion.
    fn is_confirmed(&self) -> bool {
        let seen = || self.recent.iter().filter(|glance| glance.seen).map(|glance| glance.time.step_ns);
        seen().count() >= FEWEST
            && seen().sum::<u64>() >= SEEN_NS
            && self.score_sum >= SURE * self.sightings as f32
    }

    /// Whether one sighting says much more of malignancy than the planes together.
    pub fn is_outlier(&self, found: &Found) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| {
            found.logits.malignancy() > verdict.logits.malignancy() + 2.0 * verdict.spread
        })
    }

    /// How it looks over all sightings; `None` from a network that gives no embedding.
    pub fn look(&self) -> Option<Look> {
        self.traits.look()
    }

    /// Numbers of all that were ever seen on one frame with it.
    pub fn seen_with(&self) -> impl Iterator<Item = u32> {
        self.seen_with.iter().copied()
    }

    /// Take in what was known of the same lesion as `other`; where it is now is what the one says that is seen.
    fn absorb(&mut self, other: Self) {
        self.sightings += other.sightings;
        self.score_sum += other.score_sum;
        self.traits.absorb(&other.traits);
        self.seen_with.extend(other.seen_with);
        self.weighed.absorb(other.weighed);
        self.verdict = self.weighed.verdict();
        if other.finding.is_some() {
            (self.box_px, self.pixel, self.finding) = (other.box_px, other.pixel, other.finding);
            (self.velocity, self.recent) = (other.velocity, other.recent);
            (self.last_seen_ns, self.missed, self.missed_ns) =
                (other.last_seen_ns, other.missed, other.missed_ns);
        }
    }
}

/// The lesions followed now, and the confirmed ones that have left.
#[derive(Debug)]
pub(crate) struct Follow {
    tracks: Vec<Track>,
    former: VecDeque<Track>,
    /// Lesions that were met again, by their number, as they were before.
    met_again: VecDeque<(u32, Traits)>,
    /// Frames that two confirmed tracks lay on each other, and apart while both were seen.
    pairs: BTreeMap<(u32, u32), [u32; 2]>,
    next_id: u32,
    confirmed: u32,
}

impl Default for Follow {
    fn default() -> Self {
        Self {
            tracks: Vec::new(),
            former: VecDeque::new(),
            met_again: VecDeque::new(),
            pairs: BTreeMap::new(),
            next_id: 1,
            confirmed: 0,
        }
    }
}

/// The lesions on one frame.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    pub tracks: Vec<Track>,
    pub confirmed: Vec<(u32, char)>,
    /// Lesions known again.
    pub returned: Vec<u32>,
    /// Confirmed tracks that ended in another: from, into.
    pub merged: Vec<(u32, u32)>,
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
    place: &Place,
    detected: &Detected,
) -> Tracked {
    if view.mode == Mode::Still {
        return Tracked::default();
    }
    if assessed.frozen && !detected.fresh {
        return Tracked { tracks: state.tracks.clone(), ..Tracked::default() };
    }
    let now = Now { view, assessed, place };
    let shift = assessed.motion.as_ref().map(|motion| motion.shift_px);
    for track in &mut state.tracks {
        let [dx, dy] = shift.unwrap_or(track.velocity);
        track.box_px = track.box_px.translate(euclid::vec2(dx, dy));
        track.finding = None;
        track.glance(view.time);
    }
    let taken = associate(&mut state.tracks, &detected.findings, &now);
    for (index, found) in detected.findings.iter().enumerate() {
        if !taken[index] && state.tracks.len() < MOST_TRACKS {
            state.tracks.push(Track::new(state.next_id, found, index, &now));
            state.next_id += 1;
        }
    }
    state.see_together();
    let (confirmed, returned) = state.confirm();
    let merged = state.merge();
    let left = state.let_go(now.time_ns());
    Tracked { tracks: state.tracks.clone(), confirmed, returned, merged, left, fresh: detected.fresh }
}

/// Give each finding to the lesion that it overlaps most, best pair first. Says which findings were taken.
fn associate(tracks: &mut [Track], findings: &[Found], now: &Now<'_>) -> Vec<bool> {
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
            tracks[t].see(&findings[f], f, now);
            taken[f] = true;
        }
    }
    taken
}

impl Follow {
    /// What is seen on one frame is not one lesion.
    fn see_together(&mut self) {
        let seen: BTreeSet<u32> =
            self.tracks.iter().filter(|track| track.finding.is_some()).map(|track| track.id).collect();
        for track in self.tracks.iter_mut().filter(|track| seen.contains(&track.id)) {
            track.seen_with.extend(seen.iter().filter(|id| **id != track.id));
        }
    }

    /// What was said of one number holds of the other, which that lesion has from now on; without another nothing was there.
    fn renumber(&mut self, from: u32, into: Option<u32>) {
        for track in self.tracks.iter_mut().chain(&mut self.former) {
            if track.seen_with.remove(&from) {
                track.seen_with.extend(into.filter(|into| *into != track.id));
            }
        }
    }

    /// Give a letter to each track that persists: its former one where it is a lesion that was lost, else the next.
    fn confirm(&mut self) -> (Vec<(u32, char)>, Vec<u32>) {
        let (mut news, mut returned) = (Vec::new(), Vec::new());
        let due: Vec<u32> = self
            .tracks
            .iter()
            .filter(|track| track.letter.is_none() && track.is_confirmed())
            .map(|track| track.id)
            .collect();
        for id in due {
            let Some(at) = self.tracks.iter().position(|track| track.id == id) else { continue };
            if let Some(lost) = self.lost(&self.tracks[at].traits) {
                let new = self.tracks.remove(at);
                if let Some(mut former) = self.take_lost(lost) {
                    self.met_again.push_back((lost, former.traits.clone()));
                    self.met_again.drain(..self.met_again.len().saturating_sub(MOST_FORMER));
                    let former_number = new.id;
                    former.absorb(new);
                    self.tracks.push(former);
                    self.renumber(former_number, Some(lost));
                    returned.push(lost);
                }
                continue;
            }
            let letter = letter(self.confirmed);
            (self.tracks[at].letter, self.tracks[at].order) = (Some(letter), self.confirmed);
            self.confirmed += 1;
            news.push((id, letter));
        }
        (news, returned)
    }

    /// The confirmed lesion out of sight that a new one is, if it is one and no other could be it nearly as well.
    fn lost(&self, new: &Traits) -> Option<u32> {
        let unseen = self.tracks.iter().filter(|track| track.letter.is_some() && track.finding.is_none());
        let now = |id: u32| self.tracks.iter().chain(&self.former).find(|track| track.id == id);
        let met_again = || self.met_again.iter().filter_map(|(id, was)| Some([was, &now(*id)?.traits]));
        let mut near: Vec<(f32, u32)> = unseen
            .chain(&self.former)
            .filter_map(|former| Some((new.distance(&former.traits, met_again())?, former.id)))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        match near.as_slice() {
            [(_, id)] => Some(*id),
            [(first, id), (second, _), ..] if first + CLEARLY <= *second => Some(*id),
            _ => None,
        }
    }

    /// Take a lesion out of those that have left; one that was lost just now stays followed until here.
    fn take_lost(&mut self, id: u32) -> Option<Track> {
        match self.former.iter().position(|track| track.id == id) {
            Some(at) => self.former.remove(at),
            None => {
                let at = self.tracks.iter().position(|track| track.id == id)?;
                Some(self.tracks.remove(at))
            }
        }
    }

    /// Make one of two confirmed tracks that lie on each other for several frames; the letter given first stays.
    fn merge(&mut self) -> Vec<(u32, u32)> {
        let mut due = Vec::new();
        for (n, a) in self.tracks.iter().enumerate() {
            for b in &self.tracks[n + 1..] {
                let both = a.letter.is_some() && b.letter.is_some();
                if !both || a.finding.or(b.finding).is_none() {
                    continue;
                }
                let [together, apart] = self.pairs.entry((a.id.min(b.id), a.id.max(b.id))).or_default();
                let share = shared(a.box_px, b.box_px);
                *together += u32::from(share >= ON_EACH_OTHER);
                *apart += u32::from(share < APART && a.finding.is_some() && b.finding.is_some());
                let (older, newer) = if a.order < b.order { (a, b) } else { (b, a) };
                if *together >= TOGETHER_FRAMES
                    && *together > *apart
                    && newer.traits.is_of_kind(&older.traits)
                {
                    due.push((newer.id, older.id));
                }
            }
        }
        due.retain(|&(from, into)| {
            // A third track may have been part of it, and is gone by now: then the rest waits for the next frame.
            let at = |id: u32| self.tracks.iter().position(|track| track.id == id);
            let (Some(place), true) = (at(from), at(into).is_some()) else { return false };
            let ended = self.tracks.remove(place);
            if let Some(track) = self.tracks.iter_mut().find(|track| track.id == into) {
                track.absorb(ended);
                track.seen_with.remove(&into);
            }
            self.renumber(from, Some(into));
            true
        });
        due
    }

    /// Let go of what was not seen for long; confirmed lesions are remembered.
    fn let_go(&mut self, time_ns: u64) -> Vec<u32> {
        let (stay, gone): (Vec<_>, Vec<_>) = self.tracks.drain(..).partition(|track| stays(track, time_ns));
        self.tracks = stay;
        let (gone, noise): (Vec<Track>, Vec<Track>) =
            gone.into_iter().partition(|track| track.letter.is_some());
        noise.iter().for_each(|track| self.renumber(track.id, None));
        let left = gone.iter().map(|track| track.id).collect();
        self.former.extend(gone);
        self.former.drain(..self.former.len().saturating_sub(MOST_FORMER));
        let is_here = |id: u32| self.tracks.iter().any(|track| track.id == id);
        self.pairs.retain(|&(a, b), _| is_here(a) && is_here(b));
        left
    }
}

/// How much of the smaller of two boxes they share, 0..=1.
fn shared(a: BoxPx, b: BoxPx) -> f32 {
    let both = a.intersection(&b).map_or(0.0, |both| both.area());
    both / a.area().min(b.area()).max(1.0)
}

/// A to Z, then a to z, then always `#`: by then letters help nobody.
fn letter(number: u32) -> char {
    let places = ('A'..='Z').chain('a'..='z');
    places.into_iter().nth(number as usize).unwrap_or('#')
}

fn stays(track: &Track, time_ns: u64) -> bool {
    if track.letter.is_some() {
        time_ns.saturating_sub(track.last_seen_ns) <= GONE_NS && track.missed_ns < GONE_WITHOUT_TIMES_NS
    } else {
        track.missed <= 1 || track.missed_ns < GONE_SOON_NS
    }
}
