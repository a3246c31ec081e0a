//! Pages into bytes: the only part that knows how a PDF is written.

use std::sync::Arc;

use krilla::color::rgb;
use krilla::error::KrillaError;
use krilla::geom::{Path, PathBuilder, Point, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, LineCap, LineJoin, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::Font;
use krilla::{Data, Document};

use super::PdfError;
use super::ink::{Ink, Pen, Step};
use super::page::{Mark, SIZE};
use super::text::{Block, FACES, SetRun};

/// How far below the baseline the dots under a machine's words stand, in sizes of the font.
const DOTS_BELOW: f32 = 0.2;

/// Writes a document. The title must hold nothing of a patient: it is seen where the document is not opened.
pub fn write(pages: &[Vec<Mark>], title: &str, language: &str) -> Result<Vec<u8>, PdfError> {
    let fonts = fonts()?;
    let mut document = Document::new();
    let metadata = Metadata::new()
        .title(title.to_owned())
        .language(language.to_owned())
        .creator("Peony".to_owned())
        .producer("Peony".to_owned());
    document.set_metadata(metadata);
    for marks in pages {
        let settings = PageSettings::from_wh(SIZE[0], SIZE[1]).ok_or(PdfError::Geometry)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            draw(&mut surface, mark, &fonts);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| match error {
        KrillaError::Font(..) => PdfError::Font,
        KrillaError::Image(..) => PdfError::Picture,
        _ => PdfError::Limit,
    })
}

fn fonts() -> Result<Vec<Font>, PdfError> {
    FACES.iter().map(|bytes| Font::new(Data::from(*bytes), 0).ok_or(PdfError::Font)).collect()
}

fn draw(surface: &mut Surface, mark: &Mark, fonts: &[Font]) {
    match mark {
        Mark::Text { at, run, text } => glyphs(surface, *at, run, text, fonts),
        Mark::Diagonal { middle, degrees, block } => diagonal(surface, *middle, *degrees, block, fonts),
        Mark::Path { steps, fill, pen } => {
            let Some(path) = path(steps) else { return };
            surface.set_fill(fill.map(filled));
            surface.set_stroke(pen.map(stroked));
            if fill.is_some() || pen.is_some() {
                surface.draw_path(&path);
            }
        }
        Mark::Picture { at, size, jpeg } => picture(surface, *at, *size, jpeg),
    }
}

fn glyphs(surface: &mut Surface, [x, y]: [f32; 2], run: &SetRun, text: &str, fonts: &[Font]) {
    let Some(font) = fonts.get(run.face) else { return };
    let (size, ink) = (run.look.size, run.look.ink);
    surface.set_fill(Some(filled(ink)));
    surface.set_stroke(None);
    let start = Point::from_xy(x + run.x, y);
    surface.draw_glyphs(start, &run.glyphs, font.clone(), text, size, false);
    if run.look.proposed {
        let below = y + size * DOTS_BELOW;
        let line = [Step::Move([x + run.x, below]), Step::Line([x + run.x + run.width, below])];
        surface.set_fill(None);
        surface.set_stroke(Some(stroked(Pen::new(ink, 0.8).dotted())));
        if let Some(path) = path(&line) {
            surface.draw_path(&path);
        }
    }
}

fn diagonal(surface: &mut Surface, [x, y]: [f32; 2], degrees: f32, block: &Block, fonts: &[Font]) {
    surface.push_transform(&Transform::from_translate(x, y));
    surface.push_transform(&Transform::from_rotate(degrees));
    let mut top = -block.height() / 2.0;
    for line in &block.lines {
        let width = line.runs.iter().map(|run| run.x + run.width).fold(0.0, f32::max);
        for run in &line.runs {
            glyphs(surface, [-width / 2.0, top + line.baseline], run, &block.text, fonts);
        }
        top += line.height;
    }
    surface.pop();
    surface.pop();
}

fn picture(surface: &mut Surface, [x, y]: [f32; 2], [width, height]: [f32; 2], jpeg: &Arc<Vec<u8>>) {
    let Ok(image) = Image::from_jpeg(Data::from(jpeg.clone()), true) else { return };
    let Some(size) = Size::from_wh(width, height) else { return };
    surface.push_transform(&Transform::from_translate(x, y));
    surface.draw_image(image, size);
    surface.pop();
}

fn path(steps: &[Step]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for step in steps {
        match *step {
            Step::Move([x, y]) => builder.move_to(x, y),
            Step::Line([x, y]) => builder.line_to(x, y),
            Step::Curve(a, b, to) => builder.cubic_to(a[0], a[1], b[0], b[1], to[0], to[1]),
            Step::Close => builder.close(),
        }
    }
    builder.finish()
}

fn colour(Ink(red, green, blue): Ink) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

fn filled(ink: Ink) -> Fill {
    Fill { paint: colour(ink).into(), ..Fill::default() }
}

fn stroked(pen: Pen) -> Stroke {
    Stroke {
        paint: colour(pen.ink).into(),
        width: pen.width,
        line_cap: LineCap::Butt,
        line_join: LineJoin::Round,
        opacity: NormalizedF32::ONE,
        dash: pen.dash.map(|dash| StrokeDash { array: dash.to_vec(), offset: 0.0 }),
        ..Stroke::default()
    }
}
