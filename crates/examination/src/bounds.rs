//! What a person's values may be.

use peony_model::report::{Size, ThirdAxis};
use peony_model::{Feature, Place, Word};

use crate::act::{Act, EnteredDepth, FieldWord};

/// No breast is larger, mm; nor is what is found in one.
const LARGEST_MM: f32 = 300.0;

/// Whether every value of an act can be; says in one line why not.
pub(crate) fn check(act: &Act, longest: usize) -> Result<(), &'static str> {
    let texts: Vec<&str> = match act {
        Act::SetPatient { patient } => {
            vec![&patient.id, &patient.name, &patient.sex, &patient.birth_date]
        }
        Act::SetCircumstances { circumstances } => vec![
            &circumstances.institution,
            &circumstances.number,
            &circumstances.indication,
            &circumstances.history,
            &circumstances.device,
            &circumstances.comparison,
        ],
        Act::Say { word: FieldWord::DowngradeReason(text), .. } | Act::Add { text } => vec![text],
        Act::Sign { name, licence, .. } => vec![name, licence],
        _ => Vec::new(),
    };
    if texts.iter().any(|text| text.len() > longest) {
        return Err("text: too long");
    }
    match act {
        Act::Sign { name, .. } if name.trim().is_empty() => Err("name: say who signs"),
        Act::Add { text } if text.trim().is_empty() => Err("text: an addendum says something"),
        Act::SetPatient { patient } if !["", "F", "M", "O"].contains(&patient.sex.as_str()) => {
            Err("sex: it is F, M, O or empty")
        }
        Act::SetPatient { patient } if !is_date(&patient.birth_date) => {
            Err("birth_date: it is YYYY-MM-DD or empty")
        }
        Act::SetProbe { place } => of_place(*place),
        Act::SetDepth { depth: Some(depth) } => of_depth(depth),
        Act::Join { lesion, into } if lesion == into => Err("into: a lesion is one with itself already"),
        Act::Say { word, .. } => of_word(word),
        _ => Ok(()),
    }
}

fn is_date(text: &str) -> bool {
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let within = |part: &str, most: u8| part.parse::<u8>().is_ok_and(|value| (1..=most).contains(&value));
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [""] => true,
        [year, month, day] => {
            digits(year, 4) && digits(month, 2) && digits(day, 2) && within(month, 12) && within(day, 31)
        }
        _ => false,
    }
}

fn of_place(place: Place) -> Result<(), &'static str> {
    match place.from_nipple_mm {
        Some(mm) if !(0.0..=LARGEST_MM).contains(&mm) => Err("from_nipple_mm: it lies between 0 and 300"),
        _ => Ok(()),
    }
}

fn of_depth(depth: &EnteredDepth) -> Result<(), &'static str> {
    if !EnteredDepth::RANGE_MM.contains(&depth.depth_mm) {
        return Err("depth_mm: it lies between 10 and 200");
    }
    // A frame's height is far below the 2^24 pixels that are exact.
    let is_within = depth.height_px <= depth.size_px[1] as f32;
    if is_within && depth.scale().is_ok() {
        Ok(())
    } else {
        Err("height_px: no picture of this depth has such pixels")
    }
}

fn of_word(word: &FieldWord) -> Result<(), &'static str> {
    let of = |feature: Feature, words: &[Word]| {
        let fits = words.iter().all(|word| word.feature() == feature);
        if fits { Ok(()) } else { Err("value: this word belongs to another field") }
    };
    match word {
        FieldWord::Place(Some(place)) => of_place(*place),
        FieldWord::DepthMm(Some(mm)) if !(0.0..=LARGEST_MM).contains(mm) => {
            Err("depth_mm: it lies between 0 and 300")
        }
        FieldWord::Size(Some(size)) => of_size(size),
        FieldWord::Shape(Some(word)) => of(Feature::Shape, &[*word]),
        FieldWord::Orientation(Some(word)) => of(Feature::Orientation, &[*word]),
        FieldWord::Margin(Some(words)) => of(Feature::Margin, words),
        FieldWord::Echo(Some(word)) => of(Feature::Echo, &[*word]),
        FieldWord::Posterior(Some(word)) => of(Feature::Posterior, &[*word]),
        FieldWord::Calcification(Some(words)) => of(Feature::Calcification, words),
        FieldWord::Boundary(Some(word)) => of(Feature::Boundary, &[*word]),
        _ => Ok(()),
    }
}

fn of_size(size: &Size) -> Result<(), &'static str> {
    let third = size.third.map(|ThirdAxis { extent, .. }| extent);
    let axes = [Some(size.long), Some(size.short), third];
    let fits = axes.into_iter().flatten().all(|axis| axis > 0.0 && axis <= 10_000.0);
    if fits { Ok(()) } else { Err("size: every axis is greater than 0") }
}
