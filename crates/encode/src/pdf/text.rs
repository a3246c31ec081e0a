//! Text set in lines: shaping, direction, line breaking and the choice of fonts are `parley`'s.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use krilla::text::{GlyphId, KrillaGlyph};
use parley::fontique::{Blob, Collection, CollectionOptions, SourceCache};
use parley::layout::PositionedLayoutItem;
use parley::style::{
    FontFamily, FontFamilyName, FontWeight, LineHeight, OverflowWrap, StyleProperty, TextWrapMode,
};
use parley::{Alignment, BaseDirection, FontContext, LayoutContext};
use skrifa::{FontRef, MetadataProvider as _};

use super::ink::Ink;
use crate::Lang;
use crate::narrative::Run;

/// The fonts of the page. A character that none has is drawn as the box of the first.
pub const FACES: [&[u8]; 4] = [
    include_bytes!("../../fonts/Inter-Regular.ttf"),
    include_bytes!("../../fonts/Inter-SemiBold.ttf"),
    include_bytes!("../../fonts/NotoSansSC-Regular.otf"),
    include_bytes!("../../fonts/NotoSansSC-Bold.otf"),
];
/// The bold ones among them. The Chinese one has the characters of the program's own words, and no others.
const BOLD: [usize; 2] = [1, 3];
const FAMILIES: [&str; 2] = ["Inter", "Noto Sans CJK SC"];
/// What never breaks, although it has a hyphen.
const BIRADS: &str = "BI-RADS";
/// What stands behind a category in Chinese, and never alone on the next line.
const CATEGORY: char = '类';

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Points.
    pub size: f32,
    /// Semi-bold.
    pub bold: bool,
    pub ink: Ink,
    /// Rests on an open proposal: underlined with dots.
    pub proposed: bool,
}

impl Look {
    pub const fn new(size: f32) -> Self {
        Self { size, bold: false, ink: Ink::BLACK, proposed: false }
    }

    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub const fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }
}

/// Where lines stand in their column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// Text in lines, none wider than it was set for unless a single character is.
#[derive(Debug, Clone)]
pub struct Block {
    /// What the glyphs stand for: it makes the text of the PDF searchable.
    pub text: Arc<str>,
    pub lines: Vec<SetLine>,
}

/// A line.
#[derive(Debug, Clone)]
pub struct SetLine {
    pub height: f32,
    /// From the line's top.
    pub baseline: f32,
    pub runs: Vec<SetRun>,
}

/// Glyphs of one font that stand alike.
#[derive(Debug, Clone)]
pub struct SetRun {
    /// Index into [`FACES`].
    pub face: usize,
    pub look: Look,
    /// From the column's left edge.
    pub x: f32,
    pub width: f32,
    pub glyphs: Vec<KrillaGlyph>,
}

impl Block {
    pub fn height(&self) -> f32 {
        self.lines.iter().map(|line| line.height).sum()
    }
}

/// What a run of text is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Brush {
    ink: Ink,
    bold: bool,
    proposed: bool,
}

/// Sets text. It holds the fonts and is made once a document.
pub struct Typesetter {
    fonts: FontContext,
    scratch: LayoutContext<Brush>,
    /// The blobs of [`FACES`], as `parley` names them.
    faces: [u64; FACES.len()],
    lang: Lang,
}

impl Typesetter {
    pub fn new(lang: Lang) -> Self {
        let mut collection = Collection::new(CollectionOptions { shared: false, system_fonts: false });
        let faces = FACES.map(|bytes| {
            let blob = Blob::new(Arc::new(bytes));
            let id = blob.id();
            collection.register_fonts(blob, None);
            id
        });
        let fonts = FontContext { collection, source_cache: SourceCache::default() };
        Self { fonts, scratch: LayoutContext::new(), faces, lang }
    }

    /// Text that stands alike throughout.
    pub fn plain(&mut self, text: &str, look: Look, width: f32, align: Align) -> Block {
        self.pieces(&[(text, look)], width, align)
    }

    /// A paragraph of the narrative; the letter before a lesion's sentence is bold.
    pub fn runs(&mut self, runs: &[Run], letter: bool, look: Look, width: f32) -> Block {
        let mut pieces: Vec<(&str, Look)> = Vec::new();
        for (nth, run) in runs.iter().enumerate() {
            let text = run.text.as_str();
            let proposed = Look { proposed: run.proposed, ..look };
            let split = if letter && nth == 0 { text.find([':', '：']).unwrap_or(0) } else { 0 };
            let (head, rest) = text.split_at(split);
            pieces.push((head, proposed.bold()));
            pieces.push((rest, proposed));
        }
        self.pieces(&pieces, width, Align::Left)
    }

    /// Pieces of text one after the other in the same lines.
    pub fn pieces(&mut self, pieces: &[(&str, Look)], width: f32, align: Align) -> Block {
        let text: String = pieces.iter().map(|(text, _)| *text).collect();
        let first = pieces.first().map_or(Look::new(9.0), |(_, look)| *look);
        if text.is_empty() {
            return Block { text: Arc::from(""), lines: Vec::new() };
        }
        let families = FAMILIES.map(|name| FontFamilyName::Named(Cow::Borrowed(name)));
        let mut builder = self.scratch.ranged_builder(&mut self.fonts, &text, 1.0, false);
        builder.set_base_direction(BaseDirection::Ltr);
        builder.push_default(StyleProperty::FontFamily(FontFamily::List(Cow::Borrowed(&families))));
        builder.push_default(StyleProperty::FontSize(first.size));
        builder
            .push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(self.lang.pick(1.4, 1.52))));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        builder.push_default(StyleProperty::Locale(self.lang.tag().parse().ok()));
        let mut from = 0;
        for (piece, look) in pieces {
            let range = from..from + piece.len();
            from = range.end;
            let weight =
                if look.bold && has_bold(piece) { FontWeight::SEMI_BOLD } else { FontWeight::NORMAL };
            let brush = Brush { ink: look.ink, bold: look.bold, proposed: look.proposed };
            builder.push(StyleProperty::FontSize(look.size), range.clone());
            builder.push(StyleProperty::FontWeight(weight), range.clone());
            builder.push(StyleProperty::Brush(brush), range);
        }
        for range in unbroken(&text) {
            builder.push(StyleProperty::TextWrapMode(TextWrapMode::NoWrap), range);
        }
        let mut layout = builder.build(&text);
        layout.break_all_lines(Some(width));
        let alignment = match align {
            Align::Left => Alignment::Left,
            Align::Centre => Alignment::Center,
            Align::Right => Alignment::Right,
        };
        layout.align(alignment, parley::AlignmentOptions::default());
        let lines = layout.lines().map(|line| self.line(&line)).collect();
        Block { text: Arc::from(text), lines }
    }

    fn line(&self, line: &parley::layout::Line<'_, Brush>) -> SetLine {
        let metrics = line.metrics();
        let mut runs = Vec::new();
        for item in line.items() {
            let PositionedLayoutItem::GlyphRun(glyphs) = item else { continue };
            let run = glyphs.run();
            let face = self.faces.iter().position(|id| *id == run.font().data.id()).unwrap_or(0);
            let Brush { ink, bold, proposed } = glyphs.style().brush;
            let look = Look { size: run.font_size(), bold, ink, proposed };
            runs.push(SetRun {
                face,
                look,
                x: glyphs.offset(),
                width: glyphs.advance(),
                glyphs: with_text(run, glyphs.style_index(), look.size),
            });
        }
        // A space at the end of a line is not underlined.
        if let Some(last) = runs.last_mut() {
            last.width = (last.width - metrics.hanging_advance).max(0.0);
        }
        SetLine { height: metrics.line_height, baseline: metrics.baseline - metrics.block_min_coord, runs }
    }
}

/// `BI-RADS`, `3类`, `BI-RADS 4C类` with its no-break space.
fn unbroken(text: &str) -> Vec<Range<usize>> {
    let name = text.match_indices(BIRADS).map(|(at, name)| at..at + name.len());
    let category = text.match_indices(CATEGORY).filter_map(|(at, category)| {
        let label = text[..at].trim_end_matches(|letter: char| letter.is_ascii_alphanumeric());
        let named = label.strip_suffix('\u{a0}').and_then(|before| before.strip_suffix(BIRADS));
        (label.len() < at).then(|| named.unwrap_or(label).len()..at + category.len())
    });
    name.chain(category).collect()
}

/// The glyphs of a run in one style, each with the text that it stands for.
fn with_text(run: &parley::layout::Run<'_, Brush>, style: u16, size: f32) -> Vec<KrillaGlyph> {
    let mut set: Vec<KrillaGlyph> = Vec::new();
    for cluster in run.visual_clusters() {
        if cluster.style_index() != style {
            continue;
        }
        let Range { start, end } = cluster.text_range();
        if cluster.is_ligature_continuation() {
            if let Some(last) = set.last_mut() {
                last.text_range = last.text_range.start.min(start)..last.text_range.end.max(end);
            }
            continue;
        }
        set.extend(cluster.glyphs().map(|glyph| {
            let id = GlyphId::new(glyph.id);
            KrillaGlyph::new(id, glyph.advance / size, glyph.x / size, glyph.y / size, 0.0, start..end, None)
        }));
    }
    set
}

/// The letters of a text that are printed as a box, each once and in their order: no font of the page has them. What is never drawn, such as
/// joiners and the choice of a variant, is none of them.
pub fn printed_as_boxes(text: &str) -> Vec<char> {
    let fonts = FACES.map(|bytes| FontRef::new(bytes).ok());
    let has = |letter: char| fonts.iter().flatten().any(|font| font.charmap().map(letter).is_some());
    let is_drawn = |letter: char| {
        !letter.is_control()
            && !letter.is_whitespace()
            && !matches!(letter, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0100}'..='\u{E01EF}')
    };
    let mut boxes = Vec::new();
    for letter in text.chars().filter(|letter| !letter.is_ascii() && is_drawn(*letter) && !has(*letter)) {
        if !boxes.contains(&letter) {
            boxes.push(letter);
        }
    }
    boxes
}

/// Whether every character of a text that has a font has a bold one: half of a name is not heavier than the other.
fn has_bold(text: &str) -> bool {
    let fonts = FACES.map(|bytes| FontRef::new(bytes).ok());
    let is_in = |face: &Option<FontRef<'_>>, letter: char| {
        face.as_ref().is_some_and(|font| font.charmap().map(letter).is_some())
    };
    text.chars().all(|letter| {
        BOLD.iter().any(|face| is_in(&fonts[*face], letter)) || !fonts.iter().any(|face| is_in(face, letter))
    })
}

/// The first characters of a text that must fit into its place.
pub fn cut(text: &str, characters: usize) -> String {
    let mut letters = text.chars();
    let mut kept: String = letters.by_ref().take(characters).collect();
    if letters.next().is_some() {
        kept.push('…');
    }
    kept
}
