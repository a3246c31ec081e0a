//! The statistics of the evaluation, pure: nothing here knows of pictures or tables.
//!
//! This file has the intervals (bootstrap over patients, Wilson) and Dice; its neighbours have one family each.

pub mod agreement;
pub mod calibration;
pub mod detection;
pub mod roc;

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

/// Resamples of the bootstrap; 1,000 place the ends of a 95 % interval within about a tenth of its width.
const RESAMPLES: usize = 1000;
/// Groups (patients) below which resampling them says too little for an interval: it would look narrow, or be nothing.
const FEWEST_GROUPS: usize = 10;
/// The normal quantile of a two-sided 95 % interval.
const Z95: f64 = 1.959_963_984_540_054;

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure on all rows.
    pub value: f64,
    /// Its interval, low then high; `None` where there are too few patients for one.
    pub ci95: Option<[f64; 2]>,
}

/// Overlap of two masks of the same size: `2 |A ∩ B| / (|A| + |B|)`, 1 where both are empty.
pub fn dice(a: &[bool], b: &[bool]) -> f64 {
    let both = a.iter().zip(b).filter(|&(&a, &b)| a && b).count();
    let sum = a.iter().filter(|&&a| a).count() + b.iter().filter(|&&b| b).count();
    if sum == 0 { 1.0 } else { 2.0 * both as f64 / sum as f64 }
}

/// A share with Wilson's score interval (1927), which also holds for few and for extreme counts; `None` of nothing.
pub fn wilson(count: usize, of: usize) -> Option<Estimate> {
    if of == 0 {
        return None;
    }
    let (share, n, z2) = (count as f64 / of as f64, of as f64, Z95 * Z95);
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Some(Estimate { value: share, ci95: Some([(centre - half).max(0.0), (centre + half).min(1.0)]) })
}

/// A statistic with the percentile interval of the bootstrap, 2.5 to 97.5: whole groups (patients) are drawn with replacement, so
/// that several pictures of one patient are not taken for several patients. `None` where the statistic has no value
/// on all rows.
pub fn bootstrap<T>(
    rows: &[T],
    group_of: impl Fn(&T) -> &str,
    statistic: impl Fn(&[&T]) -> Option<f64>,
) -> Option<Estimate> {
    let value = statistic(&rows.iter().collect::<Vec<_>>())?;
    let mut groups: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for row in rows {
        groups.entry(group_of(row)).or_default().push(row);
    }
    if groups.len() < FEWEST_GROUPS {
        return Some(Estimate { value, ci95: None });
    }
    let groups: Vec<Vec<&T>> = groups.into_values().collect();
    let mut random = Pcg64Mcg::seed_from_u64(0);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let drawn: Vec<&T> = (0..groups.len())
                .flat_map(|_| groups[random.random_range(0..groups.len())].iter().copied())
                .collect();
            statistic(&drawn)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at =
        |quantile: f64| values.get((quantile * (values.len().max(1) - 1) as f64).round() as usize).copied();
    Some(Estimate { value, ci95: Some([at(0.025).unwrap_or(value), at(0.975).unwrap_or(value)]) })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let mean = |rows: &[&(String, f64)]| {
                Some(rows.iter().map(|(_, value)| value).sum::<f64>() / rows.len() as f64)
            };
            let estimate = bootstrap(&rows, |row| &row.0, mean).unwrap();
            assert!((estimate.value - 0.5).abs() < 1e-9);
            let [low, high] = estimate.ci95.unwrap();
            high - low
        };
        assert!(width(1) > 0.4);
        assert!((width(1) - width(40)).abs() < 1e-9);
    }

    #[test]
    fn of_few_patients_there_is_a_value_and_no_interval() {
        let all_right = |patients: usize| {
            let rows: Vec<String> = (0..patients).map(|patient| patient.to_string()).collect();
            bootstrap(&rows, |row| row, |_| Some(1.0)).unwrap()
        };
        assert_eq!(all_right(9), Estimate { value: 1.0, ci95: None });
        assert_eq!(all_right(10).ci95, Some([1.0, 1.0]));
    }

    #[test]
    fn wilson_gives_the_published_intervals() {
        let check = |count, of, expect: [f64; 2]| {
            let found = wilson(count, of).unwrap();
            assert_eq!(found.value, count as f64 / of as f64);
            for (found, expect) in found.ci95.unwrap().into_iter().zip(expect) {
                assert!((found - expect).abs() < 5e-4, "{count} of {of}: {found} is not {expect}");
            }
        };
        check(45, 50, [0.786, 0.957]);
        check(88, 100, [0.802, 0.930]);
        // Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3.
        check(81, 263, [0.2553, 0.3662]);
        check(15, 148, [0.0624, 0.1605]);
        check(0, 20, [0.0, 0.1611]);
        check(1, 29, [0.0061, 0.1718]);
        assert_eq!(wilson(0, 0), None);
    }
}
