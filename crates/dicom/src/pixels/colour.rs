//! YBR_FULL to RGB.

/// The inverse of PS3.3 §C.7.6.3.1.2 (ITU-T T.871): full range, chroma centred on 128, in place.
pub(super) fn rgb_from_ybr_full(pixels: &mut [u8]) {
    for pixel in pixels.chunks_exact_mut(3) {
        let [y, cb, cr] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
        let (cb, cr) = (cb - 128.0, cr - 128.0);
        // The float to integer conversion saturates, which is the clamp that T.871 asks for.
        pixel[0] = (y + 1.402 * cr + 0.5) as u8;
        pixel[1] = (y - 0.114 * 1.772 / 0.587 * cb - 0.299 * 1.402 / 0.587 * cr + 0.5) as u8;
        pixel[2] = (y + 1.772 * cb + 0.5) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ybr_full_becomes_rgb() {
        let check = |ybr: [u8; 3], rgb: [u8; 3]| {
            let mut pixel = ybr;
            rgb_from_ybr_full(&mut pixel);
            assert_eq!(pixel, rgb, "{ybr:?}");
        };
        check([0, 128, 128], [0, 0, 0]);
        check([255, 128, 128], [255, 255, 255]);
        check([76, 85, 255], [254, 0, 0]); // red, as T.871 rounds it
        check([29, 255, 107], [0, 0, 254]);
        check([255, 255, 255], [255, 121, 255]);
    }
}
