//! The lights for the hand that scans, held against what went wrong and when.

use std::collections::BTreeSet;
use std::ops::Range;

use peony_model::QualityCode;
use peony_phantom::Fault;
use peony_ultrasound::output::Quality;

/// A light must come on within this time, s.
const CAUGHT_S: f64 = 0.5;
/// A hand is jerky once it has stopped, gone and stopped again, a fifth of a second each: from then on the time counts, s.
const JERKY_S: f64 = 0.4;
/// A light this long after a fault is still that fault's, s.
const ECHO_S: f64 = 1.0;

/// The lights of one sweep or clip.
#[derive(Debug)]
pub struct Lights<'a> {
    schedule: &'a [(Range<u64>, Fault)],
    caught_frames: u64,
    jerky_frames: u64,
    echo_frames: u64,
    on: BTreeSet<QualityCode>,
    /// Of each fault, whether its light came on in time.
    caught: Vec<bool>,
    false_lights: usize,
}

impl<'a> Lights<'a> {
    /// Nothing is on yet; the frames of `schedule` are those of the source.
    pub fn new(schedule: &'a [(Range<u64>, Fault)], fps: f64) -> Self {
        let frames = |seconds: f64| ((seconds * fps).round() as u64).max(1);
        Self {
            schedule,
            caught_frames: frames(CAUGHT_S),
            jerky_frames: frames(JERKY_S),
            echo_frames: frames(ECHO_S),
            on: BTreeSet::new(),
            caught: vec![false; schedule.len()],
            false_lights: 0,
        }
    }

    /// A light that comes on is a fault's within its time and a little after, and false otherwise.
    pub fn judge(&mut self, frame: u64, quality: &Quality) {
        let told: BTreeSet<QualityCode> = quality.issues.iter().map(|issue| issue.code).collect();
        let now: BTreeSet<QualityCode> = told.iter().copied().filter(|code| is_light(*code)).collect();
        for ((frames, fault), caught) in self.schedule.iter().zip(&mut self.caught) {
            let late = if *fault == Fault::Jerky { self.jerky_frames } else { 0 };
            let due = frames.start..frames.start.saturating_add(late + self.caught_frames);
            *caught |= due.contains(&frame) && lights_of(*fault).iter().any(|code| told.contains(code));
        }
        let explained = self
            .schedule
            .iter()
            .any(|(frames, _)| (frames.start..frames.end.saturating_add(self.echo_frames)).contains(&frame));
        if !explained {
            self.false_lights += now.difference(&self.on).count();
        }
        self.on = now;
    }

    /// The faults, each with whether it was told of in time, and the number of false lights.
    pub fn finish(self) -> (Vec<(Fault, bool)>, usize) {
        let faults = self.schedule.iter().map(|(_, fault)| *fault);
        (faults.zip(self.caught).collect(), self.false_lights)
    }
}

/// Whether a code is a light for the hand that scans. What the picture cannot help (its scale, a lesion at the border,
/// what the machine writes) is none.
fn is_light(code: QualityCode) -> bool {
    use QualityCode::{Blur, ContactLost, Frozen, GainHigh, GainLow, Jerky, NoBmode, TooFast, WrongDomain};
    matches!(code, ContactLost | GainLow | GainHigh | Blur | TooFast | Jerky | Frozen | NoBmode | WrongDomain)
}

/// The lights that tell of a fault.
fn lights_of(fault: Fault) -> &'static [QualityCode] {
    match fault {
        Fault::LostContact => &[QualityCode::ContactLost],
        Fault::TooDark => &[QualityCode::GainLow, QualityCode::NoBmode],
        Fault::TooBright => &[QualityCode::GainHigh],
        Fault::Blur => &[QualityCode::Blur],
        Fault::TooFast => &[QualityCode::TooFast, QualityCode::Jerky],
        Fault::Frozen => &[QualityCode::Frozen],
        Fault::Jerky => &[QualityCode::Jerky],
        Fault::Marks => &[QualityCode::Marks],
        Fault::ColourBox => &[QualityCode::ColourBox],
        Fault::Dropped | Fault::DroppedInBursts | Fault::VendorScreen => &[],
    }
}
