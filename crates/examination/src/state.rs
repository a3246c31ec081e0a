//! The state of an examination: the sum of its entries.

use std::collections::{BTreeMap, BTreeSet};

use peony_model::report::{CalibrationRecord, Earlier, MachineRecord, Plane, Report, Signature};
use peony_model::{Look, Place, Side};

use crate::act::{Act, EnteredDepth, FieldWord};
use crate::event::{Author, Entry, Event, Found, Observation, Opened};
use crate::signed::as_signed;

/// The probe is where it was said to stand for so long, milliseconds, where the way that it goes cannot be read.
pub(crate) const PLACE_HOLDS_MS: u64 = 5_000;
/// The same by the way: within one hour of the clock, some five centimetres from the nipple.
pub(crate) const PLACE_HOLDS_MM: f32 = 15.0;
/// A lesion in view is told of so often at least, milliseconds: it may have been seen for so much longer.
pub(crate) const TOLD_EVERY_MS: u64 = 500;
/// Sightings no further apart are of one look, milliseconds.
const ONE_LOOK_MS: u64 = 2_000;
/// A place that is said of a lesion in view is said while the probe rests there: one that is gone sooner was left for that place.
const RESTS_MS: u64 = 1_000;

/// Something a person did, in its place.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub seq: u64,
    pub at_ms: u64,
    pub by: Author,
    pub deed: Deed,
}

/// What it was.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Act(Act),
    /// The proposals of a lesion as they stood.
    Confirmed {
        lesion: u32,
        words: Vec<FieldWord>,
    },
}

/// A lesion as the machine sees it.
#[derive(Debug, Clone)]
pub(crate) struct Lesion {
    pub found: Found,
    pub seen: Option<Observation>,
    /// The SHA-256 of the weights that it was found with; what a lesion looks like is that model's own.
    reader: Option<String>,
    found_seq: u64,
    found_ms: u64,
    /// From when to when it was in view, by the clock of the entries.
    in_view_ms: Vec<[u64; 2]>,
}

impl Lesion {
    fn new(found: &Found, entry: &Entry, reader: Option<String>) -> Self {
        let Entry { seq: found_seq, at_ms: found_ms, .. } = *entry;
        let in_view_ms = vec![[found_ms; 2]];
        Self { found: found.clone(), seen: None, reader, found_seq, found_ms, in_view_ms }
    }

    /// How it looks, and to which model: the SHA-256 of its weights.
    pub fn look(&self) -> Option<(&Look, Option<&str>)> {
        Some((self.seen.as_ref()?.look.as_ref()?, self.reader.as_deref()))
    }

    /// Whether it was found before another one.
    pub fn is_before(&self, other: &Self) -> bool {
        self.found_seq < other.found_seq
    }

    fn see(&mut self, seen: &Observation, at_ms: u64) {
        // The last word on a lesion that has left comes without a sighting.
        if self.seen.as_ref().is_none_or(|before| before.sightings != seen.sightings) {
            match self.in_view_ms.last_mut() {
                Some([_, to]) if at_ms <= *to + ONE_LOOK_MS => *to = at_ms.max(*to),
                _ => self.in_view_ms.push([at_ms, at_ms]),
            }
        }
        self.seen = Some(seen.clone());
    }

    fn rests_in_view(&self, at_ms: u64) -> bool {
        self.in_view_ms.iter().any(|[from, to]| *from <= at_ms && at_ms + RESTS_MS <= *to)
    }

    /// When it was seen last, by the clock of the entries.
    fn last_ms(&self) -> u64 {
        self.in_view_ms.last().map_or(self.found_ms, |[_, to]| *to)
    }

    /// Whether it was in view while another one was, as far as entries tell.
    pub fn is_seen_with(&self, other: &Self) -> bool {
        let meet = |[from, to]: [u64; 2], [begins, ends]: [u64; 2]| {
            from <= ends + TOLD_EVERY_MS && begins <= to + TOLD_EVERY_MS
        };
        self.in_view_ms.iter().any(|one| other.in_view_ms.iter().any(|two| meet(*one, *two)))
    }
}

/// A lesion that the machine merged into another, as it was then.
#[derive(Debug, Clone)]
pub(crate) struct Merge {
    pub seq: u64,
    pub lesion: Lesion,
    pub into: u32,
}

/// Lesions that people have joined up to one of their acts, each to the next: never in a circle.
#[derive(Debug, Default)]
pub(crate) struct JoinedSoFar(BTreeMap<u32, u32>);

impl JoinedSoFar {
    /// The lesion that this one counts for.
    pub fn whole(&self, state: &State, lesion: u32) -> u32 {
        let now = state.after_merges(lesion);
        std::iter::successors(Some(now), |at| self.0.get(at).copied()).last().unwrap_or(now)
    }

    /// Takes the next act; the lesion that it joins, and the one that this counts for from now on.
    pub fn take(&mut self, state: &State, done: &Done) -> Option<[u32; 2]> {
        let Deed::Act(Act::Join { lesion, .. } | Act::Part { lesion }) = done.deed else { return None };
        let lesion = state.after_merges(lesion);
        self.0.remove(&lesion);
        let Deed::Act(Act::Join { into, .. }) = done.deed else { return None };
        let whole = self.whole(state, into);
        if lesion == whole {
            return None;
        }
        // Not to the whole: when the next one is taken apart from that, this one goes with it.
        self.0.insert(lesion, state.after_merges(into));
        Some([lesion, whole])
    }
}

/// The sum of all entries so far.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub opened: Opened,
    pub began_ms: u64,
    pub lesions: BTreeMap<u32, Lesion>,
    /// Lesions that the machine merged into another, and that one; never in a circle, since the one that is merged is no more.
    merged: BTreeMap<u32, u32>,
    /// The same lesions as they were, in the order in which they were merged.
    pub merges: Vec<Merge>,
    /// Lesions that may be an earlier one again, and that one, as the machine said first.
    pub may_be: BTreeMap<u32, u32>,
    /// Planes that count; one that was replaced is no longer among them.
    pub planes: Vec<(Plane, Option<String>)>,
    /// How long each breast was scanned, seconds.
    pub scanned: BTreeMap<Side, f32>,
    /// The same, while nobody had said which breast it was.
    pub scanned_unsided: f32,
    /// The same where the probe was said to stand, in the order in which the places were said.
    pub scanned_at: Vec<(Place, f32)>,
    pub faults: BTreeMap<String, (u32, f32)>,
    pub scale: Option<String>,
    /// Each calibration that lengths along a sweep were made with, the newest last.
    pub calibrations: Vec<CalibrationRecord>,
    pub lost: bool,
    /// What has read a part of it, the first one first; `None` stands for no model.
    pub readers: Vec<Option<MachineRecord>>,
    /// A part of it is simulated.
    pub simulated: bool,
    /// What reads now, and whether that is simulated.
    present: (Option<MachineRecord>, bool),
    /// The earlier examination of each patient's identifier that was looked for.
    pub earlier: BTreeMap<String, Earlier>,
    pub done: Vec<Done>,
    pub undone: BTreeSet<u64>,
    pub signatures: Vec<Signature>,
    pub discarded: bool,
    /// What was signed, where the journal keeps it.
    pub signed: Option<Box<Report>>,
    pub last_seq: u64,
    pub last_plane: u64,
}

impl State {
    /// The state after the first entry; `None` where that is not [`Event::Opened`].
    pub fn begin(entry: &Entry) -> Option<Self> {
        let Event::Opened(opened) = &entry.event else { return None };
        Some(Self {
            opened: opened.clone(),
            began_ms: entry.at_ms,
            lesions: BTreeMap::new(),
            merged: BTreeMap::new(),
            merges: Vec::new(),
            may_be: BTreeMap::new(),
            planes: Vec::new(),
            scanned: BTreeMap::new(),
            scanned_unsided: 0.0,
            scanned_at: Vec::new(),
            faults: BTreeMap::new(),
            scale: None,
            calibrations: Vec::new(),
            lost: false,
            readers: Vec::new(),
            simulated: opened.simulated,
            present: (opened.machine.clone(), opened.simulated),
            earlier: BTreeMap::new(),
            done: Vec::new(),
            undone: BTreeSet::new(),
            signatures: Vec::new(),
            discarded: false,
            signed: None,
            last_seq: entry.seq,
            last_plane: 0,
        })
    }

    /// Take in a further entry.
    pub fn apply(&mut self, entry: &Entry) {
        self.last_seq = self.last_seq.max(entry.seq);
        // A signature closes the examination for the machine: what it saw afterwards is in the journal, not in the report.
        if self.discarded || (!self.signatures.is_empty() && entry.by.is_none()) {
            return;
        }
        if let Event::Found(_) | Event::Seen(_) | Event::Kept(_) | Event::Scanned(_) = entry.event {
            self.was_read();
        }
        match &entry.event {
            Event::Opened(_) | Event::Resumed(None) => {}
            Event::Resumed(Some(now)) => self.present = (now.machine.clone(), now.simulated),
            Event::Found(found) => {
                let reader = self.present.0.as_ref().map(|machine| machine.sha256.clone());
                self.lesions.entry(found.lesion).or_insert_with(|| Lesion::new(found, entry, reader));
            }
            Event::Seen(seen) => {
                if let Some(lesion) = self.lesions.get_mut(&seen.lesion) {
                    lesion.see(seen, entry.at_ms);
                }
            }
            Event::Kept(plane) => self.keep(plane, entry.by.as_ref()),
            Event::Merged { from, into } => self.merge(entry.seq, *from, *into),
            Event::MayBe { lesion, earlier } => {
                self.may_be.entry(*lesion).or_insert(*earlier);
            }
            Event::Scanned(scanned) => {
                match scanned.side {
                    Some(side) => *self.scanned.entry(side).or_default() += scanned.seconds,
                    None => self.scanned_unsided += scanned.seconds,
                }
                if let Some(place) = scanned.place {
                    match self.scanned_at.iter_mut().find(|(at, _)| *at == place) {
                        Some((_, seconds)) => *seconds += scanned.seconds,
                        None => self.scanned_at.push((place, scanned.seconds)),
                    }
                }
                for (code, times, seconds) in &scanned.faults {
                    let fault = self.faults.entry(code.clone()).or_default();
                    *fault = (fault.0 + times, fault.1 + seconds);
                }
            }
            Event::Scale { source } => self.scale.clone_from(source),
            Event::Calibrated(record) => {
                self.calibrations.retain(|known| known != record);
                self.calibrations.push(record.clone());
            }
            Event::Source { lost } => self.lost = *lost,
            Event::Earlier(earlier) => {
                let id = earlier.patient.id.trim().to_owned();
                self.earlier.entry(id).or_insert_with(|| earlier.clone());
            }
            Event::Act(act) => self.do_now(entry, Deed::Act(act.clone())),
            Event::Confirmed { lesion, words } => {
                self.do_now(entry, Deed::Confirmed { lesion: *lesion, words: words.clone() });
            }
            Event::Undone { seq } => {
                self.undone.insert(*seq);
            }
            Event::Signed(signed) => {
                if self.signatures.is_empty() {
                    self.signed = as_signed(signed).map(Box::new);
                }
                self.signatures.push(signed.signature.clone());
            }
            Event::Discarded => self.discarded = true,
        }
    }

    /// Nothing is in it but who is examined and why: no frame was read and no plane kept, and nobody has done anything more, also nothing that
    /// was taken back.
    pub fn is_empty(&self) -> bool {
        let says_who = |done: &Done| {
            matches!(done.deed, Deed::Act(Act::SetPatient { .. } | Act::SetCircumstances { .. }))
        };
        self.readers.is_empty()
            && self.lesions.is_empty()
            && self.planes.is_empty()
            && self.scale.is_none()
            && self.calibrations.is_empty()
            && self.signatures.is_empty()
            && self.done.iter().all(says_who)
    }

    /// Who began it, as far as anybody has said: whoever did something in it first.
    pub fn begun_by(&self) -> Option<&Author> {
        self.done.first().map(|done| &done.by)
    }

    /// Frames came, so what reads now has read a part.
    fn was_read(&mut self) {
        let (machine, simulated) = &self.present;
        self.simulated |= simulated;
        if !self.readers.contains(machine) {
            self.readers.push(machine.clone());
        }
    }

    /// The models that have read a part of it, and whether a part was read by none; before the first frame the one that is to read it.
    pub fn models(&self) -> (Vec<MachineRecord>, bool) {
        if self.readers.is_empty() {
            return (self.present.0.iter().cloned().collect(), false);
        }
        let models: Vec<_> = self.readers.iter().flatten().cloned().collect();
        let partly = !models.is_empty() && self.readers.contains(&None);
        (models, partly)
    }

    fn do_now(&mut self, entry: &Entry, deed: Deed) {
        let by = entry.author().unwrap_or_else(|| "".into());
        self.done.push(Done { seq: entry.seq, at_ms: entry.at_ms, by, deed });
    }

    fn keep(&mut self, plane: &Plane, by: Option<&String>) {
        self.last_plane = self.last_plane.max(plane.id);
        if by.is_none() {
            let former = |(kept, by): &(Plane, Option<String>)| {
                by.is_none() && kept.lesion == plane.lesion && kept.reason == plane.reason
            };
            self.planes.retain(|kept| !former(kept));
        }
        self.planes.push((plane.clone(), by.cloned()));
    }

    fn merge(&mut self, seq: u64, from: u32, into: u32) {
        if from == into || !self.lesions.contains_key(&into) {
            return;
        }
        self.merges.extend(self.lesions.remove(&from).map(|lesion| Merge { seq, lesion, into }));
        self.merged.insert(from, into);
        let of_into: Vec<_> = self
            .planes
            .iter()
            .filter(|(plane, by)| by.is_none() && plane.lesion == Some(into))
            .map(|(plane, _)| plane.reason)
            .collect();
        self.planes.retain(|(plane, by)| {
            by.is_some() || plane.lesion != Some(from) || !of_into.contains(&plane.reason)
        });
        for (plane, _) in &mut self.planes {
            if plane.lesion == Some(from) {
                plane.lesion = Some(into);
            }
        }
    }

    /// What people did and did not take back, oldest first.
    pub fn acts(&self) -> impl DoubleEndedIterator<Item = &Done> {
        self.done.iter().filter(|done| !self.undone.contains(&done.seq))
    }

    /// Where the probe stands, as a person said last.
    pub fn probe(&self) -> Option<Place> {
        self.probe_said().map(|(_, place)| place)
    }

    /// The same, with the number of the entry that says it.
    pub fn probe_said(&self) -> Option<(u64, Place)> {
        self.probes().next_back().map(|(done, place)| (done.seq, place))
    }

    /// Where a person said that the probe stood.
    fn probes(&self) -> impl DoubleEndedIterator<Item = (&Done, Place)> {
        self.acts().filter_map(|done| match &done.deed {
            Deed::Act(Act::SetProbe { place }) => Some((done, *place)),
            _ => None,
        })
    }

    /// Where a lesion lies, as far as where the probe was said to stand tells: what was said last while the probe rested on it; else what
    /// was said before it was found, where the probe had not gone on by then; else only the breast that was being scanned.
    pub fn place_of(&self, lesion: &Lesion) -> Option<Place> {
        let in_view: Vec<Place> = self
            .probes()
            .filter(|(done, _)| lesion.rests_in_view(done.at_ms))
            .map(|(_, place)| place)
            .collect();
        if let Some(said) = in_view.iter().rev().find(|place| place.clock.is_some()) {
            return Some(*said);
        }
        let before =
            self.probes().rev().find(|(done, _)| done.seq < lesion.found_seq).map(|(done, place)| {
                let holds = match lesion.found.stood.filter(|stood| stood.said == done.seq) {
                    Some(stood) => stood.still,
                    None => lesion.found_ms.saturating_sub(done.at_ms) <= PLACE_HOLDS_MS,
                };
                if holds { place } else { Place { clock: None, from_nipple_mm: None, ..place } }
            });
        before.or_else(|| in_view.first().copied())
    }

    /// The depth that a person entered, as far as one holds.
    pub fn entered_depth(&self) -> Option<EnteredDepth> {
        self.acts().rev().find_map(|done| match done.deed {
            Deed::Act(Act::SetDepth { depth }) => Some(depth),
            _ => None,
        })?
    }

    /// The lesion that this one is since the machine merged some.
    pub fn after_merges(&self, lesion: u32) -> u32 {
        std::iter::successors(Some(lesion), |at| self.merged.get(at).copied()).last().unwrap_or(lesion)
    }

    /// The lesions that were in view when lesions were seen last, each with those that were in view while it was.
    pub fn in_view_last(&self) -> Vec<(u32, Vec<u32>)> {
        let last_ms = self.lesions.values().map(Lesion::last_ms).max().unwrap_or_default();
        let in_view = self.lesions.iter().filter(|(_, lesion)| lesion.last_ms() + ONE_LOOK_MS >= last_ms);
        let with = |lesion: &Lesion| {
            let others = self.lesions.iter().filter(|(_, other)| lesion.is_seen_with(other));
            others.map(|(other, _)| *other).collect()
        };
        in_view.map(|(number, lesion)| (*number, with(lesion))).collect()
    }

    /// Whether a person said last of two lesions that they are two.
    pub fn are_two(&self, one: u32, other: u32) -> bool {
        let is_of = |a: u32, b: u32| {
            let said = [a, b].map(|lesion| self.after_merges(lesion));
            said == [one, other] || said == [other, one]
        };
        let last = self.acts().rev().find_map(|done| match done.deed {
            Deed::Act(Act::KeepApart { lesion, from }) if is_of(lesion, from) => Some(true),
            Deed::Act(Act::Join { lesion, into }) if is_of(lesion, into) => Some(false),
            _ => None,
        });
        last.unwrap_or(false)
    }

    /// Each lesion of which it is asked whether it is an earlier one again, and that one: those of which nobody has said it. Who joined these
    /// two or said that they are two has said it, also where the earlier one counted for another by then; what was said of the lesion and a
    /// third one answers nothing.
    pub fn asked(&self) -> BTreeMap<u32, u32> {
        let mut asked = self.may_be.clone();
        let mut joined = JoinedSoFar::default();
        for done in self.acts() {
            if let Deed::Act(
                Act::KeepApart { lesion: one, from: other } | Act::Join { lesion: one, into: other },
            ) = done.deed
            {
                let said = [one, other].map(|lesion| joined.whole(self, lesion));
                asked.retain(|lesion, earlier| {
                    let pair = [*lesion, *earlier].map(|lesion| joined.whole(self, lesion));
                    pair != said && pair != [said[1], said[0]]
                });
            }
            joined.take(self, done);
        }
        let asked = asked.into_iter().map(|(lesion, earlier)| (lesion, joined.whole(self, earlier)));
        asked.filter(|(lesion, earlier)| lesion != earlier).collect()
    }

    /// Each lesion that a person joined to another, and the one that it counts for.
    pub fn joined(&self) -> BTreeMap<u32, u32> {
        let mut joined = JoinedSoFar::default();
        for done in self.acts() {
            joined.take(self, done);
        }
        joined.0.keys().map(|lesion| (*lesion, joined.whole(self, *lesion))).collect()
    }

    /// The acts by which lesions are joined that count for others still, by their numbers.
    pub fn joins_that_stand(&self) -> BTreeSet<u64> {
        let mut last = BTreeMap::new();
        for done in self.acts() {
            match done.deed {
                Deed::Act(Act::Join { lesion, .. }) => _ = last.insert(self.after_merges(lesion), done.seq),
                Deed::Act(Act::Part { lesion }) => _ = last.remove(&self.after_merges(lesion)),
                _ => {}
            }
        }
        last.into_values().collect()
    }

    /// Whether a plane was taken out by a person.
    pub fn is_released(&self, plane: u64) -> bool {
        let last = self.acts().rev().find_map(|done| match done.deed {
            Deed::Act(Act::ReleasePlane { plane: at }) if at == plane => Some(true),
            Deed::Act(Act::RestorePlane { plane: at }) if at == plane => Some(false),
            _ => None,
        });
        last.unwrap_or(false)
    }
}
