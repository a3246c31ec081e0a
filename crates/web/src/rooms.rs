//! The examinations that go on now, each with its source and its pipeline, and those that lie on the disk.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use peony_examination::{Archive, Author, Examination, OpenError, Opened};
use peony_ultrasound::calibrate::Fitted;

use crate::capture::{Intake, Seat};
use crate::hub::Hub;
use crate::person::Person;
use crate::wire::{KnownCalibration, ProbeName, UsualSource};

/// So many examinations go on at once: each has a pipeline, and the machine has a few cores.
pub const MAX_ROOMS: usize = 8;

/// Nobody has watched an examination for so long: whoever did has left it, and did not reload a page.
const LEFT_FOR: Duration = Duration::from_secs(60);

/// Who connects an examination to a source and a pipeline; the binary does.
pub trait Opener: Send + Sync {
    /// Begins to read `source` (such as `phantom:3` or `capture`; empty: the usual one) for an examination; a new one is of `site`. In one
    /// that is taken up again it is written down how it goes on.
    ///
    /// # Errors
    /// One line on why it cannot be read.
    fn open(&self, examination: Option<Arc<Examination>>, source: &str, site: &str) -> Result<Room, String>;

    /// Whether an examination that began so has frames of that kind here: what began on a patient does not go on with a phantom.
    fn has_source_of(&self, opened: &Opened) -> bool;

    /// Writes into the audit that this person discards an examination.
    ///
    /// # Errors
    /// One line where the audit takes nothing.
    fn note_discard(&self, examination: &str, by: &Author) -> Result<(), String>;

    /// The usual source.
    fn usual_source(&self) -> UsualSource;

    /// The scanner whose pictures an examination of `site` has where a page asks for `source`, or where an examination was opened on it.
    fn scanner<'a>(&self, source: &str, site: &'a str) -> Scanner<'a>;

    /// The calibrations that are kept, and which of them this scanner uses.
    fn calibrations(&self, scanner: Scanner<'_>) -> Vec<KnownCalibration>;

    /// Keeps a calibration, in the place of one of the same probe and preset, and uses it for this scanner from the next examination on.
    ///
    /// # Errors
    /// [`NotKept`].
    fn keep_calibration(
        &self,
        scanner: Scanner<'_>,
        made: &MadeCalibration,
        by: &Author,
    ) -> Result<(), NotKept>;

    /// Uses the calibration of this probe and preset for this scanner from the next examination on, where its pictures do not say whose they
    /// are; or none.
    ///
    /// # Errors
    /// [`NotKept`].
    fn use_calibration(
        &self,
        scanner: Scanner<'_>,
        probe: Option<&ProbeName>,
        by: &Author,
    ) -> Result<(), NotKept>;
}

/// Whose pictures they are: what one probe at a time is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanner<'a> {
    /// Where it stands; empty where there are no sites.
    pub site: &'a str,
    /// How its pictures come, such as `capture`: never an address.
    pub source: &'a str,
}

/// A calibration that a person made on the live page.
#[derive(Debug, Clone, PartialEq)]
pub struct MadeCalibration {
    /// What the person calls the probe.
    pub probe: String,
    /// And the machine's preset; may be empty.
    pub preset: String,
    /// The beam.
    pub fitted: Fitted,
    /// How long each of its sweeps was, mm.
    pub lengths_mm: Vec<f32>,
}

/// Why a calibration is not kept, or not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// No such name can be given.
    #[error("probe, preset: a name has 1 to 64 characters, without blanks around it")]
    Name,
    /// None is of that name.
    #[error("probe: there is no calibration of that probe and preset")]
    Unknown,
    /// This program has no folder for them.
    #[error("calibration: this program keeps none")]
    Nowhere,
    /// The disk does not take it.
    #[error("calibration: {0}")]
    Disk(String),
}

/// An examination that goes on: its hub, and where a page's frames are put, where the page is the source.
#[derive(Clone)]
pub struct Room {
    /// Where its frames and its pages meet.
    pub hub: Arc<Hub>,
    /// The seat of the page that captures for it; `None` where its frames come from elsewhere.
    pub seat: Option<Arc<Seat<Box<dyn Intake>>>>,
    /// Its source and its pipeline end when the last holder of this is gone.
    pub life: Arc<dyn Send + Sync>,
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").field("hub", &self.hub).field("captures", &self.seat.is_some()).finish()
    }
}

/// All examinations of this program.
pub struct Rooms {
    archive: Arc<Archive>,
    opener: Option<Arc<dyn Opener>>,
    live: Mutex<Vec<Room>>,
    /// One begins at a time: between the look for a place and the room that takes it nobody else takes it.
    beginning: Mutex<()>,
}

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rooms").field("archive", &self.archive).field("live", &self.lock().len()).finish()
    }
}

/// Why no examination goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// There is none of that identifier.
    #[error("exam: there is no such examination")]
    Unknown,
    /// It is signed and closed.
    #[error("exam: it is signed; begin another one")]
    Signed,
    /// As many go on as may.
    #[error("exam: {MAX_ROOMS} examinations are being watched already: close the page of one")]
    Full,
    /// It began on another kind of source.
    #[error(
        "exam: it was begun on another kind of source than the program has now; start the program with that, or finish the report"
    )]
    OtherSource,
    /// Its journal cannot be read.
    #[error("{error}")]
    Unreadable {
        /// One line on why.
        error: String,
        /// The key of that.
        code: &'static str,
    },
    /// Its source cannot be had, or the disk takes nothing.
    #[error("{0}")]
    Refused(String),
}

/// The key of why an examination cannot be read.
pub(crate) fn why_unreadable(error: &OpenError) -> &'static str {
    match error {
        OpenError::Damaged { .. } | OpenError::NoBeginning => "exam_damaged",
        OpenError::Newer { .. } => "exam_of_newer",
        OpenError::Locked => "exam_in_use",
        _ => "failed",
    }
}

impl From<OpenError> for RoomError {
    fn from(error: OpenError) -> Self {
        Self::Unreadable { code: why_unreadable(&error), error: error.to_string() }
    }
}

impl Rooms {
    /// Examinations of `archive`; with an `opener`, pages may begin further ones.
    #[must_use]
    pub fn new(archive: Arc<Archive>, opener: Option<Arc<dyn Opener>>) -> Arc<Self> {
        Arc::new(Self { archive, opener, live: Mutex::default(), beginning: Mutex::default() })
    }

    /// Adds an examination that goes on already; a page that names none is shown the last one added.
    pub fn add(&self, room: Room) {
        self.lock().push(room);
    }

    /// The examinations on the disk.
    #[must_use]
    pub fn archive(&self) -> &Arc<Archive> {
        &self.archive
    }

    /// Where frames come from unless a page asks for another source; `None` where pages begin no examination.
    #[must_use]
    pub fn usual_source(&self) -> Option<UsualSource> {
        self.opener.as_ref().map(|opener| opener.usual_source())
    }

    /// Whether an examination that began so can be scanned on here.
    pub(crate) fn has_source_of(&self, opened: &Opened) -> bool {
        self.opener.as_ref().is_none_or(|opener| opener.has_source_of(opened))
    }

    /// Whoever keeps the calibrations.
    ///
    /// # Errors
    /// [`NotKept::Nowhere`].
    pub(crate) fn calibrations(&self) -> Result<&dyn Opener, NotKept> {
        self.opener.as_deref().ok_or(NotKept::Nowhere)
    }

    /// How many examinations go on.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// The room of an examination that goes on and that this person sees, or of the newest such where none is named.
    #[must_use]
    pub fn find(&self, exam: Option<&str>, person: &Person) -> Option<Room> {
        let live = self.lock();
        let mut seen = live.iter().rev().filter(|room| person.sees(&room.hub.examination()));
        let found = match exam {
            Some(exam) => seen.find(|room| room.hub.examination().id() == exam),
            None => seen.next(),
        };
        found.cloned()
    }

    /// The examinations that go on and that this person sees.
    pub(crate) fn live(&self, person: &Person) -> BTreeSet<String> {
        let examinations = self.lock().iter().map(|room| room.hub.examination()).collect::<Vec<_>>();
        let seen = examinations.iter().filter(|examination| person.sees(examination));
        seen.map(|examination| examination.id()).collect()
    }

    /// The room of an examination; one that rests is taken up again. What a person does not see is not there.
    ///
    /// # Errors
    /// [`RoomError`].
    pub fn enter(&self, exam: Option<&str>, person: &Person) -> Result<Room, RoomError> {
        if let Some(room) = self.find(exam, person) {
            return Ok(room);
        }
        let exam = exam.ok_or(RoomError::Unknown)?;
        let examination = self.archive.get(exam)?;
        let is_there =
            |examination: &Arc<Examination>| person.sees(examination) && !examination.is_discarded();
        let examination = examination.filter(is_there).ok_or(RoomError::Unknown)?;
        if examination.report().is_signed() {
            return Err(RoomError::Signed);
        }
        let opened = examination.opened();
        if !self.has_source_of(&opened) {
            return Err(RoomError::OtherSource);
        }
        // The program may have been stopped between the patient's name and the search.
        self.archive.compare(&examination).map_err(|error| RoomError::Refused(error.to_string()))?;
        self.begin(Some(examination), &opened.source, &opened.site)
    }

    /// Begins an examination of `site`, or takes one up again, on a source.
    ///
    /// # Errors
    /// [`RoomError`].
    pub fn begin(
        &self,
        examination: Option<Arc<Examination>>,
        source: &str,
        site: &str,
    ) -> Result<Room, RoomError> {
        let _begins = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        // Another page may have taken it up meanwhile.
        if let Some(id) = examination.as_ref().map(|examination| examination.id())
            && let Some(room) = self.lock().iter().find(|room| room.hub.examination().id() == id)
        {
            return Ok(room.clone());
        }
        self.close_signed();
        self.make_room(LEFT_FOR)?;
        let opener = self.opener.as_ref();
        let opener =
            opener.ok_or_else(|| RoomError::Refused("source: this program has but one".to_owned()))?;
        let room = opener.open(examination, source, site).map_err(RoomError::Refused)?;
        self.add(room.clone());
        Ok(room)
    }

    /// Where as many go on as may, puts the examination to rest that nobody has watched for longest, and captured for: it stays open, and
    /// goes on where it stood when somebody comes back to it.
    fn make_room(&self, left_for: Duration) -> Result<(), RoomError> {
        let mut live = self.lock();
        while live.len() >= MAX_ROOMS {
            let unwatched = |(at, room): (usize, &Room)| {
                let captures = room.seat.as_ref().is_some_and(|seat| seat.is_taken());
                room.hub.unwatched_for().filter(|_| !captures).map(|time| (time, at))
            };
            let longest = live.iter().enumerate().filter_map(unwatched).max();
            let (_, at) = longest.filter(|(time, _)| *time >= left_for).ok_or(RoomError::Full)?;
            // Its source and its pipeline end; what they have not written yet they write then.
            live.remove(at);
        }
        Ok(())
    }

    /// Lets go of rooms whose examination is signed: their sources and pipelines end.
    pub(crate) fn close_signed(&self) {
        self.lock().retain(|room| !room.hub.examination().report().is_signed());
    }

    /// The same for one whose examination was discarded.
    pub(crate) fn close_discarded(&self) {
        self.lock().retain(|room| !room.hub.examination().is_discarded());
    }

    /// Writes into the audit that this person discards an examination; without an opener there is no audit.
    pub(crate) fn note_discard(&self, examination: &str, by: &Author) -> Result<(), String> {
        self.opener.as_ref().map_or(Ok(()), |opener| opener.note_discard(examination, by))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Room>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub;

    #[test]
    fn the_examination_that_was_left_longest_ago_makes_room_and_one_that_is_watched_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let rooms = Rooms::new(Arc::new(Archive::open(folder.path()).unwrap()), None);
        let mut pages = Vec::new();
        for number in 0..MAX_ROOMS {
            let (hub, _commands) = hub::tests::hub();
            pages.push(if number == 0 { hub.join(None, None) } else { None });
            rooms.add(Room { hub, seat: None, life: Arc::new(()) });
        }
        let ids = || -> Vec<String> { rooms.lock().iter().map(|room| room.hub.examination().id()).collect() };
        let before = ids();
        assert_eq!(rooms.make_room(LEFT_FOR), Err(RoomError::Full), "whoever reloads a page comes back");
        assert_eq!(ids(), before);
        rooms.make_room(Duration::ZERO).unwrap();
        assert_eq!(ids(), [&before[..1], &before[2..]].concat(), "the second was begun first of those left");
    }
}
