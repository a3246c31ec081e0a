//! Of lesions that a person joined one is made.
//!
//! Joining never lowers anything and never decides anything: the higher grade stands and the longer size, unless one of them is proposed to be
//! more than anybody has said, which is asked; and of contrary words none stands until a person says which holds.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use peony_model::report::{Field, Grounds, Joined, LesionReport, Plane, PlaneReason, Report, Size};
use peony_model::{BiRads, Unit};

use crate::state::State;

/// Whose word stands of two that have an order.
enum Stands {
    Own,
    OfPart,
    /// Nobody's: more is proposed than anybody has said.
    None,
}

/// Lets what people said of a lesion be said of the one that it is joined to.
pub(crate) fn words(report: &mut Report, part: u32, whole: u32) {
    let Some(part) = report.lesions.iter().find(|at| at.lesion == part).cloned() else { return };
    let Some(whole) = report.lesions.iter_mut().find(|at| at.lesion == whole) else { return };
    // A reason is that of the category which it was given for.
    match higher(&mut whole.category, part.category, |category: &BiRads| *category) {
        Stands::Own => {}
        Stands::OfPart => whole.downgrade_reason = part.downgrade_reason,
        Stands::None => whole.downgrade_reason.clear(),
    }
    higher(&mut whole.size, part.size, rank);
    meet(&mut whole.place, part.place);
    meet(&mut whole.depth_mm, part.depth_mm);
    meet(&mut whole.before, part.before);
    meet(&mut whole.shape, part.shape);
    meet(&mut whole.orientation, part.orientation);
    meet(&mut whole.margin, part.margin);
    meet(&mut whole.echo, part.echo);
    meet(&mut whole.posterior, part.posterior);
    meet(&mut whole.calcification, part.calcification);
    meet(&mut whole.boundary, part.boundary);
    meet(&mut whole.associated, part.associated);
    meet(&mut whole.vascularity, part.vascularity);
    meet(&mut whole.elasticity, part.elasticity);
    meet(&mut whole.advice, part.advice);
}

/// What is said of one of them alone stands, and what was assessed in one alone; of two different words neither.
fn meet<T: PartialEq>(whole: &mut Field<T>, part: Field<T>) {
    let assessed = |field: &Field<T>| field.said.as_ref().is_some_and(|said| said.value.is_some());
    let differ = assessed(whole) && assessed(&part) && whole.value() != part.value();
    whole.contrary |= part.contrary || differ;
    if whole.contrary {
        whole.said = None;
    } else if !assessed(whole) && (whole.said.is_none() || assessed(&part)) {
        whole.said = part.said;
    }
}

/// Of two words with an order the higher stands; none does below a proposal of which nobody has said anything.
fn higher<T, R: PartialOrd>(whole: &mut Field<T>, part: Field<T>, rank: impl Fn(&T) -> R) -> Stands {
    let said = |field: &Field<T>| field.said.as_ref().map(|said| said.value.as_ref().map(&rank));
    let open = |field: &Field<T>| field.proposed.as_ref().filter(|_| field.said.is_none()).map(&rank);
    let is_more = [open(whole), open(&part)].into_iter().any(|open| {
        open.is_some() && [said(whole), said(&part)].into_iter().all(|said| open > said.flatten())
    });
    if is_more {
        whole.said = None;
        Stands::None
    } else if said(&part) > said(whole) {
        whole.said = part.said;
        Stands::OfPart
    } else {
        Stands::Own
    }
}

/// A length in millimetres tells more than any in pixels.
fn rank(size: &Size) -> (bool, f32) {
    (size.unit == Unit::Millimetre, size.long)
}

/// Takes each lesion that was joined to another out of the report, and what the machine found in it over to that one.
pub(crate) fn findings(report: &mut Report, state: &State) {
    let mut parts: BTreeMap<u32, Vec<LesionReport>> = BTreeMap::new();
    for (lesion, into) in state.joined() {
        if let Some(at) = report.lesions.iter().position(|at| at.lesion == lesion) {
            parts.entry(into).or_default().push(report.lesions.remove(at));
        }
    }
    for whole in &mut report.lesions {
        if let Some(parts) = parts.remove(&whole.lesion) {
            fold(whole, parts, state);
        }
    }
}

fn fold(whole: &mut LesionReport, parts: Vec<LesionReport>, state: &State) {
    whole.joined =
        parts.iter().map(|part| Joined { lesion: part.lesion, letter: part.letter.clone() }).collect();
    whole.sightings += parts.iter().map(|part| part.sightings).sum::<u32>();
    let mut all = vec![whole.clone()];
    all.extend(parts);
    let all = all.as_slice();

    let longest = first_of_most(all, |lesion| lesion.size.proposed.as_ref().map(rank));
    let printed = whole.size.value().copied();
    size(whole, longest, all);
    let graded = first_of_most(all, |lesion| lesion.category.proposed);
    whole.category.proposed = graded.category.proposed;
    whole.malignancy = graded.malignancy;

    let parts = || all.iter().skip(1);
    or(&mut whole.place, parts().map(|part| &part.place));
    or(&mut whole.depth_mm, parts().map(|part| &part.depth_mm));
    or(&mut whole.shape, parts().map(|part| &part.shape));
    or(&mut whole.orientation, parts().map(|part| &part.orientation));
    or(&mut whole.margin, parts().map(|part| &part.margin));
    or(&mut whole.echo, parts().map(|part| &part.echo));
    or(&mut whole.posterior, parts().map(|part| &part.posterior));
    or(&mut whole.calcification, parts().map(|part| &part.calcification));
    or(&mut whole.boundary, parts().map(|part| &part.boundary));

    // The plane beside a size is the one that it was measured on: a person may have confirmed one that is not the longest.
    let flat = |size: &Size| (size.long, size.short, size.unit);
    let is_printed = |lesion: &&LesionReport| {
        lesion.size.proposed.as_ref().map(flat) == printed.as_ref().map(flat) && printed.is_some()
    };
    let said = whole.size.said.as_ref().and_then(|_| all.iter().find(is_printed));
    let planes = chosen(said.unwrap_or(longest), all);
    let seen = state.lesions.get(&graded.lesion).and_then(|lesion| lesion.seen.as_ref());
    whole.grounds = seen.and_then(|seen| seen.evidence.as_ref()).map(|evidence| {
        // What another one looked like at that time weighed nothing in this grade.
        let own: Vec<Plane> =
            planes.iter().filter(|plane| plane.lesion == Some(graded.lesion)).cloned().collect();
        Grounds::of(evidence, &own)
    });
    let lesion = Some(whole.lesion);
    whole.planes = planes.into_iter().map(|plane| Plane { lesion, ..plane }).collect();
    whole.planes.sort_by_key(|plane| (plane.reason, plane.id));
}

/// Where the machine proposes nothing for the whole, it is what it proposes for the first of the parts.
fn or<'a, T: Clone + 'a>(whole: &mut Field<T>, mut parts: impl Iterator<Item = &'a Field<T>>) {
    if whole.proposed.is_none() {
        whole.proposed = parts.find_map(|part| part.proposed.clone());
    }
}

/// The first of those that have the most of something.
fn first_of_most<T: PartialOrd>(all: &[LesionReport], of: impl Fn(&LesionReport) -> T) -> &LesionReport {
    let order = |a: &T, b: &T| a.partial_cmp(b).unwrap_or(Ordering::Equal);
    all.iter().rev().max_by(|a, b| order(&of(a), &of(b))).unwrap_or(&all[0])
}

/// The longest size, with a third axis where any has one: a visit that led over a part of the lesion alone tells nothing of its length.
fn size(whole: &mut LesionReport, longest: &LesionReport, all: &[LesionReport]) {
    let third = |lesion: &LesionReport| lesion.size.proposed.and_then(|size| size.third);
    let is_solid = |lesion: &&LesionReport| lesion.volume_cm3.is_some() || third(lesion).is_some();
    let solid = std::iter::once(longest).chain(all).find(is_solid).unwrap_or(longest);
    let third = solid.size.proposed.and_then(|size| Some((size.third?, size.unit)));
    let third = |unit: Unit| third.filter(|(_, of)| *of == unit).map(|(third, _)| third);
    whole.size.proposed = longest.size.proposed.map(|size| Size { third: third(size.unit), ..size });
    whole.volume_cm3 = solid.volume_cm3;
}

/// One plane for each reason, and all that people kept. The largest one and that across it are of the lesion that was measured, as far as it has
/// them; the most suspicious one is that of all.
fn chosen(measured: &LesionReport, all: &[LesionReport]) -> Vec<Plane> {
    let of = |reason: PlaneReason| {
        let first = std::iter::once(measured).filter(move |_| reason <= PlaneReason::Across).chain(all);
        first.flat_map(|lesion| &lesion.planes).filter(move |plane| plane.reason == reason)
    };
    let suspicious = of(PlaneReason::Suspicious).fold(None, |most: Option<&Plane>, plane| {
        most.filter(|most| most.malignancy >= plane.malignancy).or(Some(plane))
    });
    let one =
        [PlaneReason::Largest, PlaneReason::Across, PlaneReason::Features].map(|reason| of(reason).next());
    one.into_iter().chain([suspicious]).flatten().chain(of(PlaneReason::Kept)).cloned().collect()
}
