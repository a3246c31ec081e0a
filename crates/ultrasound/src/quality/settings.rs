//! Whether the machine's focus and depth suit the lesion that is looked at.

use std::ops::Range;

use image::GrayImage;
use peony_imaging::PixelRect;
use peony_model::{BoxPx, QualityCode, QualityIssue};

use crate::pipeline::View;

/// Bands of depth in which the fineness across is measured.
const BANDS: usize = 8;
/// Bands darker than this hold noise, which is as fine as pixels.
const DARK: f32 = 30.0;
/// The least share of a band's width beside the lesion that says how fine its depth is.
const LEAST_SHARE: f32 = 0.25;
/// Detail across at the lesion's depth is less than this share of that at the finest depth. Of 368 stills 5 % are below, half
/// above 0.8: what is told is gross, and the focus of a machine that shows two and a half times the width passes.
const FOCUS_OFF: f32 = 0.36;
/// A lesion that ends lower than this share of the depth is not seen to its end, nor what lies behind it.
const TOO_SHALLOW: f32 = 0.97;
/// A picture deeper than this, mm, is mostly of what lies behind a lesion that ends within its upper [`TOO_DEEP`].
const DEEP_MM: f32 = 60.0;
const TOO_DEEP: f32 = 0.25;

/// The faults of the settings for a lesion that was found within the picture's `area`.
pub(super) fn unfit_for(view: &View<'_>, area: PixelRect, lesion: BoxPx) -> Vec<QualityIssue> {
    let focus = focus(&view.luma, area, lesion).filter(|share| *share < FOCUS_OFF);
    let focus = focus.map(|share| QualityIssue::new(QualityCode::FocusOff).with_figure(share, FOCUS_OFF));
    let end = (lesion.max.y - area.y as f32) / area.height as f32;
    let scale = view.spacing.within(area.to_box_px().inflate(-1.0, -1.0));
    let depth_mm = scale.map(|mm_per_px| area.height as f32 * mm_per_px.y());
    let limit = if end > TOO_SHALLOW {
        Some(TOO_SHALLOW)
    } else {
        depth_mm.filter(|depth| *depth > DEEP_MM && end < TOO_DEEP).map(|_| TOO_DEEP)
    };
    let depth = limit.map(|limit| QualityIssue::new(QualityCode::DepthOff).with_figure(end, limit));
    focus.into_iter().chain(depth).collect()
}

/// Detail across at the lesion's depth over that at the finest depth, 0..=1, measured beside the lesion: within it there may
/// be nothing but noise. `None` where too little lies beside it, or where only one depth is bright enough to tell.
///
/// Speckle is as wide as the beam (Wagner 1983), so it is finest at the focus.
pub(super) fn focus(luma: &GrayImage, area: PixelRect, lesion: BoxPx) -> Option<f32> {
    let (x0, x1) = (area.x as usize, (area.x + area.width) as usize);
    let margin = 0.02 * area.width as f32;
    let left = x0..((lesion.min.x - margin).max(0.0) as usize).clamp(x0, x1);
    let right = ((lesion.max.x + margin) as usize).clamp(x0, x1)..x1;
    if ((left.len() + right.len()) as f32) < LEAST_SHARE * area.width as f32 {
        return None;
    }
    let rows = |band: usize| {
        let row = |band: usize| area.y as usize + area.height as usize * band / BANDS;
        row(band)..row(band + 1)
    };
    let (spans, little) = ([left, right], (area.width as usize / 160).max(1));
    let fine: Vec<Option<f32>> = (0..BANDS).map(|band| fineness(luma, rows(band), &spans, little)).collect();
    let middle = ((lesion.min.y + lesion.max.y) / 2.0 - area.y as f32) / area.height as f32;
    let at = ((middle * BANDS as f32) as usize).min(BANDS - 1);
    // The first band is the skin and its reverberation. The finest of the others may be noise, or text.
    let mut told: Vec<f32> = fine.iter().skip(1).flatten().copied().collect();
    told.sort_by(f32::total_cmp);
    let best = told.get(told.len().checked_sub(2)?).copied().filter(|_| told.len() >= 3)?;
    (at > 0).then_some((fine[at]? / best.max(1e-6)).min(1.0))
}

/// The mean square of differences a little apart over that of four times as far, across; `None` where it is dark. A little
/// is 1/160 of the picture's width, about 0.25 mm: less than the speckle of any focus, so that pixels do not matter.
fn fineness(luma: &GrayImage, rows: Range<usize>, spans: &[Range<usize>; 2], little: usize) -> Option<f32> {
    let stride = luma.width() as usize;
    let (mut near, mut far, mut sum, mut count) = (0_u64, 0_u64, 0_u64, 0_u64);
    for row in rows.step_by(3) {
        for span in spans {
            let pixels = &luma.as_raw()[row * stride + span.start..row * stride + span.end];
            let all = pixels.iter().zip(pixels.iter().skip(little)).zip(pixels.iter().skip(4 * little));
            for ((&here, &beside), &away) in all {
                near += u64::from(u32::from(here.abs_diff(beside)).pow(2));
                far += u64::from(u32::from(here.abs_diff(away)).pow(2));
                sum += u64::from(here);
                count += 1;
            }
        }
    }
    (sum as f32 > DARK * count.max(1) as f32).then(|| near as f32 / far.max(1) as f32)
}

#[cfg(test)]
mod tests {
    use image::Luma;
    use peony_model::{CalibrationSource, Frame, MmPerPx, Pixels, PointPx, Spacing};

    use super::*;
    use crate::pipeline::Mode;
    use crate::steady::Time;

    /// Speckle of 320 × 400, drawn out across by `wide(row)` pixels.
    fn speckle(wide: impl Fn(u32) -> u32) -> GrayImage {
        let noise = |x: u32, y: u32| {
            let h = (x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B)).wrapping_mul(0x2C1B_3C6D);
            (h >> 24) % 120
        };
        GrayImage::from_fn(320, 400, |x, y| {
            let width = wide(y);
            let sum: u32 = (x..x + width).map(|x| noise(x, y)).sum();
            Luma([(60 + sum / width) as u8])
        })
    }

    fn lesion(top: f32, bottom: f32) -> BoxPx {
        BoxPx::new(PointPx::new(120.0, top), PointPx::new(200.0, bottom))
    }

    #[test]
    fn the_focus_is_off_where_speckle_is_wide_at_the_lesions_depth_and_not_elsewhere() {
        let area = PixelRect::whole(320, 400);
        let check = |wide: fn(u32) -> u32, at: BoxPx, off: bool| {
            let share = focus(&speckle(wide), area, at).unwrap();
            assert_eq!(share < FOCUS_OFF, off, "{share} at {at:?}");
        };
        check(|_| 3, lesion(220.0, 280.0), false);
        check(|row| if row > 180 { 14 } else { 3 }, lesion(220.0, 280.0), true);
        check(|row| if row > 180 { 14 } else { 3 }, lesion(80.0, 140.0), false);
        check(|row| 3 + row / 200, lesion(220.0, 280.0), false);
        assert_eq!(focus(&GrayImage::new(320, 400), area, lesion(220.0, 280.0)), None, "a black picture");
        let all = BoxPx::new(PointPx::new(0.0, 100.0), PointPx::new(320.0, 200.0));
        assert_eq!(focus(&speckle(|_| 3), area, all), None, "nothing beside the lesion");
    }

    #[test]
    fn the_depth_is_off_where_a_lesion_ends_at_the_bottom_or_lies_at_the_top_of_a_deep_picture() {
        let told = |mm_per_px: f32, at: BoxPx| {
            let spacing = MmPerPx::new(mm_per_px, mm_per_px, CalibrationSource::Entered).unwrap();
            let frame = Frame {
                index: 0,
                time_ns: 0,
                pixels: Pixels::Luma8(speckle(|_| 3)),
                spacing: Spacing::Uniform(spacing),
            };
            let (luma, spacing) = (frame.luma(), frame.spacing.clone());
            let view = View {
                frame: &frame,
                luma,
                spacing,
                mode: Mode::Still,
                calibration: None,
                time: Time::default(),
            };
            unfit_for(&view, PixelRect::whole(320, 400), at)
                .iter()
                .any(|issue| issue.code == QualityCode::DepthOff)
        };
        assert!(told(0.1, lesion(340.0, 395.0)), "its end is not seen");
        assert!(!told(0.1, lesion(180.0, 240.0)));
        assert!(told(0.2, lesion(40.0, 80.0)), "80 mm for a lesion in the first 16");
        assert!(!told(0.1, lesion(40.0, 80.0)));
    }
}
