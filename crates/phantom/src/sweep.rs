//! A sweep: frames one after another along the path, with their times and their faults.

use std::ops::Range;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use peony_model::Frame;

use crate::config::PhantomError;
use crate::fault::{Fault, FaultSwitch, Faults};
use crate::phantom::{Phantom, PhantomFrame};
use crate::pose::Pose;
use crate::random::Key;

/// Slabs that may wait to be built ahead of the probe.
const AHEAD: usize = 4;
/// How far ahead of the frame the tissue is built, seconds of the path.
const AHEAD_S: f32 = 0.8;
/// The probe's haste while it is too fast.
const HASTE: u32 = 4;
/// Of so many frames of which some are dropped in a burst, how many.
const BURST: (u64, u64) = (5, 15);
/// How long a jerky hand stops, and then goes twice as fast, s.
const JERK_S: f32 = 0.2;

/// Frames of a sweep. An endless one goes on over the breast of the next seed when it comes to the path's end.
///
/// A frame's content depends on the seed, the schedule of faults and its number; a [`FaultSwitch`] adds what is
/// set at the moment that the frame is made. Tissue is built ahead on a thread of its own, which changes when it
/// is built but not what it is.
pub struct Sweep {
    phantom: Phantom,
    next: Option<Phantom>,
    endless: bool,
    schedule: Vec<(Range<u64>, Fault)>,
    switch: FaultSwitch,
    index: u64,
    /// Frames' worth of way along the path of this breast.
    ticks: u32,
    last: Option<PhantomFrame>,
    builder: Option<Builder>,
}

impl Phantom {
    /// The sweep along the configured path, once.
    #[must_use]
    pub fn sweep(&self) -> Sweep {
        Sweep {
            phantom: self.clone(),
            next: None,
            endless: false,
            schedule: Vec::new(),
            switch: FaultSwitch::default(),
            index: 0,
            ticks: 0,
            last: None,
            builder: None,
        }
    }
}

impl Sweep {
    /// Goes on over the next seed's breast, without end.
    #[must_use]
    pub fn endless(mut self) -> Self {
        self.endless = true;
        self
    }

    /// Faults by frame number; ranges may overlap.
    #[must_use]
    pub fn schedule(mut self, schedule: Vec<(Range<u64>, Fault)>) -> Self {
        self.schedule = schedule;
        self
    }

    /// Builds tissue ahead on a second thread, so that no frame waits for it.
    #[must_use]
    pub fn build_ahead(mut self) -> Self {
        self.builder = Builder::start();
        self
    }

    /// Lets a switch that is already in use turn its faults on and off.
    #[must_use]
    pub fn switched_by(mut self, switch: FaultSwitch) -> Self {
        self.switch = switch;
        self
    }

    /// Turns faults on and off while the sweep runs.
    #[must_use]
    pub fn switch(&self) -> FaultSwitch {
        self.switch.clone()
    }

    /// The breast that is being scanned.
    #[must_use]
    pub fn phantom(&self) -> &Phantom {
        &self.phantom
    }

    fn path_s(&self) -> f32 {
        self.ticks as f32 / self.phantom.config().fps
    }

    fn faults(&self) -> Faults {
        let scheduled = self.schedule.iter().filter(|(frames, _)| frames.contains(&self.index));
        scheduled.map(|(_, fault)| *fault).collect::<Faults>().and(self.switch.get())
    }

    /// Asks the builder for what the probe will need soon.
    fn look_ahead(&mut self) -> Result<(), PhantomError> {
        let (soon, duration) = (self.path_s() + AHEAD_S, self.phantom.path().duration_s());
        if self.endless && soon > duration && self.next.is_none() {
            self.next = Some(Phantom::new(self.phantom.seed().wrapping_add(1), self.phantom.config())?);
        }
        let Some(builder) = &mut self.builder else { return Ok(()) };
        builder.ask(&self.phantom, &self.phantom.path().pose(soon.min(duration)));
        if let Some(next) = &self.next {
            builder.ask(next, &next.path().pose(0.0));
        }
        Ok(())
    }

    /// The pose of the coming frame; `None` at the end.
    fn advance(&mut self, faults: Faults) -> Option<Pose> {
        if self.path_s() > self.phantom.path().duration_s() {
            if !self.endless {
                return None;
            }
            self.phantom = self.next.take()?;
            self.ticks = 0;
        }
        let pose = self.phantom.path().pose(self.path_s());
        self.ticks += self.haste(faults);
        Some(pose)
    }

    /// Whether the coming frame never comes.
    fn is_dropped(&self, faults: Faults) -> bool {
        let key = Key::new(self.phantom.seed()).purpose(18);
        let (lost, of) = BURST;
        let begins = key.purpose(1).purpose(self.index / of).stream().below((of - lost) as usize) as u64;
        let alone = || key.purpose(0).purpose(self.index).stream().below(3) == 0;
        faults.contains(Fault::Dropped) && alone()
            || faults.contains(Fault::DroppedInBursts) && (begins..begins + lost).contains(&(self.index % of))
    }

    /// How many frames' worth of way is gone until the next frame.
    fn haste(&self, faults: Faults) -> u32 {
        let rests = ((self.index as f32 / self.phantom.config().fps / JERK_S) as u64).is_multiple_of(2);
        match (faults.contains(Fault::TooFast), faults.contains(Fault::Jerky)) {
            (_, true) if rests => 0,
            (false, true) => 2,
            (true, _) => HASTE,
            (false, false) => 1,
        }
    }
}

impl Iterator for Sweep {
    type Item = PhantomFrame;

    fn next(&mut self) -> Option<PhantomFrame> {
        let (faults, pose) = loop {
            let faults = self.faults();
            // A configuration that made one breast makes the next: this error does not come.
            self.look_ahead().ok()?;
            let pose = self.advance(faults)?;
            if !self.is_dropped(faults) {
                break (faults, pose);
            }
            self.index += 1;
        };
        let frozen = self.last.take().filter(|_| faults.contains(Fault::Frozen));
        let mut shown = match frozen {
            Some(mut last) => {
                last.truth.faults = last.truth.faults.with(Fault::Frozen);
                last
            }
            None => self.phantom.frame(&pose, faults),
        };
        let time_ns = (self.index as f64 * 1e9 / f64::from(self.phantom.config().fps)).round() as u64;
        shown.frame = Frame { index: self.index, time_ns, ..shown.frame };
        self.index += 1;
        self.last = Some(shown.clone());
        Some(shown)
    }
}

/// A thread that builds slabs when asked; it forgets what it has no room for, since a frame builds what is missing.
struct Builder {
    jobs: Option<SyncSender<(Phantom, usize)>>,
    thread: Option<JoinHandle<()>>,
    asked: Option<(u64, usize)>,
}

impl Builder {
    /// `None` where the system gives no thread.
    fn start() -> Option<Self> {
        let (jobs, queue) = sync_channel::<(Phantom, usize)>(AHEAD);
        let work = move || queue.into_iter().for_each(|(phantom, slab)| phantom.build(slab));
        let thread = std::thread::Builder::new().name("phantom-tissue".to_owned()).spawn(work).ok()?;
        Some(Self { jobs: Some(jobs), thread: Some(thread), asked: None })
    }

    fn ask(&mut self, phantom: &Phantom, pose: &Pose) {
        let (Some(jobs), seed) = (&self.jobs, phantom.seed()) else { return };
        for slab in phantom.slabs_at(pose) {
            if self.asked.is_some_and(|(asked, last)| asked == seed && last >= slab) {
                continue;
            }
            match jobs.try_send((phantom.clone(), slab)) {
                Ok(()) => self.asked = Some((seed, slab)),
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return,
            }
        }
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        // The queue must close before the thread can end.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
