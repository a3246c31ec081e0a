//! What of a picture is shown, turned and sized (PS3.3 §C.10.4, §C.10.6), and where its points come to lie.

use image::{DynamicImage, GenericImage as _, imageops};
use peony_dicom::DicomError;
use peony_dicom::limits::GREY_FRAME_PIXELS;
use peony_dicom::presentation::{Area, PresentationState, Turn, Units};

use crate::problem::Problem;
use crate::rendered::MOST_PX;

/// The part of a picture that is shown, and the picture that is made of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shown {
    /// Left, top, right and bottom in pixels of the picture.
    edges: [i64; 4],
    turn: Turn,
    /// Width and height of what comes out.
    pub size_px: [u32; 2],
}

impl Shown {
    pub fn of(
        says: &PresentationState,
        instance_uid: &str,
        frame: u64,
        [columns, rows]: [u32; 2],
        viewport_px: Option<[u32; 2]>,
    ) -> Result<Self, Problem> {
        let whole = Area { edges_px: [0, 0, columns.into(), rows.into()], tall: 1.0, magnified: None };
        let area = says.area(instance_uid, frame).unwrap_or(whole);
        Self::sized(area, says.turn(), viewport_px)
    }

    fn sized(area: Area, turn: Turn, viewport_px: Option<[u32; 2]>) -> Result<Self, Problem> {
        let [left, top, right, bottom] = area.edges_px;
        let [across, down] = [right - left, bottom - top];
        let within = |what, value: u64| {
            if value <= GREY_FRAME_PIXELS {
                Ok(())
            } else {
                Err(DicomError::TooLarge { what, value, limit: GREY_FRAME_PIXELS })
            }
        };
        // Each edge is of 32 bits.
        within("the displayed area in pixels", across.unsigned_abs().saturating_mul(down.unsigned_abs()))?;
        let times = area.magnified.unwrap_or(1.0);
        // No pixel is lost where one is higher than wide, or the other way.
        let [wide, high] = if area.tall >= 1.0 { [1.0, area.tall] } else { [1.0 / area.tall, 1.0] };
        let mut size = [across as f64 * wide * times, down as f64 * high * times];
        if turn.quarters % 2 == 1 {
            size.swap(0, 1);
        }
        if let Some(viewport) = viewport_px {
            let fits = (f64::from(viewport[0]) / size[0]).min(f64::from(viewport[1]) / size[1]);
            size = size.map(|side| side * fits);
        }
        let size_px = size.map(|side| side.round().clamp(1.0, f64::from(u32::MAX)) as u32);
        within(
            "the size of the picture that is asked for in pixels",
            u64::from(size_px[0]) * u64::from(size_px[1]),
        )?;
        if let Some(side) = size_px.iter().find(|side| **side > MOST_PX) {
            let (value, limit) = (u64::from(*side), u64::from(MOST_PX));
            return Err(DicomError::TooLarge { what: "a side of the picture in pixels", value, limit }.into());
        }
        Ok(Self { edges: area.edges_px, turn, size_px })
    }

    /// The most samples that are drawn at a time: the part before it is sized, or after that. A mark may bring colour into a grey picture.
    pub fn samples(&self) -> usize {
        let [left, top, right, bottom] = self.edges;
        let part = (right - left).unsigned_abs().saturating_mul((bottom - top).unsigned_abs());
        let drawn = self.size_px.iter().map(|side| u64::from(*side)).product::<u64>();
        usize::try_from(part.max(drawn).saturating_mul(3)).unwrap_or(usize::MAX)
    }

    /// The part, turned and sized; black where the picture does not reach.
    pub fn cut(&self, picture: &DynamicImage) -> DynamicImage {
        let [left, top, right, bottom] = self.edges;
        let [across, down] = [(right - left) as u32, (bottom - top) as u32];
        let whole = [0, 0, i64::from(picture.width()), i64::from(picture.height())];
        let mut part = if self.edges == whole {
            picture.clone()
        } else {
            let mut part = match picture {
                DynamicImage::ImageLuma8(_) => DynamicImage::new_luma8(across, down),
                _ => DynamicImage::new_rgb8(across, down),
            };
            let [x, y] = [left.max(0), top.max(0)];
            let [width, height] = [right.min(whole[2]) - x, bottom.min(whole[3]) - y];
            if width > 0 && height > 0 {
                let seen = picture.crop_imm(x as u32, y as u32, width as u32, height as u32);
                // It lies within, as it was cut.
                let _ = part.copy_from(&seen, (x - left) as u32, (y - top) as u32);
            }
            part
        };
        part = match self.turn.quarters {
            1 => part.rotate90(),
            2 => part.rotate180(),
            3 => part.rotate270(),
            _ => part,
        };
        if self.turn.flipped {
            part = part.fliph();
        }
        let [width, height] = self.size_px;
        match (width < part.width() || height < part.height(), [part.width(), part.height()] == self.size_px)
        {
            (_, true) => part,
            (true, _) => part.thumbnail_exact(width, height),
            (false, _) => part.resize_exact(width, height, imageops::FilterType::Triangle),
        }
    }

    /// Where a point comes to lie in what comes out.
    pub fn place(&self, units: Units, [x, y]: [f64; 2]) -> [f32; 2] {
        let [width, height] = self.size_px.map(f64::from);
        let [u, v] = match units {
            Units::Display => [x, y],
            Units::Pixel => {
                let [left, top, right, bottom] = self.edges.map(|edge| edge as f64);
                let [u, v] = [(x - left) / (right - left), (y - top) / (bottom - top)];
                let [u, v] = match self.turn.quarters {
                    1 => [1.0 - v, u],
                    2 => [1.0 - u, 1.0 - v],
                    3 => [v, 1.0 - u],
                    _ => [u, v],
                };
                if self.turn.flipped { [1.0 - u, v] } else { [u, v] }
            }
        };
        [(u * width) as f32, (v * height) as f32]
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};

    use super::*;

    fn area(edges_px: [i64; 4]) -> Area {
        Area { edges_px, tall: 1.0, magnified: None }
    }

    /// Every pixel is another one, so where one comes to lie is told by its level.
    fn counted() -> DynamicImage {
        DynamicImage::ImageLuma8(GrayImage::from_fn(5, 3, |x, y| Luma([(10 * y + x + 1) as u8])))
    }

    #[test]
    fn a_pixel_and_a_point_in_it_come_to_lie_at_the_same_place() {
        let picture = counted();
        for quarters in 0..4 {
            for flipped in [false, true] {
                for edges in [[0, 0, 5, 3], [1, 1, 4, 3], [-2, -1, 6, 5]] {
                    let shown = Shown::sized(area(edges), Turn { quarters, flipped }, None).unwrap();
                    let cut = shown.cut(&picture).to_luma8();
                    assert_eq!([cut.width(), cut.height()], shown.size_px);
                    for (x, y) in [(1_u32, 1_u32), (3, 2)] {
                        let [u, v] = shown.place(Units::Pixel, [f64::from(x) + 0.5, f64::from(y) + 0.5]);
                        let found = cut.get_pixel(u as u32, v as u32).0[0];
                        assert_eq!(u32::from(found), 10 * y + x + 1, "{quarters} {flipped} {edges:?}");
                    }
                }
            }
        }
        let outside = Shown::sized(area([-2, -1, 6, 5]), Turn::default(), None).unwrap().cut(&picture);
        assert_eq!(outside.to_luma8().get_pixel(0, 0).0[0], 0);
        let elsewhere =
            Shown::sized(area([100, 100, 103, 104]), Turn::default(), None).unwrap().cut(&picture);
        assert!(elsewhere.to_luma8().iter().all(|level| *level == 0));
    }

    #[test]
    fn what_comes_out_has_the_size_that_is_asked_for() {
        let size = |area: Area, quarters, viewport| {
            let shown = Shown::sized(area, Turn { quarters, flipped: false }, viewport);
            shown.map(|shown| shown.size_px).ok()
        };
        let whole = area([0, 0, 100, 50]);
        assert_eq!(size(whole, 0, None), Some([100, 50]));
        assert_eq!(size(whole, 1, None), Some([50, 100]));
        assert_eq!(size(whole, 0, Some([400, 400])), Some([400, 200]));
        assert_eq!(size(whole, 1, Some([400, 400])), Some([200, 400]));
        assert_eq!(size(Area { tall: 2.0, ..whole }, 0, None), Some([100, 100]));
        assert_eq!(size(Area { tall: 0.5, ..whole }, 0, None), Some([200, 50]));
        assert_eq!(size(Area { tall: 2.0, ..whole }, 1, None), Some([100, 100]));
        assert_eq!(size(Area { magnified: Some(2.5), ..whole }, 0, None), Some([250, 125]));
        assert_eq!(size(Area { magnified: Some(1000.0), ..whole }, 0, None), None);
        assert_eq!(size(area([i64::from(i32::MIN), 0, i64::from(i32::MAX), 9]), 0, None), None);
        // No higher than a pixel is still a picture.
        assert_eq!(size(area([0, 0, 8000, 1]), 0, Some([100, 100])), Some([100, 1]));
    }
}
