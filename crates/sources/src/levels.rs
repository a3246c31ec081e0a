//! From the limited range of video to the full range of grey levels.

/// 16 to 235 as 0 to 255 (BT.601 and BT.709 alike); what lies outside is black or white.
pub(crate) const FULL_FROM_LIMITED: [u8; 256] = table();

const fn table() -> [u8; 256] {
    let mut levels = [0; 256];
    let mut level = 0;
    while level < levels.len() {
        let above_black = level.saturating_sub(16);
        let full = (above_black * 255 + 109) / 219;
        levels[level] = if full > 255 { 255 } else { full as u8 };
        level += 1;
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_and_what_lies_between() {
        for level in 0..=255_u8 {
            let expected = ((f64::from(level) - 16.0) * 255.0 / 219.0).round().clamp(0.0, 255.0) as u8;
            assert_eq!(FULL_FROM_LIMITED[usize::from(level)], expected, "{level}");
        }
    }
}
