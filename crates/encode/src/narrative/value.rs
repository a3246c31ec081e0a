//! A single value in words, as a sentence of the report would say it: for the history.

use peony_model::report::{Advice, Axilla, Size};
use peony_model::{BiRads, Place, Word};

use super::{breast, finding, line, number, words};
use crate::Lang;

/// `Left breast, 10:30 o'clock, 4 cm from nipple`.
#[must_use]
pub fn place(place: Place, lang: Lang) -> String {
    finding::place_of(place, lang)
}

/// `8 mm`; `None` for what is no length.
#[must_use]
pub fn length(mm: f32, lang: Lang) -> Option<String> {
    number::is_length(mm).then(|| number::with_unit(&number::millimetres(mm), "mm", lang))
}

/// `10 × 9 mm`; `None` where an axis is no length.
#[must_use]
pub fn size(size: &Size, lang: Lang) -> Option<String> {
    number::size(size, lang)
}

/// Words of the lexicon, in a row.
#[must_use]
pub fn lexicon(of: &[Word], lang: Lang) -> String {
    let of: Vec<&str> = of.iter().map(|word| words::lexicon(*word, lang)).collect();
    line::list(&of, lang)
}

/// `node 12 × 6 mm, cortex 2.1 mm, hilum kept`.
#[must_use]
pub fn axilla(axilla: &Axilla, lang: Lang) -> String {
    breast::described(axilla, lang)
}

/// `BI-RADS category 4C`.
#[must_use]
pub fn category(category: BiRads, lang: Lang) -> String {
    words::category(category, lang)
}

/// What an advice asks for.
#[must_use]
pub fn advice(advice: Advice, lang: Lang) -> &'static str {
    words::advice(advice, None, lang)
}

/// Why the examination was asked for.
#[must_use]
pub fn indication(text: &str, lang: Lang) -> &str {
    words::indication(text, lang)
}
