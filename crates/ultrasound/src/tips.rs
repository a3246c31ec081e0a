//! The ends of a lesion along the way, which its sections do not show: a section is seen from a certain size on, so what is smaller is passed unseen.
//!
//! The areas of the sections of an ellipsoid follow a parabola along any straight way through it. It is laid through those that were seen, and gone on
//! with to nothing. A simple form: a lesion that is no ellipsoid ends elsewhere, and one that the sweep did not leave has no end to read.

use nalgebra::{Matrix3, Vector3};

/// The fewest sections that tell the course of their areas.
const FEWEST: usize = 6;
/// An end is near where the section is smaller than this share of the largest one.
const NEAR: f32 = 0.7;
/// An end was met where the section is smaller than this share of the largest one.
const MET: f32 = 0.8;
/// The most that is added at an end, as a share of the length that was seen: more would be guessed.
const MOST: f32 = 0.25;

/// One section: its area, mm², and its place along the way, mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Section {
    pub area_mm2: f32,
    pub at_mm: f32,
}

/// Whether the sections begin and end small beside the largest: the sweep has led over the whole lesion. Where it has not, what was seen is no length.
pub(crate) fn are_met(sections: &[Section], last: Section) -> bool {
    let largest = sections.iter().map(|section| section.area_mm2).fold(last.area_mm2, f32::max);
    let is_small = |section: Section| section.area_mm2 < MET * largest;
    sections.first().copied().is_some_and(is_small) && is_small(last)
}

/// What lies beyond the first or the last section.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Tip {
    pub length_mm: f32,
    pub volume_mm3: f32,
}

/// Both ends beyond what is known of a lesion: it begins at `from_mm` and its last section is `last`; `sections` are those between, in the order of
/// the way. Nothing where they do not tell.
pub(crate) fn tips(from_mm: f32, sections: &[Section], last: Section) -> [Tip; 2] {
    let nothing = [Tip::default(); 2];
    let ([first, ..], FEWEST..) = (sections, sections.len()) else { return nothing };
    let seen_mm = last.at_mm - from_mm;
    let Some([begins_mm, ends_mm]) = ends(sections).filter(|_| seen_mm > 0.0) else { return nothing };
    let largest = sections.iter().map(|section| section.area_mm2).fold(0.0, f32::max);
    let tip = |section: &Section, beyond_mm: f32| {
        if section.area_mm2 >= NEAR * largest {
            return Tip::default();
        }
        let length_mm = beyond_mm.clamp(0.0, MOST * seen_mm);
        // A cone's end holds a third of its base times its length, a ball's more than half.
        Tip { length_mm, volume_mm3: length_mm * section.area_mm2 / 2.0 }
    };
    [tip(first, from_mm - begins_mm), tip(&last, ends_mm - last.at_mm)]
}

/// Where the parabola nearest to the areas (least squares) comes to nothing, mm along the way; `None` where it does not on both sides.
fn ends(sections: &[Section]) -> Option<[f32; 2]> {
    let (first, last) = (sections.first()?.at_mm, sections.last()?.at_mm);
    // About the middle, in half lengths: the powers stay small.
    let (middle, half) = (f32::midpoint(first, last), (last - first) / 2.0);
    let places = || sections.iter().map(|section| ((section.at_mm - middle) / half, section.area_mm2));
    let power = |n: usize| places().map(|(t, _)| t.powi(n as i32)).sum::<f32>();
    let moment = |n: usize| places().map(|(t, area)| area * t.powi(n as i32)).sum::<f32>();
    let normal = Matrix3::from_fn(|row, column| power(row + column));
    let found = normal.cholesky()?.solve(&Vector3::from_fn(|row, _| moment(row)));
    let [c, b, a] = [found[0], found[1], found[2]];
    let under_root = b * b - 4.0 * a * c;
    if a >= 0.0 || under_root <= 0.0 {
        return None;
    }
    let root = |sign: f32| middle + half * (-b + sign * under_root.sqrt()) / (2.0 * a);
    Some([root(1.0), root(-1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sections of an ellipsoid of 10 mm along the way and 40 mm² at its largest, of those that are seen.
    fn ellipsoid(seen_mm: std::ops::RangeInclusive<f32>) -> Vec<Section> {
        let places = (-50..=50).map(|step| step as f32 / 10.0).filter(|at_mm| seen_mm.contains(at_mm));
        places.map(|at_mm| Section { area_mm2: 40.0 * (1.0 - (at_mm / 5.0).powi(2)), at_mm }).collect()
    }

    fn tips_of(sections: &[Section]) -> [Tip; 2] {
        let nowhere = Section { area_mm2: 0.0, at_mm: 0.0 };
        let at = |end: Option<&Section>| *end.unwrap_or(&nowhere);
        tips(at(sections.first()).at_mm, sections, at(sections.last()))
    }

    fn near(value: f32, expect: f32, by: f32) {
        assert!((value - expect).abs() <= by, "{value} where {expect} is right");
    }

    #[test]
    fn an_ellipsoid_is_as_long_and_as_large_as_it_is_though_its_ends_are_not_seen() {
        let [begin, end] = tips_of(&ellipsoid(-4.0..=4.2));
        near(begin.length_mm, 1.0, 0.01);
        near(end.length_mm, 0.8, 0.01);
        // A cap of 1 mm of it holds 7.47 mm³, of 0.8 mm 4.85.
        near(begin.volume_mm3, 7.47, 0.4);
        near(end.volume_mm3, 4.85, 0.3);
    }

    #[test]
    fn an_end_that_the_sweep_did_not_come_near_gets_nothing() {
        let [begin, end] = tips_of(&ellipsoid(-4.0..=1.0));
        near(begin.length_mm, 1.0, 0.01);
        assert_eq!(end, Tip::default(), "the last section was as large as the largest");
    }

    #[test]
    fn a_lesion_that_was_not_led_over_has_no_ends() {
        let met = |sections: &[Section]| sections.last().is_some_and(|last| are_met(sections, *last));
        assert!(met(&ellipsoid(-4.0..=4.2)));
        for cut in [ellipsoid(-4.0..=0.5), ellipsoid(-1.0..=4.0), ellipsoid(-0.5..=0.5), Vec::new()] {
            assert!(!met(&cut), "{cut:?}");
        }
    }

    #[test]
    fn what_is_added_stays_small_beside_what_was_seen() {
        // A course that hardly falls, but for one small section at its end.
        let mut sections = ellipsoid(-1.0..=1.0);
        sections.push(Section { area_mm2: 25.0, at_mm: 1.1 });
        let [_, end] = tips_of(&sections);
        assert!(end.length_mm > 0.0, "{end:?}");
        near(end.length_mm, MOST * 2.1, 0.001);
    }

    #[test]
    fn sections_that_do_not_tell_get_no_ends() {
        let tube: Vec<Section> = (0..20).map(|at| Section { area_mm2: 30.0, at_mm: at as f32 }).collect();
        let hollow: Vec<Section> =
            (-5..=5).map(|at| Section { area_mm2: 5.0 + (at * at) as f32, at_mm: at as f32 }).collect();
        let one_place = vec![Section { area_mm2: 30.0, at_mm: 1.0 }; 8];
        for sections in [&tube[..], &hollow, &one_place, &ellipsoid(-4.0..=4.0)[..5], &[]] {
            assert_eq!(tips_of(sections), [Tip::default(); 2], "{sections:?}");
        }
    }
}
