//! Where the pipeline's thread and the pages meet: the newest frame one way, commands the other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use image::GrayImage;
use peony_examination::{ActKey, Author, EnteredDepth, Examination};
use peony_model::{Frame, MmPerPx, Place};
use peony_ultrasound::coronal::{Layers, Stack};
use peony_ultrasound::output::StepOutput;
use tokio::sync::watch;

use crate::calibrating::Calibrating;
use crate::pace::{Rate, Window};
use crate::pages::Pages;
use crate::sweep::{Sweep, refused};
use crate::view;
use crate::wire::{
    BoxXy, Command, DeviceLost, ErrorCode, ErrorMessage, Fault, Hello, LiveUpdate, Model, Source, State,
    Stats, Stood, Truth, Volume, WidthHeight, Xy,
};

/// How many commands may wait for the source; a person cannot press keys faster than frames come.
const COMMAND_QUEUE: usize = 16;
/// A model that failed is said to read again after so long without another failure.
const READS_AGAIN_AFTER_NS: u64 = 1_000_000_000;

/// What the source is asked to do; the hub has done the rest itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceCommand {
    /// Sweep the same breast again, also where the source rested: call [`Hub::begin_sweep`] before its first frame.
    Restart,
    /// Scan another breast, also where the source rested: call [`Hub::begin_sweep`] before its first frame.
    NewBreast {
        /// The phantom's seed; `None`: the next one.
        seed: Option<u64>,
    },
    /// Switch a fault of the phantom.
    SetFault {
        /// Which.
        fault: Fault,
        /// On or off.
        on: bool,
    },
    /// Rest, or go on.
    SetPaused(bool),
}

/// What the pipeline's thread knows about a frame beside the step's output.
#[derive(Debug, Clone, Copy)]
pub struct Capture<'a> {
    /// When the source gave the frame.
    pub captured: Instant,
    /// Frames the source gave that were never analysed, since the sweep began.
    pub dropped: u64,
    /// The phantom's truth on this frame; empty where nobody knows it.
    pub truth: &'a [Truth],
    /// The model failed on this frame, so that no lesion was looked for.
    pub model_failed: bool,
}

/// One frame as pages get it.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) update: LiveUpdate,
    pub(crate) picture: Arc<GrayImage>,
    /// How many frames had been analysed with this one, since the program started.
    pub(crate) count: u64,
    /// When the source gave it; `None` where the same frame was published again for a command's sake.
    pub(crate) captured: Option<Instant>,
    truth: Arc<[Truth]>,
}

#[derive(Debug, Default)]
struct Pace {
    rate: Rate,
    latency: Window,
    step: Window,
    network: Window,
    /// The time of the last frame on which the model failed, until it has read again for a while.
    failed_ns: Option<u64>,
}

#[derive(Debug)]
struct Inner {
    sweep: Sweep,
    pace: Pace,
    pages: Pages,
}

/// The meeting place. The pipeline's thread calls [`Self::publish`]; the server's tasks do the rest.
#[derive(Debug)]
pub struct Hub {
    hello: Hello,
    /// Held for microseconds by either side, never while something is sent, encoded or awaited.
    inner: Mutex<Inner>,
    /// Holds the newest frame and nothing else: a page that is slow skips, the pipeline never waits.
    newest: watch::Sender<Option<Arc<Published>>>,
    /// Why the device gives no frames, while it does not.
    device: watch::Sender<Option<DeviceLost>>,
    commands: SyncSender<SourceCommand>,
    /// Held while a command is followed: of one that comes twice at once the second finds what the first did.
    following: Mutex<()>,
    frames: AtomicU64,
    /// Small copies of the present sweep's frames, for the coronal view. A page takes a list of shared pictures out of it, so it
    /// is held for no longer than it takes to make one such copy.
    stack: Mutex<Stack>,
    /// The sweeps of known length, where a person calibrates. Held for as long as it takes to add a frame or to check one sweep.
    calibrating: Mutex<Calibrating>,
}

impl Hub {
    /// A hub for one source and the examination that its frames belong to, and the end of the bounded queue on which the
    /// source hears commands. `model` is the model that reads the frames or the reason why there is none.
    #[must_use]
    pub fn new(
        source: Source,
        model: Result<Model, String>,
        examination: Arc<Examination>,
    ) -> (Arc<Self>, Receiver<SourceCommand>) {
        let (commands, receiver) = sync_channel(COMMAND_QUEUE);
        let inner =
            Inner { sweep: Sweep::first(examination), pace: Pace::default(), pages: Pages::default() };
        let hub = Self {
            hello: hello(source, model),
            inner: Mutex::new(inner),
            newest: watch::Sender::new(None),
            device: watch::Sender::new(None),
            commands,
            following: Mutex::default(),
            frames: AtomicU64::new(0),
            stack: Mutex::default(),
            calibrating: Mutex::default(),
        };
        (Arc::new(hub), receiver)
    }

    /// Hands a frame and what was said about it to every page that watches. Copies the grey picture once, never
    /// waits for a page, and keeps no frame but this one.
    pub fn publish(&self, frame: &Frame, output: &StepOutput, capture: Capture<'_>) {
        let count = self.frames.fetch_add(1, Ordering::Relaxed) + 1;
        let picture = Arc::new(frame.luma().into_owned());
        let truth: Arc<[Truth]> = capture.truth.iter().map(view::truth).collect();
        if let Some(plane) = &output.volume.plane {
            self.stack().lay(&picture, plane);
        }
        let moved = self.calibrating(|now| {
            now.observe(&output.volume, output.time_ns);
            now.moved()
        });
        let mut inner = self.inner();
        let mut update = update_of(frame, output, |track| inner.sweep.lesion_of(track));
        inner.pace.take(output, capture.captured);
        update.model_failed = inner.pace.model_failed(output.time_ns, capture.model_failed);
        update.captured_ms = epoch_ms(capture.captured);
        update.stats = inner.pace.stats(output, capture.dropped);
        let (lesion_of, letter_of) = (|track| inner.sweep.lesion_of(track), |id| inner.sweep.letter(id));
        update.volume = view::volume(&output.volume, lesion_of, letter_of);
        inner.sweep.observe(&picture, output, &update);
        inner.sweep.dress(&mut update, &truth, inner.pages.count(), moved.map(|(frames, _)| frames));
        let captured = Some(capture.captured);
        // Sent under the lock, so that a command's update never overtakes a newer frame.
        self.newest.send_replace(Some(Arc::new(Published { update, picture, count, captured, truth })));
    }

    /// Goes on with another examination: what follows belongs to it. The source's thread calls this before the first frame
    /// of another sweep; switches (faults, pause) stay as they are.
    pub fn begin_sweep(&self, examination: Arc<Examination>) {
        *self.stack() = Stack::default();
        self.calibrating(|now| *now = Calibrating::default());
        let mut inner = self.inner();
        inner.sweep.begin_next(examination);
        inner.pace = Pace::default();
    }

    /// The device gives no frames any more, for this reason, or gives them again.
    pub fn device_lost(&self, lost: Option<DeviceLost>) {
        self.device.send_replace(lost);
    }

    /// What every page is told first.
    pub(crate) fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The frames laid for the coronal view, and the solids of the newest frame.
    pub(crate) fn laid(&self) -> (Layers, Volume) {
        let layers = self.stack().layers().clone();
        let newest = self.newest.borrow();
        (layers, newest.as_ref().map(|newest| newest.update.volume.clone()).unwrap_or_default())
    }

    /// When the source gave the newest frame, milliseconds since 1970-01-01 UTC; `None` before the first one.
    pub(crate) fn last_frame_ms(&self) -> Option<u64> {
        // Not negative, and below 2^53 for the next 280,000 years.
        self.newest.borrow().as_ref().map(|newest| newest.update.captured_ms as u64)
    }

    /// Whether the model failed on the newest frames.
    pub(crate) fn model_fails(&self) -> bool {
        self.newest.borrow().as_ref().is_some_and(|newest| newest.update.model_failed)
    }

    /// How many frames were analysed since the program started.
    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// The scale that a person's depth gives frames of this size which have none of their own.
    #[must_use]
    pub fn entered_scale(&self, size_px: [u32; 2]) -> Option<MmPerPx> {
        self.inner().sweep.entered_scale(size_px)
    }

    /// Whether frames are to be passed over: a person asked for a rest, and the source cannot rest itself.
    #[must_use]
    pub fn passes_over(&self) -> bool {
        !self.hello.source.can_restart && self.inner().sweep.paused
    }

    /// How many pages watch now.
    #[must_use]
    pub fn viewers(&self) -> u32 {
        self.inner().pages.count()
    }

    /// For how long no page has watched; `None` while one does.
    pub(crate) fn unwatched_for(&self) -> Option<Duration> {
        self.inner().pages.unwatched_for()
    }

    /// The examination that the frames belong to now.
    #[must_use]
    pub fn examination(&self) -> Arc<Examination> {
        Arc::clone(self.inner().sweep.examination())
    }

    /// Lets one more page watch, which comes back to what it `was` where it says so; `None` where [`MAX_VIEWERS`](crate::MAX_VIEWERS) do already.
    pub(crate) fn join(self: &Arc<Self>, by: Option<Author>, was: Option<Stood>) -> Option<Viewer> {
        let page = self.inner().pages.join(was)?;
        let (newest, device) = (self.newest.subscribe(), self.device.subscribe());
        let viewer = Viewer { hub: Arc::clone(self), page, by, newest, device };
        self.publish_again();
        Some(viewer)
    }

    /// Follows a command of a page, and one that has a key once.
    fn follow(
        &self,
        page: u64,
        asking: (Option<&Author>, Option<&ActKey>),
        command: Command,
        shown: Option<&Published>,
    ) -> Result<(), (ErrorCode, String)> {
        let _follows = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        let (by, key) = asking;
        let examination = self.examination();
        if let Some(key) = key
            && examination.was_done(key).map_err(refused)?
        {
            return Ok(());
        }
        if command != (Command::TakeOver {}) && !self.inner().pages.commands(page) {
            return Err((ErrorCode::Watching, "another page gives the commands: take_over first".to_owned()));
        }
        self.inner().sweep.follows(by, key);
        self.apply(page, command, shown)?;
        if let Some(key) = key {
            examination.note_done(key.clone());
        }
        Ok(())
    }

    fn apply(
        &self,
        page: u64,
        command: Command,
        shown: Option<&Published>,
    ) -> Result<(), (ErrorCode, String)> {
        let source = &self.hello.source;
        match command {
            Command::TakeOver {} => self.inner().pages.take_over(page),
            Command::Restart {} => {
                self.ask(source.can_restart, SourceCommand::Restart)?;
                self.inner().sweep.paused = false;
            }
            Command::NewBreast { seed } => {
                self.ask(source.can_renew, SourceCommand::NewBreast { seed })?;
                self.inner().sweep.paused = false;
            }
            Command::SetFault { fault, on } => {
                self.ask(source.faults.contains(&fault), SourceCommand::SetFault { fault, on })?;
                let faults = &mut self.inner().sweep.faults;
                if on {
                    faults.insert(fault)
                } else {
                    faults.remove(&fault)
                };
            }
            Command::SetPaused { paused } => {
                // A source that cannot rest goes on, and its frames are passed over.
                if source.can_restart {
                    self.ask(true, SourceCommand::SetPaused(paused))?;
                }
                self.inner().sweep.pause(paused);
            }
            Command::SetDepth { depth_mm } => {
                let nothing =
                    || (ErrorCode::NothingDrawn, "set_depth: no picture has been found yet".to_owned());
                let depth = match depth_mm {
                    Some(depth_mm) => {
                        let update = &shown.ok_or_else(nothing)?.update;
                        let BoxXy([_, top, _, bottom]) = update.picture_px.ok_or_else(nothing)?;
                        let (height_px, size_px) = (bottom - top, update.size_px.0);
                        Some(EnteredDepth { depth_mm, height_px, size_px })
                    }
                    None => None,
                };
                self.inner().sweep.set_depth(depth)?;
            }
            Command::KeepPlane { track } => {
                let nothing =
                    || (ErrorCode::NothingDrawn, "keep_plane: nothing has been drawn yet".to_owned());
                let shown = shown.ok_or_else(nothing)?;
                self.inner().sweep.keep(&shown.update, &shown.picture, track)?;
            }
            Command::Dismiss { track } => self.inner().sweep.dismiss(track)?,
            Command::Join { track, into } => self.inner().sweep.join(track, into)?,
            Command::KeepApart { track, from } => self.inner().sweep.keep_apart(track, from)?,
            Command::Undo {} => self.inner().sweep.undo()?,
            Command::SetSide { side } => {
                let place = Place { side, clock: None, from_nipple_mm: None };
                self.inner().sweep.set_probe(place)?;
            }
            Command::SetProbe { place } => self.inner().sweep.set_probe(place)?,
            Command::ShowTruth { on } if on && !source.has_truth => {
                return Err((ErrorCode::NotSupported, "show_truth: this source knows no truth".to_owned()));
            }
            Command::ShowTruth { on } => self.inner().sweep.show_truth = on,
        }
        Ok(())
    }

    fn ask(&self, able: bool, command: SourceCommand) -> Result<(), (ErrorCode, String)> {
        if !able {
            return Err((ErrorCode::NotSupported, format!("{command:?}: this source cannot do that")));
        }
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => (
                ErrorCode::Busy,
                format!("the source has {COMMAND_QUEUE} commands to follow first: try again"),
            ),
            TrySendError::Disconnected(_) => (ErrorCode::NotSupported, "the source has ended".to_owned()),
        })
    }

    /// Shows what a command changed without waiting for the next frame, which does not come while the source rests.
    fn publish_again(&self) {
        let moved = self.calibrating(|now| now.moved());
        let inner = self.inner();
        let Some(newest) = self.newest.borrow().clone() else { return };
        let mut update = newest.update.clone();
        let sweep = update.state.sweep;
        let calibrating = moved.map(|(frames, _)| frames);
        inner.sweep.dress(&mut update, &newest.truth, inner.pages.count(), calibrating);
        if update.state.sweep != sweep {
            // The frame is of the former sweep, whose lesions are gone: the next frame brings the new state.
            return;
        }
        let Published { picture, truth, count, .. } = &*newest;
        let (picture, truth) = (Arc::clone(picture), Arc::clone(truth));
        let again = Published { update, picture, truth, count: *count, captured: None };
        self.newest.send_replace(Some(Arc::new(again)));
    }

    /// Looks at the sweeps of known length, or changes them.
    pub(crate) fn calibrating<T>(&self, work: impl FnOnce(&mut Calibrating) -> T) -> T {
        work(&mut self.calibrating.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, and has every page see it without waiting for the next frame.
    pub(crate) fn calibrate<T>(&self, work: impl FnOnce(&mut Calibrating) -> T) -> T {
        let done = self.calibrating(work);
        self.publish_again();
        done
    }

    fn stack(&self) -> MutexGuard<'_, Stack> {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // No step in between leaves the sweep in a state that the next frame would not mend.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page that watches; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) hub: Arc<Hub>,
    page: u64,
    /// Who sits at it; `None` where there are no accounts.
    by: Option<Author>,
    pub(crate) newest: watch::Receiver<Option<Arc<Published>>>,
    pub(crate) device: watch::Receiver<Option<DeviceLost>>,
}

impl Viewer {
    /// Whether this page gives the commands now.
    pub(crate) fn drives(&self) -> bool {
        self.hub.inner().pages.drives(self.page)
    }

    /// Follows a command of this page, whose last drawn frame is `shown`; one that was followed already, by its `key`, is left alone.
    pub(crate) fn follow(
        &self,
        command: Command,
        key: Option<&ActKey>,
        shown: Option<&Published>,
    ) -> Result<(), ErrorMessage> {
        let followed = self.hub.follow(self.page, (self.by.as_ref(), key), command, shown);
        followed.map_err(|(code, message)| ErrorMessage { code, message, id: None })?;
        self.hub.publish_again();
        Ok(())
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.hub.inner().pages.leave(self.page);
        self.hub.publish_again();
    }
}

impl Pace {
    fn take(&mut self, output: &StepOutput, captured: Instant) {
        let now = Instant::now();
        self.rate.tick(now);
        self.latency.push(now.saturating_duration_since(captured));
        self.step.push(output.timings.step);
        self.network.push(output.timings.network);
    }

    /// Whether the model fails, with what became of the frame of this time: one that fails now and then does not flicker.
    fn model_failed(&mut self, time_ns: u64, failed: bool) -> bool {
        if failed {
            self.failed_ns = Some(time_ns);
        } else if self.failed_ns.is_some_and(|last| time_ns.saturating_sub(last) >= READS_AGAIN_AFTER_NS) {
            self.failed_ns = None;
        }
        self.failed_ns.is_some()
    }

    fn stats(&self, output: &StepOutput, dropped_source: u64) -> Stats {
        Stats {
            fps: self.rate.per_second(),
            latency_ms: self.latency.percentiles().unwrap_or_default(),
            drawn_ms: None,
            step_ms: self.step.percentiles().unwrap_or_default(),
            network_ms: self.network.percentiles().unwrap_or_default(),
            stages: view::stages(&output.timings),
            dropped_source,
            dropped_client: 0,
        }
    }
}

/// The moment by the wall clock.
fn epoch_ms(moment: Instant) -> f64 {
    let at = SystemTime::now().checked_sub(moment.elapsed()).unwrap_or(UNIX_EPOCH);
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

fn hello(source: Source, model: Result<Model, String>) -> Hello {
    let (model, no_model) = match model {
        Ok(model) => (Some(model), None),
        Err(reason) => (None, Some(reason)),
    };
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Hello {
        product: "Peony".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: started.to_string(),
        model,
        no_model,
        source,
    }
}

/// What this frame says by itself; the sweep writes the rest.
fn update_of(frame: &Frame, output: &StepOutput, lesion_of: impl Fn(u32) -> u32) -> LiveUpdate {
    let finding = |(index, finding)| {
        let track = output.tracks.iter().find(|track| track.finding == Some(index));
        view::finding(finding, track.map(|track| lesion_of(track.id)), track.and_then(|track| track.focus_px))
    };
    let scale = output.quality.scale.or_else(|| view::scale(frame));
    let speed_known = output.quality.speed_mm_s.is_some();
    let findings = output.findings.iter().enumerate();
    LiveUpdate {
        frame: frame.index,
        time_ms: frame.time_ns as f64 / 1e6,
        captured_ms: 0.0,
        size_px: WidthHeight(frame.size_px()),
        mm_per_px: scale.map(|scale| Xy([scale.x(), scale.y()])),
        scale_source: scale.map(|scale| view::scale_source(scale.source()).to_owned()),
        picture_px: output.quality.picture_px.map(view::boxed),
        contact_lost: output.quality.contact_lost.map(view::contact_side),
        // Each page's own: the socket writes it.
        drives: false,
        state: State::default(),
        quality: output.quality.issues.iter().map(|issue| view::issue(issue, speed_known)).collect(),
        lights: view::lights(frame, output),
        findings: findings.map(finding).collect(),
        tracks: Vec::new(),
        key_planes: Vec::new(),
        volume: Volume::default(),
        truth: None,
        model_failed: false,
        lesion: output.lesion,
        malignancy: output.malignancy,
        stats: Stats::default(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Weak;

    use image::GrayImage;
    use peony_model::{Pixels, Spacing};
    use peony_ultrasound::output::{Quality, Timings, VolumeState};

    use super::*;
    use crate::wire::SourceKind;

    pub(crate) fn hub() -> (Arc<Hub>, Receiver<SourceCommand>) {
        let source = Source {
            kind: SourceKind::Phantom,
            name: "test".to_owned(),
            fps: None,
            faults: Vec::new(),
            can_restart: true,
            can_renew: true,
            has_truth: false,
        };
        let opened = peony_examination::Opened {
            id: String::new(),
            program: "0".to_owned(),
            source: "phantom".to_owned(),
            simulated: true,
            machine: None,
            lexicon_edition: "birads_5".to_owned(),
            site: String::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        let archive = peony_examination::Archive::open(folder.path()).unwrap();
        Hub::new(source, Err("no model in this test".to_owned()), archive.begin(opened).unwrap())
    }

    fn publish(hub: &Hub, index: u64) {
        let pixels = Pixels::Luma8(GrayImage::new(64, 48));
        let frame = Frame { index, time_ns: index, pixels, spacing: Spacing::Unknown };
        let output = StepOutput {
            frame: index,
            time_ns: index,
            size_px: [64, 48],
            quality: Quality::default(),
            findings: Vec::new(),
            tracks: Vec::new(),
            malignancy: None,
            lesion: None,
            volume: VolumeState::default(),
            events: Vec::new(),
            timings: Timings::default(),
        };
        let capture = Capture { captured: Instant::now(), dropped: 0, truth: &[], model_failed: false };
        hub.publish(&frame, &output, capture);
    }

    #[test]
    fn a_page_that_never_reads_holds_one_frame() {
        let (hub, _commands) = hub();
        let viewer = hub.join(None, None).unwrap();
        let mut published: Vec<Weak<Published>> = Vec::new();
        for index in 0..1000 {
            publish(&hub, index);
            published.extend(viewer.newest.borrow().as_ref().map(Arc::downgrade));
        }
        let alive = published.iter().filter(|frame| frame.strong_count() > 0).count();
        assert_eq!((published.len(), alive), (1000, 1));
    }

    #[test]
    fn commands_that_the_source_does_not_follow_are_refused_not_queued_without_bound() {
        let (hub, commands) = hub();
        let page = hub.join(None, None).unwrap();
        let outcomes: Vec<bool> =
            (0..100).map(|_| page.follow(Command::Restart {}, None, None).is_ok()).collect();
        assert_eq!(outcomes.iter().filter(|ok| **ok).count(), COMMAND_QUEUE);
        assert_eq!(commands.try_iter().count(), COMMAND_QUEUE);
        assert_eq!(page.follow(Command::Restart {}, None, None), Ok(()), "room again");
        drop(commands);
        let refused = page.follow(Command::SetPaused { paused: true }, None, None);
        assert_eq!(refused.map_err(|error| error.code), Err(ErrorCode::NotSupported));
        assert!(!hub.inner().sweep.paused, "a command that did not arrive changes nothing");
    }
}
