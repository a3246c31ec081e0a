//! The frames of the live page: the virtual transducer, or a recording played again and again.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use peony_dicom::Equipment;
use peony_model::{Frame, LatestSlot, MmPerPx};
use peony_phantom::{FaultSwitch, Phantom, PhantomConfig, PhantomFrame, Sweep};
use peony_sources::SourceUrl;
use peony_web::SourceCommand;
use peony_web::wire::{Fault, Source, SourceKind, Truth, Xy};

use super::opener::Between;
use super::recording::Recording;
use crate::exit::Outcome;

/// A breast takes twenty seconds: three lesions and the tissue between them.
const SWEEP_MM: f32 = 160.0;
const SPEED_MM_S: f32 = 8.0;

/// A source that is lost is looked for again after so long.
const RETRY: Duration = Duration::from_secs(2);
/// After the last frame of a sweep: it is seen, and a recording of two frames does not keep the machine busy with
/// opening it.
const BETWEEN_SWEEPS: Duration = Duration::from_millis(300);

/// The phantom's faults as the page names them.
const FAULTS: [(Fault, peony_phantom::Fault); 10] = [
    (Fault::ContactLost, peony_phantom::Fault::LostContact),
    (Fault::TooDark, peony_phantom::Fault::TooDark),
    (Fault::TooBright, peony_phantom::Fault::TooBright),
    (Fault::Blur, peony_phantom::Fault::Blur),
    (Fault::TooFast, peony_phantom::Fault::TooFast),
    (Fault::Jerky, peony_phantom::Fault::Jerky),
    (Fault::Frozen, peony_phantom::Fault::Frozen),
    (Fault::Marks, peony_phantom::Fault::Marks),
    (Fault::ColourBox, peony_phantom::Fault::ColourBox),
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
    /// How many frames of this sweep could not be read so far.
    pub damaged: u64,
    /// What is really there; empty where nobody knows.
    pub truth: Vec<Truth>,
    /// The phantom's breast.
    pub seed: Option<u64>,
}

/// A source that follows the page's commands.
pub struct Feed {
    player: Player,
    between: Between,
    sweep: u64,
    /// The sweep that is to begin before the coming frame.
    wanted: Option<Wanted>,
    clock: Clock,
}

enum Player {
    Phantom { fps: f32, switch: FaultSwitch, sweep: Box<Sweep> },
    Recording(Recording),
}

/// Which sweep comes next; a recording has only one.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Same,
    Next,
    Seed(u64),
}

/// Why the source no longer waits for a frame's time.
enum Heard {
    /// It is time.
    Nothing,
    /// Another sweep is wanted: the frame that was waited for belongs to the former one.
    Sweep,
    /// Nobody commands any more.
    End,
}

/// What pages are told that the phantom is.
pub const TRANSDUCER: &str = "virtual transducer";

/// What the pages are told of a source that goes on by itself.
pub fn running(kind: SourceKind, name: &str) -> Source {
    Source {
        kind,
        name: name.to_owned(),
        fps: None,
        faults: Vec::new(),
        can_restart: false,
        can_renew: false,
        has_truth: false,
    }
}

impl Feed {
    /// Opens what was asked for. `fps` is the phantom's rate and that of a folder of frames, `scale` what a person entered for
    /// a recording.
    ///
    /// # Errors
    /// Where a recording cannot be opened or is a still.
    pub fn open(asked: &SourceUrl, fps: f64, scale: Option<MmPerPx>, between: Between) -> Result<Self> {
        let player = match asked {
            SourceUrl::Phantom { seed } => {
                let (fps, switch) = (fps as f32, FaultSwitch::default());
                let sweep = phantom_sweep(seed.unwrap_or(1), fps, &switch)?;
                Player::Phantom { fps, switch, sweep }
            }
            SourceUrl::Path(path) => Player::Recording(Recording::open(path, fps, scale)?),
            other => bail!("{other}: its frames are not made here"),
        };
        Ok(Self { player, between, sweep: 0, wanted: None, clock: Clock::default() })
    }

    /// What the pages are told of it; never a path or a name from a file.
    pub fn description(&self) -> Source {
        let (kind, name, fps) = match &self.player {
            Player::Phantom { fps, .. } => (SourceKind::Phantom, TRANSDUCER, Some(*fps)),
            Player::Recording(_) => (SourceKind::Replay, "recording", None),
        };
        let phantom = kind == SourceKind::Phantom;
        Source {
            kind,
            name: name.to_owned(),
            fps,
            faults: if phantom { FAULTS.map(|(fault, _)| fault).to_vec() } else { Vec::new() },
            can_restart: self.between == Between::Examinations,
            can_renew: phantom && self.between == Between::Examinations,
            has_truth: phantom,
        }
    }

    /// What a recording says of the machine that made it.
    pub fn equipment(&self) -> Equipment {
        match &self.player {
            Player::Phantom { .. } => Equipment::default(),
            Player::Recording(recording) => recording.equipment().clone(),
        }
    }

    /// Gives frames at their times until nobody sends commands any more. A source that is lost is one line on the
    /// standard error and is looked for until it is back. The call has failed in part then, as with a damaged frame.
    pub fn run(mut self, commands: &Receiver<SourceCommand>, slot: &LatestSlot<Captured>) -> Outcome {
        let (mut lost, mut was_lost) = (false, false);
        loop {
            let coming = match self.next() {
                Ok(Some(frame)) => Ok(frame),
                // The examination rests on its last frame until nobody holds it any more.
                Ok(None) => {
                    while commands.recv().is_ok() {}
                    return if was_lost || self.is_damaged() { Outcome::SomeFailed } else { Outcome::Done };
                }
                Err(error) => Err(error),
            };
            let due = match &coming {
                Ok((frame, _)) => self.clock.due(self.sweep, frame.time_ns),
                Err(_) => Instant::now() + RETRY,
            };
            if let Err(error) = &coming
                && !lost
            {
                crate::log::tell(format_args!("the source is lost, and looked for again: {error:#}"));
            }
            lost = coming.is_err();
            was_lost |= lost;
            match (self.follow_until(due, commands), coming) {
                (Heard::Nothing, Ok((frame, truth))) => {
                    let damaged = self.damaged();
                    let (at, sweep, seed) = (Instant::now(), self.sweep, self.seed());
                    slot.put(Captured { frame, at, sweep, damaged, truth, seed });
                }
                (Heard::Nothing, Err(_)) | (Heard::Sweep, _) => {}
                (Heard::End, _) if was_lost || self.is_damaged() => return Outcome::SomeFailed,
                (Heard::End, _) => return Outcome::Done,
            }
        }
    }

    /// Follows commands until it is time for the coming frame; a rest puts that off.
    fn follow_until(&mut self, mut due: Instant, commands: &Receiver<SourceCommand>) -> Heard {
        let mut rests_since: Option<Instant> = None;
        loop {
            let heard = match rests_since {
                Some(_) => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
                None => commands.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match heard {
                Err(RecvTimeoutError::Timeout) => return Heard::Nothing,
                Err(RecvTimeoutError::Disconnected) => return Heard::End,
                Ok(SourceCommand::SetFault { fault, on }) => self.set_fault(fault, on),
                Ok(SourceCommand::SetPaused(true)) => {
                    rests_since.get_or_insert_with(Instant::now);
                }
                Ok(SourceCommand::SetPaused(false)) => {
                    let rest = rests_since.take().map_or(Duration::ZERO, |since| since.elapsed());
                    self.clock.put_off(rest);
                    due += rest;
                }
                Ok(SourceCommand::Restart) => {
                    self.wanted = Some(Wanted::Same);
                    return Heard::Sweep;
                }
                Ok(SourceCommand::NewBreast { seed }) => {
                    self.wanted = Some(seed.map_or(Wanted::Next, Wanted::Seed));
                    return Heard::Sweep;
                }
            }
        }
    }

    fn set_fault(&self, fault: Fault, on: bool) {
        if let Player::Phantom { switch, .. } = &self.player {
            FAULTS.iter().filter(|(name, _)| *name == fault).for_each(|(_, fault)| switch.turn(*fault, on));
        }
    }

    /// The coming frame. A sweep that has ended is followed by the next breast and a recording by itself, or by `None` where
    /// the examination then waits for a person.
    fn next(&mut self) -> Result<Option<(Frame, Vec<Truth>)>> {
        for _ in 0..2 {
            if let Some(wanted) = self.wanted {
                self.begin(wanted)?;
                self.wanted = None;
            }
            let frame = match &mut self.player {
                Player::Phantom { sweep, .. } => sweep.next().map(with_truth),
                Player::Recording(recording) => recording.next().map(|frame| (frame, Vec::new())),
            };
            if frame.is_some() || self.between == Between::Rests {
                return Ok(frame);
            }
            self.wanted = Some(Wanted::Next);
        }
        bail!("no frame of it can be read")
    }

    fn begin(&mut self, wanted: Wanted) -> Result<()> {
        match &mut self.player {
            Player::Phantom { fps, switch, sweep } => {
                let seed = match wanted {
                    Wanted::Same => sweep.phantom().seed(),
                    Wanted::Next => sweep.phantom().seed().wrapping_add(1),
                    Wanted::Seed(seed) => seed,
                };
                *sweep = phantom_sweep(seed, *fps, switch)?;
            }
            Player::Recording(recording) => recording.rewind()?,
        }
        self.sweep += 1;
        Ok(())
    }

    fn seed(&self) -> Option<u64> {
        match &self.player {
            Player::Phantom { sweep, .. } => Some(sweep.phantom().seed()),
            Player::Recording(_) => None,
        }
    }

    fn is_damaged(&self) -> bool {
        matches!(&self.player, Player::Recording(recording) if recording.is_damaged())
    }

    fn damaged(&self) -> u64 {
        match &self.player {
            Player::Phantom { .. } => 0,
            Player::Recording(recording) => recording.damaged(),
        }
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

/// When each frame is due: its time after the first one of its sweep.
#[derive(Default)]
struct Clock {
    sweep: Option<Timed>,
}

struct Timed {
    number: u64,
    began: Instant,
    from_ns: u64,
    last_due: Instant,
}

impl Clock {
    fn due(&mut self, sweep: u64, time_ns: u64) -> Instant {
        let (began, from_ns) = match &self.sweep {
            Some(present) if present.number == sweep => (present.began, present.from_ns),
            Some(former) => (Instant::now().max(former.last_due + BETWEEN_SWEEPS), time_ns),
            None => (Instant::now(), time_ns),
        };
        let last_due = began + Duration::from_nanos(time_ns.saturating_sub(from_ns));
        self.sweep = Some(Timed { number: sweep, began, from_ns, last_due });
        last_due
    }

    fn put_off(&mut self, rest: Duration) {
        if let Some(present) = &mut self.sweep {
            present.began += rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::mpsc::{SyncSender, sync_channel};

    use image::{GrayImage, Luma};
    use tempfile::TempDir;

    use super::*;

    /// A PNG is cut off where the letter is `x`.
    fn folder_of(frames: &str) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (place, kind) in frames.chars().enumerate() {
            let path = folder.path().join(format!("{place}.png"));
            GrayImage::from_pixel(80, 64, Luma([100])).save(&path).unwrap();
            if kind == 'x' {
                let bytes = fs::read(&path).unwrap();
                fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            }
        }
        folder
    }

    fn open(source: &Path) -> Result<Feed> {
        Feed::open(&SourceUrl::Path(source.into()), 5.0, None, Between::Examinations)
    }

    /// Runs the feed beside `watch`, which takes frames and sends commands; how the feed ended when it no longer did.
    fn run(feed: Feed, watch: impl FnOnce(&LatestSlot<Captured>, &SyncSender<SourceCommand>)) -> Outcome {
        let slot = &LatestSlot::new();
        let (commands, heard) = sync_channel(4);
        std::thread::scope(|scope| {
            let source = scope.spawn(move || feed.run(&heard, slot));
            watch(slot, &commands);
            drop(commands);
            source.join().unwrap()
        })
    }

    #[test]
    fn a_damaged_frame_is_passed_over_and_counted() {
        let check = |frames: &str, expect: [(u64, u64, u64); 3], ends: Outcome| {
            let folder = folder_of(frames);
            let outcome = run(open(folder.path()).unwrap(), |slot, _| {
                for (number, expect) in expect.iter().enumerate() {
                    let Captured { frame, sweep, damaged, .. } = slot.take().unwrap();
                    assert_eq!((sweep, frame.index, damaged), *expect, "{frames}: {number}");
                }
            });
            assert_eq!(outcome, ends, "{frames}");
        };
        check("...", [(0, 0, 0), (0, 1, 0), (0, 2, 0)], Outcome::Done);
        check(".x.", [(0, 0, 0), (0, 2, 1), (1, 0, 0)], Outcome::SomeFailed);
        check("..x", [(0, 0, 0), (0, 1, 0), (1, 0, 0)], Outcome::SomeFailed);
        check("xx.", [(0, 2, 2), (1, 2, 2), (2, 2, 2)], Outcome::SomeFailed);
    }

    #[test]
    fn a_source_that_is_lost_goes_on_when_it_is_back_and_the_call_has_failed_in_part() {
        let folder = folder_of("..");
        let path = folder.path().to_owned();
        let aside = path.with_extension("aside");
        let outcome = run(open(&path).unwrap(), |slot, commands| {
            assert_eq!(slot.take().unwrap().sweep, 0);
            fs::rename(&path, &aside).unwrap();
            commands.send(SourceCommand::Restart).unwrap();
            std::thread::sleep(Duration::from_millis(200));
            fs::rename(&aside, &path).unwrap();
            commands.send(SourceCommand::Restart).unwrap();
            while slot.take().unwrap().sweep == 0 {}
        });
        assert_eq!(outcome, Outcome::SomeFailed);
    }

    #[test]
    fn a_source_without_a_readable_frame_is_lost_and_not_opened_without_pause() {
        let folder = folder_of("xxx");
        let outcome =
            run(open(folder.path()).unwrap(), |_, _| std::thread::sleep(Duration::from_millis(100)));
        assert_eq!(outcome, Outcome::SomeFailed);
    }

    #[test]
    fn a_still_is_refused_in_one_line() {
        let folder = folder_of(".");
        for source in [folder.path(), &folder.path().join("0.png")] {
            let error = open(source).map(|_| ()).unwrap_err();
            assert!(
                format!("{error:#}")
                    .ends_with("one frame; the live page plays cines, stills are for `peony analyze`"),
                "{error:#}"
            );
        }
    }

    #[test]
    fn a_rest_puts_frames_off_and_a_new_sweep_ends_it() {
        let folder = folder_of("...");
        run(open(folder.path()).unwrap(), |slot, commands| {
            assert_eq!(slot.take().unwrap().frame.index, 0);
            commands.send(SourceCommand::SetPaused(true)).unwrap();
            std::thread::sleep(Duration::from_millis(700));
            assert_eq!(slot.dropped(), 0, "nothing comes in the rest");
            commands.send(SourceCommand::SetPaused(false)).unwrap();
            assert_eq!(slot.take().unwrap().frame.index, 1, "and nothing is lost by it");
            commands.send(SourceCommand::SetPaused(true)).unwrap();
            commands.send(SourceCommand::Restart).unwrap();
            let Captured { frame, sweep, .. } = slot.take().unwrap();
            assert_eq!((sweep, frame.index), (1, 0));
        });
    }
}
