use peony_model::report::{Field, ThirdAxis};
use peony_model::{Clock, Side};
use proptest::prelude::*;

use super::*;

/// `L 10:30 40`, `R 2:00`, `L`, or nothing: side, clock, distance from the nipple in mm.
fn place(text: &str) -> Option<Place> {
    let mut parts = text.split_whitespace();
    let side = match parts.next()? {
        "L" => Side::Left,
        _ => Side::Right,
    };
    let clock = parts.next().map(|clock| clock.parse::<Clock>().unwrap());
    Some(Place { side, clock, from_nipple_mm: parts.next().map(|mm| mm.parse().unwrap()) })
}

fn mm(long: f32) -> Size {
    Size { long, short: long, third: None, unit: Unit::Millimetre }
}

fn px(long: f32) -> Size {
    Size { unit: Unit::Pixel, ..mm(long) }
}

/// Three axes that were measured, or of which the third is simulated.
fn solid(axes: [f32; 3], simulated: bool) -> Size {
    let third = Some(ThirdAxis { extent: axes[2], error: None, simulated });
    Size { long: axes[0], short: axes[1], third, unit: Unit::Millimetre }
}

fn then(lesion: u32, at: &str, long: f32, echo: Word) -> EarlierLesion {
    EarlierLesion {
        lesion,
        letter: "A".into(),
        place: place(at),
        depth_mm: None,
        size: Some(mm(long)),
        words: vec![echo],
        category: Some(BiRads::Cat3),
    }
}

fn earlier(lesions: &[(&str, f32, Word)]) -> Earlier {
    let lesions = lesions.iter().zip(1..).map(|((at, long, echo), nth)| then(nth, at, *long, *echo));
    Earlier {
        examination: "then".into(),
        began_ms: 0,
        patient: Patient::default(),
        number: String::new(),
        examined: vec![Side::Left],
        lesions: lesions.collect(),
    }
}

fn now(at: &str, long: f32, echo: Word) -> LesionReport {
    LesionReport {
        lesion: 1,
        letter: "A".into(),
        dismissed: false,
        joined: Vec::new(),
        may_be: None,
        place: Field::proposed(place(at)),
        depth_mm: Field::default(),
        size: Field::proposed(Some(mm(long))),
        before: Field::default(),
        candidates: Vec::new(),
        shape: Field::default(),
        orientation: Field::default(),
        margin: Field::default(),
        echo: Field::proposed(Some(echo)),
        posterior: Field::default(),
        calcification: Field::default(),
        boundary: Field::default(),
        associated: Field::default(),
        vascularity: Field::default(),
        elasticity: Field::default(),
        malignancy: None,
        grounds: None,
        category: Field::default(),
        downgrade_reason: String::new(),
        advice: Field::default(),
        volume_cm3: None,
        sightings: 0,
        planes: Vec::new(),
    }
}

/// What the machine says of each lesion: its earlier number, `new`, or `?` where it says nothing.
fn check(before: &[(&str, f32, Word)], after: &[(&str, f32, Word)], expect: &[&str]) {
    let mut lesions: Vec<_> = after.iter().map(|(at, long, echo)| now(at, *long, *echo)).collect();
    propose(&mut lesions, &earlier(before));
    let said =
        lesions.iter().map(|lesion| match lesion.before.proposed.as_ref().map(|before| before.lesion) {
            Some(Some(lesion)) => lesion.to_string(),
            Some(None) => "new".to_owned(),
            None => "?".to_owned(),
        });
    assert_eq!(said.collect::<Vec<_>>(), expect, "{before:?} then, {after:?} now");
}

const SOLID: Word = Word::Hypoechoic;
const CYST: Word = Word::Anechoic;

#[test]
fn a_lesion_at_its_place_is_the_one_that_was_there() {
    check(&[("L 10:00 40", 10.0, SOLID)], &[("L 10:00 40", 10.0, SOLID)], &["1"]);
    check(&[("L 10:00 40", 10.0, SOLID)], &[("L 11:00 50", 12.0, SOLID)], &["1"]);
    check(&[("L 12:00 40", 10.0, SOLID)], &[("L 11:30 40", 10.0, SOLID)], &["1"]);
    check(&[("L 11:30", 10.0, SOLID)], &[("L 12:30 40", 10.0, SOLID)], &["1"]);
    // Near the nipple the clock says little.
    check(&[("L 3:00 3", 10.0, SOLID)], &[("L 9:00 3", 10.0, SOLID)], &["1"]);
}

#[test]
fn never_across_the_breasts_and_a_cyst_is_no_solid_mass() {
    check(&[("R 10:00 40", 10.0, SOLID)], &[("L 10:00 40", 10.0, SOLID)], &["new"]);
    check(&[("L 10:00 40", 10.0, CYST)], &[("L 10:00 40", 10.0, SOLID)], &["new"]);
    check(&[("L 10:00 40", 10.0, SOLID)], &[("L 10:00 40", 10.0, CYST)], &["new"]);
    // A cyst in which something grows keeps its past.
    check(&[("L 10:00 40", 10.0, CYST)], &[("L 10:00 40", 10.0, Word::Complex)], &["1"]);
}

#[test]
fn what_is_far_is_new_and_what_is_between_is_asked() {
    check(&[("L 10:00 40", 10.0, SOLID)], &[("L 2:00 40", 10.0, SOLID)], &["new"]);
    check(&[("L 10:00 40", 10.0, SOLID)], &[("L 11:30 52", 10.0, SOLID)], &["?"]);
    check(&[], &[("L 10:00 40", 10.0, SOLID)], &["new"]);
}

#[test]
fn nothing_is_new_in_a_breast_that_was_not_looked_at() {
    check(&[], &[("R 10:00 40", 10.0, SOLID)], &["?"]);
    check(&[], &[("", 10.0, SOLID)], &["?"]);
}

#[test]
fn without_a_clock_position_nothing_is_proposed() {
    check(&[("L 10:00 40", 10.0, SOLID)], &[("L", 10.0, SOLID)], &["?"]);
    check(&[("L", 10.0, SOLID)], &[("L 10:00 40", 10.0, SOLID)], &["?"]);
    check(&[("", 10.0, SOLID)], &[("L 10:00 40", 10.0, SOLID)], &["?"]);
}

#[test]
fn two_that_are_nearly_as_near_are_asked_and_size_tells_them_apart() {
    let two = [("L 10:00 40", 10.0, SOLID), ("L 10:30 40", 10.0, SOLID)];
    check(&two, &[("L 10:00 45", 10.0, SOLID)], &["?"]);
    check(&two[..1], &[("L 10:00 40", 10.0, SOLID), ("L 10:00 42", 10.0, SOLID)], &["?", "?"]);
    let sizes = [("L 10:00 40", 20.0, SOLID), ("L 10:00 45", 8.0, SOLID)];
    check(&sizes, &[("L 10:00 42", 20.0, SOLID), ("L 10:00 43", 8.0, SOLID)], &["1", "2"]);
    check(&sizes, &[("L 10:00 43", 9.0, SOLID), ("L 10:00 42", 19.0, SOLID)], &["2", "1"]);
}

#[test]
fn one_earlier_lesion_is_one_lesion_now() {
    let one = [("L 10:00 40", 10.0, SOLID)];
    check(&one, &[("L 10:00 40", 10.0, SOLID), ("L 10:30 60", 10.0, SOLID)], &["1", "new"]);
    // The second is told apart only once the first pair is made.
    let two = [("L 10:00 40", 10.0, SOLID), ("L 11:00 40", 10.0, SOLID)];
    check(&two, &[("L 10:00 40", 10.0, SOLID), ("L 10:30 40", 10.0, SOLID)], &["1", "2"]);
}

#[test]
fn depth_tells_two_apart() {
    let mut before = earlier(&[("L 10:00 40", 10.0, SOLID), ("L 10:00 40", 10.0, SOLID)]);
    (before.lesions[0].depth_mm, before.lesions[1].depth_mm) = (Some(5.0), Some(18.0));
    let mut lesions =
        [LesionReport { depth_mm: Field::proposed(Some(17.0)), ..now("L 10:00 40", 10.0, SOLID) }];
    propose(&mut lesions, &before);
    let proposed = lesions[0].before.proposed.as_ref().unwrap();
    assert_eq!(proposed.lesion, Some(2));
}

#[test]
fn what_a_person_said_is_taken_and_what_is_struck_out_takes_nothing() {
    let before = earlier(&[("L 10:00 40", 10.0, SOLID), ("L 10:30 40", 10.0, SOLID)]);
    let said = |lesion| {
        let value = Some(Before { examination: "then".into(), lesion });
        Field { said: Some(Said { value, by: "one".into(), at_ms: 1 }), ..Field::default() }
    };
    let here = || now("L 10:00 46", 10.0, SOLID);
    let mut lesions = [LesionReport { before: said(Some(1)), ..here() }, here()];
    propose(&mut lesions, &before);
    assert_eq!(lesions[1].before.proposed.as_ref().unwrap().lesion, Some(2), "the other one is left");
    lesions[0].dismissed = true;
    lesions[1].before = Field::default();
    propose(&mut lesions, &before);
    assert_eq!(lesions[1].before.proposed, None, "two are left");
}

#[test]
fn a_map_s_distance_of_one_is_an_hour_and_ten_millimetres() {
    let check = |was: &str, is: &str, expect: f32| {
        let between = between(place(was).unwrap(), place(is).unwrap()).unwrap();
        assert!((between - expect).abs() < 1e-3, "{was}, {is}: {between}");
    };
    check("R 10:00 40", "R 11:00 50", 1.0);
    check("R 10:00 40", "R 10:00 40", 0.0);
    // 20.71 mm of the 23.00 mm that an hour and ten millimetres are at that distance.
    check("R 10:00 40", "R 11:00 40", 0.9004);
    check("R 12:30", "R 11:30", 1.0);
}

fn measured(change: Change) -> (Trend, bool, Option<f32>, f32) {
    match change {
        Change::Measured { trend, alarm, doubling_days, ratio, .. } => (trend, alarm, doubling_days, ratio),
        Change::NotComparable { reason } => panic!("not comparable: {reason:?}"),
    }
}

#[test]
fn a_change_below_two_millimetres_is_none_and_a_fifth_since_category_3_is_an_alarm() {
    let check = |d0, d1, category, expect: (Trend, bool)| {
        let (trend, alarm, ..) = measured(change(Some(&mm(d0)), Some(&mm(d1)), category, 180));
        assert_eq!((trend, alarm), expect, "{d0} to {d1}");
    };
    let three = Some(BiRads::Cat3);
    check(10.0, 12.0, three, (Trend::Larger, true));
    check(10.4, 12.4, Some(BiRads::Cat4A), (Trend::Larger, false));
    check(10.0, 11.9, three, (Trend::Same, false));
    check(5.0, 6.5, three, (Trend::Same, false));
    check(20.0, 23.0, three, (Trend::Larger, false));
    check(12.0, 10.0, three, (Trend::Smaller, false));
    let (.., ratio) = measured(change(Some(&mm(10.0)), Some(&mm(12.0)), None, 180));
    assert!((ratio - 0.2).abs() < 1e-6);
}

#[test]
fn volumes_double_only_where_three_axes_were_measured() {
    let rate = |then: Size, now: Size, days| measured(change(Some(&then), Some(&now), None, days)).2;
    let grown = (solid([10.0, 8.0, 9.0], false), solid([12.0, 9.6, 10.8], false));
    assert!((rate(grown.0, grown.1, 180).unwrap() - 228.1).abs() < 0.05);
    let halved = (solid([16.0, 8.0, 9.0], false), solid([8.0, 8.0, 9.0], false));
    assert!((rate(halved.0, halved.1, 90).unwrap() + 90.0).abs() < 1e-3, "halves");
    assert_eq!(rate(grown.0, grown.1, 29), None, "too soon");
    assert_eq!(rate(grown.0, solid([12.0, 9.6, 10.8], true), 180), None, "simulated");
    assert_eq!(rate(grown.0, mm(12.0), 180), None, "two axes");
    assert_eq!(rate(grown.0, solid([11.0, 9.6, 10.8], false), 180), None, "the same");
}

#[test]
fn pixels_are_never_compared() {
    let no_scale = Change::NotComparable { reason: NotComparable::NoScale };
    for (then, now) in [(px(100.0), mm(12.0)), (mm(10.0), px(120.0)), (px(100.0), px(120.0))] {
        assert_eq!(change(Some(&then), Some(&now), None, 180), no_scale);
    }
    let no_size = Change::NotComparable { reason: NotComparable::NoSize };
    assert_eq!(change(None, Some(&mm(12.0)), None, 180), no_size);
    // Nor do they tell two lesions apart.
    let mut one = then(1, "L 10:00 40", 10.0, SOLID);
    one.size = Some(px(300.0));
    let other = then(2, "L 10:00 40", 10.0, SOLID);
    assert_eq!(distance(&one, &other).unwrap().cost, 0.0);
}

#[test]
fn a_record_contradicts_another_only_by_what_both_say() {
    let patient = |name: &str, sex: &str, birth_date: &str| Patient {
        id: "P-1".into(),
        name: name.into(),
        sex: sex.into(),
        birth_date: birth_date.into(),
    };
    let one = patient("Zhang San", "F", "1979-03-02");
    assert!(!contradict(&one, &patient(" zhang  san ", "", "")));
    assert!(contradict(&one, &patient("Zhang Si", "F", "1979-03-02")));
    assert!(contradict(&one, &patient("Zhang San", "F", "1979-03-20")));
    assert!(contradict(&one, &patient("Zhang San", "M", "1979-03-02")));
}

fn any_lesion() -> impl Strategy<Value = (String, f32, Word)> {
    let place = prop_oneof![
        (any::<bool>(), 1..=12, 0..100)
            .prop_map(|(left, hour, mm)| { format!("{} {hour}:30 {mm}", if left { "L" } else { "R" }) }),
        Just("L".to_owned()),
        Just(String::new()),
    ];
    (place, 1.0_f32..60.0, prop_oneof![Just(SOLID), Just(CYST), Just(Word::Complex)])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_proposed_pair_is_of_one_breast_one_kind_and_one_to_one(
        before in proptest::collection::vec(any_lesion(), 0..30),
        after in proptest::collection::vec(any_lesion(), 0..30),
    ) {
        let before: Vec<_> = before.iter().map(|(at, long, echo)| (at.as_str(), *long, *echo)).collect();
        let before = earlier(&before);
        let mut lesions: Vec<_> = after.iter().map(|(at, long, echo)| now(at, *long, *echo)).collect();
        propose(&mut lesions, &before);
        let mut taken = std::collections::BTreeSet::new();
        for lesion in &lesions {
            let then = lesion.before.proposed.as_ref().and_then(|before| before.lesion);
            let Some(then) = then.map(|then| before.lesion(then).unwrap()) else { continue };
            prop_assert!(taken.insert(then.lesion), "{} twice", then.lesion);
            let is = EarlierLesion::of(lesion);
            prop_assert_eq!(then.place.unwrap().side, is.place.unwrap().side);
            prop_assert!(!are_fluid_and_solid(then, &is));
            prop_assert!(between(then.place.unwrap(), is.place.unwrap()).unwrap() <= 1.001);
        }
    }
}
