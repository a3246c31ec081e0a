//! Text as outlines, for pictures that are drawn of pixels: set by the typesetter of the PDF, in the fonts of the program.

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use crate::Lang;
use crate::pdf::text::{Align, FACES, Look, Typesetter};

/// A step of an outline; pixels from the upper left corner of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stroke {
    /// A contour begins.
    Move([f32; 2]),
    /// A straight line.
    Line([f32; 2]),
    /// A quadratic curve by its control point and its end.
    Quadratic([f32; 2], [f32; 2]),
    /// A cubic curve by its two control points and its end.
    Cubic([f32; 2], [f32; 2], [f32; 2]),
    /// The contour is closed.
    Close,
}

/// Where lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// At the left.
    Left,
    /// In the middle.
    Centre,
    /// At the right.
    Right,
}

/// A text in outlines.
#[derive(Debug, Clone, PartialEq)]
pub struct Lettering {
    /// Contours, filled where they wind around a place.
    pub outlines: Vec<Stroke>,
    /// Width of the longest line, and height of all of them.
    pub size_px: [f32; 2],
}

/// Sets texts in outlines. It holds the fonts.
pub struct Letterer {
    typesetter: Typesetter,
}

impl Default for Letterer {
    fn default() -> Self {
        // The language decides the distance of lines only.
        Self { typesetter: Typesetter::new(Lang::En) }
    }
}

impl Letterer {
    /// Sets a text whose letters are `size_px` high in lines that are at most `width_px` wide.
    pub fn set(&mut self, text: &str, size_px: f32, width_px: f32, stand: Stand) -> Lettering {
        let align = match stand {
            Stand::Left => Align::Left,
            Stand::Centre => Align::Centre,
            Stand::Right => Align::Right,
        };
        let block = self.typesetter.plain(text, Look::new(size_px), width_px, align);
        let (mut outlines, mut wide, mut top) = (Vec::new(), 0.0_f32, 0.0);
        for line in &block.lines {
            for run in &line.runs {
                wide = wide.max(run.x + run.width);
                let Some(font) = FACES.get(run.face).and_then(|face| FontRef::new(face).ok()) else {
                    continue;
                };
                let glyphs = font.outline_glyphs();
                let mut at = run.x;
                for glyph in &run.glyphs {
                    let from = [at + glyph.x_offset * run.look.size, top + line.baseline];
                    at += glyph.x_advance * run.look.size;
                    if let Some(outline) = glyphs.get(GlyphId::new(glyph.glyph_id.to_u32())) {
                        let settings =
                            DrawSettings::unhinted(Size::new(run.look.size), LocationRef::default());
                        let mut pen = Pen { from, outlines: &mut outlines };
                        // The fonts are the program's own; a glyph that has no outline is a space.
                        let _ = outline.draw(settings, &mut pen);
                    }
                }
            }
            top += line.height;
        }
        Lettering { outlines, size_px: [wide, top] }
    }
}

/// Turns a font's way up into a picture's way down.
struct Pen<'a> {
    from: [f32; 2],
    outlines: &'a mut Vec<Stroke>,
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        [self.from[0] + x, self.from[1] - y]
    }
}

impl OutlinePen for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.outlines.push(Stroke::Move(self.at(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.outlines.push(Stroke::Line(self.at(x, y)));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.outlines.push(Stroke::Quadratic(self.at(cx, cy), self.at(x, y)));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.outlines.push(Stroke::Cubic(self.at(ax, ay), self.at(bx, by), self.at(x, y)));
    }

    fn close(&mut self) {
        self.outlines.push(Stroke::Close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(lettering: &Lettering) -> [f32; 4] {
        let mut edges = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        for stroke in &lettering.outlines {
            if let Stroke::Move([x, y]) | Stroke::Line([x, y]) = stroke {
                edges = [edges[0].min(*x), edges[1].min(*y), edges[2].max(*x), edges[3].max(*y)];
            }
        }
        edges
    }

    #[test]
    fn letters_lie_within_their_lines_in_both_scripts() {
        let mut letterer = Letterer::default();
        for text in ["12 mm, R 3:00", "左乳 3 点"] {
            let set = letterer.set(text, 20.0, 1000.0, Stand::Left);
            let [left, top, right, bottom] = edges(&set);
            assert!(left >= -2.0 && top >= 0.0, "{text}: {left} {top}");
            assert!(right <= set.size_px[0] + 2.0 && bottom <= set.size_px[1], "{text}: {right} {bottom}");
            // A capital or an ideograph is most of a letter's size high.
            assert!(bottom - top > 12.0, "{text}: {top} to {bottom}");
        }
    }

    #[test]
    fn lines_break_at_the_width_and_stand_where_they_should() {
        let mut letterer = Letterer::default();
        let one = letterer.set("lesion one", 20.0, 1000.0, Stand::Left);
        let two = letterer.set("lesion one", 20.0, 70.0, Stand::Left);
        assert!((two.size_px[1] - 2.0 * one.size_px[1]).abs() < 1.0, "{:?} {:?}", one.size_px, two.size_px);
        let right = letterer.set("lesion", 20.0, 400.0, Stand::Right);
        assert!(edges(&right)[0] > 300.0 && edges(&right)[2] <= 402.0, "{:?}", edges(&right));
        assert_eq!(letterer.set("", 20.0, 100.0, Stand::Left).outlines, []);
    }
}
