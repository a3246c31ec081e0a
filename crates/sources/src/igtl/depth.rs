//! From 16 bits to the eight of a frame, without flicker.

/// How many bits a sample may have.
const DEPTHS: [u32; 5] = [8, 10, 12, 14, 16];

/// How many bits of 16 a stream uses. An image message does not say: the smallest usual depth that holds every value
/// seen so far is taken, so that grey levels change only when a brighter one comes, and never back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    bits: u32,
}

impl Default for Depth {
    fn default() -> Self {
        Self { bits: DEPTHS[0] }
    }
}

impl Depth {
    /// Takes in the largest value of an image.
    pub fn see(&mut self, largest: u16) {
        let needs = u16::BITS - largest.leading_zeros();
        self.bits = DEPTHS.into_iter().find(|bits| *bits >= needs.max(self.bits)).unwrap_or(u16::BITS);
    }

    /// The upper eight of the bits in use; what has more is white.
    #[must_use]
    pub fn eight_bits(&self, value: u16) -> u8 {
        u8::try_from(value >> (self.bits - u8::BITS)).unwrap_or(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_grows_with_what_is_seen_and_never_falls() {
        let mut depth = Depth::default();
        let mut check = |largest: u16, value: u16, expected: u8| {
            depth.see(largest);
            assert_eq!(depth.eight_bits(value), expected, "{value} after {largest}");
        };
        check(0, 255, 255);
        check(255, 255, 255);
        check(256, 1023, 255);
        check(4095, 4095, 255);
        check(200, 4095, 255);
        check(200, 2048, 128);
        check(65535, 65535, 255);
        check(0, 256, 1);
    }
}
