//! The lights, held against what went wrong and when.

use std::collections::{BTreeMap, BTreeSet};
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
/// That of dropped frames says how many of so many were, and not what the hand does now: it lasts as long.
const COUNTED_FRAMES: u64 = 128;

/// Which lights may be false: those of which somebody knows whether they should burn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A phantom: all.
    Everything,
    /// A clip, whose truth tells of the hand's faults and of lesions, and not of how the machine is set or what it writes.
    TheHand,
}

/// The lights of one sweep or clip.
#[derive(Debug)]
pub struct Lights<'a> {
    schedule: &'a [(Range<u64>, Fault)],
    known: Known,
    caught_frames: u64,
    jerky_frames: u64,
    echo_frames: u64,
    /// What burns, and whether it was false on any frame since it came on.
    on: BTreeMap<QualityCode, bool>,
    /// Of what was there without a fault of the schedule, the last frame that had it.
    was_there: BTreeMap<QualityCode, u64>,
    /// Of each fault, whether its light came on in time.
    caught: Vec<bool>,
    false_lights: BTreeMap<QualityCode, usize>,
}

impl<'a> Lights<'a> {
    /// Nothing is on yet; the frames of `schedule` are those of the source.
    pub fn new(schedule: &'a [(Range<u64>, Fault)], known: Known, fps: f64) -> Self {
        let frames = |seconds: f64| ((seconds * fps).round() as u64).max(1);
        Self {
            schedule,
            known,
            caught_frames: frames(CAUGHT_S),
            jerky_frames: frames(JERKY_S),
            echo_frames: frames(ECHO_S),
            on: BTreeMap::new(),
            was_there: BTreeMap::new(),
            caught: vec![false; schedule.len()],
            false_lights: BTreeMap::new(),
        }
    }

    /// A light is that of what explains it, within its time and a little after, and false otherwise: once for as long as it burns. `there` are the lights
    /// that this frame's truth explains, whatever the schedule says: a lesion that the border cuts, a hand that hurries of itself.
    pub fn judge(&mut self, frame: u64, quality: &Quality, there: &[QualityCode]) {
        let told: BTreeSet<QualityCode> = quality.issues.iter().map(|issue| issue.code).collect();
        for ((frames, fault), caught) in self.schedule.iter().zip(&mut self.caught) {
            let late = if *fault == Fault::Jerky { self.jerky_frames } else { 0 };
            let due = frames.start..frames.start.saturating_add(late + self.caught_frames);
            *caught |= due.contains(&frame) && lights_of(*fault).iter().any(|code| told.contains(code));
        }
        self.was_there.extend(there.iter().map(|code| (*code, frame)));
        self.on.retain(|code, _| told.contains(code));
        for code in told.into_iter().filter(|code| self.known == Known::Everything || is_of_the_hand(*code)) {
            let is_false = !self.is_explained(code, frame);
            let was_false = self.on.entry(code).or_insert(false);
            if is_false && !*was_false {
                *was_false = true;
                *self.false_lights.entry(code).or_default() += 1;
            }
        }
    }

    fn is_explained(&self, code: QualityCode, frame: u64) -> bool {
        let echo_frames = if code == QualityCode::FramesDropped { COUNTED_FRAMES } else { self.echo_frames };
        let was_there = self.was_there.get(&code).is_some_and(|last| frame - last <= echo_frames);
        let mut faults = self
            .schedule
            .iter()
            .filter(|(frames, _)| (frames.start..frames.end.saturating_add(echo_frames)).contains(&frame));
        was_there
            || faults.any(|(_, fault)| {
                lights_of(*fault).contains(&code) || may_light_besides(*fault).contains(&code)
            })
    }

    /// The faults, each with whether it was told of in time, and the false lights of each code.
    pub fn finish(self) -> (Vec<(Fault, bool)>, BTreeMap<QualityCode, usize>) {
        let faults = self.schedule.iter().map(|(_, fault)| *fault);
        (faults.zip(self.caught).collect(), self.false_lights)
    }
}

/// Whether a code is a light for the hand that scans. What the picture cannot help (its scale, a lesion at the border,
/// what the machine writes) is none.
fn is_of_the_hand(code: QualityCode) -> bool {
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
        Fault::Dropped | Fault::DroppedInBursts => &[QualityCode::TooFewFrames],
        Fault::VendorScreen => &[],
    }
}

/// The lights that a fault may bring besides, because they are true of it; any other that burns meanwhile is false.
fn may_light_besides(fault: Fault) -> &'static [QualityCode] {
    match fault {
        // All of the picture is out of focus, and so is a lesion's depth.
        Fault::Blur => &[QualityCode::FocusOff],
        // The way within one frame blurs it.
        Fault::TooFast => &[QualityCode::Blur],
        // The box is drawn with a line.
        Fault::ColourBox => &[QualityCode::Marks],
        Fault::Dropped | Fault::DroppedInBursts => &[QualityCode::FramesDropped],
        // A grabbed screen tells no scale.
        Fault::VendorScreen => &[QualityCode::ScaleUnknown],
        Fault::LostContact
        | Fault::TooDark
        | Fault::TooBright
        | Fault::Frozen
        | Fault::Jerky
        | Fault::Marks => &[],
    }
}

#[cfg(test)]
mod tests {
    use QualityCode::{
        Blur, ContactLost, FocusOff, FramesDropped, GainLow, LesionCut, Marks, TooFast, TooFewFrames,
    };
    use peony_model::QualityIssue;

    use super::*;

    const FAULTS: [(Range<u64>, Fault); 2] = [(10..20, Fault::Blur), (60..70, Fault::TooFast)];

    /// The false lights of a run of which each light burns over a range of frames, at ten frames a second; from 40 to 45 the border cuts a lesion, and the
    /// hand hurries.
    fn false_lights(known: Known, burning: &[(Range<u64>, QualityCode)]) -> Vec<(QualityCode, usize)> {
        let mut lights = Lights::new(&FAULTS, known, 10.0);
        for frame in 0..100 {
            let on = burning.iter().filter(|(frames, _)| frames.contains(&frame));
            let issues = on.map(|(_, code)| QualityIssue::new(*code)).collect();
            let there: &[_] = if (40..45).contains(&frame) { &[LesionCut, TooFast] } else { &[] };
            lights.judge(frame, &Quality { issues, ..Quality::default() }, there);
        }
        lights.finish().1.into_iter().collect()
    }

    #[test]
    fn a_light_is_false_where_nothing_explains_it_also_while_another_fault_is_there() {
        let check = |burning: &[(Range<u64>, QualityCode)], expect: &[(QualityCode, usize)]| {
            assert_eq!(false_lights(Known::Everything, burning), expect, "{burning:?}");
        };
        check(&[(12..25, Blur)], &[]);
        check(&[(2..5, Blur)], &[(Blur, 1)]);
        check(&[(28..29, Blur)], &[]); // its echo
        check(&[(12..40, Blur)], &[(Blur, 1)]); // it never went
        check(&[(12..18, GainLow), (12..18, FocusOff)], &[(GainLow, 1)]);
        check(&[(62..66, Blur), (62..66, ContactLost)], &[(ContactLost, 1)]);
        check(&[(12..18, TooFast), (32..38, TooFast), (62..66, TooFast)], &[(TooFast, 2)]);
        check(&[(42..50, LesionCut), (80..82, LesionCut)], &[(LesionCut, 1)]);
        check(&[(42..50, TooFast), (80..82, TooFast)], &[(TooFast, 1)]);
        check(&[(30..32, Marks), (33..35, Marks)], &[(Marks, 2)]);
    }

    #[test]
    fn what_counts_frames_lasts_as_long_as_it_counts_them() {
        let schedule = [(10..20, Fault::Dropped)];
        let false_lights = |code, last: u64| {
            let mut lights = Lights::new(&schedule, Known::Everything, 10.0);
            let burning = Quality { issues: vec![QualityIssue::new(code)], ..Quality::default() };
            (12..last).for_each(|frame| lights.judge(frame, &burning, &[]));
            lights.finish().1.len()
        };
        assert_eq!([148, 149].map(|last| false_lights(FramesDropped, last)), [0, 1]);
        assert_eq!([30, 31].map(|last| false_lights(TooFewFrames, last)), [0, 1]);
    }

    #[test]
    fn of_a_clip_the_hands_lights_alone_are_counted() {
        let burning = [(30..32, Marks), (30..32, FocusOff), (30..32, LesionCut), (30..32, Blur)];
        assert_eq!(false_lights(Known::TheHand, &burning), [(Blur, 1)]);
    }
}
