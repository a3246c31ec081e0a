//! Whether a lesion is an earlier one again: what is proposed, and what a person makes of it.

use peony_examination::again::Asked;
use peony_examination::{Event, ObstacleCode, Refusal, Resumed, obstacles};
use peony_model::Look;
use peony_model::report::{Joined, MachineRecord};

use super::*;

/// Solid, 12 mm deep and 9 mm large.
fn look() -> Look {
    Look { embedding: Look::embedded(&[0.6, 0.8]), fluid: 0.1, deep: 12.0, large: 9.0, scaled: true }
}

fn see(examination: &Examination, lesion: u32, look: Look) {
    examination.found(lesion).unwrap();
    let seen = Observation { look: Some(look), ..seen(lesion, BiRads::Cat3) };
    examination.seen(seen, true).unwrap();
}

fn scan(examination: &Examination, side: Side, clock: &str) {
    examination.act(BY, Act::SetProbe { place: at(side, clock) }).unwrap();
}

/// The lesions of which it is asked, each with the letter of the one that it may be.
fn asked(examination: &Examination) -> Vec<(u32, String)> {
    let report = examination.report();
    let of = |lesion: &peony_model::report::LesionReport| {
        Some((lesion.lesion, lesion.may_be.as_ref()?.letter.clone()))
    };
    let mut asked: Vec<_> = report.lesions.iter().filter_map(of).collect();
    asked.sort();
    asked
}

fn proposals(examination: &Examination) -> Vec<(u32, u32)> {
    let may_be = |told: peony_examination::Told| match told.entry.event {
        Event::MayBe { lesion, earlier } => Some((lesion, earlier)),
        _ => None,
    };
    examination.history().into_iter().filter_map(may_be).collect()
}

/// `A`, gone, and `B`, which looks like it and may be it again.
fn met_again(folder: &Path) -> Examination {
    let examination = begin(folder);
    scan(&examination, Side::Left, "10:30");
    see(&examination, 1, look());
    see(&examination, 2, look());
    examination.ask_again(2, &[]).unwrap();
    assert_eq!(asked(&examination), [(2, "A".to_owned())]);
    examination
}

#[test]
fn only_what_may_be_one_is_proposed() {
    let check = |change: &dyn Fn(&mut Look), expect: bool, why: &str| {
        let folder = tempfile::tempdir().unwrap();
        let examination = begin(folder.path());
        see(&examination, 1, look());
        let mut again = look();
        change(&mut again);
        see(&examination, 2, again);
        examination.ask_again(2, &[]).unwrap();
        assert_eq!(!proposals(&examination).is_empty(), expect, "{why}");
        assert_eq!(asked(&examination).len(), usize::from(expect), "{why}");
    };
    check(&|_| (), true, "the same");
    check(&|look| (look.deep, look.large) = (14.0, 6.0), true, "its rim, pressed a little less");
    check(&|look| look.large = 40.0, false, "much larger");
    check(&|look| look.large = 2.0, false, "much smaller");
    check(&|look| look.deep = 24.0, false, "much deeper");
    check(&|look| look.fluid = 0.9, false, "fluid, and not solid");
    check(&|look| look.embedding = Look::embedded(&[0.8, -0.6]), false, "it looks otherwise");
    check(&|look| look.embedding.clear(), false, "nobody knows how it looks");
    check(&|look| look.scaled = false, false, "its lengths are no millimetres");
}

#[test]
fn what_was_seen_on_one_frame_or_lies_elsewhere_is_not_proposed() {
    let check = |then: (Side, &str), now: (Side, &str), seen_with: &[u32], expect: bool| {
        let folder = tempfile::tempdir().unwrap();
        let examination = begin(folder.path());
        scan(&examination, then.0, then.1);
        see(&examination, 1, look());
        scan(&examination, now.0, now.1);
        see(&examination, 2, look());
        examination.ask_again(2, seen_with).unwrap();
        assert_eq!(!asked(&examination).is_empty(), expect, "{then:?} {now:?} {seen_with:?}");
    };
    let here = (Side::Left, "10:30");
    check(here, here, &[], true);
    check(here, (Side::Left, "11:30"), &[], true);
    check(here, (Side::Right, "10:30"), &[], false);
    check(here, (Side::Left, "4:30"), &[], false);
    check(here, here, &[1], false);
    check(here, here, &[7], true);
}

#[test]
fn the_likeliest_is_proposed_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    see(&examination, 1, Look { deep: 15.0, ..look() });
    see(&examination, 2, Look { deep: 12.5, ..look() });
    see(&examination, 3, Look { deep: 8.5, ..look() });
    see(&examination, 4, look());
    see(&examination, 5, look());
    for _ in 0..3 {
        examination.ask_again(4, &[5]).unwrap();
    }
    // An earlier one is never asked whether it is a later one.
    examination.ask_again(1, &[]).unwrap();
    assert_eq!(proposals(&examination), [(4, 2)]);
    examination.act(BY, Act::Dismiss { lesion: 2 }).unwrap();
    assert!(asked(&examination).is_empty(), "what was struck out is none");
    examination.ask_again(5, &[4]).unwrap();
    assert_eq!(proposals(&examination), [(4, 2), (5, 1)]);
}

#[test]
fn a_lesion_of_before_a_stop_is_proposed_after_it_and_a_proposal_outlives_one() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    see(&examination, 1, look());
    drop(examination);
    let examination = resume(folder.path());
    see(&examination, 2, look());
    examination.ask_again(2, &[]).unwrap();
    let report = examination.report();
    assert_eq!(asked(&examination), [(2, "A".to_owned())]);
    drop(examination);
    let examination = resume(folder.path());
    assert_eq!(examination.report(), report);
    examination.ask_again(2, &[]).unwrap();
    assert_eq!(proposals(&examination).len(), 1);
}

/// What was in view when pictures stopped has not left, and no further sighting of it comes.
#[test]
fn what_is_in_view_when_pictures_stop_is_asked_of() {
    fn goes_on(examination: &Examination) {
        let now = Resumed { program: "0".into(), source: "capture".into(), simulated: false, machine: None };
        examination.resumed(now).unwrap();
    }
    type Stop = dyn Fn(&Examination);
    let stops: [(&Stop, &str); 3] = [
        (&|examination| examination.rest().unwrap(), "a rest"),
        (&|examination| examination.source_lost(true).unwrap(), "no source"),
        (&goes_on, "a stop of the program"),
    ];
    for (stop, why) in stops {
        let folder = tempfile::tempdir().unwrap();
        let examination = begin(folder.path());
        see(&examination, 1, look());
        // Longer than two that are seen at once may be told of apart.
        std::thread::sleep(std::time::Duration::from_millis(600));
        see(&examination, 2, look());
        see(&examination, 3, look());
        stop(&examination);
        assert_eq!(
            proposals(&examination),
            [(2, 1), (3, 1)],
            "{why}; those that were in view together are two"
        );
        stop(&examination);
        assert_eq!(proposals(&examination).len(), 2, "{why}: once");
    }
}

#[test]
fn what_two_models_see_in_lesions_is_not_compared() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    see(&examination, 1, look());
    let machine = MachineRecord {
        model: "another".into(),
        version: "2".into(),
        sha256: "00".into(),
        engine: "rten fp32".into(),
    };
    let now = Resumed {
        program: "1".into(),
        source: "virtual transducer".into(),
        simulated: true,
        machine: Some(machine),
    };
    examination.resumed(now).unwrap();
    see(&examination, 2, look());
    examination.ask_again(2, &[]).unwrap();
    assert!(proposals(&examination).is_empty());
    see(&examination, 3, look());
    examination.ask_again(3, &[]).unwrap();
    assert_eq!(proposals(&examination), [(3, 2)]);
}

#[test]
fn nothing_is_joined_without_a_person_and_nothing_signed_before_they_said() {
    let folder = tempfile::tempdir().unwrap();
    let examination = met_again(folder.path());
    let report = examination.report();
    assert_eq!(report.lesions.len(), 2, "both stay until somebody joins them");
    let wanted = |examination: &Examination| {
        let found = obstacles(&examination.report()).into_iter();
        found
            .filter(|obstacle| obstacle.code == ObstacleCode::MayBe)
            .map(|obstacle| obstacle.lesion)
            .collect()
    };
    let open: Vec<Option<u32>> = wanted(&examination);
    assert_eq!(open, [Some(2)]);
    let in_the_way = obstacles(&report);
    let asks = in_the_way.iter().find(|obstacle| obstacle.code == ObstacleCode::MayBe).unwrap();
    assert_eq!(asks.words(&report), ["Say whether B is A again", "请确认B是否即A"]);

    examination.act(BY, Act::Join { lesion: 2, into: 1 }).unwrap();
    assert_eq!((examination.report().lesions.len(), wanted(&examination)), (1, Vec::new()));
    examination.undo(BY).unwrap();
    assert_eq!(wanted(&examination), open, "the question is open again");
    examination.act(BY, Act::Join { lesion: 1, into: 2 }).unwrap();
    assert!(asked(&examination).is_empty(), "the other way round it is answered too");
    examination.act(BY, Act::Part { lesion: 1 }).unwrap();
    assert!(asked(&examination).is_empty(), "who took them apart has said that they are two");
}

#[test]
fn that_it_is_another_one_is_remembered_over_a_stop_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let examination = met_again(folder.path());
    for (act, why) in [
        (Act::KeepApart { lesion: 2, from: 2 }, "itself"),
        (Act::KeepApart { lesion: 2, from: 9 }, "from nobody"),
        (Act::KeepApart { lesion: 9, from: 1 }, "nobody"),
    ] {
        let refused = examination.act(BY, act);
        assert!(
            matches!(refused, Err(Refusal::BadValue(_) | Refusal::UnknownLesion(9))),
            "{why}: {refused:?}"
        );
    }
    examination.act(BY, Act::KeepApart { lesion: 2, from: 1 }).unwrap();
    assert!(asked(&examination).is_empty());
    drop(examination);
    let examination = resume(folder.path());
    examination.ask_again(2, &[]).unwrap();
    assert!(asked(&examination).is_empty() && proposals(&examination).len() == 1, "it is not asked again");
    examination.undo(BY).unwrap();
    assert_eq!(asked(&examination), [(2, "A".to_owned())]);
}

/// A page that lags behind answers for the lesion that it was shown: the question about another one is not answered by that.
#[test]
fn what_is_said_of_a_lesion_and_a_third_one_answers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let examination = met_again(folder.path());
    see(&examination, 3, Look { deep: 40.0, ..look() });
    let of_a = [(2, "A".to_owned())];
    examination.act(BY, Act::KeepApart { lesion: 2, from: 3 }).unwrap();
    assert_eq!(asked(&examination), of_a);
    examination.act(BY, Act::Join { lesion: 2, into: 3 }).unwrap();
    assert!(asked(&examination).is_empty(), "it counts for another now");
    examination.act(BY, Act::Part { lesion: 2 }).unwrap();
    assert_eq!(asked(&examination), of_a, "and for itself again");
    // The earlier one has come to count for the third: that is whom it is asked about, and whom the answer names.
    examination.act(BY, Act::Join { lesion: 1, into: 3 }).unwrap();
    assert_eq!(asked(&examination), [(2, "C".to_owned())]);
    examination.act(BY, Act::KeepApart { lesion: 2, from: 3 }).unwrap();
    assert!(asked(&examination).is_empty());
    examination.act(BY, Act::Part { lesion: 1 }).unwrap();
    assert!(asked(&examination).is_empty(), "it was answered as it was asked");
}

#[test]
fn a_proposal_goes_with_what_becomes_of_the_earlier_lesion() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    see(&examination, 1, Look { deep: 10.0, ..look() });
    see(&examination, 2, look());
    see(&examination, 3, look());
    examination.ask_again(3, &[]).unwrap();
    assert_eq!(asked(&examination), [(3, "B".to_owned())]);
    examination.act(BY, Act::Join { lesion: 2, into: 1 }).unwrap();
    let report = examination.report();
    let may_be = report.lesions.iter().find_map(|lesion| lesion.may_be.clone());
    assert_eq!(may_be, Some(Joined { lesion: 1, letter: "A".into() }));
    examination.undo(BY).unwrap();
    // Whoever says that it lies in the other breast has said that it is another one.
    say(&examination, 2, FieldWord::Place(Some(at(Side::Left, "3:00"))));
    say(&examination, 3, FieldWord::Place(Some(at(Side::Right, "3:00"))));
    assert!(asked(&examination).is_empty());
    examination.undo(BY).unwrap();
    assert_eq!(asked(&examination).len(), 1);
    examination.merged(3, 2).unwrap();
    assert!(asked(&examination).is_empty(), "the machine has found out by itself");
}

#[test]
fn a_lesion_is_asked_of_once_looked_at_and_once_as_it_leaves_and_never_on_a_later_visit() {
    let check = |moments: &[(u32, bool)], expect: &[bool]| {
        let mut asked = Asked::default();
        let due: Vec<bool> = moments.iter().map(|&(sightings, left)| asked.is_due(sightings, left)).collect();
        assert_eq!(due, expect, "{moments:?}");
    };
    check(&[(9, false), (29, false), (30, false), (31, false)], &[false, false, true, false]);
    check(&[(9, false), (12, true)], &[false, true]);
    check(&[(30, false), (44, true), (45, false), (80, true)], &[true, true, false, false]);
    check(&[(12, true), (40, false), (50, true)], &[true, false, false]);
}
