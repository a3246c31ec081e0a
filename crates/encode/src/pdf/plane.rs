//! The key planes: pictures with the lesion's outline, why they are here, and its size on them.

use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, GrayImage};
use peony_model::report::{Plane, PlaneReason, Report};

use super::ink::{Ink, Pen, polygon, rectangle};
use super::page::{Flow, LEFT, Mark, WIDTH};
use super::text::{Align, Block, Look, Typesetter, cut};
use crate::Lang;
use crate::narrative::{number, one_line};

const IN_A_ROW: usize = 3;
const GAP: f32 = 10.0;
const TILE: [f32; 2] = [(WIDTH - 2.0 * GAP) / 3.0, (WIDTH - 2.0 * GAP) / 3.0 * 0.62];
const CAPTION: Look = Look::new(7.8);
/// The part of a tile's width that says why it is here; its size has the rest.
const REASONS: f32 = 0.66;
/// From a picture to its caption, and from that to the next row.
const ABOVE_CAPTION: f32 = 2.5;
const BELOW_CAPTION: f32 = 8.6;
/// The narrowest part of a picture that is shown, and the room around a lesion, in its sizes.
const LEAST: f32 = 0.45;
const AROUND: f32 = 2.2;
/// No picture is stored wider: at the width of a tile this is 330 dots an inch.
const WIDEST_PX: u32 = 720;
const JPEG_QUALITY: u8 = 88;
/// An outline has no more corners than this.
const CORNERS: usize = 240;

/// The printed lesions' planes in the report's order, then those kept for themselves.
pub fn draw(
    flow: &mut Flow,
    set: &mut Typesetter,
    report: &Report,
    pictures: &dyn Fn(u64) -> Option<GrayImage>,
    lang: Lang,
) {
    let of_lesions = report.printed().flat_map(|lesion| {
        let letter: String = one_line(&lesion.letter).chars().take(3).collect();
        lesion.planes.iter().map(move |plane| (letter.clone(), plane))
    });
    let mut shown: Vec<Shown<'_>> = Vec::new();
    for (letter, plane) in of_lesions.chain(report.planes.iter().map(|plane| (String::new(), plane))) {
        // One picture that is several of these is shown once.
        let same = |shown: &&mut Shown<'_>| shown.letter == letter && shown.plane.time_ms == plane.time_ms;
        match shown.iter_mut().find(same).filter(|_| !letter.is_empty()) {
            Some(shown) => shown.reasons.push(plane.reason),
            None => shown.push(Shown { letter, plane, reasons: vec![plane.reason] }),
        }
    }
    for row in shown.chunks(IN_A_ROW) {
        let captions: Vec<Block> = row.iter().map(|shown| shown.caption(set, lang)).collect();
        let tallest = captions.iter().map(Block::height).fold(0.0, f32::max);
        flow.need(TILE[1] + ABOVE_CAPTION + tallest);
        for (nth, (shown, caption)) in row.iter().zip(&captions).enumerate() {
            let at = [LEFT + nth as f32 * (TILE[0] + GAP), flow.y];
            tile(flow, set, shown.plane, caption, pictures(shown.plane.id).as_ref(), at, lang);
        }
        flow.y += TILE[1] + ABOVE_CAPTION + tallest + BELOW_CAPTION;
    }
}

/// A picture, what it shows and why it is here.
struct Shown<'a> {
    letter: String,
    plane: &'a Plane,
    reasons: Vec<PlaneReason>,
}

impl Shown<'_> {
    /// The lesion's letter and the reasons, in as many lines as they need.
    fn caption(&self, set: &mut Typesetter, lang: Lang) -> Block {
        let space = if self.letter.is_empty() { "" } else { " " };
        let reasons: Vec<&str> = self.reasons.iter().map(|&each| reason(each, lang)).collect();
        let reasons = format!("{space}{}", reasons.join(lang.pick(", ", "、")));
        let pieces = [(&*self.letter, CAPTION.bold()), (&*reasons, CAPTION)];
        set.pieces(&pieces, TILE[0] * REASONS, Align::Left)
    }
}

fn tile(
    flow: &mut Flow,
    set: &mut Typesetter,
    plane: &Plane,
    caption: &Block,
    picture: Option<&GrayImage>,
    [x, y]: [f32; 2],
    lang: Lang,
) {
    let shown = picture.and_then(|picture| {
        let view = View::of(plane, picture)?;
        Some((view.jpeg(picture)?, view))
    });
    match shown {
        Some((jpeg, view)) => {
            flow.put(Mark::Picture { at: [x, y], size: TILE, jpeg: Arc::new(jpeg) });
            let outline: Vec<[f32; 2]> = view.outline(plane).map(|[u, v]| [x + u, y + v]).collect();
            if outline.len() > 2 {
                // Black under white is seen on bright and on dark tissue.
                flow.path(polygon(&outline), None, Some(Pen::new(Ink::BLACK, 1.9)));
                flow.path(polygon(&outline), None, Some(Pen::new(Ink::WHITE, 0.9)));
            }
        }
        None => {
            flow.path(rectangle([x, y], TILE), Some(Ink::WASH), Some(Pen::new(Ink::SECOND, 0.8)));
            let text = lang.pick("Picture not available", "无图像");
            let text = set.plain(text, CAPTION.ink(Ink::SECOND), TILE[0], Align::Centre);
            flow.block_at(&text, [x, y + (TILE[1] - text.height()) / 2.0]);
        }
    }
    flow.block_at(caption, [x, y + TILE[1] + ABOVE_CAPTION]);
    let plain = plane.size.map(|size| peony_model::report::Size { third: None, ..size });
    if let Some(size) = plain.and_then(|size| number::size(&size, lang)) {
        let right = set.plain(&cut(&size, 24), CAPTION, TILE[0] * (1.0 - REASONS), Align::Right);
        flow.block_at(&right, [x + TILE[0] * REASONS, y + TILE[1] + ABOVE_CAPTION]);
    }
}

fn reason(reason: PlaneReason, lang: Lang) -> &'static str {
    match reason {
        PlaneReason::Largest => lang.pick("largest", "最大"),
        PlaneReason::Across => lang.pick("across", "垂直"),
        PlaneReason::Features => lang.pick("clearest", "清晰"),
        // Of a lesion that is benign as well.
        PlaneReason::Suspicious => lang.pick("rated highest", "评分最高"),
        PlaneReason::Kept => lang.pick("kept by hand", "人工留存"),
    }
}

/// The part of a picture that a tile shows.
struct View {
    /// Its corner and its size, pixels of the picture.
    corner: [f32; 2],
    size: [f32; 2],
    /// Pixels of the picture a pixel of the report's.
    scale: [f32; 2],
}

impl View {
    /// Around the lesion, as wide as is needed to see what lies about it; the whole width where it has no outline.
    fn of(plane: &Plane, picture: &GrayImage) -> Option<Self> {
        let whole = [picture.width() as f32, picture.height() as f32];
        if whole[0] < 2.0 || whole[1] < 2.0 {
            return None;
        }
        let scale = [0, 1].map(|axis| whole[axis] / (plane.picture_px[axis].max(1) as f32));
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        for point in plane.contour_px.iter().filter(|point| point.iter().all(|value| value.is_finite())) {
            for axis in 0..2 {
                let value = (point[axis] * scale[axis]).clamp(0.0, whole[axis]);
                low[axis] = low[axis].min(value);
                high[axis] = high[axis].max(value);
            }
        }
        let aspect = TILE[0] / TILE[1];
        let outlined = low[0] <= high[0];
        let (middle, wanted) = if outlined {
            let extent = [0, 1].map(|axis| (high[axis] - low[axis]) * AROUND);
            let width = extent[0].max(extent[1] * aspect).max(whole[0] * LEAST);
            ([0, 1].map(|axis| f32::midpoint(low[axis], high[axis])), width)
        } else {
            (whole.map(|length| length / 2.0), whole[0])
        };
        let width = wanted.min(whole[0]).min(whole[1] * aspect);
        let size = [width, width / aspect];
        let corner =
            [0, 1].map(|axis| (middle[axis] - size[axis] / 2.0).min(whole[axis] - size[axis]).max(0.0));
        Some(Self { corner, size, scale })
    }

    /// The part as JPEG: a report's copy, the examination keeps the picture itself.
    fn jpeg(&self, picture: &GrayImage) -> Option<Vec<u8>> {
        let [x, y] = self.corner.map(|value| value.floor() as u32);
        let [width, height] = self.size.map(|value| (value.round() as u32).max(1));
        let mut part = imageops::crop_imm(picture, x, y, width, height).to_image();
        if part.width() == 0 || part.height() == 0 {
            return None;
        }
        if part.width() > WIDEST_PX {
            let height = (WIDEST_PX as f32 / TILE[0] * TILE[1]).round() as u32;
            part = imageops::resize(&part, WIDEST_PX, height, FilterType::Triangle);
        }
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
            .encode(part.as_raw(), part.width(), part.height(), ExtendedColorType::L8)
            .ok()?;
        Some(jpeg)
    }

    /// The lesion's outline on the tile, points from its corner; what lies outside is drawn along the edge.
    fn outline<'a>(&'a self, plane: &'a Plane) -> impl Iterator<Item = [f32; 2]> + 'a {
        let every = plane.contour_px.len().div_ceil(CORNERS).max(1);
        let points = plane.contour_px.iter().step_by(every);
        points.filter(|point| point.iter().all(|value| value.is_finite())).map(|point| {
            [0, 1].map(|axis| {
                let on_view = (point[axis] * self.scale[axis] - self.corner[axis]) / self.size[axis];
                on_view.clamp(0.0, 1.0) * TILE[axis]
            })
        })
    }
}
