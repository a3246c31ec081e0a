//! One examination: its state in memory, and on the disk within a second.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use image::GrayImage;
use peony_model::Place;
use peony_model::report::{CalibrationRecord, Earlier, Plane, Report, Signature};

use crate::act::{Act, EnteredDepth, FieldWord};
use crate::again;
use crate::bounds::unsigned_zeros;
use crate::change::{Told, tell};
use crate::event::{Author, Entry, Event, Found, Observation, Opened, Resumed};
use crate::journal::{self, Journal, JournalError, PLANES, Replaces, Saved, disk};
use crate::lines;
use crate::obstacles::obstacles;
use crate::once::{ActKey, Asking, Once};
use crate::refusal::{Refusal, check};
use crate::scan::{Scan, Whereabouts};
use crate::signed::{report, sign};
use crate::state::{Done, State, TOLD_EVERY_MS};
use crate::summary::Summary;

/// A person's act is acknowledged when it is on the disk, and refused where that takes longer.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);
/// How often the machine's word on one lesion is written.
const SEEN_EVERY: Duration = Duration::from_millis(TOLD_EVERY_MS);
/// Pictures that were asked for or kept last stay in memory.
const PICTURES: usize = 64;

/// Why an examination cannot be opened.
pub type OpenError = JournalError;

#[derive(Debug)]
struct Inner {
    state: State,
    /// What a person may want to read again: all but the machine's running words.
    history: Vec<Told>,
    pictures: VecDeque<(u64, Arc<GrayImage>)>,
    /// How many lesions there ever were: letters are never used again.
    ever: u32,
    /// The greatest number of a picture that was there when it was opened, also of one without an entry.
    last_picture: u64,
    written: BTreeMap<u32, Every>,
    scan: Scan,
    /// What clients call the acts that were done last.
    once: Once,
}

impl Inner {
    fn discardable(&self, by: &Author) -> Result<(), Refusal> {
        if self.state.discarded {
            return Err(Refusal::Discarded);
        }
        if !self.state.is_empty() || self.scan.has_begun() {
            return Err(Refusal::NotEmpty);
        }
        // Without accounts nobody knows who sits there.
        let account = self.state.begun_by().and_then(|begun| begun.account.as_ref());
        if account.is_some_and(|account| by.account.as_ref() != Some(account)) {
            return Err(Refusal::NotYours);
        }
        Ok(())
    }
}

/// An examination that is open in this program.
#[derive(Debug)]
pub struct Examination {
    folder: PathBuf,
    journal: Journal,
    inner: Mutex<Inner>,
}

impl Examination {
    /// Begin a new one in `folder`, which is made.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn begin(folder: &Path, opened: Opened) -> Result<Self, OpenError> {
        fs::create_dir_all(folder).map_err(disk("make the examination's folder"))?;
        let journal = Journal::open(folder, journal::lock(folder, true)?, 0, 0)?;
        let event = Event::Opened(opened);
        let entry = Entry { seq: 1, at_ms: now_ms(), by: None, account: None, key: None, event };
        let entry = journal.append(&entry, Replaces::Nothing, None)?;
        journal.wait(1, ACKNOWLEDGED_WITHIN)?;
        let state = State::begin(&entry).ok_or(JournalError::NoBeginning)?;
        Self::of(folder, journal, state, vec![Told { entry, changes: Vec::new() }])
    }

    /// Take up one that was begun before: it stands where its journal ends. Nothing is changed on the disk before something happens in it.
    ///
    /// # Errors
    /// Where the journal cannot be read, is damaged, or is open elsewhere.
    pub fn resume(folder: &Path) -> Result<Self, OpenError> {
        let file = journal::lock(folder, false)?;
        let read = lines::read(folder)?;
        let (state, told) = replay(read.entries)?;
        let journal = Journal::open(folder, file, read.good, state.last_seq)?;
        Self::of(folder, journal, state, told)
    }

    fn of(folder: &Path, journal: Journal, state: State, history: Vec<Told>) -> Result<Self, OpenError> {
        // A letter that was given once is never given again, also where its lesion was merged into another.
        let found = history.iter().filter(|told| matches!(told.entry.event, Event::Found(_))).count();
        let mut once = Once::default();
        for Entry { seq, key, .. } in history.iter().map(|told| &told.entry) {
            key.iter().for_each(|key| once.note(key.clone(), *seq));
        }
        let inner = Inner {
            state,
            history,
            pictures: VecDeque::new(),
            ever: u32::try_from(found).unwrap_or(u32::MAX),
            last_picture: journal::last_picture(folder)?,
            written: BTreeMap::new(),
            scan: Scan::default(),
            once,
        };
        Ok(Self { folder: folder.to_owned(), journal, inner: Mutex::new(inner) })
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> String {
        self.inner().state.opened.id.clone()
    }

    /// How it began.
    #[must_use]
    pub fn opened(&self) -> Opened {
        self.inner().state.opened.clone()
    }

    /// The site of whoever began it; empty where there are none.
    #[must_use]
    pub fn site(&self) -> String {
        self.inner().state.opened.site.clone()
    }

    /// What lengths along the sweep were made with last; `None` where there were none.
    #[must_use]
    pub fn calibration(&self) -> Option<CalibrationRecord> {
        self.inner().state.calibrations.last().cloned()
    }

    /// The report as it stands.
    #[must_use]
    pub fn report(&self) -> Report {
        report(&self.inner().state)
    }

    /// Where the probe stands, as a person said last.
    #[must_use]
    pub fn probe(&self) -> Option<Place> {
        self.inner().state.probe()
    }

    /// The depth that a person entered, as far as one holds.
    #[must_use]
    pub fn entered_depth(&self) -> Option<EnteredDepth> {
        self.inner().state.entered_depth()
    }

    /// How far the disk is.
    #[must_use]
    pub fn saved(&self) -> Saved {
        self.journal.saved()
    }

    /// The number of the last entry.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.inner().state.last_seq
    }

    /// What happened, oldest first, and what it changed: every entry but the machine's running words on lesions and on the scan.
    #[must_use]
    pub fn history(&self) -> Vec<Told> {
        self.inner().history.clone()
    }

    /// How many entries [`Self::history`] has.
    #[must_use]
    pub fn history_len(&self) -> usize {
        self.inner().history.len()
    }

    /// How many acts of this person can be taken back.
    #[must_use]
    pub fn undoable(&self, by: impl Into<Author>) -> usize {
        let (by, inner) = (by.into(), self.inner());
        inner.state.acts().filter(|done| done.by.is(&by)).count()
    }

    /// Say that the program goes on after a stop, and how.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn resumed(&self, now: Resumed) -> Result<(), JournalError> {
        let mut inner = self.inner();
        self.ask_of_last(&mut inner)?;
        self.append(&mut inner, None, Event::Resumed(Some(now)), None).map(drop)
    }

    /// A lesion was confirmed; its number is the caller's and was never used for another. Gives the letter that it has here,
    /// which is that of before where it was found already.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn found(&self, lesion: u32) -> Result<String, JournalError> {
        let mut inner = self.inner();
        if let Some(known) = inner.state.lesions.get(&lesion) {
            return Ok(known.found.letter.clone());
        }
        let letter = letters(inner.ever);
        let stood = inner.scan.stood();
        let found = Found { lesion, letter: letter.clone(), stood };
        self.append(&mut inner, None, Event::Found(found), None)?;
        inner.ever += 1;
        Ok(letter)
    }

    /// The greatest number that a lesion ever had; 0 where there was none.
    #[must_use]
    pub fn last_lesion(&self) -> u32 {
        let inner = self.inner();
        let found = |told: &Told| match &told.entry.event {
            Event::Found(found) => Some(found.lesion),
            _ => None,
        };
        inner.history.iter().filter_map(found).max().unwrap_or_default()
    }

    /// What the machine says of a lesion now. Written twice a second at most, unless `at_once`.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn seen(&self, seen: Observation, at_once: bool) -> Result<(), JournalError> {
        let mut inner = self.inner();
        let known = inner.state.lesions.get(&seen.lesion);
        if known.is_none_or(|known| known.seen.as_ref() == Some(&seen)) {
            return Ok(());
        }
        let every = inner.written.entry(seen.lesion).or_insert_with(|| Every::new(SEEN_EVERY));
        if every.is_due(Instant::now()) || at_once {
            self.append(&mut inner, None, Event::Seen(seen), None)?;
        }
        Ok(())
    }

    /// Two lesions are one. Where a person has said that they are two, they stay two.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn merged(&self, from: u32, into: u32) -> Result<(), JournalError> {
        let mut inner = self.inner();
        if inner.state.are_two(from, into) {
            return Ok(());
        }
        self.append(&mut inner, None, Event::Merged { from, into }, None).map(drop)
    }

    /// Ask whether a lesion is an earlier one again: proposes the likeliest that it may be, if there is any, and once. `seen_with` were
    /// seen on one frame with it, so that it is none of those.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn ask_again(&self, lesion: u32, seen_with: &[u32]) -> Result<(), JournalError> {
        self.ask_of(&mut self.inner(), lesion, seen_with)
    }

    fn ask_of(&self, inner: &mut Inner, lesion: u32, seen_with: &[u32]) -> Result<(), JournalError> {
        let Some(earlier) = again::of(&inner.state, lesion, seen_with) else { return Ok(()) };
        self.append(inner, None, Event::MayBe { lesion, earlier }, None).map(drop)
    }

    /// No picture follows the last one for now: what was in view on it has not left, and is asked of all the same.
    fn ask_of_last(&self, inner: &mut Inner) -> Result<(), JournalError> {
        let in_view = inner.state.in_view_last();
        in_view.into_iter().try_for_each(|(lesion, seen_with)| self.ask_of(inner, lesion, &seen_with))
    }

    /// Keep a plane; its `id` is given here, and is never that of a picture which is there already. `asking` is `None` for the machine.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn keep(
        &self,
        plane: Plane,
        picture: &Arc<GrayImage>,
        asking: Option<Asking>,
    ) -> Result<Plane, JournalError> {
        let mut inner = self.inner();
        let plane = Plane { id: inner.state.last_plane.max(inner.last_picture) + 1, ..plane };
        let picture_of = Some((plane.id, Arc::clone(picture)));
        self.append(&mut inner, asking, Event::Kept(plane.clone()), picture_of)?;
        if inner.pictures.len() == PICTURES {
            inner.pictures.pop_front();
        }
        inner.pictures.push_back((plane.id, Arc::clone(picture)));
        Ok(plane)
    }

    /// A frame was read: for how long it stood, whether it can be read, the faults that held, and where the probe is by its way, where that is
    /// known.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn scanned(
        &self,
        seconds: f32,
        readable: bool,
        faults: &[&str],
        here: Option<Whereabouts>,
    ) -> Result<(), JournalError> {
        let mut inner = self.inner();
        let said = inner.state.probe_said();
        if inner.scan.goes_on(said, here) {
            self.write_scan(&mut inner)?;
        }
        inner.scan.add(said, seconds, readable, faults);
        Ok(())
    }

    /// Pictures stop: write what was scanned and is not written yet, and ask of the lesions in view whether they are earlier ones again.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn rest(&self) -> Result<(), JournalError> {
        let mut inner = self.inner();
        self.ask_of_last(&mut inner)?;
        self.write_scan(&mut inner)
    }

    fn write_scan(&self, inner: &mut Inner) -> Result<(), JournalError> {
        // What the disk has no room for is written with what follows.
        if let Some(scanned) = inner.scan.so_far() {
            self.append(inner, None, Event::Scanned(scanned), None)?;
            inner.scan.is_written();
        }
        Ok(())
    }

    /// Who says how large a pixel is, where that has changed.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn scale(&self, source: Option<&str>) -> Result<(), JournalError> {
        let mut inner = self.inner();
        if inner.state.scale.as_deref() == source {
            return Ok(());
        }
        self.append(&mut inner, None, Event::Scale { source: source.map(str::to_owned) }, None).map(drop)
    }

    /// What lengths along the sweep are made with, where that has changed.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn calibrated(&self, record: &CalibrationRecord) -> Result<(), JournalError> {
        let mut inner = self.inner();
        if inner.state.calibrations.last() == Some(record) {
            return Ok(());
        }
        self.append(&mut inner, None, Event::Calibrated(record.clone()), None).map(drop)
    }

    /// Whether pictures stopped coming, where that has changed.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub fn source_lost(&self, lost: bool) -> Result<(), JournalError> {
        let mut inner = self.inner();
        if inner.state.lost == lost {
            return Ok(());
        }
        if lost {
            self.ask_of_last(&mut inner)?;
        }
        self.append(&mut inner, None, Event::Source { lost }, None).map(drop)
    }

    /// The identifier of the patient under whom an earlier examination is to be looked for; `None` where nobody has said one, where
    /// one was found before, and once the report is signed.
    #[must_use]
    pub(crate) fn looks_for(&self) -> Option<String> {
        let inner = self.inner();
        let id = report(&inner.state).patient.id.trim().to_owned();
        let looks = !id.is_empty() && !inner.state.earlier.contains_key(&id);
        (looks && inner.state.signatures.is_empty()).then_some(id)
    }

    /// There is an earlier examination of the patient.
    ///
    /// # Errors
    /// Where the disk takes nothing any more.
    pub(crate) fn hear_of(&self, earlier: Earlier) -> Result<(), JournalError> {
        self.append(&mut self.inner(), None, Event::Earlier(earlier), None).map(drop)
    }

    /// Whether an act was done already that its client calls so: see [`ActKey`].
    ///
    /// # Errors
    /// [`Refusal::OtherAct`].
    pub fn was_done(&self, key: &ActKey) -> Result<bool, Refusal> {
        Ok(self.inner().once.find(Some(key))?.is_some())
    }

    /// Something was done that its client calls so. What leaves no entry is known as long as the program runs, and so is what it did.
    pub fn note_done(&self, key: ActKey) {
        let mut inner = self.inner();
        if let Ok(None) = inner.once.find(Some(&key)) {
            let seq = inner.state.last_seq;
            inner.once.note(key, seq);
        }
    }

    /// Follow a person's act; it is on the disk when this returns. One that was done already, by its key, is not done again.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is changed then, except that an act which the disk took too long for may still come to last.
    pub fn act(&self, asking: impl Into<Asking>, act: Act) -> Result<(), Refusal> {
        let seq = self.act_soon(asking, act)?;
        Ok(self.journal.wait(seq, ACKNOWLEDGED_WITHIN)?)
    }

    /// As [`Self::act`], for those who must not wait: it is on the disk within a second, or [`Self::saved`] says why not.
    /// Gives the number of its entry.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is changed then.
    pub fn act_soon(&self, asking: impl Into<Asking>, act: Act) -> Result<u64, Refusal> {
        let (asking, mut inner) = (asking.into(), self.inner());
        if let Some(seq) = inner.once.find(asking.key.as_ref())? {
            return Ok(seq);
        }
        check(&inner.state, &asking.by.name, &act)?;
        let event = match unsigned_zeros(act) {
            Act::Sign { name, role, licence } => {
                let report = report(&inner.state);
                let open = obstacles(&report);
                if !open.is_empty() {
                    return Err(Refusal::Obstacles(open));
                }
                let (role, at_ms, sha256) = (role.key().to_owned(), now_ms(), String::new());
                let signature = Signature { version: 1, name, role, licence, at_ms, sha256 };
                Event::Signed(sign(&inner.state, &report, signature))
            }
            Act::Confirm { lesion, mut fields, shown } => {
                fields.sort_unstable();
                fields.dedup();
                let report = report(&inner.state);
                let of = report.lesions.iter().find(|at| at.lesion == lesion);
                let words = |of| fields.iter().filter_map(|field| field.proposal(of)).collect();
                let words: Vec<FieldWord> = of.map_or_else(Vec::new, words);
                if shown.is_some_and(|shown| words.iter().any(|word| !shown.contains(word))) {
                    return Err(Refusal::ProposalChanged);
                }
                Event::Confirmed { lesion, words }
            }
            act => Event::Act(act),
        };
        let says_where = matches!(event, Event::Act(Act::SetProbe { .. }));
        let seq = self.append(&mut inner, Some(asking), event, None)?;
        if says_where {
            inner.scan.is_said(seq);
        }
        Ok(seq)
    }

    /// Take back this person's last act that can be.
    ///
    /// # Errors
    /// [`Refusal::NothingToUndo`]; [`Refusal::Signed`]; where the disk refuses.
    pub fn undo(&self, asking: impl Into<Asking>) -> Result<(), Refusal> {
        let seq = self.undo_soon(asking.into())?;
        Ok(self.journal.wait(seq, ACKNOWLEDGED_WITHIN)?)
    }

    fn undo_soon(&self, asking: Asking) -> Result<u64, Refusal> {
        let mut inner = self.inner();
        if let Some(seq) = inner.once.find(asking.key.as_ref())? {
            return Ok(seq);
        }
        let last = inner.state.acts().rev().find(|done| done.by.is(&asking.by)).map(|done| done.seq);
        self.take_back_in(&mut inner, asking, last)
    }

    /// Take back the act of this entry, which must be this person's; for those who must not wait, as [`Self::act_soon`].
    ///
    /// # Errors
    /// As [`Self::undo`]; [`Refusal::NothingToUndo`] too where it was taken back already.
    pub fn take_back_soon(&self, asking: impl Into<Asking>, seq: u64) -> Result<u64, Refusal> {
        let (asking, mut inner) = (asking.into(), self.inner());
        if let Some(seq) = inner.once.find(asking.key.as_ref())? {
            return Ok(seq);
        }
        let is_it = |done: &&Done| done.seq == seq && done.by.is(&asking.by);
        let act = inner.state.acts().find(is_it).map(|done| done.seq);
        self.take_back_in(&mut inner, asking, act)
    }

    fn take_back_in(&self, inner: &mut Inner, asking: Asking, act: Option<u64>) -> Result<u64, Refusal> {
        if !inner.state.signatures.is_empty() {
            return Err(Refusal::Signed);
        }
        if inner.state.discarded {
            return Err(Refusal::Discarded);
        }
        let seq = act.ok_or(Refusal::NothingToUndo)?;
        Ok(self.append(inner, Some(asking), Event::Undone { seq }, None)?)
    }

    /// Discard an examination that this person began by mistake and in which nothing is: see [`Event::Discarded`].
    ///
    /// # Errors
    /// As [`Self::discardable`]; where the disk refuses.
    pub fn discard(&self, by: impl Into<Author>) -> Result<(), Refusal> {
        let (by, mut inner) = (by.into(), self.inner());
        inner.discardable(&by)?;
        let seq = self.append(&mut inner, Some(by.into()), Event::Discarded, None)?;
        drop(inner);
        Ok(self.journal.wait(seq, ACKNOWLEDGED_WITHIN)?)
    }

    /// Whether this person may discard it now.
    ///
    /// # Errors
    /// [`Refusal::Discarded`], [`Refusal::NotEmpty`], [`Refusal::NotYours`].
    pub fn discardable(&self, by: &Author) -> Result<(), Refusal> {
        self.inner().discardable(by)
    }

    /// Whether it was discarded.
    #[must_use]
    pub fn is_discarded(&self) -> bool {
        self.inner().state.discarded
    }

    /// What a list says of it.
    pub(crate) fn summary(&self) -> Summary {
        let inner = self.inner();
        let summary = Summary::of(&inner.state);
        Summary { empty: summary.empty && !inner.scan.has_begun(), ..summary }
    }

    /// The picture of a plane that is or was kept; `None` where there is none or it cannot be read.
    #[must_use]
    pub fn picture(&self, plane: u64) -> Option<Arc<GrayImage>> {
        let in_memory = {
            let inner = self.inner();
            inner.pictures.iter().find(|(id, _)| *id == plane).map(|(_, picture)| Arc::clone(picture))
        };
        // The name is a number and nothing from outside.
        let path = self.folder.join(PLANES).join(format!("{plane}.png"));
        in_memory.or_else(|| Some(Arc::new(image::open(path).ok()?.into_luma8())))
    }

    fn append(
        &self,
        inner: &mut Inner,
        asking: Option<Asking>,
        event: Event,
        plane: Option<(u64, Arc<GrayImage>)>,
    ) -> Result<u64, JournalError> {
        let replaces = match &event {
            Event::Seen(seen) => Replaces::Seen(seen.lesion),
            _ if asking.is_some() => Replaces::NothingBefore,
            _ => Replaces::Nothing,
        };
        let seq = inner.state.last_seq + 1;
        let (by, key) = asking.map(|Asking { by, key }| (by, key)).unzip();
        let (by, account) = by.map(|by: Author| (by.name, by.account)).unzip();
        let (account, key) = (account.flatten(), key.flatten());
        let entry = Entry { seq, at_ms: now_ms(), by, account, key, event };
        let entry = self.journal.append(&entry, replaces, plane)?;
        entry.key.iter().for_each(|key| inner.once.note(key.clone(), seq));
        let told = tell(&mut inner.state, entry);
        if is_history(&told.entry) {
            inner.history.push(told);
        }
        Ok(seq)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // An entry is applied after it was handed over; no step in between leaves a state that is not one.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_history(entry: &Entry) -> bool {
    !matches!(entry.event, Event::Seen(_) | Event::Scanned(_))
}

/// The state after these entries, and their history.
fn replay(entries: Vec<Entry>) -> Result<(State, Vec<Told>), JournalError> {
    let mut entries = entries.into_iter();
    let entry = entries.next().ok_or(JournalError::NoBeginning)?;
    let mut state = State::begin(&entry).ok_or(JournalError::NoBeginning)?;
    let mut history = vec![Told { entry, changes: Vec::new() }];
    history.extend(entries.map(|entry| tell(&mut state, entry)).filter(|told| is_history(&told.entry)));
    Ok((state, history))
}

/// What a list says after these entries.
///
/// # Errors
/// Where the first of them is not the beginning of an examination.
pub(crate) fn summary_of(entries: &[Entry]) -> Result<Summary, OpenError> {
    let (first, rest) = entries.split_first().ok_or(JournalError::NoBeginning)?;
    let mut state = State::begin(first).ok_or(JournalError::NoBeginning)?;
    rest.iter().for_each(|entry| state.apply(entry));
    Ok(Summary::of(&state))
}

/// A to Z, then AA and on.
fn letters(number: u32) -> String {
    let last = char::from(b'A' + (number % 26) as u8);
    match (number / 26).checked_sub(1) {
        Some(rest) => letters(rest) + &last.to_string(),
        None => last.to_string(),
    }
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Whether it was so long ago that it is time again.
#[derive(Debug)]
pub(crate) struct Every {
    period: Duration,
    last: Option<Instant>,
}

impl Every {
    pub fn new(period: Duration) -> Self {
        Self { period, last: None }
    }

    pub fn is_due(&mut self, now: Instant) -> bool {
        let due = self.last.is_none_or(|last| now.saturating_duration_since(last) >= self.period);
        if due {
            self.last = Some(now);
        }
        due
    }
}
