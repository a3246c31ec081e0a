//! Whether a probability is meant as it is said: reliability bins, expected calibration error, Brier score.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

use super::roc::Scored;
use super::{Estimate, FEWEST_GROUPS, wilson};

/// Bins of equal width between 0 and 1.
pub const BINS: usize = 10;
/// How often the outcomes of each supposed truth are drawn.
const DRAWS: usize = 600;
/// Truths are supposed from what is said, over what was seen, to this many times as far off, in so many steps.
const FARTHEST: f64 = 4.0;
const STEPS: usize = 64;
/// So many draws must be as low as what was seen, and so many as high: one in a hundred. One in forty, which would be 2.5 %, let the
/// interval hold no more than 83 % of true errors where they are large, as the way to the truth is itself read from noise.
const ENOUGH: usize = DRAWS / 100;

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

fn bin_of(probability: f64) -> usize {
    ((probability * BINS as f64) as usize).min(BINS - 1)
}

/// The reliability diagram: [`BINS`] bins of equal width.
pub fn reliability(scores: &[Scored]) -> Vec<Bin> {
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

/// [`expected_calibration_error`] of rows of patients, with [`error_interval`].
pub fn error_of<'a>(rows: impl Iterator<Item = (&'a str, Scored)>) -> Option<Estimate> {
    let (patients, scores): (Vec<&str>, Vec<Scored>) = rows.unzip();
    Some(Estimate { value: expected_calibration_error(&scores)?, ci95: error_interval(&scores, &patients) })
}

/// The 95 % interval of the true error, where every patient has all of their rows: `patients` names that of each. `None` of fewer than
/// [`FEWEST_GROUPS`] patients.
///
/// Noise alone makes distances, so that the value leans upwards (Bröcker, Climate Dynamics 39 (2012) 655), the more the fewer
/// rows there are, and resamples of it lean further: of the bootstrap's intervals, reflected or not, far fewer than 95 % hold the
/// truth. Here a test is inverted: the interval holds the errors of all supposed truths under which a value as low as the one seen,
/// and one as high, each come in one of a hundred draws. Supposed are truths that lie off what is said as was seen, more or less
/// far: bin by bin, and along a logistic fit (Cox, Biometrika 45 (1958) 562), whichever allows more. Of one patient all rows are
/// drawn alike, as they mostly show one lesion. The value itself may lie above all of it.
fn error_interval(scores: &[Scored], patients: &[&str]) -> Option<[f64; 2]> {
    let value = expected_calibration_error(scores)?;
    let numbers: BTreeMap<&str, usize> = patients.iter().map(|&patient| (patient, 0)).collect();
    let numbers: BTreeMap<&str, usize> =
        numbers.into_keys().enumerate().map(|(number, patient)| (patient, number)).collect();
    if numbers.len() < FEWEST_GROUPS {
        return None;
    }
    let of_rows: Vec<usize> = patients.iter().map(|patient| numbers[patient]).collect();
    let mut random = Pcg64Mcg::seed_from_u64(0);
    let draws: Vec<Vec<f64>> =
        (0..DRAWS).map(|_| (0..numbers.len()).map(|_| random.random::<f64>()).collect()).collect();
    let (by_bin, by_logit) = (gaps(scores), logistic_gaps(scores));
    let at = |share: f64| share * FARTHEST / STEPS as f64;
    let supposed = (0..=STEPS).flat_map(|step| {
        let far = at(step as f64);
        let bins: Vec<f64> =
            scores.iter().map(|(p, _)| (p - far * by_bin[bin_of(*p)]).clamp(0.0, 1.0)).collect();
        let logits =
            scores.iter().zip(&by_logit).map(|((p, _), off)| sigmoid(logit(*p) + far * off)).collect();
        [bins, logits]
    });
    let mut held: Option<[f64; 2]> = None;
    for truth in supposed {
        let (mut as_low, mut as_high) = (0, 0);
        for draw in &draws {
            let drawn = distance(scores, |row| f64::from(u8::from(draw[of_rows[row]] < truth[row])));
            as_low += usize::from(drawn <= value + 1e-12);
            as_high += usize::from(drawn >= value - 1e-12);
            if as_low.min(as_high) >= ENOUGH {
                break;
            }
        }
        if as_low.min(as_high) >= ENOUGH {
            let error = distance(scores, |row: usize| truth[row]);
            let [low, high] = held.unwrap_or([error; 2]);
            held = Some([low.min(error), high.max(error)]);
        }
    }
    // Nearer to what is said than even a perfect truth lets it come: at most what was seen.
    held.or(Some([0.0, value]))
}

/// [`expected_calibration_error`] of these probabilities with other outcomes, or with the probabilities that they have in truth.
fn distance(scores: &[Scored], outcome: impl Fn(usize) -> f64) -> f64 {
    let mut sums = [0.0_f64; BINS];
    for (row, (p, _)) in scores.iter().enumerate() {
        sums[bin_of(*p)] += p - outcome(row);
    }
    sums.iter().map(|sum| sum.abs()).sum::<f64>() / scores.len() as f64
}

/// By how much more is said than was so, in each bin.
fn gaps(scores: &[Scored]) -> [f64; BINS] {
    let bins = reliability(scores);
    std::array::from_fn(|at| match (bins[at].said, bins[at].observed) {
        (Some(said), Some(observed)) => said - observed.value,
        _ => 0.0,
    })
}

/// How much further up the logit of each row would have to be, by an offset and a slope: penalised maximum likelihood, which has an
/// answer where all rows of a few say the same.
fn logistic_gaps(scores: &[Scored]) -> Vec<f64> {
    let (mut offset, mut slope) = (0.0, 0.0);
    for _ in 0..50 {
        let (mut g0, mut g1, mut h00, mut h01, mut h11) = (-offset, -slope, 1.0, 0.0, 1.0);
        for &(p, positive) in scores {
            let x = logit(p);
            let q = sigmoid(x + offset + slope * x);
            let (missing, weight) = (f64::from(u8::from(positive)) - q, q * (1.0 - q));
            g0 += missing;
            g1 += missing * x;
            h00 += weight;
            h01 += weight * x;
            h11 += weight * x * x;
        }
        // Newton's step: the matrix is positive definite, as the penalty adds 1 to what cannot be negative.
        let determinant = h00 * h11 - h01 * h01;
        let step = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
        offset += step[0];
        slope += step[1];
        if step.iter().all(|side| side.abs() < 1e-9) {
            break;
        }
    }
    scores.iter().map(|(p, _)| offset + slope * logit(*p)).collect()
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
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

    /// How many of `sets` simulated sets of patients, each with `pictures`, have an interval that holds the true error. Logits are
    /// spread as those of `val` are; `truth` gives the probability that a lesion with this logit is malignant.
    fn held(sets: u64, [patients, pictures]: [usize; 2], truth: impl Fn(f64) -> f64) -> usize {
        let said = |random: &mut Pcg64Mcg| {
            // Twelve uniform numbers make a normal one.
            let normal = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            -1.2 + 2.0 * normal
        };
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let mut gaps = [0.0; BINS];
        const MANY: usize = 100_000;
        for _ in 0..MANY {
            let x = said(&mut random);
            gaps[bin_of(sigmoid(x))] += sigmoid(x) - truth(x);
        }
        let error = gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / MANY as f64;
        let names: Vec<String> = (0..patients).map(|patient| patient.to_string()).collect();
        let holds = (0..sets).filter(|set| {
            let mut random = Pcg64Mcg::seed_from_u64(100 + set);
            let (mut scores, mut of) = (Vec::new(), Vec::new());
            for name in &names {
                let (x, drawn) = (said(&mut random), random.random::<f64>());
                scores.extend(vec![(sigmoid(x), drawn < truth(x)); pictures]);
                of.extend(vec![name.as_str(); pictures]);
            }
            let [low, high] = error_interval(&scores, &of).unwrap();
            // Between two steps of the supposed truths lies less than this.
            low - 2e-3 <= error && error <= high + 2e-3
        });
        holds.count()
    }

    /// How likely a lesion of a logit is malignant.
    type Truth = fn(f64) -> f64;

    const TRUTHS: [(&str, Truth); 6] = [
        ("as said", sigmoid),
        ("a little more", |x| sigmoid(x + 0.3)),
        ("more", |x| sigmoid(x + 0.6)),
        ("flatter", |x| sigmoid(0.7 * x)),
        ("much flatter", |x| sigmoid(0.4 * x)),
        ("more and less in turn", |x| {
            let p = sigmoid(x);
            p + 0.6 * p * (1.0 - p) * (4.0 * std::f64::consts::PI * p).sin()
        }),
    ];

    #[test]
    fn the_interval_holds_the_true_error_of_as_few_pictures_as_the_smallest_set_has() {
        for (name, truth) in TRUTHS {
            let held = held(40, [28, 1], truth);
            assert!(held >= 36, "{name}: {held} of 40");
        }
    }

    #[test]
    #[ignore = "a minute, built with --release; its counts are in docs/BENCHMARKS.md"]
    fn the_interval_holds_the_true_error_of_many_pictures() {
        for (name, truth) in TRUTHS {
            for set in [[28, 1], [354, 1], [177, 2]] {
                let held = held(200, set, truth);
                println!("{name}, {set:?}: {held} of 200");
                assert!(held >= 180, "{name}, {set:?}: {held} of 200");
            }
        }
    }

    #[test]
    fn of_few_patients_the_error_has_no_interval() {
        let names: Vec<String> = (0..10).map(|patient| patient.to_string()).collect();
        let of = |patients: usize| {
            let names: Vec<&str> = names.iter().take(patients).map(String::as_str).cycle().take(20).collect();
            error_interval(&[(0.5, true); 20], &names)
        };
        assert_eq!((of(9), error_interval(&[], &[])), (None, None));
        let [low, high] = of(10).unwrap();
        assert!(low > 0.1 && high >= 0.5, "all at one half are malignant: {low} to {high}");
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
