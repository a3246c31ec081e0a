//! One frame through all stages.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use image::GrayImage;
use peony_model::{CalibrationSource, Frame, MmPerPx, Provenance, Spacing};

use crate::classify::{self, Graded};
use crate::detect::{self, Detect, Detected};
use crate::key_planes::{self, KeptPlanes, KeyPlane, KeyPlanes};
use crate::network::{Network, NetworkError};
use crate::output::{Event, Quality, StepOutput, Timings};
use crate::path::{self, Place, Way};
use crate::quality::{self, Assess, Assessed};
use crate::screen::Screen;
use crate::speckle::{ASSUMED, BeamCalibration, Calibration, PHANTOM};
use crate::steady::{Steady, Time};
use crate::track::{self, Follow, Tracked};
use crate::volume::{self, Solid, Sweep};

/// Say what is seen on one frame, given what the past frames left in `pipeline`.
///
/// Causal: no output depends on a later frame. The same frames give the same outputs, apart from the times taken.
/// A network that fails leaves the frame without findings ([`Pipeline::network_error`]); the step itself never does.
pub fn step(pipeline: &mut Pipeline, frame: &Frame) -> StepOutput {
    let mut watch = Stopwatch::start();
    let luma = frame.luma();
    let spacing = pipeline.screen.spacing(&frame.spacing, &luma, pipeline.assess.area(), pipeline.mode);
    let calibration = pipeline.calibration.as_ref();
    let time = pipeline.steady.tick(frame.index, frame.time_ns);
    let view = View { frame, luma, spacing, mode: pipeline.mode, calibration, time };

    let assessed: Assessed = quality::assess(&mut pipeline.assess, &view);
    let place: Place = path::advance(&mut pipeline.way, &view, &assessed);
    let quality_took = watch.lap();

    let detected: Detected = detect::find(&mut pipeline.detect, &view, &assessed);
    let quality: Quality = quality::conclude(&mut pipeline.assess, &view, &assessed, &detected);
    let detect_took = watch.lap();

    let tracked: Tracked = track::follow(&mut pipeline.follow, &view, &assessed, &place, &detected);
    let track_took = watch.lap();

    let kept: KeptPlanes =
        key_planes::keep(&mut pipeline.key_planes, &view, &assessed, &place, &tracked, &detected);
    let key_planes_took = watch.lap();

    let graded: Graded = classify::grade(&tracked, &detected, pipeline.detect.reading());
    let classify_took = watch.lap();

    let solid: Solid = volume::extend(&mut pipeline.sweep, &view, &assessed, &place, &detected, &graded);
    let volume_took = watch.lap();

    let events = pipeline.news(&quality, &tracked, kept, &solid);
    let timings = Timings {
        quality: quality_took,
        detect: detect_took,
        network: detected.network_took,
        track: track_took,
        key_planes: key_planes_took,
        classify: classify_took,
        volume: volume_took,
        step: watch.total(),
    };
    let Detected { findings, malignancy, lesion, .. } = detected;
    let findings = findings.into_iter().map(|found| found.finding).collect();
    let (tracks, volume) = (graded.tracks, solid.state);
    let (size_px, time_ns) = (frame.size_px(), frame.time_ns);
    StepOutput {
        frame: frame.index,
        time_ns,
        size_px,
        quality,
        findings,
        tracks,
        malignancy,
        lesion,
        volume,
        events,
        timings,
    }
}

/// How frames belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Frames of one examination in time order: what the past left counts, faults have hysteresis, lesions are followed.
    Sweep,
    /// Each frame is a still of its own: nothing is carried over, every fault holds at once, nothing is followed.
    Still,
}

/// What the past frames left, stage by stage.
pub struct Pipeline {
    mode: Mode,
    calibration: Option<Calibration>,
    steady: Steady,
    screen: Screen,
    assess: Assess,
    way: Way,
    detect: Detect,
    follow: Follow,
    key_planes: KeyPlanes,
    sweep: Sweep,
    shown_quality: Quality,
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("mode", &self.mode).field("model", &self.provenance()).finish()
    }
}

impl Pipeline {
    /// A pipeline for one examination. Without a network it judges the picture and the scan only.
    #[must_use]
    pub fn new(network: Option<Box<dyn Network>>, mode: Mode) -> Self {
        Self {
            mode,
            calibration: None,
            steady: Steady::default(),
            screen: Screen::default(),
            assess: Assess::default(),
            way: Way::default(),
            detect: Detect::new(network),
            follow: Follow::default(),
            key_planes: KeyPlanes::default(),
            sweep: Sweep::default(),
            shown_quality: Quality::default(),
        }
    }

    /// Begin another examination with the same network and the same calibration: everything the past frames left is forgotten.
    pub fn restart(&mut self, mode: Mode) {
        let calibration = self.calibration.take();
        *self = Self { calibration, ..Self::new(self.detect.take_network(), mode) };
    }

    /// From the next frame on, lengths along the way are those of this probe and preset; `None`: nobody has measured the probe, and
    /// there are none. Another one than before begins another sweep. Frames of the phantom are read with the phantom's own in any case.
    pub fn calibrate(&mut self, calibration: Option<Calibration>) {
        self.calibration = calibration;
    }

    /// Who makes the findings; `None` without a network.
    #[must_use]
    pub fn provenance(&self) -> Option<Arc<Provenance>> {
        self.detect.provenance()
    }

    /// Why the network gave no answer on the last frame it was asked about, if it gave none.
    #[must_use]
    pub fn network_error(&self) -> Option<&NetworkError> {
        self.detect.error()
    }

    /// The planes kept so far: at most four a lesion, with their pictures, oldest lesion first.
    #[must_use]
    pub fn key_planes(&self) -> &[KeyPlane] {
        self.key_planes.planes()
    }

    /// What is new, in the order of the stages.
    fn news(&mut self, quality: &Quality, tracked: &Tracked, kept: KeptPlanes, solid: &Solid) -> Vec<Event> {
        let mut events = Vec::new();
        let codes = |quality: &Quality| quality.issues.iter().map(|issue| issue.code).collect::<Vec<_>>();
        if self.mode == Mode::Sweep && codes(quality) != codes(&self.shown_quality) {
            events.push(Event::Quality(quality.issues.clone()));
            self.shown_quality = quality.clone();
        }
        events.extend(tracked.confirmed.iter().map(|&(track, letter)| Event::Confirmed { track, letter }));
        events.extend(tracked.returned.iter().map(|&track| Event::Returned { track }));
        events.extend(tracked.merged.iter().map(|&(from, into)| Event::Merged { from, into }));
        events.extend(kept.replaced);
        events.extend(solid.renewed.iter().cloned().map(Event::Volume));
        events.extend(tracked.left.iter().map(|&track| Event::Left { track }));
        events
    }
}

/// What every stage may look at: the frame, its grey picture and its scale, and how frames belong together.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub frame: &'a Frame,
    pub luma: Cow<'a, GrayImage>,
    /// The frame's own, or what the screen says.
    pub spacing: Spacing,
    pub mode: Mode,
    /// Of the probe and preset that the frames are said to come from.
    pub calibration: Option<&'a Calibration>,
    /// What counts for all that must last.
    pub time: Time,
}

impl View<'_> {
    /// What lengths along the way rest on for frames of this scale; `None` where nobody has measured the probe.
    pub fn calibration(&self, scale: MmPerPx) -> Option<&Calibration> {
        match scale.source() {
            CalibrationSource::Phantom => Some(&PHANTOM),
            _ => self.calibration,
        }
    }

    /// The beam to read frames of this scale with.
    pub fn beam(&self, scale: MmPerPx) -> &BeamCalibration {
        self.calibration(scale).map_or(&ASSUMED, |calibration| &calibration.beam)
    }
}

struct Stopwatch {
    started: Instant,
    lap: Instant,
}

impl Stopwatch {
    fn start() -> Self {
        let now = Instant::now();
        Self { started: now, lap: now }
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now.duration_since(std::mem::replace(&mut self.lap, now))
    }

    fn total(&self) -> Duration {
        self.started.elapsed()
    }
}
