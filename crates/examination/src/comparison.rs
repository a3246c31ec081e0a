//! The comparison with an earlier examination: which lesion was which, and how it changed.
//!
//! Never across the breasts, and a cyst is no solid mass. What is left is held against three things: where it lay on the
//! breast's map, how deep, and how large. A pair is proposed where each is the other's nearest by a margin; where another one
//! is nearly as near, nothing is proposed and a person is asked. Every pair waits for a person (clinical reference, 5).

use peony_model::report::{
    Before, Candidate, Change, Comparison, Earlier, EarlierLesion, LesionReport, NotComparable, NotSeen,
    Patient, Report, Said, Size, Trend,
};
use peony_model::{BiRads, Place, Unit, Word};

use crate::act::{Act, FieldWord};
use crate::join;
use crate::state::{Deed, Done, State};

/// Two people give the same lesion clock positions that differ by so many degrees: an hour.
const CLOCK_DEGREES: f32 = 30.0;
/// And distances from the nipple that differ by so much, mm.
const FROM_NIPPLE_MM: f32 = 10.0;
/// Depths that differ by so much count as wholly different, mm. The reports hold a depth in mm and not the third of the breast.
const DEPTH_MM: f32 = 10.0;
/// What depth and size weigh, each, beside the place: they change with pressure and with time, the place does not.
const BESIDE: f32 = 0.5;
/// A pair that is nearer than the next by less than this, in tolerances of the place, is not told from it.
const MARGIN: f32 = 0.3;
/// Up to so many tolerances a lesion is not called new while an earlier one is left that it might be.
pub(crate) const MAYBE: f32 = 2.0;
/// A longest diameter that changed by less is the same, mm.
const SAME_MM: f32 = 2.0;
/// Growth by this share since a category 3 is an alarm. The rule says "in six months"; who comes later is not let off.
const ALARM: f32 = 0.2;
/// Volumes nearer in time than this say nothing about a rate, days.
const RATE_DAYS: u32 = 30;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// What a sum of decimal fractions may be off by, mm.
const ROUNDING_MM: f32 = 1e-3;

/// Lay the comparison into a report whose other fields are laid already.
pub(crate) fn compare(report: &mut Report, state: &State) {
    let earlier = state.earlier.get(report.patient.id.trim());
    let mut comparison = earlier.map(|earlier| begin(earlier, report, state));
    let holding = comparison.as_ref().filter(|comparison| comparison.holds());
    for lesion in &mut report.lesions {
        lesion.candidates = holding.map_or_else(Vec::new, |holding| candidates(lesion, holding));
        // What was said of another examination, or before the lesion went to the other breast, says nothing of this one.
        let stands = |said: &Said<Before>| {
            let Some(before) = &said.value else { return true };
            let is = |then| lesion.candidates.iter().any(|candidate| candidate.lesion == then);
            holding.is_some_and(|holding| holding.earlier.examination == before.examination)
                && before.lesion.is_none_or(is)
        };
        lesion.before.said = lesion.before.said.take().filter(|said| holding.is_some() && stands(said));
    }
    if let Some(comparison) = comparison.as_mut().filter(|comparison| comparison.holds()) {
        propose(&mut report.lesions, &comparison.earlier);
        comparison.not_seen = not_seen(&report.lesions, &comparison.earlier, state);
    }
    report.comparison = comparison;
}

/// What the machine proposed for a lesion, where this deed says which earlier one it was: as the report stood until then. `None` for every other deed.
pub(crate) fn proposed_then(report: &Report, state: &State, done: &Done) -> Option<(u32, Option<Before>)> {
    let of = match &done.deed {
        Deed::Act(Act::Say { lesion, word: FieldWord::Before(_) }) => *lesion,
        Deed::Confirmed { lesion, words } => {
            return words.iter().find_map(|word| match word {
                FieldWord::Before(before) => Some((*lesion, before.clone())),
                _ => None,
            });
        }
        Deed::Act(_) => return None,
    };
    let mut then = report.clone();
    join::findings(&mut then, state);
    then.lesions.iter_mut().filter(|at| at.lesion == of).for_each(|at| at.before.said = None);
    compare(&mut then, state);
    let lesion = then.lesions.into_iter().find(|at| at.lesion == of)?;
    Some((of, lesion.before.proposed))
}

/// The comparison before any lesion is looked at.
fn begin(earlier: &Earlier, report: &Report, state: &State) -> Comparison {
    let same_patient = state.acts().rev().find_map(|done| match &done.deed {
        Deed::Act(Act::SetSamePatient { examination, same }) if *examination == earlier.examination => {
            Some(said(done, *same))
        }
        _ => None,
    });
    let days = (report.began_ms.saturating_sub(earlier.began_ms) + DAY_MS / 2) / DAY_MS;
    Comparison {
        earlier: earlier.clone(),
        days: u32::try_from(days).unwrap_or(u32::MAX),
        conflict: contradict(&earlier.patient, &report.patient),
        same_patient,
        not_seen: Vec::new(),
    }
}

fn said(done: &Done, value: bool) -> Said<bool> {
    Said { value: Some(value), by: done.by.name.clone(), at_ms: done.at_ms }
}

/// `ZHANG  San` and `zhang san` are one name.
pub(crate) fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether two records of one identifier cannot be of one person: what one of them does not say contradicts nothing.
fn contradict(one: &Patient, other: &Patient) -> bool {
    [(&one.name, &other.name), (&one.sex, &other.sex), (&one.birth_date, &other.birth_date)]
        .map(|(one, other)| (plain(one), plain(other)))
        .iter()
        .any(|(one, other)| !one.is_empty() && !other.is_empty() && one != other)
}

/// The earlier lesions of the same breast, the nearest first.
fn candidates(lesion: &LesionReport, Comparison { earlier, days, .. }: &Comparison) -> Vec<Candidate> {
    let Some(side) = lesion.place.value().map(|place| place.side) else { return Vec::new() };
    let now = EarlierLesion::of(lesion);
    let here = earlier.lesions.iter().filter(|then| then.place.is_some_and(|place| place.side == side));
    let mut here: Vec<&EarlierLesion> = here.collect();
    let far = |then: &EarlierLesion| distance(then, &now).map_or(f32::MAX, |distance| distance.cost);
    here.sort_by(|a, b| far(a).total_cmp(&far(b)));
    let candidate = |then: &EarlierLesion| Candidate {
        lesion: then.lesion,
        change: change(then.size.as_ref(), now.size.as_ref(), then.category, *days),
    };
    here.into_iter().map(candidate).collect()
}

/// A lesion of which nobody has said what it was.
struct Waiting {
    /// Its place among the report's.
    at: usize,
    now: EarlierLesion,
    /// The earlier lesions within the tolerance that are left, and how far each is.
    costs: Vec<(u32, f32)>,
}

/// The machine's proposals for every lesion that is printed and of which nobody has said anything.
fn propose(lesions: &mut [LesionReport], earlier: &Earlier) {
    let printed = || lesions.iter().enumerate().filter(|(_, lesion)| !lesion.dismissed);
    let said = |then: u32| {
        let words = printed().filter_map(|(_, lesion)| lesion.before.said.as_ref()?.value.as_ref());
        words.into_iter().any(|before| before.lesion == Some(then))
    };
    let mut free: Vec<&EarlierLesion> = earlier.lesions.iter().filter(|then| !said(then.lesion)).collect();
    let mut waiting: Vec<Waiting> = printed()
        .filter(|(_, lesion)| lesion.before.said.is_none())
        .map(|(at, lesion)| {
            let now = EarlierLesion::of(lesion);
            let cost = |then: &&EarlierLesion| {
                let distance = distance(then, &now).filter(|distance| distance.place <= 1.0 + 1e-4)?;
                Some((then.lesion, distance.cost))
            };
            Waiting { at, costs: free.iter().filter_map(cost).collect(), now }
        })
        .collect();
    let before = |lesion| Some(Before { examination: earlier.examination.clone(), lesion });
    // One pair after another: what it takes away may tell the next ones apart.
    while let Some((nth, then)) = clearest(&waiting) {
        lesions[waiting.swap_remove(nth).at].before.proposed = before(Some(then));
        free.retain(|left| left.lesion != then);
        waiting.iter_mut().for_each(|waiting| waiting.costs.retain(|(left, _)| *left != then));
    }
    for waiting in waiting {
        if is_new(&waiting.now, &free, earlier) {
            lesions[waiting.at].before.proposed = before(None);
        }
    }
}

/// The nearest pair of those where each is the other's nearest by a margin: which of those that wait, and the earlier lesion.
fn clearest(waiting: &[Waiting]) -> Option<(usize, u32)> {
    let clear = |(nth, own): (usize, &Waiting)| {
        let &(then, cost) = own.costs.iter().min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let is_near = |other: &f32| *other < cost + MARGIN;
        let others_then = own.costs.iter().filter(|(other, _)| *other != then);
        let others_now = waiting.iter().enumerate().filter(|(other, _)| *other != nth);
        let others_now = others_now.flat_map(|(_, other)| &other.costs).filter(|(other, _)| *other == then);
        let mut others = others_then.chain(others_now).map(|(_, other)| other);
        (!others.any(is_near)).then_some((cost, nth, then))
    };
    let clear = waiting.iter().enumerate().filter_map(clear);
    clear.min_by(|(a, ..), (b, ..)| a.total_cmp(b)).map(|(_, nth, then)| (nth, then))
}

/// Nothing that is left may be it, and its breast was looked at then.
fn is_new(now: &EarlierLesion, free: &[&EarlierLesion], earlier: &Earlier) -> bool {
    let Some(side) = now.place.map(|place| place.side) else { return false };
    let of_breast = |then: &EarlierLesion| then.place.is_some_and(|place| place.side == side);
    let looked = earlier.examined.contains(&side) || earlier.lesions.iter().any(of_breast);
    let may_be = |then: &&EarlierLesion| {
        // One whose breast nobody said might be any.
        let unplaced = then.place.is_none();
        let unknown = of_breast(then) && !is_told(then, now);
        unplaced || unknown || distance(then, now).is_some_and(|distance| distance.place <= MAYBE)
    };
    looked && !free.iter().any(may_be)
}

/// Whether two lesions of one breast can be told apart by where they lie, or by what they are.
fn is_told(then: &EarlierLesion, now: &EarlierLesion) -> bool {
    let clock = |lesion: &EarlierLesion| lesion.place.is_some_and(|place| place.clock.is_some());
    are_fluid_and_solid(then, now) || (clock(then) && clock(now))
}

/// How far apart two lesions are.
#[derive(Debug, Clone, Copy)]
struct Distance {
    /// On the map of the breast, in tolerances: 1 is an hour and ten millimetres off.
    place: f32,
    /// The same with depth and size.
    cost: f32,
}

/// `None` where the two cannot be one lesion, or the places are not known well enough to say.
fn distance(then: &EarlierLesion, now: &EarlierLesion) -> Option<Distance> {
    let (was, is) = (then.place?, now.place?);
    if was.side != is.side || are_fluid_and_solid(then, now) {
        return None;
    }
    let place = between(was, is)?;
    let depth = match (then.depth_mm, now.depth_mm) {
        (Some(then), Some(now)) => ((now - then).abs() / DEPTH_MM).min(1.0),
        _ => 0.0,
    };
    // Twice as large, or half, counts as wholly different.
    let size = match (long_mm(then.size.as_ref()), long_mm(now.size.as_ref())) {
        (Some(then), Some(now)) => (now / then).log2().abs().min(1.0),
        _ => 0.0,
    };
    Some(Distance { place, cost: place + BESIDE * (depth + size) })
}

/// On the breast's map, in tolerances; `None` without both clock positions.
pub(crate) fn between(was: Place, is: Place) -> Option<f32> {
    let (then, now) = (was.clock?, is.clock?);
    let Some((near, far)) = was.from_nipple_mm.zip(is.from_nipple_mm) else {
        // Only the angle is known.
        let degrees = (then.degrees() - now.degrees()).abs();
        return Some(degrees.min(360.0 - degrees) / CLOCK_DEGREES);
    };
    let ([x0, y0], [x1, y1]) = (then.on_map(near), now.on_map(far));
    // An hour is little near the nipple and much far from it: the chord of an hour at their distance.
    let hour_mm = 2.0 * (near * far).sqrt() * (CLOCK_DEGREES / 2.0).to_radians().sin();
    Some((x1 - x0).hypot(y1 - y0) / hour_mm.hypot(FROM_NIPPLE_MM))
}

/// One is a cyst and the other is solid. A mass with fluid and solid parts may have been either, so that a cyst in which
/// something grows keeps its past.
fn are_fluid_and_solid(one: &EarlierLesion, other: &EarlierLesion) -> bool {
    let fluid = |lesion: &EarlierLesion| {
        lesion.words.iter().find_map(|word| match word {
            Word::Anechoic => Some(true),
            Word::Hypoechoic | Word::Isoechoic | Word::Hyperechoic | Word::Heterogeneous => Some(false),
            _ => None,
        })
    };
    fluid(one).zip(fluid(other)).is_some_and(|(one, other)| one != other)
}

fn long_mm(size: Option<&Size>) -> Option<f32> {
    size.filter(|size| size.unit == Unit::Millimetre && size.long > 0.0).map(|size| size.long)
}

/// How the size changed in so many days; `category` is the earlier one.
fn change(then: Option<&Size>, now: Option<&Size>, category: Option<BiRads>, days: u32) -> Change {
    let Some((then, now)) = then.zip(now) else {
        return Change::NotComparable { reason: NotComparable::NoSize };
    };
    let Some((d0, d1)) = long_mm(Some(then)).zip(long_mm(Some(now))) else {
        return Change::NotComparable { reason: NotComparable::NoScale };
    };
    let (difference_mm, ratio) = (d1 - d0, (d1 - d0) / d0);
    let trend = match difference_mm {
        difference if difference.abs() < SAME_MM - ROUNDING_MM => Trend::Same,
        difference if difference > 0.0 => Trend::Larger,
        _ => Trend::Smaller,
    };
    Change::Measured {
        long_mm: [d0, d1],
        difference_mm,
        ratio,
        trend,
        alarm: category == Some(BiRads::Cat3)
            && trend == Trend::Larger
            && d1 + ROUNDING_MM >= d0 * (1.0 + ALARM),
        doubling_days: doubling_days(then, now, days).filter(|_| trend != Trend::Same),
    }
}

/// Days in which the volume doubles; negative where it halves. Only from three axes that were measured, both times: a simulated one
/// enters no rate.
fn doubling_days(then: &Size, now: &Size, days: u32) -> Option<f32> {
    let measured = |size: &Size| {
        let third = size.third.filter(|third| !third.simulated && third.extent > 0.0)?;
        Some(f64::from(size.long) * f64::from(size.short) * f64::from(third.extent))
    };
    let ratio = measured(now)? / measured(then)?;
    let rate = ratio.ln() / std::f64::consts::LN_2;
    (days >= RATE_DAYS && rate != 0.0).then(|| (f64::from(days) / rate) as f32)
}

/// Earlier lesions that no printed lesion is, and that none of those might be of which a person is asked.
fn not_seen(lesions: &[LesionReport], earlier: &Earlier, state: &State) -> Vec<NotSeen> {
    let may_be = |then: u32| {
        lesions.iter().filter(|lesion| !lesion.dismissed).any(|lesion| {
            let is = lesion.before.value().is_some_and(|before| before.lesion == Some(then));
            is || (lesion.asks_before() && lesion.candidates.iter().any(|candidate| candidate.lesion == then))
        })
    };
    let looked_again = |then: u32| {
        state.acts().rev().find_map(|done| match &done.deed {
            Deed::Act(Act::SetLookedAgain { examination, lesion, looked })
                if *examination == earlier.examination && *lesion == then =>
            {
                looked.then(|| Some(said(done, true))).or(Some(None))
            }
            _ => None,
        })
    };
    let left = earlier.lesions.iter().filter(|then| !may_be(then.lesion));
    left.map(|then| NotSeen { lesion: then.lesion, looked_again: looked_again(then.lesion).flatten() })
        .collect()
}

#[cfg(test)]
mod tests;
