//! Graphics and texts over a picture (PS3.3 §C.10.5), in the pixels of what comes out.

use std::f64::consts::TAU;
use std::time::{Duration, Instant};

use image::{DynamicImage, Rgb};
use peony_dicom::presentation::{Ink, Mark, PresentationState, Shape, Side, Text, Units};
use peony_encode::lettering::{Letterer, Lettering, Stand, Stroke as LetterStroke};
use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

use super::area::Shown;
use crate::problem::Problem;

/// Straight pieces of an ellipse.
const OF_AN_ELLIPSE: u32 = 180;
/// Straight pieces between two points of a curve.
const OF_A_CURVE: u32 = 16;
/// The smallest letters that are tried, in pixels.
const LEAST_LETTER_PX: f32 = 7.0;

/// What takes longer is not drawn: marks that cover a picture a thousand times keep a core from everybody else.
const DRAWN_WITHIN: Duration = Duration::from_secs(5);

/// Draws the marks, the first lowest.
///
/// # Errors
/// They take too long: a picture with some of them would say something else.
pub(super) fn draw(
    picture: &mut DynamicImage,
    says: &PresentationState,
    marks: &[&Mark],
    shown: &Shown,
) -> Result<(), Problem> {
    let [width, height] = shown.size_px;
    let Some(mut canvas) = Pixmap::new(width, height).filter(|_| !marks.is_empty()) else { return Ok(()) };
    let began = Instant::now();
    let side = width.min(height) as f32;
    let mut drawing = Drawing {
        canvas: &mut canvas,
        shown,
        line_px: (side / 400.0).clamp(1.0, 4.0),
        letter_px: (side / 28.0).clamp(12.0, 48.0),
        letterer: None,
    };
    let mut colour = false;
    for mark in marks {
        if began.elapsed() > DRAWN_WITHIN {
            let limit = DRAWN_WITHIN.as_secs();
            return Err(Problem::TooLarge { what: "seconds of drawing a presentation state", limit });
        }
        let ink = says.ink_of(&mark.layer);
        colour |= !ink.is_grey();
        drawing.mark(&mark.shape, ink);
    }
    blend(picture, &canvas, colour);
    Ok(())
}

/// A path through points; `None` where there is nothing to draw.
pub(super) fn path(points: impl IntoIterator<Item = [f32; 2]>, closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (number, [x, y]) in points.into_iter().enumerate() {
        if number == 0 {
            path.move_to(x, y);
        } else {
            path.line_to(x, y);
        }
    }
    if closed {
        path.close();
    }
    path.finish()
}

struct Drawing<'a> {
    canvas: &'a mut Pixmap,
    shown: &'a Shown,
    line_px: f32,
    letter_px: f32,
    /// Made for the first text.
    letterer: Option<Letterer>,
}

impl Drawing<'_> {
    fn mark(&mut self, shape: &Shape, ink: Ink) {
        match shape {
            Shape::Point { units, at } => {
                let [x, y] = self.shown.place(*units, *at);
                let spot = PathBuilder::from_circle(x, y, (2.0 * self.line_px).max(2.0));
                self.fill(spot.as_ref(), ink);
            }
            Shape::Polyline { units, points, filled } => self.line(*units, points, *filled, ink),
            Shape::Curve { units, points, filled } => self.line(*units, &curve(points), *filled, ink),
            Shape::Ellipse { units, center, axes, filled } => {
                self.line(*units, &ellipse(*center, *axes), *filled, ink);
            }
            Shape::Text(text) => self.text(text, ink),
        }
    }

    fn line(&mut self, units: Units, points: &[[f64; 2]], filled: bool, ink: Ink) {
        let placed = points.iter().map(|point| self.shown.place(units, *point));
        let path = path(placed, filled);
        if filled {
            self.fill(path.as_ref(), ink);
        }
        self.stroke(path.as_ref(), ink);
    }

    fn fill(&mut self, path: Option<&Path>, ink: Ink) {
        if let Some(path) = path {
            self.canvas.fill_path(path, &paint(ink), FillRule::Winding, Transform::identity(), None);
        }
    }

    fn stroke(&mut self, path: Option<&Path>, ink: Ink) {
        let stroke = Stroke {
            width: self.line_px,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        if let Some(path) = path {
            self.canvas.stroke_path(path, &paint(ink), &stroke, Transform::identity(), None);
        }
    }

    fn text(&mut self, text: &Text, ink: Ink) {
        let anchor = text.anchor.map(|(units, at, visible)| (self.shown.place(units, at), visible));
        let place = text.within.map(|(units, corners)| corners.map(|corner| self.shown.place(units, corner)));
        let (at, size_px, set) = match (place, anchor) {
            (Some([a, b]), _) => {
                let at = [a[0].min(b[0]), a[1].min(b[1])];
                let size = [(a[0] - b[0]).abs().max(1.0), (a[1] - b[1]).abs().max(1.0)];
                (at, size, self.fitted(&text.text, size, text.side))
            }
            (None, Some(([x, y], _))) => {
                let set = self.letters(&text.text, self.letter_px, self.canvas.width() as f32, Side::Left);
                let at = [x + 2.0 * self.line_px, y - set.size_px[1] / 2.0];
                (at, set.size_px, set)
            }
            (None, None) => return,
        };
        if let (Some(_), Some((anchor, true))) = (place, anchor) {
            let nearest = [0, 1].map(|side| anchor[side].clamp(at[side], at[side] + size_px[side]));
            self.stroke(path([anchor, nearest], false).as_ref(), ink);
        }
        let letters = outlines(&set, at);
        self.fill(letters.as_ref(), ink);
    }

    /// A text in letters that its place has room for, or in the smallest.
    fn fitted(&mut self, text: &str, [width, height]: [f32; 2], side: Side) -> Lettering {
        let mut letter_px = self.letter_px.min(height / 1.4).max(LEAST_LETTER_PX);
        loop {
            let set = self.letters(text, letter_px, width, side);
            if set.size_px[1] <= height || letter_px <= LEAST_LETTER_PX {
                return set;
            }
            letter_px = (letter_px * 0.85).max(LEAST_LETTER_PX);
        }
    }

    fn letters(&mut self, text: &str, letter_px: f32, width: f32, side: Side) -> Lettering {
        let stand = match side {
            Side::Left => Stand::Left,
            Side::Center => Stand::Centre,
            Side::Right => Stand::Right,
        };
        self.letterer.get_or_insert_with(Letterer::default).set(text, letter_px, width, stand)
    }
}

fn paint(Ink([red, green, blue]): Ink) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(Color::from_rgba8(red, green, blue, 255));
    paint
}

fn ellipse([x, y]: [f64; 2], [a, b]: [[f64; 2]; 2]) -> Vec<[f64; 2]> {
    let at = |step: u32| {
        let (sin, cos) = (f64::from(step) / f64::from(OF_AN_ELLIPSE) * TAU).sin_cos();
        [x + cos * a[0] + sin * b[0], y + cos * a[1] + sin * b[1]]
    };
    (0..=OF_AN_ELLIPSE).map(at).collect()
}

/// A curve through all points: E. Catmull, R. Rom, A class of local interpolating splines, 1974. The standard leaves its kind open.
fn curve(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let closed = points.len() > 2 && points.first() == points.last();
    let round = if closed { points.len() - 1 } else { points.len() };
    let point = |at: isize| {
        let at = if closed { at.rem_euclid(round as isize) } else { at.clamp(0, round as isize - 1) };
        points[at as usize]
    };
    let mut through = vec![points[0]];
    for piece in 0..points.len() as isize - 1 {
        let [p0, p1, p2, p3] = [-1, 0, 1, 2].map(|step| point(piece + step));
        for step in 1..=OF_A_CURVE {
            let t = f64::from(step) / f64::from(OF_A_CURVE);
            through.push([0, 1].map(|side| {
                let [a, b, c, d] = [p0[side], p1[side], p2[side], p3[side]];
                let (linear, square, cube) = (c - a, 2.0 * a - 5.0 * b + 4.0 * c - d, 3.0 * (b - c) + d - a);
                0.5 * (2.0 * b + t * (linear + t * (square + t * cube)))
            }));
        }
    }
    through
}

fn outlines(set: &Lettering, [left, top]: [f32; 2]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for stroke in &set.outlines {
        match *stroke {
            LetterStroke::Move([x, y]) => path.move_to(left + x, top + y),
            LetterStroke::Line([x, y]) => path.line_to(left + x, top + y),
            LetterStroke::Quadratic([ax, ay], [x, y]) => path.quad_to(left + ax, top + ay, left + x, top + y),
            LetterStroke::Cubic([ax, ay], [bx, by], [x, y]) => {
                path.cubic_to(left + ax, top + ay, left + bx, top + by, left + x, top + y);
            }
            LetterStroke::Close => path.close(),
        }
    }
    path.finish()
}

/// Lays the canvas over the picture, which is grey as long as everything is.
fn blend(picture: &mut DynamicImage, canvas: &Pixmap, colour: bool) {
    if colour {
        *picture = DynamicImage::ImageRgb8(std::mem::take(picture).into_rgb8());
    }
    // The canvas is multiplied by its own opacity already.
    let over = |below: u8, drawn: u8, opacity: u8| {
        let below = u32::from(below) * (255 - u32::from(opacity));
        (u32::from(drawn) + (below + 127) / 255).min(255) as u8
    };
    let drawn = canvas.pixels().iter();
    match picture {
        DynamicImage::ImageLuma8(grey) => {
            for (pixel, drawn) in grey.pixels_mut().zip(drawn) {
                pixel.0 = [over(pixel.0[0], drawn.red(), drawn.alpha())];
            }
        }
        DynamicImage::ImageRgb8(rgb) => {
            for (Rgb(pixel), drawn) in rgb.pixels_mut().zip(drawn) {
                let inks = [drawn.red(), drawn.green(), drawn.blue()];
                *pixel = [0, 1, 2].map(|side| over(pixel[side], inks[side], drawn.alpha()));
            }
        }
        // Pictures are made as one of these.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_go_through_their_points() {
        let points = [[0.0, 0.0], [10.0, 5.0], [20.0, 0.0], [25.0, 30.0]];
        let through = curve(&points);
        for (number, point) in points.iter().enumerate() {
            let at = through[number * OF_A_CURVE as usize];
            assert!((at[0] - point[0]).abs() < 1e-9 && (at[1] - point[1]).abs() < 1e-9, "{at:?}");
        }
        assert_eq!(through.len(), 3 * OF_A_CURVE as usize + 1);
        // One that ends where it begins has no corner there.
        let round = curve(&[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]);
        let (second, last) = (round[1], round[round.len() - 2]);
        assert!(
            second[0] * last[1] - second[1] * last[0] != 0.0 && second[1] < 0.0 && last[0] < 0.0,
            "{second:?} {last:?}"
        );
    }

    #[test]
    fn an_ellipse_has_its_axes() {
        let points = ellipse([10.0, 20.0], [[3.0, 4.0], [-8.0, 6.0]]);
        let quarter = OF_AN_ELLIPSE as usize / 4;
        for (at, expect) in [(0, [13.0, 24.0]), (quarter, [2.0, 26.0]), (2 * quarter, [7.0, 16.0])] {
            assert!((points[at][0] - expect[0]).abs() < 1e-9 && (points[at][1] - expect[1]).abs() < 1e-9);
        }
    }
}
