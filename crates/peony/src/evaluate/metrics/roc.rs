//! What a score tells about two classes: area under the ROC curve with DeLong's interval, the curve, its points.

use super::{Estimate, Z95};

/// A score and whether the row is positive.
pub type Scored = (f64, bool);

/// One point of the curve: everything at or above the threshold is called positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// `None` for the point where nothing is called positive.
    pub threshold: Option<f64>,
    /// Share of the positives that are called positive.
    pub sensitivity: f64,
    /// Share of the negatives that are not.
    pub specificity: f64,
}

/// Area under the ROC curve as the Mann–Whitney statistic, ties counted half; `None` without both classes.
pub fn auc(scores: &[Scored]) -> Option<f64> {
    let mut ranked = scores.to_vec();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = ranked.iter().filter(|(_, positive)| *positive).count();
    let negatives = ranked.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let mut rank_sum = 0.0;
    let mut start = 0;
    while start < ranked.len() {
        let tied = ranked[start..].iter().take_while(|(score, _)| *score == ranked[start].0).count();
        let mid_rank = start as f64 + (tied as f64 + 1.0) / 2.0;
        rank_sum +=
            mid_rank * ranked[start..start + tied].iter().filter(|(_, positive)| *positive).count() as f64;
        start += tied;
    }
    let (p, n) = (positives as f64, negatives as f64);
    Some((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

/// The area with the interval of DeLong, DeLong and Clarke-Pearson (Biometrics 44 (1988) 837), cut to 0..=1. It takes
/// every row for independent. `None` with fewer than two rows of a class.
pub fn delong(scores: &[Scored]) -> Option<Estimate> {
    let value = auc(scores)?;
    let class = |wanted: bool| -> Vec<f64> {
        scores.iter().filter(|(_, positive)| *positive == wanted).map(|(score, _)| *score).collect()
    };
    let (positives, negatives) = (class(true), class(false));
    let placed = |higher: f64, lower: f64| match higher.total_cmp(&lower) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    };
    let of_positives: Vec<f64> =
        positives.iter().map(|&p| mean(negatives.iter().map(|&n| placed(p, n)))).collect();
    let of_negatives: Vec<f64> =
        negatives.iter().map(|&n| mean(positives.iter().map(|&p| placed(p, n)))).collect();
    let error = (variance(&of_positives)? / positives.len() as f64
        + variance(&of_negatives)? / negatives.len() as f64)
        .sqrt();
    Some(Estimate { value, ci95: Some([(value - Z95 * error).max(0.0), (value + Z95 * error).min(1.0)]) })
}

/// The ROC curve from (nothing is positive) to (everything is), one point a distinct score; empty without both classes.
pub fn curve(scores: &[Scored]) -> Vec<RocPoint> {
    let positives = scores.iter().filter(|(_, positive)| *positive).count();
    let negatives = scores.len() - positives;
    if positives == 0 || negatives == 0 {
        return Vec::new();
    }
    let mut ranked = scores.to_vec();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut points = vec![RocPoint { threshold: None, sensitivity: 0.0, specificity: 1.0 }];
    let (mut hits, mut alarms) = (0_usize, 0_usize);
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        hits += tied.iter().filter(|(_, positive)| *positive).count();
        alarms += tied.iter().filter(|(_, positive)| !*positive).count();
        points.push(RocPoint {
            threshold: Some(tied[0].0),
            sensitivity: hits as f64 / positives as f64,
            specificity: (negatives - alarms) as f64 / negatives as f64,
        });
    }
    points
}

/// The point of highest sensitivity whose specificity is still `specificity` or more. Nothing is interpolated: it is a
/// threshold that one could set.
pub fn at_specificity(scores: &[Scored], specificity: f64) -> Option<RocPoint> {
    // A share of whole rows such as 0.9 is not exact in floating point.
    let enough = |point: &&RocPoint| point.specificity >= specificity - 1e-9;
    let best = |a: &RocPoint, b: &RocPoint| {
        a.sensitivity.total_cmp(&b.sensitivity).then(a.specificity.total_cmp(&b.specificity))
    };
    curve(scores).iter().filter(enough).max_by(|a, b| best(a, b)).copied()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// The sample variance; `None` of fewer than two.
fn variance(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values.iter().copied());
    Some(values.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(positives: &[f64], negatives: &[f64]) -> Vec<Scored> {
        positives.iter().map(|&p| (p, true)).chain(negatives.iter().map(|&n| (n, false))).collect()
    }

    #[test]
    fn auc_counts_ties_half_and_needs_both_classes() {
        let check =
            |scores: &[(f64, bool)], expect: Option<f64>| assert_eq!(auc(scores), expect, "{scores:?}");
        check(&[(0.1, false), (0.9, true)], Some(1.0));
        check(&[(0.9, false), (0.1, true)], Some(0.0));
        check(&[(0.5, false), (0.5, true)], Some(0.5));
        check(&[(0.1, false), (0.4, true), (0.35, false), (0.8, true)], Some(1.0));
        check(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)], Some(0.75));
        check(&[(0.3, true)], None);
        check(&[], None);
    }

    /// Four cases of disease read 5, 4, 4, 2 and six without read 1, 2, 2, 3, 4, 1. By hand: the placements of the
    /// positives are 1, 11/12, 11/12, 1/2 (variance 0.0509259), those of the negatives 1, 7/8, 7/8, 3/4, 1/2, 1
    /// (variance 0.0354167), so that SE² = 0.0509259/4 + 0.0354167/6 = 0.13651².
    #[test]
    fn delong_is_what_is_worked_out_by_hand() {
        let estimate = delong(&scored(&[5.0, 4.0, 4.0, 2.0], &[1.0, 2.0, 2.0, 3.0, 4.0, 1.0])).unwrap();
        assert!((estimate.value - 20.0 / 24.0).abs() < 1e-12);
        let [low, high] = estimate.ci95.unwrap();
        let error = (estimate.value - low) / Z95;
        assert!((error - 0.13651).abs() < 1e-5, "{error}");
        assert_eq!(high, 1.0, "cut");
        assert_eq!(delong(&scored(&[1.0], &[0.0, 0.5])), None, "one row has no variance");
    }

    #[test]
    fn the_curve_takes_tied_scores_in_one_step() {
        let points = curve(&scored(&[0.9, 0.5], &[0.5, 0.1]));
        let seen: Vec<_> = points.iter().map(|p| (p.threshold, p.sensitivity, p.specificity)).collect();
        assert_eq!(
            seen,
            [(None, 0.0, 1.0), (Some(0.9), 0.5, 1.0), (Some(0.5), 1.0, 0.5), (Some(0.1), 1.0, 0.0)]
        );
    }

    #[test]
    fn the_operating_point_keeps_its_specificity() {
        // Ten negatives from 0.0 to 0.9: a specificity of 0.90 lets one of them lie above the threshold.
        let negatives: Vec<f64> = (0..10).map(|i| f64::from(i) / 10.0).collect();
        let check = |positives: &[f64], specificity: f64, expect: (Option<f64>, f64, f64)| {
            let point = at_specificity(&scored(positives, &negatives), specificity).unwrap();
            assert_eq!((point.threshold, point.sensitivity, point.specificity), expect, "{positives:?}");
        };
        check(&[0.95, 0.85, 0.75, 0.05], 0.90, (Some(0.85), 0.5, 0.9));
        check(&[0.95, 0.85, 0.75, 0.05], 1.0, (Some(0.95), 0.25, 1.0));
        // No threshold keeps it and finds anything: nothing is called positive.
        check(&[0.05], 0.90, (None, 0.0, 1.0));
        assert_eq!(at_specificity(&scored(&[0.3], &[]), 0.9), None);
    }
}
