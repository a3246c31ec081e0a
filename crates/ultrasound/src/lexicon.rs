//! Which words of the lexicon hold of a lesion.

use peony_model::{BoxPx, Descriptor, Feature, Word};

use crate::detect::sigmoid;
use crate::network::{RegionLogits, WORDS};

/// The words that hold, each likelier than not: the likeliest shape and echo pattern; circumscribed, or else every fault of
/// the edge; posterior features, halo, calcifications; and the orientation, which is measured. A feature on which no word
/// is likely has none: it was not assessed, which is not to say that it is absent.
///
/// `mm_per_px` (across, down) sets the proportions of `box_px`; `[1.0, 1.0]` where pixels are square or nothing is known.
pub(crate) fn describe(logits: &RegionLogits, box_px: BoxPx, mm_per_px: [f32; 2]) -> Vec<Descriptor> {
    let mut words = holding(logits);
    let shape = words.iter().take_while(|word| word.word.feature() == Feature::Shape).count();
    words.insert(shape, orientation(box_px, mm_per_px));
    words
}

/// The same but for the orientation.
fn holding(logits: &RegionLogits) -> Vec<Descriptor> {
    let said = said(logits);
    let of = |feature| said.iter().copied().filter(move |word| word.word.feature() == feature);
    let likeliest = |feature| of(feature).max_by(|a, b| a.probability.total_cmp(&b.probability));
    let mut words: Vec<Descriptor> = likeliest(Feature::Shape).into_iter().collect();
    words.extend(margins(of(Feature::Margin).collect()));
    words.extend(likeliest(Feature::Echo));
    words.push(posterior(&said));
    words.extend(of(Feature::Boundary).chain(of(Feature::Calcification)));
    words.retain(|word| word.probability > 0.5);
    words
}

/// Every word with its probability.
fn said(logits: &RegionLogits) -> Vec<Descriptor> {
    let each = WORDS.iter().zip(logits.words());
    each.map(|(&word, &logit)| Descriptor { word, probability: sigmoid(logit) }).collect()
}

/// Whether the words that hold are those of a simple cyst. Such words beside a suspicious category contradict each other in a report.
pub(crate) fn is_simple_cyst(logits: &RegionLogits) -> bool {
    let words: Vec<Word> = holding(logits).iter().map(|word| word.word).collect();
    peony_model::is_simple_cyst(&words)
}

/// How likely a lesion is anechoic, where no other echo pattern is likelier; else 0. A category that rests on it and the words of the
/// report then never contradict each other.
pub(crate) fn anechoic(logits: &RegionLogits) -> f32 {
    let echoes = WORDS.iter().zip(logits.words()).filter(|(word, _)| word.feature() == Feature::Echo);
    let likeliest = echoes.max_by(|(_, a), (_, b)| a.total_cmp(b));
    likeliest.filter(|(word, _)| **word == Word::Anechoic).map_or(0.0, |(_, &logit)| sigmoid(logit))
}

/// Circumscribed where that is likelier than any fault of the edge, else the faults.
fn margins(mut words: Vec<Descriptor>) -> Vec<Descriptor> {
    words.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let Some(first) = words.first().copied() else { return words };
    if first.word == Word::Circumscribed {
        return vec![first];
    }
    words.retain(|word| word.word != Word::Circumscribed);
    words
}

/// Enhancement, shadowing, both, or neither.
fn posterior(said: &[Descriptor]) -> Descriptor {
    let of = |word| said.iter().find(|said| said.word == word).map_or(0.0, |said| said.probability);
    let (bright, dark) = (of(Word::Enhancement), of(Word::Shadowing));
    let (word, probability) = match (bright > 0.5, dark > 0.5) {
        (true, true) => (Word::Combined, bright.min(dark)),
        (true, false) => (Word::Enhancement, bright),
        (false, true) => (Word::Shadowing, dark),
        (false, false) => (Word::NoPosterior, 1.0 - bright.max(dark)),
    };
    Descriptor { word, probability }
}

/// Parallel where the lesion is wider than deep; the skin lies along the top of the picture. What is as deep as wide counts
/// as not parallel. A measurement, and so as sure as its outline: 1.
fn orientation(box_px: BoxPx, [across, down]: [f32; 2]) -> Descriptor {
    let wider = box_px.width() * across > box_px.height() * down * 1.05;
    Descriptor { word: if wider { Word::Parallel } else { Word::NotParallel }, probability: 1.0 }
}

#[cfg(test)]
mod tests {
    use peony_model::PointPx;

    use super::*;
    use crate::network::{MAPS, STEPS};

    fn words(likely: &[Word], size: [f32; 2], mm_per_px: [f32; 2]) -> Vec<Word> {
        let mut logits = [-2.0; MAPS];
        for (at, word) in WORDS.iter().enumerate() {
            if likely.contains(word) {
                logits[2 + STEPS + at] = 2.0;
            }
        }
        let box_px = BoxPx::new(PointPx::new(0.0, 0.0), PointPx::new(size[0], size[1]));
        let said = describe(&RegionLogits::new(logits), box_px, mm_per_px);
        said.into_iter().map(|descriptor| descriptor.word).collect()
    }

    #[test]
    fn what_is_said_to_be_hypoechoic_is_no_simple_cyst() {
        let logits = |anechoic: f32, hypoechoic: f32| {
            let mut logits = [-2.0; MAPS];
            for (at, word) in WORDS.iter().enumerate() {
                match word {
                    Word::Anechoic => logits[2 + STEPS + at] = anechoic,
                    Word::Hypoechoic => logits[2 + STEPS + at] = hypoechoic,
                    _ => {}
                }
            }
            RegionLogits::new(logits)
        };
        assert!(anechoic(&logits(2.0, 1.0)) > 0.85);
        assert_eq!(anechoic(&logits(2.0, 2.5)), 0.0);
    }

    #[test]
    fn each_feature_gets_the_words_that_hold() {
        use Word::{
            Angular, Circumscribed, Combined, Enhancement, Halo, Hypoechoic, Indistinct, Irregular,
            NoPosterior, NotParallel, Oval, Parallel, Shadowing,
        };
        let check = |likely: &[Word], size, mm_per_px, expect: &[Word]| {
            assert_eq!(words(likely, size, mm_per_px), expect, "{likely:?} {size:?}");
        };
        let square = [1.0, 1.0];
        check(
            &[Oval, Circumscribed, Hypoechoic, Enhancement],
            [40.0, 20.0],
            square,
            &[Oval, Parallel, Circumscribed, Hypoechoic, Enhancement],
        );
        check(
            &[Irregular, Angular, Indistinct, Hypoechoic, Halo],
            [20.0, 30.0],
            square,
            &[Irregular, NotParallel, Indistinct, Angular, Hypoechoic, NoPosterior, Halo],
        );
        check(
            &[Oval, Circumscribed, Hypoechoic, Enhancement, Shadowing],
            [20.0, 20.0],
            [0.2, 0.1],
            &[Oval, Parallel, Circumscribed, Hypoechoic, Combined],
        );
    }
}
