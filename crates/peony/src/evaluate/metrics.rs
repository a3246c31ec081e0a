//! The statistics of the evaluation: Dice, area under the ROC curve, and bootstrap over patients.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

/// Resamples of the bootstrap; 1,000 place the ends of a 95 % interval within about a tenth of its width.
const RESAMPLES: usize = 1000;

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Estimate {
    /// The figure on all pictures.
    pub value: f64,
    /// Percentile interval of the bootstrap over groups.
    pub ci95: [f64; 2],
}

/// Overlap of two masks of the same size: `2 |A ∩ B| / (|A| + |B|)`, 1 where both are empty.
pub fn dice(a: &[bool], b: &[bool]) -> f64 {
    let both = a.iter().zip(b).filter(|&(&a, &b)| a && b).count();
    let sum = a.iter().filter(|&&a| a).count() + b.iter().filter(|&&b| b).count();
    if sum == 0 { 1.0 } else { 2.0 * both as f64 / sum as f64 }
}

/// Area under the ROC curve as the Mann–Whitney statistic, ties counted half; `None` without both classes.
pub fn auc(scores: &[(f64, bool)]) -> Option<f64> {
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

/// A statistic with its interval: whole groups (patients) are drawn with replacement, so that several pictures of
/// one patient are not taken for several patients. `None` where the statistic has no value on all pictures.
pub fn bootstrap<T: Clone>(
    rows: &[T],
    group_of: impl Fn(&T) -> &str,
    statistic: impl Fn(&[T]) -> Option<f64>,
) -> Option<Estimate> {
    let value = statistic(rows)?;
    let mut groups: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for row in rows {
        groups.entry(group_of(row)).or_default().push(row);
    }
    let groups: Vec<Vec<&T>> = groups.into_values().collect();
    let mut random = Pcg64Mcg::seed_from_u64(0);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let drawn: Vec<T> = (0..groups.len())
                .flat_map(|_| groups[random.random_range(0..groups.len())].iter().map(|&row| row.clone()))
                .collect();
            statistic(&drawn)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at =
        |quantile: f64| values.get((quantile * (values.len().max(1) - 1) as f64).round() as usize).copied();
    Some(Estimate { value, ci95: [at(0.025).unwrap_or(value), at(0.975).unwrap_or(value)] })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn dice_of_halves_is_a_half() {
        assert_eq!(dice(&[true, true, false, false], &[false, true, true, false]), 0.5);
        assert_eq!(dice(&[false; 4], &[false; 4]), 1.0);
        assert_eq!(dice(&[true; 4], &[false; 4]), 0.0);
    }

    #[test]
    fn the_interval_is_over_patients_not_pictures() {
        // Ten patients, alternately all right and all wrong, with one or with forty pictures each: the pictures
        // add nothing, so the interval must not shrink.
        let width = |pictures: usize| {
            let rows: Vec<(String, f64)> = (0..10)
                .flat_map(|patient| {
                    std::iter::repeat_n((patient.to_string(), f64::from(patient % 2)), pictures)
                })
                .collect();
            let mean = |rows: &[(String, f64)]| {
                Some(rows.iter().map(|(_, value)| value).sum::<f64>() / rows.len() as f64)
            };
            let estimate = bootstrap(&rows, |row| &row.0, mean).unwrap();
            assert!((estimate.value - 0.5).abs() < 1e-9);
            estimate.ci95[1] - estimate.ci95[0]
        };
        assert!(width(1) > 0.4);
        assert!((width(1) - width(40)).abs() < 1e-9);
    }
}
