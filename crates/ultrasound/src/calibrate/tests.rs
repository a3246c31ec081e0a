use super::*;
use crate::output::{Speckle, SweepPlane};
use peony_model::BoxPx;

const FRAME_NS: u64 = 33_333_333;

/// A sweep as the motion stage would say it: steps of the true way over the gain of each depth, wavering a little.
#[derive(Clone)]
struct Led {
    frames: usize,
    step_mm: f32,
    gain: f32,
    by_depth: fn(f32) -> f32,
    turn: f32,
    shift_mm: [f32; 2],
}

/// 60 mm in five seconds, by a probe whose steps read 1.5 times too short.
const LED: Led =
    Led { frames: 150, step_mm: 0.4, gain: 1.5, by_depth: |_| 1.0, turn: 0.0, shift_mm: [0.0; 2] };

impl Led {
    fn frame(&self, number: usize) -> VolumeState {
        let patch = |(column, row): (usize, usize)| {
            let (x_mm, depth_mm) = (column as f32 * 3.2 - 12.8, (row as f32 + 0.5) * ROW_MM);
            let waver = 1.0 + 0.05 * ((number * 7 + column * 3 + row * 5) as f32).sin();
            let step_mm = (self.step_mm + self.turn * x_mm) * waver / self.gain / (self.by_depth)(depth_mm);
            PatchStep { x_mm, depth_mm, step_mm, weight: 1.0 }
        };
        let steps = (0..9).flat_map(|column| (1..8).map(move |row| (column, row))).map(patch).collect();
        said(Speckle { steps, shift_mm: Some(self.shift_mm), likeness: 0.7, unfit: None })
    }

    fn sweep(&self) -> KnownSweep {
        observed((0..self.frames).map(|number| self.frame(number)))
    }
}

fn plane() -> SweepPlane {
    SweepPlane {
        sweep: 1,
        picture_px: BoxPx::zero(),
        mm_per_px: None,
        along_mm: None,
        relative_error: None,
        slope: 0.0,
        shift_px: [0.0; 2],
        turns_back: 0,
    }
}

fn said(speckle: Speckle) -> VolumeState {
    VolumeState { plane: Some(plane()), speckle: Some(speckle), ..VolumeState::default() }
}

fn observed(frames: impl Iterator<Item = VolumeState>) -> KnownSweep {
    let mut sweep = KnownSweep::default();
    frames.zip(0..).for_each(|(frame, number)| sweep.observe(&frame, number * FRAME_NS));
    sweep
}

/// The frames of these numbers, as they came; the others never did.
fn came(numbers: impl Iterator<Item = usize>) -> KnownSweep {
    let mut sweep = KnownSweep::default();
    numbers.for_each(|number| sweep.observe(&LED.frame(number), number as u64 * FRAME_NS));
    sweep
}

/// The sweep with every so-many-th of its frames unfit.
fn spoilt(why: Unfit, every: usize) -> KnownSweep {
    observed((0..LED.frames).map(|number| {
        let mut frame = LED.frame(number);
        if let Some(speckle) = frame.speckle.as_mut().filter(|_| number % every == 0) {
            speckle.unfit = Some(why);
        }
        frame
    }))
}

fn rest(frames: usize) -> impl Iterator<Item = VolumeState> {
    let still = Led { step_mm: 0.05, ..LED };
    (0..frames).map(move |number| {
        let mut frame = still.frame(number);
        if let Some(speckle) = &mut frame.speckle {
            // Nothing far enough back to tell a rest by.
            speckle.unfit = (number > 0).then_some(Unfit::TooSlow);
        }
        frame
    })
}

fn gain_of(sweep: &KnownSweep, length_mm: f32) -> f32 {
    fit(&[(sweep, length_mm)]).unwrap().beam.gain
}

#[test]
fn the_gain_is_what_makes_the_way_as_long_as_it_was() {
    let near = |gain: f32, expect: f32| assert!((gain / expect - 1.0).abs() < 0.02, "{gain}, not {expect}");
    near(gain_of(&LED.sweep(), 60.0), 1.5);
    near(gain_of(&Led { gain: 0.8, ..LED }.sweep(), 60.0), 0.8);
    let fitted = fit(&[(&LED.sweep(), 60.0)]).unwrap();
    near(fitted.read_mm[0], 60.0);
    near(fitted.beam.turn_gain / fitted.beam.gain, ASSUMED.turn_gain / ASSUMED.gain);
}

#[test]
fn resting_at_both_marks_is_no_way() {
    let with_rests =
        observed(rest(40).chain((0..LED.frames).map(|number| LED.frame(number))).chain(rest(60)));
    let gain = gain_of(&with_rests, 60.0);
    assert!((gain - 1.5).abs() < 0.05, "{gain}");
}

#[test]
fn depths_at_which_the_beam_is_thinner_have_their_own_gain() {
    let by_depth: fn(f32) -> f32 = |depth| if depth < 14.0 { 0.8 } else { 1.2 };
    let fitted = fit(&[(&Led { by_depth, ..LED }.sweep(), 60.0)]).unwrap();
    let ratio = fitted.beam.factor_at(24.0) / fitted.beam.factor_at(7.0);
    assert!((ratio - 1.5).abs() < 0.05, "{:?}", fitted.beam);
    assert!((fitted.read_mm[0] - 60.0).abs() < 0.5);
}

#[test]
fn more_sweeps_make_the_error_smaller_and_none_makes_it_less_than_the_methods() {
    let sweep = |gain: f32| Led { gain, ..LED }.sweep();
    let error = |gains: &[f32]| {
        let sweeps: Vec<KnownSweep> = gains.iter().map(|&gain| sweep(gain)).collect();
        fit(&sweeps.iter().map(|sweep| (sweep, 60.0)).collect::<Vec<_>>()).unwrap().relative_error
    };
    let (one, three, apart) = (error(&[1.5]), error(&[1.5, 1.52, 1.48]), error(&[1.5, 1.75, 1.3]));
    assert!(METHOD_ERROR < three && three < one && three < apart, "{one} {three} {apart}");
    assert!(apart < 0.4, "{apart}");
}

#[test]
fn a_sweep_that_tells_nothing_is_refused_with_the_reason() {
    let check = |sweep: &KnownSweep, length_mm: f32, begins: &str| {
        let refused = sweep.check(length_mm).unwrap_err().to_string();
        assert!(refused.starts_with(begins) && !refused.contains('\n'), "{refused}");
        let whole = fit(&[(&LED.sweep(), 60.0), (sweep, length_mm)]).unwrap_err();
        assert!(matches!(whole, CalibrationError::Sweep { index: 1, .. }), "{whole:?}");
    };
    let sweep = LED.sweep();
    assert_eq!(sweep.check(60.0), Ok(()));
    for absurd in [0.0, 5.0, -60.0, 6000.0, f32::NAN, f32::INFINITY] {
        check(&sweep, absurd, "a known length lies between 20 and 200 mm");
    }
    check(&sweep, 190.0, "190 mm do not fit: the speckle reads about 51 mm");
    check(&KnownSweep::default(), 60.0, "no picture came during the sweep");
    let unseen = (0..150).map(|_| VolumeState::default());
    check(&observed(unseen), 60.0, "the scale of the picture is unknown");
    check(&came((0..150).filter(|n| n % 20 != 10)), 60.0, "5 % of the frames were lost on their way here");
    check(&Led { frames: 20, ..LED }.sweep(), 60.0, "the probe moves in 20 frames only");
    check(&spoilt(Unfit::TooFast, 3), 60.0, "33 % of the frames are too fast");
    check(&spoilt(Unfit::TooFewFrames, 3), 60.0, "33 % of the frames are too long after the one before");
    check(&spoilt(Unfit::TooSlow, 3), 60.0, "33 % of the frames are too slow");
    check(&spoilt(Unfit::TurnedBack, 3), 60.0, "33 % of the frames are turning back");
    check(&spoilt(Unfit::TooFewPatches, 3), 60.0, "33 % of the frames are with too little speckle");
    check(&observed(rest(100)), 60.0, "99 % of the frames are too slow");
    check(&Led { shift_mm: [0.15, 0.0], ..LED }.sweep(), 60.0, "the picture moved by 22 mm");
    check(&Led { turn: 0.004, ..LED }.sweep(), 60.0, "the probe turned by");
    let whole = |number| LED.frame(number);
    let lost = (0..150).map(|n| if n % 20 == 10 { VolumeState::default() } else { whole(n) });
    check(&observed(lost), 60.0, "5 % of the frames show no picture");
    let rescaled = |n: usize| {
        let mut frame = whole(n);
        if let Some(plane) = frame.plane.as_mut().filter(|_| n > 70) {
            plane.sweep = 2;
        }
        frame
    };
    check(&observed((0..150).map(rescaled)), 60.0, "the scale changed");
    let late = |n: usize| {
        let mut frame = whole(n);
        if let Some(speckle) = frame.speckle.as_mut().filter(|_| n < 15) {
            speckle.shift_mm = None;
        }
        frame
    };
    check(&observed((0..150).map(late)), 60.0, "the probe moved over 15 frames before the scale was read");
    check(&observed((0..MOST_FRAMES + 1).map(whole)), 60.0, "more than 7200 frames");
}

#[test]
fn a_turn_back_once_is_refused_though_few_frames_say_it() {
    let turned = observed((0..150).map(|number| {
        let mut frame = LED.frame(number);
        if let Some(speckle) = frame.speckle.as_mut().filter(|_| (70..74).contains(&number)) {
            speckle.unfit = Some(Unfit::TurnedBack);
        }
        frame
    }));
    assert!(matches!(turned.check(60.0), Err(UnfitSweep::Motion { why: Unfit::TurnedBack, .. })));
}

#[test]
fn way_is_lost_with_frames_that_never_came_and_not_with_late_ones_or_a_slow_source() {
    let share = |numbers: &mut dyn Iterator<Item = usize>| came(numbers).check(60.0).err();
    // A stall of a fifth of a second on the way.
    let stalled = share(&mut (0..150).filter(|n| !(70..76).contains(n)));
    assert!(
        matches!(stalled, Some(UnfitSweep::Lost { share }) if (share - 0.04).abs() < 0.005),
        "{stalled:?}"
    );
    assert_eq!(share(&mut (0..150).filter(|n| ![50, 100].contains(n))), None, "too little to matter");
    assert_eq!(share(&mut (0..149).step_by(2)), None, "every second one was never given");
    let mut jerky = KnownSweep::default();
    let late = |n: u64| n * FRAME_NS + if n.is_multiple_of(2) { FRAME_NS / 2 } else { 0 };
    (0..150).for_each(|n| jerky.observe(&LED.frame(n as usize), late(n)));
    assert_eq!(jerky.check(60.0), Ok(()), "a browser's clock ticks sixty times a second");
    // While the probe rests at a mark nothing of the way is lost.
    let mut resting = KnownSweep::default();
    for (at, frame) in rest(40).chain((0..LED.frames).map(|number| LED.frame(number))).enumerate() {
        let stall = if at > 20 { 30 } else { 0 };
        resting.observe(&frame, (at as u64 + stall) * FRAME_NS);
    }
    assert_eq!(resting.check(60.0), Ok(()));
}

#[test]
fn of_three_sweeps_that_disagree_the_odd_one_is_told() {
    let [one, other] = [LED.sweep(), Led { gain: 0.9, ..LED }.sweep()];
    for (order, expect) in [([&other, &one, &one], 0), ([&one, &other, &one], 1), ([&one, &one, &other], 2)] {
        let refused = fit(&order.map(|sweep| (sweep, 60.0))).unwrap_err();
        let CalibrationError::Disagree { index, read_mm, .. } = &refused else { panic!("{refused:?}") };
        assert_eq!(*index, Some(expect));
        let odd = read_mm[expect];
        assert!(read_mm.iter().filter(|read| (**read - odd).abs() < 5.0).count() == 1, "{read_mm:?}");
        let said = format!("the sweeps disagree: number {} differs", expect + 1);
        assert!(refused.to_string().starts_with(&said), "{refused}");
    }
    let two = fit(&[(&one, 60.0), (&other, 60.0)]).unwrap_err();
    assert!(matches!(two, CalibrationError::Disagree { index: None, .. }), "{two:?}");
}

#[test]
fn sweeps_that_contradict_each_other_make_no_calibration() {
    let (one, other) = (LED.sweep(), Led { gain: 0.9, ..LED }.sweep());
    let refused = fit(&[(&one, 60.0), (&other, 60.0)]).unwrap_err();
    assert!(matches!(refused, CalibrationError::Disagree { .. }), "{refused:?}");
    assert_eq!(fit(&[]), Err(CalibrationError::NoSweep));
}
