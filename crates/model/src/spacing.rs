//! How large a pixel is, and the one door from pixels to millimetres.
//!
//! A [`LengthMm`] can only be made by a [`MmPerPx`], and a [`MmPerPx`] only from a calibration that names its
//! source. From [`Spacing::Unknown`] there is no way to either: the tests under `tests/no_mm` show that such
//! code does not compile.

use std::sync::Arc;

use serde::Serialize;

use crate::{BoxPx, PointPx};

/// The calibration of a frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Spacing {
    /// Nobody said how large a pixel is. Sizes stay in pixels.
    #[default]
    Unknown,
    /// One size for the whole picture.
    Uniform(MmPerPx),
    /// One entry for each region of the screen (DICOM PS3.3 C.8.5.5); outside them nothing is known.
    PerRegion(Arc<[CalibratedRegion]>),
}

impl Spacing {
    /// The pixel size that holds everywhere in `area`, if there is one: the area must lie within one region
    /// (half a pixel of tolerance).
    #[must_use]
    pub fn within(&self, area: BoxPx) -> Option<MmPerPx> {
        match self {
            Self::Unknown => None,
            Self::Uniform(mm_per_px) => Some(*mm_per_px),
            Self::PerRegion(regions) => regions
                .iter()
                .find(|region| region.area_px.inflate(0.5, 0.5).contains_box(&area))
                .and_then(|region| region.mm_per_px),
        }
    }

    /// The region of the screen that shows B-mode tissue: the largest if there are several
    /// ([`Self::tissue_region_count`]), `None` where the calibration names no such region.
    #[must_use]
    pub fn tissue_region(&self) -> Option<&CalibratedRegion> {
        self.tissue_regions().max_by(|a, b| a.area_px.area().total_cmp(&b.area_px.area()))
    }

    /// How many pictures of B-mode tissue the screen shows side by side: two on a dual screen, where
    /// [`Self::tissue_region`] is one of them. A region that lies within another is the same picture.
    #[must_use]
    pub fn tissue_region_count(&self) -> usize {
        let mut pictures: Vec<BoxPx> = Vec::new();
        let mut areas: Vec<BoxPx> = self.tissue_regions().map(|region| region.area_px).collect();
        areas.sort_by(|a, b| b.area().total_cmp(&a.area()));
        for area in areas {
            if !pictures.iter().any(|picture| picture.contains_box(&area)) {
                pictures.push(area);
            }
        }
        pictures.len()
    }

    fn tissue_regions(&self) -> impl Iterator<Item = &CalibratedRegion> {
        let regions: &[CalibratedRegion] = match self {
            Self::PerRegion(regions) => regions,
            Self::Unknown | Self::Uniform(_) => &[],
        };
        regions.iter().filter(|region| region.kind == RegionKind::Tissue)
    }
}

/// What a region of an ultrasound screen shows (Region Spatial Format and Region Data Type, PS3.3 C.8.5.5.1.1 and
/// C.8.5.5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionKind {
    /// A two-dimensional picture of grey-scale tissue. An M-mode strip shows tissue too, but along time: it is
    /// [`Self::Other`].
    Tissue,
    /// A two-dimensional picture of colour flow over tissue.
    Colour,
    /// Anything else: M-mode strips, spectra, curves, tables.
    Other,
}

/// One rectangle of the screen with its own calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibratedRegion {
    /// Where on the picture.
    pub area_px: BoxPx,
    /// What it shows.
    pub kind: RegionKind,
    /// Its pixel size; `None` where the file gives none or gives it in other units than lengths.
    pub mm_per_px: Option<MmPerPx>,
}

/// Who said how large a pixel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationSource {
    /// Sequence of Ultrasound Regions (0018,6011).
    UltrasoundRegion,
    /// Pixel Spacing (0028,0030) of the file.
    PixelSpacing,
    /// A person entered the depth or the scale.
    Entered,
    /// The depth ruler drawn on the screen was read.
    Ruler,
    /// The data set's authors published it.
    Published,
    /// The phantom that made the picture.
    Phantom,
    /// The matrix of an OpenIGTLink image.
    #[serde(rename = "openigtlink")]
    OpenIgtLink,
}

/// The size of a pixel in millimetres, across (x) and down (y): both finite and greater than zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MmPerPx {
    x: f32,
    y: f32,
    source: CalibrationSource,
}

/// A pixel size that no ultrasound or mammography machine has.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("pixel size {x} × {y} mm is not between {} and {} mm", MmPerPx::SMALLEST, MmPerPx::LARGEST)]
pub struct SpacingError {
    /// The size across that was offered, in mm.
    pub x: f32,
    /// The size down that was offered, in mm.
    pub y: f32,
}

impl MmPerPx {
    /// The smallest believable pixel, in mm.
    pub const SMALLEST: f32 = 1e-3;
    /// The largest believable pixel, in mm.
    pub const LARGEST: f32 = 5.0;

    /// A pixel of `x` by `y` millimetres.
    ///
    /// # Errors
    /// [`SpacingError`] where either is not finite or lies outside [`Self::SMALLEST`]..=[`Self::LARGEST`].
    pub fn new(x: f32, y: f32, source: CalibrationSource) -> Result<Self, SpacingError> {
        let believable = Self::SMALLEST..=Self::LARGEST;
        if believable.contains(&x) && believable.contains(&y) {
            Ok(Self { x, y, source })
        } else {
            Err(SpacingError { x, y })
        }
    }

    /// Millimetres across one pixel.
    #[must_use]
    pub fn x(&self) -> f32 {
        self.x
    }

    /// Millimetres down one pixel.
    #[must_use]
    pub fn y(&self) -> f32 {
        self.y
    }

    /// Who said so.
    #[must_use]
    pub fn source(&self) -> CalibrationSource {
        self.source
    }

    /// The distance between two points of the picture.
    #[must_use]
    pub fn distance(&self, a: PointPx, b: PointPx) -> LengthMm {
        LengthMm(((a.x - b.x) * self.x).hypot((a.y - b.y) * self.y))
    }
}

/// A length in millimetres, made from a known pixel size and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct LengthMm(f32);

impl LengthMm {
    /// The number of millimetres, unrounded.
    #[must_use]
    pub fn mm(self) -> f32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BoxPx;

    fn area(x0: f32, y0: f32, x1: f32, y1: f32) -> BoxPx {
        BoxPx::new(PointPx::new(x0, y0), PointPx::new(x1, y1))
    }

    #[test]
    fn a_length_takes_each_axis_own_scale() {
        let mm_per_px = MmPerPx::new(0.1, 0.2, CalibrationSource::Entered).unwrap();
        let length = mm_per_px.distance(PointPx::new(0.0, 0.0), PointPx::new(30.0, 20.0));
        assert!((length.mm() - 5.0).abs() < 1e-5, "3 mm across and 4 mm down are 5 mm, not {}", length.mm());
    }

    #[test]
    fn unbelievable_pixels_are_refused() {
        for (x, y) in
            [(0.0, 0.1), (0.1, -0.1), (f32::NAN, 0.1), (0.1, f32::INFINITY), (1e-6, 0.1), (10.0, 10.0)]
        {
            assert!(MmPerPx::new(x, y, CalibrationSource::PixelSpacing).is_err(), "{x} × {y} was taken");
        }
    }

    #[test]
    fn a_region_calibrates_only_what_lies_inside_it() {
        let fine = MmPerPx::new(0.05, 0.05, CalibrationSource::UltrasoundRegion).unwrap();
        let region = CalibratedRegion {
            area_px: area(100.0, 50.0, 500.0, 400.0),
            kind: RegionKind::Tissue,
            mm_per_px: Some(fine),
        };
        let spacing = Spacing::PerRegion([region].into());
        assert_eq!(spacing.within(area(120.0, 60.0, 200.0, 100.0)), Some(fine));
        assert_eq!(spacing.within(area(90.0, 60.0, 200.0, 100.0)), None, "half outside");
        assert_eq!(Spacing::Unknown.within(area(0.0, 0.0, 1.0, 1.0)), None);
    }

    #[test]
    fn pictures_of_tissue_are_counted_and_the_largest_is_taken() {
        use RegionKind::{Colour, Other, Tissue};
        let check = |regions: &[(RegionKind, BoxPx)], count: usize, largest: Option<BoxPx>| {
            let regions =
                regions.iter().map(|&(kind, area_px)| CalibratedRegion { area_px, kind, mm_per_px: None });
            let spacing = Spacing::PerRegion(regions.collect());
            assert_eq!(spacing.tissue_region_count(), count, "{spacing:?}");
            assert_eq!(spacing.tissue_region().map(|region| region.area_px), largest, "{spacing:?}");
        };
        let (left, right) = (area(0.0, 0.0, 100.0, 80.0), area(101.0, 0.0, 200.0, 80.0));
        let (zoom, strip) = (area(10.0, 10.0, 20.0, 20.0), area(0.0, 81.0, 200.0, 300.0));
        check(&[], 0, None);
        check(&[(Colour, left), (Other, strip)], 0, None);
        check(&[(Tissue, left), (Other, strip)], 1, Some(left));
        check(&[(Tissue, right), (Tissue, left)], 2, Some(left));
        check(&[(Tissue, zoom), (Tissue, left)], 1, Some(left)); // a picture within the picture
        check(&[(Tissue, left), (Tissue, left)], 1, Some(left)); // the same picture twice
        assert_eq!(Spacing::Unknown.tissue_region_count(), 0);
    }
}
