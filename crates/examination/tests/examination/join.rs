//! What becomes of two lesions that a person says are one.

use peony_examination::{ObstacleCode, obstacles};
use peony_model::report::{Evidence, LesionReport, ThirdAxis, WeighedPlane};

use super::*;

const A: u32 = 1;
const B: u32 = 2;

fn mm(long: f32, third: Option<f32>) -> Size {
    let third = third.map(|extent| ThirdAxis { extent, error: Some(2.0), simulated: true });
    Size { long, short: 8.0, third, unit: Unit::Millimetre }
}

/// A plane at this time that was weighed: the lesion is on it.
fn at_ms(lesion: u32, reason: PlaneReason, time_ms: f64, malignancy: f32) -> Plane {
    let contour_px = vec![[1.0, 1.0], [3.0, 1.0], [2.0, 3.0]];
    Plane { contour_px, time_ms, malignancy: Some(malignancy), ..plane(lesion, reason) }
}

/// Two lesions, `A` with a plane for each of these reasons from 100 ms on, `B` from 200 ms on; the suspicious one of `B` is the more so.
fn two(folder: &Path, of_a: Observation, of_b: Observation) -> Examination {
    let examination = begin(folder);
    for (seen, reasons, from_ms, malignancy) in [
        (of_a, &[PlaneReason::Largest, PlaneReason::Features, PlaneReason::Suspicious], 100.0, 0.5),
        (of_b, &[PlaneReason::Largest, PlaneReason::Features, PlaneReason::Suspicious], 200.0, 0.7),
    ] {
        let lesion = seen.lesion;
        examination.found(lesion).unwrap();
        let weighed = |at: f64| WeighedPlane { seen_ms: [at, at], share: 0.2 };
        let heaviest = [0.0, 1.0, 2.0].map(|at| weighed(from_ms + at)).to_vec();
        let evidence = Some(Evidence { planes: 9, heaviest });
        examination.seen(Observation { evidence, ..seen }, true).unwrap();
        for (reason, at) in reasons.iter().zip([0.0, 1.0, 2.0]) {
            let plane = at_ms(lesion, *reason, from_ms + at, malignancy);
            examination.keep(plane, &picture(1), None).unwrap();
        }
    }
    examination
}

/// `B` joined to `A`: what the report says of both, the same after a stop.
fn joined(examination: &Examination) -> LesionReport {
    examination.act(BY, Act::Join { lesion: B, into: A }).unwrap();
    let [whole] = examination.report().lesions.try_into().unwrap();
    whole
}

fn times(whole: &LesionReport) -> Vec<(PlaneReason, f64)> {
    whole.planes.iter().map(|plane| (plane.reason, plane.time_ms)).collect()
}

#[test]
fn the_plane_that_was_measured_is_the_largest_of_the_two_and_grounds_are_of_planes_that_are_there() {
    use PlaneReason::{Features, Largest, Suspicious};
    let check = |sizes: [f32; 2], grades: [BiRads; 2], planes: [(PlaneReason, f64); 3], marked: &[f64]| {
        let folder = tempfile::tempdir().unwrap();
        let of = |lesion: u32, at: usize| Observation {
            size: Some(mm(sizes[at], None)),
            ..seen(lesion, grades[at])
        };
        let examination = two(folder.path(), of(A, 0), of(B, 1));
        let whole = joined(&examination);
        assert_eq!(whole.size.proposed.unwrap().long, sizes[0].max(sizes[1]));
        assert_eq!(times(&whole), planes, "{sizes:?} {grades:?}");
        let grounds = whole.grounds.as_ref().unwrap();
        let time = |number: u64| whole.planes.iter().find(|plane| plane.id == number).unwrap().time_ms;
        let times: Vec<f64> = grounds.marked.iter().map(|marked| time(marked.plane)).collect();
        assert_eq!(
            (times.as_slice(), grounds.shown as usize),
            (marked, marked.len()),
            "{sizes:?} {grades:?}"
        );
        assert!((grounds.share - 0.2 * marked.len() as f32).abs() < 1e-6);
        drop(examination);
        assert_eq!(resume(folder.path()).report().lesions, [whole]);
    };
    let (low, high) = (BiRads::Cat4A, BiRads::Cat4C);
    let [of_a, of_b] = [100.0, 200.0].map(|ms| (Largest, ms));
    let behind = [(Features, 101.0), (Suspicious, 202.0)];
    check([12.7, 12.9], [low, high], [of_b, behind[0], behind[1]], &[200.0, 202.0]);
    check([12.9, 12.7], [low, high], [of_a, behind[0], behind[1]], &[202.0]);
    check([12.7, 12.9], [high, low], [of_b, behind[0], behind[1]], &[101.0]);
    check([12.9, 12.7], [high, low], [of_a, behind[0], behind[1]], &[100.0, 101.0]);
}

#[test]
fn a_third_axis_is_kept_beside_a_longer_size_that_has_none() {
    let check = |sizes: [Size; 2], long: f32, third: Option<f32>| {
        let folder = tempfile::tempdir().unwrap();
        let of = |lesion: u32, size: Size| Observation {
            size: Some(size),
            volume_cm3: size.third.map(|third| [third.extent, 0.2]),
            ..seen(lesion, BiRads::Cat3)
        };
        let whole = joined(&two(folder.path(), of(A, sizes[0]), of(B, sizes[1])));
        let size = whole.size.proposed.unwrap();
        let volume = whole.volume_cm3.map(|[volume, _]| volume);
        assert_eq!(
            (size.long, size.third.map(|third| third.extent), volume),
            (long, third, third),
            "{sizes:?}"
        );
    };
    check([mm(10.0, Some(9.0)), mm(10.01, None)], 10.01, Some(9.0));
    check([mm(10.01, None), mm(10.0, Some(9.0))], 10.01, Some(9.0));
    check([mm(10.0, Some(9.0)), mm(12.0, Some(7.0))], 12.0, Some(7.0));
    check([mm(10.0, None), mm(12.0, None)], 12.0, None);
    // The two are not of one unit.
    let px = Size { unit: Unit::Pixel, ..mm(300.0, None) };
    check([px, mm(12.0, Some(7.0))], 12.0, Some(7.0));
}

#[test]
fn of_contrary_words_neither_stands_until_a_person_says_which_holds() {
    let folder = tempfile::tempdir().unwrap();
    let examination = two(folder.path(), seen(A, BiRads::Cat4A), seen(B, BiRads::Cat4A));
    let both = |of_a: FieldWord, of_b: FieldWord| {
        say(&examination, A, of_a);
        say(&examination, B, of_b);
    };
    both(FieldWord::Shape(Some(Word::Oval)), FieldWord::Shape(Some(Word::Round)));
    both(FieldWord::Posterior(Some(Word::NoPosterior)), FieldWord::Posterior(Some(Word::Enhancement)));
    both(FieldWord::Orientation(Some(Word::Parallel)), FieldWord::Orientation(Some(Word::Parallel)));
    both(FieldWord::Echo(None), FieldWord::Echo(Some(Word::Hypoechoic)));
    say(&examination, B, FieldWord::Elasticity(Some(Word::Hard)));
    both(FieldWord::Category(Some(BiRads::Cat5)), FieldWord::Category(Some(BiRads::Cat4B)));
    both(FieldWord::Size(Some(mm(9.0, None))), FieldWord::Size(Some(mm(11.0, None))));
    let apart = examination.report();
    let whole = joined(&examination);
    assert_eq!(
        (whole.shape.value(), whole.shape.said.is_none()),
        (Some(&Word::Irregular), true),
        "it is the machine's again"
    );
    assert_eq!((whole.posterior.value(), whole.posterior.contrary), (None, true));
    let values = [&whole.orientation, &whole.echo, &whole.elasticity].map(|field| field.value().copied());
    assert_eq!(values, [Word::Parallel, Word::Hypoechoic, Word::Hard].map(Some));
    assert_eq!((whole.category.value(), whole.size.value().unwrap().long), (Some(&BiRads::Cat5), 11.0));
    let in_the_way = |examination: &Examination| -> Vec<_> {
        let found = obstacles(&examination.report()).into_iter();
        let asked = [FieldName::Shape, FieldName::Posterior].map(Some);
        found.filter(|one| asked.contains(&one.field)).map(|one| (one.code, one.field.unwrap())).collect()
    };
    assert_eq!(
        in_the_way(&examination),
        [(ObstacleCode::Open, FieldName::Shape), (ObstacleCode::Contrary, FieldName::Posterior)]
    );

    say(&examination, A, FieldWord::Posterior(Some(Word::Enhancement)));
    say(&examination, A, FieldWord::Shape(None));
    assert!(in_the_way(&examination).is_empty(), "what is said of both stands");
    let report = examination.report();
    drop(examination);
    let examination = resume(folder.path());
    assert_eq!(examination.report(), report);
    for _ in 0..3 {
        examination.undo(BY).unwrap();
    }
    assert_eq!(examination.report(), apart);
}

#[test]
fn a_lesion_that_is_taken_apart_takes_along_what_was_joined_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let examination = two(folder.path(), seen(A, BiRads::Cat3), seen(B, BiRads::Cat3));
    examination.found(3).unwrap();
    examination.seen(seen(3, BiRads::Cat3), true).unwrap();
    say(&examination, 3, FieldWord::Posterior(Some(Word::Enhancement)));
    examination.act(BY, Act::Join { lesion: B, into: A }).unwrap();
    examination.act(BY, Act::Join { lesion: 3, into: B }).unwrap();
    let posterior = |examination: &Examination| -> Vec<_> {
        let report = examination.report();
        report.lesions.iter().map(|lesion| (lesion.lesion, lesion.posterior.value().copied())).collect()
    };
    assert_eq!(posterior(&examination), [(A, Some(Word::Enhancement))]);
    examination.act(BY, Act::Part { lesion: B }).unwrap();
    assert_eq!(posterior(&examination), [(A, None), (B, Some(Word::Enhancement))]);
}

/// What was said of `A` and of `B`, the proposals being 4B and 17 mm of `A`, 4C and 20 mm of `B`.
fn said(folder: &Path, of_a: &[FieldWord], of_b: &[FieldWord]) -> Examination {
    let of =
        |lesion: u32, category, long| Observation { size: Some(mm(long, None)), ..seen(lesion, category) };
    let examination = two(folder, of(A, BiRads::Cat4B, 17.0), of(B, BiRads::Cat4C, 20.0));
    for (lesion, words) in [(A, of_a), (B, of_b)] {
        words.iter().for_each(|word| say(&examination, lesion, word.clone()));
    }
    examination
}

#[test]
fn what_is_proposed_to_be_more_than_anybody_has_said_is_asked() {
    use BiRads::{Cat2, Cat4A, Cat4C, Cat5};
    let reason = |text: &str| FieldWord::DowngradeReason(text.into());
    let category = |category| FieldWord::Category(Some(category));
    let size = |long| FieldWord::Size(Some(mm(long, None)));
    type Expected<'a> = (Option<BiRads>, Option<f32>, &'a str);
    let check = |of_a: &[FieldWord], of_b: &[FieldWord], expect: Expected<'_>| {
        for is_merge in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let examination = said(folder.path(), of_a, of_b);
            if is_merge {
                examination.merged(B, A).unwrap();
            } else {
                examination.act(BY, Act::Join { lesion: B, into: A }).unwrap();
            }
            let [whole] = examination.report().lesions.try_into().unwrap();
            let category = whole.category.said.and_then(|said| said.value);
            let long = whole.size.said.and_then(|said| said.value).map(|size| size.long);
            assert_eq!((category, long, whole.downgrade_reason.as_str()), expect, "merged: {is_merge}");
        }
    };
    check(&[], &[], (None, None, ""));
    check(&[category(Cat4C), size(20.0)], &[], (Some(Cat4C), Some(20.0), ""));
    check(&[category(Cat2), size(10.0), reason("a cyst")], &[], (None, None, ""));
    check(&[], &[category(Cat2), size(10.0), reason("a cyst")], (None, None, ""));
    check(&[], &[category(Cat5), size(18.0)], (Some(Cat5), Some(18.0), ""));
    let lowered = [category(Cat4A), reason("seen before")];
    check(&[category(Cat2), size(9.0)], &lowered, (Some(Cat4A), None, "seen before"));
    check(&lowered, &[category(Cat2), reason("a cyst")], (Some(Cat4A), None, "seen before"));
}

#[test]
fn a_lesion_that_was_struck_out_is_not_joined_and_comes_back_where_the_machine_merges_it() {
    let folder = tempfile::tempdir().unwrap();
    let examination = said(folder.path(), &[], &[]);
    for struck_out in [A, B] {
        examination.act(BY, Act::Dismiss { lesion: struck_out }).unwrap();
        for (lesion, into) in [(A, B), (B, A)] {
            let refused = examination.act(BY, Act::Join { lesion, into }).unwrap_err();
            assert!(refused.to_string().starts_with("lesion: it was struck out"), "{refused}");
        }
        examination.undo(BY).unwrap();
    }
    examination.act(BY, Act::Dismiss { lesion: A }).unwrap();
    examination.merged(B, A).unwrap();
    let [whole] = examination.report().lesions.try_into().unwrap();
    assert!(!whole.dismissed, "nobody has struck out what is B too");
    assert_eq!(examination.report().overall, Some(BiRads::Cat4B));
}

#[test]
fn what_people_said_of_a_lesion_that_the_machine_merges_stays_said() {
    let folder = tempfile::tempdir().unwrap();
    let retraction = FieldWord::Associated(Some(vec![Word::SkinRetraction]));
    let examination = said(folder.path(), &[], &[FieldWord::Category(Some(BiRads::Cat5)), retraction]);
    examination.act(BY, Act::KeepApart { lesion: A, from: B }).unwrap();
    examination.merged(B, A).unwrap();
    assert_eq!(examination.report().lesions.len(), 2, "a person said that they are two");
    examination.undo(BY).unwrap();
    examination.merged(B, A).unwrap();
    let said = |examination: &Examination| {
        let [whole] = examination.report().lesions.try_into().unwrap();
        let LesionReport { category, associated, .. } = whole;
        (category.value().copied(), associated.value().cloned())
    };
    let expect = (Some(BiRads::Cat5), Some(vec![Word::SkinRetraction]));
    assert_eq!(said(&examination), expect);
    drop(examination);
    let examination = resume(folder.path());
    assert_eq!(said(&examination), expect, "after a stop");
    // What is said after it stands over both.
    say(&examination, A, FieldWord::Category(Some(BiRads::Cat4A)));
    assert_eq!(said(&examination).0, Some(BiRads::Cat4A));
}
