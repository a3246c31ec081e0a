//! A picture of any size on the square canvas that the network reads, and the way back.
//!
//! The same steps as `training/peony_training/preprocess.py`; `models/fixtures/letterbox` holds pictures on which
//! both are compared.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::GrayImage;
use peony_model::PointPx;

use crate::PixelRect;

/// Where an area of a picture lies on a square canvas: centred, its long side filling the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letterbox {
    /// The area of the picture that is shown.
    pub area: PixelRect,
    /// The part of the canvas it fills.
    pub placed: PixelRect,
    /// Width and height of the canvas, in pixels.
    pub canvas: u32,
}

impl Letterbox {
    /// Fit `area` on a canvas. The new size is rounded half up in integers, so that no platform's float rounding
    /// moves it by a pixel. `None` where the area or the canvas is empty.
    #[must_use]
    pub fn fit(area: PixelRect, canvas: u32) -> Option<Self> {
        let longest = u64::from(area.width.max(area.height));
        if area.width == 0 || area.height == 0 || canvas == 0 {
            return None;
        }
        let scaled = |side: u32| {
            let rounded = (2 * u64::from(side) * u64::from(canvas) + longest) / (2 * longest);
            rounded.clamp(1, u64::from(canvas)) as u32
        };
        let (width, height) = (scaled(area.width), scaled(area.height));
        let placed = PixelRect { x: (canvas - width) / 2, y: (canvas - height) / 2, width, height };
        Some(Self { area, placed, canvas })
    }

    /// Pixels of the picture for one pixel of the canvas, across and down.
    #[must_use]
    pub fn picture_px_per_canvas_px(&self) -> [f32; 2] {
        [
            self.area.width as f32 / self.placed.width as f32,
            self.area.height as f32 / self.placed.height as f32,
        ]
    }

    /// The point of the picture under a point of the canvas, both with the first pixel's centre at 0.5.
    #[must_use]
    pub fn picture_from_canvas(&self, [x, y]: [f32; 2]) -> PointPx {
        let [scale_x, scale_y] = self.picture_px_per_canvas_px();
        PointPx::new(
            self.area.x as f32 + (x - self.placed.x as f32) * scale_x,
            self.area.y as f32 + (y - self.placed.y as f32) * scale_y,
        )
    }

    /// The point of the canvas over a point of the picture.
    #[must_use]
    pub fn canvas_from_picture(&self, point: PointPx) -> [f32; 2] {
        let [scale_x, scale_y] = self.picture_px_per_canvas_px();
        [
            (point.x - self.area.x as f32) / scale_x + self.placed.x as f32,
            (point.y - self.area.y as f32) / scale_y + self.placed.y as f32,
        ]
    }
}

/// Why a picture could not be resized.
#[derive(Debug, thiserror::Error)]
pub enum ResampleError {
    /// The area reaches outside the picture or is empty.
    #[error("area {area:?} does not lie within a picture of {width} × {height}")]
    Area {
        /// The area that was asked for.
        area: PixelRect,
        /// The picture's width.
        width: u32,
        /// The picture's height.
        height: u32,
    },
    /// The target does not have the size it should have.
    #[error("target holds {found} pixels where {expected} are needed")]
    Target {
        /// The pixels it holds.
        found: usize,
        /// The pixels it should hold.
        expected: usize,
    },
    /// The resizer refused the buffers.
    #[error("resize failed: {0}")]
    Resize(String),
}

/// Resizes areas of pictures as Pillow's `Image.resize(…, BILINEAR)` does (a triangle that widens when shrinking).
#[derive(Debug, Default)]
pub struct Resampler {
    resizer: Resizer,
    cut: Vec<u8>,
    small: Vec<u8>,
}

impl Resampler {
    /// A resampler with empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Resize `area` of `picture` to `width` × `height`, row-major, into `target`.
    ///
    /// # Errors
    /// [`ResampleError`] where the area leaves the picture or the target has another size.
    pub fn resize(
        &mut self,
        picture: &GrayImage,
        area: PixelRect,
        [width, height]: [u32; 2],
        target: &mut [u8],
    ) -> Result<(), ResampleError> {
        let expected = width as usize * height as usize;
        if target.len() != expected {
            return Err(ResampleError::Target { found: target.len(), expected });
        }
        if !area.fits(picture.width(), picture.height()) {
            return Err(ResampleError::Area { area, width: picture.width(), height: picture.height() });
        }
        // The area is cut out first: the filter must not see pixels beyond its edge, as it does not in Pillow
        // when a cropped picture is resized.
        let source: &[u8] = if area == PixelRect::whole(picture.width(), picture.height()) {
            picture.as_raw()
        } else {
            self.cut.clear();
            for y in area.y..area.y + area.height {
                self.cut.extend_from_slice(area.row(picture, y));
            }
            &self.cut
        };
        let wrong = |error: &dyn std::fmt::Display| ResampleError::Resize(error.to_string());
        // Typed, so that no other kind of pixel is compiled in.
        let from =
            TypedImageRef::<U8>::from_buffer(area.width, area.height, source).map_err(|e| wrong(&e))?;
        let mut into = TypedImage::<U8>::from_buffer(width, height, target).map_err(|e| wrong(&e))?;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        self.resizer.resize_typed(&from, &mut into, &options).map_err(|e| wrong(&e))
    }

    /// Draw an area of a picture on the black canvas, row-major, eight bits.
    ///
    /// # Errors
    /// [`ResampleError`] where the letterbox was made for another picture or the canvas has another size.
    pub fn letterbox(
        &mut self,
        picture: &GrayImage,
        letterbox: &Letterbox,
        canvas: &mut [u8],
    ) -> Result<(), ResampleError> {
        let side = letterbox.canvas as usize;
        if canvas.len() != side * side {
            return Err(ResampleError::Target { found: canvas.len(), expected: side * side });
        }
        let placed = letterbox.placed;
        let (width, height) = (placed.width as usize, placed.height as usize);
        let mut small = std::mem::take(&mut self.small);
        small.resize(width * height, 0);
        let resized = self.resize(picture, letterbox.area, [placed.width, placed.height], &mut small);
        if resized.is_ok() {
            canvas.fill(0);
            for (row, line) in small.chunks_exact(width).enumerate() {
                let start = (placed.y as usize + row) * side + placed.x as usize;
                canvas[start..start + width].copy_from_slice(line);
            }
        }
        self.small = small;
        resized
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_offsets_are_those_of_the_training_code() {
        let check = |width, height, expect: [u32; 4]| {
            let placed = Letterbox::fit(PixelRect::whole(width, height), 256).unwrap().placed;
            assert_eq!([placed.x, placed.y, placed.width, placed.height], expect, "{width} × {height}");
        };
        check(640, 480, [0, 32, 256, 192]);
        check(480, 640, [32, 0, 192, 256]);
        check(1, 1, [0, 0, 256, 256]);
        check(12_000, 1, [0, 127, 256, 1]);
        check(513, 257, [0, 64, 256, 128]);
        check(1024, 2, [0, 127, 256, 1]);
        check(1024, 6, [0, 127, 256, 2]);
        assert!(Letterbox::fit(PixelRect::whole(0, 5), 256).is_none());
    }

    #[test]
    fn the_way_back_is_the_inverse() {
        let area = PixelRect { x: 40, y: 25, width: 500, height: 333 };
        let letterbox = Letterbox::fit(area, 256).unwrap();
        for (x, y) in [(40.0, 25.0), (540.0, 358.0), (123.4, 222.2)] {
            let back = letterbox.picture_from_canvas(letterbox.canvas_from_picture(PointPx::new(x, y)));
            assert!(
                (back.x - x).abs() < 1e-3 && (back.y - y).abs() < 1e-3,
                "({x}, {y}) came back as {back:?}"
            );
        }
        let corner = letterbox.picture_from_canvas([letterbox.placed.x as f32, letterbox.placed.y as f32]);
        assert_eq!(corner, PointPx::new(40.0, 25.0));
    }

    #[test]
    fn a_crop_is_resized_as_if_it_were_the_whole_picture() {
        let picture = GrayImage::from_fn(97, 83, |x, y| image::Luma([(x * 7 + y * 13 + x * y) as u8]));
        let area = PixelRect { x: 11, y: 9, width: 60, height: 50 };
        let cut = image::imageops::crop_imm(&picture, 11, 9, 60, 50).to_image();
        let mut resampler = Resampler::new();
        let (mut from_area, mut from_cut) = (vec![0; 256 * 256], vec![0; 256 * 256]);
        resampler.letterbox(&picture, &Letterbox::fit(area, 256).unwrap(), &mut from_area).unwrap();
        let whole = Letterbox::fit(PixelRect::whole(60, 50), 256).unwrap();
        resampler.letterbox(&cut, &whole, &mut from_cut).unwrap();
        assert_eq!(from_area, from_cut);
    }

    #[test]
    fn an_area_outside_the_picture_is_an_error() {
        let letterbox = Letterbox::fit(PixelRect { x: 5, y: 0, width: 10, height: 10 }, 256).unwrap();
        let result = Resampler::new().letterbox(&GrayImage::new(12, 12), &letterbox, &mut [0; 256 * 256]);
        assert!(matches!(result, Err(ResampleError::Area { .. })), "{result:?}");
    }
}
