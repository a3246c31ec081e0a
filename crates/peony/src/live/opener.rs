//! From a source to an examination that goes on: the model, the pipeline, the hub, and the threads between.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use peony_examination::{Archive, Examination, Opened};
use peony_model::report::MachineRecord;
use peony_model::{MmPerPx, Spacing};
use peony_sources::capture::{Announcement, Captured as FromPage};
use peony_ultrasound::live::LatestSlot;
use peony_web::capture::{Intake, Seat};
use peony_web::wire::Model;
use peony_web::{Capture, Hub, Opener, Room};

use super::source::{Captured, Feed, capture_description};
use crate::cli::{ModelArgs, Source};
use crate::engine::Reader;
use crate::exit::Outcome;

/// The lexicon that the words of a new examination are of.
const LEXICON_EDITION: &str = "birads_5";

/// What every examination of this call is read with.
#[derive(Debug, Clone)]
pub struct Settings {
    pub model: ModelArgs,
    /// Where frames come from, unless a page asks for another source.
    pub source: Source,
    pub fps: f64,
    pub scale: Option<MmPerPx>,
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

/// Closes an examination's queue when nobody holds its room any more.
struct Life(Arc<LatestSlot<Captured>>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.close();
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

    /// The source that is asked for: by a page, or as the examination had it, or the usual one.
    fn source(&self, asked: &str, examination: Option<&Examination>) -> Result<Source, String> {
        let known = examination.map(|examination| examination.opened().source);
        let asked = match known.as_deref() {
            // A recording or a device is named by the call alone: no path or address is in a journal.
            Some("recording") => "",
            Some(known) => known,
            None => asked,
        };
        match asked {
            "" => Ok(self.settings.source.clone()),
            asked => match crate::cli::source(asked)? {
                // A page names no file of this machine.
                Source::Path(_) => Err("source: a page may ask for capture or phantom[:SEED]".to_owned()),
                source => Ok(source),
            },
        }
    }
}

impl Opener for Studio {
    fn open(&self, examination: Option<Arc<Examination>>, source: &str) -> Result<Room, String> {
        let source = self.source(source, examination.as_deref())?;
        let Settings { model, fps, scale, between, .. } = &self.settings;
        let feed = match &source {
            Source::Capture => None,
            source => {
                let feed = Feed::open(source, *fps, *scale, *between);
                Some(feed.map_err(|error| format!("{error:#}"))?)
            }
        };
        let reader = Reader::load(model);
        let opened = opened(&source, &reader);
        let examination = match examination {
            Some(examination) => examination,
            None => self.archive.begin(opened.clone()).map_err(|error| error.to_string())?,
        };
        let description = feed.as_ref().map_or_else(capture_description, Feed::description);
        let (hub, commands) = Hub::new(description, model_of(&reader), examination);
        let slot = Arc::new(LatestSlot::new());
        let seat = match feed {
            Some(feed) => {
                let slot = Arc::clone(&slot);
                self.run("peony-source", move || {
                    // The pipeline must not wait for a source that is gone, however it went.
                    let _close = slot.close_on_drop();
                    feed.run(&commands, &slot)
                })?;
                None
            }
            None => {
                let intake = FromPages { slot: Arc::clone(&slot), hub: Arc::clone(&hub), scale: *scale };
                Some(Arc::new(Seat::new(Box::new(intake) as Box<dyn Intake>)))
            }
        };
        let life: Arc<dyn Send + Sync> = Arc::new(Life(Arc::clone(&slot)));
        let (archive, of_hub) = (Arc::clone(&self.archive), Arc::clone(&hub));
        self.run("peony-pipeline", move || read(&slot, &of_hub, reader, &archive, &opened))?;
        Ok(Room { hub, seat, life })
    }
}

fn opened(source: &Source, reader: &Reader) -> Opened {
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
            Source::Path(_) => "recording".to_owned(),
            source => source.to_string(),
        },
        simulated: matches!(source, Source::Phantom(_)),
        machine,
        lexicon_edition: LEXICON_EDITION.to_owned(),
    }
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
/// the first is an examination of its own.
fn read(
    slot: &LatestSlot<Captured>,
    hub: &Hub,
    mut reader: Reader,
    archive: &Archive,
    opened: &Opened,
) -> Outcome {
    let mut sweep = None;
    let mut dropped_before = 0;
    while let Some(captured) = slot.take() {
        if sweep != Some(captured.sweep) {
            reader.begin(true);
            if sweep.is_some() {
                match archive.begin(opened.clone()) {
                    Ok(examination) => hub.begin_sweep(examination),
                    Err(error) => eprintln!("peony: no further examination can begin: {error}"),
                }
            }
            sweep = Some(captured.sweep);
            dropped_before = slot.dropped();
        }
        let output = reader.step(&captured.frame);
        let dropped = slot.dropped() - dropped_before + captured.damaged;
        let capture = Capture { captured: captured.at, dropped, truth: &captured.truth };
        hub.publish(&captured.frame, &output, capture);
    }
    if let Err(error) = hub.examination().rest() {
        eprintln!("peony: the end of an examination could not be written: {error}");
        return reader.outcome().and(Outcome::SomeFailed);
    }
    reader.outcome()
}

/// Frames that pages capture, on their way to the pipeline.
struct FromPages {
    slot: Arc<LatestSlot<Captured>>,
    hub: Arc<Hub>,
    scale: Option<MmPerPx>,
}

impl FromPages {
    fn note(&self, lost: bool) {
        if let Err(error) = self.hub.examination().source_lost(lost) {
            tracing::warn!("an examination takes nothing: {error}");
        }
    }
}

impl Intake for FromPages {
    fn begins(&self, _announced: &Announcement) {
        self.note(false);
    }

    fn put(&self, captured: FromPage) {
        let FromPage { mut frame, arrived, .. } = captured;
        if let Some(scale) = self.scale {
            frame.spacing = Spacing::Uniform(scale);
        }
        self.slot.put(Captured { frame, at: arrived, sweep: 0, damaged: 0, truth: Vec::new() });
    }

    fn ends(&self) {
        self.note(true);
    }
}
