//! A bounded memory of values between two limits.

/// Counts of values in equal bins; what lies outside falls into the outermost.
#[derive(Debug, Clone)]
pub struct Histogram {
    low: f32,
    high: f32,
    counts: Vec<f32>,
}

impl Histogram {
    /// An empty histogram of `bins` bins between `low` and `high`.
    pub fn new(low: f32, high: f32, bins: usize) -> Self {
        Self { low, high, counts: vec![0.0; bins.max(1)] }
    }

    fn width(&self) -> f32 {
        (self.high - self.low) / self.counts.len() as f32
    }

    /// Count a value.
    pub fn add(&mut self, value: f32) {
        let bin = ((value - self.low) / self.width()).max(0.0) as usize;
        let last = self.counts.len() - 1;
        self.counts[bin.min(last)] += 1.0;
    }

    /// Make what was counted so far weigh less.
    pub fn fade(&mut self, factor: f32) {
        self.counts.iter_mut().for_each(|count| *count *= factor);
    }

    /// The middle of the bin below which `share` of the values lie; `None` when empty.
    pub fn quantile(&self, share: f32) -> Option<f32> {
        let total: f32 = self.counts.iter().sum();
        let mut below = 0.0;
        for (bin, count) in self.counts.iter().enumerate() {
            below += count;
            if total > 0.0 && below >= share * total && *count > 0.0 {
                return Some(self.low + (bin as f32 + 0.5) * self.width());
            }
        }
        None
    }

    /// The middle of the fullest three neighbouring bins; `None` when empty.
    pub fn mode(&self) -> Option<f32> {
        let around = |bin: usize| {
            self.counts[bin.saturating_sub(1)..(bin + 2).min(self.counts.len())].iter().sum::<f32>()
        };
        let best = (0..self.counts.len()).max_by(|&a, &b| around(a).total_cmp(&around(b)))?;
        (around(best) > 0.0).then(|| self.low + (best as f32 + 0.5) * self.width())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_mode_of_known_values() {
        let mut histogram = Histogram::new(0.0, 1.0, 100);
        assert_eq!((histogram.quantile(0.5), histogram.mode()), (None, None));
        (0..1000).for_each(|i| histogram.add(i as f32 / 1000.0));
        for share in [0.025, 0.5, 0.975] {
            assert!((histogram.quantile(share).unwrap() - share).abs() < 0.011);
        }
        (0..500).for_each(|_| histogram.add(0.7));
        assert!((histogram.mode().unwrap() - 0.7).abs() < 0.02);
        histogram.add(f32::NAN);
        histogram.add(9.0);
        assert!(histogram.quantile(1.0).unwrap() < 1.0);
    }
}
