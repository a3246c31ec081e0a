//! The state of an examination: the sum of its entries.

use std::collections::{BTreeMap, BTreeSet};

use peony_model::report::{CalibrationRecord, Earlier, Plane, Signature};
use peony_model::{Place, Side};

use crate::act::{Act, FieldWord};
use crate::event::{Entry, Event, Found, Observation, Opened};

/// Something a person did, in its place.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub seq: u64,
    pub at_ms: u64,
    pub by: String,
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
}

/// The sum of all entries so far.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub opened: Opened,
    pub began_ms: u64,
    pub lesions: BTreeMap<u32, Lesion>,
    /// Planes that count; one that was replaced is no longer among them.
    pub planes: Vec<(Plane, Option<String>)>,
    /// How long each breast was scanned, seconds.
    pub scanned: BTreeMap<Side, f32>,
    pub faults: BTreeMap<String, (u32, f32)>,
    pub scale: Option<String>,
    /// Each calibration that lengths along a sweep were made with, the newest last.
    pub calibrations: Vec<CalibrationRecord>,
    pub lost: bool,
    /// The earlier examination of each patient's identifier that was looked for.
    pub earlier: BTreeMap<String, Earlier>,
    pub done: Vec<Done>,
    pub undone: BTreeSet<u64>,
    pub signatures: Vec<Signature>,
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
            planes: Vec::new(),
            scanned: BTreeMap::new(),
            faults: BTreeMap::new(),
            scale: None,
            calibrations: Vec::new(),
            lost: false,
            earlier: BTreeMap::new(),
            done: Vec::new(),
            undone: BTreeSet::new(),
            signatures: Vec::new(),
            last_seq: entry.seq,
            last_plane: 0,
        })
    }

    /// Take in a further entry.
    pub fn apply(&mut self, entry: &Entry) {
        self.last_seq = self.last_seq.max(entry.seq);
        // A signature closes the examination for the machine: what it saw afterwards is in the journal, not in the report.
        if !self.signatures.is_empty() && entry.by.is_none() {
            return;
        }
        match &entry.event {
            Event::Opened(_) | Event::Resumed => {}
            Event::Found(found) => {
                self.lesions.entry(found.lesion).or_insert(Lesion { found: found.clone(), seen: None });
            }
            Event::Seen(seen) => {
                if let Some(lesion) = self.lesions.get_mut(&seen.lesion) {
                    lesion.seen = Some(seen.clone());
                }
            }
            Event::Kept(plane) => self.keep(plane, entry.by.as_ref()),
            Event::Merged { from, into } => self.merge(*from, *into),
            Event::Scanned(scanned) => {
                if let Some(side) = scanned.side {
                    *self.scanned.entry(side).or_default() += scanned.seconds;
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
            Event::Signed(signature) => self.signatures.push(signature.clone()),
        }
    }

    fn do_now(&mut self, entry: &Entry, deed: Deed) {
        let by = entry.by.clone().unwrap_or_default();
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

    fn merge(&mut self, from: u32, into: u32) {
        if from == into || !self.lesions.contains_key(&into) {
            return;
        }
        self.lesions.remove(&from);
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
        self.acts().rev().find_map(|done| match &done.deed {
            Deed::Act(Act::SetProbe { place }) => Some(*place),
            _ => None,
        })
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
