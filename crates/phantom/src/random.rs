//! Numbers drawn by counting, so that any of them can be had without drawing those before it.
//!
//! A frame must depend on the seed and the pose only. Lattice values are therefore hashed from their
//! coordinates; streams are used only where an order is part of the definition (the parameters of one breast).
//! The generator is SplitMix64 (Steele, Lea, Flood 2014), written here because its values are part of what a
//! seed means: they may not change with a dependency.

/// The finaliser of SplitMix64: a bijection of 64 bits that leaves no visible order.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A seed for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)))
    }

    /// The key of one purpose under this one.
    pub(crate) const fn purpose(self, number: u64) -> Self {
        Self(mix(self.0 ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93).wrapping_add(0x2545_f491_4f6c_dd1d)))
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// The 64 bits at a lattice point.
    #[inline]
    pub(crate) const fn lattice(self, i: i32, j: i32, k: i32) -> u64 {
        let packed = (i as u32 as u64)
            ^ (j as u32 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (k as u32 as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
        mix(self.0 ^ packed)
    }

    pub(crate) const fn stream(self) -> Stream {
        Stream(self.0)
    }
}

/// A number of zero mean and unit variance, near enough to normal for tissue: four uniform ones added.
#[inline]
pub(crate) fn normal_of(bits: u64) -> f32 {
    let sum = (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
    // Four uniform numbers on 0..65535 have mean 131070 and standard deviation 65535 / sqrt(3).
    (sum as f32 - 131_070.0) * (1.732_050_8 / 65_535.0)
}

/// Numbers in an order.
#[derive(Debug, Clone)]
pub(crate) struct Stream(u64);

impl Stream {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Uniform in `low..high`.
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.bits() >> 40) as f32 * (1.0 / 16_777_216.0);
        low + (high - low) * unit
    }

    pub(crate) fn normal(&mut self) -> f32 {
        normal_of(self.bits())
    }

    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.range(0.0, 1.0) < probability
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((self.bits() >> 32) as usize * count) >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_zero_mean_and_unit_variance() {
        let mut stream = Key::new(5).stream();
        let numbers: Vec<f64> = (0..100_000).map(|_| f64::from(stream.normal())).collect();
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let variance = numbers.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.02, "mean {mean}, variance {variance}");
    }
}
