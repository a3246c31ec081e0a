//! Rectangles of whole pixels.

use image::GrayImage;
use peony_model::{BoxPx, PointPx};

/// A rectangle of whole pixels on a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PixelRect {
    /// The first column.
    pub x: u32,
    /// The first row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl PixelRect {
    /// The whole of a picture.
    #[must_use]
    pub fn whole(width: u32, height: u32) -> Self {
        Self { x: 0, y: 0, width, height }
    }

    /// The pixels that a box touches, cut to a picture of `width` × `height`; `None` where nothing is left.
    #[must_use]
    pub fn covering(area: BoxPx, width: u32, height: u32) -> Option<Self> {
        // A saturating cast: what lies outside becomes the border, NaN becomes zero.
        let clip = |value: f32, limit: u32| (value.max(0.0) as u32).min(limit);
        let (x0, y0) = (clip(area.min.x.floor(), width), clip(area.min.y.floor(), height));
        let (x1, y1) = (clip(area.max.x.ceil(), width), clip(area.max.y.ceil(), height));
        (x1 > x0 && y1 > y0).then(|| Self { x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
    }

    /// The rectangle as a box in image pixels.
    #[must_use]
    pub fn to_box_px(self) -> BoxPx {
        let min = PointPx::new(self.x as f32, self.y as f32);
        BoxPx::new(min, PointPx::new(min.x + self.width as f32, min.y + self.height as f32))
    }

    /// How many pixels it holds.
    #[must_use]
    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The part of row `y` (counted in the picture) that lies within, as a slice.
    pub(crate) fn row(self, picture: &GrayImage, y: u32) -> &[u8] {
        let start = y as usize * picture.width() as usize + self.x as usize;
        &picture.as_raw()[start..start + self.width as usize]
    }

    /// Whether it lies within a picture of that size.
    #[must_use]
    pub fn fits(self, width: u32, height: u32) -> bool {
        self.width > 0
            && self.height > 0
            && self.x.checked_add(self.width).is_some_and(|end| end <= width)
            && self.y.checked_add(self.height).is_some_and(|end| end <= height)
    }
}
