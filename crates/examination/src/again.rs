//! Whether a lesion is an earlier one of the same examination again.
//!
//! Who follows lesions from frame to frame knows one again only where all is sure, and else gives it another letter; after a stop
//! nothing is known of the way at all. So it is asked here once more, by what does not depend on the way: how it looks to the network, how deep
//! it lies, how large it is, and where, as far as a person has said. What comes of it is a proposal: lesions are joined by a person alone.

use std::collections::BTreeSet;

use peony_model::report::{Joined, LesionReport, Report};
use peony_model::{Look, Place};

use crate::comparison::{MAYBE, between};
use crate::report::made;
use crate::state::State;

/// A lesion is asked of when it was seen on so many frames (a second of 30), and when it has left.
const LOOKED_AT: u32 = 30;
/// The least likeness of the embeddings (cosine) of one lesion on its two visits. On phantoms that no figure is reported on, one was like itself
/// by 0.94 or more from sighting to sighting.
const LIKENESS: f32 = 0.9;
/// How much deeper or higher it may lie, mm: the probe is pressed otherwise, and another part of it is seen.
const DEEPER_MM: f32 = 5.0;
/// Its larger size over the smaller one: at one visit perhaps only its rim was seen.
const SIZES: f32 = 3.0;
/// Above and below it a lesion is fluid, or solid.
const FLUID: [f32; 2] = [0.6, 0.4];

/// What is known of a lesion when it is asked of.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// How it looks.
    pub look: &'a Look,
    /// Where it lies, as far as anybody has said.
    pub place: Option<Place>,
}

/// The likeliest of earlier lesions that a new one may be again; `None` where it can be none of them.
#[must_use]
pub fn likeliest<'a>(new: Known<'_>, earlier: impl Iterator<Item = (u32, Known<'a>)>) -> Option<u32> {
    let near = earlier.filter_map(|(lesion, known)| Some((unlikeness(new, known)?, lesion)));
    near.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, lesion)| lesion)
}

/// How unlike two lesions are, in units of what may be; `None` where they cannot be one.
fn unlikeness(new: Known<'_>, earlier: Known<'_>) -> Option<f32> {
    let (one, other) = (new.look, earlier.look);
    let is = |look: &Look| [look.fluid > FLUID[0], look.fluid < FLUID[1]];
    let ([fluid, solid], [was_fluid, was_solid]) = (is(one), is(other));
    if one.scaled != other.scaled || (fluid && was_solid) || (solid && was_fluid) {
        return None;
    }
    let place = match new.place.zip(earlier.place) {
        Some((here, there)) if here.side != there.side => return None,
        Some((here, there)) => between(there, here).unwrap_or(0.0) / MAYBE,
        None => 0.0,
    };
    let looks = (1.0 - one.likeness(other)?) / (1.0 - LIKENESS);
    let depth = (one.deep - other.deep).abs() / DEEPER_MM;
    let size = (one.large.max(0.1) / other.large.max(0.1)).ln().abs() / SIZES.ln();
    let unlike = [place, looks, depth, size].iter().map(|part| part * part).sum();
    (unlike <= 1.0).then_some(unlike)
}

/// When a lesion is asked of: on its first visit, once it was looked at for long enough, and as it leaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    looked_at: bool,
    left: bool,
}

impl Asked {
    /// Whether it is time, with so many sightings of it; each moment comes once.
    pub fn is_due(&mut self, sightings: u32, has_left: bool) -> bool {
        if self.left {
            return false;
        }
        let is_due = has_left || (!self.looked_at && sightings >= LOOKED_AT);
        self.looked_at |= sightings >= LOOKED_AT;
        self.left = has_left;
        is_due
    }
}

/// The earlier lesion that this one may be again; `None` too where one was proposed before, or a person has said what it is.
pub(crate) fn of(state: &State, lesion: u32, seen_with: &[u32]) -> Option<u32> {
    if state.may_be.contains_key(&lesion) || state.discarded || !state.signatures.is_empty() {
        return None;
    }
    let new = state.lesions.get(&lesion)?;
    let (look, reader) = new.look()?;
    let report = made(state);
    let here = report.lesions.iter().find(|at| at.lesion == lesion && !at.dismissed)?;
    let parts = |of: &LesionReport| -> Vec<u32> {
        of.joined.iter().map(|part| part.lesion).chain([of.lesion]).collect()
    };
    let not: BTreeSet<u32> = seen_with.iter().copied().chain(parts(here)).collect();
    let may_be = report
        .lesions
        .iter()
        .filter(|there| !there.dismissed && parts(there).iter().all(|part| !not.contains(part)));
    let known = may_be.filter_map(|there| {
        let earlier = state.lesions.get(&there.lesion).filter(|earlier| earlier.is_before(new))?;
        // What two models see in a lesion cannot be compared.
        let (look, _) = earlier.look().filter(|(_, by)| *by == reader)?;
        Some((there.lesion, Known { look, place: there.place.value().copied() }))
    });
    likeliest(Known { look, place: here.place.value().copied() }, known)
}

/// Writes into a report of which lesions it is asked. Who said since that one lies in the other breast, or struck one out, has said what it is.
pub(crate) fn ask(report: &mut Report, state: &State) {
    for (lesion, earlier) in state.asked() {
        let at = |number: u32| report.lesions.iter().position(|at| at.lesion == number && !at.dismissed);
        let (Some(new), Some(old)) = (at(lesion), at(earlier)) else { continue };
        let side = |at: usize| report.lesions[at].place.value().map(|place| place.side);
        if side(new).zip(side(old)).is_none_or(|(here, there)| here == there) {
            let letter = report.lesions[old].letter.clone();
            report.lesions[new].may_be = Some(Joined { lesion: earlier, letter });
        }
    }
}
