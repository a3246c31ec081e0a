//! The frames of the live page: the virtual transducer, or a recording played again and again.

use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use anyhow::Result;
use peony_model::{Frame, MmPerPx};
use peony_phantom::{FaultSwitch, Phantom, PhantomConfig, PhantomFrame, Sweep};
use peony_ultrasound::live::LatestSlot;
use peony_web::SourceCommand;
use peony_web::wire::{Fault, Source, SourceKind, Truth, Xy};

use crate::cli::DemoArgs;
use crate::{engine, input};

/// A breast takes twenty seconds: three lesions and the tissue between them.
const SWEEP_MM: f32 = 160.0;
const SPEED_MM_S: f32 = 8.0;

/// The phantom's faults as the page names them.
const FAULTS: [(Fault, peony_phantom::Fault); 7] = [
    (Fault::ContactLost, peony_phantom::Fault::LostContact),
    (Fault::TooDark, peony_phantom::Fault::TooDark),
    (Fault::TooBright, peony_phantom::Fault::TooBright),
    (Fault::Blur, peony_phantom::Fault::Blur),
    (Fault::TooFast, peony_phantom::Fault::TooFast),
    (Fault::Frozen, peony_phantom::Fault::Frozen),
    (Fault::VendorScreen, peony_phantom::Fault::VendorScreen),
];

/// A frame with the moment it was given and what only the source knows.
pub struct Captured {
    /// As the pipeline reads it.
    pub frame: Frame,
    /// When the source gave it.
    pub at: Instant,
    /// Counts the sweeps; lesions and planes belong to one.
    pub sweep: u64,
    /// What is really there; empty where nobody knows.
    pub truth: Vec<Truth>,
}

/// A source that follows the page's commands.
pub struct Feed {
    player: Player,
    sweep: u64,
}

enum Player {
    Phantom { fps: f32, switch: FaultSwitch, sweep: Box<Sweep> },
    Recording { source: String, fps: f64, scale: Option<MmPerPx>, frames: Frames },
}

type Frames = Box<dyn Iterator<Item = Result<Frame>> + Send>;

impl Feed {
    /// Opens what was asked for.
    ///
    /// # Errors
    /// Where a recording cannot be opened or holds nothing.
    pub fn open(args: &DemoArgs) -> Result<Self> {
        let asked = args.source.as_deref().unwrap_or("phantom");
        let player = match engine::phantom_seed(asked)? {
            Some(seed) => {
                let seed = if asked == "phantom" { args.seed } else { seed };
                let (fps, switch) = (args.fps as f32, FaultSwitch::default());
                let sweep = phantom_sweep(seed, fps, &switch)?;
                Player::Phantom { fps, switch, sweep }
            }
            None => {
                let (source, fps) = (asked.to_owned(), args.fps);
                let scale = input::entered_scale(args.mm_per_px)?;
                let frames = input::open_moving(&source, fps, scale)?.frames;
                Player::Recording { source, fps, scale, frames }
            }
        };
        Ok(Self { player, sweep: 0 })
    }

    /// What the pages are told of it; never a path or a name from a file.
    pub fn description(&self) -> Source {
        let (kind, name, fps) = match &self.player {
            Player::Phantom { fps, .. } => (SourceKind::Phantom, "virtual transducer", Some(*fps)),
            Player::Recording { .. } => (SourceKind::Replay, "recording", None),
        };
        let phantom = kind == SourceKind::Phantom;
        Source {
            kind,
            name: name.to_owned(),
            fps,
            faults: if phantom { FAULTS.map(|(fault, _)| fault).to_vec() } else { Vec::new() },
            can_restart: true,
            can_renew: phantom,
            has_truth: phantom,
        }
    }

    /// Gives frames at their times until nobody sends commands any more or the source ends.
    ///
    /// # Errors
    /// Where a recording can no longer be read.
    pub fn run(mut self, commands: &Receiver<SourceCommand>, slot: &LatestSlot<Captured>) -> Result<()> {
        let mut clock = Clock::default();
        let mut resting = false;
        loop {
            let command = match commands.try_recv() {
                Err(TryRecvError::Empty) if resting => commands.recv().ok(),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return Ok(()),
                Ok(command) => Some(command),
            };
            match command {
                Some(SourceCommand::SetPaused(paused)) => {
                    resting = paused;
                    clock.reset();
                    continue;
                }
                Some(SourceCommand::SetFault { fault, on }) => {
                    self.set_fault(fault, on);
                    continue;
                }
                Some(SourceCommand::Restart) => self.begin(|seed| seed)?,
                Some(SourceCommand::NewBreast { seed }) => self.begin(|now| seed.unwrap_or(now + 1))?,
                None => {}
            }
            let sweep = self.sweep;
            let Some((frame, truth)) = self.next()? else { return Ok(()) };
            if command.is_some() || self.sweep != sweep {
                clock.reset();
            }
            clock.wait_until(frame.time_ns);
            slot.put(Captured { frame, at: Instant::now(), sweep: self.sweep, truth });
        }
    }

    fn set_fault(&self, fault: Fault, on: bool) {
        if let Player::Phantom { switch, .. } = &self.player {
            FAULTS.iter().filter(|(name, _)| *name == fault).for_each(|(_, fault)| switch.turn(*fault, on));
        }
    }

    /// Begins another sweep: of the breast that `seed_after` gives for the present one's seed, or of the recording.
    fn begin(&mut self, seed_after: impl Fn(u64) -> u64) -> Result<()> {
        self.sweep += 1;
        match &mut self.player {
            Player::Phantom { fps, switch, sweep } => {
                *sweep = phantom_sweep(seed_after(sweep.phantom().seed()), *fps, switch)?;
            }
            Player::Recording { source, fps, scale, frames } => {
                *frames = input::open_moving(source, *fps, *scale)?.frames;
            }
        }
        Ok(())
    }

    /// The coming frame; a sweep that has ended is followed by the next breast, a recording by itself.
    fn next(&mut self) -> Result<Option<(Frame, Vec<Truth>)>> {
        for _ in 0..2 {
            let frame = match &mut self.player {
                Player::Phantom { sweep, .. } => sweep.next().map(with_truth),
                Player::Recording { frames, .. } => {
                    frames.next().transpose()?.map(|frame| (frame, Vec::new()))
                }
            };
            if frame.is_some() {
                return Ok(frame);
            }
            self.begin(|seed| seed + 1)?;
        }
        Ok(None)
    }
}

fn phantom_sweep(seed: u64, fps: f32, switch: &FaultSwitch) -> Result<Box<Sweep>> {
    let config =
        PhantomConfig { fps, length_mm: SWEEP_MM, speed_mm_s: SPEED_MM_S, ..PhantomConfig::default() };
    Ok(Box::new(Phantom::new(seed, &config)?.sweep().switched_by(switch.clone()).build_ahead()))
}

fn with_truth(made: PhantomFrame) -> (Frame, Vec<Truth>) {
    let truth = made.truth.masses.iter().map(|mass| Truth {
        kind: mass.kind.as_str().to_owned(),
        malignant: mass.malignant,
        contour_px: mass.contour_px.iter().map(|point| Xy([point.x, point.y])).collect(),
    });
    let truth = truth.collect();
    (made.frame, truth)
}

/// Holds frames back until their time. It starts with the first frame it sees.
#[derive(Default)]
struct Clock {
    first: Option<(Instant, u64)>,
}

impl Clock {
    fn reset(&mut self) {
        self.first = None;
    }

    fn wait_until(&mut self, time_ns: u64) {
        let (started, from_ns) = *self.first.get_or_insert_with(|| (Instant::now(), time_ns));
        let due = started + Duration::from_nanos(time_ns.saturating_sub(from_ns));
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}
