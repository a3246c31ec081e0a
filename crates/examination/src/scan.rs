//! What was scanned and is not written yet, and whether the probe is still where it was said to stand.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use peony_model::{Place, Side};

use crate::event::{Scanned, Stood};
use crate::examination::Every;
use crate::state::{PLACE_HOLDS_MM, PLACE_HOLDS_MS};

/// How often the scan's record is written.
const SCANNED_EVERY: Duration = Duration::from_secs(1);

/// Where the probe is by the way that was read from speckle and the picture's shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Whereabouts {
    /// Which sweep of the examination: ways of two of them say nothing of each other.
    pub sweep: u32,
    /// From where the sweep began: to the right in the picture and along the way, mm.
    pub at_mm: [f32; 2],
}

/// That a person said where the probe stands.
#[derive(Debug, Clone, Copy)]
struct SaidThere {
    seq: u64,
    /// When the first frame came after that, and where the probe was by its way; before there are pictures it goes nowhere.
    since: Option<(Instant, Option<Whereabouts>)>,
}

#[derive(Debug)]
pub(crate) struct Scan {
    side: Option<Side>,
    /// Where the probe stands, as long as it has not gone on from where it was said to.
    place: Option<Place>,
    /// Where it is by the way that was read.
    here: Option<Whereabouts>,
    said: Option<SaidThere>,
    seconds: f32,
    faults: BTreeMap<String, (u32, f32)>,
    holding: Vec<String>,
    every: Every,
    /// A frame came.
    begun: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            side: None,
            place: None,
            here: None,
            said: None,
            seconds: 0.0,
            faults: BTreeMap::new(),
            holding: Vec::new(),
            every: Every::new(SCANNED_EVERY),
            begun: false,
        }
    }
}

impl Scan {
    /// A person said by the entry `seq` where the probe stands.
    pub fn is_said(&mut self, seq: u64) {
        self.said = Some(SaidThere { seq, since: None });
    }

    /// A frame comes, with the probe `here`; `said` is the entry that counts and the place in it. Gives whether what was scanned so far is to be
    /// written first.
    pub fn goes_on(&mut self, said: Option<(u64, Place)>, here: Option<Whereabouts>) -> bool {
        self.here = here;
        if let Some(said) = &mut self.said {
            said.since.get_or_insert((Instant::now(), here));
        }
        let changed = self.side != said.map(|(_, place)| place.side) || self.place != self.place_of(said);
        changed || self.every.is_due(Instant::now())
    }

    /// The frame that came stood for so long.
    pub fn add(&mut self, said: Option<(u64, Place)>, seconds: f32, readable: bool, faults: &[&str]) {
        self.begun = true;
        self.side = said.map(|(_, place)| place.side);
        self.place = self.place_of(said);
        self.seconds += if readable { seconds } else { 0.0 };
        for fault in faults {
            let begins = u32::from(!self.holding.iter().any(|holding| holding == fault));
            let sum = self.faults.entry((*fault).to_owned()).or_default();
            *sum = (sum.0 + begins, sum.1 + seconds);
        }
        self.holding = faults.iter().map(|fault| (*fault).to_owned()).collect();
    }

    /// Whether a frame came since the examination was opened.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// What was scanned since the last entry; `None` where nothing was.
    pub fn so_far(&self) -> Option<Scanned> {
        if self.seconds == 0.0 && self.faults.is_empty() {
            return None;
        }
        let faults =
            self.faults.iter().map(|(code, (times, seconds))| (code.clone(), *times, *seconds)).collect();
        Some(Scanned { side: self.side, place: self.place, seconds: self.seconds, faults })
    }

    /// [`Self::so_far`] has its entry.
    pub fn is_written(&mut self) {
        self.seconds = 0.0;
        self.faults.clear();
    }

    /// Whether the probe is where it was said to stand; `None` where nobody has said it.
    pub fn stood(&self) -> Option<Stood> {
        self.said.map(|said| Stood { said: said.seq, still: self.is_there(said) })
    }

    fn place_of(&self, said: Option<(u64, Place)>) -> Option<Place> {
        let (seq, place) = said?;
        self.said.filter(|said| said.seq == seq && self.is_there(*said)).map(|_| place)
    }

    fn is_there(&self, said: SaidThere) -> bool {
        match (self.way_mm(said), said.since) {
            (Some(way_mm), _) => way_mm <= PLACE_HOLDS_MM,
            (None, Some((since, _))) => since.elapsed() <= Duration::from_millis(PLACE_HOLDS_MS),
            (None, None) => true,
        }
    }

    /// How far the probe has gone since; `None` where that cannot be told.
    fn way_mm(&self, said: SaidThere) -> Option<f32> {
        let (here, there) = (self.here?, said.since?.1?);
        let [right, along] = [0, 1].map(|axis| here.at_mm[axis] - there.at_mm[axis]);
        (here.sweep == there.sweep).then(|| right.hypot(along))
    }
}
