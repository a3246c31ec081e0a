//! Lesions as the tracker meets them, without pictures: boxes, likenesses and a way.

use std::sync::Arc;

use image::GrayImage;
use peony_model::{
    CalibrationSource, Code, Finding, Frame, MmPerPx, Pixels, PointPx, Precision, Provenance, Region, Spacing,
};

use super::*;
use crate::network::{EMBEDDING, MAPS, RegionLogits, STEPS, WORDS};
use crate::steady::Steady;

const FRAME_NS: u64 = 33_333_333;

/// A lesion of the test: what it looks like and where it lies, mm: across, deep, along the way.
#[derive(Clone, Copy)]
struct Lesion {
    at: [f32; 3],
    size_mm: f32,
    fluid: bool,
    looks: usize,
}

const FIRST: Lesion = Lesion { at: [20.0, 15.0, 10.0], size_mm: 8.0, fluid: false, looks: 0 };

fn found(lesion: &Lesion, along_mm: f32) -> Found {
    let half = lesion.size_mm / 2.0;
    let cut = (half * half - (along_mm - lesion.at[2]).powi(2)).max(0.0).sqrt();
    let point =
        |sign: f32| PointPx::new((lesion.at[0] + sign * cut) * 10.0, (lesion.at[1] + sign * cut) * 10.0);
    let box_px = BoxPx::new(point(-1.0), point(1.0));
    let mut logits = [0.0; MAPS];
    for (logit, word) in logits[2 + STEPS..].iter_mut().zip(WORDS) {
        *logit = if (word == peony_model::Word::Anechoic) == lesion.fluid { 2.0 } else { -2.0 };
    }
    let provenance = Provenance {
        model: "test".into(),
        version: "1".into(),
        sha256: String::new(),
        provider: "test".into(),
        precision: Precision::Fp32,
    };
    let finding = Finding {
        code: Code::LESION,
        region: Region::Image { frame: 0, box_px, contour_px: Vec::new() },
        score: 0.8,
        malignancy: Some(0.5),
        assessment: None,
        descriptors: Vec::new(),
        measurements: Vec::new(),
        provenance: Arc::new(provenance),
    };
    let embedding: [f32; EMBEDDING] = std::array::from_fn(|n| if n == lesion.looks { 1.0 } else { 0.0 });
    Found {
        finding,
        logits: RegionLogits::new(logits),
        pixel: [0.1, 0.1],
        area_px2: box_px.area(),
        cut: false,
        embedding: Some(embedding),
        focus_px: box_px,
    }
}

/// A hand over lesions, 0.4 mm a frame.
struct Hand {
    follow: Follow,
    steady: Steady,
    frame: u64,
    frame_ns: u64,
    place: Place,
    scaled: bool,
    /// A colour box lies on the picture.
    coloured: bool,
    /// Everything that was said of letters, in order: `+A` confirmed, `=A` met again, `-1` left, `2>1` merged.
    said: Vec<String>,
}

impl Hand {
    fn new(scaled: bool) -> Self {
        let place = Place { scaled, ..Place::default() };
        Self {
            follow: Follow::default(),
            steady: Steady::default(),
            frame: 0,
            frame_ns: FRAME_NS,
            place,
            scaled,
            coloured: false,
            said: Vec::new(),
        }
    }

    fn look(&mut self, lesions: &[Lesion]) {
        let here = lesions
            .iter()
            .filter(|lesion| (self.place.along_mm - lesion.at[2]).abs() < lesion.size_mm / 2.0 - 0.2);
        let findings = here.map(|lesion| found(lesion, self.place.along_mm)).collect();
        self.show(findings);
    }

    fn show(&mut self, findings: Vec<Found>) {
        let spacing = match MmPerPx::new(0.1, 0.1, CalibrationSource::Entered) {
            Ok(scale) if self.scaled => Spacing::Uniform(scale),
            _ => Spacing::Unknown,
        };
        let pixels = Pixels::Luma8(GrayImage::new(400, 400));
        let frame = Frame { index: self.frame, time_ns: self.frame * self.frame_ns, pixels, spacing };
        let view = View {
            frame: &frame,
            luma: frame.luma(),
            mode: Mode::Sweep,
            spacing: frame.spacing.clone(),
            calibration: None,
            time: self.steady.tick(frame.index, frame.time_ns),
        };
        let motion = crate::motion::Motion::default();
        let colour = self.coloured.then(|| peony_model::QualityIssue::new(QualityCode::ColourBox));
        let issues = colour.into_iter().collect();
        let assessed =
            Assessed { issues, readable: true, sharpness: 0.2, motion: Some(motion), ..Assessed::default() };
        let detected = Detected { findings, fresh: true, ..Detected::default() };
        let tracked = follow(&mut self.follow, &view, &assessed, &self.place, &detected);
        let letter =
            |id: u32| tracked.tracks.iter().find(|track| track.id == id).and_then(|track| track.letter);
        self.said.extend(tracked.confirmed.iter().map(|(_, letter)| format!("+{letter}")));
        self.said.extend(tracked.returned.iter().map(|id| format!("={}", letter(*id).unwrap_or('?'))));
        self.said.extend(tracked.merged.iter().map(|(from, into)| format!("{from}>{into}")));
        self.said.extend(tracked.left.iter().map(|id| format!("-{id}")));
        self.frame += 1;
    }

    /// Lead the plane to a place along the way.
    fn to(&mut self, along_mm: f32, lesions: &[Lesion]) {
        let step = 0.4 * (along_mm - self.place.along_mm).signum();
        while (along_mm - self.place.along_mm).abs() > 0.4 {
            self.place.along_mm += step;
            self.place.travelled_mm += 0.4;
            self.look(lesions);
        }
    }
}

#[test]
fn a_lesion_that_comes_back_is_the_same_one_only_where_everything_fits() {
    let check = |then: Lesion, back_to: f32, expect: &[&str], why: &str| {
        let mut hand = Hand::new(true);
        hand.to(30.0, &[FIRST]);
        hand.to(back_to, &[then]);
        assert_eq!(hand.said, expect, "{why}");
    };
    let again = ["+A", "-1", "=A", "-1"];
    let other = ["+A", "-1", "+B", "-2"];
    check(FIRST, 0.0, &again, "the way back");
    check(Lesion { at: [22.0, 16.0, 11.0], ..FIRST }, 0.0, &again, "a little beside");
    check(Lesion { at: [28.0, 15.0, 10.0], ..FIRST }, 0.0, &other, "another place across");
    check(Lesion { at: [20.0, 24.0, 10.0], ..FIRST }, 0.0, &other, "another depth");
    check(Lesion { at: [20.0, 15.0, 45.0], ..FIRST }, 60.0, &other, "further on and never back");
    check(Lesion { fluid: true, ..FIRST }, 0.0, &other, "fluid where the other is solid");
    check(Lesion { size_mm: 16.0, ..FIRST }, -20.0, &other, "twice as large");
    check(Lesion { looks: 3, ..FIRST }, 0.0, &other, "it looks otherwise");
}

#[test]
fn of_two_that_may_be_it_neither_is_taken() {
    let second = Lesion { at: [20.0, 19.0, 10.0], ..FIRST };
    let between = Lesion { at: [20.0, 17.0, 10.0], ..FIRST };
    let mut hand = Hand::new(true);
    hand.to(30.0, &[FIRST]);
    // As if the hand were lifted and set down again where it began: the way knows nothing of it.
    hand.place.along_mm = 0.0;
    hand.follow.former.clear();
    hand.to(30.0, &[Lesion { looks: 0, ..second }]);
    let mut both = Hand::new(true);
    both.to(30.0, &[FIRST, Lesion { at: [20.0, 25.0, 10.0], ..FIRST }]);
    for track in &mut both.follow.former {
        if track.letter == Some('B') {
            track.traits = hand.follow.former[0].traits.clone();
        }
    }
    both.to(0.0, &[between]);
    assert_eq!(both.said.last().map(String::as_str), Some("-3"), "{:?}", both.said);
    assert!(both.said.contains(&"+C".to_owned()), "{:?}", both.said);
}

#[test]
fn letters_go_on_after_a_return_and_are_never_given_twice() {
    let second = Lesion { at: [20.0, 15.0, 40.0], ..FIRST };
    let third = Lesion { at: [20.0, 15.0, 70.0], ..FIRST };
    let mut hand = Hand::new(true);
    hand.to(55.0, &[FIRST, second]);
    hand.to(0.0, &[FIRST, second]);
    hand.to(90.0, &[FIRST, second, third]);
    let letters: Vec<&str> =
        hand.said.iter().map(String::as_str).filter(|said| !said.starts_with('-')).collect();
    assert_eq!(letters, ["+A", "+B", "=B", "=A", "=A", "=B", "+C"]);
}

#[test]
fn over_a_long_way_a_lesion_is_known_by_those_that_were_met_again() {
    let there =
        [FIRST, Lesion { at: [20.0, 15.0, 40.0], ..FIRST }, Lesion { at: [20.0, 15.0, 70.0], ..FIRST }];
    // What was summed of the way has drifted by then: the same lesions seem to lie further on, and beside.
    let drifted =
        |lesion: Lesion| Lesion { at: [lesion.at[0] + 2.0, lesion.at[1], lesion.at[2] + 5.0], ..lesion };
    let letters = |lesions: &[Lesion]| -> Vec<String> {
        let mut hand = Hand::new(true);
        hand.to(90.0, lesions);
        hand.to(0.0, &lesions.iter().copied().map(drifted).collect::<Vec<_>>());
        hand.said.into_iter().filter(|said| !said.starts_with('-')).collect()
    };
    assert_eq!(letters(&there), ["+A", "+B", "+C", "=C", "=B", "=A"]);
    assert_eq!(letters(&there[..1]), ["+A", "+B"], "150 mm of way and nothing that was met on it");
}

#[test]
fn the_sums_of_a_lesion_go_on_when_it_returns() {
    let mut hand = Hand::new(true);
    hand.to(30.0, &[FIRST]);
    let before = hand.follow.former[0].clone();
    hand.to(0.0, &[FIRST]);
    let after = &hand.follow.former[0];
    assert_eq!((after.id, after.letter), (before.id, before.letter));
    assert!(after.sightings >= 2 * before.sightings - 2, "{} and {}", before.sightings, after.sightings);
    let planes = |track: &Track| track.verdict.as_ref().unwrap().evidence.effective_planes;
    assert!(planes(after) > 1.7 * planes(&before), "{} and {}", planes(&before), planes(after));
}

#[test]
fn without_a_scale_a_lesion_is_known_again_at_once_or_not_at_all() {
    let check = |gap: u64, expect: &[&str]| {
        let mut hand = Hand::new(false);
        let seen = vec![found(&FIRST, 10.0)];
        (0..15).for_each(|_| hand.show(seen.clone()));
        (0..gap).for_each(|_| hand.show(Vec::new()));
        (0..15).for_each(|_| hand.show(seen.clone()));
        assert_eq!(hand.said, expect, "after {gap} frames");
    };
    check(20, &["+A", "-1", "=A"]);
    check(200, &["+A", "-1", "+B"]);
}

#[test]
fn two_tracks_on_one_lesion_become_the_older_one() {
    let mut hand = Hand::new(true);
    let large = Lesion { size_mm: 12.0, ..FIRST };
    // The network sees it in two parts for a while, then as one.
    let part = |x: f32| Lesion { at: [x, 15.0, 10.0], size_mm: 7.0, ..FIRST };
    let parts = vec![found(&part(17.0), 10.0), found(&part(22.5), 10.0)];
    (0..3).for_each(|_| hand.show(vec![found(&part(17.0), 10.0)]));
    let mut close = parts.clone();
    close[1] = found(&part(19.0), 10.0);
    (0..12).for_each(|_| hand.show(close.clone()));
    (0..6).for_each(|_| hand.show(vec![found(&large, 10.0)]));
    assert_eq!(hand.said, ["+A", "+B", "2>1"]);
    assert_eq!(hand.follow.tracks.len(), 1);
    // Two that were seen side by side for as long stay two when one outline covers both.
    let mut neighbours = Hand::new(true);
    (0..20).for_each(|_| neighbours.show(parts.clone()));
    (0..6).for_each(|_| neighbours.show(vec![found(&large, 10.0)]));
    assert_eq!(neighbours.said, ["+A", "+B"]);
}

#[test]
fn a_lesion_is_confirmed_in_the_same_time_whatever_the_rate() {
    for fps in [8, 15, 30, 60, 1_000] {
        let said = |seen: &dyn Fn(u64) -> bool| {
            let mut hand = Hand::new(true);
            hand.frame_ns = 1_000_000_000 / fps;
            let lesion = found(&FIRST, 10.0);
            let mut show = |frame: u64| {
                hand.show(if seen(frame) { vec![lesion.clone()] } else { Vec::new() });
                hand.follow.confirmed > 0
            };
            (0..fps).find(|frame| show(*frame)).map(|frame| frame * 1000 / fps)
        };
        let after_ms = said(&|_| true);
        assert!(after_ms.is_some_and(|ms| (230..=375).contains(&ms)), "{fps} a second: {after_ms:?}");
        assert_eq!(said(&|frame| frame % 2 == 0), None, "{fps} a second: every second frame");
        assert_eq!(said(&|frame| frame * 1000 / fps < 220), None, "{fps} a second: gone too soon");
    }
}

#[test]
fn under_colour_a_lesion_is_followed_and_no_new_one_confirmed() {
    let mut hand = Hand::new(true);
    let [first, vessel] =
        [FIRST, Lesion { at: [35.0, 25.0, 10.0], ..FIRST }].map(|lesion| found(&lesion, 10.0));
    (0..15).for_each(|_| hand.show(vec![first.clone()]));
    hand.coloured = true;
    (0..30).for_each(|_| hand.show(vec![first.clone(), vessel.clone()]));
    assert_eq!(hand.said, ["+A"]);
    assert!(hand.follow.tracks.iter().all(|track| track.finding.is_some()), "both are followed");
    hand.coloured = false;
    (0..10).for_each(|_| hand.show(vec![first.clone(), vessel.clone()]));
    assert_eq!(hand.said, ["+A", "+B"], "it is there without colour");
}

#[test]
fn what_the_border_cuts_is_confirmed_only_where_it_is_sure() {
    let check = |score: f32, expect: &[&str]| {
        let mut hand = Hand::new(true);
        for _ in 0..20 {
            let mut cut = found(&FIRST, FIRST.at[2]);
            (cut.cut, cut.finding.score) = (true, score);
            hand.show(vec![cut]);
        }
        assert_eq!(hand.said, expect, "{score}");
    };
    check(0.5, &[]);
    check(0.7, &["+A"]);
}

/// The confirmed lesions, by letter, each with the numbers of those seen on one frame with it.
fn seen_with(hand: &Hand) -> Vec<(char, Vec<u32>)> {
    let tracks = hand.follow.former.iter().chain(&hand.follow.tracks);
    let mut seen: Vec<_> =
        tracks.filter_map(|track| Some((track.letter?, track.seen_with().collect()))).collect();
    seen.sort();
    seen
}

#[test]
fn what_was_seen_on_one_frame_is_remembered_over_returns_and_merges_and_noise_is_not() {
    // The second one begins before the first is over; the third one is alone.
    let second = Lesion { at: [35.0, 25.0, 13.0], ..FIRST };
    let third = Lesion { at: [20.0, 15.0, 30.0], looks: 3, ..FIRST };
    let mut hand = Hand::new(true);
    hand.to(45.0, &[FIRST, second, third]);
    let there = vec![('A', vec![2]), ('B', vec![1]), ('C', vec![])];
    assert_eq!(seen_with(&hand), there);
    hand.to(0.0, &[FIRST, second, third]);
    assert!(hand.said.contains(&"=A".to_owned()) && hand.said.contains(&"=B".to_owned()), "{:?}", hand.said);
    assert_eq!(seen_with(&hand), there, "they have their numbers again");
    // A flicker beside it is nothing that could be met again.
    let mut flickers = Hand::new(true);
    let [first, other] =
        [FIRST, Lesion { at: [35.0, 25.0, 10.0], ..FIRST }].map(|lesion| found(&lesion, 10.0));
    (0..15).for_each(|n| {
        let seen = if n < 2 { vec![first.clone(), other.clone()] } else { vec![first.clone()] };
        flickers.show(seen);
    });
    assert_eq!(seen_with(&flickers), [('A', vec![])]);
    // Two parts become one.
    let part = |x: f32| found(&Lesion { at: [x, 15.0, 10.0], size_mm: 7.0, ..FIRST }, 10.0);
    let mut parts = Hand::new(true);
    (0..3).for_each(|_| parts.show(vec![part(17.0)]));
    (0..12).for_each(|_| parts.show(vec![part(17.0), part(19.0)]));
    (0..6).for_each(|_| parts.show(vec![found(&Lesion { size_mm: 12.0, ..FIRST }, 10.0)]));
    assert!(parts.said.contains(&"2>1".to_owned()), "{:?}", parts.said);
    assert_eq!(seen_with(&parts), [('A', vec![])]);
}

#[test]
fn how_a_lesion_looks_is_told_in_few_numbers_that_do_not_depend_on_the_way() {
    let mut hand = Hand::new(true);
    hand.to(30.0, &[FIRST]);
    let look = hand.follow.former[0].look().unwrap();
    assert_eq!(look.embedding[..2], [127, 0]);
    assert!(look.scaled && look.fluid < 0.2, "{look:?}");
    assert!((look.deep - 15.0).abs() < 0.1 && (look.large - FIRST.size_mm).abs() < 0.5, "{look:?}");
    // The picture has moved by two millimetres: how deep it lies in it has not.
    let mut moved = Hand::new(true);
    moved.place.shift_px = [0.0, 20.0];
    moved.to(30.0, &[FIRST]);
    assert_eq!(moved.follow.former[0].look().map(|look| look.deep), Some(look.deep));
}

/// The depth is often entered while a lesion is in view already.
#[test]
fn what_is_remembered_in_millimetres_is_of_sightings_with_a_scale() {
    let seen = |scales: &[bool]| {
        let mut traits = Traits::new(0, &Place { scaled: scales[0], ..Place::default() });
        for (nth, &scaled) in (0..).zip(scales) {
            let mm_per_px = if scaled { 0.1 } else { 0.2 };
            let place = Place { scaled, ..Place::default() };
            traits.see(&found(&FIRST, FIRST.at[2]), nth * FRAME_NS, &place, [mm_per_px; 2], 0.0);
        }
        traits
    };
    let look = |traits: &Traits| traits.look().map(|look| (look.scaled, look.deep, look.large));
    let near = |look: Option<(bool, f32, f32)>, expect: (bool, f32, f32)| {
        let (scaled, deep, large) = look.unwrap();
        assert_eq!(scaled, expect.0);
        assert!((deep - expect.1).abs() < 1e-3 && (large - expect.2).abs() < 1e-3, "{look:?}");
    };
    near(look(&seen(&[false; 4])), (false, 30.0, 16.0));
    for scales in [&[true; 4][..], &[false, false, true, true], &[false, true, true, false]] {
        near(look(&seen(scales)), (true, 15.0, 8.0));
    }
    let mut both = seen(&[false; 4]);
    both.absorb(&seen(&[true; 4]));
    near(look(&both), (true, 15.0, 8.0));
    let mut both = seen(&[true; 4]);
    both.absorb(&seen(&[false; 4]));
    near(look(&both), (true, 15.0, 8.0));

    // Met again after two seconds: by the way, where it is known.
    let mut again = Traits::new(60 * FRAME_NS, &Place { scaled: true, ..Place::default() });
    let place = Place { scaled: true, ..Place::default() };
    again.see(&found(&FIRST, FIRST.at[2]), 60 * FRAME_NS, &place, [0.1; 2], 0.0);
    let is_known = |former: &Traits| again.distance(former, std::iter::empty()).is_some();
    assert!(is_known(&seen(&[true; 4])) && is_known(&seen(&[false, true, true])));
    assert!(!is_known(&seen(&[true, true, false])), "of the way since nothing is known");
}
