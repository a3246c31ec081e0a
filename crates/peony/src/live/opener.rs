//! From a source to an examination that goes on: the model, the pipeline, the hub, and the threads between.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use peony_dicom::Equipment;
use peony_examination::{Archive, Author, Examination, Opened, Resumed};
use peony_model::report::MachineRecord;
use peony_model::{LatestSlot, MmPerPx, Spacing};
use peony_sources::capture::{Announcement, Captured as FromPage};
use peony_sources::{LiveSource, SourceUrl, Stopper};
use peony_web::capture::{Intake, Seat};
use peony_web::wire::{KnownCalibration, Model, ProbeName, Source, SourceKind, UsualSource};
use peony_web::{Capture, Hub, MadeCalibration, NotKept, Opener, Room, Scanner};

use super::audit::Audit;
use super::device;
use super::source::{Captured, Feed, TRANSDUCER, running};
use crate::calibration::probes::Probes;
use crate::cli::ModelArgs;
use crate::engine::Reader;
use crate::exit::Outcome;

/// No picture takes so long from the page to here.
const OLDEST: Duration = Duration::from_secs(5);
/// The lexicon that the words of a new examination are of.
const LEXICON_EDITION: &str = "birads_5";

/// What every examination of this call is read with.
#[derive(Debug)]
pub struct Settings {
    pub model: ModelArgs,
    /// Where frames come from, unless a page asks for another source.
    pub source: SourceUrl,
    pub fps: f64,
    pub scale: Option<MmPerPx>,
    pub probes: Probes,
    /// Where it is written down who says which probe is used; `None` where nothing is kept.
    pub audit: Option<Audit>,
    pub between: Between,
}

/// What becomes of an examination when its source has come to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// Another one begins, on the next breast or the same recording: a demonstration goes on by itself.
    Examinations,
    /// Nothing: it waits for a person.
    Rests,
}

/// Opens examinations, and knows their threads.
pub struct Studio {
    archive: Arc<Archive>,
    settings: Settings,
    threads: Mutex<Vec<JoinHandle<Outcome>>>,
}

/// Ends an examination's pipeline and its device when nobody holds its room any more.
struct Life {
    slot: Arc<LatestSlot<Captured>>,
    device: Option<Stopper>,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.slot.close();
        if let Some(device) = &self.device {
            device.stop();
        }
    }
}

impl Studio {
    pub fn new(archive: Archive, settings: Settings) -> Arc<Self> {
        Arc::new(Self { archive: Arc::new(archive), settings, threads: Mutex::default() })
    }

    pub fn archive(&self) -> &Arc<Archive> {
        &self.archive
    }

    /// Waits for every thread; the rooms must have been dropped before.
    pub fn close(&self) -> Outcome {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = threads.into_iter().map(|thread| thread.join().unwrap_or(Outcome::SomeFailed));
        ended.fold(Outcome::Done, Outcome::and)
    }

    fn run(&self, name: &str, work: impl FnOnce() -> Outcome + Send + 'static) -> Result<(), String> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
        let thread = thread.map_err(|error| format!("the system gives no thread: {error}"))?;
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(thread);
        Ok(())
    }

    /// What a page asks for, or an examination has: anything but capture and phantom is what the call names.
    fn running(&self, asked: &str) -> SourceUrl {
        match asked.parse() {
            Ok(source @ (SourceUrl::Capture | SourceUrl::Phantom { .. })) => source,
            _ => self.settings.source.clone(),
        }
    }

    /// Writes down who has said what of a scanner's probe.
    fn audited(
        &self,
        by: &Author,
        act: &str,
        Scanner { site, source }: Scanner<'_>,
        names: Option<[&str; 2]>,
    ) -> Result<(), NotKept> {
        let Some(audit) = &self.settings.audit else { return Ok(()) };
        let names = names.map_or_else(
            || "none".to_owned(),
            |names| names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", "),
        );
        let at = if site.is_empty() { source.to_owned() } else { format!("{site}, {source}") };
        audit.put(who(by), act, &format!("{at}: {names}")).map_err(NotKept::Disk)
    }

    /// The source that is asked for: by a page, or as the examination had it, or the usual one.
    fn source(&self, asked: &str, examination: Option<&Examination>) -> Result<SourceUrl, String> {
        let known = examination.map(|examination| examination.opened().source);
        let asked = known.as_deref().unwrap_or(asked);
        match asked.parse() {
            Ok(source @ (SourceUrl::Capture | SourceUrl::Phantom { .. })) => Ok(source),
            // A recording or a device is named by the call alone: no path or address is in a journal. Whether it is of the kind that the
            // examination had is asked before ([`Opener::has_source_of`]).
            _ if asked.is_empty() || known.is_some() => Ok(self.settings.source.clone()),
            // A page names no file and no device.
            _ => Err("source: a page may ask for capture or phantom[:SEED]".to_owned()),
        }
    }
}

/// Where frames are taken from.
enum Frames {
    /// Made or read here, at the pace of their times.
    Fed(Box<Feed>),
    /// A device on the network.
    Device(LiveSource),
    /// A page.
    Page,
}

impl Frames {
    fn open(source: &SourceUrl, settings: &Settings) -> Result<Self, String> {
        match source {
            SourceUrl::Capture => Ok(Self::Page),
            SourceUrl::Phantom { .. } | SourceUrl::Path(_) => {
                let feed = Feed::open(source, settings.fps, settings.scale, settings.between);
                feed.map(|feed| Self::Fed(Box::new(feed))).map_err(|error| format!("{error:#}"))
            }
            SourceUrl::Igtl { .. } | SourceUrl::Rtsp(_) | SourceUrl::V4l2(_) | SourceUrl::Gst(_) => {
                peony_sources::open(source).map(Self::Device).map_err(|error| error.to_string())
            }
        }
    }

    /// What the frames say of the machine that made them.
    fn equipment(&self) -> Equipment {
        match self {
            Self::Fed(feed) => feed.equipment(),
            Self::Device(_) | Self::Page => Equipment::default(),
        }
    }

    fn description(&self, source: &SourceUrl) -> Source {
        match self {
            Self::Fed(feed) => feed.description(),
            Self::Device(_) | Self::Page => running(source_kind(source), kind_of(source)),
        }
    }
}

/// What a journal and a page say of a source: never a path or an address.
fn kind_of(source: &SourceUrl) -> &'static str {
    match source {
        SourceUrl::Phantom { .. } => "phantom",
        SourceUrl::Path(_) => "recording",
        SourceUrl::Igtl { .. } => "OpenIGTLink",
        SourceUrl::Rtsp(_) => "RTSP",
        SourceUrl::V4l2(_) => "V4L2",
        SourceUrl::Gst(_) => "GStreamer",
        SourceUrl::Capture => "capture",
    }
}

/// Whose word it is: an account, where there are any.
fn who(by: &Author) -> &str {
    by.account.as_ref().unwrap_or(&by.name)
}

fn source_kind(source: &SourceUrl) -> SourceKind {
    match source {
        SourceUrl::Phantom { .. } => SourceKind::Phantom,
        SourceUrl::Path(_) => SourceKind::Replay,
        SourceUrl::Capture => SourceKind::Capture,
        SourceUrl::Igtl { .. } | SourceUrl::Rtsp(_) | SourceUrl::V4l2(_) | SourceUrl::Gst(_) => {
            SourceKind::Device
        }
    }
}

/// Tries a source once, without an examination.
///
/// # Errors
/// One line on why it gives no pictures now.
pub fn try_source(source: &SourceUrl, fps: f64, scale: Option<MmPerPx>) -> Result<(), String> {
    match source {
        SourceUrl::Capture | SourceUrl::Phantom { .. } => Ok(()),
        SourceUrl::Path(_) => {
            let opened = Feed::open(source, fps, scale, Between::Rests);
            opened.map(drop).map_err(|error| format!("{error:#}"))
        }
        SourceUrl::Igtl { .. } | SourceUrl::Rtsp(_) | SourceUrl::V4l2(_) | SourceUrl::Gst(_) => {
            device::tried(source)
        }
    }
}

/// What kind of source a journal names ([`kind_of`]); `None` for a name of none that is known.
fn kind_named(source: &str) -> Option<SourceKind> {
    match source.parse() {
        Ok(source @ (SourceUrl::Capture | SourceUrl::Phantom { .. })) => Some(source_kind(&source)),
        _ => match source {
            "recording" => Some(SourceKind::Replay),
            "OpenIGTLink" | "RTSP" | "V4L2" | "GStreamer" => Some(SourceKind::Device),
            _ => None,
        },
    }
}

impl Opener for Studio {
    fn has_source_of(&self, opened: &Opened) -> bool {
        match kind_named(&opened.source) {
            // Pages bring their pictures themselves, and the phantom is in the program.
            Some(SourceKind::Capture | SourceKind::Phantom) => true,
            Some(kind) => kind == source_kind(&self.settings.source),
            None => opened.simulated == (source_kind(&self.settings.source) == SourceKind::Phantom),
        }
    }

    fn usual_source(&self) -> UsualSource {
        let source = &self.settings.source;
        let kind = source_kind(source);
        UsualSource { kind, name: if kind == SourceKind::Phantom { TRANSDUCER } else { kind_of(source) } }
    }

    fn note_discard(&self, examination: &str, by: &Author) -> Result<(), String> {
        let audit = self.settings.audit.as_ref();
        audit.map_or(Ok(()), |audit| audit.put(who(by), "discard-examination", examination))
    }

    fn scanner<'a>(&self, source: &str, site: &'a str) -> Scanner<'a> {
        Scanner { site, source: kind_of(&self.running(source)) }
    }

    fn calibrations(&self, scanner: Scanner<'_>) -> Vec<KnownCalibration> {
        self.settings.probes.list(scanner)
    }

    fn keep_calibration(
        &self,
        scanner: Scanner<'_>,
        made: &MadeCalibration,
        by: &Author,
    ) -> Result<(), NotKept> {
        self.settings.probes.keep(scanner, made, who(by))?;
        self.audited(by, "keep-calibration", scanner, Some([&made.probe, &made.preset]))
    }

    fn use_calibration(
        &self,
        scanner: Scanner<'_>,
        probe: Option<&ProbeName>,
        by: &Author,
    ) -> Result<(), NotKept> {
        self.settings.probes.take(scanner, probe, who(by))?;
        let names = probe.map(|ProbeName { probe, preset }| [probe.as_str(), preset]);
        self.audited(by, "use-calibration", scanner, names)
    }

    fn open(&self, examination: Option<Arc<Examination>>, source: &str, site: &str) -> Result<Room, String> {
        let source = self.source(source, examination.as_deref())?;
        let frames = Frames::open(&source, &self.settings)?;
        let mut reader = Reader::load(&self.settings.model);
        // What began with a calibration goes on with that, whatever the next examination is made with.
        let begun = examination.as_ref().and_then(|examination| examination.calibration());
        reader.calibrate(match begun.filter(|_| source_kind(&source) != SourceKind::Phantom) {
            Some(begun) => self.settings.probes.again(&begun),
            None => {
                let site =
                    examination.as_ref().map_or_else(|| site.to_owned(), |examination| examination.site());
                let scanner = Scanner { site: &site, source: kind_of(&source) };
                self.settings.probes.choose(&frames.equipment(), scanner)
            }
        });
        let opened = opened(&source, &reader, site);
        let examination = match examination {
            Some(examination) => {
                let Opened { program, source, simulated, machine, .. } = opened.clone();
                let now = Resumed { program, source, simulated, machine };
                examination.resumed(now).map_err(|error| error.to_string())?;
                examination
            }
            None => self.archive.begin(opened.clone()).map_err(|error| error.to_string())?,
        };
        let (hub, commands) = Hub::new(frames.description(&source), model_of(&reader), examination);
        let slot = Arc::new(LatestSlot::new());
        let of_source = Arc::clone(&slot);
        let (mut seat, mut stopper) = (None, None);
        match frames {
            Frames::Fed(feed) => self.run("peony-source", move || {
                // The pipeline must not wait for a source that is gone, however it went.
                let _close = of_source.close_on_drop();
                feed.run(&commands, &of_source)
            })?,
            Frames::Device(device) => {
                stopper = Some(device.stopper());
                let hub = Arc::downgrade(&hub);
                self.run("peony-source", move || {
                    let _close = of_source.close_on_drop();
                    device::run(device, &of_source, &hub)
                })?;
            }
            Frames::Page => {
                let (hub, scale) = (Arc::downgrade(&hub), self.settings.scale);
                let intake: Box<dyn Intake> = Box::new(FromPages { slot: of_source, hub, scale });
                seat = Some(Arc::new(Seat::new(intake)));
            }
        }
        let life: Arc<dyn Send + Sync> = Arc::new(Life { slot: Arc::clone(&slot), device: stopper });
        let (archive, of_hub) = (Arc::clone(&self.archive), Arc::clone(&hub));
        self.run("peony-pipeline", move || read(&slot, &of_hub, reader, &archive, &opened))?;
        Ok(Room { hub, seat, life })
    }
}

fn opened(source: &SourceUrl, reader: &Reader, site: &str) -> Opened {
    let machine = reader.provenance().map(|by| MachineRecord {
        model: by.model.clone(),
        version: by.version.clone(),
        sha256: by.sha256.clone(),
        engine: format!("{} {}", by.provider, by.precision.as_str()),
    });
    Opened {
        id: String::new(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        source: match source {
            // Its seed, so that the same breast is scanned when the examination goes on.
            SourceUrl::Phantom { .. } => source.to_string(),
            source => kind_of(source).to_owned(),
        },
        simulated: matches!(source, SourceUrl::Phantom { .. }),
        machine,
        lexicon_edition: LEXICON_EDITION.to_owned(),
        site: site.to_owned(),
    }
}

/// The same on another breast of the phantom: the one on which the examination goes on when it is taken up again.
fn of_breast(opened: &Opened, seed: Option<u64>) -> Opened {
    let source = seed.map(|seed| SourceUrl::Phantom { seed: Some(seed) }.to_string());
    let source = source.unwrap_or_else(|| opened.source.clone());
    Opened { source, ..opened.clone() }
}

fn model_of(reader: &Reader) -> Result<Model, String> {
    let by = reader.provenance().ok_or_else(|| reader.why_no_model().to_owned())?;
    Ok(Model {
        name: by.model.clone(),
        version: by.version.clone(),
        sha256: by.sha256.clone(),
        engine: by.provider.clone(),
        precision: by.precision.as_str().to_owned(),
        threads: u32::try_from(reader.threads()).unwrap_or(u32::MAX),
    })
}

/// Takes the newest frame, says what is seen on it, and hands both to the pages, until the source ends. Each sweep after
/// the first is an examination of its own: where none can begin, its frames are passed over, and no report has two breasts in one.
fn read(
    slot: &LatestSlot<Captured>,
    hub: &Hub,
    mut reader: Reader,
    archive: &Archive,
    opened: &Opened,
) -> Outcome {
    let mut sweep = None;
    let mut is_told = false;
    let mut dropped_before = 0;
    let mut counted = Counted::default();
    while let Some(mut captured) = slot.take() {
        if sweep != Some(captured.sweep) {
            if sweep.is_some() {
                match archive.begin(of_breast(opened, captured.seed)) {
                    Ok(examination) => hub.begin_sweep(examination),
                    Err(error) => {
                        if !is_told {
                            crate::log::tell(format_args!("no further examination can begin: {error}"));
                        }
                        is_told = true;
                        continue;
                    }
                }
            }
            reader.begin(true);
            is_told = false;
            sweep = Some(captured.sweep);
            dropped_before = slot.dropped();
        }
        if hub.passes_over() {
            continue;
        }
        if captured.frame.spacing == Spacing::Unknown
            && let Some(scale) = hub.entered_scale(captured.frame.size_px())
        {
            captured.frame.spacing = Spacing::Uniform(scale);
        }
        let began = Instant::now();
        let output = reader.step(&captured.frame);
        let model_failed = reader.failed_on_last();
        counted.add(began.elapsed(), slot.dropped(), captured.damaged, model_failed);
        let dropped = slot.dropped() - dropped_before + captured.damaged;
        let capture = Capture { captured: captured.at, dropped, truth: &captured.truth, model_failed };
        hub.publish(&captured.frame, &output, capture);
    }
    if let Err(error) = hub.examination().rest() {
        crate::log::tell(format_args!("the end of an examination could not be written: {error}"));
        return reader.outcome().and(Outcome::SomeFailed);
    }
    reader.outcome()
}

/// What the figures have of an examination already.
#[derive(Default)]
struct Counted {
    dropped: u64,
    damaged: u64,
}

impl Counted {
    /// A frame was read within that time; so many were dropped and damaged until then. Damaged ones are counted from one sweep to the next.
    fn add(&mut self, step: Duration, dropped: u64, damaged: u64, model_failed: bool) {
        metrics::counter!("peony_live_frames_read_total").increment(1);
        metrics::counter!("peony_live_model_failures_total").increment(model_failed.into());
        metrics::histogram!("peony_live_step_seconds").record(step);
        for (why, now, before) in
            [("newer", dropped, &mut self.dropped), ("damaged", damaged, &mut self.damaged)]
        {
            let more = now.checked_sub(*before).unwrap_or(now);
            metrics::counter!("peony_live_frames_dropped_total", "why" => why).increment(more);
            *before = now;
        }
    }
}

/// Frames that pages capture, on their way to the pipeline.
struct FromPages {
    slot: Arc<LatestSlot<Captured>>,
    hub: Weak<Hub>,
    scale: Option<MmPerPx>,
}

impl FromPages {
    fn note(&self, lost: bool) {
        if let Some(hub) = self.hub.upgrade()
            && let Err(error) = hub.examination().source_lost(lost)
        {
            tracing::warn!("an examination takes nothing: {error}");
        }
    }
}

impl Intake for FromPages {
    fn begins(&self, _announced: &Announcement) {
        self.note(false);
    }

    fn put(&self, captured: FromPage) {
        let FromPage { mut frame, arrived, stamp, .. } = captured;
        if let Some(scale) = self.scale {
            frame.spacing = Spacing::Uniform(scale);
        }
        // The page is on this machine, so its clock is ours: latency counts from its capture. A clock that says something
        // else is not believed.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = now.checked_sub(stamp).filter(|age| *age < OLDEST).unwrap_or_default();
        let at = arrived.checked_sub(age).unwrap_or(arrived);
        self.slot.put(Captured { frame, at, sweep: 0, damaged: 0, truth: Vec::new(), seed: None });
    }

    fn ends(&self) {
        self.note(true);
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::path::Path;

    use peony_model::{Precision, Provenance};
    use peony_phantom::{Phantom, PhantomConfig};
    use peony_ultrasound::Network;
    use peony_ultrasound::network::{CELLS, MAPS, MASK, NetOutputs, NetworkError, Reading};

    use super::*;

    /// Finds nothing, and fails at some of the times it is asked.
    struct Failing {
        at: Range<u32>,
        asked: u32,
    }

    impl Network for Failing {
        fn run(&mut self, _: &[f32], _: Option<&[f32]>) -> Result<NetOutputs, NetworkError> {
            self.asked += 1;
            if self.at.contains(&self.asked) {
                return Err(NetworkError::Other("out of order".into()));
            }
            let nothing = |values: usize| vec![-9.0; values];
            Ok(NetOutputs {
                mask: vec![0.0; MASK * MASK],
                core: vec![0.0; MASK * MASK],
                maps: nothing(MAPS * CELLS * CELLS),
                embedding: None,
                lesion: 0.0,
                breast: 1.0,
                state: None,
            })
        }

        fn provenance(&self) -> Arc<Provenance> {
            Arc::new(Provenance {
                model: "failing".to_owned(),
                version: "1".to_owned(),
                sha256: String::new(),
                provider: "test".to_owned(),
                precision: Precision::Fp32,
            })
        }

        fn reading(&self) -> Reading {
            Reading { mask: 0.5, lesion: 0.5, region: 0.5, breast: 0.5, calibrated: false }
        }
    }

    /// Reads what `source` puts into the slot, as the pipeline of an examination of the phantom does; what the pages would see.
    fn read_with(
        network: Failing,
        folder: &Path,
        source: impl FnOnce(&LatestSlot<Captured>, &Hub) + Send,
    ) -> Arc<Hub> {
        let archive = Archive::open(folder).unwrap();
        let reader = Reader::reading_with(Ok(Box::new(network)), 1);
        let opened = opened(&SourceUrl::Phantom { seed: Some(3) }, &reader, "");
        let of_hub = running(SourceKind::Phantom, "phantom");
        let (hub, _commands) = Hub::new(of_hub, model_of(&reader), archive.begin(opened.clone()).unwrap());
        let slot = LatestSlot::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                let _close = slot.close_on_drop();
                source(&slot, &hub);
            });
            read(&slot, &hub, reader, &archive, &opened);
        });
        hub
    }

    /// Frames of a breast of the phantom, a tenth of a second apart; the next one comes when the last was taken.
    fn put(slot: &LatestSlot<Captured>, seed: u64, sweep: u64, frames: u64) {
        let config = PhantomConfig { size_px: [320, 240], ..PhantomConfig::default() };
        for (index, made) in (0..frames).zip(Phantom::new(seed, &config).unwrap().sweep()) {
            let frame = peony_model::Frame { index, time_ns: index * 100_000_000, ..made.frame };
            let (at, truth, seed) = (Instant::now(), Vec::new(), Some(seed));
            slot.put(Captured { frame, at, sweep, damaged: 0, truth, seed });
            let waits = || {
                let mut waits = false;
                slot.put_with(|newest| {
                    waits = newest.is_some();
                    0
                });
                waits
            };
            while waits() {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    #[test]
    fn each_breast_of_the_phantom_is_an_examination_and_goes_on_as_that() {
        let folder = tempfile::tempdir().unwrap();
        let network = Failing { at: 0..0, asked: 0 };
        let mut first = None;
        let hub = read_with(network, folder.path(), |slot, hub| {
            put(slot, 3, 0, 3);
            first = Some(hub.examination());
            put(slot, 4, 1, 3);
        });
        let (first, second) = (first.unwrap(), hub.examination());
        assert_ne!(first.id(), second.id());
        let sources = [&first, &second].map(|examination| examination.opened().source);
        assert_eq!(sources, ["phantom:3", "phantom:4"]);
    }

    #[test]
    fn where_no_examination_can_begin_another_breast_gets_into_no_report() {
        let folder = tempfile::tempdir().unwrap();
        let (exams, aside) = (folder.path().join("exams"), folder.path().join("aside"));
        let network = Failing { at: 0..0, asked: 0 };
        let mut first = None;
        let hub = read_with(network, folder.path(), |slot, hub| {
            put(slot, 3, 0, 3);
            first = Some(hub.examination());
            std::fs::rename(&exams, &aside).unwrap();
            std::fs::write(&exams, "no folder").unwrap();
            put(slot, 4, 1, 4);
            assert_eq!(hub.examination().id(), first.as_ref().unwrap().id());
            std::fs::remove_file(&exams).unwrap();
            std::fs::rename(&aside, &exams).unwrap();
            put(slot, 4, 1, 2);
        });
        assert_ne!(hub.examination().id(), first.unwrap().id(), "it begins as soon as it can");
    }

    #[test]
    fn a_model_that_fails_is_in_the_quality_record_of_the_report() {
        let of_model = |at| {
            let folder = tempfile::tempdir().unwrap();
            let hub = read_with(Failing { at, asked: 0 }, folder.path(), |slot, _| put(slot, 3, 0, 30));
            let record = hub.examination().report().quality;
            let of_model = record.into_iter().find(|record| record.code == "model_failed");
            of_model.map(|record| (record.times, record.seconds))
        };
        assert_eq!(of_model(0..0), None, "it reads");
        let (times, seconds) = of_model(6..11).unwrap();
        assert_eq!(times, 1, "and reads again");
        assert!((1.0..2.0).contains(&seconds), "five frames and a second: {seconds} s");
    }
}
