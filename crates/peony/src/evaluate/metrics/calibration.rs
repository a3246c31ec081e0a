//! Whether a probability is meant as it is said: reliability bins, expected calibration error, Brier score.

use serde::Serialize;

use super::roc::Scored;
use super::{Estimate, wilson};

/// Bins of equal width between 0 and 1.
pub const BINS: usize = 10;

/// The rows whose probability lies within one bin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// From this probability on.
    pub from: f64,
    /// Below this one; the last bin has 1 too.
    pub to: f64,
    /// How many rows.
    pub count: usize,
    /// Their mean probability; `None` of none.
    pub said: Option<f64>,
    /// The share that was positive, with Wilson's interval.
    pub observed: Option<Estimate>,
}

/// The reliability diagram: [`BINS`] bins of equal width.
pub fn reliability(scores: &[Scored]) -> Vec<Bin> {
    let bin_of = |probability: f64| ((probability * BINS as f64) as usize).min(BINS - 1);
    let bins = (0..BINS).map(|at| {
        let within: Vec<&Scored> = scores.iter().filter(|(p, _)| bin_of(*p) == at).collect();
        let positives = within.iter().filter(|(_, positive)| *positive).count();
        let sum: f64 = within.iter().map(|(p, _)| p).sum();
        Bin {
            from: at as f64 / BINS as f64,
            to: (at + 1) as f64 / BINS as f64,
            count: within.len(),
            said: (!within.is_empty()).then(|| sum / within.len() as f64),
            observed: wilson(positives, within.len()),
        }
    });
    bins.collect()
}

/// The mean distance between what is said and what was so, over the bins, each weighed by its rows (Naeini and others,
/// AAAI 2015); `None` of nothing.
pub fn expected_calibration_error(scores: &[Scored]) -> Option<f64> {
    if scores.is_empty() {
        return None;
    }
    let distances = reliability(scores).into_iter().filter_map(|bin| {
        let distance = (bin.said? - bin.observed?.value).abs();
        Some(distance * bin.count as f64 / scores.len() as f64)
    });
    Some(distances.sum())
}

/// The mean squared distance between probability and truth (Brier, Monthly Weather Review 78 (1950) 1, for two classes);
/// `None` of nothing.
pub fn brier(scores: &[Scored]) -> Option<f64> {
    let squares: f64 = scores.iter().map(|&(p, positive)| (p - f64::from(u8::from(positive))).powi(2)).sum();
    (!scores.is_empty()).then(|| squares / scores.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<f64>, expect: f64) {
        assert!((found.unwrap() - expect).abs() < 1e-12, "{found:?} is not {expect}");
    }

    /// Two rows at 0.05 and 0.15 without, and two at 0.85 and 0.95 of which the surer is without. By hand:
    /// (0.05 + 0.15 + 0.15 + 0.95) / 4.
    #[test]
    fn the_error_of_a_tiny_case() {
        let scores = [(0.05, false), (0.15, false), (0.85, true), (0.95, false)];
        near(expected_calibration_error(&scores), 0.325);
        near(brier(&scores), (0.0025 + 0.0225 + 0.0225 + 0.9025) / 4.0);
        assert_eq!((expected_calibration_error(&[]), brier(&[])), (None, None));
    }

    #[test]
    fn within_a_bin_the_errors_cancel() {
        // Three of four at 0.75 are positive: said and observed agree.
        near(expected_calibration_error(&[(0.75, true), (0.75, true), (0.75, true), (0.75, false)]), 0.0);
    }

    #[test]
    fn the_edges_belong_to_one_bin_each() {
        let counts = |p: f64| reliability(&[(p, true)]).iter().map(|bin| bin.count).collect::<Vec<_>>();
        let only = |at: usize| (0..BINS).map(|bin| usize::from(bin == at)).collect::<Vec<_>>();
        assert_eq!(counts(0.0), only(0));
        assert_eq!(counts(0.1), only(1));
        assert_eq!(counts(1.0), only(9));
    }
}
