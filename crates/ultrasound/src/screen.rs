//! The scale that is not in the frame: read off the ruler on the screen, or worked out from a depth that a person entered.
//!
//! No digit is read. A ruler gives a scale only where the pattern of its strokes, or a believable depth, leaves one reading;
//! else the scale stays unknown, and sizes stay in pixels.

use std::ops::RangeInclusive;

use image::GrayImage;
use peony_imaging::{PixelRect, Ruler, RulerReader};
use peony_model::{BoxPx, CalibrationSource, MmPerPx, Spacing, SpacingError};

use crate::pipeline::Mode;

/// Depths that a breast is scanned at, mm.
const DEPTHS_MM: RangeInclusive<f32> = 20.0..=100.0;
/// A depth this near to a limit of [`DEPTHS_MM`] counts as on either side of it: the picture's end is not known to the pixel.
const SLACK: f32 = 0.05;
/// Frames in a row that must read the same: half a second.
const PATIENCE: u32 = 15;
/// Two readings within this share are the same.
const SAME: f32 = 0.01;
/// Pixels are as wide as they are high within this share, or a ruler across the picture is not believed, nor the one beside it.
const ISOTROPIC: f32 = 0.02;
/// Frames without its ruler that a scale is remembered for, unused: something passed over it.
const REMEMBERED: u32 = 30;
/// While there is no scale, every so many frames are read: reading takes longer than looking whether a ruler is still there.
const READ_EVERY: u32 = 3;

/// The scale of a picture `depth_mm` deep that fills `picture_px` from its top to its bottom, as a person enters the depth
/// that the machine shows.
///
/// # Errors
/// [`SpacingError`] where no ultrasound machine has such pixels.
pub fn spacing_from_depth(picture_px: BoxPx, depth_mm: f32) -> Result<Spacing, SpacingError> {
    let mm = depth_mm / picture_px.height();
    MmPerPx::new(mm, mm, CalibrationSource::Entered).map(Spacing::Uniform)
}

/// A ruler beside a picture whose depth was entered must stand still for so many frames before its going means anything: two
/// seconds, in which no speckle does.
const STANDS: u32 = 60;

/// A scale that a person entered, and what the screen showed then.
#[derive(Debug)]
struct Entered {
    mm_per_px: MmPerPx,
    /// A ruler beside the picture, whether or not it gives a scale, and for how many frames it has stood still.
    beside: Option<(Ruler, u32)>,
    missing: u32,
}

/// What the past frames left of the ruler.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    reader: RulerReader,
    /// A ruler that was read, its scale, and in how many frames.
    candidate: Option<(Ruler, MmPerPx, u32)>,
    held: Option<(Ruler, MmPerPx)>,
    missing: u32,
    frames: u32,
    entered: Option<Entered>,
}

impl Screen {
    /// The spacing of a frame: its own where it has one, else that of the ruler beside the picture, once it was read the same
    /// over half a second and as long as that ruler is drawn. `area` is where the picture was on the frame before.
    ///
    /// A scale that a person entered holds as long as the ruler that was on the screen then is: where another depth is set at the
    /// machine, that ruler goes, and what was entered is believed no more, until the ruler comes again. On a screen without any ruler
    /// nothing tells that the depth was changed.
    ///
    /// A still has no half second, so it gets none from a ruler.
    pub fn spacing(
        &mut self,
        own: &Spacing,
        luma: &GrayImage,
        area: Option<PixelRect>,
        mode: Mode,
    ) -> Spacing {
        let entered = match own {
            Spacing::Uniform(mm_per_px) if mm_per_px.source() == CalibrationSource::Entered => {
                Some(*mm_per_px)
            }
            _ => None,
        };
        if mode == Mode::Still || (*own != Spacing::Unknown && entered.is_none()) {
            *self = Self::default();
            return own.clone();
        }
        let Some(mm_per_px) = entered else {
            self.entered = None;
            return self.of_ruler(luma, area);
        };
        if self.holds(mm_per_px, luma, area) { own.clone() } else { self.of_ruler(luma, area) }
    }

    /// Whether a scale that was entered is still that of the picture.
    fn holds(&mut self, mm_per_px: MmPerPx, luma: &GrayImage, area: Option<PixelRect>) -> bool {
        let entered = match &mut self.entered {
            Some(entered) if entered.mm_per_px == mm_per_px => entered,
            _ => {
                // A ruler that was read before the depth was entered, and not believed by the person, is the one to watch.
                let beside = self.held.take().map(|(ruler, _)| (ruler, STANDS));
                self.entered.insert(Entered { mm_per_px, beside, missing: 0 })
            }
        };
        match &mut entered.beside {
            Some((ruler, stood)) if ruler.is_on(luma) => {
                *stood = stood.saturating_add(1);
                entered.missing = 0;
            }
            Some((_, stood)) if *stood < STANDS => entered.beside = None,
            Some(_) => entered.missing = entered.missing.saturating_add(1),
            None => {
                self.frames = self.frames.wrapping_add(1);
                if let Some(area) = area.filter(|_| self.frames.is_multiple_of(READ_EVERY)) {
                    entered.beside = self.reader.read(luma, area).map(|ruler| (ruler, 1));
                }
            }
        }
        entered.missing <= REMEMBERED
    }

    fn of_ruler(&mut self, luma: &GrayImage, area: Option<PixelRect>) -> Spacing {
        if let Some((ruler, mm_per_px)) = &self.held {
            if ruler.is_on(luma) {
                self.missing = 0;
                return Spacing::Uniform(*mm_per_px);
            }
            self.missing += 1;
            if self.missing > REMEMBERED {
                (self.held, self.missing) = (None, 0);
            }
        }
        if let Some(area) = area {
            self.look(luma, area);
        }
        Spacing::Unknown
    }

    /// Look for a ruler that can be believed.
    fn look(&mut self, luma: &GrayImage, area: PixelRect) {
        if let Some((ruler, mm_per_px, seen)) = self.candidate.take_if(|(ruler, ..)| ruler.is_on(luma)) {
            if seen < PATIENCE {
                self.candidate = Some((ruler, mm_per_px, seen + 1));
            } else if self.reads_again(luma, area, mm_per_px) {
                (self.held, self.missing) = (Some((ruler, mm_per_px)), 0);
            }
            return;
        }
        self.candidate = None;
        self.frames = self.frames.wrapping_add(1);
        if self.frames.is_multiple_of(READ_EVERY) {
            let read = self.reader.read(luma, area);
            self.candidate =
                read.and_then(|ruler| believed(&ruler, area).map(|mm_per_px| (ruler, mm_per_px, 1)));
        }
    }

    /// Whether the picture as it lies now, which may have been found better meanwhile, gives the same scale.
    fn reads_again(&mut self, luma: &GrayImage, area: PixelRect, before: MmPerPx) -> bool {
        self.read(luma, area).is_some_and(|(_, again)| (again.y() / before.y() - 1.0).abs() <= SAME)
    }

    /// A ruler that can be believed: one across the picture, where there is one, says the same.
    fn read(&mut self, luma: &GrayImage, area: PixelRect) -> Option<(Ruler, MmPerPx)> {
        let ruler = self.reader.read(luma, area)?;
        let mm_per_px = believed(&ruler, area)?;
        let across = self.reader.read_across(luma, area);
        let differs = |(step, every): (f32, [usize; 2])| {
            every == ruler.every && (step / ruler.step_px - 1.0).abs() > ISOTROPIC
        };
        (!across.is_some_and(differs)).then_some((ruler, mm_per_px))
    }
}

/// The scale of a ruler beside a picture, where only one can be meant.
fn believed(ruler: &Ruler, area: PixelRect) -> Option<MmPerPx> {
    // What the shortest distance may be, mm.
    let steps: &[f32] = match ruler.every {
        [2, 1] | [2, 4 | 20] => &[5.0],
        [10, 1] | [5, 10] => &[1.0],
        // Five millimetres and longer at the centimetre, twice as much, or centimetres and longer at each fifth.
        [5, 1] => &[1.0, 2.0, 10.0],
        // Strokes of one length may be anything that vendors draw.
        [1, 1] => &[1.0, 5.0, 10.0],
        _ => return None,
    };
    let depth = |step: f32| step * area.height as f32 / ruler.step_px;
    let (low, high) = (DEPTHS_MM.start(), DEPTHS_MM.end());
    let possible = |step: &&f32| (low * (1.0 - SLACK)..=high * (1.0 + SLACK)).contains(&depth(**step));
    let mut left = steps.iter().filter(possible);
    let (Some(step), None) = (left.next(), left.next()) else { return None };
    let mm = DEPTHS_MM.contains(&depth(*step)).then(|| step / ruler.step_px)?;
    MmPerPx::new(mm, mm, CalibrationSource::Ruler).ok()
}

#[cfg(test)]
mod tests {
    use peony_model::PointPx;

    use super::*;

    #[test]
    fn only_what_leaves_one_reading_is_a_scale() {
        let check = |every: [usize; 2], strokes: f32, expect: Option<f32>| {
            let ruler =
                Ruler { column: 0, first_px: 0.0, step_px: 400.0 / strokes, count: strokes as usize, every };
            let area = PixelRect::whole(300, 400);
            let depth_mm = believed(&ruler, area).map(|mm| (mm.y() * 400.0).round());
            assert_eq!(depth_mm, expect, "{every:?}, {strokes} strokes");
        };
        check([2, 1], 8.0, Some(40.0)); // 5 mm, longer at the centimetre
        check([10, 1], 38.0, Some(38.0)); // millimetres, longer at the centimetre
        check([5, 10], 45.0, Some(45.0)); // millimetres, longer at five and ten
        check([5, 1], 60.0, Some(60.0)); // as 2 mm it would be 120 mm deep
        check([5, 1], 40.0, None); // 40 mm by millimetres or 80 by two
        check([1, 1], 15.0, Some(75.0)); // by centimetres it would be 150
        check([1, 1], 8.0, None); // 40 by five millimetres or 80 by centimetres
        check([1, 1], 3.5, Some(35.0));
        check([2, 1], 30.0, None); // 150 mm: no breast
        check([3, 1], 9.0, None);
    }

    #[test]
    fn a_ruler_across_that_says_otherwise_is_believed_as_little_as_the_one_beside() {
        let area = PixelRect { x: 100, y: 60, width: 300, height: 400 };
        let read = |across: f32| {
            let mut luma = GrayImage::new(640, 520);
            let strokes = (0..=8).flat_map(|number| {
                let length = if number % 2 == 0 { 8 } else { 4 };
                (0..length).map(move |along| (number, along))
            });
            for (number, along) in strokes {
                luma.put_pixel(406 + along, 60 + 50 * number, image::Luma([200]));
                let x = 100 + (number as f32 * across).round() as u32;
                luma.put_pixel(x.min(639), 50 - along, image::Luma([200]));
            }
            Screen::default().read(&luma, area).map(|(_, mm_per_px)| mm_per_px.y())
        };
        assert_eq!(read(35.0), None, "pixels wider than high");
        assert!(read(50.0).is_some_and(|mm| (mm - 0.1).abs() < 1e-3));
    }

    fn drawn(step_px: usize) -> GrayImage {
        let mut luma = GrayImage::new(640, 520);
        let strokes = (0..=400 / step_px).flat_map(|number| {
            let length = if number.is_multiple_of(2) { 8 } else { 4 };
            (0..length).map(move |along| (406 + along, (60 + step_px * number) as u32))
        });
        strokes.for_each(|(x, y)| luma.put_pixel(x, y, image::Luma([200])));
        luma
    }

    #[test]
    fn a_depth_that_was_entered_holds_until_another_is_set_at_the_machine() {
        let area = Some(PixelRect { x: 100, y: 60, width: 300, height: 400 });
        let own = Spacing::Uniform(MmPerPx::new(0.11, 0.11, CalibrationSource::Entered).unwrap());
        let mut screen = Screen::default();
        let mut show = |step_px: usize, frames: u32| {
            let luma = drawn(step_px);
            let mut last = Spacing::Unknown;
            for _ in 0..frames {
                last = screen.spacing(&own, &luma, area, Mode::Sweep);
            }
            last
        };
        assert_eq!(show(50, 2 * STANDS), own, "a person's word counts, whatever the ruler says");
        assert_eq!(show(40, REMEMBERED), own, "something may have passed over the ruler");
        let Spacing::Uniform(now) = show(40, 2 * STANDS) else { panic!("the new ruler is not read") };
        assert_eq!(now.source(), CalibrationSource::Ruler);
        assert!((now.y() - 5.0 / 40.0).abs() < 1e-3, "{} mm a pixel", now.y());
        assert_eq!(show(50, 1), own, "the former depth is set again");
    }

    #[test]
    fn a_depth_that_was_entered_holds_on_a_screen_without_a_ruler() {
        let area = Some(PixelRect { x: 100, y: 60, width: 300, height: 400 });
        let own = Spacing::Uniform(MmPerPx::new(0.11, 0.11, CalibrationSource::Entered).unwrap());
        let (mut screen, nothing) = (Screen::default(), GrayImage::new(640, 520));
        let all_hold = (0..4 * STANDS).all(|_| screen.spacing(&own, &nothing, area, Mode::Sweep) == own);
        assert!(all_hold);
    }

    #[test]
    fn a_depth_that_is_entered_gives_the_scale_of_the_pictures_height() {
        let picture = BoxPx::new(PointPx::new(100.0, 50.0), PointPx::new(500.0, 450.0));
        let Ok(Spacing::Uniform(mm)) = spacing_from_depth(picture, 40.0) else { panic!("no scale") };
        assert_eq!((mm.x(), mm.y(), mm.source()), (0.1, 0.1, CalibrationSource::Entered));
        for depth_mm in [0.0, -3.0, f32::NAN, f32::INFINITY, 1e6] {
            assert!(spacing_from_depth(picture, depth_mm).is_err(), "{depth_mm}");
        }
        let nothing = BoxPx::new(PointPx::new(1.0, 1.0), PointPx::new(1.0, 1.0));
        assert!(spacing_from_depth(nothing, 40.0).is_err());
    }
}
